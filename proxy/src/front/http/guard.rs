//! A client's connection, with its bytes looked at before the server library reads them.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use blackbar_wire::http::{Frames, WireForm};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use super::patience::Patience;

/// A connection on which malformed HTTP/1 comes to nothing.
pub(super) struct Guarded<S> {
    inner: S,
    form: WireForm,
    frames: Frames,
    /// Told what the client does in HTTP/2, whose streams this sees nothing of.
    watch: Arc<Patience>,
    /// What followed was malformed: the connection reads as ended.
    spoilt: bool,
    /// Until so late the first bytes must have come; later the library has its own clocks.
    first: Option<Pin<Box<Sleep>>>,
    seen: usize,
    /// How long the client may leave what is sent to it unread.
    patience: Duration,
    unread: Option<Pin<Box<Sleep>>>,
}

/// Enough for the library to know which version is spoken.
const ENOUGH: usize = 24;
/// Wherever a head was left, it ends here with what no parser takes for anything, so the library answers 400 and closes.
const NONSENSE: &[u8] = b"\r\n\0: \0\r\n\r\n";

impl<S> Guarded<S> {
    pub(super) fn new(
        inner: S,
        longest_line: usize,
        first: Duration,
        patience: Duration,
        watch: Arc<Patience>,
    ) -> Self {
        let first = Some(Box::pin(tokio::time::sleep(first)));
        let (form, frames) = (WireForm::new(longest_line), Frames::new());
        Self { inner, form, frames, watch, spoilt: false, first, seen: 0, patience, unread: None }
    }
}

impl<S> Guarded<S> {
    /// A client that reads nothing does not hold its seat for ever.
    fn patiently(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.unread = None;
            return written;
        }
        let patience = self.patience;
        let unread = self.unread.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        if unread.as_mut().poll(cx).is_ready() {
            Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
        } else {
            Poll::Pending
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.spoilt {
            return Poll::Ready(Ok(()));
        }
        let before = into.filled().len();
        match Pin::new(&mut this.inner).poll_read(cx, into) {
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            Poll::Pending => {
                let late = this.first.as_mut().is_some_and(|first| first.as_mut().poll(cx).is_ready());
                return if late { Poll::Ready(Err(io::ErrorKind::TimedOut.into())) } else { Poll::Pending };
            }
        }
        let new = into.filled().get(before..).unwrap_or_default();
        this.seen = this.seen.saturating_add(new.len());
        if this.seen >= ENOUGH {
            this.first = None;
        }
        if this.frames.observe(new) {
            this.watch.stirs();
        }
        if this.frames.is_spoken() {
            this.watch.speaks();
        }
        if this.form.observe(new).is_err() {
            this.spoilt = true;
            into.set_filled(before);
            let nonsense = NONSENSE.get(..into.remaining()).unwrap_or(NONSENSE);
            into.put_slice(nonsense);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.patiently(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(cx, slices);
        self.patiently(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
    use tokio::time::timeout;

    use super::*;

    const SOON: Duration = Duration::from_millis(60);
    const LONG: Duration = Duration::from_secs(60);

    /// A client, and the gateway's side of its connection, with little room between them.
    fn between(first: Duration, patience: Duration) -> (DuplexStream, Guarded<DuplexStream>) {
        let (client, server) = duplex(64);
        (client, Guarded::new(server, 200, first, patience, Arc::new(Patience::new())))
    }

    #[tokio::test]
    async fn who_says_too_little_is_not_waited_for() {
        for said in ["", "GET /a HTTP/1.1\r\n"] {
            let (mut client, mut guarded) = between(SOON, LONG);
            client.write_all(said.as_bytes()).await.unwrap();
            let mut read = Vec::new();
            let ended = timeout(LONG, guarded.read_to_end(&mut read)).await.unwrap();
            assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::TimedOut, "{said:?}");
            assert_eq!(read, said.as_bytes());
        }
        // Whoever said enough is the library's, which has clocks of its own.
        let (mut client, mut guarded) = between(SOON, LONG);
        client.write_all(b"GET /a HTTP/1.1\r\nHost: g\r\n").await.unwrap();
        let mut read = [0; 64];
        assert!(guarded.read(&mut read).await.unwrap() >= ENOUGH);
        assert!(timeout(4 * SOON, guarded.read(&mut read)).await.is_err(), "it is waited for");
    }

    #[tokio::test]
    async fn who_reads_nothing_is_given_up_and_who_reads_slowly_is_not() {
        let (_client, mut guarded) = between(LONG, SOON);
        let written = timeout(LONG, guarded.write_all(&[b'x'; 200])).await.unwrap();
        assert_eq!(written.unwrap_err().kind(), io::ErrorKind::TimedOut);

        let (mut client, mut guarded) = between(LONG, 4 * SOON);
        let writing = tokio::spawn(async move { guarded.write_all(&[b'x'; 400]).await });
        let mut read = [0; 64];
        for _ in 0..7 {
            tokio::time::sleep(SOON).await;
            let _ = client.read(&mut read).await.unwrap();
        }
        assert!(writing.await.unwrap().is_ok(), "each piece came in time");
    }

    #[tokio::test]
    async fn what_is_malformed_is_read_as_nonsense_and_an_end() {
        let (mut client, mut guarded) = between(LONG, LONG);
        client.write_all(b"GET /a HTTP/1.1\r\nHost : g\r\n\r\n").await.unwrap();
        let mut read = Vec::new();
        guarded.read_to_end(&mut read).await.unwrap();
        assert_eq!(read, NONSENSE);
    }
}
