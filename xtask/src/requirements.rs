//! What the tests need beyond a Rust toolchain, and how to get it.
//!
//! One line per program that a test really starts. A test whose program is absent says so on stderr and passes
//! (see [`crate::test`]); it is this table's job that it is rarely absent.

use std::fs;

use crate::Failure;
use crate::run::{command, is_installed, read, root, run};

/// A program that some test starts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Requirement {
    /// What is looked for on the path.
    pub(crate) binary: &'static str,
    /// The Debian package that brings it.
    pub(crate) package: &'static str,
    /// Whose test needs it, and what for.
    pub(crate) needed_by: &'static str,
    /// Without it a test is skipped; otherwise the tests do not start.
    pub(crate) optional: bool,
}

const REQUIREMENTS: &[Requirement] = &[
    Requirement {
        binary: "git",
        package: "git",
        needed_by: "xtask: compares the list of tracked files with a walk of the tree",
        optional: true,
    },
    Requirement {
        binary: "python3",
        package: "python3",
        needed_by: "ledger: its verifier in Python reads the same logs",
        optional: true,
    },
    Requirement {
        binary: "chromium-headless-shell",
        package: "chromium-headless-shell",
        needed_by: "proxy: a reviewer walks through the console",
        optional: true,
    },
    Requirement {
        binary: "node",
        package: "nodejs",
        needed_by: "proxy: drives the browser of that walk",
        optional: true,
    },
    Requirement { binary: "npm", package: "npm", needed_by: "proxy: brings what drives the browser", optional: true },
];

/// Makes every requirement available, or says exactly what is missing.
pub(crate) fn ensure() -> Result<(), Failure> {
    let ensured = programs();
    if is_installed("npm") && is_installed("chromium-headless-shell") {
        driver();
    }
    ensured
}

fn programs() -> Result<(), Failure> {
    let missing: Vec<Requirement> = REQUIREMENTS.iter().copied().filter(|one| !is_installed(one.binary)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if may_install() {
        println!("{}", advice(&missing));
        install(&missing);
    }
    let (skipping, stopping): (Vec<_>, Vec<_>) =
        missing.into_iter().filter(|one| !is_installed(one.binary)).partition(|one| one.optional);
    if !skipping.is_empty() {
        println!("tests will be skipped: {}", advice(&skipping));
    }
    if stopping.is_empty() { Ok(()) } else { Err(Failure::Environment(advice(&stopping))) }
}

/// What drives the browser: two packages, at the versions that the list beside the walk names.
const WALK: &str = "proxy/tests/browser/package.json";
/// Where the walk looks for them.
const BROWSER: &str = "target/browser";

/// Makes what drives the browser available beside the build, or says that it is not.
fn driver() {
    let wanted = fs::read(root().join(WALK)).unwrap_or_default();
    let folder = root().join(BROWSER);
    let there = folder.join("node_modules/playwright-core").is_dir() && folder.join("node_modules/axe-core").is_dir();
    if there && fs::read(folder.join("package.json")).is_ok_and(|known| known == wanted) {
        return;
    }
    let written = fs::create_dir_all(&folder).and_then(|()| fs::write(folder.join("package.json"), &wanted));
    let mut npm = command("npm");
    npm.current_dir(&folder);
    npm.args(["install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"]);
    if written.is_err() || run(&mut npm).is_err() {
        println!("a test will be skipped: what drives the browser could not be installed in {BROWSER}");
    }
}

/// Root on a Debian system; anyone else is told the command instead.
fn may_install() -> bool {
    is_installed("apt-get") && read(command("id").arg("-u")).is_ok_and(|id| id.trim_ascii() == b"0")
}

/// Whatever goes wrong here shows in what is still missing afterwards.
fn install(missing: &[Requirement]) {
    let apt = || {
        let mut apt = command("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive").args(["install", "--yes", "--no-install-recommends"]);
        apt.args(packages(missing));
        apt
    };
    // Package lists are often there already, and refreshing them is slow.
    if run(&mut apt()).is_err() && run(command("apt-get").arg("update")).is_ok() {
        let _ = run(&mut apt());
    }
}

fn packages(missing: &[Requirement]) -> Vec<&'static str> {
    let mut packages: Vec<_> = missing.iter().map(|one| one.package).collect();
    packages.sort_unstable();
    packages.dedup();
    packages
}

fn advice(missing: &[Requirement]) -> String {
    let mut lines = vec!["missing:".to_owned()];
    lines.extend(missing.iter().map(|one| format!("  `{}`, needed by {}", one.binary, one.needed_by)));
    lines.push(format!("  install with: apt-get install --no-install-recommends {}", packages(missing).join(" ")));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_names_the_program_its_user_and_each_package_once() {
        let server =
            Requirement { binary: "postgres", package: "postgresql", needed_by: "proxy: end to end", optional: true };
        let client = Requirement { binary: "psql", ..server };
        let text = advice(&[server, client]);
        assert!(text.contains("`postgres`, needed by proxy: end to end"), "{text}");
        assert!(text.ends_with("--no-install-recommends postgresql"), "{text}");
    }

    #[test]
    fn the_table_has_no_program_twice() {
        let mut binaries: Vec<_> = REQUIREMENTS.iter().map(|one| one.binary).collect();
        binaries.sort_unstable();
        binaries.dedup();
        assert_eq!(binaries.len(), REQUIREMENTS.len());
    }
}
