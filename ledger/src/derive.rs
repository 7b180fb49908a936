//! From the journal to the files that people and tools read: segments, slots of keys, tiles, checkpoints.
//!
//! Every write here is at a place that its entry names, so doing it again after a crash changes nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::disk::Reserve;
use crate::error::{Error, Result};
use crate::ids::SessionId;
use crate::journal::{self, Entry};
use crate::keys::{KEYS, SLOT_LEN, slots_path};
use crate::note::{Checkpoint, LogKey};
use crate::segment::segment_path;
use crate::tiles::{CHECKPOINT, Edge};
use crate::vfs::{Vfs, VfsFile, folder_of, make_folders, write_whole};

/// How many files are kept open.
const MOST_OPEN: usize = 256;

pub(crate) struct Deriver {
    vfs: Arc<dyn Vfs>,
    reserve: Arc<Reserve>,
    key: Arc<LogKey>,
    edge: Edge,
    /// How many leaves the checkpoint on disk stands for.
    published: Option<u64>,
    /// Files that became full since; their partial forms go once a checkpoint over them is there.
    filled: Vec<String>,
    open: HashMap<String, Box<dyn VfsFile>>,
    /// Files whose bytes, and folders whose names, are not synced.
    dirty: BTreeSet<String>,
    dirty_folders: BTreeSet<String>,
    folders: HashSet<String>,
}

impl Deriver {
    pub(crate) fn new(
        vfs: Arc<dyn Vfs>,
        reserve: Arc<Reserve>,
        key: Arc<LogKey>,
        edge: Edge,
        published: Option<u64>,
    ) -> Self {
        Self {
            vfs,
            reserve,
            key,
            edge,
            published,
            filled: Vec::new(),
            open: HashMap::new(),
            dirty: BTreeSet::new(),
            dirty_folders: BTreeSet::new(),
            folders: HashSet::new(),
        }
    }

    pub(crate) fn edge(&self) -> &Edge {
        &self.edge
    }

    /// Takes entries that were committed together. Frames that follow each other in one segment are written at once.
    pub(crate) fn apply_all(&mut self, entries: Vec<Entry>) -> Result<()> {
        let mut frames: BTreeMap<(SessionId, u32), (u64, Vec<u8>)> = BTreeMap::new();
        for entry in entries {
            let Entry::Frame { session, segment, offset, bytes, .. } = entry else {
                self.apply(entry)?;
                continue;
            };
            let (start, gathered) = frames.entry((session, segment)).or_insert_with(|| (offset, Vec::new()));
            if *start + gathered.len() as u64 != offset {
                self.write(&segment_path(session, segment), *start, gathered)?;
                (*start, *gathered) = (offset, Vec::new());
            }
            if gathered.is_empty() {
                *gathered = bytes;
            } else {
                gathered.extend_from_slice(&bytes);
            }
        }
        for ((session, segment), (offset, bytes)) in frames {
            self.write(&segment_path(session, segment), offset, &bytes)?;
        }
        Ok(())
    }

    /// Takes an entry that is committed.
    pub(crate) fn apply(&mut self, entry: Entry) -> Result<()> {
        match entry {
            Entry::Leaf(bytes) => {
                for (path, bytes) in self.edge.push(bytes)? {
                    self.write(&path, 0, &bytes)?;
                    self.filled.push(path);
                }
                Ok(())
            }
            Entry::Frame { session, segment, offset, bytes, .. } => {
                self.write(&segment_path(session, segment), offset, &bytes)
            }
            Entry::Key(slot) => self.write(&slots_path(&slot.month), slot.number * SLOT_LEN as u64, &slot.bytes),
            Entry::State(_) => Ok(()),
        }
    }

    /// How many leaves came since the last checkpoint.
    pub(crate) fn unpublished(&self) -> u64 {
        self.edge.size() - self.published.unwrap_or(0)
    }

    /// Makes everything durable that was derived.
    pub(crate) fn flush(&mut self) -> Result<()> {
        for path in std::mem::take(&mut self.dirty) {
            let sync = match self.open.get_mut(&path) {
                Some(file) => file.sync(),
                None => self.vfs.open(&path).and_then(|mut file| file.sync()),
            };
            sync.map_err(|error| Error::io(path, error))?;
        }
        for folder in std::mem::take(&mut self.dirty_folders) {
            self.vfs.sync_folder(&folder).map_err(|error| Error::io(folder, error))?;
        }
        Ok(())
    }

    /// Signs a checkpoint over all leaves so far, when there are any that have none.
    pub(crate) fn publish(&mut self) -> Result<()> {
        if self.published == Some(self.edge.size()) {
            return Ok(());
        }
        let partial = self.edge.partial()?;
        for (path, bytes) in &partial {
            self.write(path, 0, bytes)?;
        }
        // A checkpoint must never be there before what it stands for.
        self.flush()?;
        let checkpoint =
            Checkpoint { origin: self.key.name().to_owned(), size: self.edge.size(), root: self.edge.root() };
        let note = self.key.sign(&checkpoint.text());
        self.folder(folder_of(CHECKPOINT))?;
        let write = self.reserve.spend_if_full(|| write_whole(&*self.vfs, CHECKPOINT, note.as_bytes()));
        write.map_err(|error| Error::io(CHECKPOINT, error))?;
        self.published = Some(checkpoint.size);
        for full in std::mem::take(&mut self.filled) {
            self.remove_partial(&full)?;
        }
        Ok(())
    }

    /// Makes journal files below this number unnecessary, and removes them.
    pub(crate) fn retire(&mut self, below: u64) -> Result<()> {
        self.publish()?;
        self.flush()?;
        // A session that ended needs no open file any more; the others open theirs again.
        self.open.clear();
        journal::retire(&*self.vfs, below)
    }

    /// Removes the partial forms of a file that is full.
    fn remove_partial(&mut self, full: &str) -> Result<()> {
        let folder = format!("{full}.p");
        let names = self.vfs.list(&folder).map_err(|error| Error::io(folder.as_str(), error))?;
        for name in &names {
            let path = format!("{folder}/{name}");
            self.open.remove(&path);
            self.vfs.remove(&path).map_err(|error| Error::io(path, error))?;
        }
        if names.is_empty() {
            return Ok(());
        }
        self.folders.remove(&folder);
        self.dirty_folders.remove(&folder);
        self.vfs.remove_folder(&folder).map_err(|error| Error::io(folder, error))
    }

    fn write(&mut self, path: &str, offset: u64, bytes: &[u8]) -> Result<()> {
        if !self.open.contains_key(path) {
            if self.open.len() >= MOST_OPEN {
                self.flush()?;
                self.open.clear();
            }
            self.folder(folder_of(path))?;
            let file = self.reserve.spend_if_full(|| self.vfs.open(path)).map_err(|error| Error::io(path, error))?;
            self.open.insert(path.to_owned(), file);
            self.dirty_folders.insert(folder_of(path).to_owned());
        }
        if let Some(file) = self.open.get_mut(path) {
            let write = self.reserve.spend_if_full(|| file.write_at(offset, bytes));
            write.map_err(|error| Error::io(path, error))?;
            if !self.dirty.contains(path) {
                self.dirty.insert(path.to_owned());
            }
        }
        Ok(())
    }

    fn folder(&mut self, folder: &str) -> Result<()> {
        if !self.folders.contains(folder) {
            let made = self.reserve.spend_if_full(|| make_folders(&*self.vfs, folder));
            made.map_err(|error| Error::io(folder, error))?;
            self.folders.insert(folder.to_owned());
        }
        Ok(())
    }
}

/// The folders that every data folder has.
pub(crate) fn make_house(vfs: &dyn Vfs) -> Result<()> {
    for folder in [journal::JOURNAL, KEYS, crate::tiles::LOG, crate::segment::RECORDINGS] {
        make_folders(vfs, folder).map_err(|error| Error::io(folder, error))?;
    }
    Ok(())
}
