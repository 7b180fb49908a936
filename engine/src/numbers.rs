//! Which detectors a run of digits is worth asking: a few table lookups instead of a call of each.

use crate::DigitRun;
use crate::near_number::{NearNumber, NumberGlance};
use crate::scanner::Asked;
use crate::words::Words;

/// The conditions of all detectors on runs of digits, turned over: for each length, first digit and neighbour the
/// conditions that hold, a bit each.
pub(crate) struct Numbers {
    conditions: Vec<Condition>,
    lens: [u64; 32],
    first: [u64; 10],
    /// By the byte, the last for none.
    before: Box<[u64; 257]>,
    after: Box<[u64; 257]>,
    /// The furthest that any of them reaches back.
    furthest: u16,
    /// Conditions that want another run of digits close behind.
    goes_on: u64,
    /// Hints of fields, and the condition that any of them meets.
    hints: Vec<(u64, u64)>,
}

/// Who is asked where a condition holds.
struct Condition {
    detector: u16,
    /// How far before its trigger it may find something.
    reach: u16,
    /// Has to agree.
    glance: Option<NumberGlance>,
}

impl Default for Numbers {
    fn default() -> Self {
        Self {
            conditions: Vec::new(),
            lens: [0; 32],
            first: [0; 10],
            before: Box::new([0; 257]),
            after: Box::new([0; 257]),
            furthest: 0,
            goes_on: 0,
            hints: Vec::new(),
        }
    }
}

impl Numbers {
    /// Adds a condition. `false` when there are too many.
    pub(crate) fn add(&mut self, number: &DigitRun, glance: Option<NumberGlance>, detector: u16, reach: u16) -> bool {
        if self.conditions.len() >= 64 {
            return false;
        }
        let bit = 1 << self.conditions.len();
        self.conditions.push(Condition { detector, reach, glance });
        self.furthest = self.furthest.max(reach);
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
    /// is given at the start of a field: the hints of its name. `taken` says that only those count
    /// that reach back so far and further.
    #[expect(clippy::too_many_arguments, reason = "all that is known of a place")]
    #[inline]
    pub(crate) fn ask(
        &self,
        bytes: &[u8],
        at: usize,
        open: bool,
        start: Option<u64>,
        taken: Option<u64>,
        words: &Words,
        asked: &mut Asked,
    ) {
        if taken.is_some_and(|behind| u64::from(self.furthest) <= behind) {
            return;
        }
        let rest = bytes.get(at..).unwrap_or_default();
        let len = words.digits_from(at).filter(|len| *len < 31).unwrap_or_else(|| digits(rest)).min(31);
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
        // Whether the number ends is not known where it fills what is at hand, or is longer than is counted.
        let whole = len < 31 && (rest.len() > len || !open);
        if met & self.goes_on != 0
            && len < 31
            && words.has_digit(at + len, at + len + usize::from(DigitRun::CLOSE)) == Some(false)
        {
            met &= !self.goes_on;
        }
        let mut sure = 0;
        if let Some(known) = start {
            sure = self.hints.iter().filter(|(hints, _)| hints & known != 0).fold(0, |all, (_, bit)| all | bit);
            met |= sure;
        }
        let near = NearNumber::new(bytes, at, at + len, open);
        while met != 0 {
            let lowest = met.trailing_zeros();
            if let Some(Condition { detector, reach, glance }) = self.conditions.get(lowest as usize) {
                let counts = taken.is_none_or(|behind| u64::from(*reach) > behind);
                let open = !whole || sure >> lowest & 1 == 1;
                if counts && (open || glance.is_none_or(|glance| glance(&near) != Ok(false))) {
                    asked.insert(*detector);
                }
            }
            met &= met.wrapping_sub(1);
        }
    }
}

/// How many digits `bytes` begins with, as far as they are counted.
fn digits(bytes: &[u8]) -> usize {
    bytes.iter().take(31).take_while(|byte| byte.is_ascii_digit()).count()
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
        assert!(numbers.add(&dotted, None, 3, 0) && numbers.add(&behind_capital, None, 5, 0));
        assert!(numbers.add(&DigitRun::of_lens(2, 2).first(b"9").or_hinted(4), None, 9, 0));
        let mut asked = Asked::with_room(10);
        numbers.ask(text, at, open, (at == 0).then_some(hints), None, &Words::none(), &mut asked);
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
