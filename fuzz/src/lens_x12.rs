//! Interchanges of X12: headers whole and broken, segments that are known and that are not.

use blackbar_engine::Format;

use crate::hold::{self, MOST};
use crate::input::Input;
use crate::pieces::{FIELDS, Spelling, text};
use crate::setup;

/// What parts values, whole and broken.
#[rustfmt::skip] // A word list reads better in lines.
const SIGNS: &[&str] = &[
    "ISA*00*          *00*          *ZZ*123-45-6789    *ZZ*RECEIVER       *240101*1253*^*00501*000000905*1*T*:~",
    "ISA|00|          |00|          |ZZ|SENDER         |ZZ|RECEIVER       |240101|1253|U|00401|000000905|1|T|>\n", "ISA*00*",
    "ST*837*1~", "NM1*IL*1*", "NM1*85*2*", "N3*", "N4*", "DMG*D8*", "REF*SY*", "PER*IC*", "NTE*ADD*", "HI*ABK:", "HL*1~", "CLP*", "ZZZ*",
    "*", ":", "^", "~", "~\n", "|", ">",
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
    hold::streaming(profile, Format::X12, &cuts, &doc);
}
