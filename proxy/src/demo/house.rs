//! The demo's own gateway: a folder as a user would have it, and this very program serving it.

use std::fmt::Write as _;
use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use super::Broken;
use super::database::Database;
use crate::admin;
use crate::commands::init;

/// Where the parts listen when nobody else does.
pub(super) const FHIR: u16 = 8780;
pub(super) const MODEL: u16 = 8781;
pub(super) const UPSTREAM: u16 = 8790;
pub(super) const CLINIC: u16 = 6432;
pub(super) const CONSOLE: u16 = 8700;
pub(super) const OPERATIONS: u16 = 9464;

/// How folders of demos begin, and what in them `blackbar demo env` prints.
const PREFIX: &str = "blackbar-demo-";
const ENVIRONMENT: &str = "env";
/// The key of the one who approves.
const OFFICER: &str = "officer.key";
const PATIENCE: Duration = Duration::from_secs(60);

/// A running gateway with everything that belongs to it; gone when it is dropped.
pub(super) struct House {
    gateway: Child,
    folder: TempDir,
    pub(super) fhir: SocketAddr,
    pub(super) model: SocketAddr,
    pub(super) upstream: SocketAddr,
    pub(super) console: SocketAddr,
    pub(super) operations: SocketAddr,
    /// The database, where the machine has one, and where the gateway stands in front of it.
    pub(super) clinic: Option<(Database, SocketAddr)>,
    /// An agent's credential.
    pub(super) token: String,
}

impl House {
    /// Builds one in front of `upstream` and of a database.
    pub(super) fn build(upstream: SocketAddr, database: Option<Database>) -> Result<Self, Broken> {
        let folder =
            tempfile::Builder::new().prefix(PREFIX).tempdir().map_err(|error| Broken::io("a folder", &error))?;
        let (fhir, model) = (address(FHIR)?, address(MODEL)?);
        let (console, operations) = (address(CONSOLE)?, address(OPERATIONS)?);
        init::keys(folder.path()).map_err(|error| Broken::new(error.to_string()))?;
        let officer = folder.path().join(OFFICER);
        let made = blackbar(folder.path())?.args(["approvals", "keygen", "-o"]).arg(&officer).output();
        let public = made.map_err(|error| Broken::io("this program", &error))?.stdout;
        let config = include_str!("../../templates/demo.toml")
            .replace("ed25519:PUBLIC", String::from_utf8_lossy(&public).trim())
            .replace("127.0.0.1:8780", &fhir.to_string())
            .replace("127.0.0.1:8781", &model.to_string())
            .replace("127.0.0.1:8790", &upstream.to_string())
            .replace("127.0.0.1:8700", &console.to_string())
            .replace("127.0.0.1:9464", &operations.to_string());
        let clinic = database.map(|database| address(CLINIC).map(|address| (database, address))).transpose()?;
        let target = clinic.as_ref().map(|(database, address)| {
            let target =
                include_str!("../../templates/demo-clinic.toml").replace("127.0.0.1:6432", &address.to_string());
            target.replace("127.0.0.1:5432", &format!("127.0.0.1:{}", database.port()))
        });
        write(&folder.path().join("blackbar.toml"), &(config + &target.unwrap_or_default()))?;
        write(&folder.path().join("policies/demo.cedar"), include_str!("../../templates/demo.cedar"))?;
        let log = fs::File::create(folder.path().join("gateway.log")).map_err(|error| Broken::io("a file", &error))?;
        let mut gateway = blackbar(folder.path())?;
        gateway.arg("serve").stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let gateway = gateway.spawn().map_err(|error| Broken::io("the gateway", &error))?;
        let mut house =
            Self { gateway, folder, fhir, model, upstream, console, operations, clinic, token: String::new() };
        house.wait()?;
        let issued = house.run(&["token", "issue", "--subject", "demo-agent", "--group", "agents", "--ttl", "15m"])?;
        house.token = String::from_utf8_lossy(&issued.stdout).trim().to_owned();
        house.tell()?;
        Ok(house)
    }

    fn wait(&mut self) -> Result<(), Broken> {
        let begun = Instant::now();
        let clinic = self.clinic.as_ref().map(|(_, address)| *address);
        let all = || [self.fhir, self.model, self.console].into_iter().chain(clinic);
        // A port may answer because somebody else took it since: the gateway itself has to answer, too.
        let data = self.folder.path().join("data");
        let up = || admin::ask(&data, &json!({ "do": "status" })).is_ok();
        while !up() || all().any(|address| TcpStream::connect(address).is_err()) {
            let ended = self.gateway.try_wait().ok().flatten().is_some();
            if ended || begun.elapsed() > PATIENCE {
                let said = fs::read_to_string(self.folder.path().join("gateway.log")).unwrap_or_default();
                return Err(Broken::new(format!("the gateway did not begin: {}", said.trim())));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Leaves what `blackbar demo env` prints.
    fn tell(&self) -> Result<(), Broken> {
        let mut text = format!(
            "export BLACKBAR_CONFIG='{}'\nexport BLACKBAR_TOKEN='{}'\nexport BLACKBAR_FHIR='http://{}/fhir'\nexport BLACKBAR_MODEL='http://{}/v1'\nexport BLACKBAR_CONSOLE='http://localhost:{}'\nexport BLACKBAR_METRICS='http://{}/metrics'\n",
            self.config().display(),
            self.token,
            self.fhir,
            self.model,
            self.console.port(),
            self.operations,
        );
        if let Some((_, address)) = &self.clinic {
            let _ = writeln!(text, "export BLACKBAR_SQL_PORT='{}'", address.port());
        }
        let path = self.folder.path().join(ENVIRONMENT);
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let mut file = options.open(path).map_err(|error| Broken::io("a file", &error))?;
        std::io::Write::write_all(&mut file, text.as_bytes()).map_err(|error| Broken::io("a file", &error))
    }

    /// Where everything is.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The key of the one who approves.
    pub(super) fn officer(&self) -> PathBuf {
        self.folder.path().join(OFFICER)
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("blackbar.toml")
    }

    /// A link that signs in to the console once.
    pub(super) fn link(&self) -> Result<String, Broken> {
        let printed = self.run(&["console", "login"])?;
        Ok(String::from_utf8_lossy(&printed.stdout).trim().to_owned())
    }

    /// Runs this program with the demo's configuration. Its failure is an error.
    pub(super) fn run(&self, arguments: &[&str]) -> Result<Output, Broken> {
        let output = blackbar(self.folder.path())?.args(arguments).output();
        let output = output.map_err(|error| Broken::io("this program", &error))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(Broken::new(format!("`blackbar {}` failed: {}", arguments.join(" "), said.trim())));
        }
        Ok(output)
    }
}

impl Drop for House {
    fn drop(&mut self) {
        // It lets live requests end and signs its last checkpoint; one that does not end is made to.
        if let Some(id) = i32::try_from(self.gateway.id()).ok().and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
        }
        let begun = Instant::now();
        while matches!(self.gateway.try_wait(), Ok(None)) && begun.elapsed() < Duration::from_secs(5) {
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.gateway.kill();
        let _ = self.gateway.wait();
    }
}

/// What the newest of this user's running demos has to say for a shell.
pub(super) fn environment() -> Result<String, Broken> {
    use std::os::unix::fs::MetadataExt as _;
    let none = || Broken::new("no demo of yours runs here");
    let own = fs::metadata("/proc/self").map_err(|error| Broken::io("/proc", &error))?.uid();
    let folders = fs::read_dir(std::env::temp_dir()).map_err(|error| Broken::io("the temporary folder", &error))?;
    let theirs = folders.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX));
    let files = theirs.filter_map(|entry| {
        let path = entry.path().join(ENVIRONMENT);
        let data = fs::symlink_metadata(&path).ok().filter(|data| data.is_file() && data.uid() == own)?;
        Some((data.modified().ok()?, path))
    });
    let (_, newest) = files.max().ok_or_else(none)?;
    fs::read_to_string(newest).map_err(|_| none())
}

/// The documented port, or one that is free where that is taken.
pub(super) fn address(port: u16) -> Result<SocketAddr, Broken> {
    let listener = TcpListener::bind(("127.0.0.1", port)).or_else(|_| TcpListener::bind(("127.0.0.1", 0)));
    listener.and_then(|listener| listener.local_addr()).map_err(|error| Broken::io("a port", &error))
}

/// This program, with the configuration in `folder`.
fn blackbar(folder: &Path) -> Result<Command, Broken> {
    let program = std::env::current_exe().map_err(|error| Broken::io("this program", &error))?;
    let mut command = Command::new(program);
    command.env("BLACKBAR_CONFIG", folder.join("blackbar.toml")).stdin(Stdio::null());
    Ok(command)
}

fn write(path: &Path, text: &str) -> Result<(), Broken> {
    let made = path.parent().map_or(Ok(()), fs::create_dir_all);
    made.and_then(|()| fs::write(path, text)).map_err(|error| Broken::io("a file", &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_told_where_people_look_for_them() {
        let help = include_str!("../cli.rs");
        let readme = include_str!("../../../README.md");
        for port in [FHIR, MODEL, UPSTREAM, CLINIC, CONSOLE, OPERATIONS] {
            assert!(help.contains(&format!("\n  {port}  ")), "{port} is not in the help of `demo`");
            assert!(readme.contains(&format!("{port} (")), "{port} is not in the README");
        }
    }
}
