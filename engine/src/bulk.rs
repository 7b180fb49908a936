//! One big input on several cores: the same output as one stream, sooner.
//!
//! NDJSON is cut at line ends, where a stream forgets everything. Text is cut anywhere: each block but the first is
//! read from some way before its beginning, which is enough to know what was learnt there, and joined to the one before
//! where both agree on what lies across the seam. Where they do not (a single identifier longer than the warm-up), the
//! earlier stream simply goes on through the block. Other formats are read by one stream.

use std::collections::VecDeque;
use std::fmt;

use bytes::Bytes;
use rayon::prelude::*;

use crate::finding::Segment;
use crate::lens::Format;
use crate::memory;
use crate::{Clean, Finding, Profile, Raw, Redactor, Scanner, Stats};

/// How much each core reads at a time.
const BLOCK: usize = 512 * 1024;
/// A record that is longer is read by one stream.
const LONGEST_RECORD: usize = 4 * 1024 * 1024;

/// The redaction of one big input. Used like a [`Redactor`]; call it where blocking a thread is fine.
pub struct Bulk {
    scanner: Scanner,
    profile: Profile,
    document: String,
    jobs: usize,
    way: Way,
    /// What came in and was not read yet.
    waiting: Vec<Bytes>,
    waiting_len: usize,
    /// Offset in the input of the first waiting byte.
    at: u64,
    ready: VecDeque<Segment>,
    stats: Stats,
    finished: bool,
}

enum Way {
    /// By one stream.
    One(Box<Redactor>),
    /// Records of lines; inside a line too long to wait for, its stream.
    Lines(Option<Box<Redactor>>),
    /// Text; the stream that has read everything so far.
    Text(Box<Worker>),
}

/// A stream and what came out of it, with its place in the input.
struct Worker {
    redactor: Redactor,
    segments: VecDeque<Segment>,
    /// Offset in the input of the first of `segments`.
    at: u64,
}

impl Scanner {
    /// Starts a big input on `jobs` threads of the current rayon pool.
    #[must_use]
    pub fn bulk(&self, profile: &Profile, format: Format, document: &str, jobs: usize) -> Bulk {
        let one = || Box::new(self.redactor_for(profile, format, document));
        let way = match format {
            _ if jobs <= 1 => Way::One(one()),
            Format::Ndjson => Way::Lines(None),
            Format::Text => Way::Text(Box::new(Worker { redactor: *one(), segments: VecDeque::new(), at: 0 })),
            _ => Way::One(one()),
        };
        Bulk {
            scanner: self.clone(),
            profile: profile.clone(),
            document: document.to_owned(),
            jobs,
            way,
            waiting: Vec::new(),
            waiting_len: 0,
            at: 0,
            ready: VecDeque::new(),
            stats: Stats::default(),
            finished: false,
        }
    }
}

impl Bulk {
    /// Takes the next bytes.
    pub fn push(&mut self, chunk: Raw) {
        if let Way::One(redactor) = &mut self.way {
            redactor.push(chunk);
            return;
        }
        let chunk = chunk.into_bytes();
        self.waiting_len += chunk.len();
        self.waiting.push(chunk);
        if self.waiting_len >= self.jobs * BLOCK {
            self.read(false);
        }
    }

    /// The next piece of output, if one is settled.
    pub fn poll(&mut self) -> Option<Segment> {
        match &mut self.way {
            Way::One(redactor) => redactor.poll(),
            _ => self.ready.pop_front(),
        }
    }

    /// The input ends. Poll until `None` afterwards.
    pub fn finish(&mut self) {
        if self.finished {
            return;
        }
        self.finished = true;
        if let Way::One(redactor) = &mut self.way {
            redactor.finish();
            return;
        }
        self.read(true);
    }

    /// What was done so far.
    #[must_use]
    pub fn stats(&self) -> &Stats {
        match &self.way {
            Way::One(redactor) => redactor.stats(),
            _ => &self.stats,
        }
    }

    /// Reads what is waiting.
    fn read(&mut self, last: bool) {
        match std::mem::replace(&mut self.way, Way::Lines(None)) {
            Way::Lines(long) => self.read_lines(long, last),
            Way::Text(worker) => self.read_text(worker, last),
            one => self.way = one,
        }
    }

    fn read_lines(&mut self, mut long: Option<Box<Redactor>>, last: bool) {
        if let Some(redactor) = long.take() {
            long = self.go_on(redactor);
        }
        if long.is_none() {
            let (scanner, profile, document) = (&self.scanner, &self.profile, &self.document);
            let blocks = take_records(&mut self.waiting, &mut self.waiting_len, &mut self.at, last);
            let read = |(at, block): (u64, Vec<Bytes>)| {
                let mut redactor = scanner.redactor_at(profile, Format::Ndjson, document, at);
                let mut segments = VecDeque::new();
                for chunk in block {
                    redactor.push(Raw::from(chunk));
                    segments.extend(std::iter::from_fn(|| redactor.poll()));
                }
                redactor.finish();
                segments.extend(std::iter::from_fn(|| redactor.poll()));
                (segments, redactor.stats().clone())
            };
            let done: Vec<_> = blocks.into_par_iter().map(read).collect();
            for (segments, stats) in done {
                self.ready.extend(segments);
                self.stats.merge(&stats);
            }
            if self.waiting_len > LONGEST_RECORD {
                let redactor = scanner.redactor_at(profile, Format::Ndjson, document, self.at);
                long = self.go_on(Box::new(redactor));
            }
        }
        if last && let Some(mut redactor) = long.take() {
            redactor.finish();
            self.end_stream(&mut redactor);
        }
        self.way = Way::Lines(long);
    }

    /// Reads a long record up to its line end, if that is waiting.
    fn go_on(&mut self, mut redactor: Box<Redactor>) -> Option<Box<Redactor>> {
        let mut chunks = std::mem::take(&mut self.waiting).into_iter();
        while let Some(mut chunk) = chunks.next() {
            let end = memchr::memchr(b'\n', &chunk).map(|newline| newline + 1);
            let piece = chunk.split_to(end.unwrap_or(chunk.len()));
            self.waiting_len -= piece.len();
            self.at += piece.len() as u64;
            redactor.push(Raw::from(piece));
            if end.is_some() {
                redactor.finish();
                self.end_stream(&mut redactor);
                self.waiting.push(chunk);
                self.waiting.extend(chunks);
                return None;
            }
            self.ready.extend(std::iter::from_fn(|| redactor.poll()));
        }
        Some(redactor)
    }

    fn end_stream(&mut self, redactor: &mut Redactor) {
        self.ready.extend(std::iter::from_fn(|| redactor.poll()));
        self.stats.merge(redactor.stats());
    }

    fn read_text(&mut self, mut live: Box<Worker>, last: bool) {
        let input = std::mem::take(&mut self.waiting);
        let (from, len) = (self.at, std::mem::take(&mut self.waiting_len));
        let end = from + len as u64;
        self.at = end;
        let warm_up = memory::SPAN + 4 * self.scanner.window() as u64;
        let slack = 4 * self.scanner.window() as u64;
        let seams: Vec<u64> = (1..self.jobs as u64)
            .map(|job| from + job * (len / self.jobs) as u64)
            .filter(|seam| seam - from > warm_up && end - seam > warm_up)
            .collect();
        let ends = |i: usize| seams.get(i).map_or(end, |seam| seam + slack);
        let feed = |worker: &mut Worker, from: u64, to: u64, base: u64| {
            for piece in pieces(&input, base, from, to) {
                worker.redactor.push(Raw::from(piece));
                worker.segments.extend(std::iter::from_fn(|| worker.redactor.poll()));
            }
        };
        live.redactor.count_before(seams.first().copied().unwrap_or(u64::MAX));
        let mut workers: Vec<Worker> = vec![*live];
        workers.extend(seams.iter().enumerate().map(|(i, seam)| {
            let at = seam - warm_up;
            let mut redactor = self.scanner.redactor_at(&self.profile, Format::Text, &self.document, at);
            redactor.count_from(*seam);
            redactor.count_before(seams.get(i + 1).copied().unwrap_or(u64::MAX));
            Worker { redactor, segments: VecDeque::new(), at }
        }));
        workers.par_iter_mut().enumerate().for_each(|(i, worker)| {
            let start = if i == 0 { from } else { worker.at };
            feed(worker, start, ends(i), from);
        });
        let mut workers = workers.into_iter();
        let Some(mut current) = workers.next() else { return };
        for ((mut next, seam), i) in workers.zip(&seams).zip(1..) {
            if let Some(cut) = agree(&current, &next, *seam) {
                self.write(&mut current, cut);
                next.drop_before(cut);
                self.stats.merge_counts(current.redactor.stats());
                current = next;
            } else {
                // The stream before goes on through the block.
                current.redactor.count_before(seams.get(i).copied().unwrap_or(u64::MAX));
                feed(&mut current, ends(i - 1), ends(i), from);
            }
        }
        if last {
            current.redactor.finish();
            current.segments.extend(std::iter::from_fn(|| current.redactor.poll()));
            self.stats.merge_counts(current.redactor.stats());
            self.stats.bytes_in = end;
        }
        self.write(&mut current, u64::MAX);
        self.way = Way::Text(Box::new(current));
    }

    /// Moves segments before `upto` to the output and counts them.
    fn write(&mut self, worker: &mut Worker, upto: u64) {
        while worker.at < upto
            && let Some(segment) = worker.segments.pop_front()
        {
            let segment = match segment {
                Segment::Keep(kept) => {
                    let (kept, rest) = cut(kept, upto - worker.at);
                    worker.at += kept.len() as u64;
                    self.stats.kept += kept.len() as u64;
                    if !rest.is_empty() {
                        worker.segments.push_front(Segment::Keep(rest));
                    }
                    Segment::Keep(kept)
                }
                Segment::Part(part) => {
                    self.stats.written += part.len() as u64;
                    Segment::Part(part)
                }
                Segment::Cut { start, end, with } => {
                    worker.at = end;
                    self.stats.written += with.len() as u64;
                    self.stats.replaced += end - start;
                    Segment::Cut { start, end, with }
                }
                Segment::Found(finding) => {
                    *self.stats.findings.entry(finding.kind).or_default() += 1;
                    Segment::Found(finding)
                }
                Segment::Replace { finding, with } => {
                    worker.at = finding.end;
                    self.stats.written += with.len() as u64;
                    self.stats.replaced += finding.end - finding.start;
                    *self.stats.findings.entry(finding.kind).or_default() += 1;
                    Segment::Replace { finding, with }
                }
            };
            self.stats.bytes_out += segment.bytes().len() as u64;
            self.ready.push_back(segment);
        }
    }
}

impl fmt::Debug for Bulk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bulk({} jobs, at {})", self.jobs, self.at)
    }
}

impl Worker {
    /// The finding that lies across `seam`, or why none can be named.
    fn across(&self, seam: u64) -> Result<Option<(&Finding, &Clean)>, Unknown> {
        let (mut at, mut parts) = (self.at, false);
        for segment in &self.segments {
            match segment {
                Segment::Keep(kept) => at += kept.len() as u64,
                Segment::Part(_) => parts = true,
                // Text has one run.
                Segment::Cut { .. } | Segment::Found(_) => {}
                Segment::Replace { finding, with } => {
                    if finding.start < seam && finding.end > seam {
                        // A long one is spread over segments; the other stream is not asked to have cut it alike.
                        return if parts { Err(Unknown) } else { Ok(Some((finding, with))) };
                    }
                    (at, parts) = (finding.end, false);
                }
            }
            if at >= seam && !parts {
                return Ok(None);
            }
        }
        Err(Unknown)
    }

    fn drop_before(&mut self, upto: u64) {
        while self.at < upto
            && let Some(segment) = self.segments.pop_front()
        {
            match segment {
                Segment::Keep(kept) => {
                    let (gone, rest) = cut(kept, upto - self.at);
                    self.at += gone.len() as u64;
                    if !rest.is_empty() {
                        self.segments.push_front(Segment::Keep(rest));
                    }
                }
                Segment::Part(_) | Segment::Cut { .. } | Segment::Found(_) => {}
                Segment::Replace { finding, .. } => self.at = finding.end,
            }
        }
    }
}

/// What lies across a seam is not settled.
struct Unknown;

/// Where to change from one stream to the next: at the seam, or behind the one finding that both see across it.
fn agree(one: &Worker, next: &Worker, seam: u64) -> Option<u64> {
    match (one.across(seam).ok()?, next.across(seam).ok()?) {
        (None, None) => Some(seam),
        (Some(one), Some(next)) if one == next => Some(one.0.end),
        _ => None,
    }
}

fn cut(kept: Clean, len: u64) -> (Clean, Clean) {
    let mut rest = kept.into_bytes();
    let len = usize::try_from(len).map_or(rest.len(), |len| len.min(rest.len()));
    let first = rest.split_to(len);
    (Clean::mint(first), Clean::mint(rest))
}

/// The bytes from `from` to `to` of an input whose first byte is at `base`.
fn pieces(input: &[Bytes], base: u64, from: u64, to: u64) -> impl Iterator<Item = Bytes> {
    let mut at = base;
    input.iter().filter_map(move |chunk| {
        let start = at;
        at += chunk.len() as u64;
        let within =
            |offset: u64| usize::try_from(offset.saturating_sub(start)).map_or(chunk.len(), |i| i.min(chunk.len()));
        let (first, last) = (within(from), within(to));
        (first < last).then(|| chunk.slice(first..last))
    })
}

/// Takes whole lines off the front of what is waiting, in blocks of about [`BLOCK`] bytes, each with its offset.
fn take_records(waiting: &mut Vec<Bytes>, waiting_len: &mut usize, at: &mut u64, all: bool) -> Vec<(u64, Vec<Bytes>)> {
    let mut blocks = Vec::new();
    let (mut block, mut len): (Vec<Bytes>, usize) = (Vec::new(), 0);
    let mut chunks: VecDeque<Bytes> = std::mem::take(waiting).into();
    while let Some(mut chunk) = chunks.pop_front() {
        let room = BLOCK.saturating_sub(len);
        let newline = match chunk.get(room..) {
            Some(rest) => memchr::memchr(b'\n', rest).map(|i| room + i),
            None => None,
        };
        let Some(newline) = newline else {
            len += chunk.len();
            block.push(chunk);
            continue;
        };
        let piece = chunk.split_to(newline + 1);
        len += piece.len();
        block.push(piece);
        blocks.push((*at, std::mem::take(&mut block)));
        *at += len as u64;
        *waiting_len -= len;
        len = 0;
        if !chunk.is_empty() {
            chunks.push_front(chunk);
        }
    }
    if all && len > 0 {
        blocks.push((*at, std::mem::take(&mut block)));
        *at += len as u64;
        *waiting_len -= len;
    }
    *waiting = block;
    blocks
}
