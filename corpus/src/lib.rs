//! Labelled synthetic PHI: documents whose identifiers are known because the generator put them there.
//!
//! ```
//! use blackbar_corpus::{DEVELOPMENT_SEED, corpus};
//!
//! let document = corpus(DEVELOPMENT_SEED, 20).remove(3);
//! for label in &document.labels {
//!     let identifier = &document.text[label.start..label.end];
//!     assert!(!identifier.is_empty());
//! }
//! ```
//!
//! Nothing here knows a detector, and no label comes from searching text: a piece of text becomes an identifier when
//! it is made ([`rich`]), and gets its offsets when it is written ([`writer`]). The same seed gives the same bytes on
//! every platform.
//!
//! Who is real here: nobody. Names come from census frequency lists and hand-made lists (`data/README.md`), all else
//! from a random generator.
//!
//! It does not claim to be a sample of real records. A score on it says what a detector finds of what its author
//! thought of; judge on documents that others wrote as well.

pub mod bench;
pub mod calendar;
pub mod cases;
mod cast;
mod ccda;
mod check;
pub mod cross;
mod dates;
mod decoys;
mod dump;
pub mod endless;
mod fhir;
mod generate;
pub mod gold;
mod hl7;
pub mod ids;
mod images;
mod json;
mod logs;
mod mail;
mod mould;
mod people;
mod places;
pub mod rich;
pub mod rng;
pub mod score;
mod scribe;
pub mod sse;
mod synthea;
mod table;
mod template;
pub mod writer;
mod x12;

pub use generate::{Genre, corpus, document, document_of};

/// The seed whose documents detectors may be developed and tuned on. Every other seed is held out: score on one
/// before a release, never tune on it.
pub const DEVELOPMENT_SEED: u64 = 20_240_229;

/// One generated document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Document {
    /// A file name that is unique within a corpus.
    pub name: String,
    /// The syntax of `text`.
    pub format: Format,
    /// The bytes.
    pub text: Vec<u8>,
    /// The identifiers, by start, not overlapping.
    pub labels: Vec<Label>,
    /// The hard negatives: what looks like an identifier and is none; `kind` names the sort. By start, overlapping
    /// neither each other nor a label.
    pub decoys: Vec<Label>,
    /// What was inserted for each label, before escaping: `values[i]` belongs to `labels[i]`.
    pub values: Vec<String>,
}

/// A span of a document.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Label {
    /// The first byte.
    pub start: usize,
    /// One after the last byte.
    pub end: usize,
    /// A stable kind id such as `ssn` or `name:patient`.
    pub kind: String,
}

/// The syntax of a document.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Format {
    /// Plain text.
    Text,
    /// One JSON document.
    Json,
    /// One JSON document a line.
    Ndjson,
    /// Comma-separated values.
    Csv,
    /// Tab-separated values without quoting.
    Tsv,
    /// HL7 version 2, segments ended by carriage returns.
    Hl7,
    /// Server-sent events in which a model streams its answer.
    Sse,
    /// The same in lines of JSON.
    Deltas,
    /// XML and HTML.
    Xml,
    /// X12 interchanges.
    X12,
    /// Lines of a server's log.
    Log,
    /// Statements of SQL, as in dumps.
    Sql,
    /// Rows of PostgreSQL's COPY as text.
    Copy,
    /// Form data, as browsers send it.
    Form,
    /// E-mails in parts.
    Mime,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 15] = [
        Self::Text,
        Self::Json,
        Self::Ndjson,
        Self::Csv,
        Self::Tsv,
        Self::Hl7,
        Self::Xml,
        Self::X12,
        Self::Sse,
        Self::Deltas,
        Self::Log,
        Self::Sql,
        Self::Copy,
        Self::Form,
        Self::Mime,
    ];

    /// Its stable name, which is also its `--input` value.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Hl7 => "hl7",
            Self::Sse => "sse",
            Self::Deltas => "ndjson-deltas",
            Self::Xml => "xml",
            Self::X12 => "x12",
            Self::Log => "log",
            Self::Sql => "sql",
            Self::Copy => "copy",
            Self::Form => "form",
            Self::Mime => "mime",
        }
    }

    /// The format of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The file name extension.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Text => "txt",
            Self::Deltas => "ndjson",
            Self::Mime => "eml",
            other => other.name(),
        }
    }
}

/// Every kind that labels bear, sub-kinds included.
pub const KINDS: &[&str] = &[
    "name",
    "name:patient",
    "name:provider",
    "name:relative",
    "location",
    "location:street",
    "location:city",
    "location:county",
    "facility",
    "zip",
    "date",
    "age",
    "phone",
    "fax",
    "email",
    "ssn",
    "mrn",
    "health-plan",
    "account",
    "card",
    "license",
    "npi",
    "dea",
    "vehicle",
    "device",
    "url",
    "ip",
    "mac",
    "biometric",
    "image",
    "other-id",
    "other-id:encounter",
    "other-id:user",
];
