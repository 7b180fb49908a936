//! `blackbar sessions`: what the record has, read back. Each look is itself recorded before anything is shown.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blackbar_ledger::{Direction, Json, Kind, LeafIndex, ReadLeaf, Reader, Record, SessionId};
use serde_json::{Value, json};

use super::prove::unreadable;
use crate::admin;
use crate::cli::{
    DocumentFormat, Global, ReplayFormat, Sessions, SessionsCommand, SessionsList, SessionsReplay, SessionsShow,
};
use crate::config::Config;
use crate::error::{Error, Id};
use crate::exit::Exit;
use crate::gate::Recorder;

pub(crate) fn run(args: &Sessions, global: &Global) -> Result<Exit, Error> {
    let config = Config::load(global.config.as_deref())?;
    let text = match &args.command {
        SessionsCommand::List(list) => {
            viewed(&config, "list", None)?;
            self::list(&Reader::open(&config.gateway.data_dir, None), list)?.into_bytes()
        }
        SessionsCommand::Kill(kill) => super::lock::kill(&config, kill)?.into_bytes(),
        SessionsCommand::Show(show) => {
            let session = session(&show.id)?;
            viewed(&config, "show", Some(session))?;
            self::show(&Reader::open(&config.gateway.data_dir, None), session, show)?.into_bytes()
        }
        SessionsCommand::Replay(replay) => {
            let session = session(&replay.id)?;
            let root = Arc::new(config.gateway.root_key()?);
            viewed(&config, "replay", Some(session))?;
            self::replay(&Reader::open(&config.gateway.data_dir, Some(root)), session, replay)?
        }
    };
    super::print(&text)?;
    Ok(Exit::Done)
}

/// Records the look: the gateway does it if one runs, else this command takes the ledger for a moment.
fn viewed(config: &Config, what: &str, session: Option<SessionId>) -> Result<(), Error> {
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

/// One session, as the list tells of it.
#[derive(Default)]
struct Row {
    begun: String,
    subject: String,
    target: String,
    requests: u64,
    denied: u64,
    /// Requests that wait for people, by their number.
    held: BTreeSet<u64>,
    replaced: u64,
    outcome: Option<String>,
}

fn list(reader: &Reader, args: &SessionsList) -> Result<String, Error> {
    let mut rows: BTreeMap<SessionId, Row> = BTreeMap::new();
    for item in reader.leaves(LeafIndex::FIRST).map_err(|error| unreadable(&error))? {
        let (_, leaf) = item.map_err(|error| unreadable(&error))?;
        let Some(session) = leaf.session() else { continue };
        if leaf.kind() == Some(Kind::SessionOpen) {
            let of = |text: Option<&str>| text.unwrap_or_default().to_owned();
            let row = Row {
                begun: leaf.time().to_string(),
                subject: of(leaf.subject()),
                target: of(leaf.target()),
                ..Row::default()
            };
            let wanted = args.subject.as_ref().is_none_or(|subject| *subject == row.subject)
                && args.target.as_ref().is_none_or(|target| *target == row.target)
                && args.since.as_ref().is_none_or(|since| row.begun >= *since)
                && args.until.as_ref().is_none_or(|until| row.begun < *until);
            if wanted {
                rows.insert(session, row);
            }
        } else if let Some(row) = rows.get_mut(&session) {
            match leaf.kind() {
                Some(Kind::Request) => row.requests += 1,
                Some(Kind::DecisionAsked) => _ = row.held.insert(exchange(&leaf)),
                // People agreed to it while it waited.
                Some(Kind::DecisionConsumed | Kind::DecisionGranted) => _ = row.held.remove(&exchange(&leaf)),
                Some(Kind::DecisionDenied | Kind::DecisionExpired) => {
                    row.held.remove(&exchange(&leaf));
                    row.denied += 1;
                }
                Some(Kind::Response) => row.replaced += counted(&leaf),
                Some(Kind::SessionClose) => row.outcome = leaf.outcome().map(str::to_owned),
                _ => {}
            }
        }
    }
    let mut text = String::new();
    for (id, row) in rows {
        let state = row.outcome.as_deref().unwrap_or("open");
        match args.format {
            DocumentFormat::Json => {
                let line = json!({
                    "session": id.to_string(), "begun": row.begun, "subject": row.subject, "target": row.target,
                    "requests": row.requests, "refused": row.refused(), "replaced": row.replaced, "outcome": state,
                });
                text.push_str(&format!("{line}\n"));
            }
            DocumentFormat::Pretty => text.push_str(&format!(
                "{id}  {}  {}  {}  {} requests, {} refused, {} replaced, {state}\n",
                row.begun,
                row.subject,
                row.target,
                row.requests,
                row.refused(),
                row.replaced
            )),
        }
    }
    Ok(text)
}

impl Row {
    /// What did not go through, for whatever reason.
    fn refused(&self) -> u64 {
        self.denied + self.held.len() as u64
    }
}

/// Which request of its session a leaf is about.
fn exchange(leaf: &ReadLeaf) -> u64 {
    leaf.detail("exchange").and_then(Json::as_number).unwrap_or_default()
}

/// How many identifiers an answer had.
fn counted(leaf: &ReadLeaf) -> u64 {
    match leaf.detail("replaced") {
        Some(Json::Object(kinds)) => kinds.values().filter_map(Json::as_number).sum(),
        _ => 0,
    }
}

fn show(reader: &Reader, session: SessionId, args: &SessionsShow) -> Result<String, Error> {
    let leaves = reader.session_leaves(session).map_err(|error| unreadable(&error))?;
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
    Ok(text)
}

fn replay(reader: &Reader, session: SessionId, args: &SessionsReplay) -> Result<Vec<u8>, Error> {
    let leaves = reader.session_leaves(session).map_err(|error| unreadable(&error))?;
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
