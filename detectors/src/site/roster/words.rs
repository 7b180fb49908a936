//! The canonical form of an entry, the same for a line of the file and for a place in a text.

use std::cmp::Ordering;

use blackbar_engine::{LONGEST_WORD, fold};

/// The most words of a name.
pub(super) const MOST_WORDS: usize = 6;
/// The longest name in a text, in bytes, with everything between its words.
pub(super) const LONGEST_NAME: usize = 160;
/// The longest id, without separators.
pub(super) const LONGEST_ID: usize = 40;
/// The shortest id: less would be found in every note.
pub(super) const SHORTEST_ID: usize = 4;
/// The most runs of letters and digits that one id is written in.
pub(super) const MOST_PIECES: usize = 6;

/// A folded word: letters only, apostrophes left out.
#[derive(Clone, Copy)]
pub(super) struct Word {
    bytes: [u8; LONGEST_WORD],
    len: usize,
}

impl Word {
    const EMPTY: Self = Self { bytes: [0; LONGEST_WORD], len: 0 };

    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// Folds `letters` and puts them behind. `None` when they do not fit.
    pub(super) fn push(&mut self, letters: &[u8]) -> Option<()> {
        let mut buffer = [0; LONGEST_WORD];
        let folded = fold(letters, &mut buffer)?;
        let end = self.len + folded.len();
        self.bytes.get_mut(self.len..end)?.copy_from_slice(folded);
        self.len = end;
        Some(())
    }

    /// The word that `pieces` make: `O` and `Brien`.
    pub(super) fn of(pieces: &[&[u8]]) -> Option<Self> {
        let mut word = Self::EMPTY;
        pieces.iter().try_for_each(|piece| word.push(piece))?;
        Some(word)
    }

    fn is_initial(&self) -> bool {
        self.len == 1
    }
}

/// The words of a name as they are written, and whether a comma divides them.
#[derive(Clone)]
pub(super) struct Name {
    words: [Word; MOST_WORDS],
    len: usize,
    /// How many words stand before the comma.
    comma: Option<usize>,
}

impl Name {
    pub(super) const EMPTY: Self = Self { words: [Word::EMPTY; MOST_WORDS], len: 0, comma: None };

    /// Adds a word; `after_comma` says that a comma stands before it. `None` when there is no room or a second comma.
    pub(super) fn push(&mut self, word: Word, after_comma: bool) -> Option<()> {
        if after_comma && self.comma.is_some() {
            return None;
        }
        *self.words.get_mut(self.len)? = word;
        if after_comma {
            self.comma = Some(self.len);
        }
        self.len += 1;
        Some(())
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn has_comma(&self) -> bool {
        self.comma.is_some()
    }

    pub(super) fn words(&self) -> &[Word] {
        self.words.get(..self.len).unwrap_or_default()
    }

    /// How many words are more than an initial.
    pub(super) fn full_words(&self) -> usize {
        self.words().iter().filter(|word| !word.is_initial()).count()
    }

    /// Calls `take` with the canonical words: `Last, First` turned to `First Last`; initials left out beside two full
    /// words; two words in alphabetical order, since systems write them either way.
    pub(super) fn canonical<T>(&self, take: impl FnOnce(&[&[u8]]) -> T) -> T {
        let words = self.words();
        let (last, first) = words.split_at(self.comma.unwrap_or(0).min(words.len()));
        let full = self.full_words();
        let mut list: [&[u8]; MOST_WORDS] = [&[]; MOST_WORDS];
        let mut len = 0;
        let wanted = first.iter().chain(last).filter(|word| full < 2 || !word.is_initial());
        for (to, word) in list.iter_mut().zip(wanted) {
            *to = word.bytes();
            len += 1;
        }
        if let [one, two, ..] = &mut list
            && len == 2
            && (*one).cmp(two) == Ordering::Greater
        {
            std::mem::swap(one, two);
        }
        take(list.get(..len).unwrap_or_default())
    }
}

/// An id: letters in upper case and digits, separators left out.
#[derive(Clone, Copy)]
pub(super) struct Id {
    bytes: [u8; LONGEST_ID],
    len: usize,
    pub(super) has_digit: bool,
}

impl Id {
    pub(super) const EMPTY: Self = Self { bytes: [0; LONGEST_ID], len: 0, has_digit: false };

    /// Adds a letter or digit. `None` when the id is too long.
    #[inline]
    pub(super) fn push(&mut self, byte: u8) -> Option<()> {
        *self.bytes.get_mut(self.len)? = byte.to_ascii_uppercase();
        self.len += 1;
        self.has_digit |= byte.is_ascii_digit();
        Some(())
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}
