//! What an operator does to a running gateway: locks, ends, revokes; in force within two seconds, on live answers too.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests, outside of their functions")]

mod common;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use common::Room;
use common::gateway::{Gateway, begun, get};
use serde_json::Value;

/// An upstream whose answers never end.
fn endless() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || {
                let mut stream = stream.unwrap();
                let mut head = Vec::new();
                let mut byte = [0];
                while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
                    head.push(byte[0]);
                }
                // One path talks all the time, the others fall silent.
                let talks = head.starts_with(b"GET /Patient/talks ");
                let _ = stream
                    .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n");
                while stream.write_all(b"data: tick\n\n").is_ok() {
                    std::thread::sleep(if talks { Duration::from_millis(100) } else { Duration::from_secs(60) });
                }
            });
        }
    });
    port
}

fn site() -> (Room, u16) {
    let (room, port) = begun();
    let behind = endless();
    let text = room.text("blackbar.toml").replace("http://127.0.0.1:9000", &format!("http://127.0.0.1:{behind}"));
    room.write("blackbar.toml", text);
    (room, port)
}

fn issue(room: &Room, subject: &str, ttl: &str) -> String {
    let issue = ["token", "issue", "--subject", subject, "--group", "agents", "--ttl", ttl];
    room.run(&issue).ends(0).text().trim().to_owned()
}

/// An answer that is on its way.
fn live(port: u16, credential: &str, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream
        .write_all(format!("GET {path} HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {credential}\r\n\r\n").as_bytes())
        .unwrap();
    let mut some = [0; 4096];
    let mut read = Vec::new();
    while memchr::memmem::find(&read, b"\r\n\r\n").is_none() {
        let count = stream.read(&mut some).unwrap();
        assert!(count > 0, "{}", String::from_utf8_lossy(&read));
        read.extend_from_slice(&some[..count]);
    }
    stream
}

/// How long it goes on.
fn ends(mut stream: TcpStream) -> Duration {
    let begun = Instant::now();
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
    // It broke off: the last chunk, which says that all is there, is not among what came.
    assert!(!rest.ends_with(b"0\r\n\r\n"));
    begun.elapsed()
}

const SOON: Duration = Duration::from_millis(2500);

#[test]
fn what_is_locked_killed_revoked_or_over_ends_within_two_seconds() {
    let (room, port) = site();
    let gateway = Gateway::start(&room, port);
    let credential = issue(&room, "agent-7", "15m");
    let other = issue(&room, "agent-8", "15m");
    let bystander = live(port, &other, "/Patient/talks");
    for (lock, unlock) in [
        (["lock", "--subject", "agent-7"], ["unlock", "--subject", "agent-7"]),
        (["lock", "--group", "agents"], ["unlock", "--group", "agents"]),
        (["lock", "--target", "fhir"], ["unlock", "--target", "fhir"]),
    ] {
        let streams = ["/Patient/talks", "/Patient/silent"].map(|path| live(port, &credential, path));
        let with_reason = |command: [&str; 3]| room.run(&[&command[..], &["--reason", "ticket 4711"]].concat());
        with_reason(lock).ends(0);
        for stream in streams {
            assert!(ends(stream) < SOON, "{lock:?}");
        }
        let refused = get(port, &credential, "/Patient/7");
        assert!(refused.starts_with("HTTP/1.1 401 ") || refused.contains("the target is locked"), "{refused}");
        assert!(room.run(&["status"]).ends(0).text().contains(lock[2]));
        with_reason(unlock).ends(0);
        with_reason(unlock).ends(1).says("BB-SERVE-008");
    }
    assert!(ends(bystander) < SOON, "the group's and the target's locks were his as well");
    let bystander = live(port, &other, "/Patient/talks");

    let stream = live(port, &credential, "/Patient/silent");
    room.run(&["sessions", "kill"]).ends(2);
    room.run(&["sessions", "kill", "--subject", "nobody"]).ends(1).says("BB-SERVE-009");
    assert_eq!(room.run(&["sessions", "kill", "--subject", "agent-7"]).ends(0).text().lines().count(), 1);
    assert!(ends(stream) < SOON);
    let stream = live(port, &credential, "/Patient/talks");
    room.run(&["token", "revoke", "--subject", "agent-7"]).ends(0);
    assert!(ends(stream) < SOON);
    let short = issue(&room, "agent-9", "3s");
    let begun = Instant::now();
    let stream = live(port, &short, "/Patient/silent");
    ends(stream);
    assert!((Duration::from_secs(2)..Duration::from_secs(6)).contains(&begun.elapsed()), "{:?}", begun.elapsed());

    // A lock survives the gateway, and one can be set while it is down.
    room.run(&["lock", "--subject", "agent-8", "--reason", "left"]).ends(0);
    assert!(ends(bystander) < SOON);
    let (status, said) = gateway.end();
    assert_eq!(status, Some(0), "{said}");
    room.run(&["lock", "--subject", "agent-9", "--reason", "left"]).ends(0);
    let nine = issue(&room, "agent-9", "15m");
    let gateway = Gateway::start(&room, port);
    for locked in [&other, &nine] {
        assert!(get(port, locked, "/Patient/7").starts_with("HTTP/1.1 401 "));
    }
    assert_eq!(gateway.end().0, Some(0));
    room.run(&["verify", "blackbar-data", "--root-key", "root.key"]).ends(0);

    let reader = blackbar_ledger::Reader::open(&room.path("blackbar-data"), None);
    let leaves = reader.leaves(blackbar_ledger::LeafIndex::FIRST).unwrap();
    let leaves = leaves.map(|item| serde_json::from_slice::<Value>(item.unwrap().1.bytes()).unwrap());
    let did: Vec<String> = leaves.filter_map(|leaf| leaf["details"]["did"].as_str().map(str::to_owned)).collect();
    for (what, count) in [("lock", 5), ("unlock", 3), ("sessions.kill", 1), ("token.issue", 3), ("token.revoke", 1)] {
        assert_eq!(did.iter().filter(|did| *did == what).count(), count, "{what} in {did:?}");
    }
}
