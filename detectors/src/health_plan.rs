//! Health plan beneficiary numbers.

use std::borrow::Cow;

use blackbar_engine::{ByteSet, Detector, DigitRun, Reach, Trigger, Verdict, Verify, View, Window};

use crate::checks::{Compact, mbi, mbi_at, ssn_issuable};
use crate::context;
use crate::fields::hint;
use crate::kinds;
use crate::label::{self, Label, in_field, label, labelled};
use crate::shape::{Shape, clamp};

/// Medicare identifiers by their position rules, the old claim numbers, and any plan's numbers behind a label.
pub static HEALTH_PLAN: Detector = Detector {
    id: Cow::Borrowed("health-plan"),
    kind: kinds::HEALTH_PLAN,
    class: Cow::Borrowed("I"),
    priority: 60,
    window: Window { before: 32, longest: 168, after: 24 },
    reach: Reach::NONE,
    triggers: Cow::Borrowed(&[
        Trigger::Number(DigitRun::of_lens(1, 1).before(UNGLUED).after(ByteSet::UPPER).or_hinted(hint::HEALTH_PLAN)),
        Trigger::Number(DigitRun::of_lens(3, 3).before(UNGLUED).after(ByteSet::of(b"- "))),
        Trigger::Number(DigitRun::of_lens(9, 9).before(UNGLUED).after(ByteSet::UPPER.with(b'-'))),
        Trigger::When(
            &Trigger::Words(&[
                "mbi",
                "ohip",
                "hicn",
                "hic",
                "medicare",
                "medicaid",
                "member",
                "memberid",
                "membernumber",
                "memberno",
                "mem",
                "subscriber",
                "subscriberid",
                "sub",
                "policy",
                "policyno",
                "policynumber",
                "policyid",
                "group",
                "groupid",
                "groupnumber",
                "groupno",
                "grp",
                "insurance",
                "ins",
                "insured",
                "insuredid",
                "beneficiary",
                "plan",
                "healthplan",
                "health",
                "payer",
                "payor",
                "enrollee",
                "cardholder",
                "certificate",
                "contract",
                "aetna",
                "cigna",
                "humana",
                "bcbs",
                "bc",
                "blue",
                "anthem",
                "unitedhealthcare",
                "united",
                "uhc",
                "kaiser",
                "tricare",
                "molina",
                "centene",
                "wellcare",
                "ambetter",
                "cin",
                "medi",
                "masshealth",
                "rxbin",
                "rxgrp",
                "rxgroup",
                "rxid",
                "carrier",
                "dental",
                "vision",
                "hmo",
                "ppo",
                "primary",
                "secondary",
                "recipient",
            ]),
            label::value_ahead,
        ),
        Trigger::Field(hint::HEALTH_PLAN),
    ]),
    verify: Verify::Pure(verify),
    teaches: false,
    takes: Cow::Borrowed(
        "MBIs with or without dashes, claim numbers (nine digits and a suffix), member, subscriber, policy, group and \
         Medicaid ids behind a label, payer names followed by an id",
    ),
    refuses: Cow::Borrowed(
        "eleven characters that break the position rules, group and plan as words, parts of longer ids",
    ),
};

const PLAN: Shape = Shape::code(3, 5, 20).inner(b"-").grouped();
const TELLING: Shape = Shape::code(3, 7, 20).inner(b"-").telling();
const SHORT: Shape = Shape::code(2, 4, 18);
const PAYER: Shape = Shape::code(6, 8, 18);
const MEDICARE: Shape = Shape::code(5, 9, 13).inner(b"- ");
const FIELD: Shape = Shape::code(1, 2, 40).inner(b"-._/ ").whole();

static LABELS: &[Label] = &[
    label("aetna", PAYER, 82),
    label("ambetter", PAYER, 80),
    label("anthem", PAYER, 82),
    label("bc bs", PAYER, 85),
    label("bcbs", PAYER, 85),
    label("beneficiary #", PLAN, 92),
    label("blue cross", PAYER, 85),
    label("blue cross blue shield", PAYER, 85),
    label("blue shield", PAYER, 85),
    label("cardholder #", PLAN, 90),
    label("carrier #", SHORT, 80),
    label("centene", PAYER, 80),
    label("certificate holder #", PLAN, 88),
    label("cigna", PAYER, 82),
    label("cin", Shape::code(7, 8, 9).letters(2), 85),
    label("contract #", PLAN, 85),
    label("dental #", PLAN, 80),
    label("dental plan #", PLAN, 88),
    label("enrollee #", PLAN, 92),
    label("group", Shape::code(5, 7, 20).telling(), 70),
    label("group #", SHORT, 88),
    label("group plan #", SHORT, 90),
    label("group policy #", SHORT, 90),
    label("group:", Shape::code(4, 5, 14), 70),
    label("groupid", SHORT, 88),
    label("groupno", SHORT, 88),
    label("groupnumber", SHORT, 90),
    label("grp", TELLING, 75),
    label("grp #", SHORT, 88),
    label("grp:", SHORT, 85),
    label("health card", PAYER, 85),
    label("health card #", PLAN, 92),
    label("health insurance #", PLAN, 92),
    label("health insurance claim #", PLAN, 92),
    label("health plan #", PLAN, 92),
    label("health plan beneficiary #", PLAN, 95),
    label("health plan member #", PLAN, 95),
    label("healthplan #", PLAN, 92),
    label("hic", MEDICARE, 90),
    label("hicn", MEDICARE, 95),
    label("hmo", PAYER, 75),
    label("hmo #", PLAN, 88),
    label("humana", PAYER, 82),
    label("ins #", PLAN, 85),
    label("insurance #", PLAN, 92),
    label("insurance card #", PLAN, 90),
    label("insurance group #", SHORT, 90),
    label("insurance member #", PLAN, 92),
    label("insurance policy", PLAN, 90),
    label("insured #", PLAN, 90),
    label("insured s #", PLAN, 90),
    label("insuredid", PLAN, 90),
    label("kaiser", PAYER, 80),
    label("masshealth", Shape::code(7, 8, 16), 88),
    label("mbi", MEDICARE, 95),
    label("medi cal", Shape::code(7, 8, 16), 85),
    label("medi cal #", PLAN, 92),
    label("medicaid", Shape::code(5, 7, 16), 88),
    label("medicaid #", PLAN, 92),
    label("medicaid member #", PLAN, 92),
    label("medicaid recipient #", PLAN, 92),
    label("medicare", MEDICARE, 88),
    label("medicare #", PLAN, 92),
    label("medicare advantage", PAYER, 85),
    label("medicare advantage #", PLAN, 90),
    label("medicare beneficiary", MEDICARE, 95),
    label("medicare card #", Shape::code(9, 10, 13).inner(b"- "), 92),
    label("medicare claim #", PLAN, 92),
    label("medicare hic", PLAN, 92),
    label("medicare hicn", PLAN, 92),
    label("medicare mbi", PLAN, 92),
    label("mem #", PLAN, 88),
    label("member", TELLING, 75),
    label("member #", PLAN, 92),
    label("member policy #", PLAN, 92),
    label("member:", PAYER, 75),
    label("memberid", PLAN, 92),
    label("memberno", PLAN, 92),
    label("membernumber", PLAN, 92),
    label("molina", PAYER, 80),
    label("ohip", Shape::code(10, 10, 12).inner(b"- "), 90),
    label("ohip #", Shape::code(10, 10, 12).inner(b"- "), 92),
    label("payer #", SHORT, 80),
    label("payer member #", PLAN, 92),
    label("payor #", SHORT, 80),
    label("plan #", SHORT, 85),
    label("plan beneficiary #", PLAN, 92),
    label("plan member #", PLAN, 92),
    label("policy", TELLING, 75),
    label("policy #", PLAN, 92),
    label("policy group #", PLAN, 92),
    label("policy holder #", PLAN, 92),
    label("policy:", Shape::code(4, 6, 18), 80),
    label("policyid", PLAN, 92),
    label("policyno", PLAN, 92),
    label("policynumber", PLAN, 92),
    label("ppo", PAYER, 75),
    label("ppo #", PLAN, 88),
    label("primary insurance #", PLAN, 90),
    label("recipient #", PLAN, 85),
    label("rxbin", Shape::digits(6, 6), 75),
    label("rxgroup", SHORT, 85),
    label("rxgrp", SHORT, 85),
    label("rxid", PLAN, 85),
    label("secondary insurance #", PLAN, 90),
    label("sub #", PLAN, 80),
    label("subscriber", TELLING, 75),
    label("subscriber #", PLAN, 92),
    label("subscriber member #", PLAN, 92),
    label("subscriber:", PAYER, 75),
    label("subscriberid", PLAN, 92),
    label("tricare", PAYER, 82),
    label("uhc", PAYER, 82),
    label("united health care", PAYER, 82),
    label("united healthcare", PAYER, 82),
    label("unitedhealthcare", PAYER, 82),
    label("vision plan #", PLAN, 88),
    label("wellcare", PAYER, 80),
];

fn verify(view: &View<'_>) -> Option<Verdict> {
    if view.byte(0)?.is_ascii_digit() {
        return bare_mbi(view).or_else(|| claim_number(view)).or_else(|| field(view));
    }
    let Some(found) = labelled(view, LABELS) else { return field(view) };
    let checked = Compact::<11>::of(found.bytes(view)).is_some_and(|id| mbi(id.bytes()));
    let (confidence, reason) = if checked { (98, "label and position rules") } else { (found.confidence, "label") };
    let end = found.value.end + person_suffix(view, found.value.end);
    Some(Verdict::new(found.start, end, kinds::HEALTH_PLAN, confidence, reason))
}

/// The width of the number of a person in a family behind a member number: ` 02`, ` 01`.
fn person_suffix(view: &View<'_>, at: i32) -> i32 {
    let suffix = view.byte(at) == Some(b' ')
        && view.byte(at + 1) == Some(b'0')
        && view.byte(at + 2).is_some_and(|b| b.is_ascii_digit());
    let joined = |at| view.byte(at).is_some_and(|b| b.is_ascii_alphanumeric());
    let ends = match view.byte(at + 3) {
        None | Some(b',' | b';' | b')' | b'|' | b'"' | b'\n' | b'\r') => true,
        Some(b'.') => !joined(at + 4),
        Some(b' ') => !joined(at + 4) || one_of!(view.word(at + 4), &["grp", "group", "eff", "exp", "claim"]),
        _ => false,
    };
    if suffix && ends { 3 } else { 0 }
}

fn field(view: &View<'_>) -> Option<Verdict> {
    let found = in_field(view, hint::HEALTH_PLAN, &FIELD)?;
    Some(Verdict::new(found.start, found.value.end, kinds::HEALTH_PLAN, found.confidence, "field"))
}

/// A Medicare identifier without a label: capitals, and dashes in their places or nowhere.
fn bare_mbi(view: &View<'_>) -> Option<Verdict> {
    // Most numbers end here: their second character is no letter.
    if !view.byte(1)?.is_ascii_uppercase() || !mbi_at(view.byte(0)?, 0) || glued(view.byte(-1)) {
        return None;
    }
    let (mut end, mut dashes, mut letters_low) = (0, 0, false);
    for position in 0..11 {
        if matches!(position, 4 | 7) && matches!(view.byte(end), Some(b'-' | b' ')) {
            dashes += 1;
            end += 1;
        }
        let byte = view.byte(end)?;
        if !mbi_at(byte, position) {
            return None;
        }
        letters_low |= byte.is_ascii_lowercase();
        end += 1;
    }
    let whole = !glued(view.byte(end)) && matches!(dashes, 0 | 2) && !letters_low;
    let confidence = if dashes == 2 || context::hinted(view, hint::HEALTH_PLAN) { 93 } else { 78 };
    whole.then(|| Verdict::new(0, end, kinds::HEALTH_PLAN, confidence, "position rules"))
}

/// The claim number that came before: a social security number with the letter of the claim (42 CFR 405).
fn claim_number(view: &View<'_>) -> Option<Verdict> {
    let first = view.run(0, &ByteSet::DIGIT, 10).len();
    let end = match first {
        9 => 9,
        3 if matches!(view.byte(3), Some(b'-' | b' '))
            && view.run(4, &ByteSet::DIGIT, 3).len() == 2
            && view.byte(6) == view.byte(3)
            && view.run(7, &ByteSet::DIGIT, 5).len() == 4 =>
        {
            11
        }
        _ => return None,
    };
    if glued(view.byte(-1))
        || !Compact::<9>::of(view.slice(0, usize::try_from(end).ok()?)).is_some_and(|id| ssn_issuable(id.bytes()))
    {
        return None;
    }
    let gap = i32::from(view.byte(end) == Some(b'-'));
    let suffix = view.byte(end + gap)?;
    let number = i32::from(view.byte(end + gap + 1).is_some_and(|b| matches!(b, b'1'..=b'9')));
    let last = end + gap + 1 + number;
    let whole =
        matches!(suffix, b'A' | b'B' | b'C' | b'D' | b'E' | b'F' | b'M' | b'T' | b'W') && !glued(view.byte(last));
    let known = medicare_before(view);
    let confidence = match (known, end) {
        (true, _) => 93,
        (false, 11) => 80,
        _ => return None,
    };
    (whole && last <= clamp(20)).then(|| Verdict::new(0, last, kinds::HEALTH_PLAN, confidence, "claim number"))
}

fn medicare_before(view: &View<'_>) -> bool {
    const WORDS: [&[u8]; 4] = [b"medicare", b"hic", b"claim", b"insur"];
    let before = view.before();
    context::hinted(view, hint::HEALTH_PLAN)
        || WORDS.iter().any(|word| before.windows(word.len()).any(|piece| piece.eq_ignore_ascii_case(word)))
}

/// What may stand before an identifier that stands alone.
const UNGLUED: ByteSet = ByteSet::ALL.but(ByteSet::ALNUM.or(ByteSet::of(b"-_")));

fn glued(byte: Option<u8>) -> bool {
    byte.is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{label, testing};

    #[test]
    fn cases() {
        testing::assert_cases(&HEALTH_PLAN);
    }

    #[test]
    fn the_table_and_the_triggers_agree() {
        label::assert_table(LABELS, &[], &HEALTH_PLAN.triggers);
    }

    #[test]
    fn a_field_of_that_name_needs_no_label() {
        testing::assert_field(&HEALTH_PLAN, hint::HEALTH_PLAN, "XKJ901234567");
        testing::assert_field(&HEALTH_PLAN, hint::HEALTH_PLAN, "1EG4-TE5-MK73");
        testing::assert_no_field(&HEALTH_PLAN, hint::HEALTH_PLAN, "Medicare");
        testing::assert_no_field(&HEALTH_PLAN, 0, "XKJ901234567");
    }

    #[test]
    fn total_and_within_its_window() {
        let words = ["member id", "1EG4-TE5-MK73", "123-45-6789A", "policy", "Medicare", "group no", "BCBS"];
        testing::assert_total(&HEALTH_PLAN, &words);
    }
}
