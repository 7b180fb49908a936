//! The record from outside: it says what a client got; it is kept, held, deleted, sent on.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests, outside of their functions")]

mod common;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use blackbar_ledger::{Json, Kind, LeafIndex, ReadLeaf, Reader};
use common::gateway::{Gateway, free_port, get, recording};
use common::told::{Hook, until};
use serde_json::Value;

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
            let is_head = head.starts_with("HEAD ");
            let lines = "Patient SSN: 219-09-9999, seen today; nothing else to say. ".repeat(300);
            let plain = format!("{{\"resourceType\":\"Basic\",\"text\":\"{lines}\",\"tail\":\"é ü\"}}");
            let (status, body) = match coding.as_str() {
                "missing" => ("404 Not Found", plain.into_bytes()),
                "made" => ("201 Created", plain.into_bytes()),
                "nothing" => ("204 No Content", Vec::new()),
                "unchanged" => ("304 Not Modified", Vec::new()),
                _ => ("200 OK", coded(&coding, plain.as_bytes())),
            };
            let coded = match coding.as_str() {
                "missing" | "made" | "nothing" | "unchanged" | "identity" => String::new(),
                coding => format!("Content-Encoding: {coding}\r\n"),
            };
            let length =
                if coding == "nothing" { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Type: application/fhir+json; charset=utf-8\r\n{coded}ETag: W/\"7\"\r\n\
                 Last-Modified: Sun, 22 Nov 2026 00:00:00 GMT\r\nCache-Control: no-store\r\nVary: Accept\r\n\
                 Vary: Accept-Encoding\r\nX-Request-Id: r-1\r\nX-Note: SSN 219-09-9999\r\n\
                 Location: http://127.0.0.1:{port}/Basic/7\r\n{length}Connection: close\r\n\r\n"
            );
            let body = if is_head { &[] } else { body.as_slice() };
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
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
    let asked = [
        "GET /Basic/identity",
        "GET /Basic/gzip",
        "GET /Basic/br",
        "GET /Basic/zstd",
        "GET /Basic/deflate",
        "GET /Basic/missing",
        "GET /Basic/made",
        "GET /Basic/nothing",
        "GET /Basic/unchanged",
        "HEAD /Basic/identity",
        // The gateway's own answer: nobody permits it.
        "DELETE /Basic/identity",
    ];
    for what in asked {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let request = format!(
            "{what} HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {credential}\r\n\
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
        if let Some(asked) = what.strip_prefix("GET /Basic/").filter(|_| status == 200) {
            assert_eq!(coding, asked, "the coding is kept");
        }
        let body = decoded(coding, &body);
        let expected = match what.rsplit_once('/').unwrap().1 {
            _ if what.starts_with("DELETE") => 403,
            "missing" => 404,
            "made" => 201,
            "nothing" => 204,
            "unchanged" => 304,
            _ => 200,
        };
        assert_eq!(status, expected, "{what}: {head}");
        if what.starts_with("HEAD") || [204, 304].contains(&status) {
            assert!(body.is_empty(), "{what}");
        } else if status != 403 {
            assert!(memchr::memmem::find(&body, b"219-09-9999").is_none() && body.ends_with("é ü\"}".as_bytes()));
        }
        let mut headers: Vec<_> = headers.into_iter().filter(|(name, _)| !FRAMING.contains(&&**name)).collect();
        headers.sort();
        let has_tag = headers.iter().any(|(name, _)| name == "etag");
        assert!((has_tag || status == 403) && !head.contains("219-09-9999"), "{head}");
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
    // Of one session alone.
    let one = room.run(&["sessions", "list", "--target", "fhir", "--format", "json"]).ends(0).lines();
    let id = one[0]["session"].as_str().unwrap();
    let gateway = Gateway::start(&room, port);
    assert!(get(port, &credential, "/Patient/p1").starts_with("HTTP/1.1 200 "));
    assert_eq!(gateway.end().0, Some(0));
    let of_one = room.run(&["sessions", "report", id]).ends(0).text();
    let of_one: Value = serde_json::from_str(&of_one).unwrap();
    assert_eq!((&of_one["session"], &of_one["sessions"], &of_one["requests"]), (&id.into(), &1.into(), &1.into()));
    assert_eq!((&of_one["identifiers"], &of_one["by"]), (&report["identifiers"], &report["by"]));
    let of_all = room.run(&["sessions", "report"]).ends(0).text();
    let of_all: Value = serde_json::from_str(&of_all).unwrap();
    assert_eq!((&of_all["session"], &of_all["sessions"]), (&Value::Null, &2.into()));
    assert_ne!(of_all["identifiers"], of_one["identifiers"]);
    let unknown = "01890000-0000-7000-8000-000000000000";
    room.run(&["sessions", "report", unknown]).ends(3).says("BB-LEDGER-003");
    room.run(&["sessions", "report", "nothing"]).ends(2).says("BB-USAGE-001");
    let disclosed = room.run(&["sessions", "report", id, "--disclosures"]).ends(0).text();
    assert!(disclosed.contains(id), "{disclosed}");
    let page = room.run(&["sessions", "report", id, "--format", "html"]).ends(0).text();
    assert!(page.contains(id), "{page}");
    let page = room.run(&["sessions", "report", "--format", "html"]).ends(0).text();
    assert!(
        page.starts_with("<!doctype html>") && page.contains("Social security numbers") && !page.contains("<script")
    );
    for canary in ["219-09-9999", "Marigold", "Quixley"] {
        assert!(!page.contains(canary));
    }
}

/// Answers with an error that says more than it should to whoever asks for `broken`, and to others with little.
fn talkative_upstream() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
                head.push(byte[0]);
            }
            count.fetch_add(1, Ordering::Relaxed);
            let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
            let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split('\r').next()?.parse().ok());
            stream.read_exact(&mut vec![0; length.unwrap_or(0)]).unwrap();
            let (status, body) = match head.contains("/broken") {
                true => ("500 Internal Server Error", "{\"error\":\"no row for SSN 321-40-8765 at line 7\"}"),
                false => ("200 OK", "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}"),
            };
            let _ = write!(
                stream,
                "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    (port, asked)
}

#[test]
fn what_is_planted_over_http_is_in_no_leaf_index_log_or_sink() {
    let (room, port, credential) = recording(ANSWER);
    let (behind, asked) = talkative_upstream();
    let hooks = ["json", "ocsf", "cef", "fhir", "otlp"].map(|format| (format, Hook::new()));
    let sinks = hooks.each_ref().map(|(format, hook)| {
        let to = format!("http://127.0.0.1:{}/in", hook.port);
        format!("[[sink]]\nname = \"{format}\"\nformat = \"{format}\"\nto = \"{to}\"\n")
    });
    let text = room.text("blackbar.toml");
    let from = text.lines().find(|line| line.starts_with("upstream = ")).unwrap().to_owned();
    let text = text.replace(&from, &format!("upstream = \"http://127.0.0.1:{behind}\""));
    room.write("blackbar.toml", format!("{text}\n{}", sinks.concat()));
    let all = "@id(\"all\") permit (principal in Group::\"agents\", action, resource in Target::\"fhir\");";
    room.write("policies/all.cedar", all);
    let gateway = Gateway::start(&room, port);
    let send = |method: &str, path: &str, headers: &str, body: &str| {
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        common::gateway::ask(
            port,
            &format!("{method} {path} HTTP/1.1\r\nHost: g\r\nConnection: close\r\n{length}{headers}\r\n{body}"),
        )
    };
    let bearer = format!("Authorization: Bearer {credential}\r\n");
    let json = format!("{bearer}Content-Type: application/json\r\n");
    let good = |answer: String| assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    good(send("POST", "/Observation", &json, "{\"valueString\":\"SSN 457-55-5462\"}"));
    let more = format!("{bearer}Cookie: session=crumb-canary\r\nBlackbar-Reason: a letter to SSN 536-22-8726\r\n");
    good(send("GET", "/Basic/7", &more, ""));
    let call = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"lookup\",\
                \"arguments\":{\"ssn\":\"212-55-9876\",\"who is 523-11-9087\":1}}}";
    good(send("POST", "/mcp", &json, call));
    let broken = send("GET", "/Basic/broken", &bearer, "");
    assert!(broken.starts_with("HTTP/1.1 500 ") && broken.contains("[SSN]"), "{broken}");
    assert_eq!(asked.load(Ordering::Relaxed), 4);
    // `agent-7:basic-canary`
    let basic = "YWdlbnQtNzpiYXNpYy1jYW5hcnk=";
    let refused = send("GET", "/Basic/7", &format!("Authorization: Basic {basic}\r\n"), "");
    assert!(refused.starts_with("HTTP/1.1 401 "), "{refused}");
    let told = |hook: &Hook, word: &str| hook.posts(1).iter().any(|post| post.body.contains(word));
    until("what every sink is told", || {
        hooks.iter().all(|(_, hook)| told(hook, "auth.fail") || told(hook, "auth_fail")).then_some(())
    });
    let (status, said) = gateway.end();
    assert_eq!(status, Some(0), "{said}");

    let canaries = [
        "457-55-5462",
        "crumb-canary",
        "536-22-8726",
        "212-55-9876",
        "523-11-9087",
        "321-40-8765",
        "basic-canary",
        basic,
        credential.as_str(),
    ];
    let holds_none = |what: &str, bytes: &[u8]| {
        for canary in canaries {
            for form in [canary.to_owned(), canary.replace('-', "")] {
                assert!(memchr::memmem::find(bytes, form.as_bytes()).is_none(), "{canary} is in {what}");
            }
        }
    };
    for file in room.files().iter().filter(|file| !file.ends_with("/reserve")) {
        holds_none(file, &room.read(file));
    }
    holds_none("the log", said.as_bytes());
    for (format, hook) in &hooks {
        for post in hook.posts(1) {
            holds_none(&format!("what was posted as {format}"), format!("{}{}", post.head, post.body).as_bytes());
        }
    }
    let sessions = room.run(&["sessions", "list", "--target", "fhir", "--format", "json"]).ends(0).lines();
    assert_eq!(sessions.len(), 4);
    for session in &sessions {
        let id = session["session"].as_str().unwrap();
        holds_none("what is shown", &room.run(&["sessions", "show", id]).ends(0).out);
        for format in ["text", "jsonl", "asciinema"] {
            let replayed = room.run(&["sessions", "replay", id, "--format", format]).ends(0).out;
            holds_none(&format!("the replay as {format}"), &replayed);
        }
    }
    for command in [&["sessions", "list"][..], &["sessions", "report"], &["approvals", "list"]] {
        holds_none(&command.join(" "), &room.run(command).out);
    }
}

#[test]
fn another_root_key_takes_over_and_the_old_one_opens_nothing() {
    let (room, port, credential) = recording(ANSWER);
    let gateway = Gateway::start(&room, port);
    assert!(get(port, &credential, "/Patient/p1").starts_with("HTTP/1.1 200 "));
    room.run(&["keys", "rotate", "--new", "new.key"]).ends(3).says("BB-SERVE-003");
    assert_eq!(gateway.end().0, Some(0));
    let before = room.run(&["sessions", "list", "--target", "fhir", "--format", "json"]).ends(0).lines();
    let session = before[0]["session"].as_str().unwrap().to_owned();
    let replayed = room.run(&["sessions", "replay", &session]).ends(0).text();
    assert!(replayed.contains("resourceType"));

    room.run(&["keys", "rotate", "--new", "new.key"]).ends(0);
    // The configuration still names the old one.
    room.run(&["serve"]).ends(3).says("BB-LEDGER-004");
    room.run(&["sessions", "replay", &session]).ends(3);
    let text = room.text("blackbar.toml");
    assert!(text.contains("\"root.key\""));
    room.write("blackbar.toml", text.replace("\"root.key\"", "\"new.key\""));
    fs::remove_file(room.path("root.key")).unwrap();
    let gateway = Gateway::start(&room, port);
    assert!(get(port, &credential, "/Patient/p1").starts_with("HTTP/1.1 200 "));
    assert_eq!(gateway.end().0, Some(0));
    assert_eq!(room.run(&["sessions", "replay", &session]).ends(0).text(), replayed);
    room.run(&["verify", "blackbar-data", "--vkey", "blackbar-data/log.vkey", "--root-key", "new.key"]).ends(0);
    let leaves = Reader::open(&room.path("blackbar-data"), None);
    let leaves = leaves.leaves(LeafIndex::FIRST).unwrap().map(|item| item.unwrap().1);
    let rotated: Vec<ReadLeaf> = leaves.filter(|leaf| leaf.kind() == Some(Kind::KeyRotate)).collect();
    assert_eq!(rotated.len(), 1);
    assert_eq!(rotated[0].detail("what").and_then(Json::as_text), Some("root"));
    assert!(rotated[0].subject().is_some_and(|subject| !subject.is_empty()));
}
