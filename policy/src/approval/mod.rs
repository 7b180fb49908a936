//! Approvals: a request that waits for people, as a pure state machine.
//!
//! ```text
//!            approve (quorum)          consume
//!   Asked ───────────────────▶ Granted ─────────▶ Consumed
//!     │ deny      │ time          │ deny   │ time
//!     ▼           ▼               ▼        ▼
//!   Denied     Expired          Denied   Expired
//! ```
//!
//! A transition is a function of state, event and time. Whoever keeps approvals stores the new state only if the old one is
//! still there (its revision), and only then carries out the effects: so of a hundred that consume one approval, one goes on.

mod quorum;
pub(crate) mod statement;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::canonical::RequestDigest;
use crate::decision::PolicyId;
use crate::question::SubjectKind;

pub use statement::{ApproverKey, ApproverSecret, KeyError, Meaning, Signed, Statement, TextError};

/// What people are asked to agree to. It never changes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ask {
    /// The id that clients and reviewers see.
    pub id: String,
    /// The request, to the last byte.
    pub request: RequestDigest,
    /// Who asks: the id of the subject.
    pub subject: String,
    /// Everybody who stands behind the request and so must not agree to it: the subject, those on whose behalf it acts, and
    /// whoever issued its credential. As people, by [`Aliases::person`].
    pub requesters: BTreeSet<String>,
    /// The target that it goes to.
    pub target: String,
    /// The policies that held it.
    pub policies: [u8; 32],
    /// The forbids that are lifted.
    pub lifts: BTreeSet<PolicyId>,
    /// The groups that must agree, and how many people of each. Never empty.
    pub needs: BTreeMap<String, u32>,
    /// No more rows than this, if it goes through.
    pub max_rows: Option<u64>,
    /// How long it stays valid, counted from the decision.
    pub valid_ms: i64,
    /// When it is too late to decide.
    pub decide_by_ms: i64,
}

/// An ask and what became of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Approval {
    ask: Ask,
    state: State,
    revision: u64,
    /// The latest time that was seen: a clock that is set back wins nothing.
    latest_ms: i64,
}

/// What became of an ask.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum State {
    /// People are asked; these have agreed so far.
    Asked {
        /// Who agreed.
        votes: Vec<Vote>,
    },
    /// Enough have agreed. It may be consumed once.
    Granted {
        /// Who agreed.
        votes: Vec<Vote>,
        /// Until when, counted from the decision.
        until_ms: i64,
    },
    /// Somebody said no.
    Denied {
        /// Who.
        by: String,
    },
    /// Nobody decided in time, or the grant was not used in time.
    Expired,
    /// It has been used.
    Consumed {
        /// Who had agreed.
        votes: Vec<Vote>,
    },
}

/// One person's agreement.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Vote {
    /// The person.
    pub person: String,
    /// The groups that the person was in at that moment.
    pub groups: BTreeSet<String>,
    /// When.
    pub at_ms: i64,
}

/// Who decides, as known at that moment.
#[derive(Clone, Debug)]
pub struct Approver<'a> {
    /// The id of the subject that decides.
    pub subject: &'a str,
    /// A program or a person.
    pub kind: SubjectKind,
    /// The groups, looked up now.
    pub groups: &'a BTreeSet<String>,
    /// The key that is registered for this subject.
    pub key: &'a ApproverKey,
    /// Which subjects are the same person.
    pub aliases: &'a Aliases,
}

/// What happens to an approval.
#[derive(Clone, Debug)]
pub enum Event<'a> {
    /// Somebody decides, with a signature over [`Statement::text`].
    Decide {
        /// Who.
        approver: &'a Approver<'a>,
        /// What was said and signed.
        statement: &'a Statement,
        /// The signature.
        signature: &'a [u8; 64],
    },
    /// The request comes again, to be forwarded.
    Consume(Consumption<'a>),
    /// Time passes.
    Tick,
}

/// A request that wants to use an approval.
#[derive(Clone, Copy, Debug)]
pub struct Consumption<'a> {
    /// The request, under the salt of the ask.
    pub request: RequestDigest,
    /// Who sends it.
    pub subject: &'a str,
    /// Where it goes to.
    pub target: &'a str,
    /// The policies that are in force.
    pub policies: &'a [u8; 32],
}

/// What has to be done after a transition was stored.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Effect {
    /// Write the new state to the ledger, under this name.
    Record(&'static str),
    /// Tell those who wait: the request may be tried now, or never will.
    Wake,
    /// Send the request up. Comes once in the life of an approval.
    Forward,
}

/// Why an event changed nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// The approval is not in a state for that.
    Closed,
    /// Nobody has agreed yet, or not enough people.
    NotGranted,
    /// Agents never approve.
    Agent,
    /// Who asks does not agree to it.
    OwnRequest,
    /// In none of the groups that are asked.
    NotInGroup,
    /// This person has decided already.
    Again,
    /// The signature is not one of the registered key over this statement.
    Signature,
    /// The statement is about something else, was made for another subject, or not now.
    Statement,
    /// Another request, another subject, another target.
    OtherRequest,
    /// The policies have changed since.
    OtherPolicies,
}

/// Which subjects are the same person: one who signs in through two issuers is counted once.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Aliases(BTreeMap<String, String>);

/// How much may be asked, so that people keep reading what they agree to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AskLimits {
    /// Requests of one subject that wait at the same time.
    pub pending_of_subject: usize,
    /// Requests of all that wait at the same time.
    pub pending: usize,
    /// Requests of one subject in an hour.
    pub hourly_of_subject: usize,
}

/// How much is asked already.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Asked {
    /// Requests of this subject that wait.
    pub pending_of_subject: usize,
    /// Requests that wait.
    pub pending: usize,
    /// Requests that this subject made in the last hour.
    pub hourly_of_subject: usize,
}

/// How far a signed statement's time may be from now.
pub const STATEMENT_SKEW_MS: i64 = 5 * 60 * 1000;

impl Approval {
    /// People are asked. None where there is nobody to ask.
    #[must_use]
    pub fn new(ask: Ask, now_ms: i64) -> Option<Self> {
        let asks_somebody = !ask.needs.is_empty() && ask.needs.values().all(|quorum| *quorum > 0);
        let state = State::Asked { votes: Vec::new() };
        asks_somebody.then_some(Self { ask, state, revision: 0, latest_ms: now_ms })
    }

    /// An approval that was stored.
    #[must_use]
    pub const fn restored(ask: Ask, state: State, revision: u64, latest_ms: i64) -> Self {
        Self { ask, state, revision, latest_ms }
    }

    /// What happens then, and what has to be done once it is stored.
    pub fn apply(&self, event: &Event<'_>, now_ms: i64) -> Result<(Self, Vec<Effect>), Refusal> {
        let now = now_ms.max(self.latest_ms);
        if self.is_late(now) {
            // Whatever came: it came too late, and that is the transition.
            return Ok(self.moved(State::Expired, now, &[Effect::Record("expired"), Effect::Wake]));
        }
        match event {
            Event::Tick => Err(Refusal::Closed),
            Event::Decide { approver, statement, signature } => self.decide(approver, statement, signature, now),
            Event::Consume(consumption) => self.consume(consumption, now),
        }
    }

    fn decide(
        &self,
        approver: &Approver<'_>,
        statement: &Statement,
        signature: &[u8; 64],
        now: i64,
    ) -> Result<(Self, Vec<Effect>), Refusal> {
        let votes = match &self.state {
            State::Asked { votes } | State::Granted { votes, .. } => votes,
            State::Denied { .. } | State::Expired | State::Consumed { .. } => return Err(Refusal::Closed),
        };
        if approver.kind == SubjectKind::Agent {
            return Err(Refusal::Agent);
        }
        if !statement.is_about(&self.ask, approver.subject)
            || statement.at_ms.checked_sub(now).is_none_or(|skew| skew.abs() > STATEMENT_SKEW_MS)
        {
            return Err(Refusal::Statement);
        }
        if !approver.key.verifies(statement, signature) {
            return Err(Refusal::Signature);
        }
        let person = approver.aliases.person(approver.subject);
        let stands_behind = |requester: &String| approver.aliases.person(requester) == person;
        if self.ask.requesters.iter().any(stands_behind) || approver.aliases.person(&self.ask.subject) == person {
            return Err(Refusal::OwnRequest);
        }
        if !self.ask.needs.keys().any(|group| approver.groups.contains(group)) {
            return Err(Refusal::NotInGroup);
        }

        if statement.meaning == Meaning::Deny {
            // A no wins over every yes, also over a grant that nobody has used yet, and over one's own.
            let state = State::Denied { by: person.to_owned() };
            return Ok(self.moved(state, now, &[Effect::Record("denied"), Effect::Wake]));
        }
        if votes.iter().any(|vote| approver.aliases.person(&vote.person) == person) {
            return Err(Refusal::Again);
        }
        if matches!(self.state, State::Granted { .. }) {
            return Err(Refusal::Closed);
        }
        let mut votes = votes.clone();
        votes.push(Vote { person: person.to_owned(), groups: approver.groups.clone(), at_ms: now });
        if quorum::is_met(&self.ask.needs, &votes) {
            let until_ms = now.saturating_add(self.ask.valid_ms.max(0));
            let state = State::Granted { votes, until_ms };
            return Ok(self.moved(state, now, &[Effect::Record("granted"), Effect::Wake]));
        }
        Ok(self.moved(State::Asked { votes }, now, &[Effect::Record("agreed")]))
    }

    fn consume(&self, consumption: &Consumption<'_>, now: i64) -> Result<(Self, Vec<Effect>), Refusal> {
        let votes = match &self.state {
            State::Granted { votes, .. } => votes,
            State::Asked { .. } => return Err(Refusal::NotGranted),
            State::Denied { .. } | State::Expired | State::Consumed { .. } => return Err(Refusal::Closed),
        };
        let same = consumption.request == self.ask.request
            && consumption.subject == self.ask.subject
            && consumption.target == self.ask.target;
        if !same {
            return Err(Refusal::OtherRequest);
        }
        if *consumption.policies != self.ask.policies {
            return Err(Refusal::OtherPolicies);
        }
        let state = State::Consumed { votes: votes.clone() };
        Ok(self.moved(state, now, &[Effect::Record("consumed"), Effect::Forward]))
    }

    fn is_late(&self, now: i64) -> bool {
        match &self.state {
            State::Asked { .. } => now >= self.ask.decide_by_ms,
            State::Granted { until_ms, .. } => now >= *until_ms,
            State::Denied { .. } | State::Expired | State::Consumed { .. } => false,
        }
    }

    fn moved(&self, state: State, now: i64, effects: &[Effect]) -> (Self, Vec<Effect>) {
        let next = Self { ask: self.ask.clone(), state, revision: self.revision.saturating_add(1), latest_ms: now };
        (next, effects.to_vec())
    }

    /// What people were asked.
    #[must_use]
    pub const fn ask(&self) -> &Ask {
        &self.ask
    }

    /// What became of it.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// Grows with each transition; a store replaces only the revision that the transition started from.
    #[must_use]
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// The latest time that it has seen.
    #[must_use]
    pub const fn latest_ms(&self) -> i64 {
        self.latest_ms
    }

    /// When time alone will change it.
    #[must_use]
    pub const fn due_ms(&self) -> Option<i64> {
        match &self.state {
            State::Asked { .. } => Some(self.ask.decide_by_ms),
            State::Granted { until_ms, .. } => Some(*until_ms),
            State::Denied { .. } | State::Expired | State::Consumed { .. } => None,
        }
    }
}

impl State {
    /// One word, for stores and records.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Asked { .. } => "asked",
            Self::Granted { .. } => "granted",
            Self::Denied { .. } => "denied",
            Self::Expired => "expired",
            Self::Consumed { .. } => "consumed",
        }
    }
}

impl Aliases {
    /// Each subject with the person that it stands for.
    #[must_use]
    pub fn new(aliases: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(aliases.into_iter().collect())
    }

    /// The person behind a subject: itself, where no alias is known.
    #[must_use]
    pub fn person<'a>(&'a self, subject: &'a str) -> &'a str {
        self.0.get(subject).map_or(subject, String::as_str)
    }
}

impl AskLimits {
    /// May one more be asked?
    #[must_use]
    pub const fn admits(&self, asked: &Asked) -> bool {
        asked.pending_of_subject < self.pending_of_subject
            && asked.pending < self.pending
            && asked.hourly_of_subject < self.hourly_of_subject
    }
}

impl Default for AskLimits {
    fn default() -> Self {
        Self { pending_of_subject: 5, pending: 200, hourly_of_subject: 20 }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "it is decided already",
            Self::NotGranted => "it is not granted yet",
            Self::Agent => "agents never approve",
            Self::OwnRequest => "who asks does not approve",
            Self::NotInGroup => "the approver is in none of the groups that are asked",
            Self::Again => "this person has approved already",
            Self::Signature => "the signature is not the registered key's",
            Self::Statement => "the signed statement is about something else, or not of now",
            Self::OtherRequest => "the approval is for another request",
            Self::OtherPolicies => "the policies have changed since it was asked for",
        })
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests;
