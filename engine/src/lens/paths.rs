//! What a field's path means, asked once and remembered.

use std::collections::HashMap;
use std::sync::Arc;

use super::log;
use crate::operator::Operator;
use crate::profile::{FieldPath, FieldRule, Rules};
use crate::scanner::Compiled;
use crate::text::lanes;
use crate::{Kind, Meaning};

/// Distinct paths that are remembered; a document with more is read correctly, only slower.
const MOST: usize = 4096;

/// Everything that depends on a field's path alone.
pub(crate) struct PathInfo {
    pub(crate) meaning: Meaning,
    pub(crate) rule: Option<(Operator, Kind)>,
    /// Whether its value says whose data the record is.
    pub(crate) subject: bool,
    /// Whether its value may be a document in base64.
    pub(crate) holds_files: bool,
    /// Whether its values are lines of a log, by its name.
    pub(crate) holds_lines: bool,
    /// For reports.
    pub(crate) name: Arc<str>,
}

impl PathInfo {
    /// What is known of a column without a name, the `i`th.
    pub(crate) fn column(i: usize, meaning: Meaning) -> Self {
        let name = format!("column {}", i + 1).into();
        Self { meaning, rule: None, subject: false, holds_files: meaning.kind.is_none(), holds_lines: false, name }
    }

    /// The same where a label beside it has a meaning; it is called as before, as labels are content.
    pub(crate) fn labelled(&self, label: &Self) -> Option<Self> {
        let Self { rule, subject, holds_lines, .. } = *self;
        let (meaning, holds_files) = (label.meaning, label.holds_files);
        let known = label.meaning.kind.is_some() && self.meaning.kind.is_none();
        known.then(|| Self { meaning, rule, subject, holds_files, holds_lines, name: Arc::clone(&self.name) })
    }

    /// Whether anything depends on the path.
    pub(crate) fn is_telling(&self) -> bool {
        self.meaning != Meaning::default() || self.rule.is_some() || self.subject
    }
}

#[derive(Default)]
pub(crate) struct Paths {
    known: HashMap<Vec<u8>, Arc<PathInfo>>,
    /// Those that were asked for lately, by a cheap hash of their keys: a stream has few paths, and asks for them often.
    recent: Vec<Option<(Vec<u8>, Arc<PathInfo>)>>,
    key: Vec<u8>,
}

/// A power of two.
const RECENT: usize = 64;

impl Paths {
    /// Forgets them; they are looked up again when the stream goes on.
    pub(crate) fn rest(&mut self) {
        *self = Self::default();
    }

    /// The path of `names`, outermost first. `typed` is the same path seen from the innermost object with a declared
    /// type, which is its first name. A name in `secret` is itself an identifier: it means nothing and is not shown.
    pub(crate) fn info(
        &mut self,
        names: &[&[u8]],
        typed: Option<&[&[u8]]>,
        secret: &dyn Fn(usize) -> bool,
        compiled: &Compiled,
        rules: &Rules,
    ) -> Arc<PathInfo> {
        let any_secret = (0..names.len()).any(secret);
        if !any_secret {
            // Lengths before names: a name may hold any byte.
            self.key.clear();
            for path in [Some(names), typed].into_iter().flatten() {
                self.key.extend_from_slice(&path.len().to_le_bytes());
                for name in path {
                    self.key.extend_from_slice(&name.len().to_le_bytes());
                    self.key.extend_from_slice(name);
                }
            }
            if let Some(Some((key, info))) = self.recent.get(place(&self.key))
                && *key == self.key
            {
                return Arc::clone(info);
            }
            if let Some(info) = self.known.get(&self.key) {
                let info = Arc::clone(info);
                self.note(&info);
                return info;
            }
        }
        let info = Arc::new(look_up(names, typed, secret, compiled, rules));
        if !any_secret {
            if self.known.len() >= MOST {
                self.known.clear();
            }
            self.known.insert(self.key.clone(), Arc::clone(&info));
            self.note(&info);
        }
        info
    }

    fn note(&mut self, info: &Arc<PathInfo>) {
        if self.recent.is_empty() {
            self.recent.resize(RECENT, None);
        }
        if let Some(to) = self.recent.get_mut(place(&self.key)) {
            *to = Some((self.key.clone(), Arc::clone(info)));
        }
    }
}

/// Where a path is noted that was asked for lately.
fn place(key: &[u8]) -> usize {
    const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
    let hash = key.chunks(8).fold(0_u64, |state, piece| (state.rotate_left(29) ^ lanes::load(piece)).wrapping_mul(MIX));
    (hash >> 58) as usize % RECENT
}

pub(crate) fn look_up(
    names: &[&[u8]],
    typed: Option<&[&[u8]]>,
    secret: &dyn Fn(usize) -> bool,
    compiled: &Compiled,
    rules: &Rules,
) -> PathInfo {
    let shown: Vec<&[u8]> = names.iter().enumerate().map(|(i, name)| if secret(i) { b"*" } else { *name }).collect();
    let meaning = compiled.fields.as_ref().map(|fields| fields.meaning(typed.unwrap_or(&shown))).unwrap_or_default();
    let matches = |path: &FieldPath| path.matches(&shown) || typed.is_some_and(|typed| path.matches(typed));
    // A rule for a field of a message is one for all its components; the first says whose data they are.
    // What is let through is named in full: `clinical.encounters.id` is not the `id` at the top of some document.
    let applies = |rule: &FieldRule, path: &[&[u8]]| {
        rule.path.matches(path) && (rule.operator != Operator::Keep || rule.path.len() == path.len())
    };
    let rule = rules.fields.iter().find(|rule| {
        applies(rule, &shown) || typed.is_some_and(|typed| applies(rule, typed)) || rule.path.holds(&shown)
    });
    let first = shown.last().is_some_and(|name| *name == b"1");
    let lossy: Vec<_> = shown.iter().map(|name| String::from_utf8_lossy(name)).collect();
    let fields = compiled.fields.as_ref();
    // Those that nobody has named for this profile count in full only: an `id` alone may be of anything.
    let in_full = |path: &FieldPath| {
        let exact = |names: &[&[u8]]| path.len() == names.len() && path.matches(names);
        exact(&shown) || typed.is_some_and(exact) || (first && path.holds(&shown))
    };
    let mut marked = rules.marks.iter().filter(|_| rules.subject.is_empty()).flat_map(|marks| marks.fields());
    PathInfo {
        holds_files: fields.map_or_else(|| meaning.kind.is_none(), |fields| fields.may_hold_files(&meaning)),
        holds_lines: shown.last().is_some_and(|name| std::str::from_utf8(name).is_ok_and(log::is_message)),
        meaning,
        rule: rule.map(|rule| (rule.operator, meaning.kind.unwrap_or(rule.kind))),
        subject: rules.subject.iter().any(|path| matches(path) || (first && path.holds(&shown))) || marked.any(in_full),
        name: lossy.join(".").into(),
    }
}
