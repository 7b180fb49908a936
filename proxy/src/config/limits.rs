//! `[limits]`: nothing grows and nothing waits without bound.

use std::time::Duration;

use super::toml::{Table, Value};
use crate::error::Error;

/// Bounds of the fronts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Limits {
    /// Connections of one listener at a time.
    pub(crate) connections: usize,
    /// The head of a request or an answer.
    pub(crate) header_bytes: usize,
    pub(crate) url_bytes: usize,
    /// The body of a request.
    pub(crate) request_bytes: u64,
    /// The longest statement, set of parameters or message of a database that is no row.
    pub(crate) statement_bytes: usize,
    /// The longest row of a database.
    pub(crate) row_bytes: usize,
    /// From the first byte of a request to the end of its head, and how long an idle connection is kept.
    pub(crate) header_timeout: Duration,
    /// Between two reads or writes of a body; also how long an upstream may take to begin its answer, and how long a session
    /// with a database may be silent in a transaction or in a COPY.
    pub(crate) idle_timeout: Duration,
    /// How long a session with a database may be silent outside of a transaction; zero: no bound.
    pub(crate) idle_session_timeout: Duration,
    /// One request with its answer; zero: no bound.
    pub(crate) total_timeout: Duration,
    pub(crate) connect_timeout: Duration,
    /// How long live requests may take to end when the gateway does.
    pub(crate) drain_timeout: Duration,
    /// The longest life of a credential that this gateway issues.
    pub(crate) max_ttl: Duration,
    /// How long people may take to decide about a held request.
    pub(crate) ask_timeout: Duration,
    /// How long a grant may be used, counted from the decision.
    pub(crate) grant_timeout: Duration,
    /// Held requests that wait for people: of all, of one subject, and how many one subject may ask in an hour.
    pub(crate) asks: usize,
    pub(crate) asks_of_subject: usize,
    pub(crate) asks_per_hour: usize,
    /// How many times as long as its compressed form a body may be, beyond the first 16 MiB.
    pub(crate) expansion: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 12_000,
            header_bytes: 64 << 10,
            url_bytes: 8 << 10,
            request_bytes: 64 << 20,
            statement_bytes: 16 << 20,
            row_bytes: 16 << 20,
            header_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(300),
            idle_session_timeout: Duration::ZERO,
            total_timeout: Duration::ZERO,
            connect_timeout: Duration::from_secs(10),
            drain_timeout: Duration::from_secs(30),
            max_ttl: Duration::from_secs(8 * 3600),
            ask_timeout: Duration::from_secs(3600),
            grant_timeout: Duration::from_secs(600),
            asks: 200,
            asks_of_subject: 5,
            asks_per_hour: 20,
            expansion: 200,
        }
    }
}

pub(super) fn limits(root: &Table<'_, '_>) -> Result<Limits, Error> {
    let mut limits = Limits::default();
    let Some(value) = root.get("limits") else { return Ok(limits) };
    let table = value.table()?;
    let count = |key, least: u64, most: u64, into: &mut usize| -> Result<(), Error> {
        if let Some(value) = table.get(key) {
            *into = usize::try_from(value.whole(least, most)?).map_err(|_| value.wrong("a smaller number"))?;
        }
        Ok(())
    };
    count("connections", 1, 1 << 20, &mut limits.connections)?;
    count("header_bytes", 8 << 10, 1 << 20, &mut limits.header_bytes)?;
    count("url_bytes", 256, 64 << 10, &mut limits.url_bytes)?;
    count("statement_bytes", 64 << 10, 1 << 28, &mut limits.statement_bytes)?;
    count("row_bytes", 64 << 10, 1 << 28, &mut limits.row_bytes)?;
    count("asks", 1, 100_000, &mut limits.asks)?;
    count("asks_of_subject", 1, 100_000, &mut limits.asks_of_subject)?;
    count("asks_per_hour", 1, 100_000, &mut limits.asks_per_hour)?;
    if let Some(value) = table.get("request_bytes") {
        limits.request_bytes = value.whole(1, 1 << 40)?;
    }
    if let Some(value) = table.get("expansion") {
        limits.expansion = value.whole(2, 100_000)?;
    }
    for (key, into) in [
        ("header_timeout", &mut limits.header_timeout),
        ("idle_timeout", &mut limits.idle_timeout),
        ("idle_session_timeout", &mut limits.idle_session_timeout),
        ("total_timeout", &mut limits.total_timeout),
        ("connect_timeout", &mut limits.connect_timeout),
        ("drain_timeout", &mut limits.drain_timeout),
        ("max_ttl", &mut limits.max_ttl),
        ("ask_timeout", &mut limits.ask_timeout),
        ("grant_timeout", &mut limits.grant_timeout),
    ] {
        if let Some(value) = table.get(key) {
            *into = value.duration()?;
            if into.is_zero() && !matches!(key, "total_timeout" | "idle_session_timeout") {
                return Err(Value::wrong(value, "a duration that is not zero"));
            }
        }
    }
    table.finish()?;
    Ok(limits)
}
