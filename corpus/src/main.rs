//! `corpus`: writes labelled documents, or input for benchmarks.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use blackbar_corpus::rng::Rng;
use blackbar_corpus::score::{Found, Scorer};
use blackbar_corpus::sse::{self, Provider};
use blackbar_corpus::{DEVELOPMENT_SEED, Document, Format, Label, bench, corpus, endless, gold};

const USAGE: &str = "\
corpus: labelled synthetic PHI

usage:
  corpus generate --out DIR [--seed S] [--docs N]
      writes N documents and DIR/gold.jsonl (their labels)
  corpus streams --out DIR [--seed S] [--docs N]
      writes the texts among N documents, and each as every provider would stream it, with DIR/gold.jsonl
  corpus bench --input notes|ndjson|csv|clean [--megabytes N] [--seed S]
      writes N million bytes of benchmark input to standard output
  corpus endless --format F [--megabytes N] [--seed S]
      writes one valid document of a format, N million bytes long, to standard output
  corpus score --gold FILE --found FILE [--tolerated FILE]
      scores anybody's findings: all three files have gold lines; findings that touch a tolerated span only count
      neither way

The default seed is the development seed; another seed is held out.

example:
  corpus generate --docs 200 --out corpus-out
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage(what)) => {
            eprintln!("corpus: {what}\n\n{USAGE}");
            ExitCode::from(2)
        }
        Err(Failure::Io(path, error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            // The reader had enough, as in `corpus bench … | head`.
            let _ = path;
            ExitCode::SUCCESS
        }
        Err(Failure::Io(path, error)) => {
            eprintln!("corpus: {}: {error}", path.display());
            ExitCode::from(3)
        }
    }
}

enum Failure {
    Usage(String),
    Io(PathBuf, io::Error),
}

fn run(arguments: &[String]) -> Result<(), Failure> {
    let Some((command, rest)) = arguments.split_first() else {
        return Err(Failure::Usage("no command".to_owned()));
    };
    let allowed: &[&str] = match command.as_str() {
        "generate" | "streams" => &["--seed", "--docs", "--out"],
        "bench" => &["--seed", "--megabytes", "--input"],
        "endless" => &["--seed", "--megabytes", "--format"],
        "score" => &["--gold", "--found", "--tolerated"],
        "help" | "--help" | "-h" => return print(USAGE.as_bytes()),
        other => return Err(Failure::Usage(format!("unknown command `{other}`"))),
    };
    let mut options = Options::default();
    let mut rest = rest.iter();
    while let Some(name) = rest.next() {
        if name == "--help" || name == "-h" {
            return print(USAGE.as_bytes());
        }
        if !allowed.contains(&name.as_str()) {
            return Err(Failure::Usage(format!("unknown option `{name}` for `{command}`")));
        }
        let value = rest.next().ok_or_else(|| Failure::Usage(format!("`{name}` needs a value")))?;
        options.set(name, value)?;
    }
    match command.as_str() {
        "generate" => generate(&options),
        "streams" => streams(&options),
        "endless" => endless(&options),
        "score" => score(&options),
        _ => benchmark(&options),
    }
}

#[derive(Default)]
struct Options {
    seed: Option<u64>,
    docs: Option<usize>,
    megabytes: Option<usize>,
    out: Option<PathBuf>,
    input: Option<String>,
    format: Option<String>,
    gold: Option<PathBuf>,
    found: Option<PathBuf>,
    tolerated: Option<PathBuf>,
}

impl Options {
    fn set(&mut self, name: &str, value: &str) -> Result<(), Failure> {
        let not_a_number = || Failure::Usage(format!("`{name}` needs a whole number"));
        match name {
            "--seed" => self.seed = Some(value.parse().map_err(|_| not_a_number())?),
            "--docs" => self.docs = Some(value.parse().map_err(|_| not_a_number())?),
            "--megabytes" => self.megabytes = Some(value.parse().map_err(|_| not_a_number())?),
            "--out" => self.out = Some(PathBuf::from(value)),
            "--gold" => self.gold = Some(PathBuf::from(value)),
            "--found" => self.found = Some(PathBuf::from(value)),
            "--format" => self.format = Some(value.to_owned()),
            "--tolerated" => self.tolerated = Some(PathBuf::from(value)),
            _ => self.input = Some(value.to_owned()),
        }
        Ok(())
    }
}

fn generate(options: &Options) -> Result<(), Failure> {
    let out = options.out.as_deref().ok_or_else(|| Failure::Usage("`generate` needs `--out DIR`".to_owned()))?;
    let documents = corpus(options.seed.unwrap_or(DEVELOPMENT_SEED), options.docs.unwrap_or(200));
    write_all(out, &documents)
}

fn streams(options: &Options) -> Result<(), Failure> {
    let out = options.out.as_deref().ok_or_else(|| Failure::Usage("`streams` needs `--out DIR`".to_owned()))?;
    let seed = options.seed.unwrap_or(DEVELOPMENT_SEED);
    let mut documents = corpus(seed, options.docs.unwrap_or(200));
    documents.retain(|document| document.format == Format::Text);
    for i in 0..documents.len() {
        for provider in Provider::ALL {
            let streamed = sse::stream(&documents[i], provider, &mut Rng::for_part(seed, i as u64));
            documents.push(streamed.document);
        }
    }
    write_all(out, &documents)
}

fn write_all(out: &Path, documents: &[Document]) -> Result<(), Failure> {
    fs::create_dir_all(out).map_err(|error| Failure::Io(out.to_owned(), error))?;
    for document in documents {
        write_file(&out.join(&document.name), &document.text)?;
    }
    write_file(&out.join("gold.jsonl"), gold::write(documents).as_bytes())
}

fn benchmark(options: &Options) -> Result<(), Failure> {
    let name = options.input.as_deref().unwrap_or("notes");
    let input = bench::Input::from_name(name)
        .ok_or_else(|| Failure::Usage(format!("unknown input `{name}`; there are notes, ndjson, csv and clean")))?;
    let bytes = options.megabytes.unwrap_or(10).saturating_mul(1_000_000);
    let mut out = io::stdout().lock();
    bench::write(input, bytes, options.seed.unwrap_or(DEVELOPMENT_SEED), &mut out)
        .and_then(|()| out.flush())
        .map_err(|error| Failure::Io(PathBuf::from("standard output"), error))
}

fn endless(options: &Options) -> Result<(), Failure> {
    let name = options.format.as_deref().ok_or_else(|| Failure::Usage("`endless` needs `--format F`".to_owned()))?;
    let names = || Format::ALL.map(Format::name).join(" ");
    let format = Format::from_name(name)
        .ok_or_else(|| Failure::Usage(format!("unknown format `{name}`; there are {}", names())))?;
    let bytes = u64::try_from(options.megabytes.unwrap_or(10)).unwrap_or(u64::MAX).saturating_mul(1_000_000);
    let mut out = io::BufWriter::new(io::stdout().lock());
    endless::write(format, bytes, options.seed.unwrap_or(DEVELOPMENT_SEED), &mut out)
        .and_then(|()| out.flush())
        .map_err(|error| Failure::Io(PathBuf::from("standard output"), error))
}

fn score(options: &Options) -> Result<(), Failure> {
    let needed = |path: &Option<PathBuf>, name: &str| match path {
        Some(path) => read_gold(path),
        None => Err(Failure::Usage(format!("`score` needs `{name} FILE`"))),
    };
    let wanted = needed(&options.gold, "--gold")?;
    let mut found = needed(&options.found, "--found")?;
    let tolerated = options.tolerated.as_deref().map(read_gold).transpose()?.unwrap_or_default();
    let folder = options.gold.as_deref().and_then(Path::parent).unwrap_or_else(|| Path::new("")).to_owned();
    let mut scorer = Scorer::new();
    for (name, labels) in &wanted {
        let path = folder.join(name);
        let length = fs::metadata(&path).map_err(|error| Failure::Io(path, error))?.len();
        let touches = |list: &[Label], span: &Label| list.iter().any(|l| l.start < span.end && span.start < l.end);
        let spared = tolerated.get(name).map(Vec::as_slice).unwrap_or_default();
        let mut spans = found.remove(name).unwrap_or_default();
        spans.retain(|span| touches(labels, span) || !touches(spared, span));
        let spans: Vec<Found> =
            spans.into_iter().map(|Label { start, end, kind }| Found { start, end, kind }).collect();
        let format = name.rsplit('.').next().and_then(Format::from_name).unwrap_or(Format::Text);
        scorer.add(name, format, usize::try_from(length).unwrap_or(usize::MAX), labels, &spans);
    }
    print(scorer.render().as_bytes())
}

fn read_gold(path: &Path) -> Result<gold::Gold, Failure> {
    let text = fs::read_to_string(path).map_err(|error| Failure::Io(path.to_owned(), error))?;
    gold::read(&text).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    fs::write(path, bytes).map_err(|error| Failure::Io(path.to_owned(), error))
}

fn print(bytes: &[u8]) -> Result<(), Failure> {
    io::stdout().write_all(bytes).map_err(|error| Failure::Io(PathBuf::from("standard output"), error))
}
