//! Who gets in, and how.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_postgres::config::SslMode;

use super::{APP_PASSWORD, House, POLICY, connect, issue, no_canary};
use crate::gate::now_ms;
use crate::identity::credentials::Which;

const SSL_REQUEST: &[u8] = b"\0\0\0\x08\x04\xd2\x16\x2f";
const GSS_REQUEST: &[u8] = b"\0\0\0\x08\x04\xd2\x16\x30";

fn startup(minor: u8, pairs: &[(&str, &str)]) -> Vec<u8> {
    let mut body = vec![0, 3, 0, minor];
    for (name, value) in pairs {
        body.extend([name.as_bytes(), b"\0", value.as_bytes(), b"\0"].concat());
    }
    body.push(0);
    let length = u32::try_from(body.len() + 4).unwrap();
    [&length.to_be_bytes()[..], &body].concat()
}

/// The SQLSTATE of an error.
fn code(error: &tokio_postgres::Error) -> String {
    error.code().map_or_else(|| format!("{error:?}"), |code| code.code().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_credential_opens_a_session_for_its_subject_alone() {
    let Some(house) = House::new().await else { return };
    let client = house.client().await;
    assert!(!client.is_closed());

    let mut config = house.config();
    config.user("agent-8");
    assert_eq!(code(&connect(&config).await.err().unwrap()), "28P01");
    let mut config = house.config();
    config.password("bbt_no-such-credential");
    assert_eq!(code(&connect(&config).await.err().unwrap()), "28P01");
    let mut config = house.config();
    config.password(APP_PASSWORD).user("app");
    assert_eq!(code(&connect(&config).await.err().unwrap()), "28P01");
    let mut config = house.config();
    config.dbname("postgres");
    assert_eq!(code(&connect(&config).await.err().unwrap()), "3D000");

    // Somebody whom no policy lets in.
    let stranger = issue(&house.credentials, "agent-9", &[]);
    let mut config = house.config();
    config.user("agent-9").password(&stranger);
    assert_eq!(code(&connect(&config).await.err().unwrap()), "42501");

    // Both names of the database are known.
    let mut config = house.config();
    config.dbname("clinic");
    connect(&config).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scram_proves_a_credential_without_showing_it() {
    let Some(house) = House::with("auth = \"scram\"", "", POLICY).await else { return };
    let client = house.client().await;
    assert!(!client.is_closed());
    let mut config = house.config();
    config.password("bbt_no-such-credential");
    assert_eq!(code(&connect(&config).await.err().unwrap()), "28P01");
    // Nobody has this name; the exchange looks the same.
    config.user("nobody-7").password(&house.credential);
    assert_eq!(code(&connect(&config).await.err().unwrap()), "28P01");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_gateway_gets_in_by_whatever_the_server_asks_for() {
    for role in ["app", "md5user", "clearuser"] {
        let settings = format!("upstream = \"postgres://{role}@127.0.0.1:{{port}}/clinic\"");
        let Some(house) = House::with(&settings, "", POLICY).await else { return };
        assert!(!house.client().await.is_closed(), "{role}");
    }
    for (upstream, secret, what) in [
        ("postgres://app@127.0.0.1:{port}/clinic", "wrong", "does not accept the gateway's credential"),
        ("postgres://app@127.0.0.1:{port}/none", APP_PASSWORD, "refused the session"),
        ("postgres://app@127.0.0.1:1/clinic", APP_PASSWORD, "cannot be reached"),
        ("postgres://app@127.0.0.1:{port}/clinic?sslmode=verify-full", APP_PASSWORD, "TLS does not count"),
    ] {
        let Some(house) = House::with_secret(&format!("upstream = \"{upstream}\""), secret).await else { return };
        let error = connect(&house.config()).await.err().unwrap();
        assert_eq!(code(&error), "08006");
        let told = error.as_db_error().unwrap().to_string();
        assert!(told.contains(what), "{told} lacks {what}");
        no_canary(told.as_bytes(), "an error of the server's");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_first_packet_asks_for_is_answered_or_refused() {
    let Some(house) = House::new().await else { return };
    // Without certificates there is no TLS, and never GSSAPI; the client goes on in the clear.
    let hello = [SSL_REQUEST, GSS_REQUEST].map(<[u8]>::to_vec);
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    for request in hello {
        stream.write_all(&request).await.unwrap();
        let mut answer = [0];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"N");
    }
    stream.write_all(&startup(9, &[("user", "agent-7"), ("_pq_.grease", "1")])).await.unwrap();
    let mut answer = vec![0; 9];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!((answer[0], &answer[5..]), (b'v', &[0, 0, 0, 2][..]), "3.2 is the newest that is spoken");
    drop(stream);

    // Whatever follows a request for encryption in the clear was put there by somebody.
    let injected = house.raw(&[SSL_REQUEST, &startup(0, &[("user", "agent-7")])].concat()).await;
    let text = String::from_utf8_lossy(&injected).into_owned();
    assert!(text.contains("08P01") && !text.contains("agent-7"), "{text}");
    for (first, expected) in [
        (startup(0, &[("user", "agent-7"), ("replication", "database")]), "0A000"),
        (startup(0, &[("user", "agent-7"), ("options", "-c session_replication_role=replica")]), "42501"),
        (startup(0, &[("user", "agent-7"), ("client_encoding", "LATIN1")]), "22023"),
        (startup(0, &[("database", "ehr")]), "28000"),
        (b"GET / HTTP/1.1\r\n\r\n".to_vec(), "08P01"),
    ] {
        let text = String::from_utf8_lossy(&house.raw(&first).await).into_owned();
        assert!(text.contains(expected), "{text} lacks {expected}");
    }
    // A statement before the password is no password.
    let early = [startup(0, &[("user", "agent-7")]), b"Q\0\0\0\x0dSELECT 1\0".to_vec()].concat();
    assert!(String::from_utf8_lossy(&house.raw(&early).await).contains("08P01"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_house_says_so() {
    let Some(house) = House::with("", "[limits]\nconnections = 2", POLICY).await else { return };
    let (one, two) = (house.client().await, house.client().await);
    let error = connect(&house.config()).await.err().unwrap();
    assert_eq!(code(&error), "53300");
    drop(one);
    let begun = std::time::Instant::now();
    while connect(&house.config()).await.is_err() {
        assert!(begun.elapsed() < Duration::from_secs(10), "a seat that was given up stays taken");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(!two.is_closed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_ends_with_its_credential() {
    let Some(house) = House::new().await else { return };
    let client = house.client().await;
    house.credentials.revoke(&Which::Subject("agent-7"), now_ms()).unwrap();
    let begun = std::time::Instant::now();
    while !client.is_closed() {
        assert!(begun.elapsed() < Duration::from_secs(5), "the session goes on");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_sees_who_it_is() {
    let Some(house) = House::new().await else { return };
    let _client = house.client().await;
    let direct = house.cluster.direct().await;
    let row = direct
        .query_one("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'blackbar:agent-7'", &[])
        .await
        .unwrap();
    assert!(row.get::<_, i64>(0) >= 1);
}

/// A self-signed certificate for 127.0.0.1, made by OpenSSL.
fn certificate(folder: &std::path::Path) -> bool {
    let made = std::process::Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=gateway"])
        .args([
            "-addext",
            "subjectAltName=IP:127.0.0.1,DNS:localhost",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
            "-keyout",
            "key.pem",
            "-out",
            "cert.pem",
        ])
        .current_dir(folder)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status();
    let made = made.is_ok_and(|status| status.success());
    if !made {
        crate::testing::skipped("there is no openssl that makes a certificate");
    }
    made
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_certificates_there_is_tls_and_nothing_else() {
    let keys = tempfile::tempdir().unwrap();
    if !certificate(keys.path()) {
        return;
    }
    let file = |name: &str| keys.path().join(name).display().to_string();
    let settings = format!("tls = {{ cert = \"{}\", key = \"{}\" }}", file("cert.pem"), file("key.pem"));
    let Some(house) = House::with(&settings, "", POLICY).await else { return };

    let mut config = house.config();
    config.ssl_mode(SslMode::Disable);
    assert_eq!(code(&connect(&config).await.err().unwrap()), "28000");

    let root = file("cert.pem");
    let environment = [("PGSSLMODE", "verify-full"), ("PGSSLROOTCERT", root.as_str())];
    let (done, told) = house.psql_with(&environment, &["-c", r"\conninfo"]).await;
    assert!(done && told.contains("TLSv1.3"), "{told}");

    // TLS from the first byte, for those who name the protocol.
    for (protocols, expected) in [(vec![b"postgresql".to_vec()], true), (Vec::new(), false)] {
        let mut config = crate::front::tls::client(Some(root.as_ref())).unwrap();
        config.alpn_protocols = protocols;
        let stream = TcpStream::connect(house.address).await.unwrap();
        let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config));
        let mut stream = connector.connect("127.0.0.1".try_into().unwrap(), stream).await.unwrap();
        stream.write_all(&startup(0, &[("user", "agent-7")])).await.unwrap();
        let mut answer = [0; 1];
        let asked = matches!(stream.read(&mut answer).await, Ok(1)) && answer == *b"R";
        assert_eq!(asked, expected);
    }
}
