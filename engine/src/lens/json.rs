//! JSON, one text or many: strings are runs, and so are keys and numbers; escapes are seen through.
//!
//! The grammar is followed loosely. Where input stops being JSON, the rest of the line (of NDJSON) or of the input is
//! read as plain text: that finds more than guessing at broken structure would.

mod escape;

use std::ops::Range;
use std::sync::Arc;

use memchr::memchr3;

use self::escape::{Escape, read_escape};
use super::Sink;
use super::deltas::{self, Plan};
use super::inside::Inside;
use super::pairs::{self, Level, Told};
use super::paths::PathInfo;
use crate::output::Place;
use crate::{ANSWER, Meaning, Slot};

/// Nesting beyond this is read as plain text.
const DEEPEST: usize = 512;
/// A longer number or literal is none.
pub(super) const LONGEST_BARE: usize = 64;
/// Longer names of fields mean nothing.
const LONGEST_NAME: usize = 128;
/// Longer values are no subject of care and no type.
const LONGEST_CAPTURE: usize = 256;
/// The innermost names of a path that are looked at.
const DEEPEST_PATH: usize = 32;

pub(crate) struct Json {
    /// A newline ends a record whatever came before.
    lines: bool,
    /// What a text fills that is no JSON.
    broken: Slot,
    state: State,
    stack: Vec<Frame>,
    /// Decoded key or value that is being read, as far as somebody wants to know it.
    captured: Vec<u8>,
    capture: Capture,
    /// Raw bytes of an escape or a bare value that began in an earlier chunk, and where.
    pending: Vec<u8>,
    pending_at: u64,
    /// The strings that go on from text to text.
    plan: Plan,
    /// How many string values have begun in this text.
    strings: u32,
    /// What the current string is.
    inside: Inside,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// Between tokens. A string here is a key when `key` is set.
    Between { key: bool },
    /// In a string.
    String { key: bool },
    /// In an escape of a string.
    Escape { key: bool },
    /// In a number or a literal.
    Bare,
    /// In a number that is too long for one: text up to its end.
    Long,
    /// Not JSON any more.
    Text,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Capture {
    #[default]
    Nothing,
    /// The name of a field.
    Name,
    /// The declared type of an object.
    Type,
    /// What stands in another field.
    Label,
    /// Whose data the record is.
    Subject,
    /// What was read is longer than anybody wants to know.
    TooLong,
}

#[derive(Default)]
struct Frame {
    is_object: bool,
    name: Vec<u8>,
    /// A key of it was read.
    is_named: bool,
    /// The name is itself an identifier, or too long to be looked at: it is not shown and means nothing.
    secret: bool,
    replaced_keys: u32,
    /// The value of its `resourceType`.
    type_name: Vec<u8>,
    /// The element of an array that is being read.
    index: usize,
    /// What it tells of its values.
    told: Option<Box<Told>>,
}

impl Level for Frame {
    fn is_object(&self) -> bool {
        self.is_object
    }

    fn field(&self) -> &[u8] {
        &self.name
    }

    fn index(&self) -> usize {
        self.index
    }

    fn told(&self) -> Option<&Told> {
        self.told.as_deref()
    }

    fn tell(&mut self) -> &mut Told {
        self.told.get_or_insert_default()
    }
}

impl Json {
    pub(crate) fn new(lines: bool) -> Self {
        Self {
            lines,
            broken: Slot::Bare,
            state: State::Between { key: false },
            stack: Vec::new(),
            captured: Vec::new(),
            capture: Capture::Nothing,
            pending: Vec::new(),
            pending_at: 0,
            plan: Plan::default(),
            strings: 0,
            inside: Inside::default(),
        }
    }

    /// For JSON that is the data of an event: it must not break the event's lines.
    pub(crate) fn of_events() -> Self {
        Self { broken: Slot::Line { whole: false }, ..Self::new(false) }
    }

    /// For JSON in a string.
    pub(crate) fn nested() -> Self {
        Self::new(false)
    }

    /// Says which strings of the text that comes next go on from text to text.
    pub(crate) fn expect(&mut self, plan: Plan) {
        self.plan = plan;
    }

    /// Where bytes begin that it has not given to any run yet.
    pub(crate) fn pending_from(&self) -> Option<u64> {
        (!self.pending.is_empty()).then_some(self.pending_at)
    }

    /// The text goes on in another line: one ends at `at`.
    pub(crate) fn line_end(&mut self, sink: &mut Sink<'_>, at: u64) {
        match self.state {
            State::Between { .. } => return,
            State::String { key } => {
                self.close_string(sink, key);
                self.break_off(sink);
            }
            State::Escape { key } => {
                self.spill(sink);
                self.close_string(sink, key);
                self.break_off(sink);
            }
            State::Bare => self.end_bare(sink, None),
            State::Long => {
                sink.close();
                self.state = State::Between { key: false };
            }
            State::Text => {}
        }
        if self.state == State::Text {
            sink.decoded(b"\n", at..at, false);
        }
    }

    pub(crate) fn feed(&mut self, sink: &mut Sink<'_>) {
        let mut at = sink.from;
        while at < sink.chunk.len() {
            at = match self.state {
                State::Between { key } => self.between(sink, at, key),
                State::String { key } => self.string(sink, at, key),
                State::Escape { key } => self.escape(sink, at, key),
                State::Bare => self.bare(sink, at),
                State::Long => self.long(sink, at),
                State::Text => self.text(sink, at),
            };
        }
    }

    pub(crate) fn end(&mut self, sink: &mut Sink<'_>) {
        match self.state {
            State::Between { .. } => {}
            State::String { key } => self.close_string(sink, key),
            State::Escape { key } => {
                self.spill(sink);
                self.close_string(sink, key);
            }
            State::Bare => self.end_bare(sink, None),
            State::Long | State::Text => {}
        }
        if matches!(self.state, State::Long | State::Text) {
            sink.close();
        }
        self.reset();
        sink.record(sink.base + sink.chunk.len() as u64);
    }

    fn reset(&mut self) {
        self.state = State::Between { key: false };
        self.stack.clear();
        self.pending.clear();
        self.plan = Plan::default();
        self.strings = 0;
    }

    fn between(&mut self, sink: &mut Sink<'_>, at: usize, key: bool) -> usize {
        let Some(&byte) = sink.chunk.get(at) else { return at };
        let next = at + 1;
        match byte {
            b'"' => {
                // The quote is structure and leaves before the run begins.
                sink.structure(sink.base + next as u64);
                if key {
                    self.open_key(sink);
                } else {
                    self.open_value(sink, sink.base + next as u64);
                }
                self.state = State::String { key };
            }
            b'{' | b'[' => {
                if self.stack.len() >= DEEPEST {
                    self.break_off(sink);
                    return at;
                }
                let is_object = byte == b'{';
                pairs::opens(&mut self.stack);
                self.stack.push(Frame { is_object, ..Frame::default() });
                self.state = State::Between { key: is_object };
            }
            b'}' | b']' => {
                self.stack.pop();
                self.state = State::Between { key: false };
                if self.stack.is_empty() {
                    sink.record(sink.base + next as u64);
                }
            }
            b',' => {
                let in_object = self.stack.last_mut().is_some_and(|frame| {
                    frame.index += 1;
                    frame.is_object
                });
                self.state = State::Between { key: in_object };
            }
            b':' => self.state = State::Between { key: false },
            b'\n' if self.lines => {
                self.reset();
                sink.record(sink.base + next as u64);
            }
            b' ' | b'\t' | b'\r' | b'\n' => {}
            // A byte order mark, or rather its bytes, may stand before everything.
            0xef | 0xbb | 0xbf if self.stack.is_empty() => {}
            _ => {
                sink.structure(sink.base + at as u64);
                self.state = State::Bare;
                self.pending.clear();
                self.pending_at = sink.base + at as u64;
                return at;
            }
        }
        // Structure is settled, except that it may still wait for a record's subject.
        if next == sink.chunk.len() {
            sink.structure(sink.base + next as u64);
        }
        next
    }

    fn open_key(&mut self, sink: &mut Sink<'_>) {
        self.captured.clear();
        self.capture = Capture::Name;
        let replaced_keys = self.stack.last().map_or(0, |frame| frame.replaced_keys);
        sink.open(Place { slot: Slot::Key, replaced_keys, ..Place::default() }, Meaning::default());
        self.inside.opened();
    }

    fn open_value(&mut self, sink: &mut Sink<'_>, at: u64) {
        let info = self.path(sink);
        self.captured.clear();
        let is_type = self.stack.last().is_some_and(|frame| frame.is_object && names_type(&frame.name));
        self.capture = match &info {
            _ if is_type => Capture::Type,
            Some(info) if info.subject => Capture::Subject,
            _ if pairs::tells(&self.stack) => Capture::Label,
            _ => Capture::Nothing,
        };
        let number = self.strings;
        self.strings += 1;
        let Some(delta) = self.plan.take(number) else {
            self.inside.open(sink, Slot::String, 0, info);
            return;
        };
        // A rule of the profile speaks of the whole text, whatever its format.
        let whole = !delta.nested || info.as_ref().is_some_and(|info| info.rule.is_some());
        let begin = |sink: &mut Sink<'_>| sink.open_field(Slot::String, info.as_ref(), 0);
        sink.resume(&delta.key, at, whole.then_some(&begin));
        self.inside.opened();
    }

    /// What the current field's path means.
    fn path(&self, sink: &mut Sink<'_>) -> Option<Arc<PathInfo>> {
        let mut names: [&[u8]; DEEPEST_PATH] = [b""; DEEPEST_PATH];
        let mut secret = [false; DEEPEST_PATH];
        let mut typed: [&[u8]; DEEPEST_PATH + 1] = [b""; DEEPEST_PATH + 1];
        let named = || self.stack.iter().filter(|frame| frame.is_named);
        let depth = named().count();
        let skipped = depth.saturating_sub(DEEPEST_PATH);
        let shown = depth - skipped;
        let label = pairs::label(&self.stack);
        if shown == 0 && label.is_none() {
            return None;
        }
        let mut type_at = self.plan.is_answer.then_some((0, ANSWER));
        for ((frame, name), (i, secret)) in named().skip(skipped).zip(&mut names).zip(secret.iter_mut().enumerate()) {
            *name = &frame.name;
            *secret = frame.secret;
            if !frame.type_name.is_empty() {
                type_at = Some((i, &*frame.type_name));
            }
        }
        let names = names.get(..shown)?;
        let typed = type_at.and_then(|(from, type_name)| {
            let below = names.get(from..)?;
            *typed.first_mut()? = type_name;
            for (to, name) in typed.iter_mut().skip(1).zip(below) {
                *to = name;
            }
            typed.get(..=below.len())
        });
        let secret = |i: usize| secret.get(i).copied().unwrap_or_default();
        let info = sink.paths.info(names, typed, &secret, sink.compiled, sink.out.rules());
        sink.labelled(Some(info), label)
    }

    /// In a string: text up to its end, an escape, or the end of the chunk.
    fn string(&mut self, sink: &mut Sink<'_>, at: usize, key: bool) -> usize {
        let rest = sink.chunk.get(at..).unwrap_or_default();
        let Some(len) = memchr3(b'"', b'\\', b'\n', rest) else {
            self.plain(sink, at..sink.chunk.len(), false);
            return sink.chunk.len();
        };
        let end = at + len;
        match rest.get(len) {
            Some(b'"') => {
                if len > 0 {
                    self.plain(sink, at..end, true);
                } else {
                    self.inside.close(sink);
                }
                self.string_closed(sink, key);
                end + 1
            }
            Some(b'\\') => {
                if len > 0 {
                    self.plain(sink, at..end, false);
                }
                self.state = State::Escape { key };
                self.pending.clear();
                self.pending_at = sink.base + end as u64;
                end
            }
            _ => {
                // A line end inside a string: this is not JSON.
                if len > 0 {
                    self.plain(sink, at..end, true);
                } else {
                    self.inside.close(sink);
                }
                self.string_closed(sink, key);
                self.break_off(sink);
                end
            }
        }
    }

    fn plain(&mut self, sink: &mut Sink<'_>, range: Range<usize>, last: bool) {
        self.note(sink.chunk.get(range.clone()).unwrap_or_default());
        self.inside.text(sink, range, last);
    }

    fn note(&mut self, text: &[u8]) {
        if matches!(self.capture, Capture::Nothing | Capture::TooLong) {
            return;
        }
        let most = if self.capture == Capture::Name { LONGEST_NAME } else { LONGEST_CAPTURE };
        if self.captured.len() + text.len() > most {
            self.capture = Capture::TooLong;
            self.captured.clear();
        } else {
            self.captured.extend_from_slice(text);
        }
    }

    fn close_string(&mut self, sink: &mut Sink<'_>, key: bool) {
        self.inside.close(sink);
        self.string_closed(sink, key);
    }

    fn string_closed(&mut self, sink: &mut Sink<'_>, key: bool) {
        self.state = State::Between { key: false };
        if let Some(frame) = self.stack.last_mut() {
            if key {
                frame.name.clone_from(&self.captured);
                let found = sink.out.found > 0;
                frame.is_named = true;
                frame.secret = found || self.capture == Capture::TooLong;
                frame.replaced_keys += u32::from(found);
            } else if self.capture == Capture::Type {
                frame.type_name = type_name(&frame.name, &self.captured);
            }
        }
        if !key && self.capture != Capture::Type && pairs::tells(&self.stack) {
            pairs::note(&mut self.stack, if self.capture == Capture::TooLong { b"" } else { &self.captured });
        }
        if self.capture == Capture::Subject {
            sink.out.learn_subject(&self.captured);
        }
        self.capture = Capture::Nothing;
    }

    /// Collects an escape until it is known what it stands for.
    fn escape(&mut self, sink: &mut Sink<'_>, at: usize, key: bool) -> usize {
        let Some(&byte) = sink.chunk.get(at) else { return at };
        self.pending.push(byte);
        loop {
            match read_escape(&self.pending) {
                Escape::More => return at + 1,
                Escape::Char(c, used) => {
                    let raw = self.pending_at..self.pending_at + used as u64;
                    let mut utf8 = [0; 4];
                    let text = c.encode_utf8(&mut utf8).as_bytes();
                    self.note(text);
                    self.inside.decoded(sink, text, raw);
                    self.pending.drain(..used);
                    self.pending_at += used as u64;
                    match self.pending.first() {
                        // What came behind half a pair is an escape of its own.
                        Some(b'\\') => {}
                        rest => {
                            // What ended half a pair is read again as what it is.
                            let next = if rest.is_some() { at } else { at + 1 };
                            self.pending.clear();
                            self.state = State::String { key };
                            return next;
                        }
                    }
                }
                Escape::Broken => {
                    // The byte that breaks it is looked at again: it may end the string.
                    self.pending.pop();
                    self.spill(sink);
                    self.state = State::String { key };
                    return at;
                }
            }
        }
    }

    /// Gives up on an escape: its bytes stand for themselves.
    fn spill(&mut self, sink: &mut Sink<'_>) {
        let bytes = std::mem::take(&mut self.pending);
        if !bytes.is_empty() {
            self.note(&bytes);
            self.inside.decoded(sink, &bytes, self.pending_at..self.pending_at + bytes.len() as u64);
        }
        self.pending_at += bytes.len() as u64;
    }

    /// In a number or a literal: up to a byte that cannot belong to it.
    fn bare(&mut self, sink: &mut Sink<'_>, at: usize) -> usize {
        let rest = sink.chunk.get(at..).unwrap_or_default();
        let room = (LONGEST_BARE + 1).saturating_sub(self.pending.len());
        let len = rest.iter().take(room).position(|byte| ends_bare(*byte));
        match len {
            Some(len) => {
                let end = at + len;
                self.end_bare(sink, Some(at..end));
                end
            }
            None if rest.len() >= room => {
                self.pending.extend_from_slice(rest.get(..room).unwrap_or_default());
                if self.pending.iter().all(|byte| in_number(*byte)) {
                    // More digits than any number has are read as text, up to their end.
                    self.spill_into(sink, State::Long);
                } else {
                    self.spill_into(sink, State::Text);
                }
                at + room
            }
            None => {
                self.pending.extend_from_slice(rest);
                sink.chunk.len()
            }
        }
    }

    /// A bare value is complete: it is what is pending and `range` of the chunk.
    fn end_bare(&mut self, sink: &mut Sink<'_>, range: Option<Range<usize>>) {
        let chunk = sink.chunk;
        let here = range.and_then(|range| chunk.get(range)).unwrap_or_default();
        let whole = if self.pending.is_empty() {
            here
        } else {
            self.pending.extend_from_slice(here);
            &self.pending
        };
        self.state = State::Between { key: false };
        if LITERALS.contains(&whole) {
            sink.structure(self.pending_at + whole.len() as u64);
        } else if is_number(whole) {
            let info = self.path(sink);
            let raw = self.pending_at..self.pending_at + whole.len() as u64;
            sink.number(Slot::Number, whole, raw, info.as_ref());
            if info.is_some_and(|info| info.subject) {
                sink.out.learn_subject(whole);
            }
        } else {
            self.pending = whole.to_vec();
            self.spill_into(sink, State::Text);
        }
        self.pending.clear();
    }

    /// What is pending begins a text of its own, which `state` reads on.
    fn spill_into(&mut self, sink: &mut Sink<'_>, state: State) {
        self.break_off(sink);
        self.state = state;
        let pending = std::mem::take(&mut self.pending);
        sink.decoded(&pending, self.pending_at..self.pending_at + pending.len() as u64, false);
    }

    /// In a number that is too long for one.
    fn long(&mut self, sink: &mut Sink<'_>, at: usize) -> usize {
        let rest = sink.chunk.get(at..).unwrap_or_default();
        let Some(len) = rest.iter().position(|byte| !in_number(*byte)) else {
            sink.text(at..sink.chunk.len(), false);
            return sink.chunk.len();
        };
        let ends = rest.get(len).is_some_and(|byte| ends_bare(*byte));
        if len > 0 {
            sink.text(at..at + len, ends);
        } else if ends {
            sink.close();
        }
        // Behind anything else the input is no JSON: the text goes on.
        self.state = if ends { State::Between { key: false } } else { State::Text };
        at + len
    }

    fn break_off(&mut self, sink: &mut Sink<'_>) {
        self.state = State::Text;
        sink.open(Place { slot: self.broken, ..Place::default() }, Meaning::default());
    }

    fn text(&mut self, sink: &mut Sink<'_>, at: usize) -> usize {
        let rest = sink.chunk.get(at..).unwrap_or_default();
        let newline = if self.lines { memchr::memchr(b'\n', rest) } else { None };
        let Some(len) = newline else {
            sink.text(at..sink.chunk.len(), false);
            return sink.chunk.len();
        };
        if len > 0 {
            sink.text(at..at + len, true);
        } else {
            sink.close();
        }
        self.reset();
        sink.record(sink.base + (at + len) as u64 + 1);
        at + len + 1
    }
}

/// Whether a field says what the object around it is.
fn names_type(field: &[u8]) -> bool {
    matches!(field, b"resourceType" | b"object")
}

/// The type that the value of such a field declares; nothing where none is known.
fn type_name(field: &[u8], value: &[u8]) -> Vec<u8> {
    match field {
        b"object" if deltas::is_answer(value) => ANSWER.to_vec(),
        b"object" => Vec::new(),
        _ => value.to_vec(),
    }
}

fn ends_bare(byte: u8) -> bool {
    matches!(byte, b',' | b'}' | b']' | b':' | b'{' | b'[' | b'"' | b' ' | b'\t' | b'\r' | b'\n')
}

/// What may stand for a value beside numbers, in JSON and in what is written by habit.
const LITERALS: [&[u8]; 10] =
    [b"true", b"false", b"null", b"NaN", b"Infinity", b"-Infinity", b"undefined", b"None", b"True", b"False"];

fn in_number(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-')
}

fn is_number(bytes: &[u8]) -> bool {
    let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
    digits.first().is_some_and(u8::is_ascii_digit) && digits.iter().all(|byte| in_number(*byte))
}
