//! `blackbar redact` from outside.

mod common;

use std::fs;

use common::{EMAIL, MRN, Room, SSN, apply, gunzip, gzip, lines, note, utf16};
use serde_json::Value;

fn redacted() -> String {
    "Seen today.\nPatient SSN: [SSN] and MRN: [MRN].\nMail to [EMAIL] please.\n".to_owned()
}

#[test]
fn one_input_goes_to_stdout_or_to_a_file() {
    let room = Room::new();
    room.write("a.txt", note());
    assert_eq!(room.run(&["redact", "a.txt"]).ends(0).text(), redacted());
    assert_eq!(room.pipe(&["redact", "-"], note().as_bytes()).ends(0).text(), redacted());
    assert_eq!(room.pipe(&["redact"], note().as_bytes()).ends(0).text(), redacted());
    room.run(&["redact", "a.txt", "-o", "b.txt"]).ends(0);
    assert_eq!(room.text("b.txt"), redacted());
    assert_eq!(room.text("a.txt"), note(), "the input was changed");
    room.write("b.txt", "mine");
    room.run(&["redact", "a.txt", "-o", "b.txt"]).ends(2).says("BB-USAGE-010");
    assert_eq!(room.text("b.txt"), "mine");
    room.run(&["redact", "a.txt", "-o", "b.txt", "--force"]).ends(0);
    assert_eq!(room.text("b.txt"), redacted());
    room.run(&["redact", "a.txt", "-o", "a.txt", "--force"]).ends(2).says("BB-USAGE-009");
    room.run(&["redact", "a.txt", "-o", "new/"]).ends(0);
    assert_eq!(room.text("new/a.txt"), redacted());
    assert_eq!(room.text("a.txt"), note());
}

#[test]
fn folders_are_mirrored() {
    let room = Room::new();
    room.write("in/a.txt", note());
    room.write("in/deep/er/b.txt", note());
    room.run(&["redact", "in"]).ends(2).says("BB-USAGE-003");
    room.run(&["redact", "in", "-o", "in/out"]).ends(2).says("BB-USAGE-009");
    room.run(&["redact", "in", "-o", "out"]).ends(0);
    assert_eq!(room.text("out/deep/er/b.txt"), redacted());
    room.write("two/a.txt", note());
    room.run(&["redact", "in", "two", "-o", "both"]).ends(0);
    assert_eq!(room.files().iter().filter(|name| name.starts_with("both/")).count(), 3);
    assert_eq!(room.text("both/two/a.txt"), redacted());
    room.run(&["redact", "in/a.txt", "two/a.txt", "-o", "same"]).ends(2).says("BB-USAGE-011");
}

#[cfg(unix)]
#[test]
fn permissions_are_those_of_the_input() {
    use std::os::unix::fs::PermissionsExt as _;
    let room = Room::new();
    for mode in [0o640, 0o600, 0o444] {
        let path = room.write(&format!("{mode:o}.txt"), note());
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let (name, out) = (format!("{mode:o}.txt"), format!("out-{mode:o}.txt"));
        room.run(&["redact", &name, "-o", &out]).ends(0);
        assert_eq!(fs::metadata(room.path(&out)).unwrap().permissions().mode() & 0o777, mode);
    }
}

#[test]
fn codings_and_charsets_are_kept() {
    let room = Room::new();
    let (text, clean) = (note().repeat(500), redacted().repeat(500));
    room.write("a.gz", [gzip(text.as_bytes()), gzip(text.as_bytes())].concat());
    room.run(&["redact", "a.gz", "-o", "b.gz"]).ends(0);
    assert_eq!(String::from_utf8(gunzip(&room.read("b.gz"))).unwrap(), clean.repeat(2));
    room.write("a.zst", zstd::encode_all(text.as_bytes(), 1).unwrap());
    room.run(&["redact", "a.zst", "-o", "b.zst"]).ends(0);
    assert_eq!(zstd::decode_all(&room.read("b.zst")[..]).unwrap(), clean.as_bytes());
    for big_endian in [false, true] {
        let text = format!("Zoë 🙂\n{text}");
        room.write("w.txt", utf16(&text, big_endian));
        room.run(&["redact", "w.txt", "-o", "v.txt", "--force"]).ends(0);
        assert_eq!(room.read("v.txt"), utf16(&format!("Zoë 🙂\n{clean}"), big_endian));
        room.write("w.gz", gzip(&utf16(&text, big_endian)));
        room.run(&["redact", "w.gz", "-o", "v.gz", "--force"]).ends(0);
        assert_eq!(gunzip(&room.read("v.gz")), utf16(&format!("Zoë 🙂\n{clean}"), big_endian));
    }
}

#[test]
fn text_that_is_no_utf8_keeps_its_bytes() {
    let room = Room::new();
    let text = [b"caf\xe9 \xff\xfe ".as_slice(), note().as_bytes(), b"\x80\xe9\n"].concat();
    let answer = room.pipe(&["redact", "-"], &text).ends(0);
    assert_eq!(answer.out, [b"caf\xe9 \xff\xfe ".as_slice(), redacted().as_bytes(), b"\x80\xe9\n"].concat());
}

#[test]
fn edits_make_the_output_of_the_input() {
    let room = Room::new();
    let json = format!("{{\"ssn\":\"{SSN}\",\"n\":{MRN},\"note\":\"MRN: {MRN}\\nMail {EMAIL}\"}}\n").repeat(50);
    let latin = [b"Ren\xe9e ".as_slice(), note().as_bytes()].concat();
    let long = format!("see https://portal.clinic.example/{}?q=1 now\n", "a/b".repeat(100_000));
    let inputs: [(&str, Vec<u8>); 6] = [
        ("text", note().repeat(3000).into_bytes()),
        ("json", json.into_bytes()),
        ("latin", latin),
        ("wide", utf16(&format!("Zoë 🙂 {}", note()), false)),
        ("csv", format!("name,ssn,note\nA,{SSN},x\nB,{SSN},\"MRN: {MRN}, \"\"y\"\"\"\n").into_bytes()),
        ("long", long.into_bytes()),
    ];
    for (name, input) in &inputs {
        room.write(name, input);
        for profile in ["safe-harbor", "mask-all"] {
            room.run(&["redact", name, "-o", "out", "--edits", "edits", "--profile", profile, "--force"]).ends(0);
            let edits = lines(&room.text("edits"));
            assert!(!edits.is_empty(), "{name}");
            assert!(apply(input, &edits) == room.read("out"), "{name} {profile}");
        }
        for canary in [SSN, EMAIL] {
            assert!(!room.text("edits").contains(canary));
        }
    }
    room.write("d/a.txt", note());
    room.write("d/b.txt", note());
    room.run(&["redact", "d", "-o", "o", "--edits", "edits"]).ends(0);
    let edits = lines(&room.text("edits"));
    let paths: Vec<_> = edits.iter().map(|edit| edit["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["d/a.txt", "d/a.txt", "d/a.txt", "d/b.txt", "d/b.txt", "d/b.txt"]);
}

#[test]
fn one_bad_file_among_many_is_named_and_leaves_nothing() {
    let room = Room::new();
    for name in ["a.txt", "c.txt", "e.txt"] {
        room.write(&format!("in/{name}"), note());
    }
    let mut late_nul = note().repeat(200).into_bytes();
    late_nul.push(0);
    room.write("in/b.txt", late_nul);
    room.write("in/d.png", b"\x89PNG\r\n\x1a\n....");
    room.write("in/f.gz", &gzip(note().repeat(300).as_bytes())[..200]);
    room.write("in/g.txt", &utf16("odd", false)[..7]);
    let answer = room.run(&["redact", "in", "-o", "out", "--report", "r.json", "--edits", "e.jsonl"]).ends(3);
    for id in
        ["in/b.txt", "BB-INPUT-003", "in/d.png", "BB-INPUT-002", "in/f.gz", "BB-INPUT-004", "in/g.txt", "BB-INPUT-005"]
    {
        assert!(answer.err.contains(id), "{id} in {}", answer.err);
    }
    let written: Vec<_> = room.files().into_iter().filter(|name| name.starts_with("out/")).collect();
    assert_eq!(written, ["out/a.txt", "out/c.txt", "out/e.txt"]);
    let report: Value = serde_json::from_str(&room.text("r.json")).unwrap();
    let failed: Vec<_> =
        report["failed"].as_array().unwrap().iter().map(|line| line["error"].as_str().unwrap()).collect();
    assert_eq!(failed, ["BB-INPUT-003", "BB-INPUT-002", "BB-INPUT-004", "BB-INPUT-005"]);
    assert!(!room.text("e.jsonl").contains("in/b.txt"), "edits of a file that has no output");

    let answer = room.run(&[
        "redact",
        "in",
        "-o",
        "out",
        "--force",
        "--unsupported",
        "skip",
        "--glob",
        "!*.gz",
        "--glob",
        "![bg].txt",
    ]);
    answer.ends(0).says("skipped");
    assert!(!room.files().contains(&"out/d.png".to_owned()));
}

#[cfg(unix)]
#[test]
fn what_may_not_be_read_is_named() {
    use std::os::unix::fs::PermissionsExt as _;
    let room = Room::new();
    room.write("in/a.txt", note());
    let locked = room.write("in/b.txt", note());
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::File::open(&locked).is_ok() {
        // Whoever may read everything sees no locked file; a dangling link is as unreadable.
        fs::remove_file(&locked).unwrap();
        std::os::unix::fs::symlink("nowhere", &locked).unwrap();
    }
    room.run(&["redact", "in", "-o", "out"]).ends(3).says("in/b.txt").says("BB-INPUT-001");
    assert_eq!(room.text("out/a.txt"), redacted());
    assert!(!room.files().contains(&"out/b.txt".to_owned()));
}

#[cfg(unix)]
#[test]
fn a_killed_run_leaves_nothing_under_the_final_name() {
    use std::io::Write as _;
    let room = Room::new();
    room.write("out.txt", "before");
    let mut child = room
        .command(&["redact", "-", "-o", "out.txt", "--force", "--jobs", "1"])
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(note().repeat(40_000).as_bytes()).unwrap();
    // The pipe holds less than was written, so the command is in the middle of it.
    let unfinished = room.files().into_iter().find(|name| name.ends_with(".partial"));
    assert!(unfinished.is_some(), "it writes elsewhere than beside the output: {:?}", room.files());
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(room.text("out.txt"), "before");
}

#[test]
fn jobs_change_nothing() {
    let room = Room::new();
    let mut big = String::new();
    while big.len() < (4 << 20) + 4096 {
        big.push_str(&note());
        big.push_str("plain words that say nothing about anybody at all, line after line\n");
    }
    room.write("in/big.txt", &big);
    for number in 0..20 {
        room.write(&format!("in/{number}.txt"), note().repeat(number));
    }
    let run = |jobs: &str| {
        room.run(&["redact", "in", "-o", "out", "--force", "--jobs", jobs, "--edits", "edits", "--report", "report"])
            .ends(0);
        let report: Value = serde_json::from_str(&room.text("report")).unwrap();
        let outputs: Vec<_> =
            room.files().into_iter().filter(|name| name.starts_with("out/")).map(|name| room.read(&name)).collect();
        (outputs, room.read("edits"), report["totals"]["findings"].clone())
    };
    let one = run("1");
    for jobs in ["2", "5"] {
        let other = run(jobs);
        assert!(other.0 == one.0 && other.1 == one.1 && other.2 == one.2, "--jobs {jobs}");
    }
    let last = one.0.iter().max_by_key(|output| output.len()).unwrap();
    assert!(
        apply(
            big.as_bytes(),
            &lines(&String::from_utf8(one.1).unwrap())
                .into_iter()
                .filter(|edit| edit["path"] == "in/big.txt")
                .collect::<Vec<_>>()
        ) == *last
    );
}

#[test]
fn keys_and_operators_are_checked_before_anything_is_done() {
    let room = Room::new();
    room.write("a.txt", note());
    for operator in ["ssn=token", "ssn=fpe", "date=shift"] {
        room.run(&["redact", "a.txt", "-o", "b.txt", "--operator", operator]).ends(2).says("BB-USAGE-007");
    }
    room.run(&["redact", "a.txt", "--operator", "name=generalise"]).ends(2).says("BB-USAGE-006");
    room.run(&["redact", "a.txt", "--operator", "name=hide"]).ends(2).says("BB-USAGE-005");
    room.run(&["redact", "a.txt", "--profile", "hipaa"]).ends(2).says("BB-USAGE-008");
    room.run(&["redact", "a.txt", "--key-file", "none.key"]).ends(2).says("BB-KEY-001");
    room.write("bad.key", "blackbar-key-v1 00 00\n");
    room.run(&["redact", "a.txt", "--key-file", "bad.key"]).ends(2).says("BB-KEY-002");
    room.run(&["redact", "a.txt", "--rename", "token", "-o", "out"]).ends(2).says("BB-USAGE-007");
    assert_eq!(room.files(), ["a.txt", "bad.key"]);
}

#[test]
fn tokens_join_and_come_back_and_names_can_be_tokens() {
    let room = Room::new();
    room.run(&["keygen", "-o", "k"]).ends(0);
    room.run(&["keygen", "-o", "k"]).ends(2).says("BB-KEY-003");
    room.write("in/Smith_John.txt", format!("Patient SSN: {SSN}\nPatient SSN: {}\n", SSN.replace('-', " ")));
    let report = ["--report", "r.json", "--key-file", "k", "--operator", "ssn=token"];
    room.run(&[&["redact", "in", "-o", "out", "--rename", "token"][..], &report].concat()).ends(0);
    let name = room.files().into_iter().find(|name| name.starts_with("out/")).unwrap();
    assert!(name.starts_with("out/bb-file-name-") && name.ends_with(".txt"), "{name}");
    let text = room.text(&name);
    let tokens: Vec<&str> = text.lines().map(|line| line.rsplit(' ').next().unwrap()).collect();
    assert!(tokens[0] == tokens[1] && tokens[0].starts_with("bb-ssn-"), "{tokens:?}");
    assert!(!room.text("r.json").contains("Smith"));
    let report: Value = serde_json::from_str(&room.text("r.json")).unwrap();
    assert_eq!(report["method"], "custom (needs expert determination)");

    let revealed = room.pipe(&["reveal", "--key-file", "k", "--reason", "test"], text.as_bytes()).ends(0);
    assert_eq!(revealed.text(), "Patient SSN: 219099999\nPatient SSN: 219099999\n");
    let stem = name.trim_start_matches("out/").trim_end_matches(".txt");
    let revealed = room.pipe(&["reveal", "--key-file", "k", "--reason", "test"], stem.as_bytes()).ends(0);
    assert_eq!(revealed.text(), "Smith_John");

    let forged = format!("{} and {}x", tokens[0], tokens[0].replace("bb-ssn", "bb-mrn"));
    let answer = room.pipe(&["reveal", "--key-file", "k", "--reason", "test"], forged.as_bytes()).ends(1);
    let at = tokens[0].len() + 5;
    assert_eq!(answer.text(), format!("219099999 and {}", &forged[at..]));
    assert!(answer.err.contains(&format!("at byte {at}")) && answer.err.contains("BB-TOKEN-001"), "{}", answer.err);
    room.pipe(&["reveal", "--key-file", "k"], b"").ends(2).says("BB-USAGE-001");
}

#[test]
fn fpe_comes_back_by_kind() {
    let room = Room::new();
    room.run(&["keygen", "-o", "k"]).ends(0);
    let text = format!("Patient SSN: {SSN}.\nMRN: {MRN}\n{{}}\n");
    let hidden = room
        .pipe(&["redact", "-", "--operator", "ssn=fpe", "--operator", "mrn=fpe", "--key-file", "k"], text.as_bytes());
    let hidden = hidden.ends(0).text();
    assert!(hidden.len() == text.len() && !hidden.contains(SSN) && !hidden.contains(MRN), "{hidden}");
    let back = ["reveal", "--key-file", "k", "--reason", "test", "--kind", "ssn", "--kind", "mrn"];
    assert_eq!(room.pipe(&back, hidden.as_bytes()).ends(0).text(), text);
    let one = room.pipe(&back[..7], hidden.as_bytes()).ends(0).text();
    assert!(one.contains(SSN) && !one.contains(MRN));
    room.pipe(&["reveal", "--key-file", "k", "--reason", "t", "--kind", "name"], b"").ends(2).says("BB-USAGE-006");
}

#[test]
fn allowed_values_stay_and_are_counted() {
    let room = Room::new();
    room.write("a.txt", note());
    room.write("allow.txt", format!("# ours\n{EMAIL} # the help desk\n/88[0-9]{{5}}/ # demo records\n"));
    room.run(&["redact", "a.txt", "-o", "b.txt", "--allow", "allow.txt", "--report", "r.json"]).ends(0);
    assert_eq!(room.text("b.txt"), redacted().replace("[EMAIL]", EMAIL).replace("[MRN]", MRN));
    let report: Value = serde_json::from_str(&room.text("r.json")).unwrap();
    assert_eq!(report["totals"]["allowed"]["the help desk"], 1);
    assert_eq!(report["totals"]["allowed"]["demo records"], 1);
    assert_eq!(report["method"], "custom (needs expert determination)");
    room.write("allow.txt", format!("{EMAIL}\n"));
    let answer =
        room.run(&["redact", "a.txt", "--allow", "allow.txt"]).ends(2).says("BB-CONFIG-007").says("allow.txt:1");
    assert!(!answer.err.contains(EMAIL));
}

#[test]
fn what_is_kept_is_named_in_full() {
    let room = Room::new();
    let profile = "columns.\"clinical.encounters.id\" = \"keep\"\nfields.\"Patient.id\" = \"keep\"\n";
    room.write("mine.toml", profile);
    room.write("other.json", r#"{"resourceType":"Encounter","id":"4839201","note":"x"}"#);
    room.write("named.json", r#"{"resourceType":"Patient","id":"4839201","note":"x"}"#);
    let other = room.run(&["redact", "other.json", "--profile", "mine.toml"]).ends(0).text();
    assert_eq!(other, r#"{"resourceType":"Encounter","id":"[OTHER-ID]","note":"x"}"#);
    let named = room.run(&["redact", "named.json", "--profile", "mine.toml"]).ends(0).text();
    assert_eq!(named, r#"{"resourceType":"Patient","id":"4839201","note":"x"}"#);
}

#[test]
fn profiles_come_from_the_configuration_and_from_files() {
    let room = Room::new();
    room.write("a.json", format!("{{\"ssn\":\"{SSN}\",\"code\":\"A-17\",\"x\":\"ab\"}}\n"));
    room.write("blackbar.toml", "[profile.agents]\nkinds.ssn = \"mask\"\nfields.\"code\" = \"tag\"\n");
    let text = room.run(&["redact", "a.json", "--profile", "agents"]).ends(0).text();
    assert_eq!(text, "{\"ssn\":\"***********\",\"code\":\"[OTHER-ID]\",\"x\":\"ab\"}\n");
    room.write("mine.toml", "base = \"mask-all\"\n[kinds]\nssn = \"tag\"\n");
    let text = room.run(&["redact", "a.json", "--profile", "mine.toml"]).ends(0).text();
    assert_eq!(text, "{\"ssn\":\"[SSN]\",\"code\":\"A-17\",\"x\":\"ab\"}\n");
    room.write("mine.toml", "kind = \"x\"\n");
    room.run(&["redact", "a.json", "--profile", "mine.toml"])
        .ends(2)
        .says("did you mean \"kinds\"?")
        .says("BB-CONFIG-003");
}

#[test]
fn the_report_has_a_known_shape_and_its_digests_can_be_compared() {
    let room = Room::new();
    room.run(&["keygen", "-o", "k"]).ends(0);
    room.write("a.txt", note());
    let run = |arguments: &[&str]| -> Value {
        room.run(&[&["redact", "a.txt", "-o", "b.txt", "--force", "--report", "r.json"], arguments].concat()).ends(0);
        serde_json::from_str(&room.text("r.json")).unwrap()
    };
    let report = run(&["--key-file", "k"]);
    let keys = |value: &Value| {
        let mut keys: Vec<_> = value.as_object().unwrap().keys().cloned().collect();
        keys.sort_unstable();
        keys.join(" ")
    };
    assert_eq!(keys(&report), "digests engine failed files method profile skipped totals version");
    let counts = "allowed bytes_in bytes_out";
    assert!(keys(&report["totals"]).starts_with(counts), "{}", keys(&report["totals"]));
    assert_eq!(
        keys(&report["files"][0]),
        "allowed bytes_in bytes_out charset coding copied digest_in digest_out fallbacks findings format kept kept_fields most_held output path replaced window written"
    );
    assert_eq!(report["method"], "safe-harbor");
    assert_eq!(report["totals"]["findings"], serde_json::json!({"email": 1, "mrn": 1, "ssn": 1}));
    assert_eq!(report["totals"]["bytes_in"].as_u64().unwrap(), note().len() as u64);
    assert_eq!(report["totals"]["bytes_out"].as_u64().unwrap(), redacted().len() as u64);
    let again = run(&["--key-file", "k"]);
    assert_eq!(again, report);
    let random = run(&[]);
    assert_ne!(random["files"][0]["digest_in"], report["files"][0]["digest_in"]);
    assert_eq!(random["digests"]["key"], "random, gone with this run");
}
