//! What the gateway must still know after a restart, in one SQLite file.

pub(crate) mod approvals;
pub(crate) mod emergencies;
mod migrations;
pub(crate) mod notices;
pub(crate) mod spent;

use std::fmt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

/// The state of one gateway. The lock on the data folder, not this file, keeps a second one out.
pub(crate) struct State {
    connection: Mutex<Connection>,
}

/// State that could not be read or written. Says what SQLite says, never a value.
#[derive(Debug)]
pub(crate) struct StateError {
    what: &'static str,
    code: Option<rusqlite::ErrorCode>,
}

impl State {
    /// Opens the file, makes it if there is none, and brings it up to date.
    pub(crate) fn open(path: &Path) -> Result<Self, StateError> {
        restrict(path)?;
        Self::with(Connection::open(path).map_err(StateError::because("the state could not be opened"))?)
    }

    /// State that nobody else sees and that ends with the process.
    #[cfg(test)]
    pub(crate) fn in_memory() -> Self {
        Self::with(Connection::open_in_memory().unwrap()).unwrap()
    }

    fn with(mut connection: Connection) -> Result<Self, StateError> {
        let set_up = |connection: &Connection| {
            connection.busy_timeout(Duration::from_secs(5))?;
            connection.pragma_update(None, "journal_mode", "WAL")?;
            // A revocation that was acknowledged survives the power.
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.pragma_update(None, "foreign_keys", true)?;
            // Freed pages held credentials' verifiers and people's names.
            connection.pragma_update(None, "secure_delete", true)?;
            connection.pragma_update(None, "trusted_schema", false)
        };
        set_up(&connection).map_err(StateError::because("the state could not be set up"))?;
        migrations::run(&mut connection)?;
        Ok(Self { connection: Mutex::new(connection) })
    }

    /// One piece of work that is done wholly or not at all.
    pub(crate) fn transact<T>(
        &self,
        what: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StateError> {
        // A panic between two statements rolled the transaction back when it was dropped.
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let run = || {
            // Locked from the start: what was read is what is changed.
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        };
        run().map_err(StateError::because(what))
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("State")
    }
}

impl StateError {
    fn because(what: &'static str) -> impl FnOnce(rusqlite::Error) -> Self {
        move |error| Self { what, code: error.sqlite_error_code() }
    }

    fn new(what: &'static str) -> Self {
        Self { what, code: None }
    }

    /// The operating system gave no randomness for a secret.
    pub(crate) fn random() -> Self {
        Self::new("the operating system has no randomness")
    }
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => write!(f, "{}: {code:?}", self.what),
            None => f.write_str(self.what),
        }
    }
}

impl std::error::Error for StateError {}

/// The file is made with the mode that it keeps, before there is anything in it.
#[cfg(unix)]
fn restrict(path: &Path) -> Result<(), StateError> {
    use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};

    let refused = |_| StateError::new("the state file could not be made readable by its owner only");
    let file =
        std::fs::OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path).map_err(refused)?;
    file.set_permissions(std::fs::Permissions::from_mode(0o600)).map_err(refused)
}

#[cfg(not(unix))]
fn restrict(_: &Path) -> Result<(), StateError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_is_made_once_kept_and_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        let state = State::open(&path).unwrap();
        state.transact("a", |db| db.execute("INSERT INTO secrets VALUES ('x', x'01')", [])).unwrap();
        drop(state);
        let state = State::open(&path).unwrap();
        let kept: i64 =
            state.transact("a", |db| db.query_row("SELECT count(*) FROM secrets", [], |row| row.get(0))).unwrap();
        assert_eq!(kept, 1);
        let sync: i64 = state.transact("a", |db| db.pragma_query_value(None, "synchronous", |row| row.get(0))).unwrap();
        assert_eq!(sync, 2, "FULL");
        #[cfg(unix)]
        for file in ["state.db", "state.db-wal"] {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(folder.path().join(file)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
    }

    #[test]
    fn what_fails_in_the_middle_leaves_nothing() {
        let state = State::in_memory();
        let failed = state.transact("it did not work", |db| {
            db.execute("INSERT INTO secrets VALUES ('x', x'01')", [])?;
            db.execute("INSERT INTO secrets VALUES ('x', x'02')", [])
        });
        assert!(failed.unwrap_err().to_string().starts_with("it did not work: "));
        let kept: i64 =
            state.transact("a", |db| db.query_row("SELECT count(*) FROM secrets", [], |row| row.get(0))).unwrap();
        assert_eq!(kept, 0);
    }

    #[test]
    fn a_newer_gateways_state_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        drop(State::open(&path).unwrap());
        Connection::open(&path).unwrap().pragma_update(None, "user_version", 999).unwrap();
        assert_eq!(State::open(&path).unwrap_err().to_string(), "the state was written by a newer version");
    }
}
