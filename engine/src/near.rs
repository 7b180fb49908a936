//! A glance at the words around a trigger, before a detector is asked.

use crate::Field;
use crate::words::{Word, Words};

/// Says whether a detector is worth asking at a word. `Ok(false)` only where its `verify` would find nothing: a glance
/// saves time and changes nothing else. The oracle does without, and the laws compare the two.
///
/// What cannot be seen from here ends a glance, by `?`, with [`Unseen`]; then the detector is asked.
pub type Glance = fn(&Near<'_>) -> Result<bool, Unseen>;

/// It lies beyond what was read, or was not looked up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Unseen;

/// The words and bytes around a trigger that is a word of ASCII letters. It sees further than the detector's window.
pub struct Near<'a> {
    words: &'a Words,
    /// Place of the trigger among the words.
    place: usize,
    here: &'a Word,
    text: &'a [u8],
    /// Whether the text begins where the run does.
    begins: bool,
    /// Whether more of the run may follow the text.
    open: bool,
    field: &'a Field,
}

/// A word of ASCII letters.
#[derive(Clone, Copy, Debug)]
pub struct NearWord<'a> {
    /// Its letters.
    pub letters: &'a [u8],
    /// Its categories in the lexicon.
    pub bits: u32,
    /// What follows its last letter; `None` where the run ends.
    pub after: Option<u8>,
}

impl NearWord<'_> {
    /// Whether it begins with a capital.
    #[inline]
    #[must_use]
    pub fn is_capital(&self) -> bool {
        self.letters.first().is_some_and(u8::is_ascii_uppercase)
    }
}

impl<'a> Near<'a> {
    /// `here` is the word at `place`, and known.
    #[inline]
    pub(crate) fn new(
        words: &'a Words,
        place: usize,
        here: &'a Word,
        text: &'a [u8],
        begins: bool,
        open: bool,
        field: &'a Field,
    ) -> Self {
        Self { words, place, here, text, begins, open, field }
    }

    /// The trigger.
    #[inline]
    #[must_use]
    pub fn word(&self) -> NearWord<'a> {
        self.seen(self.here)
    }

    #[inline]
    fn seen(&self, word: &Word) -> NearWord<'a> {
        NearWord {
            letters: self.text.get(word.start()..word.end()).unwrap_or_default(),
            bits: word.bits,
            after: self.text.get(word.end()).copied(),
        }
    }

    /// The `n`th word behind the trigger, from 1 on, and what stands before it: bytes that are no ASCII letters. `None`
    /// when there are fewer words.
    ///
    /// # Errors
    ///
    /// When it was not read.
    #[inline]
    pub fn next(&self, n: usize) -> Result<Option<(&'a [u8], NearWord<'a>)>, Unseen> {
        let place = self.place.wrapping_add(n);
        let Some([before, word]) = self.words.pair(place.wrapping_sub(1)) else {
            return if self.words.is_behind_all(place) == Some(true) { Ok(None) } else { Err(Unseen) };
        };
        if !word.is_known() || !before.is_known() {
            return Err(Unseen);
        }
        Ok(Some((self.text.get(before.end()..word.start()).unwrap_or_default(), self.seen(word))))
    }

    /// The word before the trigger, and what stands between: bytes that are no ASCII letters. `None` when there is none.
    ///
    /// # Errors
    ///
    /// When it was not read.
    #[inline]
    pub fn previous(&self) -> Result<Option<(NearWord<'a>, &'a [u8])>, Unseen> {
        let Some(place) = self.place.checked_sub(1) else {
            let alone = self.begins && !self.preceding(usize::MAX).iter().any(u8::is_ascii_alphabetic);
            return if alone { Ok(None) } else { Err(Unseen) };
        };
        let word = self.words.get(place).filter(|word| word.is_known()).ok_or(Unseen)?;
        Ok(Some((self.seen(word), self.text.get(word.end()..self.here.start()).unwrap_or_default())))
    }

    /// Up to `most` bytes before the trigger; fewer where the run begins or more are not at hand.
    #[inline]
    #[must_use]
    pub fn preceding(&self, most: usize) -> &'a [u8] {
        let at = self.here.start();
        self.text.get(at.saturating_sub(most)..at).unwrap_or_default()
    }

    /// `most` bytes behind the `n`th word from the trigger on, which is 0; fewer where the run ends.
    ///
    /// # Errors
    ///
    /// When fewer are at hand and more may follow, or the word was not read.
    #[inline]
    pub fn following(&self, n: usize, most: usize) -> Result<&'a [u8], Unseen> {
        let from = self.words.get(self.place + n).ok_or(Unseen)?.end();
        match self.text.get(from..from + most) {
            Some(bytes) => Ok(bytes),
            None if self.open => Err(Unseen),
            None => Ok(self.text.get(from..).unwrap_or_default()),
        }
    }

    /// Whether a digit is among the next `most` bytes, the trigger included.
    ///
    /// # Errors
    ///
    /// When there is none in what was read, and more may follow.
    #[inline]
    pub fn has_digit(&self, most: usize) -> Result<bool, Unseen> {
        self.words.has_digit(self.here.start(), self.here.start() + most).ok_or(Unseen)
    }

    /// Whether the trigger begins the run.
    #[inline]
    #[must_use]
    pub fn begins(&self) -> bool {
        self.begins && self.here.at == 0
    }

    /// Whether the name of the field has one of `hints`.
    #[inline]
    #[must_use]
    pub fn hinted(&self, hints: u64) -> bool {
        self.field.meaning.hints & hints != 0
    }
}

impl std::fmt::Debug for Near<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Near(word {})", self.place)
    }
}
