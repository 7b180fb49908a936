//! Approvals that survive a restart. A transition is stored only over the revision that it started from, and its effects
//! come out only then: of all that want to use one approval, one gets to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use blackbar_policy::approval::{Approval, Ask, Asked, Effect, Event, Refusal, State as Outcome, Vote};
use blackbar_policy::{CanonicalRequest, PolicyId, RequestDigest};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{State, StateError};

/// The approvals of one gateway.
#[derive(Debug)]
pub(crate) struct Approvals {
    state: Arc<State>,
}

/// An approval with the salt of its digest, as long as it is open.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) approval: Approval,
    pub(crate) asked_ms: i64,
    /// The request as reviewers see it, redacted.
    pub(crate) shown: Value,
    salt: Option<[u8; 32]>,
}

/// The parts of an ask that nobody searches for.
#[derive(Deserialize, Serialize)]
struct AskParts {
    requesters: BTreeSet<String>,
    lifts: BTreeSet<String>,
    needs: BTreeMap<String, u32>,
    max_rows: Option<u64>,
    valid_ms: i64,
    decide_by_ms: i64,
}

#[derive(Default, Deserialize, Serialize)]
struct OutcomeParts {
    #[serde(default)]
    votes: Vec<VoteParts>,
    until_ms: Option<i64>,
    denied_by: Option<String>,
}

#[derive(Deserialize, Serialize)]
struct VoteParts {
    person: String,
    groups: BTreeSet<String>,
    at_ms: i64,
}

const HOUR_MS: i64 = 3_600_000;
const COLUMNS: &str =
    "id, state, revision, asked_ms, latest_ms, subject, target, request, salt, policies, ask, outcome, shown
    FROM approvals";

impl Approvals {
    pub(crate) fn new(state: Arc<State>) -> Self {
        Self { state }
    }

    /// Stores a new one, with the salt that its digest was made with and what reviewers are shown.
    pub(crate) fn add(&self, approval: &Approval, salt: &[u8; 32], shown: &Value) -> Result<(), StateError> {
        let ask = approval.ask();
        let parts = AskParts {
            requesters: ask.requesters.clone(),
            lifts: ask.lifts.iter().map(|id| id.as_str().to_owned()).collect(),
            needs: ask.needs.clone(),
            max_rows: ask.max_rows,
            valid_ms: ask.valid_ms,
            decide_by_ms: ask.decide_by_ms,
        };
        self.state.transact("the approval could not be stored", |db| {
            db.execute(
                "INSERT INTO approvals (id, state, revision, asked_ms, latest_ms, due_ms, subject, target, request, salt,
                    policies, ask, outcome, shown)
                 VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
                params![
                    ask.id,
                    approval.state().name(),
                    revision(approval)?,
                    approval.latest_ms(),
                    approval.due_ms(),
                    ask.subject,
                    ask.target,
                    ask.request.as_bytes(),
                    salt,
                    ask.policies,
                    json(&parts)?,
                    json(&OutcomeParts::of(approval.state()))?,
                    shown.to_string(),
                ],
            )
            .map(drop)
        })
    }

    /// The approval of that id.
    pub(crate) fn find(&self, id: &str) -> Result<Option<Stored>, StateError> {
        self.state.transact("the approval could not be read", |db| load(db, id))
    }

    /// Those that still wait for people or for their use; of one subject, or of all. The oldest first.
    pub(crate) fn open(&self, subject: Option<&str>) -> Result<Vec<Stored>, StateError> {
        self.state.transact("the approvals could not be read", |db| {
            let mut select = db.prepare_cached(&format!(
                "SELECT {COLUMNS} WHERE due_ms IS NOT NULL AND subject = ifnull(?1, subject) ORDER BY asked_ms, id"
            ))?;
            select.query_map([subject], stored)?.collect()
        })
    }

    /// The latest, open or closed; the newest first.
    pub(crate) fn latest(&self, most: u32) -> Result<Vec<Stored>, StateError> {
        self.state.transact("the approvals could not be read", |db| {
            let mut select = db.prepare_cached(&format!("SELECT {COLUMNS} ORDER BY asked_ms DESC, id LIMIT ?1"))?;
            select.query_map([most], stored)?.collect()
        })
    }

    /// Forgets closed ones of long ago. What became of them stands in the ledger.
    pub(crate) fn sweep(&self, now_ms: i64) -> Result<(), StateError> {
        const KEPT_MS: i64 = 30 * 24 * HOUR_MS;
        self.state.transact("closed approvals could not be removed", |db| {
            let before = now_ms.saturating_sub(KEPT_MS);
            db.execute("DELETE FROM approvals WHERE due_ms IS NULL AND latest_ms < ?1", [before]).map(drop)
        })
    }

    /// How much is asked already, for the limits on asking.
    pub(crate) fn asked(&self, subject: &str, now_ms: i64) -> Result<Asked, StateError> {
        self.state.transact("the approvals could not be counted", |db| {
            let count = |sql: &str, of: &[&dyn rusqlite::ToSql]| {
                let count: i64 = db.prepare_cached(sql)?.query_row(of, |row| row.get(0))?;
                // A count is not negative, and one that is too large is too many.
                Ok::<_, rusqlite::Error>(usize::try_from(count).unwrap_or(usize::MAX))
            };
            let since = now_ms.saturating_sub(HOUR_MS);
            Ok(Asked {
                pending_of_subject: count(
                    "SELECT count(*) FROM approvals WHERE state = 'asked' AND subject = ?1",
                    &[&subject],
                )?,
                pending: count("SELECT count(*) FROM approvals WHERE state = 'asked'", &[])?,
                hourly_of_subject: count(
                    "SELECT count(*) FROM approvals WHERE subject = ?1 AND asked_ms > ?2",
                    &[&subject, &since],
                )?,
            })
        })
    }

    /// Something happens to an approval. The effects are for whoever gets them, and nobody else gets them.
    pub(crate) fn apply(
        &self,
        id: &str,
        event: &Event<'_>,
        now_ms: i64,
    ) -> Result<Result<(Approval, Vec<Effect>), Refusal>, StateError> {
        self.state.transact("the approval could not be changed", |db| {
            let Some(known) = load(db, id)? else { return Ok(Err(Refusal::Closed)) };
            let (next, effects) = match known.approval.apply(event, now_ms) {
                Ok(moved) => moved,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let changed = db
                .prepare_cached(
                    "UPDATE approvals SET state = ?3, revision = ?4, latest_ms = ?5, due_ms = ?6, outcome = ?7,
                        salt = CASE WHEN ?6 IS NULL THEN NULL ELSE salt END
                     WHERE id = ?1 AND revision = ?2",
                )?
                .execute(params![
                    id,
                    revision(&known.approval)?,
                    next.state().name(),
                    revision(&next)?,
                    next.latest_ms(),
                    next.due_ms(),
                    json(&OutcomeParts::of(next.state()))?,
                ])?;
            // Somebody else was faster.
            Ok(if changed == 1 { Ok((next, effects)) } else { Err(Refusal::Closed) })
        })
    }

    /// Those that time alone changes now.
    pub(crate) fn due(&self, now_ms: i64) -> Result<Vec<String>, StateError> {
        self.state.transact("the approvals could not be read", |db| {
            let mut select = db.prepare_cached("SELECT id FROM approvals WHERE due_ms <= ?1")?;
            select.query_map([now_ms], |row| row.get(0))?.collect()
        })
    }
}

impl Stored {
    /// Is this the request that people were asked about?
    pub(crate) fn is_for(&self, request: &CanonicalRequest<'_>) -> bool {
        self.digest(request).is_some_and(|digest| digest == self.approval.ask().request)
    }

    /// The digest of a request under the salt of this approval; None when it is closed.
    pub(crate) fn digest(&self, request: &CanonicalRequest<'_>) -> Option<RequestDigest> {
        self.salt.as_ref().map(|salt| request.digest(salt))
    }
}

impl OutcomeParts {
    fn of(outcome: &Outcome) -> Self {
        let parts = |votes: &[Vote]| {
            let part =
                |vote: &Vote| VoteParts { person: vote.person.clone(), groups: vote.groups.clone(), at_ms: vote.at_ms };
            votes.iter().map(part).collect()
        };
        match outcome {
            Outcome::Asked { votes } | Outcome::Consumed { votes } => Self { votes: parts(votes), ..Self::default() },
            Outcome::Granted { votes, until_ms } => {
                Self { votes: parts(votes), until_ms: Some(*until_ms), denied_by: None }
            }
            Outcome::Denied { by } => Self { denied_by: Some(by.clone()), ..Self::default() },
            Outcome::Expired => Self::default(),
        }
    }

    fn outcome(self, name: &str) -> Option<Outcome> {
        let votes = self.votes.into_iter();
        let votes = votes.map(|vote| Vote { person: vote.person, groups: vote.groups, at_ms: vote.at_ms }).collect();
        Some(match name {
            "asked" => Outcome::Asked { votes },
            "granted" => Outcome::Granted { votes, until_ms: self.until_ms? },
            "denied" => Outcome::Denied { by: self.denied_by? },
            "expired" => Outcome::Expired,
            "consumed" => Outcome::Consumed { votes },
            _ => return None,
        })
    }
}

fn load(db: &Connection, id: &str) -> rusqlite::Result<Option<Stored>> {
    db.prepare_cached(&format!("SELECT {COLUMNS} WHERE id = ?1"))?.query_row([id], stored).optional()
}

fn stored(row: &Row<'_>) -> rusqlite::Result<Stored> {
    let ask: AskParts = from_json(row, 10)?;
    let outcome: OutcomeParts = from_json(row, 11)?;
    let (name, revision): (String, i64) = (row.get(1)?, row.get(2)?);
    let unreadable = |column| rusqlite::Error::InvalidColumnType(column, "approvals".to_owned(), Type::Text);
    let outcome = outcome.outcome(&name).ok_or_else(|| unreadable(11))?;
    let ask = Ask {
        id: row.get(0)?,
        request: RequestDigest::from_bytes(row.get(7)?),
        subject: row.get(5)?,
        requesters: ask.requesters,
        target: row.get(6)?,
        policies: row.get(9)?,
        lifts: ask.lifts.into_iter().map(PolicyId::new).collect(),
        needs: ask.needs,
        max_rows: ask.max_rows,
        valid_ms: ask.valid_ms,
        decide_by_ms: ask.decide_by_ms,
    };
    let revision = u64::try_from(revision).map_err(|_| unreadable(2))?;
    Ok(Stored {
        approval: Approval::restored(ask, outcome, revision, row.get(4)?),
        asked_ms: row.get(3)?,
        shown: from_json(row, 12)?,
        salt: row.get(8)?,
    })
}

fn revision(approval: &Approval) -> rusqlite::Result<i64> {
    i64::try_from(approval.revision()).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

fn json(value: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

fn from_json<T: for<'de> Deserialize<'de>>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

#[cfg(test)]
mod tests {
    use blackbar_policy::approval::{Aliases, Approver, ApproverSecret, Consumption, Meaning, Statement};
    use blackbar_policy::{HttpRequest, SubjectKind};

    use super::*;

    const POLICIES: [u8; 32] = [3; 32];
    const SALT: [u8; 32] = [9; 32];

    fn request(path: &str) -> CanonicalRequest<'_> {
        CanonicalRequest::Http(HttpRequest { method: "GET", path, query: None, media_type: "", body: [0; 32] })
    }

    fn asked(id: &str) -> Approval {
        let ask = Ask {
            id: id.to_owned(),
            request: request("/$export").digest(&SALT),
            subject: "agent-7".to_owned(),
            requesters: ["agent-7".to_owned()].into(),
            target: "fhir".to_owned(),
            policies: POLICIES,
            lifts: [PolicyId::new("bulk-read")].into(),
            needs: [("officers".to_owned(), 1)].into(),
            max_rows: Some(7),
            valid_ms: 600_000,
            decide_by_ms: 3_600_000,
        };
        Approval::new(ask, 0).unwrap()
    }

    fn decide(approvals: &Approvals, id: &str, meaning: Meaning) -> Vec<Effect> {
        let secret = ApproverSecret::from_seed(&[1; 32]);
        let known = approvals.find(id).unwrap().unwrap();
        let statement = Statement::new(known.approval.ask(), meaning, "officer-1", "seen", 1000).unwrap();
        let signature = secret.sign(&statement);
        let (groups, key, aliases) = (["officers".to_owned()].into(), secret.public(), Aliases::default());
        let approver =
            Approver { subject: "officer-1", kind: SubjectKind::User, groups: &groups, key: &key, aliases: &aliases };
        let event = Event::Decide { approver: &approver, statement: &statement, signature: &signature };
        approvals.apply(id, &event, 1000).unwrap().unwrap().1
    }

    fn consume(approvals: &Approvals, id: &str, request: RequestDigest) -> Result<Vec<Effect>, Refusal> {
        let consumption = Consumption { request, subject: "agent-7", target: "fhir", policies: &POLICIES };
        approvals.apply(id, &Event::Consume(consumption), 2000).unwrap().map(|(_, effects)| effects)
    }

    #[test]
    fn it_survives_a_restart_and_is_found_by_its_request_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        let open = || Approvals::new(Arc::new(State::open(&path).unwrap()));
        open().add(&asked("ap-1"), &SALT, &Value::Null).unwrap();
        assert_eq!(open().find("ap-1").unwrap().unwrap().approval, asked("ap-1"));
        assert_eq!(decide(&open(), "ap-1", Meaning::Approve), [Effect::Record("granted"), Effect::Wake]);

        let approvals = open();
        let found = approvals.open(Some("agent-7")).unwrap();
        let [known] = &found[..] else { panic!("one is open") };
        assert_eq!(known.approval.state().name(), "granted");
        assert!(known.is_for(&request("/$export")) && !known.is_for(&request("/$export/")));
        assert!(approvals.open(Some("agent-8")).unwrap().is_empty());

        let other = known.digest(&request("/Patient")).unwrap();
        assert_eq!(consume(&approvals, "ap-1", other), Err(Refusal::OtherRequest));
        let same = known.digest(&request("/$export")).unwrap();
        assert_eq!(consume(&approvals, "ap-1", same), Ok(vec![Effect::Record("consumed"), Effect::Forward]));
        // Killed after that and before anything was forwarded: it is used all the same.
        let approvals = open();
        assert_eq!(consume(&approvals, "ap-1", same), Err(Refusal::Closed));
        let closed = approvals.find("ap-1").unwrap().unwrap();
        assert_eq!((closed.approval.state().name(), closed.digest(&request("/$export"))), ("consumed", None));
        assert_eq!(consume(&approvals, "ap-2", same), Err(Refusal::Closed));
    }

    #[test]
    fn of_a_hundred_racers_one_wins() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        // Two connections, as two processes would have.
        let stores = [(); 2].map(|()| Arc::new(Approvals::new(Arc::new(State::open(&path).unwrap()))));
        stores[0].add(&asked("ap-1"), &SALT, &Value::Null).unwrap();
        decide(&stores[0], "ap-1", Meaning::Approve);
        let same = request("/$export").digest(&SALT);
        let racers: Vec<_> = (0..100)
            .map(|number| {
                let store = Arc::clone(&stores[number % 2]);
                std::thread::spawn(move || {
                    let consumption =
                        Consumption { request: same, subject: "agent-7", target: "fhir", policies: &POLICIES };
                    // A store that is busy is no permission either.
                    store.apply("ap-1", &Event::Consume(consumption), 2000).is_ok_and(|done| done.is_ok())
                })
            })
            .collect();
        let winners = racers.into_iter().filter_map(|racer| racer.join().ok()).filter(|won| *won).count();
        assert_eq!(winners, 1);
    }

    #[test]
    fn what_is_asked_is_counted_and_what_is_due_expires() {
        let approvals = Approvals::new(Arc::new(State::in_memory()));
        for id in ["ap-1", "ap-2", "ap-3"] {
            approvals.add(&asked(id), &SALT, &Value::Null).unwrap();
        }
        let counts = |subject, now| approvals.asked(subject, now).unwrap();
        let asked =
            |pending_of_subject, pending, hourly_of_subject| Asked { pending_of_subject, pending, hourly_of_subject };
        assert_eq!(counts("agent-7", 0), asked(3, 3, 3));
        assert_eq!(counts("agent-8", 0), asked(0, 3, 0));
        decide(&approvals, "ap-1", Meaning::Deny);
        decide(&approvals, "ap-2", Meaning::Approve);
        assert_eq!(counts("agent-7", 0), asked(1, 1, 3));
        assert_eq!(approvals.open(None).unwrap().len(), 2);
        // The grant first, then the one that nobody decided.
        let expired = |now| -> Vec<String> {
            let tick = |id: String| approvals.apply(&id, &Event::Tick, now).unwrap().unwrap().0.ask().id.clone();
            approvals.due(now).unwrap().into_iter().map(tick).collect()
        };
        assert_eq!(expired(600_999), Vec::<String>::new());
        assert_eq!(expired(601_000), ["ap-2"]);
        assert_eq!(expired(3_600_000), ["ap-3"]);
        assert_eq!(counts("agent-7", 3_600_000), asked(0, 0, 0));
        assert_eq!(approvals.open(None).unwrap().len(), 0);
        assert_eq!(approvals.latest(2).unwrap().len(), 2);
        approvals.sweep(3_600_000 + 30 * 24 * HOUR_MS).unwrap();
        assert_eq!(approvals.latest(9).unwrap().len(), 1, "the last one to expire is kept a little longer");
    }
}
