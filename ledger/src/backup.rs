//! Copies of a data folder from which it can be put back, and another root key for it.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::journal::JOURNAL;
use crate::keys::{KEYS, MARKS, RootKey};
use crate::segment::RECORDINGS;
use crate::tiles::{CHECKPOINT, LOG};
use crate::vfs::{RealFs, Vfs as _, write_whole};

/// Copies the ledger in `from` to a new folder `to`, also while a gateway records, right after [`crate::Ledger::compact`].
/// The wrapped keys are in it, the root key is not.
///
/// The order makes the copy whole: what the journal still has is copied last, and stands for everything that came to the
/// other files meanwhile.
///
/// # Errors
///
/// When a file cannot be copied, or the journal was renewed meanwhile ([`Error::is_overloaded`]): compact, and do it again.
pub fn backup(from: &Path, to: &Path) -> Result<()> {
    let first = first_journal(from)?;
    let failed = |what: &str| {
        let what = what.to_owned();
        move |error| Error::io(what, error)
    };
    fs::create_dir(to).map_err(failed("the folder of the backup"))?;
    for part in [RECORDINGS, KEYS] {
        copy(&from.join(part), &to.join(part)).map_err(failed(part))?;
    }
    let checkpoint = fs::read(from.join(CHECKPOINT)).map_err(failed(CHECKPOINT))?;
    copy(&from.join(LOG), &to.join(LOG)).map_err(failed(LOG))?;
    write(&to.join(CHECKPOINT), &checkpoint).map_err(failed(CHECKPOINT))?;
    copy_file(&from.join(crate::ledger::VKEY), &to.join(crate::ledger::VKEY)).map_err(failed(crate::ledger::VKEY))?;
    copy(&from.join(JOURNAL), &to.join(JOURNAL)).map_err(failed(JOURNAL))?;
    if first_journal(from)? != first || first_journal(to)? != first {
        return Err(Error::overloaded("the journal was renewed while it was copied"));
    }
    File::open(to).and_then(|folder| folder.sync_all()).map_err(failed("the folder of the backup"))
}

/// Puts the keys of a data folder that nobody uses under another root key; says how many there were. Doing it again finishes
/// what a crash interrupted.
///
/// # Errors
///
/// When another process has the folder, or a key opens with neither root key: then nothing was changed.
pub fn rotate_root(folder: &Path, old: &dyn RootKey, new: &Arc<dyn RootKey>) -> Result<u64> {
    let vfs = RealFs::new(folder);
    let _lock = vfs.lock()?;
    let names = vfs.list(KEYS).map_err(|error| Error::io(KEYS, error))?;
    let origin = crate::Reader::open(folder, None).verifier_key()?.name().to_owned();
    let mut rewrapped = Vec::new();
    for name in names {
        let Some(month) = name.strip_suffix(".key") else { continue };
        let place = match month {
            "log" => format!("log {origin}"),
            MARKS => MARKS.to_owned(),
            month => format!("month {month}"),
        };
        let path = format!("{KEYS}/{name}");
        let wrapped = vfs.read(&path).map_err(|error| Error::io(path.as_str(), error))?;
        if new.unwrap(&place, &wrapped).is_err() {
            rewrapped.push((path, new.wrap(&place, &old.unwrap(&place, &wrapped)?)?));
        }
    }
    let count = rewrapped.len() as u64;
    for (path, wrapped) in rewrapped {
        write_whole(&vfs, &path, &wrapped).map_err(|error| Error::io(path, error))?;
    }
    Ok(count)
}

/// The number of the first file of the journal.
fn first_journal(folder: &Path) -> Result<Option<String>> {
    let names = RealFs::new(folder).list(JOURNAL).map_err(|error| Error::io(JOURNAL, error))?;
    Ok(names.into_iter().find(|name| name.ends_with(".journal")))
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        let copied =
            if entry.file_type()?.is_dir() { copy(&entry.path(), &target) } else { copy_file(&entry.path(), &target) };
        match copied {
            // A file that went meanwhile is in another one now.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            copied => copied?,
        }
    }
    File::open(to)?.sync_all()
}

fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    fs::copy(from, to)?;
    File::open(to)?.sync_all()
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::{Checks, folder};
    use crate::{Details, Direction, Kind, Leaf, Ledger, Options, Outcome, Reader, RootKeyFile, SessionOpen, Time};

    const NOW: Time = Time::from_micros(1_700_000_000_000_000);

    #[test]
    fn backups_of_a_busy_ledger_are_whole_and_go_on() {
        let place = tempfile::tempdir().unwrap();
        let data = place.path().join("data");
        fs::create_dir(&data).unwrap();
        let root: Arc<dyn RootKey> = Arc::new(RootKeyFile::generate().unwrap());
        let options = || Options { segment_file: 64 << 10, ..Options::new("clinic.example/one", "one") };
        let ledger = Ledger::open(&data, Arc::clone(&root), options(), NOW).unwrap();
        let stop = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                        let (mut session, _) = ledger.session(SessionOpen::new("agent-7", "ehr"), NOW).unwrap();
                        for _ in 0..5 {
                            session.request(b"asked", Details::new(), NOW).unwrap().wait().unwrap();
                            session.response_block(Direction::ToClient, &[7; 9000], NOW).unwrap();
                            session.response(Outcome::Success, Details::new(), NOW).unwrap().wait().unwrap();
                        }
                        session.close(Outcome::Success, Details::new(), NOW).unwrap().wait().unwrap();
                    }
                });
            }
            for round in 0..8 {
                ledger.compact().unwrap();
                let to = place.path().join(format!("backup-{round}"));
                backup(&data, &to).unwrap();
                assert!(backup(&data, &to).is_err(), "never over another one");
                // It opens as after a crash, and everything is there and goes on.
                let again = Ledger::open(&to, Arc::clone(&root), options(), NOW).unwrap();
                again.record(Leaf::new(Kind::Heartbeat), NOW).unwrap().wait().unwrap();
                again.close().unwrap();
                let checks = Checks { root: Some(Arc::clone(&root)), ..Checks::default() };
                let report = folder(&to, &checks).unwrap();
                assert!(report.is_good(), "{round}: {:?}", report.findings);
                assert!(report.frames_opened > 0 || round == 0);
            }
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        ledger.close().unwrap();
    }

    #[test]
    fn another_root_key_opens_what_the_old_one_did_and_the_old_one_nothing() {
        let place = tempfile::tempdir().unwrap();
        let (old, new) = (Arc::new(RootKeyFile::generate().unwrap()), Arc::new(RootKeyFile::generate().unwrap()));
        let options = || Options::new("clinic.example/one", "one");
        let ledger = Ledger::open(place.path(), old.clone(), options(), NOW).unwrap();
        let (mut session, _) = ledger.session(SessionOpen::new("agent-7", "ehr"), NOW).unwrap();
        session.response_block(Direction::ToClient, b"answered", NOW).unwrap();
        let id = session.id();
        session.close(Outcome::Success, Details::new(), NOW).unwrap().wait().unwrap();
        let marks = ledger.marks_key().unwrap();
        let root: Arc<dyn RootKey> = new.clone();
        assert!(rotate_root(place.path(), &*old, &root).unwrap_err().is_locked());
        ledger.close().unwrap();
        let stranger: Arc<dyn RootKey> = Arc::new(RootKeyFile::generate().unwrap());
        assert!(rotate_root(place.path(), &*stranger, &root).unwrap_err().is_key());
        assert_eq!(rotate_root(place.path(), &*old, &root).unwrap(), 3);
        assert_eq!(rotate_root(place.path(), &*old, &root).unwrap(), 0);
        let read = |root: Arc<RootKeyFile>| {
            let reader = Reader::open(place.path(), Some(root));
            reader.records(id, &NOW.month()).map(|mut records| records.next().unwrap().unwrap().bytes)
        };
        assert_eq!(read(new.clone()).unwrap(), b"answered");
        assert!(read(old.clone()).unwrap_err().is_key());
        let again = Reader::open(place.path(), Some(root)).marks_key().unwrap().unwrap();
        assert_eq!(again.expose(), marks.expose());
        assert!(Ledger::open(place.path(), old, options(), NOW).is_err());
        Ledger::open(place.path(), new, options(), NOW).unwrap().close().unwrap();
    }
}
