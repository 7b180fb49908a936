//! What the whole registry finds in the corpus, as a snapshot: `corpus/golden/recall.txt`. A change in detection must
//! update it (`cargo xtask bless`), so that a review sees what moved.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test that shows its table")]

mod common;

use std::path::Path;
use std::{env, fs};

use blackbar_corpus::score::{Found, Scorer};
use blackbar_corpus::{DEVELOPMENT_SEED, Document, Genre, corpus, document_of};
use blackbar_engine::Rules;
use blackbar_engine::testing::laws;

use common::{SCANNER, format, values};

/// Documents of the snapshot.
const DOCUMENTS: usize = 600;

fn score(documents: impl IntoIterator<Item = Document>) -> Scorer {
    let profile = Rules::mask_all(values()).build().unwrap();
    let mut scorer = Scorer::new();
    for document in documents {
        let run = laws::stream(&SCANNER, &profile, format(&document.text), &document.text, &[]);
        let found: Vec<Found> = run
            .findings
            .iter()
            .map(|finding| Found {
                start: usize::try_from(finding.start).unwrap(),
                end: usize::try_from(finding.end).unwrap(),
                kind: finding.kind.id().to_owned(),
            })
            .collect();
        scorer.add(&document.name, document.format, document.text.len(), &document.labels, &found);
        if env::var_os("BLACKBAR_MISSES").is_some() {
            show(&document, &run.findings);
        }
    }
    scorer
}

/// Every miss and every false finding, for whoever works on detection: `BLACKBAR_MISSES=1 cargo test … -- --nocapture`.
fn show(document: &Document, findings: &[blackbar_engine::Finding]) {
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
    hold("recall.txt", score(corpus(seed(), DOCUMENTS)).render().as_str());
}

/// The formats that the mixed corpus does not hold, each with as many documents.
#[test]
fn the_snapshot_of_formats_holds() {
    const EACH: usize = 60;
    let documents = Genre::APART.iter().flat_map(|genre| (0..EACH).map(|i| document_of(*genre, seed(), i)));
    hold("formats.txt", score(documents).render().as_str());
}

fn seed() -> u64 {
    env::var("BLACKBAR_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(DEVELOPMENT_SEED)
}

fn hold(name: &str, now: &str) {
    println!("{now}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/golden").join(name);
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
