//! The template language and the library of templates.
//!
//! A template is text with alternatives and slots; `templates/README.md` documents the syntax. Templates live in
//! data files, so that a sentence can be added without touching code.

use std::collections::HashMap;
use std::sync::LazyLock;

/// All templates, by section.
#[derive(Debug)]
pub(crate) struct Library {
    sections: HashMap<String, Vec<String>>,
}

/// A part of a template.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Part<'a> {
    /// Text to write as it is.
    Text(&'a str),
    /// A line break.
    Newline,
    /// What stood between braces.
    Slot(&'a str),
    /// What stood between square brackets: alternatives separated by bars.
    Choice(&'a str),
}

impl Library {
    /// The built-in templates.
    pub(crate) fn builtin() -> &'static Self {
        static BUILTIN: LazyLock<Library> = LazyLock::new(|| Library::parse(FILES));
        &BUILTIN
    }

    /// The templates of a section; none for an unknown one.
    pub(crate) fn section(&self, name: &str) -> &[String] {
        self.sections.get(name).map_or(&[], Vec::as_slice)
    }

    /// All section names, sorted.
    #[cfg(test)]
    pub(crate) fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.sections.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    fn parse(files: &[&str]) -> Self {
        let mut sections: HashMap<String, Vec<String>> = HashMap::new();
        for file in files {
            let mut current = String::new();
            let mut pending = String::new();
            for line in file.lines() {
                if let Some(name) = line.strip_prefix("== ") {
                    current = name.trim().to_owned();
                } else if let Some(begun) = line.strip_suffix("\\") {
                    pending.push_str(begun);
                } else if !line.trim().is_empty() && !line.starts_with("//") {
                    pending.push_str(line);
                    sections.entry(current.clone()).or_default().push(std::mem::take(&mut pending));
                }
            }
        }
        Self { sections }
    }
}

/// Splits a template into its parts.
pub(crate) fn parts(template: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '[', '\\']) {
        if at > 0 {
            parts.push(Part::Text(&rest[..at]));
        }
        let tail = &rest[at + 1..];
        match rest.as_bytes()[at] {
            b'{' => {
                let end = tail.find('}').unwrap_or(tail.len());
                parts.push(Part::Slot(&tail[..end]));
                rest = tail.get(end + 1..).unwrap_or("");
            }
            b'[' => {
                let end = closing_bracket(tail);
                parts.push(Part::Choice(&tail[..end]));
                rest = tail.get(end + 1..).unwrap_or("");
            }
            _ if tail.starts_with('n') => {
                parts.push(Part::Newline);
                rest = &tail[1..];
            }
            _ => {
                let len = tail.chars().next().map_or(0, char::len_utf8);
                parts.push(Part::Text(&tail[..len]));
                rest = &tail[len..];
            }
        }
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest));
    }
    parts
}

/// The alternatives of a choice.
pub(crate) fn alternatives(choice: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut depth = 0_i32;
    let mut start = 0;
    let mut escaped = false;
    for (i, b) in choice.bytes().enumerate() {
        match b {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'[' => depth += 1,
            b']' => depth -= 1,
            b'|' if depth == 0 => {
                found.push(&choice[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    found.push(&choice[start..]);
    found
}

fn closing_bracket(text: &str) -> usize {
    let mut depth = 0_i32;
    let mut escaped = false;
    for (i, b) in text.bytes().enumerate() {
        match b {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'[' => depth += 1,
            b']' if depth == 0 => return i,
            b']' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

const FILES: &[&str] = &[
    include_str!("../templates/documents.tpl"),
    include_str!("../templates/headers.tpl"),
    include_str!("../templates/narrative.tpl"),
    include_str!("../templates/neutral.tpl"),
    include_str!("../templates/talk.tpl"),
    include_str!("../templates/logs.tpl"),
    include_str!("../templates/misc.tpl"),
    include_str!("../templates/words.tpl"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_choices_split_at_the_top_level() {
        assert_eq!(
            parts("a [b|[c|d] e]{slot}\\n\\["),
            [Part::Text("a "), Part::Choice("b|[c|d] e"), Part::Slot("slot"), Part::Newline, Part::Text("[")]
        );
        assert_eq!(alternatives("b|[c|d] e|"), ["b", "[c|d] e", ""]);
    }
}
