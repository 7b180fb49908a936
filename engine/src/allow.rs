//! Values that look like identifiers and are none here, each with a reason.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use regex_automata::meta::Regex;
use regex_automata::{Anchored, Input};

/// A list of values and patterns that are no identifiers. A finding whose whole text is on it is not replaced; it is
/// counted under its reason.
#[derive(Clone, Default)]
pub struct Allow {
    /// Folded text to the index of its reason.
    values: HashMap<Vec<u8>, usize>,
    patterns: Vec<(Arc<str>, Regex, usize)>,
    reasons: Vec<Arc<str>>,
}

impl Allow {
    /// Adds one value; case and surrounding blanks do not matter.
    pub fn value(&mut self, value: &str, reason: &str) {
        let reason = self.reason(reason);
        self.values.insert(fold(value.as_bytes()), reason);
    }

    /// Adds a pattern that must match the whole of a finding.
    ///
    /// # Errors
    ///
    /// When the pattern cannot be compiled.
    pub fn pattern(&mut self, pattern: &str, reason: &str) -> Result<(), AllowError> {
        let regex = Regex::new(&format!("^(?:{pattern})$")).map_err(|error| AllowError(error.to_string()))?;
        let reason = self.reason(reason);
        self.patterns.push((pattern.into(), regex, reason));
        Ok(())
    }

    /// Whether nothing is allowed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.reasons.is_empty()
    }

    /// Why `value` is allowed, if it is.
    pub(crate) fn allows(&self, value: &[u8]) -> Option<&Arc<str>> {
        if self.is_empty() {
            return None;
        }
        let listed = self.values.get(&fold(value)).copied();
        let matched = || {
            let input = Input::new(value).anchored(Anchored::Yes);
            self.patterns.iter().find(|(_, regex, _)| regex.is_match(input.clone())).map(|(.., reason)| *reason)
        };
        listed.or_else(matched).and_then(|reason| self.reasons.get(reason))
    }

    /// What both lists allow.
    pub(crate) fn both(&self, other: &Self) -> Self {
        let mut both = Self::default();
        for (value, reason) in &self.values {
            if other.allows(value).is_some()
                && let Some(text) = self.reasons.get(*reason)
            {
                let reason = both.reason(text);
                both.values.insert(value.clone(), reason);
            }
        }
        for (pattern, regex, reason) in &self.patterns {
            if other.patterns.iter().any(|(theirs, ..)| theirs == pattern)
                && let Some(text) = self.reasons.get(*reason)
            {
                let reason = both.reason(text);
                both.patterns.push((Arc::clone(pattern), regex.clone(), reason));
            }
        }
        both
    }

    fn reason(&mut self, reason: &str) -> usize {
        if let Some(known) = self.reasons.iter().position(|text| **text == *reason) {
            return known;
        }
        self.reasons.push(reason.into());
        self.reasons.len() - 1
    }
}

impl fmt::Debug for Allow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Allow({} values, {} patterns)", self.values.len(), self.patterns.len())
    }
}

fn fold(value: &[u8]) -> Vec<u8> {
    value.trim_ascii().to_ascii_lowercase()
}

/// A pattern that cannot be compiled.
#[derive(Clone, Debug)]
pub struct AllowError(String);

impl fmt::Display for AllowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the pattern cannot be compiled: {}", self.0)
    }
}

impl std::error::Error for AllowError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_values_are_allowed() {
        let mut allow = Allow::default();
        allow.value("Help@Clinic.example", "our help desk");
        allow.pattern("555-[0-9]{4}", "internal extensions").unwrap();
        assert_eq!(allow.allows(b"help@clinic.example").map(|r| &**r), Some("our help desk"));
        assert_eq!(allow.allows(b"555-1234").map(|r| &**r), Some("internal extensions"));
        assert!(allow.allows(b"1555-1234").is_none());
        assert!(allow.allows(b"555-12345").is_none());
        assert!(allow.pattern("(", "broken").is_err());
    }
}
