//! The chains of sessions, and what became of their recordings.

use std::collections::{BTreeMap, HashMap};

use super::recordings::{Checked, check};
use super::{Report, Wrong};
use crate::error::Result;
use crate::hash::Hash;
use crate::ids::SessionId;
use crate::json::Json;
use crate::keys::KeyStore;
use crate::leaf::{BlockRef, Kind, ReadLeaf};
use crate::vfs::Vfs;

/// Follows every session from its first leaf to its last.
pub(super) struct Sessions<'v> {
    vfs: &'v dyn Vfs,
    keys: Option<&'v KeyStore>,
    with_recordings: bool,
    open: HashMap<SessionId, Open>,
    /// Recordings that are not there, and the first leaf that misses them, until the log has said why.
    missing: BTreeMap<SessionId, (u64, String)>,
    tombstones: BTreeMap<SessionId, String>,
    /// Leaves could not be read: what does not follow is their fault.
    lost: bool,
}

struct Open {
    next_seq: u64,
    prev: Hash,
    month: String,
    /// Blocks, and the leaves that name them.
    blocks: Vec<(BlockRef, u64)>,
}

impl<'v> Sessions<'v> {
    pub(super) fn new(vfs: &'v dyn Vfs, keys: Option<&'v KeyStore>, with_recordings: bool) -> Self {
        Self {
            vfs,
            keys,
            with_recordings,
            open: HashMap::new(),
            missing: BTreeMap::new(),
            tombstones: BTreeMap::new(),
            lost: false,
        }
    }

    /// Leaves are missing: chains that they were part of cannot be followed across them.
    pub(super) fn lost_track(&mut self) {
        self.open.clear();
        self.lost = true;
    }

    pub(super) fn leaf(&mut self, index: u64, leaf: &ReadLeaf, report: &mut Report) -> Result<()> {
        if let (Some(Kind::RetentionTombstone), Some(session)) = (leaf.kind(), leaf.about()) {
            let policy = leaf.detail("policy").and_then(Json::as_text).unwrap_or("unnamed");
            self.tombstones.insert(session, policy.to_owned());
        }
        let (Some(id), Some(seq)) = (leaf.session(), leaf.seq()) else { return Ok(()) };
        let tampered = |report: &mut Report, what: String| report.add(Wrong::Tampered, Some(index), what);
        let open = if leaf.kind() == Some(Kind::SessionOpen) {
            if seq != 0 || leaf.prev().is_some() || self.open.contains_key(&id) {
                tampered(report, format!("session {id} begins in the middle, or twice"));
            }
            report.sessions += 1;
            let open = Open { next_seq: 0, prev: Hash::of_nothing(), month: leaf.time().month(), blocks: Vec::new() };
            self.open.entry(id).or_insert(open)
        } else {
            let Some(open) = self.open.get_mut(&id) else {
                if !self.lost {
                    tampered(report, format!("session {id} goes on after its end, or before its beginning"));
                }
                return Ok(());
            };
            if seq != open.next_seq || leaf.prev() != Some(open.prev) {
                tampered(report, format!("leaf {seq} of session {id} does not follow the one before"));
            }
            open
        };
        open.next_seq = seq + 1;
        open.prev = leaf.hash();
        open.blocks.extend(leaf.blocks().iter().map(|block| (*block, index)));
        if leaf.kind() == Some(Kind::SessionClose)
            && let Some(closed) = self.open.remove(&id)
        {
            if leaf.detail("frames").and_then(Json::as_number) != Some(closed.blocks.len() as u64) {
                tampered(report, format!("session {id} names another number of blocks than it says at its end"));
            }
            self.recording(id, &closed, index, true, report)?;
        }
        Ok(())
    }

    pub(super) fn finish(&mut self, report: &mut Report) -> Result<()> {
        report.open_sessions = self.open.len() as u64;
        for (id, open) in std::mem::take(&mut self.open) {
            let last = open.blocks.last().map_or(0, |(_, index)| *index);
            self.recording(id, &open, last, false, report)?;
        }
        for policy in self.tombstones.values() {
            *report.deleted.entry(policy.clone()).or_default() += 1;
        }
        for (session, (index, what)) in std::mem::take(&mut self.missing) {
            if !self.tombstones.contains_key(&session) {
                report.add(Wrong::Missing, Some(index), what);
            }
        }
        Ok(())
    }

    fn recording(&mut self, id: SessionId, open: &Open, index: u64, closed: bool, report: &mut Report) -> Result<()> {
        if !self.with_recordings {
            return Ok(());
        }
        let key = match self.keys.map(|keys| keys.key(id, &open.month)) {
            Some(Ok(key)) => Some(key),
            Some(Err(error)) if error.is_deleted() => {
                let what = format!("the key of session {id} was erased, and no policy says so");
                self.missing.insert(id, (index, what));
                None
            }
            Some(Err(error)) => return Err(error),
            None => None,
        };
        match check(self.vfs, id, &open.blocks, closed, key.as_ref())? {
            Checked::Whole { frames, opened, unnamed } => {
                report.frames += frames;
                report.frames_opened += opened;
                report.tail_bytes += unnamed;
            }
            Checked::Missing { index: of_block, what } => {
                self.missing.insert(id, (of_block.unwrap_or(index), what));
            }
            Checked::Altered { index: of_block, what } => {
                report.add(Wrong::Tampered, Some(of_block.unwrap_or(index)), what);
            }
        }
        Ok(())
    }
}
