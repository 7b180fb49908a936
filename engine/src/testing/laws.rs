//! The laws of streaming, as functions that panic when one is broken. Tests and fuzz targets share them.

use crate::lens::Format;
use crate::{Finding, Profile, Raw, Scanner, Segment, Stats, naive};

/// What came out of a stream.
#[derive(Clone, Debug)]
pub struct Streamed {
    /// The output.
    pub bytes: Vec<u8>,
    /// What was found.
    pub findings: Vec<Finding>,
    /// The counts.
    pub stats: Stats,
}

/// Streams `doc`, cut before each offset of `cuts`.
#[must_use]
pub fn stream(scanner: &Scanner, profile: &Profile, format: Format, doc: &[u8], cuts: &[usize]) -> Streamed {
    let mut redactor = scanner.redactor_for(profile, format, "document");
    let mut out = Streamed { bytes: Vec::new(), findings: Vec::new(), stats: Stats::default() };
    let mut take = |redactor: &mut crate::Redactor| {
        while let Some(segment) = redactor.poll() {
            out.bytes.extend_from_slice(segment.bytes().as_bytes());
            out.findings.extend(segment.finding().cloned());
        }
    };
    let mut from = 0;
    for &to in cuts.iter().chain([&doc.len()]) {
        let to = to.clamp(from, doc.len());
        redactor.push(Raw::from(doc.get(from..to).unwrap_or_default().to_vec()));
        take(&mut redactor);
        from = to;
    }
    redactor.finish();
    take(&mut redactor);
    out.stats = redactor.stats().clone();
    out
}

/// *Split law*: however the input is cut, output and findings are the same.
///
/// # Panics
///
/// When they are not.
pub fn split(
    whole: &Streamed,
    scanner: &Scanner,
    profile: &Profile,
    format: Format,
    doc: &[u8],
    cuts: &[usize],
) -> Streamed {
    let cut = stream(scanner, profile, format, doc, cuts);
    assert_same(&cut, &whole.bytes, &whole.findings, &format_args!("split law: {format} cut at {cuts:?}"));
    bound(&cut);
    cut
}

/// *Oracle law*: the stream equals the naive implementation.
///
/// # Panics
///
/// When it does not.
#[must_use]
pub fn oracle(scanner: &Scanner, profile: &Profile, format: Format, doc: &[u8]) -> Streamed {
    let whole = stream(scanner, profile, format, doc, &[]);
    let (bytes, findings) = naive::redact(scanner, profile, format, "document", doc);
    assert_same(&whole, &bytes, &findings, &format_args!("oracle law: {format}"));
    bound(&whole);
    whole
}

/// *Bound law*: no more is held back than the window; and the counts add up.
///
/// # Panics
///
/// When more is held.
pub fn bound(run: &Streamed) {
    let stats = &run.stats;
    assert!(stats.most_held <= stats.window, "bound law: {} held, window {}", stats.most_held, stats.window);
    assert_eq!(stats.kept + stats.replaced, stats.bytes_in, "every input byte is kept or replaced");
    assert_eq!(stats.kept + stats.written, stats.bytes_out, "every output byte is kept or written");
    assert_eq!(stats.bytes_out, run.bytes.len() as u64, "the output is as long as it is counted");
    assert_eq!(stats.total(), run.findings.len() as u64, "every finding is counted");
}

/// *Copy law*: apart from replacements, at most two windows are copied at each chunk boundary. For texts without
/// escapes, in chunks of 512 bytes and more.
///
/// # Panics
///
/// When more is copied.
pub fn copy(run: &Streamed, chunks: usize) {
    let most = 2 * crate::WIDEST_WINDOW * chunks;
    assert!(run.stats.copied <= most as u64, "copy law: {} copied in {chunks} chunks", run.stats.copied);
}

/// *Bulk law*: several jobs give the same as one stream.
///
/// # Panics
///
/// When they do not.
pub fn bulk(
    one: &Streamed,
    scanner: &Scanner,
    profile: &Profile,
    format: Format,
    doc: &[u8],
    cuts: &[usize],
    jobs: usize,
) {
    let mut bulk = scanner.bulk(profile, format, "document", jobs);
    let mut out = Streamed { bytes: Vec::new(), findings: Vec::new(), stats: Stats::default() };
    let mut take = |bulk: &mut crate::Bulk| {
        while let Some(segment) = bulk.poll() {
            out.bytes.extend_from_slice(segment.bytes().as_bytes());
            out.findings.extend(segment.finding().cloned());
        }
    };
    let mut from = 0;
    for &to in cuts.iter().chain([&doc.len()]) {
        bulk.push(Raw::from(doc.get(from..to).unwrap_or_default().to_vec()));
        take(&mut bulk);
        from = to;
    }
    bulk.finish();
    take(&mut bulk);
    out.stats = bulk.stats().clone();
    assert_same(&out, &one.bytes, &one.findings, &format_args!("bulk law: {format} on {jobs} jobs"));
    bound(&out);
    let counts =
        |stats: &Stats| (stats.findings.clone(), stats.allowed.clone(), stats.fallbacks.clone(), stats.kept_fields);
    assert_eq!(counts(&out.stats), counts(&one.stats), "bulk law: {format} on {jobs} jobs counts the same");
}

/// Applying the edits to the input gives the output.
///
/// # Panics
///
/// When it does not.
pub fn edits(scanner: &Scanner, profile: &Profile, format: Format, doc: &[u8]) {
    let mut redactor = scanner.redactor_for(profile, format, "document");
    redactor.push(Raw::from(doc.to_vec()));
    redactor.finish();
    let (mut out, mut edited, mut at, mut with) = (Vec::new(), Vec::new(), 0, Vec::new());
    while let Some(segment) = redactor.poll() {
        out.extend_from_slice(segment.bytes().as_bytes());
        match segment {
            Segment::Keep(_) | Segment::Found(_) => {}
            Segment::Cut { start, end, with } => {
                edited.extend_from_slice(slice(doc, at, start));
                edited.extend_from_slice(with.as_bytes());
                at = end;
            }
            Segment::Part(part) => with.extend_from_slice(part.as_bytes()),
            Segment::Replace { finding, with: last } => {
                with.extend_from_slice(last.as_bytes());
                let (start, end) = finding.first_piece();
                edited.extend_from_slice(slice(doc, at, start));
                edited.append(&mut with);
                at = end;
            }
        }
    }
    edited.extend_from_slice(slice(doc, at, doc.len() as u64));
    assert!(edited == out, "edits law: {format}");
}

fn slice(doc: &[u8], from: u64, to: u64) -> &[u8] {
    let index = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
    doc.get(index(from)..index(to)).unwrap_or_default()
}

fn assert_same(run: &Streamed, bytes: &[u8], findings: &[Finding], what: &dyn std::fmt::Display) {
    let key = |finding: &Finding| {
        let Finding { start, end, parts, kind, detector, confidence, field, operator, .. } = finding.clone();
        (start, end, parts, kind, detector, confidence, field, operator)
    };
    // A long one is told of when it is over, among those that began behind it.
    let sorted = |findings: &[Finding]| {
        let mut keys: Vec<_> = findings.iter().map(key).collect();
        keys.sort_by_key(|key| key.0);
        keys
    };
    let (ours, theirs) = (sorted(&run.findings), sorted(findings));
    if let Some(i) = (0..ours.len().max(theirs.len())).find(|&i| ours.get(i) != theirs.get(i)) {
        assert!(ours.get(i) == theirs.get(i), "{what}: finding {i}: {:?}, expected {:?}", ours.get(i), theirs.get(i));
    }
    let differs = run.bytes.iter().zip(bytes).position(|(a, b)| a != b);
    assert!(run.bytes == bytes, "{what}: output differs at {differs:?}, {} and {} bytes", run.bytes.len(), bytes.len());
}
