//! X12, by whole segments.

use super::{Name, Run};
use crate::lens::x12::{Header, Qualified, USUAL, header, is_free, is_sign};
use crate::{Separators, Slot};

/// Interchanges, and whatever stands between their segments.
pub(in crate::naive) fn interchanges(doc: &[u8]) -> Vec<Run> {
    let (mut runs, mut at, mut record) = (Vec::new(), 0, 0);
    let (mut signs, mut place) = (USUAL, Qualified::default());
    while at < doc.len() {
        let blank = doc[at].is_ascii_whitespace() || b"\xef\xbb\xbf".get(at) == Some(&doc[at]);
        if blank || doc[at] == signs.terminator {
            at += 1;
            continue;
        }
        let rest = &doc[at..];
        if rest.starts_with(b"ISA") && rest.get(3).is_some_and(|byte| is_sign(*byte)) {
            let len = (4..=rest.len()).find(|len| !matches!(header(&rest[..*len]), Header::More));
            match len.map(|len| (header(&rest[..len]), len)) {
                Some((Header::Whole(found, elements), taken)) => {
                    (signs, place, record) = (found, Qualified::default(), record + 1);
                    for ((from, len), number) in elements.into_iter().zip(1..) {
                        let value = &rest[from..from + len];
                        if !value.iter().all(u8::is_ascii_whitespace) {
                            let mut run = element(b"ISA", b"", number, 1, record);
                            run.slot = Slot::Fixed(signs);
                            run.plain(doc, at + from, at + from + len);
                            runs.push(run);
                        }
                    }
                    at += taken;
                }
                _ => {
                    // All that was taken for a header is text, and what follows up to a terminator.
                    let taken = len.map_or(doc.len(), |len| at + len);
                    at = text(doc, at, taken, signs, record, &mut runs);
                }
            }
            continue;
        }
        let len = rest.iter().position(|byte| *byte == signs.terminator).unwrap_or(rest.len());
        let name_len = rest[..len].iter().position(|byte| *byte == signs.field).unwrap_or(len);
        let ends = at + name_len < doc.len();
        let named = (2..=3).contains(&name_len)
            && rest[0].is_ascii_uppercase()
            && rest[1..name_len].iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        if !named || !ends {
            at = text(doc, at, at, signs, record, &mut runs);
            continue;
        }
        let name = &rest[..name_len];
        record += usize::from(place.enter(name));
        let end = at + len;
        segment(doc, name, at + name_len, end, signs, &mut place, record, &mut runs);
        at = end;
    }
    runs
}

/// What is no segment: `from` to `taken`, and on to a terminator.
fn text(doc: &[u8], from: usize, taken: usize, signs: Separators, record: usize, runs: &mut Vec<Run>) -> usize {
    let len = doc[taken..].iter().position(|byte| *byte == signs.terminator);
    let end = len.map_or(doc.len(), |len| taken + len);
    let mut run = Run { slot: Slot::Segment(signs), record, ..Run::default() };
    run.plain(doc, from, end);
    runs.push(run);
    end
}

fn element(segment: &[u8], qualifier: &[u8], number: usize, component: usize, record: usize) -> Run {
    let field = format!("{}-{number:02}", String::from_utf8_lossy(segment)).into_bytes();
    let mut path = vec![Name { name: field, ..Name::default() }];
    if component > 1 {
        path.push(Name { name: component.to_string().into_bytes(), ..Name::default() });
    }
    let numbers = [format!("{number:02}").into_bytes(), component.to_string().into_bytes()];
    let [number, component] = numbers;
    let typed = Some(vec![segment.to_vec(), qualifier.to_vec(), number, component]);
    Run { path, typed, record, ..Run::default() }
}

#[expect(clippy::too_many_arguments, reason = "the state of a reader, written out")]
fn segment(
    doc: &[u8],
    name: &[u8],
    mut at: usize,
    end: usize,
    signs: Separators,
    place: &mut Qualified,
    record: usize,
    runs: &mut Vec<Run>,
) {
    let (mut number, mut component) = (0, 1);
    while at < end {
        let byte = doc[at];
        let free = is_free(name, number);
        let repeats = byte == signs.repetition && byte != 0;
        if byte == signs.field {
            (number, component) = (number + 1, 1);
            at += 1;
        } else if byte == signs.component && !free {
            component += 1;
            at += 1;
        } else if repeats && !free {
            component = 1;
            at += 1;
        } else {
            let part = |byte: u8| byte == signs.component || (byte == signs.repetition && byte != 0);
            let ends = |byte: &u8| *byte == signs.field || (part(*byte) && !free);
            let len = doc[at..end].iter().position(ends).unwrap_or(end - at);
            let mut run = element(name, &place.qualifier(name), number, component, record);
            run.slot = Slot::Segment(signs);
            run.plain(doc, at, at + len);
            place.note(name, number, component, &run.text);
            runs.push(run);
            at += len;
        }
    }
}
