//! What people type in an emergency, and after one.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::DocumentFormat;

/// Lets somebody in who was enrolled for emergencies
///
/// It prints one credential, which counts for a short time: HTTP bearer and PostgreSQL password. It asks no issuer of tokens.
/// Everybody is told, the record marks what is done with it, and the next time is only after somebody else has reviewed it.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(
    after_help = "Example: blackbar break-glass --key nurse.key --reason 'the issuer is down, a patient is here' --ticket INC-7"
)]
pub(crate) struct BreakGlass {
    #[command(subcommand)]
    pub(crate) command: Option<BreakGlassCommand>,
    /// The key that was enrolled
    #[arg(long, value_name = "FILE", required = true)]
    pub(crate) key: Option<PathBuf>,
    /// Why; signed and recorded
    #[arg(long, value_name = "TEXT", required = true, value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) reason: Option<String>,
    /// The ticket under which others find out about it; told and recorded in plain
    #[arg(long, value_name = "NAME", required = true)]
    pub(crate) ticket: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BreakGlassCommand {
    List(BreakGlassList),
    Review(BreakGlassReview),
}

/// Uses that wait for a review
#[derive(Args, Debug)]
pub(crate) struct BreakGlassList {
    /// Reviewed ones too
    #[arg(long)]
    pub(crate) all: bool,
    /// pretty or json (one object a line)
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: DocumentFormat,
}

/// Says that a use was looked at, and what was found
#[derive(Args, Debug)]
#[command(
    after_help = "Example: blackbar break-glass review bg-0123456789abcdef --key officer.key --reason 'it was needed'"
)]
pub(crate) struct BreakGlassReview {
    /// As `list` shows it
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// The reviewer's key
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// What was found; signed and recorded
    #[arg(long, value_name = "TEXT", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) reason: String,
}
