//! What goes up and may be stored: no replacement takes the place of what it replaced, however it is spelt.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{House, answer, keyring, says};

fn utf16(text: &str) -> Vec<u8> {
    [&b"\xff\xfe"[..], &text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>()].concat()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_replacement_is_stored_in_any_spelling() {
    let token = keyring().token("mrn", b"8812345").unwrap();
    let escaped: String = token.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
    let json = "application/json";
    let form = "application/x-www-form-urlencoded";
    let long = format!(r#"{{"pad":"{}","name":"\u005bNAME]"}}"#, "x".repeat(60_000));
    let attempts: Vec<(&str, &str, &str, Vec<u8>)> = vec![
        ("PUT", "/Patient/1", json, br#"{"name":"[NAME]"}"#.to_vec()),
        ("PUT", "/Patient/1", json, br#"{"name":"\u005bNAME]"}"#.to_vec()),
        ("PUT", "/Patient/1", json, br#"{"name":"\u005B\u004E\u0041\u004D\u0045\u005D"}"#.to_vec()),
        (
            "PATCH",
            "/Patient/1",
            "application/json-patch+json",
            br#"[{"op":"replace","path":"/a","value":"[SSN]"}]"#.to_vec(),
        ),
        ("POST", "/Patient", "application/fhir+json", br#"{"id":"[OTHER-ID]"}"#.to_vec()),
        ("POST", "/notes", json, br#"{"text":"seen by [NAME]"}"#.to_vec()),
        ("POST", "/notes", json, br#"{"text":"***-**-6789"}"#.to_vec()),
        ("POST", "/notes", json, br#"{"text":"\u002a**-**-6789"}"#.to_vec()),
        ("POST", "/notes", json, br#"{"[SSN]":1}"#.to_vec()),
        ("POST", "/notes", json, format!(r#"{{"text":"about {token}"}}"#).into()),
        ("POST", "/notes", json, format!(r#"{{"text":"about {escaped}"}}"#).into()),
        ("POST", "/notes", json, long.into()),
        ("POST", "/notes", "text/plain", b"seen by [NAME]".to_vec()),
        ("POST", "/notes", "text/plain", br#"{"text":"\u005bNAME]"}"#.to_vec()),
        ("POST", "/notes", form, br#"{"text":"\u005bNAME]"}"#.to_vec()),
        ("POST", "/notes", form, b"name=%5BNAME%5D".to_vec()),
        ("POST", "/notes", form, b"name=%5bNAME]&x=y".to_vec()),
        ("POST", "/notes", "application/xml", b"<a>&#91;NAME]</a>".to_vec()),
        ("POST", "/notes", "application/fhir+xml", b"<a value=\"&#x5B;NAME&#x5d;\"/>".to_vec()),
        ("POST", "/notes", "text/plain", b"<a><![CDATA[[NAME]]]></a>".to_vec()),
        ("POST", "/notes", "text/csv", b"name,x\n[NAME],1\n".to_vec()),
        ("POST", "/notes", "application/hl7-v2", b"MSH|^~\\&|A|B\rPID|1||[MRN]^^^A\r".to_vec()),
        ("POST", "/notes", "application/x-ndjson", b"{\"a\":1}\n{\"name\":\"\\u005bNAME]\"}\n".to_vec()),
        ("POST", "/notes", "application/json; charset=utf-16", utf16(r#"{"name":"[NAME]"}"#)),
        ("POST", "/notes", "application/json; charset=utf-16le", utf16(r#"{"name":"[NAME]"}"#)),
        ("POST", "/notes", json, utf16(r#"{"name":"[NAME]"}"#)),
        ("POST", "/notes", json, gzip(r#"{"name":"[NAME]"}"#)),
        ("POST", "/notes", "multipart/form-data; boundary=x", b"--x\r\n\r\n[NAME]\r\n--x--".to_vec()),
        ("POST", "/notes", "application/pdf", b"%PDF-1.7 [NAME]".to_vec()),
        ("POST", "/notes", "application/octet-stream", br#"{"name":"[NAME]"}"#.to_vec()),
        ("POST", "/notes", "application/json; charset=utf-7", br#"{"name":"+AFs-NAME]"}"#.to_vec()),
        ("POST", "/graphql", json, br#"{"query":"mutation { put(name: \"[NAME]\") }"}"#.to_vec()),
        ("DELETE", "/notes/1", json, br#"{"name":"[NAME]"}"#.to_vec()),
        // Values with less detail than they had.
        ("PUT", "/Patient/1", "application/fhir+json", br#"{"resourceType":"Patient","birthDate":"1961"}"#.to_vec()),
        ("POST", "/notes", json, br#"{"date_of_birth":"1961"}"#.to_vec()),
        ("POST", "/notes", json, br#"{"birth_date":"90+"}"#.to_vec()),
        ("POST", "/notes", json, br#"{"zip":"021"}"#.to_vec()),
    ];
    for (method, path, media, body) in attempts {
        let house = House::new(says(answer(json, "", "{}"))).await;
        let answered = house.send(method, path, &format!("Content-Type: {media}\r\n"), &body).await;
        let what = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
        assert!(matches!(answered.status, 403 | 415 | 422), "{method} {path} {media} {what}: {}", answered.head);
        let seen = house.seen.lock().unwrap();
        assert!(seen.is_empty(), "{method} {path} {media} {what} reached the upstream");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replacement_far_behind_never_completes_the_body() {
    let complete = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&complete);
    let script: super::Script = Arc::new(move |mut stream: TcpStream| {
        let seen = Arc::clone(&seen);
        Box::pin(async move {
            let (mut body, mut buffer) = (Vec::new(), vec![0; 1 << 16]);
            while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                body.extend_from_slice(&buffer[..read]);
                if body.ends_with(b"0\r\n\r\n") {
                    seen.store(true, Ordering::Relaxed);
                    let _ = stream.write_all(&answer("application/json", "", "{}")).await;
                    return;
                }
            }
        })
    });
    // Longer than what is read ahead, so the upstream is asked before all of it was seen.
    let lines: String = (0..60_000).map(|n| format!("{n},x\n")).collect();
    for (last, status) in [("1,[NAME]\n", 422), ("1,y\n", 200)] {
        let house = House::new(Arc::clone(&script)).await;
        let body = format!("n,name\n{lines}{last}");
        let answered = house.send("POST", "/notes", "Content-Type: text/csv\r\n", body.as_bytes()).await;
        assert_eq!(answered.status, status, "{}", answered.head);
        assert_eq!(complete.load(Ordering::Relaxed), status == 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_redacted_goes_up_as_it_is() {
    for (method, path, media, body) in [
        (
            "PUT",
            "/Patient/1",
            "application/fhir+json",
            r#"{"resourceType":"Patient","birthDate":"1961-03-04","n":[1,2.50,true]}"#,
        ),
        ("POST", "/notes", "application/json", r#"{"text":"[sic] a ** b \u00e9 x","zip":"02139"}"#),
        ("POST", "/notes", "text/plain", "plain words\n"),
        ("POST", "/notes", "application/x-www-form-urlencoded", "a=b%20c&d=%5Bx%5D"),
        ("POST", "/pictures", "image/png", "\u{0}PNG [NAME]"),
        (
            "POST",
            "/v1/chat/completions",
            "application/json",
            r#"{"messages":[{"content":"who is [NAME], 1961, ***?"}]}"#,
        ),
        ("POST", "/graphql", "application/json", r#"{"query":"{ find(name: \"[NAME]\") }"}"#),
        ("POST", "/Patient/_search", "application/x-www-form-urlencoded", "_count=5&name=%5BNAME%5D"),
    ] {
        let house = House::new(says(answer("application/json", "", "{}"))).await;
        let answered = house.send(method, path, &format!("Content-Type: {media}\r\n"), body.as_bytes()).await;
        assert_eq!(answered.status, 200, "{method} {path} {body}: {} {}", answered.head, answered.text());
        let seen = house.upstream_saw();
        assert!(seen.ends_with(&format!("\r\n\r\n{body}")), "{method} {path} {body}: {seen}");
        assert!(seen.to_ascii_lowercase().contains(&format!("content-length: {}\r\n", body.len())), "{seen}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_go_up_as_what_they_stand_for_where_an_id_belongs() {
    let id = keyring().token("other-id", b"pat-4711").unwrap();
    for (method, path, media, body, expected) in [
        (
            "POST",
            "/Observation",
            "application/fhir+json",
            format!(r#"{{"resourceType":"Observation","subject":{{"reference":"Patient/{id}"}}}}"#),
            r#"{"resourceType":"Observation","subject":{"reference":"Patient/pat-4711"}}"#,
        ),
        (
            "POST",
            "/Observation/_search",
            "application/x-www-form-urlencoded",
            format!("patient={id}&_count=5"),
            "patient=pat-4711&_count=5",
        ),
    ] {
        let quoting = r#"{"text":"of pat-4711, Patient/pat-4711","id":"pat\u002d4711"}"#;
        let house = House::new(says(answer("application/fhir+json", "", quoting))).await;
        let answered = house.send(method, path, &format!("Content-Type: {media}\r\n"), body.as_bytes()).await;
        assert_eq!(answered.status, 200, "{body}: {} {}", answered.head, answered.text());
        assert!(house.upstream_saw().ends_with(&format!("\r\n\r\n{expected}")), "{}", house.upstream_saw());
        assert!(!answered.text().contains("4711"), "{}", answered.text());
        assert!(answered.text().contains(&id), "{}", answered.text());
    }
    // Without leave to resolve, a token is a replacement like others.
    let policy = r#"permit (principal, action in [Action::"read", Action::"write"], resource);"#;
    let house = House::with(says(answer("application/json", "", "{}")), "", policy).await;
    let body = format!(r#"{{"subject":{{"reference":"Patient/{id}"}}}}"#);
    let answered = house.send("POST", "/Observation", "Content-Type: application/json\r\n", body.as_bytes()).await;
    assert_eq!(answered.status, 422);
    // And what another gateway issued is nobody's.
    let house = House::new(says(answer("application/json", "", "{}"))).await;
    let foreign = blackbar_engine::operator::Keyring::random().unwrap().token("other-id", b"pat-4711").unwrap();
    let body = format!(r#"{{"subject":{{"reference":"Patient/{foreign}"}}}}"#);
    let answered = house.send("POST", "/Observation", "Content-Type: application/json\r\n", body.as_bytes()).await;
    assert_eq!(answered.status, 422);
}

#[tokio::test]
async fn values_that_look_like_others_are_not_stored_where_profiles_make_such() {
    let settings = "profile = \"alike\"\n[profile.alike.kinds]\nname = \"surrogate\"\n";
    let house = House::with(says(answer("application/json", "", "{}")), settings, super::POLICY).await;
    let body = br#"{"resourceType":"Patient","name":[{"family":"Kowalczyk","given":["Anna"]}]}"#;
    let answered = house.send("PUT", "/Patient/1", "Content-Type: application/fhir+json\r\n", body).await;
    assert_eq!(answered.status, 422, "{}", answered.text());
    assert!(house.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn clients_of_fhir_are_told_in_fhir() {
    let house = House::new(says(answer("application/json", "", "{}"))).await;
    let headers = "Content-Type: application/fhir+json\r\nAccept: application/fhir+json\r\n";
    let answered = house.send("PUT", "/Patient/1", headers, br#"{"name":"[NAME]"}"#).await;
    assert_eq!((answered.status, answered.header("content-type")), (422, Some("application/fhir+json")));
    let document: serde_json::Value = serde_json::from_slice(&answered.body).unwrap();
    assert_eq!(document["resourceType"], "OperationOutcome");
    assert_eq!(document["issue"][0]["code"], "business-rule");
    let denied = house.get("/admin/x", "Accept: application/fhir+json\r\n").await;
    assert!(denied.text().contains("\"forbidden\""), "{}", denied.text());
}
