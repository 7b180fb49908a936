//! A process that records is killed at random moments; what it was told is recorded must be there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests are tests")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use blackbar_ledger::verify::{Checks, folder};
use blackbar_ledger::{
    Details, Direction, Json, LeafIndex, Ledger, Options, Outcome, Reader, RootKey, RootKeyFile, SessionOpen,
};

/// `BLACKBAR_KILLS=1000` kills as often as a release is held to.
const ROUNDS: u64 = 100;
const ROUNDS_IN_ONE_FOLDER: u64 = 10;

fn open(data: &Path, root: Arc<dyn RootKey>) -> Ledger {
    let options =
        Options { journal_file: 1 << 20, segment_file: 1 << 20, ..Options::new("clinic.example/kill", "one") };
    Ledger::open(data, root, options, SystemTime::now().into()).unwrap()
}

fn root(data: &Path) -> Arc<dyn RootKey> {
    Arc::new(RootKeyFile::read(&data.join("../root.key")).unwrap())
}

/// Records from several threads for ever, and prints what was acknowledged. Started by the other test, in a process of
/// its own.
#[test]
#[ignore = "is started by the test below"]
fn child() {
    let Some(data) = std::env::var_os("BLACKBAR_KILL_TEST") else { return };
    let data = Path::new(&data);
    let ledger = open(data, root(data));
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let ledger = ledger.clone();
            scope.spawn(move || record(&ledger, thread));
        }
        loop {
            ledger.tick(SystemTime::now().into()).unwrap();
            std::thread::sleep(Duration::from_millis(20));
        }
    });
}

fn record(ledger: &Ledger, thread: u32) {
    for round in 0.. {
        let now = SystemTime::now().into();
        let (mut session, _) = ledger.session(SessionOpen::new(format!("agent-{thread}"), "ehr"), now).unwrap();
        for request in 0..3 {
            let marker = format!("{thread}/{round}/{request}");
            let ticket =
                session.request(marker.as_bytes(), Details::new().text("marker", marker.as_str()), now).unwrap();
            ticket.wait().unwrap();
            acknowledge(&ticket, &marker);
            session.response_block(Direction::ToClient, &[b'x'; 3000], now).unwrap();
            let ticket =
                session.response(Outcome::Success, Details::new().text("marker", marker.as_str()), now).unwrap();
            ticket.wait().unwrap();
            acknowledge(&ticket, &marker);
        }
        session.close(Outcome::Success, Details::new(), now).unwrap().wait().unwrap();
    }
}

fn acknowledge(ticket: &blackbar_ledger::Ticket, marker: &str) {
    // One write a line, so that lines of several threads stay whole; the test harness takes what is printed.
    let line = format!("\nack {} {marker}\n", ticket.leaf().unwrap());
    std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
}

#[test]
fn nothing_that_was_acknowledged_is_lost_when_the_process_is_killed() {
    let mut acknowledged = 0;
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let rounds = std::env::var("BLACKBAR_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(ROUNDS);
    for _ in 0..rounds / ROUNDS_IN_ONE_FOLDER {
        let place = tempfile::tempdir().unwrap();
        let data = place.path().join("data");
        std::fs::create_dir(&data).unwrap();
        RootKeyFile::generate().unwrap().write(&place.path().join("root.key")).unwrap();
        let mut lines = Vec::new();
        for round in 0..ROUNDS_IN_ONE_FOLDER {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            lines.extend(killed_after(&data, Duration::from_millis((seed >> 33) % 60), round % 5 == 4));
        }
        acknowledged += lines.len();
        check(&data, &lines);
    }
    println!("{rounds} rounds, {acknowledged} acknowledged records, none lost");
    assert!(acknowledged > 1000, "the rounds were too short to mean anything: {acknowledged}");
}

/// Runs the child until it is killed, so long after its first record, or after its start; gives the lines that it wrote in
/// whole.
fn killed_after(data: &Path, time: Duration, early: bool) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--ignored", "--nocapture"])
        .env("BLACKBAR_KILL_TEST", data)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let output = child.stdout.take().unwrap();
    let (begun, has_begun) = std::sync::mpsc::channel();
    let reading = std::thread::spawn(move || {
        let lines = BufReader::new(output).lines().map_while(Result::ok).filter(|line| line.starts_with("ack "));
        lines
            .inspect(|_| {
                // Nobody listens after the first.
                let _ = begun.send(());
            })
            .collect::<Vec<_>>()
    });
    if early {
        // While it mends what the round before left.
        std::thread::sleep(time);
    } else {
        has_begun.recv_timeout(Duration::from_secs(30)).expect("nothing was recorded in half a minute");
        std::thread::sleep(time);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let mut lines = reading.join().unwrap();
    // The last one may be cut.
    lines.pop();
    lines
}

fn check(data: &Path, lines: &[String]) {
    // Before anything is mended, the published part is good already.
    if data.join("log/checkpoint").exists() {
        let report = folder(data, &Checks::default()).unwrap();
        assert!(report.is_good(), "{:?}", report.findings);
    }
    let ledger = open(data, root(data));
    ledger.close().unwrap();
    let report = folder(data, &Checks { root: Some(root(data)), ..Checks::default() }).unwrap();
    assert!(report.is_good(), "{:?}", report.findings);
    assert_eq!((report.tail_leaves, report.open_sessions), (0, 0));

    let reader = Reader::open(data, None);
    let leaves: Vec<_> = reader.leaves(LeafIndex::FIRST).unwrap().map(|leaf| leaf.unwrap().1).collect();
    for line in lines {
        let mut words = line.split(' ').skip(1);
        let (index, marker) = (words.next().unwrap().parse::<usize>().unwrap(), words.next().unwrap());
        let found = leaves.get(index).and_then(|leaf| leaf.detail("marker")).and_then(Json::as_text);
        assert_eq!(found, Some(marker), "leaf {index} was acknowledged");
    }
}
