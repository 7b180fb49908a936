//! The record of sessions with a database: what a client got is in it, byte for byte, whatever kills the gateway; what must be
//! nowhere is nowhere.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests, outside of their functions")]

mod common;
#[path = "common/database.rs"]
mod database;
#[path = "../src/private_postgres.rs"]
mod private_postgres;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use common::recorded::Recorded;
use common::small::Small;
use common::tap::Tap;
use common::told::{Hook, until};
use database::Database;
use futures_util::{SinkExt as _, StreamExt as _, TryStreamExt as _};
use serde_json::Value;
use tokio_postgres::{Client, NoTls};

const TABLES: &str = "
CREATE TABLE patients (id int PRIMARY KEY, name text, ssn text, born date, weight float8, note text);
INSERT INTO patients VALUES
    (1, 'Quixley Marigold', '219-09-9999', '1961-04-12', 71.5, 'Patient SSN: 219-09-9999, seen today.'),
    (2, NULL, NULL, NULL, NULL, NULL),
    (3, 'Adaeze Okonkwo', '536-22-8726', '1988-12-01', 58.25, 'No complaints.');
CREATE TABLE visits (n int PRIMARY KEY, about text);
INSERT INTO visits SELECT n, 'the quick brown fox jumps over the lazy dog' FROM generate_series(1, 3000) n;
CREATE TABLE inbox (n int, about text);
";

const POLICY: &[(&str, &str)] =
    &[("ehr", "@id(\"agents\") permit (principal in Group::\"agents\", action, resource in Target::\"ehr\");")];

/// The messages of a server in these bytes, and what is left of one that was cut.
fn messages(mut bytes: &[u8]) -> (Vec<&[u8]>, &[u8]) {
    let mut all = Vec::new();
    while let Some(length) = bytes.get(1..5) {
        let end = 1 + u32::from_be_bytes(length.try_into().unwrap()) as usize;
        let Some(message) = bytes.get(..end) else { break };
        all.push(message);
        bytes = &bytes[end..];
    }
    (all, bytes)
}

/// The same without what no record may hold: authentication, and the key that cancels.
fn without_secrets(bytes: &[u8]) -> Vec<u8> {
    let (all, rest) = messages(bytes);
    let mut kept: Vec<u8> = all.into_iter().filter(|message| !b"RK".contains(&message[0])).flatten().copied().collect();
    if !rest.first().is_some_and(|tag| b"RK".contains(tag)) {
        kept.extend_from_slice(rest);
    }
    kept
}

async fn simple(client: &Client, text: &str) -> bool {
    client.simple_query(text).await.is_ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replay_shows_every_message_that_a_client_got() {
    let Some(database) = Database::new(TABLES, POLICY, "record = \"strict\"", "") else { return };
    let written = database.room.text("blackbar.toml");
    for record in ["strict", "bounded", "async"] {
        database.room.write("blackbar.toml", written.replace("\"strict\"", &format!("\"{record}\"")));
        let before = database.sessions();
        let gateway = database.gateway();
        let tap = Tap::before(database.port);
        let (mut client, running) = database.client(tap.port).await.unwrap();
        say_much(&mut client).await;
        drop(client);
        running.await.unwrap();
        let (status, said) = gateway.end();
        assert_eq!(status, Some(0), "{said}");

        let got = tap.connections().swap_remove(0);
        let new: Vec<String> = database.sessions().into_iter().filter(|name| !before.contains(name)).collect();
        assert_eq!(new.len(), 1, "one session");
        let replayed = database.replayed(&new[0]);
        // What no record may hold is in none, looked at by itself: no key that cancels, and of authentication that it is over.
        for message in messages(&replayed).0 {
            assert_ne!(message[0], b'K', "{record}");
            assert!(message[0] != b'R' || message == b"R\0\0\0\x08\0\0\0\0", "{record}: {message:?}");
        }
        let (got, replayed) = (without_secrets(&got), without_secrets(&replayed));
        let same = got.iter().zip(&replayed).take_while(|(one, other)| one == other).count();
        assert!(got == replayed, "{record}: the same up to {same} of {} and {} bytes", got.len(), replayed.len());
        // Nothing of it was left out by accident: every kind of message that an answer can have was there.
        let (all, rest) = messages(&got);
        assert!(rest.is_empty());
        let tags: BTreeSet<char> = all.iter().map(|message| char::from(message[0])).collect();
        for tag in "123ACDEGHINSTZcdnst".chars() {
            assert!(tags.contains(&tag), "{record}: no {tag} in {tags:?}");
        }
        for canary in ["219-09-9999", "536-22-8726"] {
            assert!(memchr::memmem::find(&got, canary.as_bytes()).is_none(), "{canary}");
        }
    }
}

/// A session in which a server says everything that it can say to a client.
async fn say_much(client: &mut Client) {
    assert!(
        simple(client, "SELECT id, name, ssn, born, weight, note FROM patients ORDER BY id; SELECT 1 AS one").await
    );
    assert!(simple(client, "").await, "an empty query");
    assert!(simple(client, "SELECT n, about FROM visits").await, "many rows");
    assert!(simple(client, "SET application_name = 'another'").await, "a status that changes");
    // Prepared, in binary, with a value that is hidden on its way back.
    let rows = client.query("SELECT id, ssn, weight, born FROM patients WHERE id = $1", &[&1]).await.unwrap();
    assert_eq!(rows.len(), 1);
    let statement = client.prepare("SELECT note FROM patients WHERE id = $1").await.unwrap();
    client.query(&statement, &[&3]).await.unwrap();
    assert_eq!(client.execute("UPDATE visits SET about = about WHERE n = $1", &[&7]).await.unwrap(), 1);
    drop(statement);
    // Errors whose texts quote values, in all phases.
    assert!(!simple(client, "SELECT * FROM \"missing 219-09-9999\"").await);
    assert!(!simple(client, "SELECT ssn::int FROM patients").await);
    assert!(!simple(client, "INSERT INTO patients (id, ssn) VALUES (1, '536-22-8726')").await);
    assert!(client.query("SELECT 1 / (id - id) FROM patients WHERE id = $1", &[&1]).await.is_err());
    assert!(simple(client, "DO $$ BEGIN RAISE NOTICE 'SSN 219-09-9999 of Marigold Quixley'; END $$").await, "a notice");
    assert!(simple(client, "LISTEN letters; NOTIFY letters, 'SSN 219-09-9999'").await, "a notification");
    // A portal that stops.
    let transaction = client.transaction().await.unwrap();
    let portal = transaction.bind("SELECT id, name FROM patients ORDER BY id", &[]).await.unwrap();
    for expected in [2, 1, 0] {
        assert_eq!(transaction.query_portal(&portal, 2).await.unwrap().len(), expected);
    }
    transaction.rollback().await.unwrap();
    // Copies, both ways, and one that fails on its way.
    let out = client.copy_out("COPY (SELECT id, ssn, note FROM patients) TO STDOUT").await.unwrap();
    assert!(out.try_fold(0, async |sum, piece| Ok(sum + piece.len())).await.unwrap() > 0);
    for (data, good) in [("1\tletter\n2\tanother\n", true), ("one\tletter of 219-09-9999\n", false)] {
        let sink = client.copy_in("COPY inbox FROM STDIN").await.unwrap();
        let mut sink = Box::pin(sink);
        sink.send(bytes::Bytes::from(data)).await.unwrap();
        assert_eq!(sink.as_mut().finish().await.is_ok(), good);
    }
    // One that is cancelled.
    let cancel = client.cancel_token();
    let (slept, ()) = tokio::join!(client.simple_query("SELECT pg_sleep(30)"), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        cancel.cancel_query(NoTls).await.unwrap();
    });
    assert_eq!(slept.unwrap_err().code().unwrap().code(), "57014");
    assert!(simple(client, "SELECT 'the end'").await);
}

/// `BLACKBAR_KILLS=1000` kills as often as a release is held to.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_is_killed_sent_no_message_that_its_record_does_not_account_for() {
    let rounds: u64 = std::env::var("BLACKBAR_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(100);
    let Some(database) = Database::new(TABLES, POLICY, "record = \"strict\"", "") else { return };
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let (mut taps, mut answers) = (Vec::new(), 0);
    for round in 0..rounds {
        let mut gateway = database.gateway();
        let tap = Tap::before(database.port);
        let stop = Arc::new(AtomicBool::new(false));
        let mut clients = Vec::new();
        for number in 0..3 {
            let (client, _) = database.client(tap.port).await.unwrap();
            let stop = Arc::clone(&stop);
            clients.push(tokio::spawn(async move {
                let mut answers = 0;
                // The first answer says which session this is.
                let word = word(round * 3 + number);
                let mut going = simple(&client, &format!("SELECT '{word}' AS word")).await;
                while going && !stop.load(Ordering::Relaxed) {
                    going = match answers % 4 {
                        0 => simple(&client, "SELECT id, ssn, note FROM patients WHERE id = 1").await,
                        1 => client.query("SELECT n, about FROM visits WHERE n < $1", &[&800]).await.is_ok(),
                        2 => simple(&client, &format!("INSERT INTO inbox VALUES (1, '{word}')")).await,
                        _ => match client.copy_out("COPY (SELECT n, about FROM visits) TO STDOUT").await {
                            Ok(out) => out.try_fold((), async |(), _| Ok(())).await.is_ok(),
                            Err(_) => false,
                        },
                    };
                    answers += u64::from(going);
                }
                answers
            }));
        }
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        tokio::time::sleep(Duration::from_millis(20 + (seed >> 33) % 160)).await;
        gateway.0.kill().unwrap();
        gateway.0.wait().unwrap();
        stop.store(true, Ordering::Relaxed);
        for client in clients {
            answers += client.await.unwrap();
        }
        // What is published holds before anything is mended.
        if round % 5 == 4 {
            database.room.run(&["verify", "blackbar-data"]).ends(0);
        }
        taps.push(tap);
    }
    assert_eq!(database.gateway().end().0, Some(0));
    database.room.run(&["verify", "blackbar-data", "--root-key", "root.key"]).ends(0);
    let mut recorded: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
    let mut inserts: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
    for session in Recorded::of(&database.room).sessions {
        let delivered = without_secrets(&session.to_client());
        if let Some(word) = word_in(&delivered) {
            let asked = session.requests();
            let insert = |request: &&Value| request["text"].as_str().is_some_and(|text| text.starts_with("INSERT"));
            inserts.insert(word.clone(), asked.iter().filter(insert).count());
            recorded.insert(word, delivered);
        }
    }
    // The database was asked for nothing that is not in the record: what it did says what it was asked.
    let mut done = 0;
    for (word, count) in inserted(&database) {
        let told = inserts.get(word.as_bytes()).copied().unwrap_or_default();
        assert!(count <= told, "{word}: {count} rows were inserted, and {told} requests are recorded");
        done += count;
    }
    assert!(done > 0);
    let (mut compared, mut bytes, mut cut) = (0, 0, 0);
    for got in taps.iter().flat_map(Tap::connections) {
        let got = without_secrets(&got);
        let Some(word) = word_in(&got) else { continue };
        let record = recorded.get(&word).unwrap_or_else(|| panic!("no record of {}", String::from_utf8_lossy(&word)));
        let same = got.iter().zip(record).take_while(|(one, other)| one == other).count();
        assert!(record.starts_with(&got), "{} of {} bytes are those of the record", same, got.len());
        compared += 1;
        bytes += got.len();
        cut += u64::from(!messages(&got).1.is_empty());
    }
    println!(
        "{rounds} kills, {compared} sessions with {answers} whole answers, {cut} ended within a message, {bytes} bytes, {done} rows inserted, all in the record"
    );
    assert!(compared >= rounds && answers >= rounds, "{compared} sessions, {answers} answers");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_ends_a_long_answer_between_two_messages_and_says_why() {
    let Some(database) = Database::new(TABLES, POLICY, "record = \"strict\"", "") else { return };
    let Some(small) = Small::under(&database.room, "96m") else { return };
    let gateway = database.gateway();
    let tap = Tap::before(database.port);
    let (client, _) = database.client(tap.port).await.unwrap();
    let long = "SELECT n, repeat(md5(n::text), 4) AS about FROM generate_series(1, 100000000) n";
    let mut answer = Box::pin(client.simple_query_raw(long).await.unwrap());
    for _ in 0..1000 {
        answer.next().await.unwrap().unwrap();
    }
    small.fill();
    let full = Instant::now();
    let error = loop {
        match answer.next().await.unwrap() {
            Ok(_) => assert!(full.elapsed() < Duration::from_secs(30), "the answer goes on"),
            Err(error) => break error,
        }
    };
    assert_eq!(error.code().map(|code| code.code()), Some("53100"), "{error:?}");
    let ended = full.elapsed();
    assert!(database.client(database.port).await.is_err(), "nobody new is let in");
    small.clear();
    let freed = Instant::now();
    let again = loop {
        match database.client(database.port).await {
            Ok((client, _)) => break client,
            Err(error) => assert!(freed.elapsed() < Duration::from_secs(10), "{error:?}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert!(simple(&again, "SELECT 1 AS one").await);
    drop(again);
    let (status, said) = gateway.end();
    assert_eq!(status, Some(0), "{said}");
    database.room.run(&["verify", "blackbar-data", "--root-key", "root.key"]).ends(0);

    let got = tap.connections().swap_remove(0);
    let (all, rest) = messages(&got);
    assert!(rest.is_empty(), "it ended within a message");
    assert_eq!(all.last().unwrap()[0], b'E');
    // Of what the client got only that report is not in the record: there was no room for it.
    let last = all.last().unwrap().len();
    let got = without_secrets(&got[..got.len() - last]);
    let recorded = Recorded::of(&database.room);
    let session = recorded.sessions.iter().find(|session| session.target == "ehr").unwrap();
    let delivered = without_secrets(&session.to_client());
    assert!(delivered.starts_with(&got), "{} bytes are not those of the record", got.len());
    println!("ended after {ended:?}, {} bytes, all in the record", got.len());
}

/// How many rows each session has inserted, by its word.
fn inserted(database: &Database) -> Vec<(String, usize)> {
    let mut psql = database.server.psql("postgres");
    let output = psql.args(["-At", "-c", "SELECT about, count(*) FROM inbox GROUP BY about"]).output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let pair = |line: &str| line.split_once('|').map(|(word, count)| (word.to_owned(), count.parse().unwrap()));
    text.lines().filter_map(pair).collect()
}

/// A word that no detector takes for anything: letters only.
fn word(number: u64) -> String {
    let digits = number.to_string().bytes().map(|digit| char::from(digit - b'0' + b'b')).collect::<String>();
    format!("zq{digits}qz")
}

fn word_in(bytes: &[u8]) -> Option<Vec<u8>> {
    let begin = memchr::memmem::find(bytes, b"zq")?;
    let end = begin + memchr::memmem::find(&bytes[begin..], b"qz")? + 2;
    Some(bytes[begin..end].to_vec())
}

/// A number that nobody has, for each place.
fn canary(place: usize) -> String {
    format!("219-09-{:04}", 9100 + place)
}

/// What is planted where, told apart by its number.
const PLACES: &[&str] = &[
    "comment",
    "block comment",
    "alias",
    "quoted identifier",
    "application_name",
    "startup option",
    "password",
    "user",
    "database",
    "bind value",
    "literal",
    "copied in",
    "error text",
    "statement name",
    "cursor",
    "savepoint",
    "channel",
    "payload",
    "reason",
    "notice",
    "row",
    "dollar quote",
    "setting",
    "held statement",
    "held value",
];

fn planted(place: &str) -> String {
    canary(PLACES.iter().position(|one| *one == place).unwrap())
}

/// Keeps what it is sent.
fn syslog() -> (u16, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let got = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&got);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, kept) = (stream.unwrap(), Arc::clone(&kept));
            std::thread::spawn(move || {
                let mut piece = vec![0; 64 << 10];
                while let Ok(read @ 1..) = stream.read(&mut piece) {
                    kept.lock().unwrap().extend_from_slice(&piece[..read]);
                }
            });
        }
    });
    (port, got)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_planted_in_a_session_is_in_no_leaf_index_log_or_sink() {
    const HELD: &[(&str, &str)] = &[
        POLICY[0],
        (
            "held",
            "@id(\"bulk\") @approval(\"privacy-officers\")
             forbid (principal, action in [Action::\"sql_read\"], resource in Target::\"ehr\")
             when { context.rows_unbounded };",
        ),
    ];
    let (syslog_port, syslog_got) = syslog();
    let hooks = ["json", "ocsf", "cef", "fhir", "otlp"].map(|format| (format, Hook::new()));
    let mut more = String::new();
    for format in ["json", "ocsf", "cef", "fhir"] {
        more.push_str(&format!(
            "[[sink]]\nname = \"file-{format}\"\nformat = \"{format}\"\nto = \"file:{format}.log\"\n"
        ));
    }
    for (format, hook) in &hooks {
        more.push_str(&format!(
            "[[sink]]\nname = \"hook-{format}\"\nformat = \"{format}\"\nto = \"http://127.0.0.1:{}/in\"\n",
            hook.port
        ));
    }
    more.push_str(&format!(
        "[[sink]]\nname = \"siem\"\nformat = \"ocsf\"\nto = \"syslog+tcp://127.0.0.1:{syslog_port}\"\n"
    ));
    let Some(database) = Database::new(TABLES, HELD, "hold = \"1s\"", &more) else { return };
    let gateway = database.gateway();
    let tap = Tap::before(database.port);
    plant(&database, tap.port).await;
    let ledger_is_told = || {
        let leaves = leaves(&database);
        let json = database.room.path("json.log");
        let told = std::fs::read_to_string(json).unwrap_or_default().lines().count();
        (leaves > 30 && told >= leaves).then_some(())
    };
    until("the sinks' part", ledger_is_told);
    for (_, hook) in &hooks {
        hook.posts(1);
    }
    std::thread::sleep(Duration::from_secs(2));
    let (status, said) = gateway.end();
    assert_eq!(status, Some(0), "{said}");
    database.room.run(&["verify", "blackbar-data", "--root-key", "root.key"]).ends(0);

    let canaries: Vec<(&str, String)> = PLACES.iter().map(|place| (*place, planted(place))).collect();
    let holds_none = |what: &str, bytes: &[u8]| {
        let secret = std::iter::once(("the credential", database.credential.clone()));
        for (place, canary) in canaries.iter().cloned().chain(secret) {
            for form in [canary.clone(), canary.replace('-', "")] {
                assert!(
                    memchr::memmem::find(bytes, form.as_bytes()).is_none(),
                    "what was planted as {place} is in {what}"
                );
            }
        }
    };
    for file in database.room.files().iter().filter(|file| !file.ends_with("/reserve")) {
        holds_none(file, &database.room.read(file));
    }
    holds_none("the log", said.as_bytes());
    holds_none("syslog", &syslog_got.lock().unwrap());
    assert!(syslog_got.lock().unwrap().len() > 10_000);
    for (format, hook) in &hooks {
        for post in hook.posts(1) {
            holds_none(&format!("what was posted as {format}"), post.head.as_bytes());
            holds_none(&format!("what was posted as {format}"), post.body.as_bytes());
        }
    }
    // Nor in the recordings, once they are deciphered, nor in any list or report.
    let sessions = database.sessions();
    for session in &sessions {
        for format in ["text", "jsonl", "asciinema"] {
            let replayed = database.room.run(&["sessions", "replay", session, "--format", format]).ends(0).out;
            holds_none(&format!("the replay as {format}"), &replayed);
        }
        holds_none("what is shown", &database.room.run(&["sessions", "show", session]).ends(0).out);
    }
    // Who does not get in has no session.
    assert_eq!(sessions.len(), 2, "{sessions:?}");
    for command in [&["sessions", "list"][..], &["sessions", "report"], &["approvals", "list"]] {
        holds_none(&command.join(" "), &database.room.run(command).out);
    }
    // And the client got back no value of a column that is hidden.
    let got = tap.connections().concat();
    for canary in ["219-09-9999", "536-22-8726", &planted("row")] {
        assert!(memchr::memmem::find(&got, canary.as_bytes()).is_none(), "{canary}");
    }
}

fn leaves(database: &Database) -> usize {
    use blackbar_ledger::{LeafIndex, Reader};

    let reader = Reader::open(&database.room.path("blackbar-data"), None);
    reader.leaves(LeafIndex::FIRST).map_or(0, |leaves| leaves.filter(Result::is_ok).count())
}

/// Says each of them once, where it belongs.
async fn plant(database: &Database, port: u16) {
    // Who does not get in, by each part of what it says of itself.
    for (user, name, password) in [
        ("agent-7", "ehr", planted("password")),
        (&*planted("user"), "ehr", "bb-nothing".to_owned()),
        ("agent-7", &*planted("database"), database.credential.clone()),
    ] {
        let mut config = database.config(port);
        assert!(config.user(user).dbname(name).password(password).connect(NoTls).await.is_err());
    }
    let mut config = database.config(port);
    config.application_name(format!("nightly for SSN {}", planted("application_name")));
    // Whether or not such an option is taken.
    let option = format!("-c blackbar.reason=SSN:{}", planted("startup option"));
    let _ = config.clone().options(option).connect(NoTls).await;
    let (client, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    let client = &client;
    let of = |place: &str| planted(place);
    let good = [
        format!("SELECT 1 AS one -- of the patient with SSN {}", of("comment")),
        format!("SELECT /* SSN {} /* nested */ */ 2 AS two", of("block comment")),
        format!("SELECT 3 AS \"SSN {}\"", of("alias")),
        format!("SELECT id FROM patients WHERE ssn = '{}' AND id = 1", of("literal")),
        format!("SELECT $tag$SSN {}$tag$ AS quoted", of("dollar quote")),
        format!("SET blackbar.reason = 'SSN {}'", of("reason")),
        format!("SET application_name = 'SSN {}'", of("setting")),
        format!("DO $$ BEGIN RAISE NOTICE 'SSN {}'; END $$", of("notice")),
        format!("BEGIN; SAVEPOINT \"SSN {}\"; ROLLBACK", of("savepoint")),
        format!("BEGIN; DECLARE \"SSN {}\" CURSOR FOR SELECT 1 AS one; ROLLBACK", of("cursor")),
        format!("PREPARE \"SSN {}\" AS SELECT 1 AS one", of("statement name")),
        format!("LISTEN \"SSN {}\"", of("channel")),
        format!("NOTIFY letters, 'SSN {}'", of("payload")),
        format!("INSERT INTO patients (id, ssn, note) VALUES (9, '{0}', 'SSN: {0}')", of("row")),
        "SELECT id, ssn, note FROM patients WHERE id = 9".to_owned(),
    ];
    for text in &good {
        if let Err(error) = client.simple_query(text).await {
            panic!("{text}: {error:?}");
        }
    }
    let bad = [
        format!("SELECT id FROM \"SSN {}\"", of("quoted identifier")),
        format!("SELECT 'SSN {}'::int", of("error text")),
    ];
    for text in &bad {
        assert!(client.simple_query(text).await.is_err(), "{text}");
    }
    client.query("SELECT id FROM patients WHERE ssn = $1 AND id = 1", &[&of("bind value")]).await.unwrap();
    let mut sink = Box::pin(client.copy_in("COPY inbox FROM STDIN").await.unwrap());
    sink.send(bytes::Bytes::from(format!("1\tSSN {}\n", of("copied in")))).await.unwrap();
    sink.as_mut().finish().await.unwrap();
    // What people are asked about is kept where they look: redacted.
    let held = format!("SELECT id, 'SSN {}' AS of FROM patients", of("held statement"));
    assert!(client.simple_query(&held).await.is_err());
    let held = client.query("SELECT id, $1::text AS of FROM patients", &[&format!("SSN {}", of("held value"))]).await;
    assert!(held.is_err());
}
