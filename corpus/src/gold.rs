//! Gold files: labels as JSON lines, the input of `blackbar eval --gold FILE`.
//!
//! One label a line, with the document's path relative to the gold file's folder, byte offsets (half open) into the
//! document, and a kind id. Lines of a document are together, by start. A document without any identifier has one
//! line with only its path, so that findings in it are counted as false:
//!
//! ```json
//! {"path":"notes.txt","start":1,"end":12,"kind":"ssn"}
//! {"path":"clean.txt"}
//! ```

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Document, Label};

/// The labels of each document, by path. A document without labels has an empty list.
pub type Gold = BTreeMap<String, Vec<Label>>;

/// Writes the gold lines of `documents`.
pub fn write(documents: &[Document]) -> String {
    let mut out = String::new();
    for document in documents {
        if document.labels.is_empty() {
            push_line(&mut out, &Line { path: document.name.clone(), start: None, end: None, kind: None });
        }
        for label in &document.labels {
            let line = Line {
                path: document.name.clone(),
                start: Some(label.start),
                end: Some(label.end),
                kind: Some(label.kind.clone()),
            };
            push_line(&mut out, &line);
        }
    }
    out
}

/// Reads gold lines. Blank lines are skipped.
///
/// # Errors
/// When a line is not such an object, or its span is empty, reversed, or incomplete. The error names the line.
pub fn read(text: &str) -> Result<Gold, GoldError> {
    let mut gold = Gold::new();
    for (index, raw) in text.lines().enumerate() {
        let number = index + 1;
        if raw.trim().is_empty() {
            continue;
        }
        let line: Line = serde_json::from_str(raw).map_err(|error| GoldError {
            line: number,
            what: format!("not a gold line at column {}", error.column()),
        })?;
        let labels = gold.entry(line.path).or_default();
        match (line.start, line.end, line.kind) {
            (None, None, None) => {}
            (Some(start), Some(end), Some(kind)) if start < end => labels.push(Label { start, end, kind }),
            (Some(_), Some(_), Some(_)) => {
                return Err(GoldError { line: number, what: "start must be below end".to_owned() });
            }
            _ => return Err(GoldError { line: number, what: "start, end and kind go together".to_owned() }),
        }
    }
    for labels in gold.values_mut() {
        labels.sort();
    }
    Ok(gold)
}

/// What is wrong with a gold file. Names the line, never its content.
#[derive(Debug)]
pub struct GoldError {
    line: usize,
    what: String,
}

impl GoldError {
    /// The number of the offending line, from 1.
    pub fn line(&self) -> usize {
        self.line
    }
}

impl fmt::Display for GoldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}; expected {{\"path\":…,\"start\":…,\"end\":…,\"kind\":…}}", self.line, self.what)
    }
}

impl std::error::Error for GoldError {}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Line {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
}

fn push_line(out: &mut String, line: &Line) {
    // A struct of strings and numbers always serialises.
    out.push_str(&serde_json::to_string(line).unwrap_or_default());
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DEVELOPMENT_SEED, corpus};

    #[test]
    fn what_is_written_is_read_again() {
        let documents = corpus(DEVELOPMENT_SEED, 30);
        let gold = read(&write(&documents)).unwrap();
        assert_eq!(gold.len(), documents.len());
        for document in &documents {
            assert_eq!(gold[&document.name], document.labels);
        }
    }

    #[test]
    fn errors_name_the_line_and_not_the_content() {
        let error = read("{\"path\":\"a\"}\n\n{\"path\":\"a\",\"start\":9,\"end\":9,\"kind\":\"ssn\"}").unwrap_err();
        assert_eq!(error.line(), 3);
        let error = read("{\"path\":\"secret.txt\",\"stop\":9}").unwrap_err();
        assert!(!error.to_string().contains("secret"));
    }
}
