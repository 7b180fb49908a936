//! TOML with places: every value knows its line, and every key that nobody asked for is an error.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::ops::Range;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::{Error, Id, did_you_mean};

/// A file of configuration.
pub(crate) struct Document<'t> {
    name: &'t str,
    text: &'t str,
    root: Spanned<DeTable<'t>>,
}

impl<'t> Document<'t> {
    pub(crate) fn parse(name: &'t str, text: &'t str) -> Result<Self, Error> {
        let root = DeTable::parse(text).map_err(|error| {
            let at = error.span().map_or_else(|| name.to_owned(), |span| place(name, text, &span));
            Error::new(Id::ConfigSyntax, format!("not TOML: {}", error.message())).at(at)
        })?;
        Ok(Self { name, text, root })
    }

    pub(crate) fn root(&self) -> Table<'_, 't> {
        Table { file: self, entries: self.root.get_ref(), span: 0..0, known: RefCell::default() }
    }
}

/// A table whose keys are asked for one by one. [`Table::finish`] refuses those that were not.
pub(crate) struct Table<'d, 't> {
    file: &'d Document<'t>,
    entries: &'d DeTable<'t>,
    span: Range<usize>,
    known: RefCell<Vec<&'static str>>,
}

/// A value with its place.
#[derive(Clone, Copy)]
pub(crate) struct Value<'d, 't> {
    file: &'d Document<'t>,
    value: &'d Spanned<DeValue<'t>>,
}

impl<'d, 't> Table<'d, 't> {
    pub(crate) fn get(&self, key: &'static str) -> Option<Value<'d, 't>> {
        #[cfg(test)]
        asked_for::note(key);
        self.known.borrow_mut().push(key);
        let entry = self.entries.iter().find(|(name, _)| name.get_ref() == key);
        entry.map(|(_, value)| Value { file: self.file, value })
    }

    /// All entries, for tables whose keys are free.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&'d str, Value<'d, 't>)> {
        let file = self.file;
        self.entries.iter().map(move |(name, value)| (&**name.get_ref(), Value { file, value }))
    }

    pub(crate) fn string(&self, key: &'static str) -> Result<Option<&'d str>, Error> {
        self.get(key).map(Value::string).transpose()
    }

    pub(crate) fn required(&self, key: &'static str) -> Result<&'d str, Error> {
        self.string(key)?.ok_or_else(|| {
            Error::new(Id::ConfigValue, format!("\"{key}\" is missing")).at(place(
                self.file.name,
                self.file.text,
                &self.span,
            ))
        })
    }

    /// A string, or a list of them; nothing is an empty list.
    pub(crate) fn strings(&self, key: &'static str) -> Result<Vec<&'d str>, Error> {
        self.get(key).map_or_else(|| Ok(Vec::new()), Value::strings)
    }

    /// The tables of `[[key]]`.
    pub(crate) fn tables(&self, key: &'static str) -> Result<Vec<Self>, Error> {
        let Some(value) = self.get(key) else { return Ok(Vec::new()) };
        let DeValue::Array(list) = value.value.get_ref() else {
            return Err(value.wrong(&format!("a list of tables, written [[{key}]]")));
        };
        list.iter().map(|value| Value { file: self.file, value }.table()).collect()
    }

    /// Where the table is.
    pub(crate) fn place(&self) -> String {
        place(self.file.name, self.file.text, &self.span)
    }

    /// Refuses keys that are not among `keys`, before anybody misses the one that was meant.
    pub(crate) fn only(&self, keys: &[&'static str]) -> Result<(), Error> {
        self.check(keys)
    }

    pub(crate) fn finish(self) -> Result<(), Error> {
        self.check(&self.known.borrow())
    }

    fn check(&self, known: &[&'static str]) -> Result<(), Error> {
        let unknown = self.entries.iter().find(|(name, _)| !known.contains(&&**name.get_ref()));
        let Some((name, _)) = unknown else { return Ok(()) };
        let what = format!("unknown key \"{}\"{}", name.get_ref(), did_you_mean(name.get_ref(), known.iter().copied()));
        Err(Error::new(Id::ConfigUnknownKey, what).at(place(self.file.name, self.file.text, &name.span())))
    }
}

impl<'d, 't> Value<'d, 't> {
    pub(crate) fn string(self) -> Result<&'d str, Error> {
        match self.value.get_ref() {
            DeValue::String(text) => Ok(text),
            _ => Err(self.wrong("a string")),
        }
    }

    pub(crate) fn strings(self) -> Result<Vec<&'d str>, Error> {
        match self.value.get_ref() {
            DeValue::String(text) => Ok(vec![text]),
            DeValue::Array(list) => list.iter().map(|value| Value { file: self.file, value }.string()).collect(),
            _ => Err(self.wrong("a list of strings")),
        }
    }

    pub(crate) fn number(self) -> Result<f64, Error> {
        let text = match self.value.get_ref() {
            DeValue::Integer(number) => number.as_str(),
            DeValue::Float(number) => number.as_str(),
            _ => return Err(self.wrong("a number")),
        };
        text.parse().map_err(|_| self.wrong("a number"))
    }

    pub(crate) fn whole(self, least: u64, most: u64) -> Result<u64, Error> {
        let wrong = || self.wrong(&format!("a whole number from {least} to {most}"));
        let DeValue::Integer(number) = self.value.get_ref() else { return Err(wrong()) };
        let number = u64::from_str_radix(number.as_str(), number.radix()).map_err(|_| wrong())?;
        if (least..=most).contains(&number) { Ok(number) } else { Err(wrong()) }
    }

    /// A text like `250ms`, `90s`, `15m`, `8h`, `7d`.
    pub(crate) fn duration(self) -> Result<Duration, Error> {
        const EXPECTED: &str = "a duration such as \"90s\", \"15m\" or \"8h\"";
        let Ok(text) = self.string() else { return Err(self.wrong(EXPECTED)) };
        duration(text).ok_or_else(|| self.wrong(EXPECTED))
    }

    /// The first second since 1970 (UTC) after this date.
    pub(crate) fn end_of_day(self) -> Result<u64, Error> {
        const EXPECTED: &str = "a date such as 2027-01-31";
        let DeValue::Datetime(date) = self.value.get_ref() else { return Err(self.wrong(EXPECTED)) };
        let (Some(date), None) = (date.date, date.time) else { return Err(self.wrong(EXPECTED)) };
        let days = days_since_1970(i64::from(date.year), i64::from(date.month), i64::from(date.day));
        u64::try_from((days + 1) * 86_400).map_err(|_| self.wrong(EXPECTED))
    }

    pub(crate) fn address(self) -> Result<SocketAddr, Error> {
        self.string()?.parse().map_err(|_| self.wrong("an address with a port, such as \"127.0.0.1:8080\""))
    }

    pub(crate) fn truth(self) -> Result<bool, Error> {
        match self.value.get_ref() {
            DeValue::Boolean(truth) => Ok(*truth),
            _ => Err(self.wrong("true or false")),
        }
    }

    pub(crate) fn table(self) -> Result<Table<'d, 't>, Error> {
        match self.value.get_ref() {
            DeValue::Table(entries) => {
                Ok(Table { file: self.file, entries, span: self.value.span(), known: RefCell::default() })
            }
            _ => Err(self.wrong("a table")),
        }
    }

    /// The value is not what belongs here.
    pub(crate) fn wrong(self, expected: &str) -> Error {
        Error::new(Id::ConfigValue, format!("expected {expected}")).at(self.place())
    }

    pub(crate) fn place(self) -> String {
        place(self.file.name, self.file.text, &self.value.span())
    }
}

/// Reads `90s` and the like.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(end);
    let number: u64 = number.parse().ok()?;
    let seconds = match unit.trim_start() {
        "ms" => return Some(Duration::from_millis(number)),
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    number.checked_mul(seconds).map(Duration::from_secs)
}

/// Days of the Gregorian calendar from 1970-01-01 to this one.
pub(crate) fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    // Years that begin in March have their leap day at the end.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - 719_468
}

fn place(name: &str, text: &str, span: &Range<usize>) -> String {
    let before = text.as_bytes().get(..span.start).unwrap_or_default();
    format!("{name}:{}", memchr::memchr_iter(b'\n', before).count() + 1)
}

/// Which keys were asked for in a test, whether or not the file had them.
#[cfg(test)]
pub(super) mod asked_for {
    use std::cell::RefCell;
    use std::collections::BTreeSet;

    thread_local! {
        static KEYS: RefCell<BTreeSet<&'static str>> = RefCell::default();
    }

    pub(super) fn note(key: &'static str) {
        KEYS.with_borrow_mut(|keys| keys.insert(key));
    }

    pub(in crate::config) fn all() -> BTreeSet<&'static str> {
        KEYS.with_borrow(Clone::clone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        assert_eq!(duration("250ms"), Some(Duration::from_millis(250)));
        assert_eq!(duration("2h"), Some(Duration::from_secs(7_200)));
        assert_eq!(duration("7 d"), Some(Duration::from_secs(604_800)));
        for wrong in ["", "5", "s", "-1s", "1.5h", "18446744073709551615h", "5 parsecs"] {
            assert_eq!(duration(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn days_are_counted_over_leap_years() {
        for (date, days) in
            [((1970, 1, 1), 0), ((2000, 2, 29), 11_016), ((2000, 3, 1), 11_017), ((2026, 11, 21), 20_778)]
        {
            assert_eq!(days_since_1970(date.0, date.1, date.2), days);
        }
    }
}
