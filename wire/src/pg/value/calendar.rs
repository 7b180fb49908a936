//! Days and times as PostgreSQL counts them, from the first of January 2000, and as ISO 8601 writes them.

/// `1987-03-05`, with ` BC` for years before 1; `None` when there is no such day.
pub(super) fn day_of(text: &str) -> Option<i64> {
    let (text, before_christ) = text.strip_suffix(" BC").map_or((text, false), |text| (text, true));
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() < 4 || year.len() > 7 || month.len() != 2 || day.len() != 2 {
        return None;
    }
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<i64>().ok())?;
    let (year, month, day) = (digits(year)?, digits(month)?, digits(day)?);
    let year = if before_christ { 1 - year } else { year };
    let days = days_from_civil(year, month, day);
    ((1..=12).contains(&month) && civil(days) == (year, month, day)).then_some(days)
}

/// The inverse of [`day_of`].
pub(super) fn text_of_day(days: i64) -> String {
    let (year, month, day) = civil(days);
    if year > 0 { format!("{year:04}-{month:02}-{day:02}") } else { format!("{:04}-{month:02}-{day:02} BC", 1 - year) }
}

/// `HH:MM:SS`, with a fraction where there is one.
pub(super) fn text_of_time(micros: i64) -> String {
    let (seconds, fraction) = (micros.div_euclid(SECOND), micros.rem_euclid(SECOND));
    let mut text = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if fraction != 0 {
        text.push('.');
        text.push_str(format!("{fraction:06}").trim_end_matches('0'));
    }
    text
}

/// The inverse of [`text_of_time`].
pub(super) fn time_of(text: &str) -> Option<i64> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = clock.split(':');
    let mut part = |longest: usize| {
        let part = parts.next()?;
        let plain = part.len() >= 2 && part.len() <= longest && part.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| part.parse::<i64>().ok())?
    };
    let (hours, minutes, seconds) = (part(10)?, part(2)?, part(2)?);
    if parts.next().is_some() || minutes > 59 || seconds > 60 || fraction.len() > 6 {
        return None;
    }
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fraction: i64 = format!("{fraction:0<6}").parse().ok()?;
    hours.checked_mul(3600)?.checked_add(minutes * 60 + seconds)?.checked_mul(SECOND)?.checked_add(fraction)
}

pub(super) const SECOND: i64 = 1_000_000;
pub(super) const DAY: i64 = 86_400 * SECOND;

/// Years count from March in eras of 400 years, so that the leap day is the last of its year.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - EPOCH
}

fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + EPOCH;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * of_era + of_era / 4 - of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + of_era + i64::from(month <= 2), month, day)
}

/// The first of January 2000, in days from the first of March of the year 0.
const EPOCH: i64 = 730_425;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_days() {
        assert_eq!(day_of("2000-01-01"), Some(0));
        assert_eq!(day_of("1970-01-01"), Some(-10_957));
        assert_eq!(day_of("2000-02-29"), Some(59));
        assert_eq!(day_of("1900-02-29"), None);
        assert_eq!(day_of("0001-01-01"), Some(-730_119));
        assert_eq!(text_of_day(-730_120), "0001-12-31 BC");
        assert_eq!(text_of_time(3_723_000_500), "01:02:03.0005");
    }

    proptest! {
        #[test]
        fn days_and_times_come_back(days in -2_400_000i64..60_000_000, micros in 0i64..DAY) {
            prop_assert_eq!(day_of(&text_of_day(days)), Some(days));
            prop_assert_eq!(time_of(&text_of_time(micros)), Some(micros));
        }
    }
}
