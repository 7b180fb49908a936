//! Frames: whole messages, cut out of what arrives without a copy.

use std::fmt;
use std::marker::PhantomData;

use bytes::{Bytes, BytesMut};

use super::bytes::Reader;
use super::rules::{self, Entry, Length};
use super::tag::{BackendTag, FrontendTag};

/// How long the longest messages may be. Their sizes bound the memory of a session.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// The longest statement, set of parameters or message of the server, in bytes.
    pub statement: usize,
    /// The longest row, in bytes.
    pub row: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { statement: 16 << 20, row: 16 << 20 }
    }
}

impl Limits {
    fn of(&self, length: Length) -> (usize, usize) {
        let (least, most) = match length {
            Length::Exactly(length) => (length, length),
            Length::Within(least, most) => (least, most),
            Length::Statement(least) => (least, self.statement),
            Length::Row(least) => (least, self.row),
        };
        // The server itself accepts no more.
        (least, most.min((1 << 30) - 1))
    }
}

/// A whole message of the client. What a client says may go up; it never goes into a log.
#[derive(Clone)]
pub struct FrontendFrame {
    tag: FrontendTag,
    bytes: Bytes,
}

impl FrontendFrame {
    /// Which message.
    #[must_use]
    pub fn tag(&self) -> FrontendTag {
        self.tag
    }

    /// Its bytes, with type and length: for the server.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    pub(crate) fn read(&self, what: &'static str) -> Reader {
        Reader::new(self.bytes.clone(), HEADER, what)
    }

    /// The same bytes in memory of their own, when they pin a much bigger buffer.
    pub(crate) fn unpinned(self) -> Self {
        if self.bytes.len() < SMALL_SLICE {
            return Self { tag: self.tag, bytes: Bytes::copy_from_slice(&self.bytes) };
        }
        self
    }
}

/// A whole message of the server: nobody has judged its content yet. Only this crate reads it, and a client gets
/// [`ToClient`](super::ToClient).
#[derive(Clone)]
pub struct BackendFrame {
    tag: BackendTag,
    bytes: Bytes,
}

impl BackendFrame {
    /// Which message.
    #[must_use]
    pub fn tag(&self) -> BackendTag {
        self.tag
    }

    /// How many bytes it has, with type and length.
    #[must_use]
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    pub(crate) fn read(&self, what: &'static str) -> Reader {
        Reader::new(self.bytes.clone(), HEADER, what)
    }
}

impl fmt::Debug for FrontendFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}({} bytes)", self.tag, self.bytes.len())
    }
}

impl fmt::Debug for BackendFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}({} bytes)", self.tag, self.bytes.len())
    }
}

/// What a [`Framer`] cuts.
pub trait Frame: Sized {
    #[doc(hidden)]
    type Tag: Copy;
    #[doc(hidden)]
    fn tag_of(byte: u8) -> Option<(Self::Tag, &'static Entry)>;
    #[doc(hidden)]
    fn new(tag: Self::Tag, bytes: Bytes) -> Self;
}

impl Frame for FrontendFrame {
    type Tag = FrontendTag;

    fn tag_of(byte: u8) -> Option<(FrontendTag, &'static Entry)> {
        let tag = FrontendTag::from_byte(byte)?;
        Some((tag, rules::of_frontend(tag)?))
    }

    fn new(tag: FrontendTag, bytes: Bytes) -> Self {
        Self { tag, bytes }
    }
}

impl Frame for BackendFrame {
    type Tag = BackendTag;

    fn tag_of(byte: u8) -> Option<(BackendTag, &'static Entry)> {
        let tag = BackendTag::from_byte(byte)?;
        Some((tag, rules::of_backend(tag)?))
    }

    fn new(tag: BackendTag, bytes: Bytes) -> Self {
        Self { tag, bytes }
    }
}

/// Cuts a stream into messages.
///
/// ```
/// use blackbar_wire::pg::{Framer, FrontendFrame, FrontendTag, Limits};
///
/// let mut framer = Framer::<FrontendFrame>::new(Limits::default());
/// framer.push(b"Q\0\0\0\x0dSELECT 1");
/// assert!(framer.next()?.is_none(), "its last byte is missing");
/// framer.push(b"\0");
/// assert_eq!(framer.next()?.unwrap().tag(), FrontendTag::Query);
/// # Ok::<(), blackbar_wire::pg::FrameError>(())
/// ```
pub struct Framer<F> {
    buffer: BytesMut,
    limits: Limits,
    /// Once a stream is not understood, nothing behind it is.
    failed: Option<FrameError>,
    frames: PhantomData<fn() -> F>,
}

impl<F: Frame> Framer<F> {
    /// Starts at the first byte of a message.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { buffer: BytesMut::new(), limits, failed: None, frames: PhantomData }
    }

    /// Goes on where an opening was read.
    #[must_use]
    pub fn with_rest(limits: Limits, buffer: BytesMut) -> Self {
        Self { buffer, limits, failed: None, frames: PhantomData }
    }

    /// Takes a copy of what arrived.
    pub fn push(&mut self, arrived: &[u8]) {
        self.buffer.extend_from_slice(arrived);
    }

    /// A buffer to append to, with room. It grows with what has arrived, never with what a peer announces.
    pub fn space(&mut self) -> &mut BytesMut {
        if self.buffer.capacity() - self.buffer.len() < LEAST_SPACE {
            self.buffer.reserve(self.buffer.len().clamp(SPACE, MOST_SPACE));
        }
        &mut self.buffer
    }

    /// Gives back the memory in which nothing waits: a session that is idle for long costs little.
    pub fn rest(&mut self) {
        if self.buffer.is_empty() {
            self.buffer = BytesMut::new();
        }
    }

    /// Bytes that arrived and are in no frame yet.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.buffer.len()
    }

    /// The next message, if all of it is there.
    ///
    /// # Errors
    ///
    /// For a message without a rule or with a length outside its limits, as soon as its first bytes are there. The stream
    /// cannot be read on after that.
    #[expect(clippy::should_implement_trait, reason = "an iterator cannot be fed between two items")]
    pub fn next(&mut self) -> Result<Option<F>, FrameError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        self.cut().inspect_err(|error| self.failed = Some(*error))
    }

    fn cut(&mut self) -> Result<Option<F>, FrameError> {
        let Some(byte) = self.buffer.first() else { return Ok(None) };
        let Some((tag, entry)) = F::tag_of(*byte) else {
            return Err(FrameError { kind: FrameErrorKind::UnknownType, message: "", length: 0 });
        };
        let Some(length) = self.buffer.get(1..).and_then(|rest| rest.first_chunk::<4>()) else { return Ok(None) };
        let announced = i32::from_be_bytes(*length);
        let (least, most) = self.limits.of(entry.length);
        let refuse = |kind| Err(FrameError { kind, message: entry.name, length: announced });
        let Ok(length) = usize::try_from(announced) else { return refuse(FrameErrorKind::TooShort) };
        if length < least {
            return refuse(FrameErrorKind::TooShort);
        }
        if length > most {
            return refuse(FrameErrorKind::TooLong);
        }
        if self.buffer.len() < 1 + length {
            return Ok(None);
        }
        let bytes = self.buffer.split_to(1 + length).freeze();
        Ok(Some(F::new(tag, bytes)))
    }
}

impl<F> fmt::Debug for Framer<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Framer({} bytes waiting)", self.buffer.len())
    }
}

/// Why a stream cannot be read on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FrameError {
    kind: FrameErrorKind,
    message: &'static str,
    length: i32,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum FrameErrorKind {
    UnknownType,
    TooShort,
    TooLong,
}

impl FrameError {
    /// Whether the message is in order but longer than the configuration allows.
    #[must_use]
    pub fn is_too_long(&self) -> bool {
        self.kind == FrameErrorKind::TooLong
    }
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (message, length) = (self.message, self.length);
        match self.kind {
            FrameErrorKind::UnknownType => f.write_str("a message of a type that the protocol does not have"),
            FrameErrorKind::TooShort => write!(f, "a {message} with the impossible length {length}"),
            FrameErrorKind::TooLong => write!(f, "a {message} of {length} bytes is over the limit"),
        }
    }
}

impl std::error::Error for FrameError {}

/// Reads the next frame out of bytes that hold whole messages, as tests and pipelines have them.
#[cfg(test)]
pub(crate) fn frames<F: Frame>(bytes: &[u8]) -> Vec<F> {
    let mut framer = Framer::new(Limits::default());
    framer.push(bytes);
    let frames = std::iter::from_fn(|| framer.next().unwrap()).collect();
    assert_eq!(framer.waiting(), 0);
    frames
}

/// A message of this type with this body.
#[cfg(test)]
pub(crate) fn message(tag: u8, body: &[u8]) -> Bytes {
    let mut writer = super::bytes::Writer::new(tag);
    writer.bytes(body);
    writer.finish().unwrap()
}

/// Makes a frame of a message that this crate wrote.
#[cfg(test)]
pub(crate) fn own<F: Frame>(bytes: Bytes) -> Option<F> {
    let (tag, _) = F::tag_of(*bytes.first()?)?;
    (bytes.len() >= HEADER).then(|| F::new(tag, bytes))
}

/// The type byte and the length.
pub(crate) const HEADER: usize = 5;
const SPACE: usize = 32 * 1024;
const LEAST_SPACE: usize = 4 * 1024;
const MOST_SPACE: usize = 1 << 20;
/// A slice below this that waits is copied, so that it does not keep a buffer of [`SPACE`] alive.
const SMALL_SLICE: usize = 8 * 1024;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn error<F: Frame>(bytes: &[u8]) -> String {
        let mut framer = Framer::<F>::new(Limits { statement: 1000, row: 2000 });
        framer.push(bytes);
        let error = framer.next().err().expect("an error");
        // It stays failed.
        framer.push(b"S\0\0\0\x04");
        assert_eq!(framer.next().err(), Some(error));
        error.to_string()
    }

    #[test]
    fn lengths_outside_their_limits_are_refused_before_the_body_is_there() {
        assert!(error::<FrontendFrame>(b"Q\0\0\0\x04").contains("impossible length 4"));
        assert!(error::<FrontendFrame>(b"Q\xff\xff\xff\xff").contains("impossible length -1"));
        assert!(error::<FrontendFrame>(b"Q\0\0\x03\xe9").contains("a Query of 1001 bytes is over the limit"));
        assert!(error::<FrontendFrame>(b"S\0\0\0\x05").contains("over the limit"));
        assert!(error::<FrontendFrame>(b"!").contains("does not have"));
        assert!(error::<BackendFrame>(b"D\x7f\xff\xff\xff").contains("DataRow of 2147483647"));
        assert!(error::<BackendFrame>(b"Z\0\0\0\x06").contains("ReadyForQuery"));
    }

    #[test]
    fn frames_share_the_buffer_they_came_in() {
        let mut framer = Framer::<BackendFrame>::new(Limits::default());
        framer.space().extend_from_slice(b"D\0\0\0\x06\0\0D\0\0\0\x06\0\0Z\0\0\0\x05I");
        let start = framer.buffer.as_ptr();
        let first = framer.next().unwrap().unwrap();
        assert_eq!(first.bytes().as_ptr(), start);
        let second = framer.next().unwrap().unwrap();
        assert_eq!(second.bytes().as_ptr(), start.wrapping_add(7));
    }

    #[test]
    fn an_announced_length_reserves_nothing() {
        let mut framer = Framer::<BackendFrame>::new(Limits::default());
        framer.space().extend_from_slice(b"D\0\xff\xff\xff");
        assert!(framer.next().unwrap().is_none());
        assert!(framer.space().capacity() <= 2 * SPACE);
    }

    proptest! {
        #[test]
        fn every_cut_gives_the_same_frames(cuts in proptest::collection::vec(0usize..60, 0..8)) {
            let stream = b"P\0\0\0\x0fs\0SELECT\0\0\0B\0\0\0\x0d\0s\0\0\0\0\0\0\0E\0\0\0\x09\0\0\0\0\0S\0\0\0\x04";
            let whole: Vec<Bytes> = frames::<FrontendFrame>(stream).iter().map(|frame| frame.bytes().clone()).collect();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(stream.len())).collect();
            cuts.extend([0, stream.len()]);
            cuts.sort_unstable();
            let mut framer = Framer::<FrontendFrame>::new(Limits::default());
            let mut seen = Vec::new();
            for pair in cuts.windows(2) {
                framer.push(&stream[pair[0]..pair[1]]);
                while let Some(frame) = framer.next().unwrap() {
                    seen.push(frame.bytes().clone());
                }
            }
            prop_assert_eq!(seen, whole);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut framer = Framer::<FrontendFrame>::new(Limits::default());
            framer.push(&bytes);
            while let Ok(Some(_)) = framer.next() {}
            let mut framer = Framer::<BackendFrame>::new(Limits::default());
            framer.push(&bytes);
            while let Ok(Some(_)) = framer.next() {}
        }
    }
}
