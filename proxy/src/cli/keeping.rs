//! What is typed about the record itself: how it is kept, its keys, its witnesses.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::DocumentFormat;

/// Keeps the record: legal holds, and deletion when the time has come
///
/// How long recordings are kept is configured under `[retention]`; a running gateway looks each hour. What is deleted leaves
/// a tombstone in the log, and every proof holds. Done by the running gateway, or with its lock when none runs.
#[derive(Args, Debug)]
#[command(after_help = "Example: blackbar ledger hold --target ehr --reason 'matter 4711'")]
pub(crate) struct Ledger {
    #[command(subcommand)]
    pub(crate) command: LedgerCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LedgerCommand {
    Hold(LedgerHold),
    Release(LedgerRelease),
    Holds(LedgerHolds),
    Retain(LedgerRetain),
    Recover(LedgerRecover),
    Backup(LedgerBackup),
    Restore(LedgerRestore),
}

/// Does what a start does after a crash: cuts off what was never acknowledged, ends interrupted sessions, publishes the rest
#[derive(Args, Debug)]
pub(crate) struct LedgerRecover {
    /// Only say what would be done; ends with 1 when a start would refuse
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// pretty or json
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: DocumentFormat,
}

/// Copies the data folder, also of a running gateway, and verifies the copy
///
/// The keys of recordings are in it, wrapped; the root key is not, and without it nobody reads the copy. It is a full copy:
/// what is deleted later is still in it, so keep backups no longer than recordings.
#[derive(Args, Debug)]
pub(crate) struct LedgerBackup {
    /// A folder that is not there yet
    #[arg(value_name = "DIR")]
    pub(crate) to: PathBuf,
}

/// Puts a backup in the place of a data folder that was lost
#[derive(Args, Debug)]
pub(crate) struct LedgerRestore {
    /// The backup
    #[arg(value_name = "DIR")]
    pub(crate) from: PathBuf,
}

/// Changes the keys of the record
#[derive(Args, Debug)]
#[command(after_help = "Example: blackbar keys rotate --new root-2.key")]
pub(crate) struct Keys {
    #[command(subcommand)]
    pub(crate) command: KeysCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    Rotate(KeysRotate),
}

/// Puts everything under a new root key, while the gateway is stopped
#[derive(Args, Debug)]
pub(crate) struct KeysRotate {
    /// The new root key; made when there is no such file
    #[arg(long, value_name = "FILE")]
    pub(crate) new: PathBuf,
}

/// Holds the logs of other machines to one history
///
/// A witness remembers the last checkpoint of each log and signs the next one only when the log goes on from it (C2SP
/// tlog-witness). Run it where other people are administrators than on the gateway.
#[derive(Args, Debug)]
#[command(
    after_help = "Example: blackbar witness serve --listen 10.0.0.9:8500 --key witness.key --folder seen --log log.vkey"
)]
pub(crate) struct Witness {
    #[command(subcommand)]
    pub(crate) command: WitnessCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum WitnessCommand {
    Keygen(WitnessKeygen),
    Serve(WitnessServe),
}

/// Makes the key of a witness; prints what verifies it, for `[[witness]]` and for `verify --witness`
#[derive(Args, Debug)]
pub(crate) struct WitnessKeygen {
    /// Its name, such as witness.example/one
    #[arg(long, value_name = "NAME")]
    pub(crate) name: String,
    /// Where to; never over a file that exists
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
}

/// Answers `POST /add-checkpoint`, and `GET /` with what it has seen of each log
#[derive(Args, Debug)]
pub(crate) struct WitnessServe {
    /// Where to listen. What is said here is public and signed, so there is no TLS
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: std::net::SocketAddr,
    /// The key of this witness
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// What it remembers. Whoever can roll this back can make it sign another history
    #[arg(long, value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// A log that it witnesses: its verifier key, or a file that holds it (repeatable)
    #[arg(long, value_name = "VKEY", required = true)]
    pub(crate) log: Vec<String>,
}

/// Holds deletion back, until it is released; prints the hold's name
///
/// What is named must all fit; sessions that are still to come are held as well.
#[derive(Args, Debug)]
#[group(id = "held", required = true, multiple = true, args = ["session", "subject", "target", "all"])]
pub(crate) struct LedgerHold {
    /// One session
    #[arg(long, value_name = "ID")]
    pub(crate) session: Option<String>,
    /// Sessions of this subject
    #[arg(long, value_name = "NAME")]
    pub(crate) subject: Option<String>,
    /// Sessions with this target
    #[arg(long, value_name = "NAME")]
    pub(crate) target: Option<String>,
    /// All of them
    #[arg(long, conflicts_with_all = ["session", "subject", "target"])]
    pub(crate) all: bool,
    /// Why; recorded
    #[arg(long, value_name = "TEXT", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) reason: String,
}

/// Ends a hold
#[derive(Args, Debug)]
pub(crate) struct LedgerRelease {
    /// Its name, as `holds` shows it
    #[arg(value_name = "HOLD")]
    pub(crate) hold: String,
    /// Why; recorded
    #[arg(long, value_name = "TEXT", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) reason: String,
}

/// The holds that are in force
#[derive(Args, Debug)]
pub(crate) struct LedgerHolds {
    /// pretty, or json: one object a line
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: DocumentFormat,
}

/// Deletes the recordings whose time has come; prints each with the policy that asks for it
#[derive(Args, Debug)]
pub(crate) struct LedgerRetain {
    /// Only say what would be deleted
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// The clock of this machine is right: time in which no gateway ran counts too. Recorded with each deletion
    #[arg(long)]
    pub(crate) trust_clock: bool,
}
