//! E-mails and forms in parts, line by line.

use super::{Name, Run};
use crate::Slot;
use crate::lens::log::{LINE, LONGEST_LINE};
use crate::lens::mime::{Encoding, Headers, LONGEST_FIELD, MOST_BOUNDARIES, boundary, quoted, words};

/// What is being read.
enum Now {
    Headers,
    Field(Run),
    Between,
    Text(Run),
}

struct Reader<'d> {
    doc: &'d [u8],
    runs: Vec<Run>,
    now: Now,
    headers: Headers,
    field: Vec<u8>,
    boundaries: Vec<Vec<u8>>,
    /// Where the line end lies that nothing has taken yet.
    end: (usize, usize),
    glue: Option<usize>,
}

/// The fields of headers, and the parts.
pub(in crate::naive) fn message(doc: &[u8]) -> Vec<Run> {
    let (now, headers) = (Now::Headers, Headers::default());
    let (runs, field, boundaries) = (Vec::new(), Vec::new(), Vec::new());
    let mut reader = Reader { doc, runs, now, headers, field, boundaries, end: (0, 0), glue: None };
    let mut at = 0;
    for line in doc.split_inclusive(|byte| *byte == b'\n') {
        for (piece, first) in line.chunks(LONGEST_LINE).zip((0..).map(|i| i == 0)) {
            reader.line(at, at + piece.len(), first);
            at += piece.len();
        }
    }
    reader.more();
    reader.end_part();
    reader.runs
}

impl Reader<'_> {
    fn line(&mut self, at: usize, to: usize, fresh: bool) {
        let line = &self.doc[at..to];
        let content = line.strip_suffix(b"\n").map_or(line, |line| line.strip_suffix(b"\r").unwrap_or(line));
        if fresh
            && content.len() <= 256
            && let Some((i, last)) = boundary(content, &self.boundaries)
        {
            self.end_part();
            self.boundaries.truncate(if last { i } else { i + 1 });
            self.now = if last { Now::Between } else { Now::Headers };
            self.headers = Headers::default();
            return;
        }
        let first_parts = fresh && at == 0 && (5..=256).contains(&content.len()) && content.starts_with(b"--");
        if first_parts {
            self.boundaries.push(content[2..].trim_ascii_end().to_vec());
            return;
        }
        if fresh && content.is_empty() && matches!(self.now, Now::Headers | Now::Field(_)) {
            self.end_field();
            self.begin_body();
            return;
        }
        let folded = !fresh || matches!(content.first(), Some(b' ' | b'\t'));
        match &self.now {
            Now::Field(_) if folded => self.more(),
            Now::Headers | Now::Field(_) => {
                self.end_field();
                self.now = Now::Field(Run { slot: LINE, ..Run::default() });
            }
            Now::Between => self.now = Now::Text(Run::default()),
            Now::Text(_) => self.more(),
        }
        let len = content.len();
        match &mut self.now {
            Now::Field(run) => {
                self.field.extend(content.iter().take(LONGEST_FIELD.saturating_sub(self.field.len())));
                let mut from = at;
                for (text, len) in words(content) {
                    if text.len() == len {
                        run.plain(self.doc, from, from + len)
                    } else {
                        run.push(&text, from, from + len)
                    }
                    from += len;
                }
            }
            Now::Text(run) if run.slot == Slot::Quoted => {
                let mut from = at;
                for (text, len) in quoted(content) {
                    let to = from + len;
                    let glue = self.glue.take();
                    match glue {
                        _ if text.is_empty() => self.glue = glue.or(Some(from)),
                        Some(glue) if text.len() == len => {
                            run.push(&text[..1], glue, from + 1);
                            run.plain(self.doc, from + 1, to);
                        }
                        Some(glue) => run.push(&text, glue, to),
                        None if text.len() == len => run.plain(self.doc, from, to),
                        None => run.push(&text, from, to),
                    }
                    from = to;
                }
            }
            Now::Text(run) => run.plain(self.doc, at, at + len),
            Now::Headers | Now::Between => {}
        }
        self.end = (at + len, to);
    }

    fn more(&mut self) {
        let (from, to) = std::mem::take(&mut self.end);
        match &mut self.now {
            Now::Field(run) => {
                if from < to && self.field.len() < LONGEST_FIELD {
                    self.field.push(b' ');
                }
                run.plain(self.doc, from, to);
            }
            Now::Text(run) if run.slot == Slot::Quoted && self.glue.is_some() => {}
            Now::Text(run) => run.plain(self.doc, from, to),
            Now::Headers | Now::Between => {}
        }
    }

    fn end_field(&mut self) {
        if let Now::Field(run) = std::mem::replace(&mut self.now, Now::Headers) {
            self.runs.push(run);
            self.headers.note(&self.field);
        }
        self.field.clear();
        self.end = (0, 0);
    }

    fn begin_body(&mut self) {
        self.glue = None;
        if self.headers.boundary.is_some() && self.boundaries.len() < MOST_BOUNDARIES {
            self.boundaries.extend(self.headers.boundary.take());
            self.now = Now::Between;
            return;
        }
        if self.headers.is_message() {
            self.headers = Headers::default();
            return;
        }
        let format = self.headers.format();
        let mut run = Run::default();
        match (self.headers.encoding, &self.headers.name) {
            (Encoding::Base64, _) => run.base64 = true,
            (Encoding::Quoted, _) => (run.slot, run.format) = (Slot::Quoted, Some(format)),
            (Encoding::Plain, Some(name)) if format == crate::Format::Text => {
                run.path = vec![Name { name: name.clone(), ..Name::default() }];
            }
            (Encoding::Plain, _) => run.format = Some(format),
        }
        self.now = Now::Text(run);
    }

    fn end_part(&mut self) {
        self.end = (0, 0);
        self.glue = None;
        self.field.clear();
        match std::mem::replace(&mut self.now, Now::Headers) {
            Now::Headers | Now::Between => {}
            Now::Field(run) | Now::Text(run) => self.runs.push(run),
        }
    }
}
