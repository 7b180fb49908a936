//! What is no identifier here: `[[allow]]`, and the files of `--allow`.

use std::path::Path;

use blackbar_engine::Allow;

use super::toml::{Document, Table};
use crate::error::{Error, Id};

/// Values and patterns with one reason.
#[derive(Clone, Debug)]
pub(crate) struct AllowEntry {
    pub(crate) values: Vec<String>,
    pub(crate) patterns: Vec<String>,
    pub(crate) reason: String,
    pub(crate) place: String,
}

impl AllowEntry {
    /// The hosts of a gateway's own addresses, which stand in every link.
    pub(crate) fn own_hosts(addresses: &[String]) -> Self {
        let hosts = |address: &String| {
            let behind = address.split_once("://").map_or("", |(_, behind)| behind);
            let authority = behind.split('/').next().unwrap_or_default();
            let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host).trim_matches(['[', ']']);
            [authority.to_owned(), host.to_owned()]
        };
        let values = addresses.iter().flat_map(hosts).collect();
        Self { values, patterns: Vec::new(), reason: "the gateway's own address".to_owned(), place: String::new() }
    }

    pub(crate) fn add_to(&self, allow: &mut Allow) -> Result<(), Error> {
        for value in &self.values {
            allow.value(value, &self.reason);
        }
        for pattern in &self.patterns {
            allow.pattern(pattern, &self.reason).map_err(|error| {
                Error::new(Id::AllowList, error.to_string()).at(&self.place).hint("a pattern is a regular expression")
            })?;
        }
        Ok(())
    }
}

/// `[[allow]]` with `value`, `values`, `pattern` or `patterns`, and a `reason`.
pub(super) fn entries(root: &Table<'_, '_>) -> Result<Vec<AllowEntry>, Error> {
    let read = |table: Table<'_, '_>| {
        let mut values = table.strings("values")?;
        values.extend(table.string("value")?);
        let mut patterns = table.strings("patterns")?;
        patterns.extend(table.string("pattern")?);
        let place = table.place();
        let entry = entry(values, patterns, table.required("reason")?, place)?;
        table.finish()?;
        Ok(entry)
    };
    root.tables("allow")?.into_iter().map(read).collect()
}

fn entry(values: Vec<&str>, patterns: Vec<&str>, reason: &str, place: String) -> Result<AllowEntry, Error> {
    let owned = |list: Vec<&str>| list.into_iter().map(str::to_owned).collect::<Vec<_>>();
    if reason.trim().is_empty() {
        let error = Error::new(Id::AllowList, "the reason is empty").at(place);
        return Err(error.hint("say why these are no identifiers: the report counts them under it"));
    }
    if values.is_empty() && patterns.is_empty() {
        return Err(Error::new(Id::AllowList, "nothing is allowed here").at(place).hint("give a value or a pattern"));
    }
    Ok(AllowEntry { values: owned(values), patterns: owned(patterns), reason: reason.trim().to_owned(), place })
}

/// Reads the file of `--allow`. A `.toml` file has `[[allow]]` tables; any other has a value (or a pattern between
/// slashes) a line, then ` # ` and the reason. Lines that begin with `#` are comments.
pub(crate) fn allow_file(path: &Path) -> Result<Vec<AllowEntry>, Error> {
    let text = super::read(path)?;
    let name = path.display().to_string();
    if path.extension().is_some_and(|extension| extension == "toml") {
        let document = Document::parse(&name, &text)?;
        let root = document.root();
        let entries = entries(&root)?;
        root.finish()?;
        return Ok(entries);
    }
    let mut entries = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let place = format!("{name}:{number}");
        // The value is not shown: a list may be mistaken for one of identifiers.
        let Some((value, reason)) = line.rsplit_once(" # ") else {
            let error = Error::new(Id::AllowList, "a value without a reason").at(place);
            return Err(error.hint("write it as `value # reason`"));
        };
        let value = value.trim();
        let pattern = value.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
        entries.push(match pattern {
            Some(pattern) => entry(Vec::new(), vec![pattern], reason, place)?,
            None => entry(vec![value], Vec::new(), reason, place)?,
        });
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, text: &str) -> Result<Vec<AllowEntry>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        allow_file(&path).map_err(|error| error.to_string())
    }

    #[test]
    fn both_forms_say_the_same() {
        let lines =
            file("a.txt", "# ours\n\nhelp@clinic.example # the help desk\n/555-[0-9]{4}/ # extensions\n").unwrap();
        let tables = "[[allow]]\nvalue = \"help@clinic.example\"\nreason = \"the help desk\"\n[[allow]]\npatterns = [\"555-[0-9]{4}\"]\nreason = \"extensions\"\n";
        let tables = file("a.toml", tables).unwrap();
        for (one, other) in lines.iter().zip(&tables) {
            assert_eq!((&one.values, &one.patterns, &one.reason), (&other.values, &other.patterns, &other.reason));
        }
        assert_eq!((lines.len(), tables.len()), (2, 2));
    }

    #[test]
    fn an_allowed_value_has_a_reason() {
        let error = file("a.txt", "x # fine\n123-45-6789\n").unwrap_err();
        assert!(error.contains("a.txt:2: a value without a reason") && !error.contains("6789"), "{error}");
        assert!(file("a.toml", "[[allow]]\nvalue = \"x\"\n").unwrap_err().contains("\"reason\" is missing"));
        assert!(file("a.toml", "[[allow]]\nreason = \"x\"\n").unwrap_err().contains("nothing is allowed"));
    }
}
