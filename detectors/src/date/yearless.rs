//! A month and a day without a year: a date only where something says so.

use blackbar_engine::View;

use super::context::{CONTEXT, NUMBERS, SCORES, WEEKDAYS};
use super::numeric::{after_word, ends, unit_follows};
use super::{Answer, is_day};
use crate::context::hinted;
use crate::fields::hint;
use crate::scan::{WordsBack, before, blanks, dash, digits, is_wordy, len, number};
use crate::words::category;

/// `3/14`: only where something says that it is a date.
pub(super) fn no_year(view: &View<'_>, first: &[u8], second: &[u8], end: i32, sign: u8) -> Answer {
    let (one, two) = (number(first), number(second));
    let american = is_day(one, two);
    if !(american || is_day(two, one)) || !ends(view, end, sign) {
        return None;
    }
    let text = before(view, 0);
    // A decimal number, unless a weekday stands before: `wed 10.22`.
    if sign == b'.' && american && two > 0 && behind_weekday(text) && !unit_follows(view, end) {
        return Some((end, 70, "month and day behind a weekday"));
    }
    if sign == b'.' || (view.byte(end) == Some(b'.') && view.byte(end + 1).is_some_and(|byte| byte.is_ascii_digit())) {
        return None;
    }
    let named = hinted(view, hint::DATE);
    if !named && unit_follows(view, end) {
        return None;
    }
    let last = WordsBack::new(text).next();
    // `d/c 11/1`: discharged.
    let left = text.len() > 4 && text.get(text.len() - 4..).is_some_and(|end| end.eq_ignore_ascii_case(b"d/c "));
    let direct = left
        || last.is_some_and(|back| {
            one_of!(back.word, CONTEXT)
                && back.gap.iter().all(|byte| b" \t\r\n:,.=(#/&".contains(byte))
                && back.gap.len() <= 4
        });
    if sign == b'-' {
        // `2-3` is a range nearly always.
        let strong = last
            .is_some_and(|back| one_of!(back.word, &["dob", "on", "dated", "since", "appt", "born", "seen", "until"]));
        let shaped =
            second.len() == 2 && american && !after_word(view, end).is_some_and(|word| one_of!(word, &["to", "of"]));
        if direct && strong && shaped || named {
            return Some((end, 70, "month and day in context"));
        }
        return (american && hyphened(view, text, first, second, end)).then_some((
            end,
            62,
            "month and day with a hyphen",
        ));
    }
    if named {
        return Some((end, 85, "month and day in a date field"));
    }
    // `by 1/2`, `to 1/2`: a fraction unless a month and a real day of two digits.
    let fraction =
        first.len() == 1 && second.len() == 1 && matches!((one, two), (1, 2..=8) | (2, 3) | (3, 4) | (5, 5) | (4, 5));
    let firm = last.is_some_and(|back| {
        const FIRM: &[&str] = &[
            "on",
            "since",
            "until",
            "till",
            "dated",
            "dob",
            "date",
            "appt",
            "appointment",
            "born",
            "seen",
            "admitted",
            "discharged",
            "scheduled",
            "due",
            "from",
            "by",
            "uploaded",
            "sync",
            "synced",
            "call",
        ];
        one_of!(back.word, FIRM)
    });
    // `blurry vision since 2/23` is a date, `pain on 7/10` a score: those out of five and ten stay with their words.
    let score = mentions!(text, SCORES, 6) && !(direct && american && (!matches!(two, 5 | 10) || one > two));
    // `ID band checked (Smith, 4/10)`.
    if american
        && view.byte(end) == Some(b')')
        && text.ends_with(b", ")
        && mentions!(text, &["verified", "checked", "confirmed"], 3)
    {
        return Some((end, 75, "month and day behind a person"));
    }
    // `(11/2, Dr. Lee)`.
    let capital = view.slice(end, 3);
    if american
        && one > two
        && text.ends_with(b"(")
        && matches!(capital, [b',', b' ', next] if next.is_ascii_uppercase())
    {
        return Some((end, 62, "month and day in brackets"));
    }
    if score {
        return None;
    }
    if american && direct && (!fraction || firm) {
        return Some((end, 85, "month and day in context"));
    }
    if !american && direct && firm && first.len() == 2 {
        return Some((end, 65, "day and month in context"));
    }
    if !american {
        return None;
    }
    // `3/14 at 10:30`, `3/14: WBC 12`, `3/14-3/18`.
    let behind = end + blanks(view, end, 1);
    let starts = matches!(text.last(), None | Some(b'[' | b'\n'));
    if (!fraction || direct || starts) && (clock_follows(view, end) || view.byte(behind) == Some(b'@')) {
        return Some((end, 75, "month and day before a time"));
    }
    // `extubated 12/31`, `Dr. Lee 8/31`: no fraction has such a denominator.
    let word = last.map_or(&[][..], |back| back.word);
    let done = word.len() > 4 && word.ends_with(b"ed") && direct_gap(text) && two > 6 && two != 10;
    let odd = two > 12
        && !matches!(two, 15 | 16 | 30)
        && !one_of!(word, &["pg", "page", "form", "sheet", "p", "slide", "line"]);
    if !fraction && (done || odd) && !one_of!(word, &["exp", "expires", "expiry", "valid"]) {
        return Some((end, 62, "month and day"));
    }
    // `(Smith, 4/17)`, `seen by Dr. Lee 9/6`: what closes a remark about who did something.
    let closes = !view.byte(end + blanks(view, end, 1)).is_some_and(|byte| byte.is_ascii_alphanumeric())
        || after_word(view, end).is_some_and(|word| one_of!(word, &["for", "at", "and", "with", "by"]));
    let remark = view.byte(end) == Some(b')') && text.ends_with(b", ");
    let doer = mentions!(text, &["dr", "doctor", "by", "scheduled", "rescheduled"], 4)
        && !text.trim_ascii_end().ends_with(b".");
    let out_of = matches!(two, 5 | 10) && one <= two;
    if closes && !out_of && (remark && !fraction || doer) {
        return Some((end, 62, "month and day behind a person"));
    }
    if ranged(view, end) || range_before(view, text) {
        return Some((end, 75, "range of dates"));
    }
    let line_start = text.iter().rev().find(|byte| !b" \t-*(".contains(byte)).is_none_or(|byte| *byte == b'\n');
    if line_start && view.byte(end) == Some(b':') && !fraction {
        return Some((end, 70, "month and day at the start of a line"));
    }
    if one_of!(word, &["exp", "expires", "expiry", "valid", "thru"]) {
        // The month and year of a card.
        return None;
    }
    // `UVC out 4/2,`, `BCx 1/11 NGTD`: no fraction, no score that is common.
    let improper = one > two || matches!(two, 9 | 11 | 12) && !fraction;
    let counted = one_of!(
        word,
        &[
            "page",
            "visit",
            "cycle",
            "session",
            "of",
            "form",
            "step",
            "week",
            "day",
            "dose",
            "part",
            "type",
            "grade",
            "stage",
            "class",
            "level",
            "than",
            "ratio",
            "times",
            "x",
            "only",
            "scored",
            "item",
            "items",
            "a",
            "b",
            "is",
            "and",
            "or",
            "to",
            "the",
            "about",
            "with",
            "every",
            "per",
            "bp",
            "gen",
            "size",
            "no",
            "number",
            "apgar",
            "apgars",
            "sat",
            "sats",
            "bipap",
            "cpap",
            "pg",
            "peep",
            "ps",
            "palpitations",
            "tol",
            "tolerating",
            "abg",
            "vbg",
            "on",
        ],
    );
    let ended = match view.byte(end) {
        None => true,
        Some(b' ') => {
            let more = after_word(view, end).unwrap_or_default();
            more.len() > 1
                && !one_of!(
                    more,
                    &[
                        "of",
                        "months",
                        "weeks",
                        "nights",
                        "diet",
                        "days",
                        "full",
                        "bilaterally",
                        "throughout",
                        "in",
                        "on",
                        "to",
                        "or"
                    ]
                )
        }
        Some(byte) => b",.;)]\n\r|\t".contains(&byte),
    };
    if improper && ended && direct_gap(text) && word.len() > 1 && !counted {
        return Some((end, 56, "month and day"));
    }
    if !out_of && (!counted || last.is_some_and(|back| back.gap.len() > 2)) {
        let parted = ended || view.byte(end) == Some(b'?') || view.slice(end, 2) == b"  ";
        if let Some(reason) = placed(view, text, end, improper || two > 12 && !matches!(two, 15 | 16 | 30), fraction)
            && parted
        {
            return Some((end, 58, reason));
        }
        // `Boise 9/15.`: behind a name or a place.
        let named = last.is_some_and(|back| {
            matches!(back.gap, b" " | b", ")
                && back.word.len() > 2
                && matches!(back.word, [first, rest @ ..] if first.is_ascii_uppercase() && rest.iter().all(u8::is_ascii_lowercase))
                && view.bits(back.word) & (category::ANY_NAME | category::CITY) != 0
                && view.bits(back.word) & (category::CLINICAL | category::DRUG) == 0
        });
        if named && parted && !fraction && (improper || two > 10) {
            return Some((end, 58, "month and day behind a name"));
        }
    }
    let padded = first.first() == Some(&b'0') || (second.first() == Some(&b'0') && second.len() == 2);
    if padded && second.len() == 2 {
        return Some((end, 65, "padded month and day"));
    }
    None
}

/// `5-10   0900`, `adm 5-9 2140`, `sched 06-27`: a month and a day where a range of numbers would not stand.
fn hyphened(view: &View<'_>, text: &[u8], first: &[u8], second: &[u8], end: i32) -> bool {
    const NOUNS: &[&str] = &["to", "of", "x", "q", "per", "or", "and", "in", "on", "more", "fold", "point"];
    if text.last().is_some_and(|byte| !b" \t\n([|".contains(byte)) {
        return false;
    }
    let next = after_word(view, end).unwrap_or_default();
    if one_of!(next, NOUNS) || view.byte(end).is_some_and(|byte| byte >= 0x80 || byte == b'-' || byte == b'/') {
        return false;
    }
    let numbered = nearest!(text, NUMBERS, &[], 2).is_some() || mentions!(text, SCORES, 3);
    if numbered {
        return false;
    }
    let padded = first.first() == Some(&b'0') && second.len() == 2;
    let line = text.iter().rev().find(|byte| **byte != b' ').is_none_or(|byte| *byte == b'\n');
    let wide = view.slice(end, 2) == b"  " || view.byte(end) == Some(b'\t');
    let last = WordsBack::new(text).next().filter(|back| matches!(back.gap, b" " | b": " | b", "));
    let said = last.is_some_and(|back| {
        one_of!(
            back.word,
            &[
                "adm",
                "admit",
                "admitted",
                "admission",
                "return",
                "rtc",
                "rtn",
                "sched",
                "scheduled",
                "appt",
                "due",
                "seen",
                "sent",
                "received",
                "rcvd",
                "dc",
                "discharge",
                "discharged",
                "dated",
                "thru",
                "until",
                "since",
                "surgery",
                "visit",
                "call",
                "daily",
                "filled",
                "started"
            ]
        )
    });
    padded
        || line && wide
        || said && (second.len() == 2 || number(first) > number(second))
        || clock_follows(view, end) && !matches!(view.byte(end), Some(b'.' | b','))
}

/// Where a month and a day stand without a word: behind a time, in a cell, in brackets, at the start of a line, behind
/// another date.
fn placed(view: &View<'_>, text: &[u8], end: i32, shaped: bool, fraction: bool) -> Option<&'static str> {
    if matches!(text, [.., b':', a, b, b' '] if a.is_ascii_digit() && b.is_ascii_digit()) {
        return Some("month and day behind a time");
    }
    let opens = matches!(text, [.., b' ', b' '] | [.., b'\t' | b'|' | b'\n'] | [.., b'|', b' '] | []);
    let closes = view.slice(end, 2) == b"  " || matches!(view.byte(end), None | Some(b'\t' | b'|' | b'\n' | b'\r'));
    if shaped && opens && closes {
        return Some("month and day in a cell");
    }
    if shaped && text.ends_with(b"(") && matches!(view.byte(end), Some(b',' | b')')) {
        return Some("month and day in brackets");
    }
    let line = text.iter().rev().find(|byte| !b" *".contains(byte)).is_none_or(|byte| *byte == b'\n');
    let lettered = view.byte(end) == Some(b' ') && view.byte(end + 1).is_some_and(|byte| byte.is_ascii_alphabetic());
    if shaped && line && lettered && text.len() > 1 {
        return Some("month and day at the start of a line");
    }
    (!fraction && behind_date(text)).then_some("month and day behind a date")
}

/// Whether one more date ends shortly before, on the same line: `d3 4/22, d7 4/26, d14`.
fn behind_date(text: &[u8]) -> bool {
    let line = text.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.get(line.len().saturating_sub(28)..).unwrap_or_default();
    let mut parts = line.split(|byte| !byte.is_ascii_digit() && *byte != b'/');
    parts.any(|part| {
        let mut numbers = part.split(|byte| *byte == b'/');
        let (Some(one), Some(two)) = (numbers.next(), numbers.next()) else { return false };
        let year = numbers.next().is_some_and(|year| matches!(year.len(), 2 | 4));
        let short = matches!(one.len(), 1 | 2) && matches!(two.len(), 1 | 2) && is_day(number(one), number(two));
        short && (year || number(two) > 12 && !matches!(number(two), 15 | 16 | 30))
    })
}

/// Whether a weekday stands right before.
fn behind_weekday(text: &[u8]) -> bool {
    WordsBack::new(text).next().is_some_and(|back| back.gap == b" " && one_of!(back.word, WEEKDAYS))
}

/// Whether one blank parts the end of `text` from its last word.
fn direct_gap(text: &[u8]) -> bool {
    matches!(text, [.., byte, b' ' | b'\n'] if byte.is_ascii_alphabetic())
}

/// Whether a clock time follows: ` at 10:30`, ` 9 am`, ` noon`.
pub(super) fn clock_follows(view: &View<'_>, at: i32) -> bool {
    let mut here = at + blanks(view, at, 2);
    let word = view.word(here);
    if one_of!(word, &["noon", "midnight"]) {
        return true;
    }
    if word.eq_ignore_ascii_case(b"at") {
        here += 2 + blanks(view, here + 2, 1);
    }
    let hours = digits(view, here, 5);
    let behind = here + len(hours);
    let stands = !view.byte(behind).is_some_and(|byte| is_wordy(byte) || b"/-.%:".contains(&byte));
    let four = hours.len() == 4
        && number(hours) < 2400
        && number(hours) % 100 < 60
        && (hours.first() == Some(&b'0') || !unit_follows(view, behind))
        && stands;
    let military =
        four || hours.len() == 4 && one_of!(view.word(behind + blanks(view, behind, 1)), &["hrs", "hours", "h"]);
    here > at && (military || digits(view, here, 2).len() == clock_digits(view, here))
}

/// How many digits a clock time has before its colon at `at`; more than can be read when there is none.
fn clock_digits(view: &View<'_>, at: i32) -> usize {
    let hour = digits(view, at, 2);
    let timed = !hour.is_empty() && number(hour) < 25;
    let colon = view.byte(at + len(hour)) == Some(b':');
    let noon = after_word(view, at + len(hour)).is_some_and(|word| one_of!(word, &["am", "pm", "a", "p"]));
    if timed && (colon || noon) { hour.len() } else { usize::MAX }
}

/// `-3/18` or ` to 3/18` at `at`.
fn ranged(view: &View<'_>, at: i32) -> bool {
    let mut next = at + blanks(view, at, 1);
    let width = match view.slice(next, 3) {
        [0xe2, 0x86, 0x92] => 3,
        [b'-', b'>', ..] => 2,
        bytes => dash(bytes),
    };
    if width > 0 {
        next += i32::try_from(width).unwrap_or(0);
    } else if let Some(word) = after_word(view, at).filter(|word| one_of!(word, &["to", "thru", "through", "until"])) {
        next += len(word);
    } else {
        return false;
    }
    next += blanks(view, next, 1);
    let one = digits(view, next, 3);
    let slash = next + len(one);
    let two = if view.byte(slash) == Some(b'/') { digits(view, slash + 1, 3) } else { &[] };
    one.len() < 3 && two.len() < 3 && is_day(number(one), number(two)) && !parts_of_one(view, two)
}

/// Whether the other end of a range has the same small number behind its slash: `3/5-4/5` grades a muscle.
fn parts_of_one(view: &View<'_>, other: &[u8]) -> bool {
    let first = digits(view, 0, 3);
    let second = digits(view, len(first) + 1, 3);
    number(second) == number(other) && matches!(number(other), 2..=6 | 8 | 10)
}

/// Whether a month and day with a dash behind end `text`.
fn range_before(view: &View<'_>, text: &[u8]) -> bool {
    let text = text.trim_ascii_end();
    let joints = ["->", "-", "–", "→"];
    let head = joints.iter().find_map(|joint| text.strip_suffix(joint.as_bytes()));
    let text = head.unwrap_or_default().trim_ascii_end();
    let day = text.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let Some((head, two)) = text.split_at_checked(text.len() - day) else { return false };
    let Some(head) = head.strip_suffix(b"/") else { return false };
    let digits = head.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let Some(one) = head.get(head.len() - digits..) else { return false };
    one.len() < 3 && two.len() < 3 && is_day(number(one), number(two)) && !parts_of_one(view, two)
}
