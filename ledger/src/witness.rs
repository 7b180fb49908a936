//! Witnesses: somebody else holds the log to one history.
//!
//! A witness keeps the latest checkpoint that it has seen of a log and signs a new one only when the log goes on from it
//! (C2SP tlog-witness and tlog-cosignature). Who has stolen the log's key can then still write another history, and gets no
//! cosignature for it. This is the judgement without the network: `blackbar witness` puts HTTP and a disk around it.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

use crate::error::{Error, Result};
use crate::hash::Hash;
use crate::note::{
    Checkpoint, NoKey, SignedCheckpoint, VerifierKey, is_name, key_id, key_text, named_key, signature_line,
};
use crate::seal::Secret;
use crate::tree;

/// The kind byte of a key that cosigns with Ed25519.
const COSIGNATURE: u8 = 4;

/// The most hashes that a proof of growth may have.
const MOST_HASHES: usize = 63;

/// The key of a witness.
pub struct Cosigner {
    name: String,
    key: SigningKey,
}

impl Cosigner {
    /// A key from its seed. The name tells witnesses apart: say `witness.example/one`.
    ///
    /// # Errors
    ///
    /// When the name is empty or has a space, a `+` or a control character.
    pub fn from_seed(name: &str, seed: &Secret) -> Result<Self> {
        if !is_name(name) {
            return Err(Error::misuse("a witness's name is not empty and has no space, `+` or control character"));
        }
        Ok(Self { name: name.to_owned(), key: SigningKey::from_bytes(seed.expose()) })
    }

    /// What verifies its cosignatures.
    #[must_use]
    pub fn verifier(&self) -> CosignerKey {
        CosignerKey { name: self.name.clone(), key: self.key.verifying_key() }
    }

    /// A line that says: at this second since 1970 the log was this, and went on from all that was signed before.
    #[must_use]
    pub fn cosign(&self, checkpoint: &SignedCheckpoint, seconds: u64) -> String {
        let signature = self.key.sign(message(checkpoint, seconds).as_bytes());
        let bytes = [self.verifier().id().as_slice(), &seconds.to_be_bytes(), signature.to_bytes().as_slice()].concat();
        format!("\u{2014} {} {}\n", self.name, STANDARD.encode(bytes))
    }
}

impl fmt::Debug for Cosigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cosigner").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What verifies the cosignatures of one witness: its `vkey`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CosignerKey {
    name: String,
    key: VerifyingKey,
}

impl CosignerKey {
    /// Reads `name+hash+key`.
    ///
    /// # Errors
    ///
    /// When it is not of that form, its hash is wrong, or it is no key of a witness.
    pub fn parse(text: &str) -> Result<Self> {
        match named_key(text, COSIGNATURE) {
            Ok((name, key)) => Ok(Self { name, key }),
            Err(NoKey::Malformed) => Err(Error::key("a witness's key has the form name+hash+key")),
            Err(NoKey::OtherAlgorithm) => {
                Err(Error::key("this is not the key of a witness, which begins with another byte"))
            }
        }
    }

    /// The witness's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// When this witness cosigned a checkpoint, in seconds since 1970.
    ///
    /// # Errors
    ///
    /// When it did not, or its cosignature does not fit.
    pub fn verify(&self, checkpoint: &SignedCheckpoint) -> Result<u64> {
        for line in checkpoint.signatures() {
            let (name, bytes) = signature_line(line)?;
            let Some(rest) = bytes.strip_prefix(&self.id()).filter(|_| name == self.name) else { continue };
            let too_short = || Error::corrupt("a cosignature is too short");
            let (seconds, signature) = rest.split_first_chunk().ok_or_else(too_short)?;
            let seconds = u64::from_be_bytes(*seconds);
            let signature = Signature::from_slice(signature).map_err(|_| too_short())?;
            let held = self.key.verify_strict(message(checkpoint, seconds).as_bytes(), &signature);
            return held.map(|()| seconds).map_err(|_| Error::corrupt("the cosignature is not valid"));
        }
        Err(Error::corrupt(format!("the checkpoint is not cosigned by {}", self.name)))
    }

    fn id(&self) -> [u8; 4] {
        key_id(&self.name, COSIGNATURE, &self.key)
    }
}

impl fmt::Display for CosignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&key_text(&self.name, COSIGNATURE, &self.key))
    }
}

/// What a cosignature signs.
fn message(checkpoint: &SignedCheckpoint, seconds: u64) -> String {
    format!("cosignature/v1\ntime {seconds}\n{}", checkpoint.text())
}

/// What a log asks of a witness: to cosign a checkpoint.
#[derive(Clone, Debug)]
pub struct AddCheckpoint {
    /// How many leaves the last checkpoint had that the witness cosigned; none: 0.
    pub old: u64,
    /// That the log goes on from there.
    pub proof: Vec<Hash>,
    /// What is to be cosigned.
    pub checkpoint: SignedCheckpoint,
}

/// What a witness says to it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// The log goes on: remember the checkpoint, then cosign it.
    Cosign,
    /// The request makes no sense (400).
    Malformed,
    /// The log's key did not sign (403).
    NotSigned,
    /// The witness knows another size, or another root of that size (409).
    Conflict(u64),
    /// The log does not go on from what was cosigned (422).
    Inconsistent,
}

impl AddCheckpoint {
    /// The body of the request.
    #[must_use]
    pub fn text(&self) -> String {
        let proof: String = self.proof.iter().map(|hash| hash.base64() + "\n").collect();
        format!("old {}\n{proof}\n{}", self.old, self.checkpoint.note())
    }

    /// Reads the body of a request. Nothing is verified yet.
    ///
    /// # Errors
    ///
    /// When it is not of the C2SP form.
    pub fn parse(text: &str) -> Result<Self> {
        let malformed = |what: &str| Error::corrupt(format!("this is not a request to a witness: {what}"));
        let (head, note) = text.split_once("\n\n").ok_or_else(|| malformed("it has no checkpoint"))?;
        let mut lines = head.lines();
        let old = lines.next().and_then(|line| line.strip_prefix("old "));
        let old = old.and_then(|text| text.parse::<u64>().ok().filter(|old| old.to_string() == text));
        let old = old.ok_or_else(|| malformed("its first line has no size"))?;
        let proof = lines.map(Hash::from_base64).collect::<Option<Vec<_>>>();
        let proof = proof.filter(|proof| proof.len() <= MOST_HASHES).ok_or_else(|| malformed("a hash is malformed"))?;
        Ok(Self { old, proof, checkpoint: SignedCheckpoint::parse(note)? })
    }

    /// What a witness says that trusts `key` for this log and last cosigned `latest`. Whoever acts on it must make sure that
    /// `latest` is still the latest when it remembers the new one.
    #[must_use]
    pub fn judge(&self, key: &VerifierKey, latest: Option<&Checkpoint>) -> Verdict {
        let Ok(new) = self.checkpoint.verify(key) else { return Verdict::NotSigned };
        if self.old > new.size || (self.old == 0 && !self.proof.is_empty()) {
            return Verdict::Malformed;
        }
        let known = latest.map_or(0, |latest| latest.size);
        if self.old != known {
            return Verdict::Conflict(known);
        }
        match latest {
            Some(latest) if latest.size == new.size => {
                if latest.root == new.root {
                    Verdict::Cosign
                } else {
                    Verdict::Conflict(known)
                }
            }
            Some(latest) if known > 0 => {
                let goes_on = tree::is_consistent(known, latest.root, new.size, new.root, &self.proof);
                if goes_on { Verdict::Cosign } else { Verdict::Inconsistent }
            }
            _ => Verdict::Cosign,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leaf::{Kind, Leaf};
    use crate::note::LogKey;
    use crate::reader::Reader;
    use crate::simulation::{NOW, open};
    use crate::vfs::memory::MemoryFs;
    use std::sync::Arc;

    fn witness() -> Cosigner {
        Cosigner::from_seed("witness.example/one", &Secret::from_bytes([3; 32])).unwrap()
    }

    /// A log of at least so many leaves more.
    fn grown(fs: &MemoryFs, by: u64, kind: Kind) {
        let ledger = open(fs).unwrap();
        for _ in 0..by {
            drop(ledger.record(Leaf::new(kind), NOW).unwrap());
        }
        ledger.close().unwrap();
    }

    fn request(fs: &MemoryFs, old: u64) -> AddCheckpoint {
        let (checkpoint, proof) = Reader::open_at(Arc::new(fs.clone()), None).prove_growth(old).unwrap();
        AddCheckpoint { old, proof, checkpoint }
    }

    fn key(fs: &MemoryFs) -> VerifierKey {
        Reader::open_at(Arc::new(fs.clone()), None).verifier_key().unwrap()
    }

    #[test]
    fn a_growing_log_is_cosigned_and_the_cosignature_holds() {
        let fs = MemoryFs::new();
        let mut latest: Option<Checkpoint> = None;
        for by in [1, 1, 300, 7] {
            grown(&fs, by, Kind::Heartbeat);
            let asked = request(&fs, latest.as_ref().map_or(0, |latest| latest.size));
            let asked = AddCheckpoint::parse(&asked.text()).unwrap();
            assert_eq!(asked.judge(&key(&fs), latest.as_ref()), Verdict::Cosign);
            let signed = asked.checkpoint.with_signatures(&witness().cosign(&asked.checkpoint, 1_700_000_000));
            let signed = SignedCheckpoint::parse(signed.note()).unwrap();
            let vkey = CosignerKey::parse(&witness().verifier().to_string()).unwrap();
            assert_eq!(vkey.verify(&signed).unwrap(), 1_700_000_000);
            // The log's own signature is still found beside it.
            latest = Some(signed.verify(&key(&fs)).unwrap().clone());
        }
        // The same again is no conflict: an answer may have been lost.
        let latest = latest.unwrap();
        assert_eq!(request(&fs, latest.size).judge(&key(&fs), Some(&latest)), Verdict::Cosign);
    }

    #[test]
    fn a_fork_and_a_rollback_under_the_stolen_key_get_no_cosignature() {
        let fs = MemoryFs::new();
        grown(&fs, 20, Kind::Heartbeat);
        let before = fs.copy();
        let old = request(&fs, 0).checkpoint.unverified().clone();
        grown(&fs, 20, Kind::Heartbeat);
        let seen = request(&fs, old.size).checkpoint.unverified().clone();
        // The folder as it was, and other leaves from there on, by who has all keys.
        grown(&before, 60, Kind::PolicyLoad);
        let forked = request(&before, seen.size);
        assert_eq!(forked.judge(&key(&fs), Some(&seen)), Verdict::Inconsistent);
        // It does not get through by telling of an older size either.
        assert_eq!(request(&before, old.size).judge(&key(&fs), Some(&seen)), Verdict::Conflict(seen.size));
        assert_eq!(request(&before, 0).judge(&key(&fs), Some(&seen)), Verdict::Conflict(seen.size));
        // The same size with another root.
        let other = Checkpoint { root: Hash::of_leaf(b"other"), ..seen.clone() };
        assert_eq!(forked.judge(&key(&fs), Some(&Checkpoint { size: forked.old, ..other })), Verdict::Inconsistent);
        let same_size = AddCheckpoint { old: seen.size, proof: Vec::new(), checkpoint: request(&fs, 0).checkpoint };
        let twisted = Checkpoint { root: Hash::of_leaf(b"x"), ..seen.clone() };
        assert_eq!(same_size.judge(&key(&fs), Some(&twisted)), Verdict::Conflict(seen.size));
        // Rolled back: smaller than what was seen.
        let rolled_back = fs.copy();
        let smaller = AddCheckpoint { old: seen.size, proof: Vec::new(), checkpoint: older(&key(&fs), &old) };
        assert_eq!(smaller.judge(&key(&rolled_back), Some(&seen)), Verdict::NotSigned, "signed by another key");
        let signer = LogKey::from_seed("clinic.example/one", &[1; 32]).unwrap();
        let note = signer.sign(&Checkpoint { origin: "clinic.example/one".into(), ..old }.text());
        let smaller = AddCheckpoint { checkpoint: SignedCheckpoint::parse(&note).unwrap(), ..smaller };
        assert_eq!(smaller.judge(&signer.verifier(), Some(&seen)), Verdict::Malformed);
    }

    fn older(key: &VerifierKey, old: &Checkpoint) -> SignedCheckpoint {
        let thief = LogKey::from_seed(key.name(), &[9; 32]).unwrap();
        SignedCheckpoint::parse(&thief.sign(&old.text())).unwrap()
    }

    #[test]
    fn a_cosignature_is_bound_to_its_time_its_text_and_its_witness() {
        let fs = MemoryFs::new();
        grown(&fs, 3, Kind::Heartbeat);
        let checkpoint = request(&fs, 0).checkpoint;
        let line = witness().cosign(&checkpoint, 1_700_000_000);
        let other = Cosigner::from_seed("witness.example/two", &Secret::from_bytes([4; 32])).unwrap();
        assert!(other.verifier().verify(&checkpoint.with_signatures(&line)).is_err());
        assert!(witness().verifier().verify(&checkpoint).is_err());
        let altered = checkpoint.with_signatures(&line).note().replacen('\n', "x\n", 1);
        assert!(witness().verifier().verify(&SignedCheckpoint::parse(&altered).unwrap()).is_err());
        let (_, mut bytes) = signature_line(line.trim_end()).unwrap();
        bytes[11] ^= 1;
        let later = format!("\u{2014} witness.example/one {}\n", STANDARD.encode(bytes));
        assert!(witness().verifier().verify(&checkpoint.with_signatures(&later)).is_err());
        // A log's key is none of a witness.
        assert!(CosignerKey::parse(&key(&fs).to_string()).is_err());
    }

    #[test]
    fn broken_requests_are_refused() {
        let fs = MemoryFs::new();
        grown(&fs, 3, Kind::Heartbeat);
        let good = request(&fs, 0).text();
        for (from, to) in [("old 0", "old 00"), ("old 0", "old -1"), ("old 0", "new 0"), ("old 0\n", "old 0\nxyz\n")] {
            assert!(AddCheckpoint::parse(&good.replacen(from, to, 1)).is_err(), "{to}");
        }
        let long = good.replacen("old 0\n", &format!("old 0\n{}", (Hash::of_nothing().base64() + "\n").repeat(64)), 1);
        assert!(AddCheckpoint::parse(&long).is_err());
        let with_proof = good.replacen("old 0\n", &format!("old 0\n{}\n", Hash::of_nothing().base64()), 1);
        assert_eq!(AddCheckpoint::parse(&with_proof).unwrap().judge(&key(&fs), None), Verdict::Malformed);
    }
}
