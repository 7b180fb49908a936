//! Reads SQL from files or stdin and counts how its statements are judged; `--reading` lists those that are called reading.
//!
//! `cargo run --release -p blackbar-sql --example judge -- FILE…`

use std::collections::BTreeMap;
use std::io::{self, Read as _, Write as _};
use std::{env, fs};

use blackbar_sql::{Catalog, Session, analyse};

fn main() -> io::Result<()> {
    let (flags, files): (Vec<String>, Vec<String>) = env::args().skip(1).partition(|arg| arg.starts_with("--"));
    let mut texts = Vec::new();
    for file in &files {
        texts.push(String::from_utf8_lossy(&fs::read(file)?).into_owned());
    }
    if files.is_empty() {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text)?;
        texts.push(text);
    }
    let mut out = io::stdout().lock();
    let (catalog, session) = (Catalog::new(0), Session::default());
    let (mut statements, mut opaque, mut reading) = (0_u64, BTreeMap::<String, u64>::new(), 0_u64);
    // One statement a record, ended by a zero byte, as a splitter writes them.
    for text in texts.iter().flat_map(|text| text.split('\0')).filter(|text| !text.trim().is_empty()) {
        for facts in analyse(text, &catalog, &session) {
            statements += 1;
            if let Some(why) = facts.opacity {
                *opaque.entry(format!("{why:?}")).or_default() += 1;
                if flags.iter().any(|flag| flag == "--opaque") {
                    writeln!(out, "{why:?}: {}", text.split_whitespace().collect::<Vec<_>>().join(" "))?;
                }
            }
            if facts.only_reads() {
                reading += 1;
                if flags.iter().any(|flag| flag == "--reading") {
                    writeln!(out, "{}", text.split_whitespace().collect::<Vec<_>>().join(" "))?;
                }
            }
        }
    }
    writeln!(out, "{statements} statements, {reading} reading, opaque: {opaque:?}")
}
