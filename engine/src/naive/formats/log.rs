//! Lines of a log, and of statements. What the parts of a line are is told by the same tables as in the lens.

use super::{Name, Run, copy, through};
use crate::Standing;
use crate::lens::log::{LINE, LONGEST_LINE, Part, Sql, parts};

/// The parts of each line.
pub(in crate::naive) fn lines(doc: &[u8], standing: &mut dyn FnMut(&[&[u8]]) -> Standing) -> Vec<Run> {
    let (mut runs, mut at) = (Vec::new(), 0);
    for line in doc.split(|byte| matches!(byte, b'\n' | b'\r')) {
        part_line(doc, at, line.len(), 0, &mut |head| parts(head, standing), &mut runs);
        at += line.len() + 1;
    }
    runs
}

/// Statements, and the rows of COPY between them.
pub(in crate::naive) fn statements(doc: &[u8]) -> Vec<Run> {
    let (mut runs, mut at, mut record, mut sql) = (Vec::new(), 0, 0, Sql::default());
    while at < doc.len() {
        let len = doc[at..].iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(doc.len() - at);
        part_line(doc, at, len, record, &mut |head| sql.parts(head), &mut runs);
        let newline = doc.get(at + len) == Some(&b'\n');
        at += len + 1;
        if !newline {
            continue;
        }
        record += usize::from(sql.is_between());
        let Some(columns) = sql.copied() else { continue };
        // Rows go up to a line with nothing but the mark of their end.
        let mut end = at;
        for row in doc[at.min(doc.len())..].split_inclusive(|byte| *byte == b'\n') {
            end += row.len();
            if matches!(row, b"\\.\n" | b"\\.\r\n") {
                break;
            }
        }
        let mut outer = Run::default();
        outer.plain(doc, at, end.min(doc.len()));
        let mut rows = copy::columns(&doc[at.min(doc.len())..end.min(doc.len())]);
        record += 1;
        for (column, run) in &mut rows {
            let name = columns.get(*column);
            run.path = name.map(|name| Name { name: name.clone(), ..Name::default() }).into_iter().collect();
            run.record += record;
        }
        record = rows.iter().map(|(_, run)| run.record + 1).max().unwrap_or(record);
        runs.extend(rows.into_iter().map(|(_, run)| through(run, &outer)));
        at = end;
    }
    runs
}

/// The parts of the line that begins at `at` and has `len` bytes.
fn part_line(
    doc: &[u8],
    at: usize,
    len: usize,
    record: usize,
    parts: &mut dyn FnMut(&[u8]) -> Vec<Part>,
    runs: &mut Vec<Run>,
) {
    let line = &doc[at..at + len];
    let head = &line[..len.min(LONGEST_LINE)];
    let mut outer = Run::default();
    outer.plain(doc, at, at + head.len());
    for part in if head.is_empty() { Vec::new() } else { parts(head) } {
        let mut run = Run { slot: part.slot, format: part.format, record, ..Run::default() };
        run.path = part.path.iter().map(|name| Name { name: name.clone(), ..Name::default() }).collect();
        for (text, spelt) in part.pieces(head) {
            if text.len() == spelt.len() {
                run.plain(head, spelt.start, spelt.end);
            } else {
                run.push(&text, spelt.start, spelt.end);
            }
        }
        runs.push(through(run, &outer));
    }
    if head.len() < len {
        let mut run = Run { slot: LINE, record, ..Run::default() };
        run.plain(doc, at + head.len(), at + len);
        runs.push(run);
    }
}
