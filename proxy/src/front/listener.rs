//! Connections of clients: taken, bounded, served, drained. What is said on them is the front's business.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::tls;
use crate::config::{Limits, Target};
use crate::error::{Error, Id};
use crate::gate::{Conversation, Ready, Recorder};
use crate::notes;

/// Tells listeners to end.
pub(crate) type Stop = watch::Receiver<bool>;

/// Serves connections.
pub(crate) trait Serves: Send + Sync + 'static {
    /// What is spoken on a connection, as TLS negotiates it.
    const PROTOCOLS: &'static [&'static [u8]];
    /// So many at a time are told that there is no seat for them. The others find the door closed.
    const TURNED_AWAY: usize;

    /// Serves one connection until it ends.
    fn serve(self: Arc<Self>, arrival: Arrival) -> impl Future<Output = ()> + Send;
}

/// A connection that was just taken.
pub(crate) struct Arrival {
    pub(crate) stream: TcpStream,
    pub(crate) address: SocketAddr,
    /// The listener's certificates, where it has some.
    pub(crate) tls: Option<Arc<ServerConfig>>,
    pub(crate) limits: Limits,
    pub(crate) stop: Stop,
    /// Its sessions in the record.
    pub(crate) conversation: Arc<Conversation>,
    /// Whether there is room for it; if not, it may only be told so.
    pub(crate) seated: bool,
}

/// A listener that has its address.
pub(crate) struct Bound<F> {
    listener: TcpListener,
    front: Arc<F>,
    recorder: Arc<Recorder>,
    certificates: Certificates,
    limits: Limits,
}

/// A listener's certificates. Connections that stand keep those that they began with.
#[derive(Clone)]
pub(crate) struct Certificates {
    config: Arc<ArcSwapOption<ServerConfig>>,
    protocols: &'static [&'static [u8]],
}

impl Certificates {
    /// Reads them again, and changes nothing yet.
    pub(crate) fn prepare<'a>(&'a self, target: &Target) -> Result<Ready<'a>, Error> {
        let config = target.tls.as_ref().map(|files| tls::server(files, self.protocols)).transpose()?;
        Ok(Box::new(move || self.config.store(config.map(Arc::new))))
    }
}

impl<F: Serves> Bound<F> {
    /// Takes the address.
    pub(crate) async fn bind(
        target: &Target,
        front: Arc<F>,
        recorder: Arc<Recorder>,
        limits: &Limits,
    ) -> Result<Self, Error> {
        let failed = |error: &std::io::Error| {
            let what = format!("{} cannot be listened on", target.listen);
            Error::io(Id::Listen, &what, error).at(&target.place)
        };
        let certificates = Certificates { config: Arc::default(), protocols: F::PROTOCOLS };
        certificates.prepare(target)?();
        Ok(Self {
            listener: TcpListener::bind(target.listen).await.map_err(|error| failed(&error))?,
            front,
            recorder,
            certificates,
            limits: limits.clone(),
        })
    }

    /// The address that it has.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        self.listener.local_addr().ok()
    }

    /// What takes new certificates while [`Bound::serve`] has the rest.
    pub(crate) fn certificates(&self) -> Certificates {
        self.certificates.clone()
    }

    /// Serves until it is told to stop, then lets live requests end.
    pub(crate) async fn serve(self, mut stop: Stop) {
        let seats = Arc::new(Semaphore::new(self.limits.connections));
        let doorstep = Arc::new(Semaphore::new(F::TURNED_AWAY));
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, address)) => {
                        // Nobody is asked to wait for a seat.
                        let seat = Arc::clone(&seats).try_acquire_owned().ok();
                        let seated = seat.is_some();
                        let place = seat.or_else(|| Arc::clone(&doorstep).try_acquire_owned().ok());
                        let Some(place) = place else { continue };
                        // A failure here leaves small segments waiting for others; nothing else.
                        let _ = stream.set_nodelay(true);
                        let arrival = Arrival {
                            stream,
                            address,
                            tls: self.certificates.config.load_full(),
                            limits: self.limits.clone(),
                            stop: stop.clone(),
                            conversation: Conversation::new(&self.recorder, address.ip()),
                            seated,
                        };
                        let front = Arc::clone(&self.front);
                        connections.spawn(async move {
                            front.serve(arrival).await;
                            drop(place);
                        });
                    }
                    // Out of descriptors, or a connection that died in the queue: neither ends the listener.
                    Err(error) => {
                        notes::debug(format_args!("accept: {}", error.kind()));
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                },
                Some(ended) = connections.join_next(), if !connections.is_empty() => report(ended),
                _ = stop.changed() => break,
            }
        }
        drop(self.listener);
        let drained = async {
            while let Some(ended) = connections.join_next().await {
                report(ended);
            }
        };
        if tokio::time::timeout(self.limits.drain_timeout, drained).await.is_err() {
            notes::note("requests that did not end in time were cut off");
        }
    }
}

fn report(ended: Result<(), tokio::task::JoinError>) {
    if ended.is_err_and(|error| error.is_panic()) {
        notes::note("a connection was closed after an internal error");
    }
}
