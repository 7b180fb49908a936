//! What may be in force in a session: everything that it may have made or set, whether or not that came to be.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use blackbar_sql::{CursorAct, Hidden, PreparedUse, SettingClass, StatementFacts};
use bytes::Bytes;

/// What may be in force.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct State {
    /// Values of `search_path`; the first is the one that the session began with. Never empty.
    pub(super) paths: Vec<Vec<String>>,
    /// Relations that hide others of the same name.
    pub(super) own_relations: BTreeSet<String>,
    /// Relations that were made of what may be labelled.
    pub(super) tainted: BTreeSet<String>,
    /// Texts by the name of the statement that they may have prepared.
    pub(super) prepared: BTreeMap<Bytes, Texts>,
    /// Some of them were forgotten: nobody knows any more what `EXECUTE` may run.
    pub(super) forgot: bool,
    /// Declarations by the name of the cursor.
    pub(super) cursors: BTreeMap<Bytes, Vec<Declared>>,
    pub(super) standard_conforming_strings: bool,
    /// The server said that it writes in another encoding or in another way than is understood here.
    pub(super) foreign: bool,
}

/// The texts that may stand behind one name.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Texts {
    pub(super) texts: Vec<Bytes>,
    /// There were more of them than are kept.
    pub(super) lost: bool,
}

/// A cursor.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Declared {
    pub(super) text: Bytes,
    /// It may live on behind its transaction.
    pub(super) hold: bool,
}

/// More than are kept of something.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct TooMany(pub(super) &'static str);

const MOST_PATHS: usize = 8;
const MOST_OWN: usize = 1024;
const MOST_TEXTS: usize = 4;
const MOST_NAMES: usize = 4096;
const MOST_BYTES: usize = 4 << 20;

impl State {
    pub(super) fn new(search_path: Vec<String>) -> Self {
        Self {
            paths: vec![search_path],
            own_relations: BTreeSet::new(),
            tainted: BTreeSet::new(),
            prepared: BTreeMap::new(),
            forgot: false,
            cursors: BTreeMap::new(),
            standard_conforming_strings: true,
            foreign: false,
        }
    }

    /// The path that a session begins with is this one, and no other was asked for yet. False: it cannot be read.
    pub(super) fn begins(&mut self, path: &[u8]) -> bool {
        self.paths.clear();
        self.in_force(path)
    }

    /// Nothing of a transaction is open: cursors of earlier ones are gone.
    pub(super) fn between_transactions(&mut self) {
        for declared in self.cursors.values_mut() {
            declared.retain(|cursor| cursor.hold);
        }
        self.cursors.retain(|_, declared| !declared.is_empty());
    }

    /// The server says that this `search_path` is in force. False: it is one too many.
    pub(super) fn in_force(&mut self, path: &[u8]) -> bool {
        let Ok(path) = std::str::from_utf8(path) else { return false };
        let path = split_names(path);
        if !self.paths.contains(&path) {
            self.paths.push(path);
        }
        self.paths.len() <= MOST_PATHS
    }

    /// What a statement may bring about. `text` is the statement's own; `tainted`: relations that may hold labelled values
    /// now, in columns that nobody labelled.
    pub(super) fn note(
        &mut self,
        facts: &StatementFacts,
        text: &Bytes,
        tainted: BTreeSet<String>,
    ) -> Result<(), TooMany> {
        for change in facts.settings.iter().filter(|change| change.class == SettingClass::Names) {
            for path in change.values.as_deref().map(paths).unwrap_or_default() {
                if !self.paths.contains(&path) {
                    self.paths.push(path);
                }
            }
            if self.paths.len() > MOST_PATHS {
                return Err(TooMany("search paths"));
            }
        }
        for (schema, name, temporary) in &facts.creates {
            let own = *temporary || schema.as_ref().is_none_or(|schema| schema.starts_with("pg_temp"));
            if own {
                self.own_relations.insert(name.clone());
            }
        }
        self.tainted.extend(tainted);
        if self.own_relations.len() + self.tainted.len() > MOST_OWN {
            return Err(TooMany("relations of one session"));
        }
        if let Some(PreparedUse::Prepare(name)) = &facts.prepared {
            self.prepare(name.clone().into(), text);
        }
        if let Some(cursor) = &facts.cursor
            && cursor.act == CursorAct::Declare
            && let Some(name) = &cursor.name
        {
            let declared = Declared { text: text.clone(), hold: cursor.hold };
            let known = self.cursors.entry(Bytes::copy_from_slice(name.as_bytes())).or_default();
            if !known.contains(&declared) {
                known.push(declared);
            }
            let bytes: usize = self.cursors.values().flatten().map(|cursor| cursor.text.len()).sum();
            if bytes > MOST_BYTES || self.cursors.len() > MOST_NAMES {
                return Err(TooMany("cursors"));
            }
        }
        Ok(())
    }

    /// A statement of that name may be prepared now.
    pub(super) fn prepare(&mut self, name: Bytes, text: &Bytes) {
        let known = self.prepared.entry(name).or_default();
        if !known.lost && !known.texts.contains(text) {
            known.texts.push(text.clone());
        }
        if known.texts.len() > MOST_TEXTS {
            *known = Texts { texts: Vec::new(), lost: true };
        }
        let bytes: usize = self.prepared.values().flat_map(|known| &known.texts).map(Bytes::len).sum();
        if bytes > MOST_BYTES || self.prepared.len() > MOST_NAMES {
            // Those of the protocol have their own memory; for `EXECUTE` there is none any more.
            self.prepared.clear();
            self.forgot = true;
        }
    }
}

/// What the values of `search_path` may mean. `SET` takes a list of names, `set_config` a text to be split.
fn paths(values: &[Hidden]) -> Vec<Vec<String>> {
    let as_list: Vec<String> = values.iter().map(|value| value.0.clone()).collect();
    let mut all = vec![as_list];
    if let [one] = values {
        let split = split_names(&one.0);
        if !all.contains(&split) {
            all.push(split);
        }
    }
    all
}

/// Names between commas, folded to lower case unless they are quoted.
fn split_names(text: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    let mut quoted = false;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let Some(name) = names.last_mut() else { break };
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                name.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => names.push(String::new()),
            letter if letter.is_whitespace() && !quoted => {}
            letter if quoted => name.push(letter),
            letter => name.extend(letter.to_lowercase()),
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

impl fmt::Display for TooMany {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_read_in_every_way_that_it_may_be_meant() {
        let of = |values: &[&str]| paths(&values.iter().map(|value| Hidden((*value).to_owned())).collect::<Vec<_>>());
        assert_eq!(of(&["a", "B"]), [["a", "B"]]);
        assert_eq!(of(&["clinical"]), [["clinical"]]);
        assert_eq!(of(&["A, \"B c\""]), [vec!["A, \"B c\""], vec!["a", "B c"]]);
        assert_eq!(of(&[""]), [vec![""], vec![]]);
    }

    #[test]
    fn names_that_are_used_again_keep_all_that_may_stand_behind_them() {
        let mut state = State::new(vec![]);
        let name = Bytes::from_static(b"p");
        for text in ["a", "b", "a", "c", "d"] {
            state.prepare(name.clone(), &text.into());
        }
        assert_eq!(state.prepared[&name].texts, ["a", "b", "c", "d"]);
        state.prepare(name.clone(), &"e".into());
        assert!(state.prepared[&name].lost && state.prepared[&name].texts.is_empty());
        state.prepare(name.clone(), &"f".into());
        assert!(state.prepared[&name].texts.is_empty(), "what was lost stays lost");
        for number in 0..MOST_NAMES * 2 {
            state.prepare(format!("n{number}").into(), &Bytes::from(vec![b'x'; 2000]));
        }
        assert!(state.prepared.len() <= MOST_NAMES && state.forgot);
    }
}
