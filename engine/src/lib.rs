//! Streaming redaction: windows, spans, lenses and operators. It knows no PHI, no sockets and no clock.
#![forbid(unsafe_code)]
// Slices are indexed after a check that stands beside it; the laws are fuzzed over every path.

mod detector;
mod field;
mod kind;
mod lexicon;
pub mod naive;
mod set;
mod taint;
mod text;
mod view;

pub use detector::{Detector, Reach, Tail, Teach, Trigger, Verdict, Verify, Window};
pub use field::{Field, Fields, Meaning, Slot};
pub use kind::Kind;
pub use lexicon::Lexicon;
pub use set::ByteSet;
pub use taint::{Clean, Raw};
pub use view::View;

/// For tests of detectors: a view placed by hand.
pub mod testing {
    use crate::{Detector, Field, Lexicon, Verdict, View};

    /// Asks `detector` at byte `at` of `text` as a whole document, as if one of its triggers stood there.
    #[must_use]
    pub fn verify_at(detector: &Detector, text: &[u8], at: usize, field: &Field, lexicon: &Lexicon) -> Option<Verdict> {
        detector.verify.call(&View::new(text, at, false, detector.window, field, lexicon))
    }
}
