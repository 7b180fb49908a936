//! Registration numbers of the Drug Enforcement Administration.

use std::borrow::Cow;

use blackbar_engine::{ByteSet, Detector, DigitRun, Reach, Trigger, Verdict, Verify, View, Window};

use crate::checks::{Compact, dea, dea_registrant};
use crate::context;
use crate::fields::hint;
use crate::kinds;
use crate::label::{self, Label, in_field, label, labelled};
use crate::shape::Shape;

/// Two letters and seven digits behind a label; without one only with a valid check digit beside a prescriber's words.
pub static DEA: Detector = Detector {
    id: Cow::Borrowed("us-dea"),
    kind: kinds::DEA,
    class: Cow::Borrowed("K"),
    priority: 60,
    window: Window { before: 48, longest: 120, after: 16 },
    reach: Reach { bytes: 2, across: ByteSet::ALPHA },
    triggers: Cow::Borrowed(&[
        Trigger::When(&Trigger::Words(&["dea", "deano", "deanumber", "drug"]), label::value_ahead),
        Trigger::Number(DigitRun::of_lens(7, 7).before(ByteSet::UPPER).inside().or_hinted(hint::DEA)),
        Trigger::Field(hint::DEA),
    ]),
    verify: Verify::Pure(verify),
    teaches: false,
    takes: Cow::Borrowed(
        "a registrant letter, a letter or 9, seven digits, behind DEA; or with its check digit beside prescriber words",
    ),
    refuses: Cow::Borrowed("the same shape elsewhere: lots, serial and order numbers"),
};

const NINE: Shape = Shape::code(7, 9, 9).letters(2);

static LABELS: &[Label] = &[
    label("dea", NINE, 95),
    label("deano", NINE, 95),
    label("deanumber", NINE, 95),
    label("drug enforcement administration", NINE, 92),
    label("drug enforcement agency", NINE, 92),
];

fn verify(view: &View<'_>) -> Option<Verdict> {
    if view.byte(0)?.is_ascii_digit() {
        return bare(view).or_else(|| field(view));
    }
    if let Some(found) = labelled(view, LABELS) {
        let id = Compact::<9>::of(found.bytes(view))?;
        let starts_well = id.bytes().first().is_some_and(u8::is_ascii_alphabetic);
        let (confidence, reason) = if dea(id.bytes()) {
            (found.confidence.max(97), "check digit")
        } else {
            (found.confidence.min(80), "label")
        };
        return starts_well.then(|| Verdict::new(found.start, found.value.end, kinds::DEA, confidence, reason));
    }
    field(view)
}

fn field(view: &View<'_>) -> Option<Verdict> {
    let found = in_field(view, hint::DEA, &NINE)?;
    Some(Verdict::new(found.start, found.value.end, kinds::DEA, found.confidence, "field"))
}

/// A number whose digits are the trigger, with its letters before them.
fn bare(view: &View<'_>) -> Option<Verdict> {
    let (first, second) = (view.byte(-2)?, view.byte(-1)?);
    if !first.is_ascii_uppercase() || !second.is_ascii_uppercase() || !dea_registrant(first) {
        return None;
    }
    if view.run(0, &ByteSet::DIGIT, 8).len() != 7 {
        return None;
    }
    let ends = !view.byte(7).is_some_and(|b| b.is_ascii_alphanumeric() || b == b'-');
    let begins = !view.byte(-3).is_some_and(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'#');
    (ends && begins && dea(view.slice(-2, 9)) && prescriber_before(view))
        .then(|| Verdict::new(-2, 7, kinds::DEA, 75, "check digit beside a prescriber"))
}

fn prescriber_before(view: &View<'_>) -> bool {
    const WORDS: [&[u8]; 7] = [b"dea", b"prescri", b"md", b"physician", b"controlled", b"schedule", b"npi"];
    let before = view.before();
    context::hinted(view, hint::DEA)
        || WORDS.iter().any(|word| before.windows(word.len()).any(|piece| piece.eq_ignore_ascii_case(word)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{label, testing};

    #[test]
    fn cases() {
        testing::assert_cases(&DEA);
    }

    #[test]
    fn the_table_and_the_triggers_agree() {
        label::assert_table(LABELS, &[], &DEA.triggers);
    }

    #[test]
    fn a_field_of_that_name_needs_no_label() {
        testing::assert_field(&DEA, hint::DEA, "AB1234563");
        testing::assert_field(&DEA, hint::DEA, "AB1234567");
        testing::assert_no_field(&DEA, 0, "AB1234563");
    }

    #[test]
    fn total_and_within_its_window() {
        testing::assert_total(&DEA, &["DEA", "prescriber", "AB1234563", "F91234563", "number"]);
    }
}
