//! What an operator does to a running gateway ends sessions with a database within two seconds, idle and in the middle of an
//! answer, behind a whole message.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests, outside of their functions")]

mod common;
#[path = "common/database.rs"]
mod database;
#[path = "../src/private_postgres.rs"]
mod private_postgres;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use database::Database;

const POLICY: &str = r#"@id("agents") permit (principal in Group::"agents", action, resource in Target::"ehr");"#;

/// An answer that goes on for hours.
const LONG: &str = "SELECT generate_series(1, 1000000000) AS n, repeat('word ', 20) AS words";

const SOON: Duration = Duration::from_secs(2);

/// A session of somebody's that is read until it ends.
struct Session {
    stream: TcpStream,
    /// What is left of a message that is not whole.
    rest: Vec<u8>,
    /// The last whole message.
    last: (u8, Vec<u8>),
}

/// How a session ended.
struct End {
    at: Instant,
    /// Bytes of a message that did not come whole.
    cut: usize,
    last: (u8, String),
}

fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap();
    [&[tag][..], &length.to_be_bytes(), body].concat()
}

impl Session {
    /// One that waits for its client, or for nobody when there is something to `ask`.
    fn open(port: u16, user: &str, credential: &str, ask: Option<&str>) -> Self {
        let mut this = Self::begin(port, user, credential);
        this.reads_until(b'Z');
        if let Some(ask) = ask {
            this.stream.write_all(&message(b'Q', &[ask.as_bytes(), b"\0"].concat())).unwrap();
            this.reads_until(b'D');
        }
        this
    }

    fn begin(port: u16, user: &str, credential: &str) -> Self {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let startup = [b"\0\x03\0\0user\0", user.as_bytes(), b"\0database\0ehr\0\0"].concat();
        let length = u32::try_from(startup.len() + 4).unwrap();
        stream.write_all(&[&length.to_be_bytes()[..], &startup].concat()).unwrap();
        stream.write_all(&message(b'p', &[credential.as_bytes(), b"\0"].concat())).unwrap();
        Self { stream, rest: Vec::new(), last: (0, Vec::new()) }
    }

    fn reads_until(&mut self, tag: u8) {
        while self.last.0 != tag {
            assert!(self.reads(Some(tag)), "the session ended behind {:?}", String::from_utf8_lossy(&self.last.1));
        }
    }

    /// Reads some messages, up to one of this type. Says whether there were any.
    fn reads(&mut self, until: Option<u8>) -> bool {
        let mut some = [0; 64 << 10];
        let read = self.stream.read(&mut some).unwrap_or(0);
        self.rest.extend_from_slice(&some[..read]);
        let mut from = 0;
        while let Some((head, behind)) = self.rest[from..].split_at_checked(5) {
            let length = u32::from_be_bytes(head[1..].try_into().unwrap()) as usize - 4;
            let Some(body) = behind.get(..length) else { break };
            self.last = (head[0], body.to_vec());
            from += 5 + length;
            if until == Some(self.last.0) {
                break;
            }
        }
        self.rest.drain(..from);
        read > 0
    }

    /// Reads to its end, as the client of an answer does.
    fn ends(mut self) -> JoinHandle<End> {
        std::thread::spawn(move || {
            while self.reads(None) {}
            let last = (self.last.0, String::from_utf8_lossy(&self.last.1).into_owned());
            End { at: Instant::now(), cut: self.rest.len(), last }
        })
    }
}

/// Sessions of somebody's: one that is idle, one in an open transaction, one that is being answered.
fn sessions(port: u16, user: &str, credential: &str) -> [(&'static str, JoinHandle<End>); 3] {
    let idle = Session::open(port, user, credential, None);
    let mut waiting = Session::open(port, user, credential, None);
    waiting.stream.write_all(&message(b'Q', b"BEGIN\0")).unwrap();
    waiting.last.0 = 0;
    waiting.reads_until(b'Z');
    let answered = Session::open(port, user, credential, Some(LONG));
    [("idle", idle.ends()), ("in a transaction", waiting.ends()), ("in an answer", answered.ends())]
}

#[track_caller]
fn all_end(sessions: [(&'static str, JoinHandle<End>); 3], since: Instant, why: &str) {
    for (how, session) in sessions {
        let End { at, cut, last } = session.join().unwrap();
        let took = at.saturating_duration_since(since);
        assert!(took < SOON, "{why}: a session {how} went on for {took:?}");
        assert_eq!(cut, 0, "{why}: a session {how} ended within a message");
        assert!(last.0 == b'E' && last.1.contains("28000"), "{why}: a session {how} ended with {last:?}");
    }
}

#[test]
fn what_is_locked_killed_revoked_or_over_ends_within_two_seconds() {
    let Some(database) = Database::new("CREATE TABLE t (id int)", &[("ehr", POLICY)], "", "") else { return };
    let gateway = database.gateway();
    let (room, port) = (&database.room, database.port);
    let issue = |subject: &str, ttl: &str| {
        let command = ["token", "issue", "--subject", subject, "--group", "agents", "--ttl", ttl];
        room.run(&command).ends(0).text().trim().to_owned()
    };
    let other = issue("agent-8", "15m");
    for lock in [["--subject", "agent-7"], ["--group", "agents"], ["--target", "ehr"]] {
        let open = sessions(port, "agent-7", &database.credential);
        let bystander = Session::open(port, "agent-8", &other, None).ends();
        room.run(&[&["lock"], &lock[..], &["--reason", "ticket 4711"]].concat()).ends(0);
        let locked = Instant::now();
        all_end(open, locked, lock[0]);
        // Nobody gets in either.
        let mut refused = Session::begin(port, "agent-7", &database.credential);
        while refused.reads(None) {}
        assert_eq!(refused.last.0, b'E', "{lock:?}");
        if lock[0] == "--subject" {
            assert!(!bystander.is_finished(), "somebody else's session has ended");
        } else {
            assert!(bystander.join().unwrap().at.saturating_duration_since(locked) < SOON, "{lock:?} is his as well");
        }
        room.run(&[&["unlock"], &lock[..], &["--reason", "done"]].concat()).ends(0);
    }

    let open = sessions(port, "agent-7", &database.credential);
    assert_eq!(room.run(&["sessions", "kill", "--subject", "agent-7"]).ends(0).text().lines().count(), 3);
    all_end(open, Instant::now(), "sessions kill");

    let open = sessions(port, "agent-7", &database.credential);
    room.run(&["token", "revoke", "--subject", "agent-7"]).ends(0);
    all_end(open, Instant::now(), "token revoke");

    let short = issue("agent-9", "6s");
    let issued = Instant::now();
    all_end(sessions(port, "agent-9", &short), issued + Duration::from_secs(6), "expiry");
    assert!(issued.elapsed() >= Duration::from_secs(5), "it ended before its time");

    // What the server did for them it does for nobody any more.
    let begun = Instant::now();
    let left = || {
        let text = "DO $$ BEGIN IF EXISTS (SELECT FROM pg_stat_activity WHERE application_name LIKE 'blackbar:agent-7%') \
                    THEN RAISE EXCEPTION 'there are some'; END IF; END $$";
        database.server.run("postgres", text).is_err()
    };
    while left() {
        assert!(begun.elapsed() < Duration::from_secs(20), "the server goes on");
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(gateway.end().0, Some(0));
}

#[test]
fn a_client_that_reads_nothing_does_not_keep_its_session() {
    let Some(database) = Database::new("CREATE TABLE t (id int)", &[("ehr", POLICY)], "record = \"async\"", "") else {
        return;
    };
    let gateway = database.gateway();
    let stuck = Session::open(database.port, "agent-7", &database.credential, Some(LONG));
    // Until every buffer on the way is full.
    std::thread::sleep(Duration::from_secs(3));
    database.room.run(&["lock", "--target", "ehr", "--reason", "ticket 4711"]).ends(0);
    let begun = Instant::now();
    let there = "DO $$ BEGIN IF EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'blackbar:agent-7') \
                 THEN RAISE EXCEPTION 'it is there'; END IF; END $$";
    while database.server.run("postgres", there).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(15), "the server goes on for nobody");
        std::thread::sleep(Duration::from_millis(100));
    }
    drop(stuck);
    assert_eq!(gateway.end().0, Some(0));
}

#[test]
fn a_gateway_that_is_told_to_end_lets_what_runs_finish_and_says_so() {
    let Some(database) = Database::new("CREATE TABLE t (id int)", &[("ehr", POLICY)], "", "") else { return };
    let gateway = database.gateway();
    let idle = Session::open(database.port, "agent-7", &database.credential, None).ends();
    let mut running = Session::open(database.port, "agent-7", &database.credential, None);
    running.stream.write_all(&message(b'Q', b"SELECT count(pg_sleep(2)) AS slept\0")).unwrap();
    running.last.0 = 0;
    std::thread::sleep(Duration::from_millis(500));
    gateway.signal("TERM");
    // It waits in no transaction, so it is told at once.
    let End { cut, last, .. } = idle.join().unwrap();
    assert!(cut == 0 && last.0 == b'E' && last.1.contains("57P01"), "{last:?}");
    running.reads_until(b'D');
    assert_eq!(running.last.1, [0, 1, 0, 0, 0, 1, b'1']);
    let End { cut, last, .. } = running.ends().join().unwrap();
    assert!(cut == 0 && last.0 == b'E' && last.1.contains("57P01"), "{last:?}");
    assert_eq!(gateway.end().0, Some(0));
}
