//! How long recordings are kept, what holds them back, and their deletion: a tombstone, the key erased, the content removed,
//! a confirmation. Decided from the log alone; the order of it is [`blackbar_ledger::Ledger::erase_all`]'s.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use blackbar_ledger::{Details, Erasure, Kind, Leaf, LeafIndex, Reader, SessionId, Time};
use serde_json::{Value, json};

use super::follow::Standing;
use super::index::{Due, Index};
use super::lived::Lived;
use super::subjects::Subjects;
use crate::config::Retention;
use crate::error::{Error, Id};
use crate::front::Stop;
use crate::gate::Recorder;
use crate::notes;

/// Keeps recordings and deletes them when their time has come.
#[derive(Debug)]
pub(crate) struct Keeper {
    folder: PathBuf,
    recorder: Arc<Recorder>,
    index: Index,
    reader: Reader,
    rules: Mutex<Retention>,
    /// One decision at a time: a hold that is in force before a deletion is decided stands before it.
    turn: Mutex<Turn>,
}

#[derive(Debug)]
struct Turn {
    lived: Lived,
    marked: Option<Instant>,
    looked: Option<Instant>,
}

/// What is held.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    pub(crate) session: Option<SessionId>,
    pub(crate) subject: Option<String>,
    pub(crate) target: Option<String>,
}

/// What a look at what is due came to.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Retained {
    /// Recordings that were deleted, or with a dry run would be.
    pub(crate) deleted: Vec<(SessionId, String)>,
    pub(crate) months: Vec<String>,
    /// There are more.
    pub(crate) more: bool,
}

/// How far a look goes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct How {
    /// Nothing is changed.
    pub(crate) dry_run: bool,
    /// Somebody vouches for the clock, so that time that nobody saw counts.
    pub(crate) trust_clock: bool,
}

/// How often the log is told how long it has lived, and how often what is due is looked for.
const MARK_EACH: Duration = Duration::from_secs(3600);
const LOOK_EACH: Duration = Duration::from_secs(3600);

/// So many recordings are deleted under one checkpoint.
const AT_ONCE: u64 = 256;

impl Keeper {
    pub(crate) fn open(folder: &Path, recorder: &Arc<Recorder>, rules: Retention) -> Result<Self, Error> {
        let index = Index::open(folder)?;
        let reader = Reader::open(folder, None);
        recorder.publish()?;
        index.catch_up(&reader)?;
        let lived = Lived::after(index.last_mark()?.as_ref());
        let turn = Mutex::new(Turn { lived, marked: None, looked: None });
        let recorder = Arc::clone(recorder);
        Ok(Self { folder: folder.to_owned(), recorder, index, reader, rules: Mutex::new(rules), turn })
    }

    /// Does what time asks for, until it is told to stop. What does not work is done again, and told.
    pub(crate) async fn keep(self: Arc<Self>, standing: Arc<Standing>, mut stop: Stop) {
        loop {
            let this = Arc::clone(&self);
            let done = tokio::task::spawn_blocking(move || this.tick()).await;
            match done {
                Ok(Ok(())) => standing.caught_up(0),
                Ok(Err(error)) => {
                    if standing.failed(&error.to_string()) {
                        notes::error(&error);
                    }
                }
                Err(_) => drop(standing.failed("an internal error")),
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
                _ = stop.changed() => return,
            }
        }
    }

    /// What time asks for. It may block.
    fn tick(&self) -> Result<(), Error> {
        let mut turn = self.turn();
        if turn.marked.is_none_or(|marked| marked.elapsed() >= MARK_EACH) {
            self.mark(&mut turn)?;
        }
        let due = turn.looked.is_none_or(|looked| looked.elapsed() >= LOOK_EACH);
        if !due {
            return Ok(());
        }
        let retained = self.retain_in(&mut turn, "policy", now(), How::default())?;
        if !retained.more {
            turn.looked = Some(Instant::now());
        }
        if !retained.deleted.is_empty() {
            notes::note(format_args!("{} recordings were deleted: their time has come", retained.deleted.len()));
        }
        Ok(())
    }

    /// Rules for what is deleted from now on.
    pub(crate) fn reload(&self, rules: Retention) {
        *self.rules.lock().unwrap_or_else(PoisonError::into_inner) = rules;
    }

    /// A witness's clock said this.
    pub(crate) fn witnessed(&self, seconds: u64) {
        self.turn().lived.witnessed(seconds);
    }

    /// Tells the log how long it has lived, at the end of a run.
    pub(crate) fn close(&self) -> Result<(), Error> {
        self.mark(&mut self.turn())
    }

    /// Deletes what is due, up to some hundred recordings.
    pub(crate) fn retain(&self, by: &str, how: How) -> Result<Retained, Error> {
        let mut turn = self.turn();
        if !how.dry_run {
            self.mark(&mut turn)?;
        }
        self.retain_in(&mut turn, by, now(), how)
    }

    /// Holds deletion back; gives the hold's name.
    pub(crate) fn hold(&self, by: &str, scope: &Scope, reason: &str) -> Result<String, Error> {
        let _turn = self.turn();
        let mut random = [0; 6];
        getrandom::fill(&mut random).map_err(|_| Error::new(Id::Internal, "the system gives no random bytes"))?;
        let id = format!("hold-{}", random.map(|byte| format!("{byte:02x}")).concat());
        let mut details = Details::new().text("hold", id.as_str());
        if let Some(session) = scope.session {
            details = details.text("of_session", session.to_string());
        }
        if let Some(subject) = &scope.subject {
            details = details.text("of_subject", subject.as_str());
        }
        if let Some(target) = &scope.target {
            details = details.text("of_target", target.as_str());
        }
        self.recorder.stated_as(Kind::RetentionHold, by, details, reason)?;
        Ok(id)
    }

    /// Ends a hold.
    pub(crate) fn release(&self, by: &str, hold: &str, reason: &str) -> Result<(), Error> {
        let _turn = self.turn();
        self.fresh()?;
        if !self.index.holds()?.iter().any(|known| known.id == hold) {
            return Err(Error::new(Id::HoldUnknown, "no hold of that name is in force"));
        }
        self.recorder.stated_as(Kind::RetentionRelease, by, Details::new().text("hold", hold), reason)
    }

    /// Does what a command asks for. `None`: it is no command about keeping.
    pub(crate) fn act(&self, command: &Value, by: &str) -> Option<Value> {
        let text = |key: &str| command.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        let flag = |key: &str| command.get(key).and_then(Value::as_bool).unwrap_or(false);
        let done = match text("do")? {
            "ledger.hold" => {
                let session = match text("session").map(SessionId::parse) {
                    Some(None) => return Some(json!({ "error": "that is not the id of a session" })),
                    session => session.flatten(),
                };
                let scope = Scope {
                    session,
                    subject: text("subject").map(str::to_owned),
                    target: text("target").map(str::to_owned),
                };
                self.hold(by, &scope, text("reason").unwrap_or_default()).map(|hold| json!({ "hold": hold }))
            }
            "ledger.release" => {
                let released = self.release(by, text("hold").unwrap_or_default(), text("reason").unwrap_or_default());
                released.map(|()| json!({ "released": true }))
            }
            "ledger.holds" => self.held(),
            "ledger.compact" => {
                let exported = self.recorder.exported(by, "backup").and_then(|()| self.recorder.close());
                exported.map(|()| json!({ "done": true }))
            }
            "ledger.retain" => {
                let how = How { dry_run: flag("dry_run"), trust_clock: flag("trust_clock") };
                self.retain(by, how).map(|retained| retained.json())
            }
            _ => return None,
        };
        Some(done.unwrap_or_else(|error| json!({ "error": error.to_string(), "id": error.id().text() })))
    }

    fn held(&self) -> Result<Value, Error> {
        let _turn = self.turn();
        self.fresh()?;
        let holds = self.index.holds()?.into_iter().map(|hold| {
            json!({
                "hold": hold.id, "since": hold.since.to_string(), "by": hold.by, "subject": hold.subject,
                "session": hold.session.map(|session| session.to_string()), "target": hold.target,
            })
        });
        Ok(json!({ "holds": holds.collect::<Vec<_>>() }))
    }

    fn retain_in(&self, turn: &mut Turn, by: &str, now: Time, how: How) -> Result<Retained, Error> {
        self.fresh()?;
        let mut retained = Retained::default();
        let mut erasures = Vec::new();
        let rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let lived = turn.lived.seconds();
        for due in self.index.half_erased()? {
            let policy = due.half.clone().unwrap_or_default();
            erasures.push(self.erasure(&due, policy, Details::new())?);
        }
        let named: Vec<&str> = rules.targets.iter().map(|(name, _)| name.as_str()).collect();
        let mut of: Vec<(Vec<&str>, bool, String, u64)> = rules
            .targets
            .iter()
            .map(|(name, period)| (vec![name.as_str()], false, format!("{name} {}", period.text), period.seconds))
            .collect();
        of.push((named, true, format!("default {}", rules.usual.text), rules.usual.seconds));
        for (targets, but, policy, seconds) in of {
            let room = AT_ONCE.saturating_sub(erasures.len() as u64);
            // Old by the clock that is on the wall now, and by the time that was seen to pass.
            let ended = Time::from_micros(now.micros().saturating_sub(seconds.saturating_mul(1_000_000)));
            let closed = match lived.checked_sub(seconds) {
                _ if how.trust_clock => Some(u64::MAX >> 1),
                Some(before) => self.index.marked_by(before)?,
                None => None,
            };
            let Some(closed) = closed else { continue };
            let found = self.index.due(&targets, but, ended, closed, room)?;
            retained.more |= found.len() as u64 == room;
            for due in found {
                let mut details = Details::new().number("kept_seconds", seconds).text("asked_by", by);
                if how.trust_clock {
                    details = details.flag("clock_vouched_for", true);
                }
                erasures.push(self.erasure(&due, policy.clone(), details)?);
            }
        }
        retained.deleted = erasures.iter().map(|erasure| (erasure.session, erasure.policy.clone())).collect();
        if how.dry_run {
            return Ok(retained);
        }
        if !erasures.is_empty() {
            self.recorder.erase(&erasures)?;
            let erased: Vec<SessionId> = erasures.iter().map(|erasure| erasure.session).collect();
            Subjects::forget(&self.folder, &erased)?;
        }
        self.fresh()?;
        // A session may begin in one month and be in the index a moment later.
        let settled = Time::from_micros(now.micros().saturating_sub(2 * 86_400_000_000)).month();
        for month in self.index.empty_months(&settled)? {
            self.recorder.destroy_month(&month, "every recording of the month was deleted")?;
            retained.months.push(month);
        }
        Ok(retained)
    }

    /// Holds what the index says against the log itself before anything is deleted.
    fn erasure(&self, due: &Due, policy: String, details: Details) -> Result<Erasure, Error> {
        let unreadable = |error: &blackbar_ledger::Error| Error::new(Id::LedgerUnreadable, error.to_string());
        let leaf = |index: LeafIndex| self.reader.leaf(index).map_err(|error| unreadable(&error));
        let (first, last) = (leaf(due.opened)?, leaf(due.closed)?);
        let begins = first.kind() == Some(Kind::SessionOpen) && first.session() == Some(due.id);
        let fits = begins && first.target() == Some(&due.target);
        let ends = last.kind() == Some(Kind::SessionClose) && last.session() == Some(due.id);
        if !(fits && (ends || due.half.is_some())) {
            return Err(Error::new(
                Id::IndexUnusable,
                "the index tells of a session otherwise than the log; remove it",
            ));
        }
        Ok(Erasure { session: due.id, month: due.month.clone(), policy, details })
    }

    /// Makes the index know everything that is recorded.
    fn fresh(&self) -> Result<(), Error> {
        self.recorder.publish()?;
        self.index.catch_up(&self.reader)
    }

    fn mark(&self, turn: &mut Turn) -> Result<(), Error> {
        let mark = turn.lived.mark();
        let mut details = Details::new()
            .number("lived_seconds", mark.lived)
            .text("machine", mark.machine)
            .number("uptime_seconds", mark.uptime);
        if let Some(witnessed) = mark.witnessed {
            details = details.number("witnessed_seconds", witnessed);
        }
        self.recorder.told(Leaf::new(Kind::Heartbeat).details(details))?;
        turn.marked = Some(Instant::now());
        Ok(())
    }

    fn turn(&self) -> MutexGuard<'_, Turn> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Retained {
    fn json(&self) -> Value {
        let deleted = self.deleted.iter().map(|(session, policy)| json!([session.to_string(), policy]));
        json!({ "deleted": deleted.collect::<Vec<_>>(), "months": self.months, "more": self.more })
    }
}

fn now() -> Time {
    std::time::SystemTime::now().into()
}

#[cfg(test)]
mod tests {
    use blackbar_ledger::{Direction, Ledger, Options, Outcome, RootKeyFile, SessionOpen};

    use super::*;
    use crate::config::keeping::Period;

    const DAY: u64 = 86_400;
    const SIX_YEARS: u64 = 6 * 366 * DAY;
    /// A day in 2026.
    const THEN: u64 = 1_795_000_000;

    struct House {
        folder: tempfile::TempDir,
        root: Arc<RootKeyFile>,
    }

    impl House {
        fn new() -> Self {
            Self { folder: tempfile::tempdir().unwrap(), root: Arc::new(RootKeyFile::generate().unwrap()) }
        }

        /// Sessions that were recorded at a second since 1970, as one run of a gateway would.
        fn recorded(&self, target: &str, second: u64, count: usize) -> Vec<SessionId> {
            let at = Time::from_micros(second * 1_000_000);
            let root = Arc::clone(&self.root);
            let ledger = Ledger::open(self.folder.path(), root, Options::new("t/one", "one"), at).unwrap();
            let sessions = (0..count).map(|_| {
                let (mut session, _) = ledger.session(SessionOpen::new("agent-7", target), at).unwrap();
                drop(session.request(b"what was asked", Details::new(), at).unwrap());
                session.response_block(Direction::ToClient, b"what was answered", at).unwrap();
                let id = session.id();
                session.close(Outcome::Success, Details::new(), at).unwrap().wait().unwrap();
                id
            });
            let mut sessions: Vec<SessionId> = sessions.collect();
            sessions.sort();
            ledger.close().unwrap();
            sessions
        }

        /// Says that the log had lived so long.
        fn marked(&self, second: u64, lived: u64) {
            let at = Time::from_micros(second * 1_000_000);
            let root = Arc::clone(&self.root);
            let ledger = Ledger::open(self.folder.path(), root, Options::new("t/one", "one"), at).unwrap();
            let details =
                Details::new().number("lived_seconds", lived).text("machine", "m").number("uptime_seconds", 1);
            ledger.record(Leaf::new(Kind::Heartbeat).details(details), at).unwrap().wait().unwrap();
            ledger.close().unwrap();
        }

        fn keeper(&self, rules: Retention) -> Keeper {
            let recorder = Arc::new(Recorder::open(self.folder.path(), Arc::clone(&self.root) as _).unwrap());
            Keeper::open(self.folder.path(), &recorder, rules).unwrap()
        }

        fn good(&self) -> blackbar_ledger::verify::Report {
            let checks = blackbar_ledger::verify::Checks { root: Some(self.root.clone()), ..Default::default() };
            let report = blackbar_ledger::verify::folder(self.folder.path(), &checks).unwrap();
            assert!(report.is_good(), "{:?}", report.findings);
            report
        }
    }

    fn at(keeper: &Keeper, second: u64, how: How) -> Retained {
        keeper.retain_in(&mut keeper.turn(), "policy", Time::from_micros(second * 1_000_000), how).unwrap()
    }

    fn ids(retained: &Retained) -> Vec<SessionId> {
        let mut ids: Vec<SessionId> = retained.deleted.iter().map(|(session, _)| *session).collect();
        ids.sort();
        ids
    }

    #[test]
    fn what_is_old_by_both_clocks_goes_and_verify_counts_it_by_policy() {
        let house = House::new();
        let old = house.recorded("ehr", THEN, 3);
        house.marked(THEN + 1, 10);
        let young = house.recorded("ehr", THEN + 5 * 366 * DAY, 2);
        house.marked(THEN + SIX_YEARS + DAY, SIX_YEARS + DAY);
        let rules = Retention {
            targets: vec![("fhir".into(), Period { text: "7y".into(), seconds: 7 * 366 * DAY })],
            ..Retention::default()
        };
        let keeper = house.keeper(rules);
        let dry = How { dry_run: true, ..How::default() };
        assert_eq!(ids(&at(&keeper, THEN + SIX_YEARS + DAY, dry)), old);
        let retained = at(&keeper, THEN + SIX_YEARS + DAY, How::default());
        assert_eq!(ids(&retained), old);
        assert_eq!(at(&keeper, THEN + SIX_YEARS + DAY, How::default()).deleted, []);
        // Every recording of that month is gone, and with them the key above theirs.
        assert_eq!(retained.months, [Time::from_micros(THEN * 1_000_000).month()]);
        drop(keeper);
        let report = house.good();
        assert_eq!((report.deleted["default 6y"], report.sessions, report.frames_opened), (3, 5, 4));
        assert_eq!(young.len(), 2);
    }

    #[test]
    fn a_jump_of_the_clock_deletes_nothing_early() {
        let house = House::new();
        let sessions = house.recorded("ehr", THEN, 2);
        house.marked(THEN + 1, 10);
        let keeper = house.keeper(Retention::default());
        for year in [2033, 2040, 2100, 9000] {
            assert_eq!(at(&keeper, (year - 1970) * 366 * DAY, How::default()).deleted, [], "{year}");
        }
        // A clock that ran in 1990 while it was recorded, and was put right a minute later.
        let wrong = house_in_1990();
        let keeper_of_wrong = wrong.keeper(Retention::default());
        assert_eq!(at(&keeper_of_wrong, THEN, How::default()).deleted, []);
        // Somebody may vouch for the clock, and the record says so.
        let vouched = at(&keeper, THEN + SIX_YEARS + 1, How { trust_clock: true, dry_run: false });
        assert_eq!(ids(&vouched), sessions);
        // A clock that goes back keeps what would be due.
        let back = House::new();
        back.recorded("ehr", THEN, 1);
        back.marked(THEN + 1, 10);
        back.marked(THEN + SIX_YEARS + DAY, SIX_YEARS + DAY);
        assert_eq!(at(&back.keeper(Retention::default()), THEN, How::default()).deleted, []);
    }

    fn house_in_1990() -> House {
        let house = House::new();
        house.recorded("ehr", 20 * 365 * DAY, 2);
        house.marked(THEN, 60);
        house
    }

    #[test]
    fn a_hold_beats_deletion_until_it_is_released() {
        let house = House::new();
        let ehr = house.recorded("ehr", THEN, 2);
        let fhir = house.recorded("fhir", THEN, 2);
        house.marked(THEN + 1, 10);
        house.marked(THEN + SIX_YEARS + DAY, SIX_YEARS + DAY);
        let now = THEN + SIX_YEARS + DAY;
        let keeper = house.keeper(Retention::default());
        let one = Scope { session: Some(ehr[0]), ..Scope::default() };
        let one = keeper.hold("counsel", &one, "a matter").unwrap();
        let all_fhir = Scope { target: Some("fhir".into()), ..Scope::default() };
        let all_fhir = keeper.hold("counsel", &all_fhir, "another").unwrap();
        assert_eq!(ids(&at(&keeper, now, How::default())), ehr[1..]);
        keeper.release("counsel", &all_fhir, "settled").unwrap();
        assert_eq!(ids(&at(&keeper, now, How::default())), fhir);
        // Holds are read from the log: a new index knows them.
        drop(keeper);
        std::fs::remove_file(house.folder.path().join("index.sqlite")).unwrap();
        let keeper = house.keeper(Retention::default());
        assert_eq!(at(&keeper, now, How::default()).deleted, []);
        assert!(keeper.release("counsel", "hold-000000000000", "x").is_err());
        keeper.release("counsel", &one, "settled").unwrap();
        assert!(keeper.release("counsel", &one, "settled").is_err());
        assert_eq!(ids(&at(&keeper, now, How::default())), ehr[..1]);
        drop(keeper);
        assert_eq!(house.good().deleted_sessions(), 4);
    }

    #[test]
    fn what_a_crash_left_half_deleted_is_finished() {
        let house = House::new();
        let sessions = house.recorded("ehr", THEN, 1);
        let at_then = Time::from_micros((THEN + 5) * 1_000_000);
        let ledger =
            Ledger::open(house.folder.path(), house.root.clone(), Options::new("t/one", "one"), at_then).unwrap();
        let leaf = Leaf::new(Kind::RetentionTombstone).about(sessions[0]).details(Details::new().text("policy", "p"));
        ledger.record(leaf, at_then).unwrap().wait().unwrap();
        ledger.close().unwrap();
        let keeper = house.keeper(Retention::default());
        assert_eq!(at(&keeper, THEN + 10, How::default()).deleted, [(sessions[0], "p".to_owned())]);
        assert_eq!(at(&keeper, THEN + 10, How::default()).deleted, []);
        drop(keeper);
        assert_eq!((house.good().deleted_sessions(), house.good().frames), (1, 0));
    }
}
