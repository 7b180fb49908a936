//! Who may see what, and for how long: pure decisions with their reasons.
//!
//! ```
//! use blackbar_policy::{Action, Circumstances, Decision, Facts, PolicySet, Question, Resource, SqlFacts, Subject, SubjectKind};
//!
//! let text = r#"
//!     @id("agents-read") @profile("agents")
//!     permit (principal in Group::"agents", action in [Action::"connect", Action::"read"], resource in Target::"ehr");
//!     @id("bulk-select") @approval("privacy-officers")
//!     forbid (principal, action == Action::"select", resource in Target::"ehr") when { context.rows_unbounded };
//! "#;
//! let (policies, warnings) = PolicySet::load([("ehr.cedar", text)])?;
//! assert!(warnings.is_empty());
//!
//! let subject = Subject::new(SubjectKind::Agent, "agent-7", ["agents"]);
//! let resource = Resource::table("ehr", "clinical", "patients");
//! let circumstances = Circumstances::at(1_795_266_305_000);
//! let asked = |facts| policies.decide(&Question {
//!     subject: &subject, action: Action::Select, resource: &resource, facts: &facts, circumstances: &circumstances,
//! });
//! assert!(asked(Facts::Sql(SqlFacts { has_where: true, ..SqlFacts::default() })).is_allowed());
//! // A forbid that a reviewer may lift holds the request.
//! let held = asked(Facts::Sql(SqlFacts { rows_unbounded: true, ..SqlFacts::default() }));
//! assert_eq!(held.approvals(), [("privacy-officers".to_owned(), 1)].into());
//! # Ok::<(), blackbar_policy::LoadError>(())
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

mod action;
pub mod approval;
mod canonical;
mod catalog;
mod context;
mod decision;
pub mod emergency;
mod error;
pub mod fuse;
mod judge;
mod names;
mod path;
mod question;
mod ready;
mod rule;
mod schema;
mod set;

pub use action::{Action, Group};
pub use canonical::{CanonicalRequest, HttpRequest, Parameter, RequestDigest, SqlRequest};
pub use catalog::is_harmless_catalog;
pub use decision::{Agreement, Decision, Duties, Forbid, Permit, PolicyId, Reason, Terms, Verdicts};
pub use error::{Fault, LoadError, Place, Warning};
pub use path::{HttpPath, PathError};
pub use question::{Circumstances, Facts, HttpFacts, Question, Resource, SqlFacts, Subject, SubjectKind, ToolFacts};
pub use ready::{READY, ReadySet};
pub use set::PolicySet;
