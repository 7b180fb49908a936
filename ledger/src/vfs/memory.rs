//! A file system in memory that loses what was not synced, and fails when told to.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use super::{Space, Vfs, VfsFile, folder_of};

/// How much of a file is kept or lost at once.
const PAGE: usize = 512;

/// What an operation that is to fail does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    /// The device says no.
    Io,
    /// The device is full.
    NoSpace,
    /// Half of a write arrives, then the device says no.
    Short,
    /// This one and all that follow: the power is cut.
    Crash,
}

#[derive(Clone)]
pub(crate) struct MemoryFs {
    disk: Arc<Mutex<Disk>>,
}

#[derive(Default)]
struct Disk {
    files: Vec<Inode>,
    names: BTreeMap<String, usize>,
    folders: BTreeSet<String>,
    /// What a crash leaves of names: those that were synced, and some of the changes since, in order.
    durable_names: BTreeMap<String, usize>,
    changes: Vec<(String, Change)>,
    /// Operations that change something, so far.
    operations: u64,
    fault: Option<(u64, Fault)>,
    dead: bool,
    space: Option<Space>,
}

#[derive(Clone)]
enum Change {
    Name(String, usize),
    Remove(String),
}

#[derive(Clone, Default)]
struct Inode {
    live: Vec<u8>,
    durable: Vec<u8>,
    dirty: BTreeSet<usize>,
    resized: bool,
}

impl MemoryFs {
    pub(crate) fn new() -> Self {
        Self { disk: Arc::default() }
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().unwrap()
    }

    /// Puts a file there, durably, without ado.
    pub(crate) fn put(&self, path: &str, bytes: &[u8]) {
        let mut disk = self.disk();
        let inode = Inode { live: bytes.to_vec(), durable: bytes.to_vec(), ..Inode::default() };
        disk.files.push(inode);
        let number = disk.files.len() - 1;
        disk.names.insert(path.to_owned(), number);
        disk.durable_names.insert(path.to_owned(), number);
    }

    pub(crate) fn delete(&self, path: &str) {
        let mut disk = self.disk();
        disk.names.remove(path);
        disk.durable_names.remove(path);
    }

    /// Every path there is.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.disk().names.keys().cloned().collect()
    }

    /// How many operations changed something so far.
    pub(crate) fn operations(&self) -> u64 {
        self.disk().operations
    }

    /// Lets the operation of this number fail, counted from 0.
    pub(crate) fn fail_at(&self, operation: u64, fault: Fault) {
        self.disk().fault = Some((operation, fault));
    }

    pub(crate) fn set_space(&self, free: u64, total: u64) {
        self.disk().space = Some(Space { free, total });
    }

    /// A copy that shares nothing.
    pub(crate) fn copy(&self) -> Self {
        let fresh = Self::new();
        for path in self.paths() {
            fresh.put(&path, &self.read(&path).unwrap());
        }
        fresh.disk().folders = self.disk().folders.clone();
        fresh
    }

    /// What is there after the power was cut: of what was not synced, `keep` decides.
    pub(crate) fn after_crash(&self, mut keep: impl FnMut() -> bool) -> Self {
        let disk = self.disk();
        let mut names = disk.durable_names.clone();
        let mut stopped = BTreeSet::new();
        for (folder, change) in &disk.changes {
            if stopped.contains(folder) {
                continue;
            }
            if !keep() {
                stopped.insert(folder.clone());
                continue;
            }
            match change {
                Change::Name(path, inode) => names.insert(path.clone(), *inode),
                Change::Remove(path) => names.remove(path),
            };
        }
        let fresh = Self::new();
        for (path, inode) in names {
            fresh.put(&path, &disk.files[inode].after_crash(&mut keep));
        }
        fresh.disk().folders = disk.folders.clone();
        fresh
    }
}

impl Inode {
    fn after_crash(&self, keep: &mut impl FnMut() -> bool) -> Vec<u8> {
        let mut bytes = self.durable.clone();
        if self.resized && keep() {
            bytes.resize(self.live.len(), 0);
        }
        for page in &self.dirty {
            let from = page * PAGE;
            let to = self.live.len().min(from + PAGE);
            if from < to && keep() {
                bytes.resize(bytes.len().max(to), 0);
                bytes[from..to].copy_from_slice(&self.live[from..to]);
            }
        }
        bytes
    }
}

impl Disk {
    /// Counts an operation that changes something; says how it fails, if it does.
    fn operate(&mut self) -> Result<(), Fault> {
        if self.dead {
            return Err(Fault::Crash);
        }
        let number = self.operations;
        self.operations += 1;
        match self.fault {
            Some((at, fault)) if at == number => {
                self.dead = fault == Fault::Crash;
                Err(fault)
            }
            _ => Ok(()),
        }
    }
}

impl Fault {
    fn error(self) -> io::Error {
        // ENOSPC and EIO.
        io::Error::from_raw_os_error(if self == Self::NoSpace { 28 } else { 5 })
    }
}

impl Vfs for MemoryFs {
    fn open(&self, path: &str) -> io::Result<Box<dyn VfsFile>> {
        let mut disk = self.disk();
        let inode = match disk.names.get(path) {
            Some(inode) => *inode,
            None => {
                let folder = folder_of(path);
                if !folder.is_empty() && !disk.folders.contains(folder) {
                    return Err(io::ErrorKind::NotFound.into());
                }
                disk.operate().map_err(Fault::error)?;
                disk.files.push(Inode::default());
                let inode = disk.files.len() - 1;
                disk.names.insert(path.to_owned(), inode);
                disk.changes.push((folder.to_owned(), Change::Name(path.to_owned(), inode)));
                inode
            }
        };
        Ok(Box::new(MemoryFile { fs: self.clone(), inode }))
    }

    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        let disk = self.disk();
        let inode = *disk.names.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(disk.files[inode].live.clone())
    }

    fn read_at(&self, path: &str, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let bytes = self.read(path)?;
        let from = usize::try_from(offset).unwrap().min(bytes.len());
        Ok(bytes[from..bytes.len().min(from + length)].to_vec())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut disk = self.disk();
        disk.operate().map_err(Fault::error)?;
        let inode = disk.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        disk.names.insert(to.to_owned(), inode);
        // One change of one folder: both names or neither.
        disk.changes.push((folder_of(to).to_owned(), Change::Name(to.to_owned(), inode)));
        disk.changes.push((folder_of(from).to_owned(), Change::Remove(from.to_owned())));
        Ok(())
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        let mut disk = self.disk();
        disk.operate().map_err(Fault::error)?;
        disk.names.remove(path).ok_or(io::ErrorKind::NotFound)?;
        disk.changes.push((folder_of(path).to_owned(), Change::Remove(path.to_owned())));
        Ok(())
    }

    fn remove_folder(&self, path: &str) -> io::Result<()> {
        let mut disk = self.disk();
        disk.operate().map_err(Fault::error)?;
        if disk.names.keys().any(|name| name.starts_with(&format!("{path}/"))) {
            return Err(io::Error::from_raw_os_error(39));
        }
        disk.folders.remove(path);
        Ok(())
    }

    fn make_folder(&self, path: &str) -> io::Result<()> {
        let mut disk = self.disk();
        disk.operate().map_err(Fault::error)?;
        disk.folders.insert(path.to_owned());
        Ok(())
    }

    fn sync_folder(&self, path: &str) -> io::Result<()> {
        let mut disk = self.disk();
        disk.operate().map_err(Fault::error)?;
        let (synced, kept) = std::mem::take(&mut disk.changes).into_iter().partition(|(folder, _)| folder == path);
        disk.changes = kept;
        let synced: Vec<(String, Change)> = synced;
        for (_, change) in synced {
            match change {
                Change::Name(path, inode) => disk.durable_names.insert(path, inode),
                Change::Remove(path) => disk.durable_names.remove(&path),
            };
        }
        Ok(())
    }

    fn list(&self, path: &str) -> io::Result<Vec<String>> {
        let disk = self.disk();
        let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
        let inside = disk.names.keys().chain(&disk.folders).filter_map(|name| name.strip_prefix(&prefix));
        let names: BTreeSet<_> =
            inside.filter_map(|name| name.split('/').next()).filter(|name| !name.is_empty()).collect();
        Ok(names.into_iter().map(str::to_owned).collect())
    }

    fn space(&self) -> io::Result<Space> {
        Ok(self.disk().space.unwrap_or(Space { free: 1 << 40, total: 1 << 41 }))
    }
}

struct MemoryFile {
    fs: MemoryFs,
    inode: usize,
}

impl VfsFile for MemoryFile {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut disk = self.fs.disk();
        let fault = disk.operate().err();
        let arriving = match fault {
            None => bytes,
            Some(Fault::Short | Fault::Crash) => &bytes[..bytes.len() / 2],
            Some(Fault::Io | Fault::NoSpace) => &[],
        };
        let inode = &mut disk.files[self.inode];
        let from = usize::try_from(offset).unwrap();
        let to = from + arriving.len();
        if !arriving.is_empty() {
            if inode.live.len() < to {
                inode.live.resize(to, 0);
            }
            inode.live[from..to].copy_from_slice(arriving);
            inode.dirty.extend(from / PAGE..=(to - 1) / PAGE);
        }
        fault.map_or(Ok(()), |fault| Err(fault.error()))
    }

    fn set_len(&mut self, length: u64) -> io::Result<()> {
        let mut disk = self.fs.disk();
        disk.operate().map_err(Fault::error)?;
        let inode = &mut disk.files[self.inode];
        inode.live.resize(usize::try_from(length).unwrap(), 0);
        inode.resized = true;
        Ok(())
    }

    fn reserve(&mut self, length: u64) -> io::Result<()> {
        self.fs.disk().operate().map_err(Fault::error)?;
        // Room is not simulated; the length of the reserve does not matter here.
        let _ = length;
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut disk = self.fs.disk();
        let fault = disk.operate().err();
        if fault == Some(Fault::Crash) {
            return Err(Fault::Crash.error());
        }
        let inode = &mut disk.files[self.inode];
        if let Some(fault) = fault {
            // As Linux does: the pages count as clean from here on, and never reach the disk.
            inode.dirty.clear();
            inode.resized = false;
            return Err(fault.error());
        }
        inode.durable = inode.live.clone();
        inode.dirty.clear();
        inode.resized = false;
        Ok(())
    }
}
