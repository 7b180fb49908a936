//! Every operator on every kind, through the engine.

use blackbar_engine::key::KeyFile;
use blackbar_engine::operator::{Context, Fallback, Keyring, Misfit, Operator, apply, find_tokens};
use proptest::prelude::*;

use super::*;

const PHI: Phi = Phi { year: 2026 };

/// One value of each kind.
const VALUES: [(&str, &str); 28] = [
    ("name:patient", "José García"),
    ("location:street", "12 Main Street"),
    ("location:city", "Cambridge"),
    ("facility", "Mercy Hospital"),
    ("zip", "02139-4307"),
    ("date", "03/05/2024"),
    ("date:birth", "March 5, 1931"),
    ("age", "92 y/o"),
    ("phone", "+1 (617) 555-1234"),
    ("fax", "617.555.1234 x12"),
    ("email", "Ann@clinic.test"),
    ("ssn", "123-45-6789"),
    ("mrn", "MRN-004213"),
    ("health-plan", "1EG4-TE5-MK73"),
    ("account", "GB82 WEST 1234 5698 7654 32"),
    ("card", "4111-1111-1111-1111"),
    ("license", "S1234567"),
    ("npi", "1234567893"),
    ("dea", "AB1234563"),
    ("vehicle", "1HGCM82633A004352"),
    ("device", "(01)00884838091234(21)A55"),
    ("url", "https://portal.clinic.test/p/17"),
    ("ip", "10.1.2.3"),
    ("mac", "00:1b:44:11:3a:b7"),
    ("biometric", "template 8c2f"),
    ("image", "data:image/png;base64,iVBORw0KGgo="),
    ("other-id", "550e8400-e29b-41d4-a716-446655440000"),
    ("clinic-badge", "B-1234567"),
];

fn keys() -> Keyring {
    Keyring::new(KeyFile::from_bytes(std::array::from_fn(|at| u8::try_from(at).unwrap())), "")
}

#[test]
fn every_operator_on_every_kind() {
    let keys = keys();
    let context = Context { values: &PHI, keys: Some(&keys), subject: Some(b"Patient/1") };
    for (kind, value) in VALUES {
        for operator in Operator::ALL {
            let outcome = apply(operator, kind, value.as_bytes(), &context);
            assert!(outcome.applied >= operator, "{operator} {kind}");
            assert_eq!(outcome.fallback.is_some(), outcome.applied != operator);
            if operator != Operator::Keep {
                let written = String::from_utf8(outcome.bytes.into_owned()).unwrap();
                assert!(!written.contains(value), "{operator} {kind} {written}");
            }
        }
    }
}

/// What fits is done, but for the values that stand here to be too old for their operator.
#[test]
fn what_fits_is_done() {
    let keys = keys();
    let context = Context { values: &PHI, keys: Some(&keys), subject: Some(b"Patient/1") };
    for (kind, value) in VALUES {
        for operator in Operator::ALL.into_iter().filter(|operator| PHI.fits(*operator, kind).is_ok()) {
            let outcome = apply(operator, kind, value.as_bytes(), &context);
            let excused = matches!(
                (operator, kind),
                (Operator::Generalise, "location:street" | "location:city") | (Operator::Surrogate, "date:birth")
            );
            assert_eq!(outcome.fallback, excused.then_some(Fallback::NoForm), "{operator} {kind}");
        }
    }
}

#[test]
fn the_way_back() {
    let keys = keys();
    let context = Context { values: &PHI, keys: Some(&keys), subject: None };
    for (kind, value) in VALUES {
        let token = apply(Operator::Token, kind, value.as_bytes(), &context).bytes;
        assert_eq!(find_tokens(&token).collect::<Vec<_>>(), vec![0..token.len()]);
        let (opened, canonical) = keys.open_token(std::str::from_utf8(&token).unwrap()).unwrap();
        assert_eq!(opened, main_kind(kind));
        assert_eq!(*canonical, PHI.canonical(kind, value.as_bytes()));
        // The canonical form is a spelling of the value: it leads to the same token.
        assert_eq!(apply(Operator::Token, kind, &canonical, &context).bytes, token, "{kind}");

        match keys.fpe(kind, value.as_bytes(), &PHI) {
            Ok(sealed) => {
                assert_eq!(sealed.len(), value.len());
                assert_ne!(sealed, value.as_bytes());
                assert_eq!(keys.open_fpe(kind, &sealed, &PHI).unwrap(), value.as_bytes(), "{kind}");
            }
            Err(Misfit) => assert!(PHI.fits(Operator::Fpe, kind).is_err(), "{kind}"),
        }
    }
}

#[test]
fn golden_shifts() {
    let keys = keys();
    for (subject, value, expected) in [
        ("Patient/1", "03/05/2024", "09/07/2024"),
        ("Patient/1", "March 5, 2024", "September 7, 2024"),
        ("Patient/1", "20240305101112-0500", "20240907101112-0500"),
        ("Patient/2", "03/05/2024", "05/05/2023"),
    ] {
        let context = Context { values: &PHI, keys: Some(&keys), subject: Some(subject.as_bytes()) };
        let outcome = apply(Operator::Shift, "date", value.as_bytes(), &context);
        assert_eq!(String::from_utf8(outcome.bytes.into_owned()).unwrap(), expected);
        assert_eq!(outcome.fallback, None);
    }
}

#[test]
fn half_a_date_is_generalised() {
    let keys = keys();
    let context = Context { values: &PHI, keys: Some(&keys), subject: Some(b"Patient/1") };
    for (value, expected, applied) in [
        ("March 2024", "2024", Operator::Generalise),
        ("02/30/2024", "2024", Operator::Generalise),
        ("3/5", "[DATE]", Operator::Tag),
    ] {
        let outcome = apply(Operator::Shift, "date", value.as_bytes(), &context);
        assert_eq!((&*outcome.bytes, outcome.applied), (expected.as_bytes(), applied), "{value}");
        assert_eq!(outcome.fallback, Some(Fallback::NoForm));
    }
}

proptest! {
    /// The answers are values of the same kind and shape, and the key turns every one back.
    #[test]
    fn fpe_comes_back(kind in prop::sample::select(&["ssn", "phone", "mrn", "account", "card"][..]), value in r"(\+?1[ -])?\(?[0-9]{3}\)?[ -][0-9]{3}[ .-][0-9]{4}( x[0-9]{1,3})?|[0-9]{6,16}") {
        let keys = keys();
        if let Ok(sealed) = keys.fpe(kind, value.as_bytes(), &PHI) {
            prop_assert_eq!(PHI.shape(kind, &sealed), PHI.shape(kind, value.as_bytes()));
            prop_assert_eq!(keys.open_fpe(kind, &sealed, &PHI).unwrap(), value.as_bytes());
        }
    }

    #[test]
    fn shifts_keep_intervals(first in 0i32..20_000, apart in 0i32..2_000, subject in "[a-z]{1,8}") {
        let keys = keys();
        let context = Context { values: &PHI, keys: Some(&keys), subject: Some(subject.as_bytes()) };
        let base = Date::parse(b"1960-01-01").unwrap();
        let written = |days: i32| base.write(b"1960-01-01", base.day(2026).unwrap().plus(days).unwrap());
        let moved = |days: i32| {
            let text = apply(Operator::Shift, "date", &written(days), &context).bytes.into_owned();
            Date::parse(&text).unwrap().day(2026).unwrap()
        };
        prop_assert_eq!(moved(first).plus(apart).unwrap(), moved(first + apart));
    }
}
