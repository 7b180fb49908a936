//! Prints what `benches/expected.txt` holds.

use std::io::Write as _;

use blackbar_benches::{counts, safe_harbor, scanner};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", counts::HEAD)?;
    for row in counts::all(&scanner()?, &safe_harbor()) {
        writeln!(out, "{row}")?;
    }
    Ok(())
}
