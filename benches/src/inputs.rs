//! Generated documents of every density, and documents made to be slow.

use blackbar_corpus::bench;
use blackbar_engine::Format;
use bytes::Bytes;

use crate::SEED;

/// An input by its name.
#[derive(Clone, Copy, Debug)]
pub struct Input {
    /// Its name in reports.
    pub name: &'static str,
    /// The lens that reads it.
    pub format: Format,
    /// Makes so many bytes of it.
    pub make: fn(usize) -> Bytes,
}

/// What real traffic is like: identifiers in every hundred bytes, lines of resources, a table, and prose without any.
pub const TYPICAL: [Input; 4] = [
    Input { name: "notes", format: Format::Text, make: |len| bench::notes(len, SEED).into() },
    Input { name: "ndjson", format: Format::Ndjson, make: |len| bench::ndjson(len, SEED).into() },
    Input { name: "csv", format: Format::CSV, make: |len| bench::csv(len, SEED).into() },
    Input { name: "clean", format: Format::Text, make: |len| bench::clean(len, SEED).into() },
];

/// What an adversary would send: each asks as many detectors as often as possible, or keeps one asking.
pub const HOSTILE: [Input; 8] = [
    Input { name: "digits", format: Format::Text, make: |len| repeat(b"4929180347", len) },
    Input { name: "digit-pairs", format: Format::Text, make: |len| repeat(b"1-", len) },
    Input { name: "capitals", format: Format::Text, make: |len| repeat(b"Anna Smith Maria Brown ", len) },
    Input { name: "shouting", format: Format::Text, make: |len| repeat(b"A", len) },
    Input { name: "at-signs", format: Format::Text, make: |len| repeat(b"@", len) },
    Input { name: "labels", format: Format::Text, make: |len| repeat(b"mrn ssn dob fax id # : ", len) },
    Input { name: "escapes", format: Format::Json, make: |len| quoted(b"\\u0034\\\"\\n1", len) },
    Input { name: "quotes", format: Format::CSV, make: |len| repeat(b"\"a\"\"\"\"1\",", len) },
];

fn repeat(piece: &[u8], len: usize) -> Bytes {
    piece.iter().copied().cycle().take(len).collect()
}

/// One JSON string as long as the input.
fn quoted(piece: &[u8], len: usize) -> Bytes {
    std::iter::once(b'"').chain(piece.iter().copied().cycle()).take(len).collect()
}
