//! TLS on both sides: which protocol is spoken, whose certificates count, and new ones while connections stand.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::Frame;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::client::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::h2::{Body, Speaker, asks, frames, full, json, nothing, speak, told};
use super::leaks::{EMAIL, SSN, canaries, readings};
use super::{CREDENTIAL, House, POLICY, UPSTREAM_SECRET, answer, says};
use crate::front::authority::Authority;

/// What an upstream was asked: the version, and a request as it was read.
type Asked = Arc<std::sync::Mutex<Vec<(http::Version, String)>>>;

/// An upstream with a certificate that answers each request as `answers` says.
async fn upstream<F>(tls: Arc<ServerConfig>, answers: F) -> (SocketAddr, Asked)
where
    F: Fn(&str) -> Response<Body> + Clone + Send + Sync + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Asked::default();
    let log = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (tls, answers, log) = (TlsAcceptor::from(Arc::clone(&tls)), answers.clone(), Arc::clone(&log));
            tokio::spawn(async move {
                let Ok(stream) = tls.accept(stream).await else { return };
                let service = service_fn(move |request: Request<Incoming>| {
                    let (answers, log) = (answers.clone(), Arc::clone(&log));
                    async move {
                        let (head, body) = request.into_parts();
                        let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
                        let path = head.uri.path().to_owned();
                        let host = head.uri.authority().map(ToString::to_string).unwrap_or_default();
                        let text = format!("{} {} {host} {:?} {body:?}", head.method, head.uri, head.headers);
                        log.lock().unwrap().push((head.version, text));
                        Ok::<_, Infallible>(answers(&path))
                    }
                });
                let builder = Builder::new(TokioExecutor::new());
                let _ = builder.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    (address, asked)
}

fn settings(authority: &Authority) -> String {
    format!("upstream_ca = \"{}\"\nrecord = \"async\"\n", authority.roots().display())
}

/// Answers of an upstream that speaks HTTP/2, each with a canary in it, and whether its end may come.
fn attempts() -> Vec<(&'static str, Response<Body>, bool)> {
    let text = format!("{{\"ssn\": \"{SSN}\", \"mail\": \"{EMAIL}\"}}");
    let data = |bytes: &str| Ok(Frame::data(Bytes::copy_from_slice(bytes.as_bytes())));
    let by_one =
        |text: &str| text.as_bytes().iter().map(|byte| Ok(Frame::data(Bytes::copy_from_slice(&[*byte])))).collect();
    let broken = || Err(std::io::Error::other(format!("SSN {SSN}")));
    let trailers = |name: &'static str, value: &str| {
        let mut map = HeaderMap::new();
        map.insert(name, HeaderValue::from_str(value).unwrap());
        Ok(Frame::trailers(map))
    };
    let header = |name: &str, value: &str| {
        let response = Response::builder().header("content-type", "application/json").header(name, value);
        response.body(full("{}")).unwrap()
    };
    let of = |media: &str, body: Body| Response::builder().header("content-type", media).body(body).unwrap();
    let status = |status: u16, body: Body| {
        Response::builder().status(status).header("content-type", "text/plain").body(body).unwrap()
    };
    let (one, other) = text.split_at(text.find("09-9998").unwrap());
    vec![
        ("a body", json(full(text.clone())), true),
        ("a body in bytes", json(frames(by_one(&text))), true),
        ("a body in two", json(frames(vec![data(one), data(other)])), true),
        ("empty frames between", json(frames(vec![data(one), data(""), data(""), data(other)])), true),
        ("trailers", json(frames(vec![data("{}"), trailers("x-patient-ssn", SSN)])), true),
        ("trailers alone", json(frames(vec![trailers("x-note", &format!("SSN {SSN}"))])), true),
        ("a status in trailers", json(frames(vec![data("{}"), trailers("grpc-message", &format!("SSN {SSN}"))])), true),
        ("a reset behind the canary", json(frames(vec![data(one), data(other), broken()])), false),
        ("a reset within it", json(frames(vec![data(one), broken()])), false),
        ("a reset before everything", json(frames(vec![broken()])), false),
        ("a header", header("x-note", &format!("SSN {SSN}")), true),
        ("a header by its name", header("x-patient-ssn", "219099998"), true),
        ("the name of a header", header("x-219-09-9998", "yes"), true),
        ("a cookie", header("set-cookie", &format!("ssn={SSN}")), true),
        ("a location", header("location", &format!("/Patient?ssn={SSN}")), true),
        ("a way around", header("alt-svc", &format!("h3=\"{SSN}:443\"")), true),
        ("a link", header("link", &format!("</Patient?ssn={SSN}>; rel=preload")), true),
        ("events", of("text/event-stream", frames(vec![data("data: SSN 219-"), data("09-9998\n\n")])), true),
        ("lines", of("application/x-ndjson", frames(vec![data(&text), data("\n"), data(&text)])), true),
        ("no type", Response::new(full(text.clone())), true),
        ("octets", of("application/octet-stream", full(text.clone())), true),
        ("gRPC", of("application/grpc", full(text.clone())), true),
        ("an error", status(500, full(format!("SSN {SSN}"))), true),
        ("a refusal", status(403, full(format!("SSN {SSN}"))), true),
        ("a credential that does not count", status(401, full(format!("SSN {SSN}"))), true),
        ("a body to 204", Response::builder().status(204).body(full(text.clone())).unwrap(), true),
        ("a body to 304", Response::builder().status(304).body(full(text)).unwrap(), true),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_canary_gets_through_streams_on_both_sides() {
    let Some(authority) = Authority::new() else { return };
    let tls = authority.server("upstream", &[b"h2"]);
    let canaries = canaries();
    let names: Vec<_> = attempts().into_iter().map(|(name, _, whole)| (name, whole)).collect();
    let answers = |path: &str| {
        let at: usize = path.trim_start_matches("/a/").parse().unwrap();
        attempts().into_iter().nth(at).unwrap().1
    };
    let (address, asked) = upstream(tls, answers).await;
    let house = House::in_front_of(&format!("https://{address}"), &settings(&authority), POLICY).await;
    let mut speaker = speak(TcpStream::connect(house.address).await.unwrap(), None).await;
    let (mut out, mut answered) = (Vec::new(), 0);
    for (at, (name, whole)) in names.into_iter().enumerate() {
        let path = format!("/a/{at}");
        let old = house.get(&path, "").await;
        let new = told(&mut speaker, asks("GET", &path, "", nothing())).await;
        let new = new.unwrap_or_else(|| panic!("{name}: no answer"));
        answered += usize::from(new.status == 200);
        for (complete, status) in [(old.complete, old.status), (new.complete, new.status)] {
            assert!(whole || !complete || status >= 500, "{name}: what was cut off looks whole");
        }
        let new = [new.headers.as_bytes(), &new.body, new.trailers.as_bytes()].concat();
        for (raw, body) in [(&old.raw, &old.body), (&new, &new)] {
            for reading in readings(raw, body) {
                for canary in &canaries {
                    if memchr::memmem::find(&reading, canary).is_some() {
                        out.push(format!("{name}: {}", String::from_utf8_lossy(raw)));
                    }
                }
            }
        }
    }
    assert!(out.is_empty(), "{} leaks:\n{}", out.len(), out.join("\n"));
    assert!(answered >= 14, "only {answered} were answered");
    let asked = asked.lock().unwrap();
    assert!(asked.iter().all(|(version, _)| *version == http::Version::HTTP_2), "the upstream was spoken to in HTTP/2");
    assert!(asked.iter().all(|(_, text)| text.contains(UPSTREAM_SECRET) && !text.contains(CREDENTIAL)), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_keep_their_meaning_over_streams() {
    let Some(authority) = Authority::new() else { return };
    for protocols in [&[b"h2".as_slice(), b"http/1.1"][..], &[b"http/1.1"]] {
        let tls = authority.server("upstream", protocols);
        let (address, asked) = upstream(tls, |_| json(full("{}"))).await;
        let house = House::in_front_of(&format!("https://{address}"), &settings(&authority), POLICY).await;
        let mut speaker = speak(TcpStream::connect(house.address).await.unwrap(), None).await;
        let body = || {
            frames(vec![Ok(Frame::data(Bytes::from_static(b"{\"a\":"))), Ok(Frame::data(Bytes::from_static(b" 1}")))])
        };
        let headers =
            "content-type: application/json\nte: trailers\ncookie: a=b\nx-forwarded-for: 9.9.9.9\nx-kept: yes";
        for request in
            [asks("POST", "/Patient?x=y%20z", headers, body()), asks("GET", "/Patient/%37", headers, nothing())]
        {
            assert_eq!(told(&mut speaker, request).await.unwrap().status, 200);
        }
        let asked = asked.lock().unwrap();
        let version = if protocols.len() == 2 { http::Version::HTTP_2 } else { http::Version::HTTP_11 };
        assert!(asked.iter().all(|(spoken, _)| *spoken == version), "{asked:?}");
        let all = format!("{asked:?}");
        assert!(
            asked[0].1.starts_with("POST ")
                && asked[0].1.contains("/Patient?x=y%20z ")
                && asked[0].1.contains(r#"a\": 1}"#),
            "{all}"
        );
        assert!(asked[1].1.starts_with("GET ") && asked[1].1.contains("/Patient/7 "), "{all}");
        for absent in [
            "9.9.9.9",
            "cookie",
            "\"te\"",
            CREDENTIAL,
            "gateway\"",
            "transfer-encoding\": \"chunked\", \"content-length",
        ] {
            assert!(!all.contains(absent), "{absent} in {all}");
        }
        for present in ["x-kept", UPSTREAM_SECRET, &address.to_string()] {
            assert!(all.contains(present), "{present} not in {all}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upstream_is_believed_by_its_certificate_alone() {
    let (Some(authority), Some(other)) = (Authority::new(), Authority::new()) else { return };
    let own = "IP:127.0.0.1,DNS:localhost";
    let certified = |authority: &Authority, file: &str, names: &str| {
        let files = authority.certify(file, names);
        Arc::new(crate::front::tls::server(&files, &[b"http/1.1"]).unwrap())
    };
    for (what, tls, expected) in [
        ("its own", certified(&authority, "one", own), 200),
        ("of another authority", certified(&other, "two", own), 502),
        ("of another host", certified(&authority, "three", "DNS:elsewhere.example"), 502),
        ("of another address", certified(&authority, "four", "IP:127.0.0.2"), 502),
    ] {
        let (address, asked) = upstream(tls, |_| json(full(format!("{{\"ssn\": \"{SSN}\"}}")))).await;
        let house = House::in_front_of(&format!("https://{address}"), &settings(&authority), POLICY).await;
        let answered = house.get("/a", "").await;
        assert_eq!(answered.status, expected, "{what}: {}", answered.text());
        assert_eq!(asked.lock().unwrap().len(), usize::from(expected == 200), "{what}: nothing is said to strangers");
        if expected == 200 {
            assert_eq!(answered.text(), "{\"ssn\": \"[SSN]\"}");
        }
    }
    // Somebody who answers in the clear is nobody.
    let (plain, _) = super::h2::upstream(|_| async { json(full("{}")) }).await;
    let house = House::in_front_of(&format!("https://{plain}"), &settings(&authority), POLICY).await;
    assert_eq!(house.get("/a", "").await.status, 502);
}

/// A connection with TLS, and the protocol that was agreed upon.
async fn encrypted(
    house: &House,
    authority: &Authority,
    protocols: &[&[u8]],
) -> (TlsStream<TcpStream>, Option<Vec<u8>>) {
    let stream = TcpStream::connect(house.address).await.unwrap();
    let connector = TlsConnector::from(authority.client(protocols));
    let stream = connector.connect("127.0.0.1".try_into().unwrap(), stream).await.unwrap();
    let agreed = stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
    (stream, agreed)
}

fn certificate(stream: &TlsStream<TcpStream>) -> Vec<u8> {
    stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

async fn answers(speaker: &mut Speaker) -> String {
    told(speaker, asks("GET", "/a/7", "", nothing())).await.unwrap().text()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_takes_new_certificates_while_connections_stand() {
    let Some(authority) = Authority::new() else { return };
    let files = authority.certify("listener", "IP:127.0.0.1");
    let tls = format!("tls = {{ cert = \"{}\", key = \"{}\" }}", files.cert.display(), files.key.display());
    let house =
        House::with(says(answer("application/json", "", format!("{{\"ssn\": \"{SSN}\"}}"))), &tls, POLICY).await;

    for (offered, expected) in [
        (&[b"h2".as_slice(), b"http/1.1"][..], Some(b"h2".to_vec())),
        (&[b"http/1.1"], Some(b"http/1.1".to_vec())),
        (&[], None),
    ] {
        assert_eq!(encrypted(&house, &authority, offered).await.1, expected);
    }

    let (stream, _) = encrypted(&house, &authority, &[b"h2"]).await;
    let before = certificate(&stream);
    let mut standing = speak(stream, None).await;
    assert_eq!(answers(&mut standing).await, "{\"ssn\": \"[SSN]\"}");

    // What cannot be used changes nothing.
    let good = std::fs::read(&files.cert).unwrap();
    std::fs::write(&files.cert, "nonsense").unwrap();
    assert!(house.certificates.prepare(&house.target).is_err());
    assert_eq!(certificate(&encrypted(&house, &authority, &[b"h2"]).await.0), before);
    std::fs::write(&files.cert, good).unwrap();

    let new = authority.certify("new", "IP:127.0.0.1");
    std::fs::copy(&new.cert, &files.cert).unwrap();
    std::fs::copy(&new.key, &files.key).unwrap();
    house.certificates.prepare(&house.target).unwrap()();
    let (stream, _) = encrypted(&house, &authority, &[b"h2"]).await;
    assert_ne!(certificate(&stream), before, "the new certificate is shown");
    assert_eq!(answers(&mut speak(stream, None).await).await, "{\"ssn\": \"[SSN]\"}");
    assert_eq!(answers(&mut standing).await, "{\"ssn\": \"[SSN]\"}", "who stands keeps standing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ending_gateway_lets_streams_end() {
    let body = || {
        let pieces = futures_util::stream::iter(0..10).then(|number| async move {
            tokio::time::sleep(Duration::from_millis(60)).await;
            Ok(Frame::data(Bytes::from(format!("{{\"n\": {number}, \"ssn\": \"{SSN}\"}}\n"))))
        });
        super::h2::streamed(pieces)
    };
    let (address, _) = super::h2::upstream(move |_| {
        let response = Response::builder().header("content-type", "application/x-ndjson").body(body()).unwrap();
        async move { response }
    })
    .await;
    let house = House::in_front_of(&address.to_string(), "record = \"async\"", POLICY).await;
    let mut speaker = speak(TcpStream::connect(house.address).await.unwrap(), None).await;
    let mut late = speaker.clone();
    let (told_of, ()) = tokio::join!(told(&mut speaker, asks("GET", "/a", "", nothing())), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        house.stop.send(true).unwrap();
    });
    let told_of = told_of.unwrap();
    assert!(told_of.complete, "the stream ended in the middle");
    assert_eq!(told_of.text().matches("[SSN]").count(), 10);
    assert!(told(&mut late, asks("GET", "/a", "", nothing())).await.is_none(), "nobody else is let in");
}
