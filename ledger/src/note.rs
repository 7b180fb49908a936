//! Signed notes and checkpoints, as C2SP specifies them.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

use crate::error::{Error, Result};
use crate::hash::Hash;

/// The kind byte of an Ed25519 key.
const ED25519: u8 = 1;

/// The key that signs the checkpoints of one log. Its name is the log's origin.
pub struct LogKey {
    name: String,
    key: SigningKey,
}

impl LogKey {
    /// A key from its seed.
    ///
    /// # Errors
    ///
    /// When the name is empty or has a space, a `+` or a control character.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self> {
        if !is_name(name) {
            return Err(Error::misuse("a log's name is not empty and has no space, `+` or control character"));
        }
        Ok(Self { name: name.to_owned(), key: SigningKey::from_bytes(seed) })
    }

    /// The log's origin.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What verifies its signatures.
    #[must_use]
    pub fn verifier(&self) -> VerifierKey {
        VerifierKey { name: self.name.clone(), key: self.key.verifying_key() }
    }

    /// A note: the text, an empty line, a signature.
    #[must_use]
    pub fn sign(&self, text: &str) -> String {
        let verifier = self.verifier();
        let mut signature = verifier.id().to_vec();
        signature.extend_from_slice(&self.key.sign(text.as_bytes()).to_bytes());
        format!("{text}\n\u{2014} {} {}\n", self.name, STANDARD.encode(signature))
    }
}

impl fmt::Debug for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogKey").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What verifies the checkpoints of one log: its `vkey`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VerifierKey {
    name: String,
    key: VerifyingKey,
}

impl VerifierKey {
    /// Reads `name+hash+key`.
    ///
    /// # Errors
    ///
    /// When it is not of that form, its hash is wrong, or it is no Ed25519 key.
    pub fn parse(text: &str) -> Result<Self> {
        match named_key(text, ED25519) {
            Ok((name, key)) => Ok(Self { name, key }),
            Err(_) => Err(Error::key("a verifier key has the form name+hash+key")),
        }
    }

    /// The log's origin.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The four bytes by which a signature names its key.
    fn id(&self) -> [u8; 4] {
        key_id(&self.name, ED25519, &self.key)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&key_text(&self.name, ED25519, &self.key))
    }
}

/// Why a text is no key of an algorithm.
pub(crate) enum NoKey {
    Malformed,
    OtherAlgorithm,
}

/// Reads `name+hash+key`, where the key begins with the byte of its algorithm.
pub(crate) fn named_key(text: &str, algorithm: u8) -> std::result::Result<(String, VerifyingKey), NoKey> {
    // Base64 may hold a `+` of its own.
    let mut parts = text.trim_end().splitn(3, '+');
    let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(NoKey::Malformed);
    };
    let bytes = STANDARD.decode(key).map_err(|_| NoKey::Malformed)?;
    let (first, key) = bytes.split_first().ok_or(NoKey::Malformed)?;
    if *first != algorithm {
        return Err(NoKey::OtherAlgorithm);
    }
    let key = key.try_into().ok().and_then(|key| VerifyingKey::from_bytes(key).ok()).ok_or(NoKey::Malformed)?;
    let fits = is_name(name) && hex(key_id(name, algorithm, &key)) == id;
    if fits { Ok((name.to_owned(), key)) } else { Err(NoKey::Malformed) }
}

/// The four bytes by which a signature names its key.
pub(crate) fn key_id(name: &str, algorithm: u8, key: &VerifyingKey) -> [u8; 4] {
    let hash = Hash::of(&[name.as_bytes(), b"\n", &[algorithm], key.as_bytes()]);
    let [a, b, c, d, ..] = *hash.as_bytes();
    [a, b, c, d]
}

/// `name+hash+key`.
pub(crate) fn key_text(name: &str, algorithm: u8, key: &VerifyingKey) -> String {
    let bytes = [&[algorithm], key.as_bytes().as_slice()].concat();
    format!("{name}+{}+{}", hex(key_id(name, algorithm, key)), STANDARD.encode(bytes))
}

fn hex(id: [u8; 4]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// How large the log was, and what its tree's root was then.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Checkpoint {
    /// The log's origin.
    pub origin: String,
    /// How many leaves it has.
    pub size: u64,
    /// The root of the tree over them.
    pub root: Hash,
}

impl Checkpoint {
    /// The text that is signed.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, self.root.base64())
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        // Lines that follow are extensions; they are signed, and mean nothing to us.
        let checkpoint = Self { origin: origin.to_owned(), size: size.parse().ok()?, root: Hash::from_base64(root)? };
        (!origin.is_empty() && checkpoint.size.to_string() == size).then_some(checkpoint)
    }
}

/// A checkpoint with the signatures under it.
#[derive(Clone, Debug)]
pub struct SignedCheckpoint {
    note: String,
    text_len: usize,
    checkpoint: Checkpoint,
}

impl SignedCheckpoint {
    /// Reads a checkpoint. Its signatures are not looked at yet.
    ///
    /// # Errors
    ///
    /// When it is not a note, or its text is not a checkpoint.
    pub fn parse(note: &str) -> Result<Self> {
        let malformed = || Error::corrupt("this is not a signed checkpoint");
        let text_len = note.rfind("\n\n").ok_or_else(malformed)? + 1;
        let text = note.get(..text_len).ok_or_else(malformed)?;
        let checkpoint = Checkpoint::parse(text).ok_or_else(malformed)?;
        Ok(Self { note: note.to_owned(), text_len, checkpoint })
    }

    /// What is signed, whoever signed it.
    #[must_use]
    pub fn unverified(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The whole note.
    #[must_use]
    pub fn note(&self) -> &str {
        &self.note
    }

    /// The text that is signed.
    #[must_use]
    pub fn text(&self) -> &str {
        self.note.get(..self.text_len).unwrap_or_default()
    }

    /// The lines of signatures under it.
    pub(crate) fn signatures(&self) -> impl Iterator<Item = &str> {
        self.note.get(self.text_len + 1..).unwrap_or_default().lines()
    }

    /// The same checkpoint with more signatures under it: lines as [`crate::Cosigner::cosign`] makes them.
    #[must_use]
    pub fn with_signatures(&self, lines: &str) -> Self {
        let note = format!("{}{lines}", self.note);
        Self { note, text_len: self.text_len, checkpoint: self.checkpoint.clone() }
    }

    /// What is signed, when `key` signed it.
    ///
    /// # Errors
    ///
    /// When the origin is another, no signature is by this key, or the one that is does not fit.
    pub fn verify(&self, key: &VerifierKey) -> Result<&Checkpoint> {
        if self.checkpoint.origin != key.name {
            return Err(Error::corrupt("the checkpoint is of another log"));
        }
        let text = self.text();
        for line in self.signatures() {
            let (name, bytes) = signature_line(line)?;
            let Some(signature) = bytes.strip_prefix(&key.id()).filter(|_| name == key.name) else { continue };
            let signature = Signature::from_slice(signature).map_err(|_| Error::corrupt("a signature is too short"))?;
            return match key.key.verify_strict(text.as_bytes(), &signature) {
                Ok(()) => Ok(&self.checkpoint),
                Err(_) => Err(Error::corrupt("the checkpoint's signature is not valid")),
            };
        }
        Err(Error::corrupt("the checkpoint is not signed with this key"))
    }
}

/// Whose signature a line is, and the bytes of key id and signature.
pub(crate) fn signature_line(line: &str) -> Result<(&str, Vec<u8>)> {
    let Some((name, signature)) = line.strip_prefix("\u{2014} ").and_then(|line| line.split_once(' ')) else {
        return Err(Error::corrupt("a line under the checkpoint is not a signature"));
    };
    let bytes = STANDARD.decode(signature);
    Ok((name, bytes.map_err(|_| Error::corrupt("a signature under the checkpoint is not base64"))?))
}

pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example keys of Go's `sumdb/note` documentation.
    const VKEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
                        then you don't know what your problem is.\n";
    const SIGNATURE: &str =
        "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=";

    #[test]
    fn other_peoples_keys_and_signatures_are_understood() {
        let key = VerifierKey::parse(VKEY).unwrap();
        assert_eq!(key.to_string(), VKEY);
        let signature = STANDARD.decode(SIGNATURE).unwrap();
        assert_eq!(signature[..4], key.id());
        let signature = Signature::from_slice(&signature[4..]).unwrap();
        assert!(key.key.verify_strict(NOTE.as_bytes(), &signature).is_ok());
    }

    fn checkpoint() -> Checkpoint {
        Checkpoint { origin: "clinic.example/one".into(), size: 7, root: Hash::of_leaf(b"root") }
    }

    #[test]
    fn a_checkpoint_is_verified_with_its_key_only() {
        let key = LogKey::from_seed("clinic.example/one", &[1; 32]).unwrap();
        let other = LogKey::from_seed("clinic.example/one", &[2; 32]).unwrap();
        let elsewhere = LogKey::from_seed("clinic.example/two", &[1; 32]).unwrap();
        let note = key.sign(&checkpoint().text());
        let signed = SignedCheckpoint::parse(&note).unwrap();
        assert_eq!(signed.verify(&key.verifier()).unwrap(), &checkpoint());
        assert!(signed.verify(&other.verifier()).is_err());
        assert!(signed.verify(&elsewhere.verifier()).is_err());
        let parsed = VerifierKey::parse(&key.verifier().to_string()).unwrap();
        assert_eq!(parsed, key.verifier());
        for (from, to) in [("\n7\n", "\n8\n"), ("one\n", "two\n"), ("\u{2014}", "-")] {
            let altered = note.replacen(from, to, 1);
            assert!(
                SignedCheckpoint::parse(&altered).is_ok_and(|signed| signed.verify(&key.verifier()).is_err()),
                "{from}"
            );
        }
    }

    #[test]
    fn a_cosignature_beside_ours_is_passed_over() {
        let key = LogKey::from_seed("clinic.example/one", &[1; 32]).unwrap();
        let note = key.sign(&checkpoint().text());
        let (text, ours) = note.split_once("\n\n").unwrap();
        let witness = format!("\u{2014} witness.example {}", STANDARD.encode([9; 76]));
        let both = format!("{text}\n\n{witness}\n{ours}");
        assert!(SignedCheckpoint::parse(&both).unwrap().verify(&key.verifier()).is_ok());
        let theirs = format!("{text}\n\n{witness}\n");
        assert!(SignedCheckpoint::parse(&theirs).unwrap().verify(&key.verifier()).is_err());
    }

    #[test]
    fn names_and_keys_of_the_wrong_form_are_refused() {
        for name in ["", "a b", "a+b", "a\nb"] {
            assert!(LogKey::from_seed(name, &[1; 32]).is_err());
        }
        for key in ["", "a+b", "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"] {
            assert!(VerifierKey::parse(key).is_err());
        }
    }
}
