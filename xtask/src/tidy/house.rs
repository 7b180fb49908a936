//! Files that must be there, and crates that must be part of the house.

use std::fs;
use std::path::{Path, PathBuf};

use super::Finding;

const REQUIRED: &[&str] = &[
    ".ci/run",
    "Cargo.lock",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "clippy.toml",
    "deny.toml",
    "docs/adr/0000-template.md",
    "fuzz/Cargo.lock",
    "fuzz/Cargo.toml",
    "rust-toolchain.toml",
    "rustfmt.toml",
];

/// `listed`: all files of the repository, relative to `root`; `members`: manifests of the workspace.
pub(super) fn check(root: &Path, listed: &[PathBuf], members: &[PathBuf]) -> Vec<Finding> {
    let mut findings = missing(listed);
    for manifest in listed.iter().filter(|path| path.ends_with("Cargo.toml")) {
        findings.extend(stray(root, manifest, members));
    }
    for manifest in members {
        findings.extend(without_lints(manifest, &fs::read_to_string(manifest).unwrap_or_default()));
    }
    if !is_executable(&root.join(".ci/run")) {
        findings.push(Finding::new(".ci/run", 0, "is not executable", "chmod +x .ci/run"));
    }
    findings
}

fn missing(listed: &[PathBuf]) -> Vec<Finding> {
    let absent = REQUIRED.iter().filter(|required| !listed.iter().any(|path| path == Path::new(required)));
    absent.map(|path| Finding::new(path, 0, "is missing", "add it, or take it off xtask/src/tidy/house.rs")).collect()
}

/// A crate that no workspace builds is never tested.
fn stray(root: &Path, manifest: &Path, members: &[PathBuf]) -> Option<Finding> {
    let workspace_root = manifest == Path::new("Cargo.toml") || manifest == Path::new(crate::fuzz::MANIFEST);
    let member = members.iter().any(|member| *member == root.join(manifest));
    let remedy = "name it under `members` in the root manifest";
    (!workspace_root && !member).then(|| Finding::new(manifest, 0, "is in no workspace", remedy))
}

fn without_lints(manifest: &Path, text: &str) -> Option<Finding> {
    let mut lines = text.lines().map(str::trim).skip_while(|line| *line != "[lints]").skip(1);
    let inherits = lines.find(|line| !line.is_empty() && !line.starts_with('#')) == Some("workspace = true");
    let remedy = "add `[lints]` with `workspace = true`";
    (!inherits).then(|| Finding::new(manifest, 0, "does not inherit the workspace's lints", remedy))
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    // Its absence is a finding of its own.
    fs::metadata(path).map_or(true, |data| data.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(_path: &Path) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_required_file_is_missed() {
        let all: Vec<PathBuf> = REQUIRED.iter().map(PathBuf::from).collect();
        assert_eq!(missing(&all), []);
        for absent in &all {
            let listed: Vec<_> = all.iter().filter(|path| *path != absent).cloned().collect();
            assert_eq!(missing(&listed).iter().map(|finding| &finding.path).collect::<Vec<_>>(), [absent]);
        }
    }

    #[test]
    fn a_crate_outside_the_workspace_is_found() {
        let root = Path::new("/root-of-it");
        let members = [root.join("wire/Cargo.toml")];
        assert_eq!(stray(root, Path::new("wire/Cargo.toml"), &members), None);
        assert_eq!(stray(root, Path::new("Cargo.toml"), &members), None);
        assert!(stray(root, Path::new("shed/Cargo.toml"), &members).is_some());
    }

    #[test]
    fn every_member_inherits_the_lints() {
        let manifest = Path::new("wire/Cargo.toml");
        assert_eq!(without_lints(manifest, "[package]\n\n[lints]\n# all\nworkspace = true\n"), None);
        assert!(without_lints(manifest, "[package]\n").is_some());
        assert!(without_lints(manifest, "[lints]\n[dependencies]\nworkspace = true\n").is_some());
    }

    #[cfg(unix)]
    #[test]
    fn a_script_that_cannot_be_started_is_seen() {
        assert!(!is_executable(&crate::run::root().join("Cargo.toml")));
        assert!(is_executable(Path::new("/bin/sh")));
    }
}
