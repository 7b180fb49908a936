//! Streaming redaction: windows, spans, lenses and operators. It knows no PHI, no sockets and no clock.
#![deny(unsafe_code)]

mod allow;
mod arch;
mod blocks;
mod bulk;
mod detector;
mod field;
pub mod key;
mod kind;
mod lens;
mod lexicon;
mod memo;
mod memory;
pub mod naive;
mod numbers;
pub mod operator;
mod output;
mod profile;
mod redactor;
mod resolve;
mod run;
mod scanner;
mod set;
mod spelling;
mod stats;
mod taint;
pub mod testing;
mod text;
mod view;

pub use allow::{Allow, AllowError};
pub use bulk::Bulk;
pub use detector::{Detector, DigitRun, Reach, SiteVerify, Tail, Teach, Trigger, Verdict, Verify, Window};
pub use field::{Field, Fields, Meaning, Slot};
pub use kind::Kind;
pub use lens::{Format, SNIFF, Sniffed, UnknownFormat, Unreadable, sniff};
pub use lexicon::Lexicon;
pub use output::{Finding, Segment};
pub use profile::{FieldPath, FieldRule, Profile, ProfileError, Rules};
pub use redactor::Redactor;
pub use scanner::{BuildError, Builder, Scanner, WIDEST_WINDOW};
pub use set::ByteSet;
pub use stats::Stats;
pub use taint::{Clean, Raw};
pub use text::{LONGEST_WORD, fold};
pub use view::View;
