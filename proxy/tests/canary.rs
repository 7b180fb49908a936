//! No byte of content ever comes out where it must not: every command and every error, with the most verbose log.

mod common;

use common::{EMAIL, MRN, Room, SSN, gzip, note, utf16};

const CANARIES: [&str; 4] = [SSN, "219099999", MRN, EMAIL];

#[track_caller]
fn hold_none(what: &str, text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    for canary in CANARIES {
        assert!(!text.contains(canary), "{canary} in {what}:\n{text}");
    }
}

#[test]
fn logs_errors_reports_and_results_hold_no_content() {
    let room = Room::new();
    room.run(&["keygen", "-o", "k"]).ends(0);
    let mut binary = note().repeat(300).into_bytes();
    binary.push(0);
    let token = room.pipe(&["redact", "-", "--operator", "ssn=token", "--key-file", "k"], note().as_bytes()).text();
    room.write("in/a.txt", note().repeat(100));
    room.write("in/b.txt", &binary);
    room.write("in/c.gz", &gzip(&binary)[..150]);
    room.write("in/d.json", format!("{{\"note\": \"{SSN}\", \"{SSN}\": [\"MRN: {MRN}\", }}"));
    room.write("in/e.csv", format!("ssn,mail\n{SSN},{EMAIL}\n\"{SSN},{EMAIL}\n"));
    room.write("in/f.txt", utf16(&note(), true));
    room.write("in/g.pdf", format!("%PDF-1.7 {}", note()));
    room.write("in/h.txt", &utf16(&note(), true)[..51]);
    room.write("bad.toml", format!("[[allow]]\nvalue = \"{SSN}\"\n"));
    room.write("bad2.toml", format!("[[detector]]\nid = \"x\"\nkind = \"mrn\"\npattern = '{SSN}+'\n"));
    room.write("roster.txt", format!("\n{}\n", SSN.repeat(100)));
    room.write("bad3.toml", "[[roster]]\nid = \"x\"\nkind = \"mrn\"\nfile = \"roster.txt\"\n");
    room.write(
        "gold.jsonl",
        format!("{{\"path\":\"in/a.txt\",\"start\":1,\"end\":5,\"kind\":\"{SSN}\",\"x\":\"{EMAIL}\"}}\n"),
    );
    room.write(
        "gold2.jsonl",
        "{\"path\":\"in/a.txt\",\"start\":1,\"end\":5,\"kind\":\"ssn\"}\n{\"path\":\"in/b.txt\"}\n",
    );
    room.write("allow.txt", format!("{SSN}\n"));
    room.write("k2", format!("blackbar-key-v1 {SSN} {MRN}\n"));
    let runs: &[&[&str]] = &[
        &["scan", "in"],
        &["scan", "in", "--format", "pretty"],
        &["scan", "in", "--format", "summary"],
        &["scan", "in", "--count"],
        &["scan", "in", "-l", "--min-confidence", "0"],
        &["scan", "in", "--config", "bad.toml"],
        &["scan", "in", "--config", "bad3.toml"],
        &["redact", "in", "-o", "out", "--report", "r.json", "--edits", "e.jsonl"],
        &["redact", "in", "-o", "out2", "--report", "r2.json", "--profile", "mask-all", "--jobs", "3"],
        &["redact", "in", "-o", "out3", "--operator", "ssn=token", "--operator", "mrn=fpe", "--key-file", "k"],
        &["redact", "in/b.txt"],
        &["redact", "in/a.txt", "--allow", "allow.txt"],
        &["redact", "in/a.txt", "--key-file", "k2"],
        &["redact", "in/a.txt", "--key-file", "in/a.txt"],
        &["redact", "in/a.txt", "--profile", "bad.toml"],
        &["redact", "in/a.txt", "--config", "in/a.txt"],
        &["eval", "--gold", "gold.jsonl"],
        &["eval", "--gold", "gold2.jsonl"],
        &["eval", "--gold", "in/a.txt"],
        &["detectors"],
    ];
    for run in runs {
        let answer = room.run(&[run, &["-vvvv"][..]].concat());
        assert!(answer.code.is_some_and(|code| code <= 3), "{run:?}");
        hold_none(&format!("stderr of {run:?}"), answer.err.as_bytes());
        hold_none(&format!("stdout of {run:?}"), &answer.out);
    }
    for name in room.files() {
        if name.starts_with("out") || ["r.json", "r2.json", "e.jsonl"].contains(&name.as_str()) {
            hold_none(&name, &room.read(&name));
        }
    }
    let answer =
        room.pipe(&["reveal", "--key-file", "k", "--reason", "test", "--kind", "mrn", "-vvvv"], token.as_bytes());
    hold_none("stderr of reveal", answer.err.as_bytes());
    let foreign = token.replace("bb-ssn-", "bb-mrn-");
    let answer = room.pipe(&["reveal", "--key-file", "k", "--reason", "test", "-vvvv"], foreign.as_bytes()).ends(1);
    hold_none("stderr of a refused token", answer.err.as_bytes());
    let answer = room.run(&["scan", "in/a.txt", "--config", "bad2.toml", "-vvvv"]).ends(2);
    assert!(answer.err.contains("BB-CONFIG-005"), "{}", answer.err);
}
