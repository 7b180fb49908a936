//! Names of sessions, segments and starts of the gateway.

use std::fmt;

use crate::error::{Error, Result};
use crate::hash::{hex_digits, hex_into};

/// A session, or one segment of its recording: sixteen bytes, written as a UUID.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SessionId([u8; 16]);

impl SessionId {
    /// A new one: the moment in front, so that names sort by age (UUID version 7), then random bits.
    ///
    /// # Errors
    ///
    /// When the system gives no random bytes.
    pub fn new(now: crate::Time) -> Result<Self> {
        let mut bytes: [u8; 16] = random()?;
        let millis = (now.micros() / 1000).to_be_bytes();
        for (byte, of_time) in bytes.iter_mut().zip(millis.iter().skip(2)) {
            *byte = *of_time;
        }
        let [.., version, _, variant, _, _, _, _, _, _, _] = &mut bytes;
        *version = 0x70 | (*version & 0x0f);
        *variant = 0x80 | (*variant & 0x3f);
        Ok(Self(bytes))
    }

    /// One from its bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Reads a UUID in lower case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 16];
        let id = hex_into(&text.replace('-', ""), &mut bytes).then_some(Self(bytes))?;
        (id.to_string() == text).then_some(id)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [b'-'; 36];
        // Hyphens stand before the bytes 4, 6, 8 and 10.
        let places = (0..36).filter(|at| !matches!(at, 8 | 13 | 18 | 23));
        for (at, digit) in places.zip(hex_digits(&self.0)) {
            if let Some(to) = text.get_mut(at) {
                *to = digit;
            }
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

/// Random bytes from the system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| Error::key("the system gave no random bytes"))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_age_and_come_back() {
        let at = |micros| SessionId::new(crate::Time::from_micros(micros)).unwrap();
        let (early, late) = (at(1_700_000_000_000_000), at(1_700_000_000_001_000));
        assert!(early < late);
        assert_eq!(SessionId::parse(&early.to_string()), Some(early));
        assert_eq!(early.to_string().as_bytes()[14], b'7');
        assert!(b"89ab".contains(&early.to_string().as_bytes()[19]));
        assert_eq!(SessionId::parse("018BCFE5-6800-7000-8000-000000000000"), None);
        assert_eq!(SessionId::parse("018bcfe568007000-8000-0000-00000000--00"), None);
    }
}
