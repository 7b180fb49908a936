//! PostgreSQL: statements are judged before they go up, rows are masked on their way down.

pub(crate) mod catalog;
#[cfg(test)]
mod cluster;
pub(crate) mod judge;
