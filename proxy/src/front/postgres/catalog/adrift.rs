//! Labels that fit no column any more: a typo, a column that was renamed, a schema that was dropped.
//!
//! Such a label hides nothing, and whoever wrote it believes that it does. What it may have meant is not shown until somebody
//! has put it right.

use std::collections::BTreeSet;

use blackbar_sql::TableUse;

use super::Snapshot;
use crate::gate::Labels;
use crate::notes;

/// What is not shown because of labels that fit nothing.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Adrift {
    /// Tables that a label means, without the column that it names: schema and name.
    tables: BTreeSet<(String, String)>,
    /// Schemas in which a label's table is not. One that has no label of its own may be that table by another name.
    schemas: BTreeSet<String>,
    /// Relations of those schemas that have labels, or are queries over others.
    known: BTreeSet<(String, String)>,
    /// How many labels fit nothing.
    count: usize,
}

impl Adrift {
    pub(super) fn of(labels: &Labels, snapshot: &Snapshot) -> Self {
        let columns = || {
            snapshot.tables.values().flat_map(|table| {
                table.columns.iter().map(|column| [table.schema.as_str(), table.name.as_str(), column.name.as_str()])
            })
        };
        let mut adrift = Self::default();
        for pattern in labels.fitting_nothing(columns) {
            adrift.count += 1;
            let mut tables = snapshot.tables.values().filter(|table| pattern.means_table(&table.schema, &table.name));
            let before = adrift.tables.len();
            // A pattern for columns of any table means none in particular.
            if pattern.names_table() {
                adrift.tables.extend(tables.by_ref().map(|table| (table.schema.clone(), table.name.clone())));
            }
            if adrift.tables.len() == before && pattern.names_table() && pattern.names_schema() {
                let schemas = snapshot.by_name.keys().filter(|schema| pattern.means_schema(schema));
                adrift.schemas.extend(schemas.cloned());
            }
            notes::note(format_args!("a label fits no column of the target's database: {}", pattern.text()));
        }
        for table in snapshot.tables.values().filter(|table| adrift.schemas.contains(&table.schema)) {
            let labelled = |column: &super::TableColumn| labels.of(&table.schema, &table.name, &column.name).is_some();
            if table.is_view || table.columns.iter().any(labelled) {
                adrift.known.insert((table.schema.clone(), table.name.clone()));
            }
        }
        adrift
    }

    /// Whether there is nothing of the sort.
    pub(crate) fn is_empty(&self) -> bool {
        self.tables.is_empty() && self.schemas.is_empty()
    }

    /// Whether a table of a statement's may hold what such a label was meant to hide.
    pub(crate) fn holds(&self, table: &TableUse) -> bool {
        let Some(schema) = &table.schema else { return true };
        let name = (schema.clone(), table.name.clone());
        self.tables.contains(&name) || self.schemas.contains(schema) && !self.known.contains(&name)
    }
}
