//! Reads `cases/*.toml`: small texts with what one detector must take and what it must refuse.
//!
//! `cases/README.md` documents the format.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use crate::Format;

/// One case of one detector.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Case {
    /// The detector's id: the name of the file.
    pub detector: String,
    /// The file it was read from.
    pub file: PathBuf,
    /// The line in the file where the case's text begins.
    pub line: usize,
    /// The syntax of `text`.
    pub format: Format,
    /// The text, without marks.
    pub text: String,
    /// What is expected.
    pub expect: Expect,
    /// Why.
    pub why: String,
}

/// What a detector must do with a text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Expect {
    /// Find exactly these byte ranges, as this kind.
    Takes {
        /// The kind id.
        kind: String,
        /// Where, in `text`; sorted, not overlapping, not empty.
        spans: Vec<Range<usize>>,
    },
    /// Find nothing.
    Refuses,
}

/// Reads every `*.toml` in `dir`, in the order of file names.
///
/// # Errors
/// When the folder or a file cannot be read, or a case makes no sense. The error names file, line and remedy.
pub fn load(dir: &Path) -> Result<Vec<Case>, CaseError> {
    let unreadable = |path: &Path, error: &std::io::Error| CaseError {
        file: path.to_owned(),
        line: None,
        what: format!("cannot be read: {error}"),
        remedy: "check the path and its permissions".to_owned(),
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(|error| unreadable(dir, &error))? {
        let path = entry.map_err(|error| unreadable(dir, &error))?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
    paths.sort();
    let mut cases = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?;
        cases.extend(parse(&path, &text)?);
    }
    Ok(cases)
}

/// Reads the cases of one file. The detector's id is the file's stem.
///
/// # Errors
/// When a case makes no sense.
pub fn parse(file: &Path, text: &str) -> Result<Vec<Case>, CaseError> {
    let fail = |line: Option<usize>, what: &str, remedy: &str| CaseError {
        file: file.to_owned(),
        line,
        what: what.to_owned(),
        remedy: remedy.to_owned(),
    };
    let raw: RawFile = toml::from_str(text).map_err(|error| {
        let line = error.span().map(|span| line_of(text, span.start));
        fail(line, error.message(), "the keys are detector, and text, find, kind, format, why under [[takes]], text, format, why under [[refuses]]")
    })?;
    let detector = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    if raw.detector.is_some_and(|id| id != detector) {
        return Err(fail(None, "detector is not the name of the file", "name the file after the detector's id"));
    }
    let format_of = |name: Option<Spanned<String>>| match name {
        None => Ok(Format::Text),
        Some(name) => Format::from_name(name.get_ref()).ok_or_else(|| {
            fail(
                Some(line_of(text, name.span().start)),
                "no such format",
                "formats are text json ndjson csv tsv hl7 xml x12 log sql",
            )
        }),
    };
    let mut cases = Vec::new();
    for case in raw.takes {
        let line = line_of(text, case.text.span().start);
        let (plain, mut spans) = unmark(case.text.get_ref())
            .map_err(|what| fail(Some(line), what, "write ⟦ before and ⟧ after each identifier, without nesting"))?;
        match (spans.is_empty(), case.find.as_slice()) {
            (true, []) => {
                return Err(fail(
                    Some(line),
                    "nothing is marked",
                    "mark identifiers with ⟦ ⟧, or give find = [\"…\"]; a text without any belongs under [[refuses]]",
                ));
            }
            (true, wanted) => {
                spans = find_in_order(&plain, wanted).map_err(|what| {
                    fail(Some(line), what, "list what is to be found in the order of the text, or mark it with ⟦ ⟧")
                })?
            }
            (false, []) => {}
            (false, _) => return Err(fail(Some(line), "both marks and find are given", "keep one of them")),
        }
        let expect = Expect::Takes { kind: case.kind, spans };
        cases.push(Case {
            detector: detector.clone(),
            file: file.to_owned(),
            line,
            format: format_of(case.format)?,
            text: plain,
            expect,
            why: case.why,
        });
    }
    for case in raw.refuses {
        let line = line_of(text, case.text.span().start);
        let plain = case.text.into_inner();
        if plain.contains([OPEN, CLOSE]) {
            return Err(fail(Some(line), "a refused text has marks", "remove ⟦ ⟧, or move the case to [[takes]]"));
        }
        cases.push(Case {
            detector: detector.clone(),
            file: file.to_owned(),
            line,
            format: format_of(case.format)?,
            text: plain,
            expect: Expect::Refuses,
            why: case.why,
        });
    }
    cases.sort_by_key(|case| case.line);
    Ok(cases)
}

/// What is wrong with a case file.
#[derive(Debug)]
pub struct CaseError {
    file: PathBuf,
    line: Option<usize>,
    what: String,
    remedy: String,
}

impl CaseError {
    /// The line, from 1, where it is known.
    pub fn line(&self) -> Option<usize> {
        self.line
    }
}

impl fmt::Display for CaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}; {}", self.what.trim_end(), self.remedy)
    }
}

impl std::error::Error for CaseError {}

const OPEN: char = '⟦';
const CLOSE: char = '⟧';

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    detector: Option<String>,
    #[serde(default)]
    takes: Vec<RawTakes>,
    #[serde(default)]
    refuses: Vec<RawRefuses>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTakes {
    text: Spanned<String>,
    #[serde(default)]
    find: Vec<String>,
    kind: String,
    format: Option<Spanned<String>>,
    #[serde(default)]
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRefuses {
    text: Spanned<String>,
    format: Option<Spanned<String>>,
    #[serde(default)]
    why: String,
}

fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes()[..offset.min(text.len())].iter().filter(|&&b| b == b'\n').count() + 1
}

/// Removes the marks; returns where they stood.
fn unmark(marked: &str) -> Result<(String, Vec<Range<usize>>), &'static str> {
    let mut plain = String::with_capacity(marked.len());
    let mut spans = Vec::new();
    let mut open = None;
    for c in marked.chars() {
        match (c, open) {
            (OPEN, None) => open = Some(plain.len()),
            (OPEN, Some(_)) => return Err("a ⟦ within ⟦ ⟧"),
            (CLOSE, None) => return Err("a ⟧ without its ⟦"),
            (CLOSE, Some(start)) if start == plain.len() => return Err("an empty ⟦⟧"),
            (CLOSE, Some(start)) => {
                spans.push(start..plain.len());
                open = None;
            }
            (other, _) => plain.push(other),
        }
    }
    if open.is_some() { Err("a ⟦ without its ⟧") } else { Ok((plain, spans)) }
}

/// The places of `wanted`, each after the one before.
fn find_in_order(text: &str, wanted: &[String]) -> Result<Vec<Range<usize>>, &'static str> {
    let mut from = 0;
    let mut spans = Vec::new();
    for needle in wanted {
        if needle.is_empty() {
            return Err("an empty string in find");
        }
        let at =
            text[from..].find(needle.as_str()).ok_or("a string in find is not in the text, or not in this order")?;
        let start = from + at;
        from = start + needle.len();
        spans.push(start..from);
    }
    Ok(spans)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Vec<Case>, CaseError> {
        parse(Path::new("cases/us-ssn.toml"), text)
    }

    #[test]
    fn marks_and_find_mean_the_same() {
        let cases = parsed(
            "[[takes]]\ntext = \"SSN ⟦123-45-6789⟧ é ⟦x⟧\"\nkind = \"ssn\"\nwhy = \"plain\"\n\n\
             [[refuses]]\ntext = \"ZIP 12345-6789\"\nwhy = \"ZIP+4\"\n\n\
             [[takes]]\ntext = \"a 1 1\"\nfind = [\"1\", \"1\"]\nkind = \"ssn\"\nwhy = \"twice\"\n",
        )
        .unwrap();
        assert_eq!(cases.len(), 3);
        assert_eq!(cases[0].detector, "us-ssn");
        assert_eq!(cases[0].text, "SSN 123-45-6789 é x");
        assert_eq!(cases[0].expect, Expect::Takes { kind: "ssn".to_owned(), spans: vec![4..15, 19..20] });
        assert_eq!((cases[1].line, &cases[1].expect), (7, &Expect::Refuses));
        assert_eq!(cases[2].expect, Expect::Takes { kind: "ssn".to_owned(), spans: vec![2..3, 4..5] });
    }

    #[test]
    fn errors_name_file_line_and_remedy() {
        for (text, line, part) in [
            ("\n[[takes]]\ntext = \"⟦a\"\nkind = \"ssn\"\nwhy = \"\"", 3, "without its ⟧"),
            ("[[takes]]\ntext = \"a\"\nkind = \"ssn\"\nwhy = \"\"", 2, "nothing is marked"),
            ("[[takes]]\ntext = \"⟦a⟧\"\nfind = [\"a\"]\nkind = \"ssn\"\nwhy = \"\"", 2, "keep one"),
            ("[[takes]]\ntext = \"ab\"\nfind = [\"b\", \"a\"]\nkind = \"ssn\"\nwhy = \"\"", 2, "order"),
            ("[[refuses]]\ntext = \"⟦a⟧\"\nwhy = \"\"", 2, "[[takes]]"),
            ("[[refuses]]\ntext = \"a\"\nwhy = \"\"\nreason = 1", 4, "unknown field"),
        ] {
            let error = parsed(text).unwrap_err();
            let shown = error.to_string();
            assert_eq!(error.line(), Some(line), "{shown}");
            assert!(shown.starts_with(&format!("cases/us-ssn.toml:{line}: ")) && shown.contains(part), "{shown}");
        }
    }

    #[test]
    fn the_repository_s_cases_load() {
        load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("cases")).unwrap();
    }
}
