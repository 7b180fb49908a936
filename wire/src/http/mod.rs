//! What a gateway decides about HTTP messages: which requests are taken, which headers go on, what an answer's body is.
//!
//! Nothing here reads a body or knows what is in it. Heads come in as names and values, decisions go out as values.

mod admission;
mod answer;
mod frames;
mod headers;
mod media;
mod target;
mod url;
mod wire_form;

pub use admission::{Admitted, Head, Refusal, Version, admit, overriding};
pub use answer::{AnswerPlan, BodyPlan, Coding, Unanswerable, accept_encoding, plan};
pub use frames::Frames;
pub use headers::{DownHeader, RESPOND_LATER, UpHeader, down, preferred, up};
pub use media::{Charset, Media, Reading};
pub use target::{Target, TargetError};
pub use url::{Place, Rewriter};
pub use wire_form::{Malformed, WireForm};
