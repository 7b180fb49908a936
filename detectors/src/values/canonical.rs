//! The one form that all spellings of a value share, and the characters in it that `fpe` may change.
//!
//! Two rules pull in different directions. Spellings of one value should meet, or tokens do not join. But a token
//! resolves to the canonical form, and a system that is asked for it must still know it. So what has one official
//! length is reduced to its characters (SSN, telephone, card, Medicare number), and what a system made up itself (record
//! numbers with letters, FHIR ids, user names) keeps its punctuation, and the latter its case as well.

use std::net::IpAddr;

use blackbar_engine::operator::{Alphabet, Shape, main_kind};

use super::date::Date;
use super::text::fold;

pub(super) fn canonical(kind: &str, value: &[u8]) -> Vec<u8> {
    let trimmed = value.trim_ascii();
    let form = match main_kind(kind) {
        "ssn" | "card" | "npi" | "phone" | "fax" => number(kind, trimmed),
        "name" => Some(name(trimmed)),
        "location" | "facility" => Some(fold(trimmed)),
        "email" => Some(without_scheme(&fold(trimmed), b"mailto:")),
        "date" => Some(Date::parse(trimmed).and_then(|date| date.iso(trimmed)).unwrap_or_else(|| fold(trimmed))),
        "age" => {
            Some(only(trimmed, u8::is_ascii_digit)).filter(|digits| !digits.is_empty()).or_else(|| Some(fold(trimmed)))
        }
        "zip" => Some(only(trimmed, u8::is_ascii_digit)),
        "health-plan" | "account" | "license" | "dea" | "vehicle" | "device" => {
            trimmed.is_ascii().then(|| only(trimmed, u8::is_ascii_alphanumeric).to_ascii_uppercase())
        }
        "mrn" => Some(record_number(trimmed)),
        "other-id" => uuid(trimmed),
        "mac" => mac(trimmed),
        "ip" => std::str::from_utf8(trimmed)
            .ok()
            .and_then(|text| text.parse::<IpAddr>().ok())
            .map(|ip| ip.to_string().into()),
        "url" => Some(url(trimmed)),
        _ => None,
    };
    // Nothing left means that the value was not what its kind promises; then it stands for itself.
    form.filter(|form| !form.is_empty()).unwrap_or_else(|| trimmed.to_vec())
}

/// What `fpe` may change. Every spelling with the same canonical form has the same characters there, apart from case.
pub(super) fn shape(kind: &str, value: &[u8]) -> Option<Shape> {
    // A letter outside ASCII cannot be encrypted, and must not be left standing.
    if !value.is_ascii() {
        return None;
    }
    let every = |belongs: fn(&u8) -> bool| (0..value.len()).filter(|at| belongs(&value[*at])).collect();
    let classes = |positions| Shape { positions, alphabet: Alphabet::DigitsAndLetters };
    let hexadecimal = |positions| Shape { positions, alphabet: Alphabet::Hexadecimal };
    Some(match main_kind(kind) {
        "ssn" | "card" | "npi" => {
            number(kind, value)?;
            classes(every(u8::is_ascii_digit))
        }
        "phone" | "fax" => {
            let phone = Phone::parse(value)?;
            classes(phone.digits.into_iter().chain(phone.extension).collect())
        }
        "mac" => {
            mac(value.trim_ascii())?;
            hexadecimal(every(u8::is_ascii_hexdigit))
        }
        "other-id" if uuid(value.trim_ascii()).is_some() => hexadecimal(every(u8::is_ascii_hexdigit)),
        kind if super::fits::is_fpe_kind(kind) => classes(every(u8::is_ascii_alphanumeric)),
        _ => return None,
    })
}

/// A telephone number: where its digits stand, without the `1` of North America, and those of its extension.
pub(super) struct Phone {
    pub(super) digits: Vec<usize>,
    pub(super) extension: Vec<usize>,
}

impl Phone {
    /// `None` when there are letters that do not announce an extension, as in 1-800-FLOWERS.
    pub(super) fn parse(value: &[u8]) -> Option<Self> {
        let start = if value.len() > 4 && value[..4].eq_ignore_ascii_case(b"tel:") { 4 } else { 0 };
        let letters = (start..value.len()).find(|at| value[*at].is_ascii_alphabetic() || value[*at] == b'#');
        let end = letters.unwrap_or(value.len());
        let marker: Vec<u8> = only(&value[end..], |byte| byte.is_ascii_alphabetic() || *byte == b'#');
        if !["", "x", "ext", "extension", "extn", "#"].iter().any(|known| marker.eq_ignore_ascii_case(known.as_bytes()))
        {
            return None;
        }
        let digits = |from: usize, to: usize| (from..to).filter(|at| value[*at].is_ascii_digit()).collect::<Vec<_>>();
        let mut phone = Self { digits: digits(start, end), extension: digits(end, value.len()) };
        if phone.digits.len() == 11 && value[phone.digits[0]] == b'1' {
            phone.digits.remove(0);
        }
        (!phone.digits.is_empty()).then_some(phone)
    }
}

/// Where the 32 digits of a UUID are, this is its usual spelling.
pub(super) fn uuid(value: &[u8]) -> Option<Vec<u8>> {
    let hyphens = [8, 13, 18, 23];
    let is_uuid = value.len() == 36
        && value
            .iter()
            .enumerate()
            .all(|(at, byte)| if hyphens.contains(&at) { *byte == b'-' } else { byte.is_ascii_hexdigit() });
    is_uuid.then(|| value.to_ascii_lowercase())
}

fn number(kind: &str, value: &[u8]) -> Option<Vec<u8>> {
    if matches!(main_kind(kind), "phone" | "fax") {
        let phone = Phone::parse(value)?;
        let mut number: Vec<u8> = phone.digits.iter().map(|at| value[*at]).collect();
        if !phone.extension.is_empty() {
            number.push(b'x');
            number.extend(phone.extension.iter().map(|at| value[*at]));
        }
        return Some(number);
    }
    // The x of `xxx-xx-1234` stands for a digit that was never there.
    let foreign = value.iter().any(|byte| byte.is_ascii_alphabetic() && !byte.eq_ignore_ascii_case(&b'x'));
    let digits = only(value, u8::is_ascii_digit);
    (!foreign && !digits.is_empty()).then_some(digits)
}

/// `first middle last suffix`, whatever the order was.
fn name(value: &[u8]) -> Vec<u8> {
    let folded = fold(value);
    let Ok(text) = std::str::from_utf8(&folded) else { return folded };
    let text = text.strip_suffix("'s").unwrap_or(text).replace('.', " ");
    let parts: Vec<&str> = text.split([',', '^']).map(str::trim).filter(|part| !part.is_empty()).collect();
    let is_suffix = |part: &str| part.split(' ').all(|word| SUFFIXES.contains(&word));
    let names = parts.iter().take_while(|part| !is_suffix(part)).count();
    let (names, suffixes) = parts.split_at(names);
    let ordered = names.iter().skip(1).chain(names.first()).chain(suffixes);
    let words: Vec<&str> = ordered.flat_map(|part| part.split_whitespace()).collect();
    words.join(" ").into_bytes()
}

/// What may follow a name behind a comma and is no given name.
pub(super) const SUFFIXES: [&str; 18] = [
    "jr", "sr", "ii", "iii", "iv", "v", "md", "do", "np", "rn", "pa", "pa-c", "phd", "dds", "dpm", "lpn", "esq",
    "pharmd",
];

/// Digits with separators lose them; a number with letters is only upper-cased.
fn record_number(value: &[u8]) -> Vec<u8> {
    let plain = value.iter().all(|byte| byte.is_ascii_digit() || b" -./".contains(byte));
    if plain { only(value, u8::is_ascii_digit) } else { uuid(value).unwrap_or_else(|| value.to_ascii_uppercase()) }
}

fn mac(value: &[u8]) -> Option<Vec<u8>> {
    let digits = only(value, u8::is_ascii_hexdigit).to_ascii_lowercase();
    let known = value.iter().all(|byte| byte.is_ascii_hexdigit() || b":-.".contains(byte));
    let pairs: Vec<&[u8]> = digits.chunks(2).collect();
    (known && [12, 16].contains(&digits.len())).then(|| pairs.join(&b':'))
}

/// Scheme and host do not depend on case; the path does.
fn url(value: &[u8]) -> Vec<u8> {
    let scheme = value.windows(3).position(|part| part == b"://").map_or(0, |at| at + 3);
    let host = value[scheme..].iter().position(|byte| b"/?#".contains(byte)).map_or(value.len(), |at| scheme + at);
    let mut url = value.to_vec();
    url[..host].make_ascii_lowercase();
    url
}

fn without_scheme(value: &[u8], scheme: &[u8]) -> Vec<u8> {
    value.strip_prefix(scheme).unwrap_or(value).to_vec()
}

fn only(value: &[u8], belongs: impl Fn(&u8) -> bool) -> Vec<u8> {
    value.iter().copied().filter(|byte| belongs(byte)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn form(kind: &str, value: &str) -> String {
        String::from_utf8(canonical(kind, value.as_bytes())).unwrap()
    }

    #[test]
    fn spellings_meet() {
        for (kind, expected, spellings) in [
            ("ssn", "123456789", &["123-45-6789", "123456789", "123 45 6789", "123.45.6789", " 123-45-6789 "][..]),
            ("ssn", "1234", &["xxx-xx-1234", "XXX-XX-1234", "***-**-1234", "1234"]),
            (
                "phone",
                "6175551234",
                &["(617) 555-1234", "617.555.1234", "+1 617 555 1234", "1-617-555-1234", "tel:+16175551234"],
            ),
            ("phone", "6175551234x12", &["617-555-1234 x12", "(617) 555-1234 ext. 12", "+1 617 555 1234 Extension 12"]),
            ("phone", "442079460958", &["+44 20 7946 0958"]),
            ("phone", "1-800-FLOWERS", &["1-800-FLOWERS"]),
            ("card", "4111111111111111", &["4111 1111 1111 1111", "4111-1111-1111-1111"]),
            (
                "name",
                "john smith",
                &["John Smith", "SMITH, JOHN", "Smith,John", "smith^john", "John  Smith's", "JOHN SMITH"],
            ),
            ("name:patient", "jose q garcia jr", &["José Q. García Jr", "García, José Q., Jr.", "GARCIA^JOSE^Q^JR"]),
            ("name", "john smith jr", &["John Smith, Jr.", "John Smith Jr"]),
            ("name", "j s", &["J.S.", "J. S."]),
            ("email", "ann@example.com", &["Ann@Example.com", "mailto:ann@example.com"]),
            ("date:birth", "2024-03-05", &["3/5/2024", "March 5, 2024", "05-MAR-2024", "20240305", "2024-03-05"]),
            ("date", "march 2024", &["March 2024", "MARCH  2024"]),
            ("zip", "021394307", &["02139-4307", "021394307"]),
            ("age", "92", &["92 y/o", "92yo", "aged 92"]),
            ("age", "ninety-four", &["Ninety-four"]),
            ("health-plan", "1EG4TE5MK73", &["1EG4-TE5-MK73", "1eg4te5mk73"]),
            ("dea", "AB1234563", &["AB1234563", "ab 1234563"]),
            ("mrn", "1234567", &["12-34-567", "1234567"]),
            ("mrn", "MRN-004213", &["MRN-004213", "mrn-004213"]),
            ("other-id", "pat-001", &["pat-001"]),
            ("other-id", "550e8400-e29b-41d4-a716-446655440000", &["550E8400-E29B-41D4-A716-446655440000"]),
            ("mac", "00:1b:44:11:3a:b7", &["00-1B-44-11-3A-B7", "001B.4411.3AB7", "001b44113ab7"]),
            ("ip", "2001:db8::1", &["2001:0DB8:0:0::1"]),
            ("url", "https://example.org/Path", &["HTTPS://Example.ORG/Path"]),
            ("location:city", "sao paulo", &["São  Paulo", "SAO PAULO"]),
            ("clinic-badge", "B 12", &["B 12"]),
            ("ssn", "--", &["--"]),
        ] {
            for spelling in spellings {
                assert_eq!(form(kind, spelling), expected, "{kind} {spelling}");
                assert_eq!(form(kind, expected), expected, "the form of the form: {kind} {expected}");
            }
        }
    }

    #[test]
    fn shapes() {
        let shape = |kind: &str, value: &str| {
            shape(kind, value.as_bytes()).map(|shape| {
                let text: String = shape.positions.iter().map(|at| char::from(value.as_bytes()[*at])).collect();
                (text, shape.alphabet == Alphabet::Hexadecimal)
            })
        };
        for (kind, value, expected, hexadecimal) in [
            ("ssn", "123-45-6789", "123456789", false),
            ("phone", "+1 (617) 555-1234 x99", "617555123499", false),
            ("fax", "tel:16175551234", "6175551234", false),
            ("phone", "+44 20 7946 0958", "442079460958", false),
            ("mrn", "MRN-0012", "MRN0012", false),
            ("badge", "B 12", "B12", false),
            ("mac", "00:1B:44:11:3A:B7", "001B44113AB7", true),
            ("other-id", "550e8400-e29b-41d4-a716-446655440000", "550e8400e29b41d4a716446655440000", true),
            ("other-id", "pat-001", "pat001", false),
        ] {
            assert_eq!(shape(kind, value), Some((expected.to_owned(), hexadecimal)), "{kind} {value}");
        }
        for (kind, value) in [
            ("name", "Ann"),
            ("date", "20240305"),
            ("zip", "02139-4307"),
            ("mrn", "Ä123456"),
            ("ssn", "AB-123456"),
            ("phone", "1-800-FLOWERS"),
        ] {
            assert_eq!(shape(kind, value), None, "{kind} {value}");
        }
    }

    proptest! {
        /// What meets under `token` meets under `fpe`.
        #[test]
        fn shape_follows_form(kind in prop::sample::select(&["ssn", "phone", "card", "health-plan", "account", "mrn"][..]), value in "[+1]{0,2}[0-9A-Za-z() .-]{1,20}( ?x[0-9]{2})?") {
            let characters = |value: &[u8]| {
                shape(kind, value).map(|shape| shape.positions.iter().map(|at| value[*at].to_ascii_uppercase()).collect::<Vec<_>>())
            };
            let form = canonical(kind, value.as_bytes());
            if let Some(characters) = characters(value.as_bytes()).filter(|characters| !characters.is_empty()) {
                let bare: Vec<u8> = form.iter().copied().filter(u8::is_ascii_alphanumeric).filter(|byte| kind != "phone" || *byte != b'x').map(|byte| byte.to_ascii_uppercase()).collect();
                let bare = if kind == "ssn" || kind == "card" { bare.into_iter().filter(u8::is_ascii_digit).collect() } else { bare };
                prop_assert_eq!(characters, bare);
            }
        }
    }
}
