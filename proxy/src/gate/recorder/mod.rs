//! The one tap: what is asked, decided and answered is in the ledger before it moves on.
//!
//! A [`Recorder`] is the gateway's hold on the ledger, a [`Conversation`] one connection of a client, a [`Recording`] one
//! request with its answer. Without a recording there is no grant, and without a grant no answer.

mod live;
mod recording;
mod statement;
mod subjects;
mod throttle;

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use blackbar_engine::{FieldPath, Marks};
use blackbar_ledger::{
    Admission, Details, Erasure, Kind, Leaf, Ledger, Options, Outcome, Reader, RootKey, SessionOpen, SessionWriter,
    Ticket, Time,
};

use self::live::Live;
pub(crate) use self::live::{Open, Wanted};
pub(crate) use self::recording::Recording;
pub(super) use self::statement::Statement;
use self::subjects::Subjects;
pub(crate) use self::subjects::{Identifier, SUBJECT};
use self::throttle::Throttle;
use super::{Identity, Part, Rules};
use crate::config::{Record, Target};
use crate::error::{Error, Id};
use crate::notes;
use crate::operations::{Metrics, Readings};

/// The gateway's hold on the ledger.
pub(crate) struct Recorder {
    ledger: Ledger,
    /// An [`Admission`], as it was when somebody looked last.
    room: AtomicU8,
    strangers: Mutex<HashMap<&'static str, Throttle>>,
    live: Live,
    metrics: Arc<Metrics>,
}

/// Nothing may be passed on: it cannot be recorded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum RecordError {
    /// The ledger stopped, after an error of the disk.
    Stopped,
    /// The disk is nearly full.
    Full,
    /// More waits for the disk than may.
    Busy,
}

/// Where records of FHIR and HL7 say whose they are.
const SUBJECTS: [&str; 4] = ["Patient.id", "*.subject.reference", "*.patient.reference", "PID-3"];

/// While so much waits for the disk, no new request is taken.
const MOST_BACKLOG: usize = 48 << 20;

impl Recorder {
    /// Opens the ledger in the data folder, and takes the folder for this process.
    pub(crate) fn open(folder: &Path, root: Arc<dyn RootKey>) -> Result<Self, Error> {
        let metrics = Arc::new(Metrics::new());
        let options = Options { watch: Some(Arc::clone(&metrics) as _), ..Options::new(origin(folder)?, REPLICA) };
        let ledger = Ledger::open(folder, root, options, now()).map_err(|error| {
            if error.is_locked() {
                let error = Error::new(Id::DataFolder, "another gateway has this data folder").at_path(folder);
                return error.hint("`blackbar status` asks it how it is");
            }
            let told = Error::new(Id::LedgerUnusable, format!("the ledger cannot be opened: {error}")).at_path(folder);
            if error.is_newer() { told.hint("start the version that wrote it; nothing was changed") } else { told }
        })?;
        let this =
            Self { ledger, room: AtomicU8::new(OPEN), strangers: Mutex::default(), live: Live::default(), metrics };
        this.look_for_room();
        Ok(this)
    }

    /// What time asks for: checkpoints, heartbeats, a look at the disk. To be called each second, where it may block.
    pub(crate) fn tick(&self) -> Result<(), Error> {
        self.ledger.tick(now()).map_err(|error| stopped(&error))?;
        self.look_for_room();
        let waiting: Vec<(&'static str, u64)> = {
            let mut strangers = self.strangers.lock().unwrap_or_else(PoisonError::into_inner);
            strangers.iter_mut().filter_map(|(kind, throttle)| Some((*kind, throttle.overdue()?))).collect()
        };
        for (kind, more) in waiting {
            let kind = Kind::parse(kind).unwrap_or(Kind::AuthFail);
            let leaf = Leaf::new(kind).outcome(Outcome::Denied).details(Details::new().number("not_told_singly", more));
            drop(self.event(leaf).map_err(|_| self.why())?);
        }
        Ok(())
    }

    /// Records something that belongs to no session.
    pub(crate) fn event(&self, leaf: Leaf) -> Result<Ticket, RecordError> {
        self.ledger.record(leaf, now()).map_err(|error| RecordError::from(&error))
    }

    /// Records that a configuration and its policies come into force. `late`: what of it only a new start begins or ends.
    pub(crate) fn loaded(&self, configuration: &str, rules: &Rules, late: &[&str]) -> Result<(), Error> {
        let mut config = Details::new().text("sha256", configuration).text("version", env!("CARGO_PKG_VERSION"));
        if !late.is_empty() {
            config = config.texts("needs_restart", late.iter().take(32).map(|name| short(name)));
        }
        let rules = Details::new().text("rules", rules.version()).number("policies", rules.policies() as u64);
        for (kind, details) in [(Kind::ConfigChange, config), (Kind::PolicyLoad, rules)] {
            let leaf = Leaf::new(kind).outcome(Outcome::Success).details(details);
            let recorded = self.ledger.record(leaf, now()).and_then(|ticket| ticket.wait());
            recorded.map_err(|error| stopped(&error))?;
        }
        Ok(())
    }

    /// Records what somebody did to the gateway from outside, and waits for it.
    pub(crate) fn done(&self, by: &str, details: Details) -> Result<(), Error> {
        let leaf = Leaf::new(Kind::ConfigChange).subject(short(by)).outcome(Outcome::Success).details(details);
        self.ledger.record(leaf, now()).and_then(|ticket| ticket.wait()).map_err(|error| stopped(&error))
    }

    /// The same, with a reason in somebody's own words, which can be erased.
    pub(crate) fn stated(&self, by: &str, details: Details, reason: &str) -> Result<(), Error> {
        self.stated_as(Kind::ConfigChange, by, details, reason)
    }

    /// The same, as something else than a change of the gateway.
    pub(crate) fn stated_as(&self, kind: Kind, by: &str, details: Details, reason: &str) -> Result<(), Error> {
        let statement = Statement::begin(self, by, "gateway", reason, Details::new())?;
        statement.end(kind, Outcome::Success, details)
    }

    /// Records something that belongs to no session, and waits for it.
    pub(crate) fn told(&self, leaf: Leaf) -> Result<(), Error> {
        self.ledger.record(leaf, now()).and_then(|ticket| ticket.wait()).map_err(|error| stopped(&error))
    }

    /// Records that records leave the gateway, and waits for it.
    pub(crate) fn exported(&self, by: &str, what: &str) -> Result<(), Error> {
        let details = Details::new().text("what", what);
        self.told(Leaf::new(Kind::Export).subject(short(by)).outcome(Outcome::Success).details(details))
    }

    /// Makes the marks of what is found in answers.
    pub(crate) fn marks(&self) -> Result<Arc<Marks>, Error> {
        let key = self.ledger.marks_key().map_err(|error| stopped(&error))?;
        let subjects = SUBJECTS.iter().map(|path| FieldPath::new(path)).collect();
        Ok(Arc::new(Marks::new(key.expose()).subjects(subjects)))
    }

    /// Publishes a checkpoint over everything so far, so that readers see it.
    pub(crate) fn publish(&self) -> Result<(), Error> {
        self.ledger.checkpoint().map_err(|error| stopped(&error))
    }

    /// Deletes recordings by policy; that it may is the caller's to know.
    pub(crate) fn erase(&self, erasures: &[Erasure]) -> Result<(), Error> {
        self.ledger.erase_all(erasures, now()).map_err(|error| stopped(&error))
    }

    /// Destroys the key above all recordings of a month.
    pub(crate) fn destroy_month(&self, month: &str, policy: &str) -> Result<(), Error> {
        self.ledger.destroy_month(month, policy, now()).map_err(|error| stopped(&error))
    }

    /// Ends the connections of these sessions, at the end of a message or within a second; gives their ids.
    pub(crate) fn end(&self, wanted: &Wanted) -> Vec<String> {
        self.live.end(wanted).iter().map(ToString::to_string).collect()
    }

    /// Records a look at the record itself, and waits for it: nothing is shown before.
    pub(crate) fn viewed(&self, by: &str, what: &str, session: Option<&str>) -> Result<(), Error> {
        let session = session.and_then(blackbar_ledger::SessionId::parse);
        let kind = if what == "export" { Kind::Export } else { Kind::ReplayView };
        let leaf = Leaf::new(kind).subject(by).details(Details::new().text("what", what));
        let leaf = session.into_iter().fold(leaf, Leaf::about);
        self.ledger.record(leaf, now()).and_then(|ticket| ticket.wait()).map_err(|error| stopped(&error))
    }

    /// Why nothing can be recorded, if so.
    pub(crate) fn state(&self) -> Result<(), RecordError> {
        if self.ledger.stopped().is_some() {
            return Err(RecordError::Stopped);
        }
        match self.room.load(Ordering::Acquire) {
            REFUSE_NEW | END_LIVE => Err(RecordError::Full),
            _ if self.ledger.backlog() > MOST_BACKLOG => Err(RecordError::Busy),
            _ => Ok(()),
        }
    }

    /// What it counts.
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// What there is to be seen of it now.
    pub(crate) fn readings(&self) -> Readings {
        Readings {
            sessions_open: self.live.count(),
            record_backlog_bytes: self.ledger.backlog() as u64,
            record_leaves: self.ledger.leaves(),
            record_room: self.room.load(Ordering::Acquire).into(),
            ..Readings::default()
        }
    }

    /// The sessions that are open, the latest first.
    pub(crate) fn open_sessions(&self) -> Vec<Open> {
        self.live.open()
    }

    /// How many leaves there are, and how full the disk is, in a word.
    pub(crate) fn summary(&self) -> (u64, &'static str) {
        let word = match self.room.load(Ordering::Acquire) {
            _ if self.ledger.stopped().is_some() => "stopped",
            OPEN => "recording",
            WARN => "recording, and the disk is more than 85 % full",
            REFUSE_NEW => "refusing new requests: the disk is nearly full",
            _ => "ending live requests: the disk is full",
        };
        (self.ledger.leaves(), word)
    }

    /// Ends with a checkpoint over everything.
    pub(crate) fn close(&self) -> Result<(), Error> {
        self.ledger.compact().map_err(|error| stopped(&error))
    }

    /// Records a request that nobody stands behind: its credential does not count, or it is no proper request. Whoever
    /// sends very many of them fills no disk: those above a few a second are counted and told together.
    pub(crate) fn stranger(
        &self,
        kind: Kind,
        target: &str,
        source: Option<IpAddr>,
        why: &str,
    ) -> Result<Option<Ticket>, RecordError> {
        if self.ledger.stopped().is_some() {
            return Err(RecordError::Stopped);
        }
        self.metrics.stranger(target);
        let before = {
            let mut strangers = self.strangers.lock().unwrap_or_else(PoisonError::into_inner);
            match strangers.entry(kind.text()).or_default().admit() {
                Some(before) => before,
                None => return Ok(None),
            }
        };
        let mut details = Details::new().text("why", short(why));
        if let Some(source) = source {
            details = details.text("source", source.to_string());
        }
        if before > 0 {
            details = details.number("not_told_singly", before);
        }
        self.event(Leaf::new(kind).target(target).outcome(Outcome::Denied).details(details)).map(Some)
    }

    /// Looks how full the disk is. It may block.
    pub(crate) fn look_for_room(&self) {
        let room = match self.ledger.admission() {
            Ok(Admission::Open) => OPEN,
            Ok(Admission::Warn) => WARN,
            // A file system that does not say how full it is may be full.
            Ok(Admission::RefuseNew) | Err(_) => REFUSE_NEW,
            Ok(Admission::EndLive) => END_LIVE,
        };
        let before = self.room.swap(room, Ordering::AcqRel);
        if before != room {
            match room {
                OPEN => notes::note("the disk has room again"),
                WARN => notes::note("the disk of the data folder is more than 85 % full"),
                _ => notes::error(&RecordError::Full.told()),
            }
        }
    }

    fn why(&self) -> Error {
        self.ledger.stopped().map_or_else(|| RecordError::Busy.told(), |error| stopped(&error))
    }

    #[cfg(test)]
    pub(crate) fn pretend_room(&self, room: Admission) {
        let room = match room {
            Admission::Open => OPEN,
            Admission::Warn => WARN,
            Admission::RefuseNew => REFUSE_NEW,
            Admission::EndLive => END_LIVE,
        };
        self.room.store(room, Ordering::Release);
    }
}

const OPEN: u8 = 0;
const WARN: u8 = 1;
const REFUSE_NEW: u8 = 2;
const END_LIVE: u8 = 3;

const REPLICA: &str = "one";

/// The log's name: made once, and for ever the same for one data folder.
pub(crate) fn origin(folder: &Path) -> Result<String, Error> {
    match Reader::open(folder, None).verifier_key() {
        Ok(key) => Ok(key.name().to_owned()),
        Err(error) if error.is_missing() => {
            let mut random = [0; 8];
            getrandom::fill(&mut random)
                .map_err(|_| Error::new(Id::LedgerUnusable, "the system gives no random bytes"))?;
            let random: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
            Ok(format!("blackbar/{random}/{REPLICA}"))
        }
        Err(error) => Err(Error::new(Id::LedgerUnusable, error.to_string()).at_path(folder)),
    }
}

/// One connection of a client. It keeps its sessions while it lasts: requests that follow each other share one; those that
/// run at the same time have one each, so that what they are answered does not mix.
pub(crate) struct Conversation {
    recorder: Arc<Recorder>,
    source: IpAddr,
    idle: Mutex<Vec<Session>>,
    /// Somebody has ended it.
    end: Arc<AtomicBool>,
}

/// A session between two requests.
struct Session {
    who: Who,
    writer: SessionWriter,
    /// How many requests it has.
    exchanges: u64,
    /// What policy was asked last about something else than before, and in which request.
    asked: Option<(u64, Vec<Part>)>,
    /// Whose data it has shown.
    subjects: Subjects,
}

/// Whom a session belongs to.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Who {
    subject: String,
    kind: &'static str,
    by: String,
    /// Which credential it was, by an id that is no secret.
    credential: Option<String>,
    groups: Vec<String>,
    acting_for: Vec<String>,
    target: String,
}

impl Conversation {
    pub(crate) fn new(recorder: &Arc<Recorder>, source: IpAddr) -> Arc<Self> {
        Arc::new(Self { recorder: Arc::clone(recorder), source, idle: Mutex::default(), end: Arc::default() })
    }

    /// Whether somebody has ended it: nothing more is asked or answered on it.
    pub(crate) fn is_ended(&self) -> bool {
        self.end.load(Ordering::Acquire)
    }

    pub(crate) fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// Begins to record a request of somebody who is known.
    pub(crate) fn recording(self: &Arc<Self>, identity: &Identity, target: &Target) -> Result<Recording, RecordError> {
        self.recorder.state()?;
        let who = Who::new(identity, &target.name);
        let (idle, replaced) = {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            let found = idle.iter().position(|session| session.who == who).map(|at| idle.swap_remove(at));
            // Who comes with a new credential each time does not leave a session behind for each of them.
            let replaced: Vec<Session> = idle.extract_if(.., |session| session.who.renewed_by(&who)).collect();
            (found, replaced)
        };
        replaced.into_iter().for_each(Session::close);
        let session = match idle {
            Some(session) => session,
            None => self.begin(who)?,
        };
        Ok(Recording::new(Arc::clone(self), session, target.record))
    }

    fn begin(&self, who: Who) -> Result<Session, RecordError> {
        let mut details = Details::new()
            .text("source", self.source.to_string())
            .text("kind", who.kind)
            .text("authenticated_by", who.by.as_str());
        if let Some(credential) = &who.credential {
            details = details.text("credential", credential.as_str());
        }
        details = details.texts("groups", who.groups.iter().map(String::as_str));
        if !who.acting_for.is_empty() {
            details = details.texts("acting_for", who.acting_for.iter().map(String::as_str));
        }
        let open = SessionOpen::new(who.subject.as_str(), who.target.as_str()).details(details);
        // Its ticket is not waited for: the request's comes after it.
        let (writer, _) = self.recorder.ledger.session(open, now()).map_err(|error| RecordError::from(&error))?;
        self.recorder.live.add(writer.id(), &who.subject, &who.target, &self.end);
        self.recorder.metrics.session(&who.target);
        Ok(Session { who, writer, exchanges: 0, asked: None, subjects: Subjects::default() })
    }

    fn give_back(&self, session: Session) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(session);
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        let idle = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        idle.into_iter().for_each(Session::close);
    }
}

impl Session {
    /// Ends it, between two requests.
    fn close(self) {
        let details = Details::new().number("requests", self.exchanges);
        // A ledger that stopped has said so already, and mends it at the next start.
        let _ = self.writer.close(Outcome::Success, details, now());
    }
}

impl Who {
    /// Whether this is the same one with another credential.
    fn renewed_by(&self, other: &Self) -> bool {
        self.credential != other.credential && Self { credential: other.credential.clone(), ..self.clone() } == *other
    }

    fn new(identity: &Identity, target: &str) -> Self {
        const MOST: usize = 32;
        let names = |names: &mut dyn Iterator<Item = &String>| names.take(MOST).map(|name| short(name)).collect();
        Self {
            subject: short(identity.subject.id()),
            kind: match identity.subject.kind() {
                blackbar_policy::SubjectKind::Agent => "agent",
                blackbar_policy::SubjectKind::User => "user",
            },
            by: short(&identity.authenticated_by),
            credential: identity.credential.as_deref().map(short),
            groups: names(&mut identity.subject.groups().iter()),
            acting_for: names(&mut identity.acting_for.iter()),
            target: target.to_owned(),
        }
    }
}

/// A leaf has room for so much of a name.
fn short(text: &str) -> String {
    const LONGEST: usize = 255;
    text.chars().take(LONGEST).collect()
}

fn now() -> Time {
    SystemTime::now().into()
}

fn stopped(error: &blackbar_ledger::Error) -> Error {
    let error = Error::new(Id::LedgerStopped, format!("nothing can be recorded any more: {error}"));
    error.hint("look at the disk, then start the gateway again; `blackbar verify` says what is there")
}

impl RecordError {
    /// The error id, for whoever is told.
    pub(crate) const fn id(self) -> Id {
        match self {
            Self::Stopped => Id::LedgerStopped,
            Self::Full => Id::LedgerFull,
            Self::Busy => Id::LedgerBusy,
        }
    }

    fn told(self) -> Error {
        Error::new(self.id(), self.to_string())
    }
}

impl From<&blackbar_ledger::Error> for RecordError {
    fn from(error: &blackbar_ledger::Error) -> Self {
        if error.is_overloaded() { Self::Busy } else { Self::Stopped }
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stopped => "nothing can be recorded any more",
            Self::Full => "the disk of the record is nearly full",
            Self::Busy => "the disk of the record does not keep up",
        })
    }
}

impl std::error::Error for RecordError {}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recorder({:?})", self.ledger)
    }
}

impl fmt::Debug for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Conversation")
    }
}
