//! What comes out is read by parsers that are not ours: documents of the corpus under every operator, beside what went in.
//!
//! `parsers.py` compares the form of both: rows and cells, keys and nesting, segments and fields, elements. It needs
//! Python; with the packages `hl7` and `lxml` it reads through those too. They are installed from a package index into
//! a folder under `target/` when `BLACKBAR_INSTALL` is set, as `cargo xtask test` does.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod common;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use blackbar_corpus::{DEVELOPMENT_SEED, Genre, cases, document_of};
use blackbar_engine::Format;
use blackbar_engine::testing::laws;

use common::{SCANNER, case_format, format, profiles};

/// Documents of each genre.
const EACH: usize = 4;
/// Known to work together.
const PACKAGES: [&str; 2] = ["hl7==0.4.5", "lxml"];

#[test]
fn other_parsers_read_what_comes_out() {
    let folder = folder("documents");
    let mut pairs = 0;
    for (name, format, text) in documents() {
        let kind = match format {
            Format::Json => "json",
            Format::Ndjson | Format::Deltas => "ndjson",
            Format::Delimited(b'\t') => "tsv",
            Format::Delimited(b',') => "csv",
            Format::Hl7 => "hl7",
            Format::Xml => "xml",
            _ => continue,
        };
        fs::write(folder.join(format!("{name}.in.{kind}")), &text).unwrap();
        for (number, profile) in profiles().iter().enumerate() {
            let out = laws::stream(&SCANNER, profile, format, &text, &[]).bytes;
            fs::write(folder.join(format!("{name}.out{number}.{kind}")), &out).unwrap();
            pairs += 1;
        }
    }
    assert!(pairs > 500, "{pairs} documents are too few");
    let Some(python) = python() else { return };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parsers.py");
    let run = Command::new(python).arg(script).arg(&folder).output().unwrap();
    let said = String::from_utf8_lossy(&run.stdout).into_owned();
    for line in said.lines().filter(|line| line.starts_with("skipped: ")) {
        skip(line);
    }
    assert!(run.status.success(), "{said}{}", String::from_utf8_lossy(&run.stderr));
    assert!(said.contains(&format!("{pairs} pairs")), "{said}");
}

/// Documents of all genres, the cases of all detectors, and documents within documents.
fn documents() -> Vec<(String, Format, Vec<u8>)> {
    let mut all = Vec::new();
    let genres = Genre::ALL.iter().chain(Genre::APART);
    for document in genres.flat_map(|genre| (0..EACH).map(|i| document_of(*genre, DEVELOPMENT_SEED, i))) {
        all.push((document.name.replace('.', "-"), format(&document.text), document.text));
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/cases");
    for (number, case) in cases::load(&folder).unwrap().into_iter().enumerate() {
        all.push((format!("case-{number}"), case_format(case.format), case.text.into_bytes()));
    }
    for (number, (format, text)) in WITHIN.iter().enumerate() {
        all.push((format!("within-{number}"), *format, text.as_bytes().to_vec()));
    }
    all
}

/// A note in base64, in an attachment, in an element and in a result; a message, a table and JSON in strings.
const WITHIN: &[(Format, &str)] = &[
    (
        Format::Json,
        r#"{"resourceType":"DocumentReference","content":[{"attachment":{"contentType":"text/plain","data":"UGF0aWVudDogT2RhbHlzIEJyYW5rb3ZpYywgTVJOOiA0NDcxOTAyLCBET0IgMDMvMDQvMTk2MQo="}}]}"#,
    ),
    (
        Format::Xml,
        "<d><text mediaType='text/plain' representation='B64'>UGF0aWVudDogT2RhbHlzIEJyYW5rb3ZpYywgTVJOOiA0NDcxOTAyLCBET0IgMDMvMDQvMTk2MQo=</text></d>",
    ),
    (
        Format::Hl7,
        "MSH|^~\\&|A|B|||20240105||ORU^R01|1|P|2.5\rOBX|1|ED|x||^text^plain^Base64^UGF0aWVudDogT2RhbHlzIEJyYW5rb3ZpYywgTVJOOiA0NDcxOTAyLCBET0IgMDMvMDQvMTk2MQo=||\r",
    ),
    (
        Format::Json,
        r#"{"a":"MSH|^~\\&|A|B|||20240105||ADT^A01|1|P|2.5\rPID|1||4471902^^^H^MR||Brankovic^Odalys","b":"mrn,name,visit\n4471902,\"Brankovic, Odalys\",3\n","c":"{\"mrn\":4471902,\"dob\":\"1961-03-04\"}","d":"\u003cp>Dr. Odalys Brankovic &amp; co\u003c/p>"}"#,
    ),
];

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("parsers-{name}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// An interpreter, with as many packages as there are.
fn python() -> Option<PathBuf> {
    let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join("parsers-venv");
    let own = venv.join("bin/python3");
    let run = |program: &Path, arguments: &[&str]| {
        Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
    };
    if !run(Path::new("python3"), &["--version"]) {
        skip("skipped: other parsers read what comes out: there is no python3");
        return None;
    }
    if !own.is_file() && env::var_os("BLACKBAR_INSTALL").is_some() {
        let path = venv.to_string_lossy().into_owned();
        let made = run(Path::new("python3"), &["-m", "venv", &path]);
        let install = [&["-m", "pip", "install", "--quiet", "--disable-pip-version-check"][..], &PACKAGES].concat();
        if !(made && run(&own, &install)) {
            skip("skipped: parsers of HL7 and XML: their packages cannot be installed");
        }
    }
    Some(if own.is_file() { own } else { PathBuf::from("python3") })
}

/// Says so in the way that the test runner counts.
fn skip(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
