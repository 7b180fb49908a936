//! An index over the log, so that a page of a million sessions takes milliseconds. Derived: it can be thrown away at any time,
//! and holds nothing that leaves do not tell.

mod apply;
mod query;

use std::fmt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use blackbar_ledger::{LeafIndex, Reader};
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};

pub(crate) use self::query::{Due, Filter, Mark, Row, Total};
use super::derived::{self, unusable};
use crate::error::{Error, Id};

/// The index of one data folder.
pub(crate) struct Index {
    db: Mutex<Connection>,
}

const NAME: &str = "index.sqlite";

/// Changes with the tables: an index of another version is made anew.
const VERSION: i64 = 2;

/// So many leaves are taken in at once.
const AT_ONCE: usize = 16_384;

const TABLES: &str = "
    CREATE TABLE cursor (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        next INTEGER NOT NULL,
        last TEXT NOT NULL
    ) STRICT;
    CREATE TABLE sessions (
        id BLOB PRIMARY KEY CHECK (length(id) = 16),
        opened INTEGER NOT NULL,
        closed INTEGER,
        begun INTEGER NOT NULL,
        ended INTEGER,
        subject TEXT NOT NULL,
        target TEXT NOT NULL,
        month TEXT NOT NULL,
        outcome TEXT NOT NULL DEFAULT 'open',
        requests INTEGER NOT NULL DEFAULT 0,
        denied INTEGER NOT NULL DEFAULT 0,
        replaced INTEGER NOT NULL DEFAULT 0,
        erased INTEGER,
        policy TEXT,
        confirmed INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX sessions_by_subject ON sessions (subject, id);
    CREATE INDEX sessions_by_target ON sessions (target, id);
    CREATE INDEX sessions_by_outcome ON sessions (outcome, id);
    CREATE INDEX sessions_by_end ON sessions (ended) WHERE erased IS NULL AND closed IS NOT NULL;
    CREATE INDEX sessions_by_month ON sessions (month) WHERE erased IS NULL;
    CREATE INDEX sessions_half_erased ON sessions (erased) WHERE erased IS NOT NULL AND confirmed IS NULL;
    CREATE TABLE waiting (
        session BLOB NOT NULL,
        exchange INTEGER NOT NULL,
        PRIMARY KEY (session, exchange)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE replaced (
        kind TEXT NOT NULL,
        session BLOB NOT NULL,
        count INTEGER NOT NULL,
        passed INTEGER NOT NULL,
        PRIMARY KEY (kind, session)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE found (
        kind TEXT NOT NULL,
        session BLOB NOT NULL,
        PRIMARY KEY (kind, session)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE profiles (
        session BLOB NOT NULL,
        profile TEXT NOT NULL,
        PRIMARY KEY (session, profile)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE holds (
        id TEXT PRIMARY KEY,
        leaf INTEGER NOT NULL,
        since INTEGER NOT NULL,
        held_by TEXT NOT NULL,
        stated BLOB,
        session BLOB,
        subject TEXT,
        target TEXT,
        released INTEGER
    ) STRICT;
    CREATE TABLE marks (
        leaf INTEGER PRIMARY KEY,
        lived INTEGER NOT NULL,
        machine TEXT NOT NULL,
        uptime INTEGER NOT NULL,
        witnessed INTEGER
    ) STRICT;
    CREATE TABLE months (
        month TEXT PRIMARY KEY,
        destroyed INTEGER NOT NULL
    ) STRICT;
";

impl Index {
    /// Opens the index of a data folder; makes one when there is none, or one of another version.
    pub(crate) fn open(folder: &Path) -> Result<Self, Error> {
        let this = Self { db: Mutex::new(derived::open(folder, NAME, Duration::from_secs(20))?) };
        this.work(|db| {
            let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
            if version == VERSION { Ok(()) } else { made_anew(db) }
        })?;
        Ok(this)
    }

    /// Takes in the leaves that are new. When the log is not the one that was taken in before, all of them.
    pub(crate) fn catch_up(&self, reader: &Reader) -> Result<(), Error> {
        self.work(|db| {
            if !is_of(db, reader)? {
                made_anew(db)?;
            }
            Ok(())
        })?;
        loop {
            let mut failed = None;
            let taken = self.work(|db| {
                let next = cursor(db)?.map_or(0, |(next, _)| next);
                match apply::some(db, reader, next, AT_ONCE) {
                    Ok(taken) => taken,
                    Err(error) => {
                        failed = Some(error);
                        Ok(0)
                    }
                }
            })?;
            if let Some(error) = failed {
                return Err(Error::new(Id::LedgerUnreadable, error.to_string()));
            }
            if taken < AT_ONCE {
                return Ok(());
            }
        }
    }

    /// Some work that is done wholly or not at all.
    fn work<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Error> {
        let mut db = self.db.lock().unwrap_or_else(PoisonError::into_inner);
        let run = || {
            let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        };
        run().map_err(|error: rusqlite::Error| unusable(&error))
    }

    /// A look that changes nothing.
    fn look<T>(&self, look: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Error> {
        let db = self.db.lock().unwrap_or_else(PoisonError::into_inner);
        look(&db).map_err(|error| unusable(&error))
    }
}

/// Where the next leaf is, and the hash of the one before.
fn cursor(db: &Connection) -> rusqlite::Result<Option<(u64, String)>> {
    let mut read = db.prepare_cached("SELECT next, last FROM cursor")?;
    read.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()
}

/// Whether what was taken in is of this log.
fn is_of(db: &Connection, reader: &Reader) -> rusqlite::Result<bool> {
    let Some((next, last)) = cursor(db)? else { return Ok(true) };
    let leaf = next.checked_sub(1).and_then(LeafIndex::new).map(|index| reader.leaf(index));
    Ok(match leaf {
        Some(Ok(leaf)) => leaf.hash().to_string() == last,
        // What cannot be read now is no reason to begin again; what is no longer there is.
        Some(Err(error)) => !error.is_missing(),
        None => true,
    })
}

fn made_anew(db: &Connection) -> rusqlite::Result<()> {
    let tables: Vec<String> = {
        let mut read =
            db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")?;
        read.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?
    };
    for table in tables {
        // Names of our own tables.
        db.execute_batch(&format!("DROP TABLE \"{table}\""))?;
    }
    db.execute_batch(TABLES)?;
    db.pragma_update(None, "user_version", VERSION)
}

fn moved(db: &Connection, next: u64, last: &str) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT OR REPLACE INTO cursor VALUES (1, ?1, ?2)")?.execute(params![next, last])?;
    Ok(())
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Index")
    }
}

#[cfg(test)]
mod tests;
