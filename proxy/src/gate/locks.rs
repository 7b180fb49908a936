//! Who and what is locked out, at once and until somebody unlocks it.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use rusqlite::params;

use super::Identity;
use crate::state::{State, StateError};

/// The locks of one gateway. They survive a restart.
#[derive(Default)]
pub(crate) struct Locks {
    state: Option<Arc<State>>,
    locked: RwLock<BTreeSet<Locked>>,
}

/// What may be locked.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Locked {
    Subject(String),
    Group(String),
    Target(String),
}

impl Locks {
    pub(crate) fn open(state: Arc<State>) -> Result<Self, StateError> {
        let locked = state.transact("the locks could not be read", |db| {
            let mut select = db.prepare("SELECT kind, name FROM locks")?;
            let rows = select.query_map([], |row| Ok(Locked::read(&row.get::<_, String>(0)?, row.get(1)?)))?;
            rows.collect::<Result<Vec<_>, _>>()
        })?;
        Ok(Self { state: Some(state), locked: RwLock::new(locked.into_iter().flatten().collect()) })
    }

    /// Locks it, in force at once. Says whether it was not locked before.
    pub(crate) fn lock(&self, what: &Locked, by: &str, now_ms: i64) -> Result<bool, StateError> {
        self.change("the lock could not be stored", |db| {
            db.execute(
                "INSERT OR IGNORE INTO locks (kind, name, locked_by, since_ms) VALUES (?1, ?2, ?3, ?4)",
                params![what.kind(), what.name(), by, now_ms],
            )
        })?;
        Ok(self.locked.write().unwrap_or_else(PoisonError::into_inner).insert(what.clone()))
    }

    /// Takes a lock away. Says whether there was one.
    pub(crate) fn unlock(&self, what: &Locked) -> Result<bool, StateError> {
        self.change("the lock could not be removed", |db| {
            db.execute("DELETE FROM locks WHERE kind = ?1 AND name = ?2", params![what.kind(), what.name()])
        })?;
        Ok(self.locked.write().unwrap_or_else(PoisonError::into_inner).remove(what))
    }

    /// Everything that is locked.
    pub(crate) fn all(&self) -> BTreeSet<Locked> {
        self.locked.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Is this somebody who is locked out? Everybody who acts for them is as well.
    pub(super) fn bars(&self, identity: &Identity) -> bool {
        let locked = self.locked.read().unwrap_or_else(PoisonError::into_inner);
        if locked.is_empty() {
            return false;
        }
        let subjects = identity.acting_for.iter().chain(&identity.behind).map(String::as_str);
        let mut subjects = subjects.chain([identity.subject.id()]);
        subjects.any(|subject| locked.contains(&Locked::Subject(subject.to_owned())))
            || identity.subject.groups().iter().any(|group| locked.contains(&Locked::Group(group.clone())))
    }

    pub(super) fn bars_target(&self, target: &str) -> bool {
        let locked = self.locked.read().unwrap_or_else(PoisonError::into_inner);
        !locked.is_empty() && locked.contains(&Locked::Target(target.to_owned()))
    }

    fn change(
        &self,
        what: &'static str,
        change: impl FnOnce(&rusqlite::Connection) -> rusqlite::Result<usize>,
    ) -> Result<(), StateError> {
        self.state.as_ref().map_or(Ok(()), |state| state.transact(what, |db| change(db).map(drop)))
    }
}

impl Locked {
    /// `subject`, `group` or `target`, with its name.
    pub(crate) fn read(kind: &str, name: String) -> Option<Self> {
        Some(match kind {
            "subject" => Self::Subject(name),
            "group" => Self::Group(name),
            "target" => Self::Target(name),
            _ => return None,
        })
    }

    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Subject(_) => "subject",
            Self::Group(_) => "group",
            Self::Target(_) => "target",
        }
    }

    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Subject(name) | Self::Group(name) | Self::Target(name) => name,
        }
    }
}

impl fmt::Debug for Locks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Locks({:?})", self.all())
    }
}

#[cfg(test)]
mod tests {
    use blackbar_policy::{Subject, SubjectKind};

    use super::*;

    fn somebody(behind: &[&str]) -> Identity {
        Identity {
            subject: Subject::new(SubjectKind::Agent, "agent-7", ["agents"]),
            authenticated_by: "credential".to_owned(),
            acting_for: BTreeSet::new(),
            behind: behind.iter().map(|name| (*name).to_owned()).collect(),
            expires: None,
            credential: None,
        }
    }

    #[test]
    fn a_lock_bars_whom_it_names_and_whoever_acts_for_them_until_it_is_taken_away() {
        let state = Arc::new(State::in_memory());
        for (what, barred) in [
            (Locked::Subject("agent-7".to_owned()), true),
            (Locked::Subject("alice".to_owned()), true),
            (Locked::Group("agents".to_owned()), true),
            (Locked::Subject("agents".to_owned()), false),
            (Locked::Group("agent-7".to_owned()), false),
            (Locked::Subject("agent".to_owned()), false),
        ] {
            let locks = Locks::open(Arc::clone(&state)).unwrap();
            assert!(!locks.bars(&somebody(&["alice"])));
            assert!(locks.lock(&what, "uid 0", 1).unwrap() && !locks.lock(&what, "uid 0", 2).unwrap());
            for locks in [&locks, &Locks::open(Arc::clone(&state)).unwrap()] {
                assert_eq!(locks.bars(&somebody(&["alice"])), barred, "{what:?}");
            }
            assert!(locks.unlock(&what).unwrap() && !locks.unlock(&what).unwrap());
        }
        let locks = Locks::default();
        locks.lock(&Locked::Target("ehr".to_owned()), "uid 0", 1).unwrap();
        assert!(locks.bars_target("ehr") && !locks.bars_target("fhir") && !locks.bars(&somebody(&[])));
    }
}
