//! A PostgreSQL server of the tests' own, and what its catalog and its answers are.

use super::catalog::{Builder, Snapshot};
use crate::private_postgres::{Options, Server};

/// A running server.
pub(super) struct Cluster(Server);

impl Cluster {
    /// Starts one. `None`, with the reason on standard error, where there is no PostgreSQL.
    pub(super) fn start() -> Option<Self> {
        let options = Options { settings: &["max_connections=20"], ..Options::default() };
        let server = Server::start(&options).unwrap();
        if server.is_none() {
            crate::testing::skipped("this machine has no PostgreSQL server");
        }
        server.map(Self)
    }

    /// Runs statements.
    pub(super) fn run(&self, sql: &str) {
        self.0.run("postgres", sql).unwrap_or_else(|error| panic!("{error}"));
    }

    /// The rows of a query, in text format.
    pub(super) fn rows(&self, sql: &str) -> Vec<Vec<Option<String>>> {
        self.answer(sql, "").unwrap_or_else(|error| panic!("{error}"))
    }

    /// The rows of a statement whose effects are undone; names are those of `clinical`. `None`: the server refuses it.
    pub(super) fn tried(&self, sql: &str) -> Option<Vec<Vec<Option<String>>>> {
        self.answer(&format!("BEGIN; {sql}; ROLLBACK"), "clinical").ok()
    }

    fn answer(&self, sql: &str, path: &str) -> Result<Vec<Vec<Option<String>>>, String> {
        let output = self
            .0
            .psql("postgres")
            .args(["-v", "ON_ERROR_STOP=1", "-A", "-t", "-F", "\x1f", "-R", "\x1e", "-P", "null=\x1d", "-c", sql])
            .env("PGOPTIONS", format!("-c search_path={path} -c statement_timeout=30s"))
            .output()
            .unwrap();
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let text = String::from_utf8(output.stdout).unwrap();
        let text = text.strip_suffix('\n').unwrap_or(&text);
        let cell = |cell: &str| (cell != "\x1d").then(|| cell.to_owned());
        let rows = text.split('\x1e').filter(|row| !row.is_empty());
        Ok(rows.map(|row| row.split('\x1f').map(cell).collect()).collect())
    }

    /// The catalog as it is now.
    pub(super) fn snapshot(&self) -> Snapshot {
        let mut builder = Builder::default();
        for (at, query) in Snapshot::queries().iter().enumerate() {
            for row in self.rows(query) {
                let cells: Vec<Option<&[u8]>> = row.iter().map(|cell| cell.as_deref().map(str::as_bytes)).collect();
                builder.row(at, &cells).unwrap();
            }
        }
        builder.finish().unwrap()
    }
}
