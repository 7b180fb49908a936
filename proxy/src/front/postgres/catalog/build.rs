//! Rows in, a snapshot out.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use blackbar_sql::{Catalog, Column, Function, Relation, RelationKind, Volatility, is_system};
use blackbar_wire::pg::value::{Base, Shape};
use sha2::{Digest as _, Sha256};

use super::queries::Query;
use super::words::Words;
use super::{Routine, Snapshot, Table, TableColumn};

/// Makes a [`Snapshot`] of rows.
#[derive(Default)]
pub(crate) struct Builder {
    bytes: usize,
    digest: Sha256,
    relations: Vec<FoundRelation>,
    columns: HashMap<u32, Vec<FoundColumn>>,
    parents: Vec<(u32, u32)>,
    types: Vec<FoundType>,
    functions: HashMap<u32, Routine>,
    own_functions: Vec<Function>,
    words: Words,
}

struct FoundRelation {
    oid: u32,
    schema: String,
    name: String,
    /// `None` for a composite type.
    kind: Option<RelationKind>,
    definition: Option<String>,
}

struct FoundColumn {
    column: TableColumn,
    type_name: String,
    not_null: bool,
}

struct FoundType {
    oid: u32,
    sort: u8,
    is_array: bool,
    base: u32,
    relation: u32,
    element: u32,
    name: String,
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

/// Cells of a catalog, in bytes. A relation of twenty columns takes about one and a half kilobytes.
const MOST_BYTES: usize = 256 << 20;
/// What one row costs beside its cells.
const ROW: usize = 64;

impl Builder {
    /// Takes a row of the query at this place of [`Snapshot::queries`].
    pub(crate) fn row(&mut self, query: usize, cells: &[Option<&[u8]>]) -> Result<(), CatalogError> {
        self.bytes += ROW + cells.iter().flatten().map(|cell| cell.len()).sum::<usize>();
        if self.bytes > MOST_BYTES {
            return Err(CatalogError::TooBig);
        }
        let what = Query::at(query).ok_or(CatalogError::Row { query })?;
        // What things are called and how the server is set up changes no meaning.
        if !matches!(what, Query::Names | Query::Settings) {
            self.digest.update(query.to_be_bytes());
            for cell in cells {
                match cell {
                    Some(cell) => {
                        self.digest.update(cell.len().to_be_bytes());
                        self.digest.update(cell);
                    }
                    None => self.digest.update(usize::MAX.to_be_bytes()),
                }
            }
        }
        self.take(what, cells).ok_or(CatalogError::Row { query })
    }

    fn take(&mut self, query: Query, cells: &[Option<&[u8]>]) -> Option<()> {
        let cell = |at: usize| *cells.get(at)?;
        let text = |at: usize| Some(std::str::from_utf8(cell(at)?).ok()?.to_owned());
        let oid = |at: usize| text(at)?.parse::<u32>().ok();
        match query {
            Query::Path => {}
            Query::Relations => self.relations.push(FoundRelation {
                oid: oid(0)?,
                schema: text(1)?,
                name: text(2)?,
                kind: relation_kind(*cell(3)?.first()?)?,
                definition: text(4),
            }),
            Query::Columns => {
                let column = TableColumn {
                    number: text(1)?.parse().ok()?,
                    name: text(2)?,
                    type_oid: oid(3)?,
                    modifier: text(4)?.parse().ok()?,
                };
                let found = FoundColumn { column, type_name: text(5)?, not_null: cell(6)? == b"t" };
                self.columns.entry(oid(0)?).or_default().push(found);
            }
            Query::Parents => self.parents.push((oid(0)?, oid(1)?)),
            Query::Types => self.types.push(FoundType {
                oid: oid(0)?,
                sort: *cell(1)?.first()?,
                is_array: cell(2)? == b"A",
                base: oid(3)?,
                relation: oid(4)?,
                element: oid(5)?,
                name: text(6)?,
            }),
            Query::Functions => {
                let (schema, name) = (text(1)?, text(2)?);
                let volatility = match cell(3)? {
                    b"i" if cell(5)? == b"t" => Volatility::Computes,
                    b"i" => Volatility::Immutable,
                    b"s" => Volatility::Stable,
                    _ => Volatility::Volatile,
                };
                if !is_system(&schema) {
                    self.own_functions.push(Function { schema: schema.clone(), name: name.clone(), volatility });
                }
                self.functions
                    .insert(oid(0)?, Routine { schema, name, result: oid(4)?, revision: text(6).unwrap_or_default() });
            }
            Query::Names => self.words.name(&text(0)?),
            Query::Settings => {
                let texts = cells.iter().flatten().filter_map(|cell| std::str::from_utf8(cell).ok());
                texts.for_each(|text| self.words.setting(text));
            }
        }
        Some(())
    }

    /// All rows of all queries have been taken.
    pub(crate) fn finish(mut self) -> Result<Snapshot, CatalogError> {
        let digest = std::mem::take(&mut self.digest).finalize();
        let version = digest.first_chunk().map_or(0, |head| u64::from_be_bytes(*head));
        let mut catalog = Catalog::new(version);
        for function in self.own_functions.drain(..) {
            catalog.add_function(function);
        }
        let types = self.shapes();
        let attributes = self.attributes();
        let families = families(&self.parents);
        let names: HashMap<u32, (String, String)> = self
            .relations
            .iter()
            .map(|relation| (relation.oid, (relation.schema.clone(), relation.name.clone())))
            .collect();
        let mut parents: HashMap<u32, Vec<(String, String)>> = HashMap::new();
        for (child, parent) in &self.parents {
            // Indexes inherit as well; they have no entry.
            if let Some(name) = names.get(parent) {
                parents.entry(*child).or_default().push(name.clone());
            }
        }
        let mut snapshot = Snapshot {
            types,
            attributes,
            families,
            functions: std::mem::take(&mut self.functions),
            words: std::mem::take(&mut self.words),
            ..Snapshot::empty()
        };
        for relation in self.relations.drain(..) {
            let Some(kind) = relation.kind else { continue };
            let columns = self.columns.remove(&relation.oid).unwrap_or_default();
            let table = Table {
                oid: relation.oid,
                schema: relation.schema.clone(),
                name: relation.name.clone(),
                is_view: matches!(kind, RelationKind::View | RelationKind::MaterialisedView),
                columns: columns.iter().map(|found| found.column.clone()).collect(),
            };
            snapshot.by_name.entry(table.schema.clone()).or_default().insert(table.name.clone(), table.oid);
            snapshot.tables.insert(table.oid, Arc::new(table));
            let column = |found: FoundColumn| Column {
                name: found.column.name,
                number: found.column.number,
                type_name: found.type_name,
                not_null: found.not_null,
            };
            catalog.add_relation(Relation {
                oid: relation.oid,
                kind,
                columns: columns.into_iter().map(column).collect(),
                definition: relation.definition,
                parents: parents.remove(&relation.oid).unwrap_or_default(),
                schema: relation.schema,
                name: relation.name,
            });
        }
        snapshot.catalog = Arc::new(catalog);
        Ok(snapshot)
    }

    fn attributes(&self) -> HashMap<u32, Arc<[(String, u32)]>> {
        let named = |found: &FoundColumn| (found.column.name.clone(), found.column.type_oid);
        let composite = |found: &&FoundType| found.sort == b'c';
        let attributes = |found: &FoundType| {
            let columns = self.columns.get(&found.relation)?;
            Some((found.oid, columns.iter().map(named).collect()))
        };
        self.types.iter().filter(composite).filter_map(attributes).collect()
    }

    fn shapes(&self) -> HashMap<u32, Shape> {
        let fields = |relation: u32| -> Arc<[u32]> {
            self.columns.get(&relation).into_iter().flatten().map(|found| found.column.type_oid).collect()
        };
        let shape = |found: &FoundType| match found.sort {
            b'd' => Shape::Domain(found.base),
            b'e' => Shape::Enum,
            b'r' | b'm' => Shape::Range,
            b'c' if self.columns.contains_key(&found.relation) => Shape::Composite(fields(found.relation)),
            b'b' if found.is_array && found.element != 0 => Shape::Array(found.element),
            // An extension's text that does not mind case; its binary form is that of text.
            b'b' if found.name == "citext" => Shape::Base(Base::Text),
            _ => Shape::Unknown,
        };
        let known = self.types.iter().map(|found| (found.oid, shape(found)));
        // What is not known here may be known to everybody.
        known.filter(|(oid, shape)| *shape != Shape::Unknown || !Snapshot::is_system(*oid)).collect()
    }
}

/// `None` for a letter that was not asked for; `Some(None)` for a composite type.
#[expect(clippy::option_option, reason = "a composite type is known, and is no relation")]
fn relation_kind(letter: u8) -> Option<Option<RelationKind>> {
    Some(match letter {
        b'r' => Some(RelationKind::Table),
        b'p' => Some(RelationKind::Partitioned),
        b'f' => Some(RelationKind::Foreign),
        b'v' => Some(RelationKind::View),
        b'm' => Some(RelationKind::MaterialisedView),
        b'S' => Some(RelationKind::Sequence),
        b'c' => None,
        _ => return None,
    })
}

/// For each relation all above and all below it.
fn families(parents: &[(u32, u32)]) -> HashMap<u32, Vec<u32>> {
    let mut up: HashMap<u32, Vec<u32>> = HashMap::new();
    let mut down: HashMap<u32, Vec<u32>> = HashMap::new();
    for (child, parent) in parents {
        up.entry(*child).or_default().push(*parent);
        down.entry(*parent).or_default().push(*child);
    }
    let reach = |from: u32, ways: &HashMap<u32, Vec<u32>>| {
        let mut seen = HashSet::from([from]);
        let mut open = vec![from];
        while let Some(at) = open.pop() {
            open.extend(ways.get(&at).into_iter().flatten().filter(|next| seen.insert(**next)));
        }
        seen.remove(&from);
        seen
    };
    let members: HashSet<u32> = up.keys().chain(down.keys()).copied().collect();
    let family = |member: u32| {
        let mut all: Vec<u32> = reach(member, &up).into_iter().chain(reach(member, &down)).collect();
        all.sort_unstable();
        (member, all)
    };
    members.into_iter().map(family).collect()
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Builder({} bytes)", self.bytes)
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
