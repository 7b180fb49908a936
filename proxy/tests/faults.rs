//! Everything goes wrong: the gateway is killed, its disk fails, is full, or stands still. Whatever a client got and whatever an
//! upstream was asked is in the record all the same.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests, outside of their functions")]
#![allow(clippy::print_stdout, reason = "how much was tried is worth knowing")]

mod common;

use std::collections::{BTreeSet, HashMap};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use common::Room;
use common::gateway::{Gateway, begun, get};
use common::recorded::{Exchange, Recorded};
use common::small::Small;
use common::told::until;
use serde_json::Value;

/// How far `bounded` lets an answer be ahead of its record.
const AHEAD: usize = 64 << 10;

/// A word that no detector takes for anything: letters only.
fn tag(number: u64) -> String {
    let digits = number.to_string().bytes().map(|digit| char::from(digit - b'0' + b'b')).collect::<String>();
    format!("zq{digits}qz")
}

/// Text of words that no detector takes for anything, and that hardly compress.
fn words(length: usize, seed: u64) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut text = String::with_capacity(length);
    while text.len() < length {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let bytes = state.to_be_bytes();
        text.extend(bytes.iter().take(6).map(|byte| char::from(b'a' + byte % 26)));
        text.push(if bytes[6].is_multiple_of(12) { '\n' } else { ' ' });
    }
    text.truncate(length);
    text
}

/// An upstream that answers on connections which stay open, and remembers who asked.
struct Upstream {
    port: u16,
    /// The names that clients gave themselves.
    asked: Arc<Mutex<BTreeSet<String>>>,
    /// How many bytes of answers without end it got rid of.
    sent: Arc<AtomicU64>,
}

impl Upstream {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let this = Self { port: listener.local_addr().unwrap().port(), asked: Arc::default(), sent: Arc::default() };
        let (asked, sent) = (Arc::clone(&this.asked), Arc::clone(&this.sent));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, asked, sent) = (stream.unwrap(), Arc::clone(&asked), Arc::clone(&sent));
                std::thread::spawn(move || answer(stream, &asked, &sent));
            }
        });
        this
    }
}

/// Answers each request with a body of its own: by its path small or large, or one that never ends.
fn answer(mut stream: TcpStream, asked: &Mutex<BTreeSet<String>>, sent: &AtomicU64) {
    let mut number = 0_u64;
    loop {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            if stream.read(&mut byte).unwrap_or(0) == 0 {
                return;
            }
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap();
        let name =
            head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("user-agent: ").map(str::to_owned));
        let name = name.unwrap_or_default();
        if !name.is_empty() {
            asked.lock().unwrap().insert(name.clone());
        }
        number += 1;
        if head.contains("/endless") {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n");
            for piece in 0.. {
                let text = words(32 << 10, piece);
                if stream.write_all(text.as_bytes()).is_err() {
                    return;
                }
                sent.fetch_add(text.len() as u64, Ordering::Relaxed);
                if head.contains("/endless/slow") {
                    std::thread::sleep(Duration::from_millis(20));
                }
            }
        }
        let lines = if number.is_multiple_of(3) { 4000 } else { 20 };
        let text = match head.contains("/much") {
            true => words(1 << 20, number),
            false => "the quick brown fox jumps over the lazy dog. ".repeat(lines),
        };
        let body = format!("{{\"resourceType\":\"Basic\",\"note\":\"{name} {}\"}}", text.replace('\n', " "));
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nETag: W/\"{number}\"\r\nCache-Control: no-store\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        if stream.write_all(format!("{head}{body}").as_bytes()).is_err() {
            return;
        }
    }
}

/// A gateway's folder with an upstream behind it.
struct House {
    room: Room,
    port: u16,
    upstream: Upstream,
    credential: String,
}

impl House {
    /// `settings` of its one target.
    fn new(settings: &str) -> Self {
        let (room, port) = begun();
        let upstream = Upstream::new();
        let text = room.text("blackbar.toml");
        let before = "upstream = \"http://127.0.0.1:9000\"";
        assert!(text.contains(before));
        let after = format!("upstream = \"http://127.0.0.1:{}\"\n{settings}", upstream.port);
        room.write("blackbar.toml", text.replace(before, &after));
        let credential = room.run(&["token", "issue", "--subject", "agent-7", "--group", "agents", "--ttl", "8h"]);
        let credential = credential.ends(0).text().trim().to_owned();
        Self { room, port, upstream, credential }
    }

    fn gateway(&self) -> Gateway {
        Gateway::start(&self.room, self.port)
    }

    /// A client that asks for a path again and again, under names of its own from this number on, until it is stopped or refused.
    fn client(&self, path: &str, first: u64) -> Client {
        let (port, credential, path) = (self.port, self.credential.clone(), path.to_owned());
        let (stop, bytes) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (stopped, counted) = (Arc::clone(&stop), Arc::clone(&bytes));
        let thread = std::thread::spawn(move || ask_again(port, &path, &credential, first, &stopped, &counted));
        Client { stop, bytes, thread }
    }

    /// The next start mends what is left, and all of it holds.
    fn mended(&self) -> Recorded {
        let (status, said) = self.gateway().end();
        assert_eq!(status, Some(0), "{said}");
        let keys = ["--vkey", "blackbar-data/log.vkey", "--root-key", "root.key"];
        self.room.run(&[&["verify", "blackbar-data"][..], &keys].concat()).ends(0);
        Recorded::of(&self.room)
    }

    /// Holds what clients got, and what the upstream was asked, against the record. `ahead`: how many bytes of an answer may be
    /// missing there. Says how many answers were whole, and how many bytes all had.
    fn account(&self, received: &[Received], ahead: usize) -> (usize, usize) {
        let recorded = self.mended();
        let mut exchanges: HashMap<String, Exchange> = HashMap::new();
        let mut granted = BTreeSet::new();
        for session in recorded.sessions.iter().filter(|session| session.target == "fhir") {
            let allowed = session.granted();
            for (number, exchange) in session.exchanges() {
                let Some(name) = named(&exchange.request) else { continue };
                if allowed.contains(&number) {
                    granted.insert(name.clone());
                }
                assert!(exchanges.insert(name, exchange).is_none(), "a name was used twice");
            }
        }
        for name in self.upstream.asked.lock().unwrap().iter() {
            assert!(granted.contains(name), "the upstream was asked by {name}, and no record says that it was allowed");
        }
        for got in received {
            let name = &got.name;
            let record = exchanges.get(name).unwrap_or_else(|| panic!("no record of {name}"));
            match heading(&record.head) {
                Some(head) => assert_eq!(head, (got.status, got.headers.clone()), "{name}"),
                None => assert!(ahead > 0, "{name}: no record of how the answer began"),
            }
            let (have, had) = (record.body.len(), got.body.len());
            let same = have.min(had);
            assert!(record.body[..same] == got.body[..same], "{name}: {had} bytes are not those of the record");
            assert!(had <= have + ahead, "{name}: the client has {had} bytes, and the record {have}");
            assert!(ahead > 0 || !got.whole || have == had, "{name}: a whole answer was recorded in part");
        }
        assert!(self.upstream.asked.lock().unwrap().len() >= received.len());
        (received.iter().filter(|got| got.whole).count(), received.iter().map(|got| got.body.len()).sum())
    }
}

/// The name that a client gave itself, in a request as it is recorded.
fn named(request: &Value) -> Option<String> {
    let headers = request["headers"].as_array()?;
    headers.iter().find(|header| header[0] == "user-agent")?[1].as_str().map(str::to_owned)
}

/// What frames an answer on its connection is not part of it.
const FRAMING: [&str; 4] = ["connection", "content-length", "date", "transfer-encoding"];

type Headers = Vec<(String, String)>;

/// How an answer began, by its record.
fn heading(note: &Value) -> Option<(u64, Headers)> {
    let pair = |at: &Value| (at[0].as_str().unwrap().to_owned(), at[1].as_str().unwrap().to_owned());
    let mut headers: Headers = note["headers"].as_array()?.iter().map(pair).collect();
    headers.retain(|(name, _)| !FRAMING.contains(&&**name));
    headers.sort();
    Some((note["status"].as_u64()?, headers))
}

/// Somebody who asks again and again.
struct Client {
    stop: Arc<AtomicBool>,
    /// How many bytes came so far.
    bytes: Arc<AtomicU64>,
    thread: JoinHandle<Asked>,
}

/// What became of it: all answers, and what the gateway said at the end instead of one.
struct Asked {
    received: Vec<Received>,
    refused: Option<String>,
}

impl Client {
    fn got(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    fn end(self) -> Asked {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

/// What a client received of one answer: its head, and its body as far as it came.
struct Received {
    name: String,
    status: u64,
    headers: Headers,
    body: Vec<u8>,
    whole: bool,
}

fn ask_again(port: u16, path: &str, credential: &str, first: u64, stop: &AtomicBool, counted: &AtomicU64) -> Asked {
    let mut asked = Asked { received: Vec::new(), refused: None };
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return asked };
    stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    for number in first.. {
        let name = tag(number);
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: g\r\nUser-Agent: {name}\r\nAuthorization: Bearer {credential}\r\n\r\n"
        );
        if stop.load(Ordering::Relaxed) || stream.write_all(request.as_bytes()).is_err() {
            break;
        }
        let mut answer = Answer::default();
        let mut piece = [0; 64 << 10];
        let whole = loop {
            match stream.read(&mut piece) {
                Ok(read @ 1..) => {
                    counted.fetch_add(read as u64, Ordering::Relaxed);
                    if answer.push(&piece[..read]) {
                        break true;
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock && !stop.load(Ordering::Relaxed) => {}
                // The gateway is gone, in the middle of an answer perhaps.
                _ => break false,
            }
            // What never ends is not waited for.
            if path.starts_with("/endless") && stop.load(Ordering::Relaxed) {
                break false;
            }
        };
        answer.finish();
        let Some((status, headers)) = answer.head else { break };
        if status != 200 {
            asked.refused = Some(String::from_utf8_lossy(&answer.body).into_owned());
            break;
        }
        asked.received.push(Received { name, status, headers, body: answer.body, whole });
        if !whole {
            break;
        }
    }
    asked
}

/// An answer that comes in pieces.
#[derive(Default)]
struct Answer {
    bytes: Vec<u8>,
    head: Option<(u64, Headers)>,
    /// `None`: in chunks.
    length: Option<usize>,
    body: Vec<u8>,
}

impl Answer {
    /// Takes what came. Says whether the answer is whole.
    fn push(&mut self, piece: &[u8]) -> bool {
        self.bytes.extend_from_slice(piece);
        if self.head.is_none() {
            let Some(end) = memchr::memmem::find(&self.bytes, b"\r\n\r\n") else { return false };
            let text = String::from_utf8(self.bytes.drain(..end + 4).collect()).unwrap();
            let mut lines = text.trim_end().lines();
            let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
            let headers = lines.map(|line| line.split_once(": ").unwrap());
            let mut headers: Headers =
                headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
            let length = headers.iter().find(|(name, _)| name == "content-length");
            self.length = length.map(|(_, value)| value.parse().unwrap());
            headers.retain(|(name, _)| !FRAMING.contains(&&**name));
            headers.sort();
            self.head = Some((status, headers));
        }
        match self.length {
            Some(length) => {
                self.body.append(&mut self.bytes);
                self.body.len() >= length
            }
            None => self.chunks(),
        }
    }

    /// Nothing more comes: takes what there is of a chunk that was cut.
    fn finish(&mut self) {
        if self.head.is_some()
            && let Some(line) = memchr::memmem::find(&self.bytes, b"\r\n")
        {
            let size = usize::from_str_radix(std::str::from_utf8(&self.bytes[..line]).unwrap(), 16).unwrap();
            let rest = &self.bytes[line + 2..];
            self.body.extend_from_slice(&rest[..size.min(rest.len())]);
        }
    }

    /// Takes the chunks that are there whole.
    fn chunks(&mut self) -> bool {
        let mut at = 0;
        let mut last = false;
        while let Some(line) = memchr::memmem::find(&self.bytes[at..], b"\r\n") {
            let size = std::str::from_utf8(&self.bytes[at..at + line]).unwrap();
            let size = usize::from_str_radix(size, 16).unwrap();
            let begin = at + line + 2;
            if self.bytes.len() < begin + size + 2 {
                break;
            }
            self.body.extend_from_slice(&self.bytes[begin..begin + size]);
            at = begin + size + 2;
            if size == 0 {
                last = true;
                break;
            }
        }
        self.bytes.drain(..at);
        last
    }
}

/// `BLACKBAR_KILLS=1000` kills as often as a release is held to.
fn kills() -> u64 {
    std::env::var("BLACKBAR_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(100)
}

#[test]
fn a_gateway_that_is_killed_sent_no_byte_that_its_record_does_not_account_for() {
    killed("strict", kills(), 0);
}

#[test]
fn with_bounded_a_gateway_that_is_killed_was_a_little_ahead_of_its_record_at_most() {
    killed("bounded", kills() / 5, AHEAD);
}

fn killed(record: &str, rounds: u64, ahead: usize) {
    let house = House::new(&format!("record = \"{record}\""));
    let mut received: Vec<Received> = Vec::new();
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    for round in 0..rounds {
        let mut gateway = house.gateway();
        let clients: Vec<_> = (0..4).map(|client| house.client("/Basic/7", (round * 4 + client) * 100_000)).collect();
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        std::thread::sleep(Duration::from_millis(20 + (seed >> 33) % 160));
        gateway.0.kill().unwrap();
        gateway.0.wait().unwrap();
        for asked in clients.into_iter().map(Client::end) {
            assert_eq!(asked.refused, None);
            received.extend(asked.received);
        }
        // What is published holds before anything is mended.
        if round % 5 == 4 {
            house.room.run(&["verify", "blackbar-data"]).ends(0);
        }
    }
    let (whole, bytes) = house.account(&received, ahead);
    let cut = received.len() - whole;
    println!("{record}: {rounds} kills, {whole} whole and {cut} broken answers, {bytes} bytes, all accounted for");
    assert!(whole as u64 > rounds, "too little was asked to mean anything: {whole}");
}

#[test]
fn a_disk_that_fails_ends_the_gateway_and_what_was_said_before_is_recorded() {
    // The journal cannot be made durable; it cannot be written; there is no room for it any more, whatever is given up for it.
    for inject in ["fdatasync:error=EIO:when=60", "pwrite64:error=EIO:when=90", "pwrite64:error=ENOSPC:when=90+"] {
        let house = House::new("");
        let Some(gateway) = Gateway::tampered(&house.room, house.port, inject) else { return };
        let clients: Vec<_> = (0..4).map(|client| house.client("/Basic/7", client * 100_000)).collect();
        let (status, said) = gateway.ended();
        assert_eq!(status, Some(3), "{inject}: {said}");
        assert!(said.contains("BB-LEDGER-005"), "{inject}: {said}");
        let mut received = Vec::new();
        for asked in clients.into_iter().map(Client::end) {
            // Whoever is told something is told why, and nothing else.
            assert!(asked.refused.iter().all(|why| why.contains("BB-LEDGER-00")), "{inject}: {:?}", asked.refused);
            received.extend(asked.received);
        }
        let (whole, bytes) = house.account(&received, 0);
        println!("{inject}: {whole} whole answers of {}, {bytes} bytes, all accounted for", received.len());
        assert!(whole > 4, "{inject}: it failed before anything was asked");
    }
}

#[test]
fn a_full_disk_refuses_within_a_second_ends_what_is_live_and_goes_on_when_there_is_room() {
    let house = House::new("");
    let Some(small) = Small::under(&house.room, "96m") else { return };
    let gateway = house.gateway();
    let live = house.client("/endless/slow", 0);
    until("the beginning of an answer", || (live.got() > 1 << 20).then_some(()));
    assert!(get(house.port, &house.credential, "/Basic/7").starts_with("HTTP/1.1 200 "));

    small.fill();
    let full = Instant::now();
    let refused = loop {
        let answer = get(house.port, &house.credential, "/Basic/7");
        if answer.starts_with("HTTP/1.1 503 ") {
            break answer;
        }
        assert!(full.elapsed() < Duration::from_secs(1), "a full disk is not noticed: {answer}");
    };
    let noticed = full.elapsed();
    assert!(refused.contains("BB-LEDGER-006"), "{refused}");
    assert!(noticed < Duration::from_secs(1), "{noticed:?}");
    // Before the reserve is used up, the answer that is on its way is ended, though nobody asked for that.
    until("the end of the answer", || live.thread.is_finished().then_some(()));
    let ended = full.elapsed();
    let mut received = live.end().received;
    assert!(!received[0].whole, "an answer that was cut off does not look like a whole one");

    small.clear();
    until("room for requests", || {
        get(house.port, &house.credential, "/Basic/7").starts_with("HTTP/1.1 200 ").then_some(())
    });
    let again = house.client("/Basic/7", 100_000);
    until("answers", || (again.got() > 1 << 20).then_some(()));
    received.extend(again.end().received);
    let (status, said) = gateway.end();
    assert_eq!(status, Some(0), "{said}");
    let recorded = house.account(&received, 0);
    println!("refused after {noticed:?}, ended after {ended:?}; {recorded:?} answers and bytes, all accounted for");
}

/// Waits until nothing comes to any of them any more; says how much they have.
fn standing_still(clients: &[Client]) -> u64 {
    let all = || clients.iter().map(Client::got).sum::<u64>();
    let (mut before, mut since) = (0, Instant::now());
    until("a disk that stands still", || {
        let now = all();
        if now != before || now == 0 {
            (before, since) = (now, Instant::now());
        }
        (since.elapsed() > Duration::from_millis(2500)).then_some(now)
    })
}

#[test]
fn with_strict_no_more_is_read_of_an_upstream_than_the_disk_takes() {
    read_on("strict");
}

#[test]
fn with_bounded_no_more_is_read_of_an_upstream_than_the_disk_takes() {
    read_on("bounded");
}

#[test]
fn with_async_not_much_more_is_read_of_an_upstream_than_the_disk_takes() {
    read_on("async");
}

fn read_on(record: &str) {
    let house = House::new(&format!("record = \"{record}\""));
    let Some(gateway) = Gateway::tampered(&house.room, house.port, "fdatasync:delay_enter=9000000:when=25") else {
        return;
    };
    let endless = [house.client("/endless", 0)];
    let got = standing_still(&endless);
    let sent = || house.upstream.sent.load(Ordering::Relaxed);
    let before = sent();
    // Somebody comes meanwhile, and waits.
    let other = house.client("/Basic/7", 100_000);
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(sent(), before, "{record}: the gateway reads on while its disk stands still");
    assert_eq!(endless[0].got(), got, "{record}");
    until("the disk's next sync", || (endless[0].got() > got && other.got() > 0).then_some(()));
    let asked: Vec<Asked> = endless.into_iter().chain([other]).map(Client::end).collect();
    let (status, said) = gateway.end();
    assert_eq!(status, Some(0), "{said}");
    assert!(asked.iter().all(|asked| asked.refused.is_none()));
    let received: Vec<Received> = asked.into_iter().flat_map(|asked| asked.received).collect();
    let (whole, bytes) = house.account(&received, 0);
    println!(
        "{record}: {before} bytes were read for {got} that left; {whole} whole answers, {bytes} bytes, all accounted for"
    );
}

#[test]
fn with_async_a_disk_that_stands_still_slows_clients_down_and_refuses_nobody() {
    let house = House::new("record = \"async\"");
    let inject = "fdatasync:delay_enter=15000000:when=14";
    let Some(gateway) = Gateway::tampered(&house.room, house.port, inject) else { return };
    let clients: Vec<_> = (0..6).map(|client| house.client("/Basic/much", client * 100_000)).collect();
    let got = standing_still(&clients);
    assert!(clients.iter().all(|client| !client.thread.is_finished()), "somebody was refused");
    until("the disk's next sync", || (clients.iter().map(Client::got).sum::<u64>() > got).then_some(()));
    let asked: Vec<Asked> = clients.into_iter().map(Client::end).collect();
    let refused: Vec<&String> = asked.iter().filter_map(|asked| asked.refused.as_ref()).collect();
    assert!(refused.is_empty(), "{refused:?}");
    let (status, said) = gateway.end();
    assert_eq!(status, Some(0), "{said}");
    let received: Vec<Received> = asked.into_iter().flat_map(|asked| asked.received).collect();
    let (whole, bytes) = house.account(&received, 0);
    println!("{got} bytes were out when the disk stood still; {whole} whole answers, {bytes} bytes, all accounted for");
}
