//! Emergency access: somebody who was enrolled breaks the glass with signed words, everybody is told, and the next time is
//! only after somebody else has signed that they looked at it. Asks no issuer of tokens.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use blackbar_engine::Raw;
use blackbar_ledger::{Details, Kind, Outcome};
use blackbar_policy::approval::{ApproverKey, Signed as _};
use blackbar_policy::emergency::{Invocation, Refusal, Review, Reviewer, Use};
use blackbar_policy::{Subject, SubjectKind};

use super::known::now_ms;
use super::recorder::{Recorder, Statement as Recorded};
use super::{Gate, Locked};
use crate::config::notify::Event;
use crate::identity::Method;
use crate::identity::credentials::{Credentials, Request, Rules, Which};
use crate::notes;
use crate::notify::{Notice, Teller};
use crate::state::StateError;
use crate::state::emergencies::{Emergencies, Stored};

/// What emergency access is given out by.
pub(crate) struct Glass {
    uses: Emergencies,
    credentials: Arc<Credentials>,
    recorder: Arc<Recorder>,
    teller: Arc<Teller>,
    /// The name of the log: what is signed counts here only.
    gateway: String,
    /// One at a time: what was looked up is still so when it is stored.
    using: Mutex<()>,
}

/// What somebody says who breaks the glass, with the signature over it.
#[derive(Clone, Debug)]
pub(crate) struct Invoked {
    pub(crate) key: ApproverKey,
    pub(crate) ticket: String,
    pub(crate) reason: String,
    pub(crate) at_ms: i64,
    pub(crate) signature: [u8; 64],
}

/// What a reviewer says of it.
#[derive(Clone, Debug)]
pub(crate) struct Reviewed {
    pub(crate) used: String,
    pub(crate) key: ApproverKey,
    pub(crate) finding: String,
    pub(crate) at_ms: i64,
    pub(crate) signature: [u8; 64],
}

/// Why the glass did not break, or a review does not count.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Shut {
    /// Nobody with this key is enrolled, or reviews.
    Key,
    /// There is no such use.
    Unknown,
    /// The reason or the ticket is none.
    Words,
    /// Locked out.
    Locked,
    /// What the rules say.
    Refused(Refusal),
    /// It is not configured, or nothing can be stored, recorded or told.
    Unavailable(String),
}

impl Glass {
    pub(crate) fn new(
        uses: Emergencies,
        credentials: Arc<Credentials>,
        recorder: Arc<Recorder>,
        teller: Arc<Teller>,
        gateway: String,
    ) -> Self {
        Self { uses, credentials, recorder, teller, gateway, using: Mutex::default() }
    }

    fn tell(&self, title: &'static str, used: &Use, who: &str) -> Result<(), StateError> {
        let minutes = used.until_ms.saturating_sub(now_ms()).max(0) / 60_000;
        let notice = Notice::new(Event::BreakGlass, title)
            .fact("emergency", &used.id)
            .fact("person", &used.subject)
            .fact("ticket", &used.ticket)
            .fact("minutes left", &minutes.to_string())
            .fact("reviewed by", who);
        self.teller.tell(notice)
    }
}

impl Gate {
    /// The name that what is signed for this gateway has in it.
    pub(crate) fn signs_as(&self) -> Result<&str, Shut> {
        Ok(self.glass()?.gateway.as_str())
    }

    /// Who is enrolled with this key, and for how many seconds it lets in.
    pub(crate) fn enrolled(&self, key: &ApproverKey) -> Option<(String, u64)> {
        let state = self.state.load();
        let emergency = state.people.emergency()?;
        Some((emergency.of_key(key)?.to_owned(), emergency.ttl.as_secs()))
    }

    /// The latest uses, the newest first.
    pub(crate) fn emergencies(&self, most: u32) -> Result<Vec<Stored>, Shut> {
        self.glass()?.uses.latest(most).map_err(unavailable)
    }

    /// One of them.
    pub(crate) fn emergency(&self, id: &str) -> Result<Stored, Shut> {
        self.glass()?.uses.find(id).map_err(unavailable)?.ok_or(Shut::Unknown)
    }

    /// How many wait for a review.
    pub(crate) fn unreviewed(&self) -> u64 {
        self.glass.as_ref().and_then(|glass| glass.uses.unreviewed().ok()).unwrap_or_default()
    }

    /// Lets somebody in. The secret of their credential, and the use; both are worth nothing before everybody is told.
    pub(crate) fn break_glass(&self, said: &Invoked) -> Result<(String, Use), Shut> {
        let glass = self.glass()?;
        let state = self.state.load();
        let emergency = state.people.emergency().ok_or_else(not_configured)?;
        let subject = emergency.of_key(&said.key).ok_or(Shut::Key)?;
        if !glass.teller.tells(Event::BreakGlass) {
            return Err(Shut::Unavailable("nobody would be told: start the gateway again with its [[notify]]".into()));
        }
        let invocation =
            Invocation::new(glass.gateway.as_str(), subject, said.ticket.as_str(), said.reason.as_str(), said.at_ms);
        let invocation = invocation.map_err(|_| Shut::Words)?;
        if !blackbar_policy::emergency::is_ticket(&said.ticket) {
            return Err(Shut::Words);
        }
        let one_at_a_time = glass.using.lock().unwrap_or_else(PoisonError::into_inner);
        let known = glass.uses.of(subject).map_err(unavailable)?;
        let now = now_ms();
        let judged = invocation.admit(self.kind_of(subject), &said.key, &said.signature, &known, now);
        let locked = self.locks.all();
        let barred = locked.contains(&Locked::Subject(subject.to_owned()))
            || locked.contains(&Locked::Group(emergency.group.clone()));
        let facts = Details::new()
            .text("did", "break-glass")
            .text("ticket", said.ticket.as_str())
            .text("key", said.key.to_string())
            .text("signature", hex(&said.signature));
        let recorded = Recorded::begin(&glass.recorder, subject, "gateway", &invocation.words(), facts);
        let recorded = recorded.map_err(|error| Shut::Unavailable(error.to_string()))?;
        let judged = judged.map_err(Shut::Refused).and(if barred { Err(Shut::Locked) } else { Ok(()) });
        if let Err(shut) = judged {
            let details = Details::new().text("did", "break-glass").text("why", shut.to_string());
            let ended = recorded.end(Kind::AuthFail, Outcome::Denied, details);
            return Err(ended.map_or_else(|error| Shut::Unavailable(error.to_string()), |()| shut));
        }

        let ttl_ms = i64::try_from(emergency.ttl.as_millis()).unwrap_or(i64::MAX);
        let approving = state.policies.set().approving_groups();
        let request = Request {
            subject: Subject::new(SubjectKind::User, subject, [emergency.group.clone()]),
            actors: &[],
            issued_by: subject,
            ttl_ms,
            method: Method::BreakGlass,
            proved: false,
        };
        let rules = Rules { max_ttl_ms: ttl_ms, approving_groups: &approving };
        let issued = glass.credentials.issue(&request, &rules, now);
        let (secret, credential) = issued.map_err(|error| Shut::Unavailable(error.to_string()))?;
        let mut id = [0; 8];
        let random = getrandom::fill(&mut id).map_err(|_| Shut::Unavailable("there is no randomness".to_owned()));
        let used = Use {
            id: format!("bg-{}", id.map(|byte| format!("{byte:02x}")).concat()),
            subject: subject.to_owned(),
            ticket: said.ticket.clone(),
            at_ms: said.at_ms,
            until_ms: credential.expires_ms,
            reviewed_by: None,
        };
        let reason = self.redacted_line(&said.reason);
        let stored = Stored { used: used.clone(), reason, credential: credential.id.clone() };
        let details = Details::new()
            .text("did", "break-glass")
            .text("emergency", used.id.as_str())
            .text("ticket", used.ticket.as_str())
            .text("credential", credential.id.as_str())
            .number("seconds", emergency.ttl.as_secs());
        // Stored first: from here on it has to be reviewed, whatever else fails.
        let done = random
            .and_then(|()| glass.uses.add(&stored).map_err(unavailable))
            .and_then(|()| {
                let ended = recorded.end(Kind::Alarm, Outcome::Success, details);
                ended.map_err(|error| Shut::Unavailable(error.to_string()))
            })
            .and_then(|()| glass.tell("somebody broke the glass", &used, "").map_err(unavailable));
        drop(one_at_a_time);
        if let Err(shut) = done {
            let _ = glass.credentials.revoke(&Which::Id(&credential.id), now);
            return Err(shut);
        }
        notes::note(format_args!("{subject} broke the glass: {}, ticket {}", used.id, used.ticket));
        Ok((secret.expose().to_owned(), used))
    }

    /// Somebody else has looked at it. What was said and signed is on disk before it changes anything.
    pub(crate) fn review_emergency(&self, said: &Reviewed) -> Result<Use, Shut> {
        let glass = self.glass()?;
        let state = self.state.load();
        let emergency = state.people.emergency().ok_or_else(not_configured)?;
        let person = state.people.of_key(&said.key).ok_or(Shut::Key)?;
        let used = self.emergency(&said.used)?.used;
        let review =
            Review::new(glass.gateway.as_str(), &used, person.subject.as_str(), said.finding.as_str(), said.at_ms);
        let review = review.map_err(|_| Shut::Words)?;
        let reviewer = Reviewer {
            subject: &person.subject,
            kind: self.kind_of(&person.subject),
            groups: &person.groups,
            key: &person.key,
            aliases: state.people.aliases(),
            needed: &emergency.reviewers,
        };
        let judged = review.admit(&used, &reviewer, &said.signature, now_ms());
        let facts = Details::new()
            .text("did", "break-glass.review")
            .text("emergency", used.id.as_str())
            .text("key", said.key.to_string())
            .text("signature", hex(&said.signature));
        let recorded = Recorded::begin(&glass.recorder, &person.subject, "gateway", &review.words(), facts);
        let recorded = recorded.map_err(|error| Shut::Unavailable(error.to_string()))?;
        let applied = judged.and_then(|by| match glass.uses.review(&used.id, &by, now_ms()) {
            Ok(true) => Ok(Ok(by)),
            Ok(false) => Err(Refusal::Closed),
            Err(error) => Ok(Err(unavailable(error))),
        });
        let details = Details::new().text("did", "break-glass.review").text("emergency", used.id.as_str());
        let (kind, outcome, details) = match &applied {
            Ok(Ok(_)) => (Kind::ConfigChange, Outcome::Success, details),
            Ok(Err(shut)) => (Kind::AuthFail, Outcome::Failed, details.text("why", shut.to_string())),
            Err(refusal) => (Kind::AuthFail, Outcome::Denied, details.text("why", refusal.to_string())),
        };
        recorded.end(kind, outcome, details).map_err(|error| Shut::Unavailable(error.to_string()))?;
        let by = applied.map_err(Shut::Refused)??;
        glass.tell("a use of emergency access was reviewed", &used, &by).map_err(unavailable)?;
        Ok(Use { reviewed_by: Some(by), ..used })
    }

    fn glass(&self) -> Result<&Glass, Shut> {
        self.glass.as_ref().ok_or_else(not_configured)
    }

    /// Whoever this gateway knows as an agent is none of the people, whatever the configuration says.
    fn kind_of(&self, subject: &str) -> SubjectKind {
        if self.authenticator.is_agent(subject) { SubjectKind::Agent } else { SubjectKind::User }
    }

    /// Words of a person, as others may see them.
    fn redacted_line(&self, text: &str) -> String {
        let line = self.lines_of_record().map(|mut lines| lines.line(Raw::from(text.as_bytes().to_vec())));
        line.map_or_else(|| "(withheld)".to_owned(), |line| String::from_utf8_lossy(&line).into_owned())
    }
}

fn not_configured() -> Shut {
    Shut::Unavailable("there is no [break_glass] in the gateway's configuration".to_owned())
}

fn unavailable(error: StateError) -> Shut {
    Shut::Unavailable(error.to_string())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl fmt::Display for Shut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key => f.write_str("nobody with this key is enrolled in the gateway's configuration"),
            Self::Unknown => f.write_str("there is no such use of emergency access"),
            Self::Words => f.write_str(
                "a reason of 1 to 1,000 characters is needed, and a ticket of up to 64 letters, digits and - _ . / # :",
            ),
            Self::Locked => f.write_str("locked out"),
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Unavailable(why) => f.write_str(why),
        }
    }
}

impl fmt::Debug for Glass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Glass({})", self.gateway)
    }
}
