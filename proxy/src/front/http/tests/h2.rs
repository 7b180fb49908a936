//! HTTP/2 with clients: what leaks by its frames, many streams at a time, and clients that take more than their share.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{StreamExt as _, future, stream};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty, Full, StreamBody};
use hyper::body::Incoming;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};

use super::leaks::{Attempt, SSN, attempts, canaries, readings};
use super::{BREAKING, CREDENTIAL, House, POLICY, answer, says};

/// A body of a test.
pub(super) type Body = BoxBody<Bytes, std::io::Error>;

/// A connection of HTTP/2.
pub(super) type Speaker = SendRequest<Body>;

/// Begins to speak HTTP/2, each stream's window being `window` bytes.
pub(super) async fn speak<S>(stream: S, window: Option<u32>) -> Speaker
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let mut builder = Builder::new(TokioExecutor::new());
    builder.initial_stream_window_size(window).max_header_list_size(1 << 20);
    let (speaker, connection) = builder.handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(async move { drop(connection.await) });
    speaker
}

async fn to(house: &House) -> Speaker {
    speak(TcpStream::connect(house.address).await.unwrap(), None).await
}

pub(super) fn nothing() -> Body {
    Empty::new().map_err(|never: Infallible| match never {}).boxed()
}

pub(super) fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never: Infallible| match never {}).boxed()
}

/// A body of these frames.
pub(super) fn frames(frames: Vec<Result<Frame<Bytes>, std::io::Error>>) -> Body {
    BodyExt::boxed(StreamBody::new(stream::iter(frames)))
}

/// A request with the credential, and these lines of headers.
pub(super) fn asks(method: &str, path: &str, headers: &str, body: Body) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(format!("http://gateway{path}"));
    for line in headers.lines() {
        let (name, value) = line.split_once(": ").unwrap();
        request = request.header(name, value);
    }
    request.header("authorization", format!("Bearer {CREDENTIAL}")).body(body).unwrap()
}

/// What a client got, with nothing compressed by the protocol.
pub(super) struct Told {
    pub(super) status: u16,
    pub(super) headers: String,
    pub(super) body: Vec<u8>,
    pub(super) trailers: String,
    /// Whether the end came.
    pub(super) complete: bool,
}

impl Told {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Everything.
    fn all(&self) -> Vec<u8> {
        [self.headers.as_bytes(), b"\n", &self.body, b"\n", self.trailers.as_bytes()].concat()
    }
}

/// Sends a request and reads all of its answer. `None`: there was none.
pub(super) async fn told(speaker: &mut Speaker, request: Request<Body>) -> Option<Told> {
    speaker.ready().await.ok()?;
    let response = speaker.send_request(request).await.ok()?;
    let (head, mut incoming) = response.into_parts();
    let lines = |headers: &http::HeaderMap| format!("{headers:?}");
    let mut told = Told {
        status: head.status.as_u16(),
        headers: lines(&head.headers),
        body: Vec::new(),
        trailers: String::new(),
        complete: false,
    };
    while let Some(frame) = incoming.frame().await {
        let Ok(frame) = frame else { return Some(told) };
        match frame.into_data() {
            Ok(bytes) => told.body.extend_from_slice(&bytes),
            Err(frame) => told.trailers.push_str(&lines(&frame.into_trailers().unwrap_or_default())),
        }
    }
    told.complete = true;
    Some(told)
}

/// An upstream that answers as `answers` says. Counted are requests that it was sent.
pub(super) async fn upstream<F, A>(answers: F) -> (SocketAddr, Arc<AtomicUsize>)
where
    F: Fn(Request<Incoming>) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Response<Body>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (answers, count) = (answers.clone(), Arc::clone(&count));
            let service = service_fn(move |request| {
                count.fetch_add(1, Ordering::Relaxed);
                let answer = answers(request);
                async move { Ok::<_, Infallible>(answer.await) }
            });
            let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            tokio::spawn(async move { drop(connection.await) });
        }
    });
    (address, asked)
}

pub(super) fn json(body: Body) -> Response<Body> {
    Response::builder().header("content-type", "application/json").body(body).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_canary_gets_out_by_streams() {
    let (canaries, mut answered) = (canaries(), 0);
    let mut out = Vec::new();
    for Attempt { name, headers, answer } in attempts() {
        let house = House::new(says(answer)).await;
        let mut speaker = to(&house).await;
        let headers = headers.replace("Connection: close\r\n", "");
        let Some(told) = told(&mut speaker, asks("GET", "/Patient/7", &headers, nothing())).await else { continue };
        answered += usize::from(told.status < 400);
        assert!(told.trailers.is_empty(), "{name}: {}", told.trailers);
        for reading in readings(&told.all(), &told.body) {
            for canary in &canaries {
                if memchr::memmem::find(&reading, canary).is_some() {
                    out.push(format!("{name}: {}", String::from_utf8_lossy(&told.all())));
                }
            }
        }
    }
    assert!(out.is_empty(), "{} leaks:\n{}", out.len(), out.join("\n"));
    assert!(answered >= 80, "only {answered} were answered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_stream_gets_its_own_answer() {
    const STREAMS: usize = 300;
    let (address, asked) = upstream(|request| async move {
        let path = request.uri().path().to_owned();
        let number: u64 = path.trim_start_matches("/a/").parse().unwrap();
        // The later ones are told first, and in pieces that fall between one another.
        tokio::time::sleep(Duration::from_millis(number % 7)).await;
        let text = format!("{{\"number\": \"no {number}\", \"ssn\": \"{SSN}\", \"again\": \"no {number}\"}}");
        let pieces: Vec<_> =
            text.as_bytes().chunks(11).map(|piece| Ok(Frame::data(Bytes::copy_from_slice(piece)))).collect();
        let slowly = stream::iter(pieces).then(|piece| async {
            tokio::task::yield_now().await;
            piece
        });
        json(streamed(slowly))
    })
    .await;
    let house = House::in_front_of(&address.to_string(), "record = \"async\"", POLICY).await;
    let speaker = to(&house).await;
    let all = (0..STREAMS).map(|number| {
        let mut speaker = speaker.clone();
        async move {
            let told = told(&mut speaker, asks("GET", &format!("/a/{number}"), "", nothing())).await.unwrap();
            let expected = format!("{{\"number\": \"no {number}\", \"ssn\": \"[SSN]\", \"again\": \"no {number}\"}}");
            assert_eq!((told.status, told.text(), told.complete), (200, expected, true));
        }
    });
    future::join_all(all).await;
    assert_eq!(asked.load(Ordering::Relaxed), STREAMS);
}

/// A piece of text every few milliseconds until nobody wants more. `open` counts those that are still wanted.
fn endless(open: &Arc<AtomicUsize>) -> Body {
    struct Open(Arc<AtomicUsize>);
    impl Drop for Open {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
    }
    open.fetch_add(1, Ordering::SeqCst);
    let open = Open(Arc::clone(open));
    let pieces = stream::unfold(open, |open| async move {
        tokio::time::sleep(Duration::from_millis(5)).await;
        let line = format!("{{\"ssn\": \"{SSN}\", \"words\": \"{}\"}}\n", "word ".repeat(200));
        Some((Ok(Frame::data(Bytes::from(line))), open))
    });
    streamed(pieces)
}

/// A body of what comes of this stream. Bodies are asked for by one at a time.
pub(super) fn streamed<S>(inner: S) -> Body
where
    S: futures_util::Stream<Item = Result<Frame<Bytes>, std::io::Error>> + Send + 'static,
{
    let inner = std::sync::Mutex::new(Box::pin(inner));
    BodyExt::boxed(StreamBody::new(stream::poll_fn(move |cx| inner.lock().unwrap().as_mut().poll_next(cx))))
}

fn lines(body: Body) -> Response<Body> {
    Response::builder().header("content-type", "application/x-ndjson").body(body).unwrap()
}

async fn waits_until(what: &str, longest: Duration, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < longest, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_is_given_up_ends_alone() {
    let open = Arc::new(AtomicUsize::new(0));
    let opened = Arc::clone(&open);
    let (address, _) = upstream(move |_| future::ready(lines(endless(&opened)))).await;
    let house = House::in_front_of(&address.to_string(), "record = \"async\"", POLICY).await;
    let mut speaker = to(&house).await;
    let mut bodies = Vec::new();
    for _ in 0..20 {
        speaker.ready().await.unwrap();
        let response = speaker.send_request(asks("GET", "/a/7", "", nothing())).await.unwrap();
        let mut body = response.into_body();
        assert!(body.frame().await.unwrap().unwrap().is_data());
        bodies.push(body);
    }
    assert_eq!(open.load(Ordering::SeqCst), 20);
    bodies.truncate(10);
    waits_until("the upstream goes on for nobody", Duration::from_secs(10), || open.load(Ordering::SeqCst) == 10).await;
    for body in &mut bodies {
        let mut got = Vec::new();
        while got.len() < 20_000 {
            got.extend_from_slice(&body.frame().await.unwrap().unwrap().into_data().unwrap());
        }
        assert!(memchr::memmem::find(&got, SSN.as_bytes()).is_none());
        assert!(memchr::memmem::find(&got, b"[SSN]").is_some());
    }
    drop(bodies);
    drop(speaker);
    waits_until("the upstream goes on for nobody", Duration::from_secs(10), || open.load(Ordering::SeqCst) == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_nobody_reads_is_given_up() {
    let open = Arc::new(AtomicUsize::new(0));
    let opened = Arc::clone(&open);
    let (address, _) = upstream(move |_| future::ready(lines(endless(&opened)))).await;
    let house = House::in_front_of(&address.to_string(), "record = \"async\"", POLICY).await;
    // The client answers pings and leaves the little that may be sent to it unread.
    let mut speaker = speak(TcpStream::connect(house.address).await.unwrap(), Some(100)).await;
    let response = speaker.send_request(asks("GET", "/a/7", "", nothing())).await.unwrap();
    assert_eq!((response.status().as_u16(), open.load(Ordering::SeqCst)), (200, 1));
    // Longer than anybody may be silent.
    waits_until("a stream that nobody reads is kept", Duration::from_secs(15), || open.load(Ordering::SeqCst) == 0)
        .await;
    drop(response);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_is_read_slowly_is_kept() {
    let body = "no identifiers in this line of text, only words\n".repeat(400);
    let length = body.len();
    let house = House::new(says(answer("text/plain", "", body))).await;
    let mut speaker = speak(TcpStream::connect(house.address).await.unwrap(), Some(2000)).await;
    let response = speaker.send_request(asks("GET", "/a/7", "", nothing())).await.unwrap();
    let (mut incoming, mut got, begun) = (response.into_body(), 0, Instant::now());
    while let Some(frame) = incoming.frame().await {
        got += frame.unwrap().into_data().unwrap().len();
        tokio::time::sleep(Duration::from_millis(450)).await;
    }
    assert_eq!(got, length);
    assert!(begun.elapsed() > Duration::from_secs(4), "it was not slow");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heads_that_are_too_long_are_refused() {
    let house = House::new(says(answer("application/json", "", "{}"))).await;
    for headers in [
        format!("x-long: {}\n", "a".repeat(70_000)),
        (0..4000).map(|number| format!("x-{number}: abcdefgh\n")).collect(),
        (0..4000).map(|_| "x-same: abcdefgh\n".to_owned()).collect(),
    ] {
        let mut speaker = to(&house).await;
        let told = told(&mut speaker, asks("GET", "/a/7", headers.trim_end(), nothing())).await;
        assert!(told.as_ref().is_none_or(|told| told.status == 431), "{:?}", told.map(|told| told.status));
    }
    assert!(house.seen.lock().unwrap().is_empty());
    let mut speaker = to(&house).await;
    let long = format!("/a/{}", "7".repeat(20_000));
    assert_eq!(told(&mut speaker, asks("GET", &long, "", nothing())).await.unwrap().status, 414);
    assert_eq!(told(&mut speaker, asks("GET", "/a/7", "", nothing())).await.unwrap().status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_has_its_measure() {
    let (address, _) = upstream(|request| async move {
        let length = request.into_body().collect().await.map_or(0, |body| body.to_bytes().len());
        json(full(format!("{{\"length\": {length}}}")))
    })
    .await;
    let house = House::in_front_of(&address.to_string(), "", POLICY).await;
    let mut speaker = to(&house).await;
    let piece = || Ok(Frame::data(Bytes::from("word ".repeat(2000))));
    let some = frames((0..50).map(|_| piece()).collect());
    let told_of = told(&mut speaker, asks("POST", "/a/7", "content-type: text/plain", some)).await.unwrap();
    assert_eq!((told_of.status, told_of.text()), (200, "{\"length\": 500000}".to_owned()));
    let many = frames((0..150).map(|_| piece()).collect());
    let told_of = told(&mut speaker, asks("POST", "/a/7", "content-type: text/plain", many)).await;
    let status = told_of.map(|told| told.status);
    assert!(matches!(status, None | Some(400 | 413)), "more than the limit went up: {status:?}");
    // Trailers of a request were judged by nobody.
    let mut trailers = http::HeaderMap::new();
    trailers.insert("content-length", "5".parse().unwrap());
    trailers.insert("x-method-override", "DELETE".parse().unwrap());
    let trailed = frames(vec![Ok(Frame::data(Bytes::from_static(b"words"))), Ok(Frame::trailers(trailers))]);
    let told_of = told(&mut speaker, asks("POST", "/a/7", "content-type: text/plain", trailed)).await.unwrap();
    assert_eq!((told_of.status, told_of.text()), (200, "{\"length\": 5}".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn curl_speaks_it() {
    let house = House::new(says(answer("application/json", "", format!("{{\"ssn\": \"{SSN}\"}}")))).await;
    let url = format!("http://{}/Patient/7", house.address);
    let mut curl = std::process::Command::new("curl");
    curl.args(["--silent", "--include", "--http2-prior-knowledge", "--max-time", "20", "--noproxy", "*", "-H"]);
    curl.arg(format!("Authorization: Bearer {CREDENTIAL}")).arg(url).stdin(std::process::Stdio::null());
    let Ok(output) = tokio::task::spawn_blocking(move || curl.output()).await.unwrap() else {
        crate::testing::skipped("there is no curl");
        return;
    };
    if matches!(output.status.code(), Some(2 | 4)) {
        crate::testing::skipped("this curl does not speak HTTP/2");
        return;
    }
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.starts_with("HTTP/2 200") && told.ends_with("{\"ssn\": \"[SSN]\"}"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_breaks_breaks_alone() {
    let (address, _) = upstream(|_| async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        json(full(format!("{{\"ssn\": \"{SSN}\"}}")))
    })
    .await;
    let house = House::in_front_of(&address.to_string(), "", POLICY).await;
    let mut speaker = to(&house).await;
    let mut breaking = speaker.clone();
    let mut broken = asks("GET", "/a/7", "", nothing());
    broken.headers_mut().insert("authorization", format!("Bearer {BREAKING}").parse().unwrap());
    let (whole, broken) = tokio::join!(told(&mut speaker, asks("GET", "/a/7", "", nothing())), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        told(&mut breaking, broken).await
    });
    assert!(broken.is_none(), "an internal error answers nothing");
    assert_eq!(whole.unwrap().text(), "{\"ssn\": \"[SSN]\"}");
    assert_eq!(told(&mut speaker, asks("GET", "/a/7", "", nothing())).await.unwrap().status, 200);

    let request = format!("GET /a HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {BREAKING}\r\n\r\n");
    assert!(house.raw(request.as_bytes()).await.is_empty());
    assert_eq!(house.get("/a/7", "").await.status, 200, "the listener goes on");
}
