//! The clinic's database, where the machine has PostgreSQL: a private server on loopback, gone with the demo.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::Broken;
use super::world::World;

/// A running server with the clinic's patients in it.
pub(super) struct Database {
    server: Child,
    folder: TempDir,
    programs: PathBuf,
    port: u16,
}

/// Who runs it when the demo is root, which PostgreSQL refuses to be.
const NOBODY: u32 = 65_534;
const PATIENCE: Duration = Duration::from_secs(30);
const DEBIAN: &str = "/usr/lib/postgresql";

impl Database {
    /// Starts one; `None` where there is no PostgreSQL.
    pub(super) fn start(world: &World) -> Result<Option<Self>, Broken> {
        let Some(programs) = programs() else { return Ok(None) };
        let failed = |error: std::io::Error| Broken::io("the database", &error);
        let folder = tempfile::Builder::new().prefix("blackbar-database-").tempdir().map_err(failed)?;
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).map_err(failed)?;
        let data = folder.path().join("data");
        fs::create_dir(&data).map_err(failed)?;
        if is_root() {
            chown(&data, Some(NOBODY), Some(NOBODY)).map_err(failed)?;
        }
        let made = as_somebody(&programs.join("initdb"))
            .args(["-U", "postgres", "-A", "trust", "-N", "-E", "UTF8", "--locale=C", "-D"])
            .arg(&data)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .map_err(failed)?;
        if !made.success() {
            return Err(Broken::new("initdb failed"));
        }
        let port = free_port()?;
        let server = as_somebody(&programs.join("postgres"))
            .args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-p", &port.to_string(), "-D"])
            .arg(&data)
            .arg("-k")
            .arg(&data)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(failed)?;
        let mut database = Self { server, folder, programs, port };
        database.wait()?;
        database.fill(world)?;
        Ok(Some(database))
    }

    fn wait(&mut self) -> Result<(), Broken> {
        let begun = Instant::now();
        while self
            .psql(self.port, "postgres", None)
            .args(["-c", "SELECT 1"])
            .output()
            .is_ok_and(|it| !it.status.success())
        {
            let ended = self.server.try_wait().ok().flatten().is_some();
            if ended || begun.elapsed() > PATIENCE {
                return Err(Broken::new("the database does not start"));
            }
            std::thread::sleep(Duration::from_millis(30));
        }
        Ok(())
    }

    /// Makes the table and copies the patients into it.
    fn fill(&self, world: &World) -> Result<(), Broken> {
        let table = "CREATE TABLE patients (id int PRIMARY KEY, name text, birth_date date, mrn text, phone text, email text, note text);";
        let mut script = format!("{table}\nCOPY patients FROM STDIN;\n");
        for (at, patient) in world.resources("Patient").iter().enumerate() {
            let telecom = |system: &str| {
                let all = patient["telecom"].as_array().into_iter().flatten();
                all.filter(|one| one["system"] == system).find_map(|one| one["value"].as_str())
            };
            let name = &patient["name"][0];
            let name = name["text"].as_str().map(str::to_owned).unwrap_or_else(|| {
                let given = name["given"].as_array().into_iter().flatten().filter_map(Value::as_str);
                given.chain(name["family"].as_str()).collect::<Vec<_>>().join(" ")
            });
            let note = String::from_utf8_lossy(&world.note(at).text).into_owned();
            let cells = [
                Some((at + 1).to_string()),
                Some(name),
                patient["birthDate"].as_str().filter(|date| date.len() == 10).map(str::to_owned),
                Some(format!("MRN{:07}", 4_400_000 + at * 137)),
                telecom("phone").map(str::to_owned),
                telecom("email").map(str::to_owned),
                Some(note),
            ];
            script.push_str(&cells.map(|cell| cell.map_or_else(|| "\\N".to_owned(), |cell| copied(&cell))).join("\t"));
            script.push('\n');
        }
        script.push_str("\\.\n");
        let failed = |error: std::io::Error| Broken::io("the database", &error);
        let mut psql = self.psql(self.port, "postgres", None);
        psql.args(["-v", "ON_ERROR_STOP=1"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut running = psql.spawn().map_err(failed)?;
        if let Some(mut input) = running.stdin.take() {
            input.write_all(script.as_bytes()).map_err(failed)?;
        }
        let filled = running.wait().map_err(failed)?;
        if filled.success() { Ok(()) } else { Err(Broken::new("the database does not take the patients")) }
    }

    /// Where it listens.
    pub(super) const fn port(&self) -> u16 {
        self.port
    }

    /// What a statement says as `user` at this port, in unaligned rows.
    pub(super) fn ask(&self, port: u16, user: &str, password: Option<&str>, sql: &str) -> Result<String, Broken> {
        let output = self.psql(port, user, password).args(["-A", "-t", "-F", " | ", "-c", sql]).output();
        let output = output.map_err(|error| Broken::io("psql", &error))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(Broken::new(format!("psql: {}", String::from_utf8_lossy(&output.stderr).trim())))
    }

    fn psql(&self, port: u16, user: &str, password: Option<&str>) -> Command {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.env_clear().args(["-X", "-q", "-h", "127.0.0.1", "-d", "postgres", "-U", user, "-p", &port.to_string()]);
        psql.envs(password.map(|password| ("PGPASSWORD", password)));
        psql
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let stop = as_somebody(&self.programs.join("pg_ctl"))
            .args(["stop", "-m", "immediate", "-D"])
            .arg(self.folder.path().join("data"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if !stop.is_ok_and(|status| status.success()) {
            let _ = self.server.kill();
        }
        let _ = self.server.wait();
    }
}

/// A cell in COPY's text form.
fn copied(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t")
}

fn free_port() -> Result<u16, Broken> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    listener.map(|address| address.port()).map_err(|error| Broken::io("a port", &error))
}

/// The server's programs: the newest of Debian's, or those of the path.
fn programs() -> Option<PathBuf> {
    let has_all = |folder: &PathBuf| ["initdb", "postgres", "pg_ctl", "psql"].iter().all(|it| folder.join(it).exists());
    let debian = fs::read_dir(DEBIAN).ok().into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    let mut found: Vec<PathBuf> = debian.filter(has_all).collect();
    found.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    found.pop().or_else(|| std::env::split_paths(&path).find(has_all))
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
