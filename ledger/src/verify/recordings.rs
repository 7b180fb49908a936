//! Whether the recording of a session is the one that its leaves name.

use std::io;

use crate::error::{Error, Result};
use crate::hash::Hash;
use crate::ids::SessionId;
use crate::leaf::BlockRef;
use crate::seal::Secret;
use crate::segment::{Frame, SEGMENT_HEADER_LEN, SegmentHeader, SegmentOpener, decode_records, segment_path};
use crate::vfs::Vfs;

pub(super) enum Checked {
    /// All blocks are as named; `unnamed` bytes follow in the recording of an open session.
    Whole {
        frames: u64,
        opened: u64,
        unnamed: u64,
    },
    Missing {
        index: Option<u64>,
        what: String,
    },
    Altered {
        index: Option<u64>,
        what: String,
    },
}

/// Compares a session's segments with the blocks that its leaves name, in order.
pub(super) fn check(
    vfs: &dyn Vfs,
    session: SessionId,
    blocks: &[(BlockRef, u64)],
    closed: bool,
    key: Option<&Secret>,
) -> Result<Checked> {
    let (mut frames, mut opened, mut unnamed) = (0, 0, 0);
    let mut rest = blocks;
    for segment in 0_u32.. {
        let split = rest.iter().take_while(|(block, _)| block.segment == segment).count();
        let (own, after) = rest.split_at(split);
        let path = segment_path(session, segment);
        let bytes = match vfs.read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let Some((_, index)) = rest.first() else { break };
                return Ok(Checked::Missing { index: Some(*index), what: format!("{path} is not there") });
            }
            Err(error) => return Err(Error::io(path, error)),
        };
        rest = after;
        let index = own.first().map(|(_, index)| *index);
        if own.is_empty() && closed {
            return Ok(Checked::Altered { index: None, what: format!("{path} is named by no leaf") });
        }
        let header = match SegmentHeader::parse(&bytes) {
            Ok(header) if (header.session, header.number) == (session, segment) => header,
            Err(error) if error.is_newer() => return Err(error),
            _ => return Ok(Checked::Altered { index, what: format!("{path} has another header") }),
        };
        let opener = key.map(|key| SegmentOpener::new(key, &header));
        let (head, mut left) = bytes.split_at(SEGMENT_HEADER_LEN);
        let mut prev = Hash::of(&[head]);
        for ((block, index), number) in own.iter().zip(0_u64..) {
            let altered = |what: &str| {
                Ok(Checked::Altered { index: Some(*index), what: format!("frame {number} of {path} {what}") })
            };
            if left.is_empty() {
                return Ok(Checked::Missing {
                    index: Some(*index),
                    what: format!("{path} ends before frame {number}"),
                });
            }
            let Some((frame, after)) = Frame::split(left) else { return altered("is damaged or cut off") };
            if block.frame != number || frame.number != number || frame.hash() != block.hash || !frame.follows(prev) {
                return altered("is not the one that was logged");
            }
            if let Some(opener) = &opener {
                let records = frame.open(opener).and_then(|records| decode_records(&records, frame.direction));
                if records.is_err() {
                    return altered("cannot be decrypted");
                }
                opened += 1;
            }
            prev = frame.hash();
            left = after;
            frames += 1;
        }
        if !left.is_empty() && closed {
            return Ok(Checked::Altered { index: None, what: format!("{path} goes on after its last frame") });
        }
        unnamed += left.len() as u64;
    }
    match rest.first() {
        // Blocks of an earlier segment after those of a later one.
        Some((_, index)) => Ok(Checked::Altered {
            index: Some(*index),
            what: format!("the blocks of session {session} are out of order"),
        }),
        None => Ok(Checked::Whole { frames, opened, unnamed }),
    }
}
