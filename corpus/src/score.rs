//! Scores findings against labels.
//!
//! - *Full-cover recall*: the share of labels every byte of which lies in some finding, of whatever kind. What is
//!   missing here has leaked.
//! - *Kind-correct recall*: as before, but only findings of an acceptable kind cover. Kinds of one [`family`] may be
//!   confused without harm.
//! - *Precision* of a found kind: the share of its findings that touch any label at all.
//! - *Byte F1*: agreement on which bytes are identifiers.
//! - *False positives per 100 KB*, on documents without any label.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::{Document, Format, Label};

/// A span that a detector reported.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Found {
    /// The first byte.
    pub start: usize,
    /// One after the last byte.
    pub end: usize,
    /// The kind it was reported as.
    pub kind: String,
}

/// Adds up documents, then reports.
#[derive(Clone, Debug, Default)]
pub struct Scorer {
    kinds: BTreeMap<String, Tally>,
    formats: BTreeMap<&'static str, Tally>,
    overall: Tally,
    clean_bytes: u64,
    clean_findings: u64,
    clean_by_kind: BTreeMap<String, u64>,
    misses: Vec<Miss>,
    false_positives: Vec<Miss>,
    decoys: BTreeMap<String, (u64, u64)>,
}

/// Counts for a kind, a format, or everything.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Tally {
    /// Labels.
    pub labels: u64,
    /// Labels that findings of any kind cover whole.
    pub covered: u64,
    /// Labels that findings of acceptable kinds cover whole.
    pub covered_in_kind: u64,
    /// Findings; for a kind, those reported as it.
    pub findings: u64,
    /// Findings that touch a label.
    pub touching: u64,
    /// Bytes in labels.
    pub label_bytes: u64,
    /// Bytes in findings.
    pub found_bytes: u64,
    /// Bytes in both.
    pub common_bytes: u64,
}

/// Something that went wrong at a place in a document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Miss {
    /// The document.
    pub document: String,
    /// The label, or the false finding.
    pub span: Label,
    /// How many of its bytes no finding covers (all of them, for a false finding).
    pub bare_bytes: usize,
}

impl Scorer {
    /// Nothing scored yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Scores one document of `length` bytes. Spans may come in any order and overlap.
    pub fn add(&mut self, name: &str, format: Format, length: usize, labels: &[Label], found: &[Found]) {
        let all = merged(found.iter().map(|f| (f.start, f.end)));
        let wanted = merged(labels.iter().map(|l| (l.start, l.end)));
        let mut total = Tally {
            label_bytes: bytes(&wanted),
            found_bytes: bytes(&all),
            common_bytes: common(&wanted, &all),
            ..Tally::default()
        };
        for label in labels {
            let bare = (label.end - label.start) - overlap(&all, label.start, label.end);
            let family = family(&label.kind);
            let same = found.iter().filter(|f| self::family(&f.kind) == family).map(|f| (f.start, f.end));
            let same = merged(same);
            let in_kind = overlap(&same, label.start, label.end);
            let tally = self.kinds.entry(base(&label.kind).to_owned()).or_default();
            let size = label.end - label.start;
            let one = Tally {
                labels: 1,
                covered: u64::from(bare == 0),
                covered_in_kind: u64::from(in_kind == size),
                label_bytes: size as u64,
                common_bytes: (size - bare) as u64,
                ..Tally::default()
            };
            tally.add(&one);
            total.add(&Tally { label_bytes: 0, common_bytes: 0, ..one });
            if bare > 0 {
                self.misses.push(Miss { document: name.to_owned(), span: label.clone(), bare_bytes: bare });
            }
        }
        for finding in found {
            let touches = overlap(&wanted, finding.start, finding.end) > 0;
            let tally = self.kinds.entry(base(&finding.kind).to_owned()).or_default();
            tally.findings += 1;
            tally.touching += u64::from(touches);
            tally.found_bytes += finding.end.saturating_sub(finding.start) as u64;
            total.findings += 1;
            total.touching += u64::from(touches);
            if !touches {
                let span = Label { start: finding.start, end: finding.end, kind: finding.kind.clone() };
                let bare_bytes = finding.end.saturating_sub(finding.start);
                self.false_positives.push(Miss { document: name.to_owned(), span, bare_bytes });
            }
        }
        if labels.is_empty() {
            self.clean_bytes += length as u64;
            self.clean_findings += found.len() as u64;
            for finding in found {
                *self.clean_by_kind.entry(base(&finding.kind).to_owned()).or_default() += 1;
            }
        }
        self.formats.entry(format.name()).or_default().add(&total);
        self.overall.add(&total);
    }

    /// Scores one generated document, and counts which of its hard negatives were taken for identifiers.
    pub fn add_document(&mut self, document: &Document, found: &[Found]) {
        self.add(&document.name, document.format, document.text.len(), &document.labels, found);
        let wanted = merged(document.labels.iter().map(|l| (l.start, l.end)));
        // A finding that runs from a label into a decoy is no false finding.
        let wrong = found.iter().filter(|f| overlap(&wanted, f.start, f.end) == 0).map(|f| (f.start, f.end));
        let wrong = merged(wrong);
        for decoy in &document.decoys {
            let (taken, all) = self.decoys.entry(decoy.kind.clone()).or_default();
            *all += 1;
            *taken += u64::from(overlap(&wrong, decoy.start, decoy.end) > 0);
        }
    }

    /// Per sort of hard negative: how many were taken for an identifier, of how many.
    pub fn decoys(&self) -> &BTreeMap<String, (u64, u64)> {
        &self.decoys
    }

    /// Counts per kind; sub-kinds are counted under the kind before the colon.
    pub fn kinds(&self) -> &BTreeMap<String, Tally> {
        &self.kinds
    }

    /// Counts per format.
    pub fn formats(&self) -> &BTreeMap<&'static str, Tally> {
        &self.formats
    }

    /// Counts over all documents.
    pub fn overall(&self) -> &Tally {
        &self.overall
    }

    /// Findings per 100 KB (100,000 bytes) of documents without labels; nothing when there were none.
    pub fn false_positives_per_100kb(&self) -> Option<f64> {
        (self.clean_bytes > 0).then(|| ratio(self.clean_findings, self.clean_bytes) * 100_000.0)
    }

    /// Labels that are not covered whole: those with the most bare bytes first, then in order of appearance.
    pub fn misses(&self) -> Vec<&Miss> {
        by_size(&self.misses)
    }

    /// Findings that touch no label, the longest first.
    pub fn false_positives(&self) -> Vec<&Miss> {
        by_size(&self.false_positives)
    }

    /// A stable text for snapshots: a line per kind, per format, and overall.
    pub fn render(&self) -> String {
        let mut out = String::from(
            "what                  labels  covered   recall  in-kind  findings     true  precision  byte-f1\n",
        );
        for (kind, tally) in &self.kinds {
            row(&mut out, kind, tally);
        }
        for (format, tally) in &self.formats {
            row(&mut out, &format!("format:{format}"), tally);
        }
        row(&mut out, "overall", &self.overall);
        match self.false_positives_per_100kb() {
            Some(rate) => {
                let _ = writeln!(
                    out,
                    "clean documents: {} findings in {} bytes, {rate:.2} per 100 KB",
                    self.clean_findings, self.clean_bytes
                );
                for (kind, count) in &self.clean_by_kind {
                    let _ = writeln!(out, "  {kind}: {count}");
                }
            }
            None => out.push_str("clean documents: none\n"),
        }
        for (sort, (taken, all)) in self.decoys.iter().filter(|(_, (taken, _))| *taken > 0) {
            let _ = writeln!(out, "decoys {sort}: {taken} of {all} taken");
        }
        out
    }
}

impl Tally {
    /// The share of labels that are covered whole; 1 when there are none.
    pub fn recall(&self) -> f64 {
        if self.labels == 0 { 1.0 } else { ratio(self.covered, self.labels) }
    }

    /// The share of labels that findings of acceptable kinds cover whole; 1 when there are none.
    pub fn recall_in_kind(&self) -> f64 {
        if self.labels == 0 { 1.0 } else { ratio(self.covered_in_kind, self.labels) }
    }

    /// The share of findings that touch a label; 1 when there are none.
    pub fn precision(&self) -> f64 {
        if self.findings == 0 { 1.0 } else { ratio(self.touching, self.findings) }
    }

    /// The harmonic mean of byte precision and byte recall; 1 when there is nothing to find and nothing found.
    pub fn byte_f1(&self) -> f64 {
        let sum = self.label_bytes + self.found_bytes;
        if sum == 0 { 1.0 } else { 2.0 * ratio(self.common_bytes, sum) }
    }

    fn add(&mut self, other: &Self) {
        self.labels += other.labels;
        self.covered += other.covered;
        self.covered_in_kind += other.covered_in_kind;
        self.findings += other.findings;
        self.touching += other.touching;
        self.label_bytes += other.label_bytes;
        self.found_bytes += other.found_bytes;
        self.common_bytes += other.common_bytes;
    }
}

/// The family of a kind: kinds of one family may be confused with each other without harm.
pub fn family(kind: &str) -> &str {
    match base(kind) {
        "mrn" | "health-plan" | "account" | "card" | "license" | "npi" | "dea" | "device" | "vehicle" | "other-id" => {
            "id"
        }
        "phone" | "fax" => "phone",
        "location" | "facility" | "zip" => "location",
        other => other,
    }
}

/// The kind before a colon.
pub fn base(kind: &str) -> &str {
    kind.split(':').next().unwrap_or(kind)
}

fn row(out: &mut String, what: &str, tally: &Tally) {
    // A kind's byte F1 needs the bytes of its own findings only, which overlap other kinds' labels; it is given for
    // formats and overall, where it means something.
    let f1 = if what == "overall" || what.starts_with("format:") {
        format!("{:.4}", tally.byte_f1())
    } else {
        "-".to_owned()
    };
    let share = |n: u64, value: f64| if n == 0 { "-".to_owned() } else { format!("{value:.4}") };
    let _ = writeln!(
        out,
        "{what:<20} {:>7} {:>8} {:>8} {:>8} {:>9} {:>8} {:>10} {f1:>8}",
        tally.labels,
        tally.covered,
        share(tally.labels, tally.recall()),
        share(tally.labels, tally.recall_in_kind()),
        tally.findings,
        tally.touching,
        share(tally.findings, tally.precision()),
    );
}

fn by_size(misses: &[Miss]) -> Vec<&Miss> {
    let mut sorted: Vec<&Miss> = misses.iter().collect();
    sorted.sort_by(|a, b| {
        b.bare_bytes.cmp(&a.bare_bytes).then_with(|| (&a.document, a.span.start).cmp(&(&b.document, b.span.start)))
    });
    sorted
}

/// Sorted spans without overlap that cover the same bytes; empty and reversed spans vanish.
fn merged(spans: impl Iterator<Item = (usize, usize)>) -> Vec<(usize, usize)> {
    let mut spans: Vec<(usize, usize)> = spans.filter(|(start, end)| start < end).collect();
    spans.sort_unstable();
    let mut merged: Vec<(usize, usize)> = Vec::with_capacity(spans.len());
    for (start, end) in spans {
        match merged.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    merged
}

/// How many bytes of `start..end` lie in `merged` spans.
fn overlap(merged: &[(usize, usize)], start: usize, end: usize) -> usize {
    let first = merged.partition_point(|span| span.1 <= start);
    merged[first..]
        .iter()
        .take_while(|span| span.0 < end)
        .map(|span| span.1.min(end).saturating_sub(span.0.max(start)))
        .sum()
}

fn bytes(merged: &[(usize, usize)]) -> u64 {
    merged.iter().map(|(start, end)| (end - start) as u64).sum()
}

fn common(a: &[(usize, usize)], b: &[(usize, usize)]) -> u64 {
    a.iter().map(|&(start, end)| overlap(b, start, end) as u64).sum()
}

fn ratio(part: u64, whole: u64) -> f64 {
    // Counts of a corpus are far below 2^53.
    part as f64 / whole as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(start: usize, end: usize, kind: &str) -> Label {
        Label { start, end, kind: kind.to_owned() }
    }

    fn found(start: usize, end: usize, kind: &str) -> Found {
        Found { start, end, kind: kind.to_owned() }
    }

    /// Two documents, worked out by hand.
    fn example() -> Scorer {
        let mut scorer = Scorer::new();
        // 10 label bytes of a name found in two touching pieces; an MRN found as an account (same family); an SSN found
        // as a phone (covered, wrong family); an age of which one of two bytes is bare; and one false finding.
        scorer.add(
            "a.txt",
            Format::Text,
            100,
            &[label(0, 10, "name:patient"), label(20, 28, "mrn"), label(40, 51, "ssn"), label(60, 62, "age")],
            &[
                found(5, 10, "name"),
                found(0, 5, "name:provider"),
                found(20, 28, "account"),
                found(39, 52, "phone"),
                found(61, 62, "age"),
                found(70, 75, "date"),
            ],
        );
        // A clean document with one false finding.
        scorer.add("b.json", Format::Json, 50_000, &[], &[found(7, 9, "date")]);
        scorer
    }

    #[test]
    fn overall_figures() {
        let scorer = example();
        let overall = scorer.overall();
        assert_eq!((overall.labels, overall.covered, overall.covered_in_kind), (4, 3, 2));
        assert_eq!((overall.findings, overall.touching), (7, 5));
        // Labels: 10+8+11+2 = 31. Findings: 10+8+13+1+5+2 = 39. Common: 10+8+11+1 = 30. F1 = 60/70.
        assert_eq!((overall.label_bytes, overall.found_bytes, overall.common_bytes), (31, 39, 30));
        assert!((overall.byte_f1() - 60.0 / 70.0).abs() < 1e-12);
        assert!((overall.recall() - 0.75).abs() < 1e-12);
    }

    #[test]
    fn kinds_and_clean_documents() {
        let scorer = example();
        assert_eq!(scorer.kinds()["name"].covered_in_kind, 1);
        assert_eq!(scorer.kinds()["mrn"].covered_in_kind, 1);
        assert_eq!(scorer.kinds()["ssn"].covered, 1);
        assert_eq!(scorer.kinds()["ssn"].covered_in_kind, 0);
        assert_eq!((scorer.kinds()["date"].findings, scorer.kinds()["date"].touching), (2, 0));
        assert_eq!(scorer.false_positives_per_100kb(), Some(2.0));
        let misses = scorer.misses();
        assert_eq!(misses.len(), 1);
        assert_eq!((misses[0].span.kind.as_str(), misses[0].bare_bytes), ("age", 1));
        assert_eq!(scorer.false_positives()[0].document, "a.txt");
    }

    #[test]
    fn overlapping_findings_count_their_bytes_once() {
        let mut scorer = Scorer::new();
        scorer.add(
            "c",
            Format::Csv,
            20,
            &[label(2, 8, "phone")],
            &[found(2, 6, "fax"), found(4, 9, "phone"), found(3, 3, "phone")],
        );
        let overall = scorer.overall();
        assert_eq!((overall.found_bytes, overall.common_bytes, overall.covered_in_kind), (7, 6, 1));
        // The empty finding touches nothing.
        assert_eq!((overall.findings, overall.touching), (3, 2));
    }

    #[test]
    fn decoys_that_fooled_are_counted() {
        let document = Document {
            name: "d.txt".to_owned(),
            format: Format::Text,
            text: vec![b' '; 60],
            labels: vec![label(0, 5, "date")],
            decoys: vec![label(6, 9, "dose"), label(20, 24, "dose"), label(30, 35, "vitals")],
            values: vec!["     ".to_owned()],
        };
        let mut scorer = Scorer::new();
        // The first runs on from a label and is not counted; the second is false; vitals stay untouched.
        scorer.add_document(&document, &[found(0, 8, "date"), found(22, 26, "date")]);
        assert_eq!(scorer.decoys()["dose"], (1, 2));
        assert_eq!(scorer.decoys()["vitals"], (0, 1));
        assert!(scorer.render().ends_with("decoys dose: 1 of 2 taken\n"));
    }

    #[test]
    fn rendering_is_stable() {
        assert_eq!(
            example().render(),
            "\
what                  labels  covered   recall  in-kind  findings     true  precision  byte-f1
account                    0        0        -        -         1        1     1.0000        -
age                        1        0   0.0000   0.0000         1        1     1.0000        -
date                       0        0        -        -         2        0     0.0000        -
mrn                        1        1   1.0000   1.0000         0        0          -        -
name                       1        1   1.0000   1.0000         2        2     1.0000        -
phone                      0        0        -        -         1        1     1.0000        -
ssn                        1        1   1.0000   0.0000         0        0          -        -
format:json                0        0        -        -         1        0     0.0000   0.0000
format:text                4        3   0.7500   0.5000         6        5     0.8333   0.8824
overall                    4        3   0.7500   0.5000         7        5     0.7143   0.8571
clean documents: 1 findings in 50000 bytes, 2.00 per 100 KB
  date: 1
"
        );
    }

    #[test]
    fn nothing_scored_is_no_division_by_zero() {
        let scorer = Scorer::new();
        assert_eq!(scorer.false_positives_per_100kb(), None);
        assert!((scorer.overall().recall() - 1.0).abs() < f64::EPSILON);
        assert!(scorer.render().contains("clean documents: none"));
    }
}
