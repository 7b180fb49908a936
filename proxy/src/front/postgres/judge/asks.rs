//! What policy is asked about a statement: each action on each table, with what is known.

use std::collections::BTreeSet;

use blackbar_policy::{Action, Facts, Resource, SqlFacts};
use blackbar_sql::{Derivation, FunctionClass, FunctionUse, StatementFacts, StatementKind, TableUse, Use};

use super::reading::{Eyes, Reading, asks_more, is_catalog_only};
use super::values::Values;
use crate::gate::Part;

/// Gathers what policy is asked, each question once.
#[derive(Debug)]
pub(super) struct Asks<'a> {
    target: &'a str,
    parts: Vec<Part>,
}

impl<'a> Asks<'a> {
    pub(super) fn new(target: &'a str) -> Self {
        Self { target, parts: Vec::new() }
    }

    /// All of it. A text without a statement asks for no more than to be connected.
    pub(super) fn parts(mut self) -> Vec<Part> {
        if self.parts.is_empty() {
            self.connect();
        }
        self.parts
    }

    /// With others, which hold for other values too.
    pub(super) fn and(mut self, parts: Vec<Part>) -> Self {
        for part in parts {
            if !self.parts.contains(&part) {
                self.parts.push(part);
            }
        }
        self
    }

    pub(super) fn connect(&mut self) {
        self.add(Action::Connect, Resource::target(self.target), Facts::None);
    }

    /// To have replacements resolved.
    pub(super) fn resolve(&mut self) {
        self.add(Action::Resolve, Resource::target(self.target), Facts::None);
    }

    /// A function that is called past the parser; `None` for one that nobody knows.
    pub(super) fn function_call(&mut self, function: Option<(&str, &str)>) {
        let name = function.map(|(schema, name)| SqlFacts::relation(schema, name));
        let facts = SqlFacts {
            kinds: [Action::FunctionCall.name().to_owned()].into(),
            functions: name.into_iter().collect(),
            rows_unbounded: true,
            ..SqlFacts::default()
        };
        self.add(Action::FunctionCall, Resource::target(self.target), Facts::Sql(facts));
    }

    /// A statement of which nothing is known.
    pub(super) fn opaque(&mut self) {
        let facts =
            SqlFacts { kinds: [Action::Opaque.name().to_owned()].into(), rows_unbounded: true, ..SqlFacts::default() };
        self.add(Action::Opaque, Resource::target(self.target), Facts::Sql(facts));
    }

    /// A cursor of which nothing is known.
    pub(super) fn unknown_cursor(&mut self) {
        let facts =
            SqlFacts { kinds: [Action::Cursor.name().to_owned()].into(), rows_unbounded: true, ..SqlFacts::default() };
        self.add(Action::Cursor, Resource::target(self.target), Facts::Sql(facts));
    }

    /// A statement in one reading.
    pub(super) fn statement(&mut self, reading: &Reading, eyes: &Eyes<'_>, values: &dyn Values) {
        let Some(facts) = reading.facts() else {
            self.opaque();
            return;
        };
        let common = common(reading, facts, values);
        for kind in &reading.kinds {
            let Some(action) = Action::from_name(kind.action()) else {
                self.opaque();
                continue;
            };
            if *kind == StatementKind::Session {
                self.connect();
                continue;
            }
            // What is done with the query as a whole is done with all that it reads.
            let whole = matches!(kind, StatementKind::Cursor | StatementKind::Explain);
            let tables: Vec<usize> =
                (0..facts.tables.len()).filter(|at| whole || facts.tables[*at].kinds.contains(kind)).collect();
            if tables.is_empty() {
                self.add(action, Resource::target(self.target), Facts::Sql(common.clone()));
            }
            for at in tables {
                let of_table = about(&common, facts, at, eyes);
                for resource in self.resources(&facts.tables[at], reading) {
                    self.add(action, resource, Facts::Sql(of_table.clone()));
                }
            }
        }
    }

    /// The table as policies name it. A name that no schema of the path is known to have may be in any of them by now.
    fn resources(&self, table: &TableUse, reading: &Reading) -> Vec<Resource> {
        if let Some(schema) = &table.schema {
            return vec![Resource::table(self.target, schema, &table.name)];
        }
        let schemas = reading.analysed.path.iter().filter(|schema| *schema != "pg_catalog");
        let mut all: Vec<Resource> = schemas.map(|schema| Resource::table(self.target, schema, &table.name)).collect();
        if all.is_empty() {
            all.push(Resource::target(self.target));
        }
        all
    }

    fn add(&mut self, action: Action, resource: Resource, facts: Facts) {
        let part = Part { action, resource, facts };
        if !self.parts.contains(&part) {
            self.parts.push(part);
        }
    }
}

/// What is known of the statement as a whole.
fn common(reading: &Reading, facts: &StatementFacts, values: &dyn Values) -> SqlFacts {
    let unknown = reading.unknown_values;
    let limit = facts.limit_in_rows(|number| if unknown { None } else { values.integer(number) });
    // No rows are a limit too; a negative one is an error of the server's.
    let limit = limit.map(|rows| u64::try_from(rows).unwrap_or(0));
    let limit = match reading.fetches {
        Some(fetched) => Some(limit.map_or(fetched, |limit| limit.min(fetched))),
        None => limit,
    };
    SqlFacts {
        kinds: reading.kinds.iter().map(|kind| kind.action().to_owned()).collect(),
        tables: facts.tables.iter().flat_map(|table| names(table, reading)).collect(),
        functions: facts.functions.iter().flat_map(|function| functions(function, reading)).collect(),
        has_where: facts.has_where && !facts.where_tautology,
        limit,
        rows_unbounded: facts.rows_unbounded(|number| unknown || values.is_null(number)),
        catalog_only: is_catalog_only(facts),
        ..SqlFacts::default()
    }
}

/// With what is known of one of its tables.
fn about(common: &SqlFacts, facts: &StatementFacts, at: usize, eyes: &Eyes<'_>) -> SqlFacts {
    let table = &facts.tables[at];
    let derived: BTreeSet<usize> = facts
        .outputs
        .iter()
        .flat_map(|output| output.origin.sources())
        .filter(|(column, how)| column.table == at && *how != Derivation::Copy)
        .map(|(column, _)| column.column)
        .collect();
    let columns = table.columns.iter().filter(|column| !column.uses.is_empty());
    SqlFacts {
        columns: columns.map(|column| column.name.clone()).collect(),
        labelled: eyes.hidden_columns(table, |_, column| !column.uses.is_empty()),
        labelled_probed: eyes
            .hidden_columns(table, |_, column| column.uses.contains(Use::Equality) || column.uses.contains(Use::Join)),
        labelled_asked: eyes.hidden_columns(table, |_, column| asks_more(column)),
        labelled_computed: eyes
            .hidden_columns(table, |at, column| derived.contains(&at) || column.uses.contains(Use::Inner)),
        labelled_stored: if eyes.stores(facts).is_empty() {
            BTreeSet::new()
        } else {
            let creates = !facts.creates.is_empty();
            eyes.hidden_columns(table, |_, column| {
                column.uses.contains(Use::Inner) || creates && column.uses.contains(Use::Output)
            })
        },
        ..common.clone()
    }
}

fn names(table: &TableUse, reading: &Reading) -> Vec<String> {
    match &table.schema {
        Some(schema) => vec![SqlFacts::relation(schema, &table.name)],
        None => reading.analysed.path.iter().map(|schema| SqlFacts::relation(schema, &table.name)).collect(),
    }
}

/// A function as policies name it. One that is not surely the server's own may be in any schema of the path.
fn functions(function: &FunctionUse, reading: &Reading) -> Vec<String> {
    let own = matches!(function.class, FunctionClass::OwnReading | FunctionClass::Unknown);
    match &function.schema {
        Some(schema) => vec![SqlFacts::relation(schema, &function.name)],
        None if !own => vec![SqlFacts::relation("pg_catalog", &function.name)],
        None => reading.analysed.path.iter().map(|schema| SqlFacts::relation(schema, &function.name)).collect(),
    }
}
