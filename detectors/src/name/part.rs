//! The pieces that a person's name is written in: words, initials, what joins them and what may stand between them.

use blackbar_engine::View;

use crate::word_set::WordSet;
use crate::words::category as cat;

/// How a word is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Case {
    /// `smith`
    Lower,
    /// `Smith`, `McDonald`, `O'Brien`
    Capital,
    /// `SMITH`, two letters or more
    Upper,
    /// One capital letter.
    Initial,
}

/// A word of a name, with everything that hyphens and apostrophes join to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    pub(crate) start: i32,
    pub(crate) end: i32,
    pub(crate) case: Case,
    /// Categories: of its only piece, or of several pieces together.
    pub(crate) bits: u32,
    /// How many pieces it has.
    pub(crate) pieces: u8,
    /// Where its last piece begins.
    pub(crate) last_start: i32,
}

/// Everything that makes a word something else than a name, as far as it stands alone.
const OTHER: u32 =
    cat::WORD_TOP | cat::CLINICAL | cat::DRUG | cat::MONTH | cat::WEEKDAY | cat::NATIONALITY | cat::PROPER_OTHER;

/// What a word may be beside a name and still be mostly one.
const WEAK: u32 = cat::WORD | cat::WORD_RARE | cat::COUNTRY | cat::HOLIDAY;

impl Part {
    /// How well it serves as a given name: 0 not, 2 known, 3 common.
    pub(crate) const fn given(&self) -> u8 {
        if self.bits & cat::GIVEN_COMMON != 0 {
            3
        } else if self.bits & cat::GIVEN != 0 {
            2
        } else {
            0
        }
    }

    /// How well it serves as a surname: 0 not, 2 known, 3 common.
    pub(crate) const fn surname(&self) -> u8 {
        if self.bits & cat::SURNAME_COMMON != 0 {
            3
        } else if self.bits & cat::SURNAME != 0 || (self.pieces > 1 && self.bits & cat::GIVEN != 0) {
            2
        } else {
            0
        }
    }

    /// Whether a dictionary of names has it.
    pub(crate) const fn is_name(&self) -> bool {
        self.bits & cat::ANY_NAME != 0
    }

    /// How much of an ordinary word it is: 0 not, 1 a word, 2 a frequent word or one with a meaning of its own here.
    pub(crate) const fn ordinary(&self) -> u8 {
        ordinary(self.bits)
    }

    /// Whether it names a disease, a sign or a device rather than a person, where neither title nor label decides.
    pub(crate) const fn eponym(&self) -> bool {
        self.bits & cat::EPONYM != 0 && self.bits & (cat::MOSTLY_NAME | cat::SURNAME_COMMON | cat::GIVEN_COMMON) == 0
    }

    /// Whether no list knows it.
    pub(crate) const fn unknown(&self) -> bool {
        self.bits == 0
    }

    /// Whether it may begin a name whose other words are ordinary.
    pub(crate) fn unknown_or_given(&self) -> bool {
        self.case == Case::Capital && (self.unknown() || self.given() >= 2)
    }

    /// Whether it is longer than an initial.
    pub(crate) fn is_word(&self) -> bool {
        self.case != Case::Initial
    }

    pub(crate) fn len(&self) -> i32 {
        self.end - self.start
    }
}

/// How much of an ordinary word something with these categories is.
pub(crate) const fn ordinary(bits: u32) -> u8 {
    if bits & cat::MOSTLY_NAME != 0 {
        0
    } else if bits & OTHER != 0 {
        2
    } else if bits & cat::WORD_RARE != 0 && bits & (cat::GIVEN_COMMON | cat::SURNAME_COMMON) != 0 {
        0
    } else if bits & WEAK != 0 {
        1
    } else {
        0
    }
}

/// The length of the apostrophe at `at`: ASCII, or the typographic one.
pub(crate) fn apostrophe(view: &View<'_>, at: i32) -> i32 {
    match view.byte(at) {
        Some(b'\'' | b'`') => 1,
        Some(0xe2) if view.byte(at + 1) == Some(0x80) && matches!(view.byte(at + 2), Some(0x98 | 0x99)) => 3,
        _ => 0,
    }
}

/// Where the possessive that may follow a name ends.
pub(crate) fn possessive(view: &View<'_>, at: i32) -> i32 {
    let quote = apostrophe(view, at);
    match view.byte(at + quote) {
        Some(b's' | b'S') if quote > 0 && view.word(at + quote).len() == 1 => at + quote + 1,
        _ => at,
    }
}

/// The length of the hyphen at `at`: ASCII, or U+2010, U+2011.
fn hyphen(view: &View<'_>, at: i32) -> i32 {
    match view.byte(at) {
        Some(b'-') => 1,
        Some(0xe2) if view.byte(at + 1) == Some(0x80) && matches!(view.byte(at + 2), Some(0x90 | 0x91)) => 3,
        _ => 0,
    }
}

/// A word's length as an offset. Words are visible within a window, so they are short.
pub(crate) fn length(bytes: &[u8]) -> i32 {
    i32::try_from(bytes.len()).unwrap_or(i32::MAX)
}

/// How `word` is written; letters beyond ASCII count as capitals at its start when they are.
pub(crate) fn case_of(word: &[u8]) -> Case {
    if !starts_upper(word) {
        return Case::Lower;
    }
    if word.len() == 1 || letters(word) == 1 {
        return Case::Initial;
    }
    let lower = word.iter().any(u8::is_ascii_lowercase);
    let upper = || word.iter().any(u8::is_ascii_uppercase);
    if lower || !upper() { Case::Capital } else { Case::Upper }
}

/// How many letters `word` has; at least two when it says two.
fn letters(word: &[u8]) -> usize {
    match word {
        // Letters of ASCII are a byte each.
        [first, second, ..] if first.is_ascii() && second.is_ascii() => 2,
        _ => word.iter().filter(|&&byte| byte & 0xc0 != 0x80).count(),
    }
}

/// Whether `word` begins with a capital: ASCII, or a Latin one with a diacritic.
pub(crate) fn starts_upper(word: &[u8]) -> bool {
    match *word {
        [first, ..] if first.is_ascii() => first.is_ascii_uppercase(),
        // U+00C0 to U+00DE are capitals; of Latin Extended-A and what follows every other letter is, even ones mostly.
        [0xc3, second, ..] if (0x80..=0xbf).contains(&second) => second < 0x9f,
        [0xc4..=0xc8 | 0xe1, ..] => {
            let text = std::str::from_utf8(word).unwrap_or_default();
            text.chars().next().is_some_and(char::is_uppercase)
        }
        // Latin-1 in a mislabelled file.
        [0xc0..=0xde, ..] => true,
        _ => false,
    }
}

/// The part of a name that starts at `at`. `None` when no word starts there, or when the word is glued to something that
/// no name is glued to: digits, `@`, a domain, a contraction.
pub(crate) fn part(view: &View<'_>, at: i32) -> Option<Part> {
    let (word, mut bits) = view.word_with_bits(at);
    if word.is_empty() {
        return None;
    }
    let mut end = at + length(word);
    let mut case = case_of(word);
    if one_of!(word, &["doe", "roe"]) {
        // Nobody in particular, but written where a name is meant; in these texts hardly ever a deer.
        bits |= cat::SURNAME | cat::SURNAME_COMMON | cat::MOSTLY_NAME;
    }
    // Nothing is joined to most words.
    if matches!(view.byte(end), None | Some(b' ' | b',' | b'\n' | b'\r' | b'\t' | b':' | b';' | b')' | b'/')) {
        return Some(Part { start: at, end, case, bits, pieces: 1, last_start: at });
    }
    let mut pieces = 1_u8;
    let mut last_start = at;
    // Of the joined pieces all must be ordinary words for the whole to be one.
    const ALL: u32 = OTHER | WEAK | cat::STATE | cat::CREDENTIAL;
    while pieces < 4 {
        let (quote, dash) = (apostrophe(view, end), hyphen(view, end));
        let gap = quote + dash;
        if gap == 0 {
            break;
        }
        let next = view.word(end + gap);
        if next.is_empty() {
            // `Smith-2`, `O'` at a line's end: a dash before a digit glues it to an identifier.
            if dash > 0 && view.byte(end + gap).is_some_and(|byte| byte.is_ascii_digit()) {
                return None;
            }
            break;
        }
        if quote > 0 {
            if next.eq_ignore_ascii_case(b"s") {
                // A possessive.
                break;
            }
            if contraction(next) {
                return None;
            }
            // `O'Brien`, `D'Angelo`, `Ta'Shawn`; not `Smith'and`.
            if length(word) > 4 || (case != Case::Lower && !starts_upper(next) && length(next) < 3) {
                break;
            }
        } else if case != Case::Lower && !starts_upper(next) {
            // `Smith-like`, `Kocher-type`: an adjective; but `Jean-luc`.
            let next = view.bits(next);
            let luc = next & cat::GIVEN != 0 && next & (cat::WORD | cat::CLINICAL) == 0 && bits & cat::GIVEN != 0
                || one_of!(
                    view.word(end + gap),
                    &[
                        "woo", "jin", "min", "hee", "hyun", "jun", "soo", "won", "sik", "seok", "yeon", "kyu", "wei",
                        "ling", "mei", "hua", "jie", "ming", "xin", "yan", "hui", "joon", "sung", "kyung", "eun"
                    ]
                ) && bits & (cat::WORD | cat::CLINICAL | cat::DRUG) == 0;
            if !luc {
                return None;
            }
        }
        if case == Case::Lower && pieces == 1 && starts_upper(next) {
            // `al-Zahra`, `d'Angelo`.
            if word.len() > 3 {
                return None;
            }
            case = Case::Capital;
        }
        let next_bits = view.bits(next);
        bits = ((bits | next_bits) & !ALL) | (bits & next_bits & ALL);
        last_start = end + gap;
        end = last_start + length(next);
        pieces += 1;
    }
    if pieces > 1 {
        // `Reed-Sternberg`, `Winston-Salem`: what they are together counts, not what each is.
        let together = hyphened(view, at, end);
        if together & (cat::EPONYM | cat::CITY | cat::DRUG | cat::CLINICAL | cat::PROPER_OTHER) != 0 {
            bits = together;
        }
    }
    match view.byte(end) {
        Some(b'@' | b'_' | b'0'..=b'9' | b'\\') => return None,
        // A domain or a file name goes on after its dot.
        Some(b'.') if case == Case::Lower && view.byte(end + 1).is_some_and(|byte| byte.is_ascii_alphanumeric()) => {
            return None;
        }
        _ => {}
    }
    let case = if case == Case::Initial && pieces > 1 { Case::Capital } else { case };
    Some(Part { start: at, end, case, bits, pieces, last_start })
}

/// Whether a small word stands at `at` that is not in `but` and that nothing joins to another: [`part`] would read a
/// lower-case part or none. Most words behind a capitalised one are so, and this is cheap to see.
pub(crate) fn plain_lower(view: &View<'_>, at: i32, but: &WordSet) -> bool {
    if !view.byte(at).is_some_and(|byte| byte.is_ascii_lowercase()) {
        return false;
    }
    let word = view.word(at);
    !but.has(word) && !matches!(view.byte(at + length(word)), Some(b'-' | b'\'' | b'`' | 0xe2))
}

/// The categories of two hyphenated words as one phrase.
fn hyphened(view: &View<'_>, at: i32, end: i32) -> u32 {
    let mut phrase = [0; 32];
    let text = view.slice(at, usize::try_from(end - at).unwrap_or_default());
    let Some(slot) = phrase.get_mut(..text.len()) else { return 0 };
    slot.copy_from_slice(text);
    slot.iter_mut().filter(|byte| **byte == b'-').for_each(|byte| *byte = b' ');
    view.bits(slot)
}

/// What follows an apostrophe in a contraction.
fn contraction(word: &[u8]) -> bool {
    matches!(word, b"t" | b"T" | b"m" | b"M" | b"ll" | b"LL" | b"re" | b"RE" | b"ve" | b"VE" | b"d" | b"D")
}

/// The white space from `at` on that may stand between two words of a name: its length, and whether it breaks a line.
/// `None` when there is none or too much: a paragraph, a column gap.
pub(crate) fn gap(view: &View<'_>, at: i32) -> Option<(i32, bool)> {
    let mut end = at;
    let mut breaks = 0;
    loop {
        match view.byte(end) {
            Some(b' ') => {}
            // A no-break space.
            Some(0xc2) if view.byte(end + 1) == Some(0xa0) => end += 1,
            Some(b'\n') => breaks += 1,
            Some(b'\r') if breaks == 0 && view.byte(end + 1) == Some(b'\n') => {}
            Some(b'\t') if breaks > 0 => {}
            _ => break,
        }
        end += 1;
        if breaks > 1 || end - at > 24 || (breaks == 0 && end - at > 2) {
            return None;
        }
    }
    (end > at).then_some((end - at, breaks > 0))
}

/// Blanks and tabs from `at` on, at most `most`.
pub(crate) fn blanks(view: &View<'_>, at: i32, most: i32) -> i32 {
    let mut n = 0;
    while n < most && matches!(view.byte(at + n), Some(b' ' | b'\t')) {
        n += 1;
    }
    n
}

/// Whether the trigger starts a word of its own: not the rest of a hyphenated or quoted one, of an address, of a path.
pub(crate) fn stands_alone(view: &View<'_>) -> bool {
    match *view.before() {
        [] => true,
        [.., last] => match last {
            b'@' | b'_' | b'\\' | b'0'..=b'9' | b'$' | b'%' => false,
            // `Smith-Jones` is asked at `Smith`; a bullet has a blank behind its dash.
            b'-' | b'\'' | b'.' | b'/' | 0x99 | 0x90 | 0x91 => !glued(view.before()),
            _ => true,
        },
    }
}

/// Whether what ends `before` (a dash, an apostrophe, a dot, a slash) follows a letter or digit at once.
fn glued(before: &[u8]) -> bool {
    let ([rest @ .., 0xe2, 0x80, _] | [rest @ .., _]) = before else { return false };
    let dot = before.last() == Some(&b'.');
    match rest {
        // `J.Smith`: an initial and a dot are no glue.
        [.., beyond, initial] if dot && initial.is_ascii_uppercase() => {
            beyond.is_ascii_alphanumeric() && !beyond.is_ascii_uppercase()
        }
        [initial] if dot && initial.is_ascii_uppercase() => false,
        // `Dr.Smith`, `Mr.Jones`.
        [.., b'r' | b'R' | b's' | b'S'] if dot => false,
        // A list: `Smith/Jones`.
        [.., last] if before.last() == Some(&b'/') => !last.is_ascii_alphabetic(),
        [.., last] => last.is_ascii_alphanumeric() || *last >= 0x80,
        [] => false,
    }
}
