//! Plain text made of identifiers, near misses and raw bytes.

use blackbar_engine::Format;

use crate::hold::{self, MOST};
use crate::input::Input;
use crate::pieces::{Spelling, text};
use crate::setup;

/// Holds the laws of streaming; what is UTF-8 stays so.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let profile = setup::profile(input.byte());
    let cuts = input.cuts();
    let mut doc = Vec::new();
    while !input.is_empty() && doc.len() < MOST {
        text(&mut input, Spelling::Plain, &mut doc);
        doc.extend(input.pick(&["", " ", "\n", ", ", "\r\n", ": ", "\t", "(", ")", "\"", "—"]).bytes());
    }
    doc.truncate(MOST);
    hold::streaming(profile, Format::Text, &cuts, &doc);
    hold::validity(Format::Text, &doc);
}
