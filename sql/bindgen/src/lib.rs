//! Stands in for the crate of this name while `pg_query` is built.
//!
//! `pg_query` generates its Rust declarations of libpg_query when it is built, for which the real `bindgen` loads
//! libclang. A machine with Rust and a C compiler has none, so the workspace's manifest puts this crate in its place:
//! it writes the declarations of `pg_query.h` as they were generated once, and refuses a header that is not the one
//! they were generated from. `docs/adr/0009-sql-parser.md` has the reasons, and what to do for another version.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The declarations of libpg_query for PostgreSQL 18, as bindgen 0.66 wrote them: without its layout tests, and
/// without what C's own headers bring in.
const DECLARATIONS: &str = include_str!("../libpg_query.rs");

/// FNV-1a of the header that [`DECLARATIONS`] were generated from.
const HEADER: u64 = 0x26ff_b91b_61b0_c085;

/// What `pg_query` calls.
#[derive(Debug, Default)]
pub struct Builder {
    header: PathBuf,
}

impl Builder {
    /// The header to declare.
    #[must_use]
    pub fn header(self, header: impl Into<String>) -> Self {
        Self { header: PathBuf::from(header.into()) }
    }

    /// Looks whether the header is the known one.
    ///
    /// # Errors
    ///
    /// When it cannot be read or is another version's.
    pub fn generate(self) -> Result<Bindings, Unknown> {
        let header = fs::read(&self.header).map_err(|_| Unknown { found: None })?;
        let found = fnv(&header);
        if found == HEADER { Ok(Bindings(())) } else { Err(Unknown { found: Some(found) }) }
    }
}

/// The declarations, known to fit.
#[derive(Debug)]
pub struct Bindings(());

impl Bindings {
    /// Writes them.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn write_to_file(&self, path: impl AsRef<Path>) -> io::Result<()> {
        fs::write(path, DECLARATIONS)
    }
}

/// The header is not the one that the declarations were generated from.
#[derive(Debug)]
pub struct Unknown {
    found: Option<u64>,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.found {
            Some(found) => write!(
                f,
                "these declarations belong to another pg_query.h (fnv {found:#x}): generate sql/bindgen/libpg_query.rs anew"
            ),
            None => f.write_str("pg_query.h cannot be read"),
        }
    }
}

impl std::error::Error for Unknown {}

fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
