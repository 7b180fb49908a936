//! `blackbar break-glass`, `blackbar break-glass list | review`

use blackbar_policy::approval::Signed as _;
use blackbar_policy::emergency::{Invocation, Review};
use serde_json::{Value, json};

use super::approvals::inert;
use crate::admin;
use crate::break_glass;
use crate::cli::{BreakGlass, BreakGlassCommand, BreakGlassList, BreakGlassReview, DocumentFormat, Global};
use crate::config::Config;
use crate::error::{Error, Id};
use crate::exit::Exit;
use crate::gate::now_ms;
use crate::notes;
use crate::reviewer_key::ReviewerKey;

pub(crate) fn run(args: &BreakGlass, global: &Global) -> Result<Exit, Error> {
    let config = Config::load(global.config.as_deref())?;
    let text = match &args.command {
        None => invoke(args, &config)?,
        Some(BreakGlassCommand::List(list)) => self::list(list, &config)?,
        Some(BreakGlassCommand::Review(review)) => self::review(review, &config)?,
    };
    super::print(text.as_bytes())?;
    Ok(Exit::Done)
}

/// Shows what is signed, signs it here, and prints the credential. The key never leaves its file.
fn invoke(args: &BreakGlass, config: &Config) -> Result<String, Error> {
    let (Some(key), Some(reason), Some(ticket)) = (&args.key, &args.reason, &args.ticket) else {
        return Err(Error::new(Id::Arguments, "--key, --reason and --ticket must be named"));
    };
    let key = ReviewerKey::read(key)?;
    let public = key.public().to_string();
    let told = act(config, &json!({ "do": "break_glass.who", "key": public }))?;
    let (subject, gateway) = (text(&told, "subject")?, text(&told, "gateway")?);
    let at_ms = now_ms();
    let said = Invocation::new(gateway, subject, ticket.as_str(), reason.as_str(), at_ms);
    let said = said.map_err(|error| Error::new(Id::Arguments, error.to_string()))?;
    notes::note(format_args!("signed:\n{}", said.words().trim_end()));
    let signature = key.secret().sign(&said).map(|byte| format!("{byte:02x}")).concat();
    let command = json!({
        "do": "break_glass.use", "key": public, "ticket": ticket, "reason": reason, "at_ms": at_ms,
        "signature": signature,
    });
    let answer = act(config, &command)?;
    let (id, subject) = (text(&answer, "id")?, text(&answer, "subject")?);
    notes::note(format_args!(
        "{id}: {} is let in for {} s; everybody is told, and it has to be reviewed before the next time",
        inert(subject),
        answer["seconds"]
    ));
    // One line and nothing else: it is meant for `$(…)`.
    Ok(format!("{}\n", text(&answer, "secret")?))
}

fn list(args: &BreakGlassList, config: &Config) -> Result<String, Error> {
    let answer = act(config, &json!({ "do": "break_glass.list" }))?;
    let uses = answer["emergencies"].as_array().map(Vec::as_slice).unwrap_or_default();
    let uses = uses.iter().filter(|used| args.all || used["reviewed_by"].is_null());
    Ok(match args.format {
        DocumentFormat::Json => uses.map(|used| format!("{used}\n")).collect(),
        DocumentFormat::Pretty => uses.map(line).collect(),
    })
}

fn review(args: &BreakGlassReview, config: &Config) -> Result<String, Error> {
    let key = ReviewerKey::read(&args.key)?;
    let public = key.public().to_string();
    let told = act(config, &json!({ "do": "break_glass.show", "id": args.id, "key": public }))?;
    let broken = || Error::new(Id::NoGateway, "the gateway's answer makes no sense");
    let used = break_glass::told(&told).filter(|used| used.id == args.id).ok_or_else(broken)?;
    let at_ms = now_ms();
    let said = Review::new(text(&told, "gateway")?, &used, text(&told, "reviewer")?, args.reason.as_str(), at_ms);
    let said = said.map_err(|error| Error::new(Id::Arguments, error.to_string()))?;
    notes::note(format_args!("{}signed:\n{}", line(&told), said.words().trim_end()));
    let signature = key.secret().sign(&said).map(|byte| format!("{byte:02x}")).concat();
    let command = json!({
        "do": "break_glass.review", "id": args.id, "key": public, "finding": args.reason, "at_ms": at_ms,
        "signature": signature,
    });
    let answer = act(config, &command)?;
    Ok(format!("{} reviewed by {}\n", args.id, inert(text(&answer, "reviewed_by")?)))
}

/// Asks the gateway. A stopped one lets nobody in anyway, and could tell nobody.
fn act(config: &Config, command: &Value) -> Result<Value, Error> {
    let answer = admin::ask(&config.gateway.data_dir, command)?;
    let Some(error) = answer["error"].as_str() else { return Ok(answer) };
    let id = match answer["kind"].as_str() {
        Some("unknown") => Id::GlassUnknown,
        Some("refused") => Id::GlassRefused,
        Some("usage") => Id::Arguments,
        _ => Id::GlassFailed,
    };
    Err(Error::new(id, error.to_owned()))
}

fn text<'a>(answer: &'a Value, key: &str) -> Result<&'a str, Error> {
    answer[key].as_str().ok_or_else(|| Error::new(Id::NoGateway, "the gateway's answer makes no sense"))
}

/// One use in one line.
fn line(used: &Value) -> String {
    let of = |key: &str| inert(used[key].as_str().unwrap_or("?"));
    let state = match (used["reviewed_by"].as_str(), used["ends_in_s"].as_i64()) {
        (Some(person), _) => format!("reviewed by {}", inert(person)),
        (None, Some(seconds)) if seconds > 0 => format!("open for {seconds} s, to be reviewed"),
        _ => "over, to be reviewed".to_owned(),
    };
    format!("{}  {state}  {}  ticket {}  {}\n", of("id"), of("subject"), of("ticket"), of("reason"))
}
