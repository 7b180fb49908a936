//! A small seeded generator of random numbers whose output never changes.
//!
//! Corpus files are pinned by hash, so the sequence must be the same on every platform and for ever. A library
//! generator may change its algorithm between versions; these forty lines do not.

/// xoshiro256** seeded through splitmix64.
#[derive(Clone, Debug)]
pub struct Rng {
    state: [u64; 4],
}

impl Rng {
    /// A generator for `seed`; equal seeds give equal sequences.
    pub fn new(seed: u64) -> Self {
        let mut mixer = seed;
        let mut next = || {
            mixer = mixer.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = mixer;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^ (z >> 31)
        };
        Self { state: [next(), next(), next(), next()] }
    }

    /// A generator for part `index` of what `seed` makes: parts can be made in any order.
    pub fn for_part(seed: u64, index: u64) -> Self {
        Self::new(seed.wrapping_mul(0xD134_2543_DE82_EF95).wrapping_add(index.wrapping_mul(0xA24B_AED4_963E_E407)))
    }

    /// The next 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        let [a, b, c, d] = self.state;
        let result = b.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let c = c ^ a;
        let d = d ^ b;
        self.state = [a ^ d, b ^ c, c ^ (b << 17), d.rotate_left(45)];
        result
    }

    /// A number below `bound`; 0 for a bound of 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.next_u64()) * u128::from(bound);
        // The product is below bound * 2^64, so its upper half fits.
        #[allow(clippy::cast_possible_truncation)]
        let high = (wide >> 64) as u64;
        high
    }

    /// An index below `len`; 0 for an empty range.
    pub fn index(&mut self, len: usize) -> usize {
        // The result is below `len`, which is a usize.
        #[allow(clippy::cast_possible_truncation)]
        let index = self.below(len as u64) as usize;
        index
    }

    /// A number in `low..=high`; `low` when the range is empty.
    pub fn range(&mut self, low: u32, high: u32) -> u32 {
        let span = u64::from(high.saturating_sub(low)) + 1;
        // The result is at most `high`, which is a u32.
        #[allow(clippy::cast_possible_truncation)]
        let offset = self.below(span) as u32;
        low + offset
    }

    /// True in `percent` of 100 calls.
    pub fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < u64::from(percent)
    }

    /// One of `items`, which must not be empty.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.index(items.len())]
    }

    /// One of `words`, which must not be empty.
    pub fn word(&mut self, words: &[&'static str]) -> &'static str {
        words[self.index(words.len())]
    }

    /// `count` random decimal digits.
    pub fn digits(&mut self, count: usize) -> String {
        (0..count).map(|_| self.digit()).collect()
    }

    /// `count` random decimal digits, the first of which is not zero.
    pub fn digits_no_zero_first(&mut self, count: usize) -> String {
        let mut digits = self.digits(count);
        if digits.starts_with('0') {
            digits.replace_range(0..1, ["1", "2", "3", "4", "5", "6", "7", "8", "9"][self.index(9)]);
        }
        digits
    }

    /// One random decimal digit.
    pub fn digit(&mut self) -> char {
        self.char_of("0123456789")
    }

    /// One character of `ascii`, which must be ASCII and not empty.
    pub fn char_of(&mut self, ascii: &str) -> char {
        char::from(*self.pick(ascii.as_bytes()))
    }

    /// `count` characters of `ascii`.
    pub fn string_of(&mut self, ascii: &str, count: usize) -> String {
        (0..count).map(|_| self.char_of(ascii)).collect()
    }

    /// Fills a pattern: `#` is a digit, `@` a capital letter, `~` a lower-case hex digit, all else is itself.
    pub fn fill(&mut self, pattern: &str) -> String {
        pattern
            .chars()
            .map(|c| match c {
                '#' => self.digit(),
                '@' => self.char_of("ABCDEFGHJKLMNPRSTUVWXYZ"),
                '~' => self.char_of("0123456789abcdef"),
                other => other,
            })
            .collect()
    }

    /// An index below `len` with a long tail: the first ones come often, the last ones seldom, all of them come.
    pub fn zipf_index(&mut self, len: usize) -> usize {
        // The minimum of two uniform draws has a linear tail; one draw in three is uniform, so that rare ones occur.
        let one = self.index(len);
        if self.chance(33) {
            return one;
        }
        let two = self.index(len);
        let three = self.index(len);
        one.min(two).min(three)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequence_is_pinned() {
        let mut rng = Rng::new(42);
        // Reference values of xoshiro256** seeded by splitmix64(42).
        assert_eq!(rng.next_u64(), 0x1578_0B2E_0C2E_C716);
        assert_eq!(rng.next_u64(), 0x6104_D986_6D11_3A7E);
    }

    #[test]
    fn ranges_are_inclusive_and_bounded() {
        let mut rng = Rng::new(1);
        let drawn: Vec<u32> = (0..500).map(|_| rng.range(3, 6)).collect();
        assert!(drawn.iter().all(|n| (3..=6).contains(n)));
        assert!((3..=6).all(|n| drawn.contains(&n)));
    }

    #[test]
    fn fill_keeps_the_shape() {
        let filled = Rng::new(9).fill("@#-~");
        assert!(filled.as_bytes()[0].is_ascii_uppercase());
        assert!(filled.as_bytes()[1].is_ascii_digit());
        assert_eq!(filled.as_bytes()[2], b'-');
        assert!(filled.as_bytes()[3].is_ascii_hexdigit());
    }
}
