//! What PHI looks like: one file a detector, validators, context words, dictionaries. It knows no streams.
//!
//! ```
//! use std::sync::Arc;
//!
//! use blackbar_detectors::{ALL, fields, lexicon, values::Phi};
//! use blackbar_engine::{Format, Raw, Rules, Scanner};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let scanner = Scanner::builder().detectors(ALL.iter().copied()).lexicon(lexicon());
//! let scanner = scanner.fields(Arc::new(fields::BuiltIn)).build()?;
//! let profile = Rules::safe_harbor(Arc::new(Phi { year: 2026 })).build()?;
//!
//! let mut redactor = scanner.redactor_for(&profile, Format::Json, "");
//! redactor.push(Raw::from(br#"{"ssn": 219099998, "note": "write to carla.quint@mailhost.org"}"#.to_vec()));
//! redactor.finish();
//! let mut out = Vec::new();
//! while let Some(segment) = redactor.poll() {
//!     out.extend_from_slice(segment.bytes().as_bytes());
//! }
//! assert_eq!(String::from_utf8(out)?, r#"{"ssn": "[SSN]", "note": "write to [EMAIL]"}"#);
//! # Ok(())
//! # }
//! ```
//!
//! # What this crate knows
//!
//! The eighteen identifiers of Safe Harbor and what stands around them: [`ALL`] has the detectors, [`fields`] what names of fields
//! mean in FHIR, HL7, X12 and tables, [`lexicon`] which words are names, and [`values`] what operators have to know of a value. [`site`]
//! makes detectors of a site's own patterns, words and rosters.
//!
//! # What it does not know
//!
//! - Streams, formats and offsets: a detector sees a window and answers with a span of it.
//! - What becomes of a finding: that is a profile's matter.
//! - An identifier that nothing tells from other words or numbers. Detection is not perfect; measure it on documents of your own.
//! - Languages other than English, but for words of forms and names of columns in a few more.

#[macro_use]
mod word_set;

pub mod account;
pub mod age;
pub mod biometric;
pub mod card;
mod chain;
pub mod checks;
pub mod context;
pub mod date;
pub mod dea;
pub mod device;
pub mod email;
pub mod email_spelled;
pub mod facility;
pub mod field;
pub mod fields;
pub mod health_plan;
pub mod image;
pub mod ip;
mod keyed;
pub mod kinds;
mod label;
pub mod learned;
pub mod license;
pub mod location;
pub mod login;
pub mod mac;
pub mod mrn;
pub mod name;
pub mod npi;
pub mod other_id;
pub mod phone;
mod scan;
mod shape;
pub mod site;
pub mod ssn;
#[cfg(test)]
mod testing;
mod tld;
pub mod token;
pub mod url;
mod user_name;
pub mod values;
pub mod vehicle;
pub mod words;
pub mod zip;

use blackbar_engine::{Detector, Lexicon};

/// Every built-in detector. A new one is a file, a line here, and a case file in the corpus.
pub static ALL: &[&Detector] = &[
    &account::ACCOUNT,
    &age::AGE,
    &biometric::BIOMETRIC,
    &card::CARD,
    &date::DATE,
    &dea::DEA,
    &device::DEVICE,
    &email::EMAIL,
    &email_spelled::EMAIL_SPELLED,
    &facility::FACILITY,
    &field::FIELD,
    &health_plan::HEALTH_PLAN,
    &image::IMAGE,
    &ip::IP,
    &keyed::KEYED,
    &learned::LEARNED_VALUES,
    &learned::LEARNED_WORDS,
    &license::LICENSE,
    &location::GEO,
    &location::PLACE,
    &location::STREET,
    &login::LOGIN,
    &mac::MAC,
    &mrn::MRN,
    &name::NAME,
    &name::NAME_CONTEXT,
    &name::NAME_FILE,
    &name::NAME_SHAPE,
    &npi::NPI,
    &other_id::OTHER_ID,
    &phone::FAX,
    &phone::PHONE,
    &ssn::SSN,
    &token::IMAGE_FILE,
    &token::TOKEN,
    &url::URL,
    &vehicle::VEHICLE,
    &zip::ZIP,
];

/// About how many words the lists have.
const WORDS: usize = 210_000;

/// The lexicon that the built-in detectors consult.
#[must_use]
pub fn lexicon() -> Lexicon {
    let mut lexicon = Lexicon::with_room(WORDS);
    words::each(&mut |word, bits| lexicon.insert(word, bits));
    lexicon
}

/// The README's example, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
