//! Results of inputs that are read in parallel, written in the order of the inputs.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Takes the lines of input 0, 1, 2, … from as many threads and writes them in that order. What comes early waits, up to
/// a bound; whoever comes earlier still blocks. The input whose turn it is never blocks, so somebody always goes on.
pub(crate) struct Ordered<W> {
    state: Mutex<State<W>>,
    turned: Condvar,
}

struct State<W> {
    out: W,
    turn: usize,
    /// Lines whose turn has not come, and whether their input is done.
    waiting: BTreeMap<usize, (Vec<u8>, bool)>,
    waiting_bytes: usize,
    failure: Option<io::Error>,
}

/// So much may wait for its turn.
const MOST_WAITING: usize = 16 << 20;

impl<W: Write> Ordered<W> {
    pub(crate) fn new(out: W) -> Self {
        let state = State { out, turn: 0, waiting: BTreeMap::new(), waiting_bytes: 0, failure: None };
        Self { state: Mutex::new(state), turned: Condvar::new() }
    }

    /// Takes lines of one input and empties `lines`. False when the output is gone and going on is idle.
    pub(crate) fn put(&self, input: usize, lines: &mut Vec<u8>) -> bool {
        let mut state = self.lock();
        while state.turn != input && state.waiting_bytes >= MOST_WAITING && state.failure.is_none() {
            state = self.turned.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.failure.is_some() {
            lines.clear();
            return false;
        }
        if state.turn == input {
            state.write(lines);
            let flushed = state.out.flush();
            state.note(flushed);
        } else {
            state.waiting_bytes += lines.len();
            state.waiting.entry(input).or_default().0.extend_from_slice(lines);
        }
        lines.clear();
        state.failure.is_none()
    }

    /// No more lines will come of this input.
    pub(crate) fn done(&self, input: usize) {
        let mut state = self.lock();
        state.waiting.entry(input).or_default().1 = true;
        loop {
            let turn = state.turn;
            let Some((lines, done)) = state.waiting.get_mut(&turn) else { break };
            let (lines, done) = (std::mem::take(lines), *done);
            state.waiting_bytes -= lines.len();
            state.write(&lines);
            if !done {
                break;
            }
            state.waiting.remove(&turn);
            state.turn += 1;
        }
        drop(state);
        self.turned.notify_all();
    }

    /// The writer, when everything was written.
    pub(crate) fn finish(self) -> io::Result<W> {
        let mut state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        match state.failure.take() {
            Some(error) => Err(error),
            None => state.out.flush().map(|()| state.out),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<W>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W: Write> State<W> {
    fn write(&mut self, lines: &[u8]) {
        if self.failure.is_none() {
            let written = self.out.write_all(lines);
            self.note(written);
        }
    }

    fn note(&mut self, result: io::Result<()>) {
        if let Err(error) = result {
            self.failure.get_or_insert(error);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_that_of_inputs_whoever_is_first() {
        let ordered = Ordered::new(Vec::new());
        assert!(ordered.put(2, &mut b"2".to_vec()));
        ordered.done(2);
        assert!(ordered.put(1, &mut b"1a".to_vec()));
        assert!(ordered.put(0, &mut b"0".to_vec()));
        ordered.done(0);
        assert!(ordered.put(1, &mut b"1b".to_vec()));
        ordered.done(1);
        ordered.done(3);
        assert_eq!(ordered.finish().unwrap(), b"01a1b2");
    }

    #[test]
    fn too_much_waits_for_its_turn_and_nobody_starves() {
        let ordered = Ordered::new(Vec::new());
        std::thread::scope(|scope| {
            for input in (0..4u8).rev() {
                let ordered = &ordered;
                scope.spawn(move || {
                    for _ in 0..10 {
                        ordered.put(usize::from(input), &mut vec![input; MOST_WAITING / 8]);
                    }
                    ordered.done(usize::from(input));
                });
            }
        });
        let written = ordered.finish().unwrap();
        assert_eq!(written.len(), 40 * (MOST_WAITING / 8));
        assert!(written.is_sorted());
    }

    #[test]
    fn a_closed_output_ends_everything() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let ordered = Ordered::new(Closed);
        assert!(!ordered.put(0, &mut b"x".to_vec()));
        assert!(!ordered.put(1, &mut b"x".to_vec()));
        assert_eq!(ordered.finish().err().map(|error| error.kind()), Some(io::ErrorKind::BrokenPipe));
    }
}
