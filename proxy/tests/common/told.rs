//! Those whom a gateway tells something: a webhook, a server of mail.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::Value;

/// A webhook that keeps what it was told.
pub(crate) struct Hook {
    pub(crate) port: u16,
    /// What it answers; 0: nothing, ever.
    pub(crate) answers: AtomicU16,
    posts: Mutex<Vec<Post>>,
}

/// What was posted: its head in lower case, and its body.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Hook {
    pub(crate) fn new() -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let this = Arc::new(Self { port, answers: AtomicU16::new(200), posts: Mutex::default() });
        let hook = Arc::clone(&this);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let hook = Arc::clone(&hook);
                std::thread::spawn(move || hook.answer(stream.unwrap()));
            }
        });
        this
    }

    fn answer(&self, mut stream: TcpStream) {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            if stream.read(&mut byte).unwrap_or(0) == 0 {
                return;
            }
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
        let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split('\r').next()?.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        stream.read_exact(&mut body).unwrap();
        let answers = self.answers.load(Ordering::Relaxed);
        if answers == 0 {
            std::thread::sleep(Duration::from_secs(120));
            return;
        }
        if answers == 200 {
            self.posts.lock().unwrap().push(Post { head, body: String::from_utf8(body).unwrap() });
        }
        let _ = write!(stream, "HTTP/1.1 {answers} OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }

    /// Everything so far, once there is so much.
    pub(crate) fn posts(&self, count: usize) -> Vec<Post> {
        until(&format!("{count} posts"), || {
            let posts = self.posts.lock().unwrap().clone();
            (posts.len() >= count).then_some(posts)
        })
    }

    pub(crate) fn count(&self) -> usize {
        self.posts.lock().unwrap().len()
    }
}

impl Post {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// A fact of a notice.
    pub(crate) fn fact(&self, name: &str) -> String {
        let json = self.json();
        let facts = json["facts"].as_array().unwrap();
        let fact = facts.iter().find(|fact| fact[0] == name).unwrap_or_else(|| panic!("no {name} in {json}"));
        fact[1].as_str().unwrap().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")))
    }
}

/// A server that takes mail, with STARTTLS, and only from who signs in.
pub(crate) struct Mail {
    pub(crate) port: u16,
    mails: Mutex<Vec<String>>,
    /// Whether it offers TLS.
    tls: bool,
    pub(crate) was_secret: AtomicBool,
}

/// `AUTH PLAIN` of the user `gate` with the password `mail-password`.
const SIGNED_IN: &str = "AUTH PLAIN AGdhdGUAbWFpbC1wYXNzd29yZA==";

impl Mail {
    pub(crate) fn new(tls: bool) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let this = Arc::new(Self { port, mails: Mutex::default(), tls, was_secret: AtomicBool::new(false) });
        let mail = Arc::clone(&this);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mail = Arc::clone(&mail);
                std::thread::spawn(move || mail.take(stream.unwrap()));
            }
        });
        this
    }

    fn take(&self, stream: TcpStream) {
        let mut plain = stream.try_clone().unwrap();
        plain.write_all(b"220 mail.test ESMTP\r\n").unwrap();
        let mut reader = BufReader::new(stream);
        let offer = if self.tls { "250-mail.test\r\n250-STARTTLS\r\n250 8BITMIME\r\n" } else { "250 mail.test\r\n" };
        if !self.tls {
            return self.talk(reader, plain, offer);
        }
        assert_eq!(line(&mut reader), "EHLO blackbar");
        plain.write_all(offer.as_bytes()).unwrap();
        assert_eq!(line(&mut reader), "STARTTLS");
        plain.write_all(b"220 go on\r\n").unwrap();
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(certificates("server.pem"), key("server.key"))
            .unwrap();
        let connection = rustls::ServerConnection::new(Arc::new(config)).unwrap();
        let secret = Secret(Arc::new(Mutex::new(rustls::StreamOwned::new(connection, plain))));
        self.was_secret.store(true, Ordering::Relaxed);
        let offer = "250-mail.test\r\n250 AUTH LOGIN PLAIN\r\n";
        self.talk(BufReader::new(Secret(Arc::clone(&secret.0))), secret, offer);
    }

    fn talk(&self, mut reader: BufReader<impl Read>, mut writer: impl Write, offer: &str) {
        let mut say = |text: &str| writer.write_all(text.as_bytes()).and_then(|()| writer.flush()).unwrap();
        let mut mail = String::new();
        let mut known = !self.tls;
        loop {
            let command = line(&mut reader);
            match command.as_str() {
                "EHLO blackbar" => say(offer),
                SIGNED_IN if self.tls => {
                    known = true;
                    say("235 welcome\r\n");
                }
                "DATA" => {
                    say("354 go on\r\n");
                    loop {
                        let text = line(&mut reader);
                        if text == "." {
                            break;
                        }
                        mail.push_str(text.strip_prefix('.').unwrap_or(&text));
                        mail.push('\n');
                    }
                    self.mails.lock().unwrap().push(std::mem::take(&mut mail));
                    say("250 taken\r\n");
                }
                "QUIT" => return say("221 bye\r\n"),
                "" => return,
                command if command.starts_with("RCPT TO:<nobody@") => say("550 no such box\r\n"),
                command if known && (command.starts_with("MAIL FROM:<") || command.starts_with("RCPT TO:<")) => {
                    say("250 fine\r\n");
                }
                _ => say("530 sign in\r\n"),
            }
        }
    }

    /// Everything so far, once there is so much.
    pub(crate) fn mails(&self, count: usize) -> Vec<String> {
        until(&format!("{count} mails"), || {
            let mails = self.mails.lock().unwrap().clone();
            (mails.len() >= count).then_some(mails)
        })
    }
}

/// Both halves of one connection.
struct Secret(Arc<Mutex<rustls::StreamOwned<rustls::ServerConnection, TcpStream>>>);

impl Read for Secret {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().read(bytes)
    }
}

impl Write for Secret {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.lock().unwrap().flush()
    }
}

fn line(reader: &mut BufReader<impl Read>) -> String {
    let mut line = String::new();
    // Who hangs up says nothing more.
    let _ = reader.read_line(&mut line);
    line.trim_end_matches(['\r', '\n']).to_owned()
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/certificates")
}

fn certificates(name: &str) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_file_iter(folder().join(name)).unwrap().map(Result::unwrap).collect()
}

fn key(name: &str) -> PrivateKeyDer<'static> {
    PrivateKeyDer::from_pem_file(folder().join(name)).unwrap()
}

/// Waits for something, and not for ever.
pub(crate) fn until<T>(what: &str, mut there: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = there() {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{what} did not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}
