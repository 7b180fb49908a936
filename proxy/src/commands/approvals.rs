//! `blackbar approvals list | show | keygen | approve | deny`

use std::path::Path;
use std::sync::Arc;

use blackbar_policy::approval::{Meaning, Statement};
use serde_json::{Value, json};

use crate::admin;
use crate::approvals;
use crate::cli::{Approvals, ApprovalsCommand, ApprovalsDecide, ApprovalsList, ApprovalsShow, DocumentFormat, Global};
use crate::config::Config;
use crate::error::{Error, Id};
use crate::exit::Exit;
use crate::gate::{Gate, Holds, Known, Recorder, now_ms};
use crate::notes;
use crate::reviewer_key::ReviewerKey;
use crate::shown;
use crate::tokens::Desk;

pub(crate) fn run(args: &Approvals, global: &Global) -> Result<Exit, Error> {
    let text = match &args.command {
        ApprovalsCommand::Keygen(keygen) => format!("{}\n", ReviewerKey::make(&keygen.output)?.public()),
        ApprovalsCommand::List(list) => self::list(list, &Config::load(global.config.as_deref())?)?,
        ApprovalsCommand::Show(show) => self::show(show, &Config::load(global.config.as_deref())?)?,
        ApprovalsCommand::Approve(decide) => self::decide(decide, Meaning::Approve, global)?,
        ApprovalsCommand::Deny(decide) => self::decide(decide, Meaning::Deny, global)?,
    };
    super::print(text.as_bytes())?;
    Ok(Exit::Done)
}

fn list(args: &ApprovalsList, config: &Config) -> Result<String, Error> {
    let answer = act(config, &json!({ "do": "approvals.list", "all": args.all }))?;
    let approvals = answer["approvals"].as_array().map(Vec::as_slice).unwrap_or_default();
    Ok(match args.format {
        DocumentFormat::Json => approvals.iter().map(|approval| format!("{approval}\n")).collect(),
        DocumentFormat::Pretty => approvals.iter().map(line).collect(),
    })
}

fn show(args: &ApprovalsShow, config: &Config) -> Result<String, Error> {
    let answer = act(config, &json!({ "do": "approvals.show", "id": args.id }))?;
    Ok(match args.format {
        DocumentFormat::Json => format!("{answer:#}\n"),
        DocumentFormat::Pretty => page(&answer),
    })
}

/// Shows what is signed, signs it here, and sends what was said. The key never leaves its file.
fn decide(args: &ApprovalsDecide, meaning: Meaning, global: &Global) -> Result<String, Error> {
    let key = ReviewerKey::read(&args.key)?;
    let public = key.public().to_string();
    let show = json!({ "do": "approvals.show", "id": args.id, "key": public });
    let told = match &args.ask {
        Some(path) => given_out(path, &public)?,
        None => act(&Config::load(global.config.as_deref())?, &show)?,
    };
    let broken = || Error::new(Id::NoGateway, "the gateway's answer makes no sense");
    let ask = approvals::ask(&told["ask"]).filter(|ask| ask.id == args.id).ok_or_else(broken)?;
    let reviewer = told["reviewer"].as_str().ok_or_else(broken)?;
    let at_ms = now_ms();
    let statement = Statement::new(&ask, meaning, reviewer, args.reason.as_str(), at_ms);
    let statement = statement.map_err(|error| Error::new(Id::Arguments, error.to_string()))?;
    notes::note(format_args!("{}\nsigned:\n{}", page(&told).trim_end(), statement.text().trim_end()));
    let signature = key.secret().sign(&statement).map(|byte| format!("{byte:02x}")).concat();
    let says = if meaning == Meaning::Approve { "approve" } else { "deny" };
    let command = json!({
        "do": "approvals.decide", "id": args.id, "key": public, "says": says, "reason": args.reason, "at_ms": at_ms,
        "signature": signature,
    });
    if args.ask.is_some() {
        return Ok(format!("{command}\n"));
    }
    let answer = act(&Config::load(global.config.as_deref())?, &command)?;
    let state = answer["state"].as_str().unwrap_or("?");
    Ok(match (answer["for_s"].as_i64(), answer["agreed"].as_u64()) {
        (Some(seconds), _) => format!("{} {state}: it may run once within {seconds} s\n", args.id),
        (None, Some(agreed)) => format!("{} {state}: {agreed} agreed so far, more are needed\n", args.id),
        (None, None) => format!("{} {state}\n", args.id),
    })
}

/// What the console gave out, with the reviewer whose key this is.
fn given_out(path: &Path, public: &str) -> Result<Value, Error> {
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|error| Error::io(Id::InputUnreadable, "cannot be read", &error).at_path(path))?;
    let wrong = || {
        let error = Error::new(Id::Arguments, "it is not what the console gives out").at_path(path);
        error.hint("download it from the approval's page")
    };
    let mut told: Value = serde_json::from_str(&text).map_err(|_| wrong())?;
    if !told["ask"].is_object() {
        return Err(wrong());
    }
    let reviewer = told["reviewers"][public].as_str().map(str::to_owned);
    let reviewer =
        reviewer.ok_or_else(|| Error::new(Id::ApprovalRefused, "the gateway knows no reviewer with this key"))?;
    told["reviewer"] = reviewer.into();
    Ok(told)
}

/// Asks the gateway; when none runs, takes its place for a moment.
fn act(config: &Config, command: &Value) -> Result<Value, Error> {
    let folder = &config.gateway.data_dir;
    let answer = match admin::ask(folder, command) {
        Err(error) if error.id() == Id::NoGateway && folder.is_dir() => {
            let recorder = Arc::new(Recorder::open(folder, Arc::new(config.gateway.root_key()?))?);
            let desk = Desk::open(folder, config.gateway.limits.max_ttl)?;
            let holds = Arc::new(Holds::new(desk.state(), Arc::clone(&recorder), &config.gateway.limits));
            let gate = Gate::new(config, Arc::new(Known(desk.credentials())))?.holding(holds);
            let answer = approvals::act(&gate, command).unwrap_or_default();
            recorder.close()?;
            answer
        }
        answered => answered?,
    };
    let Some(error) = answer["error"].as_str() else { return Ok(answer) };
    let id = match answer["kind"].as_str() {
        Some("unknown") => Id::ApprovalUnknown,
        Some("refused") => Id::ApprovalRefused,
        Some("usage") => Id::Arguments,
        _ => Id::ApprovalFailed,
    };
    Err(Error::new(id, error.to_owned()))
}

/// One approval in one line.
fn line(approval: &Value) -> String {
    let of = |key: &str| inert(approval[key].as_str().unwrap_or("?"));
    let ends = approval["ends_in_s"].as_i64().map(|seconds| format!(", ends in {seconds} s")).unwrap_or_default();
    let (id, state, subject, target) = (of("id"), of("state"), of("subject"), of("target"));
    format!("{id}  {state}{ends}  {subject} → {target}  {}\n", shown::summary(&approval["request"], inert))
}

/// Everything about one approval.
fn page(approval: &Value) -> String {
    let list = |value: &Value| {
        let texts = value.as_array().into_iter().flatten().filter_map(Value::as_str).map(inert);
        texts.collect::<Vec<_>>().join(", ")
    };
    let needs = approval["needs"].as_object().into_iter().flatten();
    let needs: Vec<String> = needs.map(|(group, quorum)| format!("{quorum} of {}", inert(group))).collect();
    let request = &approval["request"];
    let mut text = line(approval);
    let mut row = |name: &str, value: String| {
        if !value.is_empty() {
            text.push_str(&format!("  {name:<10} {value}\n"));
        }
    };
    row("held by", list(&approval["held_by"]));
    row("needs", needs.join(" and "));
    row("agreed", list(&approval["agreed"]));
    row("denied by", inert(approval["denied_by"].as_str().unwrap_or_default()));
    row("reason", list(&request["reason"]));
    let bytes = request["body_bytes"].as_u64().filter(|bytes| *bytes > 0);
    row("body", bytes.map(|bytes| format!("{bytes} bytes")).unwrap_or_default());
    row("recorded", inert(request["session"].as_str().unwrap_or_default()));
    if approval["in_force"] == Value::Bool(false) {
        row("void", "the policies have changed since it was asked for".to_owned());
    }
    text
}

/// Text of a client on a reviewer's terminal: nothing in it moves a cursor, hides, or reads in another direction.
pub(super) fn inert(text: &str) -> String {
    let mut inert = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => inert.push_str("\\\\"),
            ' '..='~' => inert.push(c),
            c if c.is_alphanumeric() => inert.push(c),
            c => inert.extend(c.escape_unicode()),
        }
    }
    inert
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_wrote_stays_in_its_line() {
        let evil = "a\u{1b}[2Jb\nc\u{202e}d\u{200b}e\\ü";
        assert_eq!(inert(evil), "a\\u{1b}[2Jb\\u{a}c\\u{202e}d\\u{200b}e\\\\ü");
        let request =
            json!({ "method": "GET", "path": "/Patient/\u{7}", "query": [["_count", "5"]], "reason": [evil] });
        let approval = json!({ "id": "ap-1", "state": "asked", "subject": evil, "target": "fhir", "request": request });
        let page = page(&approval);
        assert!(page.contains("GET /Patient/\\u{7}?_count=5"), "{page}");
        assert!(page.chars().all(|c| c == '\n' || !c.is_control()), "{page}");
        assert_eq!(page.lines().count(), 2, "{page}");
    }
}
