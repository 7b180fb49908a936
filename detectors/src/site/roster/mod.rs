//! A site's list of known names and record numbers as a detector.
//!
//! A roster of millions of lines stays small and tells nothing: it keeps a keyed digest of 120 bits for each entry and a
//! keyed filter of a few bits for each word, both under random keys of this load. A word of a text that is in no entry
//! costs one probe of the filter.

mod load;
mod table;
mod words;

use std::borrow::Cow;
use std::fmt;
use std::io::BufRead;
use std::sync::Arc;

use blackbar_engine::{ByteSet, Detector, Kind, LONGEST_WORD, Reach, Trigger, Verdict, Verify, View, Window};

use super::{EDGE_AFTER, EDGE_BEFORE, PRIORITY, SiteError, alnum_at, class_of};
use crate::context::hinted;
use crate::fields::hint;
use table::{Filter, Keys, Table};
use words::{Id, LONGEST_NAME, MOST_PIECES, Name, SHORTEST_ID, Word};

/// How sure a listed entry is.
const CONFIDENCE: u8 = 97;
/// The most bytes between two words of a name.
const WIDEST_GAP: i32 = 4;

/// The known names and record numbers of a site.
///
/// # The file
///
/// One entry on a line, in UTF-8; blank lines and lines that begin with `#` are skipped. An entry is a value, or a kind,
/// a tab and a value. A value with a digit is an id, any other is a name.
///
/// # What is found
///
/// *Names* of up to six words, in any case, with or without diacritics and apostrophes, hyphen or blank between words,
/// over a line break. `John Smith`, `SMITH JOHN`, `Smith, John` and `SMITH^JOHN` are one entry; so are
/// `Mary Ann Smith` and `Smith, Mary Ann`. Initials beside two full words do not count: `John A. Smith` is found by
/// `John Smith` and the other way round. A name of one word is found where it begins with a capital or in a field of
/// names.
///
/// *Ids* of 4 to 40 letters and digits, in any case, with single separators anywhere: `-`, and every other separator
/// that some entry of the roster is written with. A label of two letters or more may touch them: `MRN1234567`.
///
/// # How sure
///
/// A text that is not on the list is taken for an entry with a probability of n / 2^120 for n entries: for ten million
/// entries and a billion lookups a second less than once in a trillion years.
pub struct Roster {
    id: String,
    keys: Keys,
    filter: Filter,
    table: Table,
    kinds: Vec<Kind>,
    separators: ByteSet,
    has_names: bool,
    has_ids: bool,
    /// Whether some id begins with a letter.
    spells_letters: bool,
}

impl Roster {
    /// Reads a roster for the detector `id`. Entries without a kind of their own are of `kind`.
    ///
    /// # Errors
    ///
    /// When the reader fails, or a line is too long, not UTF-8, or no entry. The error gives the line's number, never its
    /// content.
    pub fn load(id: &str, kind: Kind, reader: impl BufRead) -> Result<Self, SiteError> {
        load::load(id, kind, reader)
    }

    /// How many different entries it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether it holds no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes of memory that the entries take.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.table.memory() + self.filter.memory()
    }

    /// The detector of this roster. Its findings have the kinds of their entries.
    #[must_use]
    pub fn detector(self) -> Detector {
        let mut triggers = Vec::new();
        if self.has_ids {
            triggers.push(Trigger::Digits);
        }
        if self.has_names || self.spells_letters {
            triggers.push(Trigger::Word);
        }
        let kind = self.kinds.first().copied().unwrap_or(crate::kinds::OTHER_ID);
        let longest = u16::try_from(LONGEST_NAME).unwrap_or(u16::MAX);
        let id = Cow::Owned(self.id.clone());
        let roster = Arc::new(self);
        Detector {
            id,
            kind,
            class: class_of(kind),
            priority: PRIORITY,
            window: Window { before: EDGE_BEFORE, longest, after: EDGE_AFTER },
            reach: Reach::NONE,
            triggers: triggers.into(),
            verify: Verify::Site(Arc::new(move |view| roster.verify(view))),
            teaches: false,
            takes: "names and record numbers on a roster of the site, in the ways that systems write them".into(),
            refuses: "everything that is not on the roster".into(),
        }
    }

    fn verify(&self, view: &View<'_>) -> Option<Verdict> {
        let found = if view.byte(0)?.is_ascii_digit() {
            self.id_after_label(view)
        } else {
            let before = view.byte(-1);
            if before.is_some_and(|byte| byte.is_ascii_digit()) {
                return None;
            }
            let word = view.word(0);
            self.name(view, word).max(self.id_with_letters(view, word))
        };
        let (end, kind) = found?;
        Some(Verdict::new(0, end, *self.kinds.get(kind)?, CONFIDENCE, "site roster"))
    }

    /// The end and kind of the longest name that starts with `first`.
    fn name(&self, view: &View<'_>, first: &[u8]) -> Option<(i32, usize)> {
        if !self.has_names {
            return None;
        }
        let dotted = first.len() == 1 && view.byte(1) == Some(b'.');
        let known = self.known_word(view, 0, first);
        let (word, mut end) = if dotted { known.or_else(|| lone_capital(first, 0)) } else { known }?;
        let mut name = Name::EMPTY;
        name.push(word, false)?;
        let capital = !view.byte(0)?.is_ascii_lowercase();
        let mut found = None;
        if (capital || hinted(view, hint::NAME)) && !follows_digit(view, end) {
            found = self.kind_of(&name).map(|kind| (end, kind));
        }
        let mut initial = first.len() == 1;
        while let Some((at, comma)) = gap(view, end, initial, name.has_comma()) {
            let letters = view.word(at);
            let next = self.known_word(view, at, letters).or_else(|| lone_capital(letters, at));
            let Some((word, to)) = next else { break };
            // `John Smith, A 45-year-old`: an initial alone turns no full name round.
            if comma && letters.len() == 1 && name.full_words() > 1 {
                break;
            }
            if usize::try_from(to).is_ok_and(|to| to > LONGEST_NAME) || name.push(word, comma).is_none() {
                break;
            }
            end = to;
            initial = letters.len() == 1;
            // `John Smith I saw`: the pronoun is no initial.
            let pronoun = letters == b"I" && !name.has_comma() && view.byte(end) != Some(b'.');
            // `A John Smith`: nor is the article.
            let article = first.len() == 1 && !dotted && name.full_words() > 1;
            if !pronoun && !article && !follows_digit(view, end) {
                found = self.kind_of(&name).map(|kind| (end, kind)).or(found);
            }
        }
        found
    }

    /// The word that `letters` at `at` begin, with what apostrophes join to it, and its end, when the filter has it.
    #[inline]
    fn known_word(&self, view: &View<'_>, at: i32, letters: &[u8]) -> Option<(Word, i32)> {
        if letters.is_empty() || letters.len() > LONGEST_WORD {
            return None;
        }
        let end = at + length(letters);
        let mark = apostrophe(view, end);
        if mark > 0
            && let Some(joined) = self.joined_word(view, letters, end)
        {
            return Some(joined);
        }
        if !self.filter.has(self.keys.word(letters)) {
            return None;
        }
        Some((Word::of(&[letters])?, end))
    }

    /// `O'Brien` and `D’Angelo` are one word.
    #[cold]
    fn joined_word(&self, view: &View<'_>, letters: &[u8], mut end: i32) -> Option<(Word, i32)> {
        let mut word = Word::of(&[letters])?;
        let mut joined = false;
        loop {
            let mark = apostrophe(view, end);
            let more = if mark > 0 { view.word(end + mark) } else { &[] };
            if more.len() < 2 {
                break;
            }
            word.push(more)?;
            end += mark + length(more);
            joined = true;
        }
        (joined && self.filter.has(self.keys.folded(word.bytes()))).then_some((word, end))
    }

    fn kind_of(&self, name: &Name) -> Option<usize> {
        self.table.kind(name.canonical(|words| self.keys.digest(words.iter().copied())))
    }

    /// An id that starts with `word`.
    #[inline]
    fn id_with_letters(&self, view: &View<'_>, word: &[u8]) -> Option<(i32, usize)> {
        if !self.spells_letters || !word.is_ascii() {
            return None;
        }
        let next = view.byte(length(word))?;
        (next.is_ascii_digit() || self.separators.has(next)).then(|| self.id(view, SHORTEST_ID))?
    }

    /// An id that starts with a digit. A label may touch it, a part of a longer id may not.
    fn id_after_label(&self, view: &View<'_>) -> Option<(i32, usize)> {
        let before = view.before();
        let label = before.iter().rev().take_while(|byte| byte.is_ascii_alphabetic()).count();
        if label == 0 {
            return self.id(view, SHORTEST_ID);
        }
        let further = before.len().checked_sub(label + 1).and_then(|i| before.get(i));
        if label == 1 || further.is_some_and(u8::is_ascii_digit) {
            return None;
        }
        self.id(view, SHORTEST_ID + 1)
    }

    /// The end and kind of the longest id here with at least so many letters and digits.
    fn id(&self, view: &View<'_>, shortest: usize) -> Option<(i32, usize)> {
        let mut id = Id::EMPTY;
        let mut found = None;
        let mut at = 0;
        for _ in 0..MOST_PIECES {
            while let Some(byte) = view.byte(at).filter(u8::is_ascii_alphanumeric) {
                if id.push(byte).is_none() {
                    return found;
                }
                at += 1;
            }
            if id.has_digit
                && id.bytes().len() >= shortest
                && !alnum_at(view, at)
                && self.filter.has(self.keys.id(id.bytes()))
            {
                found = self.table.kind(self.keys.digest([id.bytes()])).map(|kind| (at, kind)).or(found);
            }
            let separated = view.byte(at).is_some_and(|byte| self.separators.has(byte));
            if !separated || !view.byte(at + 1).is_some_and(|byte| byte.is_ascii_alphanumeric()) {
                break;
            }
            at += 1;
        }
        found
    }
}

impl fmt::Debug for Roster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Roster(`{}`, {} entries)", self.id, self.len())
    }
}

/// What stands between two words of a name: where the next word may start, and whether a comma divides the two.
fn gap(view: &View<'_>, from: i32, after_initial: bool, had_comma: bool) -> Option<(i32, bool)> {
    let (mut comma, mut breaks) = (false, 0);
    for at in from..=from + WIDEST_GAP {
        match view.byte(at)? {
            b' ' | b'\t' | b'\r' | b'-' => {}
            // A blank line divides.
            b'\n' if breaks == 0 => breaks = 1,
            b'.' if at == from && after_initial => {}
            b',' if !comma && !had_comma => comma = true,
            // HL7 writes `SMITH^JOHN^A`: only its first mark divides.
            b'^' => comma |= !had_comma,
            byte if at > from && (byte.is_ascii_alphabetic() || byte >= 0x80) => return Some((at, comma)),
            _ => return None,
        }
    }
    None
}

/// An initial counts as a word of a name whether it is on the roster or not.
fn lone_capital(letters: &[u8], at: i32) -> Option<(Word, i32)> {
    match letters {
        [byte] if byte.is_ascii_uppercase() => Some((Word::of(&[letters])?, at + 1)),
        _ => None,
    }
}

fn follows_digit(view: &View<'_>, end: i32) -> bool {
    view.byte(end).is_some_and(|byte| byte.is_ascii_digit())
}

/// How many bytes the apostrophe at `at` has; 0 when there is none.
#[inline]
fn apostrophe(view: &View<'_>, at: i32) -> i32 {
    match view.byte(at) {
        Some(b'\'') => 1,
        Some(0xe2) if view.slice(at, 3) == "’".as_bytes() => 3,
        _ => 0,
    }
}

/// The length of a part of a view, which is at most the 512 bytes of the widest window.
#[inline]
fn length(part: &[u8]) -> i32 {
    i32::try_from(part.len()).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests;
