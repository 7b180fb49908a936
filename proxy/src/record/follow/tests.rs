//! What sinks get is what the log has, in the shape that they expect.

use std::sync::{Arc, Mutex};

use blackbar_ledger::{Details, Direction, Kind, Leaf, Ledger, Options, Outcome, RootKeyFile, SessionOpen};
use serde_json::Map;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::*;

const THEN: Time = Time::from_micros(1_795_000_000_123_456);

/// A log with a leaf of every kind, as the gateway writes them.
fn log(folder: &Path) -> Ledger {
    let root = Arc::new(RootKeyFile::generate().unwrap());
    let ledger = Ledger::open(folder, root, Options::new("t/one", "one"), THEN).unwrap();
    for (target, facts) in [
        ("fhir", Details::new().text("method", "GET").text("path", "/Patient/*").number("parameters", 0)),
        ("ehr", Details::new().text("message", "query").texts("actions", ["select"]).number("values", 2)),
    ] {
        let details = Details::new().text("source", "10.1.2.3").text("kind", "agent").texts("groups", ["agents"]);
        let (mut session, _) = ledger.session(SessionOpen::new("agent=7|\\x", target).details(details), THEN).unwrap();
        drop(session.request(b"asked", facts.number("exchange", 1), THEN).unwrap());
        session.response_block(Direction::ToClient, b"answered", THEN).unwrap();
        let replaced = [("name:patient", 2), ("ssn", 1)];
        let told = Details::new().number("exchange", 1).number("status", 200).counts("replaced", replaced);
        drop(session.response(Outcome::Success, told, THEN).unwrap());
        let of_session = [
            (Kind::DecisionAsked, Outcome::Held),
            (Kind::DecisionGranted, Outcome::Success),
            (Kind::DecisionDenied, Outcome::Denied),
            (Kind::DecisionExpired, Outcome::Denied),
            (Kind::DecisionConsumed, Outcome::Success),
            (Kind::Blocks, Outcome::Success),
        ];
        for (kind, outcome) in of_session {
            let details = Details::new().number("exchange", 1).texts("because", ["agents-read"]);
            drop(session.event(Leaf::new(kind).outcome(outcome).details(details), THEN).unwrap());
        }
        drop(session.close(Outcome::Success, Details::new(), THEN).unwrap());
    }
    for kind in Kind::ALL {
        if !matches!(kind, Kind::SessionOpen | Kind::SessionClose) {
            drop(ledger.record(Leaf::new(*kind).subject("uid 0").outcome(Outcome::Success), THEN).unwrap());
        }
    }
    ledger.checkpoint().unwrap();
    ledger
}

fn source() -> Source {
    Source { origin: "t/one".into(), host: "gateway-1".into(), databases: vec!["ehr".into()] }
}

fn events(folder: &Path) -> Vec<Event> {
    let reader = Reader::open(folder, None);
    let (mut events, checkpoint) = leaves(&reader, 0).unwrap().unwrap();
    events.push(Event::of_checkpoint(&checkpoint, THEN));
    events
}

#[test]
fn every_leaf_has_the_shape_of_the_pinned_ocsf() {
    let schema: Value = serde_json::from_str(include_str!("../../../tests/data/ocsf-1.8.0.json")).unwrap();
    assert_eq!(schema["version"], ocsf::VERSION);
    let folder = tempfile::tempdir().unwrap();
    let _ledger = log(folder.path());
    let mut classes = std::collections::BTreeSet::new();
    for event in events(folder.path()) {
        let told = ocsf::event(&event, &source());
        let class = schema["classes"].as_object().unwrap().values().find(|class| class["uid"] == told["class_uid"]);
        let class = class.unwrap_or_else(|| panic!("{} is of no class", event.name()));
        assert_eq!(told["category_uid"], class["category_uid"], "{}", event.name());
        assert_eq!(
            told["type_uid"].as_u64().unwrap(),
            told["class_uid"].as_u64().unwrap() * 100 + told["activity_id"].as_u64().unwrap()
        );
        let profiles = told["metadata"]["profiles"].as_array().unwrap();
        fits(&schema, class, told.as_object().unwrap(), profiles, event.name());
        classes.insert(told["class_uid"].as_u64().unwrap());
    }
    assert_eq!(classes.into_iter().collect::<Vec<_>>(), [2004, 3002, 3004, 6002, 6003, 6005]);
}

/// Whether an object has what its class asks for, and nothing that it does not know.
fn fits(schema: &Value, class: &Value, told: &Map<String, Value>, profiles: &[Value], place: &str) {
    let attributes = class["attributes"].as_object().unwrap();
    for (name, attribute) in attributes {
        let applies = attribute.get("p").is_none_or(|profile| profiles.contains(profile));
        let is_due = attribute.get("r").is_some() && applies;
        assert!(!is_due || told.contains_key(name), "{place} lacks {name}");
    }
    if let Some(names) = class["constraints"]["at_least_one"].as_array() {
        assert!(names.iter().any(|name| told.contains_key(name.as_str().unwrap())), "{place} has none of {names:?}");
    }
    for (name, value) in told {
        let place = format!("{place}.{name}");
        let attribute = attributes.get(name).unwrap_or_else(|| panic!("{place} is not known"));
        let profile = attribute.get("p");
        assert!(profile.is_none_or(|profile| profiles.contains(profile)), "{place} is of a profile that is not told");
        let values = match value {
            Value::Array(values) if attribute.get("a").is_some() => values.clone(),
            value => {
                assert!(attribute.get("a").is_none(), "{place} is no list");
                vec![value.clone()]
            }
        };
        for value in values {
            match attribute["t"].as_str().unwrap() {
                "integer_t" | "long_t" | "timestamp_t" | "port_t" => {
                    let number = value.as_u64().unwrap_or_else(|| panic!("{place} is no number"));
                    let known = attribute["e"].as_array();
                    // Numbers of classes and categories are their own, which was compared before.
                    let is_own = matches!(name.as_str(), "class_uid" | "category_uid" | "type_uid");
                    let known = known.filter(|_| !is_own);
                    assert!(known.is_none_or(|known| known.contains(&number.into())), "{place} is no {number}");
                }
                "boolean_t" => assert!(value.is_boolean(), "{place}"),
                "object" => assert!(value.is_object(), "{place}"),
                text if text.ends_with("_t") => assert!(value.is_string(), "{place} is no text"),
                object => {
                    let class = &schema["objects"][object];
                    assert!(class.is_object(), "{place}: the object {object} is not in the pinned part");
                    fits(schema, class, value.as_object().unwrap(), profiles, &place);
                }
            }
        }
    }
}

#[test]
fn every_leaf_is_an_audit_event_with_what_fhir_asks_for() {
    let folder = tempfile::tempdir().unwrap();
    let _ledger = log(folder.path());
    for event in events(folder.path()) {
        let told = fhir::event(&event, &source());
        let place = event.name();
        assert_eq!(told["resourceType"], "AuditEvent");
        assert!(told["type"]["system"].is_string() && told["type"]["code"].is_string(), "{place}");
        assert!(["C", "R", "U", "D", "E"].contains(&told["action"].as_str().unwrap()), "{place}");
        assert!(["0", "4", "8", "12"].contains(&told["outcome"].as_str().unwrap()), "{place}");
        assert!(Time::parse(told["recorded"].as_str().unwrap()).is_some(), "{place}");
        let agents = told["agent"].as_array().unwrap();
        assert!(!agents.is_empty() && agents.iter().all(|agent| agent["requestor"].is_boolean()), "{place}");
        // Exactly one asked for it.
        assert_eq!(agents.iter().filter(|agent| agent["requestor"] == true).count(), 1, "{place}");
        assert!(told["source"]["observer"].is_object(), "{place}");
        for entity in told["entity"].as_array().unwrap() {
            // A rule of the resource: a name or a query, not both.
            assert!(entity["name"].is_null() || entity["query"].is_null(), "{place}");
            for detail in entity["detail"].as_array().into_iter().flatten() {
                assert!(detail["type"].is_string() && detail["valueString"].is_string(), "{place}");
            }
        }
    }
    // With the official models, where they are installed.
    let all: Vec<String> =
        events(folder.path()).iter().map(|event| fhir::event(event, &source()).to_string()).collect();
    let script = "import sys,json\nfrom fhir.resources.R4B.auditevent import AuditEvent\n\
                  [AuditEvent.model_validate(json.loads(l)) for l in sys.stdin]\nprint('valid')";
    let Some(python) = crate::testing::python_with("fhir.resources.R4B.auditevent") else {
        return crate::testing::skipped("there is no Python with `fhir.resources`; `cargo xtask test` installs it");
    };
    let path = folder.path().join("events.jsonl");
    std::fs::write(&path, all.join("\n")).unwrap();
    let input = std::fs::File::open(path).unwrap();
    let checked = std::process::Command::new(python).args(["-c", script]).stdin(input).output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

#[test]
fn cef_keeps_names_in_their_fields() {
    let folder = tempfile::tempdir().unwrap();
    let _ledger = log(folder.path());
    for event in events(folder.path()) {
        let told = cef::event(&event, &source());
        assert!(told.starts_with("CEF:0|Blackbar|Blackbar|") && !told.contains(['\n', '\r']), "{told}");
        // Seven parts in the head, whatever a name has in it.
        let bare = told.replace("\\\\", "").replace("\\|", "").replace("\\=", "");
        assert!(bare.splitn(8, '|').nth(7).unwrap().starts_with("rt="), "{told}");
        for pair in ["rt=", "dvchost=gateway-1", "cn1Label=index", "cs3=t/one"] {
            assert!(told.contains(pair), "{told}");
        }
    }
}

fn follower(folder: &Path, format: SinkFormat, to: SinkTarget) -> Follower {
    let section = SinkSection {
        name: "test".into(),
        format,
        to,
        required: true,
        behind: Duration::from_millis(1),
        ca: None,
        secret: None,
    };
    Follower::new(&section, folder, &Config::default()).unwrap()
}

fn indices(text: &str) -> Vec<u64> {
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter_map(|line| line["index"].as_u64()).collect()
}

#[tokio::test]
async fn a_file_has_every_leaf_once_and_goes_on_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = log(folder.path());
    let path = folder.path().join("audit.jsonl");
    let file = || SinkTarget::File(path.clone());
    let mut told = None;
    let mut first = follower(folder.path(), SinkFormat::Json, file());
    assert!(first.step(&mut told).await.unwrap() > 0);
    assert_eq!(first.step(&mut told).await.unwrap(), 0);
    assert_eq!(first.standing.problem(), None);
    drop(first);
    ledger.record(Leaf::new(Kind::ReplayView), THEN).unwrap().wait().unwrap();
    ledger.checkpoint().unwrap();
    // A crash cut the last line that was being written.
    use std::io::Write as _;
    std::fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"index\":").unwrap();
    let mut second = follower(folder.path(), SinkFormat::Json, file());
    assert_eq!(second.step(&mut told).await.unwrap(), 1);
    let text = std::fs::read_to_string(&path).unwrap();
    let size = ledger.leaves();
    assert_eq!(indices(&text), (0..size).collect::<Vec<_>>());
    // A checkpoint came with them, and verifies.
    let checkpoint = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let checkpoint = checkpoint.filter_map(|line| Some(line["checkpoint"].as_str()?.to_owned())).next().unwrap();
    let checkpoint = blackbar_ledger::SignedCheckpoint::parse(&checkpoint).unwrap();
    assert!(checkpoint.verify(ledger.verifier_key()).is_ok());
}

#[tokio::test]
async fn a_sink_that_fails_makes_the_gateway_unready_until_it_has_everything() {
    let folder = tempfile::tempdir().unwrap();
    let _ledger = log(folder.path());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let to = || SinkTarget::Syslog { tls: false, host: "127.0.0.1".into(), port };
    let mut follower = follower(folder.path(), SinkFormat::Ocsf, to());
    let mut told = None;
    let error = follower.step(&mut told).await.unwrap_err();
    assert!(follower.standing.failed(&error) && !follower.standing.failed(&error));
    tokio::time::sleep(Duration::from_millis(5)).await;
    assert!(follower.standing.problem().unwrap().contains("behind"));
    assert_eq!(follower.cursor.next(), 0);

    let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    let sent = tokio::spawn(async move {
        let sent = follower.step(&mut told).await.unwrap();
        (sent, follower)
    });
    let (mut stream, _) = listener.accept().await.unwrap();
    let (sent, mut follower) = sent.await.unwrap();
    assert!(sent > 20);
    assert_eq!(follower.standing.problem(), None);
    let mut bytes = vec![0; 1 << 20];
    let read = stream.read(&mut bytes).await.unwrap();
    assert!(String::from_utf8_lossy(&bytes[..read]).contains("<110>1 "), "octet-counted syslog");
    // The other side goes away with what it has not read; what may be lost is told again.
    drop(stream);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let again = tokio::spawn(async move { follower.step(&mut None).await.unwrap() });
    let (mut stream, _) = listener.accept().await.unwrap();
    assert_eq!(again.await.unwrap(), sent);
    assert!(stream.read(&mut bytes).await.unwrap() > 0);
}

#[tokio::test]
async fn a_webhook_is_signed_and_what_it_refuses_is_sent_again() {
    let folder = tempfile::tempdir().unwrap();
    let _ledger = log(folder.path());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let secret_path = folder.path().join("hook.secret");
    std::fs::write(&secret_path, "a shared secret\n").unwrap();
    let section = SinkSection {
        name: "hook".into(),
        format: SinkFormat::Fhir,
        to: SinkTarget::Http(format!("http://127.0.0.1:{port}/in").parse().unwrap()),
        required: false,
        behind: Duration::from_secs(1),
        ca: None,
        secret: Some(crate::config::Secret::file(&secret_path)),
    };
    let follower = Follower::new(&section, folder.path(), &Config::default()).unwrap();
    let (stopper, stop) = watch::channel(false);
    let following = tokio::spawn(follower.follow(stop));
    let mut bodies = Vec::new();
    for status in ["500 No", "200 OK"] {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = Vec::new();
        let body = loop {
            let mut piece = [0; 65536];
            let read = stream.read(&mut piece).await.unwrap();
            bytes.extend_from_slice(&piece[..read]);
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            if body.len() >= length.parse().unwrap() {
                let told = head.lines().find_map(|line| line.strip_prefix("blackbar-signature: ")).unwrap();
                let seconds = told.split(['=', ',']).nth(1).unwrap().parse().unwrap();
                assert_eq!(told, signature("a shared secret", seconds, body.as_bytes()));
                assert_ne!(told, signature("another secret", seconds, body.as_bytes()));
                break body.to_owned();
            }
        };
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        stream.write_all(answer.as_bytes()).await.unwrap();
        bodies.push(serde_json::from_str::<Value>(&body).unwrap());
    }
    let _ = stopper.send(true);
    let _ = following.await;
    let entries = |body: &Value| body["entry"].as_array().unwrap().len();
    assert_eq!(bodies[0]["resourceType"], "Bundle");
    assert_eq!(entries(&bodies[0]), entries(&bodies[1]));
}

#[tokio::test]
async fn a_log_that_was_rolled_back_is_told_and_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let _ledger = log(folder.path());
    let to = SinkTarget::File(folder.path().join("audit.jsonl"));
    let mut follower = follower(folder.path(), SinkFormat::Json, to);
    follower.cursor.moved(10_000);
    let error = follower.step(&mut None).await.unwrap_err();
    assert!(error.contains("rolled back"), "{error}");
    assert!(follower.standing.problem().unwrap().contains("rolled back"));
}

/// Takes what comes over TLS with one of the certificates for tests, or in the open; keeps what it could read.
struct Receiver {
    address: std::net::SocketAddr,
    got: Arc<Mutex<Vec<u8>>>,
}

impl Receiver {
    async fn new(ip: &str, certificate: Option<&str>) -> Self {
        let listener = TcpListener::bind((ip, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let acceptor = certificate.map(|name| {
            let file = |end: &str| certificates().join(format!("{name}.{end}"));
            let files = crate::config::TlsFiles { cert: file("pem"), key: file("key"), client_ca: None };
            tokio_rustls::TlsAcceptor::from(Arc::new(crate::front::tls::server(&files, &[]).unwrap()))
        });
        let got = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&got);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, kept) = (acceptor.clone(), Arc::clone(&kept));
                tokio::spawn(async move {
                    match acceptor {
                        Some(acceptor) => {
                            if let Ok(stream) = acceptor.accept(stream).await {
                                Self::take(stream, &kept, false).await;
                            }
                        }
                        None => Self::take(stream, &kept, true).await,
                    }
                });
            }
        });
        Self { address, got }
    }

    /// `answers`: whatever comes, and not only what was posted.
    async fn take(
        mut stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
        kept: &Mutex<Vec<u8>>,
        answers: bool,
    ) {
        let mut piece = vec![0; 1 << 16];
        while let Ok(read @ 1..) = stream.read(&mut piece).await {
            kept.lock().unwrap().extend_from_slice(&piece[..read]);
            if answers || piece.starts_with(b"POST ") {
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                let _ = stream.write_all(answer).await;
            }
        }
    }

    fn was_told(&self) -> bool {
        let got = self.got.lock().unwrap();
        ["session.open", "leaf", "blackbar"].iter().any(|word| memchr::memmem::find(&got, word.as_bytes()).is_some())
    }
}

fn certificates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/certificates")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sink_whose_certificate_does_not_count_is_told_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let _ledger = log(folder.path());
    let ours = || Some(certificates().join("ca.pem"));
    for over_http in [false, true] {
        // (Why it does not count, where it listens, what it shows, the roots that are trusted.)
        for (why, ip, certificate, ca) in [
            ("", "127.0.0.1", Some("server"), ours()),
            ("its root is no root of the world", "127.0.0.1", Some("server"), None),
            ("it is of another name", "127.0.0.2", Some("server"), ours()),
            ("it is a client's", "127.0.0.1", Some("agent"), ours()),
            ("it has none and speaks in the open", "127.0.0.1", None, ours()),
        ] {
            let receiver = Receiver::new(ip, certificate).await;
            let port = receiver.address.port();
            let to = match over_http {
                true => SinkTarget::Http(format!("https://{ip}:{port}/in").parse().unwrap()),
                false => SinkTarget::Syslog { tls: true, host: ip.into(), port },
            };
            let section = SinkSection {
                name: format!("tls-{port}"),
                format: SinkFormat::Json,
                to,
                required: true,
                behind: Duration::from_millis(1),
                ca,
                secret: None,
            };
            let mut follower = Follower::new(&section, folder.path(), &Config::default()).unwrap();
            let step = tokio::time::timeout(Duration::from_secs(20), follower.step(&mut None)).await;
            // What was sent is read by somebody else, who may take a moment.
            tokio::time::sleep(Duration::from_millis(100)).await;
            if why.is_empty() {
                assert!(step.unwrap().unwrap() > 20, "{over_http}");
                assert!(receiver.was_told());
            } else {
                assert!(!matches!(step, Ok(Ok(1..))), "{why}, {over_http}");
                assert!(!receiver.was_told(), "{why}, {over_http}");
                assert_eq!(follower.cursor.next(), 0, "{why}");
            }
        }
    }
}

#[test]
fn otlp_has_the_form_that_collectors_read() {
    let folder = tempfile::tempdir().unwrap();
    let _ledger = log(folder.path());
    let events = events(folder.path());
    let records: Vec<Value> = events.iter().map(|event| otlp::record(event, &source())).collect();
    let told = otlp::request(records, &source());
    let text = |attributes: &Value, key: &str| {
        let all = attributes.as_array().unwrap().clone();
        let found = all.into_iter().find(|attribute| attribute["key"] == key)?;
        found["value"]["stringValue"].as_str().map(str::to_owned)
    };
    let [resource] = &told["resourceLogs"].as_array().unwrap()[..] else { panic!("{told}") };
    let about = &resource["resource"]["attributes"];
    assert_eq!(text(about, "service.name").as_deref(), Some("blackbar"));
    assert_eq!(text(about, "host.name").as_deref(), Some("gateway-1"));
    let [scope] = &resource["scopeLogs"].as_array().unwrap()[..] else { panic!("{told}") };
    assert_eq!(scope["scope"]["name"], "blackbar.ledger");
    let records = scope["logRecords"].as_array().unwrap();
    assert_eq!(records.len(), events.len());
    for (record, event) in records.iter().zip(&events) {
        // 64-bit numbers are text in this form, and times are nanoseconds.
        assert_eq!(record["timeUnixNano"], (event.micros * 1000).to_string());
        let severity = (record["severityNumber"].as_u64().unwrap(), record["severityText"].as_str().unwrap());
        assert_eq!(severity, if event.is_alert() { (13, "WARN") } else { (9, "INFO") });
        let body: Value = serde_json::from_str(record["body"]["stringValue"].as_str().unwrap()).unwrap();
        assert!(body["index"] == event.index || body["checkpoint"].is_string(), "{body}");
        assert_eq!(text(&record["attributes"], "blackbar.log.index"), Some(event.index.to_string()));
        let name = text(&record["attributes"], "event.name").unwrap();
        assert!(name.starts_with("blackbar."), "{name}");
        for attribute in record["attributes"].as_array().unwrap() {
            assert!(attribute["key"].is_string() && attribute["value"]["stringValue"].is_string(), "{attribute}");
        }
    }
    assert!(records.iter().any(|record| record["severityNumber"] == 13));
}
