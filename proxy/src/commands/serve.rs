//! `blackbar serve`

use std::collections::{BTreeMap, BTreeSet};
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
use crate::console::{Console, Loaded};
use crate::error::{Error, Id};
use crate::exchange::Exchange;
use crate::exit::Exit;
use crate::front::{Bound, Certificates, Reloads, Serves, Stop, http, postgres};
use crate::gate::{Door, Gate, Glass, Holds, Locks, Recorder, log_name, now_ms};
use crate::notes;
use crate::notify::Teller;
use crate::operations::{Pages, Site};
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

/// How often it is looked whether the disk has room: a full one is to be noticed within a second, whatever is under way.
const LOOK: Duration = Duration::from_millis(250);
const LOOKS_A_SECOND: u64 = 4;

async fn serve(
    config: Config,
    global: &Global,
    recorder: &Arc<Recorder>,
    root: Arc<dyn RootKey>,
) -> Result<Exit, Error> {
    // Before anybody can connect: who does may end it at once, and it ends as it should.
    let mut asked_to_end = signals(&[SignalKind::terminate(), SignalKind::interrupt()])?;
    let mut hangup = signal(SignalKind::hangup()).map_err(|error| system(&error))?;
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
    recorder.loaded(&config.sha256, &gate.rules(), &[])?;
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
    let mut clock = tokio::time::interval(LOOK);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut looks = 0_u64;
    let console = console.as_ref();
    let live = Live { gate: &gate, door: &door, standing: &standing, keeper: &keeper, console, begun: begun(&config) };
    let failed = loop {
        tokio::select! {
            _ = hangup.recv() => live.reload(global, recorder),
            _ = terminate.recv() => break None,
            _ = interrupt.recv() => break None,
            _ = clock.tick() => {
                let is_second = looks.is_multiple_of(LOOKS_A_SECOND);
                looks += 1;
                let recorder = Arc::clone(recorder);
                let holds = Arc::clone(&holds);
                let ticked = tokio::task::spawn_blocking(move || {
                    if !is_second {
                        recorder.look_for_room();
                        return Ok(());
                    }
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

fn signals(kinds: &[SignalKind]) -> Result<Vec<Signal>, Error> {
    kinds.iter().map(|kind| signal(*kind).map_err(|error| system(&error))).collect()
}

/// What a reload replaces parts of.
struct Live<'a> {
    gate: &'a Gate,
    door: &'a Door,
    standing: &'a [Standing],
    keeper: &'a Keeper,
    console: Option<&'a Console>,
    /// What only a start begins.
    begun: BTreeMap<String, String>,
}

/// What a start begins and a reload leaves alone: by name, with what would have to be begun anew if it were another.
fn begun(config: &Config) -> BTreeMap<String, String> {
    let gateway = &config.gateway;
    let mut begun = BTreeMap::new();
    for target in &gateway.targets {
        let postgres = matches!(target.protocol, Protocol::Postgres(_));
        begun.insert(format!("target {}", target.name), format!("{} {postgres}", target.listen));
    }
    for sink in &gateway.keeping.sinks {
        begun.insert(format!("sink {}", sink.name), format!("{:?} {:?} {}", sink.format, sink.to, sink.required));
    }
    for witness in &gateway.keeping.witnesses {
        begun.insert(format!("witness {}", witness.name), format!("{} {}", witness.url, witness.required));
    }
    let sites = [
        ("console", gateway.console.as_ref().map(|section| section.listen)),
        ("operations", gateway.operations.as_ref().map(|section| section.listen)),
        ("exchange", gateway.exchange.as_ref().map(|section| section.listen)),
    ];
    begun.extend(sites.into_iter().filter_map(|(name, listen)| Some((name.to_owned(), listen?.to_string()))));
    begun
}

impl Live<'_> {
    /// Reads everything again. What cannot be used anywhere in it leaves everything as it was.
    fn reload(&self, global: &Global, recorder: &Recorder) {
        let Err(error) = self.read(global, recorder) else {
            notes::note(format_args!("read again; the rules are now {}", self.gate.version()));
            return;
        };
        notes::error(&error);
        notes::note("what was in force stays in force");
        let details = Details::new().text("did", "reload").text("error", error.id().text());
        let leaf = Leaf::new(Kind::ConfigChange).outcome(Outcome::Failed).details(details);
        // A record that takes nothing more says so by itself.
        let _ = recorder.told(leaf);
    }

    fn read(&self, global: &Global, recorder: &Recorder) -> Result<(), Error> {
        let config = Config::load(global.config.as_deref())?;
        let rules = self.gate.read(&config)?;
        let mut ready = vec![self.door.prepare(&config)?];
        let mut targets = Vec::new();
        for Standing { name, front, certificates } in self.standing {
            ready.push(front.prepare(&config, &rules)?);
            if let Some(target) = config.gateway.targets.iter().find(|target| target.name == *name) {
                ready.push(certificates.prepare(target)?);
                targets.push(target);
            }
        }
        let loaded = self.console.map(|console| (console, Loaded::of(&config, rules.version())));
        // From here on only the record can fail, and what it has not is not put in force.
        for target in targets {
            observe(target, recorder)?;
        }
        let wanted = begun(&config);
        let names: BTreeSet<&String> = self.begun.keys().chain(wanted.keys()).collect();
        let late: Vec<&str> =
            names.into_iter().filter(|name| self.begun.get(*name) != wanted.get(*name)).map(String::as_str).collect();
        if !late.is_empty() {
            notes::note(format_args!("only a new start begins, ends or moves: {}", late.join(", ")));
        }
        recorder.loaded(&config.sha256, &rules, &late)?;
        self.gate.take(rules);
        ready.into_iter().for_each(|put| put());
        self.keeper.reload(config.gateway.keeping.retention.clone());
        if let Some((console, loaded)) = loaded {
            console.take(loaded);
        }
        Ok(())
    }
}
