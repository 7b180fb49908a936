//! One leaf with everything that proves it: a `.tlog-proof` file.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::error::{Error, Result};
use crate::hash::Hash;
use crate::index::LeafIndex;
use crate::note::{Checkpoint, SignedCheckpoint, VerifierKey};
use crate::tree;

const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// A proof that a leaf is in the log. The `extra` data of the C2SP format is the leaf itself.
#[derive(Clone, Debug)]
pub struct LeafProof {
    /// The leaf.
    pub leaf: Vec<u8>,
    /// Where it stands.
    pub index: LeafIndex,
    /// From the leaf upward.
    pub hashes: Vec<Hash>,
    /// The tree that it is in.
    pub checkpoint: SignedCheckpoint,
}

impl LeafProof {
    /// The file.
    #[must_use]
    pub fn text(&self) -> String {
        let hashes: String = self.hashes.iter().map(|hash| hash.base64() + "\n").collect();
        let extra = STANDARD.encode(&self.leaf);
        format!("{HEADER}\nextra {extra}\nindex {}\n{hashes}\n{}", self.index, self.checkpoint.note())
    }

    /// Reads a file. Nothing is verified yet.
    ///
    /// # Errors
    ///
    /// When it is not of the C2SP format, or has no leaf in it.
    pub fn parse(text: &str) -> Result<Self> {
        let malformed = |what: &str| Error::corrupt(format!("this is not a proof: {what}"));
        let (head, note) = text.split_once("\n\n").ok_or_else(|| malformed("it has no checkpoint"))?;
        let mut lines = head.lines();
        if lines.next() != Some(HEADER) {
            return Err(malformed("its first line is another"));
        }
        let extra = lines.next().and_then(|line| line.strip_prefix("extra "));
        let leaf =
            extra.and_then(|extra| STANDARD.decode(extra).ok()).ok_or_else(|| malformed("it has no leaf in it"))?;
        let index = lines.next().and_then(|line| line.strip_prefix("index "));
        let index = index
            .and_then(|text| text.parse().ok().and_then(LeafIndex::new).filter(|index| index.to_string() == text))
            .ok_or_else(|| malformed("it has no valid index"))?;
        let hashes = lines.map(Hash::from_base64).collect::<Option<Vec<_>>>();
        let hashes = hashes.filter(|hashes| hashes.len() <= 63).ok_or_else(|| malformed("a hash is malformed"))?;
        Ok(Self { leaf, index, hashes, checkpoint: SignedCheckpoint::parse(note)? })
    }

    /// Whether the leaf is in the tree of the checkpoint; with a key also whether that is who signed it.
    ///
    /// # Errors
    ///
    /// When it is not.
    pub fn verify(&self, key: Option<&VerifierKey>) -> Result<&Checkpoint> {
        let checkpoint = match key {
            Some(key) => self.checkpoint.verify(key)?,
            None => self.checkpoint.unverified(),
        };
        let leaf = Hash::of_leaf(&self.leaf);
        let root = tree::root_of_inclusion(self.index.value(), checkpoint.size, leaf, &self.hashes);
        if root == Some(checkpoint.root) {
            Ok(checkpoint)
        } else {
            Err(Error::corrupt(format!("leaf {} is not the one that the checkpoint stands for", self.index)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::note::LogKey;

    fn proof() -> (LeafProof, VerifierKey) {
        let key = LogKey::from_seed("clinic.example/one", &[1; 32]).unwrap();
        let other = Hash::of_leaf(b"other");
        let root = Hash::of_node(&Hash::of_leaf(b"leaf"), &other);
        let checkpoint = Checkpoint { origin: key.name().into(), size: 2, root };
        let checkpoint = SignedCheckpoint::parse(&key.sign(&checkpoint.text())).unwrap();
        let index = LeafIndex::FIRST;
        (LeafProof { leaf: b"leaf".to_vec(), index, hashes: vec![other], checkpoint }, key.verifier())
    }

    #[test]
    fn a_proof_comes_back_and_holds() {
        let (proof, key) = proof();
        let read = LeafProof::parse(&proof.text()).unwrap();
        assert_eq!(read.leaf, b"leaf");
        assert_eq!(read.verify(Some(&key)).unwrap().size, 2);
        assert!(read.verify(None).is_ok());
    }

    #[test]
    fn every_altered_byte_is_noticed() {
        let (proof, key) = proof();
        let text = proof.text();
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            let Ok(altered) = String::from_utf8(bytes) else { continue };
            let held = LeafProof::parse(&altered).and_then(|proof| proof.verify(Some(&key)).map(|_| ()));
            assert!(held.is_err(), "the byte at {at}");
        }
    }

    #[test]
    fn a_proof_of_another_place_fails() {
        let (proof, key) = proof();
        let elsewhere = LeafProof { index: LeafIndex::new(1).unwrap(), ..proof };
        assert!(elsewhere.verify(Some(&key)).is_err());
    }
}
