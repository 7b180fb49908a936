//! A target that is only observed: everything passes as it is, and the record says what would have become of it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests, outside of their functions")]

mod common;

use common::gateway::{Gateway, get, recording};
use serde_json::Value;

const PATIENT: &str = "{\"resourceType\":\"Patient\",\"id\":\"7\",\"text\":\"SSN 219-09-9999\"}";

fn leaves(room: &common::Room) -> Vec<Value> {
    use blackbar_ledger::{LeafIndex, Reader};

    let reader = Reader::open(&room.path("blackbar-data"), None);
    let leaves = reader.leaves(LeafIndex::FIRST).unwrap();
    leaves.map(|item| serde_json::from_slice(item.unwrap().1.bytes()).unwrap()).collect()
}

#[test]
fn what_is_observed_passes_and_the_record_says_what_would_have_been() {
    let (room, port, credential) = recording(PATIENT);
    let enforced = room.text("blackbar.toml");
    let observe = |until: &str| {
        let mode = format!("profile = \"agents\"\nmode = \"observe\"\nobserve_until = {until}\n");
        room.write("blackbar.toml", enforced.replacen("profile = \"agents\"", &mode, 1));
    };
    observe("2099-12-31");
    assert!(room.run(&["check"]).ends(0).err.contains("OBSERVING"));
    let gateway = Gateway::start(&room, port);
    let status = room.run(&["status"]).ends(0).text();
    assert!(status.contains("OBSERVING  fhir: content passes UNMASKED"), "{status}");
    for path in ["/Patient/7", "/Patient", "/$nothing"] {
        let answer = get(port, &credential, path);
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("219-09-9999"), "{path}: {answer}");
    }
    // Who somebody is still matters, and so does a lock.
    assert!(get(port, "bb-nobody", "/Patient/7").starts_with("HTTP/1.1 401 "));
    room.run(&["lock", "--subject", "agent-7", "--reason", "x"]).ends(0);
    assert!(!get(port, &credential, "/Patient/7").contains("219-09-9999"));
    room.run(&["unlock", "--subject", "agent-7", "--reason", "x"]).ends(0);

    // The day after the last one it is enforced without a restart of anything; here by a reload with another date.
    observe("2020-01-31");
    gateway.signal("HUP");
    common::told::until("enforcement", || get(port, &credential, "/Patient/7").contains("[SSN]").then_some(()));
    assert!(get(port, &credential, "/Patient").starts_with("HTTP/1.1 403 "));
    let (status, said) = gateway.end();
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("target fhir: OBSERVING until 2100-01-01") && said.contains("observing has ended"), "{said}");

    let leaves = leaves(&room);
    assert!(leaves.iter().any(|leaf| leaf["kind"] == "alarm" && leaf["details"]["did"] == "observe"));
    let observed: Vec<(&Value, &Value)> = leaves
        .iter()
        .filter(|leaf| leaf["kind"] == "decision.granted" && !leaf["details"]["observed"].is_null())
        .map(|leaf| (&leaf["details"]["observed"], &leaf["details"]["profile"]))
        .collect();
    let words: Vec<&str> = observed.iter().map(|(word, _)| word.as_str().unwrap()).collect();
    assert_eq!(words[..2], ["allowed", "held"], "{words:?}");
    assert!(observed.iter().all(|(_, profile)| *profile == "pass"));
    let would = leaves.iter().filter(|leaf| leaf["details"]["would_replace"]["ssn"] == 1);
    // Each answer that passed had one; those of the last moments before the reload as well.
    assert_eq!(would.count(), observed.len());
    assert!(observed.len() >= 3);
    room.run(&["verify", "blackbar-data", "--root-key", "root.key"]).ends(0);
    // What would have been decided can be asked of other policies as well.
    let replay = room.run(&["policy", "replay", "--policies", "policies", "--format", "json"]).ends(0).text();
    let replay: Value = serde_json::from_str(&replay).unwrap();
    assert_eq!(replay["differences"], serde_json::json!([]), "{replay}");
}

#[test]
fn the_profile_that_redacts_nothing_has_to_be_allowed_by_the_target() {
    let (room, port, credential) = recording(PATIENT);
    let text = room.text("blackbar.toml");
    room.write(
        "policies/pass.cedar",
        "@id(\"raw\") @profile(\"pass\") permit (principal in Group::\"raw\", action in [Action::\"http_read\"], resource);",
    );
    let raw = room.run(&["token", "issue", "--subject", "agent-8", "--group", "raw"]).ends(0).text();
    let gateway = Gateway::start(&room, port);
    let answer = get(port, raw.trim(), "/Patient/7");
    assert!(answer.starts_with("HTTP/1.1 403 ") && !answer.contains("219-09-9999"), "{answer}");
    assert!(get(port, &credential, "/Patient/7").contains("[SSN]"));
    assert_eq!(gateway.end().0, Some(0));
    room.write(
        "blackbar.toml",
        text.replacen("profile = \"agents\"", "profile = \"agents\"\nallow_unredacted = true", 1),
    );
    let gateway = Gateway::start(&room, port);
    assert!(get(port, raw.trim(), "/Patient/7").contains("219-09-9999"));
    assert!(get(port, &credential, "/Patient/7").contains("[SSN]"));
    assert_eq!(gateway.end().0, Some(0));
    let passed = leaves(&room);
    assert_eq!(passed.iter().filter(|leaf| leaf["details"]["profile"] == "pass").count(), 1);
}
