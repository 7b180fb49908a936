//! What a detector sees: a trigger and a finite window around it.

use std::cell::Cell;

use crate::clumps::Clumps;
use crate::lexicon::Lexicon;
use crate::resolve::Candidate;
use crate::text::{ascii_word_len, letter, letter_before, word_len};
use crate::words::Words;
use crate::{ByteSet, Field, Reach, Window};

/// A window on one text run, placed on a trigger. Offsets are relative to the trigger: 0 is its first byte, negative
/// ones lie before it.
///
/// A view yields nothing beyond the detector's declared [`Window`] or the run; to the detector the text seems to begin
/// and end there. It also notes how far ahead it was asked: an answer that did not depend on bytes that have not
/// arrived yet stands at once, any other is asked for again when they have. So the answer depends on the text alone and
/// never on how it was cut into chunks, and no more bytes are held back than the decision needs.
pub struct View<'a> {
    /// The run's bytes at hand, from at least the window's first byte to the last visible one: the window's end or the
    /// end of what is at hand.
    text: &'a [u8],
    /// Index of the trigger in `text`.
    at: usize,
    /// Index in `text` of the window's first byte.
    first: usize,
    /// Index one past the window's last byte; beyond `last` when the window goes on into bytes that have not arrived.
    end: usize,
    /// One past the furthest index that an answer depended on.
    asked: Cell<usize>,
    field: &'a Field,
    lexicon: &'a Lexicon,
    /// The words of the run's bytes at hand, as far as they were read.
    words: &'a Words,
    /// What was found so far, in offsets of the run.
    found: &'a [Candidate],
    /// The offset of `text`.
    base: u64,
    /// What is found at a higher priority beats this detector.
    priority: u8,
}

impl<'a> View<'a> {
    /// A view of `text` at `at`. `open` says that more of the run may follow `text`.
    pub(crate) fn new(
        text: &'a [u8],
        at: usize,
        open: bool,
        window: Window,
        field: &'a Field,
        lexicon: &'a Lexicon,
        words: &'a Words,
    ) -> Self {
        let end = at + window.ahead();
        View {
            text: text.get(..end).unwrap_or(text),
            at,
            first: at.saturating_sub(window.before as usize),
            end: if open { end } else { end.min(text.len()) },
            asked: Cell::new(at),
            field,
            lexicon,
            words,
            found: &[],
            base: 0,
            priority: 0,
        }
    }

    /// Shows to a detector of this priority what was `found` so far, in a run whose bytes at hand begin at `base`.
    #[inline]
    pub(crate) fn show_beside(&mut self, found: &'a [Candidate], base: u64, priority: u8) {
        (self.found, self.base, self.priority) = (found, base, priority);
    }

    /// How far from the trigger on a finding reaches that is known to beat this detector from `start` on, or from before. What
    /// would begin at `start` or behind and end there too changes nothing. Nothing is 0, and what is known differs from one
    /// reading of a text to the other.
    #[must_use]
    pub fn covered_to(&self, start: i32) -> i32 {
        /// Most of what begins further back has ended.
        const LAST: usize = 6;
        let at = self.base + self.at as u64;
        let from = at.saturating_add_signed(i64::from(start));
        let mut end = at;
        for found in self.found.iter().rev().take(LAST) {
            if found.decided > end && found.start <= from && found.priority > self.priority && !found.is_kept() {
                end = found.decided;
            }
        }
        i32::try_from(end - at).unwrap_or(i32::MAX)
    }

    /// The byte at `offset`.
    #[inline]
    #[must_use]
    pub fn byte(&self, offset: i32) -> Option<u8> {
        let i = self.at.wrapping_add_signed(offset as isize);
        match self.text.get(i) {
            Some(&byte) => {
                self.ask(i + 1);
                (i >= self.first).then_some(byte)
            }
            None => {
                // Before the text it wrapped around: nothing was asked for.
                if offset >= 0 {
                    self.ask(i + 1);
                }
                None
            }
        }
    }

    /// Up to `most` bytes from the trigger on.
    #[inline]
    #[must_use]
    pub fn ahead(&self, most: usize) -> &'a [u8] {
        self.slice(0, most)
    }

    /// Up to `most` bytes from `offset` on; fewer where the window or the run ends.
    #[inline]
    #[must_use]
    pub fn slice(&self, offset: i32, most: usize) -> &'a [u8] {
        let from = (self.at as isize + offset as isize).max(0) as usize;
        let to = (self.at as isize + offset as isize).saturating_add_unsigned(most).max(0) as usize;
        let from = from.max(self.first);
        self.ask(to);
        self.text.get(from..to.min(self.text.len())).unwrap_or_default()
    }

    /// Everything visible before the trigger. Empty where the run or the window begins with it.
    #[inline]
    #[must_use]
    pub fn before(&self) -> &'a [u8] {
        self.text.get(self.first..self.at).unwrap_or_default()
    }

    /// The longest run of bytes of `set` from `offset` on, at most `most` of them.
    #[inline]
    #[must_use]
    pub fn run(&self, offset: i32, set: &ByteSet, most: usize) -> &'a [u8] {
        let Some(from) = self.index(offset).filter(|&i| i >= self.first) else { return &[] };
        let rest = self.text.get(from..).unwrap_or_default();
        let rest = rest.get(..most).unwrap_or(rest);
        let len = rest.iter().position(|&byte| !set.has(byte)).unwrap_or(rest.len());
        // The byte that ends the run was looked at too, unless `most` ended it.
        self.ask((from + len + 1).min(from.saturating_add(most)));
        rest.get(..len).unwrap_or_default()
    }

    /// The word (a maximal run of letters) that starts at `offset`; empty when there is none.
    #[inline]
    #[must_use]
    pub fn word(&self, offset: i32) -> &'a [u8] {
        self.word_and_bits(offset).0
    }

    /// The word that starts at `offset`, and its categories in the lexicon.
    #[inline]
    #[must_use]
    pub fn word_with_bits(&self, offset: i32) -> (&'a [u8], u32) {
        let (word, bits) = self.word_and_bits(offset);
        (word, bits.unwrap_or_else(|| self.lexicon.bits(word)))
    }

    /// The word that starts at `offset`, and its categories where they are known.
    #[inline]
    fn word_and_bits(&self, offset: i32) -> (&'a [u8], Option<u32>) {
        let from = self.at.wrapping_add_signed(offset as isize);
        if from >= self.first {
            if let Some(word) = self.words.at(from)
                && let Some(letters) = self.text.get(from..word.end())
            {
                // What follows it was seen, or is nothing.
                self.ask((word.end() + 1).min(self.end));
                return (letters, Some(word.bits));
            }
            // Most places that are asked about and begin no word show it at once.
            if self.text.get(from).is_some_and(|byte| byte.is_ascii() && !byte.is_ascii_alphabetic()) {
                self.ask(from + 1);
                return (&[], Some(0));
            }
        }
        (self.read_word(from, offset), None)
    }

    #[inline(never)]
    fn read_word(&self, from: usize, offset: i32) -> &'a [u8] {
        if from < self.first || (offset < 0 && from >= self.at) {
            return &[];
        }
        let rest = self.text.get(from..).unwrap_or_default();
        let len = ascii_word_len(rest);
        if rest.get(len).is_some_and(u8::is_ascii) {
            self.ask(from + len + 1);
            return rest.get(..len).unwrap_or_default();
        }
        let len = word_len(rest);
        // A letter may have up to four bytes; all of them were needed to know that the word ends.
        let next_is_ascii = rest.get(len).is_some_and(u8::is_ascii);
        self.ask(from + len + if next_is_ascii { 1 } else { 4 });
        rest.get(..len).unwrap_or_default()
    }

    /// How many bytes the letter at `offset` has; 0 when there is none.
    #[inline]
    #[must_use]
    pub fn letter(&self, offset: i32) -> usize {
        let Some(from) = self.index(offset).filter(|&i| i >= self.first) else { return 0 };
        let rest = self.text.get(from..).unwrap_or_default();
        // Whether a lead byte begins a letter depends on the bytes that follow it.
        self.ask(from + if rest.first().is_some_and(u8::is_ascii) { 1 } else { 4 });
        letter(rest)
    }

    /// Whether a letter ends just before `offset`.
    #[inline]
    #[must_use]
    pub fn letter_before(&self, offset: i32) -> bool {
        let Some(at) = self.index(offset).filter(|&i| i >= self.first) else { return false };
        self.ask(at);
        letter_before(self.text.get(self.first..).unwrap_or_default(), at - self.first)
    }

    /// The lexicon's categories of `word`.
    #[inline]
    #[must_use]
    pub fn bits(&self, word: &[u8]) -> u32 {
        // A word of this very text may be known by its place.
        let at = word.as_ptr().addr().wrapping_sub(self.text.as_ptr().addr());
        if at >= self.text.len() {
            return self.lexicon.bits(word);
        }
        match self.words.at(at) {
            Some(known) if usize::from(known.len) == word.len() => known.bits,
            _ => self.lexicon.bits(word),
        }
    }

    /// The clumps around that which begins at `offset`, up to `most` bytes from there on. `None` where none begins, and
    /// where they were not read: the slices have to be looked at.
    #[inline]
    #[must_use]
    pub fn clumps(&self, offset: i32, most: usize) -> Option<Clumps<'a>> {
        let at = self.index(offset).filter(|&i| i >= self.first)?;
        self.ask(at.saturating_add(most));
        self.words.clumps(self.text.get(..at.saturating_add(most)).unwrap_or(self.text), self.first, at)
    }

    /// The field this run belongs to.
    #[inline]
    #[must_use]
    pub fn field(&self) -> &'a Field {
        self.field
    }

    /// Whether the run begins at `offset`, or the window does.
    #[must_use]
    pub fn begins(&self, offset: i32) -> bool {
        self.index(offset).is_none_or(|i| i <= self.first)
    }

    /// Whether the run ends at `offset` or before, or the window does.
    #[must_use]
    pub fn ends(&self, offset: i32) -> bool {
        let Some(i) = self.index(offset) else { return false };
        self.ask(i + 1);
        i >= self.text.len()
    }

    /// One past the furthest index that the answer depended on, when that lies beyond what is at hand.
    #[inline]
    pub(crate) fn wants(&self) -> Option<usize> {
        let asked = self.asked.get().min(self.end);
        (asked > self.text.len()).then_some(asked)
    }

    /// Whether bytes before the trigger from `start` on may belong to a finding with this reach.
    pub(crate) fn reaches(&self, start: i32, reach: &Reach) -> bool {
        let Some(first) = self.index(start).filter(|&i| i >= self.first) else { return false };
        self.at - first <= usize::from(reach.bytes)
            && self.text.get(first..self.at).is_some_and(|bytes| bytes.iter().all(|&byte| reach.across.has(byte)))
    }

    /// Whether `end` lies within the run.
    pub(crate) fn holds(&self, end: i32) -> bool {
        self.index(end).is_some_and(|i| i <= self.text.len())
    }

    #[inline]
    fn index(&self, offset: i32) -> Option<usize> {
        self.at.checked_add_signed(offset as isize)
    }

    #[inline]
    fn ask(&self, to: usize) {
        if to > self.asked.get() {
            self.asked.set(to);
        }
    }
}

impl std::fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "View(at {}, {} bytes)", self.at - self.first, self.text.len().saturating_sub(self.first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Window = Window { before: 3, longest: 4, after: 2 };

    fn view<'a>(text: &'a [u8], at: usize, open: bool, field: &'a Field, lexicon: &'a Lexicon) -> View<'a> {
        View::new(text, at, open, WINDOW, field, lexicon, Box::leak(Box::new(Words::none())))
    }

    #[test]
    fn nothing_beyond_the_window_is_visible() {
        let (field, lexicon) = (Field::default(), Lexicon::new());
        let view = view(b"0123456789abcdef", 5, false, &field, &lexicon);
        assert_eq!(view.before(), b"234");
        assert_eq!(view.ahead(100), b"56789a");
        assert_eq!(view.byte(-3), Some(b'2'));
        assert_eq!(view.byte(-4), None);
        assert_eq!(view.byte(6), None);
        assert_eq!(view.slice(-9, 100), b"23456789a");
        assert!(view.begins(-3) && view.ends(6) && !view.ends(5));
        assert_eq!(view.wants(), None);
    }

    #[test]
    fn letters_are_found_on_both_sides() {
        let (field, lexicon) = (Field::default(), Lexicon::new());
        let text = "aé1".as_bytes();
        let here = view(text, 1, false, &field, &lexicon);
        assert_eq!((here.letter(-1), here.letter(0), here.letter(2), here.letter(3)), (1, 2, 0, 0));
        assert!(here.letter_before(0) && here.letter_before(2) && !here.letter_before(3) && !here.letter_before(-1));
        let cut = view(&text[..2], 1, true, &field, &lexicon);
        let _ = cut.letter(0);
        assert!(cut.wants().is_some(), "the letter's second byte has not arrived");
    }

    #[test]
    fn an_answer_that_depends_on_missing_bytes_is_noticed() {
        let (field, lexicon) = (Field::default(), Lexicon::new());
        let text = b"ab cd";
        let here = view(text, 0, true, &field, &lexicon);
        assert_eq!(here.word(0), b"ab");
        assert_eq!(here.wants(), None, "the blank settles the word");
        let there = view(text, 3, true, &field, &lexicon);
        assert_eq!(there.word(0), b"cd");
        assert!(there.wants().is_some(), "the word may go on");
        let digits = view(b"12", 0, true, &field, &lexicon);
        assert_eq!(digits.run(0, &ByteSet::DIGIT, 2), b"12");
        assert_eq!(digits.wants(), None, "two were asked for, two are there");
        let at_end = view(b"12", 0, false, &field, &lexicon);
        assert_eq!(at_end.run(0, &ByteSet::DIGIT, 9), b"12");
        assert_eq!(at_end.wants(), None, "the run is over");
    }
}
