//! What PHI looks like: one file a detector, validators, context words, dictionaries. It knows no streams.

pub mod context;
pub mod facility;
pub mod fields;
pub mod kinds;
pub mod location;
pub mod name;
#[cfg(test)]
mod testing;
pub mod words;

use blackbar_engine::{Detector, Lexicon};

/// Every built-in detector. A new one is a file, a line here, and a case file in the corpus.
pub static ALL: &[&Detector] =
    &[&facility::FACILITY, &location::GEO, &location::PLACE, &location::STREET, &name::NAME, &name::NAME_SHAPE];

/// The lexicon that the built-in detectors consult.
#[must_use]
pub fn lexicon() -> Lexicon {
    let mut lexicon = Lexicon::new();
    words::each(&mut |word, bits| lexicon.insert(word, bits));
    lexicon
}
