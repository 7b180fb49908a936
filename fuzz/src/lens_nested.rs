//! Formats within formats: documents in strings of JSON, in base64, in elements, results and lines, one in the other.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
use blackbar_engine::Format;

use crate::hold::{self, MOST};
use crate::input::Input;
use crate::pieces::{FIELDS, Spelling, text};
use crate::setup;

/// Holds the laws of streaming; valid JSON stays valid, with its nesting and with keys that differ.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let profile = setup::profile(input.byte());
    let cuts = input.cuts();
    let (mut doc, mut format) = (Vec::new(), Format::Text);
    text(&mut input, Spelling::Plain, &mut doc);
    for _ in 0..1 + input.byte() % 5 {
        (doc, format) = wrap(&mut input, &doc);
        if doc.len() > MOST {
            return;
        }
    }
    hold::streaming(profile, format, &cuts, &doc);
    if format == Format::Json {
        hold::validity(format, &doc);
    }
}

/// The document within another.
fn wrap(input: &mut Input<'_>, inner: &[u8]) -> (Vec<u8>, Format) {
    let name = input.pick(FIELDS);
    let shown = String::from_utf8_lossy(inner).into_owned();
    let line = shown.replace(['\r', '\n'], " ");
    let mut more = Vec::new();
    text(input, Spelling::Json, &mut more);
    let more = String::from_utf8_lossy(&more).into_owned();
    match input.byte() % 12 {
        0..=2 => {
            let string = serde_json::to_string(&shown).expect("a string");
            let string = if input.byte().is_multiple_of(2) { string } else { string.replace('<', "\\u003c") };
            (format!("{{\"{name}\":{string},\"b\":\"{more}\"}}").into_bytes(), Format::Json)
        }
        3 | 4 => {
            let code = match input.byte() % 3 {
                0 => STANDARD.encode(inner),
                1 => STANDARD_NO_PAD.encode(inner),
                _ => URL_SAFE.encode(inner),
            };
            match input.byte() % 4 {
                0 => (format!("<a><{name}>{code}</{name}> x</a>").into_bytes(), Format::Xml),
                1 => (format!("<a {name}='{code}'>{code}<b/></a>").into_bytes(), Format::Xml),
                2 => (format!("MSH|^~\\&|A\rOBX|1|ED|x||^a^b^Base64^{code}||\r").into_bytes(), Format::Hl7),
                _ => (format!("{{\"{name}\":\"{code}\",\"b\":\"{more}\"}}").into_bytes(), Format::Json),
            }
        }
        5 => (format!("MSH|^~\\&|A|B\rPID|1||{line}\rNTE|1||{line}\r").into_bytes(), Format::Hl7),
        6 => (format!("<p><{name}>{shown}</{name}>{more}</p>").into_bytes(), Format::Xml),
        7 => (format!("a,{name},b\n1,\"{}\",{more}\n", shown.replace('"', "\"\"")).into_bytes(), Format::CSV),
        8 => (format!("GET /a/{line}?{name}={line}&x={more} 200\n").into_bytes(), Format::Log),
        9 => {
            let quoted = line.replace('\\', "\\\\").replace('"', "\\\"");
            (format!("x {name}=\"{quoted}\" msg=\"{quoted}\" y\n").into_bytes(), Format::Log)
        }
        10 => (format!("2024-01-05 INFO {line}\n{more}\n").into_bytes(), Format::Log),
        _ => (format!("data: {{\"{name}\":\"{}\"}}\n\n", more).into_bytes(), Format::Sse),
    }
}
