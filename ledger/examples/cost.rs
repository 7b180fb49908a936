//! What recording costs: CPU seconds a gigabyte, and how much smaller the recording is.
//!
//! ```text
//! cargo run --release -p blackbar-ledger --example cost -- FILE N_MB [LEVEL] [FOLDER]
//! ```
//!
//! FILE is content as delivered, say masked FHIR NDJSON; it is repeated until N_MB megabytes were recorded. Chunks are of
//! 16 KiB, and nothing waits for the disk before the end: this measures work, not latency.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::panic)]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use blackbar_ledger::{Details, Direction, Ledger, Options, Outcome, RootKeyFile, SessionOpen};

fn main() {
    let mut args = std::env::args().skip(1);
    let usage = "cost FILE N_MB [LEVEL] [FOLDER]";
    let content = std::fs::read(args.next().expect(usage)).expect("FILE cannot be read");
    let megabytes: u64 = args.next().expect(usage).parse().expect(usage);
    let level: i32 = args.next().map_or(1, |level| level.parse().expect(usage));
    let folder = args.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = tempfile::tempdir_in(folder).unwrap();

    let root = Arc::new(RootKeyFile::generate().unwrap());
    let options = Options { compression: level, ..Options::new("cost.example/cost", "one") };
    let now = || SystemTime::now().into();
    let ledger = Ledger::open(folder.path(), root, options, now()).unwrap();
    let (mut session, _) = ledger.session(SessionOpen::new("agent-7", "fhir"), now()).unwrap();

    let (started, cpu) = (Instant::now(), cpu_seconds());
    drop(session.request(b"GET /Patient?_count=1000", Details::new(), now()).unwrap());
    let (mut written, limit) = (0, megabytes * 1_000_000);
    'all: loop {
        for chunk in content.chunks(16 * 1024) {
            session.response_block(Direction::ToClient, chunk, now()).unwrap();
            written += chunk.len() as u64;
            if written >= limit {
                break 'all;
            }
            if ledger.backlog() > 16 * 1024 * 1024 {
                session.seal(now()).unwrap().wait().unwrap();
            }
        }
    }
    session.response(Outcome::Success, Details::new(), now()).unwrap().wait().unwrap();
    session.close(Outcome::Success, Details::new(), now()).unwrap().wait().unwrap();
    ledger.close().unwrap();
    let (wall, cpu) = (started.elapsed().as_secs_f64(), cpu_seconds() - cpu);

    let recorded = size_of(&folder.path().join("recordings"));
    let log = size_of(&folder.path().join("log"));
    let gigabytes = written as f64 / 1e9;
    println!(
        "{written} bytes, zstd level {level}: {:.2} s CPU a GB, {:.2} s wall a GB",
        cpu / gigabytes,
        wall / gigabytes
    );
    println!("recording {:.3} of its size, log {log} bytes", recorded as f64 / written as f64);
}

/// User and system time of this process.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks = |at: usize| fields[at].parse::<f64>().unwrap();
    // Fields 14 and 15, counted from 1; the name in parentheses was the second. A hundred ticks a second.
    (ticks(11) + ticks(12)) / 100.0
}

fn size_of(folder: &std::path::Path) -> u64 {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { size_of(&path) } else { path.metadata().unwrap().len() }).sum()
}
