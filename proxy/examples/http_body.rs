//! A body of hyper's that takes identifiers out of another one while it streams by, and a small server that wraps every
//! answer of an upstream in it: `cargo run -p blackbar --example http_body -- LISTEN UPSTREAM`.
//!
//! It knows nobody, asks no policy and records nothing: that is the gateway's work. It shows where in a service of one's
//! own a redactor stands.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use blackbar_detectors::{ALL, fields, lexicon, values::Phi};
use blackbar_engine::{Format, Profile, Raw, Redactor, Rules, Scanner};
use bytes::Bytes;
use http::{HeaderName, Request, Response, StatusCode, Uri, header};
use http_body::{Body, Frame};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;

type Failure = Box<dyn Error + Send + Sync>;

/// What another body has, without its identifiers.
struct RedactedBody<B> {
    inner: B,
    redactor: Redactor,
    ended: bool,
}

impl<B> RedactedBody<B> {
    fn new(inner: B, scanner: &Scanner, profile: &Profile, format: Format) -> Self {
        Self { inner, redactor: scanner.redactor_for(profile, format, ""), ended: false }
    }
}

impl<B> Body for RedactedBody<B>
where
    B: Body<Data = Bytes, Error: Into<Failure>> + Unpin,
{
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        let this = &mut *self;
        loop {
            if let Some(segment) = this.redactor.poll() {
                let clean = segment.bytes().clone().into_bytes();
                if clean.is_empty() {
                    continue;
                }
                return Poll::Ready(Some(Ok(Frame::data(clean))));
            }
            if this.ended {
                return Poll::Ready(None);
            }
            match ready!(Pin::new(&mut this.inner).poll_frame(cx)) {
                // Trailers are content too, and nobody looks at them here: they stay behind.
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        this.redactor.push(Raw::from(data));
                    }
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
                None => {
                    this.ended = true;
                    this.redactor.finish();
                }
            }
        }
    }
}

/// What all requests share.
struct Service {
    scanner: Scanner,
    profile: Profile,
    upstream: Uri,
    client: Client<HttpConnector, Empty<Bytes>>,
}

/// What may be said of an answer as it is. The rest may hold identifiers, or is no longer true of the new body: its
/// length, its hash.
const KEPT: &[HeaderName] = &[header::CONTENT_TYPE, header::DATE];

impl Service {
    fn new(upstream: Uri) -> Result<Self, Failure> {
        let builder = Scanner::builder().detectors(ALL.iter().copied()).lexicon(lexicon());
        let scanner = builder.fields(Arc::new(fields::BuiltIn)).build()?;
        let profile = Rules::safe_harbor(Arc::new(Phi { year: 2026 })).build()?;
        Ok(Self { scanner, profile, upstream, client: Client::builder(TokioExecutor::new()).build_http() })
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Response<RedactedBody<Incoming>>, Failure> {
        let mut up = self.upstream.clone().into_parts();
        up.path_and_query = request.uri().path_and_query().cloned();
        // Nothing is said of codings, so that the body comes as it is.
        let up = Request::get(Uri::from_parts(up)?).body(Empty::new())?;
        let (head, body) = self.client.request(up).await?.into_parts();
        let format = format_of(&head).ok_or("the answer is in a form that is not looked into")?;
        let mut answer = Response::new(RedactedBody::new(body, &self.scanner, &self.profile, format));
        *answer.status_mut() = if head.status.is_success() { StatusCode::OK } else { head.status };
        for name in KEPT {
            if let Some(value) = head.headers.get(name) {
                answer.headers_mut().insert(name, value.clone());
            }
        }
        Ok(answer)
    }
}

/// The lens for an answer. None: it would pass uninspected, so it does not pass.
fn format_of(head: &http::response::Parts) -> Option<Format> {
    if head.headers.contains_key(header::CONTENT_ENCODING) {
        return None;
    }
    let media = head.headers.get(header::CONTENT_TYPE)?.to_str().ok()?.split(';').next()?.trim();
    match media {
        "text/plain" => Some(Format::Text),
        "application/json" | "application/fhir+json" => Some(Format::Json),
        "application/x-ndjson" | "application/fhir+ndjson" => Some(Format::Ndjson),
        "text/event-stream" => Some(Format::Sse),
        _ => None,
    }
}

async fn serve(listener: TcpListener, service: Arc<Service>) -> io::Result<()> {
    loop {
        let (socket, _) = listener.accept().await?;
        let service = Arc::clone(&service);
        tokio::spawn(async move {
            let answering = service_fn(|request| service.answer(request));
            // A failure ends this connection: a client sees a body that is cut off, never one that looks complete.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), answering).await;
        });
    }
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [listen, upstream] = arguments.as_slice() else {
        return Err("usage: http_body 127.0.0.1:8081 http://127.0.0.1:9000".into());
    };
    let listener = TcpListener::bind(listen.parse::<SocketAddr>()?).await?;
    Ok(serve(listener, Arc::new(Service::new(upstream.parse()?)?)).await?)
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt as _, Full, StreamBody};

    use super::*;

    fn redacted<B: Body<Data = Bytes>>(body: B) -> RedactedBody<B> {
        let service = Service::new(Uri::from_static("http://127.0.0.1")).unwrap();
        RedactedBody::new(body, &service.scanner, &service.profile, Format::Text)
    }

    #[tokio::test]
    async fn an_identifier_across_two_frames_is_one() {
        let frames =
            ["Her SSN is 078-05-", "1120, she said."].map(|text| Ok::<_, io::Error>(Frame::data(Bytes::from(text))));
        let body = redacted(StreamBody::new(futures_util::stream::iter(frames)));
        assert_eq!(body.collect().await.unwrap().to_bytes(), "Her SSN is [SSN], she said.");
    }

    #[tokio::test]
    async fn a_body_that_breaks_ends_with_an_error_and_without_what_was_held() {
        let frames = [Ok(Frame::data(Bytes::from("Her SSN is 078-05-"))), Err(io::Error::other("reset"))];
        let mut body = redacted(StreamBody::new(futures_util::stream::iter(frames)));
        let mut seen = Vec::new();
        while let Ok(frame) = body.frame().await.unwrap() {
            seen.extend_from_slice(frame.data_ref().unwrap());
        }
        assert!(!seen.windows(3).any(|three| three == b"078"));
    }

    /// Answers every request with `text`.
    async fn upstream(media: &'static str, text: &'static str) -> Uri {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let answer = service_fn(async |_| {
                    let answer =
                        Response::builder().header(header::CONTENT_TYPE, media).header("x-patient", "078-05-1120");
                    answer.body(Full::new(Bytes::from(text)))
                });
                let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), answer).await;
            }
        });
        format!("http://{address}").parse().unwrap()
    }

    async fn asked(upstream: Uri) -> Result<(http::response::Parts, Bytes), Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let here = format!("http://{}/Patient/7", listener.local_addr()?);
        tokio::spawn(serve(listener, Arc::new(Service::new(upstream)?)));
        let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
        let (head, body) = client.get(here.parse()?).await?.into_parts();
        Ok((head, body.collect().await?.to_bytes()))
    }

    #[tokio::test]
    async fn an_answer_passes_through_without_identifiers() {
        let resource = r#"{"resourceType":"Patient","birthDate":"1961-03-14"}"#;
        let (head, body) = asked(upstream("application/fhir+json", resource).await).await.unwrap();
        assert_eq!(body, r#"{"resourceType":"Patient","birthDate":"1961"}"#);
        assert!(!head.headers.contains_key("x-patient"), "a header that nobody looked at does not pass");
        assert!(!head.headers.contains_key(header::CONTENT_LENGTH), "the length is that of another body");
    }

    #[tokio::test]
    async fn what_no_lens_reads_does_not_pass() {
        assert!(asked(upstream("application/pdf", "%PDF").await).await.is_err());
    }
}
