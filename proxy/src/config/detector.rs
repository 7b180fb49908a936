//! `[[detector]]` and `[[roster]]`: what a site knows of its own identifiers.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use blackbar_detectors::kinds;
use blackbar_detectors::site::{Keywords, Pattern, Roster};
use blackbar_engine::{Detector, Kind};

use super::toml::{Table, Value};
use crate::cli::percent;
use crate::error::{Error, Id, did_you_mean};
use crate::notes;

/// A detector of the site, not yet compiled.
#[derive(Clone, Debug)]
pub(crate) struct DetectorSection {
    id: String,
    kind: String,
    what: What,
    case_insensitive: bool,
    place: String,
}

#[derive(Clone, Debug)]
enum What {
    Pattern { pattern: String, context: Vec<String>, confidence: u8 },
    Words(Vec<String>),
    Roster(PathBuf),
}

/// How sure a match of a site's pattern is, when the configuration does not say.
const CONFIDENCE: u8 = 90;

/// Reads `[[detector]]`: `id`, `kind`, and either `pattern` (with `context`, `confidence`) or `words`.
pub(super) fn detectors(root: &Table<'_, '_>) -> Result<Vec<DetectorSection>, Error> {
    let owned = |list: Vec<&str>| list.into_iter().map(str::to_owned).collect::<Vec<_>>();
    let read = |table: Table<'_, '_>| {
        let place = table.place();
        let (pattern, words) = (table.string("pattern")?, table.strings("words")?);
        let context = owned(table.strings("context")?);
        let confidence = table.get("confidence").map(share).transpose()?;
        let what = match (pattern, words) {
            (Some(pattern), words) if words.is_empty() => {
                What::Pattern { pattern: pattern.to_owned(), context, confidence: confidence.unwrap_or(CONFIDENCE) }
            }
            (None, words) if !words.is_empty() && context.is_empty() && confidence.is_none() => {
                What::Words(owned(words))
            }
            (None, words) if !words.is_empty() => {
                let error = Error::new(Id::ConfigValue, "context and confidence belong to a pattern, not to words");
                return Err(error.at(&place).hint("take them out: a listed word counts wherever it stands"));
            }
            _ => {
                let error = Error::new(Id::ConfigValue, "a detector has either a pattern or words");
                return Err(error.at(&place).hint("write pattern = '…' or words = [\"…\"]"));
            }
        };
        let section = DetectorSection {
            id: table.required("id")?.to_owned(),
            kind: kind(&table)?,
            what,
            case_insensitive: table.get("case_insensitive").map(Value::truth).transpose()?.unwrap_or(false),
            place,
        };
        table.finish()?;
        Ok(section)
    };
    root.tables("detector")?.into_iter().map(read).collect()
}

/// Reads `[[roster]]`: `id`, `kind`, `file` (relative to `folder`).
pub(super) fn rosters(root: &Table<'_, '_>, folder: &Path) -> Result<Vec<DetectorSection>, Error> {
    let read = |table: Table<'_, '_>| {
        let section = DetectorSection {
            id: table.required("id")?.to_owned(),
            kind: kind(&table)?,
            what: What::Roster(folder.join(table.required("file")?)),
            case_insensitive: false,
            place: table.place(),
        };
        table.finish()?;
        Ok(section)
    };
    root.tables("roster")?.into_iter().map(read).collect()
}

impl DetectorSection {
    /// Compiles it.
    pub(super) fn detector(&self) -> Result<Detector, Error> {
        let fail = |what: String| Error::new(Id::ConfigDetector, what).at(&self.place);
        let (id, kind) = (self.id.as_str(), Kind::intern(&self.kind));
        match &self.what {
            What::Pattern { pattern, context, confidence } => {
                let (case_insensitive, confidence) = (self.case_insensitive, *confidence);
                let pattern = Pattern { id, kind, pattern, context, case_insensitive, confidence };
                pattern.detector().map_err(|error| fail(error.to_string()))
            }
            What::Words(phrases) => {
                let words = Keywords { id, kind, phrases, case_insensitive: self.case_insensitive };
                words.detector().map_err(|error| fail(error.to_string()))
            }
            What::Roster(path) => {
                let file = File::open(path).map_err(|error| {
                    Error::io(Id::ConfigUnreadable, &format!("the roster {} cannot be read", path.display()), &error)
                        .at(&self.place)
                })?;
                let roster = Roster::load(id, kind, BufReader::new(file)).map_err(|error| fail(error.to_string()))?;
                notes::info(format_args!("roster {id}: {} entries in {} bytes", roster.len(), roster.memory()));
                Ok(roster.detector())
            }
        }
    }

    /// Everything that decides what it finds, for the hash of a profile; a roster by its place.
    pub(crate) fn definition(&self) -> String {
        format!("{:?} {:?} {:?} {}", self.id, self.kind, self.what, self.case_insensitive)
    }
}

/// The kind: one of the contract's, or one of the site's own, which must not look like a mistyped one.
fn kind(table: &Table<'_, '_>) -> Result<String, Error> {
    let id = table.required("kind")?;
    let main = id.split(':').next().unwrap_or(id);
    let well_formed = id.split(':').count() <= 2
        && id.split(':').all(|part| {
            let inside = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            part.starts_with(|c: char| c.is_ascii_lowercase()) && part.bytes().all(inside)
        });
    if !well_formed {
        let error = Error::new(Id::ConfigValue, "a kind is made of lower case letters, digits and hyphens");
        return Err(error.at(table.place()).hint("such as mrn, other-id or study:subject"));
    }
    let known = kinds::MAIN.iter().map(|kind| kind.id());
    if !kinds::MAIN.iter().any(|kind| kind.id() == main) && main.len() > 2 {
        let near = did_you_mean(main, known);
        if !near.is_empty() {
            notes::note(format_args!("{}: \"{id}\" is a kind of its own{near}", table.place()));
        }
    }
    Ok(id.to_owned())
}

fn share(value: Value<'_, '_>) -> Result<u8, Error> {
    percent(value.number()?).filter(|percent| *percent > 0).ok_or_else(|| value.wrong("a number above 0, at most 1"))
}
