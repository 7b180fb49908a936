//! Lenses: what a format hides.
//!
//! A lens cuts its format into text runs, each with its field and its exact place in the input, and lets structure pass.
//! It never fails: whatever does not follow the grammar becomes a text run too, so that no byte of content goes unseen.

pub(crate) mod copy;
mod csv;
pub(crate) mod encode;
pub(crate) mod entities;
mod form;
mod hl7;
mod json;
pub(crate) mod paths;
mod sniff;
pub(crate) mod x12;
mod xml;

use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

pub use self::sniff::{SNIFF, Sniffed, Unreadable, sniff};

use crate::memory::Memory;
use crate::operator::Operator;
use crate::output::{Output, Place};
use crate::resolve::{Candidate, Event, Text};
use crate::run::{Run, Surroundings};
use crate::scanner::Compiled;
use crate::{Field, Meaning, Slot, Tail};
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
        }
    }

    /// The most bytes that may be held back when a run's window has `window` of its text: escapes take more room than
    /// what they stand for, and a number is read whole.
    pub(crate) const fn raw_window(self, window: usize) -> usize {
        match self {
            Self::Text => window,
            Self::Delimited(_) => 2 * window + 1,
            Self::Hl7 => hl7::LONGEST_SHORT * window + hl7::LONGEST_ESCAPE + 3,
            // What precedes a tag waits until the tag is one.
            Self::Xml => xml::LONGEST_ENTITY * (window + 1) + xml::LONGEST_NAME + 3,
            Self::X12 => window + x12::HEADER,
            Self::Copy => copy::LONGEST_ESCAPE * (window + 1),
            Self::Form => form::ESCAPE * (window + 1),
            Self::Json | Self::Ndjson => 6 * window + json::LONGEST_BARE + 12,
        }
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
            _ => return Err(UnknownFormat),
        })
    }
}

/// No lens has that name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct UnknownFormat;

impl fmt::Display for UnknownFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unknown input format; there are text json ndjson csv tsv hl7 xml html x12 copy form")
    }
}

impl std::error::Error for UnknownFormat {}

/// Whether `byte` at the offset `at` of the input is part of a byte order mark before everything.
fn in_mark(at: u64, byte: u8) -> bool {
    usize::try_from(at).ok().and_then(|at| b"\xef\xbb\xbf".get(at)) == Some(&byte)
}

/// The lens of one stream.
pub(crate) enum Lens {
    Text { open: bool },
    Json(Box<json::Json>),
    Delimited(Box<csv::Delimited>),
    Hl7(Box<hl7::Hl7>),
    Xml(Box<xml::Xml>),
    X12(Box<x12::X12>),
    Copy(Box<copy::Copy>),
    Form(Box<form::Form>),
}

impl Lens {
    pub(crate) fn new(format: Format) -> Self {
        match format {
            Format::Text => Self::Text { open: false },
            Format::Json => Self::Json(Box::new(json::Json::new(false))),
            Format::Ndjson => Self::Json(Box::new(json::Json::new(true))),
            Format::Delimited(delimiter) => Self::Delimited(Box::new(csv::Delimited::new(delimiter))),
            Format::Hl7 => Self::Hl7(Box::default()),
            Format::Xml => Self::Xml(Box::default()),
            Format::X12 => Self::X12(Box::default()),
            Format::Copy => Self::Copy(Box::default()),
            Format::Form => Self::Form(Box::default()),
        }
    }

    /// Reads the sink's chunk.
    pub(crate) fn feed(&mut self, sink: &mut Sink<'_>) {
        match self {
            Self::Text { open } => {
                if sink.from < sink.chunk.len() {
                    if !*open {
                        sink.open(Place::default(), Meaning::default());
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
        }
    }

    /// The input ends, or a declared record does.
    pub(crate) fn end(&mut self, sink: &mut Sink<'_>) {
        match self {
            Self::Text { open } => {
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
        }
    }

    /// Names the columns of a table that does not name them itself.
    pub(crate) fn name_columns(&mut self, names: &[&[u8]], sink: &mut Sink<'_>) {
        match self {
            Self::Delimited(delimited) => delimited.set_columns(names, sink),
            Self::Copy(copy) => copy.name_columns(names, sink),
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
    pub(crate) compiled: &'a Compiled,
    pub(crate) memory: &'a mut Memory,
    pub(crate) run: &'a mut Run,
    pub(crate) out: &'a mut Output,
    pub(crate) events: &'a mut Vec<Event>,
    pub(crate) paths: &'a mut paths::Paths,
}

impl Sink<'_> {
    /// A run begins.
    pub(crate) fn open(&mut self, place: Place, meaning: Meaning) {
        let field = Field { slot: place.slot, meaning };
        let rule = place.rule;
        self.out.open(place);
        let rule = rule.filter(|(operator, _)| *operator != Operator::Keep);
        let claim = rule.map(|(_, kind)| Candidate {
            start: 0,
            decided: 1,
            tail: Tail::Rest,
            reached: 1,
            kind,
            confidence: 100,
            priority: u8::MAX,
            detector: u16::try_from(self.compiled.detectors.len() + 1).unwrap_or(u16::MAX),
            trigger: 0,
            reason: "a rule of the profile",
            kept: false,
        });
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

    /// Bytes of the chunk that stand for themselves. `last` ends the run with them.
    pub(crate) fn text(&mut self, range: Range<usize>, last: bool) {
        let len = range.len() as u64;
        self.out.spelling.add(len, self.base + range.start as u64, len);
        let upto = self.base + range.end as u64;
        self.feed(self.chunk, range, true, last);
        self.settle(last, upto);
    }

    /// Decoded bytes and the input offsets of those that spell them.
    pub(crate) fn decoded(&mut self, text: &[u8], raw: Range<u64>, last: bool) {
        self.out.spelling.add(text.len() as u64, raw.start, raw.end - raw.start);
        // What lies in the chunk is parked first: the decoded bytes go behind it.
        let mut copied = 0;
        let mut around =
            Surroundings { compiled: self.compiled, memory: self.memory, copied: &mut copied, events: self.events };
        self.run.park(self.chunk, &mut around);
        self.out.stats.copied += copied;
        self.feed(text, 0..text.len(), false, last);
        self.settle(last, raw.end);
    }

    /// A whole number, which is replaced as one.
    pub(crate) fn number(&mut self, text: &[u8], raw: Range<u64>, info: Option<&Arc<PathInfo>>) {
        self.open_field(Slot::Number, info, 0);
        self.out.spelling.add(text.len() as u64, raw.start, raw.end - raw.start);
        self.feed(text, 0..text.len(), true, true);
        self.out.close(Text { bytes: text, base: 0, open: false });
        self.out.release(raw.end);
    }

    /// The run ends here.
    pub(crate) fn close(&mut self) {
        let end = self.out.spelling.raw_end();
        self.feed(self.chunk, 0..0, false, true);
        self.settle(true, end);
    }

    fn feed(&mut self, chunk: &[u8], range: Range<usize>, stable: bool, last: bool) {
        let mut copied = 0;
        let mut around =
            Surroundings { compiled: self.compiled, memory: self.memory, copied: &mut copied, events: self.events };
        self.run.feed(chunk, range, stable, last, &mut around, self.out);
        self.out.stats.copied += copied;
    }

    fn settle(&mut self, last: bool, upto: u64) {
        if last {
            self.out.release(upto);
        } else {
            let settled = self.run.released(self.chunk, self.compiled, false);
            self.out.release(self.out.spelling.start_of(settled));
        }
    }

    /// A record ends before `at`.
    pub(crate) fn record(&mut self, at: u64) {
        self.memory.clear();
        self.out.end_record(at);
    }

    /// Everything before `at` is structure or was settled.
    pub(crate) fn structure(&mut self, at: u64) {
        self.out.release(at);
    }

    /// Copies what the current run still needs of the chunk, which is about to go.
    pub(crate) fn park(&mut self) {
        let mut copied = 0;
        let mut around =
            Surroundings { compiled: self.compiled, memory: self.memory, copied: &mut copied, events: self.events };
        self.run.park(self.chunk, &mut around);
        self.out.stats.copied += copied;
    }
}
