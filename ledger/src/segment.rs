//! Recordings as files: segments of encrypted frames.
//!
//! ```text
//! segment header, 128 bytes:  "BBREC001" | version u16 | flags u16 | segment number u32 | session 16 | segment 16
//!                             | created, µs, u64 | zeros | crc32c of what is before u32
//! frame header, 48 bytes:     body length u32 | stream u8 | flags u8 | zeros u16 | frame number u64
//!                             | µs since the segment was created u64 | previous frame 16 | zeros u32 | crc32c u32
//! frame body:                 AES-256-GCM of ( compressed length u32 | zstd of records | zeros ), tag 16
//! record:                     number | µs since the session began | length, each LEB128 | bytes
//! ```
//!
//! Records that fit into one page as they are stand in a raw block of zstd. Numbers are little endian. A frame with its header is a multiple of 4 KiB long, so that lengths tell little. What the
//! seal binds beside the body: session, segment, and the frame's header without its checksum. `previous frame` is the
//! beginning of the SHA-256 of the frame before, of the segment header for the first.

use std::cell::RefCell;

use crate::error::{Error, Result};
use crate::hash::Hash;
use crate::ids::SessionId;
use crate::journal::is_newer;
use crate::seal::{FrameSeal, Secret, TAG_LEN};
use crate::time::Time;

/// The folder of recordings inside a data folder.
pub(crate) const RECORDINGS: &str = "recordings";

pub(crate) const SEGMENT_HEADER_LEN: usize = 128;
const FRAME_HEADER_LEN: usize = 48;
const MAGIC: &[u8; 8] = b"BBREC001";
const VERSION: u16 = 1;

/// Frames with their headers are multiples of this.
const PADDED_TO: usize = 4096;

/// The most bytes that a frame's records may have before they are compressed.
pub(crate) const MAX_BLOCK: usize = 16 * 1024 * 1024;

/// Which way something went. Each stream is compressed by itself: a request that an attacker chose, in one window with an
/// answer, would tell from its length what the answer has in common with it.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Direction {
    /// From the client to the system behind the gateway.
    ToUpstream,
    /// From there to the client, as delivered.
    ToClient,
    /// What the gateway notes about both, and leaves must not hold.
    Note,
}

impl Direction {
    pub(crate) const ALL: [Self; 3] = [Self::ToUpstream, Self::ToClient, Self::Note];

    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::ToUpstream => 0,
            Self::ToClient => 1,
            Self::Note => 2,
        }
    }

    fn of_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|direction| direction.code() == code)
    }
}

/// The path of a segment inside a data folder. A folder holds what began within about three days.
pub(crate) fn segment_path(session: SessionId, segment: u32) -> String {
    let name = session.to_string();
    format!("{RECORDINGS}/{}/{name}.{segment}", name.get(..5).unwrap_or_default())
}

/// Reads back what [`segment_path`] made of a file's name.
pub(crate) fn of_file_name(name: &str) -> Option<(SessionId, u32)> {
    let (session, segment) = name.split_once('.')?;
    let found = (SessionId::parse(session)?, segment.parse().ok()?);
    (segment_path(found.0, found.1).ends_with(&format!("/{name}"))).then_some(found)
}

/// Writes the frames of one segment.
pub(crate) struct SegmentWriter {
    seal: FrameSeal,
    place: [u8; 32],
    created: Time,
    /// The segment header, until the first frame takes it along.
    header: Option<[u8; SEGMENT_HEADER_LEN]>,
    next_frame: u64,
    offset: u64,
    prev: Hash,
    level: i32,
}

thread_local! {
    /// One for all sessions that a thread writes, with its level: each block is compressed for itself, and what a compressor remembers
    /// between two is only its memory.
    static COMPRESSOR: RefCell<Option<(i32, zstd::bulk::Compressor<'static>)>> = const { RefCell::new(None) };
}

/// What zstd writes before a block that it does not compress, for records that have room in one page as they are: then their frame
/// is as long as it would be after compression, and needs none.
fn stored(records: &[u8]) -> Option<[u8; STORED_HEADER_LEN]> {
    let room = PADDED_TO - FRAME_HEADER_LEN - 4 - STORED_HEADER_LEN - TAG_LEN;
    let length = u32::try_from(records.len()).ok().filter(|_| records.len() <= room)?;
    // One segment, its length in four bytes; then the last block, raw, with its length in 21 bits.
    let mut header = [0; STORED_HEADER_LEN];
    let [block @ .., _] = (length << 3 | 1).to_le_bytes();
    fill(&mut header, &[&zstd::zstd_safe::MAGICNUMBER.to_le_bytes(), &[0xa0], &length.to_le_bytes(), &block]);
    Some(header)
}

const STORED_HEADER_LEN: usize = 12;

/// Compresses `records` into `room`; says how long they are then.
fn compress(level: i32, records: &[u8], room: &mut [u8]) -> std::io::Result<usize> {
    COMPRESSOR.with_borrow_mut(|kept| {
        let mut compressor = match kept.take() {
            Some((its, compressor)) if its == level => compressor,
            _ => zstd::bulk::Compressor::new(level)?,
        };
        let compressed = compressor.compress_to_buffer(records, room);
        *kept = Some((level, compressor));
        compressed
    })
}

/// One sealed frame.
pub(crate) struct SealedFrame {
    pub(crate) frame: u64,
    /// Where it goes in the segment's file.
    pub(crate) offset: u64,
    /// The frame, for the first one with the segment header before it.
    pub(crate) bytes: Vec<u8>,
    /// Of the frame alone.
    pub(crate) hash: Hash,
}

impl SegmentWriter {
    pub(crate) fn new(key: &Secret, session: SessionId, number: u32, id: [u8; 16], now: Time, level: i32) -> Self {
        let header = encode_header(session, number, id, now);
        Self {
            seal: FrameSeal::new(&segment_key(key, id)),
            place: place(session, id),
            created: now,
            prev: Hash::of(&[&header]),
            header: Some(header),
            next_frame: 0,
            offset: 0,
            level,
        }
    }

    /// How long the segment's file is once all frames are in it.
    pub(crate) fn len(&self) -> u64 {
        self.offset
    }

    /// Compresses, pads and encrypts the records of one stream.
    pub(crate) fn seal(&mut self, direction: Direction, records: &[u8], now: Time) -> Result<SealedFrame> {
        if records.len() > MAX_BLOCK {
            return Err(Error::too_large(format!("a block of {} bytes is longer than {MAX_BLOCK}", records.len())));
        }
        let head = if self.header.is_some() { SEGMENT_HEADER_LEN } else { 0 };
        let start = head + FRAME_HEADER_LEN + 4;
        let (mut bytes, compressed) = match stored(records) {
            // It takes one page however short it is.
            Some(stored) => {
                let mut bytes = vec![0; head + PADDED_TO];
                fill(bytes.get_mut(start..).unwrap_or_default(), &[&stored, records]);
                (bytes, stored.len() + records.len())
            }
            None => {
                let room = zstd::zstd_safe::compress_bound(records.len());
                let mut bytes = vec![0; start + room];
                let compressed = compress(self.level, records, bytes.get_mut(start..).unwrap_or_default());
                (bytes, compressed.map_err(|error| Error::io("a block cannot be compressed", error))?)
            }
        };
        let frame_len = (FRAME_HEADER_LEN + 4 + compressed + TAG_LEN).next_multiple_of(PADDED_TO);
        bytes.resize(start + compressed, 0);
        bytes.resize(head + frame_len, 0);

        let too_long = |_| Error::too_large("a frame is longer than its header can say");
        let body_len = u32::try_from(frame_len - FRAME_HEADER_LEN).map_err(too_long)?;
        let compressed = u32::try_from(compressed).map_err(too_long)?;
        let mut header = [0; FRAME_HEADER_LEN];
        let micros = now.micros().saturating_sub(self.created.micros());
        let prev = self.prev.as_bytes().get(..16).unwrap_or_default();
        fill(
            &mut header,
            &[
                &body_len.to_le_bytes(),
                &[direction.code(), 0, 0, 0],
                &self.next_frame.to_le_bytes(),
                &micros.to_le_bytes(),
                prev,
            ],
        );
        let frame = bytes.get_mut(head..).unwrap_or_default();
        let (in_header, body) = frame.split_at_mut(FRAME_HEADER_LEN);
        let (plain, tag) = body.split_at_mut(body.len() - TAG_LEN);
        fill(plain, &[&compressed.to_le_bytes()]);
        let bound = [self.place.as_slice(), header.get(..SEALED_HEADER_LEN).unwrap_or_default()].concat();
        tag.copy_from_slice(&self.seal.seal(self.next_frame, &bound, plain)?);
        in_header.copy_from_slice(&header);
        let sum = checksum(frame);
        if let Some(in_header) = frame.get_mut(SEALED_HEADER_LEN..FRAME_HEADER_LEN) {
            in_header.copy_from_slice(&[[0; 4], sum.to_le_bytes()].concat());
        }

        let hash = Hash::of(&[frame]);
        if let Some(header) = self.header.take() {
            fill(&mut bytes, &[&header]);
        }
        let sealed = SealedFrame { frame: self.next_frame, offset: self.offset, hash, bytes };
        self.next_frame += 1;
        self.offset += sealed.bytes.len() as u64;
        self.prev = hash;
        Ok(sealed)
    }
}

/// The part of a frame's header that the seal binds.
const SEALED_HEADER_LEN: usize = 40;

/// What a segment's header says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct SegmentHeader {
    pub(crate) session: SessionId,
    pub(crate) number: u32,
    pub(crate) id: [u8; 16],
    pub(crate) created: Time,
}

impl SegmentHeader {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self> {
        let malformed = || Error::corrupt("a recording's segment has no valid header");
        let header = bytes.get(..SEGMENT_HEADER_LEN).ok_or_else(malformed)?;
        if is_newer(bytes, MAGIC, VERSION, SEGMENT_HEADER_LEN) {
            return Err(Error::newer("a recording's segment"));
        }
        let this = Self {
            number: u32::from_le_bytes(part(header, 12).ok_or_else(malformed)?),
            session: SessionId::from_bytes(part(header, 16).ok_or_else(malformed)?),
            id: part(header, 32).ok_or_else(malformed)?,
            created: Time::from_micros(u64::from_le_bytes(part(header, 48).ok_or_else(malformed)?)),
        };
        let again = encode_header(this.session, this.number, this.id, this.created);
        if again == header { Ok(this) } else { Err(malformed()) }
    }
}

/// One frame of a segment's file, still sealed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'b> {
    bytes: &'b [u8],
    pub(crate) number: u64,
    pub(crate) direction: Direction,
}

impl<'b> Frame<'b> {
    /// Takes the first frame of `bytes`; gives what follows it. `None` for anything that is not a whole, undamaged frame.
    pub(crate) fn split(bytes: &'b [u8]) -> Option<(Self, &'b [u8])> {
        let length = usize::try_from(u32::from_le_bytes(part(bytes, 0)?)).ok()?;
        if length < 4 + TAG_LEN {
            return None;
        }
        let (frame, rest) = bytes.split_at_checked(FRAME_HEADER_LEN.checked_add(length)?)?;
        let sum = u32::from_le_bytes(part(frame, 44)?);
        let this = Self {
            bytes: frame,
            direction: Direction::of_code(*frame.get(4)?)?,
            number: u64::from_le_bytes(part(frame, 8)?),
        };
        (checksum(frame) == sum).then_some((this, rest))
    }

    pub(crate) fn hash(&self) -> Hash {
        Hash::of(&[self.bytes])
    }

    /// Whether it says that it follows the frame, or the segment header, of this hash.
    pub(crate) fn follows(&self, prev: Hash) -> bool {
        self.bytes.get(24..40) == prev.as_bytes().get(..16)
    }

    /// Decrypts and decompresses its records.
    pub(crate) fn open(&self, seal: &SegmentOpener) -> Result<Vec<u8>> {
        let malformed = || Error::corrupt("a frame's content is malformed");
        let (header, body) = self.bytes.split_at_checked(FRAME_HEADER_LEN).ok_or_else(malformed)?;
        let (body, tag) = body.split_last_chunk::<TAG_LEN>().ok_or_else(malformed)?;
        let bound = [seal.place.as_slice(), header.get(..SEALED_HEADER_LEN).unwrap_or_default()].concat();
        let mut plain = body.to_vec();
        seal.seal.open(self.number, &bound, &mut plain, *tag)?;
        let length =
            usize::try_from(u32::from_le_bytes(part(&plain, 0).ok_or_else(malformed)?)).map_err(|_| malformed())?;
        let compressed = plain.get(4..).and_then(|rest| rest.get(..length)).ok_or_else(malformed)?;
        zstd::bulk::decompress(compressed, MAX_BLOCK).map_err(|_| malformed())
    }
}

/// Opens the frames of one segment.
pub(crate) struct SegmentOpener {
    seal: FrameSeal,
    place: [u8; 32],
}

impl SegmentOpener {
    pub(crate) fn new(key: &Secret, header: &SegmentHeader) -> Self {
        Self { seal: FrameSeal::new(&segment_key(key, header.id)), place: place(header.session, header.id) }
    }
}

fn segment_key(key: &Secret, id: [u8; 16]) -> Secret {
    key.derive(&[b"blackbar segment 1", &id])
}

fn place(session: SessionId, id: [u8; 16]) -> [u8; 32] {
    let mut place = [0; 32];
    fill(&mut place, &[session.as_bytes(), &id]);
    place
}

fn encode_header(session: SessionId, number: u32, id: [u8; 16], created: Time) -> [u8; SEGMENT_HEADER_LEN] {
    let mut header = [0; SEGMENT_HEADER_LEN];
    fill(
        &mut header,
        &[
            MAGIC,
            &VERSION.to_le_bytes(),
            &[0; 2],
            &number.to_le_bytes(),
            session.as_bytes(),
            &id,
            &created.micros().to_le_bytes(),
        ],
    );
    let (content, sum) = header.split_at_mut(SEGMENT_HEADER_LEN - 4);
    sum.copy_from_slice(&crc32c::crc32c(content).to_le_bytes());
    header
}

/// CRC32C of a frame without the place of the checksum itself.
fn checksum(frame: &[u8]) -> u32 {
    let before = crc32c::crc32c(frame.get(..44).unwrap_or_default());
    crc32c::crc32c_append(before, frame.get(FRAME_HEADER_LEN..).unwrap_or_default())
}

/// Writes parts one after the other from the start.
fn fill(bytes: &mut [u8], parts: &[&[u8]]) {
    let written = parts.iter().flat_map(|part| part.iter());
    for (byte, written) in bytes.iter_mut().zip(written) {
        *byte = *written;
    }
}

fn part<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

/// Something that went one way, at one moment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Record {
    /// Its place among all records of the session.
    pub number: u64,
    /// Microseconds since the session began.
    pub micros: u64,
    /// Which way it went.
    pub direction: Direction,
    /// What went.
    pub bytes: Vec<u8>,
}

/// Adds a record to a block.
pub(crate) fn encode_record(block: &mut Vec<u8>, number: u64, micros: u64, bytes: &[u8]) {
    for value in [number, micros, bytes.len() as u64] {
        let mut rest = value;
        while rest >= 0x80 {
            block.push(low_bits(rest) | 0x80);
            rest >>= 7;
        }
        block.push(low_bits(rest));
    }
    block.extend_from_slice(bytes);
}

/// The records of a block, in order.
pub(crate) fn decode_records(mut block: &[u8], direction: Direction) -> Result<Vec<Record>> {
    let malformed = || Error::corrupt("a block's records are malformed");
    let mut records = Vec::new();
    while !block.is_empty() {
        let mut values = [0_u64; 3];
        for value in &mut values {
            for shift in (0..64).step_by(7) {
                let (byte, rest) = block.split_first().ok_or_else(malformed)?;
                block = rest;
                *value |= u64::from(byte & 0x7f) << shift;
                if byte & 0x80 == 0 {
                    break;
                }
            }
        }
        let [number, micros, length] = values;
        let length = usize::try_from(length).map_err(|_| malformed())?;
        let (bytes, rest) = block.split_at_checked(length).ok_or_else(malformed)?;
        block = rest;
        records.push(Record { number, micros, direction, bytes: bytes.to_vec() });
    }
    Ok(records)
}

fn low_bits(value: u64) -> u8 {
    (value & 0x7f) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_micros(1_700_000_000_000_000);
    const SESSION: SessionId = SessionId::from_bytes([5; 16]);

    fn key() -> Secret {
        Secret::from_bytes([9; 32])
    }

    fn segment(blocks: &[&[u8]]) -> Vec<u8> {
        let mut writer = SegmentWriter::new(&key(), SESSION, 0, [6; 16], NOW, 1);
        let mut file = Vec::new();
        for block in blocks {
            let sealed = writer.seal(Direction::ToClient, block, NOW).unwrap();
            assert_eq!(sealed.offset, file.len() as u64);
            file.extend(sealed.bytes);
        }
        assert_eq!(writer.len(), file.len() as u64);
        file
    }

    #[test]
    fn frames_come_back_in_a_chain() {
        let blocks: [&[u8]; 3] = [b"first", &[7; 100_000], b""];
        let file = segment(&blocks);
        let header = SegmentHeader::parse(&file).unwrap();
        assert_eq!((header.session, header.number, header.created), (SESSION, 0, NOW));
        let opener = SegmentOpener::new(&key(), &header);
        let (head, mut rest) = file.split_at(SEGMENT_HEADER_LEN);
        let mut prev = Hash::of(&[head]);
        for (number, block) in blocks.iter().enumerate() {
            let (frame, after) = Frame::split(rest).unwrap();
            assert_eq!((rest.len() - after.len()) % PADDED_TO, 0);
            assert_eq!(frame.number, number as u64);
            assert!(frame.follows(prev));
            assert_eq!(frame.open(&opener).unwrap(), *block);
            prev = frame.hash();
            rest = after;
        }
        assert!(rest.is_empty());
    }

    #[test]
    fn short_blocks_are_stored_and_take_one_page() {
        let room = PADDED_TO - FRAME_HEADER_LEN - 4 - STORED_HEADER_LEN - TAG_LEN;
        let noise: Vec<u8> =
            (0_u32..).take(room + 1).map(|at| (at.wrapping_mul(2_654_435_761) >> 11).to_le_bytes()[0]).collect();
        for length in [1, 2, 127, 255, 256, 257, 1000, room - 1, room] {
            let block = &noise[..length];
            let file = segment(&[block, block]);
            assert_eq!(file.len(), SEGMENT_HEADER_LEN + 2 * PADDED_TO, "{length}");
            let opener = SegmentOpener::new(&key(), &SegmentHeader::parse(&file).unwrap());
            let (frame, rest) = Frame::split(&file[SEGMENT_HEADER_LEN..]).unwrap();
            assert_eq!(frame.open(&opener).unwrap(), block);
            assert_eq!(Frame::split(rest).unwrap().0.open(&opener).unwrap(), block);
            let whole = [stored(block).unwrap().as_slice(), block].concat();
            assert_eq!(zstd::stream::decode_all(whole.as_slice()).unwrap(), block);
        }
        assert!(stored(&noise).is_none());
        // What has no room as it is has it compressed, where it can be.
        assert_eq!(segment(&[&[7; 2 * PADDED_TO]]).len(), SEGMENT_HEADER_LEN + PADDED_TO);
    }

    #[test]
    fn a_frame_opens_nowhere_else() {
        let file = segment(&[b"first", b"second"]);
        let header = SegmentHeader::parse(&file).unwrap();
        let (first, rest) = Frame::split(&file[SEGMENT_HEADER_LEN..]).unwrap();
        let (second, _) = Frame::split(rest).unwrap();
        for (key, header) in [
            (Secret::from_bytes([8; 32]), header),
            (key(), SegmentHeader { id: [7; 16], ..header }),
            (key(), SegmentHeader { session: SessionId::from_bytes([4; 16]), ..header }),
        ] {
            assert!(first.open(&SegmentOpener::new(&key, &header)).unwrap_err().is_corrupt());
        }
        let opener = SegmentOpener::new(&key(), &header);
        assert!(Frame { number: 1, ..first }.open(&opener).is_err());
        assert!(Frame { number: 0, ..second }.open(&opener).is_err());
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let file = segment(&[b"content"]);
        for at in 0..file.len() {
            let mut altered = file.clone();
            altered[at] ^= 0x10;
            let whole =
                SegmentHeader::parse(&altered).is_ok() && Frame::split(&altered[SEGMENT_HEADER_LEN..]).is_some();
            // Only the four bytes that mean nothing are in no checksum and no seal; they are in the hash of the block.
            assert!(!whole, "the byte at {at}");
        }
    }

    #[test]
    fn the_key_in_a_frame_with_a_mended_checksum_still_notices() {
        let mut file = segment(&[b"content"]);
        let opener = SegmentOpener::new(&key(), &SegmentHeader::parse(&file).unwrap());
        for at in [4, 8, 16, 24, FRAME_HEADER_LEN, 4095] {
            let frame = &mut file[SEGMENT_HEADER_LEN..];
            frame[at] ^= if at == 4 { 3 } else { 1 };
            let sum = checksum(frame);
            frame[44..48].copy_from_slice(&sum.to_le_bytes());
            assert!(Frame::split(frame).unwrap().0.open(&opener).is_err(), "the byte at {at}");
            let frame = &mut file[SEGMENT_HEADER_LEN..];
            frame[at] ^= if at == 4 { 3 } else { 1 };
        }
    }

    #[test]
    fn records_come_back() {
        let mut block = Vec::new();
        encode_record(&mut block, 0, 127, b"one");
        encode_record(&mut block, 128, u64::MAX, b"");
        let records = decode_records(&block, Direction::Note).unwrap();
        assert_eq!(records.len(), 2);
        assert_eq!((records[0].micros, records[0].bytes.as_slice()), (127, b"one".as_slice()));
        assert_eq!((records[1].number, records[1].micros), (128, u64::MAX));
        assert!(decode_records(&block[..3], Direction::Note).is_err());
    }

    #[test]
    fn file_names_are_read_back() {
        let path = segment_path(SESSION, 12);
        assert_eq!(of_file_name(path.rsplit('/').next().unwrap()), Some((SESSION, 12)));
        assert_eq!(of_file_name("x.1"), None);
        assert_eq!(of_file_name(&format!("{SESSION}.01")), None);
    }
}
