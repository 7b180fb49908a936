//! How long an issuer's keys are believed, and when they are asked for again. Time is an argument.

use std::sync::Arc;

use super::keys::{Key, Keys};

/// The keys of one issuer as last seen.
#[derive(Debug, Default)]
pub(super) struct Cache {
    keys: Option<Arc<Keys>>,
    fetched_ms: i64,
    /// When they were last asked for, with or without an answer.
    tried_ms: Option<i64>,
    /// Somebody is asking right now.
    is_asking: bool,
    /// Grows with each new set, so that what was verified under an old one is verified again.
    generation: u64,
}

/// What the cache says about a key.
#[derive(Debug)]
pub(super) enum Found {
    Key(Key),
    /// The issuer should be asked; whatever it answers, the cache knows more afterwards.
    Ask,
    /// There is no such key, and the issuer was asked a moment ago.
    Unknown,
    /// There are no keys to go by, and the issuer was asked a moment ago.
    Unavailable,
}

const FRESH_MS: i64 = 10 * 60 * 1000;
/// An issuer that is down does not lock everybody out at once.
const STALE_MS: i64 = 24 * 3600 * 1000;
/// However many tokens name a key that nobody knows.
const PAUSE_MS: u64 = 30 * 1000;

impl Cache {
    pub(super) fn find(&self, id: Option<&str>, now_ms: i64) -> Found {
        // Whoever took the time a moment earlier is no later hour.
        let asked_just_now = self.tried_ms.is_some_and(|tried| now_ms.abs_diff(tried) < PAUSE_MS);
        let known = self.keys.as_ref().and_then(|keys| keys.find(id));
        match (self.age(now_ms), known) {
            (Some(age), Some(key)) if age < FRESH_MS => Found::Key(key.clone()),
            _ if !asked_just_now => Found::Ask,
            (Some(age), Some(key)) if age < STALE_MS => Found::Key(key.clone()),
            // Whoever has nothing to go by waits for the answer that is on its way.
            _ if self.is_asking => Found::Ask,
            (Some(age), None) if age < STALE_MS => Found::Unknown,
            _ => Found::Unavailable,
        }
    }

    /// Before asking: counts from here, also when the one who asks goes away before there is an answer.
    pub(super) fn asking(&mut self, now_ms: i64) {
        self.tried_ms = Some(now_ms);
        self.is_asking = true;
    }

    /// After asking, with or without an answer.
    pub(super) fn asked(&mut self) {
        self.is_asking = false;
    }

    pub(super) fn answered(&mut self, keys: Keys, now_ms: i64) {
        self.keys = Some(Arc::new(keys));
        self.fetched_ms = now_ms;
        self.generation += 1;
    }

    pub(super) const fn generation(&self) -> u64 {
        self.generation
    }

    /// A clock that was set back makes keys old, never young.
    fn age(&self, now_ms: i64) -> Option<i64> {
        self.keys.as_ref()?;
        let age = now_ms.saturating_sub(self.fetched_ms);
        Some(if age < 0 { FRESH_MS.max(age.saturating_neg()) } else { age })
    }
}
