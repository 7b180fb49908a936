//! Lists, next pages and reads by id: what a client is shown, it can ask for.

use std::sync::Arc;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::{House, POLICY, answer, keyring, says};

const PROFILE: &str = "profile = \"ids\"\n[profile.ids.kinds]\nother-id = \"token\"\n";

/// A list whose links are spelt as `spell` makes them of an address below the upstream.
async fn listed(body: &str) -> (House, String) {
    let body = body.to_owned();
    let script: super::Script = Arc::new(move |mut stream: TcpStream| {
        let body = body.clone();
        Box::pin(async move {
            let port = stream.local_addr().unwrap().port();
            let body =
                body.replace("UP", &format!("http://127.0.0.1:{port}")).replace("HOST", &format!("127.0.0.1:{port}"));
            let _ = stream.write_all(&answer("application/fhir+json", "", body)).await;
            let _ = stream.shutdown().await;
        })
    });
    let house = House::with(script, PROFILE, POLICY).await;
    let answered = house.get("/Patient?_count=2", "").await;
    assert_eq!(answered.status, 200, "{}", answered.text());
    let text = answered.text();
    (house, text)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_work_in_every_spelling() {
    let id = keyring().token("other-id", b"pat-4711").unwrap();
    for (url, expected) in [
        ("UP/Patient/pat-4711", format!("https://gateway.example/Patient/{id}")),
        ("UP/Patient?_count=2&_page=2", "https://gateway.example/Patient?_count=2&_page=2".to_owned()),
        (
            "UP/Observation?patient=pat-4711&_page=2",
            format!("https://gateway.example/Observation?patient={id}&_page=2"),
        ),
        ("//HOST/Patient/pat-4711", format!("//gateway.example/Patient/{id}")),
        ("/Patient/pat-4711", format!("/Patient/{id}")),
        ("/Patient?_getpages=a1&_getpagesoffset=2", "/Patient?_getpages=a1&_getpagesoffset=2".to_owned()),
        ("Patient?_count=2&_page=2", "Patient?_count=2&_page=2".to_owned()),
        ("?_page=2", "?_page=2".to_owned()),
    ] {
        for slash in ["/", "\\/", "\\u002f"] {
            // The address of the upstream is put in later, in its own spelling.
            let spelt = match (url.strip_prefix("UP"), url.strip_prefix("//HOST")) {
                (Some(_), _) if slash != "/" => continue,
                (_, Some(rest)) => format!("{slash}{slash}HOST{}", rest.replace('/', slash)),
                _ => url.replace('/', slash),
            };
            let body = format!(r#"{{"resourceType":"Bundle","link":[{{"relation":"next","url":"{spelt}"}}]}}"#);
            let (_, text) = listed(&body).await;
            let document: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(document["link"][0]["url"], expected, "{spelt}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_leads_to_its_next_page_and_to_each_of_its_entries() {
    let body = r#"{"resourceType":"Bundle","type":"searchset","link":[{"relation":"next","url":"UP/Patient?_count=2&patient=pat-4711"}],
        "entry":[{"fullUrl":"UP/Patient/j%20smith","resource":{"resourceType":"Patient","id":"pat-4711"}}]}"#;
    let (_, text) = listed(body).await;
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let told = document["entry"][0]["resource"]["id"].as_str().unwrap();
    for (link, expected) in [
        (format!("/Patient/{told}"), "GET /Patient/pat-4711 HTTP/1.1"),
        (
            document["link"][0]["url"].as_str().unwrap().replace("https://gateway.example", ""),
            "GET /Patient?_count=2&patient=pat-4711 HTTP/1.1",
        ),
        (
            document["entry"][0]["fullUrl"].as_str().unwrap().replace("https://gateway.example", ""),
            "GET /Patient/j%20smith HTTP/1.1",
        ),
    ] {
        let resource =
            r#"{"resourceType":"Patient","id":"pat-4711","text":{"div":"<p>Patient pat-4711 was seen</p>"}}"#;
        let house = House::with(says(answer("application/fhir+json", "", resource)), PROFILE, POLICY).await;
        let answered = house.get(&link, "").await;
        assert_eq!(answered.status, 200, "{link}: {}", answered.text());
        assert!(house.upstream_saw().starts_with(expected), "{link}: {}", house.upstream_saw());
        if link.contains(told) {
            let document: serde_json::Value = serde_json::from_slice(&answered.body).unwrap();
            assert_eq!(document["id"], told, "the token of a token leads nowhere");
            assert!(!answered.text().contains("4711"), "{}", answered.text());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_in_heads_are_redacted_once() {
    let id = keyring().token("other-id", b"pat-4711").unwrap();
    for header in ["Location", "Content-Location"] {
        let more = format!(
            "{header}: /Patient/pat-4711/_history\r\nLink: </Patient/pat-4711>; rel=self, </Patient?_page=2>; rel=next\r\n"
        );
        let house = House::with(says(answer("application/json", &more, "{}")), PROFILE, POLICY).await;
        let answered = house.get("/x", "").await;
        assert_eq!(answered.header(header), Some(format!("/Patient/{id}/_history").as_str()), "{}", answered.head);
        let links = answered.header("link").unwrap();
        assert!(links.contains(&format!("</Patient/{id}>")) && links.contains("</Patient?_page=2>"), "{links}");
    }
}
