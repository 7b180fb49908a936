//! Secrets, and what is sealed with them.

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::array::Array;
use aes_gcm::aead::{Aead as _, AeadInOut as _, KeyInit as _, Payload};
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use std::fmt;
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::hash::Hash;
use crate::ids::random;

/// How many bytes a seal adds.
pub(crate) const TAG_LEN: usize = 16;

/// How many bytes [`Secret::wrap`] adds: a random nonce and the seal.
pub(crate) const WRAP_LEN: usize = 12 + TAG_LEN;

/// A key of 32 bytes, erased from memory when dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<[u8; 32]>);

impl Secret {
    /// A key from its bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// A new one.
    ///
    /// # Errors
    ///
    /// When the system gives no random bytes.
    pub fn random() -> Result<Self> {
        random().map(Self::from_bytes)
    }

    /// Its bytes, for whoever wraps it.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// A key made from this one for one purpose.
    pub(crate) fn derive(&self, purpose: &[&[u8]]) -> Self {
        let mut derived = Zeroizing::new([0; 32]);
        // Only more than 255 blocks are refused, and this is one.
        let expanded = Hkdf::<Sha256>::new(None, self.0.as_slice()).expand_multi_info(purpose, derived.as_mut_slice());
        debug_assert!(expanded.is_ok());
        Self(derived)
    }

    /// Seals some bytes for one place, with a random nonce in front. For few, small things.
    ///
    /// # Errors
    ///
    /// When the system gives no random bytes.
    pub fn wrap(&self, place: &str, bytes: &[u8]) -> Result<Vec<u8>> {
        let nonce: [u8; 12] = random()?;
        let payload = Payload { msg: bytes, aad: place.as_bytes() };
        let sealed =
            self.cipher().encrypt(&Array(nonce), payload).map_err(|_| Error::key("a key could not be wrapped"))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what [`Secret::wrap`] sealed for that place.
    ///
    /// # Errors
    ///
    /// When it was altered, or sealed with another key or for another place.
    pub fn unwrap_key(&self, place: &str, wrapped: &[u8]) -> Result<Self> {
        let refused = || {
            Error::key(format!("the key for {place} cannot be unwrapped: the root key is another, or it was altered"))
        };
        let (nonce, sealed) = wrapped.split_first_chunk::<12>().ok_or_else(refused)?;
        let payload = Payload { msg: sealed, aad: place.as_bytes() };
        let bytes = Zeroizing::new(self.cipher().decrypt(&Array(*nonce), payload).map_err(|_| refused())?);
        Ok(Self(Zeroizing::new(bytes.as_slice().try_into().map_err(|_| refused())?)))
    }

    /// Says that a value was this one, to who has the key, and nothing to anybody else.
    pub(crate) fn commit(&self, label: &str, value: &[u8]) -> Hash {
        // A key of any length is taken.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.as_slice()) else { return Hash::of_nothing() };
        mac.update(label.as_bytes());
        mac.update(&[0]);
        mac.update(value);
        Hash::from_bytes(mac.finalize().into_bytes().into())
    }

    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new(&Array(*self.0))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// AES-256-GCM with a nonce that counts: for the frames of one segment, each sealed once.
pub(crate) struct FrameSeal(Aes256Gcm);

impl FrameSeal {
    pub(crate) fn new(key: &Secret) -> Self {
        Self(key.cipher())
    }

    /// Encrypts in place; gives the tag.
    pub(crate) fn seal(&self, number: u64, place: &[u8], bytes: &mut [u8]) -> Result<[u8; TAG_LEN]> {
        let tag = self.0.encrypt_inout_detached(&nonce(number), place, bytes.into());
        Ok(tag.map_err(|_| Error::too_large("a frame is longer than can be sealed"))?.into())
    }

    /// Decrypts in place, when nothing was altered.
    pub(crate) fn open(&self, number: u64, place: &[u8], bytes: &mut [u8], tag: [u8; TAG_LEN]) -> Result<()> {
        let opened = self.0.decrypt_inout_detached(&nonce(number), place, bytes.into(), &Array(tag));
        opened.map_err(|_| Error::corrupt("a frame was altered, or its key is another"))
    }
}

fn nonce(number: u64) -> Array<u8, aes_gcm::aead::consts::U12> {
    let mut nonce = [0; 12];
    for (byte, of_number) in nonce.iter_mut().skip(4).zip(number.to_be_bytes()) {
        *byte = of_number;
    }
    Array(nonce)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapped_key_opens_at_its_place_only() {
        let (root, key) = (Secret::random().unwrap(), Secret::random().unwrap());
        let mut wrapped = root.wrap("here", key.expose()).unwrap();
        assert_eq!(wrapped.len(), 32 + WRAP_LEN);
        assert_eq!(root.unwrap_key("here", &wrapped).unwrap().expose(), key.expose());
        assert!(root.unwrap_key("there", &wrapped).unwrap_err().is_key());
        assert!(key.unwrap_key("here", &wrapped).is_err());
        wrapped[20] ^= 1;
        assert!(root.unwrap_key("here", &wrapped).is_err());
    }

    #[test]
    fn derived_keys_and_commitments_differ_by_purpose() {
        let key = Secret::from_bytes([1; 32]);
        assert_ne!(key.derive(&[b"a"]).expose(), key.derive(&[b"b"]).expose());
        assert_ne!(key.commit("a", b"b"), key.commit("ab", b""));
        assert_ne!(key.commit("a", b"b"), Secret::from_bytes([2; 32]).commit("a", b"b"));
    }

    #[test]
    fn nothing_is_shown() {
        assert_eq!(format!("{:?}", Secret::from_bytes([0x41; 32])), "Secret");
    }
}
