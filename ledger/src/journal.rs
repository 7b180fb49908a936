//! The commit journal: the one file that is synced before anything counts as recorded.
//!
//! ```text
//! file header, 64 bytes:   "BBJRNL01" | version u16 | zeros u16 | zeros u32 | file number u64 | first leaf u64
//!                          | first entry u64 | first batch u64 | zeros | crc32c of what is before u32
//! entry header, 32 bytes:  body length u32 | kind u8 | zeros 3 | entry number u64 | batch u64
//!                          | entries of the batch that follow u32 | crc32c of header before and body u32
//! ```
//!
//! A batch is written and synced before the next one is written. So an entry that is not whole, with valid entries of a
//! *later* batch behind it, was damaged after it had been synced, and is refused; one with nothing, or only parts of its own
//! batch, behind it was never acknowledged, and is cut off. Zeros at the end are room for entries that have not come: to write
//! where room is made already takes one write to the disk for a sync, to make a file longer takes several.

use std::io;
use std::sync::Arc;

use crate::disk::Reserve;
use crate::error::{Error, Result};
use crate::ids::SessionId;
use crate::keys::{SLOT_LEN, Slot};
use crate::vfs::{Vfs, VfsFile};

/// The folder of the journal inside a data folder.
pub(crate) const JOURNAL: &str = "journal";

const MAGIC: &[u8; 8] = b"BBJRNL01";
const FILE_HEADER_LEN: usize = 64;
const ENTRY_HEADER_LEN: usize = 32;
const VERSION: u16 = 1;

/// What the journal holds.
#[derive(Clone, Debug)]
pub(crate) enum Entry {
    /// A leaf of the log.
    Leaf(Vec<u8>),
    /// A frame of a recording and where it goes.
    Frame { session: SessionId, segment: u32, frame: u64, offset: u64, bytes: Vec<u8> },
    /// The wrapped key of a session and where it goes.
    Key(Slot),
    /// What was going on when this file was begun; always its first entry.
    State(Vec<u8>),
}

impl Entry {
    const LEAF: u8 = 1;
    const FRAME: u8 = 2;
    const KEY: u8 = 3;
    const STATE: u8 = 4;

    /// About how many bytes it takes.
    pub(crate) fn len(&self) -> usize {
        ENTRY_HEADER_LEN
            + match self {
                Self::Leaf(bytes) | Self::State(bytes) => bytes.len(),
                Self::Frame { bytes, .. } => 36 + bytes.len(),
                Self::Key(slot) => 9 + slot.month.len() + SLOT_LEN,
            }
    }

    fn write(&self, seq: u64, batch: u64, following: u32, out: &mut Vec<u8>) -> Result<()> {
        let start = out.len();
        out.extend_from_slice(&[0; ENTRY_HEADER_LEN]);
        let kind = match self {
            Self::Leaf(bytes) => {
                out.extend_from_slice(bytes);
                Self::LEAF
            }
            Self::Frame { session, segment, frame, offset, bytes } => {
                out.extend_from_slice(session.as_bytes());
                out.extend_from_slice(&segment.to_le_bytes());
                out.extend_from_slice(&frame.to_le_bytes());
                out.extend_from_slice(&offset.to_le_bytes());
                out.extend_from_slice(bytes);
                Self::FRAME
            }
            Self::Key(slot) => {
                out.push(
                    u8::try_from(slot.month.len()).map_err(|_| Error::too_large("the name of a month is too long"))?,
                );
                out.extend_from_slice(slot.month.as_bytes());
                out.extend_from_slice(&slot.number.to_le_bytes());
                out.extend_from_slice(&slot.bytes);
                Self::KEY
            }
            Self::State(bytes) => {
                out.extend_from_slice(bytes);
                Self::STATE
            }
        };
        let length = u32::try_from(out.len() - start - ENTRY_HEADER_LEN);
        let length = length.map_err(|_| Error::too_large("an entry is longer than its header can say"))?;
        let fields = [
            length.to_le_bytes().as_slice(),
            &[kind, 0, 0, 0],
            &seq.to_le_bytes(),
            &batch.to_le_bytes(),
            &following.to_le_bytes(),
        ]
        .concat();
        let body = out.get(start + ENTRY_HEADER_LEN..).unwrap_or_default();
        let sum = crc32c::crc32c_append(crc32c::crc32c(&fields), body);
        if let Some(header) = out.get_mut(start..start + ENTRY_HEADER_LEN) {
            header.copy_from_slice(&[fields.as_slice(), &sum.to_le_bytes()].concat());
        }
        Ok(())
    }

    fn parse(kind: u8, body: &[u8]) -> Option<Self> {
        Some(match kind {
            Self::LEAF => Self::Leaf(body.to_vec()),
            Self::STATE => Self::State(body.to_vec()),
            Self::FRAME => {
                let (session, rest) = body.split_first_chunk()?;
                let (segment, rest) = rest.split_first_chunk()?;
                let (frame, rest) = rest.split_first_chunk()?;
                let (offset, bytes) = rest.split_first_chunk()?;
                Self::Frame {
                    session: SessionId::from_bytes(*session),
                    segment: u32::from_le_bytes(*segment),
                    frame: u64::from_le_bytes(*frame),
                    offset: u64::from_le_bytes(*offset),
                    bytes: bytes.to_vec(),
                }
            }
            Self::KEY => {
                let (length, rest) = body.split_first()?;
                let (month, rest) = rest.split_at_checked(usize::from(*length))?;
                let (number, bytes) = rest.split_first_chunk()?;
                let month = String::from_utf8(month.to_vec()).ok()?;
                Self::Key(Slot { month, number: u64::from_le_bytes(*number), bytes: bytes.try_into().ok()? })
            }
            _ => return None,
        })
    }
}

/// The counters at which a journal file begins.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct FileHeader {
    pub(crate) number: u64,
    pub(crate) first_leaf: u64,
    pub(crate) first_entry: u64,
    pub(crate) first_batch: u64,
}

impl FileHeader {
    fn encode(&self) -> [u8; FILE_HEADER_LEN] {
        let mut header = [0; FILE_HEADER_LEN];
        let fields = [
            MAGIC.as_slice(),
            &VERSION.to_le_bytes(),
            &[0; 6],
            &self.number.to_le_bytes(),
            &self.first_leaf.to_le_bytes(),
            &self.first_entry.to_le_bytes(),
            &self.first_batch.to_le_bytes(),
        ]
        .concat();
        for (byte, field) in header.iter_mut().zip(fields) {
            *byte = field;
        }
        let (content, sum) = header.split_at_mut(FILE_HEADER_LEN - 4);
        sum.copy_from_slice(&crc32c::crc32c(content).to_le_bytes());
        header
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let header = bytes.get(..FILE_HEADER_LEN)?;
        let this = Self {
            number: number_at(header, 16)?,
            first_leaf: number_at(header, 24)?,
            first_entry: number_at(header, 32)?,
            first_batch: number_at(header, 40)?,
        };
        (this.encode() == header).then_some(this)
    }
}

/// Whether a file begins with the undamaged header of a later version. All versions have in common where their magic, their number
/// and the checksum of the header are.
pub(crate) fn is_newer(bytes: &[u8], magic: &[u8; 8], version: u16, header: usize) -> bool {
    let Some((content, sum)) = bytes.get(..header).and_then(<[u8]>::split_last_chunk::<4>) else { return false };
    let theirs = content.get(8..10).and_then(<[u8]>::first_chunk::<2>).map(|field| u16::from_le_bytes(*field));
    let is_later = theirs.is_some_and(|theirs| theirs > version);
    content.starts_with(magic) && is_later && crc32c::crc32c(content).to_le_bytes() == *sum
}

/// A journal file as it was found.
#[derive(Debug)]
pub(crate) struct FoundFile {
    pub(crate) path: String,
    pub(crate) header: FileHeader,
    pub(crate) entries: Vec<Entry>,
    /// How many of its bytes are whole entries, and how many follow.
    pub(crate) good: u64,
    pub(crate) bad: u64,
    /// The counters after its last whole entry.
    pub(crate) next_entry: u64,
    pub(crate) next_batch: u64,
}

/// Reads all files of the journal.
///
/// Fails when one is damaged where it had been synced, or missing between others. Entries at the end that were never
/// acknowledged are not among those found.
pub(crate) fn find(vfs: &dyn Vfs) -> Result<Vec<FoundFile>> {
    let names = vfs.list(JOURNAL).map_err(|error| Error::io(JOURNAL, error))?;
    let mut numbers: Vec<u64> = names.iter().filter_map(|name| name.strip_suffix(".journal")?.parse().ok()).collect();
    numbers.sort_unstable();
    let mut files: Vec<FoundFile> = Vec::new();
    for (at, number) in numbers.iter().enumerate() {
        let path = file_path(*number);
        let bytes = vfs.read(&path).map_err(|error| Error::io(path.as_str(), error))?;
        if is_newer(&bytes, MAGIC, VERSION, FILE_HEADER_LEN) {
            return Err(Error::newer(&path));
        }
        let header = FileHeader::parse(&bytes).filter(|header| header.number == *number);
        let header = header.ok_or_else(|| Error::corrupt(format!("{path} has no valid header")))?;
        if let Some(before) = files.last()
            && (before.header.number + 1 != *number || before.next_entry != header.first_entry)
        {
            return Err(Error::corrupt(format!(
                "{path} does not follow {}: a file of the journal is missing",
                before.path
            )));
        }
        let file = scan(path, header, &bytes)?;
        if file.bad > 0 && at + 1 < numbers.len() {
            let what = format!("{} is damaged at byte {}, and a later file follows", file.path, file.good);
            return Err(Error::corrupt(what));
        }
        files.push(file);
    }
    Ok(files)
}

fn scan(path: String, header: FileHeader, bytes: &[u8]) -> Result<FoundFile> {
    let mut entries = Vec::new();
    let written = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let (mut at, mut next_entry, mut next_batch) = (FILE_HEADER_LEN, header.first_entry, header.first_batch);
    // Which batch the entry at `at` belongs to.
    let mut batch = header.first_batch;
    while at < written {
        let found = whole_entry(bytes.get(at..).unwrap_or_default());
        let fits = |found: &Whole| found.seq == next_entry && found.batch == batch;
        let Some(found) = found.filter(fits) else {
            // The least number that the entry behind a damaged one can have is above its own.
            if let Some(later) = (at + 1..written).find(|from| is_of_later_batch(bytes, *from, next_entry, batch)) {
                let what = format!(
                    "{path} is damaged at byte {at}: entry {next_entry} had been synced, since a later one follows at byte {later}"
                );
                return Err(Error::corrupt(what));
            }
            break;
        };
        entries.push(found.entry);
        next_entry += 1;
        next_batch = found.batch + 1;
        batch = found.batch + u64::from(found.following == 0);
        at += found.len;
    }
    let (good, bad) = (at as u64, written.saturating_sub(at) as u64);
    Ok(FoundFile { path, header, entries, good, bad, next_entry, next_batch })
}

struct Whole {
    entry: Entry,
    seq: u64,
    batch: u64,
    following: u32,
    len: usize,
}

fn whole_entry(bytes: &[u8]) -> Option<Whole> {
    let (seq, batch, len) = checked_entry(bytes)?;
    let entry = Entry::parse(*bytes.get(4)?, bytes.get(ENTRY_HEADER_LEN..len)?)?;
    let following = u32::from_le_bytes(*bytes.get(24..)?.first_chunk()?);
    Some(Whole { entry, seq, batch, following, len })
}

/// The number, batch and length of the entry that `bytes` begin with, when its checksum holds.
fn checked_entry(bytes: &[u8]) -> Option<(u64, u64, usize)> {
    let header = bytes.get(..ENTRY_HEADER_LEN)?;
    let length = usize::try_from(u32::from_le_bytes(*header.first_chunk()?)).ok()?;
    if header.get(5..8)? != [0; 3] || !(Entry::LEAF..=Entry::STATE).contains(header.get(4)?) {
        return None;
    }
    let len = ENTRY_HEADER_LEN.checked_add(length)?;
    let body = bytes.get(ENTRY_HEADER_LEN..len)?;
    let sum = u32::from_le_bytes(*header.get(28..)?.first_chunk()?);
    let held = crc32c::crc32c_append(crc32c::crc32c(header.get(..28)?), body) == sum;
    held.then_some((number_at(header, 8)?, number_at(header, 16)?, len))
}

fn is_of_later_batch(bytes: &[u8], from: usize, entry: u64, batch: u64) -> bool {
    let rest = bytes.get(from..).unwrap_or_default();
    // Cheap questions first: this is asked of every byte.
    let plausible =
        number_at(rest, 8).is_some_and(|seq| seq > entry) && number_at(rest, 16).is_some_and(|of| of > batch);
    plausible && checked_entry(rest).is_some()
}

/// The journal file that is being written.
pub(crate) struct Journal {
    vfs: Arc<dyn Vfs>,
    reserve: Arc<Reserve>,
    file: Box<dyn VfsFile>,
    number: u64,
    len: u64,
    next_entry: u64,
    next_batch: u64,
    /// Where batches are put together: kept from one to the next.
    room: Vec<u8>,
    /// Up to where zeros are written, and how far ahead of what is written they are.
    allotted: u64,
    ahead: u64,
}

/// How much of it is kept.
const MOST_ROOM: usize = 256 * 1024;

impl Journal {
    /// Begins a file; durable when this returns. `ahead`: how much room is made for entries at once.
    pub(crate) fn begin(
        vfs: Arc<dyn Vfs>,
        reserve: Arc<Reserve>,
        header: FileHeader,
        state: Vec<u8>,
        ahead: u64,
    ) -> Result<Self> {
        let path = file_path(header.number);
        let draft = format!("{path}.new");
        let mut bytes = header.encode().to_vec();
        Entry::State(state).write(header.first_entry, header.first_batch, 0, &mut bytes)?;
        let begin = || -> io::Result<Box<dyn VfsFile>> {
            let mut file = reserve.spend_if_full(|| vfs.open(&draft))?;
            file.set_len(0)?;
            reserve.spend_if_full(|| file.write_at(0, &bytes))?;
            file.sync()?;
            vfs.rename(&draft, &path)?;
            vfs.sync_folder(JOURNAL)?;
            Ok(file)
        };
        let file = begin().map_err(|error| Error::io(path.as_str(), error))?;
        let (next_entry, next_batch) = (header.first_entry + 1, header.first_batch + 1);
        let (number, len) = (header.number, bytes.len() as u64);
        let room = Vec::new();
        Ok(Self { vfs, reserve, file, number, len, next_entry, next_batch, room, allotted: len, ahead })
    }

    /// Writes a batch and syncs it. After an error nothing is known about what is on disk, and nothing may follow.
    pub(crate) fn commit<'e>(&mut self, entries: impl ExactSizeIterator<Item = &'e Entry>) -> Result<()> {
        let count = entries.len();
        let mut bytes = std::mem::take(&mut self.room);
        bytes.clear();
        for (at, entry) in entries.enumerate() {
            let following =
                u32::try_from(count - at - 1).map_err(|_| Error::too_large("a batch has too many entries"))?;
            entry.write(self.next_entry, self.next_batch, following, &mut bytes)?;
            self.next_entry += 1;
        }
        self.next_batch += 1;
        let length = bytes.len();
        let write = self.write(&mut bytes);
        write.and_then(|()| self.file.sync()).map_err(|error| Error::io(file_path(self.number), error))?;
        self.len += length as u64;
        bytes.shrink_to(MOST_ROOM);
        self.room = bytes;
        Ok(())
    }

    /// Writes behind what is written, and zeros behind that where there is no room left.
    fn write(&mut self, bytes: &mut Vec<u8>) -> io::Result<()> {
        let (length, end) = (bytes.len(), self.len + bytes.len() as u64);
        if end > self.allotted {
            let zeros = usize::try_from(self.ahead).unwrap_or_default();
            bytes.resize(length + zeros, 0);
            self.allotted = end + self.ahead;
            match self.file.write_at(self.len, bytes) {
                // Without room for room, what counts may still have it.
                Err(error) if error.kind() == io::ErrorKind::StorageFull => {
                    bytes.truncate(length);
                    self.allotted = end;
                }
                written => return written,
            }
        }
        self.reserve.spend_if_full(|| self.file.write_at(self.len, bytes))
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Begins the next file.
    pub(crate) fn rotate(&mut self, first_leaf: u64, state: Vec<u8>) -> Result<()> {
        let header = FileHeader {
            number: self.number + 1,
            first_leaf,
            first_entry: self.next_entry,
            first_batch: self.next_batch,
        };
        *self = Self::begin(Arc::clone(&self.vfs), Arc::clone(&self.reserve), header, state, self.ahead)?;
        Ok(())
    }
}

/// Cuts off what a crash left unfinished at the end, durably, before anything is appended anywhere.
pub(crate) fn cut_off(vfs: &dyn Vfs, file: &FoundFile) -> Result<()> {
    let cut = || -> io::Result<()> {
        let mut open = vfs.open(&file.path)?;
        open.set_len(file.good)?;
        open.sync()
    };
    cut().map_err(|error| Error::io(file.path.as_str(), error))
}

/// Removes files that are no longer needed. Wrapped keys in them are overwritten first: what is only unlinked can be
/// carved from the disk.
pub(crate) fn retire(vfs: &dyn Vfs, below: u64) -> Result<()> {
    let names = vfs.list(JOURNAL).map_err(|error| Error::io(JOURNAL, error))?;
    for name in names {
        let number: Option<u64> = name.strip_suffix(".journal").and_then(|number| number.parse().ok());
        if number.is_some_and(|number| number < below) {
            // Under another name first: half overwritten, it must not be read as a journal again.
            let (path, retired) = (format!("{JOURNAL}/{name}"), format!("{JOURNAL}/{name}.retired"));
            let rename = vfs.rename(&path, &retired).and_then(|()| vfs.sync_folder(JOURNAL));
            rename.map_err(|error| Error::io(path, error))?;
        }
    }
    remove_leftovers(vfs)
}

/// Removes what a crash left of beginning or retiring a file.
pub(crate) fn remove_leftovers(vfs: &dyn Vfs) -> Result<()> {
    let names = vfs.list(JOURNAL).map_err(|error| Error::io(JOURNAL, error))?;
    let left: Vec<_> = names.into_iter().filter(|name| name.ends_with(".retired") || name.ends_with(".new")).collect();
    for name in &left {
        let path = format!("{JOURNAL}/{name}");
        overwrite_keys(vfs, &path).and_then(|()| vfs.remove(&path)).map_err(|error| Error::io(path, error))?;
    }
    if left.is_empty() { Ok(()) } else { vfs.sync_folder(JOURNAL).map_err(|error| Error::io(JOURNAL, error)) }
}

fn overwrite_keys(vfs: &dyn Vfs, path: &str) -> io::Result<()> {
    let bytes = vfs.read(path)?;
    let (mut at, mut keys) = (FILE_HEADER_LEN, Vec::new());
    while let Some((_, _, len)) = bytes.get(at..).and_then(checked_entry) {
        if bytes.get(at + 4) == Some(&Entry::KEY) {
            keys.push((at as u64, len));
        }
        at += len;
    }
    if keys.is_empty() {
        return Ok(());
    }
    let mut file = vfs.open(path)?;
    // From the last to the first: after a crash in between, those that are left are still found from the start.
    for (at, len) in keys.into_iter().rev() {
        file.write_at(at, &vec![0; len])?;
    }
    file.sync()
}

fn file_path(number: u64) -> String {
    format!("{JOURNAL}/{number:012}.journal")
}

fn number_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vfs::memory::MemoryFs;

    const FIRST: FileHeader = FileHeader { number: 1, first_leaf: 0, first_entry: 0, first_batch: 0 };

    fn leaf(text: &str) -> Entry {
        Entry::Leaf(text.as_bytes().to_vec())
    }

    /// Three batches: one leaf, two leaves, one leaf.
    fn journal(fs: &MemoryFs) -> Journal {
        journal_with(fs, 0)
    }

    fn journal_with(fs: &MemoryFs, ahead: u64) -> Journal {
        fs.make_folder(JOURNAL).unwrap();
        let vfs: Arc<dyn Vfs> = Arc::new(fs.clone());
        let reserve = Arc::new(Reserve::none(Arc::clone(&vfs)));
        let mut journal = Journal::begin(vfs, reserve, FIRST, Vec::new(), ahead).unwrap();
        journal.commit([leaf("a")].iter()).unwrap();
        journal.commit([leaf("b"), leaf("c")].iter()).unwrap();
        journal.commit([leaf("d")].iter()).unwrap();
        journal
    }

    #[test]
    fn a_file_of_a_newer_version_is_told_from_a_damaged_one() {
        let fs = MemoryFs::new();
        drop(journal(&fs));
        let path = file_path(1);
        let good = fs.read(&path).unwrap();
        let mut newer = good.clone();
        newer[8..10].copy_from_slice(&(VERSION + 1).to_le_bytes());
        // A flipped bit is no version: the checksum of the header says so.
        fs.put(&path, &newer);
        assert!(find(&fs).unwrap_err().is_corrupt());
        let sum = crc32c::crc32c(&newer[..FILE_HEADER_LEN - 4]);
        newer[FILE_HEADER_LEN - 4..FILE_HEADER_LEN].copy_from_slice(&sum.to_le_bytes());
        fs.put(&path, &newer);
        let error = find(&fs).unwrap_err();
        assert!(error.is_newer() && !error.is_corrupt() && error.to_string().contains("newer version"), "{error}");
        assert_eq!(fs.read(&path).unwrap(), newer, "it is left as it is");
        fs.put(&path, &good);
        assert_eq!(find(&fs).unwrap().len(), 1);
    }

    fn leaves(files: &[FoundFile]) -> String {
        let entries = files.iter().flat_map(|file| &file.entries);
        let text = |entry: &Entry| {
            if let Entry::Leaf(bytes) = entry { String::from_utf8(bytes.clone()).unwrap() } else { String::new() }
        };
        entries.map(text).collect()
    }

    #[test]
    fn what_was_committed_is_found() {
        let fs = MemoryFs::new();
        let mut journal = journal(&fs);
        journal.rotate(4, b"state".to_vec()).unwrap();
        let slot = Slot { month: "2026-11".into(), number: 3, bytes: [7; SLOT_LEN] };
        let frame =
            Entry::Frame { session: SessionId::from_bytes([1; 16]), segment: 2, frame: 3, offset: 4, bytes: vec![5] };
        journal.commit([Entry::Key(slot), frame].iter()).unwrap();
        let files = find(&fs).unwrap();
        assert_eq!(leaves(&files), "abcd");
        assert_eq!((files[1].header.first_leaf, files[1].header.first_entry), (4, 5));
        let [Entry::State(state), Entry::Key(slot), Entry::Frame { session, segment: 2, frame: 3, offset: 4, bytes }] =
            files[1].entries.as_slice()
        else {
            panic!("{files:?}")
        };
        assert_eq!(
            (state.as_slice(), slot.number, slot.bytes[0], bytes.as_slice()),
            (b"state".as_slice(), 3, 7, [5].as_slice())
        );
        assert_eq!(session.as_bytes(), &[1; 16]);
    }

    #[test]
    fn a_tail_that_was_cut_anywhere_is_cut_off() {
        let fs = MemoryFs::new();
        journal(&fs);
        let path = file_path(1);
        let whole = fs.read(&path).unwrap();
        for length in FILE_HEADER_LEN..whole.len() {
            fs.put(&path, &whole[..length]);
            let files = find(&fs).unwrap();
            assert!("abcd".starts_with(&leaves(&files)));
            cut_off(&fs, &files[0]).unwrap();
            let again = find(&fs).unwrap();
            assert_eq!(again[0].bad, 0);
            assert_eq!(leaves(&again), leaves(&files));
        }
    }

    #[test]
    fn damage_before_a_later_batch_is_refused_and_damage_in_the_last_one_is_a_tail() {
        let fs = MemoryFs::new();
        journal(&fs);
        let path = file_path(1);
        let whole = fs.read(&path).unwrap();
        let entry = ENTRY_HEADER_LEN + 1;
        let last = whole.len() - entry;
        for at in 0..whole.len() {
            let mut altered = whole.clone();
            altered[at] ^= 1;
            fs.put(&path, &altered);
            match find(&fs) {
                Err(error) => assert!(error.is_corrupt() && at < last, "byte {at}"),
                Ok(files) => assert!(at >= last && leaves(&files) == "abc", "byte {at}"),
            }
        }
    }

    #[test]
    fn parts_of_one_batch_behind_a_hole_are_a_tail() {
        let fs = MemoryFs::new();
        journal(&fs);
        let path = file_path(1);
        let mut bytes = fs.read(&path).unwrap();
        let entry = ENTRY_HEADER_LEN + 1;
        bytes.truncate(bytes.len() - entry);
        // The first entry of the batch of two never arrived, the second did.
        let hole = bytes.len() - 2 * entry;
        bytes[hole..hole + entry].fill(0);
        fs.put(&path, &bytes);
        let files = find(&fs).unwrap();
        assert_eq!((leaves(&files).as_str(), files[0].bad), ("a", 2 * entry as u64));
    }

    #[test]
    fn room_for_entries_is_no_damage_and_what_was_torn_in_it_is_a_tail() {
        let fs = MemoryFs::new();
        let mut exact = journal(&fs);
        exact.rotate(4, Vec::new()).unwrap();
        let entries = fs.read(&file_path(1)).unwrap();
        let fs = MemoryFs::new();
        // Enough for some of the batches, and not for all of them.
        let mut journal = journal_with(&fs, 40);
        journal.rotate(4, Vec::new()).unwrap();
        let path = file_path(1);
        let whole = fs.read(&path).unwrap();
        assert!(whole.starts_with(&entries) && whole.len() > entries.len(), "{} {}", whole.len(), entries.len());
        assert!(whole[entries.len()..].iter().all(|byte| *byte == 0));
        let files = find(&fs).unwrap();
        assert_eq!((leaves(&files).as_str(), files[0].bad, files[0].good), ("abcd", 0, entries.len() as u64));

        // The power went while a batch was written into room that was there.
        fs.delete(&file_path(2));
        for length in FILE_HEADER_LEN..entries.len() {
            let mut torn = whole.clone();
            torn[length..].fill(0);
            fs.put(&path, &torn);
            let files = find(&fs).unwrap();
            assert!("abcd".starts_with(&leaves(&files)), "{length}");
            cut_off(&fs, &files[0]).unwrap();
            assert_eq!((find(&fs).unwrap()[0].bad, leaves(&find(&fs).unwrap())), (0, leaves(&files)));
        }
    }

    #[test]
    fn without_room_for_room_the_entries_are_written_alone() {
        let fs = MemoryFs::new();
        let mut journal = journal_with(&fs, 1 << 20);
        let room = fs.read(&file_path(1)).unwrap().len() as u64;
        while journal.len() + 2000 < room {
            journal.commit([leaf(&"x".repeat(1000))].iter()).unwrap();
        }
        fs.fail_at(fs.operations(), crate::vfs::memory::Fault::NoSpace);
        journal.commit([leaf(&"y".repeat(5000))].iter()).unwrap();
        journal.commit([leaf("z")].iter()).unwrap();
        let found = leaves(&find(&fs).unwrap());
        assert!(found.ends_with("yz"), "{}", found.len());
    }

    #[test]
    fn a_missing_file_is_noticed() {
        let fs = MemoryFs::new();
        let mut journal = journal(&fs);
        journal.rotate(4, Vec::new()).unwrap();
        journal.rotate(4, Vec::new()).unwrap();
        fs.delete(&file_path(2));
        assert!(find(&fs).unwrap_err().is_corrupt());
    }

    #[test]
    fn retired_files_leave_no_wrapped_key() {
        let fs = MemoryFs::new();
        let mut journal = journal(&fs);
        let slot = |fill| Entry::Key(Slot { month: "2026-11".into(), number: 3, bytes: [fill; SLOT_LEN] });
        journal.commit([slot(0xaa), leaf("e"), slot(0xbb)].iter()).unwrap();
        let path = file_path(1);
        fs.rename(&path, "journal/x.retired").unwrap();
        overwrite_keys(&fs, "journal/x.retired").unwrap();
        let bytes = fs.read("journal/x.retired").unwrap();
        assert!(!bytes.windows(8).any(|window| window == [0xaa; 8] || window == [0xbb; 8]));
        retire(&fs, 2).unwrap();
        assert!(fs.list(JOURNAL).unwrap().is_empty());
    }
}
