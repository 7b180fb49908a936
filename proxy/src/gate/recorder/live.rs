//! The sessions that are open, and a way to end them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::SystemTime;

use blackbar_ledger::SessionId;

/// Open sessions by their ids.
#[derive(Debug, Default)]
pub(super) struct Live(Mutex<HashMap<SessionId, Entry>>);

#[derive(Debug)]
struct Entry {
    subject: String,
    target: String,
    since: SystemTime,
    /// Of the connection that the session belongs to; gone with it.
    end: Weak<AtomicBool>,
}

/// A session that is open.
#[derive(Clone, Debug)]
pub(crate) struct Open {
    pub(crate) id: SessionId,
    pub(crate) subject: String,
    pub(crate) target: String,
    pub(crate) since: SystemTime,
}

/// Which sessions are meant; everything that is named must fit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) session: Option<SessionId>,
    pub(crate) subject: Option<String>,
    pub(crate) target: Option<String>,
}

/// So many entries are kept before those of connections that are gone are looked for.
const MANY: usize = 1024;

impl Live {
    pub(super) fn add(&self, session: SessionId, subject: &str, target: &str, end: &Arc<AtomicBool>) {
        let mut live = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if live.len() >= MANY && live.len() == live.capacity() {
            live.retain(|_, entry| entry.end.strong_count() > 0);
        }
        let since = SystemTime::now();
        let entry = Entry { subject: subject.to_owned(), target: target.to_owned(), since, end: Arc::downgrade(end) };
        live.insert(session, entry);
    }

    /// How many are open.
    pub(super) fn count(&self) -> u64 {
        let live = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        live.values().filter(|entry| entry.end.strong_count() > 0).count() as u64
    }

    /// Those that are open, the latest first.
    pub(super) fn open(&self) -> Vec<Open> {
        let live = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let open = live.iter().filter(|(_, entry)| entry.end.strong_count() > 0);
        let open = open.map(|(id, entry)| Open {
            id: *id,
            subject: entry.subject.clone(),
            target: entry.target.clone(),
            since: entry.since,
        });
        let mut open: Vec<Open> = open.collect();
        open.sort_by_key(|open| (std::cmp::Reverse(open.since), open.id));
        open
    }

    /// Ends the connections of these sessions; gives their ids.
    pub(super) fn end(&self, wanted: &Wanted) -> Vec<SessionId> {
        let mut live = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut ended = Vec::new();
        live.retain(|id, entry| {
            let Some(end) = entry.end.upgrade() else { return false };
            let fits = wanted.session.is_none_or(|session| session == *id)
                && wanted.subject.as_ref().is_none_or(|subject| *subject == entry.subject)
                && wanted.target.as_ref().is_none_or(|target| *target == entry.target);
            if fits {
                end.store(true, Ordering::Release);
                ended.push(*id);
            }
            !fits
        });
        ended
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_ends_and_what_is_gone_is_forgotten() {
        let live = Live::default();
        let flags: Vec<Arc<AtomicBool>> = (0..4).map(|_| Arc::default()).collect();
        let id = |number: u8| SessionId::from_bytes([number; 16]);
        for (number, flag) in (0..).zip(&flags) {
            live.add(id(number), if number < 2 { "a" } else { "b" }, if number % 2 == 0 { "x" } else { "y" }, flag);
        }
        assert_eq!(live.count(), 4);
        let open: Vec<_> = live.open().iter().map(|open| open.subject.clone()).collect();
        assert_eq!(open.iter().filter(|subject| *subject == "a").count(), 2);
        let wanted = |subject: Option<&str>, target: Option<&str>| Wanted {
            session: None,
            subject: subject.map(str::to_owned),
            target: target.map(str::to_owned),
        };
        assert_eq!(live.end(&wanted(Some("a"), Some("x"))), [id(0)]);
        assert_eq!(live.end(&wanted(Some("a"), Some("x"))), []);
        let ended = |flag: &Arc<AtomicBool>| flag.load(Ordering::Acquire);
        assert_eq!(flags.iter().map(ended).collect::<Vec<_>>(), [true, false, false, false]);
        assert_eq!(live.end(&Wanted { session: Some(id(3)), ..Wanted::default() }), [id(3)]);
        drop(flags);
        assert_eq!(live.count(), 0);
        assert_eq!(live.end(&Wanted::default()), []);
        assert!(live.0.lock().unwrap().is_empty());
    }
}
