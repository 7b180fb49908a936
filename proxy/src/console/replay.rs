//! A session's recording, read back as exchanges: what was asked, what was decided, what was delivered.

use std::collections::{BTreeMap, VecDeque};

use blackbar_ledger::{Direction, Json, Kind, LeafIndex, ReadLeaf, Reader, Record};
use serde_json::Value;

use super::index::{Row, plain};

/// One request with its answer.
#[derive(Debug, Default)]
pub(super) struct Exchange {
    pub(super) number: u64,
    /// The redacted request, as it was recorded. `None`: the recording was not read.
    pub(super) request: Option<Value>,
    pub(super) status: Option<u64>,
    pub(super) headers: Vec<(String, String)>,
    /// The answer as delivered, as much of it as is shown.
    pub(super) body: Vec<u8>,
    /// All of the answer.
    pub(super) length: u64,
    pub(super) places: Vec<Place>,
    /// What the log says, in order.
    pub(super) facts: Vec<Fact>,
    pub(super) replaced: BTreeMap<String, u64>,
    pub(super) outcome: Option<String>,
    pub(super) micros: Option<u64>,
}

/// Where something stands in an answer that took the place of an identifier.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Place {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: String,
    pub(super) detector: String,
}

/// A leaf of the log, in words.
#[derive(Debug)]
pub(super) struct Fact {
    pub(super) leaf: u64,
    pub(super) time: String,
    pub(super) kind: String,
    pub(super) outcome: Option<String>,
    /// Policies and reasons.
    pub(super) because: Vec<String>,
    pub(super) details: Vec<(String, String)>,
}

/// Why there is no content.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum NoContent {
    /// Whoever looks may not see it.
    NotAllowed,
    /// It was deleted by policy.
    Deleted,
    /// It cannot be read.
    Unreadable,
}

/// A page of a session.
pub(super) struct Timeline {
    pub(super) exchanges: Vec<Exchange>,
    /// Leaves that belong to no exchange.
    pub(super) facts: Vec<Fact>,
    pub(super) content: Result<(), NoContent>,
    /// Exchanges in all that were read.
    pub(super) all: usize,
}

/// So much of an answer is shown.
pub(super) const SHOWN: usize = 48 << 10;
/// So many exchanges are on a page.
pub(super) const PAGE: usize = 25;

/// Reads one page of a session. `content`: whether the recording is read as well.
pub(super) fn timeline(reader: &Reader, row: &Row, page: usize, content: bool) -> blackbar_ledger::Result<Timeline> {
    let mut exchanges: BTreeMap<u64, Exchange> = BTreeMap::new();
    let mut facts = Vec::new();
    for index in &row.leaves {
        let Some(index) = LeafIndex::new(*index) else { continue };
        let leaf = reader.leaf(index)?;
        let fact = Fact::of(index.value(), &leaf);
        // What a reviewer signed is a session with one request and no answer.
        let alone = matches!(leaf.kind(), Some(Kind::Request)).then_some(0);
        match leaf.detail("exchange").and_then(Json::as_number).or(alone) {
            Some(number) => {
                let exchange = exchanges.entry(number).or_insert_with(|| Exchange { number, ..Exchange::default() });
                if leaf.kind() == Some(Kind::Response) {
                    exchange.ended(&leaf);
                }
                exchange.facts.push(fact);
            }
            None => facts.push(fact),
        }
    }
    let all = exchanges.len();
    let mut exchanges: BTreeMap<u64, Exchange> = exchanges.into_iter().skip(page * PAGE).take(PAGE).collect();
    let content = if content { read(reader, row, &mut exchanges) } else { Err(NoContent::NotAllowed) };
    Ok(Timeline { exchanges: exchanges.into_values().collect(), facts, content, all })
}

/// Puts the content of the recording to its exchanges.
fn read(reader: &Reader, row: &Row, exchanges: &mut BTreeMap<u64, Exchange>) -> Result<(), NoContent> {
    let gone = |error: &blackbar_ledger::Error| {
        if error.is_deleted() { NoContent::Deleted } else { NoContent::Unreadable }
    };
    let records = reader.records(row.id, &row.month).map_err(|error| gone(&error))?;
    let last = exchanges.keys().next_back().copied().unwrap_or_default();
    let mut tape = Tape::default();
    for record in records {
        let record = record.map_err(|error| gone(&error))?;
        tape.take(&record, exchanges);
        if tape.ended > last {
            break;
        }
    }
    Ok(())
}

/// Answers come in the order of the questions: what is delivered belongs to the first that has not ended.
#[derive(Default)]
struct Tape {
    open: VecDeque<u64>,
    ended: u64,
}

impl Tape {
    fn take(&mut self, record: &Record, exchanges: &mut BTreeMap<u64, Exchange>) {
        match record.direction {
            Direction::ToUpstream => {
                let request = serde_json::from_slice(&record.bytes);
                let request: Value = request.unwrap_or_else(|_| readable(&record.bytes).into());
                let number = request["exchange"].as_u64().unwrap_or_default();
                self.open.push_back(number);
                if let Some(exchange) = exchanges.get_mut(&number) {
                    exchange.request = Some(request);
                }
            }
            Direction::ToClient => {
                let Some(exchange) = self.open.front().and_then(|number| exchanges.get_mut(number)) else { return };
                exchange.length += record.bytes.len() as u64;
                let room = SHOWN.saturating_sub(exchange.body.len()).min(record.bytes.len());
                exchange.body.extend_from_slice(record.bytes.get(..room).unwrap_or_default());
            }
            Direction::Note => {
                let Ok(note) = serde_json::from_slice::<Value>(&record.bytes) else { return };
                let Some(number) = note["exchange"].as_u64() else { return };
                if let Some(exchange) = exchanges.get_mut(&number) {
                    exchange.noted(&note);
                }
                if note.get("end").is_some() {
                    self.open.retain(|open| *open != number);
                    self.ended = self.ended.max(number);
                }
            }
        }
    }
}

impl Exchange {
    fn ended(&mut self, leaf: &ReadLeaf) {
        self.outcome = leaf.outcome().map(str::to_owned);
        let number = |name: &str| leaf.detail(name).and_then(Json::as_number);
        self.micros = number("micros");
        self.status = self.status.or_else(|| number("status"));
        if let Some(Json::Object(kinds)) = leaf.detail("replaced") {
            let counts = kinds.iter().filter_map(|(kind, count)| Some((kind.clone(), count.as_number()?)));
            self.replaced = counts.collect();
        }
    }

    fn noted(&mut self, note: &Value) {
        if let Some(status) = note["status"].as_u64() {
            self.status = Some(status);
            let headers = note["headers"].as_array().into_iter().flatten();
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            self.headers = headers.map(|pair| (text(&pair[0]), text(&pair[1]))).collect();
        }
        for place in note["replaced_at"].as_array().into_iter().flatten() {
            let number = |at: usize| usize::try_from(place[at].as_u64()?).ok();
            let (Some(start), Some(length)) = (number(0), number(1)) else { continue };
            let text = |at: usize| place[at].as_str().unwrap_or_default().to_owned();
            self.places.push(Place { start, end: start + length, kind: text(2), detector: text(3) });
        }
    }

    /// The answer in pieces: text, and what took the place of something.
    pub(super) fn pieces(&self) -> Vec<(String, Option<&Place>)> {
        let mut pieces = Vec::new();
        let mut at = 0;
        let text = |from: usize, to: usize| readable(self.body.get(from..to).unwrap_or_default());
        for place in &self.places {
            if place.start < at || place.end > self.body.len() {
                continue;
            }
            if place.start > at {
                pieces.push((text(at, place.start), None));
            }
            pieces.push((text(place.start, place.end), Some(place)));
            at = place.end;
        }
        if at < self.body.len() {
            pieces.push((text(at, self.body.len()), None));
        }
        pieces
    }

    /// Whether it is one of a database.
    pub(super) fn is_sql(&self) -> bool {
        self.request.as_ref().is_some_and(|request| request.get("message").is_some())
    }

    /// The answer of a database: rows as they were delivered.
    pub(super) fn table(&self) -> Table {
        Table::read(&self.body)
    }
}

impl Fact {
    fn of(index: u64, leaf: &ReadLeaf) -> Self {
        const QUIET: &[&str] = &["because", "commitment", "exchange", "key", "frames", "groups"];
        let details = match leaf.json().field("details") {
            Some(Json::Object(details)) => details
                .iter()
                .filter(|(name, _)| !QUIET.contains(&name.as_str()))
                .map(|(name, value)| (name.clone(), plain(value)))
                .collect(),
            _ => Vec::new(),
        };
        let because = leaf.detail("because").and_then(Json::as_list).unwrap_or_default();
        Self {
            leaf: index,
            time: leaf.time().to_string(),
            kind: leaf.kind().map_or("unknown", Kind::text).to_owned(),
            outcome: leaf.outcome().map(str::to_owned),
            because: because.iter().map(plain).collect(),
            details,
        }
    }
}

/// Text for a page. Control characters and signs that turn or hide text are written out.
pub(super) fn readable(bytes: &[u8]) -> String {
    inert(&String::from_utf8_lossy(bytes))
}

/// A text in which nothing hides and nothing reads in another direction.
pub(crate) fn inert(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let hides = matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
        if hides || (c.is_control() && !matches!(c, '\n' | '\t')) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// What a database answered, read from its own messages.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct Table {
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
    /// Tags of commands, errors and notices.
    pub(super) said: Vec<String>,
    /// Messages that are not shown.
    pub(super) others: u64,
}

const MOST_ROWS: usize = 200;

impl Table {
    fn read(mut bytes: &[u8]) -> Self {
        let mut table = Self::default();
        while let Some((tag, body, rest)) = message(bytes) {
            bytes = rest;
            match tag {
                b'T' => table.columns = columns(body),
                b'D' if table.rows.len() < MOST_ROWS => table.rows.push(cells(body)),
                b'D' => table.others += 1,
                b'C' => table.said.push(readable(body.strip_suffix(b"\0").unwrap_or(body))),
                b'E' | b'N' => table.said.push(report(body)),
                b'd' => table.rows.push(vec![readable(body.strip_suffix(b"\n").unwrap_or(body))]),
                _ => {}
            }
        }
        table
    }
}

/// The first message of a database, when it is whole, and what follows it.
pub(crate) fn message(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (length, _) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    if length < 4 || length > rest.len() {
        return None;
    }
    let (message, rest) = rest.split_at(length);
    Some((*tag, message.get(4..)?, rest))
}

/// What one message of a database says, in a line; `None` for those that say nothing to people.
pub(crate) fn said(tag: u8, body: &[u8]) -> Option<String> {
    let line = |cells: Vec<String>| cells.join(" | ").replace('\n', " ");
    match tag {
        b'T' => Some(line(columns(body))),
        b'D' => Some(line(cells(body))),
        b'C' => Some(readable(body.strip_suffix(b"\0").unwrap_or(body))),
        b'E' | b'N' => Some(report(body)),
        b'd' => Some(readable(body.strip_suffix(b"\n").unwrap_or(body))),
        _ => None,
    }
}

fn columns(body: &[u8]) -> Vec<String> {
    let Some((count, mut rest)) = body.split_first_chunk::<2>() else { return Vec::new() };
    let mut columns = Vec::new();
    for _ in 0..u16::from_be_bytes(*count) {
        let Some(end) = memchr::memchr(0, rest) else { break };
        columns.push(readable(rest.get(..end).unwrap_or_default()));
        rest = rest.get(end + 19..).unwrap_or_default();
    }
    columns
}

fn cells(body: &[u8]) -> Vec<String> {
    let Some((count, mut rest)) = body.split_first_chunk::<2>() else { return Vec::new() };
    let mut cells = Vec::new();
    for _ in 0..u16::from_be_bytes(*count) {
        let Some((length, after)) = rest.split_first_chunk::<4>() else { break };
        rest = after;
        let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else {
            cells.push("NULL".to_owned());
            continue;
        };
        let Some((cell, after)) = rest.split_at_checked(length) else { break };
        cells.push(readable(cell));
        rest = after;
    }
    cells
}

fn report(body: &[u8]) -> String {
    let fields = body.split(|byte| *byte == 0).filter_map(|field| field.split_first());
    let told = fields.filter(|(name, _)| matches!(name, b'S' | b'C' | b'M' | b'D' | b'H'));
    told.map(|(_, text)| readable(text)).collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record(direction: Direction, bytes: &[u8]) -> Record {
        Record { number: 0, micros: 0, direction, bytes: bytes.to_vec() }
    }

    #[test]
    fn what_was_delivered_goes_to_the_question_that_it_answers() {
        let mut exchanges: BTreeMap<u64, Exchange> =
            (1..=2).map(|number| (number, Exchange { number, ..Exchange::default() })).collect();
        let mut tape = Tape::default();
        let mut take = |direction, text: &str| tape.take(&record(direction, text.as_bytes()), &mut exchanges);
        take(Direction::ToUpstream, &json!({ "exchange": 1, "method": "GET" }).to_string());
        take(Direction::ToUpstream, &json!({ "exchange": 2, "method": "PUT" }).to_string());
        take(Direction::Note, &json!({ "exchange": 1, "status": 200, "headers": [["etag", "x"]] }).to_string());
        take(Direction::ToClient, "Pt. [NA");
        take(Direction::ToClient, "ME] left");
        take(
            Direction::Note,
            &json!({ "exchange": 1, "replaced_at": [[4, 6, "name:patient", "us-name"]] }).to_string(),
        );
        take(Direction::Note, &json!({ "exchange": 1, "end": "success" }).to_string());
        take(Direction::ToClient, "second");
        let one = &exchanges[&1];
        assert_eq!((one.status, one.length), (Some(200), 15));
        let pieces: Vec<(String, Option<String>)> =
            one.pieces().into_iter().map(|(text, place)| (text, place.map(|place| place.kind.clone()))).collect();
        let piece = |text: &str, kind: Option<&str>| (text.to_owned(), kind.map(str::to_owned));
        assert_eq!(pieces, [piece("Pt. ", None), piece("[NAME]", Some("name:patient")), piece(" left", None)]);
        assert_eq!(exchanges[&2].body, b"second");
    }

    #[test]
    fn what_was_signed_is_shown_as_it_is() {
        let mut exchanges: BTreeMap<u64, Exchange> = [(0, Exchange::default())].into();
        let text = "blackbar approval statement 1\nreason: \"recall\"\n";
        Tape::default().take(&record(Direction::ToUpstream, text.as_bytes()), &mut exchanges);
        assert_eq!(exchanges[&0].request, Some(text.into()));
    }

    #[test]
    fn places_that_lie_do_not_move_text() {
        let place = |start, end| Place { start, end, kind: "x".to_owned(), detector: String::new() };
        let exchange = Exchange {
            body: b"abcdef".to_vec(),
            places: vec![place(2, 4), place(3, 5), place(5, 99)],
            ..Exchange::default()
        };
        let text: String = exchange.pieces().into_iter().map(|(text, _)| text).collect();
        assert_eq!(text, "abcdef");
        assert_eq!(exchange.pieces().iter().filter(|(_, place)| place.is_some()).count(), 1);
    }

    #[test]
    fn rows_of_a_database_are_read_and_broken_ones_end_the_table() {
        let mut bytes = Vec::new();
        let mut message = |tag: u8, body: &[u8]| {
            bytes.push(tag);
            bytes.extend_from_slice(&u32::try_from(body.len() + 4).unwrap().to_be_bytes());
            bytes.extend_from_slice(body);
        };
        message(b'T', b"\0\x01name\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
        message(b'D', b"\0\x02\0\0\0\x02ab\xff\xff\xff\xff");
        message(b'C', b"SELECT 1\0");
        message(b'E', b"SERROR\0C42501\0Mno\0\0");
        bytes.extend_from_slice(b"D\0\0\xff");
        let table = Table::read(&bytes);
        assert_eq!(table.columns, ["name"]);
        assert_eq!(table.rows, [["ab", "NULL"]]);
        assert_eq!(table.said, ["SELECT 1", "ERROR · 42501 · no"]);
    }

    #[test]
    fn nothing_hides_on_a_page() {
        assert_eq!(inert("a\u{202e}b\u{0}\nc"), "a\\u{202e}b\\u{0}\nc");
    }
}
