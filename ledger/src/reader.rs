//! Reading the record back: leaves from a cursor, a session as it happened, proofs.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::hash::Hash;
use crate::ids::SessionId;
use crate::index::LeafIndex;
use crate::keys::{KeyStore, RootKey};
use crate::leaf::{Kind, ReadLeaf};
use crate::ledger::VKEY;
use crate::note::{SignedCheckpoint, VerifierKey};
use crate::proof::LeafProof;
use crate::seal::Secret;
use crate::segment::{
    Direction, Frame, Record, SEGMENT_HEADER_LEN, SegmentHeader, SegmentOpener, decode_records, of_file_name,
    segment_path,
};
use crate::tiles::{CHECKPOINT, Tiles, read_bundle};
use crate::tree;
use crate::vfs::{RealFs, Vfs, folder_of};

/// Reads a data folder, also while a gateway writes it. Leaves are those under the last checkpoint.
pub struct Reader {
    vfs: Arc<dyn Vfs>,
    keys: Option<KeyStore>,
}

impl Reader {
    /// Reads a data folder; with the root key also the content of recordings.
    #[must_use]
    pub fn open(folder: &Path, root: Option<Arc<dyn RootKey>>) -> Self {
        Self::open_at(Arc::new(RealFs::new(folder)), root)
    }

    pub(crate) fn open_at(vfs: Arc<dyn Vfs>, root: Option<Arc<dyn RootKey>>) -> Self {
        let keys = root.map(|root| KeyStore::new(Arc::clone(&vfs), root));
        Self { vfs, keys }
    }

    /// The last checkpoint, its signature not looked at.
    ///
    /// # Errors
    ///
    /// When there is none or it is malformed.
    pub fn checkpoint(&self) -> Result<SignedCheckpoint> {
        let note = self.vfs.read(CHECKPOINT).map_err(|error| Error::io(CHECKPOINT, error))?;
        SignedCheckpoint::parse(&String::from_utf8(note).map_err(|_| Error::corrupt("the checkpoint is not text"))?)
    }

    /// The verifier key that lies beside the log.
    ///
    /// # Errors
    ///
    /// When there is none or it is malformed.
    pub fn verifier_key(&self) -> Result<VerifierKey> {
        let text = self.vfs.read(VKEY).map_err(|error| Error::io(VKEY, error))?;
        VerifierKey::parse(&String::from_utf8(text).map_err(|_| Error::key("the verifier key is not text"))?)
    }

    /// The leaves from a cursor on, up to the checkpoint of now. Nothing is verified but the form of each leaf.
    ///
    /// # Errors
    ///
    /// When there is no checkpoint.
    pub fn leaves(&self, from: LeafIndex) -> Result<Leaves<'_>> {
        let size = self.checkpoint()?.unverified().size;
        Ok(Leaves { vfs: &*self.vfs, next: from.value(), size, bundle: None })
    }

    /// The leaf at an index.
    ///
    /// # Errors
    ///
    /// When the log is shorter, or the leaf cannot be read.
    pub fn leaf(&self, index: LeafIndex) -> Result<ReadLeaf> {
        let missing = || Error::missing(format!("leaf {index} is not under the last checkpoint"));
        self.leaves(index)?.next().ok_or_else(missing)?.map(|(_, leaf)| leaf)
    }

    /// A proof of one leaf under the last checkpoint.
    ///
    /// # Errors
    ///
    /// When the log is shorter, or its files do not fit together.
    pub fn prove(&self, index: LeafIndex) -> Result<LeafProof> {
        let checkpoint = self.checkpoint()?;
        let size = checkpoint.unverified().size;
        if index.value() >= size {
            return Err(Error::missing(format!("leaf {index} is not under the last checkpoint, which ends at {size}")));
        }
        let leaf = self.leaf(index)?.bytes().to_vec();
        let hashes = tree::inclusion_proof(&Tiles::new(&*self.vfs, size), index.value(), size)?;
        let proof = LeafProof { leaf, index, hashes, checkpoint };
        proof.verify(None)?;
        Ok(proof)
    }

    /// The last checkpoint, and a proof that its log goes on from the one that had `old` leaves.
    ///
    /// # Errors
    ///
    /// When the log is shorter than that, or its files do not fit together.
    pub fn prove_growth(&self, old: u64) -> Result<(SignedCheckpoint, Vec<Hash>)> {
        let checkpoint = self.checkpoint()?;
        let size = checkpoint.unverified().size;
        if old > size {
            return Err(Error::missing(format!("the log has {size} leaves, and not {old}")));
        }
        let proof = if old == 0 || old == size {
            Vec::new()
        } else {
            tree::consistency_proof(&Tiles::new(&*self.vfs, size), old, size)?
        };
        Ok((checkpoint, proof))
    }

    /// The leaves of a session whose first one is known.
    ///
    /// # Errors
    ///
    /// When there is no such session at that leaf, or a leaf cannot be read.
    pub fn session_from(&self, session: SessionId, first: LeafIndex) -> Result<Vec<(LeafIndex, ReadLeaf)>> {
        self.of_session(session, first)
    }

    /// Where the leaves of a session are. Walks over the log; an index does this faster.
    ///
    /// # Errors
    ///
    /// When there is no such session, or a leaf cannot be read.
    pub fn session_leaves(&self, session: SessionId) -> Result<Vec<(LeafIndex, ReadLeaf)>> {
        self.of_session(session, LeafIndex::FIRST)
    }

    fn of_session(&self, session: SessionId, from: LeafIndex) -> Result<Vec<(LeafIndex, ReadLeaf)>> {
        let mut found = Vec::new();
        for item in self.leaves(from)? {
            let (index, leaf) = item?;
            if leaf.session() == Some(session) {
                let last = leaf.kind() == Some(Kind::SessionClose);
                found.push((index, leaf));
                if last {
                    break;
                }
            }
        }
        if found.is_empty() { Err(Error::missing(format!("the log has no session {session}"))) } else { Ok(found) }
    }

    /// What a session recorded, in the order in which it happened. `month` is the `key` of its `session.open` leaf.
    ///
    /// # Errors
    ///
    /// When the root key was not given, the session's key was erased ([`Error::is_deleted`]), or a file cannot be read.
    pub fn records(&self, session: SessionId, month: &str) -> Result<Records<'_>> {
        Records::open(&*self.vfs, &self.keys()?.key(session, month)?, session, &Direction::ALL)
    }

    /// What the gateway noted about a session, without what went to and fro. As [`Reader::records`].
    ///
    /// # Errors
    ///
    /// See [`Reader::records`].
    pub fn notes(&self, session: SessionId, month: &str) -> Result<Records<'_>> {
        Records::open(&*self.vfs, &self.keys()?.key(session, month)?, session, &[Direction::Note])
    }

    /// The same with the session's own key, where there is no root key: in an exported bundle.
    ///
    /// # Errors
    ///
    /// When the key does not fit or a file cannot be read.
    pub fn records_with(&self, session: SessionId, key: &Secret) -> Result<Records<'_>> {
        Records::open(&*self.vfs, key, session, &Direction::ALL)
    }

    /// The files of a session's recording, as paths inside the data folder.
    ///
    /// # Errors
    ///
    /// When the folder cannot be listed.
    pub fn segments(&self, session: SessionId) -> Result<Vec<String>> {
        let folder = folder_of(&segment_path(session, 0)).to_owned();
        let names = self.vfs.list(&folder).map_err(|error| Error::io(folder.as_str(), error))?;
        let mut own: Vec<u32> = names
            .iter()
            .filter_map(|name| of_file_name(name))
            .filter(|(of, _)| *of == session)
            .map(|(_, number)| number)
            .collect();
        own.sort_unstable();
        Ok(own.into_iter().map(|number| segment_path(session, number)).collect())
    }

    /// The key of a session's recording, to be sealed to somebody who may read it.
    ///
    /// # Errors
    ///
    /// See [`Reader::records`].
    pub fn session_key(&self, session: SessionId, month: &str) -> Result<Secret> {
        self.keys()?.key(session, month)
    }

    pub(crate) fn keys(&self) -> Result<&KeyStore> {
        self.keys.as_ref().ok_or_else(|| Error::key("without the root key recordings cannot be read"))
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reader")
    }
}

/// Leaves in order.
pub struct Leaves<'r> {
    vfs: &'r dyn Vfs,
    next: u64,
    size: u64,
    bundle: Option<(u64, Vec<Vec<u8>>)>,
}

impl Leaves<'_> {
    fn read(&mut self, position: u64) -> Result<(LeafIndex, ReadLeaf)> {
        let index = LeafIndex::new(position).ok_or_else(|| Error::corrupt("the log is longer than it can be"))?;
        let number = position / LeafIndex::BUNDLE_LEN;
        if self.bundle.as_ref().is_none_or(|(of, _)| *of != number) {
            self.bundle = Some((number, read_bundle(self.vfs, number, self.size)?));
        }
        let place = usize::try_from(index.place_in_bundle()).unwrap_or(usize::MAX);
        let bytes = self.bundle.as_ref().and_then(|(_, leaves)| leaves.get(place));
        let bytes = bytes.ok_or_else(|| Error::corrupt(format!("leaf {index} is not in its bundle")))?;
        let leaf = ReadLeaf::parse(bytes.clone()).map_err(|error| Error::corrupt(format!("leaf {index}: {error}")))?;
        Ok((index, leaf))
    }
}

impl Iterator for Leaves<'_> {
    type Item = Result<(LeafIndex, ReadLeaf)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.size {
            return None;
        }
        let read = self.read(self.next);
        self.next = if read.is_ok() { self.next + 1 } else { self.size };
        Some(read)
    }
}

impl fmt::Debug for Leaves<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leaves").field("next", &self.next).field("size", &self.size).finish_non_exhaustive()
    }
}

/// The records of a session, in order. Holds one block of each direction.
pub struct Records<'r> {
    vfs: &'r dyn Vfs,
    session: SessionId,
    openers: Vec<SegmentOpener>,
    streams: Vec<Stream>,
}

/// The blocks of one direction.
struct Stream {
    direction: Direction,
    /// Segment, offset and length of frames, in order.
    frames: std::vec::IntoIter<(u32, u64, usize)>,
    records: std::iter::Peekable<std::vec::IntoIter<Record>>,
}

impl<'r> Records<'r> {
    pub(crate) fn open(vfs: &'r dyn Vfs, key: &Secret, session: SessionId, wanted: &[Direction]) -> Result<Self> {
        let mut openers = Vec::new();
        let mut frames: Vec<(Direction, (u32, u64, usize))> = Vec::new();
        for segment in 0_u32.. {
            let path = segment_path(session, segment);
            let bytes = match vfs.read(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => break,
                bytes => bytes.map_err(|error| Error::io(path.as_str(), error))?,
            };
            let header = SegmentHeader::parse(&bytes)?;
            if (header.session, header.number) != (session, segment) {
                return Err(Error::corrupt(format!("{path} is a segment of something else")));
            }
            openers.push(SegmentOpener::new(key, &header));
            let (head, mut rest) = bytes.split_at(SEGMENT_HEADER_LEN);
            let mut prev = Hash::of(&[head]);
            let mut number = 0;
            while let Some((frame, after)) = Frame::split(rest) {
                if frame.number != number || !frame.follows(prev) {
                    return Err(Error::corrupt(format!("frame {number} of {path} does not follow the one before")));
                }
                let offset = (bytes.len() - rest.len()) as u64;
                frames.push((frame.direction, (segment, offset, rest.len() - after.len())));
                prev = frame.hash();
                number += 1;
                rest = after;
            }
        }
        let stream = |direction| {
            let own: Vec<_> = frames.iter().filter(|(of, _)| *of == direction).map(|(_, frame)| *frame).collect();
            Stream { direction, frames: own.into_iter(), records: Vec::new().into_iter().peekable() }
        };
        Ok(Self { vfs, session, openers, streams: wanted.iter().copied().map(stream).collect() })
    }
}

impl Stream {
    /// The number of the next record, reading its block when that is not done yet.
    fn peek(&mut self, vfs: &dyn Vfs, session: SessionId, openers: &[SegmentOpener]) -> Result<Option<u64>> {
        while self.records.peek().is_none() {
            let Some((segment, offset, length)) = self.frames.next() else { return Ok(None) };
            let path = segment_path(session, segment);
            let bytes = vfs.read_at(&path, offset, length).map_err(|error| Error::io(path.as_str(), error))?;
            let frame = Frame::split(&bytes).map(|(frame, _)| frame);
            let opener = usize::try_from(segment).ok().and_then(|segment| openers.get(segment));
            let (Some(frame), Some(opener)) = (frame, opener) else {
                return Err(Error::corrupt(format!("{path} changed while it was read")));
            };
            self.records = decode_records(&frame.open(opener)?, self.direction)?.into_iter().peekable();
        }
        Ok(self.records.peek().map(|record| record.number))
    }
}

impl Iterator for Records<'_> {
    type Item = Result<Record>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut first: Option<(u64, usize)> = None;
        for (at, stream) in self.streams.iter_mut().enumerate() {
            match stream.peek(self.vfs, self.session, &self.openers) {
                Ok(Some(number)) if first.is_none_or(|(least, _)| number < least) => first = Some((number, at)),
                Ok(_) => {}
                Err(error) => {
                    self.streams.clear();
                    return Some(Err(error));
                }
            }
        }
        let (_, at) = first?;
        self.streams.get_mut(at)?.records.next().map(Ok)
    }
}

impl fmt::Debug for Records<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records").field("session", &self.session).finish_non_exhaustive()
    }
}
