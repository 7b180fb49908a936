//! The queue in front of the disk, and the tickets that say when something is on it.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::error::{Error, Result};
use crate::index::LeafIndex;
use crate::journal::Entry;
use crate::state::Fact;

/// What waits for the disk.
pub(crate) struct Pending {
    pub(crate) entry: Entry,
    pub(crate) fact: Fact,
}

/// What the writer is asked beside writing.
pub(crate) enum Request {
    /// Begin a new journal file and make all older ones unnecessary; say when.
    Compact(std::sync::mpsc::Sender<Result<()>>),
    /// Publish a checkpoint over all that is committed; say when, if anyone wants to know.
    Publish(Option<std::sync::mpsc::Sender<Result<()>>>),
    /// Stop, once all is written.
    Stop,
}

/// Shared by those who record, the writer, and those who wait.
pub(crate) struct Queue {
    inner: Mutex<Inner>,
    for_writer: Condvar,
    done: Mutex<Done>,
    for_waiters: Condvar,
    most_bytes: usize,
}

struct Inner {
    entries: VecDeque<Pending>,
    bytes: usize,
    requests: Vec<Request>,
    /// How many entries were ever appended.
    position: u64,
    next_leaf: LeafIndex,
    closed: bool,
    /// The writer sleeps until it is woken.
    asleep: bool,
}

struct Done {
    /// How many entries are on disk.
    position: u64,
    stopped: Option<Error>,
    waiters: BTreeMap<u64, Vec<Waiter>>,
}

enum Waiter {
    Waker(Waker),
    Callback(Box<dyn FnOnce(Result<()>) + Send>),
}

/// What the writer has to do next.
pub(crate) struct Work {
    pub(crate) entries: Vec<Pending>,
    /// How many entries will have been written when these are.
    pub(crate) position: u64,
    pub(crate) requests: Vec<Request>,
}

impl Queue {
    pub(crate) fn new(next_leaf: LeafIndex, most_bytes: usize) -> Self {
        let inner = Inner {
            entries: VecDeque::new(),
            bytes: 0,
            requests: Vec::new(),
            position: 0,
            next_leaf,
            closed: false,
            asleep: false,
        };
        let done = Done { position: 0, stopped: None, waiters: BTreeMap::new() };
        Self {
            inner: Mutex::new(inner),
            for_writer: Condvar::new(),
            done: Mutex::new(done),
            for_waiters: Condvar::new(),
            most_bytes,
        }
    }

    /// Appends entries that belong together, in this order.
    pub(crate) fn append(self: &Arc<Self>, entries: Vec<Pending>) -> Result<Ticket> {
        if let Some(stopped) = &self.done().stopped {
            return Err(stopped.clone());
        }
        let mut inner = self.inner();
        if inner.closed {
            return Err(Error::misuse("the ledger was closed"));
        }
        let bytes: usize = entries.iter().map(|pending| pending.entry.len()).sum();
        if inner.bytes > 0 && inner.bytes + bytes > self.most_bytes {
            let what = format!("{} bytes wait for the disk already, of at most {}", inner.bytes, self.most_bytes);
            return Err(Error::overloaded(what));
        }
        let mut leaf = None;
        for pending in entries {
            if matches!(pending.entry, Entry::Leaf(_)) {
                leaf = Some(inner.next_leaf);
                inner.next_leaf = inner.next_leaf.next().ok_or_else(|| Error::too_large("the log is full"))?;
            }
            inner.entries.push_back(pending);
            inner.position += 1;
        }
        inner.bytes += bytes;
        let position = inner.position;
        self.wake_writer(inner);
        Ok(Ticket { queue: Arc::clone(self), position, leaf })
    }

    pub(crate) fn request(&self, request: Request) {
        let mut inner = self.inner();
        inner.closed |= matches!(request, Request::Stop);
        inner.requests.push(request);
        self.wake_writer(inner);
    }

    /// To wake somebody is a call of the system: it is spared where the writer is at work and will look by itself.
    fn wake_writer(&self, mut inner: MutexGuard<'_, Inner>) {
        let asleep = std::mem::take(&mut inner.asleep);
        drop(inner);
        if asleep {
            self.for_writer.notify_one();
        }
    }

    /// How many bytes wait for the disk.
    pub(crate) fn backlog(&self) -> usize {
        self.inner().bytes
    }

    /// How many leaves there are, those that wait for the disk included.
    pub(crate) fn leaves(&self) -> u64 {
        self.inner().next_leaf.value()
    }

    /// Waits for something to do. Everything that came while the disk was busy is one batch, up to `most_bytes`; requests
    /// come with the last entries that were appended before them.
    pub(crate) fn take(&self, most_bytes: usize) -> Work {
        let mut inner = self.inner();
        while inner.entries.is_empty() && inner.requests.is_empty() {
            inner.asleep = true;
            inner = self.for_writer.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
        inner.asleep = false;
        let (mut bytes, mut entries) = (0, Vec::new());
        while let Some(pending) = inner.entries.front() {
            let len = pending.entry.len();
            if !entries.is_empty() && bytes + len > most_bytes {
                break;
            }
            bytes += len;
            entries.extend(inner.entries.pop_front());
        }
        inner.bytes -= bytes;
        let requests = if inner.entries.is_empty() { std::mem::take(&mut inner.requests) } else { Vec::new() };
        Work { entries, position: inner.position - inner.entries.len() as u64, requests }
    }

    /// Says that all entries up to `position` are on disk.
    pub(crate) fn committed(&self, position: u64) {
        let mut done = self.done();
        done.position = done.position.max(position);
        let later = done.waiters.split_off(&(position + 1));
        let ready = std::mem::replace(&mut done.waiters, later);
        drop(done);
        self.for_waiters.notify_all();
        ready.into_values().flatten().for_each(|waiter| waiter.wake(Ok(())));
    }

    /// Stops for ever: whoever waits, and whoever comes, is told why.
    pub(crate) fn stop(&self, cause: &Error) {
        let mut done = self.done();
        let stopped = done.stopped.get_or_insert_with(|| Error::stopped(cause)).clone();
        let waiters = std::mem::take(&mut done.waiters);
        drop(done);
        self.for_waiters.notify_all();
        waiters.into_values().flatten().for_each(|waiter| waiter.wake(Err(stopped.clone())));
        // The writer may be asleep.
        self.for_writer.notify_one();
    }

    pub(crate) fn stopped(&self) -> Option<Error> {
        self.done().stopped.clone()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn done(&self) -> MutexGuard<'_, Done> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Done {
    fn of(&self, position: u64) -> Option<Result<()>> {
        // What was synced before the writer stopped stays recorded.
        if self.position >= position { Some(Ok(())) } else { self.stopped.clone().map(Err) }
    }
}

impl Waiter {
    fn wake(self, result: Result<()>) {
        match self {
            Self::Waker(waker) => waker.wake(),
            Self::Callback(callback) => callback(result),
        }
    }
}

/// A promise that something will be on disk. Dropping it changes nothing about that.
///
/// When to wait is the durability mode: `strict` waits before anything leaves, `bounded` lets a little run ahead, `async`
/// does not wait. It is a [`Future`], so that asynchronous callers can await it on any executor.
#[must_use = "without waiting nobody knows whether it was recorded"]
pub struct Ticket {
    queue: Arc<Queue>,
    position: u64,
    leaf: Option<LeafIndex>,
}

impl Ticket {
    /// Waits until it is on disk.
    ///
    /// # Errors
    ///
    /// When the ledger stopped before.
    pub fn wait(&self) -> Result<()> {
        let mut done = self.queue.done();
        loop {
            if let Some(result) = done.of(self.position) {
                return result;
            }
            done = self.queue.for_waiters.wait(done).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Whether it is on disk; `None` while that is not known.
    #[must_use]
    pub fn result(&self) -> Option<Result<()>> {
        self.queue.done().of(self.position)
    }

    /// Calls back once it is known, from the writer's thread (at once when it is known already). The callback must be quick:
    /// the disk waits for it.
    pub fn on_done(&self, callback: impl FnOnce(Result<()>) + Send + 'static) {
        let mut done = self.queue.done();
        match done.of(self.position) {
            Some(result) => {
                drop(done);
                callback(result);
            }
            None => done.waiters.entry(self.position).or_default().push(Waiter::Callback(Box::new(callback))),
        }
    }

    /// The index of the leaf that was recorded, of the last one when there were several.
    #[must_use]
    pub fn leaf(&self) -> Option<LeafIndex> {
        self.leaf
    }
}

impl Future for Ticket {
    type Output = Result<()>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut done = self.queue.done();
        if let Some(result) = done.of(self.position) {
            return Poll::Ready(result);
        }
        let waiters = done.waiters.entry(self.position).or_default();
        let known = |waiter: &Waiter| matches!(waiter, Waiter::Waker(waker) if waker.will_wake(context.waker()));
        if !waiters.iter().any(known) {
            waiters.push(Waiter::Waker(context.waker().clone()));
        }
        Poll::Pending
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("leaf", &self.leaf).finish_non_exhaustive()
    }
}
