//! What tokens stand for: their originals, in the spelling that the client used where that is known.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use blackbar_engine::operator::{Keyring, Operator, Prf, Shape, Values, main_kind};

use crate::registry;

/// How the values of one request were spelt whose tokens went up.
#[derive(Clone, Default)]
pub(super) struct Spelt(Arc<Mutex<Spellings>>);

/// By kind and canonical value.
type Spellings = HashMap<(String, Vec<u8>), Vec<u8>>;

/// So many values of one request are remembered as they were spelt.
const MOST: usize = 4096;

impl Spelt {
    fn note(&self, kind: &str, canonical: &[u8], value: &[u8]) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() < MOST {
            all.entry((main_kind(kind).to_owned(), canonical.to_vec())).or_insert_with(|| value.to_vec());
        }
    }

    /// The tokens of these values.
    pub(super) fn tokens(&self, keyring: Option<&Keyring>) -> Vec<String> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let token = |(kind, canonical): &(String, Vec<u8>)| keyring?.token(kind, canonical).ok();
        all.keys().filter_map(token).collect()
    }

    fn of(&self, kind: &str, canonical: &[u8]) -> Option<Vec<u8>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&(main_kind(kind).to_owned(), canonical.to_vec())).cloned()
    }
}

/// What values mean, while it is remembered how they were spelt.
pub(super) struct Noting {
    pub(super) meaning: Arc<dyn Values>,
    pub(super) spelt: Spelt,
}

impl Values for Noting {
    fn canonical(&self, kind: &str, value: &[u8]) -> Vec<u8> {
        let canonical = self.meaning.canonical(kind, value);
        self.spelt.note(kind, &canonical, value);
        canonical
    }

    fn spellings(&self, kind: &str, canonical: &[u8]) -> Vec<Vec<u8>> {
        self.meaning.spellings(kind, canonical)
    }

    fn shape(&self, kind: &str, value: &[u8]) -> Option<Shape> {
        self.meaning.shape(kind, value)
    }

    fn generalise(&self, kind: &str, value: &[u8]) -> Option<Vec<u8>> {
        self.meaning.generalise(kind, value)
    }

    fn shift(&self, kind: &str, value: &[u8], days: i32) -> Option<Vec<u8>> {
        self.meaning.shift(kind, value, days)
    }

    fn surrogate(&self, kind: &str, value: &[u8], prf: &Prf) -> Option<Vec<u8>> {
        self.meaning.surrogate(kind, value, prf)
    }

    fn fits(&self, operator: Operator, kind: &str) -> Result<(), &'static str> {
        self.meaning.fits(operator, kind)
    }
}

/// Turns tokens back. The operator is `generalise`: to this reader a value is what its token says with less detail.
pub(super) struct Originals {
    pub(super) keyring: Option<Arc<Keyring>>,
    pub(super) spelt: Spelt,
    /// Of several spellings any will do. Not so for what is stored: nobody knows which it had.
    pub(super) any_spelling: bool,
    /// What no key turns back stays as it is.
    pub(super) unknown_stays: bool,
    /// What was turned back.
    pub(super) turned: Turned,
}

/// Tokens that were turned back, with what they became.
#[derive(Clone, Default)]
pub(super) struct Turned(Arc<Mutex<Pairs>>);

type Pairs = Vec<(String, Vec<u8>)>;

impl Turned {
    pub(super) fn note(&self, token: &str, original: &[u8]) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() < MOST && !all.iter().any(|(known, _)| known == token) {
            all.push((token.to_owned(), original.to_vec()));
        }
    }

    pub(super) fn all(&self) -> Vec<(String, Vec<u8>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Values for Originals {
    fn canonical(&self, kind: &str, value: &[u8]) -> Vec<u8> {
        registry::values().canonical(kind, value)
    }

    fn generalise(&self, _: &str, token: &[u8]) -> Option<Vec<u8>> {
        let known = self.original(token);
        if known.is_none() && self.unknown_stays { Some(token.to_vec()) } else { known }
    }
}

impl Originals {
    fn original(&self, token: &[u8]) -> Option<Vec<u8>> {
        let token = std::str::from_utf8(token).ok()?;
        let (kind, canonical) = self.keyring.as_ref()?.open_token(token).ok()?;
        let original = self.spelt.of(&kind, &canonical).or_else(|| {
            let mut spellings = registry::values().spellings(&kind, &canonical).into_iter();
            let first = spellings.next()?;
            (self.any_spelling || spellings.next().is_none()).then_some(first)
        })?;
        self.turned.note(token, &original);
        Some(original)
    }
}

impl fmt::Debug for Turned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Turned({})", self.all().len())
    }
}
