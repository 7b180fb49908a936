//! How long a client of HTTP/2 may leave what is sent to it unread. Its connection never blocks: it answers pings and gives a
//! stream no room, so that the clocks of the socket see nothing.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::time::Instant;

/// What is known of one connection.
#[derive(Debug)]
pub(super) struct Patience {
    begun: Instant,
    /// Whether HTTP/2 is spoken.
    spoken: AtomicBool,
    /// When the client last made room or asked for something, in milliseconds since the beginning.
    stirred: AtomicU64,
    /// Requests whose answers have not ended.
    open: Mutex<Vec<Weak<Waiting>>>,
}

/// Since when an answer waits for its client, in milliseconds since the connection began; zero while it does not.
#[derive(Debug)]
pub(super) struct Waiting {
    since: AtomicU64,
    begun: Instant,
}

/// What becomes of a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    /// It goes on.
    Kept,
    /// Nobody has asked for anything for a while.
    Idle,
    /// An answer waits for a client that makes no room for it.
    Stalled,
}

impl Patience {
    pub(super) fn new() -> Self {
        let open = Mutex::new(Vec::new());
        Self { begun: Instant::now(), spoken: AtomicBool::new(false), stirred: AtomicU64::new(0), open }
    }

    /// The client speaks HTTP/2.
    pub(super) fn speaks(&self) {
        self.spoken.store(true, Ordering::Relaxed);
    }

    /// The client made room for more, or asked for something.
    pub(super) fn stirs(&self) {
        self.stirred.store(since(self.begun), Ordering::Relaxed);
    }

    /// A request begins.
    pub(super) fn begins(&self) -> Arc<Waiting> {
        self.stirs();
        let waiting = Arc::new(Waiting { since: AtomicU64::new(0), begun: self.begun });
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|one| one.strong_count() > 0);
        open.push(Arc::downgrade(&waiting));
        waiting
    }

    /// Judges a connection on which nothing may be asked for `idle`, and whose client may leave room for nothing for `unread`.
    pub(super) fn judge(&self, idle: Duration, unread: Duration) -> Verdict {
        self.judged(since(self.begun), idle, unread)
    }

    fn judged(&self, now: u64, idle: Duration, unread: Duration) -> Verdict {
        if !self.spoken.load(Ordering::Relaxed) {
            return Verdict::Kept;
        }
        let stirred = self.stirred.load(Ordering::Relaxed);
        let longer = |since: u64, bound: Duration| Duration::from_millis(now.saturating_sub(since)) > bound;
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let mut live = open.iter().filter_map(Weak::upgrade).peekable();
        if live.peek().is_none() {
            return if longer(stirred, idle) { Verdict::Idle } else { Verdict::Kept };
        }
        let stalled = live.any(|waiting| {
            let since = waiting.since.load(Ordering::Relaxed);
            since != 0 && longer(since.max(stirred), unread)
        });
        if stalled { Verdict::Stalled } else { Verdict::Kept }
    }
}

impl Waiting {
    /// Something was handed out, and the client has not asked for more.
    pub(super) fn waits(&self) {
        self.since.store(since(self.begun).max(1), Ordering::Relaxed);
    }

    /// More is asked for.
    pub(super) fn goes_on(&self) {
        self.since.store(0, Ordering::Relaxed);
    }
}

fn since(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_makes_no_room_is_given_up() {
        let patience = Patience::new();
        let judged = |now: u64| patience.judged(now * 1000, Duration::from_secs(60), Duration::from_secs(10));
        let stirs = |now: u64| patience.stirred.store(now * 1000, Ordering::Relaxed);
        assert_eq!(judged(1000), Verdict::Kept, "other protocols have other clocks");
        patience.speaks();
        assert_eq!(judged(1000), Verdict::Idle);
        let (one, other) = (patience.begins(), patience.begins());
        stirs(0);
        assert_eq!(judged(1000), Verdict::Kept, "the upstream takes its time");
        other.since.store(1_000_000, Ordering::Relaxed);
        assert_eq!(judged(1009), Verdict::Kept);
        stirs(1009);
        assert_eq!(judged(1018), Verdict::Kept, "it reads slowly");
        assert_eq!(judged(1020), Verdict::Stalled);
        other.goes_on();
        assert_eq!(judged(1020), Verdict::Kept);
        drop(other);
        assert_eq!(judged(1100), Verdict::Kept, "the upstream takes its time");
        one.waits();
        drop(one);
        assert_eq!((judged(1069), judged(1070)), (Verdict::Kept, Verdict::Idle));
    }
}
