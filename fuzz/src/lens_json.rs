//! JSON: escapes where none are needed, identifiers in keys, numbers, broken pieces.

use blackbar_engine::Format;

use crate::hold::{self, MOST};
use crate::input::Input;
use crate::{json, setup};

/// Holds the laws of streaming; valid JSON stays valid, with its nesting and with keys that differ.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let profile = setup::profile(input.byte());
    let broken = input.byte().is_multiple_of(4);
    let cuts = input.cuts();
    let mut doc = Vec::new();
    json::value(&mut input, broken, &mut doc);
    doc.truncate(MOST);
    hold::streaming(profile, Format::Json, &cuts, &doc);
    hold::validity(Format::Json, &doc);
}
