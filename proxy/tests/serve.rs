//! The gateway from outside: begun, checked, served, asked, ended.
#![allow(clippy::unwrap_used, reason = "these are tests, outside of their functions")]

mod common;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use blackbar_ledger::Kind;
use common::Room;
use common::gateway::{Gateway, ask, begun, body, get, recording, upstream};
use common::recorded::Recorded;
use common::tls;
use serde_json::Value;

#[test]
fn what_init_writes_passes_check_and_is_not_overwritten() {
    let (room, _) = begun();
    assert!(room.run(&["check"]).ends(0).text().starts_with("good: 1 targets"));
    assert_eq!(std::fs::metadata(room.path("tokens.key")).unwrap().permissions().mode() & 0o777, 0o600);
    room.run(&["init", "."]).ends(2).says("BB-USAGE-010");
}

#[test]
fn check_finds_what_serve_would_refuse() {
    let (room, _) = begun();
    let good = room.text("blackbar.toml");
    for (from, to, id) in [
        ("profile = \"agents\"", "profile = \"agent\"", "BB-USAGE-008"),
        ("\"127.0.0.1:", "\"0.0.0.0:", "BB-CONFIG-008"),
        ("profile = \"agents\"", "tls = { cert = \"no.pem\", key = \"no.key\" }", "BB-CONFIG-010"),
        ("profile = \"agents\"", "credential = { env = \"BLACKBAR_NO_SUCH_VARIABLE\" }", "BB-CONFIG-006"),
    ] {
        room.write("blackbar.toml", good.replacen(from, to, 1));
        room.run(&["check"]).ends(2).says(id);
    }
    room.write("blackbar.toml", &good);
    room.write("policies/bad.cedar", "permit (principal, action, resource) when { context.no_such_fact };");
    room.run(&["check"]).ends(2).says("BB-POLICY-002");
}

#[test]
fn check_explains_decisions() {
    let (room, _) = begun();
    let explain = |request, group: &[&str]| {
        let mut arguments = vec!["check", "--explain", "agent-7", "fhir", request];
        arguments.extend(group);
        room.run(&arguments)
    };
    let allowed = explain("GET /Patient/7", &["--group", "agents"]).ends(0).text();
    assert_eq!(allowed, "allowed by agents-read\nredacted with agents\n");
    let held = explain("GET /Patient", &["--group", "agents"]).ends(1).text();
    assert_eq!(held, "held by bulk\nuntil 1 of privacy-officers agree\n");
    let denied = explain("GET /Patient/7", &[]).ends(1).text();
    assert_eq!(denied, "denied: no policy permits it\n");
    explain("GET /a/../b", &["--group", "agents"]).ends(2);
}

#[test]
fn a_gateway_serves_reloads_and_ends() {
    let (room, port) = begun();
    room.run(&["status"]).ends(3).says("BB-SERVE-005");
    let gateway = Gateway::start(&room, port);

    let answer = ask(port, "GET /Patient/7 HTTP/1.1\r\nHost: g\r\nConnection: close\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    assert!(answer.contains("urn:blackbar:unauthenticated"), "{answer}");

    let status = room.run(&["status", "--format", "json"]).ends(0).text();
    let status: Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["targets"], serde_json::json!(["fhir"]));
    let socket = std::fs::metadata(room.path("blackbar-data/control.sock")).unwrap();
    assert_eq!(socket.permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::metadata(room.path("blackbar-data")).unwrap().permissions().mode() & 0o777, 0o700);
    room.run(&["serve"]).ends(3).says("BB-SERVE-003");

    // Other rules count at once; wrong ones change nothing.
    let before = rules(&room);
    room.write(
        "policies/more.cedar",
        "forbid (principal, action, resource) when { context.time < datetime(\"1970-01-02\") };",
    );
    gateway.signal("HUP");
    let changed = Instant::now();
    while rules(&room) == before {
        assert!(changed.elapsed() < Duration::from_secs(10), "the new rules did not come into force");
        std::thread::sleep(Duration::from_millis(50));
    }
    let after = rules(&room);
    room.write("policies/more.cedar", "nonsense");
    gateway.signal("HUP");
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(rules(&room), after);

    let (status, said) = gateway.end();
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("BB-POLICY-002") && said.contains("stays in force"), "{said}");
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

/// What identifies the rules that a running gateway decides by.
fn rules(room: &Room) -> String {
    let status = room.run(&["status", "--format", "json"]).ends(0).text();
    serde_json::from_str::<Value>(&status).unwrap()["rules"].as_str().unwrap().to_owned()
}

fn sha256_of(room: &Room, file: &str) -> String {
    let output = std::process::Command::new("sha256sum").arg(room.path(file)).output().unwrap();
    String::from_utf8(output.stdout).unwrap().split(' ').next().unwrap().to_owned()
}

#[test]
fn a_reload_of_which_a_part_cannot_be_used_changes_nothing_and_the_record_says_so() {
    let (room, port, credential) = recording("{\"resourceType\":\"Basic\"}");
    room.write("upstream.secret", "the first");
    let text = room.text("blackbar.toml");
    let target = "[[target]]\nname = \"fhir\"\n";
    assert!(text.contains(target));
    let secret = format!("{target}credential = {{ header = \"x-secret\", file = \"upstream.secret\" }}\n");
    room.write("blackbar.toml", text.replace(target, &secret));
    let first = sha256_of(&room, "blackbar.toml");
    let gateway = Gateway::start(&room, port);
    let before = rules(&room);
    // Sets the rest of the configuration in force as well, if it comes into force at all.
    let closed = "@id(\"closed\") forbid (principal, action, resource in Target::\"fhir\");";

    // The policies are good, and the target's secret is gone.
    room.write("policies/closed.cedar", closed);
    std::fs::remove_file(room.path("upstream.secret")).unwrap();
    gateway.signal("HUP");
    std::thread::sleep(Duration::from_millis(800));
    assert_eq!(rules(&room), before, "policies came into force without the rest");
    assert!(get(port, &credential, "/Basic/7").starts_with("HTTP/1.1 200 "), "the old policies and the old secret");

    room.write("upstream.secret", "the second");
    // What a reload cannot begin is said, and not claimed.
    let sink = "\n[[sink]]\nname = \"late\"\nformat = \"json\"\nto = \"file:late.jsonl\"\n";
    room.write("blackbar.toml", room.text("blackbar.toml") + sink);
    let second = sha256_of(&room, "blackbar.toml");
    gateway.signal("HUP");
    let changed = Instant::now();
    while rules(&room) == before {
        assert!(changed.elapsed() < Duration::from_secs(10), "the new rules did not come into force");
        std::thread::sleep(Duration::from_millis(50));
    }
    let after = rules(&room);
    assert!(get(port, &credential, "/Basic/7").contains("urn:blackbar:denied"));
    let (status, said) = gateway.end();
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("BB-CONFIG-006") && said.contains("stays in force"), "{said}");

    // What the record has is what was in force, one after the other, and the try that failed.
    let recorded = Recorded::of(&room);
    let loaded = recorded.details(Kind::PolicyLoad);
    let in_force: Vec<&Value> = loaded.iter().map(|details| &details["rules"]).collect();
    assert_eq!(in_force, [before.as_str(), &after]);
    let told = recorded.details(Kind::ConfigChange);
    let told = told.iter().filter(|details| details["sha256"].is_string() || details["did"] == "reload");
    let told: Vec<&str> =
        told.map(|details| details["sha256"].as_str().or_else(|| details["error"].as_str()).unwrap()).collect();
    assert_eq!(told, [&*first, "BB-CONFIG-006", &second]);
    let late = recorded.details(Kind::ConfigChange);
    let late: Vec<&Value> =
        late.iter().map(|details| &details["needs_restart"]).filter(|late| !late.is_null()).collect();
    assert_eq!(late, [&serde_json::json!(["sink late"])]);
    assert!(said.contains("only a new start begins, ends or moves: sink late"), "{said}");
    assert!(!room.path("late.jsonl").exists());
}

#[test]
fn what_a_newer_version_wrote_is_told_from_what_is_damaged_and_left_alone() {
    let (room, port) = begun();
    assert_eq!(Gateway::start(&room, port).end().0, Some(0));
    let journal = room.files().into_iter().find(|file| file.ends_with(".journal")).unwrap();
    let good = room.read(&journal);
    let mut newer = good.clone();
    newer[8] += 1;
    let sum = crc32c::crc32c(&newer[..60]).to_le_bytes();
    newer[60..64].copy_from_slice(&sum);
    room.write(&journal, &newer);
    let refused = room.run(&["serve"]).ends(3).says("BB-LEDGER-004").says("written by a newer version");
    assert!(!refused.err.contains("damaged"), "{}", refused.err);
    assert_eq!(room.read(&journal), newer);
    newer[9] += 1;
    room.write(&journal, &newer);
    room.run(&["serve"]).ends(3).says("BB-LEDGER-004").says("has no valid header");
    room.write(&journal, &good);

    let state = rusqlite::Connection::open(room.path("blackbar-data/state.sqlite")).unwrap();
    let version: i64 = state.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    state.pragma_update(None, "user_version", 999).unwrap();
    room.run(&["serve"]).ends(3).says("written by a newer version");
    state.pragma_update(None, "user_version", version).unwrap();
    drop(state);
    assert_eq!(Gateway::start(&room, port).end().0, Some(0));
}

#[test]
fn what_is_served_is_recorded_and_can_be_verified() {
    let (room, port) = begun();
    let gateway = Gateway::start(&room, port);
    let request = format!(
        "GET /Patient/{} HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer bbt_no-such\r\nConnection: close\r\n\r\n",
        common::MRN
    );
    assert!(ask(port, &request).starts_with("HTTP/1.1 401 "));
    // The running gateway records that somebody looks.
    room.run(&["sessions", "list"]).ends(0);
    let (status, said) = gateway.end();
    assert_eq!(status, Some(0), "{said}");

    room.run(&["verify", "blackbar-data", "--vkey", "blackbar-data/log.vkey", "--root-key", "root.key"]).ends(0);
    // So does a command when none runs.
    room.run(&["sessions", "list", "--format", "json"]).ends(0);
    let entries = room.files().into_iter().filter(|file| file.contains("tile/entries/"));
    let told: String = entries.map(|file| String::from_utf8_lossy(&room.read(&file)).into_owned()).collect();
    for kind in ["config.change", "policy.load", "auth.fail", "replay.view"] {
        assert!(told.contains(&format!("\"kind\":\"{kind}\"")), "no {kind} in {told}");
    }
    for file in room.files().into_iter().filter(|file| !file.ends_with("/reserve")) {
        let bytes = room.read(&file);
        for canary in [common::MRN, "bbt_no-such"] {
            assert!(memchr::memmem::find(&bytes, canary.as_bytes()).is_none(), "{canary} in {file}");
        }
    }
    assert!(!said.contains(common::MRN), "{said}");
    room.run(&["sessions", "show", "nothing"]).ends(2).says("BB-USAGE-001");
}

#[test]
fn without_a_root_key_nothing_is_served() {
    let (room, _) = begun();
    room.write("blackbar.toml", room.text("blackbar.toml").replace("root = {", "# root = {"));
    room.run(&["serve"]).ends(2).says("BB-KEY-005");
}

#[test]
fn there_must_be_something_to_serve() {
    let room = Room::new();
    room.write("blackbar.toml", "data_dir = \"d\"\n");
    room.run(&["serve"]).ends(2).says("BB-SERVE-002");
}

#[test]
fn a_credential_opens_the_way_until_it_is_revoked() {
    let (room, port) = begun();
    let behind = upstream("{\"resourceType\":\"Patient\",\"id\":\"7\",\"text\":\"SSN 219-09-9999\"}");
    let text = room.text("blackbar.toml").replace("http://127.0.0.1:9000", &format!("http://127.0.0.1:{behind}"));
    room.write("blackbar.toml", text);
    let issue = ["token", "issue", "--subject", "agent-7", "--group", "agents"];

    // Issued before the gateway runs, and by it.
    let early = room.run(&issue).ends(0).text();
    let gateway = Gateway::start(&room, port);
    let late = room.run(&issue).ends(0).text();
    let get = |path: &str, credential: &str| {
        let credential = credential.trim();
        ask(
            port,
            &format!(
                "GET {path} HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {credential}\r\nConnection: close\r\n\r\n"
            ),
        )
    };
    for credential in [&early, &late] {
        let answer = get("/Patient/7", credential);
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("[SSN]"), "{answer}");
        assert!(!answer.contains("219-09-9999"), "{answer}");
    }
    assert!(get("/Patient", &late).contains("urn:blackbar:approval-required"));
    let stranger = room.run(&["token", "issue", "--subject", "agent-8"]).ends(0).text();
    assert!(get("/Patient/7", &stranger).contains("urn:blackbar:denied"));

    room.run(&["token", "issue", "--subject", "a", "--group", "privacy-officers"]).ends(2).says("BB-TOKEN-003");
    room.run(&["token", "issue", "--subject", "a", "--ttl", "9h"]).ends(2).says("BB-TOKEN-003");
    let listed = room.run(&["token", "list"]).ends(0);
    assert_eq!(listed.lines().len(), 3);
    assert!(!listed.text().contains(late.trim()));
    room.run(&["token", "revoke", "--subject", "agent-7"]).ends(0);
    assert!(get("/Patient/7", &early).starts_with("HTTP/1.1 401 "));
    assert!(get("/Patient/7", &late).starts_with("HTTP/1.1 401 "));
    room.run(&["token", "revoke", "--subject", "agent-7"]).ends(1).says("BB-TOKEN-004");
    let (status, said) = gateway.end();
    assert_eq!(status, Some(0), "{said}");
    assert!(!said.contains(late.trim()) && !said.contains("219-09"), "{said}");
}

#[test]
fn a_replay_shows_what_the_client_received_and_nothing_of_the_upstream() {
    let (room, port, credential) =
        recording("{\"resourceType\":\"Patient\",\"id\":\"7\",\"text\":\"SSN 219-09-9999\"}");
    let gateway = Gateway::start(&room, port);
    let answer = get(port, &credential, "/Patient/8812345?identifier=219-09-9999");
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("[SSN]"), "{answer}");
    let (status, said) = gateway.end();
    assert_eq!(status, Some(0), "{said}");

    room.run(&["verify", "blackbar-data", "--root-key", "root.key"]).ends(0);
    let listed = room.run(&["sessions", "list", "--subject", "agent-7", "--format", "json"]).ends(0).lines();
    assert_eq!(listed.len(), 1);
    assert_eq!((&listed[0]["requests"], &listed[0]["outcome"]), (&1.into(), &"success".into()));
    assert!(room.run(&["sessions", "list", "--subject", "nobody"]).ends(0).text().is_empty());
    // Which credential it was is known by an id that is no secret.
    let issued = room.run(&["token", "list"]).ends(0).lines();
    let opened = Recorded::of(&room).details(Kind::SessionOpen);
    let opened: Vec<&Value> = opened.iter().filter(|details| details["source"].is_string()).collect();
    assert!(issued[0]["id"].as_str().unwrap().starts_with("cred-"), "{issued:?}");
    assert_eq!(opened[0]["credential"], issued[0]["id"]);
    let id = listed[0]["session"].as_str().unwrap();
    assert_eq!(room.run(&["sessions", "replay", id]).ends(0).text(), body(&answer));
    let shown = room.run(&["sessions", "show", id]).ends(0).text();
    assert!(shown.contains("decision.granted") && shown.contains("\"ssn\":1"), "{shown}");
    let replayed = room.run(&["sessions", "replay", id, "--format", "jsonl"]).ends(0).text();
    assert!(replayed.contains("\"status\":200"), "{replayed}");
    let canaries = [common::SSN, common::MRN, credential.as_str()];
    for canary in canaries {
        assert!(!said.contains(canary) && !shown.contains(canary) && !replayed.contains(canary), "{canary}");
    }
    let written = |file: &&String| file.starts_with("blackbar-data") && !file.ends_with("/reserve");
    for file in room.files().iter().filter(written) {
        let bytes = room.read(file);
        for canary in canaries {
            assert!(memchr::memmem::find(&bytes, canary.as_bytes()).is_none(), "{canary} in {file}");
        }
    }
}

/// How many answers the record has, by what is in them.
fn answers_recorded(room: &Room, word: &[u8]) -> u64 {
    use blackbar_ledger::{Direction, Kind, LeafIndex, Reader, RootKeyFile};

    let root = std::sync::Arc::new(RootKeyFile::read(&room.path("root.key")).unwrap());
    let reader = Reader::open(&room.path("blackbar-data"), Some(root));
    let leaves = reader.leaves(LeafIndex::FIRST).unwrap().map(|item| item.unwrap().1);
    let opened = leaves.filter(|leaf| leaf.kind() == Some(Kind::SessionOpen));
    let recorded = opened.map(|leaf| {
        let records = reader.records(leaf.session().unwrap(), &leaf.time().month()).unwrap().map(Result::unwrap);
        let body: Vec<u8> =
            records.filter(|record| record.direction == Direction::ToClient).flat_map(|record| record.bytes).collect();
        u64::from(memchr::memmem::find(&body, word).is_some())
    });
    recorded.sum()
}

/// Asks again and again until the gateway is gone; how many answers came.
fn answers_until_killed(port: u16, credential: &str) -> u64 {
    let head = format!("Host: g\r\nAuthorization: Bearer {credential}\r\nConnection: close\r\n");
    let mut answered = 0;
    while let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) {
        let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
        if stream.write_all(format!("GET /Patient/7 HTTP/1.1\r\n{head}\r\n").as_bytes()).is_err() {
            break;
        }
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        answered += u64::from(memchr::memmem::find(&answer, b"resourceType").is_some());
    }
    answered
}

#[test]
fn whatever_a_client_got_is_recorded_when_the_gateway_is_killed() {
    let (room, port, credential) = recording("{\"resourceType\":\"Patient\",\"id\":\"7\"}");
    let mut answered = 0;
    for round in 0..4 {
        let mut gateway = Gateway::start(&room, port);
        answered += std::thread::scope(|scope| {
            let clients: Vec<_> = (0..4).map(|_| scope.spawn(|| answers_until_killed(port, &credential))).collect();
            std::thread::sleep(Duration::from_millis(300 + 170 * round));
            gateway.0.kill().unwrap();
            gateway.0.wait().unwrap();
            clients.into_iter().map(|client| client.join().unwrap()).sum::<u64>()
        });
        // The next start mends what the crash left.
        let (status, said) = Gateway::start(&room, port).end();
        assert_eq!(status, Some(0), "{said}");
        room.run(&["verify", "blackbar-data", "--root-key", "root.key"]).ends(0);
        let recorded = answers_recorded(&room, b"resourceType");
        assert!(recorded >= answered, "{recorded} answers are recorded, and {answered} were received");
    }
    assert!(answered > 0);
}

#[test]
fn a_reload_takes_new_certificates_and_keeps_those_that_it_has_when_they_are_none() {
    let (room, port, credential) = recording("{\"resourceType\":\"Basic\"}");
    let put = |name: &str| {
        for end in ["pem", "key"] {
            let bytes = std::fs::read(tls::certificates().join(format!("{name}.{end}"))).unwrap();
            room.write(&format!("listener.{end}"), bytes);
        }
    };
    put("server");
    let text = room.text("blackbar.toml");
    let tls = "tls = { cert = \"listener.pem\", key = \"listener.key\" }\nprofile = \"agents\"";
    room.write("blackbar.toml", text.replacen("profile = \"agents\"", tls, 1));
    let gateway = Gateway::start(&room, port);
    let request = format!(
        "GET /Basic/7 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {credential}\r\nConnection: close\r\n\r\n"
    );
    let until = |what: &str, wanted: &dyn Fn(std::io::Result<String>) -> bool| {
        let begun = Instant::now();
        while !wanted(tls::ask(port, &request)) {
            assert!(begun.elapsed() < Duration::from_secs(10), "{what}");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    let good = |answer: std::io::Result<String>| answer.is_ok_and(|answer| answer.starts_with("HTTP/1.1 200 "));
    until("the first certificate", &good);
    // One that is not a server's: who checks it turns away.
    put("agent");
    gateway.signal("HUP");
    until("another certificate", &|answer| answer.is_err());
    put("server");
    gateway.signal("HUP");
    until("the first certificate again", &good);
    room.write("listener.pem", "no certificate");
    gateway.signal("HUP");
    std::thread::sleep(Duration::from_millis(700));
    assert!(good(tls::ask(port, &request)), "what was in force stays in force");
    let (status, said) = gateway.end();
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("BB-CONFIG-010") && said.contains("stays in force"), "{said}");
}

#[test]
fn a_log_of_objects_says_what_happened_and_no_content() {
    let (room, port, credential) =
        recording("{\"resourceType\":\"Patient\",\"id\":\"7\",\"text\":\"SSN 219-09-9999\"}");
    room.write("blackbar.toml", room.text("blackbar.toml") + "\n[log]\nformat = \"json\"\n");
    let gateway = Gateway::start(&room, port);
    let path = format!("/Patient/{}?identifier={}", common::MRN, common::SSN);
    get(port, &credential, &path);
    get(port, "bbt_no-such", &path);
    let request =
        format!("{}\r\nHost: g\r\nX-Note: {}\r\nConnection: close\r\n\r\n", "NONSENSE / HTTP/1.1", common::SSN);
    ask(port, &request);
    room.write("policies/more.cedar", "nonsense");
    gateway.signal("HUP");
    std::thread::sleep(Duration::from_millis(700));
    let (status, said) = gateway.end();
    assert_eq!(status, Some(0), "{said}");
    let told = common::lines(&said);
    assert!(told.len() >= 4, "{said}");
    for line in &told {
        assert!(line["time"].is_string() && line["level"].is_string() && line["text"].is_string(), "{line}");
    }
    assert!(told.iter().any(|line| line["id"] == "BB-POLICY-002"), "{said}");
    for canary in [common::MRN, common::SSN, &credential, "bbt_no-such"] {
        assert!(!said.contains(canary), "{canary}: {said}");
    }
}
