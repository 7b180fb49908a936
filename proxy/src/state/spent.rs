//! Tokens of issuers that were exchanged: each counts once, also after a restart.

use std::sync::Arc;

use ring::digest::{SHA256, digest};
use rusqlite::params;

use super::{State, StateError};

/// What was exchanged and has not ended by itself.
#[derive(Clone, Debug)]
pub(crate) struct Spent {
    state: Arc<State>,
}

/// So many are remembered; beyond that nothing more is exchanged until some of them end.
const MOST: i64 = 100_000;

impl Spent {
    pub(crate) const fn new(state: Arc<State>) -> Self {
        Self { state }
    }

    /// Spends all of these, each with the time of its end. Says no, and spends none, if any was spent before.
    pub(crate) fn spend(&self, tokens: &[(String, i64)], now_ms: i64) -> Result<bool, StateError> {
        if tokens.is_empty() {
            return Ok(true);
        }
        self.state.transact("what was exchanged could not be stored", |db| {
            db.prepare_cached("DELETE FROM spent WHERE until_ms <= ?1")?.execute([now_ms])?;
            let there: i64 = db.prepare_cached("SELECT count(*) FROM spent")?.query_row([], |row| row.get(0))?;
            let hashes: Vec<_> =
                tokens.iter().map(|(token, until)| (digest(&SHA256, token.as_bytes()), *until)).collect();
            for (hash, _) in &hashes {
                let known: i64 = db
                    .prepare_cached("SELECT count(*) FROM spent WHERE token = ?1")?
                    .query_row([hash.as_ref()], |row| row.get(0))?;
                if known > 0 || there >= MOST {
                    return Ok(false);
                }
            }
            for (hash, until) in &hashes {
                // One token as both subject and actor is told apart by whoever asks.
                db.prepare_cached("INSERT OR IGNORE INTO spent (token, until_ms) VALUES (?1, ?2)")?
                    .execute(params![hash.as_ref(), until])?;
            }
            Ok(true)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_spent_once_until_it_ends_and_two_are_spent_together_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Spent::new(Arc::new(State::open(&folder.path().join("state.db")).unwrap()));
        let spent = open();
        let token = |name: &str| (name.to_owned(), 100);
        assert!(spent.spend(&[], 1).unwrap());
        assert!(spent.spend(&[token("a")], 1).unwrap());
        assert!(!spent.spend(&[token("a")], 2).unwrap());
        assert!(!spent.spend(&[token("b"), token("a")], 3).unwrap());
        drop(spent);
        // After a restart as well.
        let spent = open();
        assert!(!spent.spend(&[token("a")], 4).unwrap());
        assert!(spent.spend(&[token("b")], 5).unwrap(), "it was not spent beside one that was");
        // What has ended counts for nobody, so nobody need remember it.
        assert!(spent.spend(&[("a".to_owned(), 300)], 200).unwrap());
    }

    #[test]
    fn there_is_an_end_to_what_is_remembered() {
        let spent = Spent::new(Arc::new(State::in_memory()));
        let many: Vec<_> = (0..MOST).map(|number| (number.to_string(), 100)).collect();
        assert!(spent.spend(&many, 1).unwrap());
        assert!(!spent.spend(&[("one more".to_owned(), 100)], 1).unwrap());
        assert!(spent.spend(&[("one more".to_owned(), 300)], 100).unwrap());
    }
}
