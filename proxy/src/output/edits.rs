//! Replacements as JSON lines: applied to the input in their order, they make the output.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;

use crate::input::utf16;

/// One line. `replacement` holds bytes that are UTF-8; others stand in base64.
#[derive(Serialize)]
struct Line<'l> {
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'l str>,
    start: u64,
    end: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    replacement: Option<&'l str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replacement_base64: Option<String>,
}

/// Writes the edits of one input.
pub(crate) struct Edits<'e> {
    /// Told when there are several inputs.
    path: Option<&'e str>,
    utf16: Option<bool>,
    /// The beginning of a replacement whose end has not come.
    begun: Vec<u8>,
}

/// A replacement may be as long as what it replaces; this much of it is gathered before it becomes an edit of its own.
const GATHERED: usize = 64 << 10;

impl<'e> Edits<'e> {
    pub(crate) fn new(path: Option<&'e str>, utf16: Option<bool>) -> Self {
        Self { path, utf16, begun: Vec::new() }
    }

    /// The first bytes of what replaces the finding at `start`.
    pub(crate) fn begin(&mut self, start: u64, with: &[u8], lines: &mut Vec<u8>) {
        self.begun.extend_from_slice(with);
        if self.begun.len() >= GATHERED {
            let begun = std::mem::take(&mut self.begun);
            self.line(start, start, &begun, lines);
        }
    }

    /// The last bytes of what replaces `start..end`.
    pub(crate) fn end(&mut self, start: u64, end: u64, with: &[u8], lines: &mut Vec<u8>) {
        let mut whole = std::mem::take(&mut self.begun);
        whole.extend_from_slice(with);
        self.line(start, end, &whole, lines);
    }

    fn line(&self, start: u64, end: u64, with: &[u8], lines: &mut Vec<u8>) {
        let wide = self.utf16.and_then(|big_endian| utf16::encode(with, big_endian).ok());
        let bytes = wide.as_deref().unwrap_or(with);
        let replacement = std::str::from_utf8(bytes).ok();
        let replacement_base64 = replacement.is_none().then(|| BASE64_STANDARD.encode(bytes));
        let line = Line { path: self.path, start, end, replacement, replacement_base64 };
        // Strings and numbers into memory: this cannot fail.
        if serde_json::to_writer(&mut *lines, &line).is_ok() {
            lines.push(b'\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: Option<&str>, utf16: Option<bool>, with: &[u8]) -> String {
        let mut lines = Vec::new();
        Edits::new(path, utf16).end(3, 7, with, &mut lines);
        String::from_utf8(lines).unwrap()
    }

    #[test]
    fn bytes_that_are_no_utf8_survive() {
        assert_eq!(lines(None, None, b"[SSN]"), "{\"start\":3,\"end\":7,\"replacement\":\"[SSN]\"}\n");
        assert_eq!(
            lines(Some("a"), None, b"\xff"),
            "{\"path\":\"a\",\"start\":3,\"end\":7,\"replacement_base64\":\"/w==\"}\n"
        );
        assert_eq!(lines(None, Some(true), b"x"), "{\"start\":3,\"end\":7,\"replacement\":\"\\u0000x\"}\n");
    }

    #[test]
    fn a_long_replacement_becomes_several_edits_at_one_place() {
        let (mut edits, mut lines) = (Edits::new(None, None), Vec::new());
        for _ in 0..3 {
            edits.begin(5, &vec![b'*'; GATHERED / 2], &mut lines);
        }
        edits.end(5, 99, b"!", &mut lines);
        let edits: Vec<serde_json::Value> =
            String::from_utf8(lines).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(edits.len(), 2);
        assert_eq!((&edits[0]["start"], &edits[0]["end"]), (&5.into(), &5.into()));
        let text: String = edits.iter().map(|edit| edit["replacement"].as_str().unwrap()).collect();
        assert_eq!(text, "*".repeat(GATHERED / 2 * 3) + "!");
    }
}
