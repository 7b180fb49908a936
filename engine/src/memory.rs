//! Entity memory: a rare name that was certain once is found again when it stands alone.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};

use crate::Kind;
use crate::lexicon::WordHasher;
use crate::text::{LONGEST_WORD, fold};

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
    /// The newest lesson on each folded word, kept apart by whether any case counts.
    known: HashMap<(u64, bool), Lesson, WordHasher>,
    taught: u64,
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
        let Some(hash) = hash(word) else { return };
        self.taught += 1;
        self.known.insert((hash, any_case), Lesson { number: self.taught, at, kind });
        // Lessons on other words may be out of date; they are swept when they are as many as the fresh ones may be.
        if self.known.len() as u64 > 2 * WORDS {
            let taught = self.taught;
            self.known.retain(|_, lesson| lesson.number + WORDS > taught && at - lesson.at <= SPAN);
        }
    }

    /// Whether it knows nothing.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// What `word`, standing alone at `at`, is known to be.
    #[inline]
    pub(crate) fn recall(&self, word: &[u8], at: u64) -> Option<Kind> {
        let capital = !word.first()?.is_ascii_lowercase();
        let hash = hash(word)?;
        let fresh = |lesson: &&Lesson| lesson.number + WORDS > self.taught && lesson.at < at && at - lesson.at <= SPAN;
        let any = self.known.get(&(hash, true)).filter(fresh);
        let strict = self.known.get(&(hash, false)).filter(|_| capital).filter(fresh);
        any.into_iter().chain(strict).max_by_key(|lesson| lesson.number).map(|lesson| lesson.kind)
    }

    /// Forgets everything: a record ends.
    pub(crate) fn clear(&mut self) {
        self.known.clear();
        self.taught = 0;
    }
}

fn hash(word: &[u8]) -> Option<u64> {
    let mut buffer = [0; LONGEST_WORD];
    let word = fold(word, &mut buffer).filter(|word| !word.is_empty())?;
    let mut hasher = WordHasher.build_hasher();
    hasher.write(word);
    Some(hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: Kind = Kind::new("name");

    #[test]
    fn lessons_count_after_they_were_learnt_and_for_a_while() {
        let mut memory = Memory::default();
        memory.teach(b"Quixley", true, NAME, 10);
        assert_eq!(memory.recall(b"Quixley", 10), None);
        assert_eq!(memory.recall(b"QUIXLEY", 11), Some(NAME));
        assert_eq!(memory.recall(b"quixley", 10 + SPAN), Some(NAME));
        assert_eq!(memory.recall(b"quixley", 11 + SPAN), None);
    }

    #[test]
    fn a_word_that_is_also_ordinary_needs_its_capital() {
        let mut memory = Memory::default();
        memory.teach(b"Brown", false, NAME, 0);
        assert_eq!(memory.recall(b"brown", 5), None);
        assert_eq!(memory.recall(b"Brown", 5), Some(NAME));
    }

    #[test]
    fn only_the_newest_lessons_count() {
        let mut memory = Memory::default();
        memory.teach(b"first", true, NAME, 0);
        for i in 1..WORDS {
            memory.teach(format!("w{i}").as_bytes(), true, NAME, i);
        }
        assert_eq!(memory.recall(b"first", 2000), Some(NAME));
        memory.teach(b"last", true, NAME, 2000);
        assert_eq!(memory.recall(b"first", 2001), None);
        assert_eq!(memory.recall(b"last", 2001), Some(NAME));
    }
}
