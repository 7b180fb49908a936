//! Words before a value that say what it is.

use blackbar_engine::View;

/// Whether the field's name has one of `hints`.
#[must_use]
pub fn hinted(view: &View<'_>, hints: u64) -> bool {
    view.field().meaning.hints & hints != 0
}
