//! What the tests over the whole registry share.

#![allow(clippy::panic, reason = "for tests")]

use std::sync::{Arc, LazyLock};

use blackbar_detectors::fields::BuiltIn;
use blackbar_detectors::values::Phi;
use blackbar_engine::key::KeyFile;
use blackbar_engine::operator::{Keyring, Operator};
use blackbar_engine::{FieldPath, Format, Profile, Rules, SNIFF, Scanner, Sniffed, sniff};

/// Everything on.
pub(crate) static SCANNER: LazyLock<Scanner> = LazyLock::new(|| {
    let builder = Scanner::builder().detectors(blackbar_detectors::ALL.iter().copied());
    builder.lexicon(blackbar_detectors::lexicon()).fields(Arc::new(BuiltIn)).build().expect("the registry is valid")
});

pub(crate) fn values() -> Arc<Phi> {
    Arc::new(Phi { year: 2026 })
}

/// How a command reads a document: by its first bytes.
#[allow(dead_code, reason = "not every test needs it")]
pub(crate) fn format(document: &[u8]) -> Format {
    match sniff(document, document.len() < SNIFF) {
        Sniffed::Format(format) => format,
        other => panic!("a document of the corpus reads as {other:?}"),
    }
}

/// How a case is read: as its file says.
#[allow(dead_code, reason = "not every test needs it")]
pub(crate) fn case_format(format: blackbar_corpus::Format) -> Format {
    format.name().parse().unwrap_or(Format::Text)
}

/// The built-in profiles, and one for each operator that applies it to everything.
#[allow(dead_code, reason = "not every test needs them")]
pub(crate) fn profiles() -> Vec<Profile> {
    let keys = Arc::new(Keyring::new(KeyFile::from_bytes([7; 32]), ""));
    let built_in = [Rules::safe_harbor(values()), Rules::limited_data_set(values()), Rules::mask_all(values())];
    let each = Operator::ALL.into_iter().filter(|operator| *operator != Operator::Keep).map(|default| Rules {
        default,
        kinds: Vec::new(),
        subject: vec![
            FieldPath::new("Patient.id"),
            FieldPath::new("patient_id"),
            FieldPath::new("*.subject.reference"),
        ],
        keys: Some(Arc::clone(&keys)),
        ..Rules::mask_all(values())
    });
    built_in.into_iter().chain(each).map(|rules| rules.build().expect("the rules are valid")).collect()
}
