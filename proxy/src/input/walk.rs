//! Which inputs there are: files, folders walked in order of names, stdin.

use std::collections::HashSet;
use std::fs;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

use crate::error::{Error, Id};
use crate::notes;

/// One input.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// `None` is stdin.
    pub(crate) path: Option<PathBuf>,
    /// Where it lies below the output folder.
    pub(crate) relative: PathBuf,
}

impl Source {
    /// How it is called in results and errors.
    pub(crate) fn name(&self) -> String {
        self.path.as_deref().map_or_else(|| "-".to_owned(), |path| path.display().to_string())
    }
}

/// What a walk found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) sources: Vec<Source>,
    /// What could not be looked at.
    pub(crate) failures: Vec<(String, Error)>,
    /// Folders among the paths.
    pub(crate) folders: Vec<PathBuf>,
}

/// Finds the inputs that `paths` name.
pub(crate) fn find(paths: &[PathBuf], globs: &[String]) -> Result<Found, Error> {
    let stdin = [PathBuf::from("-")];
    let paths = if paths.is_empty() { &stdin[..] } else { paths };
    if paths.iter().any(|path| is_stdin(path)) && io::stdin().is_terminal() {
        return Err(Error::new(
            Id::NothingToRead,
            "there is nothing to read: no path was given and stdin is a terminal",
        )
        .hint("name files or folders, or pipe something in"));
    }
    let filter = Filter::new(globs)?;
    let mut found = Found::default();
    let mut seen = HashSet::new();
    for path in paths {
        if !seen.insert(path) {
            notes::note(format_args!("{} was named twice and is read once", path.display()));
            continue;
        }
        if is_stdin(path) {
            found.sources.push(Source { path: None, relative: PathBuf::from("stdin") });
            continue;
        }
        match fs::metadata(path) {
            Ok(data) if data.is_dir() => {
                found.folders.push(path.clone());
                // With several paths, each folder keeps its name below the output folder.
                let below = if paths.len() > 1 { base_name(path) } else { PathBuf::new() };
                let mut walk = Walk { root: path, filter: &filter, found: &mut found };
                walk.folder(path, &below);
            }
            // Whoever names a pipe means it.
            Ok(_) => found.sources.push(Source { path: Some(path.clone()), relative: base_name(path) }),
            Err(error) => {
                let error = Error::io(Id::InputUnreadable, "cannot be read", &error).hint("check the path");
                found.failures.push((path.display().to_string(), error));
            }
        }
    }
    Ok(found)
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn base_name(path: &Path) -> PathBuf {
    match path.file_name() {
        Some(name) => PathBuf::from(name),
        // `..` and `/` have none of their own.
        None => fs::canonicalize(path)
            .ok()
            .and_then(|path| path.file_name().map(PathBuf::from))
            .unwrap_or_else(|| PathBuf::from("root")),
    }
}

struct Walk<'w> {
    root: &'w Path,
    filter: &'w Filter,
    found: &'w mut Found,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &Path, relative: &Path) {
        let listed = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let mut entries = match listed {
            Ok(entries) => entries,
            Err(error) => return self.failed(folder, Error::io(Id::InputUnreadable, "cannot be listed", &error)),
        };
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            let relative = relative.join(entry.file_name());
            // A folder is entered when it is one itself; what links to one may lead in circles.
            let linked = entry.file_type().map(|kind| kind.is_symlink());
            match (linked, fs::metadata(&path)) {
                (Ok(false), Ok(data)) if data.is_dir() => self.folder(&path, &relative),
                (Ok(true), Ok(data)) if data.is_dir() => {
                    notes::note(format_args!("{}: a link to a folder, not followed", path.display()));
                }
                (Ok(_), Ok(data)) => {
                    if !self.filter.takes(path.strip_prefix(self.root).unwrap_or(&path)) {
                        continue;
                    }
                    if data.is_file() {
                        self.found.sources.push(Source { path: Some(path), relative });
                    } else {
                        let error = Error::new(Id::InputSpecial, "it is a pipe, a socket or a device");
                        self.failed(&path, error.hint("name it itself when it is meant, or leave it out with --glob"));
                    }
                }
                (Err(error), _) | (_, Err(error)) => {
                    if self.filter.takes(path.strip_prefix(self.root).unwrap_or(&path)) {
                        self.failed(&path, Error::io(Id::InputUnreadable, "cannot be read", &error));
                    }
                }
            }
        }
    }

    fn failed(&mut self, path: &Path, error: Error) {
        self.found.failures.push((path.display().to_string(), error));
    }
}

/// Which files of folders are read.
struct Filter {
    /// Whether the pattern takes or leaves out what it matches.
    patterns: Vec<(bool, GlobMatcher)>,
}

impl Filter {
    fn new(globs: &[String]) -> Result<Self, Error> {
        let compile = |text: &String| {
            let (takes, pattern) = text.strip_prefix('!').map_or((true, text.as_str()), |rest| (false, rest));
            // Without a slash a pattern is about names, wherever they are.
            let anchored = if pattern.contains('/') { pattern.to_owned() } else { format!("**/{pattern}") };
            let glob = GlobBuilder::new(anchored.trim_start_matches('/')).literal_separator(true).build();
            let glob = glob.map_err(|error| {
                Error::new(Id::BadGlob, format!("--glob {text}: {}", error.kind()))
                    .hint("write it like '*.txt' or '!old/**'")
            })?;
            Ok((takes, glob.compile_matcher()))
        };
        Ok(Self { patterns: globs.iter().map(compile).collect::<Result<_, _>>()? })
    }

    /// `path` is relative to the folder that was named.
    fn takes(&self, path: &Path) -> bool {
        let last = self.patterns.iter().rev().find(|(_, glob)| glob.is_match(path));
        match last {
            Some((takes, _)) => *takes,
            None => !self.patterns.iter().any(|(takes, _)| *takes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(globs: &[&str]) -> Filter {
        Filter::new(&globs.iter().map(|glob| (*glob).to_owned()).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn the_last_pattern_that_matches_decides() {
        let takes = |globs: &[&str], path: &str| filter(globs).takes(Path::new(path));
        assert!(takes(&[], "a/b.txt"));
        assert!(takes(&["*.txt"], "a/b.txt") && !takes(&["*.txt"], "a/b.csv"));
        assert!(!takes(&["!*.log"], "x.log") && takes(&["!*.log"], "x.txt"));
        assert!(takes(&["*.txt", "!old/**", "old/keep.txt"], "old/keep.txt"));
        assert!(!takes(&["*.txt", "!old/**"], "old/a.txt"));
        assert!(Filter::new(&["[".to_owned()]).is_err());
    }
}
