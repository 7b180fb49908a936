//! The control socket: one line of JSON in, one out, for whoever owns the gateway on this machine.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use blackbar_ledger::Reader;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};

use crate::approvals;
use crate::break_glass;
use crate::config::Config;
use crate::console::Console;
use crate::error::{Error, Id};
use crate::front::Stop;
use crate::gate::{Gate, RecordError, Recorder};
use crate::notify::Teller;
use crate::operate;
use crate::record::{Keeper, Standing};
use crate::tokens::Desk;

/// The listening end.
pub(crate) struct Socket {
    listener: UnixListener,
    path: PathBuf,
    owner: u32,
}

/// What the gateway says of itself. No content, no secrets.
#[derive(Clone)]
pub(crate) struct Status {
    gate: Arc<Gate>,
    recorder: Arc<Recorder>,
    folder: PathBuf,
    targets: Vec<String>,
    started: Instant,
    desk: Desk,
    console: Option<Console>,
    keeper: Arc<Keeper>,
    /// Sinks and witnesses.
    standings: Arc<Vec<Arc<Standing>>>,
    teller: Option<Arc<Teller>>,
}

const NAME: &str = "control.sock";
const LONGEST: u64 = 64 << 10;
const PATIENCE: Duration = Duration::from_secs(5);

impl Socket {
    /// Makes the socket. Whoever holds the folder's lock may remove one that a dead gateway left.
    pub(crate) fn bind(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(NAME);
        let failed = |error: std::io::Error| Error::io(Id::DataFolder, "the control socket", &error).at_path(&path);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let listener = UnixListener::bind(&path).map_err(failed)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
        let owner = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(&path).map_err(failed)?);
        Ok(Self { listener, path: path.clone(), owner })
    }

    /// Answers until it is told to stop.
    pub(crate) async fn serve(self, status: Status, mut stop: Stop) {
        loop {
            tokio::select! {
                accepted = self.listener.accept() => {
                    if let Ok((stream, _)) = accepted {
                        // One at a time: commands are short, and nobody can pile them up.
                        let answered = tokio::time::timeout(PATIENCE, answer(stream, self.owner, &status)).await;
                        drop(answered);
                    }
                }
                _ = stop.changed() => break,
            }
        }
        // What stays behind is removed by the next gateway.
        let _ = std::fs::remove_file(&self.path);
    }
}

async fn answer(stream: UnixStream, owner: u32, status: &Status) -> std::io::Result<()> {
    let peer = stream.peer_cred()?;
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    (&mut stream).take(LONGEST).read_line(&mut line).await?;
    let known = peer.uid() == owner || peer.uid() == 0;
    let command: Value = serde_json::from_str(&line).unwrap_or_default();
    let reply = match command["do"].as_str() {
        _ if !known => json!({ "error": "only the gateway's own user is answered" }),
        Some("status") => status.json(),
        Some("viewed") => status.viewed(command, peer.uid()).await,
        Some(name) if name.starts_with("approvals.") => status.of_gate(command, approvals::act).await,
        Some(name) if name.starts_with("break_glass.") => status.of_gate(command, break_glass::act).await,
        _ => status.operated(command, format!("uid {}", peer.uid())).await,
    };
    let mut text = reply.to_string();
    text.push('\n');
    stream.write_all(text.as_bytes()).await?;
    stream.flush().await
}

impl Status {
    pub(crate) fn new(
        config: &Config,
        gate: &Arc<Gate>,
        recorder: &Arc<Recorder>,
        desk: Desk,
        keeper: &Arc<Keeper>,
        standings: Vec<Arc<Standing>>,
    ) -> Self {
        let targets = config.gateway.targets.iter().map(|target| target.name.clone()).collect();
        Self {
            gate: Arc::clone(gate),
            recorder: Arc::clone(recorder),
            folder: config.gateway.data_dir.clone(),
            targets,
            started: Instant::now(),
            desk,
            console: None,
            keeper: Arc::clone(keeper),
            standings: Arc::new(standings),
            teller: None,
        }
    }

    /// The same, with those who are told of approvals and emergencies.
    pub(crate) fn telling(self, teller: Arc<Teller>) -> Self {
        Self { teller: Some(teller), ..self }
    }

    /// The same, with a console to let people into.
    pub(crate) fn letting_into(self, console: Option<Console>) -> Self {
        Self { console, ..self }
    }

    fn json(&self) -> Value {
        let (leaves, record) = self.recorder.summary();
        let mut problems: Vec<String> = self.standings.iter().filter_map(|standing| standing.problem()).collect();
        let mut next: Vec<String> = Vec::new();
        if !problems.is_empty() {
            next.push("look at the followers that are behind, and at what they answer".to_owned());
        }
        if let Err(error) = self.recorder.state() {
            problems.push(format!("{error} [{}]", error.id()));
            next.push(what_to_do(error).to_owned());
        }
        let readings = self.recorder.readings();
        let head = Reader::open(&self.folder, None).checkpoint().ok();
        let head = head.as_ref().map(|head| head.unverified());
        let disk = rustix::fs::statvfs(&self.folder).ok();
        let bytes = |blocks: u64, size: u64| blocks.saturating_mul(size);
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "up_seconds": self.started.elapsed().as_secs(),
            "targets": self.targets,
            "observing": self.gate.observing(),
            "rules": self.gate.version(),
            "leaves": leaves,
            "record": record,
            "checkpoint": head.map(|head| json!({ "leaves": head.size, "root": head.root.base64() })),
            "sessions_open": readings.sessions_open,
            "backlog_bytes": readings.record_backlog_bytes,
            "disk": disk.map(|disk| json!({
                "free_bytes": bytes(disk.f_bavail, disk.f_frsize), "total_bytes": bytes(disk.f_blocks, disk.f_frsize),
            })),
            "locks": self.gate.locks().all().iter().map(|lock| json!([lock.kind(), lock.name()])).collect::<Vec<_>>(),
            "holds": self.gate.waiting(),
            "unreviewed_emergencies": self.gate.unreviewed(),
            "notify": self.teller.as_ref().map(|teller| teller.json()),
            "console": self.console.as_ref().map(Console::url),
            "followers": self.standings.iter().map(|standing| standing.json()).collect::<Vec<_>>(),
            "ready": problems.is_empty(),
            "problems": problems,
            "next": next,
        })
    }

    /// Hands out and ends credentials, locks and unlocks, ends sessions.
    async fn operated(&self, command: Value, by: String) -> Value {
        let this = self.clone();
        let acted = tokio::task::spawn_blocking(move || match command["do"].as_str() {
            Some("lock" | "unlock") => Some(operate::lock(this.gate.locks(), &this.recorder, &command, &by)),
            Some("console.login") => Some(match &this.console {
                Some(console) => console.link(&command, &by),
                None => json!({ "error": "no [console] is configured" }),
            }),
            Some(name) if name.starts_with("ledger.") => this.keeper.act(&command, &by),
            Some("sessions.kill") => Some(operate::kill(&this.recorder, &command, &by)),
            _ => this.desk.act(&command, &by, &this.gate.approving_groups()),
        });
        acted.await.ok().flatten().unwrap_or_else(|| json!({ "error": "unknown command" }))
    }

    /// Shows what people are asked, or takes somebody's word.
    async fn of_gate(&self, command: Value, act: fn(&Gate, &Value) -> Option<Value>) -> Value {
        let gate = Arc::clone(&self.gate);
        let acted = tokio::task::spawn_blocking(move || act(&gate, &command)).await;
        acted.ok().flatten().unwrap_or_else(|| json!({ "error": "unknown command" }))
    }

    /// Records that somebody is about to look at the record.
    async fn viewed(&self, command: Value, user: u32) -> Value {
        let recorder = Arc::clone(&self.recorder);
        let viewed = tokio::task::spawn_blocking(move || {
            let text = |name: &str| command.get(name).and_then(Value::as_str);
            recorder.viewed(&format!("uid {user}"), text("what").unwrap_or("record"), text("session"))?;
            // Whoever looks sees what was recorded up to now.
            recorder.publish()
        });
        match viewed.await {
            Ok(Ok(())) => json!({ "recorded": true }),
            Ok(Err(error)) => json!({ "error": error.to_string() }),
            Err(_) => json!({ "error": "an internal error" }),
        }
    }
}

/// What the person on call does about it.
const fn what_to_do(error: RecordError) -> &'static str {
    match error {
        RecordError::Stopped => {
            "look at the disk (`dmesg`, `df`), then `blackbar ledger recover --dry-run`, then start the gateway again"
        }
        RecordError::Full => {
            "make room on the disk of the data folder, or `blackbar ledger retain`; the gateway goes on by itself"
        }
        RecordError::Busy => "look at what else uses the disk; the gateway goes on by itself",
    }
}

/// Who runs this command.
pub(crate) fn user() -> String {
    let own = std::fs::metadata("/proc/self").ok();
    own.map_or_else(|| "unknown".to_owned(), |own| format!("uid {}", std::os::unix::fs::MetadataExt::uid(&own)))
}

/// Asks the gateway that owns `folder`.
pub(crate) fn ask(folder: &Path, command: &Value) -> Result<Value, Error> {
    use std::io::{BufRead as _, Write as _};

    let path = folder.join(NAME);
    let failed = |error: std::io::Error| {
        let error = Error::io(Id::NoGateway, "no gateway answers", &error).at_path(&path);
        error.hint("`blackbar serve` starts one")
    };
    let mut stream = std::os::unix::net::UnixStream::connect(&path).map_err(failed)?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
    writeln!(stream, "{command}").map_err(failed)?;
    let mut line = String::new();
    std::io::BufReader::new(stream).read_line(&mut line).map_err(failed)?;
    serde_json::from_str(&line).map_err(|_| failed(std::io::ErrorKind::InvalidData.into()))
}
