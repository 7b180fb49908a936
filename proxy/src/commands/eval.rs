//! `blackbar eval`

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use blackbar_corpus::gold::{self, Gold};
use blackbar_corpus::score::{Found, Miss, Scorer, Tally};
use blackbar_corpus::{Format, Label};
use blackbar_engine::{Profile, Scanner, Segment};
use serde_json::{Value, json};

use super::{Access, access, format, tell};
use crate::cli::{self, DocumentFormat, Global, Unsupported};
use crate::config::Config;
use crate::error::{Error, Id};
use crate::exit::Exit;
use crate::input::{self, Source};
use crate::progress::Progress;
use crate::registry;
use crate::stream::{Flow, Step, Stream, Taker, pump};
use crate::trail::Place;
use crate::work;

pub(crate) fn run(args: &cli::Eval, global: &Global) -> Result<Exit, Error> {
    let config = Config::load(global.config.as_deref())?;
    let scanner = registry::scanner(&config.site.detectors()?)?;
    let profile = super::finding_profile(args.min_confidence, super::allowed(&config)?)?;
    let format = format(&args.input)?;
    let gold = read_gold(&args.gold)?;
    let folder = args.gold.parent().unwrap_or_else(|| Path::new(""));
    let chosen = choose(&gold, folder, &args.paths)?;

    let progress = Progress::start();
    let answers = work::each(chosen.len(), work::start(None), |number| {
        let (name, path, _) = chosen.get(number)?;
        let source = Source { path: Some(path.clone()), relative: PathBuf::from(name) };
        let answer = work::guarded(|| find(&source, format, &scanner, &profile, &progress));
        answer.map_err(|error| tell(&source.name(), error, false)).ok()
    });
    drop(progress);
    let mut scorer = Scorer::new();
    let mut failed = false;
    for ((name, _, labels), answer) in chosen.iter().zip(answers) {
        match answer {
            Some(document) => scorer.add(name, document.format, document.len, labels, &document.found),
            None => failed = true,
        }
    }
    let text = match args.format {
        DocumentFormat::Pretty => pretty(&scorer, args.misses),
        DocumentFormat::Json => format!("{:#}\n", document(&scorer, args.misses)),
    };
    super::print(text.as_bytes())?;
    Ok(if failed { Exit::Failed } else { Exit::Done })
}

fn read_gold(path: &Path) -> Result<Gold, Error> {
    let text = fs::read_to_string(path)
        .map_err(|error| Error::io(Id::Gold, "the gold file cannot be read", &error).at_path(path))?;
    let gold = gold::read(&text).map_err(|error| Error::new(Id::Gold, error.to_string()).at_path(path))?;
    if gold.is_empty() {
        return Err(Error::new(Id::Gold, "the gold file names no document")
            .at_path(path)
            .hint("see `blackbar eval --help`"));
    }
    Ok(gold)
}

/// A document to score: its name in the gold file, its path, its labels.
type Chosen<'g> = (&'g str, PathBuf, &'g [Label]);

/// The documents to score.
fn choose<'g>(gold: &'g Gold, folder: &Path, only: &[PathBuf]) -> Result<Vec<Chosen<'g>>, Error> {
    let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let only: Vec<PathBuf> = only.iter().map(|path| real(path)).collect();
    let documents = gold.iter().map(|(name, labels)| (name.as_str(), folder.join(name), labels.as_slice()));
    let chosen: Vec<_> = documents
        .filter(|(_, path, _)| only.is_empty() || only.iter().any(|wanted| real(path).starts_with(wanted)))
        .collect();
    if chosen.is_empty() {
        let error = Error::new(Id::Gold, "none of the paths is in the gold file");
        return Err(error.hint("its paths are relative to its own folder"));
    }
    Ok(chosen)
}

struct Document {
    format: Format,
    len: usize,
    found: Vec<Found>,
}

fn find(
    source: &Source,
    format: Option<blackbar_engine::Format>,
    scanner: &Scanner,
    profile: &Profile,
    progress: &Progress,
) -> Result<Document, Error> {
    let missing = || Error::new(Id::GoldWithoutFile, "the gold file names it and it is not there");
    if source.path.as_deref().is_some_and(|path| !path.exists()) {
        return Err(missing().hint("paths of a gold file are relative to its folder"));
    }
    let mut input = match access(input::open(source, format, None), Unsupported::Fail)? {
        Access::Open(input) => input,
        Access::Skipped(error) => return Err(error),
    };
    let stream = Stream::new(scanner, profile, &input, "", 1);
    let mut spans = Spans::default();
    pump(&mut input, stream, true, &mut spans, &|bytes| progress.read(bytes))?;
    let size = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX);
    let found = spans.found.into_iter().map(|(start, end, kind)| Found { start: size(start), end: size(end), kind });
    Ok(Document { format: corpus_format(input.format), len: size(input.len()), found: found.collect() })
}

/// Where in the input findings lie.
#[derive(Default)]
struct Spans {
    begun: Option<Place>,
    found: Vec<(u64, u64, String)>,
}

impl Taker for Spans {
    fn take(&mut self, step: Step<'_>) -> Result<Flow, Error> {
        match step.segment {
            Segment::Keep(_) | Segment::Cut { .. } => {}
            Segment::Part(_) => {
                self.begun.get_or_insert_with(|| step.trail.place(step.at));
            }
            Segment::Replace { finding, .. } | Segment::Found(finding) => {
                let start = self.begun.take().unwrap_or_else(|| step.trail.place(finding.start)).raw;
                let kind = finding.kind.id().to_owned();
                if finding.parts.is_empty() {
                    self.found.push((start, step.trail.place(finding.end).raw, kind));
                } else {
                    let raw = |offset| step.trail.place(offset).raw;
                    self.found.extend(finding.parts.iter().map(|(start, end)| (raw(*start), raw(*end), kind.clone())));
                }
            }
        }
        Ok(Flow::Go)
    }
}

/// The format under which a document is counted.
fn corpus_format(format: blackbar_engine::Format) -> Format {
    Format::from_name(format.name()).unwrap_or(Format::Text)
}

fn pretty(scorer: &Scorer, misses: usize) -> String {
    let mut text = scorer.render();
    for (title, list) in [("missed or partly missed", scorer.misses()), ("false findings", scorer.false_positives())] {
        let _ = writeln!(text, "\n{title}: {}", list.len());
        for miss in list.iter().take(misses) {
            let Label { start, end, kind } = &miss.span;
            let _ = writeln!(text, "  {}:{start}..{end} {kind}, {} bytes", miss.document, miss.bare_bytes);
        }
    }
    text
}

fn document(scorer: &Scorer, misses: usize) -> Value {
    let tally = |tally: &Tally| {
        json!({
            "labels": tally.labels,
            "covered": tally.covered,
            "recall": tally.recall(),
            "recall_in_kind": tally.recall_in_kind(),
            "findings": tally.findings,
            "touching": tally.touching,
            "precision": tally.precision(),
            "byte_f1": tally.byte_f1(),
        })
    };
    let miss = |miss: &&Miss| {
        json!({
            "path": miss.document,
            "start": miss.span.start,
            "end": miss.span.end,
            "kind": miss.span.kind,
            "bytes": miss.bare_bytes,
        })
    };
    let kinds: BTreeMap<_, _> = scorer.kinds().iter().map(|(kind, counts)| (kind, tally(counts))).collect();
    let formats: BTreeMap<_, _> = scorer.formats().iter().map(|(format, counts)| (format, tally(counts))).collect();
    json!({
        "overall": tally(scorer.overall()),
        "kinds": kinds,
        "formats": formats,
        "false_positives_per_100kb": scorer.false_positives_per_100kb(),
        "misses": scorer.misses().iter().take(misses).map(miss).collect::<Vec<_>>(),
        "false_findings": scorer.false_positives().iter().take(misses).map(miss).collect::<Vec<_>>(),
    })
}
