//! RFC 5424 messages, counted by octets (RFC 6587) for TCP and TLS (RFC 5425).

use super::event::{Event, Source};

/// Receivers are known to lose longer ones without a word.
const MOST: usize = 7 * 1024;

/// Under which the parameters stand. 32473 is the number that is set aside for documentation; the name tells whose they are.
const ID: &str = "blackbar@32473";

/// The messages of one event: more than one when it is long, each saying which part it is.
pub(crate) fn messages(event: &Event, source: &Source, text: &str) -> Vec<u8> {
    // Facility 13 is the audit log; severity 4 a warning, 6 a notice of something usual.
    let priority = 13 * 8 + if event.is_alert() { 4 } else { 6 };
    let parts = cut(text);
    let mut out = Vec::with_capacity(text.len() + 256 * parts.len());
    for (number, part) in (1..).zip(&parts) {
        let of = if parts.len() > 1 { format!(" part=\"{number}/{}\"", parts.len()) } else { String::new() };
        let message = format!(
            "<{priority}>1 {} {} blackbar - {} [{ID} origin=\"{}\" index=\"{}\"{of}] {part}",
            event.time,
            in_head(&source.host),
            in_head(event.name()),
            in_parameter(&source.origin),
            event.index,
        );
        out.extend_from_slice(format!("{} {message}", message.len()).as_bytes());
    }
    out
}

fn cut(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while rest.len() > MOST {
        let end = (0..=MOST).rev().find(|at| rest.is_char_boundary(*at)).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        parts.push(part);
        rest = after;
    }
    parts.push(rest);
    parts
}

/// Fields of the head are printable ASCII without spaces.
fn in_head(text: &str) -> String {
    let text: String = text.chars().filter(char::is_ascii_graphic).take(64).collect();
    if text.is_empty() { "-".to_owned() } else { text }
}

fn in_parameter(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '"' | '\\' | ']') {
            out.push('\\');
        }
        out.push(if c.is_control() { ' ' } else { c });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::event::What;
    use super::*;

    #[test]
    fn messages_are_counted_and_long_ones_cut() {
        let event = Event {
            index: 7,
            micros: 0,
            time: "2026-11-21T00:00:00.000000Z".into(),
            what: What::Checkpoint { note: "note".into() },
        };
        let source = Source { origin: "a\"]/b".into(), host: "gate way".into(), databases: Vec::new() };
        let one = String::from_utf8(messages(&event, &source, "text")).unwrap();
        let (length, message) = one.split_once(' ').unwrap();
        assert_eq!(length.parse::<usize>().unwrap(), message.len());
        assert_eq!(
            message,
            "<110>1 2026-11-21T00:00:00.000000Z gateway blackbar - checkpoint [blackbar@32473 origin=\"a\\\"\\]/b\" index=\"7\"] text"
        );
        let long = "é".repeat(5000);
        let mut bytes = &messages(&event, &source, &long)[..];
        let mut joined = String::new();
        for number in 1..=2 {
            let space = bytes.iter().position(|byte| *byte == b' ').unwrap();
            let length: usize = std::str::from_utf8(&bytes[..space]).unwrap().parse().unwrap();
            let (message, rest) = bytes[space + 1..].split_at(length);
            let message = std::str::from_utf8(message).unwrap();
            assert!(message.len() < 8192 && message.contains(&format!("part=\"{number}/2\"")));
            joined.push_str(message.split_once("] ").unwrap().1);
            bytes = rest;
        }
        assert_eq!((joined, bytes.len()), (long, 0));
    }
}
