//! Dates that begin with a word: a month, an ordinal, a season, a holiday.

use blackbar_engine::{ByteSet, View};

use super::feast::{self, SEASONS};
use super::numeric::year_behind;
use super::{Answer, UNITS, is_day, month, spoken};
use crate::scan::{WordsBack, before, blanks, dash, digits, is_wordy, len, number};

/// Words before a month that stands alone.
const BEFORE_MONTH: &[&str] =
    &["in", "since", "last", "early", "late", "mid", "during", "next", "until", "of", "this", "til", "till"];
pub(super) fn verify(view: &View<'_>) -> Answer {
    let word = view.word(0);
    // `xMAR`, `MAR-A`: the trigger is a whole word, but a digit may touch it, which is another trigger's date.
    if view.byte(-1).is_some_and(|byte| byte == b'_' || byte == b'/' && view.byte(-2) != Some(b' ')) {
        return None;
    }
    match month(word) {
        Some(month) => month_first(view, word, month),
        None if one_of!(word, SEASONS) => feast::season(view, word),
        None if one_of!(word, feast::PAIRED) => feast::paired(view, word),
        None if one_of!(word, spoken::FIRST) => spoken::verify(view),
        None => match ordinal(view, 0) {
            Some((day, end)) => ordinal_first(view, day, end).or_else(|| spoken::day_alone(view, day, end, false)),
            None => feast::holiday(view, word),
        },
    }
}

fn month_first(view: &View<'_>, word: &[u8], month: u32) -> Answer {
    let mut at = len(word);
    // An abbreviation's full stop.
    if view.byte(at) == Some(b'.') && word.len() <= 5 {
        at += 1;
    }
    let capital = word.first().is_some_and(u8::is_ascii_uppercase);
    // `may`, `mar`, `dec`, `sep` are other words as well, and `march` is when it is not a name.
    let doubtful = !capital && (month == 5 || word.len() <= 4);
    let gap = space(view, at);
    let sign = i32::from(gap == 0 && matches!(view.byte(at), Some(b'-' | b'/' | b'.' | b',')));
    let mut here = at + gap + sign;
    here += if sign > 0 { blanks(view, here, 1) } else { 0 };
    if view.word(here).eq_ignore_ascii_case(b"the") {
        here += 3 + blanks(view, here + 3, 1);
    }
    let run = digits(view, here, 5);
    let day = number(run);
    let joined = gap + sign == 0;
    if matches!(run.len(), 1 | 2) && is_day(month, day) && !(joined && run.len() == 1) {
        if let Some(answer) = month_and_day(view, month, here + len(run), doubtful, sign > 0 || joined, run.len()) {
            return Some(answer);
        }
        return None;
    }
    // `March 2024`, `Mar '24`, `March of 2024`.
    if let Some(end) = year_behind(view, at, true) {
        let quoted = !run.is_empty() || !doubtful;
        return quoted.then_some((end, 90, "month and year"));
    }
    let named = if gap > 0 && view.word(at + gap).eq_ignore_ascii_case(b"the") { here } else { at + gap };
    if let Some((day, end)) = ordinal(view, named)
        && gap > 0
        && is_day(month, day)
        && (month != 5 || capital)
    {
        let short = || {
            let from = end + len(view.run(end, &ByteSet::of(b" ,"), 2));
            let close = spoken::short_year(view, from).filter(|close| from > end && close - from > 9)?;
            Some(close)
        };
        return Some((spelled_year(view, end).or_else(short).unwrap_or(end), 85, "month and ordinal"));
    }
    if run.is_empty()
        && gap > 0
        && let Some(end) = spelled_year(view, len(word))
    {
        return (!doubtful).then_some((end, 85, "month and year in words"));
    }
    // `june three twenty twenty four`, `June ninety four`.
    if gap > 0
        && let Some(end) = spoken::behind_month(view, len(word) + gap, month, doubtful)
    {
        return Some((end, 80, "month and number in words"));
    }
    alone(view, word, capital)
}

/// How long the blanks at `at` are: a line may end among them.
fn space(view: &View<'_>, at: i32) -> i32 {
    let run = view.run(at, &ByteSet::SPACE, 4);
    // The next line of a narrow column may be indented.
    let run = if run.contains(&b'\n') { view.run(at, &ByteSet::SPACE, 24) } else { run };
    if run.iter().filter(|byte| **byte == b'\n').count() > 1 { 0 } else { len(run) }
}

/// A day that ends at `at` behind a month; perhaps a range of days; perhaps a year.
fn month_and_day(view: &View<'_>, month: u32, at: i32, doubtful: bool, joined: bool, width: usize) -> Answer {
    let mut end = at;
    let suffix = view.word(end);
    let ordinal = one_of!(suffix, &["st", "nd", "rd", "th"]);
    if ordinal {
        end += len(suffix);
    } else if view.byte(end).is_some_and(is_wordy) && dash(view.slice(end, 3)) == 0 {
        return None;
    }
    let with_year = year_behind(view, end, joined);
    if let Some(end) = with_year {
        return Some((end, 96, "month, day and year"));
    }
    // `March 3-5, 2024`, `March 3 - 5`.
    let spaced = blanks(view, end, 1);
    let dashed = dash(view.slice(end + spaced, 3));
    if dashed > 0 {
        let from = end + spaced + i32::try_from(dashed).ok()?;
        let from = from + if spaced > 0 { blanks(view, from, 1) } else { 0 };
        let second = digits(view, from, 3);
        let close = from + len(second);
        let free = !view.byte(close).is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'/');
        let counted = spaced > 0 && (second.len() < width || super::numeric::unit_follows(view, close));
        if matches!(second.len(), 1 | 2) && is_day(month, number(second)) && free && !counted {
            end = year_behind(view, close, false).unwrap_or(close);
            return (!doubtful || end > close).then_some((end, 88, "month and days"));
        }
    }
    if view.byte(end) == Some(b':') && view.byte(end + 1).is_some_and(|byte| byte.is_ascii_digit()) {
        // A clock time.
        return None;
    }
    let unit = view.byte(end) == Some(b'%')
        || (view.byte(end) == Some(b'.') || view.byte(end) == Some(b'/'))
            && view.byte(end + 1).is_some_and(|byte| byte.is_ascii_digit())
        || one_of!(view.word(end + blanks(view, end, 1)), UNITS);
    if doubtful {
        // `dec 20` means a fall as often as a day: only behind a word that places things in time.
        let said = WordsBack::new(before(view, 0)).next().is_some_and(|back| {
            one_of!(back.word, &["on", "since", "until", "from", "by", "before", "after", "seen", "dated", "of"])
        });
        let left = before(view, 0).ends_with(b"d/c ");
        return ((ordinal || said || left) && !unit).then_some((end, 75, "month and day in context"));
    }
    if joined && width == 2 && !ordinal {
        // `Mar-24` is a month of a year, `MAR14` a day: a date both ways.
        return (!unit).then_some((end, 80, "month and number"));
    }
    (!unit).then_some((end, 92, "month and day"))
}

/// A month without a day or year, where the words before place it in time.
fn alone(view: &View<'_>, word: &[u8], capital: bool) -> Answer {
    let back = WordsBack::new(before(view, 0)).next()?;
    let plain = matches!(back.gap, b" " | b"-" | b"  " | b"\n");
    let may = word.eq_ignore_ascii_case(b"may");
    let stopped = view.byte(len(word)) == Some(b'.');
    let full = word.len() >= 4 || may || stopped && !one_of!(back.word, &["of", "this"]);
    // In small letters only where no verb and no march can be meant.
    let small = word.len() > 3 && !word.eq_ignore_ascii_case(b"march") && !one_of!(word, &["sept", "febr"])
        || one_of!(back.word, &["since", "last"])
        || may && one_of!(back.word, &["in"]);
    let capital = capital || small && !word.iter().any(u8::is_ascii_uppercase) && word.len() > 2 && full;
    let end = len(word);
    let next = view.byte(end);
    // `in March of this year` and `last May,`; not `In June Carter's words`.
    let name = next == Some(b' ') && view.byte(end + 1).is_some_and(|byte| byte.is_ascii_uppercase());
    let open = next.is_some_and(|byte| is_wordy(byte) || byte == b'-' || byte == b'\'' || byte == b'/');
    let fits = capital && full && plain && !name && !open && one_of!(back.word, BEFORE_MONTH);
    let of = back.word.eq_ignore_ascii_case(b"of");
    (fits && !of).then_some((end, 65, "month behind a preposition"))
}

/// `third of July`, `the twenty-first of May, 2023`.
fn ordinal_first(view: &View<'_>, day: u32, at: i32) -> Answer {
    let mut here = at + blanks(view, at, 1);
    if view.word(here).eq_ignore_ascii_case(b"day") {
        here += 3 + blanks(view, here + 3, 1);
    }
    let of = view.word(here).eq_ignore_ascii_case(b"of");
    if of {
        here += 2 + blanks(view, here + 2, 1);
    }
    let word = view.word(here);
    let month = month(word)?;
    let end = here + len(word);
    let capital = word.first().is_some_and(u8::is_ascii_uppercase);
    // `the first may`, `second march`: other words.
    if !is_day(month, day) || here == at || view.byte(end).is_some_and(is_wordy) || (!of && (!capital || month == 5)) {
        return None;
    }
    let era = if matches!(view.slice(end, 6), b" A.D. " | b", A.D.") { end + 5 } else { end };
    let end = year_behind(view, era, false).or_else(|| spelled_year(view, end)).unwrap_or(end);
    Some((end, if of { 90 } else { 75 }, "ordinal and month"))
}

/// The ordinal from first to thirty-first at `at`, and where it ends.
pub(super) fn ordinal(view: &View<'_>, at: i32) -> Option<(u32, i32)> {
    const ONES: [&str; 19] = [
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
    ];
    let place = |word: &[u8]| {
        ONES.iter().zip(1..).find_map(|(name, n)| word.eq_ignore_ascii_case(name.as_bytes()).then_some(n))
    };
    let word = view.word(at);
    let end = at + len(word);
    let tens = match word {
        _ if word.eq_ignore_ascii_case(b"twentieth") => return Some((20, end)),
        _ if word.eq_ignore_ascii_case(b"thirtieth") => return Some((30, end)),
        _ if word.eq_ignore_ascii_case(b"twenty") => 20,
        _ if word.eq_ignore_ascii_case(b"thirty") => 30,
        _ => return place(word).map(|n| (n, end)),
    };
    let next = end + 1;
    let ones = if matches!(view.byte(end), Some(b'-' | b' ')) { view.word(next) } else { &[] };
    place(ones).filter(|n| *n < 10).map(|n| (tens + n, next + len(ones)))
}

/// The end of a year in words behind `at`: `, two thousand twenty-three`, `nineteen eighty-five`.
pub(super) fn spelled_year(view: &View<'_>, at: i32) -> Option<i32> {
    const BETWEEN: ByteSet = ByteSet::of(b" ,-");
    #[rustfmt::skip] // A word list reads better in lines.
    const NUMBERS: &[&str] = &[
        "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
        "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty", "thirty", "forty", "fifty",
        "sixty", "seventy", "eighty", "ninety", "and", "hundred", "oh",
    ];
    let from = at + len(view.run(at, &BETWEEN, 2));
    let head = view.word(from);
    let mut end = from + len(head);
    let second = view.word(end + 1);
    let century = one_of!(head, &["nineteen", "twenty", "eighteen"]) && one_of!(second, NUMBERS);
    let millennium = head.eq_ignore_ascii_case(b"two") && second.eq_ignore_ascii_case(b"thousand");
    if !(century || millennium) || from == at {
        return None;
    }
    end += 1 + len(second);
    for _ in 0..3 {
        let next = end + len(view.run(end, &ByteSet::of(b" -"), 1));
        let word = view.word(next);
        if next == end || !one_of!(word, NUMBERS) {
            break;
        }
        end = next + len(word);
    }
    Some(end)
}
