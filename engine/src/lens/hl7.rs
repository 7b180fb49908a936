//! HL7 version 2: every value between separators is a run, and its place in its segment is its field.
//!
//! The header of each message says what separates. Escapes are seen through. Free text is one run whatever separators it
//! holds. A line that is no segment is read as text.

use std::io::Write as _;
use std::ops::Range;
use std::sync::Arc;

use super::Sink;
use super::inside::Inside;
use super::paths::PathInfo;
use crate::output::Place;
use crate::{ByteSet, Meaning, Separators, Slot};

/// The longest escape, with its marks: hexadecimal digits take two bytes for each that they spell.
pub(super) const LONGEST_ESCAPE: usize = 66;
/// The longest escape that stands for one byte.
pub(super) const LONGEST_SHORT: usize = 10;
/// The encoding characters of a header, at most.
const MOST_SEPARATORS: usize = 5;
/// Longer values are no subject of care.
const LONGEST_CAPTURE: usize = 256;
/// What ends a segment: line ends and the frame of the lower layer.
const ENDS: ByteSet = ByteSet::of(b"\r\n\x0b\x1c");
/// What an escape holds.
const IN_ESCAPE: ByteSet = ByteSet::ALNUM.or(ByteSet::of(b".+-"));

pub(crate) struct Hl7 {
    separators: Separators,
    /// What a value ends at, or where something else than itself is spelt.
    stops: ByteSet,
    state: State,
    /// The name of the current segment.
    segment: [u8; 3],
    field: usize,
    component: usize,
    /// What OBX-2 says of OBX-5.
    value_type: Vec<u8>,
    info: Option<Arc<PathInfo>>,
    captured: Vec<u8>,
    capture: Capture,
    /// The beginning of a line or of an escape, until it is known what it is.
    pending: Vec<u8>,
    pending_at: u64,
    name: Vec<u8>,
    /// What the current value is.
    inside: Inside,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// At the beginning of a line.
    Start,
    /// Before a value.
    Before,
    /// In a value; its text may hold separators.
    Value { free: bool },
    /// In an escape of a value.
    Escape { free: bool },
    /// In a line that is no segment.
    Line,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Capture {
    Nothing,
    ValueType,
    Subject,
    TooLong,
}

impl Default for Hl7 {
    fn default() -> Self {
        Self {
            separators: Separators::HL7,
            stops: Separators::HL7.set().or(ENDS),
            state: State::Start,
            segment: [0; 3],
            field: 0,
            component: 1,
            value_type: Vec::new(),
            info: None,
            captured: Vec::new(),
            capture: Capture::Nothing,
            pending: Vec::new(),
            pending_at: 0,
            name: Vec::new(),
            inside: Inside::default(),
        }
    }
}

impl Hl7 {
    pub(crate) fn feed(&mut self, sink: &mut Sink<'_>) {
        let mut at = sink.from;
        while let Some(&byte) = sink.chunk.get(at) {
            at = match self.state {
                State::Start => self.start(sink, at, byte),
                State::Before => self.before(sink, at, byte),
                State::Value { free } => self.value(sink, at, free),
                State::Escape { free } => self.escape(sink, at, byte, free),
                State::Line => self.line(sink, at),
            };
        }
    }

    pub(crate) fn end(&mut self, sink: &mut Sink<'_>) {
        match self.state {
            State::Start if !self.pending.is_empty() => {
                self.open_line(sink);
                sink.close();
            }
            State::Start | State::Before => {}
            State::Escape { .. } => {
                self.spill(sink);
                self.close(sink);
            }
            State::Value { .. } => self.close(sink),
            State::Line => sink.close(),
        }
        self.state = State::Start;
        sink.record(sink.base + sink.chunk.len() as u64);
    }

    /// Collects the beginning of a line until it is known to be a segment, a header, or neither.
    fn start(&mut self, sink: &mut Sink<'_>, at: usize, byte: u8) -> usize {
        let here = sink.base + at as u64;
        if self.pending.is_empty() {
            // A byte order mark has no content, nor have frames and empty lines.
            if ENDS.has(byte) || super::in_mark(here, byte) {
                sink.structure(here + 1);
                return at + 1;
            }
            self.pending_at = here;
        }
        self.pending.push(byte);
        match begin(&self.pending, self.separators.field) {
            Begin::More => {}
            Begin::Segment => {
                self.enter(0);
                sink.structure(here + 1);
            }
            Begin::Header(separators) => {
                self.separators = separators;
                self.stops = separators.set().or(ENDS);
                sink.record(self.pending_at);
                self.enter(2);
                // What ended the encoding characters is looked at again.
                sink.structure(here);
                return at;
            }
            Begin::Trailer => {
                sink.record(self.pending_at);
                self.enter(0);
                sink.structure(here + 1);
            }
            Begin::Text => {
                // The last byte may end the line.
                self.pending.pop();
                self.open_line(sink);
                return at;
            }
        }
        at + 1
    }

    /// The values of a segment follow; `field` of them are behind.
    fn enter(&mut self, field: usize) {
        for (to, from) in self.segment.iter_mut().zip(&self.pending) {
            *to = *from;
        }
        self.pending.clear();
        // The separator behind the name was read, that behind the encoding characters was not.
        self.field = field + usize::from(field == 0);
        self.component = 1;
        self.value_type.clear();
        self.info = None;
        self.state = State::Before;
    }

    fn open_line(&mut self, sink: &mut Sink<'_>) {
        let slot = Slot::Segment(self.separators);
        sink.structure(self.pending_at);
        sink.open(Place { slot, ..Place::default() }, Meaning::default());
        let pending = std::mem::take(&mut self.pending);
        if !pending.is_empty() {
            sink.decoded(&pending, self.pending_at..self.pending_at + pending.len() as u64, false);
        }
        self.state = State::Line;
    }

    fn line(&mut self, sink: &mut Sink<'_>, at: usize) -> usize {
        let rest = sink.chunk.get(at..).unwrap_or_default();
        match rest.iter().position(|byte| ENDS.has(*byte)) {
            Some(len) => {
                finish(sink, at..at + len);
                self.state = State::Start;
                at + len
            }
            None => {
                sink.text(at..sink.chunk.len(), false);
                sink.chunk.len()
            }
        }
    }

    /// Between values.
    fn before(&mut self, sink: &mut Sink<'_>, at: usize, byte: u8) -> usize {
        let Separators { field, component, repetition, subcomponent, .. } = self.separators;
        let free = self.is_free() || byte == 0;
        if byte == field {
            self.field += 1;
            self.component = 1;
        } else if ENDS.has(byte) {
            self.state = State::Start;
        } else if byte == component && !free {
            self.component += 1;
        } else if byte == repetition && !free {
            self.component = 1;
        } else if byte != subcomponent || free {
            sink.structure(sink.base + at as u64);
            self.open(sink, self.is_free());
            return at;
        }
        if at + 1 == sink.chunk.len() {
            sink.structure(sink.base + at as u64 + 1);
        }
        at + 1
    }

    /// Whether the current field is prose, in which separators are signs like others.
    fn is_free(&self) -> bool {
        is_free(self.segment, self.field, &self.value_type)
    }

    fn open(&mut self, sink: &mut Sink<'_>, free: bool) {
        self.name.clear();
        let at = self.segment.len() + 1;
        // Writing to memory does not fail.
        let _ = self.name.write_all(&self.segment);
        let _ = write!(self.name, "-{}", self.field);
        let end = self.name.len();
        let _ = write!(self.name, "{}", self.component);
        let (field, component) = self.name.split_at(end);
        let number = field.get(at..).unwrap_or_default();
        let names = [field, component];
        let typed = [&self.segment[..], number, component, &self.value_type];
        let is_typed = self.segment == *b"OBX" && self.field == 5 && !self.value_type.is_empty();
        let typed = typed.get(..if is_typed { 4 } else { 3 });
        let info = sink.paths.info(&names, typed, &|_| false, sink.compiled, sink.out.rules());
        self.captured.clear();
        self.capture = if self.segment == *b"OBX" && self.field == 2 {
            Capture::ValueType
        } else if info.subject {
            Capture::Subject
        } else {
            Capture::Nothing
        };
        let slot = Slot::Segment(self.separators);
        if self.segment == *b"OBX" && self.field == 5 && !free {
            // Documents and images travel as results.
            self.inside.open(sink, slot, 0, Some(Arc::clone(&info)));
        } else {
            sink.open_field(slot, Some(&info), 0);
            self.inside.opened();
        }
        self.info = Some(info);
        self.state = State::Value { free };
    }

    fn value(&mut self, sink: &mut Sink<'_>, at: usize, free: bool) -> usize {
        let rest = sink.chunk.get(at..).unwrap_or_default();
        let Some(len) = rest.iter().position(|byte| self.stops.has(*byte)) else {
            self.plain(sink, at..sink.chunk.len());
            return sink.chunk.len();
        };
        let end = at + len;
        let byte = rest.get(len).copied().unwrap_or_default();
        let here = sink.base + end as u64;
        let Separators { field, escape, component, repetition, .. } = self.separators;
        if byte == escape {
            self.plain(sink, at..end);
            self.pending.clear();
            self.pending.push(byte);
            self.pending_at = here;
            self.state = State::Escape { free };
            return end + 1;
        }
        if free && byte != field && !ENDS.has(byte) {
            self.plain(sink, at..end);
            let sign = if byte == component { b' ' } else { byte };
            let sign = if byte == repetition { b'\n' } else { sign };
            self.note(&[sign]);
            self.inside.decoded(sink, &[sign], here..here + 1);
            return end + 1;
        }
        self.note(sink.chunk.get(at..end).unwrap_or_default());
        self.inside.text(sink, at..end, true);
        self.closed(sink);
        end
    }

    fn plain(&mut self, sink: &mut Sink<'_>, range: Range<usize>) {
        if !range.is_empty() {
            self.note(sink.chunk.get(range.clone()).unwrap_or_default());
            self.inside.text(sink, range, false);
        }
    }

    fn note(&mut self, text: &[u8]) {
        if matches!(self.capture, Capture::ValueType | Capture::Subject) {
            if self.captured.len() + text.len() > LONGEST_CAPTURE {
                self.capture = Capture::TooLong;
            } else {
                self.captured.extend_from_slice(text);
            }
        }
    }

    fn close(&mut self, sink: &mut Sink<'_>) {
        self.inside.close(sink);
        self.closed(sink);
    }

    /// The run of a value has ended.
    fn closed(&mut self, sink: &mut Sink<'_>) {
        self.state = State::Before;
        match self.capture {
            Capture::ValueType => self.value_type.clone_from(&self.captured),
            Capture::Subject => sink.out.learn_subject(&self.captured),
            Capture::Nothing | Capture::TooLong => {}
        }
        self.capture = Capture::Nothing;
    }

    /// Collects an escape until its closing mark.
    fn escape(&mut self, sink: &mut Sink<'_>, at: usize, byte: u8, free: bool) -> usize {
        self.state = State::Value { free };
        if byte == self.separators.escape
            && let Some(text) = spelt(self.pending.get(1..).unwrap_or_default(), self.separators)
        {
            self.note(&text);
            let raw = self.pending_at..sink.base + at as u64 + 1;
            self.inside.decoded(sink, &text, raw);
            self.pending.clear();
            return at + 1;
        }
        if IN_ESCAPE.has(byte) && !self.stops.has(byte) && self.pending.len() + 1 < LONGEST_ESCAPE {
            self.pending.push(byte);
            self.state = State::Escape { free };
            return at + 1;
        }
        // The byte that breaks it is looked at again.
        self.spill(sink);
        at
    }

    /// Gives up on an escape: its bytes stand for themselves.
    fn spill(&mut self, sink: &mut Sink<'_>) {
        let bytes = std::mem::take(&mut self.pending);
        self.note(&bytes);
        self.inside.decoded(sink, &bytes, self.pending_at..self.pending_at + bytes.len() as u64);
    }
}

/// Whether a field holds prose.
fn is_free(segment: [u8; 3], field: usize, value_type: &[u8]) -> bool {
    match (&segment, field) {
        (b"NTE", 3) => true,
        (b"OBX", 5) => matches!(value_type, b"TX" | b"FT" | b"ST"),
        _ => false,
    }
}

/// Ends a run with `range`.
fn finish(sink: &mut Sink<'_>, range: Range<usize>) {
    if range.is_empty() {
        sink.close();
    } else {
        sink.text(range, true);
    }
}

enum Begin {
    /// It may become either.
    More,
    /// A name and the separator behind it.
    Segment,
    /// A name that begins a message or a batch, all encoding characters, and the byte behind them.
    Header(Separators),
    /// A name that ends a batch, and the separator behind it.
    Trailer,
    /// No segment, which shows at the last byte.
    Text,
}

/// Judges the beginning of a line, which was judged without its last byte before.
fn begin(line: &[u8], field: u8) -> Begin {
    let Some((name, rest)) = line.split_at_checked(3) else {
        let fits = line.iter().zip(0..).all(|(byte, i)| in_name(*byte, i));
        return if fits { Begin::More } else { Begin::Text };
    };
    let header = matches!(name, b"MSH" | b"FHS" | b"BHS");
    match rest {
        [] if in_name(name.last().copied().unwrap_or_default(), 2) => Begin::More,
        [] => Begin::Text,
        [separator, encoding @ ..] if header && separator.is_ascii_punctuation() => match encoding {
            [] => Begin::More,
            [characters @ .., last] if last == separator || ENDS.has(*last) => {
                Begin::Header(with(*separator, characters))
            }
            [characters @ .., last] if last.is_ascii_punctuation() && characters.len() < MOST_SEPARATORS => Begin::More,
            _ => Begin::Text,
        },
        [separator] if !header && *separator == field => {
            if matches!(name, b"BTS" | b"FTS") {
                Begin::Trailer
            } else {
                Begin::Segment
            }
        }
        _ => Begin::Text,
    }
}

fn in_name(byte: u8, position: usize) -> bool {
    byte.is_ascii_uppercase() || (position > 0 && byte.is_ascii_digit())
}

/// The separators of a header. What it does not name is as usual, as long as it is not taken.
fn with(field: u8, characters: &[u8]) -> Separators {
    let usual = [b'^', b'~', b'\\', b'&'];
    let mut all = usual.map(|byte| if byte == field { 0 } else { byte });
    if !characters.is_empty() {
        for (to, i) in all.iter_mut().zip(0..) {
            *to = characters.get(i).copied().unwrap_or_default();
        }
    }
    let [component, repetition, escape, subcomponent] = all;
    Separators { field, component, repetition, escape, subcomponent, terminator: 0 }
}

/// What the escape with this content stands for.
fn spelt(content: &[u8], separators: Separators) -> Option<Vec<u8>> {
    let Separators { field, component, repetition, escape, subcomponent, .. } = separators;
    let sign = |sign: u8| (sign != 0).then(|| vec![sign]);
    match content {
        b"F" => sign(field),
        b"S" => sign(component),
        b"T" => sign(subcomponent),
        b"R" => sign(repetition),
        b"E" => sign(escape),
        b"P" => sign(b'#'),
        b"H" | b"N" => sign(b' '),
        [b'X', digits @ ..] if !digits.is_empty() => hex(digits),
        // Another character set follows, or ends.
        [b'C' | b'M', digits @ ..] if digits.len() >= 4 && digits.len() + 3 <= LONGEST_SHORT => {
            hex(digits).and_then(|_| sign(b' '))
        }
        [b'.', letters @ ..] if letters.len() + 3 <= LONGEST_SHORT => match letters {
            [b'b', b'r'] | [b's', b'p', ..] | [b'c', b'e'] => sign(b'\n'),
            [b'i', b'n', ..] | [b't', b'i', ..] | [b's', b'k', ..] | [b'f', b'i'] | [b'n', b'f'] => sign(b' '),
            _ => None,
        },
        _ => None,
    }
}

fn hex(digits: &[u8]) -> Option<Vec<u8>> {
    let value = |digit: &u8| char::from(*digit).to_digit(16);
    let byte = |pair: &[u8]| match pair {
        [high, low] => u8::try_from(value(high)? * 16 + value(low)?).ok(),
        _ => None,
    };
    digits.chunks(2).map(byte).collect()
}
