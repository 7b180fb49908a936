//! Lines of a log. What the parts of a line are is told by the same table as in the lens.

use super::{Name, Run, through};
use crate::Standing;
use crate::lens::log::{LINE, LONGEST_LINE, parts};

/// The parts of each line.
pub(in crate::naive) fn lines(doc: &[u8], standing: &mut dyn FnMut(&[&[u8]]) -> Standing) -> Vec<Run> {
    let (mut runs, mut at) = (Vec::new(), 0);
    for line in doc.split(|byte| matches!(byte, b'\n' | b'\r')) {
        let head = &line[..line.len().min(LONGEST_LINE)];
        let mut outer = Run::default();
        outer.plain(doc, at, at + head.len());
        for part in parts(head, standing) {
            let mut run = Run { slot: part.slot, format: part.format, ..Run::default() };
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
        if head.len() < line.len() {
            let mut run = Run { slot: LINE, ..Run::default() };
            run.plain(doc, at + head.len(), at + line.len());
            runs.push(run);
        }
        at += line.len() + 1;
    }
    runs
}
