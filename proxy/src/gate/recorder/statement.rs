//! What somebody has signed, recorded: the words where they can be erased, the signature where it stays.

use blackbar_ledger::{Details, Kind, Leaf, Outcome, SessionOpen, SessionWriter};

use super::{Recorder, now, short, stopped};
use crate::error::Error;

/// A statement that is on disk, and of which it is still to be told what became of it.
pub(in crate::gate) struct Statement(SessionWriter);

impl Statement {
    /// Records what was said, and waits until it is safe.
    pub(in crate::gate) fn begin(
        recorder: &Recorder,
        subject: &str,
        target: &str,
        text: &str,
        facts: Details,
    ) -> Result<Self, Error> {
        recorder.state().map_err(super::RecordError::told)?;
        let details = Details::new().text("kind", "user").text("authenticated_by", "signature");
        let open = SessionOpen::new(short(subject), target).details(details);
        let recorded = recorder.ledger.session(open, now()).and_then(|(mut writer, _)| {
            writer.request(text.as_bytes(), facts, now())?.wait()?;
            Ok(Self(writer))
        });
        recorded.map_err(|error| stopped(&error))
    }

    /// Records what became of it.
    pub(in crate::gate) fn end(mut self, kind: Kind, outcome: Outcome, details: Details) -> Result<(), Error> {
        let leaf = Leaf::new(kind).outcome(outcome).details(details);
        let recorded = self.0.event(leaf, now()).and_then(|_| {
            let closed = self.0.close(Outcome::Success, Details::new().number("requests", 1), now())?;
            closed.wait()
        });
        recorded.map_err(|error| stopped(&error))
    }
}
