//! `verify` and `prove`, on a data folder that an earlier build wrote.
#![allow(clippy::unwrap_used, reason = "these are tests, outside of their functions")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::Room;
use common::gateway::{Gateway, begun, body, free_port, get, upstream};

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../ledger/tests/golden")
}

/// What a gateway of version 0.1 left: configuration, policies, keys, data.
fn release() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/release-0.1")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &to);
        } else {
            fs::copy(&path, to).unwrap();
        }
    }
}

/// A copy that may be changed.
fn copied(room: &Room) -> String {
    copy(&golden(), &room.path("data"));
    "data".to_owned()
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_good_folder_passes_and_says_what_it_is() {
    let room = Room::new();
    let data = copied(&room);
    let told = room.run(&["verify", &data]).ends(0).text();
    assert!(told.starts_with("PASS: consistent, key not pinned"), "{told}");
    assert!(told.contains("1 sessions by policy six-years, proofs intact"), "{told}");

    let vkey = fs::read_to_string(golden().join("log.vkey")).unwrap();
    for key in [vkey.trim(), "data/log.vkey"] {
        let told = room.run(&["verify", &data, "--vkey", key]).ends(0).text();
        assert!(told.starts_with("PASS\n"), "{told}");
    }
    let pinned = ["verify", &data, "--vkey", "data/log.vkey", "--root-key", "data/root.key", "--format", "json"];
    let told = json(&room.run(&pinned).ends(0).text());
    assert_eq!((&told["good"], &told["key_pinned"]), (&true.into(), &true.into()));
    assert_eq!((&told["frames"], &told["frames_decrypted"]), (&3.into(), &3.into()));
    room.run(&["verify", &data, "--against", "data/log/checkpoint"]).ends(0);
}

#[test]
fn a_bad_folder_fails_and_names_the_place() {
    let room = Room::new();
    let data = copied(&room);
    let path = room.path("data/log/tile/entries/000");
    let mut bytes = fs::read(&path).unwrap();
    let place = bytes.windows(7).position(|window| window == b"agent-7").unwrap();
    bytes[place + 6] = b'9';
    fs::write(&path, bytes).unwrap();
    let told = room.run(&["verify", &data]).ends(1).text();
    assert!(told.starts_with("FAIL\n") && told.contains("tampered at leaf 0"), "{told}");
    fs::remove_file(&path).unwrap();
    let told = json(&room.run(&["verify", &data, "--format", "json"]).ends(1).text());
    assert_eq!((&told["findings"][0]["wrong"], &told["findings"][0]["index"]), (&"missing".into(), &0.into()));
}

#[test]
fn a_proof_is_made_and_verified_alone() {
    let room = Room::new();
    let data = copied(&room);
    let proof = room.run(&["prove", "1", "--data", &data]).ends(0).text();
    room.write("one.tlog-proof", &proof);
    let told = room.run(&["verify", "one.tlog-proof", "--vkey", "data/log.vkey"]).ends(0).text();
    assert!(told.starts_with("PASS\n") && told.contains("\"kind\":\"request\""), "{told}");
    room.write("two.tlog-proof", proof.replace("index 1\n", "index 2\n"));
    room.run(&["verify", "two.tlog-proof", "--vkey", "data/log.vkey"]).ends(1);

    let told = json(&room.run(&["verify", "one.tlog-proof", "--format", "json"]).ends(0).text());
    let session = told["proof"]["leaf"]["session"].as_str().unwrap();
    let same = room.run(&["prove", &format!("{session}/1"), "--data", &data]).ends(0).text();
    assert_eq!(same, proof);
}

#[test]
fn what_is_no_log_is_told_with_an_id() {
    let room = Room::new();
    room.write("x", "nothing");
    fs::create_dir(room.path("empty")).unwrap();
    room.run(&["verify", "x"]).ends(3).says("BB-LEDGER-002");
    room.run(&["verify", "empty"]).ends(3).says("BB-LEDGER-003");
    room.run(&["verify", "none"]).ends(3).says("BB-INPUT-001");
    room.run(&["verify", "x", "--vkey", "y"]).ends(2).says("BB-LEDGER-001");
    room.run(&["prove", "7", "--data", "empty"]).ends(3).says("BB-LEDGER-003");
    room.run(&["prove", "seven", "--data", "empty"]).ends(2).says("BB-USAGE-001");
    let data = copied(&room);
    room.run(&["prove", "100000", "--data", &data]).ends(3).says("BB-LEDGER-003");
}

const PATIENT: &str = "{\"resourceType\":\"Patient\",\"id\":\"7\",\"text\":\"SSN 219-09-9999\"}";

/// Writes the folder of a release anew. Only when what is in it changes on purpose; the old one then stays beside it.
#[test]
#[ignore = "writes the golden files"]
fn bless() {
    let (room, port) = begun();
    let behind = upstream(PATIENT);
    let key = room.run(&["approvals", "keygen", "-o", "officer.key"]).ends(0).text();
    let kept = room.text("blackbar.toml").replace(&format!("127.0.0.1:{port}"), "127.0.0.1:8080")
        + &format!(
            "\n[[approver]]\nsubject = \"officer-1\"\ngroups = [\"privacy-officers\"]\nkey = \"{}\"\n\n# What was issued counts still when it \
             is tried again.\n[limits]\nmax_ttl = \"876000h\"\nask_timeout = \"876000h\"\ngrant_timeout = \"876000h\"\n",
            key.trim()
        );
    room.write("blackbar.toml", at(&kept, port, behind));
    let issue = ["token", "issue", "--subject", "agent-7", "--group", "agents", "--ttl", "870000h"];
    let credential = room.run(&issue).ends(0).text();
    let gateway = Gateway::start(&room, port);
    assert!(get(port, credential.trim(), "/Patient/7").starts_with("HTTP/1.1 200 "));
    let held = ["/Patient?name=one", "/Patient?name=two"].map(|path| {
        let told = json(&body(&get(port, credential.trim(), path)));
        told["approval_id"].as_str().unwrap().to_owned()
    });
    room.run(&["approvals", "approve", &held[0], "--key", "officer.key", "--reason", "a letter"]).ends(0);
    assert_eq!(gateway.end().0, Some(0));
    let listed = room.run(&["sessions", "list", "--target", "fhir", "--format", "json"]).ends(0).lines();
    let session = listed[0]["session"].as_str().unwrap();
    let told = serde_json::json!({
        "credential": credential.trim(), "session": session, "approved": held[0], "asked": held[1],
        "replay": room.run(&["sessions", "replay", session]).ends(0).text(),
    });

    let target = release();
    let _ = fs::remove_dir_all(&target);
    copy(room.folder.path(), &target);
    fs::write(target.join("blackbar.toml"), kept).unwrap();
    fs::write(target.join("told.json"), format!("{told:#}\n")).unwrap();
    for file in ["reserve", "lock", "control.sock"] {
        let _ = fs::remove_file(target.join("blackbar-data").join(file));
    }
    // Room for what has not come is made again.
    for entry in fs::read_dir(target.join("blackbar-data/journal")).unwrap() {
        let path = entry.unwrap().path();
        let mut bytes = fs::read(&path).unwrap();
        bytes.truncate(bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1));
        fs::write(path, bytes).unwrap();
    }
}

/// The configuration as it was kept, at addresses of this run.
fn at(kept: &str, port: u16, behind: u16) -> String {
    kept.replace("127.0.0.1:8080", &format!("127.0.0.1:{port}"))
        .replace("127.0.0.1:9000", &format!("127.0.0.1:{behind}"))
}

#[test]
fn a_gateway_goes_on_with_the_folder_of_an_earlier_release() {
    let room = Room::new();
    copy(&release(), room.folder.path());
    room.write("then.vkey", room.read("blackbar-data/log.vkey"));
    let (port, behind) = (free_port(), upstream(PATIENT));
    room.write("blackbar.toml", at(&room.text("blackbar.toml"), port, behind));
    let told = json(&room.text("told.json"));
    let text = |name: &str| told[name].as_str().unwrap().to_owned();
    let (credential, session) = (text("credential"), text("session"));
    let verify = ["verify", "blackbar-data", "--vkey", "then.vkey", "--root-key", "root.key"];
    let state =
        |id: &str| json(&room.run(&["approvals", "show", id, "--format", "json"]).ends(0).text())["state"].clone();
    room.run(&verify).ends(0);
    room.run(&["check"]).ends(0);
    assert_eq!(room.run(&["sessions", "replay", &session]).ends(0).text(), text("replay"));

    let gateway = Gateway::start(&room, port);
    let answer = get(port, &credential, "/Patient/7");
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("[SSN]"), "{answer}");
    // What people said then counts. Policies read more today than they did, so what waits is void, and nobody can decide it.
    assert_eq!((state(&text("approved")), state(&text("asked"))), ("granted".into(), "asked".into()));
    room.run(&["approvals", "deny", &text("asked"), "--key", "officer.key", "--reason", "it is late"])
        .ends(1)
        .says("BB-APPROVAL-002");
    assert_eq!(state(&text("asked")), "asked");
    let (status, said) = gateway.end();
    assert_eq!(status, Some(0), "{said}");

    room.run(&verify).ends(0);
    assert_eq!(room.run(&["sessions", "replay", &session]).ends(0).text(), text("replay"));
    let listed = room.run(&["sessions", "list", "--subject", "agent-7", "--format", "json"]).ends(0).lines();
    assert!(listed[0]["session"] == session && listed.last().unwrap()["outcome"] == "success", "{listed:?}");
}
