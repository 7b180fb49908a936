//! Connections of clients: taken, bounded, served, drained.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::exchange::{Front, Peer};
use super::guard::Guarded;
use super::tls;
use crate::config::{Limits, Target};
use crate::error::{Error, Id};
use crate::notes;

/// Tells listeners to end.
pub(crate) type Stop = watch::Receiver<bool>;

/// A listener that has its address.
pub(crate) struct Bound {
    listener: TcpListener,
    front: Arc<Front>,
    tls: Arc<ArcSwapOption<ServerConfig>>,
    limits: Limits,
}

/// A listener's certificates. Connections that stand keep those that they began with.
pub(crate) struct Certificates(Arc<ArcSwapOption<ServerConfig>>);

impl Certificates {
    /// Reads them again. Those that cannot be used change nothing.
    pub(crate) fn read(&self, target: &Target) -> Result<(), Error> {
        let config = target.tls.as_ref().map(|files| tls::server(files, PROTOCOLS)).transpose()?;
        self.0.store(config.map(Arc::new));
        Ok(())
    }
}

const PROTOCOLS: &[&[u8]] = &[b"h2", b"http/1.1"];

impl Bound {
    /// Takes the address.
    pub(crate) async fn bind(target: &Target, front: Arc<Front>, limits: &Limits) -> Result<Self, Error> {
        let failed = |error: &std::io::Error| {
            let what = format!("{} cannot be listened on", target.listen);
            Error::io(Id::Listen, &what, error).at(&target.place)
        };
        let certificates = Certificates(Arc::default());
        certificates.read(target)?;
        Ok(Self {
            listener: TcpListener::bind(target.listen).await.map_err(|error| failed(&error))?,
            front,
            tls: certificates.0,
            limits: limits.clone(),
        })
    }

    /// The address that it has.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        self.listener.local_addr().ok()
    }

    /// What takes new certificates while [`Bound::serve`] has the rest.
    pub(crate) fn certificates(&self) -> Certificates {
        Certificates(Arc::clone(&self.tls))
    }

    /// Serves until it is told to stop, then lets live requests end.
    pub(crate) async fn serve(self, mut stop: Stop) {
        let seats = Arc::new(Semaphore::new(self.limits.connections));
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, peer)) => {
                        // Nobody is asked to wait for a seat: a full house closes its door.
                        let Ok(seat) = Arc::clone(&seats).try_acquire_owned() else { continue };
                        let (front, tls, stop) = (Arc::clone(&self.front), self.tls.load_full(), stop.clone());
                        let limits = self.limits.clone();
                        connections.spawn(async move {
                            connection(stream, peer, front, tls, limits, stop).await;
                            drop(seat);
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

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    front: Arc<Front>,
    tls: Option<Arc<ServerConfig>>,
    limits: Limits,
    stop: Stop,
) {
    // A failure here leaves small segments waiting for others; nothing else.
    let _ = stream.set_nodelay(true);
    let Some(config) = tls else {
        let peer = Peer { address: peer, certificate: None, encrypted: false };
        return converse(stream, peer, front, &limits, stop).await;
    };
    let handshake = TlsAcceptor::from(config).accept(stream);
    let Ok(Ok(stream)) = tokio::time::timeout(limits.header_timeout, handshake).await else { return };
    let certificate = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
    let certificate = certificate.map(|certificate| certificate.as_ref().to_vec());
    converse(stream, Peer { address: peer, certificate, encrypted: true }, front, &limits, stop).await;
}

async fn converse<S>(stream: S, peer: Peer, front: Arc<Front>, limits: &Limits, mut stop: Stop)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let peer = Arc::new(peer);
    let service = service_fn(move |request| {
        let (front, peer) = (Arc::clone(&front), Arc::clone(&peer));
        async move { Ok::<_, std::convert::Infallible>(front.answer(request, &peer).await) }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(limits.header_bytes)
        .max_headers(128);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(limits.header_bytes).unwrap_or(u32::MAX))
        .max_concurrent_streams(100)
        .max_pending_accept_reset_streams(20)
        .keep_alive_interval(limits.header_timeout)
        .keep_alive_timeout(Duration::from_secs(20));
    let guarded = Guarded::new(stream, limits.header_bytes, limits.header_timeout);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(guarded), service));
    tokio::select! {
        // The library's error may quote what the peer sent.
        ended = connection.as_mut() => drop(ended),
        _ = stop.changed() => {
            connection.as_mut().graceful_shutdown();
            drop(connection.await);
        }
    }
}
