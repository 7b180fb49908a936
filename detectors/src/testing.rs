//! What the tests of detectors share: cases from the corpus, and soups of bytes that no detector may choke on.

use blackbar_engine::{Detector, Field, Lexicon, Meaning, Slot, naive, testing::verify_at};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    detector: String,
    takes: Vec<Case>,
    refuses: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    text: String,
    kind: Option<String>,
    format: Option<String>,
    #[expect(dead_code, reason = "for readers of the file")]
    why: Option<String>,
}

/// Runs the case file of `detector`: alone, as plain text.
pub(crate) fn assert_cases(detector: &'static Detector) {
    let path = format!("{}/../corpus/cases/{}.toml", env!("CARGO_MANIFEST_DIR"), detector.id);
    let cases: Cases = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(cases.detector, detector.id);
    let lexicon = crate::lexicon();
    let mut wrong = Vec::new();
    let plain = |case: &&Case| case.format.is_none();
    for case in cases.takes.iter().filter(plain) {
        assert_eq!(case.kind.as_deref(), Some(detector.kind.id()), "{}", case.text);
        let (text, spans) = unbracket(&case.text);
        assert!(!spans.is_empty(), "nothing is marked in {:?}", case.text);
        let found = found(detector, &lexicon, &text);
        if found != spans {
            let shown: Vec<&str> = found.iter().map(|&(s, e)| text.get(s..e).unwrap_or("?")).collect();
            wrong.push(format!("takes {:?} but found {shown:?}", case.text));
        }
    }
    for case in cases.refuses.iter().filter(plain) {
        let found = found(detector, &lexicon, &case.text);
        let shown: Vec<&str> = found.iter().map(|&(s, e)| case.text.get(s..e).unwrap_or("?")).collect();
        if !found.is_empty() {
            wrong.push(format!("refuses {:?} but found {shown:?}", case.text));
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}

/// The value of a field with `hints`, as it is found there and as it is not found without them.
pub(crate) fn assert_field(detector: &'static Detector, hints: u64, value: &str) {
    let meaning = Meaning { hints, ..Meaning::default() };
    let field = Field { slot: Slot::String, meaning };
    let found = naive::findings(&[detector], &crate::lexicon(), value.as_bytes(), &field, 50);
    let spans: Vec<(usize, usize)> = found.iter().map(|f| (f.start, f.end)).collect();
    assert_eq!(spans, [(0, value.len())], "{value:?}");
}

/// Nothing in a field with `hints`.
pub(crate) fn assert_no_field(detector: &'static Detector, hints: u64, value: &str) {
    let field = Field { slot: Slot::String, meaning: Meaning { hints, ..Meaning::default() } };
    assert!(naive::findings(&[detector], &crate::lexicon(), value.as_bytes(), &field, 50).is_empty(), "{value:?}");
}

/// Asks `detector` at every byte of random soups: it never panics and stays within its window and reach.
pub(crate) fn assert_total(detector: &'static Detector, words: &[&str]) {
    let lexicon = crate::lexicon();
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
            let Some(verdict) = verify_at(detector, &text, at, &field, &lexicon) else { continue };
            let back = usize::try_from(-verdict.start.min(0)).unwrap();
            assert!(back <= usize::from(detector.reach.bytes), "it starts beyond its reach");
            assert!(text[at - back..at].iter().all(|&b| detector.reach.across.has(b)), "it reaches across other bytes");
            assert!(verdict.start < verdict.end && verdict.end <= i32::from(detector.window.longest));
            assert!((1..=100).contains(&verdict.confidence) && verdict.kind.is(detector.kind.main()));
            assert!(i64::from(verdict.end) <= i64::try_from(text.len() - at).unwrap(), "it ends behind the text");
        }
    }
}

fn found(detector: &'static Detector, lexicon: &Lexicon, text: &str) -> Vec<(usize, usize)> {
    let found = naive::findings(&[detector], lexicon, text.as_bytes(), &Field::default(), 50);
    found.iter().map(|f| (f.start, f.end)).collect()
}

fn unbracket(marked: &str) -> (String, Vec<(usize, usize)>) {
    let (mut text, mut spans, mut open) = (String::new(), Vec::new(), None);
    for c in marked.chars() {
        match c {
            '⟦' => open = Some(text.len()),
            '⟧' => spans.push((open.take().unwrap(), text.len())),
            _ => text.push(c),
        }
    }
    (text, spans)
}

/// A small generator, so that a failure repeats.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}
