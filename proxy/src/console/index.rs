//! What the console knows of the log: followed leaf by leaf from where it was read last, kept for the latest sessions.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use blackbar_ledger::{Json, Kind, LeafIndex, ReadLeaf, Reader, SessionId, Time};

use crate::operations::kind_of;

/// The latest sessions and the counts of the last weeks.
#[derive(Default)]
pub(super) struct Index {
    next: u64,
    sessions: HashMap<SessionId, Row>,
    /// The oldest first.
    order: VecDeque<SessionId>,
    /// Sessions that were too old to be kept.
    pub(super) forgotten: u64,
    /// By hour since 1970.
    hours: BTreeMap<u64, Hour>,
    /// What happened to the gateway itself, the latest last.
    pub(super) events: VecDeque<Event>,
}

/// One session.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) id: SessionId,
    pub(super) begun: Time,
    pub(super) latest: Time,
    pub(super) subject: String,
    pub(super) target: String,
    /// `agent`, `user`.
    pub(super) kind: String,
    pub(super) authenticated_by: String,
    pub(super) source: String,
    pub(super) groups: Vec<String>,
    pub(super) month: String,
    pub(super) requests: u64,
    pub(super) denied: u64,
    /// Requests that wait for people, by their number.
    held: BTreeSet<u64>,
    was_held: bool,
    pub(super) replaced: BTreeMap<String, u64>,
    pub(super) bytes: u64,
    pub(super) outcome: Option<String>,
    pub(super) leaves: Vec<u64>,
}

/// What was replaced within an hour.
#[derive(Clone, Debug, Default)]
pub(super) struct Hour {
    pub(super) by_kind: BTreeMap<&'static str, u64>,
    pub(super) by_target: BTreeMap<String, u64>,
    pub(super) by_subject: BTreeMap<String, u64>,
    pub(super) requests: u64,
    pub(super) denied: u64,
}

/// Something that happened to the gateway.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) leaf: u64,
    pub(super) time: Time,
    pub(super) kind: String,
    pub(super) subject: String,
    pub(super) what: String,
}

/// What is searched for; everything that is named must fit.
#[derive(Clone, Debug, Default)]
pub(super) struct Search {
    pub(super) subject: Option<String>,
    pub(super) target: Option<String>,
    /// RFC 3339 or its beginning.
    pub(super) since: Option<String>,
    pub(super) until: Option<String>,
    /// A kind that was replaced.
    pub(super) kind: Option<String>,
    pub(super) outcome: Option<String>,
}

const MOST_SESSIONS: usize = 10_000;
const MOST_LEAVES: usize = 20_000;
const MOST_HOURS: usize = 24 * 92;
const MOST_NAMES: usize = 200;
const MOST_EVENTS: usize = 200;
const HOUR: u64 = 3_600_000_000;

impl Index {
    /// Reads what is new in the log.
    pub(super) fn follow(&mut self, reader: &Reader) -> blackbar_ledger::Result<()> {
        let Some(from) = LeafIndex::new(self.next) else { return Ok(()) };
        let leaves = match reader.leaves(from) {
            Ok(leaves) => leaves,
            // Nothing was signed yet.
            Err(error) if error.is_missing() => return Ok(()),
            Err(error) => return Err(error),
        };
        for item in leaves {
            let (index, leaf) = item?;
            self.take(index.value(), &leaf);
            self.next = index.value() + 1;
        }
        Ok(())
    }

    pub(super) fn session(&self, id: SessionId) -> Option<&Row> {
        self.sessions.get(&id)
    }

    /// The sessions that fit, the latest first.
    pub(super) fn search<'s>(&'s self, search: &'s Search) -> impl Iterator<Item = &'s Row> {
        let rows = self.order.iter().rev().filter_map(|id| self.sessions.get(id));
        rows.filter(move |row| search.fits(row))
    }

    /// The hours from this one on, the oldest first.
    pub(super) fn hours(&self, from: u64) -> impl Iterator<Item = (u64, &Hour)> {
        self.hours.range(from..).map(|(hour, counts)| (*hour, counts))
    }

    /// Every target and kind that occurs, for forms.
    pub(super) fn targets(&self) -> BTreeSet<&str> {
        self.sessions.values().map(|row| row.target.as_str()).collect()
    }

    fn take(&mut self, index: u64, leaf: &ReadLeaf) {
        let Some(id) = leaf.session() else { return self.event(index, leaf) };
        if leaf.kind() == Some(Kind::SessionOpen) {
            self.open(id, leaf);
        }
        let Some(row) = self.sessions.get_mut(&id) else { return };
        row.latest = leaf.time();
        if row.leaves.len() < MOST_LEAVES {
            row.leaves.push(index);
        }
        let exchange = || leaf.detail("exchange").and_then(Json::as_number).unwrap_or_default();
        let hour = self.hours.entry(leaf.time().micros() / HOUR).or_default();
        match leaf.kind() {
            Some(Kind::Request) => {
                row.requests += 1;
                hour.requests += 1;
            }
            Some(Kind::DecisionAsked) => {
                row.was_held = true;
                row.held.insert(exchange());
            }
            // People agreed to it while it waited.
            Some(Kind::DecisionConsumed | Kind::DecisionGranted) => _ = row.held.remove(&exchange()),
            Some(Kind::DecisionDenied | Kind::DecisionExpired) => {
                row.held.remove(&exchange());
                row.denied += 1;
                hour.denied += 1;
            }
            Some(Kind::Response) => {
                row.bytes += leaf.detail("bytes").and_then(Json::as_number).unwrap_or_default();
                if let Some(Json::Object(kinds)) = leaf.detail("replaced") {
                    for (kind, count) in kinds {
                        let count = count.as_number().unwrap_or_default();
                        *row.replaced.entry(kind.clone()).or_default() += count;
                        *hour.by_kind.entry(kind_of(kind)).or_default() += count;
                        add(&mut hour.by_target, &row.target, count);
                        add(&mut hour.by_subject, &row.subject, count);
                    }
                }
            }
            Some(Kind::SessionClose) => row.outcome = leaf.outcome().map(str::to_owned),
            _ => {}
        }
        while self.hours.len() > MOST_HOURS {
            self.hours.pop_first();
        }
    }

    fn open(&mut self, id: SessionId, leaf: &ReadLeaf) {
        let of = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let detail = |name: &str| of(leaf.detail(name).and_then(Json::as_text));
        let groups = leaf.detail("groups").and_then(Json::as_list).unwrap_or_default();
        let row = Row {
            id,
            begun: leaf.time(),
            latest: leaf.time(),
            subject: of(leaf.subject()),
            target: of(leaf.target()),
            kind: detail("kind"),
            authenticated_by: detail("authenticated_by"),
            source: detail("source"),
            groups: groups.iter().filter_map(|group| group.as_text().map(str::to_owned)).collect(),
            month: detail("key"),
            requests: 0,
            denied: 0,
            held: BTreeSet::new(),
            was_held: false,
            replaced: BTreeMap::new(),
            bytes: 0,
            outcome: None,
            leaves: Vec::new(),
        };
        self.sessions.insert(id, row);
        self.order.push_back(id);
        if self.order.len() > MOST_SESSIONS
            && let Some(oldest) = self.order.pop_front()
        {
            self.sessions.remove(&oldest);
            self.forgotten += 1;
        }
    }

    fn event(&mut self, index: u64, leaf: &ReadLeaf) {
        let Some(kind) = leaf.kind().filter(|kind| !matches!(kind, Kind::Heartbeat | Kind::ReplayView)) else { return };
        let details = leaf.json().field("details").cloned();
        let what = match details {
            Some(Json::Object(details)) => {
                let told = details.iter().map(|(name, value)| format!("{name} {}", plain(value)));
                told.collect::<Vec<_>>().join(" · ")
            }
            _ => String::new(),
        };
        let event = Event {
            leaf: index,
            time: leaf.time(),
            kind: kind.text().to_owned(),
            subject: leaf.subject().unwrap_or_default().to_owned(),
            what,
        };
        self.events.push_back(event);
        if self.events.len() > MOST_EVENTS {
            self.events.pop_front();
        }
    }
}

/// A value of a leaf in words.
pub(crate) fn plain(value: &Json) -> String {
    match value {
        Json::Text(text) => text.clone(),
        Json::Number(number) => number.to_string(),
        Json::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
        Json::List(list) => list.iter().map(plain).collect::<Vec<_>>().join(", "),
        Json::Object(object) => {
            let pairs = object.iter().map(|(name, value)| format!("{name} {}", plain(value)));
            pairs.collect::<Vec<_>>().join(", ")
        }
    }
}

/// Counts a name, as long as there are not too many.
fn add(counts: &mut BTreeMap<String, u64>, name: &str, count: u64) {
    if let Some(known) = counts.get_mut(name) {
        *known += count;
    } else if counts.len() < MOST_NAMES {
        counts.insert(name.to_owned(), count);
    } else {
        *counts.entry("others".to_owned()).or_default() += count;
    }
}

impl Row {
    /// Requests that wait for people.
    pub(super) fn waiting(&self) -> usize {
        self.held.len()
    }

    pub(super) fn replaced_in_all(&self) -> u64 {
        self.replaced.values().sum()
    }

    /// How it went, in a word.
    pub(super) fn state(&self) -> &str {
        self.outcome.as_deref().unwrap_or("open")
    }
}

impl Search {
    pub(super) fn is_empty(&self) -> bool {
        let Self { subject, target, since, until, kind, outcome } = self;
        [subject, target, since, until, kind, outcome].into_iter().all(Option::is_none)
    }

    fn fits(&self, row: &Row) -> bool {
        let begun = || row.begun.to_string();
        self.subject.as_ref().is_none_or(|subject| row.subject.contains(subject.as_str()))
            && self.target.as_ref().is_none_or(|target| row.target == *target)
            && self.since.as_ref().is_none_or(|since| begun() >= *since)
            // A day or a minute is meant with all that lies within it.
            && self.until.as_ref().is_none_or(|until| begun() < *until || begun().starts_with(until.as_str()))
            && self.kind.as_ref().is_none_or(|kind| {
                row.replaced.keys().any(|found| found == kind || found.split(':').next() == Some(kind.as_str()))
            })
            && self.outcome.as_ref().is_none_or(|outcome| match outcome.as_str() {
                "denied" => row.denied > 0,
                "held" => row.was_held,
                other => row.state() == other,
            })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use blackbar_ledger::{Details, Direction, Ledger, Options, Outcome, RootKeyFile, SessionOpen};

    use super::*;

    #[test]
    fn the_log_is_followed_and_searched() {
        let folder = tempfile::tempdir().unwrap();
        let root = Arc::new(RootKeyFile::generate().unwrap());
        let now = |second: u64| Time::from_micros(1_700_000_000_000_000 + second * 1_000_000);
        let ledger = Ledger::open(folder.path(), root, Options::new("a/b/c", "c"), now(0)).unwrap();
        let reader = Reader::open(folder.path(), None);
        let mut index = Index::default();
        for (subject, kind, decision) in
            [("agent-7", "name:patient", Kind::DecisionGranted), ("agent-8", "ssn", Kind::DecisionDenied)]
        {
            let (mut session, _) = ledger.session(SessionOpen::new(subject, "fhir"), now(1)).unwrap();
            let leaf = blackbar_ledger::Leaf::new(decision).details(Details::new().number("exchange", 1));
            let details = Details::new().number("bytes", 9).counts("replaced", [(kind, 3)]);
            drop(session.request(b"{}", Details::new().number("exchange", 1), now(2)).unwrap());
            drop(session.event(leaf, now(2)).unwrap());
            session.response_block(Direction::ToClient, b"x", now(3)).unwrap();
            drop(session.response(Outcome::Success, details, now(3)).unwrap());
            if subject == "agent-8" {
                drop(session.close(Outcome::Success, Details::new(), now(4)).unwrap());
            } else {
                std::mem::forget(session);
            }
            ledger.checkpoint().unwrap();
            index.follow(&reader).unwrap();
        }
        index.follow(&reader).unwrap();
        let found = |search: Search| -> Vec<String> { index.search(&search).map(|row| row.subject.clone()).collect() };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(found(Search::default()), ["agent-8", "agent-7"]);
        assert_eq!(found(Search { kind: some("name"), ..Search::default() }), ["agent-7"]);
        assert_eq!(found(Search { outcome: some("open"), ..Search::default() }), ["agent-7"]);
        assert_eq!(found(Search { outcome: some("denied"), ..Search::default() }), ["agent-8"]);
        assert_eq!(found(Search { subject: some("-7"), target: some("fhir"), ..Search::default() }), ["agent-7"]);
        assert_eq!(found(Search { since: some("2023-11-15"), ..Search::default() }).len(), 0);
        assert_eq!(found(Search { until: some("2023-11-14"), ..Search::default() }).len(), 2);
        let all = Search::default();
        let row = index.search(&all).next().unwrap();
        assert_eq!((row.requests, row.denied, row.bytes, row.replaced_in_all()), (1, 1, 9, 3));
        let (_, hour) = index.hours(0).next().unwrap();
        assert_eq!((hour.requests, hour.by_kind["name"], hour.by_kind["ssn"]), (2, 3, 3));
        assert_eq!(hour.by_subject["agent-7"], 3);
    }
}
