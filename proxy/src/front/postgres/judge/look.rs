//! In which light the detectors look at a column, and what is too well disguised to be looked at.
//!
//! A column without a label is searched for identifiers, and what its name says helps to find them. A column that is computed
//! is looked at under the names of those that it derives from. What is computed in a way that leaves the value readable to
//! whoever asked and to no detector is not shown: see [`disguises`].

use blackbar_detectors::fields::{column, hint};
use blackbar_detectors::kinds;
use blackbar_engine::{Kind, Meaning};
use blackbar_sql::{ColumnUse, Derivation, FunctionClass, Origin, StatementFacts, StatementKind, TableUse};
use blackbar_wire::pg::value::{Base, Shape, Types as _};

use super::super::catalog::Snapshot;
use super::reading::is_catalog_only;

/// In which light a column is looked at.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Look {
    /// What the columns and keys are called that its values come from.
    pub(crate) names: Vec<String>,
    /// What the attributes are called of the composite values that its values are made of, where they are no such value.
    pub(crate) within: Vec<String>,
    /// Its values are not just those of columns.
    pub(crate) computed: bool,
    pub(crate) nature: Nature,
}

/// Where the values of a column come from, at the outermost.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Nature {
    /// From rows, or nobody knows.
    #[default]
    Rows,
    /// From the statement and from the clock: no row plays a part.
    Own,
    /// From the server's own catalog.
    Catalog,
    /// It is a plan.
    Plan,
}

impl Look {
    pub(super) fn of(origin: &Origin, facts: &StatementFacts, snapshot: &Snapshot) -> Self {
        if facts.explain_executes.is_some() {
            return Self { nature: Nature::Plan, ..Self::default() };
        }
        if origin.is_unprovable() {
            let (names, within) = (names(origin, facts), within(origin, facts, snapshot));
            return Self { names, within, computed: true, nature: Nature::Rows };
        }
        if origin.is_constant() {
            let nature = match (computes_only(facts), is_catalog_only(facts) && !facts.tables.is_empty()) {
                (_, true) => Nature::Catalog,
                (true, _) => Nature::Own,
                _ => Nature::Rows,
            };
            return Self { computed: true, nature, ..Self::default() };
        }
        let of_server = |table: &TableUse| table.system && !table.reveals;
        let tables = origin.sources().iter().map(|(id, _)| facts.column(*id).map(|(table, _)| table));
        if tables.into_iter().all(|table| table.is_some_and(of_server)) {
            return Self { computed: true, nature: Nature::Catalog, ..Self::default() };
        }
        let computed = origin.sources().iter().any(|(_, how)| *how != Derivation::Copy);
        let (names, within) = (names(origin, facts), within(origin, facts, snapshot));
        Self { names, within, computed, nature: Nature::Rows }
    }

    /// Of columns that are not known one by one.
    pub(super) fn of_rest(facts: &StatementFacts) -> Self {
        let shows = facts.kinds == [StatementKind::Session].into() && facts.settings.is_empty();
        let of_server = facts.tables.iter().all(|table| table.system && !table.reveals);
        let nature = if shows || !facts.tables.is_empty() && of_server && is_catalog_only(facts) {
            Nature::Catalog
        } else {
            Nature::Rows
        };
        Self { nature, computed: true, ..Self::default() }
    }

    /// Of a column that may be either.
    pub(super) fn and(mut self, other: Self) -> Self {
        for (own, others) in [(&mut self.names, other.names), (&mut self.within, other.within)] {
            for name in others {
                if !own.contains(&name) {
                    own.push(name);
                }
            }
        }
        self.computed |= other.computed;
        if self.nature != other.nature {
            self.nature = Nature::Rows;
        }
        self
    }

    /// Whether values of this type tell of nobody: numbers of the catalog's, and the time that it is.
    pub(super) fn tells_nothing(&self, shape: &Shape) -> bool {
        let Shape::Base(base) = shape else { return false };
        match self.nature {
            Nature::Own => matches!(
                base,
                Base::Date
                    | Base::Time
                    | Base::TimeTz
                    | Base::Timestamp
                    | Base::TimestampTz
                    | Base::Interval
                    | Base::Bool
            ),
            Nature::Catalog => {
                let texts = matches!(
                    base,
                    Base::Text | Base::Varchar | Base::Bpchar | Base::Name | Base::Json | Base::Jsonb | Base::Xml
                );
                !texts && *base != Base::Bytea
            }
            Nature::Rows | Nature::Plan => false,
        }
    }
}

/// Whether no function of the statement's remembers what others have put there.
fn computes_only(facts: &StatementFacts) -> bool {
    let computes = |class| {
        matches!(
            class,
            FunctionClass::Harmless
                | FunctionClass::Count
                | FunctionClass::Aggregate
                | FunctionClass::Collects
                | FunctionClass::Stalls
        )
    };
    facts.opacity.is_none() && facts.functions.iter().all(|function| computes(function.class))
}

/// Names that say something, the columns' before those of keys.
fn names(origin: &Origin, facts: &StatementFacts) -> Vec<String> {
    let columns = origin.sources().iter().filter_map(|(id, how)| {
        let (table, column) = facts.column(*id)?;
        let said = *how != Derivation::Measured && !table.system && column.name != "*";
        said.then_some(&column.name)
    });
    let all: Vec<&String> = columns.chain(origin.keys()).collect();
    that_say_something(&all)
}

/// Names of attributes that say something, of the composite values that are no longer such; but for what was taken out by name.
fn within(origin: &Origin, facts: &StatementFacts, snapshot: &Snapshot) -> Vec<String> {
    let mut all: Vec<&String> = Vec::new();
    for (id, how) in origin.sources() {
        let Some((table, column)) = facts.column(*id).filter(|_| *how != Derivation::Measured) else { continue };
        let known = table.schema.as_deref().and_then(|schema| snapshot.table_named(schema, &table.name));
        let mut open: Vec<u32> = match known {
            Some(known) if column.name == "*" => known.columns.iter().map(|column| column.type_oid).collect(),
            Some(known) => known.column_named(&column.name).map(|column| column.type_oid).into_iter().collect(),
            None => Vec::new(),
        };
        for _ in 0..MOST_NESTED {
            let attributes: Vec<&(String, u32)> = open.iter().flat_map(|oid| attributes_of(*oid, snapshot)).collect();
            let taken: Vec<&(String, u32)> =
                attributes.iter().copied().filter(|(name, _)| origin.keys().contains(name)).collect();
            let left = if taken.is_empty() { attributes } else { taken };
            all.extend(left.iter().map(|(name, _)| name));
            open = left.iter().map(|(_, oid)| *oid).collect();
        }
    }
    that_say_something(&all)
}

/// The attributes of a type that is composite, or made of such.
fn attributes_of(oid: u32, snapshot: &Snapshot) -> &[(String, u32)] {
    let mut oid = oid;
    for _ in 0..MOST_NESTED {
        match snapshot.shape(oid) {
            Shape::Domain(of) | Shape::Array(of) => oid = of,
            _ => break,
        }
    }
    snapshot.attributes(oid)
}

fn that_say_something(all: &[&String]) -> Vec<String> {
    let mut known: Vec<Meaning> = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for name in all {
        let meaning = column::of(name.as_bytes());
        // One that says what it is not counts only where there is no other.
        let says = meaning.kind.is_some() || all.len() == 1;
        if says && !known.contains(&meaning) && names.len() < MOST_NAMES {
            known.push(meaning);
            names.push((*name).clone());
        }
    }
    names
}

/// What values of a type can hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stuff {
    /// One of a few.
    Few,
    Number,
    /// A moment or a day.
    Day,
    Text,
    Unknown,
}

/// Whether values that derive in that way from a column without a label may be there to be read, and not to be recognised.
pub(super) fn disguises(how: Derivation, table: &TableUse, column: &ColumnUse, snapshot: &Snapshot) -> bool {
    if table.system {
        return false;
    }
    let meaning = column::of(column.name.as_bytes());
    let tells = meaning.kind.is_some() && meaning.confidence >= SURE;
    let code = meaning.kind.is_none() && meaning.hints & (hint::CODE | hint::QUANTITY) != 0;
    let stuff = stuff_of(table, column, snapshot);
    match how {
        // They can be recognised as what they are.
        Derivation::Copy | Derivation::Shown | Derivation::Measured => false,
        Derivation::Figured => match stuff {
            Stuff::Few => false,
            Stuff::Number | Stuff::Unknown => tells && !may_be_figured(meaning.kind),
            Stuff::Day | Stuff::Text => true,
        },
        Derivation::Glued => tells && stuff != Stuff::Few,
        Derivation::Derived => !code && stuff != Stuff::Few,
    }
}

/// Ages and years may be added up and divided: what comes out is looked at as one.
fn may_be_figured(kind: Option<Kind>) -> bool {
    kind == Some(kinds::AGE) || kind == Some(kinds::DATE)
}

fn stuff_of(table: &TableUse, column: &ColumnUse, snapshot: &Snapshot) -> Stuff {
    let known = table.schema.as_deref().and_then(|schema| snapshot.table_named(schema, &table.name));
    let Some(column) = known.and_then(|table| table.column_named(&column.name)) else { return Stuff::Unknown };
    let mut oid = column.type_oid;
    for _ in 0..MOST_NESTED {
        match snapshot.shape(oid) {
            Shape::Domain(of) => oid = of,
            Shape::Enum | Shape::Base(Base::Bool) => return Stuff::Few,
            Shape::Base(
                Base::Int2
                | Base::Int4
                | Base::Int8
                | Base::Float4
                | Base::Float8
                | Base::Numeric
                | Base::Money
                | Base::Interval
                | Base::Time
                | Base::TimeTz,
            ) => return Stuff::Number,
            Shape::Base(Base::Date | Base::Timestamp | Base::TimestampTz) => return Stuff::Day,
            _ => return Stuff::Text,
        }
    }
    Stuff::Text
}

/// The confidence from which on a name leaves no doubt.
const SURE: u8 = 70;
/// So many different meanings are looked for in one column.
const MOST_NAMES: usize = 12;
const MOST_NESTED: usize = 8;
