//! Who was shown what of whom: an index over the marks that recordings hold.
//!
//! Derived from the notes of recordings, so it can be thrown away and made anew for as long as they are there. Its rows are
//! sealed under a key of their month, which goes with the last recording of the month; the rows of a session go with its
//! recording.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use blackbar_engine::Mark;
use blackbar_ledger::{Json, Kind, LeafIndex, ReadLeaf, Reader, RowCipher, SessionId};
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};
use serde_json::Value;

use super::derived::{self, unusable};
use crate::error::{Error, Id};

/// The index of one data folder.
pub(crate) struct Subjects {
    db: Mutex<Connection>,
}

/// Something that a session showed of somebody who is looked for.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Shown {
    pub(crate) session: SessionId,
    /// The kind under which it was found.
    pub(crate) kind: String,
    /// It left as it was; else something took its place.
    pub(crate) passed: bool,
}

const NAME: &str = "subjects.sqlite";

/// Changes with the tables and with what marks are: an index of another version is made anew.
const VERSION: i64 = 1;

/// So many leaves are taken in at once.
const AT_ONCE: usize = 4096;

const TABLES: &str = "
    CREATE TABLE cursor (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        next INTEGER NOT NULL,
        last TEXT NOT NULL
    ) STRICT;
    CREATE TABLE sessions (
        id BLOB PRIMARY KEY CHECK (length(id) = 16),
        month TEXT NOT NULL,
        closed INTEGER NOT NULL DEFAULT 0,
        more INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX sessions_open ON sessions (closed) WHERE closed = 0;
    CREATE INDEX sessions_more ON sessions (more) WHERE more <> 0;
    CREATE INDEX sessions_by_month ON sessions (month);
    CREATE TABLE rows (
        row BLOB NOT NULL CHECK (length(row) = 16),
        session BLOB NOT NULL,
        kind TEXT NOT NULL,
        passed INTEGER NOT NULL,
        PRIMARY KEY (row, session, kind, passed)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX rows_by_session ON rows (session);
";

impl Subjects {
    /// Opens the index of a data folder; makes one when there is none, or one of another version.
    pub(crate) fn open(folder: &Path) -> Result<Self, Error> {
        let this = Self { db: Mutex::new(derived::open(folder, NAME, Duration::from_secs(60))?) };
        this.work(|db| {
            let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
            Ok(if version == VERSION { Ok(()) } else { Ok(made_anew(db)?) })
        })?;
        Ok(this)
    }

    /// Forgets what sessions showed, when there is an index: nothing of it is left in its files.
    pub(crate) fn forget(folder: &Path, sessions: &[SessionId]) -> Result<(), Error> {
        if sessions.is_empty() || !folder.join(NAME).exists() {
            return Ok(());
        }
        let this = Self::open(folder)?;
        this.work(|db| {
            for session in sessions {
                forgotten(db, *session)?;
            }
            Ok(Ok(()))
        })?;
        // The log of SQLite still has the pages as they were.
        let db = this.db.lock().unwrap_or_else(PoisonError::into_inner);
        let emptied: rusqlite::Result<i64> = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
        match emptied {
            Ok(0) => Ok(()),
            Ok(_) => Err(Error::new(Id::IndexUnusable, "somebody reads the index of subjects; it is emptied later")),
            Err(error) => Err(unusable(&error)),
        }
    }

    /// Takes in what is new: the sessions that ended, and as far as they are recorded those that are open. The reader needs
    /// the root key.
    pub(crate) fn catch_up(&self, reader: &Reader) -> Result<(), Error> {
        self.work(|db| {
            if !is_of(db, reader)? {
                made_anew(db)?;
            }
            Ok(Ok(()))
        })?;
        let mut ciphers = Ciphers::new(reader);
        while self.work(|db| some(db, &mut ciphers))? == AT_ONCE {}
        self.work(|db| {
            let mut open = db.prepare_cached("SELECT id, month FROM sessions WHERE closed = 0")?;
            let open: Vec<([u8; 16], String)> =
                open.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?;
            for (id, month) in open {
                if let Err(error) = taken_in(db, &mut ciphers, SessionId::from_bytes(id), &month)? {
                    return Ok(Err(error));
                }
            }
            Ok(Ok(()))
        })
    }

    /// What sessions showed of whoever has one of these marks.
    pub(crate) fn find(&self, reader: &Reader, marks: &[Mark]) -> Result<Vec<Shown>, Error> {
        let mut ciphers = Ciphers::new(reader);
        self.work(|db| {
            let mut months = db.prepare_cached("SELECT DISTINCT month FROM sessions")?;
            let months: Vec<String> = months.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
            let mut found = Vec::new();
            let mut look = db.prepare_cached("SELECT session, kind, passed FROM rows WHERE row = ?1")?;
            for month in months {
                let cipher = match ciphers.of(&month) {
                    Ok(Some(cipher)) => cipher,
                    Ok(None) => continue,
                    Err(error) => return Ok(Err(error)),
                };
                for mark in marks {
                    let rows = look.query_map(params![cipher.seal(*mark.as_bytes())], |row| {
                        Ok(Shown {
                            session: SessionId::from_bytes(row.get(0)?),
                            kind: row.get(1)?,
                            passed: row.get(2)?,
                        })
                    })?;
                    for row in rows {
                        found.push(row?);
                    }
                }
            }
            found.sort();
            found.dedup();
            Ok(Ok(found))
        })
    }

    /// The marks of what a session showed, with the kind of each.
    pub(crate) fn of(&self, reader: &Reader, sessions: &[(SessionId, String)]) -> Result<Marked, Error> {
        let mut ciphers = Ciphers::new(reader);
        self.work(|db| {
            let mut look = db.prepare_cached("SELECT row, kind FROM rows WHERE session = ?1")?;
            let mut marked = Vec::with_capacity(sessions.len());
            for (session, month) in sessions {
                let cipher = match ciphers.of(month) {
                    Ok(Some(cipher)) => cipher,
                    Ok(None) => continue,
                    Err(error) => return Ok(Err(error)),
                };
                let rows = look.query_map(params![session.as_bytes()], |row| {
                    Ok((Mark::from_bytes(cipher.open(row.get(0)?)), row.get::<_, String>(1)?))
                })?;
                marked.push((*session, rows.collect::<rusqlite::Result<_>>()?));
            }
            Ok(Ok(marked))
        })
    }

    /// The sessions that showed more than is noted.
    pub(crate) fn with_more(&self) -> Result<Vec<SessionId>, Error> {
        self.work(|db| {
            let mut look = db.prepare_cached("SELECT id FROM sessions WHERE more <> 0")?;
            let rows = look.query_map([], |row| Ok(SessionId::from_bytes(row.get(0)?)))?;
            Ok(Ok(rows.collect::<rusqlite::Result<_>>()?))
        })
    }

    /// Some work that is done wholly or not at all. The outer result is the index's, the inner one the log's.
    fn work<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<Result<T, Error>>) -> Result<T, Error> {
        let mut db = self.db.lock().unwrap_or_else(PoisonError::into_inner);
        let run = || {
            let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = work(&transaction)?;
            if done.is_ok() {
                transaction.commit()?;
            }
            Ok(done)
        };
        run().map_err(|error: rusqlite::Error| unusable(&error))?
    }
}

/// Sessions, each with the marks and kinds of what it showed.
pub(crate) type Marked = Vec<(SessionId, Vec<(Mark, String)>)>;

/// What seals the rows of each month.
struct Ciphers<'r> {
    reader: &'r Reader,
    months: HashMap<String, Option<RowCipher>>,
}

impl<'r> Ciphers<'r> {
    fn new(reader: &'r Reader) -> Self {
        Self { reader, months: HashMap::new() }
    }

    /// `None`: it was destroyed.
    fn of(&mut self, month: &str) -> Result<Option<&RowCipher>, Error> {
        if !self.months.contains_key(month) {
            let cipher = match self.reader.row_cipher(month) {
                Ok(cipher) => Some(cipher),
                Err(error) if error.is_deleted() => None,
                Err(error) => return Err(unreadable(&error)),
            };
            self.months.insert(month.to_owned(), cipher);
        }
        Ok(self.months.get(month).and_then(Option::as_ref))
    }
}

/// Takes in some leaves; says how many.
fn some(db: &Connection, ciphers: &mut Ciphers<'_>) -> rusqlite::Result<Result<usize, Error>> {
    let next = cursor(db)?.map_or(0, |(next, _)| next);
    let Some(from) = LeafIndex::new(next) else { return Ok(Ok(0)) };
    let leaves = match ciphers.reader.leaves(from) {
        // Before the first checkpoint there is nothing to take in.
        Err(error) if error.is_missing() => return Ok(Ok(0)),
        Err(error) => return Ok(Err(unreadable(&error))),
        Ok(leaves) => leaves,
    };
    let (mut taken, mut last) = (0, None);
    for item in leaves.take(AT_ONCE) {
        let (index, read) = match item {
            Ok(item) => item,
            Err(error) => return Ok(Err(unreadable(&error))),
        };
        if let Err(error) = leaf(db, ciphers, &read)? {
            return Ok(Err(error));
        }
        taken += 1;
        last = Some((index.value() + 1, read.hash().to_string()));
    }
    if let Some((next, hash)) = last {
        let mut moved = db.prepare_cached("INSERT OR REPLACE INTO cursor VALUES (1, ?1, ?2)")?;
        moved.execute(params![next, hash])?;
    }
    Ok(Ok(taken))
}

fn leaf(db: &Connection, ciphers: &mut Ciphers<'_>, leaf: &ReadLeaf) -> rusqlite::Result<Result<(), Error>> {
    match (leaf.kind(), leaf.session(), leaf.about()) {
        (Some(Kind::SessionOpen), Some(session), _) => {
            let month = leaf.detail("key").and_then(Json::as_text).unwrap_or_default();
            let mut add = db.prepare_cached("INSERT OR IGNORE INTO sessions (id, month) VALUES (?1, ?2)")?;
            add.execute(params![session.as_bytes(), month])?;
        }
        (Some(Kind::SessionClose), Some(session), _) => {
            let mut month = db.prepare_cached("SELECT month FROM sessions WHERE id = ?1")?;
            let month: Option<String> = month.query_row(params![session.as_bytes()], |row| row.get(0)).optional()?;
            if let Some(month) = month {
                if let Err(error) = taken_in(db, ciphers, session, &month)? {
                    return Ok(Err(error));
                }
                let mut closed = db.prepare_cached("UPDATE sessions SET closed = 1 WHERE id = ?1")?;
                closed.execute(params![session.as_bytes()])?;
            }
        }
        (Some(Kind::RetentionTombstone), _, Some(session)) => forgotten(db, session)?,
        _ => {}
    }
    Ok(Ok(()))
}

/// Reads the notes of a recording.
fn taken_in(
    db: &Connection,
    ciphers: &mut Ciphers<'_>,
    session: SessionId,
    month: &str,
) -> rusqlite::Result<Result<(), Error>> {
    let records = match ciphers.reader.notes(session, month) {
        Ok(records) => records,
        // It was erased since, and a tombstone follows; or it has begun a moment ago.
        Err(error) if error.is_deleted() || error.is_missing() => return Ok(Ok(())),
        Err(error) => return Ok(Err(unreadable(&error))),
    };
    let cipher = match ciphers.of(month) {
        Ok(Some(cipher)) => cipher,
        Ok(None) => return Ok(Ok(())),
        Err(error) => return Ok(Err(error)),
    };
    let mut add = db.prepare_cached("INSERT OR IGNORE INTO rows VALUES (?1, ?2, ?3, ?4)")?;
    for record in records {
        let note: Value = match record {
            Ok(record) => serde_json::from_slice(&record.bytes).unwrap_or_default(),
            Err(error) if error.is_missing() => return Ok(Ok(())),
            Err(error) => return Ok(Err(unreadable(&error))),
        };
        for entry in note["subjects"].as_array().into_iter().flatten() {
            let (Some(kind), Some(mark)) = (entry[0].as_str(), entry[1].as_str().and_then(mark_of)) else { continue };
            let passed = entry[2] == "passed";
            add.execute(params![cipher.seal(*mark.as_bytes()), session.as_bytes(), kind, passed])?;
        }
        if note["more_subjects"] == true {
            let mut more = db.prepare_cached("UPDATE sessions SET more = 1 WHERE id = ?1")?;
            more.execute(params![session.as_bytes()])?;
        }
    }
    Ok(Ok(()))
}

fn forgotten(db: &Connection, session: SessionId) -> rusqlite::Result<()> {
    for table in ["DELETE FROM rows WHERE session = ?1", "DELETE FROM sessions WHERE id = ?1"] {
        db.prepare_cached(table)?.execute(params![session.as_bytes()])?;
    }
    Ok(())
}

fn mark_of(hex: &str) -> Option<Mark> {
    let mut bytes = [0; 16];
    if hex.len() != 32 {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(Mark::from_bytes(bytes))
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
    db.execute_batch("DROP TABLE IF EXISTS cursor; DROP TABLE IF EXISTS rows; DROP TABLE IF EXISTS sessions;")?;
    db.execute_batch(TABLES)?;
    db.pragma_update(None, "user_version", VERSION)
}

fn unreadable(error: &blackbar_ledger::Error) -> Error {
    Error::new(Id::LedgerUnreadable, error.to_string())
}

impl fmt::Debug for Subjects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subjects")
    }
}
