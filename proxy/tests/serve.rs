//! The gateway from outside: begun, checked, served, asked, ended.

mod common;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::Room;

/// A port that was free a moment ago.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A folder as `init` leaves it, with a listener of its own.
fn begun() -> (Room, u16) {
    let room = Room::new();
    room.run(&["init", "."]).ends(0);
    let port = free_port();
    let text = room.text("blackbar.toml").replace("127.0.0.1:8080", &format!("127.0.0.1:{port}"));
    room.write("blackbar.toml", text);
    (room, port)
}

/// A gateway that is ended with the test.
struct Gateway(Child);

impl Gateway {
    fn start(room: &Room, port: u16) -> Self {
        let child = room.command(&["serve"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(20), "the gateway did not begin to listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self(child)
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.0.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Its exit status and what it said.
    fn end(mut self) -> (Option<i32>, String) {
        self.signal("TERM");
        let status = self.0.wait().unwrap();
        let mut said = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (status.code(), said)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn ask(port: u16, request: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

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
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["targets"], serde_json::json!(["fhir"]));
    let socket = std::fs::metadata(room.path("blackbar-data/control.sock")).unwrap();
    assert_eq!(socket.permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::metadata(room.path("blackbar-data")).unwrap().permissions().mode() & 0o777, 0o700);
    room.run(&["serve"]).ends(3).says("BB-SERVE-003");

    // Other rules count at once; wrong ones change nothing.
    let rules = |room: &Room| {
        let status = room.run(&["status", "--format", "json"]).ends(0).text();
        serde_json::from_str::<serde_json::Value>(&status).unwrap()["rules"].as_str().unwrap().to_owned()
    };
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

#[test]
fn there_must_be_something_to_serve() {
    let room = Room::new();
    room.write("blackbar.toml", "data_dir = \"d\"\n");
    room.run(&["serve"]).ends(2).says("BB-SERVE-002");
}
