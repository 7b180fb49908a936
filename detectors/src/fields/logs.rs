//! Fields in lines of logs: which names there stand for values of their own.

use blackbar_engine::{Kind, Meaning, Standing};

use super::column;
use crate::kinds;

/// Names of fields are this sure before their value is parted from the line: whatever stands around it is no context then.
const SURE: u8 = 90;

/// How the value of the field at `path` stands in a line.
#[must_use]
pub fn standing(path: &[&[u8]]) -> Standing {
    let Meaning { kind: Some(kind), confidence, .. } = column::of_path(path) else { return Standing::Text };
    // A segment of a request's path, which has a digit.
    if matches!(path, [_, b"id"]) {
        return Standing::Word;
    }
    if confidence < SURE {
        return Standing::Text;
    }
    match kind.main() {
        "name" if kind != kinds::NAME_USER => Standing::Words,
        "location" => Standing::Words,
        // Events have dates; those of people are told apart from them by their name.
        "date" if path.last().is_some_and(|name| is_of_a_person(name)) => Standing::Word,
        // What is seen by its shape is read with what stands around it.
        "date" | "email" | "url" | "ip" | "mac" | "facility" => Standing::Text,
        _ => Standing::Word,
    }
}

fn is_of_a_person(name: &[u8]) -> bool {
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    ["birth", "dob", "death", "deceased", "dod"].iter().any(|part| name.contains(part))
}

/// The kind of data that no lens can look into: pictures and scanned pages, and whatever else it may be.
#[must_use]
pub fn opaque(head: &[u8]) -> Kind {
    const PICTURES: [&[u8]; 9] =
        [b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"%PDF-", b"RIFF", b"\0\0\0\x0cjP"];
    if PICTURES.iter().any(|picture| head.starts_with(picture)) { kinds::IMAGE } else { kinds::OTHER_ID }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_are_sure_part_a_line() {
        for (path, expected) in [
            (&[&b"mrn"[..]][..], Standing::Word),
            (&[b"patient_name"], Standing::Words),
            (&[b"username"], Standing::Word),
            (&[b"patients", b"id"], Standing::Word),
            (&[b"Patient", b"id"], Standing::Word),
            (&[b"dob"], Standing::Word),
            (&[b"ts"], Standing::Text),
            (&[b"timestamp"], Standing::Text),
            (&[b"status"], Standing::Text),
            (&[b"patients"], Standing::Text),
            (&[b"to"], Standing::Text),
            (&[b"latency"], Standing::Text),
        ] {
            assert_eq!(standing(path), expected, "{path:?}");
        }
    }

    #[test]
    fn pictures_are_told_from_other_data() {
        assert_eq!(opaque(b"\x89PNG\r\n"), kinds::IMAGE);
        assert_eq!(opaque(b"%PDF-1.7"), kinds::IMAGE);
        assert_eq!(opaque(b"\x1f\x8b\x08"), kinds::OTHER_ID);
    }
}
