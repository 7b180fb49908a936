//! Who may see what, and for how long: pure decisions with their reasons.
//!
//! ```
//! use blackbar_policy::{Decision, Forbid, PolicyId, Verdicts};
//!
//! let mut verdicts = Verdicts { permits: vec![PolicyId::new("agents-read")], ..Verdicts::default() };
//! assert!(Decision::of(&verdicts).is_allowed());
//!
//! // A forbid that a reviewer may lift holds the request; any other denies it.
//! verdicts.forbids.push(Forbid::liftable(PolicyId::new("bulk-select"), ["privacy-officers"]));
//! assert!(matches!(Decision::of(&verdicts), Decision::Held { .. }));
//! verdicts.forbids.push(Forbid::absolute(PolicyId::new("no-psychotherapy-notes")));
//! assert!(matches!(Decision::of(&verdicts), Decision::Denied { .. }));
//! ```
//!
//! # What this crate knows
//!
//! How policies about one request become one decision, how the decisions about the parts of a request become one, and why
//! it came out as it did. Without a permit nothing is allowed; an error in any policy denies.
//!
//! # What it does not know
//!
//! - The clock: a time is an argument.
//! - Files, sockets, or where policies and approvals are kept.
//! - SQL and HTTP: facts about a request come in as values.
//! - What an identifier looks like; a decision names a profile, the engine carries it out.

#![forbid(unsafe_code)]

mod decision;

pub use decision::{Decision, Forbid, PolicyId, Reason, Verdicts};
