//! `blackbar demo`: the whole of it in front of a made-up clinic, on loopback, in a temporary folder.
//!
//! [`world`] makes the clinic, [`upstream`] is its FHIR server and its model, [`database`] its database, [`house`] the gateway before them, [`story`] what
//! is shown. The story asks the gateway as any client would and checks what it gets, so what is shown is what happened.

mod client;
mod database;
mod house;
mod story;
mod upstream;
mod world;

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use self::database::Database;
use self::house::House;
use self::story::Stage;
use self::world::World;
use crate::cli::{Demo, DemoCommand};
use crate::error::{Error, Id};
use crate::exit::Exit;

/// A part of the demo that does not do what it is there for.
#[derive(Debug)]
struct Broken(String);

pub(crate) fn run(args: &Demo) -> Result<Exit, Error> {
    if matches!(args.command, Some(DemoCommand::Env)) {
        let environment = house::environment().map_err(|broken| broken.error().hint("`blackbar demo` starts one"))?;
        crate::commands::print(environment.as_bytes())?;
        return Ok(Exit::Done);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| Error::io(Id::Runtime, "the demo cannot run", &error))?;
    runtime.block_on(play(args))
}

async fn play(args: &Demo) -> Result<Exit, Error> {
    let begun = Instant::now();
    let world = Arc::new(World::new());
    let listener = listener().await.map_err(|broken| broken.error())?;
    let upstream = listener.local_addr().map_err(|error| Broken::io("a port", &error).error())?;
    let serving = tokio::spawn(upstream::serve(listener, Arc::clone(&world)));
    let clinic = Arc::clone(&world);
    let house = tokio::task::spawn_blocking(move || House::build(upstream, Database::start(&clinic)?)).await;
    let house = house.map_err(|_| Broken::new("an internal error").error())?.map_err(|broken| broken.error())?;
    let stage = Stage::new(house, world, begun);
    let failed = stage.tell().await?;
    if !args.script {
        stage.invite()?;
        let mut terminate = signal(SignalKind::terminate()).map_err(|error| Broken::io("signals", &error).error())?;
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
    }
    serving.abort();
    drop(stage);
    if failed > 0 {
        return Err(Error::new(Id::DemoStep, format!("{failed} steps did not show what they should")));
    }
    Ok(Exit::Done)
}

async fn listener() -> Result<TcpListener, Broken> {
    match TcpListener::bind(("127.0.0.1", house::UPSTREAM)).await {
        Ok(listener) => Ok(listener),
        Err(_) => TcpListener::bind(("127.0.0.1", 0)).await.map_err(|error| Broken::io("a port", &error)),
    }
}

impl Broken {
    fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }

    fn io(what: &str, error: &std::io::Error) -> Self {
        Self(format!("{what}: {}", error.kind()))
    }

    fn error(&self) -> Error {
        Error::new(Id::Demo, format!("the demo cannot go on: {}", self.0))
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
