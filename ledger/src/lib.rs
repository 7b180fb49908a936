//! How to prove a recording: positions, proofs and checkpoints of the transparency log.
//!
//! The log keeps small leaves without patient data, for ever, in the form of C2SP tlog-tiles, so that foreign tools can
//! read and verify it. Recordings hold the content, encrypted and deletable; the log holds only hashes of their
//! ciphertext, so every proof outlives the deletion of what it is about.
//!
//! ```
//! use blackbar_ledger::LeafIndex;
//!
//! let leaf = LeafIndex::new(1_000_000).unwrap();
//! assert_eq!(leaf.bundle_path(), "tile/entries/x003/906");
//! assert_eq!(leaf.place_in_bundle(), 64);
//! ```
//!
//! # What this crate knows
//!
//! Leaves, the tree over them, and the file names under which a log is served. An auditor can build it alone: it depends
//! on no other crate of this workspace.
//!
//! # What it does not know
//!
//! - Where bytes are kept, and when they are safe there: files, sync and locks belong to the gateway.
//! - What time it is; a time is an argument.
//! - What a leaf means to a reader: exports and reports read the log, they are no part of it.
//! - The keys that recordings are encrypted with.

#![forbid(unsafe_code)]

mod index;

pub use index::LeafIndex;
