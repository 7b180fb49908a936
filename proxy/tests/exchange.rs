//! Tokens exchanged for credentials of the gateway, on a listener of its own.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests, outside of their functions")]

mod common;

use common::gateway::{Gateway, ask, begun, body, free_port, get, upstream};
use common::{Answer, Room};
use serde_json::{Value, json};

const GRANT: &str = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange";
const TYPE: &str = "urn:ietf:params:oauth:token-type:access_token";

/// A gateway with a listener for exchanges.
struct Clinic {
    room: Room,
    port: u16,
    exchange: u16,
}

impl Clinic {
    fn new() -> Self {
        let (room, port) = begun();
        let (behind, exchange) = (upstream("{\"resourceType\":\"Patient\",\"id\":\"7\"}"), free_port());
        let text = room.text("blackbar.toml").replace(":9000", &format!(":{behind}"));
        room.write("blackbar.toml", format!("{text}\n[exchange]\nlisten = \"127.0.0.1:{exchange}\"\nttl = \"5m\"\n"));
        room.write(
            "policies/clinicians.cedar",
            "@id(\"clinicians\") @profile(\"agents\")
             permit (principal in Group::\"clinicians\", action in [Action::\"http_read\"], resource in Target::\"fhir\")
             when { context.acting_for.contains(\"alice\") };
             @id(\"lawyers\") @approval(\"lawyers\") forbid (principal, action, resource in Path::\"fhir/Claim\");",
        );
        Self { room, port, exchange }
    }

    fn issue(&self, arguments: &[&str]) -> String {
        let all = [&["token", "issue", "--subject"][..], arguments].concat();
        self.room.run(&all).ends(0).text().trim().to_owned()
    }

    fn post(&self, form: &str) -> String {
        let head = "POST /token HTTP/1.1\r\nHost: g\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n";
        ask(self.exchange, &format!("{head}Content-Length: {}\r\n\r\n{form}", form.len()))
    }

    fn exchange(&self, subject: &str, actor: Option<&str>) -> String {
        let actor = actor.map(|actor| format!("&actor_token={actor}&actor_token_type={TYPE}")).unwrap_or_default();
        self.post(&format!("{GRANT}&subject_token={subject}&subject_token_type={TYPE}{actor}"))
    }

    #[track_caller]
    fn refused(&self, form: &str, error: &str) {
        let answer = self.post(form);
        assert!(answer.starts_with("HTTP/1.1 400 ") && body(&answer).contains(error), "{form}: {answer}");
    }
}

fn given(answer: &str) -> String {
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.to_ascii_lowercase().contains("no-store"), "{answer}");
    let given: Value = serde_json::from_str(&body(answer)).unwrap();
    assert_eq!((&given["token_type"], &given["issued_token_type"]), (&json!("Bearer"), &json!(TYPE)));
    assert!((1..=300).contains(&given["expires_in"].as_u64().unwrap()), "{given}");
    given["access_token"].as_str().unwrap().to_owned()
}

#[test]
fn an_agent_acts_for_a_person_with_the_chain_kept() {
    let clinic = Clinic::new();
    clinic.room.run(&["check"]).ends(0);
    let gateway = Gateway::start(&clinic.room, clinic.port);
    let alice = clinic.issue(&["alice", "--group", "clinicians", "--group", "staff", "--person"]);
    let agent = clinic.issue(&["agent-7", "--group", "agents"]);
    // By herself she is nobody whom this policy means, and her own credential in another form is still hers.
    assert!(get(clinic.port, &alice, "/Patient/7").starts_with("HTTP/1.1 403 "));
    let own = given(&clinic.exchange(&alice, None));
    assert_ne!(own, alice);
    assert!(get(clinic.port, &own, "/Patient/7").starts_with("HTTP/1.1 403 "));
    let acting = given(&clinic.exchange(&alice, Some(&agent)));
    assert!(get(clinic.port, &acting, "/Patient/7").starts_with("HTTP/1.1 200 "));
    // A second agent in the row: the nearest comes first.
    let second = clinic.issue(&["agent-8"]);
    let deeper = given(&clinic.exchange(&acting, Some(&second)));
    assert!(get(clinic.port, &deeper, "/Patient/7").starts_with("HTTP/1.1 200 "));

    let form = |rest: &str| format!("{GRANT}&subject_token={alice}&subject_token_type={TYPE}{rest}");
    let actor = |actor: &str| form(&format!("&actor_token={actor}&actor_token_type={TYPE}"));
    clinic.refused(&actor(&acting), "invalid_grant");
    clinic.refused(&actor(&alice), "invalid_grant");
    clinic.refused(&actor("bb-nobody"), "invalid_grant");
    clinic.refused(&form("&actor_token=x"), "invalid_request");
    clinic.refused(&form("&subject_token=x"), "invalid_request");
    clinic.refused(&form("&audience=fhir"), "invalid_target");
    clinic.refused(&form("&scope=all"), "invalid_scope");
    clinic.refused(&form("&requested_token_type=urn:ietf:params:oauth:token-type:saml2"), "invalid_request");
    clinic.refused(&format!("subject_token={alice}"), "unsupported_grant_type");
    clinic.refused(&form("&a"), "invalid_request");
    clinic.refused(&format!("{GRANT}&subject_token=x.y.z&subject_token_type={TYPE}"), "invalid_grant");
    assert!(
        ask(clinic.exchange, "GET /token HTTP/1.1\r\nHost: g\r\nConnection: close\r\n\r\n").contains("invalid_request")
    );

    // A lock on whoever stands behind it is in force at once, and what was exchanged ends with it.
    let lock = |what: &str| -> Answer { clinic.room.run(&[what, "--subject", "agent-7", "--reason", "x"]).ends(0) };
    lock("lock");
    assert!(get(clinic.port, &acting, "/Patient/7").starts_with("HTTP/1.1 401 "));
    clinic.refused(&actor(&agent), "invalid_grant");
    lock("unlock");
    assert!(get(clinic.port, &acting, "/Patient/7").starts_with("HTTP/1.1 200 "));
    let (status, said) = gateway.end();
    assert_eq!(status, Some(0), "{said}");
    clinic.room.run(&["verify", "blackbar-data", "--root-key", "root.key"]).ends(0);

    let reader = blackbar_ledger::Reader::open(&clinic.room.path("blackbar-data"), None);
    let leaves = reader.leaves(blackbar_ledger::LeafIndex::FIRST).unwrap();
    let leaves: Vec<Value> = leaves.map(|item| serde_json::from_slice(item.unwrap().1.bytes()).unwrap()).collect();
    let exchanged: Vec<(&Value, &Value)> = leaves
        .iter()
        .filter(|leaf| leaf["details"]["did"] == "token.exchange")
        .map(|leaf| (&leaf["details"]["for"], &leaf["details"]["actors"]))
        .collect();
    let alice = json!("alice");
    assert_eq!(
        exchanged,
        [(&alice, &json!([])), (&alice, &json!(["agent-7"])), (&alice, &json!(["agent-8", "agent-7"]))]
    );
    let opened = leaves.iter().find(|leaf| leaf["kind"] == "session.open" && leaf["details"]["kind"] == "agent");
    let opened = opened.unwrap();
    assert_eq!((&opened["subject"], &opened["details"]["acting_for"]), (&alice, &json!(["alice"])));
    assert!(leaves.iter().any(|leaf| leaf["kind"] == "auth.fail" && leaf["target"] == "exchange"));
}
