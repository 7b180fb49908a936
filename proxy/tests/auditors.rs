//! What auditors ask for: who was shown something of a patient, bundles that prove themselves, replays for other tools.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests, outside of their functions")]

mod common;
#[path = "../src/private_postgres.rs"]
mod private_postgres;

use std::fs;
use std::path::{Path, PathBuf};

use common::Room;
use common::gateway::{Gateway, ask, body, free_port, get, recording};
use private_postgres::{Options, Server};
use serde_json::Value;
use tokio_postgres::{Config, NoTls};

/// A patient with a name, a record number and an SSN, in FHIR.
const PATIENT: &str = r#"{"resourceType":"Patient","id":"p-71","identifier":[{"type":{"coding":[{"code":"MR"}]},"system":"urn:oid:1.2.3","value":"MRN-00481516"},{"system":"http://hl7.org/fhir/sid/us-ssn","value":"536-22-8726"}],"name":[{"family":"Okonkwo","given":["Adaeze"]}],"birthDate":"1951-03-07"}"#;

fn every_file(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(every_file(&path)) } else { found.push(path) }
    }
    found
}

/// Canaries are in no file below a folder.
fn holds_none(folder: &Path, canaries: &[&str]) {
    for path in every_file(folder) {
        let bytes = fs::read(&path).unwrap_or_default();
        for canary in canaries {
            let found = bytes.windows(canary.len()).any(|window| window.eq_ignore_ascii_case(canary.as_bytes()));
            assert!(!found, "{} holds {canary}", path.display());
        }
    }
}

fn json(room: &Room, args: &[&str]) -> Value {
    serde_json::from_str(&room.run(args).ends(0).text()).unwrap()
}

fn sessions(room: &Room) -> Vec<Value> {
    let listed = room.run(&["sessions", "list", "--target", "fhir", "--format", "json"]).ends(0).lines();
    listed.into_iter().filter(|session| session["requests"] != 0).collect()
}

#[test]
fn who_was_shown_something_of_a_patient_is_answered_and_forgotten_with_the_recording() {
    let (room, port, credential) = recording(PATIENT);
    let gateway = Gateway::start(&room, port);
    let got = body(&get(port, &credential, "/Patient/p-71"));
    assert!(!got.contains("00481516") && !got.contains("Okonkwo") && got.contains("resourceType"), "{got}");
    let other = room.run(&["token", "issue", "--subject", "agent-8", "--group", "agents"]).ends(0).text();
    assert!(!body(&get(port, other.trim(), "/Patient/p-71")).contains("00481516"));

    let canaries = ["00481516", "536-22-8726", "536228726", "Okonkwo"];
    let asked = |identifiers: &str, more: &[&str]| {
        room.write("patient.txt", identifiers);
        let args = [&["sessions", "report", "--disclosures", "--patient-file", "patient.txt"], more].concat();
        let told = json(&room, &args);
        fs::remove_file(room.path("patient.txt")).unwrap();
        told
    };
    // While it runs, in another spelling, and by any one of the identifiers.
    for identifiers in ["mrn: mrn 00481516", "MRN-00481516\n", "# of the patient\nssn: 536 22 8726\n", "536228726"] {
        let told = asked(identifiers, &[]);
        let subjects: Vec<&str> =
            told["sessions"].as_array().unwrap().iter().map(|session| session["subject"].as_str().unwrap()).collect();
        assert_eq!(subjects, ["agent-7", "agent-8"], "{identifiers}: {told}");
        let found = told["sessions"][0]["found"].as_array().unwrap();
        assert!(found.iter().any(|found| found["delivered"] == "replaced"), "{told}");
        assert_eq!(told["identifiers"], 1);
        assert!(canaries.iter().all(|canary| !told.to_string().contains(canary)), "{told}");
    }
    assert_eq!(asked("MRN-00481516", &["--subject", "agent-8"])["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(asked("MRN-00481517", &[])["sessions"], Value::Array(Vec::new()));
    room.write("patient.txt", "# nobody\ndate: 1951-03-07\n");
    room.run(&["sessions", "report", "--disclosures", "--patient-file", "patient.txt"]).ends(2).says("BB-USAGE-014");
    room.run(&["sessions", "report", "--patient-file", "patient.txt"]).ends(2);

    // The other way round: how many patients.
    let told = json(&room, &["sessions", "report", "--disclosures", "--subject", "agent-7"]);
    let by = &told["by"][0];
    assert_eq!((by["subject"].as_str(), by["patients"].as_u64()), (Some("agent-7"), Some(1)), "{told}");
    assert_eq!(by["counted_by"], "subject", "{told}");
    assert!(by["pseudonyms"][0].as_str().unwrap().starts_with("p-"), "{told}");
    assert_eq!(told["by"].as_array().unwrap().len(), 1);

    // A page to print, from nowhere else.
    room.write("patient.txt", "MRN-00481516");
    let html = ["sessions", "report", "--disclosures", "--patient-file", "patient.txt", "--format", "html"];
    let page = room.run(&html).ends(0).text();
    assert!(page.contains("agent-8") && page.contains("replaced") && !page.contains("http"), "{page}");
    fs::remove_file(room.path("patient.txt")).unwrap();
    assert_eq!(gateway.end().0, Some(0));
    // The look is in the log, what was looked for is nowhere.
    holds_none(&room.path("blackbar-data"), &canaries);
    let entries = every_file(&room.path("blackbar-data/log/tile/entries"));
    let looked =
        |path: &PathBuf| String::from_utf8_lossy(&fs::read(path).unwrap()).contains("\"what\":\"disclosures\"");
    assert!(entries.iter().any(looked), "that somebody looked is not in the log");
}

const TABLES: &str = "
CREATE TABLE patients (id int PRIMARY KEY, mrn text, account_number text, note text, big bigint);
INSERT INTO patients VALUES
    (1, 'ZX-4815162', 'CH-2342815', 'Patient Adaeze Okonkwo, SSN 536-22-8726, seen today.', 777000111),
    (2, 'ZX-9999999', 'CH-0000001', 'No complaints.', 777000222);
";

/// Replaced whole by its label, kept by name, found in a text, a number in binary: each is found again.
#[tokio::test(flavor = "multi_thread")]
async fn rows_of_a_database_are_found_by_labelled_kept_and_detected_columns() {
    let Some(server) = Server::start(&Options::default()).unwrap() else {
        return common::skipped("this machine has no PostgreSQL server");
    };
    server.run("postgres", TABLES).unwrap();
    let (room, port) = (Room::new(), free_port());
    room.run(&["init", "."]).ends(0);
    room.write(
        "blackbar.toml",
        format!(
            "data_dir = \"blackbar-data\"\n[keys]\nroot = {{ file = \"root.key\" }}\n[[target]]\nname = \"ehr\"\n\
             protocol = \"postgres\"\nlisten = \"127.0.0.1:{port}\"\nprofile = \"agents\"\n\
             upstream = \"postgres://postgres@127.0.0.1:{}/postgres?sslmode=disable\"\n\
             [profile.agents]\nbase = \"safe-harbor\"\n[profile.agents.columns]\n\
             \"public.patients.mrn\" = \"tag\"\n\"public.patients.account_number\" = \"keep\"\n\
             \"public.patients.big\" = \"drop\"\n",
            server.port()
        ),
    );
    for file in room.files().iter().filter(|file| file.starts_with("policies/")) {
        fs::remove_file(room.path(file)).unwrap();
    }
    let policy = "permit (principal in Group::\"agents\", action, resource in Target::\"ehr\");";
    room.write("policies/ehr.cedar", policy);
    let credential = room.run(&["token", "issue", "--subject", "agent-7", "--group", "agents"]).ends(0).text();
    let gateway = Gateway::start(&room, port);
    let mut config = Config::new();
    config.host("127.0.0.1").port(port).user("agent-7").dbname("ehr").password(credential.trim());
    let (client, connection) = config.connect(NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    // The extended protocol, so values come in binary.
    let rows = client.query("SELECT id, mrn, account_number, note, big FROM patients WHERE id = 1", &[]).await.unwrap();
    let (mrn, chart, note): (String, String, String) = (rows[0].get(1), rows[0].get(2), rows[0].get(3));
    assert_eq!((mrn.contains("4815162"), chart.as_str(), note.contains("Okonkwo")), (false, "CH-2342815", false));
    assert_eq!(rows[0].get::<_, Option<i64>>(4), None);
    drop(client);
    let _ = connection.await;

    let found = |identifier: &str| {
        room.write("patient.txt", identifier);
        let told = json(&room, &["sessions", "report", "--disclosures", "--patient-file", "patient.txt"]);
        fs::remove_file(room.path("patient.txt")).unwrap();
        let delivered = told["sessions"][0]["found"].as_array().map(|found| {
            let of = |found: &Value| found["delivered"].as_str().unwrap().to_owned();
            found.iter().map(of).collect::<Vec<_>>()
        });
        delivered.unwrap_or_default()
    };
    assert_eq!(found("mrn: zx 4815162"), ["replaced"]);
    assert_eq!(found("536-22-8726"), ["replaced"]);
    assert_eq!(found("777000111"), ["replaced"]);
    assert!(found("CH-2342815").contains(&"passed".to_owned()), "a column that is kept is looked at for the record");
    // Of the other row nothing was shown.
    assert!(["ZX-9999999", "777000222", "CH-0000001"].iter().all(|other| found(other).is_empty()));
    let report = json(&room, &["sessions", "report"]);
    let classes = report["identifiers"].as_array().unwrap();
    assert!(classes.iter().any(|class| class["passed"].as_u64() > Some(0)), "{report:#}");
    assert_eq!(gateway.end().0, Some(0));
    holds_none(&room.path("blackbar-data"), &["4815162", "536-22-8726", "Okonkwo", "777000111"]);
}

/// What the client got, and the name of its session. The gateway has ended.
fn recorded() -> (Room, String, String) {
    let (room, port, credential) = recording(PATIENT);
    let gateway = Gateway::start(&room, port);
    let got = body(&get(port, &credential, "/Patient/p-71"));
    get(port, &credential, "/Patient/p-72");
    assert_eq!(gateway.end().0, Some(0));
    let session = sessions(&room)[0]["session"].as_str().unwrap().to_owned();
    (room, got, session)
}

#[test]
fn a_bundle_proves_itself_and_opens_for_its_recipient_alone() {
    let (room, got, session) = recorded();
    let public = room.run(&["sessions", "keygen", "-o", "auditor.key"]).ends(0).text();
    let stranger = room.run(&["sessions", "keygen", "-o", "stranger.key"]).ends(0).text();
    assert!(public.starts_with("age1") && public != stranger, "{public}");
    room.run(&["sessions", "keygen", "-o", "auditor.key"]).ends(2).says("BB-KEY-003");
    let public = public.trim();
    let export = |to: &str, output: &str, more: &[&str]| {
        room.run(&[&["sessions", "export", &session, "--recipient", to, "-o", output], more].concat())
    };
    export("age1nobody", "bundle", &[]).ends(2).says("BB-KEY-006");
    export(public, "bundle", &["--audit-packet"]).ends(0);
    export(public, "bundle", &[]).ends(3).says("BB-LEDGER-013");
    assert!(!room.path("bundle.new").exists());
    // The export is in the log, with whose session it was.
    let viewed = room.run(&["sessions", "show", &session]).ends(0).text();
    assert!(viewed.contains("session.open"), "{viewed}");

    // Taken elsewhere, away from configuration, keys and data folder.
    let elsewhere = Room::new();
    let from_to = [room.path("bundle"), elsewhere.path("bundle")];
    assert!(std::process::Command::new("cp").arg("-r").args(from_to).status().unwrap().success());
    for file in ["auditor.key", "stranger.key"] {
        elsewhere.write(file, room.read(file));
    }
    elsewhere.write("log.vkey", room.read("blackbar-data/log.vkey"));
    let verified = elsewhere.run(&["verify", "bundle", "--vkey", "log.vkey"]).ends(0).text();
    assert!(verified.starts_with("PASS\n") && verified.contains("sessions    1"), "{verified}");
    let replay = |identity: &str, format: &str| {
        elsewhere.run(&["sessions", "replay", "--bundle", "bundle", "--identity", identity, "--format", format])
    };
    let replayed = replay("auditor.key", "text").ends(0).text();
    assert!(replayed.contains(&got), "{replayed}");
    let lines = replay("auditor.key", "jsonl").ends(0).lines();
    let bodies = lines.iter().filter(|line| line["exchange"] == 1).filter_map(|line| line["body"].as_str());
    assert_eq!(bodies.collect::<String>(), got);
    replay("stranger.key", "text").ends(2).says("BB-KEY-006");
    holds_none(&elsewhere.path("bundle"), &["00481516", "536-22-8726", "Okonkwo"]);

    // The page for auditors: policies as they were in force, and where evidence is.
    let page = elsewhere.text("bundle/audit-packet.html");
    for expected in
        ["164.312(b)", "164.528", "they are what was in force", "agent-7", "Nothing in this session was held"]
    {
        assert!(page.contains(expected), "{expected}: {page}");
    }
    assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("<script"), "{page}");
    assert!(
        every_file(&elsewhere.path("bundle/policies"))
            .iter()
            .all(|path| page.contains(path.file_name().unwrap().to_str().unwrap()))
    );

    // Another program opens the key.
    let opened = std::process::Command::new("python3")
        .args(["-c", OPEN_AGE, "auditor.key", "bundle/key.age"])
        .current_dir(elsewhere.folder.path())
        .output();
    match opened {
        Ok(opened) if opened.status.success() => {
            let text = String::from_utf8(opened.stdout).unwrap();
            assert!(text.starts_with("blackbar session key 1\n") && text.len() == 23 + 65, "{} bytes", text.len());
        }
        Ok(opened) if String::from_utf8_lossy(&opened.stderr).contains("No module named 'cryptography'") => {
            common::skipped("Python has no cryptography package");
        }
        Ok(opened) => panic!("{}", String::from_utf8_lossy(&opened.stderr)),
        Err(_) => common::skipped("this machine has no Python"),
    }

    // Whatever is changed, dropped or exchanged is found.
    let whole = every_file(&elsewhere.path("bundle"));
    let holds = |what: &str| {
        let code = elsewhere.run(&["verify", "bundle", "--vkey", "log.vkey"]).code;
        assert_eq!(code, Some(1), "{what} was not found");
    };
    let proved =
        |path: &&PathBuf| ["/leaves/", "/recordings/"].iter().any(|part| path.to_string_lossy().contains(part));
    for path in whole.iter().filter(proved) {
        let bytes = fs::read(path).unwrap();
        let mut altered = bytes.clone();
        let at = altered.len() / 2;
        altered[at] ^= 1;
        fs::write(path, &altered).unwrap();
        holds(&format!("a flipped bit in {}", path.display()));
        if !path.to_string_lossy().contains(&format!("{:012}", leaf_numbers(&elsewhere).last().unwrap())) {
            fs::remove_file(path).unwrap();
            holds(&format!("{}, which is gone,", path.display()));
        }
        fs::write(path, &bytes).unwrap();
    }
    elsewhere.run(&["verify", "bundle", "--vkey", "log.vkey"]).ends(0);
    // Without its last leaf it is a session that has not ended, and says so.
    let last = format!("bundle/leaves/{:012}.tlog-proof", leaf_numbers(&elsewhere).last().unwrap());
    fs::remove_file(elsewhere.path(&last)).unwrap();
    let told = elsewhere.run(&["verify", "bundle", "--vkey", "log.vkey"]).text();
    assert!(told.contains("of which 1 have not ended"), "{told}");
}

fn leaf_numbers(room: &Room) -> Vec<u64> {
    let manifest: Value = serde_json::from_str(&room.text("bundle/bundle.json")).unwrap();
    manifest["leaves"].as_array().unwrap().iter().map(|index| index.as_u64().unwrap()).collect()
}

/// The age format, by other people's X25519, HKDF and ChaCha20-Poly1305.
const OPEN_AGE: &str = r#"
import sys, base64, hmac, hashlib
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.hashes import SHA256
def hkdf(key, salt, info): return HKDF(SHA256(), 32, salt, info).derive(key)
def unb64(text): return base64.b64decode(text + '=' * (-len(text) % 4))
def bech32(text):
    digits = ['qpzry9x8gf2tvdw0s3jn54khce6mua7l'.index(c) for c in text.lower().rsplit('1', 1)[1]][:-6]
    bits = ''.join(f'{d:05b}' for d in digits)
    return bytes(int(bits[at:at + 8], 2) for at in range(0, 256, 8))
secret = [line for line in open(sys.argv[1]).read().split('\n') if line.startswith('AGE-SECRET-KEY-1')][0]
key = X25519PrivateKey.from_private_bytes(bech32(secret))
public = key.public_key().public_bytes_raw()
data = open(sys.argv[2], 'rb').read()
cut = data.index(b'\n---') + 4
end = data.index(b'\n', cut) + 1
lines = data[:cut].decode().split('\n')
assert lines[0] == 'age-encryption.org/v1' and lines[1].startswith('-> X25519 ')
share = unb64(lines[1].split()[2])
wrap = hkdf(key.exchange(X25519PublicKey.from_public_bytes(share)), share + public, b'age-encryption.org/v1/X25519')
file_key = ChaCha20Poly1305(wrap).decrypt(bytes(12), unb64(lines[2]), None)
mac = hmac.new(hkdf(file_key, b'', b'header'), data[:cut], hashlib.sha256).digest()
assert mac == unb64(data[cut:end].decode().strip())
nonce, sealed = data[end:end + 16], data[end + 16:]
print(ChaCha20Poly1305(hkdf(file_key, nonce, b'payload')).decrypt(bytes(11) + b'\1', sealed, None).decode(), end='')
"#;

#[test]
fn a_replay_is_what_the_client_got_for_people_and_for_players() {
    let (room, got, session) = recorded();
    let cast = room.run(&["sessions", "replay", &session, "--format", "asciinema"]).ends(0).lines();
    let header = &cast[0];
    assert_eq!((header["version"].as_u64(), header["width"].as_u64()), (Some(2), Some(120)), "{header}");
    assert!(
        header["timestamp"].as_u64() > Some(1_700_000_000) && header["title"].as_str().unwrap().contains("agent-7")
    );
    let mut before = 0.0;
    let (mut shown, mut marks) = (String::new(), Vec::new());
    for event in &cast[1..] {
        let event = event.as_array().unwrap();
        let at = event[0].as_f64().unwrap();
        assert!(event.len() == 3 && at >= before, "{event:?}");
        before = at;
        match event[1].as_str().unwrap() {
            "o" => shown.push_str(event[2].as_str().unwrap()),
            "m" => marks.push(event[2].as_str().unwrap().to_owned()),
            other => panic!("an event of kind {other}"),
        }
    }
    assert!(shown.contains(&got) && shown.contains("HTTP 200"), "{shown}");
    assert!(!marks.is_empty() && marks[0].starts_with("#1 GET /Patient/"), "{marks:?}");
    let terminal =
        room.run(&["sessions", "replay", &session, "--format", "terminal", "--speed", "1000"]).ends(0).text();
    assert_eq!(terminal.replace('\n', "\r\n"), shown);
    room.run(&["sessions", "replay", &session, "--speed", "0"]).ends(2);
}

#[test]
fn what_a_recovery_would_do_is_told_and_changes_nothing() {
    let (room, port, credential) = recording(PATIENT);
    let gateway = Gateway::start(&room, port);
    room.run(&["ledger", "recover", "--dry-run"]).ends(3).says("BB-SERVE-003");
    let status: Value = serde_json::from_str(&room.run(&["status", "--format", "json"]).ends(0).text()).unwrap();
    assert!(status["disk"]["total_bytes"].as_u64() > Some(0) && status["checkpoint"]["root"].is_string(), "{status:#}");
    assert!(status["next"].as_array().unwrap().is_empty() && status["sessions_open"].is_u64(), "{status:#}");
    let told = room.run(&["status"]).ends(0).text();
    assert!(told.contains("\ndisk ") && told.contains("\ncheckpoint ") && told.contains("\nsessions "), "{told}");
    // A session is going on when the power goes.
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    let asked = format!("GET /Patient/p-71 HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {credential}\r\n\r\n");
    std::io::Write::write_all(&mut stream, asked.as_bytes()).unwrap();
    let mut piece = [0; 64];
    assert!(std::io::Read::read(&mut stream, &mut piece).unwrap() > 0);
    std::thread::sleep(std::time::Duration::from_secs(2));
    let mut gateway = gateway;
    gateway.0.kill().unwrap();
    gateway.0.wait().unwrap();
    drop(gateway);
    room.run(&["status"]).ends(3).says("BB-SERVE-005");

    let state = || {
        let files = every_file(&room.path("blackbar-data"));
        files.into_iter().map(|path| (fs::read(&path).unwrap_or_default(), path)).collect::<Vec<_>>()
    };
    let before = state();
    let told = json(&room, &["ledger", "recover", "--dry-run", "--format", "json"]);
    assert_eq!(told["sessions_interrupted"].as_array().unwrap().len(), 1, "{told:#}");
    assert_eq!(told["refused"], Value::Null);
    assert!(state() == before, "a dry run changed something");
    let published = told["published_leaves"].as_u64().unwrap() + told["leaves_to_publish"].as_u64().unwrap();
    room.run(&["ledger", "recover"]).ends(0);
    // The recovery leaf, and the end of the session.
    let checkpoint = room.text("blackbar-data/log/checkpoint");
    assert_eq!(checkpoint.lines().nth(1), Some((published + 2).to_string().as_str()));
    let told = json(&room, &["ledger", "recover", "--dry-run", "--format", "json"]);
    assert!(told["sessions_interrupted"].as_array().unwrap().is_empty() && told["bytes_to_cut"] == 0, "{told:#}");

    // Damage that no crash explains is told, with where to read on, and nothing is touched.
    let journal = every_file(&room.path("blackbar-data/journal"));
    fs::remove_file(&journal[0]).unwrap();
    let before = state();
    room.run(&["ledger", "recover", "--dry-run"]).ends(1).says("BB-LEDGER-014");
    room.run(&["ledger", "recover"]).ends(1).says("BB-LEDGER-014");
    assert!(state() == before, "a refusal changed something");
}

#[test]
fn an_audit_packet_tells_who_agreed_to_what_was_held() {
    let (room, port, credential) = recording(PATIENT);
    let key = room.run(&["approvals", "keygen", "-o", "officer.key"]).ends(0).text();
    let groups = "groups = [\"privacy-officers\"]";
    let approver = format!("\n[[approver]]\nsubject = \"officer-1\"\n{groups}\nkey = \"{}\"\n", key.trim());
    room.write("blackbar.toml", room.text("blackbar.toml") + &approver);
    let gateway = Gateway::start(&room, port);
    let held = get(port, &credential, "/Patient?name=Okonkwo");
    assert!(held.starts_with("HTTP/1.1 403 "), "{held}");
    let problem: Value = serde_json::from_str(&body(&held)).unwrap();
    let approval = problem["approval_id"].as_str().unwrap();
    let decide = ["approvals", "approve", approval, "--key", "officer.key", "--reason", "recall of Okonkwo"];
    room.run(&decide).ends(0);
    let again = format!(
        "GET /Patient?name=Okonkwo HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {credential}\r\n\
         Blackbar-Approval: {approval}\r\nConnection: close\r\n\r\n"
    );
    assert!(ask(port, &again).starts_with("HTTP/1.1 200 "));
    assert_eq!(gateway.end().0, Some(0));

    let public = room.run(&["sessions", "keygen", "-o", "auditor.key"]).ends(0).text();
    // What the officer said is a session of its own.
    let sessions: Vec<Value> = sessions(&room).into_iter().filter(|session| session["subject"] == "agent-7").collect();
    assert_eq!(sessions.len(), 2, "held, and let through");
    for (number, session) in sessions.iter().enumerate() {
        let (id, bundle) = (session["session"].as_str().unwrap(), format!("bundle-{number}"));
        let export = ["sessions", "export", id, "--recipient", public.trim(), "-o", &bundle, "--audit-packet"];
        room.run(&export).ends(0);
        room.run(&["verify", &bundle, "--vkey", "blackbar-data/log.vkey"]).ends(0);
        let page = room.text(&format!("{bundle}/audit-packet.html"));
        // Whichever of the two it is: what was asked, who agreed, and that it was used.
        for expected in [approval, "officer-1", "decision.asked", "decision.granted", "decision.consumed", "cred-"] {
            assert!(page.contains(expected), "{expected}: {page}");
        }
        assert!(!page.contains("Nothing in this session was held"), "{page}");
        assert!(!page.contains("Okonkwo") && !page.contains(&credential), "{page}");
    }
}
