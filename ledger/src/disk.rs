//! Room on the disk: what is kept back, and who may still begin.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::vfs::{Space, Vfs};

/// The file that keeps room back.
const RESERVE: &str = "reserve";

/// The most that is kept back, and its share of the file system.
const MOST: u64 = 256 * 1024 * 1024;
const SHARE: u64 = 20;

/// Whether there is room for more.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Admission {
    /// Enough.
    Open,
    /// The disk is 85 % full: say so.
    Warn,
    /// What is left outside the reserve is less than the reserve: refuse new sessions, let the live ones go on.
    RefuseNew,
    /// The reserve is being used up: end live sessions at a message boundary. What they still record fits.
    EndLive,
}

/// Room that is kept back so that live sessions can be ended and their records written when the disk is full.
pub(crate) struct Reserve {
    vfs: Arc<dyn Vfs>,
    held: AtomicBool,
    /// How often it was given up.
    spent: Mutex<u64>,
}

impl Reserve {
    /// Keeps room back, when there is any.
    pub(crate) fn take(vfs: Arc<dyn Vfs>) -> io::Result<Self> {
        let this = Self::none(vfs);
        this.refill()?;
        Ok(this)
    }

    /// Keeps nothing back yet.
    pub(crate) fn none(vfs: Arc<dyn Vfs>) -> Self {
        Self { vfs, held: AtomicBool::new(false), spent: Mutex::default() }
    }

    /// How much is kept back on a file system of this size.
    pub(crate) fn size(space: Space) -> u64 {
        MOST.min(space.total / SHARE)
    }

    /// Takes the room back that was given up, once there is twice as much again.
    pub(crate) fn refill(&self) -> io::Result<()> {
        let vfs = &*self.vfs;
        let space = vfs.space()?;
        let size = Self::size(space);
        if self.held.load(Ordering::Acquire) || space.free < 2 * size {
            return Ok(());
        }
        match vfs.open(RESERVE).and_then(|mut file| file.reserve(size)) {
            Ok(()) => self.held.store(true, Ordering::Release),
            // Somebody else took the room since it was counted. What is left of the attempt is given back, and there will be
            // another: to go without a reserve is no reason to stop.
            Err(error) if error.kind() == io::ErrorKind::StorageFull => _ = vfs.remove(RESERVE),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Does some writing; when the disk is full, gives up the reserve and does it once more. So it does when somebody else, who
    /// found the disk full at the same moment, has given it up meanwhile.
    pub(crate) fn spend_if_full<T>(&self, mut write: impl FnMut() -> io::Result<T>) -> io::Result<T> {
        loop {
            let before = *self.spent();
            let error = match write() {
                Err(error) if error.kind() == io::ErrorKind::StorageFull => error,
                written => return written,
            };
            let mut spent = self.spent();
            if *spent == before {
                if !self.held.swap(false, Ordering::AcqRel) {
                    return Err(error);
                }
                self.vfs.remove(RESERVE)?;
                *spent += 1;
            }
        }
    }

    fn spent(&self) -> MutexGuard<'_, u64> {
        self.spent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn admission(&self) -> io::Result<Admission> {
        let space = self.vfs.space()?;
        let size = Self::size(space);
        Ok(if !self.held.load(Ordering::Acquire) && space.free < 2 * size {
            Admission::EndLive
        } else if space.free < size {
            Admission::RefuseNew
        } else if space.free < space.total / 100 * 15 {
            Admission::Warn
        } else {
            Admission::Open
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vfs::memory::{Fault, MemoryFs};

    #[test]
    fn admission_narrows_as_the_disk_fills_and_opens_again() {
        let fs = MemoryFs::new();
        let at = |free| fs.set_space(free, 1000);
        at(900);
        let reserve = Reserve::take(Arc::new(fs.clone())).unwrap();
        let admission = || reserve.admission().unwrap();
        assert_eq!(admission(), Admission::Open);
        at(140);
        assert_eq!(admission(), Admission::Warn);
        at(49);
        assert_eq!(admission(), Admission::RefuseNew);

        let mut tries = 0;
        let mut full_once = || {
            tries += 1;
            if tries == 1 { Err(io::Error::from_raw_os_error(28)) } else { Ok(()) }
        };
        reserve.spend_if_full(&mut full_once).unwrap();
        assert_eq!(admission(), Admission::EndLive);
        assert!(fs.read(RESERVE).is_err());
        // There is nothing more to give up.
        assert!(reserve.spend_if_full(|| Err::<(), _>(io::Error::from_raw_os_error(28))).is_err());

        at(500);
        reserve.refill().unwrap();
        assert_eq!(admission(), Admission::Open);
        assert!(fs.read(RESERVE).is_ok());
    }

    #[test]
    fn room_that_goes_while_it_is_taken_back_is_taken_another_time() {
        let fs = MemoryFs::new();
        fs.set_space(10, 1000);
        let reserve = Reserve::take(Arc::new(fs.clone())).unwrap();
        assert_eq!(reserve.admission().unwrap(), Admission::EndLive);
        fs.set_space(900, 1000);
        // The file is made, and there is no room for it.
        fs.fail_at(fs.operations() + 1, Fault::NoSpace);
        reserve.refill().unwrap();
        assert!(!reserve.held.load(Ordering::Acquire) && fs.read(RESERVE).is_err());
        reserve.refill().unwrap();
        assert!(reserve.held.load(Ordering::Acquire) && fs.read(RESERVE).is_ok());
        // A disk that fails is another matter.
        assert!(reserve.spend_if_full(|| Err::<(), _>(io::Error::from_raw_os_error(28))).is_err());
        fs.fail_at(fs.operations() + 1, Fault::Io);
        assert!(reserve.refill().is_err());
    }

    #[test]
    fn two_who_find_the_disk_full_at_one_moment_share_the_reserve() {
        let fs = MemoryFs::new();
        let reserve = Reserve::take(Arc::new(fs.clone())).unwrap();
        let full = || io::Error::from_raw_os_error(28);
        let (mut first, mut second) = (0, 0);
        reserve
            .spend_if_full(|| {
                first += 1;
                if first > 1 {
                    return Ok(());
                }
                // While this one is told that there is no room, another is told so as well, and is the first to act on it.
                reserve.spend_if_full(|| {
                    second += 1;
                    if second == 1 { Err(full()) } else { Ok(()) }
                })?;
                Err(full())
            })
            .unwrap();
        assert_eq!((first, second), (2, 2));
        assert!(fs.read(RESERVE).is_err());
        // Once it is used up, full is full.
        assert!(reserve.spend_if_full(|| Err::<(), _>(full())).is_err());
    }

    #[test]
    fn other_errors_cost_no_reserve() {
        let fs = MemoryFs::new();
        let reserve = Reserve::take(Arc::new(fs)).unwrap();
        assert!(reserve.spend_if_full(|| Err::<(), _>(io::Error::from_raw_os_error(5))).is_err());
        assert!(reserve.held.load(Ordering::Acquire));
    }
}
