//! From a parse tree and a catalog to facts.
//!
//! One analyser looks at one statement. Every table and column that it meets goes into the facts; the values that queries
//! pass on are followed as [`Origin`]s, sets of those columns.

mod calls;
mod dml;
mod expr;
mod from;
mod nodes;
mod predicate;
mod query;
mod scope;
mod statement;

use std::collections::{HashMap, HashSet};

use crate::parser::nodes::{Node, RangeVar};

use crate::catalog::{Catalog, Found, Session, is_system};
use crate::facts::{Against, ColumnUse, Opacity, Probe, Rows, StatementFacts, TableUse, Use, Uses};
use crate::kind::StatementKind;
use crate::origin::{ColumnId, Origin};
use scope::{Columns, Named, Rest};

/// The statement is more than is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TooBig;

pub(crate) type Step<T> = Result<T, TooBig>;

/// Nodes looked at in one statement, views and repetitions counted.
const MOST_STEPS: u32 = 2_000_000;
/// Columns of one query; the server's own bound.
const MOST_COLUMNS: usize = 1664;
/// Views within views.
const MOST_VIEWS: u32 = 16;

pub(crate) struct Analyser<'a> {
    catalog: &'a Catalog,
    session: &'a Session,
    path: Vec<String>,
    facts: StatementFacts,
    tables: HashMap<(Option<String>, String), usize>,
    columns: HashMap<(usize, String), usize>,
    views: HashMap<usize, Columns>,
    probed: HashSet<Probe>,
    /// The kind that tables are used by at this place.
    acting: StatementKind,
    inside_views: u32,
    steps: u32,
    levels: Vec<Level>,
}

/// What is seen on the way through one level of a query.
#[derive(Clone, Debug, Default)]
struct Level {
    aggregates: bool,
    collects: bool,
    /// What queries within its output read.
    collected: Rows,
    /// Within a condition: what is read there is not passed on.
    in_condition: u32,
}

/// Judges one statement.
pub(crate) fn facts_of(statement: &Node, catalog: &Catalog, session: &Session) -> StatementFacts {
    let mut analyser = Analyser {
        catalog,
        session,
        path: session.path(),
        facts: StatementFacts { tables_complete: true, outputs_complete: true, ..StatementFacts::default() },
        tables: HashMap::new(),
        columns: HashMap::new(),
        views: HashMap::new(),
        probed: HashSet::new(),
        acting: StatementKind::Select,
        inside_views: 0,
        steps: 0,
        levels: vec![Level::default()],
    };
    match analyser.statement(statement) {
        Ok(()) => analyser.facts,
        // What was found until then stays: it is true, only not all.
        Err(TooBig) => {
            analyser.opaque(Opacity::TooBig);
            analyser.facts
        }
    }
}

impl Analyser<'_> {
    fn step(&mut self) -> Step<()> {
        self.steps += 1;
        if self.steps > MOST_STEPS { Err(TooBig) } else { Ok(()) }
    }

    fn kind(&mut self, kind: StatementKind) {
        self.facts.kinds.insert(kind);
    }

    fn opaque(&mut self, why: Opacity) {
        self.kind(StatementKind::Opaque);
        self.facts.opacity.get_or_insert(why);
        self.facts.tables_complete = false;
        self.facts.outputs_complete = false;
    }

    fn level(&mut self) -> &mut Level {
        if self.levels.is_empty() {
            self.levels.push(Level::default());
        }
        let last = self.levels.len() - 1;
        &mut self.levels[last]
    }

    /// The table's place in the facts, used by the kind that is acting.
    fn table(&mut self, schema: Option<String>, name: &str, oid: Option<u32>) -> usize {
        let tables = &mut self.facts.tables;
        let at = *self.tables.entry((schema.clone(), name.to_owned())).or_insert_with(|| {
            tables.push(TableUse {
                system: schema.as_deref().is_some_and(is_system),
                schema,
                name: name.to_owned(),
                oid,
                reveals: reveals(name),
                through_view: true,
                kinds: [].into(),
                columns: Vec::new(),
            });
            tables.len() - 1
        });
        let table = &mut self.facts.tables[at];
        table.through_view &= self.inside_views > 0;
        table.kinds.insert(self.acting);
        at
    }

    fn column(&mut self, table: usize, name: &str) -> ColumnId {
        let columns = &mut self.facts.tables[table].columns;
        let column = *self.columns.entry((table, name.to_owned())).or_insert_with(|| {
            columns.push(ColumnUse { name: name.to_owned(), uses: Uses::default() });
            columns.len() - 1
        });
        ColumnId { table, column }
    }

    /// Notes that the columns an origin is made of are used.
    fn mark(&mut self, origin: &Origin, one: Use) {
        for (column, _) in origin.sources() {
            self.facts.tables[column.table].columns[column.column].uses.add(one);
        }
    }

    /// Notes that rows are grouped by a value, or made distinct. Where values that are known are among those of columns, which
    /// rows fall together says which are equal.
    fn group(&mut self, origin: &Origin) {
        self.mark(origin, Use::Group);
        if origin.mixes() {
            self.mark(origin, Use::Computed);
        }
    }

    /// Notes with what a column is compared.
    fn probe(&mut self, column: ColumnId, against: Against) {
        let probe = Probe { column, against };
        if self.probed.insert(probe) {
            self.facts.probes.push(probe);
        }
    }

    /// Notes that the columns of both are compared with each other.
    fn probe_both(&mut self, one: &Origin, other: &Origin) {
        for (mine, theirs) in [(one, other), (other, one)] {
            for (column, _) in mine.sources() {
                if theirs.sources().is_empty() || theirs.mixes() {
                    self.probe(*column, Against::Query);
                }
                for (with, _) in theirs.sources() {
                    self.probe(*column, Against::Column(*with));
                }
            }
        }
    }

    /// The relation's place in the facts, and its columns. Never a CTE.
    fn relation(&mut self, of: &RangeVar) -> Step<(usize, Option<String>, Columns)> {
        let schema = Some(of.schemaname.as_str()).filter(|schema| !schema.is_empty());
        self.relation_by_name(schema, &of.relname)
    }

    fn relation_by_name(&mut self, schema: Option<&str>, name: &str) -> Step<(usize, Option<String>, Columns)> {
        self.step()?;
        let catalog = self.catalog;
        // Within a view names mean what they meant to the view.
        let own = self.inside_views == 0
            && self.session.own_relations.contains(name)
            && schema.is_none_or(|schema| schema.starts_with("pg_temp"));
        let (schema, found) =
            if own { (Some("pg_temp".to_owned()), Found::Unknown) } else { catalog.find(schema, name, &self.path) };
        let table = self.table(schema.clone(), name, None);
        let Found::Known(relation) = found else {
            let everything = self.column(table, "*");
            let mut origin = Origin::copy_of(everything);
            // What stands in the server's own catalog, anybody may know.
            origin.add(&Origin::guess());
            if !matches!(found, Found::System) || reveals(name) {
                origin.add(&Origin::unprovable());
            }
            let rest = Some(Rest { origin, table: Some(table) });
            return Ok((table, schema, Columns { named: Vec::new(), rest }));
        };
        self.facts.tables[table].oid = Some(relation.oid);
        let beneath = self.view(table, relation)?;
        let mut named = Vec::with_capacity(relation.columns.len());
        for (at, column) in relation.columns.iter().enumerate() {
            let mut origin = Origin::copy_of(self.column(table, &column.name));
            for (schema, parent) in self.ancestors(relation) {
                let Some(known) = catalog.relation(&schema, &parent) else { continue };
                if known.column(&column.name).is_some() {
                    let parent = self.table(Some(schema), &parent, Some(known.oid));
                    origin.add(&Origin::copy_of(self.column(parent, &column.name)));
                }
            }
            if let Some(beneath) = &beneath {
                origin.add(&beneath.named.get(at).map_or_else(Origin::unprovable, |column| column.origin.clone()));
            }
            named.push(Named { name: Some(column.name.clone()), origin });
        }
        Ok((table, schema, Columns { named, rest: None }))
    }

    /// What a table inherits from, near and far.
    fn ancestors(&self, relation: &crate::catalog::Relation) -> Vec<(String, String)> {
        let mut all = relation.parents.clone();
        let mut next = 0;
        while let Some((schema, name)) = all.get(next).cloned() {
            let further = self.catalog.relation(&schema, &name).map_or(&[][..], |parent| &parent.parents);
            for parent in further {
                if !all.contains(parent) {
                    all.push(parent.clone());
                }
            }
            next += 1;
        }
        all
    }

    /// What a view's columns derive from; `None` for what is no view.
    fn view(&mut self, table: usize, relation: &crate::catalog::Relation) -> Step<Option<Columns>> {
        use crate::catalog::RelationKind;
        if !matches!(relation.kind, RelationKind::View | RelationKind::MaterialisedView) {
            return Ok(None);
        }
        if let Some(known) = self.views.get(&table) {
            return Ok(Some(known.clone()));
        }
        let unknown = Columns::default();
        // A view that reads itself through another meets this while it is being looked at.
        self.views.insert(table, unknown.clone());
        let parsed = match &relation.definition {
            Some(definition) if self.inside_views < MOST_VIEWS => {
                crate::parser::parse(definition, crate::parser::ParseOptions::default()).ok()
            }
            _ => None,
        };
        let select = parsed.as_ref().and_then(|parsed| match parsed.stmts.as_slice() {
            [one] => one.stmt.as_deref().and_then(nodes::select_in),
            _ => None,
        });
        let Some(select) = select else {
            self.facts.tables_complete = false;
            return Ok(Some(unknown));
        };
        self.inside_views += 1;
        let path = std::mem::replace(&mut self.path, vec!["pg_catalog".to_owned()]);
        self.levels.push(Level::default());
        let query = self.select(select, None, false);
        self.levels.pop();
        self.path = path;
        self.inside_views -= 1;
        let columns = query?.columns;
        self.views.insert(table, columns.clone());
        Ok(Some(columns))
    }
}

/// The server's own relations that show what others store, ask for or may do.
fn reveals(name: &str) -> bool {
    matches!(
        name,
        "pg_authid"
            | "pg_cursors"
            | "pg_file_settings"
            | "pg_hba_file_rules"
            | "pg_ident_file_mappings"
            | "pg_largeobject"
            | "pg_prepared_statements"
            | "pg_prepared_xacts"
            | "pg_replication_slots"
            | "pg_shadow"
            | "pg_stat_activity"
            | "pg_stat_replication"
            | "pg_stat_ssl"
            | "pg_stat_statements"
            | "pg_stat_subscription"
            | "pg_stat_wal_receiver"
            | "pg_statistic"
            | "pg_statistic_ext_data"
            | "pg_stats"
            | "pg_stats_ext"
            | "pg_stats_ext_exprs"
            | "pg_subscription"
            | "pg_user_mapping"
            | "pg_user_mappings"
    )
}
