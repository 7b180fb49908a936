//! Dates that begin with a digit.

use blackbar_engine::{ByteSet, Slot, View};

use super::context::{CONTEXT, LABELS, NUMBERS, SCORES};
use super::spoken::day_alone;
use super::yearless::{clock_follows, no_year};
use super::{Answer, UNITS, is_day, is_year, month};
use crate::context::hinted;
use crate::fields::hint;
use crate::scan::{before, blanks, dash, digits, is_wordy, label, len, number};

pub(super) fn verify(view: &View<'_>) -> Answer {
    let first = digits(view, 0, 18);
    let value = number(first);
    let stands = stands_alone(view);
    match first.len() {
        1 | 2 => {
            if !stands {
                return None;
            }
            let next = view.byte(first.len().try_into().ok()?)?;
            let signed = matches!(next, b'/' | b'-' | b'.' | 0xe2) || (next == b' ' && sep(view, len(first)).is_some());
            if let Some(answer) = signed.then(|| with_signs(view, first)).flatten() {
                return Some(answer);
            }
            day_first(view, len(first), value).or_else(|| in_groups(view, first))
        }
        4 if is_year(value) && stands => year_first(view, value),
        6 | 8 | 12 | 14 if stands => packed(view, first),
        _ => None,
    }
}

/// Whether the digits are no part of a word, a longer number or a path.
fn stands_alone(view: &View<'_>) -> bool {
    let Some(byte) = view.byte(-1) else { return true };
    if byte.is_ascii_alphabetic() || byte == b'$' || byte >= 0x80 && dash(view.slice(-3, 3)) == 0 && !is_quote(view) {
        return false;
    }
    // `10.2.1.4`, `1/2/3/4`; a date behind a dash may end a range.
    !(matches!(byte, b'.' | b',' | b':' | b'/') && view.byte(-2).is_some_and(|byte| byte.is_ascii_digit()))
}

/// Whether a typographic sign that is no letter ends before the trigger.
fn is_quote(view: &View<'_>) -> bool {
    matches!(view.slice(-3, 2), [0xe2, 0x80] | [0xe2, 0x81] | [0xe2, 0x86]) || view.slice(-2, 2) == [0xc2, 0xa0]
}

/// A separator of numeric dates at `at`, perhaps with a blank on either side: which it is, and where the next part
/// starts.
fn sep(view: &View<'_>, at: i32) -> Option<(u8, i32)> {
    let from = at + blanks(view, at, 1);
    let (sign, width) = match view.byte(from)? {
        sign @ (b'/' | b'.') => (sign, 1),
        b'-' => (b'-', 1),
        0xe2 => match dash(view.slice(from, 3)) {
            0 => return None,
            width => (b'-', i32::try_from(width).ok()?),
        },
        _ => return None,
    };
    let next = from + width;
    // `12/` at the end of a line, `06/24` on the next.
    if sign == b'/' && from == at && view.byte(next) == Some(b'\n') {
        let indented = next + 1 + blanks(view, next + 1, 24);
        return view.byte(indented)?.is_ascii_digit().then_some((sign, indented));
    }
    let spaced = blanks(view, next, 1);
    if (from > at) != (spaced > 0) {
        return None;
    }
    view.byte(next + spaced)?.is_ascii_alphanumeric().then_some((sign, next + spaced))
}

/// Whether a date may end at `at`: no digit or letter follows, nor its sign with another number.
pub(super) fn ends(view: &View<'_>, at: i32, sign: u8) -> bool {
    match view.byte(at) {
        None => true,
        Some(byte) if byte.is_ascii_alphanumeric() || byte == b'%' => byte == b'T' && time(view, at) > at,
        Some(byte) if byte == sign => {
            let next = view.byte(at + 1);
            !next.is_some_and(|next| next.is_ascii_digit()) || (sign == b'-' && range_follows(view, at + 1))
        }
        Some(_) => true,
    }
}

/// `3/14/2024-3/18/2024`: a range of whole dates that are joined by the sign within them.
fn range_follows(view: &View<'_>, at: i32) -> bool {
    let run = digits(view, at, 4);
    matches!(view.byte(at + len(run)), Some(b'/'))
}

/// Month, day and year in any order that begins with a short number.
fn with_signs(view: &View<'_>, first: &[u8]) -> Answer {
    let (sign, at) = sep(view, len(first))?;
    let wrapped = view.byte(len(first) + 1) == Some(b'\n');
    let spaced = at > len(first) + 1 && sign != b'-' && !wrapped || view.byte(len(first)) == Some(b' ');
    let second = digits(view, at, 5);
    let one = number(first);
    if second.is_empty() {
        return month_between(view, one, at, sign);
    }
    let two = number(second);
    let after = at + len(second);
    if second.len() == 4 && !spaced {
        return month_and_year(view, one, two, after, sign);
    }
    if second.len() > 2 {
        return None;
    }
    let third = sep(view, after).filter(|(next, _)| *next == sign);
    if let Some((_, mut year_at)) = third {
        if view.byte(year_at) == Some(b'\'') {
            year_at += 1;
        }
        let third = digits(view, year_at, 5);
        let end = year_at + len(third);
        let real = is_day(one, two) || is_day(two, one);
        if real && third.len() == 4 && is_year(number(third)) && ends(view, end, sign) {
            return Some((end, 96, "month, day and year"));
        }
        if third.len() == 2 && ends(view, end, sign) && !spaced {
            let year_led = first.len() == 2 && second.len() == 2 && is_day(two, number(third));
            return short_year(view, first, second, real, year_led, end, sign);
        }
        // More numbers follow: a version, a list, an identifier.
        return None;
    }
    if spaced && sign != b'/' {
        return None;
    }
    no_year(view, first, second, after, sign)
}

/// Month and day with a year of two digits.
fn short_year(view: &View<'_>, first: &[u8], second: &[u8], real: bool, year_led: bool, end: i32, sign: u8) -> Answer {
    let text = before(view, 0);
    let said = hinted(view, hint::DATE) || mentions!(text, CONTEXT, 3);
    // `D.O.B.: 3.8.12`.
    let head = text.trim_ascii_end();
    let head = head.strip_suffix(b":").unwrap_or(head);
    let said = said
        || head.len() > 5
            && head
                .get(head.len() - 5..)
                .is_some_and(|l| l.eq_ignore_ascii_case(b"o.b.") || l.eq_ignore_ascii_case(b".o.b."));
    if !(real || (year_led && said)) || unit_follows(view, end) && (!said || time_follows(view, end)) {
        return None;
    }
    let padded = first.len() == 2 && second.len() == 2;
    let (one, two) = (number(first), number(second));
    let other = nearest!(text, NUMBERS, CONTEXT, 3) == Some(true);
    match sign {
        b'/' => (!mentions!(text, SCORES, 2) || said).then_some((end, 92, "month, day and year")),
        b'-' if said => Some((end, 90, "month, day and year in context")),
        b'-' if (!other || padded && is_day(one, two)) && !hinted(view, hint::CODE) => {
            Some((end, 70, "month, day and year"))
        }
        b'.' if said && !version_before(text) => Some((end, 80, "month, day and year in context")),
        b'.' if (padded || one.max(two) > 12 || clock_follows(view, end)) && !version_before(text) && !other => {
            Some((end, 60, "month, day and year"))
        }
        _ => None,
    }
}

fn version_before(text: &[u8]) -> bool {
    const WORDS: &[&str] =
        &["version", "ver", "v", "release", "build", "firmware", "section", "sec", "software", "rev", "item", "table"];
    mentions!(text, WORDS, 3)
}

/// `3/2024`.
fn month_and_year(view: &View<'_>, one: u32, year: u32, end: i32, sign: u8) -> Answer {
    if !(1..=12).contains(&one) || !(1900..=2099).contains(&year) || !ends(view, end, sign) || unit_follows(view, end) {
        return None;
    }
    let text = before(view, 0);
    let said = hinted(view, hint::DATE) || mentions!(text, CONTEXT, 4);
    if mentions!(text, &["titer", "dilution", "ratio", "odds", "in", "approximately"], 2)
        && !mentions!(text, &["in"], 1)
    {
        return None;
    }
    match sign {
        b'/' => Some((end, if said { 93 } else { 82 }, "month and year")),
        b'-' if said => Some((end, 85, "month and year in context")),
        b'-' if nearest!(text, NUMBERS, &[], 3).is_none() && view.byte(1).is_some_and(|byte| byte.is_ascii_digit()) => {
            Some((end, 65, "month and year"))
        }
        b'.' if said && !version_before(text) => Some((end, 70, "month and year in context")),
        _ => None,
    }
}

/// The word behind `at`, over one blank.
pub(super) fn after_word<'a>(view: &View<'a>, at: i32) -> Option<&'a [u8]> {
    let from = at + blanks(view, at, 1);
    let word = view.word(from);
    (!word.is_empty()).then_some(word)
}

pub(super) fn unit_follows(view: &View<'_>, at: i32) -> bool {
    view.byte(at) == Some(b'%') || {
        let from = at + i32::from(view.byte(at) == Some(b'-'));
        after_word(view, from).is_some_and(|word| one_of!(word, UNITS))
    }
}

/// `03 14 62`, `3 14 2024`: only behind a label, or where both are padded and the year has its century.
fn in_groups(view: &View<'_>, first: &[u8]) -> Answer {
    let blank = |at: i32| matches!(view.byte(at), Some(b' '));
    let at = len(first);
    let second = digits(view, at + 1, 3);
    let behind = at + 1 + len(second);
    let third = digits(view, behind + 1, 5);
    let end = behind + 1 + len(third);
    let apart = blank(at) && matches!(second.len(), 1 | 2) && blank(behind);
    let (one, two) = (number(first), number(second));
    let year = third.len() == 2 || third.len() == 4 && (1900..=2099).contains(&number(third));
    if !apart || !year || !(is_day(one, two) || is_day(two, one)) {
        return None;
    }
    // More groups: a telephone number, an account.
    let goes_on = view
        .byte(end)
        .is_some_and(|byte| is_wordy(byte) || b"-/.:%".contains(&byte) && view.byte(end + 1).is_some_and(is_wordy))
        || blank(end) && view.byte(end + 1).is_some_and(|byte| byte.is_ascii_digit());
    let text = before(view, 0);
    let inside = matches!(text, [.., digit, b' '] if digit.is_ascii_digit());
    if goes_on || inside || unit_follows(view, end) {
        return None;
    }
    let said = label(text).is_some_and(|word| {
        one_of!(word, LABELS) || one_of!(word, &["processed", "written", "adm", "signed", "printed", "hired", "hire"])
    });
    let padded = first.len() == 2 && second.len() == 2;
    let other = nearest!(text, NUMBERS, LABELS, 3) == Some(true);
    // The first column of a table.
    let line = text.iter().rev().find(|byte| **byte != b' ').is_none_or(|byte| *byte == b'\n');
    let column = line && view.slice(end, 2) == b"  ";
    match () {
        () if said => Some((end, 85, "label")),
        () if padded && !other && (third.len() == 4 && is_day(one, two) || column) => {
            Some((end, 65, "month, day and year"))
        }
        () => None,
    }
}

/// `3/6/12 mo`: visits of a schedule.
fn time_follows(view: &View<'_>, at: i32) -> bool {
    after_word(view, at).is_some_and(|word| {
        one_of!(word, &["mo", "month", "months", "wk", "wks", "weeks", "yr", "yrs", "years", "hours"])
    })
}

/// `14-Mar-2024`, `14/Mar/24`.
fn month_between(view: &View<'_>, day: u32, at: i32, sign: u8) -> Answer {
    let word = view.word(at);
    // `19.XI.1979`: a month in Roman numbers needs its year.
    const ROMAN: &[&str] = &["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii"];
    let roman = word.first().is_some_and(u8::is_ascii_uppercase).then(|| word_set!(ROMAN).find(word)).flatten();
    let roman = roman.and_then(|place| u32::try_from(place + 1).ok());
    let month = month(word).or(roman)?;
    if !is_day(month, day) {
        return None;
    }
    let after = at + len(word);
    if roman.is_some() {
        let (_, year_at) = sep(view, after)?;
        let year = digits(view, year_at, 5);
        let end = year_at + len(year);
        let fits = year.len() == 4 && is_year(number(year)) && ends(view, end, sign);
        return fits.then_some((end, 85, "day, Roman month and year"));
    }
    if let Some((_, mut year_at)) = sep(view, after) {
        year_at += i32::from(view.byte(year_at) == Some(b'\''));
        let year = digits(view, year_at, 5);
        let end = year_at + len(year);
        if (year.len() == 2 || year.len() == 4 && is_year(number(year))) && ends(view, end, sign) {
            // `14/Mar/2024:10:30:00 +0000`, as servers log it.
            let logged = view.byte(end) == Some(b':');
            return Some((if logged { time(view, end) } else { end }, 96, "day, month and year"));
        }
    }
    let bare = !view.byte(after).is_some_and(is_wordy);
    (bare && sign != b'.' && word.first().is_some_and(u8::is_ascii_uppercase)).then_some((after, 85, "day and month"))
}

/// Whether a hard wrap at `at` parts a day from its month: a year follows, or a word before says that it is a day.
fn wrapped(view: &View<'_>, at: i32) -> bool {
    let word = view.word(at + 1);
    let behind = at + 1 + len(word);
    view.byte(at) == Some(b'\n')
        && word.first().is_some_and(u8::is_ascii_uppercase)
        && month(word).is_some()
        && (year_behind(view, behind, false).is_some()
            || mentions!(before(view, 0), CONTEXT, 1)
                && !view.byte(behind + 1).is_some_and(|byte| byte.is_ascii_digit()))
}

/// `14 March 2024`, `14MAR2024`, `3rd of July`, with `at` behind the day.
fn day_first(view: &View<'_>, at: i32, day: u32) -> Answer {
    if !(1..=31).contains(&day) {
        return None;
    }
    let mut here = at;
    let suffix = view.word(here);
    let ordinal = one_of!(suffix, &["st", "nd", "rd", "th"]);
    if ordinal {
        here += len(suffix);
    }
    let mut gap = blanks(view, here, 2);
    if gap == 0 && wrapped(view, here) {
        gap = 1;
    }
    here += gap;
    let mut of = false;
    // `2 de febrero de 1950`.
    let joint = view.word(here);
    if one_of!(joint, &["of", "de"]) && gap > 0 {
        of = true;
        here += len(joint);
        here += blanks(view, here, 2);
    } else if ordinal && gap > 0 && view.word(here).eq_ignore_ascii_case(b"day") {
        return None;
    }
    let word = view.word(here);
    let Some(month) = month(word).or_else(|| if of { romance_month(word) } else { None }) else {
        return (ordinal && !of).then(|| day_alone(view, day, at + 2, true))?;
    };
    if !is_day(month, day) || (gap == 0 && ordinal && !of) {
        return None;
    }
    let after = here + len(word);
    if let Some(end) = year_behind(view, after, gap == 0) {
        return Some((end, 95, if ordinal { "ordinal, month and year" } else { "day, month and year" }));
    }
    // `4 Nov 03`: a year of two digits that nothing follows.
    let short = digits(view, after + 1, 3);
    if gap > 0 && !ordinal && view.byte(after) == Some(b' ') && short.len() == 2 {
        let end = after + 1 + len(short);
        if matches!(view.byte(end), None | Some(b',' | b';' | b')' | b'\n' | b'\r')) {
            return Some((end, 80, "day, month and year"));
        }
    }
    // Without a year a month must look like one: `2 may`, `3 dec`, `1 mar` are other words.
    let capital = word.first().is_some_and(u8::is_ascii_uppercase);
    let after =
        after + i32::from(view.byte(after) == Some(b'.') && word.len() < 5 && view.byte(after + 1) == Some(b' '));
    let verb = month == 5 && after_word(view, after).is_some_and(|word| word.iter().all(u8::is_ascii_lowercase));
    if view.byte(after).is_some_and(|byte| byte.is_ascii_digit())
        || view.byte(after).is_some_and(|byte| byte.is_ascii_alphabetic())
    {
        return None;
    }
    if of || (ordinal && capital && !verb) {
        return Some((trim_stop(view, after), 90, "ordinal and month"));
    }
    let said = mentions!(before(view, 0), CONTEXT, 3);
    let firm = capital && (said || !verb) && (gap > 0 || word.len() == 3);
    let born = gap > 0 && mentions!(before(view, 0), &["born", "dob", "on", "since", "until"], 1) && !verb;
    (firm || said && word.len() > 4 || born).then_some((
        trim_stop(view, after),
        if said { 88 } else { 75 },
        "day and month",
    ))
}

/// The number of a month by its Spanish name.
fn romance_month(word: &[u8]) -> Option<u32> {
    const NAMES: &[&str] = &[
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ];
    word_set!(NAMES).find(word).and_then(|place| u32::try_from(place + 1).ok())
}

/// The end without the full stop of an abbreviation, which may as well end the sentence.
fn trim_stop(view: &View<'_>, end: i32) -> i32 {
    end - i32::from(view.byte(end - 1) == Some(b'.'))
}

/// The end of a year behind a month or day that ends at `at`: `, 2024`, ` '24`, `2024`, `-24`.
pub(super) fn year_behind(view: &View<'_>, at: i32, joined: bool) -> Option<i32> {
    const BETWEEN: ByteSet = ByteSet::of(b" ,.\n\r");
    let between = view.run(at, &BETWEEN, 4);
    let mut here = at + len(between);
    let joint = view.word(here);
    if one_of!(joint, &["of", "de", "del"]) {
        here += len(joint) + blanks(view, here + len(joint), 1);
    }
    if between.is_empty() && !joined && view.byte(here) != Some(b'-') && view.byte(here) != Some(b'/') {
        return None;
    }
    if between.is_empty() && matches!(view.byte(here), Some(b'-' | b'/')) {
        here += 1;
    }
    let quote = match view.byte(here)? {
        b'\'' | b'`' => 1,
        0xe2 if view.slice(here + 1, 2) == [0x80, 0x99] || view.slice(here + 1, 2) == [0x80, 0x98] => 3,
        _ => 0,
    };
    let year = digits(view, here + quote, 5);
    let end = here + quote + len(year);
    let short = year.len() == 2 && (quote > 0 || (joined && between.is_empty()));
    let long = year.len() == 4 && is_year(number(year)) && quote == 0;
    let clean = !view.byte(end).is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'%')
        || (view.byte(end) == Some(b'T') || view.byte(end) == Some(b':')) && joined;
    // `March 14, 10:30` has no year; `March 2024:` has.
    let clock = view.byte(end) == Some(b':') && view.byte(end + 1).is_some_and(|byte| byte.is_ascii_digit()) && short;
    ((short || long) && clean && !clock && !(quote == 0 && unit_follows(view, end))).then_some(end)
}

/// `2024-03-14`, with a time and zone; `2024-03`; `2024-Mar-14`.
fn year_first(view: &View<'_>, year: u32) -> Answer {
    let (sign, at) = sep(view, 4)?;
    if view.byte(4) == Some(b' ') {
        return None;
    }
    let text = before(view, 0);
    let second = digits(view, at, 3);
    if second.is_empty() {
        let word = view.word(at);
        let month = month(word)?;
        let (next, day_at) = sep(view, at + len(word))?;
        let day = digits(view, day_at, 3);
        let end = day_at + len(day);
        return (next == sign && is_day(month, number(day)) && ends(view, end, sign)).then_some((
            end,
            95,
            "year, month and day",
        ));
    }
    let month = number(second);
    let after = at + len(second);
    if second.len() > 2 || !(1..=12).contains(&month) && !is_day(number(digits(view, after + 1, 2)), month) {
        return None;
    }
    if let Some((next, day_at)) = sep(view, after)
        && next == sign
    {
        let day = digits(view, day_at, 3);
        let end = day_at + len(day);
        if day.len() > 2 || !(is_day(month, number(day)) || is_day(number(day), month)) {
            return None;
        }
        // `2024.3.1` is a version more often than a date.
        let padded = second.len() == 2 && day.len() == 2;
        if sign == b'.' && !padded && !hinted(view, hint::DATE) && !mentions!(text, CONTEXT, 2) {
            return None;
        }
        if view.byte(end) == Some(sign) && view.byte(end + 1).is_some_and(|byte| byte.is_ascii_digit()) {
            return None;
        }
        // The version of a template or a code system is written as a date.
        if hinted(view, hint::CODE) && view.begins(0) {
            return None;
        }
        let timed = time(view, end);
        let clean = timed > end || !view.byte(end).is_some_and(|byte| byte.is_ascii_alphanumeric());
        return clean.then_some((timed, 97, "year, month and day"));
    }
    // `2024-03`: a month, unless it counts something.
    let clean = second.len() == 2 && ends(view, after, sign) && sign != b'.' && !unit_follows(view, after);
    let said = hinted(view, hint::DATE) || mentions!(text, CONTEXT, 3);
    let other =
        nearest!(text, NUMBERS, CONTEXT, 4) == Some(true) || text.last().is_some_and(|byte| b"-_#".contains(byte));
    let seasons = sign == b'/' || month == year % 100 + 1;
    (clean && (1..=12).contains(&month) && !other && (said || !seasons)).then_some((
        after,
        if said { 85 } else { 62 },
        "year and month",
    ))
}

/// The end of a time and zone behind a date that ends at `at`; `at` when there is none.
fn time(view: &View<'_>, at: i32) -> i32 {
    let Some(b'T' | b't' | b' ' | b'_' | b':') = view.byte(at) else { return at };
    let from = at + 1;
    let hour = digits(view, from, 3);
    let mut here = from + len(hour);
    if hour.len() != 2 || number(hour) > 24 || view.byte(here) != Some(b':') {
        return at;
    }
    let minute = digits(view, here + 1, 3);
    if minute.len() != 2 || number(minute) > 59 {
        return at;
    }
    here += 3;
    if view.byte(here) == Some(b':') && digits(view, here + 1, 3).len() == 2 {
        here += 3;
        if matches!(view.byte(here), Some(b'.' | b',')) {
            let fraction = digits(view, here + 1, 9);
            here += if fraction.is_empty() { 0 } else { 1 + len(fraction) };
        }
    }
    zone(view, here)
}

/// The end of a zone at `at`; `at` when there is none.
fn zone(view: &View<'_>, at: i32) -> i32 {
    let from = at + i32::from(view.byte(at) == Some(b' ') && matches!(view.byte(at + 1), Some(b'+' | b'-' | b'Z')));
    match view.byte(from) {
        Some(b'Z' | b'z') if !view.byte(from + 1).is_some_and(is_wordy) => from + 1,
        Some(b'+' | b'-') => {
            let hours = digits(view, from + 1, 4);
            let end = from + 1 + len(hours);
            match hours.len() {
                4 => end,
                2 if view.byte(end) == Some(b':') && digits(view, end + 1, 3).len() == 2 => end + 3,
                2 => end,
                _ => at,
            }
        }
        _ => at,
    }
}

/// Whether a moment that fills a component may end here: the component does, or its zone or fraction follows.
fn framed_moment(next: Option<u8>) -> bool {
    next.is_none_or(|byte| b"+-.".contains(&byte))
}

/// `20240314`, `20240314103000-0500`, `202403141030`; `03141962` and `031462` behind a label.
fn packed(view: &View<'_>, first: &[u8]) -> Answer {
    let part = |from: usize, to: usize| number(first.get(from..to).unwrap_or_default());
    let text = before(view, 0);
    let end = len(first);
    let next = view.byte(end);
    if next.is_some_and(|byte| byte.is_ascii_alphabetic() && byte != b'T' && byte != b'Z' || byte == b'%') {
        return None;
    }
    let named = hinted(view, hint::DATE);
    let labelled =
        named || label(text).is_some_and(|word| one_of!(word, LABELS)) || mentions!(text, &["dob", "birth", "date"], 3);
    let other =
        nearest!(text, NUMBERS, LABELS, 3) == Some(true) || text.last().is_some_and(|byte| b"#-".contains(byte));
    let year_led = is_year(part(0, 4)) && is_day(part(4, 6), part(6, 8));
    match first.len() {
        14 | 12 | 8 if year_led => {
            let clock = |from: usize| part(from, from + 2) < 24 && part(from + 2, (from + 4).min(first.len())) < 60;
            if first.len() > 8 && !(clock(8) && (first.len() < 14 || part(12, 14) < 60)) {
                return None;
            }
            let framed = text.last().is_some_and(|byte| b"|^~&\"',\t".contains(byte))
                || next.is_some_and(|byte| b"|^~".contains(&byte));
            // In a segment, a moment to the minute is one wherever its sender put it.
            let moment = first.len() > 8
                && matches!(view.field().slot, Slot::Segment(_))
                && view.begins(0)
                && framed_moment(next);
            if (other && !named) || hinted(view, hint::CODE | hint::QUANTITY) && !moment {
                return None;
            }
            let mut here = end;
            if next == Some(b'.') && first.len() == 14 {
                let fraction = digits(view, end + 1, 4);
                here += if fraction.is_empty() { 0 } else { 1 + len(fraction) };
            }
            if first.len() == 8 && next == Some(b'T') {
                let clock = digits(view, end + 1, 6);
                here = if matches!(clock.len(), 4 | 6) { end + 1 + len(clock) } else { return None };
            }
            if here > 8 {
                here = zone(view, here);
            } else if matches!(next, Some(b'-' | b'.')) && view.byte(end + 1).is_some_and(|byte| byte.is_ascii_digit())
            {
                return None;
            }
            let confidence = match (labelled || framed, first.len()) {
                (true, _) => 95,
                (false, 8) => 70,
                _ => 80,
            };
            Some((here, confidence, "year, month and day without signs"))
        }
        8 if labelled
            && !other
            && is_year(part(4, 8))
            && (is_day(part(0, 2), part(2, 4)) || is_day(part(2, 4), part(0, 2))) =>
        {
            Some((end, 85, "label"))
        }
        6 if label(text).is_some_and(|word| one_of!(word, &["dob", "birthdate", "born", "lmp", "dos"]))
            && is_day(part(0, 2), part(2, 4)) =>
        {
            Some((end, 80, "label"))
        }
        _ => None,
    }
}
