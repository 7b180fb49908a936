//! Names of people in names of files and folders.

use std::borrow::Cow;

use blackbar_engine::{ByteSet, Detector, Near, Reach, Slot, Trigger, Unseen, Verdict, Verify, View, Window};

use crate::kinds;
use crate::scan::len;
use crate::words::category as cat;

/// Surnames and given names that `_` joins, at the start of the name of a file or of a folder.
pub static NAME_FILE: Detector = Detector {
    id: Cow::Borrowed("name-file"),
    kind: kinds::NAME,
    class: Cow::Borrowed("A"),
    priority: 41,
    window: Window { before: 2, longest: 64, after: 48 },
    reach: Reach::NONE,
    triggers: Cow::Borrowed(&[
        Trigger::When(&Trigger::Capital, glance),
        Trigger::When(&Trigger::Lexicon(cat::ANY_NAME), glance),
    ]),
    verify: Verify::Pure(verify),
    teaches: false,
    takes: Cow::Borrowed("`Doe_Jane_letter.pdf`: two or three names joined by `_` where a file or a folder begins"),
    refuses: Cow::Borrowed("words of anything else, names without a file, constants of programs"),
};

/// What the name of a file is made of, up to its ending.
const FILE: ByteSet = ByteSet::ALNUM.or(ByteSet::of(b"_-.'+%()")).range(0x80, 0xff);
/// No longer name of a file is read to its end.
const MOST: usize = 80;

#[rustfmt::skip] // A word list reads better in lines.
const ENDINGS: &[&str] = &[
    "pdf", "doc", "docx", "txt", "rtf", "odt", "tif", "tiff", "jpg", "jpeg", "png", "heic", "dcm", "xls", "xlsx", "csv",
    "tsv", "xml", "json", "zip", "hl", "html", "htm", "msg", "eml", "wav", "mp", "mov", "opus", "parquet", "pgp", "gpg",
    "ps", "ppt", "pptx", "ccda", "fhir", "sav", "edf",
];

/// A glance at a word: whether `_`, or a hyphen and another part, follows.
fn glance(near: &Near<'_>) -> Result<bool, Unseen> {
    Ok(matches!(near.word().after, Some(b'_' | b'-')))
}

fn verify(view: &View<'_>) -> Option<Verdict> {
    if matches!(view.field().slot, Slot::Key | Slot::Number) {
        return None;
    }
    let prior = view.byte(-1);
    let in_path = matches!(prior, Some(b'/' | b'\\'));
    if !in_path && prior.is_some_and(|byte| !(byte.is_ascii_whitespace() || b"\"'=(,:<>|".contains(&byte))) {
        return None;
    }
    let file = view.run(0, &FILE, MOST);
    let behind = view.byte(len(file));
    if !(has_ending(file) || in_path && matches!(behind, Some(b'/' | b'\\'))) {
        return None;
    }
    let (mut end, mut at, mut count, mut known) = (0, 0, 0, 0);
    for part in file.split(|byte| *byte == b'_') {
        let stem = part.split(|byte| *byte == b'.').next().unwrap_or_default();
        match (read(view, stem), count) {
            (Read::Known, _) => known += 1,
            (Read::Unknown, 0 | 1) => {}
            (Read::House, _) => return None,
            _ => break,
        }
        count += 1;
        end = at + len(stem);
        at += len(part) + 1;
        if stem.len() < part.len() || count == 3 {
            break;
        }
    }
    let small = file.first().is_some_and(u8::is_ascii_lowercase);
    let enough = count >= 2 && if small { known >= 2 } else { known >= 1 };
    // What follows may say that it is a house after all.
    let rest = file.get(usize::try_from(at).ok()?..).unwrap_or_default();
    let house =
        rest.split(|byte| b"_.".contains(byte)).any(|part| view.bits(part) & (cat::FACILITY_WORD | cat::ORG_WORD) != 0);
    (enough && !house && end <= 64).then(|| Verdict::new(0, end, kinds::NAME, 72, "name of a file"))
}

/// Whether the name of a file ends as one: behind its last stop, whatever number follows the letters.
fn has_ending(file: &[u8]) -> bool {
    let file = file.strip_suffix(b".").unwrap_or(file);
    file.iter().rposition(|byte| *byte == b'.').and_then(|stop| file.get(stop + 1..)).is_some_and(|ending| {
        let letters = ending.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        ending.len() - letters < 2 && ending.get(..letters).is_some_and(|letters| one_of!(letters, ENDINGS))
    })
}

/// What a part of a file's name may be.
enum Read {
    /// A name that is in a list.
    Known,
    /// Letters that are in none.
    Unknown,
    /// A word of houses.
    House,
    /// A word, a number, a code.
    Else,
}

fn read(view: &View<'_>, part: &[u8]) -> Read {
    const ELSE: u32 =
        cat::WORD_TOP | cat::WORD | cat::WORD_RARE | cat::CLINICAL | cat::DRUG | cat::MONTH | cat::WEEKDAY;
    const NAMED: u32 = cat::MOSTLY_NAME | cat::GIVEN_COMMON | cat::SURNAME_COMMON;
    let letters = |byte: &u8| byte.is_ascii_alphabetic() || *byte >= 0x80 || b"-'".contains(byte);
    if part.len() < 2 || !part.iter().all(letters) {
        return Read::Else;
    }
    let mut read = Read::Unknown;
    for piece in part.split(|byte| b"-'".contains(byte)).filter(|piece| piece.len() > 1) {
        let bits = view.bits(piece);
        if bits & (cat::FACILITY_WORD | cat::ORG_WORD) != 0 && bits & cat::MOSTLY_NAME == 0 {
            return Read::House;
        }
        let code = piece.len() <= 3 && piece.iter().all(u8::is_ascii_uppercase);
        let small = piece.len() < 3 && bits & cat::ANY_NAME == 0;
        if small || (bits & ELSE != 0 || code) && bits & NAMED == 0 {
            return Read::Else;
        }
        if bits & cat::ANY_NAME != 0 {
            read = Read::Known;
        }
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_cases, assert_total};

    #[test]
    fn cases() {
        assert_cases(&NAME_FILE);
    }

    #[test]
    fn soups_are_survived() {
        assert_total(&NAME_FILE, &["/", "Doe", "_", "Jane", ".pdf", "-", "Hospital", "é", "\\"]);
    }
}
