//! Policies that are tried out on what was asked before.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests, outside of their functions")]

mod common;

use common::gateway::{Gateway, get, recording};
use serde_json::{Value, json};

const PATIENT: &str = "{\"resourceType\":\"Patient\",\"id\":\"7\",\"text\":\"SSN 219-09-9999\"}";

#[test]
fn other_policies_are_asked_what_was_asked_before() {
    let (room, port, credential) = recording(PATIENT);
    let gateway = Gateway::start(&room, port);
    for path in ["/Patient/7", "/Patient/219-09-9999", "/Observation/1", "/Observation/1"] {
        assert!(get(port, &credential, path).starts_with("HTTP/1.1 200 "), "{path}");
    }
    // Held, and asked for by a name that is nobody's business.
    assert!(get(port, &credential, "/Patient?Marigold=1").starts_with("HTTP/1.1 403 "));
    let other = room.run(&["token", "issue", "--subject", "agent-8", "--group", "nobody"]).ends(0).text();
    assert!(get(port, other.trim(), "/Patient/7").starts_with("HTTP/1.1 403 "));
    assert_eq!(gateway.end().0, Some(0));

    let replay = |arguments: &[&str]| {
        let all = [&["policy", "replay", "--format", "json"][..], arguments].concat();
        serde_json::from_str::<Value>(&room.run(&all).ends(0).text()).unwrap()
    };
    // Under the same policies everything would be as it was.
    let same = replay(&["--since", "7d", "--policies", "policies"]);
    assert_eq!((&same["sessions"], &same["decisions"], &same["same"]), (&json!(6), &json!(6), &json!(6)), "{same}");
    assert_eq!(same["differences"], json!([]));

    // Without observations, with searches, and with another group.
    room.write(
        "new/new.cedar",
        "@id(\"patients\") @profile(\"agents\")
         permit (principal in Group::\"agents\", action in [Action::\"http_read\"], resource in Path::\"fhir/Patient\");
         @id(\"others\") permit (principal in Group::\"nobody\", action in [Action::\"http_read\"], resource);
         @id(\"with-people\") @approval(\"privacy-officers\") forbid (principal, action, resource in Path::\"fhir/Patient\")
         when { context.authenticated_by != \"credential\" };",
    );
    let new = replay(&["--policies", "new"]);
    assert_eq!((&new["decisions"], &new["same"]), (&json!(6), &json!(2)), "{new}");
    let differences = new["differences"].as_array().unwrap();
    let told: Vec<(&str, &str, u64, &str)> = differences
        .iter()
        .map(|one| {
            let asked = one["asked"][0].as_str().unwrap();
            (one["was"].as_str().unwrap(), one["now"].as_str().unwrap(), one["count"].as_u64().unwrap(), asked)
        })
        .collect();
    assert_eq!(told[0], ("allowed", "denied", 2, "http_get Path::\"fhir/Observation/*\""));
    assert!(told.contains(&("held", "allowed", 1, "http_get Path::\"fhir/Patient\"")), "{told:?}");
    assert!(told.contains(&("denied", "allowed", 1, "http_get Path::\"fhir/Patient/*\"")), "{told:?}");
    assert_eq!(differences[0]["because"], json!(["no policy permits it"]));
    let text = room.run(&["policy", "replay", "--policies", "new"]).ends(0).text();
    assert!(text.starts_with("6 decisions of 6 sessions: 2 the same under new, 4 not\n"), "{text}");
    for hidden in ["219-09-9999", "Marigold"] {
        assert!(!text.contains(hidden) && !new.to_string().contains(hidden), "{hidden}");
    }
    room.run(&["policy", "replay", "--policies", "new", "--fail"]).ends(1);
    let one = replay(&["--policies", "new", "--subject", "agent-8"]);
    assert_eq!((&one["sessions"], &one["same"]), (&json!(1), &json!(0)));
    assert_eq!(replay(&["--policies", "new", "--since", "2099-01-01"])["sessions"], json!(0));

    // That somebody looked is in the record, and what cannot be used is said.
    let reader = blackbar_ledger::Reader::open(&room.path("blackbar-data"), None);
    let leaves = reader.leaves(blackbar_ledger::LeafIndex::FIRST).unwrap();
    let looked = leaves.filter(|item| {
        let leaf: Value = serde_json::from_slice(item.as_ref().unwrap().1.bytes()).unwrap();
        leaf["kind"] == "replay.view" && leaf["details"]["what"] == "policy replay"
    });
    assert_eq!(looked.count(), 6);
    room.run(&["policy", "replay", "--policies", "nowhere"]).ends(2).says("BB-POLICY-001");
    room.run(&["policy", "replay", "--policies", "new", "--since", "soon"]).ends(2).says("BB-USAGE-001");
    room.write("bad/bad.cedar", "permit (");
    room.run(&["policy", "replay", "--policies", "bad"]).ends(2).says("BB-POLICY-002");
    room.run(&["verify", "blackbar-data", "--root-key", "root.key"]).ends(0);
}
