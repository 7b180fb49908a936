//! The weights, and how they add up.

use super::features::PLACES;

/// What words may be beside nothing, and after them what values may be: the columns of the table.
pub const WORDS: usize = 5;
/// How many sorts of values there are.
pub const VALUES: usize = 3;
/// How many steps of a weight are one unit of its score: the natural logarithm of the odds.
pub const UNIT: i32 = 16;

const COLUMNS: usize = WORDS + VALUES;

/// A weight for each place and column. `examples/train.rs` writes it.
static LEARNED: &[u8; PLACES * COLUMNS] = include_bytes!("../../data/learned.bin");

/// How much facts speak for each column, against nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Score([i16; COLUMNS]);

impl Score {
    /// Adds what is known of a fact.
    #[inline]
    pub(super) fn add(&mut self, place: usize) {
        let (rows, _) = LEARNED.as_chunks::<COLUMNS>();
        let Some(row) = rows.get(place) else { return };
        for (sum, weight) in self.0.iter_mut().zip(row) {
            // A hundred facts of a byte each are far from what fits.
            *sum = sum.wrapping_add(i16::from(weight.cast_signed()));
        }
    }

    /// The best of what words may be, and by how much it beats nothing.
    pub(super) fn word(&self) -> (usize, i32) {
        best(self.0.get(..WORDS).unwrap_or_default())
    }

    /// The same of values.
    pub(super) fn value(&self) -> (usize, i32) {
        best(self.0.get(WORDS..).unwrap_or_default())
    }
}

fn best(sums: &[i16]) -> (usize, i32) {
    let mut best = (0, i32::MIN);
    for (column, sum) in sums.iter().enumerate() {
        if i32::from(*sum) > best.1 {
            best = (column, i32::from(*sum));
        }
    }
    best
}
