//! ArcSight's Common Event Format, version 0.

use super::event::{Event, Source, What};

pub(crate) fn event(event: &Event, source: &Source) -> String {
    let severity = if event.is_alert() { 7 } else { 3 };
    let mut text = format!(
        "CEF:0|Blackbar|Blackbar|{}|{}|{}|{severity}|",
        env!("CARGO_PKG_VERSION"),
        in_head(event.name()),
        in_head(&format!("{} {}", event.name(), event.outcome())),
    );
    let mut pairs = vec![
        ("rt", (event.micros / 1000).to_string()),
        ("dvchost", source.host.clone()),
        ("cn1Label", "index".to_owned()),
        ("cn1", event.index.to_string()),
        ("outcome", event.outcome().to_owned()),
        ("act", event.name().to_owned()),
    ];
    let texts = [
        ("suser", event.text_of("subject")),
        ("src", event.detail_text("source")),
        ("destinationServiceName", event.text_of("target")),
    ];
    pairs.extend(texts.into_iter().filter_map(|(key, text)| Some((key, text?.to_owned()))));
    if event.detail("method").is_some() || event.detail("actions").is_some() {
        pairs.push(("request", event.statement()));
    }
    if let Some(session) = event.text_of("session").or_else(|| event.text_of("about")) {
        pairs.extend([("cs1Label", "session".to_owned()), ("cs1", session.to_owned())]);
    }
    match &event.what {
        What::Leaf { hash, .. } => pairs.extend([("cs2Label", "leafHash".to_owned()), ("cs2", hash.clone())]),
        What::Checkpoint { note } => pairs.extend([("cs2Label", "checkpoint".to_owned()), ("cs2", note.clone())]),
    }
    pairs.extend([("cs3Label", "log".to_owned()), ("cs3", source.origin.clone())]);
    let replaced = event.replaced();
    if replaced > 0 {
        pairs.extend([("cn2Label", "replaced".to_owned()), ("cn2", replaced.to_string())]);
    }
    let pairs: Vec<String> = pairs.iter().map(|(key, value)| format!("{key}={}", in_extension(value))).collect();
    text.push_str(&pairs.join(" "));
    text
}

/// In the head, `|` parts fields, and a line is an event.
fn in_head(text: &str) -> String {
    escaped(text, |c| c == '|', " ")
}

/// Behind it, `=` parts a key from its value; lines may be told as such.
fn in_extension(text: &str) -> String {
    escaped(text, |c| c == '=', "\\n")
}

fn escaped(text: &str, special: impl Fn(char) -> bool, newline: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' | '\r' => out.push_str(newline),
            c if special(c) => {
                out.push('\\');
                out.push(c);
            }
            // Nothing that steers a terminal or ends a line elsewhere.
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_writes_a_field_or_an_event_through_a_name() {
        assert_eq!(in_head("a|b\\c\nCEF:0|x"), "a\\|b\\\\c CEF:0\\|x");
        assert_eq!(in_extension("a=b|c\\\r\nsuser=root\u{1b}[2J"), "a\\=b|c\\\\\\n\\nsuser\\=root [2J");
    }
}
