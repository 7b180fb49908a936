//! Facts as Cedar sees them.

use std::collections::BTreeSet;

use cedar_policy::RestrictedExpression as Value;

use crate::question::{Circumstances, Facts, HttpFacts, Question, SqlFacts, ToolFacts};

/// The context of a question, in the words of the schema.
pub(crate) fn of(question: &Question<'_>) -> Result<Vec<(String, Value)>, &'static str> {
    let mut pairs = Vec::with_capacity(16);
    add_circumstances(question.circumstances, &mut pairs)?;
    match question.facts {
        Facts::None => {}
        Facts::Sql(facts) => add_sql(facts, &mut pairs),
        Facts::Http(facts) => add_http(facts, &mut pairs),
        Facts::Tool(facts) => add_tool(facts, &mut pairs),
    }
    Ok(pairs)
}

type Pairs = Vec<(String, Value)>;

fn add_circumstances(known: &Circumstances, pairs: &mut Pairs) -> Result<(), &'static str> {
    let time = rfc3339(known.time_ms).ok_or("its time is out of range")?;
    add(pairs, "time", Value::new_datetime(time));
    if let Some(source) = known.source {
        // An IPv4 address stays one, however the socket spelt it.
        add(pairs, "source", Value::new_ip(source.to_canonical().to_string()));
    }
    add(pairs, "authenticated_by", text(&known.authenticated_by));
    add(pairs, "acting_for", set(&known.acting_for));
    add(pairs, "reason_given", Value::new_bool(known.reason_given));
    Ok(())
}

fn add_sql(facts: &SqlFacts, pairs: &mut Pairs) {
    add(pairs, "kinds", set(&facts.kinds));
    add(pairs, "tables", set(&facts.tables));
    add(pairs, "columns", set(&facts.columns));
    add(pairs, "labelled", set(&facts.labelled));
    add(pairs, "labelled_probed", set(&facts.labelled_probed));
    add(pairs, "labelled_asked", set(&facts.labelled_asked));
    add(pairs, "labelled_computed", set(&facts.labelled_computed));
    add(pairs, "labelled_stored", set(&facts.labelled_stored));
    add(pairs, "functions", set(&facts.functions));
    add(pairs, "has_where", Value::new_bool(facts.has_where));
    add(pairs, "has_limit", Value::new_bool(facts.limit.is_some()));
    add_number(pairs, "limit", facts.limit);
    add_number(pairs, "estimated_rows", facts.estimated_rows);
    add(pairs, "rows_unbounded", Value::new_bool(facts.rows_unbounded));
    add(pairs, "catalog_only", Value::new_bool(facts.catalog_only));
}

fn add_http(facts: &HttpFacts, pairs: &mut Pairs) {
    add(pairs, "method", text(&facts.method));
    add(pairs, "path", text(facts.path.as_str()));
    add(pairs, "query", set(&facts.query));
    if let Some(media_type) = &facts.media_type {
        add(pairs, "media_type", text(media_type));
    }
    add_number(pairs, "body_bytes", facts.body_bytes);
    add(pairs, "rows_unbounded", Value::new_bool(facts.rows_unbounded));
}

fn add_tool(facts: &ToolFacts, pairs: &mut Pairs) {
    add(pairs, "tool", text(&facts.tool));
    add(pairs, "arguments", set(&facts.arguments));
}

fn add(pairs: &mut Pairs, name: &str, value: Value) {
    pairs.push((name.to_owned(), value));
}

/// A number past what Cedar can hold is the largest that it can: the order of numbers stays.
fn add_number(pairs: &mut Pairs, name: &str, number: Option<u64>) {
    if let Some(number) = number {
        add(pairs, name, Value::new_long(i64::try_from(number).unwrap_or(i64::MAX)));
    }
}

fn text(value: &str) -> Value {
    Value::new_string(value.to_owned())
}

fn set(values: &BTreeSet<String>) -> Value {
    Value::new_set(values.iter().map(|value| text(value)))
}

/// The years 1 to 9999, which is what the notation can say.
fn rfc3339(time_ms: i64) -> Option<String> {
    const DAY: i64 = 86_400_000;
    let days = time_ms.div_euclid(DAY);
    let of_day = time_ms.rem_euclid(DAY);
    let (year, month, day) = civil(days)?;
    let (seconds, millis) = (of_day / 1000, of_day % 1000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z"))
}

/// The date of a day counted from 1970. Counts from 1 March of year 0 in eras of 400 years, so that the leap day is the last
/// of its year.
fn civil(days: i64) -> Option<(i64, i64, i64)> {
    const TO_1970: i64 = 719_468;
    const ERA: i64 = 146_097;
    let days = days.checked_add(TO_1970)?;
    let (era, of_era) = (days.div_euclid(ERA), days.rem_euclid(ERA));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / (ERA - 1)) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (1..=9999).contains(&year).then_some((year, month, day))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_out() {
        let written = |ms| rfc3339(ms).unwrap();
        assert_eq!(written(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(written(951_782_400_000), "2000-02-29T00:00:00.000Z");
        assert_eq!(written(1_795_266_305_123), "2026-11-21T13:05:05.123Z");
        assert_eq!(written(-1), "1969-12-31T23:59:59.999Z");
        assert_eq!(rfc3339(i64::MAX), None);
        assert_eq!(rfc3339(i64::MIN), None);
        // Every day has a date, and the day after it the next.
        let mut before = civil(-719_162).unwrap();
        assert_eq!(before, (1, 1, 1));
        for day in -719_161..2_932_897 {
            let now = civil(day).unwrap();
            assert!(now > before && (1..=31).contains(&now.2), "{now:?} after {before:?}");
            before = now;
        }
        assert_eq!(before, (9999, 12, 31));
        assert_eq!(civil(2_932_897), None);
    }
}
