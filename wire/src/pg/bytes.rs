//! Reading and writing the protocol's integers and strings, every length checked.

use std::fmt;
use std::ops::Range;

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};

/// A message whose inside does not follow its grammar. It carries where, never what.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Malformed {
    /// Which message or part.
    pub what: &'static str,
    /// Offset in the message of the part that is wrong.
    pub at: usize,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed {} at byte {}", self.what, self.at)
    }
}

impl std::error::Error for Malformed {}

/// Reads a message from its front. Slices share the message's memory.
#[derive(Clone)]
pub(crate) struct Reader {
    whole: Bytes,
    at: usize,
    what: &'static str,
}

impl Reader {
    /// Starts behind the first `skip` bytes: the type byte and the length, which the framer has checked.
    pub(crate) fn new(whole: Bytes, skip: usize, what: &'static str) -> Self {
        Self { whole, at: skip, what }
    }

    pub(crate) fn fail<T>(&self) -> Result<T, Malformed> {
        Err(Malformed { what: self.what, at: self.at })
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn left(&self) -> usize {
        self.whole.len().saturating_sub(self.at)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let found = self.whole.get(self.at..).and_then(|rest| rest.first_chunk::<N>()).copied();
        match found {
            Some(array) => {
                self.at += N;
                Ok(array)
            }
            None => self.fail(),
        }
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Malformed> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn i16(&mut self) -> Result<i16, Malformed> {
        self.array().map(i16::from_be_bytes)
    }

    pub(crate) fn i32(&mut self) -> Result<i32, Malformed> {
        self.array().map(i32::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_be_bytes)
    }

    /// A count of things of at least `each` bytes: a count that cannot fit in what is left is refused, so that nothing is
    /// reserved for it.
    pub(crate) fn count(&mut self, each: usize) -> Result<usize, Malformed> {
        let at = self.at;
        let count = self.array().map(u16::from_be_bytes).map(usize::from)?;
        if count.saturating_mul(each) > self.left() {
            return Err(Malformed { what: self.what, at });
        }
        Ok(count)
    }

    pub(crate) fn range(&mut self, len: usize) -> Result<Range<usize>, Malformed> {
        if len > self.left() {
            return self.fail();
        }
        let range = self.at..self.at + len;
        self.at += len;
        Ok(range)
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Result<Bytes, Malformed> {
        let range = self.range(len)?;
        Ok(self.whole.slice(range))
    }

    /// A value with its length, `None` for NULL.
    pub(crate) fn value(&mut self) -> Result<Option<Bytes>, Malformed> {
        Ok(self.value_range()?.map(|range| self.whole.slice(range)))
    }

    pub(crate) fn value_range(&mut self) -> Result<Option<Range<usize>>, Malformed> {
        let at = self.at;
        match self.i32()? {
            -1 => Ok(None),
            length => match usize::try_from(length) {
                Ok(length) => self.range(length).map(Some),
                Err(_) => Err(Malformed { what: self.what, at }),
            },
        }
    }

    /// A string up to its NUL.
    pub(crate) fn text(&mut self) -> Result<Bytes, Malformed> {
        let rest = self.whole.get(self.at..).unwrap_or_default();
        match memchr::memchr(0, rest) {
            Some(len) => {
                let text = self.bytes(len)?;
                self.at += 1;
                Ok(text)
            }
            None => self.fail(),
        }
    }

    pub(crate) fn rest(&mut self) -> Bytes {
        let mut rest = self.whole.clone();
        rest.advance(self.at.min(rest.len()));
        self.at = self.whole.len();
        rest
    }

    /// Nothing may be left.
    pub(crate) fn end(&self) -> Result<(), Malformed> {
        if self.left() == 0 { Ok(()) } else { self.fail() }
    }
}

/// A message would be longer than the protocol can say.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TooLong;

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the message is longer than the protocol can express")
    }
}

impl std::error::Error for TooLong {}

/// Writes one message: the length comes last and is checked. A part that is too long spoils the whole.
pub(crate) struct Writer {
    out: BytesMut,
    /// Where the length field stands.
    length_at: usize,
    spoilt: bool,
}

impl Writer {
    pub(crate) fn new(tag: u8) -> Self {
        Self::with_capacity(tag, 64)
    }

    pub(crate) fn with_capacity(tag: u8, capacity: usize) -> Self {
        let mut out = BytesMut::with_capacity(capacity);
        out.put_u8(tag);
        out.put_i32(0);
        Self { out, length_at: 1, spoilt: false }
    }

    /// A message of the opening, which has no type byte.
    pub(crate) fn opening() -> Self {
        let mut out = BytesMut::with_capacity(64);
        out.put_i32(0);
        Self { out, length_at: 0, spoilt: false }
    }

    pub(crate) fn u8(&mut self, byte: u8) -> &mut Self {
        self.out.put_u8(byte);
        self
    }

    pub(crate) fn i16(&mut self, number: i16) -> &mut Self {
        self.out.put_i16(number);
        self
    }

    pub(crate) fn i32(&mut self, number: i32) -> &mut Self {
        self.out.put_i32(number);
        self
    }

    pub(crate) fn u32(&mut self, number: u32) -> &mut Self {
        self.out.put_u32(number);
        self
    }

    pub(crate) fn count(&mut self, count: usize) -> &mut Self {
        match u16::try_from(count) {
            Ok(count) => self.out.put_u16(count),
            Err(_) => self.spoilt = true,
        }
        self
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.out.put_slice(bytes);
        self
    }

    /// A string and its NUL. One that has a NUL inside would end early, and the rest be read as something else.
    pub(crate) fn text(&mut self, text: &[u8]) -> &mut Self {
        self.spoilt |= memchr::memchr(0, text).is_some();
        self.out.put_slice(text);
        self.out.put_u8(0);
        self
    }

    pub(crate) fn value(&mut self, value: Option<&[u8]>) -> &mut Self {
        match value.map(|value| (i32::try_from(value.len()), value)) {
            None => self.out.put_i32(-1),
            Some((Ok(length), value)) => {
                self.out.put_i32(length);
                self.out.put_slice(value);
            }
            Some((Err(_), _)) => self.spoilt = true,
        }
        self
    }

    pub(crate) fn finish(mut self) -> Result<Bytes, TooLong> {
        let length = i32::try_from(self.out.len() - self.length_at).map_err(|_| TooLong)?;
        if self.spoilt {
            return Err(TooLong);
        }
        if let Some(field) = self.out.get_mut(self.length_at..self.length_at + 4) {
            field.copy_from_slice(&length.to_be_bytes());
        }
        Ok(self.out.freeze())
    }
}
