//! Values in PostgreSQL's binary format and as text, both ways.
//!
//! The text is the one that PostgreSQL prints with `DateStyle = ISO` in UTC, so far as a value can tell: what detectors see
//! of a binary value is what they would see of its text.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::calendar::{DAY, day_of, text_of_day, text_of_time, time_of};
use super::types::Base;

/// The text of a binary value; `None` when it is no value of the type.
pub(super) fn to_text(base: Base, bytes: &[u8]) -> Option<Vec<u8>> {
    let text = match base {
        Base::Text | Base::Varchar | Base::Bpchar | Base::Name | Base::Char | Base::Json | Base::Xml => {
            return Some(bytes.to_vec());
        }
        Base::Jsonb => return bytes.strip_prefix(&[1]).map(<[u8]>::to_vec),
        Base::Bytea => return Some(bytes.to_vec()),
        Base::Bool => match bytes {
            [0] => "f".into(),
            [1] => "t".into(),
            _ => return None,
        },
        Base::Int2 => i16::from_be_bytes(array(bytes)?).to_string(),
        Base::Int4 => i32::from_be_bytes(array(bytes)?).to_string(),
        Base::Int8 => i64::from_be_bytes(array(bytes)?).to_string(),
        Base::Oid => u32::from_be_bytes(array(bytes)?).to_string(),
        Base::Float4 => float(f64::from(f32::from_be_bytes(array(bytes)?)), || {
            let value = f32::from_be_bytes(array(bytes).unwrap_or_default());
            (format!("{value}"), format!("{value:e}"))
        }),
        Base::Float8 => {
            let value = f64::from_be_bytes(array(bytes)?);
            float(value, || (format!("{value}"), format!("{value:e}")))
        }
        Base::Numeric => numeric_text(bytes)?,
        Base::Money => {
            let cents = i128::from(i64::from_be_bytes(array(bytes)?));
            format!("{}{}.{:02}", if cents < 0 { "-" } else { "" }, cents.abs() / 100, cents.abs() % 100)
        }
        Base::Date => match i32::from_be_bytes(array(bytes)?) {
            i32::MAX => "infinity".into(),
            i32::MIN => "-infinity".into(),
            days => text_of_day(i64::from(days)),
        },
        Base::Time => text_of_time(in_a_day(i64::from_be_bytes(array(bytes)?))?),
        Base::TimeTz => {
            let (time, zone) = bytes.split_first_chunk::<8>()?;
            let west = i32::from_be_bytes(array(zone)?);
            format!("{}{}", text_of_time(in_a_day(i64::from_be_bytes(*time))?), zone_text(west))
        }
        Base::Timestamp | Base::TimestampTz => match i64::from_be_bytes(array(bytes)?) {
            i64::MAX => "infinity".into(),
            i64::MIN => "-infinity".into(),
            micros => {
                let day = text_of_day(micros.div_euclid(DAY));
                let (day, era) = day.strip_suffix(" BC").map_or((day.as_str(), ""), |day| (day, " BC"));
                let zone = if base == Base::TimestampTz { "+00" } else { "" };
                format!("{day} {}{zone}{era}", text_of_time(micros.rem_euclid(DAY)))
            }
        },
        Base::Interval => {
            let (micros, rest) = bytes.split_first_chunk::<8>()?;
            let (days, months) = rest.split_first_chunk::<4>()?;
            let (micros, days) = (i64::from_be_bytes(*micros), i32::from_be_bytes(*days));
            let months = i32::from_be_bytes(array(months)?);
            if micros == i64::MIN {
                return None;
            }
            let sign = if micros < 0 { "-" } else { "" };
            format!("{months} mons {days} days {sign}{}", text_of_time(micros.abs()))
        }
        Base::Uuid => {
            let bytes: [u8; 16] = array(bytes)?;
            let mut text = String::with_capacity(36);
            for (at, byte) in bytes.iter().enumerate() {
                if [4, 6, 8, 10].contains(&at) {
                    text.push('-');
                }
                write!(text, "{byte:02x}").ok()?;
            }
            text
        }
        Base::Inet | Base::Cidr => network_text(base, bytes)?,
        Base::MacAddr => mac_text(&array::<6>(bytes)?),
        Base::MacAddr8 => mac_text(&array::<8>(bytes)?),
    };
    Some(text.into_bytes())
}

/// The binary value of a text; `None` when the text is none of the type.
pub(super) fn from_text(base: Base, text: &[u8]) -> Option<Vec<u8>> {
    match base {
        Base::Text | Base::Varchar | Base::Bpchar | Base::Name | Base::Char | Base::Json | Base::Xml | Base::Bytea => {
            return Some(text.to_vec());
        }
        Base::Jsonb => return Some([&[1], text].concat()),
        _ => {}
    }
    let text = std::str::from_utf8(text).ok()?;
    Some(match base {
        Base::Bool => match text {
            "f" => vec![0],
            "t" => vec![1],
            _ => return None,
        },
        Base::Int2 => text.parse::<i16>().ok()?.to_be_bytes().to_vec(),
        Base::Int4 => text.parse::<i32>().ok()?.to_be_bytes().to_vec(),
        Base::Int8 => text.parse::<i64>().ok()?.to_be_bytes().to_vec(),
        Base::Oid => text.parse::<u32>().ok()?.to_be_bytes().to_vec(),
        Base::Float4 => text.parse::<f32>().ok()?.to_be_bytes().to_vec(),
        Base::Float8 => text.parse::<f64>().ok()?.to_be_bytes().to_vec(),
        Base::Numeric => numeric_bytes(text)?,
        Base::Money => {
            let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
            let (whole, cents) = digits.split_once('.')?;
            if cents.len() != 2 || !whole.bytes().chain(cents.bytes()).all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            let value = sign * (whole.parse::<i128>().ok()? * 100 + cents.parse::<i128>().ok()?);
            i64::try_from(value).ok()?.to_be_bytes().to_vec()
        }
        Base::Date => match text {
            "infinity" => i32::MAX.to_be_bytes().to_vec(),
            "-infinity" => i32::MIN.to_be_bytes().to_vec(),
            _ => i32::try_from(day_of(text)?).ok()?.to_be_bytes().to_vec(),
        },
        Base::Time => in_a_day(time_of(text)?)?.to_be_bytes().to_vec(),
        Base::TimeTz => {
            let at = text.rfind(['+', '-'])?;
            let (time, zone) = text.split_at_checked(at)?;
            let mut bytes = in_a_day(time_of(time)?)?.to_be_bytes().to_vec();
            bytes.extend(zone_of(zone)?.to_be_bytes());
            bytes
        }
        Base::Timestamp | Base::TimestampTz => timestamp(base, text)?.to_be_bytes().to_vec(),
        Base::Interval => {
            let mut words = text.split(' ');
            let mut number = |unit: &str| {
                let number = words.next()?.parse::<i32>().ok()?;
                (words.next()? == unit).then_some(number)
            };
            let (months, days) = (number("mons")?, number("days")?);
            let time = words.next()?;
            let micros = match time.strip_prefix('-') {
                Some(time) => -time_of(time)?,
                None => time_of(time)?,
            };
            let mut bytes = micros.to_be_bytes().to_vec();
            bytes.extend(days.to_be_bytes());
            bytes.extend(months.to_be_bytes());
            bytes
        }
        Base::Uuid => {
            let digits: String = text.split('-').collect();
            if text.len() != 36 {
                return None;
            }
            hex(&digits).filter(|bytes| bytes.len() == 16)?
        }
        Base::Inet | Base::Cidr => network_bytes(base, text)?,
        Base::MacAddr => mac_bytes(text, 6)?,
        Base::MacAddr8 => mac_bytes(text, 8)?,
        _ => return None,
    })
}

pub(super) fn hex(digits: &str) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    (0..digits.len() / 2).map(|at| u8::from_str_radix(digits.get(2 * at..2 * at + 2)?, 16).ok()).collect()
}

fn array<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

fn in_a_day(micros: i64) -> Option<i64> {
    (0..=DAY).contains(&micros).then_some(micros)
}

/// As short as can be; with an exponent where PostgreSQL prints one.
fn float(value: f64, spelt: impl Fn() -> (String, String)) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity".into() } else { "-Infinity".into() };
    }
    let (plain, scientific) = spelt();
    if value == 0.0 || (1e-4..1e15).contains(&value.abs()) { plain } else { scientific }
}

fn zone_text(west: i32) -> String {
    let (sign, seconds) = if west > 0 { ('-', west.unsigned_abs()) } else { ('+', west.unsigned_abs()) };
    let mut text = format!("{sign}{:02}", seconds / 3600);
    if seconds % 3600 != 0 {
        let _infallible = write!(text, ":{:02}", seconds / 60 % 60);
    }
    if seconds % 60 != 0 {
        let _infallible = write!(text, ":{:02}", seconds % 60);
    }
    text
}

/// Seconds west of Greenwich.
fn zone_of(text: &str) -> Option<i32> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (-1, rest),
        ("-", rest) => (1, rest),
        _ => return None,
    };
    let mut seconds = 0;
    for (part, unit) in rest.split(':').zip([3600, 60, 1]) {
        if part.len() != 2 {
            return None;
        }
        seconds += part.parse::<i32>().ok()? * unit;
    }
    (rest.len() <= 8 && seconds < 16 * 3600).then_some(sign * seconds)
}

fn timestamp(base: Base, text: &str) -> Option<i64> {
    match text {
        "infinity" => return Some(i64::MAX),
        "-infinity" => return Some(i64::MIN),
        _ => {}
    }
    let (text, era) = text.strip_suffix(" BC").map_or((text, ""), |text| (text, " BC"));
    let (day, time) = text.split_once(' ')?;
    let (time, west) = if base == Base::TimestampTz {
        let (time, zone) = time.split_at_checked(time.rfind(['+', '-'])?)?;
        (time, zone_of(zone)?)
    } else {
        (time, 0)
    };
    let micros = day_of(&format!("{day}{era}"))?.checked_mul(DAY)?.checked_add(in_a_day(time_of(time)?)?)?;
    micros.checked_add(i64::from(west) * super::calendar::SECOND)
}

/// Groups of four decimal digits, the sign, and how many digits are shown behind the point.
fn numeric_text(bytes: &[u8]) -> Option<String> {
    let mut fields = bytes.chunks_exact(2).map(|pair| Some(i16::from_be_bytes(array(pair)?)));
    let mut next = || fields.next().flatten();
    let (count, weight, sign, scale) = (next()?, next()?, next()?, next()?);
    let count = usize::try_from(count).ok()?;
    let scale = usize::try_from(scale).ok()?;
    if bytes.len() != 8 + 2 * count {
        return None;
    }
    let groups: Vec<i16> = (0..count).map(|_| next()).collect::<Option<_>>()?;
    if groups.iter().any(|group| !(0..10_000).contains(group)) {
        return None;
    }
    let mut text = match sign.cast_unsigned() {
        0 => String::new(),
        0x4000 => "-".into(),
        0xc000 if count == 0 => return Some("NaN".into()),
        0xd000 if count == 0 => return Some("Infinity".into()),
        0xf000 if count == 0 => return Some("-Infinity".into()),
        _ => return None,
    };
    let group = |at: i64| usize::try_from(at).ok().and_then(|at| groups.get(at)).copied().unwrap_or(0);
    let weight = i64::from(weight);
    if weight < 0 {
        text.push('0');
    }
    for at in 0..=weight {
        let group = group(at);
        if at == 0 { write!(text, "{group}") } else { write!(text, "{group:04}") }.ok()?;
    }
    if scale > 0 {
        let mut fraction = String::with_capacity(scale + 4);
        let mut at = weight + 1;
        while fraction.len() < scale {
            // A weight below -1 stands for groups of zeros before the first.
            let this = if at < 0 { 0 } else { group(at) };
            write!(fraction, "{this:04}").ok()?;
            at += 1;
        }
        text.push('.');
        text.push_str(fraction.get(..scale)?);
    }
    Some(text)
}

fn numeric_bytes(text: &str) -> Option<Vec<u8>> {
    let special = |sign: u16| [[0; 2], [0; 2], sign.to_be_bytes(), [0; 2]].concat();
    match text {
        "NaN" => return Some(special(0xc000)),
        "Infinity" => return Some(special(0xd000)),
        "-Infinity" => return Some(special(0xf000)),
        _ => {}
    }
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let scale = i16::try_from(fraction.len()).ok()?;
    let whole = whole.trim_start_matches('0');
    let whole = format!("{}{whole}", "0".repeat((4 - whole.len() % 4) % 4));
    let all = format!("{whole}{fraction}{}", "0".repeat((4 - fraction.len() % 4) % 4));
    let mut groups: Vec<i16> =
        (0..all.len() / 4).map(|at| all.get(4 * at..4 * at + 4)?.parse().ok()).collect::<Option<_>>()?;
    let mut weight = i16::try_from(whole.len() / 4).ok()? - 1;
    let zeros = groups.iter().take_while(|group| **group == 0).count();
    groups.drain(..zeros);
    weight -= i16::try_from(zeros).ok()?;
    while groups.last() == Some(&0) {
        groups.pop();
    }
    if groups.is_empty() {
        weight = 0;
    }
    let sign: u16 = if negative && !groups.is_empty() { 0x4000 } else { 0 };
    let mut bytes = i16::try_from(groups.len()).ok()?.to_be_bytes().to_vec();
    bytes.extend(weight.to_be_bytes());
    bytes.extend(sign.to_be_bytes());
    bytes.extend(scale.to_be_bytes());
    groups.iter().for_each(|group| bytes.extend(group.to_be_bytes()));
    Some(bytes)
}

const FAMILY_4: u8 = 2;
const FAMILY_6: u8 = 3;

fn network_text(base: Base, bytes: &[u8]) -> Option<String> {
    let [family, bits, cidr, length, address @ ..] = bytes else { return None };
    if (*cidr == 1) != (base == Base::Cidr) || *cidr > 1 || usize::from(*length) != address.len() {
        return None;
    }
    let (text, most) = match *family {
        FAMILY_4 => (Ipv4Addr::from(array::<4>(address)?).to_string(), 32),
        FAMILY_6 => (Ipv6Addr::from(array::<16>(address)?).to_string(), 128),
        _ => return None,
    };
    match *bits {
        bits if bits > most => None,
        bits if bits == most && base == Base::Inet => Some(text),
        bits => Some(format!("{text}/{bits}")),
    }
}

fn network_bytes(base: Base, text: &str) -> Option<Vec<u8>> {
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let (family, address) = match address.parse::<std::net::IpAddr>().ok()? {
        std::net::IpAddr::V4(address) => (FAMILY_4, address.octets().to_vec()),
        std::net::IpAddr::V6(address) => (FAMILY_6, address.octets().to_vec()),
    };
    let length = u8::try_from(address.len()).ok()?;
    let bits = bits.map_or(Some(length * 8), |bits| bits.parse().ok()).filter(|bits| *bits <= length * 8)?;
    let mut bytes = vec![family, bits, u8::from(base == Base::Cidr), length];
    bytes.extend(address);
    Some(bytes)
}

fn mac_text(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}

fn mac_bytes(text: &str, length: usize) -> Option<Vec<u8>> {
    let bytes = hex(&text.split(':').collect::<String>())?;
    (bytes.len() == length && text.len() == 3 * length - 1).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn pair(base: Base, bytes: &[u8], text: &str) {
        assert_eq!(to_text(base, bytes).map(|text| String::from_utf8(text).unwrap()).as_deref(), Some(text));
        assert_eq!(from_text(base, text.as_bytes()).as_deref(), Some(bytes), "{text}");
    }

    #[test]
    fn known_values() {
        pair(Base::Date, &(-4685i32).to_be_bytes(), "1987-03-05");
        pair(Base::Date, &i32::MAX.to_be_bytes(), "infinity");
        pair(Base::TimestampTz, &0i64.to_be_bytes(), "2000-01-01 00:00:00+00");
        pair(Base::Timestamp, &(-1i64).to_be_bytes(), "1999-12-31 23:59:59.999999");
        pair(Base::Numeric, &[0, 2, 0, 0, 0, 0, 0, 2, 0, 123, 0x11, 0x94], "123.45");
        pair(Base::Numeric, &[0, 1, 0xff, 0xfe, 0x40, 0, 0, 6, 0, 100], "-0.000001");
        pair(Base::Numeric, &[0, 0, 0, 0, 0, 0, 0, 3], "0.000");
        pair(Base::Numeric, &[0, 1, 0, 2, 0, 0, 0, 0, 0, 1], "100000000");
        pair(Base::Inet, &[2, 32, 0, 4, 10, 0, 0, 7], "10.0.0.7");
        pair(Base::Cidr, &[2, 8, 1, 4, 10, 0, 0, 0], "10.0.0.0/8");
        pair(Base::MacAddr, &[8, 0, 0x2b, 1, 2, 3], "08:00:2b:01:02:03");
        pair(Base::Money, &(-5i64).to_be_bytes(), "-0.05");
        pair(Base::TimeTz, &[0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xb2, 0xa8], "00:00:00+05:30");
        pair(Base::Uuid, &[0x11; 16], "11111111-1111-1111-1111-111111111111");
    }

    #[test]
    fn what_is_no_value_is_not_guessed_at() {
        for (base, bytes) in [(Base::Int4, &[1, 2][..]), (Base::Bool, &[2]), (Base::Inet, &[2, 33, 0, 4, 1, 1, 1, 1])] {
            assert!(to_text(base, bytes).is_none(), "{base:?}");
        }
        for (base, text) in
            [(Base::Int2, "40000"), (Base::Date, "05/03/1987"), (Base::Numeric, "1e5"), (Base::Uuid, "x")]
        {
            assert!(from_text(base, text.as_bytes()).is_none(), "{base:?}");
        }
    }

    proptest! {
        #[test]
        fn binary_values_come_back(
            whole in any::<i64>(), small in any::<i32>(), float in any::<f64>(), bytes in any::<[u8; 16]>(),
            days in -2_400_000i32..60_000_000, micros in -200_000_000_000_000_000i64..9_000_000_000_000_000_000,
            (number, scale) in (any::<i128>(), 0usize..30), of_day in 0i64..DAY, zone in -50_000i32..50_000,
        ) {
            let back = |base: Base, bytes: &[u8]| {
                let text = to_text(base, bytes).unwrap();
                prop_assert_eq!(from_text(base, &text).unwrap(), bytes, "{:?}", base);
                Ok(())
            };
            back(Base::Int8, &whole.to_be_bytes())?;
            back(Base::Money, &whole.to_be_bytes())?;
            back(Base::Int4, &small.to_be_bytes())?;
            back(Base::Oid, &small.to_be_bytes())?;
            back(Base::Float8, &float.to_be_bytes())?;
            back(Base::Uuid, &bytes)?;
            back(Base::MacAddr8, &bytes[..8])?;
            back(Base::Inet, &[&[3, bytes[0] % 129, 0, 16][..], &bytes].concat())?;
            back(Base::Date, &days.to_be_bytes())?;
            back(Base::Timestamp, &micros.to_be_bytes())?;
            back(Base::TimestampTz, &micros.to_be_bytes())?;
            back(Base::TimeTz, &[&of_day.to_be_bytes()[..], &zone.to_be_bytes()].concat())?;
            back(Base::Interval, &[&(whole / 2).to_be_bytes()[..], &small.to_be_bytes(), &days.to_be_bytes()].concat())?;
            let digits = number.unsigned_abs().to_string();
            let digits = format!("{digits:0>width$}", width = scale + 1);
            let (head, tail) = digits.split_at(digits.len() - scale);
            let text = format!("{}{head}{}{tail}", if number < 0 { "-" } else { "" }, if scale > 0 { "." } else { "" });
            let binary = from_text(Base::Numeric, text.as_bytes()).unwrap();
            prop_assert_eq!(to_text(Base::Numeric, &binary).unwrap(), text.as_bytes());
            back(Base::Numeric, &binary)?;
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..30)) {
            for base in [
                Base::Bool, Base::Int2, Base::Float4, Base::Numeric, Base::Money, Base::Date, Base::Time, Base::TimeTz,
                Base::Timestamp, Base::Interval, Base::Uuid, Base::Inet, Base::Cidr, Base::MacAddr, Base::Jsonb,
            ] {
                let _ = (to_text(base, &bytes), from_text(base, &bytes));
            }
        }
    }
}
