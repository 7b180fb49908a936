//! Where the ledger keeps its bytes: the few operations it needs of a file system.
//!
//! Everything goes through [`Vfs`], so that tests can fail any one of them and cut the power at any moment.

#[cfg(test)]
pub(crate) mod memory;

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// A folder of files. Paths are relative to it and use `/`.
pub(crate) trait Vfs: Send + Sync {
    /// Opens a file for reading and writing; makes an empty one when there is none.
    fn open(&self, path: &str) -> io::Result<Box<dyn VfsFile>>;

    /// Reads a whole file.
    fn read(&self, path: &str) -> io::Result<Vec<u8>>;

    /// Reads at most `length` bytes from `offset`; fewer at the end of the file.
    fn read_at(&self, path: &str, offset: u64, length: usize) -> io::Result<Vec<u8>>;

    /// Gives a file another name, in place of what had that name before.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, path: &str) -> io::Result<()>;

    /// Removes an empty folder.
    fn remove_folder(&self, path: &str) -> io::Result<()>;

    /// Makes a folder in an existing one; fine when it is there.
    fn make_folder(&self, path: &str) -> io::Result<()>;

    /// Makes the names in a folder durable. The folder itself is `""`.
    fn sync_folder(&self, path: &str) -> io::Result<()>;

    /// The names in a folder, in order; nothing when there is no such folder.
    fn list(&self, path: &str) -> io::Result<Vec<String>>;

    /// How much room there is.
    fn space(&self) -> io::Result<Space>;
}

/// An open file.
pub(crate) trait VfsFile: Send {
    /// Writes all bytes at an offset.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Makes the file this long.
    fn set_len(&mut self, length: u64) -> io::Result<()>;

    /// Takes room for the file up to this length, and makes it that long.
    fn reserve(&mut self, length: u64) -> io::Result<()>;

    /// Makes its bytes and length durable.
    fn sync(&mut self) -> io::Result<()>;
}

/// Room on a file system, in bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Space {
    /// What this process may still use.
    pub(crate) free: u64,
    /// All of it.
    pub(crate) total: u64,
}

/// A folder of the real file system.
#[derive(Clone, Debug)]
pub(crate) struct RealFs {
    root: PathBuf,
}

impl RealFs {
    /// The folder at `root`.
    pub(crate) fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Takes the folder for this process until the lock is dropped.
    ///
    /// # Errors
    ///
    /// When another process has it, or the lock file cannot be made.
    pub(crate) fn lock(&self) -> Result<FolderLock> {
        let path = self.root.join("lock");
        let options = || OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
        let file = options().map_err(|error| Error::io("lock", error))?;
        match file.try_lock() {
            Ok(()) => Ok(FolderLock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Error::locked("another process owns this data folder")),
            Err(TryLockError::Error(error)) => Err(Error::io("lock", error)),
        }
    }

    fn at(&self, path: &str) -> PathBuf {
        if path.is_empty() { self.root.clone() } else { self.root.join(path) }
    }
}

/// A data folder that belongs to this process.
#[derive(Debug)]
pub(crate) struct FolderLock {
    _file: File,
}

impl Vfs for RealFs {
    fn open(&self, path: &str) -> io::Result<Box<dyn VfsFile>> {
        let mut options = OpenOptions::new();
        let file = options.create(true).truncate(false).read(true).write(true).mode(0o600).open(self.at(path))?;
        Ok(Box::new(RealFile(file)))
    }

    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        fs::read(self.at(path))
    }

    fn read_at(&self, path: &str, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let file = File::open(self.at(path))?;
        let mut bytes = vec![0; length];
        let mut have = 0;
        while let Some(rest) = bytes.get_mut(have..).filter(|rest| !rest.is_empty()) {
            match file.read_at(rest, offset + have as u64) {
                Ok(0) => break,
                Ok(read) => have += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(have);
        Ok(bytes)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.at(from), self.at(to))
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        fs::remove_file(self.at(path))
    }

    fn remove_folder(&self, path: &str) -> io::Result<()> {
        fs::remove_dir(self.at(path))
    }

    fn make_folder(&self, path: &str) -> io::Result<()> {
        // What a web server is to serve it must be able to enter; everything else is nobody's business.
        let public = Path::new(path).starts_with(crate::tiles::LOG);
        match fs::DirBuilder::new().mode(if public { 0o755 } else { 0o700 }).create(self.at(path)) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            made => made,
        }
    }

    fn sync_folder(&self, path: &str) -> io::Result<()> {
        File::open(self.at(path))?.sync_all()
    }

    fn list(&self, path: &str) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(self.at(path)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut names = Vec::new();
        for entry in entries {
            // A name that is not UTF-8 is none of ours.
            names.extend(entry?.file_name().into_string().ok());
        }
        names.sort_unstable();
        Ok(names)
    }

    fn space(&self) -> io::Result<Space> {
        let stat = rustix::fs::statvfs(&self.root)?;
        let bytes = |blocks: u64| blocks.saturating_mul(stat.f_frsize);
        Ok(Space { free: bytes(stat.f_bavail), total: bytes(stat.f_blocks) })
    }
}

struct RealFile(File);

impl VfsFile for RealFile {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn set_len(&mut self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }

    fn reserve(&mut self, length: u64) -> io::Result<()> {
        Ok(rustix::fs::fallocate(&self.0, rustix::fs::FallocateFlags::empty(), 0, length)?)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }
}

/// Makes a folder and those above it, each durable before the next.
pub(crate) fn make_folders(vfs: &dyn Vfs, path: &str) -> io::Result<()> {
    let mut above = "";
    for (at, _) in path.match_indices('/').chain([(path.len(), "")]) {
        let folder = path.get(..at).unwrap_or_default();
        vfs.make_folder(folder)?;
        vfs.sync_folder(above)?;
        above = folder;
    }
    Ok(())
}

/// Writes a whole file so that after a crash it is there as it was before or as it is to be.
pub(crate) fn write_whole(vfs: &dyn Vfs, path: &str, bytes: &[u8]) -> io::Result<()> {
    let draft = format!("{path}.new");
    let mut file = vfs.open(&draft)?;
    file.set_len(0)?;
    file.write_at(0, bytes)?;
    file.sync()?;
    vfs.rename(&draft, path)?;
    vfs.sync_folder(folder_of(path))
}

/// The folder that a path is in.
pub(crate) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}
