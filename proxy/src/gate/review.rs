//! What reviewers see and say. Who says what is proved by a signature over words that a person can read.

use std::fmt;

use blackbar_ledger::{Details, Kind, Outcome};
use blackbar_policy::SubjectKind;
use blackbar_policy::approval::{Approval, Approver, ApproverKey, Event, Meaning, Refusal, Statement};

use super::Gate;
use super::holds::Holds;
use super::known::now_ms;
use super::recorder::Statement as Recorded;
use crate::state::approvals::Stored;

/// What a reviewer says about an approval, with the signature over [`Statement::text`].
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) approval: String,
    pub(crate) key: ApproverKey,
    pub(crate) meaning: Meaning,
    pub(crate) reason: String,
    pub(crate) at_ms: i64,
    pub(crate) signature: [u8; 64],
}

/// Why a reviewer's word changed nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Unheard {
    /// There is no such approval.
    Unknown,
    /// No approver of the configuration has this key.
    Key,
    /// The reason is empty or too long.
    Reason,
    /// What the state machine says.
    Refused(Refusal),
    /// Nobody is asked here, or nothing can be stored or recorded.
    Unavailable(String),
}

impl Gate {
    /// The latest approvals, the newest first.
    pub(crate) fn approvals(&self, most: u32) -> Result<Vec<Stored>, Unheard> {
        let holds = self.reviewed()?;
        holds.tick(now_ms());
        holds.store().latest(most).map_err(unavailable)
    }

    /// How many requests wait for people.
    pub(crate) fn waiting(&self) -> usize {
        let asked = |stored: &Stored| stored.approval.state().name() == "asked";
        let open = self.holds.as_ref().and_then(|holds| holds.store().open(None).ok());
        open.map_or(0, |open| open.iter().filter(|stored| asked(stored)).count())
    }

    /// One of them.
    pub(crate) fn approval(&self, id: &str) -> Result<Stored, Unheard> {
        self.reviewed()?.find(id, now_ms()).map_err(unavailable)?.ok_or(Unheard::Unknown)
    }

    /// Whose key this is.
    pub(crate) fn reviewer(&self, key: &ApproverKey) -> Option<String> {
        self.state.load().people.of_key(key).map(|reviewer| reviewer.subject.clone())
    }

    /// Whether an approval was asked for under the policies that are in force. One of others lifts nothing.
    pub(crate) fn is_in_force(&self, approval: &Approval) -> bool {
        approval.ask().policies == *self.state.load().policies.set().hash()
    }

    /// Somebody decides. What was said and signed is on disk before it changes anything.
    pub(crate) fn decide(&self, said: &Said) -> Result<Approval, Unheard> {
        let holds = self.reviewed()?;
        let known = self.approval(&said.approval)?;
        let state = self.state.load();
        let reviewer = state.people.of_key(&said.key).ok_or(Unheard::Key)?;
        let ask = known.approval.ask();
        let statement = Statement::new(ask, said.meaning, reviewer.subject.as_str(), said.reason.as_str(), said.at_ms);
        let statement = statement.map_err(|_| Unheard::Reason)?;
        if ask.policies != *state.policies.set().hash() {
            return Err(Unheard::Refused(Refusal::OtherPolicies));
        }
        // Whoever this gateway knows as an agent is none of the people, whatever the configuration says.
        let kind = if self.authenticator.is_agent(&reviewer.subject) { SubjectKind::Agent } else { SubjectKind::User };
        let approver = Approver {
            subject: &reviewer.subject,
            kind,
            groups: &reviewer.groups,
            key: &reviewer.key,
            aliases: state.people.aliases(),
        };
        let event = Event::Decide { approver: &approver, statement: &statement, signature: &said.signature };
        // Judged first without changing anything: what does not count is recorded as such.
        let judged = known.approval.apply(&event, now_ms());
        let signature: String = said.signature.iter().map(|byte| format!("{byte:02x}")).collect();
        let facts = Details::new()
            .text("approval", ask.id.as_str())
            .text("says", if said.meaning == Meaning::Approve { "approve" } else { "deny" })
            .text("key", reviewer.key.to_string())
            .text("signature", signature);
        let recorder = holds.recorder();
        let recorded = Recorded::begin(recorder, &reviewer.subject, &ask.target, &statement.text(), facts);
        let recorded = recorded.map_err(|error| Unheard::Unavailable(error.to_string()))?;
        let applied = match judged {
            Ok(_) => holds.apply(&said.approval, &event, now_ms()).map_err(unavailable)?,
            Err(refusal) => Err(refusal),
        };
        let (kind, outcome) = match &applied {
            Ok((next, _)) => match next.state().name() {
                "granted" => (Kind::DecisionGranted, Outcome::Success),
                "denied" => (Kind::DecisionDenied, Outcome::Denied),
                "expired" => (Kind::DecisionExpired, Outcome::Denied),
                _ => (Kind::DecisionAsked, Outcome::Held),
            },
            Err(_) => (Kind::AuthFail, Outcome::Denied),
        };
        let mut details = Details::new().text("approval", ask.id.as_str());
        if let Err(refusal) = &applied {
            details = details.text("why", refusal.to_string());
        }
        recorded.end(kind, outcome, details).map_err(|error| Unheard::Unavailable(error.to_string()))?;
        match applied {
            Ok((next, _)) if next.state().name() == "expired" => Err(Unheard::Refused(Refusal::Closed)),
            Ok((next, _)) => Ok(next),
            Err(refusal) => Err(Unheard::Refused(refusal)),
        }
    }

    fn reviewed(&self) -> Result<&Holds, Unheard> {
        self.holds.as_deref().ok_or_else(|| Unheard::Unavailable("nobody is asked here".to_owned()))
    }
}

fn unavailable(error: crate::state::StateError) -> Unheard {
    Unheard::Unavailable(error.to_string())
}

impl fmt::Display for Unheard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("there is no such approval"),
            Self::Key => f.write_str("no [[approver]] of the gateway's configuration has this key"),
            Self::Reason => f.write_str("a reason of 1 to 1,000 characters is needed"),
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Unavailable(why) => f.write_str(why),
        }
    }
}
