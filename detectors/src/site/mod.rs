//! Detectors from a site's own configuration: a [`Pattern`], a list of [`Keywords`], a [`Roster`] of known names and
//! record numbers. They obey the same laws as the built-in ones: finite windows, pure decisions, no unbounded memory.
//!
//! All three share one idea of an *edge*: a finding never begins or ends inside a run of letters and digits. `C1234567`
//! is no finding in `AC1234567` or `C12345678`. Where the finding's own first or last character is neither letter nor
//! digit, anything may stand next to it.

mod keywords;
mod own;
mod pattern;
mod roster;

use std::borrow::Cow;
use std::fmt;

use blackbar_engine::{ByteSet, Kind, Trigger, View};

use crate::fields::hint;

pub use keywords::Keywords;
pub use own::Own;
pub use pattern::Pattern;
pub use roster::Roster;

/// Site detectors beat the built-in ones that start at the same byte, except those that take a field as a whole.
const PRIORITY: u8 = 80;
/// Bytes seen before a finding: enough to know the letter before it.
const EDGE_BEFORE: u16 = 8;
/// Bytes seen after a finding: enough to know the letter after it.
const EDGE_AFTER: u16 = 8;

/// Why a site's detector cannot be made. It names the detector, the reason and the remedy, and never shows content of a
/// roster or a phrase list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SiteError {
    place: String,
    what: String,
    remedy: String,
}

impl SiteError {
    fn new(place: impl Into<String>, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for SiteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.place, self.what, self.remedy)
    }
}

impl std::error::Error for SiteError {}

/// How an error names a detector.
fn place_of(id: &str) -> String {
    format!("detector `{id}`")
}

/// Refuses what would be no stable id or no percentage.
fn check_names(id: &str, kind: Kind, confidence: u8) -> Result<(), SiteError> {
    if id.is_empty() {
        return Err(SiteError::new("a site detector", "its id is empty", "give it a unique `id`"));
    }
    if kind.id().is_empty() {
        return Err(SiteError::new(place_of(id), "its kind is empty", "name a `kind`, for instance mrn or other-id"));
    }
    if !(1..=100).contains(&confidence) {
        let what = format!("a confidence of {confidence} is no percentage");
        return Err(SiteError::new(place_of(id), what, "write a number from 1 to 100"));
    }
    Ok(())
}

/// Whether the finding may begin at its trigger.
#[inline]
fn open_on_the_left(view: &View<'_>) -> bool {
    let before = view.byte(-1);
    if !before.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte >= 0x80) {
        return true;
    }
    let outside = before.is_some_and(|byte| byte.is_ascii_digit()) || view.letter_before(0);
    !(outside && alnum_at(view, 0))
}

/// Whether the finding may end before `end`.
#[inline]
fn open_on_the_right(view: &View<'_>, end: i32) -> bool {
    let inside = view.byte(end - 1).is_some_and(|byte| byte.is_ascii_digit()) || view.letter_before(end);
    !(inside && alnum_at(view, end))
}

#[inline]
fn alnum_at(view: &View<'_>, offset: i32) -> bool {
    match view.byte(offset) {
        Some(byte) if byte.is_ascii() => byte.is_ascii_alphanumeric(),
        Some(_) => view.letter(offset) > 0,
        None => false,
    }
}

/// Where a detector wants to be asked whose findings start with one of `first` and obey the rule of edges. Such a
/// finding that starts with a digit or a letter stands at the start of a run of digits or of a word.
fn triggers(first: ByteSet) -> Cow<'static, [Trigger]> {
    let pick = |wanted: fn(u8) -> bool| {
        first.iter().filter(|&byte| wanted(byte)).fold(ByteSet::EMPTY, |set, byte| set.with(byte))
    };
    let digits = pick(|byte| byte.is_ascii_digit());
    let letters = pick(|byte| byte.is_ascii_alphabetic());
    let small = pick(|byte| byte.is_ascii_lowercase());
    let others = pick(|byte| !byte.is_ascii_alphanumeric());
    let mut triggers = Vec::new();
    if !digits.is_empty() {
        triggers.push(Trigger::Digits);
    }
    if !letters.is_empty() {
        triggers.push(match (small.is_empty(), letters.iter().count()) {
            // A few capitals are rarer than words that begin with any.
            (true, 1..=4) => Trigger::Bytes(letters),
            (true, _) => Trigger::Capital,
            (false, _) => Trigger::Word,
        });
    }
    if !others.is_empty() {
        triggers.push(Trigger::Bytes(others));
    }
    Cow::Owned(triggers)
}

/// The bit that a field's name gives when it speaks of this kind.
fn hint_of(kind: Kind) -> u64 {
    match kind.main() {
        "name" => hint::NAME,
        "location" => hint::LOCATION,
        "facility" => hint::FACILITY,
        "zip" => hint::ZIP,
        "date" => hint::DATE,
        "age" => hint::AGE,
        "phone" => hint::PHONE,
        "fax" => hint::FAX,
        "email" => hint::EMAIL,
        "ssn" => hint::SSN,
        "mrn" => hint::MRN,
        "health-plan" => hint::HEALTH_PLAN,
        "account" => hint::ACCOUNT,
        "card" => hint::CARD,
        "license" => hint::LICENSE,
        "npi" => hint::NPI,
        "dea" => hint::DEA,
        "vehicle" => hint::VEHICLE,
        "device" => hint::DEVICE,
        "url" => hint::URL,
        "ip" => hint::IP,
        "mac" => hint::MAC,
        "biometric" => hint::BIOMETRIC,
        "image" => hint::IMAGE,
        "other-id" => hint::OTHER_ID,
        _ => 0,
    }
}

/// The letter of the Safe Harbor list that a kind falls under.
fn class_of(kind: Kind) -> Cow<'static, str> {
    Cow::Borrowed(match kind.main() {
        "name" => "A",
        "location" | "facility" | "zip" => "B",
        "date" | "age" => "C",
        "phone" => "D",
        "fax" => "E",
        "email" => "F",
        "ssn" => "G",
        "mrn" => "H",
        "health-plan" => "I",
        "account" | "card" => "J",
        "license" | "npi" | "dea" => "K",
        "vehicle" => "L",
        "device" => "M",
        "url" => "N",
        "ip" | "mac" => "O",
        "biometric" => "P",
        "image" => "Q",
        _ => "R",
    })
}

#[cfg(test)]
mod tests;
