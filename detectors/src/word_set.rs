//! Fixed lists of words, answered in a few instructions.
//!
//! Detectors ask of most words of a text whether they are in some short list. A list is made a hash table at compile
//! time; most words leave at two masks, before anything is hashed.

/// A list of words that was made a table at compile time. Words are compared in any ASCII case.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WordSet {
    words: &'static [&'static str],
    /// Open addressing: one more than an index into `words`, 0 for none. A power of two long, at least half of it empty.
    slots: &'static [u8],
    /// The words, packed.
    keys: &'static [[u64; 2]],
    /// By the low five bits of the first byte: which lengths there are, 31 for all that are longer.
    lens: [u32; 32],
    /// The same by the low five bits of the second byte; by 0 for words that have none.
    seconds: [u32; 32],
    /// The same by the low five bits of the last byte.
    tails: [u32; 32],
}

impl WordSet {
    /// The set of `words`, whose `slots` and `keys` were made of them.
    pub(crate) const fn new(words: &'static [&'static str], slots: &'static [u8], keys: &'static [[u64; 2]]) -> Self {
        let (mut lens, mut seconds, mut tails) = ([0; 32], [0; 32], [0; 32]);
        let mut i = 0;
        while i < words.len() {
            let word = words[i].as_bytes();
            assert!(!word.is_empty(), "a word has a letter");
            lens[(word[0] & 31) as usize] |= 1 << length(word);
            seconds[if word.len() > 1 { (word[1] & 31) as usize } else { 0 }] |= 1 << length(word);
            tails[(word[word.len() - 1] & 31) as usize] |= 1 << length(word);
            i += 1;
        }
        Self { words, slots, keys, lens, seconds, tails }
    }

    /// Whether `word` is one of them.
    #[inline(always)]
    pub(crate) fn has(&self, word: &[u8]) -> bool {
        self.find(word).is_some()
    }

    /// Where in the list `word` stands; the first place, when it stands in several.
    #[inline(always)]
    pub(crate) fn find(&self, word: &[u8]) -> Option<usize> {
        let (first, last) = (word.first()?, word.last()?);
        let lens = self.lens.get(usize::from(first & 31))? & self.tails.get(usize::from(last & 31))?;
        if lens >> length(word) & 1 == 0 { None } else { self.probe(word) }
    }

    #[inline(never)]
    fn probe(&self, word: &[u8]) -> Option<usize> {
        let second = word.get(1).map_or(0, |byte| byte & 31);
        if self.seconds.get(usize::from(second))? >> length(word) & 1 == 0 {
            return None;
        }
        let mask = self.slots.len().wrapping_sub(1);
        let packed = pack(word);
        let mut at = mixed(packed, word.len()) & mask;
        let key = key_of(packed);
        loop {
            let i = usize::from(*self.slots.get(at)?).checked_sub(1)?;
            if *self.keys.get(i)? == key {
                let known = self.words.get(i)?.as_bytes();
                if known.len() == word.len() && (word.len() <= 16 || known.eq_ignore_ascii_case(word)) {
                    return Some(i);
                }
            }
            at = at.wrapping_add(1) & mask;
        }
    }
}

/// How many slots a list of so many words needs.
pub(crate) const fn size(words: usize) -> usize {
    (words * 2 + 1).next_power_of_two()
}

/// The slots of `words`.
pub(crate) const fn slots<const SIZE: usize>(words: &[&str]) -> [u8; SIZE] {
    assert!(words.len() < 255, "a list has at most 254 words");
    let mut slots = [0; SIZE];
    let mut i = 0;
    let mut number = 1;
    while i < words.len() {
        let mut at = mixed(pack(words[i].as_bytes()), words[i].len()) & (SIZE - 1);
        while slots[at] != 0 {
            at = (at + 1) & (SIZE - 1);
        }
        slots[at] = number;
        number += 1;
        i += 1;
    }
    slots
}

/// The `words`, packed.
pub(crate) const fn keys<const COUNT: usize>(words: &[&str]) -> [[u64; 2]; COUNT] {
    let mut keys = [[0; 2]; COUNT];
    let mut i = 0;
    while i < words.len() {
        keys[i] = key_of(pack(words[i].as_bytes()));
        i += 1;
    }
    keys
}

/// A packed word in small letters.
#[inline]
const fn key_of([head, tail]: [u64; 2]) -> [u64; 2] {
    [lower(head), lower(tail)]
}

/// A length that fits a mask of 32 bits.
#[expect(clippy::cast_possible_truncation, reason = "at most 31")]
const fn length(word: &[u8]) -> u32 {
    if word.len() < 31 { word.len() as u32 } else { 31 }
}

/// The first and the last bytes of a word; all of it, when it has no more than sixteen.
#[inline]
const fn pack(word: &[u8]) -> [u64; 2] {
    // Pieces that overlap cover a word of any length without a loop.
    if let (Some(head), Some(tail)) = (word.first_chunk::<8>(), word.last_chunk::<8>()) {
        [u64::from_le_bytes(*head), u64::from_le_bytes(*tail)]
    } else if let (Some(head), Some(tail)) = (word.first_chunk::<4>(), word.last_chunk::<4>()) {
        [u32::from_le_bytes(*head) as u64, u32::from_le_bytes(*tail) as u64]
    } else if let (Some(head), Some(tail)) = (word.first_chunk::<2>(), word.last_chunk::<2>()) {
        [u16::from_le_bytes(*head) as u64, u16::from_le_bytes(*tail) as u64]
    } else if let Some(only) = word.first_chunk::<1>() {
        [only[0] as u64, 0]
    } else {
        [0, 0]
    }
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x80 * ONES;

/// Eight bytes with ASCII capitals made small.
#[inline]
const fn lower(bytes: u64) -> u64 {
    // No sum leaves its byte: both addends are less than 0x80.
    let low = bytes & !HIGH;
    let from_first = low.wrapping_add(ONES * (0x80 - b'A' as u64));
    let behind_last = low.wrapping_add(ONES * (0x7f - b'Z' as u64));
    bytes | (from_first & !behind_last & !bytes & HIGH) >> 2
}

/// A hash of a packed word of `len` bytes that is the same for both cases of a letter.
#[inline]
const fn mixed([head, tail]: [u64; 2], len: usize) -> usize {
    const LOWER: u64 = 0x20 * ONES;
    let bits = (head | LOWER) ^ (tail | LOWER).rotate_left(23) ^ len as u64;
    (bits.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as usize
}

/// The [`WordSet`] of a constant list, made at compile time.
macro_rules! word_set {
    ($words:expr) => {{
        const OF_SET: &[&str] = $words;
        static SLOTS_OF_SET: [u8; $crate::word_set::size(OF_SET.len())] = $crate::word_set::slots(OF_SET);
        static KEYS_OF_SET: [[u64; 2]; OF_SET.len()] = $crate::word_set::keys(OF_SET);
        static SET: $crate::word_set::WordSet = $crate::word_set::WordSet::new(OF_SET, &SLOTS_OF_SET, &KEYS_OF_SET);
        &SET
    }};
}

/// Whether a word is in a constant list, in any ASCII case.
macro_rules! one_of {
    ($word:expr, $words:expr $(,)?) => {
        word_set!($words).has($word)
    };
}

/// [`crate::scan::nearest`] with constant lists.
macro_rules! nearest {
    ($before:expr, $wanted:expr, $unwanted:expr, $most:expr $(,)?) => {
        $crate::scan::nearest($before, word_set!($wanted), word_set!($unwanted), $most)
    };
}

/// [`crate::scan::mentions`] with a constant list.
macro_rules! mentions {
    ($before:expr, $wanted:expr, $most:expr $(,)?) => {
        $crate::scan::nearest($before, word_set!($wanted), word_set!(&[]), $most) == Some(true)
    };
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_set_holds_its_words_in_any_case_and_nothing_else() {
        const LIST: &[&str] = &["a", "of", "the", "nurse", "physician", "anesthesiologist", "the", "o'brien", "3rd"];
        let set = word_set!(LIST);
        for word in LIST {
            assert!(set.has(word.as_bytes()) && set.has(word.to_ascii_uppercase().as_bytes()), "{word}");
            let mut longer = word.as_bytes().to_vec();
            longer.push(b'x');
            assert!(!set.has(&longer) && !set.has(&longer[1..]), "{word}");
        }
        assert_eq!((set.find(b"The"), set.find(b"nursf"), set.find(b"")), (Some(2), None, None));
        assert!(!one_of!(b"a", &[]));
    }

    #[test]
    fn a_set_answers_as_its_list_does() {
        const LIST: &[&str] = &[
            "a", "b", "ab", "ba", "abc", "cab", "bad", "dab", "dad", "fade", "bead", "deaf", "cage", "gage", "hide",
            "head", "abcde", "edcba", "aaaaa", "babab", "cabab", "i", "ii", "iii", "fig", "gif", "chi", "hid", "big",
            "dig",
        ];
        let set = word_set!(LIST);
        for i in 0..200_000_u32 {
            let word: String =
                (0..1 + i % 5).map(|n| char::from(b'a' + u8::try_from((i >> (n * 3)) % 9).unwrap_or(0))).collect();
            assert_eq!(set.find(word.as_bytes()), LIST.iter().position(|known| *known == word), "{word}");
        }
    }
}
