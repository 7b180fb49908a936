//! The ways to a sink. What was sent is what the other side took, as far as its protocol says so.

use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit as _, Mac as _};
use rustls::pki_types::ServerName;
use serde_json::Value;
use sha2::Sha256;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use zeroize::Zeroizing;

use super::event::{Event, Source};
use super::{fhir, otlp, syslog};
use crate::config::keeping::{SinkFormat, SinkSection, SinkTarget};
use crate::error::{Error, Id};
use crate::front::tls;
use crate::record::post::Poster;

/// A way to one sink.
#[expect(clippy::large_enum_variant, reason = "there is one for each sink")]
pub(crate) enum Way {
    File(PathBuf),
    Syslog(Box<Line>),
    Post { poster: Poster, secret: Option<Zeroizing<String>> },
}

/// A connection that is kept.
pub(crate) struct Line {
    host: String,
    port: u16,
    tls: Option<TlsConnector>,
    stream: Option<Box<dyn Stream>>,
}

trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for S {}

const PATIENCE: Duration = Duration::from_secs(30);

impl Way {
    /// Nothing is opened yet.
    pub(crate) fn new(section: &SinkSection) -> Result<Self, Error> {
        Ok(match &section.to {
            SinkTarget::File(path) => Self::File(path.clone()),
            SinkTarget::Syslog { tls, host, port } => {
                let tls =
                    if *tls { Some(TlsConnector::from(Arc::new(tls::client(section.ca.as_deref())?))) } else { None };
                Self::Syslog(Box::new(Line { host: host.clone(), port: *port, tls, stream: None }))
            }
            SinkTarget::Http(uri) => {
                let secret = section.secret.as_ref().map(crate::config::Secret::text).transpose()?;
                if secret.as_ref().is_some_and(|secret| secret.is_empty()) {
                    return Err(Error::new(Id::SinkUnusable, format!("the secret of sink {} is empty", section.name)));
                }
                Self::Post { poster: Poster::new(uri.clone(), section.ca.as_deref())?, secret }
            }
        })
    }

    /// Opens what is to be open. Says whether it was opened anew: what was sent before may then be lost on its way.
    pub(crate) async fn ready(&mut self) -> Result<bool, String> {
        match self {
            Self::File(_) | Self::Post { .. } => Ok(false),
            Self::Syslog(line) => line.ready().await,
        }
    }

    /// Sends some events. Done means that the other side has them, or that they are on their way where it does not say.
    pub(crate) async fn send(&mut self, events: &[Event], format: SinkFormat, source: &Source) -> Result<(), String> {
        match self {
            Self::File(path) => {
                let lines: String = events.iter().map(|event| event.text(format, source) + "\n").collect();
                let path = path.clone();
                let appended = tokio::task::spawn_blocking(move || append(&path, lines.as_bytes())).await;
                let appended = appended.map_err(|_| "an internal error".to_owned())?;
                appended.map_err(|error| format!("it cannot be written: {}", error.kind()))
            }
            Self::Syslog(line) => {
                let messages = events.iter().map(|event| syslog::messages(event, source, &event.text(format, source)));
                let bytes: Vec<u8> = messages.flatten().collect();
                line.send(&bytes).await
            }
            Self::Post { poster, secret } => {
                let (media, body) = body(events, format, source);
                let mut headers = vec![("content-type", media.to_owned())];
                if let (Some(first), Some(last)) = (events.first(), events.last()) {
                    headers.push(("blackbar-events", format!("{}-{}", first.index, last.index)));
                }
                if let Some(secret) = secret {
                    headers.push(("blackbar-signature", signature(secret, unix_now(), &body)));
                }
                let answer = poster.post(&headers, body).await?;
                if (200..300).contains(&answer.status) { Ok(()) } else { Err(format!("it answers {}", answer.status)) }
            }
        }
    }
}

/// `t=SECONDS,v1=HEX`: HMAC-SHA256 over the seconds, a point and the body.
pub(crate) fn signature(secret: &str, seconds: u64, body: &[u8]) -> String {
    // Keys of any length are taken.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.trim().as_bytes()) else { return String::new() };
    mac.update(format!("{seconds}.").as_bytes());
    mac.update(body);
    let tag = mac.finalize().into_bytes();
    let hex: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={seconds},v1={hex}")
}

fn body(events: &[Event], format: SinkFormat, source: &Source) -> (&'static str, Vec<u8>) {
    match format {
        SinkFormat::Fhir => {
            let events: Vec<Value> = events.iter().map(|event| fhir::event(event, source)).collect();
            ("application/fhir+json", fhir::bundle(events).to_string().into_bytes())
        }
        SinkFormat::Otlp => {
            let records = events.iter().map(|event| otlp::record(event, source)).collect();
            ("application/json", otlp::request(records, source).to_string().into_bytes())
        }
        SinkFormat::Json | SinkFormat::Ocsf | SinkFormat::Cef => {
            let media = if format == SinkFormat::Cef { "text/plain; charset=utf-8" } else { "application/x-ndjson" };
            let lines: String = events.iter().map(|event| event.text(format, source) + "\n").collect();
            (media, lines.into_bytes())
        }
    }
}

/// Appends to a file, durably. Who rotates it moves it away; the next write makes a new one.
fn append(path: &Path, lines: &[u8]) -> std::io::Result<()> {
    use std::io::{Read as _, Seek as _, SeekFrom};

    let mut file = std::fs::OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
    // A crash may have cut the last line; what it told is told again.
    if file.metadata()?.size() > 0 {
        file.seek(SeekFrom::End(-1))?;
        let mut last = [0];
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            file.write_all(b"\n")?;
        }
    }
    file.write_all(lines)?;
    file.sync_data()
}

fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

impl Line {
    async fn ready(&mut self) -> Result<bool, String> {
        if let Some(stream) = &mut self.stream {
            // Nobody says anything on such a line; what can be read is its end.
            let mut byte = [0];
            let gone = tokio::select! {
                biased;
                read = stream.read(&mut byte) => !matches!(read, Ok(length) if length > 0),
                () = std::future::ready(()) => false,
            };
            if !gone {
                return Ok(false);
            }
            self.stream = None;
        }
        let connected = tokio::time::timeout(PATIENCE, self.connect()).await;
        self.stream = Some(connected.unwrap_or_else(|_| Err("it does not answer".to_owned()))?);
        Ok(true)
    }

    async fn connect(&self) -> Result<Box<dyn Stream>, String> {
        let unreachable = |error: std::io::Error| format!("it cannot be reached: {}", error.kind());
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await.map_err(unreachable)?;
        let Some(tls) = &self.tls else { return Ok(Box::new(stream)) };
        let name =
            ServerName::try_from(self.host.clone()).map_err(|_| "its name cannot be in a certificate".to_owned())?;
        let stream = tls.connect(name, stream).await;
        Ok(Box::new(stream.map_err(|_| "its certificate is not trusted, or it speaks no TLS".to_owned())?))
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), String> {
        let Some(stream) = &mut self.stream else { return Err("it is not connected".to_owned()) };
        let sent = tokio::time::timeout(PATIENCE, async {
            stream.write_all(bytes).await?;
            stream.flush().await
        });
        match sent.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => {
                self.stream = None;
                Err(format!("the connection is lost: {}", error.kind()))
            }
            Err(_) => {
                self.stream = None;
                Err("it takes nothing".to_owned())
            }
        }
    }
}
