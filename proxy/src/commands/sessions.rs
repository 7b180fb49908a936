//! `blackbar sessions`: what the record has, read back. Each look is itself recorded before anything is shown.

use std::path::Path;
use std::sync::Arc;

use blackbar_ledger::{Json, Kind, LeafIndex, ReadLeaf, Reader, SessionId, Time};
use serde_json::{Value, json};

use super::prove::unreadable;
use super::sessions_disclosures;
use super::sessions_export::{self, Bundle};
use super::sessions_replay::{self, Of};
use crate::admin;
use crate::cli::{
    DocumentFormat, Global, Sessions, SessionsCommand, SessionsList, SessionsReplay, SessionsShow, WhichSessions,
};
use crate::config::Config;
use crate::error::{Error, Id};
use crate::exit::Exit;
use crate::gate::Recorder;
use crate::record::{Filter, Index};

pub(crate) fn run(args: &Sessions, global: &Global) -> Result<Exit, Error> {
    match &args.command {
        // Of somebody who has neither a gateway nor its configuration.
        SessionsCommand::Replay(SessionsReplay { bundle: Some(folder), identity: Some(identity), .. }) => {
            let SessionsCommand::Replay(replay) = &args.command else { return Ok(Exit::Done) };
            return replay_bundle(folder, identity, replay).map(|()| Exit::Done);
        }
        SessionsCommand::Keygen(keygen) => {
            super::print(sessions_export::keygen(keygen)?.as_bytes())?;
            return Ok(Exit::Done);
        }
        _ => {}
    }
    let config = Config::load(global.config.as_deref())?;
    let text = match &args.command {
        SessionsCommand::List(list) => {
            viewed(&config, "list", None)?;
            self::list(&config, list)?.into_bytes()
        }
        SessionsCommand::Report(report) if report.disclosures => {
            let asked = sessions_disclosures::Asked::read(report)?;
            let one = report.id.as_deref().map(session).transpose()?;
            viewed(&config, "disclosures", one)?;
            let (index, filter) = of(&config, one, &report.which)?;
            sessions_disclosures::report(&config, &index, &filter, report, &asked)?.into_bytes()
        }
        SessionsCommand::Report(report) => {
            let one = report.id.as_deref().map(session).transpose()?;
            viewed(&config, "report", one)?;
            let (index, filter) = of(&config, one, &report.which)?;
            super::sessions_report::report(&config, &index, &filter, report)?.into_bytes()
        }
        SessionsCommand::Kill(kill) => super::lock::kill(&config, kill)?.into_bytes(),
        SessionsCommand::Show(show) => {
            let session = session(&show.id)?;
            viewed(&config, "show", Some(session))?;
            let reader = Reader::open(&config.gateway.data_dir, None);
            self::show(leaves(&config, &reader, session)?, show).into_bytes()
        }
        SessionsCommand::Replay(replay) => {
            self::replay(&config, session(replay.id.as_deref().unwrap_or_default())?, replay)?;
            Vec::new()
        }
        SessionsCommand::Export(export) => {
            let session = session(&export.id)?;
            let recipients = sessions_export::recipients(export)?;
            viewed(&config, "export", Some(session))?;
            let reader = Reader::open(&config.gateway.data_dir, None);
            let leaves = leaves(&config, &reader, session)?;
            sessions_export::export(&config, session, &leaves, &recipients, export)?.into_bytes()
        }
        SessionsCommand::Keygen(_) => Vec::new(),
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

/// The index, and what is asked of it: of one session, if one is named, which must be there.
fn of(config: &Config, one: Option<SessionId>, which: &WhichSessions) -> Result<(Index, Filter), Error> {
    let index = index(config)?;
    if let Some(session) = one
        && index.session(session)?.is_none()
    {
        return Err(no_such(session));
    }
    Ok((index, Filter { session: one, ..filter(which) }))
}

fn no_such(session: SessionId) -> Error {
    Error::new(Id::LeafMissing, "the log has no such session").at(session)
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
    let first = first.ok_or_else(|| no_such(session))?;
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

fn replay(config: &Config, session: SessionId, args: &SessionsReplay) -> Result<(), Error> {
    let root = Arc::new(config.gateway.root_key()?);
    viewed(config, "replay", Some(session))?;
    let reader = Reader::open(&config.gateway.data_dir, Some(root));
    let leaves = leaves(config, &reader, session)?;
    let gone = |error: blackbar_ledger::Error| Error::new(Id::RecordingGone, error.to_string()).at(session);
    let records = reader.records(session, month_of(&leaves)).map_err(gone)?;
    let first = leaves.first().map(|(_, leaf)| leaf);
    let named = |name: Option<&str>| name.unwrap_or("?").to_owned();
    let of = Of {
        session,
        begun: first.map_or(Time::from_micros(0), ReadLeaf::time),
        subject: named(first.and_then(ReadLeaf::subject)),
        target: named(first.and_then(ReadLeaf::target)),
    };
    sessions_replay::replay(&of, records.map(|record| record.map_err(gone)), args)
}

/// What a bundle holds; nobody's record is looked at but what was exported, so nothing is recorded.
fn replay_bundle(folder: &Path, identity: &Path, args: &SessionsReplay) -> Result<(), Error> {
    let bundle = Bundle::open(folder, identity)?;
    let gone = |error: blackbar_ledger::Error| Error::new(Id::RecordingGone, error.to_string()).at_path(folder);
    let records = bundle.reader.records_with(bundle.session, &bundle.key).map_err(gone)?;
    let named = |name: &str| bundle.manifest[name].as_str().unwrap_or("?").to_owned();
    let of = Of {
        session: bundle.session,
        begun: Time::parse(&named("begun")).unwrap_or(Time::from_micros(0)),
        subject: named("subject"),
        target: named("target"),
    };
    sessions_replay::replay(&of, records.map(|record| record.map_err(gone)), args)
}

/// The month whose key is above that of a session.
pub(super) fn month_of(leaves: &[(LeafIndex, ReadLeaf)]) -> &str {
    leaves.first().and_then(|(_, leaf)| leaf.detail("key")).and_then(Json::as_text).unwrap_or_default()
}
