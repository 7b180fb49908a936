//! One input: decompressed, judged by its first bytes, decoded to UTF-8, in chunks.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use blackbar_engine::{Format, SNIFF, Sniffed, Unreadable, sniff};
use bytes::{Bytes, BytesMut};

use super::utf16::Decoder;
use super::walk::Source;
use crate::error::{Error, Id};
use crate::output::digest::{Digest, Digesting};

/// How an input is compressed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Coding {
    /// Not at all.
    #[default]
    Plain,
    Gzip,
    Zstd,
}

impl Coding {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Plain => "identity",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
}

/// Text of the input, whole characters of it.
#[derive(Clone, Debug)]
pub(crate) struct Chunk {
    pub(crate) text: Bytes,
    /// The input spells it in UTF-16.
    pub(crate) wide: bool,
}

/// An input that can be read.
pub(crate) struct Opened {
    reader: Box<dyn Read + Send>,
    decoder: Option<Decoder>,
    /// First bytes that were looked at.
    head: Bytes,
    buffer: BytesMut,
    /// Read at a time.
    step: usize,
    /// Bytes of the (decompressed) input that were read.
    read: u64,
    finished: bool,
    /// As it is stored, when that is known.
    stored: Option<u64>,
    digest: Digest,
    pub(crate) coding: Coding,
    pub(crate) format: Format,
    /// UTF-16, and whether its most significant byte comes first.
    pub(crate) utf16: Option<bool>,
}

/// Why an input is not read.
#[derive(Debug)]
pub(crate) enum Refused {
    /// There is no lens for what it is.
    Uninspectable(Error),
    /// It cannot be read.
    Failed(Error),
}

/// A read of a file, and the size of the buffer that slices are cut from.
const FILE_STEP: usize = 256 << 10;
/// An input of this size keeps several threads busy.
const BIG: u64 = 4 << 20;
/// A pipe has no more to give at a time.
const PIPE_STEP: usize = 64 << 10;

/// Opens an input. `format` is what the user said, if anything; `key` asks for a digest of its bytes as they are stored.
pub(crate) fn open(source: &Source, format: Option<Format>, key: Option<&[u8]>) -> Result<Opened, Refused> {
    let failed = |error: &io::Error| Refused::Failed(Error::io(Id::InputUnreadable, "cannot be read", error));
    match &source.path {
        None => from_reader(Box::new(io::stdin()), PIPE_STEP, format, key),
        Some(path) => {
            let file = File::open(path).map_err(|error| failed(&error))?;
            let data = file.metadata().map_err(|error| failed(&error))?;
            let is_file = data.is_file();
            let step = if is_file { FILE_STEP } else { PIPE_STEP };
            let stored = is_file.then_some(data.len());
            let opened = from_reader(Box::new(file), step, format, key)?;
            // Where the bytes do not tell, the name may: a table of one column, rows behind a preamble.
            let named = table_by_name(path).filter(|_| format.is_none() && opened.format == Format::Text);
            Ok(Opened { stored, format: named.unwrap_or(opened.format), ..opened })
        }
    }
}

pub(crate) fn from_reader(
    reader: Box<dyn Read + Send>,
    step: usize,
    format: Option<Format>,
    key: Option<&[u8]>,
) -> Result<Opened, Refused> {
    let digest = Digest::new(key);
    let mut reader: Box<dyn Read + Send> = Box::new(Digesting::new(reader, digest.clone()));
    let magic = fill(&mut reader, 4).map_err(|error| Refused::Failed(unreadable(&error, Coding::Plain)))?;
    let coding = match magic.as_slice() {
        [0x1f, 0x8b, ..] => Coding::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd] => Coding::Zstd,
        _ => Coding::Plain,
    };
    let whole = io::Cursor::new(magic).chain(reader);
    let mut reader: Box<dyn Read + Send> = match coding {
        Coding::Plain => Box::new(whole),
        Coding::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(PIPE_STEP, whole))),
        Coding::Zstd => {
            let decoder = zstd::stream::read::Decoder::new(whole);
            Box::new(decoder.map_err(|error| Refused::Failed(unreadable(&error, coding)))?)
        }
    };
    let head = fill(&mut reader, SNIFF).map_err(|error| Refused::Failed(unreadable(&error, coding)))?;
    let (guessed, utf16) = match sniff(&head, head.len() < SNIFF) {
        Sniffed::Format(guessed) => (guessed, None),
        Sniffed::Utf16 { big_endian } => (wide_format(&head, big_endian)?, Some(big_endian)),
        Sniffed::Unreadable(what) => return Err(Refused::Uninspectable(uninspectable(what))),
    };
    // A decoder gives little at a time, and a buffer is cleared before each read.
    let step = if coding == Coding::Plain { step } else { step.min(2 * PIPE_STEP) };
    Ok(Opened {
        reader,
        decoder: utf16.map(Decoder::new),
        head: Bytes::from(head),
        buffer: BytesMut::new(),
        step,
        read: 0,
        finished: false,
        stored: None,
        digest,
        coding,
        format: format.unwrap_or(guessed),
        utf16,
    })
}

impl Opened {
    /// The next text, or `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Chunk>, Error> {
        while !self.finished {
            let bytes = self.bytes()?;
            self.finished = bytes.is_empty();
            self.read += bytes.len() as u64;
            let Some(decoder) = &mut self.decoder else {
                if let Some(at) = memchr::memchr(0, &bytes) {
                    return Err(binary(self.read - bytes.len() as u64 + at as u64));
                }
                return Ok((!bytes.is_empty()).then_some(Chunk { text: bytes, wide: false }));
            };
            let mut text = Vec::new();
            decoder.decode(&bytes, &mut text);
            if self.finished && !decoder.finish(&mut text) {
                let what = format!("the UTF-16 text ends within a character at byte {}", self.read);
                return Err(Error::new(Id::InputCutCharacter, what).hint("get a complete copy of it"));
            }
            if let Some(at) = memchr::memchr(0, &text) {
                let behind = super::utf16::encoded_len(text.get(at..).unwrap_or_default());
                return Err(binary(self.read.saturating_sub(behind)));
            }
            if !text.is_empty() {
                return Ok(Some(Chunk { text: Bytes::from(text), wide: true }));
            }
        }
        Ok(None)
    }

    /// Whether it is worth more than one thread, as far as one can know before reading it.
    pub(crate) fn may_be_big(&self) -> bool {
        self.stored.is_none_or(|stored| stored >= BIG)
    }

    /// How many bytes of the (decompressed) input were read.
    pub(crate) fn len(&self) -> u64 {
        self.read
    }

    /// The digest of everything that was read, if one was asked for.
    pub(crate) fn digest(&self) -> Option<String> {
        self.digest.hex()
    }

    /// The next bytes of the input; empty at the end.
    fn bytes(&mut self) -> Result<Bytes, Error> {
        if !self.head.is_empty() {
            return Ok(std::mem::take(&mut self.head));
        }
        // A buffer is used until it is full, and used again when nobody holds a slice of it any more.
        if self.buffer.capacity() < self.step.min(PIPE_STEP) {
            self.buffer.reserve(FILE_STEP);
        }
        let room = self.buffer.capacity().min(self.step);
        self.buffer.resize(room, 0);
        let count = loop {
            match self.reader.read(&mut self.buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other.map_err(|error| unreadable(&error, self.coding))?,
            }
        };
        let bytes = self.buffer.split_to(count).freeze();
        self.buffer.clear();
        Ok(bytes)
    }
}

/// Judges the text behind a byte order mark.
fn wide_format(head: &[u8], big_endian: bool) -> Result<Format, Refused> {
    let mut text = Vec::new();
    // A last unit may be cut; it does not matter for judging.
    Decoder::new(big_endian).decode(head, &mut text);
    match sniff(&text, head.len() < SNIFF) {
        Sniffed::Format(format) => Ok(format),
        Sniffed::Utf16 { .. } => Err(Refused::Uninspectable(uninspectable(Unreadable::BINARY))),
        Sniffed::Unreadable(what) => Err(Refused::Uninspectable(uninspectable(what))),
    }
}

/// The table that a file's name promises, with or without the ending of a compression.
fn table_by_name(path: &Path) -> Option<Format> {
    let name = path.file_name()?.to_string_lossy().to_ascii_lowercase();
    let name = [".gz", ".zst"].iter().find_map(|coding| name.strip_suffix(coding)).unwrap_or(&name);
    match name.rsplit('.').next()? {
        "csv" => Some(Format::CSV),
        "tsv" | "tab" => Some(Format::TSV),
        _ => None,
    }
}

fn uninspectable(what: Unreadable) -> Error {
    let hint = "convert it to text first, or leave such files out with --unsupported skip";
    Error::new(Id::InputUninspectable, format!("no lens can look into {what}")).hint(hint)
}

fn binary(at: u64) -> Error {
    let what = format!("it looks like text but holds a NUL byte at {at}, so it is binary");
    Error::new(Id::InputBinary, what).hint("convert it to text first")
}

fn unreadable(error: &io::Error, coding: Coding) -> Error {
    // The decoders' own errors carry no number of the operating system.
    if coding != Coding::Plain && error.raw_os_error().is_none() {
        let what = format!("the {} data are damaged or cut short", coding.name());
        return Error::new(Id::InputCorrupt, what).hint("get a complete copy of it");
    }
    Error::io(Id::InputUnreadable, "cannot be read", error)
}

/// Up to `most` bytes: fewer only at the end.
fn fill(reader: &mut impl Read, most: usize) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(most);
    reader.take(most as u64).read_to_end(&mut head)?;
    Ok(head)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn opened(bytes: Vec<u8>) -> Result<Opened, Refused> {
        from_reader(Box::new(io::Cursor::new(bytes)), FILE_STEP, None, None)
    }

    fn read(bytes: Vec<u8>) -> Result<Vec<u8>, Id> {
        let mut opened = match opened(bytes) {
            Ok(opened) => opened,
            Err(Refused::Failed(error) | Refused::Uninspectable(error)) => return Err(error.id()),
        };
        let mut text = Vec::new();
        while let Some(chunk) = opened.next().map_err(|error| error.id())? {
            text.extend_from_slice(&chunk.text);
        }
        Ok(text)
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn members_and_frames_follow_each_other() {
        let two = [gzip(b"one "), gzip(b"two")].concat();
        assert_eq!(read(two).unwrap(), b"one two");
        let two = [zstd::encode_all(&b"one "[..], 1).unwrap(), zstd::encode_all(&b"two"[..], 1).unwrap()].concat();
        assert_eq!(read(two).unwrap(), b"one two");
        assert_eq!(read(Vec::new()).unwrap(), b"");
    }

    #[test]
    fn damaged_inputs_are_refused() {
        let text = b"some words ".repeat(10_000);
        for whole in [gzip(&text), zstd::encode_all(&text[..], 1).unwrap()] {
            assert_eq!(read(whole.clone()).unwrap(), text);
            let cut = whole[..whole.len() - 3].to_vec();
            assert_eq!(read(cut), Err(Id::InputCorrupt));
            let garbage = [whole, b"garbage".to_vec()].concat();
            assert_eq!(read(garbage), Err(Id::InputCorrupt));
        }
        assert_eq!(read(gzip(&gzip(b"twice"))), Err(Id::InputUninspectable));
    }

    #[test]
    fn a_late_nul_is_found_wherever_it_is() {
        for at in [SNIFF, SNIFF + 1, FILE_STEP + 5, 3 * FILE_STEP] {
            let mut text = vec![b'x'; at];
            text.push(0);
            let mut opened = opened(text).unwrap();
            let error = loop {
                match opened.next() {
                    Ok(Some(_)) => {}
                    Ok(None) => unreachable!("the NUL was missed"),
                    Err(error) => break error,
                }
            };
            assert_eq!(error.id(), Id::InputBinary);
            assert!(error.what().contains(&format!(" {at},")), "{error}");
        }
    }
}
