//! What people type. Nothing here reads a file or knows what the words mean.

mod emergency;
mod keeping;
mod policy;
mod sessions;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use self::emergency::*;
pub(crate) use self::keeping::*;
pub(crate) use self::policy::*;
pub(crate) use self::sessions::*;

/// Finds and removes the identifiers of patients in text, JSON, tables and other clinical data.
#[derive(Debug, Parser)]
#[command(name = "blackbar", version = VERSION, arg_required_else_help = true, max_term_width = 110)]
#[command(
    after_help = "Exit status: 0 done, 1 the answer is bad, 2 wrong usage or configuration, 3 some input or output failed."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

pub(crate) const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("BLACKBAR_COMMIT"), ")");

#[derive(Args, Debug)]
pub(crate) struct Global {
    /// Configuration; else $BLACKBAR_CONFIG, ./blackbar.toml, /etc/blackbar/blackbar.toml
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Say more on stderr; again for still more (never content)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// No progress and no notes on stderr; errors remain
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Scan(Scan),
    Redact(Redact),
    Reveal(Reveal),
    Eval(Eval),
    Keygen(Keygen),
    Detectors(Detectors),
    Verify(Verify),
    Ledger(Ledger),
    Keys(Keys),
    Witness(Witness),
    Prove(Prove),
    Demo(Demo),
    Init(Init),
    Check(Check),
    Discover(Discover),
    /// Stands between clients and the targets of the configuration
    ///
    /// It ends on SIGTERM after live requests have ended, and reads configuration, policies and certificates again on SIGHUP.
    #[command(after_help = "Example: blackbar serve --config blackbar.toml")]
    Serve,
    Status(Status),
    Sessions(Sessions),
    Token(Token),
    Approvals(Approvals),
    Lock(Lock),
    Unlock(Unlock),
    BreakGlass(BreakGlass),
    Policy(Policy),
    Console(Console),
    Completions(Completions),
    #[command(hide = true)]
    Manual(Manual),
}

/// What to read, and how.
#[derive(Args, Debug)]
pub(crate) struct Reading {
    /// Files and folders; `-` is stdin
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// How to read the inputs: by content, or text, json, ndjson, csv, tsv, hl7, xml, html, x12, copy (PostgreSQL's
    /// text form), form, log, sql, mime, sse (events in which a model streams its answer), ndjson-deltas (the same in lines)
    #[arg(long, value_name = "FORMAT", default_value = "auto")]
    pub(crate) input: String,
    /// Only files in folders whose path matches; `!` in front leaves them out (repeatable, the last match counts)
    #[arg(long, value_name = "PATTERN", allow_hyphen_values = true)]
    pub(crate) glob: Vec<String>,
    /// What to do about PDF, DICOM, images, archives and other content without a lens: it is never copied
    #[arg(long, value_enum, default_value_t)]
    pub(crate) unsupported: Unsupported,
    /// Threads; the output is the same for any number
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) jobs: Option<u16>,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(crate) enum Unsupported {
    /// Name it and end with exit status 3
    #[default]
    Fail,
    /// Name it and go on
    Skip,
}

/// Shows what is there; changes nothing
///
/// One finding a line, in the order of the inputs. On a terminal values are masked unless `--show` is given; elsewhere
/// each line is a JSON object with offsets and no value. Offsets are bytes of the (decompressed) input, half open;
/// lines and columns count from 1, columns in bytes.
#[derive(Args, Debug)]
#[command(after_help = "Example: blackbar scan --fail --kinds ssn,mrn exports/")]
pub(crate) struct Scan {
    #[command(flatten)]
    pub(crate) reading: Reading,
    /// pretty on a terminal, jsonl elsewhere
    #[arg(long, value_enum)]
    pub(crate) format: Option<ScanFormat>,
    /// Only the names of inputs with findings
    #[arg(short = 'l', long, conflicts_with_all = ["count", "format"])]
    pub(crate) files_with_findings: bool,
    /// Only the number of findings of each input
    #[arg(long, conflicts_with = "format")]
    pub(crate) count: bool,
    /// Only these kinds
    #[arg(long, value_delimiter = ',', value_name = "KIND,…")]
    pub(crate) kinds: Vec<String>,
    /// Only findings at least this sure
    #[arg(long, value_name = "0..1", default_value = "0.5", value_parser = confidence)]
    pub(crate) min_confidence: u8,
    /// Exit status 1 when anything is found
    #[arg(long)]
    pub(crate) fail: bool,
    /// Show the values themselves (pretty only)
    #[arg(long)]
    pub(crate) show: bool,
    /// Say why, and show near misses (terminal only)
    #[arg(long)]
    pub(crate) explain: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum ScanFormat {
    /// For people
    Pretty,
    /// One JSON object a line
    Jsonl,
    /// Counts per kind
    Summary,
}

/// Removes identifiers from files, folders or stdin
///
/// The input is never modified. OUT is a file, or a folder that mirrors the tree of the inputs; without it one input
/// goes to stdout. gzip and zstd inputs are written back in the same coding, UTF-16 in UTF-16. A file that fails leaves
/// nothing behind.
#[derive(Args, Debug)]
#[command(
    after_help = "Example: blackbar redact exports/ -o clean/ --operator mrn=token --key-file tokens.key --report report.json"
)]
pub(crate) struct Redact {
    #[command(flatten)]
    pub(crate) reading: Reading,
    /// A file or a folder; `-` is stdout
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: Option<PathBuf>,
    /// Replace files that exist
    #[arg(long)]
    pub(crate) force: bool,
    /// safe-harbor, limited-data-set, mask-all, a profile of the configuration, or a file that holds one
    #[arg(long, value_name = "NAME|FILE.toml", default_value = "safe-harbor")]
    pub(crate) profile: String,
    /// Treat a kind otherwise (repeatable); `blackbar detectors` says what fits
    #[arg(long, value_name = "KIND=OP")]
    pub(crate) operator: Vec<String>,
    /// The key of token, fpe, shift and surrogate
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// Values that are no identifiers: lines `value # reason` or `/pattern/ # reason`, or a .toml file with `[[allow]]`
    #[arg(long, value_name = "FILE")]
    pub(crate) allow: Option<PathBuf>,
    /// Replace the names of files and folders too; OUT is a folder then
    #[arg(long, value_enum, value_name = "HOW", requires = "output")]
    pub(crate) rename: Option<Rename>,
    /// Write what was done as JSON: method, counts, bytes, hashes, keyed digests; no content
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Write each replacement as a line {start,end,replacement}; applied in order they make the output of the input
    #[arg(long, value_name = "FILE")]
    pub(crate) edits: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Rename {
    /// Each part of a path becomes a token of the key file
    Token,
}

/// Turns tokens back into their values, from stdin to stdout
///
/// A token becomes the canonical form of its value. A token that this key did not make stays as it is and is named by
/// its offset, with exit status 1. Values under `fpe` cannot be told from others: name their kinds with `--kind`, and
/// whatever looks like one of them is turned back.
#[derive(Args, Debug)]
#[command(after_help = "Example: blackbar reveal --key-file tokens.key --reason 'call back, ticket 4711' < answer.txt")]
pub(crate) struct Reveal {
    /// The key that made them
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: PathBuf,
    /// Why; recorded where a ledger is configured
    #[arg(long, value_name = "TEXT", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) reason: String,
    /// Kinds that were replaced by fpe (repeatable)
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Vec<String>,
    /// How to read stdin, for `--kind`
    #[arg(long, value_name = "FORMAT", default_value = "auto")]
    pub(crate) input: String,
}

/// Measures recall and precision on your own labels, worst misses first
///
/// The gold file has one label a line: {"path":"notes.txt","start":1,"end":12,"kind":"ssn"}, paths relative to its
/// folder; a file without identifiers has a line with its path alone. With PATHs only those files count.
#[derive(Args, Debug)]
#[command(after_help = "Example: blackbar eval --gold labels.jsonl --misses 20")]
pub(crate) struct Eval {
    /// Labels, one a line
    #[arg(long, value_name = "FILE")]
    pub(crate) gold: PathBuf,
    /// Only these files and folders of the gold file
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// How to read the files
    #[arg(long, value_name = "FORMAT", default_value = "auto")]
    pub(crate) input: String,
    /// Only findings at least this sure
    #[arg(long, value_name = "0..1", default_value = "0.5", value_parser = confidence)]
    pub(crate) min_confidence: u8,
    /// How many misses and false findings to list
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) misses: usize,
    /// pretty or json
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: DocumentFormat,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(crate) enum DocumentFormat {
    /// For people
    #[default]
    Pretty,
    /// One JSON document
    Json,
}

/// Makes a key file for token, fpe, shift and surrogate
///
/// A file that exists is never overwritten: the values behind its tokens would be lost.
#[derive(Args, Debug)]
#[command(after_help = "Example: blackbar keygen -o tokens.key")]
pub(crate) struct Keygen {
    /// Where to; `-` is stdout
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
}

/// Lists the detectors: what they take, what they refuse, which operators fit
#[derive(Args, Debug)]
#[command(after_help = "Example: blackbar detectors --format json")]
pub(crate) struct Detectors {
    /// pretty, json or markdown
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: DetectorsFormat,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(crate) enum DetectorsFormat {
    /// For people
    #[default]
    Pretty,
    /// One JSON document
    Json,
    /// The table of docs/detectors.md
    Markdown,
}

/// Verifies a record: a data folder, or one proof
///
/// Needs no configuration, no key and no gateway. Exit status 1 when anything is tampered with, or missing without a
/// deletion by policy. Leaves after the last checkpoint are told and are no failure.
#[derive(Args, Debug)]
#[command(after_help = "Example: blackbar verify --vkey log.vkey --against kept.checkpoint blackbar-data")]
pub(crate) struct Verify {
    /// A data folder, or one with a copy of its `log` folder, or a `.tlog-proof` file
    #[arg(value_name = "DIR|PROOF")]
    pub(crate) path: PathBuf,
    /// The key that must have signed: `name+hash+key`, or a file that holds it
    #[arg(long, value_name = "KEY")]
    pub(crate) vkey: Option<String>,
    /// An earlier checkpoint, kept elsewhere: the log must go on from it
    #[arg(long, value_name = "CHECKPOINT")]
    pub(crate) against: Option<PathBuf>,
    /// A witness that must have cosigned: the earlier checkpoint, or one that is kept beside the log (repeatable)
    #[arg(long, value_name = "KEY")]
    pub(crate) witness: Vec<String>,
    /// Decrypts the recordings as well
    #[arg(long, value_name = "FILE")]
    pub(crate) root_key: Option<PathBuf>,
    /// Only the log, for a copy of it without recordings
    #[arg(long, conflicts_with = "root_key")]
    pub(crate) log_only: bool,
    /// pretty or json
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: VerifyFormat,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(crate) enum VerifyFormat {
    /// For people
    #[default]
    Pretty,
    /// One JSON document
    Json,
}

/// Prints one self-contained proof that a leaf is in the log
#[derive(Args, Debug)]
#[command(after_help = "Example: blackbar prove 42 > leaf-42.tlog-proof")]
pub(crate) struct Prove {
    /// The index of a leaf, a session's id (its first leaf), or `SESSION/SEQ`
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// The data folder; else the one of the configuration
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
}

/// Shows the whole of it in front of a made-up clinic, on this machine alone
///
/// A FHIR server and a model that streams are started, the gateway before them, and a story is told: each step asks the
/// gateway and checks the answer. It stays until Ctrl-C, and leaves nothing behind.
#[derive(Args, Debug)]
#[command(after_help = "\
Example: blackbar demo --script

Ports on 127.0.0.1, or others where one is taken (`blackbar demo env` tells):
  8780  FHIR, through the gateway
  8781  the model, through the gateway
  6432  PostgreSQL, through the gateway
  8700  the console
  9464  health and metrics
  8790  FHIR and the model themselves, for comparison")]
pub(crate) struct Demo {
    /// End after the story, with exit status 1 when a step did not show what it should
    #[arg(long)]
    pub(crate) script: bool,
    #[command(subcommand)]
    pub(crate) command: Option<DemoCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DemoCommand {
    /// Prints variables of the running demo for a shell: eval "$(blackbar demo env)"
    Env,
}

/// Writes a configuration, a policy and a key to begin with
///
/// Nothing that exists is overwritten.
#[derive(Args, Debug)]
#[command(after_help = "Example: blackbar init gateway")]
pub(crate) struct Init {
    /// Where to
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) folder: PathBuf,
}

/// Finds what `serve` would refuse, without taking an address
///
/// With `--explain` it says what the policies decide about a request, and why; exit status 1 when it is not allowed.
#[derive(Args, Debug)]
#[command(after_help = "Example: blackbar check --explain agent-7 fhir 'GET /Patient/7' --group agents")]
pub(crate) struct Check {
    /// Try to reach every upstream
    #[arg(long)]
    pub(crate) connect: bool,
    /// Who asks which target for what
    #[arg(long, num_args = 3, value_names = ["SUBJECT", "TARGET", "REQUEST"])]
    pub(crate) explain: Vec<String>,
    /// A group of the subject (repeatable)
    #[arg(long, value_name = "GROUP", requires = "explain")]
    pub(crate) group: Vec<String>,
    /// The subject is a person, not an agent
    #[arg(long, requires = "explain")]
    pub(crate) person: bool,
    /// A reason comes with the request
    #[arg(long, requires = "explain")]
    pub(crate) with_reason: bool,
}

/// Hands out, lists and ends credentials
///
/// A credential is an HTTP bearer token and a PostgreSQL password. It is shown once. No group that may approve can be given.
#[derive(Args, Debug)]
#[command(after_help = "Example: blackbar token issue --subject agent-7 --group agents --ttl 15m")]
pub(crate) struct Token {
    #[command(subcommand)]
    pub(crate) command: TokenCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    Issue(TokenIssue),
    /// Those that are still good, one JSON object a line, without their secrets
    List,
    Revoke(TokenRevoke),
}

/// Prints one credential
#[derive(Args, Debug)]
pub(crate) struct TokenIssue {
    /// Who it is for
    #[arg(long, value_name = "NAME")]
    pub(crate) subject: String,
    /// A group of the subject (repeatable)
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Vec<String>,
    /// How long it counts, up to `max_ttl` of `[limits]`
    #[arg(long, value_name = "DURATION", default_value = "15m", value_parser = life)]
    pub(crate) ttl: std::time::Duration,
    /// It is for a person, not for an agent
    #[arg(long)]
    pub(crate) person: bool,
}

/// Ends one credential, or all of a subject
#[derive(Args, Debug)]
pub(crate) struct TokenRevoke {
    /// Its id, as `list` shows it
    #[arg(value_name = "ID", conflicts_with = "subject")]
    pub(crate) id: Option<String>,
    /// All of this subject
    #[arg(long, value_name = "NAME")]
    pub(crate) subject: Option<String>,
}

/// Locks a subject, a group or a target out, until it is unlocked
///
/// In force within two seconds: nobody comes in any more, and live sessions end. It survives a restart.
#[derive(Args, Debug)]
#[command(after_help = "Example: blackbar lock --subject agent-7 --reason 'ticket 4711'")]
pub(crate) struct Lock {
    #[command(flatten)]
    pub(crate) what: LockWhat,
    /// Why; recorded
    #[arg(long, value_name = "TEXT", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) reason: String,
}

/// Takes a lock away
#[derive(Args, Debug)]
#[command(after_help = "Example: blackbar unlock --subject agent-7 --reason 'ticket 4711 is closed'")]
pub(crate) struct Unlock {
    #[command(flatten)]
    pub(crate) what: LockWhat,
    /// Why; recorded
    #[arg(long, value_name = "TEXT", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) reason: String,
}

/// One of them.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct LockWhat {
    /// A subject, and whoever acts for it
    #[arg(long, value_name = "NAME")]
    pub(crate) subject: Option<String>,
    /// Everybody in a group
    #[arg(long, value_name = "NAME")]
    pub(crate) group: Option<String>,
    /// A target, for everybody
    #[arg(long, value_name = "NAME")]
    pub(crate) target: Option<String>,
}

/// Requests that wait for people: shows them, and says yes or no to them
///
/// A reviewer signs what is said with a key that never leaves its file. Who asks does not approve, nor does any agent; an
/// approval lets the very same request through once.
#[derive(Args, Debug)]
#[command(
    after_help = "Example: blackbar approvals approve ap-0123456789abcdef0123 --key officer.key --reason 'ticket 4711'"
)]
pub(crate) struct Approvals {
    #[command(subcommand)]
    pub(crate) command: ApprovalsCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ApprovalsCommand {
    List(ApprovalsList),
    Show(ApprovalsShow),
    Keygen(ApprovalsKeygen),
    /// Agrees that the request is done once
    Approve(ApprovalsDecide),
    /// Refuses it; also what others have approved, until it is used
    Deny(ApprovalsDecide),
}

/// Those that wait for people or for their use
#[derive(Args, Debug)]
pub(crate) struct ApprovalsList {
    /// Closed ones too
    #[arg(long)]
    pub(crate) all: bool,
    /// pretty or json (one object a line)
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: DocumentFormat,
}

/// One of them: who asks for what, which policies hold it, who has agreed
#[derive(Args, Debug)]
pub(crate) struct ApprovalsShow {
    /// As `list` and the client show it
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// pretty or json
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: DocumentFormat,
}

/// Makes a reviewer's key, and prints its public half for an approver of the configuration
#[derive(Args, Debug)]
pub(crate) struct ApprovalsKeygen {
    /// Where to; never over a file that exists
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct ApprovalsDecide {
    /// As `list` and the client show it
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// The reviewer's key
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// Why; signed and recorded
    #[arg(long, value_name = "TEXT", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) reason: String,
    /// Sign what this file says is asked, as the console gives it out, and print the decision instead of handing it in:
    /// no gateway is needed
    #[arg(long, value_name = "FILE")]
    pub(crate) ask: Option<PathBuf>,
}

/// A duration such as `15m`.
fn life(text: &str) -> Result<std::time::Duration, String> {
    crate::config::duration(text).ok_or_else(|| "write it like 90s, 15m or 8h".to_owned())
}

/// Asks the running gateway how it is
#[derive(Args, Debug)]
#[command(after_help = "Example: blackbar status --format json")]
pub(crate) struct Status {
    /// pretty or json
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: DocumentFormat,
}

/// A confidence from 0 to 1, as percent.
fn confidence(text: &str) -> Result<u8, String> {
    let number: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    percent(number).ok_or_else(|| "it lies between 0 and 1".to_owned())
}

/// A share from 0 to 1 as percent.
pub(crate) fn percent(share: f64) -> Option<u8> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 100 by the check before"
    )]
    (0.0..=1.0).contains(&share).then(|| (share * 100.0).round() as u8)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_an_example() {
        for command in Cli::command().get_subcommands() {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let example = format!("Example: blackbar {}", command.get_name());
            assert!(help.starts_with(&example), "{}", command.get_name());
        }
    }

    #[test]
    fn confidence_is_a_share() {
        assert_eq!(confidence("0.5"), Ok(50));
        assert_eq!(confidence("1"), Ok(100));
        assert!(confidence("1.5").is_err() && confidence("-1").is_err() && confidence("NaN").is_err());
    }
}

/// The way in to the console of the running gateway
#[derive(Args, Debug)]
#[command(after_help = "Example: blackbar console login --role viewer --role reviewer")]
pub(crate) struct Console {
    #[command(subcommand)]
    pub(crate) command: ConsoleCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConsoleCommand {
    Login(ConsoleLogin),
}

/// Prints a link that signs in once, within two minutes
///
/// It grants no approval: decisions need a reviewer's signature. That it was made is recorded.
#[derive(Args, Debug)]
#[command(after_help = "Example: blackbar console login --role viewer --role auditor")]
pub(crate) struct ConsoleLogin {
    /// What may be done with it (repeatable); without it all three
    #[arg(long, value_name = "ROLE", value_parser = ["viewer", "reviewer", "auditor"])]
    pub(crate) role: Vec<String>,
}

/// Prints what a shell needs to complete the words of this command
#[derive(Args, Debug)]
#[command(after_help = "Example: blackbar completions bash > /usr/share/bash-completion/completions/blackbar")]
pub(crate) struct Completions {
    /// Which shell
    #[arg(value_enum, value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}

/// Writes a page of the manual for each command into a folder
#[derive(Args, Debug)]
#[command(after_help = "Example: blackbar manual target/man")]
pub(crate) struct Manual {
    /// Where to
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
}
