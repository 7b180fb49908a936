//! What the tests of detectors share: cases from the corpus, and soups of bytes that no detector may choke on.

use std::path::Path;
use std::sync::LazyLock;

use blackbar_corpus::Format;
use blackbar_corpus::cases::{self, Expect};
use blackbar_engine::naive::{self, Found};
use blackbar_engine::{Detector, Field, Lexicon, Meaning, Slot, testing::verify_at};

/// The lexicon, made once.
pub(crate) static LEXICON: LazyLock<Lexicon> = LazyLock::new(crate::lexicon);

/// Runs the case file of `detector`: alone, as plain text.
pub(crate) fn assert_cases(detector: &'static Detector) {
    assert_cases_with(&[detector], &detector.id);
}

/// Runs the case file of the detector `id` over detectors that belong together, as plain text.
pub(crate) fn assert_cases_with(detectors: &[&Detector], id: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../corpus/cases/{id}.toml"));
    let cases = cases::parse(&file, &std::fs::read_to_string(&file).unwrap()).unwrap();
    assert!(cases.len() > 10, "a case file has more cases");
    let mut wrong = Vec::new();
    for case in cases.iter().filter(|case| case.format == Format::Text) {
        let found = found(detectors, &case.text);
        let spans: Vec<_> = found.iter().map(|found| found.start..found.end).collect();
        let right = match &case.expect {
            Expect::Takes { kind, spans: expected } => {
                spans == *expected && found.iter().all(|found| found.kind.is(kind.split(':').next().unwrap()))
            }
            Expect::Refuses => spans.is_empty(),
        };
        if !right {
            let shown: Vec<_> = spans.iter().map(|span| case.text.get(span.clone()).unwrap_or("?")).collect();
            wrong.push(format!("line {}: {:?}: found {shown:?}", case.line, case.text));
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// What `detectors` find in a plain text.
pub(crate) fn found(detectors: &[&Detector], text: &str) -> Vec<Found> {
    naive::findings(detectors, &LEXICON, text.as_bytes(), &Field::default(), 50)
}

/// The value of a field with `hints`, as it is found there and as it is not found without them.
pub(crate) fn assert_field(detector: &'static Detector, hints: u64, value: &str) {
    let meaning = Meaning { hints, ..Meaning::default() };
    let field = Field { slot: Slot::String, meaning };
    let found = naive::findings(&[detector], &LEXICON, value.as_bytes(), &field, 50);
    let spans: Vec<(usize, usize)> = found.iter().map(|f| (f.start, f.end)).collect();
    assert_eq!(spans, [(0, value.len())], "{value:?}");
}

/// Nothing in a field with `hints`.
pub(crate) fn assert_no_field(detector: &'static Detector, hints: u64, value: &str) {
    let field = Field { slot: Slot::String, meaning: Meaning { hints, ..Meaning::default() } };
    assert!(naive::findings(&[detector], &LEXICON, value.as_bytes(), &field, 50).is_empty(), "{value:?}");
}

/// Asks `detector` at every byte of random soups: it never panics and stays within its window and reach.
pub(crate) fn assert_total(detector: &'static Detector, words: &[&str]) {
    let mut random = Random(0x5eed);
    let seps: &[&str] = &[" ", "-", ":", ".", "\n", "#", "/", "(", ")", "", "", "=", "*", "x", "\u{a0}", "–", "é", ","];
    for round in 0..600 {
        let mut text = Vec::new();
        while text.len() < 160 {
            match random.below(if round % 3 == 0 { 4 } else { 3 }) {
                0 => text.extend_from_slice(words[random.below(words.len())].as_bytes()),
                1 => {
                    for _ in 0..random.below(18) {
                        text.push(b"0123456789012345678901234567890123456789ABCXYZef"[random.below(48)]);
                    }
                }
                2 => text.extend_from_slice(seps[random.below(seps.len())].as_bytes()),
                _ => text.push(u8::try_from(random.below(256)).unwrap()),
            }
        }
        let hints = if round % 5 == 0 { u64::MAX >> 39 } else { 0 };
        let field = Field { slot: Slot::Text, meaning: Meaning { hints, ..Meaning::default() } };
        for at in 0..text.len() {
            let Some(verdict) = verify_at(detector, &text, at, &field, &LEXICON) else { continue };
            let back = usize::try_from(-verdict.start.min(0)).unwrap();
            assert!(back <= usize::from(detector.reach.bytes), "it starts beyond its reach");
            assert!(text[at - back..at].iter().all(|&b| detector.reach.across.has(b)), "it reaches across other bytes");
            assert!(verdict.start < verdict.end && verdict.end <= i32::from(detector.window.longest));
            assert!((1..=100).contains(&verdict.confidence) && verdict.kind.is(detector.kind.main()));
            assert!(i64::from(verdict.end) <= i64::try_from(text.len() - at).unwrap(), "it ends behind the text");
        }
    }
}

/// A small generator, so that a failure repeats.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}
