//! The front between real sockets: an upstream that says whatever a test wants, and a client that reads every byte.

mod downgrade;
mod encrypted;
mod h2;
mod kubernetes;
mod leaks;
mod links;
mod prompts;
mod record;
mod requests;
mod smuggling;
mod splits;
mod streams;
mod tools;
mod writes;

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use blackbar_policy::{Subject, SubjectKind};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::exchange::Front;
use crate::config::{Config, Target};
use crate::front::{Bound, Certificates};
use crate::gate::{Authenticator, Gate, Identity, Presented, Recorder, Unknown};

/// A credential that counts.
const CREDENTIAL: &str = "bb-credential-of-agent-7";
/// One whose requests break.
const BREAKING: &str = "bb-credential-that-breaks";
/// The upstream's own, which no client may see.
const UPSTREAM_SECRET: &str = "upstream-secret-value";

/// Knows one agent.
struct OneAgent;

impl Authenticator for OneAgent {
    fn authenticate<'a>(
        &'a self,
        presented: &'a Presented<'a>,
    ) -> Pin<Box<dyn Future<Output = Result<Identity, Unknown>> + Send + 'a>> {
        let known = presented.secret == Some(CREDENTIAL);
        let breaks = presented.secret == Some(BREAKING);
        Box::pin(async move {
            assert!(!breaks, "a test breaks this request");
            known
                .then(|| Identity {
                    subject: Subject::new(SubjectKind::Agent, "agent-7", ["agents"]),
                    authenticated_by: "credential".to_owned(),
                    acting_for: [].into(),
                    behind: [].into(),
                    expires: None,
                    credential: None,
                })
                .ok_or(Unknown)
        })
    }
}

const POLICY: &str = r#"
@id("agents") permit (principal in Group::"agents", action in [Action::"read", Action::"write", Action::"resolve", Action::"restore"], resource in Target::"t");
@id("tools") permit (principal in Group::"agents", action == Action::"tool_call", resource) when { !context.arguments.contains("secret") };
@id("risky") @approval("officers") forbid (principal, action == Action::"tool_call", resource == Tool::"t.risky");
@id("pictures") permit (principal in Group::"agents", action == Action::"http_uninspected", resource in Path::"t/pictures");
@id("no-admin") forbid (principal, action, resource in Path::"t/admin");
@id("bulk") @approval("officers") forbid (principal, action in [Action::"http_read"], resource) when { context.rows_unbounded };
"#;

/// A gateway in front of an upstream.
struct House {
    address: SocketAddr,
    /// What the upstream was sent, a connection each.
    seen: Arc<Mutex<Vec<Vec<u8>>>>,
    stop: watch::Sender<bool>,
    recorder: Arc<Recorder>,
    root: Arc<blackbar_ledger::RootKeyFile>,
    folder: tempfile::TempDir,
    target: Target,
    certificates: Certificates,
}

/// The keys that a [`House`] has.
fn keyring() -> blackbar_engine::operator::Keyring {
    blackbar_engine::operator::Keyring::new(blackbar_engine::key::KeyFile::from_bytes([7; 32]), "")
}

/// What the upstream does on each connection once it has read a request.
type Script = Arc<dyn Fn(TcpStream) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// Sends these bytes and closes.
fn says(bytes: impl Into<Vec<u8>>) -> Script {
    says_in(bytes, usize::MAX)
}

/// Sends these bytes in pieces of `step`, each on its way before the next one.
fn says_in(bytes: impl Into<Vec<u8>>, step: usize) -> Script {
    let bytes = Arc::new(bytes.into());
    Arc::new(move |mut stream| {
        let bytes = Arc::clone(&bytes);
        Box::pin(async move {
            let _ = stream.set_nodelay(true);
            for piece in bytes.chunks(step.min(bytes.len()).max(1)) {
                if stream.write_all(piece).await.is_err() {
                    return;
                }
                if step < bytes.len() {
                    tokio::task::yield_now().await;
                }
            }
            let _ = stream.shutdown().await;
        })
    })
}

/// An answer with a body of this type, and more headers.
fn answer(content_type: &str, more: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let length = body.len();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n{more}\r\n");
    [head.as_bytes(), body].concat()
}

impl House {
    async fn new(script: Script) -> Self {
        Self::with(script, "", POLICY).await
    }

    async fn with(script: Script, settings: &str, policy: &str) -> Self {
        let (upstream, seen) = listening(script).await;
        Self::in_front_of(&upstream, settings, policy).await.that_saw(seen)
    }

    /// With other limits beside those of time.
    async fn limited(script: Script, limits: &str) -> Self {
        let (upstream, seen) = listening(script).await;
        let text = usual(&upstream, "").replace("request_bytes = 1000000\n", limits);
        Self::configured(&text, POLICY).await.that_saw(seen)
    }

    /// With other limits of time as well.
    async fn patient(script: Script, limits: &str) -> Self {
        let (upstream, seen) = listening(script).await;
        let text = usual(&upstream, "").replace("idle_timeout = \"3s\"\n", "");
        let text = text.replace("request_bytes = 1000000\n", limits);
        Self::configured(&text, POLICY).await.that_saw(seen)
    }

    /// Whose clients present their credential in this header.
    async fn presenting(script: Script, header: &str) -> Self {
        let (upstream, seen) = listening(script).await;
        let text = usual(&upstream, "").replace("[\"authorization\", \"x-api-key\"]", &format!("[\"{header}\"]"));
        Self::configured(&text, POLICY).await.that_saw(seen)
    }

    /// A gateway in front of somebody else's upstream.
    async fn in_front_of(upstream: &str, settings: &str, policy: &str) -> Self {
        Self::configured(&usual(upstream, settings), policy).await
    }

    /// The HTTP target that `init` writes, in front of this upstream.
    async fn installed(upstream: &str, policy: &str) -> Self {
        let text = include_str!("../../../../templates/blackbar.toml")
            .replace("listen = \"127.0.0.1:8080\"", "listen = \"127.0.0.1:0\"")
            .replace("http://127.0.0.1:9000", &format!("http://{upstream}"));
        Self::configured(&text, policy).await
    }

    async fn configured(text: &str, policy: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("policies")).unwrap();
        std::fs::write(folder.path().join("policies/p.cedar"), policy).unwrap();
        std::fs::write(folder.path().join("secret"), UPSTREAM_SECRET).unwrap();
        blackbar_engine::key::KeyFile::from_bytes([7; 32]).write(&folder.path().join("tokens.key")).unwrap();
        let config = Config::parse("test.toml", text, folder.path()).unwrap();
        let gate = Arc::new(Gate::new(&config, Arc::new(OneAgent)).unwrap());
        let (target, limits) = (&config.gateway.targets[0], &config.gateway.limits);
        let front = Arc::new(Front::new(gate, target, limits).unwrap());
        let root = Arc::new(blackbar_ledger::RootKeyFile::generate().unwrap());
        let recorder = Arc::new(Recorder::open(folder.path(), root.clone()).unwrap());
        let bound = Bound::bind(target, front, Arc::clone(&recorder), limits).await.unwrap();
        let address = bound.address().unwrap();
        let certificates = bound.certificates();
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(bound.serve(stopped));
        let target = target.clone();
        Self { address, seen: Arc::default(), stop, recorder, root, folder, target, certificates }
    }

    fn that_saw(mut self, seen: Arc<Mutex<Vec<Vec<u8>>>>) -> Self {
        self.seen = seen;
        self
    }

    /// Sends these bytes and reads until the gateway closes, or has said nothing for a while.
    async fn raw(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // The gateway may close before it has read everything.
        let _ = stream.write_all(bytes).await;
        let mut out = Vec::new();
        let _ = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut out)).await;
        out
    }

    /// A `GET` with the credential, on a connection of its own.
    async fn get(&self, path: &str, headers: &str) -> Answered {
        self.send("GET", path, headers, b"").await
    }

    async fn send(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Answered {
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {CREDENTIAL}\r\nConnection: close\r\n{length}{headers}\r\n"
        );
        Answered::read(&self.raw(&[head.as_bytes(), body].concat()).await)
    }

    /// The only request that the upstream was sent, as text.
    fn upstream_saw(&self) -> String {
        let seen = self.seen.lock().unwrap();
        assert_eq!(seen.len(), 1, "the upstream was sent one request");
        String::from_utf8(seen[0].clone()).unwrap()
    }
}

/// Somebody who acts by a script, and what was sent there.
async fn listening(script: Script) -> (String, Arc<Mutex<Vec<Vec<u8>>>>) {
    let upstream = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = upstream.local_addr().unwrap().to_string();
    let seen: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
    let log = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = upstream.accept().await {
            let (script, log) = (Arc::clone(&script), Arc::clone(&log));
            tokio::spawn(async move {
                let request = read_request(&mut stream).await;
                log.lock().unwrap().push(request);
                script(stream).await;
            });
        }
    });
    (address, seen)
}

/// A configuration with one target in front of an upstream, which speaks in the clear if no scheme says otherwise.
fn usual(upstream: &str, settings: &str) -> String {
    let scheme = if upstream.contains("://") { "" } else { "http://" };
    format!(
        "[keys]\ntokens = {{ file = \"tokens.key\" }}\n[limits]\nidle_timeout = \"3s\"\nheader_timeout = \"2s\"\ndrain_timeout = \"2s\"\nrequest_bytes = 1000000\n\
         [[target]]\nname = \"t\"\nprotocol = \"http\"\nlisten = \"127.0.0.1:0\"\nupstream = \"{scheme}{upstream}\"\n\
         public_url = \"https://gateway.example\"\ntoken_headers = [\"authorization\", \"x-api-key\"]\n\
         credential = {{ header = \"x-secret\", prefix = \"key \", file = \"secret\" }}\n{settings}"
    )
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
    }
}

/// Reads a request with its body, if its length is told.
async fn read_request(stream: &mut TcpStream) -> Vec<u8> {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte).await {
            Ok(1) => request.push(byte[0]),
            _ => return request,
        }
    }
    let head = String::from_utf8_lossy(&request).to_ascii_lowercase();
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split('\r').next()?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    if stream.read_exact(&mut body).await.is_ok() {
        request.extend(body);
    }
    request
}

/// What a client got.
struct Answered {
    /// Every byte, as it came.
    raw: Vec<u8>,
    status: u16,
    head: String,
    /// Chunks joined; codings still on.
    body: Vec<u8>,
    /// Whether the end of the body came.
    complete: bool,
}

impl Answered {
    fn read(raw: &[u8]) -> Self {
        let end = memchr::memmem::find(raw, b"\r\n\r\n").map_or(raw.len(), |at| at + 4);
        let head = String::from_utf8_lossy(&raw[..end]).into_owned();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let rest = &raw[end..];
        let lower = head.to_ascii_lowercase();
        let (body, complete) = if lower.contains("transfer-encoding: chunked") {
            joined(rest)
        } else {
            let length = lower.split("content-length: ").nth(1).and_then(|rest| rest.split('\r').next()?.parse().ok());
            (rest.to_vec(), length.is_none_or(|length: usize| length == rest.len()))
        };
        // A connection that closes without a word has answered nothing.
        let complete = complete && status != 0;
        Self { raw: raw.to_vec(), status, head, body, complete }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (this, value) = line.split_once(": ")?;
            this.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

fn joined(mut rest: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    loop {
        let Some(end) = memchr::memmem::find(rest, b"\r\n") else { return (body, false) };
        let size = std::str::from_utf8(&rest[..end]).ok().and_then(|size| usize::from_str_radix(size, 16).ok());
        let Some(size) = size else { return (body, false) };
        rest = &rest[end + 2..];
        if size == 0 {
            return (body, true);
        }
        if rest.len() < size + 2 {
            body.extend_from_slice(rest);
            return (body, false);
        }
        body.extend_from_slice(&rest[..size]);
        rest = &rest[size + 2..];
    }
}
