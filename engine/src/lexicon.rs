//! Words and what they may be: one probe tells every category.

use crate::text::{LONGEST_WORD, fold, lanes};

/// A set of folded words (and phrases: words joined by one space), each with category bits whose meaning belongs to
/// whoever filled it.
///
/// Word triggers of detectors live in the same table, so that one probe per word answers both questions.
#[derive(Clone)]
pub struct Lexicon {
    /// A byte of each slot's hash, 0 where it is empty: most words that are unknown are refused here, in a part of the
    /// table that stays in a cache. Open addressing, a power of two long.
    tags: Vec<u8>,
    slots: Vec<Slot>,
    /// The words, one after another, each in whole lanes of eight bytes.
    letters: Vec<u64>,
    count: usize,
}

#[derive(Clone, Copy, Default)]
struct Slot {
    /// The word itself, when it has no more than eight letters; else its hash, and in the low half where in the letters
    /// it begins.
    key: u64,
    bits: u32,
    /// One more than the index of a list of detectors that this very word triggers.
    triggers: u16,
    len: u8,
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
        Self { tags: vec![0; 64], slots: vec![Slot::default(); 64], letters: Vec::new(), count: 0 }
    }

    /// An empty lexicon that will not have to move its words before it holds so many.
    #[must_use]
    pub fn with_room(words: usize) -> Self {
        let len = (words * 4 / 3 + 1).next_power_of_two().max(64);
        Self { tags: vec![0; len], slots: vec![Slot::default(); len], letters: Vec::with_capacity(words), count: 0 }
    }

    /// Adds categories to `word`, which is folded first. A word that is too long to be looked up is left out.
    pub fn insert(&mut self, word: &str, bits: u32) {
        if let Some(slot) = self.place(word.as_bytes()) {
            slot.bits |= bits;
        }
    }

    /// The categories of `word` in any case, with or without diacritics; 0 when it is unknown.
    #[must_use]
    pub fn bits(&self, word: &[u8]) -> u32 {
        Folded::new(word).map_or(0, |word| self.entry(&word).bits)
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
    pub(crate) fn entry(&self, word: &Folded) -> Entry {
        self.entry_of(word.hash, usize::from(word.len), word.lanes())
    }

    /// The entry of a folded word of `len` bytes in `lanes`, whose hash is `hash`.
    #[inline]
    pub(crate) fn entry_of(&self, hash: u64, len: usize, lanes: &[u64]) -> Entry {
        match self.find(hash, len, lanes) {
            Ok(i) => self.slots.get(i).map_or_else(Entry::default, |s| Entry { bits: s.bits, triggers: s.triggers }),
            Err(_) => Entry::default(),
        }
    }

    /// The same for a word of eight letters at most, which is all in one lane.
    #[inline]
    pub(crate) fn entry_of_short(&self, hash: u64, len: usize, lane: u64) -> Entry {
        let tag = tag(hash);
        let mask = self.tags.len().wrapping_sub(1);
        let mut i = short(hash) as usize & mask;
        loop {
            match self.tags.get(i) {
                Some(0) | None => return Entry::default(),
                Some(here) if *here == tag => {
                    if let Some(slot) = self.slots.get(i)
                        && slot.key == lane
                        && usize::from(slot.len) == len
                    {
                        return Entry { bits: slot.bits, triggers: slot.triggers };
                    }
                }
                _ => {}
            }
            i = i.wrapping_add(1) & mask;
        }
    }

    /// The trigger list of `word`; the caller sets it through the returned reference.
    pub(crate) fn triggers_mut(&mut self, word: &str) -> Option<&mut u16> {
        self.place(word.as_bytes()).map(|slot| &mut slot.triggers)
    }

    /// The slot of a folded word, or the empty one where it would go.
    #[inline]
    fn find(&self, hash: u64, len: usize, lanes: &[u64]) -> Result<usize, usize> {
        let tag = tag(hash);
        let mask = self.tags.len() - 1;
        let mut i = short(hash) as usize & mask;
        loop {
            match self.tags.get(i) {
                Some(0) | None => return Err(i),
                Some(here)
                    if *here == tag && self.slots.get(i).is_some_and(|slot| self.holds(slot, hash, len, lanes)) =>
                {
                    return Ok(i);
                }
                _ => i = (i + 1) & mask,
            }
        }
    }

    #[inline]
    fn holds(&self, slot: &Slot, hash: u64, len: usize, lanes: &[u64]) -> bool {
        if usize::from(slot.len) != len {
            return false;
        }
        if let ([only], true) = (lanes, len <= SHORT) {
            return slot.key == *only;
        }
        let at = (slot.key & LOW) as usize;
        slot.key >> 32 == u64::from(short(hash))
            && self.letters.get(at..at + lanes.len()).is_some_and(|known| known.iter().eq(lanes))
    }

    /// Finds or makes the slot of `word`.
    fn place(&mut self, word: &[u8]) -> Option<&mut Slot> {
        let word = Folded::new(word).filter(|word| word.len > 0)?;
        let len = usize::from(word.len);
        let at = match self.find(word.hash, len, word.lanes()) {
            Ok(known) => known,
            Err(mut free) => {
                // Three quarters full at most: the tags tell empty slots cheaply.
                if (self.count + 1) * 4 > self.tags.len() * 3 {
                    self.grow();
                    let (Ok(other) | Err(other)) = self.find(word.hash, len, word.lanes());
                    free = other;
                }
                let key = match word.lanes() {
                    [only] => *only,
                    lanes => {
                        let at = u32::try_from(self.letters.len()).ok()?;
                        self.letters.extend_from_slice(lanes);
                        u64::from(short(word.hash)) << 32 | u64::from(at)
                    }
                };
                *self.tags.get_mut(free)? = tag(word.hash);
                *self.slots.get_mut(free)? = Slot { key, len: word.len, ..Slot::default() };
                self.count += 1;
                free
            }
        };
        self.slots.get_mut(at)
    }

    fn grow(&mut self) {
        let len = self.tags.len() * 2;
        let (mut tags, mut slots) = (vec![0; len], vec![Slot::default(); len]);
        let used = self.tags.iter().zip(&self.slots).filter(|(tag, _)| **tag != 0);
        for (&tag, slot) in used {
            let letters = usize::from(slot.len);
            let index = if letters <= SHORT { short(hash_of(letters, &[slot.key])) } else { (slot.key >> 32) as u32 };
            let mut i = index as usize & (len - 1);
            while tags.get(i).is_some_and(|taken| *taken != 0) {
                i = (i + 1) & (len - 1);
            }
            if let (Some(to), Some(free)) = (tags.get_mut(i), slots.get_mut(i)) {
                (*to, *free) = (tag, *slot);
            }
        }
        (self.tags, self.slots) = (tags, slots);
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

/// A word in lower case without diacritics, in lanes of eight bytes, with its hash.
pub(crate) struct Folded {
    lanes: [u64; LANES],
    len: u8,
    hash: u64,
}

const LANES: usize = LONGEST_WORD / 8;

impl Folded {
    /// `word`, folded; `None` when it is too long for any lexicon.
    #[inline]
    pub(crate) fn new(word: &[u8]) -> Option<Self> {
        let mut folded = Self { lanes: [0; LANES], len: u8::try_from(word.len()).ok()?, hash: 0 };
        if word.len() > LONGEST_WORD {
            return None;
        }
        let mut wide = 0;
        for (lane, piece) in folded.lanes.iter_mut().zip(word.chunks(8)) {
            let bytes = lanes::load(piece);
            wide |= bytes;
            *lane = lanes::lower(bytes);
        }
        if wide & lanes::HIGH != 0 {
            return Self::wide(word);
        }
        folded.hash = hash_of(word.len(), folded.lanes());
        Some(folded)
    }

    #[cold]
    fn wide(word: &[u8]) -> Option<Self> {
        let mut buffer = [0; LONGEST_WORD];
        let word = fold(word, &mut buffer)?;
        let mut folded = Self { lanes: [0; LANES], len: u8::try_from(word.len()).ok()?, hash: 0 };
        for (lane, piece) in folded.lanes.iter_mut().zip(word.chunks(8)) {
            *lane = lanes::load(piece);
        }
        folded.hash = hash_of(word.len(), folded.lanes());
        Some(folded)
    }

    /// All of its hash. Not keyed: the words are public, and a probe costs at most a short walk.
    #[inline]
    pub(crate) fn hash(&self) -> u64 {
        self.hash
    }

    /// Whether it has no letter.
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline]
    fn lanes(&self) -> &[u64] {
        self.lanes.get(..usize::from(self.len).div_ceil(8)).unwrap_or_default()
    }
}

/// So many letters fit a lane, and a slot.
const SHORT: usize = 8;
const LOW: u64 = 0xffff_ffff;
const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

/// The hash of a folded word of `len` bytes in `lanes`.
#[inline]
pub(crate) fn hash_of(len: usize, lanes: &[u64]) -> u64 {
    lanes.iter().fold(SEED ^ len as u64, |state, lane| mix(state, *lane))
}

/// The halves are mixed, so that the low bits used as an index depend on all of it.
#[expect(clippy::cast_possible_truncation, reason = "a hash is folded to its width")]
#[inline]
fn short(hash: u64) -> u32 {
    ((hash >> 32) ^ (hash & LOW)) as u32
}

/// A byte that no empty slot has, of bits that the index does not use.
#[inline]
fn tag(hash: u64) -> u8 {
    (hash >> 56) as u8 | 1
}

/// A fixed, fast hash, a lane at a time.
#[expect(clippy::cast_possible_truncation, reason = "a product is folded to its width")]
#[inline]
fn mix(state: u64, lane: u64) -> u64 {
    let mixed = u128::from(state ^ lane) * 0xd6e8_feb8_6659_fd93;
    // Folding the product keeps both halves: every input bit reaches every output bit.
    ((mixed >> 64) ^ (mixed & u128::from(u64::MAX))) as u64
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
