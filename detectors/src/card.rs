//! Payment cards.

use std::borrow::Cow;

use blackbar_engine::{ByteSet, Detector, DigitRun, Reach, Trigger, Verdict, Verify, View, Window};

use crate::checks::{Compact, card};
use crate::context;
use crate::fields::hint;
use crate::kinds;
use crate::label::{Label, in_field, label, labelled};
use crate::shape::{Shape, clamp};

/// Card numbers: by issuer range, length and check digit together, or behind a label; masked ones and last fours.
pub static CARD: Detector = Detector {
    id: Cow::Borrowed("payment-card"),
    kind: kinds::CARD,
    class: Cow::Borrowed("J"),
    priority: 60,
    window: Window { before: 24, longest: 128, after: 8 },
    reach: Reach::NONE,
    triggers: Cow::Borrowed(&[
        Trigger::Number(
            DigitRun::of_lens(4, 4).or_lens(6, 6).first(b"234568").after(ByteSet::of(b" -")).or_hinted(hint::CARD),
        ),
        Trigger::Number(DigitRun::of_lens(13, 19).first(b"234568").after(ByteSet::ALL.but(ByteSet::ALNUM))),
        Trigger::Words(&[
            "card",
            "creditcard",
            "cardnumber",
            "ccn",
            "cc",
            "pan",
            "visa",
            "mastercard",
            "amex",
            "american",
            "discover",
            "debit",
            "hsa",
            "fsa",
        ]),
        Trigger::Field(hint::CARD),
    ]),
    verify: Verify::Pure(verify),
    teaches: false,
    takes: Cow::Borrowed(
        "13 to 19 digits of an issuer's range and length that pass Luhn, grouped or not; labelled ones that fail it; \
         masked numbers and the last four behind a label",
    ),
    refuses: Cow::Borrowed("other long numbers: time stamps, tracking numbers, concept ids, parts of longer numbers"),
};

const NUMBER: Shape = Shape::digits(13, 19).inner(b"- ").masked();

static LABELS: &[Label] = &[
    label("american express", NUMBER, 90),
    label("amex", NUMBER, 90),
    label("card", NUMBER, 90),
    label("cardnumber", NUMBER, 92),
    label("cc", NUMBER, 88),
    label("ccn", NUMBER, 90),
    label("creditcard", NUMBER, 92),
    label("debit", NUMBER, 88),
    label("discover", NUMBER, 88),
    label("fsa", NUMBER, 88),
    label("hsa", NUMBER, 88),
    label("mastercard", NUMBER, 90),
    label("pan", NUMBER, 88),
    label("visa", NUMBER, 90),
];

fn verify(view: &View<'_>) -> Option<Verdict> {
    if view.byte(0)?.is_ascii_digit() {
        return bare(view).or_else(|| field(view));
    }
    if let Some(found) = labelled(view, LABELS) {
        let valid = Compact::<19>::of(found.bytes(view)).is_some_and(|number| card(number.bytes()));
        let (confidence, reason) = if valid { (98, "check digit") } else { (found.confidence.min(80), "label") };
        return Some(Verdict::new(found.start, found.value.end, kinds::CARD, confidence, reason));
    }
    last_four(view).or_else(|| field(view))
}

fn field(view: &View<'_>) -> Option<Verdict> {
    const FIELD: Shape = Shape::digits(4, 19).inner(b"- ").masked();
    let found = in_field(view, hint::CARD, &FIELD)?;
    Some(Verdict::new(found.start, found.value.end, kinds::CARD, found.confidence, "field"))
}

/// A number that shows by itself what it is.
fn bare(view: &View<'_>) -> Option<Verdict> {
    // Every issuer range starts with one of these; most numbers end here.
    if !matches!(view.byte(0)?, b'2'..=b'6' | b'8') || view.run(0, &ByteSet::DIGIT, 4).len() < 4 {
        return None;
    }
    let joined = match view.byte(-1) {
        Some(b) if b.is_ascii_alphanumeric() || matches!(b, b'_' | b'+' | b'$' | b')') => true,
        Some(b'-' | b'.' | b'/' | b',') => view.byte(-2).is_some_and(|b| b.is_ascii_alphanumeric()),
        _ => false,
    };
    if joined {
        return None;
    }
    let (end, groups) = grouped_digits(view)?;
    let number = Compact::<19>::of(view.slice(0, usize::try_from(end).ok()?))?;
    if !card(number.bytes()) || !well_grouped(&groups) {
        return None;
    }
    let confidence = match (context::hinted(view, hint::CARD), groups[1] > 0) {
        (true, _) => 97,
        (_, true) => 90,
        // A bare number of a card's length passes range and check about once in a hundred.
        (_, false) => 75,
    };
    Some(Verdict::new(0, end, kinds::CARD, confidence, "issuer range and check digit"))
}

/// The end and the group sizes of digits with one kind of separator, a blank or a hyphen.
fn grouped_digits(view: &View<'_>) -> Option<(i32, [usize; 5])> {
    let mut groups = [0; 5];
    let mut end = 0;
    let mut mark = None;
    for size in &mut groups {
        let run = view.run(end, &ByteSet::DIGIT, 20).len();
        *size = run;
        end += clamp(run);
        let next = view.byte(end);
        let goes_on = matches!(next, Some(b' ' | b'-'))
            && mark.is_none_or(|mark| Some(mark) == next)
            && view.byte(end + 1).is_some_and(|b| b.is_ascii_digit())
            && (2..=6).contains(&run);
        if !goes_on {
            let joined = match next {
                Some(b) if b.is_ascii_alphanumeric() || b == b'_' => true,
                Some(b'.' | b'-' | b'/') => view.byte(end + 1).is_some_and(|b| b.is_ascii_alphanumeric()),
                _ => false,
            };
            return (!joined && (13..=23).contains(&end)).then_some((end, groups));
        }
        mark = next;
        end += 1;
    }
    None
}

fn well_grouped(groups: &[usize; 5]) -> bool {
    matches!(
        groups,
        [13..=19, 0, ..]
            | [4, 4, 4, 4, 0..=3]
            | [4, 6, 5, 0, 0]
            | [4, 6, 4, 0, 0]
            | [4, 4, 4, 1, 0]
            | [4, 4, 5, 0, 0]
            | [4, 4, 4, 2 | 3, 0]
            | [4, 3, 3, 3, 0]
            | [6, 13, 0, 0, 0]
    )
}

/// `card ending in 1234`, `Visa x1234`.
fn last_four(view: &View<'_>) -> Option<Verdict> {
    let word = view.word(0);
    const WORDS: &[&str] = &["card", "creditcard", "visa", "mastercard", "amex", "discover", "debit", "hsa", "fsa"];
    if !one_of!(word, WORDS) || context::coded(view) {
        return None;
    }
    let mut at = clamp(word.len());
    let mut ending = false;
    let mut masks = 0;
    while at < 64 {
        match view.byte(at)? {
            b' ' | b':' | b'(' | b'-' | b'.' | b'#' | b')' => at += 1,
            b'*' => {
                masks += 1;
                at += 1;
            }
            0xe2 if view.slice(at, 3) == "•".as_bytes() => {
                masks += 1;
                at += 3;
            }
            b'4' if ending && view.byte(at + 1).is_some_and(|b| matches!(b, b' ' | b')' | b':')) => at += 1,
            byte if byte.is_ascii_digit() => break,
            _ => {
                let next = view.word(at);
                if next.iter().all(|b| matches!(b, b'x' | b'X')) && !next.is_empty() {
                    masks += next.len();
                } else if one_of!(next, &["ending", "ends", "last", "four", "lastfour"]) {
                    ending = true;
                } else if !one_of!(next, &["in", "with", "card", "digits", "no", "number", "on", "file", "credit"]) {
                    return None;
                }
                at += clamp(next.len());
            }
        }
    }
    let ends = !view.byte(at + 4).is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'/' | b'%'));
    let four = view.run(at, &ByteSet::DIGIT, 5).len() == 4;
    let labelled = ending || (masks >= 1 && !one_of!(word, &["discover"]));
    (four && ends && labelled).then(|| Verdict::new(at, at + 4, kinds::CARD, 75, "last four"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{label, testing};

    #[test]
    fn cases() {
        testing::assert_cases(&CARD);
    }

    #[test]
    fn the_table_and_the_triggers_agree() {
        label::assert_table(LABELS, &[], &CARD.triggers);
    }

    #[test]
    fn a_field_of_that_name_needs_no_check() {
        testing::assert_field(&CARD, hint::CARD, "4111111111111112");
        testing::assert_field(&CARD, hint::CARD, "4111 1111 1111 1111");
        testing::assert_no_field(&CARD, 0, "4111111111111112");
    }

    #[test]
    fn total_and_within_its_window() {
        testing::assert_total(&CARD, &["card", "visa", "4111 1111 1111 1111", "ending in", "378282246310005"]);
    }
}
