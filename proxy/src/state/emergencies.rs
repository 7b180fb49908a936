//! Uses of emergency access that survive a restart: one that nobody has reviewed blocks the next.

use std::sync::Arc;

use blackbar_policy::emergency::Use;
use rusqlite::{OptionalExtension as _, Row, params};

use super::{State, StateError};

/// The uses of one gateway.
#[derive(Debug)]
pub(crate) struct Emergencies {
    state: Arc<State>,
}

/// A use with what reviewers see of it.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) used: Use,
    /// Why, redacted.
    pub(crate) reason: String,
    /// The credential that was given out for it.
    pub(crate) credential: String,
}

const COLUMNS: &str = "id, subject, ticket, reason, at_ms, until_ms, credential, reviewed_by FROM emergencies";

impl Emergencies {
    pub(crate) const fn new(state: Arc<State>) -> Self {
        Self { state }
    }

    /// Stores one.
    pub(crate) fn add(&self, stored: &Stored) -> Result<(), StateError> {
        let used = &stored.used;
        self.state.transact("the emergency could not be stored", |db| {
            db.execute(
                "INSERT INTO emergencies (id, subject, ticket, reason, at_ms, until_ms, credential)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    used.id,
                    used.subject,
                    used.ticket,
                    stored.reason,
                    used.at_ms,
                    used.until_ms,
                    stored.credential
                ],
            )
            .map(drop)
        })
    }

    /// All of one person.
    pub(crate) fn of(&self, subject: &str) -> Result<Vec<Use>, StateError> {
        self.state.transact("the emergencies could not be read", |db| {
            let mut select = db.prepare_cached(&format!("SELECT {COLUMNS} WHERE subject = ?1"))?;
            select.query_map([subject], |row| stored(row).map(|stored| stored.used))?.collect()
        })
    }

    /// The one of that id.
    pub(crate) fn find(&self, id: &str) -> Result<Option<Stored>, StateError> {
        self.state.transact("the emergency could not be read", |db| {
            db.prepare_cached(&format!("SELECT {COLUMNS} WHERE id = ?1"))?.query_row([id], stored).optional()
        })
    }

    /// The latest, the newest first.
    pub(crate) fn latest(&self, most: u32) -> Result<Vec<Stored>, StateError> {
        self.state.transact("the emergencies could not be read", |db| {
            let mut select = db.prepare_cached(&format!("SELECT {COLUMNS} ORDER BY at_ms DESC, id LIMIT ?1"))?;
            select.query_map([most], stored)?.collect()
        })
    }

    /// How many nobody has reviewed yet.
    pub(crate) fn unreviewed(&self) -> Result<u64, StateError> {
        self.state.transact("the emergencies could not be counted", |db| {
            let count = "SELECT count(*) FROM emergencies WHERE reviewed_by IS NULL";
            db.query_row(count, [], |row| row.get(0))
        })
    }

    /// Somebody has looked at it. Says whether nobody had before.
    pub(crate) fn review(&self, id: &str, person: &str, now_ms: i64) -> Result<bool, StateError> {
        self.state.transact("the review could not be stored", |db| {
            let sql = "UPDATE emergencies SET reviewed_by = ?2, reviewed_ms = ?3 WHERE id = ?1 AND reviewed_by IS NULL";
            Ok(db.execute(sql, params![id, person, now_ms])? == 1)
        })
    }
}

fn stored(row: &Row<'_>) -> rusqlite::Result<Stored> {
    Ok(Stored {
        used: Use {
            id: row.get(0)?,
            subject: row.get(1)?,
            ticket: row.get(2)?,
            at_ms: row.get(4)?,
            until_ms: row.get(5)?,
            reviewed_by: row.get(7)?,
        },
        reason: row.get(3)?,
        credential: row.get(6)?,
    })
}
