//! Who is let in, from outside: tokens of an issuer that rotates its keys, and client certificates.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests, outside of their functions")]

mod common;
#[path = "common/database.rs"]
mod database;
#[path = "../src/private_postgres.rs"]
mod private_postgres;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::Room;
use common::gateway::{Gateway, ask, begun, free_port, get, upstream};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use sha2::Digest as _;

/// An issuer of tokens with one key at a time.
struct Issuer {
    url: String,
    key: Mutex<(String, Arc<EcdsaKeyPair>)>,
    asked: AtomicUsize,
    /// What a browser said when it was sent here to sign in: its challenge, and the token that it gets.
    sign_in: Mutex<Option<(String, String)>>,
}

fn pair() -> Arc<EcdsaKeyPair> {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    Arc::new(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap())
}

impl Issuer {
    fn new() -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let this = Arc::new(Self {
            url,
            key: Mutex::new(("k1".to_owned(), pair())),
            asked: AtomicUsize::new(0),
            sign_in: Mutex::default(),
        });
        let issuer = Arc::clone(&this);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut head = Vec::new();
                let mut byte = [0];
                while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
                    head.push(byte[0]);
                }
                let text = String::from_utf8_lossy(&head).into_owned();
                let length = text.to_ascii_lowercase();
                let length =
                    length.split("content-length: ").nth(1).and_then(|rest| rest.split('\r').next()?.parse().ok());
                let mut form = vec![0; length.unwrap_or(0)];
                stream.read_exact(&mut form).unwrap();
                let document = issuer.document(&text, &String::from_utf8(form).unwrap()).to_string();
                let length = document.len();
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
                let _ = stream.write_all(format!("{head}{document}").as_bytes());
            }
        });
        this
    }

    fn document(&self, head: &str, form: &str) -> Value {
        if head.starts_with("GET /.well-known/openid-configuration ") {
            return json!({
                "issuer": self.url, "jwks_uri": format!("{}/keys", self.url),
                "authorization_endpoint": format!("{}/authorize", self.url),
                "token_endpoint": format!("{}/token", self.url),
            });
        }
        if head.starts_with("POST /token ") {
            let field = |name: &str| form.split('&').find_map(|pair| pair.strip_prefix(name)).unwrap_or_default();
            let (challenge, token) = self.sign_in.lock().unwrap().take().unwrap();
            let proved = URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(field("code_verifier=").as_bytes()));
            let good = proved == challenge && field("code=") == "c-1" && field("client_id=") == "portal";
            return if good { json!({ "access_token": token, "token_type": "Bearer" }) } else { json!({}) };
        }
        self.asked.fetch_add(1, Ordering::SeqCst);
        let key = self.key.lock().unwrap();
        let point = key.1.public_key().as_ref();
        let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..]));
        json!({ "keys": [{ "kty": "EC", "crv": "P-256", "use": "sig", "kid": key.0, "x": x, "y": y }] })
    }

    fn rotate(&self, name: &str) {
        *self.key.lock().unwrap() = (name.to_owned(), pair());
    }

    /// A token of this client for a subject; `null` takes a claim away.
    fn token(&self, client: &str, sub: &str, changes: &Value) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let mut claims = json!({
            "iss": self.url, "sub": sub, "aud": "blackbar", "client_id": client, "iat": now, "exp": now + 600,
            "groups": ["idp-agents"],
        });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let key = self.key.lock().unwrap();
        let header = json!({ "alg": "ES256", "typ": "at+jwt", "kid": key.0 });
        let message =
            format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = key.1.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

const PATIENT: &str = "{\"resourceType\":\"Patient\",\"id\":\"7\",\"text\":\"SSN 219-09-9999\"}";

/// A gateway's folder with an upstream behind it, and these sections more.
fn site(sections: &str) -> (Room, u16) {
    let (room, port) = begun();
    let behind = upstream(PATIENT);
    let text = room.text("blackbar.toml").replace("http://127.0.0.1:9000", &format!("http://127.0.0.1:{behind}"));
    room.write("blackbar.toml", text + sections);
    (room, port)
}

fn issued_by(issuer: &Issuer) -> String {
    format!(
        "\n[[identity]]\nissuer = \"{}\"\naudience = \"blackbar\"\nagents = {{ claim = \"client_id\", in = [\"summariser\"] }}\n\
         people = {{ claim = \"client_id\", in = [\"portal\"] }}\ngroups = {{ \"idp-agents\" = \"agents\" }}\n",
        issuer.url
    )
}

/// The subjects that sessions were opened for, with their kinds and how they proved who they are.
fn sessions(room: &Room) -> Vec<(String, String, String)> {
    let reader = blackbar_ledger::Reader::open(&room.path("blackbar-data"), None);
    let leaves = reader.leaves(blackbar_ledger::LeafIndex::FIRST).unwrap();
    let leaves = leaves.map(|item| serde_json::from_slice::<Value>(item.unwrap().1.bytes()).unwrap());
    let opened = leaves.filter(|leaf| leaf["kind"] == "session.open");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    opened
        .map(|leaf| {
            (text(&leaf["subject"]), text(&leaf["details"]["kind"]), text(&leaf["details"]["authenticated_by"]))
        })
        .collect()
}

#[test]
fn tokens_of_an_issuer_count_while_it_rotates_its_keys() {
    let issuer = Issuer::new();
    let (room, port) = site(&issued_by(&issuer));
    room.run(&["check"]).ends(0);
    let gateway = Gateway::start(&room, port);
    let old = issuer.token("summariser", "agent-1", &json!({}));
    // Many at once ask the issuer once.
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..20).map(|_| scope.spawn(|| get(port, &old, "/Patient/7"))).collect();
        for client in clients {
            let answer = client.join().unwrap();
            assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("[SSN]"), "{answer}");
        }
    });
    assert_eq!(issuer.asked.load(Ordering::SeqCst), 1);
    let person = issuer.token("portal", "alice", &json!({}));
    assert!(get(port, &person, "/Patient/7").starts_with("HTTP/1.1 200 "));

    for (why, lie) in [
        ("another audience", json!({ "aud": "other" })),
        ("another issuer", json!({ "iss": "https://id.example" })),
        ("expired", json!({ "exp": 1_700_000_000, "iat": 1_699_999_000 })),
        ("bound to a key", json!({ "cnf": { "x5t#S256": "AA" } })),
        ("groups elsewhere", json!({ "_claim_names": { "groups": "src1" } })),
    ] {
        let token = issuer.token("summariser", "agent-1", &lie);
        assert!(get(port, &token, "/Patient/7").starts_with("HTTP/1.1 401 "), "{why}");
    }
    // Groups count as mapped, and no others.
    let stranger = issuer.token("summariser", "agent-2", &json!({ "groups": ["agents", "okta-agents"] }));
    assert!(get(port, &stranger, "/Patient/7").contains("urn:blackbar:denied"));
    let mut forged = old.clone();
    let end = forged.len() - 4;
    forged.replace_range(end.., if old.ends_with("AAAA") { "BBBB" } else { "AAAA" });
    assert!(get(port, &forged, "/Patient/7").starts_with("HTTP/1.1 401 "));
    assert_eq!(issuer.asked.load(Ordering::SeqCst), 1);

    // A key that nobody knows is asked for once in a while, so tokens cannot make the gateway ask all the time.
    issuer.rotate("k2");
    let new = issuer.token("summariser", "agent-1", &json!({}));
    assert!(get(port, &new, "/Patient/7").starts_with("HTTP/1.1 401 "), "asked a moment ago");
    assert!(get(port, &old, "/Patient/7").starts_with("HTTP/1.1 200 "), "the old key is not forgotten for that");
    assert_eq!(issuer.asked.load(Ordering::SeqCst), 1);

    // The same issuers once more keep their keys; others are asked for theirs.
    gateway.signal("HUP");
    std::thread::sleep(Duration::from_millis(500));
    assert!(get(port, &old, "/Patient/7").starts_with("HTTP/1.1 200 "));
    assert_eq!(issuer.asked.load(Ordering::SeqCst), 1);
    let text = room.text("blackbar.toml").replace("audience = \"blackbar\"", "audience = [\"blackbar\", \"second\"]");
    room.write("blackbar.toml", text);
    gateway.signal("HUP");
    let begun = std::time::Instant::now();
    while !get(port, &new, "/Patient/7").starts_with("HTTP/1.1 200 ") {
        assert!(begun.elapsed() < Duration::from_secs(20), "rotated");
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(get(port, &old, "/Patient/7").starts_with("HTTP/1.1 401 "), "taken back");
    assert_eq!(issuer.asked.load(Ordering::SeqCst), 2);

    let (status, said) = gateway.end();
    assert_eq!(status, Some(0), "{said}");
    assert!(!said.contains(&old), "{said}");
    let known = sessions(&room);
    let is_there =
        |sub: &str, kind: &str| known.contains(&(format!("{}#{sub}", issuer.url), kind.to_owned(), "oidc".to_owned()));
    assert!(is_there("agent-1", "agent") && is_there("alice", "user"), "{known:?}");
    for file in room.files().iter().filter(|file| file.starts_with("blackbar-data") && !file.ends_with("/reserve")) {
        let bytes = room.read(file);
        assert!(memchr::memmem::find(&bytes, old.as_bytes()).is_none(), "a token in {file}");
    }
}

#[test]
fn without_the_issuer_nobody_new_comes_in_and_credentials_still_count() {
    let port_of_nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let issuer = Issuer {
        url: format!("http://127.0.0.1:{port_of_nobody}"),
        key: Mutex::new(("k1".to_owned(), pair())),
        asked: AtomicUsize::new(0),
        sign_in: Mutex::default(),
    };
    let (room, port) = site(&issued_by(&issuer));
    let gateway = Gateway::start(&room, port);
    assert!(get(port, &issuer.token("summariser", "agent-1", &json!({})), "/Patient/7").starts_with("HTTP/1.1 401 "));
    let credential = room.run(&["token", "issue", "--subject", "agent-7", "--group", "agents"]).ends(0).text();
    assert!(get(port, credential.trim(), "/Patient/7").starts_with("HTTP/1.1 200 "));
    // Nobody becomes somebody of an issuer, or a workload, by a command.
    for subject in [format!("{}#alice", issuer.url), "spiffe://clinic.example/agents/summariser".to_owned()] {
        room.run(&["token", "issue", "--subject", &subject, "--group", "agents"]).ends(2).says("BB-TOKEN-003");
    }
    assert_eq!(gateway.end().0, Some(0));
}

/// Asks over TLS, with a certificate or without.
fn ask_with(port: u16, certificate: Option<&str>, headers: &str) -> std::io::Result<String> {
    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};

    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/certificates");
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(format!("{data}/ca.pem")).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let builder = builder.with_root_certificates(roots);
    let config = match certificate {
        None => builder.with_no_client_auth(),
        Some(name) => {
            let chain = vec![CertificateDer::from_pem_file(format!("{data}/{name}.pem")).unwrap()];
            let key = PrivateKeyDer::from_pem_file(format!("{data}/{name}.key")).unwrap();
            builder.with_client_auth_cert(chain, key).unwrap()
        }
    };
    let connection = rustls::ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    let stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut stream = rustls::StreamOwned::new(connection, stream);
    stream.write_all(format!("GET /Patient/7 HTTP/1.1\r\nHost: g\r\nConnection: close\r\n{headers}\r\n").as_bytes())?;
    let mut answer = String::new();
    match stream.read_to_string(&mut answer) {
        Err(error) if answer.is_empty() => Err(error),
        _ => Ok(answer),
    }
}

#[test]
fn a_client_certificate_is_a_credential() {
    let workload = "\n[[identity]]\nspiffe = \"clinic.example\"\ngroups = { \"/agents/*\" = \"agents\" }\n";
    let (room, port) = site(workload);
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/certificates");
    let tls = format!(
        "tls = {{ cert = \"{data}/server.pem\", key = \"{data}/server.key\", client_ca = \"{data}/ca.pem\" }}\nprofile = \"agents\""
    );
    room.write("blackbar.toml", room.text("blackbar.toml").replacen("profile = \"agents\"", &tls, 1));
    let gateway = Gateway::start(&room, port);
    let answer = ask_with(port, Some("agent"), "").unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("[SSN]"), "{answer}");
    assert!(ask_with(port, None, "").unwrap().starts_with("HTTP/1.1 401 "));
    // Whoever shows a secret is asked about the secret.
    let wrong = "Authorization: Bearer bbt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n";
    assert!(ask_with(port, Some("agent"), wrong).unwrap().starts_with("HTTP/1.1 401 "));
    // The roots signed it, and it names nobody that is configured.
    assert!(ask_with(port, Some("server"), "").is_err(), "it is no certificate of a client");
    let credential = room.run(&["token", "issue", "--subject", "agent-7", "--group", "agents"]).ends(0).text();
    let shown = format!("Authorization: Bearer {}\r\n", credential.trim());
    assert!(ask_with(port, None, &shown).unwrap().starts_with("HTTP/1.1 200 "));
    let (status, said) = gateway.end();
    assert_eq!(status, Some(0), "{said}");
    let known = sessions(&room);
    let workload = ("spiffe://clinic.example/agents/summariser", "agent", "certificate");
    assert!(known.iter().any(|(id, kind, by)| (id.as_str(), kind.as_str(), by.as_str()) == workload), "{known:?}");
}

#[test]
fn people_sign_in_to_the_console_through_their_issuer_and_agents_do_not() {
    let issuer = Issuer::new();
    let (room, port) = site(&issued_by(&issuer));
    let console = free_port();
    let section = format!(
        "[console]\nreviewers = [\"agents\"]\nlogin = {{ issuer = \"{}\", client_id = \"portal\" }}\nlisten = \"127.0.0.1:{console}\"",
        issuer.url
    );
    let text = room.text("blackbar.toml");
    let at = text.find("[console]").unwrap();
    let end = at + text[at..].find("listen = \"127.0.0.1:0\"").unwrap() + "listen = \"127.0.0.1:0\"".len();
    room.write("blackbar.toml", format!("{}{section}{}", &text[..at], &text[end..]));
    room.run(&["check"]).ends(0);
    let gateway = Gateway::start(&room, port);
    let page = |path: &str, cookie: &str| {
        ask(
            console,
            &format!(
                "GET {path} HTTP/1.1\r\nHost: localhost:{console}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n"
            ),
        )
    };
    let header = |answer: &str, name: &str| -> String {
        let found = answer.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")).map(str::to_owned));
        found.unwrap_or_else(|| panic!("no {name} in {answer}"))
    };
    // Somebody begins, the issuer knows them as `sub` of `client`, and their browser comes back.
    let come_back = |client: &str, sub: &str, changes: &Value, state_of: Option<&str>| -> String {
        let away = page("/login/issuer", "");
        let to = header(&away, "location");
        assert!(to.starts_with(&format!("{}/authorize?response_type=code&", issuer.url)), "{to}");
        let field = |name: &str| to.split('&').find_map(|pair| pair.strip_prefix(name)).unwrap().to_owned();
        assert_eq!(field("code_challenge_method="), "S256");
        let token = issuer.token(client, sub, changes);
        *issuer.sign_in.lock().unwrap() = Some((field("code_challenge="), token));
        let pending = header(&away, "set-cookie");
        assert!(pending.contains("SameSite=Lax") && pending.contains("HttpOnly"), "{pending}");
        let pending = state_of.unwrap_or_else(|| pending.split(';').next().unwrap()).to_owned();
        page(&format!("/login/callback?code=c-1&state={}", field("state=")), &pending)
    };
    let answer = come_back("portal", "alice", &json!({}), None);
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let cookie = header(&answer, "set-cookie").split(';').next().unwrap().to_owned();
    let approvals = page("/approvals", &cookie);
    assert!(approvals.starts_with("HTTP/1.1 200 ") && approvals.contains("#alice"), "{approvals}");
    assert!(page("/configuration", &cookie).starts_with("HTTP/1.1 403 "));
    for (why, answer) in [
        ("an agent", come_back("summariser", "agent-1", &json!({}), None)),
        ("nobody's group", come_back("portal", "bob", &json!({ "groups": ["others"] }), None)),
        ("for another gateway", come_back("portal", "alice", &json!({ "aud": "other" }), None)),
        ("another browser", come_back("portal", "alice", &json!({}), Some("blackbar_pending=made-up"))),
        ("no browser that began", come_back("portal", "alice", &json!({}), Some("x=y"))),
    ] {
        assert!(answer.starts_with("HTTP/1.1 403 ") && !answer.contains("set-cookie"), "{why}: {answer}");
    }
    assert!(page("/login/callback?code=c-1&state=made-up", "blackbar_pending=made-up").starts_with("HTTP/1.1 403 "));
    let (code, said) = gateway.end();
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn a_database_takes_the_same_tokens_as_passwords() {
    let issuer = Issuer::new();
    let exchange = free_port();
    let more = format!(
        "{}aliases = {{ \"svc-7\" = \"agent-7\" }}\n[exchange]\nlisten = \"127.0.0.1:{exchange}\"\nttl = \"5m\"\n",
        issued_by(&issuer)
    );
    let policy = r#"@id("agents") permit (principal in Group::"agents", action, resource in Target::"ehr");"#;
    let Some(database) = database::Database::new("CREATE TABLE t (id int)", &[("ehr", policy)], "", &more) else {
        return;
    };
    let gateway = database.gateway();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // Who comes in is told by what can be asked; who does not, by the SQLSTATE.
    let enters = |user: &str, password: &str| -> Result<(), String> {
        runtime.block_on(async {
            let mut config = database.config(database.port);
            config.user(user).password(password);
            let (client, connection) = config
                .connect(tokio_postgres::NoTls)
                .await
                .map_err(|error| error.code().map_or_else(|| error.to_string(), |code| code.code().to_owned()))?;
            let running = tokio::spawn(async move { connection.await.is_ok() });
            client.simple_query("SELECT 1 AS one").await.map_err(|error| error.to_string())?;
            drop(client);
            assert!(running.await.unwrap());
            Ok(())
        })
    };
    let nobody = || Err("28P01".to_owned());
    let token = issuer.token("summariser", "svc-7", &json!({}));
    assert_eq!(enters("agent-7", &token), Ok(()));
    for (why, user, token) in [
        ("it is somebody else's", "agent-8", token.clone()),
        ("the issuer's own name is not the subject here", "svc-7", token.clone()),
        (
            "it is over",
            "agent-7",
            issuer.token("summariser", "svc-7", &json!({ "exp": 1_700_000_000, "iat": 1_699_999_000 })),
        ),
        ("it is for somebody else", "agent-7", issuer.token("summariser", "svc-7", &json!({ "aud": "other" }))),
        ("it was changed", "agent-7", format!("{}AAAA", &token[..token.len() - 4])),
        ("it is none", "agent-7", "x.y.z".to_owned()),
    ] {
        assert_eq!(enters(user, &token), nobody(), "{why}");
    }
    // Who may not connect is known, and is told something else.
    let other = issuer.token("summariser", "svc-7", &json!({ "groups": ["others"] }));
    assert_eq!(enters("agent-7", &other), Err("42501".to_owned()));

    // What a token was exchanged for: an agent that acts for a person comes in under the person's name.
    let alice =
        database.room.run(&["token", "issue", "--subject", "alice", "--group", "agents", "--person"]).ends(0).text();
    let kind = "urn:ietf:params:oauth:token-type:access_token";
    let form = format!(
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token={}&subject_token_type={kind}\
         &actor_token={}&actor_token_type={kind}",
        alice.trim(),
        database.credential
    );
    let head =
        "POST /token HTTP/1.1\r\nHost: g\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n";
    let answer = ask(exchange, &format!("{head}Content-Length: {}\r\n\r\n{form}", form.len()));
    let given: Value = serde_json::from_str(&common::gateway::body(&answer)).unwrap_or_else(|_| panic!("{answer}"));
    let acting = given["access_token"].as_str().unwrap();
    assert_eq!(enters("alice", acting), Ok(()));
    assert_eq!(enters("agent-7", acting), nobody());
    assert_eq!(gateway.end().0, Some(0));
    let told = sessions(&database.room);
    assert!(told.iter().any(|(subject, kind, _)| subject == "alice" && kind == "agent"), "{told:?}");
    assert!(told.iter().any(|(subject, _, how)| subject == "agent-7" && how.starts_with("oidc")), "{told:?}");
}
