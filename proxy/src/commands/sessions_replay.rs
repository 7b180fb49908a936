//! `blackbar sessions replay`: what a session recorded, byte for byte, as JSON, on a terminal, or for players of terminals.

use std::io::Write as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blackbar_ledger::{Direction, Record, SessionId, Time};
use serde_json::{Value, json};

use crate::cli::{ReplayFormat, SessionsReplay};
use crate::console::replay::{inert, message, said};
use crate::error::Error;
use crate::shown::summary;

/// Whose recording it is, as far as that is known.
pub(super) struct Of {
    pub(super) session: SessionId,
    pub(super) begun: Time,
    pub(super) subject: String,
    pub(super) target: String,
}

/// Prints the records, in order.
pub(super) fn replay(
    of: &Of,
    records: impl Iterator<Item = Result<Record, Error>>,
    args: &SessionsReplay,
) -> Result<(), Error> {
    let mut out = Vec::new();
    if args.format == ReplayFormat::Asciinema {
        let title = inert(&format!("{} of {} with {}", of.session, of.subject, of.target));
        let header = json!({
            "version": 2, "width": 120, "height": 40, "timestamp": of.begun.micros() / 1_000_000, "title": title,
        });
        out.extend_from_slice(format!("{header}\n").as_bytes());
    }
    let mut screen = Screen::default();
    let (mut exchange, mut before) = (0, 0);
    for record in records {
        let record = record?;
        if record.direction != Direction::ToClient {
            let told: Value = serde_json::from_slice(&record.bytes).unwrap_or_default();
            exchange = told["exchange"].as_u64().unwrap_or(exchange);
        }
        if args.exchange.is_some_and(|only| only != exchange) {
            continue;
        }
        match args.format {
            ReplayFormat::Text if record.direction == Direction::ToClient => out.extend_from_slice(&record.bytes),
            ReplayFormat::Text => {}
            ReplayFormat::Jsonl => out.extend_from_slice(format!("{}\n", line(exchange, &record)).as_bytes()),
            ReplayFormat::Asciinema => {
                let Drawn { text, label } = screen.draw(&record);
                let seconds = format!("{}.{:06}", record.micros / 1_000_000, record.micros % 1_000_000);
                for (kind, text) in [("m", label), ("o", text.replace('\n', "\r\n"))] {
                    if !text.is_empty() {
                        let text = Value::from(text);
                        out.extend_from_slice(format!("[{seconds}, \"{kind}\", {text}]\n").as_bytes());
                    }
                }
            }
            ReplayFormat::Terminal => {
                let Drawn { text, .. } = screen.draw(&record);
                if text.is_empty() {
                    continue;
                }
                if let Some(speed) = args.speed {
                    pause(record.micros.saturating_sub(before), speed);
                    before = record.micros;
                }
                super::print(text.as_bytes())?;
                // What went out at one moment is seen at one moment; a terminal that is gone is told by the next print.
                let _ = std::io::stdout().flush();
            }
        }
    }
    super::print(&out)
}

/// Waits as the session did, but nobody watches nothing happen for long.
fn pause(micros: u64, speed: f64) {
    const LONGEST: Duration = Duration::from_secs(10);
    #[expect(clippy::cast_precision_loss, reason = "a pause need not be exact to the microsecond")]
    let wanted = Duration::try_from_secs_f64(micros as f64 / 1e6 / speed).unwrap_or(LONGEST);
    std::thread::sleep(wanted.min(LONGEST));
}

/// One record as JSON: what was asked and told as it is, content as text, or in base64 when it is none.
fn line(exchange: u64, record: &Record) -> Value {
    let mut line = json!({ "exchange": exchange, "micros": record.micros });
    let (name, value) = match record.direction {
        Direction::ToUpstream => ("request", serde_json::from_slice(&record.bytes).unwrap_or_default()),
        Direction::Note => ("note", serde_json::from_slice(&record.bytes).unwrap_or_default()),
        Direction::ToClient => match std::str::from_utf8(&record.bytes) {
            Ok(text) => ("body", text.into()),
            Err(_) => ("body_base64", STANDARD.encode(&record.bytes).into()),
        },
    };
    if let Some(object) = line.as_object_mut() {
        object.insert(name.to_owned(), value);
    }
    line
}

/// What a person would have seen: requests, heads and bodies, rows of databases as lines.
///
/// Nothing that was recorded can move the cursor or set the title of whoever looks: control characters are written out.
#[derive(Default)]
struct Screen {
    /// The answers are messages of a database.
    sql: bool,
    /// Of a message or a letter that is not whole yet.
    rest: Vec<u8>,
    /// Something stands on the line already.
    midline: bool,
}

/// What a record adds to a screen.
#[derive(Debug, Default, Eq, PartialEq)]
struct Drawn {
    text: String,
    /// Of a request: what players show of it as a mark.
    label: String,
}

impl Screen {
    fn draw(&mut self, record: &Record) -> Drawn {
        match record.direction {
            Direction::ToUpstream => {
                let request = serde_json::from_slice(&record.bytes).unwrap_or_default();
                self.request(&request)
            }
            Direction::Note => {
                let note = serde_json::from_slice(&record.bytes).unwrap_or_default();
                Drawn { text: self.note(&note), ..Drawn::default() }
            }
            Direction::ToClient => Drawn { text: self.answer(&record.bytes), ..Drawn::default() },
        }
    }

    fn request(&mut self, request: &Value) -> Drawn {
        self.sql = request.get("message").is_some();
        let number = request["exchange"].as_u64().unwrap_or_default();
        let label = format!("#{number} {}", summary(request, inert).replace('\n', " "));
        let text = format!("{}\x1b[1m{label}\x1b[0m\n", self.fresh_line());
        Drawn { text, label }
    }

    fn note(&mut self, note: &Value) -> String {
        let mut text = String::new();
        if let Some(status) = note["status"].as_u64() {
            text.push_str(&format!("{}\x1b[2mHTTP {status}", self.fresh_line()));
            for header in note["headers"].as_array().into_iter().flatten() {
                let part = |at: usize| inert(header[at].as_str().unwrap_or_default()).replace('\n', " ");
                text.push_str(&format!("\n{}: {}", part(0), part(1)));
            }
            text.push_str("\x1b[0m\n");
        }
        if let Some(end) = note["end"].as_str() {
            text.push_str(self.fresh_line());
            if end != "success" {
                text.push_str(&format!("\x1b[2m({})\x1b[0m\n", inert(end)));
            }
            self.rest.clear();
        }
        text
    }

    fn answer(&mut self, bytes: &[u8]) -> String {
        self.rest.extend_from_slice(bytes);
        let rest = std::mem::take(&mut self.rest);
        let (text, rest) = if self.sql { messages(&rest) } else { letters(&rest) };
        self.rest = rest.to_vec();
        if let Some(last) = text.chars().last() {
            self.midline = last != '\n';
        }
        text
    }

    fn fresh_line(&mut self) -> &'static str {
        if std::mem::take(&mut self.midline) { "\n" } else { "" }
    }
}

/// The whole messages of a database as lines, and what is left.
fn messages(mut bytes: &[u8]) -> (String, &[u8]) {
    let mut text = String::new();
    while let Some((tag, body, rest)) = message(bytes) {
        bytes = rest;
        if let Some(said) = said(tag, body) {
            text.push_str(&said);
            text.push('\n');
        }
    }
    (text, bytes)
}

/// Whole letters, and the beginning of one that is left.
fn letters(bytes: &[u8]) -> (String, &[u8]) {
    let cut = match std::str::from_utf8(bytes) {
        // A letter that more bytes could complete.
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        _ => bytes.len(),
    };
    let (whole, rest) = bytes.split_at_checked(cut).unwrap_or((bytes, &[]));
    (inert(&String::from_utf8_lossy(whole)), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(direction: Direction, bytes: &[u8]) -> Record {
        Record { number: 0, micros: 0, direction, bytes: bytes.to_vec() }
    }

    #[test]
    fn a_screen_shows_what_was_asked_and_answered_and_obeys_none_of_it() {
        let mut screen = Screen::default();
        let request = json!({ "exchange": 1, "method": "GET", "path": "/Patient/\u{1b}]0;x" }).to_string();
        let asked = screen.draw(&record(Direction::ToUpstream, request.as_bytes()));
        assert_eq!(asked.label, "#1 GET /Patient/\\u{1b}]0;x");
        let head = json!({ "exchange": 1, "status": 200, "headers": [["etag", "\"7\""]] }).to_string();
        let head = screen.draw(&record(Direction::Note, head.as_bytes())).text;
        assert_eq!(head, "\x1b[2mHTTP 200\netag: \"7\"\x1b[0m\n");
        // A letter in two pieces, and a sequence that would clear the screen.
        assert_eq!(screen.draw(&record(Direction::ToClient, b"Fran\xc3")).text, "Fran");
        assert_eq!(screen.draw(&record(Direction::ToClient, b"\xa7ois\x1b[2J")).text, "çois\\u{1b}[2J");
        let end = json!({ "exchange": 1, "end": "interrupted" }).to_string();
        assert_eq!(screen.draw(&record(Direction::Note, end.as_bytes())).text, "\n\x1b[2m(interrupted)\x1b[0m\n");
        let marks = json!({ "exchange": 1, "subjects": [["mrn", "00"]] }).to_string();
        assert_eq!(screen.draw(&record(Direction::Note, marks.as_bytes())), Drawn::default());
    }

    #[test]
    fn rows_are_lines_however_they_were_cut() {
        let mut screen = Screen::default();
        let asked = json!({ "exchange": 1, "message": "query", "sql": "select $1" }).to_string();
        assert_eq!(screen.draw(&record(Direction::ToUpstream, asked.as_bytes())).label, "#1 select $1");
        let row = b"D\0\0\0\x11\0\x02\0\0\0\x03abc\xff\xff\xff\xff".to_vec();
        let done = b"C\0\0\0\x0dSELECT 1\0".to_vec();
        let all = [row, done].concat();
        for cut in 0..all.len() {
            let mut screen = Screen { sql: true, ..Screen::default() };
            let (one, two) = all.split_at(cut);
            let text = [one, two].map(|piece| screen.draw(&record(Direction::ToClient, piece)).text).concat();
            assert_eq!(text, "abc | NULL\nSELECT 1\n", "{cut}");
        }
    }
}
