//! What is known of the words around a trigger, so that detectors that look at the same ones share it.

use std::cell::Cell;

/// Words by where they begin, a slot each; a later one takes the place of an earlier one. It belongs to one text at
/// hand: a new text needs a new one.
pub(crate) struct Memo {
    slots: [Cell<Known>; SLOTS],
}

const SLOTS: usize = 64;

#[derive(Clone, Copy)]
struct Known {
    /// Where it begins; no word begins at `usize::MAX`.
    at: usize,
    /// Of ASCII letters only, and with an ASCII byte behind it: nothing that follows can change it.
    len: u8,
    /// Whether `bits` were looked up.
    has_bits: bool,
    bits: u32,
}

impl Memo {
    pub(crate) fn new() -> Self {
        Self { slots: [const { Cell::new(Known { at: usize::MAX, len: 0, has_bits: false, bits: 0 }) }; SLOTS] }
    }

    #[inline]
    fn slot(&self, at: usize) -> Option<&Cell<Known>> {
        self.slots.get(at % SLOTS)
    }

    /// The length of the word at `at`, if it is known.
    #[inline]
    pub(crate) fn len(&self, at: usize) -> Option<usize> {
        let known = self.slot(at)?.get();
        (known.at == at).then_some(usize::from(known.len))
    }

    /// Remembers that a word of `len` ASCII letters begins at `at` and an ASCII byte follows it.
    #[inline]
    pub(crate) fn set_len(&self, at: usize, len: usize) {
        if let (Some(slot), Ok(len)) = (self.slot(at), u8::try_from(len)) {
            slot.set(Known { at, len, has_bits: false, bits: 0 });
        }
    }

    /// The categories of the word at `at` that has `len` bytes, if they are known.
    #[inline]
    pub(crate) fn bits(&self, at: usize, len: usize) -> Option<u32> {
        let known = self.slot(at)?.get();
        (known.at == at && known.has_bits && usize::from(known.len) == len).then_some(known.bits)
    }

    /// Remembers the categories of the word at `at` if its length is known.
    #[inline]
    pub(crate) fn set_bits(&self, at: usize, len: usize, bits: u32) {
        if let Some(slot) = self.slot(at) {
            let known = slot.get();
            if known.at == at && usize::from(known.len) == len {
                slot.set(Known { has_bits: true, bits, ..known });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_knows_what_it_was_told_until_another_word_takes_the_slot() {
        let memo = Memo::new();
        assert_eq!((memo.len(3), memo.bits(3, 5)), (None, None));
        memo.set_bits(3, 5, 8);
        assert_eq!(memo.bits(3, 5), None, "the word itself is not known");
        memo.set_len(3, 5);
        memo.set_bits(3, 4, 8);
        assert_eq!((memo.len(3), memo.bits(3, 5)), (Some(5), None), "a part of a word has categories of its own");
        memo.set_bits(3, 5, 8);
        assert_eq!((memo.bits(3, 5), memo.bits(3, 4)), (Some(8), None));
        memo.set_len(3 + SLOTS, 2);
        assert_eq!((memo.len(3), memo.len(3 + SLOTS), memo.bits(3 + SLOTS, 2)), (None, Some(2), None));
    }
}
