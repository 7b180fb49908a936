//! Every operator against a `Values` that knows one simple world: the last word of a value is its year.

use proptest::prelude::*;

use super::*;
use crate::key::KeyFile;

struct World;

impl Values for World {
    fn canonical(&self, _: &str, value: &[u8]) -> Vec<u8> {
        value.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).collect()
    }

    fn shape(&self, _: &str, value: &[u8]) -> Option<Shape> {
        let positions = (0..value.len()).filter(|at| value[*at].is_ascii_digit()).collect();
        Some(Shape { positions, alphabet: Alphabet::DigitsAndLetters })
    }

    fn generalise(&self, kind: &str, value: &[u8]) -> Option<Vec<u8>> {
        (main_kind(kind) == "date").then(|| value.split(|byte| *byte == b' ').next_back().unwrap().to_vec())
    }

    fn shift(&self, _: &str, value: &[u8], days: i32) -> Option<Vec<u8>> {
        value.starts_with(b"on").then(|| days.to_string().into_bytes())
    }

    fn surrogate(&self, _: &str, value: &[u8], prf: &Prf) -> Option<Vec<u8>> {
        match value {
            b"same" => Some(value.to_vec()),
            b"none" => None,
            _ => Some(prf.draws("", value).bits().to_string().into_bytes()),
        }
    }
}

fn keyring(tenant: &str) -> Keyring {
    Keyring::new(KeyFile::from_bytes(std::array::from_fn(|at| u8::try_from(at).unwrap())), tenant)
}

fn with<'c>(keys: Option<&'c Keyring>, subject: Option<&'c [u8]>) -> Context<'c> {
    Context { values: &World, keys, subject }
}

fn replaced(
    operator: Operator,
    kind: &str,
    value: &str,
    context: &Context<'_>,
) -> (String, Operator, Option<Fallback>) {
    let outcome = apply(operator, kind, value.as_bytes(), context);
    (String::from_utf8(outcome.bytes.into_owned()).unwrap(), outcome.applied, outcome.fallback)
}

#[test]
fn names_and_strengths() {
    assert!(Operator::ALL.windows(2).all(|pair| pair[0] > pair[1] && pair[0].strength() > pair[1].strength()));
    for operator in Operator::ALL {
        assert_eq!(operator.name().parse(), Ok(operator));
    }
    assert_eq!(Operator::Token.max(Operator::Mask), Operator::Mask);
    for unknown in ["generalize", "TAG", "", " tag"] {
        assert_eq!(unknown.parse::<Operator>(), Err(UnknownOperator));
    }
    let keyed: Vec<_> = Operator::ALL.into_iter().filter(|operator| operator.needs_key()).collect();
    assert_eq!(keyed, [Operator::Token, Operator::Shift, Operator::Fpe]);
}

#[test]
fn keyless_operators() {
    let context = with(None, None);
    let plain = |text: &str, operator| (text.to_owned(), operator, None);
    for (operator, kind, expected) in [
        (Operator::Drop, "ssn", ""),
        (Operator::Tag, "ssn", "[SSN]"),
        (Operator::Tag, "name:patient", "[NAME]"),
        (Operator::Tag, "health-plan", "[HEALTH-PLAN]"),
        (Operator::Mask, "name", "********"),
        (Operator::Keep, "name", "May 2024"),
        (Operator::Generalise, "date:birth", "2024"),
    ] {
        assert_eq!(replaced(operator, kind, "May 2024", &context), plain(expected, operator));
    }
    assert_eq!(
        replaced(Operator::Generalise, "ssn", "1", &context),
        ("[SSN]".into(), Operator::Tag, Some(Fallback::NoForm))
    );
}

#[test]
fn what_cannot_be_treated_is_treated_by_something_stronger() {
    let keys = keyring("");
    let (none, nobody, full) = (with(None, Some(b"p")), with(Some(&keys), None), with(Some(&keys), Some(b"p")));
    let long = "x".repeat(MAX_CANONICAL + 1);
    for (operator, kind, value, context, expected) in [
        (Operator::Token, "ssn", "1", &none, ("[SSN]", Operator::Tag, Fallback::NoKey)),
        (Operator::Fpe, "ssn", "123456789", &none, ("[SSN]", Operator::Tag, Fallback::NoKey)),
        (Operator::Fpe, "ssn", "12345", &full, ("[SSN]", Operator::Tag, Fallback::NoForm)),
        (Operator::Token, "ssn", &long, &full, ("[SSN]", Operator::Tag, Fallback::TooLong)),
        (Operator::Token, "No Kind", "1", &full, ("[NO KIND]", Operator::Tag, Fallback::NoForm)),
        (Operator::Shift, "date", "on 2024", &nobody, ("2024", Operator::Generalise, Fallback::NoSubject)),
        (Operator::Shift, "date", "at 2024", &full, ("2024", Operator::Generalise, Fallback::NoForm)),
        (Operator::Surrogate, "name", "Ann", &nobody, ("[NAME]", Operator::Tag, Fallback::NoSubject)),
        (Operator::Surrogate, "name", "none", &full, ("[NAME]", Operator::Tag, Fallback::NoForm)),
        (Operator::Surrogate, "name", "same", &full, ("[NAME]", Operator::Tag, Fallback::NoForm)),
    ] {
        let (text, applied, fallback) = replaced(operator, kind, value, context);
        assert_eq!(
            (text.as_str(), applied, fallback),
            (expected.0, expected.1, Some(expected.2)),
            "{operator} {value}"
        );
        assert!(applied > operator);
    }
}

#[test]
fn sub_kinds_and_spellings_join_and_tenants_do_not() {
    let keys = keyring("");
    let context = with(Some(&keys), Some(b"p"));
    let (one, ..) = replaced(Operator::Token, "name:patient", "Ann Lee", &context);
    assert_eq!(one, replaced(Operator::Token, "name", "ANN-LEE", &context).0);
    let (kind, canonical) = keys.open_token(&one).unwrap();
    assert_eq!((kind.as_str(), canonical.as_slice()), ("name", b"annlee".as_slice()));
    assert_eq!(keyring("north").open_token(&one), Err(TokenError::Foreign));
    assert_eq!(keys.open_token("bb-name-"), Err(TokenError::Malformed));

    let (dashed, ..) = replaced(Operator::Fpe, "ssn", "123-45-6789", &context);
    let (bare, ..) = replaced(Operator::Fpe, "ssn", "123456789", &context);
    assert_eq!(dashed.replace('-', ""), bare);
    assert_ne!(keyring("north").fpe("ssn", b"123456789", &World).unwrap(), bare.as_bytes());
    assert_ne!(keys.fpe("mrn", b"123456789", &World).unwrap(), bare.as_bytes());
    assert_eq!(keys.open_fpe("ssn:last", dashed.as_bytes(), &World).unwrap(), b"123-45-6789");
}

#[test]
fn golden_vectors() {
    let keys = keyring("");
    let context = with(Some(&keys), Some(b"Patient/1"));
    for (operator, kind, value, expected) in [
        (Operator::Token, "ssn", "123-45-6789", "bb-ssn-7Hl9o0xBEvJ4DTVAqtF9tAFG7kxDv"),
        (Operator::Fpe, "ssn", "123-45-6789", "823-07-2557"),
        (Operator::Shift, "date", "on", "186"),
        (Operator::Surrogate, "mrn", "C0012345", "13735413903869582957"),
    ] {
        assert_eq!(replaced(operator, kind, value, &context), (expected.to_owned(), operator, None));
    }
}

#[test]
fn debug_shows_no_value() {
    let keys = keyring("");
    let outcome = apply(Operator::Keep, "ssn", b"123-45-6789", &with(Some(&keys), None));
    assert!(!format!("{outcome:?} {keys:?}").contains("123"));
}

#[test]
fn a_flood_of_kinds_does_not_fill_the_memory() {
    let keys = keyring("");
    for number in 0..400 {
        assert!(keys.open_token(&format!("bb-k{number}-000000000000000000000000")).is_err());
    }
    let token = keys.token("late", b"1").unwrap();
    assert_eq!(keys.open_token(&token).unwrap().1.as_slice(), b"1");
}

proptest! {
    #[test]
    fn a_mask_has_the_length_of_the_value(value in any::<String>()) {
        let outcome = apply(Operator::Mask, "name", value.as_bytes(), &with(None, None));
        prop_assert_eq!(outcome.bytes.len(), value.len());
        prop_assert!(outcome.bytes.iter().all(|byte| *byte == b'*'));
    }

    #[test]
    fn a_shift_is_within_a_year_and_never_nothing(subject in proptest::collection::vec(any::<u8>(), 0..20)) {
        let days = keyring("").shift_days(&subject);
        prop_assert!((1..=365).contains(&days.abs()));
        prop_assert_eq!(days, keyring("").shift_days(&subject));
    }
}

#[test]
fn shifts_reach_both_ends() {
    let keys = keyring("");
    let days: Vec<i32> = (0u32..8000).map(|subject| keys.shift_days(&subject.to_be_bytes())).collect();
    assert_eq!((days.iter().min(), days.iter().max()), (Some(&-365), Some(&365)));
    assert!(!days.contains(&0));
}
