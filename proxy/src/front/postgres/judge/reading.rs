//! One way in which a statement may be read, and what it touches when it is read like that.

use std::collections::BTreeSet;
use std::sync::Arc;

use blackbar_engine::operator::Operator;
use blackbar_policy::is_harmless_catalog;
use blackbar_sql::{ColumnUse, FunctionClass, FunctionUse, StatementFacts, StatementKind, TableUse, Use};

use super::super::catalog::Snapshot;
use super::facts::Analysed;
use super::state::State;
use crate::gate::{Label, Labels};

/// A statement under one reading of its names.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub(super) analysed: Arc<Analysed>,
    /// Which statement of the text.
    pub(super) at: usize,
    /// What it does. That of a `FETCH` differs from that of the query which it fetches from.
    pub(super) kinds: BTreeSet<StatementKind>,
    /// Rows that a `FETCH` asks for.
    pub(super) fetches: Option<u64>,
    /// Its values are in a text and not known: those of `EXECUTE`.
    pub(super) unknown_values: bool,
}

/// What a column of the catalog is to labels.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Seen {
    /// It is labelled, and not to be seen as it is.
    Hidden(Label),
    /// A profile says that it is kept.
    Kept,
    /// Nobody named it.
    Unlabelled,
    /// Nobody knows what it is.
    Unknown,
}

/// What is within a statement's reach.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reach {
    /// The strongest label among the columns of its tables.
    pub(super) hidden: Option<Label>,
    /// It may reach further than is known.
    pub(super) unknown: bool,
}

/// Labels with what is needed to apply them.
#[derive(Clone, Copy)]
pub(super) struct Eyes<'e> {
    pub(super) labels: &'e Labels,
    pub(super) snapshot: &'e Snapshot,
    /// See [`State::tainted`].
    pub(super) tainted: &'e BTreeSet<String>,
}

impl Reading {
    /// The statement as it stands.
    pub(super) fn plain(analysed: &Arc<Analysed>, at: usize) -> Self {
        let kinds = analysed.statements.get(at).map(|facts| facts.kinds.clone());
        Self {
            analysed: Arc::clone(analysed),
            at,
            kinds: kinds.unwrap_or_else(|| [StatementKind::Opaque].into()),
            fetches: None,
            unknown_values: false,
        }
    }

    /// Its facts. `None` only for a place that the text does not have.
    pub(super) fn facts(&self) -> Option<&StatementFacts> {
        self.analysed.statements.get(self.at)
    }
}

impl<'e> Eyes<'e> {
    pub(super) fn new(labels: &'e Labels, snapshot: &'e Snapshot, state: &'e State) -> Self {
        Self { labels, snapshot, tainted: &state.tainted }
    }

    /// A column by the names of the catalog: its own label, and those of what its table inherits from or hands down to.
    pub(super) fn named(&self, schema: &str, table: &str, column: &str) -> Seen {
        let known = self.snapshot.table_named(schema, table);
        let family = known.into_iter().flat_map(|table| self.snapshot.family(table));
        let mut strongest = self.labels.of(schema, table, column);
        for relative in family {
            let inherited = self.labels.of(&relative.schema, &relative.name, column);
            if relative.column_named(column).is_some() && inherited.is_some_and(|label| !label.keeps()) {
                strongest = stronger(strongest, inherited);
            }
        }
        match strongest {
            Some(label) if label.keeps() => Seen::Kept,
            Some(label) => Seen::Hidden(label),
            None if known.is_none() => Seen::Unknown,
            None => Seen::Unlabelled,
        }
    }

    /// Whether it is a query by name.
    pub(super) fn is_view(&self, table: &TableUse) -> bool {
        let known = table.schema.as_deref().and_then(|schema| self.snapshot.table_named(schema, &table.name));
        known.is_some_and(|table| table.is_view)
    }

    /// A column of a statement's table.
    pub(super) fn column(&self, table: &TableUse, column: &ColumnUse) -> Seen {
        if self.tainted.contains(&table.name) && !table.system {
            return Seen::Unknown;
        }
        let Some(schema) = table.schema.as_deref() else { return Seen::Unknown };
        if table.system {
            return if table.reveals { Seen::Unknown } else { Seen::Unlabelled };
        }
        if table.oid.is_none() {
            // A label may well name what the snapshot does not have yet; but it may be something else by now.
            return match self.labels.of(schema, &table.name, &column.name) {
                Some(label) if !label.keeps() => Seen::Hidden(label),
                _ => Seen::Unknown,
            };
        }
        match self.named(schema, &table.name, &column.name) {
            Seen::Unknown if column.name == "*" => Seen::Unknown,
            seen => seen,
        }
    }

    /// What a statement can get at.
    pub(super) fn reach(&self, facts: &StatementFacts) -> Reach {
        let mut reach = Reach { hidden: None, unknown: !facts.tables_complete || facts.opacity.is_some() };
        for table in &facts.tables {
            let unknown_relation = !table.system && table.oid.is_none();
            reach.unknown |= unknown_relation || table.reveals || self.tainted.contains(&table.name) && !table.system;
            for column in &table.columns {
                if let Seen::Hidden(label) = self.column(table, column) {
                    reach.hidden = stronger(reach.hidden, Some(label));
                }
            }
        }
        reach
    }

    /// Whether values that are to be hidden are written to columns that are not: the tables that they go to.
    pub(super) fn stores(&self, facts: &StatementFacts) -> BTreeSet<String> {
        let hides = |table: &TableUse, column: &ColumnUse| match self.column(table, column) {
            Seen::Hidden(_) => true,
            Seen::Unknown => self.labels.hide_anything(),
            Seen::Kept | Seen::Unlabelled => false,
        };
        let written = |table: &TableUse, column: &ColumnUse| column.uses.contains(Use::Inner) && hides(table, column);
        let mut to: BTreeSet<String> = BTreeSet::new();
        if facts.tables.iter().any(|table| table.columns.iter().any(|column| written(table, column))) {
            for table in &facts.tables {
                let open = |column: &&ColumnUse| {
                    column.uses.contains(Use::Assigned) && !matches!(self.column(table, column), Seen::Hidden(_))
                };
                if table.columns.iter().any(|column| open(&column)) {
                    to.insert(table.name.clone());
                }
            }
        }
        if self.reach(facts).may_hide(self.labels) {
            to.extend(facts.creates.iter().map(|(_, name, _)| name.clone()));
        }
        to
    }

    /// The columns of a table that are used so, and are hidden, or may be.
    pub(super) fn hidden_columns(
        &self,
        table: &TableUse,
        mut used: impl FnMut(usize, &ColumnUse) -> bool,
    ) -> BTreeSet<String> {
        let may_hide = |column: &ColumnUse| match self.column(table, column) {
            Seen::Hidden(_) => true,
            Seen::Unknown => self.labels.hide_anything(),
            Seen::Kept | Seen::Unlabelled => false,
        };
        let hidden = table.columns.iter().enumerate().filter(|(at, column)| used(*at, column) && may_hide(column));
        hidden.map(|(_, column)| column.name.clone()).collect()
    }
}

impl Reach {
    /// Whether a value of which nothing is known may be one that is to be hidden.
    pub(super) fn may_hide(self, labels: &Labels) -> bool {
        self.hidden.is_some() || self.unknown && labels.hide_anything()
    }

    /// What hides it then: never less than a tag, which does not depend on the value.
    pub(super) fn operator(self) -> Operator {
        self.hidden.map_or(Operator::Tag, |label| label.operator.max(Operator::Tag))
    }
}

/// Whether a use asks more of a column than whether it is equal to something.
pub(super) fn asks_more(column: &ColumnUse) -> bool {
    [Use::Range, Use::Pattern, Use::Computed, Use::Order].into_iter().any(|one| column.uses.contains(one))
}

/// Whether a statement looks at definitions only: nothing but harmless catalogs and the server's own harmless functions.
pub(super) fn is_catalog_only(facts: &StatementFacts) -> bool {
    let harmless = |table: &TableUse| {
        table.schema.as_deref().is_some_and(|schema| is_harmless_catalog(schema, &table.name)) && table.system
    };
    let computes = |function: &FunctionUse| {
        matches!(
            function.class,
            FunctionClass::Harmless | FunctionClass::Count | FunctionClass::Aggregate | FunctionClass::Collects
        )
    };
    facts.opacity.is_none() && facts.tables.iter().all(harmless) && facts.functions.iter().all(computes)
}

pub(super) fn stronger(one: Option<Label>, other: Option<Label>) -> Option<Label> {
    match (one, other) {
        (Some(one), Some(other)) => Some(if other.operator > one.operator { other } else { one }),
        (one, other) => one.or(other),
    }
}
