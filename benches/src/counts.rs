//! What is counted beside the time, and compared with what was written down: these figures do not depend on a machine.

use std::fmt;

use blackbar_engine::{Format, Profile, Raw, Redactor, Scanner};
use bytes::Bytes;

use crate::inputs::{HOSTILE, Input, TYPICAL};
use crate::{Done, chunks, redact};

/// The sizes of chunks: a byte, a packet's worth of trouble, an Ethernet frame, a TLS record, a file read.
pub const CHUNKS: [(&str, usize); 5] =
    [("1B", 1), ("64B", 64), ("1.4KB", 1400), ("16KB", 16 * 1024), ("1MB", 1024 * 1024)];

/// How much of an input is counted; little of it in chunks of one byte, which tell nothing new after that.
#[must_use]
pub const fn counted_len(chunk: usize) -> usize {
    if chunk == 1 { 16 * 1024 } else { 256 * 1024 }
}

/// One stream, counted.
#[derive(Clone, Debug)]
pub struct Row {
    /// `notes/16KB`
    pub name: String,
    /// Bytes that went in.
    pub len: usize,
    /// What the stream did.
    pub done: Done,
    /// How often it asked for memory, from its opening to its end.
    pub allocations: u64,
    /// The most memory it held at once, in bytes.
    pub most_memory: u64,
}

/// Counts every input in chunks of every size.
#[must_use]
pub fn all(scanner: &Scanner, profile: &Profile) -> Vec<Row> {
    // What is made once for all streams is not counted with the first.
    let _ = redact(scanner, profile, TYPICAL[0].format, &[(TYPICAL[0].make)(4096)]);
    let inputs = || TYPICAL.iter().chain(&HOSTILE);
    inputs().flat_map(|input| CHUNKS.map(|chunk| row(scanner, profile, input, chunk))).collect()
}

fn row(scanner: &Scanner, profile: &Profile, input: &Input, (name, size): (&str, usize)) -> Row {
    let doc = (input.make)(counted_len(size));
    let chunks = chunks(&doc, size);
    let mut done = Done::default();
    let info = allocation_counter::measure(|| done = redact(scanner, profile, input.format, &chunks));
    Row {
        name: format!("{}/{name}", input.name),
        len: doc.len(),
        done,
        allocations: info.count_total,
        most_memory: info.bytes_max,
    }
}

/// Bytes that a stream in this format holds while nothing comes, after it was fed `fed` and gave out what it could.
#[must_use]
pub fn idle(scanner: &Scanner, profile: &Profile, format: Format, fed: &Bytes) -> u64 {
    // What is made once for all streams is not counted with this one.
    drop(fed_a_little(scanner, profile, format, fed));
    let mut stream = None;
    let info = allocation_counter::measure(|| stream = Some(fed_a_little(scanner, profile, format, fed)));
    let on_the_stack = size_of::<Redactor>() as u64;
    drop(stream);
    u64::try_from(info.bytes_current).unwrap_or(0) + on_the_stack
}

/// An open stream that was fed `fed` and rests.
#[must_use]
pub fn fed_a_little(scanner: &Scanner, profile: &Profile, format: Format, fed: &Bytes) -> Redactor {
    let mut redactor = scanner.redactor_for(profile, format, "document");
    // As from a socket: a buffer of its own.
    redactor.push(Raw::from(fed.to_vec()));
    while redactor.poll().is_some() {}
    redactor.rest();
    redactor
}

/// What an idle stream may hold at most.
pub const MOST_IDLE: u64 = 4 * 1024;

/// The formats that a gateway streams, each with the beginning of a stream that stops in the middle of something.
pub const STREAMED: [(Format, &str); 9] = [
    (Format::Text, "Pt. John Kowalczyk (MRN 4839201, DOB 3/14/1961) called from 617-555-01"),
    (Format::Json, "{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"Kowalczyk\",\"given\":[\"Jo"),
    (Format::Ndjson, "{\"resourceType\":\"Patient\",\"birthDate\":\"1961-03-14\"}\n{\"resourceType\":\"Pat"),
    (Format::CSV, "name,mrn,born\nKowalczyk,4839201,1961-03-14\nQuix"),
    (Format::Hl7, "MSH|^~\\&|A|B|C|D|202601011200||ADT^A01|1|P|2.5\rPID|1||4839201^^^H^MR||Kowalczyk^Jo"),
    (Format::Xml, "<ClinicalDocument><recordTarget><patient><name><family>Kowalczyk</family><given>Jo"),
    (Format::Copy, "7\tKowalczyk\t1961-03-14\n8\tQuix"),
    (
        Format::Sse,
        "data: {\"choices\":[{\"delta\":{\"content\":\"Mr. Kowal\"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"con",
    ),
    (Format::Log, "2026-01-01T12:00:00Z INFO user=kowalczyk ip=10.1.2.3 path=/Pat"),
];

/// The head of a table of rows.
pub const HEAD: &str = "# input/chunk        bytes  findings    copied  allocations  most memory";

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Done { findings, copied, .. } = self.done;
        let Self { name, len, allocations, most_memory, .. } = self;
        write!(f, "{name:<18} {len:>7} {findings:>9} {copied:>9} {allocations:>12} {most_memory:>12}")
    }
}

/// Compares with what was written down: the same findings, the same bytes copied, and no more memory than noise explains.
///
/// # Errors
///
/// With the rows that differ.
pub fn compare(rows: &[Row], written: &str) -> Result<(), String> {
    let lines: Vec<Vec<&str>> = written
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .map(|line| line.split_whitespace().collect())
        .collect();
    let mut wrong: Vec<String> = Vec::new();
    for row in rows {
        let line = lines.iter().find(|line| line.first() == Some(&row.name.as_str()));
        let same = line.is_some_and(|line| {
            let figure = |at: usize| line.get(at).and_then(|word| word.parse::<u64>().ok());
            // Optimisers leave out some allocations, and the standard library moves.
            let within =
                |ours: u64, theirs: Option<u64>| theirs.is_some_and(|theirs| ours <= theirs + theirs / 10 + 16);
            let within_bytes = |ours, theirs: Option<u64>| within(ours, theirs.map(|bytes| bytes + 4096));
            figure(1) == Some(row.len as u64)
                && figure(2) == Some(row.done.findings)
                && figure(3) == Some(row.done.copied)
                && within(row.allocations, figure(4))
                && within_bytes(row.most_memory, figure(5))
        });
        if !same {
            let was = line.map_or_else(|| "nothing".into(), |line| line.join(" "));
            wrong.push(format!("{row}\n  written down: {was}"));
        }
    }
    if lines.len() != rows.len() {
        wrong.push(format!("{} rows are counted, {} written down", rows.len(), lines.len()));
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{safe_harbor, scanner};

    #[test]
    fn an_idle_stream_holds_little() {
        let (scanner, profile) = (scanner().unwrap(), safe_harbor());
        let held = STREAMED.map(|(format, fed)| (format.name(), idle(&scanner, &profile, format, &Bytes::from(fed))));
        let more: Vec<_> = held.iter().filter(|(_, bytes)| *bytes > MOST_IDLE).collect();
        assert!(more.is_empty(), "{more:?} of {held:?}");
    }

    fn rows() -> Vec<Row> {
        let done = Done { findings: 3, copied: 100, out: 9 };
        vec![Row { name: "notes/1B".into(), len: 9, done, allocations: 1000, most_memory: 9000 }]
    }

    fn written(rows: &[Row]) -> String {
        rows.iter().fold(format!("{HEAD}\n"), |text, row| format!("{text}{row}\n"))
    }

    #[test]
    fn what_was_written_down_is_the_same_and_anything_else_is_not() {
        assert_eq!(compare(&rows(), &written(&rows())), Ok(()));
        let changes: [fn(&mut Row); 6] = [
            |row| row.name.push('2'),
            |row| row.len += 1,
            |row| row.done.findings -= 1,
            |row| row.done.copied += 1,
            |row| row.allocations += 200,
            |row| row.most_memory += 10_000,
        ];
        for change in changes {
            let mut changed = rows();
            change(&mut changed[0]);
            assert!(compare(&changed, &written(&rows())).is_err(), "{}", changed[0]);
        }
        assert!(compare(&[], &written(&rows())).is_err());
    }

    #[test]
    fn fewer_allocations_are_no_failure() {
        let mut fewer = rows();
        fewer[0].allocations = 10;
        assert_eq!(compare(&fewer, &written(&rows())), Ok(()));
    }
}
