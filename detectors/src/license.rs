//! Certificates and licences.

use std::borrow::Cow;

use blackbar_engine::{Detector, Reach, Trigger, Verdict, Verify, View, Window};

use crate::fields::hint;
use crate::kinds;
use crate::label::{self, Label, in_field, label, labelled};
use crate::shape::Shape;

/// Driver's licences, professional licences, certificates and passports behind a label.
pub static LICENSE: Detector = Detector {
    id: Cow::Borrowed("license"),
    kind: kinds::LICENSE,
    class: Cow::Borrowed("K"),
    priority: 55,
    window: Window { before: 4, longest: 168, after: 24 },
    reach: Reach::NONE,
    triggers: Cow::Borrowed(&[
        Trigger::When(
            &Trigger::Words(&[
                "license",
                "licence",
                "licenses",
                "licensure",
                "licenseno",
                "licensenumber",
                "lic",
                "driver",
                "drivers",
                "driving",
                "driverlicense",
                "driverslicense",
                "dl",
                "dln",
                "dlnumber",
                "dlno",
                "cdl",
                "passport",
                "passportno",
                "passportnumber",
                "certificate",
                "certification",
                "cert",
                "certificateno",
                "medical",
                "state",
                "nursing",
                "rn",
                "md",
                "pharmacy",
                "professional",
                "visa",
                "permit",
                "green",
                "alien",
                "uscis",
                "dot",
                "physician",
                "board",
                "marriage",
                "birth",
                "death",
                "military",
                "dod",
                "edipi",
                "oln",
            ]),
            label::value_ahead,
        ),
        Trigger::Field(hint::LICENSE),
    ]),
    verify: Verify::Pure(verify),
    teaches: false,
    takes: Cow::Borrowed(
        "letters and digits behind driver's license, DL#, medical license, lic. no., certificate, passport, alien \
         number, DoD id; with a state between",
    ),
    refuses: Cow::Borrowed("licensed as a verb, years, distances in dl, words without a value"),
};

const CODE: Shape = Shape::code(4, 5, 20).inner(b"-.").grouped();
const PASSPORT: Shape = Shape::code(6, 6, 12);
const FIELD: Shape = Shape::code(1, 2, 36).inner(b"-._/ ").whole();

static LABELS: &[Label] = &[
    label("alien #", CODE, 90),
    label("alien registration #", CODE, 92),
    label("birth certificate", CODE, 90),
    label("board certificate", CODE, 88),
    label("board certification #", CODE, 90),
    label("cdl", CODE, 88),
    label("cert #", CODE, 88),
    label("cert:", CODE, 80),
    label("certificate", CODE, 85),
    label("certificate #", CODE, 90),
    label("certificateno", CODE, 90),
    label("certification #", CODE, 90),
    label("death certificate", CODE, 90),
    label("dl", Shape::code(5, 6, 16).grouped(), 85),
    label("dl #", CODE, 92),
    label("dln", CODE, 88),
    label("dlno", CODE, 92),
    label("dlnumber", CODE, 92),
    label("dod #", CODE, 90),
    label("dod id", CODE, 90),
    label("dot medical certificate", CODE, 90),
    label("driver #", CODE, 85),
    label("driver lic", CODE, 95),
    label("driver licence", CODE, 95),
    label("driver license", CODE, 95),
    label("driver s lic", CODE, 95),
    label("driver s licence", CODE, 95),
    label("driver s license", CODE, 95),
    label("driverlicense", CODE, 95),
    label("drivers lic", CODE, 95),
    label("drivers licence", CODE, 95),
    label("drivers license", CODE, 95),
    label("driverslicense", CODE, 95),
    label("driving licence", CODE, 95),
    label("driving license", CODE, 95),
    label("edipi", Shape::digits(10, 10), 92),
    label("green card #", CODE, 90),
    label("lic", CODE, 85),
    label("lic #", CODE, 92),
    label("licence", CODE, 88),
    label("licence #", CODE, 92),
    label("license", CODE, 88),
    label("license #", CODE, 92),
    label("licenseno", CODE, 92),
    label("licensenumber", CODE, 92),
    label("licenses", CODE, 80),
    label("licensure #", CODE, 90),
    label("marriage certificate", CODE, 90),
    label("marriage license", CODE, 90),
    label("md lic", CODE, 95),
    label("md license", CODE, 95),
    label("medical lic", CODE, 95),
    label("medical licence", CODE, 95),
    label("medical license", CODE, 95),
    label("military id", CODE, 88),
    label("nursing license", CODE, 95),
    label("oln", CODE, 85),
    label("passport", PASSPORT, 90),
    label("passport #", PASSPORT, 95),
    label("passport card #", PASSPORT, 92),
    label("passportno", PASSPORT, 95),
    label("passportnumber", PASSPORT, 95),
    label("permit #", CODE, 88),
    label("pharmacy license", CODE, 95),
    label("physician license", CODE, 95),
    label("professional license", CODE, 95),
    label("rn lic", CODE, 95),
    label("rn license", CODE, 95),
    label("state id", Shape::code(5, 6, 16).grouped(), 85),
    label("state lic", CODE, 95),
    label("state license", CODE, 95),
    label("state medical license", CODE, 95),
    label("uscis #", CODE, 92),
    label("visa #", PASSPORT, 85),
];

fn verify(view: &View<'_>) -> Option<Verdict> {
    let (found, reason) = match in_field(view, hint::LICENSE, &FIELD) {
        Some(found) => (found, "field"),
        // `mg/dL|135-145`: a unit.
        None if view.byte(-1) == Some(b'/') && view.word(0).eq_ignore_ascii_case(b"dl") => return None,
        None => (labelled(view, LABELS)?, "label"),
    };
    Some(Verdict::new(found.start, found.value.end, kinds::LICENSE, found.confidence, reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{label, testing};

    #[test]
    fn cases() {
        testing::assert_cases(&LICENSE);
    }

    #[test]
    fn the_table_and_the_triggers_agree() {
        label::assert_table(LABELS, &[], &LICENSE.triggers);
    }

    #[test]
    fn a_field_of_that_name_needs_no_label() {
        testing::assert_field(&LICENSE, hint::LICENSE, "D123-4567-8901");
        testing::assert_field(&LICENSE, hint::LICENSE, "S99988801");
        testing::assert_no_field(&LICENSE, hint::LICENSE, "expired");
        testing::assert_no_field(&LICENSE, 0, "S99988801");
    }

    #[test]
    fn total_and_within_its_window() {
        testing::assert_total(&LICENSE, &["driver's license", "DL#", "passport", "D1234567", "medical license"]);
    }
}
