//! Deletion by policy: what it leaves behind is a proof that it happened.

use std::collections::{BTreeMap, HashSet};

use crate::error::{Error, Result};
use crate::ids::SessionId;
use crate::leaf::{Details, Kind, Leaf};
use crate::ledger::Ledger;
use crate::segment::{of_file_name, segment_path};
use crate::time::Time;
use crate::vfs::folder_of;

/// One recording that is to be deleted, and why.
#[derive(Clone, Debug)]
pub struct Erasure {
    /// Whose recording.
    pub session: SessionId,
    /// The month whose key its own is under: the `key` of its `session.open` leaf.
    pub month: String,
    /// The policy that asks for it, as the tombstone and `verify` name it.
    pub policy: String,
    /// What else the tombstone tells: since when it was due, by which clock.
    pub details: Details,
}

impl Ledger {
    /// Deletes the recording of a session by policy; see [`Ledger::erase_all`].
    ///
    /// # Errors
    ///
    /// When the ledger stopped or a file cannot be removed.
    pub fn erase(&self, session: SessionId, month: &str, policy: &str, now: Time) -> Result<()> {
        let (month, policy) = (month.to_owned(), policy.to_owned());
        self.erase_all(&[Erasure { session, month, policy, details: Details::new() }], now)
    }

    /// Deletes recordings by policy: tombstones in the log, under a checkpoint; then the wrapped keys overwritten; then the
    /// ciphertext removed; then confirmations in the log. All proofs hold afterwards.
    ///
    /// Doing it again finishes what a crash interrupted. Whether the policy and its holds allow it is the caller's to decide.
    ///
    /// # Errors
    ///
    /// When the ledger stopped or a file cannot be removed.
    pub fn erase_all(&self, erasures: &[Erasure], now: Time) -> Result<()> {
        let mut last = None;
        for erasure in erasures {
            let details = erasure.details.clone().text("policy", erasure.policy.as_str());
            let leaf = Leaf::new(Kind::RetentionTombstone).about(erasure.session).details(details);
            last = Some(self.record(leaf, now)?);
        }
        let Some(last) = last else { return Ok(()) };
        last.wait()?;
        // Publishes the tombstones, and removes the journal files in which the frames and the keys may still be.
        self.compact()?;

        let mut of_month: BTreeMap<&str, Vec<SessionId>> = BTreeMap::new();
        for erasure in erasures {
            of_month.entry(&erasure.month).or_default().push(erasure.session);
        }
        for (month, sessions) in of_month {
            self.shared.keys.shred(&sessions, month)?;
        }
        let removed = self.remove_segments(erasures)?;

        let mut last = None;
        for erasure in erasures {
            let segments = removed.get(&erasure.session).copied().unwrap_or(0);
            let confirmed = Details::new().text("policy", erasure.policy.as_str()).number("segments_removed", segments);
            let leaf = Leaf::new(Kind::RetentionConfirmed).about(erasure.session).details(confirmed);
            last = Some(self.record(leaf, now)?);
        }
        last.map_or(Ok(()), |last| last.wait())
    }

    /// Destroys the key above all recordings that began in a month (`2026-11`): no copy of their own keys, in no backup,
    /// opens anything afterwards. For the end of a retention period, when each of them was erased.
    ///
    /// # Errors
    ///
    /// When the ledger stopped, or the key's file cannot be overwritten.
    pub fn destroy_month(&self, month: &str, policy: &str, now: Time) -> Result<()> {
        let details = Details::new().text("month", month).text("policy", policy);
        self.record(Leaf::new(Kind::KeyShred).details(details), now)?.wait()?;
        self.compact()?;
        self.shared.keys.destroy_month(month)
    }

    /// Removes the ciphertext of these sessions; says how many files of each there were.
    fn remove_segments(&self, erasures: &[Erasure]) -> Result<BTreeMap<SessionId, u64>> {
        let mut of_folder: BTreeMap<String, HashSet<SessionId>> = BTreeMap::new();
        for erasure in erasures {
            let folder = folder_of(&segment_path(erasure.session, 0)).to_owned();
            of_folder.entry(folder).or_default().insert(erasure.session);
        }
        let mut removed: BTreeMap<SessionId, u64> = BTreeMap::new();
        let vfs = &self.shared.vfs;
        for (folder, sessions) in of_folder {
            let names = vfs.list(&folder).map_err(|error| Error::io(folder.as_str(), error))?;
            let mut any = false;
            for name in names {
                let Some((owner, _)) = of_file_name(&name).filter(|(owner, _)| sessions.contains(owner)) else {
                    continue;
                };
                let path = format!("{folder}/{name}");
                vfs.remove(&path).map_err(|error| Error::io(path, error))?;
                *removed.entry(owner).or_default() += 1;
                any = true;
            }
            if any {
                vfs.sync_folder(&folder).map_err(|error| Error::io(folder, error))?;
            }
        }
        Ok(removed)
    }
}
