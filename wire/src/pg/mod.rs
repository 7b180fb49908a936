//! PostgreSQL's frontend/backend protocol, versions 3.0 and 3.2.
//!
//! # The way of a message
//!
//! ```text
//! bytes → read_opening → Startup, CancelKey …                                         startup
//! bytes → Framer → FrontendFrame → Session → ToServer, or Ask first                   frame, session
//! bytes → Framer → BackendFrame  → Session → ToClient, or content that is judged first:
//!                                            a row by its columns                      mask, value
//!                                            COPY cell by cell                         copy
//!                                            texts of errors, notices, names           clean
//! ```
//!
//! What the server sends is read inside this crate only. A client gets a [`ToClient`], and the list of ways to make one is
//! `clean.rs`. What becomes of each message is one table, [`RULES`].

mod backend;
mod bytes;
mod clean;
pub mod copy;
mod frame;
pub mod frontend;
mod quotes;
mod rules;
pub mod scram;
pub mod session;
mod startup;
mod tag;
#[cfg(test)]
mod testing;
pub mod value;

pub use self::backend::{
    Authentication, Column, Columns, CopyShape, TransactionStatus, authentication, is_fatal, key_data, negotiation,
    own_row, parameter_status, sqlstate,
};
pub use self::bytes::{Malformed, TooLong};
pub use self::clean::{Place, Quotes, Refusal, Report, Scrub, Scrubbed, Severity, ToClient, Words};
pub use self::frame::{BackendFrame, Frame, FrameError, Framer, FrontendFrame, Limits};
pub use self::rules::{Entry, Length, RULES, Rule, Way, as_markdown, of_backend, of_frontend};
pub use self::startup::{CancelKey, NEWEST_MINOR, Negotiation, Opening, OpeningError, Settings, Startup, read_opening};
pub use self::tag::{BackendTag, FrontendTag};
