//! Device identifiers and serial numbers.

use std::borrow::Cow;

use blackbar_engine::{ByteSet, Detector, Reach, Sign, Tail, Trigger, Verdict, Verify, View, Window};

use crate::checks::{Compact, gtin, imei};
use crate::context;
use crate::fields::hint;
use crate::kinds;
use crate::label::{Label, connect, in_field, label, labelled};
use crate::shape::{Shape, clamp};

/// Unique device identifiers in the forms of the three issuing agencies, and serial numbers and IMEIs behind a label.
pub static DEVICE: Detector = Detector {
    id: Cow::Borrowed("device"),
    kind: kinds::DEVICE,
    class: Cow::Borrowed("M"),
    priority: 58,
    window: Window { before: 8, longest: 168, after: 24 },
    reach: Reach::NONE,
    triggers: Cow::Borrowed(&[
        Trigger::Sign(Sign::of(b"(").after(ByteSet::of(b"0"))),
        Trigger::Sign(Sign::of(b"+").after(ByteSet::UPPER)),
        Trigger::Sign(Sign::of(b"=").after(ByteSet::of(b"/"))),
        Trigger::Sign(Sign::of(b"/").before(ByteSet::of(b"sS")).after(ByteSet::of(b"nN"))),
        Trigger::Words(&[
            "serial",
            "serialnumber",
            "serialno",
            "sn",
            "ser",
            "imei",
            "meid",
            "udi",
            "device",
            "deviceid",
            "implant",
            "pacemaker",
            "icd",
            "pump",
            "lead",
            "generator",
            "model",
            "stent",
            "valve",
            "prosthesis",
            "monitor",
            "glucometer",
            "cpap",
            "ventilator",
            "transmitter",
            "sensor",
            "iccid",
            "deviceidentifier",
            "equipment",
            "asset",
            "cgm",
            "neurostimulator",
            "defibrillator",
        ]),
        Trigger::Field(hint::DEVICE),
    ]),
    verify: Verify::Pure(verify),
    teaches: false,
    takes: Cow::Borrowed(
        "UDIs as (01)…(21)…, +… and =/…; serial, S/N, IMEI, device, implant and asset numbers behind a label",
    ),
    refuses: Cow::Borrowed("model, lot and catalogue numbers, versions, the words in prose"),
};

const SERIAL: Shape = Shape::code(3, 4, 24).inner(b"-./");
const NUMBERED: Shape = Shape::code(4, 5, 24).inner(b"-.");
const FIELD: Shape = Shape::code(1, 3, 40).inner(b"-._/: ()+").whole();
/// Element strings as a scanner reads them, without parentheses.
const UDI_SOLID: Shape = Shape::code(4, 5, 80).inner(b"-./+");
const IMEI: Shape = Shape::digits(14, 16).inner(b"- /");

static LABELS: &[Label] = &[
    label("asset #", NUMBERED, 85),
    label("asset tag", NUMBERED, 85),
    label("cgm serial", SERIAL, 92),
    label("cpap #", NUMBERED, 85),
    label("cpap serial", SERIAL, 92),
    label("defibrillator serial", SERIAL, 92),
    label("device #", NUMBERED, 90),
    label("device identifier", NUMBERED, 92),
    label("device serial", SERIAL, 92),
    label("deviceid", NUMBERED, 90),
    label("deviceidentifier", NUMBERED, 92),
    label("equipment #", NUMBERED, 88),
    label("equipment serial", SERIAL, 92),
    label("generator serial", SERIAL, 92),
    label("glucometer serial", SERIAL, 92),
    label("iccid", Shape::digits(18, 22).inner(b"- "), 92),
    label("icd serial", SERIAL, 92),
    label("imei", IMEI, 95),
    label("implant #", NUMBERED, 90),
    label("implant serial", SERIAL, 92),
    label("lead serial", SERIAL, 92),
    label("meid", Shape::code(6, 14, 18).inner(b"- "), 92),
    label("model serial", SERIAL, 88),
    label("monitor #", NUMBERED, 80),
    label("monitor serial", SERIAL, 92),
    label("neurostimulator serial", SERIAL, 92),
    label("pacemaker #", NUMBERED, 88),
    label("pacemaker serial", SERIAL, 92),
    label("prosthesis serial", SERIAL, 92),
    label("pump #", NUMBERED, 85),
    label("pump serial", SERIAL, 92),
    label("sensor #", NUMBERED, 85),
    label("ser #", SERIAL, 88),
    label("serial", SERIAL, 88),
    label("serial #", SERIAL, 92),
    label("serialno", SERIAL, 92),
    label("serialnumber", SERIAL, 92),
    label("sn", NUMBERED, 80),
    label("sn #", SERIAL, 88),
    label("sn:", SERIAL, 88),
    label("stent serial", SERIAL, 92),
    label("transmitter #", NUMBERED, 88),
    label("udi", UDI_SOLID, 92),
    label("udi di", UDI_SOLID, 92),
    label("valve serial", SERIAL, 92),
    label("ventilator #", NUMBERED, 80),
];

/// Everything that the element strings of a UDI consist of.
static UDI: ByteSet = ByteSet::ALNUM.or(ByteSet::of(b"()-./+_*%&$=,"));
/// The same with the data identifiers of ICCBBA.
static ICCBBA: ByteSet = UDI.or(ByteSet::of(b"<>{}"));
/// What cannot be its last byte.
static UDI_SOFT: ByteSet = ByteSet::of(b"(-./,_=&");

fn verify(view: &View<'_>) -> Option<Verdict> {
    let found = match view.byte(0)? {
        b'(' => element_strings(view, 0),
        b'+' => hibcc(view, 0),
        b'=' => iccbba(view, 0),
        b'/' => stroke_label(view),
        _ => labelled(view, LABELS).map(|found| behind_label(view, &found)).or_else(|| udi_label(view)),
    };
    found.or_else(|| field(view))
}

fn field(view: &View<'_>) -> Option<Verdict> {
    let found = in_field(view, hint::DEVICE, &FIELD)?;
    Some(Verdict::new(found.start, found.value.end, kinds::DEVICE, found.confidence, "field"))
}

fn behind_label(view: &View<'_>, found: &crate::label::Labelled) -> Verdict {
    let checked = Compact::<15>::of(found.bytes(view)).is_some_and(|id| imei(id.bytes()));
    let confidence = if checked { found.confidence.max(96) } else { found.confidence };
    Verdict::new(found.start, found.value.end, kinds::DEVICE, confidence, "label")
}

/// `UDI: (01)…`: the value does not begin with a letter or a digit.
fn udi_label(view: &View<'_>) -> Option<Verdict> {
    let word = view.word(0);
    if !word.eq_ignore_ascii_case(b"udi") || context::hinted(view, hint::CODE) {
        return None;
    }
    let between = connect(view, clamp(word.len()), true);
    let mut at = between.map_or_else(|| clamp(word.len()), |between| between.at);
    while at < 24 && matches!(view.byte(at), Some(b' ' | b':' | b'#')) {
        at += 1;
    }
    hibcc(view, at).or_else(|| iccbba(view, at))
}

/// `(01)` and 14 digits, then whatever element strings follow (GS1).
fn element_strings(view: &View<'_>, at: i32) -> Option<Verdict> {
    if view.byte(at + 1)? != b'0' || view.slice(at, 4) != b"(01)" {
        return None;
    }
    let gap = i32::from(view.byte(at + 4) == Some(b' '));
    let digits = view.run(at + 4 + gap, &ByteSet::DIGIT, 15);
    if digits.len() != 14 {
        return None;
    }
    let mut end = at + 4 + gap + 14;
    // Blanks between element strings are printed now and then.
    while view.byte(end) == Some(b' ') && view.byte(end + 1) == Some(b'(') && end < 120 {
        let identifier = view.run(end + 2, &ByteSet::DIGIT, 5).len();
        if !(2..=4).contains(&identifier) || view.byte(end + 2 + clamp(identifier)) != Some(b')') {
            break;
        }
        end += 3 + clamp(identifier);
        end += i32::from(view.byte(end) == Some(b' '));
        end += clamp(view.run(end, &ByteSet::ALNUM.or(ByteSet::of(b"-")), 24).len());
    }
    let confidence = if gtin(digits) { 97 } else { 85 };
    let tail = Tail::While { set: &UDI, soft: &UDI_SOFT };
    Some(Verdict::new(at, end, kinds::DEVICE, confidence, "element strings").with_tail(tail))
}

/// `+H123PART1/$$…/S…`: a labeler code of a letter and three characters, then data with strokes (HIBCC).
fn hibcc(view: &View<'_>, at: i32) -> Option<Verdict> {
    if view.byte(at)? != b'+' || !view.byte(at + 1)?.is_ascii_uppercase() {
        return None;
    }
    let first = view.run(at + 1, &ByteSet::ALNUM, 24);
    let digits = first.iter().filter(|b| b.is_ascii_digit()).count();
    let end = at + 1 + clamp(first.len());
    let data_follows = view.byte(end) == Some(b'/') && matches!(view.byte(end + 1)?, b'$' | b'S' | b'1'..=b'9');
    let capitals = !first.iter().any(u8::is_ascii_lowercase);
    (first.len() >= 6 && digits >= 2 && capitals && data_follows).then(|| {
        let tail = Tail::While { set: &UDI, soft: &UDI_SOFT };
        Verdict::new(at, end + 2, kinds::DEVICE, 92, "primary and secondary data").with_tail(tail)
    })
}

/// `=/A9999…=,…`: the structures of ICCBBA for tissue and blood devices.
fn iccbba(view: &View<'_>, at: i32) -> Option<Verdict> {
    if view.byte(at)? != b'=' || view.byte(at + 1)? != b'/' {
        return None;
    }
    let first = view.run(at + 2, &ByteSet::ALNUM, 24);
    let digits = first.iter().filter(|b| b.is_ascii_digit()).count();
    let end = at + 2 + clamp(first.len());
    (first.len() >= 8 && digits >= 4 && view.byte(end) == Some(b'=')).then(|| {
        let tail = Tail::While { set: &ICCBBA, soft: &UDI_SOFT };
        Verdict::new(at, end + 1, kinds::DEVICE, 90, "data structures").with_tail(tail)
    })
}

/// `S/N`, triggered at its stroke.
fn stroke_label(view: &View<'_>) -> Option<Verdict> {
    let is = |offset, letter: u8| view.byte(offset).is_some_and(|b| b.eq_ignore_ascii_case(&letter));
    let letter = |offset| view.byte(offset).is_some_and(|b| b.is_ascii_alphanumeric());
    if !is(-1, b's') || !is(1, b'n') || letter(-2) || view.byte(2).is_some_and(|b| b.is_ascii_alphabetic()) {
        return None;
    }
    if context::coded(view) {
        return None;
    }
    let between = connect(view, 2, true)?;
    let value = SERIAL.read(view, between.at, true)?;
    Some(Verdict::new(between.at, value.end, kinds::DEVICE, 90, "label"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{label, testing};

    #[test]
    fn cases() {
        testing::assert_cases(&DEVICE);
    }

    #[test]
    fn the_table_and_the_triggers_agree() {
        label::assert_table(LABELS, &[], &DEVICE.triggers);
    }

    #[test]
    fn a_field_of_that_name_needs_no_label() {
        testing::assert_field(&DEVICE, hint::DEVICE, "PM-8841207");
        testing::assert_field(&DEVICE, hint::DEVICE, "(01)00844588003288(21)A1");
        testing::assert_no_field(&DEVICE, 0, "PM-8841207");
    }

    #[test]
    fn total_and_within_its_window() {
        let words = ["serial", "S/N", "(01)51022222233336(21)", "+H123PART12/$$", "=/A9999XYZ100=", "IMEI", "UDI"];
        testing::assert_total(&DEVICE, &words);
    }
}
