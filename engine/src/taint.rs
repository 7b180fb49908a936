//! Whether bytes may be shown is their type.

use std::fmt;

use bytes::Bytes;

/// Bytes as they came from upstream: nobody has looked at them yet. Nothing outside the engine can read them back.
///
/// ```compile_fail
/// let raw = blackbar_engine::Raw::from(bytes::Bytes::from_static(b"123-45-6789"));
/// let seen: &[u8] = raw.as_ref();
/// ```
#[derive(Clone)]
pub struct Raw(Bytes);

impl Raw {
    pub(crate) fn into_bytes(self) -> Bytes {
        self.0
    }

    /// How many bytes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Lets bytes pass that no redactor has seen. `reason` says which rule allows it; the caller records it.
    #[must_use]
    pub fn danger_pass_unredacted(self, reason: &'static str) -> Clean {
        let _recorded_by_the_caller = reason;
        Clean(self.0)
    }
}

impl From<Bytes> for Raw {
    fn from(bytes: Bytes) -> Self {
        Self(bytes)
    }
}

impl From<Vec<u8>> for Raw {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Bytes::from(bytes))
    }
}

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Raw({} bytes)", self.0.len())
    }
}

/// Bytes that may leave: minted by a redactor, or by the few constructors here.
///
/// ```compile_fail
/// let forged = blackbar_engine::Clean(bytes::Bytes::from_static(b"123-45-6789"));
/// ```
///
/// ```compile_fail
/// let forged: blackbar_engine::Clean = bytes::Bytes::from_static(b"123-45-6789").into();
/// ```
#[derive(Clone, Eq, PartialEq)]
pub struct Clean(Bytes);

impl Clean {
    /// No bytes.
    pub(crate) fn nothing() -> &'static Self {
        static NOTHING: Clean = Clean(Bytes::new());
        &NOTHING
    }

    pub(crate) fn mint(bytes: Bytes) -> Self {
        Self(bytes)
    }

    /// Bytes of a protocol's own grammar, written in the source of this program.
    #[must_use]
    pub fn framing(bytes: &'static [u8]) -> Self {
        Self(Bytes::from_static(bytes))
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes with their refcount.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.0
    }

    /// How many bytes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Clean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clean({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_tells_a_length_and_nothing_else() {
        let raw = Raw::from(b"123-45-6789".to_vec());
        assert_eq!(format!("{raw:?}"), "Raw(11 bytes)");
        assert_eq!(format!("{:?}", raw.danger_pass_unredacted("a test")), "Clean(11 bytes)");
    }
}
