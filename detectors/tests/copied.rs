//! PostgreSQL takes what is redacted of its own formats: rows of COPY, and dumps, as many rows as before, whatever the operator.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test that says why it is skipped")]

mod common;
#[path = "../../proxy/src/private_postgres.rs"]
#[allow(dead_code, reason = "it does more than is needed here")]
mod private_postgres;

use std::io::Write as _;
use std::process::Stdio;

use blackbar_corpus::{DEVELOPMENT_SEED, Genre, document_of};
use blackbar_engine::operator::Operator;
use blackbar_engine::testing::laws;
use blackbar_engine::{Format, Profile};

use common::{SCANNER, profiles};
use private_postgres::{Options, Server};

/// Documents of each sort.
const EACH: usize = 12;

#[test]
fn postgresql_takes_what_is_redacted() {
    let Some(server) = Server::start(&Options::default()).unwrap() else {
        let _ = writeln!(std::io::stderr(), "skipped: this machine has no PostgreSQL");
        return;
    };
    let (mut rows, mut taken) = (0, 0);
    for i in 0..EACH {
        let text = document_of(Genre::Rows, DEVELOPMENT_SEED, i).text;
        let width = text.split(|byte| *byte == b'\n').next().unwrap().split(|byte| *byte == b'\t').count();
        let columns: Vec<String> = (0..width).map(|n| format!("c{n} text")).collect();
        let table = format!("DROP TABLE IF EXISTS t; CREATE TABLE t ({});\n", columns.join(", "));
        let load = |rows: &[u8]| {
            let mut script = format!("{table}COPY t FROM stdin;\n").into_bytes();
            script.extend_from_slice(rows);
            script.extend_from_slice(b"\\.\n");
            counted(&server, &script, "t")
        };
        let before = load(&text);
        for profile in profiles() {
            let out = laws::stream(&SCANNER, &profile, Format::Copy, &text, &[]).bytes;
            assert_eq!(load(&out), before, "rows {i} by {}", name(&profile));
            (rows, taken) = (rows + before, taken + 1);
        }
    }
    for i in 0..EACH {
        let text = document_of(Genre::Dump, DEVELOPMENT_SEED, i).text;
        let head = String::from_utf8_lossy(&text).into_owned();
        let table = head.split("CREATE TABLE ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
        let load = |dump: &[u8]| {
            let mut script = format!("DROP TABLE IF EXISTS {table};\n").into_bytes();
            script.extend_from_slice(dump);
            counted(&server, &script, &table)
        };
        let before = load(&text);
        for profile in profiles() {
            let out = laws::stream(&SCANNER, &profile, Format::Sql, &text, &[]).bytes;
            assert_eq!(load(&out), before, "dump {i} by {}", name(&profile));
            (rows, taken) = (rows + before, taken + 1);
        }
    }
    println!("{taken} documents with {rows} rows taken");
}

fn name(profile: &Profile) -> Operator {
    profile.rules().default
}

/// Runs a script, and counts the rows of a table then. No error says anything of their content.
fn counted(server: &Server, script: &[u8], table: &str) -> usize {
    let mut psql = server.psql("postgres");
    psql.args(["-v", "ON_ERROR_STOP=1", "-At"]);
    let mut running = psql.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = running.stdin.take().unwrap();
    let script = [script, format!("SELECT 'rows', count(*) FROM {table};\n").as_bytes()].concat();
    let writer = std::thread::spawn(move || input.write_all(&script));
    let output = running.wait_with_output().unwrap();
    let _ = writer.join().unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let why = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{why}");
    told.lines().find_map(|line| line.strip_prefix("rows|")).unwrap().parse().unwrap()
}
