//! The case files of the corpus, and laws.

use blackbar_engine::Detector;

use super::{NAME, NAME_SHAPE};
use crate::testing::{assert_cases_with, assert_total, found};

const BOTH: &[&Detector] = &[&NAME, &NAME_SHAPE];

#[test]
fn names_are_taken_and_other_words_are_not() {
    assert_cases_with(BOTH, "name");
}

#[test]
fn shapes_are_taken_where_something_tells() {
    assert_cases_with(BOTH, "name-shape");
}

#[test]
fn a_surname_is_remembered_and_an_ordinary_word_only_with_a_capital() {
    let text = "Patient: John Kowalczyk. Later kowalczyk slept. Dr. Marsh came. A marsh is wet. Marsh left.";
    let words: Vec<_> = found(BOTH, text).iter().map(|f| &text[f.start..f.end]).collect();
    assert_eq!(words, ["John Kowalczyk", "kowalczyk", "Marsh", "Marsh"]);
}

#[test]
fn kinds_follow_the_cue() {
    let kind = |text: &str| found(BOTH, text).first().map(|f| f.kind.id());
    assert_eq!(kind("Patient Name: Ann Miller"), Some("name:patient"));
    assert_eq!(kind("Attending: Ann Miller"), Some("name:provider"));
    assert_eq!(kind("Her daughter Ann called."), Some("name:relative"));
    assert_eq!(kind("User: Ann Miller"), Some("name:user"));
    assert_eq!(kind("Then Ann Miller came."), Some("name"));
}

#[test]
fn nothing_panics() {
    const PIECES: &[&str] = &[
        "Dr", "Patient", "Smith", "John", "van", "der", "O'", "Brien", "III", "Jr", "J", "MD", "’", "José", "name",
        "is", "by", "with", "^", "Hi", "I'm", "(", "\"", "NGUYEN", "May", "5", "é", "mr", "SMITH", ":", "Mother",
    ];
    for detector in BOTH {
        assert_total(detector, PIECES);
    }
}

#[test]
fn a_field_of_names_holds_names() {
    let mut field = blackbar_engine::Field::default();
    field.meaning.hints = crate::fields::hint::NAME;
    for text in ["Zorblat Kemi", "smith, john", "GRACE", "Kemi"] {
        let found = blackbar_engine::naive::findings(BOTH, &crate::lexicon(), text.as_bytes(), &field, 50);
        assert!(matches!(&*found, [only] if (only.start, only.end) == (0, text.len())), "{text}");
    }
}
