//! Bodies that stream: cut anywhere, coded in any way, stalled in the middle.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{CREDENTIAL, House, answer, says, says_in};

const BODY: &str = "{\"ssn\": \"219-09-9998\", \"note\": \"mail carla.quint@mailhost.org, kept\"}";
const CLEAN: &str = "{\"ssn\": \"[SSN]\", \"note\": \"mail [EMAIL], kept\"}";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chunks_may_be_cut_anywhere() {
    for cut in 1..BODY.len() {
        let (one, other) = BODY.split_at(cut);
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{one}\r\n{:x}\r\n{other}\r\n0\r\n\r\n",
            one.len(),
            other.len()
        );
        let house = House::new(says(answer)).await;
        let answered = house.get("/a/7", "").await;
        assert_eq!((answered.text().as_str(), answered.complete), (CLEAN, true), "cut at {cut}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn segments_may_be_cut_anywhere() {
    let answer = answer("application/json", "", BODY);
    for step in 1..20 {
        let house = House::new(says_in(answer.clone(), step)).await;
        let answered = house.get("/a/7", "").await;
        assert_eq!(answered.text(), CLEAN, "in steps of {step}");
    }
}

#[tokio::test]
async fn an_answer_says_of_itself_what_is_true() {
    let more = "ETag: \"v1\"\r\nAccept-Ranges: bytes\r\nContent-MD5: abc\r\nCache-Control: public, max-age=60\r\nAlt-Svc: h3=\":443\"\r\n\
                Location: /elsewhere\r\nLink: </a?page=2>; rel=next\r\n";
    let house = House::new(says(answer("application/json; charset=utf-8", more, BODY))).await;
    let answered = house.get("/a/7", "").await;
    assert_eq!(answered.header("content-type"), Some("application/json"));
    assert_eq!(answered.header("cache-control"), Some("private"));
    for gone in ["content-md5", "accept-ranges", "alt-svc", "content-length"] {
        assert_eq!(answered.header(gone), None, "{gone}");
    }
    let tag = answered.header("etag").unwrap().to_owned();
    assert!(tag.starts_with("W/\"bb-") && tag.ends_with("-s-v1\""), "{tag}");

    // The tag comes back to the upstream as its own.
    let house = House::new(says("HTTP/1.1 304 Not Modified\r\nETag: \"v1\"\r\n\r\n")).await;
    let answered = house.get("/a/7", &format!("If-None-Match: {tag}, \"other\"\r\n")).await;
    assert_eq!((answered.status, answered.body.len()), (304, 0));
    assert!(house.upstream_saw().contains("if-none-match: \"v1\"\r\n"), "{}", house.upstream_saw());
}

#[tokio::test]
async fn a_head_has_no_body_and_no_length() {
    let house =
        House::new(says("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n")).await;
    let answered = house.send("HEAD", "/a/7", "", b"").await;
    assert_eq!((answered.status, answered.body.len()), (200, 0));
    assert_eq!(answered.header("content-type"), Some("application/json"));
    assert_eq!(answered.header("content-length"), None);
}

#[tokio::test]
async fn a_stalled_upstream_strands_nothing_that_may_leave() {
    for coding in ["identity", "gzip"] {
        let script: super::Script = Arc::new(|mut stream: TcpStream| {
            Box::pin(async move {
                let lines = "{\"a\": 1, \"ssn\": \"219-09-9998\"}\n".repeat(3);
                let head =
                    "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n";
                let text = format!("{head}{:x}\r\n{lines}\r\n", lines.len());
                let _ = stream.write_all(text.as_bytes()).await;
                tokio::time::sleep(Duration::from_secs(2)).await;
                let _ = stream.write_all(b"0\r\n\r\n").await;
            })
        });
        let house = House::new(script).await;
        let mut stream = TcpStream::connect(house.address).await.unwrap();
        let request = format!(
            "GET /a/7 HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {CREDENTIAL}\r\nAccept-Encoding: {coding}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let begun = std::time::Instant::now();
        let mut got = Vec::new();
        let mut buffer = [0; 4096];
        while memchr::memmem::find_iter(&got, b"[SSN]").count() < 3 && begun.elapsed() < Duration::from_secs(5) {
            let read = stream.read(&mut buffer).await.unwrap();
            assert!(read > 0, "{coding}: it ended early");
            got.extend_from_slice(&buffer[..read]);
        }
        assert!(begun.elapsed() < Duration::from_secs(1), "{coding}: all three lines came after {:?}", begun.elapsed());
    }
}

/// More than buffers of sockets hold on either side, and far less than a gateway could gather in a second.
const MOST_BETWEEN: u64 = 24 << 20;

/// What stands still: so much was moved, and nothing more a while later.
async fn stands(moved: &AtomicU64) -> u64 {
    let begun = std::time::Instant::now();
    let mut last = moved.load(Ordering::Relaxed);
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let now = moved.load(Ordering::Relaxed);
        if now == last && now > 0 {
            return now;
        }
        assert!(begun.elapsed() < Duration::from_secs(20) && now < 4 * MOST_BETWEEN, "it goes on: {now} bytes");
        last = now;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_is_read_of_an_upstream_than_its_client_reads() {
    let written = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&written);
    let script: super::Script = Arc::new(move |mut stream: TcpStream| {
        let counted = Arc::clone(&counted);
        Box::pin(async move {
            let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n";
            let _ = stream.write_all(head).await;
            let line = "words that are nobody's, and the SSN 219-09-9998 of somebody\n".repeat(500);
            while stream.write_all(line.as_bytes()).await.is_ok() {
                counted.fetch_add(line.len() as u64, Ordering::Relaxed);
            }
        })
    });
    let limits = "idle_timeout = \"60s\"\n";
    let house = House::patient(script, limits).await;
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    let request = format!("GET /a/7 HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {CREDENTIAL}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let stood = stands(&written).await;
    assert!(stood < MOST_BETWEEN, "{stood} bytes were read for a client that reads nothing");
    // It goes on as soon as the client does.
    let mut buffer = vec![0; 1 << 16];
    let mut read = 0;
    while read < 2 * stood {
        let more = tokio::time::timeout(Duration::from_secs(30), stream.read(&mut buffer)).await.unwrap().unwrap();
        assert!(more > 0, "the answer ended");
        read += more as u64;
    }
    assert!(written.load(Ordering::Relaxed) > stood);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_is_read_of_a_client_than_the_upstream_reads() {
    let script: super::Script = Arc::new(|stream: TcpStream| {
        Box::pin(async move {
            tokio::time::sleep(Duration::from_secs(60)).await;
            drop(stream);
        })
    });
    let house = House::patient(script, "request_bytes = 10000000000\nidle_timeout = \"60s\"\n").await;
    let (mut reads, mut writes) = TcpStream::connect(house.address).await.unwrap().into_split();
    let head = format!(
        "POST /notes HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {CREDENTIAL}\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    writes.write_all(head.as_bytes()).await.unwrap();
    let written = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&written);
    let writing = tokio::spawn(async move {
        let line = "words that are nobody's\n".repeat(1000);
        let chunk = format!("{:x}\r\n{line}\r\n", line.len());
        while writes.write_all(chunk.as_bytes()).await.is_ok() {
            counted.fetch_add(chunk.len() as u64, Ordering::Relaxed);
        }
    });
    let stood = stands(&written).await;
    assert!(stood < MOST_BETWEEN, "{stood} bytes were read for an upstream that reads nothing");
    let mut answer = [0; 64];
    let answered = tokio::time::timeout(Duration::from_millis(100), reads.read(&mut answer)).await;
    assert!(answered.is_err(), "it was answered before it was over: {}", String::from_utf8_lossy(&answer));
    writing.abort();
}

#[tokio::test]
async fn a_silent_upstream_is_given_up() {
    let script: super::Script = Arc::new(|mut stream: TcpStream| {
        Box::pin(async move {
            let head =
                "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\nthe first of many words";
            let _ = stream.write_all(head.as_bytes()).await;
            tokio::time::sleep(Duration::from_secs(20)).await;
        })
    });
    let house = House::new(script).await;
    let answered = house.get("/a/7", "").await;
    assert!(!answered.complete, "what was cut off does not look whole: {}", answered.head);
}

#[tokio::test]
async fn what_is_cut_off_does_not_look_whole() {
    for (name, bytes) in [
        ("a body that breaks off", &b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\nno more than this"[..]),
        ("a body with NUL later on", b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 40\r\n\r\nplain for long enough to begin with\0rest."),
    ] {
        let house = House::new(says(bytes)).await;
        let answered = house.get("/a/7", "").await;
        assert!(!answered.complete || answered.status >= 500, "{name}: {}", answered.head);
    }
}

#[tokio::test]
async fn live_requests_end_before_the_gateway_does() {
    let script: super::Script = Arc::new(|mut stream: TcpStream| {
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(400)).await;
            let _ = stream.write_all(&answer("application/json", "", BODY)).await;
        })
    });
    let house = House::new(script).await;
    let (answered, ()) = tokio::join!(house.get("/a/7", ""), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        house.stop.send(true).unwrap();
    });
    assert_eq!(answered.text(), CLEAN);
    assert!(TcpStream::connect(house.address).await.is_err(), "nobody else is let in");
}

/// An LLM's answer in events, the text of its deltas being `pieces`.
fn events(pieces: &[&str]) -> String {
    let event = |text: &&str| {
        let delta = serde_json::json!({ "choices": [{ "index": 0, "delta": { "content": text } }] });
        format!("data: {delta}\n\n")
    };
    pieces.iter().map(event).collect::<String>() + "data: [DONE]\n\n"
}

/// The text of the deltas that came.
pub(super) fn told(stream: &str) -> String {
    let events = stream.lines().filter_map(|line| line.strip_prefix("data: "));
    let deltas = events.filter_map(|data| serde_json::from_str::<serde_json::Value>(data).ok());
    deltas.map(|delta| delta["choices"][0]["delta"]["content"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_identifier_over_several_events_is_one_identifier() {
    let said = "The SSN is 219-09-9998, and that is all.";
    for cut in 1..said.len() {
        let (one, other) = said.split_at(cut);
        let stream = events(&[one, other]);
        let house = House::new(says_in(answer("text/event-stream", "", stream), 37)).await;
        let answered = house.send("POST", "/v1/chat/completions", "Content-Type: application/json\r\n", b"{}").await;
        assert_eq!(told(&answered.text()), "The SSN is [SSN], and that is all.", "cut at {cut}");
        assert!(answered.text().ends_with("data: [DONE]\n\n"), "{}", answered.text());
    }
    let letters: Vec<&str> = said.split("").filter(|letter| !letter.is_empty()).collect();
    let house = House::new(says(answer("text/event-stream", "", events(&letters)))).await;
    let answered = house.get("/v1/stream", "Accept-Encoding: gzip\r\n").await;
    assert_eq!(told(&answered.text()), "The SSN is [SSN], and that is all.");
}

#[tokio::test]
async fn the_first_events_do_not_wait_for_the_last() {
    let script: super::Script = Arc::new(|mut stream: TcpStream| {
        Box::pin(async move {
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
            let _ = stream
                .write_all(
                    format!(
                        "{head}: hello\n\n{}",
                        events(&[
                            "the first words are told and ",
                            "then some more of them come and go on for quite a while so that nothing is left open, ",
                            "and then more"
                        ])
                        .replace("data: [DONE]\n\n", "")
                    )
                    .as_bytes(),
                )
                .await;
            tokio::time::sleep(Duration::from_secs(2)).await;
        })
    });
    let house = House::new(script).await;
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    let request = format!("GET /a/7 HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {CREDENTIAL}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let begun = std::time::Instant::now();
    let mut got = Vec::new();
    let mut buffer = [0; 4096];
    while memchr::memmem::find(&got, b"the first words").is_none() {
        let read = stream.read(&mut buffer).await.unwrap();
        assert!(read > 0, "it ended early");
        got.extend_from_slice(&buffer[..read]);
    }
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_reads_nothing_is_given_up_and_one_that_is_slow_is_not() {
    let body = "no identifiers in this line of text, only words\n".repeat(200_000);
    let length = body.len();
    let house = House::new(says(answer("text/plain", "", body))).await;
    let request =
        format!("GET /a/7 HTTP/1.1\r\nHost: g\r\nConnection: close\r\nAuthorization: Bearer {CREDENTIAL}\r\n\r\n");
    let mut slow = TcpStream::connect(house.address).await.unwrap();
    slow.write_all(request.as_bytes()).await.unwrap();
    let mut silent = TcpStream::connect(house.address).await.unwrap();
    silent.write_all(request.as_bytes()).await.unwrap();
    // Longer than anybody may be silent, but never so long at once.
    let (mut got, mut buffer) = (Vec::new(), vec![0; 1 << 20]);
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        // As much as makes the system ask the gateway for more: a third of what it may have in hand for a connection.
        let enough = got.len() + (2 << 20);
        while got.len() < enough {
            let read = slow.read(&mut buffer).await.unwrap();
            assert!(read > 0, "it ended early");
            got.extend_from_slice(&buffer[..read]);
        }
    }
    tokio::time::timeout(Duration::from_secs(60), slow.read_to_end(&mut got)).await.unwrap().unwrap();
    let answered = super::Answered::read(&got);
    assert_eq!((answered.complete, answered.body.len()), (true, length));
    let mut rest = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(10), silent.read_to_end(&mut rest)).await;
    assert!(!super::Answered::read(&rest).complete, "what nobody read for so long was cut off");
}
