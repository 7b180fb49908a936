//! JSON made of fragments, mostly valid.

use crate::hold::MOST;
use crate::input::Input;
use crate::pieces::{FIELDS, Spelling, text};

/// Appends one JSON text. Containers are opened and closed as the input says, and all are closed at the end.
///
/// Now and then the input asks for a broken piece; from there on the text is not valid.
pub(crate) fn value(input: &mut Input<'_>, broken: bool, out: &mut Vec<u8>) {
    let mut open: Vec<Container> = Vec::new();
    let most = out.len() + MOST;
    loop {
        if let Some(container) = open.last_mut() {
            let close = input.is_empty() || out.len() > most || input.byte().is_multiple_of(8);
            if close {
                out.push(if container.object { b'}' } else { b']' });
                open.pop();
                if open.is_empty() {
                    return;
                }
                continue;
            }
            if container.more {
                out.push(b',');
            }
            container.more = true;
            if container.object {
                key(input, out);
                out.extend(input.pick(&[":", ": ", " :"]).bytes());
            }
        }
        match input.byte() % 16 {
            0..=2 if open.len() < 40 => {
                out.push(b'{');
                open.push(Container { object: true, more: false });
                continue;
            }
            3 | 4 if open.len() < 40 => {
                out.push(b'[');
                open.push(Container { object: false, more: false });
                continue;
            }
            5 => out.extend(input.pick(LITERALS).bytes()),
            6 | 7 => out.extend(input.pick(NUMBERS).bytes()),
            8 if broken => out.extend(input.pick(BROKEN).bytes()),
            _ => {
                out.push(b'"');
                text(input, Spelling::Json, out);
                out.extend(input.pick(&["", "", "\\n", "\\t", "\\/", "\\ud83d\\ude00", "\\u0041", "\\\\"]).bytes());
                out.push(b'"');
            }
        }
        if open.is_empty() {
            return;
        }
    }
}

struct Container {
    object: bool,
    /// Not at its first entry any more.
    more: bool,
}

fn key(input: &mut Input<'_>, out: &mut Vec<u8>) {
    out.push(b'"');
    let choice = input.byte();
    if choice < 0xc0 {
        out.extend(FIELDS[usize::from(choice) % FIELDS.len()].bytes());
    } else {
        text(input, Spelling::Json, out);
    }
    out.push(b'"');
}

const LITERALS: &[&str] = &["true", "false", "null"];
const NUMBERS: &[&str] = &[
    "0",
    "-1",
    "123456789",
    "6175550134",
    "4111111111111111",
    "1234567893",
    "19340102",
    "02139",
    "2139",
    "91",
    "-71.0589",
    "1.5e10",
    "0.1",
    "1E-7",
    "-0",
    "12345678901234567890",
];
const BROKEN: &[&str] = &[
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"\\u00",
    "\"\\ud83d\"",
    "\\u0041",
    "tru",
    "'a'",
    "-",
    "1.2.3",
    "\n",
    "\"\n\"",
    "123-45-6789",
    "a@b.co",
    "\u{feff}",
    "\"\\x\"",
    "/*",
    "NaN",
    "\"\\u{1}\"",
];
