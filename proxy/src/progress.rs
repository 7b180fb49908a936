//! How much was read and how fast, on a terminal.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::notes;

/// Shows a line on stderr that is rewritten a few times a second, when stderr is a terminal. Dropping it clears the line.
pub(crate) struct Progress {
    shared: Arc<Shared>,
    shower: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    bytes: AtomicU64,
    ended: AtomicBool,
    lock: Mutex<()>,
    wake: Condvar,
}

const EVERY: Duration = Duration::from_millis(250);

impl Progress {
    pub(crate) fn start() -> Self {
        let shared = Arc::new(Shared::default());
        let shown = stderr().is_terminal() && !notes::is_quiet();
        let shower = shown.then(|| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.show())
        });
        Self { shared, shower }
    }

    pub(crate) fn read(&self, bytes: u64) {
        self.shared.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Shared {
    fn show(&self) {
        let begin = Instant::now();
        let mut guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            guard = self.wake.wait_timeout(guard, EVERY).unwrap_or_else(PoisonError::into_inner).0;
            if self.ended.load(Ordering::Relaxed) {
                break;
            }
            let bytes = self.bytes.load(Ordering::Relaxed);
            let line = line(bytes, begin.elapsed());
            let _ = write!(stderr(), "\r\x1b[K{line}");
        }
        let _ = write!(stderr(), "\r\x1b[K");
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        self.shared.wake.notify_all();
        if let Some(shower) = self.shower.take() {
            let _ = shower.join();
        }
    }
}

fn line(bytes: u64, elapsed: Duration) -> String {
    let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    let per_second = bytes.saturating_mul(1000) / millis;
    format!("{} read, {}/s", size(bytes), size(per_second))
}

/// A number of bytes for people.
fn size(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} B"),
        10_000..10_000_000 => format!("{} kB", bytes / 1000),
        10_000_000..10_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{}.{} GB", bytes / 1_000_000_000, bytes / 100_000_000 % 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_whole_run() {
        assert_eq!(line(3_000_000_000, Duration::from_secs(2)), "3000 MB read, 1500 MB/s");
        assert_eq!(line(0, Duration::ZERO), "0 B read, 0 B/s");
    }
}
