//! The two threads behind a ledger: one commits, one derives.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use crate::derive::Deriver;
use crate::error::{Error, Result};
use crate::journal::{Entry, Journal};
use crate::ledger::Watch;
use crate::queue::{Pending, Queue, Request};
use crate::state::State;

/// The most bytes of one batch.
const MOST_AT_ONCE: usize = 8 * 1024 * 1024;

/// How many batches may wait to be derived. Beyond that the writer waits, and with it whoever records.
const MOST_BATCHES: usize = 8;

/// After so many leaves a checkpoint is published even when nobody asks.
const MOST_UNPUBLISHED: u64 = 4096;

/// Commits what is queued.
pub(crate) struct Writer {
    pub(crate) queue: Arc<Queue>,
    pub(crate) journal: Journal,
    pub(crate) state: State,
    /// The index of the next leaf that is committed.
    pub(crate) next_leaf: u64,
    pub(crate) journal_file: u64,
    pub(crate) watch: Option<Arc<dyn Watch>>,
}

/// What the writer tells the other thread.
enum Derive {
    Batch(Vec<Entry>),
    /// Journal files below this number are to become unnecessary.
    Retire(u64, Option<Sender<Result<()>>>),
    Publish(Option<Sender<Result<()>>>),
}

/// Starts both threads.
pub(crate) fn start(writer: Writer, deriver: Deriver) -> Result<Vec<JoinHandle<()>>> {
    let (sender, receiver) = sync_channel(MOST_BATCHES);
    let queue = Arc::clone(&writer.queue);
    let named = |name: &str| thread::Builder::new().name(name.to_owned());
    let failed = |error| Error::io("a thread cannot be started", error);
    let derive = named("ledger-derive").spawn(move || derive(&queue, deriver, &receiver)).map_err(failed)?;
    let write = named("ledger-commit").spawn(move || writer.run(&sender)).map_err(failed)?;
    // The deriver ends when the writer has: this order is that of waiting for them.
    Ok(vec![write, derive])
}

impl Writer {
    fn run(mut self, derive: &SyncSender<Derive>) {
        loop {
            let work = self.queue.take(MOST_AT_ONCE);
            if self.queue.stopped().is_some() {
                // Whoever waits has been told. Answers that are dropped tell the rest.
                if work.requests.iter().any(|request| matches!(request, Request::Stop)) {
                    return;
                }
                continue;
            }
            let stop = work.requests.iter().any(|request| matches!(request, Request::Stop));
            if let Err(error) = self.work(work.entries, work.position, work.requests, derive) {
                self.queue.stop(&error);
            }
            if stop {
                return;
            }
        }
    }

    fn work(
        &mut self,
        pending: Vec<Pending>,
        position: u64,
        requests: Vec<Request>,
        derive: &SyncSender<Derive>,
    ) -> Result<()> {
        // The other thread ends early only when it stopped the ledger, and then nothing here counts any more.
        let tell = |message| derive.send(message).map_err(|_| Error::misuse("what is committed cannot be derived"));
        if !pending.is_empty() {
            if let Some(watch) = &self.watch {
                watch.begins();
            }
            self.journal.commit(pending.iter().map(|pending| &pending.entry))?;
            self.queue.committed(position);
            // Whoever waits was woken first.
            if let Some(watch) = &self.watch {
                watch.done(pending.len());
            }
            let mut entries = Vec::with_capacity(pending.len());
            for pending in pending {
                self.state.apply(&pending.fact);
                self.next_leaf += u64::from(matches!(pending.entry, Entry::Leaf(_)));
                entries.push(pending.entry);
            }
            tell(Derive::Batch(entries))?;
        }
        if self.journal.len() >= self.journal_file {
            self.rotate()?;
            tell(Derive::Retire(self.journal.number(), None))?;
        }
        for request in requests {
            match request {
                Request::Compact(sender) => {
                    self.rotate()?;
                    tell(Derive::Retire(self.journal.number(), Some(sender)))?;
                }
                Request::Publish(sender) => tell(Derive::Publish(sender))?,
                Request::Stop => {}
            }
        }
        Ok(())
    }

    fn rotate(&mut self) -> Result<()> {
        self.journal.rotate(self.next_leaf, self.state.encode())
    }
}

fn derive(queue: &Queue, mut deriver: Deriver, messages: &Receiver<Derive>) {
    for message in messages {
        if queue.stopped().is_some() {
            return;
        }
        let (result, sender) = match message {
            Derive::Batch(entries) => (derive_batch(&mut deriver, entries), None),
            Derive::Retire(below, sender) => (deriver.retire(below), sender),
            Derive::Publish(sender) => (deriver.publish(), sender),
        };
        if let Err(error) = &result {
            // What is committed is safe in the journal; the next start derives it.
            queue.stop(error);
        }
        answer(sender, queue, result);
    }
}

fn derive_batch(deriver: &mut Deriver, entries: Vec<Entry>) -> Result<()> {
    deriver.apply_all(entries)?;
    if deriver.unpublished() >= MOST_UNPUBLISHED { deriver.publish() } else { Ok(()) }
}

fn answer(sender: Option<Sender<Result<()>>>, queue: &Queue, result: Result<()>) {
    if let Some(sender) = sender {
        let result = result.map_err(|error| queue.stopped().unwrap_or(error));
        // Whoever asked may have stopped waiting.
        let _ = sender.send(result);
    }
}
