//! Account numbers.

use std::borrow::Cow;

use blackbar_engine::{ByteSet, Detector, DigitRun, Reach, Trigger, Verdict, Verify, View, Window};

use crate::checks::{Compact, aba, iban, iban_length};
use crate::fields::hint;
use crate::kinds;
use crate::label::{self, Label, in_field, label, labelled};
use crate::shape::{Shape, clamp};

/// Account, billing and guarantor numbers behind a label, routing numbers, and IBANs by their check.
pub static ACCOUNT: Detector = Detector {
    id: Cow::Borrowed("account"),
    kind: kinds::ACCOUNT,
    class: Cow::Borrowed("J"),
    priority: 55,
    window: Window { before: 8, longest: 168, after: 24 },
    reach: Reach { bytes: 2, across: ByteSet::ALPHA },
    triggers: Cow::Borrowed(&[
        Trigger::When(
            &Trigger::Words(&[
                "acct",
                "accts",
                "account",
                "accounts",
                "accountnumber",
                "accountno",
                "accountid",
                "acctno",
                "acctnumber",
                "acctid",
                "billing",
                "bill",
                "guarantor",
                "har",
                "hospital",
                "iban",
                "aba",
                "routing",
                "rtn",
                "checking",
                "savings",
                "bank",
                "invoice",
                "statement",
                "patient",
                "pt",
                "financial",
                "fin",
                "ach",
                "hosp",
                "loan",
            ]),
            label::value_ahead,
        ),
        Trigger::Number(DigitRun::ANY.before(ByteSet::UPPER).inside().or_hinted(hint::ACCOUNT)),
        Trigger::Field(hint::ACCOUNT),
    ]),
    verify: Verify::Pure(verify),
    teaches: false,
    takes: Cow::Borrowed(
        "digits, letters and dashes behind account, acct, billing, guarantor, HAR, FIN, invoice, routing and bank \
         labels, masked ones too; IBANs that pass their check",
    ),
    refuses: Cow::Borrowed("the words in prose, amounts, dates, numbers without a label"),
};

const NUMBER: Shape = Shape::code(4, 4, 24).inner(b"-.").grouped().masked();
const LONG: Shape = Shape::code(5, 5, 24).masked();
const ROUTING: Shape = Shape::digits(9, 9).inner(b"- ");
const IBAN: Shape = Shape::code(8, 15, 34).inner(b"- ");
const FIELD: Shape = Shape::code(2, 2, 40).inner(b"-._/ ").masked().whole();

static LABELS: &[Label] = &[
    label("aba", ROUTING, 90),
    label("aba routing", ROUTING, 92),
    label("account", LONG.grouped(), 85),
    label("account #", NUMBER, 92),
    label("account ending", Shape::code(3, 3, 8).masked(), 85),
    label("accountid", NUMBER, 92),
    label("accountno", NUMBER, 92),
    label("accountnumber", NUMBER, 92),
    label("accounts", LONG, 80),
    label("acct", LONG.grouped(), 88),
    label("acct #", NUMBER, 92),
    label("acct ending", Shape::code(3, 3, 8).masked(), 85),
    label("acctid", NUMBER, 92),
    label("acctno", NUMBER, 92),
    label("acctnumber", NUMBER, 92),
    label("accts", LONG, 88),
    label("ach account", NUMBER, 92),
    label("ach routing", ROUTING, 92),
    label("bank account", NUMBER, 92),
    label("bank acct", NUMBER, 92),
    label("bank routing", ROUTING, 92),
    label("bill #", LONG, 85),
    label("billing #", LONG, 88),
    label("billing account", NUMBER, 92),
    label("billing acct", NUMBER, 92),
    label("billing reference", LONG, 85),
    label("checking", LONG, 80),
    label("checking account", NUMBER, 92),
    label("fin #", Shape::code(5, 5, 16), 88),
    label("fin:", Shape::code(6, 6, 16), 85),
    label("financial #", LONG, 90),
    label("financial account", NUMBER, 90),
    label("guarantor #", NUMBER, 90),
    label("guarantor account", NUMBER, 92),
    label("guarantor acct", NUMBER, 92),
    label("har", Shape::digits(6, 14), 85),
    label("har #", Shape::digits(5, 14), 90),
    label("har:", LONG, 88),
    label("hosp acct", NUMBER, 92),
    label("hospital account", NUMBER, 92),
    label("hospital acct", NUMBER, 92),
    label("iban", IBAN, 92),
    label("invoice #", LONG, 85),
    label("loan #", LONG, 85),
    label("patient account", NUMBER, 92),
    label("patient acct", NUMBER, 92),
    label("patient billing #", NUMBER, 90),
    label("pt account", NUMBER, 92),
    label("pt acct", NUMBER, 92),
    label("routing", ROUTING, 90),
    label("routing transit", ROUTING, 92),
    label("rtn", ROUTING, 85),
    label("savings", LONG, 80),
    label("savings account", NUMBER, 92),
    label("statement #", LONG, 85),
];

fn verify(view: &View<'_>) -> Option<Verdict> {
    if view.byte(0)?.is_ascii_digit() {
        return bare_iban(view).or_else(|| field(view));
    }
    let Some(found) = labelled(view, LABELS) else { return field(view) };
    if let Some(end) = iban_at(view, found.start) {
        return Some(Verdict::new(found.start, end, kinds::ACCOUNT, 98, "check digits"));
    }
    let checked = Compact::<9>::of(found.bytes(view)).is_some_and(|id| aba(id.bytes()));
    let confidence = if checked { found.confidence.max(93) } else { found.confidence };
    Some(Verdict::new(found.start, found.value.end, kinds::ACCOUNT, confidence, "label"))
}

fn field(view: &View<'_>) -> Option<Verdict> {
    let found = in_field(view, hint::ACCOUNT, &FIELD)?;
    Some(Verdict::new(found.start, found.value.end, kinds::ACCOUNT, found.confidence, "field"))
}

/// An IBAN whose check digits are the trigger: two capitals stand before them.
fn bare_iban(view: &View<'_>) -> Option<Verdict> {
    let country = [view.byte(-2)?, view.byte(-1)?];
    if !country.iter().all(u8::is_ascii_uppercase) || view.byte(-3).is_some_and(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let end = iban_at(view, -2)?;
    Some(Verdict::new(-2, end, kinds::ACCOUNT, 92, "country, length and check digits"))
}

/// The end of an IBAN that starts at `at`, written solid or in groups of four.
fn iban_at(view: &View<'_>, at: i32) -> Option<i32> {
    let length = iban_length([view.byte(at)?.to_ascii_uppercase(), view.byte(at + 1)?.to_ascii_uppercase()])?;
    let (mut end, mut count) = (at, 0);
    while count < length {
        match view.byte(end)? {
            byte if byte.is_ascii_alphanumeric() => count += 1,
            b' ' | b'-' if count > 0 && count % 4 == 0 && view.byte(end - 1) != Some(b' ') => {}
            _ => return None,
        }
        end += 1;
    }
    let ends = !view.byte(end).is_some_and(|b| b.is_ascii_alphanumeric());
    let raw = view.slice(at, usize::try_from(end - at).ok()?);
    let whole = ends && clamp(raw.len()) == end - at;
    (whole && Compact::<34>::of(raw).is_some_and(|id| iban(id.bytes()))).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{label, testing};

    #[test]
    fn cases() {
        testing::assert_cases(&ACCOUNT);
    }

    #[test]
    fn the_table_and_the_triggers_agree() {
        label::assert_table(LABELS, &[], &ACCOUNT.triggers);
    }

    #[test]
    fn a_field_of_that_name_needs_no_label() {
        testing::assert_field(&ACCOUNT, hint::ACCOUNT, "99812");
        testing::assert_field(&ACCOUNT, hint::ACCOUNT, "****4821");
        testing::assert_no_field(&ACCOUNT, hint::ACCOUNT, "closed");
        testing::assert_no_field(&ACCOUNT, 0, "99812");
    }

    #[test]
    fn total_and_within_its_window() {
        let words = ["account", "acct no", "IBAN", "GB82WEST12345698765432", "DE89 3704 0044 0532 0130 00", "routing"];
        testing::assert_total(&ACCOUNT, &words);
    }
}
