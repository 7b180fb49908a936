//! Texts that belong to no column: errors, notices, notifications, settings, names of columns.

use blackbar_engine::Raw;
use blackbar_wire::pg::{BackendFrame, BackendTag, Column, Place, Quotes, Refusal, Scrub, Scrubbed, ToClient};

use crate::gate::{Grant, Lines};

/// Redacts texts that belong to no column.
pub(super) struct Texts {
    lines: Lines,
    quotes: Quotes,
}

impl Texts {
    pub(super) fn new(grant: &Grant) -> Self {
        let quotes = if grant.hides() { Quotes::Hidden } else { Quotes::Scrubbed };
        Self { lines: grant.lines(), quotes }
    }

    /// A message that is no row.
    pub(super) fn message(&mut self, frame: &BackendFrame) -> Result<ToClient, Refusal> {
        match frame.tag() {
            BackendTag::ErrorResponse | BackendTag::NoticeResponse => ToClient::report(frame, self.quotes, self),
            BackendTag::NotificationResponse => ToClient::notification(frame, self),
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
    fn scrub(&mut self, _: Place, text: Raw) -> Scrubbed {
        let (text, findings) = self.lines.text(text);
        Scrubbed { text, findings }
    }
}
