//! The catalog of a target, taken down through the gateway's own connection.
//!
//! [`Snapshot::queries`] are run one after the other by the simple query protocol, and every row goes to a [`Builder`], in
//! text format. The version of a snapshot is a hash of its rows: two of the same version hold the same.
//! [`Snapshot::pulse`] is one cheap query; while its row stays the same, so does the catalog.

mod adrift;
mod build;
mod queries;
#[cfg(test)]
mod tests;
mod words;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use blackbar_sql::Catalog;
use blackbar_wire::pg::value::{Base, Builtin, Shape, Types};

use self::adrift::Adrift;
#[allow(unused_imports, reason = "the seam to what takes snapshots, which is being built")]
pub(crate) use self::build::{Builder, CatalogError};
use self::queries::{PULSE, QUERIES};
use self::words::Words;
use crate::gate::Labels;

/// What names and numbers mean in a target's database, at one moment.
pub(crate) struct Snapshot {
    catalog: Arc<Catalog>,
    tables: HashMap<u32, Arc<Table>>,
    by_name: HashMap<String, HashMap<String, u32>>,
    /// What each relation inherits from or hands down to, near and far.
    families: HashMap<u32, Vec<u32>>,
    types: HashMap<u32, Shape>,
    /// What the attributes of composite types are called, and their types.
    attributes: HashMap<u32, Arc<[(String, u32)]>>,
    functions: HashMap<u32, Routine>,
    words: Words,
    /// Which labels fit nothing, for those that were asked for last.
    adrift: Mutex<Option<(Labels, Arc<Adrift>)>>,
}

/// A relation by its OID.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Table {
    pub(crate) oid: u32,
    pub(crate) schema: String,
    pub(crate) name: String,
    /// A query by name: its columns are those of others.
    pub(crate) is_view: bool,
    /// In the order of their numbers; what was dropped is missing.
    pub(crate) columns: Vec<TableColumn>,
}

/// A column of a relation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct TableColumn {
    pub(crate) number: i16,
    pub(crate) name: String,
    pub(crate) type_oid: u32,
    /// Such as the `n` of `varchar(n)`; -1 for nothing.
    pub(crate) modifier: i32,
}

/// A function by its OID.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Routine {
    pub(crate) schema: String,
    pub(crate) name: String,
    /// The type of its result.
    pub(crate) result: u32,
    /// Changes whenever somebody replaces it; empty for the server's own.
    pub(crate) revision: String,
}

/// OIDs below are those of the server's own.
const FIRST_OF_OTHERS: u32 = 16_384;

impl Snapshot {
    /// One that knows nothing: every name is unknown, so nothing is taken for unlabelled.
    pub(crate) fn empty() -> Self {
        Self {
            catalog: Arc::new(Catalog::new(0)),
            tables: HashMap::new(),
            by_name: HashMap::new(),
            families: HashMap::new(),
            types: HashMap::new(),
            attributes: HashMap::new(),
            functions: HashMap::new(),
            words: Words::default(),
            adrift: Mutex::default(),
        }
    }

    /// The queries whose rows a [`Builder`] takes, in order; each is one statement.
    pub(crate) fn queries() -> &'static [&'static str] {
        QUERIES
    }

    /// A query of one row, which stays the same as long as the catalog does.
    pub(crate) fn pulse() -> &'static str {
        PULSE
    }

    /// Changes with everything in it.
    pub(crate) fn version(&self) -> u64 {
        self.catalog.version()
    }

    /// What statements are analysed with.
    pub(crate) fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The relation of that OID. `None` for one that came later: the snapshot should be taken anew.
    pub(crate) fn table(&self, oid: u32) -> Option<&Arc<Table>> {
        self.tables.get(&oid)
    }

    /// The relation of that name.
    pub(crate) fn table_named(&self, schema: &str, name: &str) -> Option<&Arc<Table>> {
        self.table(*self.by_name.get(schema)?.get(name)?)
    }

    /// A relation with all that it inherits from or hands down to: a label of one's column holds for all of them.
    pub(crate) fn family<'s>(&'s self, table: &'s Arc<Table>) -> impl Iterator<Item = &'s Arc<Table>> {
        let others = self.families.get(&table.oid).into_iter().flatten().filter_map(|oid| self.table(*oid));
        std::iter::once(table).chain(others)
    }

    /// Whether the OID is that of one of the server's own relations, of which a snapshot holds nothing.
    pub(crate) fn is_system(oid: u32) -> bool {
        oid < FIRST_OF_OTHERS
    }

    /// What the attributes of a composite type are called, and their types; of no other type.
    pub(crate) fn attributes(&self, composite: u32) -> &[(String, u32)] {
        self.attributes.get(&composite).map_or(&[], |attributes| attributes)
    }

    /// The function of that OID.
    pub(crate) fn routine(&self, oid: u32) -> Option<&Routine> {
        self.functions.get(&oid)
    }

    /// The functions of these names that are not the server's own, with what changes when one is replaced.
    pub(crate) fn revisions(&self, names: &BTreeSet<&str>) -> BTreeMap<u32, &str> {
        let wanted = |routine: &&Routine| !routine.revision.is_empty() && names.contains(routine.name.as_str());
        let found = self.functions.iter().filter(|(_, routine)| wanted(routine));
        found.map(|(oid, routine)| (*oid, routine.revision.as_str())).collect()
    }

    /// Whether something in the database is called so.
    pub(crate) fn has_name(&self, name: &[u8]) -> bool {
        self.words.has_name(name)
    }

    /// Whether a text of the catalog has nothing in it but names of things and words of the server's own.
    pub(crate) fn knows_text(&self, text: &[u8]) -> bool {
        self.words.knows(text)
    }

    /// What is not shown because labels fit no column of this database.
    pub(crate) fn adrift(&self, labels: &Labels) -> Arc<Adrift> {
        let mut last = self.adrift.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, adrift)) = last.as_ref().filter(|(known, _)| known == labels) {
            return Arc::clone(adrift);
        }
        let adrift = Arc::new(Adrift::of(labels, self));
        *last = Some((labels.clone(), Arc::clone(&adrift)));
        adrift
    }
}

impl Types for Snapshot {
    fn shape(&self, oid: u32) -> Shape {
        if let Some(shape) = self.types.get(&oid) {
            return shape.clone();
        }
        // Numbers by which the server names its own things; drivers ask for them in binary form.
        if ALIASES.contains(&oid) { Shape::Base(Base::Oid) } else { Builtin.shape(oid) }
    }
}

/// `regproc`, `xid`, `cid`, `regprocedure` … `regcollation`: four bytes like an OID.
const ALIASES: &[u32] = &[24, 28, 29, 2202, 2203, 2204, 2205, 2206, 3734, 3769, 4089, 4096, 4191];

impl Table {
    /// The column of that number.
    pub(crate) fn column(&self, number: i16) -> Option<&TableColumn> {
        self.columns.iter().find(|column| column.number == number)
    }

    /// The column of that name.
    pub(crate) fn column_named(&self, name: &str) -> Option<&TableColumn> {
        self.columns.iter().find(|column| column.name == name)
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Snapshot({:x}, {} relations)", self.version(), self.tables.len())
    }
}
