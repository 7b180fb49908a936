//! Entity memory: a rare name that was certain once is found again when it stands alone.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::Kind;
use crate::lexicon::Folded;

/// How far back it goes, in bytes of input.
pub(crate) const SPAN: u64 = 64 * 1024;
/// How many lessons it holds; the newest count.
pub(crate) const WORDS: u64 = 1024;
/// The confidence of a bare repeat, in percent.
pub(crate) const CONFIDENCE: u8 = 70;

/// Words taught by findings that stand without memory. What it answers at a position depends only on lessons of the
/// [`SPAN`] bytes before it, at most [`WORDS`] of them, so parallel blocks can warm up on that much.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// The newest lessons on each folded word: one that counts in any case, and one that needs the capital.
    known: HashMap<u64, [Option<Lesson>; 2], BuildHasherDefault<AsItIs>>,
    /// A bit for each hash that is known, so that most words are refused without looking them up.
    sieve: Sieve,
    taught: u64,
}

/// Which of 4,096 sorts of hashes there are; nothing before the first one.
#[derive(Debug, Default)]
struct Sieve(Option<Box<[u64; 64]>>);

impl Sieve {
    fn add(&mut self, hash: u64) {
        let rows = self.0.get_or_insert_with(|| Box::new([0; 64]));
        if let Some(row) = rows.get_mut((hash >> 6 & 63) as usize) {
            *row |= 1 << (hash & 63);
        }
    }

    #[inline]
    fn may_have(&self, hash: u64) -> bool {
        self.0
            .as_ref()
            .and_then(|rows| rows.get((hash >> 6 & 63) as usize))
            .is_some_and(|row| row >> (hash & 63) & 1 == 1)
    }
}

#[derive(Clone, Copy, Debug)]
struct Lesson {
    number: u64,
    at: u64,
    kind: Kind,
}

impl Memory {
    /// Remembers `word` as part of a `kind` that was found at `at`.
    pub(crate) fn teach(&mut self, word: &[u8], any_case: bool, kind: Kind, at: u64) {
        let Some(word) = Folded::new(word).filter(|word| !word.is_empty()) else { return };
        self.taught += 1;
        let lesson = Lesson { number: self.taught, at, kind };
        let [any, strict] = self.known.entry(word.hash()).or_default();
        *if any_case { any } else { strict } = Some(lesson);
        self.sieve.add(word.hash());
        // Lessons on other words may be out of date; they are swept when they are as many as the fresh ones may be.
        if self.known.len() as u64 > 2 * WORDS {
            let taught = self.taught;
            let fresh = |lesson: &Lesson| lesson.number + WORDS > taught && at - lesson.at <= SPAN;
            self.known.retain(|_, lessons| lessons.iter().flatten().any(fresh));
            self.sieve = Sieve::default();
            self.known.keys().for_each(|hash| self.sieve.add(*hash));
        }
    }

    /// Whether it knows no word.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// How many lessons there were.
    #[inline]
    pub(crate) fn taught(&self) -> u64 {
        self.taught
    }

    /// Whether it may know a word with this hash.
    #[inline]
    pub(crate) fn may_know(&self, hash: u64) -> bool {
        self.sieve.may_have(hash)
    }

    /// What the word with this `hash`, standing alone `at` a place in the input, is known to be. `capital` says that it
    /// begins with one.
    #[inline]
    pub(crate) fn recall(&self, hash: u64, capital: bool, at: impl FnOnce() -> u64) -> Option<Kind> {
        if !self.may_know(hash) {
            return None;
        }
        let [any, strict] = self.known.get(&hash)?;
        let at = at();
        let fresh = |lesson: &&Lesson| lesson.number + WORDS > self.taught && lesson.at < at && at - lesson.at <= SPAN;
        let any = any.as_ref().filter(fresh);
        let strict = strict.as_ref().filter(|_| capital).filter(fresh);
        any.into_iter().chain(strict).max_by_key(|lesson| lesson.number).map(|lesson| lesson.kind)
    }

    /// Forgets everything: a record ends.
    pub(crate) fn clear(&mut self) {
        if !self.known.is_empty() {
            self.known.clear();
            self.sieve = Sieve::default();
        }
        self.taught = 0;
    }
}

/// Words are hashed already.
#[derive(Debug, Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn write(&mut self, bytes: &[u8]) {
        // Only `write_u64` is used; what else came would still be told apart.
        self.0 = bytes.iter().fold(self.0, |state, byte| state.rotate_left(8) ^ u64::from(*byte));
    }

    #[inline]
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    const NAME: Kind = Kind::new("name");

    fn recall(memory: &Memory, word: &[u8], at: u64) -> Option<Kind> {
        memory.recall(Folded::new(word).unwrap().hash(), word[0].is_ascii_uppercase(), || at)
    }

    #[test]
    fn lessons_count_after_they_were_learnt_and_for_a_while() {
        let mut memory = Memory::default();
        memory.teach(b"Quixley", true, NAME, 10);
        assert_eq!(recall(&memory, b"Quixley", 10), None);
        assert_eq!(recall(&memory, b"QUIXLEY", 11), Some(NAME));
        assert_eq!(recall(&memory, b"quixley", 10 + SPAN), Some(NAME));
        assert_eq!(recall(&memory, b"quixley", 11 + SPAN), None);
    }

    #[test]
    fn a_word_that_is_also_ordinary_needs_its_capital() {
        let mut memory = Memory::default();
        memory.teach(b"Brown", false, NAME, 0);
        assert_eq!(recall(&memory, b"brown", 5), None);
        assert_eq!(recall(&memory, b"Brown", 5), Some(NAME));
    }

    #[test]
    fn only_the_newest_lessons_count() {
        let mut memory = Memory::default();
        memory.teach(b"first", true, NAME, 0);
        for i in 1..WORDS {
            memory.teach(format!("w{i}").as_bytes(), true, NAME, i);
        }
        assert_eq!(recall(&memory, b"first", 2000), Some(NAME));
        memory.teach(b"last", true, NAME, 2000);
        assert_eq!(recall(&memory, b"first", 2001), None);
        assert_eq!(recall(&memory, b"last", 2001), Some(NAME));
    }
}
