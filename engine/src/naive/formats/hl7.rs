//! HL7 version 2, by whole lines.

use super::{Name, Run};
use crate::{Separators, Slot};

const ENDS: &[u8] = b"\r\n\x0b\x1c";

/// Messages and whatever stands between them.
pub(in crate::naive) fn messages(doc: &[u8]) -> Vec<Run> {
    let (mut runs, mut at, mut record, mut separators) = (Vec::new(), 0, 0, Separators::HL7);
    while at < doc.len() {
        if ENDS.contains(&doc[at]) || b"\xef\xbb\xbf".get(at) == Some(&doc[at]) {
            at += 1;
            continue;
        }
        let len = doc[at..].iter().position(|byte| ENDS.contains(byte)).unwrap_or(doc.len() - at);
        let (line, end) = (&doc[at..at + len], at + len);
        let named = line.len() >= 3
            && line[0].is_ascii_uppercase()
            && line[1..3].iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        let complete = end < doc.len();
        match header(line, complete).filter(|_| named) {
            Some((found, behind)) => {
                separators = found;
                record += 1;
                segment(doc, at, at + behind, end, 2, separators, record, &mut runs);
            }
            None if named && line.get(3) == Some(&separators.field) && !is_header(line) => {
                record += usize::from(matches!(&line[..3], b"BTS" | b"FTS"));
                segment(doc, at, at + 4, end, 1, separators, record, &mut runs);
            }
            None => {
                let mut run = Run { slot: Slot::Segment(separators), record, ..Run::default() };
                run.plain(doc, at, end);
                runs.push(run);
            }
        }
        at = end;
    }
    runs
}

fn is_header(line: &[u8]) -> bool {
    matches!(&line[..3], b"MSH" | b"FHS" | b"BHS")
}

/// The separators that a header names, and where what follows them begins.
fn header(line: &[u8], complete: bool) -> Option<(Separators, usize)> {
    let field = *line.get(3).filter(|byte| byte.is_ascii_punctuation() && is_header(line))?;
    let end = line[4..].iter().position(|byte| *byte == field).map(|len| len + 4);
    // A header that the line ends is one; one that the input ends may have gone on.
    let end = end.or_else(|| complete.then_some(line.len()))?;
    let signs = &line[4..end];
    if signs.len() > 5 || !signs.iter().all(u8::is_ascii_punctuation) {
        return None;
    }
    let sign = |i: usize| signs.get(i).copied().unwrap_or(0);
    let usual = |sign: u8| if sign == field { 0 } else { sign };
    let [component, repetition, escape, subcomponent] =
        if signs.is_empty() { [b'^', b'~', b'\\', b'&'].map(usual) } else { [sign(0), sign(1), sign(2), sign(3)] };
    Some((Separators { field, component, repetition, escape, subcomponent, terminator: 0 }, end))
}

#[expect(clippy::too_many_arguments, reason = "the state of a reader, written out")]
/// The values of one segment that begins at `start`, from `at` on, where its field number `field` stands.
fn segment(
    doc: &[u8],
    start: usize,
    mut at: usize,
    end: usize,
    mut field: usize,
    separators: Separators,
    record: usize,
    runs: &mut Vec<Run>,
) {
    let name = &doc[start..start + 3];
    let (mut component, mut value_type) = (1, Vec::new());
    while at < end {
        let byte = doc[at];
        let free = match (name, field) {
            (b"NTE", 3) => true,
            (b"OBX", 5) => [&b"TX"[..], b"FT", b"ST"].contains(&&value_type[..]),
            _ => false,
        };
        // No separator is a zero byte.
        let parts = !free && byte != 0;
        if byte == separators.field {
            (field, component) = (field + 1, 1);
            at += 1;
        } else if parts && byte == separators.component {
            component += 1;
            at += 1;
        } else if parts && byte == separators.repetition {
            component = 1;
            at += 1;
        } else if parts && byte == separators.subcomponent {
            at += 1;
        } else {
            let slot = Slot::Segment(separators);
            let mut run = Run { slot, record, ..Run::default() };
            let names = [format!("{}-{field}", String::from_utf8_lossy(name)), component.to_string()];
            run.path = names.into_iter().map(|name| Name { name: name.into_bytes(), ..Name::default() }).collect();
            let mut typed = vec![name.to_vec(), field.to_string().into_bytes(), component.to_string().into_bytes()];
            if name == b"OBX" && field == 5 && !value_type.is_empty() {
                typed.push(value_type.clone());
            }
            run.typed = Some(typed);
            run.prose = free;
            at = value(doc, at, end, free, separators, &mut run);
            if name == b"OBX" && field == 2 && run.text.len() <= 256 {
                value_type = run.text.clone();
            }
            runs.push(run);
        }
    }
}

/// Reads one value; says where it ends.
fn value(doc: &[u8], mut at: usize, end: usize, free: bool, separators: Separators, run: &mut Run) -> usize {
    let Separators { field, component, repetition, subcomponent, escape: mark, .. } = separators;
    while at < end {
        let byte = doc[at];
        if byte == mark {
            match escape(&doc[at + 1..end], separators) {
                Some((text, len)) => {
                    run.push(&text, at, at + 1 + len);
                    at += 1 + len;
                }
                None => {
                    run.plain(doc, at, at + 1);
                    at += 1;
                }
            }
            continue;
        }
        if byte == field || (!free && [component, repetition, subcomponent].contains(&byte) && byte != 0) {
            break;
        }
        match byte {
            0 => run.plain(doc, at, at + 1),
            _ if byte == repetition => run.push(b"\n", at, at + 1),
            _ if byte == component => run.push(b" ", at, at + 1),
            _ => run.plain(doc, at, at + 1),
        }
        at += 1;
    }
    at
}

/// What the escape that ends in `rest` stands for, and how much of `rest` it takes.
fn escape(rest: &[u8], separators: Separators) -> Option<(Vec<u8>, usize)> {
    let Separators { field, component, repetition, subcomponent, escape: mark, .. } = separators;
    let len = rest.iter().take(66).position(|byte| *byte == mark)?;
    let content = std::str::from_utf8(&rest[..len]).ok()?;
    let taken = [field, component, repetition, subcomponent];
    let fits =
        |c: char| (c.is_ascii_alphanumeric() || ".+-".contains(c)) && !taken.iter().any(|sign| char::from(*sign) == c);
    if len > 64 || !content.chars().all(fits) {
        return None;
    }
    let bytes = |digits: &str| -> Option<Vec<u8>> {
        let ok = digits.len().is_multiple_of(2) && digits.chars().all(|c| c.is_ascii_hexdigit());
        let pair = |i: usize| u8::from_str_radix(&digits[i..i + 2], 16).ok();
        (ok && !digits.is_empty()).then(|| (0..digits.len()).step_by(2).filter_map(pair).collect())
    };
    let begins = |list: &[&str]| content.len() <= 8 && list.iter().any(|start| content.starts_with(start));
    let text = match content {
        "F" => vec![field],
        "S" if component != 0 => vec![component],
        "T" if subcomponent != 0 => vec![subcomponent],
        "R" if repetition != 0 => vec![repetition],
        "E" => vec![mark],
        "P" => b"#".to_vec(),
        "H" | "N" => b" ".to_vec(),
        ".br" | ".ce" => b"\n".to_vec(),
        ".fi" | ".nf" => b" ".to_vec(),
        _ if begins(&[".sp"]) => b"\n".to_vec(),
        _ if begins(&[".in", ".ti", ".sk"]) => b" ".to_vec(),
        _ if content.starts_with('X') => bytes(&content[1..])?,
        _ if begins(&["C", "M"]) && content.len() >= 5 => bytes(&content[1..]).map(|_| b" ".to_vec())?,
        _ => return None,
    };
    Some((text, len + 1))
}
