//! What people are shown of a request that was recorded or is held: a line, in which identifiers are masked already.

use serde_json::Value;

/// The request in a line. `inert` takes out of a client's words what the place where they are shown would obey.
pub(crate) fn summary(request: &Value, inert: impl Fn(&str) -> String) -> String {
    let of = |key: &str| inert(request[key].as_str().unwrap_or_default());
    if request.is_string() {
        return "statement".to_owned();
    }
    if request["sql"].is_string() {
        return of("sql");
    }
    if request.get("message").is_some() {
        let text = of("text");
        return if text.is_empty() { of("message") } else { text };
    }
    let query = request["query"].as_array().into_iter().flatten();
    let said = |value: &Value| inert(value.as_str().unwrap_or_default());
    let query: Vec<String> = query.map(|pair| format!("{}={}", said(&pair[0]), said(&pair[1]))).collect();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{} {}{mark}{}", of("method"), of("path"), query.join("&"))
}
