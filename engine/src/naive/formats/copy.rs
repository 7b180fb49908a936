//! PostgreSQL's COPY as text, cell by cell.

use super::Run;
use crate::Slot;
use crate::lens::copy::spelt;

/// Cells without names.
pub(in crate::naive) fn cells(doc: &[u8]) -> Vec<Run> {
    columns(doc).into_iter().map(|(_, run)| run).collect()
}

/// Cells, each with the number of its column.
pub(in crate::naive) fn columns(doc: &[u8]) -> Vec<(usize, Run)> {
    let (mut runs, mut at, mut record, mut column) = (Vec::new(), 0, 0, 0);
    while at < doc.len() {
        let mut run = Run { slot: Slot::Copy, record, ..Run::default() };
        let ends = |at: usize| doc.get(at).is_none_or(|byte| b"\t\n".contains(byte));
        if doc[at] == b'\\' && doc.get(at + 1).is_some_and(|byte| b"N.".contains(byte)) {
            at += 2;
        }
        while !ends(at) {
            let len = if doc[at] == b'\\' { escape_len(&doc[at..]) } else { 1 };
            run.push(&if len > 1 { spelt(&doc[at..at + len]) } else { vec![doc[at]] }, at, at + len);
            at += len;
        }
        runs.extend((!run.text.is_empty()).then_some((column, run)));
        column = if doc.get(at) == Some(&b'\n') { 0 } else { column + 1 };
        record += usize::from(doc.get(at) == Some(&b'\n'));
        at += 1;
    }
    runs
}

fn escape_len(rest: &[u8]) -> usize {
    let count = |from: usize, most: usize, digits: &[u8]| {
        rest.iter().skip(from).take(most).take_while(|byte| digits.contains(byte)).count()
    };
    match rest.get(1) {
        None => 1,
        Some(b'x') => 2 + count(2, 2, b"0123456789abcdefABCDEF"),
        Some(b'0'..=b'7') => 1 + count(1, 3, b"01234567"),
        Some(_) => 2,
    }
}
