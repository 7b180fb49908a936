//! A listener for pages of the gateway's own: whole requests, whole answers, few connections.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{self, HeaderValue};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::config::TlsFiles;
use crate::error::{Error, Id};
use crate::front::{Stop, tls};

/// A whole answer.
pub(crate) type Answer = Response<Full<Bytes>>;

/// Answers requests.
pub(crate) trait Answers: Send + Sync + 'static {
    /// One request.
    fn answer(&self, request: Request<Incoming>) -> impl Future<Output = Answer> + Send;
}

/// A listener that has its address.
pub(crate) struct Site {
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
}

/// Connections at a time; whoever comes then finds the door closed.
const SEATS: usize = 64;
/// For the head of a request, and how long an idle connection is kept.
const HEAD: Duration = Duration::from_secs(15);
/// For a whole request with its answer.
const WHOLE: Duration = Duration::from_secs(120);
const DRAIN: Duration = Duration::from_secs(2);

impl Site {
    /// Takes the address.
    pub(crate) async fn bind(address: SocketAddr, files: Option<&TlsFiles>, place: &str) -> Result<Self, Error> {
        let failed =
            |error| Error::io(Id::Listen, &format!("{address} cannot be listened on"), &error).at(place.to_owned());
        let tls = files.map(|files| tls::server(files, &[b"http/1.1"])).transpose()?.map(Arc::new);
        Ok(Self { listener: TcpListener::bind(address).await.map_err(failed)?, tls })
    }

    /// The address that it has.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        self.listener.local_addr().ok()
    }

    /// Serves until it is told to stop.
    pub(crate) async fn serve<A: Answers>(self, pages: Arc<A>, mut stop: Stop) {
        let seats = Arc::new(Semaphore::new(SEATS));
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept() => {
                    let Ok((stream, _)) = accepted else {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                        continue;
                    };
                    let Ok(seat) = Arc::clone(&seats).try_acquire_owned() else { continue };
                    let (pages, tls, stop) = (Arc::clone(&pages), self.tls.clone(), stop.clone());
                    connections.spawn(async move {
                        match tls {
                            None => converse(stream, pages, stop).await,
                            Some(config) => {
                                let handshake = TlsAcceptor::from(config).accept(stream);
                                if let Ok(Ok(stream)) = tokio::time::timeout(HEAD, handshake).await {
                                    converse(stream, pages, stop).await;
                                }
                            }
                        }
                        drop(seat);
                    });
                }
                Some(_) = connections.join_next(), if !connections.is_empty() => {}
                _ = stop.changed() => break,
            }
        }
        drop(self.listener);
        let drained = async { while connections.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(DRAIN, drained).await;
    }
}

async fn converse<A, S>(stream: S, pages: Arc<A>, mut stop: Stop)
where
    A: Answers,
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let service = service_fn(move |request| {
        let pages = Arc::clone(&pages);
        async move {
            let answered = tokio::time::timeout(WHOLE, pages.answer(request)).await;
            let late = |_| answer(StatusCode::SERVICE_UNAVAILABLE, "text/plain; charset=utf-8", "it took too long\n");
            Ok::<_, Infallible>(answered.unwrap_or_else(late))
        }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD).max_headers(64).max_buf_size(32 << 10);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        // The library's error may quote what the peer sent.
        ended = connection.as_mut() => drop(ended),
        _ = stop.changed() => {
            connection.as_mut().graceful_shutdown();
            drop(connection.await);
        }
    }
}

/// An answer of this type that nobody keeps.
pub(crate) fn answer(status: StatusCode, media_type: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// The body of a request, if it is short enough.
pub(crate) async fn whole_body(body: Incoming, most: usize) -> Option<Bytes> {
    let mut body = pin!(Limited::new(body, most));
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        if let Ok(bytes) = frame.ok()?.into_data() {
            whole.extend_from_slice(&bytes);
        }
    }
    Some(whole.freeze())
}
