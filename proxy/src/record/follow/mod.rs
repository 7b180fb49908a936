//! Followers: each sink gets every leaf of the log, from a cursor that survives restarts, at least once. An event carries its
//! index and hash, so a sink sees what is missing or doubled, and each row can be proved.

mod cef;
mod cursor;
mod event;
mod fhir;
mod ocsf;
mod otlp;
mod send;
mod syslog;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use blackbar_ledger::{LeafIndex, Reader, Time};
use serde_json::{Value, json};

use self::cursor::Cursor;
use self::event::{Event, Source};
use self::send::Way;
pub(crate) use self::send::signature;
use crate::config::keeping::{SinkFormat, SinkSection, SinkTarget};
use crate::config::{Config, Protocol};
use crate::error::Error;
use crate::front::Stop;
use crate::notes;

/// Brings the log to one sink.
pub(crate) struct Follower {
    way: Way,
    format: SinkFormat,
    source: Source,
    reader: Arc<Reader>,
    cursor: Cursor,
    standing: Arc<Standing>,
    /// Whether the other side says nothing of what it got.
    is_deaf: bool,
}

/// How a sink or a witness stands.
pub(crate) struct Standing {
    pub(crate) name: String,
    required: bool,
    behind: Duration,
    now: Mutex<Now>,
}

/// How far it has come, as monitors and people are told.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    /// Whether the gateway is not ready while it is far behind.
    pub(crate) required: bool,
    /// How many leaves it has.
    pub(crate) leaves: u64,
    /// How long the oldest leaf has waited that it has not.
    pub(crate) behind: Duration,
    /// What does not work, without content.
    pub(crate) error: Option<String>,
}

#[derive(Clone, Debug, Default)]
struct Now {
    /// How many leaves it has.
    sent: u64,
    /// When the oldest leaf was written that it has not.
    oldest: Option<Time>,
    error: Option<String>,
    /// Something that no waiting mends.
    alarm: Option<String>,
}

/// So many leaves go at once.
const AT_ONCE: usize = 256;
/// So many are told again on a new line, since what was on the old one may be lost.
const AGAIN: u64 = 256;
const LOOK_EACH: Duration = Duration::from_millis(500);
const CHECKPOINT_EACH: Duration = Duration::from_secs(60);
const ROLLED_BACK: &str = "the log was rolled back";
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

impl Follower {
    pub(crate) fn new(section: &SinkSection, folder: &Path, config: &Config) -> Result<Self, Error> {
        let reader = Reader::open(folder, None);
        let origin = reader.verifier_key().map_or_else(|_| String::new(), |key| key.name().to_owned());
        let databases = config.gateway.targets.iter().filter(|target| matches!(target.protocol, Protocol::Postgres(_)));
        let databases = databases.map(|target| target.name.clone()).collect();
        let source = Source { origin: origin.clone(), host: host(), databases };
        let cursor = Cursor::open(&folder.join("sinks"), &section.name, &origin)?;
        let standing = Standing::new(&section.name, section.required, section.behind);
        standing.set(|now| now.sent = cursor.next());
        let is_deaf = matches!(section.to, SinkTarget::Syslog { .. });
        let way = Way::new(section)?;
        Ok(Self { way, format: section.format, source, reader: Arc::new(reader), cursor, standing, is_deaf })
    }

    pub(crate) fn standing(&self) -> Arc<Standing> {
        Arc::clone(&self.standing)
    }

    /// Goes on until it is told to stop.
    pub(crate) async fn follow(mut self, mut stop: Stop) {
        let mut pause = LOOK_EACH;
        let mut told: Option<(Instant, u64)> = None;
        loop {
            // What is on its way when the gateway ends is sent again at the next start.
            let stepped = tokio::select! {
                stepped = self.step(&mut told) => stepped,
                _ = stop.changed() => return,
            };
            pause = match stepped {
                Ok(0) => LOOK_EACH,
                Ok(_) => Duration::ZERO,
                Err(error) => {
                    if self.standing.failed(&error) {
                        notes::note(format_args!("sink {}: {error}", self.standing.name));
                    }
                    (pause * 2).clamp(Duration::from_secs(1), LONGEST_PAUSE)
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = stop.changed() => return,
            }
        }
    }

    /// What cannot be read again may be readable later; a log that is shorter than it was is not.
    fn rolled_back(&self, error: &str) {
        if error.contains(ROLLED_BACK) {
            self.standing.alarm(error);
        }
    }

    /// Sends what is there, up to some hundred leaves; says how many.
    async fn step(&mut self, told: &mut Option<(Instant, u64)>) -> Result<usize, String> {
        if self.way.ready().await? && self.is_deaf {
            self.cursor.back(AGAIN);
        }
        let next = self.cursor.next();
        let reader = Arc::clone(&self.reader);
        let read = tokio::task::spawn_blocking(move || leaves(&reader, next)).await;
        let read = read.map_err(|_| "an internal error".to_owned())?;
        let Some((mut events, checkpoint)) = read.inspect_err(|error| self.rolled_back(error))? else { return Ok(0) };
        let size = checkpoint.unverified().size;
        let leaves = events.len();
        if let Some(first) = events.first() {
            let oldest = Time::from_micros(first.micros);
            self.standing.set(|now| now.oldest = Some(oldest));
        }
        let reaches_end = next + leaves as u64 >= size;
        let is_new = told.is_none_or(|(when, of)| when.elapsed() >= CHECKPOINT_EACH && of < size);
        if reaches_end && is_new && size > 0 {
            events.push(Event::of_checkpoint(&checkpoint, SystemTime::now().into()));
            *told = Some((Instant::now(), size));
        }
        if events.is_empty() {
            self.standing.caught_up(next);
            return Ok(0);
        }
        let sent = self.way.send(&events, self.format, &self.source).await;
        if sent.is_err() {
            *told = None;
        }
        sent?;
        let cursor = self.cursor.moved(next + leaves as u64);
        let saved = tokio::task::spawn_blocking(move || cursor.save()).await;
        saved.map_err(|_| "an internal error".to_owned())?.map_err(|error| format!("its cursor: {}", error.kind()))?;
        self.standing.caught_up(next + leaves as u64);
        Ok(leaves)
    }
}

type Read = Option<(Vec<Event>, blackbar_ledger::SignedCheckpoint)>;

/// The next leaves, and the checkpoint over them.
fn leaves(reader: &Reader, next: u64) -> Result<Read, String> {
    let checkpoint = match reader.checkpoint() {
        Err(error) if error.is_missing() => return Ok(None),
        checkpoint => checkpoint.map_err(|error| error.to_string())?,
    };
    let size = checkpoint.unverified().size;
    if next > size {
        return Err(format!("it was told {next} leaves and the log has {size}: {ROLLED_BACK}"));
    }
    let Some(from) = LeafIndex::new(next) else { return Ok(None) };
    let mut events = Vec::new();
    for item in reader.leaves(from).map_err(|error| error.to_string())?.take(AT_ONCE) {
        let (index, leaf) = item.map_err(|error| error.to_string())?;
        events.push(Event::of_leaf(index.value(), &leaf));
    }
    Ok(Some((events, checkpoint)))
}

fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "gateway".to_owned() } else { name.to_owned() }
}

impl Standing {
    pub(crate) fn new(name: &str, required: bool, behind: Duration) -> Arc<Self> {
        Arc::new(Self { name: name.to_owned(), required, behind, now: Mutex::default() })
    }

    /// It has so many leaves, which are all.
    pub(crate) fn caught_up(&self, sent: u64) {
        self.set(|now| *now = Now { sent, ..Now::default() });
    }

    /// Something that waits for an operator. Whether that is news.
    pub(crate) fn alarm(&self, what: &str) -> bool {
        let mut is_news = false;
        self.set(|now| {
            is_news = now.alarm.is_none();
            now.alarm = Some(what.to_owned());
        });
        is_news
    }

    /// It did not work, now and perhaps for a while. Whether that is news.
    pub(crate) fn failed(&self, error: &str) -> bool {
        let mut is_news = false;
        self.set(|now| {
            is_news = now.error.as_deref() != Some(error);
            now.error = Some(error.to_owned());
            now.oldest.get_or_insert_with(|| SystemTime::now().into());
        });
        is_news
    }

    /// Why the gateway is not ready, if it is because of this.
    pub(crate) fn problem(&self) -> Option<String> {
        let now = self.now();
        if let Some(alarm) = now.alarm {
            return Some(format!("{}: {alarm}", self.name));
        }
        let late = Time::from(SystemTime::now()).since(now.oldest?);
        let is_late = self.required && late > self.behind;
        is_late.then(|| {
            let why = now.error.map(|error| format!(", {error}")).unwrap_or_default();
            format!("{} is {} s behind{why}", self.name, late.as_secs())
        })
    }

    /// What is told of it.
    pub(crate) fn report(&self) -> Report {
        let now = self.now();
        let behind = now.oldest.map_or(Duration::ZERO, |oldest| Time::from(SystemTime::now()).since(oldest));
        Report { required: self.required, leaves: now.sent, behind, error: now.alarm.or(now.error) }
    }

    pub(crate) fn json(&self) -> Value {
        let Report { required, leaves, behind, error } = self.report();
        json!({
            "name": self.name, "required": required, "leaves": leaves, "behind_seconds": behind.as_secs(),
            "error": error,
        })
    }

    fn set(&self, change: impl FnOnce(&mut Now)) {
        change(&mut self.now.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn now(&self) -> Now {
        self.now.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Writes a small file so that after a crash it is there as it was before or as it is to be.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;

    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    let draft = PathBuf::from(draft);
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&draft, path)?;
    path.parent().map_or(Ok(()), |folder| std::fs::File::open(folder)?.sync_all())
}

impl fmt::Debug for Follower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Follower({})", self.standing.name)
    }
}

impl fmt::Debug for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Standing({}, {:?})", self.name, self.now())
    }
}

#[cfg(test)]
mod tests;
