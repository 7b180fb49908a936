//! `blackbar init`: a folder to begin with, which passes `blackbar check`.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use blackbar_engine::key::KeyFile;
use blackbar_ledger::RootKeyFile;

use crate::cli::Init;
use crate::error::{Error, Id};
use crate::exit::Exit;
use crate::notes;

const FILES: &[(&str, &str)] = &[
    ("blackbar.toml", include_str!("../../templates/blackbar.toml")),
    ("policies/agents-read.cedar", include_str!("../../templates/agents-read.cedar")),
];
const TOKENS: &str = "tokens.key";
const ROOT: &str = "root.key";

pub(crate) fn run(args: &Init) -> Result<Exit, Error> {
    let folder = &args.folder;
    let all = || FILES.iter().map(|(name, _)| *name).chain([TOKENS, ROOT]);
    // All or nothing: half of an old configuration and half of a new one would be worse than either.
    if let Some(name) = all().find(|name| folder.join(name).exists()) {
        let error = Error::new(Id::Exists, "it exists, and nothing is overwritten").at_path(&folder.join(name));
        return Err(error.hint("choose another folder"));
    }
    for (name, text) in FILES {
        write(&folder.join(name), text)?;
    }
    keys(folder)?;
    notes::note(format_args!("wrote {}", folder.display()));
    let config = folder.join("blackbar.toml");
    super::print(
        format!(
            "Next: name your upstream in {0}, then\n  blackbar check --config {0}\n  blackbar serve --config {0}\n",
            config.display()
        )
        .as_bytes(),
    )?;
    Ok(Exit::Done)
}

/// The keys of a gateway.
pub(crate) fn keys(folder: &Path) -> Result<(), Error> {
    let unwritable = |error: &dyn std::fmt::Display| Error::new(Id::KeyUnwritable, error.to_string());
    let path = folder.join(TOKENS);
    let key = KeyFile::generate().map_err(|error| unwritable(&error))?;
    key.write(&path).map_err(|error| unwritable(&error).at_path(&path))?;
    let path = folder.join(ROOT);
    let key = RootKeyFile::generate().map_err(|error| unwritable(&error))?;
    key.write(&path).map_err(|error| unwritable(&error).at_path(&path))?;
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::io(Id::OutputUnwritable, "cannot be written", &error).at_path(path);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(failed)?;
    }
    let mut file = fs::File::create_new(path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)
}
