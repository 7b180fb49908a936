//! What a strict request waits for: two commits in series, against one sync of the same disk.
//!
//! ```text
//! cargo run --release -p blackbar-ledger --example latency -- FOLDER [REQUESTS]
//! ```
//!
//! One session, one request after the other: the request is on disk before it would go up, the answer before it would leave.
//! In turns with bare syncs of 4 KiB, so that both meet the same disk.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::panic)]

use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use blackbar_ledger::{Details, Direction, Ledger, Options, Outcome, RootKeyFile, SessionOpen};

fn main() {
    let mut args = std::env::args().skip(1);
    let folder = tempfile::tempdir_in(args.next().map_or_else(std::env::temp_dir, PathBuf::from)).unwrap();
    let requests: usize = args.next().map_or(500, |count| count.parse().expect("latency FOLDER [REQUESTS]"));
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let now = || SystemTime::now().into();
    let root = Arc::new(RootKeyFile::generate().unwrap());
    let ledger = Ledger::open(&data, root, Options::new("latency.example/one", "one"), now()).unwrap();
    let (mut session, ticket) = ledger.session(SessionOpen::new("agent-7", "fhir"), now()).unwrap();
    ticket.wait().unwrap();

    let bare = std::fs::File::create(folder.path().join("bare")).unwrap();
    bare.set_len(4096 * requests as u64).unwrap();
    bare.sync_all().unwrap();
    let (mut syncs, mut asked) = (Vec::new(), Vec::new());
    for at in 0..requests {
        let begun = Instant::now();
        bare.write_all_at(&[1; 4096], 4096 * at as u64).unwrap();
        bare.sync_data().unwrap();
        syncs.push(begun.elapsed());

        let begun = Instant::now();
        session.request(b"GET /Patient/7", Details::new().number("exchange", 1), now()).unwrap().wait().unwrap();
        session.response_block(Direction::ToClient, &[b'x'; 2000], now()).unwrap();
        session.response(Outcome::Success, Details::new(), now()).unwrap().wait().unwrap();
        asked.push(begun.elapsed());
    }
    session.close(Outcome::Success, Details::new(), now()).unwrap().wait().unwrap();
    ledger.close().unwrap();
    let (sync, request) = (quantiles(syncs), quantiles(asked));
    let millis = |time: Duration| time.as_secs_f64() * 1e3;
    println!("one sync:          p50 {:.2} ms, p99 {:.2} ms", millis(sync.0), millis(sync.1));
    println!("a strict request:  p50 {:.2} ms, p99 {:.2} ms", millis(request.0), millis(request.1));
    println!("p50 in syncs:      {:.2}", request.0.as_secs_f64() / sync.0.as_secs_f64());
}

/// The middle, and all but the slowest hundredth.
fn quantiles(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort();
    (times[times.len() / 2], times[times.len() * 99 / 100])
}
