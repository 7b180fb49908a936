//! Which files are the repository's own.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Failure;
use crate::run::{command, is_installed, read};

/// What builds, fuzzers and git leave behind; the same as `.gitignore`, for trees that come without git.
const NOT_OURS: &[&str] = &[".git", "target", "fuzz/corpus", "fuzz/artifacts", "fuzz/coverage"];

/// Paths relative to the root, sorted: what git tracks or would track, or a walk where there is no git.
pub(super) fn of_repository(root: &Path) -> Result<Vec<PathBuf>, Failure> {
    if is_installed("git") && root.join(".git").exists() { listed_by_git(root) } else { walked(root) }
}

/// The text of a file; `None` for what is no text or no longer there.
pub(super) fn text_of(path: &Path) -> Result<Option<String>, Failure> {
    match fs::read(path) {
        Ok(bytes) if bytes.contains(&0) => Ok(None),
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        // Deleted but not yet committed, or a symbolic link to a folder.
        Err(_) if !path.is_file() => Ok(None),
        Err(error) => Err(Failure::Environment(format!("{}: cannot be read: {error}", path.display()))),
    }
}

fn listed_by_git(root: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut git = command("git");
    // A clone that another user made is still the tree that is being checked; nothing of it is executed.
    git.current_dir(root).args(["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others"]);
    let listing = read(git.arg("--exclude-standard"))?;
    let mut paths: Vec<PathBuf> = listing
        .split(|byte| *byte == 0)
        .filter(|path| !path.is_empty())
        .map(|path| PathBuf::from(String::from_utf8_lossy(path).into_owned()))
        .filter(|path| root.join(path).is_file())
        .collect();
    paths.sort();
    paths.dedup();
    Ok(paths)
}

fn walked(root: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unreadable = |path: &Path, error: std::io::Error| {
        Failure::Environment(format!("{}: cannot be listed: {error}", path.display()))
    };
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(|error| unreadable(&folder, error))? {
            let path = entry.map_err(|error| unreadable(&folder, error))?.path();
            let inside = path.strip_prefix(root).unwrap_or(&path);
            if NOT_OURS.iter().any(|skip| inside.ends_with(skip)) {
                continue;
            }
            if path.is_dir() && !path.is_symlink() {
                folders.push(path);
            } else if path.is_file() {
                found.push(inside.to_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::run::root;

    #[test]
    fn both_listings_know_this_file() {
        let this = Path::new("xtask/src/tidy/files.rs").to_owned();
        assert!(walked(&root()).unwrap().contains(&this));
        if !is_installed("git") || !root().join(".git").exists() {
            writeln!(std::io::stderr(), "skipped: both_listings_know_this_file: no `git`, or not a clone").unwrap();
            return;
        }
        let listed = listed_by_git(&root()).unwrap();
        assert!(listed.contains(&this));
        assert!(!listed.iter().any(|path| path.starts_with("target")));
    }

    #[test]
    fn bytes_that_are_no_text_are_left_alone() {
        assert_eq!(text_of(&root().join("xtask/src")).unwrap(), None);
        assert!(text_of(&root().join("Cargo.toml")).unwrap().unwrap().contains("[workspace]"));
        assert_eq!(text_of(&std::env::current_exe().unwrap()).unwrap(), None);
    }
}
