//! Records that carry pieces of longer texts: server-sent events, and lines of JSON.
//!
//! A record is gathered until it ends, since what a string continues may be told behind it; a client cannot use half an
//! event either. A record that is too long for that is read as it comes, with what its beginning told.

use super::deltas::{self, Loose, Plan};
use super::{Json, Sink};
use crate::output::Place;
use crate::strands::LONGEST_WAIT;
use crate::{Meaning, Slot};

/// How records are told apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Framing {
    /// Server-sent events: fields by line, a blank line ends one.
    Sse,
    /// A line is a record, and JSON.
    Lines,
}

pub(crate) struct Events {
    framing: Framing,
    /// Where the record begins that is being gathered.
    start: Option<u64>,
    /// What earlier chunks held of it.
    gathered: Vec<u8>,
    /// It is too long to be gathered: it is read as it comes.
    flows: bool,
    edge: Edge,
    line: Line,
    /// The bytes of a line before it is known what it is, and where they begin.
    head: Vec<u8>,
    head_at: u64,
    /// The byte before was a carriage return that ended a line.
    after_return: bool,
    event: Vec<u8>,
    payload: Payload,
    json: Json,
    plan: Plan,
    loose: Loose,
    ends: Vec<Vec<u8>>,
    /// What came before it was known what the data are: each byte, and the bytes that spell it.
    blanks: Vec<(u8, u64, u64)>,
    /// Where a line of data ended. That is a line end of the text too, but its bytes are structure.
    break_at: Option<u64>,
}

/// Looks for the ends of records.
#[derive(Default)]
struct Edge {
    /// The line has bytes.
    in_line: bool,
    after_return: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Line {
    Start,
    /// Behind the colon: a blank may follow.
    Colon(Field),
    Data,
    /// A run of its own.
    Other(Field),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Field {
    Data,
    Event,
    Other,
}

/// What consecutive lines of data are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Payload {
    None,
    Undecided,
    Json,
    Text,
}

/// Data that begin with more blanks are text.
const MOST_BLANKS: usize = 32;
/// No field that is known has a longer name.
const LONGEST_NAME: usize = 5;
/// So much of an event's name tells its text from others.
const LONGEST_EVENT: usize = 64;

impl Events {
    pub(crate) fn new(framing: Framing) -> Self {
        Self {
            framing,
            start: None,
            gathered: Vec::new(),
            flows: false,
            edge: Edge::default(),
            line: Line::Start,
            head: Vec::new(),
            head_at: 0,
            after_return: false,
            event: Vec::new(),
            payload: Payload::None,
            json: Json::of_events(),
            plan: Plan::default(),
            loose: Loose::default(),
            ends: Vec::new(),
            blanks: Vec::new(),
            break_at: None,
        }
    }

    pub(crate) fn feed(&mut self, sink: &mut Sink<'_>) {
        let (chunk, base) = (sink.chunk, sink.base);
        let mut at = sink.from;
        while at < chunk.len() {
            let begun = *self.start.get_or_insert(base + at as u64);
            let gathered = base + at as u64 - begun;
            let room = if self.flows { u64::MAX } else { LONGEST_WAIT.saturating_sub(gathered) };
            let to = usize::try_from(room).map_or(chunk.len(), |room| chunk.len().min(at.saturating_add(room)));
            let (len, ended) = self.edge.find(chunk.get(at..to).unwrap_or_default(), self.framing);
            let end = at + len;
            if self.flows {
                let mut part = sink.over(chunk.get(..end).unwrap_or_default(), base);
                part.from = at;
                self.read(&mut part);
            } else if ended || gathered + len as u64 >= LONGEST_WAIT {
                self.read_gathered(sink, end);
                self.flows = !ended;
            }
            at = end;
            if ended {
                self.end_record(&mut sink.over(chunk.get(..end).unwrap_or_default(), base));
            }
        }
    }

    pub(crate) fn end(&mut self, sink: &mut Sink<'_>) {
        if self.start.is_some() && !self.flows {
            self.read_gathered(sink, 0);
        }
        self.end_record(sink);
        self.edge = Edge::default();
        self.after_return = false;
        sink.close_strands(&[]);
        sink.record(sink.base);
    }

    /// Copies what was gathered, as the chunk goes away.
    pub(crate) fn park(&mut self, sink: &mut Sink<'_>) {
        sink.gather(self.start.filter(|_| !self.flows), &mut self.gathered);
        sink.expire(sink.base + sink.chunk.len() as u64);
    }

    /// Reads the record that was gathered, which goes on to `end` of the chunk.
    fn read_gathered(&mut self, sink: &mut Sink<'_>, end: usize) {
        let Some(start) = self.start else { return };
        let here = sink.chunk.get(..end).unwrap_or_default();
        sink.expire(sink.base + end as u64);
        if self.gathered.is_empty() {
            let mut whole = sink.over(here, sink.base);
            whole.from = usize::try_from(start - whole.base).unwrap_or(usize::MAX);
            self.read(&mut whole);
        } else {
            let mut record = std::mem::take(&mut self.gathered);
            record.extend_from_slice(here);
            sink.out.stats.copied += here.len() as u64;
            let mut whole = sink.over(&record, start);
            self.read(&mut whole);
            whole.park();
            record.clear();
            self.gathered = record;
        }
    }

    /// Reads the chunk, all of which belongs to one record.
    fn read(&mut self, sink: &mut Sink<'_>) {
        let mut at = sink.from;
        while at < sink.chunk.len() {
            at = match self.line {
                Line::Start if self.framing == Framing::Lines => {
                    self.begin_data(sink, at);
                    at
                }
                Line::Start => self.start_line(sink, at),
                Line::Colon(field) => self.colon(sink, at, field),
                Line::Data => self.data(sink, at),
                Line::Other(field) => self.other(sink, at, field),
            };
        }
    }

    /// The record ends with the sink's chunk.
    fn end_record(&mut self, sink: &mut Sink<'_>) {
        if !self.head.is_empty() {
            self.unknown(sink);
        }
        if let Line::Other(_) = self.line {
            sink.close();
        }
        let end = sink.chunk.len();
        self.end_payload(sink, end);
        self.line = Line::Start;
        self.event.clear();
        (self.start, self.flows) = (None, false);
        sink.record(sink.base + end as u64);
    }

    fn start_line(&mut self, sink: &mut Sink<'_>, at: usize) -> usize {
        let Some(&byte) = sink.chunk.get(at) else { return at };
        let raw = sink.base + at as u64;
        let next = at + 1;
        if std::mem::take(&mut self.after_return) && byte == b'\n' {
            return next;
        }
        match (byte, self.head.as_slice()) {
            // The record ends, which is found elsewhere.
            (b'\r' | b'\n', b"") => self.after_return = byte == b'\r',
            (b'\r' | b'\n', b"data") => {
                self.head.clear();
                self.begin_data(sink, at);
                return at;
            }
            (b'\r' | b'\n', _) => {
                self.unknown(sink);
                return at;
            }
            (b':', b"data") => self.line = Line::Colon(Field::Data),
            (b':', b"event") => self.line = Line::Colon(Field::Event),
            (b':', b"id" | b"retry") => self.line = Line::Colon(Field::Other),
            (b':', b"") => {
                self.end_payload(sink, at);
                self.open_other(sink, Field::Other, false);
            }
            (_, head) => {
                if head.is_empty() {
                    self.head_at = raw;
                }
                self.head.push(byte);
                if self.head_at == 0 && self.head == [0xef, 0xbb, 0xbf] {
                    self.head.clear();
                } else if byte == b':' || self.head.len() > LONGEST_NAME {
                    self.unknown(sink);
                }
                return next;
            }
        }
        self.head.clear();
        next
    }

    /// The line has no field that is known: it is text, from its first byte on.
    fn unknown(&mut self, sink: &mut Sink<'_>) {
        let head = std::mem::take(&mut self.head);
        let at = usize::try_from(self.head_at.saturating_sub(sink.base)).unwrap_or_default();
        self.end_payload(sink, at);
        self.open_other(sink, Field::Other, true);
        sink.decoded(&head, self.head_at..self.head_at + head.len() as u64, false);
    }

    fn open_other(&mut self, sink: &mut Sink<'_>, field: Field, whole: bool) {
        sink.open(Place { slot: Slot::Line { whole }, ..Place::default() }, Meaning::default());
        self.line = Line::Other(field);
    }

    fn colon(&mut self, sink: &mut Sink<'_>, at: usize, field: Field) -> usize {
        let blank = sink.chunk.get(at) == Some(&b' ');
        let next = at + usize::from(blank);
        match field {
            Field::Data => self.begin_data(sink, next),
            Field::Event | Field::Other => {
                self.end_payload(sink, at);
                if field == Field::Event {
                    self.event.clear();
                }
                self.open_other(sink, field, false);
            }
        }
        next
    }

    fn other(&mut self, sink: &mut Sink<'_>, at: usize, field: Field) -> usize {
        let rest = sink.chunk.get(at..).unwrap_or_default();
        let len = memchr::memchr2(b'\r', b'\n', rest);
        let end = at + len.unwrap_or(rest.len());
        if field == Field::Event {
            let room = LONGEST_EVENT.saturating_sub(self.event.len());
            let name = sink.chunk.get(at..end).unwrap_or_default();
            self.event.extend(name.iter().take(room));
        }
        if end > at {
            sink.text(at..end, len.is_some());
        } else if len.is_some() {
            sink.close();
        }
        self.end_line(sink, end)
    }

    /// Behind the line's last byte, at `end` of the chunk, if it has come.
    fn end_line(&mut self, sink: &Sink<'_>, end: usize) -> usize {
        let Some(&byte) = sink.chunk.get(end) else { return end };
        self.line = Line::Start;
        self.after_return = byte == b'\r';
        end + 1
    }

    /// A line of data begins at `at`.
    fn begin_data(&mut self, sink: &mut Sink<'_>, at: usize) {
        self.line = Line::Data;
        if self.payload == Payload::None {
            let rest = sink.chunk.get(at..).unwrap_or_default();
            self.plan = match self.framing {
                Framing::Sse => deltas::plan(&payload(rest)),
                Framing::Lines => deltas::plan(rest.split(|&byte| byte == b'\n').next().unwrap_or_default()),
            };
            if self.framing == Framing::Sse {
                for key in self.loose.follow(&mut self.plan) {
                    sink.close_strands(&key);
                }
            }
            self.ends = std::mem::take(&mut self.plan.ends);
            self.payload = Payload::Undecided;
            if self.framing == Framing::Lines {
                self.begin_json();
            }
        } else if let Some(end) = self.break_at.take() {
            match self.payload {
                Payload::None => {}
                Payload::Undecided => self.blanks.push((b'\n', end, end)),
                Payload::Json => self.json.line_end(sink, end),
                Payload::Text => {
                    self.resume_text(sink, end);
                    sink.decoded(b"\n", end..end, false);
                }
            }
        }
    }

    fn begin_json(&mut self) {
        self.payload = Payload::Json;
        self.json.expect(std::mem::take(&mut self.plan));
        self.blanks.clear();
    }

    /// Data are the text that goes on.
    fn begin_text(&mut self, sink: &mut Sink<'_>, at: u64) {
        self.payload = Payload::Text;
        self.resume_text(sink, self.blanks.first().map_or(at, |blank| blank.1));
        for (byte, start, end) in self.blanks.drain(..) {
            sink.decoded(&[byte], start..end, false);
        }
    }

    fn resume_text(&self, sink: &mut Sink<'_>, at: u64) {
        if !sink.strands.is_active() {
            let begin = |sink: &mut Sink<'_>| {
                sink.open(Place { slot: Slot::Line { whole: false }, ..Place::default() }, Meaning::default());
            };
            sink.resume(&deltas::text_key(&self.event), at, Some(&begin));
        }
    }

    /// In a line of data.
    fn data(&mut self, sink: &mut Sink<'_>, at: usize) -> usize {
        let mut at = at;
        let rest = sink.chunk.get(at..).unwrap_or_default();
        let len = match self.framing {
            Framing::Sse => memchr::memchr2(b'\r', b'\n', rest),
            Framing::Lines => memchr::memchr(b'\n', rest),
        };
        let end = at + len.unwrap_or(rest.len());
        while self.payload == Payload::Undecided && at < end {
            let raw = sink.base + at as u64;
            match sink.chunk.get(at) {
                Some(&byte @ (b' ' | b'\t')) if self.blanks.len() < MOST_BLANKS => {
                    self.blanks.push((byte, raw, raw + 1));
                    at += 1;
                }
                Some(b'{' | b'[') => self.begin_json(),
                Some(b'"') if self.plan.is_string => self.begin_json(),
                _ => self.begin_text(sink, raw),
            }
        }
        if at < end && self.payload == Payload::Json {
            let mut part = sink.over(sink.chunk.get(..end).unwrap_or_default(), sink.base);
            part.from = at;
            self.json.feed(&mut part);
        } else if at < end {
            self.resume_text(sink, sink.base + at as u64);
            sink.text(at..end, false);
        }
        if len.is_some() {
            if self.payload == Payload::Text {
                sink.suspend();
            }
            self.break_at = Some(sink.base + end as u64);
        }
        self.end_line(sink, end)
    }

    /// The data end before `at` of the chunk.
    fn end_payload(&mut self, sink: &mut Sink<'_>, at: usize) {
        if self.payload == Payload::Undecided && !self.blanks.is_empty() {
            self.begin_text(sink, sink.base);
        }
        match self.payload {
            Payload::None => return,
            Payload::Undecided => {}
            Payload::Json => self.json.end(&mut sink.over(sink.chunk.get(..at).unwrap_or_default(), sink.base)),
            Payload::Text => sink.suspend(),
        }
        self.payload = Payload::None;
        self.break_at = None;
        for prefix in std::mem::take(&mut self.ends) {
            sink.close_strands(&prefix);
        }
    }
}

impl Edge {
    /// How many of `bytes` belong to the record, and whether it ends with them.
    fn find(&mut self, bytes: &[u8], framing: Framing) -> (usize, bool) {
        if framing == Framing::Lines {
            return memchr::memchr(b'\n', bytes).map_or((bytes.len(), false), |len| (len + 1, true));
        }
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            let second = std::mem::take(&mut self.after_return) && byte == b'\n';
            match byte {
                b'\n' if second => {}
                b'\r' | b'\n' => {
                    self.after_return = byte == b'\r';
                    if !std::mem::take(&mut self.in_line) {
                        return (at + 1, true);
                    }
                }
                _ => {
                    self.in_line = true;
                    let rest = bytes.get(at..).unwrap_or_default();
                    at += memchr::memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
                    continue;
                }
            }
            at += 1;
        }
        (bytes.len(), false)
    }
}

/// The data that begin in the middle of a line, joined with those of the lines that follow.
fn payload(rest: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    let mut lines = Lines { rest };
    let first = lines.next().unwrap_or_default();
    let mut all = std::borrow::Cow::Borrowed(first);
    for line in lines {
        let value = match line.strip_prefix(b"data:") {
            Some(value) => value.strip_prefix(b" ").unwrap_or(value),
            None if line == b"data" => b"",
            None => break,
        };
        let all = all.to_mut();
        all.push(b'\n');
        all.extend_from_slice(value);
    }
    all
}

/// Lines, however they end.
struct Lines<'t> {
    rest: &'t [u8],
}

impl<'t> Iterator for Lines<'t> {
    type Item = &'t [u8];

    fn next(&mut self) -> Option<&'t [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let len = memchr::memchr2(b'\r', b'\n', self.rest).unwrap_or(self.rest.len());
        let line = self.rest.get(..len)?;
        let end = if self.rest.get(len..len + 2) == Some(b"\r\n") { 2 } else { 1 };
        self.rest = self.rest.get(len + end..).unwrap_or_default();
        Some(line)
    }
}
