//! What the benchmarks read, how they read it, and what they count beside the time.

pub mod counts;
pub mod inputs;

use std::sync::Arc;

use blackbar_detectors::values::Phi;
use blackbar_detectors::{ALL, fields, lexicon};
use blackbar_engine::{BuildError, Format, Profile, Raw, Rules, Scanner, Segment};
use bytes::Bytes;

/// The seed of all generated input.
pub const SEED: u64 = 20_261_121;

/// What values mean, in a year that stays the same.
pub const PHI: Phi = Phi { year: 2026 };

/// Every built-in detector with its words and fields.
///
/// # Errors
///
/// When a detector is not valid.
pub fn scanner() -> Result<Scanner, BuildError> {
    let builder = Scanner::builder().detectors(ALL.iter().copied()).lexicon(lexicon());
    builder.fields(Arc::new(fields::BuiltIn)).build()
}

/// The profile of all benchmarks that say no other: the built-in safe harbor.
#[must_use]
#[expect(clippy::missing_panics_doc, clippy::expect_used, reason = "built-in rules are valid")]
pub fn safe_harbor() -> Profile {
    Rules::safe_harbor(Arc::new(PHI)).build().expect("built in")
}

/// Cuts a document into chunks that share its memory, as a network stack would hand them over.
#[must_use]
pub fn chunks(doc: &Bytes, size: usize) -> Vec<Bytes> {
    (0..doc.len()).step_by(size).map(|at| doc.slice(at..doc.len().min(at + size))).collect()
}

/// What a stream did.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Done {
    /// How many identifiers it replaced.
    pub findings: u64,
    /// Bytes it copied around chunk boundaries and to decode escapes.
    pub copied: u64,
    /// Bytes it gave back.
    pub out: u64,
}

/// Redacts a stream and drops what comes out, as soon as it comes out.
///
/// Profilers start and stop counting at this function, so it is never inlined.
#[inline(never)]
#[must_use]
pub fn redact(scanner: &Scanner, profile: &Profile, format: Format, chunks: &[Bytes]) -> Done {
    let mut redactor = scanner.redactor_for(profile, format, "document");
    let mut done = Done::default();
    let drain = |redactor: &mut blackbar_engine::Redactor, done: &mut Done| {
        while let Some(segment) = redactor.poll() {
            done.findings += u64::from(matches!(segment, Segment::Replace { .. }));
            done.out += segment.bytes().as_bytes().len() as u64;
        }
    };
    for chunk in chunks {
        redactor.push(Raw::from(chunk.clone()));
        drain(&mut redactor, &mut done);
    }
    redactor.finish();
    drain(&mut redactor, &mut done);
    done.copied = redactor.stats().copied;
    done
}
