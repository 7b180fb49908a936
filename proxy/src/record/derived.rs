//! Files of SQLite that are derived from the log: each can be thrown away and is made anew.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use crate::error::{Error, Id};

/// Opens one of a data folder, or begins it. Another process that writes it is waited for.
pub(super) fn open(folder: &Path, name: &str, patience: Duration) -> Result<Connection, Error> {
    use std::os::unix::fs::OpenOptionsExt as _;

    let path = folder.join(name);
    let made = std::fs::OpenOptions::new().append(true).create(true).mode(0o600).open(&path);
    made.map_err(|error| Error::io(Id::IndexUnusable, "the index cannot be opened", &error).at_path(&path))?;
    let open = || -> rusqlite::Result<Connection> {
        let db = Connection::open(&path)?;
        db.busy_timeout(patience)?;
        db.pragma_update(None, "journal_mode", "WAL")?;
        // It is derived: what the power takes is derived again.
        db.pragma_update(None, "synchronous", "NORMAL")?;
        db.pragma_update(None, "secure_delete", true)?;
        db.pragma_update(None, "trusted_schema", false)?;
        Ok(db)
    };
    open().map_err(|error| unusable(&error).at_path(&path))
}

/// Why it cannot be used, without a word of what it holds.
pub(super) fn unusable(error: &rusqlite::Error) -> Error {
    let code = error.sqlite_error_code();
    let what = code.map_or_else(|| "the index cannot be used".to_owned(), |code| format!("the index: {code:?}"));
    Error::new(Id::IndexUnusable, what)
}
