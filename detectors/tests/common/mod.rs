//! What the tests over the whole registry share.

use std::sync::{Arc, LazyLock};

use blackbar_detectors::fields::BuiltIn;
use blackbar_detectors::values::Phi;
use blackbar_engine::key::KeyFile;
use blackbar_engine::operator::{Keyring, Operator};
use blackbar_engine::{FieldPath, Format, Profile, Rules, Scanner};

/// Everything on.
pub(crate) static SCANNER: LazyLock<Scanner> = LazyLock::new(|| {
    let builder = Scanner::builder().detectors(blackbar_detectors::ALL.iter().copied());
    builder.lexicon(blackbar_detectors::lexicon()).fields(Arc::new(BuiltIn)).build().expect("the registry is valid")
});

pub(crate) fn values() -> Arc<Phi> {
    Arc::new(Phi { year: 2026 })
}

/// How the engine reads a format of the corpus.
pub(crate) fn format(format: blackbar_corpus::Format) -> Format {
    match format {
        blackbar_corpus::Format::Json => Format::Json,
        blackbar_corpus::Format::Ndjson => Format::Ndjson,
        blackbar_corpus::Format::Csv => Format::CSV,
        blackbar_corpus::Format::Tsv => Format::TSV,
        _ => Format::Text,
    }
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
