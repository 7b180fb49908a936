//! Texts that belong to no column: errors, notices, notifications, settings, names of columns.

use std::sync::Arc;

use blackbar_engine::Raw;
use blackbar_wire::pg::{BackendFrame, BackendTag, Column, Place, Quotes, Refusal, Scrub, Scrubbed, ToClient};

use super::asking::Granted;
use super::catalog::Snapshot;
use crate::gate::{Grant, Lines};

/// Redacts texts that belong to no column.
pub(super) struct Texts {
    lines: Lines,
    quotes: Quotes,
    /// There is something that its client must not see.
    hides: bool,
    /// They may be the words of code that is not the server's own, and hold anything that such code can reach.
    withheld: bool,
    /// Which names the target has; `None` where no statement runs.
    snapshot: Option<Arc<Snapshot>>,
    /// What comes next of a notification is its payload.
    channel_told: bool,
}

impl Texts {
    /// Those that belong to no statement.
    pub(super) fn new(grant: &Grant) -> Self {
        let quotes = if grant.hides() { Quotes::Hidden } else { Quotes::Scrubbed };
        let hides = grant.labels().hide_anything();
        Self { lines: grant.lines(), quotes, hides, withheld: false, snapshot: None, channel_told: false }
    }

    /// Those of the statement at this place of a text.
    pub(super) fn of(granted: &Granted, ordinal: usize) -> Self {
        let withheld = granted.plan.statement(ordinal).may_say_anything;
        Self { withheld, snapshot: Some(Arc::clone(&granted.snapshot)), ..Self::new(&granted.grant) }
    }

    /// Those of any statement of a text.
    pub(super) fn of_all(granted: &Granted) -> Self {
        let withheld = granted.plan.may_say_anything();
        Self { withheld, snapshot: Some(Arc::clone(&granted.snapshot)), ..Self::new(&granted.grant) }
    }

    /// A message that is no row.
    pub(super) fn message(&mut self, frame: &BackendFrame) -> Result<ToClient, Refusal> {
        match frame.tag() {
            BackendTag::ErrorResponse | BackendTag::NoticeResponse => ToClient::report(frame, self.quotes, self),
            BackendTag::NotificationResponse => {
                self.channel_told = false;
                ToClient::notification(frame, self)
            }
            BackendTag::ParameterStatus => ToClient::parameter_status(frame, self),
            _ => ToClient::pass(frame),
        }
    }

    /// A description of columns.
    pub(super) fn description(&mut self, frame: &BackendFrame, columns: &[Column]) -> Result<ToClient, Refusal> {
        ToClient::row_description(frame, columns, self)
    }

    /// A name of a column, as it may be shown.
    pub(super) fn name(&mut self, name: Raw) -> Vec<u8> {
        self.lines.line(name)
    }
}

impl Scrub for Texts {
    fn scrub(&mut self, place: Place, text: Raw) -> Scrubbed {
        let none = |words: &'static str| Scrubbed {
            text: Raw::from(words.as_bytes().to_vec()).danger_pass_unredacted("words of the gateway's own"),
            findings: Vec::new(),
        };
        match place {
            // Code may raise any text, in any field.
            Place::Report(b'S') => {}
            Place::Report(b'M') if self.withheld => return none(WITHHELD),
            Place::Report(_) if self.withheld => return none(""),
            Place::Report(b's' | b't' | b'c' | b'd' | b'n') if self.hides => {
                // Names of things, where they are ones.
                let seen = text.danger_pass_unredacted("a name of the target's catalog");
                let known = self.snapshot.as_ref().is_some_and(|snapshot| snapshot.has_name(seen.as_bytes()));
                return if known { Scrubbed { text: seen, findings: Vec::new() } } else { none("") };
            }
            // Whoever sends it may have read anything.
            Place::Notification if !self.channel_told => self.channel_told = true,
            Place::Notification if self.hides && text.len() > SHORT => return none("withheld"),
            _ => {}
        }
        let (text, findings) = self.lines.text(text);
        Scrubbed { text, findings }
    }
}

const WITHHELD: &str = "the text of this message is withheld: it may hold what is hidden";
/// No more than a word's beginning.
const SHORT: usize = 4;
