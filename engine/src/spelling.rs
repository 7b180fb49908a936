//! How a run's text is spelt in the input: which raw bytes stand for which decoded ones.

use std::collections::VecDeque;

/// Maps offsets of a run to offsets of the input. Pieces follow each other in both.
#[derive(Debug, Default)]
pub(crate) struct Spelling {
    pieces: VecDeque<Piece>,
}

#[derive(Clone, Copy, Debug)]
struct Piece {
    text: u64,
    text_len: u64,
    raw: u64,
    raw_len: u64,
}

impl Piece {
    /// Byte for byte the same in both.
    fn is_plain(&self) -> bool {
        self.text_len == self.raw_len
    }

    fn text_end(&self) -> u64 {
        self.text + self.text_len
    }

    /// The raw bytes of as much of it as lies between `start` and `end`.
    fn raw_of(&self, start: u64, end: u64) -> (u64, u64) {
        if self.is_plain() {
            let within = |text: u64| self.raw + text.clamp(self.text, self.text_end()) - self.text;
            (within(start), within(end))
        } else {
            (self.raw, self.raw + self.raw_len)
        }
    }
}

/// So many pieces are kept; findings and decisions never reach back further, as each holds at least one byte.
const PIECES: usize = 4096;

impl Spelling {
    pub(crate) fn clear(&mut self) {
        self.pieces.clear();
    }

    /// The next `text_len` bytes of the run are spelt by the `raw_len` bytes from `raw` on.
    pub(crate) fn add(&mut self, text_len: u64, raw: u64, raw_len: u64) {
        if text_len + raw_len == 0 {
            return;
        }
        let plain = text_len == raw_len;
        if let Some(last) = self.pieces.back_mut()
            && plain
            && last.is_plain()
            && last.raw + last.raw_len == raw
        {
            last.text_len += text_len;
            last.raw_len += raw_len;
            return;
        }
        let text = self.end();
        if self.pieces.len() >= PIECES {
            self.pieces.pop_front();
        }
        self.pieces.push_back(Piece { text, text_len, raw, raw_len });
    }

    /// The piece that spells all of the run from its start, when there is one.
    #[inline]
    fn only_plain(&self) -> Option<&Piece> {
        let only = self.pieces.front().filter(|piece| self.pieces.len() == 1 && piece.text == 0);
        only.filter(|piece| piece.is_plain())
    }

    /// The length of the run so far.
    pub(crate) fn end(&self) -> u64 {
        self.pieces.back().map_or(0, Piece::text_end)
    }

    /// Where the raw bytes of the run so far end.
    pub(crate) fn raw_end(&self) -> u64 {
        self.pieces.back().map_or(0, |piece| piece.raw + piece.raw_len)
    }

    /// Where the byte at `text` begins in the input; for the end of the run, where its raw bytes end.
    #[inline]
    pub(crate) fn start_of(&self, text: u64) -> u64 {
        if let Some(only) = self.only_plain().filter(|only| text < only.text_len) {
            return only.raw + text;
        }
        let i = self.pieces.partition_point(|piece| piece.text_end() <= text);
        match self.pieces.get(i) {
            Some(piece) if piece.is_plain() => piece.raw + text.saturating_sub(piece.text),
            Some(piece) => piece.raw,
            None => self.raw_end(),
        }
    }

    /// The raw bytes that spell the text from `start` to `end`, in pieces that do not touch.
    pub(crate) fn pieces(&self, start: u64, end: u64) -> Vec<(u64, u64)> {
        let mut pieces: Vec<(u64, u64)> = Vec::new();
        let first = self.pieces.partition_point(|piece| piece.text_end() <= start);
        for piece in self.pieces.iter().skip(first) {
            // A piece without text of its own belongs to what stands before it.
            let inside = if piece.text_len == 0 { start < piece.text && piece.text <= end } else { piece.text < end };
            if !inside {
                if piece.text >= end && piece.text_len > 0 {
                    break;
                }
                continue;
            }
            let (from, to) = piece.raw_of(start, end);
            match pieces.last_mut() {
                // They overlap when several pieces have the same raw bytes.
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => pieces.push((from, to)),
            }
        }
        pieces
    }

    /// Spells `text_len` bytes of another run by the bytes of this one from `at` to `at + len`.
    pub(crate) fn spell(&self, other: &mut Self, text_len: u64, at: u64, len: u64) {
        if text_len == len {
            let first = self.pieces.partition_point(|piece| piece.text_end() <= at);
            for piece in self.pieces.iter().skip(first).take_while(|piece| piece.text < at + len) {
                let (from, to) = piece.raw_of(at, at + len);
                let shared = piece.text_end().min(at + len).saturating_sub(piece.text.max(at));
                other.add(shared, from, to - from);
            }
            return;
        }
        let mut text_len = text_len;
        for (from, to) in self.pieces(at, at + len) {
            other.add(text_len, from, to - from);
            text_len = 0;
        }
    }

    /// Where the byte before `text` ends in the input.
    #[inline]
    pub(crate) fn end_of(&self, text: u64) -> u64 {
        if let Some(only) = self.only_plain().filter(|only| text <= only.text_len) {
            return only.raw + text;
        }
        let mut i = self.pieces.partition_point(|piece| piece.text_end() < text);
        while self.pieces.get(i + 1).is_some_and(|piece| piece.text_len == 0 && piece.text == text) {
            i += 1;
        }
        match self.pieces.get(i) {
            Some(piece) if piece.is_plain() => piece.raw + text.saturating_sub(piece.text),
            Some(piece) => piece.raw + piece.raw_len,
            None => self.raw_end(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_cover_the_raw_bytes_that_spell_them() {
        // `a\u006eb` at input offset 10: a, n, b.
        let mut spelling = Spelling::default();
        spelling.add(1, 10, 1);
        spelling.add(1, 11, 6);
        spelling.add(1, 17, 1);
        assert_eq!((spelling.start_of(0), spelling.end_of(1)), (10, 11));
        assert_eq!((spelling.start_of(1), spelling.end_of(2)), (11, 17));
        assert_eq!((spelling.start_of(2), spelling.end_of(3)), (17, 18));
        assert_eq!(spelling.start_of(3), 18);
        assert_eq!(spelling.end(), 3);
    }

    #[test]
    fn plain_pieces_that_touch_are_one() {
        let mut spelling = Spelling::default();
        for i in 0..10_000 {
            spelling.add(3, 3 * i, 3);
        }
        assert_eq!(spelling.pieces.len(), 1);
        assert_eq!(spelling.start_of(29_999), 29_999);
    }
}
