//! The one tap: what leaves for a client passes here first.

use std::fmt;
use std::task::{Context, Poll};

use blackbar_engine::Clean;

use crate::config::Record;

/// Where one session's answers are recorded.
#[derive(Clone, Debug)]
pub(crate) struct Recorder {
    mode: Record,
}

/// The record cannot be kept, so nothing may leave.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct RecordError;

impl Recorder {
    pub(super) fn new(mode: Record) -> Self {
        Self { mode }
    }

    /// A recorder for one more answer of the same session.
    pub(super) fn stream(&self) -> Self {
        self.clone()
    }

    /// These bytes are about to leave.
    pub(super) fn delivered(&mut self, bytes: &Clean) {
        let _ = (self.mode, bytes.len());
    }

    /// Whether everything that was delivered is as safe as the mode asks for.
    pub(super) fn poll_safe(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), RecordError>> {
        let _ = cx;
        Poll::Ready(Ok(()))
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the record cannot be kept")
    }
}

impl std::error::Error for RecordError {}
