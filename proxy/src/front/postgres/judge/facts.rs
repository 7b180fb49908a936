//! Facts of texts, kept.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use blackbar_sql::{Session, StatementFacts, analyse_bytes};
use bytes::Bytes;

use super::super::catalog::Snapshot;

/// The facts of a text's statements, under one reading of its names.
#[derive(Debug, PartialEq)]
pub(crate) struct Analysed {
    pub(crate) text: Bytes,
    pub(crate) statements: Vec<StatementFacts>,
    /// What was taken for a relation of the session's own.
    pub(crate) own: BTreeSet<String>,
    /// Where names without a schema were looked for.
    pub(crate) path: Vec<String>,
}

/// Facts by text, by what names mean to the session, and by the version of the catalog. One serves all sessions of a target.
#[derive(Default)]
pub(crate) struct FactsCache(Mutex<Generations>);

/// What was not asked for during a whole generation is forgotten.
#[derive(Default)]
struct Generations {
    young: HashMap<Key, Arc<Analysed>>,
    old: HashMap<Key, Arc<Analysed>>,
    bytes: usize,
}

#[derive(Clone, Eq, Hash, PartialEq)]
struct Key {
    text: Bytes,
    version: u64,
    user: String,
    path: Vec<String>,
    own: BTreeSet<String>,
    standard_conforming_strings: bool,
}

const MOST_TEXTS: usize = 2048;
const MOST_BYTES: usize = 8 << 20;

impl FactsCache {
    /// The facts of a text.
    pub(crate) fn of(&self, text: &Bytes, session: &Session, snapshot: &Snapshot) -> Arc<Analysed> {
        let mut key = Key {
            text: text.clone(),
            version: snapshot.version(),
            user: session.user.clone(),
            path: session.search_path.clone(),
            own: session.own_relations.clone(),
            standard_conforming_strings: session.standard_conforming_strings,
        };
        let locked = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = locked().get(&key) {
            return known;
        }
        // Not under the lock: it may take milliseconds.
        let statements = analyse_bytes(text, snapshot.catalog(), session);
        // The text is a slice of whatever it came in.
        key.text = Bytes::copy_from_slice(text);
        let analysed = Arc::new(Analysed {
            text: key.text.clone(),
            statements,
            own: session.own_relations.clone(),
            path: session.path(),
        });
        locked().keep(key, &analysed);
        analysed
    }
}

impl Generations {
    fn get(&mut self, key: &Key) -> Option<Arc<Analysed>> {
        if let Some(known) = self.young.get(key) {
            return Some(Arc::clone(known));
        }
        let (key, known) = self.old.remove_entry(key)?;
        let found = Arc::clone(&known);
        self.keep(key, &known);
        Some(found)
    }

    fn keep(&mut self, key: Key, analysed: &Arc<Analysed>) {
        if self.young.len() >= MOST_TEXTS || self.bytes + key.text.len() > MOST_BYTES {
            self.old = std::mem::take(&mut self.young);
            self.bytes = 0;
        }
        self.bytes += key.text.len();
        self.young.insert(key, Arc::clone(analysed));
    }
}

impl fmt::Debug for FactsCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        write!(f, "FactsCache({} texts)", known.young.len() + known.old.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_kept_by_all_that_they_depend_on_and_forgotten_in_time() {
        let cache = FactsCache::default();
        let snapshot = Snapshot::empty();
        let text = Bytes::from_static(b"SELECT a FROM t");
        let session = Session::default();
        let first = cache.of(&text, &session, &snapshot);
        assert!(Arc::ptr_eq(&first, &cache.of(&text, &session, &snapshot)));
        let elsewhere = Session { search_path: vec!["other".to_owned()], ..Session::default() };
        assert!(!Arc::ptr_eq(&first, &cache.of(&text, &elsewhere, &snapshot)));
        let own = Session { own_relations: ["t".to_owned()].into(), ..Session::default() };
        assert!(!Arc::ptr_eq(&first, &cache.of(&text, &own, &snapshot)));
        for number in 0..MOST_TEXTS * 2 + 2 {
            cache.of(&format!("SELECT {number}").into(), &session, &snapshot);
        }
        assert!(!Arc::ptr_eq(&first, &cache.of(&text, &session, &snapshot)));
        let known = cache.0.lock().unwrap();
        assert!(known.young.len() <= MOST_TEXTS && known.old.len() <= MOST_TEXTS);
    }
}
