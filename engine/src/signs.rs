//! Which detectors a byte is worth asking that some asked for by value: the byte and its two neighbours decide.

use crate::Sign;
use crate::near_number::{NearNumber, NumberGlance};
use crate::scanner::Asked;

/// The conditions of all detectors, turned over: for each byte and neighbour the conditions that hold, a bit each.
pub(crate) struct Signs {
    /// The detector of each condition, and what has to agree.
    detectors: Vec<(u16, Option<NumberGlance>)>,
    of: Box<[u64; 256]>,
    /// By the byte, the last for none.
    before: Box<[u64; 257]>,
    after: Box<[u64; 257]>,
}

/// The row for no byte.
const NONE: usize = 256;

impl Default for Signs {
    fn default() -> Self {
        Self { detectors: Vec::new(), of: Box::new([0; 256]), before: Box::new([0; 257]), after: Box::new([0; 257]) }
    }
}

impl Signs {
    /// Adds a condition. `false` when there are too many.
    pub(crate) fn add(&mut self, sign: &Sign, glance: Option<NumberGlance>, detector: u16) -> bool {
        if self.detectors.len() >= 64 {
            return false;
        }
        let bit = 1 << self.detectors.len();
        self.detectors.push((detector, glance));
        for byte in 0..=u8::MAX {
            let i = usize::from(byte);
            self.of[i] |= if sign.of.has(byte) { bit } else { 0 };
            self.before[i] |= if sign.before.has(byte) { bit } else { 0 };
            self.after[i] |= if sign.after.has(byte) { bit } else { 0 };
        }
        self.before[NONE] |= if sign.begins { bit } else { 0 };
        self.after[NONE] |= if sign.ends { bit } else { 0 };
        true
    }

    /// Adds to `asked` whom the byte at `at` is worth asking. `open` says that more bytes may follow.
    #[inline]
    pub(crate) fn ask(&self, bytes: &[u8], at: usize, open: bool, asked: &mut Asked) {
        let row = |rows: &[u64], i: usize| rows.get(i).copied().unwrap_or(0);
        let place = |byte: Option<&u8>| byte.map_or(NONE, |byte| usize::from(*byte));
        let before = at.checked_sub(1).and_then(|i| bytes.get(i));
        let mut met = bytes.get(at).map_or(0, |byte| row(&*self.of, usize::from(*byte)));
        met &= row(&*self.before, place(before));
        match bytes.get(at + 1) {
            // What follows may be anything.
            None if open => {}
            after => met &= row(&*self.after, place(after)),
        }
        while met != 0 {
            if let Some(&(detector, glance)) = self.detectors.get(met.trailing_zeros() as usize)
                && glance.is_none_or(|glance| glance(&NearNumber::new(bytes, at, at + 1, open)) != Ok(false))
            {
                asked.insert(detector);
            }
            met &= met - 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ByteSet;

    #[test]
    fn only_those_whose_neighbours_fit_are_asked() {
        let mut signs = Signs::default();
        let between = Sign::of(b":-").before(ByteSet::DIGIT).after(ByteSet::DIGIT);
        assert!(signs.add(&between, None, 2) && signs.add(&Sign::of(b":"), None, 4));
        let before_nine: NumberGlance = |near| Ok(near.behind(1)? == b"9");
        assert!(signs.add(&Sign::of(b";"), Some(before_nine), 6));
        let asked = |text: &[u8], at, open| {
            let mut asked = Asked::with_room(10);
            signs.ask(text, at, open, &mut asked);
            std::iter::successors(asked.next(0), |last| asked.next(last + 1)).collect::<Vec<u16>>()
        };
        assert_eq!(asked(b"1:2", 1, true), [2, 4]);
        assert_eq!(asked(b"1-2", 1, true), [2]);
        assert_eq!(asked(b"a:2", 1, true), [4]);
        assert_eq!(asked(b"1: ", 1, true), [4]);
        assert_eq!(asked(b"1-", 1, true), [2], "a digit may follow");
        assert_eq!(asked(b"1-", 1, false), []);
        assert_eq!(asked(b":1", 0, false), [4]);
        assert_eq!((asked(b";9", 0, false), asked(b";8", 0, false)), (vec![6], vec![]));
        assert_eq!((asked(b";", 0, false), asked(b";", 0, true)), (vec![], vec![6]), "what follows may be a nine");
    }
}
