//! What is redacted is read by parsers of others, in Python: `hl7`, `lxml`, and those of its library. `BLACKBAR_PYTHON`
//! names an interpreter that has them (`python3 -m venv V && V/bin/pip install hl7 lxml`).

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test that says why it is skipped")]

mod common;

use std::path::Path;
use std::process::Command;
use std::{env, fs};

use blackbar_corpus::{DEVELOPMENT_SEED, Document, Format, Genre, document_of};
use blackbar_engine::testing::laws;

use common::{SCANNER, case_format, profiles};

/// Documents of each genre.
const EACH: usize = 12;

#[test]
fn parsers_of_others_accept_what_is_redacted() {
    let python = env::var("BLACKBAR_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has = Command::new(&python).args(["-c", "import hl7, lxml.etree, lxml.html"]).output();
    if !has.is_ok_and(|output| output.status.success()) {
        println!("skipped: `{python}` is missing or has no packages hl7 and lxml; BLACKBAR_PYTHON names another");
        return;
    }
    let folder = env::temp_dir().join(format!("blackbar-accepted-{}", std::process::id()));
    let structured = Genre::ALL.iter().flat_map(|genre| (0..EACH).map(|i| document_of(*genre, DEVELOPMENT_SEED, i)));
    let documents: Vec<Document> = structured.filter(|document| document.format != Format::Text).collect();
    for document in &documents {
        write(&folder.join("original"), &document.name, &document.text);
        // Tables with other separators are told by their content.
        let format =
            if document.format == Format::Csv { common::format(&document.text) } else { case_format(document.format) };
        for (profile, number) in profiles().iter().zip(0..) {
            let out = laws::stream(&SCANNER, profile, format, &document.text, &[]).bytes;
            write(&folder.join(format!("{number}-{}", profile.rules().default)), &document.name, &out);
        }
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/accept.py");
    let output = Command::new(&python).arg(script).arg(&folder).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    println!("{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}", folder.display());
    fs::remove_dir_all(&folder).unwrap();
}

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join(name), bytes).unwrap();
}
