//! What a start does with what it finds: reads the journal, mends what a crash explains, refuses everything else.

use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::derive::Deriver;
use crate::disk::Reserve;
use crate::error::{Error, Result};
use crate::ids::SessionId;
use crate::journal::{self, Entry, FileHeader, FoundFile};
use crate::keys::{KeyStore, RootKey};
use crate::note::{Checkpoint, LogKey, SignedCheckpoint, VerifierKey};
use crate::state::{Fact, State};
use crate::tiles::{CHECKPOINT, Edge};
use crate::vfs::{RealFs, Vfs};

/// Everything a ledger goes on from.
pub(crate) struct Recovered {
    pub(crate) deriver: Deriver,
    pub(crate) state: State,
    pub(crate) next_file: FileHeader,
    pub(crate) found: Found,
}

/// What was found, for the leaf that tells of it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Found {
    /// Bytes that were never acknowledged and were cut off.
    pub(crate) cut: u64,
    /// Leaves after the last checkpoint.
    pub(crate) leaves: u64,
}

/// What there is to go on from, checked as a whole.
struct Examined {
    checkpoint: Option<Checkpoint>,
    files: Vec<FoundFile>,
    state: State,
    /// How many leaves there are.
    leaves: u64,
    found: Found,
}

/// Checks everything, and changes nothing.
fn examine(vfs: &dyn Vfs, key: &VerifierKey) -> Result<Examined> {
    let checkpoint = read_checkpoint(vfs, key)?;
    let size = checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.size);
    let files = journal::find(vfs)?;
    let Some(first) = files.first() else {
        if checkpoint.is_some() {
            return Err(Error::corrupt("there is a checkpoint, and no journal: it was removed"));
        }
        return Ok(Examined { checkpoint, files, state: State::default(), leaves: 0, found: Found::default() });
    };
    if first.header.first_leaf > size {
        return Err(Error::corrupt(format!(
            "the journal begins at leaf {} and the checkpoint ends at {size}: one of them was replaced",
            first.header.first_leaf
        )));
    }
    let mut state = match first.entries.first() {
        Some(Entry::State(state)) if !state.is_empty() => State::parse(state)?,
        _ => State::default(),
    };
    let mut edge = Edge::load(vfs, first.header.first_leaf, size)?;
    let mut found = Found::default();
    let mut fits = checkpoint.as_ref().is_none_or(|checkpoint| is_of(checkpoint, &edge));
    for entry in files.iter().flat_map(|file| &file.entries) {
        state.apply(&Fact::of(entry)?);
        if let Entry::Leaf(bytes) = entry {
            edge.push(bytes.clone())?;
            found.leaves += u64::from(edge.size() > size);
            fits |= checkpoint.as_ref().is_some_and(|checkpoint| is_of(checkpoint, &edge));
        }
    }
    if edge.size() < size {
        return Err(Error::corrupt(format!(
            "the checkpoint stands for {size} leaves and only {} are left: acknowledged records were removed",
            edge.size()
        )));
    }
    if !fits {
        return Err(Error::corrupt(format!("the leaves are not those that the checkpoint at {size} stands for")));
    }
    found.cut = files.last().map_or(0, |last| last.bad);
    Ok(Examined { leaves: edge.size(), checkpoint, files, state, found })
}

pub(crate) fn recover(vfs: &Arc<dyn Vfs>, reserve: &Arc<Reserve>, key: &Arc<LogKey>) -> Result<Recovered> {
    journal::remove_leftovers(&**vfs)?;
    let Examined { checkpoint, files, state, leaves, found } = examine(&**vfs, &key.verifier())?;
    let size = checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.size);
    let Some(first) = files.first() else {
        let deriver = Deriver::new(Arc::clone(vfs), Arc::clone(reserve), Arc::clone(key), Edge::default(), None);
        let next_file = FileHeader { number: 1, first_leaf: 0, first_entry: 0, first_batch: 0 };
        return Ok(Recovered { deriver, state: State::default(), next_file, found: Found::default() });
    };
    let mut next_file = first.header;
    if let Some(last) = files.last() {
        if last.bad > 0 {
            journal::cut_off(&**vfs, last)?;
        }
        next_file = FileHeader {
            number: last.header.number + 1,
            first_leaf: leaves,
            first_entry: last.next_entry,
            // One that was cut off may have had the next number; its parts are gone, and so is the number.
            first_batch: last.next_batch + 1,
        };
    }
    let edge = Edge::load(&**vfs, first.header.first_leaf, size)?;
    let published = checkpoint.map(|checkpoint| checkpoint.size);
    let mut deriver = Deriver::new(Arc::clone(vfs), Arc::clone(reserve), Arc::clone(key), edge, published);
    for entry in files.into_iter().flat_map(|file| file.entries) {
        deriver.apply(entry)?;
    }
    deriver.flush()?;
    Ok(Recovered { deriver, state, next_file, found })
}

/// What the next start would do with a data folder that nobody uses.
#[derive(Clone, Debug, Default)]
pub struct Recovery {
    /// How many leaves the last checkpoint stands for.
    pub published: u64,
    /// Leaves after it that are on disk and would be published.
    pub leaves: u64,
    /// Bytes at the end of the journal that were never acknowledged and would be cut off.
    pub cut: u64,
    /// Sessions that were going on and would be ended as interrupted.
    pub interrupted: Vec<SessionId>,
    /// Why it would not start, if so: damage that no crash explains. Nothing would be changed then.
    pub refused: Option<String>,
}

/// Looks at what the next start would do, and changes nothing. With the root key it is also held against the checkpoint's key.
///
/// # Errors
///
/// When another process has the folder ([`Error::is_locked`]), there is no log, or a file cannot be read.
pub fn recovery(folder: &Path, root: &Arc<dyn RootKey>) -> Result<Recovery> {
    let fs = RealFs::new(folder);
    let _lock = fs.lock()?;
    recovery_at(&(Arc::new(fs) as Arc<dyn Vfs>), root)
}

pub(crate) fn recovery_at(vfs: &Arc<dyn Vfs>, root: &Arc<dyn RootKey>) -> Result<Recovery> {
    let key = crate::Reader::open_at(Arc::clone(vfs), None).verifier_key()?;
    let keys = KeyStore::new(Arc::clone(vfs), Arc::clone(root));
    let refused = |why: String| Ok(Recovery { refused: Some(why), ..Recovery::default() });
    match keys.known_log_seed(key.name()) {
        Ok(Some(seed)) if LogKey::from_seed(key.name(), seed.expose())?.verifier().to_string() == key.to_string() => {}
        Ok(Some(_)) => return refused("log.vkey is not of the key that signs this log".to_owned()),
        Ok(None) => return refused("the key that signs this log is not there".to_owned()),
        Err(error) if error.is_key() => return refused(error.to_string()),
        Err(error) => return Err(error),
    }
    match examine(&**vfs, &key) {
        Ok(examined) => Ok(Recovery {
            published: examined.checkpoint.map_or(0, |checkpoint| checkpoint.size),
            leaves: examined.found.leaves,
            cut: examined.found.cut,
            interrupted: examined.state.sessions.keys().copied().collect(),
            refused: None,
        }),
        Err(error) if error.is_corrupt() => refused(error.to_string()),
        Err(error) => Err(error),
    }
}

fn is_of(checkpoint: &Checkpoint, edge: &Edge) -> bool {
    checkpoint.size == edge.size() && checkpoint.root == edge.root()
}

fn read_checkpoint(vfs: &dyn Vfs, key: &VerifierKey) -> Result<Option<Checkpoint>> {
    match vfs.read(CHECKPOINT) {
        Ok(note) => {
            let note = String::from_utf8(note).map_err(|_| Error::corrupt("the checkpoint is not text"))?;
            SignedCheckpoint::parse(&note)?.verify(key).cloned().map(Some)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io(CHECKPOINT, error)),
    }
}
