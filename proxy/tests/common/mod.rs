//! Runs the built binary in a folder of its own.
#![allow(dead_code, reason = "each file of tests uses some of it")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests, outside of their functions")]

pub(crate) mod gateway;
pub(crate) mod recorded;
pub(crate) mod small;
pub(crate) mod tap;
pub(crate) mod tls;
pub(crate) mod told;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use base64::Engine as _;
use serde_json::Value;

/// Identifiers for which outputs are searched.
pub(crate) const SSN: &str = "219-09-9999";
pub(crate) const MRN: &str = "8812345";
pub(crate) const EMAIL: &str = "quixley.marigold@clinic-canary.org";

/// Says which test does not run here and why, past what the test runner swallows.
pub(crate) fn skipped(why: &str) {
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    // One write, so that lines of several tests stay whole.
    let _ = std::io::stderr().write_all(format!("skipped: {test}: {why}\n").as_bytes());
}

/// A note with the identifiers above.
pub(crate) fn note() -> String {
    format!("Seen today.\nPatient SSN: {SSN} and MRN: {MRN}.\nMail to {EMAIL} please.\n")
}

/// A folder for one test.
pub(crate) struct Room {
    pub(crate) folder: tempfile::TempDir,
}

impl Room {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    /// Every file in the folder, by its path within, sorted.
    pub(crate) fn files(&self) -> Vec<String> {
        fn walk(root: &Path, folder: &Path, files: &mut Vec<String>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(root, &path, files);
                } else {
                    files.push(path.strip_prefix(root).unwrap().display().to_string());
                }
            }
        }
        let mut files = Vec::new();
        walk(self.folder.path(), self.folder.path(), &mut files);
        files.sort();
        files
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_blackbar"));
        command.args(arguments).current_dir(self.folder.path()).env_remove("BLACKBAR_CONFIG").stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Answer {
        Answer::of(arguments, self.command(arguments).output().unwrap())
    }

    pub(crate) fn pipe(&self, arguments: &[&str], input: &[u8]) -> Answer {
        let mut command = self.command(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let output = std::thread::scope(|scope| {
            scope.spawn(move || {
                // A command that refuses its input does not read it.
                let _ = stdin.write_all(input);
            });
            child.wait_with_output().unwrap()
        });
        Answer::of(arguments, output)
    }
}

/// What a command did.
pub(crate) struct Answer {
    what: String,
    pub(crate) code: Option<i32>,
    pub(crate) out: Vec<u8>,
    pub(crate) err: String,
}

impl Answer {
    fn of(arguments: &[&str], output: Output) -> Self {
        let err = String::from_utf8(output.stderr).unwrap();
        Self { what: arguments.join(" "), code: output.status.code(), out: output.stdout, err }
    }

    /// Checks the exit status.
    #[track_caller]
    pub(crate) fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "blackbar {}\n{}", self.what, self.err);
        self
    }

    /// Checks that stderr has this id.
    #[track_caller]
    pub(crate) fn says(self, id: &str) -> Self {
        assert!(self.err.contains(id), "blackbar {}: no {id} in\n{}", self.what, self.err);
        self
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.out.clone()).unwrap()
    }

    /// The lines of stdout as JSON.
    pub(crate) fn lines(&self) -> Vec<Value> {
        lines(&self.text())
    }
}

pub(crate) fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Applies edits to the input, in their order.
pub(crate) fn apply(input: &[u8], edits: &[Value]) -> Vec<u8> {
    let (mut output, mut at) = (Vec::new(), 0);
    for edit in edits {
        let offset = |key: &str| usize::try_from(edit[key].as_u64().unwrap()).unwrap();
        output.extend_from_slice(&input[at..offset("start")]);
        match edit["replacement"].as_str() {
            Some(text) => output.extend_from_slice(text.as_bytes()),
            None => {
                let text = edit["replacement_base64"].as_str().unwrap();
                output.extend(base64::prelude::BASE64_STANDARD.decode(text).unwrap());
            }
        }
        at = offset("end");
    }
    output.extend_from_slice(&input[at..]);
    output
}

pub(crate) fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(bytes), &mut text).unwrap();
    text
}

/// UTF-16 with a byte order mark.
pub(crate) fn utf16(text: &str, big_endian: bool) -> Vec<u8> {
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    units.flat_map(|unit| if big_endian { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
}
