//! Any bytes as any format, under any profile, cut anywhere.
//!
//! Byte 0 is the format, byte 1 the profile, byte 2 the number of cuts, two bytes each; the document follows.

use blackbar_engine::Format;

use crate::hold::{self, MOST};
use crate::input::Input;
use crate::setup;

/// Holds the laws of streaming, and the form of what is valid.
pub fn run(data: &[u8]) {
    const FORMATS: [Format; 11] = [
        Format::Text,
        Format::Json,
        Format::Ndjson,
        Format::CSV,
        Format::TSV,
        Format::Delimited(b';'),
        Format::Hl7,
        Format::Xml,
        Format::X12,
        Format::Copy,
        Format::Form,
    ];
    let mut input = Input::new(data);
    let format = input.pick(&FORMATS);
    let profile = setup::profile(input.byte());
    let cuts = input.cuts();
    let doc = input.rest(MOST);
    hold::streaming(profile, format, &cuts, doc);
    hold::validity(format, doc);
}
