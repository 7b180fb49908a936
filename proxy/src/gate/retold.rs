//! What policy was asked, kept so that other policies can be asked the same. Stands in encrypted recordings, and holds no
//! content there either: names of the catalog, words of paths, names of parameters that are plain words.

use std::collections::BTreeSet;

use blackbar_policy::{Action, Decision, Facts, HttpFacts, HttpPath, Resource, SqlFacts, ToolFacts};
use serde_json::{Map, Value, json};

use super::known::now_ms;
use super::{Asked, Part};

/// What policy was asked about a request, and what it said.
pub(super) struct Asking<'a> {
    asked: &'a Asked<'a>,
    said: &'static str,
}

/// A question that was asked before.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Question {
    pub(crate) exchange: u64,
    pub(crate) parts: Vec<Part>,
    pub(crate) time_ms: i64,
    pub(crate) reason_given: bool,
    /// `allowed`, `held` or `denied`.
    pub(crate) said: String,
}

/// Reads the questions of one session, in order.
#[derive(Debug, Default)]
pub(crate) struct Questions {
    /// The last that was written out, and in which request.
    last: Option<(u64, Vec<Part>)>,
}

impl<'a> Asking<'a> {
    pub(super) fn of(asked: &'a Asked<'a>, decision: &Decision) -> Self {
        Self { asked, said: word(decision) }
    }

    pub(super) fn parts(&self) -> &[Part] {
        &self.asked.parts
    }

    /// For the recording. `again`: the request in which the same was asked before.
    pub(super) fn note(&self, exchange: u64, again: Option<u64>) -> Value {
        let mut note = json!({ "exchange": exchange, "policy": self.said, "at_ms": now_ms() });
        if self.asked.reason_given {
            note["reason_given"] = true.into();
        }
        match again {
            Some(number) => note["asked_as"] = number.into(),
            None => {
                let template = self.asked.template.as_deref();
                note["asked"] =
                    self.asked.parts.iter().map(|part| told(part, &self.asked.target.name, template)).collect();
            }
        }
        note
    }
}

/// What a decision comes to, in a word.
pub(crate) const fn word(decision: &Decision) -> &'static str {
    match decision {
        Decision::Allowed { .. } => "allowed",
        Decision::Held { .. } => "held",
        Decision::Denied { .. } => "denied",
    }
}

impl Questions {
    /// A note of a recording, if it is one of this sort. `Err`: it is, and cannot be understood.
    pub(crate) fn read(&mut self, note: &Value) -> Result<Option<Question>, ()> {
        let Some(said) = note["policy"].as_str() else { return Ok(None) };
        let exchange = note["exchange"].as_u64().ok_or(())?;
        let parts = match (note["asked"].as_array(), note["asked_as"].as_u64()) {
            (Some(parts), _) => {
                let parts = parts.iter().map(part).collect::<Option<Vec<_>>>().ok_or(())?;
                self.last = Some((exchange, parts.clone()));
                parts
            }
            (None, again) => {
                let (known, parts) = self.last.as_ref().ok_or(())?;
                if again == Some(*known) { parts.clone() } else { return Err(()) }
            }
        };
        Ok(Some(Question {
            exchange,
            parts,
            time_ms: note["at_ms"].as_i64().ok_or(())?,
            reason_given: note["reason_given"] == true,
            said: said.to_owned(),
        }))
    }
}

fn told(part: &Part, target: &str, template: Option<&str>) -> Value {
    let path = || template.and_then(|template| HttpPath::parse(template).ok());
    let is_path = matches!(part.facts, Facts::Http(_)) && part.resource.name().starts_with("Path::");
    let resource = match (path().filter(|_| is_path), &part.facts) {
        (Some(path), _) => Resource::path(target, &path),
        (None, Facts::Tool(tool)) => Resource::tool(target, &thing(&tool.tool)),
        (None, Facts::Sql(_)) if !is_thing(&part.resource.name().replace(['"', ':'], "")) => {
            Resource::table(target, UNTOLD, UNTOLD)
        }
        (None, _) => part.resource.clone(),
    };
    let resource = resource.name();
    let mut facts = Map::new();
    let mut add = |name: &str, value: Value| {
        // What is as usual need not be written.
        if value != Value::Null && value != false && value != json!([]) {
            facts.insert(name.to_owned(), value);
        }
    };
    let sort = match &part.facts {
        Facts::None => "none",
        Facts::Sql(sql) => {
            for (name, names) in sets(sql) {
                add(name, names.iter().map(|name| thing(name)).collect::<BTreeSet<_>>().into_iter().collect());
            }
            add("has_where", sql.has_where.into());
            add("limit", sql.limit.into());
            add("estimated_rows", sql.estimated_rows.into());
            add("rows_unbounded", sql.rows_unbounded.into());
            add("catalog_only", sql.catalog_only.into());
            "sql"
        }
        Facts::Http(http) => {
            add("method", http.method.as_str().into());
            add("path", path().unwrap_or_else(|| http.path.clone()).as_str().into());
            add("query", http.query.iter().map(|name| plain(name)).collect::<BTreeSet<_>>().into_iter().collect());
            let media = http.media_type.as_deref().filter(|media| is_thing(&media.replace('/', ".")));
            add("media_type", media.or_else(|| http.media_type.as_ref().map(|_| UNTOLD)).into());
            add("body_bytes", http.body_bytes.into());
            add("rows_unbounded", http.rows_unbounded.into());
            "http"
        }
        Facts::Tool(tool) => {
            add("tool", thing(&tool.tool).into());
            add(
                "arguments",
                tool.arguments.iter().map(|name| plain(name)).collect::<BTreeSet<_>>().into_iter().collect(),
            );
            "tool"
        }
    };
    json!({ "action": part.action.name(), "resource": resource, "sort": sort, "facts": facts })
}

/// Every set of names of a statement, with its name.
fn sets(sql: &SqlFacts) -> [(&'static str, &BTreeSet<String>); 9] {
    [
        ("kinds", &sql.kinds),
        ("tables", &sql.tables),
        ("columns", &sql.columns),
        ("labelled", &sql.labelled),
        ("labelled_probed", &sql.labelled_probed),
        ("labelled_asked", &sql.labelled_asked),
        ("labelled_computed", &sql.labelled_computed),
        ("labelled_stored", &sql.labelled_stored),
        ("functions", &sql.functions),
    ]
}

/// A name that a client has chosen, if it is a word like those of interfaces.
fn plain(name: &str) -> String {
    let is_plain = name.len() <= 40 && name.bytes().all(|byte| byte.is_ascii_lowercase() || b"-_.:[]".contains(&byte));
    if is_plain { name.to_owned() } else { "[NAME OF PARAMETER]".to_owned() }
}

/// The name of a thing of a database or a service. A client can write names of things that are not there: what could hold
/// more than a name is not told.
fn thing(name: &str) -> String {
    if is_thing(name) { name.to_owned() } else { UNTOLD.to_owned() }
}

fn is_thing(name: &str) -> bool {
    let plain = name.chars().all(|c| c.is_alphanumeric() || "_$.-+".contains(c));
    plain && name.chars().filter(char::is_ascii_digit).count() < MOST_DIGITS
}

/// Fewer than a record number has, and enough for the month of a partition.
const MOST_DIGITS: usize = 7;
const UNTOLD: &str = "[NAME]";

fn part(json: &Value) -> Option<Part> {
    let facts = json["facts"].as_object()?;
    let names = |name: &str| -> BTreeSet<String> {
        let names = facts.get(name).and_then(Value::as_array).into_iter().flatten();
        names.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let text = |name: &str| facts.get(name).and_then(Value::as_str).map(str::to_owned);
    let number = |name: &str| facts.get(name).and_then(Value::as_u64);
    let flag = |name: &str| facts.get(name) == Some(&Value::Bool(true));
    let facts = match json["sort"].as_str()? {
        "none" => Facts::None,
        "sql" => Facts::Sql(SqlFacts {
            kinds: names("kinds"),
            tables: names("tables"),
            columns: names("columns"),
            labelled: names("labelled"),
            labelled_probed: names("labelled_probed"),
            labelled_asked: names("labelled_asked"),
            labelled_computed: names("labelled_computed"),
            labelled_stored: names("labelled_stored"),
            functions: names("functions"),
            has_where: flag("has_where"),
            limit: number("limit"),
            estimated_rows: number("estimated_rows"),
            rows_unbounded: flag("rows_unbounded"),
            catalog_only: flag("catalog_only"),
        }),
        "http" => Facts::Http(HttpFacts {
            method: text("method")?,
            // Of a path its template is told, and no more.
            path: HttpPath::parse(&text("path")?).ok()?,
            template: text("path")?,
            query: names("query"),
            media_type: text("media_type"),
            body_bytes: number("body_bytes"),
            rows_unbounded: flag("rows_unbounded"),
        }),
        "tool" => Facts::Tool(ToolFacts { tool: text("tool")?, arguments: names("arguments") }),
        _ => return None,
    };
    Some(Part {
        action: Action::from_name(json["action"].as_str()?)?,
        resource: Resource::from_name(json["resource"].as_str()?)?,
        facts,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_read_as_it_was_asked_but_for_what_a_client_chose() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let sql = SqlFacts {
            kinds: names(&["select"]),
            tables: names(&["clinical.patients"]),
            columns: names(&["mrn", "ssn"]),
            labelled: names(&["mrn"]),
            labelled_probed: names(&["mrn"]),
            labelled_asked: names(&["a"]),
            labelled_computed: names(&["b"]),
            labelled_stored: names(&["c"]),
            functions: names(&["pg_catalog.lower"]),
            has_where: true,
            limit: Some(5),
            estimated_rows: Some(u64::MAX),
            rows_unbounded: true,
            catalog_only: true,
        };
        let path = HttpPath::parse("/Patient/219-09-9999").unwrap();
        let http = HttpFacts {
            method: "GET".to_owned(),
            path: path.clone(),
            template: "/Patient/*".to_owned(),
            query: names(&["name", "Quixley Marigold"]),
            media_type: Some("application/json".to_owned()),
            body_bytes: Some(7),
            rows_unbounded: true,
        };
        let connect = Part { action: Action::Connect, resource: Resource::target("ehr"), facts: Facts::None };
        let select = Part {
            action: Action::Select,
            resource: Resource::table("ehr", "clinical", "patients"),
            facts: Facts::Sql(sql),
        };
        let get = Part { action: Action::HttpGet, resource: Resource::path("ehr", &path), facts: Facts::Http(http) };
        let tool = ToolFacts { tool: "read".to_owned(), arguments: names(&["id"]) };
        let call = Part { action: Action::ToolCall, resource: Resource::tool("ehr", "read"), facts: Facts::Tool(tool) };
        for kept in [&connect, &select, &call] {
            assert_eq!(part(&told(kept, "ehr", None)).as_ref(), Some(kept));
        }
        let guess = SqlFacts { tables: names(&["public.219-09-9999", "public.events_2026_11"]), ..SqlFacts::default() };
        let resource = Resource::table("ehr", "public", "219-09-9999");
        let guess = told(&Part { action: Action::Select, resource, facts: Facts::Sql(guess) }, "ehr", None);
        assert!(!guess.to_string().contains("219-09") && guess.to_string().contains("events_2026_11"), "{guess}");
        let shown = told(&get, "ehr", Some("/Patient/*"));
        assert!(!shown.to_string().contains("219-09") && !shown.to_string().contains("Marigold"), "{shown}");
        let Some(Part { resource, facts: Facts::Http(facts), .. }) = part(&shown) else { panic!("{shown}") };
        assert_eq!(resource.name(), "Path::\"ehr/Patient/*\"");
        assert_eq!((facts.path.as_str(), facts.query.len(), facts.body_bytes), ("/Patient/*", 2, Some(7)));
        assert_eq!(facts.template, "/Patient/*");
    }

    #[test]
    fn what_is_asked_again_is_found_where_it_was_asked_first() {
        let mut questions = Questions::default();
        let asked = json!([{ "action": "connect", "resource": "Target::\"ehr\"", "sort": "none", "facts": {} }]);
        let first = json!({ "exchange": 1, "policy": "allowed", "at_ms": 5, "asked": asked });
        let again = json!({ "exchange": 2, "policy": "held", "at_ms": 6, "asked_as": 1, "reason_given": true });
        assert_eq!(questions.read(&again), Err(()), "nothing was asked before");
        assert_eq!(questions.read(&json!({ "exchange": 1, "status": 200 })), Ok(None));
        let first = questions.read(&first).unwrap().unwrap();
        let second = questions.read(&again).unwrap().unwrap();
        assert_eq!((first.said.as_str(), second.said.as_str()), ("allowed", "held"));
        assert_eq!((first.parts, first.time_ms), (second.parts, 5));
        assert!(second.reason_given && !first.reason_given);
        assert_eq!(questions.read(&json!({ "exchange": 3, "policy": "held", "at_ms": 6, "asked_as": 2 })), Err(()));
    }
}
