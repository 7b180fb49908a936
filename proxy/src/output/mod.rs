//! Outputs: where they go, and files that appear whole or not at all.

pub(crate) mod digest;
pub(crate) mod edits;
mod file;
pub(crate) mod ordered;
pub(crate) mod plan;

pub(crate) use self::file::{Output, Shape, replace_file, unwritable};
pub(crate) use self::plan::Target;

use std::io;

/// What a failed write means.
pub(crate) fn is_closed(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}
