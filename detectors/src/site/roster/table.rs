//! What a roster keeps of its entries: keyed digests and a keyed filter, never the text.

use std::fmt;
use std::hash::Hasher;

use blackbar_engine::{LONGEST_WORD, fold};
use siphasher::sip128::{Hasher128, SipHasher24};

/// Bits of the filter for each key.
const FILTER_BITS: usize = 12;
/// Bits that a key sets, all in one 64-bit word: a probe is one memory access.
const FILTER_PROBES: u32 = 5;
/// Entries for each bucket of the index, on average.
const BUCKET: usize = 8;
/// The low bits of a digest are replaced by the index of the entry's kind.
const KIND_BITS: u32 = 8;
/// So many kinds fit.
pub(super) const MOST_KINDS: usize = 1 << KIND_BITS;

/// Random keys of one load. Without them nobody can compute what a digest stands for.
#[derive(Clone)]
pub(super) struct Keys {
    digest: (u64, u64),
    filter: u64,
}

impl Keys {
    pub(super) fn random() -> Result<Self, getrandom::Error> {
        Ok(Self { digest: (getrandom::u64()?, getrandom::u64()?), filter: getrandom::u64()? })
    }

    /// The digest of canonical words, told apart by blanks.
    pub(super) fn digest<'a>(&self, words: impl IntoIterator<Item = &'a [u8]>) -> u128 {
        let mut hasher = SipHasher24::new_with_keys(self.digest.0, self.digest.1);
        for word in words {
            hasher.write(word);
            hasher.write(b" ");
        }
        hasher.finish128().as_u128()
    }

    /// The filter's key of a word of letters in any case, with or without diacritics.
    #[inline]
    pub(super) fn word(&self, word: &[u8]) -> u64 {
        if word.is_ascii() {
            // In ASCII letters one bit makes the case.
            return self.folded(word);
        }
        let mut buffer = [0; LONGEST_WORD];
        fold(word, &mut buffer).map_or(0, |folded| self.folded(folded))
    }

    /// The same of a word that is folded already.
    #[inline]
    pub(super) fn folded(&self, word: &[u8]) -> u64 {
        self.lanes(word, 0x2020_2020_2020_2020)
    }

    /// The filter's key of an id.
    #[inline]
    pub(super) fn id(&self, id: &[u8]) -> u64 {
        !self.lanes(id, 0)
    }

    /// Folded products over lanes of eight bytes. A filter need not withstand an adversary: what passes it is checked.
    #[inline]
    fn lanes(&self, bytes: &[u8], set: u64) -> u64 {
        let mut state = self.filter ^ bytes.len() as u64;
        for piece in bytes.chunks(8) {
            let mut lane = [0; 8];
            for (to, from) in lane.iter_mut().zip(piece) {
                *to = *from;
            }
            state = mix(state ^ (u64::from_le_bytes(lane) | set), 0xd6e8_feb8_6659_fd93);
        }
        state
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a product is folded to its width")]
#[inline]
fn mix(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product >> 64) as u64 ^ product as u64
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

/// A Bloom filter whose keys are hashes already. About 2 % of other keys pass.
pub(super) struct Filter(Vec<u64>);

impl Filter {
    pub(super) fn new(keys: &[u64]) -> Self {
        let mut filter = Self(vec![0; (keys.len() * FILTER_BITS).div_ceil(64).max(1)]);
        for &key in keys {
            let (index, bits) = filter.place(key);
            if let Some(word) = filter.0.get_mut(index) {
                *word |= bits;
            }
        }
        filter
    }

    #[inline]
    pub(super) fn has(&self, key: u64) -> bool {
        let (index, bits) = self.place(key);
        self.0.get(index).is_some_and(|word| word & bits == bits)
    }

    #[expect(clippy::cast_possible_truncation, reason = "the high half of a product with a length is below the length")]
    #[inline]
    fn place(&self, key: u64) -> (usize, u64) {
        let index = ((u128::from(key) * self.0.len() as u128) >> 64) as usize;
        // The index comes of the high bits; these come of all of them.
        let spread = mix(key, 0x9fb2_1c65_1e98_df25);
        let bits = (0..FILTER_PROBES).fold(0, |bits, i| bits | 1 << (spread >> (6 * i) & 63));
        (index, bits)
    }

    pub(super) fn memory(&self) -> usize {
        self.0.capacity() * size_of::<u64>()
    }
}

/// Sorted digests of 120 bits, each with its kind, and an index by their leading bits.
pub(super) struct Table {
    rows: Vec<u128>,
    /// Where the rows of each bucket start; one more at the end.
    starts: Vec<u32>,
    shift: u32,
}

impl Table {
    /// A row for [`Table::new`].
    pub(super) fn row(digest: u128, kind: u8) -> u128 {
        digest >> KIND_BITS << KIND_BITS | u128::from(kind)
    }

    /// Of rows with the same digest the first kind stays. At most `u32::MAX` rows.
    pub(super) fn new(mut rows: Vec<u128>) -> Self {
        rows.sort_unstable();
        rows.dedup_by_key(|row| *row >> KIND_BITS);
        rows.shrink_to_fit();
        let bits = (rows.len() / BUCKET).max(1).ilog2();
        let shift = 128 - bits;
        let mut starts = Vec::with_capacity((1 << bits) + 1);
        let mut at = 0;
        for bucket in 0..1u128 << bits {
            while rows.get(at).is_some_and(|&row| bucket_of(row, shift) < bucket) {
                at += 1;
            }
            starts.push(u32::try_from(at).unwrap_or(u32::MAX));
        }
        starts.push(u32::try_from(rows.len()).unwrap_or(u32::MAX));
        Self { rows, starts, shift }
    }

    /// The index of the kind of the entry with this digest.
    pub(super) fn kind(&self, digest: u128) -> Option<usize> {
        let bucket = usize::try_from(bucket_of(digest, self.shift)).ok()?;
        let (from, to) = (*self.starts.get(bucket)?, *self.starts.get(bucket + 1)?);
        let rows = self.rows.get(from as usize..to as usize)?;
        let row = rows.iter().find(|&&row| row >> KIND_BITS == digest >> KIND_BITS)?;
        usize::try_from(row & (MOST_KINDS as u128 - 1)).ok()
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn memory(&self) -> usize {
        self.rows.capacity() * size_of::<u128>() + self.starts.capacity() * size_of::<u32>()
    }
}

#[inline]
fn bucket_of(row: u128, shift: u32) -> u128 {
    row.checked_shr(shift).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        Keys { digest: (1, 2), filter: 3 }
    }

    #[test]
    fn the_filter_has_every_key_and_few_others() {
        let all: Vec<u64> = (0u32..200_000).map(|i| keys().id(&i.to_le_bytes())).collect();
        let (members, others) = all.split_at(100_000);
        let filter = Filter::new(members);
        assert!(members.iter().all(|&key| filter.has(key)));
        let passed = others.iter().filter(|&&key| filter.has(key)).count();
        assert!((1..3_000).contains(&passed), "{passed} of 100,000 pass");
        assert!(!Filter::new(&[]).has(1));
    }

    #[test]
    fn words_have_one_key_in_every_spelling() {
        let keys = keys();
        assert_eq!(keys.word("NÚÑEZ".as_bytes()), keys.word(b"nunez"));
        assert_eq!(keys.word(b"Nunez"), keys.folded(b"nunez"));
        assert_eq!(keys.word("Straße".as_bytes()), keys.word("STRAẞE".as_bytes()));
        assert_ne!(keys.word(b"nunez"), keys.word(b"nunes"));
        assert_ne!(keys.word(b"a"), Keys { filter: 4, ..keys.clone() }.word(b"a"), "the key matters");
        assert_ne!(keys.digest([b"ab".as_slice(), b"c"]), keys.digest([b"a".as_slice(), b"bc"]));
    }

    #[test]
    fn tables_of_any_size_have_their_rows_and_no_other() {
        for size in [0u32, 1, 2, 7, 8, 9, 16, 100, 5_000] {
            let digest = |i: u32| keys().digest([i.to_le_bytes().as_slice()]);
            let kind = |i: u32| u8::try_from(i % 200).unwrap();
            let table = Table::new((0..size).chain(0..size).map(|i| Table::row(digest(i), kind(i))).collect());
            assert_eq!(table.len(), size as usize);
            assert!((0..size).all(|i| table.kind(digest(i)) == Some(usize::from(kind(i)))));
            assert!((size..size + 1000).all(|i| table.kind(digest(i)).is_none()));
        }
        // The ends of the range.
        let table = Table::new((0..100u128).flat_map(|i| [i << KIND_BITS, !(i << KIND_BITS)]).collect());
        assert!((0..100u128).all(|i| table.kind(i << KIND_BITS).is_some() && table.kind(!(i << KIND_BITS)).is_some()));
    }
}
