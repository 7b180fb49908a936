//! Seasons and holidays: days that have a name.

use blackbar_engine::{ByteSet, Near, Unseen, View};

use super::{Answer, is_year};
use crate::scan::{WordsBack, before, blanks, digits, is_wordy, len, number};

pub(super) const SEASONS: &[&str] = &["spring", "summer", "fall", "autumn", "winter"];
/// Words that make a holiday with `Day` only.
const DAYS: &[&str] = &["labor", "memorial", "independence", "veterans", "presidents", "columbus", "mlk", "groundhog"];
/// Holidays of one word that is hardly anything else.
const SINGLE: &[&str] = &[
    "christmas",
    "thanksgiving",
    "easter",
    "halloween",
    "hanukkah",
    "ramadan",
    "passover",
    "juneteenth",
    "diwali",
    "kwanzaa",
    "nowruz",
];
const BEFORE_HOLIDAY: &[&str] = &[
    "on", "since", "before", "after", "until", "around", "last", "over", "by", "at", "near", "this", "past", "for",
    "through", "during", "next", "till", "til", "thru", "from", "onset", "it", "s",
];
/// The first words of holidays of several words.
pub(super) const PAIRED: &[&str] = &[
    "rosh",
    "yom",
    "mardi",
    "good",
    "palm",
    "ash",
    "leap",
    "boxing",
    "fathers",
    "father",
    "mothers",
    "mother",
    "st",
    "saint",
    "patrick",
    "patricks",
    "bastille",
    "cinco",
    "indigenous",
    "canada",
    "eid",
    "lunar",
];
/// Those of several words, each with its second word.
const PAIRS: &[(&str, &[&str])] = &[
    ("rosh", &["hashanah", "hashana"]),
    ("yom", &["kippur"]),
    ("mardi", &["gras"]),
    ("good", &["friday"]),
    ("palm", &["sunday"]),
    ("ash", &["wednesday"]),
    ("leap", &["day"]),
    ("boxing", &["day"]),
    ("fathers", &["day"]),
    ("father", &["day"]),
    ("mothers", &["day"]),
    ("mother", &["day"]),
    ("patrick", &["day"]),
    ("patricks", &["day"]),
    ("bastille", &["day"]),
    ("canada", &["day"]),
    ("cinco", &["de"]),
    ("eid", &["al", "ul"]),
];

/// A glance at the first word of a holiday of several words: its second word follows, perhaps behind `'s`.
pub(super) fn glance(near: &Near<'_>) -> Result<bool, Unseen> {
    const SECOND: &[&str] = &[
        "hashanah",
        "hashana",
        "kippur",
        "gras",
        "friday",
        "sunday",
        "wednesday",
        "day",
        "de",
        "al",
        "ul",
        "s",
        "patrick",
        "patricks",
        "peoples",
        "new",
    ];
    Ok(near.next(1)?.is_some_and(|(_, next)| one_of!(next.letters, SECOND)))
}

/// `Rosh Hashanah`, `Father's Day`, `St. Patrick's Day 2024`.
pub(super) fn paired(view: &View<'_>, word: &[u8]) -> Answer {
    let mut first = word;
    let mut at = len(word);
    if one_of!(word, &["st", "saint"]) {
        at += i32::from(view.byte(at) == Some(b'.'));
        at += blanks(view, at, 1);
        first = view.word(at);
        if !one_of!(first, &["patrick", "patricks"]) {
            return None;
        }
        at += len(first);
    }
    let mut end = possessive(view, at);
    let gap = blanks(view, end, 1);
    let second = view.word(end + gap);
    let fits = PAIRS.iter().any(|(one, two)| {
        first.eq_ignore_ascii_case(one.as_bytes()) && two.iter().any(|two| second.eq_ignore_ascii_case(two.as_bytes()))
    });
    // `Father's Day`, not `the father day`; `good friday` in small letters is no more than a wish.
    let bare = one_of!(first, &["father", "mother", "patrick"]) && end == at;
    let meek = one_of!(first, &["good", "leap", "ash", "palm"]) && first.first().is_some_and(u8::is_ascii_lowercase);
    if !fits || gap == 0 || bare || meek {
        return None;
    }
    end += gap + len(second);
    if one_of!(second, &["de", "al", "ul"]) {
        let joined = end + i32::from(matches!(view.byte(end), Some(b' ' | b'-')));
        let third = view.word(joined);
        if !one_of!(third, &["mayo", "fitr", "adha"]) {
            return None;
        }
        end = joined + len(third);
    }
    if one_of!(view.word(end + 1), &["eve"]) && view.byte(end) == Some(b' ') {
        end += 4;
    }
    let behind = end + len(view.run(end, &ByteSet::of(b" ,"), 2));
    Some((year(view, behind).unwrap_or(end), 72, "holiday"))
}

/// One past `'s` at `at`.
fn possessive(view: &View<'_>, at: i32) -> i32 {
    match view.slice(at, 4) {
        [b'\'', b's' | b'S', ..] => at + 2,
        [0xe2, 0x80, 0x99, b's' | b'S'] => at + 4,
        _ => at,
    }
}

/// `summer of 2023`, `Fall 2022`.
pub(super) fn season(view: &View<'_>, word: &[u8]) -> Answer {
    let mut at = len(word);
    at += blanks(view, at, 1);
    if view.word(at).eq_ignore_ascii_case(b"of") {
        at += 2 + blanks(view, at + 2, 1);
    }
    year(view, at).map(|end| (end, 85, "season and year"))
}

/// `Christmas 2023`; `on Thanksgiving`.
pub(super) fn holiday(view: &View<'_>, word: &[u8]) -> Answer {
    let mut end = len(word);
    let fresh = word.eq_ignore_ascii_case(b"new");
    if fresh {
        // `new years eve`, `New Year's Day`.
        let year = view.word(end + 1);
        if view.byte(end) != Some(b' ') || !one_of!(year, &["year", "years"]) {
            return None;
        }
        end += 1 + len(year);
        end += if matches!(view.slice(end, 2), b"'s" | b"'S") { 2 } else { 0 };
        end += if view.slice(end, 4) == "’s".as_bytes() { 4 } else { 0 };
    }
    let at = end + blanks(view, end, 1);
    let next = view.word(at);
    let day = one_of!(next, &["day", "eve"]);
    if day {
        end = at + len(next);
    }
    if fresh {
        let closes = view.byte(end).is_none_or(|byte| byte != b' ') || !is_wordy(view.byte(end + 1).unwrap_or(b' '));
        let placed = placed(view) && (closes || one_of!(view.word(end + 1), &["and", "but", "man", "with", "when"]));
        return (day || placed).then_some((
            year(view, end + blanks(view, end, 1)).unwrap_or(end),
            75,
            "turn of the year",
        ));
    }
    // `labor` and `memorial` are no holidays alone.
    let named_day = one_of!(word, DAYS) && day && end > len(word);
    if one_of!(word, DAYS) && !named_day {
        return None;
    }
    let shouted = next.first().is_some_and(u8::is_ascii_uppercase);
    if one_of!(word, &["labor"]) && !shouted {
        return None;
    }
    // `Easter Sunday`.
    if one_of!(word, &["easter"]) && one_of!(next, &["sunday", "monday"]) {
        end = at + len(next);
    }
    let mut at = end + len(view.run(end, &ByteSet::of(b" ,"), 2));
    if view.word(at).eq_ignore_ascii_case(b"of") {
        at += 2 + blanks(view, at + 2, 1);
    }
    if let Some(end) = year(view, at) {
        return Some((end, 88, "holiday and year"));
    }
    // `valentine's day`.
    let possessive = possessive(view, len(word));
    let next = possessive + blanks(view, possessive, 1);
    if one_of!(word, &["valentine", "valentines"]) && one_of!(view.word(next), &["day"]) && next > possessive {
        return Some((next + 3, 72, "holiday"));
    }
    if named_day && shouted {
        return Some((end, 65, "holiday"));
    }
    let capital = word.first().is_some_and(u8::is_ascii_uppercase);
    let more = view.byte(end) == Some(b' ') && view.byte(end + 1).is_some_and(|byte| byte.is_ascii_uppercase());
    let known = capital || one_of!(word, SINGLE) || named_day;
    let more = more && view.byte(end + 2).is_some_and(|byte| byte.is_ascii_lowercase());
    (known && placed(view) && !more && !one_of!(word, SEASONS)).then_some((end, 65, "holiday behind a preposition"))
}

/// Whether a word right before places what follows in time.
fn placed(view: &View<'_>) -> bool {
    WordsBack::new(before(view, 0)).next().is_some_and(|back| one_of!(back.word, BEFORE_HOLIDAY) && back.gap == b" ")
}

/// The end of a year of four digits at `at`.
fn year(view: &View<'_>, at: i32) -> Option<i32> {
    let quote = i32::from(view.byte(at) == Some(b'\''));
    let run = digits(view, at + quote, 5);
    let end = at + quote + len(run);
    let fits = (run.len() == 4 && is_year(number(run)) && number(run) >= 1900) || (quote == 1 && run.len() == 2);
    (fits && !view.byte(end).is_some_and(is_wordy)).then_some(end)
}
