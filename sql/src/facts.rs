//! What is known of a statement, and what is known not to be known.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use crate::functions::FunctionClass;
use crate::kind::StatementKind;
use crate::origin::{ColumnId, Origin};
use crate::settings::SettingClass;

/// What one statement touches. A plain value: keep it in an `Arc` and judge each execution with its bound values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StatementFacts {
    /// Where it stands in the text, in bytes.
    pub span: Range<usize>,
    /// All that it does. Every one has to be allowed.
    pub kinds: BTreeSet<StatementKind>,
    /// Why it is opaque; `None` when it is not.
    pub opacity: Option<Opacity>,
    /// What it reads and writes, the tables beneath views among it.
    pub tables: Vec<TableUse>,
    /// Whether `tables` is all of it. It is not where functions of unknown effect run, nor for most of DDL.
    pub tables_complete: bool,
    /// The columns of its answer, in order.
    pub outputs: Vec<OutputColumn>,
    /// Whether `outputs` has one entry for each column of the answer. Where not, every column has an unknown origin.
    pub outputs_complete: bool,
    /// Whether the outermost query, update or deletion has a `WHERE`.
    pub has_where: bool,
    /// Whether that `WHERE` holds back nothing, as far as its form shows.
    pub where_tautology: bool,
    /// The outermost `LIMIT`.
    pub limit: Option<Limit>,
    /// Whether the answer is one row of aggregates, none of which carries the rows on (as `array_agg` does).
    pub aggregates_only: bool,
    /// Whether it reads rows without bound; [`StatementFacts::rows_unbounded`] asks with the bound values.
    pub rows: Rows,
    /// Whether an update or a deletion in it has no `WHERE` that holds back something.
    pub writes_unfiltered: bool,
    /// Whether rows are locked (`FOR UPDATE` and the like).
    pub locks_rows: bool,
    /// The functions it calls.
    pub functions: Vec<FunctionUse>,
    /// Columns that are asked for by value.
    pub probes: Vec<Probe>,
    /// Columns that are given a constant or a parameter as it is.
    pub assignments: Vec<Probe>,
    /// The settings it changes.
    pub settings: Vec<SettingChange>,
    /// The cursor it is about.
    pub cursor: Option<CursorUse>,
    /// The SQL-level prepared statement it is about.
    pub prepared: Option<PreparedUse>,
    /// How it copies.
    pub copy: Option<CopyUse>,
    /// For `EXPLAIN`: whether it executes what it explains.
    pub explain_executes: Option<bool>,
    /// Relations it makes: schema, name, and whether temporary.
    pub creates: Vec<(Option<String>, String, bool)>,
    /// The parameter with the highest number; 0 for none.
    pub parameters: u32,
}

/// Why nothing more is known.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Opacity {
    /// PostgreSQL's parser does not accept the text.
    Unparsed,
    /// Longer, deeper or wider than is looked at.
    TooBig,
    /// It runs text that is made at run time: `DO`, `EXECUTE`, a function that takes SQL.
    Dynamic,
    /// It reaches for files, programs or other servers, or stirs the server itself.
    Outside,
    /// A kind of node that nobody has judged.
    Unjudged,
    /// The session reads backslashes in plain strings as escapes, and the text has one.
    Escapes,
}

/// A table and what is done with it.
#[derive(Clone, Debug, PartialEq)]
pub struct TableUse {
    /// Its schema; `None` when no schema of the path has it.
    pub schema: Option<String>,
    /// Its name.
    pub name: String,
    /// Its OID, when the catalog knows it.
    pub oid: Option<u32>,
    /// Whether it is one of the server's own.
    pub system: bool,
    /// Whether it is a relation of the server's that shows what others store, ask for or may do (`pg_stats`).
    pub reveals: bool,
    /// Whether it is reached through a view only.
    pub through_view: bool,
    /// The kinds that it is used by.
    pub kinds: BTreeSet<StatementKind>,
    /// Its columns that play a part.
    pub columns: Vec<ColumnUse>,
}

/// A column and where it is used.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnUse {
    /// Its name; `*` stands for all columns of a table that the catalog does not know.
    pub name: String,
    /// All its uses.
    pub uses: Uses,
}

/// A set of [`Use`]s.
#[derive(Clone, Copy, Default, Eq, PartialEq)]
pub struct Uses(u16);

/// Where a column is used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u16)]
pub enum Use {
    /// An output column derives from it.
    Output = 1,
    /// Compared for equality with a constant or a parameter.
    Equality = 2,
    /// Compared for equality with another column.
    Join = 4,
    /// Compared by order or inequality.
    Range = 8,
    /// Matched against a pattern.
    Pattern = 16,
    /// Anything else in a condition.
    Computed = 32,
    /// Rows are ordered by it.
    Order = 64,
    /// Rows are grouped by it, or made distinct.
    Group = 128,
    /// Asked whether it is null.
    NullTest = 256,
    /// Assigned.
    Assigned = 512,
    /// Counted.
    Counted = 1024,
    /// Computed with, where the result may not be used: an error may still tell.
    Inner = 2048,
}

/// One column of the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputColumn {
    /// Its name, where the text gives one.
    pub name: Option<String>,
    /// Where its values come from.
    pub origin: Origin,
}

/// A bound on the number of rows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Limit {
    /// So many.
    Rows(i64),
    /// As many as the parameter of this number says.
    Parameter(u32),
    /// Something computed, or with ties: no bound that could be relied on.
    Unclear,
}

/// Whether rows are read without bound.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Rows {
    /// They are not.
    #[default]
    Bounded,
    /// They are when one of these parameters is null, which as a limit means none.
    UnlessParameters(BTreeSet<u32>),
    /// They are.
    Unbounded,
}

/// A call of a function.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionUse {
    /// Its schema, if the text names one.
    pub schema: Option<String>,
    /// Its name.
    pub name: String,
    /// What it may do.
    pub class: FunctionClass,
}

/// A column that is compared for equality, or assigned.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Probe {
    /// The column.
    pub column: ColumnId,
    /// What it is compared with, or given.
    pub against: Against,
}

/// The other side of a comparison.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Against {
    /// A constant that starts at this byte of the text.
    Literal(usize),
    /// A parameter.
    Parameter(u32),
    /// Another column.
    Column(ColumnId),
    /// Rows of a subquery.
    Query,
}

/// A change of a setting.
#[derive(Clone, Debug, PartialEq)]
pub struct SettingChange {
    /// Which one, in lower case; empty for all at once, and, with values, for one whose name or value is computed.
    pub name: String,
    /// Its new values, none where they are computed; `None` for a reset.
    pub values: Option<Vec<Hidden>>,
    /// What it may change.
    pub class: SettingClass,
    /// Whether for the transaction only.
    pub local: bool,
}

/// Text of the statement, which no log may show.
#[derive(Clone, Eq, PartialEq)]
pub struct Hidden(pub String);

/// What is done with a cursor.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CursorUse {
    /// Its name; `None` for all of them.
    pub name: Option<String>,
    /// What is done.
    pub act: CursorAct,
    /// Declared to live on behind the transaction (`WITH HOLD`).
    pub hold: bool,
}

/// What is done with a cursor.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CursorAct {
    /// Declared: the facts are those of its query.
    Declare,
    /// Fetched from: so many rows at the most, `None` for all. The answer is that of the query it was declared with.
    Fetch(Option<u64>),
    /// Moved.
    Move,
    /// Closed.
    Close,
}

/// What is done with a prepared statement of SQL's own.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PreparedUse {
    /// Prepared: the facts are those of the statement inside, and it does not run yet.
    Prepare(String),
    /// Run: what that does is known to whoever kept the facts of its preparation.
    Execute(String),
    /// Forgotten; `None` for all of them, as by `DISCARD ALL`.
    Deallocate(Option<String>),
}

/// How it copies.
#[derive(Clone, Debug, PartialEq)]
pub struct CopyUse {
    /// Whether out of the database.
    pub out: bool,
    /// Between what.
    pub end: CopyEnd,
    /// The options as written: name in lower case, value.
    pub options: Vec<(String, Hidden)>,
    /// The columns that are named.
    pub columns: Vec<String>,
}

/// Where a copy goes to or comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CopyEnd {
    /// The client.
    Client,
    /// A file of the server's.
    File,
    /// A program on the server.
    Program,
}

impl StatementFacts {
    /// Whether rows are read without bound, given the bound values of its limits. A limit that is null is none.
    pub fn rows_unbounded(&self, mut is_null: impl FnMut(u32) -> bool) -> bool {
        match &self.rows {
            Rows::Bounded => false,
            Rows::Unbounded => true,
            Rows::UnlessParameters(parameters) => parameters.iter().any(|number| is_null(*number)),
        }
    }

    /// The outermost limit in rows, given the bound values; `None` when there is none to rely on.
    pub fn limit_in_rows(&self, mut value: impl FnMut(u32) -> Option<i64>) -> Option<i64> {
        match self.limit? {
            Limit::Rows(rows) => Some(rows),
            Limit::Parameter(number) => value(number),
            Limit::Unclear => None,
        }
    }

    /// Whether it changes nothing: no more than reading and what comes with a connection.
    #[must_use]
    pub fn only_reads(&self) -> bool {
        let reads = |kind: &StatementKind| {
            *kind == StatementKind::Session || kind.group() == Some(crate::kind::ActionGroup::Read)
        };
        self.kinds.iter().all(reads)
    }

    /// The table and the column that an identifier stands for.
    #[must_use]
    pub fn column(&self, id: ColumnId) -> Option<(&TableUse, &ColumnUse)> {
        let table = self.tables.get(id.table)?;
        Some((table, table.columns.get(id.column)?))
    }
}

impl Uses {
    /// Whether this use is among them.
    #[must_use]
    pub fn contains(self, one: Use) -> bool {
        self.0 & one as u16 != 0
    }

    /// Whether there is none: the column is within reach, and nothing depends on it.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn add(&mut self, one: Use) {
        self.0 |= one as u16;
    }
}

impl Use {
    /// All uses.
    pub const ALL: [Self; 12] = [
        Self::Output,
        Self::Equality,
        Self::Join,
        Self::Range,
        Self::Pattern,
        Self::Computed,
        Self::Order,
        Self::Group,
        Self::NullTest,
        Self::Assigned,
        Self::Counted,
        Self::Inner,
    ];
}

impl Rows {
    pub(crate) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unbounded, _) | (_, Self::Unbounded) => Self::Unbounded,
            (Self::Bounded, rows) | (rows, Self::Bounded) => rows,
            (Self::UnlessParameters(mut one), Self::UnlessParameters(other)) => {
                one.extend(other);
                Self::UnlessParameters(one)
            }
        }
    }
}

impl fmt::Debug for Uses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(Use::ALL.into_iter().filter(|one| self.contains(*one))).finish()
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_null_limit_is_no_limit() {
        let facts = StatementFacts {
            rows: Rows::UnlessParameters(BTreeSet::from([2])),
            limit: Some(Limit::Parameter(2)),
            ..StatementFacts::default()
        };
        assert!(facts.rows_unbounded(|number| number == 2));
        assert!(!facts.rows_unbounded(|_| false));
        assert_eq!(facts.limit_in_rows(|number| Some(i64::from(number))), Some(2));
        assert_eq!(facts.limit_in_rows(|_| None), None);
    }

    #[test]
    fn uses_are_a_set_and_text_stays_hidden() {
        let mut uses = Uses::default();
        assert!(uses.is_empty());
        uses.add(Use::Pattern);
        assert!(uses.contains(Use::Pattern) && !uses.contains(Use::Range));
        assert_eq!(format!("{uses:?} {:?}", Hidden("Ann".to_owned())), "{Pattern} 3 bytes");
    }
}
