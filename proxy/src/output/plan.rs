//! Which input goes to which output, decided before anything is written.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Id};
use crate::input::{Found, Source};

/// Where an output goes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Target {
    Stdout,
    File(PathBuf),
}

/// What the user said about outputs.
#[derive(Debug)]
pub(crate) struct Wishes<'w> {
    pub(crate) output: Option<&'w Path>,
    pub(crate) force: bool,
    /// The output is a folder even when there is one input.
    pub(crate) is_folder: bool,
}

/// The target of every source, in their order. `name` gives the path below the output folder; when it cannot, that
/// source alone fails.
pub(crate) fn plan(
    found: &Found,
    wishes: &Wishes<'_>,
    name: impl Fn(&Source) -> Result<PathBuf, Error>,
) -> Result<Vec<Result<Target, Error>>, Error> {
    let several = found.sources.len() > 1 || !found.folders.is_empty();
    let output = match wishes.output {
        None if several => {
            return Err(
                Error::new(Id::NeedsFolder, "several inputs need a folder to go to").hint("name it with -o OUT")
            );
        }
        None => return Ok(found.sources.iter().map(|_| Ok(Target::Stdout)).collect()),
        Some(output) if output.as_os_str() == "-" && several => {
            let what = "several inputs cannot go to stdout";
            return Err(Error::new(Id::NeedsFolder, what).hint("name a folder with -o OUT"));
        }
        Some(output) if output.as_os_str() == "-" => {
            return Ok(found.sources.iter().map(|_| Ok(Target::Stdout)).collect());
        }
        Some(output) => output,
    };
    for folder in &found.folders {
        if let (Ok(inner), Ok(outer)) = (existing_part(output), fs::canonicalize(folder))
            && inner.starts_with(&outer)
        {
            let what = format!("the output would lie inside the input folder {}", folder.display());
            return Err(Error::new(Id::OverInput, what).at_path(output).hint("choose a folder beside it"));
        }
    }
    let ends_with_slash = output.as_os_str().as_encoded_bytes().ends_with(b"/");
    let into_folder = several || wishes.is_folder || ends_with_slash || output.is_dir();
    if into_folder && output.is_file() {
        let what = "several inputs need a folder, and this is a file";
        return Err(Error::new(Id::NeedsFolder, what).at_path(output).hint("name a folder with -o OUT"));
    }
    let targets: Vec<Result<Target, Error>> = found
        .sources
        .iter()
        .map(|source| Ok(Target::File(if into_folder { output.join(name(source)?) } else { output.to_owned() })))
        .collect();
    check(found, &targets, wishes.force)?;
    Ok(targets)
}

/// Refuses targets that are inputs, that are there already, or that two inputs share.
fn check(found: &Found, targets: &[Result<Target, Error>], force: bool) -> Result<(), Error> {
    let inputs: HashMap<PathBuf, &Source> = found
        .sources
        .iter()
        .filter_map(|source| Some((fs::canonicalize(source.path.as_deref()?).ok()?, source)))
        .collect();
    let mut taken: HashMap<&Path, &Source> = HashMap::new();
    for (source, target) in found.sources.iter().zip(targets) {
        let Ok(Target::File(path)) = target else { continue };
        if let Some(first) = taken.insert(path, source) {
            let what = format!("{} and {} would be written to the same file", first.name(), source.name());
            return Err(Error::new(Id::SameOutput, what).at_path(path).hint("redact them in two runs"));
        }
        if let Some(input) = fs::canonicalize(path).ok().and_then(|path| inputs.get(&path)) {
            let what = format!("the output would overwrite the input {}", input.name());
            return Err(Error::new(Id::OverInput, what).at_path(path).hint("choose another place with -o OUT"));
        }
        let special = fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir());
        if special {
            let what = "the output is a pipe or a device, which would be replaced by a file";
            return Err(Error::new(Id::Exists, what).at_path(path).hint("leave out -o and write to it by redirection"));
        }
        if !force && path.symlink_metadata().is_ok() {
            return Err(Error::new(Id::Exists, "the output exists").at_path(path).hint("use --force to replace it"));
        }
    }
    Ok(())
}

/// The real path of the deepest part of `path` that exists, with the rest behind it.
fn existing_part(path: &Path) -> std::io::Result<PathBuf> {
    let absolute = std::path::absolute(path)?;
    for part in absolute.ancestors() {
        if let Ok(real) = fs::canonicalize(part) {
            return Ok(real.join(absolute.strip_prefix(part).unwrap_or_else(|_| Path::new(""))));
        }
    }
    Ok(absolute)
}
