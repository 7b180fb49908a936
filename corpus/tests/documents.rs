//! What every generated document must satisfy, checked with parsers that are not ours.

use std::collections::{BTreeMap, BTreeSet};

use blackbar_corpus::score::base;
use blackbar_corpus::{DEVELOPMENT_SEED, Document, Format, Genre, KINDS, corpus, document, document_of};

fn sample() -> Vec<Document> {
    corpus(DEVELOPMENT_SEED, 600)
}

#[test]
fn the_same_seed_gives_the_same_bytes_for_ever() {
    let documents = corpus(DEVELOPMENT_SEED, 60);
    assert_eq!(documents, corpus(DEVELOPMENT_SEED, 60));
    assert_eq!(documents[17], document(DEVELOPMENT_SEED, 17));
    assert_ne!(documents, corpus(DEVELOPMENT_SEED + 1, 60));
    let mut hash = Fnv::new();
    for document in &documents {
        hash.eat(document.name.as_bytes());
        hash.eat(&document.text);
        for label in document.labels.iter().chain(&document.decoys) {
            hash.eat(format!("{} {} {}\n", label.start, label.end, label.kind).as_bytes());
        }
    }
    // A change of templates, word lists or generator changes this number. Put the new one here, and record recall anew.
    assert_eq!(format!("{:016x}", hash.0), PINNED, "the corpus changed");
}

const PINNED: &str = "0c2233028d367f71";

#[test]
fn labels_and_decoys_are_sorted_apart_and_within_bounds() {
    for document in sample() {
        assert_eq!(document.labels.len(), document.values.len());
        let mut spans: Vec<_> = document.labels.iter().chain(&document.decoys).collect();
        assert!(document.labels.is_sorted() && document.decoys.is_sorted(), "{}", document.name);
        spans.sort();
        let mut end = 0;
        for span in spans {
            assert!(span.start >= end && span.start < span.end, "{} at {}", document.name, span.start);
            end = span.end;
        }
        assert!(end <= document.text.len());
        for label in &document.labels {
            assert!(KINDS.contains(&label.kind.as_str()), "{}", label.kind);
        }
    }
}

#[test]
fn label_bytes_decode_to_what_was_inserted() {
    let apart = Genre::APART.iter().flat_map(|genre| (0..20).map(|i| document_of(*genre, DEVELOPMENT_SEED, i)));
    for document in sample().into_iter().chain(apart) {
        for (label, value) in document.labels.iter().zip(&document.values) {
            let raw = std::str::from_utf8(&document.text[label.start..label.end]).unwrap();
            let decoded = match document.format {
                Format::Json | Format::Ndjson => {
                    let text: String = serde_json::from_str(&format!("\"{raw}\"")).unwrap();
                    // Narrative is XHTML inside JSON.
                    text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
                }
                Format::Csv => raw.replace("\"\"", "\""),
                Format::Xml => {
                    raw.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
                }
                Format::Text
                | Format::Log
                | Format::Sql
                | Format::Tsv
                | Format::Hl7
                | Format::X12
                | Format::Sse
                | Format::Deltas => raw.to_owned(),
            };
            assert_eq!(&decoded, value, "{} at {}", document.name, label.start);
        }
    }
}

#[test]
fn structured_documents_parse_and_hold_every_value() {
    let mut parsed = 0;
    for document in sample() {
        let strings: Vec<String> = match document.format {
            Format::Json | Format::Ndjson => {
                let mut strings = Vec::new();
                for value in serde_json::Deserializer::from_slice(&document.text).into_iter::<serde_json::Value>() {
                    collect_strings(&value.unwrap_or_else(|error| panic!("{}: {error}", document.name)), &mut strings);
                }
                strings
            }
            Format::Csv => {
                let first = String::from_utf8_lossy(&document.text);
                let header = first.lines().next().unwrap_or("");
                let semicolons = header.matches(';').count() > header.matches(',').count();
                let mut reader = csv::ReaderBuilder::new()
                    .has_headers(false)
                    .delimiter(if semicolons { b';' } else { b',' })
                    .from_reader(document.text.as_slice());
                // Not flexible: every record must have as many fields as the first.
                reader
                    .records()
                    .flat_map(|record| record.unwrap().iter().map(str::to_owned).collect::<Vec<_>>())
                    .collect()
            }
            Format::Tsv => {
                let text = String::from_utf8(document.text.clone()).unwrap();
                let widths: BTreeSet<usize> = text.lines().map(|line| line.split('\t').count()).collect();
                assert_eq!(widths.len(), 1, "{}", document.name);
                text.lines().flat_map(|line| line.split('\t').map(str::to_owned).collect::<Vec<_>>()).collect()
            }
            Format::Text
            | Format::Log
            | Format::Sql
            | Format::Hl7
            | Format::Xml
            | Format::X12
            | Format::Sse
            | Format::Deltas => continue,
        };
        parsed += 1;
        for value in &document.values {
            let escaped = value.replace('&', "&amp;").replace('"', "&quot;");
            assert!(
                strings.iter().any(|s| s.contains(value) || s.contains(&escaped)),
                "{}: a value is lost",
                document.name
            );
        }
    }
    assert!(parsed > 80);
}

fn collect_strings(value: &serde_json::Value, into: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) => into.push(text.clone()),
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect_strings(item, into)),
        serde_json::Value::Object(members) => members.values().for_each(|member| collect_strings(member, into)),
        _ => {}
    }
}

#[test]
fn every_kind_and_every_format_occurs_often() {
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    let mut formats: BTreeMap<Format, usize> = BTreeMap::new();
    for document in sample() {
        *formats.entry(document.format).or_default() += 1;
        for label in document.labels {
            *kinds.entry(base(&label.kind).to_owned()).or_default() += 1;
            *kinds.entry(label.kind).or_default() += 1;
        }
    }
    for kind in KINDS {
        assert!(kinds.get(*kind).copied().unwrap_or(0) >= 10, "{kind}: {:?}", kinds.get(*kind));
    }
    assert_eq!(formats.len(), 6);
}

#[test]
fn there_are_as_many_hard_negatives_as_identifiers() {
    let all = sample();
    for formats in
        [&[Format::Text][..], &[Format::Text, Format::Json, Format::Ndjson, Format::Csv, Format::Tsv, Format::Hl7]]
    {
        let chosen: Vec<_> = all.iter().filter(|document| formats.contains(&document.format)).collect();
        let labels: usize = chosen.iter().map(|document| document.labels.len()).sum();
        let decoys: usize = chosen.iter().map(|document| document.decoys.len()).sum();
        assert!(decoys >= labels, "{decoys} decoys, {labels} labels in {formats:?}");
    }
}

#[test]
fn clean_documents_are_clean_and_there_are_enough() {
    let mut bytes = 0;
    for index in 0..200 {
        let document = document_of(Genre::Clean, DEVELOPMENT_SEED, index);
        assert_eq!(document.labels, []);
        bytes += document.text.len();
    }
    assert!(bytes > 100_000, "{bytes}");
}

#[test]
fn documents_of_a_genre_differ() {
    for &genre in Genre::ALL {
        let texts: BTreeSet<Vec<u8>> = (0..30).map(|index| document_of(genre, DEVELOPMENT_SEED, index).text).collect();
        assert_eq!(texts.len(), 30, "{}", genre.name());
    }
}

/// FNV-1a; enough to notice a change.
struct Fnv(u64);

impl Fnv {
    fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn eat(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
