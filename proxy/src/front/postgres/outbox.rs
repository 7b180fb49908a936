//! What is on its way to the client: recorded first, and let go when the record is as safe as the target asks for.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll};

use blackbar_engine::Clean;
use blackbar_ledger::Outcome;
use blackbar_wire::pg::ToClient;
use bytes::Bytes;

use super::asking::Granted;
use crate::gate::{RecordError, Recording};

/// Messages for one client, in order, with the record that they wait for.
pub(super) struct Outbox {
    recording: Recording,
    held: VecDeque<Held>,
    owed: VecDeque<Owed>,
    /// What is on its way to the disk was sent there because something waits for it.
    settling: bool,
    /// The first row of this answer was not held back for those behind it.
    begun: bool,
}

/// A message that waits for its record.
enum Held {
    Recorded(Clean),
    Unrecorded(Clean),
}

/// What the client waits for, in the order in which it was asked.
enum Owed {
    /// The answer to a request that was recorded.
    Answer { outcome: Outcome, granted: Option<Arc<Granted>> },
    /// A `ReadyForQuery`, by the message that asks the server for it. It ends the answers before it.
    Ready(u8),
}

impl Outbox {
    pub(super) fn new(recording: Recording) -> Self {
        Self { recording, held: VecDeque::new(), owed: VecDeque::new(), settling: false, begun: false }
    }

    /// The record, for what is asked next.
    pub(super) fn recording(&mut self) -> &mut Recording {
        &mut self.recording
    }

    /// A request was recorded and decided.
    pub(super) fn asked(&mut self, outcome: Outcome, granted: Option<Arc<Granted>>) {
        self.owed.push_back(Owed::Answer { outcome, granted });
    }

    /// A message goes to the server.
    pub(super) fn goes_up(&mut self, message: &[u8]) {
        if let Some(tag @ (b'Q' | b'S' | b'F')) = message.first() {
            self.owed.push_back(Owed::Ready(*tag));
        }
    }

    /// The server reads a `Sync` that it was sent as part of a COPY stream, and does not answer it.
    pub(super) fn copying_in(&mut self) {
        self.owed.retain(|owed| !matches!(owed, Owed::Ready(b'S')));
    }

    /// Whether the client waits for an answer.
    pub(super) fn owes(&self) -> bool {
        !self.owed.is_empty()
    }

    /// What was granted for the answer that comes next, as far as that is known.
    pub(super) fn granted(&self) -> Option<&Arc<Granted>> {
        self.owed.iter().find_map(|owed| match owed {
            Owed::Answer { granted, .. } => granted.as_ref(),
            Owed::Ready(_) => None,
        })
    }

    /// Records a message and puts it behind the others.
    pub(super) fn send(&mut self, message: ToClient) -> Result<(), RecordError> {
        let clean = message.into_clean();
        self.recording.delivered(&clean)?;
        match clean.as_bytes().first() {
            Some(b'Z') => {
                self.held.push_back(Held::Recorded(clean));
                return self.ready();
            }
            Some(b'E') => {
                // The answers before the next `ReadyForQuery` did not come to their end.
                for owed in &mut self.owed {
                    match owed {
                        Owed::Answer { outcome, .. } if *outcome == Outcome::Success => *outcome = Outcome::Failed,
                        Owed::Answer { .. } => {}
                        Owed::Ready(_) => break,
                    }
                }
            }
            _ => {}
        }
        self.held.push_back(Held::Recorded(clean));
        Ok(())
    }

    /// Puts a message behind the others that no record may hold: a key.
    pub(super) fn unrecorded(&mut self, message: ToClient) {
        self.held.push_back(Held::Unrecorded(message.into_clean()));
    }

    /// Whether the last message is the first row of its answer. Says so once an answer.
    pub(super) fn begins(&mut self) -> bool {
        let row = |held: &Held| matches!(held, Held::Recorded(clean) if matches!(clean.as_bytes(), [b'D' | b'd', ..]));
        let begins = !self.begun && self.held.back().is_some_and(row);
        self.begun |= begins;
        begins
    }

    fn ready(&mut self) -> Result<(), RecordError> {
        self.begun = false;
        while let Some(owed) = self.owed.pop_front() {
            match owed {
                Owed::Answer { outcome, .. } => self.recording.end(outcome, None)?,
                Owed::Ready(_) => break,
            }
        }
        Ok(())
    }

    /// Whether there is room for more of the server's.
    pub(super) fn has_room(&self) -> bool {
        self.recording.has_room()
    }

    /// What was not let go yet never will be.
    pub(super) fn clear(&mut self) {
        self.held.clear();
    }

    /// Whether everything was let go.
    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Ready when all so far is as safe as the target asks for before the server may be asked.
    pub(super) fn poll_settled(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), RecordError>> {
        if !self.settling {
            if !self.recording.settles() {
                return Poll::Ready(Ok(()));
            }
            self.recording.seal()?;
            self.settling = true;
        }
        match self.recording.poll_flight(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(result) => {
                self.settling = false;
                Poll::Ready(result)
            }
        }
    }

    /// Lets go what may leave. `waits`: nothing more comes for now. Says whether anything happened.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        waits: bool,
        mut leave: impl FnMut(Bytes),
    ) -> Result<bool, RecordError> {
        let mut progress = false;
        loop {
            if let Poll::Ready(result) = self.recording.poll_flight(cx) {
                result?;
            }
            while let Some(first) = self.held.front() {
                if let Held::Recorded(first) = first
                    && !self.recording.release(first.len())?
                {
                    break;
                }
                progress = true;
                if let Some(Held::Recorded(message) | Held::Unrecorded(message)) = self.held.pop_front() {
                    leave(message.into_bytes());
                }
            }
            let full = !self.recording.has_room();
            let sealed = self.recording.has_block() || ((waits || full) && self.recording.is_loose());
            if !sealed {
                return Ok(progress);
            }
            self.recording.seal()?;
            progress = true;
        }
    }
}
