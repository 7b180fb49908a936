//! Streams of events in which several texts are told in pieces, in the ways of several providers, now and then broken.

use blackbar_engine::Format;

use crate::hold::{self, MOST};
use crate::input::Input;
use crate::pieces::{Spelling, text};
use crate::{json, setup};

/// How a piece of a text is written, up to the piece and behind it; `#` stands for a digit.
const SHAPES: &[(&str, &str)] = &[
    ("data: {\"choices\":[{\"index\":#,\"delta\":{\"content\":\"", "\"},\"finish_reason\":null}]}"),
    ("data: {\"choices\":[{\"delta\":{\"content\":\"", "\"},\"index\":#}]}"),
    (
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":#,\"function\":{\"arguments\":\"",
        "\"}}]}}]}",
    ),
    ("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":#,\"delta\":{\"text\":\"", "\"}}"),
    ("data: {\"index\":#,\"delta\":{\"partial_json\":\"", "\"}}"),
    ("data: {\"type\":\"response.output_text.delta\",\"output_index\":#,\ndata: \"delta\":\"", "\"}"),
    ("data: {\"type\":\"x_arguments.delta\",\"item_id\":\"#\",\"delta\":\"", "\"}"),
    ("data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"", "\"}]},\"index\":#}]}"),
    ("data: ", ""),
    ("data:", "\ndata:"),
    ("id: ", ""),
    (": ", ""),
    ("event: ", ""),
    ("", ""),
];
const LINES: &[(&str, &str)] = &[
    ("{\"model\":\"m#\",\"message\":{\"content\":\"", "\"},\"done\":false}"),
    ("{\"response\":\"", "\",\"n\":#}"),
    ("", ""),
];
const ENDS: &[&str] = &[
    "data: [DONE]",
    "data: {\"choices\":[{\"index\":0,\"finish_reason\":\"stop\"}]}",
    "data: {\"type\":\"content_block_stop\",\"index\":1}",
    "data: {\"type\":\"response.output_text.done\",\"output_index\":1}",
    "data: {\"type\":\"message_stop\"}",
    "{\"done\":true}",
    "{\"response\":\"\",\"done\":true}",
];

/// Holds the laws of streaming; events stay as many, and their JSON stays valid.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let profile = setup::profile(input.byte());
    let broken = input.byte().is_multiple_of(4);
    let format = input.pick(&[Format::Sse, Format::Sse, Format::Sse, Format::Deltas]);
    let shapes = if format == Format::Sse { SHAPES } else { LINES };
    let ends =
        if format == Format::Sse { &["\n\n", "\n\n", "\n\n", "\r\n\r\n", "\r\r", "\n"][..] } else { &["\n"][..] };
    let cuts = input.cuts();
    let mut doc = Vec::new();
    while !input.is_empty() && doc.len() < MOST {
        let (choice, digit) = (input.byte(), input.byte() % 3 + b'0');
        if choice >= 0xf0 {
            doc.extend(input.pick(ENDS).bytes());
        } else if choice >= 0xe0 {
            doc.extend(if format == Format::Sse { "data: " } else { "" }.bytes());
            json::value(&mut input, broken, &mut doc);
        } else {
            let (before, behind) = shapes[usize::from(choice) % shapes.len()];
            let numbered = |part: &str| part.bytes().map(|b| if b == b'#' { digit } else { b }).collect::<Vec<_>>();
            doc.extend(numbered(before));
            piece(&mut input, before.ends_with("arguments\":\"") || before.ends_with("json\":\""), &mut doc);
            doc.extend(numbered(behind));
        }
        if broken && input.byte() < 16 {
            doc.extend(input.pick(&["\"", "\\", "\n", "{", "\u{feff}", "data", ":"]).bytes());
        }
        doc.extend(input.pick(ends).bytes());
    }
    doc.truncate(MOST);
    hold::streaming(profile, format, &cuts, &doc);
    hold::validity(format, &doc);
}

/// What a string holds: text, some of it cut short, or pieces of JSON.
fn piece(input: &mut Input<'_>, is_json: bool, out: &mut Vec<u8>) {
    let mut spelt = Vec::new();
    let choice = input.byte();
    if is_json && choice & 1 == 0 {
        spelt.extend(
            input
                .pick(&[
                    "{\\\"",
                    "\\\"name\\\":\\\"",
                    "\\\",",
                    "\\\"}",
                    "\\\\n",
                    "\\\\u00",
                    "[",
                    "{",
                    "}",
                    ",",
                    "1",
                    "\\\\",
                ])
                .bytes(),
        );
    }
    if choice & 2 == 0 {
        let start = spelt.len();
        text(input, Spelling::Json, &mut spelt);
        // A piece ends anywhere, but never inside an escape or a character.
        let part = usize::from(input.byte()) % (spelt.len() - start + 1);
        let cut = start + part;
        let whole = std::str::from_utf8(&spelt).is_ok_and(|text| text.is_char_boundary(cut));
        if whole && !spelt[start.max(cut.saturating_sub(6))..cut].contains(&b'\\') {
            spelt.truncate(cut);
        }
    }
    out.extend(spelt);
}
