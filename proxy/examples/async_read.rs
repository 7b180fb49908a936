//! An [`AsyncRead`] that takes identifiers out of another one while it is read. The program prints what a peer sends,
//! without them: `cargo run -p blackbar --example async_read -- HOST:PORT`.

use std::error::Error;
use std::io::{self, Write as _};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use blackbar_detectors::{ALL, fields, lexicon, values::Phi};
use blackbar_engine::{Format, Profile, Raw, Redactor, Rules, Scanner};
use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt as _, ReadBuf};
use tokio::net::TcpStream;

/// How much is read from the inner reader at once.
const CHUNK: usize = 16 * 1024;

/// What the inner reader has, without its identifiers. Memory is bounded: no more is read than what is asked for needs.
struct Redacted<R> {
    inner: R,
    redactor: Redactor,
    /// What is settled and was not taken yet.
    settled: Bytes,
    ended: bool,
}

impl<R> Redacted<R> {
    fn new(inner: R, scanner: &Scanner, profile: &Profile, format: Format) -> Self {
        let redactor = scanner.redactor_for(profile, format, "");
        Self { inner, redactor, settled: Bytes::new(), ended: false }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Redacted<R> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            if !this.settled.is_empty() || out.remaining() == 0 {
                let len = this.settled.len().min(out.remaining());
                out.put_slice(&this.settled.split_to(len));
                return Poll::Ready(Ok(()));
            }
            if let Some(segment) = this.redactor.poll() {
                this.settled = segment.bytes().clone().into_bytes();
                continue;
            }
            if this.ended {
                return Poll::Ready(Ok(()));
            }
            let mut room = vec![0; CHUNK];
            let mut chunk = ReadBuf::new(&mut room);
            // An error ends the stream where it is: what the redactor still holds was not looked at to its end.
            ready!(Pin::new(&mut this.inner).poll_read(cx, &mut chunk))?;
            let len = chunk.filled().len();
            if len == 0 {
                this.ended = true;
                this.redactor.finish();
            } else {
                room.truncate(len);
                // A small piece does not keep a big buffer.
                room.shrink_to_fit();
                this.redactor.push(Raw::from(room));
            }
        }
    }
}

/// Made once, shared by all streams.
fn engine() -> Result<(Scanner, Profile), Box<dyn Error>> {
    let builder = Scanner::builder().detectors(ALL.iter().copied()).lexicon(lexicon());
    let scanner = builder.fields(Arc::new(fields::BuiltIn)).build()?;
    Ok((scanner, Rules::safe_harbor(Arc::new(Phi { year: 2026 })).build()?))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).ok_or("usage: async_read HOST:PORT")?;
    let (scanner, profile) = engine()?;
    let mut clean = Redacted::new(TcpStream::connect(address).await?, &scanner, &profile, Format::Text);
    let mut room = vec![0; CHUNK];
    loop {
        let len = clean.read(&mut room).await?;
        if len == 0 {
            return Ok(());
        }
        io::stdout().lock().write_all(room.get(..len).unwrap_or_default())?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn identifiers_are_taken_out_however_the_stream_arrives() {
        let (scanner, profile) = engine().unwrap();
        let text = "Her SSN is 078-05-1120, she said, and her MRN is 4839201.\n".repeat(500);
        for piece in [1, 7, 1400, 100_000] {
            let (reader, mut writer) = tokio::io::duplex(piece);
            let sent = text.clone();
            let sending =
                tokio::spawn(async move { tokio::io::AsyncWriteExt::write_all(&mut writer, sent.as_bytes()).await });
            let mut clean = Redacted::new(reader, &scanner, &profile, Format::Text);
            let mut out = String::new();
            clean.read_to_string(&mut out).await.unwrap();
            sending.await.unwrap().unwrap();
            assert_eq!(out, "Her SSN is [SSN], she said, and her MRN is [MRN].\n".repeat(500), "{piece}");
        }
    }

    /// Sends a little, and then breaks.
    struct Broken(bool);

    impl AsyncRead for Broken {
        fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            if std::mem::replace(&mut self.0, true) {
                return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
            }
            out.put_slice(b"Her SSN is 078-05-11");
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn what_was_not_seen_to_its_end_does_not_leave() {
        let (scanner, profile) = engine().unwrap();
        let mut clean = Redacted::new(Broken(false), &scanner, &profile, Format::Text);
        let mut out = Vec::new();
        let error = clean.read_to_end(&mut out).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        assert!(!String::from_utf8(out).unwrap().contains("078"));
    }
}
