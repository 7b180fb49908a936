//! What comes out of a stream: what is kept, what is found, and what stands in its place.

use std::fmt;
use std::sync::Arc;

use crate::operator::Operator;
use crate::{Clean, Kind, Mark};

/// So many pieces of one finding are told apart.
pub(crate) const MOST_PARTS: usize = 1024;

/// A piece of output, in order.
#[derive(Clone, Debug)]
pub enum Segment {
    /// Input bytes that no detector claimed.
    Keep(Clean),
    /// What takes the place of a finding. When it was too long to be held, earlier bytes of its replacement came as
    /// [`Segment::Part`].
    Replace {
        /// What was found, where and why.
        finding: Finding,
        /// What is written instead.
        with: Clean,
    },
    /// The beginning of what takes the place of a finding whose end is not known yet.
    Part(Clean),
    /// What takes the place of the input from `start` to `end`, a piece of a finding that is told of elsewhere: a later
    /// piece of a [`Segment::Replace`] before it, or any piece of a [`Segment::Found`] to come. Mostly nothing.
    Cut {
        /// Offset in the input of the first byte of the piece.
        start: u64,
        /// One past its last byte.
        end: u64,
        /// What is written instead.
        with: Clean,
    },
    /// A finding that was too long to be held is over. All its pieces came as [`Segment::Cut`]: nothing is written.
    Found(Finding),
}

impl Segment {
    /// The bytes to write.
    #[must_use]
    pub fn bytes(&self) -> &Clean {
        match self {
            Self::Keep(bytes)
            | Self::Part(bytes)
            | Self::Replace { with: bytes, .. }
            | Self::Cut { with: bytes, .. } => bytes,
            Self::Found(_) => Clean::nothing(),
        }
    }

    /// The finding that is complete with this piece.
    #[must_use]
    pub fn finding(&self) -> Option<&Finding> {
        match self {
            Self::Replace { finding, .. } | Self::Found(finding) => Some(finding),
            Self::Keep(_) | Self::Part(_) | Self::Cut { .. } => None,
        }
    }

    /// How far the input has been dealt with after this piece, when it was up to `at` before.
    #[must_use]
    pub fn after(&self, at: u64) -> u64 {
        match self {
            Self::Keep(kept) => at + kept.len() as u64,
            Self::Replace { finding, .. } => finding.first_piece().1,
            Self::Cut { end, .. } => *end,
            Self::Part(_) | Self::Found(_) => at,
        }
    }
}

/// Something that was found. It carries no content.
#[derive(Clone, Eq, PartialEq)]
pub struct Finding {
    /// Offset in the input of its first byte, as it is spelt there.
    pub start: u64,
    /// One past its last byte.
    pub end: u64,
    /// Its pieces, when it does not lie in one: empty otherwise. Of a very long one the last covers all that follow.
    pub parts: Vec<(u64, u64)>,
    /// The kind.
    pub kind: Kind,
    /// Index in [`crate::Scanner::detectors`] of the detector; one past the last for entity memory, two past for a rule
    /// of the profile.
    pub detector: usize,
    /// How sure, in percent.
    pub confidence: u8,
    /// Why.
    pub reason: &'static str,
    /// The field it stands in. Names that are themselves identifiers are shown as `*`.
    pub field: Option<Arc<str>>,
    /// The operator that was applied.
    pub operator: Operator,
    /// What stands for its value, where the profile makes marks and the value says whose it is.
    pub mark: Option<Mark>,
}

impl Finding {
    /// The bytes whose place its replacement takes: its first piece, or all of it when it lies in one.
    #[must_use]
    pub fn first_piece(&self) -> (u64, u64) {
        self.parts.first().copied().unwrap_or((self.start, self.end))
    }

    /// Says in which pieces it lies.
    pub(crate) fn set_parts(&mut self, mut parts: Vec<(u64, u64)>) {
        if parts.len() > MOST_PARTS {
            parts.truncate(MOST_PARTS);
            if let Some(last) = parts.last_mut() {
                last.1 = self.end;
            }
        }
        self.parts = if parts.len() > 1 { parts } else { Vec::new() };
    }
}

impl fmt::Debug for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}..{}] {}% {}", self.kind, self.start, self.end, self.confidence, self.operator)
    }
}
