//! What is not let through, and what becomes of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::{CREDENTIAL, House, answer, says};

fn ok() -> super::Script {
    says(answer("application/json", "", "{\"a\":1}"))
}

#[tokio::test]
async fn nobody_unknown_reaches_the_upstream() {
    let house = House::new(ok()).await;
    for headers in [
        "",
        "Authorization: Bearer wrong\r\n",
        "Authorization: Basic YTpi\r\n",
        "Authorization: Bearer \r\n",
        &format!("Authorization: Bearer {CREDENTIAL}\r\nX-Api-Key: another\r\n"),
        &format!("Authorization: Bearer {CREDENTIAL}\r\nAuthorization: Bearer other\r\n"),
        &format!("Cookie: authorization={CREDENTIAL}\r\n"),
        &format!("X-Forwarded-User: agent-7\r\nX-Other: {CREDENTIAL}\r\n"),
    ] {
        let request = format!("GET /a HTTP/1.1\r\nHost: g\r\nConnection: close\r\n{headers}\r\n");
        let answered = super::Answered::read(&house.raw(request.as_bytes()).await);
        assert_eq!(answered.status, 401, "{headers}");
        assert_eq!(answered.header("content-type"), Some("application/problem+json"));
        assert!(answered.text().contains("urn:blackbar:unauthenticated"));
        assert!(!answered.text().contains(CREDENTIAL));
    }
    assert!(house.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn policy_decides_and_says_so() {
    let house = House::new(ok()).await;
    for (method, path, status, kind) in [
        ("GET", "/admin/users", 403, "urn:blackbar:denied"),
        ("GET", "/admin", 403, "urn:blackbar:denied"),
        ("GET", "/%61dmin", 403, "urn:blackbar:denied"),
        ("GET", "/Patient", 403, "urn:blackbar:approval-required"),
        ("GET", "/Patient/$export", 403, "urn:blackbar:approval-required"),
        ("PURGE", "/a", 405, "urn:blackbar:bad-request"),
    ] {
        let answered = house.send(method, path, "", b"").await;
        assert_eq!(answered.status, status, "{method} {path}");
        assert!(answered.text().contains(kind), "{method} {path}: {}", answered.text());
    }
    assert!(house.seen.lock().unwrap().is_empty());
    let silent = House::with(ok(), "", "").await;
    assert_eq!(silent.get("/a", "").await.status, 403, "without a permit nothing is allowed");
}

/// Requests that two readers could take for different ones. None reaches the upstream.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_ambiguous_is_forwarded() {
    let house = House::new(ok()).await;
    let auth = format!("Host: g\r\nAuthorization: Bearer {CREDENTIAL}\r\n");
    let hidden = "GET /hidden HTTP/1.1\r\nHost: g\r\n\r\n";
    let mut corpus: Vec<String> = Vec::new();
    for framing in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        "Content-Length: 5, 5\r\n\r\nhello",
        "Content-Length: +5\r\n\r\nhello",
        "Content-Length: -1\r\n\r\nhello",
        "Content-Length: 0x5\r\n\r\nhello",
        "Content-Length: 5 5\r\n\r\nhello",
        "Content-Length : 5\r\n\r\nhello",
        "Content-Length:\t\x0b5\r\n\r\nhello",
        "Content-Length\t: 5\r\n\r\nhello",
        "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding\r\n : chunked\r\n\r\n0\r\n\r\n",
        "X: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "X: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "X: y\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "X: \0\r\nContent-Length: 0\r\n\r\n",
        "Connection: content-length\r\nContent-Length: 5\r\n\r\nhello",
        "Connection: authorization\r\nContent-Length: 0\r\n\r\n",
        "X-HTTP-Method-Override: DELETE\r\nContent-Length: 0\r\n\r\n",
        "X-Original-URL: /admin\r\nContent-Length: 0\r\n\r\n",
        "Host: other\r\nContent-Length: 0\r\n\r\n",
        "Upgrade: websocket\r\nConnection: upgrade\r\nContent-Length: 0\r\n\r\n",
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 14\r\n\r\n_method=DELETE",
        "Expect: everything\r\nContent-Length: 0\r\n\r\n",
        "Content-Type: application/grpc\r\nContent-Length: 0\r\n\r\n",
        "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
    ] {
        corpus.push(format!("POST /a HTTP/1.1\r\n{auth}{framing}{hidden}"));
    }
    for line in [
        "GET http://other/a HTTP/1.1",
        "GET https://g/a HTTP/1.1",
        "CONNECT other:443 HTTP/1.1",
        "OPTIONS * HTTP/1.1",
        "TRACE /a HTTP/1.1",
        "GET /a HTTP/1.0",
        "GET /a HTTP/0.9",
        "GET /a",
        "GET  /a HTTP/1.1",
        "GET /a HTTP/1.1 x",
        "GET\t/a HTTP/1.1",
        " GET /a HTTP/1.1",
        "GET /a/../admin HTTP/1.1",
        "GET /a/%2e%2e/admin HTTP/1.1",
        "GET /a/..;/admin HTTP/1.1",
        "GET /a%2fadmin HTTP/1.1",
        "GET /a%5cadmin HTTP/1.1",
        "GET //admin HTTP/1.1",
        "GET /a//b HTTP/1.1",
        "GET /./admin HTTP/1.1",
        "GET /a%00 HTTP/1.1",
        "GET /a\\b HTTP/1.1",
        "GET /a%zz HTTP/1.1",
        "GET a HTTP/1.1",
        "POST /a?_method=DELETE HTTP/1.1",
        "POST /a?x=y&%5Fmethod=DELETE HTTP/1.1",
        "HELO gateway",
        "\x16\x03\x01\x02\x00\x01",
    ] {
        corpus.push(format!("{line}\r\n{auth}\r\n{hidden}"));
    }
    corpus.push(format!("GET /a HTTP/1.1\r\nAuthorization: Bearer {CREDENTIAL}\r\n\r\n{hidden}"));
    corpus.push(format!("GET /a HTTP/1.1\n{auth}\r\n{hidden}"));
    corpus.push(format!("\r\nGET /a HTTP/1.1\r\n{auth}\r\n{hidden}"));
    corpus.push(format!("GET /{} HTTP/1.1\r\n{auth}\r\n{hidden}", "a".repeat(9000)));
    corpus.push(format!("GET /a HTTP/1.1\r\n{auth}X: {}\r\n\r\n{hidden}", "a".repeat(70_000)));
    assert!(corpus.len() >= 60, "{}", corpus.len());
    for request in &corpus {
        let answered = super::Answered::read(&closing(&house, request.as_bytes()).await);
        assert!(answered.status >= 400, "{request:?}: {:?}", answered.head);
        let seen = std::mem::take(&mut *house.seen.lock().unwrap());
        assert!(seen.is_empty(), "{request:?} reached the upstream as {:?}", String::from_utf8_lossy(&seen[0]));
    }
}

/// Sends, then waits for the first answer only: some connections stay open.
async fn closing(house: &House, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    let mut out = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut out)).await;
    out
}

#[tokio::test]
async fn bodies_go_up_whole_and_no_longer_than_allowed() {
    let house = House::new(ok()).await;
    let answered = house.send("POST", "/a", "Content-Type: application/json\r\n", b"{\"name\":\"x\"}").await;
    assert_eq!(answered.status, 200);
    assert!(house.upstream_saw().ends_with("\r\n\r\n{\"name\":\"x\"}"), "{}", house.upstream_saw());

    let house = House::new(ok()).await;
    let answered = house.send("POST", "/a", "", &vec![b'a'; 1_000_001]).await;
    assert_eq!(answered.status, 413);
    assert!(house.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_client_that_says_nothing_is_not_waited_for() {
    let house = House::new(ok()).await;
    for start in ["", "GET /a HT", "GET /a HTTP/1.1\r\nHost: g\r\nX: "] {
        let begun = std::time::Instant::now();
        let mut stream = TcpStream::connect(house.address).await.unwrap();
        stream.write_all(start.as_bytes()).await.unwrap();
        let mut out = Vec::new();
        let closed = tokio::time::timeout(Duration::from_secs(8), stream.read_to_end(&mut out)).await;
        assert!(closed.is_ok(), "{start:?} was waited for");
        assert!(begun.elapsed() > Duration::from_secs(1));
    }
}

#[tokio::test]
async fn an_upstream_that_is_not_there_is_named_as_such() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let house = House::in_front_of(&nobody.to_string(), "", POLICY).await;
    let answered = house.get("/a", "").await;
    assert_eq!(answered.status, 502);
    assert!(answered.text().contains("the upstream cannot be reached"), "{}", answered.text());

    let house = House::new(says(Vec::new())).await;
    let answered = house.get("/a", "").await;
    assert_eq!(answered.status, 502);
    assert!(answered.text().contains("urn:blackbar:upstream"));
}

/// An upstream that keeps its connections, and how many it was given.
async fn keeping() -> (std::net::SocketAddr, Arc<AtomicUsize>, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (connections, requests) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (accepted, asked) = (Arc::clone(&connections), Arc::clone(&requests));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            accepted.fetch_add(1, Ordering::SeqCst);
            let asked = Arc::clone(&asked);
            tokio::spawn(async move {
                loop {
                    if !super::read_request(&mut stream).await.ends_with(b"\r\n\r\n") {
                        return;
                    }
                    asked.fetch_add(1, Ordering::SeqCst);
                    if stream.write_all(&answer("application/json", "", "{\"a\":1}")).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    (address, connections, requests)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_to_the_upstream_are_used_again() {
    let (address, connections, requests) = keeping().await;
    let house = House::in_front_of(&address.to_string(), "", POLICY).await;
    for _ in 0..10 {
        assert_eq!(house.get("/a/7", "").await.status, 200);
    }
    assert_eq!((requests.load(Ordering::SeqCst), connections.load(Ordering::SeqCst)), (10, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_without_an_end_is_ended_in_time() {
    let script: super::Script = Arc::new(|mut stream: TcpStream| {
        Box::pin(async move {
            let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n";
            let _ = stream.write_all(head).await;
            while stream.write_all(b"6\r\nwords\n\r\n").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
    });
    let house = House::limited(script, "total_timeout = \"1s\"\n").await;
    let begun = std::time::Instant::now();
    let answered = house.get("/a/7", "").await;
    assert_eq!((answered.status, answered.complete), (200, false), "{}", answered.head);
    assert!(begun.elapsed() < Duration::from_secs(3), "after {:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_connections_than_there_are_seats_are_not_taken() {
    let house = House::limited(ok(), "connections = 2\n").await;
    let mut seated = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(house.address).await.unwrap();
        // Its seat is taken once something of it was read.
        stream.write_all(b"GET /a HTTP/1.1\r\n").await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        seated.push(stream);
    }
    let answered = house.get("/a/7", "").await;
    assert_ne!(answered.status, 200, "a third one was served");
    assert!(house.seen.lock().unwrap().is_empty());
    drop(seated);
    for _ in 0..50 {
        if house.get("/a/7", "").await.status == 200 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("a seat that is free is given to nobody");
}

#[tokio::test]
async fn a_credential_is_taken_from_the_header_that_is_configured() {
    let house = House::presenting(ok(), "x-goog-api-key").await;
    let head = format!(
        "GET /a/7 HTTP/1.1\r\nHost: g\r\nX-Goog-Api-Key: {}\r\nAuthorization: Bearer of-somebody\r\nConnection: close\r\n\r\n",
        CREDENTIAL
    );
    let answered = super::Answered::read(&house.raw(head.as_bytes()).await);
    assert_eq!(answered.status, 200, "{}", answered.text());
    let seen = house.upstream_saw().to_ascii_lowercase();
    assert!(!seen.contains(CREDENTIAL) && !seen.contains("of-somebody"), "{seen}");
    assert!(seen.contains("x-secret: key upstream-secret-value"), "{seen}");
    // Another header carries none.
    assert_eq!(house.get("/a/7", "").await.status, 401);
}

const POLICY: &str = super::POLICY;
