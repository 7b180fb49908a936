//! Lines of JSON, some broken: a newline ends a record whatever came before.

use blackbar_engine::Format;

use crate::hold::{self, MOST};
use crate::input::Input;
use crate::{json, setup};

/// Holds the laws of streaming; each valid line stays valid.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let profile = setup::profile(input.byte());
    let broken = input.byte().is_multiple_of(4);
    let cuts = input.cuts();
    let mut doc = Vec::new();
    while !input.is_empty() && doc.len() < MOST {
        json::value(&mut input, broken, &mut doc);
        doc.extend(input.pick(&["\n", "\n", "\r\n", "\n\n", " \n"]).bytes());
    }
    doc.truncate(MOST);
    hold::streaming(profile, Format::Ndjson, &cuts, &doc);
    hold::validity(Format::Ndjson, &doc);
}
