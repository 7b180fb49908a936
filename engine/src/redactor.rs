//! One stream: chunks in, segments out.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::finding::Segment;
use crate::lens::encode::Around;
use crate::lens::paths::Paths;
use crate::lens::{Format, Lens, Sink};
use crate::memory::Memory;
use crate::output::Output;
use crate::quiet::Quiet;
use crate::resolve::Event;
use crate::run::Run;
use crate::strands::Strands;
use crate::words::Words;
use crate::{Mark, Profile, Raw, Scanner, Stats};

/// The redaction of one stream.
///
/// ```
/// use blackbar_engine::{Raw, Scanner};
/// # fn profile() -> blackbar_engine::Profile { blackbar_engine::testing::profile() }
///
/// let scanner = Scanner::builder().build()?;
/// let mut redactor = scanner.redactor(&profile());
/// let mut out = Vec::new();
/// for chunk in ["one chunk, ", "and another"] {
///     redactor.push(Raw::from(chunk.as_bytes().to_vec()));
///     while let Some(segment) = redactor.poll() {
///         out.extend_from_slice(segment.bytes().as_bytes());
///     }
/// }
/// redactor.finish();
/// while let Some(segment) = redactor.poll() {
///     out.extend_from_slice(segment.bytes().as_bytes());
/// }
/// assert_eq!(out, b"one chunk, and another");
/// # Ok::<(), blackbar_engine::BuildError>(())
/// ```
pub struct Redactor {
    scanner: Scanner,
    lens: Lens,
    run: Run,
    strands: Strands,
    out: Output,
    memory: Memory,
    paths: Paths,
    events: Vec<Event>,
    /// What was pushed and is not read yet.
    input: VecDeque<Input>,
    /// How much of the first chunk of `input` was read.
    read: usize,
    /// Offset in the input of the first chunk of `input`, or of what comes next.
    at: u64,
    finished: bool,
}

enum Input {
    Chunk(Bytes),
    Boundary,
}

/// How much is read before what came of it is handed out: what waits to be polled does not grow with the chunk.
const STEP: usize = 16 * 1024;

impl Scanner {
    /// Starts a stream of plain text.
    #[must_use]
    pub fn redactor(&self, profile: &Profile) -> Redactor {
        self.redactor_for(profile, Format::Text, "")
    }

    /// Starts a stream in a known format. `document` names it: the data of a plain text belong to one subject, the
    /// document.
    #[must_use]
    pub fn redactor_for(&self, profile: &Profile, format: Format, document: &str) -> Redactor {
        self.redactor_at(profile, format, document, 0)
    }

    /// Starts a stream whose first byte has the offset `at`.
    pub(crate) fn redactor_at(&self, profile: &Profile, format: Format, document: &str, at: u64) -> Redactor {
        let rules = Arc::clone(&profile.inner);
        let window = format.raw_window(self.window());
        let out = Output::new(rules, window, format, document, at);
        Redactor {
            scanner: self.clone(),
            lens: Lens::new(format),
            run: Run::default(),
            strands: Strands::default(),
            out,
            memory: Memory::default(),
            paths: Paths::default(),
            events: Vec::new(),
            input: VecDeque::new(),
            read: 0,
            at,
            finished: false,
        }
    }
}

impl Redactor {
    /// Names the columns of a table that has no header: COPY text, or CSV without one. A plain text takes the first name:
    /// it is the value of that field, and so is what follows a [`boundary`](Self::boundary). To be called before the first
    /// byte; other formats take no notice.
    pub fn columns(&mut self, names: &[&[u8]]) {
        self.with_sink(&[], 0, self.at, |lens, sink| lens.name_columns(names, sink));
    }

    /// Takes the next bytes of the stream: their refcount, not a copy.
    pub fn push(&mut self, chunk: Raw) {
        debug_assert!(!self.finished, "a finished stream takes no more");
        let chunk = chunk.into_bytes();
        if !chunk.is_empty() && !self.finished {
            self.input.push_back(Input::Chunk(chunk));
        }
    }

    /// The next piece of output, if one is settled. Reads on when there is none; `None` asks for more input.
    pub fn poll(&mut self) -> Option<Segment> {
        loop {
            match self.out.poll() {
                Some(segment) => return Some(segment),
                None if self.input.is_empty() => return None,
                None => self.step(),
            }
        }
    }

    /// Declares that a record ends here: everything before it is settled, and nothing behind it belongs to it.
    pub fn boundary(&mut self) {
        self.input.push_back(Input::Boundary);
    }

    /// The stream ends. Poll until `None` afterwards.
    pub fn finish(&mut self) {
        if !self.finished {
            self.boundary();
            self.finished = true;
        }
    }

    /// Gives back the room that only reading needs. For a stream that may be silent for a while: what it holds back and
    /// remembers stays, and what comes next costs a few requests for memory.
    pub fn rest(&mut self) {
        self.input.shrink_to_fit();
        self.events.shrink_to_fit();
        self.run.rest();
        self.out.rest();
        self.paths.rest();
    }

    /// Reads the next part of the input.
    fn step(&mut self) {
        let base = self.at;
        match self.input.pop_front() {
            Some(Input::Chunk(chunk)) => {
                let from = self.read;
                let to = chunk.len().min(from + STEP);
                if from == 0 {
                    self.out.take_chunk(&chunk);
                }
                let last = to == chunk.len();
                self.with_sink(chunk.get(..to).unwrap_or_default(), from, base, |lens, sink| {
                    lens.feed(sink);
                    if last {
                        lens.park(sink);
                        sink.park();
                    }
                });
                self.out.flush();
                if last {
                    self.out.end_chunk();
                    self.at += to as u64;
                    self.read = 0;
                } else {
                    self.read = to;
                    self.input.push_front(Input::Chunk(chunk));
                }
            }
            Some(Input::Boundary) => {
                self.with_sink(&[], 0, base, |lens, sink| lens.end(sink));
                self.out.flush();
            }
            None => {}
        }
    }

    /// Marks of the subjects of care that were met since this was last asked, where the profile makes marks: whose data is in
    /// what was polled, or in what comes next.
    pub fn subjects(&mut self) -> Vec<Mark> {
        std::mem::take(&mut self.out.subjects)
    }

    /// What was done so far: what was polled, and a little more.
    #[must_use]
    pub fn stats(&self) -> &Stats {
        &self.out.stats
    }

    /// What is read was itself packed in so many other inputs.
    pub(crate) fn pack(&mut self, depth: u8) {
        self.out.packing = depth;
    }

    /// Counts only what begins at `at` or behind it.
    pub(crate) fn count_from(&mut self, at: u64) {
        self.out.counted.start = at;
    }

    /// Counts only what begins before `at`.
    pub(crate) fn count_before(&mut self, at: u64) {
        self.out.counted.end = at;
    }

    fn with_sink(&mut self, chunk: &[u8], from: usize, base: u64, act: impl FnOnce(&mut Lens, &mut Sink<'_>)) {
        let Self { scanner, lens, run, strands, out, memory, paths, events, .. } = self;
        Words::lend(|words| {
            Quiet::lend(|quiet| {
                let compiled = &scanner.inner;
                let mut sink = Sink {
                    chunk,
                    from,
                    base,
                    compiled,
                    memory,
                    run,
                    strands,
                    via: None,
                    around: Around::default(),
                    is_part: false,
                    claim: None,
                    out,
                    events,
                    paths,
                    words,
                    quiet,
                };
                act(lens, &mut sink);
            });
        });
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redactor(at {}, {:?})", self.at, self.out)
    }
}
