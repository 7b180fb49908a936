//! How a command ends.

use std::process::ExitCode;

/// The exit status, the same for every command. What comes later is graver.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Exit {
    /// Done.
    Done = 0,
    /// It ran, and the answer is bad.
    Bad = 1,
    /// Wrong usage or configuration.
    Usage = 2,
    /// Some input or output failed; what was finished stays.
    Failed = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
