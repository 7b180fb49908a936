//! Short runs in which nothing was found: the keys of objects, the words of an enumeration. They come again and again.
//!
//! What detectors find in a run depends on its text and its field alone, and on the words that entity memory knows. So a
//! run that was read to its end and held nothing holds nothing the next time, unless memory knows one of its words.

use std::cell::Cell;

use crate::Field;
use crate::memory::Memory;
use crate::scanner::Compiled;
use crate::text::lanes;
use crate::words::Words;

/// Longer runs are read each time.
pub(crate) const LONGEST: usize = 48;
/// Runs with more words are read each time.
const MOST_WORDS: usize = 6;
/// A power of two.
const PLACES: usize = 512;

/// What was read and held nothing. A place holds the newest of those that fall on it.
#[derive(Default)]
pub(crate) struct Quiet {
    places: Vec<Entry>,
}

#[derive(Clone, Copy)]
struct Entry {
    /// [`Compiled::number`]; 0 for an empty place.
    compiled: u64,
    field: Field,
    text: [u8; LONGEST],
    len: u8,
    /// How many words there are, and their hashes.
    words: u8,
    hashes: [u64; MOST_WORDS],
}

thread_local! {
    /// One table serves all streams of a thread: what it holds was no identifier.
    static SPARE: Cell<Quiet> = const { Cell::new(Quiet { places: Vec::new() }) };
}

impl Quiet {
    /// Lends a table to `work`.
    pub(crate) fn lend<T>(work: impl FnOnce(&mut Self) -> T) -> T {
        let mut quiet = SPARE.take();
        let done = work(&mut quiet);
        SPARE.set(quiet);
        done
    }

    /// Whether the run `text` in `field` is known to hold nothing.
    #[inline]
    pub(crate) fn has(&self, compiled: &Compiled, field: &Field, text: &[u8], memory: &Memory) -> bool {
        let Some(entry) = self.places.get(place(text, field)) else { return false };
        entry.compiled == compiled.number
            && entry.text.get(..usize::from(entry.len)) == Some(text)
            && entry.field == *field
            && (memory.is_empty() || !entry.hashes().iter().any(|hash| memory.may_know(*hash)))
    }

    /// Notes that the run `text` in `field`, whose words are `words`, was read and held nothing.
    pub(crate) fn add(&mut self, compiled: &Compiled, field: &Field, text: &[u8], words: &Words) {
        let mut entry = Entry { compiled: compiled.number, field: *field, ..Entry::default() };
        let Some(to) = entry.text.get_mut(..text.len()) else { return };
        to.copy_from_slice(text);
        let Some(hashes) = words.hashes_of_all(text.len()) else { return };
        for hash in hashes {
            let Some(to) = entry.hashes.get_mut(usize::from(entry.words)) else { return };
            *to = hash;
            entry.words += 1;
        }
        let Ok(len) = u8::try_from(text.len()) else { return };
        entry.len = len;
        if self.places.is_empty() {
            self.places.resize(PLACES, Entry::default());
        }
        if let Some(to) = self.places.get_mut(place(text, field)) {
            *to = entry;
        }
    }
}

impl Entry {
    fn hashes(&self) -> &[u64] {
        self.hashes.get(..usize::from(self.words)).unwrap_or_default()
    }
}

impl Default for Entry {
    fn default() -> Self {
        Self { compiled: 0, field: Field::default(), text: [0; LONGEST], len: 0, words: 0, hashes: [0; MOST_WORDS] }
    }
}

/// Where an entry is kept. Texts that an adversary makes fall on one place cost him what reading them costs.
#[inline]
fn place(text: &[u8], field: &Field) -> usize {
    const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
    let start = field.meaning.hints ^ (text.len() as u64) << 56;
    let hash =
        text.chunks(8).fold(start, |state, piece| (state.rotate_left(29) ^ lanes::load(piece)).wrapping_mul(MIX));
    (hash >> 55) as usize % PLACES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Kind, Meaning, Scanner, Slot};

    #[test]
    fn only_the_same_text_in_the_same_field_is_known() {
        let (one, other) = (Scanner::builder().build().unwrap(), Scanner::builder().build().unwrap());
        let mut quiet = Quiet::default();
        let mut memory = Memory::default();
        let key = Field { slot: Slot::Key, ..Field::default() };
        let text = b"final result";
        let mut words = Words::none();
        words.read(text, 0, 64, false, &one.inner);
        assert!(!quiet.has(&one.inner, &key, text, &memory));
        quiet.add(&one.inner, &key, text, &words);
        assert!(quiet.has(&one.inner, &key, text, &memory));
        assert!(!quiet.has(&other.inner, &key, text, &memory), "another set of detectors");
        assert!(!quiet.has(&one.inner, &Field::default(), text, &memory), "another field");
        assert!(!quiet.has(&one.inner, &key, b"final resulT", &memory));
        memory.teach(b"Ann", true, Kind::new("name"), 1);
        assert!(quiet.has(&one.inner, &key, text, &memory));
        memory.teach(b"Result", true, Kind::new("name"), 1);
        assert!(!quiet.has(&one.inner, &key, text, &memory), "memory knows one of its words");
        let hinted = Field { meaning: Meaning { hints: 1, ..Meaning::default() }, ..key };
        quiet.add(&one.inner, &hinted, text, &words);
        assert!(quiet.has(&one.inner, &hinted, text, &Memory::default()));
    }

    #[test]
    fn what_has_unknown_words_is_read_again() {
        let scanner = Scanner::builder().build().unwrap();
        let mut quiet = Quiet::default();
        let field = Field::default();
        for text in ["José", "a b c d e f g"] {
            let mut words = Words::none();
            words.read(text.as_bytes(), 0, 64, false, &scanner.inner);
            quiet.add(&scanner.inner, &field, text.as_bytes(), &words);
            assert!(!quiet.has(&scanner.inner, &field, text.as_bytes(), &Memory::default()), "{text}");
        }
    }
}
