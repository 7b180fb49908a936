//! Medical record numbers.

use std::borrow::Cow;

use blackbar_engine::{Detector, Reach, Trigger, Verdict, Verify, View, Window};

use crate::fields::hint;
use crate::kinds;
use crate::label::{Label, in_field, label, labelled};
use crate::shape::Shape;

/// Record numbers behind a label, or in a field of that name.
pub static MRN: Detector = Detector {
    id: Cow::Borrowed("mrn"),
    kind: kinds::MRN,
    class: Cow::Borrowed("H"),
    priority: 55,
    window: Window { before: 4, longest: 176, after: 24 },
    reach: Reach::NONE,
    triggers: Cow::Borrowed(&[
        Trigger::Words(&[
            "mrn",
            "mrns",
            "mrno",
            "emrn",
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
        Trigger::Start,
    ]),
    verify: Verify::Pure(verify),
    takes: Cow::Borrowed(
        "4 to 14 digits, perhaps with letters and dashes, behind MRN, MR#, medical record number, unit no, chart #, \
         patient ID, EMPI, hospital number; lists of them; fields of that name",
    ),
    refuses: Cow::Borrowed("numbers without a label, dates, doses, room and chart positions, words"),
};

const STRONG: Shape = Shape::code(3, 4, 20).inner(b"-.").grouped();
const NUMBERED: Shape = Shape::code(4, 4, 20);
const FIELD: Shape = Shape::code(1, 1, 36).inner(b"-._/ ");

static LABELS: &[Label] = &[
    label("mrn", STRONG, 95),
    label("mrns", STRONG, 95),
    label("mrno", STRONG, 95),
    label("emrn", STRONG, 95),
    label("umrn", STRONG, 95),
    label("mr #", NUMBERED, 90),
    label("medical record", STRONG, 92),
    label("medical records #", STRONG, 92),
    label("medical rec", STRONG, 92),
    label("medical #", NUMBERED, 85),
    label("med rec", STRONG, 92),
    label("med record", STRONG, 92),
    label("medrec", STRONG, 92),
    label("medrecno", STRONG, 92),
    label("patient #", NUMBERED, 88),
    label("patient record #", STRONG, 90),
    label("patient chart #", STRONG, 90),
    label("patient medical #", STRONG, 90),
    label("patient mrn", STRONG, 95),
    label("patient registration #", NUMBERED, 88),
    label("patient hospital #", NUMBERED, 88),
    label("patient master #", NUMBERED, 88),
    label("patientid", NUMBERED, 88),
    label("patientno", NUMBERED, 88),
    label("patientnumber", NUMBERED, 88),
    label("patientidentifier", NUMBERED, 88),
    label("pt #", NUMBERED, 85),
    label("ptid", NUMBERED, 88),
    label("pt mrn", STRONG, 95),
    label("pid:", NUMBERED, 75),
    label("unit #", NUMBERED, 85),
    label("unit record #", NUMBERED, 88),
    label("unit history #", NUMBERED, 88),
    label("chart #", NUMBERED, 88),
    label("chart:", NUMBERED, 75),
    label("chartno", NUMBERED, 88),
    label("empi", NUMBERED, 90),
    label("mpi #", NUMBERED, 85),
    label("mpi:", NUMBERED, 80),
    label("epi #", NUMBERED, 80),
    label("cpi #", NUMBERED, 80),
    label("emr #", NUMBERED, 88),
    label("ehr #", NUMBERED, 88),
    label("hospital #", NUMBERED, 88),
    label("hospital record #", STRONG, 90),
    label("hospital mrn", STRONG, 95),
    label("hospital patient #", STRONG, 90),
    label("hosp #", NUMBERED, 85),
    label("clinic #", NUMBERED, 85),
    label("facility mrn", STRONG, 95),
    label("record #", NUMBERED, 80),
    label("health record #", STRONG, 90),
];

fn verify(view: &View<'_>) -> Option<Verdict> {
    let (found, reason) = match in_field(view, hint::MRN, &FIELD) {
        Some(found) => (found, "field"),
        None => (labelled(view, LABELS)?, "label"),
    };
    Some(Verdict::new(found.start, found.value.end, kinds::MRN, found.confidence, reason))
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
