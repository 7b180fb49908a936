//! What small chunks cost, and what hostile inputs do: `limits [MEBIBYTES]`, of the longest hostile input (16).
//!
//! Processor time of this thread, so other work on the machine disturbs it less than it disturbs rates.

use std::io::Write as _;

use blackbar_benches::inputs::{HOSTILE, Input, TYPICAL};
use blackbar_benches::{chunks, redact, safe_harbor, scanner};
use blackbar_engine::{Profile, Scanner};
use rustix::time::{ClockId, clock_gettime};

const MEBIBYTE: usize = 1 << 20;
/// What is read in each size of chunks, and how often: the best counts.
const READ: usize = 2 * MEBIBYTE;
const TURNS: usize = 3;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let longest: usize = std::env::args().nth(1).map_or(Ok(16), |word| word.parse())?;
    let (scanner, profile) = (scanner()?, safe_harbor());
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{:12} {:>10} {:>12} {:>11} {:>20}",
        "input", "1 B, ns/B", "1.4 KB, MB/s", "64 KB, MB/s", "1.4 KB beside 64 KB"
    )?;
    for input in &TYPICAL {
        // A byte at a time is slow, and tells nothing new after a while.
        let [bytes, frames, blocks] = [(1, READ / 16), (1400, READ), (64 * 1024, READ)]
            .map(|(chunk, len)| seconds(&scanner, &profile, input, chunk, len, TURNS) / len as f64);
        writeln!(
            out,
            "{:12} {:>10.0} {:>12.1} {:>11.1} {:>18.0} %",
            input.name,
            bytes * 1e9,
            1e-6 / frames,
            1e-6 / blocks,
            (frames / blocks - 1.0) * 100.0
        )?;
    }
    let sizes: Vec<usize> = (0..).map(|step| 1 << (2 * step)).take_while(|size| *size <= longest).collect();
    write!(out, "\n{:12}", "MB/s, 16 KB")?;
    for size in &sizes {
        write!(out, " {:>8} MiB", size)?;
    }
    writeln!(out)?;
    for input in TYPICAL.iter().take(1).chain(&HOSTILE) {
        write!(out, "{:12}", input.name)?;
        for size in &sizes {
            let len = size * MEBIBYTE;
            write!(out, " {:>12.1}", len as f64 / 1e6 / seconds(&scanner, &profile, input, 16 * 1024, len, 1))?;
            out.flush()?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// The least time of some turns.
fn seconds(scanner: &Scanner, profile: &Profile, input: &Input, chunk: usize, len: usize, turns: usize) -> f64 {
    let chunks = chunks(&(input.make)(len), chunk);
    let turn = |_| {
        let before = processor_time();
        let _ = redact(scanner, profile, input.format, &chunks);
        processor_time() - before
    };
    (0..turns).map(turn).fold(f64::INFINITY, f64::min)
}

/// Seconds of processor time of this thread.
fn processor_time() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
