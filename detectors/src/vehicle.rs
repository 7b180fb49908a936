//! Vehicles and their plates.

use std::borrow::Cow;

use blackbar_engine::{ByteSet, Detector, DigitRun, NearNumber, Reach, Trigger, Unseen, Verdict, Verify, View, Window};

use crate::checks::{Compact, vin, vin_shaped};
use crate::context;
use crate::fields::hint;
use crate::kinds;
use crate::label::{Label, connect, in_field, label, labelled};
use crate::shape::{Shape, clamp};

/// Vehicle identification numbers by their check digit or behind a label, and plates behind a label.
pub static VEHICLE: Detector = Detector {
    id: Cow::Borrowed("vehicle"),
    kind: kinds::VEHICLE,
    class: Cow::Borrowed("L"),
    priority: 60,
    window: Window { before: 32, longest: 144, after: 16 },
    reach: Reach { bytes: 16, across: ByteSet::ALNUM },
    triggers: Cow::Borrowed(&[
        Trigger::NumberWhen(DigitRun::of_lens(1, 16).before(ByteSet::UPPER).or_hinted(hint::VEHICLE), glance),
        Trigger::NumberWhen(DigitRun::of_lens(1, 16).after(ByteSet::ALPHA), glance),
        Trigger::Words(&[
            "vin",
            "vehicle",
            "chassis",
            "license",
            "licence",
            "lic",
            "plate",
            "plates",
            "tag",
            "registration",
            "licenseplate",
            "platenumber",
            "plateno",
            "trailer",
            "tractor",
            "boat",
            "atv",
        ]),
        Trigger::Field(hint::VEHICLE),
    ]),
    verify: Verify::Pure(verify),
    teaches: false,
    takes: Cow::Borrowed(
        "17 characters with a valid check digit, or behind VIN or chassis; plates behind plate or tag",
    ),
    refuses: Cow::Borrowed("other ids of 17 characters, bone plates, growth plates, tags of the engine's own kind"),
};

const VIN: Shape = Shape::code(2, 17, 17).inner(b"- ");
const LOOSE_VIN: Shape = Shape::code(3, 11, 17);
const FIELD: Shape = Shape::code(1, 2, 24).inner(b"- ").whole();
const PLATE: Shape = Shape::code(1, 4, 8);

static VINS: &[Label] = &[
    label("chassis #", LOOSE_VIN, 90),
    label("chassis:", LOOSE_VIN, 85),
    label("vehicle #", LOOSE_VIN, 88),
    label("vehicle identification", LOOSE_VIN, 95),
    label("vehicle serial #", LOOSE_VIN, 90),
    label("vehicle vin", LOOSE_VIN, 95),
    label("vin", VIN, 95),
    label("vin #", LOOSE_VIN, 92),
    label("vin:", LOOSE_VIN, 90),
];

/// Phrases before a plate, whether they need a number word or a colon to be one.
const PLATES: &[(&[&str], bool)] = &[
    (&["license", "plate"], false),
    (&["license", "plates"], false),
    (&["licence", "plate"], false),
    (&["lic", "plate"], false),
    (&["license", "tag"], false),
    (&["licenseplate"], false),
    (&["vehicle", "plate"], false),
    (&["vehicle", "registration"], false),
    (&["vehicle", "tag"], false),
    (&["vehicle", "license"], false),
    (&["registration", "plate"], false),
    (&["plate"], true),
    (&["plates"], true),
    (&["vehicle"], true),
    (&["platenumber"], false),
    (&["plateno"], false),
    (&["tag"], true),
    (&["trailer"], true),
    (&["tractor"], true),
    (&["boat"], true),
    (&["atv"], true),
];

/// A glance: whether seventeen letters and digits stand together.
fn glance(near: &NearNumber<'_>) -> Result<bool, Unseen> {
    let lead = near.before(17).iter().rev().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let digits = near.digits().len();
    let more = 18_usize.saturating_sub(lead + digits);
    let run = near.behind(more)?.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    Ok(lead + digits + run == 17)
}

fn verify(view: &View<'_>) -> Option<Verdict> {
    if view.byte(0)?.is_ascii_digit() {
        return bare_vin(view).or_else(|| field(view));
    }
    if let Some(found) = labelled(view, VINS) {
        let checked = Compact::<17>::of(found.bytes(view)).is_some_and(|id| vin(id.bytes()));
        let (confidence, reason) = if checked { (98, "check digit") } else { (found.confidence.min(85), "label") };
        return Some(Verdict::new(found.start, found.value.end, kinds::VEHICLE, confidence, reason));
    }
    plate(view).or_else(|| bare_vin(view)).or_else(|| field(view))
}

fn field(view: &View<'_>) -> Option<Verdict> {
    let found = in_field(view, hint::VEHICLE, &FIELD)?;
    Some(Verdict::new(found.start, found.value.end, kinds::VEHICLE, found.confidence, "field"))
}

/// A number without a label. The trigger is the first of its digits.
fn bare_vin(view: &View<'_>) -> Option<Verdict> {
    let before = view.before();
    let lead = before.iter().rev().take(17).take_while(|b| b.is_ascii_alphanumeric()).count();
    let head = before.get(before.len() - lead..)?;
    if lead > 13 || !head.iter().all(u8::is_ascii_uppercase) {
        return None;
    }
    let run = view.run(0, &ByteSet::ALNUM, 18 - lead).len();
    if lead + run != 17 {
        return None;
    }
    let start = -clamp(lead);
    let id = view.slice(start, 17);
    let joined = |byte: Option<u8>| byte.is_some_and(|b| matches!(b, b'_' | b'-' | b'/' | b'+' | b'='));
    let letters = id.iter().filter(|b| b.is_ascii_uppercase()).count();
    // Mass-produced vehicles end in four digits; the model year is never U, Z or 0.
    let tail_fits = id.iter().skip(13).all(u8::is_ascii_digit);
    let year_fits = id.get(9).is_some_and(|b| !matches!(b, b'U' | b'Z' | b'0'));
    let fits = vin_shaped(id) && vin(id) && tail_fits && year_fits && letters >= 3;
    (fits && !joined(view.byte(start - 1)) && !joined(view.byte(start + 17)))
        .then(|| Verdict::new(start, start + 17, kinds::VEHICLE, 80, "check digit and positions"))
}

fn plate(view: &View<'_>) -> Option<Verdict> {
    if context::coded(view) {
        return None;
    }
    let (behind, weak) = PLATES.iter().find_map(|(words, weak)| Some((phrase(view, words)?, *weak)))?;
    let between = connect(view, behind, true)?;
    let numbered = between.colon || gap_has_number(view, behind, between.at);
    // `plate BRX7719`: what follows tells.
    let told = {
        let run = view.run(between.at, &ByteSet::ALNUM.with(b' ').with(b'-'), 9);
        let run = run.trim_ascii_end();
        let capitals = run.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
        let digits = run.iter().filter(|byte| byte.is_ascii_digit()).count();
        (2..=3).contains(&capitals)
            && (3..=5).contains(&digits)
            && run.iter().skip(capitals).all(|byte| byte.is_ascii_digit() || matches!(byte, b' ' | b'-'))
    } || two_groups(view, between.at).is_some();
    let weak = weak && !told && !of_vehicle(view);
    if weak && !numbered {
        return None;
    }
    let mut at = between.at;
    // `CA 7ABC123`: a state before the plate.
    let state = view.word(at);
    let is_state = view.bits(state) & crate::words::category::STATE != 0;
    if state.len() == 2 && is_state && state.iter().all(u8::is_ascii_uppercase) && view.byte(at + 2) == Some(b' ') {
        let next = view.run(at + 3, &ByteSet::ALNUM, 8);
        if next.len() >= 4 && next.iter().any(u8::is_ascii_digit) {
            at += 3;
        }
    }
    let value = two_groups(view, at)
        .or_else(|| grouped_plate(view, at))
        .or_else(|| PLATE.read(view, at, true).map(|value| value.end));
    let end = match value {
        Some(end) => end,
        None => vanity(view, at).filter(|_| !weak)?,
    };
    let raw = view.slice(at, usize::try_from(end - at).ok()?);
    let year = raw.len() == 4 && raw.iter().all(u8::is_ascii_digit);
    let lower = raw.iter().filter(|b| b.is_ascii_lowercase()).count();
    (!year && (lower == 0 || numbered))
        .then(|| Verdict::new(at, end, kinds::VEHICLE, if weak { 80 } else { 90 }, "plate"))
}

/// Whether the words before say that a plate or tag is one of a vehicle.
fn of_vehicle(view: &View<'_>) -> bool {
    const WORDS: [&[u8]; 10] =
        [b"parking", b"visitor", b"vehicle", b"driv", b"truck", b"sedan", b"license", b"vin ", b" car ", b" car, "];
    let before = view.before();
    WORDS.iter().any(|word| before.windows(word.len()).any(|piece| piece.eq_ignore_ascii_case(word)))
}

/// `ABC 1234`, `7-ABC-123`: two groups of capitals and digits.
fn grouped_plate(view: &View<'_>, at: i32) -> Option<i32> {
    let first = view.run(at, &ByteSet::ALNUM, 5).len();
    let mark = view.byte(at + clamp(first))?;
    let second = view.run(at + clamp(first) + 1, &ByteSet::ALNUM, 6);
    let groups = (1..=4).contains(&first) && (2..=5).contains(&second.len()) && matches!(mark, b' ' | b'-');
    let end = at + clamp(first + 1 + second.len());
    let raw = view.slice(at, first + 1 + second.len());
    let capitals = raw.iter().any(u8::is_ascii_uppercase) && !raw.iter().any(u8::is_ascii_lowercase);
    (groups && capitals && raw.iter().any(u8::is_ascii_digit)).then_some(end)
}

/// `4BH 0002`, `Y22 8QB`, `WS 7713 FK`: five to eight capitals and digits in two or three groups, both in either order.
fn two_groups(view: &View<'_>, at: i32) -> Option<i32> {
    const CODE: ByteSet = ByteSet::UPPER.or(ByteSet::DIGIT);
    let (mut end, mut digits, mut letters, mut groups) = (at, 0, 0, 0);
    while groups < 3 {
        let from = if groups == 0 { at } else { end + 1 };
        let run = view.run(from, &CODE, 7);
        let behind = from + clamp(run.len());
        let ends = !view.byte(behind).is_some_and(|byte| {
            byte.is_ascii_alphanumeric()
                || matches!(byte, b'.' | b':') && view.byte(behind + 1).is_some_and(|byte| byte.is_ascii_digit())
        });
        let own = run.iter().filter(|byte| byte.is_ascii_digit()).count();
        // Words in capitals go on with more than three.
        let word = own == 0 && (run.len() > 3 || groups == 2 && run.len() > 2);
        if run.is_empty() || !ends || word || digits + letters + run.len() > 8 {
            break;
        }
        digits += own;
        letters += run.len() - own;
        groups += 1;
        end = behind;
        if !matches!(view.byte(end), Some(b' ' | b'-')) {
            break;
        }
    }
    (groups > 1 && digits > 1 && letters > 0 && digits + letters > 4).then_some(end)
}

/// Capitals without a digit, chosen by the owner.
fn vanity(view: &View<'_>, at: i32) -> Option<i32> {
    let word = view.word(at);
    let capitals = (4..=8).contains(&word.len()) && word.iter().all(u8::is_ascii_uppercase);
    let known = one_of!(word, &["number", "none", "unknown", "date", "state", "name", "expired", "exp"]);
    (capitals && !known && view.byte(at + clamp(word.len())) != Some(b':')).then(|| at + clamp(word.len()))
}

fn phrase(view: &View<'_>, words: &[&str]) -> Option<i32> {
    let mut at = 0;
    for (word, is_first) in words.iter().zip(std::iter::once(true).chain(std::iter::repeat(false))) {
        if !is_first {
            at += i32::from(matches!(view.byte(at), Some(b'.')));
            at += i32::from(matches!(view.byte(at), Some(b' ' | b'_' | b'-' | b'\n')));
        }
        let here = view.word(at);
        if !here.eq_ignore_ascii_case(word.as_bytes()) {
            return None;
        }
        at += clamp(here.len());
    }
    Some(at)
}

/// Whether a number sign or word stands between a label and its value.
fn gap_has_number(view: &View<'_>, from: i32, to: i32) -> bool {
    let gap = view.slice(from, usize::try_from(to - from).unwrap_or(0));
    let mut words = gap.split(|b| !b.is_ascii_alphabetic());
    gap.contains(&b'#') || words.any(|word| one_of!(word, &["no", "number", "num", "nbr"]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{label, testing};

    #[test]
    fn cases() {
        testing::assert_cases(&VEHICLE);
    }

    #[test]
    fn the_table_and_the_triggers_agree() {
        let plates: Vec<&str> = PLATES.iter().filter_map(|(words, _)| words.first().copied()).collect();
        label::assert_table(VINS, &plates, &VEHICLE.triggers);
    }

    #[test]
    fn a_field_of_that_name_needs_no_label() {
        testing::assert_field(&VEHICLE, hint::VEHICLE, "7ABC123");
        testing::assert_field(&VEHICLE, hint::VEHICLE, "WVWZZZ1JZXW000001");
        testing::assert_no_field(&VEHICLE, 0, "7ABC123");
    }

    #[test]
    fn total_and_within_its_window() {
        testing::assert_total(&VEHICLE, &["VIN", "license plate", "1M8GDM9AXKP042788", "tag #", "CA "]);
    }
}
