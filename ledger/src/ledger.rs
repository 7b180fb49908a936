//! The ledger: opened once by whoever owns the data folder, shared by all who record.

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::disk::{Admission, Reserve};
use crate::error::{Error, Result};
use crate::hash::Hash;
use crate::ids::random;
use crate::index::LeafIndex;
use crate::journal::{Entry, Journal};
use crate::keys::{KeyStore, RootKey};
use crate::leaf::{Details, Kind, Leaf, Outcome, Place, Stamp};
use crate::note::{LogKey, VerifierKey};
use crate::queue::{Pending, Queue, Request, Ticket};
use crate::recover;
use crate::session::{SessionOpen, SessionWriter};
use crate::state::{Fact, LeafPlace};
use crate::time::Time;
use crate::vfs::{FolderLock, RealFs, Vfs, write_whole};
use crate::writer::{self, Writer};

/// How a ledger is to work. The names are in every leaf and under every checkpoint; the rest are sizes.
#[derive(Clone, Debug)]
pub struct Options {
    /// The log's origin: `<organisation>/<deployment>/<replica>`. For ever the same for one data folder.
    pub origin: String,
    /// Which of several gateways this is.
    pub replica: String,
    /// The most bytes that may wait for the disk.
    pub most_queued: usize,
    /// How large a journal file grows before the next is begun.
    pub journal_file: u64,
    /// How large a segment of a recording grows before the next is begun.
    pub segment_file: u64,
    /// zstd's level for recordings.
    pub compression: i32,
    /// How long nothing may happen before a heartbeat says so.
    pub heartbeat: Duration,
    /// How old the last checkpoint may be while there are leaves without one.
    pub checkpoint: Duration,
    /// Who is told of each write to the disk.
    pub watch: Option<Arc<dyn Watch>>,
}

/// Is told when the ledger writes to the disk and when that is done. The ledger has no clock: how long it took is for who
/// watches to measure. Called by one thread, which waits for it.
pub trait Watch: fmt::Debug + Send + Sync {
    /// A batch is about to be written and synced.
    fn begins(&self);
    /// It is on disk; so many entries were in it.
    fn done(&self, entries: usize);
}

impl Options {
    /// The usual sizes.
    #[must_use]
    pub fn new(origin: impl Into<String>, replica: impl Into<String>) -> Self {
        Self {
            origin: origin.into(),
            replica: replica.into(),
            most_queued: 64 * 1024 * 1024,
            journal_file: 64 * 1024 * 1024,
            segment_file: 64 * 1024 * 1024,
            compression: 1,
            heartbeat: Duration::from_secs(60),
            checkpoint: Duration::from_secs(1),
            watch: None,
        }
    }
}

/// Room in the journal is made in so many steps.
const ROOM_IN_FILE: u64 = 64;

/// The verifier key inside a data folder.
pub(crate) const VKEY: &str = "log.vkey";

/// Records. Cheap to clone; all clones are one ledger.
///
/// Dropping it without [`Ledger::close`] loses nothing that was recorded; the next start publishes the checkpoint instead.
#[derive(Clone)]
pub struct Ledger {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) vfs: Arc<dyn Vfs>,
    pub(crate) queue: Arc<Queue>,
    pub(crate) keys: KeyStore,
    pub(crate) options: Options,
    pub(crate) boot: String,
    vkey: VerifierKey,
    reserve: Arc<Reserve>,
    /// The latest time that a leaf has, µs: leaves never go back.
    time: AtomicU64,
    /// When a checkpoint was last asked for, µs, and over how many leaves.
    published: Mutex<(Time, u64)>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    _lock: Option<FolderLock>,
}

impl Ledger {
    /// Opens the ledger in a folder, which must exist; makes one there when there is none. What a crash left unfinished is
    /// mended first, and said in a `recovery` leaf.
    ///
    /// # Errors
    ///
    /// When another process has the folder, a key does not fit, or what is there is damaged in a way that no crash explains
    /// ([`Error::is_corrupt`]): then nothing is changed.
    pub fn open(folder: &Path, root: Arc<dyn RootKey>, options: Options, now: Time) -> Result<Self> {
        let fs = RealFs::new(folder);
        let lock = fs.lock()?;
        Self::open_at(Arc::new(fs), root, options, now, Some(lock))
    }

    pub(crate) fn open_at(
        vfs: Arc<dyn Vfs>,
        root: Arc<dyn RootKey>,
        options: Options,
        now: Time,
        lock: Option<FolderLock>,
    ) -> Result<Self> {
        let keys = KeyStore::new(Arc::clone(&vfs), root);
        crate::derive::make_house(&*vfs)?;
        let seed = keys.log_seed(&options.origin)?;
        let key = Arc::new(LogKey::from_seed(&options.origin, seed.expose())?);
        let vkey = format!("{}\n", key.verifier());
        if vfs.read(VKEY).ok().as_deref() != Some(vkey.as_bytes()) {
            write_whole(&*vfs, VKEY, vkey.as_bytes()).map_err(|error| Error::io(VKEY, error))?;
        }
        let reserve = Reserve::take(Arc::clone(&vfs)).map_err(|error| Error::io("the reserve", error))?;
        let reserve = Arc::new(reserve);

        let recovered = recover::recover(&vfs, &reserve, &key)?;
        let next_leaf =
            LeafIndex::new(recovered.deriver.edge().size()).ok_or_else(|| Error::too_large("the log is full"))?;
        let queue = Arc::new(Queue::new(next_leaf, options.most_queued));
        let ahead = options.journal_file / ROOM_IN_FILE;
        let journal = Journal::begin(
            Arc::clone(&vfs),
            Arc::clone(&reserve),
            recovered.next_file,
            recovered.state.encode(),
            ahead,
        )?;
        let boot: [u8; 8] = random()?;
        let this = Self {
            shared: Arc::new(Shared {
                keys,
                boot: boot.iter().map(|byte| format!("{byte:02x}")).collect(),
                time: AtomicU64::new(recovered.state.time.micros()),
                published: Mutex::new((now, next_leaf.value())),
                threads: Mutex::default(),
                vkey: key.verifier(),
                _lock: lock,
                vfs,
                queue,
                options,
                reserve,
            }),
        };
        let (state, found, sessions) = (recovered.state.clone(), recovered.found, recovered.state.sessions);
        let writer = Writer {
            queue: Arc::clone(&this.shared.queue),
            journal,
            state,
            next_leaf: next_leaf.value(),
            journal_file: this.shared.options.journal_file,
            watch: this.shared.options.watch.clone(),
        };
        let threads = writer::start(writer, recovered.deriver)?;
        this.threads().extend(threads);

        if found.cut > 0 || !sessions.is_empty() {
            let details = Details::new()
                .number("bytes_cut", found.cut)
                .number("leaves_replayed", found.leaves)
                .number("sessions_interrupted", sessions.len() as u64);
            let mut last = this.record(Leaf::new(Kind::Recovery).details(details), now)?;
            for (id, session) in sessions {
                // What its blocks were is known, only not how it would have gone on.
                let place =
                    Place { session: id, seq: session.next_seq, prev: Some(session.prev), blocks: &session.unnamed };
                let close = Leaf::new(Kind::SessionClose).outcome(Outcome::Interrupted);
                let leaf = close.details(Details::new().number("frames", session.frames));
                last = this.append_leaf(leaf, Some(place), now, Vec::new())?.0;
            }
            last.wait()?;
        }
        // What was replayed need not be replayed again.
        this.compact()?;
        Ok(this)
    }

    /// Begins a session: makes its key, and its first leaf.
    ///
    /// # Errors
    ///
    /// When the ledger stopped, the queue is full, or the key cannot be made or wrapped.
    pub fn session(&self, open: SessionOpen, now: Time) -> Result<(SessionWriter, Ticket)> {
        SessionWriter::begin(self, open, now)
    }

    /// Records a leaf that is no part of a session.
    ///
    /// # Errors
    ///
    /// When the ledger stopped, the queue is full, or the leaf is too large.
    pub fn record(&self, leaf: Leaf, now: Time) -> Result<Ticket> {
        self.append_leaf(leaf, None, now, Vec::new()).map(|(ticket, _)| ticket)
    }

    /// Does what time asks for: a checkpoint when there is something new, a heartbeat when there is not, the reserve taken
    /// back when there is room again. To be called about once a second.
    ///
    /// # Errors
    ///
    /// When the ledger stopped.
    pub fn tick(&self, now: Time) -> Result<()> {
        if let Some(stopped) = self.shared.queue.stopped() {
            return Err(stopped);
        }
        self.shared.reserve.refill().map_err(|error| Error::io("the reserve", error))?;
        let last = Time::from_micros(self.shared.time.load(Ordering::Acquire));
        if now.since(last) >= self.shared.options.heartbeat {
            drop(self.record(Leaf::new(Kind::Heartbeat), now)?);
        }
        let mut published = self.shared.published.lock().unwrap_or_else(PoisonError::into_inner);
        let leaves = self.shared.queue.leaves();
        if leaves > published.1 && (now.since(published.0) >= self.shared.options.checkpoint || now < published.0) {
            *published = (now, leaves);
            self.shared.queue.request(Request::Publish(None));
        }
        Ok(())
    }

    /// Publishes a checkpoint over everything that was recorded so far, and waits for it.
    ///
    /// # Errors
    ///
    /// When the ledger stopped.
    pub fn checkpoint(&self) -> Result<()> {
        self.ask(|sender| Request::Publish(Some(sender)))
    }

    /// Derives everything, publishes a checkpoint and removes journal files that are no longer needed.
    ///
    /// # Errors
    ///
    /// When the ledger stopped.
    pub fn compact(&self) -> Result<()> {
        self.ask(Request::Compact)
    }

    /// Whether there is room on the disk for new sessions, and for the live ones.
    ///
    /// # Errors
    ///
    /// When the file system does not say.
    pub fn admission(&self) -> Result<Admission> {
        self.shared.reserve.admission().map_err(|error| Error::io("the data folder", error))
    }

    /// How many bytes wait for the disk. While it is busy, whoever records should gather larger blocks.
    #[must_use]
    pub fn backlog(&self) -> usize {
        self.shared.queue.backlog()
    }

    /// How many leaves were recorded, those that still wait for the disk included.
    #[must_use]
    pub fn leaves(&self) -> u64 {
        self.shared.queue.leaves()
    }

    /// Why the ledger stopped, if it did. It does not go on: stop serving, and open it again.
    #[must_use]
    pub fn stopped(&self) -> Option<Error> {
        self.shared.queue.stopped()
    }

    /// What verifies this log's checkpoints.
    #[must_use]
    pub fn verifier_key(&self) -> &VerifierKey {
        &self.shared.vkey
    }

    /// Writes everything, publishes the last checkpoint and stops. Sessions that are still open count as interrupted.
    ///
    /// # Errors
    ///
    /// When the ledger had stopped before, or stops now.
    pub fn close(self) -> Result<()> {
        let compacted = self.compact();
        self.shared.queue.request(Request::Stop);
        for thread in std::mem::take(&mut *self.threads()) {
            let _ = thread.join();
        }
        compacted
    }

    /// Records a leaf, with the entries that must be on disk before it.
    pub(crate) fn append_leaf(
        &self,
        leaf: Leaf,
        place: Option<Place<'_>>,
        now: Time,
        mut before: Vec<Pending>,
    ) -> Result<(Ticket, Hash)> {
        let kind = leaf.kind();
        let time = self.stamp(now);
        let at = place.as_ref().map(|place| (place.session, place.seq));
        let stamp = Stamp { time, boot: &self.shared.boot, replica: &self.shared.options.replica, place };
        let bytes = leaf.encode(&stamp)?;
        let hash = Hash::of_leaf(&bytes);
        let place = at.map(|(session, seq)| LeafPlace { session, seq, hash, last: kind == Kind::SessionClose });
        before.push(Pending { entry: Entry::Leaf(bytes), fact: Fact::Leaf { time, place } });
        Ok((self.shared.queue.append(before)?, hash))
    }

    /// The time of a leaf: now, unless a leaf is later already.
    pub(crate) fn stamp(&self, now: Time) -> Time {
        let before = self.shared.time.fetch_max(now.micros(), Ordering::AcqRel);
        now.max(Time::from_micros(before))
    }

    fn ask(&self, request: impl FnOnce(mpsc::Sender<Result<()>>) -> Request) -> Result<()> {
        let (sender, receiver) = mpsc::channel();
        if let Some(stopped) = self.shared.queue.stopped() {
            return Err(stopped);
        }
        self.shared.queue.request(request(sender));
        receiver.recv().unwrap_or_else(|_| {
            Err(self.shared.queue.stopped().unwrap_or_else(|| Error::misuse("the ledger was closed")))
        })
    }

    fn threads(&self) -> std::sync::MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.shared.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.queue.request(Request::Stop);
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // A callback of a ticket may hold the last ledger; its thread cannot wait for itself.
            if thread.thread().id() != std::thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").field("options", &self.shared.options).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulation::{NOW, open};
    use crate::vfs::memory::{Fault, MemoryFs};

    fn after(seconds: u64) -> Time {
        Time::from_micros(NOW.micros() + seconds * 1_000_000)
    }

    #[test]
    fn a_minute_of_silence_is_told() {
        let fs = MemoryFs::new();
        let ledger = open(&fs).unwrap();
        drop(ledger.record(Leaf::new(Kind::ConfigChange), NOW).unwrap());
        let heartbeats = || {
            ledger.checkpoint().unwrap();
            let reader = crate::Reader::open_at(Arc::new(fs.clone()), None);
            let leaves = reader.leaves(LeafIndex::FIRST).unwrap().map(|item| item.unwrap().1);
            let beats = leaves.filter(|leaf| leaf.kind() == Some(Kind::Heartbeat));
            beats.map(|leaf| (leaf.time().micros() - NOW.micros()) / 1_000_000).collect::<Vec<_>>()
        };
        for second in 0..60 {
            ledger.tick(after(second)).unwrap();
        }
        assert_eq!(heartbeats(), [0_u64; 0]);
        ledger.tick(after(60)).unwrap();
        ledger.tick(after(61)).unwrap();
        assert_eq!(heartbeats(), [60]);
        // Whatever else is recorded shows as well that it goes on.
        drop(ledger.record(Leaf::new(Kind::ConfigChange), after(100)).unwrap());
        ledger.tick(after(121)).unwrap();
        assert_eq!(heartbeats(), [60]);
        ledger.tick(after(160)).unwrap();
        assert_eq!(heartbeats(), [60, 160]);
    }

    #[test]
    fn a_reserve_that_finds_no_room_ends_nothing() {
        let fs = MemoryFs::new();
        fs.set_space(10, 1000);
        let ledger = open(&fs).unwrap();
        assert_eq!(ledger.admission().unwrap(), Admission::EndLive);
        // There is room when it is counted, and none when it is taken.
        fs.set_space(900, 1000);
        fs.fail_at(fs.operations() + 1, Fault::NoSpace);
        ledger.tick(NOW).unwrap();
        assert!(ledger.stopped().is_none() && fs.read("reserve").is_err());
        ledger.tick(NOW).unwrap();
        assert!(fs.read("reserve").is_ok());
        assert_eq!(ledger.admission().unwrap(), Admission::Open);
        ledger.record(Leaf::new(Kind::ConfigChange), NOW).unwrap().wait().unwrap();
    }
}
