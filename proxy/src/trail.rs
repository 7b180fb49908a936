//! The input's latest bytes, with what is needed to say where in it an offset lies.

use std::cell::Cell;
use std::collections::VecDeque;

use bytes::Bytes;

use crate::input::Chunk;

/// A place in the input.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Place {
    /// Byte offset in the (decompressed) input.
    pub(crate) raw: u64,
    /// From 1.
    pub(crate) line: u64,
    /// In bytes, from 1.
    pub(crate) column: u64,
}

/// Refcounted chunks that were given to the engine and may still be asked about. Offsets are those of the text that
/// the engine reads; a [`Place`] is one of the input, which differs when the input is UTF-16.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    chunks: VecDeque<Stretch>,
    /// Where the next chunk begins.
    end: Mark,
}

#[derive(Debug)]
struct Stretch {
    begin: Mark,
    text: Bytes,
    wide: bool,
    /// Where was asked last: offsets mostly ascend, and counting goes on from here.
    last: Cell<Mark>,
}

/// A position in text and input at once.
#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    text: u64,
    raw: u64,
    /// Newlines before it.
    lines: u64,
    /// Where in the input its line begins.
    line_start: u64,
}

/// What is kept behind the last settled position: a finding may be reported a little late.
const SLACK: u64 = 1 << 20;
/// What is kept while a finding without end goes on.
const SLACK_OF_ENDLESS: u64 = 16 << 20;

impl Trail {
    pub(crate) fn push(&mut self, chunk: &Chunk) {
        let stretch =
            Stretch { begin: self.end, text: chunk.text.clone(), wide: chunk.wide, last: Cell::new(self.end) };
        self.end = stretch.mark(stretch.text.len());
        self.chunks.push_back(stretch);
    }

    /// Drops what nobody will ask about: everything well before `settled`, and more when the finding there goes on and on.
    pub(crate) fn forget(&mut self, settled: u64, endless: bool) {
        let floor = settled.saturating_sub(SLACK);
        let floor = if endless { floor.max(self.end.text.saturating_sub(SLACK_OF_ENDLESS)) } else { floor };
        while self.chunks.len() > 1 && self.chunks.front().is_some_and(|first| first.end() <= floor) {
            self.chunks.pop_front();
        }
    }

    /// Where the byte at `offset` lies.
    pub(crate) fn place(&self, offset: u64) -> Place {
        let at = self.chunks.partition_point(|stretch| stretch.end() <= offset);
        let mark = match self.chunks.get(at) {
            Some(stretch) => stretch.mark(usize::try_from(offset.saturating_sub(stretch.begin.text)).unwrap_or(0)),
            None => self.end,
        };
        Place { raw: mark.raw, line: mark.lines + 1, column: mark.raw - mark.line_start + 1 }
    }

    /// The text from `start` to `end`, as far as it is still here.
    pub(crate) fn text(&self, start: u64, end: u64) -> Vec<u8> {
        let mut found = Vec::new();
        self.pieces(start, end, |piece| found.extend_from_slice(piece));
        found
    }

    /// Visits the text from `start` to `end`, as far as it is still here.
    pub(crate) fn pieces(&self, start: u64, end: u64, mut visit: impl FnMut(&[u8])) {
        for stretch in &self.chunks {
            let within = |offset: u64| {
                let offset = offset.clamp(stretch.begin.text, stretch.end()) - stretch.begin.text;
                usize::try_from(offset).unwrap_or(usize::MAX)
            };
            if let Some(piece) = stretch.text.get(within(start)..within(end)).filter(|piece| !piece.is_empty()) {
                visit(piece);
            }
        }
    }
}

impl Stretch {
    fn end(&self) -> u64 {
        self.begin.text + self.text.len() as u64
    }

    /// The mark at `len` bytes of this text.
    fn mark(&self, len: usize) -> Mark {
        let len = len.min(self.text.len());
        let from = |mark: &Mark| usize::try_from(mark.text - self.begin.text).unwrap_or(usize::MAX);
        let last = self.last.get();
        let mut mark = if from(&last) <= len { last } else { self.begin };
        let text = self.text.get(from(&mark)..len).unwrap_or_default();
        let raw = mark.raw;
        mark.text += text.len() as u64;
        mark.raw += self.raw_len(text);
        mark.lines += memchr::memchr_iter(b'\n', text).count() as u64;
        if let Some(newline) = memchr::memrchr(b'\n', text) {
            let until = text.get(..=newline).unwrap_or_default();
            mark.line_start = raw + self.raw_len(until);
        }
        self.last.set(mark);
        mark
    }

    /// So many bytes of the input spell this text.
    fn raw_len(&self, text: &[u8]) -> u64 {
        if self.wide { crate::input::utf16::encoded_len(text) } else { text.len() as u64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trail(chunks: &[&str], wide: bool) -> Trail {
        let mut trail = Trail::default();
        for text in chunks {
            trail.push(&Chunk { text: Bytes::copy_from_slice(text.as_bytes()), wide });
        }
        trail
    }

    #[test]
    fn lines_and_columns_do_not_depend_on_chunks() {
        for chunks in [&["ab\ncd\n\nef"][..], &["ab", "\n", "cd\n", "\nef"], &["ab\nc", "d\n\ne", "f"]] {
            let trail = trail(chunks, false);
            let place = |offset| {
                let place = trail.place(offset);
                (place.raw, place.line, place.column)
            };
            assert_eq!(place(0), (0, 1, 1));
            assert_eq!(place(4), (4, 2, 2));
            assert_eq!(place(6), (6, 3, 1));
            assert_eq!(place(8), (8, 4, 2));
            assert_eq!(place(9), (9, 4, 3));
            assert_eq!(trail.text(1, 8), b"b\ncd\n\ne");
        }
    }

    #[test]
    fn wide_text_is_placed_in_the_input() {
        let trail = trail(&["\u{feff}é\n", "🙂x"], true);
        // Mark 2, é 2, newline 2, emoji 4.
        assert_eq!(trail.place(3), Place { raw: 2, line: 1, column: 3 });
        assert_eq!(trail.place(6), Place { raw: 6, line: 2, column: 1 });
        assert_eq!(trail.place(10), Place { raw: 10, line: 2, column: 5 });
    }

    #[test]
    fn memory_is_bounded_even_when_nothing_is_settled() {
        let mut trail = Trail::default();
        let chunk = Chunk { text: Bytes::from(vec![b'x'; 1 << 20]), wide: false };
        for _ in 0..100 {
            trail.push(&chunk);
            trail.forget(0, true);
        }
        assert!(trail.chunks.len() <= 18, "{}", trail.chunks.len());
        assert_eq!(trail.place(100 << 20).raw, 100 << 20);
    }
}
