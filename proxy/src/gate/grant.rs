//! A grant, and the only way from an upstream's bytes to a client.

use std::collections::VecDeque;
use std::fmt;
use std::task::{Context, Poll};
use std::time::SystemTime;

use blackbar_engine::{Clean, Format, Profile, Raw, Redactor, Scanner};

use super::recorder::{RecordError, Recorder};

/// Leave to do one thing, with what has to be done to its answer.
pub(crate) struct Grant {
    scanner: Scanner,
    profile: Profile,
    /// The policies that allowed it.
    because: Vec<String>,
    /// No answer begins behind this moment.
    expires: Option<SystemTime>,
    recorder: Recorder,
}

impl Grant {
    /// Only the gate makes grants.
    pub(super) fn new(
        scanner: Scanner,
        profile: Profile,
        because: Vec<String>,
        expires: Option<SystemTime>,
        recorder: Recorder,
    ) -> Self {
        Self { scanner, profile, because, expires, recorder }
    }

    /// The policies that allowed it.
    pub(crate) fn because(&self) -> &[String] {
        &self.because
    }

    /// Whether the identity behind it still counts.
    pub(crate) fn is_expired(&self, now: SystemTime) -> bool {
        self.expires.is_some_and(|expires| now >= expires)
    }

    /// Starts a redacted answer in a known format.
    pub(crate) fn answer(&self, format: Format, document: &str) -> Answer {
        let redactor = self.scanner.redactor_for(&self.profile, format, document);
        Answer { redactor, recorder: self.recorder.stream(), ready: VecDeque::new() }
    }

    /// Redacts short texts, each for itself: lines of a head, messages.
    pub(crate) fn lines(&self) -> Lines {
        Lines { redactor: self.scanner.redactor(&self.profile) }
    }
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Grant({:?} because {:?})", self.profile.rules().name, self.because)
    }
}

/// One answer on its way to a client: raw bytes go in, redacted and recorded ones come out.
pub(crate) struct Answer {
    redactor: Redactor,
    recorder: Recorder,
    /// Recorded, and released once the record is as safe as the target asks for.
    ready: VecDeque<Clean>,
}

/// So much is recorded at once before it is waited for.
const BATCH: usize = 64 << 10;

impl Answer {
    /// Takes bytes of the upstream.
    pub(crate) fn push(&mut self, bytes: Raw) {
        self.redactor.push(bytes);
    }

    /// The upstream has ended.
    pub(crate) fn finish(&mut self) {
        self.redactor.finish();
    }

    /// The next bytes that may leave. `Ready(None)` asks for more input.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Clean, RecordError>>> {
        if self.ready.is_empty() {
            let mut taken = 0;
            while taken < BATCH {
                let Some(segment) = self.redactor.poll() else { break };
                // A refcount; a segment without bytes only says what was found.
                let bytes = segment.bytes().clone();
                if !bytes.is_empty() {
                    taken += bytes.len();
                    self.recorder.delivered(&bytes);
                    self.ready.push_back(bytes);
                }
            }
        }
        if self.ready.is_empty() {
            return Poll::Ready(None);
        }
        match self.recorder.poll_safe(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Err(error)) => Poll::Ready(Some(Err(error))),
            Poll::Ready(Ok(())) => Poll::Ready(self.ready.pop_front().map(Ok)),
        }
    }
}

/// Short texts, redacted each for itself.
pub(crate) struct Lines {
    redactor: Redactor,
}

impl Lines {
    /// One text, redacted.
    pub(crate) fn line(&mut self, text: Raw) -> Vec<u8> {
        self.redactor.push(text);
        self.redactor.boundary();
        let mut line = Vec::new();
        while let Some(segment) = self.redactor.poll() {
            line.extend_from_slice(segment.bytes().as_bytes());
        }
        line
    }
}
