//! Server logs: each line is a text, in which some parts are fields: the user of a request, the segments of its path and the
//! pairs of its query, values behind their names, and whatever is quoted of another format.
//!
//! A line is gathered before it is read, 8 KiB at most; the rest of a longer one is text. What the parts of a line are is
//! told by `log/parts.rs`, which knows of no chunk.

mod parts;
mod sql;

use super::Sink;
use super::copy::Copy;
use super::inside::{Inside, Nest};
use super::paths::PathInfo;
use crate::output::Place;
use crate::{Fields, Meaning, Slot, Standing};

pub(crate) use self::parts::{LINE, Part, is_line, is_message, looks_like, parts};
pub(crate) use self::sql::{Sql, looks_like as looks_like_sql};

/// Longer values are no subject of care.
const LONGEST_CAPTURE: usize = 256;
/// So much of a line is gathered.
pub(crate) const LONGEST_LINE: usize = 8 * 1024;

#[derive(Default)]
pub(crate) struct Log {
    /// Where the line begins that is being gathered.
    start: Option<u64>,
    /// What earlier chunks held of it.
    gathered: Vec<u8>,
    /// It is longer than is gathered: what comes of it is text.
    flows: bool,
    inside: Inside,
    /// The lines are statements.
    sql: Option<Box<Sql>>,
    /// Rows of COPY follow each other, up to a line with a mark of their end.
    rows: Option<(Box<Copy>, Mark)>,
}

/// How much of a line is the mark of the end of rows, a backslash and a period.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Mark {
    #[default]
    Start,
    Backslash,
    Period,
    Return,
    /// It is another line.
    None,
}

impl Mark {
    /// The same with one more byte of the line.
    fn then(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Start, b'\\') => Self::Backslash,
            (Self::Backslash, b'.') => Self::Period,
            (Self::Period, b'\r') => Self::Return,
            _ => Self::None,
        }
    }
}

impl Log {
    /// For statements.
    pub(crate) fn of_sql() -> Self {
        Self { sql: Some(Box::default()), ..Self::default() }
    }

    /// Reads rows of COPY up to the mark of their end; says where in the chunk they end.
    fn read_rows(&mut self, sink: &mut Sink<'_>, at: usize) -> usize {
        let Some((copy, mark)) = &mut self.rows else { return at };
        let (mut end, mut ended) = (at, false);
        while let Some(&byte) = sink.chunk.get(end).filter(|_| !ended) {
            end += 1;
            if byte == b'\n' {
                ended = matches!(mark, Mark::Period | Mark::Return);
                *mark = Mark::Start;
            } else if *mark == Mark::None {
                let rest = sink.chunk.get(end..).unwrap_or_default();
                end += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            } else {
                *mark = mark.then(byte);
            }
        }
        let mut rows = sink.over(sink.chunk.get(..end).unwrap_or_default(), sink.base);
        rows.from = at;
        copy.feed(&mut rows);
        if ended {
            copy.end(&mut rows);
            self.rows = None;
        }
        end
    }

    pub(crate) fn feed(&mut self, sink: &mut Sink<'_>) {
        let (chunk, base) = (sink.chunk, sink.base);
        let mut at = sink.from;
        while at < chunk.len() {
            if self.rows.is_some() {
                at = self.read_rows(sink, at);
                continue;
            }
            let rest = chunk.get(at..).unwrap_or_default();
            let end = memchr::memchr2(b'\n', b'\r', rest).map(|len| at + len);
            if self.flows {
                let to = end.unwrap_or(chunk.len());
                if to > at {
                    sink.text(at..to, end.is_some());
                } else if end.is_some() {
                    sink.close();
                }
                self.flows = end.is_none();
                at = to;
            } else if self.start.is_none() && end == Some(at) {
                at += 1;
                self.end_line(sink, at, rest.first() == Some(&b'\n'));
            } else {
                let start = *self.start.get_or_insert(base + at as u64);
                let room = (LONGEST_LINE as u64).saturating_sub(base + at as u64 - start);
                let room = usize::try_from(room).unwrap_or(usize::MAX);
                let len = end.unwrap_or(chunk.len()) - at;
                if len > room || end.is_some() {
                    let to = at + len.min(room);
                    self.read_gathered(sink, to);
                    if len > room {
                        sink.open(text_place(), Meaning::default());
                        self.flows = true;
                    }
                    at = to;
                } else {
                    at = chunk.len();
                }
            }
        }
    }

    pub(crate) fn end(&mut self, sink: &mut Sink<'_>) {
        if self.start.is_some() {
            self.read_gathered(sink, 0);
        }
        if std::mem::take(&mut self.flows) {
            sink.close();
        }
        if let Some((mut copy, _)) = self.rows.take() {
            copy.end(sink);
        }
        sink.record(sink.base + sink.chunk.len() as u64);
    }

    /// A line ends before `at` of the chunk: rows may follow, in statements.
    fn end_line(&mut self, sink: &mut Sink<'_>, at: usize, newline: bool) {
        let Some(sql) = self.sql.as_mut().filter(|_| newline) else {
            sink.structure(sink.base + at as u64);
            return;
        };
        if sql.is_between() {
            sink.record(sink.base + at as u64);
        } else {
            sink.structure(sink.base + at as u64);
        }
        if let Some(columns) = sql.copied() {
            let mut copy = Box::<Copy>::default();
            let names: Vec<&[u8]> = columns.iter().map(Vec::as_slice).collect();
            copy.name_columns(&names, sink);
            self.rows = Some((copy, Mark::Start));
        }
    }

    /// Copies what was gathered, as the chunk goes away.
    pub(crate) fn park(&mut self, sink: &mut Sink<'_>) {
        sink.gather(self.start, &mut self.gathered);
    }

    /// Reads the line that was gathered, which goes on to `end` of the chunk.
    fn read_gathered(&mut self, sink: &mut Sink<'_>, end: usize) {
        let Some(start) = self.start.take() else { return };
        let here = sink.chunk.get(..end).unwrap_or_default();
        if self.gathered.is_empty() {
            let from = usize::try_from(start - sink.base).unwrap_or(usize::MAX);
            self.read(&mut sink.over(here, sink.base), from);
        } else {
            let mut line = std::mem::take(&mut self.gathered);
            line.extend_from_slice(here);
            sink.out.stats.copied += here.len() as u64;
            let mut whole = sink.over(&line, start);
            self.read(&mut whole, 0);
            whole.park();
            line.clear();
            self.gathered = line;
        }
    }

    /// Reads the line that begins at `from` of the chunk and is all that follows.
    fn read(&mut self, sink: &mut Sink<'_>, from: usize) {
        let line = sink.chunk.get(from..).unwrap_or_default();
        let base = sink.base + from as u64;
        let all = match &mut self.sql {
            Some(sql) => sql.parts(line),
            None => parts(line, &mut |path| {
                let info = sink.paths.info(path, None, &|_| false, sink.compiled, sink.out.rules());
                standing(&info, sink.compiled.fields.as_deref(), path)
            }),
        };
        for part in all {
            let pieces = if part.is_plain() { Vec::new() } else { part.pieces(line) };
            let at = |of: usize| base + of as u64;
            sink.structure(at(part.range.start));
            if let Some(format) = part.format {
                let mut nest = Nest::new(format, part.slot, 0);
                for (text, spelt) in pieces {
                    nest.feed(sink, &text, at(spelt.start), spelt.len() as u64);
                }
                nest.end(sink);
                continue;
            }
            let path: Vec<&[u8]> = part.path.iter().map(Vec::as_slice).collect();
            let info =
                (!path.is_empty()).then(|| sink.paths.info(&path, None, &|_| false, sink.compiled, sink.out.rules()));
            if part.slot.is_number() {
                let number = line.get(part.range.clone()).unwrap_or_default();
                sink.number(part.slot, number, at(part.range.start)..at(part.range.end), info.as_ref());
                if info.is_some_and(|info| info.subject) {
                    sink.out.learn_subject(number);
                }
                continue;
            }
            if matches!(part.slot, Slot::String | Slot::Sql { .. }) {
                self.inside.open(sink, part.slot, 0, info.clone());
            } else {
                sink.open_field(part.slot, info.as_ref(), 0);
                self.inside.opened();
            }
            let mut value = Vec::new();
            if part.is_plain() {
                value.extend_from_slice(line.get(part.range.clone()).unwrap_or_default());
                sink.text(from + part.range.start..from + part.range.end, false);
            }
            for (text, spelt) in pieces {
                self.inside.decoded(sink, &text, at(spelt.start)..at(spelt.end));
                value.extend_from_slice(&text);
            }
            self.inside.close(sink);
            if info.is_some_and(|info| info.subject) && value.len() <= LONGEST_CAPTURE {
                sink.out.learn_subject(&value);
            }
        }
    }
}

fn text_place() -> Place {
    Place { slot: LINE, ..Place::default() }
}

/// How a field stands in a line, by its name and by the rules of a profile.
pub(crate) fn standing(info: &PathInfo, fields: Option<&dyn Fields>, path: &[&[u8]]) -> Standing {
    let known = fields.map_or(Standing::Text, |fields| fields.in_line(path));
    if known == Standing::Text && (info.rule.is_some() || info.subject) { Standing::Word } else { known }
}
