//! FHIR R4 `AuditEvent`, along IHE's Basic Audit Log Patterns.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blackbar_ledger::Kind;
use serde_json::{Value, json};

use super::event::{Event, Source, What};

const DICOM: &str = "http://dicom.nema.org/resources/ontology/DCM";
const EVENT: &str = "http://terminology.hl7.org/CodeSystem/audit-event-type";
const REST: &str = "http://hl7.org/fhir/restful-interaction";
const LIFECYCLE: &str = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle";

pub(crate) fn event(event: &Event, source: &Source) -> Value {
    let (kind, subtype, action) = coded(event, source);
    let mut out = json!({
        "resourceType": "AuditEvent",
        "type": kind,
        "action": action,
        "recorded": event.time,
        "outcome": outcome(event),
        "agent": agents(event, source),
        "source": {
            "site": source.origin,
            "observer": { "display": source.host },
            "type": [coding("http://terminology.hl7.org/CodeSystem/security-source-type", "4", "Application Server")],
        },
        "entity": entities(event, source),
    });
    if let (Some(object), Some(subtype)) = (out.as_object_mut(), subtype) {
        object.insert("subtype".to_owned(), json!([subtype]));
    }
    out
}

/// Type, subtype and action.
fn coded(event: &Event, source: &Source) -> (Value, Option<Value>, &'static str) {
    let dicom = |code, display| coding(DICOM, code, display);
    let is_sql = event.text_of("target").is_some_and(|target| source.databases.iter().any(|name| name == target));
    let rest = || coding(EVENT, "rest", "RESTful Operation");
    match event.kind() {
        Some(Kind::SessionOpen | Kind::AuthFail) => {
            (dicom("110114", "User Authentication"), Some(dicom("110122", "Login")), "E")
        }
        Some(Kind::SessionClose) => (dicom("110114", "User Authentication"), Some(dicom("110123", "Logout")), "E"),
        Some(Kind::DecisionDenied | Kind::DecisionExpired) => (dicom("110113", "Security Alert"), None, "E"),
        Some(Kind::Alarm) => (dicom("110113", "Security Alert"), None, "E"),
        Some(Kind::Recovery) => (dicom("110113", "Security Alert"), Some(dicom("110120", "Application Start")), "E"),
        Some(
            Kind::Request
            | Kind::Response
            | Kind::Blocks
            | Kind::DecisionAsked
            | Kind::DecisionGranted
            | Kind::DecisionConsumed,
        ) => {
            if is_sql {
                return (dicom("110112", "Query"), None, "E");
            }
            let (code, action) = match event.detail_text("method") {
                Some("POST") => ("create", "C"),
                Some("PUT") => ("update", "U"),
                Some("PATCH") => ("patch", "U"),
                Some("DELETE") => ("delete", "D"),
                // A path with a name behind the type reads one resource; one without searches.
                Some("GET" | "HEAD") if event.detail_text("path").is_some_and(|path| path.contains("/*")) => {
                    ("read", "R")
                }
                Some("GET" | "HEAD") => ("search", "E"),
                _ => ("operation", "E"),
            };
            (rest(), Some(coding(REST, code, code)), action)
        }
        Some(Kind::ReplayView) => (dicom("110101", "Audit Log Used"), None, "R"),
        Some(Kind::Export) => (dicom("110106", "Export"), None, "R"),
        Some(Kind::RetentionHold) => (coding(LIFECYCLE, "hold", "Add Legal Hold"), None, "U"),
        Some(Kind::RetentionRelease) => (coding(LIFECYCLE, "unhold", "Remove Legal Hold"), None, "U"),
        Some(Kind::RetentionTombstone | Kind::RetentionConfirmed | Kind::KeyShred) => {
            (coding(LIFECYCLE, "destroy", "Destroy/Delete"), None, "D")
        }
        _ => (dicom("110100", "Application Activity"), None, "E"),
    }
}

fn outcome(event: &Event) -> &'static str {
    match event.outcome() {
        "denied" => "8",
        "failed" | "interrupted" => "4",
        _ => "0",
    }
}

fn agents(event: &Event, source: &Source) -> Value {
    let dicom = |code, display| json!({ "coding": [coding(DICOM, code, display)] });
    let mut agents = Vec::new();
    if let Some(subject) = event.text_of("subject") {
        let mut agent = json!({
            "type": dicom("110153", "Source Role ID"),
            "who": { "identifier": { "value": subject } },
            "requestor": true,
        });
        if let (Some(agent), Some(address)) = (agent.as_object_mut(), event.detail_text("source")) {
            // 2: an address.
            agent.insert("network".to_owned(), json!({ "address": address, "type": "2" }));
        }
        agents.push(agent);
    }
    let is_alone = agents.is_empty();
    agents.push(json!({
        "type": dicom("110152", "Destination Role ID"),
        "who": { "identifier": { "value": source.origin }, "display": "Blackbar" },
        "requestor": is_alone,
        "network": { "address": source.host, "type": "1" },
    }));
    Value::Array(agents)
}

fn entities(event: &Event, source: &Source) -> Value {
    let role = |code, display| coding("http://terminology.hl7.org/CodeSystem/object-role", code, display);
    let object = |code, display| coding(EVENT_ENTITY, code, display);
    let mut entities = Vec::new();
    if event.detail("method").is_some() || event.detail("actions").is_some() {
        entities.push(json!({
            "what": { "display": event.text_of("target").unwrap_or("gateway") },
            "type": object("2", "System Object"),
            "role": role("24", "Query"),
            "query": STANDARD.encode(event.statement()),
        }));
    } else if let Some(target) = event.text_of("target") {
        entities.push(json!({ "what": { "display": target }, "type": object("2", "System Object") }));
    }
    // What the event is in the log, so that it can be proved.
    let (kind, value) = match &event.what {
        What::Leaf { hash, .. } => ("leaf-hash", hash.clone()),
        What::Checkpoint { note } => ("checkpoint", note.clone()),
    };
    let mut detail = vec![
        json!({ "type": "index", "valueString": event.index.to_string() }),
        json!({ "type": kind, "valueString": value }),
        json!({ "type": "kind", "valueString": event.name() }),
    ];
    if event.replaced() > 0 {
        detail.push(json!({ "type": "replaced", "valueString": event.replaced().to_string() }));
    }
    let name = event.text_of("session").or_else(|| event.text_of("about"));
    let name = name.map_or_else(|| format!("{}/{}", source.origin, event.index), str::to_owned);
    entities.push(json!({
        "what": { "identifier": { "value": name } },
        "type": object("4", "Other"),
        "role": role("13", "Security Resource"),
        "detail": detail,
    }));
    Value::Array(entities)
}

const EVENT_ENTITY: &str = "http://terminology.hl7.org/CodeSystem/audit-entity-type";

fn coding(system: &str, code: &str, display: &str) -> Value {
    json!({ "system": system, "code": code, "display": display })
}

/// Several of them for one request to a FHIR server.
pub(crate) fn bundle(events: Vec<Value>) -> Value {
    let entries: Vec<Value> = events
        .into_iter()
        .map(|event| json!({ "resource": event, "request": { "method": "POST", "url": "AuditEvent" } }))
        .collect();
    json!({ "resourceType": "Bundle", "type": "batch", "entry": entries })
}
