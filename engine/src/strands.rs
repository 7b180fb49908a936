//! Runs that are open at a time: logical texts that go on from record to record, such as the choices of a model's answer.
//!
//! One run is the current one, in the hands of the sink. A strand is a run that waits for its next piece, with everything
//! that belongs to it. Changing from one to the other exchanges the two, so that whoever reads a run knows one run only.

use crate::lens::{Json, Sink};
use crate::memory::Memory;
use crate::output::Thread;
use crate::run::Run;
use crate::spelling::Spelling;

/// So many are open at a time; one more closes the one that was continued longest ago.
pub(crate) const MOST_STRANDS: usize = 32;
/// A strand that has undecided bytes is closed when so many bytes of input follow them before it goes on.
pub(crate) const LONGEST_WAIT: u64 = 44 * 1024;

/// Tells a logical text from others: who speaks, which of his texts.
pub(crate) type Key = Vec<u8>;

/// The open strands of one stream.
#[derive(Default)]
pub(crate) struct Strands {
    waiting: Vec<Strand>,
    /// Its run is the current one; what was current lies in its place.
    active: Option<usize>,
    /// The strands that were continued, counted.
    turns: u64,
    /// The run that waits while others beside it are read; or else what those need. Most streams have none.
    beside: Option<Box<Beside>>,
}

/// A run with everything that belongs to it.
#[derive(Default)]
struct Beside {
    run: Run,
    thread: Thread,
    memory: Memory,
}

struct Strand {
    key: Key,
    run: Run,
    thread: Thread,
    memory: Memory,
    nested: Option<Nested>,
    /// The first byte of input that is undecided; none is: [`u64::MAX`].
    floor: u64,
    turn: u64,
}

/// A text that is itself JSON.
struct Nested {
    json: Json,
    /// How its text is spelt in the input.
    text: Spelling,
}

impl Strands {
    /// Whether what is written now goes to a strand.
    pub(crate) fn is_active(&self) -> bool {
        self.active.is_some()
    }

    fn floor(&self) -> u64 {
        let waiting = self.waiting.iter().enumerate().filter(|(i, _)| Some(*i) != self.active);
        waiting.map(|(_, strand)| strand.floor).min().unwrap_or(u64::MAX)
    }
}

impl Sink<'_> {
    /// What is written from now on belongs to the text `key`, up to [`Sink::suspend`]. `at` is where in the input it
    /// goes on. `begin` opens its run if it is new; without, the text is JSON, which opens runs of its own.
    pub(crate) fn resume(&mut self, key: &[u8], at: u64, begin: Option<&dyn Fn(&mut Self)>) {
        debug_assert!(self.strands.active.is_none(), "one strand is written at a time");
        self.expire(at);
        let known = self.strands.waiting.iter().position(|strand| strand.key == key);
        let i = known.unwrap_or_else(|| self.begin_strand(key, begin.is_none()));
        self.strands.turns += 1;
        let turn = self.strands.turns;
        if let Some(strand) = self.strands.waiting.get_mut(i) {
            strand.turn = turn;
        }
        self.exchange(i);
        self.strands.active = Some(i);
        self.out.floor = self.strands.floor();
        if known.is_none()
            && let Some(begin) = begin
        {
            // The sink must not take this for writing into the strand's own text.
            let active = self.strands.active.take();
            begin(self);
            self.strands.active = active;
            self.out.own_memory = true;
        }
    }

    fn begin_strand(&mut self, key: &[u8], nested: bool) -> usize {
        if self.strands.waiting.len() >= MOST_STRANDS {
            let turns = self.strands.waiting.iter().enumerate().map(|(i, strand)| (strand.turn, i));
            if let Some((_, oldest)) = turns.min() {
                self.close_strand(oldest);
            }
        }
        self.strands.waiting.push(Strand {
            key: key.to_vec(),
            run: Run::default(),
            thread: Thread::default(),
            memory: Memory::default(),
            nested: nested.then(|| Nested { json: Json::nested(), text: Spelling::default() }),
            floor: u64::MAX,
            turn: 0,
        });
        self.strands.waiting.len() - 1
    }

    /// What is written from now on is a run of its own again.
    pub(crate) fn suspend(&mut self) {
        let Some(i) = self.strands.active else { return };
        self.park();
        let undecided = self.run.undecided(self.compiled).map(|text| self.out.spelling.start_of(text));
        if let Some(strand) = self.strands.waiting.get_mut(i) {
            let pending =
                strand.nested.as_ref().and_then(|nested| Some(nested.text.start_of(nested.json.pending_from()?)));
            strand.floor = undecided.into_iter().chain(pending).min().unwrap_or(u64::MAX);
        }
        self.exchange(i);
        self.strands.active = None;
        self.out.floor = self.strands.floor();
    }

    /// Text of the active strand: `text` is spelt by `len` bytes from `at` on.
    pub(crate) fn strand_text(&mut self, text: &[u8], at: u64, len: u64) -> bool {
        let nested = self.strands.active.and_then(|i| self.strands.waiting.get_mut(i)?.nested.take());
        let Some(Nested { mut json, text: mut spelling }) = nested else { return false };
        let base = spelling.end();
        spelling.add(text.len() as u64, at, len);
        let active = self.strands.active.take();
        let mut inner = self.within(text, base, &spelling);
        json.feed(&mut inner);
        inner.park();
        self.strands.active = active;
        self.put_back(active, Nested { json, text: spelling });
        true
    }

    fn put_back(&mut self, active: Option<usize>, nested: Nested) {
        if let Some(strand) = active.and_then(|i| self.strands.waiting.get_mut(i)) {
            strand.nested = Some(nested);
        }
    }

    /// Closes the strand `i`: nothing follows it. None is active.
    fn close_strand(&mut self, i: usize) {
        let nested = self.strands.waiting.get_mut(i).and_then(|strand| strand.nested.take());
        self.exchange(i);
        match nested {
            Some(Nested { mut json, text }) => {
                let base = text.end();
                json.end(&mut self.within(&[], base, &text));
            }
            None => self.close(),
        }
        self.exchange(i);
        self.strands.waiting.swap_remove(i);
        self.out.floor = self.strands.floor();
    }

    /// Closes the strands whose keys begin with `prefix`.
    pub(crate) fn close_strands(&mut self, prefix: &[u8]) {
        while let Some(i) = self.strands.waiting.iter().position(|strand| strand.key.starts_with(prefix)) {
            self.close_strand(i);
        }
    }

    /// Closes the strands that have waited too long, the input being read up to `at`. Whether a strand waits too long
    /// depends on where it goes on, so it is no matter when that is noticed.
    pub(crate) fn expire(&mut self, at: u64) {
        let late = |strand: &Strand| at > strand.floor.saturating_add(LONGEST_WAIT);
        let active = self.strands.active;
        let waiting = self.strands.waiting.iter().enumerate().filter(|(i, _)| Some(*i) != active);
        let keys: Vec<Key> = waiting.filter(|(_, strand)| late(strand)).map(|(_, strand)| strand.key.clone()).collect();
        if keys.is_empty() {
            return;
        }
        // The one that is being written has undecided bytes too.
        let active = active.and_then(|i| Some(self.strands.waiting.get(i)?.key.clone()));
        self.suspend();
        let find = |strands: &Strands, key: &Key| strands.waiting.iter().position(|strand| strand.key == *key);
        for key in keys {
            if let Some(i) = find(self.strands, &key) {
                self.close_strand(i);
            }
        }
        if let Some(i) = active.and_then(|key| find(self.strands, &key)) {
            self.exchange(i);
            self.strands.active = Some(i);
            self.out.floor = self.strands.floor();
        }
    }

    /// The current run waits while others beside it are read.
    pub(crate) fn step_aside(&mut self) {
        self.park();
        let undecided = self.run.undecided(self.compiled).map(|text| self.out.spelling.start_of(text));
        self.swap_beside();
        self.out.floor = undecided.unwrap_or(u64::MAX);
    }

    /// The run that waits is the current one again. No other is open.
    pub(crate) fn step_back(&mut self) {
        self.swap_beside();
        self.out.floor = u64::MAX;
    }

    /// Changes the current run for the one that waits, or the other way round.
    pub(crate) fn swap_beside(&mut self) {
        self.park();
        let Beside { run, thread, .. } = &mut **self.strands.beside.get_or_insert_default();
        std::mem::swap(self.run, run);
        self.out.exchange(thread);
    }

    /// Changes the entity memory for one of the runs beside, or the other way round. Those know nothing of what stands
    /// around them.
    pub(crate) fn swap_memory(&mut self) {
        std::mem::swap(self.memory, &mut self.strands.beside.get_or_insert_default().memory);
    }

    /// Makes the run, thread and memory of strand `i` the current ones, or the other way round.
    fn exchange(&mut self, i: usize) {
        if let Some(strand) = self.strands.waiting.get_mut(i) {
            std::mem::swap(self.run, &mut strand.run);
            std::mem::swap(self.memory, &mut strand.memory);
            self.out.exchange(&mut strand.thread);
        }
    }
}
