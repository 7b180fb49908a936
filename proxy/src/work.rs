//! Many inputs on several threads.

use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::error::{Error, Id};
use crate::notes;

/// How many threads to use; those that read one big input together are made here.
pub(crate) fn start(jobs: Option<u16>) -> usize {
    let jobs = jobs.map_or_else(|| thread::available_parallelism().map_or(1, NonZero::get), usize::from);
    if jobs > 1 && rayon::ThreadPoolBuilder::new().num_threads(jobs).build_global().is_err() {
        // It was made before, or the system gives no threads: then the work takes longer and is the same.
        notes::debug("no threads of our own for big inputs");
    }
    jobs
}

/// Does `each` for 0, 1, 2, … below `count`, on up to `threads` threads; they begin in order. Answers come in order.
pub(crate) fn each<T: Send>(count: usize, threads: usize, each: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return done;
            }
            done.push((number, each(number)));
        }
    };
    let mut done: Vec<(usize, T)> = if threads <= 1 || count <= 1 {
        work()
    } else {
        thread::scope(|scope| {
            let workers: Vec<_> = (0..threads.min(count)).map(|_| scope.spawn(work)).collect();
            // A worker's own panics are caught by whoever gave it work.
            workers.into_iter().flat_map(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
        })
    };
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, answer)| answer).collect()
}

/// One input's panic is that input's failure.
pub(crate) fn guarded<T>(act: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(act)).unwrap_or_else(|_| {
        let error = Error::new(Id::Internal, "an internal error; this input was given up");
        Err(error.hint("report it with the place that was printed before"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_in_order_for_any_number_of_threads() {
        for threads in [1, 2, 7] {
            assert_eq!(each(20, threads, |number| number * 2), (0..40).step_by(2).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_panic_becomes_a_failure_without_its_message() {
        let error = guarded::<()>(|| panic!("CANARY")).unwrap_err();
        assert_eq!(error.id(), Id::Internal);
        assert!(!format!("{error} {error:?}").contains("CANARY"));
    }
}
