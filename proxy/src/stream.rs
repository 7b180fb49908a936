//! From an input through the engine to whoever takes its segments.

use blackbar_engine::{Bulk, Profile, Raw, Scanner, Segment, Stats};
use bytes::Bytes;

use crate::error::Error;
use crate::input::Opened;
use crate::notes;
use crate::trail::Trail;

/// The engine at work on one input.
pub(crate) struct Stream {
    engine: Bulk,
}

impl Stream {
    /// `document` names the input: the data of a plain text belong to one subject, the document.
    /// A big one is read by several threads, up to `jobs`.
    pub(crate) fn new(scanner: &Scanner, profile: &Profile, input: &Opened, document: &str, jobs: usize) -> Self {
        let jobs = if input.may_be_big() { jobs.min(MOST_JOBS) } else { 1 };
        Self { engine: scanner.bulk(profile, input.format, document, jobs) }
    }
}

/// Each thread has a block of 1 MiB at hand, and memory is bounded.
const MOST_JOBS: usize = 16;

/// What a taker of segments wants next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Flow {
    Go,
    /// The output is gone; nothing is left to be done.
    Stop,
}

/// A segment and where in the text it begins.
pub(crate) struct Step<'s> {
    pub(crate) segment: &'s Segment,
    pub(crate) at: u64,
    /// What is still known of the input; empty unless one was given to [`pump`].
    pub(crate) trail: &'s Trail,
}

/// Takes segments.
pub(crate) trait Taker {
    /// Text that the engine is about to read.
    fn see(&mut self, text: &Bytes) {
        let _ = text;
    }

    fn take(&mut self, step: Step<'_>) -> Result<Flow, Error>;

    /// All segments that the input read so far could settle were taken; the text before `at` is done with.
    fn pause(&mut self, at: u64, trail: &Trail) -> Result<Flow, Error> {
        let _ = (at, trail);
        Ok(Flow::Go)
    }
}

/// Reads the whole input through the engine. `placed`: the taker asks where in the input findings lie.
pub(crate) fn pump(
    input: &mut Opened,
    mut stream: Stream,
    placed: bool,
    taker: &mut dyn Taker,
    read: &dyn Fn(u64),
) -> Result<Stats, Error> {
    let mut trail = Trail::default();
    let mut at = 0;
    let mut endless = false;
    loop {
        let chunk = input.next()?;
        let last = chunk.is_none();
        match chunk {
            Some(chunk) => {
                notes::trace(format_args!("a chunk of {} bytes", chunk.text.len()));
                read(chunk.text.len() as u64);
                if placed {
                    trail.push(&chunk);
                }
                taker.see(&chunk.text);
                stream.engine.push(Raw::from(chunk.text));
            }
            None => stream.engine.finish(),
        }
        while let Some(segment) = stream.engine.poll() {
            if taker.take(Step { segment: &segment, at, trail: &trail })? == Flow::Stop {
                return Ok(stream.engine.stats().clone());
            }
            at = segment.after(at);
            match &segment {
                Segment::Keep(_) | Segment::Cut { .. } | Segment::Found(_) => {}
                Segment::Part(_) => endless = true,
                Segment::Replace { .. } => endless = false,
            }
        }
        if taker.pause(at, &trail)? == Flow::Stop || last {
            return Ok(stream.engine.stats().clone());
        }
        trail.forget(at, endless);
    }
}
