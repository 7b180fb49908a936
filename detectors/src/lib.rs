//! What PHI looks like: one file a detector, validators, context words, dictionaries. It knows no streams.

pub mod context;
pub mod fields;
pub mod kinds;

mod age;
mod date;
mod email;
mod email_spelled;
mod field;
mod ip;
mod mac;
mod phone;
mod scan;
#[cfg(test)]
mod testing;
mod tld;
mod url;
mod zip;

use blackbar_engine::{Detector, Lexicon};

/// Every built-in detector. A new one is a file, a line here, and a case file in the corpus.
pub static ALL: &[&Detector] = &[&email::EMAIL, &email_spelled::EMAIL_SPELLED, &ip::IP, &mac::MAC, &url::URL];

/// The lexicon that the built-in detectors consult.
#[must_use]
pub fn lexicon() -> Lexicon {
    Lexicon::new()
}
