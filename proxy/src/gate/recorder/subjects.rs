//! Whose data a session's answers held: marks of what was found in them, noted in the encrypted recording.
//!
//! A mark is noted in the same commit as the bytes that it is about, or in one before. So the index that is made of these
//! notes misses nothing that left, and what erases the recording erases them.

use std::collections::HashSet;

use blackbar_engine::{Finding, Kind, Mark};
use serde_json::{Value, json};

/// An identifier that was found in an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identifier {
    pub(crate) kind: Kind,
    /// It left as it was.
    pub(crate) passed: bool,
    pub(crate) mark: Option<Mark>,
}

/// What a mark is called that says whose record it is, whatever became of the identifier itself.
pub(crate) const SUBJECT: Kind = Kind::new("subject");

impl From<&Finding> for Identifier {
    fn from(finding: &Finding) -> Self {
        let passed = finding.operator == blackbar_engine::operator::Operator::Keep;
        Self { kind: finding.kind, passed, mark: finding.mark }
    }
}

/// The marks of one session.
#[derive(Debug, Default)]
pub(super) struct Subjects {
    /// With whether each left as it was, and whether it says whose record it is.
    known: HashSet<(Mark, bool, bool)>,
    fresh: Vec<Identifier>,
    /// There were more than are noted.
    over: bool,
}

/// So many marks of one session are noted. What has more is told to have more, so that nobody is missed silently.
const MOST: usize = 65_536;

impl Subjects {
    pub(super) fn found(&mut self, identifier: &Identifier) {
        let Some(mark) = identifier.mark else { return };
        let known = (mark, identifier.passed, identifier.kind == SUBJECT);
        if self.known.len() >= MOST {
            self.over |= !self.known.contains(&known);
        } else if self.known.insert(known) {
            self.fresh.push(*identifier);
        }
    }

    /// What is to be noted: what was found since it was last asked. `None`: nothing.
    pub(super) fn note(&mut self, exchange: u64) -> Option<Value> {
        let over = std::mem::replace(&mut self.over, false) && self.tell_over();
        if self.fresh.is_empty() && !over {
            return None;
        }
        let told = self.fresh.drain(..).filter_map(|identifier| {
            let mark = hex(identifier.mark?.as_bytes());
            let kind = identifier.kind.id();
            Some(if identifier.passed { json!([kind, mark, "passed"]) } else { json!([kind, mark]) })
        });
        let mut note = json!({ "exchange": exchange, "subjects": told.collect::<Vec<_>>() });
        if over && let Some(note) = note.as_object_mut() {
            note.insert("more_subjects".to_owned(), true.into());
        }
        Some(note)
    }

    /// Once is enough.
    fn tell_over(&mut self) -> bool {
        let first = self.known.len() == MOST;
        if first {
            // One that nobody has: the set is longer than it can grow, which says that it was told.
            self.known.insert((Mark::from_bytes([0; 16]), false, false));
        }
        first
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identifier(number: u64, passed: bool) -> Identifier {
        let mut mark = [1; 16];
        mark[..8].copy_from_slice(&number.to_be_bytes());
        Identifier { kind: Kind::new("mrn"), passed, mark: Some(Mark::from_bytes(mark)) }
    }

    #[test]
    fn each_is_noted_once_and_what_is_too_many_is_told_once() {
        let mut subjects = Subjects::default();
        assert_eq!(subjects.note(1), None);
        subjects.found(&Identifier { mark: None, ..identifier(1, false) });
        assert_eq!(subjects.note(1), None);
        for _ in 0..2 {
            subjects.found(&identifier(1, false));
            subjects.found(&identifier(1, true));
        }
        let mark = "000000000000000101010101 01010101".replace(' ', "");
        assert_eq!(
            subjects.note(3),
            Some(json!({ "exchange": 3, "subjects": [["mrn", mark], ["mrn", mark, "passed"]] }))
        );
        assert_eq!(subjects.note(3), None);
        (0..MOST as u64 + 10).for_each(|number| subjects.found(&identifier(number, false)));
        let note = subjects.note(4).unwrap();
        assert_eq!(note["more_subjects"], true);
        assert_eq!(note["subjects"].as_array().unwrap().len(), MOST - 2);
        subjects.found(&identifier(u64::MAX, false));
        assert_eq!(subjects.note(5), None);
    }
}
