//! What is judged: who asks to do what with what, and everything that is known about it.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use cedar_policy::{Entity, EntityId, EntityTypeName, EntityUid};

use crate::action::Sort;
use crate::{Action, HttpPath, names};

/// One action on one resource. A request that does several things is several questions, and all must be allowed.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Who asks.
    pub subject: &'a Subject,
    /// To do what.
    pub action: Action,
    /// With what.
    pub resource: &'a Resource,
    /// What is known about the request; of the sort that goes with the action.
    pub facts: &'a Facts,
    /// What is known about the moment.
    pub circumstances: &'a Circumstances,
}

/// Who asks. Cheap to clone; made once for a session.
#[derive(Clone)]
pub struct Subject(Arc<SubjectParts>);

struct SubjectParts {
    kind: SubjectKind,
    id: String,
    groups: BTreeSet<String>,
    /// Made of the others.
    cedar: Option<Entity>,
}

/// A program or a person.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum SubjectKind {
    /// A program. Agents never approve.
    Agent,
    /// A person.
    User,
}

/// What is asked for, with everything that it lies in. Cheap to clone; made once for a statement or a path.
#[derive(Clone)]
pub struct Resource(Arc<ResourceParts>);

struct ResourceParts {
    itself: EntityName,
    above: Vec<EntityName>,
    /// Made of the others.
    cedar: Option<Entity>,
}

/// The type and the name of an entity, as they stand in a policy.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct EntityName {
    pub(crate) kind: &'static str,
    pub(crate) name: String,
}

/// What is known about a request. Names only: no literal, no bound value but a limit, no body.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Facts {
    /// Nothing, for `connect`, `resolve`, `restore`, `replay`, `export` and `approve`.
    None,
    /// A statement.
    Sql(SqlFacts),
    /// An HTTP request.
    Http(HttpFacts),
    /// A call of a tool.
    Tool(ToolFacts),
}

/// What is known about a statement, and about one of its tables.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SqlFacts {
    /// Every kind of the statement, by the names of actions.
    pub kinds: BTreeSet<String>,
    /// Every relation that the statement touches; see [`SqlFacts::relation`].
    pub tables: BTreeSet<String>,
    /// The columns that it touches of the table that is asked about, bare.
    pub columns: BTreeSet<String>,
    /// Those among `columns` that are labelled, and not to be kept.
    pub labelled: BTreeSet<String>,
    /// Labelled columns that are compared for equality: with a constant, a parameter, another column.
    pub labelled_probed: BTreeSet<String>,
    /// Labelled columns of which more is asked than equality: a range, a pattern, an order, a function in a condition.
    /// Whatever becomes of their values, the rows tell.
    pub labelled_asked: BTreeSet<String>,
    /// Labelled columns that something is computed of, in the answer or on the way to it. The result is hidden; whether
    /// computing it failed is not.
    pub labelled_computed: BTreeSet<String>,
    /// Labelled columns whose values are written to columns that are not labelled: there they would no longer be hidden.
    pub labelled_stored: BTreeSet<String>,
    /// Functions that it calls; see [`SqlFacts::relation`].
    pub functions: BTreeSet<String>,
    /// It has a WHERE that is more than a tautology.
    pub has_where: bool,
    /// The number of rows that it is limited to, after binding.
    pub limit: Option<u64>,
    /// The planner's guess, where it was asked.
    pub estimated_rows: Option<u64>,
    /// It reads a relation that is no catalog with neither a WHERE that is more than a tautology, nor a bound LIMIT, nor
    /// aggregates alone.
    pub rows_unbounded: bool,
    /// It touches nothing but harmless system catalogs, or no relation at all; see [`crate::is_harmless_catalog`].
    pub catalog_only: bool,
}

/// What is known about an HTTP request. The path is that of the resource where it has one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HttpFacts {
    /// The method, as it was sent.
    pub method: String,
    /// The path, in its one spelling.
    pub path: HttpPath,
    /// The path with `*` for each piece that is no word of a known interface: `/Patient/*`.
    pub template: String,
    /// The names of the query's parameters, decoded.
    pub query: BTreeSet<String>,
    /// The media type of the body, in lower case and without parameters.
    pub media_type: Option<String>,
    /// The length of the body, where it is known.
    pub body_bytes: Option<u64>,
    /// The answer is known to have no bound: an export, or a search that names neither a patient nor a count.
    pub rows_unbounded: bool,
}

/// What is known about the call of a tool.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ToolFacts {
    /// The name of the tool.
    pub tool: String,
    /// The names of its arguments.
    pub arguments: BTreeSet<String>,
}

/// What is known about the moment of a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Circumstances {
    /// Milliseconds since 1970, UTC.
    pub time_ms: i64,
    /// Where it came from.
    pub source: Option<IpAddr>,
    /// How the subject proved who it is: `credential`, `oidc`, `certificate`.
    pub authenticated_by: String,
    /// On whose behalf the subject acts, if on anybody's.
    pub acting_for: BTreeSet<String>,
    /// A reason came with the request.
    pub reason_given: bool,
}

impl Subject {
    /// A program or a person by its id and groups.
    #[must_use]
    pub fn new<G: Into<String>>(kind: SubjectKind, id: impl Into<String>, groups: impl IntoIterator<Item = G>) -> Self {
        let id = id.into();
        let groups: BTreeSet<String> = groups.into_iter().map(Into::into).collect();
        let above: Vec<_> = groups.iter().map(|group| EntityName { kind: "Group", name: group.clone() }).collect();
        let cedar = EntityName { kind: kind.name(), name: id.clone() }.entity(&above);
        Self(Arc::new(SubjectParts { kind, id, groups, cedar }))
    }

    /// A program or a person?
    #[must_use]
    pub fn kind(&self) -> SubjectKind {
        self.0.kind
    }

    /// The id: the subject of a credential, or `issuer#sub`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// The groups.
    #[must_use]
    pub fn groups(&self) -> &BTreeSet<String> {
        &self.0.groups
    }

    pub(crate) fn cedar(&self) -> Option<&Entity> {
        self.0.cedar.as_ref()
    }
}

impl PartialEq for Subject {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.0.kind == other.0.kind && self.0.id == other.0.id && self.0.groups == other.0.groups)
    }
}

impl Eq for Subject {}

impl Hash for Subject {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.0.kind, &self.0.id).hash(state);
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::{:?} in {:?}", self.kind().name(), self.0.id, self.0.groups)
    }
}

impl SubjectKind {
    /// The entity type, as it stands in policies.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Agent => "Agent",
            Self::User => "User",
        }
    }
}

impl Resource {
    /// A whole target.
    #[must_use]
    pub fn target(target: &str) -> Self {
        Self::new("Target", joined_target(target), vec![])
    }

    /// A schema of a database.
    #[must_use]
    pub fn schema(target: &str, schema: &str) -> Self {
        let above = vec![EntityName::target(target)];
        Self::new("Schema", names::joined(&[target, schema]), above)
    }

    /// A table, view or other relation.
    #[must_use]
    pub fn table(target: &str, schema: &str, table: &str) -> Self {
        let schema_name = EntityName { kind: "Schema", name: names::joined(&[target, schema]) };
        Self::new("Table", names::joined(&[target, schema, table]), vec![schema_name, EntityName::target(target)])
    }

    /// A column.
    #[must_use]
    pub fn column(target: &str, schema: &str, table: &str, column: &str) -> Self {
        let above = vec![
            EntityName { kind: "Table", name: names::joined(&[target, schema, table]) },
            EntityName { kind: "Schema", name: names::joined(&[target, schema]) },
            EntityName::target(target),
        ];
        Self::new("Column", names::joined(&[target, schema, table, column]), above)
    }

    /// A path of an HTTP service: `Path::"fhir/Patient/7"`, in every path above it.
    #[must_use]
    pub fn path(target: &str, path: &HttpPath) -> Self {
        let target_name = joined_target(target);
        let of = |path: &str| EntityName { kind: "Path", name: format!("{target_name}{path}") };
        let mut above: Vec<_> = path.above().map(of).collect();
        above.push(EntityName::target(target));
        let EntityName { kind, name } = of(path.as_str());
        Self::new(kind, name, above)
    }

    /// A tool of a model-context server.
    #[must_use]
    pub fn tool(target: &str, tool: &str) -> Self {
        Self::new("Tool", names::joined(&[target, tool]), vec![EntityName::target(target)])
    }

    /// The resource of this name, as [`Resource::name`] gives it, with everything that it lies in.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let (kind, quoted) = name.split_once("::\"")?;
        let name: String = names::unescaped(quoted.strip_suffix('"')?)?;
        if kind == "Path" {
            let at = names::end_of_part(&name).filter(|at| name[*at..].starts_with('/'))?;
            let [target] = &names::parts(&name[..at])?[..] else { return None };
            return Some(Self::path(target, &HttpPath::parse(&name[at..]).ok()?));
        }
        let parts = names::parts(&name)?;
        Some(match (kind, parts.iter().map(String::as_str).collect::<Vec<_>>().as_slice()) {
            ("Target", [target]) => Self::target(target),
            ("Schema", [target, schema]) => Self::schema(target, schema),
            ("Table", [target, schema, table]) => Self::table(target, schema, table),
            ("Column", [target, schema, table, column]) => Self::column(target, schema, table, column),
            ("Tool", [target, tool]) => Self::tool(target, tool),
            _ => return None,
        })
    }

    /// As it stands in a policy: `Table::"ehr.clinical.patients"`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}::{:?}", self.0.itself.kind, self.0.itself.name)
    }

    fn new(kind: &'static str, name: String, above: Vec<EntityName>) -> Self {
        let itself = EntityName { kind, name };
        let cedar = itself.entity(&above);
        Self(Arc::new(ResourceParts { itself, above, cedar }))
    }

    pub(crate) fn cedar(&self) -> Option<&Entity> {
        self.0.cedar.as_ref()
    }

    pub(crate) fn itself(&self) -> &EntityName {
        &self.0.itself
    }

    pub(crate) fn above(&self) -> &[EntityName] {
        &self.0.above
    }
}

impl PartialEq for Resource {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || (self.0.itself == other.0.itself && self.0.above == other.0.above)
    }
}

impl Eq for Resource {}

impl Hash for Resource {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.itself.hash(state);
    }
}

impl fmt::Debug for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

impl EntityName {
    /// As Cedar knows it. Everything above stands beside the entity itself, so that nothing has to be looked up there.
    /// None only for a type that the list below lacks.
    pub(crate) fn entity(&self, above: &[Self]) -> Option<Entity> {
        Some(Entity::new_no_attrs(self.uid()?, above.iter().map(Self::uid).collect::<Option<_>>()?))
    }

    pub(crate) fn uid(&self) -> Option<EntityUid> {
        static TYPES: OnceLock<HashMap<&'static str, EntityTypeName>> = OnceLock::new();
        let types = TYPES.get_or_init(|| {
            let names = ["Action", "Agent", "Column", "Group", "Path", "Schema", "Table", "Target", "Tool", "User"];
            names.into_iter().filter_map(|name| Some((name, name.parse().ok()?))).collect()
        });
        Some(EntityUid::from_type_name_and_id(types.get(self.kind)?.clone(), EntityId::new(&self.name)))
    }

    fn target(target: &str) -> Self {
        Self { kind: "Target", name: joined_target(target) }
    }
}

/// A target keeps its own name, unless that could be taken for something else.
fn joined_target(target: &str) -> String {
    names::joined(&[target])
}

impl Facts {
    pub(crate) const fn sort(&self) -> Sort {
        match self {
            Self::None => Sort::Plain,
            Self::Sql(_) => Sort::Sql,
            Self::Http(_) => Sort::Http,
            Self::Tool(_) => Sort::Tool,
        }
    }
}

impl SqlFacts {
    /// How a relation or a function stands in [`SqlFacts::tables`] and [`SqlFacts::functions`]: `clinical.patients`, a part
    /// in double quotes where it is more than letters, digits, `_`, `-` and `$`.
    #[must_use]
    pub fn relation(schema: &str, name: &str) -> String {
        names::joined(&[schema, name])
    }
}

impl Circumstances {
    /// A moment about which nothing else is known.
    #[must_use]
    pub fn at(time_ms: i64) -> Self {
        Self {
            time_ms,
            source: None,
            authenticated_by: "credential".to_owned(),
            acting_for: BTreeSet::new(),
            reason_given: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_lies_in_everything_above_it() {
        let names = |resource: &Resource| -> Vec<String> {
            let all = std::iter::once(resource.itself()).chain(resource.above());
            all.map(|entity| format!("{} {}", entity.kind, entity.name)).collect()
        };
        assert_eq!(
            names(&Resource::column("ehr", "clinical", "patients", "mrn")),
            ["Column ehr.clinical.patients.mrn", "Table ehr.clinical.patients", "Schema ehr.clinical", "Target ehr"]
        );
        let path = HttpPath::parse("/Patient/7").unwrap();
        assert_eq!(names(&Resource::path("fhir", &path)), ["Path fhir/Patient/7", "Path fhir/Patient", "Target fhir"]);
        // A target with a slash in its name is not taken for a path of another.
        let odd = Resource::path("fhir/Patient", &HttpPath::parse("/7").unwrap());
        assert_eq!(odd.itself().name, r#""fhir/Patient"/7"#);
        assert_eq!(Resource::table("ehr", "Clinical", "p").name(), r#"Table::"ehr.Clinical.p""#);
    }

    #[test]
    fn a_resource_is_found_again_by_its_name() {
        let odd = ["a", "a.b", "a\"b", "", "a/b", "é\u{1}", "a\\b", "'"];
        for one in odd {
            for other in odd {
                for resource in [
                    Resource::target(one),
                    Resource::schema(one, other),
                    Resource::table(one, other, "t"),
                    Resource::column("x", one, "t", other),
                    Resource::tool(one, other),
                    Resource::path(one, &HttpPath::parse("/Patient/*/a.b").unwrap()),
                ] {
                    assert_eq!(Resource::from_name(&resource.name()).as_ref(), Some(&resource), "{resource:?}");
                }
            }
        }
        for wrong in
            ["", "Table", "Table::\"a.b\"", "Table::\"a.b.c", "Path::\"a\"", "Group::\"a\"", "Table::\"a.\"b.c\""]
        {
            assert_eq!(Resource::from_name(wrong), None, "{wrong}");
        }
    }
}
