//! What leaves is counted, by request and by identity and hour, before it leaves.
//!
//! Whose data leaves is known by keyed tokens: equal for equal ones, under a key that this process made and nobody stores.
//! Counts end with the process.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use blackbar_policy::PolicyId;
use blackbar_policy::fuse::{self, Amounts, Blown, FuseLimits, HourFuse, Measure, RequestFuse, Span, Take, Token};
use ring::hmac;

use super::known::now_ms;

/// The fuses of one gateway.
pub(super) struct Fuses {
    key: Option<hmac::Key>,
    hours: Mutex<HashMap<String, Arc<Mutex<HourFuse>>>>,
}

/// Counts what one request takes, and its identity with it.
pub(crate) struct Counter {
    limits: FuseLimits,
    request: Mutex<RequestFuse>,
    hour: Arc<Mutex<HourFuse>>,
    key: hmac::Key,
}

/// Identities that are remembered before idle ones are forgotten.
const MANY: usize = 4096;

impl Default for Fuses {
    fn default() -> Self {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &ring::rand::SystemRandom::new()).ok();
        Self { key, hours: Mutex::default() }
    }
}

impl Fuses {
    /// Counts for one request of a subject. `None`: nothing is limited. Without random bytes for a key nothing may leave.
    pub(super) fn counter(&self, limits: FuseLimits, subject: &str) -> Result<Option<Arc<Counter>>, &'static str> {
        if limits == FuseLimits::default() {
            return Ok(None);
        }
        let key = self.key.clone().ok_or("the system gives no random bytes for the fuses")?;
        let mut hours = locked(&self.hours);
        if hours.len() > MANY {
            let now = now_ms();
            hours.retain(|_, hour| Arc::strong_count(hour) > 1 || !locked(hour).is_idle(now));
        }
        let hour = hours.entry(subject.to_owned()).or_insert_with(|| Arc::new(Mutex::new(HourFuse::new(limits.hour))));
        let hour = Arc::clone(hour);
        drop(hours);
        Ok(Some(Arc::new(Counter { limits, request: Mutex::new(RequestFuse::new(limits.request)), hour, key })))
    }
}

impl Counter {
    /// This is about to leave; on an error it must not.
    pub(crate) fn take(&self, rows: u64, bytes: usize, subjects: &[Token]) -> Result<(), Blown> {
        let take = Take { rows, bytes: bytes as u64, subjects };
        let (mut request, mut hour) = (locked(&self.request), locked(&self.hour));
        hour.limit(self.limits.hour);
        fuse::take(&mut request, &mut hour, take, now_ms())
    }

    /// These values are about to be tried.
    pub(crate) fn probe(&self, values: &[Token]) -> Result<(), Blown> {
        let (mut request, mut hour) = (locked(&self.request), locked(&self.hour));
        hour.limit(self.limits.hour);
        fuse::probe(&mut request, &mut hour, values, now_ms())
    }

    /// Whether it counts whose data leaves.
    pub(crate) const fn counts_subjects(&self) -> bool {
        self.limits.request.subjects.is_some() || self.limits.hour.subjects.is_some()
    }

    /// What stands for a value here.
    pub(crate) fn token(&self, parts: &[&[u8]]) -> Token {
        let mut context = hmac::Context::with_key(&self.key);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut token = [0; 16];
        token.copy_from_slice(&context.sign().as_ref()[..16]);
        Token(token)
    }
}

/// The limits of a request: those of all, and what its permits say.
pub(super) fn limits(all: FuseLimits, limit_rows: Option<u64>) -> FuseLimits {
    let rows = all.request.rows.into_iter().chain(limit_rows).min();
    FuseLimits { request: Amounts { rows, ..all.request }, ..all }
}

/// How people are told what they lift when they raise a limit: the name of a forbid that no policy can have.
pub(super) fn raised(blown: &Blown, by: u64) -> PolicyId {
    let span = match blown.span {
        Span::Request => "request",
        Span::Hour => "hour",
    };
    let measure = match blown.measure {
        Measure::Rows => "rows",
        Measure::Bytes => "bytes",
        Measure::Subjects => "subjects",
        Measure::Probes => "probes",
    };
    PolicyId::new(format!("{PREFIX}{span}:{measure}:{}", blown.limit.saturating_mul(by)))
}

/// The limit that a lifted name raises, and to what.
pub(super) fn lifted(id: &PolicyId) -> Option<(Span, Measure, u64)> {
    let mut parts = id.as_str().strip_prefix(PREFIX)?.split(':');
    let span = match parts.next()? {
        "request" => Span::Request,
        "hour" => Span::Hour,
        _ => return None,
    };
    let measure = match parts.next()? {
        "rows" => Measure::Rows,
        "bytes" => Measure::Bytes,
        "subjects" => Measure::Subjects,
        "probes" => Measure::Probes,
        _ => return None,
    };
    Some((span, measure, parts.next()?.parse().ok()?))
}

/// Ids of policies are names of files and annotations without such letters in front.
const PREFIX: &str = "fuse:";

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Counter({:?})", self.limits)
    }
}

impl fmt::Debug for Fuses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fuses({} identities)", locked(&self.hours).len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lifted_says_which_limit_and_how_far() {
        let blown = Blown { span: Span::Hour, measure: Measure::Subjects, limit: 50 };
        let id = raised(&blown, 10);
        assert_eq!(id.as_str(), "fuse:hour:subjects:500");
        assert_eq!(lifted(&id), Some((Span::Hour, Measure::Subjects, 500)));
        assert_eq!(lifted(&PolicyId::new("bulk")), None);
        assert_eq!(lifted(&PolicyId::new("fuse:hour:everything:5")), None);
    }

    #[test]
    fn one_identity_has_one_hour_however_many_requests() {
        let fuses = Fuses::default();
        let hour = Amounts { rows: Some(3), ..Amounts::default() };
        let limits = FuseLimits { hour, ..FuseLimits::default() };
        assert!(fuses.counter(FuseLimits::default(), "a").unwrap().is_none());
        let counter = |subject| fuses.counter(limits, subject).unwrap().unwrap();
        assert_eq!((counter("a").take(2, 1, &[]), counter("a").take(1, 1, &[])), (Ok(()), Ok(())));
        assert_eq!(counter("a").take(1, 1, &[]).unwrap_err().span, Span::Hour);
        assert_eq!(counter("b").take(3, 1, &[]), Ok(()));
        // Tokens are equal for equal values, and parts do not run into each other.
        let one = counter("a");
        assert_eq!(one.token(&[b"ab", b"c"]), counter("b").token(&[b"ab", b"c"]));
        assert_ne!(one.token(&[b"ab", b"c"]), one.token(&[b"a", b"bc"]));
    }
}
