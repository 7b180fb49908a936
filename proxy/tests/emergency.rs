//! Emergency access from outside: let in while the issuer of tokens is down, everybody told, reviewed before the next time.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests, outside of their functions")]

mod common;
#[path = "../src/private_postgres.rs"]
mod private_postgres;

use std::sync::Arc;

use common::Room;
use common::gateway::{Gateway, begun, free_port, get, upstream};
use common::told::Hook;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};

const PATIENT: &str = "{\"resourceType\":\"Patient\",\"id\":\"7\",\"text\":\"SSN 219-09-9999\"}";
const REASON: &str = "the issuer is down, Quixley Marigold 219-09-9999 is here";
const SECRET: &str = "a shared secret";

/// A clinic whose issuer does not answer, with two nurses, an officer, and two who are told.
struct Clinic {
    room: Room,
    port: u16,
    hook: Arc<Hook>,
    slack: Arc<Hook>,
}

impl Clinic {
    fn new() -> Self {
        let (room, port) = begun();
        let (hook, slack, behind) = (Hook::new(), Hook::new(), upstream(PATIENT));
        let mut text = room.text("blackbar.toml").replace(":9000", &format!(":{behind}"));
        let keys = ["officer-1", "nurse-1", "nurse-2"].map(|name| {
            let key = room.run(&["approvals", "keygen", "-o", &format!("{name}.key")]).ends(0).text();
            key.trim().to_owned()
        });
        room.write("hook.secret", SECRET);
        text.push_str(&format!(
            "\n[[identity]]\nissuer = \"http://127.0.0.1:1\"\naudience = \"blackbar\"\n\
             [[approver]]\nsubject = \"officer-1\"\ngroups = [\"privacy-officers\"]\nkey = \"{}\"\n\
             [[approver]]\nsubject = \"nurse-2\"\ngroups = [\"privacy-officers\"]\nkey = \"{}\"\n\
             [[notify]]\nname = \"hook\"\nto = \"http://127.0.0.1:{}/x\"\nsecret = {{ file = \"hook.secret\" }}\n\
             [[notify]]\nname = \"chat\"\nto = \"http://127.0.0.1:{}/y\"\nformat = \"slack\"\nevents = [\"break-glass\"]\n\
             [break_glass]\nreviewers = \"privacy-officers\"\nttl = \"10m\"\n\
             [[break_glass.person]]\nsubject = \"nurse-1\"\nkey = \"{}\"\n\
             [[break_glass.person]]\nsubject = \"nurse-2\"\nkey = \"{}\"\n",
            keys[0], keys[2], hook.port, slack.port, keys[1], keys[2]
        ));
        room.write("blackbar.toml", text);
        let ready = include_str!("../../policy/ready/break-glass.cedar").replace("Target::\"ehr\"", "Target::\"fhir\"");
        room.write("policies/break-glass.cedar", ready.replace(" @limit_rows(\"500\")", ""));
        Self { room, port, hook, slack }
    }

    fn break_glass(&self, who: &str) -> common::Answer {
        self.room.run(&["break-glass", "--key", &format!("{who}.key"), "--reason", REASON, "--ticket", "INC-7"])
    }

    fn review(&self, id: &str, who: &str) -> common::Answer {
        let key = format!("{who}.key");
        self.room.run(&["break-glass", "review", id, "--key", &key, "--reason", "it was needed for 219-09-9999"])
    }

    fn open(&self) -> Vec<Value> {
        self.room.run(&["break-glass", "list", "--format", "json"]).ends(0).lines()
    }

    fn leaves(&self) -> Vec<Value> {
        use blackbar_ledger::{LeafIndex, Reader};

        let reader = Reader::open(&self.room.path("blackbar-data"), None);
        let leaves = reader.leaves(LeafIndex::FIRST).unwrap();
        leaves.map(|item| serde_json::from_slice(item.unwrap().1.bytes()).unwrap()).collect()
    }
}

#[test]
fn the_glass_breaks_once_everybody_hears_it_and_somebody_else_looks() {
    let clinic = Clinic::new();
    let Clinic { room, port, hook, slack } = &clinic;
    room.run(&["check"]).ends(0);
    // Nobody is let in by a gateway that is not there.
    clinic.break_glass("nurse-1").ends(3).says("BB-SERVE-005");
    let gateway = Gateway::start(room, *port);
    // The group alone opens nothing.
    let other = room.run(&["token", "issue", "--subject", "nurse-3", "--group", "break-glass", "--person"]).ends(0);
    assert!(get(*port, other.text().trim(), "/Patient/7").starts_with("HTTP/1.1 403 "));

    let broken = clinic.break_glass("nurse-1").ends(0);
    assert!(broken.err.contains("I break the glass.") && broken.err.contains("let in for"), "{}", broken.err);
    let secret = broken.text().trim().to_owned();
    let answer = get(*port, &secret, "/Patient/7");
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("[SSN]"), "{answer}");
    assert!(!answer.contains("219-09-9999"), "{answer}");
    // It opens reading one, no heap of them, and no writing.
    let bulk = get(*port, &secret, "/Patient");
    assert!(bulk.starts_with("HTTP/1.1 403 ") && bulk.contains("approval-required"), "{bulk}");

    // Everybody is told, in words that are nobody's content.
    let post = hook.posts(1)[0].clone();
    assert_eq!((post.json()["event"].as_str(), post.fact("person").as_str()), (Some("break-glass"), "nurse-1"));
    assert_eq!(post.fact("ticket"), "INC-7");
    let id = post.fact("emergency");
    let (seconds, tag) = post.header("blackbar-signature").unwrap().split_once(",v1=").unwrap();
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(format!("{}.{}", seconds.strip_prefix("t=").unwrap(), post.body).as_bytes());
    let expected: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(tag, expected);
    let chat = slack.posts(1)[0].json();
    assert_eq!(chat["blocks"][0]["text"]["type"], "plain_text");
    assert!(chat["text"].as_str().unwrap().contains("somebody broke the glass"), "{chat}");
    assert_eq!(slack.posts(1)[0].header("blackbar-signature"), None);

    // The next time is only after a review, also after a restart; somebody else is not kept from it.
    clinic.break_glass("nurse-1").ends(1).says("BB-GLASS-001").says(&id);
    assert_eq!(gateway.end().0, Some(0));
    let gateway = Gateway::start(room, *port);
    clinic.break_glass("nurse-1").ends(1).says("has to be reviewed first");
    assert!(get(*port, &secret, "/Patient/7").starts_with("HTTP/1.1 200 "), "what was begun goes on");
    clinic.break_glass("nurse-2").ends(0);
    let status = room.run(&["status"]).ends(0).text();
    assert!(status.contains("emergency  2 to be reviewed") && status.contains("notify     hook, "), "{status}");
    let open = clinic.open();
    assert_eq!(open.len(), 2);
    assert_eq!(open[1]["subject"], "nurse-1");
    assert_eq!(open[1]["reason"].as_str().unwrap().find("219-09-9999"), None);

    // Who came in does not review it, nor does whoever has no such key.
    clinic.review(&id, "nurse-1").ends(1).says("BB-GLASS-001");
    let of_nurse_2 = open[0]["id"].as_str().unwrap();
    clinic.review(of_nurse_2, "nurse-2").ends(1).says("who came in does not review it");
    clinic.review("bg-0000000000000000", "officer-1").ends(1).says("BB-GLASS-002");
    let reviewed = clinic.review(&id, "officer-1").ends(0);
    assert!(reviewed.text().contains("reviewed by officer-1"), "{}", reviewed.text());
    clinic.review(&id, "officer-1").ends(1).says("it was reviewed already");
    clinic.break_glass("nurse-1").ends(0);
    assert_eq!(hook.posts(4).iter().filter(|post| post.body.contains("was reviewed")).count(), 1);

    // Words that are no ticket, and keys that nobody knows.
    let key = ["--key", "nurse-2.key", "--reason", REASON, "--ticket", "INC 7\n"];
    room.run(&[&["break-glass"][..], &key].concat()).ends(2).says("BB-USAGE-001");
    room.run(&["approvals", "keygen", "-o", "stranger.key"]).ends(0);
    clinic.break_glass("stranger").ends(1).says("BB-GLASS-001");
    // Whoever is locked out is out.
    clinic.review(of_nurse_2, "officer-1").ends(0);
    room.run(&["lock", "--subject", "nurse-2", "--reason", "ticket 4711"]).ends(0);
    clinic.break_glass("nurse-2").ends(1).says("locked out");

    let (ended, said) = gateway.end();
    assert_eq!(ended, Some(0), "{said}");
    assert!(said.contains("nurse-1 broke the glass"), "{said}");
    room.run(&["verify", "blackbar-data", "--root-key", "root.key"]).ends(0);
    let leaves = clinic.leaves();
    let alarms = leaves.iter().filter(|leaf| leaf["kind"] == "alarm" && leaf["details"]["did"] == "break-glass");
    let alarms: Vec<_> = alarms.collect();
    assert_eq!(alarms.len(), 3);
    assert_eq!((&alarms[0]["subject"], &alarms[0]["details"]["ticket"]), (&json!("nurse-1"), &json!("INC-7")));
    let marked = leaves
        .iter()
        .find(|leaf| leaf["kind"] == "session.open" && leaf["details"]["authenticated_by"] == "break-glass");
    assert_eq!(marked.unwrap()["subject"], "nurse-1");
    let said = leaves.iter().find(|leaf| leaf["details"]["did"] == "break-glass" && leaf["kind"] == "request").unwrap();
    assert_eq!(said["details"]["signature"].as_str().unwrap().len(), 128);
    for file in room.files().iter().filter(|file| file.starts_with("blackbar-data") && !file.ends_with("/reserve")) {
        let bytes = room.read(file);
        assert!(memchr::memmem::find(&bytes, b"219-09-9999").is_none(), "{file}");
    }
    for post in hook.posts(4).iter().chain(&slack.posts(3)) {
        assert!(!post.body.contains("219-09-9999") && !post.body.contains("Marigold"), "{}", post.body);
    }
}

/// What somebody gets by a query, or the SQLSTATE that says why not.
fn query(port: u16, user: &str, password: &str, settings: &str, text: &str) -> Result<Option<String>, String> {
    let code =
        |error: tokio_postgres::Error| error.code().map_or_else(|| error.to_string(), |code| code.code().to_owned());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut config = tokio_postgres::Config::new();
        config.host("127.0.0.1").port(port).user(user).password(password).dbname("ehr").options(settings);
        let (client, connection) = config.connect(tokio_postgres::NoTls).await.map_err(code)?;
        tokio::spawn(connection);
        let answers = client.simple_query(text).await.map_err(code)?;
        Ok(answers.iter().find_map(|answer| match answer {
            tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        }))
    })
}

#[test]
fn a_database_is_opened_by_the_broken_glass_for_reading_alone() {
    let Some(server) = private_postgres::Server::start(&private_postgres::Options::default()).unwrap() else {
        common::skipped("this machine has no PostgreSQL server");
        return;
    };
    server
        .run("postgres", "CREATE TABLE patients (id int, ssn text); INSERT INTO patients VALUES (7, '219-09-9999')")
        .unwrap();
    let clinic = Clinic::new();
    let (room, database) = (&clinic.room, free_port());
    let target = format!(
        "\n[[target]]\nname = \"ehr\"\nprotocol = \"postgres\"\nlisten = \"127.0.0.1:{database}\"\n\
         upstream = \"postgres://postgres@127.0.0.1:{}/postgres?sslmode=disable\"\n",
        server.port()
    );
    room.write("blackbar.toml", room.text("blackbar.toml") + &target);
    let ready = include_str!("../../policy/ready/break-glass.cedar").replace("@id(\"", "@id(\"ehr-");
    room.write("policies/break-glass-ehr.cedar", ready);
    let gateway = Gateway::start(room, clinic.port);
    let secret = clinic.break_glass("nurse-1").ends(0).text().trim().to_owned();
    let (one, why) = ("SELECT ssn FROM patients WHERE id = 7", "-c blackbar.reason=ticket-7");
    // The reason that the glass was broken for is one.
    for settings in ["", why] {
        assert_eq!(query(database, "nurse-1", &secret, settings, one), Ok(Some("[SSN]".to_owned())));
    }
    for (what, user, settings, text, expected) in [
        ("by another name", "nurse-2", why, one, "28P01"),
        ("to write", "nurse-1", why, "UPDATE patients SET id = 8", "42501"),
    ] {
        assert_eq!(query(database, user, &secret, settings, text), Err(expected.to_owned()), "{what}");
    }
    room.run(&["lock", "--subject", "nurse-1", "--reason", "it is over"]).ends(0);
    assert_eq!(query(database, "nurse-1", &secret, why, one), Err("28P01".to_owned()));
    assert_eq!(gateway.end().0, Some(0));
    let opened = clinic.leaves().into_iter().filter(|leaf| leaf["kind"] == "session.open" && leaf["target"] == "ehr");
    let how: Vec<Value> = opened.map(|leaf| leaf["details"]["authenticated_by"].clone()).collect();
    assert!(!how.is_empty() && how.iter().all(|how| how == "break-glass"), "{how:?}");
}

#[test]
fn emergency_access_has_to_be_configured() {
    let (room, port) = begun();
    let gateway = Gateway::start(&room, port);
    room.run(&["approvals", "keygen", "-o", "nurse.key"]).ends(0);
    let answer = room.run(&["break-glass", "--key", "nurse.key", "--reason", "x", "--ticket", "INC-7"]).ends(1);
    answer.says("nobody with this key is enrolled");
    room.run(&["break-glass"]).ends(2).says("BB-USAGE-001");
    assert_eq!(gateway.end().0, Some(0));
}
