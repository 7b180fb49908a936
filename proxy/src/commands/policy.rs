//! `blackbar policy replay`: what other policies would have decided about what was asked before.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use blackbar_ledger::{Direction, LeafIndex, Reader, Time};
use blackbar_policy::{Circumstances, Decision, PolicySet, Question, Subject, SubjectKind};
use serde_json::{Value, json};

use super::approvals::inert;
use super::sessions::{index, moment, viewed};
use crate::cli::{DocumentFormat, Global, Policy, PolicyCommand, PolicyReplay};
use crate::config::{Config, duration};
use crate::error::{Error, Id};
use crate::exit::Exit;
use crate::gate::{Part, Policies, Questions, Retold, decided_word, now_ms};
use crate::identity::BREAK_GLASS;
use crate::record::{Filter, Row};

pub(crate) fn run(args: &Policy, global: &Global) -> Result<Exit, Error> {
    let PolicyCommand::Replay(args) = &args.command;
    replay(args, &Config::load(global.config.as_deref())?)
}

fn replay(args: &PolicyReplay, config: &Config) -> Result<Exit, Error> {
    if !args.policies.is_dir() {
        return Err(Error::new(Id::PolicyUnreadable, "there is no such folder").at_path(&args.policies));
    }
    let policies = Policies::read(&args.policies)?;
    let root = Arc::new(config.gateway.root_key()?);
    let filter = Filter {
        subject: args.subject.clone(),
        target: args.target.clone(),
        since: Some(when(&args.since)?),
        until: args.until.as_deref().map(when).transpose()?,
        ..Filter::default()
    };
    viewed(config, "policy replay", None)?;
    let reader = Reader::open(&config.gateway.data_dir, Some(root));
    let mut tally = Tally::default();
    for row in index(config)?.sessions(&filter)? {
        tally.session(&reader, &row, policies.set());
    }
    let text = match args.format {
        DocumentFormat::Json => format!("{:#}\n", tally.json()),
        DocumentFormat::Pretty => tally.text(&args.policies),
    };
    super::print(text.as_bytes())?;
    Ok(if args.fail && !tally.differences.is_empty() { Exit::Bad } else { Exit::Done })
}

/// A time of the past: so long ago, or a moment.
fn when(text: &str) -> Result<Time, Error> {
    if let Some(ago) = duration(text) {
        let ago = i64::try_from(ago.as_millis()).unwrap_or(i64::MAX);
        let micros = u64::try_from(now_ms().saturating_sub(ago)).unwrap_or(0).saturating_mul(1000);
        return Ok(Time::from_micros(micros));
    }
    moment(text).ok_or_else(|| {
        let error = Error::new(Id::Arguments, format!("\"{text}\" is no time"));
        error.hint("write it like 7d, or like 2026-11-21")
    })
}

/// What came of it.
#[derive(Debug, Default)]
struct Tally {
    sessions: u64,
    questions: u64,
    same: u64,
    /// Recordings that were deleted.
    deleted: u64,
    /// Recordings that cannot be read, or end before their end.
    broken: u64,
    /// Questions that were recorded in a way that cannot be asked again.
    unreadable: u64,
    differences: BTreeMap<Difference, Where>,
}

/// Questions that other policies answer in the same other way.
#[derive(Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Difference {
    was: String,
    now: &'static str,
    parts: BTreeSet<String>,
    because: BTreeSet<String>,
}

#[derive(Debug, Default)]
struct Where {
    count: u64,
    subjects: BTreeSet<String>,
    /// The first session and request of the sort.
    first: (String, u64),
}

impl Tally {
    fn session(&mut self, reader: &Reader, row: &Row, policies: &PolicySet) {
        if row.deleted_by.is_some() {
            self.deleted += 1;
            return;
        }
        let opened = LeafIndex::new(row.opened).and_then(|index| reader.leaf(index).ok());
        let opened: Option<Value> = opened.and_then(|leaf| serde_json::from_slice(leaf.bytes()).ok());
        let (Some(asker), Ok(records)) = (opened.as_ref().and_then(Asker::of), reader.records(row.id, &row.month))
        else {
            self.broken += 1;
            return;
        };
        self.sessions += 1;
        let mut questions = Questions::default();
        for record in records {
            let Ok(record) = record else {
                self.broken += 1;
                return;
            };
            if record.direction != Direction::Note {
                continue;
            }
            let Ok(note) = serde_json::from_slice(&record.bytes) else { continue };
            match questions.read(&note) {
                Ok(None) => {}
                Ok(Some(question)) => self.question(row, &asker, &question, policies),
                Err(()) => self.unreadable += 1,
            }
        }
    }

    fn question(&mut self, row: &Row, asker: &Asker, question: &Retold, policies: &PolicySet) {
        self.questions += 1;
        let decision = asker.ask(question, policies);
        let now = decided_word(&decision);
        if now == question.said {
            self.same += 1;
            return;
        }
        let part = |Part { action, resource, .. }: &Part| format!("{action} {}", resource.name());
        let difference = Difference {
            was: question.said.clone(),
            now,
            parts: question.parts.iter().map(part).collect(),
            because: because(&decision),
        };
        let place = self.differences.entry(difference).or_default();
        if place.count == 0 {
            place.first = (row.id.to_string(), question.exchange);
        }
        place.count += 1;
        if place.subjects.len() < MOST_SUBJECTS {
            place.subjects.insert(row.subject.clone());
        }
    }

    /// The most frequent first.
    fn sorted(&self) -> Vec<(&Difference, &Where)> {
        let mut sorted: Vec<_> = self.differences.iter().collect();
        sorted.sort_by_key(|(_, place)| std::cmp::Reverse(place.count));
        sorted
    }

    fn json(&self) -> Value {
        let difference = |(difference, place): (&Difference, &Where)| {
            json!({
                "was": difference.was, "now": difference.now, "count": place.count, "asked": difference.parts,
                "because": difference.because, "subjects": place.subjects,
                "first": { "session": place.first.0, "exchange": place.first.1 },
            })
        };
        json!({
            "sessions": self.sessions, "decisions": self.questions, "same": self.same,
            "deleted": self.deleted, "broken": self.broken, "unreadable": self.unreadable,
            "differences": self.sorted().into_iter().map(difference).collect::<Vec<_>>(),
        })
    }

    fn text(&self, policies: &Path) -> String {
        let differ: u64 = self.differences.values().map(|place| place.count).sum();
        let mut text = format!(
            "{} decisions of {} sessions: {} the same under {}, {differ} not\n",
            self.questions,
            self.sessions,
            self.same,
            policies.display()
        );
        for (count, what) in [
            (self.deleted, "sessions whose recording was deleted"),
            (self.broken, "sessions whose recording cannot be read to its end"),
            (self.unreadable, "decisions that were recorded without what was asked"),
        ] {
            if count > 0 {
                text.push_str(&format!("not judged: {count} {what}\n"));
            }
        }
        let sorted = self.sorted();
        for (difference, place) in sorted.iter().take(MOST_LINES) {
            let list = |texts: &BTreeSet<String>| {
                let shown: Vec<String> = texts.iter().take(MOST_PARTS).map(|text| inert(text)).collect();
                let more = texts.len().saturating_sub(MOST_PARTS);
                if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
            };
            text.push_str(&format!(
                "{:>8}  {} → {}  {}\n          because {}; by {}; first in {}, request {}\n",
                place.count,
                difference.was,
                difference.now,
                list(&difference.parts),
                list(&difference.because),
                list(&place.subjects),
                place.first.0,
                place.first.1
            ));
        }
        if sorted.len() > MOST_LINES {
            text.push_str(&format!("and {} more sorts; --format json has all\n", sorted.len() - MOST_LINES));
        }
        text
    }
}

const MOST_LINES: usize = 50;
const MOST_PARTS: usize = 5;
const MOST_SUBJECTS: usize = 20;

/// Who asked, as the session says.
struct Asker {
    subject: Subject,
    circumstances: Circumstances,
}

impl Asker {
    fn of(opened: &Value) -> Option<Self> {
        let details = &opened["details"];
        let names = |name: &str| -> BTreeSet<String> {
            let names = details[name].as_array().into_iter().flatten();
            names.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let kind = if details["kind"].as_str()? == "user" { SubjectKind::User } else { SubjectKind::Agent };
        let circumstances = Circumstances {
            time_ms: 0,
            source: details["source"].as_str().and_then(|source| source.parse().ok()),
            authenticated_by: details["authenticated_by"].as_str()?.to_owned(),
            acting_for: names("acting_for"),
            reason_given: false,
        };
        Some(Self { subject: Subject::new(kind, opened["subject"].as_str()?, names("groups")), circumstances })
    }

    fn ask(&self, question: &Retold, policies: &PolicySet) -> Decision {
        let circumstances = Circumstances {
            time_ms: question.time_ms,
            reason_given: question.reason_given || self.circumstances.authenticated_by == BREAK_GLASS,
            ..self.circumstances.clone()
        };
        policies.decide_all(question.parts.iter().map(|Part { action, resource, facts }| Question {
            subject: &self.subject,
            action: *action,
            resource,
            facts,
            circumstances: &circumstances,
        }))
    }
}

/// Policies and reasons behind a decision.
fn because(decision: &Decision) -> BTreeSet<String> {
    match decision {
        Decision::Allowed { because, .. } => because.iter().map(ToString::to_string).collect(),
        Decision::Held { until, .. } => until.keys().map(ToString::to_string).collect(),
        Decision::Denied { because } => because.iter().map(ToString::to_string).collect(),
    }
}
