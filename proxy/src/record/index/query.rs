//! What is asked of the index.

use blackbar_ledger::{LeafIndex, SessionId, Time};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{OptionalExtension as _, Row as SqlRow, params, params_from_iter};

use super::Index;
use crate::error::Error;

/// One session, as lists tell of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Row {
    pub(crate) id: SessionId,
    /// Its first leaf.
    pub(crate) opened: u64,
    pub(crate) begun: Time,
    pub(crate) subject: String,
    pub(crate) target: String,
    pub(crate) month: String,
    pub(crate) outcome: String,
    pub(crate) requests: u64,
    /// What did not go through, for whatever reason.
    pub(crate) refused: u64,
    pub(crate) replaced: u64,
    /// The policy that deleted its recording.
    pub(crate) deleted_by: Option<String>,
}

/// Which sessions are asked for; everything that is named must fit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    /// This one alone.
    pub(crate) session: Option<SessionId>,
    pub(crate) subject: Option<String>,
    pub(crate) target: Option<String>,
    pub(crate) outcome: Option<String>,
    /// A kind of identifier that was replaced, with all below it.
    pub(crate) kind: Option<String>,
    pub(crate) since: Option<Time>,
    pub(crate) until: Option<Time>,
    /// Only those behind this one.
    pub(crate) after: Option<SessionId>,
    /// The newest first.
    pub(crate) newest: bool,
    pub(crate) limit: Option<u64>,
}

/// A session whose recording may go.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Due {
    pub(crate) id: SessionId,
    pub(crate) opened: LeafIndex,
    pub(crate) closed: LeafIndex,
    pub(crate) month: String,
    pub(crate) target: String,
    /// A crash came between its tombstone and the confirmation; by this policy.
    pub(crate) half: Option<String>,
}

/// What is held back from deletion. What is not named fits all.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Hold {
    pub(crate) id: String,
    pub(crate) since: Time,
    pub(crate) by: String,
    pub(crate) session: Option<SessionId>,
    pub(crate) subject: Option<String>,
    pub(crate) target: Option<String>,
}

/// How long the log had provably lived at a leaf.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Mark {
    pub(crate) lived: u64,
    /// Which start of the machine it was, and how many seconds after that.
    pub(crate) machine: String,
    pub(crate) uptime: u64,
    /// What a witness's clock said.
    pub(crate) witnessed: Option<u64>,
}

const COLUMNS: &str = "sessions.id, opened, begun, subject, target, month, outcome, requests,
    denied + (SELECT count(*) FROM waiting WHERE waiting.session = sessions.id), replaced, policy";

impl Index {
    /// A page of sessions, in order of their beginnings.
    pub(crate) fn sessions(&self, filter: &Filter) -> Result<Vec<Row>, Error> {
        // The sessions of one kind in order, unless those of a subject or an outcome are fewer.
        let by_kind = filter.kind.is_some() && filter.subject.is_none() && filter.outcome.is_none();
        let (from, id) = if by_kind {
            ("found CROSS JOIN sessions ON sessions.id = found.session", "found.session")
        } else {
            ("sessions", "sessions.id")
        };
        let (condition, mut values) = filter.sql(id);
        let order = if filter.newest { "DESC" } else { "ASC" };
        let mut sql = format!("SELECT {COLUMNS} FROM {from} WHERE {condition} ORDER BY {id} {order}");
        if let Some(limit) = filter.limit {
            sql.push_str(" LIMIT ?");
            values.push(Value::Integer(i64::try_from(limit).unwrap_or(i64::MAX)));
        }
        self.look(|db| {
            let mut read = db.prepare_cached(&sql)?;
            let rows = read.query_map(params_from_iter(values), session)?;
            rows.collect()
        })
    }

    /// One session.
    pub(crate) fn session(&self, id: SessionId) -> Result<Option<Row>, Error> {
        self.look(|db| {
            let mut read = db.prepare_cached(&format!("SELECT {COLUMNS} FROM sessions WHERE id = ?1"))?;
            read.query_row(params![id.as_bytes()], session).optional()
        })
    }

    /// Sessions of some targets that ended at `ended` or before, with their last leaf at `closed` or before, and that nothing
    /// holds. `of`: these targets, or with `but` all others.
    pub(crate) fn due(&self, of: &[&str], but: bool, ended: Time, closed: u64, most: u64) -> Result<Vec<Due>, Error> {
        let places = vec!["?"; of.len()].join(", ");
        let not = if but { "NOT" } else { "" };
        let sql = format!(
            "SELECT id, opened, closed, month, target, NULL FROM sessions
             WHERE erased IS NULL AND closed IS NOT NULL AND ended <= ? AND closed <= ? AND target {not} IN ({places})
             AND NOT EXISTS (SELECT 1 FROM holds WHERE released IS NULL AND (holds.stated = sessions.id OR (
                 (holds.session IS NULL OR holds.session = sessions.id)
                 AND (holds.subject IS NULL OR holds.subject = sessions.subject)
                 AND (holds.target IS NULL OR holds.target = sessions.target))))
             ORDER BY ended LIMIT ?"
        );
        let whole = |number: u64| Value::Integer(i64::try_from(number).unwrap_or(i64::MAX));
        let mut values = vec![whole(ended.micros()), whole(closed)];
        values.extend(of.iter().map(|target| Value::Text((*target).to_owned())));
        values.push(whole(most));
        self.look(|db| {
            let mut read = db.prepare_cached(&sql)?;
            let rows = read.query_map(params_from_iter(values), due)?;
            rows.collect()
        })
    }

    /// Sessions with a tombstone and no confirmation: a crash came between.
    pub(crate) fn half_erased(&self) -> Result<Vec<Due>, Error> {
        self.look(|db| {
            let mut read = db.prepare_cached(
                "SELECT id, opened, coalesce(closed, opened), month, target, coalesce(policy, '') FROM sessions
                 WHERE erased IS NOT NULL AND confirmed IS NULL",
            )?;
            let rows = read.query_map([], due)?;
            rows.collect()
        })
    }

    /// Months before this one in which every recording was deleted, and whose key is still there.
    pub(crate) fn empty_months(&self, before: &str) -> Result<Vec<String>, Error> {
        self.look(|db| {
            let mut read = db.prepare_cached(
                "SELECT DISTINCT month FROM sessions AS done WHERE erased IS NOT NULL AND month < ?1 AND month <> ''
                 AND NOT EXISTS (SELECT 1 FROM sessions AS other WHERE other.month = done.month AND other.erased IS NULL)
                 AND NOT EXISTS (SELECT 1 FROM sessions AS half WHERE half.month = done.month AND half.confirmed IS NULL)
                 AND NOT EXISTS (SELECT 1 FROM months WHERE months.month = done.month)",
            )?;
            let rows = read.query_map(params![before], |row| row.get(0))?;
            rows.collect()
        })
    }

    /// The holds that are in force.
    pub(crate) fn holds(&self) -> Result<Vec<Hold>, Error> {
        self.look(|db| {
            let mut read = db.prepare_cached(
                "SELECT id, since, held_by, session, subject, target FROM holds WHERE released IS NULL ORDER BY leaf",
            )?;
            let rows = read.query_map([], |row| {
                Ok(Hold {
                    id: row.get(0)?,
                    since: Time::from_micros(row.get(1)?),
                    by: row.get(2)?,
                    session: row.get::<_, Option<[u8; 16]>>(3)?.map(SessionId::from_bytes),
                    subject: row.get(4)?,
                    target: row.get(5)?,
                })
            })?;
            rows.collect()
        })
    }

    /// The latest mark.
    pub(crate) fn last_mark(&self) -> Result<Option<Mark>, Error> {
        self.look(|db| {
            let mut read =
                db.prepare_cached("SELECT lived, machine, uptime, witnessed FROM marks ORDER BY leaf DESC LIMIT 1")?;
            let mark = read.query_row([], |row| {
                Ok(Mark { lived: row.get(0)?, machine: row.get(1)?, uptime: row.get(2)?, witnessed: row.get(3)? })
            });
            mark.optional()
        })
    }

    /// The last mark at which the log had lived no longer than this: what ended before it is at least as old as what is left.
    pub(crate) fn marked_by(&self, lived: u64) -> Result<Option<u64>, Error> {
        self.look(|db| {
            let mut read = db.prepare_cached("SELECT max(leaf) FROM marks WHERE lived <= ?1")?;
            read.query_row(params![i64::try_from(lived).unwrap_or(i64::MAX)], |row| row.get(0))
        })
    }

    /// How many sessions there are, and how many of them were deleted.
    #[cfg(test)]
    pub(crate) fn counts(&self) -> Result<(u64, u64), Error> {
        self.look(|db| {
            db.query_row("SELECT count(*), count(erased) FROM sessions", [], |row| Ok((row.get(0)?, row.get(1)?)))
        })
    }

    /// Identifiers that were replaced, by target, subject, profile and kind.
    pub(crate) fn totals(&self, filter: &Filter) -> Result<Vec<Total>, Error> {
        let (condition, values) = filter.sql("sessions.id");
        let sql = format!(
            "SELECT sessions.target, sessions.subject, coalesce((SELECT group_concat(profile, ' ') FROM profiles
                 WHERE profiles.session = sessions.id), ''), replaced.kind, sum(replaced.count), sum(replaced.passed)
             FROM sessions JOIN replaced ON replaced.session = sessions.id WHERE {condition}
             GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
        );
        self.look(|db| {
            let mut read = db.prepare(&sql)?;
            let rows = read.query_map(params_from_iter(values), |row| {
                Ok(Total {
                    target: row.get(0)?,
                    subject: row.get(1)?,
                    profiles: row.get(2)?,
                    kind: row.get(3)?,
                    count: row.get(4)?,
                    passed: row.get(5)?,
                })
            })?;
            rows.collect()
        })
    }
}

/// How often a kind of identifier was replaced, and how often it left as it was.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Total {
    pub(crate) target: String,
    pub(crate) subject: String,
    pub(crate) profiles: String,
    pub(crate) kind: String,
    pub(crate) count: u64,
    pub(crate) passed: u64,
}

impl Filter {
    /// The condition, with the column that has a session's name.
    fn sql(&self, id: &str) -> (String, Vec<Value>) {
        let mut conditions = vec!["1".to_owned()];
        let mut values = Vec::new();
        for (column, wanted) in [
            ("sessions.subject = ?", &self.subject),
            ("sessions.target = ?", &self.target),
            ("sessions.outcome = ?", &self.outcome),
        ] {
            if let Some(wanted) = wanted {
                conditions.push(column.to_owned());
                values.push(Value::Text(wanted.clone()));
            }
        }
        if let Some(session) = self.session {
            conditions.push(format!("{id} = ?"));
            values.push(Value::Blob(session.as_bytes().to_vec()));
        }
        if let Some(kind) = &self.kind {
            conditions.push(if id == "sessions.id" {
                "EXISTS (SELECT 1 FROM found WHERE found.kind = ? AND found.session = sessions.id)".to_owned()
            } else {
                "found.kind = ?".to_owned()
            });
            values.push(Value::Text(kind.clone()));
        }
        let whole = |time: Time| Value::Integer(i64::try_from(time.micros()).unwrap_or(i64::MAX));
        // Names begin with the millisecond in which their session began, so a range of time is a range of the index.
        if let Some(since) = self.since {
            conditions.extend([format!("{id} >= ?"), "sessions.begun >= ?".to_owned()]);
            values.extend([Value::Blob(first_of(since)), whole(since)]);
        }
        if let Some(until) = self.until {
            conditions.extend([format!("{id} < ?"), "sessions.begun < ?".to_owned()]);
            values.extend([Value::Blob(first_of(Time::from_micros(until.micros() + 1000))), whole(until)]);
        }
        if let Some(after) = self.after {
            conditions.push(format!("{id} {} ?", if self.newest { "<" } else { ">" }));
            values.push(Value::Blob(after.as_bytes().to_vec()));
        }
        (conditions.join(" AND "), values)
    }
}

/// The least name that a session of this moment can have.
fn first_of(time: Time) -> Vec<u8> {
    let millis = (time.micros() / 1000).to_be_bytes();
    let mut bytes: Vec<u8> = millis.iter().skip(2).copied().collect();
    bytes.resize(16, 0);
    bytes
}

fn session(row: &SqlRow<'_>) -> rusqlite::Result<Row> {
    Ok(Row {
        id: SessionId::from_bytes(row.get(0)?),
        opened: row.get(1)?,
        begun: Time::from_micros(row.get(2)?),
        subject: row.get(3)?,
        target: row.get(4)?,
        month: row.get(5)?,
        outcome: row.get(6)?,
        requests: row.get(7)?,
        refused: row.get(8)?,
        replaced: row.get(9)?,
        deleted_by: row.get(10)?,
    })
}

fn due(row: &SqlRow<'_>) -> rusqlite::Result<Due> {
    let leaf = |column: usize| -> rusqlite::Result<LeafIndex> {
        let position: u64 = row.get(column)?;
        let out_of_range =
            || rusqlite::Error::IntegralValueOutOfRange(column, i64::try_from(position).unwrap_or(i64::MAX));
        LeafIndex::new(position).ok_or_else(out_of_range)
    };
    let half = match row.get_ref(5)? {
        ValueRef::Null => None,
        _ => Some(row.get(5)?),
    };
    Ok(Due {
        id: SessionId::from_bytes(row.get(0)?),
        opened: leaf(1)?,
        closed: leaf(2)?,
        month: row.get(3)?,
        target: row.get(4)?,
        half,
    })
}
