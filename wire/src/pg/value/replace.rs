//! What takes the place of a whole value: always a value of the same type, or NULL.

use blackbar_engine::Kind;
use blackbar_engine::operator::{self, Context, Operator};
use sha2::{Digest as _, Sha256};

use super::binary::from_text;
use super::calendar::day_of;
use super::types::Base;

/// The text that takes the place of the text of a value; `None` for NULL. `modifier` is what the column was declared with.
pub(super) fn replacement(
    base: Base,
    modifier: i32,
    text: &[u8],
    (kind, operator): (Kind, Operator),
    context: &Context<'_>,
) -> Option<Vec<u8>> {
    if operator == Operator::Keep {
        return Some(text.to_vec());
    }
    if operator == Operator::Drop {
        return None;
    }
    let made = match base {
        Base::Text | Base::Varchar | Base::Bpchar | Base::Name | Base::Char => {
            return Some(fitting(base, modifier, text, (kind, operator), context));
        }
        Base::Xml => xml_text(&operator::apply(operator, kind.id(), text, context).bytes),
        Base::Json | Base::Jsonb => json_string(&operator::apply(operator, kind.id(), text, context).bytes),
        Base::Date | Base::Timestamp | Base::TimestampTz => return date(text, operator, context),
        Base::Time => b"00:00:00".to_vec(),
        Base::TimeTz => b"00:00:00+00".to_vec(),
        Base::Interval => b"00:00:00".to_vec(),
        Base::Int2 | Base::Int4 | Base::Int8 | Base::Oid | Base::Float4 | Base::Float8 | Base::Numeric => {
            return number(base, text, (kind, operator), context);
        }
        Base::Uuid => uuid(text, (kind, operator), context),
        Base::Inet => {
            if text.contains(&b':') {
                b"::".to_vec()
            } else {
                b"0.0.0.0".to_vec()
            }
        }
        Base::Cidr => {
            if text.contains(&b':') {
                b"::/0".to_vec()
            } else {
                b"0.0.0.0/0".to_vec()
            }
        }
        Base::MacAddr => b"00:00:00:00:00:00".to_vec(),
        Base::MacAddr8 => b"00:00:00:00:00:00:00:00".to_vec(),
        Base::Bool | Base::Bytea | Base::Money => return None,
    };
    Some(made)
}

/// A redacted text as a value of the type: never longer than the column.
pub(super) fn fit(base: Base, modifier: i32, text: &[u8]) -> Vec<u8> {
    match (base, room(base, modifier)) {
        (Base::Name, _) => cut(text, |kept| kept.len() <= LONGEST_NAME),
        (_, Some(room)) if base != Base::Name => {
            let mut text = cut(text, |kept| characters(kept) <= room);
            if base == Base::Bpchar {
                text.resize(text.len() + room - characters(&text).min(room), b' ');
            }
            text
        }
        _ => text.to_vec(),
    }
}

fn fitting(base: Base, modifier: i32, text: &[u8], (kind, how): (Kind, Operator), context: &Context<'_>) -> Vec<u8> {
    // The blanks of `char(n)` are not the value's.
    let value = if base == Base::Bpchar { text.trim_ascii_end() } else { text };
    let fits = |made: &[u8]| match base {
        Base::Name => made.len() <= LONGEST_NAME,
        _ => room(base, modifier).is_none_or(|room| characters(made) <= room),
    };
    let mut made = operator::apply(how, kind.id(), value, context);
    if !fits(&made.bytes) && how == Operator::Token {
        made = operator::apply(Operator::Fpe, kind.id(), value, context);
    }
    if fits(&made.bytes) {
        return fit(base, modifier, &made.bytes);
    }
    let room = room(base, modifier).unwrap_or(LONGEST_NAME).min(made.bytes.len());
    fit(base, modifier, &vec![b'*'; room])
}

pub(super) fn room(base: Base, modifier: i32) -> Option<usize> {
    match base {
        Base::Char => Some(1),
        Base::Varchar | Base::Bpchar => usize::try_from(modifier).ok()?.checked_sub(4),
        _ => None,
    }
}

pub(super) fn characters(text: &[u8]) -> usize {
    text.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

/// The longest beginning that fits, cut between characters.
fn cut(text: &[u8], fits: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let mut kept = text;
    while !fits(kept) {
        let shorter = kept.len().saturating_sub(1);
        let start = (0..=shorter).rev().find(|at| text.get(*at).is_none_or(|byte| byte & 0xc0 != 0x80));
        kept = text.get(..start.unwrap_or(0)).unwrap_or_default();
        if kept.is_empty() {
            break;
        }
    }
    kept.to_vec()
}

/// The first of January of its year, unless it is to be shifted and can be, or the year itself says too much.
fn date(text: &[u8], operator: Operator, context: &Context<'_>) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?;
    if text == "infinity" || text == "-infinity" {
        return Some(text.as_bytes().to_vec());
    }
    let (day, time) = text
        .split_once(' ')
        .filter(|(_, rest)| rest.contains(':'))
        .map_or((text, None), |(day, rest)| (day, Some(rest)));
    if operator == Operator::Shift {
        let shifted = operator::apply(operator, "date", day.as_bytes(), context);
        let whole = std::str::from_utf8(&shifted.bytes).ok().filter(|day| day_of(day).is_some());
        if let (Operator::Shift, Some(day)) = (shifted.applied, whole) {
            return Some(time.map_or_else(|| day.to_owned(), |time| format!("{day} {time}")).into_bytes());
        }
    }
    let era = if text.ends_with(" BC") { " BC" } else { "" };
    let day = day.strip_suffix(" BC").unwrap_or(day);
    day_of(day)?;
    let year = day.split('-').next()?;
    // A year that tells of an age above 89 says too much, and there is no date that says `90+`.
    let general = operator::apply(Operator::Generalise, "date", day.as_bytes(), context);
    if general.bytes != year.as_bytes() {
        return None;
    }
    Some(
        match time {
            None => format!("{year}-01-01{era}"),
            Some(time) if time.contains(['+', '-']) => format!("{year}-01-01 00:00:00+00{era}"),
            Some(_) => format!("{year}-01-01 00:00:00{era}"),
        }
        .into_bytes(),
    )
}

/// A number of the same type with no more digits, or NULL.
fn number(base: Base, text: &[u8], (kind, operator): (Kind, Operator), context: &Context<'_>) -> Option<Vec<u8>> {
    // No token is a number; one that keeps the shape may be.
    let operator = if operator == Operator::Token { Operator::Fpe } else { operator };
    if matches!(operator, Operator::Tag | Operator::Mask) {
        return None;
    }
    let made = operator::apply(operator, kind.id(), text, context);
    let digits = |byte: &u8| byte.is_ascii_digit() || b"-.".contains(byte);
    let valid = made.applied == operator
        && made.bytes.len() <= text.len()
        && made.bytes != text
        && made.bytes.iter().all(digits)
        && from_text(base, &made.bytes).is_some();
    // A leading zero would be lost: two values of one number join what was not joined.
    let whole = made.bytes.first() != Some(&b'0') || made.bytes.len() == 1 || made.bytes.get(1) == Some(&b'.');
    (valid && whole).then(|| made.bytes.into_owned())
}

/// Derived from the value under a key, so that equal ones stay equal; without a key, the one of zeros.
fn uuid(text: &[u8], (kind, operator): (Kind, Operator), context: &Context<'_>) -> Vec<u8> {
    let joins = matches!(operator, Operator::Token | Operator::Fpe | Operator::Surrogate);
    let token = operator::apply(Operator::Token, kind.id(), text, context);
    let mut bytes = [0u8; 16];
    if joins && token.applied == Operator::Token {
        let hash = Sha256::digest(&token.bytes);
        bytes.iter_mut().zip(hash).for_each(|(byte, hash)| *byte = hash);
        // Version 8, the one for whoever makes their own.
        bytes[6] = (bytes[6] & 0x0f) | 0x80;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
    }
    super::binary::to_text(Base::Uuid, &bytes).unwrap_or_default()
}

fn json_string(text: &[u8]) -> Vec<u8> {
    let mut out = vec![b'"'];
    for character in String::from_utf8_lossy(text).chars() {
        match character {
            '"' => out.extend(b"\\\""),
            '\\' => out.extend(b"\\\\"),
            control if u32::from(control) < 0x20 => out.extend(format!("\\u{:04x}", u32::from(control)).bytes()),
            other => out.extend(other.encode_utf8(&mut [0; 4]).bytes()),
        }
    }
    out.push(b'"');
    out
}

fn xml_text(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        match byte {
            b'<' => out.extend(b"&lt;"),
            b'>' => out.extend(b"&gt;"),
            b'&' => out.extend(b"&amp;"),
            other => out.push(*other),
        }
    }
    out
}

/// One less than `NAMEDATALEN`.
const LONGEST_NAME: usize = 63;
