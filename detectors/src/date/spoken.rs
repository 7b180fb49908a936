//! Dates as they are dictated: `nine slash six`, `oh seven, twenty-two, nineteen sixty`, `seven december twenty twenty`;
//! and the day of a month alone: `on the nineteenth`, `Tues the 5th`.

use blackbar_engine::{ByteSet, Near, Unseen, View};

use super::context::WEEKDAYS;
use super::words::{ordinal, spelled_year};
use super::{Answer, is_day, month};
use crate::scan::{WordsBack, before, blanks, len};

/// The words that a month in numbers begins with.
pub(super) const FIRST: &[&str] =
    &["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "oh", "zero"];
const ONES: &[&str] = &["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
const TEENS: &[&str] =
    &["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"];
const TENS: &[&str] = &["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
/// Days of a month, or their first words.
const ORDINALS: &[&str] = &[
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
    "thirtieth",
];
/// Words that make a date of numbers that follow.
const BIRTH: &[&str] = &["dob", "birth", "birthday", "birthdate", "born", "bday"];

/// A glance at the first word: another number, a sign or a month follows.
pub(super) fn glance(near: &Near<'_>) -> Result<bool, Unseen> {
    Ok(near.next(1)?.is_some_and(|(_, next)| {
        let word = next.letters;
        one_of!(word, ONES)
            || one_of!(word, TEENS)
            || one_of!(word, TENS)
            || one_of!(word, &["slash", "stroke", "oh", "zero"])
            || one_of!(word, ORDINALS)
            || month(word).is_some()
    }))
}

/// A date that begins with a number in words.
pub(super) fn verify(view: &View<'_>) -> Answer {
    if let Some(answer) = day_and_month(view) {
        return Some(answer);
    }
    let (one, after) = small(view, 0)?;
    let (slash, from) = joint(view, after)?;
    let born = birth_before(before(view, 0));
    let (two, mut end) = small(view, from)?;
    if !is_day(one, two) {
        return None;
    }
    let third = joint(view, end).filter(|(again, _)| *again == slash);
    let year = third.and_then(|(_, at)| {
        // The gap before a year of four digits in words is one byte at least.
        spelled_year(view, at - 1).map(|end| (end, true)).or_else(|| short_year(view, at).map(|end| (end, false)))
    });
    let confidence = match year {
        Some((at, full)) if full || slash || born => {
            end = at;
            85
        }
        None if slash => 75,
        _ => return None,
    };
    Some((end, confidence, "date in words"))
}

/// `seven december twenty twenty two`.
fn day_and_month(view: &View<'_>) -> Answer {
    let (day, after) = small(view, 0)?;
    let word = view.word(after + 1);
    let month = month(word).filter(|month| view.byte(after) == Some(b' ') && is_day(*month, day))?;
    let end = after + 1 + len(word);
    let full = word.len() > 3 && month != 5;
    let year = spelled_year(view, end);
    (full || year.is_some()).then_some((year.unwrap_or(end), 80, "day and month in words"))
}

/// The end of a day or a year in words behind a month: `three twenty twenty four`, `ninety four`.
pub(super) fn behind_month(view: &View<'_>, at: i32, month: u32, doubtful: bool) -> Option<i32> {
    if let Some((day, end)) = small(view, at)
        && is_day(month, day)
    {
        let year = spelled_year(view, end);
        let bare = !doubtful && !matches!(month, 3 | 5) && !one_of!(view.word(end + 1), super::UNITS);
        return year.or_else(|| bare.then_some(end));
    }
    let word = view.word(at);
    let old = one_of!(word, &["forty", "fifty", "sixty", "seventy", "eighty", "ninety"]);
    short_year(view, at).filter(|end| old && !doubtful && end - at > len(word))
}

/// A number from one to thirty-one at `at`, and where it ends.
fn small(view: &View<'_>, at: i32) -> Option<(u32, i32)> {
    let place = |set: Option<usize>, first: u32| set.and_then(|place| u32::try_from(place).ok()).map(|n| n + first);
    let ones = |word: &[u8]| place(word_set!(ONES).find(word), 1);
    let word = view.word(at);
    let end = at + len(word);
    if one_of!(word, &["oh", "zero"]) {
        let next = view.word(end + 1);
        return ones(next).map(|n| (n, end + 1 + len(next)));
    }
    if let Some(n) = ones(word).or_else(|| place(word_set!(TEENS).find(word), 10)) {
        return Some((n, end));
    }
    if let Some((n, end)) = ordinal(view, at) {
        return Some((n, end));
    }
    let tens = match word {
        _ if word.eq_ignore_ascii_case(b"twenty") => 20,
        _ if word.eq_ignore_ascii_case(b"thirty") => 30,
        _ => return None,
    };
    let next = if matches!(view.byte(end), Some(b' ' | b'-')) { view.word(end + 1) } else { &[] };
    match ones(next).filter(|n| tens + n <= 31) {
        Some(n) => Some((tens + n, end + 1 + len(next))),
        None => Some((tens, end)),
    }
}

/// What parts two numbers of a date: a blank, a comma, `slash`. Whether it was said, and where the next one begins.
fn joint(view: &View<'_>, at: i32) -> Option<(bool, i32)> {
    const BETWEEN: ByteSet = ByteSet::of(b" ,-\n");
    let from = at + len(view.run(at, &BETWEEN, 2));
    let word = view.word(from);
    if from > at && one_of!(word, &["slash", "stroke"]) {
        let behind = from + len(word);
        return Some((true, behind + len(view.run(behind, &BETWEEN, 2))));
    }
    (from > at).then_some((false, from))
}

/// The end of a year of two digits in words: `sixty-two`, `oh five`, `ninety`.
pub(super) fn short_year(view: &View<'_>, at: i32) -> Option<i32> {
    let word = view.word(at);
    let end = at + len(word);
    let next = if matches!(view.byte(end), Some(b' ' | b'-')) { view.word(end + 1) } else { &[] };
    let ones = one_of!(next, ONES);
    match () {
        () if one_of!(word, &["oh", "zero"]) => ones.then_some(end + 1 + len(next)),
        () if one_of!(word, TENS) => Some(if ones { end + 1 + len(next) } else { end }),
        () if one_of!(word, TEENS) => Some(end),
        () => None,
    }
}

/// Whether a birth is spoken of right before: `d o b`, `date of birth`.
fn birth_before(text: &[u8]) -> bool {
    let mut letters = [0_u8; 3];
    WordsBack::new(text).take(8).any(|back| {
        if let [letter] = back.word {
            letters = [letter.to_ascii_lowercase(), letters[0], letters[1]];
        }
        letters == *b"dob" || one_of!(back.word, BIRTH)
    })
}

/// The day of a month alone, as an ordinal that ends at `end`: `on the nineteenth`, `Tues the 5th`.
pub(super) fn day_alone(view: &View<'_>, day: u32, end: i32, figures: bool) -> Answer {
    const BEFORE: &[&str] =
        &["on", "for", "by", "until", "till", "til", "thru", "since", "home", "today", "tomorrow", "yesterday"];
    if !(1..=31).contains(&day) {
        return None;
    }
    let text = before(view, 0);
    let head = text.len().checked_sub(4).and_then(|at| text.split_at_checked(at));
    let (head, the) = head.filter(|(_, the)| the.eq_ignore_ascii_case(b"the ")).unzip();
    the?;
    let back = WordsBack::new(head?).next()?;
    let close = matches!(back.gap, b" " | b", ");
    let weekday = one_of!(back.word, WEEKDAYS);
    let placed = one_of!(back.word, BEFORE) && (figures || day > 3)
        || one_of!(back.word, &["from"]) && day > 5
        || one_of!(back.word, &["is", "was", "s"])
            && figures
            && mentions!(head?, &["day", "date", "appt", "appointment"], 3);
    if !close || !(weekday || placed) {
        return None;
    }
    // A noun behind it is counted: `on the 5th day`, `the third floor`.
    let open = match view.byte(end) {
        None | Some(b'.' | b',' | b';' | b'?' | b'!' | b')' | b':' | b'\n' | b'\r') => true,
        Some(b' ') => {
            let next = view.word(end + blanks(view, end, 2));
            next.is_empty() && !view.byte(end + 1).is_some_and(|byte| matches!(byte, b'/' | b'%'))
                || one_of!(
                    next,
                    &[
                        "at", "with", "and", "for", "under", "period", "comma", "then", "but", "so", "i", "we", "he",
                        "she", "they", "because", "when", "if", "please", "after", "before", "tho", "though", "per",
                        "due", "via", "instead", "right", "just", "around", "about", "unless", "since", "while",
                        "thanks", "noon"
                    ]
                )
                || weekday && next.first().is_some_and(u8::is_ascii_uppercase)
        }
        Some(byte) => byte >= 0x80,
    };
    let counted = mentions!(text, &["percentile", "floor", "rib", "toe", "finger", "grade", "digit", "row"], 6);
    (open && !counted).then_some((end, if weekday { 85 } else { 70 }, "ordinal alone"))
}
