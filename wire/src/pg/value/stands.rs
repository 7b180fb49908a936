//! Whether a value may be one that stands for others: what whoever reads it redacted must not write back over them.
//!
//! This knows what takes the place of a value by its type alone: the first of January, zeros, asterisks, and what was cut
//! off at the width of a column. Tags in texts, and what looks like any other value, are for whoever knows the operators.

use bytes::Bytes;

use super::binary::hex;
use super::calendar::{DAY, SECOND, day_of, time_of};
use super::nested::{BinaryArray, Piece, read_array, read_record, read_row};
use super::replace::{characters, room};
use super::types::{Base, Shape, Types};
use super::{MOST_NESTED, textual};

/// What a value is written to, and how it is spelt.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Destination {
    /// The column's type.
    pub oid: u32,
    /// What the column was declared with, as a cell is.
    pub modifier: i32,
    /// The type that the value is said to have; 0 for the column's.
    pub given: u32,
    /// 1 for binary.
    pub format: i16,
    /// It is for this column and no other: if nobody can read it here, it may be anything.
    pub sure: bool,
}

/// Whether this may be what takes the place of other values in such a column. `keyed`: whether there are keys, by which
/// some are derived.
pub fn may_stand_for_others(types: &dyn Types, to: Destination, keyed: bool, value: &Bytes) -> bool {
    let mut found = false;
    each_scalar(types, to, value, 0, &mut |scalar| {
        found |= looks_made(scalar.base, scalar.modifier, &scalar.text, (keyed, to.sure));
        // A moment that is given as one and kept as a day, or the other way round.
        found |= scalar.given.is_some_and(|given| looks_made(given, -1, &scalar.text, (keyed, to.sure)));
    });
    found
}

/// A value that is made of no others, as text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Scalar {
    /// The type of what it is written to.
    pub base: Base,
    /// What that was declared with.
    pub modifier: i32,
    /// The type that the value is said to have, where it is another.
    pub given: Option<Base>,
    /// The value.
    pub text: Bytes,
}

impl Scalar {
    /// How many characters there is room for.
    pub fn room(&self) -> Option<usize> {
        room(self.base, self.modifier)
    }
}

/// Calls this for each value that is made of no others; a value that does not follow its grammar has none.
pub fn scalars(types: &dyn Types, to: Destination, value: &Bytes, each: &mut dyn FnMut(Scalar)) {
    each_scalar(types, to, value, 0, each);
}

fn each_scalar(types: &dyn Types, to: Destination, value: &Bytes, depth: usize, each: &mut dyn FnMut(Scalar)) {
    if depth > MOST_NESTED {
        return;
    }
    let within = |oid: u32, given: u32| Destination { oid, given, ..to };
    match types.shape(to.oid) {
        Shape::Domain(of) => {
            let given = if to.given == to.oid { of } else { to.given };
            each_scalar(types, within(of, given), value, depth + 1, each);
        }
        Shape::Array(element) if to.format == 1 => {
            let Some(array) = BinaryArray::read(value) else { return };
            for value in array.elements.iter().flatten() {
                each_scalar(types, within(element, array.element), value, depth + 1, each);
            }
        }
        // An element by itself, of an array that the statement makes.
        Shape::Array(element) if !matches!(value.trim_ascii_start().first(), Some(b'{' | b'[')) => {
            each_scalar(types, within(element, 0), value, depth + 1, each);
        }
        Shape::Array(element) => {
            for piece in read_array(value).into_iter().flatten() {
                if let Piece::Element(Some(value)) = piece {
                    each_scalar(types, within(element, 0), &value.into(), depth + 1, each);
                }
            }
        }
        Shape::Composite(attributes) if to.format == 1 => {
            for (at, (oid, value)) in read_record(value).into_iter().flatten().enumerate() {
                let Some(value) = value else { continue };
                let to = Destination { modifier: -1, ..within(attributes.get(at).copied().unwrap_or(oid), oid) };
                each_scalar(types, to, &value, depth + 1, each);
            }
        }
        Shape::Composite(attributes) => {
            for (at, value) in read_row(value).into_iter().flatten().enumerate() {
                let (Some(value), Some(oid)) = (value, attributes.get(at)) else { continue };
                each_scalar(types, Destination { modifier: -1, ..within(*oid, 0) }, &value.into(), depth + 1, each);
            }
        }
        Shape::Base(base) => {
            let given = given_as(types, to.given).filter(|given| *given != base);
            if let Some(text) = textual(given.unwrap_or(base), to.format == 1, value) {
                each(Scalar { base, modifier: to.modifier, given, text });
            }
        }
        Shape::Enum | Shape::Range | Shape::Unknown => {}
    }
}

fn given_as(types: &dyn Types, mut oid: u32) -> Option<Base> {
    for _ in 0..MOST_NESTED {
        match types.shape(oid) {
            Shape::Base(base) => return Some(base),
            Shape::Domain(of) => oid = of,
            _ => return None,
        }
    }
    None
}

fn looks_made(base: Base, modifier: i32, text: &[u8], (keyed, sure): (bool, bool)) -> bool {
    let text = text.trim_ascii();
    let zeros = |text: &[u8]| {
        text.iter().any(u8::is_ascii_digit) && text.iter().all(|byte| !byte.is_ascii_digit() || *byte == b'0')
    };
    match base {
        Base::Date | Base::Timestamp | Base::TimestampTz => is_new_year(base, text).unwrap_or(sure),
        Base::Time | Base::TimeTz => is_midnight(text).unwrap_or(sure),
        Base::Interval => zeros(text),
        Base::Uuid => {
            let digits: String =
                text.iter().filter(|byte| byte.is_ascii_hexdigit()).map(|byte| *byte as char).collect();
            let derived = |bytes: &[u8]| {
                matches!(bytes, [_, _, _, _, _, _, version, _, variant, ..]
                if version >> 4 == 8 && variant >> 6 == 2)
            };
            hex(&digits).is_some_and(|bytes| bytes.iter().all(|byte| *byte == 0) || keyed && derived(&bytes))
        }
        Base::Inet | Base::Cidr => {
            let address = text.split(|byte| *byte == b'/').next().unwrap_or_default();
            let address = std::str::from_utf8(address).ok().and_then(|text| text.parse::<std::net::IpAddr>().ok());
            address.is_some_and(|address| address.is_unspecified())
        }
        Base::MacAddr | Base::MacAddr8 => {
            text.contains(&b'0') && text.iter().all(|byte| *byte == b'0' || !byte.is_ascii_hexdigit())
        }
        Base::Text | Base::Varchar | Base::Bpchar | Base::Name | Base::Char => {
            let masked = !text.is_empty() && text.iter().all(|byte| *byte == b'*');
            masked || room(base, modifier).is_some_and(|room| characters(text) >= room && is_cut_tag(text))
        }
        Base::Bool
        | Base::Bytea
        | Base::Int2
        | Base::Int4
        | Base::Int8
        | Base::Oid
        | Base::Float4
        | Base::Float8
        | Base::Numeric
        | Base::Money
        | Base::Json
        | Base::Jsonb
        | Base::Xml => false,
    }
}

/// Whether a text ends within a tag or a token.
fn is_cut_tag(text: &[u8]) -> bool {
    let tag = text.iter().rposition(|byte| *byte == b'[').and_then(|at| text.get(at + 1..));
    let in_tag = |rest: &[u8]| rest.iter().all(|byte| byte.is_ascii_uppercase() || matches!(byte, b'-' | b'_'));
    let token = text.get(blackbar_engine::operator::unfinished_token(text)..).unwrap_or_default();
    tag.is_some_and(in_tag) || token.starts_with(b"bb-")
}

/// A moment as somebody wrote it.
struct Moment {
    /// Days since the first of January 2000, where the day is known in full.
    day: i64,
    /// Of its month.
    is_first_of_january: bool,
    /// Since midnight.
    micros: i64,
    /// Seconds east of Greenwich.
    zone: Option<i64>,
    has_time: bool,
}

/// Whether this is the beginning of a year in the server's time, or may be once a client has carried it to its own. `None` for
/// what nobody can read here.
fn is_new_year(base: Base, text: &[u8]) -> Option<bool> {
    let text = std::str::from_utf8(text).ok()?;
    match text.to_ascii_lowercase().as_str() {
        "epoch" => return Some(true),
        "infinity" | "-infinity" | "now" | "today" | "tomorrow" | "yesterday" | "" => return Some(false),
        _ => {}
    }
    let moment = moment(text)?;
    if base == Base::Date && moment.is_first_of_january {
        return Some(true);
    }
    // Days are further apart than microseconds can count in 64 bits.
    let (local, length) = (i128::from(moment.day) * i128::from(DAY) + i128::from(moment.micros), i128::from(DAY));
    let starts = |micros: i128| {
        let day = i64::try_from(micros.div_euclid(length));
        micros.rem_euclid(length) == 0 && day.is_ok_and(is_january_first)
    };
    let in_utc = |east: i64| starts(local - i128::from(east * SECOND));
    if moment.is_first_of_january && moment.micros == 0 || moment.zone.is_some_and(in_utc) {
        return Some(true);
    }
    // In a zone that is not said, or that the column does not keep, it stands some quarters of an hour beside it.
    let drifts = if base == Base::TimestampTz { moment.zone.is_none() } else { moment.zone.is_some() };
    let quarter = i128::from(900 * SECOND);
    let near = || (-14 * 4..=14 * 4).any(|quarters| starts(local + quarters * quarter));
    Some(moment.has_time && drifts && local.rem_euclid(quarter) == 0 && near())
}

fn is_january_first(day: i64) -> bool {
    let text = super::calendar::text_of_day(day);
    text.strip_suffix(" BC").unwrap_or(&text).ends_with("-01-01")
}

fn is_midnight(text: &[u8]) -> Option<bool> {
    let text = std::str::from_utf8(text).ok()?;
    if text.eq_ignore_ascii_case("allballs") {
        return Some(true);
    }
    let (clock, zone) = clock_and_zone(text);
    let micros = micros_of(clock)?;
    // In a zone it may be midnight somewhere.
    Some(micros % DAY == 0 || zone.is_some_and(|east| (micros - east * SECOND).rem_euclid(DAY) == 0))
}

/// `1961-01-01`, `19610101`, `1/1/1961`, `Jan 1, 1961`, each with or without a time and a zone.
fn moment(text: &str) -> Option<Moment> {
    let (text, before_christ) = match text.strip_suffix("BC").or_else(|| text.strip_suffix("bc")) {
        Some(text) => (text.trim_end(), true),
        None => (text.strip_suffix("AD").unwrap_or(text).trim_end(), false),
    };
    let colon = text.find(':').unwrap_or(text.len());
    let hour = text.get(..colon)?.trim_end_matches(|letter: char| letter.is_ascii_digit()).len();
    let (date, time) = if colon == text.len() { (text, "") } else { text.split_at_checked(hour)? };
    let date = date.trim_end_matches(['T', 't', ' ', ':']).trim_start();
    let (clock, zone) = clock_and_zone(time);
    let micros = if time.is_empty() { 0 } else { micros_of(clock)? };
    let (year, month, day) = year_month_day(date)?;
    let era = if before_christ { " BC" } else { "" };
    let day_number = day_of(&format!("{year:04}-{month:02}-{day:02}{era}"))?;
    let is_first_of_january = (month, day) == (1, 1);
    Some(Moment { day: day_number, is_first_of_january, micros, zone, has_time: !time.is_empty() })
}

fn year_month_day(date: &str) -> Option<(i64, i64, i64)> {
    let words: Vec<&str> =
        date.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let number = |word: &str| word.parse::<i64>().ok();
    let month_of = |word: &str| {
        let word = word.to_ascii_lowercase();
        let at = MONTHS.iter().position(|month| word.get(..3) == Some(month))?;
        i64::try_from(at + 1).ok()
    };
    match words.as_slice() {
        [whole] if whole.len() == 8 => {
            let part = |from: usize, to: usize| number(whole.get(from..to)?);
            Some((part(0, 4)?, part(4, 6)?, part(6, 8)?))
        }
        [one, two, three] => {
            if let Some(at) = [one, two, three].into_iter().position(|word| month_of(word).is_some()) {
                let month = month_of(words.get(at)?)?;
                let mut others = words.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, word)| *word);
                let (first, second) = (others.next()?, others.next()?);
                let (day, year) = if first.len() > 2 { (second, first) } else { (first, second) };
                return Some((full_year(year)?, month, number(day)?));
            }
            if one.len() > 2 {
                return Some((number(one)?, number(two)?, number(three)?));
            }
            // Month first or day first: the one that can be.
            let (one, two) = (number(one)?, number(two)?);
            let (month, day) = if one > 12 { (two, one) } else { (one, two) };
            Some((full_year(three)?, month, day))
        }
        _ => None,
    }
}

/// As the server reads two digits.
fn full_year(word: &str) -> Option<i64> {
    let year = word.parse::<i64>().ok()?;
    Some(match (word.len(), year) {
        (1 | 2, 0..70) => 2000 + year,
        (1 | 2, _) => 1900 + year,
        _ => year,
    })
}

/// A time of day, and the zone behind it.
fn clock_and_zone(time: &str) -> (&str, Option<i64>) {
    let time = time.trim();
    if let Some(clock) = ["UTC", "utc", "GMT", "Z", "z"].into_iter().find_map(|zone| time.strip_suffix(zone)) {
        return (clock.trim_end(), Some(0));
    }
    let Some(at) = time.rfind(['+', '-']) else { return (time, None) };
    let Some((clock, zone)) = time.split_at_checked(at) else { return (time, None) };
    let digits: String = zone.chars().filter(char::is_ascii_digit).collect();
    let part = |from: usize| digits.get(from..from + 2).and_then(|part| part.parse::<i64>().ok()).unwrap_or(0);
    let hours = if digits.len() == 1 { digits.parse().unwrap_or(0) } else { part(0) };
    let east = hours * 3600 + part(2) * 60 + part(4);
    (clock.trim_end(), Some(if zone.starts_with('-') { -east } else { east }))
}

/// `9:05`, `09:05:00`, `090500` and with a fraction, which may be longer than the server keeps.
fn micros_of(clock: &str) -> Option<i64> {
    let clock = clock.trim();
    let (whole, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let fraction = fraction.get(..fraction.len().min(6))?;
    let spelt: Vec<String> = if whole.contains(':') {
        whole.split(':').map(|part| format!("{part:0>2}")).collect()
    } else if matches!(whole.len(), 4 | 6) {
        whole.as_bytes().chunks(2).map(|part| String::from_utf8_lossy(part).into_owned()).collect()
    } else {
        return None;
    };
    let seconds = if spelt.len() == 2 { ":00" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    time_of(&format!("{}{seconds}{point}{fraction}", spelt.join(":")))
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

#[cfg(test)]
mod tests {
    use blackbar_engine::Kind;
    use blackbar_engine::operator::{Context, Keyring, Operator};
    use proptest::prelude::*;

    use super::super::{Builtin, Decision, Masked, Masker, Typed, Unknown, from_text};
    use super::*;
    use crate::pg::testing::{Digits, Years};

    fn stands(oid: u32, modifier: i32, format: i16, value: &[u8]) -> bool {
        let to = Destination { oid, modifier, given: 0, format, sure: true };
        may_stand_for_others(&Builtin, to, true, &Bytes::copy_from_slice(value))
    }

    /// The types whose replacement can be told by itself, with a value each.
    const TYPES: [(u32, Base, &str); 12] = [
        (1082, Base::Date, "1987-03-05"),
        (1114, Base::Timestamp, "1987-03-05 10:00:00.5"),
        (1184, Base::TimestampTz, "1987-03-05 10:00:00+05:30"),
        (1083, Base::Time, "10:00:00"),
        (1266, Base::TimeTz, "10:00:00+02"),
        (1186, Base::Interval, "1 mons 2 days 03:00:00"),
        (2950, Base::Uuid, "8c0f2f5e-2f0b-4a57-9d3b-2b8f6f3c1a77"),
        (869, Base::Inet, "10.0.0.7"),
        (650, Base::Cidr, "2001:db8::/32"),
        (829, Base::MacAddr, "08:00:2b:01:02:03"),
        (774, Base::MacAddr8, "08:00:2b:01:02:03:04:05"),
        (18, Base::Char, "7"),
    ];

    #[test]
    fn what_a_masker_makes_is_told_in_both_formats_and_what_it_is_made_of_is_not() {
        let ring = Keyring::random().unwrap();
        let operators = [Operator::Tag, Operator::Mask, Operator::Generalise, Operator::Token];
        for (oid, base, text) in TYPES {
            for format in [0, 1] {
                let spelt = |text: &[u8]| {
                    if format == 1 { from_text(base, text).unwrap().into() } else { Bytes::copy_from_slice(text) }
                };
                let value = spelt(text.as_bytes());
                assert!(!stands(oid, -1, format, &value), "{text}");
                let replace = operators.map(|operator| Decision::Replace { kind: Kind::new("date"), operator });
                for decision in replace.into_iter().chain([Decision::Detect]) {
                    for keys in [None, Some(&ring)] {
                        let context = Context { values: &Years, keys, subject: None };
                        let mut masker =
                            Masker { types: &Builtin, scrub: &mut Digits, context, unknown: Unknown::Null };
                        let typed = Typed { oid, modifier: -1, format };
                        match masker.value(0, typed, decision, &value).unwrap() {
                            Masked::Value(made) => {
                                assert!(stands(oid, -1, format, &made), "{text} {decision:?} {made:?}")
                            }
                            other => panic!("{text} {decision:?} became {other:?}"),
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_cut_replacement_is_told_by_the_width_that_it_fills() {
        for (oid, room, value, expected) in [
            (1043, 6, "id [ID", true),
            (1043, 9, "id [ID", false),
            (1043, 3, "***", true),
            (1042, 2, "**", true),
            (25, 0, "**", true),
            (25, 0, "**bold**", false),
            (1043, 13, "id bb-ssn-4fD", true),
            (1043, 60, "id bb-ssn-4fD", false),
            (1043, 6, "id [ok", false),
        ] {
            let modifier = if room == 0 { -1 } else { 4 + room };
            assert_eq!(stands(oid, modifier, 0, value.as_bytes()), expected, "{value} in {room}");
        }
    }

    #[test]
    fn the_same_moment_is_told_however_a_client_spells_it() {
        let (date, timestamp, zoned) = (1082, 1114, 1184);
        for (oid, text, expected) in [
            (date, "1961-01-01", true),
            (date, "1961-1-1", true),
            (date, "19610101", true),
            (date, "1/1/1961", true),
            (date, "01/01/61", true),
            (date, "January 1, 1961", true),
            (date, "1 Jan 1961", true),
            (date, "1961-01-01T00:00:00.000+02:00", true),
            (date, "1960-12-31T22:00:00.000Z", true),
            (date, "0044-01-01 BC", true),
            (date, "epoch", true),
            (date, "J2437301", true),
            (date, "1961-04-03", false),
            (date, "04/03/1961", false),
            (date, "April 3, 1961", false),
            (date, "1960-12-31", false),
            (date, "today", false),
            (date, "infinity", false),
            (timestamp, "1961-01-01 00:00:00", true),
            (timestamp, "1961-01-01T00:00:00.000000000", true),
            (timestamp, "1961-01-01", true),
            (timestamp, "1961-01-01 09:30:00", false),
            (timestamp, "1960-12-31 19:00:00", false),
            (timestamp, "1961-01-01 00:00:00.000001", false),
            (zoned, "1961-01-01 00:00:00+00", true),
            (zoned, "1960-12-31 19:00:00-05", true),
            (zoned, "1961-01-01 05:30:00+05:30", true),
            (zoned, "1960-12-31 19:00:00", true),
            (zoned, "1960-12-31 19:07:00", false),
            (zoned, "1961-01-01 00:00:00+05", true),
            (zoned, "1961-01-01 03:00:00+05", false),
            (zoned, "1961-04-03T10:00:00Z", false),
        ] {
            assert_eq!(stands(oid, -1, 0, text.as_bytes()), expected, "{text}");
        }
        // Given as a moment, kept as a day.
        let to = Destination { oid: date, modifier: -1, given: 1184, format: 1, sure: true };
        let micros = from_text(Base::TimestampTz, b"1961-01-01 00:00:00+00").unwrap();
        assert!(may_stand_for_others(&Builtin, to, false, &micros.into()));
        // What is perhaps for another column is not taken for what it does not read as.
        for (text, expected) in [("1961-01-01", true), ("212-555-0147", false), ("2", false), ("x", false)] {
            let to = Destination { oid: date, modifier: -1, given: 0, format: 0, sure: false };
            assert_eq!(
                may_stand_for_others(&Builtin, to, false, &Bytes::from_static(text.as_bytes())),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn values_within_others_are_looked_at() {
        for (oid, text, expected) in [
            (1182, "{1961-04-03,1961-01-01}", true),
            (1182, "{1961-04-03,NULL}", false),
            (1182, "1961-01-01", true),
            (2951, "{00000000-0000-0000-0000-000000000000}", true),
        ] {
            assert_eq!(stands(oid, -1, 0, text.as_bytes()), expected, "{text}");
        }
        let array = |day: i32| {
            let mut bytes = Vec::new();
            for number in [1, 0, 1082, 1, 1, 4, day] {
                bytes.extend(number.to_be_bytes());
            }
            bytes
        };
        assert!(stands(1182, -1, 1, &array(0)) && !stands(1182, -1, 1, &array(5)));
    }

    proptest! {
        #[test]
        fn any_text_is_judged(text in "\\PC{0,24}", at in 0..TYPES.len(), binary in any::<bool>()) {
            let _ = stands(TYPES[at].0, 4 + 8, i16::from(binary), text.as_bytes());
        }

        #[test]
        fn only_the_first_day_of_a_year_is_taken_for_one(days in -30_000i32..30_000) {
            let text = super::super::calendar::text_of_day(i64::from(days));
            prop_assert_eq!(stands(1082, -1, 0, text.as_bytes()), text.ends_with("-01-01"));
            prop_assert_eq!(stands(1082, -1, 1, &days.to_be_bytes()), text.ends_with("-01-01"));
        }
    }
}
