use blackbar_engine::key::KeyFile;
use blackbar_engine::operator::Keyring;
use proptest::prelude::*;

use super::*;

const NOW: i32 = 2026;

fn keys() -> Keyring {
    Keyring::new(KeyFile::from_bytes(std::array::from_fn(|at| u8::try_from(at).unwrap())), "")
}

fn stand_in(subject: &str, kind: &str, value: &str) -> Option<String> {
    let prf = keys().surrogates(kind, subject.as_bytes());
    surrogate(kind, value.as_bytes(), &prf, NOW).map(|value| String::from_utf8(value).unwrap())
}

#[test]
fn golden() {
    for (kind, value, expected) in [
        ("name", "John Smith", "Natalie Atkins"),
        ("name", "SMITH, JOHN", "ATKINS, NATALIE"),
        ("name", "J. Smith", "N. Atkins"),
        ("name", "Smith", "Atkins"),
        ("name", "Dr. John van der Berg, Jr.", "Dr. Natalie Ramirez, Jr."),
        ("ssn", "123-45-6789", "909-13-8952"),
        ("ssn", "123456789", "909138952"),
        ("ssn", "xxx-xx-6789", "xxx-xx-0638"),
        ("phone", "(617) 555-1234", "(706) 555-0191"),
        ("phone", "+1 617-555-1234", "+1 706-555-0191"),
        ("phone", "617-555-1234 x12", "214-555-0185 x48"),
        ("phone", "+44 20 7946 0958", "+73 41 9565 9092"),
        ("email", "john.smith@clinic.test", "wilma.collins961@example.org"),
        ("date", "March 5, 2024", "January 30, 2024"),
        ("date", "3/5/2024", "1/30/2024"),
        ("zip", "02139-4307", "98189-5472"),
        ("location:street", "12 Main St Apt 4", "6587 Meadow Road"),
        ("location:city", "CAMBRIDGE", "GREENVILLE"),
        ("location", "PO Box 12", "PO Box 8339"),
        ("facility", "Massachusetts General Hospital", "Lakeview Medical Center"),
        ("url", "https://portal.clinic.test/p/1", "https://example.org/xmnnziei"),
        ("ip", "10.1.2.3:8080", "203.0.113.211:8080"),
        ("ip", "[fe80::1]:443", "[2001:db8::83fe:60b1:cb96:c476]:443"),
        ("mac", "00:1B:44:11:3A:B7", "00:00:5E:00:53:53"),
        ("card", "4111 1111 1111 1111", "8906 6614 2118 6307"),
        ("npi", "1234567893", "5240095804"),
        ("mrn", "MRN-0042", "XPS-7023"),
        ("other-id", "550e8400-e29b-41d4-a716-446655440000", "a9277b36-fc0f-a11a-f2d5-59c81d3faa3c"),
        ("clinic-badge", "b-1234", "j-0557"),
    ] {
        assert_eq!(stand_in("Patient/1", kind, value).as_deref(), Some(expected), "{kind} {value}");
    }
}

#[test]
fn spellings_of_one_value_agree() {
    for (kind, one, other) in [
        ("ssn", "123-45-6789", "123456789"),
        ("phone", "(617) 555-1234", "+1 617 555 1234"),
        ("name", "John Smith", "smith, john"),
        ("mrn", "12-34-567", "1234567"),
        ("health-plan", "1EG4-TE5-MK73", "1EG4TE5MK73"),
        ("date", "March 5, 2024", "2024-03-05"),
        ("mac", "00:1B:44:11:3A:B7", "001b.4411.3ab7"),
    ] {
        let form = |value: &str| canonical(kind, stand_in("p", kind, value).unwrap().as_bytes());
        assert_eq!(form(one), form(other), "{kind}");
        assert_ne!(form(one), canonical(kind, stand_in("q", kind, one).unwrap().as_bytes()), "{kind}");
    }
}

#[test]
fn parts_of_a_name_agree() {
    let whole = stand_in("p", "name", "John Smith").unwrap();
    let (given, surname) = whole.split_once(' ').unwrap();
    assert_eq!(stand_in("p", "name", "Smith").unwrap(), surname);
    assert_eq!(stand_in("p", "name:given", "John").unwrap(), given);
    assert_eq!(stand_in("p", "name", "J. Smith").unwrap(), format!("{}. {surname}", &given[..1]));
}

#[test]
fn nothing_realistic() {
    for (kind, value) in [
        ("age", "92"),
        ("image", "iVBOR"),
        ("date", "3/5"),
        ("date:birth", "3/5/1931"),
        ("date", "2024-03-05T10:11:12Z"),
        ("location:state", "Ohio"),
        ("location", "42.3601,-71.0589"),
        ("ip", "somewhere"),
        ("mrn", "--"),
        ("name", "..."),
    ] {
        assert_eq!(stand_in("p", kind, value), None, "{kind} {value}");
    }
}

#[test]
fn no_stand_in_can_be_real() {
    for number in 0..200u32 {
        let subject = number.to_string();
        let ssn = stand_in(&subject, "ssn", "123-45-6789").unwrap();
        assert!(ssn.starts_with('9') && &ssn[4..6] < "50");
        let phone = stand_in(&subject, "phone", "617-555-1234").unwrap();
        assert!(phone[4..].starts_with("555-01"), "{phone}");
        let card = stand_in(&subject, "card", "4111111111111111").unwrap();
        let luhn = card.bytes().rev().enumerate().map(|(at, byte)| {
            let number = u32::from(byte - b'0') * if at % 2 == 0 { 1 } else { 2 };
            number / 10 + number % 10
        });
        assert_ne!(luhn.sum::<u32>() % 10, 0, "{card}");
    }
}

proptest! {
    #[test]
    fn never_the_value_itself(subject in "[a-z]{1,4}", value in "[A-Z]{0,2}-?[0-9]{1,9}") {
        for kind in ["ssn", "phone", "mrn", "zip", "account", "npi", "location:street", "name", "email", "url"] {
            if let Some(new) = stand_in(&subject, kind, &value) {
                prop_assert_ne!(canonical(kind, new.as_bytes()), canonical(kind, value.as_bytes()));
                prop_assert_eq!(stand_in(&subject, kind, &value), Some(new));
            }
        }
    }

    #[test]
    fn names_leave_no_word_behind(first in "[A-Z][a-z]{2,8}", last in "[A-Z][a-z]{2,8}", form in 0..4) {
        let value = match form {
            0 => format!("{first} {last}"),
            1 => format!("{last}, {first}"),
            2 => format!("{}^{}", last.to_uppercase(), first.to_uppercase()),
            _ => format!("{first} van der {last}"),
        };
        let new = stand_in("p", "name", &value).unwrap().to_lowercase();
        let words: Vec<&str> = new.split(|letter: char| !letter.is_alphabetic()).collect();
        for old in [first, last].map(|word| word.to_lowercase()) {
            let spared = super::super::canonical::SUFFIXES.contains(&old.as_str()) || ["mrs", "miss", "prof", "sir", "rev", "sister", "nurse"].contains(&old.as_str());
            prop_assert!(spared || !words.contains(&old.as_str()), "{value} {new}");
        }
    }

    #[test]
    fn never_panics(value in proptest::collection::vec(any::<u8>(), 0..30), text in any::<String>()) {
        let keys = keys();
        for kind in ["name", "ssn", "phone", "email", "zip", "date", "location", "facility", "url", "ip", "mac", "card", "mrn"] {
            let prf = keys.surrogates(kind, b"p");
            let _ = (surrogate(kind, &value, &prf, NOW), surrogate(kind, text.as_bytes(), &prf, NOW));
        }
    }
}
