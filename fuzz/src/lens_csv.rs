//! Tables: quoted and bare cells, quotes in quotes, line ends in cells, ragged records, headers that mean something.

use blackbar_engine::Format;

use crate::hold::{self, MOST};
use crate::input::Input;
use crate::pieces::{FIELDS, Spelling, text};
use crate::setup;

/// Holds the laws of streaming; records and cells stay as many as they were.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let profile = setup::profile(input.byte());
    let delimiter = input.pick(b",\t;|");
    let cuts = input.cuts();
    let mut doc = Vec::new();
    // A table without a header is a table too.
    let columns = input.byte() % 8;
    for column in 0..columns {
        if column > 0 {
            doc.push(delimiter);
        }
        doc.extend(input.pick(FIELDS).bytes());
    }
    if columns > 0 {
        doc.push(b'\n');
    }
    while !input.is_empty() && doc.len() < MOST {
        cell(&mut input, &mut doc);
        match input.byte() % 8 {
            0 => doc.push(b'\n'),
            1 => doc.extend(b"\r\n"),
            2 => doc.extend(input.pick(&["\"", "\"\"", "\r", "\n\n", "\"a\"b"]).bytes()),
            _ => doc.push(delimiter),
        }
    }
    doc.truncate(MOST);
    let format = Format::Delimited(delimiter);
    hold::streaming(profile, format, &cuts, &doc);
    hold::validity(format, &doc);
}

fn cell(input: &mut Input<'_>, doc: &mut Vec<u8>) {
    match input.byte() % 4 {
        0 => {}
        1 => {
            doc.push(b'"');
            text(input, Spelling::Quoted, doc);
            doc.extend(input.pick(&["", "\n", "\"\"", ",", "\r\n", "\t"]).bytes());
            doc.push(b'"');
        }
        _ => text(input, Spelling::Plain, doc),
    }
}
