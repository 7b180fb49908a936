//! The catalog as a plain value: what names mean, taken down at one moment.

use std::collections::{BTreeSet, HashMap};

/// What the analysis knows of a database. Whoever has a connection fills it in; nothing here ever asks for more.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalog {
    version: u64,
    relations: HashMap<String, HashMap<String, Relation>>,
    functions: HashMap<String, Vec<Function>>,
}

/// A table, or what can be read like one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Relation {
    /// The schema it is in.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Its OID in this database.
    pub oid: u32,
    /// What sort of relation.
    pub kind: RelationKind,
    /// Its columns in the order of their numbers, without the dropped ones.
    pub columns: Vec<Column>,
    /// A view's query as the server prints it with an empty `search_path`, so that every name in it is qualified.
    pub definition: Option<String>,
    /// What it inherits from or is a partition of: schema and name. A label of a parent's column holds here as well.
    pub parents: Vec<(String, String)>,
}

/// What sort of relation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RelationKind {
    /// Holds its own rows.
    Table,
    /// Its rows are in its partitions.
    Partitioned,
    /// Its rows are on another server.
    Foreign,
    /// A query by name.
    View,
    /// A query's rows by name, as they were.
    MaterialisedView,
    /// A counter.
    Sequence,
}

/// A column of a relation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its number, which row descriptions carry.
    pub number: i16,
    /// Its type, as the server prints it.
    pub type_name: String,
    /// Whether it can never be null.
    pub not_null: bool,
}

/// A function that is not one of the server's own.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Function {
    /// The schema it is in.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// What it promises.
    pub volatility: Volatility,
}

/// What a function promises about its effects. The order is that of trust.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Volatility {
    /// Looks at its arguments only.
    Immutable,
    /// Looks at the database, changes nothing.
    Stable,
    /// Promises nothing.
    Volatile,
}

/// What of a session decides how its text is read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Session {
    /// `search_path` as set, `"$user"` among it.
    pub search_path: Vec<String>,
    /// The role in force: what `"$user"` stands for.
    pub user: String,
    /// Whether a backslash in `'…'` is an ordinary character.
    pub standard_conforming_strings: bool,
    /// Names of relations that this session made and the catalog may not know yet, temporary ones above all, since they
    /// hide others of the same name. Nothing is taken for known about them.
    pub own_relations: BTreeSet<String>,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            search_path: vec!["$user".to_owned(), "public".to_owned()],
            user: String::new(),
            standard_conforming_strings: true,
            own_relations: BTreeSet::new(),
        }
    }
}

/// What a name turned out to be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Found<'a> {
    Known(&'a Relation),
    /// One of the server's own, of which nothing needs to be known.
    System,
    Unknown,
}

impl Catalog {
    /// An empty one. `version` changes whenever anything in it does: facts are kept by it.
    #[must_use]
    pub fn new(version: u64) -> Self {
        Self { version, ..Self::default() }
    }

    /// What it was made with.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Adds a relation, in the place of one of the same name.
    pub fn add_relation(&mut self, relation: Relation) {
        self.relations.entry(relation.schema.clone()).or_default().insert(relation.name.clone(), relation);
    }

    /// Adds a function; several may have one name.
    pub fn add_function(&mut self, function: Function) {
        self.functions.entry(function.name.clone()).or_default().push(function);
    }

    /// The relation of exactly this name.
    #[must_use]
    pub fn relation(&self, schema: &str, name: &str) -> Option<&Relation> {
        self.relations.get(schema)?.get(name)
    }

    /// All relations, in no order.
    pub fn relations(&self) -> impl Iterator<Item = &Relation> {
        self.relations.values().flat_map(HashMap::values)
    }

    /// The least that the functions which a call may mean promise; `None` when there are none.
    pub(crate) fn volatility(&self, schema: Option<&str>, name: &str, path: &[String]) -> Option<Volatility> {
        let called = self.functions.get(name)?.iter().filter(|function| match schema {
            Some(schema) => function.schema == schema,
            None => path.contains(&function.schema),
        });
        called.map(|function| function.volatility).max()
    }

    pub(crate) fn find(&self, schema: Option<&str>, name: &str, path: &[String]) -> (Option<String>, Found<'_>) {
        if let Some(schema) = schema {
            let found = match self.relation(schema, name) {
                Some(relation) => Found::Known(relation),
                None if is_system(schema) => Found::System,
                None => Found::Unknown,
            };
            return (Some(schema.to_owned()), found);
        }
        for schema in path {
            if let Some(relation) = self.relation(schema, name) {
                return (Some(schema.clone()), Found::Known(relation));
            }
            // The server's own relations are all called like that, and nobody else may call one so in their schema.
            if schema == "pg_catalog" && name.starts_with("pg_") {
                return (Some(schema.clone()), Found::System);
            }
        }
        (None, Found::Unknown)
    }
}

impl Relation {
    /// The column of that name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

impl Session {
    /// Where unqualified names are looked for, in order.
    #[must_use]
    pub fn path(&self) -> Vec<String> {
        let user = |name: &String| if name == "$user" { self.user.clone() } else { name.clone() };
        let mut path: Vec<String> = self.search_path.iter().map(user).filter(|name| !name.is_empty()).collect();
        if !path.iter().any(|schema| schema == "pg_catalog") {
            path.insert(0, "pg_catalog".to_owned());
        }
        path
    }
}

/// Whether a schema is one of the server's own.
#[must_use]
pub fn is_system(schema: &str) -> bool {
    matches!(schema, "pg_catalog" | "information_schema" | "pg_toast")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(schema: &str, name: &str) -> Relation {
        Relation {
            schema: schema.to_owned(),
            name: name.to_owned(),
            oid: 1,
            kind: RelationKind::Table,
            columns: Vec::new(),
            definition: None,
            parents: Vec::new(),
        }
    }

    #[test]
    fn names_are_found_along_the_path() {
        let mut catalog = Catalog::new(1);
        catalog.add_relation(table("public", "t"));
        catalog.add_relation(table("ann", "t"));
        let session = Session { user: "ann".to_owned(), ..Session::default() };
        assert_eq!(session.path(), ["pg_catalog", "ann", "public"]);
        let of = |schema, name| catalog.find(schema, name, &session.path());
        assert!(matches!(of(None, "t"), (Some(schema), Found::Known(_)) if schema == "ann"));
        assert!(matches!(of(Some("public"), "t"), (_, Found::Known(relation)) if relation.schema == "public"));
        assert!(matches!(of(None, "pg_class"), (_, Found::System)));
        assert!(matches!(of(Some("ann"), "pg_class"), (_, Found::Unknown)));
        assert!(matches!(of(None, "u"), (None, Found::Unknown)));
    }

    #[test]
    fn overloaded_functions_are_trusted_as_the_least_of_them() {
        let mut catalog = Catalog::new(1);
        for (schema, volatility) in [("a", Volatility::Immutable), ("b", Volatility::Volatile)] {
            catalog.add_function(Function { schema: schema.to_owned(), name: "f".to_owned(), volatility });
        }
        let path = ["a".to_owned(), "b".to_owned()];
        assert_eq!(catalog.volatility(None, "f", &path), Some(Volatility::Volatile));
        assert_eq!(catalog.volatility(None, "f", &path[..1]), Some(Volatility::Immutable));
        assert_eq!(catalog.volatility(Some("c"), "f", &path), None);
    }
}
