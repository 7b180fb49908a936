//! What somebody is still to be told: a queue for each, bounded, that survives a restart.

use std::collections::BTreeSet;
use std::sync::Arc;

use rusqlite::{OptionalExtension as _, params};

use super::{State, StateError};

/// The queues of one gateway.
#[derive(Clone, Debug)]
pub(crate) struct Notices {
    state: Arc<State>,
}

/// One notice for one of those who are told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Queued {
    pub(crate) id: i64,
    pub(crate) told_ms: i64,
    pub(crate) tries: u32,
    pub(crate) notice: String,
}

/// So many wait for one of them; the oldest make room.
const MOST: i64 = 1000;

impl Notices {
    pub(crate) const fn new(state: Arc<State>) -> Self {
        Self { state }
    }

    /// Queues a notice for all of these. Says how many old ones made room.
    pub(crate) fn add<'n>(
        &self,
        names: impl IntoIterator<Item = &'n str>,
        notice: &str,
        now_ms: i64,
    ) -> Result<usize, StateError> {
        self.state.transact("the notice could not be stored", |db| {
            let mut dropped = 0;
            for name in names {
                db.prepare_cached("INSERT INTO notices (name, told_ms, due_ms, notice) VALUES (?1, ?2, ?2, ?3)")?
                    .execute(params![name, now_ms, notice])?;
                dropped += db
                    .prepare_cached(
                        "DELETE FROM notices WHERE name = ?1 AND id NOT IN
                            (SELECT id FROM notices WHERE name = ?1 ORDER BY id DESC LIMIT ?2)",
                    )?
                    .execute(params![name, MOST])?;
            }
            Ok(dropped)
        })
    }

    /// The next that is due, the oldest first.
    pub(crate) fn next(&self, name: &str, now_ms: i64) -> Result<Option<Queued>, StateError> {
        self.state.transact("the notices could not be read", |db| {
            db.prepare_cached(
                "SELECT id, told_ms, tries, notice FROM notices WHERE name = ?1 AND due_ms <= ?2 ORDER BY id LIMIT 1",
            )?
            .query_row(params![name, now_ms], |row| {
                Ok(Queued { id: row.get(0)?, told_ms: row.get(1)?, tries: row.get(2)?, notice: row.get(3)? })
            })
            .optional()
        })
    }

    /// It was told, or never will be.
    pub(crate) fn done(&self, id: i64) -> Result<(), StateError> {
        self.state.transact("the notice could not be removed", |db| {
            db.execute("DELETE FROM notices WHERE id = ?1", [id]).map(drop)
        })
    }

    /// It could not be told. All that wait for the same are tried no sooner: it is the way that failed.
    pub(crate) fn later(&self, name: &str, id: i64, due_ms: i64) -> Result<(), StateError> {
        self.state.transact("the notice could not be kept", |db| {
            db.execute("UPDATE notices SET tries = tries + 1 WHERE id = ?1", [id])?;
            db.execute("UPDATE notices SET due_ms = ?2 WHERE name = ?1 AND due_ms < ?2", params![name, due_ms])
                .map(drop)
        })
    }

    /// How many wait for one of them.
    pub(crate) fn waiting(&self, name: &str) -> Result<u64, StateError> {
        self.state.transact("the notices could not be counted", |db| {
            db.query_row("SELECT count(*) FROM notices WHERE name = ?1", [name], |row| row.get(0))
        })
    }

    /// Forgets what was for others than these: the configuration does not have them any more.
    pub(crate) fn keep_only(&self, names: &BTreeSet<&str>) -> Result<(), StateError> {
        self.state.transact("old notices could not be removed", |db| {
            let mut select = db.prepare("SELECT DISTINCT name FROM notices")?;
            let known: Vec<String> = select.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
            let gone = known.iter().filter(|name| !names.contains(name.as_str()));
            gone.into_iter().try_for_each(|name| db.execute("DELETE FROM notices WHERE name = ?1", [name]).map(drop))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_is_in_order_bounded_and_of_its_own() {
        let notices = Notices::new(Arc::new(State::in_memory()));
        for number in 0..MOST + 5 {
            let dropped = notices.add(["a", "b"], &number.to_string(), number).unwrap();
            assert_eq!(dropped, if number < MOST { 0 } else { 2 });
        }
        assert_eq!(notices.waiting("a").unwrap(), u64::try_from(MOST).unwrap());
        let first = notices.next("a", 5000).unwrap().unwrap();
        assert_eq!((first.notice.as_str(), first.told_ms, first.tries), ("5", 5, 0));
        assert_eq!(notices.next("a", 4).unwrap(), None, "not yet");
        notices.later("a", first.id, 9000).unwrap();
        assert_eq!(notices.next("a", 8999).unwrap(), None, "the way failed for all of them");
        assert_eq!(notices.next("a", 9000).unwrap().unwrap().tries, 1);
        assert_eq!(notices.next("b", 5000).unwrap().unwrap().notice, "5");
        notices.done(first.id).unwrap();
        assert_eq!(notices.next("a", 9000).unwrap().unwrap().notice, "6");
        notices.keep_only(&["b"].into()).unwrap();
        assert_eq!((notices.waiting("a").unwrap(), notices.waiting("b").unwrap() > 0), (0, true));
    }
}
