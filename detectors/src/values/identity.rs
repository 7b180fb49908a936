//! What of a value says whose it is.
//!
//! One number may be taken for a record number here and for any other identifier there, and be written with or without
//! separators. So all numbers and codes of people are one sort, and only their letters and digits count.

use blackbar_engine::operator::main_kind;

use super::canonical::canonical;

/// The same for all spellings of an identifier of a person. `None`: nobody is found by it, or it is of somebody who cares
/// for a patient.
pub(super) fn identity(kind: &str, value: &[u8]) -> Option<Vec<u8>> {
    let (sort, form) = match (main_kind(kind), kind) {
        ("name", "name" | "name:patient") => (b'n', canonical(kind, value)),
        ("phone" | "fax", _) => (b't', canonical(kind, value)),
        ("email", _) => (b'e', canonical(kind, value)),
        (
            "ssn" | "mrn" | "health-plan" | "account" | "card" | "license" | "vehicle" | "device" | "biometric"
            | "other-id",
            _,
        ) => (b'i', plain(&canonical(kind, value))),
        _ => return None,
    };
    // What is shorter is everybody's.
    (form.len() >= SHORTEST).then(|| [[sort].as_slice(), &form].concat())
}

const SHORTEST: usize = 3;

/// Letters in one case, and digits; what has other letters stays as it is.
fn plain(value: &[u8]) -> Vec<u8> {
    if !value.is_ascii() {
        return value.to_vec();
    }
    value.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use blackbar_engine::{Format, Mark, Marks, Raw, Rules, Scanner};

    use super::*;
    use crate::values::Phi;

    #[test]
    fn spellings_and_neighbouring_kinds_meet() {
        let of = |kind: &str, value: &str| identity(kind, value.as_bytes());
        for (one, other) in [
            (("ssn", "123-45-6789"), ("ssn", "123 45 6789")),
            (("mrn", "C-0012345"), ("other-id", "c0012345")),
            (("mrn", "00-12-34"), ("account", "001234")),
            (("name:patient", "Okafor, Adaeze"), ("name", "ADAEZE OKAFOR")),
            (("phone", "(212) 555-0147"), ("fax", "212-555-0147")),
            (("email", "mailto:A.Lee@Example.org"), ("email", "a.lee@example.org")),
            (("other-id", "0b7e9a52-7f3c-4c55-9f0e-1d2c3b4a5f60"), ("mrn", "0B7E9A52-7F3C-4C55-9F0E-1D2C3B4A5F60")),
        ] {
            assert!(of(one.0, one.1).is_some(), "{one:?}");
            assert_eq!(of(one.0, one.1), of(other.0, other.1), "{one:?} {other:?}");
        }
        assert_ne!(of("ssn", "123-45-6789"), of("ssn", "123-45-6780"));
        // A number that is a telephone's is not the record number of the same digits.
        assert_ne!(of("phone", "212-555-0147"), of("mrn", "2125550147"));
    }

    /// The marks of the identifiers of one kind that a profile finds in a text.
    fn marks(rules: Rules, format: Format, kind: &str, text: &str) -> Vec<Mark> {
        let scanner = Scanner::builder().detectors(crate::ALL.iter().copied()).lexicon(crate::lexicon());
        let scanner = scanner.fields(Arc::new(crate::fields::BuiltIn)).build().unwrap();
        let profile = rules.build().unwrap().marking(Arc::new(Marks::new(&[7; 32])));
        let mut redactor = scanner.redactor_for(&profile, format, "");
        // In pieces, as it comes.
        for piece in text.as_bytes().chunks(5) {
            redactor.push(Raw::from(piece.to_vec()));
        }
        redactor.finish();
        let findings = std::iter::from_fn(|| redactor.poll()).filter_map(|segment| segment.finding().cloned());
        findings.filter(|finding| finding.kind.is(kind)).filter_map(|finding| finding.mark).collect()
    }

    #[test]
    fn findings_have_marks_of_what_they_say_whatever_takes_their_place() {
        let phi = || Arc::new(Phi { year: 2026 });
        let asked = Marks::new(&[7; 32]).mark(&*phi(), "ssn", b"536228726").unwrap();
        let json = r#"{"ssn":"536\u002d22-8726"}"#;
        for rules in [Rules::safe_harbor(phi()), Rules::mask_all(phi())] {
            let name = rules.name.clone();
            assert_eq!(marks(rules.clone(), Format::Text, "ssn", "Her SSN is 536-22-8726 now."), [asked], "{name}");
            assert_eq!(marks(rules, Format::Json, "ssn", json), [asked], "{name}");
        }
        assert_eq!(marks(Rules::safe_harbor(phi()), Format::Text, "date", "Born 03/07/1951."), []);
    }

    #[test]
    fn nobody_is_found_by_what_many_share() {
        for (kind, value) in [
            ("date", "1940-01-31"),
            ("zip", "02139"),
            ("age", "91"),
            ("name:provider", "Dr. Lee"),
            ("npi", "1234567893"),
            ("facility", "Mercy"),
            ("mrn", "7"),
        ] {
            assert_eq!(identity(kind, value.as_bytes()), None, "{kind}");
        }
    }
}
