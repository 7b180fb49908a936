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
    /// It only says something of it: whether it is so, how long it is, which year it is in, where it stands in an order.
    Measured,
    /// It shows the value whole and as it is: in another case or type, as an element, as the greatest of many.
    Shown,
    /// It is a number that was computed with it.
    Figured,
    /// It shows the value among other words, with signs between them.
    Glued,
    /// It was computed from it in a way that may show the value so that nobody knows it again.
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
    /// It may be a value that whoever asks knows: one of the statement's own, the clock's, or a name in the catalog.
    guessed: bool,
    /// Names of what it was taken out of: keys of JSON, attributes of composite types. In order, each once.
    keys: Vec<String>,
}

/// More names tell no more.
const MOST_KEYS: usize = 16;

impl Origin {
    /// Nothing of the database: constants, parameters, the clock.
    pub(crate) fn constant() -> Self {
        Self::default()
    }

    /// A value that the statement brings along.
    pub(crate) fn literal() -> Self {
        Self { constants: true, guessed: true, ..Self::default() }
    }

    /// A value that whoever asks may know without asking.
    pub(crate) fn guess() -> Self {
        Self { guessed: true, ..Self::default() }
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

    /// Whether it is exactly what stands in columns, and in no column whose values everybody knows.
    pub(crate) fn is_plain_copy(&self) -> bool {
        self.is_copy() && !self.guessed
    }

    /// Whether it may be a column's value as well as one that whoever asks knows: that two of them are equal tells.
    pub(crate) fn mixes(&self) -> bool {
        !self.sources.is_empty() && (self.guessed || self.unknown)
    }

    /// Keys of JSON that it was taken out of.
    #[must_use]
    pub fn keys(&self) -> &[String] {
        &self.keys
    }

    pub(crate) fn keyed(mut self, key: &str) -> Self {
        if let Err(at) = self.keys.binary_search_by(|known| known.as_str().cmp(key))
            && self.keys.len() < MOST_KEYS
        {
            self.keys.insert(at, key.to_owned());
        }
        self
    }

    /// What is computed from it in that way.
    pub(crate) fn by(mut self, form: Derivation) -> Self {
        for (_, how) in &mut self.sources {
            *how = how.then(form);
        }
        self
    }

    pub(crate) fn derived(self) -> Self {
        self.by(Derivation::Derived)
    }

    pub(crate) fn shown(self) -> Self {
        self.by(Derivation::Shown)
    }

    /// Whether something is so, of whatever it was asked.
    pub(crate) fn tested(mut self) -> Self {
        for (_, how) in &mut self.sources {
            *how = Derivation::Measured;
        }
        self
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.unknown |= other.unknown;
        self.counts |= other.counts;
        self.constants |= other.constants;
        self.guessed |= other.guessed;
        for key in &other.keys {
            if let Err(at) = self.keys.binary_search(key)
                && self.keys.len() < MOST_KEYS
            {
                self.keys.insert(at, key.clone());
            }
        }
        for (column, how) in &other.sources {
            match self.sources.binary_search_by_key(column, |(known, _)| *known) {
                Ok(at) => {
                    let known = &mut self.sources[at].1;
                    *known = known.or(*how);
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

impl Derivation {
    /// The value is one or the other.
    fn or(self, other: Self) -> Self {
        match (self, other) {
            // Neither a copy any more, nor only a measure of it.
            (Self::Copy, Self::Measured) | (Self::Measured, Self::Copy) => Self::Shown,
            _ => self.max(other),
        }
    }

    /// What is computed in the way of `form` from what derives so.
    fn then(self, form: Self) -> Self {
        match (self, form) {
            (Self::Derived, _) | (_, Self::Derived) | (Self::Glued, Self::Figured) => Self::Derived,
            (_, Self::Measured) | (Self::Measured, _) => Self::Measured,
            (Self::Figured, Self::Glued) => Self::Figured,
            _ => self.max(form),
        }
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
    fn ways_to_compute_are_joined_and_follow_each_other() {
        use Derivation::{Copy, Derived, Figured, Glued, Measured, Shown};
        let all = [Copy, Measured, Shown, Figured, Glued, Derived];
        for one in all {
            assert_eq!((one.or(one), one.then(Copy), one.then(Derived)), (one, one, Derived));
            for other in all {
                assert_eq!(one.or(other), other.or(one));
                for third in all {
                    assert_eq!(one.or(other).or(third), one.or(other.or(third)));
                }
            }
        }
        assert_eq!(Copy.or(Measured), Shown);
        assert_eq!([Shown.then(Glued), Glued.then(Shown), Figured.then(Shown)], [Glued, Glued, Figured]);
        assert_eq!([Glued.then(Figured), Derived.then(Measured), Shown.then(Measured)], [Derived, Derived, Measured]);
    }

    #[test]
    fn a_count_is_plain_until_something_joins_it() {
        assert!(Origin::count().and(&Origin::constant()).is_plain_count());
        assert!(!Origin::count().and(&Origin::unprovable()).is_plain_count());
        assert!(!Origin::count().and(&Origin::copy_of(ColumnId { table: 0, column: 0 })).is_plain_count());
        assert!(Origin::constant().is_constant() && !Origin::count().is_constant());
    }
}
