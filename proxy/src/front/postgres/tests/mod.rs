//! The front between real clients and a real server: a cluster of PostgreSQL's own that the tests start and remove.

mod attempts;
mod binary;
mod disguises;
mod encrypted;
mod entering;
mod leaks;
mod limits;
mod speaking;
mod talking;
mod usable;
mod writing;

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use blackbar_policy::{Subject, SubjectKind};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_postgres::{Client, Config as ClientConfig, NoTls};

use super::Front;
use crate::config::Config;
use crate::front::Bound;
use crate::gate::{Authenticator, Gate, Identity, Known, Presented, Recorder, Scram, Unknown, now_ms};
use crate::identity::credentials::{Credentials, Request, Rules};
use crate::private_postgres::{Options, Server};
use crate::state::State;

/// The passwords of the cluster's roles, which no client may see.
const APP_PASSWORD: &str = "upstream-secret-value";

/// Identifiers that lie in tables, for which everything that a client got is searched.
pub(super) const SSN: &str = "219-09-9999";
pub(super) const EMAIL: &str = "quixley.marigold@clinic-canary.org";
pub(super) const NAME: &str = "Quixley Marigold";
pub(super) const MRN: &str = "8812345";
pub(super) const BORN: &str = "1961-04-03";

const SETUP: &str = r#"
CREATE ROLE app LOGIN PASSWORD 'upstream-secret-value';
SET password_encryption = 'md5';
CREATE ROLE md5user LOGIN PASSWORD 'upstream-secret-value';
CREATE ROLE clearuser LOGIN PASSWORD 'upstream-secret-value';
CREATE DATABASE clinic OWNER app;
GRANT app TO md5user, clearuser;
"#;

const TABLES: &str = r#"
SET ROLE app;
CREATE SCHEMA clinical;
CREATE TABLE clinical.patients (
    id int PRIMARY KEY, mrn text, name text, ssn text, email varchar(60), born date, note text, age int, extra jsonb,
    codes text[]);
INSERT INTO clinical.patients VALUES
    (1, '8812345', 'Quixley Marigold', '219-09-9999', 'quixley.marigold@clinic-canary.org', '1961-04-03',
     'Patient Quixley Marigold, SSN 219-09-9999, mail quixley.marigold@clinic-canary.org.', 61,
     '{"ssn": "219-09-9999", "ward": "B2"}', '{219-09-9999,plain}'),
    (2, '8812345', 'Quixley Marigold', '219-09-9999', NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE clinical.wards (id int PRIMARY KEY, title text, beds int);
INSERT INTO clinical.wards SELECT n, 'ward ' || n, n * 2 FROM generate_series(1, 1000) n;
"#;

/// A cluster that ends with its last user.
pub(super) struct Cluster {
    server: Server,
    pub(super) port: u16,
}

impl Cluster {
    /// The cluster that all tests share while any of them runs. `None`, with a printed reason: there cannot be one here.
    pub(super) fn shared() -> Option<Arc<Self>> {
        static SHARED: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cluster) = shared.upgrade() {
            return Some(cluster);
        }
        let rules = "host all md5user 127.0.0.1/32 md5\nhost all clearuser 127.0.0.1/32 password\n\
                     host all all 127.0.0.1/32 scram-sha-256\n";
        let settings = ["max_connections=60"];
        let options = Options { settings: &settings, password: Some(APP_PASSWORD), rules: Some(rules) };
        let Some(server) = Server::start(&options).unwrap() else {
            crate::testing::skipped("this machine has no PostgreSQL server");
            return None;
        };
        server.run("postgres", SETUP).unwrap();
        server.run("clinic", TABLES).unwrap();
        let cluster = Arc::new(Self { port: server.port(), server });
        *shared = Arc::downgrade(&cluster);
        Some(cluster)
    }

    /// Runs statements as the superuser.
    pub(super) fn psql(&self, database: &str, statements: &str) -> bool {
        self.server.run(database, statements).is_ok()
    }

    /// A superuser's own connection, past the gateway.
    pub(super) async fn direct(&self) -> Client {
        let mut config = ClientConfig::new();
        config.host("127.0.0.1").port(self.port).user("postgres").password(APP_PASSWORD).dbname("clinic");
        connect(&config).await.unwrap()
    }
}

pub(super) const POLICY: &str = r#"
@id("agents") permit (principal in Group::"agents", action, resource in Target::"ehr");
@id("no-payroll") forbid (principal, action, resource in Schema::"ehr.payroll");
"#;

/// A gateway in front of the cluster.
pub(super) struct House {
    pub(super) address: SocketAddr,
    pub(super) cluster: Arc<Cluster>,
    /// The password of agent-7.
    pub(super) credential: String,
    pub(super) credentials: Arc<Credentials>,
    pub(super) stop: watch::Sender<bool>,
    pub(super) served: Option<tokio::task::JoinHandle<()>>,
    pub(super) recorder: Arc<Recorder>,
    pub(super) folder: tempfile::TempDir,
    /// Whether sessions of [`FRAGILE`] break.
    pub(super) breaks: Arc<AtomicBool>,
}

/// Somebody whose sessions break when a test wants them to.
pub(super) const FRAGILE: &str = "agent-13";

/// Knows whom the credentials name, and panics where a test wants that.
struct Fragile {
    known: Known,
    breaks: Arc<AtomicBool>,
}

impl Authenticator for Fragile {
    fn authenticate<'a>(
        &'a self,
        presented: &'a Presented<'a>,
    ) -> Pin<Box<dyn Future<Output = Result<Identity, Unknown>> + Send + 'a>> {
        self.known.authenticate(presented)
    }

    fn scram(&self, subject: &str) -> Option<Scram> {
        self.known.scram(subject)
    }

    fn still_counts(&self, identity: &Identity) -> bool {
        assert!(identity.subject.id() != FRAGILE || !self.breaks.load(Ordering::SeqCst), "a test breaks this session");
        self.known.still_counts(identity)
    }

    fn is_agent(&self, subject: &str) -> bool {
        self.known.is_agent(subject)
    }
}

impl House {
    pub(super) async fn new() -> Option<Self> {
        Self::with("", "", POLICY).await
    }

    /// `settings` of the target, and `more` sections.
    pub(super) async fn with(settings: &str, more: &str, policy: &str) -> Option<Self> {
        Self::build(settings, more, policy, APP_PASSWORD).await
    }

    /// With another password for the server.
    pub(super) async fn with_secret(settings: &str, secret: &str) -> Option<Self> {
        Self::build(settings, "", POLICY, secret).await
    }

    async fn build(settings: &str, more: &str, policy: &str, secret: &str) -> Option<Self> {
        let cluster = tokio::task::spawn_blocking(Cluster::shared).await.unwrap()?;
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("policies")).unwrap();
        std::fs::write(folder.path().join("policies/p.cedar"), policy).unwrap();
        std::fs::write(folder.path().join("secret"), secret).unwrap();
        let upstream = if settings.contains("upstream =") {
            String::new()
        } else {
            format!("upstream = \"postgres://app@127.0.0.1:{}/clinic\"\n", cluster.port)
        };
        let settings = settings.replace("{port}", &cluster.port.to_string());
        let limits = if more.contains("[limits]") { "" } else { "[limits]\ndrain_timeout = \"3s\"\n" };
        let text = format!(
            "{limits}[[target]]\nname = \"ehr\"\nprotocol = \"postgres\"\nlisten = \"127.0.0.1:0\"\n{upstream}\
             credential = {{ file = \"secret\" }}\n{settings}\n{more}"
        );
        let config = Config::parse("test.toml", &text, folder.path()).unwrap();
        let root = Arc::new(blackbar_ledger::RootKeyFile::generate().unwrap());
        let recorder = Arc::new(Recorder::open(folder.path(), root).unwrap());
        let state = Arc::new(State::open(&folder.path().join("state.sqlite")).unwrap());
        let credentials = Arc::new(Credentials::open(state, now_ms()).unwrap());
        let credential = issue(&credentials, "agent-7", &["agents"]);
        let breaks = Arc::new(AtomicBool::new(false));
        let known = Fragile { known: Known(Arc::clone(&credentials)), breaks: Arc::clone(&breaks) };
        let gate = Arc::new(Gate::new(&config, Arc::new(known)).unwrap());
        let (target, limits) = (&config.gateway.targets[0], &config.gateway.limits);
        let front = Arc::new(Front::new(gate, target, limits).unwrap());
        let bound = Bound::bind(target, front, Arc::clone(&recorder), limits).await.unwrap();
        let address = bound.address().unwrap();
        let (stop, stopped) = watch::channel(false);
        let served = Some(tokio::spawn(bound.serve(stopped)));
        Some(Self { address, cluster, credential, credentials, stop, served, recorder, folder, breaks })
    }

    /// What a client needs to know.
    pub(super) fn config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.host("127.0.0.1").port(self.address.port()).user("agent-7").dbname("ehr");
        config.password(&self.credential).connect_timeout(Duration::from_secs(20));
        config
    }

    /// A session of agent-7.
    pub(super) async fn client(&self) -> Client {
        connect(&self.config()).await.unwrap()
    }

    /// A session of agent-7, and every byte that it was sent.
    pub(super) async fn tapped(&self) -> (Client, Tap) {
        self.tapped_as(&self.config()).await
    }

    /// The same for whomever this is of.
    pub(super) async fn tapped_as(&self, config: &ClientConfig) -> (Client, Tap) {
        let tap = Tap::before(self.address).await;
        let mut only = ClientConfig::new();
        only.host("127.0.0.1").port(tap.address.port()).dbname("ehr");
        only.user(config.get_user().unwrap()).password(config.get_password().unwrap());
        (connect(&only).await.unwrap(), tap)
    }

    /// psql, with what it printed on both streams.
    pub(super) async fn psql(&self, arguments: &[&str]) -> (bool, String) {
        self.psql_with(&[], arguments).await
    }

    /// psql with more of an environment.
    pub(super) async fn psql_with(&self, environment: &[(&str, &str)], arguments: &[&str]) -> (bool, String) {
        let port = self.address.port();
        let mut psql = self.cluster.server.psql_at(port, "agent-7", "ehr", Some(&self.credential));
        psql.args(arguments).env("PGCONNECT_TIMEOUT", "20");
        psql.envs(environment.iter().copied());
        psql.current_dir(self.folder.path());
        let output = tokio::task::spawn_blocking(move || psql.output().unwrap()).await.unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&text).into_owned())
    }

    /// Sends these bytes and reads until the gateway closes, or has said nothing for a while.
    pub(super) async fn raw(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // The gateway may close before it has read everything.
        let _ = stream.write_all(bytes).await;
        let mut out = Vec::new();
        let _ = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut out)).await;
        out
    }

    /// Ends the gateway.
    pub(super) async fn end(&mut self) {
        let _ = self.stop.send(true);
        self.served.take().unwrap().await.unwrap();
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
    }
}

/// A credential for somebody in these groups.
pub(super) fn issue(credentials: &Credentials, subject: &str, groups: &[&str]) -> String {
    let subject = Subject::new(SubjectKind::Agent, subject, groups.iter().copied());
    let method = crate::identity::Method::Credential;
    let request = Request { subject, actors: &[], issued_by: "test", ttl_ms: 600_000, method, proved: false };
    let rules = Rules { max_ttl_ms: 3_600_000, approving_groups: &[].into() };
    credentials.issue(&request, &rules, now_ms()).unwrap().0.expose().to_owned()
}

/// Opens a session and lets it run.
pub(super) async fn connect(config: &ClientConfig) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(async move {
        let _ = connection.await;
    });
    Ok(client)
}

/// A relay that keeps every byte that was sent to the client.
pub(super) struct Tap {
    pub(super) address: SocketAddr,
    seen: Arc<Mutex<Vec<u8>>>,
}

impl Tap {
    async fn before(gateway: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen: Arc<Mutex<Vec<u8>>> = Arc::default();
        let log = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (server, log) = (TcpStream::connect(gateway).await.unwrap(), Arc::clone(&log));
                let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
                    (client.into_split(), server.into_split());
                tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
                tokio::spawn(async move {
                    let mut buffer = vec![0; 16 << 10];
                    while let Ok(read @ 1..) = from_server.read(&mut buffer).await {
                        log.lock().unwrap().extend_from_slice(&buffer[..read]);
                        if to_client.write_all(&buffer[..read]).await.is_err() {
                            break;
                        }
                    }
                });
            }
        });
        Self { address, seen }
    }

    /// Every byte so far.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.seen.lock().unwrap().clone()
    }

    /// Checks that nothing that lies in the tables came through.
    #[track_caller]
    pub(super) fn is_clean(&self, what: &str) {
        no_canary(&self.bytes(), what);
    }
}

/// Checks that nothing that lies in the tables is in these bytes.
#[track_caller]
pub(super) fn no_canary(bytes: &[u8], what: &str) {
    for canary in [SSN, EMAIL, NAME, "Quixley", "Marigold", MRN, "219099999", APP_PASSWORD] {
        let found = memchr::memmem::find(bytes, canary.as_bytes());
        assert!(found.is_none(), "{canary} got out by {what}");
    }
}
