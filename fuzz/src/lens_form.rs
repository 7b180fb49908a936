//! Form data: pairs, escapes whole and broken.

use blackbar_engine::Format;

use crate::hold::{self, MOST};
use crate::input::Input;
use crate::pieces::{FIELDS, Spelling, text};
use crate::setup;

/// What parts values, whole and broken.
#[rustfmt::skip] // A word list reads better in lines.
const SIGNS: &[&str] = &[
    "&", "=", "+", "%40", "%4", "%", "%zz", "&patient_name=", "&ssn=", "&note=", "\r\n", "==", "&&",
];

/// Holds the laws of streaming.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let profile = setup::profile(input.byte());
    let cuts = input.cuts();
    let mut doc = Vec::new();
    while !input.is_empty() && doc.len() < MOST {
        match input.byte() % 8 {
            0..=2 => doc.extend(input.pick(SIGNS).bytes()),
            3 => doc.extend(input.pick(FIELDS).bytes()),
            _ => text(&mut input, Spelling::Plain, &mut doc),
        }
    }
    doc.truncate(MOST);
    hold::streaming(profile, Format::Form, &cuts, &doc);
}
