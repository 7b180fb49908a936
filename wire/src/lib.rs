//! Protocol bytes, sans-IO: what arrives from a peer as bytes leaves this crate as checked values, and the other way
//! round.
//!
//! ```
//! use blackbar_wire::pg::BackendTag;
//!
//! let tag = BackendTag::from_byte(b'D').unwrap();
//! assert_eq!(tag, BackendTag::DataRow);
//! assert!(tag.carries_content());
//! // What the protocol does not define is never guessed at.
//! assert_eq!(BackendTag::from_byte(b'!'), None);
//! ```
//!
//! # What this crate knows
//!
//! The framing of PostgreSQL's protocol, and what HTTP's head says about its body. Lengths come from a peer, so each is
//! checked before it is used.
//!
//! # What it does not know
//!
//! - Sockets, TLS, an async runtime: it is called with bytes and returns values.
//! - The clock: a time is an argument.
//! - Who is asking, and what they may see.
//! - What an identifier looks like, or how one is replaced.

#![forbid(unsafe_code)]

pub mod http;
pub mod pg;
