//! Dates: everything but a year alone.

mod context;
mod feast;
mod glance;
mod numeric;
mod spoken;
mod words;
mod yearless;

use std::borrow::Cow;

use blackbar_engine::{ByteSet, Detector, DigitRun, Reach, Trigger, Verdict, Verify, View, Window};

use crate::kinds;
use crate::scan::is_wordy;

/// Dates in digits, in words and in both.
pub static DATE: Detector = Detector {
    id: Cow::Borrowed("date"),
    kind: kinds::DATE,
    class: Cow::Borrowed("C"),
    priority: 45,
    window: Window { before: 96, longest: 64, after: 32 },
    // `the 21st of May`.
    reach: Reach { bytes: 4, across: ByteSet::of(b"theTHE ") },
    triggers: Cow::Borrowed(&[
        Trigger::NumberWhen(DigitRun::of_lens(1, 2).before(BEFORE).after(BEHIND_DAY), glance::day_or_month),
        Trigger::Number(DigitRun::of_lens(6, 6).or_lens(8, 8).or_lens(12, 12).or_lens(14, 14).before(BEFORE)),
        Trigger::NumberWhen(DigitRun::of_lens(4, 4).first(b"12").before(BEFORE), glance::year),
        Trigger::Words(&[
            "january",
            "jan",
            "february",
            "feb",
            "febr",
            "march",
            "mar",
            "april",
            "apr",
            "may",
            "june",
            "jun",
            "july",
            "jul",
            "august",
            "aug",
            "september",
            "sep",
            "sept",
            "october",
            "oct",
            "november",
            "nov",
            "december",
            "dec",
        ]),
        Trigger::Words(&[
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
            "twenty",
            "thirtieth",
            "thirty",
        ]),
        Trigger::Words(&[
            "spring",
            "summer",
            "fall",
            "autumn",
            "winter",
            "christmas",
            "thanksgiving",
            "easter",
            "halloween",
            "hanukkah",
            "ramadan",
            "passover",
            "juneteenth",
            "labor",
            "memorial",
            "independence",
            "veterans",
            "presidents",
            "columbus",
            "mlk",
            "groundhog",
            "diwali",
            "kwanzaa",
            "valentine",
            "valentines",
            "nowruz",
            "new",
        ]),
        Trigger::When(&Trigger::Words(feast::PAIRED), feast::glance),
        Trigger::When(&Trigger::Words(spoken::FIRST), spoken::glance),
    ]),
    verify: Verify::Pure(verify),
    teaches: false,
    takes: Cow::Borrowed(
        "3/14/2024 and its kin with / - . and two-digit years; 14-Mar-2024, 14MAR2024, March 14, 14th of March, Mar '24; \
         2024-03-14T10:30:00Z whole; 20240314, 20240314103000-0500; third of July; 3/14 with a word such as on or since; \
         on the nineteenth; nine slash six; months, seasons and holidays with a year",
    ),
    refuses: Cow::Borrowed(
        "years alone, clock times, weekdays, durations, pressures, fractions, strengths, levels such as C5/6, versions, \
         ranges, scores, the verb may",
    ),
};

/// What may stand before a date in numbers.
const BEFORE: ByteSet = ByteSet::ALL.but(ByteSet::ALPHA.with(b'$'));
/// What may stand behind a number of one or two digits that begins a date.
const BEHIND_DAY: ByteSet = ByteSet::ALL.but(ByteSet::of(b",):;%+*\"|<>=("));

fn verify(view: &View<'_>) -> Option<Verdict> {
    let (end, confidence, reason) =
        if view.byte(0)?.is_ascii_digit() { numeric::verify(view) } else { words::verify(view) }?;
    let the = view.before().len().checked_sub(4).and_then(|i| view.before().get(i..)).is_some_and(|word| {
        word.eq_ignore_ascii_case(b"the ")
            && view.before().len().checked_sub(5).and_then(|i| view.before().get(i)).is_none_or(|byte| !is_wordy(*byte))
    });
    let start = if the && reason.contains("ordinal") { -4 } else { 0 };
    (end > 0 && end <= i32::from(DATE.window.longest))
        .then(|| Verdict::new(start, end, kinds::DATE, confidence, reason))
}

/// What a part of the detector answers: where the date ends, how sure it is, and why.
type Answer = Option<(i32, u8, &'static str)>;

/// The number of the month that `word` names, in full or abbreviated.
fn month(word: &[u8]) -> Option<u32> {
    const NAMES: &[&str] = &[
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "jan",
        "feb",
        "mar",
        "apr",
        "may",
        "jun",
        "jul",
        "aug",
        "sep",
        "oct",
        "nov",
        "dec",
    ];
    let short = || match word_set!(&["febr", "sept"]).find(word)? {
        0 => Some(1),
        _ => Some(8),
    };
    let place = word_set!(NAMES).find(word).or_else(short)?;
    u32::try_from(place % 12 + 1).ok()
}

/// Whether the month has the day, in a leap year.
fn is_day(month: u32, day: u32) -> bool {
    let days = match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

/// Years that a record may speak of.
fn is_year(year: u32) -> bool {
    (1850..=2099).contains(&year)
}

/// Words behind a number that make it a quantity.
#[rustfmt::skip] // A word list reads better in lines.
const UNITS: &[&str] = &[
    "mg", "mcg", "ug", "g", "kg", "gm", "gram", "grams", "ml", "l", "dl", "cc", "units", "unit", "u", "iu", "meq",
    "mmol", "mm", "cm", "m", "in", "inch", "inches", "ft", "lb", "lbs", "oz", "mmhg", "hg", "bpm", "tab", "tabs",
    "tablet", "tablets", "cap", "caps", "capsule", "capsules", "pill", "pills", "puff", "puffs", "drop", "drops",
    "patch", "spray", "sprays", "dose", "doses", "cup", "cups", "pack", "packs", "ppd", "times", "time", "x", "day",
    "days", "week", "weeks", "wk", "wks", "month", "months", "mo", "mos", "year", "years", "yr", "yrs", "hour",
    "hours", "hr", "hrs", "h", "minute", "minutes", "min", "mins", "sec", "seconds", "percent", "degrees", "degree",
    "patients", "cases", "strength", "murmur", "nodes", "node", "lymph", "cores", "samples", "specimens", "fragments", "systolic", "diastolic", "pain", "points", "point", "visits", "beats",
    "breaths", "criteria", "positive", "pulses", "scale", "score", "severity", "power", "motor", "bilaterally",
    "throughout", "reflexes", "dtrs", "people", "steps", "feet", "miles", "mile", "bottle", "bottles", "can", "cans",
    "drinks", "glasses", "liters", "liter", "litre", "sem", "holosystolic", "blocks", "vials", "refills", "tsp",
    "tbsp", "teaspoon", "teaspoons", "tablespoon", "percentile", "ejection",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_cases, assert_total};

    #[test]
    fn cases() {
        assert_cases(&DATE);
    }

    #[test]
    fn soups_are_survived() {
        let words = [
            "3/14/2024",
            "2024-03-14T10:30",
            "Mar ",
            "may ",
            "14",
            " of ",
            "third",
            "twenty-",
            "'24",
            "20240314",
            "on ",
        ];
        assert_total(&DATE, &words);
    }

    #[test]
    fn the_calendar_is_known() {
        assert_eq!(month(b"SEPT"), Some(9));
        assert_eq!(month(b"marches"), None);
        assert!(is_day(2, 29) && !is_day(2, 30) && !is_day(4, 31) && !is_day(13, 1) && !is_day(1, 0));
    }
}
