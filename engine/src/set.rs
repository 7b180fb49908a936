//! Sets of bytes, built in `const` context.

use std::fmt;

/// A set of byte values: one test is a shift and a mask.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct ByteSet([u64; 4]);

impl ByteSet {
    /// No byte.
    pub const EMPTY: Self = Self([0; 4]);
    /// Every byte.
    pub const ALL: Self = Self([u64::MAX; 4]);
    /// ASCII capitals.
    pub const UPPER: Self = Self::EMPTY.range(b'A', b'Z');
    /// ASCII digits.
    pub const DIGIT: Self = Self::EMPTY.range(b'0', b'9');
    /// ASCII letters.
    pub const ALPHA: Self = Self::EMPTY.range(b'A', b'Z').range(b'a', b'z');
    /// ASCII letters and digits.
    pub const ALNUM: Self = Self::DIGIT.range(b'A', b'Z').range(b'a', b'z');
    /// Space, tab, carriage return, newline and all other control characters below them.
    pub const BLANK: Self = Self::EMPTY.range(0, b' ');
    /// Space, tab, carriage return, newline.
    pub const SPACE: Self = Self::of(b" \t\r\n");

    /// The set of the bytes of `members`.
    #[must_use]
    pub const fn of(members: &[u8]) -> Self {
        let mut set = Self::EMPTY;
        let mut i = 0;
        while i < members.len() {
            set = set.with(members[i]);
            i += 1;
        }
        set
    }

    /// This set and one byte more.
    #[must_use]
    pub const fn with(mut self, byte: u8) -> Self {
        self.0[(byte >> 6) as usize] |= 1 << (byte & 63);
        self
    }

    /// This set and every byte from `first` to `last`, both included.
    #[must_use]
    pub const fn range(mut self, first: u8, last: u8) -> Self {
        let mut byte = first;
        while byte < last {
            self = self.with(byte);
            byte += 1;
        }
        self.with(last)
    }

    /// Everything in either set.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self([self.0[0] | other.0[0], self.0[1] | other.0[1], self.0[2] | other.0[2], self.0[3] | other.0[3]])
    }

    /// Everything in this set and not in the other.
    #[must_use]
    pub const fn but(self, other: Self) -> Self {
        let ([a, b, c, d], [p, q, r, s]) = (self.0, other.0);
        Self([a & !p, b & !q, c & !r, d & !s])
    }

    /// Whether `byte` is a member.
    #[must_use]
    #[inline]
    pub const fn has(&self, byte: u8) -> bool {
        self.0[(byte >> 6) as usize] >> (byte & 63) & 1 == 1
    }

    /// Whether no byte is a member.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0[0] | self.0[1] | self.0[2] | self.0[3] == 0
    }

    /// The members in ascending order.
    pub fn iter(self) -> impl Iterator<Item = u8> {
        (0..=u8::MAX).filter(move |&byte| self.has(byte))
    }
}

impl fmt::Debug for ByteSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ByteSet({} bytes)", self.iter().count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_what_was_put_in() {
        let set = ByteSet::of(b"az\xff").range(b'0', b'2');
        let members: Vec<u8> = set.iter().collect();
        assert_eq!(members, b"012az\xff");
        assert!(ByteSet::EMPTY.is_empty() && !set.is_empty());
        assert_eq!(ByteSet::ALNUM.iter().count(), 62);
        assert_eq!(ByteSet::ALL.but(ByteSet::ALNUM).iter().count(), 194);
        assert!(ByteSet::DIGIT.or(ByteSet::ALPHA) == ByteSet::ALNUM);
    }
}
