//! What a model streams in pieces is found as in the same text unchunked, whatever the provider and wherever it is cut.

#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "a test over short texts")]

mod common;

use std::fs;
use std::path::Path;

use blackbar_corpus::rng::Rng;
use blackbar_corpus::sse::{self, Provider};
use blackbar_corpus::{Document, corpus};
use blackbar_engine::testing::laws::{self, Streamed};
use blackbar_engine::{Finding, Format, Profile, Rules};

use common::{SCANNER, case_format, format, profiles, values};

fn mask_all() -> Profile {
    Rules::mask_all(values()).build().unwrap()
}

fn parts(finding: &Finding) -> Vec<(usize, usize)> {
    let whole = vec![(finding.start, finding.end)];
    let parts = if finding.parts.is_empty() { &whole } else { &finding.parts };
    parts.iter().map(|&(start, end)| (start as usize, end as usize)).collect()
}

/// Kinds and values, as they are spelt without the usual escapes.
fn found(run: &Streamed, doc: &[u8]) -> Vec<(String, String)> {
    let value = |finding: &Finding| {
        let raw: Vec<u8> = parts(finding).iter().flat_map(|&(start, end)| doc[start..end].to_vec()).collect();
        let text = String::from_utf8_lossy(&raw).replace("\\\\\"", "\"").replace("\\n", "\n");
        (finding.kind.id().to_owned(), text.replace("\\\"", "\"").replace("\\\\", "\\"))
    };
    run.findings.iter().map(value).collect()
}

/// Hand-made streams, each with the texts that it tells.
#[test]
fn streams_of_every_provider_are_read_as_the_texts_they_tell() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/streams");
    let mut paths: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "sse" || end == "ndjson"));
    paths.sort();
    assert_eq!(paths.len(), 20);
    let profile = mask_all();
    for path in paths {
        let doc = fs::read(&path).unwrap();
        let format = format(&doc);
        let wanted = if path.extension().is_some_and(|end| end == "sse") { Format::Sse } else { Format::Deltas };
        assert_eq!(format, wanted, "{}", path.display());
        for profile in profiles() {
            let whole = laws::oracle(&SCANNER, &profile, format, &doc);
            let every: Vec<usize> = (1..doc.len()).collect();
            laws::split(&whole, &SCANNER, &profile, format, &doc, &every);
            laws::edits(&SCANNER, &profile, format, &doc);
        }
        let whole = laws::stream(&SCANNER, &profile, format, &doc, &[]);
        // Byte by byte above, and in two at many places: what is gathered from two chunks, and what is read in one.
        for cut in (1..doc.len()).step_by(1 + doc.len() / 1500) {
            laws::split(&whole, &SCANNER, &profile, format, &doc, &[cut]);
        }
        let mut ours = found(&whole, &doc);
        let texts = fs::read_to_string(path.with_extension("txt")).unwrap();
        for text in texts.split("\n%%%\n") {
            let text = text.trim_end_matches('\n');
            let format = if text.starts_with('{') { Format::Json } else { Format::Text };
            let alone = laws::stream(&SCANNER, &profile, format, text.as_bytes(), &[]);
            assert!(!alone.findings.is_empty(), "{}: nothing to find in a text", path.display());
            for one in found(&alone, text.as_bytes()) {
                let at = ours.iter().position(|other| *other == one);
                ours.remove(at.unwrap_or_else(|| panic!("{}: {one:?} is not in {ours:?}", path.display())));
            }
        }
    }
}

const TEXT: &str = "Patient: Maria Garcia-Lopez, DOB 01/02/1934, MRN: 00482913, SSN 219-09-9999. \
    Call (617) 555-0134 or write to maria.g@example.org; she lives at 12 Elm Street, Boston, MA 02139. \
    Seen by Dr. Alan Whitfield on March 3, 2024.";

#[test]
fn an_identifier_cut_at_any_place_is_found_as_if_it_were_not() {
    let profile = mask_all();
    let alone = laws::stream(&SCANNER, &profile, Format::Text, TEXT.as_bytes(), &[]);
    let wanted = found(&alone, TEXT.as_bytes());
    assert!(wanted.len() >= 9, "{wanted:?}");
    let document = Document {
        name: "note".to_owned(),
        format: blackbar_corpus::Format::Text,
        text: TEXT.into(),
        labels: Vec::new(),
        decoys: Vec::new(),
        values: Vec::new(),
    };
    for provider in Provider::ALL {
        let format = case_format(provider.format());
        for step in 1..12 {
            for first in 0..TEXT.len().min(if step < 3 { 3 } else { TEXT.len() }) {
                // Every place alone, and pieces of every length from three places on.
                let cuts: Vec<usize> = if step == 11 {
                    vec![first]
                } else if first < 3 {
                    (first..TEXT.len()).step_by(step).collect()
                } else {
                    continue;
                };
                let doc = sse::stream_cut(&document, provider, &cuts).document.text;
                let run = laws::stream(&SCANNER, &profile, format, &doc, &[]);
                assert_eq!(found(&run, &doc), wanted, "{} cut at {cuts:?}", provider.name());
            }
        }
    }
}

#[test]
fn as_much_is_found_in_streams_as_in_texts() {
    let profile = mask_all();
    let covers = |findings: &[Finding], start: usize, end: usize| {
        (start..end).all(|at| findings.iter().flat_map(parts).any(|(from, to)| from <= at && at < to))
    };
    let (mut labels, mut alone) = (0usize, 0usize);
    let mut streamed = [0usize; Provider::ALL.len()];
    let documents = corpus(7_700_901, 120).into_iter().filter(|doc| doc.format == blackbar_corpus::Format::Text);
    for (document, index) in documents.zip(0..) {
        let run = laws::stream(&SCANNER, &profile, Format::Text, &document.text, &[]);
        labels += document.labels.len();
        alone += document.labels.iter().filter(|label| covers(&run.findings, label.start, label.end)).count();
        for (provider, count) in Provider::ALL.into_iter().zip(&mut streamed) {
            let stream = sse::stream(&document, provider, &mut Rng::for_part(3, index));
            let doc = &stream.document;
            let run = laws::stream(&SCANNER, &profile, case_format(provider.format()), &doc.text, &[]);
            let mut found = vec![true; document.labels.len()];
            for (piece, &of) in doc.labels.iter().zip(&stream.of) {
                found[of] &= covers(&run.findings, piece.start, piece.end);
            }
            *count += found.into_iter().filter(|found| *found).count();
        }
    }
    assert!(labels > 500, "{labels} labels");
    let share = |count: usize| count as f64 / labels as f64;
    println!("{labels} labels: alone {:.4}, {:?}", share(alone), streamed.map(share));
    for (provider, count) in Provider::ALL.into_iter().zip(streamed) {
        let loss = share(alone) - share(count);
        assert!(loss.abs() <= 0.005, "{}: {:.4}, unchunked {:.4}", provider.name(), share(count), share(alone));
    }
}
