//! Tables of takes and refuses for the tests of detectors.

use std::sync::LazyLock;

use blackbar_engine::naive::{Found, findings};
use blackbar_engine::{Detector, Field, Lexicon};

static LEXICON: LazyLock<Lexicon> = LazyLock::new(crate::lexicon);

/// The findings of `detector` in `text`.
pub(crate) fn found(detectors: &[&Detector], text: &str) -> Vec<Found> {
    findings(detectors, &LEXICON, text.as_bytes(), &Field::default(), 50)
}

/// Whether `detectors` take exactly the bracketed spans of `marked`; otherwise what they took.
pub(crate) fn check(detectors: &[&Detector], marked: &str) -> Result<(), String> {
    let mut text = String::new();
    let mut spans = Vec::new();
    for piece in marked.split_inclusive(['⟦', '⟧']) {
        let mark = piece.chars().next_back();
        text.push_str(piece.trim_end_matches(['⟦', '⟧']));
        match mark {
            Some('⟦') => spans.push((text.len(), 0)),
            Some('⟧') => {
                if let Some(last) = spans.last_mut() {
                    last.1 = text.len();
                }
            }
            _ => {}
        }
    }
    let got: Vec<_> = found(detectors, &text).iter().map(|found| (found.start, found.end)).collect();
    if got == spans {
        return Ok(());
    }
    let got: Vec<_> = got.iter().map(|&(start, end)| String::from_utf8_lossy(&text.as_bytes()[start..end])).collect();
    Err(format!("{marked:?}: found {got:?}"))
}

/// Every marked text gives exactly its spans; a text without marks gives nothing.
pub(crate) fn assert_spans(detectors: &[&Detector], table: &[&str]) {
    let wrong: Vec<_> = table.iter().filter_map(|marked| check(detectors, marked).err()).collect();
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), table.len(), wrong.join("\n"));
}

/// No byte soup makes `detector` panic or answer outside its window.
pub(crate) fn assert_total(detector: &Detector, pieces: &[&str]) {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap_or_default()
    };
    for round in 0..400 {
        let mut text = Vec::new();
        while text.len() < 300 {
            match (random(6), round % 3) {
                (0, _) | (_, 0) => text.push(u8::try_from(random(256)).unwrap_or_default()),
                (1, _) => text.extend_from_slice(b" ,.:'-\n\"("[random(9)..].get(..1).unwrap_or_default()),
                _ => text.extend_from_slice(pieces[random(pieces.len())].as_bytes()),
            }
        }
        for found in findings(&[detector], &LEXICON, &text, &Field::default(), 0) {
            assert!(found.start < found.end && found.end <= text.len());
        }
    }
}

/// Runs a case file of the corpus: see there for its format.
pub(crate) fn assert_cases(detectors: &[&Detector], cases: &str) {
    let table: toml::Table = cases.parse().unwrap();
    let list = |key: &str| table.get(key).and_then(toml::Value::as_array).cloned().unwrap_or_default();
    let text = |case: &toml::Value| case.get("text").and_then(toml::Value::as_str).unwrap_or_default().to_owned();
    let cases: Vec<String> = list("takes").iter().chain(&list("refuses")).map(text).collect();
    let cases: Vec<&str> = cases.iter().map(String::as_str).collect();
    assert!(cases.len() > 10);
    assert_spans(detectors, &cases);
}
