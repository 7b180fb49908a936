//! TLS to the server: whose certificate counts, and what a credential is bound to.

use std::net::SocketAddr;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;
use std::sync::Arc;

use rustls::{ClientConfig, ServerConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_postgres::NoTls;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::{APP_PASSWORD, House, SSN, connect, no_canary};
use crate::config::TlsFiles;
use crate::front::authority::Authority;
use crate::private_postgres::{Options, Server};

const SSL_REQUEST: &[u8] = b"\0\0\0\x08\x04\xd2\x16\x2f";

/// Servers read their own keys.
fn gives(files: &TlsFiles, to: &Path) {
    const NOBODY: u32 = 65_534;
    std::fs::set_permissions(to, std::fs::Permissions::from_mode(0o755)).unwrap();
    for (from, name) in [(&files.cert, "server.pem"), (&files.key, "server.key")] {
        let new = to.join(format!("{name}.new"));
        std::fs::copy(from, &new).unwrap();
        std::fs::set_permissions(&new, std::fs::Permissions::from_mode(0o600)).unwrap();
        if rustix::process::geteuid().is_root() {
            chown(&new, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        std::fs::rename(&new, to.join(name)).unwrap();
    }
}

/// A server that takes connections with TLS only, with a table that has somebody in it.
fn server(keys: &Path) -> Option<Server> {
    let certificate = format!("ssl_cert_file={}", keys.join("server.pem").display());
    let key = format!("ssl_key_file={}", keys.join("server.key").display());
    let settings = ["ssl=on", &certificate, &key];
    let rules = "hostssl all clearuser 127.0.0.1/32 password\nhostssl all all 127.0.0.1/32 scram-sha-256\n";
    let options = Options { settings: &settings, password: Some(APP_PASSWORD), rules: Some(rules) };
    let server = Server::start(&options).unwrap()?;
    server.run("postgres", super::SETUP).unwrap();
    server.run("clinic", super::TABLES).unwrap();
    Some(server)
}

fn settings(user: &str, port: u16, roots: &Path) -> String {
    let upstream = format!("postgres://{user}@127.0.0.1:{port}/clinic?sslmode=verify-full");
    format!("upstream = \"{upstream}\"\nupstream_ca = \"{}\"", roots.display())
}

async fn refused(house: &House) -> String {
    let error = connect(&house.config()).await.err().unwrap();
    let told = error.as_db_error().unwrap().to_string();
    no_canary(told.as_bytes(), "a refusal");
    told
}

/// Somebody in the middle who has a certificate that counts.
async fn relay(server: u16, own: Arc<ServerConfig>, trusts: Arc<ClientConfig>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let (own, trusts) = (TlsAcceptor::from(Arc::clone(&own)), TlsConnector::from(Arc::clone(&trusts)));
            tokio::spawn(async move {
                let mut request = [0; 8];
                client.read_exact(&mut request).await.ok()?;
                client.write_all(b"S").await.ok()?;
                let mut client = own.accept(client).await.ok()?;
                let mut up = TcpStream::connect(("127.0.0.1", server)).await.ok()?;
                up.write_all(SSL_REQUEST).await.ok()?;
                up.read_exact(&mut [0]).await.ok()?;
                let mut up = trusts.connect("127.0.0.1".try_into().ok()?, up).await.ok()?;
                tokio::io::copy_bidirectional(&mut client, &mut up).await.ok()
            });
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_is_believed_by_its_certificate_and_bound_to_it() {
    let (Some(authority), Some(other)) = (Authority::new(), Authority::new()) else { return };
    let keys = tempfile::tempdir().unwrap();
    gives(&authority.certify("server", "IP:127.0.0.1,DNS:localhost"), keys.path());
    let path = keys.path().to_owned();
    let Some(server) = tokio::task::spawn_blocking(move || server(&path)).await.unwrap() else {
        println!("skipped: this machine has no PostgreSQL server");
        return;
    };
    let port = server.port();
    let with = async |user: &str, port: u16, roots: &Path| {
        House::with_secret(&settings(user, port, roots), APP_PASSWORD).await.unwrap()
    };

    // It works, masked and encrypted.
    let house = with("app", port, &authority.roots()).await;
    let (client, tap) = house.tapped().await;
    let row = client.query_one("SELECT ssn FROM clinical.patients WHERE id = 1", &[]).await.unwrap();
    assert_eq!(row.get::<_, String>(0), "[SSN]");
    tap.is_clean("a server with TLS");
    let encrypted = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE ssl AND version = 'TLSv1.3' \
                     AND application_name = 'blackbar:agent-7'";
    let output = server.psql("postgres").args(["-At", "-c", encrypted]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "1");
    // What asks for an end of it goes by TLS as well: the server takes nothing else.
    let (ended, ()) =
        tokio::join!(client.simple_query("SELECT count(*) FROM generate_series(1, 100000000000) n"), async {
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
            client.cancel_token().cancel_query(NoTls).await.unwrap();
        });
    assert_eq!(ended.unwrap_err().code().map(|code| code.code()), Some("57014"));

    // New certificates of the server's count for new sessions, and those that stand go on.
    gives(&authority.certify("renewed", "IP:127.0.0.1"), keys.path());
    server.run("postgres", "SELECT pg_reload_conf()").unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert_eq!(house.client().await.simple_query("SELECT 1 AS one").await.unwrap().len(), 3);
    assert_eq!(client.simple_query("SELECT 1 AS one").await.unwrap().len(), 3);

    // Roots that do not know it, and a name that is not its own.
    assert!(refused(&with("app", port, &other.roots()).await).await.contains("TLS does not count"));
    gives(&authority.certify("elsewhere", "DNS:db.example,IP:127.0.0.2"), keys.path());
    server.run("postgres", "SELECT pg_reload_conf()").unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert!(refused(&house).await.contains("TLS does not count"));
    gives(&authority.certify("again", "IP:127.0.0.1"), keys.path());
    server.run("postgres", "SELECT pg_reload_conf()").unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;

    // Who stands in the middle with another certificate of the same authority carries a password, and no SCRAM: that is
    // bound to the certificate which the gateway saw.
    let own = authority.server("middle", &[b"postgresql"]);
    let middle = relay(port, own, authority.client(&[b"postgresql"])).await.port();
    let house = with("clearuser", middle, &authority.roots()).await;
    let row = house.client().await.query_one("SELECT ssn FROM clinical.patients WHERE id = 1", &[]).await.unwrap();
    assert!(!row.get::<_, String>(0).contains(SSN));
    let told = refused(&with("app", middle, &authority.roots()).await).await;
    assert!(told.contains("does not accept the gateway's credential"), "{told}");
    assert!(!with("app", port, &authority.roots()).await.client().await.is_closed());
}
