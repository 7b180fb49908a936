//! Requests that wait for people, from outside: held, approved from another terminal, run once, recorded.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests, outside of their functions")]

mod common;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::time::{Duration, Instant};

use common::Room;
use common::gateway::{Gateway, ask, begun, body};
use serde_json::{Value, json};

/// A clinic with a gateway's configuration, two officers, and an upstream that counts.
struct Clinic {
    room: Room,
    port: u16,
    upstream: Arc<Upstream>,
    credential: String,
}

/// Gives everybody the same patient, and remembers what it was asked.
struct Upstream {
    port: u16,
    seen: Mutex<Vec<String>>,
}

const PATIENT: &str = "{\"resourceType\":\"Patient\",\"id\":\"7\",\"text\":\"SSN 219-09-9999\"}";

impl Upstream {
    fn new() -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let this = Arc::new(Self { port: listener.local_addr().unwrap().port(), seen: Mutex::default() });
        let upstream = Arc::clone(&this);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let upstream = Arc::clone(&upstream);
                std::thread::spawn(move || upstream.answer(stream.unwrap()));
            }
        });
        this
    }

    fn answer(&self, mut stream: TcpStream) {
        let mut request = Vec::new();
        let mut byte = [0];
        while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
            request.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&request).to_ascii_lowercase();
        let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split('\r').next()?.parse().ok());
        let mut sent = vec![0; length.unwrap_or(0)];
        stream.read_exact(&mut sent).unwrap();
        request.extend(sent);
        self.seen.lock().unwrap().push(String::from_utf8(request).unwrap());
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nConnection: close\r\nContent-Length: ";
        let _ = stream.write_all(format!("{head}{}\r\n\r\n{PATIENT}", PATIENT.len()).as_bytes());
    }

    fn seen(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

impl Clinic {
    /// `settings` go before the sections of `init`'s configuration.
    fn new(settings: &str) -> Self {
        let (room, port) = begun();
        let upstream = Upstream::new();
        let mut text = room.text("blackbar.toml");
        text = text.replace("http://127.0.0.1:9000", &format!("http://127.0.0.1:{}", upstream.port));
        for officer in ["officer-1", "officer-2"] {
            let file = format!("{officer}.key");
            let key = room.run(&["approvals", "keygen", "-o", &file]).ends(0).text();
            text.push_str(&format!(
                "\n[[approver]]\nsubject = \"{officer}\"\ngroups = [\"privacy-officers\"]\nkey = \"{}\"\n",
                key.trim()
            ));
        }
        room.write("blackbar.toml", text + settings);
        let issued = room.run(&["token", "issue", "--subject", "agent-7", "--group", "agents", "--ttl", "8h"]);
        let credential = issued.ends(0).text();
        Self { room, port, upstream, credential: credential.trim().to_owned() }
    }

    fn send(&self, method: &str, path: &str, headers: &str, body: &str) -> String {
        send(self.port, &self.credential, method, path, headers, body)
    }

    fn get(&self, path: &str, headers: &str) -> String {
        self.send("GET", path, headers, "")
    }

    /// The id of the approval that this request waits for.
    fn held(&self, path: &str) -> String {
        held(&self.get(path, ""))
    }

    fn decide(&self, says: &str, id: &str, officer: &str) -> common::Answer {
        let key = format!("{officer}.key");
        self.room.run(&["approvals", says, id, "--key", &key, "--reason", "ticket 4711"])
    }

    fn state(&self, id: &str) -> String {
        let shown = self.room.run(&["approvals", "show", id, "--format", "json"]).ends(0).text();
        serde_json::from_str::<Value>(&shown).unwrap()["state"].as_str().unwrap().to_owned()
    }

    /// The leaves of the record, once the gateway has ended.
    fn leaves(&self) -> Vec<Value> {
        use blackbar_ledger::{LeafIndex, Reader};

        let reader = Reader::open(&self.room.path("blackbar-data"), None);
        let leaves = reader.leaves(LeafIndex::FIRST).unwrap();
        leaves.map(|item| serde_json::from_slice(item.unwrap().1.bytes()).unwrap()).collect()
    }

    /// Changes when an approval is used: the file that says so is written before anything goes up.
    fn used(&self) -> (u64, Option<std::time::SystemTime>) {
        let data = std::fs::metadata(self.room.path("blackbar-data/state.sqlite-wal")).ok();
        data.map_or((0, None), |data| (data.len(), data.modified().ok()))
    }

    /// The kinds of leaves about this approval, in order.
    fn told(&self, id: &str) -> Vec<String> {
        let about = |leaf: &Value| leaf["details"]["approval"] == id;
        self.leaves().iter().filter(|leaf| about(leaf)).map(|leaf| leaf["kind"].as_str().unwrap().to_owned()).collect()
    }

    fn verified(&self) {
        self.room.run(&["verify", "blackbar-data", "--root-key", "root.key"]).ends(0);
    }
}

fn send(port: u16, credential: &str, method: &str, path: &str, headers: &str, body: &str) -> String {
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    ask(
        port,
        &format!(
            "{method} {path} HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {credential}\r\nConnection: close\r\n\
             {length}{headers}\r\n{body}"
        ),
    )
}

fn problem(answer: &str) -> Value {
    serde_json::from_str(&body(answer)).unwrap_or_else(|error| panic!("{error}: {answer}"))
}

fn held(answer: &str) -> String {
    assert!(answer.starts_with("HTTP/1.1 403 ") && answer.to_ascii_lowercase().contains("retry-after: "), "{answer}");
    let problem = problem(answer);
    assert_eq!(problem["type"], "urn:blackbar:approval-required", "{problem}");
    problem["approval_id"].as_str().unwrap().to_owned()
}

#[track_caller]
fn is(answer: &str, status: u16, what: &str) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")) && answer.contains(what), "{answer}");
}

#[test]
fn a_held_request_runs_once_after_a_person_agreed() {
    let clinic = Clinic::new("");
    let gateway = Gateway::start(&clinic.room, clinic.port);
    let path = "/Patient?name=Marigold&birthdate=1931-02-03";
    let reason = "Blackbar-Reason: recall of 219-09-9999\r\n";
    let id = held(&clinic.get(path, reason));
    // The same request asks nobody twice; another one is another approval.
    assert_eq!(clinic.held(path), id);
    assert_ne!(clinic.held("/Patient?name=Marigold"), id);
    assert_eq!(clinic.upstream.seen(), 0);

    // What a reviewer sees says what is asked, and not about whom.
    let listed = clinic.room.run(&["approvals", "list"]).ends(0).text();
    assert!(listed.contains(&id) && listed.contains("agent-7 → fhir  GET /Patient?name=[VALUE]"), "{listed}");
    let approved = clinic.decide("approve", &id, "officer-1").ends(0);
    assert!(approved.text().contains("granted: it may run once within"), "{}", approved.text());
    assert!(approved.err.contains("I have read what is asked for and agree that it is done once."), "{}", approved.err);
    assert!(approved.err.contains("held by    bulk"), "{}", approved.err);
    for canary in ["Marigold", "1931", common::SSN] {
        assert!(!listed.contains(canary) && !approved.err.contains(canary), "{canary}");
    }

    // Approved is this request, byte for byte, and nothing else.
    for (other, headers) in [
        ("/Patient?name=Marigold&birthdate=1931-02-04", ""),
        ("/Patient?birthdate=1931-02-03&name=Marigold", ""),
        ("/Patient/7", ""),
        ("/Patient?name=Marigold&birthdate=1931-02-03&_pretty=true", "Prefer: wait=1\r\n"),
    ] {
        let answer = clinic.get(other, &format!("Blackbar-Approval: {id}\r\n{headers}"));
        is(&answer, 409, "urn:blackbar:approval-mismatch");
    }
    is(&clinic.get(path, "Blackbar-Approval: ap-00000000000000000000\r\n"), 409, "urn:blackbar:approval-mismatch");
    let other = clinic.room.run(&["token", "issue", "--subject", "agent-8", "--group", "agents"]).ends(0).text();
    let answer = send(clinic.port, other.trim(), "GET", path, &format!("Blackbar-Approval: {id}\r\n"), "");
    is(&answer, 409, "urn:blackbar:approval-mismatch");
    assert_eq!(clinic.upstream.seen(), 0);

    let answer = clinic.get(path, &format!("Blackbar-Approval: {id}\r\n"));
    is(&answer, 200, "[SSN]");
    assert!(!answer.contains("219-09-9999"), "{answer}");
    let again = clinic.get(path, &format!("Blackbar-Approval: {id}\r\n"));
    is(&again, 403, "it has been used");
    assert_ne!(clinic.held(path), id, "without naming the old one it asks anew");
    assert_eq!(clinic.upstream.seen(), 1);
    clinic.decide("approve", &id, "officer-2").ends(1).says("BB-APPROVAL-002");

    let (status, said) = gateway.end();
    assert_eq!(status, Some(0), "{said}");
    clinic.verified();
    let told = [
        "decision.asked",
        "decision.asked",
        "request",
        "decision.granted",
        "decision.consumed",
        "request",
        "auth.fail",
    ];
    assert_eq!(clinic.told(&id), told);
    let leaves = clinic.leaves();
    let consumed = leaves.iter().find(|leaf| leaf["kind"] == "decision.consumed").unwrap();
    assert_eq!(consumed["details"]["approved_by"], json!(["officer-1"]));
    assert_eq!(consumed["subject"], "agent-7");
    // The words that were signed can be read back, and erased; the log has the signature.
    let signed = leaves.iter().find(|leaf| leaf["details"]["says"] == "approve").unwrap();
    assert_eq!(signed["details"]["signature"].as_str().unwrap().len(), 128);
    let session = signed["session"].as_str().unwrap();
    for file in
        clinic.room.files().iter().filter(|file| file.starts_with("blackbar-data") && !file.ends_with("/reserve"))
    {
        let bytes = clinic.room.read(file);
        for canary in ["Marigold", "1931-02-03", common::SSN, "ticket 4711"] {
            assert!(memchr::memmem::find(&bytes, canary.as_bytes()).is_none(), "{canary} in {file}");
        }
    }
    clinic.room.run(&["sessions", "show", session]).ends(0);
}

#[test]
fn a_client_that_waits_goes_on_by_itself() {
    let clinic = Clinic::new("");
    let gateway = Gateway::start(&clinic.room, clinic.port);
    let begun = Instant::now();
    let id = held(&clinic.get("/Patient", "Prefer: wait=1\r\n"));
    assert!(begun.elapsed() >= Duration::from_secs(1));
    let answers = std::thread::scope(|scope| {
        let waits = |path: &'static str, body: &'static str| {
            let clinic = &clinic;
            scope.spawn(move || {
                let method = if body.is_empty() { "GET" } else { "POST" };
                let headers = "Prefer: wait=60\r\nContent-Type: application/x-www-form-urlencoded\r\n";
                clinic.send(method, path, headers, body)
            })
        };
        let (agreed, searched, denied) =
            (waits("/Patient", ""), waits("/Patient/_search", "name=Marigold"), waits("/Observation", ""));
        let asked = || {
            let listed = clinic.room.run(&["approvals", "list", "--format", "json"]).ends(0).lines();
            listed
                .iter()
                .map(|line| (line["request"]["path"].to_string(), line["id"].as_str().unwrap().to_owned()))
                .collect::<Vec<_>>()
        };
        let begun = Instant::now();
        while asked().len() < 3 {
            assert!(begun.elapsed() < Duration::from_secs(20), "three are held");
            std::thread::sleep(Duration::from_millis(50));
        }
        assert_eq!(clinic.upstream.seen(), 0);
        for (path, id) in asked() {
            clinic.decide(if path.contains("Observation") { "deny" } else { "approve" }, &id, "officer-2").ends(0);
        }
        [agreed, searched, denied].map(|waiting| waiting.join().unwrap())
    });
    is(&answers[0], 200, "[SSN]");
    is(&answers[1], 200, "[SSN]");
    is(&answers[2], 403, "a reviewer denied it");
    assert_eq!(problem(&answers[2])["type"], "urn:blackbar:denied");
    let seen = clinic.upstream.seen.lock().unwrap().clone();
    assert_eq!(seen.len(), 2);
    // The body that was approved is the body that went up.
    assert!(seen.iter().any(|request| request.starts_with("POST ") && request.ends_with("name=Marigold")), "{seen:?}");
    assert_eq!(clinic.state(&id), "consumed");
    let (status, said) = gateway.end();
    assert_eq!(status, Some(0), "{said}");
    clinic.verified();
    assert_eq!(
        clinic.told(&id),
        ["decision.asked", "decision.asked", "request", "decision.granted", "decision.consumed"]
    );
    let listed = clinic.room.run(&["sessions", "list", "--subject", "agent-7", "--format", "json"]).ends(0).lines();
    let refused: u64 = listed.iter().map(|row| row["refused"].as_u64().unwrap()).sum();
    assert_eq!(refused, 2, "the one that did not wait long enough, and the one that was denied: {listed:?}");
}

#[test]
fn a_held_call_of_a_tool_names_its_approval_and_runs_once() {
    let clinic = Clinic::new("");
    clinic.room.write(
        "policies/tools.cedar",
        "@id(\"tools\") permit (principal in Group::\"agents\", action in [Action::\"http_post\", Action::\"tool_call\"], resource in Target::\"fhir\");\n\
         @id(\"risky\") @approval(\"privacy-officers\") forbid (principal, action == Action::\"tool_call\", resource == Tool::\"fhir.risky\");",
    );
    let gateway = Gateway::start(&clinic.room, clinic.port);
    let call = |id: u32, about: &str| {
        let arguments = json!({ "about": about });
        let call = json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {"name": "risky", "arguments": arguments}});
        let headers = "Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n";
        clinic.send("POST", "/mcp", headers, &call.to_string())
    };
    let held = |answer: &str, id: u32| {
        is(answer, 200, "isError");
        let told = problem(answer);
        assert_eq!((&told["id"], &told["result"]["isError"]), (&json!(id), &json!(true)), "{told}");
        let text = told["result"]["content"][0]["text"].as_str().unwrap().to_owned();
        let approval = text.split("approval=").nth(1).unwrap_or_else(|| panic!("{text}"));
        approval.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect::<String>()
    };
    let approval = held(&call(7, "7"), 7);
    // The number of a call is no part of what is asked; its arguments are.
    assert_eq!(held(&call(8, "7"), 8), approval);
    assert_ne!(held(&call(8, "9"), 8), approval);
    assert_eq!(clinic.upstream.seen(), 0);
    clinic.decide("approve", &approval, "officer-1").ends(0);
    is(&call(9, "7"), 200, "[SSN]");
    assert_eq!((clinic.upstream.seen(), clinic.state(&approval)), (1, "consumed".to_owned()));
    assert_ne!(held(&call(10, "7"), 10), approval, "it lets one call through");
    let seen = clinic.upstream.seen.lock().unwrap()[0].clone();
    assert!(seen.starts_with("POST /mcp ") && seen.contains("\"id\":9"), "{seen}");
    assert_eq!((clinic.upstream.seen(), gateway.end().0), (1, Some(0)));
    clinic.verified();
}

#[test]
fn who_goes_away_has_nothing_done_in_its_absence() {
    let clinic = Clinic::new("");
    let gateway = Gateway::start(&clinic.room, clinic.port);
    let credential = &clinic.credential;
    let mut stream = TcpStream::connect(("127.0.0.1", clinic.port)).unwrap();
    let head = format!("Host: g\r\nAuthorization: Bearer {credential}\r\nPrefer: wait=60\r\n");
    stream.write_all(format!("GET /Patient HTTP/1.1\r\n{head}\r\n").as_bytes()).unwrap();
    let asked = || clinic.room.run(&["approvals", "list", "--format", "json"]).ends(0).lines();
    let begun = Instant::now();
    while asked().is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(50));
    }
    drop(stream);
    std::thread::sleep(Duration::from_millis(300));
    let id = asked()[0]["id"].as_str().unwrap().to_owned();
    clinic.decide("approve", &id, "officer-1").ends(0);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!((clinic.upstream.seen(), clinic.state(&id)), (0, "granted".to_owned()));
    // It may come again.
    is(&clinic.get("/Patient", ""), 200, "[SSN]");
    assert_eq!(clinic.state(&id), "consumed");
    assert_eq!(gateway.end().0, Some(0));
}

#[test]
fn what_nobody_decides_in_time_expires() {
    let clinic = Clinic::new("\n[limits]\nask_timeout = \"2s\"\ngrant_timeout = \"2s\"\nasks_of_subject = 2\n");
    let gateway = Gateway::start(&clinic.room, clinic.port);
    is(&clinic.get("/Patient", "Prefer: wait=30\r\n"), 403, "nobody decided in time");
    let unused = clinic.held("/Observation");
    clinic.held("/Patient");
    // Nobody reads through a heap of questions.
    is(&clinic.get("/Encounter", ""), 429, "too many requests wait for approval");
    clinic.decide("approve", &unused, "officer-1").ends(0);
    std::thread::sleep(Duration::from_secs(4));
    assert_eq!(clinic.state(&unused), "expired");
    is(&clinic.get("/Observation", &format!("Blackbar-Approval: {unused}\r\n")), 403, "it has expired");
    clinic.decide("approve", &unused, "officer-2").ends(1).says("BB-APPROVAL-002");
    assert_eq!((clinic.upstream.seen(), gateway.end().0), (0, Some(0)));
    clinic.verified();
    let told = clinic.told(&unused);
    assert_eq!(&told[..4], ["decision.asked", "request", "decision.granted", "decision.expired"]);
}

#[test]
fn of_a_hundred_with_one_approval_one_runs() {
    let clinic = Clinic::new("");
    let gateway = Gateway::start(&clinic.room, clinic.port);
    for naming in [true, false] {
        let before = clinic.upstream.seen();
        let id = clinic.held("/Patient");
        clinic.decide("approve", &id, "officer-1").ends(0);
        let (through, barrier) = (AtomicUsize::new(0), Barrier::new(100));
        let headers = if naming { format!("Blackbar-Approval: {id}\r\n") } else { String::new() };
        std::thread::scope(|scope| {
            for _ in 0..100 {
                scope.spawn(|| {
                    barrier.wait();
                    let answer = clinic.get("/Patient", &headers);
                    if answer.starts_with("HTTP/1.1 200 ") {
                        through.fetch_add(1, Ordering::SeqCst);
                    } else {
                        is(&answer, 403, if naming { "urn:blackbar:denied" } else { "urn:blackbar:approval-required" });
                    }
                });
            }
        });
        assert_eq!((through.load(Ordering::SeqCst), clinic.upstream.seen() - before), (1, 1));
    }
    let (status, said) = gateway.end();
    assert_eq!(status, Some(0), "{said}");
    clinic.verified();
    let consumed = clinic.leaves().iter().filter(|leaf| leaf["kind"] == "decision.consumed").count();
    assert_eq!(consumed, 2);
}

#[test]
fn an_approval_survives_the_gateway() {
    let clinic = Clinic::new("");
    let mut gateway = Gateway::start(&clinic.room, clinic.port);
    let (asked, granted) = (clinic.held("/Patient"), clinic.held("/Observation"));
    clinic.decide("approve", &granted, "officer-1").ends(0);
    gateway.0.kill().unwrap();
    gateway.0.wait().unwrap();
    // A reviewer need not wait for it either.
    clinic.decide("approve", &asked, "officer-2").ends(0);
    assert_eq!((clinic.state(&asked), clinic.state(&granted)), ("granted".to_owned(), "granted".to_owned()));
    let gateway = Gateway::start(&clinic.room, clinic.port);
    is(&clinic.get("/Patient", ""), 200, "[SSN]");
    is(&clinic.get("/Observation", &format!("Blackbar-Approval: {granted}\r\n")), 200, "[SSN]");
    is(&clinic.get("/Observation", &format!("Blackbar-Approval: {granted}\r\n")), 403, "it has been used");

    // Under other policies nobody has agreed to anything.
    let void = clinic.held("/Encounter");
    clinic.decide("approve", &void, "officer-1").ends(0);
    let policies = clinic.room.text("policies/agents-read.cedar");
    clinic.room.write("policies/agents-read.cedar", policies + "\n// Changed.\n");
    let rules = || {
        clinic.room.run(&["status"]).ends(0).text().lines().find(|line| line.starts_with("rules")).unwrap().to_owned()
    };
    let before = rules();
    gateway.signal("HUP");
    let begun = Instant::now();
    while rules() == before {
        assert!(begun.elapsed() < Duration::from_secs(10), "the new policies did not come into force");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_ne!(clinic.held("/Encounter"), void);
    is(&clinic.get("/Encounter", &format!("Blackbar-Approval: {void}\r\n")), 403, "the policies have changed");
    assert_eq!((clinic.upstream.seen(), gateway.end().0), (2, Some(0)));
    clinic.verified();
}

/// `BLACKBAR_KILLS=200` kills as often as a release is held to.
#[test]
fn a_gateway_that_is_killed_sends_nothing_twice() {
    let rounds: u64 = std::env::var("BLACKBAR_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(16);
    let clinic = Clinic::new("\n[limits]\nasks_of_subject = 100000\nasks_per_hour = 100000\nasks = 100000\n");
    let mut gateway = Gateway::start(&clinic.room, clinic.port);
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut below = |most: Duration| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Duration::from_micros((seed >> 33) % u64::try_from(most.as_micros()).unwrap().max(1))
    };
    let mut ends: std::collections::BTreeMap<&str, u64> = std::collections::BTreeMap::new();
    let mut usual = Duration::from_millis(20);
    for round in 0..rounds {
        let id = clinic.held("/Patient");
        clinic.decide("approve", &id, "officer-1").ends(0);
        let (before, used, begun) = (clinic.upstream.seen(), clinic.used(), Instant::now());
        let named = format!("Blackbar-Approval: {id}\r\n");
        let (port, credential, headers) = (clinic.port, clinic.credential.clone(), named.clone());
        let asking = std::thread::spawn(move || tried(port, &credential, "/Patient", &headers));
        if round % 2 == 0 {
            // From before the approval is used to after the answer is there.
            std::thread::sleep(below(usual * 5 / 4));
        } else {
            // Between its use and the request's way up, and a little later.
            while clinic.used() == used && begun.elapsed() < Duration::from_secs(10) {
                std::hint::spin_loop();
            }
            std::thread::sleep(below(usual / 8));
        }
        gateway.0.kill().unwrap();
        gateway.0.wait().unwrap();
        let answered = asking.join().unwrap();
        usual = answered.unwrap_or(usual);
        std::thread::sleep(Duration::from_millis(100));
        let once = clinic.upstream.seen() - before;
        assert!(once <= 1, "in round {round} it was sent {once} times");
        clinic.verified();
        gateway = Gateway::start(&clinic.room, clinic.port);
        let state = clinic.state(&id);
        assert!(once == 0 || state == "consumed", "it was sent in round {round}, and the approval is {state}");
        assert!(answered.is_none() || once == 1);
        // Whatever happened: this approval lets it through once in all.
        let again = clinic.get("/Patient", &named);
        assert_eq!(again.starts_with("HTTP/1.1 200 "), state == "granted", "round {round}: {again}");
        assert!(clinic.upstream.seen() - before <= 1, "twice in round {round}");
        let end = match (state.as_str(), once, answered) {
            ("granted", ..) => "before its use",
            (_, 0, _) => "between its use and the request",
            (_, _, None) => "between the request and its answer",
            _ => "after the answer",
        };
        *ends.entry(end).or_default() += 1;
    }
    println!("{rounds} kills: {ends:?}");
    assert!(ends.len() >= 2 && ends.keys().any(|end| *end != "before its use"), "all at one moment: {ends:?}");
    assert_eq!(gateway.end().0, Some(0));
    clinic.verified();
}

/// How long the whole answer took; `None`: there was none.
fn tried(port: u16, credential: &str, path: &str, headers: &str) -> Option<Duration> {
    let begun = Instant::now();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let head = format!("GET {path} HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {credential}\r\nConnection: close\r\n");
    stream.write_all(format!("{head}{headers}\r\n").as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let is_whole = answer.starts_with("HTTP/1.1 200 ") && answer.contains("\r\n\r\n") && body(&answer).ends_with('}');
    is_whole.then(|| begun.elapsed())
}

#[test]
fn an_answer_that_is_more_than_may_leave_does_not() {
    let clinic = Clinic::new("\n[fuse.request]\nbytes = 20\n[fuse.hour]\nbytes = 1000\n");
    let gateway = Gateway::start(&clinic.room, clinic.port);
    let answer = clinic.get("/Patient/7", "");
    // It breaks off: whoever reads it cannot take it for whole.
    assert!(!answer.contains("resourceType") && !answer.ends_with("0\r\n\r\n"), "{answer}");
    assert_eq!(gateway.end().0, Some(0));
    clinic.verified();
    let blown = |leaf: &&Value| leaf["details"]["because"][0] == "more than 20 bytes in one request";
    assert_eq!(clinic.leaves().iter().filter(blown).count(), 1);
}

/// Sends a command to the gateway's socket, as anybody could who has its user's rights.
fn control(clinic: &Clinic, command: &Value) -> Value {
    use std::io::BufRead as _;

    let mut stream = std::os::unix::net::UnixStream::connect(clinic.room.path("blackbar-data/control.sock")).unwrap();
    writeln!(stream, "{command}").unwrap();
    let mut line = String::new();
    std::io::BufReader::new(stream).read_line(&mut line).unwrap();
    serde_json::from_str(&line).unwrap()
}

#[test]
fn only_other_people_of_the_group_decide_and_each_has_one_vote() {
    use blackbar_policy::approval::{ApproverSecret, Ask, Meaning, Statement};
    use blackbar_policy::{PolicyId, RequestDigest};

    let clinic = Clinic::new("");
    let policy = clinic.room.text("policies/agents-read.cedar").replace("privacy-officers\"", "privacy-officers:2\"");
    clinic.room.write("policies/agents-read.cedar", policy);
    let more = |subject: &str, groups: &str, also: &str| {
        let key = clinic.room.run(&["approvals", "keygen", "-o", &format!("{subject}.key")]).ends(0).text();
        let text = clinic.room.text("blackbar.toml");
        let section = format!(
            "\n[[approver]]\nsubject = \"{subject}\"\ngroups = [{groups}]\nkey = \"{}\"\nalso = [{also}]\n",
            key.trim()
        );
        clinic.room.write("blackbar.toml", text + &section);
    };
    // Two keys of one person; a nurse; whoever issues credentials; a subject that is an agent.
    more("officer-1b", "\"privacy-officers\"", "\"officer-1\"");
    more("nurse", "\"nurses\"", "");
    let user = Command::new("id").arg("-u").output().unwrap();
    let user = String::from_utf8(user.stdout).unwrap();
    more("admin", "\"privacy-officers\"", &format!("\"uid {}\"", user.trim()));
    more("bot", "\"privacy-officers\"", "");
    clinic.room.run(&["token", "issue", "--subject", "bot", "--group", "agents"]).ends(0);
    let own = ["token", "issue", "--subject", "officer-2", "--person", "--group", "agents"];
    let own = clinic.room.run(&own).ends(0).text();
    clinic.room.run(&["approvals", "keygen", "-o", "stranger.key"]).ends(0);
    clinic.room.run(&["approvals", "keygen", "-o", "stranger.key"]).ends(2).says("BB-KEY-003");
    let gateway = Gateway::start(&clinic.room, clinic.port);

    let id = clinic.held("/Patient");
    for (who, why) in [
        ("stranger", "has this key"),
        ("nurse", "in none of the groups"),
        ("admin", "who asks does not approve"),
        ("bot", "agents never approve"),
    ] {
        clinic.decide("approve", &id, who).ends(1).says("BB-APPROVAL-002").says(why);
    }
    assert!(clinic.decide("approve", &id, "officer-1").ends(0).text().contains("1 agreed so far"));
    for who in ["officer-1", "officer-1b"] {
        clinic.decide("approve", &id, who).ends(1).says("approved already");
    }
    is(&clinic.get("/Patient", ""), 403, "urn:blackbar:approval-required");

    // Who knows the socket and no key: a signature that was altered, or made for other words or another decision.
    let shown = clinic.room.run(&["approvals", "show", &id, "--format", "json"]).ends(0).text();
    let ask: Value = serde_json::from_str::<Value>(&shown).unwrap()["ask"].clone();
    let bytes = |key: &str| -> [u8; 32] {
        let digits = ask[key].as_str().unwrap().as_bytes().chunks(2);
        let byte = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap();
        digits.map(byte).collect::<Vec<_>>().try_into().unwrap()
    };
    let texts = |key: &str| ask[key].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned());
    let asked = Ask {
        id: id.clone(),
        request: RequestDigest::from_bytes(bytes("request")),
        subject: "agent-7".to_owned(),
        requesters: texts("requesters").collect(),
        target: "fhir".to_owned(),
        policies: bytes("policies"),
        lifts: texts("lifts").map(PolicyId::new).collect(),
        needs: [("privacy-officers".to_owned(), 2)].into(),
        max_rows: None,
        valid_ms: ask["valid_ms"].as_i64().unwrap(),
        decide_by_ms: ask["decide_by_ms"].as_i64().unwrap(),
    };
    let seed = clinic.room.text("officer-2.key");
    let seed = seed.lines().nth(1).unwrap().as_bytes().chunks(2);
    let seed: Vec<u8> = seed.map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()).collect();
    let secret = ApproverSecret::from_seed(&seed.try_into().unwrap());
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let now = i64::try_from(now.as_millis()).unwrap();
    let signed = |asked: &Ask, meaning, who: &str, reason: &str, at: i64| {
        let signature = secret.sign(&Statement::new(asked, meaning, who, reason, at).unwrap());
        signature.map(|byte| format!("{byte:02x}")).concat()
    };
    let said = |signature: &str| {
        json!({ "do": "approvals.decide", "id": id, "key": secret.public().to_string(), "says": "approve",
            "reason": "seen", "at_ms": now, "signature": signature })
    };
    let right = signed(&asked, Meaning::Approve, "officer-2", "seen", now);
    let altered = format!("{}{}", &right[..126], if right.ends_with("00") { "01" } else { "00" });
    let other = Ask { request: RequestDigest::from_bytes([7; 32]), ..asked.clone() };
    for wrong in [
        altered,
        signed(&asked, Meaning::Approve, "officer-2", "not seen", now),
        signed(&asked, Meaning::Deny, "officer-2", "seen", now),
        signed(&asked, Meaning::Approve, "officer-1", "seen", now),
        signed(&asked, Meaning::Approve, "officer-2", "seen", now - 1),
        signed(&other, Meaning::Approve, "officer-2", "seen", now),
        "00".repeat(64),
        String::new(),
    ] {
        let answer = control(&clinic, &said(&wrong));
        assert!(answer["error"].is_string(), "{answer}");
    }
    let mut late = said(&signed(&asked, Meaning::Approve, "officer-2", "seen", now - 600_000));
    late["at_ms"] = (now - 600_000).into();
    assert!(control(&clinic, &late)["error"].is_string());
    assert_eq!(clinic.state(&id), "asked");
    let answer = control(&clinic, &said(&right));
    assert_eq!(answer["state"], "granted", "{answer}");
    // Once more, the same words: they have been heard.
    assert!(control(&clinic, &said(&right))["error"].is_string());
    is(&clinic.get("/Patient", ""), 200, "[SSN]");

    // Whoever asks as one subject does not agree as the same, and a no wins until it is used.
    let id = held(&send(clinic.port, own.trim(), "GET", "/Patient", "", ""));
    clinic.decide("approve", &id, "officer-2").ends(1).says("who asks does not approve");
    let id = clinic.held("/Observation");
    clinic.decide("approve", &id, "officer-1").ends(0);
    assert!(clinic.decide("approve", &id, "officer-2").ends(0).text().contains("granted"));
    clinic.decide("deny", &id, "officer-1").ends(0);
    is(&clinic.get("/Observation", &format!("Blackbar-Approval: {id}\r\n")), 403, "it was denied");
    clinic.room.run(&["approvals", "show", "ap-0"]).ends(1).says("BB-APPROVAL-001");
    assert_eq!((clinic.upstream.seen(), gateway.end().0), (1, Some(0)));
    clinic.verified();
}
