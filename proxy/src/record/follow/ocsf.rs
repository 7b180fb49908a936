//! OCSF 1.8.0. The whole leaf is in `unmapped`, so that nothing is lost and each event can be proved.

use blackbar_ledger::Kind;
use serde_json::{Map, Value, json};

use super::event::{Event, Source, What};

/// The version of the schema.
pub(crate) const VERSION: &str = "1.8.0";

/// A class of events: its number, and that of its category.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Class(u64, u64);

const BASE: Class = Class(0, 0);
const DETECTION: Class = Class(2004, 2);
const AUTHENTICATION: Class = Class(3002, 3);
const ENTITY: Class = Class(3004, 3);
const LIFECYCLE: Class = Class(6002, 6);
const API: Class = Class(6003, 6);
const DATASTORE: Class = Class(6005, 6);

const OTHER: u64 = 99;

pub(crate) fn event(event: &Event, source: &Source) -> Value {
    let (class, activity) = class(event, source);
    let mut out = Map::new();
    let Class(class_uid, category_uid) = class;
    let mut add = |key: &str, value: Value| {
        out.insert(key.to_owned(), value);
    };
    add("class_uid", class_uid.into());
    add("category_uid", category_uid.into());
    add("activity_id", activity.into());
    add("type_uid", (class_uid * 100 + activity).into());
    if activity == OTHER {
        add("activity_name", event.name().into());
    }
    add("time", (event.micros / 1000).into());
    let (severity, status) = judged(event);
    add("severity_id", severity.into());
    if let Some(status) = status {
        add("status_id", status.into());
    }
    add("message", format!("{} {}", event.name(), event.outcome()).into());
    add("metadata", metadata(event, source, class));
    add("unmapped", unmapped(event));
    match class {
        API | DATASTORE => {
            add(
                "actor",
                json!({ "user": user(event), "session": { "uid": event.text_of("session").unwrap_or_default() } }),
            );
            add("src_endpoint", endpoint(event));
            decided(event, &mut add);
        }
        AUTHENTICATION => {
            add("user", user(event));
            add("service", json!({ "name": event.text_of("target").unwrap_or("gateway") }));
            add("src_endpoint", endpoint(event));
            if let Some(session) = event.text_of("session") {
                add("session", json!({ "uid": session }));
            }
        }
        ENTITY => add("entity", entity(event)),
        LIFECYCLE => add("app", product()),
        DETECTION => {
            let uid = format!("{}/{}", source.origin, event.index);
            add(
                "finding_info",
                json!({ "uid": uid, "title": event.detail_text("what").unwrap_or("the gateway was stopped without an end") }),
            );
        }
        _ => {}
    }
    match class {
        API => add(
            "api",
            json!({ "operation": event.statement(), "service": { "name": event.text_of("target").unwrap_or("gateway") } }),
        ),
        DATASTORE => {
            // 1: relational.
            add("database", json!({ "name": event.text_of("target").unwrap_or("unknown"), "type_id": 1 }));
            add(
                "query_info",
                json!({ "name": event.text_of("target").unwrap_or("unknown"), "query_string": event.statement() }),
            );
        }
        _ => {}
    }
    if class == API
        && let Some(status) = event.detail("status").and_then(Value::as_u64)
    {
        add("http_response", json!({ "code": status }));
    }
    Value::Object(out)
}

/// Which class a leaf is of, and which activity of it.
fn class(event: &Event, source: &Source) -> (Class, u64) {
    let is_sql = event.text_of("target").is_some_and(|target| source.databases.iter().any(|name| name == target));
    let Some(kind) = event.kind() else {
        return if matches!(event.what, What::Checkpoint { .. }) { (LIFECYCLE, OTHER) } else { (BASE, OTHER) };
    };
    match kind {
        Kind::SessionOpen | Kind::AuthFail => (AUTHENTICATION, 1),
        Kind::SessionClose => (AUTHENTICATION, 2),
        Kind::Request
        | Kind::Response
        | Kind::Blocks
        | Kind::DecisionAsked
        | Kind::DecisionGranted
        | Kind::DecisionDenied
        | Kind::DecisionExpired
        | Kind::DecisionConsumed => {
            if is_sql {
                (DATASTORE, sql_activity(event))
            } else {
                (API, http_activity(event))
            }
        }
        Kind::KeyCreate => (ENTITY, 1),
        Kind::ReplayView | Kind::Export => (ENTITY, 2),
        Kind::ConfigChange | Kind::PolicyLoad | Kind::KeyRotate => (ENTITY, 3),
        Kind::KeyShred | Kind::RetentionTombstone | Kind::RetentionConfirmed => (ENTITY, 4),
        Kind::RetentionHold | Kind::RetentionRelease => (ENTITY, OTHER),
        // 1: Create.
        Kind::Recovery | Kind::Alarm => (DETECTION, 1),
        Kind::Heartbeat => (LIFECYCLE, OTHER),
        _ => (BASE, OTHER),
    }
}

fn http_activity(event: &Event) -> u64 {
    match event.detail_text("method") {
        Some("POST") => 1,
        Some("GET" | "HEAD") => 2,
        Some("PUT" | "PATCH") => 3,
        Some("DELETE") => 4,
        _ => OTHER,
    }
}

fn sql_activity(event: &Event) -> u64 {
    // Read 1, Update 2, Connect 3, Query 4, Write 5, Create 6, Delete 7.
    let actions = event.detail("actions").and_then(Value::as_array);
    let actions: Vec<&str> = actions.into_iter().flatten().filter_map(Value::as_str).collect();
    match actions.as_slice() {
        ["select"] => 4,
        ["update"] => 2,
        ["insert" | "copy_in"] => 5,
        ["delete" | "truncate"] => 7,
        ["connect"] => 3,
        _ => OTHER,
    }
}

/// Severity and status.
fn judged(event: &Event) -> (u64, Option<u64>) {
    let status = match event.outcome() {
        "success" => Some(1),
        "denied" | "failed" | "interrupted" => Some(2),
        "held" => Some(99),
        _ => None,
    };
    let severity = match event.kind() {
        Some(Kind::Alarm) => 5,
        Some(Kind::Recovery | Kind::AuthFail) => 3,
        Some(Kind::DecisionDenied) => 2,
        _ => 1,
    };
    (severity, status)
}

/// What the gateway did about a request.
fn decided(event: &Event, add: &mut impl FnMut(&str, Value)) {
    // Actions: 1 allowed, 2 denied. Dispositions: 1 allowed, 2 blocked, 14 delayed.
    let (action, disposition) = match event.kind() {
        Some(Kind::DecisionGranted | Kind::DecisionConsumed) => (1, 1),
        Some(Kind::DecisionDenied | Kind::DecisionExpired) => (2, 2),
        Some(Kind::DecisionAsked) => (OTHER, 14),
        _ => return,
    };
    add("action_id", action.into());
    if action == OTHER {
        add("action", "held".into());
    }
    add("disposition_id", disposition.into());
    add("is_alert", event.is_alert().into());
}

fn metadata(event: &Event, source: &Source, class: Class) -> Value {
    let mut profiles = vec![];
    if matches!(class, API | DATASTORE) {
        profiles.push("security_control");
    }
    json!({
        "version": VERSION,
        "product": product(),
        "uid": format!("{}/{}", source.origin, event.index),
        "log_name": source.origin,
        "sequence": event.index,
        "profiles": profiles,
    })
}

fn product() -> Value {
    json!({ "name": "Blackbar", "vendor_name": "Blackbar", "version": env!("CARGO_PKG_VERSION") })
}

/// The leaf with its hash, from which a proof can be asked for; or the checkpoint.
fn unmapped(event: &Event) -> Value {
    match &event.what {
        What::Leaf { hash, leaf, .. } => json!({ "leaf_hash": hash, "leaf": leaf }),
        What::Checkpoint { note } => json!({ "checkpoint": note }),
    }
}

fn user(event: &Event) -> Value {
    let name = event.text_of("subject").unwrap_or("unknown");
    // 1 user, 3 system: an agent is a program.
    let kind = match event.detail_text("kind") {
        Some("user") => 1,
        Some("agent") => 3,
        _ => 0,
    };
    json!({ "name": name, "uid": name, "type_id": kind })
}

fn endpoint(event: &Event) -> Value {
    match event.detail_text("source") {
        Some(address) => json!({ "ip": address }),
        // The first leaf of the session has it.
        None => json!({ "name": event.text_of("subject").unwrap_or("unknown") }),
    }
}

fn entity(event: &Event) -> Value {
    let (what, name) = match event.kind() {
        Some(Kind::ConfigChange) => ("configuration", event.detail_text("did").unwrap_or("loaded")),
        Some(Kind::PolicyLoad) => ("policies", event.detail_text("rules").unwrap_or("loaded")),
        Some(Kind::KeyCreate | Kind::KeyRotate | Kind::KeyShred) => {
            ("key", event.detail_text("month").unwrap_or("key"))
        }
        _ => ("recording", event.text_of("about").or_else(|| event.detail_text("hold")).unwrap_or("record")),
    };
    json!({ "name": name, "type": what })
}
