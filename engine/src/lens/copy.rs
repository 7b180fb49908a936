//! The text form of PostgreSQL's COPY: cells between tabs, rows between newlines, escapes behind a backslash.
//!
//! There is no header: whoever knows the columns names them.

use std::ops::Range;
use std::sync::Arc;

use super::Sink;
use super::inside::Inside;
use super::paths::PathInfo;
use crate::Slot;

/// Longer values are no subject of care.
const LONGEST_CAPTURE: usize = 256;
/// The longest escape.
pub(super) const LONGEST_ESCAPE: usize = 4;

#[derive(Default)]
pub(crate) struct Copy {
    state: State,
    column: usize,
    columns: Vec<Arc<PathInfo>>,
    /// A run is open.
    open: bool,
    /// What the cell so far is.
    so_far: SoFar,
    captured: Vec<u8>,
    capturing: bool,
    pending: Vec<u8>,
    pending_at: u64,
    /// What the cell is.
    inside: Inside,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum State {
    /// In a cell, or before it.
    #[default]
    Cell,
    /// In an escape.
    Escape,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum SoFar {
    #[default]
    Nothing,
    /// `\N` or `\.`: no value, unless something follows.
    Mark,
    Value,
}

impl Copy {
    /// Names the columns, from the first.
    pub(crate) fn name_columns(&mut self, names: &[&[u8]], sink: &mut Sink<'_>) {
        let info = |name: &&[u8]| sink.paths.info(&[name], None, &|_| false, sink.compiled, sink.out.rules());
        self.columns = names.iter().map(info).collect();
    }

    pub(crate) fn feed(&mut self, sink: &mut Sink<'_>) {
        let mut at = sink.from;
        while let Some(&byte) = sink.chunk.get(at) {
            at = match self.state {
                State::Cell => self.cell(sink, at, byte),
                State::Escape => self.escape(sink, at, byte),
            };
        }
    }

    pub(crate) fn end(&mut self, sink: &mut Sink<'_>) {
        if self.state == State::Escape {
            self.decode(sink);
        }
        self.end_cell(sink);
        self.column = 0;
        sink.record(sink.base + sink.chunk.len() as u64);
    }

    fn cell(&mut self, sink: &mut Sink<'_>, at: usize, byte: u8) -> usize {
        let next = at + 1;
        match byte {
            b'\t' | b'\n' => {
                self.end_cell(sink);
                if byte == b'\t' {
                    self.column += 1;
                } else {
                    self.column = 0;
                    sink.record(sink.base + next as u64);
                }
                if next == sink.chunk.len() {
                    sink.structure(sink.base + next as u64);
                }
                next
            }
            b'\\' => {
                self.pending.clear();
                self.pending.push(byte);
                self.pending_at = sink.base + at as u64;
                self.state = State::Escape;
                next
            }
            _ => {
                self.begin(sink, sink.base + at as u64);
                let rest = sink.chunk.get(at..).unwrap_or_default();
                let len = memchr::memchr3(b'\t', b'\n', b'\\', rest);
                let end = len.map_or(sink.chunk.len(), |len| at + len);
                self.text(sink, at..end);
                end
            }
        }
    }

    /// The cell has a value, which goes on at `at`.
    fn begin(&mut self, sink: &mut Sink<'_>, at: u64) {
        if !self.open {
            sink.structure(at);
            let info = self.columns.get(self.column);
            self.captured.clear();
            self.capturing = info.is_some_and(|info| info.subject);
            self.inside.open(sink, Slot::Copy, 0, info.cloned());
            self.open = true;
        }
        self.so_far = SoFar::Value;
    }

    fn text(&mut self, sink: &mut Sink<'_>, range: Range<usize>) {
        self.note(sink.chunk.get(range.clone()).unwrap_or_default());
        self.inside.text(sink, range, false);
    }

    fn note(&mut self, text: &[u8]) {
        if self.capturing {
            self.capturing = self.captured.len() + text.len() <= LONGEST_CAPTURE;
            self.captured.extend_from_slice(if self.capturing { text } else { b"" });
        }
    }

    fn end_cell(&mut self, sink: &mut Sink<'_>) {
        self.so_far = SoFar::Nothing;
        if std::mem::take(&mut self.open) {
            self.inside.close(sink);
            if std::mem::take(&mut self.capturing) {
                sink.out.learn_subject(&self.captured);
            }
        }
    }

    /// Collects an escape: digits may follow digits.
    fn escape(&mut self, sink: &mut Sink<'_>, at: usize, byte: u8) -> usize {
        let goes_on = match &*self.pending {
            [b'\\'] => true,
            [b'\\', b'x', digits @ ..] => digits.len() < 2 && byte.is_ascii_hexdigit(),
            [b'\\', digits @ ..] => {
                digits.iter().all(|digit| matches!(digit, b'0'..=b'7'))
                    && digits.len() < 3
                    && matches!(byte, b'0'..=b'7')
            }
            _ => false,
        };
        if goes_on {
            self.pending.push(byte);
            return at + 1;
        }
        self.decode(sink);
        at
    }

    /// What is pending is a whole escape.
    fn decode(&mut self, sink: &mut Sink<'_>) {
        self.state = State::Cell;
        let pending = std::mem::take(&mut self.pending);
        let raw = self.pending_at..self.pending_at + pending.len() as u64;
        if matches!(&*pending, b"\\N" | b"\\.") && self.so_far == SoFar::Nothing {
            // It stands for no value; anything behind it is one.
            self.so_far = SoFar::Mark;
            sink.structure(raw.end);
            return;
        }
        self.begin(sink, raw.start);
        let text = spelt(&pending);
        self.note(&text);
        self.inside.decoded(sink, &text, raw);
    }
}

/// What an escape stands for.
pub(crate) fn spelt(escape: &[u8]) -> Vec<u8> {
    let number = |digits: &[u8], radix: u32| {
        digits.iter().fold(0u32, |sum, digit| sum * radix + char::from(*digit).to_digit(radix).unwrap_or_default())
    };
    let byte = |code: u32| vec![u8::try_from(code & 0xff).unwrap_or_default()];
    match escape {
        b"\\b" => vec![8],
        b"\\f" => vec![12],
        b"\\n" => vec![b'\n'],
        b"\\r" => vec![b'\r'],
        b"\\t" => vec![b'\t'],
        b"\\v" => vec![11],
        [b'\\', b'x', digits @ ..] if !digits.is_empty() => byte(number(digits, 16)),
        [b'\\', digits @ ..] if digits.first().is_some_and(|digit| matches!(digit, b'0'..=b'7')) => {
            byte(number(digits, 8))
        }
        [b'\\', other] => vec![*other],
        other => other.to_vec(),
    }
}
