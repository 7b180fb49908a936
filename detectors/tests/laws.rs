//! The laws of streaming with everything on: every detector, operator and lens, over cases, documents and soups.

#![allow(clippy::expect_used, reason = "a test")]

mod common;

use std::path::Path;

use blackbar_corpus::{DEVELOPMENT_SEED, cases, corpus};
use blackbar_engine::testing::laws;
use blackbar_engine::{Format, Profile, Raw};
use proptest::prelude::*;

use common::{SCANNER, format, profiles};

const FORMATS: [Format; 10] = [
    Format::Text,
    Format::Json,
    Format::Ndjson,
    Format::CSV,
    Format::TSV,
    Format::Hl7,
    Format::Xml,
    Format::X12,
    Format::Copy,
    Format::Form,
];

/// `BLACKBAR_LAWS=full` runs everything that a release runs; the usual run takes a sample of it.
fn full() -> bool {
    std::env::var("BLACKBAR_LAWS").is_ok_and(|value| value == "full")
}

fn all_cases() -> Vec<cases::Case> {
    cases::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/cases")).expect("the case files are valid")
}

#[test]
fn every_split_of_short_cases_gives_the_same() {
    let profile = &profiles()[0];
    let most = if full() { 14 } else { 10 };
    let mut short: Vec<Vec<u8>> = Vec::new();
    for case in all_cases() {
        // The shortest piece around what is expected, so that an identifier or its edge is in it.
        let bytes = case.text.as_bytes();
        let from = match &case.expect {
            cases::Expect::Takes { spans, .. } => spans.first().map_or(0, |span| span.start.saturating_sub(3)),
            cases::Expect::Refuses => 0,
        };
        short.push(bytes[from..bytes.len().min(from + most)].to_vec());
    }
    short.sort();
    short.dedup();
    let step = if full() { 1 } else { 7 };
    for doc in short.iter().step_by(step) {
        for format in [Format::Text, Format::Json, Format::CSV] {
            let whole = laws::oracle(&SCANNER, profile, format, doc);
            for mask in 0..1u32 << doc.len().saturating_sub(1) {
                let cuts: Vec<usize> = (1..doc.len()).filter(|i| mask >> (i - 1) & 1 == 1).collect();
                laws::split(&whole, &SCANNER, profile, format, doc, &cuts);
            }
        }
    }
}

#[test]
fn every_cut_of_every_case_gives_the_same() {
    let profile = &profiles()[0];
    for (case, number) in all_cases().iter().zip(0usize..) {
        let doc = case.text.as_bytes();
        let whole = laws::oracle(&SCANNER, profile, Format::Text, doc);
        laws::edits(&SCANNER, profile, Format::Text, doc);
        for one in 0..=doc.len() {
            laws::split(&whole, &SCANNER, profile, Format::Text, doc, &[one]);
            let step = if full() { 1 } else { 11 };
            for two in (one + (number % step)..=doc.len()).step_by(step) {
                laws::split(&whole, &SCANNER, profile, Format::Text, doc, &[one, two]);
            }
        }
    }
}

/// Glances look no further than a detector's window, so what decides may lie at its very edge, with capitals all along.
#[test]
fn long_lines_of_capitals_hide_nothing() {
    let profile = &profiles()[0];
    let ends = [
        "Springfield, Illinois 62701",
        "Springfield IL 62701 Anna",
        "West Virginia",
        "Mercy General Hospital",
        "Nursing Home",
        "Kent County",
        "Oak Street",
        "Boston",
    ];
    let lines = ["Anna Smith Maria Brown", "O'Brien-Jones Saint-Denis", "Li Wu An Xi", "NORTH SEEN BY OAKES"];
    let before = ["", "lives in ", "at ", "City: "];
    for (line, end) in lines.iter().flat_map(|line| ends.iter().map(move |end| (line, end))) {
        for (repeats, number) in (0..10).zip(0usize..) {
            // Every distance from the window's edge, byte by byte, over the turns.
            for pad in (number % 3..30).step_by(if full() { 1 } else { 6 }) {
                let mut doc = String::from(before[(number + pad) % before.len()]);
                for _ in 0..repeats {
                    doc.push_str(line);
                    doc.push(' ');
                }
                doc.push_str(&"M".repeat(pad));
                doc.push(' ');
                doc.push_str(end);
                doc.push(' ');
                doc.push_str(line);
                let whole = laws::oracle(&SCANNER, profile, Format::Text, doc.as_bytes());
                laws::split(&whole, &SCANNER, profile, Format::Text, doc.as_bytes(), &[doc.len() / 2]);
            }
        }
    }
}

#[test]
fn padding_changes_nothing() {
    let profile = &profiles()[0];
    let bases: &[usize] = if full() { &[0, 4096 - 32, 65_536 - 32] } else { &[0, 4096 - 32] };
    let (case_step, pad_step) = if full() { (1, 1) } else { (9, 5) };
    for case in all_cases().iter().step_by(case_step) {
        for base in bases {
            for pad in (0..=64).step_by(pad_step) {
                // A blank line before: context must not differ from that of a document's beginning by chance.
                let mut doc = vec![b' '; base + pad];
                doc.extend_from_slice(b"\n\n");
                let start = doc.len();
                doc.extend_from_slice(case.text.as_bytes());
                let whole = laws::stream(&SCANNER, profile, Format::Text, &doc, &[]);
                if *base == 0 {
                    let _ = laws::oracle(&SCANNER, profile, Format::Text, &doc);
                }
                let middle = start + case.text.len() / 2;
                for cuts in [[start, middle], [start.saturating_sub(1), start + 1], [middle, middle + 1]] {
                    laws::split(&whole, &SCANNER, profile, Format::Text, &doc, &cuts);
                }
            }
        }
    }
}

#[test]
fn documents_of_the_corpus_keep_the_laws() {
    let profiles = profiles();
    let documents = corpus(DEVELOPMENT_SEED + 1, if full() { 600 } else { 60 });
    for (document, i) in documents.iter().zip(0usize..) {
        let format = format(&document.text);
        for (profile, j) in profiles.iter().zip(0usize..) {
            if !full() && (i + j) % 4 != 0 {
                continue;
            }
            let whole = laws::stream(&SCANNER, profile, format, &document.text, &[]);
            laws::bound(&whole);
            laws::edits(&SCANNER, profile, format, &document.text);
            for size in [64, 700, 1400, 4096] {
                let cuts: Vec<usize> = (1..=document.text.len() / size).map(|k| k * size).collect();
                let run = laws::split(&whole, &SCANNER, profile, format, &document.text, &cuts);
                if format == Format::Text && size >= 512 {
                    laws::copy(&run, cuts.len() + 1);
                }
            }
        }
        if document.text.len() < 6000 {
            let _ = laws::oracle(&SCANNER, &profiles[i % profiles.len()], format, &document.text);
        }
    }
}

/// Pieces of documents of the corpus, cut out anywhere and put together, with stray bytes of every format.
fn soups() -> impl Strategy<Value = Vec<u8>> {
    let pool: Vec<Vec<u8>> = corpus(DEVELOPMENT_SEED + 2, 120).into_iter().map(|document| document.text).collect();
    let piece =
        (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 1usize..90).prop_map(move |(d, at, len)| {
            let text = d.get(&pool);
            let from = at.index(text.len().max(1));
            text[from..text.len().min(from + len)].to_vec()
        });
    let stray = proptest::sample::select(&[
        "\"",
        "\\",
        "\\u00e9",
        "\\ud83d\\ude00",
        "{\"ssn\":\"",
        "\",\"name\":\"",
        "}",
        "\n",
        ",",
        "\t",
        "é",
        "\u{200b}",
        "ssn,name,dob\n",
        "\"\"",
        "[",
        "]",
        ":",
        " ",
        "-",
        "\u{a0}",
        "\r\n",
        "http://",
        "@",
        "0",
        "data:image/png;base64,",
        "MSH|^~\\&|",
        "\rPID|1||",
        "\rOBX|1|TX|",
        "|",
        "^",
        "~",
        "\\T\\",
        "<a>",
        "</a>",
        "<telecom value=\"",
        "<name><given>",
        "&amp;",
        "&#64;",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "~NM1*IL*1*",
        "~DMG*D8*",
        "*",
        "\\N",
        "&name=",
        "%40",
    ]);
    let piece = prop_oneof![
        6 => piece,
        3 => stray.prop_map(|text| text.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 1..4),
    ];
    proptest::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

fn any_profile() -> impl Strategy<Value = Profile> {
    proptest::sample::select(profiles())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if full() { 100_000 } else { 1_500 },
        ..ProptestConfig::default()
    })]

    #[test]
    fn random_documents_cuts_operators_and_lenses(
        doc in soups(),
        cuts in proptest::collection::vec(0usize..1200, 0..10),
        format in proptest::sample::select(&FORMATS),
        profile in any_profile(),
    ) {
        let mut cuts = cuts;
        cuts.sort_unstable();
        let whole = laws::oracle(&SCANNER, &profile, format, &doc);
        laws::split(&whole, &SCANNER, &profile, format, &doc, &cuts);
        if doc.len() <= 200 {
            let bytes: Vec<usize> = (1..doc.len()).collect();
            laws::split(&whole, &SCANNER, &profile, format, &doc, &bytes);
        }
        laws::edits(&SCANNER, &profile, format, &doc);
    }
}

#[test]
fn endless_inputs_need_constant_memory() {
    let profile = &profiles()[0];
    for (byte, format) in [
        (b'5', Format::Text),
        (b'A', Format::Text),
        (b'@', Format::Text),
        (b'-', Format::Text),
        (b'"', Format::Text),
        (b' ', Format::Text),
        (b'"', Format::CSV),
        (b'x', Format::Json),
        (b'[', Format::Json),
    ] {
        let mut redactor = SCANNER.redactor_for(profile, format, "");
        if format == Format::Json {
            redactor.push(Raw::from(b"[\"".to_vec()));
        }
        for _ in 0..64 {
            redactor.push(Raw::from(vec![byte; 16 * 1024]));
            while redactor.poll().is_some() {}
        }
        let stats = redactor.stats();
        assert!(stats.most_held <= stats.window, "{} {format}: {} held", char::from(byte), stats.most_held);
    }
}
