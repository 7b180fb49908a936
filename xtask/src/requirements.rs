//! What the tests need beyond a Rust toolchain, and how to get it.
//!
//! One line per program that a test really starts. A test whose program is absent says so on stderr and passes
//! (see [`crate::test`]); it is this table's job that it is rarely absent.

use std::fs;
use std::path::Path;

use crate::Failure;
use crate::run::{command, is_installed, read, root, run};

/// A program that some test starts, or what such a program needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Requirement {
    /// What is looked for on the path, or the name of what is no program.
    pub(crate) binary: &'static str,
    /// Where else it may be; a `*` stands for one folder of any name.
    pub(crate) or_at: Option<&'static str>,
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
        or_at: None,
        package: "git",
        needed_by: "xtask: compares the list of tracked files with a walk of the tree",
        optional: true,
    },
    Requirement {
        binary: "python3",
        or_at: None,
        package: "python3-venv",
        needed_by: "ledger: its verifier in Python reads the same logs; proxy: clients and readers written in it",
        optional: true,
    },
    Requirement {
        binary: "chromium-headless-shell",
        or_at: None,
        package: "chromium-headless-shell",
        needed_by: "proxy: a reviewer walks through the console",
        optional: true,
    },
    Requirement {
        binary: "node",
        or_at: None,
        package: "nodejs",
        needed_by: "proxy: drives the browser of that walk; a driver of PostgreSQL; an issuer of tokens",
        optional: true,
    },
    Requirement {
        binary: "npm",
        or_at: None,
        package: "npm",
        needed_by: "proxy: brings what drives the browser, a driver of PostgreSQL, an issuer of tokens",
        optional: true,
    },
    Requirement {
        binary: "initdb",
        or_at: Some("/usr/lib/postgresql/*/bin/initdb"),
        package: "postgresql",
        needed_by: "proxy: servers of the tests' own",
        optional: true,
    },
    Requirement {
        binary: "strace",
        or_at: None,
        package: "strace",
        needed_by: "ledger: makes single system calls fail",
        optional: true,
    },
    Requirement {
        binary: "go",
        or_at: None,
        package: "golang-go",
        needed_by: "ledger: its verifiers in Go",
        optional: true,
    },
    Requirement {
        binary: "golang.org/x/mod/sumdb",
        or_at: Some("/usr/share/gocode/src/golang.org/x/mod/sumdb"),
        package: "golang-golang-x-mod-dev",
        needed_by: "ledger: its verifiers in Go",
        optional: true,
    },
    Requirement {
        binary: "openssl",
        or_at: None,
        package: "openssl",
        needed_by: "proxy: makes certificates that nobody has seen before",
        optional: true,
    },
    Requirement {
        binary: "nginx",
        or_at: Some("/usr/sbin/nginx"),
        package: "nginx-light",
        needed_by: "proxy: reads what a client tries to smuggle past the gateway",
        optional: true,
    },
];

impl Requirement {
    fn is_there(&self) -> bool {
        is_installed(self.binary) || self.or_at.is_some_and(exists)
    }
}

/// Whether there is such a file or folder; a `*` stands for one folder of any name.
fn exists(pattern: &str) -> bool {
    let Some((before, behind)) = pattern.split_once("/*/") else { return Path::new(pattern).exists() };
    let mut inside = fs::read_dir(before).into_iter().flatten().flatten();
    inside.any(|entry| entry.path().join(behind).exists())
}

/// Makes every requirement available, or says exactly what is missing.
pub(crate) fn ensure() -> Result<(), Failure> {
    let ensured = programs();
    if is_installed("npm") && is_installed("chromium-headless-shell") {
        driver();
    }
    ensured
}

fn programs() -> Result<(), Failure> {
    let missing: Vec<Requirement> = REQUIREMENTS.iter().copied().filter(|one| !one.is_there()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if may_install() {
        println!("{}", advice(&missing));
        install(&missing);
    }
    let (skipping, stopping): (Vec<_>, Vec<_>) =
        missing.into_iter().filter(|one| !one.is_there()).partition(|one| one.optional);
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
    let apt = |packages: &[&str]| {
        let mut apt = command("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive").args(["install", "--yes", "--no-install-recommends"]);
        run(apt.args(packages))
    };
    // Package lists are often there already, and refreshing them is slow.
    let packages = packages(missing);
    if apt(&packages).is_err() && run(command("apt-get").arg("update")).is_ok() && apt(&packages).is_err() {
        // One that this system does not have, or cannot set up, keeps the others from nobody.
        for package in packages {
            let _ = apt(&[package]);
        }
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
        let server = Requirement {
            binary: "postgres",
            or_at: None,
            package: "postgresql",
            needed_by: "proxy: end to end",
            optional: true,
        };
        let client = Requirement { binary: "psql", ..server };
        let text = advice(&[server, client]);
        assert!(text.contains("`postgres`, needed by proxy: end to end"), "{text}");
        assert!(text.ends_with("--no-install-recommends postgresql"), "{text}");
    }

    #[test]
    fn what_is_not_on_the_path_may_be_elsewhere() {
        assert!(exists("/usr/*/sh") && exists("/"));
        assert!(!exists("/usr/*/blackbar-no-such-program") && !exists("/blackbar-no-such-folder/*/sh"));
        let absent = Requirement {
            binary: "blackbar-no-such-program",
            or_at: Some("/blackbar-no-such-folder"),
            package: "none",
            needed_by: "nobody",
            optional: true,
        };
        assert!(!absent.is_there() && Requirement { or_at: Some("/usr/*/sh"), ..absent }.is_there());
    }

    #[test]
    fn the_table_has_no_program_twice() {
        let mut binaries: Vec<_> = REQUIREMENTS.iter().map(|one| one.binary).collect();
        binaries.sort_unstable();
        binaries.dedup();
        assert_eq!(binaries.len(), REQUIREMENTS.len());
    }
}
