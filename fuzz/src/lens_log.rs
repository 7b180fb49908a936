//! Lines of logs: requests, pairs, messages and JSON on a line, quotes that nothing closes.

use blackbar_engine::Format;

use crate::hold::{self, MOST};
use crate::input::Input;
use crate::pieces::{FIELDS, Spelling, text};
use crate::setup;

/// Holds the laws of streaming.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let profile = setup::profile(input.byte());
    let cuts = input.cuts();
    let mut doc = Vec::new();
    while !input.is_empty() && doc.len() < MOST {
        match input.byte() % 12 {
            0 => doc.extend(input.pick(&["\n", "\r\n", "\r", "\n\n", " "]).bytes()),
            1 => doc.extend(
                input
                    .pick(&[
                        "192.0.2.7 - ",
                        "jsmith42 [10/Oct/2000:13:55:36 -0700] \"",
                        "<34>1 2003-10-11T22:14:15.003Z host app 1 - ",
                        "Oct 11 22:14:15 host su[3]: ",
                        "2024-01-05 10:11:12,003 INFO [x] ",
                        "level=info msg=\"",
                    ])
                    .bytes(),
            ),
            2 => doc.extend(
                input.pick(&["GET /", "POST /patients/", "DELETE /a/b/", "path=/users/", "/", "?", "&", "%4", "%20"]).bytes(),
            ),
            3 => doc.extend(
                input
                    .pick(&["PID|1||", "MSH|^~\\&|", "\"MSH|^~\\\\&|", "\\r", "<CR>", "#015", "{\"", "[{\"", "<?xml ?>", "<a>"])
                    .bytes(),
            ),
            4 => doc.extend(input.pick(&["\"", "\\\"", "\\", "\\u0041", "'", "]", ", ", "|", "^", "=", "; "]).bytes()),
            5 | 6 => {
                doc.extend(input.pick(FIELDS).bytes());
                doc.extend(input.pick(&["=", "=\"", "\":\"", "=/", ": "]).bytes());
            }
            _ => text(&mut input, Spelling::Plain, &mut doc),
        }
    }
    doc.truncate(MOST);
    hold::streaming(profile, Format::Log, &cuts, &doc);
}
