//! `corpus`: writes labelled documents, or input for benchmarks.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use blackbar_corpus::rng::Rng;
use blackbar_corpus::sse::{self, Provider};
use blackbar_corpus::{DEVELOPMENT_SEED, Document, Format, bench, corpus, gold};

const USAGE: &str = "\
corpus: labelled synthetic PHI

usage:
  corpus generate --out DIR [--seed S] [--docs N]
      writes N documents and DIR/gold.jsonl (their labels)
  corpus streams --out DIR [--seed S] [--docs N]
      writes the texts among N documents, and each as every provider would stream it, with DIR/gold.jsonl
  corpus bench --input notes|ndjson|csv|clean [--megabytes N] [--seed S]
      writes N million bytes of benchmark input to standard output

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
}

impl Options {
    fn set(&mut self, name: &str, value: &str) -> Result<(), Failure> {
        let not_a_number = || Failure::Usage(format!("`{name}` needs a whole number"));
        match name {
            "--seed" => self.seed = Some(value.parse().map_err(|_| not_a_number())?),
            "--docs" => self.docs = Some(value.parse().map_err(|_| not_a_number())?),
            "--megabytes" => self.megabytes = Some(value.parse().map_err(|_| not_a_number())?),
            "--out" => self.out = Some(PathBuf::from(value)),
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

fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    fs::write(path, bytes).map_err(|error| Failure::Io(path.to_owned(), error))
}

fn print(bytes: &[u8]) -> Result<(), Failure> {
    io::stdout().write_all(bytes).map_err(|error| Failure::Io(PathBuf::from("standard output"), error))
}
