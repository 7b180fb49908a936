//! The weights, and how they add up.

use super::features::PLACES;

/// What words may be beside nothing, and after them what values may be: the columns of the table.
pub const WORDS: usize = 5;
/// How many sorts of values there are.
pub const VALUES: usize = 2;
/// How many steps of a weight are one unit of its score: the natural logarithm of the odds.
pub const UNIT: i32 = 16;

const COLUMNS: usize = WORDS + VALUES;

/// A row as it is read: eight bytes at a time, of which the last is no column.
const ROW: usize = 8;

/// A weight for each place and column. `examples/train.rs` writes it.
static LEARNED: [[u8; ROW]; PLACES] = rows(include_bytes!("../../data/learned.bin"));

const fn rows(table: &[u8; PLACES * COLUMNS]) -> [[u8; ROW]; PLACES] {
    let mut rows = [[0; ROW]; PLACES];
    let (columns, _) = table.as_chunks::<COLUMNS>();
    let mut place = 0;
    while place < PLACES {
        #[expect(clippy::indexing_slicing, reason = "within the bounds by the loop's condition")]
        {
            let [a, b, c, d, e, f, g] = columns[place];
            rows[place] = [a, b, c, d, e, f, g, 0];
        }
        place += 1;
    }
    rows
}

/// How much facts speak for each column, against nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Score([i16; ROW]);

impl Score {
    /// Adds what is known of a fact.
    #[inline(always)]
    pub(super) fn add(&mut self, place: usize) {
        let Some(row) = LEARNED.get(place) else { return };
        for (sum, weight) in self.0.iter_mut().zip(row) {
            // A hundred facts of a byte each are far from what fits.
            *sum = sum.wrapping_add(i16::from(weight.cast_signed()));
        }
    }

    /// What was added up.
    pub(super) fn sums(&self) -> [i16; ROW] {
        self.0
    }

    /// The best of what words may be, and by how much it beats nothing.
    pub(super) fn word(&self) -> (usize, i32) {
        best(self.0.get(..WORDS).unwrap_or_default())
    }

    /// The same of values.
    pub(super) fn value(&self) -> (usize, i32) {
        best(self.0.get(WORDS..COLUMNS).unwrap_or_default())
    }
}

impl From<[i16; ROW]> for Score {
    fn from(sums: [i16; ROW]) -> Self {
        Self(sums)
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
