//! Fuses: how much one request, and one identity in an hour, may take out. Actual rows, not what a planner guessed.

use std::collections::{HashMap, HashSet};
use std::fmt;

/// How much may be taken. None: no fuse of that sort.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct FuseLimits {
    /// By one request.
    pub request: Amounts,
    /// By one identity within an hour.
    pub hour: Amounts,
}

/// Limits of each measure.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Amounts {
    /// Rows, or resources of an HTTP answer.
    pub rows: Option<u64>,
    /// Bytes of the answer.
    pub bytes: Option<u64>,
    /// Different subjects of care.
    pub subjects: Option<u32>,
    /// Different values that a labelled column was compared with: how a mask is probed.
    pub probes: Option<u32>,
}

/// A subject of care or a probed value, by a keyed token: equal for equal ones, and nothing without the key.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct Token(pub [u8; 16]);

/// What one request has taken.
#[derive(Debug, Default)]
pub struct RequestFuse {
    limits: Amounts,
    rows: u64,
    bytes: u64,
    subjects: HashSet<Token>,
    probes: HashSet<Token>,
}

/// What one identity has taken in the hour before now.
#[derive(Debug, Default)]
pub struct HourFuse {
    limits: Amounts,
    /// By minute, a ring of 60.
    minutes: Vec<Minute>,
    /// The last minute that each was seen in.
    subjects: HashMap<Token, i64>,
    probes: HashMap<Token, i64>,
    /// Time does not run backwards here, whatever the clock does: else an hour could be had twice.
    latest: i64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Minute {
    minute: i64,
    rows: u64,
    bytes: u64,
}

/// A fuse that has blown: what it guards must not leave.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Blown {
    /// Of one request, or of an hour.
    pub span: Span,
    /// What there was too much of.
    pub measure: Measure,
    /// How much was allowed.
    pub limit: u64,
}

/// Over what a fuse counts.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Span {
    /// One request.
    Request,
    /// One identity, one hour.
    Hour,
}

/// What a fuse counts.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Measure {
    /// Rows.
    Rows,
    /// Bytes.
    Bytes,
    /// Different subjects of care.
    Subjects,
    /// Different probed values.
    Probes,
}

/// One row, or a batch of rows that leave together.
#[derive(Clone, Copy, Debug, Default)]
pub struct Take<'a> {
    /// How many rows.
    pub rows: u64,
    /// How many bytes.
    pub bytes: u64,
    /// Whose data they hold.
    pub subjects: &'a [Token],
}

const MINUTES: i64 = 60;

/// The fuses of a request and of its identity, asked together.
///
/// Either both count what leaves, or neither does and it stays.
pub fn take(request: &mut RequestFuse, hour: &mut HourFuse, take: Take<'_>, now_ms: i64) -> Result<(), Blown> {
    hour.advance(now_ms);
    request.would_take(take)?;
    hour.would_take(take)?;
    request.count(take);
    hour.count(take);
    Ok(())
}

/// Values that a request compares labelled columns with, before it is sent up.
pub fn probe(request: &mut RequestFuse, hour: &mut HourFuse, values: &[Token], now_ms: i64) -> Result<(), Blown> {
    hour.advance(now_ms);
    let known = |value: &Token| request.probes.contains(value);
    let total = count_with(request.probes.len(), values, known);
    exceeds(Span::Request, Measure::Probes, total, request.limits.probes.map(u64::from))?;
    let known = |value: &Token| hour.probes.contains_key(value);
    let total = count_with(hour.probes.len(), values, known);
    exceeds(Span::Hour, Measure::Probes, total, hour.limits.probes.map(u64::from))?;
    if request.limits.probes.is_some() {
        request.probes.extend(values);
    }
    if hour.limits.probes.is_some() {
        hour.probes.extend(values.iter().map(|value| (*value, hour.latest)));
    }
    Ok(())
}

impl RequestFuse {
    /// A fuse that nothing has gone through.
    #[must_use]
    pub fn new(limits: Amounts) -> Self {
        Self { limits, ..Self::default() }
    }

    /// The rows that have gone through.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    fn would_take(&self, take: Take<'_>) -> Result<(), Blown> {
        exceeds(Span::Request, Measure::Rows, self.rows.saturating_add(take.rows), self.limits.rows)?;
        exceeds(Span::Request, Measure::Bytes, self.bytes.saturating_add(take.bytes), self.limits.bytes)?;
        let total = count_with(self.subjects.len(), take.subjects, |subject| self.subjects.contains(subject));
        exceeds(Span::Request, Measure::Subjects, total, self.limits.subjects.map(u64::from))
    }

    fn count(&mut self, take: Take<'_>) {
        self.rows = self.rows.saturating_add(take.rows);
        self.bytes = self.bytes.saturating_add(take.bytes);
        // Without a limit nobody asks, and the set would grow for nothing.
        if self.limits.subjects.is_some() {
            self.subjects.extend(take.subjects);
        }
    }
}

impl HourFuse {
    /// A fuse that nothing has gone through.
    #[must_use]
    pub fn new(limits: Amounts) -> Self {
        Self { limits, latest: i64::MIN, ..Self::default() }
    }

    /// From now on these limits hold.
    pub fn limit(&mut self, limits: Amounts) {
        self.limits = limits;
    }

    /// Nothing that it has counted counts any more: it may be forgotten.
    #[must_use]
    pub fn is_idle(&self, now_ms: i64) -> bool {
        self.latest <= now_ms.div_euclid(60_000) - MINUTES
    }

    fn advance(&mut self, now_ms: i64) {
        let minute = now_ms.div_euclid(60_000);
        if minute <= self.latest {
            return;
        }
        self.latest = minute;
        let fresh = |seen: i64| seen > minute - MINUTES;
        self.minutes.retain(|counted| fresh(counted.minute));
        self.subjects.retain(|_, seen| fresh(*seen));
        self.probes.retain(|_, seen| fresh(*seen));
    }

    fn would_take(&self, take: Take<'_>) -> Result<(), Blown> {
        let sum = |of: fn(&Minute) -> u64| self.minutes.iter().map(of).fold(0, u64::saturating_add);
        // Rows come by the million: what has no limit is not added up.
        if self.limits.rows.is_some() {
            let rows = sum(|minute| minute.rows).saturating_add(take.rows);
            exceeds(Span::Hour, Measure::Rows, rows, self.limits.rows)?;
        }
        if self.limits.bytes.is_some() {
            let bytes = sum(|minute| minute.bytes).saturating_add(take.bytes);
            exceeds(Span::Hour, Measure::Bytes, bytes, self.limits.bytes)?;
        }
        let total = count_with(self.subjects.len(), take.subjects, |subject| self.subjects.contains_key(subject));
        exceeds(Span::Hour, Measure::Subjects, total, self.limits.subjects.map(u64::from))
    }

    fn count(&mut self, take: Take<'_>) {
        if self.minutes.last().is_none_or(|last| last.minute != self.latest) {
            self.minutes.push(Minute { minute: self.latest, ..Minute::default() });
        }
        if let Some(last) = self.minutes.last_mut() {
            last.rows = last.rows.saturating_add(take.rows);
            last.bytes = last.bytes.saturating_add(take.bytes);
        }
        if self.limits.subjects.is_some() {
            self.subjects.extend(take.subjects.iter().map(|subject| (*subject, self.latest)));
        }
    }
}

impl FuseLimits {
    /// With this fuse set higher, for the re-run that people have approved. Never lower.
    #[must_use]
    pub fn raised(mut self, span: Span, measure: Measure, to: u64) -> Self {
        let amounts = match span {
            Span::Request => &mut self.request,
            Span::Hour => &mut self.hour,
        };
        let small = u32::try_from(to).unwrap_or(u32::MAX);
        match measure {
            Measure::Rows => amounts.rows = amounts.rows.map(|limit| limit.max(to)),
            Measure::Bytes => amounts.bytes = amounts.bytes.map(|limit| limit.max(to)),
            Measure::Subjects => amounts.subjects = amounts.subjects.map(|limit| limit.max(small)),
            Measure::Probes => amounts.probes = amounts.probes.map(|limit| limit.max(small)),
        }
        self
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

impl fmt::Display for Blown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let measure = match self.measure {
            Measure::Rows => "rows",
            Measure::Bytes => "bytes",
            Measure::Subjects => "different subjects of care",
            Measure::Probes => "different probed values",
        };
        let span = match self.span {
            Span::Request => "in one request",
            Span::Hour => "in an hour",
        };
        write!(f, "more than {} {measure} {span}", self.limit)
    }
}

/// How many different ones there are with these.
fn count_with(counted: usize, more: &[Token], known: impl Fn(&Token) -> bool) -> u64 {
    let new = match more {
        [] => 0,
        [one] => usize::from(!known(one)),
        _ => more.iter().filter(|token| !known(token)).collect::<HashSet<_>>().len(),
    };
    counted.saturating_add(new) as u64
}

fn exceeds(span: Span, measure: Measure, total: u64, limit: Option<u64>) -> Result<(), Blown> {
    match limit {
        Some(limit) if total > limit => Err(Blown { span, measure, limit }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: i64 = 60_000;

    fn token(number: u8) -> Token {
        Token([number; 16])
    }

    fn amounts(rows: u64, subjects: u32) -> Amounts {
        Amounts { rows: Some(rows), bytes: None, subjects: Some(subjects), probes: Some(2) }
    }

    #[test]
    fn a_fuse_blows_before_the_row_that_is_too_many() {
        let mut request = RequestFuse::new(amounts(2, 10));
        let mut hour = HourFuse::new(Amounts::default());
        let row = Take { rows: 1, bytes: 100, subjects: &[] };
        assert_eq!(take(&mut request, &mut hour, row, 0), Ok(()));
        assert_eq!(take(&mut request, &mut hour, row, 0), Ok(()));
        let blown = Blown { span: Span::Request, measure: Measure::Rows, limit: 2 };
        assert_eq!(take(&mut request, &mut hour, row, 0), Err(blown));
        assert_eq!(blown.to_string(), "more than 2 rows in one request");
        assert_eq!(request.rows(), 2, "what did not leave is not counted");
    }

    #[test]
    fn the_same_subject_counts_once_and_paging_does_not_help() {
        let mut hour = HourFuse::new(amounts(1000, 2));
        let page = |hour: &mut HourFuse, subject, minute| {
            let subjects = [token(subject)];
            let page = Take { rows: 1, bytes: 1, subjects: &subjects };
            take(&mut RequestFuse::default(), hour, page, minute * MINUTE)
        };
        assert_eq!(page(&mut hour, 1, 0), Ok(()));
        assert_eq!(page(&mut hour, 1, 1), Ok(()));
        assert_eq!(page(&mut hour, 2, 2), Ok(()));
        let blown = Blown { span: Span::Hour, measure: Measure::Subjects, limit: 2 };
        assert_eq!(page(&mut hour, 3, 3), Err(blown));
        // Setting the clock back gives no new hour; waiting one does.
        assert_eq!(page(&mut hour, 3, -200), Err(blown));
        assert_eq!(page(&mut hour, 3, 60), Err(blown), "the first was seen again in minute 1");
        assert_eq!(page(&mut hour, 3, 61), Ok(()));
        assert!(!hour.is_idle(61 * MINUTE));
        assert!(hour.is_idle(121 * MINUTE));
    }

    #[test]
    fn a_mask_is_probed_only_so_often() {
        let mut hour = HourFuse::new(amounts(1000, 1000));
        let mut tried = |value| probe(&mut RequestFuse::default(), &mut hour, &[token(value)], 0);
        assert_eq!((tried(1), tried(1), tried(2)), (Ok(()), Ok(()), Ok(())));
        assert_eq!(tried(3), Err(Blown { span: Span::Hour, measure: Measure::Probes, limit: 2 }));
    }

    #[test]
    fn raising_never_lowers_and_makes_no_fuse_where_there_is_none() {
        let limits = FuseLimits { request: amounts(10, 5), hour: Amounts::default() };
        assert_eq!(limits.raised(Span::Request, Measure::Rows, 100).request.rows, Some(100));
        assert_eq!(limits.raised(Span::Request, Measure::Rows, 1), limits);
        assert_eq!(limits.raised(Span::Hour, Measure::Rows, 1), limits);
    }

    proptest! {
        /// Whatever order and size: never more out than allowed, in the request or in any hour.
        #[test]
        fn never_more_than_the_limit(
            takes in prop::collection::vec((0_u64..4, 0_u8..8, 0_i64..20), 1..60),
            limit in 1_u64..20,
            subjects in 1_u32..6,
        ) {
            let mut request = RequestFuse::new(amounts(limit, subjects));
            let mut hour = HourFuse::new(amounts(limit / 2, subjects));
            let mut now = 0;
            let mut out: Vec<(i64, u64, u8)> = Vec::new();
            for (rows, subject, minutes) in takes {
                now += minutes * MINUTE;
                let seen = [token(subject)];
                if take(&mut request, &mut hour, Take { rows, bytes: 0, subjects: &seen }, now).is_ok() {
                    out.push((now, rows, subject));
                }
                let recent = out.iter().filter(|(at, ..)| at / MINUTE > now / MINUTE - MINUTES);
                prop_assert!(recent.clone().map(|(_, rows, _)| rows).sum::<u64>() <= limit / 2);
                prop_assert!(recent.map(|(.., subject)| subject).collect::<HashSet<_>>().len() as u64 <= u64::from(subjects));
                prop_assert!(out.iter().map(|(_, rows, _)| rows).sum::<u64>() <= limit);
            }
        }
    }
}
