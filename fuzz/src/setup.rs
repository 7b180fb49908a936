//! What every target runs: all detectors, their words and fields, and a profile for each operator. Made once.

use std::sync::{Arc, LazyLock};

use blackbar_detectors::values::Phi;
use blackbar_detectors::{ALL, fields, kinds, lexicon};
use blackbar_engine::key::KeyFile;
use blackbar_engine::operator::{Keyring, Operator, Values};
use blackbar_engine::{FieldPath, FieldRule, Profile, Rules, Scanner};

/// What the values mean; the year is a constant, so that an input means the same next year.
pub(crate) const PHI: Phi = Phi { year: 2026 };

/// Every built-in detector.
pub(crate) static SCANNER: LazyLock<Scanner> = LazyLock::new(|| {
    let builder = Scanner::builder().detectors(ALL.iter().copied()).lexicon(lexicon());
    builder.fields(Arc::new(fields::BuiltIn)).build().expect("the built-in detectors are valid")
});

/// Fixed keys, so that a crash can be seen again.
pub(crate) static KEYS: LazyLock<Arc<Keyring>> =
    LazyLock::new(|| Arc::new(Keyring::new(KeyFile::from_bytes([7; 32]), "fuzz")));

/// A profile per operator in the order of [`Operator::ALL`], then the one of safe harbor and one with rules of all sorts.
pub(crate) static PROFILES: LazyLock<Vec<Profile>> = LazyLock::new(|| {
    let mut all: Vec<Profile> = Operator::ALL.into_iter().map(uniform).collect();
    all.push(Rules::safe_harbor(values()).build().expect("built in"));
    all.push(mixed());
    all
});

/// Any profile for any byte.
pub(crate) fn profile(choice: u8) -> &'static Profile {
    &PROFILES[usize::from(choice) % PROFILES.len()]
}

fn values() -> Arc<dyn Values> {
    Arc::new(PHI)
}

fn uniform(operator: Operator) -> Profile {
    let subject = vec![FieldPath::new("subject.reference"), FieldPath::new("patient_id")];
    let rules = Rules { default: operator, kinds: Vec::new(), subject, keys: Some(Arc::clone(&KEYS)), ..base() };
    rules.build().expect("with a key every operator can be the default")
}

fn mixed() -> Profile {
    let rule = |path, operator| FieldRule { path: FieldPath::new(path), operator, kind: kinds::OTHER_ID };
    let mut rules = Rules { least_confidence: 1, keys: Some(Arc::clone(&KEYS)), ..base() };
    rules.kinds = vec![
        ("ssn".into(), Operator::Fpe),
        ("email".into(), Operator::Token),
        ("url".into(), Operator::Keep),
        ("name".into(), Operator::Surrogate),
        ("date".into(), Operator::Shift),
        ("phone".into(), Operator::Drop),
    ];
    rules.off = vec!["location:city".into()];
    rules.fields = vec![rule("open", Operator::Keep), rule("shut", Operator::Mask), rule("gone", Operator::Drop)];
    rules.subject = vec![FieldPath::new("subject.reference"), FieldPath::new("patient_id")];
    rules.allow.value("555-0100", "a number for examples");
    rules.allow.pattern("[0-9]{4}", "a year").expect("a plain pattern");
    rules.build().expect("every operator fits its kind")
}

fn base() -> Rules {
    Rules::safe_harbor(values())
}
