//! Who is signed in to the console, and how they came in: by a link that counts once, or through an issuer.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::config::Role;

/// Everybody who is signed in, and the links that were given out.
pub(super) struct Logins {
    inner: Mutex<Inner>,
    idle: Duration,
    longest: Duration,
}

#[derive(Default)]
struct Inner {
    logins: HashMap<Hash, Kept>,
    links: HashMap<Hash, Link>,
}

struct Kept {
    login: Arc<Login>,
    begun: Instant,
    latest: Instant,
}

struct Link {
    who: Who,
    made: Instant,
}

/// Only hashes of secrets are kept.
type Hash = [u8; 32];

/// Somebody, with what they may do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Who {
    /// As the record names them.
    pub(super) name: String,
    pub(super) roles: BTreeSet<Role>,
}

/// Somebody who is signed in.
pub(super) struct Login {
    pub(super) who: Who,
    /// What forms have to bring along.
    pub(super) form_secret: String,
    /// What they looked at, and when that was recorded last.
    looked: Mutex<HashMap<String, Instant>>,
}

/// How long a link counts.
const LINK: Duration = Duration::from_secs(120);
const MOST_LINKS: usize = 64;
const MOST_LOGINS: usize = 256;
/// A look at the same page is recorded again after so long, not at each refresh.
const LOOK: Duration = Duration::from_secs(300);
const MOST_LOOKS: usize = 4096;

impl Logins {
    pub(super) fn new(idle: Duration, longest: Duration) -> Self {
        Self { inner: Mutex::default(), idle, longest }
    }

    /// Makes a link's secret for somebody. None: too many were made, or there is no randomness.
    pub(super) fn link(&self, who: Who) -> Option<String> {
        let secret = secret()?;
        let mut inner = self.lock();
        inner.links.retain(|_, link| link.made.elapsed() < LINK);
        if inner.links.len() >= MOST_LINKS {
            return None;
        }
        inner.links.insert(hash(&secret), Link { who, made: Instant::now() });
        Some(secret)
    }

    /// Takes a link's secret, which counts no second time.
    pub(super) fn redeem(&self, secret: &str) -> Option<Who> {
        let link = self.lock().links.remove(&hash(secret))?;
        (link.made.elapsed() < LINK).then_some(link.who)
    }

    /// Signs somebody in; gives the cookie's secret.
    pub(super) fn sign_in(&self, who: Who) -> Option<String> {
        let (secret, form_secret) = (secret()?, secret()?);
        let mut inner = self.lock();
        self.forget(&mut inner);
        if inner.logins.len() >= MOST_LOGINS {
            return None;
        }
        let now = Instant::now();
        let login = Arc::new(Login { who, form_secret, looked: Mutex::default() });
        inner.logins.insert(hash(&secret), Kept { login, begun: now, latest: now });
        Some(secret)
    }

    /// Whose cookie this is.
    pub(super) fn of_cookie(&self, secret: &str) -> Option<Arc<Login>> {
        let mut inner = self.lock();
        self.forget(&mut inner);
        let kept = inner.logins.get_mut(&hash(secret))?;
        kept.latest = Instant::now();
        Some(Arc::clone(&kept.login))
    }

    pub(super) fn sign_out(&self, secret: &str) {
        self.lock().logins.remove(&hash(secret));
    }

    fn forget(&self, inner: &mut Inner) {
        inner.logins.retain(|_, kept| kept.latest.elapsed() < self.idle && kept.begun.elapsed() < self.longest);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Login {
    pub(super) fn may(&self, role: Role) -> bool {
        self.who.roles.contains(&role)
    }

    /// Whether a look at this has to be recorded: it is the first, or the last was a while ago.
    pub(super) fn looks_at(&self, what: &str) -> bool {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        if looked.get(what).is_some_and(|at| at.elapsed() < LOOK) {
            return false;
        }
        if looked.len() >= MOST_LOOKS {
            looked.clear();
        }
        looked.insert(what.to_owned(), Instant::now());
        true
    }

    /// The look was not recorded after all.
    pub(super) fn did_not_look_at(&self, what: &str) {
        self.looked.lock().unwrap_or_else(PoisonError::into_inner).remove(what);
    }
}

/// 256 bits that nobody can guess.
pub(super) fn secret() -> Option<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).ok()?;
    Some(URL_SAFE_NO_PAD.encode(bytes))
}

/// Looked up by hash, a secret is not compared byte by byte.
fn hash(secret: &str) -> Hash {
    Sha256::digest(secret.as_bytes()).into()
}

/// Whether two secrets are the same; how long that takes tells nothing of them.
pub(super) fn same(one: &str, other: &str) -> bool {
    hash(one) == hash(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logins() -> Logins {
        Logins::new(Duration::from_secs(60), Duration::from_secs(60))
    }

    fn who() -> Who {
        Who { name: "uid 0".to_owned(), roles: [Role::Viewer].into() }
    }

    #[test]
    fn a_link_counts_once() {
        let logins = logins();
        let secret = logins.link(who()).unwrap();
        assert_eq!(logins.redeem("other"), None);
        assert_eq!(logins.redeem(&secret), Some(who()));
        assert_eq!(logins.redeem(&secret), None);
    }

    #[test]
    fn links_are_few() {
        let logins = logins();
        let made = (0..MOST_LINKS + 10).filter(|_| logins.link(who()).is_some()).count();
        assert_eq!(made, MOST_LINKS);
    }

    #[test]
    fn a_login_ends_when_it_is_signed_out_or_too_old() {
        let logins = logins();
        let secret = logins.sign_in(who()).unwrap();
        let login = logins.of_cookie(&secret).unwrap();
        assert!(login.may(Role::Viewer) && !login.may(Role::Auditor));
        assert!(logins.of_cookie(&login.form_secret).is_none());
        logins.sign_out(&secret);
        assert!(logins.of_cookie(&secret).is_none());
        let short = Logins::new(Duration::ZERO, Duration::from_secs(60));
        let secret = short.sign_in(who()).unwrap();
        assert!(short.of_cookie(&secret).is_none());
    }

    #[test]
    fn the_same_look_is_recorded_once_in_a_while() {
        let logins = logins();
        let login = logins.of_cookie(&logins.sign_in(who()).unwrap()).unwrap();
        assert!(login.looks_at("session 1"));
        assert!(!login.looks_at("session 1"));
        assert!(login.looks_at("session 2"));
        login.did_not_look_at("session 1");
        assert!(login.looks_at("session 1"));
    }
}
