//! Keyed, repeatable randomness: the same key and input always draw the same values.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// A pseudo-random function bound to one key, one kind and one subject of care.
#[derive(Clone)]
pub struct Prf {
    keyed: Hmac<Sha256>,
}

impl Prf {
    pub(crate) fn new(key: &Zeroizing<[u8; 64]>, subject: &[u8]) -> Self {
        // 64 bytes are HMAC-SHA256's own block, so no key is too long and none is hashed first.
        let mut keyed = Hmac::<Sha256>::new(&(**key).into());
        absorb(&mut keyed, subject);
        Self { keyed }
    }

    /// Draws that depend on the key, the subject, `label` and `input`, and on nothing else.
    pub fn draws(&self, label: &str, input: &[u8]) -> Draws {
        let mut keyed = self.keyed.clone();
        absorb(&mut keyed, label.as_bytes());
        absorb(&mut keyed, input);
        Draws { seed: keyed.finalize().into_bytes().into(), next: 0 }
    }
}

impl std::fmt::Debug for Prf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Prf(..)")
    }
}

/// An endless sequence of draws.
#[derive(Clone)]
pub struct Draws {
    seed: [u8; 32],
    next: u64,
}

impl Draws {
    /// The next 64 random bits.
    pub fn bits(&mut self) -> u64 {
        let block = Sha256::new().chain_update(self.seed).chain_update(self.next.to_be_bytes()).finalize();
        self.next += 1;
        let mut bits = [0; 8];
        bits.copy_from_slice(&block[..8]);
        u64::from_be_bytes(bits)
    }

    /// A number below `bound`; zero when `bound` is zero. The bias, at most `bound` / 2^64, cannot be seen.
    pub fn below(&mut self, bound: u32) -> u32 {
        let scaled = (u128::from(self.bits()) * u128::from(bound)) >> 64;
        u32::try_from(scaled).unwrap_or_default()
    }

    /// One of `choices`; `None` when there is none.
    pub fn pick<'c, T>(&mut self, choices: &'c [T]) -> Option<&'c T> {
        let bound = u32::try_from(choices.len()).unwrap_or(u32::MAX);
        choices.get(usize::try_from(self.below(bound)).ok()?)
    }

    /// A decimal digit as text.
    pub fn digit(&mut self) -> u8 {
        b'0' + u8::try_from(self.below(10)).unwrap_or_default()
    }

    /// A letter `a` to `z`.
    pub fn letter(&mut self) -> u8 {
        b'a' + u8::try_from(self.below(26)).unwrap_or_default()
    }
}

impl std::fmt::Debug for Draws {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Draws(..)")
    }
}

/// The length goes first, so that no two sequences of parts look alike.
fn absorb(keyed: &mut Hmac<Sha256>, part: &[u8]) {
    keyed.update(&(part.len() as u64).to_be_bytes());
    keyed.update(part);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_pinned_and_depend_on_every_part() {
        let prf = |key: u8, subject: &[u8]| Prf::new(&Zeroizing::new([key; 64]), subject);
        let first = |prf: Prf, label: &str, input: &[u8]| prf.draws(label, input).bits();
        let base = first(prf(1, b"pat-1"), "name", b"smith");
        assert_eq!(base, 9130170033472179667);
        assert_eq!(base, first(prf(1, b"pat-1"), "name", b"smith"));
        for other in [
            first(prf(2, b"pat-1"), "name", b"smith"),
            first(prf(1, b"pat-2"), "name", b"smith"),
            first(prf(1, b"pat-1"), "city", b"smith"),
            first(prf(1, b"pat-1"), "name", b"smyth"),
            first(prf(1, b"pat-1"), "names", b"mith"),
        ] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn draws_cover_their_range() {
        let mut draws = Prf::new(&Zeroizing::new([7; 64]), b"").draws("", b"");
        let mut seen = [0u32; 10];
        for _ in 0..2000 {
            seen[usize::from(draws.digit() - b'0')] += 1;
            assert!(draws.letter().is_ascii_lowercase());
        }
        assert!(seen.iter().all(|count| (120..=280).contains(count)), "{seen:?}");
        assert_eq!(draws.below(0), 0);
        assert_eq!(draws.pick::<u8>(&[]), None);
    }
}
