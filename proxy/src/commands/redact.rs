//! `blackbar redact`

use std::fs;
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use blackbar_engine::Segment;
use blackbar_engine::operator::Keyring;
use tempfile::SpooledTempFile;

use super::{Access, access, format, tell};
use crate::cli::{Global, Redact};
use crate::config::Config;
use crate::error::{Error, Id};
use crate::exit::Exit;
use crate::input::{self, Source, walk};
use crate::notes;
use crate::output::edits::Edits;
use crate::output::ordered::Ordered;
use crate::output::{Output, Shape, Target, is_closed, plan, replace_file, unwritable};
use crate::profile::{self, Ready, Wanted};
use crate::progress::Progress;
use crate::report::{Done, Outcome, Report};
use crate::stream::{Flow, Step, Stream, Taker, pump};
use crate::trail::Trail;
use crate::work;

pub(crate) fn run(args: &Redact, global: &Global) -> Result<Exit, Error> {
    let config = Config::load(global.config.as_deref())?;
    let wanted = Wanted {
        profile: &args.profile,
        operators: &args.operator,
        key_file: args.key_file.as_deref(),
        allow: args.allow.as_deref(),
        needs_key: args.rename.map(|_| "--rename token"),
        may_pass: false,
    };
    let ready = profile::prepare(&wanted, &config)?;
    let format = format(&args.reading.input)?;
    let mut found = walk::find(&args.reading.paths, &args.reading.glob)?;
    let keyring = ready.keyring.clone().filter(|_| args.rename.is_some());
    let wishes = plan::Wishes { output: args.output.as_deref(), force: args.force, is_folder: args.rename.is_some() };
    let targets = plan::plan(&found, &wishes, |source| match &keyring {
        Some(keyring) => renamed(&source.relative, keyring),
        None => Ok(source.relative.clone()),
    })?;
    check_side_files(args, &found.sources, &targets)?;

    let edits = args.edits.as_deref().map(edits_output).transpose()?.map(Ordered::new);
    let digest_key = args.report.as_ref().map(|_| ready.key.derive::<32>("", "report", ""));
    let several = found.sources.len() > 1;
    let jobs = work::start(args.reading.jobs);
    let progress = Progress::start();
    let job = Job {
        args,
        ready: &ready,
        format,
        edits: edits.as_ref(),
        several,
        digest_key: digest_key.as_ref().map(|key| key.as_slice()),
        progress: &progress,
        jobs,
    };
    let failures: Vec<(String, Error)> = found
        .failures
        .drain(..)
        .map(|(name, error)| {
            let error = tell(&name, error, false);
            (name, error)
        })
        .collect();
    let targets: Vec<_> = targets.into_iter().map(std::sync::Mutex::new).collect();
    let outcomes = work::each(found.sources.len(), jobs, |number| {
        // Each number is worked on once, so nobody waits for this.
        let target = targets.get(number).map(|target| std::mem::replace(&mut *lock(target), Ok(Target::Stdout)));
        let outcome = match (found.sources.get(number), target) {
            (Some(source), Some(target)) => job.one(number, source, target),
            _ => Outcome::Stopped,
        };
        if let Some(edits) = &edits {
            edits.done(number);
        }
        outcome
    });
    drop(progress);
    if let Some(edits) = edits {
        edits.finish().map_err(|error| unwritable(&error))?.commit()?;
    }
    let names = found.sources.iter().map(Source::name);
    let report = Report::new(&ready, names.zip(outcomes).collect(), failures, args.rename.is_some());
    if let Some(path) = &args.report {
        write_report(path, &report)?;
    }
    notes::info(report.summary());
    if found.sources.is_empty() && !report.has_failures() {
        notes::note("no input matched: nothing was done");
    }
    if let Some(fallbacks) = report.fallbacks() {
        notes::note(format_args!("values got a stronger operator than was asked for: {fallbacks}"));
    }
    Ok(if report.has_failures() { Exit::Failed } else { Exit::Done })
}

/// What all inputs share.
struct Job<'j> {
    args: &'j Redact,
    ready: &'j Ready,
    format: Option<blackbar_engine::Format>,
    edits: Option<&'j Ordered<Output>>,
    several: bool,
    digest_key: Option<&'j [u8]>,
    progress: &'j Progress,
    jobs: usize,
}

impl Job<'_> {
    fn one(&self, number: usize, source: &Source, target: Result<Target, Error>) -> Outcome {
        let name = source.name();
        match work::guarded(|| self.redact(number, source, &name, &target?)) {
            Ok(Outcome::Skipped(error)) => Outcome::Skipped(tell(&name, error, true)),
            Ok(outcome) => outcome,
            Err(error) => Outcome::Failed(tell(&name, error, false)),
        }
    }

    fn redact(&self, number: usize, source: &Source, name: &str, target: &Target) -> Result<Outcome, Error> {
        let opened = input::open(source, self.format, self.digest_key);
        let mut input = match access(opened, self.args.reading.unsupported)? {
            Access::Open(input) => input,
            Access::Skipped(error) => return Ok(Outcome::Skipped(error)),
        };
        notes::info(format_args!("{name}: {}, {}", input.format, input.coding.name()));
        let permissions = source.path.as_deref().and_then(|path| fs::metadata(path).ok());
        // A pipe's permissions say nothing about its content.
        let permissions = permissions.filter(fs::Metadata::is_file).map(|data| data.permissions());
        let shape = Shape { coding: input.coding, utf16: input.utf16 };
        let output = Output::create(target, shape, permissions, self.args.force, self.digest_key)?;
        let document = source.relative.to_string_lossy();
        let stream = Stream::new(&self.ready.scanner, &self.ready.profile, &input, &document, self.jobs);
        let mut taker = Writing {
            output,
            edits: self
                .edits
                .map(|_| Spool::new(self.several.then_some(name), input.utf16, self.args.edits.as_deref())),
            closed: false,
        };
        let stats = pump(&mut input, stream, self.edits.is_some(), &mut taker, &|bytes| self.progress.read(bytes))?;
        if taker.closed {
            return Ok(Outcome::Stopped);
        }
        if let (Some(spool), Some(edits)) = (taker.edits, self.edits) {
            spool.hand_over(number, edits)?;
        }
        let kept = taker.output.commit()?;
        notes::debug(format_args!(
            "{name}: {} findings, most held {} of {} bytes",
            stats.total(),
            stats.most_held,
            stats.window
        ));
        Ok(Outcome::Done(Box::new(Done {
            output: match target {
                Target::Stdout => "-".to_owned(),
                Target::File(path) => path.display().to_string(),
            },
            format: input.format.name(),
            coding: input.coding.name(),
            charset: match input.utf16 {
                None => "utf-8",
                Some(false) => "utf-16le",
                Some(true) => "utf-16be",
            },
            digest_in: input.digest(),
            digest_out: kept.digest,
            stats,
        })))
    }
}

/// Writes segments as they come.
struct Writing<'w> {
    output: Output,
    edits: Option<Spool<'w>>,
    closed: bool,
}

impl Taker for Writing<'_> {
    fn take(&mut self, step: Step<'_>) -> Result<Flow, Error> {
        if let Some(spool) = &mut self.edits {
            spool.note(&step)?;
        }
        let written = self.output.write(step.segment.bytes().as_bytes());
        self.go_on(written)
    }

    fn pause(&mut self, _: u64, _: &Trail) -> Result<Flow, Error> {
        let flushed = self.output.flush_pipe();
        self.go_on(flushed)
    }
}

impl Writing<'_> {
    fn go_on(&mut self, result: std::io::Result<()>) -> Result<Flow, Error> {
        match result {
            Ok(()) => Ok(Flow::Go),
            Err(error) if is_closed(&error) => {
                self.closed = true;
                Ok(Flow::Stop)
            }
            Err(error) => Err(unwritable(&error)),
        }
    }
}

/// The edits of one input. They are handed over when its output is complete: edits of a failed input help nobody.
struct Spool<'s> {
    edits: Edits<'s>,
    lines: Vec<u8>,
    file: SpooledTempFile,
}

const SPOOLED: usize = 64 << 10;

impl<'s> Spool<'s> {
    fn new(path: Option<&'s str>, utf16: Option<bool>, beside: Option<&Path>) -> Self {
        let folder = beside.and_then(Path::parent).filter(|folder| !folder.as_os_str().is_empty());
        let file = match folder {
            Some(folder) => tempfile::spooled_tempfile_in(SPOOLED, folder),
            None => tempfile::spooled_tempfile(SPOOLED),
        };
        Self { edits: Edits::new(path, utf16), lines: Vec::new(), file }
    }

    fn note(&mut self, step: &Step<'_>) -> Result<(), Error> {
        match step.segment {
            Segment::Keep(_) | Segment::Found(_) => return Ok(()),
            Segment::Cut { start, end, with } => {
                let place = |offset| step.trail.place(offset).raw;
                self.edits.end(place(*start), place(*end), with.as_bytes(), &mut self.lines);
            }
            Segment::Part(with) => self.edits.begin(step.trail.place(step.at).raw, with.as_bytes(), &mut self.lines),
            Segment::Replace { finding, with } => {
                let place = |offset| step.trail.place(offset).raw;
                let (start, end) = finding.first_piece();
                self.edits.end(place(start), place(end), with.as_bytes(), &mut self.lines);
            }
        }
        if self.lines.len() >= SPOOLED / 2 {
            self.file.write_all(&self.lines).map_err(|error| unwritable(&error))?;
            self.lines.clear();
        }
        Ok(())
    }

    fn hand_over(mut self, number: usize, edits: &Ordered<Output>) -> Result<(), Error> {
        let failed = |error: &std::io::Error| unwritable(error);
        self.file.write_all(&self.lines).map_err(|error| failed(&error))?;
        self.file.rewind().map_err(|error| failed(&error))?;
        let mut lines = Vec::new();
        loop {
            let read = (&mut self.file).take(SPOOLED as u64).read_to_end(&mut lines).map_err(|error| failed(&error))?;
            if read == 0 || !edits.put(number, &mut lines) {
                return Ok(());
            }
        }
    }
}

fn edits_output(path: &Path) -> Result<Output, Error> {
    let target = if path.as_os_str() == "-" { Target::Stdout } else { Target::File(path.to_owned()) };
    Output::create(&target, Shape::default(), None, true, None)
}

fn write_report(path: &Path, report: &Report) -> Result<(), Error> {
    let mut text = report.json();
    text.push('\n');
    if path.as_os_str() == "-" { super::print(text.as_bytes()) } else { replace_file(path, text.as_bytes()) }
}

/// The report and the edits are replaced without asking, so they must be neither an input nor an output.
fn check_side_files(args: &Redact, sources: &[Source], targets: &[Result<Target, Error>]) -> Result<(), Error> {
    let to_stdout = targets.iter().any(|target| matches!(target, Ok(Target::Stdout)));
    let side = [("--report", args.report.as_deref()), ("--edits", args.edits.as_deref())];
    for (option, path) in side {
        let Some(path) = path else { continue };
        let refuse = |what: String| Err(Error::new(Id::OverInput, what).at(option).hint("choose another file"));
        if path.as_os_str() == "-" {
            if to_stdout || args.report == args.edits {
                return refuse("stdout is taken by another output".to_owned());
            }
            continue;
        }
        let same = |other: &Path| {
            other == path
                || matches!((fs::canonicalize(other), fs::canonicalize(path)), (Ok(one), Ok(two)) if one == two)
        };
        if let Some(source) = sources.iter().find(|source| source.path.as_deref().is_some_and(same)) {
            return refuse(format!("it would overwrite the input {}", source.name()));
        }
        if targets.iter().any(|target| matches!(target, Ok(Target::File(target)) if same(target))) {
            return refuse(format!("{} is an output as well", path.display()));
        }
    }
    match (&args.report, &args.edits) {
        (Some(report), Some(edits)) if report == edits => {
            Err(Error::new(Id::OverInput, "--report and --edits name the same file").hint("choose two"))
        }
        _ => Ok(()),
    }
}

/// Each part of the path as a token; a file keeps an ending that says how to read it.
fn renamed(path: &Path, keyring: &Arc<Keyring>) -> Result<PathBuf, Error> {
    let count = path.components().count();
    let mut renamed = PathBuf::new();
    for (part, number) in path.components().zip(1..) {
        let name = part.as_os_str().as_encoded_bytes();
        let stem = if number == count { name.len() - ending(name) } else { name.len() };
        let (stem, ending) = name.split_at(stem);
        let refuse = || {
            let error = Error::new(Id::OutputName, "its name is too long to become a token");
            error.hint("rename the file, or redact it alone with -o FILE")
        };
        let mut token = keyring.token(NAME_KIND, stem).map_err(|_| refuse())?;
        token.push_str(&String::from_utf8_lossy(ending));
        if token.len() > LONGEST_NAME {
            return Err(refuse());
        }
        renamed.push(token);
    }
    Ok(renamed)
}

/// The kind in the tokens of names.
const NAME_KIND: &str = "file-name";
/// Of a file, in most file systems.
const LONGEST_NAME: usize = 255;

/// How many bytes at the end of a name say how to read the file. Any other ending may be part of an identifier.
fn ending(name: &[u8]) -> usize {
    const ENDINGS: &[&str] = &[
        "txt", "text", "md", "log", "csv", "tsv", "json", "jsonl", "ndjson", "hl7", "xml", "html", "htm", "dat", "out",
        "gz", "zst", "sse", "eml", "sql",
    ];
    let mut len = 0;
    for _ in 0..2 {
        let Some(rest) = name.get(..name.len() - len) else { break };
        let Some(dot) = memchr::memrchr(b'.', rest).filter(|dot| *dot > 0) else { break };
        let word = rest.get(dot + 1..).unwrap_or_default();
        if !ENDINGS.iter().any(|ending| ending.as_bytes().eq_ignore_ascii_case(word)) {
            break;
        }
        len = name.len() - dot;
    }
    len
}

fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_that_say_how_to_read_are_kept_and_others_are_not() {
        for (name, kept) in [
            ("smith.txt", ".txt"),
            ("smith.CSV.gz", ".CSV.gz"),
            ("notes.smith", ""),
            ("notes.smith.gz", ".gz"),
            (".txt", ""),
            ("smith", ""),
            ("a.b.json", ".json"),
        ] {
            assert_eq!(&name[name.len() - ending(name.as_bytes())..], kept, "{name}");
        }
    }
}
