//! `blackbar witness`: the C2SP tlog-witness role, for the logs of other machines.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use blackbar_ledger::{AddCheckpoint, Cosigner, Secret, SignedCheckpoint, Verdict, VerifierKey};
use bytes::Bytes;
use http::{Method, Request, Response};
use http_body::Body;
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::cli::{Witness, WitnessCommand, WitnessKeygen, WitnessServe};
use crate::error::{Error, Id};
use crate::exit::Exit;
use crate::notes;
use crate::output::digest::sha256;
use crate::record::follow::write_whole;

pub(crate) fn run(args: &Witness) -> Result<Exit, Error> {
    match &args.command {
        WitnessCommand::Keygen(keygen) => make(keygen),
        WitnessCommand::Serve(serve) => stand(serve),
    }
}

const HEADER: &str = "blackbar witness key 1";

fn make(args: &WitnessKeygen) -> Result<Exit, Error> {
    let seed = Secret::random().map_err(|error| Error::new(Id::WitnessUnusable, error.to_string()))?;
    let cosigner =
        Cosigner::from_seed(&args.name, &seed).map_err(|error| Error::new(Id::Arguments, error.to_string()))?;
    let hex: String = seed.expose().iter().map(|byte| format!("{byte:02x}")).collect();
    let text = Zeroizing::new(format!("{HEADER}\n{}\n{hex}\n", args.name));
    let mut options = fs::OpenOptions::new();
    let written = options.create_new(true).write(true).mode(0o600).open(&args.output).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| {
        let id = if error.kind() == std::io::ErrorKind::AlreadyExists { Id::KeyExists } else { Id::KeyUnwritable };
        Error::io(id, "the key cannot be written", &error).at_path(&args.output)
    })?;
    super::print(format!("{}\n", cosigner.verifier()).as_bytes())?;
    Ok(Exit::Done)
}

fn key(path: &Path) -> Result<Cosigner, Error> {
    let text = fs::read_to_string(path).map(Zeroizing::new);
    let text = text.map_err(|error| Error::io(Id::KeyUnreadable, "cannot be read", &error).at_path(path))?;
    let parsed = || {
        let mut lines = text.lines();
        let (header, name, hex) = (lines.next()?, lines.next()?, lines.next()?);
        let mut seed = Zeroizing::new([0; 32]);
        for (at, byte) in seed.iter_mut().enumerate() {
            *byte = u8::from_str_radix(hex.get(2 * at..2 * at + 2)?, 16).ok()?;
        }
        (header == HEADER && hex.len() == 64).then(|| Cosigner::from_seed(name, &Secret::from_bytes(*seed)).ok())?
    };
    parsed().ok_or_else(|| Error::new(Id::KeyInvalid, "this is not the key of a witness").at_path(path))
}

fn stand(args: &WitnessServe) -> Result<Exit, Error> {
    let cosigner = key(&args.key)?;
    let mut logs = Vec::new();
    for given in &args.log {
        let text =
            if Path::new(given).is_file() { fs::read_to_string(given).unwrap_or_default() } else { given.clone() };
        logs.push(VerifierKey::parse(&text).map_err(|error| Error::new(Id::VerifierKey, error.to_string()))?);
    }
    let seen = Arc::new(Seen::open(&args.folder, cosigner, logs)?);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::io(Id::Runtime, "the system gives no threads", &error))?;
    runtime.block_on(async {
        let listener = TcpListener::bind(args.listen).await;
        let listener =
            listener.map_err(|error| Error::io(Id::Listen, "cannot be listened on", &error).at(args.listen))?;
        if let Ok(address) = listener.local_addr() {
            notes::note(format_args!("witnessing {} logs on {address}", args.log.len()));
        }
        let mut end = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
            .map_err(|error| Error::io(Id::Runtime, "signals cannot be had", &error))?;
        tokio::select! {
            () = serve(listener, seen) => {}
            _ = end.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        Ok(Exit::Done)
    })
}

/// What this witness has seen of each log.
#[derive(Debug)]
pub(crate) struct Seen {
    folder: PathBuf,
    cosigner: Cosigner,
    logs: Mutex<BTreeMap<String, Log>>,
    _lock: File,
}

#[derive(Debug)]
struct Log {
    keys: Vec<VerifierKey>,
    latest: Option<SignedCheckpoint>,
}

impl Seen {
    /// Takes the folder and reads what was seen before.
    pub(crate) fn open(folder: &Path, cosigner: Cosigner, keys: Vec<VerifierKey>) -> Result<Self, Error> {
        let failed = |error: &std::io::Error| {
            Error::io(Id::WitnessUnusable, "the witness's folder cannot be used", error).at_path(folder)
        };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| failed(&error))?;
        let mut options = fs::OpenOptions::new();
        let lock = options.write(true).create(true).truncate(false).mode(0o600).open(folder.join("lock"));
        let lock = lock.map_err(|error| failed(&error))?;
        // Two that remember apart would sign two histories.
        lock.try_lock()
            .map_err(|_| Error::new(Id::WitnessUnusable, "another witness has this folder").at_path(folder))?;
        let mut logs: BTreeMap<String, Log> = BTreeMap::new();
        for key in keys {
            let log = match logs.entry(key.name().to_owned()) {
                std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
                std::collections::btree_map::Entry::Vacant(new) => {
                    let path = folder.join(file_name(key.name()));
                    let latest = match fs::read_to_string(&path) {
                        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
                        note => {
                            let note = SignedCheckpoint::parse(&note.map_err(|error| failed(&error))?);
                            // What it remembers is what it is for: damaged memory is no memory to go on from.
                            let what = |error: blackbar_ledger::Error| {
                                Error::new(Id::WitnessUnusable, error.to_string()).at_path(&path)
                            };
                            let note = note.map_err(what)?;
                            cosigner.verifier().verify(&note).map_err(what)?;
                            Some(note)
                        }
                    };
                    new.insert(Log { keys: Vec::new(), latest })
                }
            };
            log.keys.push(key);
        }
        Ok(Self { folder: folder.to_owned(), cosigner, logs: Mutex::new(logs), _lock: lock })
    }

    /// Answers a request to cosign: status, media type, body. The new checkpoint is on disk before its cosignature leaves.
    pub(crate) fn add(&self, body: &[u8]) -> (u16, &'static str, String) {
        const TEXT: &str = "text/plain; charset=utf-8";
        let request = std::str::from_utf8(body).ok().and_then(|text| AddCheckpoint::parse(text).ok());
        let Some(request) = request else { return (400, TEXT, "not a request to a witness\n".to_owned()) };
        let mut logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        let origin = request.checkpoint.unverified().origin.clone();
        let Some(log) = logs.get_mut(&origin) else { return (404, TEXT, "unknown log\n".to_owned()) };
        let latest = log.latest.as_ref().map(SignedCheckpoint::unverified);
        // While a log changes its key, it has two.
        let verdicts = log.keys.iter().map(|key| request.judge(key, latest));
        let verdict = verdicts.reduce(|one, other| if one == Verdict::NotSigned { other } else { one });
        match verdict.unwrap_or(Verdict::NotSigned) {
            Verdict::Cosign => {}
            Verdict::Malformed => return (400, TEXT, "the sizes make no sense\n".to_owned()),
            Verdict::NotSigned => return (403, TEXT, "not signed by this log\n".to_owned()),
            Verdict::Conflict(known) => return (409, "text/x.tlog.size", format!("{known}\n")),
            Verdict::Inconsistent => {
                notes::note(format_args!("{origin} does not go on from what was seen: it was rewritten"));
                // The log's own signature is under it: proof of what it tried.
                let evidence = self.folder.join(format!("{}.refused", file_name(&origin)));
                let _ = write_whole(&evidence, request.text().as_bytes());
                return (422, TEXT, "the log does not go on from what was seen\n".to_owned());
            }
        }
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let line = self.cosigner.cosign(&request.checkpoint, seconds);
        let signed = request.checkpoint.with_signatures(&line);
        if let Err(error) = write_whole(&self.folder.join(file_name(&origin)), signed.note().as_bytes()) {
            notes::note(format_args!("a checkpoint cannot be kept: {}", error.kind()));
            return (500, TEXT, "it cannot be remembered\n".to_owned());
        }
        log.latest = Some(signed);
        (200, TEXT, line)
    }

    /// What it has seen: all logs, or one checkpoint.
    fn look(&self, path: &str) -> Option<String> {
        let logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        let size = |log: &Log| log.latest.as_ref().map_or(0, |latest| latest.unverified().size);
        if path == "/" {
            let lines = logs.iter().map(|(origin, log)| format!("/{} {} {origin}\n", file_name(origin), size(log)));
            return Some(lines.collect());
        }
        let found = logs.iter().find(|(origin, _)| path.strip_prefix('/') == Some(&file_name(origin)));
        Some(found?.1.latest.as_ref()?.note().to_owned())
    }
}

fn file_name(origin: &str) -> String {
    format!("{}.checkpoint", sha256(origin))
}

const LARGEST: usize = 64 << 10;
const MOST: usize = 64;
const PATIENCE: Duration = Duration::from_secs(15);

/// Answers until it is dropped.
pub(crate) async fn serve(listener: TcpListener, seen: Arc<Seen>) {
    let seats = Arc::new(Semaphore::new(MOST));
    loop {
        let Ok(seat) = Arc::clone(&seats).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let seen = Arc::clone(&seen);
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(request, Arc::clone(&seen)));
            let mut builder = hyper::server::conn::http1::Builder::new();
            let connection = builder
                .timer(TokioTimer::new())
                .header_read_timeout(PATIENCE)
                .serve_connection(TokioIo::new(stream), service);
            drop(tokio::time::timeout(Duration::from_secs(300), connection).await);
            drop(seat);
        });
    }
}

async fn answer(request: Request<hyper::body::Incoming>, seen: Arc<Seen>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (status, media, body) = match (request.method(), request.uri().path()) {
        (&Method::POST, "/add-checkpoint") => match tokio::time::timeout(PATIENCE, read(request.into_body())).await {
            Ok(Some(body)) => {
                let added = tokio::task::spawn_blocking(move || seen.add(&body)).await;
                added.unwrap_or((500, "text/plain", String::new()))
            }
            _ => (400, "text/plain", "the request is too long, or broke off\n".to_owned()),
        },
        (&Method::GET, path) => match seen.look(path) {
            Some(text) => (200, "text/plain; charset=utf-8", text),
            None => (404, "text/plain", "not seen\n".to_owned()),
        },
        _ => (404, "text/plain", "there is POST /add-checkpoint, and GET /\n".to_owned()),
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static(media));
    Ok(response)
}

async fn read(body: hyper::body::Incoming) -> Option<Vec<u8>> {
    let mut body = pin!(body);
    let mut bytes = Vec::new();
    while let Some(frame) = std::future::poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        let Ok(data) = frame.ok()?.into_data() else { continue };
        if bytes.len() + data.len() > LARGEST {
            return None;
        }
        bytes.extend_from_slice(&data);
    }
    Some(bytes)
}
