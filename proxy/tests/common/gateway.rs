//! A gateway of its own for a test, with an upstream behind it.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::Room;

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A folder as `init` leaves it, with a listener of its own.
pub(crate) fn begun() -> (Room, u16) {
    let room = Room::new();
    room.run(&["init", "."]).ends(0);
    let port = free_port();
    let text = room.text("blackbar.toml").replace("127.0.0.1:8080", &format!("127.0.0.1:{port}"));
    // Gateways of several tests run at a time; what is not asked here listens wherever there is room.
    let text = text.replace("127.0.0.1:8700", "127.0.0.1:0").replace("127.0.0.1:9464", "127.0.0.1:0");
    room.write("blackbar.toml", text);
    (room, port)
}

/// A gateway that is ended with the test.
pub(crate) struct Gateway(pub(crate) Child);

impl Gateway {
    pub(crate) fn start(room: &Room, port: u16) -> Self {
        let child = room.command(&["serve"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let _ = connected(port);
        Self(child)
    }

    /// The same, while some calls of the system are tampered with, as strace's `inject` says: `fdatasync:error=EIO:when=60`, counted
    /// for each thread by itself. `None`, with a printed reason: nothing can be traced here.
    pub(crate) fn tampered(room: &Room, port: u16, inject: &str) -> Option<Self> {
        let mut probe = Command::new("strace");
        let works = probe.args(["-D", "-f", "--seccomp-bpf", "-o", "/dev/null", "-e", "trace=none", "true"]).status();
        if !works.is_ok_and(|status| status.success()) {
            super::skipped("strace is not installed, or may not trace here");
            return None;
        }
        let call = inject.split(':').next().unwrap();
        let serve = room.command(&["serve"]);
        let mut command = Command::new("strace");
        // The tracer is nobody's parent: the gateway is our child, with its own exit status.
        command.args(["-D", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null"]);
        command.args(["-e", &format!("trace={call}"), "-e", &format!("inject={inject}")]);
        command.arg(serve.get_program()).args(serve.get_args()).current_dir(room.folder.path());
        command.env_remove("BLACKBAR_CONFIG").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        let _ = connected(port);
        Some(Self(child))
    }

    /// Waits until it ends by itself: its exit status and what it said.
    pub(crate) fn ended(mut self) -> (Option<i32>, String) {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                break status;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "the gateway goes on");
            std::thread::sleep(Duration::from_millis(20));
        };
        let mut said = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (status.code(), said)
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.0.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Its exit status and what it said.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
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

/// A connection to a gateway that has been started: its listeners begin one after the other.
fn connected(port: u16) -> TcpStream {
    let begun = Instant::now();
    loop {
        match TcpStream::connect(("127.0.0.1", port)) {
            Ok(stream) => return stream,
            Err(error) => assert!(begun.elapsed() < Duration::from_secs(60), "nobody listens: {error}"),
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub(crate) fn ask(port: u16, request: &str) -> String {
    let mut stream = connected(port);
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// An upstream that gives everybody the same answer, until the test ends.
pub(crate) fn upstream(answer: &'static str) -> u16 {
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
            let length = answer.len();
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
            );
            let _ = stream.write_all(format!("{head}{answer}").as_bytes());
        }
    });
    port
}

/// The body of an answer, whether it is chunked or not.
pub(crate) fn body(answer: &str) -> String {
    let (head, rest) = answer.split_once("\r\n\r\n").unwrap();
    if !head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
        return rest.to_owned();
    }
    let (mut rest, mut body) = (rest, String::new());
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        body.push_str(&after[..size]);
        rest = &after[(size + 2).min(after.len())..];
    }
    body
}

/// A gateway with an upstream behind it, and a credential for it.
pub(crate) fn recording(answer: &'static str) -> (Room, u16, String) {
    let (room, port) = begun();
    let behind = upstream(answer);
    let text = room.text("blackbar.toml").replace("http://127.0.0.1:9000", &format!("http://127.0.0.1:{behind}"));
    room.write("blackbar.toml", text);
    let credential = room.run(&["token", "issue", "--subject", "agent-7", "--group", "agents"]).ends(0).text();
    (room, port, credential.trim().to_owned())
}

pub(crate) fn get(port: u16, credential: &str, path: &str) -> String {
    let authorization = format!("Authorization: Bearer {credential}");
    ask(port, &format!("GET {path} HTTP/1.1\r\nHost: g\r\n{authorization}\r\nConnection: close\r\n\r\n"))
}
