//! Facts as Cedar sees them.

use std::collections::BTreeSet;

use cedar_policy::{Policy, RestrictedExpression as Value};
use serde_json::Value as Json;

use crate::question::{Circumstances, Facts, HttpFacts, Question, SqlFacts, ToolFacts};

/// Declares the facts once: name and text.
macro_rules! facts {
    ($($name:ident = $text:literal),* $(,)?) => {
        /// An attribute of a context.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        enum Fact { $($name),* }

        /// As they stand in the schema, in the order of [`Fact`].
        const NAMES: &[&str] = &[$($text),*];
    };
}

facts! {
    Time = "time",
    Source = "source",
    AuthenticatedBy = "authenticated_by",
    ActingFor = "acting_for",
    ReasonGiven = "reason_given",
    Kinds = "kinds",
    Tables = "tables",
    Columns = "columns",
    Labelled = "labelled",
    LabelledProbed = "labelled_probed",
    LabelledAsked = "labelled_asked",
    LabelledComputed = "labelled_computed",
    LabelledStored = "labelled_stored",
    Functions = "functions",
    HasWhere = "has_where",
    HasLimit = "has_limit",
    Limit = "limit",
    EstimatedRows = "estimated_rows",
    RowsUnbounded = "rows_unbounded",
    CatalogOnly = "catalog_only",
    Method = "method",
    Path = "path",
    Template = "template",
    Query = "query",
    MediaType = "media_type",
    BodyBytes = "body_bytes",
    Tool = "tool",
    Arguments = "arguments",
}

/// The facts that some policies can look at, one bit each. Making a fact ready costs more than most policies do, and what
/// nobody looks at changes nothing.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Wanted(u32);

impl Wanted {
    /// All of them.
    pub(crate) const ALL: Self = Self(u32::MAX);

    /// What a policy looks at: attributes of `context` by name, or all where it takes the context for anything else.
    pub(crate) fn of(policy: &Policy) -> Self {
        policy.to_json().map_or(Self::ALL, |json| wanted(&json))
    }

    #[must_use]
    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    const fn has(self, fact: Fact) -> bool {
        self.0 & (1 << fact as u32) != 0
    }
}

/// Whether a policy has neither `when` nor `unless`.
pub(crate) fn has_no_conditions(policy: &Policy) -> bool {
    policy.to_json().is_ok_and(|json| json["conditions"].as_array().is_some_and(Vec::is_empty))
}

/// Walks a policy in Cedar's own JSON.
fn wanted(json: &Json) -> Wanted {
    let all = |values: &mut dyn Iterator<Item = &Json>| values.map(wanted).fold(Wanted(0), Wanted::and);
    match json {
        Json::Object(object) => {
            for access in [".", "has"] {
                let Some(accessed) = object.get(access).filter(|accessed| is_context(&accessed["left"])) else {
                    continue;
                };
                return accessed["attr"].as_str().map_or(Wanted::ALL, |name| {
                    // An attribute that the schema lacks is never there.
                    NAMES.iter().position(|known| *known == name).map_or(Wanted(0), |place| Wanted(1 << place))
                });
            }
            if is_context(json) { Wanted::ALL } else { all(&mut object.values()) }
        }
        Json::Array(values) => all(&mut values.iter()),
        _ => Wanted(0),
    }
}

fn is_context(json: &Json) -> bool {
    json["Var"] == "context"
}

/// The context of a question, in the words of the schema, as far as anybody looks at it.
pub(crate) fn of(question: &Question<'_>, wanted: Wanted) -> Result<Vec<(String, Value)>, &'static str> {
    let mut pairs = Pairs { wanted, pairs: Vec::with_capacity(16) };
    add_circumstances(question.circumstances, &mut pairs)?;
    match question.facts {
        Facts::None => {}
        Facts::Sql(facts) => add_sql(facts, &mut pairs),
        Facts::Http(facts) => add_http(facts, &mut pairs),
        Facts::Tool(facts) => add_tool(facts, &mut pairs),
    }
    Ok(pairs.pairs)
}

struct Pairs {
    wanted: Wanted,
    pairs: Vec<(String, Value)>,
}

impl Pairs {
    fn add(&mut self, fact: Fact, value: impl FnOnce() -> Value) {
        if self.wanted.has(fact) {
            let name = NAMES.get(fact as usize).copied().unwrap_or_default();
            self.pairs.push((name.to_owned(), value()));
        }
    }

    fn set(&mut self, fact: Fact, values: &BTreeSet<String>) {
        self.add(fact, || Value::new_set(values.iter().map(|value| text(value))));
    }

    fn flag(&mut self, fact: Fact, value: bool) {
        self.add(fact, || Value::new_bool(value));
    }

    /// A number past what Cedar can hold is the largest that it can: the order of numbers stays.
    fn number(&mut self, fact: Fact, number: Option<u64>) {
        if let Some(number) = number {
            self.add(fact, || Value::new_long(i64::try_from(number).unwrap_or(i64::MAX)));
        }
    }
}

fn add_circumstances(known: &Circumstances, pairs: &mut Pairs) -> Result<(), &'static str> {
    // A time that nobody could write down is refused whether or not a policy looks at it.
    let time = Moment::of(known.time_ms).ok_or("its time is out of range")?;
    pairs.add(Fact::Time, || Value::new_datetime(time.rfc3339()));
    if let Some(source) = known.source {
        // An IPv4 address stays one, however the socket spelt it.
        pairs.add(Fact::Source, || Value::new_ip(source.to_canonical().to_string()));
    }
    pairs.add(Fact::AuthenticatedBy, || text(&known.authenticated_by));
    pairs.set(Fact::ActingFor, &known.acting_for);
    pairs.flag(Fact::ReasonGiven, known.reason_given);
    Ok(())
}

fn add_sql(facts: &SqlFacts, pairs: &mut Pairs) {
    pairs.set(Fact::Kinds, &facts.kinds);
    pairs.set(Fact::Tables, &facts.tables);
    pairs.set(Fact::Columns, &facts.columns);
    pairs.set(Fact::Labelled, &facts.labelled);
    pairs.set(Fact::LabelledProbed, &facts.labelled_probed);
    pairs.set(Fact::LabelledAsked, &facts.labelled_asked);
    pairs.set(Fact::LabelledComputed, &facts.labelled_computed);
    pairs.set(Fact::LabelledStored, &facts.labelled_stored);
    pairs.set(Fact::Functions, &facts.functions);
    pairs.flag(Fact::HasWhere, facts.has_where);
    pairs.flag(Fact::HasLimit, facts.limit.is_some());
    pairs.number(Fact::Limit, facts.limit);
    pairs.number(Fact::EstimatedRows, facts.estimated_rows);
    pairs.flag(Fact::RowsUnbounded, facts.rows_unbounded);
    pairs.flag(Fact::CatalogOnly, facts.catalog_only);
}

fn add_http(facts: &HttpFacts, pairs: &mut Pairs) {
    pairs.add(Fact::Method, || text(&facts.method));
    pairs.add(Fact::Path, || text(facts.path.as_str()));
    pairs.add(Fact::Template, || text(&facts.template));
    pairs.set(Fact::Query, &facts.query);
    if let Some(media_type) = &facts.media_type {
        pairs.add(Fact::MediaType, || text(media_type));
    }
    pairs.number(Fact::BodyBytes, facts.body_bytes);
    pairs.flag(Fact::RowsUnbounded, facts.rows_unbounded);
}

fn add_tool(facts: &ToolFacts, pairs: &mut Pairs) {
    pairs.add(Fact::Tool, || text(&facts.tool));
    pairs.set(Fact::Arguments, &facts.arguments);
}

fn text(value: &str) -> Value {
    Value::new_string(value.to_owned())
}

/// A moment of the years 1 to 9999, which is what the notation can say.
struct Moment {
    date: (i64, i64, i64),
    of_day_ms: i64,
}

impl Moment {
    fn of(time_ms: i64) -> Option<Self> {
        const DAY: i64 = 86_400_000;
        Some(Self { date: civil(time_ms.div_euclid(DAY))?, of_day_ms: time_ms.rem_euclid(DAY) })
    }

    fn rfc3339(&self) -> String {
        let (year, month, day) = self.date;
        let (seconds, millis) = (self.of_day_ms / 1000, self.of_day_ms % 1000);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
    }
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
    fn what_a_policy_looks_at_is_found_wherever_it_looks() {
        let wanted = |condition: &str| {
            let text = format!("permit (principal, action, resource) when {{ {condition} }};");
            Wanted::of(&Policy::parse(None, text).unwrap())
        };
        let facts = |facts: &[Fact]| facts.iter().fold(Wanted(0), |all, fact| all.and(Wanted(1 << *fact as u32)));
        assert_eq!(wanted("true"), facts(&[]));
        assert_eq!(wanted("context.rows_unbounded"), facts(&[Fact::RowsUnbounded]));
        assert_eq!(wanted("context has limit && context[\"limit\"] > 5"), facts(&[Fact::Limit]));
        assert_eq!(
            wanted(
                "if context.time.toTime() > duration(\"8h\") then ![context.columns].isEmpty() else context.path like \"*\""
            ),
            facts(&[Fact::Time, Fact::Columns, Fact::Path])
        );
        assert_eq!(wanted("context.no_such_fact"), facts(&[]));
        // A context that is taken whole may be looked at in any way.
        for whole in ["context == {Var: \"x\"}", "[context].contains({})", "{a: context}.a.time > {b: 1}.b"] {
            assert_eq!(wanted(whole), Wanted::ALL, "{whole}");
        }
        assert_eq!(wanted("{Var: \"context\"} == {Var: \"context\"}"), facts(&[]));
        // Every name is one of the schema's, and there is a bit for each.
        for name in NAMES {
            assert!(
                crate::schema::TEXT.contains(&format!("  {name}: "))
                    || crate::schema::TEXT.contains(&format!("  {name}?: ")),
                "{name}"
            );
        }
        assert!(NAMES.len() < 32);
    }

    #[test]
    fn times_are_written_out() {
        let written = |ms| Moment::of(ms).unwrap().rfc3339();
        assert_eq!(written(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(written(951_782_400_000), "2000-02-29T00:00:00.000Z");
        assert_eq!(written(1_795_266_305_123), "2026-11-21T13:05:05.123Z");
        assert_eq!(written(-1), "1969-12-31T23:59:59.999Z");
        assert!(Moment::of(i64::MAX).is_none() && Moment::of(i64::MIN).is_none());
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
