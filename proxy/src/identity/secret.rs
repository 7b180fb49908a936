//! The secret of a credential: `bbt_` and 256 random bits.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};

/// What a client presents: an HTTP bearer token, or a PostgreSQL password. Shown once.
pub(crate) struct Secret(String);

/// How a secret is found again. The secret has 256 random bits, so a plain hash of it cannot be guessed.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub(crate) struct SecretHash(pub(crate) [u8; 32]);

const PREFIX: &str = "bbt_";

impl Secret {
    pub(crate) fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))))
    }

    /// Reads what a client presented. None: not of this form, so not one of ours.
    pub(crate) fn presented(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
        (bytes.len() == 32).then(|| Self(text.to_owned()))
    }

    /// For the one time that it is printed.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    pub(crate) fn hash(&self) -> SecretHash {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, self.0.as_bytes()).as_ref());
        SecretHash(hash)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_have_one_form() {
        let secret = Secret::random().unwrap();
        assert_eq!(secret.expose().len(), 47);
        assert!(Secret::presented(secret.expose()).unwrap().hash() == secret.hash());
        assert!(Secret::random().unwrap().hash() != secret.hash());
        let other = secret.expose();
        for text in
            ["", "bbt_", "bbt_AAAA", &other[4..], &format!("{other}A"), &format!("{other}="), &format!(" {other}")]
        {
            assert!(Secret::presented(text).is_none(), "{text}");
        }
        // Two spellings of the same bytes: the last character has two bits to spare, which must be zero.
        let loose = format!("bbt_{}B", "A".repeat(42));
        assert!(Secret::presented(&loose).is_none());
        assert_eq!(format!("{secret:?} {:?}", secret.hash()), "Secret SecretHash");
    }
}
