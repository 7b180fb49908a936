//! What is typed to read the record back.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::DocumentFormat;

/// Reads the record of sessions back
///
/// Each look is itself recorded before anything is shown: by the running gateway, or with its lock when none runs.
#[derive(Args, Debug)]
#[command(after_help = "Example: blackbar sessions list --subject agent-7 --since 2026-11-01")]
pub(crate) struct Sessions {
    #[command(subcommand)]
    pub(crate) command: SessionsCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SessionsCommand {
    /// Sessions, the oldest first
    List(SessionsList),
    /// What the log has of one session: requests, decisions, counts; no content
    Show(SessionsShow),
    Replay(SessionsReplay),
    Export(SessionsExport),
    Report(SessionsReport),
    Kill(SessionsKill),
    Keygen(SessionsKeygen),
}

/// Ends open sessions with their connections, within two seconds
///
/// Whoever was in them may come again; `blackbar lock` keeps them out.
#[derive(Args, Debug)]
pub(crate) struct SessionsKill {
    /// Its id, as `list` shows it
    #[arg(value_name = "ID")]
    pub(crate) id: Option<String>,
    /// Those of this subject
    #[arg(long, value_name = "SUBJECT")]
    pub(crate) subject: Option<String>,
    /// Those with this target
    #[arg(long, value_name = "TARGET")]
    pub(crate) target: Option<String>,
}

/// Which sessions; everything that is named must fit.
#[derive(Args, Debug)]
pub(crate) struct WhichSessions {
    /// Only those of this subject
    #[arg(long, value_name = "SUBJECT")]
    pub(crate) subject: Option<String>,
    /// Only those with this target
    #[arg(long, value_name = "TARGET")]
    pub(crate) target: Option<String>,
    /// Only those that began at or after this day or moment (UTC)
    #[arg(long, value_name = "2026-11-21[T…]", value_parser = moment)]
    pub(crate) since: Option<String>,
    /// Only those that began before
    #[arg(long, value_name = "2026-11-22[T…]", value_parser = moment)]
    pub(crate) until: Option<String>,
    /// Only those in which identifiers of this kind were replaced
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Option<String>,
    /// Only those that ended so: success, denied, failed, interrupted, or open
    #[arg(long, value_name = "OUTCOME")]
    pub(crate) outcome: Option<String>,
}

/// What was found in answers, by the 18 identifiers of the Safe Harbor method; or whose data they held
///
/// With --disclosures: who was shown something of one patient, whose identifiers stand in a file, or without a file how many
/// patients each subject was shown something of. Identifiers are compared by keyed marks and stored nowhere.
#[derive(Args, Debug)]
#[command(after_help = "Example: blackbar sessions report --disclosures --patient-file patient.txt --since 2026-01-01")]
pub(crate) struct SessionsReport {
    /// Of this session alone
    #[arg(value_name = "ID")]
    pub(crate) id: Option<String>,
    #[command(flatten)]
    pub(crate) which: WhichSessions,
    /// Whose data answers held
    #[arg(long)]
    pub(crate) disclosures: bool,
    /// One patient: a file (- is stdin) with an identifier a line, such as `mrn: 00123456` or the value alone
    #[arg(long, value_name = "FILE", requires = "disclosures")]
    pub(crate) patient_file: Option<PathBuf>,
    /// json, or html: a page to print
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: ReportFormat,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// One JSON document
    #[default]
    Json,
    /// One page without scripts or assets
    Html,
}

#[derive(Args, Debug)]
pub(crate) struct SessionsList {
    #[command(flatten)]
    pub(crate) which: WhichSessions,
    /// The newest first
    #[arg(long)]
    pub(crate) newest: bool,
    /// At most so many
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,
    /// Only those behind this one in the list: the next page
    #[arg(long, value_name = "ID")]
    pub(crate) after: Option<String>,
    /// pretty, or json: one object a line
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: DocumentFormat,
}

#[derive(Args, Debug)]
pub(crate) struct SessionsShow {
    /// The session
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// pretty, or json: one leaf a line
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: DocumentFormat,
}

/// What the client received, as it was delivered
///
/// Of the running gateway's record, or of a bundle that somebody else exported, with the key that it was sealed to.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  blackbar sessions replay ID --format terminal --speed 2\n  \
                  blackbar sessions replay ID --format asciinema > session.cast")]
pub(crate) struct SessionsReplay {
    /// The session
    #[arg(value_name = "ID", required_unless_present = "bundle", conflicts_with = "bundle")]
    pub(crate) id: Option<String>,
    /// Of this bundle, which `export` made
    #[arg(long, value_name = "DIR", requires = "identity")]
    pub(crate) bundle: Option<PathBuf>,
    /// The secret key that the bundle is sealed to
    #[arg(long, value_name = "FILE", requires = "bundle")]
    pub(crate) identity: Option<PathBuf>,
    /// Only this request of it, from 1
    #[arg(long, value_name = "N")]
    pub(crate) exchange: Option<u64>,
    /// text, terminal, jsonl or asciinema
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: ReplayFormat,
    /// On a terminal: 1 as fast as it was, 10 ten times as fast; without it at once
    #[arg(long, value_name = "N", value_parser = speed)]
    pub(crate) speed: Option<f64>,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(crate) enum ReplayFormat {
    /// The bodies of the answers, byte for byte
    #[default]
    Text,
    /// Requests, heads and answers for people to read
    Terminal,
    /// Requests, heads and bodies, one JSON object a record
    Jsonl,
    /// The same as on a terminal with its timing, for players of asciicast v2
    Asciinema,
}

fn speed(text: &str) -> Result<f64, String> {
    let speed: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if speed > 0.0 && speed.is_finite() { Ok(speed) } else { Err("it is more than 0".to_owned()) }
}

/// Writes one session as a folder that proves itself
///
/// Ciphertext, its key sealed to whoever is to read it, every leaf with its proof, the checkpoint and the key that verifies it.
/// `blackbar verify DIR` needs nothing else; `age -d` or `sessions replay --bundle` opens it with the recipient's key.
#[derive(Args, Debug)]
#[command(after_help = "Example: blackbar sessions export ID --recipient age1… -o bundle --audit-packet")]
pub(crate) struct SessionsExport {
    /// The session
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Who may read it: a public key of age (`age1…`), or a file of them (repeatable)
    #[arg(long, value_name = "KEY", required = true)]
    pub(crate) recipient: Vec<String>,
    /// A folder that is not there yet
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: PathBuf,
    /// Adds a page with the policies in force, the approvals and a map of controls
    #[arg(long)]
    pub(crate) audit_packet: bool,
}

/// Makes the key of somebody who reads exported sessions; prints its public half, for `--recipient`
#[derive(Args, Debug)]
#[command(after_help = "Example: blackbar sessions keygen -o auditor.key")]
pub(crate) struct SessionsKeygen {
    /// Where to; never over a file that exists
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
}

/// A day or a moment in UTC, as far as it is given.
fn moment(text: &str) -> Result<String, String> {
    let shape = "0000-00-00T00:00:00.000000Z";
    let fits = text.len() >= "0000-00-00".len()
        && text.len() <= shape.len()
        && text.bytes().zip(shape.bytes()).all(|(byte, like)| match like {
            b'0' => byte.is_ascii_digit(),
            like => byte == like,
        });
    if fits { Ok(text.to_owned()) } else { Err("write it like 2026-11-21 or 2026-11-21T13:30:00".to_owned()) }
}
