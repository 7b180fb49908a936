//! Where held requests wait: the store of approvals, its limits, and the bell that wakes those who wait.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use blackbar_ledger::{Details, Kind, Leaf, Outcome};
use blackbar_policy::PolicyId;
use blackbar_policy::approval::{Approval, Ask, AskLimits, Effect, Event, Refusal};
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::fuses;
use super::known::now_ms;
use super::recorder::Recorder;
use crate::config::Limits;
use crate::config::notify::Event as NotifyEvent;
use crate::notes;
use crate::notify::{Notice, Teller};
use crate::state::approvals::{Approvals, Stored};
use crate::state::{State, StateError};

/// The approvals of one gateway, and who waits for them.
pub(crate) struct Holds {
    store: Approvals,
    recorder: Arc<Recorder>,
    limits: AskLimits,
    pub(super) ask_timeout: Duration,
    pub(super) grant_timeout: Duration,
    /// Held by the one that asks: what was counted is still so when it is stored.
    pub(super) asking: tokio::sync::Mutex<()>,
    /// Changes whenever an approval does.
    bell: watch::Sender<u64>,
    seats: Arc<Semaphore>,
    /// Subjects for whom people were asked to raise a limit: only their requests are looked up among the approvals.
    raised: Mutex<HashSet<String>>,
    /// Who is told that people are asked.
    teller: Option<Arc<Teller>>,
}

/// Requests that wait with a connection and perhaps a body in memory. Others are told to come again.
const SEATS: usize = 256;

impl Holds {
    pub(crate) fn new(state: Arc<State>, recorder: Arc<Recorder>, limits: &Limits) -> Self {
        let store = Approvals::new(state);
        // What was asked before a restart still counts. If it cannot be read now, it cannot be used then either.
        let open = store.open(None).unwrap_or_default();
        let raises = open.iter().map(|stored| stored.approval.ask());
        let raises = raises.filter(|ask| ask.lifts.iter().any(|id| fuses::lifted(id).is_some()));
        let raised = raises.map(|ask| ask.subject.clone()).collect();
        Self {
            store,
            raised: Mutex::new(raised),
            recorder,
            limits: AskLimits {
                pending_of_subject: limits.asks_of_subject,
                pending: limits.asks,
                hourly_of_subject: limits.asks_per_hour,
            },
            ask_timeout: limits.ask_timeout,
            grant_timeout: limits.grant_timeout,
            asking: tokio::sync::Mutex::new(()),
            bell: watch::Sender::new(0),
            seats: Arc::new(Semaphore::new(SEATS)),
            teller: None,
        }
    }

    /// The same, telling people that they are asked.
    pub(crate) fn telling(self, teller: Arc<Teller>) -> Self {
        Self { teller: Some(teller), ..self }
    }

    pub(super) const fn store(&self) -> &Approvals {
        &self.store
    }

    pub(super) fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// A seat for a held request, if there is one left.
    pub(super) fn seat(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.seats).try_acquire_owned().ok()
    }

    /// Tells when something has changed.
    pub(super) fn listen(&self) -> watch::Receiver<u64> {
        self.bell.subscribe()
    }

    /// Whether people were asked to raise a limit for this subject, and that is still open.
    pub(super) fn raises(&self, subject: &str, raises: bool) {
        let mut raised = self.raised.lock().unwrap_or_else(PoisonError::into_inner);
        if raises {
            raised.insert(subject.to_owned());
        } else {
            raised.remove(subject);
        }
    }

    /// Whether they may have been.
    pub(super) fn may_be_raised(&self, subject: &str) -> bool {
        self.raised.lock().unwrap_or_else(PoisonError::into_inner).contains(subject)
    }

    /// Stores a new one, unless too much is asked already.
    pub(super) fn ask(
        &self,
        approval: &Approval,
        salt: &[u8; 32],
        shown: &Value,
        now_ms: i64,
    ) -> Result<bool, StateError> {
        if !self.limits.admits(&self.store.asked(&approval.ask().subject, now_ms)?) {
            return Ok(false);
        }
        self.store.add(approval, salt, shown)?;
        self.tell(approval.ask());
        Ok(true)
    }

    /// Tells people that they are asked. The question stands whether that works or not.
    fn tell(&self, ask: &Ask) {
        let Some(teller) = &self.teller else { return };
        let needs: Vec<String> = ask.needs.iter().map(|(group, quorum)| format!("{quorum} of {group}")).collect();
        let lifts: Vec<&str> = ask.lifts.iter().map(PolicyId::as_str).collect();
        let minutes = ask.decide_by_ms.saturating_sub(now_ms()) / 60_000;
        let notice = Notice::new(NotifyEvent::Approval, "a request waits for approval")
            .fact("approval", &ask.id)
            .fact("asked by", &ask.subject)
            .fact("target", &ask.target)
            .fact("held by", &lifts.join(", "))
            .fact("needs", &needs.join(" and "))
            .fact("minutes left", &minutes.to_string())
            .page(format!("/approvals/{}", ask.id))
            .concerning(ask.needs.keys().cloned());
        if let Err(error) = teller.tell(notice) {
            notes::note(format_args!("notify: {error}"));
        }
    }

    /// Something happens to an approval. That its time is over is recorded here; everything else by whoever did it.
    pub(super) fn apply(
        &self,
        id: &str,
        event: &Event<'_>,
        now_ms: i64,
    ) -> Result<Result<(Approval, Vec<Effect>), Refusal>, StateError> {
        let applied = self.store.apply(id, event, now_ms)?;
        if let Ok((approval, effects)) = &applied {
            if effects.contains(&Effect::Record("expired")) {
                let ask = approval.ask();
                let details = Details::new().text("approval", ask.id.as_str());
                let leaf = Leaf::new(Kind::DecisionExpired).outcome(Outcome::Denied).details(details);
                // A ledger that stopped lets nothing through any more, so nothing rests on this leaf.
                drop(self.recorder.event(leaf.subject(ask.subject.as_str()).target(ask.target.as_str())));
            }
            if effects.contains(&Effect::Wake) {
                self.ring();
            }
        }
        Ok(applied)
    }

    /// One approval as it is now, after what time did to it.
    pub(super) fn find(&self, id: &str, now_ms: i64) -> Result<Option<Stored>, StateError> {
        let Some(known) = self.store.find(id)? else { return Ok(None) };
        if known.approval.due_ms().is_some_and(|due| due <= now_ms) {
            // Somebody else may have been faster: what counts is what is there afterwards.
            let _ = self.apply(id, &Event::Tick, now_ms)?;
            return self.store.find(id);
        }
        Ok(Some(known))
    }

    /// Lets time pass. To be called each second, where it may block.
    pub(crate) fn tick(&self, now_ms: i64) {
        let expired = self
            .store
            .due(now_ms)
            .and_then(|due| due.iter().try_for_each(|id| self.apply(id, &Event::Tick, now_ms).map(drop)));
        if let Err(error) = expired {
            notes::note(format_args!("approvals: {error}"));
        }
    }

    /// Forgets what was closed long ago.
    pub(crate) fn sweep(&self, now_ms: i64) {
        if let Err(error) = self.store.sweep(now_ms) {
            notes::note(format_args!("approvals: {error}"));
        }
    }

    fn ring(&self) {
        self.bell.send_modify(|count| *count = count.wrapping_add(1));
    }
}

impl fmt::Debug for Holds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Holds({:?})", self.limits)
    }
}
