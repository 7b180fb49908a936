//! Cancel requests: a key that this gateway gave out ends what its own session does, and nothing else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use blackbar_wire::pg::CancelKey;
use bytes::Bytes;
use tokio::sync::Notify;

/// The live sessions of a target, by the keys that their clients have.
#[derive(Default)]
pub(super) struct Cancels {
    live: Mutex<HashMap<i32, Vec<Live>>>,
}

struct Live {
    secret: Bytes,
    wanted: Arc<Notify>,
}

/// A session's entry; it goes with the session.
pub(super) struct Entry {
    cancels: Arc<Cancels>,
    /// What the client is told.
    pub(super) key: CancelKey,
    /// Somebody with the key wants what runs to end.
    pub(super) wanted: Arc<Notify>,
}

/// A secret before protocol 3.2, and since.
const SHORT: usize = 4;
const LONG: usize = 32;

impl Cancels {
    /// Gives a session a key. The process is the server's, as people see it there; the secret is the gateway's.
    pub(super) fn enter(self: &Arc<Self>, process: i32, minor: u16) -> Option<Entry> {
        let mut secret = vec![0; if minor >= 2 { LONG } else { SHORT }];
        getrandom::fill(&mut secret).ok()?;
        let (secret, wanted) = (Bytes::from(secret), Arc::new(Notify::new()));
        let live = Live { secret: secret.clone(), wanted: Arc::clone(&wanted) };
        self.live.lock().unwrap_or_else(PoisonError::into_inner).entry(process).or_default().push(live);
        Some(Entry { cancels: Arc::clone(self), key: CancelKey { process, secret }, wanted })
    }

    /// Tells the session with this key, if there is one. Nobody is told whether there was.
    pub(super) fn want(&self, key: &CancelKey) {
        let live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        for known in live.get(&key.process).into_iter().flatten() {
            if same(&known.secret, &key.secret) {
                known.wanted.notify_one();
            }
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut live = self.cancels.live.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = live.get_mut(&self.key.process) {
            known.retain(|known| !Arc::ptr_eq(&known.wanted, &self.wanted));
            if known.is_empty() {
                live.remove(&self.key.process);
            }
        }
    }
}

/// Compares in a time that does not tell where two differ.
fn same(one: &[u8], other: &[u8]) -> bool {
    let differs = one.iter().zip(other).fold(0u8, |differs, (one, other)| differs | (one ^ other));
    one.len() == other.len() && std::hint::black_box(differs) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(entry: &Entry) -> bool {
        use std::future::Future as _;
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        std::pin::pin!(entry.wanted.notified()).poll(&mut cx).is_ready()
    }

    #[test]
    fn a_key_reaches_its_own_session_only() {
        let cancels = Arc::<Cancels>::default();
        let (one, other) = (cancels.enter(7, 0).unwrap(), cancels.enter(7, 2).unwrap());
        assert_eq!((one.key.secret.len(), other.key.secret.len()), (SHORT, LONG));
        cancels.want(&one.key);
        assert!(wanted(&one) && !wanted(&other));
        cancels.want(&CancelKey { process: 8, secret: one.key.secret.clone() });
        cancels.want(&CancelKey { process: 7, secret: Bytes::from_static(&[0; SHORT]) });
        assert!(!wanted(&one) && !wanted(&other));
        drop((one, other));
        assert!(cancels.live.lock().unwrap().is_empty());
    }
}
