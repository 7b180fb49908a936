//! The tokens around a trigger: what a scorer looks at, a few to the left and as many to the right as a finding may have.

use crate::words::category as cat;

/// How many tokens before the trigger are looked at.
pub(super) const BEHIND: usize = 4;
/// How many from the trigger on.
pub(super) const AHEAD: usize = 11;

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
    all: [Token<'a>; BEHIND + AHEAD],
    /// How many there are before the trigger.
    before: usize,
    len: usize,
    /// Hash of what begins the line of the trigger, up to a colon or an equals sign; 0 when there is none.
    pub(super) head: u32,
    /// Whether the trigger begins its line.
    pub(super) begins: bool,
}

/// Whether a byte belongs to a token. What is beyond ASCII counts as a letter.
pub(super) fn is_wordy(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

impl<'a> Tokens<'a> {
    /// Reads the tokens before and behind a trigger that begins one.
    pub(super) fn read(before: &'a [u8], ahead: &'a [u8], bits: impl Fn(&[u8]) -> u32) -> Self {
        let mut all = [Token::default(); BEHIND + AHEAD];
        // From the trigger to the left: a gap, then the token that it follows.
        let mut left = before;
        let mut count = 0;
        let mut gap = take_gap(&mut left);
        let here = gap;
        while count < BEHIND && !left.is_empty() {
            let len = left.iter().rev().take_while(|byte| is_wordy(**byte)).count();
            let (rest, text) = left.split_at(left.len() - len);
            left = rest;
            gap = take_gap(&mut left);
            if let Some(slot) = all.get_mut(BEHIND - 1 - count) {
                *slot = Token::of(text, gap, &bits);
            }
            count += 1;
        }
        all.rotate_left(BEHIND - count);
        let mut len = count;
        let mut rest = ahead;
        let mut gap = here;
        while let Some(slot) = all.get_mut(len).filter(|_| len < count + AHEAD && !rest.is_empty()) {
            let size = rest.iter().take_while(|byte| is_wordy(**byte)).count();
            if size == 0 {
                break;
            }
            let (text, behind) = rest.split_at(size);
            *slot = Token::of(text, gap, &bits);
            let parted = behind.iter().take_while(|byte| !is_wordy(**byte)).count();
            (gap, rest) = behind.split_at(parted);
            len += 1;
        }
        let line = before.iter().rposition(|byte| *byte == b'\n').map_or(before, |end| before.split_at(end + 1).1);
        let head = line.iter().position(|byte| matches!(byte, b':' | b'=')).map_or(0, |end| {
            let head = line.split_at(end.min(24)).0;
            hash(head.trim_ascii()) | 1
        });
        Self { all, before: count, len, head, begins: line.trim_ascii().is_empty() }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The `n`th token from the trigger on; negative ones lie before it.
    pub(super) fn at(&self, n: isize) -> Option<&Token<'a>> {
        let place = self.before.checked_add_signed(n)?;
        self.all.get(..self.len)?.get(place)
    }
}

fn take_gap<'a>(left: &mut &'a [u8]) -> &'a [u8] {
    let len = left.iter().rev().take_while(|byte| !is_wordy(**byte)).count();
    let (rest, gap) = left.split_at(left.len() - len);
    *left = rest;
    gap
}

impl<'a> Token<'a> {
    fn of(text: &'a [u8], gap: &'a [u8], bits: &impl Fn(&[u8]) -> u32) -> Self {
        let wordy = text.iter().all(|byte| !byte.is_ascii_digit());
        let bits = if wordy { bits(text) } else { 0 };
        let shape = shape(text);
        Self { text, gap, word: hash(text), shape, bits, class: class(bits, wordy) << 3 | case(text) }
    }

    /// Hashes of the first and of the last letters.
    pub(super) fn edges(&self) -> [u32; 5] {
        let len = self.text.len();
        let tail = |n: usize| hash(self.text.get(len.saturating_sub(n)..).unwrap_or_default());
        let head = |n: usize| hash(self.text.get(..len.min(n)).unwrap_or_default());
        [tail(4), tail(3), tail(2), head(3), head(4)]
    }
}

/// What tokens have in common: small letters, and any digit is one.
pub(super) fn hash(text: &[u8]) -> u32 {
    let mut hash = 0x811c_9dc5_u32;
    for byte in text {
        let byte = if byte.is_ascii_digit() { b'0' } else { byte.to_ascii_lowercase() };
        hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    }
    hash
}

/// How a token is spelt: capital, small, all capitals, one capital, mixed, digits, both.
fn case(text: &[u8]) -> u32 {
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    let upper = text.iter().filter(|byte| byte.is_ascii_uppercase()).count();
    match text.first() {
        _ if digits == text.len() => 6,
        _ if digits > 0 => 7,
        Some(first) if first.is_ascii_uppercase() => match upper {
            1 if text.len() == 1 => 3,
            1 => 1,
            n if n == text.len() => 2,
            _ => 4,
        },
        _ if upper > 0 => 5,
        _ => 0,
    }
}

/// Case and length.
fn shape(text: &[u8]) -> u32 {
    let len = match text.len() {
        n @ 0..=6 => n,
        7..=9 => 7,
        _ => 8,
    };
    case(text) << 4 | u32::try_from(len).unwrap_or(15)
}

/// Of a word's categories the one that says most about what it may be here.
fn class(bits: u32, wordy: bool) -> u32 {
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
    if !wordy {
        return 31;
    }
    if let Some(place) = ORDER.iter().position(|mask| bits & mask != 0) {
        return u32::try_from(place).unwrap_or(30);
    }
    let name = bits & (cat::GIVEN_COMMON | cat::SURNAME_COMMON) != 0;
    match (bits & cat::ANY_NAME != 0, bits & (cat::WORD | cat::WORD_RARE) != 0, bits & cat::CITY != 0) {
        (true, false, false) => if name { 20 } else { 21 },
        (true, false, true) => if name { 22 } else { 23 },
        (true, true, _) => if name { 24 } else { 25 },
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
        let tokens = Tokens::read(before, ahead, |_| 0);
        let texts: Vec<&[u8]> = (-4..4).map(|n| tokens.at(n).unwrap().text).collect();
        assert_eq!(texts, [b"Name".as_slice(), b"seen", b"by", b"Dr", b"Ng", b"Okafor", b"RN", b"next"]);
        assert_eq!((tokens.at(0).unwrap().gap, tokens.at(1).unwrap().gap), (b". ".as_slice(), b"-".as_slice()));
        assert_eq!((tokens.len(), tokens.at(-5).is_none(), tokens.at(4).is_none()), (8, true, true));
        assert_eq!(tokens.head, hash(b"name") | 1);
    }
}
