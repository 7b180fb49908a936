//! Secrets by reference: a file, a variable of the environment, the output of a command.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use blackbar_engine::key::KeyFile;
use zeroize::Zeroizing;

use super::toml::{Table, Value};
use crate::error::{Error, Id};

/// Where a secret is.
#[derive(Clone, Debug)]
pub(crate) struct Secret {
    from: From,
    place: String,
}

#[derive(Clone, Debug)]
enum From {
    File(PathBuf),
    Env(String),
    Command(String),
}

impl Secret {
    /// A file that the command line names.
    pub(crate) fn file(path: &Path) -> Self {
        Self { from: From::File(path.to_owned()), place: path.display().to_string() }
    }

    /// Reads `{ file = … }`, `{ env = … }` or `{ command = … }`. A file is relative to `folder`.
    pub(super) fn read(value: Value<'_, '_>, folder: &Path) -> Result<Self, Error> {
        let Ok(table) = value.table() else { return Err(value.wrong(Self::EXPECTED)) };
        let secret = Self::within(&table, value, folder)?;
        table.finish()?;
        Ok(secret)
    }

    pub(super) const EXPECTED: &str =
        "a reference: { file = … }, { env = … } or { command = … }; secrets are never written here";

    /// Reads the reference out of a table that has other keys too.
    pub(super) fn within(table: &Table<'_, '_>, value: Value<'_, '_>, folder: &Path) -> Result<Self, Error> {
        let found = [
            table.string("file")?.map(|file| From::File(folder.join(file))),
            table.string("env")?.map(|name| From::Env(name.to_owned())),
            table.string("command")?.map(|command| From::Command(command.to_owned())),
        ];
        let mut found = found.into_iter().flatten();
        match (found.next(), found.next()) {
            (Some(from), None) => Ok(Self { from, place: value.place() }),
            _ => Err(value.wrong(Self::EXPECTED)),
        }
    }

    /// The key that it refers to.
    pub(crate) fn key(&self) -> Result<KeyFile, Error> {
        if let From::File(path) = &self.from {
            return KeyFile::read(path).map_err(|error| {
                let id = if error.is_io() { Id::KeyUnreadable } else { Id::KeyInvalid };
                Error::new(id, format!("the key file: {error}"))
                    .at_path(path)
                    .hint("`blackbar keygen -o FILE` makes one")
            });
        }
        let text = self.text()?;
        KeyFile::parse(&text).map_err(|error| Error::new(Id::KeyInvalid, error.to_string()).at(&self.place))
    }

    /// The secret itself, without the line end that files and commands put behind it.
    pub(crate) fn text(&self) -> Result<Zeroizing<String>, Error> {
        let fail = |id: Id, what: String| Error::new(id, what).at(&self.place);
        let text = match &self.from {
            From::File(path) => fs::read_to_string(path).map_err(|error| {
                Error::io(Id::ConfigSecret, "the secret's file cannot be read", &error).at_path(path)
            })?,
            From::Env(name) => env::var(name).map_err(|_| {
                fail(Id::ConfigSecret, format!("the environment has no variable {name}, or it is no text"))
            })?,
            From::Command(command) => {
                let output =
                    Command::new("sh").arg("-c").arg(command).stdin(Stdio::null()).stderr(Stdio::null()).output();
                let output = output.ok().filter(|output| output.status.success());
                let output = output.ok_or_else(|| fail(Id::ConfigSecret, "the command failed".to_owned()))?;
                String::from_utf8(output.stdout)
                    .map_err(|_| fail(Id::ConfigSecret, "the command's output is no text".to_owned()))?
            }
        };
        let text = Zeroizing::new(text);
        Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
    }
}
