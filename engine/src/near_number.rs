//! A glance at the bytes around a run of digits, before a detector is asked.

use crate::Unseen;

/// Says whether a detector is worth asking at a run of digits. `Ok(false)` only where its `verify` would find nothing,
/// as with [`crate::Glance`].
pub type NumberGlance = fn(&NearNumber<'_>) -> Result<bool, Unseen>;

/// A run of digits and the bytes around it. It sees further than the detector's window.
#[derive(Clone, Copy)]
pub struct NearNumber<'a> {
    text: &'a [u8],
    at: usize,
    end: usize,
    /// Whether more of the run of text may follow.
    open: bool,
}

impl<'a> NearNumber<'a> {
    /// The digits `text[at..end]`.
    #[inline]
    pub(crate) fn new(text: &'a [u8], at: usize, end: usize, open: bool) -> Self {
        Self { text, at, end, open }
    }

    /// The digits.
    #[inline]
    #[must_use]
    pub fn digits(&self) -> &'a [u8] {
        self.text.get(self.at..self.end).unwrap_or_default()
    }

    /// Their value; the largest value when it does not fit.
    #[inline]
    #[must_use]
    pub fn value(&self) -> u32 {
        value(self.digits())
    }

    /// Up to `most` bytes before them; fewer where the run of text begins or more are not at hand.
    #[inline]
    #[must_use]
    pub fn before(&self, most: usize) -> &'a [u8] {
        self.text.get(self.at.saturating_sub(most)..self.at).unwrap_or_default()
    }

    /// `most` bytes behind them; fewer where the run of text ends.
    ///
    /// # Errors
    ///
    /// When fewer are at hand and more may follow.
    #[inline]
    pub fn behind(&self, most: usize) -> Result<&'a [u8], Unseen> {
        match self.text.get(self.end..self.end + most) {
            Some(bytes) => Ok(bytes),
            None if self.open => Err(Unseen),
            None => Ok(self.text.get(self.end..).unwrap_or_default()),
        }
    }
}

impl std::fmt::Debug for NearNumber<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NearNumber({} digits)", self.end - self.at)
    }
}

fn value(digits: &[u8]) -> u32 {
    digits.iter().fold(0_u32, |sum, digit| sum.saturating_mul(10).saturating_add(u32::from(digit.wrapping_sub(b'0'))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_at_hand_is_not_guessed() {
        let near = |open| NearNumber::new(b"on 12/31", 3, 5, open);
        assert_eq!((near(true).digits(), near(true).value(), near(true).before(9)), (&b"12"[..], 12, &b"on "[..]));
        assert_eq!(near(true).behind(3), Ok(&b"/31"[..]));
        assert_eq!(near(true).behind(4), Err(Unseen));
        assert_eq!(near(false).behind(4), Ok(&b"/31"[..]));
    }
}
