//! The smaller commands from outside.

mod common;

use std::path::Path;

use common::{Room, SSN, note};

#[test]
fn help_and_version() {
    let room = Room::new();
    const COMMANDS: [&str; 14] = [
        "scan",
        "redact",
        "reveal",
        "eval",
        "keygen",
        "detectors",
        "verify",
        "prove",
        "init",
        "check",
        "serve",
        "status",
        "token",
        "sessions",
    ];
    for command in COMMANDS {
        let help = room.run(&[command, "--help"]).ends(0).text();
        assert!(help.contains(&format!("Example: blackbar {command}")), "{help}");
    }
    let version = room.run(&["--version"]).ends(0).text();
    assert!(version.starts_with(&format!("blackbar {} (", env!("CARGO_PKG_VERSION"))), "{version}");
    room.run(&[]).ends(2);
    room.run(&["scna"]).ends(2).says("BB-USAGE-001");
}

#[test]
fn configuration_is_found_where_it_should_be() {
    let room = Room::new();
    room.write("a.txt", note());
    room.run(&["scan", "a.txt", "--config", "none.toml"]).ends(2).says("none.toml").says("BB-CONFIG-001");
    room.write("blackbar.toml", "upstream = 1\n");
    room.run(&["scan", "a.txt"]).ends(2).says("blackbar.toml:1: unknown key \"upstream\"").says("BB-CONFIG-003");
    room.write("other.toml", "data_dir = \"x\"\n");
    room.run(&["scan", "a.txt", "--config", "other.toml"]).ends(0);
    let answer = room.command(&["scan", "a.txt"]).env("BLACKBAR_CONFIG", "other.toml").output().unwrap();
    assert_eq!(answer.status.code(), Some(0));
}

#[cfg(unix)]
#[test]
fn a_key_file_is_for_its_owner() {
    use std::os::unix::fs::PermissionsExt as _;
    let room = Room::new();
    room.run(&["keygen", "-o", "k"]).ends(0);
    assert_eq!(std::fs::metadata(room.path("k")).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(room.text("k").starts_with("blackbar-key-v1 "));
}

#[test]
fn eval_counts_what_is_covered_and_what_is_not() {
    let room = Room::new();
    let start = note().find(SSN).unwrap();
    let gold = format!(
        "{{\"path\":\"a.txt\",\"start\":{start},\"end\":{},\"kind\":\"ssn\"}}\n{{\"path\":\"a.txt\",\"start\":0,\"end\":4,\"kind\":\"name\"}}\n{{\"path\":\"b.txt\"}}\n",
        start + SSN.len()
    );
    room.write("d/gold.jsonl", gold);
    room.write("d/a.txt", note());
    room.write("d/b.txt", "Nothing at all.\n");
    let answer = room.run(&["eval", "--gold", "d/gold.jsonl", "--format", "json"]).ends(0);
    let scored: serde_json::Value = serde_json::from_str(&answer.text()).unwrap();
    assert_eq!((&scored["kinds"]["ssn"]["recall"], &scored["kinds"]["name"]["recall"]), (&1.0.into(), &0.0.into()));
    assert_eq!(scored["overall"]["labels"], 2);
    assert_eq!(scored["false_positives_per_100kb"], 0.0);
    assert_eq!(
        scored["misses"][0],
        serde_json::json!({"path": "a.txt", "start": 0, "end": 4, "kind": "name", "bytes": 4})
    );
    let pretty = room.run(&["eval", "--gold", "d/gold.jsonl"]).ends(0).text();
    assert!(pretty.contains("missed or partly missed: 1") && pretty.contains("a.txt:0..4 name"), "{pretty}");
    let one = room.run(&["eval", "--gold", "d/gold.jsonl", "d/b.txt", "--format", "json"]).ends(0).text();
    assert!(one.contains("\"labels\": 0"), "{one}");
    room.run(&["eval", "--gold", "d/gold.jsonl", "elsewhere"]).ends(2).says("BB-GOLD-001");
    std::fs::remove_file(room.path("d/b.txt")).unwrap();
    room.run(&["eval", "--gold", "d/gold.jsonl"]).ends(3).says("BB-GOLD-002").says("b.txt");
}

/// `docs/detectors.md` is what the program says. `BLACKBAR_BLESS=1` writes it anew.
#[test]
fn the_documented_detectors_are_those_of_the_program() {
    let room = Room::new();
    let table = room.run(&["detectors", "--format", "markdown"]).ends(0).text();
    let text = format!(
        "# Detectors\n\nWritten by `blackbar detectors --format markdown`. The class is the letter of the Safe Harbor list, 45 CFR\n164.514(b)(2)(i); the operators are those that fit the kind.\n\n{table}"
    );
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/detectors.md");
    if std::env::var_os("BLACKBAR_BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(known == text, "docs/detectors.md is out of date: run the tests with BLACKBAR_BLESS=1");
    let json = room.run(&["detectors", "--format", "json"]).ends(0).text();
    let rows: serde_json::Value = serde_json::from_str(&json).unwrap();
    // The order of keys means nothing in JSON.
    let mut keys: Vec<_> = rows[0].as_object().unwrap().keys().cloned().collect();
    keys.sort_unstable();
    assert_eq!(keys, ["class", "id", "kind", "operators", "refuses", "takes", "window"]);
}

/// What the packaging brings along is a configuration that the program takes.
#[cfg(unix)]
#[test]
fn the_composed_clinic_is_configured_as_the_program_wants_it() {
    let room = Room::new();
    let compose = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/compose");
    for name in ["blackbar.toml", "policies/clinic.cedar"] {
        room.write(name, std::fs::read(compose.join(name)).unwrap());
    }
    std::fs::copy(compose.join("prepare.sh"), room.path("prepare.sh")).unwrap();
    for _ in 0..2 {
        let mut prepare = std::process::Command::new("sh");
        let prepared = prepare.arg(room.path("prepare.sh")).env("BLACKBAR", env!("CARGO_BIN_EXE_blackbar")).output();
        let prepared = prepared.unwrap();
        assert!(prepared.status.success(), "{}", String::from_utf8_lossy(&prepared.stderr));
    }
    // Nothing that exists is overwritten, so there is one reviewer after two runs.
    assert_eq!(room.text("gateway/blackbar.toml").matches("[[approver]]").count(), 1);
    room.run(&["check", "--config", "gateway/blackbar.toml"]).ends(0);
}
