//! Emergency access: who was enrolled before may come in with words of their own, signed, and once; the next time only after
//! somebody else has looked at the last one and said so.
//!
//! ```text
//!                invoke                review
//!   (no use) ─────────────▶ unreviewed ────────▶ reviewed ──▶ invoke …
//! ```
//!
//! Everything here is a function of what is known and the time. Nothing depends on an issuer of tokens: an emergency may be
//! that there is none.

use std::collections::BTreeSet;
use std::fmt;

use crate::approval::statement::{checked, line};
use crate::approval::{Aliases, ApproverKey, STATEMENT_SKEW_MS, Signed, TextError};
use crate::question::SubjectKind;

/// What somebody signs to come in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Invocation {
    /// The gateway that it is said to, by the name of its log: it counts at no other.
    pub gateway: String,
    /// Who comes in.
    pub subject: String,
    /// The ticket under which others find out about it.
    pub ticket: String,
    /// Why, in words.
    pub reason: String,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
}

/// What somebody else signs afterwards.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Review {
    /// The gateway, by the name of its log.
    pub gateway: String,
    /// Which use.
    pub used: String,
    /// Who used it.
    pub subject: String,
    /// Its ticket.
    pub ticket: String,
    /// Who has looked at it.
    pub reviewer: String,
    /// What was found, in words.
    pub finding: String,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
}

/// One use of emergency access.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Use {
    /// Its id.
    pub id: String,
    /// Who used it.
    pub subject: String,
    /// Its ticket.
    pub ticket: String,
    /// When it was signed.
    pub at_ms: i64,
    /// Until when it lets them in.
    pub until_ms: i64,
    /// The person who has looked at it.
    pub reviewed_by: Option<String>,
}

/// Who reviews, as known at that moment.
#[derive(Clone, Copy, Debug)]
pub struct Reviewer<'a> {
    /// The id of the subject.
    pub subject: &'a str,
    /// A program or a person.
    pub kind: SubjectKind,
    /// The groups.
    pub groups: &'a BTreeSet<String>,
    /// The key that is registered.
    pub key: &'a ApproverKey,
    /// Which subjects are the same person.
    pub aliases: &'a Aliases,
    /// The group that reviews.
    pub needed: &'a str,
}

/// Why nobody was let in, or why a review does not count.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// An agent: an emergency is for people.
    Agent,
    /// This earlier use was not reviewed.
    Unreviewed(String),
    /// The words were used before, or are older than ones that were.
    Replayed,
    /// The words are about something else, or not of now.
    Statement,
    /// The signature is not the enrolled key's.
    Signature,
    /// Who came in does not review it.
    OwnUse,
    /// The reviewer is not in the group.
    NotInGroup,
    /// It was reviewed already.
    Closed,
}

const LONGEST_TICKET: usize = 64;

/// A ticket is a short plain name, for it goes where nobody redacts: to the log, and to those who are told.
#[must_use]
pub fn is_ticket(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '#' | ':');
    !text.is_empty() && text.len() <= LONGEST_TICKET && text.chars().all(plain)
}

impl Invocation {
    /// Checks that there is a reason.
    pub fn new(
        gateway: impl Into<String>,
        subject: impl Into<String>,
        ticket: impl Into<String>,
        reason: impl Into<String>,
        at_ms: i64,
    ) -> Result<Self, TextError> {
        let (gateway, subject, ticket) = (gateway.into(), subject.into(), ticket.into());
        Ok(Self { gateway, subject, ticket, reason: checked(reason.into())?, at_ms })
    }

    /// May they come in? `uses`: all of this person's that are known.
    pub fn admit(
        &self,
        kind: SubjectKind,
        key: &ApproverKey,
        signature: &[u8; 64],
        uses: &[Use],
        now_ms: i64,
    ) -> Result<(), Refusal> {
        if kind == SubjectKind::Agent {
            return Err(Refusal::Agent);
        }
        if !is_now(self.at_ms, now_ms) || !is_ticket(&self.ticket) {
            return Err(Refusal::Statement);
        }
        if !key.verifies(self, signature) {
            return Err(Refusal::Signature);
        }
        if let Some(open) = uses.iter().find(|used| used.reviewed_by.is_none()) {
            return Err(Refusal::Unreviewed(open.id.clone()));
        }
        // Words are good once: each must be younger than all before.
        if uses.iter().any(|used| used.at_ms >= self.at_ms) { Err(Refusal::Replayed) } else { Ok(()) }
    }
}

impl Signed for Invocation {
    fn words(&self) -> String {
        let mut text = String::from(
            "blackbar emergency access 1\n\
             meaning: I break the glass. I know that everybody is told and that what I do is recorded and reviewed.\n",
        );
        line(&mut text, "gateway", &self.gateway);
        line(&mut text, "subject", &self.subject);
        line(&mut text, "ticket", &self.ticket);
        line(&mut text, "reason", &self.reason);
        text.push_str(&format!("at: {} ms since 1970\n", self.at_ms));
        text
    }
}

impl Review {
    /// What a reviewer says of a use.
    pub fn new(
        gateway: impl Into<String>,
        used: &Use,
        reviewer: impl Into<String>,
        finding: impl Into<String>,
        at_ms: i64,
    ) -> Result<Self, TextError> {
        Ok(Self {
            gateway: gateway.into(),
            used: used.id.clone(),
            subject: used.subject.clone(),
            ticket: used.ticket.clone(),
            reviewer: reviewer.into(),
            finding: checked(finding.into())?,
            at_ms,
        })
    }

    /// Does it count? Gives the person who has reviewed.
    pub fn admit(
        &self,
        used: &Use,
        reviewer: &Reviewer<'_>,
        signature: &[u8; 64],
        now_ms: i64,
    ) -> Result<String, Refusal> {
        if reviewer.kind == SubjectKind::Agent {
            return Err(Refusal::Agent);
        }
        let about = (&self.used, &self.subject, &self.ticket) == (&used.id, &used.subject, &used.ticket);
        if !about || self.reviewer != reviewer.subject || !is_now(self.at_ms, now_ms) {
            return Err(Refusal::Statement);
        }
        if !reviewer.key.verifies(self, signature) {
            return Err(Refusal::Signature);
        }
        let person = reviewer.aliases.person(reviewer.subject);
        if reviewer.aliases.person(&used.subject) == person {
            return Err(Refusal::OwnUse);
        }
        if !reviewer.groups.contains(reviewer.needed) {
            return Err(Refusal::NotInGroup);
        }
        if used.reviewed_by.is_some() { Err(Refusal::Closed) } else { Ok(person.to_owned()) }
    }
}

impl Signed for Review {
    fn words(&self) -> String {
        let mut text = String::from(
            "blackbar review of emergency access 1\n\
             meaning: I have looked at what was done, and say what I found.\n",
        );
        line(&mut text, "gateway", &self.gateway);
        line(&mut text, "used", &self.used);
        line(&mut text, "subject", &self.subject);
        line(&mut text, "ticket", &self.ticket);
        line(&mut text, "reviewer", &self.reviewer);
        line(&mut text, "finding", &self.finding);
        text.push_str(&format!("at: {} ms since 1970\n", self.at_ms));
        text
    }
}

fn is_now(at_ms: i64, now_ms: i64) -> bool {
    at_ms.checked_sub(now_ms).is_some_and(|skew| skew.abs() <= STATEMENT_SKEW_MS)
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agent => f.write_str("emergency access is for people"),
            Self::Unreviewed(id) => write!(f, "{id} has to be reviewed first"),
            Self::Replayed => f.write_str("these words were used before"),
            Self::Statement => f.write_str("the signed words are about something else, or not of now"),
            Self::Signature => f.write_str("the signature is not the enrolled key's"),
            Self::OwnUse => f.write_str("who came in does not review it"),
            Self::NotInGroup => f.write_str("the reviewer is not in the group that reviews"),
            Self::Closed => f.write_str("it was reviewed already"),
        }
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::approval::ApproverSecret;

    const NOW: i64 = 1_795_266_305_000;

    fn nurse() -> ApproverSecret {
        ApproverSecret::from_seed(&[1; 32])
    }

    fn invocation(at_ms: i64) -> Invocation {
        Invocation::new("log/1", "nurse-1", "INC-7", "the issuer is down, a patient is here", at_ms).unwrap()
    }

    fn used(at_ms: i64, reviewed_by: Option<&str>) -> Use {
        Use {
            id: format!("bg-{at_ms}"),
            subject: "nurse-1".to_owned(),
            ticket: "INC-7".to_owned(),
            at_ms,
            until_ms: at_ms + 1,
            reviewed_by: reviewed_by.map(str::to_owned),
        }
    }

    #[test]
    fn an_enrolled_person_comes_in_once_until_it_is_reviewed() {
        let key = nurse().public();
        let said = invocation(NOW);
        let signature = nurse().sign(&said);
        let admit = |uses: &[Use], now| said.admit(SubjectKind::User, &key, &signature, uses, now);
        assert_eq!(admit(&[], NOW), Ok(()));
        assert_eq!(admit(&[used(NOW - 5, None)], NOW), Err(Refusal::Unreviewed(format!("bg-{}", NOW - 5))));
        assert_eq!(admit(&[used(NOW - 5, Some("officer"))], NOW), Ok(()));
        // The same words again, after a quick review; and older ones.
        assert_eq!(admit(&[used(NOW, Some("officer"))], NOW), Err(Refusal::Replayed));
        assert_eq!(admit(&[used(NOW + 1, Some("officer"))], NOW), Err(Refusal::Replayed));
        for far in [NOW + STATEMENT_SKEW_MS + 1, NOW - STATEMENT_SKEW_MS - 1, i64::MIN, i64::MAX] {
            assert_eq!(admit(&[], far), Err(Refusal::Statement));
        }
        assert_eq!(said.admit(SubjectKind::Agent, &key, &signature, &[], NOW), Err(Refusal::Agent));
    }

    #[test]
    fn a_signature_counts_for_its_very_words() {
        let key = nurse().public();
        let said = invocation(NOW);
        let signature = nurse().sign(&said);
        let others = [
            Invocation { gateway: "log/2".to_owned(), ..said.clone() },
            Invocation { subject: "nurse-2".to_owned(), ..said.clone() },
            Invocation { ticket: "INC-8".to_owned(), ..said.clone() },
            Invocation { reason: "fun\"\nticket: \"INC-7".to_owned(), ..said.clone() },
            Invocation { at_ms: NOW + 1, ..said.clone() },
        ];
        for other in others {
            assert_eq!(other.admit(SubjectKind::User, &key, &signature, &[], NOW), Err(Refusal::Signature));
        }
        let stranger = ApproverSecret::from_seed(&[2; 32]).sign(&said);
        assert_eq!(said.admit(SubjectKind::User, &key, &stranger, &[], NOW), Err(Refusal::Signature));
        let spelt = Invocation { ticket: "INC 7\n".to_owned(), ..said };
        let signature = nurse().sign(&spelt);
        assert_eq!(spelt.admit(SubjectKind::User, &key, &signature, &[], NOW), Err(Refusal::Statement));
        assert_eq!(Invocation::new("g", "s", "t", "  ", NOW), Err(TextError));
    }

    #[test]
    fn somebody_else_of_the_group_reviews_once() {
        let officer = ApproverSecret::from_seed(&[3; 32]);
        let groups: BTreeSet<String> = ["privacy-officers".to_owned()].into();
        let none = BTreeSet::new();
        let aliases = Aliases::new([("officer-2".to_owned(), "nurse-1".to_owned())]);
        let key = officer.public();
        let reviewer = Reviewer {
            subject: "officer-1",
            kind: SubjectKind::User,
            groups: &groups,
            key: &key,
            aliases: &aliases,
            needed: "privacy-officers",
        };
        let of = used(NOW - 5, None);
        let said = Review::new("log/1", &of, "officer-1", "it was needed", NOW).unwrap();
        let signature = officer.sign(&said);
        assert_eq!(said.admit(&of, &reviewer, &signature, NOW), Ok("officer-1".to_owned()));
        let refused = |used: &Use, reviewer: &Reviewer<'_>| {
            let said = Review { reviewer: reviewer.subject.to_owned(), ..said.clone() };
            said.admit(used, reviewer, &officer.sign(&said), NOW).unwrap_err()
        };
        assert_eq!(refused(&of, &Reviewer { kind: SubjectKind::Agent, ..reviewer }), Refusal::Agent);
        assert_eq!(refused(&of, &Reviewer { groups: &none, ..reviewer }), Refusal::NotInGroup);
        assert_eq!(refused(&of, &Reviewer { subject: "officer-2", ..reviewer }), Refusal::OwnUse);
        assert_eq!(refused(&used(NOW - 6, None), &reviewer), Refusal::Statement);
        assert_eq!(refused(&used(NOW - 5, Some("officer-1")), &reviewer), Refusal::Closed);
        // What was signed as one thing is nothing else.
        let altered = Review { finding: "it was not".to_owned(), ..said.clone() };
        assert_eq!(altered.admit(&of, &reviewer, &signature, NOW), Err(Refusal::Signature));
        assert_ne!(said.words().lines().next(), invocation(NOW).words().lines().next());
    }
}
