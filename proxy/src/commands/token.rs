//! `blackbar token issue | list | revoke`

use serde_json::{Value, json};

use super::serve;
use crate::admin;
use crate::cli::{Global, Token, TokenCommand};
use crate::config::Config;
use crate::error::{Error, Id};
use crate::exit::Exit;
use crate::gate::Policies;
use crate::tokens::Desk;

pub(crate) fn run(args: &Token, global: &Global) -> Result<Exit, Error> {
    let config = Config::load(global.config.as_deref())?;
    let command = match &args.command {
        TokenCommand::Issue(issue) => json!({
            "do": "token.issue",
            "subject": issue.subject,
            "groups": issue.group,
            "person": issue.person,
            "ttl_ms": i64::try_from(issue.ttl.as_millis()).unwrap_or(i64::MAX),
        }),
        TokenCommand::List => json!({ "do": "token.list" }),
        TokenCommand::Revoke(revoke) => {
            let mut command = json!({ "do": "token.revoke" });
            let (key, value) = match (&revoke.id, &revoke.subject) {
                (Some(id), _) => ("id", id),
                (None, Some(subject)) => ("subject", subject),
                (None, None) => return Err(Error::new(Id::Arguments, "an id or --subject must be named")),
            };
            command[key] = json!(value);
            command
        }
    };
    let answer = act(&config, &command)?;
    if let Some(error) = answer["error"].as_str() {
        return Err(Error::new(Id::TokenIssue, error.to_owned()));
    }
    let text = match &args.command {
        // One line and nothing else: it is meant for `$(…)`.
        TokenCommand::Issue(_) => format!("{}\n", answer["secret"].as_str().unwrap_or_default()),
        TokenCommand::List => {
            answer["credentials"].as_array().into_iter().flatten().map(|line| format!("{line}\n")).collect()
        }
        TokenCommand::Revoke(_) => {
            let ended = answer["revoked"].as_array().into_iter().flatten();
            let ended: Vec<&str> = ended.filter_map(Value::as_str).collect();
            if ended.is_empty() {
                return Err(Error::new(Id::TokenUnknown, "no such credential"));
            }
            ended.iter().map(|id| format!("{id}\n")).collect()
        }
    };
    super::print(text.as_bytes())?;
    Ok(Exit::Done)
}

/// Asks the gateway; when none runs, takes its place for a moment.
fn act(config: &Config, command: &Value) -> Result<Value, Error> {
    let folder = &config.gateway.data_dir;
    match admin::ask(folder, command) {
        Err(error) if error.id() == Id::NoGateway => {}
        answered => return answered,
    }
    let _owned = serve::own(folder)?;
    let desk = Desk::open(folder, config.gateway.limits.max_ttl)?;
    let policies = Policies::read(&config.gateway.policies)?;
    let approving = policies.set().approving_groups().into_iter().map(str::to_owned).collect();
    Ok(desk.act(command, &admin::user(), &approving).unwrap_or_default())
}
