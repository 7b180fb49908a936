//! Events that carry pieces of longer texts, read as whole documents. It shares with the lens which strings are pieces,
//! as that is data.

use super::formats::{self, Run};
use crate::lens::deltas::{self, Loose};
use crate::lens::encode::Around;
use crate::strands::MOST_STRANDS;
use crate::{ANSWER, Slot};

/// A text that is put together: whose it is, whether it is JSON, when it was last continued, and what it is so far.
struct Text {
    key: Vec<u8>,
    nested: bool,
    turn: usize,
    run: Run,
}

struct Reader<'r> {
    /// Whether a rule of the profile speaks of a run's field: of the whole text then, whatever its format.
    ruled: &'r dyn Fn(&Run) -> bool,
    runs: Vec<Run>,
    open: Vec<Text>,
    closed: Vec<Text>,
    loose: Loose,
    turns: usize,
    record: usize,
    objects: usize,
}

/// Server-sent events.
pub(super) fn sse(doc: &[u8], ruled: &dyn Fn(&Run) -> bool) -> Vec<Run> {
    let mut reader = Reader::new(ruled);
    let mut at = if doc.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let (mut event, mut data) = (Vec::new(), None::<Run>);
    while at < doc.len() {
        let end = doc[at..].iter().position(|byte| b"\r\n".contains(byte)).map_or(doc.len(), |len| at + len);
        let next = if doc[end..].starts_with(b"\r\n") { end + 2 } else { (end + 1).min(doc.len()) };
        let line = &doc[at..end];
        let colon = line.iter().position(|&byte| byte == b':');
        let name = &line[..colon.unwrap_or(line.len())];
        let value = colon.map_or(end, |colon| at + colon + 1);
        let value = value + usize::from(value < end && doc[value] == b' ');
        // The line end after the last byte of the document has not come: that is no field.
        if name == b"data" && (colon.is_some() || end < doc.len()) {
            let run = data.get_or_insert_with(Run::default);
            run.plain(doc, value, end);
            // The line end is structure: nothing of it is ever replaced.
            run.push(b"\n", end, end);
        } else {
            reader.data(data.take(), &event, false);
            let known = colon.is_some() && [&b"event"[..], b"id", b"retry"].contains(&name);
            let whole = !known && colon != Some(0);
            let mut run = Run { slot: Slot::Line { whole }, record: reader.record, ..Run::default() };
            run.plain(doc, if known { value } else { at + usize::from(colon == Some(0)) }, end);
            reader.runs.push(run);
            if known && name == b"event" {
                event = doc[value..end].iter().take(64).copied().collect();
            }
            if line.is_empty() {
                event.clear();
                reader.record += 1;
            }
        }
        at = next;
    }
    reader.data(data, &event, false);
    reader.finish()
}

/// A record a line.
pub(super) fn lines(doc: &[u8], ruled: &dyn Fn(&Run) -> bool) -> Vec<Run> {
    let mut reader = Reader::new(ruled);
    let mut at = 0;
    for line in doc.split_inclusive(|&byte| byte == b'\n') {
        let mut run = Run::default();
        let end = at + line.len();
        run.plain(doc, at, end - usize::from(line.ends_with(b"\n")));
        run.push(b"\n", end, end);
        reader.data(Some(run), b"", true);
        reader.record += 1;
        at = end;
    }
    reader.finish()
}

impl<'r> Reader<'r> {
    fn new(ruled: &'r dyn Fn(&Run) -> bool) -> Self {
        let (runs, open, closed) = (Vec::new(), Vec::new(), Vec::new());
        Self { ruled, runs, open, closed, loose: Loose::default(), turns: 0, record: 0, objects: 0 }
    }

    /// Lines of data, each with its line end.
    fn data(&mut self, data: Option<Run>, event: &[u8], json: bool) {
        let Some(mut data) = data else { return };
        data.text.pop();
        data.raw.pop();
        let blanks = data.text.iter().take_while(|byte| b" \t\n".contains(byte)).count();
        let mut plan = deltas::plan(&data.text);
        // Lines are JSON; events may be anything.
        if !json {
            for key in self.loose.follow(&mut plan) {
                self.close(&key);
            }
        }
        let first = |byte: &u8| b"{[".contains(byte) || (*byte == b'"' && plan.is_string);
        let begins_json = blanks <= 32 && data.text[blanks..].first().is_some_and(first);
        if json || begins_json {
            let texts = formats::json(&data.text, false);
            let (base, mut strings) = (self.runs.len(), 0);
            let mut removed = Vec::new();
            for (run, index) in texts.into_iter().zip(0usize..) {
                let delta = if run.slot == Slot::String { plan.take(strings) } else { None };
                strings += u32::from(run.slot == Slot::String);
                let mut run = formats::through(run, &data);
                if plan.is_answer && run.typed.is_none() && !run.path.is_empty() {
                    let names = run.path.iter().map(|name| name.name.clone());
                    run.typed = Some(std::iter::once(ANSWER.to_vec()).chain(names).collect());
                }
                for name in &mut run.path {
                    name.key = name.key.map(|key| base + key - removed.iter().filter(|gone| **gone < key).count());
                }
                if let Some(delta) = delta {
                    removed.push(index);
                    let nested = delta.nested && !(self.ruled)(&run);
                    self.go_on(&delta.key, nested, run);
                    continue;
                }
                if run.slot == Slot::Bare {
                    run.slot = Slot::Line { whole: false };
                }
                run.object += self.objects;
                run.record += self.record;
                self.runs.push(run);
            }
            self.objects += data.text.len() + 1;
            self.record += data.text.len() + 1;
        } else if !data.text.is_empty() {
            self.go_on(&deltas::text_key(event), false, Run { slot: Slot::Line { whole: false }, ..data });
        }
        for prefix in plan.ends {
            self.close(&prefix);
        }
    }

    /// The texts end whose keys begin so.
    fn close(&mut self, prefix: &[u8]) {
        let (closed, open) = std::mem::take(&mut self.open).into_iter().partition(|text| text.key.starts_with(prefix));
        self.open = open;
        self.closed.extend::<Vec<_>>(closed);
    }

    /// A text goes on.
    fn go_on(&mut self, key: &[u8], nested: bool, piece: Run) {
        if !self.open.iter().any(|text| text.key == key) {
            if self.open.len() >= MOST_STRANDS {
                let oldest = (0..self.open.len()).min_by_key(|&i| self.open[i].turn).unwrap_or_default();
                self.closed.push(self.open.remove(oldest));
            }
            let run = Run { text: Vec::new(), raw: Vec::new(), also: Vec::new(), joined: true, ..piece.clone() };
            self.open.push(Text { key: key.to_vec(), nested, turn: 0, run });
        }
        self.turns += 1;
        let Some(text) = self.open.iter_mut().find(|text| text.key == key) else { return };
        text.turn = self.turns;
        let len = text.run.text.len();
        text.run.text.extend(piece.text);
        text.run.raw.extend(piece.raw);
        text.run.also.extend(piece.also.into_iter().map(|(at, raw)| (len + at, raw)));
    }

    fn finish(mut self) -> Vec<Run> {
        let mut texts = self.closed;
        texts.append(&mut self.open);
        for text in texts {
            self.record += 1;
            if !text.nested {
                self.runs.push(Run { record: self.record, ..text.run });
                continue;
            }
            let base = self.runs.len();
            for run in formats::json(&text.run.text, false) {
                let mut run = formats::through(run, &text.run);
                for name in &mut run.path {
                    name.key = name.key.map(|key| base + key);
                }
                run.around = Around::default().within(Slot::String, 0);
                run.object += self.objects;
                run.record += self.record;
                self.runs.push(run);
            }
            self.objects += text.run.text.len() + 1;
            self.record += text.run.text.len() + 1;
        }
        self.runs
    }
}
