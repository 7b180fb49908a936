//! Moments, as leaves write them. Nothing here asks what time it is.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A moment in microseconds since 1970, UTC.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Time(u64);

impl Time {
    /// The last moment that can be written with four digits for the year.
    const LAST: u64 = 253_402_300_799_999_999;

    /// The moment this many microseconds after the start of 1970. What lies beyond the year 9999 becomes its last moment.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        if micros > Self::LAST { Self(Self::LAST) } else { Self(micros) }
    }

    /// Microseconds since the start of 1970.
    #[must_use]
    pub const fn micros(self) -> u64 {
        self.0
    }

    /// How long after `earlier` this is; nothing when it is before.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    /// Reads what [`fmt::Display`] writes, and nothing else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = |range: std::ops::Range<usize>| -> Option<u64> {
            let part = text.get(range)?;
            part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok()).flatten()
        };
        let days = days_before(digits(0..4)?, digits(5..7)?, digits(8..10)?)?;
        let seconds = ((days * 24 + digits(11..13)?) * 60 + digits(14..16)?) * 60 + digits(17..19)?;
        let time = Self(seconds * 1_000_000 + digits(20..26)?);
        (time.to_string() == text).then_some(time)
    }

    /// The year and month, `2026-11`: recordings that start in one month share a key above their own.
    #[must_use]
    pub fn month(self) -> String {
        let (year, month, _) = date(self.0 / 86_400_000_000);
        format!("{year:04}-{month:02}")
    }
}

impl From<SystemTime> for Time {
    fn from(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::from_micros(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
    }
}

/// RFC 3339 in UTC, always with six digits after the point.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, micros) = (self.0 / 1_000_000, self.0 % 1_000_000);
        let (year, month, day) = date(seconds / 86_400);
        let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
    }
}

/// Days since 1970 of a date; `None` for a date that no calendar has.
fn days_before(year: u64, month: u64, day: u64) -> Option<u64> {
    // Years begin in March, so that the leap day is the last one.
    let shifted = if month > 2 { year } else { year.checked_sub(1)? };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day.checked_sub(1)?;
    let days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + of_year;
    days.checked_sub(719_468)
}

/// The date of a day since 1970.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_calendars_do() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (951_782_400, "2000-02-29T00:00:00.000000Z"),
            (1_700_000_000, "2023-11-14T22:13:20.000000Z"),
            (4_107_542_399, "2100-02-28T23:59:59.000000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000000Z"),
        ] {
            let time = Time::from_micros(seconds * 1_000_000);
            assert_eq!(time.to_string(), text);
            assert_eq!(Time::parse(text), Some(time));
        }
        assert_eq!(Time::from_micros(u64::MAX).to_string(), "9999-12-31T23:59:59.999999Z");
        assert_eq!(Time::from_micros(1_700_000_000_000_000).month(), "2023-11");
    }

    #[test]
    fn every_day_comes_back() {
        for day in 0..100_000 {
            let time = Time::from_micros(day * 86_400_000_000 + 12_345_678);
            assert_eq!(Time::parse(&time.to_string()), Some(time));
        }
    }

    #[test]
    fn what_no_calendar_has_is_refused() {
        for text in [
            "2023-02-29T00:00:00.000000Z",
            "2023-11-14T24:00:00.000000Z",
            "2023-11-14T22:13:20Z",
            "",
            "2023-00-01T00:00:00.000000Z",
        ] {
            assert_eq!(Time::parse(text), None, "{text}");
        }
    }
}
