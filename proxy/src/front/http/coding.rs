//! Content codings, undone and applied while bytes flow.
//!
//! Decoders are driven one buffer at a time, so that a few bytes that stand for gigabytes are never in memory at once, and
//! what they stand for is counted while it comes.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, BufRead, Read, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use blackbar_wire::http::Coding;
use brotli::enc::StandardAlloc;
use brotli::{BrotliDecompressStream, BrotliResult, BrotliState};
use bytes::{Buf as _, Bytes};

/// Undoes a coding.
pub(super) struct Decoder {
    feed: Arc<Feed>,
    inner: Inner,
    buffer: Box<[u8]>,
    encoded: u64,
    decoded: u64,
    expansion: u64,
    ended: bool,
}

enum Inner {
    Identity,
    Read(Box<dyn Read + Send>),
}

/// Why a body cannot be decoded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum DecodeError {
    /// It is damaged, cut short, or not in this coding at all.
    Damaged,
    /// It grows beyond every measure.
    Bomb,
}

/// So much may be decoded before the measure counts.
const FREE: u64 = 16 << 20;
/// What is decoded at once.
const BUFFER: usize = 32 << 10;
/// Eight megabytes, as RFC 8878 asks of decoders for the web.
const ZSTD_WINDOW: u32 = 23;

impl Decoder {
    pub(super) fn new(coding: Coding, expansion: u64) -> Result<Self, DecodeError> {
        let feed = Arc::new(Feed::default());
        let input = Reader { feed: Arc::clone(&feed), held: Bytes::new() };
        let inner = match coding {
            Coding::Identity => Inner::Identity,
            Coding::Gzip => Inner::Read(Box::new(flate2::bufread::MultiGzDecoder::new(input))),
            Coding::Deflate => Inner::Read(Box::new(flate2::bufread::ZlibDecoder::new(input))),
            Coding::Brotli => Inner::Read(Box::new(Brotli::new(input))),
            Coding::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(input).map_err(|_| DecodeError::Damaged)?;
                decoder.window_log_max(ZSTD_WINDOW).map_err(|_| DecodeError::Damaged)?;
                Inner::Read(Box::new(decoder))
            }
        };
        let buffer = if matches!(inner, Inner::Identity) { Box::default() } else { vec![0; BUFFER].into() };
        Ok(Self { feed, inner, buffer, encoded: 0, decoded: 0, expansion, ended: false })
    }

    /// Takes bytes as they came.
    pub(super) fn push(&mut self, bytes: Bytes) {
        self.encoded += bytes.len() as u64;
        if !bytes.is_empty() {
            self.feed.unread.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            self.feed.lock().push_back(bytes);
        }
    }

    /// No more bytes come.
    pub(super) fn end(&mut self) {
        self.feed.ended.store(true, Ordering::Relaxed);
    }

    /// The next decoded bytes. `None` asks for more, or is the end.
    pub(super) fn next(&mut self) -> Result<Option<Bytes>, DecodeError> {
        let Inner::Read(inner) = &mut self.inner else { return Ok(self.feed.lock().pop_front()) };
        if self.ended {
            return if self.feed.is_empty() { Ok(None) } else { Err(DecodeError::Damaged) };
        }
        // An empty body is an empty body, whatever it says it is coded in.
        if self.encoded == 0 {
            return Ok(None);
        }
        match inner.read(&mut self.buffer) {
            Ok(0) => {
                self.ended = true;
                if self.feed.is_empty() { Ok(None) } else { Err(DecodeError::Damaged) }
            }
            Ok(len) => {
                self.decoded += len as u64;
                if self.decoded > FREE && self.decoded / self.expansion > self.encoded {
                    return Err(DecodeError::Bomb);
                }
                let text = self.buffer.get(..len).unwrap_or_default();
                Ok(Some(Bytes::from(text.to_vec())))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(_) => Err(DecodeError::Damaged),
        }
    }

    /// Whether nothing is left that could be decoded without asking whether it ends well.
    pub(super) fn is_drained(&self) -> bool {
        matches!(self.inner, Inner::Identity) && self.feed.lock().is_empty()
    }

    /// Whether everything that came was decoded to its end.
    pub(super) fn is_complete(&self) -> bool {
        match self.inner {
            Inner::Identity => true,
            Inner::Read(_) => self.ended || self.encoded == 0,
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Damaged => "it is damaged, or not in the coding that it names",
            Self::Bomb => "it grows beyond every measure when it is decoded",
        })
    }
}

/// What was pushed and waits to be read.
#[derive(Default)]
struct Feed {
    chunks: Mutex<VecDeque<Bytes>>,
    /// Bytes that were pushed and not read yet.
    unread: AtomicU64,
    ended: AtomicBool,
}

impl Feed {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Bytes>> {
        self.chunks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_empty(&self) -> bool {
        self.unread.load(Ordering::Relaxed) == 0
    }
}

/// The reading end. Without bytes it would block.
struct Reader {
    feed: Arc<Feed>,
    held: Bytes,
}

impl Read for Reader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let bytes = self.fill_buf()?;
        let len = bytes.len().min(into.len());
        into.get_mut(..len).unwrap_or_default().copy_from_slice(bytes.get(..len).unwrap_or_default());
        self.consume(len);
        Ok(len)
    }
}

impl BufRead for Reader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.held.is_empty() {
            let mut chunks = self.feed.lock();
            match chunks.pop_front() {
                Some(chunk) => self.held = chunk,
                None if self.feed.ended.load(Ordering::Relaxed) => {}
                None => return Err(io::ErrorKind::WouldBlock.into()),
            }
        }
        Ok(&self.held)
    }

    fn consume(&mut self, len: usize) {
        self.held.advance(len.min(self.held.len()));
        self.feed.unread.fetch_sub(len as u64, Ordering::Relaxed);
    }
}

/// Brotli, read to its last byte and no further: what stands behind it stays in the reader.
struct Brotli {
    input: Reader,
    state: Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>,
    total: usize,
    done: bool,
}

impl Brotli {
    fn new(input: Reader) -> Self {
        // Strict: windows of 16 MiB at most, as the web has them.
        let state =
            BrotliState::new_strict(StandardAlloc::default(), StandardAlloc::default(), StandardAlloc::default());
        Self { input, state: Box::new(state), total: 0, done: false }
    }
}

impl Read for Brotli {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while !self.done {
            // Output may wait in the decoder when no input does.
            let bytes = match self.input.fill_buf() {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => &[],
                Err(error) => return Err(error),
            };
            let ended = bytes.is_empty();
            let (mut given, mut taken, mut room, mut written) = (bytes.len(), 0, into.len(), 0);
            let result = BrotliDecompressStream(
                &mut given,
                &mut taken,
                bytes,
                &mut room,
                &mut written,
                into,
                &mut self.total,
                &mut self.state,
            );
            self.input.consume(taken);
            match result {
                BrotliResult::ResultSuccess => self.done = true,
                BrotliResult::ResultFailure => return Err(io::ErrorKind::InvalidData.into()),
                BrotliResult::NeedsMoreInput if ended && written == 0 => {
                    let over = self.input.feed.ended.load(Ordering::Relaxed) && self.input.feed.is_empty();
                    return Err(if over { io::ErrorKind::UnexpectedEof } else { io::ErrorKind::WouldBlock }.into());
                }
                BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => {}
            }
            if written > 0 {
                return Ok(written);
            }
        }
        Ok(0)
    }
}

/// Applies a coding.
pub(super) enum Encoder {
    Identity,
    Gzip(flate2::write::GzEncoder<Vec<u8>>),
    Deflate(flate2::write::ZlibEncoder<Vec<u8>>),
    Brotli(Box<brotli::CompressorWriter<Vec<u8>>>),
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
}

/// Compressed bytes wait until there are so many, or until nothing else is to be done.
const WORTH_SENDING: usize = 8 << 10;

impl Encoder {
    pub(super) fn new(coding: Coding) -> io::Result<Self> {
        Ok(match coding {
            Coding::Identity => Self::Identity,
            Coding::Gzip => Self::Gzip(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(4))),
            Coding::Deflate => Self::Deflate(flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::new(4))),
            Coding::Brotli => Self::Brotli(Box::new(brotli::CompressorWriter::new(Vec::new(), 4096, 4, 20))),
            Coding::Zstd => Self::Zstd(zstd::stream::write::Encoder::new(Vec::new(), 1)?),
        })
    }

    /// Takes bytes; returns what is to be sent now.
    pub(super) fn push(&mut self, bytes: Bytes) -> io::Result<Option<Bytes>> {
        let writer: &mut dyn Write = match self {
            Self::Identity => return Ok(Some(bytes)),
            Self::Gzip(encoder) => encoder,
            Self::Deflate(encoder) => encoder,
            Self::Brotli(encoder) => encoder,
            Self::Zstd(encoder) => encoder,
        };
        writer.write_all(&bytes)?;
        Ok(self.take(WORTH_SENDING))
    }

    /// Everything that was taken so far leaves.
    pub(super) fn flush(&mut self) -> io::Result<Option<Bytes>> {
        match self {
            Self::Identity => {}
            Self::Gzip(encoder) => encoder.flush()?,
            Self::Deflate(encoder) => encoder.flush()?,
            Self::Brotli(encoder) => encoder.flush()?,
            Self::Zstd(encoder) => encoder.flush()?,
        }
        Ok(self.take(1))
    }

    /// The end.
    pub(super) fn finish(self) -> io::Result<Option<Bytes>> {
        let rest = match self {
            Self::Identity => return Ok(None),
            Self::Gzip(encoder) => encoder.finish()?,
            Self::Deflate(encoder) => encoder.finish()?,
            Self::Brotli(encoder) => encoder.into_inner(),
            Self::Zstd(encoder) => encoder.finish()?,
        };
        Ok((!rest.is_empty()).then(|| rest.into()))
    }

    fn take(&mut self, least: usize) -> Option<Bytes> {
        let out = match self {
            Self::Identity => return None,
            Self::Gzip(encoder) => encoder.get_mut(),
            Self::Deflate(encoder) => encoder.get_mut(),
            Self::Brotli(encoder) => encoder.get_mut(),
            Self::Zstd(encoder) => encoder.get_mut(),
        };
        (out.len() >= least).then(|| std::mem::take(out).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODINGS: [Coding; 4] = [Coding::Gzip, Coding::Deflate, Coding::Brotli, Coding::Zstd];

    fn encoded(coding: Coding, text: &[u8]) -> Vec<u8> {
        let mut encoder = Encoder::new(coding).unwrap();
        let mut out = encoder.push(Bytes::copy_from_slice(text)).unwrap().unwrap_or_default().to_vec();
        out.extend(encoder.finish().unwrap().unwrap_or_default());
        out
    }

    fn decoded(coding: Coding, chunks: &[&[u8]]) -> Result<Vec<u8>, DecodeError> {
        let mut decoder = Decoder::new(coding, 200)?;
        let mut out = Vec::new();
        for chunk in chunks {
            decoder.push(Bytes::copy_from_slice(chunk));
            while let Some(bytes) = decoder.next()? {
                out.extend_from_slice(&bytes);
            }
        }
        decoder.end();
        while let Some(bytes) = decoder.next()? {
            out.extend_from_slice(&bytes);
        }
        if decoder.is_complete() { Ok(out) } else { Err(DecodeError::Damaged) }
    }

    #[test]
    fn bodies_come_back_at_every_cut() {
        let text: Vec<u8> = (0..600_u32).flat_map(|n| format!("line {n}, ").into_bytes()).collect();
        for coding in CODINGS {
            let body = encoded(coding, &text);
            for cut in 0..=body.len() {
                let (one, other) = body.split_at(cut);
                assert_eq!(decoded(coding, &[one, other]).as_deref(), Ok(&text[..]), "{coding:?} at {cut}");
            }
            let bytes: Vec<&[u8]> = body.chunks(1).collect();
            assert_eq!(decoded(coding, &bytes).as_deref(), Ok(&text[..]), "{coding:?} by bytes");
        }
    }

    #[test]
    fn what_is_cut_short_or_followed_by_more_is_refused() {
        for coding in CODINGS {
            let body = encoded(coding, b"some text that is long enough to be cut");
            for cut in 1..body.len() {
                assert!(decoded(coding, &[&body[..cut]]).is_err(), "{coding:?} cut at {cut}");
            }
            let more = [&body[..], b"SSN 219-09-9999"].concat();
            assert!(decoded(coding, &[&more]).is_err(), "{coding:?} and more");
            assert!(decoded(coding, &[b"no such thing at all"]).is_err(), "{coding:?}");
            assert_eq!(decoded(coding, &[]).as_deref(), Ok(&b""[..]), "{coding:?}");
        }
    }

    #[test]
    fn flushed_bytes_can_be_read_at_once() {
        for coding in CODINGS {
            let mut encoder = Encoder::new(coding).unwrap();
            let mut decoder = Decoder::new(coding, 200).unwrap();
            for text in ["one ", "two ", "three "] {
                let mut sent: Vec<Bytes> = encoder.push(Bytes::from(text)).unwrap().into_iter().collect();
                sent.extend(encoder.flush().unwrap());
                sent.into_iter().for_each(|bytes| decoder.push(bytes));
                let mut got = Vec::new();
                while let Some(bytes) = decoder.next().unwrap() {
                    got.extend_from_slice(&bytes);
                }
                assert_eq!(got, text.as_bytes(), "{coding:?}");
            }
        }
    }

    #[test]
    fn bombs_are_cut() {
        for coding in CODINGS {
            let body = encoded(coding, &vec![b'a'; 64 << 20]);
            assert_eq!(decoded(coding, &[&body]).unwrap_err(), DecodeError::Bomb, "{coding:?}: {}", body.len());
        }
    }
}
