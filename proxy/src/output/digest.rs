//! Keyed digests of what is read and written. A bare hash of a short file could be guessed.

use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

/// HMAC-SHA256 of a stream, shared by whoever reads or writes it and whoever reports it; idle without a key.
#[derive(Clone)]
pub(crate) struct Digest(Option<Arc<Mutex<Hmac<Sha256>>>>);

impl Digest {
    pub(crate) fn new(key: Option<&[u8]>) -> Self {
        let keyed = key.and_then(|key| Hmac::<Sha256>::new_from_slice(key).ok());
        Self(keyed.map(|keyed| Arc::new(Mutex::new(keyed))))
    }

    fn update(&self, bytes: &[u8]) {
        if let Some(keyed) = &self.0 {
            keyed.lock().unwrap_or_else(PoisonError::into_inner).update(bytes);
        }
    }

    /// The digest of everything so far.
    pub(crate) fn hex(&self) -> Option<String> {
        let keyed = self.0.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Some(hex(&keyed.finalize().into_bytes()))
    }
}

/// The SHA-256 of something that is no secret.
pub(crate) fn sha256(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A reader or writer whose bytes are digested.
pub(crate) struct Digesting<S> {
    inner: S,
    digest: Digest,
}

impl<S> Digesting<S> {
    pub(crate) fn new(inner: S, digest: Digest) -> Self {
        Self { inner, digest }
    }

    pub(crate) fn into_inner(self) -> S {
        self.inner
    }
}

impl<R: Read> Read for Digesting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.digest.update(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.digest.update(bytes.get(..count).unwrap_or_default());
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_and_writers_agree_and_the_key_matters() {
        let (one, other, foreign) = (Digest::new(Some(b"k")), Digest::new(Some(b"k")), Digest::new(Some(b"l")));
        let mut text = Vec::new();
        Digesting::new(&b"some text"[..], one.clone()).read_to_end(&mut text).unwrap();
        for digest in [&other, &foreign] {
            let mut writer = Digesting::new(Vec::new(), digest.clone());
            writer.write_all(b"some ").unwrap();
            writer.write_all(b"text").unwrap();
        }
        assert_eq!(one.hex(), other.hex());
        assert_ne!(one.hex(), foreign.hex());
        assert_eq!(Digest::new(None).hex(), None);
    }
}
