//! Which detectors a run of digits is worth asking: a few table lookups instead of a call of each.

use crate::DigitRun;
use crate::scanner::Asked;
use crate::words::Words;

/// The conditions of all detectors on runs of digits, turned over: for each length, first digit and neighbour the
/// conditions that hold, a bit each.
pub(crate) struct Numbers {
    /// The detector of each condition.
    detectors: Vec<u16>,
    lens: [u64; 32],
    first: [u64; 10],
    /// By the byte, the last for none.
    before: Box<[u64; 257]>,
    after: Box<[u64; 257]>,
    /// Conditions that want another run of digits close behind.
    goes_on: u64,
    /// Hints of fields, and the condition that any of them meets.
    hints: Vec<(u64, u64)>,
}

impl Default for Numbers {
    fn default() -> Self {
        Self {
            detectors: Vec::new(),
            lens: [0; 32],
            first: [0; 10],
            before: Box::new([0; 257]),
            after: Box::new([0; 257]),
            goes_on: 0,
            hints: Vec::new(),
        }
    }
}

impl Numbers {
    /// Adds a condition. `false` when there are too many.
    pub(crate) fn add(&mut self, number: &DigitRun, detector: u16) -> bool {
        if self.detectors.len() >= 64 {
            return false;
        }
        let bit = 1 << self.detectors.len();
        self.detectors.push(detector);
        for (len, row) in self.lens.iter_mut().enumerate() {
            *row |= if number.lens >> len & 1 == 1 { bit } else { 0 };
        }
        for (digit, row) in (b'0'..=b'9').zip(&mut self.first) {
            *row |= if number.first.has(digit) { bit } else { 0 };
        }
        for (byte, (before, after)) in (0..=u8::MAX).zip(self.before.iter_mut().zip(self.after.iter_mut())) {
            *before |= if number.before.has(byte) { bit } else { 0 };
            *after |= if number.after.has(byte) { bit } else { 0 };
        }
        self.before[NONE] |= if number.begins { bit } else { 0 };
        self.after[NONE] |= bit;
        self.goes_on |= if number.goes_on { bit } else { 0 };
        if number.hints != 0 {
            self.hints.push((number.hints, bit));
        }
        true
    }

    /// Adds to `asked` whom the run of digits at `at` is worth asking. `open` says that more bytes may follow; `start`
    /// is given at the start of a field: the hints of its name.
    #[inline]
    pub(crate) fn ask(
        &self,
        bytes: &[u8],
        at: usize,
        open: bool,
        start: Option<u64>,
        words: &Words,
        asked: &mut Asked,
    ) {
        let rest = bytes.get(at..).unwrap_or_default();
        let len = rest.iter().take(31).take_while(|byte| byte.is_ascii_digit()).count();
        let before = at.checked_sub(1).and_then(|i| bytes.get(i));
        let digit = rest.first().map_or(0, |byte| byte.wrapping_sub(b'0'));
        let row = |rows: &[u64], i: usize| rows.get(i).copied().unwrap_or(0);
        let mut met =
            row(&self.first, usize::from(digit)) & row(&*self.before, before.map_or(NONE, |b| usize::from(*b)));
        match rest.get(len) {
            // A longer run ends nobody knows where.
            Some(_) if len == 31 => met &= row(&self.lens, 31),
            Some(after) => met &= row(&self.lens, len) & row(&*self.after, usize::from(*after)),
            // It may go on: everybody decides for himself, and asks for what is missing.
            None if open => {}
            None => met &= row(&self.lens, len) & row(&*self.after, NONE),
        }
        if met & self.goes_on != 0
            && len < 31
            && words.has_digit(at + len, at + len + usize::from(DigitRun::CLOSE)) == Some(false)
        {
            met &= !self.goes_on;
        }
        if let Some(known) = start {
            met |= self.hints.iter().filter(|(hints, _)| hints & known != 0).fold(0, |all, (_, bit)| all | bit);
        }
        while met != 0 {
            if let Some(&detector) = self.detectors.get(met.trailing_zeros() as usize) {
                asked.insert(detector);
            }
            met &= met - 1;
        }
    }
}

/// The row for no byte.
const NONE: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ByteSet;

    fn asked(text: &[u8], at: usize, open: bool, hints: u64) -> Vec<u16> {
        let mut numbers = Numbers::default();
        let dotted = DigitRun::of_lens(1, 3).after(ByteSet::of(b"."));
        let behind_capital = DigitRun::of_lens(7, 7).or_lens(31, 31).before(ByteSet::UPPER).inside();
        assert!(numbers.add(&dotted, 3) && numbers.add(&behind_capital, 5));
        assert!(numbers.add(&DigitRun::of_lens(2, 2).first(b"9").or_hinted(4), 9));
        let mut asked = Asked::with_room(10);
        numbers.ask(text, at, open, (at == 0).then_some(hints), &Words::none(), &mut asked);
        std::iter::successors(asked.next(0), |last| asked.next(last + 1)).collect()
    }

    #[test]
    fn only_those_whose_conditions_hold_are_asked() {
        assert_eq!(asked(b"12.3", 0, true, 0), [3]);
        assert_eq!(asked(b"12 3", 0, true, 0), []);
        assert_eq!(asked(b"92.3", 0, true, 0), [3, 9]);
        assert_eq!(asked(b"12", 0, false, 0), [3], "where the run ends anything may stand");
        assert_eq!(asked(b"A1234567 ", 1, true, 0), [5]);
        assert_eq!(asked(b"1234567 ", 0, true, 0), [], "nothing stands before it");
        assert_eq!(asked(b"1234567 ", 0, true, 6), [9], "the name of the field is enough");
        assert_eq!(asked(&[b"A".as_slice(), &[b'1'; 40]].concat(), 1, false, 0), [5], "31 stands for what is longer");
    }

    #[test]
    fn all_are_asked_who_may_yet_want_to() {
        assert_eq!(asked(b"12", 0, true, 0), [3], "a first digit that does not fit is known");
        assert_eq!(asked(b"9", 0, true, 0), [3, 9]);
        assert_eq!(asked(b"A9", 1, true, 0), [3, 5, 9]);
    }
}
