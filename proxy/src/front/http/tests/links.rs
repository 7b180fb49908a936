//! Lists, next pages and reads by id: what a client is shown, it can ask for.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};

use super::{House, POLICY, answer, keyring, read_request, says};

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

/// A server with a few patients that can be listed, read and exported. It says its own address in every link.
struct Clinic {
    address: String,
    /// What it was asked, head by head.
    seen: Arc<Mutex<Vec<String>>>,
}

/// Where a server has the state of its exports and their files.
#[derive(Clone, Copy)]
struct Places {
    state: &'static str,
    files: [&'static str; 2],
}

const JOB: &str = "1b4db7eb-4057-4ddf-91e0-36dec72071f5";
const CANARIES: [&str; 5] = ["219-09-9998", "219099998", "Kowalczyk", "pat-4711", "8812345"];
const PATIENTS: &str = r#"{"resourceType":"Patient","id":"pat-4711","identifier":[{"system":"http://hl7.org/fhir/sid/us-ssn","value":"219099998"}],"name":[{"family":"Kowalczyk","given":["Anna"]}]}
{"resourceType":"Patient","id":"pat-4712","identifier":[{"type":{"coding":[{"code":"MR"}]},"value":"8812345"}]}
"#;
const OBSERVATIONS: &str = r#"{"resourceType":"Observation","id":"o-1","subject":{"reference":"Patient/pat-4711","display":"Anna Kowalczyk"},"note":[{"text":"SSN 219-09-9998"}]}
{"resourceType":"Observation","id":"o-2","subject":{"reference":"Patient/pat-4712"},"note":[{"text":"of Patient/pat-4711"}]}
"#;

impl Clinic {
    async fn new(places: Places) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let (log, base, polls) = (Arc::clone(&seen), format!("http://{address}"), Arc::new(AtomicUsize::new(0)));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (log, base, polls) = (Arc::clone(&log), base.clone(), Arc::clone(&polls));
                tokio::spawn(async move {
                    let request = String::from_utf8(read_request(&mut stream).await).unwrap();
                    let answer = Self::answer(&request, places, &base, &polls);
                    log.lock().unwrap().push(request);
                    let _ = stream.write_all(&answer).await;
                    let _ = stream.shutdown().await;
                });
            }
        });
        Self { address, seen }
    }

    fn answer(request: &str, places: Places, base: &str, polls: &AtomicUsize) -> Vec<u8> {
        let fhir = |body: String| answer("application/fhir+json", "", body);
        let accepted = |more: &str| format!("HTTP/1.1 202 Accepted\r\n{more}Content-Length: 0\r\n\r\n").into_bytes();
        let mut line = request.lines().next().unwrap().split(' ');
        let (method, target) = (line.next().unwrap(), line.next().unwrap());
        let later = request.to_ascii_lowercase().contains("\r\nprefer: respond-async\r\n");
        match target {
            "/Patient?_count=2" => fhir(format!(
                r#"{{"resourceType":"Bundle","link":[{{"relation":"next","url":"{base}/Patient?_count=2&_page=2&memberName=Kowalczyk"}}],
                "entry":[{{"fullUrl":"{base}/Patient/pat-4711","resource":{}}}]}}"#,
                PATIENTS.lines().next().unwrap()
            )),
            "/Patient/pat-4711" => fhir(PATIENTS.lines().next().unwrap().to_owned()),
            _ if target.contains("$export") && !target.contains("status") => match later {
                true => accepted(&format!("Content-Location: {base}{}\r\n", places.state)),
                false => b"HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n".to_vec(),
            },
            _ if target == places.state && method == "DELETE" => accepted(""),
            _ if target == places.state && polls.fetch_add(1, Ordering::SeqCst) == 0 => {
                accepted("X-Progress: 50%\r\nRetry-After: 1\r\n")
            }
            _ if target == places.state => {
                let files = ["Patient", "Observation"].into_iter().zip(places.files);
                let files: Vec<String> = files
                    .map(|(kind, file)| format!(r#"{{"type":"{kind}","url":"{base}{file}","count":2}}"#))
                    .collect();
                let files = files.join(",");
                answer(
                    "application/json",
                    "",
                    format!(
                        r#"{{"transactionTime":"2026-01-01T00:00:00Z","request":"{base}/Patient/$export?_type=Patient,Observation","requiresAccessToken":true,"output":[{files}],"error":[]}}"#
                    ),
                )
            }
            _ if target == places.files[0] => answer("application/fhir+ndjson", "", PATIENTS),
            _ if target == places.files[1] => answer("application/fhir+ndjson", "", OBSERVATIONS),
            _ => b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n".to_vec(),
        }
    }

    fn asked(&self) -> Vec<String> {
        let first = |request: &String| request.lines().next().unwrap().trim_end_matches(" HTTP/1.1").to_owned();
        self.seen.lock().unwrap().iter().map(first).collect()
    }

    /// Nothing that a client got names anybody, or leads around the gateway.
    fn says_nothing(&self, answered: &super::Answered) {
        let told = String::from_utf8_lossy(&answered.raw).into_owned();
        for canary in CANARIES.into_iter().chain([self.address.as_str()]) {
            assert!(!told.contains(canary), "{canary} in {told}");
        }
    }
}

/// The way behind the address that clients reach a gateway by.
fn below(link: &str) -> &str {
    link.strip_prefix("http://127.0.0.1:8080").unwrap_or_else(|| panic!("{link} leads somewhere else"))
}

fn json(answered: &super::Answered) -> serde_json::Value {
    serde_json::from_slice(&answered.body).unwrap_or_else(|error| panic!("{error}: {}", answered.text()))
}

const AT_WILL: &str = r#"permit (principal in Group::"agents", action in [Action::"read", Action::"write", Action::"resolve"], resource in Target::"fhir");"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_installed_a_list_leads_to_its_entries() {
    let clinic = Clinic::new(Places { state: "/x", files: ["/y", "/z"] }).await;
    let house = House::installed(&clinic.address, include_str!("../../../../templates/agents-read.cedar")).await;
    let listed = house.get("/Patient?_count=2", "").await;
    assert_eq!(listed.status, 200, "{}", listed.text());
    clinic.says_nothing(&listed);
    let listed = json(&listed);
    let told = listed["entry"][0]["resource"]["id"].as_str().unwrap();
    let url = listed["entry"][0]["fullUrl"].as_str().unwrap();
    for way in [format!("/Patient/{told}"), below(url).to_owned()] {
        let read = house.get(&way, "").await;
        assert_eq!(read.status, 200, "{way}: {}", read.text());
        clinic.says_nothing(&read);
        assert_eq!(json(&read)["id"], told);
    }
    assert_eq!(clinic.asked(), ["GET /Patient?_count=2", "GET /Patient/pat-4711", "GET /Patient/pat-4711"]);
    // A parameter that nobody knows is nobody's way: what it says stays here, and the link is refused rather than guessed.
    let next = listed["link"][0]["url"].as_str().unwrap();
    assert_eq!(house.get(below(next), "").await.status, 422);
    assert_eq!(clinic.asked().len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_is_followed_from_its_beginning_to_its_files() {
    let polled = "/$export-poll-status?_jobId=1b4db7eb-4057-4ddf-91e0-36dec72071f5";
    for (kick_off, places) in [
        ("/Patient/$export?_type=Patient,Observation", Places { state: polled, files: ["/Binary/f-1", "/Binary/f-2"] }),
        (
            "/$export",
            Places { state: "/bulkstatus/4711", files: ["/export/Patient.ndjson", "/export/Observation.ndjson"] },
        ),
        (
            "/$export?_outputFormat=application%2Ffhir%2Bndjson",
            Places {
                state: "/export/status/1b4db7eb",
                files: ["/output/1b4db7eb/1.Patient.ndjson", "/output/1b4db7eb/2.Observation.ndjson"],
            },
        ),
    ] {
        let clinic = Clinic::new(places).await;
        let house = House::installed(&clinic.address, AT_WILL).await;
        let headers = "Accept: application/fhir+json\r\nPrefer: respond-async, wait=5\r\n";
        let begun = house.get(kick_off, headers).await;
        assert_eq!(begun.status, 202, "{kick_off}: {} {}", begun.head, begun.text());
        clinic.says_nothing(&begun);
        let state = below(begun.header("content-location").unwrap()).to_owned();
        assert!(!state.contains(JOB), "{state}");
        let waits = house.get(&state, "").await;
        assert_eq!((waits.status, waits.header("retry-after")), (202, Some("1")), "{}", waits.head);
        let ready = house.get(&state, "Accept: application/json\r\n").await;
        assert_eq!(ready.status, 200, "{}", ready.text());
        clinic.says_nothing(&ready);
        let manifest = json(&ready);
        let mut files = Vec::new();
        for (at, kind) in ["Patient", "Observation"].into_iter().enumerate() {
            assert_eq!(manifest["output"][at]["type"], kind, "{manifest}");
            let link = manifest["output"][at]["url"].as_str().unwrap();
            let file = house.get(below(link), "Accept: application/fhir+ndjson\r\n").await;
            assert_eq!(file.status, 200, "{link}: {}", file.text());
            clinic.says_nothing(&file);
            let lines: Vec<serde_json::Value> =
                file.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            assert_eq!(lines.len(), 2);
            files.push(lines);
        }
        // Whose an observation is can still be told: one patient is one token in all files.
        for (patient, observation) in files[0].iter().zip(&files[1]) {
            let id = patient["id"].as_str().unwrap();
            assert!(id.starts_with("bb-other-id-"), "{patient}");
            assert_eq!(observation["subject"]["reference"], format!("Patient/{id}"));
        }
        assert_ne!(files[0][0]["id"], files[0][1]["id"]);
        // It can be read, and the export thrown away.
        let read = house.get(&format!("/Patient/{}", files[0][0]["id"].as_str().unwrap()), "").await;
        assert_eq!((read.status, &json(&read)["id"]), (200, &files[0][0]["id"]));
        assert_eq!(house.send("DELETE", &state, "", b"").await.status, 202);
        let (state, files) = (format!("GET {}", places.state), places.files.map(|file| format!("GET {file}")));
        let delete = format!("DELETE {}", places.state);
        let kicked = format!("GET {kick_off}");
        let expected =
            [kicked.as_str(), &state, &state, &files[0], &files[1], "GET /Patient/pat-4711", delete.as_str()];
        assert_eq!(clinic.asked(), expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_of_a_group_is_begun_by_its_token() {
    let clinic = Clinic::new(Places { state: "/bulkstatus/77", files: ["/y", "/z"] }).await;
    let house = House::installed(&clinic.address, AT_WILL).await;
    let group = keyring().token("other-id", b"g-12").unwrap();
    let begun = house.get(&format!("/Group/{group}/$export"), "Prefer: respond-async\r\n").await;
    assert_eq!(begun.status, 202, "{} {}", begun.head, begun.text());
    assert_eq!(clinic.asked(), ["GET /Group/g-12/$export"]);
    let state = below(begun.header("content-location").unwrap()).to_owned();
    assert_eq!(house.get(&state, "").await.status, 202);
    // Where the job's address says of which group it is, it stays here.
    let clinic = Clinic::new(Places { state: "/export/status?of=g-12", files: ["/y", "/z"] }).await;
    let house = House::installed(&clinic.address, AT_WILL).await;
    let begun = house.get(&format!("/Group/{group}/$export"), "Prefer: respond-async\r\n").await;
    assert_eq!(begun.status, 202);
    assert!(!String::from_utf8_lossy(&begun.raw).contains("g-12"), "{}", begun.head);
}
