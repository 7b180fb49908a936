//! `[fuse]`: how much one request, and one identity in an hour, may take out.

use blackbar_policy::fuse::{Amounts, FuseLimits};

use super::toml::Table;
use crate::error::Error;

/// The fuses of all targets.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct FuseSection {
    pub(crate) limits: FuseLimits,
    /// Who may agree to a higher limit for one run. Nobody named: nobody is asked.
    pub(crate) raise: Option<String>,
    /// How many times as high it is then.
    pub(crate) raise_by: u64,
}

const RAISE_BY: u64 = 10;

pub(super) fn fuse(root: &Table<'_, '_>) -> Result<FuseSection, Error> {
    let mut section = FuseSection { raise_by: RAISE_BY, ..FuseSection::default() };
    let Some(value) = root.get("fuse") else { return Ok(section) };
    let table = value.table()?;
    for (key, into) in [("request", &mut section.limits.request), ("hour", &mut section.limits.hour)] {
        if let Some(value) = table.get(key) {
            *into = amounts(value.table()?)?;
        }
    }
    section.raise = table.string("raise")?.map(str::to_owned);
    if let Some(value) = table.get("raise_by") {
        section.raise_by = value.whole(2, 1000)?;
    }
    table.finish()?;
    Ok(section)
}

fn amounts(table: Table<'_, '_>) -> Result<Amounts, Error> {
    let whole = |key, most| table.get(key).map(|value| value.whole(1, most)).transpose();
    let small = |key| -> Result<Option<u32>, Error> {
        // The bound is below the largest, so nothing is cut.
        Ok(whole(key, MOST_SUBJECTS)?.map(|value| u32::try_from(value).unwrap_or(u32::MAX)))
    };
    let amounts = Amounts {
        rows: whole("rows", 1 << 50)?,
        bytes: whole("bytes", 1 << 50)?,
        subjects: small("subjects")?,
        probes: small("probes")?,
    };
    table.finish()?;
    Ok(amounts)
}

/// Each that was seen is remembered, in 16 bytes and what a set costs.
const MOST_SUBJECTS: u64 = 10_000_000;
