//! Counting days.

/// A day of the proleptic Gregorian calendar.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(in crate::values) struct Day {
    pub(in crate::values) year: i32,
    pub(in crate::values) month: u8,
    pub(in crate::values) day: u8,
}

impl Day {
    pub(super) fn new(year: i32, month: u8, day: u8) -> Option<Self> {
        ((1..=12).contains(&month) && day >= 1 && day <= days_in(year, month)).then_some(Self { year, month, day })
    }

    /// The day so many days later. `None` outside the years that four digits can write.
    pub(in crate::values) fn plus(self, days: i32) -> Option<Self> {
        let moved = Self::from_number(self.number().checked_add(days)?);
        (1000..=9999).contains(&moved.year).then_some(moved)
    }

    /// How many days lie between this day and the first of its year.
    pub(in crate::values) fn in_year(self) -> i32 {
        self.number() - Self { month: 1, day: 1, ..self }.number()
    }

    /// Days since 1 March of the year 0: with the leap day last, a month's start needs no table.
    fn number(self) -> i32 {
        let year = if self.month < 3 { self.year - 1 } else { self.year };
        let month = (i32::from(self.month) + 9) % 12;
        365 * year + year.div_euclid(4) - year.div_euclid(100)
            + year.div_euclid(400)
            + (month * 153 + 2) / 5
            + i32::from(self.day)
            - 1
    }

    fn from_number(number: i32) -> Self {
        // The first guess is at most a year off, and the loops put it right.
        let mut year = number.div_euclid(365).min(number / 366 + number / 146_097 + 1);
        let start = |year| Self { year, month: 3, day: 1 }.number();
        while start(year) > number {
            year -= 1;
        }
        while start(year + 1) <= number {
            year += 1;
        }
        let rest = number - start(year);
        let month = (5 * rest + 2) / 153;
        let day = rest - (month * 153 + 2) / 5 + 1;
        let (month, year) = if month < 10 { (month + 3, year) } else { (month - 9, year + 1) };
        Self { year, month: small(month), day: small(day) }
    }

    /// 0 is Sunday.
    pub(super) fn weekday(self) -> usize {
        // 1 March of the year 0 was a Wednesday.
        usize::try_from((self.number() + 3).rem_euclid(7)).unwrap_or_default()
    }
}

fn days_in(year: i32, month: u8) -> u8 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Months and days of the calendar arithmetic, always below 32.
fn small(number: i32) -> u8 {
    u8::try_from(number).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar() {
        let day = |year, month, day| Day { year, month, day };
        assert_eq!(day(2000, 2, 28).plus(2), Some(day(2000, 3, 1)));
        assert_eq!(day(1900, 2, 28).plus(1), Some(day(1900, 3, 1)));
        assert_eq!(day(2024, 1, 1).plus(-1), Some(day(2023, 12, 31)));
        assert_eq!(day(9999, 12, 31).plus(1), None);
        assert_eq!(day(2024, 12, 31).in_year(), 365);
        // The epoch was a Thursday.
        assert_eq!(day(1970, 1, 1).weekday(), 4);
        assert_eq!(day(1970, 1, 1).plus(19_787), Some(day(2024, 3, 5)));
        let mut current = day(1799, 12, 31);
        for _ in 0..150_000 {
            let next = current.plus(1).unwrap();
            let expected = Day::new(current.year, current.month, current.day + 1)
                .or_else(|| Day::new(current.year, current.month + 1, 1))
                .unwrap_or_else(|| day(current.year + 1, 1, 1));
            assert_eq!(next, expected);
            assert_eq!(next.weekday(), (current.weekday() + 1) % 7);
            current = next;
        }
    }
}
