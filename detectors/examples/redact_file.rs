//! Redacts one file: `cargo run -p blackbar-detectors --example redact_file -- IN OUT`.
//!
//! What the library does not do for a program: it opens nothing, decompresses nothing, and a finished file appears here
//! only because this example renames it at the end. The command `blackbar redact` does all that.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;

use blackbar_detectors::{ALL, fields, lexicon, values::Phi};
use blackbar_engine::{Format, Profile, Raw, Redactor, Rules, SNIFF, Scanner, Sniffed, sniff};

/// How much is read at once. It bounds memory; the output is the same with any other.
const CHUNK: usize = 64 * 1024;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [from, to] = arguments.as_slice() else { return Err("usage: redact_file IN OUT".into()) };
    // Both are made once and shared by all streams, in any thread.
    let (scanner, profile) = (scanner()?, Rules::safe_harbor(Arc::new(Phi { year: 2026 })).build()?);
    let counts = redact_file(&scanner, &profile, Path::new(from), Path::new(to))?;
    let mut err = io::stderr().lock();
    for (kind, count) in counts {
        writeln!(err, "{kind}: {count}")?;
    }
    Ok(())
}

/// Everything that comes with the crate.
fn scanner() -> Result<Scanner, Box<dyn Error>> {
    let builder = Scanner::builder().detectors(ALL.iter().copied()).lexicon(lexicon());
    Ok(builder.fields(Arc::new(fields::BuiltIn)).build()?)
}

/// Writes `from` without identifiers to `to`, and says how many there were of each kind.
fn redact_file(
    scanner: &Scanner,
    profile: &Profile,
    from: &Path,
    to: &Path,
) -> Result<BTreeMap<&'static str, u64>, Box<dyn Error>> {
    let input = File::open(from)?;
    let mut first = Vec::new();
    (&input).take(SNIFF as u64).read_to_end(&mut first)?;
    let format = format_of(&first)?;
    let name = from.file_name().unwrap_or_default().to_string_lossy();
    let mut redactor = scanner.redactor_for(profile, format, &name);

    // What is half written is never found under its final name.
    let unfinished = to.with_extension("unfinished");
    let mut output = File::create(&unfinished)?;
    let mut counts = BTreeMap::new();
    let mut chunk = first;
    while !chunk.is_empty() {
        redactor.push(Raw::from(chunk));
        settle(&mut redactor, &mut output, &mut counts)?;
        chunk = Vec::with_capacity(CHUNK);
        (&input).take(CHUNK as u64).read_to_end(&mut chunk)?;
    }
    redactor.finish();
    settle(&mut redactor, &mut output, &mut counts)?;
    output.sync_all()?;
    fs::rename(unfinished, to)?;
    Ok(counts)
}

/// Which lens reads the file. What no lens can look into is refused, not passed on.
fn format_of(first: &[u8]) -> Result<Format, Box<dyn Error>> {
    match sniff(first, first.len() < SNIFF) {
        Sniffed::Format(format) => Ok(format),
        Sniffed::Utf16 { .. } => Err("UTF-16 has to be decoded first".into()),
        Sniffed::Unreadable(why) => Err(format!("it is {why}, which cannot be inspected").into()),
    }
}

/// Writes what is settled. What is kept are slices of the input: nothing is copied on the way here.
fn settle(
    redactor: &mut Redactor,
    output: &mut impl Write,
    counts: &mut BTreeMap<&'static str, u64>,
) -> io::Result<()> {
    while let Some(segment) = redactor.poll() {
        output.write_all(segment.bytes().as_bytes())?;
        if let Some(finding) = segment.finding() {
            *counts.entry(finding.kind.id()).or_default() += 1;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_becomes_one_without_identifiers() {
        let folder = std::env::temp_dir().join(format!("blackbar-example-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (from, to) = (folder.join("visits.ndjson"), folder.join("clean.ndjson"));
        // Longer than the head by which the format is told, and than a chunk.
        let line = "{\"resourceType\":\"Patient\",\"birthDate\":\"1961-03-14\",\"gender\":\"female\"}\n";
        fs::write(&from, line.repeat(2000)).unwrap();
        let profile = Rules::safe_harbor(Arc::new(Phi { year: 2026 })).build().unwrap();
        let counts = redact_file(&scanner().unwrap(), &profile, &from, &to).unwrap();
        assert_eq!(counts.into_iter().collect::<Vec<_>>(), [("date", 2000)]);
        assert_eq!(fs::read_to_string(&to).unwrap(), line.replace("1961-03-14", "1961").repeat(2000));

        fs::write(&from, b"%PDF-1.7 ...").unwrap();
        assert!(redact_file(&scanner().unwrap(), &profile, &from, &to).is_err());
        fs::remove_dir_all(folder).unwrap();
    }
}
