//! One connection of a client: TLS, then HTTP/1.1 or 2.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Version};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;

use super::exchange::{Front, Peer};
use super::guard::Guarded;
use super::patience::{Patience, Verdict};
use crate::config::Limits;
use crate::front::{Arrival, Serves, Stop};

impl Serves for Front {
    const PROTOCOLS: &'static [&'static [u8]] = &[b"h2", b"http/1.1"];
    /// A full house closes its door: whoever comes has said nothing yet that could be answered.
    const TURNED_AWAY: usize = 0;

    async fn serve(self: Arc<Self>, arrival: Arrival) {
        let Arrival { stream, address, tls, limits, stop, conversation, .. } = arrival;
        let peer = Peer { address, certificate: None, encrypted: false, conversation };
        let Some(config) = tls else {
            return converse(stream, peer, self, &limits, stop).await;
        };
        let handshake = TlsAcceptor::from(config).accept(stream);
        let Ok(Ok(stream)) = tokio::time::timeout(limits.header_timeout, handshake).await else { return };
        let certificate = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
        let certificate = certificate.map(|certificate| certificate.as_ref().to_vec());
        converse(stream, Peer { certificate, encrypted: true, ..peer }, self, &limits, stop).await;
    }
}

async fn converse<S>(stream: S, peer: Peer, front: Arc<Front>, limits: &Limits, mut stop: Stop)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let peer = Arc::new(peer);
    let patience = Arc::new(Patience::new());
    let watch = Arc::clone(&patience);
    let service = service_fn(move |request: Request<Incoming>| {
        let (front, peer) = (Arc::clone(&front), Arc::clone(&peer));
        let waiting = (request.version() == Version::HTTP_2).then(|| watch.begins());
        async move {
            let response = Box::pin(front.answer(request, &peer)).await;
            Ok::<_, std::convert::Infallible>(response.map(|body| body.watched(waiting)))
        }
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
    let (idle, unread) = (limits.header_timeout, limits.idle_timeout);
    let guarded = Guarded::new(stream, limits.header_bytes, limits.header_timeout, unread, Arc::clone(&patience));
    let mut connection = pin!(builder.serve_connection(TokioIo::new(guarded), service));
    let often = (idle.min(unread) / 4).max(Duration::from_millis(10));
    // Since when the connection ends, gracefully.
    let mut ending: Option<Instant> = None;
    let mut told = false;
    loop {
        tokio::select! {
            // The library's error may quote what the peer sent.
            ended = connection.as_mut() => return drop(ended),
            _ = stop.changed(), if !told => {
                told = true;
                connection.as_mut().graceful_shutdown();
            }
            () = tokio::time::sleep(often) => match patience.judge(idle, unread) {
                Verdict::Kept => {}
                Verdict::Idle if ending.is_some_and(|since| since.elapsed() > unread) => return,
                Verdict::Idle if ending.is_none() => {
                    ending = Some(Instant::now());
                    connection.as_mut().graceful_shutdown();
                }
                Verdict::Idle => {}
                Verdict::Stalled => return,
            },
        }
    }
}
