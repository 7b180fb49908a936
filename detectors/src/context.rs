//! Words before a value that say what it is.

use blackbar_engine::View;

use crate::fields::hint;

/// Whether the field holds codes or measures, and no words: what looks like a label in it is none.
#[must_use]
pub(crate) fn coded(view: &View<'_>) -> bool {
    hinted(view, hint::CODE | hint::QUANTITY) && !hinted(view, hint::WORDED)
}

/// Whether the field's name has one of `hints`.
#[must_use]
pub fn hinted(view: &View<'_>, hints: u64) -> bool {
    view.field().meaning.hints & hints != 0
}
