//! Form data, pair by pair.

use super::{Name, Run};
use crate::Slot;

/// Names and values.
pub(in crate::naive) fn pairs(doc: &[u8]) -> Vec<Run> {
    let (mut runs, mut at, mut record) = (Vec::new(), 0, 0);
    while at < doc.len() {
        let len = doc[at..].iter().position(|byte| b"&\r\n".contains(byte)).unwrap_or(doc.len() - at);
        let end = at + len;
        let equals = doc[at..end].iter().position(|byte| *byte == b'=').map(|len| at + len);
        let name = part(doc, at, equals.unwrap_or(end), record);
        let mut path = Vec::new();
        if !name.text.is_empty() {
            let long = name.text.len() > 128;
            let text = if long { Vec::new() } else { name.text.clone() };
            path.push(Name { name: text, key: Some(runs.len()), long });
            runs.push(name);
        }
        if let Some(equals) = equals {
            let value = Run { path, ..part(doc, equals + 1, end, record) };
            runs.extend((!value.text.is_empty()).then_some(value));
        }
        record += usize::from(doc.get(end) == Some(&b'\n'));
        at = end + 1;
    }
    runs
}

fn part(doc: &[u8], mut at: usize, end: usize, record: usize) -> Run {
    let mut run = Run { slot: Slot::Form, record, ..Run::default() };
    while at < end {
        let hex = std::str::from_utf8(&doc[(at + 1).min(end)..(at + 3).min(end)]).unwrap_or_default();
        let code = hex.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u8::from_str_radix(hex, 16).ok()).flatten();
        match (doc[at], code) {
            (b'%', Some(code)) if hex.len() == 2 => {
                run.push(&[code], at, at + 3);
                at += 3;
            }
            (b'+', _) => {
                run.push(b" ", at, at + 1);
                at += 1;
            }
            _ => {
                run.plain(doc, at, at + 1);
                at += 1;
            }
        }
    }
    run
}
