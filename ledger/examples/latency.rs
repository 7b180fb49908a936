//! What a strict request waits for: two commits in series, against one sync of the same disk.
//!
//! ```text
//! cargo run --release -p blackbar-ledger --example latency -- FOLDER [REQUESTS]
//! ```
//!
//! One session, one request after the other: the request is on disk before it would go up, the answer before it would leave.
//! In turns with bare syncs of 4 KiB, so that both meet the same disk: of a file that has its length and no blocks yet, as one that
//! grows, and of one whose blocks are there, as those of the journal are.
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

    let growing = std::fs::File::create(folder.path().join("growing")).unwrap();
    growing.set_len(4096 * requests as u64).unwrap();
    growing.sync_all().unwrap();
    let in_place = std::fs::File::create(folder.path().join("in-place")).unwrap();
    in_place.write_all_at(&vec![0; 4096 * requests], 0).unwrap();
    in_place.sync_all().unwrap();
    let (mut grown, mut written, mut asked) = (Vec::new(), Vec::new(), Vec::new());
    for at in 0..requests {
        for (file, syncs) in [(&growing, &mut grown), (&in_place, &mut written)] {
            let begun = Instant::now();
            file.write_all_at(&[1; 4096], 4096 * at as u64).unwrap();
            file.sync_data().unwrap();
            syncs.push(begun.elapsed());
        }

        let begun = Instant::now();
        session.request(b"GET /Patient/7", Details::new().number("exchange", 1), now()).unwrap().wait().unwrap();
        session.response_block(Direction::ToClient, &[b'x'; 2000], now()).unwrap();
        session.response(Outcome::Success, Details::new(), now()).unwrap().wait().unwrap();
        asked.push(begun.elapsed());
    }
    session.close(Outcome::Success, Details::new(), now()).unwrap().wait().unwrap();
    ledger.close().unwrap();
    let (grown, written, request) = (quantiles(grown), quantiles(written), quantiles(asked));
    let millis = |time: Duration| time.as_secs_f64() * 1e3;
    let ratio = |of: Duration| request.0.as_secs_f64() / of.as_secs_f64();
    println!("a sync of new blocks: p50 {:.2} ms, p99 {:.2} ms", millis(grown.0), millis(grown.1));
    println!("a sync in place:      p50 {:.2} ms, p99 {:.2} ms", millis(written.0), millis(written.1));
    println!("a strict request:     p50 {:.2} ms, p99 {:.2} ms", millis(request.0), millis(request.1));
    println!("p50 in syncs:         {:.2} of new blocks, {:.2} in place", ratio(grown.0), ratio(written.0));
}

/// The middle, and all but the slowest hundredth.
fn quantiles(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort();
    (times[times.len() / 2], times[times.len() * 99 / 100])
}
