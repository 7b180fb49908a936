//! Calendar dates without a clock or a time zone.

/// A day of the Gregorian calendar.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Date {
    /// The year.
    pub year: i32,
    /// The month, 1 to 12.
    pub month: u8,
    /// The day of the month, from 1.
    pub day: u8,
}

impl Date {
    /// The day `days` after 1970-01-01.
    pub fn from_days(days: i32) -> Self {
        // Years run from March, so that the leap day is the last day of a year.
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march_month = (5 * day_of_year + 2) / 153;
        let day = small(day_of_year - (153 * march_month + 2) / 5 + 1);
        let month = small(if march_month < 10 { march_month + 3 } else { march_month - 9 });
        let year = year_of_era + era * 400 + i32::from(month <= 2);
        Self { year, month, day }
    }

    /// Days since 1970-01-01.
    pub fn days(self) -> i32 {
        let year = if self.month <= 2 { self.year - 1 } else { self.year };
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let march_month = (i32::from(self.month) + 9) % 12;
        let day_of_year = (153 * march_month + 2) / 5 + i32::from(self.day) - 1;
        era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
    }

    /// The day `days` later (earlier when negative).
    pub fn plus(self, days: i32) -> Self {
        Self::from_days(self.days() + days)
    }

    /// Whole years from `self` to `later`.
    pub fn years_until(self, later: Self) -> i32 {
        let had_birthday = (later.month, later.day) >= (self.month, self.day);
        later.year - self.year - i32::from(!had_birthday)
    }

    /// The English name of the month.
    pub fn month_name(self) -> &'static str {
        MONTHS[usize::from(self.month).saturating_sub(1).min(11)]
    }

    /// The first three letters of the month's name.
    pub fn month_short(self) -> &'static str {
        &self.month_name()[..3]
    }

    /// The English name of the weekday.
    pub fn weekday(self) -> &'static str {
        WEEKDAYS[usize::from(small(self.days().rem_euclid(7)))]
    }
}

fn small(n: i32) -> u8 {
    u8::try_from(n).unwrap_or(1)
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

// 1970-01-01 was a Thursday.
const WEEKDAYS: [&str; 7] = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_agree() {
        for days in (-30_000..30_000).step_by(17) {
            assert_eq!(Date::from_days(days).days(), days);
        }
        assert_eq!(Date { year: 2024, month: 2, day: 29 }.days(), 19_782);
        assert_eq!(Date { year: 2024, month: 2, day: 29 }.weekday(), "Thursday");
    }

    #[test]
    fn age_counts_birthdays() {
        let born = Date { year: 1930, month: 6, day: 2 };
        assert_eq!(born.years_until(Date { year: 2024, month: 6, day: 1 }), 93);
        assert_eq!(born.years_until(Date { year: 2024, month: 6, day: 2 }), 94);
    }
}
