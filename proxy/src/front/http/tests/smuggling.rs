//! Requests that readers may take for different ones, in front of readers that are in use: what is judged is what they see.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::{CREDENTIAL, House, POLICY};

/// A request as a reader saw it: `METHOD target length`.
pub(super) type Seen = Arc<Mutex<Vec<String>>>;

/// An upstream that tells what it was asked.
pub(super) struct Reader {
    pub(super) name: &'static str,
    pub(super) address: SocketAddr,
    pub(super) seen: Seen,
    /// Ends with the test.
    _child: Option<Ended>,
    _folder: Option<tempfile::TempDir>,
}

pub(super) struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(super) async fn hyper() -> Reader {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Seen::default();
    let log = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let log = Arc::clone(&log);
            let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
                let log = Arc::clone(&log);
                async move {
                    let (method, uri) = (request.method().clone(), request.uri().clone());
                    let body = request.into_body().collect().await.map(|body| body.to_bytes().len());
                    if let Ok(length) = body {
                        log.lock().unwrap().push(format!("{method} {uri} {length}"));
                    }
                    let body = http_body_util::Full::new(bytes::Bytes::from_static(b"{}"));
                    http::Response::builder().header("content-type", "application/json").body(body)
                }
            });
            let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            tokio::spawn(async move { drop(connection.await) });
        }
    });
    Reader { name: "hyper", address, seen, _child: None, _folder: None }
}

/// Python's own server. It knows no chunks: a body without a length is none to it.
pub(super) fn python() -> Option<Reader> {
    const SCRIPT: &str = r#"
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
class Reader(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *_): pass
    def answer(self):
        length = len(self.rfile.read(int(self.headers.get("content-length", 0))))
        print(self.command, self.path, length, flush=True)
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", "2")
        self.end_headers()
        if self.command != "HEAD": self.wfile.write(b"{}")
    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer
server = ThreadingHTTPServer(("127.0.0.1", 0), Reader)
print(server.server_address[1], flush=True)
server.serve_forever()
"#;
    let child = Command::new("python3").args(["-c", SCRIPT]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut child = Ended(child.ok()?);
    let mut lines = BufReader::new(child.0.stdout.take()?).lines();
    let port: u16 = lines.next()?.ok()?.parse().ok()?;
    let seen = Seen::default();
    let log = Arc::clone(&seen);
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| log.lock().unwrap().push(line)));
    Some(Reader { name: "python", address: ([127, 0, 0, 1], port).into(), seen, _child: Some(child), _folder: None })
}

pub(super) fn nginx() -> Option<Reader> {
    let binary = ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx"]
        .into_iter()
        .find(|path| std::path::Path::new(path).exists())?;
    let folder = tempfile::tempdir().ok()?;
    let port = std::net::TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
    let path = folder.path().display();
    let text = format!(
        "daemon off; master_process off; pid {path}/pid; error_log /dev/null; events {{}}\nhttp {{ log_format seen '$request_method $request_uri \
         $request_length'; access_log /dev/stdout seen; client_body_temp_path {path}; proxy_temp_path {path}; fastcgi_temp_path {path}; \
         uwsgi_temp_path {path}; scgi_temp_path {path}; server {{ listen 127.0.0.1:{port}; location / {{ default_type application/json; \
         return 200 '{{}}'; }} }} }}"
    );
    let config = folder.path().join("nginx.conf");
    std::fs::write(&config, text).ok()?;
    let child = Command::new(binary)
        .arg("-c")
        .arg(&config)
        .arg("-p")
        .arg(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut child = Ended(child.ok()?);
    let seen = Seen::default();
    let log = Arc::clone(&seen);
    let lines = BufReader::new(child.0.stdout.take()?).lines();
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| log.lock().unwrap().push(line)));
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let begun = std::time::Instant::now();
    while std::net::TcpStream::connect(address).is_err() {
        if begun.elapsed() > Duration::from_secs(10) {
            return None;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Some(Reader { name: "nginx", address, seen, _child: Some(child), _folder: Some(folder) })
}

/// Requests that are sent on one connection, with what an upstream may see of them. All else is nobody's request.
fn corpus() -> Vec<(String, Vec<&'static str>)> {
    let auth = format!("Host: g\r\nAuthorization: Bearer {CREDENTIAL}\r\n");
    let json = "Content-Type: application/json\r\n";
    let hidden = format!("GET /hidden HTTP/1.1\r\n{auth}\r\n");
    let mut all = Vec::new();
    let mut add = |request: String, may: &[&'static str]| all.push((request, may.to_vec()));
    // Plain ones, whose bodies look like requests.
    let inside = "GET /hidden HTTP/1.1\r\nHost: g\r\n\r\n";
    add(format!("GET /a HTTP/1.1\r\n{auth}\r\n"), &["GET /a"]);
    add(format!("GET /a HTTP/1.1\r\n{auth}\r\nGET /b HTTP/1.1\r\n{auth}\r\n"), &["GET /a", "GET /b"]);
    let text = "Content-Type: text/plain\r\n";
    add(format!("POST /a HTTP/1.1\r\n{auth}{text}Content-Length: {}\r\n\r\n{inside}", inside.len()), &["POST /a"]);
    add(
        format!(
            "POST /a HTTP/1.1\r\n{auth}{text}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{inside}\r\n0\r\n\r\n",
            inside.len()
        ),
        &["POST /a"],
    );
    add(format!("GET /a HTTP/1.1\r\n{auth}{text}Content-Length: {}\r\n\r\n{inside}", inside.len()), &["GET /a"]);
    add(
        format!(
            "DELETE /a HTTP/1.1\r\n{auth}{text}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{inside}\r\n0\r\n\r\n",
            inside.len()
        ),
        &["DELETE /a"],
    );
    add(format!("POST /a HTTP/1.1\r\n{auth}{json}Content-Length: 2\r\nExpect: 100-continue\r\n\r\n{{}}"), &["POST /a"]);
    add(format!("OPTIONS /a HTTP/1.1\r\n{auth}\r\n"), &["OPTIONS /a"]);
    add(
        format!("GET /a?x=/../b&y=%2e%2e%2f HTTP/1.1\r\n{auth}\r\n"),
        &["GET /a?x=/../b&y=%2E%2E%2F", "GET /a?x=/../b&y=..%2F"],
    );
    add(format!("GET /%61%2d HTTP/1.1\r\n{auth}\r\n"), &["GET /a-"]);
    // Bodies whose end can be found in two ways.
    for framing in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 60\r\n\r\n0\r\n\r\n",
        "Content-Length: 0\r\nContent-Length: 60\r\n\r\n",
        "Content-Length: 60\r\nContent-Length: 0\r\n\r\n",
        "Content-Length: 0, 60\r\n\r\n",
        "Content-Length: 00\r\nContent-Length: 60\r\n\r\n",
        "Content-Length: +0\r\n\r\n",
        "Content-Length: 0x0\r\n\r\n",
        "Content-Length: 1e1\r\n\r\n",
        "Content-Length:\r\n\r\n",
        "Content-Length : 60\r\n\r\n",
        "Content-Length\0: 60\r\n\r\n",
        "Content_Length: 60\r\n\r\n",
        "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: identity\r\nContent-Length: 60\r\n\r\n",
        "Transfer-Encoding: \tchunked \r\nX: y\r\n\r\n1\r\nx\r\n0\r\n\r\n",
        "Transfer-Encoding:\n chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: ch\x0bunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n0;ext=\"\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n0\n\n",
        "Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n-0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n 0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n1\r\nxx\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n1\nx\n0\n\n",
        "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n Content-Length: 60\r\n\r\n",
        "X: y\r\n\tContent-Length: 60\r\n\r\n",
        "X: y\rContent-Length: 60\r\n\r\n",
        "X: y\nContent-Length: 60\r\n\r\n",
        "X\r\nContent-Length: 60\r\n\r\n",
        ": y\r\nContent-Length: 60\r\n\r\n",
        "Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Connection: Content-Length\r\nContent-Length: 60\r\n\r\n",
        "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\nContent-Length: 0\r\nContent-Length: 60\r\n\r\n",
    ] {
        add(format!("POST /a HTTP/1.1\r\n{auth}{json}{framing}{hidden}"), &["POST /a", "GET /hidden"]);
    }
    // Lines that servers read differently.
    for line in [
        "GET /a\tHTTP/1.1",
        "GET /a HTTP/1.1\0",
        "GET  /a HTTP/1.1",
        "GET /a  HTTP/1.1",
        "GET /a HTTP/1.10",
        "GET /a HTTP/01.1",
        "GET /a http/1.1",
        "GET /a HTTP/2.0",
        "GET /a",
        "GET http://g/hidden HTTP/1.1",
        "GET //g/hidden HTTP/1.1",
        "GET /a/../hidden HTTP/1.1",
        "GET /a/..%2fhidden HTTP/1.1",
        "GET /a;/../hidden HTTP/1.1",
        "GET /a%20/hidden HTTP/1.1",
        "GET /a#/hidden HTTP/1.1",
        "GE\u{54}\u{7f} /a HTTP/1.1",
        "PRI * HTTP/2.0",
        "CONNECT g:80 HTTP/1.1",
        "TRACE /hidden HTTP/1.1",
    ] {
        add(format!("{line}\r\n{auth}\r\n"), &["GET /a%20/hidden"]);
    }
    all
}

/// Everything that one connection was answered, until nothing comes any more and the reader saw as many requests as were answered.
/// A machine that is busy takes its time: only readers who still disagree after long are taken at their word.
async fn sent(address: SocketAddr, request: &str, seen: &Seen) -> String {
    const QUIET: Duration = Duration::from_millis(150);
    const PATIENCE: Duration = Duration::from_secs(10);
    let begun = std::time::Instant::now();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let _ = stream.write_all(request.as_bytes()).await;
    let (mut got, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        match tokio::time::timeout(QUIET, stream.read(&mut buffer)).await {
            Ok(Ok(read)) if read > 0 => {
                got.extend_from_slice(&buffer[..read]);
                continue;
            }
            Ok(_) => tokio::time::sleep(QUIET / 10).await,
            Err(_) => {}
        }
        let agree = !got.is_empty() && answered(&got) == seen.lock().unwrap().len();
        if agree || begun.elapsed() > PATIENCE {
            return String::from_utf8_lossy(&got).into_owned();
        }
    }
}

fn answered(got: &[u8]) -> usize {
    String::from_utf8_lossy(got).matches("HTTP/1.1 200").count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_see_what_was_judged_and_nothing_else() {
    let mut readers = vec![hyper().await];
    for (name, reader) in [("python", python()), ("nginx", nginx())] {
        match reader {
            Some(reader) => readers.push(reader),
            None => crate::testing::skipped(&format!("{name} is not here, or does not start")),
        }
    }
    let corpus = corpus();
    assert!(corpus.len() >= 60, "{}", corpus.len());
    for reader in readers {
        let house = House::in_front_of(&reader.address.to_string(), "", POLICY).await;
        for (request, may) in &corpus {
            reader.seen.lock().unwrap().clear();
            let answer = sent(house.address, request, &reader.seen).await;
            let seen = reader.seen.lock().unwrap().clone();
            assert_eq!(
                seen.len(),
                answered(answer.as_bytes()),
                "{}: {request:?} was seen as {seen:?}, and answered {answer}",
                reader.name
            );
            for one in &seen {
                let (what, _) = one.rsplit_once(' ').unwrap();
                assert!(may.contains(&what), "{}: {request:?} was seen as {seen:?}", reader.name);
            }
            assert!(!answer.is_empty(), "{}: {request:?} has no answer", reader.name);
        }
    }
}
