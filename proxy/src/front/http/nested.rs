//! JSON within strings of JSON: letters and digits that are spelt there as escapes of escapes. The inner text means the same
//! without them, and whoever looks for identifiers in the string sees what it means.

use bytes::{Bytes, BytesMut};
use memchr::memmem;

/// Writes `\\u0032` as `2`, at any depth.
#[derive(Debug, Default)]
pub(super) struct Nested {
    /// What may be the beginning of such an escape.
    held: Vec<u8>,
}

/// Deeper texts are not read.
const MOST_SIGNS: usize = 32;

impl Nested {
    /// The next bytes, as far as they are known.
    pub(super) fn filter(&mut self, bytes: Bytes) -> Bytes {
        let text = if self.held.is_empty() {
            bytes
        } else {
            let mut text = std::mem::take(&mut self.held);
            text.extend_from_slice(&bytes);
            Bytes::from(text)
        };
        let settled = text.len() - open_end(&text);
        self.held = text.slice(settled..).to_vec();
        plain(text.slice(..settled))
    }

    /// What was held back; the text ends.
    pub(super) fn finish(&mut self) -> Bytes {
        std::mem::take(&mut self.held).into()
    }
}

/// How many bytes at the end may be a part of an escape.
fn open_end(text: &[u8]) -> usize {
    const DIGITS: usize = 5;
    let tail = text.len().saturating_sub(DIGITS);
    let behind = text.get(tail..).unwrap_or_default();
    let begun = behind.iter().rposition(|byte| *byte == b'\\').map(|at| tail + at);
    let Some(last) = begun else { return 0 };
    let unfinished = text.get(last + 1..).unwrap_or_default().iter().zip(b"u00").all(|(byte, one)| byte == one);
    let signs =
        text.get(..=last).unwrap_or_default().iter().rev().take(MOST_SIGNS).take_while(|byte| **byte == b'\\').count();
    if unfinished { text.len() - (last + 1 - signs) } else { 0 }
}

fn plain(text: Bytes) -> Bytes {
    const ESCAPE: &[u8] = br"\\u00";
    if memmem::find(&text, ESCAPE).is_none() {
        return text;
    }
    let mut out = BytesMut::with_capacity(text.len());
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| memmem::find(rest, ESCAPE)) {
        let escape = at + found;
        let digits = escape + ESCAPE.len();
        let signs = text.get(..escape + 2).unwrap_or_default().iter().rev().take_while(|byte| **byte == b'\\').count();
        let byte = text.get(digits..digits + 2).and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = byte.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        // An odd number ends in an escape of the outer text itself.
        match byte.filter(|byte| signs % 2 == 0 && (byte.is_ascii_alphanumeric() || b" -._@/:".contains(byte))) {
            Some(byte) => {
                let kept = (escape + 2).saturating_sub(signs).max(at);
                out.extend_from_slice(text.get(at..kept).unwrap_or_default());
                out.extend_from_slice(&[byte]);
                at = digits + 2;
            }
            None => {
                out.extend_from_slice(text.get(at..digits).unwrap_or_default());
                at = digits;
            }
        }
    }
    out.extend_from_slice(text.get(at..).unwrap_or_default());
    out.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_of_escapes_are_what_they_mean_however_they_are_cut() {
        for (text, expected) in [
            (r#"{"a":"{\"ssn\":\"\\u0032\\u003119\\u002d09\"}"}"#, r#"{"a":"{\"ssn\":\"2119-09\"}"}"#),
            (r#"{"a":"\\\\u0032x\\\\u0033"}"#, r#"{"a":"2x3"}"#),
            // Escapes of the outer text, of signs, and none.
            (r#"{"a":"\u0032\\\u0032\\u0022\\u00e9\\u003"}"#, r#"{"a":"\u0032\\\u0032\\u0022\\u00e9\\u003"}"#),
            (r#"{"a":"\\"}"#, r#"{"a":"\\"}"#),
            ("x\\\\u00", "x\\\\u00"),
        ] {
            for step in 1..=text.len() {
                let mut nested = Nested::default();
                let mut out: Vec<u8> = text
                    .as_bytes()
                    .chunks(step)
                    .flat_map(|piece| nested.filter(Bytes::copy_from_slice(piece)).to_vec())
                    .collect();
                out.extend_from_slice(&nested.finish());
                assert_eq!(String::from_utf8(out).unwrap(), expected, "in steps of {step}");
            }
        }
    }
}
