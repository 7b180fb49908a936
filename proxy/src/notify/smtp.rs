//! Hands one short mail of plain ASCII to a server (RFC 5321, 3207, 4954). It knows what that takes and nothing else.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use zeroize::Zeroizing;

use super::message::Notice;
use crate::config::notify::{MailTarget, is_loopback};
use crate::error::Error;
use crate::front::tls;

/// A server that takes mail.
pub(super) struct Server {
    target: MailTarget,
    password: Option<Zeroizing<String>>,
    tls: TlsConnector,
}

const PATIENCE: Duration = Duration::from_secs(60);
const LONGEST_REPLY: usize = 16 << 10;

impl Server {
    pub(super) fn new(target: &MailTarget, password: Option<Zeroizing<String>>) -> Result<Self, Error> {
        let tls = TlsConnector::from(Arc::new(tls::client(target.ca.as_deref())?));
        Ok(Self { target: target.clone(), password, tls })
    }

    /// Hands it over. Told again it has the same id, so that whoever got it can see that.
    pub(super) async fn send(&self, notice: &Notice, id: i64, now_ms: i64) -> Result<(), String> {
        let sent = tokio::time::timeout(PATIENCE, self.hand_over(notice, id, now_ms)).await;
        sent.unwrap_or_else(|_| Err("it does not answer".to_owned()))
    }

    async fn hand_over(&self, notice: &Notice, id: i64, now_ms: i64) -> Result<(), String> {
        let MailTarget { host, port, implicit_tls, from, recipients, .. } = &self.target;
        let unreachable = |error: std::io::Error| format!("it cannot be reached: {}", error.kind());
        let tcp = TcpStream::connect((host.as_str(), *port)).await.map_err(unreachable)?;
        let mut is_secret = *implicit_tls;
        let mut line = Line::new(if *implicit_tls { self.secured(tcp).await? } else { Box::new(tcp) });
        line.reply().await?.expect(220, "the greeting")?;
        let mut offers = line.say("EHLO blackbar").await?.expect(250, "EHLO")?;
        if !is_secret && offers.has("STARTTLS") {
            line.say("STARTTLS").await?.expect(220, "STARTTLS")?;
            // What came before the handshake was said by whoever stood in between.
            line = Line::new(self.secured(line.into_stream()?).await?);
            offers = line.say("EHLO blackbar").await?.expect(250, "EHLO")?;
            is_secret = true;
        }
        if !is_secret && !is_loopback(host) {
            return Err("it offers no TLS".to_owned());
        }
        if let (Some(user), Some(password)) = (&self.target.user, &self.password) {
            line.sign_in(&offers, user, password.trim()).await?;
        }
        line.say(&format!("MAIL FROM:<{from}>")).await?.expect(250, "MAIL")?;
        let mut taken = 0;
        let mut refused = None;
        for recipient in recipients {
            let reply = line.say(&format!("RCPT TO:<{recipient}>")).await?;
            // 251: it passes the mail on.
            match (reply.code, reply.expect(250, "RCPT")) {
                (251, _) | (_, Ok(_)) => taken += 1,
                (_, Err(error)) => refused = Some(error),
            }
        }
        // One address that is wrong does not keep it from the others.
        if let (0, Some(error)) = (taken, refused) {
            return Err(error);
        }
        line.say("DATA").await?.expect(354, "DATA")?;
        let domain = from.rsplit_once('@').map_or("blackbar", |(_, domain)| domain);
        let mail = notice.mail(from, recipients, &format!("{id}.{now_ms}@{domain}"), now_ms);
        line.write(stuffed(&mail).as_bytes()).await?;
        line.reply().await?.expect(250, "the mail")?;
        // It has the mail, whatever it says to this.
        let _ = line.say("QUIT").await;
        Ok(())
    }

    async fn secured<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(
        &self,
        stream: S,
    ) -> Result<Box<dyn Stream>, String> {
        let name = ServerName::try_from(self.target.host.clone());
        let name = name.map_err(|_| "its name cannot be in a certificate".to_owned())?;
        let stream = self.tls.connect(name, stream).await;
        Ok(Box::new(stream.map_err(|_| "its certificate is not trusted, or it speaks no TLS".to_owned())?))
    }
}

/// The text between `DATA` and the point that ends it.
fn stuffed(mail: &str) -> String {
    let mut text = String::with_capacity(mail.len() + 16);
    for line in mail.split_terminator("\r\n") {
        if line.starts_with('.') {
            text.push('.');
        }
        text.push_str(line);
        text.push_str("\r\n");
    }
    text.push_str(".\r\n");
    text
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A connection on which one side speaks at a time.
struct Line {
    stream: Box<dyn Stream>,
    /// Read, and not understood yet.
    rest: Vec<u8>,
}

/// What the server said: a number, and what it offers.
struct Reply {
    code: u16,
    lines: Vec<String>,
}

impl Line {
    fn new(stream: Box<dyn Stream>) -> Self {
        Self { stream, rest: Vec::new() }
    }

    async fn say(&mut self, command: &str) -> Result<Reply, String> {
        self.write(format!("{command}\r\n").as_bytes()).await?;
        self.reply().await
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), String> {
        let lost = |error: std::io::Error| format!("the connection is lost: {}", error.kind());
        self.stream.write_all(bytes).await.map_err(lost)?;
        self.stream.flush().await.map_err(lost)
    }

    /// Everything up to the line whose number is followed by a space.
    async fn reply(&mut self) -> Result<Reply, String> {
        let broken = || "it does not speak SMTP".to_owned();
        let mut lines = Vec::new();
        let mut taken = 0;
        loop {
            while let Some(end) = memchr::memchr(b'\n', &self.rest) {
                let bytes: Vec<u8> = self.rest.drain(..=end).collect();
                taken += bytes.len();
                let text = String::from_utf8_lossy(&bytes).trim_end().to_owned();
                let code: u16 = text.get(..3).and_then(|code| code.parse().ok()).ok_or_else(broken)?;
                lines.push(text.get(4..).unwrap_or_default().to_ascii_uppercase());
                if text.as_bytes().get(3) != Some(&b'-') {
                    return Ok(Reply { code, lines });
                }
            }
            if taken + self.rest.len() > LONGEST_REPLY {
                return Err(broken());
            }
            let mut bytes = [0; 1024];
            let read = self.stream.read(&mut bytes).await;
            let read = read.map_err(|error| format!("the connection is lost: {}", error.kind()))?;
            if read == 0 {
                return Err("it ended the connection".to_owned());
            }
            self.rest.extend_from_slice(bytes.get(..read).unwrap_or_default());
        }
    }

    /// The bare connection, if nothing more was said on it.
    fn into_stream(self) -> Result<Box<dyn Stream>, String> {
        if self.rest.is_empty() { Ok(self.stream) } else { Err("it went on speaking before TLS".to_owned()) }
    }

    async fn sign_in(&mut self, offers: &Reply, user: &str, password: &str) -> Result<(), String> {
        let ways = offers.lines.iter().find_map(|line| line.strip_prefix("AUTH ")).unwrap_or_default();
        let encode = |text: &str| Zeroizing::new(STANDARD.encode(text));
        if ways.split(' ').any(|way| way == "PLAIN") {
            let both = Zeroizing::new(format!("\0{user}\0{password}"));
            let command = Zeroizing::new(format!("AUTH PLAIN {}", *encode(&both)));
            self.say(&command).await?.expect(235, "AUTH")?;
        } else if ways.split(' ').any(|way| way == "LOGIN") {
            self.say("AUTH LOGIN").await?.expect(334, "AUTH")?;
            self.say(&encode(user)).await?.expect(334, "AUTH")?;
            self.say(&encode(password)).await?.expect(235, "AUTH")?;
        } else {
            return Err("it offers no way to sign in that is known here".to_owned());
        }
        Ok(())
    }
}

impl Reply {
    /// Its words are the server's and stay here.
    fn expect(self, code: u16, to: &str) -> Result<Self, String> {
        if self.code == code { Ok(self) } else { Err(format!("it answers {} to {to}", self.code)) }
    }

    fn has(&self, keyword: &str) -> bool {
        self.lines.iter().any(|line| line.split(' ').next() == Some(keyword))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_a_mail_ends_it_early() {
        assert_eq!(stuffed("a\r\n.\r\n..b\r\n"), "a\r\n..\r\n...b\r\n.\r\n");
        assert_eq!(stuffed(""), ".\r\n");
    }
}
