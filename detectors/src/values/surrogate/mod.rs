//! Stand-ins that look real and belong to nobody.
//!
//! A stand-in is drawn from a keyed function of the subject of care and the canonical value: the same value of the same
//! subject always gets the same stand-in, whatever its spelling, and says nothing about the value itself. Where the
//! world reserves a range for examples (telephones 555-01xx, `example.org`, 192.0.2.0/24), that range is used; an SSN gets
//! an area that was never given out, a card or an NPI a wrong check digit. Different values may get the same
//! stand-in; `token` and `fpe` are for joining.

mod name;
mod words;

use std::net::IpAddr;

use blackbar_engine::operator::{Draws, Prf, main_kind};

use self::words::{CITIES, FACILITIES, LARGE_AREAS, STREET_SUFFIXES, STREETS};
use super::canonical::{Phone, canonical, uuid};
use super::date::Date;
use super::generalise::is_year_of_the_old;
use super::text::Case;

/// `None` when there is nothing realistic, or when every attempt gave the value itself again.
pub(super) fn surrogate(kind: &str, value: &[u8], prf: &Prf, this_year: i32) -> Option<Vec<u8>> {
    let same = canonical(kind, value);
    let label = main_kind(kind);
    // All attempts come from one sequence, so the first that differs is the same every time.
    let mut draws = prf.draws(label, &same);
    (0..ATTEMPTS)
        .filter_map(|_| once(kind, value, &same, prf, &mut draws, this_year))
        .find(|stand_in| canonical(kind, stand_in) != same && stand_in != value)
}

const ATTEMPTS: usize = 8;

fn once(kind: &str, value: &[u8], same: &[u8], prf: &Prf, draws: &mut Draws, this_year: i32) -> Option<Vec<u8>> {
    match main_kind(kind) {
        "name" => name::surrogate(kind, value, prf),
        "ssn" => ssn(value, draws),
        "phone" | "fax" => phone(value, draws),
        "email" => email(value, same, prf, draws),
        "zip" => zip(value, draws),
        "date" => date(value, draws, this_year),
        "location" => location(kind, value, draws),
        "facility" => Some(in_case_of(value, draws.pick(&FACILITIES)?)),
        "url" => url(value, draws),
        "ip" => ip(value, draws),
        "mac" => mac(value, draws),
        "card" | "npi" => wrong_check_digit(main_kind(kind), value, draws),
        "age" | "biometric" | "image" => None,
        _ => same_shape(value, draws),
    }
}

/// Areas 900 to 999 were never given out, and groups below 50 are no taxpayer numbers either.
fn ssn(value: &[u8], draws: &mut Draws) -> Option<Vec<u8>> {
    let count = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    if count != 9 {
        // The x of a masked number stays one.
        let digits: Vec<u8> = (0..count).map(|_| draws.digit()).collect();
        return (count > 0).then(|| with_digits(value, 0..value.len(), &digits))?;
    }
    let number = format!("9{:02}{:02}{:04}", draws.below(100), 1 + draws.below(49), 1 + draws.below(9999));
    with_digits(value, 0..value.len(), number.as_bytes())
}

/// 555-0100 to 555-0199 are kept for fiction in every North American area.
fn phone(value: &[u8], draws: &mut Draws) -> Option<Vec<u8>> {
    let Some(phone) = Phone::parse(value) else { return same_shape(value, draws) };
    let fiction = format!("55501{:02}", draws.below(100));
    let area = format!("{}{}{}", 2 + draws.below(8), draws.below(9), draws.below(10));
    let number = match phone.digits.len() {
        10 => area + &fiction,
        7 => fiction,
        other => (0..other)
            .map(|at| char::from(if at == 0 { b'1' + digit(draws, 9) } else { b'0' + digit(draws, 10) }))
            .collect(),
    };
    let extension = phone.extension.iter().map(|_| draws.digit());
    let digits: Vec<u8> = number.bytes().chain(extension).collect();
    let mut written = value.to_vec();
    for (at, digit) in phone.digits.iter().chain(&phone.extension).zip(digits) {
        *written.get_mut(*at)? = digit;
    }
    Some(written)
}

fn email(value: &[u8], same: &[u8], prf: &Prf, draws: &mut Draws) -> Option<Vec<u8>> {
    let scheme = if value.len() > 7 && value[..7].eq_ignore_ascii_case(b"mailto:") { &value[..7] } else { b"" };
    let (given, surname) = name::any(same, prf)?;
    let domain = draws.pick(&["example.com", "example.org", "example.net"])?;
    let mailbox = format!("{given}.{surname}{}@{domain}", draws.below(1000));
    Some([scheme, mailbox.as_bytes()].concat())
}

fn zip(value: &[u8], draws: &mut Draws) -> Option<Vec<u8>> {
    if value.iter().filter(|byte| byte.is_ascii_digit()).count() < 5 {
        return same_shape(value, draws);
    }
    let number = format!("{}{:02}{:04}", draws.pick(&LARGE_AREAS)?, 1 + draws.below(99), 1 + draws.below(9999));
    with_digits(value, 0..value.len(), number.as_bytes())
}

/// Another day of the same year: the year may remain, the day tells nothing.
fn date(value: &[u8], draws: &mut Draws, this_year: i32) -> Option<Vec<u8>> {
    let date = Date::parse(value)?;
    let day = date.day(this_year).filter(|day| !is_year_of_the_old(day.year, this_year))?;
    let target = i32::try_from(draws.below(365)).ok()?;
    // A time of day, to the second, can be as telling as the day.
    date.ends_with_day(value).then(|| day.plus(target - day.in_year()).map(|day| date.write(value, day)))?
}

fn location(kind: &str, value: &[u8], draws: &mut Draws) -> Option<Vec<u8>> {
    let letters = value.iter().any(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii());
    let text = String::from_utf8_lossy(value).to_lowercase();
    let number = 1 + draws.below(9899);
    let place = match kind.split_once(':').map(|(_, sub)| sub) {
        Some("state" | "country") => return None,
        Some("zip") => return zip(value, draws),
        Some("city") => (*draws.pick(&CITIES)?).to_owned(),
        _ if !letters => return None,
        _ if text.contains("box ") => format!("PO Box {number}"),
        _ if text.ends_with("county") => format!("{} County", draws.pick(&CITIES)?),
        Some("street") => format!("{number} {} {}", draws.pick(&STREETS)?, draws.pick(&STREET_SUFFIXES)?),
        _ if value.first().is_some_and(u8::is_ascii_digit) => {
            format!("{number} {} {}", draws.pick(&STREETS)?, draws.pick(&STREET_SUFFIXES)?)
        }
        _ => (*draws.pick(&CITIES)?).to_owned(),
    };
    Some(in_case_of(value, &place))
}

fn url(value: &[u8], draws: &mut Draws) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(value);
    let page: String = (0..8).map(|_| char::from(draws.letter())).collect();
    let lower = text.to_ascii_lowercase();
    let url = if lower.starts_with("http://") {
        format!("http://example.org/{page}")
    } else if lower.starts_with("https://") {
        format!("https://example.org/{page}")
    } else if lower.starts_with("www.") {
        format!("www.example.org/{page}")
    } else if lower.starts_with('@') {
        format!("@{page}")
    } else {
        format!("example.org/{page}")
    };
    Some(url.into_bytes())
}

/// The three networks and the one prefix that are kept for documentation; port and prefix length stay.
fn ip(value: &[u8], draws: &mut Draws) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(value).ok()?;
    let start = text.len() - text.trim_start_matches(['[', ' ']).len();
    let known = |end: &usize| text.get(start..*end)?.parse::<IpAddr>().ok();
    let end = (start + 1..=text.len()).rev().find(|end| known(end).is_some())?;
    let address = match known(&end)? {
        IpAddr::V4(_) => {
            let network = draws.pick(&["192.0.2", "198.51.100", "203.0.113"])?;
            format!("{network}.{}", 1 + draws.below(254))
        }
        IpAddr::V6(_) => {
            let groups: Vec<String> = (0..4).map(|_| format!("{:x}", 0x1000 + draws.below(0xefff))).collect();
            format!("2001:db8::{}", groups.join(":"))
        }
    };
    Some(format!("{}{address}{}", &text[..start], &text[end..]).into_bytes())
}

/// The block 00-00-5E-00-53 is kept for documentation.
fn mac(value: &[u8], draws: &mut Draws) -> Option<Vec<u8>> {
    let positions: Vec<usize> = (0..value.len()).filter(|at| value[*at].is_ascii_hexdigit()).collect();
    let digits = match positions.len() {
        12 => format!("00005e0053{:02x}", draws.below(256)),
        16 => format!("00005effff0053{:02x}", draws.below(256)),
        _ => return None,
    };
    let upper = value.iter().any(u8::is_ascii_uppercase);
    let mut written = value.to_vec();
    for (at, digit) in positions.into_iter().zip(digits.bytes()) {
        *written.get_mut(at)? = if upper { digit.to_ascii_uppercase() } else { digit };
    }
    Some(written)
}

/// A card or an NPI with a right check digit might be somebody's.
fn wrong_check_digit(kind: &str, value: &[u8], draws: &mut Draws) -> Option<Vec<u8>> {
    let mut written = same_shape(value, draws)?;
    let digits: Vec<usize> = (0..written.len()).filter(|at| written[*at].is_ascii_digit()).collect();
    let numbers = digits.iter().map(|at| u32::from(written[*at] - b'0'));
    // An NPI is checked with 80840 in front.
    let prefix: &[u32] = if kind == "npi" { &[8, 0, 8, 4, 0] } else { &[] };
    let all: Vec<u32> = prefix.iter().copied().chain(numbers).collect();
    let sum: u32 = all
        .iter()
        .rev()
        .enumerate()
        .map(|(at, number)| if at % 2 == 0 { *number } else { number * 2 / 10 + number * 2 % 10 })
        .sum();
    if sum.is_multiple_of(10) {
        let last = written.get_mut(*digits.last()?)?;
        *last = if *last == b'9' { b'0' } else { *last + 1 };
    }
    Some(written)
}

/// A digit for a digit, a letter for a letter of the same case; hexadecimal in a UUID. A leading zero stays one and
/// no other digit becomes one, so numbers stay numbers of their length.
fn same_shape(value: &[u8], draws: &mut Draws) -> Option<Vec<u8>> {
    let hexadecimal = uuid(value).is_some();
    let upper = value.iter().any(u8::is_ascii_uppercase);
    let mut written = Vec::with_capacity(value.len());
    let mut replaced = false;
    let mut leading = true;
    for letter in String::from_utf8_lossy(value).chars() {
        let new = match letter {
            _ if hexadecimal && letter != '-' => {
                let digit = char::from_digit(draws.below(16), 16)?;
                if upper { digit.to_ascii_uppercase() } else { digit }
            }
            '0' if leading => '0',
            '1'..='9' if leading => char::from(b'1' + digit(draws, 9)),
            '0'..='9' => char::from(draws.digit()),
            letter if letter.is_lowercase() => char::from(draws.letter()),
            letter if letter.is_alphanumeric() => char::from(draws.letter().to_ascii_uppercase()),
            separator => separator,
        };
        replaced |= letter.is_alphanumeric();
        leading &= !letter.is_alphanumeric();
        written.push(new);
    }
    replaced.then(|| String::from_iter(written).into_bytes())
}

/// `digits` over the digits of a part of a value, as many as there are.
fn with_digits(value: &[u8], part: std::ops::Range<usize>, digits: &[u8]) -> Option<Vec<u8>> {
    let mut written = value.to_vec();
    let mut digits = digits.iter();
    for byte in written.get_mut(part)?.iter_mut().filter(|byte| byte.is_ascii_digit()) {
        *byte = *digits.next()?;
    }
    Some(written)
}

fn digit(draws: &mut Draws, bound: u32) -> u8 {
    u8::try_from(draws.below(bound)).unwrap_or_default()
}

fn in_case_of(value: &[u8], text: &str) -> Vec<u8> {
    match Case::of(value) {
        Case::Title => text.as_bytes().to_vec(),
        case => case.write(text).into_bytes(),
    }
}

#[cfg(test)]
mod tests;
