//! Requests and their answers, as the ledger has them.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use blackbar_engine::{Clean, Mark};
use blackbar_ledger::{Details, Direction, Kind, Leaf, Outcome, Ticket};
use serde_json::{Value, json};

use super::super::retold::Asking;
use super::subjects::SUBJECT;
use super::{Conversation, END_LIVE, Identifier, Record, RecordError, Session, now};

/// Records one request and its answer, or several that follow each other on one connection: each may be asked before those
/// ahead of it are answered, and answers come in the order of the questions. Dropped before the end it says that the
/// answers were interrupted.
pub(crate) struct Recording {
    home: Arc<Conversation>,
    target: String,
    /// `None` once it was given back, or broke.
    session: Option<Session>,
    mode: Record,
    /// The last ticket that nobody has waited for yet, with how much of the answer is on disk once it is done.
    flight: Option<(Ticket, u64)>,
    /// Since when it is waited for.
    waiting_since: Option<Instant>,
    /// Something was gathered that no ticket is for.
    loose: bool,
    /// Bytes of the answer: recorded, on disk, released to the client.
    gathered: u64,
    durable: u64,
    released: u64,
    /// Since when bytes are out that are not on disk.
    ahead_since: Option<Instant>,
    status: Option<u16>,
    /// How many identifiers were replaced, by kind, and how many left as they were.
    found: BTreeMap<String, u64>,
    passed: BTreeMap<String, u64>,
    /// What would have been replaced where it is only observed.
    would: BTreeMap<String, u64>,
    /// Where what was replaced stands in the answer; told in pieces.
    places: Vec<Value>,
    /// What was asked and not answered yet, in order: the number of each, and when it began.
    open: VecDeque<(u64, Instant)>,
    /// How much had been gathered when the answer began that is being gathered.
    before: u64,
    /// What holds a request, with its number, until it is told what became of it.
    held: Option<(u64, Details)>,
    /// See [`Recording::in_answer`].
    about_front: bool,
}

/// How far an answer may be ahead of its record.
const AHEAD: u64 = 64 << 10;
const AHEAD_FOR: Duration = Duration::from_millis(20);
/// An answer that need not wait waits here all the same: queues are finite. While the disk is busy it waits as others do.
const AHEAD_ASYNC: u64 = 4 << 20;
/// What may be gathered while the disk is busy; the less, the more others wait for it too.
const ROOM: u64 = 1 << 20;
const LITTLE_ROOM: u64 = 64 << 10;
const BUSY: usize = 8 << 20;
/// So much is worth a block of its own while more is coming.
const BLOCK: u64 = 64 << 10;
const MOST_PLACES: usize = 500;
const LONGEST_QUESTION: usize = 64 << 10;

impl Recording {
    pub(super) fn new(home: Arc<Conversation>, mut session: Session, mode: Record) -> Self {
        session.exchanges += 1;
        let open = VecDeque::from([(session.exchanges, Instant::now())]);
        home.recorder.metrics.request_begins();
        Self {
            home,
            target: session.who.target.clone(),
            session: Some(session),
            mode,
            flight: None,
            waiting_since: None,
            loose: false,
            gathered: 0,
            durable: 0,
            released: 0,
            ahead_since: None,
            status: None,
            found: BTreeMap::new(),
            passed: BTreeMap::new(),
            would: BTreeMap::new(),
            places: Vec::new(),
            open,
            before: 0,
            held: None,
            about_front: false,
        }
    }

    /// Begins another request, behind those that wait for their answers.
    pub(crate) fn another(&mut self) -> Result<(), RecordError> {
        self.tell_held()?;
        let session = self.session.as_mut().ok_or(RecordError::Stopped)?;
        session.exchanges += 1;
        self.open.push_back((session.exchanges, Instant::now()));
        self.home.recorder.metrics.request_begins();
        self.home.recorder.state()
    }

    /// What was asked: redacted content for the recording, facts without content for the log. `original` is committed to
    /// under the session's key, and not kept.
    pub(crate) fn request(&mut self, content: &Value, facts: Details, original: &[u8]) -> Result<(), RecordError> {
        let number = self.number();
        let mut line = content.to_string();
        // One more member of an object that has some.
        if line.len() > 2 && line.ends_with('}') {
            line.truncate(line.len() - 1);
            line.push_str(&format!(r#","exchange":{number}}}"#));
        }
        self.write(|session| {
            let facts =
                facts.number("exchange", number).text("commitment", session.writer.commitment("request", original));
            session.writer.request(line.as_bytes(), facts, now())
        })
    }

    /// What policy was asked about it, for the encrypted recording: so that other policies can be asked the same.
    pub(in crate::gate) fn asked(&mut self, asking: &Asking<'_>) -> Result<(), RecordError> {
        let number = self.number();
        let session = self.session.as_mut().ok_or(RecordError::Stopped)?;
        // Statements are repeated more often than not.
        let again = session.asked.as_ref().filter(|(_, parts)| parts == asking.parts()).map(|(number, _)| *number);
        let note = asking.note(number, again);
        let text = note.to_string();
        let is_kept = text.len() <= LONGEST_QUESTION;
        if again.is_none() {
            session.asked = is_kept.then(|| (number, asking.parts().to_vec()));
        }
        // What is longer than any statement of people is not worth its room.
        let text = if is_kept { text } else { json!({ "exchange": number, "policy": "too long" }).to_string() };
        self.block(Direction::Note, text.as_bytes())
    }

    /// What was decided about it.
    pub(crate) fn decided(&mut self, kind: Kind, outcome: Outcome, details: Details) -> Result<(), RecordError> {
        if !self.about_front {
            self.held = None;
        }
        self.home.recorder.metrics.decided(&self.target, kind);
        let leaf = Leaf::new(kind).outcome(outcome).details(details.number("exchange", self.number()));
        self.write(|session| session.writer.event_before_notes(leaf, now()))
    }

    /// What was decided about the answer that is on its way.
    pub(crate) fn about_answer(&mut self, kind: Kind, outcome: Outcome, details: Details) -> Result<(), RecordError> {
        self.in_answer(|recording| recording.decided(kind, outcome, details))
    }

    /// Records something about the answer that is on its way, rather than about what was asked last.
    pub(crate) fn in_answer<T>(&mut self, record: impl FnOnce(&mut Self) -> T) -> T {
        self.about_front = true;
        let done = record(self);
        self.about_front = false;
        done
    }

    /// It is held, and more will be decided. If not, the end says at least this.
    pub(crate) fn undecided(&mut self, details: Details) {
        self.held = Some((self.number(), details));
    }

    /// Whether somebody has ended the connection that it belongs to.
    pub(crate) fn is_ended(&self) -> bool {
        self.home.is_ended()
    }

    /// The session that it is recorded in.
    pub(crate) fn session(&self) -> Option<String> {
        self.session.as_ref().map(|session| session.writer.id().to_string())
    }

    /// Waits until all so far is on disk, if it has to be: then the upstream may be asked.
    pub(crate) async fn settle(&mut self) -> Result<(), RecordError> {
        if !self.settles() {
            return Ok(());
        }
        self.seal()?;
        std::future::poll_fn(|cx| self.poll_flight(cx)).await
    }

    /// How the answer begins, as the client gets it.
    pub(crate) fn head(&mut self, status: u16, headers: &[(&str, &[u8])]) -> Result<(), RecordError> {
        self.status = Some(status);
        let headers: Vec<Value> =
            headers.iter().map(|(name, value)| json!([name, String::from_utf8_lossy(value)])).collect();
        self.note(json!({ "exchange": self.number(), "status": status, "headers": headers }))
    }

    /// An answer that the gateway gives itself, whole. Waits as for one of the upstream.
    pub(crate) async fn own_answer(
        &mut self,
        status: u16,
        headers: &[(&str, &[u8])],
        body: &[u8],
        outcome: Outcome,
    ) -> Result<(), RecordError> {
        self.head(status, headers)?;
        self.gather(body)?;
        self.released = self.gathered;
        self.end(outcome, None)?;
        self.settle().await
    }

    /// These bytes of the answer are to leave.
    pub(crate) fn delivered(&mut self, bytes: &Clean) -> Result<(), RecordError> {
        if self.home.recorder.room.load(Ordering::Acquire) == END_LIVE {
            return Err(RecordError::Full);
        }
        self.gather(bytes.as_bytes())
    }

    /// The next `length` bytes of the answer take the place of this identifier, or are it.
    pub(crate) fn replaced(
        &mut self,
        identifier: &Identifier,
        detector: &str,
        length: usize,
    ) -> Result<(), RecordError> {
        self.found(identifier);
        if identifier.passed {
            return Ok(());
        }
        self.places.push(json!([self.gathered - self.before, length, identifier.kind.id(), detector]));
        if self.places.len() >= MOST_PLACES { self.tell_places() } else { Ok(()) }
    }

    /// This identifier was found in what comes next.
    pub(crate) fn found(&mut self, identifier: &Identifier) {
        let counts = if identifier.passed { &mut self.passed } else { &mut self.found };
        match counts.get_mut(identifier.kind.id()) {
            Some(count) => *count += 1,
            None => _ = counts.insert(identifier.kind.id().to_owned(), 1),
        }
        if let Some(session) = &mut self.session {
            session.subjects.found(identifier);
        }
    }

    /// What comes next is data of somebody with this mark.
    pub(crate) fn subject(&mut self, mark: Mark) {
        if let Some(session) = &mut self.session {
            session.subjects.found(&Identifier { kind: SUBJECT, passed: false, mark: Some(mark) });
        }
    }

    /// An identifier of this kind passes as it is, and would not have without observing.
    pub(crate) fn would_replace(&mut self, kind: &str) {
        *self.would.entry(kind.to_owned()).or_default() += 1;
    }

    /// Whether more may be gathered before the disk is waited for.
    pub(crate) fn has_room(&self) -> bool {
        let room = if self.is_busy() { LITTLE_ROOM } else { ROOM };
        self.gathered - self.released < room
    }

    /// Whether what was gathered is worth a block by itself.
    pub(crate) fn has_block(&self) -> bool {
        self.flight.is_none() && self.loose && self.gathered - self.durable >= BLOCK
    }

    /// Whether something waits for a ticket.
    pub(crate) fn is_loose(&self) -> bool {
        self.flight.is_none() && self.loose
    }

    /// Sends what was gathered to the disk.
    pub(crate) fn seal(&mut self) -> Result<(), RecordError> {
        if !self.loose {
            return Ok(());
        }
        self.write(|session| session.writer.seal(now()))
    }

    /// Ready when nothing that was sent to the disk is on its way.
    pub(crate) fn poll_flight(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), RecordError>> {
        let Some((ticket, upto)) = &mut self.flight else { return Poll::Ready(Ok(())) };
        match Pin::new(ticket).poll(cx) {
            Poll::Pending => {
                self.waiting_since.get_or_insert_with(Instant::now);
                Poll::Pending
            }
            Poll::Ready(Err(error)) => {
                // Nothing of what is in doubt is passed on, now or later.
                self.session = None;
                Poll::Ready(Err(RecordError::from(&error)))
            }
            Poll::Ready(Ok(())) => {
                self.durable = *upto;
                self.flight = None;
                if let Some(since) = self.waiting_since.take() {
                    self.home.recorder.metrics.waited(since.elapsed());
                }
                if self.durable >= self.released {
                    self.ahead_since = None;
                }
                Poll::Ready(Ok(()))
            }
        }
    }

    /// Lets the next `length` bytes leave, if their record is as safe as the target asks for.
    pub(crate) fn release(&mut self, length: usize) -> Result<bool, RecordError> {
        let upto = self.released + length as u64;
        let may = match self.mode {
            Record::Strict => upto <= self.durable,
            Record::Bounded => {
                let in_time = self.ahead_since.is_none_or(|since| since.elapsed() < AHEAD_FOR);
                upto <= self.durable || (upto <= self.durable + AHEAD && in_time)
            }
            Record::Async => upto <= self.durable + AHEAD || (upto <= self.durable + AHEAD_ASYNC && !self.is_busy()),
        };
        if may {
            // What runs ahead is at least on its way to the disk.
            if upto > self.durable {
                if self.is_loose() {
                    self.seal()?;
                }
                self.ahead_since.get_or_insert_with(Instant::now);
            }
            self.released = upto;
        }
        Ok(may)
    }

    /// Ends the first answer that has not ended. `counts`: bytes of the upstream that were read, and how many of them were
    /// replaced.
    pub(crate) fn end(&mut self, outcome: Outcome, counts: Option<(u64, u64)>) -> Result<(), RecordError> {
        let Some((number, begun)) = self.open.front().copied() else { return Ok(()) };
        // Answers to earlier requests end while a later one is held.
        if self.held.as_ref().is_some_and(|(held, _)| *held == number) {
            self.tell_held()?;
        }
        self.tell_places()?;
        self.open.pop_front();
        let metrics = Arc::clone(&self.home.recorder.metrics);
        metrics.requests_end(1);
        let complete = outcome == Outcome::Success;
        let bytes = self.gathered - self.before;
        self.before = self.gathered;
        let found = std::mem::take(&mut self.found);
        metrics.request_ended(&self.target, outcome, begun.elapsed(), counts.map_or(0, |(read, _)| read), bytes);
        for (kind, count) in &found {
            metrics.found(&self.target, kind, *count);
        }
        let passed = std::mem::take(&mut self.passed);
        let mut end = json!({ "exchange": number, "end": outcome.text(), "complete": complete, "bytes": bytes, "replaced": found });
        if let Some(end) = end.as_object_mut().filter(|_| !passed.is_empty()) {
            end.insert("passed".to_owned(), json!(passed));
        }
        self.note(end)?;
        let micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        let mut details = Details::new()
            .number("exchange", number)
            .number("bytes", bytes)
            .number("micros", micros)
            .counts("replaced", found);
        if !passed.is_empty() {
            details = details.counts("passed", passed);
        }
        if !self.would.is_empty() {
            details = details.counts("would_replace", std::mem::take(&mut self.would));
        }
        if let Some(status) = self.status.take() {
            details = details.number("status", status.into());
        }
        if let Some((read, replaced)) = counts {
            details = details.number("bytes_read", read).number("bytes_replaced", replaced);
        }
        self.write(|session| session.writer.response(outcome, details, now()))
    }

    /// The most bytes of the answer that were held back, for the count.
    pub(crate) fn held_back(&self, bytes: u64) {
        self.home.recorder.metrics.held_back(bytes);
    }

    /// The longest that something of the answer was here, for the count.
    pub(crate) fn delayed(&self, longest: Duration) {
        self.home.recorder.metrics.delayed(longest);
    }

    /// Why it could not be recorded.
    pub(crate) fn why_unrecorded(&self) -> RecordError {
        self.home.recorder.state().err().unwrap_or(RecordError::Stopped)
    }

    /// Whether a request waits for the disk: if the target asks for it, or if so much waits already that only waiting makes
    /// it less. Whoever asks quickly is slowed down, long before anybody has to be refused.
    pub(crate) fn settles(&self) -> bool {
        self.mode != Record::Async || self.is_busy()
    }

    /// Whether much waits for the disk.
    fn is_busy(&self) -> bool {
        self.home.recorder.ledger.backlog() > BUSY
    }

    /// Whether something may leave whose record is still on its way to the disk.
    pub(crate) const fn may_run_ahead(&self) -> bool {
        !matches!(self.mode, Record::Strict)
    }

    /// Whether every answer has ended.
    pub(crate) fn is_over(&self) -> bool {
        self.open.is_empty()
    }

    /// That a request is held, where nobody has said more about it.
    fn tell_held(&mut self) -> Result<(), RecordError> {
        let Some((_, held)) = self.held.take() else { return Ok(()) };
        self.decided(Kind::DecisionAsked, Outcome::Held, held)
    }

    /// The number of the request that is being asked.
    fn number(&self) -> u64 {
        let about = if self.about_front { self.open.front() } else { self.open.back() };
        about.map_or(0, |(number, _)| *number)
    }

    fn tell_places(&mut self) -> Result<(), RecordError> {
        if self.places.is_empty() {
            return Ok(());
        }
        let places = std::mem::take(&mut self.places);
        let number = self.open.front().map_or(0, |(number, _)| *number);
        self.note(json!({ "exchange": number, "replaced_at": places }))
    }

    /// Whose data is in what is on its way to the disk.
    fn tell_subjects(&mut self) -> Result<(), RecordError> {
        let number = self.open.front().map_or(0, |(number, _)| *number);
        let note = self.session.as_mut().and_then(|session| session.subjects.note(number));
        note.map_or(Ok(()), |note| self.note(note))
    }

    /// Something for the encrypted recording only.
    pub(crate) fn note(&mut self, note: Value) -> Result<(), RecordError> {
        self.block(Direction::Note, note.to_string().as_bytes())
    }

    fn gather(&mut self, bytes: &[u8]) -> Result<(), RecordError> {
        self.block(Direction::ToClient, bytes)?;
        self.gathered += bytes.len() as u64;
        Ok(())
    }

    fn block(&mut self, direction: Direction, bytes: &[u8]) -> Result<(), RecordError> {
        let session = self.session.as_mut().ok_or(RecordError::Stopped)?;
        let recorded = session.writer.response_block(direction, bytes, now());
        self.loose = true;
        self.checked(recorded)
    }

    /// Records something that seals what was gathered before.
    fn write(
        &mut self,
        write: impl FnOnce(&mut Session) -> blackbar_ledger::Result<Ticket>,
    ) -> Result<(), RecordError> {
        self.tell_subjects()?;
        let session = self.session.as_mut().ok_or(RecordError::Stopped)?;
        let written = write(session);
        let ticket = self.checked(written)?;
        // A later ticket stands for all before it.
        self.flight = Some((ticket, self.gathered));
        // Notes may be left, which go with what comes next; who waits for the disk waits for them too.
        let left = self.session.as_ref().is_some_and(|session| session.writer.gathered() > 0);
        self.loose = left && self.mode != Record::Async;
        Ok(())
    }

    fn checked<T>(&mut self, result: blackbar_ledger::Result<T>) -> Result<T, RecordError> {
        result.map_err(|error| {
            // A session with a gap is worth nothing: it ends here, as interrupted.
            self.session = None;
            RecordError::from(&error)
        })
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        while !self.open.is_empty() {
            if self.end(Outcome::Interrupted, None).is_err() {
                self.home.recorder.metrics.requests_end(self.open.len());
                self.open.clear();
            }
        }
        if let Some(session) = self.session.take() {
            self.home.give_back(session);
        }
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recording({:?}, {} bytes, {} on disk)", self.mode, self.gathered, self.durable)
    }
}
