//! 32 bytes at a time on x86-64 processors with AVX2.

use std::arch::x86_64::{
    __m256i, _mm_loadu_si128, _mm256_add_epi8, _mm256_and_si256, _mm256_andnot_si256, _mm256_blendv_epi8,
    _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8, _mm256_cmpgt_epi8, _mm256_loadu_si256, _mm256_movemask_epi8,
    _mm256_or_si256, _mm256_set1_epi8, _mm256_shuffle_epi8, _mm256_srli_epi16,
};

use crate::ByteSet;
use crate::blocks::{BLOCK, Block};

/// The kernel, and the proof that the processor has AVX2: only [`Avx2::new`] makes one.
#[derive(Clone, Debug)]
pub(super) struct Avx2 {
    /// By the low half of a byte below 0x80: bit `h` says whether the byte with the high half `h` is special.
    low: [u8; 16],
    /// The same for bytes from 0x80 on, whose high half is `h + 8`.
    high: [u8; 16],
}

impl Avx2 {
    /// `None` on a processor without AVX2.
    pub(super) fn new(special: ByteSet) -> Option<Self> {
        if !std::arch::is_x86_feature_detected!("avx2") {
            return None;
        }
        let (mut low, mut high) = ([0; 16], [0; 16]);
        for byte in special.iter() {
            let table = if byte < 0x80 { &mut low } else { &mut high };
            table[usize::from(byte & 15)] |= 1 << (byte >> 4 & 7);
        }
        Some(Self { low, high })
    }

    /// Classifies 64 bytes.
    #[inline]
    pub(super) fn block(&self, bytes: &[u8; BLOCK]) -> Block {
        // SAFETY: `self` exists, so `new` found AVX2.
        unsafe { self.classify(bytes) }
    }

    #[target_feature(enable = "avx2")]
    fn classify(&self, bytes: &[u8; BLOCK]) -> Block {
        // SAFETY: 32 bytes from the start of an array of 64 are within it, and the load needs no alignment.
        let first = unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) };
        // SAFETY: half of the array's length is within it.
        let middle = unsafe { bytes.as_ptr().add(BLOCK / 2) };
        // SAFETY: 32 bytes follow the middle of the array.
        let second = unsafe { _mm256_loadu_si256(middle.cast()) };
        let (one, two) = (self.half(first), self.half(second));
        let join = |one: u32, two: u32| u64::from(one) | u64::from(two) << 32;
        Block {
            digit: join(one.digit, two.digit),
            alpha: join(one.alpha, two.alpha),
            lead: join(one.lead, two.lead),
            wide: join(one.wide, two.wide),
            blank: join(one.blank, two.blank),
            special: join(one.special, two.special),
        }
    }

    #[target_feature(enable = "avx2")]
    fn half(&self, bytes: __m256i) -> Half {
        let within = |bytes: __m256i, first: u8, last: u8| {
            // Signed comparisons: what is from 0x80 on is less than any ASCII byte.
            let from = _mm256_cmpgt_epi8(bytes, _mm256_set1_epi8(first.cast_signed() - 1));
            _mm256_andnot_si256(_mm256_cmpgt_epi8(bytes, _mm256_set1_epi8(last.cast_signed())), from)
        };
        let small = _mm256_or_si256(bytes, _mm256_set1_epi8(0x20));
        // Half of all values further, 0xc0 and more are 0x40 and more, and what was ASCII is negative.
        let moved = _mm256_add_epi8(bytes, _mm256_set1_epi8(i8::MIN));
        let lead = _mm256_cmpgt_epi8(moved, _mm256_set1_epi8(0x3f));
        Half {
            digit: mask(within(bytes, b'0', b'9')),
            alpha: mask(within(small, b'a', b'z')),
            lead: mask(lead),
            wide: mask(bytes),
            // What is no more than a blank and not negative.
            blank: !(mask(_mm256_cmpgt_epi8(bytes, _mm256_set1_epi8(0x20))) | mask(bytes)),
            special: mask(self.special(bytes)),
        }
    }

    /// Two lookups by the halves of a byte: which high halves are special with this low one, and which bit this high
    /// half is.
    #[target_feature(enable = "avx2")]
    fn special(&self, bytes: __m256i) -> __m256i {
        const BITS: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];
        let nibble = _mm256_set1_epi8(15);
        let low_half = _mm256_and_si256(bytes, nibble);
        let high_half = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), nibble);
        let ascii = _mm256_shuffle_epi8(table(&self.low), low_half);
        let beyond = _mm256_shuffle_epi8(table(&self.high), low_half);
        let wanted = _mm256_blendv_epi8(ascii, beyond, bytes);
        let bit = _mm256_shuffle_epi8(table(&BITS), high_half);
        _mm256_cmpeq_epi8(_mm256_and_si256(wanted, bit), bit)
    }
}

/// The classes of 32 bytes.
struct Half {
    digit: u32,
    alpha: u32,
    lead: u32,
    wide: u32,
    blank: u32,
    special: u32,
}

#[target_feature(enable = "avx2")]
fn mask(bytes: __m256i) -> u32 {
    _mm256_movemask_epi8(bytes).cast_unsigned()
}

#[target_feature(enable = "avx2")]
fn table(bytes: &[u8; 16]) -> __m256i {
    // SAFETY: the array has the 16 bytes that are loaded, and the load needs no alignment.
    let bytes = unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) };
    _mm256_broadcastsi128_si256(bytes)
}
