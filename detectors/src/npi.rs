//! National provider identifiers.

use std::borrow::Cow;

use blackbar_engine::{Detector, Reach, Trigger, Verdict, Verify, View, Window};

use crate::checks::{Compact, npi};
use crate::fields::hint;
use crate::kinds;
use crate::label::{self, Label, in_field, label, labelled};
use crate::shape::Shape;

/// Ten digits behind a label or in a field of that name. The check digit raises the confidence; one random number in
/// ten passes it, so it never decides alone.
pub static NPI: Detector = Detector {
    id: Cow::Borrowed("us-npi"),
    kind: kinds::NPI,
    class: Cow::Borrowed("K"),
    priority: 60,
    window: Window { before: 4, longest: 152, after: 24 },
    reach: Reach::NONE,
    triggers: Cow::Borrowed(&[
        Trigger::When(
            &Trigger::Words(&["npi", "npis", "npino", "npinumber", "national", "individual", "billing", "rendering"]),
            label::value_ahead,
        ),
        Trigger::Field(hint::NPI),
    ]),
    verify: Verify::Pure(verify),
    teaches: false,
    takes: Cow::Borrowed("ten digits behind NPI or national provider identifier, with or without a valid check digit"),
    refuses: Cow::Borrowed("ten digits without a label: telephone numbers and orders pass the check digit too"),
};

const TEN: Shape = Shape::digits(10, 10).inner(b"- ");

static LABELS: &[Label] = &[
    label("billing npi", TEN, 95),
    label("billing provider #", TEN, 88),
    label("individual npi", TEN, 95),
    label("national practitioner", TEN, 88),
    label("national provider", TEN, 95),
    label("npi", TEN, 95),
    label("npino", TEN, 95),
    label("npinumber", TEN, 95),
    label("npis", TEN, 95),
    label("rendering npi", TEN, 95),
    label("rendering provider #", TEN, 88),
];

fn verify(view: &View<'_>) -> Option<Verdict> {
    let (found, reason) = match in_field(view, hint::NPI, &TEN) {
        Some(found) => (found, "field"),
        None => (labelled(view, LABELS)?, "label"),
    };
    let checks = Compact::<10>::of(found.bytes(view)).is_some_and(|id| npi(id.bytes()));
    let (confidence, reason) =
        if checks { (found.confidence.max(96), "check digit") } else { (found.confidence.min(80), reason) };
    Some(Verdict::new(found.start, found.value.end, kinds::NPI, confidence, reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{label, testing};

    #[test]
    fn cases() {
        testing::assert_cases(&NPI);
    }

    #[test]
    fn the_table_and_the_triggers_agree() {
        label::assert_table(LABELS, &[], &NPI.triggers);
    }

    #[test]
    fn a_field_of_that_name_needs_no_label() {
        testing::assert_field(&NPI, hint::NPI, "1234567893");
        testing::assert_field(&NPI, hint::NPI, "1234567890");
        testing::assert_no_field(&NPI, 0, "1234567893");
    }

    #[test]
    fn total_and_within_its_window() {
        testing::assert_total(&NPI, &["NPI", "national provider identifier", "number", "1234567893"]);
    }
}
