//! Texts that are themselves of a format: a message in a string of JSON, a resource in a cell, a document in base64.
//!
//! A text is judged by its first bytes, which wait until they tell; most tell at once. What is of a format is read by the
//! lens of that format, whose replacements are spelt for its own places and then for the place around them.

use std::sync::Arc;

use super::encode::MOST_NESTED;
use super::packed::{self, Content, Decoded, Scan, So};
use super::paths::PathInfo;
use super::{Format, Lens, Sink, log, sniff, x12};
use crate::finding::{Finding, Segment};
use crate::output::Place;
use crate::spelling::Spelling;
use crate::{Kind, Profile, Raw, Scanner, Slot};

/// So much of a text tells of which format it is.
const HEAD: usize = 256;
/// Base64 within base64 within base64 is read no further.
pub(crate) const MOST_PACKED: u8 = 2;

/// What a text may be, beside a text.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct May {
    /// Of a format.
    pub(crate) nest: bool,
    /// XML among them.
    pub(crate) markup: bool,
    /// Lines of a log among them.
    pub(crate) log: bool,
    /// Base64.
    pub(crate) pack: bool,
}

impl May {
    /// What the text of a field may be, in a stream that goes on from record to record or not, `depth` formats deep.
    pub(crate) fn be(info: Option<&PathInfo>, in_stream: bool, depth: usize) -> Self {
        let free = info.is_none_or(|info| info.rule.is_none() && !info.subject);
        let meant = info.is_some_and(|info| info.meaning.kind.is_some());
        // A text of a stream is read as it comes: nothing of it may wait for what it is.
        let nest = free && !meant && depth < if in_stream { 1 } else { MOST_NESTED };
        let pack = free && info.is_none_or(|info| info.holds_files) && depth < if in_stream { 1 } else { MOST_NESTED };
        let log = nest && info.is_some_and(|info| info.holds_lines);
        Self { nest, markup: nest && !in_stream, log, pack }
    }
}

/// What a text is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Guess {
    /// It takes more bytes to tell.
    Unknown,
    Text,
    Format(Format),
    /// It is base64, and complete; or too long for that.
    Packed {
        cut: bool,
    },
}

/// Judges the beginning of a text; what was judged is so however it goes on. `scan` has looked through the bytes that
/// came before.
pub(crate) fn guess(text: &[u8], complete: bool, may: May, scan: &mut Scan) -> Guess {
    if may.nest {
        match format(text, complete, may) {
            Some(Guess::Text) | None => {}
            Some(other) => return other,
        }
    }
    let packed = if may.pack { scan.look(text, complete) } else { So::No };
    match packed {
        So::Far => return Guess::Unknown,
        So::Whole => return Guess::Packed { cut: false },
        So::TooLong => return Guess::Packed { cut: true },
        So::No => {}
    }
    if may.nest { rows(text, complete, may) } else { Guess::Text }
}

/// Formats that begin with a sign or a name of their own.
fn format(text: &[u8], complete: bool, may: May) -> Option<Guess> {
    let blanks = text.iter().take(8).take_while(|byte| byte.is_ascii_whitespace()).count();
    let text = text.get(blanks..).unwrap_or_default();
    let Some(&first) = text.first() else { return (!complete).then_some(Guess::Unknown) };
    let is = |format: Option<Format>| Some(format.map_or(Guess::Text, Guess::Format));
    let upto = |len: usize| text.get(..len).or_else(|| complete.then_some(text));
    match first {
        b'{' | b'[' => {
            let rest = text.get(1..).unwrap_or_default();
            let next = rest.iter().take(HEAD).find(|byte| !byte.is_ascii_whitespace());
            match next {
                Some(b'"') => is(Some(Format::Json)),
                Some(b'{' | b'[') if first == b'[' => is(Some(Format::Json)),
                None if !complete && rest.len() < HEAD => Some(Guess::Unknown),
                _ => None,
            }
        }
        b'<' if may.markup => match upto(64) {
            Some(head) => is(markup(head)),
            None => Some(Guess::Unknown),
        },
        0x0b | b'M' | b'F' | b'B' => {
            let name = text.strip_prefix(b"\x0b").unwrap_or(text);
            let fits = |known: &&[u8]| name.iter().zip(known.iter()).all(|(a, b)| a == b);
            let named = [&b"MSH"[..], b"FHS", b"BHS"].iter().any(fits);
            if !named || name.get(3).is_some_and(|byte| !byte.is_ascii_punctuation()) {
                return None;
            }
            match upto(16) {
                Some(head) => sniff::messages(head).map(Guess::Format),
                None => Some(Guess::Unknown),
            }
        }
        b'I' if b"ISA".iter().zip(text).all(|(a, b)| a == b) => {
            if text.get(3).is_some_and(|byte| !x12::is_sign(*byte)) {
                return None;
            }
            match upto(128) {
                Some(head) => sniff::interchange(head).map(Guess::Format),
                None => Some(Guess::Unknown),
            }
        }
        _ => None,
    }
}

/// Elements that a text begins with when it is markup.
#[rustfmt::skip] // A word list reads better in lines.
const ELEMENTS: &[&str] = &[
    "html", "head", "body", "div", "p", "span", "table", "thead", "tbody", "tr", "td", "th", "ul", "ol", "li", "dl", "b",
    "i", "u", "strong", "em", "br", "br/", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "a", "font", "center", "form",
    "section", "article", "header", "style", "meta", "text", "paragraph", "list", "content", "clinicaldocument", "bundle",
    "patient", "soap:envelope", "soapenv:envelope", "envelope", "message",
];

/// A declaration, an element that is known, or one that declares a namespace. Names of elements are structure: a person's
/// in angle brackets must not be taken for one.
fn markup(head: &[u8]) -> Option<Format> {
    let rest = head.get(1..)?;
    let lower = rest.to_ascii_lowercase();
    let declared = [&b"?xml"[..], b"!doctype", b"!--"].iter().any(|start| lower.starts_with(start));
    let len = lower.iter().position(|byte| byte.is_ascii_whitespace() || *byte == b'>')?;
    let name = lower.get(..len)?;
    let known = ELEMENTS.iter().any(|known| known.as_bytes() == name);
    let space = memchr::memmem::find(&lower, b"xmlns").is_some();
    (declared || known || space).then_some(Format::Xml)
}

/// Tables, by a first line that names columns, and lines of a log.
fn rows(text: &[u8], complete: bool, may: May) -> Guess {
    let head = text.get(..HEAD).unwrap_or(text);
    let line = memchr::memchr2(b'\n', b'\r', head).and_then(|len| head.get(..len));
    if let Some(line) = line
        && let Some(delimiter) =
            [b',', b'\t', b'|', b';'].into_iter().find(|sign| sniff::names_columns(line, *sign) > 2)
    {
        return Guess::Format(Format::Delimited(delimiter));
    }
    let known = complete || text.len() >= HEAD;
    if may.log {
        return match () {
            () if !known => Guess::Unknown,
            () if log::is_line(head.split(|byte| *byte == b'\n').next().unwrap_or_default()) => {
                Guess::Format(Format::Log)
            }
            () => Guess::Text,
        };
    }
    let ends = line.is_some() || known;
    if ends || !may_name_columns(head) { Guess::Text } else { Guess::Unknown }
}

/// Whether a first line that goes on may name columns.
fn may_name_columns(line: &[u8]) -> bool {
    let sign = |byte: &u8| byte.is_ascii_alphanumeric() || b"_ .-/#()\",\t|;".contains(byte);
    let mut cells = line.split(|byte| matches!(byte, b',' | b'\t' | b'|' | b';'));
    line.iter().all(sign)
        && cells.all(|cell| cell.len() <= 42 && cell.iter().filter(|byte| **byte == b' ').count() <= 3)
}

/// The text of one place at a time: a run, or what its format makes of it.
#[derive(Default)]
pub(crate) struct Inside {
    state: State,
    may: May,
    slot: Slot,
    delimiter: u8,
    info: Option<Arc<PathInfo>>,
    beginning: Beginning,
}

#[derive(Default)]
enum State {
    /// A run is open, or none.
    #[default]
    Run,
    /// Its first bytes wait.
    Unknown,
    /// A lens reads it.
    Nested(Box<Nest>),
}

impl Inside {
    /// A text begins that fills `slot`.
    pub(crate) fn open(&mut self, sink: &mut Sink<'_>, slot: Slot, delimiter: u8, info: Option<Arc<PathInfo>>) {
        let may = sink.may(info.as_deref());
        (self.may, self.slot, self.delimiter, self.info) = (may, slot, delimiter, info);
        self.beginning.clear();
        if may.nest || may.pack {
            self.state = State::Unknown;
        } else {
            self.open_run(sink);
        }
    }

    /// What follows was opened elsewhere.
    pub(crate) fn opened(&mut self) {
        self.state = State::Run;
    }

    fn open_run(&mut self, sink: &mut Sink<'_>) {
        self.state = State::Run;
        sink.open_field(self.slot, self.info.as_ref(), self.delimiter);
    }

    /// Bytes of the chunk that stand for themselves. `last` ends the text with them.
    pub(crate) fn text(&mut self, sink: &mut Sink<'_>, range: std::ops::Range<usize>, last: bool) {
        let piece = sink.chunk.get(range.clone()).unwrap_or_default();
        let (at, len) = (sink.base + range.start as u64, range.len() as u64);
        match &mut self.state {
            State::Run if range.is_empty() && last => sink.close(),
            State::Run => sink.text(range, last),
            State::Nested(nest) => {
                nest.feed(sink, piece, at, len);
                if last {
                    self.end_nested(sink);
                }
            }
            State::Unknown => {
                let mut scan = Scan::default();
                if self.beginning.is_empty() && guess(piece, last, self.may, &mut scan) == Guess::Text {
                    self.open_run(sink);
                    self.text(sink, range, last);
                    return;
                }
                self.beginning.add(piece, at, len);
                self.decide(sink, last);
            }
        }
    }

    /// Decoded bytes and the bytes that spell them.
    pub(crate) fn decoded(&mut self, sink: &mut Sink<'_>, text: &[u8], raw: std::ops::Range<u64>) {
        match &mut self.state {
            State::Run => sink.decoded(text, raw, false),
            State::Nested(nest) => nest.feed(sink, text, raw.start, raw.end - raw.start),
            State::Unknown => {
                self.beginning.add(text, raw.start, raw.end - raw.start);
                self.decide(sink, false);
            }
        }
    }

    /// The text ends.
    pub(crate) fn close(&mut self, sink: &mut Sink<'_>) {
        match self.state {
            State::Run => sink.close(),
            State::Nested(_) => self.end_nested(sink),
            State::Unknown => self.decide(sink, true),
        }
    }

    fn end_nested(&mut self, sink: &mut Sink<'_>) {
        if let State::Nested(mut nest) = std::mem::take(&mut self.state) {
            nest.end(sink);
        }
    }

    fn decide(&mut self, sink: &mut Sink<'_>, complete: bool) {
        let mut scan = self.beginning.scan;
        let guess = guess(&self.beginning.text, complete, self.may, &mut scan);
        self.beginning.scan = scan;
        match guess {
            Guess::Unknown if self.beginning.excess() <= packed::MOST_EXCESS => return,
            Guess::Unknown | Guess::Packed { cut: true } => {
                if !self.claim_packed(sink, true) {
                    self.open_run(sink);
                }
            }
            Guess::Packed { cut: false } => {
                if self.read_packed(sink) {
                    self.state = State::Run;
                    return;
                }
            }
            Guess::Text => self.open_run(sink),
            Guess::Format(format) => self.state = State::Nested(Box::new(Nest::new(format, self.slot, self.delimiter))),
        }
        for (text, at, len) in self.beginning.drain() {
            match &mut self.state {
                State::Nested(nest) => nest.feed(sink, &text, at, len),
                _ => sink.decoded(&text, at..at + len, false),
            }
        }
        if complete {
            self.close(sink);
        }
    }

    /// Reads what the beginning, which is all of the text, stands for. Says whether that is all there is to do.
    fn read_packed(&mut self, sink: &mut Sink<'_>) -> bool {
        let text = &self.beginning.text;
        match packed::look_into(text, sink.out.packing >= MOST_PACKED, false) {
            Content::None => self.open_run(sink),
            Content::Opaque(_) => {
                if !self.claim_packed(sink, false) {
                    self.open_run(sink);
                }
            }
            Content::Text(decoded, format) => {
                sink.read_packed(&self.beginning, &decoded, format, self.slot, self.delimiter, self.info.as_ref());
                self.beginning.clear();
                return true;
            }
        }
        false
    }

    /// Opens a run that is replaced whole, since nothing can look into it.
    fn claim_packed(&mut self, sink: &mut Sink<'_>, cut: bool) -> bool {
        let Content::Opaque(head) = packed::look_into(&self.beginning.text, true, cut) else { return false };
        let Some(kind) = sink.opaque(&head, self.info.as_deref()) else { return false };
        sink.open_claimed(self.slot, self.info.as_ref(), self.delimiter, kind);
        self.state = State::Run;
        true
    }
}

/// The first bytes of a text, and how they are spelt.
#[derive(Default)]
pub(crate) struct Beginning {
    text: Vec<u8>,
    /// Of each piece the length, where it lies, and how many bytes spell it.
    pieces: Vec<(usize, u64, u64)>,
    scan: Scan,
}

impl Beginning {
    /// Of a text that is said to be base64.
    pub(crate) fn declared() -> Self {
        Self { scan: Scan::declared(), ..Self::default() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    fn clear(&mut self) {
        self.text.clear();
        self.pieces.clear();
        self.scan = Scan::default();
    }

    fn start(&self) -> Option<u64> {
        self.pieces.first().map(|piece| piece.1)
    }

    pub(crate) fn add(&mut self, text: &[u8], at: u64, len: u64) {
        if text.is_empty() {
            return;
        }
        self.text.extend_from_slice(text);
        if let Some((known, from, raw)) = self.pieces.last_mut()
            && *known as u64 == *raw
            && text.len() as u64 == len
            && *from + *raw == at
        {
            *known += text.len();
            *raw += len;
        } else {
            self.pieces.push((text.len(), at, len));
        }
    }

    /// How many more bytes spell it than it has.
    fn excess(&self) -> u64 {
        let end = self.pieces.last().map_or(0, |(_, at, len)| at + len);
        (end - self.start().unwrap_or(end)).saturating_sub(self.text.len() as u64)
    }

    /// Looks at what has come; see [`Scan::look`].
    pub(crate) fn scan(&mut self, complete: bool) -> So {
        match self.scan.look(&self.text, complete) {
            So::Far if self.excess() > packed::MOST_EXCESS => So::TooLong,
            so => so,
        }
    }

    /// The pieces, which are gone then.
    pub(crate) fn drain(&mut self) -> Vec<(Vec<u8>, u64, u64)> {
        let mut rest = &*self.text;
        let split = |&(known, at, len): &(usize, u64, u64)| {
            let (piece, behind) = rest.split_at_checked(known).unwrap_or((rest, b""));
            rest = behind;
            (piece.to_vec(), at, len)
        };
        let pieces = self.pieces.iter().map(split).collect();
        self.clear();
        pieces
    }

    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    /// What spells the text from `start` to `end`.
    fn spelt(&self, start: usize, end: usize) -> (u64, u64) {
        let (mut text, mut from, mut to) = (0, None, 0);
        for &(known, at, len) in &self.pieces {
            let plain = known as u64 == len;
            let behind = text + known;
            if text < end && behind > start {
                let skip = if plain { start.saturating_sub(text) as u64 } else { 0 };
                from.get_or_insert(at + skip);
                to = if plain && end < behind { at + (end - text) as u64 } else { at + len };
            }
            text = behind;
        }
        (from.unwrap_or(to), to)
    }
}

/// The lens that reads a text.
pub(crate) struct Nest {
    lens: Lens,
    /// How the text is spelt in the input.
    text: Spelling,
    slot: Slot,
    delimiter: u8,
}

impl Nest {
    pub(crate) fn new(format: Format, slot: Slot, delimiter: u8) -> Self {
        Self { lens: Lens::new(format), text: Spelling::default(), slot, delimiter }
    }

    /// The text goes on with `text`, which is spelt by the `len` bytes from `at` on.
    pub(crate) fn feed(&mut self, sink: &mut Sink<'_>, text: &[u8], at: u64, len: u64) {
        let base = self.text.end();
        match sink.via {
            Some(via) => via.spell(&mut self.text, text.len() as u64, at, len),
            None => self.text.add(text.len() as u64, at, len),
        }
        let mut inner = sink.inside(text, base, &self.text, self.slot, self.delimiter);
        self.lens.feed(&mut inner);
        self.lens.park(&mut inner);
        inner.park();
    }

    pub(crate) fn end(&mut self, sink: &mut Sink<'_>) {
        let base = self.text.end();
        self.lens.end(&mut sink.inside(&[], base, &self.text, self.slot, self.delimiter));
    }
}

impl Sink<'_> {
    /// What the text of a field may be.
    pub(crate) fn may(&self, info: Option<&PathInfo>) -> May {
        May::be(info, self.out.is_stream(), self.around.depth())
    }

    /// The kind of what nothing can look into, if it counts.
    pub(crate) fn opaque(&self, head: &[u8], info: Option<&PathInfo>) -> Option<Kind> {
        // A field that says what it holds has its own way.
        if info.is_some_and(|info| info.meaning.kind.is_some()) {
            return None;
        }
        let kind = self.compiled.fields.as_ref()?.opaque(head)?;
        self.out.counts(kind).then_some(kind)
    }

    /// Opens a run all of which is of `kind`.
    pub(crate) fn open_claimed(&mut self, slot: Slot, info: Option<&Arc<PathInfo>>, delimiter: u8, kind: Kind) {
        let name = info.map(|info| Arc::clone(&info.name));
        self.claim = Some(kind);
        self.open(
            Place { slot, name, delimiter, ..Place::default() },
            info.map(|info| info.meaning).unwrap_or_default(),
        );
        self.claim = None;
    }

    /// Redacts what a text in base64 stands for, as an input of its own, and queues what changes.
    pub(crate) fn read_packed(
        &mut self,
        text: &Beginning,
        decoded: &Decoded,
        format: Format,
        slot: Slot,
        delimiter: u8,
        info: Option<&Arc<PathInfo>>,
    ) {
        let scanner = Scanner { inner: Arc::clone(self.compiled) };
        let profile = Profile { inner: self.out.shared_rules() };
        let mut redactor = scanner.redactor_for(&profile, format, self.out.document());
        redactor.pack(self.out.packing + 1);
        redactor.push(Raw::from(decoded.bytes.clone()));
        redactor.finish();
        let mut all = Changes::default();
        while let Some(segment) = redactor.poll() {
            all.add(segment);
        }
        let raw = |sink: &Self, start: usize, end: usize| {
            let (from, to) = text.spelt(start, end);
            sink.via.map_or((from, to), |via| (via.start_of(from), via.end_of(to)))
        };
        let (start, end) = raw(self, 0, text.text().len());
        self.out.count_packed(redactor.stats(), start);
        all.changes.sort_by_key(|change| (change.0, change.1));
        all.told.sort_by_key(|finding| finding.start);
        let place = Place { slot, delimiter, around: self.around, ..Place::default() };
        for (patch, findings) in packed::patched(decoded, text.text().len(), &all.changes, all.told) {
            let (start, end) = raw(self, patch.start, patch.end);
            let told = findings.into_iter().map(|finding| {
                let field = finding.field.clone().or_else(|| info.map(|info| Arc::clone(&info.name)));
                Finding { start, end, parts: Vec::new(), field, ..finding }
            });
            self.out.replace_packed((start, end), &place, &patch.with, told.collect());
        }
        self.out.release(end);
    }
}

/// What the segments of a small stream change.
#[derive(Default)]
struct Changes {
    changes: Vec<packed::Change>,
    told: Vec<Finding>,
    part: Vec<u8>,
}

impl Changes {
    fn add(&mut self, segment: Segment) {
        let index = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
        match segment {
            Segment::Keep(_) => {}
            Segment::Part(part) => self.part.extend_from_slice(part.as_bytes()),
            Segment::Cut { start, end, with } => {
                self.changes.push((index(start), index(end), with.as_bytes().to_vec()))
            }
            Segment::Found(finding) => self.told.push(finding),
            Segment::Replace { finding, with } => {
                let mut whole = std::mem::take(&mut self.part);
                whole.extend_from_slice(with.as_bytes());
                let (start, end) = finding.first_piece();
                self.changes.push((index(start), index(end), whole));
                self.told.push(finding);
            }
        }
    }
}
