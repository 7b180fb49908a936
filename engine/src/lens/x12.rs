//! X12 interchanges (837, 835, 270 and their kin): every element is a run, or every component of one.
//!
//! The interchange header says what separates. Its elements are padded to a fixed length, though some writers leave that
//! out. An element's field is its segment, its number, and what qualifies it: the entity that the loop is about, or the
//! code that stands before the value.

use std::io::Write as _;
use std::ops::Range;

use super::Sink;
use crate::output::Place;
use crate::{Meaning, Separators, Slot};

/// The length of an interchange header with its terminator; what is not padded is shorter.
pub(super) const HEADER: usize = 106;
/// The elements of a header before the one that is a separator.
const HEADER_ELEMENTS: usize = 15;
/// Longer values are no subject of care.
const LONGEST_CAPTURE: usize = 256;
/// Longer values qualify nothing.
pub(crate) const LONGEST_QUALIFIER: usize = 4;

/// What interchanges use that say nothing else.
pub(crate) const USUAL: Separators =
    Separators { field: b'*', component: b':', repetition: b'^', escape: 0, subcomponent: 0, terminator: b'~' };

pub(crate) struct X12 {
    separators: Separators,
    state: State,
    /// The name of the current segment.
    segment: Vec<u8>,
    element: usize,
    component: usize,
    place: Qualified,
    captured: Vec<u8>,
    is_subject: bool,
    /// The beginning of a segment, until it is known what it is.
    pending: Vec<u8>,
    pending_at: u64,
    name: Vec<u8>,
}

/// What qualifies the elements to come: shared with the reader of whole documents, as it is a matter of tables.
#[derive(Clone, Debug, Default)]
pub(crate) struct Qualified {
    /// The entity that the current loop is about, and whether it is a person (`1`) or not (`2`).
    entity: Vec<u8>,
    entity_type: Vec<u8>,
    /// The first element of the current segment.
    first: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// At the beginning of a segment.
    Start,
    /// In an interchange header.
    Header,
    /// Before a value.
    Before,
    /// In a value.
    Value,
    /// In something that is no segment.
    Text,
}

impl Default for X12 {
    fn default() -> Self {
        Self {
            separators: USUAL,
            state: State::Start,
            segment: Vec::new(),
            element: 0,
            component: 1,
            place: Qualified::default(),
            captured: Vec::new(),
            is_subject: false,
            pending: Vec::new(),
            pending_at: 0,
            name: Vec::new(),
        }
    }
}

impl X12 {
    pub(crate) fn feed(&mut self, sink: &mut Sink<'_>) {
        let mut at = sink.from;
        while let Some(&byte) = sink.chunk.get(at) {
            at = match self.state {
                State::Start => self.start(sink, at, byte),
                State::Header => self.header(sink, at, byte),
                State::Before => self.before(sink, at, byte),
                State::Value => self.value(sink, at),
                State::Text => self.text(sink, at),
            };
        }
    }

    pub(crate) fn end(&mut self, sink: &mut Sink<'_>) {
        match self.state {
            State::Start | State::Header if !self.pending.is_empty() => {
                self.open_text(sink);
                sink.close();
            }
            State::Start | State::Header | State::Before => {}
            State::Value => self.close(sink),
            State::Text => sink.close(),
        }
        self.state = State::Start;
        self.place = Qualified::default();
        sink.record(sink.base + sink.chunk.len() as u64);
    }

    /// Collects the beginning of a segment until it is known to be one.
    fn start(&mut self, sink: &mut Sink<'_>, at: usize, byte: u8) -> usize {
        let here = sink.base + at as u64;
        let Separators { field, terminator, .. } = self.separators;
        if self.pending.is_empty() {
            if byte.is_ascii_whitespace() || byte == terminator || super::in_mark(here, byte) {
                sink.structure(here + 1);
                return at + 1;
            }
            self.pending_at = here;
        }
        if self.pending == b"ISA" && is_sign(byte) {
            self.pending.push(byte);
            self.state = State::Header;
            return at + 1;
        }
        let named = self.pending.len() >= 2;
        if named && (byte == field || byte == terminator) {
            self.enter(sink);
            sink.structure(here + 1);
            self.state = if byte == field { State::Before } else { State::Start };
        } else if self.pending.len() < 3 && in_name(byte, self.pending.len()) {
            self.pending.push(byte);
        } else {
            self.open_text(sink);
            return at;
        }
        at + 1
    }

    /// A segment begins, whose name is pending.
    fn enter(&mut self, sink: &mut Sink<'_>) {
        self.segment = std::mem::take(&mut self.pending);
        self.element = 1;
        self.component = 1;
        if self.place.enter(&self.segment) {
            sink.record(self.pending_at);
        }
    }

    fn header(&mut self, sink: &mut Sink<'_>, at: usize, byte: u8) -> usize {
        self.pending.push(byte);
        let (separators, elements) = match header(&self.pending) {
            Header::More => return at + 1,
            Header::Broken => {
                self.open_text(sink);
                return at + 1;
            }
            Header::Whole(separators, elements) => (separators, elements),
        };
        self.separators = separators;
        sink.record(self.pending_at);
        let header = std::mem::take(&mut self.pending);
        for (i, (from, len)) in elements.into_iter().enumerate() {
            let value = header.get(from..from + len).unwrap_or_default();
            if value.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let raw = self.pending_at + from as u64;
            sink.structure(raw);
            (self.segment, self.element, self.component) = (b"ISA".to_vec(), i + 1, 1);
            self.place.first.clear();
            self.open(sink, Slot::Fixed(separators));
            self.is_subject = false;
            sink.decoded(value, raw..raw + len as u64, true);
        }
        self.place = Qualified::default();
        sink.structure(self.pending_at + header.len() as u64);
        self.state = State::Start;
        at + 1
    }

    /// What is pending begins something that is no segment.
    fn open_text(&mut self, sink: &mut Sink<'_>) {
        sink.structure(self.pending_at);
        sink.open(Place { slot: Slot::Segment(self.separators), ..Place::default() }, Meaning::default());
        let pending = std::mem::take(&mut self.pending);
        if !pending.is_empty() {
            sink.decoded(&pending, self.pending_at..self.pending_at + pending.len() as u64, false);
        } else {
            self.pending_at = sink.base;
        }
        self.state = State::Text;
    }

    fn text(&mut self, sink: &mut Sink<'_>, at: usize) -> usize {
        let rest = sink.chunk.get(at..).unwrap_or_default();
        match memchr::memchr(self.separators.terminator, rest) {
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
        let Separators { field, component, repetition, terminator, .. } = self.separators;
        let free = is_free(&self.segment, self.element);
        if byte == field {
            self.element += 1;
            self.component = 1;
        } else if byte == terminator {
            self.state = State::Start;
        } else if byte == component && !free {
            self.component += 1;
        } else if byte == repetition && byte != 0 && !free {
            self.component = 1;
        } else {
            sink.structure(sink.base + at as u64);
            self.open(sink, Slot::Segment(self.separators));
            self.state = State::Value;
            return at;
        }
        if at + 1 == sink.chunk.len() {
            sink.structure(sink.base + at as u64 + 1);
        }
        at + 1
    }

    fn open(&mut self, sink: &mut Sink<'_>, slot: Slot) {
        self.name.clear();
        // Writing to memory does not fail.
        let _ = self.name.write_all(&self.segment);
        let _ = write!(self.name, "-{:02}", self.element);
        let end = self.name.len();
        let _ = write!(self.name, "{}", self.component);
        let qualifier = self.place.qualifier(&self.segment);
        let (field, component) = self.name.split_at(end);
        let number = field.get(self.segment.len() + 1..).unwrap_or_default();
        let names = [field, component];
        let names = names.get(..if self.component > 1 { 2 } else { 1 }).unwrap_or_default();
        let typed = [&self.segment[..], &qualifier, number, component];
        let info = sink.paths.info(names, Some(&typed), &|_| false, sink.compiled, sink.out.rules());
        self.captured.clear();
        self.is_subject = info.subject;
        sink.open_field(slot, Some(&info), 0);
    }

    fn value(&mut self, sink: &mut Sink<'_>, at: usize) -> usize {
        let Separators { field, component, repetition, terminator, .. } = self.separators;
        let free = is_free(&self.segment, self.element);
        let stops = |byte: &u8| {
            let part = *byte == component || (*byte == repetition && repetition != 0);
            *byte == field || *byte == terminator || (part && !free)
        };
        let rest = sink.chunk.get(at..).unwrap_or_default();
        let len = rest.iter().position(stops);
        let end = len.map_or(sink.chunk.len(), |len| at + len);
        if self.captured.len() <= LONGEST_CAPTURE {
            self.captured.extend(rest.iter().take(end - at).take(LONGEST_CAPTURE + 1));
        }
        if len.is_some() {
            finish(sink, at..end);
            self.closed(sink);
        } else {
            sink.text(at..end, false);
        }
        end
    }

    fn close(&mut self, sink: &mut Sink<'_>) {
        sink.close();
        self.closed(sink);
    }

    fn closed(&mut self, sink: &mut Sink<'_>) {
        self.state = State::Before;
        self.place.note(&self.segment, self.element, self.component, &self.captured);
        if std::mem::take(&mut self.is_subject) && self.captured.len() <= LONGEST_CAPTURE {
            sink.out.learn_subject(&self.captured);
        }
    }
}

impl Qualified {
    /// A segment begins; says whether a record does.
    pub(crate) fn enter(&mut self, segment: &[u8]) -> bool {
        self.first.clear();
        let record = matches!(segment, b"GS" | b"ST" | b"HL" | b"CLP" | b"INS" | b"SE" | b"GE" | b"IEA");
        if record || matches!(segment, b"CLM" | b"LX") {
            self.entity.clear();
            self.entity_type.clear();
        }
        record
    }

    /// A value was read.
    pub(crate) fn note(&mut self, segment: &[u8], element: usize, component: usize, value: &[u8]) {
        let short = if value.len() <= LONGEST_QUALIFIER { value } else { b"" };
        match (element, component) {
            (1, 1) => {
                self.first = short.to_vec();
                if matches!(segment, b"NM1" | b"N1") {
                    self.entity = short.to_vec();
                    self.entity_type.clear();
                }
            }
            (2, 1) if segment == b"NM1" => self.entity_type = short.to_vec(),
            _ => {}
        }
    }

    /// The entity and its type for what tells about one; for others the code that the segment begins with.
    pub(crate) fn qualifier(&self, segment: &[u8]) -> Vec<u8> {
        match segment {
            b"NM1" => [&self.entity[..], b"/", &self.entity_type].concat(),
            b"N1" | b"N2" | b"N3" | b"N4" | b"PER" | b"DMG" => self.entity.clone(),
            _ => self.first.clone(),
        }
    }
}

/// Whether an element is prose.
pub(crate) fn is_free(segment: &[u8], element: usize) -> bool {
    matches!((segment, element), (b"NTE", 2) | (b"MSG", 1) | (b"K3", 1) | (b"PWK", 7))
}

fn in_name(byte: u8, position: usize) -> bool {
    byte.is_ascii_uppercase() || (position > 0 && byte.is_ascii_digit())
}

/// What the first bytes of a header say.
pub(crate) enum Header {
    /// It may go on.
    More,
    /// It is none, which shows at the last byte.
    Broken,
    /// It ends with the last byte: its separators, and where its elements begin and how long they are.
    Whole(Separators, Vec<(usize, usize)>),
}

/// Judges the beginning of a header, which was judged without its last byte before.
pub(crate) fn header(bytes: &[u8]) -> Header {
    let Some(&field) = bytes.get(3) else { return Header::More };
    let mut elements = Vec::with_capacity(HEADER_ELEMENTS);
    let mut at = 4;
    while elements.len() < HEADER_ELEMENTS
        && let Some(len) = bytes.get(at..).and_then(|rest| memchr::memchr(field, rest))
    {
        elements.push((at, len));
        at += len + 1;
    }
    let (component, terminator) = (bytes.get(at), bytes.get(at + 1));
    let (HEADER_ELEMENTS, Some(&component), Some(&terminator)) = (elements.len(), component, terminator) else {
        return if bytes.len() < HEADER { Header::More } else { Header::Broken };
    };
    let element = |i: usize| elements.get(i).and_then(|(from, len)| bytes.get(*from..from + len)).unwrap_or_default();
    let ends = |byte: u8| is_sign(byte) || matches!(byte, b'\n' | b'\r');
    let apart = field != component && component != terminator && field != terminator;
    let version = element(11);
    let versioned = (1..=5).contains(&version.len()) && version.iter().all(u8::is_ascii_digit);
    if !(is_sign(component) && ends(terminator) && apart && versioned) {
        return Header::Broken;
    }
    // Older versions have a letter there, for the standards that they follow.
    let repetition = match element(10) {
        [sign] if is_sign(*sign) && ![field, component, terminator].contains(sign) => *sign,
        _ => 0,
    };
    let separators = Separators { field, component, repetition, escape: 0, subcomponent: 0, terminator };
    Header::Whole(separators, elements)
}

/// Whether a byte may separate: signs, and the separators of ASCII.
pub(crate) fn is_sign(byte: u8) -> bool {
    byte.is_ascii_punctuation() || matches!(byte, 0x1c..=0x1f)
}

/// Ends a run with `range`.
fn finish(sink: &mut Sink<'_>, range: Range<usize>) {
    if range.is_empty() {
        sink.close();
    } else {
        sink.text(range, true);
    }
}
