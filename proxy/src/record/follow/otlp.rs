//! OTLP log records, in their JSON form.

use serde_json::{Value, json};

use super::event::{Event, Source};

/// One log record; its body is the leaf as it is.
pub(crate) fn record(event: &Event, source: &Source) -> Value {
    // Severities: 9 is INFO, 13 is WARN.
    let (number, text) = if event.is_alert() { (13, "WARN") } else { (9, "INFO") };
    let nanos = event.micros.saturating_mul(1000).to_string();
    let attribute = |key: &str, value: &str| json!({ "key": key, "value": { "stringValue": value } });
    let mut attributes = vec![
        attribute("event.name", &format!("blackbar.{}", event.name())),
        attribute("blackbar.log.index", &event.index.to_string()),
        attribute("blackbar.outcome", event.outcome()),
    ];
    for (key, of) in [("enduser.id", "subject"), ("blackbar.target", "target"), ("session.id", "session")] {
        attributes.extend(event.text_of(of).map(|text| attribute(key, text)));
    }
    json!({
        "timeUnixNano": nanos, "severityNumber": number, "severityText": text,
        "body": { "stringValue": event.json(source).to_string() }, "attributes": attributes,
    })
}

/// A request that exports records.
pub(crate) fn request(records: Vec<Value>, source: &Source) -> Value {
    let attribute = |key: &str, value: &str| json!({ "key": key, "value": { "stringValue": value } });
    let resource = json!({ "attributes": [
        attribute("service.name", "blackbar"), attribute("service.version", env!("CARGO_PKG_VERSION")),
        attribute("service.instance.id", &source.origin), attribute("host.name", &source.host),
    ] });
    json!({ "resourceLogs": [{
        "resource": resource,
        "scopeLogs": [{ "scope": { "name": "blackbar.ledger" }, "logRecords": records }],
    }] })
}
