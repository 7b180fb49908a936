//! One session that was exported: its leaves, each with its proof, under one checkpoint, and its recording.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::sessions::Sessions;
use super::{Checks, Report, Wrong};
use crate::error::{Error, Result};
use crate::leaf::ReadLeaf;
use crate::proof::LeafProof;
use crate::reader::Reader;
use crate::vfs::{RealFs, Vfs};

/// The folder of proofs inside a bundle; everything else lies where it does in a data folder.
pub const BUNDLE_LEAVES: &str = "leaves";

/// Whether a folder is a bundle.
#[must_use]
pub fn is_bundle(path: &Path) -> bool {
    path.join(BUNDLE_LEAVES).is_dir()
}

/// Verifies the bundle of one session: every leaf is in the log of the checkpoint, they are one chain from its first to its
/// last, and the recording is the one that they name.
///
/// # Errors
///
/// When it is no bundle, or a file cannot be read for another reason than being wrong or missing.
pub fn bundle(path: &Path, checks: &Checks) -> Result<Report> {
    let vfs: Arc<dyn Vfs> = Arc::new(RealFs::new(path));
    let mut report = Report::default();
    let reader = Reader::open_at(Arc::clone(&vfs), None);
    let signed = match reader.checkpoint() {
        Err(error) if error.is_corrupt() => {
            report.add(Wrong::Tampered, None, error.to_string());
            return Ok(report);
        }
        signed => signed?,
    };
    report.key_pinned = checks.key.is_some();
    let key = checks.key.clone().map_or_else(|| reader.verifier_key(), Ok);
    let key = match key {
        Ok(key) => Some(key),
        Err(error) => {
            report.add(Wrong::Missing, None, format!("the bundle has no key: {error}"));
            None
        }
    };
    if let Some(Err(error)) = key.as_ref().map(|key| signed.verify(key).map(|_| ())) {
        report.add(Wrong::Tampered, None, error.to_string());
    }
    let checkpoint = signed.unverified();
    report.origin.clone_from(&checkpoint.origin);
    report.size = checkpoint.size;
    report.root = checkpoint.root.base64();
    if let Some(against) = checks.against.as_ref().map(|against| against.unverified())
        && against.size == checkpoint.size
        && (against.root != checkpoint.root || against.origin != checkpoint.origin)
    {
        report.add(Wrong::Tampered, Some(checkpoint.size), "the log is not that of the earlier checkpoint");
    }
    for witness in &checks.witnesses {
        super::cosigned(&*vfs, Some(&signed), witness, &mut report);
    }

    let mut sessions = Sessions::new(&*vfs, None, !checks.log_only);
    let names = vfs.list(BUNDLE_LEAVES).map_err(|error| Error::io(BUNDLE_LEAVES, error))?;
    if names.is_empty() {
        report.add(Wrong::Missing, None, "the bundle has no leaf");
    }
    let mut last = None;
    for name in names {
        let file = format!("{BUNDLE_LEAVES}/{name}");
        let bytes = match vfs.read(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            bytes => bytes.map_err(|error| Error::io(file.as_str(), error))?,
        };
        let text = String::from_utf8(bytes).map_err(|_| Error::corrupt(format!("{file} is not text")));
        let proof = match text.and_then(|text| LeafProof::parse(&text)) {
            Ok(proof) => proof,
            Err(error) => {
                report.add(Wrong::Tampered, None, format!("{file}: {error}"));
                sessions.lost_track();
                continue;
            }
        };
        let index = proof.index.value();
        let under = proof.checkpoint.unverified();
        let same = (under.size, under.root, &under.origin) == (checkpoint.size, checkpoint.root, &checkpoint.origin);
        let leaf = proof.verify(None).and_then(|_| ReadLeaf::parse(proof.leaf.clone()));
        match leaf {
            Ok(leaf) if same && last.is_none_or(|last| last < index) => {
                last = Some(index);
                sessions.leaf(index, &leaf, &mut report)?;
            }
            Ok(_) => {
                let what = format!("{file} is out of order, or proved under another checkpoint than the bundle's");
                report.add(Wrong::Tampered, Some(index), what);
            }
            Err(error) => {
                report.add(Wrong::Tampered, Some(index), format!("{file}: {error}"));
                sessions.lost_track();
            }
        }
    }
    sessions.finish(&mut report)?;
    if report.sessions != 1 && report.is_good() {
        report.add(Wrong::Missing, None, format!("a bundle is of one session, and this has {}", report.sessions));
    }
    report.findings.sort_by_key(|finding| finding.index.unwrap_or(u64::MAX));
    Ok(report)
}
