//! How to prove a recording: a transparency log of small facts, over encrypted content that can be forgotten.
//!
//! The log keeps leaves without patient data, for ever, in the form of C2SP tlog-tiles, so that foreign tools can read and
//! verify it. Recordings hold the content, encrypted under a key a session; the log holds only hashes of their ciphertext,
//! so every proof outlives the deletion of what it is about.
//!
//! ```
//! use std::sync::Arc;
//! use blackbar_ledger::{Details, Direction, Ledger, LeafIndex, Options, Outcome, Reader, RootKeyFile, SessionOpen, Time};
//!
//! # fn main() -> blackbar_ledger::Result<()> {
//! let folder = tempfile::tempdir().unwrap();
//! let root = Arc::new(RootKeyFile::generate()?);
//! let now = Time::from_micros(1_700_000_000_000_000);
//!
//! let ledger = Ledger::open(folder.path(), root.clone(), Options::new("clinic.example/gateway/one", "one"), now)?;
//! let (mut session, _) = ledger.session(SessionOpen::new("agent-7", "ehr"), now)?;
//! session.request(b"SELECT name FROM patients", Details::new().text("verb", "select"), now)?.wait()?;
//! // On disk: now the upstream may see it.
//! session.response_block(Direction::ToClient, b"[NAME]", now)?;
//! session.response(Outcome::Success, Details::new().number("rows", 1), now)?.wait()?;
//! // On disk: now the client may see it.
//! session.close(Outcome::Success, Details::new(), now)?.wait()?;
//! ledger.close()?;
//!
//! let reader = Reader::open(folder.path(), Some(root));
//! let (_, opened) = reader.leaves(LeafIndex::FIRST)?.next().unwrap()?;
//! let content: Vec<_> = reader.records(opened.session().unwrap(), &opened.time().month())?.collect::<Result<_, _>>()?;
//! assert_eq!(content[1].bytes, b"[NAME]");
//! assert!(reader.prove(LeafIndex::FIRST)?.verify(Some(&reader.verifier_key()?)).is_ok());
//! # Ok(())
//! # }
//! ```
//!
//! # How it works
//!
//! Everything goes into one journal first: frames of recordings, wrapped keys, leaves. One thread writes it; whatever
//! arrived while the disk was busy is one batch with one sync. From the journal another thread derives the files that people
//! and tools read; they can be derived again after a crash, so nobody waits for them.
//!
//! ```text
//! journal/    what is committed and not yet derived           recordings/   segments of encrypted frames, by session
//! log/        checkpoint, tile/…: C2SP tlog-tiles             keys/         wrapped keys, apart from what they open
//! log.vkey    what verifies the checkpoints                   reserve       room for ending sessions when the disk is full
//! ```
//!
//! # What it does not know
//!
//! - What time it is: a time is an argument, and leaves never go back.
//! - What a leaf means to a reader: exports and reports read the log, they are no part of it.
//! - When a caller should wait: a [`Ticket`] says when something is on disk, the durability mode is whoever waits for it.
//! - Who may delete what: [`Ledger::erase`] does it, the policy is elsewhere.

#![forbid(unsafe_code)]

mod backup;
mod derive;
mod disk;
mod erase;
mod error;
mod hash;
mod ids;
mod index;
mod journal;
mod json;
mod keys;
mod leaf;
mod ledger;
mod note;
mod proof;
mod queue;
mod reader;
mod recover;
mod rows;
mod seal;
mod segment;
mod session;
#[cfg(test)]
mod simulation;
mod state;
mod tiles;
mod time;
mod tree;
pub mod verify;
mod vfs;
mod witness;
mod writer;

pub use backup::{backup, rotate_root};
pub use disk::Admission;
pub use erase::Erasure;
pub use error::{Error, Result};
pub use hash::Hash;
pub use ids::SessionId;
pub use index::LeafIndex;
pub use json::Json;
pub use keys::{RootKey, RootKeyFile};
pub use leaf::{BlockRef, Details, Kind, Leaf, MAX_LEAF_LEN, Outcome, ReadLeaf};
pub use ledger::{Ledger, Options, Watch};
pub use note::{Checkpoint, LogKey, SignedCheckpoint, VerifierKey};
pub use proof::LeafProof;
pub use queue::Ticket;
pub use reader::{Leaves, Reader, Records};
pub use recover::{Recovery, recovery};
pub use rows::RowCipher;
pub use seal::Secret;
pub use segment::{Direction, Record};
pub use session::{SessionOpen, SessionWriter};
pub use time::Time;
pub use tree::{Frontier, Nodes, consistency_proof, inclusion_proof, is_consistent, root, root_of_inclusion};
pub use witness::{AddCheckpoint, Cosigner, CosignerKey, Verdict};
