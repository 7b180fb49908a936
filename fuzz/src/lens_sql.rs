//! Dumps of databases: statements over several lines, literals of all sorts, rows of COPY and their end.

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
        match input.byte() % 10 {
            0 => doc.extend(input.pick(&["\n", "\r\n", ";\n", " ", "\t", "\n\\.\n", "\\N"]).bytes()),
            1 => doc.extend(
                input
                    .pick(&[
                        "INSERT INTO t (a, ",
                        "insert into t values (",
                        ") VALUES (",
                        "), (",
                        ");\n",
                        "COPY t (",
                        "CREATE TABLE t (",
                    ])
                    .bytes(),
            ),
            2 => {
                doc.extend(input.pick(&[") FROM stdin;\n", " text, ", " int);\n", "NULL", "123456789", "-1.5"]).bytes())
            }
            3 | 4 => doc.extend(
                input.pick(&["'", "''", "E'", "\\'", "', '", "$$", "$a$", "--", "/*", "*/", "\"", "`"]).bytes(),
            ),
            5 | 6 => {
                doc.extend(input.pick(FIELDS).bytes());
                doc.extend(input.pick(&[", ", " ", ") "]).bytes());
            }
            _ => text(&mut input, Spelling::Plain, &mut doc),
        }
    }
    doc.truncate(MOST);
    hold::streaming(profile, Format::Sql, &cuts, &doc);
}
