//! What the ledger has is what the client got, and nothing else moves.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use blackbar_ledger::verify::{self, Checks};
use blackbar_ledger::{Admission, Direction, Json, Kind, LeafIndex, ReadLeaf, Reader, RootKey, SessionId};

use super::*;

const SSN: &str = "219-09-9999";
const MRN: &str = "8812345";

/// The record, once every session of it has ended.
async fn ended(house: &House) -> Reader {
    let root: Arc<dyn RootKey> = house.root.clone();
    let reader = Reader::open(house.folder.path(), Some(Arc::clone(&root)));
    for _ in 0..200 {
        house.recorder.close().unwrap();
        let count = |kind| leaves(&reader).iter().filter(|leaf| leaf.kind() == Some(kind)).count();
        if count(Kind::SessionOpen) == count(Kind::SessionClose) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let checks = Checks { key: None, against: None, root: Some(root), log_only: false, witnesses: Vec::new() };
    let report = verify::folder(house.folder.path(), &checks).unwrap();
    assert!(report.is_good() && report.open_sessions == 0, "{:?}", report.findings);
    reader
}

fn leaves(reader: &Reader) -> Vec<ReadLeaf> {
    reader.leaves(LeafIndex::FIRST).unwrap().map(|item| item.unwrap().1).collect()
}

fn sessions(reader: &Reader) -> Vec<(SessionId, String)> {
    let opened = leaves(reader).into_iter().filter(|leaf| leaf.kind() == Some(Kind::SessionOpen));
    opened.map(|leaf| (leaf.session().unwrap(), leaf.time().month())).collect()
}

/// All of a session that went one way.
fn told(reader: &Reader, (session, month): &(SessionId, String), direction: Direction) -> Vec<u8> {
    let records = reader.records(*session, month).unwrap().map(|record| record.unwrap());
    records.filter(|record| record.direction == direction).flat_map(|record| record.bytes).collect()
}

/// No file below the folder holds one of these.
fn nowhere(folder: &Path, canaries: &[&str]) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            nowhere(&path, canaries);
        } else if path.ends_with("reserve") {
            // Room that is kept back: large, and never written.
        } else if let Ok(bytes) = std::fs::read(&path) {
            for canary in canaries {
                assert!(memchr::memmem::find(&bytes, canary.as_bytes()).is_none(), "{canary} in {}", path.display());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn request_decision_and_answer_are_recorded_as_they_were() {
    let body = format!("Patient SSN: {SSN} and MRN: {MRN}. Seen today.");
    let house = House::new(says(answer("text/plain", "X-Note: SSN 219-09-9999\r\n", &body))).await;
    let got =
        house.get(&format!("/Patient/{MRN}?identifier={SSN}&_count=5"), "User-Agent: about SSN 219-09-9999\r\n").await;
    assert_eq!(got.status, 200);
    let reader = ended(&house).await;
    let [session] = &sessions(&reader)[..] else { panic!("one session") };

    let kinds: Vec<_> =
        leaves(&reader).iter().filter(|leaf| leaf.session() == Some(session.0)).filter_map(ReadLeaf::kind).collect();
    let expected = [Kind::SessionOpen, Kind::Request, Kind::DecisionGranted, Kind::Response, Kind::SessionClose];
    assert_eq!(kinds, expected);
    let response = leaves(&reader).into_iter().find(|leaf| leaf.kind() == Some(Kind::Response)).unwrap();
    let Some(Json::Object(replaced)) = response.detail("replaced") else { panic!("counts") };
    assert_eq!(replaced.get("ssn").and_then(Json::as_number), Some(1), "{replaced:?}");
    assert_eq!(response.detail("status").and_then(Json::as_number), Some(200));
    let request = leaves(&reader).into_iter().find(|leaf| leaf.kind() == Some(Kind::Request)).unwrap();
    assert_eq!(request.detail("path").and_then(Json::as_text), Some("/Patient/*"));

    assert_eq!(told(&reader, session, Direction::ToClient), got.body);
    let notes = String::from_utf8(told(&reader, session, Direction::Note)).unwrap();
    assert!(notes.contains("\"status\":200") && notes.contains("\"complete\":true"), "{notes}");
    let asked = String::from_utf8(told(&reader, session, Direction::ToUpstream)).unwrap();
    assert!(asked.contains("[\"_count\",\"5\"]"), "{asked}");
    for content in [&notes, &asked] {
        for canary in [SSN, MRN, CREDENTIAL, UPSTREAM_SECRET] {
            assert!(!content.contains(canary), "{canary} in {content}");
        }
    }
    std::fs::remove_file(house.folder.path().join("secret")).unwrap();
    nowhere(house.folder.path(), &[SSN, MRN, CREDENTIAL, UPSTREAM_SECRET]);
}

#[tokio::test(flavor = "multi_thread")]
async fn long_answers_are_recorded_whole_in_every_mode() {
    let line = "Nothing to see here, and then some more of it for the length of a line.\n";
    let body = line.repeat(40_000);
    for mode in ["strict", "bounded", "async"] {
        let script = says_in(answer("text/plain", "", &body), 10_000);
        let house = House::with(script, &format!("record = \"{mode}\"\n"), POLICY).await;
        let got = house.get("/notes", "").await;
        assert!(got.complete && got.body == body.as_bytes(), "{mode}");
        let reader = ended(&house).await;
        assert_eq!(told(&reader, &sessions(&reader)[0], Direction::ToClient), body.as_bytes(), "{mode}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_recorded_with_what_the_client_was_told() {
    let house = House::new(says(answer("text/plain", "", "never asked"))).await;
    let denied = house.get("/admin", "").await;
    let unknown = Answered::read(&house.raw(b"GET /x HTTP/1.1\r\nHost: g\r\nConnection: close\r\n\r\n").await);
    assert_eq!((denied.status, unknown.status), (403, 401));
    assert!(house.seen.lock().unwrap().is_empty());
    let reader = ended(&house).await;
    let [session] = &sessions(&reader)[..] else { panic!("one session") };
    assert_eq!(told(&reader, session, Direction::ToClient), denied.body);
    let outcome = |kind| {
        leaves(&reader).into_iter().find(|leaf| leaf.kind() == Some(kind)).map(|leaf| leaf.outcome().map(str::to_owned))
    };
    for kind in [Kind::DecisionDenied, Kind::Response, Kind::AuthFail] {
        assert_eq!(outcome(kind), Some(Some("denied".to_owned())), "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_room_for_the_record_nothing_is_forwarded() {
    let house = House::new(says(answer("text/plain", "", "hello"))).await;
    for room in [Admission::RefuseNew, Admission::EndLive] {
        house.recorder.pretend_room(room);
        let refused = house.get("/notes", "").await;
        assert_eq!(refused.status, 503);
        assert!(refused.text().contains("BB-LEDGER-006"), "{}", refused.text());
    }
    assert!(house.seen.lock().unwrap().is_empty());
    house.recorder.pretend_room(Admission::Open);
    assert_eq!(house.get("/notes", "").await.status, 200);
    ended(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_breaks_off_says_so() {
    let cut =
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 500\r\n\r\nthe beginning of it\n".to_vec();
    let house = House::new(says(cut)).await;
    let got = house.get("/notes", "").await;
    assert!(!got.complete);
    let reader = ended(&house).await;
    let response = leaves(&reader).into_iter().find(|leaf| leaf.kind() == Some(Kind::Response)).unwrap();
    assert_eq!(response.outcome(), Some("failed"));
    assert!(told(&reader, &sessions(&reader)[0], Direction::ToClient).starts_with(&got.body));
}
