//! An answer that is more than may leave: it ends with an error, before the row that is too many.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use blackbar_ledger::{Details, Kind, Outcome};
use blackbar_policy::fuse::Blown;
use blackbar_wire::pg::{Report, Severity, ToClient};
use tokio::task::JoinHandle;

use super::super::asking::{Ready, unrecorded_report};
use super::super::holding::{Raised, Raising, blown_report};
use super::{Failed, Pump};
use crate::gate::RecordError;

/// An answer that is more than may leave, until its end.
pub(super) struct Blowing {
    blown: Blown,
    /// People are asked to raise the limit.
    raising: Option<Raising>,
    /// The server is told to end it.
    cancelling: Option<JoinHandle<()>>,
    /// What people were asked.
    approval: Option<String>,
    /// The client has read the error already.
    told: bool,
}

impl Blowing {
    fn report(&self) -> Report {
        blown_report(&self.blown, self.approval.as_deref())
    }
}

impl Pump {
    /// A fuse has blown: nothing more of this answer leaves, and people are asked whether another run may have more.
    pub(super) fn blow(&mut self, blown: Blown) -> Result<(), RecordError> {
        if self.blowing.is_some() {
            return Ok(());
        }
        let details = Details::new().texts("because", [blown.to_string()]);
        self.outbox.recording().about_answer(Kind::DecisionDenied, Outcome::Denied, details)?;
        let session = self.outbox.recording().session();
        let granted = self.outbox.granted().map(Arc::clone);
        let raising = granted.as_ref().and_then(|granted| {
            let ask = granted.ask.as_ref()?;
            Some(self.asking.raise(ask, &Ready::of(granted), blown, session))
        });
        let cancelling = raising.is_none().then(|| self.cancel_at_server()).flatten();
        self.blowing = Some(Blowing { blown, raising, cancelling, approval: None, told: false });
        Ok(())
    }

    /// Asks people, then cancels at the server; it is not read on before it knows that, so that the cancel cannot reach what
    /// comes next. Says whether anything is done.
    pub(super) fn poll_blowing(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(blowing) = &mut self.blowing else { return false };
        if let Some(raising) = &mut blowing.raising {
            let Poll::Ready(Raised { approval, record }) = raising.as_mut().poll(cx) else { return false };
            (blowing.raising, blowing.approval) = (None, approval);
            if let Err(error) = self.outbox.recording().in_answer(|recording| record.write(recording)) {
                self.abort(&unrecorded_report(error));
            }
            let cancelling = self.cancel_at_server();
            if let Some(blowing) = &mut self.blowing {
                blowing.cancelling = cancelling;
            }
            return true;
        }
        let Some(cancelling) = &mut blowing.cancelling else { return false };
        if Pin::new(cancelling).poll(cx).is_pending() {
            return false;
        }
        blowing.cancelling = None;
        true
    }

    /// More answers come behind one that ended with an error of the gateway's: there is no way back into the protocol.
    pub(super) fn run_over(&mut self) {
        if let Some(blowing) = self.blowing.take() {
            self.session.end(&Report { severity: Severity::Fatal, ..blowing.report() });
        }
    }

    pub(super) fn is_raising(&self) -> bool {
        self.blowing.as_ref().is_some_and(|blowing| blowing.raising.is_some() || blowing.cancelling.is_some())
    }

    /// The server has ended it with an error: the client reads why it did.
    pub(super) fn blown(&mut self) -> Result<(), Failed> {
        if let Some(blowing) = self.blowing.take().filter(|blowing| !blowing.told) {
            self.rows.forget();
            self.outbox.send(ToClient::own_report(&blowing.report())?)?;
        }
        Ok(())
    }

    /// What the client reads in the place of a message, while an answer is being ended.
    pub(super) fn instead(&mut self, message: ToClient) -> Result<Option<ToClient>, Failed> {
        let Some(blowing) = self.blowing.as_mut().filter(|_| !self.session.is_ended()) else {
            return Ok(Some(message));
        };
        match message.as_bytes().first() {
            Some(b'N') => return Ok(Some(message)),
            // The end of the COPY stream, of which the rest was dropped.
            Some(b'c') => {}
            // It was over before it could be cancelled.
            Some(b'C' | b's' | b'I' | b'V') if !blowing.told => {
                blowing.told = true;
                return Ok(Some(ToClient::own_report(&blowing.report())?));
            }
            Some(b'Z') if blowing.told => {
                self.blowing = None;
                return Ok(Some(message));
            }
            _ => self.run_over(),
        }
        Ok(None)
    }
}
