//! Whether a record is complete and unaltered, from public data alone.
//!
//! ```no_run
//! use blackbar_ledger::verify::{Checks, folder};
//!
//! let report = folder("blackbar-data".as_ref(), &Checks::default())?;
//! if let Some(finding) = report.findings.first() {
//!     println!("{finding}");
//! }
//! # Ok::<(), blackbar_ledger::Error>(())
//! ```
//!
//! It proves that nothing under the checkpoint was changed, dropped or added since it was signed. Who has the log's key and
//! the whole folder can write another history; an earlier checkpoint that is kept elsewhere ([`Checks::against`]) shows that.

mod bundle;
mod recordings;
mod sessions;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::hash::Hash;
use crate::index::LeafIndex;
use crate::journal::{self, Entry};
use crate::keys::{KeyStore, RootKey};
use crate::leaf::ReadLeaf;
use crate::note::{Checkpoint, SignedCheckpoint, VerifierKey};
use crate::proof::LeafProof;
use crate::reader::Reader;
use crate::tiles::{Edge, read_bundle};
use crate::vfs::{RealFs, Vfs};
use crate::witness::CosignerKey;
pub use bundle::{BUNDLE_LEAVES, bundle, is_bundle};
use sessions::Sessions;

/// Where checkpoints with their cosignatures are kept, beside the log.
pub const WITNESSED: &str = "log/witness";

/// What is to be checked, and with what.
#[derive(Clone, Default)]
pub struct Checks {
    /// The key that must have signed. Without it the one in the folder is used, which shows only that all fits together.
    pub key: Option<VerifierKey>,
    /// An earlier checkpoint, kept elsewhere: the log must go on from it.
    pub against: Option<SignedCheckpoint>,
    /// Witnesses that must have cosigned: the earlier checkpoint when one is given, else one that is kept beside the log.
    pub witnesses: Vec<CosignerKey>,
    /// Decrypts the recordings as well.
    pub root: Option<Arc<dyn RootKey>>,
    /// Only the log, for a copy of it without recordings.
    pub log_only: bool,
}

impl fmt::Debug for Checks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checks").field("key", &self.key).field("log_only", &self.log_only).finish_non_exhaustive()
    }
}

/// What is wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wrong {
    /// Something is not what was signed.
    Tampered,
    /// Something that the log names is not there, and no policy deleted it.
    Missing,
}

/// One thing that is wrong.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// How.
    pub wrong: Wrong,
    /// The first leaf that it concerns, when it concerns one.
    pub index: Option<u64>,
    /// In words.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.wrong {
            Wrong::Tampered => "tampered",
            Wrong::Missing => "missing",
        })?;
        if let Some(index) = self.index {
            write!(f, " at leaf {index}")?;
        }
        write!(f, ": {}", self.what)
    }
}

/// What a witness has seen of the log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Witnessed {
    /// The witness.
    pub witness: String,
    /// How many leaves the log had.
    pub size: u64,
    /// When, in seconds since 1970, by the witness's clock.
    pub seconds: u64,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The log's origin.
    pub origin: String,
    /// How many leaves the checkpoint stands for.
    pub size: u64,
    /// The root that it signs.
    pub root: String,
    /// Whether the key that signed is the one that was asked for.
    pub key_pinned: bool,
    /// How many sessions the log has, how many of them have not ended, and how many recordings were checked.
    pub sessions: u64,
    /// Sessions without an end under the checkpoint.
    pub open_sessions: u64,
    /// Frames whose hash is the one in the log.
    pub frames: u64,
    /// Frames that were decrypted as well.
    pub frames_opened: u64,
    /// Sessions whose recording was deleted, by policy.
    pub deleted: BTreeMap<String, u64>,
    /// Leaves after the checkpoint, in the journal: unfinished, no failure.
    pub tail_leaves: u64,
    /// Bytes at the end of the journal, or of the recordings of open sessions, that nothing names yet.
    pub tail_bytes: u64,
    /// What witnesses have cosigned of this log: the name of each, how many leaves, when in seconds since 1970.
    pub witnessed: Vec<Witnessed>,
    /// What is wrong, the first leaf first. Empty: all is well.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.findings.is_empty()
    }

    /// How many sessions were deleted by policy.
    #[must_use]
    pub fn deleted_sessions(&self) -> u64 {
        self.deleted.values().sum()
    }

    fn add(&mut self, wrong: Wrong, index: Option<u64>, what: impl Into<String>) {
        // One flipped page can make thousands of findings; the first ones tell it all.
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(Finding { wrong, index, what: what.into() });
        }
    }
}

const MOST_FINDINGS: usize = 100;

/// Verifies a data folder.
///
/// # Errors
///
/// When there is no log, or a file cannot be read for another reason than being wrong or missing.
pub fn folder(path: &Path, checks: &Checks) -> Result<Report> {
    // The folder of the log itself, for those who have only that.
    let of_log = path.join("checkpoint").is_file() && path.file_name().is_some_and(|name| name == crate::tiles::LOG);
    let root = if of_log { path.parent().unwrap_or(path) } else { path };
    at(Arc::new(RealFs::new(root)), checks)
}

/// Verifies the text of a `.tlog-proof` file.
///
/// # Errors
///
/// When it is not such a file.
pub fn proof(text: &str, key: Option<&VerifierKey>) -> Result<(Report, LeafProof)> {
    let proof = LeafProof::parse(text)?;
    let checkpoint = proof.checkpoint.unverified();
    let mut report = Report {
        origin: checkpoint.origin.clone(),
        size: checkpoint.size,
        root: checkpoint.root.base64(),
        key_pinned: key.is_some(),
        ..Report::default()
    };
    if let Err(error) = proof.verify(key) {
        report.add(Wrong::Tampered, Some(proof.index.value()), error.to_string());
    } else if let Err(error) = ReadLeaf::parse(proof.leaf.clone()) {
        report.add(Wrong::Tampered, Some(proof.index.value()), error.to_string());
    }
    Ok((report, proof))
}

pub(crate) fn at(vfs: Arc<dyn Vfs>, checks: &Checks) -> Result<Report> {
    let mut report = Report::default();
    let reader = Reader::open_at(Arc::clone(&vfs), None);
    let signed = match reader.checkpoint() {
        Ok(signed) => signed,
        Err(error) if error.is_corrupt() => {
            report.add(Wrong::Tampered, None, error.to_string());
            return Ok(report);
        }
        Err(error) if error.is_missing() && !vfs.list("log/tile").unwrap_or_default().is_empty() => {
            report.add(Wrong::Missing, None, "the log has no checkpoint");
            return Ok(report);
        }
        Err(error) => return Err(error),
    };
    let key = match &checks.key {
        Some(key) => Ok(key.clone()),
        None => reader.verifier_key(),
    };
    report.key_pinned = checks.key.is_some();
    match key {
        Ok(key) => {
            if let Err(error) = signed.verify(&key) {
                report.add(Wrong::Tampered, None, error.to_string());
            }
            if let Some(Err(error)) = checks.against.as_ref().map(|against| against.verify(&key).map(|_| ())) {
                report.add(Wrong::Tampered, None, format!("the earlier checkpoint: {error}"));
            }
        }
        Err(error) if error.is_missing() => report.add(Wrong::Missing, None, "the folder has no log.vkey"),
        Err(error) => report.add(Wrong::Tampered, None, error.to_string()),
    }
    let mut against: Vec<Checkpoint> = checks.against.iter().map(|against| against.unverified().clone()).collect();
    for witness in &checks.witnesses {
        against.extend(cosigned(&*vfs, checks.against.as_ref(), witness, &mut report));
    }
    let checkpoint = signed.unverified();
    report.origin.clone_from(&checkpoint.origin);
    report.size = checkpoint.size;
    report.root = checkpoint.root.base64();

    let keys = checks.root.as_ref().map(|root| KeyStore::new(Arc::clone(&vfs), Arc::clone(root)));
    let mut walk = Walk {
        vfs: &*vfs,
        checkpoint,
        against,
        edge: Some(Edge::default()),
        mismatches: Vec::new(),
        sessions: Sessions::new(&*vfs, keys.as_ref(), !checks.log_only),
        report: &mut report,
    };
    walk.run()?;
    tail(&*vfs, &mut report)?;
    report.findings.sort_by_key(|finding| finding.index.unwrap_or(u64::MAX));
    Ok(report)
}

/// The latest checkpoint that a witness has cosigned, of the one that was given or else of those beside the log.
fn cosigned(
    vfs: &dyn Vfs,
    given: Option<&SignedCheckpoint>,
    witness: &CosignerKey,
    report: &mut Report,
) -> Option<Checkpoint> {
    let kept = match given {
        Some(given) => vec![given.clone()],
        None => {
            let names = vfs.list(WITNESSED).unwrap_or_default();
            let read = |name: &String| vfs.read(&format!("{WITNESSED}/{name}")).ok();
            let notes = names.iter().filter_map(read).filter_map(|note| String::from_utf8(note).ok());
            notes.filter_map(|note| SignedCheckpoint::parse(&note).ok()).collect()
        }
    };
    let held = kept.iter().filter_map(|note| Some((note.unverified(), witness.verify(note).ok()?)));
    let Some((checkpoint, seconds)) = held.max_by_key(|(checkpoint, _)| checkpoint.size) else {
        report.add(Wrong::Missing, None, format!("no checkpoint is there that {} cosigned", witness.name()));
        return None;
    };
    let witness = witness.name().to_owned();
    report.witnessed.push(Witnessed { witness, size: checkpoint.size, seconds });
    Some(checkpoint.clone())
}

/// A walk over all leaves.
struct Walk<'w> {
    vfs: &'w dyn Vfs,
    checkpoint: &'w Checkpoint,
    against: Vec<Checkpoint>,
    /// Rebuilds the tree; gone once a leaf is missing.
    edge: Option<Edge>,
    /// Where leaves and tiles differ: the first leaf, how many leaves the differing hash stands for, the tile.
    mismatches: Vec<(u64, u64, String)>,
    sessions: Sessions<'w>,
    report: &'w mut Report,
}

impl Walk<'_> {
    fn run(&mut self) -> Result<()> {
        let size = self.checkpoint.size;
        for against in &self.against {
            if against.size <= size && against.origin == self.checkpoint.origin {
                continue;
            }
            let what = if against.size > size {
                format!(
                    "the log was rolled back: the earlier checkpoint stands for {} leaves, this one for {size}",
                    against.size
                )
            } else {
                "the earlier checkpoint is of another log".to_owned()
            };
            self.report.add(Wrong::Tampered, Some(size), what);
        }
        self.compare_root(0);
        for bundle in 0..size.div_ceil(LeafIndex::BUNDLE_LEN) {
            let first = bundle * LeafIndex::BUNDLE_LEN;
            let due = (size - first).min(LeafIndex::BUNDLE_LEN);
            let leaves = match read_bundle(self.vfs, bundle, size) {
                Ok(leaves) => leaves,
                Err(error) => {
                    let wrong = if error.is_missing() { Wrong::Missing } else { Wrong::Tampered };
                    if !error.is_missing() && !error.is_corrupt() {
                        return Err(error);
                    }
                    self.report.add(wrong, Some(first), format!("{error}"));
                    self.edge = None;
                    self.sessions.lost_track();
                    continue;
                }
            };
            for (leaf, index) in leaves.iter().zip(first..first + due) {
                self.leaf(index, leaf)?;
            }
            let have = leaves.len() as u64;
            if have < due {
                self.report.add(
                    Wrong::Missing,
                    Some(first + have),
                    format!("the bundle ends {} leaves early", due - have),
                );
                self.edge = None;
                self.sessions.lost_track();
            }
        }
        self.compare_tree();
        self.sessions.finish(self.report)
    }

    fn leaf(&mut self, index: u64, bytes: &[u8]) -> Result<()> {
        if let Some(edge) = &mut self.edge {
            for (path, bytes) in edge.push(bytes.to_vec())? {
                self.compare_file(&path, &bytes, index + 1)?;
            }
            self.compare_root(index + 1);
        }
        match ReadLeaf::parse(bytes.to_vec()) {
            Ok(leaf) => self.sessions.leaf(index, &leaf, self.report),
            Err(error) => {
                self.report.add(Wrong::Tampered, Some(index), error.to_string());
                self.sessions.lost_track();
                Ok(())
            }
        }
    }

    /// Whether the tree has the root of the earlier checkpoint when it has its size.
    fn compare_root(&mut self, size: u64) {
        let Some(edge) = self.edge.as_ref().filter(|_| self.against.iter().any(|against| against.size == size)) else {
            return;
        };
        let root = edge.root();
        if self.against.iter().any(|against| against.size == size && against.root != root) {
            let what = "the log does not go on from the earlier checkpoint: its history was rewritten before this leaf";
            self.report.add(Wrong::Tampered, Some(size), what);
        }
    }

    /// Whether a file of the tree is as the leaves before `end` make it.
    fn compare_file(&mut self, path: &str, expected: &[u8], end: u64) -> Result<()> {
        if path.contains("/entries/") {
            // That is where the leaves came from.
            return Ok(());
        }
        let found = match (self.vfs.read(path), path.split_once(".p/")) {
            // The log may have grown past this checkpoint meanwhile: the full file begins like the partial one.
            (Err(error), Some((full, _))) if error.kind() == io::ErrorKind::NotFound => {
                self.vfs.read(full).map(|bytes| bytes.get(..expected.len()).unwrap_or_default().to_vec())
            }
            (read, _) => read,
        };
        match found {
            Ok(found) if found == expected => {}
            Ok(found) => {
                let same = found.iter().zip(expected).take_while(|(found, expected)| found == expected).count();
                let of_level = path.split('/').nth(2).and_then(|level| level.parse::<u32>().ok()).unwrap_or(0);
                let width = (expected.len() / Hash::LEN) as u64;
                let leaves = 1_u64.checked_shl(8 * of_level).unwrap_or(u64::MAX);
                // The leaves under the tile end with the last complete subtree.
                let first = (end / leaves).saturating_sub(width) * leaves;
                self.mismatches.push((first + (same / Hash::LEN) as u64 * leaves, leaves, path.to_owned()));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.report.add(Wrong::Missing, None, format!("{path} is not there"));
            }
            Err(error) => return Err(Error::io(path, error)),
        }
        Ok(())
    }

    fn compare_tree(&mut self) {
        let Some(edge) = self.edge.take() else { return };
        for (path, bytes) in edge.partial().unwrap_or_default() {
            if let Err(error) = self.compare_file(&path, &bytes, self.checkpoint.size) {
                self.report.add(Wrong::Tampered, None, error.to_string());
            }
        }
        let whole = edge.root() == self.checkpoint.root && edge.size() == self.checkpoint.size;
        self.mismatches.sort();
        if whole {
            for (_, _, path) in std::mem::take(&mut self.mismatches) {
                self.report.add(Wrong::Tampered, None, format!("{path} is not what the leaves make it"));
            }
        } else {
            // A hash above others differs because one of them does, when one of them does.
            let is_explained = |first: u64, leaves: u64| {
                let inside = |(at, of, _): &&(u64, u64, String)| *of < leaves && (first..first + leaves).contains(at);
                self.mismatches.iter().any(|other| inside(&other))
            };
            let mut unexplained = self.mismatches.iter().filter(|(first, leaves, _)| !is_explained(*first, *leaves));
            let index = unexplained.next().map(|(index, _, _)| *index);
            let what = match index {
                Some(_) => "the leaf is not the one that was logged",
                None => "the leaves are not those that the checkpoint stands for",
            };
            self.report.add(Wrong::Tampered, index, what);
        }
    }
}

/// What is committed and not yet under the checkpoint.
fn tail(vfs: &dyn Vfs, report: &mut Report) -> Result<()> {
    let files = match journal::find(vfs) {
        Ok(files) => files,
        Err(error) if error.is_corrupt() => {
            report.add(Wrong::Tampered, None, error.to_string());
            return Ok(());
        }
        // A file may go while it is read: the gateway may be running.
        Err(error) if error.is_missing() => return Ok(()),
        Err(error) => return Err(error),
    };
    if let Some(first) = files.first() {
        let leaves =
            files.iter().flat_map(|file| &file.entries).filter(|entry| matches!(entry, Entry::Leaf(_))).count();
        let end = first.header.first_leaf + leaves as u64;
        report.tail_leaves = end.saturating_sub(report.size);
        report.tail_bytes += files.last().map_or(0, |last| last.bad);
        if end < report.size {
            let what = format!("the journal ends at leaf {end}: acknowledged records were removed from it");
            report.add(Wrong::Missing, None, what);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
