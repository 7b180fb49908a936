//! The keys of one tenant, ready for use.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::fpe::{self, Direction, Misfit};
use super::{Prf, TokenError, Values, main_kind, token};
use crate::key::{KeyError, KeyFile};

/// Everything that the keyed operators need, for one tenant. Shared between threads; derives each kind's keys once.
pub struct Keyring {
    key: KeyFile,
    tenant: String,
    random: bool,
    shift: Zeroizing<[u8; 64]>,
    kinds: RwLock<HashMap<String, Arc<KindKeys>>>,
}

impl Keyring {
    /// The keys of a tenant; the empty name is the default tenant.
    pub fn new(key: KeyFile, tenant: &str) -> Self {
        let shift = key.derive(tenant, "shift", "");
        Self { key, tenant: tenant.to_owned(), random: false, shift, kinds: RwLock::default() }
    }

    /// Keys that live as long as this run, for surrogates without a key file.
    pub fn random() -> Result<Self, KeyError> {
        KeyFile::generate().map(|key| Self { random: true, ..Self::new(key, "") })
    }

    /// Whether the keys end with this run, so that nobody can repeat what they made.
    #[must_use]
    pub fn is_random(&self) -> bool {
        self.random
    }

    /// The token of a canonical value.
    pub fn token(&self, kind: &str, canonical: &[u8]) -> Result<String, TokenError> {
        let kind = main_kind(kind);
        token::seal(&self.kind(kind).token, kind, canonical)
    }

    /// The kind and the canonical value of a token that this tenant's key made.
    pub fn open_token(&self, text: &str) -> Result<(String, Zeroizing<Vec<u8>>), TokenError> {
        let (kind, body) = token::split(text)?;
        Ok((kind.to_owned(), token::open(&self.kind(kind).token, kind, body)?))
    }

    /// The value in another value of the same shape.
    pub fn fpe(&self, kind: &str, value: &[u8], values: &dyn Values) -> Result<Vec<u8>, Misfit> {
        fpe::permute(&self.kind(main_kind(kind)).fpe, value, Direction::Encrypt, |value| values.shape(kind, value))
    }

    /// The way back from [`Self::fpe`]. Any value of that shape has an answer: nothing shows whether this key made it.
    pub fn open_fpe(&self, kind: &str, value: &[u8], values: &dyn Values) -> Result<Vec<u8>, Misfit> {
        fpe::permute(&self.kind(main_kind(kind)).fpe, value, Direction::Decrypt, |value| values.shape(kind, value))
    }

    /// By how many days the dates of this subject of care move: up to a year either way, never zero.
    pub fn shift_days(&self, subject: &[u8]) -> i32 {
        let mut keyed = Hmac::<Sha256>::new(&(*self.shift).into());
        keyed.update(subject);
        let digest = keyed.finalize().into_bytes();
        let number = digest.iter().take(8).fold(0u64, |number, byte| number << 8 | u64::from(*byte));
        // 730 outcomes; the bias of the remainder is below 2^-54.
        let offset = i32::try_from(number % 730).unwrap_or_default();
        if offset < MAX_SHIFT { offset - MAX_SHIFT } else { offset - MAX_SHIFT + 1 }
    }

    /// What draws the surrogates of one kind for one subject of care.
    pub fn surrogates(&self, kind: &str, subject: &[u8]) -> Prf {
        Prf::new(&self.kind(main_kind(kind)).surrogate, subject)
    }

    fn kind(&self, kind: &str) -> Arc<KindKeys> {
        if let Some(keys) = self.kinds.read().unwrap_or_else(PoisonError::into_inner).get(kind) {
            return Arc::clone(keys);
        }
        let keys = Arc::new(KindKeys::new(&self.key, &self.tenant, kind));
        let mut kinds = self.kinds.write().unwrap_or_else(PoisonError::into_inner);
        // A forged token can name any kind; what it names must not fill the memory.
        if kinds.len() < MAX_KINDS {
            kinds.insert(kind.to_owned(), Arc::clone(&keys));
        }
        keys
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyring(..)")
    }
}

const MAX_SHIFT: i32 = 365;
const MAX_KINDS: usize = 256;

struct KindKeys {
    token: Zeroizing<[u8; 64]>,
    fpe: Zeroizing<[u8; 32]>,
    surrogate: Zeroizing<[u8; 64]>,
}

impl KindKeys {
    fn new(key: &KeyFile, tenant: &str, kind: &str) -> Self {
        Self {
            token: key.derive(tenant, "token", kind),
            fpe: key.derive(tenant, "fpe", kind),
            surrogate: key.derive(tenant, "surrogate", kind),
        }
    }
}
