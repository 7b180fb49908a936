//! What tests speak to the gateway with in other languages, below `target/drivers`: drivers of databases, clients of models.

use std::path::Path;
use std::process::Command;

use crate::run::root;

/// What is installed, and from where. A change of this list installs anew.
const PYTHON: &[&str] = &["psycopg[binary]==3.3.9", "asyncpg==0.32.0"];
const MODELS: &[&str] = &["openai==3.54.0", "anthropic==2.12.0"];
const NODE: &[&str] = &["pg@8.23.1", "pg-cursor@2.22.0", "pg-copy-streams@7.0.0"];

/// Installs what is missing. Where that cannot be done, for want of a network or a program, tests say what they skip.
pub(crate) fn install() {
    let folder = root().join("target/drivers");
    if std::fs::create_dir_all(&folder).is_err() {
        return;
    }
    once(&folder.join("venv"), PYTHON, |place| environment(place, PYTHON));
    once(&folder.join("models"), MODELS, |place| environment(place, MODELS));
    once(&folder.join("node"), NODE, |place| {
        let npm = ["install", "--silent", "--no-fund", "--no-audit", "--ignore-scripts", "--prefix"];
        run(Command::new("npm").args(npm).arg(place).args(NODE))
    });
}

/// A Python of its own with these packages.
fn environment(place: &Path, packages: &[&str]) -> bool {
    let made = run(Command::new("python3").args(["-m", "venv"]).arg(place));
    let pip = ["install", "--quiet", "--disable-pip-version-check"];
    made && run(Command::new(place.join("bin/pip")).args(pip).args(packages))
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
