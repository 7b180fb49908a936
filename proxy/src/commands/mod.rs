//! One file a command.

pub(crate) mod approvals;
mod audit_packet;
pub(crate) mod backup;
pub(crate) mod break_glass;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod console;
pub(crate) mod detectors;
pub(crate) mod discover;
pub(crate) mod eval;
pub(crate) mod init;
pub(crate) mod keygen;
pub(crate) mod ledger;
pub(crate) mod lock;
pub(crate) mod policy;
mod printed;
pub(crate) mod prove;
pub(crate) mod redact;
pub(crate) mod reveal;
pub(crate) mod scan;
pub(crate) mod serve;
pub(crate) mod sessions;
mod sessions_disclosures;
mod sessions_export;
mod sessions_replay;
mod sessions_report;
pub(crate) mod status;
pub(crate) mod token;
pub(crate) mod verify;
pub(crate) mod witness;

use std::io::{self, Write};

use blackbar_engine::{Allow, Format, Profile, Rules};

use crate::cli::Unsupported;
use crate::config::Config;
use crate::error::{Error, Id};
use crate::input::{Opened, Refused};
use crate::notes;
use crate::output::is_closed;
use crate::registry;

/// Reads `--input`; `None` is by content.
fn format(name: &str) -> Result<Option<Format>, Error> {
    if name == "auto" {
        return Ok(None);
    }
    let unknown = |error: blackbar_engine::UnknownFormat| {
        Error::new(Id::Arguments, error.to_string()).at(format!("--input {name}")).hint("or leave it at auto")
    };
    name.parse().map(Some).map_err(unknown)
}

/// What the configuration says is no identifier.
fn allowed(config: &Config) -> Result<Allow, Error> {
    let mut allow = Allow::default();
    for entry in &config.site.allow {
        entry.add_to(&mut allow)?;
    }
    Ok(allow)
}

/// Rules for finding only, with as little ado as possible: nobody sees the replacements.
fn finding_profile(least_confidence: u8, allow: Allow) -> Result<Profile, Error> {
    let rules = Rules { least_confidence, allow, kinds: Vec::new(), ..Rules::safe_harbor(registry::values()) };
    rules.build().map_err(|error| Error::new(Id::Misfit, error.to_string()))
}

/// An opened input, or what is to be said about one that was not.
enum Access {
    Open(Box<Opened>),
    Skipped(Error),
}

fn access(opened: Result<Opened, Refused>, unsupported: Unsupported) -> Result<Access, Error> {
    match (opened, unsupported) {
        (Ok(opened), _) => Ok(Access::Open(Box::new(opened))),
        (Err(Refused::Uninspectable(error)), Unsupported::Skip) => Ok(Access::Skipped(error)),
        (Err(Refused::Uninspectable(error) | Refused::Failed(error)), _) => Err(error),
    }
}

/// Names an input that failed or was skipped.
fn tell(name: &str, error: Error, skipped: bool) -> Error {
    let error = error.at(name);
    if skipped {
        notes::note(format_args!("skipped: {error}"));
    } else {
        notes::error(&error);
    }
    error
}

/// Writes a result to stdout. A reader that has gone away wants no more and is no failure.
pub(crate) fn print(text: &[u8]) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(error) if !is_closed(&error) => Err(Error::io(Id::OutputUnwritable, "stdout cannot be written", &error)),
        _ => Ok(()),
    }
}
