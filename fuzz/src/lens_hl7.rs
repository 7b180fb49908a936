//! Messages of HL7 version 2: any separators, escapes whole and broken, segments that are known and that are not.

use blackbar_engine::Format;

use crate::hold::{self, MOST};
use crate::input::Input;
use crate::pieces::{Spelling, text};
use crate::setup;

/// Holds the laws of streaming; segments, fields and components stay as many as they were.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let profile = setup::profile(input.byte());
    let cuts = input.cuts();
    let mut doc = Vec::new();
    doc.extend(
        input.pick(&["MSH|^~\\&|A|B\r", "\u{b}MSH|^~\\&|A\r", "MSH#*@!%#\n", "BHS|^~\\&|\r", "MSH||\r", ""]).bytes(),
    );
    while !input.is_empty() && doc.len() < MOST {
        match input.byte() % 8 {
            0 => doc.extend(input.pick(&["\r", "\n", "\r\n", "\u{1c}\r\u{b}"]).bytes()),
            1 => doc.extend(
                input
                    .pick(&[
                        "PID|1||",
                        "NK1|1|",
                        "OBX|1|TX|c^d|1|",
                        "OBX|1|XPN|c||",
                        "NTE|1||",
                        "ZZZ|",
                        "MSH|^~\\&|",
                        "FTS|",
                    ])
                    .bytes(),
            ),
            2 => doc.extend(
                input.pick(&["\\T\\", "\\S\\", "\\X4A4f\\", "\\.br\\", "\\H\\", "\\q\\", "\\", "\\X4"]).bytes(),
            ),
            3..=5 => text(&mut input, Spelling::Plain, &mut doc),
            _ => doc.extend(input.pick(&["|", "^", "~", "&", "#", "*", "||||"]).bytes()),
        }
    }
    doc.truncate(MOST);
    hold::streaming(profile, Format::Hl7, &cuts, &doc);
    hold::validity(Format::Hl7, &doc);
}
