//! Where a sink is, in a small file that is written whole.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use super::write_whole;
use crate::error::{Error, Id};

/// The next leaf of one sink.
#[derive(Clone, Debug)]
pub(crate) struct Cursor {
    path: PathBuf,
    origin: String,
    next: u64,
}

impl Cursor {
    /// Reads where a sink is. Of another log, or new: at the first leaf.
    pub(crate) fn open(folder: &Path, name: &str, origin: &str) -> Result<Self, Error> {
        let failed = |error: io::Error| Error::io(Id::DataFolder, "the cursor of a sink", &error).at_path(folder);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        let path = folder.join(name);
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            text => text.map_err(failed)?,
        };
        let next = text.strip_prefix(&format!("{origin}\n")).and_then(|next| next.trim_end().parse().ok());
        Ok(Self { path, origin: origin.to_owned(), next: next.unwrap_or(0) })
    }

    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// Some leaves are told again.
    pub(crate) fn back(&mut self, leaves: u64) {
        self.next = self.next.saturating_sub(leaves);
    }

    /// Everything before `next` was sent.
    pub(crate) fn moved(&mut self, next: u64) -> Self {
        self.next = next;
        self.clone()
    }

    pub(crate) fn save(&self) -> io::Result<()> {
        write_whole(&self.path, format!("{}\n{}\n", self.origin, self.next).as_bytes())
    }
}
