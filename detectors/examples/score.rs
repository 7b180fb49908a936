//! Scores the registry on labelled documents.
//!
//! ```text
//! cargo run --release -p blackbar-detectors --example score -- [--only LIST | --but LIST] [--misses] GOLD ...
//! ```
//!
//! Each GOLD is a gold file beside its documents, and perhaps a `tolerated.jsonl`: what touches only such places counts neither way.
//! The lists name documents to score or to leave out, one a line, so that blind halves can be scored without being looked at.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "a tool that is run by hand")]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use blackbar_corpus::score::{Found, Scorer};
use blackbar_corpus::{Format as Labelled, Label, gold};
use blackbar_detectors::fields::BuiltIn;
use blackbar_detectors::values::Phi;
use blackbar_engine::testing::laws;
use blackbar_engine::{Finding, Format, Profile, Rules, SNIFF, Scanner, Sniffed, sniff};

fn main() {
    let builder = Scanner::builder().detectors(blackbar_detectors::ALL.iter().copied());
    let scanner = builder.lexicon(blackbar_detectors::lexicon()).fields(Arc::new(BuiltIn)).build().expect("valid");
    let profile = Rules::mask_all(Arc::new(Phi { year: 2026 })).build().expect("valid");
    let list = |file: Option<String>| -> BTreeSet<String> {
        let text = std::fs::read_to_string(file.expect("a list is a file")).expect("the list is there");
        text.lines().map(str::to_owned).collect()
    };
    let (mut only, mut but, mut misses) = (None, BTreeSet::new(), false);
    let mut scorer = Scorer::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--only" => only = Some(list(arguments.next())),
            "--but" => but = list(arguments.next()),
            "--misses" => misses = true,
            file => {
                let folder = Path::new(file).parent().expect("a gold file stands in a folder");
                let read =
                    |path: &Path| std::fs::read_to_string(path).ok().map(|text| gold::read(&text).expect("gold lines"));
                let tolerated = read(&folder.join("tolerated.jsonl")).unwrap_or_default();
                for (path, labels) in read(Path::new(file)).expect("the gold file is there") {
                    if but.contains(&path) || only.as_ref().is_some_and(|only| !only.contains(&path)) {
                        continue;
                    }
                    let text = std::fs::read(folder.join(&path)).expect("the document is there");
                    let left_out = tolerated.get(&path).map(Vec::as_slice).unwrap_or_default();
                    let found = found(&scanner, &profile, &path, &text);
                    if misses {
                        show(&scanner, &path, &text, &labels, left_out, &found);
                    }
                    let counts = |found: &&Found| {
                        touches(found.start, found.end, &labels) || !touches(found.start, found.end, left_out)
                    };
                    let found: Vec<Found> = found.iter().map(|(found, _)| found).filter(counts).cloned().collect();
                    scorer.add(&path, labelled(&path), text.len(), &labels, &found);
                }
            }
        }
    }
    println!("{}", scorer.render());
}

fn touches(start: usize, end: usize, labels: &[Label]) -> bool {
    labels.iter().any(|label| label.start < end && start < label.end)
}

/// What the registry finds in a document, read as the command would read a file of this name.
fn found(scanner: &Scanner, profile: &Profile, path: &str, text: &[u8]) -> Vec<(Found, Finding)> {
    let format = match sniff(text, text.len() < SNIFF) {
        Sniffed::Format(format) => format,
        _ => Format::Text,
    };
    let format = match Path::new(path).extension().and_then(|end| end.to_str()) {
        Some("csv") => Format::CSV,
        Some("tsv") => Format::TSV,
        _ => format,
    };
    let run = laws::stream(scanner, profile, format, text, &[]);
    let place = |offset: u64| usize::try_from(offset).expect("a document fits in memory");
    let mut found = Vec::new();
    for finding in run.findings {
        let whole = [(finding.start, finding.end)];
        for &(start, end) in if finding.parts.is_empty() { &whole[..] } else { &finding.parts } {
            let span = Found { start: place(start), end: place(end), kind: finding.kind.id().to_owned() };
            found.push((span, finding.clone()));
        }
    }
    found
}

fn labelled(path: &str) -> Labelled {
    path.split('/').next().and_then(Labelled::from_name).unwrap_or(Labelled::Text)
}

fn show(scanner: &Scanner, path: &str, text: &[u8], labels: &[Label], left_out: &[Label], found: &[(Found, Finding)]) {
    let piece = |start: usize, end: usize| {
        let text = |from: usize, to: usize| {
            let bytes = text.get(from..to.min(text.len())).unwrap_or_default();
            String::from_utf8_lossy(bytes).replace('\n', "⏎")
        };
        format!("{}⟦{}⟧{}", text(start.saturating_sub(40), start), text(start, end), text(end, end + 30))
    };
    for label in labels {
        let covered = |at: usize| found.iter().any(|(found, _)| found.start <= at && at < found.end);
        let bare = (label.start..label.end).filter(|at| !covered(*at));
        let bare: Vec<u8> = bare.filter_map(|at| text.get(at).copied()).collect();
        if bare.is_empty() {
            continue;
        }
        // What is left bare may be all of it, some of its letters, or only what stands between and behind them.
        let how = match bare.iter().filter(|byte| byte.is_ascii_alphanumeric() || **byte >= 0x80).count() {
            0 => "signs",
            letters if letters == label.end - label.start || bare.len() == label.end - label.start => "whole",
            _ => "part",
        };
        println!("MISS {how} {} {path} {}", label.kind, piece(label.start, label.end));
    }
    for (span, finding) in found {
        if !touches(span.start, span.end, labels) && !touches(span.start, span.end, left_out) {
            let detector = scanner.detectors().get(finding.detector).map_or("memory", |detector| &*detector.id);
            println!("FALSE {} {path} {detector} ({}) {}", span.kind, finding.reason, piece(span.start, span.end));
        }
    }
}
