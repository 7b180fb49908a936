//! The tokens around a trigger: what a scorer looks at, a few to the left and as many to the right as a finding may have.

use blackbar_engine::ByteSet;
use memchr::{memchr2, memrchr};

use crate::words::category as cat;

/// How many tokens before the trigger are looked at.
const BEHIND: usize = 4;
/// How many from the trigger on tell what it is.
pub(super) const NEAR: usize = 4;
/// How many from the trigger on a finding may have, and what tells where it ends.
pub(super) const FAR: usize = 12;

/// A run of letters and digits, and what stands before it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Token<'a> {
    pub(super) text: &'a [u8],
    /// What parts it from the token before it.
    pub(super) gap: &'a [u8],
    /// Hash of its letters, in small ones.
    pub(super) word: u32,
    pub(super) shape: u32,
    /// The lexicon's categories.
    pub(super) bits: u32,
    /// The one among them that matters most, and how it is spelt.
    pub(super) class: u32,
}

/// The tokens around a trigger.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    all: [Token<'a>; BEHIND + FAR],
    /// Where among them the first is, and one past the last; the trigger is behind the [`BEHIND`]th place.
    first: usize,
    end: usize,
    /// Hash of what begins the line of the trigger, up to a colon or an equals sign; 0 when there is none.
    pub(super) head: u32,
    /// Whether the trigger begins its line.
    pub(super) begins: bool,
}

/// Whether a byte belongs to a token. What is beyond ASCII counts as a letter.
#[inline]
pub(super) fn is_wordy(byte: u8) -> bool {
    WORDY.has(byte)
}

const WORDY: ByteSet = ByteSet::ALNUM.or(ByteSet::EMPTY.range(0x80, 0xff));

impl<'a> Tokens<'a> {
    /// Reads the tokens before a trigger that begins one, and `most` from it on.
    pub(super) fn read(before: &'a [u8], ahead: &'a [u8], most: usize, bits: impl Fn(&[u8]) -> u32) -> Self {
        let mut all = [Token::default(); BEHIND + FAR];
        let (behind, from) = all.split_at_mut(BEHIND);
        // From the trigger to the left: a gap, then the token that it follows.
        let mut left = before;
        let here = take_gap(&mut left);
        let mut first = BEHIND;
        while let Some(slot) = first.checked_sub(1).and_then(|n| behind.get_mut(n)).filter(|_| !left.is_empty()) {
            let begin = left.iter().rposition(|byte| !is_wordy(*byte)).map_or(0, |gap| gap + 1);
            let (rest, text) = left.split_at(begin);
            left = rest;
            let gap = take_gap(&mut left);
            *slot = Token::of(text, gap, &bits);
            first -= 1;
        }
        let mut end = BEHIND;
        let (mut rest, mut gap) = (ahead, here);
        for slot in from.iter_mut().take(most) {
            let size = rest.iter().position(|byte| !is_wordy(*byte)).unwrap_or(rest.len());
            if size == 0 {
                break;
            }
            let (text, behind) = rest.split_at(size);
            *slot = Token::of(text, gap, &bits);
            let parted = behind.iter().position(|byte| is_wordy(*byte)).unwrap_or(behind.len());
            (gap, rest) = behind.split_at(parted);
            end += 1;
        }
        let line = memrchr(b'\n', before).map_or(before, |end| before.split_at(end + 1).1);
        let head = memchr2(b':', b'=', line).map_or(0, |end| {
            let head = line.split_at(end.min(24)).0;
            hash(head.trim_ascii()) | 1
        });
        Self { all, first, end, head, begins: line.trim_ascii().is_empty() }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.end - self.first
    }

    /// The `n`th token from the trigger on; negative ones lie before it.
    pub(super) fn at(&self, n: isize) -> Option<&Token<'a>> {
        let place = BEHIND.checked_add_signed(n)?;
        self.all.get(place).filter(|_| place >= self.first && place < self.end)
    }
}

fn take_gap<'a>(left: &mut &'a [u8]) -> &'a [u8] {
    let begin = left.iter().rposition(|byte| is_wordy(*byte)).map_or(0, |word| word + 1);
    let (rest, gap) = left.split_at(begin);
    *left = rest;
    gap
}

impl<'a> Token<'a> {
    fn of(text: &'a [u8], gap: &'a [u8], bits: &impl Fn(&[u8]) -> u32) -> Self {
        let (mut word, mut digits, mut upper) = (EMPTY, 0_u32, 0_u32);
        for byte in text {
            let class = CLASS.get(usize::from(*byte)).copied().unwrap_or_default();
            word = (word ^ u32::from(class.folded)).wrapping_mul(PRIME);
            digits = digits.wrapping_add(u32::from(class.digit));
            upper = upper.wrapping_add(u32::from(class.upper));
        }
        let case = case(text, digits, upper);
        let bits = if digits == 0 { bits(text) } else { 0 };
        let len = match text.len() {
            n @ 0..=6 => n,
            7..=9 => 7,
            _ => 8,
        };
        let shape = case << 4 | u32::try_from(len).unwrap_or(15);
        Self { text, gap, word, shape, bits, class: class(bits, digits == 0) << 3 | case }
    }

    /// Hashes of the first and of the last letters.
    pub(super) fn edges(&self) -> [u32; 5] {
        let len = self.text.len();
        let tail = |n: usize| hash(self.text.get(len.saturating_sub(n)..).unwrap_or_default());
        let head = |n: usize| hash(self.text.get(..len.min(n)).unwrap_or_default());
        [tail(4), tail(3), tail(2), head(3), head(4)]
    }
}

/// The hash of nothing, and what it is multiplied with.
pub(super) const EMPTY: u32 = 0x811c_9dc5;
pub(super) const PRIME: u32 = 0x0100_0193;

/// What a byte adds to a token.
#[derive(Clone, Copy, Default)]
struct Class {
    folded: u8,
    digit: bool,
    upper: bool,
}

/// Of each byte.
static CLASS: [Class; 256] = {
    let mut all = [Class { folded: 0, digit: false, upper: false }; 256];
    let mut byte = 0_u8;
    loop {
        let digit = byte.is_ascii_digit();
        let folded = if digit { b'0' } else { byte.to_ascii_lowercase() };
        #[expect(clippy::indexing_slicing, reason = "a byte is an index of it")]
        {
            all[byte as usize] = Class { folded, digit, upper: byte.is_ascii_uppercase() };
        }
        if byte == u8::MAX {
            break all;
        }
        byte += 1;
    }
};

/// What tokens have in common: small letters, and any digit is one.
pub(super) fn hash(text: &[u8]) -> u32 {
    let folded = |byte: &u8| CLASS.get(usize::from(*byte)).map_or(0, |class| class.folded);
    text.iter().fold(EMPTY, |hash, byte| (hash ^ u32::from(folded(byte))).wrapping_mul(PRIME))
}

/// How a token is spelt: capital, small, all capitals, one capital, mixed, digits, both.
fn case(text: &[u8], digits: u32, upper: u32) -> u32 {
    let len = u32::try_from(text.len()).unwrap_or(u32::MAX);
    match text.first() {
        _ if digits == len => 6,
        _ if digits > 0 => 7,
        Some(first) if first.is_ascii_uppercase() => match upper {
            1 if len == 1 => 3,
            1 => 1,
            n if n == len => 2,
            _ => 4,
        },
        _ if upper > 0 => 5,
        _ => 0,
    }
}

/// Categories that say what a word is, the one that says most first.
const ORDER: &[u32] = &[
    cat::TITLE,
    cat::CREDENTIAL,
    cat::MONTH | cat::WEEKDAY | cat::HOLIDAY,
    cat::RELATIVE,
    cat::ROLE,
    cat::FACILITY_WORD,
    cat::STREET_SUFFIX | cat::UNIT_WORD,
    cat::STATE,
    cat::COUNTRY | cat::NATIONALITY,
    cat::ORG_WORD,
    cat::MOSTLY_NAME,
    cat::LABEL_NAME,
    cat::PARTICLE,
    cat::NAME_SUFFIX,
    cat::DRUG,
    cat::EPONYM,
    cat::PROPER_OTHER,
    cat::CLINICAL,
    cat::WORD_TOP,
];

const ANY: u32 = {
    let (mut any, mut i) = (0, 0);
    while i < ORDER.len() {
        #[expect(clippy::indexing_slicing, reason = "within the bounds by the loop's condition")]
        {
            any |= ORDER[i];
        }
        i += 1;
    }
    any
};

/// Which place in [`ORDER`] each bit has.
static RANKS: [u8; 32] = {
    let mut ranks = [u8::MAX; 32];
    let (mut place, mut rank) = (0, 0_u8);
    while place < ORDER.len() {
        let mut bit = 0;
        while bit < 32 {
            #[expect(clippy::indexing_slicing, reason = "within the bounds by the loops' conditions")]
            if ORDER[place] >> bit & 1 == 1 {
                ranks[bit] = rank;
            }
            bit += 1;
        }
        (place, rank) = (place + 1, rank + 1);
    }
    ranks
};

/// Of a word's categories the one that says most about what it may be here.
fn class(bits: u32, wordy: bool) -> u32 {
    if !wordy {
        return 31;
    }
    let mut rest = bits & ANY;
    let mut first = u8::MAX;
    while rest != 0 {
        first = first.min(RANKS.get(rest.trailing_zeros() as usize).copied().unwrap_or(u8::MAX));
        rest &= rest.wrapping_sub(1);
    }
    if first < u8::MAX {
        return u32::from(first);
    }
    let name = bits & (cat::GIVEN_COMMON | cat::SURNAME_COMMON) != 0;
    match (bits & cat::ANY_NAME != 0, bits & (cat::WORD | cat::WORD_RARE) != 0, bits & cat::CITY != 0) {
        (true, false, false) => {
            if name {
                20
            } else {
                21
            }
        }
        (true, false, true) => {
            if name {
                22
            } else {
                23
            }
        }
        (true, true, _) => {
            if name {
                24
            } else {
                25
            }
        }
        (false, true, _) => 26,
        (false, false, true) => 27,
        (false, false, false) => 28,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_stand_on_both_sides_of_the_trigger() {
        let (before, ahead) = (b"Name: seen by Dr. ".as_slice(), b"Ng-Okafor, RN\nnext".as_slice());
        let tokens = Tokens::read(before, ahead, FAR, |_| 0);
        let texts: Vec<&[u8]> = (-4..4).map(|n| tokens.at(n).unwrap().text).collect();
        assert_eq!(texts, [b"Name".as_slice(), b"seen", b"by", b"Dr", b"Ng", b"Okafor", b"RN", b"next"]);
        assert_eq!((tokens.at(0).unwrap().gap, tokens.at(1).unwrap().gap), (b". ".as_slice(), b"-".as_slice()));
        assert_eq!((tokens.len(), tokens.at(-5).is_none(), tokens.at(4).is_none()), (8, true, true));
        assert_eq!(tokens.head, hash(b"name") | 1);
    }
}
