//! A database's answer that ends in the middle of a row: because the server is lost, the client goes, or the gateway is killed.
//!
//! Each time at another moment, by a seed. `BLACKBAR_KILLS=1000` asks for more moments than the 60 of an ordinary run, and
//! `BLACKBAR_SEED` for others.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests, outside of their functions")]

mod common;
#[path = "../src/private_postgres.rs"]
mod private_postgres;

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use common::gateway::free_port;
use common::{EMAIL, Room, SSN};
use private_postgres::{Options, Server};

const BORN: &str = "1961-04-03";
/// The same as PostgreSQL writes it in binary.
const BORN_IN_BINARY: [u8; 4] = (-14_152_i32).to_be_bytes();
const NOTE: &str = "SSN 219-09-9999, mail quixley.marigold@clinic-canary.org, seen by nobody";
const MASKED_NOTE: &str = "SSN [SSN], mail [EMAIL], seen by nobody";

/// More rows than are read, of a length that is no power of two.
const MANY: &str = "SELECT p.ssn, p.note, p.born, p.ward FROM clinical.patients p, generate_series(1, 200000) n";

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Lost {
    /// The server's end of the connection.
    Upstream,
    /// The server's session, by its own administrator.
    Session,
    Client,
    Gateway,
}

/// The same numbers for the same seed.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Stands between the gateway and the server, and goes when it is told to.
struct Between {
    port: u16,
    live: Arc<Mutex<Vec<TcpStream>>>,
}

impl Between {
    fn before(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let live: Arc<Mutex<Vec<TcpStream>>> = Arc::default();
        let kept = Arc::clone(&live);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (client, server) = (client.unwrap(), TcpStream::connect(("127.0.0.1", server)).unwrap());
                kept.lock().unwrap().extend([client.try_clone().unwrap(), server.try_clone().unwrap()]);
                for (mut from, mut to) in [(client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client)]
                {
                    std::thread::spawn(move || {
                        let mut buffer = vec![0; 16 << 10];
                        while let Ok(read @ 1..) = from.read(&mut buffer) {
                            if to.write_all(&buffer[..read]).is_err() {
                                break;
                            }
                        }
                        let _ = to.shutdown(Shutdown::Both);
                    });
                }
            }
        });
        Self { port, live }
    }

    /// Everything that stands between falls.
    fn fall(&self) {
        for stream in self.live.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

struct Clinic {
    room: Room,
    server: Server,
    between: Between,
    port: u16,
    credential: String,
    gateway: Option<Child>,
}

impl Clinic {
    /// `None`, with a printed reason: there is no PostgreSQL.
    fn new() -> Option<Self> {
        let Some(server) = Server::start(&Options::default()).unwrap() else {
            common::skipped("this machine has no PostgreSQL server");
            return None;
        };
        let setup = format!(
            "CREATE SCHEMA clinical; CREATE TABLE clinical.patients (id int PRIMARY KEY, ssn text, note text, born date, ward text); \
             INSERT INTO clinical.patients VALUES (1, '{SSN}', '{NOTE}', '{BORN}', 'ward 7 on the second floor')"
        );
        server.run("postgres", &setup).unwrap();
        let between = Between::before(server.port());
        let (room, port) = (Room::new(), free_port());
        room.run(&["init", "."]).ends(0);
        let text = format!(
            "data_dir = \"blackbar-data\"\n[keys]\nroot = {{ file = \"root.key\" }}\n[[target]]\nname = \"ehr\"\n\
             protocol = \"postgres\"\nlisten = \"127.0.0.1:{port}\"\nrecord = \"async\"\n\
             upstream = \"postgres://postgres@127.0.0.1:{}/postgres?sslmode=disable\"\n",
            between.port
        );
        room.write("blackbar.toml", text);
        for file in room.files().iter().filter(|file| file.starts_with("policies/")) {
            std::fs::remove_file(room.path(file)).unwrap();
        }
        let policy = "permit (principal in Group::\"agents\", action, resource in Target::\"ehr\");\n";
        room.write("policies/ehr.cedar", policy);
        let issued = ["token", "issue", "--subject", "agent-7", "--group", "agents", "--ttl", "8h"];
        let credential = room.run(&issued).ends(0).text().trim().to_owned();
        let mut clinic = Self { room, server, between, port, credential, gateway: None };
        clinic.begins();
        Some(clinic)
    }

    /// Starts the gateway, which tells everything that it does.
    fn begins(&mut self) {
        let log = File::options().create(true).append(true).open(self.room.path("gateway.log")).unwrap();
        let mut serve = self.room.command(&["serve", "-vvv"]);
        self.gateway = Some(serve.stdout(Stdio::null()).stderr(log).spawn().unwrap());
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(60), "the gateway did not begin to listen");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn dies(&mut self) {
        let mut gateway = self.gateway.take().unwrap();
        gateway.kill().unwrap();
        gateway.wait().unwrap();
    }

    /// A session that was let in, its greeting read.
    fn session(&self) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let startup = b"\0\x03\0\0user\0agent-7\0database\0ehr\0\0";
        let length = u32::try_from(startup.len() + 4).unwrap();
        stream.write_all(&[&length.to_be_bytes()[..], startup].concat()).unwrap();
        stream.write_all(&message(b'p', &[self.credential.as_bytes(), b"\0"].concat())).unwrap();
        let (mut got, mut buffer) = (Vec::new(), [0; 4096]);
        while messages(&got).0.last().is_none_or(|(tag, _)| *tag != b'Z') {
            let read = stream.read(&mut buffer).unwrap();
            assert!(read > 0, "not let in: {}", String::from_utf8_lossy(&got));
            got.extend_from_slice(&buffer[..read]);
        }
        stream
    }

    /// What the server's sessions of this gateway's clients are.
    fn left(&self) -> u32 {
        let asked = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'blackbar:agent-7'";
        let output = self.server.psql("postgres").args(["-At", "-c", asked]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
    }
}

impl Drop for Clinic {
    fn drop(&mut self) {
        if let Some(gateway) = &mut self.gateway {
            let _ = gateway.kill();
            let _ = gateway.wait();
        }
    }
}

fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap();
    [&[tag][..], &length.to_be_bytes(), body].concat()
}

/// Whole messages, and what is left behind them.
fn messages(bytes: &[u8]) -> (Vec<(u8, &[u8])>, &[u8]) {
    let (mut rest, mut all) = (bytes, Vec::new());
    while let Some((head, after)) = rest.split_at_checked(5) {
        let length = u32::from_be_bytes(head[1..].try_into().unwrap()) as usize - 4;
        let Some((body, after)) = after.split_at_checked(length) else { break };
        all.push((head[0], body));
        rest = after;
    }
    (all, rest)
}

/// Asks for rows in text by the simple protocol, or in binary by the extended one.
fn asks(binary: bool) -> Vec<u8> {
    if !binary {
        return message(b'Q', &[MANY.as_bytes(), b"\0"].concat());
    }
    let parse = message(b'P', &[b"\0", MANY.as_bytes(), b"\0\0\0"].concat());
    let bind = message(b'B', b"\0\0\0\0\0\0\0\x01\0\x01");
    [parse, bind, message(b'E', b"\0\0\0\0\0"), message(b'S', b"")].concat()
}

/// Checks that everything that came is whole rows, masked, and that nothing of what lies in the table is in any byte of it.
/// Says whether the end is one of a message.
fn judged(got: &[u8], binary: bool, what: &str) -> (usize, bool) {
    for canary in
        [SSN.as_bytes(), EMAIL.as_bytes(), BORN.as_bytes(), b"quixley", b"219-09", b"219099999", &BORN_IN_BINARY]
    {
        assert!(memchr::memmem::find(got, canary).is_none(), "{what}: {canary:?} got out");
    }
    let (all, rest) = messages(got);
    let mut rows = 0;
    for (tag, body) in &all {
        if *tag == b'D' {
            let mut rest = &body[2..];
            let mut cells = Vec::new();
            while let Some((length, after)) = rest.split_at_checked(4) {
                let length = i32::from_be_bytes(length.try_into().unwrap());
                let (cell, after) = after.split_at(usize::try_from(length).unwrap_or(0));
                cells.push(cell);
                rest = after;
            }
            assert_eq!(cells.len(), 4, "{what}: {body:?}");
            assert_eq!((cells[0], cells[1]), (&b"[SSN]"[..], MASKED_NOTE.as_bytes()), "{what}");
            assert_eq!(cells[3], b"ward 7 on the second floor", "{what}");
            assert!(
                binary && [0, 4].contains(&cells[2].len()) || cells[2].starts_with(b"1961-01-01"),
                "{what}: {:?}",
                cells[2]
            );
            rows += 1;
        } else {
            assert!(b"TCEZSN12n".contains(tag), "{what}: {}", char::from(*tag));
        }
    }
    (rows, rest.is_empty())
}

/// One answer that is cut off once so many bytes came.
fn cut(clinic: &mut Clinic, lost: Lost, binary: bool, after: usize) -> usize {
    let what = format!("{lost:?} lost after {after} bytes, {}", if binary { "binary" } else { "text" });
    let mut stream = clinic.session();
    stream.write_all(&asks(binary)).unwrap();
    let (mut got, mut buffer) = (Vec::new(), vec![0; 16 << 10]);
    while got.len() < after {
        let read = stream.read(&mut buffer).unwrap();
        assert!(read > 0, "{what}: it ended early");
        got.extend_from_slice(&buffer[..read]);
    }
    match lost {
        Lost::Upstream => clinic.between.fall(),
        Lost::Session => {
            let ended =
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'blackbar:agent-7'";
            clinic.server.run("postgres", ended).unwrap();
        }
        Lost::Client => {
            let (rows, _) = judged(&got, binary, &what);
            return rows;
        }
        Lost::Gateway => clinic.dies(),
    }
    loop {
        match stream.read(&mut buffer) {
            Ok(read @ 1..) => got.extend_from_slice(&buffer[..read]),
            Ok(_) => break,
            Err(error) => {
                assert!(
                    lost == Lost::Gateway && error.kind() == std::io::ErrorKind::ConnectionReset,
                    "{what}: {error}"
                );
                break;
            }
        }
    }
    let (rows, whole) = judged(&got, binary, &what);
    if lost == Lost::Gateway {
        clinic.begins();
        return rows;
    }
    // A clean error is the last word, whole.
    assert!(whole, "{what}: a message was cut off");
    let (all, _) = messages(&got);
    let last = all.iter().rfind(|(tag, _)| *tag == b'E').unwrap_or_else(|| panic!("{what}: no error was told"));
    let code = ["C57P01", "C08006"].iter().any(|code| memchr::memmem::find(last.1, code.as_bytes()).is_some());
    assert!(code, "{what}: {}", String::from_utf8_lossy(last.1));
    rows
}

#[test]
fn an_answer_that_is_cut_off_anywhere_is_whole_masked_rows() {
    let Some(mut clinic) = Clinic::new() else { return };
    let (kills, seed) = (number("BLACKBAR_KILLS", 60), number("BLACKBAR_SEED", 7));
    println!("{kills} moments of seed {seed}");
    let mut seeded = Seeded(seed);
    let mut rows = [0; 4];
    for moment in 0..kills {
        // Each way in turn; the gateway's end of it takes the longest.
        let (at, lost) = match moment % 6 {
            0 | 3 => (0, Lost::Upstream),
            1 => (1, Lost::Session),
            2 | 4 => (2, Lost::Client),
            _ => (3, Lost::Gateway),
        };
        let binary = seeded.below(2) == 1;
        let after = usize::try_from(1 + seeded.below(400_000)).unwrap();
        rows[at] += cut(&mut clinic, lost, binary, after);
    }
    println!("rows: {rows:?}");
    assert!(rows.iter().all(|&count| count > 1000), "{rows:?}");
    // Nothing goes on for clients that are gone.
    let begun = Instant::now();
    while clinic.left() > 0 {
        assert!(begun.elapsed() < Duration::from_secs(30), "the server goes on for nobody");
        std::thread::sleep(Duration::from_millis(100));
    }
    // What it told of itself, and what it keeps, holds nothing of it either.
    clinic.dies();
    let mut searched = 0;
    for file in clinic.room.files() {
        // What commands talk to a gateway by is no file.
        let Ok(bytes) = std::fs::read(clinic.room.path(&file)) else { continue };
        searched += bytes.len();
        for canary in [SSN, EMAIL, BORN, "quixley", "219099999"] {
            assert!(memchr::memmem::find(&bytes, canary.as_bytes()).is_none(), "{canary} lies in {file}");
        }
    }
    assert!(searched > 100_000, "{searched} bytes");
    assert!(std::fs::metadata(clinic.room.path("gateway.log")).unwrap().len() > 0, "it told nothing");
    // The record of all of it is whole, once a gateway has begun and ended as it should.
    clinic.begins();
    let mut gateway = clinic.gateway.take().unwrap();
    let told = Command::new("kill").args(["-TERM", &gateway.id().to_string()]).status().unwrap();
    assert!(told.success() && gateway.wait().unwrap().success());
    let key = ["--vkey", "blackbar-data/log.vkey", "--root-key", "root.key"];
    clinic.room.run(&[&["verify", "blackbar-data"], &key[..]].concat()).ends(0);
}
