//! Fields whose name says what they hold: the value as a whole is the identifier.

use std::borrow::Cow;

use blackbar_engine::{ByteSet, Detector, Kind, Reach, Slot, Tail, Trigger, Verdict, Verify, View, Window};

use crate::fields::{INITIALS, LIKELY, fhir, hint};
use crate::kinds;
use crate::scan::number;
use crate::words::category as cat;

/// Whole values of known columns, keys and paths.
pub static FIELD: Detector = Detector {
    id: Cow::Borrowed("field"),
    kind: kinds::OTHER_ID,
    class: Cow::Borrowed("R"),
    priority: 90,
    window: Window { before: 0, longest: 48, after: 16 },
    reach: Reach::NONE,
    triggers: Cow::Borrowed(&[Trigger::Start]),
    verify: Verify::Pure(verify),
    teaches: false,
    takes: Cow::Borrowed("values of columns, JSON keys and FHIR elements that are known to hold an identifier"),
    refuses: Cow::Borrowed(
        "empty values and placeholders, values that cannot be what the name says, ages of 89 and less, years",
    ),
};

/// As much of a value as its check reads.
const HEAD: usize = 48;

pub(crate) fn verify(view: &View<'_>) -> Option<Verdict> {
    let field = view.field();
    let Some(kind) = field.meaning.kind else { return unique_cell(view) };
    // A key is not the value that it names.
    if field.slot == Slot::Key {
        return None;
    }
    let head = view.ahead(HEAD);
    let value = head.trim_ascii();
    // One letter is an answer to a question, but also a middle name.
    let initial = kind.main() == "name" && matches!(value, [b'A'..=b'Z']) && field.meaning.confidence > 90;
    if is_placeholder(value) && !initial {
        return None;
    }
    if field.meaning.confidence == LIKELY && kind.main() == "name" && !is_somebody(view, value) {
        return None;
    }
    let kind = settle(kind, value, field.meaning.confidence, field.meaning.hints)?;
    let end = i32::try_from(head.len()).ok()?;
    let sure = field.meaning.confidence.max(50);
    let start = if field.meaning.hints & hint::OTHER_ID != 0 { fhir::id_in_reference(head) } else { 0 };
    Some(Verdict::new(start, end, kind, sure, "field name").with_tail(Tail::Rest))
}

/// A cell that nothing names and that a UUID fills: rows of tables are about people and what was done for them.
fn unique_cell(view: &View<'_>) -> Option<Verdict> {
    const LEN: i32 = 36;
    let field = view.field();
    let named = field.meaning.hints & (hint::CODE | hint::QUANTITY) != 0;
    if !matches!(field.slot, Slot::Cell { .. }) || named || view.byte(8) != Some(b'-') || view.byte(13) != Some(b'-') {
        return None;
    }
    let fits = is_uuid(view.slice(0, 36)) && view.byte(LEN).is_none();
    fits.then(|| Verdict::new(0, LEN, kinds::OTHER_ID, 70, "unique value in a table"))
}

/// Whether a value looks like somebody's name, in a field that may as well hold something else: one to five words with
/// capitals, one of them a name or in no list, and none of them a word of anything else.
pub(crate) fn is_somebody(view: &View<'_>, value: &[u8]) -> bool {
    const PARTICLES: &[&str] =
        &["de", "del", "da", "di", "la", "le", "van", "von", "der", "den", "al", "el", "bin", "y", "st"];
    const ELSE: u32 = cat::WORD_TOP
        | cat::WORD
        | cat::CLINICAL
        | cat::DRUG
        | cat::FACILITY_WORD
        | cat::ORG_WORD
        | cat::MONTH
        | cat::WEEKDAY
        | cat::NATIONALITY
        | cat::STREET_SUFFIX;
    const NAMED: u32 = cat::MOSTLY_NAME | cat::GIVEN_COMMON | cat::SURNAME_COMMON;
    let letter = |byte: &u8| byte.is_ascii_alphabetic() || *byte >= 0x80;
    if value.len() > 40 || !value.iter().all(|byte| letter(byte) || b" ,.'-()/\"".contains(byte)) {
        return false;
    }
    let (mut count, mut telling) = (0, 0);
    for word in value.split(|byte| !letter(byte)).filter(|word| !word.is_empty()) {
        let bits = view.bits(word);
        let small = word.first().is_some_and(u8::is_ascii_lowercase);
        if word.len() == 1 || one_of!(word, PARTICLES) || bits & cat::CREDENTIAL != 0 && word.len() <= 4 {
            continue;
        }
        if small || (bits & ELSE != 0 && bits & NAMED == 0) {
            return false;
        }
        count += 1;
        let code = word.len() <= 3 && word.iter().all(u8::is_ascii_uppercase);
        telling += usize::from(bits & cat::ANY_NAME != 0 && !code || bits == 0 && word.len() > 3);
    }
    (1..=5).contains(&count) && telling > 0
}

/// Values that stand for the absence of one.
pub(crate) fn is_placeholder(value: &[u8]) -> bool {
    #[rustfmt::skip] // A word list reads better in lines.
    const NONE: &[&str] = &[
        "n/a", "na", "n.a.", "none", "null", "nil", "unknown", "unk", "undefined", "true", "false", "yes", "no", "not
        applicable", "not available", "not provided", "not on file", "not specified", "not recorded", "declined",
        "refused", "pending", "tbd", "missing", "nan", "(null)", "\\n", "no data", "blank", "empty", "y", "n",
        "unspecified", "other", "masked", "redacted", "asked but unknown", "deceased", "self", "anonymous",
    ];
    // Signs alone: `-`, `--`, `?`, `***`, `N/A`.
    !value.iter().any(|byte| byte.is_ascii_alphanumeric() || *byte >= 0x80) || one_of!(value, NONE) || is_tag(value)
}

/// `[NAME]`: what an earlier redaction left.
fn is_tag(value: &[u8]) -> bool {
    const TAG: ByteSet = ByteSet::EMPTY.range(b'A', b'Z').range(b'0', b'9').with(b'-').with(b'_').with(b':');
    matches!(value, [b'[', inside @ .., b']'] if !inside.is_empty() && inside.iter().all(|byte| TAG.has(*byte)))
}

/// The kind that `value` has in a field of `kind`; `None` when it can be nothing of the sort.
pub(crate) fn settle(kind: Kind, value: &[u8], confidence: u8, hints: u64) -> Option<Kind> {
    // Each is counted only where it matters.
    let letters = || value.iter().any(|byte| byte.is_ascii_alphabetic() || *byte >= 0x80);
    let digits = || count(value, |byte| byte.is_ascii_digit());
    let alnum = || count(value, |byte| byte.is_ascii_alphanumeric());
    let fits = match kind.main() {
        "name" if confidence == INITIALS => (2..=3).contains(&value.len()) && value.iter().all(u8::is_ascii_uppercase),
        "name" if confidence < 70 => return weak_name(kind, value, letters() && digits() == 0),
        "name" if kind == kinds::NAME_USER => alnum() > 0,
        "name" => letters() && !is_link(value),
        "location" if kind == kinds::LOCATION_GEO => digits() > 1,
        // One letter answers a question.
        "location" => alnum() > 1 || (letters() && !value.is_ascii()),
        // A short name is that of a system as often.
        "facility" if confidence < 70 => {
            let signs = value.iter().any(|byte| b"_/:=@".contains(byte));
            let spaced = value.contains(&b' ');
            // What somebody did begins small.
            let proper = value.first().is_some_and(|byte| !byte.is_ascii_lowercase());
            letters() && proper && !signs && (spaced && digits() < 3 || digits() == 0 && value.len() > 8)
        }
        "facility" => letters(),
        "zip" => digits() > 2,
        "date" => is_date(value, digits(), letters()),
        "age" => is_old(value),
        "phone" | "fax" => return contact(kind, value, digits()),
        "email" => value.contains(&b'@') || value.windows(3).any(|three| three == b"%40"),
        "ssn" => digits() > 3,
        "url" => value.contains(&b'.') || value.contains(&b':') || value.contains(&b'/'),
        "mac" if value.len() == 12 => value.iter().all(u8::is_ascii_hexdigit),
        "ip" | "mac" => digits() + alnum() > 3 && value.iter().any(|byte| b".:-".contains(byte)),
        "image" | "biometric" => alnum() > 7,
        _ => return identifier(kind, value, confidence, hints, digits(), alnum()),
    };
    fits.then_some(kind)
}

/// How many bytes are so: many at a time, since no sum leaves its byte.
fn count(value: &[u8], is: impl Fn(u8) -> bool) -> usize {
    let some = |bytes: &[u8]| bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(u8::from(is(*byte))));
    value.chunks(usize::from(u8::MAX)).map(|bytes| usize::from(some(bytes))).sum()
}

/// A column called `name` alone: a person, a place, or a thing that has a name.
fn weak_name(kind: Kind, value: &[u8], plain: bool) -> Option<Kind> {
    #[rustfmt::skip] // A word list reads better in lines.
    const PLACES: &[&str] = &[
        "hospital", "clinic", "medical", "center", "centre", "health", "healthcare", "pharmacy", "laboratory",
        "laboratories", "labs", "lab", "university", "institute", "associates", "inc", "llc", "corp", "department",
        "ward", "unit", "company", "group", "services", "radiology", "imaging", "hospice", "surgery",
    ];
    let words = value
        .split(|byte| !(byte.is_ascii_alphanumeric() || b"'-.".contains(byte) || *byte >= 0x80))
        .filter(|word| !word.is_empty());
    if words.clone().any(|word| one_of!(word, PLACES)) {
        return Some(kinds::FACILITY);
    }
    let capital = |word: &[u8]| word.first().is_some_and(|byte| byte.is_ascii_uppercase() || *byte >= 0x80);
    let count = words.clone().count();
    let capitals = words.clone().filter(|word| capital(word)).count();
    // Two to five words with capitals, or `LAST,FIRST`; signs of code and chemistry are no name.
    let signs = value.iter().any(|byte| b"_/:;{}[]<>=+*%@#\\".contains(byte));
    (plain && (2..=5).contains(&count) && capitals >= 2 && !signs).then_some(kind)
}

fn contact(kind: Kind, value: &[u8], digits: usize) -> Option<Kind> {
    if value.contains(&b'@') {
        return Some(kinds::EMAIL);
    }
    if is_link(value) {
        return Some(kinds::URL);
    }
    (digits > 3).then_some(kind)
}

fn is_link(value: &[u8]) -> bool {
    value.windows(3).any(|three| three == b"://")
        || value.get(..4).is_some_and(|head| head.eq_ignore_ascii_case(b"www."))
}

/// A date: more than a year, and no clock time alone.
fn is_date(value: &[u8], digits: usize, letters: bool) -> bool {
    let year = digits == 4 && value.len() == 4;
    let clock = value.contains(&b':') && !letters && value.len() <= 8;
    let month = letters && value.len() > 2 && value.len() < 12 && digits == 0 && has_month(value);
    (digits > 0 && !year && !clock) || month
}

fn has_month(value: &[u8]) -> bool {
    const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    value.get(..3).is_some_and(|head| one_of!(head, MONTHS))
}

/// An age above 89.
fn is_old(value: &[u8]) -> bool {
    let run: &[u8] = value.get(..value.iter().take_while(|byte| byte.is_ascii_digit()).count()).unwrap_or_default();
    let rest = value.get(run.len()..).unwrap_or_default().trim_ascii_start();
    let younger = rest.first().is_some_and(|byte| b"mMdDwWhH%".contains(byte)) && !rest.starts_with(b"M ");
    (2..=3).contains(&run.len()) && (90..=125).contains(&number(run)) && !younger
}

/// Numbers of record, of every sort.
fn identifier(kind: Kind, value: &[u8], confidence: u8, hints: u64, digits: usize, alnum: usize) -> Option<Kind> {
    if confidence <= 50 {
        // A key `id` alone: only what is unique in the whole world.
        return is_uuid(value).then_some(kind);
    }
    // Contained resources and vocabulary are referred to as well.
    if hints & hint::OTHER_ID != 0 && (value.starts_with(b"#") || is_vocabulary(value)) {
        return None;
    }
    // The name of an event as often as its number.
    if confidence < 75 && digits < 3 {
        return None;
    }
    // Words beside a number say what is given or done.
    if confidence == LIKELY && value.contains(&b' ') && value.iter().any(u8::is_ascii_lowercase) {
        return None;
    }
    if hints & hint::SSN != 0 && is_ssn(value) {
        return Some(kinds::SSN);
    }
    // A sentence, or how a medicine is taken.
    let blanks = value.iter().filter(|byte| **byte == b' ').count();
    let worded = blanks >= 3 && alnum.saturating_sub(digits) > 2 * digits;
    (alnum > 1 && (digits > 0 || alnum > 3) && !worded).then_some(kind)
}

/// A reference to a resource that is about no one: `Medication/12`.
fn is_vocabulary(value: &[u8]) -> bool {
    let resource = value.split(|&byte| byte == b'/').next().unwrap_or_default();
    resource.len() < value.len() && fhir::is_definition(resource)
}

fn is_ssn(value: &[u8]) -> bool {
    value.len() == 11
        && value
            .iter()
            .enumerate()
            .all(|(i, byte)| if matches!(i, 3 | 6) { *byte == b'-' } else { byte.is_ascii_digit() })
}

fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36
        && value
            .iter()
            .enumerate()
            .all(|(i, byte)| if matches!(i, 8 | 13 | 18 | 23) { *byte == b'-' } else { byte.is_ascii_hexdigit() })
}

#[cfg(test)]
mod tests {
    use blackbar_engine::naive::findings;
    use blackbar_engine::{Field, Fields, Lexicon};

    use super::*;
    use crate::fields::BuiltIn;

    fn found(path: &str, value: &str) -> Option<&'static str> {
        let keys: Vec<&[u8]> = path.split('.').map(str::as_bytes).collect();
        let field = Field { slot: Slot::String, meaning: BuiltIn.meaning(&keys) };
        let found = findings(&[&FIELD], &Lexicon::new(), value.as_bytes(), &field, 50);
        found.first().map(|one| {
            let id = if path.ends_with("reference") { value.rfind('/').map_or(0, |slash| slash + 1) } else { 0 };
            assert_eq!((one.start, one.end), (id, value.len()), "the whole value");
            one.kind.id()
        })
    }

    #[test]
    fn whole_values_are_found() {
        let table = [
            ("patient_name", "lee, j", "name"),
            ("name.family", "O'Brien", "name"),
            ("mrn", "00123", "mrn"),
            ("dob", "1962-03-14", "date"),
            ("birthDate", "1962-03-14", "date"),
            ("zip", "02134", "zip"),
            ("age", "94", "age"),
            ("age", "92 years", "age"),
            ("telecom.value", "617-555-0182", "phone"),
            ("telecom.value", "a@example.org", "email"),
            ("telecom.value", "https://x.org", "url"),
            ("identifier.value", "123-45-6789", "ssn"),
            ("identifier.value", "A1", "other-id"),
            ("subject.reference", "Patient/123", "other-id"),
            ("id", "3f2504e0-4f89-41d3-9a0c-0305e82c3301", "other-id"),
            ("name", "Jane Doe", "name"),
            ("name", "Mercy Hospital", "facility"),
            ("HOME_PHONE", "5550182", "phone"),
            ("address_line_2", "Apt 4", "location:street"),
            ("username", "jdoe", "name:user"),
            ("ssn", "6789", "ssn"),
            ("birth_month", "March", "date"),
            ("photo.data", &"A".repeat(5_000), "image"),
            ("entry.resource.id", "pt-1", "other-id"),
        ];
        for (path, value, kind) in table {
            assert_eq!(found(path, value), Some(kind), "{path}");
        }
    }

    #[test]
    fn placeholders_and_misfits_are_left() {
        let table = [
            ("patient_name", "N/A"),
            ("patient_name", "unknown"),
            ("patient_name", ""),
            ("patient_name", "--"),
            ("patient_name", "  "),
            ("mrn", "null"),
            ("mrn", "none"),
            ("dob", "-"),
            ("dob", "1962"),
            ("start_time", "10:30"),
            ("age", "45"),
            ("age", "89"),
            ("age", "95 days"),
            ("email", "yes"),
            ("zip", "x"),
            ("phone", "false"),
            ("ssn", "[SSN]"),
            ("id", "17"),
            ("id", "chatcmpl-abc"),
            ("name", "get_weather"),
            ("name", "Aspirin"),
            ("name", "lisinopril 10 mg"),
            ("subject.reference", "#p1"),
            ("medicationReference.reference", "Medication/12"),
            ("drug_name", "Jane Doe"),
            ("status", "active"),
            ("code.coding.display", "Hope"),
            ("city", "-"),
            ("patient_name", "[NAME]"),
        ];
        for (path, value) in table {
            assert_eq!(found(path, value), None, "{path} {value}");
        }
    }

    #[test]
    fn a_uuid_fills_a_cell_without_a_name() {
        let uuid = b"3f2504e0-4f89-41d3-9a0c-0305e82c3301";
        let found = |slot, name: &[u8], value: &[u8]| {
            let field = Field { slot, meaning: BuiltIn.meaning(&[name]) };
            findings(&[&FIELD], &Lexicon::new(), value, &field, 50).len()
        };
        assert_eq!(found(Slot::Cell { quoted: false }, b"", uuid), 1);
        assert_eq!(found(Slot::Cell { quoted: true }, b"batch_note", uuid), 1);
        assert_eq!(found(Slot::Cell { quoted: false }, b"trace_id", uuid), 0);
        assert_eq!(found(Slot::Cell { quoted: false }, b"", b"3f2504e0-4f89-41d3-9a0c-0305e82c3301a"), 0);
        assert_eq!(found(Slot::String, b"anything", uuid), 0);
    }

    #[test]
    fn a_key_is_not_its_value() {
        let field = Field { slot: Slot::Key, meaning: BuiltIn.meaning(&[b"patient_name"]) };
        assert!(findings(&[&FIELD], &Lexicon::new(), b"Jane Doe", &field, 50).is_empty());
    }

    #[test]
    fn no_value_is_too_odd() {
        // Every kind that a field may have, over values of every sort.
        let values: [&[u8]; 9] = [b"", b"\xff\xfe", "é".as_bytes(), b"[", b"[]", b"90", b"+", b"://", &[b'7'; 200]];
        for kind in kinds::MAIN {
            for confidence in [0, 50, 60, 100] {
                let meaning = blackbar_engine::Meaning { kind: Some(*kind), confidence, hints: u64::MAX };
                for value in values {
                    let field = Field { slot: Slot::Number, meaning };
                    for one in findings(&[&FIELD], &Lexicon::new(), value, &field, 0) {
                        assert_eq!((one.start, one.end), (0, value.len()), "the whole value");
                    }
                }
            }
        }
    }
}
