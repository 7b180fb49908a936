//! Less detail: the year of a date, the first three digits of a ZIP code, `90+` for an age above 89.

use blackbar_engine::operator::main_kind;

use super::date::{Date, lone_year};
use super::text::fold;

/// What Safe Harbor allows to remain, or `None` if nothing of this value may.
pub(super) fn generalise(kind: &str, value: &[u8], this_year: i32) -> Option<Vec<u8>> {
    match main_kind(kind) {
        "date" => {
            let year = match plain_year(value) {
                Some(year) => year,
                None => match Date::parse(value) {
                    Some(date) => date.year(this_year)?,
                    None => lone_year(value, this_year)?,
                },
            };
            Some(if is_year_of_the_old(year, this_year) { OLD.to_vec() } else { four_digits(year) })
        }
        "age" => age(value),
        "zip" => zip(value),
        // States and countries are no identifiers, so there is nothing to take from them.
        "location" if matches!(kind, "location:state" | "location:country") => Some(value.to_vec()),
        _ => None,
    }
}

/// A year as it is written.
fn four_digits(year: i32) -> Vec<u8> {
    let digits = [year / 1000, year / 100 % 10, year / 10 % 10, year % 10].map(u8::try_from);
    match digits {
        [Ok(a @ 0..10), Ok(b), Ok(c), Ok(d)] => vec![b'0' + a, b'0' + b, b'0' + c, b'0' + d],
        // Before the year 0, or far away.
        _ => format!("{year:04}").into_bytes(),
    }
}

/// The year of a date in plain digits and two signs, `1962-03-14` or `3/14/1962`: most dates are written so, and need no
/// closer look. `None` where there is any doubt.
fn plain_year(value: &[u8]) -> Option<i32> {
    let sign = *value.iter().find(|byte| !byte.is_ascii_digit()).filter(|byte| matches!(byte, b'-' | b'/'))?;
    let mut parts = [(0_i32, 0_usize); 3];
    let mut part = 0;
    for &byte in value {
        let (number, len) = parts.get_mut(part)?;
        if byte.is_ascii_digit() && *len < 4 {
            *number = *number * 10 + i32::from(byte - b'0');
            *len += 1;
        } else if byte == sign && *len > 0 {
            part += 1;
        } else {
            return None;
        }
    }
    let ([(year, 4), (one, 2), (two, 2)] | [(one, 1 | 2), (two, 1 | 2), (year, 4)]) = parts else { return None };
    // Whichever is the month, it has that day.
    let real = (1..=28).contains(&one) && (1..=28).contains(&two) && one.min(two) <= 12;
    // What begins with its year has the month first.
    let ordered = parts.first().is_some_and(|(_, len)| *len < 4) || one <= 12;
    (real && ordered && (1850..=2099).contains(&year)).then_some(year)
}

/// A year that tells of an age above 89: who was born then turns 90 this year or did already.
pub(super) fn is_year_of_the_old(year: i32, this_year: i32) -> bool {
    this_year - year >= 90
}

const OLD: &[u8] = b"90+";

/// `92 y/o` becomes `90+ y/o`. Ages up to 89 are no identifiers and stay.
fn age(value: &[u8]) -> Option<Vec<u8>> {
    let digits: Vec<usize> = (0..value.len()).filter(|at| value[*at].is_ascii_digit()).collect();
    let (Some(first), Some(last)) = (digits.first(), digits.last()) else {
        let words = String::from_utf8(fold(value)).ok()?;
        return AGE_WORDS.iter().any(|word| words.contains(word)).then(|| OLD.to_vec());
    };
    // Two numbers, as in `92 years 3 months`, are more than `90+` can say.
    if last - first + 1 != digits.len() {
        return None;
    }
    let years: u32 = std::str::from_utf8(&value[*first..=*last]).ok()?.parse().ok()?;
    let unit = fold(&value[last + 1..]);
    let of_a_child = [b"mo".as_slice(), b"week", b"wk", b"day"]
        .iter()
        .any(|word| unit.windows(word.len()).any(|part| part == *word));
    match years {
        _ if of_a_child => None,
        0..=89 => Some(value.to_vec()),
        // What stands around the number is kept only if it is about age.
        90..=130 if !around(&value[..*first]) || !around(&unit) => Some(OLD.to_vec()),
        90..=130 => Some([&value[..*first], OLD, &value[last + 1..]].concat()),
        _ => None,
    }
}

fn around(text: &[u8]) -> bool {
    let words = fold(text);
    let mut words = words.split(|byte| !byte.is_ascii_alphabetic() && byte.is_ascii()).filter(|word| !word.is_empty());
    words.all(|word| UNITS.iter().any(|unit| unit.as_bytes() == word))
}

const UNITS: [&str; 14] = ["age", "aged", "ages", "y", "o", "yo", "yr", "yrs", "year", "years", "old", "is", "of", "a"];

const AGE_WORDS: [&str; 3] = ["ninety", "nineties", "hundred"];

fn zip(value: &[u8]) -> Option<Vec<u8>> {
    let digits: Vec<u8> = value.iter().copied().filter(u8::is_ascii_digit).collect();
    let known = value.iter().all(|byte| byte.is_ascii_digit() || b" -".contains(byte));
    if !known || ![5, 9].contains(&digits.len()) {
        return None;
    }
    let prefix = &digits[..3];
    Some(if is_small_area(prefix) { b"000".to_vec() } else { prefix.to_vec() })
}

/// Areas of at most 20,000 people, and prefixes that name no area at all.
fn is_small_area(prefix: &[u8]) -> bool {
    let Some(number) = std::str::from_utf8(prefix).ok().and_then(|digits| digits.parse::<u16>().ok()) else {
        return true;
    };
    SMALL_AREAS.contains(&number) || UNASSIGNED.iter().any(|(first, last)| (*first..=*last).contains(&number))
}

/// The union of what the 2000 census (HHS guidance) and the 2020 census say, since HHS asks not to rely on the older
/// list when newer figures exist.
const SMALL_AREAS: [u16; 23] =
    [36, 59, 63, 102, 202, 203, 204, 205, 369, 556, 692, 753, 772, 790, 821, 823, 830, 831, 878, 879, 884, 890, 893];

/// First and last of the runs of prefixes that no ZIP code begins with: the gaps in the 42,789 codes of the `zipcodes`
/// data set, version 3.0.0 (CC BY 4.0).
const UNASSIGNED: [(u16, u16); 45] = [
    (0, 4),
    (213, 213),
    (269, 269),
    (343, 343),
    (345, 345),
    (348, 348),
    (353, 353),
    (419, 419),
    (428, 429),
    (517, 519),
    (529, 529),
    (533, 533),
    (536, 536),
    (552, 552),
    (568, 568),
    (578, 579),
    (589, 589),
    (621, 621),
    (632, 632),
    (642, 643),
    (659, 659),
    (663, 663),
    (682, 682),
    (694, 699),
    (702, 702),
    (709, 709),
    (715, 715),
    (732, 732),
    (742, 742),
    (771, 771),
    (817, 819),
    (839, 839),
    (848, 849),
    (854, 854),
    (858, 858),
    (861, 862),
    (866, 869),
    (872, 872),
    (886, 887),
    (892, 892),
    (896, 896),
    (899, 899),
    (909, 909),
    (929, 929),
    (987, 987),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_dates_have_the_year_that_a_closer_look_finds() {
        let mut plain = 0;
        for sign in ["-", "/", "."] {
            for year in ["1850", "1962", "2024", "2099", "1700", "62"] {
                for one in ["0", "1", "03", "12", "13", "28", "31"] {
                    for two in ["1", "02", "14", "29", "31", "99"] {
                        for text in [format!("{one}{sign}{two}{sign}{year}"), format!("{year}{sign}{one}{sign}{two}")] {
                            let Some(quick) = plain_year(text.as_bytes()) else { continue };
                            plain += 1;
                            let slow = Date::parse(text.as_bytes()).and_then(|date| date.year(2026));
                            assert_eq!(Some(quick), slow, "{text}");
                        }
                    }
                }
            }
        }
        assert!(plain > 100, "{plain} are plain");
    }

    fn general(kind: &str, value: &str) -> Option<String> {
        generalise(kind, value.as_bytes(), 2026).map(|value| String::from_utf8(value).unwrap())
    }

    #[test]
    fn what_remains() {
        for (kind, value, expected) in [
            ("date", "3/5/2024", Some("2024")),
            ("date", "March 5, 2024", Some("2024")),
            ("date", "14MAR2024", Some("2024")),
            ("date", "2024-03-05T10:11:12Z", Some("2024")),
            ("date", "20240305101112-0500", Some("2024")),
            ("date", "3/5/24", Some("2024")),
            ("date", "Mar 2025", Some("2025")),
            ("date", "Summer of 2024", Some("2024")),
            ("date", "02/30/2024", Some("2024")),
            ("date", "3/5", None),
            ("date", "3/5 at 19:30", None),
            ("date", "third of July", None),
            ("date:birth", "3/5/1937", Some("1937")),
            ("date:birth", "3/5/1936", Some("90+")),
            ("date:birth", "1931", Some("90+")),
            ("date:birth", "3/5/31", Some("90+")),
            ("age", "92", Some("90+")),
            ("age", "92 y/o", Some("90+ y/o")),
            ("age", "Smith, 92", Some("90+")),
            ("age", "92 山田", Some("90+")),
            ("age", "aged 103", Some("aged 90+")),
            ("age", "94-year-old", Some("90+-year-old")),
            ("age", "ninety-four", Some("90+")),
            ("age", "89", Some("89")),
            ("age", "92 years 3 months", None),
            ("age", "93 months", None),
            ("age", "1931", None),
            ("zip", "02139", Some("021")),
            ("zip", "02139-4307", Some("021")),
            ("zip", "021394307", Some("021")),
            ("zip", "03601", Some("000")),
            ("zip", "20201-1234", Some("000")),
            ("zip", "00001", Some("000")),
            ("zip", "2139", None),
            ("zip", "K1A 0B1", None),
            ("location:state", "Massachusetts", Some("Massachusetts")),
            ("location:city", "Boston", None),
            ("name", "Ann", None),
            ("ssn", "123-45-6789", None),
        ] {
            assert_eq!(general(kind, value).as_deref(), expected, "{kind} {value}");
        }
    }

    #[test]
    fn every_small_area_is_hidden() {
        assert!(SMALL_AREAS.is_sorted() && UNASSIGNED.is_sorted());
        let unassigned = UNASSIGNED.into_iter().flat_map(|(first, last)| first..=last);
        for area in SMALL_AREAS.into_iter().chain(unassigned) {
            assert_eq!(general("zip", &format!("{area:03}01")).as_deref(), Some("000"));
        }
        let hidden = (0..1000).filter(|area| general("zip", &format!("{area:03}01")).as_deref() == Some("000"));
        assert_eq!(hidden.count(), 23 + 67);
    }
}
