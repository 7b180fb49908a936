//! `blackbar ledger`: holds and retention, by the running gateway or with its lock.

use std::sync::Arc;

use blackbar_ledger::RootKey;
use serde_json::{Value, json};

use super::serve;
use crate::admin;
use crate::cli::{DocumentFormat, Global, Keys, KeysCommand, Ledger, LedgerCommand, LedgerRecover, LedgerRetain};
use crate::config::Config;
use crate::error::{Error, Id};
use crate::exit::Exit;
use crate::gate::Recorder;
use crate::record::Keeper;

pub(crate) fn run(args: &Ledger, global: &Global) -> Result<Exit, Error> {
    let config = Config::load(global.config.as_deref())?;
    let text = match &args.command {
        LedgerCommand::Hold(hold) => {
            let command = json!({
                "do": "ledger.hold", "session": hold.session, "subject": hold.subject, "target": hold.target,
                "reason": hold.reason,
            });
            format!("{}\n", act(&config, &command)?["hold"].as_str().unwrap_or("?"))
        }
        LedgerCommand::Release(release) => {
            act(&config, &json!({ "do": "ledger.release", "hold": release.hold, "reason": release.reason }))?;
            format!("{} is released\n", release.hold)
        }
        LedgerCommand::Holds(holds) => listed(&act(&config, &json!({ "do": "ledger.holds" }))?, holds.format),
        LedgerCommand::Backup(backup) => super::backup::backup(&config, backup)?,
        LedgerCommand::Restore(restore) => super::backup::restore(&config, restore)?,
        LedgerCommand::Retain(retain) => retained(&config, retain)?,
        LedgerCommand::Recover(recover) => return recovered(&config, recover),
    };
    super::print(text.as_bytes())?;
    Ok(Exit::Done)
}

/// `blackbar keys`
pub(crate) fn keys(args: &Keys, global: &Global) -> Result<Exit, Error> {
    let config = Config::load(global.config.as_deref())?;
    let KeysCommand::Rotate(rotate) = &args.command;
    super::print(super::backup::rotate(&config, rotate)?.as_bytes())?;
    Ok(Exit::Done)
}

/// Has something done by the gateway, or does it with its lock.
fn act(config: &Config, command: &Value) -> Result<Value, Error> {
    let folder = &config.gateway.data_dir;
    let answer = match admin::ask(folder, command) {
        Err(error) if error.id() == Id::NoGateway => {
            serve::make(folder)?;
            let recorder = Arc::new(Recorder::open(folder, Arc::new(config.gateway.root_key()?))?);
            let keeper = Keeper::open(folder, &recorder, config.gateway.keeping.retention.clone())?;
            let answer = keeper.act(command, &admin::user());
            recorder.close()?;
            answer.unwrap_or_default()
        }
        answered => answered?,
    };
    match answer["error"].as_str() {
        Some(_) if answer["id"] == Id::HoldUnknown.text() => {
            Err(Error::new(Id::HoldUnknown, "no hold of that name is in force")
                .hint("`blackbar ledger holds` lists them"))
        }
        Some(error) => Err(Error::new(Id::OperateFailed, error.to_owned())),
        None => Ok(answer),
    }
}

/// What the next start would do, and with it done, what there is.
fn recovered(config: &Config, args: &LedgerRecover) -> Result<Exit, Error> {
    let folder = &config.gateway.data_dir;
    let root: Arc<dyn RootKey> = Arc::new(config.gateway.root_key()?);
    let recovery = blackbar_ledger::recovery(folder, &root).map_err(|error| {
        if error.is_locked() {
            let error = Error::new(Id::DataFolder, "a gateway has this data folder: nothing is to be recovered");
            return error.at_path(folder).hint("`blackbar status` asks it how it is");
        }
        super::prove::unreadable(&error).at_path(folder)
    })?;
    let interrupted: Vec<String> = recovery.interrupted.iter().map(ToString::to_string).collect();
    let text = match args.format {
        DocumentFormat::Json => {
            let told = json!({
                "published_leaves": recovery.published, "leaves_to_publish": recovery.leaves,
                "bytes_to_cut": recovery.cut, "sessions_interrupted": interrupted, "refused": recovery.refused,
            });
            format!("{told:#}\n")
        }
        DocumentFormat::Pretty => {
            let mut text = format!("checkpoint   {} leaves\n", recovery.published);
            text.push_str(&format!("publish      {} leaves after it, which are on disk\n", recovery.leaves));
            text.push_str(&format!("cut off      {} bytes that were never acknowledged\n", recovery.cut));
            text.push_str(&format!("interrupted  {} sessions\n", interrupted.len()));
            text.extend(interrupted.iter().map(|id| format!("             {id}\n")));
            text
        }
    };
    if let Some(why) = recovery.refused {
        if args.format == DocumentFormat::Json {
            super::print(text.as_bytes())?;
        }
        let error = Error::new(Id::WillNotStart, format!("a start would refuse this folder: {why}")).at_path(folder);
        return Err(error.hint("nothing was changed; keep a copy before anything else"));
    }
    if !args.dry_run {
        let recorder = Recorder::open(folder, root)?;
        recorder.close()?;
    }
    super::print(text.as_bytes())?;
    Ok(Exit::Done)
}

fn listed(answer: &Value, format: DocumentFormat) -> String {
    let mut text = String::new();
    for hold in answer["holds"].as_array().into_iter().flatten() {
        match format {
            DocumentFormat::Json => text.push_str(&format!("{hold}\n")),
            DocumentFormat::Pretty => {
                let of = |key: &str| hold[key].as_str();
                let scope = ["session", "subject", "target"];
                let named: Vec<String> = scope.iter().filter_map(|key| Some(format!("{key} {}", of(key)?))).collect();
                let what = if named.is_empty() { "everything".to_owned() } else { named.join(", ") };
                let (id, since, by) = (of("hold").unwrap_or("?"), of("since").unwrap_or("?"), of("by").unwrap_or("?"));
                text.push_str(&format!("{id}  {since}  by {by}  {what}\n"));
            }
        }
    }
    text
}

fn retained(config: &Config, args: &LedgerRetain) -> Result<String, Error> {
    let command = json!({ "do": "ledger.retain", "dry_run": args.dry_run, "trust_clock": args.trust_clock });
    let mut text = String::new();
    loop {
        let answer = act(config, &command)?;
        for deleted in answer["deleted"].as_array().into_iter().flatten() {
            let (session, policy) = (deleted[0].as_str().unwrap_or("?"), deleted[1].as_str().unwrap_or("?"));
            text.push_str(&format!("{session}  {policy}\n"));
        }
        for month in answer["months"].as_array().into_iter().flatten() {
            text.push_str(&format!("{}  its key is destroyed\n", month.as_str().unwrap_or("?")));
        }
        if answer["more"] != Value::Bool(true) || args.dry_run {
            return Ok(text);
        }
    }
}
