//! What sort of identifier a finding is.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// The stable id of a kind, such as `ssn`, with an optional sub-kind after a colon: `name:patient`.
///
/// The engine attaches no meaning to a kind; profiles map kinds to operators and reports count by them.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Kind(&'static str);

impl Kind {
    /// A kind known when the program is compiled.
    #[must_use]
    pub const fn new(id: &'static str) -> Self {
        Self(id)
    }

    /// A kind that comes from configuration. Ids are interned for the life of the process, so call it when loading
    /// configuration, never per document.
    #[must_use]
    pub fn intern(id: &str) -> Self {
        static SEEN: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
        let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = seen.get(id) {
            return Self(known);
        }
        let kept: &'static str = Box::leak(id.to_owned().into_boxed_str());
        seen.insert(kept);
        Self(kept)
    }

    /// The whole id.
    #[must_use]
    pub const fn id(self) -> &'static str {
        self.0
    }

    /// The part before the colon.
    #[must_use]
    pub fn main(self) -> &'static str {
        let colon = self.0.bytes().position(|byte| byte == b':');
        colon.and_then(|at| self.0.get(..at)).unwrap_or(self.0)
    }

    /// Whether `main` is the part before the colon.
    #[inline]
    pub(crate) fn is_of(self, main: &str) -> bool {
        let id = self.0.as_bytes();
        id.starts_with(main.as_bytes()) && id.get(main.len()).is_none_or(|byte| *byte == b':')
    }

    /// Whether `id` addresses this kind: it is the whole id or the part before the colon.
    #[must_use]
    pub fn is(self, id: &str) -> bool {
        self.0 == id || self.main() == id
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sub_kinds_are_addressed_by_either_level() {
        let kind = Kind::intern("name:patient");
        assert!(kind.is("name") && kind.is("name:patient") && !kind.is("name:provider"));
        assert_eq!(kind, Kind::new("name:patient"));
        assert_eq!(kind.main(), "name");
    }
}
