//! `blackbar serve`

use std::fs::{self, File};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::admin;
use crate::cli::Global;
use crate::config::{Config, Mode, Protocol};
use crate::error::{Error, Id};
use crate::exit::Exit;
use crate::front::http::{Bound, Certificates, Front};
use crate::gate::{Gate, Nobody};
use crate::notes;

pub(crate) fn run(global: &Global) -> Result<Exit, Error> {
    let config = Config::load(global.config.as_deref())?;
    if config.gateway.targets.is_empty() {
        let error = Error::new(Id::NoTargets, "there is nothing to stand in front of: no [[target]] is configured");
        return Err(error.hint("`blackbar init` writes a configuration to begin with"));
    }
    let _owned = own(&config.gateway.data_dir)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| system(&error))?;
    runtime.block_on(serve(config, global))
}

/// Takes the data folder. Whoever holds the file holds the lock, and the system takes it back when the process ends.
pub(crate) fn own(folder: &Path) -> Result<File, Error> {
    let failed = |what: &str, error: &std::io::Error| Error::io(Id::DataFolder, what, error).at_path(folder);
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| failed("the data folder cannot be made", &error))?;
    let lock = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(folder.join("lock"))
        .map_err(|error| failed("the data folder cannot be locked", &error))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(fs::TryLockError::WouldBlock) => {
            let error = Error::new(Id::DataFolder, "another gateway has this data folder").at_path(folder);
            Err(error.hint("`blackbar status` asks it how it is"))
        }
        Err(fs::TryLockError::Error(error)) => Err(failed("the data folder cannot be locked", &error)),
    }
}

fn system(error: &std::io::Error) -> Error {
    Error::io(Id::Runtime, "the gateway cannot run", error)
}

/// A front with what a reload acts on.
struct Standing {
    name: String,
    front: Arc<Front>,
    certificates: Certificates,
}

async fn serve(config: Config, global: &Global) -> Result<Exit, Error> {
    let gate = Arc::new(Gate::new(&config, Arc::new(Nobody))?);
    let limits = &config.gateway.limits;
    let (stopper, stop) = watch::channel(false);
    let mut listeners = JoinSet::new();
    let mut standing = Vec::new();
    let mut bound = Vec::new();
    for target in &config.gateway.targets {
        let name = &target.name;
        if target.mode != Mode::Enforce {
            notes::note(format_args!("target {name}: observing is not possible over HTTP yet; it is enforced"));
        }
        if !matches!(target.protocol, Protocol::Http(_)) {
            notes::note(format_args!("target {name}: this protocol is not served yet"));
            continue;
        }
        let front = Arc::new(Front::new(Arc::clone(&gate), target, limits)?);
        let listener = Bound::bind(target, Arc::clone(&front), limits).await?;
        if let Some(address) = listener.address() {
            notes::note(format_args!("target {name}: listening on {address}"));
        }
        standing.push(Standing { name: name.clone(), front, certificates: listener.certificates() });
        bound.push(listener);
    }
    notes::note("answers are not recorded by this build");
    let socket = admin::Socket::bind(&config.gateway.data_dir)?;
    let mut asked_to_end = signals(&[SignalKind::terminate(), SignalKind::interrupt()])?;
    let mut hangup = signal(SignalKind::hangup()).map_err(|error| system(&error))?;
    // Everything stands before the first request is taken.
    for listener in bound {
        listeners.spawn(listener.serve(stop.clone()));
    }
    let status = admin::Status::new(&config, &gate);
    listeners.spawn(socket.serve(status, stop.clone()));

    let [terminate, interrupt] = &mut asked_to_end[..] else { return Ok(Exit::Failed) };
    loop {
        tokio::select! {
            _ = hangup.recv() => reload(global, &gate, &standing),
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
        }
    }
    notes::note("ending: live requests are let go on");
    // Listeners that are gone need not be told.
    let _ = stopper.send(true);
    while listeners.join_next().await.is_some() {}
    Ok(Exit::Done)
}

fn signals(kinds: &[SignalKind]) -> Result<Vec<Signal>, Error> {
    kinds.iter().map(|kind| signal(*kind).map_err(|error| system(&error))).collect()
}

/// Reads everything again. A part that cannot be used keeps what it had, and says so.
fn reload(global: &Global, gate: &Gate, standing: &[Standing]) {
    let read = || -> Result<(), Error> {
        let config = Config::load(global.config.as_deref())?;
        gate.reload(&config)?;
        for Standing { name, front, certificates } in standing {
            front.reload(&config)?;
            if let Some(target) = config.gateway.targets.iter().find(|target| target.name == *name) {
                certificates.read(target)?;
            }
        }
        Ok(())
    };
    match read() {
        Ok(()) => notes::note(format_args!("read again; the rules are now {}", gate.version())),
        Err(error) => {
            notes::error(&error);
            notes::note("what was in force stays in force");
        }
    }
}
