//! The real file system fails: at single system calls, by limits of the size of files, by being full.
//!
//! `BLACKBAR_FAULTS=60` fails each of the first 60 calls of every kind instead of some of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests are tests")]

mod common;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use blackbar_ledger::verify::{Checks, Report, folder};
use blackbar_ledger::{
    Admission, Details, Direction, Json, LeafIndex, Ledger, Options, Outcome, Reader, RootKey, RootKeyFile, SessionOpen,
};

fn options() -> Options {
    // Small files, so that all of them are changed, rotated and removed in a short run.
    Options { journal_file: 64 << 10, segment_file: 32 << 10, ..Options::new("clinic.example/faults", "one") }
}

fn root(data: &Path) -> Arc<dyn RootKey> {
    Arc::new(RootKeyFile::read(&data.join("../root.key")).unwrap())
}

fn now() -> blackbar_ledger::Time {
    SystemTime::now().into()
}

fn made(place: &Path) -> PathBuf {
    let data = place.join("data");
    std::fs::create_dir(&data).unwrap();
    RootKeyFile::generate().unwrap().write(&place.join("root.key")).unwrap();
    data
}

/// Records some sessions and prints what was acknowledged, until something fails. Started by the tests below, in a process
/// of its own.
#[test]
#[ignore = "is started by the tests below"]
fn child() {
    let Some(data) = std::env::var_os("BLACKBAR_FAULT_TEST") else { return };
    let data = Path::new(&data);
    let recorded = (|| -> blackbar_ledger::Result<()> {
        // Larger ones where files of some megabytes are wanted.
        let large = std::env::var_os("BLACKBAR_FAULT_LARGE").is_some();
        let options = if large { Options::new("clinic.example/faults", "one") } else { options() };
        let ledger = Ledger::open(data, root(data), options, now())?;
        for round in 0..12_u64 {
            let (mut session, _) = ledger.session(SessionOpen::new("agent-7", "ehr"), now())?;
            let marker = round.to_string();
            let ticket = session.request(b"asked", Details::new().text("marker", marker.as_str()), now())?;
            ticket.wait()?;
            acknowledge(&ticket, &marker);
            session.response_block(Direction::ToClient, &noise(if large { 300_000 } else { 9000 }, round), now())?;
            session.response(Outcome::Success, Details::new(), now())?.wait()?;
            session.close(Outcome::Success, Details::new(), now())?.wait()?;
            if round % 4 == 3 {
                ledger.checkpoint()?;
            }
        }
        ledger.close()
    })();
    let line = if recorded.is_ok() { "\nfinished\n" } else { "\nfailed\n" };
    std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
}

/// Bytes that do not compress.
fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}

fn acknowledge(ticket: &blackbar_ledger::Ticket, marker: &str) {
    let line = format!("\nack {} {marker}\n", ticket.leaf().unwrap());
    std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
}

/// What a run under `program` printed.
fn run(program: &str, before: &[String], data: &Path) -> Vec<String> {
    let mut command = Command::new(program);
    command.args(before).arg(std::env::current_exe().unwrap());
    command.args(["--exact", "child", "--ignored", "--nocapture", "--test-threads=1"]);
    let output =
        command.env("BLACKBAR_FAULT_TEST", data).stdout(Stdio::piped()).stderr(Stdio::null()).output().unwrap();
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

/// Starts again, and holds what is there against what was acknowledged.
fn recovered(data: &Path, lines: &[String], what: &str) -> Report {
    let ledger = Ledger::open(data, root(data), options(), now()).unwrap_or_else(|error| panic!("{what}: {error}"));
    ledger.close().unwrap();
    let report = folder(data, &Checks { root: Some(root(data)), ..Checks::default() }).unwrap();
    assert!(report.is_good(), "{what}: {:?}", report.findings);
    assert_eq!((report.tail_leaves, report.open_sessions), (0, 0), "{what}");
    let leaves: Vec<_> =
        Reader::open(data, None).leaves(LeafIndex::FIRST).unwrap().map(|leaf| leaf.unwrap().1).collect();
    for line in lines.iter().filter(|line| line.starts_with("ack ")) {
        let mut words = line.split(' ').skip(1);
        let (index, marker) = (words.next().unwrap().parse::<usize>().unwrap(), words.next().unwrap());
        let found = leaves.get(index).and_then(|leaf| leaf.detail("marker")).and_then(Json::as_text);
        assert_eq!(found, Some(marker), "{what}: leaf {index} was acknowledged");
    }
    report
}

#[test]
fn each_kind_of_call_may_fail_on_the_real_file_system() {
    let works = Command::new("strace").args(["-o", "/dev/null", "-e", "trace=none", "true"]).status();
    if !works.is_ok_and(|status| status.success()) {
        common::skipped("strace is not installed, or may not trace here");
        return;
    }
    let all: Option<u64> = std::env::var("BLACKBAR_FAULTS").ok().and_then(|text| text.parse().ok());
    let when: Vec<u64> = all.map_or_else(|| vec![1, 3, 8, 21], |all| (1..=all).collect());
    // By what is written, made durable, given its name, given room, shortened, removed.
    let calls = ["pwrite64", "fdatasync", "fsync", "rename", "fallocate", "ftruncate", "unlink", "mkdir", "openat"];
    let (mut runs, mut acknowledged) = (0, 0);
    let (mut unharmed, mut closed, mut killed) = (0, 0, 0);
    for call in calls {
        for fault in ["error=EIO", "error=ENOSPC", "signal=KILL"] {
            for when in &when {
                // The loader and the harness open files as well, before the ledger does.
                let at = if call == "openat" { when + 12 } else { *when };
                let place = tempfile::tempdir().unwrap();
                let data = made(place.path());
                let inject = format!("inject={call}:{fault}:when={at}");
                let before =
                    ["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={call}"), "-e", &inject].map(str::to_owned);
                let lines = run("strace", &before, &data);
                let says = |word: &str| lines.iter().any(|line| line == word);
                match (says("finished"), says("failed")) {
                    (true, _) => unharmed += 1,
                    (false, true) => closed += 1,
                    (false, false) if fault == "signal=KILL" => killed += 1,
                    (false, false) => panic!("{inject}: it neither went on nor said that it does not"),
                }
                acknowledged += lines.iter().filter(|line| line.starts_with("ack ")).count();
                runs += 1;
                recovered(&data, &lines, &inject);
            }
        }
    }
    println!(
        "{runs} runs: {closed} failed closed, {killed} were killed, {unharmed} did not make that call so often or went on; \
         {acknowledged} acknowledged records, none lost"
    );
    assert!(closed > runs / 8 && killed > runs / 12, "the faults did not hit: {closed} and {killed} of {runs}");
}

#[test]
fn writes_that_end_early_lose_nothing() {
    // The reserve is a twentieth of the file system: on a small one it is smaller than the journal that is to be cut.
    let Some(small) = Small::mounted("16m") else { return };
    let (mut hit, mut acknowledged) = (0, 0);
    for (number, blocks) in [1700, 1801, 1902, 2503, 3004, 3605, 4106, 5007, 6008, 60_000].into_iter().enumerate() {
        let place = small.0.path().join(number.to_string());
        std::fs::create_dir(&place).unwrap();
        let data = made(&place);
        // In units of 512 bytes. The write up to the limit is a short one; the next fails with EFBIG.
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; export BLACKBAR_FAULT_LARGE=1; exec \"$0\" \"$@\"");
        let lines = run("sh", &["-c".to_owned(), script], &data);
        hit += u64::from(!lines.iter().any(|line| line == "finished"));
        acknowledged += lines.iter().filter(|line| line.starts_with("ack ")).count();
        recovered(&data, &lines, &format!("files of at most {blocks} blocks"));
        std::fs::remove_dir_all(&place).unwrap();
    }
    println!("{hit} runs failed closed, {acknowledged} acknowledged records, none lost");
    assert!(hit >= 3 && acknowledged > 20, "{hit} hit, {acknowledged} acknowledged");
}

/// A small file system, gone with the test.
struct Small(tempfile::TempDir);

impl Small {
    fn mounted(size: &str) -> Option<Self> {
        let place = tempfile::tempdir().unwrap();
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "none"])
            .arg(place.path())
            .output();
        match mount {
            Ok(output) if output.status.success() => Some(Self(place)),
            _ => {
                common::skipped(&format!("a file system of {size} cannot be mounted here"));
                None
            }
        }
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk_refuses_at_once_ends_what_is_live_and_goes_on_when_there_is_room() {
    let Some(small) = Small::mounted("64m") else { return };
    let data = made(small.0.path());
    let ledger = Ledger::open(&data, root(&data), Options::new("clinic.example/full", "one"), now()).unwrap();
    assert_eq!(ledger.admission().unwrap(), Admission::Open);
    let (mut live, _) = ledger.session(SessionOpen::new("agent-7", "ehr"), now()).unwrap();

    // Somebody else fills it.
    let ballast = small.0.path().join("ballast");
    let mut file = std::fs::File::create(&ballast).unwrap();
    let block = vec![1; 1 << 20];
    while file.write_all(&block).is_ok() {}
    drop(file);
    let full = Instant::now();
    while ledger.admission().unwrap() == Admission::Open || ledger.admission().unwrap() == Admission::Warn {
        std::thread::sleep(Duration::from_millis(5));
    }
    let refused = full.elapsed();
    assert!(refused < Duration::from_secs(1), "{refused:?}");

    // What is live still finds room in the reserve, until that is used up as well; then it is ended.
    let mut acknowledged = Vec::new();
    for round in 0..400_u64 {
        let marker = round.to_string();
        let asked = live.request(b"asked", Details::new().text("marker", marker.as_str()), now());
        let Ok(ticket) = asked else { panic!("a live session was lost at {round}") };
        ticket.wait().unwrap();
        acknowledged.push((ticket.leaf().unwrap().value(), marker));
        live.response_block(Direction::ToClient, &noise(20_000, round), now()).unwrap();
        live.response(Outcome::Success, Details::new(), now()).unwrap().wait().unwrap();
        if ledger.admission().unwrap() == Admission::EndLive {
            break;
        }
    }
    assert_eq!(ledger.admission().unwrap(), Admission::EndLive);
    live.close(Outcome::Interrupted, Details::new(), now()).unwrap().wait().unwrap();
    ledger.tick(now()).unwrap();
    assert!(ledger.stopped().is_none());

    std::fs::remove_file(&ballast).unwrap();
    let freed = Instant::now();
    while ledger.admission().unwrap() != Admission::Open {
        ledger.tick(now()).unwrap();
        assert!(freed.elapsed() < Duration::from_secs(2), "{:?}", ledger.admission());
    }
    let (mut again, _) = ledger.session(SessionOpen::new("agent-7", "ehr"), now()).unwrap();
    again.request(b"asked", Details::new(), now()).unwrap().wait().unwrap();
    again.close(Outcome::Success, Details::new(), now()).unwrap().wait().unwrap();
    ledger.close().unwrap();
    let report = folder(&data, &Checks { root: Some(root(&data)), ..Checks::default() }).unwrap();
    assert!(report.is_good(), "{:?}", report.findings);
    let leaves: Vec<_> =
        Reader::open(&data, None).leaves(LeafIndex::FIRST).unwrap().map(|leaf| leaf.unwrap().1).collect();
    for (index, marker) in &acknowledged {
        let found = leaves.get(usize::try_from(*index).unwrap()).and_then(|leaf| leaf.detail("marker"));
        assert_eq!(found.and_then(Json::as_text), Some(marker.as_str()));
    }
    println!("refused after {refused:?}, {} requests from the reserve, none lost", acknowledged.len());
}
