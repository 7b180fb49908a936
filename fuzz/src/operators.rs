//! Every operator on any value of any kind, under a fixed key.
//!
//! Byte 0 is the kind, byte 1 the operator, byte 2 picks where a token is altered, byte 3 how; the value follows.

use blackbar_engine::key::KeyFile;
use blackbar_engine::operator::{Context, Operator, Values, apply, find_tokens, main_kind, tag, unfinished_token};

use crate::input::Input;
use crate::setup::{KEYS, PHI};

/// Holds what each operator promises.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let kind = input.pick(KINDS);
    let operator = input.pick(&Operator::ALL);
    let (place, change) = (input.byte(), input.byte());
    let value = input.rest(1024);

    let context = Context { values: &PHI, keys: Some(&KEYS), subject: Some(b"subject") };
    let outcome = apply(operator, kind, value, &context);
    assert!(outcome.applied >= operator, "{operator} fell to the weaker {}", outcome.applied);
    assert_eq!(outcome.fallback.is_some(), outcome.applied != operator, "a fallback has a reason");
    assert!(outcome == apply(operator, kind, value, &context), "{operator} answers the same value in two ways");
    let bytes = &outcome.bytes[..];
    match outcome.applied {
        Operator::Keep => assert!(bytes == value),
        Operator::Drop => assert!(bytes.is_empty()),
        Operator::Tag => assert!(bytes == tag(kind)),
        Operator::Mask => assert!(bytes.len() == value.len() && bytes.iter().all(|byte| *byte == b'*')),
        Operator::Token => token(kind, value, bytes, place, change),
        Operator::Fpe => fpe(kind, value, bytes),
        Operator::Shift => shift(kind, value),
        Operator::Surrogate => assert!(bytes != value, "a surrogate is the value"),
        Operator::Generalise => assert!(!bytes.is_empty() || value.is_empty(), "more general than nothing"),
    }
    let canonical = PHI.canonical(kind, value);
    assert!(PHI.spellings(kind, &canonical).contains(&canonical), "the canonical form is among the spellings");

    // The way back and the key file meet bytes of strangers.
    assert!(unfinished_token(value) <= value.len());
    for range in find_tokens(value) {
        let spelled = std::str::from_utf8(&value[range]).expect("tokens are ASCII");
        let _ = KEYS.open_token(spelled);
    }
    if let Ok(text) = std::str::from_utf8(value) {
        let _ = KEYS.open_token(text);
        let _ = KeyFile::parse(text);
    }
}

fn token(kind: &str, value: &[u8], token: &[u8], place: u8, change: u8) {
    let text = std::str::from_utf8(token).expect("tokens are ASCII");
    let (of, opened) = KEYS.open_token(text).expect("its own token opens");
    assert!(of == main_kind(kind) && opened[..] == PHI.canonical(kind, value)[..], "a token opens to another value");

    let around = [b" ", token, b"."].concat();
    let mut found = find_tokens(&around);
    assert_eq!((found.next(), found.next()), (Some(1..1 + token.len()), None), "a token is found in a text");

    let mut altered = token.to_vec();
    let at = usize::from(place) * token.len() / 256;
    altered[at] ^= change;
    if let (true, Ok(text)) = (altered != token, std::str::from_utf8(&altered)) {
        assert!(KEYS.open_token(text).is_err(), "an altered token opens");
    }
}

fn fpe(kind: &str, value: &[u8], sealed: &[u8]) {
    assert_eq!(sealed.len(), value.len(), "fpe keeps the length");
    assert_eq!(PHI.shape(kind, sealed), PHI.shape(kind, value), "fpe keeps the shape");
    let opened = KEYS.open_fpe(kind, sealed, &PHI).expect("fpe has a way back");
    // Hexadecimal digits of mixed case come back in one case.
    assert!(opened.eq_ignore_ascii_case(value), "fpe comes back as another value");
}

/// There and back is the same day. The spelling may differ: `11/9` moves to `11/19`, where nobody sees the padding.
fn shift(kind: &str, value: &[u8]) {
    let days = KEYS.shift_days(b"subject");
    let there = PHI.shift(kind, value, days).expect("it was shifted");
    assert!(there != value, "a shift by {days} days changes nothing");
    // `13/4/99` has its day in front, and moves to `12/7/99`, where nobody sees that any more.
    if is_day_first(value) && !is_day_first(&there) {
        return;
    }
    let back = PHI.shift(kind, &there, -days).expect("a shifted date is a date");
    assert_eq!(PHI.canonical(kind, &back), PHI.canonical(kind, value), "a shift there and back is another day");
}

/// Whether the first number can only be a day.
fn is_day_first(date: &[u8]) -> bool {
    let digits = |byte: &&u8| byte.is_ascii_digit();
    let first = date.iter().skip_while(|byte| !byte.is_ascii_digit()).take_while(digits);
    (13..=31)
        .contains(&first.fold(0_u32, |number, digit| number.saturating_mul(10).saturating_add(u32::from(digit - b'0'))))
}

const KINDS: &[&str] = &[
    "name",
    "name:patient",
    "name:provider",
    "location",
    "location:street",
    "location:city",
    "location:geo",
    "facility",
    "zip",
    "date",
    "age",
    "phone",
    "fax",
    "email",
    "ssn",
    "mrn",
    "health-plan",
    "account",
    "card",
    "license",
    "npi",
    "dea",
    "vehicle",
    "device",
    "url",
    "ip",
    "mac",
    "biometric",
    "image",
    "other-id",
    "clinic-badge",
    "a-kind-that-is-longer-than-a-token",
];

#[cfg(test)]
mod tests {
    use blackbar_detectors::kinds;

    use super::*;

    #[test]
    fn every_kind_is_asked() {
        for kind in kinds::MAIN {
            assert!(KINDS.contains(&kind.id()), "{}", kind.id());
        }
    }
}
