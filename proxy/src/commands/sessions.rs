//! `blackbar sessions`: what the record has, read back. Each look is itself recorded before anything is shown.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blackbar_ledger::{Direction, Json, Kind, LeafIndex, ReadLeaf, Reader, Record, SessionId, Time};
use serde_json::{Value, json};

use super::prove::unreadable;
use crate::admin;
use crate::cli::{
    DocumentFormat, Global, ReplayFormat, Sessions, SessionsCommand, SessionsList, SessionsReplay, SessionsShow,
    WhichSessions,
};
use crate::config::Config;
use crate::error::{Error, Id};
use crate::exit::Exit;
use crate::gate::Recorder;
use crate::record::{Filter, Index};

pub(crate) fn run(args: &Sessions, global: &Global) -> Result<Exit, Error> {
    let config = Config::load(global.config.as_deref())?;
    let text = match &args.command {
        SessionsCommand::List(list) => {
            viewed(&config, "list", None)?;
            self::list(&config, list)?.into_bytes()
        }
        SessionsCommand::Report(report) => {
            viewed(&config, "report", None)?;
            let filter = filter(&report.which);
            super::sessions_report::report(&config, &index(&config)?, &filter, report)?.into_bytes()
        }
        SessionsCommand::Kill(kill) => super::lock::kill(&config, kill)?.into_bytes(),
        SessionsCommand::Show(show) => {
            let session = session(&show.id)?;
            viewed(&config, "show", Some(session))?;
            let reader = Reader::open(&config.gateway.data_dir, None);
            self::show(leaves(&config, &reader, session)?, show).into_bytes()
        }
        SessionsCommand::Replay(replay) => {
            let session = session(&replay.id)?;
            let root = Arc::new(config.gateway.root_key()?);
            viewed(&config, "replay", Some(session))?;
            self::replay(&config, &Reader::open(&config.gateway.data_dir, Some(root)), session, replay)?
        }
    };
    super::print(&text)?;
    Ok(Exit::Done)
}

/// Records the look: the gateway does it if one runs, else this command takes the ledger for a moment.
pub(super) fn viewed(config: &Config, what: &str, session: Option<SessionId>) -> Result<(), Error> {
    let folder = &config.gateway.data_dir;
    let session = session.map(|session| session.to_string());
    match admin::ask(folder, &json!({ "do": "viewed", "what": what, "session": session })) {
        Ok(reply) if reply["recorded"] == Value::Bool(true) => Ok(()),
        Ok(reply) => {
            let why = reply["error"].as_str().unwrap_or("it does not say why");
            Err(Error::new(Id::NotRecorded, format!("the gateway does not record that somebody looks: {why}")))
        }
        Err(_) if folder.is_dir() => {
            let recorder = Recorder::open(folder, Arc::new(config.gateway.root_key()?))?;
            recorder.viewed(&admin::user(), what, session.as_deref())?;
            recorder.close()
        }
        Err(_) => Err(Error::new(Id::LeafMissing, "there is no data folder, so there is no record").at_path(folder)),
    }
}

fn session(id: &str) -> Result<SessionId, Error> {
    SessionId::parse(id).ok_or_else(|| {
        let error = Error::new(Id::Arguments, "that is not the id of a session");
        error.hint("`blackbar sessions list` has them")
    })
}

fn list(config: &Config, args: &SessionsList) -> Result<String, Error> {
    let index = index(config)?;
    let after = args.after.as_deref().map(session).transpose()?;
    let filter = Filter { after, newest: args.newest, limit: args.limit, ..filter(&args.which) };
    let mut text = String::new();
    for row in index.sessions(&filter)? {
        let id = row.id;
        match args.format {
            DocumentFormat::Json => {
                let line = json!({
                    "session": id.to_string(), "begun": row.begun.to_string(), "subject": row.subject,
                    "target": row.target, "requests": row.requests, "refused": row.refused, "replaced": row.replaced,
                    "outcome": row.outcome, "deleted_by": row.deleted_by,
                });
                text.push_str(&format!("{line}\n"));
            }
            DocumentFormat::Pretty => {
                let deleted = row.deleted_by.map(|policy| format!(", deleted by {policy}")).unwrap_or_default();
                text.push_str(&format!(
                    "{id}  {}  {}  {}  {} requests, {} refused, {} replaced, {}{deleted}\n",
                    row.begun, row.subject, row.target, row.requests, row.refused, row.replaced, row.outcome
                ));
            }
        }
    }
    Ok(text)
}

fn filter(which: &WhichSessions) -> Filter {
    Filter {
        subject: which.subject.clone(),
        target: which.target.clone(),
        outcome: which.outcome.clone(),
        kind: which.kind.clone(),
        since: which.since.as_deref().and_then(moment),
        until: which.until.as_deref().and_then(moment),
        ..Filter::default()
    }
}

/// The index, as new as the last checkpoint.
pub(super) fn index(config: &Config) -> Result<Index, Error> {
    let folder = &config.gateway.data_dir;
    let index = Index::open(folder)?;
    index.catch_up(&Reader::open(folder, None))?;
    Ok(index)
}

/// A moment of which the end may be missing: the first of that day, hour or second.
pub(super) fn moment(text: &str) -> Option<Time> {
    const FIRST: &str = "0000-01-01T00:00:00.000000Z";
    Time::parse(&format!("{text}{}", FIRST.get(text.len()..)?))
}

/// The leaves of a session, found by the index.
fn leaves(config: &Config, reader: &Reader, session: SessionId) -> Result<Vec<(LeafIndex, ReadLeaf)>, Error> {
    let first = index(config)?.session(session)?.and_then(|row| LeafIndex::new(row.opened));
    let first = first.ok_or_else(|| Error::new(Id::LeafMissing, "the log has no such session").at(session))?;
    reader.session_from(session, first).map_err(|error| unreadable(&error))
}

fn show(leaves: Vec<(LeafIndex, ReadLeaf)>, args: &SessionsShow) -> String {
    let mut text = String::new();
    for (index, leaf) in leaves {
        let json: Value = serde_json::from_slice(leaf.bytes()).unwrap_or_default();
        match args.format {
            DocumentFormat::Json => text.push_str(&format!("{}\n", json!({ "index": index.value(), "leaf": json }))),
            DocumentFormat::Pretty => {
                let kind = leaf.kind().map_or("?", Kind::text);
                let outcome = leaf.outcome().unwrap_or("-");
                let blocks = leaf.blocks().len();
                let details = if json["details"].is_null() { String::new() } else { json["details"].to_string() };
                text.push_str(&format!(
                    "{}  leaf {index}  {kind}  {outcome}  {blocks} blocks  {details}\n",
                    leaf.time()
                ));
            }
        }
    }
    text
}

fn replay(config: &Config, reader: &Reader, session: SessionId, args: &SessionsReplay) -> Result<Vec<u8>, Error> {
    let leaves = leaves(config, reader, session)?;
    let month = leaves.first().and_then(|(_, leaf)| leaf.detail("key")).and_then(Json::as_text).unwrap_or_default();
    let gone = |error: &blackbar_ledger::Error| Error::new(Id::RecordingGone, error.to_string()).at(session);
    let mut out = Vec::new();
    let mut exchange = 0;
    for record in reader.records(session, month).map_err(|error| gone(&error))? {
        let record = record.map_err(|error| gone(&error))?;
        if record.direction != Direction::ToClient {
            let told: Value = serde_json::from_slice(&record.bytes).unwrap_or_default();
            exchange = told["exchange"].as_u64().unwrap_or(exchange);
        }
        if args.exchange.is_some_and(|only| only != exchange) {
            continue;
        }
        match args.format {
            ReplayFormat::Text if record.direction == Direction::ToClient => out.extend_from_slice(&record.bytes),
            ReplayFormat::Text => {}
            ReplayFormat::Jsonl => out.extend_from_slice(format!("{}\n", line(exchange, &record)).as_bytes()),
        }
    }
    Ok(out)
}

/// One record as JSON: what was asked and told as it is, content as text, or in base64 when it is none.
fn line(exchange: u64, record: &Record) -> Value {
    let mut line = json!({ "exchange": exchange, "micros": record.micros });
    let (name, value) = match record.direction {
        Direction::ToUpstream => ("request", serde_json::from_slice(&record.bytes).unwrap_or_default()),
        Direction::Note => ("note", serde_json::from_slice(&record.bytes).unwrap_or_default()),
        Direction::ToClient => match std::str::from_utf8(&record.bytes) {
            Ok(text) => ("body", text.into()),
            Err(_) => ("body_base64", STANDARD.encode(&record.bytes).into()),
        },
    };
    if let Some(object) = line.as_object_mut() {
        object.insert(name.to_owned(), value);
    }
    line
}
