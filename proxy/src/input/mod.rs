//! Inputs: which there are, what coding and format they have, and their text in chunks.

mod open;
pub(crate) mod utf16;
pub(crate) mod walk;

pub(crate) use self::open::{Chunk, Coding, Opened, Refused, open};
pub(crate) use self::walk::{Found, Source};
