//! What can go wrong in the ledger.

use std::fmt;
use std::io;
use std::sync::Arc;

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// An error of the ledger. It names files, offsets, indices and ids, never content.
#[derive(Clone, Debug)]
pub struct Error {
    kind: Kind,
    what: String,
    source: Option<Arc<io::Error>>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    /// The operating system refused.
    Io,
    /// The writer has stopped for ever: what is on disk is no longer known.
    Stopped,
    /// Bytes are not what they must be.
    Corrupt,
    /// A later version of this program wrote them, in a form that is not known here.
    Newer,
    /// Another process owns the data folder.
    Locked,
    /// A queue is full.
    Overloaded,
    /// A leaf, an entry or a name is longer than its format allows.
    TooLarge,
    /// A key is missing, wrong or cannot be used.
    Key,
    /// The thing asked for is not there.
    Missing,
    /// It was deleted by policy, and its key with it.
    Deleted,
    /// An argument makes no sense.
    Misuse,
}

impl Error {
    /// The writer has stopped: an fsync or a write failed, and what reached the disk is unknown. Stop serving, start again.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.kind == Kind::Stopped
    }

    /// Bytes on disk are not what they must be.
    #[must_use]
    pub fn is_corrupt(&self) -> bool {
        self.kind == Kind::Corrupt
    }

    /// What is on disk was written by a later version of this program. It is not damaged, and was left as it is.
    #[must_use]
    pub fn is_newer(&self) -> bool {
        self.kind == Kind::Newer
    }

    /// Another process owns the data folder.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.kind == Kind::Locked
    }

    /// The queue in front of the disk is full. Nothing was recorded.
    #[must_use]
    pub fn is_overloaded(&self) -> bool {
        self.kind == Kind::Overloaded
    }

    /// A leaf, an entry or a name is longer than its format allows. Nothing was recorded.
    #[must_use]
    pub fn is_too_large(&self) -> bool {
        self.kind == Kind::TooLarge
    }

    /// A key is missing, wrong or unusable.
    #[must_use]
    pub fn is_key(&self) -> bool {
        self.kind == Kind::Key
    }

    /// The thing asked for is not there.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.kind == Kind::Missing
    }

    /// It was deleted by policy, and its key with it.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        self.kind == Kind::Deleted
    }

    /// The operating system's error underneath, if there is one.
    #[must_use]
    pub fn io_error(&self) -> Option<&io::Error> {
        self.source.as_deref()
    }

    pub(crate) fn io(what: impl Into<String>, source: io::Error) -> Self {
        let kind = if source.kind() == io::ErrorKind::NotFound { Kind::Missing } else { Kind::Io };
        Self { kind, what: what.into(), source: Some(Arc::new(source)) }
    }

    pub(crate) fn stopped(cause: &Self) -> Self {
        Self {
            kind: Kind::Stopped,
            what: format!("the ledger has stopped: {}", cause.what),
            source: cause.source.clone(),
        }
    }

    pub(crate) fn corrupt(what: impl Into<String>) -> Self {
        Self::of(Kind::Corrupt, what)
    }

    pub(crate) fn newer(what: impl fmt::Display) -> Self {
        Self::of(
            Kind::Newer,
            format!("{what} was written by a newer version of this program, whose form this one does not know"),
        )
    }

    pub(crate) fn locked(what: impl Into<String>) -> Self {
        Self::of(Kind::Locked, what)
    }

    pub(crate) fn overloaded(what: impl Into<String>) -> Self {
        Self::of(Kind::Overloaded, what)
    }

    pub(crate) fn too_large(what: impl Into<String>) -> Self {
        Self::of(Kind::TooLarge, what)
    }

    pub(crate) fn key(what: impl Into<String>) -> Self {
        Self::of(Kind::Key, what)
    }

    pub(crate) fn missing(what: impl Into<String>) -> Self {
        Self::of(Kind::Missing, what)
    }

    pub(crate) fn deleted(what: impl Into<String>) -> Self {
        Self::of(Kind::Deleted, what)
    }

    pub(crate) fn misuse(what: impl Into<String>) -> Self {
        Self::of(Kind::Misuse, what)
    }

    fn of(kind: Kind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into(), source: None }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match &self.source {
            Some(source) => write!(f, ": {source}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
