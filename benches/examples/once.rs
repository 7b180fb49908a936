//! Reads one input once: `once INPUT KIBIBYTES`. For profilers; see the README of the benches.

use std::io::Write as _;

use blackbar_benches::inputs::{HOSTILE, TYPICAL};
use blackbar_benches::{chunks, redact, safe_harbor, scanner};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().ok_or("which input?")?;
    let kibibytes: usize = arguments.next().ok_or("how many KiB?")?.parse()?;
    let input = TYPICAL.iter().chain(&HOSTILE).find(|input| input.name == name).ok_or("no such input")?;
    let chunks = chunks(&(input.make)(kibibytes * 1024), 16 * 1024);
    let done = redact(&scanner()?, &safe_harbor(), input.format, &chunks);
    writeln!(std::io::stdout().lock(), "{name}: {kibibytes} KiB, {} findings, {} copied", done.findings, done.copied)?;
    Ok(())
}
