//! Lenses: what a format hides.
//!
//! A lens cuts its format into text runs, each with its field and its exact place in the input, and lets structure pass.
//! It never fails: whatever does not follow the grammar becomes a text run too, so that no byte of content goes unseen.

pub(crate) mod copy;
pub(crate) mod csv;
pub(crate) mod deltas;
pub(crate) mod encode;
pub(crate) mod entities;
mod events;
mod form;
mod hl7;
pub(crate) mod inside;
mod json;
pub(crate) mod log;
pub(crate) mod mime;
pub(crate) mod packed;
pub(crate) mod pairs;
pub(crate) mod paths;
mod sniff;
pub(crate) mod x12;
pub(crate) mod xml;

use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

pub(crate) use self::json::Json;
pub use self::sniff::{SNIFF, Sniffed, Unreadable, sniff};

use crate::memory::Memory;
use crate::operator::Operator;
use crate::output::{Output, Place};
use crate::quiet::Quiet;
use crate::resolve::{Event, Text};
use crate::run::{Run, Surroundings};
use crate::scanner::Compiled;
use crate::spelling::Spelling;
use crate::strands::{LONGEST_WAIT, Strands};
use crate::words::Words;
use crate::{Field, Kind, Meaning, Slot};
use encode::Around;
use paths::PathInfo;

/// A format that a lens can read.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Format {
    /// Plain text.
    #[default]
    Text,
    /// One JSON text, or several one after another.
    Json,
    /// One JSON text a line: a newline ends a record, whatever came before.
    Ndjson,
    /// A table with this delimiter and double quotes.
    Delimited(u8),
    /// Messages of HL7 version 2, in MLLP frames or bare.
    Hl7,
    /// XML and HTML.
    Xml,
    /// Interchanges of X12.
    X12,
    /// The text form of PostgreSQL's COPY.
    Copy,
    /// Form data, as browsers send it.
    Form,
    /// Server-sent events. Texts that models stream in pieces are read as the texts they are.
    Sse,
    /// One JSON text a line, in which a model streams texts in pieces.
    Deltas,
    /// Lines of a server's log.
    Log,
    /// Statements of SQL, as dumps of databases have them.
    Sql,
    /// E-mails, and forms in parts.
    Mime,
}

impl Format {
    /// Comma-separated values.
    pub const CSV: Self = Self::Delimited(b',');
    /// Tab-separated values.
    pub const TSV: Self = Self::Delimited(b'\t');

    /// The name that people type.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Delimited(b'\t') => "tsv",
            Self::Delimited(_) => "csv",
            Self::Hl7 => "hl7",
            Self::Xml => "xml",
            Self::X12 => "x12",
            Self::Copy => "copy",
            Self::Form => "form",
            Self::Sse => "sse",
            Self::Deltas => "ndjson-deltas",
            Self::Log => "log",
            Self::Sql => "sql",
            Self::Mime => "mime",
        }
    }

    /// The most bytes that may be held back when a run's window has `window` of its text: escapes take more room than
    /// what they stand for, and a number is read whole.
    pub(crate) const fn raw_window(self, window: usize) -> usize {
        let own = self.own_window(window);
        // A text that may be base64 waits until it is known to be.
        let packed = packed::MOST_TEXT + packed::MOST_EXCESS_LEN + 6;
        let packs = matches!(
            self,
            Self::Json
                | Self::Ndjson
                | Self::Sse
                | Self::Deltas
                | Self::Hl7
                | Self::Xml
                | Self::Log
                | Self::Sql
                | Self::Copy
                | Self::Mime
        );
        if packs && own < packed { packed } else { own }
    }

    const fn own_window(self, window: usize) -> usize {
        match self {
            Self::Text => window,
            Self::Delimited(_) => 2 * window + 1 + csv::HEAD,
            Self::Hl7 => hl7::LONGEST_SHORT * window + hl7::LONGEST_ESCAPE + 3,
            // What precedes a tag waits until the tag is one; and for so long for the text to go on behind it.
            Self::Xml => xml::LONGEST_ENTITY * (window + 1) + xml::LONGEST_NAME + 3 + xml::LONGEST_WAIT_LEN,
            Self::X12 => window + x12::HEADER,
            Self::Copy => copy::LONGEST_ESCAPE * (window + 1),
            Self::Form => form::ESCAPE * (window + 1),
            Self::Json | Self::Ndjson => 6 * window + json::LONGEST_BARE + 12,
            Self::Log | Self::Sql | Self::Mime => 6 * window + log::LONGEST_LINE,
            // A text waits for so long to go on. JSON in a string of JSON may be spelt by 36 bytes a byte.
            Self::Sse | Self::Deltas => 36 * window + LONGEST_WAIT_LEN + 6 * json::LONGEST_BARE + 12,
        }
    }

    /// Whether texts go on from record to record.
    pub(crate) const fn is_stream(self) -> bool {
        matches!(self, Self::Sse | Self::Deltas)
    }

    /// Whether several runs may be open at a time.
    pub(crate) const fn is_interleaved(self) -> bool {
        self.is_stream() || matches!(self, Self::Xml)
    }

    /// Whether its records may say whose data they are. A model's answer does not, nor do logs and e-mails: each is one
    /// document, like a text.
    pub(crate) const fn has_subjects(self) -> bool {
        self.is_structured() && !self.is_stream() && !matches!(self, Self::Log | Self::Mime)
    }

    /// Whether it has fields.
    #[must_use]
    pub const fn is_structured(self) -> bool {
        !matches!(self, Self::Text)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        Ok(match name {
            "text" => Self::Text,
            "json" => Self::Json,
            "ndjson" => Self::Ndjson,
            "csv" => Self::CSV,
            "tsv" => Self::TSV,
            "hl7" => Self::Hl7,
            "xml" | "html" => Self::Xml,
            "x12" => Self::X12,
            "copy" => Self::Copy,
            "form" => Self::Form,
            "sse" => Self::Sse,
            "ndjson-deltas" => Self::Deltas,
            "log" => Self::Log,
            "sql" => Self::Sql,
            "mime" => Self::Mime,
            _ => return Err(UnknownFormat),
        })
    }
}

/// No lens has that name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct UnknownFormat;

impl fmt::Display for UnknownFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "unknown input format; there are text json ndjson ndjson-deltas csv tsv hl7 xml html x12 copy form sse log sql mime",
        )
    }
}

impl std::error::Error for UnknownFormat {}

/// Whether `byte` at the offset `at` of the input is part of a byte order mark before everything.
fn in_mark(at: u64, byte: u8) -> bool {
    usize::try_from(at).ok().and_then(|at| b"\xef\xbb\xbf".get(at)) == Some(&byte)
}

#[expect(clippy::cast_possible_truncation, reason = "it is a small constant")]
const LONGEST_WAIT_LEN: usize = LONGEST_WAIT as usize;

/// The lens of one stream.
pub(crate) enum Lens {
    /// `field`: the text is the value of this one.
    Text {
        open: bool,
        field: Option<Arc<PathInfo>>,
    },
    Json(Box<Json>),
    Delimited(Box<csv::Delimited>),
    Hl7(Box<hl7::Hl7>),
    Xml(Box<xml::Xml>),
    X12(Box<x12::X12>),
    Copy(Box<copy::Copy>),
    Form(Box<form::Form>),
    Events(Box<events::Events>),
    Log(Box<log::Log>),
    Mime(Box<mime::Mime>),
}

impl Lens {
    pub(crate) fn new(format: Format) -> Self {
        match format {
            Format::Text => Self::Text { open: false, field: None },
            Format::Json => Self::Json(Box::new(Json::new(false))),
            Format::Ndjson => Self::Json(Box::new(Json::new(true))),
            Format::Delimited(delimiter) => Self::Delimited(Box::new(csv::Delimited::new(delimiter))),
            Format::Hl7 => Self::Hl7(Box::default()),
            Format::Xml => Self::Xml(Box::default()),
            Format::X12 => Self::X12(Box::default()),
            Format::Copy => Self::Copy(Box::default()),
            Format::Form => Self::Form(Box::default()),
            Format::Sse => Self::Events(Box::new(events::Events::new(events::Framing::Sse))),
            Format::Deltas => Self::Events(Box::new(events::Events::new(events::Framing::Lines))),
            Format::Log => Self::Log(Box::default()),
            Format::Sql => Self::Log(Box::new(log::Log::of_sql())),
            Format::Mime => Self::Mime(Box::default()),
        }
    }

    /// Reads the sink's chunk.
    pub(crate) fn feed(&mut self, sink: &mut Sink<'_>) {
        match self {
            Self::Text { open, field } => {
                if sink.from < sink.chunk.len() {
                    if !*open {
                        sink.open_field(Slot::default(), field.as_ref(), 0);
                        *open = true;
                    }
                    sink.text(sink.from..sink.chunk.len(), false);
                }
            }
            Self::Json(json) => json.feed(sink),
            Self::Delimited(delimited) => delimited.feed(sink),
            Self::Hl7(hl7) => hl7.feed(sink),
            Self::Xml(xml) => xml.feed(sink),
            Self::X12(x12) => x12.feed(sink),
            Self::Copy(copy) => copy.feed(sink),
            Self::Form(form) => form.feed(sink),
            Self::Events(events) => events.feed(sink),
            Self::Log(log) => log.feed(sink),
            Self::Mime(mime) => mime.feed(sink),
        }
    }

    /// The input ends, or a declared record does.
    pub(crate) fn end(&mut self, sink: &mut Sink<'_>) {
        match self {
            Self::Text { open, .. } => {
                if *open {
                    sink.close();
                    *open = false;
                }
                sink.record(sink.base);
            }
            Self::Json(json) => json.end(sink),
            Self::Delimited(delimited) => delimited.end(sink),
            Self::Hl7(hl7) => hl7.end(sink),
            Self::Xml(xml) => xml.end(sink),
            Self::X12(x12) => x12.end(sink),
            Self::Copy(copy) => copy.end(sink),
            Self::Form(form) => form.end(sink),
            Self::Events(events) => events.end(sink),
            Self::Log(log) => log.end(sink),
            Self::Mime(mime) => mime.end(sink),
        }
    }

    /// Names the columns of a table that does not name them itself, or the field that a text is the value of.
    pub(crate) fn name_columns(&mut self, names: &[&[u8]], sink: &mut Sink<'_>) {
        match self {
            Self::Text { field, .. } => {
                let info = |name: &&[u8]| sink.paths.info(&[name], None, &|_| false, sink.compiled, sink.out.rules());
                *field = names.first().map(info);
            }
            Self::Delimited(delimited) => delimited.set_columns(names, sink),
            Self::Copy(copy) => copy.name_columns(names, sink),
            _ => {}
        }
    }

    /// The sink's chunk is about to go.
    pub(crate) fn park(&mut self, sink: &mut Sink<'_>) {
        match self {
            Self::Events(events) => events.park(sink),
            Self::Delimited(delimited) => delimited.park(sink),
            Self::Xml(xml) => xml.park(sink),
            Self::Log(log) => log.park(sink),
            Self::Mime(mime) => mime.park(sink),
            _ => {}
        }
    }
}

/// Where a lens puts what it reads. Offsets into the chunk are indices; everything between runs is structure.
pub(crate) struct Sink<'a> {
    pub(crate) chunk: &'a [u8],
    /// Index in `chunk` of the first byte that is new: what stands before it was read already.
    pub(crate) from: usize,
    /// Offset in the input of the first byte of `chunk`.
    pub(crate) base: u64,
    pub(crate) compiled: &'a Arc<Compiled>,
    pub(crate) memory: &'a mut Memory,
    pub(crate) run: &'a mut Run,
    pub(crate) out: &'a mut Output,
    pub(crate) events: &'a mut Vec<Event>,
    pub(crate) paths: &'a mut paths::Paths,
    pub(crate) strands: &'a mut Strands,
    pub(crate) words: &'a mut Words,
    pub(crate) quiet: &'a mut Quiet,
    /// When the chunk is the text of another run: how that one is spelt in the input. What counts as offset in the input
    /// here is an offset of that text.
    pub(crate) via: Option<&'a Spelling>,
    /// The places that the format which is being read lies in.
    pub(crate) around: Around,
    /// What is being read is part of a record of another format: its own records are none.
    pub(crate) is_part: bool,
    /// The run that is opened next is replaced whole.
    pub(crate) claim: Option<Kind>,
}

impl Sink<'_> {
    /// A run begins.
    pub(crate) fn open(&mut self, place: Place, meaning: Meaning) {
        let place = Place { around: self.around, ..place };
        let field = Field { slot: place.slot, meaning };
        let rule = place.rule;
        self.out.open(place);
        let rule = rule.filter(|(operator, _)| *operator != Operator::Keep);
        let claim = rule.or_else(|| self.claim.map(|kind| (self.out.operator(kind), kind)));
        self.run.restart(field, claim);
    }

    /// Opens a run in a field with a known path.
    pub(crate) fn open_field(&mut self, slot: Slot, info: Option<&Arc<PathInfo>>, delimiter: u8) {
        let place = Place {
            slot,
            name: info.map(|info| Arc::clone(&info.name)),
            rule: info.and_then(|info| info.rule),
            delimiter,
            ..Place::default()
        };
        self.open(place, info.map(|info| info.meaning).unwrap_or_default());
    }

    /// A sink for a lens that reads `text`, which begins at `base` of a run that is spelt as `via` says.
    pub(crate) fn within<'b>(&'b mut self, text: &'b [u8], base: u64, via: &'b Spelling) -> Sink<'b> {
        let around = self.around.within(Slot::String, 0);
        Sink { via: Some(via), around, ..self.over(text, base) }
    }

    /// The same for a text that is part of a record, and fills `slot`.
    pub(crate) fn inside<'b>(
        &'b mut self,
        text: &'b [u8],
        base: u64,
        via: &'b Spelling,
        slot: Slot,
        delimiter: u8,
    ) -> Sink<'b> {
        let around = self.around.within(slot, delimiter);
        Sink { via: Some(via), around, is_part: true, ..self.over(text, base) }
    }

    /// A sink with another chunk, which begins at `base` of the input.
    pub(crate) fn over<'b>(&'b mut self, chunk: &'b [u8], base: u64) -> Sink<'b> {
        Sink {
            chunk,
            from: 0,
            base,
            compiled: self.compiled,
            memory: self.memory,
            run: self.run,
            out: self.out,
            events: self.events,
            paths: self.paths,
            strands: self.strands,
            words: self.words,
            quiet: self.quiet,
            via: self.via,
            around: self.around,
            is_part: self.is_part,
            claim: None,
        }
    }

    /// What a field means that a label stands beside, when the label has a meaning.
    pub(crate) fn labelled(&mut self, info: Option<Arc<PathInfo>>, label: Option<&[u8]>) -> Option<Arc<PathInfo>> {
        let (Some(own), Some(label)) = (&info, label) else { return info };
        let known = self.paths.info(&[label], None, &|_| false, self.compiled, self.out.rules());
        own.labelled(&known).map(Arc::new).or(info)
    }

    /// Bytes of the chunk that stand for themselves. `last` ends the run with them.
    pub(crate) fn text(&mut self, range: Range<usize>, last: bool) {
        let len = range.len() as u64;
        let at = self.base + range.start as u64;
        let chunk = self.chunk;
        let piece = chunk.get(range.clone()).unwrap_or_default();
        if self.strands.is_active() {
            if !self.strand_text(piece, at, len) {
                self.spell(len, at, len);
                self.feed(chunk, range, true, false);
                self.settle(false, at + len);
            }
            if last {
                self.suspend();
            }
            return;
        }
        self.spell(len, at, len);
        self.feed(chunk, range, true, last);
        self.settle(last, at + len);
    }

    /// Decoded bytes and the input offsets of those that spell them.
    pub(crate) fn decoded(&mut self, text: &[u8], raw: Range<u64>, last: bool) {
        let len = raw.end - raw.start;
        let in_strand = self.strands.is_active();
        if !in_strand || !self.strand_text(text, raw.start, len) {
            self.spell(text.len() as u64, raw.start, len);
            // What lies in the chunk is parked first: the decoded bytes go behind it.
            self.park();
            self.feed(text, 0..text.len(), false, last && !in_strand);
            self.settle(last && !in_strand, raw.end);
        }
        if in_strand && last {
            self.suspend();
        }
    }

    /// Text that stands nowhere: it belongs to what is before it.
    pub(crate) fn insert(&mut self, text: &[u8]) {
        let end = self.out.spelling.raw_end();
        self.out.spelling.add(text.len() as u64, end, 0);
        self.park();
        self.feed(text, 0..text.len(), false, false);
        let settled = self.run.released(self.chunk, self.compiled, false);
        self.out.release(self.out.spelling.start_of(settled));
    }

    /// A whole number, which is replaced as one.
    pub(crate) fn number(&mut self, slot: Slot, text: &[u8], raw: Range<u64>, info: Option<&Arc<PathInfo>>) {
        self.open_field(slot, info, 0);
        self.spell(text.len() as u64, raw.start, raw.end - raw.start);
        self.feed(text, 0..text.len(), true, true);
        self.out.close(Text { bytes: text, base: 0, open: false });
        self.structure(raw.end);
    }

    /// The run ends here.
    pub(crate) fn close(&mut self) {
        if self.strands.is_active() {
            self.suspend();
            return;
        }
        self.feed(self.chunk, 0..0, false, true);
        self.out.release(self.out.spelling.raw_end());
    }

    /// The next bytes of the run are spelt by the `len` bytes from `at` on.
    fn spell(&mut self, text_len: u64, at: u64, len: u64) {
        match self.via {
            Some(via) => via.spell(&mut self.out.spelling, text_len, at, len),
            None => self.out.spelling.add(text_len, at, len),
        }
    }

    fn feed(&mut self, chunk: &[u8], range: Range<usize>, stable: bool, last: bool) {
        self.with_run(|run, around, out| run.feed(chunk, range, stable, last, around, out));
    }

    fn settle(&mut self, last: bool, upto: u64) {
        if last {
            self.structure(upto);
        } else {
            let settled = self.run.released(self.chunk, self.compiled, false);
            self.out.release(self.out.spelling.start_of(settled));
        }
    }

    /// A record ends before `at`.
    pub(crate) fn record(&mut self, at: u64) {
        if self.is_part {
            self.structure(at);
            return;
        }
        self.memory.clear();
        self.out.end_record(self.raw(at));
    }

    /// Everything before `at` is structure or was settled.
    pub(crate) fn structure(&mut self, at: u64) {
        self.out.release(self.raw(at));
    }

    /// Where the byte at `at` begins in the input.
    pub(crate) fn raw(&self, at: u64) -> u64 {
        self.via.map_or(at, |via| via.start_of(at))
    }

    /// Copies what the current run still needs of the chunk, which is about to go.
    pub(crate) fn park(&mut self) {
        let chunk = self.chunk;
        self.with_run(|run, around, _| run.park(chunk, around));
    }

    /// Lends the current run with what it needs, and counts what it copies.
    fn with_run(&mut self, act: impl FnOnce(&mut Run, &mut Surroundings<'_>, &mut Output)) {
        let mut copied = 0;
        let mut around = Surroundings {
            compiled: self.compiled,
            memory: self.memory,
            copied: &mut copied,
            events: self.events,
            words: self.words,
            quiet: self.quiet,
        };
        act(self.run, &mut around, self.out);
        self.out.stats.copied += copied;
    }

    /// Copies what a lens gathers from `start` on, as the chunk goes away.
    pub(crate) fn gather(&mut self, start: Option<u64>, gathered: &mut Vec<u8>) {
        if let Some(start) = start {
            let from = usize::try_from(start.saturating_sub(self.base)).unwrap_or(usize::MAX);
            let kept = self.chunk.get(from..).unwrap_or_default();
            gathered.extend_from_slice(kept);
            self.out.stats.copied += kept.len() as u64;
        }
    }
}
