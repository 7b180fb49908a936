//! What the value of a labelled identifier may look like.

mod parts;

use blackbar_engine::{ByteSet, View};

use crate::checks::Compact;
pub(crate) use parts::{is_digit_word, written as written_in_parts};

/// The outlines of a value: enough to tell it from prose, doses and dates.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    least_digits: u8,
    /// Fewest and most letters, digits and mask characters together.
    least: u8,
    most: u8,
    /// Most letters.
    letters: u8,
    /// Punctuation that may stand between two of them.
    inner: ByteSet,
    /// Whether blanks may stand between groups of three to five digits.
    groups: bool,
    /// Whether stars and crosses may stand for digits.
    masks: bool,
    /// Whether it has to look like an identifier by itself: its label is a word of prose.
    telling: bool,
    /// Whether it is all that its place holds, so that blanks do not end it.
    whole: bool,
}

impl Shape {
    /// From `least` to `most` digits, nothing else.
    pub(crate) const fn digits(least: u8, most: u8) -> Self {
        Self {
            least_digits: least,
            least,
            most,
            letters: 0,
            inner: ByteSet::EMPTY,
            groups: false,
            masks: false,
            telling: false,
            whole: false,
        }
    }

    /// At least `digits` digits, together with letters from `least` to `most` characters.
    pub(crate) const fn code(digits: u8, least: u8, most: u8) -> Self {
        let inner = ByteSet::of(b"-");
        Self {
            least_digits: digits,
            least,
            most,
            letters: most,
            inner,
            groups: false,
            masks: false,
            telling: false,
            whole: false,
        }
    }

    /// The same with at most `letters` letters.
    pub(crate) const fn letters(mut self, letters: u8) -> Self {
        self.letters = letters;
        self
    }

    /// The same with this punctuation allowed inside.
    pub(crate) const fn inner(mut self, bytes: &[u8]) -> Self {
        self.inner = ByteSet::of(bytes);
        self
    }

    /// The same, perhaps written in groups of digits.
    pub(crate) const fn grouped(mut self) -> Self {
        self.groups = true;
        self
    }

    /// The same, perhaps with stars or crosses instead of digits.
    pub(crate) const fn masked(mut self) -> Self {
        self.masks = true;
        self
    }

    /// The same, if it looks like an identifier by itself: a letter before three digits, two groups of seven digits, or
    /// seven digits.
    pub(crate) const fn telling(mut self) -> Self {
        self.telling = true;
        self
    }

    /// The same as all that a field holds: blanks do not end it.
    pub(crate) const fn whole(mut self) -> Self {
        self.whole = true;
        self
    }

    /// Reads a value at `at`. `sure` says that its label leaves no doubt; without it, what could also be a date, a
    /// quantity or a public code is refused.
    pub(crate) fn read(&self, view: &View<'_>, at: i32, sure: bool) -> Option<Value> {
        if let Some(end) = uuid(view, at) {
            return (self.letters >= 16).then_some(Value { end, digits: 16, letters: 16 });
        }
        let mut token = Token { view, shape: self, end: at, digits: 0, letters: 0, masks: 0, lower: 0, group: 0 };
        token.consume()?;
        let value = token.value()?;
        let len = usize::try_from(value.end - at).ok()?;
        let raw = view.slice(at, len);
        let is_refused = refused_by_next(view, &value)
            || (self.telling && !tells(raw))
            || (!sure && span_of_years(raw))
            || date_like(raw, sure)
            || public_code(raw)
            || (!sure && value.letters == 0 && value.digits <= 6 && unit_follows(view, value.end));
        (!is_refused).then_some(value)
    }
}

impl Shape {
    /// Reads what [`Self::read`] refuses for its blanks and signs: `P 450 188 293`, `CRS/4471`, `2603 1187 00442`; or what
    /// was said. `weak` says that the label alone proves nothing.
    pub(crate) fn read_parts(&self, view: &View<'_>, at: i32, weak: bool) -> Option<Value> {
        if self.letters < 8 || self.whole || self.masks {
            return None;
        }
        let weak = weak || self.telling;
        let said = || parts::said(view, at).filter(|value| !weak || value.digits >= 5);
        parts::written(view, at, weak).or_else(said)
    }

    /// The rest of a value in groups, whose last one is no number: `SXC 137 836 1A`.
    pub(crate) fn read_on(&self, view: &View<'_>, at: i32, value: Value) -> Value {
        let len = usize::try_from(value.end - at).unwrap_or(0);
        let grouped = self.groups && value.letters > 0 && view.slice(at, len).contains(&b' ');
        if !grouped {
            return value;
        }
        parts::written(view, at, false).filter(|longer| longer.end > value.end).unwrap_or(value)
    }
}

/// A value that was read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value {
    /// One past its last byte, relative to the trigger.
    pub(crate) end: i32,
    /// How many digits it has.
    pub(crate) digits: u8,
    /// How many letters it has.
    pub(crate) letters: u8,
}

struct Token<'s, 'a> {
    view: &'s View<'a>,
    shape: &'s Shape,
    end: i32,
    digits: u8,
    letters: u8,
    masks: u8,
    /// The longest run of small letters so far.
    lower: u8,
    /// Characters since the last punctuation or blank.
    group: u8,
}

impl Token<'_, '_> {
    fn consume(&mut self) -> Option<()> {
        if self.shape.masks {
            return self.consume_masked();
        }
        loop {
            let room = usize::from(self.shape.most).saturating_sub(usize::from(self.total())) + 1;
            let run = self.view.run(self.end, &ByteSet::ALNUM, room);
            if run.len() == room {
                return None;
            }
            // A run has no more bytes than the shape, which has 255 at most.
            let len = u8::try_from(run.len()).ok()?;
            let mut low = 0_u8;
            let mut digits = 0_u8;
            for byte in run {
                digits = digits.wrapping_add(u8::from(byte.is_ascii_digit()));
                low = if byte.is_ascii_lowercase() { low.wrapping_add(1) } else { 0 };
                self.lower = self.lower.max(low);
            }
            self.digits += digits;
            self.letters += len - digits;
            self.group += len;
            self.end += clamp(run.len());
            let Some(byte) = self.view.byte(self.end) else { return Some(()) };
            let width = self.separator(byte);
            if width == 0 {
                return Some(());
            }
            self.group = 0;
            self.end += width;
        }
    }

    /// The same where stars and crosses may stand for digits.
    fn consume_masked(&mut self) -> Option<()> {
        let mut low = 0_u8;
        while let Some(byte) = self.view.byte(self.end) {
            let step = match byte {
                b'0'..=b'9' => {
                    self.digits += 1;
                    1
                }
                b'x' | b'X' if self.shape.masks && self.digits == 0 && self.letters == 0 => {
                    self.masks += 1;
                    1
                }
                b'A'..=b'Z' | b'a'..=b'z' => {
                    self.letters += 1;
                    1
                }
                b'*' if self.shape.masks => {
                    self.masks += 1;
                    1
                }
                _ => 0,
            };
            let is_mask = self.masks > 0 && self.letters == 0;
            low = if byte.is_ascii_lowercase() && !is_mask { low + 1 } else { 0 };
            self.lower = self.lower.max(low);
            if step == 1 {
                self.group += 1;
                self.end += 1;
                if self.total() > self.shape.most {
                    return None;
                }
                continue;
            }
            let width = self.separator(byte);
            if width == 0 {
                break;
            }
            self.group = 0;
            self.end += width;
        }
        Some(())
    }

    /// How wide the separator at `end` is, when the value goes on behind it.
    fn separator(&self, byte: u8) -> i32 {
        let goes_on = |width: i32| {
            let next = self.view.byte(self.end + width);
            next.is_some_and(|b| b.is_ascii_alphanumeric() || (b == b'*' && self.shape.masks))
        };
        match byte {
            _ if self.group == 0 => 0,
            b' ' if self.shape.groups && self.group_follows() => 1,
            // A value that is long enough ends at a blank: what follows is the next label.
            b' ' if !self.shape.whole && self.total() >= self.shape.least => 0,
            _ if self.shape.inner.has(byte) && goes_on(1) => 1,
            0xe2 if self.shape.inner.has(b'-') && hyphen(self.view, self.end) && goes_on(3) => 3,
            _ => 0,
        }
    }

    /// Whether the group that just ended and the next one, after a blank, look like groups of one number.
    fn group_follows(&self) -> bool {
        if !(2..=5).contains(&self.group) {
            return false;
        }
        let next = self.view.run(self.end + 1, &ByteSet::DIGIT, 6).len();
        let behind = self.view.byte(self.end + 1 + clamp(next));
        let number_ends = behind.is_none_or(|b| !b.is_ascii_alphanumeric() && b != b'/' && b != b'%');
        (2..=5).contains(&next) && number_ends
    }

    fn total(&self) -> u8 {
        self.digits + self.letters + self.masks
    }

    fn value(&self) -> Option<Value> {
        let shape = self.shape;
        let total = self.total();
        let digits_wanted = if self.masks >= 3 { shape.least_digits.min(3) } else { shape.least_digits };
        let fits = total >= shape.least && self.digits >= digits_wanted && self.letters <= shape.letters;
        // "bracelet2" is a word with a number; identifiers are written in capitals or with few letters.
        let worded = self.lower >= 4 && self.lower >= self.digits;
        (fits && !worded).then_some(Value { end: self.end, digits: self.digits, letters: self.letters })
    }
}

/// A length as an offset.
pub(crate) fn clamp(len: usize) -> i32 {
    i32::try_from(len).unwrap_or(i32::MAX)
}

/// Whether one of the Unicode hyphens and dashes (U+2010 to U+2015) stands at `at`.
pub(crate) fn hyphen(view: &View<'_>, at: i32) -> bool {
    matches!(view.slice(at, 3), [0xe2, 0x80, 0x90..=0x95])
}

/// A digit of any script that people type numbers in, and how many bytes it takes: ASCII, full-width, Arabic-Indic.
pub(crate) fn any_digit(view: &View<'_>, at: i32) -> Option<(u8, i32)> {
    match view.byte(at)? {
        byte @ b'0'..=b'9' => Some((byte, 1)),
        0xef => match view.slice(at, 3) {
            [0xef, 0xbc, last @ 0x90..=0x99] => Some((last - 0x90 + b'0', 3)),
            _ => None,
        },
        0xd9 => match view.slice(at, 2) {
            [0xd9, last @ 0xa0..=0xa9] => Some((last - 0xa0 + b'0', 2)),
            _ => None,
        },
        0xdb => match view.slice(at, 2) {
            [0xdb, last @ 0xb0..=0xb9] => Some((last - 0xb0 + b'0', 2)),
            _ => None,
        },
        _ => None,
    }
}

/// How many bytes at `at` show nothing: soft hyphens, blanks without width, marks of direction.
pub(crate) fn invisible(view: &View<'_>, at: i32) -> i32 {
    let mut end = at;
    loop {
        end += match view.byte(end) {
            Some(0xc2) if view.byte(end + 1) == Some(0xad) => 2,
            Some(0xe2) if matches!(view.slice(end, 3), [0xe2, 0x80, 0x8b..=0x8f] | [0xe2, 0x81, 0xa0]) => 3,
            Some(0xef) if view.slice(end, 3) == [0xef, 0xbb, 0xbf] => 3,
            _ => return end - at,
        };
        if end - at >= 12 {
            return end - at;
        }
    }
}

/// How many bytes a hyphen takes at `at`: a dash of any width, or one that is written as a reference or in hexadecimal.
pub(crate) fn any_hyphen(view: &View<'_>, at: i32) -> i32 {
    match view.byte(at) {
        Some(b'-') => 1,
        Some(0xe2) if hyphen(view, at) || view.slice(at, 3) == "−".as_bytes() => 3,
        Some(0xef) if view.slice(at, 3) == "－".as_bytes() => 3,
        Some(b'%') if view.slice(at, 3).eq_ignore_ascii_case(b"%2d") => 3,
        Some(b'&') => {
            const NAMES: [&str; 8] =
                ["&#45;", "&#x2d;", "&#8208;", "&#8209;", "&#8211;", "&ndash;", "&hyphen;", "&minus;"];
            let fits = |name: &&str| view.slice(at, name.len()).eq_ignore_ascii_case(name.as_bytes());
            NAMES.iter().find(|name| fits(name)).map_or(0, |name| clamp(name.len()))
        }
        _ => 0,
    }
}

/// How many bytes a line end takes at `at`, with the margin of the next line: blanks and the sign of a quotation.
pub(crate) fn line_break(view: &View<'_>, at: i32) -> i32 {
    const MARGIN: ByteSet = ByteSet::of(b" \t>");
    let end = at + i32::from(view.byte(at) == Some(b'\r'));
    if view.byte(end) != Some(b'\n') {
        return 0;
    }
    end + 1 - at + clamp(view.run(end + 1, &MARGIN, 12).len())
}

/// The end of a UUID that starts at `at`.
pub(crate) fn uuid(view: &View<'_>, at: i32) -> Option<i32> {
    const LEN: i32 = 36;
    let head = view.run(at, &ByteSet::ALNUM, 9);
    if head.len() != 8 || view.byte(at + 8) != Some(b'-') {
        return None;
    }
    let id = view.slice(at, 36);
    let fits = |(i, byte): (usize, &u8)| {
        if matches!(i, 8 | 13 | 18 | 23) { *byte == b'-' } else { byte.is_ascii_hexdigit() }
    };
    if id.len() != 36 || !id.iter().enumerate().all(fits) {
        return None;
    }
    let end = at + LEN;
    (!view.byte(end).is_some_and(|b| b.is_ascii_alphanumeric())).then_some(end)
}

/// Whether `raw` is a date as people write it. When the label is sure, a short one (`12-03-56`) may be a number.
pub(crate) fn date_like(raw: &[u8], sure: bool) -> bool {
    let Some(mark) = raw.iter().copied().find(|byte| !byte.is_ascii_alphanumeric()) else {
        return month_inside(raw) || (!sure && compact_date(raw));
    };
    // The longest has three letters between two numbers.
    if raw.len() > 2 * 6 + 3 + 2 {
        return false;
    }
    let mut parts = raw.split(|&byte| byte == mark);
    let (Some(a), Some(b), Some(c), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    if b.len() == 3 && is_month(b) {
        return number(a).is_some() && number(c).is_some();
    }
    let (Some(first), Some(second), Some(third)) = (number(a), number(b), number(c)) else { return false };
    let is_year = |part: &[u8], value: u32| part.len() == 4 && (1900..2100).contains(&value);
    if is_year(a, first) {
        return b.len() <= 2 && (1..=12).contains(&second) && c.len() <= 2 && (1..=31).contains(&third);
    }
    let day_and_month = a.len() <= 2
        && b.len() <= 2
        && (1..=31).contains(&first)
        && (1..=31).contains(&second)
        && first.min(second) <= 12;
    day_and_month && (is_year(c, third) || (c.len() == 2 && (!sure || mark == b'/')))
}

/// Whether `raw` looks like an identifier without any help: `S24-123`, `279-3980`, `8812003`, `042-089-my`.
pub(crate) fn tells(raw: &[u8]) -> bool {
    if span_of_years(raw) {
        return false;
    }
    let digits = raw.iter().filter(|byte| byte.is_ascii_digit()).count();
    let capitals = raw.iter().filter(|byte| byte.is_ascii_uppercase()).count();
    let joints = raw.iter().filter(|byte| !byte.is_ascii_alphanumeric()).count();
    let starts_with_letter = raw.first().is_some_and(u8::is_ascii_alphabetic);
    let lettered = digits >= 3 && starts_with_letter && (capitals > 0 || joints > 0);
    lettered
        || digits >= 7
        || (joints >= 2 && digits >= 5)
        || (joints >= 1 && digits >= 5 && capitals > 0)
        || joints == 1 && digits >= 6 && year_led(raw)
}

/// `24-1187`, `2024-04481`: a year and a running number.
fn year_led(raw: &[u8]) -> bool {
    let year = raw.iter().take_while(|byte| byte.is_ascii_digit()).count();
    matches!(year, 2 | 4) && raw.len() >= year + 5
}

/// `2001-2011`.
fn span_of_years(raw: &[u8]) -> bool {
    let year = |part: &[u8]| part.len() == 4 && number(part).is_some_and(|year| (1900..2100).contains(&year));
    raw.len() == 9 && raw.get(..4).is_some_and(year) && raw.get(5..).is_some_and(year)
}

fn number(part: &[u8]) -> Option<u32> {
    if part.is_empty() || part.len() > 6 {
        return None;
    }
    part.iter().try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + u32::from(digit - b'0')))
}

fn is_month(word: &[u8]) -> bool {
    const MONTHS: [&[u8; 3]; 12] =
        [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];
    MONTHS.iter().any(|month| word.eq_ignore_ascii_case(*month))
}

/// `14MAR2024`.
fn month_inside(raw: &[u8]) -> bool {
    let day = raw.iter().take_while(|b| b.is_ascii_digit()).count();
    let Some((month, year)) = raw.get(day..).and_then(|rest| rest.split_at_checked(3)) else { return false };
    matches!(day, 1 | 2) && is_month(month) && matches!(year.len(), 2 | 4) && number(year).is_some()
}

/// `20240314`.
fn compact_date(raw: &[u8]) -> bool {
    if raw.len() != 8 {
        return false;
    }
    let (year, rest) = raw.split_at(4);
    let (month, day) = rest.split_at(2);
    number(year).is_some_and(|y| (1900..2100).contains(&y))
        && number(month).is_some_and(|m| (1..=12).contains(&m))
        && number(day).is_some_and(|d| (1..=31).contains(&d))
}

/// Registered trials and codes with a digit after a stroke are public.
fn public_code(raw: &[u8]) -> bool {
    let trial = raw.len() == 11 && raw.get(..3).is_some_and(|head| head.eq_ignore_ascii_case(b"nct"));
    trial && Compact::<11>::of(raw).is_some_and(|id| id.bytes().iter().skip(3).all(u8::is_ascii_digit))
}

/// Bytes behind a value that make it a part of something else: an address, a share, a decimal, a ratio, a clock time.
fn refused_by_next(view: &View<'_>, value: &Value) -> bool {
    let Some(next) = view.byte(value.end) else { return false };
    let digit_follows = || view.byte(value.end + 1).is_some_and(|b| b.is_ascii_digit());
    match next {
        b'@' | b'%' => true,
        b'.' | b',' => value.digits <= 4 && digit_follows(),
        b'/' | b':' => value.digits <= 4 && value.letters == 0 && digit_follows(),
        _ => false,
    }
}

fn unit_follows(view: &View<'_>, at: i32) -> bool {
    const UNITS: &[&str] = &[
        "mg", "mcg", "ug", "g", "gm", "kg", "ml", "cc", "l", "dl", "cm", "mm", "m", "lb", "lbs", "oz", "units", "unit",
        "iu", "meq", "mmol", "mmhg", "bpm", "hz", "tabs", "tablets", "caps", "capsules", "days", "day", "weeks",
        "months", "years", "yr", "yrs", "yo", "hours", "hrs", "hr", "min", "mins", "minutes", "times", "visits",
        "patients", "cases", "refills", "doses", "percent", "cells",
    ];
    let at = at + i32::from(view.byte(at) == Some(b' '));
    let word = view.word(at);
    !word.is_empty() && UNITS.iter().any(|unit| word.eq_ignore_ascii_case(unit.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_told_from_numbers() {
        for date in ["12/03/2024", "1-2-2024", "2024-03-14", "14-MAR-2024", "14MAR2024", "31.12.1999", "12/03/24"] {
            assert!(date_like(date.as_bytes(), true), "{date}");
        }
        for number in ["12-34-567", "48-39-20", "2024-00123", "S24-12345", "20240314", "1234567", "12-03-56"] {
            assert!(!date_like(number.as_bytes(), true), "{number}");
        }
        assert!(date_like(b"20240314", false) && date_like(b"12-03-56", false) && !date_like(b"20241314", false));
    }

    #[test]
    fn trials_are_public() {
        assert!(public_code(b"NCT01234567") && !public_code(b"NCX01234567") && !public_code(b"NCT0123456A"));
    }
}
