//! A PostgreSQL server of one's own, for the demo and for tests: a folder that is gone afterwards, a port on loopback.
//!
//! It knows nothing of the rest of this program, so tests from outside include it as it is.

use std::fs;
use std::io::{Error, Result, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A running server. It ends with this value.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    folder: TempDir,
    programs: PathBuf,
    port: u16,
    password: Option<String>,
}

/// How it differs from one that trusts everybody on this machine.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Options<'o> {
    /// Settings such as `max_connections=20`.
    pub(crate) settings: &'o [&'o str],
    /// The superuser's, and then nobody is trusted without one.
    pub(crate) password: Option<&'o str>,
    /// The lines of `pg_hba.conf`.
    pub(crate) rules: Option<&'o str>,
}

/// The superuser.
pub(crate) const SUPERUSER: &str = "postgres";
/// Who runs it when whoever starts it is root, which PostgreSQL refuses to be.
const NOBODY: u32 = 65_534;
const PATIENCE: Duration = Duration::from_secs(60);
const DEBIAN: &str = "/usr/lib/postgresql";
const NEEDED: [&str; 4] = ["initdb", "postgres", "pg_ctl", "psql"];

/// Where the programs of a server are: the newest of Debian's, or those of the path.
pub(crate) fn programs() -> Option<PathBuf> {
    let has_all = |folder: &PathBuf| NEEDED.iter().all(|program| folder.join(program).exists());
    let debian = fs::read_dir(DEBIAN).ok().into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    let mut found: Vec<PathBuf> = debian.filter(has_all).collect();
    found.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    found.pop().or_else(|| std::env::split_paths(&path).find(has_all))
}

impl Server {
    /// Starts one. `None`: this machine has no PostgreSQL.
    pub(crate) fn start(options: &Options<'_>) -> Result<Option<Self>> {
        let Some(programs) = programs() else { return Ok(None) };
        let folder = tempfile::Builder::new().prefix("blackbar-postgres-").tempdir()?;
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
        let data = folder.path().join("data");
        fs::create_dir(&data)?;
        let secret = folder.path().join("password");
        fs::write(&secret, options.password.unwrap_or_default())?;
        if is_root() {
            for path in [&data, &secret] {
                chown(path, Some(NOBODY), Some(NOBODY))?;
            }
        }
        let mut initdb = as_somebody(&programs.join("initdb"));
        initdb.args(["-N", "-U", SUPERUSER, "-E", "UTF8", "--locale=C", "-D"]).arg(&data);
        match options.password {
            Some(_) => initdb.args(["-A", "scram-sha-256", "--pwfile"]).arg(&secret),
            None => initdb.args(["-A", "trust"]),
        };
        let made = initdb.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
        if !made.success() {
            return Err(Error::other("initdb failed"));
        }
        if let Some(rules) = options.rules {
            fs::write(data.join("pg_hba.conf"), rules)?;
        }
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let mut postgres = as_somebody(&programs.join("postgres"));
        postgres.arg("-D").arg(&data).args(["-p", &port.to_string()]);
        let own = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off"];
        for setting in own.iter().chain(options.settings) {
            postgres.args(["-c", setting]);
        }
        let child = postgres.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let mut server = Self { child, folder, programs, port, password: options.password.map(str::to_owned) };
        server.wait()?;
        Ok(Some(server))
    }

    fn wait(&mut self) -> Result<()> {
        let begun = Instant::now();
        while !self.psql("postgres").args(["-c", "SELECT 1"]).output()?.status.success() {
            if self.child.try_wait()?.is_some() || begun.elapsed() > PATIENCE {
                return Err(Error::other("the database does not start"));
            }
            std::thread::sleep(Duration::from_millis(30));
        }
        Ok(())
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// A folder that goes with it.
    #[allow(dead_code, reason = "not everybody who includes this needs it")]
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs statements as the superuser. A failure says what psql said.
    pub(crate) fn run(&self, database: &str, statements: &str) -> Result<()> {
        let mut psql = self.psql(database);
        psql.args(["-v", "ON_ERROR_STOP=1"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut running = psql.spawn()?;
        if let Some(mut input) = running.stdin.take() {
            // psql stops reading at the first error, which says more.
            let _ = input.write_all(statements.as_bytes());
        }
        let output = running.wait_with_output()?;
        if output.status.success() { Ok(()) } else { Err(Error::other(String::from_utf8_lossy(&output.stderr))) }
    }

    /// psql as the superuser.
    pub(crate) fn psql(&self, database: &str) -> Command {
        self.psql_at(self.port, SUPERUSER, database, self.password.as_deref())
    }

    /// psql at another port, such as that of a gateway in front of it.
    pub(crate) fn psql_at(&self, port: u16, user: &str, database: &str, password: Option<&str>) -> Command {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.env_clear().args(["-X", "-q", "-h", "127.0.0.1", "-U", user, "-d", database, "-p", &port.to_string()]);
        psql.envs(password.map(|password| ("PGPASSWORD", password))).stdin(Stdio::null());
        psql
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let stop = as_somebody(&self.programs.join("pg_ctl"))
            .args(["stop", "-m", "immediate", "-D"])
            .arg(self.folder.path().join("data"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if !stop.is_ok_and(|status| status.success()) {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn as_somebody(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().current_dir("/");
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}
