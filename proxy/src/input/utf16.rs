//! UTF-16 and back, without loss: a surrogate without its partner is spelt in three bytes, as WTF-8 does, so that
//! decoding and encoding give the input's own bytes again.

use std::io::{self, Write};

/// Decodes a stream of UTF-16 units.
#[derive(Debug)]
pub(crate) struct Decoder {
    big_endian: bool,
    /// The first byte of a unit whose second has not arrived.
    half: Option<u8>,
    /// A high surrogate whose partner has not arrived.
    high: Option<u16>,
}

impl Decoder {
    pub(crate) fn new(big_endian: bool) -> Self {
        Self { big_endian, half: None, high: None }
    }

    /// Appends the text of `bytes`.
    pub(crate) fn decode(&mut self, bytes: &[u8], text: &mut Vec<u8>) {
        text.reserve(bytes.len() / 2 * 3 + 4);
        for &byte in bytes {
            match self.half.take() {
                None => self.half = Some(byte),
                Some(first) => {
                    let pair = [first, byte];
                    self.unit(if self.big_endian { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) }, text);
                }
            }
        }
    }

    /// The stream ends. False when it ends within a unit.
    pub(crate) fn finish(&mut self, text: &mut Vec<u8>) -> bool {
        if let Some(high) = self.high.take() {
            lone(high, text);
        }
        self.half.is_none()
    }

    fn unit(&mut self, unit: u16, text: &mut Vec<u8>) {
        match (self.high.take(), unit) {
            (Some(high), 0xdc00..=0xdfff) => {
                let code = 0x10000 + ((u32::from(high) - 0xd800) << 10) + (u32::from(unit) - 0xdc00);
                push(code, text);
                return;
            }
            (Some(high), _) => lone(high, text),
            (None, _) => {}
        }
        match unit {
            0xd800..=0xdbff => self.high = Some(unit),
            0xdc00..=0xdfff => lone(unit, text),
            _ => push(u32::from(unit), text),
        }
    }
}

fn push(code: u32, text: &mut Vec<u8>) {
    if let Some(character) = char::from_u32(code) {
        text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

fn lone(surrogate: u16, text: &mut Vec<u8>) {
    let [high, low] = surrogate.to_be_bytes();
    text.extend_from_slice(&[0xe0 | high >> 4, 0x80 | (high & 15) << 2 | low >> 6, 0x80 | low & 0x3f]);
}

/// How many bytes of UTF-16 spell this text. Counted by lead bytes, so text may be cut anywhere but within a character.
pub(crate) fn encoded_len(text: &[u8]) -> u64 {
    text.iter()
        .map(|&byte| {
            if byte & 0xc0 == 0x80 {
                0
            } else if byte >= 0xf0 {
                4
            } else {
                2
            }
        })
        .sum()
}

/// Encodes what is written to it; characters may be cut between writes.
#[derive(Debug)]
pub(crate) struct Encoder<W> {
    inner: W,
    big_endian: bool,
    partial: Vec<u8>,
    out: Vec<u8>,
}

impl<W: Write> Encoder<W> {
    pub(crate) fn new(inner: W, big_endian: bool) -> Self {
        Self { inner, big_endian, partial: Vec::with_capacity(4), out: Vec::new() }
    }

    /// The writer below. What is left of a cut character is lost, so there must be none.
    pub(crate) fn finish(self) -> io::Result<W> {
        if self.partial.is_empty() { Ok(self.inner) } else { Err(io::ErrorKind::InvalidData.into()) }
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.out.clear();
        for &byte in text {
            self.partial.push(byte);
            let Some(code) = character(&self.partial)? else { continue };
            self.partial.clear();
            let mut units = [0; 2];
            let units: &[u16] = match (char::from_u32(code), u16::try_from(code)) {
                (Some(character), _) => character.encode_utf16(&mut units),
                (None, Ok(surrogate)) => {
                    units[0] = surrogate;
                    &units[..1]
                }
                (None, Err(_)) => return Err(io::ErrorKind::InvalidData.into()),
            };
            for unit in units {
                self.out.extend_from_slice(&if self.big_endian { unit.to_be_bytes() } else { unit.to_le_bytes() });
            }
        }
        self.inner.write_all(&self.out)?;
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// The text in UTF-16.
pub(crate) fn encode(text: &[u8], big_endian: bool) -> io::Result<Vec<u8>> {
    let mut encoder = Encoder::new(Vec::new(), big_endian);
    encoder.write_all(text)?;
    encoder.finish()
}

/// The code point that these bytes spell, if they are all of one.
fn character(bytes: &[u8]) -> io::Result<Option<u32>> {
    let (&first, rest) = bytes.split_first().ok_or(io::ErrorKind::InvalidData)?;
    let (len, bits) = match first {
        0..=0x7f => (1, first),
        0xc2..=0xdf => (2, first & 0x1f),
        0xe0..=0xef => (3, first & 0x0f),
        0xf0..=0xf4 => (4, first & 0x07),
        _ => return Err(io::ErrorKind::InvalidData.into()),
    };
    if rest.iter().any(|byte| byte & 0xc0 != 0x80) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let code = rest.iter().fold(u32::from(bits), |code, byte| code << 6 | u32::from(byte & 0x3f));
    Ok((bytes.len() == len).then_some(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(units: &[u16], big_endian: bool) -> Vec<u8> {
        units.iter().flat_map(|unit| if big_endian { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    }

    #[test]
    fn every_sequence_of_units_comes_back_however_it_is_cut() {
        let units = [0xfeff, 0x41, 0xe9, 0xd83d, 0xde42, 0xd800, 0x42, 0xdc00, 0xd83d, 0xd83d, 0xde42, 0xdbff];
        for big_endian in [false, true] {
            let raw = bytes(&units, big_endian);
            for step in 1..raw.len() {
                let mut decoder = Decoder::new(big_endian);
                let mut text = Vec::new();
                raw.chunks(step).for_each(|chunk| decoder.decode(chunk, &mut text));
                assert!(decoder.finish(&mut text));
                assert_eq!(encoded_len(&text), raw.len() as u64);
                let mut encoder = Encoder::new(Vec::new(), big_endian);
                text.chunks(step).for_each(|chunk| encoder.write_all(chunk).unwrap());
                assert_eq!(encoder.finish().unwrap(), raw);
            }
        }
    }

    #[test]
    fn half_a_unit_is_told() {
        let mut decoder = Decoder::new(false);
        decoder.decode(b"a\0b", &mut Vec::new());
        assert!(!decoder.finish(&mut Vec::new()));
    }

    #[test]
    fn text_that_is_none_is_refused_and_not_guessed() {
        for text in [&b"\xff"[..], b"\xc3a", b"\x80"] {
            assert!(encode(text, false).is_err());
        }
        assert!(encode(b"\xc3", false).is_err());
    }
}
