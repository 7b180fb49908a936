//! The laws of streaming with everything on: every detector, operator and lens, over cases, documents and soups.

#![allow(clippy::expect_used, reason = "a test")]

mod common;

use std::path::Path;

use blackbar_corpus::rng::Rng;
use blackbar_corpus::sse::{self, Provider};
use blackbar_corpus::{DEVELOPMENT_SEED, Document, Genre, cases, corpus, document_of};
use blackbar_engine::testing::laws;
use blackbar_engine::{Format, Profile, Raw};
use proptest::prelude::*;

use common::{SCANNER, case_format, format, profiles};

/// Every lens.
const FORMATS: [Format; 16] = [
    Format::Text,
    Format::Json,
    Format::Ndjson,
    Format::CSV,
    Format::TSV,
    Format::Delimited(b';'),
    Format::Hl7,
    Format::Xml,
    Format::X12,
    Format::Copy,
    Format::Form,
    Format::Sse,
    Format::Deltas,
    Format::Log,
    Format::Sql,
    Format::Mime,
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
fn a_stream_that_rests_goes_on_as_if_it_had_not() {
    let profile = &profiles()[0];
    for document in corpus(DEVELOPMENT_SEED + 2, 60) {
        let format = format(&document.text);
        let whole = laws::stream(&SCANNER, profile, format, &document.text, &[]);
        let mut redactor = SCANNER.redactor_for(profile, format, "document");
        let mut bytes = Vec::new();
        let mut take = |redactor: &mut blackbar_engine::Redactor| {
            while let Some(segment) = redactor.poll() {
                bytes.extend_from_slice(segment.bytes().as_bytes());
                redactor.rest();
            }
            redactor.rest();
        };
        for chunk in document.text.chunks(701) {
            redactor.push(Raw::from(chunk.to_vec()));
            redactor.rest();
            take(&mut redactor);
        }
        redactor.finish();
        take(&mut redactor);
        assert!(bytes == whole.bytes, "{format}");
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
        keep_the_laws(document, format(&document.text), &profiles, i);
    }
}

/// Documents of the formats that the mixed corpus lacks, texts as models stream them among them, each by the lens that
/// is made for it, which finds identifiers in it.
#[test]
fn documents_of_every_lens_keep_the_laws() {
    let profiles = profiles();
    let each = if full() { 40 } else { 4 };
    let apart = Genre::APART.iter().flat_map(|genre| (0..each).map(|i| document_of(*genre, DEVELOPMENT_SEED + 1, i)));
    let streams = Provider::ALL.into_iter().flat_map(|provider| {
        (0..each).map(move |i| {
            let note = document_of(Genre::Phone, DEVELOPMENT_SEED + 1, i);
            sse::stream(&note, provider, &mut Rng::for_part(11, i as u64)).document
        })
    });
    let mut found: Vec<(Format, usize)> = FORMATS.iter().map(|format| (*format, 0)).collect();
    for (document, i) in apart.chain(streams).zip(0usize..) {
        let format = match document.format {
            // The separator is told by the content.
            blackbar_corpus::Format::Csv => format(&document.text),
            format => case_format(format),
        };
        let count = keep_the_laws(&document, format, &profiles, i);
        found.iter_mut().filter(|(other, _)| *other == format).for_each(|(_, sum)| *sum += count);
    }
    let idle: Vec<&(Format, usize)> = found.iter().filter(|(_, count)| *count < 10).collect();
    // Those of the mixed corpus.
    let elsewhere = [Format::Text, Format::Ndjson, Format::TSV, Format::Delimited(b';'), Format::Hl7];
    assert!(idle.iter().all(|(format, _)| elsewhere.contains(format)), "{idle:?}");
}

/// Holds the laws over one document, under some of the profiles by its number; returns how much was found.
fn keep_the_laws(document: &Document, format: Format, profiles: &[Profile], number: usize) -> usize {
    let mut found = 0;
    for (profile, j) in profiles.iter().zip(0usize..) {
        if !full() && !(number + j).is_multiple_of(4) {
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
        found += whole.findings.len();
    }
    if document.text.len() < 6000 {
        let _ = laws::oracle(&SCANNER, &profiles[number % profiles.len()], format, &document.text);
    }
    found
}

/// Pieces of documents of the corpus, cut out anywhere and put together, with stray bytes of every format.
fn soups() -> impl Strategy<Value = Vec<u8>> {
    let apart = Genre::APART.iter().flat_map(|genre| (0..5).map(|i| document_of(*genre, DEVELOPMENT_SEED + 2, i)));
    let streams = Provider::ALL.into_iter().map(|provider| {
        sse::stream(&document_of(Genre::Chat, DEVELOPMENT_SEED + 2, 1), provider, &mut Rng::new(5)).document
    });
    let documents = corpus(DEVELOPMENT_SEED + 2, 120).into_iter().chain(apart).chain(streams);
    let pool: Vec<Vec<u8>> = documents.map(|document| document.text).collect();
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
        "\n\n",
        "data: ",
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"",
        "\"}}]}\n\n",
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"",
        "data: [DONE]\n\n",
        "{\"model\":\"m\",\"response\":\"",
        "\",\"done\":false}\n",
        ": ping\n\n",
        "ts=2024-01-05T10:11:12Z level=info msg=\"",
        "192.0.2.7 - jdoe [10/Oct/2000:13:55:36 -0700] \"GET /patients/",
        "?mrn=",
        "INSERT INTO p (mrn, last_name, note) VALUES ('",
        "', '",
        "');\n",
        "COPY p (ssn, note) FROM stdin;\n",
        "\n\\.\n",
        "''",
        "From: a@example.org\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=xy\r\n\r\n--xy\r\n",
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
        "Content-Transfer-Encoding: base64\r\n\r\n",
        "\r\n--xy\r\n",
        "\r\n--xy--\r\n",
        "=\r\n",
        "=3D",
        "=?utf-8?Q?",
        "?=",
        "UGF0aWVudDogSmFuZSBEb2UsIDIxOS0wOS05OTk5",
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
