//! Input for benchmarks: as much as wanted, fast, and the same bytes for the same seed.
//!
//! A few megabytes of distinct documents are generated once. They are then written again and again in changing order,
//! with the digits of their telephone numbers, record numbers and UUIDs changed each time, so that no cache of
//! answers can help.

use std::io::{self, Write};

use crate::rng::Rng;
use crate::scribe::Scribe;
use crate::writer::{Encoding, Writer};
use crate::{Genre, document_of, fhir, table};

/// What to write.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Input {
    /// Clinical notes of every genre, about one identifier in a hundred bytes.
    Notes,
    /// FHIR resources on one line each, mostly UUIDs.
    Ndjson,
    /// A table of eighteen columns.
    Csv,
    /// Clinical prose without digits and without identifiers.
    Clean,
}

impl Input {
    /// Every input.
    pub const ALL: [Self; 4] = [Self::Notes, Self::Ndjson, Self::Csv, Self::Clean];

    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Notes => "notes",
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Clean => "clean",
        }
    }

    /// The input of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|input| input.name() == name)
    }
}

/// Clinical notes.
pub fn notes(bytes: usize, seed: u64) -> Vec<u8> {
    collect(Input::Notes, bytes, seed)
}

/// FHIR lines.
pub fn ndjson(bytes: usize, seed: u64) -> Vec<u8> {
    collect(Input::Ndjson, bytes, seed)
}

/// A table.
pub fn csv(bytes: usize, seed: u64) -> Vec<u8> {
    collect(Input::Csv, bytes, seed)
}

/// Clinical prose without digits.
pub fn clean(bytes: usize, seed: u64) -> Vec<u8> {
    collect(Input::Clean, bytes, seed)
}

/// Writes exactly `bytes` bytes; the last document may be cut.
///
/// # Errors
/// What the writer reports.
pub fn write(input: Input, bytes: usize, seed: u64, out: &mut impl Write) -> io::Result<()> {
    let mut rng = Rng::for_part(seed, 0xBE_7C);
    let pool = Pool::generate(input, bytes.clamp(1, POOL_BYTES), &mut rng);
    let mut left = bytes;
    // A table has one header line, before everything else.
    if let Some(head) = &pool.head {
        left -= write_some(head, left, out)?;
    }
    let mut varied = Vec::new();
    let mut first_round = true;
    let mut order: Vec<usize> = (0..pool.pieces.len()).collect();
    while left > 0 {
        for &index in &order {
            if left == 0 {
                break;
            }
            let piece = &pool.pieces[index];
            varied.clear();
            varied.extend_from_slice(&piece.text);
            if !first_round {
                vary(&mut varied, &piece.spots, &mut rng);
            }
            left -= write_some(&varied, left, out)?;
        }
        first_round = false;
        for i in (1..order.len()).rev() {
            order.swap(i, rng.index(i + 1));
        }
    }
    Ok(())
}

/// How many bytes of distinct documents there are.
const POOL_BYTES: usize = 3_000_000;

struct Pool {
    head: Option<Vec<u8>>,
    pieces: Vec<Piece>,
}

/// A document and where it may vary.
struct Piece {
    text: Vec<u8>,
    /// Spans whose digits may be any digits.
    spots: Vec<(usize, usize)>,
    #[cfg(test)]
    labels: usize,
}

impl Pool {
    fn generate(input: Input, bytes: usize, rng: &mut Rng) -> Self {
        let seed = rng.next_u64();
        let mut pool = Self { head: None, pieces: Vec::new() };
        let mut made = 0;
        let mut index = 0;
        while made < bytes {
            let writer = match input {
                Input::Notes => note(seed, index),
                Input::Ndjson => fhir::uuid_line(&mut Scribe::new(Rng::for_part(seed, index as u64))),
                Input::Csv => table::dense_csv(&mut Scribe::new(Rng::for_part(seed, index as u64)), 50),
                Input::Clean => {
                    let mut scribe = Scribe::new(Rng::for_part(seed, index as u64));
                    let rich = scribe.section("prose").then("\n\n");
                    let mut writer = Writer::default();
                    writer.rich(&rich, Encoding::default(), &mut scribe.rng);
                    writer
                }
            };
            let mut piece = Piece::new(writer);
            if input == Input::Csv {
                let header = piece.cut_first_line();
                pool.head.get_or_insert(header);
            }
            made += piece.text.len();
            pool.pieces.push(piece);
            index += 1;
        }
        pool
    }
}

impl Piece {
    fn new(writer: Writer) -> Self {
        let (text, labels, _, _) = writer.into_parts();
        let spots = labels
            .iter()
            .filter(|label| matches!(label.kind.as_str(), "phone" | "fax" | "ssn" | "mrn" | "account" | "other-id"))
            // The first digits carry area codes and group rules; the last four bytes are free.
            .map(|label| (label.end.saturating_sub(4).max(label.start), label.end))
            .collect();
        Self {
            text,
            spots,
            #[cfg(test)]
            labels: labels.len(),
        }
    }

    fn cut_first_line(&mut self) -> Vec<u8> {
        let end = self.text.iter().position(|&b| b == b'\n').map_or(self.text.len(), |at| at + 1);
        for spot in &mut self.spots {
            *spot = (spot.0.saturating_sub(end), spot.1.saturating_sub(end));
        }
        let rest = self.text.split_off(end);
        std::mem::replace(&mut self.text, rest)
    }
}

fn note(seed: u64, index: usize) -> Writer {
    const GENRES: [Genre; 8] = [
        Genre::Progress,
        Genre::Discharge,
        Genre::Progress,
        Genre::Nursing,
        Genre::Radiology,
        Genre::Referral,
        Genre::Chat,
        Genre::Clean,
    ];
    let document = document_of(GENRES[index % GENRES.len()], seed, index);
    Writer::from_document(document)
}

/// Replaces the digits in `spots` by other digits.
fn vary(text: &mut [u8], spots: &[(usize, usize)], rng: &mut Rng) {
    for &(start, end) in spots {
        let mut bits = rng.next_u64();
        for byte in &mut text[start..end] {
            if byte.is_ascii_digit() {
                // A remainder of ten fits a byte.
                #[allow(clippy::cast_possible_truncation)]
                let digit = (bits % 10) as u8;
                *byte = b'0' + digit;
                bits /= 10;
            }
        }
    }
}

fn write_some(bytes: &[u8], left: usize, out: &mut impl Write) -> io::Result<usize> {
    let count = bytes.len().min(left);
    out.write_all(&bytes[..count])?;
    Ok(count)
}

fn collect(input: Input, bytes: usize, seed: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes);
    // Writing into memory does not fail.
    let _ = write(input, bytes, seed, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DEVELOPMENT_SEED;

    #[test]
    fn every_input_has_its_size_and_repeats_itself() {
        for input in Input::ALL {
            let bytes = collect(input, 200_000, 7);
            assert_eq!(bytes.len(), 200_000, "{}", input.name());
            assert_eq!(bytes, collect(input, 200_000, 7));
            assert_ne!(bytes, collect(input, 200_000, 8));
        }
    }

    #[test]
    fn clean_has_no_digit() {
        assert!(!clean(300_000, DEVELOPMENT_SEED).iter().any(u8::is_ascii_digit));
    }

    #[test]
    fn a_second_round_changes_digits_and_nothing_else() {
        let mut first = b"call 217-555-0142 now".to_vec();
        vary(&mut first, &[(13, 17)], &mut Rng::new(4));
        assert!(first.starts_with(b"call 217-555-") && first.ends_with(b" now"));
        assert_ne!(&first[13..17], b"0142");
        // The pool is written once, then again in another order.
        let twice = ndjson(2 * POOL_BYTES, 3);
        let mut lines: Vec<&[u8]> = twice.split(|&b| b == b'\n').collect();
        let written = lines.len();
        lines.sort_unstable();
        lines.dedup();
        assert!(lines.len() * 100 > written * 99, "{} of {written} lines are different", lines.len());
    }

    #[test]
    fn density_is_as_said() {
        let per_label = |input| {
            let pool = Pool::generate(input, 300_000, &mut Rng::new(1));
            let bytes: usize = pool.pieces.iter().map(|piece| piece.text.len()).sum();
            bytes / pool.pieces.iter().map(|piece| piece.labels).sum::<usize>()
        };
        assert!((60..140).contains(&per_label(Input::Notes)), "{}", per_label(Input::Notes));
        assert!((70..110).contains(&per_label(Input::Ndjson)), "{}", per_label(Input::Ndjson));
        assert!((12..26).contains(&per_label(Input::Csv)), "{}", per_label(Input::Csv));
    }
}
