//! Streaming redaction: windows, spans, lenses and operators. It knows no PHI, no sockets and no clock.
//!
//! ```
//! use std::borrow::Cow;
//! use std::sync::Arc;
//!
//! use blackbar_engine::operator::Values;
//! use blackbar_engine::{
//!     ByteSet, Detector, Kind, Raw, Reach, Rules, Scanner, Trigger, Verdict, Verify, View, Window,
//! };
//!
//! const BADGE: Kind = Kind::new("badge");
//!
//! /// `B-` and four digits. It is asked wherever a `B` stands, and sees its window and nothing else.
//! fn badge(view: &View<'_>) -> Option<Verdict> {
//!     let digits = view.run(2, &ByteSet::of(b"0123456789"), 5).len();
//!     (view.byte(1) == Some(b'-') && digits == 4).then(|| Verdict::new(0, 6, BADGE, 90, "a badge"))
//! }
//!
//! /// What operators ask of values; nothing is known of these.
//! struct Unknown;
//! impl Values for Unknown {}
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let detector = Detector {
//!     id: Cow::Borrowed("badge"),
//!     kind: BADGE,
//!     class: Cow::Borrowed("R"),
//!     priority: 50,
//!     window: Window { before: 0, longest: 6, after: 1 },
//!     reach: Reach::NONE,
//!     triggers: Cow::Owned(vec![Trigger::Bytes(ByteSet::of(b"B"))]),
//!     verify: Verify::Pure(badge),
//!     teaches: false,
//!     takes: Cow::Borrowed("badges"),
//!     refuses: Cow::Borrowed("other numbers"),
//! };
//! // Both are made once, and shared by all streams.
//! let scanner = Scanner::builder().detectors([&detector]).build()?;
//! let profile = Rules::mask_all(Arc::new(Unknown)).build()?;
//! let mut redactor = scanner.redactor(&profile);
//! // However a text is cut, the answer is the same.
//! for piece in ["seen by B-4", "711 today"] {
//!     redactor.push(Raw::from(piece.as_bytes().to_vec()));
//! }
//! redactor.finish();
//! let mut out = Vec::new();
//! while let Some(segment) = redactor.poll() {
//!     out.extend_from_slice(segment.bytes().as_bytes());
//! }
//! assert_eq!(out, b"seen by ****** today");
//! # Ok(())
//! # }
//! ```
//!
//! # What this crate knows
//!
//! How to ask detectors about a stream of any length in constant memory, how formats spell what they hold, whose claim counts where
//! several overlap, and what takes the place of a finding. Every byte that goes in comes out once, kept or replaced, in its order;
//! `DESIGN.md` beside this crate tells how.
//!
//! # What it does not know
//!
//! - What an identifier looks like: detectors are given to it.
//! - Files, sockets, threads, an async runtime: it is pushed bytes and polled for segments. [`Bulk`] divides one input, and who runs
//!   the parts is up to whoever uses it.
//! - The clock, the environment, and a random source but for keys that are asked for.
//! - Who may see what. A [`Clean`] says that bytes came from a redactor, not that a policy was asked.
//! - Formats without a lens: what only their structure tells is missed.
#![deny(unsafe_code)]

mod allow;
mod arch;
mod blocks;
mod bulk;
mod clumps;
mod detector;
mod field;
mod finding;
pub mod key;
mod kind;
mod lens;
mod lexicon;
mod mark;
mod memory;
pub mod naive;
mod near;
mod near_number;
mod numbers;
pub mod operator;
mod output;
mod plans;
mod profile;
mod quiet;
mod redactor;
mod resolve;
mod run;
mod scanner;
mod set;
mod signs;
mod spelling;
mod stats;
mod strands;
mod taint;
pub mod testing;
mod text;
mod view;
mod words;

pub use allow::{Allow, AllowError};
pub use bulk::Bulk;
pub use clumps::{Clumps, Line};
pub use detector::{Detector, DigitRun, Reach, Sign, SiteVerify, Tail, Teach, Trigger, Verdict, Verify, Window};
pub use field::{ANSWER, Field, Fields, Markup, Meaning, Separators, Slot, Standing};
pub use finding::{Finding, Segment};
pub use kind::Kind;
pub use lens::{Format, SNIFF, Sniffed, UnknownFormat, Unreadable, sniff};
pub use lexicon::Lexicon;
pub use mark::{Mark, Marks};
pub use near::{Glance, Near, NearWord, Unseen};
pub use near_number::{NearNumber, NumberGlance};
pub use profile::{FieldPath, FieldRule, Profile, ProfileError, Rules};
pub use redactor::Redactor;
pub use scanner::{BuildError, Builder, Scanner, WIDEST_WINDOW};
pub use set::ByteSet;
pub use stats::Stats;
pub use taint::{Clean, Raw};
pub use text::{LONGEST_WORD, fold};
pub use view::View;
