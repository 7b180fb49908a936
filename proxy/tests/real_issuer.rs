//! Tokens of an issuer that others wrote: they count where they should, and are exchanged once.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests, outside of their functions")]

mod common;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use common::gateway::{Gateway, ask, begun, body, free_port, get, upstream};
use serde_json::Value;

const GRANT: &str = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange";
const TYPE: &str = "urn:ietf:params:oauth:token-type:access_token";

/// The issuer, and what its clients got of it.
struct Issuer {
    child: Child,
    told: Value,
}

impl Issuer {
    /// `None`, with a printed reason: there is none on this machine.
    fn start() -> Option<Self> {
        let modules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/drivers/issuer/node_modules");
        let there = modules.join("oidc-provider").is_dir() && Command::new("node").arg("-v").output().is_ok();
        if !there {
            common::skipped("oidc-provider is not installed below target/drivers; `cargo xtask test` does that");
            return None;
        }
        let mut node = Command::new("node");
        node.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/issuer/serve.mjs"));
        // It ends when the test no longer holds its input.
        node.env("MODULES", modules.canonicalize().unwrap()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = node.stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let told = { lines }.find(|line| line.starts_with('{')).expect("the issuer tells where it is");
        Some(Self { child, told: serde_json::from_str(&told).unwrap() })
    }

    fn told(&self, name: &str) -> &str {
        self.told[name].as_str().unwrap()
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn tokens_of_a_real_issuer_count_as_mapped_and_are_exchanged_once() {
    let Some(issuer) = Issuer::start() else { return };
    let (room, port) = begun();
    let (behind, exchange) =
        (upstream("{\"resourceType\":\"Patient\",\"id\":\"7\",\"text\":\"SSN 219-09-9999\"}"), free_port());
    let text = room.text("blackbar.toml").replace("http://127.0.0.1:9000", &format!("http://127.0.0.1:{behind}"));
    let sections = format!(
        "\n[exchange]\nlisten = \"127.0.0.1:{exchange}\"\nttl = \"5m\"\n[[identity]]\nissuer = \"{}\"\naudience = \"blackbar\"\n\
         agents = {{ claim = \"client_id\", in = [\"summariser\"] }}\npeople = {{ claim = \"client_id\", in = [\"portal\"] }}\n\
         groups = {{ \"idp-agents\" = \"agents\", \"idp-clinicians\" = \"clinicians\" }}\n",
        issuer.told("issuer")
    );
    room.write("blackbar.toml", text + &sections);
    room.write(
        "policies/clinicians.cedar",
        "@id(\"clinicians\") @profile(\"agents\")\n\
         permit (principal in Group::\"clinicians\", action in [Action::\"http_read\"], resource in Target::\"fhir\");",
    );
    room.run(&["check"]).ends(0);
    let gateway = Gateway::start(&room, port);
    // An agent by client credentials, a person who signed in.
    for who in ["agent", "second", "person"] {
        let answer = get(port, issuer.told(who), "/Patient/7");
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("[SSN]"), "{who}: {answer}");
    }
    // What is for others, says nothing by itself, or says who somebody is and not what they may.
    for what in ["other", "opaque", "id_token"] {
        assert!(get(port, issuer.told(what), "/Patient/7").starts_with("HTTP/1.1 401 "), "{what}");
    }

    let exchanged = |subject: &str, actor: Option<&str>| {
        let actor = actor.map(|actor| format!("&actor_token={actor}&actor_token_type={TYPE}")).unwrap_or_default();
        let form = format!("{GRANT}&subject_token={subject}&subject_token_type={TYPE}{actor}");
        let head = "POST /token HTTP/1.1\r\nHost: g\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n";
        ask(exchange, &format!("{head}Content-Length: {}\r\n\r\n{form}", form.len()))
    };
    let refused = |answer: &str| answer.starts_with("HTTP/1.1 400 ") && body(answer).contains("invalid_grant");
    for what in ["other", "opaque", "id_token"] {
        assert!(refused(&exchanged(issuer.told(what), None)), "{what}");
    }
    let answer = exchanged(issuer.told("person"), Some(issuer.told("agent")));
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let given: Value = serde_json::from_str(&body(&answer)).unwrap();
    let acting = given["access_token"].as_str().unwrap();
    assert!(get(port, acting, "/Patient/7").starts_with("HTTP/1.1 200 "));
    // The same tokens again: both are spent, each by itself as well, and nothing else is spent with them.
    let (person, agent, second) = (issuer.told("person"), issuer.told("agent"), issuer.told("second"));
    for (subject, actor) in
        [(person, Some(agent)), (person, None), (agent, None), (person, Some(second)), (second, Some(agent))]
    {
        assert!(refused(&exchanged(subject, actor)));
    }
    // Nor does a restart forget; the token itself still counts until it ends.
    let mut gateway = gateway;
    gateway.0.kill().unwrap();
    gateway.0.wait().unwrap();
    let gateway = Gateway::start(&room, port);
    assert!(refused(&exchanged(person, None)) && refused(&exchanged(agent, None)));
    assert!(get(port, person, "/Patient/7").starts_with("HTTP/1.1 200 "));
    assert!(exchanged(second, None).starts_with("HTTP/1.1 200 "));

    let (status, said) = gateway.end();
    assert_eq!(status, Some(0), "{said}");
    room.run(&["verify", "blackbar-data", "--root-key", "root.key"]).ends(0);
    let reader = blackbar_ledger::Reader::open(&room.path("blackbar-data"), None);
    let leaves = reader.leaves(blackbar_ledger::LeafIndex::FIRST).unwrap();
    let leaves: Vec<Value> = leaves.map(|item| serde_json::from_slice(item.unwrap().1.bytes()).unwrap()).collect();
    let subject = |name: &str| Value::from(format!("{}#{name}", issuer.told("issuer")));
    let opened: Vec<(&Value, &Value)> = leaves
        .iter()
        .filter(|leaf| leaf["kind"] == "session.open" && leaf["details"]["authenticated_by"] == "oidc")
        .map(|leaf| (&leaf["subject"], &leaf["details"]["kind"]))
        .collect();
    let (agent_kind, user_kind) = (Value::from("agent"), Value::from("user"));
    assert!(opened.contains(&(&subject("summariser"), &agent_kind)), "{opened:?}");
    assert!(opened.contains(&(&subject("alice"), &user_kind)), "{opened:?}");
    let chain = leaves.iter().find(|leaf| leaf["details"]["did"] == "token.exchange").unwrap();
    assert_eq!((&chain["details"]["for"], &chain["details"]["actors"][0]), (&subject("alice"), &subject("summariser")));
    for file in room.files().iter().filter(|file| file.starts_with("blackbar-data") && !file.ends_with("/reserve")) {
        let bytes = room.read(file);
        for token in [person, agent, second, acting] {
            assert!(memchr::memmem::find(&bytes, token.as_bytes()).is_none(), "a token in {file}");
        }
    }
}
