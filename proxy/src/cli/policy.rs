//! What people type about policies and labels.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::DocumentFormat;

/// Proposes labels for the columns of a database, as configuration
///
/// It reads names, comments and types of the catalog, and lets the detectors look at some rows of each table, with the
/// gateway's own credential. What it prints has counts and no values.
#[derive(Args, Debug)]
#[command(after_help = "Example: blackbar discover --target ehr >> blackbar.toml")]
pub(crate) struct Discover {
    /// A PostgreSQL target of the configuration
    #[arg(long, value_name = "NAME")]
    pub(crate) target: String,
    /// How many rows of each table are looked at
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) rows: u32,
}

/// Tries policies out on what was asked before
#[derive(Args, Debug)]
#[command(after_help = "Example: blackbar policy replay --since 7d --policies new-policies/")]
pub(crate) struct Policy {
    #[command(subcommand)]
    pub(crate) command: PolicyCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    Replay(PolicyReplay),
}

/// Says what other policies would have decided about recorded requests, and where that differs
///
/// Each request is judged at its own time, by whom it came from then. What is compared with is what was decided then.
#[derive(Args, Debug)]
#[command(after_help = "Example: blackbar policy replay --since 7d --policies new-policies/")]
pub(crate) struct PolicyReplay {
    /// The folder of the policies that are tried out
    #[arg(long, value_name = "FOLDER")]
    pub(crate) policies: PathBuf,
    /// Sessions that began since then: a duration such as 7d, or a time such as 2026-11-21
    #[arg(long, value_name = "WHEN", default_value = "7d")]
    pub(crate) since: String,
    /// Sessions that began before then
    #[arg(long, value_name = "WHEN")]
    pub(crate) until: Option<String>,
    /// Only what this subject asked
    #[arg(long, value_name = "NAME")]
    pub(crate) subject: Option<String>,
    /// Only what this target was asked
    #[arg(long, value_name = "NAME")]
    pub(crate) target: Option<String>,
    /// End with exit status 1 when anything would have been decided otherwise
    #[arg(long)]
    pub(crate) fail: bool,
    /// pretty or json (one document)
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: DocumentFormat,
}
