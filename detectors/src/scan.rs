//! Small readers that detectors share: words before a value, runs and separators behind a trigger.

use blackbar_engine::{ByteSet, View};

use crate::word_set::WordSet;

/// The bytes before `start`, which is an offset at or before the trigger.
pub(crate) fn before<'a>(view: &View<'a>, start: i32) -> &'a [u8] {
    let all = view.before();
    let back = usize::try_from(start.min(0).unsigned_abs()).unwrap_or(usize::MAX);
    all.get(..all.len().saturating_sub(back)).unwrap_or_default()
}

/// A length as an offset.
pub(crate) fn len(bytes: &[u8]) -> i32 {
    i32::try_from(bytes.len()).unwrap_or(i32::MAX)
}

/// The digits at `at`, at most `most` of them.
pub(crate) fn digits<'a>(view: &View<'a>, at: i32, most: usize) -> &'a [u8] {
    view.run(at, &ByteSet::DIGIT, most)
}

/// The value of a run of digits; the largest value when it does not fit.
pub(crate) fn number(digits: &[u8]) -> u32 {
    digits.iter().fold(0_u32, |sum, digit| sum.saturating_mul(10).saturating_add(u32::from(digit.wrapping_sub(b'0'))))
}

/// How many blanks (spaces and tabs, never line ends) stand at `at`, at most `most`.
pub(crate) fn blanks(view: &View<'_>, at: i32, most: usize) -> i32 {
    const BLANK: ByteSet = ByteSet::of(b" \t");
    len(view.run(at, &BLANK, most))
}

/// Whether a byte may be part of a word or a number; what is beyond ASCII counts as a letter.
pub(crate) fn is_wordy(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

/// How many bytes a hyphen, dash or minus sign takes at the start of `bytes`; 0 when there is none.
pub(crate) fn dash(bytes: &[u8]) -> usize {
    match bytes {
        [b'-', ..] => 1,
        // U+2010 to U+2015 and the minus sign U+2212.
        [0xe2, 0x80, 0x90..=0x95, ..] | [0xe2, 0x88, 0x92, ..] => 3,
        _ => 0,
    }
}

/// A word before a place, and what stands between it and the word or place behind it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Back<'a> {
    pub(crate) word: &'a [u8],
    pub(crate) gap: &'a [u8],
}

impl Back<'_> {
    /// Whether a new sentence, paragraph or table cell begins in the gap.
    pub(crate) fn parts(&self) -> bool {
        let mut pairs = self.gap.windows(2);
        // A short word before a full stop is an abbreviation: `Tel. 555-0100`.
        pairs.any(|pair| matches!(pair, b"\n\n") || (matches!(pair, b". " | b".\n") && self.word.len() > 4))
            || self.gap.contains(&b';')
    }
}

/// The words before a place, nearest first. Digits and signs belong to the gaps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WordsBack<'a> {
    rest: &'a [u8],
}

impl<'a> WordsBack<'a> {
    pub(crate) fn new(before: &'a [u8]) -> Self {
        Self { rest: before }
    }
}

impl<'a> Iterator for WordsBack<'a> {
    type Item = Back<'a>;

    fn next(&mut self) -> Option<Back<'a>> {
        let letter = |byte: &u8| byte.is_ascii_alphabetic() || *byte >= 0x80;
        let end = self.rest.iter().rposition(letter)? + 1;
        let (head, gap) = self.rest.split_at_checked(end)?;
        let start = head.iter().rposition(|byte| !letter(byte)).map_or(0, |i| i + 1);
        let (rest, word) = head.split_at_checked(start)?;
        self.rest = rest;
        Some(Back { word, gap })
    }
}

/// Whether the nearest of the last `most` words that is in either list is in `wanted`. `None` when none is in either.
pub(crate) fn nearest(before: &[u8], wanted: &WordSet, unwanted: &WordSet, most: usize) -> Option<bool> {
    for back in WordsBack::new(before).take(most) {
        if back.parts() {
            return None;
        }
        if wanted.has(back.word) {
            return Some(true);
        }
        if unwanted.has(back.word) {
            return Some(false);
        }
    }
    None
}

/// The word right before, when nothing but blanks, quotes and label punctuation (and at most one line end) parts it
/// from the place.
pub(crate) fn label(before: &[u8]) -> Option<&[u8]> {
    let back = WordsBack::new(before).next()?;
    let plain = back.gap.iter().all(|byte| b" \t\r\n:#=.-\"'(|^~>*[".contains(byte));
    (plain && back.gap.len() <= 12 && back.gap.iter().filter(|byte| **byte == b'\n').count() <= 1).then_some(back.word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_nearest_first_with_their_gaps() {
        let words: Vec<(&[u8], &[u8])> =
            WordsBack::new(b"Seen 3/4 by Dr. ").map(|back| (back.word, back.gap)).collect();
        assert_eq!(words, [(&b"Dr"[..], &b". "[..]), (b"by", b" "), (b"Seen", b" 3/4 ")]);
    }

    #[test]
    fn the_nearest_label_decides() {
        assert_eq!(nearest!(b"phone NPI ", &["phone"], &["npi"], 4), Some(false));
        assert_eq!(nearest!(b"NPI, phone: ", &["phone"], &["npi"], 4), Some(true));
        assert_eq!(nearest!(b"Use the telephone. Then ", &["telephone"], &[], 4), None, "another sentence");
        assert_eq!(nearest!(b"Tel. ", &["tel"], &[], 4), Some(true), "an abbreviation");
        assert_eq!(label(b"DOB:\n  "), Some(&b"DOB"[..]));
        assert_eq!(label(b"DOB 3, "), None);
    }

    #[test]
    fn dashes_of_any_width() {
        assert_eq!(dash(b"-1"), 1);
        assert_eq!(dash("\u{2011}1".as_bytes()), 3);
        assert_eq!(dash(b"\xe2\x80"), 0);
        assert_eq!(number(b"4294967296"), u32::MAX);
    }
}
