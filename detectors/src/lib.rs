//! What PHI looks like: one file a detector, validators, context words, dictionaries. It knows no streams.

pub mod account;
pub mod biometric;
pub mod card;
pub mod checks;
pub mod context;
pub mod dea;
pub mod device;
pub mod fields;
pub mod health_plan;
pub mod image;
pub mod kinds;
mod label;
pub mod license;
pub mod mrn;
pub mod npi;
pub mod other_id;
mod shape;
pub mod ssn;
#[cfg(test)]
mod testing;
mod user_name;
pub mod values;
pub mod vehicle;
pub mod words;

use blackbar_engine::{Detector, Lexicon};

/// Every built-in detector. A new one is a file, a line here, and a case file in the corpus.
pub static ALL: &[&Detector] = &[
    &account::ACCOUNT,
    &biometric::BIOMETRIC,
    &card::CARD,
    &dea::DEA,
    &device::DEVICE,
    &health_plan::HEALTH_PLAN,
    &image::IMAGE,
    &license::LICENSE,
    &mrn::MRN,
    &npi::NPI,
    &other_id::OTHER_ID,
    &ssn::SSN,
    &vehicle::VEHICLE,
];

/// The lexicon that the built-in detectors consult.
#[must_use]
pub fn lexicon() -> Lexicon {
    let mut lexicon = Lexicon::new();
    words::each(&mut |word, bits| lexicon.insert(word, bits));
    lexicon
}
