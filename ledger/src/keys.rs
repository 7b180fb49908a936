//! The keys of recordings: one a session, under one a month, under the root.
//!
//! A recording can be forgotten by destroying its key. So wrapped keys never lie beside what they open: they are in slots
//! of a file a month, and a slot is overwritten when its session is to be forgotten. The month's own key covers copies of
//! that file: once it is destroyed, no backup of the slots opens anything.

use std::collections::HashMap;
use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::hash::hex_into;
use crate::ids::SessionId;
use crate::rows::RowCipher;
use crate::seal::{Secret, WRAP_LEN};
use crate::time::Time;
use crate::vfs::{Vfs, make_folders, write_whole};

/// The folder of wrapped keys inside a data folder.
pub(crate) const KEYS: &str = "keys";

/// The key of marks, beside those of months.
pub(crate) const MARKS: &str = "marks";

/// The key above all others. A file holds it today; a token (PKCS#11) or a key service has the same seat.
pub trait RootKey: Send + Sync {
    /// Seals a key for one place.
    ///
    /// # Errors
    ///
    /// When the key's keeper refuses or cannot be reached.
    fn wrap(&self, place: &str, key: &Secret) -> Result<Vec<u8>>;

    /// Opens a key that was sealed for that place.
    ///
    /// # Errors
    ///
    /// When it was sealed with another key or for another place, or the keeper refuses.
    fn unwrap(&self, place: &str, wrapped: &[u8]) -> Result<Secret>;
}

/// A root key in a file that only its owner may read.
pub struct RootKeyFile(Secret);

/// How such a file begins.
const ROOT_HEADER: &str = "blackbar root key 1";

impl RootKeyFile {
    /// A new key.
    ///
    /// # Errors
    ///
    /// When the system gives no random bytes.
    pub fn generate() -> Result<Self> {
        Secret::random().map(Self)
    }

    /// Writes it to a new file, durably; never over an existing one.
    ///
    /// # Errors
    ///
    /// When the file exists or cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let digits: Zeroizing<String> =
            Zeroizing::new(self.0.expose().iter().map(|byte| format!("{byte:02x}")).collect());
        let text = Zeroizing::new(format!("{ROOT_HEADER}\n{}\n{}\n", *digits, check(&self.0)));
        let write = || -> io::Result<()> {
            let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(path)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()
        };
        write().map_err(|error| Error::io("the root key cannot be written", error))
    }

    /// Reads it.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or is not a root key, or was altered.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map(Zeroizing::new);
        Self::parse(&text.map_err(|error| Error::io("the root key cannot be read", error))?)
    }

    /// Reads the text of such a file, for who keeps it elsewhere than in a file.
    ///
    /// # Errors
    ///
    /// When it is not a root key, or was altered.
    pub fn parse(text: &str) -> Result<Self> {
        let mut lines = text.lines();
        let mut bytes = Zeroizing::new([0; 32]);
        let fits = lines.next() == Some(ROOT_HEADER)
            && lines.next().is_some_and(|digits| hex_into(digits, bytes.as_mut_slice()));
        let key = Secret::from_bytes(*bytes);
        if fits && lines.next() == Some(check(&key).as_str()) && lines.next().is_none() {
            Ok(Self(key))
        } else {
            Err(Error::key("the file is not a root key, or was altered"))
        }
    }
}

/// Tells a mistyped key from a wrong one, and nothing about the key.
fn check(key: &Secret) -> String {
    let hash = key.derive(&[b"blackbar check"]).commit("check", b"").to_string();
    hash.chars().take(8).collect()
}

impl fmt::Debug for RootKeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RootKeyFile")
    }
}

impl RootKey for RootKeyFile {
    fn wrap(&self, place: &str, key: &Secret) -> Result<Vec<u8>> {
        self.0.wrap(place, key.expose())
    }

    fn unwrap(&self, place: &str, wrapped: &[u8]) -> Result<Secret> {
        self.0.unwrap_key(place, wrapped)
    }
}

/// How long a slot is: the session, its wrapped key, a check, and room.
pub(crate) const SLOT_LEN: usize = 128;
const WRAPPED_LEN: usize = 32 + WRAP_LEN;
const CHECKED_LEN: usize = 16 + WRAPPED_LEN;

/// Where the wrapped key of a session is, and its bytes.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub(crate) month: String,
    pub(crate) number: u64,
    pub(crate) bytes: [u8; SLOT_LEN],
}

/// The keys of all recordings of a data folder.
pub(crate) struct KeyStore {
    vfs: Arc<dyn Vfs>,
    root: Arc<dyn RootKey>,
    months: Mutex<HashMap<String, Month>>,
}

struct Month {
    key: Secret,
    next: u64,
    /// Which slot a session has; filled when first asked for.
    slots: Option<HashMap<SessionId, u64>>,
}

impl KeyStore {
    /// The keys of a data folder.
    pub(crate) fn new(vfs: Arc<dyn Vfs>, root: Arc<dyn RootKey>) -> Self {
        Self { vfs, root, months: Mutex::default() }
    }

    /// Makes the key of a new session, and the slot that is to be written.
    pub(crate) fn create(&self, session: SessionId, now: Time) -> Result<(Secret, Slot)> {
        let name = now.month();
        self.with_month(&name, true, |month| {
            let key = Secret::random()?;
            let number = month.next;
            month.next += 1;
            if let Some(slots) = &mut month.slots {
                slots.insert(session, number);
            }
            let wrapped = month.key.wrap(&place_of(&name, session), key.expose())?;
            let mut bytes = [0; SLOT_LEN];
            let content = [session.as_bytes().as_slice(), &wrapped].concat();
            let checked = [content.as_slice(), &crc32c::crc32c(&content).to_le_bytes()].concat();
            for (byte, written) in bytes.iter_mut().zip(checked) {
                *byte = written;
            }
            Ok((key, Slot { month: name.clone(), number, bytes }))
        })
    }

    /// The key of a session that began in `month`.
    ///
    /// # Errors
    ///
    /// When its slot was erased ([`Error::is_deleted`]), is not there, or cannot be unwrapped.
    pub(crate) fn key(&self, session: SessionId, month: &str) -> Result<Secret> {
        let number = self.slot_of(session, month)?;
        let bytes = self.vfs.read_at(&slots_path(month), number * SLOT_LEN as u64, SLOT_LEN);
        let bytes = bytes.map_err(|error| Error::io(slots_path(month), error))?;
        let wrapped = wrapped_in(&bytes).filter(|(owner, _)| *owner == session).map(|(_, wrapped)| wrapped);
        let wrapped = wrapped.ok_or_else(|| Error::deleted(format!("the key of session {session} was erased")))?;
        self.with_month(month, false, |of_month| of_month.key.unwrap_key(&place_of(month, session), wrapped))
    }

    /// Overwrites the wrapped keys of sessions that began in a month, durably. Fine for those where that was done before.
    pub(crate) fn shred(&self, sessions: &[SessionId], month: &str) -> Result<()> {
        let mut numbers = Vec::new();
        for session in sessions {
            match self.slot_of(*session, month) {
                Err(error) if error.is_deleted() => {}
                found => numbers.push(found?),
            }
        }
        if numbers.is_empty() {
            return Ok(());
        }
        let path = slots_path(month);
        let overwrite = || -> io::Result<()> {
            let mut file = self.vfs.open(&path)?;
            for number in numbers {
                file.write_at(number * SLOT_LEN as u64, &[0; SLOT_LEN])?;
            }
            file.sync()
        };
        overwrite().map_err(|error| Error::io(path.as_str(), error))?;
        let mut months = self.months.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slots) = months.get_mut(month).and_then(|month| month.slots.as_mut()) {
            for session in sessions {
                slots.remove(session);
            }
        }
        Ok(())
    }

    /// Destroys the key of a whole month: from then on no copy of any slot of it opens anything.
    ///
    /// # Errors
    ///
    /// When a file cannot be overwritten or removed.
    pub(crate) fn destroy_month(&self, month: &str) -> Result<()> {
        let (path, slots) = (month_path(month), slots_path(month));
        let destroy = || -> io::Result<()> {
            for path in [&path, &slots] {
                let length = match self.vfs.read(path) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    bytes => bytes?.len(),
                };
                let mut file = self.vfs.open(path)?;
                file.write_at(0, &vec![0; length])?;
                file.sync()?;
                self.vfs.remove(path)?;
            }
            self.vfs.sync_folder(KEYS)
        };
        destroy().map_err(|error| Error::io(path.as_str(), error))?;
        self.months.lock().unwrap_or_else(PoisonError::into_inner).remove(month);
        Ok(())
    }

    /// The seed of the key that signs checkpoints, made at the first call.
    pub(crate) fn log_seed(&self, origin: &str) -> Result<Secret> {
        self.lasting("log", &format!("log {origin}"))
    }

    /// The seed of the key that signs checkpoints, when there is one.
    pub(crate) fn known_log_seed(&self, origin: &str) -> Result<Option<Secret>> {
        self.known("log", &format!("log {origin}"))
    }

    /// The key of marks, made at the first call.
    pub(crate) fn marks_key(&self) -> Result<Secret> {
        self.lasting(MARKS, MARKS)
    }

    /// The key of marks, when there is one.
    pub(crate) fn known_marks_key(&self) -> Result<Option<Secret>> {
        self.known(MARKS, MARKS)
    }

    /// What seals rows that are derived from the recordings of a month.
    pub(crate) fn row_cipher(&self, month: &str) -> Result<RowCipher> {
        self.with_month(month, false, |month| Ok(RowCipher::new(&month.key)))
    }

    /// A key that is for ever, made when there is none.
    fn lasting(&self, name: &str, place: &str) -> Result<Secret> {
        if let Some(key) = self.known(name, place)? {
            return Ok(key);
        }
        let path = format!("{KEYS}/{name}.key");
        let key = Secret::random()?;
        let wrapped = self.root.wrap(place, &key)?;
        let made = make_folders(&*self.vfs, KEYS).and_then(|()| write_whole(&*self.vfs, &path, &wrapped));
        made.map_err(|error| Error::io(path, error))?;
        Ok(key)
    }

    fn known(&self, name: &str, place: &str) -> Result<Option<Secret>> {
        let path = format!("{KEYS}/{name}.key");
        match self.vfs.read(&path) {
            Ok(wrapped) => self.root.unwrap(place, &wrapped).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io(path, error)),
        }
    }

    fn slot_of(&self, session: SessionId, month: &str) -> Result<u64> {
        let vfs = &self.vfs;
        self.with_month(month, false, |of_month| {
            let slots = match &mut of_month.slots {
                Some(slots) => slots,
                none => none.insert(read_slots(&**vfs, month)?),
            };
            if !slots.contains_key(&session) {
                // A slot is written a moment after its session began.
                *slots = read_slots(&**vfs, month)?;
            }
            let erased = || Error::deleted(format!("the key of session {session} was erased"));
            slots.get(&session).copied().ok_or_else(erased)
        })
    }

    fn with_month<T>(&self, name: &str, make: bool, work: impl FnOnce(&mut Month) -> Result<T>) -> Result<T> {
        let mut months = self.months.lock().unwrap_or_else(PoisonError::into_inner);
        if !months.contains_key(name) {
            months.insert(name.to_owned(), self.month(name, make)?);
        }
        let gone = || Error::key(format!("the key of {name} is not there"));
        work(months.get_mut(name).ok_or_else(gone)?)
    }

    fn month(&self, name: &str, make: bool) -> Result<Month> {
        let path = month_path(name);
        let place = format!("month {name}");
        let key = match self.vfs.read(&path) {
            Ok(wrapped) => self.root.unwrap(&place, &wrapped)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound && make => {
                let key = Secret::random()?;
                let wrapped = self.root.wrap(&place, &key)?;
                let made = make_folders(&*self.vfs, KEYS).and_then(|()| write_whole(&*self.vfs, &path, &wrapped));
                made.map_err(|error| Error::io(path, error))?;
                key
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(Error::deleted(format!("the key of {name} was destroyed")));
            }
            Err(error) => return Err(Error::io(path, error)),
        };
        let length = match self.vfs.read(&slots_path(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            bytes => bytes.map_err(|error| Error::io(slots_path(name), error))?.len(),
        };
        Ok(Month { key, next: length.div_ceil(SLOT_LEN) as u64, slots: None })
    }
}

impl fmt::Debug for KeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyStore")
    }
}

/// The file of the slots of a month.
pub(crate) fn slots_path(month: &str) -> String {
    format!("{KEYS}/{month}.slots")
}

fn month_path(month: &str) -> String {
    format!("{KEYS}/{month}.key")
}

/// What a wrapped key of a session is bound to.
fn place_of(month: &str, session: SessionId) -> String {
    format!("session {month}/{session}")
}

fn read_slots(vfs: &dyn Vfs, month: &str) -> Result<HashMap<SessionId, u64>> {
    let bytes = match vfs.read(&slots_path(month)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        bytes => bytes.map_err(|error| Error::io(slots_path(month), error))?,
    };
    let slots = bytes.chunks(SLOT_LEN).zip(0..);
    Ok(slots.filter_map(|(slot, number)| Some((wrapped_in(slot)?.0, number))).collect())
}

/// The session and the wrapped key of a slot; `None` for one that is empty, erased or damaged.
fn wrapped_in(slot: &[u8]) -> Option<(SessionId, &[u8])> {
    let (content, check) = slot.split_at_checked(CHECKED_LEN)?;
    let check = u32::from_le_bytes(*check.first_chunk()?);
    let (session, wrapped) = content.split_first_chunk()?;
    (crc32c::crc32c(content) == check).then_some((SessionId::from_bytes(*session), wrapped))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vfs::memory::MemoryFs;

    const NOW: Time = Time::from_micros(1_700_000_000_000_000);

    fn store(fs: &MemoryFs, root: &Secret) -> KeyStore {
        KeyStore::new(Arc::new(fs.clone()), Arc::new(RootKeyFile(root.clone())))
    }

    fn written(fs: &MemoryFs, store: &KeyStore, session: SessionId) -> Secret {
        let (key, slot) = store.create(session, NOW).unwrap();
        let mut file = fs.open(&slots_path(&slot.month)).unwrap();
        file.write_at(slot.number * SLOT_LEN as u64, &slot.bytes).unwrap();
        key
    }

    #[test]
    fn a_key_is_found_again_until_it_is_erased() {
        let (fs, root) = (MemoryFs::new(), Secret::random().unwrap());
        let (one, two) = (SessionId::from_bytes([1; 16]), SessionId::from_bytes([2; 16]));
        let first = store(&fs, &root);
        let keys = [written(&fs, &first, one), written(&fs, &first, two)];
        let again = store(&fs, &root);
        assert_eq!(again.key(one, "2023-11").unwrap().expose(), keys[0].expose());
        assert_eq!(again.key(two, "2023-11").unwrap().expose(), keys[1].expose());

        assert_ne!(fs.read("keys/2023-11.slots").unwrap()[..SLOT_LEN], [0; SLOT_LEN]);
        again.shred(&[one], "2023-11").unwrap();
        again.shred(&[one], "2023-11").unwrap();
        assert_eq!(fs.read("keys/2023-11.slots").unwrap()[..SLOT_LEN], [0; SLOT_LEN]);
        for store in [&again, &store(&fs, &root)] {
            assert!(store.key(one, "2023-11").unwrap_err().is_deleted());
            assert!(store.key(two, "2023-11").is_ok());
        }
        // A slot is never used twice.
        let (_, slot) = store(&fs, &root).create(SessionId::from_bytes([3; 16]), NOW).unwrap();
        assert_eq!(slot.number, 2);

        again.destroy_month("2023-11").unwrap();
        assert!(store(&fs, &root).key(two, "2023-11").unwrap_err().is_deleted());
    }

    #[test]
    fn another_root_opens_nothing() {
        let (fs, root) = (MemoryFs::new(), Secret::random().unwrap());
        let session = SessionId::from_bytes([1; 16]);
        written(&fs, &store(&fs, &root), session);
        assert!(store(&fs, &Secret::random().unwrap()).key(session, "2023-11").unwrap_err().is_key());
    }

    #[test]
    fn the_log_key_is_made_once() {
        let (fs, root) = (MemoryFs::new(), Secret::random().unwrap());
        let seed = store(&fs, &root).log_seed("clinic/one").unwrap();
        assert_eq!(store(&fs, &root).log_seed("clinic/one").unwrap().expose(), seed.expose());
        assert!(store(&fs, &root).log_seed("clinic/two").is_err());
    }

    #[test]
    fn a_root_key_file_is_read_back_and_never_overwritten() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.key");
        let key = RootKeyFile::generate().unwrap();
        key.write(&path).unwrap();
        assert!(key.write(&path).is_err());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(RootKeyFile::read(&path).unwrap().0.expose(), key.0.expose());
        let text = std::fs::read_to_string(&path).unwrap();
        let digit = text.as_bytes()[ROOT_HEADER.len() + 1];
        let altered = text.replacen(char::from(digit), if digit == b'0' { "1" } else { "0" }, 9);
        assert!(RootKeyFile::parse(&altered).unwrap_err().is_key());
    }
}
