//! `blackbar scan` from outside.

mod common;

use common::{EMAIL, MRN, Room, SSN, gzip, note, utf16};
use serde_json::json;

#[test]
fn a_finding_is_one_line_of_a_known_shape() {
    let room = Room::new();
    room.write("notes.txt", note());
    let answer = room.run(&["scan", "notes.txt"]).ends(0);
    let start = note().find(SSN).unwrap();
    let line = answer.text().lines().next().unwrap().to_owned();
    let expected = format!(
        "{{\"path\":\"notes.txt\",\"start\":{start},\"end\":{},\"line\":2,\"column\":14,\"kind\":\"ssn\",\"detector\":\"us-ssn\",\"confidence\":",
        start + SSN.len()
    );
    assert!(line.starts_with(&expected) && line.ends_with(",\"field\":null}"), "{line}");
    let kinds: Vec<_> = answer.lines().iter().map(|line| line["kind"].as_str().unwrap().to_owned()).collect();
    assert_eq!(kinds, ["ssn", "mrn", "email"]);
    for canary in [SSN, MRN, EMAIL] {
        assert!(!answer.text().contains(canary) && !answer.err.contains(canary));
    }
}

#[test]
fn offsets_lines_and_columns_are_those_of_the_input_in_every_coding() {
    let room = Room::new();
    let text = format!("Zoë 🙂\r\nPatient SSN: {SSN}\n");
    room.write("a.txt", &text);
    room.write("a.gz", gzip(text.as_bytes()));
    room.write("a.zst", zstd::encode_all(text.as_bytes(), 1).unwrap());
    for name in ["a.txt", "a.gz", "a.zst"] {
        let found = &room.run(&["scan", "--kinds", "ssn", name]).ends(0).lines()[0];
        let start = text.find(SSN).unwrap();
        assert_eq!(
            (found["start"].as_u64(), found["line"].as_u64(), found["column"].as_u64()),
            (Some(start as u64), Some(2), Some(14))
        );
    }
    for big_endian in [false, true] {
        let wide = utf16(&text, big_endian);
        room.write("w.txt", &wide);
        let found = &room.run(&["scan", "--kinds", "ssn", "w.txt"]).ends(0).lines()[0];
        let offset = |key: &str| usize::try_from(found[key].as_u64().unwrap()).unwrap();
        let spelt = utf16(SSN, big_endian);
        assert_eq!(&wide[offset("start")..offset("end")], &spelt[2..]);
        assert_eq!((offset("line"), offset("column")), (2, 1 + 2 * 13));
    }
}

#[test]
fn fields_are_named_and_escapes_are_covered() {
    let room = Room::new();
    let text = r#"{"patient":{"ssn":"219\u002d09-9999"}}"#;
    let found = &room.pipe(&["scan", "-"], text.as_bytes()).ends(0).lines()[0];
    assert_eq!((&found["path"], &found["kind"], &found["field"]), (&json!("-"), &json!("ssn"), &json!("patient.ssn")));
    let offset = |key: &str| usize::try_from(found[key].as_u64().unwrap()).unwrap();
    assert_eq!(&text[offset("start")..offset("end")], r"219\u002d09-9999");
}

#[test]
fn exit_status_tells_what_happened() {
    let room = Room::new();
    room.write("bad.txt", note());
    room.write("clean.txt", "Nothing to see.\n");
    room.write("x.pdf", "%PDF-1.7 ...");
    room.run(&["scan", "clean.txt", "--fail"]).ends(0);
    room.run(&["scan", "bad.txt"]).ends(0);
    room.run(&["scan", "bad.txt", "--fail"]).ends(1);
    room.run(&["scan", "bad.txt", "--fail", "--kinds", "card"]).ends(0);
    room.run(&["scan", "bad.txt", "--kinds", "crad"]).ends(2).says("did you mean \"card\"?").says("BB-USAGE-004");
    room.run(&["scan", "bad.txt", "--min-confidence", "7"]).ends(2).says("BB-USAGE-001");
    room.run(&["scan", "none.txt"]).ends(3).says("none.txt").says("BB-INPUT-001");
    room.run(&["scan", "x.pdf"]).ends(3).says("x.pdf").says("BB-INPUT-002");
    room.run(&["scan", "x.pdf", "--unsupported", "skip"]).ends(0).says("skipped");
    room.run(&["scan", "bad.txt", "none.txt", "--fail"]).ends(3);
    room.run(&["scan", "--explain", "bad.txt"]).ends(2).says("BB-USAGE-013");
    room.run(&["scan", "--input", "poetry", "bad.txt"]).ends(2).says("BB-USAGE-001");
}

#[test]
fn names_counts_and_summaries() {
    let room = Room::new();
    room.write("d/a.txt", note());
    room.write("d/b.txt", "Nothing.\n");
    room.write("d/c.log", note());
    assert_eq!(room.run(&["scan", "-l", "d"]).ends(0).text(), "d/a.txt\nd/c.log\n");
    assert_eq!(room.run(&["scan", "--count", "d"]).ends(0).text(), "d/a.txt:3\nd/b.txt:0\nd/c.log:3\n");
    assert_eq!(room.run(&["scan", "-l", "--glob", "*.txt", "d"]).ends(0).text(), "d/a.txt\n");
    assert_eq!(room.run(&["scan", "-l", "--glob", "!*.txt", "d"]).ends(0).text(), "d/c.log\n");
    let summary = room.run(&["scan", "--format", "summary", "d"]).ends(0).text();
    assert!(summary.contains("2  ssn") && summary.contains("6  in 2 of 3 inputs"), "{summary}");
}

#[test]
fn order_is_that_of_the_inputs_for_any_number_of_jobs() {
    let room = Room::new();
    for number in 0..30 {
        // The first ones are the biggest, so that later ones are done before them.
        room.write(&format!("d/{number:02}.txt"), note().repeat(1 + (30 - number) * (30 - number)));
    }
    let one = room.run(&["scan", "d", "--jobs", "1"]).ends(0).out;
    for jobs in ["2", "5"] {
        assert!(room.run(&["scan", "d", "--jobs", jobs]).ends(0).out == one, "--jobs {jobs}");
    }
}

#[test]
fn values_are_shown_only_when_asked_for() {
    let room = Room::new();
    room.write("a.txt", note());
    let masked = room.run(&["scan", "--format", "pretty", "a.txt"]).ends(0).text();
    assert!(masked.contains("a.txt:2:14: ssn ***********") && !masked.contains(SSN), "{masked}");
    let shown = room.run(&["scan", "--format", "pretty", "--show", "a.txt"]).ends(0).text();
    assert!(shown.contains(SSN));
}

#[test]
fn what_the_configuration_allows_or_adds_is_seen() {
    let room = Room::new();
    room.write("a.txt", "chart C1234567, mail help@clinic.example, ward Xanadu, seen Bilbo Underhill\n");
    room.write("roster.txt", "name\tBilbo Underhill\n");
    let config = "[[detector]]\nid = \"clinic-mrn\"\nkind = \"mrn\"\npattern = 'C[0-9]{7}'\ncontext = [\"chart\"]\n\
                  [[detector]]\nid = \"wards\"\nkind = \"ward\"\nwords = [\"Xanadu\"]\n\
                  [[roster]]\nid = \"patients\"\nkind = \"name:patient\"\nfile = \"roster.txt\"\n\
                  [[allow]]\nvalue = \"help@clinic.example\"\nreason = \"the help desk\"\n";
    room.write("blackbar.toml", config);
    let found = room.run(&["scan", "a.txt"]).ends(0).lines();
    let detectors: Vec<_> = found.iter().map(|line| line["detector"].as_str().unwrap().to_owned()).collect();
    assert_eq!(detectors, ["clinic-mrn", "wards", "patients"]);
    room.run(&["scan", "a.txt", "--kinds", "ward"]).ends(0);
    room.write("other.toml", "[[detector]]\nid = \"x\"\nkind = \"mrn\"\npattern = 'C[0-9]+'\n");
    room.run(&["scan", "a.txt", "--config", "other.toml"]).ends(2).says("BB-CONFIG-005").says("other.toml:1");
    room.write("typo.toml", "[[detector]]\nid = \"x\"\nknd = \"mrn\"\n");
    room.run(&["scan", "a.txt", "--config", "typo.toml"]).ends(2);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let room = Room::new();
    room.write("a.txt", note().repeat(20_000));
    for arguments in [&["scan", "a.txt"][..], &["redact", "a.txt"], &["detectors"]] {
        let mut child = room
            .command(arguments)
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?} {}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
