//! What is redacted is read by parsers of others, in Python: `hl7`, `lxml`, and those of its library; and where they are
//! installed, `pyx12`, the models of FHIR, and the kits of providers of models. `BLACKBAR_PYTHON` names an interpreter that has
//! them (`python3 -m venv V && V/bin/pip install hl7 lxml`); with `BLACKBAR_INSTALL` set they are installed into a folder of
//! the build.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test that says why it is skipped")]

mod common;

use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use blackbar_corpus::rng::Rng;
use blackbar_corpus::sse::{self, Provider};
use blackbar_corpus::{DEVELOPMENT_SEED, Document, Format, Genre, document_of};
use blackbar_engine::testing::laws;

use common::{SCANNER, case_format, profiles};

/// Documents of each genre.
const EACH: usize = 12;

#[test]
fn parsers_of_others_accept_what_is_redacted() {
    let python = env::var("BLACKBAR_PYTHON").unwrap_or_else(|_| installed());
    let has = Command::new(&python).args(["-c", "import hl7, lxml.etree, lxml.html"]).output();
    if !has.is_ok_and(|output| output.status.success()) {
        let why =
            "is missing or has no packages hl7 and lxml; BLACKBAR_PYTHON names another, BLACKBAR_INSTALL gets them";
        let _ = writeln!(std::io::stderr(), "skipped: `{python}` {why}");
        return;
    }
    let folder = env::temp_dir().join(format!("blackbar-accepted-{}", std::process::id()));
    let all = Genre::ALL.iter().flat_map(|genre| (0..EACH).map(|i| document_of(*genre, DEVELOPMENT_SEED, i)));
    let mut documents: Vec<Document> = all.filter(|document| document.format != Format::Text).collect();
    for provider in Provider::ALL {
        for i in 0..EACH / 4 {
            let note = document_of(Genre::Referral, DEVELOPMENT_SEED, i);
            documents.push(sse::stream(&note, provider, &mut Rng::for_part(3, i as u64)).document);
        }
    }
    documents.extend(recorded());
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
    for (format, name, text) in WITHIN {
        write(&folder.join("original"), name, text.as_bytes());
        for (profile, number) in profiles().iter().zip(0..) {
            let out = laws::stream(&SCANNER, profile, *format, text.as_bytes(), &[]).bytes;
            assert!(!out.windows(9).any(|nine| nine == b"Brankovic"), "{name}");
            write(&folder.join(format!("{number}-{}", profile.rules().default)), name, &out);
        }
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/accept.py");
    let output = Command::new(&python).arg(script).arg(&folder).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    println!("{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}", folder.display());
    fs::remove_dir_all(&folder).unwrap();
}

/// Streams in the shapes of providers, as whole as they come.
fn recorded() -> Vec<Document> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/streams");
    let mut streams = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let format = match path.extension().and_then(|end| end.to_str()) {
            Some("sse") => Format::Sse,
            Some("ndjson") => Format::Deltas,
            _ => continue,
        };
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let (text, none) = (fs::read(&path).unwrap(), Vec::new());
        streams.push(Document { name, format, text, labels: none.clone(), decoys: none, values: Vec::new() });
    }
    streams
}

/// A note in base64, in an attachment, in an element and in a result; a message, a table and JSON in strings.
const WITHIN: &[(blackbar_engine::Format, &str, &str)] = &[
    (
        blackbar_engine::Format::Json,
        "within-attachment.json",
        r#"{"resourceType":"DocumentReference","content":[{"attachment":{"contentType":"text/plain","data":"UGF0aWVudDogT2RhbHlzIEJyYW5rb3ZpYywgTVJOOiA0NDcxOTAyLCBET0IgMDMvMDQvMTk2MQo="}}]}"#,
    ),
    (
        blackbar_engine::Format::Xml,
        "within-element.xml",
        "<d><text mediaType='text/plain' representation='B64'>UGF0aWVudDogT2RhbHlzIEJyYW5rb3ZpYywgTVJOOiA0NDcxOTAyLCBET0IgMDMvMDQvMTk2MQo=</text></d>",
    ),
    (
        blackbar_engine::Format::Hl7,
        "within-result.hl7",
        "MSH|^~\\&|A|B|||20240105||ORU^R01|1|P|2.5\rOBX|1|ED|x||^text^plain^Base64^UGF0aWVudDogT2RhbHlzIEJyYW5rb3ZpYywgTVJOOiA0NDcxOTAyLCBET0IgMDMvMDQvMTk2MQo=||\r",
    ),
    (
        blackbar_engine::Format::Json,
        "within-strings.json",
        r#"{"a":"MSH|^~\\&|A|B|||20240105||ADT^A01|1|P|2.5\rPID|1||4471902^^^H^MR||Brankovic^Odalys","b":"mrn,last_name,visit\n4471902,\"Brankovic\",3\n","c":"{\"mrn\":4471902,\"dob\":\"1961-03-04\"}","d":"\u003cp>Dr. Odalys Brankovic &amp; co\u003c/p>"}"#,
    ),
    (
        blackbar_engine::Format::Mime,
        "within-parts.eml",
        "From: =?utf-8?Q?Odalys_Brankovi=C4=87?= <ob@example.org>\r\nTo: desk@example.org\r\nSubject: MRN 4471902\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=\"x-7\"\r\n\r\n--x-7\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Transfer-Encoding: quoted-printable\r\n\r\nMrs. Odalys Bran=\r\nkovic, caf=C3=A9, DOB 03/04/1961=\r\n.\r\n--x-7\r\n\
         Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\nUGF0aWVudDogT2RhbHlzIEJyYW5rb3ZpYywg\r\n\
         TVJOOiA0NDcxOTAyLCBET0IgMDMvMDQvMTk2MQo=\r\n--x-7\r\nContent-Type: text/html\r\n\r\n<p>Dr. Odalys Brankovic</p>\r\n\
         --x-7--\r\n",
    ),
    (
        blackbar_engine::Format::Sql,
        "within-dump.sql",
        "CREATE TABLE p (mrn text, last_name text, n int);\nINSERT INTO p VALUES ('4471902', 'Brankovic', 1);\n\
         INSERT INTO p (n, last_name, mrn) VALUES (2, 'O''Brankovic', 4471903),\n (3, NULL, 'x');\n",
    ),
];

/// An interpreter with the packages, if they may be installed and can be; else any.
fn installed() -> String {
    let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join("accept-venv");
    let own = venv.join("bin/python3");
    let run = |program: &Path, arguments: &[&str]| {
        Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
    };
    if !own.is_file() && env::var_os("BLACKBAR_INSTALL").is_some() {
        let path = venv.to_string_lossy().into_owned();
        run(Path::new("python3"), &["-m", "venv", &path]);
        let needed = ["hl7==0.4.5", "lxml"];
        let wished = ["fhir.resources", "pyx12", "openai", "anthropic", "ollama", "google-genai"];
        for packages in [&needed[..], &wished] {
            let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
            run(&own, &[&pip, packages].concat());
        }
    }
    if own.is_file() { own.to_string_lossy().into_owned() } else { "python3".to_owned() }
}

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join(name), bytes).unwrap();
}
