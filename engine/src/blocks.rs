//! Stage one: every byte is read once and becomes a bit in a few 64-byte bitmaps.
//!
//! Stage two looks only at candidates: words, beginnings of numbers, and bytes that some detector asked for. A kernel turns 64 bytes into a [`Block`];
//! the portable one here is the reference, and any faster one must equal it bit for bit.

use crate::ByteSet;
use crate::arch::Kernel;

/// How many bytes one block describes.
pub(crate) const BLOCK: usize = 64;

/// The classes of 64 bytes, one bit a byte, least significant first.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Block {
    /// ASCII digits.
    pub(crate) digit: u64,
    /// ASCII letters.
    pub(crate) alpha: u64,
    /// Bytes that can begin a code point beyond ASCII (0xc0 and above): perhaps a letter, decided in stage two.
    pub(crate) lead: u64,
    /// Bytes beyond ASCII, whether they can begin a code point or not.
    pub(crate) wide: u64,
    /// [`ByteSet::BLANK`].
    pub(crate) blank: u64,
    /// Bytes that some detector asked for by value.
    pub(crate) special: u64,
}

/// What the byte before a block was.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Carry {
    digit: bool,
}

impl Carry {
    pub(crate) fn after(byte: Option<u8>) -> Self {
        Self { digit: byte.is_some_and(|b| b.is_ascii_digit()) }
    }
}

impl Block {
    /// The beginnings of runs of digits.
    #[inline]
    pub(crate) fn numbers(&self, carry: Carry) -> u64 {
        self.digit & !(self.digit << 1 | u64::from(carry.digit))
    }

    #[inline]
    pub(crate) fn carry(&self) -> Carry {
        Carry { digit: self.digit >> 63 == 1 }
    }
}

/// Classifies bytes. Built once for a set of special bytes.
#[derive(Clone, Debug)]
pub(crate) struct Classifier {
    class: Box<[u8; 256]>,
    kernel: Option<Kernel>,
}

const DIGIT: u8 = 1;
const ALPHA: u8 = 2;
const LEAD: u8 = 4;
const SPECIAL: u8 = 8;
const WIDE: u8 = 16;
const BLANK: u8 = 32;

impl Classifier {
    pub(crate) fn new(special: ByteSet) -> Self {
        let mut class = Box::new([0; 256]);
        for (byte, class) in (0..=u8::MAX).zip(class.iter_mut()) {
            *class = if byte.is_ascii_digit() { DIGIT } else { 0 }
                | if byte.is_ascii_alphabetic() { ALPHA } else { 0 }
                | if byte >= 0xc0 { LEAD } else { 0 }
                | if special.has(byte) { SPECIAL } else { 0 }
                | if byte >= 0x80 { WIDE } else { 0 }
                | if ByteSet::BLANK.has(byte) { BLANK } else { 0 };
        }
        Self { class, kernel: Kernel::new(special) }
    }

    /// Classifies 64 bytes.
    #[inline]
    pub(crate) fn block(&self, bytes: &[u8; BLOCK]) -> Block {
        match &self.kernel {
            Some(kernel) => kernel.block(bytes),
            None => self.portable(bytes),
        }
    }

    /// The reference: classes are looked up, then eight bytes at a time are gathered into bits.
    fn portable(&self, bytes: &[u8; BLOCK]) -> Block {
        let mut block = Block::default();
        for (bytes, shift) in bytes.chunks_exact(8).zip((0..).step_by(8)) {
            let mut lane = [0; 8];
            for (to, from) in lane.iter_mut().zip(bytes) {
                *to = self.class[usize::from(*from)];
            }
            let lane = u64::from_le_bytes(lane);
            block.digit |= gather(lane) << shift;
            block.alpha |= gather(lane >> 1) << shift;
            block.lead |= gather(lane >> 2) << shift;
            block.special |= gather(lane >> 3) << shift;
            block.wide |= gather(lane >> 4) << shift;
            block.blank |= gather(lane >> 5) << shift;
        }
        block
    }

    /// Classifies up to 64 bytes; the rest of the block is empty.
    #[inline]
    pub(crate) fn partial(&self, bytes: &[u8]) -> Block {
        if let Some(full) = bytes.first_chunk() {
            return self.block(full);
        }
        let mut filled = [0; BLOCK];
        for (to, from) in filled.iter_mut().zip(bytes) {
            *to = *from;
        }
        let Block { digit, alpha, lead, wide, blank, special } = self.block(&filled);
        let there = (1 << bytes.len()) - 1;
        Block {
            digit: digit & there,
            alpha: alpha & there,
            lead: lead & there,
            wide: wide & there,
            blank: blank & there,
            special: special & there,
        }
    }
}

/// The lowest bit of each byte of `lane`, as the lowest eight bits. The multiplication moves the bit of byte `i` to bit
/// `56 + i`; no two of its partial products meet, so nothing carries.
#[inline]
fn gather(lane: u64) -> u64 {
    (lane & 0x0101_0101_0101_0101).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_what_each_byte_is() {
        let classifier = Classifier::new(ByteSet::of(b"@9"));
        let mut bytes = [0u8; BLOCK];
        for seed in 0..64u32 {
            for (byte, i) in bytes.iter_mut().zip(0u32..) {
                *byte = (seed.wrapping_mul(2_654_435_761).wrapping_add(i.wrapping_mul(40_503)) >> 7).to_le_bytes()[0];
            }
            let block = classifier.block(&bytes);
            for (i, byte) in bytes.iter().enumerate() {
                let bit = |map: u64| map >> i & 1 == 1;
                assert_eq!(bit(block.digit), byte.is_ascii_digit());
                assert_eq!(bit(block.alpha), byte.is_ascii_alphabetic());
                assert_eq!(bit(block.lead), *byte >= 0xc0);
                assert_eq!(bit(block.wide), *byte >= 0x80);
                assert_eq!(bit(block.blank), *byte <= b' ');
                assert_eq!(bit(block.special), matches!(byte, b'@' | b'9'));
            }
            assert_eq!(block, classifier.portable(&bytes), "the kernel of this processor differs");
            let half = classifier.partial(&bytes[..40]);
            assert_eq!(half.alpha, block.alpha & ((1 << 40) - 1));
            assert_eq!(half.special, block.special & ((1 << 40) - 1));
        }
    }

    #[test]
    fn every_byte_is_classified_alike_wherever_it_stands() {
        for special in [ByteSet::EMPTY, ByteSet::ALL, ByteSet::of(b"@:/(+=-#\0\x7f\x80\xc0\xff"), ByteSet::ALNUM] {
            let classifier = Classifier::new(special);
            for byte in 0..=u8::MAX {
                for at in 0..BLOCK {
                    let mut bytes = [b' '; BLOCK];
                    bytes[at] = byte;
                    let block = classifier.block(&bytes);
                    assert_eq!(block, classifier.portable(&bytes));
                    assert_eq!(block.special >> at & 1 == 1, special.has(byte));
                    assert_eq!(block.lead >> at & 1 == 1, byte >= 0xc0);
                }
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_classified_alike(bytes in proptest::array::uniform32(0u8..), members: Vec<u8>, len in 0..=64usize) {
            let classifier = Classifier::new(ByteSet::of(&members));
            let mut both = [0; BLOCK];
            both[..32].copy_from_slice(&bytes);
            both[32..].copy_from_slice(&bytes.map(|byte| byte.rotate_left(3) ^ 0x55));
            let whole = classifier.portable(&both);
            proptest::prop_assert_eq!(classifier.block(&both), whole);
            let there = if len == BLOCK { u64::MAX } else { (1 << len) - 1 };
            let part = classifier.partial(&both[..len]);
            proptest::prop_assert_eq!(
                (part.digit, part.alpha, part.lead, part.wide, part.blank, part.special),
                (
                    whole.digit & there,
                    whole.alpha & there,
                    whole.lead & there,
                    whole.wide & there,
                    whole.blank & there,
                    whole.special & there
                )
            );
        }
    }

    #[test]
    fn runs_begin_once() {
        let classifier = Classifier::new(ByteSet::EMPTY);
        let block = classifier.partial(b"12 34c");
        assert_eq!(block.numbers(Carry::default()), 0b00_1001);
        assert_eq!(block.numbers(Carry::after(Some(b'7'))), 0b00_1000);
    }
}
