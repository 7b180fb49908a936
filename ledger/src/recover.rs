//! What a start does with what it finds: reads the journal, mends what a crash explains, refuses everything else.

use std::io;
use std::sync::Arc;

use crate::derive::Deriver;
use crate::disk::Reserve;
use crate::error::{Error, Result};
use crate::journal::{self, Entry, FileHeader};
use crate::note::{Checkpoint, LogKey, SignedCheckpoint};
use crate::state::{Fact, State};
use crate::tiles::{CHECKPOINT, Edge};
use crate::vfs::Vfs;

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

pub(crate) fn recover(vfs: &Arc<dyn Vfs>, reserve: &Arc<Reserve>, key: &Arc<LogKey>) -> Result<Recovered> {
    journal::remove_leftovers(&**vfs)?;
    let checkpoint = read_checkpoint(&**vfs, key)?;
    let size = checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.size);
    let files = journal::find(&**vfs)?;
    let Some(first) = files.first() else {
        if checkpoint.is_some() {
            return Err(Error::corrupt("there is a checkpoint, and no journal: it was removed"));
        }
        let deriver = Deriver::new(Arc::clone(vfs), Arc::clone(reserve), Arc::clone(key), Edge::default(), None);
        let next_file = FileHeader { number: 1, first_leaf: 0, first_entry: 0, first_batch: 0 };
        return Ok(Recovered { deriver, state: State::default(), next_file, found: Found::default() });
    };
    if first.header.first_leaf > size {
        return Err(Error::corrupt(format!(
            "the journal begins at leaf {} and the checkpoint ends at {size}: one of them was replaced",
            first.header.first_leaf
        )));
    }

    // Everything is checked before anything is changed.
    let mut state = match first.entries.first() {
        Some(Entry::State(state)) if !state.is_empty() => State::parse(state)?,
        _ => State::default(),
    };
    let mut edge = Edge::load(&**vfs, first.header.first_leaf, size)?;
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

    let mut next_file = first.header;
    if let Some(last) = files.last() {
        if last.bad > 0 {
            journal::cut_off(&**vfs, last)?;
            found.cut = last.bad;
        }
        next_file = FileHeader {
            number: last.header.number + 1,
            first_leaf: edge.size(),
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

fn is_of(checkpoint: &Checkpoint, edge: &Edge) -> bool {
    checkpoint.size == edge.size() && checkpoint.root == edge.root()
}

fn read_checkpoint(vfs: &dyn Vfs, key: &LogKey) -> Result<Option<Checkpoint>> {
    match vfs.read(CHECKPOINT) {
        Ok(note) => {
            let note = String::from_utf8(note).map_err(|_| Error::corrupt("the checkpoint is not text"))?;
            SignedCheckpoint::parse(&note)?.verify(&key.verifier()).cloned().map(Some)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io(CHECKPOINT, error)),
    }
}
