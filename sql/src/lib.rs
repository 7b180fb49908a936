//! What a statement touches: its kind, its tables and columns, and where each output column comes from.
//!
//! ```
//! use blackbar_sql::{ActionGroup, StatementKind};
//!
//! assert_eq!(StatementKind::CopyOut.group(), Some(ActionGroup::Read));
//! // What could not be understood belongs to no group: no policy about reading or writing admits it.
//! assert_eq!(StatementKind::Opaque.group(), None);
//! ```
//!
//! # What this crate knows
//!
//! SQL as PostgreSQL itself parses it, and a catalog that is handed in as a plain value. From these it derives facts; it is
//! a pure function of both.
//!
//! # What it does not know
//!
//! - A database: it never connects, and never asks what a name means.
//! - Who is asking, and whether they may; that is policy.
//! - The bytes of the protocol that a statement came in.
//! - A grammar of its own. What PostgreSQL's parser does not accept is opaque, and opaque is the most dangerous kind.

#![forbid(unsafe_code)]

mod kind;

pub use kind::{ActionGroup, StatementKind};
