//! Marks: whether two places held the same identifier, for who has a key, and nothing for anybody else.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac as _};
use sha2::Sha256;

use crate::operator::Values;
use crate::{FieldPath, Raw};

/// What stands for an identifier where the identifier itself must not: equal for equal ones under one key, in whatever
/// spelling and whatever took their place.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Mark([u8; 16]);

impl Mark {
    /// A mark that was written down.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// What is to be written down.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mark")
    }
}

/// Makes marks under one key.
#[derive(Clone)]
pub struct Marks {
    key: Hmac<Sha256>,
    subjects: Vec<FieldPath>,
}

impl Marks {
    /// Under this key.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        // HMAC fills a key up to a block with zeros.
        let mut block = zeroize::Zeroizing::new([0; 64]);
        block.iter_mut().zip(key).for_each(|(byte, of_key)| *byte = *of_key);
        Self { key: Hmac::<Sha256>::new(&(*block).into()), subjects: Vec::new() }
    }

    /// Whose data a record is stands in these fields, where the profile does not say it.
    #[must_use]
    pub fn subjects(self, subjects: Vec<FieldPath>) -> Self {
        Self { subjects, ..self }
    }

    /// The fields that say whose data a record is, beside those of the profile.
    pub(crate) fn fields(&self) -> &[FieldPath] {
        &self.subjects
    }

    /// The mark of a value of this kind. `None`: it does not say whose it is.
    #[must_use]
    pub fn mark(&self, values: &dyn Values, kind: &str, value: &[u8]) -> Option<Mark> {
        let identity = zeroize::Zeroizing::new(values.identity(kind, value)?);
        let mut keyed = self.key.clone();
        keyed.update(&identity);
        let digest = keyed.finalize().into_bytes();
        let mut mark = [0; 16];
        mark.iter_mut().zip(digest).for_each(|(byte, of_digest)| *byte = of_digest);
        Some(Mark(mark))
    }

    /// The mark of a value that nobody has looked at.
    #[must_use]
    pub fn mark_raw(&self, values: &dyn Values, kind: &str, value: &Raw) -> Option<Mark> {
        self.mark(values, kind, &value.clone().into_bytes())
    }
}

impl fmt::Debug for Marks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Marks")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folded;

    impl Values for Folded {
        fn identity(&self, kind: &str, value: &[u8]) -> Option<Vec<u8>> {
            (kind != "date").then(|| value.to_ascii_lowercase())
        }
    }

    #[test]
    fn equal_identities_have_equal_marks_under_one_key_only() {
        let (one, other) = (Marks::new(&[1; 32]), Marks::new(&[2; 32]));
        let mark = |marks: &Marks, value: &str| marks.mark(&Folded, "name", value.as_bytes()).unwrap();
        assert_eq!(mark(&one, "Ann Lee"), mark(&one, "ANN LEE"));
        assert_ne!(mark(&one, "Ann Lee"), mark(&one, "Ann Leo"));
        assert_ne!(mark(&one, "Ann Lee"), mark(&other, "Ann Lee"));
        assert_eq!(one.mark(&Folded, "date", b"1940-01-01"), None);
        assert_eq!(Mark::from_bytes(*mark(&one, "x").as_bytes()), mark(&one, "x"));
        assert_eq!(format!("{:?} {one:?}", mark(&one, "x")), "Mark Marks");
    }
}
