//! What a statement asks for, and what the columns of its answer are.
//!
//! A session has one [`Judge`]. Each question of the protocol goes to [`Judge::ask`], which says what policy must allow
//! ([`Judged::parts`]); the grant names a profile, and by its labels [`Outline::plan`] says what becomes of each column.
//!
//! # What may be in force
//!
//! A setting, a prepared statement or a temporary table may be gone with a transaction that was rolled back, or may never
//! have come to be, and the judge does not hear of it. So it keeps everything that may be in force and judges a text under
//! each: all that any of them needs must be allowed, and a column is subject to the strongest that any of them says.

mod plan;

use std::sync::Arc;

use blackbar_wire::pg::frontend::{Bind, FunctionCall, Parse};
use blackbar_wire::pg::session::Forget;
use blackbar_wire::pg::{Report, Severity};
use bytes::Bytes;

use super::catalog::Snapshot;
use crate::config::Unlabelled;
use crate::gate::{Labels, Part};

#[allow(unused_imports, reason = "the seam to what applies a plan, which is being built")]
pub(crate) use self::plan::{CopyColumn, CopyPlan, Outline, Plan, StatementPlan, Treatment};

/// Judges what a session asks for.
#[derive(Debug)]
pub(crate) struct Judge {
    about: About,
}

/// What a judge knows of its session from the start.
#[derive(Clone, Debug)]
pub(crate) struct About {
    /// The target, as policies name it.
    pub(crate) target: Arc<str>,
    /// The role that the gateway has at the server: what `"$user"` means.
    pub(crate) user: String,
    /// `search_path` as the session began with it.
    pub(crate) search_path: Vec<String>,
    /// [`crate::gate::Gate::all_labels`]
    pub(crate) labels: Arc<Labels>,
    pub(crate) unlabelled: Unlabelled,
}

/// What is asked for; see `blackbar_wire::pg::session::Question`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum What<'w> {
    /// `Query`
    Text(&'w Bytes),
    /// `Parse`. Judged without values, as if every limit were bound: the `Bind` is judged with them.
    Parse(&'w Parse),
    /// `Bind`. `None` for a statement that the protocol does not know: one that SQL prepared.
    Bind(&'w Bind, Option<&'w Arc<Prepared>>),
    /// `Execute` of a portal that the protocol does not know: a cursor that SQL declared.
    Portal(&'w Bytes),
    /// `FunctionCall`
    Call(&'w FunctionCall),
}

/// A statement that was parsed: kept beside its grant, handed back with each `Bind`.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// As it went up.
    pub(crate) text: Bytes,
    /// The types that the client gave its parameters.
    pub(crate) types: Vec<u32>,
}

/// What the judge says.
#[derive(Debug)]
pub(crate) struct Judged {
    /// What policy must allow, all of it.
    pub(crate) parts: Vec<Part>,
    /// What the answers are made of; by the labels of the grant it becomes a plan.
    pub(crate) outline: Arc<Outline>,
    /// For a `Parse`: hand it back with each `Bind`.
    pub(crate) prepared: Option<Arc<Prepared>>,
    /// Which statements and cursors the text makes or drops by SQL.
    pub(crate) forget: Forget,
    /// Another text to send up.
    pub(crate) text: Option<Bytes>,
    /// Other values to send up, for a `Bind` or a `FunctionCall`.
    pub(crate) values: Option<Vec<Option<Bytes>>>,
    /// `SET blackbar.reason = '…'`: the reason for what comes next.
    pub(crate) reason: Option<String>,
    /// Values that labelled columns are compared with: what a fuse counts.
    pub(crate) probes: Vec<Probe>,
}

/// A value that a labelled column is compared with.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct Probe {
    /// `schema.table.column`
    pub(crate) column: String,
    /// The value as the client spelt it. Never shown; a fuse keeps a keyed digest of it.
    pub(crate) value: Bytes,
}

impl Judge {
    /// A judge for a session that has just begun.
    pub(crate) fn new(about: About) -> Self {
        Self { about }
    }

    /// Judges a request. `quiet`: no transaction is open and the server owes nothing.
    ///
    /// # Errors
    ///
    /// When it is refused whatever policy says.
    pub(crate) fn ask(&mut self, snapshot: &Arc<Snapshot>, what: What<'_>, quiet: bool) -> Result<Judged, Report> {
        let _ = (snapshot, what, quiet, &self.about);
        Err(refusal("0A000", "statements are not judged yet"))
    }

    /// The server reports a setting (`ParameterStatus`), or the gateway knows it from the server.
    pub(crate) fn setting(&mut self, name: &[u8], value: &[u8]) {
        let _ = (name, value, &self.about);
    }
}

fn refusal(code: &'static str, message: &'static str) -> Report {
    Report { severity: Severity::Error, code, message: message.into(), detail: None, hint: None }
}

impl std::fmt::Debug for Probe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Probe({}, {} bytes)", self.column, self.value.len())
    }
}
