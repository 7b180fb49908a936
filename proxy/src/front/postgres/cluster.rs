//! A PostgreSQL server of the tests' own: a folder that is gone afterwards, a socket in it, no port.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::catalog::{Builder, Snapshot};

/// A running server.
pub(super) struct Cluster {
    folder: TempDir,
    programs: PathBuf,
    server: Child,
}

/// Who runs it when the tests run as root, which PostgreSQL refuses to be.
const NOBODY: u32 = 65_534;

impl Cluster {
    /// Starts one. `None`, with the reason on standard error, where there is no PostgreSQL.
    pub(super) fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            eprintln!("skipped: no PostgreSQL server programs in /usr/lib/postgresql/*/bin");
            return None;
        };
        let folder = TempDir::new().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let data = folder.path().join("data");
        fs::create_dir(&data).unwrap();
        if is_root() {
            chown(&data, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let made = as_somebody(&programs.join("initdb"))
            .args(["-U", "postgres", "-A", "trust", "-N", "-E", "UTF8", "--locale=C", "-D"])
            .arg(&data)
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(made.success());
        let server = as_somebody(&programs.join("postgres"))
            .args(["-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=20", "-D"])
            .arg(&data)
            .arg("-k")
            .arg(&data)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let cluster = Self { folder, programs, server };
        let begun = Instant::now();
        while !cluster.psql(&["-c", "SELECT 1"]).output().unwrap().status.success() {
            assert!(begun.elapsed() < Duration::from_secs(60), "the server does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(cluster)
    }

    /// Runs statements.
    pub(super) fn run(&self, sql: &str) {
        let output = self.psql(&["-v", "ON_ERROR_STOP=1", "-c", sql]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// The rows of a query, in text format.
    pub(super) fn rows(&self, sql: &str) -> Vec<Vec<Option<String>>> {
        let output = self
            .psql(&["-A", "-t", "-F", "\x1f", "-R", "\x1e", "-P", "null=\x1d", "-c", sql])
            .env("PGOPTIONS", "-c search_path=")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let text = text.strip_suffix('\n').unwrap_or(&text);
        let cell = |cell: &str| (cell != "\x1d").then(|| cell.to_owned());
        let rows = text.split('\x1e').filter(|row| !row.is_empty());
        rows.map(|row| row.split('\x1f').map(cell).collect()).collect()
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

    fn psql(&self, args: &[&str]) -> Command {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.env_clear()
            .args(["-X", "-q", "-U", "postgres", "-d", "postgres", "-h"])
            .arg(self.folder.path().join("data"))
            .args(args);
        psql
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = as_somebody(&self.programs.join("pg_ctl"))
            .args(["stop", "-m", "immediate", "-D"])
            .arg(self.folder.path().join("data"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        let _ = self.server.wait();
    }
}

fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut found: Vec<PathBuf> = versions.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).collect();
    found.retain(|programs| ["initdb", "postgres", "pg_ctl", "psql"].iter().all(|name| programs.join(name).exists()));
    found.sort();
    found.pop()
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

fn as_somebody(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().current_dir("/");
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}
