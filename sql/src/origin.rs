//! Where a value comes from.

/// A column of one of the statement's tables: positions in [`StatementFacts::tables`] and in the columns there.
///
/// [`StatementFacts::tables`]: crate::StatementFacts::tables
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ColumnId {
    /// Which table.
    pub table: usize,
    /// Which of the columns that are listed for it.
    pub column: usize,
}

/// How a value derives from a column. The order is that of trouble.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Derivation {
    /// It is the column's value.
    Copy,
    /// It was computed from it.
    Derived,
}

/// The base columns that a value derives from.
///
/// The order of two origins, by what they hold, has a top: unknown and everything. Analysis only ever climbs.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Origin {
    sources: Vec<(ColumnId, Derivation)>,
    unknown: bool,
    counts: bool,
    /// Values that the statement brings along are among it.
    constants: bool,
}

impl Origin {
    /// Nothing of the database: constants, parameters, the clock.
    pub(crate) fn constant() -> Self {
        Self::default()
    }

    /// A value that the statement brings along.
    pub(crate) fn literal() -> Self {
        Self { constants: true, ..Self::default() }
    }

    pub(crate) fn copy_of(column: ColumnId) -> Self {
        Self { sources: vec![(column, Derivation::Copy)], ..Self::default() }
    }

    pub(crate) fn unprovable() -> Self {
        Self { unknown: true, ..Self::default() }
    }

    pub(crate) fn count() -> Self {
        Self { counts: true, ..Self::default() }
    }

    /// The columns, each once, in order.
    #[must_use]
    pub fn sources(&self) -> &[(ColumnId, Derivation)] {
        &self.sources
    }

    /// Whether it may hold anything that the statement touches, and more.
    #[must_use]
    pub fn is_unprovable(&self) -> bool {
        self.unknown
    }

    /// Whether it is made of counts of rows, of constants, and of nothing else.
    #[must_use]
    pub fn is_plain_count(&self) -> bool {
        self.counts && self.sources.is_empty() && !self.unknown
    }

    /// Whether nothing of the database is in it.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        !self.counts && self.sources.is_empty() && !self.unknown
    }

    /// Whether it is exactly what stands in columns: all of them copied, and no value of the statement's own among it, as
    /// `UNION` and `VALUES` can bring in.
    #[must_use]
    pub fn is_copy(&self) -> bool {
        let copied = self.sources.iter().all(|(_, how)| *how == Derivation::Copy);
        copied && !self.sources.is_empty() && !self.unknown && !self.constants && !self.counts
    }

    pub(crate) fn derived(mut self) -> Self {
        for (_, how) in &mut self.sources {
            *how = Derivation::Derived;
        }
        self
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.unknown |= other.unknown;
        self.counts |= other.counts;
        self.constants |= other.constants;
        for (column, how) in &other.sources {
            match self.sources.binary_search_by_key(column, |(known, _)| *known) {
                Ok(at) => {
                    let known = &mut self.sources[at].1;
                    *known = (*known).max(*how);
                }
                Err(at) => self.sources.insert(at, (*column, *how)),
            }
        }
    }

    pub(crate) fn and(mut self, other: &Self) -> Self {
        self.add(other);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_computed_somewhere_is_computed() {
        let column = |column| ColumnId { table: 0, column };
        let both = Origin::copy_of(column(1)).and(&Origin::copy_of(column(0)).derived());
        assert_eq!(both.sources(), [(column(0), Derivation::Derived), (column(1), Derivation::Copy)]);
        assert_eq!(both.clone().and(&both), both);
        assert!(!both.is_copy() && Origin::copy_of(column(1)).is_copy());
        assert!(!Origin::copy_of(column(1)).and(&Origin::literal()).is_copy());
    }

    #[test]
    fn a_count_is_plain_until_something_joins_it() {
        assert!(Origin::count().and(&Origin::constant()).is_plain_count());
        assert!(!Origin::count().and(&Origin::unprovable()).is_plain_count());
        assert!(!Origin::count().and(&Origin::copy_of(ColumnId { table: 0, column: 0 })).is_plain_count());
        assert!(Origin::constant().is_constant() && !Origin::count().is_constant());
    }
}
