//! Where a leaf stands in the log.

use std::fmt;

/// The position of a leaf in the log: 0 for the first.
///
/// The log only grows, so an index, once given, names the same leaf for ever.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct LeafIndex(
    // INVARIANT: at most `LeafIndex::MAX`.
    u64,
);

impl LeafIndex {
    /// The first leaf.
    pub const FIRST: Self = Self(0);

    /// The last possible position, 2^53 − 1: leaves name each other in JSON, and beyond that readers which keep numbers as
    /// floating point would confuse neighbours.
    pub const MAX: Self = Self((1 << 53) - 1);

    /// How many leaves a full entry bundle holds.
    pub const BUNDLE_LEN: u64 = 256;

    /// The leaf at `position`; `None` above [`LeafIndex::MAX`].
    #[must_use]
    pub const fn new(position: u64) -> Option<Self> {
        if position <= Self::MAX.0 { Some(Self(position)) } else { None }
    }

    /// As a number.
    #[must_use]
    pub const fn value(self) -> u64 {
        self.0
    }

    /// The leaf after this one; `None` when the log is full.
    #[must_use]
    pub const fn next(self) -> Option<Self> {
        Self::new(self.0 + 1)
    }

    /// How many leaves the log must hold for this one to be among them.
    #[must_use]
    pub const fn tree_size(self) -> u64 {
        self.0 + 1
    }

    /// How many leaves of the same entry bundle come before this one.
    #[must_use]
    pub const fn place_in_bundle(self) -> u64 {
        self.0 % Self::BUNDLE_LEN
    }

    /// The name, relative to the log's root, of the full entry bundle that holds this leaf.
    ///
    /// While the log is too short to fill that bundle, the leaf is in a partial one: the same name with `.p/` and the
    /// number of leaves behind it.
    #[must_use]
    pub fn bundle_path(self) -> String {
        format!("tile/entries/{}", in_groups_of_three(self.0 / Self::BUNDLE_LEN))
    }
}

impl fmt::Display for LeafIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// tlog-tiles writes a number as groups of three digits, each but the last marked with an `x`, so that no folder grows
/// large.
pub(crate) fn in_groups_of_three(number: u64) -> String {
    let mut path = format!("{:03}", number % 1000);
    let mut rest = number / 1000;
    while rest > 0 {
        path = format!("x{:03}/{path}", rest % 1000);
        rest /= 1000;
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_in_the_specification() {
        for (number, path) in [
            (0, "000"),
            (999, "999"),
            (1000, "x001/000"),
            // The example of the tlog-tiles specification.
            (1_234_067, "x001/x234/067"),
            (1_000_000, "x001/x000/000"),
        ] {
            assert_eq!(in_groups_of_three(number), path);
        }
    }

    #[test]
    fn a_bundle_holds_256_leaves_in_order() {
        let place = |position| {
            let leaf = LeafIndex::new(position).unwrap();
            (leaf.bundle_path(), leaf.place_in_bundle())
        };
        assert_eq!(place(0), ("tile/entries/000".into(), 0));
        assert_eq!(place(255), ("tile/entries/000".into(), 255));
        assert_eq!(place(256), ("tile/entries/001".into(), 0));
        assert_eq!(place(256 * 1_234_067 + 3), ("tile/entries/x001/x234/067".into(), 3));
    }

    #[test]
    fn the_log_ends_where_json_numbers_do() {
        assert_eq!(LeafIndex::MAX.value(), 9_007_199_254_740_991);
        assert_eq!(LeafIndex::new(LeafIndex::MAX.value() + 1), None);
        assert_eq!(LeafIndex::new(u64::MAX), None);
        assert_eq!(LeafIndex::MAX.next(), None);
        let before_last = LeafIndex::new(LeafIndex::MAX.value() - 1).unwrap();
        assert_eq!(before_last.next(), Some(LeafIndex::MAX));
        assert_eq!(LeafIndex::FIRST.next().unwrap().tree_size(), 2);
        assert_eq!(LeafIndex::FIRST.tree_size(), 1);
    }
}
