//! From the bytes of a body to text that a lens can read, and no further when it is not what it says.

use blackbar_engine::{Format, SNIFF, Sniffed, sniff};
use blackbar_wire::http::Charset;
use bytes::Bytes;

use crate::input::utf16;

/// Decodes a charset to UTF-8 and looks for content that lies about what it is.
pub(super) struct Text {
    charset: Charset,
    utf16: Option<utf16::Decoder>,
    /// The first bytes, until there are enough to judge them.
    head: Vec<u8>,
    /// How many are enough; 0 once they were judged.
    wanted: usize,
    /// The bytes of a character whose end has not come.
    partial: Vec<u8>,
}

/// The body is not text in the charset that it names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct NotText;

/// Enough to tell the formats that begin with something of their own.
const HEAD: usize = 16;

impl Text {
    pub(super) fn new(charset: Charset, format: Format) -> Self {
        // Events must not wait for each other; the lens and the check of every byte still stand.
        let wanted = if format.name() == "sse" { 1 } else { HEAD };
        Self { charset, utf16: None, head: Vec::new(), wanted, partial: Vec::new() }
    }

    /// The text of the next bytes.
    pub(super) fn decode(&mut self, bytes: Bytes) -> Result<Bytes, NotText> {
        let bytes = if self.wanted > 0 {
            self.head.extend_from_slice(&bytes);
            if self.head.len() < self.wanted {
                return Ok(Bytes::new());
            }
            self.judge(false)?
        } else {
            bytes
        };
        self.text(bytes)
    }

    /// The text of what was held back; the body ends.
    pub(super) fn finish(&mut self) -> Result<Bytes, NotText> {
        let held = if self.wanted > 0 { self.judge(true)? } else { Bytes::new() };
        let mut text = self.text(held)?.to_vec();
        if let Some(decoder) = &mut self.utf16 {
            let mut rest = Vec::new();
            if !decoder.finish(&mut rest) || !rest.is_empty() {
                return Err(NotText);
            }
            text.extend(rest);
        }
        if self.partial.is_empty() { Ok(text.into()) } else { Err(NotText) }
    }

    /// Whether the first bytes were looked at.
    pub(super) const fn is_judged(&self) -> bool {
        self.wanted == 0
    }

    fn judge(&mut self, complete: bool) -> Result<Bytes, NotText> {
        self.wanted = 0;
        let mut head = std::mem::take(&mut self.head);
        let seen = head.get(..SNIFF).unwrap_or(&head);
        let marked = match (sniff(seen, complete), seen) {
            // Text in two-byte units is full of NUL bytes; its decoder will tell.
            (Sniffed::Unreadable(_), seen) if !is_utf16(self.charset) || seen.starts_with(b"%PDF") => {
                return Err(NotText);
            }
            (Sniffed::Utf16 { big_endian }, _) => Some(big_endian),
            _ => None,
        };
        let big_endian = match (self.charset, marked) {
            (Charset::Utf8 | Charset::Latin1, None) => return Ok(head.into()),
            (Charset::Utf16, marked) => marked.unwrap_or(true),
            (Charset::Utf16Be, None | Some(true)) => true,
            (Charset::Utf16Le, None | Some(false)) => false,
            _ => return Err(NotText),
        };
        if marked.is_some() {
            head.drain(..2);
        }
        self.utf16 = Some(utf16::Decoder::new(big_endian));
        Ok(head.into())
    }

    fn text(&mut self, bytes: Bytes) -> Result<Bytes, NotText> {
        let text = match (&mut self.utf16, self.charset) {
            (Some(decoder), _) => {
                let mut text = Vec::new();
                decoder.decode(&bytes, &mut text);
                text.into()
            }
            (None, Charset::Latin1) => latin1(&bytes)?,
            _ => bytes,
        };
        if memchr::memchr(0, &text).is_some() {
            return Err(NotText);
        }
        self.check(&text)?;
        Ok(text)
    }

    /// Refuses what is no UTF-8; a character may be cut between two calls.
    fn check(&mut self, mut text: &[u8]) -> Result<(), NotText> {
        while !self.partial.is_empty() {
            let Some((&byte, rest)) = text.split_first() else { return Ok(()) };
            self.partial.push(byte);
            text = rest;
            match std::str::from_utf8(&self.partial) {
                Ok(_) => self.partial.clear(),
                Err(error) if error.error_len().is_some() => return Err(NotText),
                Err(_) => {}
            }
        }
        match std::str::from_utf8(text) {
            Ok(_) => Ok(()),
            Err(error) if error.error_len().is_some() => Err(NotText),
            Err(error) => {
                self.partial.extend_from_slice(text.get(error.valid_up_to()..).unwrap_or_default());
                Ok(())
            }
        }
    }
}

const fn is_utf16(charset: Charset) -> bool {
    matches!(charset, Charset::Utf16 | Charset::Utf16Le | Charset::Utf16Be)
}

/// Windows-1252, which is what the web means by Latin-1.
fn latin1(bytes: &[u8]) -> Result<Bytes, NotText> {
    const C1: [char; 32] = [
        '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0', '\0', '‘', '’', '“', '”',
        '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\0', 'ž', 'Ÿ',
    ];
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 8);
    for &byte in bytes {
        let character = match byte {
            0x80..=0x9f => C1[usize::from(byte - 0x80)],
            _ => char::from(byte),
        };
        // Five bytes mean nothing there.
        if character == '\0' {
            return Err(NotText);
        }
        text.push(character);
    }
    Ok(text.into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(charset: Charset, body: &[u8], step: usize) -> Result<String, NotText> {
        let mut text = Text::new(charset, Format::Text);
        let mut out = Vec::new();
        for chunk in body.chunks(step) {
            out.extend_from_slice(&text.decode(Bytes::copy_from_slice(chunk))?);
        }
        out.extend_from_slice(&text.finish()?);
        Ok(String::from_utf8(out).unwrap())
    }

    fn utf16(text: &str, big_endian: bool) -> Vec<u8> {
        text.encode_utf16().flat_map(|unit| if big_endian { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    }

    #[test]
    fn charsets_become_utf_8_however_they_are_cut() {
        let said = "Zoë Müller said “€5” 🙂, and more than sixteen bytes";
        let simple = "Zoë Müller said “€5”, and more than sixteen bytes";
        let cp1252: Vec<u8> = simple
            .chars()
            .map(|c| match c {
                '“' => 0x93,
                '”' => 0x94,
                '€' => 0x80,
                c => u8::try_from(u32::from(c)).unwrap(),
            })
            .collect();
        for step in 1..40 {
            assert_eq!(decoded(Charset::Utf8, said.as_bytes(), step).unwrap(), said);
            assert_eq!(decoded(Charset::Latin1, &cp1252, step).unwrap(), simple);
            for (charset, big_endian) in [(Charset::Utf16Be, true), (Charset::Utf16Le, false), (Charset::Utf16, true)] {
                assert_eq!(decoded(charset, &utf16(said, big_endian), step).unwrap(), said);
                assert_eq!(decoded(charset, &utf16(&format!("\u{feff}{said}"), big_endian), step).unwrap(), said);
            }
            assert_eq!(decoded(Charset::Utf16, &utf16(&format!("\u{feff}{said}"), false), step).unwrap(), said);
        }
        assert_eq!(decoded(Charset::Utf8, b"short", 2).unwrap(), "short");
        assert_eq!(decoded(Charset::Utf8, b"", 2).unwrap(), "");
    }

    #[test]
    fn what_lies_about_itself_is_refused() {
        let png = b"\x89PNG\r\n\x1a\n0123456789";
        let gzip = b"\x1f\x8b\x08\0\0\0\0\0\0\x03 and then some";
        let pdf = b"%PDF-1.7 and then some more of it";
        let nul_later = b"plain text for a long while, and then \0";
        let latin = b"Z\xf6e, in Latin-1 but labelled otherwise";
        let cut = "and the last character is cut: ö".as_bytes();
        let cut = &cut[..cut.len() - 1];
        let marked = utf16("\u{feff}marked as what it is not said to be", false);
        for step in [1, 7, 1000] {
            for body in [&png[..], gzip, pdf, nul_later, latin, cut, &marked] {
                assert!(decoded(Charset::Utf8, body, step).is_err(), "{body:?} in steps of {step}");
            }
            assert!(decoded(Charset::Latin1, pdf, step).is_err());
            assert!(decoded(Charset::Latin1, b"a byte without a meaning: \x81", step).is_err());
            assert!(decoded(Charset::Utf16Be, &marked, step).is_err());
            assert!(decoded(Charset::Utf16Le, &marked[..marked.len() - 1], step).is_err());
        }
    }
}
