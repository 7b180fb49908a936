//! `blackbar lock | unlock`, and `blackbar sessions kill`: what is in force at once on a running gateway.

use std::sync::Arc;

use serde_json::{Value, json};

use super::serve;
use crate::admin;
use crate::cli::{Global, Lock, LockWhat, SessionsKill, Unlock};
use crate::config::Config;
use crate::error::{Error, Id};
use crate::exit::Exit;
use crate::gate::{Locks, Recorder};
use crate::operate;
use crate::tokens::Desk;

pub(crate) fn lock(args: &Lock, global: &Global) -> Result<Exit, Error> {
    change("lock", &args.what, &args.reason, global)
}

pub(crate) fn unlock(args: &Unlock, global: &Global) -> Result<Exit, Error> {
    change("unlock", &args.what, &args.reason, global)
}

fn change(what: &str, which: &LockWhat, reason: &str, global: &Global) -> Result<Exit, Error> {
    let config = Config::load(global.config.as_deref())?;
    let (kind, name) = match (&which.subject, &which.group, &which.target) {
        (Some(name), None, None) => ("subject", name),
        (None, Some(name), None) => ("group", name),
        (None, None, Some(name)) => ("target", name),
        _ => return Err(Error::new(Id::Arguments, "one of --subject, --group and --target must be named")),
    };
    let command = json!({ "do": what, "kind": kind, "name": name, "reason": reason });
    let folder = &config.gateway.data_dir;
    let answer = match admin::ask(folder, &command) {
        Err(error) if error.id() == Id::NoGateway => {
            serve::make(folder)?;
            let recorder = Recorder::open(folder, Arc::new(config.gateway.root_key()?))?;
            let desk = Desk::open(folder, config.gateway.limits.max_ttl)?;
            let locks = Locks::open(desk.state()).map_err(|error| Error::new(Id::DataFolder, error.to_string()))?;
            let answer = operate::lock(&locks, &recorder, &command, &admin::user());
            recorder.close()?;
            answer
        }
        answered => answered?,
    };
    if let Some(error) = answer["error"].as_str() {
        return Err(Error::new(Id::OperateFailed, error.to_owned()));
    }
    let changed = answer["changed"] == Value::Bool(true);
    let text = match (what, changed) {
        ("lock", true) => format!("{kind} {name} is locked\n"),
        ("lock", false) => format!("{kind} {name} was locked already\n"),
        (_, true) => format!("{kind} {name} is unlocked\n"),
        (_, false) => return Err(Error::new(Id::NotLocked, format!("{kind} {name} is not locked"))),
    };
    super::print(text.as_bytes())?;
    Ok(Exit::Done)
}

/// Ends sessions of a running gateway. A stopped one has none.
pub(crate) fn kill(config: &Config, args: &SessionsKill) -> Result<String, Error> {
    if args.id.is_none() && args.subject.is_none() && args.target.is_none() {
        return Err(Error::new(Id::Arguments, "an id, --subject or --target must be named"));
    }
    let command = json!({ "do": "sessions.kill", "session": args.id, "subject": args.subject, "target": args.target });
    let answer = admin::ask(&config.gateway.data_dir, &command)?;
    if let Some(error) = answer["error"].as_str() {
        return Err(Error::new(Id::OperateFailed, error.to_owned()));
    }
    let ended = answer["ended"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let text: String = ended.map(|id| format!("{id}\n")).collect();
    if text.is_empty() {
        return Err(Error::new(Id::NotLive, "no session is open that fits"));
    }
    Ok(text)
}
