//! Fields of a language model's answer that are about the answer, and about nobody.

use blackbar_engine::{ANSWER, Meaning};

use super::hint;

/// When an answer was made, in the names of those who make them.
const TIMES: &[&str] = &[
    "created",
    "created_at",
    "createdAt",
    "createTime",
    "completed_at",
    "cancelled_at",
    "failed_at",
    "incomplete_at",
    "expired_at",
    "expires_at",
    "in_progress_at",
    "started_at",
];

/// Names of objects on the way to them.
const AROUND: &[&str] = &["response", "message", "data", "choices", "delta", "item"];

/// The path below an answer, if it is one.
#[must_use]
pub fn inside<'p, 'n>(path: &'p [&'n [u8]]) -> Option<&'p [&'n [u8]]> {
    path.split_first().filter(|(first, _)| **first == ANSWER).map(|(_, below)| below)
}

/// The meaning of a field `below` an answer that is about the answer.
#[must_use]
pub fn of(below: &[&[u8]]) -> Option<Meaning> {
    let has = |list: &[&str], name: &[u8]| list.iter().any(|one| one.as_bytes() == name);
    let (last, around) = below.split_last()?;
    let technical = has(TIMES, last) && around.iter().all(|name| has(AROUND, name));
    technical.then_some(Meaning { kind: None, confidence: 0, hints: hint::CODE })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_answers_are_nobodys() {
        let path = |path: &'static str| path.split('.').map(str::as_bytes).collect::<Vec<_>>();
        for known in ["created", "response.created_at", "message.created_at"] {
            assert!(of(&path(known)).is_some(), "{known}");
        }
        for other in ["arguments.created_at", "content", "patient.created", "birthDate"] {
            assert!(of(&path(other)).is_none(), "{other}");
        }
        assert_eq!(inside(&[ANSWER, b"created"]), Some(&[&b"created"[..]][..]));
        assert_eq!(inside(&[b"created"]), None);
    }
}
