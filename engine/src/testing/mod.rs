//! For tests and examples.

pub mod laws;

use std::sync::Arc;

use crate::operator::Values;
use crate::words::Words;
use crate::{Detector, Field, Lexicon, Profile, Rules, Verdict, View};

/// Asks `detector` at byte `at` of `text` as a whole document, as if one of its triggers stood there.
#[must_use]
pub fn verify_at(detector: &Detector, text: &[u8], at: usize, field: &Field, lexicon: &Lexicon) -> Option<Verdict> {
    detector.verify.call(&View::new(text, at, false, detector.window, field, lexicon, &Words::none()))
}

/// Values without any meaning.
#[derive(Clone, Copy, Debug)]
pub struct Meaningless;

impl Values for Meaningless {}

/// Rules that tag everything and know nothing of values.
#[must_use]
pub fn rules() -> Rules {
    Rules { kinds: Vec::new(), ..Rules::safe_harbor(Arc::new(Meaningless)) }
}

/// A profile that tags everything.
#[must_use]
#[expect(clippy::missing_panics_doc, clippy::expect_used, reason = "for tests; these rules are valid")]
pub fn profile() -> Profile {
    rules().build().expect("rules without keys are valid")
}
