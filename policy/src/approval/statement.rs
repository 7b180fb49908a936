//! What an approver signs: a text that a person can read, with its meaning in words.

use std::fmt::{self, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

use super::Ask;

/// What an approver says about an ask. [`Statement::text`] is what is signed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Statement {
    /// Yes or no.
    pub meaning: Meaning,
    /// The subject who says it.
    pub approver: String,
    /// Why.
    pub reason: String,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// What it is about: everything of the ask that binds.
    pub(super) subject_matter: SubjectMatter,
}

/// Words that somebody signs. Each sort begins with a line of its own, so that what was signed as one is never taken for
/// another.
pub trait Signed {
    /// The words, to the last byte.
    fn words(&self) -> String;
}

impl Signed for Statement {
    fn words(&self) -> String {
        self.text()
    }
}

/// Yes or no.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Meaning {
    /// I agree.
    Approve,
    /// I refuse.
    Deny,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct SubjectMatter {
    id: String,
    lines: String,
}

/// The public half of an approver's key, as it is registered: `ed25519:…`.
#[derive(Clone, Eq, PartialEq)]
pub struct ApproverKey(VerifyingKey);

/// The secret half. It stays with the approver.
pub struct ApproverSecret(SigningKey);

/// A text that is no key of this sort.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct KeyError;

/// A statement that cannot be made: its reason is empty, or longer than 1,000 characters.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TextError;

const PREFIX: &str = "ed25519:";
const LONGEST_REASON: usize = 1000;

impl Statement {
    /// What this approver says about this ask.
    pub fn new(
        ask: &Ask,
        meaning: Meaning,
        approver: impl Into<String>,
        reason: impl Into<String>,
        at_ms: i64,
    ) -> Result<Self, TextError> {
        let reason = checked(reason.into())?;
        Ok(Self { meaning, approver: approver.into(), reason, at_ms, subject_matter: SubjectMatter::of(ask) })
    }

    /// The text that is signed and shown. One fact a line; whatever came from outside is quoted, so it cannot add a line.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::from("blackbar approval statement 1\n");
        let (decision, meaning) = match self.meaning {
            Meaning::Approve => ("approve", "I have read what is asked for and agree that it is done once."),
            Meaning::Deny => ("deny", "I have read what is asked for and refuse it."),
        };
        text.push_str("decision: ");
        text.push_str(decision);
        text.push_str("\nmeaning: ");
        text.push_str(meaning);
        text.push('\n');
        line(&mut text, "approver", &self.approver);
        line(&mut text, "reason", &self.reason);
        text.push_str("at: ");
        text.push_str(&self.at_ms.to_string());
        text.push_str(" ms since 1970\n");
        text.push_str(&self.subject_matter.lines);
        text
    }

    pub(super) fn is_about(&self, ask: &Ask, approver: &str) -> bool {
        self.approver == approver && self.subject_matter == SubjectMatter::of(ask)
    }
}

impl SubjectMatter {
    fn of(ask: &Ask) -> Self {
        let mut lines = String::new();
        line(&mut lines, "approval", &ask.id);
        line(&mut lines, "subject", &ask.subject);
        line(&mut lines, "target", &ask.target);
        lines.push_str(&format!("request: {}\n", ask.request));
        lines.push_str("policies: ");
        for byte in ask.policies {
            _ = write!(lines, "{byte:02x}");
        }
        lines.push('\n');
        for lifted in &ask.lifts {
            line(&mut lines, "lifts", lifted.as_str());
        }
        match ask.max_rows {
            Some(rows) => lines.push_str(&format!("rows: at most {rows}\n")),
            None => lines.push_str("rows: no limit of its own\n"),
        }
        lines.push_str(&format!("valid: {} ms from the decision\n", ask.valid_ms));
        Self { id: ask.id.clone(), lines }
    }
}

/// A reason that says something, and not too much.
pub(crate) fn checked(reason: String) -> Result<String, TextError> {
    if reason.trim().is_empty() || reason.chars().count() > LONGEST_REASON { Err(TextError) } else { Ok(reason) }
}

/// `name: "value"`, with everything but plain printable ASCII escaped: what is signed looks the same to everybody.
pub(crate) fn line(text: &mut String, name: &str, value: &str) {
    text.push_str(name);
    text.push_str(": \"");
    for c in value.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            ' '..='~' => text.push(c),
            _ => text.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
        }
    }
    text.push_str("\"\n");
}

impl ApproverKey {
    /// Reads `ed25519:…`.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let encoded = text.trim().strip_prefix(PREFIX).ok_or(KeyError)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| KeyError)?;
        let key = VerifyingKey::from_bytes(bytes.as_slice().try_into().map_err(|_| KeyError)?).map_err(|_| KeyError)?;
        // A key of small order verifies signatures that nobody made.
        if key.is_weak() { Err(KeyError) } else { Ok(Self(key)) }
    }

    /// Whether its owner signed exactly these words.
    #[must_use]
    pub fn verifies(&self, words: &impl Signed, signature: &[u8; 64]) -> bool {
        self.0.verify_strict(words.words().as_bytes(), &Signature::from_bytes(signature)).is_ok()
    }
}

impl fmt::Display for ApproverKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", STANDARD.encode(self.0.as_bytes()))
    }
}

impl fmt::Debug for ApproverKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl ApproverSecret {
    /// The key of 32 random bytes.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The half that is registered.
    #[must_use]
    pub fn public(&self) -> ApproverKey {
        ApproverKey(self.0.verifying_key())
    }

    /// Signs what a person has read.
    #[must_use]
    pub fn sign(&self, words: &impl Signed) -> [u8; 64] {
        self.0.sign(words.words().as_bytes()).to_bytes()
    }
}

impl fmt::Debug for ApproverSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApproverSecret")
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a key of the form `ed25519:…` with 32 bytes in base64")
    }
}

impl std::error::Error for KeyError {}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a reason of 1 to {LONGEST_REASON} characters is needed")
    }
}

impl std::error::Error for TextError {}
