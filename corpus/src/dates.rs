//! The ways people and programs write dates.

use crate::calendar::Date;
use crate::rng::Rng;

/// A full date in house style `style`; any number is a style, so a document can keep to one.
pub(crate) fn full(date: Date, style: usize) -> String {
    let Date { year, month, day } = date;
    let short_year = year.rem_euclid(100);
    let name = date.month_name();
    let short = date.month_short();
    match style % STYLES {
        0 | 1 => format!("{month:02}/{day:02}/{year}"),
        2 => format!("{month}/{day}/{year}"),
        3 => format!("{month}/{day}/{short_year:02}"),
        4 => format!("{month:02}/{day:02}/{short_year:02}"),
        5 | 6 => format!("{year}-{month:02}-{day:02}"),
        7 | 8 => format!("{name} {day}, {year}"),
        9 => format!("{short} {day}, {year}"),
        10 => format!("{day} {short} {year}"),
        11 => format!("{day:02}-{short}-{year}"),
        12 => format!("{day:02}{}{year}", short.to_uppercase()),
        13 => format!("{month:02}-{day:02}-{year}"),
        14 => format!("{month}.{day}.{short_year:02}"),
        15 => format!("{name} {}, {year}", ordinal(day)),
        16 => format!("{day} {name} {year}"),
        17 => format!("the {} of {name}, {year}", ordinal(day)),
        18 => format!("{short}. {day}, {year}"),
        19 => format!("{day:02}-{}-{short_year:02}", short.to_uppercase()),
        20 => format!("{month}-{day}-{short_year:02}"),
        _ => format!("{year}/{month:02}/{day:02}"),
    }
}

/// How many house styles there are.
pub(crate) const STYLES: usize = 22;

/// A date without its year.
pub(crate) fn without_year(date: Date, rng: &mut Rng) -> String {
    let Date { month, day, .. } = date;
    match rng.index(10) {
        0..=3 => format!("{month}/{day}"),
        4 => format!("{month:02}/{day:02}"),
        5 => format!("{} {day}", date.month_name()),
        6 => format!("{} {day}", date.month_short()),
        7 => format!("{} {}", date.month_name(), ordinal(day)),
        8 => format!("the {} of {}", ordinal(day), date.month_name()),
        _ => format!("{day} {}", date.month_short()),
    }
}

/// A month with its year.
pub(crate) fn month_year(date: Date, rng: &mut Rng) -> String {
    let Date { year, month, .. } = date;
    match rng.index(6) {
        0 => format!("{} {year}", date.month_short()),
        1 => format!("{month:02}/{year}"),
        2 => format!("{} of {year}", date.month_name()),
        3 => format!("{} '{:02}", date.month_short(), year.rem_euclid(100)),
        _ => format!("{} {year}", date.month_name()),
    }
}

/// A date and time as programs write it.
pub(crate) fn timestamp(date: Date, rng: &mut Rng) -> String {
    let Date { year, month, day } = date;
    let (hour, minute, second) = (rng.range(0, 23), rng.range(0, 59), rng.range(0, 59));
    let zone = *rng.pick(&["Z", "-05:00", "+00:00", "-07:00", "-06:00"]);
    match rng.index(4) {
        0 => format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{}{zone}", rng.fill("###")),
        _ => format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{zone}"),
    }
}

/// `YYYYMMDD`, with a time and a zone at times.
pub(crate) fn compact(date: Date, rng: &mut Rng) -> String {
    let day = format!("{}{:02}{:02}", date.year, date.month, date.day);
    match rng.index(4) {
        0 => format!("{day}{:02}{:02}", rng.range(0, 23), rng.range(0, 59)),
        1 => format!("{day}{:02}{:02}{:02}-0500", rng.range(0, 23), rng.range(0, 59), rng.range(0, 59)),
        _ => day,
    }
}

/// A number above 89 in words.
pub(crate) fn age_words(age: i32) -> String {
    const ONES: [&str; 10] = ["", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
    let one = usize::try_from(age.rem_euclid(10)).unwrap_or(0);
    match (age, one) {
        (90..=99, 0) => "ninety".to_owned(),
        (90..=99, _) => format!("ninety-{}", ONES[one]),
        (100, _) => "one hundred".to_owned(),
        _ => format!("one hundred and {}", ONES[one]),
    }
}

fn ordinal(n: u8) -> String {
    let ending = match (n % 10, n) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{n}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles_are_as_written() {
        let date = Date { year: 2024, month: 3, day: 2 };
        assert_eq!(full(date, 0), "03/02/2024");
        assert_eq!(full(date, 12), "02MAR2024");
        assert_eq!(full(date, 15), "March 2nd, 2024");
        assert_eq!(full(date, STYLES), full(date, 0));
        assert_eq!(age_words(94), "ninety-four");
    }
}
