//! Dates in every spelling that the detectors take, as text with fields in it.
//!
//! A parsed date knows where its year, month, day, weekday and ordinal suffix stand. Writing another date means
//! replacing those fields and nothing else, so separators, order, padding, case and the time of day stay as they were.

mod calendar;
mod clock;

use std::ops::Range;

use self::calendar::Day;
use self::clock::{is_hl7_time, is_time};
use super::text::Case;

/// A text that is a date, or a part of one, with or without a time of day.
#[derive(Clone, Debug)]
pub(in crate::values) struct Date {
    fields: Vec<(Range<usize>, Field)>,
    year: Option<Year>,
    month: Option<u8>,
    day: Option<u8>,
    /// Where the time of day begins; the text's length when there is none.
    rest: usize,
}

impl Date {
    /// `None` for what is no date, among them the 30th of February, and for text with more in it than one date.
    pub(in crate::values) fn parse(text: &[u8]) -> Option<Self> {
        let tokens = tokens(text)?;
        let mut date = Self { fields: Vec::with_capacity(4), year: None, month: None, day: None, rest: 0 };
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            let Some(word) = token.word(text) else { break };
            if let Some(weekday) = WEEKDAYS.position(word.as_str()) {
                date.fields
                    .push((token.range.clone(), Field::Weekday(Style::of(token.bytes(text), weekday, &WEEKDAYS))));
            } else if !FILLERS.contains(&word.as_str()) {
                break;
            }
            at += 1;
        }
        let used = date.read(text, tokens.get(at..)?)?;
        date.rest = date.fields.iter().map(|(range, _)| range.end).max()?;
        let rest = &text[date.rest..];
        // One token with a month in it is the compact form, and only there the time follows without a break.
        let compact = used == 1 && date.month.is_some();
        let known_end = is_time(rest) || (compact && is_hl7_time(rest));
        // Without a year any leap day may be real.
        let checked_year = date.year.map_or(2000, |year| year.number_near(2000));
        let real = match (date.month, date.day) {
            (Some(month), Some(day)) => Day::new(checked_year, month, day).is_some(),
            (Some(month), None) => (1..=12).contains(&month),
            (None, _) => true,
        };
        (known_end && real).then_some(date)
    }

    /// The year, if the text has one. Two digits mean the latest such year that is not beyond next year.
    pub(in crate::values) fn year(&self, this_year: i32) -> Option<i32> {
        self.year.map(|year| year.number_near(this_year))
    }

    /// The whole day, if year, month and day are there.
    pub(in crate::values) fn day(&self, this_year: i32) -> Option<Day> {
        Day::new(self.year(this_year)?, self.month?, self.day?)
    }

    /// There is no time of day behind it.
    pub(in crate::values) fn ends_with_day(&self, text: &[u8]) -> bool {
        !text[self.rest..].iter().any(u8::is_ascii_alphanumeric)
    }

    /// The text with another day in it.
    pub(in crate::values) fn write(&self, text: &[u8], day: Day) -> Vec<u8> {
        let numbers = self.fields.iter().filter(|(_, field)| matches!(field, Field::Month | Field::Day));
        // One bare digit anywhere shows that the writer does not pad.
        let padded = numbers.clone().all(|(range, _)| range.len() > 1);
        let number = |number: u8| if padded { format!("{number:02}") } else { number.to_string() };
        let mut fields = self.fields.clone();
        fields.sort_by_key(|(range, _)| range.start);
        let mut written = Vec::with_capacity(text.len() + 8);
        let mut copied = 0;
        for (range, field) in fields {
            written.extend_from_slice(&text[copied..range.start]);
            copied = range.end;
            let new = match field {
                Field::Year if range.len() == 2 => format!("{:02}", day.year.rem_euclid(100)),
                Field::Year => format!("{:04}", day.year),
                Field::Month => number(day.month),
                Field::Day => number(day.day),
                Field::MonthName(style) => style.write(&MONTHS, usize::from(day.month - 1)),
                Field::Weekday(style) => style.write(&WEEKDAYS, day.weekday()),
                Field::Ordinal => {
                    let suffix = ordinal(day.day);
                    if text[range].iter().all(u8::is_ascii_uppercase) {
                        suffix.to_uppercase()
                    } else {
                        suffix.to_owned()
                    }
                }
            };
            written.extend_from_slice(new.as_bytes());
        }
        written.extend_from_slice(&text[copied..]);
        written
    }

    /// `2024-03-05`, with the time of day as it stood; a two-digit year stays one, for nobody can tell which it is.
    pub(in crate::values) fn iso(&self, text: &[u8]) -> Option<Vec<u8>> {
        let (month, day) = (self.month?, self.day?);
        let year = match self.year? {
            Year::Full(year) => format!("{year:04}"),
            Year::Short(year) => format!("{year:02}"),
        };
        let mut iso = format!("{year}-{month:02}-{day:02}").into_bytes();
        let time = text[self.rest..].trim_ascii();
        let time = time.strip_prefix(b"T").unwrap_or(time);
        if !time.is_empty() {
            iso.push(b'T');
            iso.extend(time.iter().map(u8::to_ascii_uppercase));
        }
        Some(iso)
    }

    /// Reads the date itself; tells how many tokens it took.
    fn read(&mut self, text: &[u8], tokens: &[Token]) -> Option<usize> {
        let first = tokens.first()?;
        if first.word(text).is_some() {
            return self.read_month_first(text, tokens);
        }
        if first.range.len() >= 5 {
            return self.read_compact(text, first).map(|()| 1);
        }
        match tokens.get(1) {
            Some(second) if second.word(text).is_some() && !first.is_year(text) => {
                self.read_day_first(text, tokens).or_else(|| self.read_numbers(text, tokens))
            }
            _ => self.read_numbers(text, tokens),
        }
    }

    /// `March 5, 2024`, `Mar. 5th`, `March 2024`, `Mar '24`.
    fn read_month_first(&mut self, text: &[u8], tokens: &[Token]) -> Option<usize> {
        self.take_month_name(text, tokens.first()?)?;
        let mut at = 1;
        let second = tokens.get(at)?;
        if second.is_year(text) || apostrophe_before(text, second) {
            self.take_year(text, second)?;
            return Some(2);
        }
        at += self.take_day(text, &tokens[at..])?;
        at += self.take_following_year(text, tokens, at);
        Some(at)
    }

    /// `5 March 2024`, `5th of March`, `14MAR2024`, `05-Mar-24`.
    fn read_day_first(&mut self, text: &[u8], tokens: &[Token]) -> Option<usize> {
        let before = self.clone();
        let mut read = || {
            let mut at = self.take_day(text, tokens)?;
            while tokens.get(at)?.word(text).is_some_and(|word| FILLERS.contains(&word.as_str())) {
                at += 1;
            }
            self.take_month_name(text, tokens.get(at)?)?;
            at += 1;
            at += self.take_following_year(text, tokens, at);
            Some(at)
        };
        let used = read();
        if used.is_none() {
            *self = before;
        }
        used
    }

    /// `3/5/2024`, `2024-03-05`, `5.3.24`, `3/5`, `3/2024`, `2024-03`, `2024`.
    fn read_numbers(&mut self, text: &[u8], tokens: &[Token]) -> Option<usize> {
        let first = tokens.first()?;
        let joined = |at: usize| {
            let (left, right) = (tokens.get(at)?, tokens.get(at + 1)?);
            (right.word(text).is_none()).then(|| separator(&text[left.range.end..right.range.start]))?
        };
        let one = joined(0);
        let two = joined(1).filter(|separator| Some(*separator) == one);
        match (one, two) {
            (Some(_), Some(_)) if first.is_year(text) => {
                self.take_year(text, first)?;
                self.take_number(text, &tokens[1], Field::Month)?;
                self.take_number(text, &tokens[2], Field::Day)?;
                Some(3)
            }
            (Some(_), Some(_)) => {
                let [first, second] = [first.number(text)?, tokens[1].number(text)?];
                // Month first, unless that cannot be.
                let order =
                    if first > 12 && second <= 12 { [Field::Day, Field::Month] } else { [Field::Month, Field::Day] };
                for (token, field) in tokens.iter().zip(order) {
                    self.take_number(text, token, field)?;
                }
                self.take_year(text, &tokens[2])?;
                Some(3)
            }
            (Some(_), None) if first.is_year(text) => {
                self.take_year(text, first)?;
                self.take_number(text, &tokens[1], Field::Month)?;
                Some(2)
            }
            (Some(_), None) if tokens[1].is_year(text) => {
                self.take_number(text, first, Field::Month)?;
                self.take_year(text, &tokens[1])?;
                Some(2)
            }
            (Some(b'/' | b'-'), None) => {
                let swapped = first.number(text)? > 12 && tokens[1].number(text)? <= 12;
                let order = if swapped { [Field::Day, Field::Month] } else { [Field::Month, Field::Day] };
                for (token, field) in tokens.iter().zip(order) {
                    self.take_number(text, token, field)?;
                }
                Some(2)
            }
            (None, _) if first.is_year(text) || apostrophe_before(text, first) => {
                self.take_year(text, first)?;
                Some(1)
            }
            _ => None,
        }
    }

    /// HL7's `YYYYMM[DD[HH[MM[SS]]]]`, and `MMDDYYYY`, `MMDDYY` where that is the only reading.
    fn read_compact(&mut self, text: &[u8], token: &Token) -> Option<()> {
        let start = token.range.start;
        let value = |range: Range<usize>| number(&text[start + range.start..start + range.end]);
        let in_range = |year: u32| (1800..2200).contains(&year);
        let is_day = |month: u32, day: u32| (1..=12).contains(&month) && (1..=31).contains(&day);
        let layout: &[(Range<usize>, Field)] = match token.range.len() {
            8 | 10 | 12 | 14 if in_range(value(0..4)?) && is_day(value(4..6)?, value(6..8)?) => {
                let clock = [24, 60, 60];
                for (part, limit) in (8..token.range.len()).step_by(2).zip(clock) {
                    if value(part..part + 2)? >= limit {
                        return None;
                    }
                }
                &[(0..4, Field::Year), (4..6, Field::Month), (6..8, Field::Day)]
            }
            8 if is_day(value(0..2)?, value(2..4)?) && in_range(value(4..8)?) => {
                &[(0..2, Field::Month), (2..4, Field::Day), (4..8, Field::Year)]
            }
            6 if in_range(value(0..4)?) && is_day(value(4..6)?, 1) => &[(0..4, Field::Year), (4..6, Field::Month)],
            6 if is_day(value(0..2)?, value(2..4)?) => &[(0..2, Field::Month), (2..4, Field::Day), (4..6, Field::Year)],
            _ => return None,
        };
        for (range, field) in layout {
            let part = Token { range: start + range.start..start + range.end, letters: false };
            match field {
                Field::Year => self.take_year(text, &part)?,
                _ => self.take_number(text, &part, *field)?,
            }
        }
        Some(())
    }

    fn take_year(&mut self, text: &[u8], token: &Token) -> Option<()> {
        let number = i32::try_from(token.number(text)?).ok()?;
        self.year = Some(match token.range.len() {
            2 => Year::Short(number),
            4 if number >= 1000 => Year::Full(number),
            _ => return None,
        });
        self.fields.push((token.range.clone(), Field::Year));
        Some(())
    }

    /// The year after a month and a day, if there is one and it belongs to them.
    fn take_following_year(&mut self, text: &[u8], tokens: &[Token], mut at: usize) -> usize {
        let from = at;
        while tokens.get(at).and_then(|token| token.word(text)).is_some_and(|word| FILLERS.contains(&word.as_str())) {
            at += 1;
        }
        let Some(token) = tokens.get(at) else { return 0 };
        let colon_after = text.get(token.range.end) == Some(&b':');
        if token.word(text).is_some() || colon_after || self.take_year(text, token).is_none() {
            return 0;
        }
        at + 1 - from
    }

    fn take_month_name(&mut self, text: &[u8], token: &Token) -> Option<()> {
        let month = MONTHS.position(token.word(text)?.as_str())?;
        self.month = u8::try_from(month + 1).ok();
        self.fields.push((token.range.clone(), Field::MonthName(Style::of(token.bytes(text), month, &MONTHS))));
        Some(())
    }

    /// The day and its `st`, `nd`, `rd`, `th`, if it has one.
    fn take_day(&mut self, text: &[u8], tokens: &[Token]) -> Option<usize> {
        let token = tokens.first()?;
        self.take_number(text, token, Field::Day)?;
        let suffix = tokens.get(1).filter(|next| {
            next.range.start == token.range.end
                && next.word(text).is_some_and(|word| ["st", "nd", "rd", "th"].contains(&word.as_str()))
        });
        if let Some(suffix) = suffix {
            self.fields.push((suffix.range.clone(), Field::Ordinal));
        }
        Some(1 + usize::from(suffix.is_some()))
    }

    fn take_number(&mut self, text: &[u8], token: &Token, field: Field) -> Option<()> {
        let number = u8::try_from(token.number(text).filter(|_| token.range.len() <= 2)?).ok()?;
        match field {
            Field::Month => self.month = Some(number),
            _ => self.day = Some(number),
        }
        self.fields.push((token.range.clone(), field));
        Some(())
    }
}

/// The year of a text that is no date in a known spelling: `Summer 2024`, `'24`, a range within one year.
pub(in crate::values) fn lone_year(text: &[u8], this_year: i32) -> Option<i32> {
    let mut years = Vec::new();
    let mut others = false;
    for token in tokens(text)?.iter().filter(|token| !token.letters) {
        if token.is_year(text) {
            years.push(i32::try_from(token.number(text)?).ok()?);
        } else if apostrophe_before(text, token) && token.range.len() == 2 {
            years.push(Year::Short(i32::try_from(token.number(text)?).ok()?).number_near(this_year));
        } else {
            others |= token.range.len() > 2;
        }
    }
    let first = *years.first()?;
    (!others && years.iter().all(|year| *year == first)).then_some(first)
}

#[derive(Clone, Copy, Debug)]
enum Year {
    Full(i32),
    Short(i32),
}

impl Year {
    fn number_near(self, this_year: i32) -> i32 {
        match self {
            Self::Full(year) => year,
            Self::Short(year) => {
                let year = this_year - this_year.rem_euclid(100) + year;
                if year > this_year + 1 { year - 100 } else { year }
            }
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Field {
    Year,
    Month,
    Day,
    MonthName(Style),
    Weekday(Style),
    Ordinal,
}

/// How a name is written: whole or its first three letters, and in which case.
#[derive(Clone, Copy, Debug)]
struct Style {
    whole: bool,
    case: Case,
}

impl Style {
    fn of(written: &[u8], index: usize, names: &Names) -> Self {
        let whole = names.0.get(index).is_some_and(|name| name.len() == written.len());
        Self { whole, case: Case::of(written) }
    }

    fn write(self, names: &Names, index: usize) -> String {
        let name = names.0.get(index).copied().unwrap_or_default();
        self.case.write(if self.whole { name } else { &name[..3] })
    }
}

/// Names of which the first three letters are enough.
struct Names(&'static [&'static str]);

impl Names {
    fn position(&self, word: &str) -> Option<usize> {
        let short = if word == "sept" { "sep" } else { word };
        let short = if ["tues", "thur", "thurs", "weds"].contains(&short) { &short[..3] } else { short };
        self.0.iter().position(|name| short == *name || (short.len() == 3 && name.starts_with(short)))
    }
}

const MONTHS: Names = Names(&[
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
]);
const WEEKDAYS: Names = Names(&["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]);
const FILLERS: [&str; 5] = ["the", "of", "day", "on", "in"];

struct Token {
    range: Range<usize>,
    letters: bool,
}

impl Token {
    fn bytes<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        &text[self.range.clone()]
    }

    fn word(&self, text: &[u8]) -> Option<Word> {
        self.letters.then(|| Word::of(self.bytes(text)))
    }

    fn number(&self, text: &[u8]) -> Option<u32> {
        (!self.letters).then(|| number(self.bytes(text)))?
    }

    /// Four digits that can only be a year.
    fn is_year(&self, text: &[u8]) -> bool {
        self.range.len() == 4 && self.number(text).is_some_and(|number| (1800..2200).contains(&number))
    }
}

/// A word of ASCII letters in small ones; empty when it is longer than any that a date has.
struct Word {
    letters: [u8; Self::LONGEST],
    len: usize,
}

impl Word {
    /// More than `september` and `wednesday` have.
    const LONGEST: usize = 12;

    fn of(word: &[u8]) -> Self {
        let mut letters = [0; Self::LONGEST];
        let len = letters.get_mut(..word.len()).map_or(0, |to| {
            to.copy_from_slice(word);
            to.make_ascii_lowercase();
            to.len()
        });
        Self { letters, len }
    }

    fn as_str(&self) -> &str {
        self.letters.get(..self.len).and_then(|letters| std::str::from_utf8(letters).ok()).unwrap_or_default()
    }
}

/// Runs of digits and of letters. `None` for what cannot be a date as a whole: a text that is far too long, or letters
/// outside ASCII, which would be carried along unread.
fn tokens(text: &[u8]) -> Option<Vec<Token>> {
    let known = text.is_ascii()
        || std::str::from_utf8(text).is_ok_and(|text| text.chars().all(|c| c.is_ascii() || !c.is_alphanumeric()));
    if text.len() > 128 || !known {
        return None;
    }
    let mut tokens: Vec<Token> = Vec::with_capacity(8);
    for (at, byte) in text.iter().enumerate().filter(|(_, byte)| byte.is_ascii_alphanumeric()) {
        let letters = byte.is_ascii_alphabetic();
        match tokens.last_mut() {
            Some(last) if last.range.end == at && last.letters == letters => last.range.end += 1,
            _ => tokens.push(Token { range: at..at + 1, letters }),
        }
    }
    Some(tokens)
}

/// The character between two numbers, blanks around it allowed.
fn separator(gap: &[u8]) -> Option<u8> {
    let gap = gap.trim_ascii();
    let gap = gap.strip_suffix(b"'").unwrap_or(gap);
    match gap {
        [separator @ (b'/' | b'-' | b'.')] => Some(*separator),
        _ => None,
    }
}

fn apostrophe_before(text: &[u8], token: &Token) -> bool {
    let before = &text[..token.range.start];
    token.range.len() == 2 && (before.ends_with(b"'") || before.ends_with("’".as_bytes()))
}

fn number(digits: &[u8]) -> Option<u32> {
    digits
        .iter()
        .try_fold(0u32, |number, digit| number.checked_mul(10)?.checked_add(u32::from(digit.checked_sub(b'0')?)))
}

fn ordinal(day: u8) -> &'static str {
    match (day % 10, day / 10) {
        (1, tens) if tens != 1 => "st",
        (2, tens) if tens != 1 => "nd",
        (3, tens) if tens != 1 => "rd",
        _ => "th",
    }
}

#[cfg(test)]
mod tests;
