//! `blackbar serve`

use std::fs::{self, File};
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use blackbar_ledger::{Details, Kind, Leaf, Outcome, RootKey, Time};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::admin;
use crate::cli::Global;
use crate::config::{Config, Mode, Protocol, Target};
use crate::console::Console;
use crate::error::{Error, Id};
use crate::exchange::Exchange;
use crate::exit::Exit;
use crate::front::{Bound, Certificates, Reloads, Serves, Stop, http, postgres};
use crate::gate::{Door, Gate, Glass, Holds, Locks, Recorder, log_name, now_ms};
use crate::notes;
use crate::notify::Teller;
use crate::operations::{Pages, Site};
use crate::output::digest::sha256;
use crate::record::{Follower, Keeper, Standing as Follows, Witnessed};
use crate::registry;
use crate::state::emergencies::Emergencies;
use crate::state::notices::Notices;
use crate::tokens::Desk;

pub(crate) fn run(global: &Global) -> Result<Exit, Error> {
    let config = Config::load(global.config.as_deref())?;
    if config.gateway.targets.is_empty() {
        let error = Error::new(Id::NoTargets, "there is nothing to stand in front of: no [[target]] is configured");
        return Err(error.hint("`blackbar init` writes a configuration to begin with"));
    }
    if config.gateway.log_json {
        notes::as_json();
    }
    let root = Arc::new(config.gateway.root_key()?);
    // The record is opened meanwhile, which is mostly waiting.
    registry::read_ahead();
    make(&config.gateway.data_dir)?;
    let recorder = Arc::new(Recorder::open(&config.gateway.data_dir, Arc::clone(&root) as _)?);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| system(&error))?;
    let ended = runtime.block_on(serve(config, global, &recorder, root));
    // What still runs is cut off, and says so in the record before its last checkpoint.
    drop(runtime);
    let closed = recorder.close();
    ended.and_then(|exit| closed.map(|()| exit))
}

/// Makes the data folder. Who opens the ledger in it owns it.
pub(crate) fn make(folder: &Path) -> Result<(), Error> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| Error::io(Id::DataFolder, "the data folder cannot be made", &error).at_path(folder))
}

/// Takes the data folder, for a command that does without the ledger. Whoever holds the file holds the lock, and the system
/// takes it back when the process ends.
pub(crate) fn own(folder: &Path) -> Result<File, Error> {
    make(folder)?;
    let failed =
        |error: &std::io::Error| Error::io(Id::DataFolder, "the data folder cannot be locked", error).at_path(folder);
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    let lock = options.open(folder.join("lock")).map_err(|error| failed(&error))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(fs::TryLockError::WouldBlock) => {
            let error = Error::new(Id::DataFolder, "another gateway has this data folder").at_path(folder);
            Err(error.hint("`blackbar status` asks it how it is"))
        }
        Err(fs::TryLockError::Error(error)) => Err(failed(&error)),
    }
}

fn system(error: &std::io::Error) -> Error {
    Error::io(Id::Runtime, "the gateway cannot run", error)
}

/// A listener that has its address, whatever is spoken there.
struct Listener {
    address: Option<SocketAddr>,
    certificates: Certificates,
    serve: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Listener {
    fn of<F: Serves>(bound: Bound<F>, stop: &Stop) -> Self {
        let (address, certificates) = (bound.address(), bound.certificates());
        Self { address, certificates, serve: Box::pin(bound.serve(stop.clone())) }
    }
}

/// A front with what a reload acts on.
struct Standing {
    name: String,
    front: Arc<dyn Reloads>,
    certificates: Certificates,
}

async fn serve(
    config: Config,
    global: &Global,
    recorder: &Arc<Recorder>,
    root: Arc<dyn RootKey>,
) -> Result<Exit, Error> {
    let limits = &config.gateway.limits;
    let desk = Desk::open(&config.gateway.data_dir, limits.max_ttl)?.recorded(Arc::clone(recorder));
    desk.sweep()?;
    let link = config.gateway.console.as_ref().and_then(|console| console.url.as_ref()).map(ToString::to_string);
    let (teller, messengers) = Teller::new(Notices::new(desk.state()), &config.gateway.notify, link)?;
    let holds = Holds::new(desk.state(), Arc::clone(recorder), limits).telling(Arc::clone(&teller));
    let holds = Arc::new(holds);
    holds.sweep(now_ms());
    let door = Arc::new(Door::new(desk.credentials(), &config)?);
    let locks = Locks::open(desk.state()).map_err(|error| Error::new(Id::DataFolder, error.to_string()))?;
    let marks = config.gateway.keeping.disclosures.then(|| recorder.marks()).transpose()?;
    let gate = Gate::marking(&config, Arc::clone(&door) as _, marks)?;
    let gate = gate.holding(Arc::clone(&holds)).locking(Arc::new(locks));
    let glass = Glass::new(
        Emergencies::new(desk.state()),
        desk.credentials(),
        Arc::clone(recorder),
        Arc::clone(&teller),
        log_name(&config.gateway.data_dir)?,
    );
    let gate = Arc::new(gate.breakable(glass));
    recorder.loaded(&fingerprint(&config)?, &gate.version(), gate.policies())?;
    let keeper = Keeper::open(&config.gateway.data_dir, recorder, config.gateway.keeping.retention.clone())?;
    let keeper = Arc::new(keeper);
    let (stopper, stop) = watch::channel(false);
    // Before anything can be connected to: whoever sees that the gateway is there finds its socket as well, and waits.
    let socket = admin::Socket::bind(&config.gateway.data_dir)?;
    let mut listeners = JoinSet::new();
    let mut standing = Vec::new();
    let mut bound = Vec::new();
    for target in &config.gateway.targets {
        let name = &target.name;
        observe(target, recorder)?;
        let (front, listener): (Arc<dyn Reloads>, Listener) = match target.protocol {
            Protocol::Http(_) => {
                let front = Arc::new(http::Front::new(Arc::clone(&gate), target, limits)?);
                let bound = Bound::bind(target, Arc::clone(&front), Arc::clone(recorder), limits).await?;
                (front, Listener::of(bound, &stop))
            }
            Protocol::Postgres(_) => {
                let front = Arc::new(postgres::Front::new(Arc::clone(&gate), target, limits)?);
                let bound = Bound::bind(target, Arc::clone(&front), Arc::clone(recorder), limits).await?;
                (front, Listener::of(bound, &stop))
            }
        };
        if let Some(address) = listener.address {
            notes::note(format_args!("target {name}: listening on {address}"));
        }
        standing.push(Standing { name: name.clone(), front, certificates: listener.certificates });
        bound.push(listener.serve);
    }
    for messenger in messengers {
        listeners.spawn(messenger.deliver(stop.clone()));
    }
    let mut standings = Vec::new();
    for section in &config.gateway.keeping.sinks {
        let follower = Follower::new(section, &config.gateway.data_dir, &config)?;
        standings.push(follower.standing());
        listeners.spawn(follower.follow(stop.clone()));
    }
    for section in &config.gateway.keeping.witnesses {
        let witnessed = Witnessed::new(section, &config.gateway.data_dir, recorder, &keeper)?;
        standings.push(witnessed.standing());
        listeners.spawn(witnessed.follow(stop.clone()));
    }
    let kept = Follows::new("retention", true, Duration::from_secs(2 * 3600));
    standings.push(Arc::clone(&kept));
    listeners.spawn(Arc::clone(&keeper).keep(kept, stop.clone()));
    let operations = match &config.gateway.operations {
        Some(section) => {
            let site = Site::bind(section.listen, section.tls.as_ref(), &section.place).await?;
            if let Some(address) = site.address() {
                notes::note(format_args!("operations: listening on {address}"));
            }
            Some(site.serve(Arc::new(Pages::new(&gate, recorder, &standings, stop.clone())), stop.clone()))
        }
        None => None,
    };
    let exchange = match &config.gateway.exchange {
        Some(section) => {
            let site = Site::bind(section.listen, section.tls.as_ref(), &section.place).await?;
            if let Some(address) = site.address() {
                notes::note(format_args!("exchange: listening on {address}"));
            }
            let exchange = Exchange::new(&gate, &door, desk.credentials(), recorder, section.ttl);
            Some(site.serve(Arc::new(exchange), stop.clone()))
        }
        None => None,
    };
    let console = match &config.gateway.console {
        Some(section) => {
            let site = Site::bind(section.listen, section.tls.as_ref(), &section.place).await?;
            let address = site.address().unwrap_or(section.listen);
            let console = Console::new(&config, section, address, &gate, recorder, root, &standings)?;
            notes::note(format_args!("console: {} (`blackbar console login` prints a way in)", console.url()));
            Some((site, console))
        }
        None => None,
    };
    let mut asked_to_end = signals(&[SignalKind::terminate(), SignalKind::interrupt()])?;
    let mut hangup = signal(SignalKind::hangup()).map_err(|error| system(&error))?;
    // Everything stands before the first request is taken.
    for listener in bound {
        listeners.spawn(listener);
    }
    if let Some(exchange) = exchange {
        listeners.spawn(exchange);
    }
    if let Some(operations) = operations {
        // It tells that the gateway is ending for as long as that takes, so it is no part of what is waited for.
        tokio::spawn(operations);
    }
    let console = console.map(|(site, console)| {
        listeners.spawn(site.serve(Arc::new(console.clone()), stop.clone()));
        console
    });
    let status = admin::Status::new(&config, &gate, recorder, desk, &keeper, standings)
        .letting_into(console.clone())
        .telling(teller);
    listeners.spawn(socket.serve(status, stop.clone()));

    let [terminate, interrupt] = &mut asked_to_end[..] else { return Ok(Exit::Failed) };
    let mut second = tokio::time::interval(Duration::from_secs(1));
    second.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let failed = loop {
        tokio::select! {
            _ = hangup.recv() => reload(global, &gate, &door, &standing, recorder, &keeper, console.as_ref()),
            _ = terminate.recv() => break None,
            _ = interrupt.recv() => break None,
            _ = second.tick() => {
                let recorder = Arc::clone(recorder);
                let holds = Arc::clone(&holds);
                let ticked = tokio::task::spawn_blocking(move || {
                    holds.tick(now_ms());
                    recorder.tick()
                });
                let ticked = ticked.await;
                if let Ok(Err(error)) = ticked {
                    break Some(error);
                }
            }
        }
    };
    notes::note("ending: live requests are let go on");
    // Listeners that are gone need not be told.
    let _ = stopper.send(true);
    while listeners.join_next().await.is_some() {}
    failed.map_or_else(|| keeper.close().map(|()| Exit::Done), Err)
}

/// Says where everybody looks that content passes as it is.
fn observe(target: &Target, recorder: &Recorder) -> Result<(), Error> {
    let Mode::Observe { until } = target.mode else { return Ok(()) };
    let name = &target.name;
    if !target.mode.observes(SystemTime::now()) {
        notes::note(format_args!("target {name}: observing has ended; it is enforced"));
        return Ok(());
    }
    let until = Time::from_micros(until.saturating_mul(1_000_000));
    notes::note(format_args!("target {name}: OBSERVING until {until}: content passes UNMASKED and nothing is refused"));
    let details = Details::new().text("did", "observe").time("until", until);
    recorder.told(Leaf::new(Kind::Alarm).target(name.as_str()).outcome(Outcome::Success).details(details))
}

/// What identifies a configuration in the record.
fn fingerprint(config: &Config) -> Result<String, Error> {
    let Some(path) = &config.path else { return Ok(String::new()) };
    let text = fs::read_to_string(path);
    let text = text.map_err(|error| Error::io(Id::ConfigUnreadable, "cannot be read", &error).at_path(path))?;
    Ok(sha256(&text))
}

fn signals(kinds: &[SignalKind]) -> Result<Vec<Signal>, Error> {
    kinds.iter().map(|kind| signal(*kind).map_err(|error| system(&error))).collect()
}

/// Reads everything again. A part that cannot be used keeps what it had, and says so.
fn reload(
    global: &Global,
    gate: &Gate,
    door: &Door,
    standing: &[Standing],
    recorder: &Recorder,
    keeper: &Keeper,
    console: Option<&Console>,
) {
    let read = || -> Result<(), Error> {
        let config = Config::load(global.config.as_deref())?;
        gate.reload(&config)?;
        door.reload(&config)?;
        keeper.reload(config.gateway.keeping.retention.clone());
        for Standing { name, front, certificates } in standing {
            front.reload(&config)?;
            if let Some(target) = config.gateway.targets.iter().find(|target| target.name == *name) {
                certificates.read(target)?;
                observe(target, recorder)?;
            }
        }
        console.map_or(Ok(()), |console| console.reload(&config))?;
        recorder.loaded(&fingerprint(&config)?, &gate.version(), gate.policies())
    };
    match read() {
        Ok(()) => notes::note(format_args!("read again; the rules are now {}", gate.version())),
        Err(error) => {
            notes::error(&error);
            notes::note("what was in force stays in force");
        }
    }
}
