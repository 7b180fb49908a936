//! `blackbar scan`

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Stdout};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use blackbar_engine::{Finding, Profile, Raw, Redactor, Scanner, Segment};
use serde::Serialize;

use super::{Access, access, format, tell};
use crate::cli::{Global, Scan, ScanFormat};
use crate::config::Config;
use crate::error::{Error, Id};
use crate::exit::Exit;
use crate::input::{self, Source, walk};
use crate::notes;
use crate::output::is_closed;
use crate::output::ordered::Ordered;
use crate::progress::Progress;
use crate::registry;
use crate::stream::{Flow, Step, Stream, Taker, pump};
use crate::trail::{Place, Trail};
use crate::work;

pub(crate) fn run(args: &Scan, global: &Global) -> Result<Exit, Error> {
    let style = Style::of(args)?;
    let config = Config::load(global.config.as_deref())?;
    let scanner = registry::scanner(&config.site.detectors()?)?;
    for kind in &args.kinds {
        registry::check_kind(&scanner, kind, "--kinds")?;
    }
    let allow = super::allowed(&config)?;
    let profile = super::finding_profile(args.min_confidence, allow.clone())?;
    let near = if args.explain { Some(super::finding_profile(1, allow)?) } else { None };
    let format = format(&args.reading.input)?;
    let found = walk::find(&args.reading.paths, &args.reading.glob)?;

    let jobs = work::start(args.reading.jobs);
    let out = Ordered::new(io::stdout());
    let progress = Progress::start();
    let job = Job {
        args,
        scanner: &scanner,
        profile: &profile,
        near: near.as_ref(),
        format,
        style,
        out: &out,
        progress: &progress,
        jobs,
    };
    let failed = AtomicBool::new(!found.failures.is_empty());
    let total = AtomicU64::new(0);
    for (name, error) in found.failures {
        tell(&name, error, false);
    }
    let tallies = work::each(found.sources.len(), jobs, |number| {
        let Some(source) = found.sources.get(number) else { return Tally::default() };
        let name = source.name();
        let answer = work::guarded(|| job.one(number, source, &name));
        out.done(number);
        let tally = answer.unwrap_or_else(|error| {
            failed.store(true, Ordering::Relaxed);
            tell(&name, error, false);
            Tally::default()
        });
        total.fetch_add(tally.findings(), Ordering::Relaxed);
        tally
    });
    drop(progress);
    match out.finish() {
        Err(error) if is_closed(&error) => return Ok(Exit::Done),
        Err(error) => return Err(Error::io(Id::OutputUnwritable, "stdout cannot be written", &error)),
        Ok(_) => {}
    }
    if style == Style::Summary {
        summary(&tallies)?;
    }
    let total = total.into_inner();
    if style == Style::Pretty {
        notes::note(format_args!("{total} findings in {} inputs", tallies.len()));
    }
    Ok(match (failed.into_inner(), args.fail && total > 0) {
        (true, _) => Exit::Failed,
        (false, true) => Exit::Bad,
        (false, false) => Exit::Done,
    })
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Style {
    Pretty,
    Jsonl,
    Summary,
    Names,
    Counts,
}

impl Style {
    fn of(args: &Scan) -> Result<Self, Error> {
        let terminal = io::stdout().is_terminal();
        if args.explain && !terminal {
            let error = Error::new(Id::TerminalOnly, "--explain is for a terminal, and stdout is none");
            return Err(error.hint("take it off: the other formats have stable shapes"));
        }
        Ok(match (args.files_with_findings, args.count, args.format) {
            (true, ..) => Self::Names,
            (_, true, _) => Self::Counts,
            (_, _, Some(ScanFormat::Pretty)) => Self::Pretty,
            (_, _, Some(ScanFormat::Jsonl)) => Self::Jsonl,
            (_, _, Some(ScanFormat::Summary)) => Self::Summary,
            (_, _, None) if terminal => Self::Pretty,
            (_, _, None) => Self::Jsonl,
        })
    }

    /// Whether findings are shown one by one.
    fn lists(self) -> bool {
        matches!(self, Self::Pretty | Self::Jsonl)
    }
}

/// What all inputs share.
struct Job<'j> {
    args: &'j Scan,
    scanner: &'j Scanner,
    profile: &'j Profile,
    near: Option<&'j Profile>,
    format: Option<blackbar_engine::Format>,
    style: Style,
    out: &'j Ordered<Stdout>,
    progress: &'j Progress,
    jobs: usize,
}

/// Findings per kind of one input.
#[derive(Debug, Default)]
struct Tally {
    kinds: BTreeMap<&'static str, u64>,
}

impl Tally {
    fn findings(&self) -> u64 {
        self.kinds.values().sum()
    }
}

impl Job<'_> {
    fn one(&self, number: usize, source: &Source, name: &str) -> Result<Tally, Error> {
        let mut input = match access(input::open(source, self.format, None), self.args.reading.unsupported)? {
            Access::Open(input) => input,
            Access::Skipped(error) => {
                tell(name, error, true);
                return Ok(Tally::default());
            }
        };
        notes::info(format_args!("{name}: {}, {}", input.format, input.coding.name()));
        let near = self.near.map(|profile| self.scanner.redactor_for(profile, input.format, ""));
        let stream = Stream::new(self.scanner, self.profile, &input, "", self.jobs);
        let mut taker = Listing {
            job: self,
            number,
            name,
            begun: None,
            tally: Tally::default(),
            lines: Vec::new(),
            near,
            explained: Explained::default(),
        };
        let placed = self.style.lists();
        pump(&mut input, stream, placed, &mut taker, &|bytes| self.progress.read(bytes))?;
        let Listing { tally, mut lines, .. } = taker;
        match self.style {
            Style::Names if tally.findings() > 0 => lines.extend(format!("{name}\n").into_bytes()),
            Style::Counts => lines.extend(format!("{name}:{}\n", tally.findings()).into_bytes()),
            _ => {}
        }
        self.out.put(number, &mut lines);
        Ok(tally)
    }

    fn takes(&self, finding: &Finding) -> bool {
        self.args.kinds.is_empty() || self.args.kinds.iter().any(|kind| finding.kind.is(kind))
    }
}

/// Lists the findings of one input.
struct Listing<'l> {
    job: &'l Job<'l>,
    number: usize,
    name: &'l str,
    /// Where a finding begins that is not over.
    begun: Option<Place>,
    tally: Tally,
    lines: Vec<u8>,
    /// The same input, looked at with the least confidence.
    near: Option<Redactor>,
    explained: Explained,
}

/// What `--explain` gathers between two pauses.
#[derive(Default)]
struct Explained {
    /// Lines with the offset that they are about.
    lines: Vec<(u64, String)>,
    /// Findings that count, to tell near misses from them.
    found: Vec<(u64, u64)>,
    /// What only just did not count.
    near: Vec<Finding>,
}

/// A line of jsonl. The shape is a contract.
#[derive(Serialize)]
struct Line<'l> {
    path: &'l str,
    start: u64,
    end: u64,
    line: u64,
    column: u64,
    kind: &'l str,
    detector: &'l str,
    confidence: f64,
    field: Option<&'l str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parts: Vec<(u64, u64)>,
}

/// So many bytes of lines are gathered before they are written.
const GATHERED: usize = 64 << 10;
/// So much of a value is shown to people.
const SHOWN: usize = 80;

impl Taker for Listing<'_> {
    fn see(&mut self, text: &bytes::Bytes) {
        if let Some(near) = &mut self.near {
            near.push(Raw::from(text.clone()));
            self.explained.near.extend(polled(near));
        }
    }

    fn take(&mut self, step: Step<'_>) -> Result<Flow, Error> {
        match step.segment {
            Segment::Keep(_) | Segment::Cut { .. } => {}
            Segment::Part(_) => {
                if self.job.style.lists() && self.begun.is_none() {
                    self.begun = Some(step.trail.place(step.at));
                }
            }
            Segment::Replace { finding, .. } | Segment::Found(finding) => {
                let begun = self.begun.take();
                if self.near.is_some() {
                    self.explained.found.push((finding.start, finding.end));
                }
                if self.job.takes(finding) {
                    *self.tally.kinds.entry(finding.kind.id()).or_default() += 1;
                    match self.job.style {
                        Style::Jsonl => self.jsonl(finding, begun, step.trail),
                        Style::Pretty => self.pretty(finding, begun, step.trail, ""),
                        Style::Names => return Ok(Flow::Stop),
                        Style::Summary | Style::Counts => {}
                    }
                }
            }
        }
        Ok(self.hand_over(GATHERED))
    }

    fn pause(&mut self, at: u64, trail: &Trail) -> Result<Flow, Error> {
        if self.near.is_some() {
            self.explain(at, trail);
        }
        Ok(self.hand_over(1))
    }
}

impl Listing<'_> {
    fn hand_over(&mut self, least: usize) -> Flow {
        let goes_on = self.lines.len() < least || self.job.out.put(self.number, &mut self.lines);
        if goes_on { Flow::Go } else { Flow::Stop }
    }

    fn jsonl(&mut self, finding: &Finding, begun: Option<Place>, trail: &Trail) {
        let start = begun.unwrap_or_else(|| trail.place(finding.start));
        let raw = |offset| trail.place(offset).raw;
        let line = Line {
            path: self.name,
            start: start.raw,
            end: raw(finding.end),
            line: start.line,
            column: start.column,
            kind: finding.kind.id(),
            detector: registry::detector_id(self.job.scanner, finding),
            confidence: share(finding.confidence),
            field: finding.field.as_deref(),
            parts: finding.parts.iter().map(|(start, end)| (raw(*start), raw(*end))).collect(),
        };
        // Strings and numbers into memory: this cannot fail.
        if serde_json::to_writer(&mut self.lines, &line).is_ok() {
            self.lines.push(b'\n');
        }
    }

    fn pretty(&mut self, finding: &Finding, begun: Option<Place>, trail: &Trail, mark: &str) {
        let Place { line, column, .. } = begun.unwrap_or_else(|| trail.place(finding.start));
        let whole = [(finding.start, finding.end)];
        let parts = if finding.parts.is_empty() { &whole[..] } else { &finding.parts };
        let mut value = Vec::new();
        for &(start, end) in parts {
            let room = (4 * SHOWN).saturating_sub(value.len()) as u64;
            value.extend_from_slice(&trail.text(start, end.min(start + room)));
        }
        let value = shown_value(&value, self.job.args.show);
        let detector = registry::detector_id(self.job.scanner, finding);
        let mut text = format!("{}:{line}:{column}: ", self.name);
        let _ = write!(text, "{} {value} ({detector}, {:.2}", paint(finding.kind.id()), share(finding.confidence));
        if let Some(field) = &finding.field {
            let _ = write!(text, ", field {field}");
        }
        if self.near.is_some() {
            let _ = write!(text, ", because: {}", finding.reason);
        }
        let _ = writeln!(text, "){mark}");
        if self.near.is_some() {
            self.explained.lines.push((finding.start, text));
        } else {
            self.lines.extend_from_slice(text.as_bytes());
        }
    }

    /// Shows what was found before `at` and what was nearly found there, in order.
    fn explain(&mut self, at: u64, trail: &Trail) {
        if let Some(near) = &mut self.near {
            self.explained.near.extend(polled(near));
        }
        let (ready, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.explained.near).into_iter().partition(|near| near.end <= at);
        self.explained.near = later;
        for near in ready {
            let counts = self.explained.found.iter().any(|(start, end)| near.start < *end && *start < near.end);
            if !counts && near.confidence < self.job.args.min_confidence && self.job.takes(&near) {
                self.pretty(&near, None, trail, " near miss");
            }
        }
        let mut lines = std::mem::take(&mut self.explained.lines);
        lines.sort_by_key(|(start, _)| *start);
        for (_, line) in lines {
            self.lines.extend_from_slice(line.as_bytes());
        }
        self.explained.found.retain(|(_, end)| *end + (1 << 20) > at);
    }
}

fn polled(redactor: &mut Redactor) -> Vec<Finding> {
    let mut findings = Vec::new();
    while let Some(segment) = redactor.poll() {
        findings.extend(segment.finding().cloned());
    }
    findings
}

/// Percent as a share.
fn share(percent: u8) -> f64 {
    f64::from(percent) / 100.0
}

/// A value for people: masked, or as it is but for what would disturb a terminal.
fn shown_value(value: &[u8], show: bool) -> String {
    let text = String::from_utf8_lossy(value);
    let cut = if text.chars().count() > SHOWN { "…" } else { "" };
    let visible = text.chars().take(SHOWN).map(|c| match c {
        _ if !show => '*',
        c if c.is_control() => '\u{b7}',
        c => c,
    });
    visible.collect::<String>() + cut
}

fn paint(kind: &str) -> String {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) || !io::stdout().is_terminal();
    if plain { kind.to_owned() } else { format!("\x1b[1;33m{kind}\x1b[0m") }
}

fn summary(tallies: &[Tally]) -> Result<(), Error> {
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for (kind, count) in tallies.iter().flat_map(|tally| &tally.kinds) {
        *kinds.entry(kind).or_default() += count;
    }
    let mut text = String::new();
    for (kind, count) in &kinds {
        let _ = writeln!(text, "{count:>10}  {kind}");
    }
    let total: u64 = kinds.values().sum();
    let with = tallies.iter().filter(|tally| tally.findings() > 0).count();
    let _ = writeln!(text, "{total:>10}  in {with} of {} inputs", tallies.len());
    super::print(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_masked_unless_they_are_asked_for() {
        assert_eq!(shown_value("Zoë\x1b".as_bytes(), false), "****");
        assert_eq!(shown_value("Zoë\x1b".as_bytes(), true), "Zoë\u{b7}");
        assert_eq!(shown_value(&[b'x'; 200], false), "*".repeat(SHOWN) + "…");
    }
}
