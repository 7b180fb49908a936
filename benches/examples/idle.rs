//! Opens many streams, feeds each a little and leaves it: what they hold by the system's count. `idle [STREAMS]`.

use std::error::Error;
use std::io::Write as _;
use std::process::Command;

use blackbar_benches::counts::{MOST_IDLE, STREAMED, fed_a_little, idle};
use blackbar_benches::{safe_harbor, scanner};
use bytes::Bytes;

/// What so many idle streams are wanted to hold together, by the system's count.
const MOST_TOGETHER: u64 = 100_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let streams: usize = arguments.first().map_or(Ok(20_000), |word| word.parse())?;
    if let Some(name) = arguments.get(1) {
        return one(streams, name);
    }
    writeln!(
        std::io::stdout(),
        "{:8} {:>10} {:>14} {:>16}",
        "format",
        "bytes held",
        "resident each",
        "resident in all"
    )?;
    let mut beyond = Vec::new();
    for (format, _) in STREAMED {
        // Each in a process of its own: what a format frees would be room for the next.
        let status = Command::new(std::env::current_exe()?).args([&streams.to_string(), format.name()]).status()?;
        if !status.success() {
            beyond.push(format.name());
        }
    }
    if beyond.is_empty() { Ok(()) } else { Err(format!("more than is wanted: {}", beyond.join(", ")).into()) }
}

fn one(streams: usize, name: &str) -> Result<(), Box<dyn Error>> {
    let (scanner, profile) = (scanner()?, safe_harbor());
    let (format, fed) = STREAMED.iter().find(|(format, _)| format.name() == name).ok_or("no such format")?;
    let fed = Bytes::from(*fed);
    let held = idle(&scanner, &profile, *format, &fed);
    let before = resident()?;
    let open: Vec<_> = (0..streams).map(|_| fed_a_little(&scanner, &profile, *format, &fed)).collect();
    let together = resident()?.saturating_sub(before);
    writeln!(std::io::stdout(), "{name:8} {held:>10} {:>14} {together:>16}", together / streams.max(1) as u64)?;
    drop(open);
    if held > MOST_IDLE || together > MOST_TOGETHER { Err("more than is wanted".into()) } else { Ok(()) }
}

/// Bytes of memory that the system counts as ours.
fn resident() -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("the system does not say")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
}
