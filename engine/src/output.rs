//! From settled findings to segments: kept bytes are slices of the input, findings become replacements.
//!
//! Everything here is in order of the input. A run's findings arrive as offsets of its decoded text and are mapped back
//! to the raw bytes that spell them. Where several runs are open at a time, findings arrive in any order and wait for
//! the earliest byte that is undecided in any run.

use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use bytes::{Buf as _, Bytes, BytesMut};

use crate::finding::{Finding, MOST_PARTS, Segment};
use crate::lens::Format;
use crate::lens::encode::{self, Around, Position};
use crate::operator::{self, Context, Operator, main_kind};
use crate::plans::Plans;
use crate::profile::Rules;
use crate::resolve::{Candidate, Event, Text};
use crate::run::{Judge, SMALL};
use crate::spelling::Spelling;
use crate::stats::Stats;
use crate::{Clean, Kind, Mark, Slot};

/// How long a record is held to learn whose data it is.
pub(crate) const RECORD_WINDOW: u64 = 64 * 1024;

/// So many marks wait for somebody to ask; more than a step through the input can meet.
const MOST_SUBJECTS: usize = 16_384;

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
    /// The places of other formats that the format of this one lies in.
    pub(crate) around: Around,
}

/// A change of the input from `start` to `end`, on its way out.
struct Edit {
    start: u64,
    end: u64,
    /// Told of with this change; of further pieces of a finding there is nothing to tell.
    finding: Option<Finding>,
    change: Change,
}

enum Change {
    /// The replacement is known.
    With(Bytes),
    /// It waits for the subject of the record.
    Waits { value: Vec<u8>, operator: Operator, position: Position },
    /// None: the finding's pieces were changed before.
    Told,
}

/// A finding too long to be held, in a stream of several runs: its pieces are cut as they come.
struct Long {
    finding: Finding,
    position: Position,
    /// How much of the run has been cut.
    reached: u64,
    parts: Vec<(u64, u64)>,
}

/// What belongs to a run while another one is being read.
#[derive(Default)]
pub(crate) struct Thread {
    place: Place,
    spelling: Spelling,
    found: u32,
    number: Option<Candidate>,
    long: Option<Box<Long>>,
    own_memory: bool,
    gone: u64,
}

pub(crate) struct Output {
    rules: Arc<Rules>,
    /// Whether they keep some kind.
    keeps: bool,
    plans: Plans,
    pub(crate) stats: Stats,
    pub(crate) place: Place,
    pub(crate) spelling: Spelling,
    /// Findings of the current run so far.
    pub(crate) found: u32,
    /// Findings of a number, which is replaced as a whole.
    number: Option<Candidate>,
    edits: VecDeque<Edit>,
    /// A finding that is too long to be held and not over yet, where one run follows the other.
    endless: Option<Box<(Finding, Position)>>,
    /// The same where several runs are open.
    long: Option<Box<Long>>,
    /// Whether several runs may be open at a time.
    interleaved: bool,
    /// Whether texts go on from record to record.
    stream: bool,
    /// In how many other inputs this one was packed.
    pub(crate) packing: u8,
    document: Arc<str>,
    /// The first byte that is undecided in a run which is not the current one.
    pub(crate) floor: u64,
    /// The current run has an entity memory of its own, which goes by offsets of its text.
    pub(crate) own_memory: bool,
    /// Raw bytes of the current run before here go with its findings so far. The next one may begin further back: one
    /// encoded word spells several.
    gone: u64,
    segments: VecDeque<Segment>,
    held: BytesMut,
    chunk: Bytes,
    /// Offset in the input of the first byte of `held`, then of `chunk`.
    released: u64,
    /// Marks of the subjects of care that were met, until somebody asks for them.
    pub(crate) subjects: Vec<Mark>,
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
    /// Gives back room that is not in use.
    pub(crate) fn rest(&mut self) {
        self.edits.shrink_to_fit();
        self.segments.shrink_to_fit();
        self.subjects.shrink_to_fit();
        self.plans.rest(&mut self.stats);
    }

    pub(crate) fn new(rules: Arc<Rules>, window: usize, format: Format, document: &str, at: u64) -> Self {
        let structured = format.has_subjects();
        let holds_records = structured && rules.needs_subject() && !rules.subject.is_empty();
        let window = window as u64 + if holds_records { RECORD_WINDOW } else { 0 };
        let subject = (!structured && rules.needs_subject()).then(|| document.as_bytes().to_vec());
        Self {
            keeps: rules.default == Operator::Keep || rules.kinds.iter().any(|(_, kept)| *kept == Operator::Keep),
            rules,
            plans: Plans::default(),
            stats: Stats { window, ..Stats::default() },
            place: Place::default(),
            spelling: Spelling::default(),
            found: 0,
            number: None,
            edits: VecDeque::new(),
            endless: None,
            long: None,
            interleaved: format.is_interleaved(),
            stream: format.is_stream(),
            packing: 0,
            document: document.into(),
            floor: u64::MAX,
            own_memory: false,
            gone: 0,
            segments: VecDeque::new(),
            held: BytesMut::new(),
            chunk: Bytes::new(),
            released: at,
            subjects: Vec::new(),
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

    pub(crate) fn shared_rules(&self) -> Arc<Rules> {
        Arc::clone(&self.rules)
    }

    pub(crate) fn document(&self) -> &str {
        &self.document
    }

    pub(crate) fn is_stream(&self) -> bool {
        self.stream
    }

    /// What becomes of findings of this kind.
    pub(crate) fn operator(&self, kind: Kind) -> Operator {
        self.rules.operator(kind)
    }

    /// Whether findings of this kind are replaced.
    pub(crate) fn counts(&self, kind: Kind) -> bool {
        !self.rules.is_off(kind) && self.operator(kind) != Operator::Keep
    }

    /// Whether the current run may lie in pieces: texts in markup go on behind tags.
    fn is_parted(&self) -> bool {
        self.interleaved || matches!(self.place.slot, Slot::Markup(_))
    }

    /// Counts what was done in an input that was packed in this one, at `at`.
    pub(crate) fn count_packed(&mut self, inner: &Stats, at: u64) {
        self.stats.copied += inner.copied + inner.bytes_in;
        if self.counted.contains(&at) {
            let Stats { allowed, fallbacks, kept_fields, .. } = inner.clone();
            self.stats.merge(&Stats { allowed, fallbacks, kept_fields, ..Stats::default() });
        }
    }

    /// Queues a change of what was packed, for one place of which all `findings` are.
    pub(crate) fn replace_packed(
        &mut self,
        (start, end): (u64, u64),
        place: &Place,
        with: &[u8],
        findings: Vec<Finding>,
    ) {
        let position = Position { slot: place.slot, delimiter: place.delimiter, around: place.around, serial: 0 };
        let with = encode::replacement(position, with, Operator::Keep);
        let mut change = Some(Change::With(with));
        for finding in findings {
            self.queue(Edit { start, end, finding: Some(finding), change: change.take().unwrap_or(Change::Told) });
        }
        if let Some(change) = change {
            self.queue(Edit { start, end, finding: None, change });
        }
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
        self.gone = 0;
        self.spelling.clear();
    }

    /// Changes what belongs to the current run for what belongs to another.
    pub(crate) fn exchange(&mut self, thread: &mut Thread) {
        std::mem::swap(&mut self.place, &mut thread.place);
        std::mem::swap(&mut self.spelling, &mut thread.spelling);
        std::mem::swap(&mut self.found, &mut thread.found);
        std::mem::swap(&mut self.number, &mut thread.number);
        std::mem::swap(&mut self.long, &mut thread.long);
        std::mem::swap(&mut self.own_memory, &mut thread.own_memory);
        std::mem::swap(&mut self.gone, &mut thread.gone);
    }

    /// The run's last event was taken.
    pub(crate) fn close(&mut self, text: Text<'_>) {
        if let Some(found) = self.number.take() {
            self.replace(found, 0, self.spelling.end(), text.slice(0, text.end()));
        }
    }

    /// The record's subject of care is known.
    pub(crate) fn learn_subject(&mut self, subject: &[u8]) {
        // A reference names the type before the id.
        let id = subject.rsplit(|&byte| byte == b'/').next().unwrap_or(subject).trim_ascii();
        if let Some(marks) = &self.rules.marks
            && let Some(mark) = marks.mark(&*self.rules.values, "other-id", id)
            && self.subjects.last() != Some(&mark)
            && self.subjects.len() < MOST_SUBJECTS
        {
            self.subjects.push(mark);
        }
        if !self.holds_records || self.subject.is_some() {
            return;
        }
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

    /// Bytes before `upto` belong to no finding of the current run that is not known. They leave with the next replacement, or when all
    /// is flushed: many small releases are one slice.
    pub(crate) fn release(&mut self, upto: u64) {
        self.settled = self.settled.max(upto.min(self.floor));
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
        self.plans.tell(&mut self.stats);
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
        if !self.holds_records {
            return;
        }
        let mut edits = std::mem::take(&mut self.edits);
        for edit in edits.iter_mut().take_while(|edit| edit.start < floor) {
            if let (Change::Waits { value, operator, position }, Some(finding)) = (&mut edit.change, &mut edit.finding)
            {
                let (value, operator, position) = (std::mem::take(value), *operator, *position);
                let with = self.replacement(finding, &value, operator, position, edit.start);
                edit.change = Change::With(with);
            }
        }
        self.edits = edits;
    }

    /// Writes replacements before `upto`, with what is kept before them; what is kept behind them is free to follow.
    fn write(&mut self, upto: u64) {
        while let Some(edit) = self.edits.front() {
            if edit.start >= upto {
                break;
            }
            debug_assert!(!matches!(edit.change, Change::Waits { .. }), "an edit is decided before it is written");
            let start = edit.start;
            self.pass(start);
            let Some(Edit { end, finding, change, .. }) = self.edits.pop_front() else { break };
            match (change, finding) {
                (Change::With(with), Some(finding)) => self.put(finding, with),
                (Change::With(with), None) => {
                    self.swallow(end);
                    self.stats.written += with.len() as u64;
                    self.stats.bytes_out += with.len() as u64;
                    self.segments.push_back(Segment::Cut { start, end, with: Clean::mint(with) });
                }
                (_, Some(finding)) => {
                    self.plans.count(finding.kind, &self.rules);
                    self.segments.push_back(Segment::Found(finding));
                }
                (_, None) => {}
            }
        }
        self.free = self.free.max(upto);
    }

    fn put(&mut self, finding: Finding, with: Bytes) {
        self.swallow(finding.first_piece().1);
        self.stats.written += with.len() as u64;
        self.stats.bytes_out += with.len() as u64;
        self.plans.count(finding.kind, &self.rules);
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
            let want = usize::try_from(upto - self.released).unwrap_or(usize::MAX);
            let gone = if self.held.is_empty() {
                let gone = want.min(self.chunk.len());
                self.chunk.advance(gone);
                gone
            } else {
                let gone = want.min(self.held.len());
                self.held.advance(gone);
                gone
            };
            if gone == 0 {
                break;
            }
            self.released += gone as u64;
            self.stats.replaced += gone as u64;
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

    /// Queues the replacement of the text from `start` to `end` of the run.
    fn replace(&mut self, found: Candidate, start: u64, end: u64, value: &[u8]) {
        let operator = found.operator;
        if let Some(reason) = self.rules.allow.allows(value) {
            let reason = Arc::clone(reason);
            if self.counted.contains(&self.spelling.start_of(start)) {
                *self.stats.allowed.entry(reason).or_default() += 1;
            }
            return;
        }
        self.found += 1;
        let mut finding = self.finding(found, start, end, operator);
        let marks = self.rules.marks.as_ref();
        finding.mark = marks.and_then(|marks| marks.mark(&*self.rules.values, finding.kind.id(), value));
        let position = self.position();
        let waits = self.holds_records && self.subject.is_none() && operator.needs_subject();
        if self.is_parted() {
            finding.set_parts(self.spelling.pieces(start, end));
        }
        let from = finding.start.max(self.gone);
        self.gone = finding.end;
        if finding.parts.is_empty() && !waits && self.is_next() {
            // Nothing else waits that may have to leave before it.
            let with = self.replacement(&mut finding, value, operator, position, from);
            self.pass(finding.start);
            self.put(finding, with);
            return;
        }
        let change = if waits {
            Change::Waits { value: value.to_vec(), operator, position }
        } else {
            Change::With(self.replacement(&mut finding, value, operator, position, from))
        };
        for &(start, end) in finding.parts.iter().skip(1) {
            let masked = finding.operator == Operator::Mask;
            let with = if masked { encode::mask(unnumbered(position), length(start, end)) } else { Bytes::new() };
            self.queue(Edit { start, end, finding: None, change: Change::With(with) });
        }
        let (start, end) = finding.first_piece();
        self.queue(Edit { start, end, finding: Some(finding), change });
    }

    /// Whether a finding that is told of now leaves at once: findings come in the order of the input, and no other run or
    /// record holds the output.
    fn is_next(&self) -> bool {
        self.edits.is_empty() && !self.holds_records && !self.is_parted() && self.floor == u64::MAX
    }

    /// Puts an edit in its place: those of one run come in order, those of several do not.
    fn queue(&mut self, edit: Edit) {
        if self.edits.back().is_none_or(|last| last.start <= edit.start) {
            self.edits.push_back(edit);
        } else {
            let at = self.edits.partition_point(|other| other.start <= edit.start);
            self.edits.insert(at, edit);
        }
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
            mark: None,
        }
    }

    fn position(&self) -> Position {
        Position {
            slot: self.place.slot,
            delimiter: self.place.delimiter,
            around: self.place.around,
            serial: if self.found <= 1 { self.place.replaced_keys } else { 0 },
        }
    }

    /// Applies the operator and spells its answer so that it is valid where it stands. Raw bytes of the finding before
    /// `from` went with another.
    fn replacement(
        &mut self,
        finding: &mut Finding,
        value: &[u8],
        operator: Operator,
        position: Position,
        from: u64,
    ) -> Bytes {
        if operator == Operator::Mask || matches!(position.slot, Slot::Fixed(_)) {
            finding.operator = Operator::Mask;
            return encode::mask(position, length(from, finding.first_piece().1));
        }
        if operator == Operator::Tag
            && let Some(tag) = self.plans.tag(finding.kind, position, &self.rules)
        {
            finding.operator = Operator::Tag;
            return tag;
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
        let asked = found.operator;
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
        // A long finding cannot wait for a subject, nor can what stands before it.
        self.decide_before(u64::MAX);
        if self.is_parted() {
            self.long = Some(Box::new(Long { finding, position, reached: start, parts: Vec::new() }));
            return;
        }
        // What begins where it does stands before it in the text, spelt by the same bytes.
        self.write(finding.start + 1);
        self.pass(finding.start);
        if operator == Operator::Tag {
            let with = encode::replacement(position, &operator::tag(main_kind(found.kind.id())), operator);
            self.part(with);
        }
        self.endless = Some(Box::new((finding, position)));
    }

    /// The long finding reaches to `end` so far.
    fn extend(&mut self, end: u64) {
        if self.is_parted() {
            if let Some(long) = self.long.take() {
                self.long = Some(Box::new(self.cut(*long, end)));
            }
            return;
        }
        let upto = self.spelling.end_of(end);
        if let Some((finding, position)) = self.endless.as_deref()
            && finding.operator == Operator::Mask
        {
            let len = usize::try_from(upto.saturating_sub(self.released)).unwrap_or(usize::MAX);
            // A key gets its number once, at its end.
            let part = encode::mask(unnumbered(*position), len);
            self.part(part);
        }
        self.gone = upto;
        self.swallow(upto);
    }

    fn finish(&mut self, end: u64) {
        if self.is_parted() {
            if let Some(long) = self.long.take() {
                let Long { mut finding, parts, .. } = self.cut(*long, end);
                finding.end = self.spelling.end_of(end);
                finding.set_parts(parts);
                // It is told of in the order of ends, behind its last piece.
                let last = finding.end.saturating_sub(1);
                self.queue(Edit { start: last, end: last, finding: Some(finding), change: Change::Told });
            }
            return;
        }
        self.extend(end);
        if let Some((mut finding, position)) = self.endless.take().map(|endless| *endless) {
            finding.end = self.released;
            let number = if finding.operator == Operator::Mask { encode::mask(position, 0) } else { Bytes::new() };
            self.put(finding, number);
        }
    }

    /// Cuts a long finding's pieces as far as `end` of the run.
    fn cut(&mut self, mut long: Long, end: u64) -> Long {
        let operator = long.finding.operator;
        for (start, end) in self.spelling.pieces(long.reached, end) {
            let with = match operator {
                Operator::Mask => encode::mask(unnumbered(long.position), length(start.max(self.gone), end)),
                Operator::Tag if long.parts.is_empty() => {
                    encode::replacement(long.position, &operator::tag(main_kind(long.finding.kind.id())), operator)
                }
                Operator::Drop if long.parts.is_empty() && long.position.slot == (Slot::Line { whole: true }) => {
                    encode::replacement(long.position, b"", operator)
                }
                _ => Bytes::new(),
            };
            let told = long.parts.len();
            match long.parts.last_mut() {
                Some(last) if last.1 == start => last.1 = end,
                _ if told <= MOST_PARTS => long.parts.push((start, end)),
                _ => {}
            }
            self.gone = end;
            self.queue(Edit { start, end, finding: None, change: Change::With(with) });
        }
        long.reached = long.reached.max(end);
        long
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
        if self.own_memory { offset } else { self.spelling.start_of(offset) }
    }

    fn keeps(&self) -> bool {
        self.keeps
    }

    fn admit(&self, kind: Kind, confidence: u8) -> Option<Operator> {
        if confidence < self.rules.least_confidence {
            return None;
        }
        let operator = self.plans.operator(kind, &self.rules)?;
        match self.place.rule {
            Some((Operator::Keep, _)) => None,
            Some((ruled, _)) => Some(ruled),
            None => Some(operator),
        }
    }

    fn take(&mut self, events: &mut Vec<Event>, text: Text<'_>) {
        for event in events.drain(..) {
            match event {
                Event::Found { found, .. } | Event::Begins { found, .. } if self.place.slot.is_number() => {
                    self.number.get_or_insert(found);
                }
                Event::Reaches { .. } | Event::Ends { .. } if self.place.slot.is_number() => {}
                Event::Found { found, start, end } => {
                    self.replace(found, start, end, text.slice(start, end));
                }
                Event::Begins { found, start } => self.begin(found, start),
                Event::Reaches { end } => self.extend(end),
                Event::Ends { end } => self.finish(end),
            }
        }
    }
}

fn length(start: u64, end: u64) -> usize {
    usize::try_from(end.saturating_sub(start)).unwrap_or(usize::MAX)
}

/// Keys are numbered once, where the replacement begins.
fn unnumbered(position: Position) -> Position {
    Position { serial: 0, ..position }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Output(released {}, {} bytes held)", self.released, self.held.len())
    }
}
