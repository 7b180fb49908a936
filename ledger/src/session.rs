//! What one session records.

use std::fmt;

use crate::error::{Error, Result};
use crate::hash::Hash;
use crate::ids::{SessionId, random};
use crate::journal::Entry;
use crate::leaf::{BlockRef, Details, Kind, Leaf, Outcome, Place};
use crate::ledger::Ledger;
use crate::queue::{Pending, Ticket};
use crate::seal::Secret;
use crate::segment::{Direction, MAX_BLOCK, SegmentWriter, encode_record};
use crate::state::Fact;
use crate::time::Time;

/// How many bytes of one stream are gathered before they are sealed without being asked to.
const BLOCK: usize = 256 * 1024;

/// How many blocks may have no leaf that names them while their answer goes on.
const MOST_UNNAMED: usize = 16;

/// Who begins a session with what.
#[derive(Clone, Debug)]
pub struct SessionOpen {
    id: Option<SessionId>,
    subject: String,
    target: String,
    details: Details,
}

impl SessionOpen {
    /// A session of a subject with a target.
    #[must_use]
    pub fn new(subject: impl Into<String>, target: impl Into<String>) -> Self {
        Self { id: None, subject: subject.into(), target: target.into(), details: Details::new() }
    }

    /// With this name; else with a new one.
    #[must_use]
    pub fn id(self, id: SessionId) -> Self {
        Self { id: Some(id), ..self }
    }

    /// From where, with which credential, under which policy.
    #[must_use]
    pub fn details(self, details: Details) -> Self {
        Self { details, ..self }
    }
}

/// Records one session: what was asked, what was answered, what was decided.
///
/// Content goes into encrypted blocks, facts into leaves. Each leaf of a session names all blocks before it, and the leaf
/// before it, so that nothing can be left out of the middle. Dropped without [`SessionWriter::close`] it ends as
/// interrupted. After an error nothing more can be recorded: end the session.
pub struct SessionWriter {
    ledger: Ledger,
    id: SessionId,
    subject: String,
    target: String,
    key: Secret,
    commit_key: Secret,
    started: Time,
    latest: Time,
    next_seq: u64,
    prev: Hash,
    next_record: u64,
    /// Records that are not sealed yet, by direction.
    blocks: [Vec<u8>; 3],
    segment: Option<SegmentWriter>,
    next_segment: u32,
    unnamed: Vec<BlockRef>,
    frames: u64,
    /// Frames that go to the disk with the next leaf or the next ticket.
    sealed: Vec<(Pending, BlockRef)>,
    usable: bool,
    closed: bool,
}

impl SessionWriter {
    pub(crate) fn begin(ledger: &Ledger, open: SessionOpen, now: Time) -> Result<(Self, Ticket)> {
        let started = ledger.stamp(now);
        let id = match open.id {
            Some(id) => id,
            None => SessionId::new(started)?,
        };
        let (key, slot) = ledger.shared.keys.create(id, started)?;
        let details = open.details.text("key", slot.month.as_str());
        let leaf = Leaf::new(Kind::SessionOpen).subject(open.subject.as_str()).target(open.target.as_str());
        let place = Place { session: id, seq: 0, prev: None, blocks: &[] };
        let key_entry = Pending { entry: Entry::Key(slot), fact: Fact::None };
        let (ticket, prev) = ledger.append_leaf(leaf.details(details), Some(place), started, vec![key_entry])?;
        let this = Self {
            ledger: ledger.clone(),
            id,
            subject: open.subject,
            target: open.target,
            commit_key: key.derive(&[b"blackbar commit 1"]),
            key,
            started,
            latest: started,
            next_seq: 1,
            prev,
            next_record: 0,
            blocks: Default::default(),
            segment: None,
            next_segment: 0,
            unnamed: Vec::new(),
            frames: 0,
            sealed: Vec::new(),
            usable: true,
            closed: false,
        };
        Ok((this, ticket))
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> SessionId {
        self.id
    }

    /// Something that leaves may hold in place of a value: to who has the session's key it proves that the value was this
    /// one; to anybody else it says nothing, and after the session was erased to nobody.
    #[must_use]
    pub fn commitment(&self, label: &str, value: &[u8]) -> String {
        self.commit_key.commit(label, value).to_string()
    }

    /// Records a request with its leaf. Once the ticket is done, it may go to the upstream.
    ///
    /// # Errors
    ///
    /// When the ledger stopped, the queue is full, or the leaf is too large; so for all methods here.
    pub fn request(&mut self, content: &[u8], details: Details, now: Time) -> Result<Ticket> {
        self.gather(Direction::ToUpstream, content, now)?;
        self.seal_all(now)?;
        self.leaf(Leaf::new(Kind::Request).details(details), now)
    }

    /// Gathers content that goes one way. Seals it when a block is full; [`SessionWriter::seal`] does so earlier.
    ///
    /// # Errors
    ///
    /// See [`SessionWriter::request`].
    pub fn response_block(&mut self, direction: Direction, content: &[u8], now: Time) -> Result<()> {
        self.gather(direction, content, now)?;
        if self.block(direction).len() >= BLOCK {
            self.seal_one(direction, now)?;
            if self.unnamed.len() + self.sealed.len() >= MOST_UNNAMED {
                drop(self.leaf(Leaf::new(Kind::Blocks), now)?);
            } else {
                drop(self.append_sealed()?);
            }
        }
        Ok(())
    }

    /// How many bytes are gathered and not sealed.
    #[must_use]
    pub fn gathered(&self) -> usize {
        self.blocks.iter().map(Vec::len).sum()
    }

    /// Seals what is gathered. Once the ticket is done, all content so far is on disk, and may leave.
    ///
    /// While a ticket is waited for, gather more: blocks then grow as the disk needs, and the disk is asked less often.
    ///
    /// # Errors
    ///
    /// See [`SessionWriter::request`].
    pub fn seal(&mut self, now: Time) -> Result<Ticket> {
        self.seal_all(now)?;
        if self.unnamed.len() + self.sealed.len() >= MOST_UNNAMED {
            return self.leaf(Leaf::new(Kind::Blocks), now);
        }
        self.append_sealed()
    }

    /// Ends an answer: seals what is gathered and records its leaf.
    ///
    /// # Errors
    ///
    /// See [`SessionWriter::request`].
    pub fn response(&mut self, outcome: Outcome, details: Details, now: Time) -> Result<Ticket> {
        self.event(Leaf::new(Kind::Response).outcome(outcome).details(details), now)
    }

    /// Records any other leaf as part of the session: a decision, a finding, an error.
    ///
    /// # Errors
    ///
    /// See [`SessionWriter::request`].
    pub fn event(&mut self, leaf: Leaf, now: Time) -> Result<Ticket> {
        self.seal_all(now)?;
        self.leaf(leaf, now)
    }

    /// The same, but leaves gathered notes gathered where nothing else is: they go to the disk with the next leaf or with
    /// [`SessionWriter::seal`], in one block with the notes that come until then. [`SessionWriter::gathered`] tells of them.
    ///
    /// # Errors
    ///
    /// See [`SessionWriter::request`].
    pub fn event_before_notes(&mut self, leaf: Leaf, now: Time) -> Result<Ticket> {
        let notes = self.block(Direction::Note).len();
        if self.gathered() > notes {
            return self.event(leaf, now);
        }
        self.leaf(leaf, now)
    }

    /// Ends the session.
    ///
    /// # Errors
    ///
    /// See [`SessionWriter::request`].
    pub fn close(mut self, outcome: Outcome, details: Details, now: Time) -> Result<Ticket> {
        self.seal_all(now)?;
        self.close_leaf(outcome, details, now)
    }

    fn close_leaf(&mut self, outcome: Outcome, details: Details, now: Time) -> Result<Ticket> {
        let frames = self.frames + self.sealed.len() as u64;
        let leaf = Leaf::new(Kind::SessionClose).outcome(outcome).details(details.number("frames", frames));
        let ticket = self.leaf(leaf, now)?;
        (self.usable, self.closed) = (false, true);
        Ok(ticket)
    }

    fn gather(&mut self, direction: Direction, content: &[u8], now: Time) -> Result<()> {
        self.check()?;
        self.latest = self.latest.max(now);
        let micros = self.latest.micros() - self.started.micros();
        // A record fits into a block, whatever is in it already.
        for part in content.chunks(MAX_BLOCK / 4) {
            if self.block(direction).len() >= MAX_BLOCK / 2 {
                self.seal_one(direction, now)?;
            }
            let number = self.next_record;
            self.next_record += 1;
            encode_record(self.block(direction), number, micros, part);
        }
        Ok(())
    }

    fn seal_all(&mut self, now: Time) -> Result<()> {
        self.check()?;
        Direction::ALL.into_iter().try_for_each(|direction| self.seal_one(direction, now))
    }

    fn seal_one(&mut self, direction: Direction, now: Time) -> Result<()> {
        if self.block(direction).is_empty() {
            return Ok(());
        }
        let records = std::mem::take(self.block(direction));
        let sealed = self.seal_records(direction, &records, now);
        self.usable &= sealed.is_ok();
        // The room stays with the stream that will need it again.
        *self.block(direction) = records;
        self.block(direction).clear();
        sealed
    }

    fn seal_records(&mut self, direction: Direction, records: &[u8], now: Time) -> Result<()> {
        self.latest = self.latest.max(now);
        let options = &self.ledger.shared.options;
        if self.segment.as_ref().is_none_or(|segment| segment.len() >= options.segment_file) {
            let number = self.next_segment;
            self.next_segment += 1;
            let segment = SegmentWriter::new(&self.key, self.id, number, random()?, self.latest, options.compression);
            self.segment = Some(segment);
        }
        let segment = self.next_segment - 1;
        let Some(writer) = &mut self.segment else { return Err(Error::misuse("there is no segment")) };
        let frame = writer.seal(direction, records, self.latest)?;
        let block = BlockRef { segment, frame: frame.frame, hash: frame.hash };
        let fact = Fact::Frame { session: self.id, block };
        let (session, offset, bytes) = (self.id, frame.offset, frame.bytes);
        let entry = Entry::Frame { session, segment, frame: block.frame, offset, bytes };
        self.sealed.push((Pending { entry, fact }, block));
        Ok(())
    }

    /// Queues what is sealed, without a leaf. With nothing sealed the ticket is that of what was queued last.
    fn append_sealed(&mut self) -> Result<Ticket> {
        let (pending, blocks): (Vec<_>, Vec<_>) = std::mem::take(&mut self.sealed).into_iter().unzip();
        let appended = self.ledger.shared.queue.append(pending);
        match &appended {
            Ok(_) => {
                self.frames += blocks.len() as u64;
                self.unnamed.extend(blocks);
            }
            Err(_) => self.usable = false,
        }
        appended
    }

    fn leaf(&mut self, leaf: Leaf, now: Time) -> Result<Ticket> {
        self.check()?;
        self.latest = self.latest.max(now);
        let (pending, sealed): (Vec<_>, Vec<_>) = std::mem::take(&mut self.sealed).into_iter().unzip();
        let blocks: Vec<BlockRef> = self.unnamed.iter().chain(&sealed).copied().collect();
        let leaf = leaf.of_session(&self.subject, &self.target);
        let place = Place { session: self.id, seq: self.next_seq, prev: Some(self.prev), blocks: &blocks };
        let appended = self.ledger.append_leaf(leaf, Some(place), self.latest, pending);
        self.usable &= appended.is_ok();
        let (ticket, hash) = appended?;
        self.unnamed.clear();
        self.frames += sealed.len() as u64;
        self.next_seq += 1;
        self.prev = hash;
        Ok(ticket)
    }

    fn block(&mut self, direction: Direction) -> &mut Vec<u8> {
        let [upstream, client, note] = &mut self.blocks;
        match direction {
            Direction::ToUpstream => upstream,
            Direction::ToClient => client,
            Direction::Note => note,
        }
    }

    fn check(&self) -> Result<()> {
        if self.usable { Ok(()) } else { Err(Error::misuse("the session has ended, or could not be recorded")) }
    }
}

impl Drop for SessionWriter {
    fn drop(&mut self) {
        // Closed: nothing to do. Failed: what was queued still has to be named and the session ended.
        if self.closed {
            return;
        }
        let whole = self.usable && self.seal_all(self.latest).is_ok();
        if !whole {
            self.sealed.clear();
        }
        self.usable = true;
        let _ = self.close_leaf(Outcome::Interrupted, Details::new(), self.latest);
    }
}

impl fmt::Debug for SessionWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionWriter").field("id", &self.id).field("seq", &self.next_seq).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Json;
    use crate::reader::Reader;
    use crate::simulation::{NOW, open, root};
    use crate::vfs::memory::MemoryFs;
    use std::sync::Arc;

    #[test]
    fn handles_may_go_to_other_threads() {
        fn goes<T: Send>() {}
        fn is_shared<T: Send + Sync>() {}
        goes::<SessionWriter>();
        goes::<Ticket>();
        is_shared::<Ledger>();
    }

    #[test]
    fn notes_may_wait_for_the_next_block_and_are_named_there() {
        let fs = MemoryFs::new();
        let ledger = open(&fs).unwrap();
        let (mut session, _) = ledger.session(SessionOpen::new("agent-7", "fhir"), NOW).unwrap();
        let id = session.id();
        let decided = || Leaf::new(Kind::DecisionGranted).outcome(Outcome::Success);
        drop(session.request(b"GET /Patient/7", Details::new(), NOW).unwrap());
        session.response_block(Direction::Note, b"asked", NOW).unwrap();
        drop(session.event_before_notes(decided(), NOW).unwrap());
        assert!(session.gathered() > 0);
        session.response_block(Direction::Note, b"answered", NOW).unwrap();
        drop(session.response(Outcome::Success, Details::new(), NOW).unwrap());
        // Where more than notes is gathered, a leaf stands behind all of it.
        session.response_block(Direction::Note, b"asked again", NOW).unwrap();
        session.response_block(Direction::ToClient, b"row", NOW).unwrap();
        drop(session.event_before_notes(decided(), NOW).unwrap());
        assert_eq!(session.gathered(), 0);
        session.close(Outcome::Success, Details::new(), NOW).unwrap().wait().unwrap();
        ledger.checkpoint().unwrap();

        let reader = Reader::open_at(Arc::new(fs), Some(root()));
        let leaves = reader.session_leaves(id).unwrap();
        let named: Vec<usize> = leaves.iter().map(|(_, leaf)| leaf.blocks().len()).collect();
        assert_eq!(named, [0, 1, 0, 1, 2, 0], "opened, asked, decided, answered, decided, closed");
        let records: Vec<_> = reader.records(id, &NOW.month()).unwrap().map(|record| record.unwrap().bytes).collect();
        assert_eq!(records, [b"GET /Patient/7".as_slice(), b"asked", b"answered", b"asked again", b"row"]);
    }

    #[test]
    fn long_answers_are_named_while_they_go_on_and_come_back_in_order() {
        let fs = MemoryFs::new();
        let ledger = open(&fs).unwrap();
        let (mut session, _) = ledger.session(SessionOpen::new("agent-7", "fhir"), NOW).unwrap();
        let id = session.id();
        let mut sent = Vec::new();
        for chunk in 0..400_u32 {
            let bytes: Vec<u8> = (0..20_000_u32).map(|at| (at.wrapping_mul(chunk) >> 3).to_le_bytes()[0]).collect();
            session.response_block(Direction::ToClient, &bytes, NOW).unwrap();
            if chunk % 50 == 0 {
                session.response_block(Direction::ToUpstream, b"copy data", NOW).unwrap();
                sent.push((Direction::ToUpstream, b"copy data".to_vec()));
                let last = sent.len() - 1;
                sent.insert(last, (Direction::ToClient, bytes));
            } else {
                sent.push((Direction::ToClient, bytes));
            }
        }
        session.close(Outcome::Success, Details::new(), NOW).unwrap().wait().unwrap();
        ledger.checkpoint().unwrap();

        let reader = Reader::open_at(Arc::new(fs), Some(root()));
        let leaves = reader.session_leaves(id).unwrap();
        let kinds: Vec<_> = leaves.iter().filter_map(|(_, leaf)| leaf.kind()).collect();
        assert_eq!(kinds.first(), Some(&Kind::SessionOpen));
        assert_eq!(kinds.last(), Some(&Kind::SessionClose));
        assert!(kinds[1..kinds.len() - 1].iter().all(|kind| *kind == Kind::Blocks) && kinds.len() >= 3, "{kinds:?}");
        let named: usize = leaves.iter().map(|(_, leaf)| leaf.blocks().len()).sum();
        let told = leaves.last().and_then(|(_, leaf)| leaf.detail("frames")).and_then(Json::as_number);
        assert_eq!(told, Some(named as u64));
        let records: Vec<_> = reader.records(id, &NOW.month()).unwrap().map(|record| record.unwrap()).collect();
        assert!(records.iter().map(|record| (record.direction, record.bytes.clone())).eq(sent));
        assert!(records.iter().zip(0..).all(|(record, number)| record.number == number));
    }

    #[test]
    fn a_session_that_is_dropped_ends_as_interrupted() {
        let fs = MemoryFs::new();
        let ledger = open(&fs).unwrap();
        let (mut session, _) = ledger.session(SessionOpen::new("agent-7", "ehr"), NOW).unwrap();
        let id = session.id();
        session.response_block(Direction::ToClient, b"delivered", NOW).unwrap();
        drop(session);
        ledger.checkpoint().unwrap();
        let reader = Reader::open_at(Arc::new(fs), Some(root()));
        let (_, last) = reader.session_leaves(id).unwrap().pop().unwrap();
        assert_eq!((last.kind(), last.outcome()), (Some(Kind::SessionClose), Some("interrupted")));
        assert_eq!(reader.records(id, &NOW.month()).unwrap().next().unwrap().unwrap().bytes, b"delivered");
    }

    #[test]
    fn commitments_hold_for_one_session_only() {
        let ledger = open(&MemoryFs::new()).unwrap();
        let session = |ledger: &Ledger| ledger.session(SessionOpen::new("agent-7", "ehr"), NOW).unwrap().0;
        let (one, two) = (session(&ledger), session(&ledger));
        assert_eq!(one.commitment("ssn", b"x"), one.commitment("ssn", b"x"));
        assert_ne!(one.commitment("ssn", b"x"), two.commitment("ssn", b"x"));
        assert_ne!(one.commitment("ssn", b"x"), one.commitment("mrn", b"x"));
    }

    #[test]
    fn a_full_queue_is_an_error_and_nothing_is_lost_silently() {
        let fs = MemoryFs::new();
        let options = crate::Options { most_queued: 1000, ..crate::simulation::options() };
        let ledger = Ledger::open_at(Arc::new(fs), root(), options, NOW, None).unwrap();
        let (mut session, ticket) = ledger.session(SessionOpen::new("agent-7", "ehr"), NOW).unwrap();
        ticket.wait().unwrap();
        let refused = (0..10_000).find_map(|_| session.request(&[7; 9000], Details::new(), NOW).err());
        // One is taken even when it alone is above the limit; the disk would have to be faster than this loop for ever.
        assert!(refused.unwrap().is_overloaded());
        assert!(session.request(b"more", Details::new(), NOW).is_err());
    }
}
