//! A glance at a number before it is read as the beginning of a date: most are doses, counts and measures, and what
//! follows them shows it. Each step says which reader would refuse what is left out here.

use blackbar_engine::{NearNumber, Unseen};

use super::{is_day, is_year};
use crate::scan::number;

/// At four digits, which may be a year: `numeric::year_first` wants a sign behind them, and something behind that.
pub(super) fn year(near: &NearNumber<'_>) -> Result<bool, Unseen> {
    if !is_year(near.value()) || is_inner(near) {
        return Ok(false);
    }
    Ok(match near.behind(2)? {
        [b'/' | b'-' | b'.', next] => next.is_ascii_alphanumeric() || *next == b' ' || *next == b'\t',
        [b'\t' | 0xe2, _] => true,
        _ => false,
    })
}

/// At one or two digits, which may be a day or a month.
pub(super) fn day_or_month(near: &NearNumber<'_>) -> Result<bool, Unseen> {
    if is_inner(near) {
        return Ok(false);
    }
    let value = near.value();
    let behind = near.behind(12)?;
    Ok(match behind {
        [b'.', ..] if behind_weekday(near) => true,
        [sign @ (b'/' | b'-' | b'.'), rest @ ..] => signed(value, *sign, rest),
        // `14 March`, `14 of March`, `3 / 14 / 2024`.
        [b' ' | b'\t', b'/' | b'-' | b'.' | 0xe2, ..] => true,
        [b' ' | b'\t', b' ' | b'\t', rest @ ..] | [b' ' | b'\t', rest @ ..] => {
            (1..=31).contains(&value) && (is_month(rest) || is_of(rest) || is_group(rest))
        }
        // A line that was wrapped.
        [b'\n', rest @ ..] => is_month(rest),
        // `14MAR`, `3rd`, `14of March`.
        [first, ..] if first.is_ascii_alphabetic() => is_month(behind) || is_ordinal(behind) || is_of(behind),
        [0xe2, ..] => true,
        _ => false,
    })
}

/// `wed 10.22`: the only decimal number that is a month and a day, see `yearless::no_year`.
fn behind_weekday(near: &NearNumber<'_>) -> bool {
    near.before(4).first_chunk::<4>().is_some_and(|text| {
        matches!(
            &text.map(|byte| byte.to_ascii_lowercase()),
            b"mon " | b"tue " | b"wed " | b"thu " | b"fri " | b"sat " | b"sun " | b"day " | b"ues " | b"urs "
        )
    })
}

/// Whether a longer number goes on before it, see `numeric::stands_alone`.
fn is_inner(near: &NearNumber<'_>) -> bool {
    matches!(near.before(2), [digit, b'.' | b',' | b':' | b'/'] if digit.is_ascii_digit())
}

/// Behind a first number and a sign, see `numeric::with_signs`.
fn signed(one: u32, sign: u8, rest: &[u8]) -> bool {
    let second = rest.get(..rest.iter().take(5).take_while(|byte| byte.is_ascii_digit()).count()).unwrap_or_default();
    let two = number(second);
    let next = rest.get(second.len());
    match second.len() {
        // A line that was wrapped behind the sign; the name of a month, in letters or in Roman numbers.
        0 if sign == b'/' && next == Some(&b'\n') => true,
        0 => is_month(rest) || matches!(rest.first(), Some(b'I' | b'V' | b'X')),
        // A decimal number has no third part.
        1 | 2 if sign == b'.' => next == Some(&b'.'),
        // Another number of the same sign follows, or the two are month and day.
        1 | 2 => next == Some(&sign) || next == Some(&0xe2) || is_day(one, two) || is_day(two, one),
        4 => (1..=12).contains(&one) && is_year(two),
        _ => false,
    }
}

/// `14 62`: the rest of a date in groups, see `numeric::in_groups`.
fn is_group(rest: &[u8]) -> bool {
    let digits = |bytes: &[u8]| bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let second = digits(rest);
    matches!(second, 1 | 2) && rest.get(second) == Some(&b' ') && digits(rest.get(second + 1..).unwrap_or_default()) > 1
}

/// Whether a word begins with the first letters of a month.
fn is_month(bytes: &[u8]) -> bool {
    let Some(head) = bytes.first_chunk::<3>() else { return false };
    matches!(
        &head.map(|byte| byte | 0x20),
        b"jan" | b"feb" | b"mar" | b"apr" | b"may" | b"jun" | b"jul" | b"aug" | b"sep" | b"oct" | b"nov" | b"dec"
    )
}

fn is_of(bytes: &[u8]) -> bool {
    matches!(bytes, [b'o' | b'O', b'f' | b'F', ..] | [b'd' | b'D', b'e' | b'E', ..])
}

fn is_ordinal(bytes: &[u8]) -> bool {
    bytes.first_chunk::<2>().is_some_and(|head| matches!(&head.map(|byte| byte | 0x20), b"st" | b"nd" | b"rd" | b"th"))
}
