//! The programs of others that tests speak to the gateway with, below `target/drivers` and `target/python`.

use std::path::Path;
use std::process::Command;

use crate::run::root;

/// What is installed, and from where. A change of this list installs anew.
const PYTHON: &[&str] = &["psycopg[binary]==3.3.9", "asyncpg==0.32.0", "sqlalchemy[asyncio]==2.1.9"];
/// Clients of models, and the official models of what is exported.
const CLIENTS: &[&str] = &["openai==3.54.0", "anthropic==2.12.0", "fhir.resources==8.3.0"];
const NODE: &[&str] = &["pg@8.23.1", "pg-cursor@2.22.0", "pg-copy-streams@7.0.0"];
/// A real issuer of tokens: the last of its line that Debian's Node runs.
const ISSUER: &[&str] = &["oidc-provider@8.8.1"];

/// Installs what is missing. Where that cannot be done, for want of a network or a program, tests say what they skip.
pub(crate) fn install() {
    let folder = root().join("target/drivers");
    if std::fs::create_dir_all(&folder).is_err() {
        return;
    }
    once(&folder.join("venv"), PYTHON, |place| python(place, PYTHON));
    once(&root().join("target/python"), CLIENTS, |place| python(place, CLIENTS));
    once(&folder.join("node"), NODE, |place| node(place, NODE));
    once(&folder.join("issuer"), ISSUER, |place| node(place, ISSUER));
}

fn python(place: &Path, packages: &[&str]) -> bool {
    let made = run(Command::new("python3").args(["-m", "venv"]).arg(place));
    let mut pip = Command::new(place.join("bin/pip"));
    made && run(pip.args(["install", "--quiet", "--disable-pip-version-check"]).args(packages))
}

fn node(place: &Path, packages: &[&str]) -> bool {
    let npm = ["install", "--silent", "--no-fund", "--no-audit", "--ignore-scripts", "--prefix"];
    run(Command::new("npm").args(npm).arg(place).args(packages))
}

fn once(place: &Path, what: &[&str], install: impl FnOnce(&Path) -> bool) {
    let (installed, list) = (place.join("installed"), what.join("\n"));
    if std::fs::read_to_string(&installed).is_ok_and(|known| known == list) {
        return;
    }
    let done = std::fs::create_dir_all(place).is_ok() && install(place);
    if !done || std::fs::write(&installed, list).is_err() {
        eprintln!("drivers: {} could not be installed; tests that need them say so", what.join(" "));
    }
}

fn run(command: &mut Command) -> bool {
    command.stdin(std::process::Stdio::null()).status().is_ok_and(|status| status.success())
}
