//! From settled findings to segments: kept bytes are slices of the input, findings become replacements.
//!
//! Everything here is in order of the input. A run's findings arrive as offsets of its decoded text and are mapped back
//! to the raw bytes that spell them.

use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use crate::lens::encode::{self, Position};
use crate::operator::{self, Context, Operator, main_kind};
use crate::profile::Rules;
use crate::resolve::{Candidate, Event, Text};
use crate::run::{Judge, SMALL};
use crate::spelling::Spelling;
use crate::stats::Stats;
use crate::{Clean, Kind, Slot};

/// How long a record is held to learn whose data it is.
pub(crate) const RECORD_WINDOW: u64 = 64 * 1024;

/// A piece of output, in order.
#[derive(Clone, Debug)]
pub enum Segment {
    /// Input bytes that no detector claimed.
    Keep(Clean),
    /// What takes the place of a finding. When it was too long to be held, earlier bytes of its replacement came as
    /// [`Segment::Part`].
    Replace {
        /// What was found, where and why.
        finding: Finding,
        /// What is written instead.
        with: Clean,
    },
    /// The beginning of what takes the place of a finding whose end is not known yet.
    Part(Clean),
}

impl Segment {
    /// The bytes to write.
    #[must_use]
    pub fn bytes(&self) -> &Clean {
        match self {
            Self::Keep(bytes) | Self::Part(bytes) | Self::Replace { with: bytes, .. } => bytes,
        }
    }
}

/// Something that was found. It carries no content.
#[derive(Clone, Eq, PartialEq)]
pub struct Finding {
    /// Offset in the input of its first byte, as it is spelt there.
    pub start: u64,
    /// One past its last byte.
    pub end: u64,
    /// Its pieces, when it does not lie in one: empty otherwise.
    pub parts: Vec<(u64, u64)>,
    /// The kind.
    pub kind: Kind,
    /// Index in [`crate::Scanner::detectors`] of the detector; one past the last for entity memory, two past for a rule
    /// of the profile.
    pub detector: usize,
    /// How sure, in percent.
    pub confidence: u8,
    /// Why.
    pub reason: &'static str,
    /// The field it stands in. Names that are themselves identifiers are shown as `*`.
    pub field: Option<Arc<str>>,
    /// The operator that was applied.
    pub operator: Operator,
}

impl fmt::Debug for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}..{}] {}% {}", self.kind, self.start, self.end, self.confidence, self.operator)
    }
}

/// What is known of the run that is being read, beside its text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place {
    pub(crate) slot: Slot,
    /// How the field is called in reports.
    pub(crate) name: Option<Arc<str>>,
    /// A rule of the profile for this field.
    pub(crate) rule: Option<(Operator, Kind)>,
    /// How many keys of the same object have been replaced before; only for keys.
    pub(crate) replaced_keys: u32,
    /// What separates cells, when this is one.
    pub(crate) delimiter: u8,
}

/// A finding on its way out.
struct Edit {
    finding: Finding,
    change: Change,
}

enum Change {
    /// The replacement is known.
    With(Bytes),
    /// It waits for the subject of the record.
    Waits { value: Vec<u8>, operator: Operator, position: Position },
}

pub(crate) struct Output {
    rules: Arc<Rules>,
    pub(crate) stats: Stats,
    pub(crate) place: Place,
    pub(crate) spelling: Spelling,
    /// Findings of the current run so far.
    pub(crate) found: u32,
    /// Findings of a number, which is replaced as a whole.
    number: Option<Candidate>,
    edits: VecDeque<Edit>,
    /// A finding that is too long to be held and not over yet.
    endless: Option<(Finding, Position)>,
    segments: VecDeque<Segment>,
    held: BytesMut,
    chunk: Bytes,
    /// Offset in the input of the first byte of `held`, then of `chunk`.
    released: u64,
    /// The subject of care of the current record.
    subject: Option<Vec<u8>>,
    holds_records: bool,
    /// Up to where bytes could leave if they need not wait for a subject.
    settled: u64,
    /// Up to where kept bytes may leave: what is settled, unless it waits for a subject.
    free: u64,
    record_start: u64,
    /// Findings that begin elsewhere are another stream's to count.
    pub(crate) counted: Range<u64>,
}

impl Output {
    pub(crate) fn new(rules: Arc<Rules>, window: usize, structured: bool, document: &str, at: u64) -> Self {
        let holds_records = structured && rules.needs_subject() && !rules.subject.is_empty();
        let window = window as u64 + if holds_records { RECORD_WINDOW } else { 0 };
        let subject = (!structured && rules.needs_subject()).then(|| document.as_bytes().to_vec());
        Self {
            rules,
            stats: Stats { window, ..Stats::default() },
            place: Place::default(),
            spelling: Spelling::default(),
            found: 0,
            number: None,
            edits: VecDeque::new(),
            endless: None,
            segments: VecDeque::new(),
            held: BytesMut::new(),
            chunk: Bytes::new(),
            released: at,
            subject,
            holds_records,
            settled: at,
            free: at,
            record_start: at,
            counted: 0..u64::MAX,
        }
    }

    pub(crate) fn rules(&self) -> &Rules {
        &self.rules
    }

    pub(crate) fn poll(&mut self) -> Option<Segment> {
        self.segments.pop_front()
    }

    /// Takes a chunk of input before a lens reads it.
    pub(crate) fn take_chunk(&mut self, chunk: &Bytes) {
        self.stats.bytes_in += chunk.len() as u64;
        if chunk.len() < SMALL {
            self.hold(chunk);
        } else {
            self.chunk = chunk.clone();
        }
    }

    /// After a chunk was read: what must wait is copied, so that it does not pin the chunk.
    pub(crate) fn end_chunk(&mut self) {
        let rest = std::mem::take(&mut self.chunk);
        self.hold(&rest);
        self.stats.most_held = self.stats.most_held.max(self.held.len() as u64);
    }

    fn hold(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
        self.stats.copied += bytes.len() as u64;
    }

    /// A new run begins.
    pub(crate) fn open(&mut self, place: Place) {
        self.stats.kept_fields += u64::from(place.rule.is_some_and(|(operator, _)| operator == Operator::Keep));
        self.place = place;
        self.found = 0;
        self.spelling.clear();
    }

    /// The run's last event was taken.
    pub(crate) fn close(&mut self, text: Text<'_>) {
        if let Some(found) = self.number.take() {
            let operator = self.operator(found.kind);
            self.replace(found, 0, self.spelling.end(), text.slice(0, text.end()), operator);
        }
    }

    /// The record's subject of care is known.
    pub(crate) fn learn_subject(&mut self, subject: &[u8]) {
        if !self.holds_records || self.subject.is_some() {
            return;
        }
        // A reference names the type before the id.
        let id = subject.rsplit(|&byte| byte == b'/').next().unwrap_or(subject).trim_ascii();
        if !id.is_empty() {
            // How far back it counts depends on places alone, not on what has left by now.
            self.decide_before(self.spelling.raw_end().saturating_sub(RECORD_WINDOW));
            self.subject = Some(id.to_vec());
            self.decide_before(u64::MAX);
            self.release_settled();
        }
    }

    /// A record ends before offset `at`.
    pub(crate) fn end_record(&mut self, at: u64) {
        if self.holds_records {
            self.decide_before(u64::MAX);
            self.subject = None;
            self.record_start = at;
        }
        self.release(at);
    }

    /// Bytes before `upto` belong to no finding that is not known. They leave with the next replacement, or when all
    /// is flushed: many small releases are one slice.
    pub(crate) fn release(&mut self, upto: u64) {
        self.settled = self.settled.max(upto);
        if !self.edits.is_empty() || self.holds_records {
            self.release_settled();
        }
    }

    /// Lets everything leave that is settled.
    pub(crate) fn flush(&mut self) {
        self.release_settled();
        if self.endless.is_none() {
            self.pass(self.free);
        }
    }

    fn release_settled(&mut self) {
        let waits = self.holds_records && self.subject.is_none();
        // A record is held for so long; what lies further back leaves with what is known.
        let floor = if waits {
            self.settled.saturating_sub(RECORD_WINDOW).max(self.record_start.min(self.settled))
        } else {
            self.settled
        };
        self.decide_before(floor);
        self.write(floor);
    }

    /// Gives waiting edits that start before `floor` their replacement.
    fn decide_before(&mut self, floor: u64) {
        let mut edits = std::mem::take(&mut self.edits);
        for edit in edits.iter_mut().take_while(|edit| edit.finding.start < floor) {
            if let Change::Waits { value, operator, position } = &mut edit.change {
                let (value, operator, position) = (std::mem::take(value), *operator, *position);
                let with = self.replacement(&mut edit.finding, &value, operator, position);
                edit.change = Change::With(with);
            }
        }
        self.edits = edits;
    }

    /// Writes replacements before `upto`, with what is kept before them; what is kept behind them is free to follow.
    fn write(&mut self, upto: u64) {
        while let Some(edit) = self.edits.front() {
            let finding = &edit.finding;
            if finding.start >= upto {
                break;
            }
            debug_assert!(!matches!(edit.change, Change::Waits { .. }), "an edit is decided before it is written");
            let start = finding.start;
            self.pass(start);
            let Some(Edit { finding, change }) = self.edits.pop_front() else { break };
            if let Change::With(with) = change {
                self.put(finding, with);
            }
        }
        self.free = self.free.max(upto);
    }

    fn put(&mut self, finding: Finding, with: Bytes) {
        self.swallow(finding.end);
        self.stats.written += with.len() as u64;
        self.stats.bytes_out += with.len() as u64;
        *self.stats.findings.entry(finding.kind).or_default() += 1;
        self.segments.push_back(Segment::Replace { finding, with: Clean::mint(with) });
    }

    /// Keeps the bytes before `upto`.
    fn pass(&mut self, upto: u64) {
        while self.released < upto {
            let Some(kept) = self.next_bytes(upto) else { break };
            self.stats.kept += kept.len() as u64;
            self.stats.bytes_out += kept.len() as u64;
            self.segments.push_back(Segment::Keep(Clean::mint(kept)));
        }
    }

    /// Drops the bytes before `upto`.
    fn swallow(&mut self, upto: u64) {
        while self.released < upto {
            let Some(gone) = self.next_bytes(upto) else { break };
            self.stats.replaced += gone.len() as u64;
        }
        // What was swallowed has left, whatever is still undecided inside it.
        self.settled = self.settled.max(self.released);
    }

    fn next_bytes(&mut self, upto: u64) -> Option<Bytes> {
        let want = usize::try_from(upto - self.released).unwrap_or(usize::MAX);
        let bytes = if self.held.is_empty() {
            let len = want.min(self.chunk.len());
            self.chunk.split_to(len)
        } else {
            let len = want.min(self.held.len());
            self.held.split_to(len).freeze()
        };
        self.released += bytes.len() as u64;
        (!bytes.is_empty()).then_some(bytes)
    }

    fn operator(&self, kind: Kind) -> Operator {
        self.place.rule.map_or_else(|| self.rules.operator(kind), |(operator, _)| operator)
    }

    /// Queues the replacement of the text from `start` to `end` of the run.
    fn replace(&mut self, found: Candidate, start: u64, end: u64, value: &[u8], operator: Operator) {
        if let Some(reason) = self.rules.allow.allows(value) {
            let reason = Arc::clone(reason);
            if self.counted.contains(&self.spelling.start_of(start)) {
                *self.stats.allowed.entry(reason).or_default() += 1;
            }
            return;
        }
        self.found += 1;
        let mut finding = self.finding(found, start, end, operator);
        let position = self.position();
        let waits = self.holds_records && self.subject.is_none() && operator.needs_subject();
        let change = if waits {
            Change::Waits { value: value.to_vec(), operator, position }
        } else {
            Change::With(self.replacement(&mut finding, value, operator, position))
        };
        self.edits.push_back(Edit { finding, change });
    }

    fn finding(&self, found: Candidate, start: u64, end: u64, operator: Operator) -> Finding {
        Finding {
            start: self.spelling.start_of(start),
            end: self.spelling.end_of(end),
            parts: Vec::new(),
            kind: found.kind,
            detector: usize::from(found.detector),
            confidence: found.confidence,
            reason: found.reason,
            field: self.place.name.clone(),
            operator,
        }
    }

    fn position(&self) -> Position {
        Position {
            slot: self.place.slot,
            delimiter: self.place.delimiter,
            serial: if self.found <= 1 { self.place.replaced_keys } else { 0 },
        }
    }

    /// Applies the operator and spells its answer so that it is valid where it stands.
    fn replacement(&mut self, finding: &mut Finding, value: &[u8], operator: Operator, position: Position) -> Bytes {
        let raw_len = usize::try_from(finding.end - finding.start).unwrap_or(usize::MAX);
        if operator == Operator::Mask || matches!(position.slot, Slot::Fixed(_)) {
            finding.operator = Operator::Mask;
            return encode::mask(position, raw_len);
        }
        let subject = self.subject.as_deref();
        let context = Context { values: &*self.rules.values, keys: self.rules.keys.as_deref(), subject };
        let outcome = operator::apply(operator, finding.kind.id(), value, &context);
        if let Some(reason) = outcome.fallback.filter(|_| self.counted.contains(&finding.start)) {
            *self.stats.fallbacks.entry(reason).or_default() += 1;
        }
        finding.operator = outcome.applied;
        encode::replacement(position, &outcome.bytes, outcome.applied)
    }

    /// A finding that is too long to be held: its replacement must not need its value.
    fn begin(&mut self, found: Candidate, start: u64) {
        let asked = self.operator(found.kind);
        let operator = match asked {
            Operator::Mask | Operator::Drop | Operator::Tag => asked,
            _ => {
                if self.counted.contains(&self.spelling.start_of(start)) {
                    *self.stats.fallbacks.entry(operator::Fallback::TooLong).or_default() += 1;
                }
                Operator::Tag
            }
        };
        self.found += 1;
        let finding = self.finding(found, start, start + 1, operator);
        let position = self.position();
        self.decide_before(u64::MAX);
        self.write(finding.start);
        self.pass(finding.start);
        if operator == Operator::Tag {
            let with = encode::replacement(position, &operator::tag(main_kind(found.kind.id())), operator);
            self.part(with);
        }
        self.endless = Some((finding, position));
    }

    /// The long finding reaches to `end` so far.
    fn extend(&mut self, end: u64) {
        let upto = self.spelling.end_of(end);
        if let Some((finding, position)) = &self.endless
            && finding.operator == Operator::Mask
        {
            let len = usize::try_from(upto.saturating_sub(self.released)).unwrap_or(usize::MAX);
            // A key gets its number once, at its end.
            let part = encode::mask(Position { serial: 0, ..*position }, len);
            self.part(part);
        }
        self.swallow(upto);
    }

    fn finish(&mut self, end: u64) {
        self.extend(end);
        if let Some((mut finding, position)) = self.endless.take() {
            finding.end = self.released;
            let number = if finding.operator == Operator::Mask { encode::mask(position, 0) } else { Bytes::new() };
            self.put(finding, number);
        }
    }

    fn part(&mut self, with: Bytes) {
        if !with.is_empty() {
            self.stats.written += with.len() as u64;
            self.stats.bytes_out += with.len() as u64;
            self.segments.push_back(Segment::Part(Clean::mint(with)));
        }
    }
}

impl Judge for Output {
    fn raw(&self, offset: u64) -> u64 {
        self.spelling.start_of(offset)
    }

    fn admit(&self, kind: Kind, confidence: u8) -> Option<bool> {
        let unseen = self.place.rule.is_some_and(|(operator, _)| operator == Operator::Keep);
        if unseen || confidence < self.rules.least_confidence || self.rules.is_off(kind) {
            return None;
        }
        Some(self.operator(kind) == Operator::Keep)
    }

    fn take(&mut self, events: &mut Vec<Event>, text: Text<'_>) {
        for event in events.drain(..) {
            match event {
                Event::Found { found, .. } | Event::Begins { found, .. } if self.place.slot == Slot::Number => {
                    self.number.get_or_insert(found);
                }
                Event::Reaches { .. } | Event::Ends { .. } if self.place.slot == Slot::Number => {}
                Event::Found { found, start, end } => {
                    let operator = self.operator(found.kind);
                    self.replace(found, start, end, text.slice(start, end), operator);
                }
                Event::Begins { found, start } => self.begin(found, start),
                Event::Reaches { end } => self.extend(end),
                Event::Ends { end } => self.finish(end),
            }
        }
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Output(released {}, {} bytes held)", self.released, self.held.len())
    }
}
