//! Words and what they may be: one probe tells every category.

use std::hash::{BuildHasher, Hasher};

use crate::text::{LONGEST_WORD, fold};

/// A set of folded words (and phrases: words joined by one space), each with category bits whose meaning belongs to
/// whoever filled it.
///
/// Word triggers of detectors live in the same table, so that one probe per word answers both questions.
#[derive(Clone)]
pub struct Lexicon {
    /// Open addressing, a power of two long; an empty slot has `len == 0`.
    slots: Vec<Slot>,
    /// The words, one after another.
    letters: Vec<u8>,
    count: usize,
    hasher: WordHasher,
}

#[derive(Clone, Copy, Default)]
struct Slot {
    hash: u32,
    at: u32,
    len: u8,
    /// One more than the index of a list of detectors that this very word triggers.
    triggers: u16,
    bits: u32,
}

/// What a probe found.
#[derive(Clone, Copy, Default)]
pub(crate) struct Entry {
    pub(crate) bits: u32,
    pub(crate) triggers: u16,
}

impl Lexicon {
    /// An empty lexicon.
    #[must_use]
    pub fn new() -> Self {
        Self { slots: vec![Slot::default(); 64], letters: Vec::new(), count: 0, hasher: WordHasher }
    }

    /// Adds categories to `word`, which is folded first. A word that is too long to be looked up is left out.
    pub fn insert(&mut self, word: &str, bits: u32) {
        if let Some(i) = self.place(word.as_bytes())
            && let Some(slot) = self.slots.get_mut(i)
        {
            slot.bits |= bits;
        }
    }

    /// The categories of `word` in any case, with or without diacritics; 0 when it is unknown.
    #[must_use]
    pub fn bits(&self, word: &[u8]) -> u32 {
        self.entry(word).bits
    }

    /// How many words it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether it holds no word.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    #[inline]
    pub(crate) fn entry(&self, word: &[u8]) -> Entry {
        let mut buffer = [0; LONGEST_WORD];
        let Some(word) = fold(word, &mut buffer) else { return Entry::default() };
        match self.slots.get(self.find(word)) {
            Some(slot) if slot.len > 0 => Entry { bits: slot.bits, triggers: slot.triggers },
            _ => Entry::default(),
        }
    }

    /// The trigger list of `word`; the caller sets it through the returned reference.
    pub(crate) fn triggers_mut(&mut self, word: &str) -> Option<&mut u16> {
        let i = self.place(word.as_bytes())?;
        self.slots.get_mut(i).map(|slot| &mut slot.triggers)
    }

    /// The slot of a folded word, or the empty one where it would go.
    #[inline]
    fn find(&self, word: &[u8]) -> usize {
        let hash = self.hasher.word(word);
        let mask = self.slots.len() - 1;
        let mut i = hash as usize & mask;
        loop {
            match self.slots.get(i) {
                Some(slot) if slot.len > 0 => {
                    if slot.hash == hash && self.letters_of(slot) == word {
                        return i;
                    }
                }
                _ => return i,
            }
            i = (i + 1) & mask;
        }
    }

    fn letters_of(&self, slot: &Slot) -> &[u8] {
        let at = slot.at as usize;
        self.letters.get(at..at + slot.len as usize).unwrap_or_default()
    }

    /// Finds or makes the slot of `word`.
    fn place(&mut self, word: &[u8]) -> Option<usize> {
        let mut buffer = [0; LONGEST_WORD];
        let word = fold(word, &mut buffer).filter(|w| !w.is_empty())?;
        let found = self.find(word);
        if self.slots.get(found).is_some_and(|slot| slot.len > 0) {
            return Some(found);
        }
        let at = u32::try_from(self.letters.len()).ok()?;
        let len = u8::try_from(word.len()).ok()?;
        self.letters.extend_from_slice(word);
        let slot = Slot { hash: self.hasher.word(word), at, len, ..Slot::default() };
        self.count += 1;
        if self.count * 2 > self.slots.len() {
            self.grow();
        }
        let i = self.find(word);
        *self.slots.get_mut(i)? = slot;
        Some(i)
    }

    fn grow(&mut self) {
        let mut slots = vec![Slot::default(); self.slots.len() * 2];
        let mask = slots.len() - 1;
        for slot in self.slots.iter().filter(|slot| slot.len > 0) {
            let mut i = slot.hash as usize & mask;
            while slots.get(i).is_some_and(|taken| taken.len > 0) {
                i = (i + 1) & mask;
            }
            if let Some(free) = slots.get_mut(i) {
                *free = *slot;
            }
        }
        self.slots = slots;
    }
}

impl Default for Lexicon {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Lexicon {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Lexicon({} words)", self.count)
    }
}

/// A fixed, fast hash of a short word. Not keyed: the words are public, and a probe costs at most a short walk.
#[derive(Clone, Copy, Default)]
pub(crate) struct WordHasher;

impl WordHasher {
    #[expect(clippy::cast_possible_truncation, reason = "a hash is folded to its width")]
    #[inline]
    pub(crate) fn word(self, word: &[u8]) -> u32 {
        let mut hasher = self.build_hasher();
        hasher.write(word);
        let hash = hasher.finish();
        // The halves are mixed, so that the low bits used as an index depend on all of it.
        ((hash >> 32) ^ (hash & 0xffff_ffff)) as u32
    }
}

impl BuildHasher for WordHasher {
    type Hasher = WordState;

    fn build_hasher(&self) -> WordState {
        WordState(0x9e37_79b9_7f4a_7c15)
    }
}

pub(crate) struct WordState(u64);

impl Hasher for WordState {
    #[expect(clippy::cast_possible_truncation, reason = "a product is folded to its width")]
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let mut state = self.0 ^ bytes.len() as u64;
        for piece in bytes.chunks(8) {
            let mut lane = [0; 8];
            for (to, from) in lane.iter_mut().zip(piece) {
                *to = *from;
            }
            let mixed = u128::from(state ^ u64::from_le_bytes(lane)) * 0xd6e8_feb8_6659_fd93;
            // Folding the product keeps both halves: every input bit reaches every output bit.
            state = ((mixed >> 64) ^ (mixed & u128::from(u64::MAX))) as u64;
        }
        self.0 = state;
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_has_the_bits_it_was_given_in_any_spelling() {
        let mut lexicon = Lexicon::new();
        for i in 0..10_000 {
            lexicon.insert(&format!("w{i}"), 1);
        }
        lexicon.insert("jose", 2);
        lexicon.insert("José", 4);
        lexicon.insert("new york", 8);
        assert_eq!(lexicon.bits("JOSÉ".as_bytes()), 6);
        assert_eq!(lexicon.bits(b"New York"), 8);
        assert_eq!(lexicon.bits(b"w9999"), 1);
        assert_eq!(lexicon.bits(b"w10000"), 0);
        assert_eq!(lexicon.bits(b""), 0);
        assert_eq!(lexicon.len(), 10_002);
    }
}
