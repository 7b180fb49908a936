//! What the judge says.

use std::sync::Arc;

use blackbar_wire::pg::session::Forget;
use blackbar_wire::pg::{Report, Words};
use bytes::Bytes;

use super::plan::Outline;
use super::probes::Probe;
use super::written::{self, Reads, Written};
use super::{Prepared, refusal};
use crate::gate::Part;

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
    /// Another text to send up. It may hold originals in the place of tokens: what is recorded is the client's.
    pub(crate) text: Option<Bytes>,
    /// Other values to send up, for a `Bind` or a `FunctionCall`.
    pub(crate) values: Option<Vec<Option<Bytes>>>,
    /// `SET blackbar.reason = '…'`: the reason for what comes next.
    pub(crate) reason: Option<String>,
    /// Values that labelled columns are compared with: what a fuse counts.
    pub(crate) probes: Vec<Probe>,
    /// What columns are given; see [`Judged::forbidden`].
    pub(crate) written: Vec<Written>,
    /// The text, when it is not SQL: whoever may not have it tried is told so.
    pub(crate) unparsed: Option<Bytes>,
}

impl Judged {
    /// Whether it writes what may be a replacement, to whoever reads so: under the grant.
    pub(crate) fn forbidden(&self, reads: &Reads<'_>) -> Option<Report> {
        if self.outline.touches_adrift(reads.labels) {
            let why = "a label of this table fits no column any more, so nothing of it is shown";
            let hint = Some("the operator of the gateway has to put the labels of the profile right".into());
            return Some(Report { hint, ..refusal("42501", why) });
        }
        written::forbids(&self.written, reads)
    }

    /// Why a text that was denied would not have run anyway: it is not SQL. Nothing of it is quoted.
    pub(crate) fn syntax_error(&self) -> Option<Report> {
        let text = std::str::from_utf8(self.unparsed.as_ref()?).ok()?;
        let at = blackbar_sql::syntax_error_at(text).map(|at| Words::with_id("at character ", &at.to_string()));
        Some(Report { detail: at, ..refusal("42601", "syntax error: the text is no statement of PostgreSQL's") })
    }

    pub(super) fn of(parts: Vec<Part>, outline: Outline) -> Self {
        Self::with(parts, Arc::new(outline))
    }

    pub(super) fn with(parts: Vec<Part>, outline: Arc<Outline>) -> Self {
        Self {
            parts,
            outline,
            prepared: None,
            forget: Forget::Nothing,
            text: None,
            values: None,
            reason: None,
            probes: Vec::new(),
            written: Vec::new(),
            unparsed: None,
        }
    }
}
