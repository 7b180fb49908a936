//! One document of a format, as long as wanted: for finding out what a stream keeps in memory.

use std::io::{self, Write};

use crate::rng::Rng;
use crate::sse::{self, Provider};
use crate::{Format, Genre, document_of};

/// Distinct documents that are written again and again.
const POOL: usize = 60;

/// Writes one valid document of a format, of at least `bytes` bytes.
///
/// # Errors
/// What the writer reports.
pub fn write(format: Format, bytes: u64, seed: u64, out: &mut impl Write) -> io::Result<()> {
    let Parts { head, pieces, between, tail } = Parts::of(format, seed);
    out.write_all(&head)?;
    let mut written = 0;
    for (piece, i) in pieces.iter().cycle().zip(0u64..) {
        if i > 0 {
            out.write_all(between)?;
        }
        out.write_all(piece)?;
        written += (between.len() + piece.len()) as u64;
        if written >= bytes {
            break;
        }
    }
    out.write_all(&tail)
}

/// What a document without an end is made of.
struct Parts {
    head: Vec<u8>,
    pieces: Vec<Vec<u8>>,
    between: &'static [u8],
    tail: Vec<u8>,
}

impl Parts {
    fn of(format: Format, seed: u64) -> Self {
        let documents = |genres: &[Genre]| -> Vec<Vec<u8>> {
            (0..POOL).map(|i| document_of(genres[i % genres.len()], seed, i).text).collect()
        };
        let plain =
            |pieces: Vec<Vec<u8>>, between: &'static [u8]| Self { head: Vec::new(), pieces, between, tail: Vec::new() };
        let streams = |provider: Provider| -> Vec<Vec<u8>> {
            let one = |i: usize| {
                let note = document_of(Genre::Referral, seed, i);
                sse::stream(&note, provider, &mut Rng::for_part(seed, i as u64)).document.text
            };
            (0..POOL).map(one).collect()
        };
        match format {
            Format::Text => {
                plain(documents(&[Genre::Progress, Genre::Discharge, Genre::Nursing, Genre::Chat]), b"\n\n")
            }
            Format::Json => {
                let resources = documents(&[Genre::FhirResource, Genre::FhirBundle, Genre::Record]);
                Self { head: b"[".to_vec(), pieces: resources, between: b",", tail: b"]\n".to_vec() }
            }
            Format::Ndjson => plain(documents(&[Genre::FhirExport]), b""),
            Format::Csv => alike(plain(documents(&[Genre::HeadedCsv]), b""), true),
            Format::Tsv => alike(plain(documents(&[Genre::Tsv]), b""), true),
            Format::Copy => alike(plain(documents(&[Genre::Rows]), b""), false),
            Format::Hl7 => plain(documents(&[Genre::Hl7]), b""),
            Format::Xml => {
                let without_declaration = |text: Vec<u8>| match text.iter().position(|byte| *byte == b'\n') {
                    Some(end) => text[end + 1..].to_vec(),
                    None => text,
                };
                let pieces = documents(&[Genre::Ccda]).into_iter().map(without_declaration).collect();
                let head = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<documents>\n".to_vec();
                Self { head, pieces, between: b"", tail: b"</documents>\n".to_vec() }
            }
            Format::X12 => plain(documents(&[Genre::X12]), b"\n"),
            Format::Sse => plain(streams(Provider::Chat), b""),
            Format::Deltas => plain(streams(Provider::Ollama), b""),
            Format::Log => plain(documents(&[Genre::ServerLog]), b""),
            Format::Sql => plain(documents(&[Genre::Dump]), b""),
            Format::Form => plain(documents(&[Genre::Submission]), b"&"),
            Format::Mime => parts_of_one(documents(&[Genre::Mail])),
        }
    }
}

/// Rows as wide as those of the first document; of one with a header, its own rows under it.
fn alike(all: Parts, headed: bool) -> Parts {
    let first = all.pieces.first().cloned().unwrap_or_default();
    let line = |text: &[u8]| text.iter().position(|byte| *byte == b'\n').map_or(text.len(), |end| end + 1);
    let width = |text: &[u8]| text[..line(text)].iter().filter(|byte| **byte == b'\t').count();
    if headed {
        let (head, rows) = first.split_at(line(&first));
        return Parts { head: head.to_vec(), pieces: vec![rows.to_vec()], ..all };
    }
    let pieces = all.pieces.iter().filter(|piece| width(piece) == width(&first)).cloned().collect();
    Parts { pieces, ..all }
}

/// The parts of many messages under the heads of the first.
fn parts_of_one(messages: Vec<Vec<u8>>) -> Parts {
    let find = |text: &[u8], what: &[u8]| text.windows(what.len()).position(|window| window == what);
    let mut parts = Parts { head: Vec::new(), pieces: Vec::new(), between: b"", tail: Vec::new() };
    for message in messages {
        let Some(heads) = find(&message, b"\r\n\r\n").map(|at| at + 4) else { continue };
        let Some(last) = message[..message.len() - 4].iter().rposition(|byte| *byte == b'\n') else { continue };
        if parts.head.is_empty() {
            parts.head = message[..heads].to_vec();
            parts.tail = message[last + 1..].to_vec();
        }
        parts.pieces.push(message[heads..=last].to_vec());
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DEVELOPMENT_SEED;

    fn written(format: Format) -> String {
        let mut out = Vec::new();
        write(format, 3_000_000, DEVELOPMENT_SEED, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_format_is_as_long_as_wanted_and_repeats_itself() {
        for format in Format::ALL {
            let text = written(format);
            assert!((3_000_000..3_400_000).contains(&text.len()), "{}: {}", format.name(), text.len());
            assert_eq!(text, written(format), "{}", format.name());
        }
    }

    #[test]
    fn what_is_one_document_is_one() {
        let array: Vec<serde_json::Value> = serde_json::from_str(&written(Format::Json)).unwrap();
        assert!(array.len() > 100);
        let text = written(Format::Xml);
        assert_eq!((text.matches("<?xml").count(), text.matches("</documents>").count()), (1, 1));
        let text = written(Format::Csv);
        let sign = if text.lines().next().unwrap().contains(';') { b';' } else { b',' };
        let rows = csv::ReaderBuilder::new().delimiter(sign).from_reader(text.as_bytes()).into_records();
        assert!(rows.collect::<Result<Vec<_>, _>>().unwrap().len() > 1000);
        let widths: std::collections::BTreeSet<usize> =
            written(Format::Copy).lines().map(|row| row.split('\t').count()).collect();
        assert_eq!(widths.len(), 1);
        let mail = written(Format::Mime);
        assert_eq!((mail.matches("MIME-Version").count(), mail.matches("_b--\r\n").count()), (1, 1));
    }
}
