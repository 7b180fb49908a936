//! What the whole registry finds in the corpus, as a snapshot: `corpus/golden/recall.txt`. A change in detection must
//! update it (`cargo xtask bless`), so that a review sees what moved.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test that shows its table")]

mod common;

use std::path::Path;
use std::{env, fs};

use blackbar_corpus::cross::Cross;
use blackbar_corpus::rng::Rng;
use blackbar_corpus::score::{Found, Scorer};
use blackbar_corpus::sse::{self, Provider};
use blackbar_corpus::{DEVELOPMENT_SEED, Document, Genre, corpus, document_of};
use blackbar_engine::testing::laws;
use blackbar_engine::{Finding, Rules};

use common::{SCANNER, case_format, format, values};

/// Documents of the snapshot.
const DOCUMENTS: usize = 600;

fn score(documents: impl IntoIterator<Item = Document>) -> Scorer {
    let mut scorer = Scorer::new();
    for document in documents {
        scorer.add(&document.name, document.format, document.text.len(), &document.labels, &find(&document));
    }
    scorer
}

/// What is found in a document, each piece apart.
fn find(document: &Document) -> Vec<Found> {
    let profile = Rules::mask_all(values()).build().unwrap();
    let format = match document.format {
        // Nothing in them tells, or not always.
        blackbar_corpus::Format::Copy | blackbar_corpus::Format::Form => case_format(document.format),
        _ => format(&document.text),
    };
    let run = laws::stream(&SCANNER, &profile, format, &document.text, &[]);
    if env::var_os("BLACKBAR_MISSES").is_some() {
        show(document, &run.findings);
    }
    let pieces = |finding: &Finding| {
        let whole = vec![(finding.start, finding.end)];
        let spans = if finding.parts.is_empty() { whole } else { finding.parts.clone() };
        let kind = finding.kind.id().to_owned();
        spans.into_iter().map(move |(start, end)| Found {
            start: usize::try_from(start).unwrap(),
            end: usize::try_from(end).unwrap(),
            kind: kind.clone(),
        })
    };
    run.findings.iter().flat_map(pieces).collect()
}

/// Every miss and every false finding, for whoever works on detection: `BLACKBAR_MISSES=1 cargo test … -- --nocapture`.
fn show(document: &Document, findings: &[Finding]) {
    let text = |start: usize, end: usize| {
        let (from, to) = (start.saturating_sub(40), (end + 20).min(document.text.len()));
        let piece = |range: std::ops::Range<usize>| String::from_utf8_lossy(&document.text[range]).replace('\n', "⏎");
        format!("{}⟦{}⟧{}", piece(from..start), piece(start..end), piece(end..to))
    };
    let spans: Vec<(usize, usize)> =
        findings.iter().map(|f| (usize::try_from(f.start).unwrap(), usize::try_from(f.end).unwrap())).collect();
    for label in &document.labels {
        let covered = (label.start..label.end).all(|at| spans.iter().any(|&(start, end)| start <= at && at < end));
        if !covered {
            let column = column(document, label.start);
            println!("MISS {} {}{column} {}", label.kind, document.format.name(), text(label.start, label.end));
        }
    }
    for (finding, &(start, end)) in findings.iter().zip(&spans) {
        if !document.labels.iter().any(|label| label.start < end && start < label.end) {
            let detector = SCANNER.detectors().get(finding.detector).map_or("memory", |d| &*d.id);
            println!(
                "FALSE {} {} {} ({}) {}",
                finding.kind,
                document.format.name(),
                detector,
                finding.reason,
                text(start, end)
            );
        }
    }
}

/// The name of the column that holds the byte `at` of a table.
fn column(document: &Document, at: usize) -> String {
    let separator = match document.format.name() {
        "csv" => b',',
        "tsv" => b'\t',
        _ => return String::new(),
    };
    let mut lines = document.text[..at].split(|&byte| byte == b'\n');
    let header = lines.next().unwrap_or_default();
    let row = lines.next_back().unwrap_or_default();
    let mut quoted = false;
    let before = row.iter().filter(|&&byte| {
        quoted ^= byte == b'"';
        byte == separator && !quoted
    });
    let name = header.split(|&byte| byte == separator).nth(before.count()).unwrap_or_default();
    format!(" {:?}", String::from_utf8_lossy(name))
}

#[test]
fn the_snapshot_of_recall_and_precision_holds() {
    hold("corpus/golden/recall.txt", score(corpus(seed(), DOCUMENTS)).render().as_str());
}

/// The formats that the mixed corpus does not hold, each with as many documents.
#[test]
fn the_snapshot_of_formats_holds() {
    let documents = Genre::APART.iter().flat_map(|genre| (0..60).map(|i| document_of(*genre, seed(), i)));
    hold("corpus/golden/formats.txt", score(documents).render().as_str());
}

/// Documents of each column of the figures by kind and format.
const EACH: usize = 40;

/// What the columns are of.
const COLUMNS: &[(&str, &[Genre])] = &[
    ("json", &[Genre::FhirResource, Genre::FhirBundle]),
    ("record", &[Genre::Record]),
    ("ndjson", &[Genre::FhirExport]),
    ("csv", &[Genre::HeadedCsv]),
    ("bare csv", &[Genre::BareCsv]),
    ("tsv", &[Genre::Tsv]),
    ("hl7", &[Genre::Hl7]),
    ("c-cda", &[Genre::Ccda]),
    ("html", &[Genre::Html]),
    ("x12", &[Genre::X12]),
    ("log", &[Genre::ServerLog]),
    ("sql", &[Genre::Dump]),
    ("copy", &[Genre::Rows]),
    ("form", &[Genre::Submission]),
    ("mime", &[Genre::Mail]),
];

/// Prose, and what models stream of it.
const PROSE: &[Genre] = &[
    Genre::Progress,
    Genre::Discharge,
    Genre::Referral,
    Genre::Nursing,
    Genre::Radiology,
    Genre::Phone,
    Genre::Chat,
    Genre::Email,
    Genre::Form,
    Genre::Device,
    Genre::Admin,
    Genre::Misc,
];

/// By kind and format: a snapshot, a page of the book and a picture in it.
#[test]
fn the_figures_by_kind_and_format_hold() {
    let documents = |genres: &'static [Genre], each: usize| {
        genres.iter().flat_map(move |genre| (0..each).map(|i| document_of(*genre, seed(), i)))
    };
    let mut cross = Cross::new();
    documents(PROSE, EACH / 4).for_each(|document| cross.add("text", &document, &find(&document)));
    for (column, genres) in COLUMNS {
        documents(genres, EACH / genres.len()).for_each(|document| cross.add(column, &document, &find(&document)));
    }
    for (document, i) in documents(PROSE, EACH / 8).zip(0u64..) {
        let provider = Provider::ALL[usize::try_from(i).unwrap() % Provider::ALL.len()];
        let stream = sse::stream(&document, provider, &mut Rng::for_part(17, i)).document;
        cross.add("stream", &stream, &find(&stream));
    }
    hold("corpus/golden/kinds.txt", &cross.render());
    hold("docs/figures.svg", &cross.svg());
    hold("docs/figures.md", &PAGE.replace("{table}", &cross.markdown()));
}

const PAGE: &str = "\
# Figures by kind and format

What the whole registry finds in the documents that this project's own generator writes, one column a format, at the development
seed: full-cover recall (every byte of a label lies in findings) and any-overlap precision (a finding touches a label), cut after three
digits and never rounded up. Nothing stands where there is nothing of a kind.

![Recall and precision by kind and format](figures.svg)

The generator and the detectors have the same authors: these figures show what a format hides from a lens, and what moves when
detection changes. How much is found in documents of others is in [the README](../README.md).

- `record`: the whole record of a patient in one bundle, in the manner of simulators of records; mostly codes, money and references.
- `csv` has a header, `bare csv` and `copy` have none; `copy` is what `--input copy` reads, while the gateway knows its columns.
- `stream`: prose in the events of five providers; each piece of a label counts.

{table}
Each cell is recall, then precision. This page and its picture are written by `cargo xtask bless` from the snapshot
`corpus/golden/kinds.txt`.
";

fn seed() -> u64 {
    env::var("BLACKBAR_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(DEVELOPMENT_SEED)
}

/// Holds a file of the repository against what is so now.
fn hold(path: &str, now: &str) {
    println!("{now}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    if seed() != DEVELOPMENT_SEED {
        return;
    }
    if env::var_os("BLACKBAR_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, now).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    assert!(now == golden, "detection has changed; look at it, then `cargo xtask bless`:\n{now}");
}
