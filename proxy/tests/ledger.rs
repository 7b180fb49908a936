//! `verify` and `prove`, on a data folder that an earlier build wrote.
#![allow(clippy::unwrap_used, reason = "these are tests, outside of their functions")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::Room;

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../ledger/tests/golden")
}

/// A copy that may be changed.
fn copied(room: &Room) -> String {
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
