//! The record from outside: what a client got is in it, whatever kills the gateway; it is kept, held, deleted, sent on.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests, outside of their functions")]

mod common;

use std::collections::HashMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use common::gateway::{Gateway, begun, free_port, get, recording};
use serde_json::Value;

/// What a client received of one answer: its body as far as it came.
struct Received {
    tag: String,
    body: Vec<u8>,
    whole: bool,
}

/// A word that no detector takes for anything: letters only.
fn tag(number: u64) -> String {
    let digits = number.to_string().bytes().map(|digit| char::from(digit - b'0' + b'b')).collect::<String>();
    format!("zq{digits}qz")
}

/// Answers each request with a body of its own, some small and some large, on connections that stay open.
fn tagging_upstream() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(AtomicU64::new(0));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, count) = (stream.unwrap(), Arc::clone(&count));
            std::thread::spawn(move || {
                loop {
                    let mut head = Vec::new();
                    let mut byte = [0];
                    while !head.ends_with(b"\r\n\r\n") {
                        if stream.read(&mut byte).unwrap_or(0) == 0 {
                            return;
                        }
                        head.push(byte[0]);
                    }
                    let number = count.fetch_add(1, Ordering::Relaxed);
                    let lines = if number.is_multiple_of(3) { 4000 } else { 20 };
                    let text = "the quick brown fox jumps over the lazy dog. ".repeat(lines);
                    let body = format!("{{\"resourceType\":\"Basic\",\"note\":\"{} {text}\"}}", tag(number));
                    let head = format!(
                        "HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nContent-Length: {}\r\n\r\n",
                        body.len()
                    );
                    if stream.write_all(format!("{head}{body}").as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    port
}

/// Asks again and again on one connection until it breaks.
fn client(port: u16, credential: &str, stop: &AtomicBool) -> Vec<Received> {
    let mut received = Vec::new();
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return received };
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let request = format!("GET /Basic/7 HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {credential}\r\n\r\n");
    let mut bytes = Vec::new();
    while !stop.load(Ordering::Relaxed) && stream.write_all(request.as_bytes()).is_ok() {
        loop {
            if let Some((body, whole, used)) = body_of(&bytes)
                && whole
            {
                received.push(Received { tag: tag_in(&body).unwrap(), body, whole });
                bytes.drain(..used);
                break;
            }
            let mut piece = [0; 16384];
            match stream.read(&mut piece) {
                Ok(length) if length > 0 => bytes.extend_from_slice(&piece[..length]),
                _ => {
                    // The gateway is gone, in the middle of an answer perhaps.
                    if let Some((body, _, _)) = body_of(&bytes)
                        && let Some(tag) = tag_in(&body)
                    {
                        received.push(Received { tag, body, whole: false });
                    }
                    return received;
                }
            }
        }
    }
    received
}

fn tag_in(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let begin = text.find("zq")?;
    let end = text[begin..].find("qz")? + begin + 2;
    Some(text[begin..end].to_owned())
}

/// The body behind a head, as far as it is there, whether it is whole, and how many bytes it took.
fn body_of(bytes: &[u8]) -> Option<(Vec<u8>, bool, usize)> {
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
    assert!(text.starts_with("http/1.1 200 "), "{text}");
    let mut rest = &bytes[head..];
    if let Some(length) = text.lines().find_map(|line| line.strip_prefix("content-length: ")) {
        let length: usize = length.trim().parse().unwrap();
        let have = rest.len().min(length);
        return Some((rest[..have].to_vec(), have == length, head + have));
    }
    let mut body = Vec::new();
    loop {
        let Some(end) = rest.windows(2).position(|window| window == b"\r\n") else { return Some((body, false, 0)) };
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        rest = &rest[end + 2..];
        let have = rest.len().min(size);
        body.extend_from_slice(&rest[..have]);
        if rest.len() < size + 2 {
            return Some((body, false, 0));
        }
        rest = &rest[size + 2..];
        if size == 0 {
            return Some((body, true, bytes.len() - rest.len()));
        }
    }
}

/// `BLACKBAR_KILLS=1000` kills as often as a release is held to.
#[test]
fn a_gateway_that_is_killed_sent_no_byte_that_its_record_does_not_account_for() {
    let rounds: u64 = std::env::var("BLACKBAR_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(30);
    let (room, port) = begun();
    let behind = tagging_upstream();
    let text = room.text("blackbar.toml").replace("http://127.0.0.1:9000", &format!("http://127.0.0.1:{behind}"));
    room.write("blackbar.toml", text);
    let credential = room.run(&["token", "issue", "--subject", "agent-7", "--group", "agents", "--ttl", "8h"]);
    let credential = credential.ends(0).text().trim().to_owned();
    let mut received: Vec<Received> = Vec::new();
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..rounds {
        let mut gateway = Gateway::start(&room, port);
        let stop = Arc::new(AtomicBool::new(false));
        let clients: Vec<_> = (0..4)
            .map(|_| {
                let (stop, credential) = (Arc::clone(&stop), credential.clone());
                std::thread::spawn(move || client(port, &credential, &stop))
            })
            .collect();
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        std::thread::sleep(Duration::from_millis(50 + (seed >> 33) % 350));
        gateway.0.kill().unwrap();
        gateway.0.wait().unwrap();
        stop.store(true, Ordering::Relaxed);
        received.extend(clients.into_iter().flat_map(|client| client.join().unwrap()));
        // What is published holds before anything is mended.
        room.run(&["verify", "blackbar-data"]).ends(0);
    }
    // The next start mends what is left, and reads everything back.
    let sessions = room.run(&["sessions", "list", "--format", "json"]).ends(0).lines();
    room.run(&["verify", "blackbar-data", "--vkey", "blackbar-data/log.vkey", "--root-key", "root.key"]).ends(0);
    let mut recorded: HashMap<String, Vec<u8>> = HashMap::new();
    for session in sessions.iter().filter(|session| session["target"] == "fhir") {
        let id = session["session"].as_str().unwrap();
        let mut bodies: HashMap<u64, Vec<u8>> = HashMap::new();
        for line in room.run(&["sessions", "replay", id, "--format", "jsonl"]).ends(0).lines() {
            if let Some(body) = line["body"].as_str() {
                bodies.entry(line["exchange"].as_u64().unwrap()).or_default().extend_from_slice(body.as_bytes());
            }
        }
        recorded.extend(bodies.into_values().filter_map(|body| Some((tag_in(&body)?, body))));
    }
    let (mut whole, mut bytes) = (0, 0);
    for got in &received {
        let record = recorded.get(&got.tag).unwrap_or_else(|| panic!("no record of {}", got.tag));
        assert!(record.starts_with(&got.body), "{}: {} bytes are not those of the record", got.tag, got.body.len());
        assert!(!got.whole || record.len() == got.body.len(), "{}: a whole answer was recorded in part", got.tag);
        whole += u64::from(got.whole);
        bytes += got.body.len();
    }
    let cut = received.len() as u64 - whole;
    println!("{rounds} kills, {whole} whole and {cut} broken answers, {bytes} bytes, all in the record");
    assert!(whole > rounds, "too little was asked to mean anything: {whole}");
}

fn every_file(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(every_file(&path)) } else { found.push(path) }
    }
    found
}

/// Where in a folder some bytes are.
fn carved(folder: &Path, needle: &[u8]) -> Vec<PathBuf> {
    let holds = |path: &PathBuf| fs::read(path).is_ok_and(|bytes| memchr::memmem::find(&bytes, needle).is_some());
    every_file(folder).into_iter().filter(holds).collect()
}

/// An upstream whose answers have all that a head can have, in the coding that the path names.
fn coding_upstream() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
                head.push(byte[0]);
            }
            let head = String::from_utf8(head).unwrap();
            let coding = head.split(['/', ' ']).nth(3).unwrap().to_owned();
            let lines = "Patient SSN: 219-09-9999, seen today; nothing else to say. ".repeat(300);
            let plain = format!("{{\"resourceType\":\"Basic\",\"text\":\"{lines}\",\"tail\":\"é ü\"}}");
            let (status, body) = match coding.as_str() {
                "missing" => ("404 Not Found", plain.into_bytes()),
                "made" => ("201 Created", plain.into_bytes()),
                _ => ("200 OK", coded(&coding, plain.as_bytes())),
            };
            let coded = match coding.as_str() {
                "missing" | "made" | "identity" => String::new(),
                coding => format!("Content-Encoding: {coding}\r\n"),
            };
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Type: application/fhir+json; charset=utf-8\r\n{coded}ETag: W/\"7\"\r\n\
                 Last-Modified: Sun, 22 Nov 2026 00:00:00 GMT\r\nCache-Control: no-store\r\nVary: Accept\r\n\
                 Vary: Accept-Encoding\r\nX-Request-Id: r-1\r\nX-Note: SSN 219-09-9999\r\n\
                 Location: http://127.0.0.1:{port}/Basic/7\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
        }
    });
    port
}

fn coded(coding: &str, plain: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    match coding {
        "gzip" => return common::gzip(plain),
        "deflate" => {
            let mut encoder = flate2::write::ZlibEncoder::new(&mut out, flate2::Compression::fast());
            encoder.write_all(plain).unwrap();
            encoder.finish().unwrap();
        }
        "br" => brotli::CompressorWriter::new(&mut out, 4096, 4, 20).write_all(plain).unwrap(),
        "zstd" => out = zstd::stream::encode_all(plain, 1).unwrap(),
        _ => out.extend_from_slice(plain),
    }
    out
}

fn decoded(coding: &str, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    match coding {
        "gzip" => return common::gunzip(bytes),
        "deflate" => drop(flate2::read::ZlibDecoder::new(bytes).read_to_end(&mut out).unwrap()),
        "br" => drop(brotli::Decompressor::new(bytes, 4096).read_to_end(&mut out).unwrap()),
        "zstd" => out = zstd::stream::decode_all(bytes).unwrap(),
        _ => out.extend_from_slice(bytes),
    }
    out
}

#[test]
fn replay_shows_status_headers_and_the_decoded_body_as_the_client_got_them() {
    // What frames an answer on its connection is not part of it.
    const FRAMING: [&str; 6] =
        ["connection", "content-encoding", "content-length", "date", "keep-alive", "transfer-encoding"];
    let (room, port, credential) = recording(ANSWER);
    let behind = coding_upstream();
    let text = room.text("blackbar.toml");
    let from = text.lines().find(|line| line.starts_with("upstream = ")).unwrap().to_owned();
    room.write("blackbar.toml", text.replace(&from, &format!("upstream = \"http://127.0.0.1:{behind}\"")));
    let gateway = Gateway::start(&room, port);
    let mut seen = Vec::new();
    for what in ["identity", "gzip", "br", "zstd", "deflate", "missing", "made"] {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let request = format!(
            "GET /Basic/{what} HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {credential}\r\n\
             Accept-Encoding: gzip, br, zstd, deflate\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let end = memchr::memmem::find(&bytes, b"\r\n\r\n").unwrap();
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let mut lines = head.lines();
        let status: u64 = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<(String, String)> = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let coding = headers.iter().find(|(name, _)| name == "content-encoding").map_or("identity", |(_, value)| value);
        let body = match headers.iter().any(|(name, _)| name == "transfer-encoding") {
            true => dechunked(&bytes[end + 4..]),
            false => bytes[end + 4..].to_vec(),
        };
        if !["missing", "made"].contains(&what) {
            assert_eq!(coding, what, "the coding is kept");
        }
        let body = decoded(coding, &body);
        assert!(memchr::memmem::find(&body, b"219-09-9999").is_none() && body.ends_with("é ü\"}".as_bytes()));
        let mut headers: Vec<_> = headers.into_iter().filter(|(name, _)| !FRAMING.contains(&&**name)).collect();
        headers.sort();
        assert!(headers.iter().any(|(name, _)| name == "etag") && !head.contains("219-09-9999"), "{head}");
        seen.push((status, headers, body));
    }
    assert_eq!(gateway.end().0, Some(0));
    let sessions = room.run(&["sessions", "list", "--target", "fhir", "--format", "json"]).ends(0).lines();
    let mut names: Vec<&str> = sessions.iter().map(|session| session["session"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names.len(), seen.len());
    for (name, (status, headers, body)) in names.into_iter().zip(seen) {
        let replayed = room.run(&["sessions", "replay", name, "--format", "jsonl"]).ends(0).lines();
        let note = replayed.iter().map(|line| &line["note"]).find(|note| note["status"].is_u64()).unwrap();
        assert_eq!(note["status"], status);
        let pair = |at: &Value| (at[0].as_str().unwrap().to_owned(), at[1].as_str().unwrap().to_owned());
        let mut recorded: Vec<(String, String)> = note["headers"].as_array().unwrap().iter().map(pair).collect();
        recorded.retain(|(name, _)| !FRAMING.contains(&&**name));
        recorded.sort();
        assert_eq!(recorded, headers);
        let bytes = room.run(&["sessions", "replay", name, "--format", "text"]).ends(0).out;
        assert!(bytes == body, "{name}: {} bytes of {}", bytes.len(), body.len());
        let told: String = replayed.iter().filter_map(|line| line["body"].as_str()).collect();
        assert_eq!(told.as_bytes(), body, "{name}");
    }
}

/// A body without the marks of its pieces.
fn dechunked(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let end = memchr::memmem::find(rest, b"\r\n").unwrap();
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        if size == 0 {
            return body;
        }
        body.extend_from_slice(&rest[end + 2..end + 2 + size]);
        rest = &rest[end + 4 + size..];
    }
}

const ANSWER: &str = r#"{"resourceType":"Patient","id":"p1","name":[{"family":"Quixley","given":["Marigold"]}],"identifier":[{"system":"http://hl7.org/fhir/sid/us-ssn","value":"219-09-9999"}]}"#;

#[test]
fn retention_leaves_neither_content_nor_key_and_holds_come_first() {
    let (room, port, credential) = recording(ANSWER);
    let text = room.text("blackbar.toml");
    room.write("blackbar.toml", format!("{text}\n[retention]\nfloor = \"1s\"\ndefault = \"1s\"\n"));
    let gateway = Gateway::start(&room, port);
    assert!(get(port, &credential, "/Patient/p1").starts_with("HTTP/1.1 200 "));
    let hold = room.run(&["ledger", "hold", "--target", "fhir", "--reason", "a matter"]).ends(0).text();
    assert_eq!(gateway.end().0, Some(0));

    let list = || room.run(&["sessions", "list", "--target", "fhir", "--format", "json"]).ends(0).lines();
    let session = list()[0]["session"].as_str().unwrap().to_owned();
    let replayed = room.run(&["sessions", "replay", &session]).ends(0).text();
    assert!(replayed.contains("resourceType") && !replayed.contains("Marigold"), "{replayed}");
    let disclosed = || {
        room.write("patient.txt", "219-09-9999");
        let told = room.run(&["sessions", "report", "--disclosures", "--patient-file", "patient.txt"]).ends(0).text();
        let told: Value = serde_json::from_str(&told).unwrap();
        (told["sessions"].as_array().unwrap().len(), told["erased"].as_u64().unwrap())
    };
    assert_eq!(disclosed(), (1, 0));
    // What the file system has of it: its wrapped key, and its ciphertext.
    let data = room.path("blackbar-data");
    let slots =
        every_file(&data.join("keys")).into_iter().find(|path| path.extension().is_some_and(|end| end == "slots"));
    let slots = fs::read(slots.unwrap()).unwrap();
    let id: Vec<u8> = session
        .replace('-', "")
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect();
    let slot = slots.chunks(128).find(|slot| slot.starts_with(&id)).unwrap();
    let wrapped = slot[16..92].to_vec();
    let segment =
        every_file(&data.join("recordings")).into_iter().find(|path| path.to_string_lossy().contains(&session));
    let ciphertext = fs::read(segment.unwrap()).unwrap()[200..264].to_vec();
    assert!(!carved(&data, &wrapped).is_empty() && !carved(&data, &ciphertext).is_empty());
    let indexed = fs::read(data.join("subjects.sqlite")).unwrap();
    assert!(memchr::memmem::find(&indexed, &id).is_some() || data.join("subjects.sqlite-wal").exists());

    std::thread::sleep(Duration::from_millis(2500));
    let deleted = room.run(&["ledger", "retain"]).ends(0).text();
    assert!(!deleted.contains(&session), "a hold beats deletion: {deleted}");
    let holds = room.run(&["ledger", "holds"]).ends(0).text();
    assert!(holds.contains(hold.trim()) && holds.contains("target fhir"), "{holds}");
    room.run(&["ledger", "release", hold.trim(), "--reason", "settled"]).ends(0);
    room.run(&["ledger", "release", hold.trim(), "--reason", "settled"]).ends(1).says("BB-LEDGER-011");
    assert!(room.run(&["ledger", "retain", "--dry-run"]).ends(0).text().contains(&session));
    let deleted = room.run(&["ledger", "retain"]).ends(0).text();
    assert!(deleted.contains(&format!("{session}  default 1s")), "{deleted}");

    for (what, needle) in [("the wrapped key", &wrapped), ("ciphertext", &ciphertext)] {
        assert_eq!(carved(&data, needle), Vec::<PathBuf>::new(), "{what} is still there");
    }
    // Who was shown what went with it, from every file of that index.
    for name in ["subjects.sqlite", "subjects.sqlite-wal"] {
        let bytes = fs::read(data.join(name)).unwrap_or_default();
        assert_eq!(memchr::memmem::find(&bytes, &id), None, "{name}");
    }
    assert_eq!(disclosed().0, 0);
    assert!(disclosed().1 >= 1);
    let root = ["--root-key", "root.key", "--vkey", "blackbar-data/log.vkey"];
    let verified = room.run(&[&["verify", "blackbar-data"][..], &root].concat()).ends(0).text();
    assert!(verified.contains("by policy default 1s, proofs intact"), "{verified}");
    room.run(&["sessions", "replay", &session]).ends(3).says("BB-LEDGER-009");
    assert_eq!(list()[0]["deleted_by"], "default 1s");
    // The leaves stay, and are proved.
    let proof = room.run(&["prove", &session]).ends(0).text();
    room.write("leaf.tlog-proof", proof);
    room.run(&["verify", "leaf.tlog-proof", "--vkey", "blackbar-data/log.vkey"]).ends(0);
}

#[test]
fn sinks_get_every_leaf_without_content_and_one_that_is_required_is_waited_for() {
    let (room, port, credential) = recording(ANSWER);
    let text = room.text("blackbar.toml");
    let silent = free_port();
    let sinks = ["json", "ocsf", "cef", "fhir"]
        .map(|format| format!("[[sink]]\nname = \"{format}\"\nformat = \"{format}\"\nto = \"file:{format}.log\"\n"));
    let required = format!(
        "[[sink]]\nname = \"siem\"\nformat = \"ocsf\"\nto = \"syslog+tcp://127.0.0.1:{silent}\"\nrequired = true\nbehind = \"1s\"\n"
    );
    room.write("blackbar.toml", format!("{text}\n{}{required}", sinks.concat()));
    let gateway = Gateway::start(&room, port);
    let canaries = ["219-09-9999", "Marigold", "Quixley", "hunter-canary"];
    let authorization =
        format!("Authorization: Bearer {credential}\r\nUser-Agent: hunter-canary\r\nX-Note: 219-09-9999");
    for path in ["/Patient/p1", "/Patient?name=Marigold&identifier=219-09-9999", "/Marigold/Quixley"] {
        common::gateway::ask(
            port,
            &format!("GET {path} HTTP/1.1\r\nHost: g\r\n{authorization}\r\nConnection: close\r\n\r\n"),
        );
    }
    common::gateway::ask(
        port,
        "GET /Marigold HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer hunter-canary\r\nConnection: close\r\n\r\n",
    );
    let asked = Instant::now();
    // The sink that nobody answers makes the gateway unready; it goes on serving and recording.
    while room.run(&["status"]).code != Some(1) {
        assert!(asked.elapsed() < Duration::from_secs(20), "the gateway does not say that a sink is behind");
        std::thread::sleep(Duration::from_millis(200));
    }
    room.run(&["status"]).ends(1).says("BB-SERVE-019");
    assert!(get(port, &credential, "/Patient/p1").starts_with("HTTP/1.1 200 "));
    // Somebody listens, and gets everything from the first leaf on.
    let listener = TcpListener::bind(("127.0.0.1", silent)).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            std::thread::spawn(move || std::io::copy(&mut stream, &mut std::io::sink()));
        }
    });
    let begun = Instant::now();
    while room.run(&["status"]).code != Some(0) {
        assert!(begun.elapsed() < Duration::from_secs(80), "the gateway does not get ready again");
        std::thread::sleep(Duration::from_millis(500));
    }
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(gateway.end().0, Some(0));

    let json: Vec<Value> = common::lines(&room.text("json.log"));
    let indices: Vec<u64> = json.iter().filter_map(|line| line["index"].as_u64()).collect();
    assert!(indices.len() > 10 && indices.iter().copied().eq(0..indices.len() as u64), "{indices:?}");
    assert!(json.iter().any(|line| line["checkpoint"].is_string()));
    for sink in ["json.log", "ocsf.log", "cef.log", "fhir.log"] {
        let text = room.text(sink);
        assert!(text.lines().count() >= indices.len(), "{sink}");
        for canary in canaries {
            assert!(!text.contains(canary), "{canary} is in {sink}");
        }
    }
    // Nor in what waits for reviewers.
    for canary in canaries {
        assert_eq!(carved(&room.path("blackbar-data"), canary.as_bytes()), Vec::<PathBuf>::new(), "{canary}");
    }
}

#[test]
fn a_backup_of_a_running_gateway_is_put_back_and_read() {
    let (room, port, credential) = recording(ANSWER);
    let gateway = Gateway::start(&room, port);
    assert!(get(port, &credential, "/Patient/p1").starts_with("HTTP/1.1 200 "));
    room.run(&["ledger", "backup", "backup"]).ends(0);
    room.run(&["ledger", "backup", "backup"]).ends(3).says("BB-LEDGER-012");
    assert_eq!(gateway.end().0, Some(0));
    room.run(&["verify", "backup", "--vkey", "blackbar-data/log.vkey"]).ends(0);
    let before = room.run(&["sessions", "list", "--target", "fhir", "--format", "json"]).ends(0).lines();
    let session = before[0]["session"].as_str().unwrap().to_owned();
    let replayed = room.run(&["sessions", "replay", &session]).ends(0).text();

    // The disk is lost; the root key was kept elsewhere.
    room.run(&["ledger", "restore", "backup"]).ends(3).says("BB-LEDGER-012");
    fs::rename(room.path("blackbar-data"), room.path("lost")).unwrap();
    room.run(&["ledger", "restore", "backup"]).ends(0);
    room.run(&["verify", "blackbar-data", "--vkey", "lost/log.vkey", "--root-key", "root.key"]).ends(0);
    assert_eq!(room.run(&["sessions", "replay", &session]).ends(0).text(), replayed);
    // Credentials are still good, and the gateway goes on.
    let gateway = Gateway::start(&room, port);
    assert!(get(port, &credential, "/Patient/p1").starts_with("HTTP/1.1 200 "));
    assert_eq!(gateway.end().0, Some(0));
    room.run(&["verify", "blackbar-data", "--vkey", "lost/log.vkey", "--root-key", "root.key"]).ends(0);
}

#[test]
fn a_report_counts_what_was_replaced_and_names_the_method() {
    let (room, port, credential) = recording(ANSWER);
    let gateway = Gateway::start(&room, port);
    assert!(get(port, &credential, "/Patient/p1").starts_with("HTTP/1.1 200 "));
    assert_eq!(gateway.end().0, Some(0));
    let report = room.run(&["sessions", "report", "--format", "json"]).ends(0).text();
    let report: Value = serde_json::from_str(&report).unwrap();
    let classes = report["identifiers"].as_array().unwrap();
    assert_eq!(classes.len(), 18);
    let count =
        |letter: &str| classes.iter().find(|class| class["id"] == letter).unwrap()["replaced"].as_u64().unwrap();
    // A business identifier of FHIR is any other unique number, whatever system it is of.
    assert!(count("A") >= 1 && count("R") >= 1 && count("Q") == 0, "{report:#}");
    assert_eq!(report["sessions"], 1);
    assert!(report["by"][0]["target"] == "fhir" && report["by"][0]["subject"] == "agent-7", "{report:#}");
    assert!(report["methods"].as_array().unwrap().iter().any(|method| method["profile"] == "agents"), "{report:#}");
    let page = room.run(&["sessions", "report", "--format", "html"]).ends(0).text();
    assert!(
        page.starts_with("<!doctype html>") && page.contains("Social security numbers") && !page.contains("<script")
    );
    for canary in ["219-09-9999", "Marigold", "Quixley"] {
        assert!(!page.contains(canary));
    }
}
