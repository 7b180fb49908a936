//! For tests of detectors: case files and the laws that every detector obeys.

use blackbar_engine::naive::{Found, findings};
use blackbar_engine::{Detector, Field, Kind, testing::verify_at};

/// Checks the plain-text cases of a case file against `detector` alone.
pub(crate) fn assert_cases(detector: &Detector, file: &str) {
    let table: toml::Table = file.parse().expect("the case file is TOML");
    assert_eq!(table["detector"].as_str(), Some(&*detector.id));
    let mut failures = Vec::new();
    let mut counts = [0, 0];
    let cases = |name: &str| table.get(name).and_then(|list| list.as_array()).cloned().unwrap_or_default();
    let is_text = |case: &toml::Value| case.get("format").is_none_or(|format| format.as_str() == Some("text"));
    for case in cases("takes").iter().filter(|case| is_text(case)) {
        counts[0] += 1;
        let kind = Kind::intern(case["kind"].as_str().expect("a kind"));
        failures.extend(check_takes(detector, case["text"].as_str().expect("a text"), kind));
    }
    for case in cases("refuses").iter().filter(|case| is_text(case)) {
        counts[1] += 1;
        let text = case["text"].as_str().expect("a text");
        let found = find(detector, text);
        if !found.is_empty() {
            failures.push(format!("refuse {text:?}: {}", show(text, &found)));
        }
    }
    assert!(failures.is_empty(), "{} of {counts:?}:\n{}", failures.len(), failures.join("\n"));
    assert!(counts.iter().all(|count| *count >= 10), "too few cases: {counts:?}");
}

/// Feeds seeded soups to `detector` at every position: it must not panic, and its verdicts keep to its declaration.
pub(crate) fn assert_lawful(detector: &Detector, words: &[&str]) {
    let window = detector.window;
    assert!(usize::from(window.before) + window.ahead() <= 512, "the window is small");
    let lexicon = crate::lexicon();
    let fields = [Field::default(), Field { meaning: crate::fields::column::of(b"patient_id"), ..Field::default() }];
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).expect("31 bits fit")
    };
    let signs: &[u8] = b"0123456789-/.:+() ,@'\n";
    for round in 0..1_500 {
        let mut text = Vec::new();
        while text.len() < 160 {
            match (round + next()) % 4 {
                0 => text.push(u8::try_from(next() % 256).expect("a byte")),
                1 => text.extend_from_slice(words[next() % words.len()].as_bytes()),
                _ => text.push(signs[next() % signs.len()]),
            }
        }
        for at in 0..text.len() {
            let Some(verdict) = verify_at(detector, &text, at, &fields[round % 2], &lexicon) else { continue };
            let start = i32::try_from(at).expect("short") + verdict.start;
            assert!(start >= 0 && verdict.start < verdict.end, "{verdict:?} at {at} of {text:?}");
            assert!(verdict.end <= i32::from(window.longest), "{verdict:?} beyond the window");
            let end = i32::try_from(at).expect("short") + verdict.end;
            assert!(usize::try_from(end).expect("positive") <= text.len(), "{verdict:?} beyond the text");
            assert!(verdict.start >= -i32::from(detector.reach.bytes), "{verdict:?} beyond the reach");
            let across =
                &text[usize::try_from(start).expect("checked")..at.max(usize::try_from(start).expect("checked"))];
            assert!(across.iter().all(|byte| detector.reach.across.has(*byte)), "{verdict:?} across {across:?}");
        }
    }
}

/// What `detector` finds in `text`.
pub(crate) fn find(detector: &Detector, text: &str) -> Vec<Found> {
    findings(&[detector], &crate::lexicon(), text.as_bytes(), &Field::default(), 50)
}

fn check_takes(detector: &Detector, marked: &str, kind: Kind) -> Option<String> {
    let (mut text, mut expected) = (String::new(), Vec::new());
    for piece in marked.split('⟦') {
        match piece.split_once('⟧') {
            Some((span, rest)) => {
                expected.push((text.len(), text.len() + span.len()));
                text.push_str(span);
                text.push_str(rest);
            }
            None => text.push_str(piece),
        }
    }
    let found = find(detector, &text);
    let spans: Vec<(usize, usize)> = found.iter().map(|found| (found.start, found.end)).collect();
    let kinds = found.iter().all(|found| found.kind.main() == kind.main());
    (spans != expected || !kinds).then(|| format!("take {marked:?}: {}", show(&text, &found)))
}

fn show(text: &str, found: &[Found]) -> String {
    let shown = found.iter().map(|f| {
        let span = String::from_utf8_lossy(&text.as_bytes()[f.start..f.end]);
        format!("{} {span:?} {}", f.kind, f.confidence)
    });
    format!("[{}]", shown.collect::<Vec<_>>().join(", "))
}
