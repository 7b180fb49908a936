//! Medical record numbers.

use std::borrow::Cow;

use blackbar_engine::{ByteSet, Detector, DigitRun, NearNumber, Reach, Trigger, Unseen, Verdict, Verify, View, Window};

use crate::fields::hint;
use crate::kinds;
use crate::label::{self, Label, in_field, label, labelled};
use crate::shape::{Shape, clamp, date_like, tells};

/// Record numbers behind a label, or in a field of that name.
pub static MRN: Detector = Detector {
    id: Cow::Borrowed("mrn"),
    kind: kinds::MRN,
    class: Cow::Borrowed("H"),
    priority: 55,
    window: Window { before: 64, longest: 176, after: 24 },
    reach: Reach { bytes: 5, across: ByteSet::ALNUM.or(ByteSet::of(b"-")) },
    triggers: Cow::Borrowed(&[
        Trigger::When(
            &Trigger::Words(&[
                "mrn",
                "nhs",
                "mrns",
                "mrno",
                "emrn",
                "hrn",
                "mr",
                "medical",
                "med",
                "medrec",
                "medrecno",
                "patient",
                "patientid",
                "patientno",
                "patientnumber",
                "patientidentifier",
                "pt",
                "ptid",
                "unit",
                "chart",
                "chartno",
                "empi",
                "mpi",
                "hospital",
                "hosp",
                "record",
                "health",
                "epi",
                "umrn",
                "pid",
                "cpi",
                "emr",
                "ehr",
                "clinic",
                "facility",
            ]),
            label::value_ahead,
        ),
        Trigger::NumberWhen(
            DigitRun::of_lens(1, 4).before(BANNER).inside().after(BANNER_PARTS).goes_on().or_hinted(hint::MRN),
            glance_banner,
        ),
        Trigger::NumberWhen(DigitRun::of_lens(5, 12).before(BANNER).inside(), glance_banner),
        Trigger::Field(hint::MRN),
    ]),
    verify: Verify::Pure(verify),
    teaches: false,
    takes: Cow::Borrowed(
        "4 to 14 digits, perhaps with letters and dashes, behind MRN, MR#, medical record number, unit no, chart #, \
         patient ID, EMPI, hospital number; lists of them; fields of that name",
    ),
    refuses: Cow::Borrowed("numbers without a label, dates, doses, room and chart positions, words"),
};

const STRONG: Shape = Shape::code(3, 4, 20).inner(b"-.").grouped();
const NUMBERED: Shape = Shape::code(4, 4, 20).inner(b"-.");
const TELLING: Shape = Shape::code(4, 6, 20).inner(b"-.").telling();
/// Ten digits, in groups of three, three and four.
const NHS: Shape = Shape::digits(10, 10).inner(b"- ");
const FIELD: Shape = Shape::code(1, 1, 36).inner(b"-._/ ").whole();

static LABELS: &[Label] = &[
    label("chart", TELLING, 75),
    label("chart #", NUMBERED, 88),
    label("chart:", NUMBERED, 75),
    label("chartno", NUMBERED, 88),
    label("clinic #", NUMBERED, 85),
    label("cpi #", NUMBERED, 80),
    label("ehr #", NUMBERED, 88),
    label("empi", NUMBERED, 90),
    label("emr #", NUMBERED, 88),
    label("emrn", STRONG, 95),
    label("epi #", NUMBERED, 80),
    label("facility mrn", STRONG, 95),
    label("health record #", STRONG, 90),
    label("hosp #", NUMBERED, 85),
    label("hospital #", NUMBERED, 88),
    label("hospital mrn", STRONG, 95),
    label("hospital patient #", STRONG, 90),
    label("hospital record #", STRONG, 90),
    label("hrn", NUMBERED, 88),
    label("med rec", STRONG, 92),
    label("med record", STRONG, 92),
    label("medical #", NUMBERED, 85),
    label("medical rec", STRONG, 92),
    label("medical record", STRONG, 92),
    label("medical records #", STRONG, 92),
    label("medrec", STRONG, 92),
    label("medrecno", STRONG, 92),
    label("mpi #", NUMBERED, 85),
    label("mpi:", NUMBERED, 80),
    label("mr #", NUMBERED, 90),
    label("mr:", Shape::code(5, 6, 20).inner(b"-."), 80),
    label("mrn", STRONG, 95),
    label("mrno", STRONG, 95),
    label("mrns", STRONG, 95),
    label("nhs #", NHS, 92),
    label("nhs:", NHS, 88),
    label("patient #", NUMBERED, 88),
    label("patient chart #", STRONG, 90),
    label("patient hospital #", NUMBERED, 88),
    label("patient master #", NUMBERED, 88),
    label("patient medical #", STRONG, 90),
    label("patient mrn", STRONG, 95),
    label("patient record", TELLING, 78),
    label("patient record #", STRONG, 90),
    label("patient registration #", NUMBERED, 88),
    label("patientid", NUMBERED, 88),
    label("patientidentifier", NUMBERED, 88),
    label("patientno", NUMBERED, 88),
    label("patientnumber", NUMBERED, 88),
    label("pid:", NUMBERED, 75),
    label("pt #", NUMBERED, 85),
    label("pt mrn", STRONG, 95),
    label("ptid", NUMBERED, 88),
    label("record #", NUMBERED, 80),
    label("umrn", STRONG, 95),
    label("unit #", NUMBERED, 85),
    label("unit history #", NUMBERED, 88),
    label("unit record #", NUMBERED, 88),
];

/// Bytes of a number in a banner.
const BANNER_PARTS: ByteSet = ByteSet::ALNUM.or(ByteSet::of(b"-."));
/// What stands before its first digit: the rest of it, or what opens its place.
const BANNER: ByteSet = ByteSet::UPPER.or(ByteSet::of(b"-(|[ "));

fn verify(view: &View<'_>) -> Option<Verdict> {
    let (found, reason) = match in_field(view, hint::MRN, &FIELD) {
        Some(found) => (found, "field"),
        None if view.byte(0).is_some_and(|b| b.is_ascii_digit()) => return banner(view),
        None => (labelled(view, LABELS)?, "label"),
    };
    Some(Verdict::new(found.start, found.value.end, kinds::MRN, found.confidence, reason))
}

/// A glance: whether the number stands by itself behind what opens its place, and has enough digits.
fn glance_banner(near: &NearNumber<'_>) -> Result<bool, Unseen> {
    let before = near.before(40);
    let lead = before.iter().rev().take(6).take_while(|b| b.is_ascii_uppercase() || **b == b'-').count();
    let Some(line) = before.get(..before.len() - lead) else { return Ok(true) };
    let opens = match line.last() {
        // Something has to set it apart from prose.
        Some(b' ') => line.ends_with(b"/ ") || line.iter().rev().take(32).any(|b| matches!(b, b',' | b'|' | b'.')),
        Some(b'(' | b'|' | b'[') => true,
        _ => false,
    };
    if !opens {
        return Ok(false);
    }
    let behind = near.behind(16)?;
    let rest = behind.iter().take_while(|byte| BANNER_PARTS.has(**byte));
    let digits = near.digits().len() + rest.clone().filter(|byte| byte.is_ascii_digit()).count();
    // A number that is read on from the capitals before it is cut at sixteen bytes.
    let long = near.digits().len() + rest.count() + lead >= 16;
    Ok(long || (5..=12).contains(&digits))
}

/// A number in the banner of a chart, where its place says what it is: `Doe, Jane A (00483920)`,
/// `Doe, Jane | 00483920 | DOB …`, `DOE,JANE   00483920`, or the third field of an HL7 `PID` segment. The trigger is its
/// first digit.
fn banner(view: &View<'_>) -> Option<Verdict> {
    let before = view.before();
    let lead = before.iter().rev().take(6).take_while(|b| b.is_ascii_uppercase() || **b == b'-').count();
    if lead > 5 {
        return None;
    }
    let (line, start) = (before.get(..before.len() - lead)?, -clamp(lead));
    let opener = *line.last()?;
    if !matches!(opener, b'(' | b'|' | b' ' | b'[') {
        return None;
    }
    let run = view.run(start, &BANNER_PARTS, 16);
    let run = run.strip_suffix(b".").unwrap_or(run);
    let digits = run.iter().filter(|b| b.is_ascii_digit()).count();
    if !(5..=12).contains(&digits) {
        return None;
    }
    let marked = |line: &[u8]| line.iter().rev().take(32).any(|b| matches!(b, b',' | b'|' | b'.'));
    let lower = run.iter().any(u8::is_ascii_lowercase);
    let starts_well = run.first().is_some_and(u8::is_ascii_alphanumeric);
    if (opener == b' ' && !marked(line) && !line.ends_with(b"/ "))
        || lower
        || !starts_well
        || !tells_in_banner(run)
        || date_like(run, false)
    {
        return None;
    }
    let end = start + clamp(run.len());
    let line = line.rsplit(|b| matches!(b, b'\n' | b'\r')).next()?;
    let behind = view.slice(end, 3);
    let confidence = match opener {
        _ if pid_before(line) => 90,
        b'(' if behind.first() == Some(&b')') && name_before(line.strip_suffix(b"(")?) => 75,
        b'(' if behind.first() == Some(&b')') && tells(run) && title_before(line.strip_suffix(b"(")?) => 75,
        b'[' if behind.first() == Some(&b']') && name_before(line.strip_suffix(b"[")?) => 75,
        // `Olga Zorblat, 228190.`, `Pt: Olga Zorblat / 0071194`.
        b' ' if (line.ends_with(b", ") || line.ends_with(b" / "))
            && (6..=9).contains(&run.len())
            && behind.first().is_none_or(|byte| b".,;\n\r)".contains(byte))
            && !behind.get(1).is_some_and(u8::is_ascii_digit)
            && full_name_before(line.get(..line.len() - 2)?) =>
        {
            66
        }
        _ if line.ends_with(b"| ")
            && behind == b" | "
            && (birth_behind(view, end + 3) || name_before(line.strip_suffix(b"| ")?)) =>
        {
            80
        }
        b' ' if line.ends_with(b"  ") && behind.starts_with(b"  ") && name_before(line) => 75,
        b' ' if behind.first().is_none_or(|b| matches!(b, b'\n' | b'\r')) && in_subject(line, run) => 70,
        _ => return None,
    };
    Some(Verdict::new(start, end, kinds::MRN, confidence, "banner"))
}

/// Whether a number at the end of `line` belongs to the name before it: `Subject: Doe, Jane 350372`, `RE: J.D. 350372`.
fn in_subject(line: &[u8], run: &[u8]) -> bool {
    let is_subject = line.len() >= 3
        && [&b"subject:"[..], b"re:", b"fwd:", b"fw:"]
            .iter()
            .any(|word| line.windows(word.len()).any(|piece| piece.eq_ignore_ascii_case(word)));
    let named = line.rsplit(|b| *b == b':').next().unwrap_or_default().trim_ascii();
    let initials = (2..=3).contains(&(named.len() / 2))
        && named.len().is_multiple_of(2)
        && named.chunks(2).all(|pair| matches!(pair, [letter, b'.'] if letter.is_ascii_uppercase()));
    (name_before(line) && (is_subject || tells(run))) || (is_subject && initials)
}

/// Whether `line` ends in a given name and a surname, and nothing else stands before them in their sentence.
fn full_name_before(line: &[u8]) -> bool {
    let start = line.iter().rposition(|byte| matches!(byte, b':' | b'.' | b';' | b'?')).map_or(0, |i| i + 1);
    let name = line.get(start..).unwrap_or_default().trim_ascii();
    let words = || name.split(|byte| matches!(byte, b' ' | b'-')).filter(|word| !word.is_empty());
    let capital = |word: &[u8]| {
        word.len() > 1
            && word.first().is_some_and(|byte| byte.is_ascii_uppercase() || *byte >= 0xc0)
            && word.iter().skip(1).all(|byte| byte.is_ascii_lowercase() || *byte >= 0x80 || *byte == b'\'')
    };
    (2..=4).contains(&words().count()) && words().all(capital)
}

/// Whether `line` ends in a title and a name: `Ms. Doe`.
fn title_before(line: &[u8]) -> bool {
    let mut words = line.trim_ascii_end().rsplit(|b| matches!(b, b' ' | b'.')).filter(|word| !word.is_empty());
    let is_name = words.next().is_some_and(|word| word.first().is_some_and(|b| !b.is_ascii_lowercase()));
    is_name && words.next().is_some_and(|word| one_of!(word, &["mr", "mrs", "ms", "miss", "mx", "patient", "pt"]))
}

fn tells_in_banner(run: &[u8]) -> bool {
    let joints = run.iter().filter(|b| !b.is_ascii_alphanumeric()).count();
    // A ZIP code with its four more digits stands behind a city and a state, written like a name.
    let zip = run.len() == 10 && run.get(5) == Some(&b'-') && run.iter().filter(|b| b.is_ascii_digit()).count() == 9;
    if zip {
        return false;
    }
    tells(run) || joints > 0 || run.len() >= 6
}

/// Whether `line` ends in the third field of a patient identification segment, or in its second, the older place.
fn pid_before(line: &[u8]) -> bool {
    let Some(at) = line.windows(4).rposition(|piece| piece == b"PID|") else { return false };
    let fields = line.get(at..).unwrap_or_default();
    fields.len() <= 24 && (2..=4).contains(&fields.iter().filter(|b| **b == b'|').count()) && fields.ends_with(b"|")
}

fn birth_behind(view: &View<'_>, at: i32) -> bool {
    let word = view.word(at);
    word.eq_ignore_ascii_case(b"dob") || (word.eq_ignore_ascii_case(b"b") && view.byte(at + 1) == Some(b'.'))
}

/// Whether `line` ends in a name as charts write it: capitalised words, the family name first with a comma.
fn name_before(line: &[u8]) -> bool {
    let line = line.rsplit(|b| matches!(b, b':' | b'|' | b'\t')).next().unwrap_or_default();
    let is_name = |part: &[u8]| {
        let part = part.trim_ascii();
        let mut words = part.split(|b| matches!(b, b' ' | b'-' | b'\'' | b'.')).filter(|word| !word.is_empty());
        let capital = |word: &[u8]| {
            word.first().is_some_and(|b| !b.is_ascii_lowercase())
                && word.iter().all(|b| b.is_ascii_alphabetic() || !b.is_ascii())
        };
        (1..=4).contains(&words.clone().count()) && words.all(capital)
    };
    let mut parts = line.splitn(3, |b| *b == b',');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(family), Some(given), None) => is_name(family) && is_name(given),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{label, testing};

    #[test]
    fn cases() {
        testing::assert_cases(&MRN);
    }

    #[test]
    fn the_table_and_the_triggers_agree() {
        label::assert_table(LABELS, &[], &MRN.triggers);
    }

    #[test]
    fn a_field_of_that_name_needs_no_label() {
        testing::assert_field(&MRN, hint::MRN, "483920");
        testing::assert_field(&MRN, hint::MRN, "E-4839");
        testing::assert_no_field(&MRN, hint::MRN, "unknown");
        testing::assert_no_field(&MRN, hint::CODE, "MRN 483920");
        testing::assert_no_field(&MRN, 0, "483920");
    }

    #[test]
    fn total_and_within_its_window() {
        testing::assert_total(&MRN, &["MRN", "patient id", "chart no", "number", "is", "of", "medical record"]);
    }
}
