//! A connection with or without TLS, toward a client or a server.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use blackbar_wire::pg::{Frame, FrameError, Framer};
use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsStream;

/// A connection.
pub(super) enum Link {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// One side of a session: what came in is cut into messages, what is to go out waits until it can.
pub(super) struct Side<F> {
    link: Link,
    framer: Framer<F>,
    out: VecDeque<Bytes>,
    waiting: usize,
    /// Something was written that the TLS layer may still have.
    unflushed: bool,
}

/// Why a message could not be read.
#[derive(Debug)]
pub(super) enum ReadError {
    /// The connection is gone.
    Gone,
    /// It said what the protocol does not have.
    Frame,
}

/// So many pieces are written at a time.
const MOST_SLICES: usize = 64;

impl<F: Frame> Side<F> {
    pub(super) fn new(link: Link, framer: Framer<F>) -> Self {
        Self { link, framer, out: VecDeque::new(), waiting: 0, unflushed: false }
    }

    /// Puts something behind what waits to go out.
    pub(super) fn push(&mut self, bytes: Bytes) {
        self.waiting += bytes.len();
        self.out.push_back(bytes);
    }

    /// How many bytes wait to go out.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// How many bytes were read and are in no message yet.
    pub(super) fn unread(&self) -> usize {
        self.framer.waiting()
    }

    /// Whether all that was pushed is on its way.
    pub(super) fn is_flushed(&self) -> bool {
        self.out.is_empty() && !self.unflushed
    }

    /// Writes as much as goes. Says whether any went.
    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let mut wrote = false;
        while let Some(front) = self.out.front() {
            if front.is_empty() {
                self.out.pop_front();
                continue;
            }
            let written = if self.out.len() == 1 {
                Pin::new(&mut self.link).poll_write(cx, front)
            } else {
                let slices: Vec<IoSlice<'_>> =
                    self.out.iter().take(MOST_SLICES).map(|bytes| IoSlice::new(bytes)).collect();
                Pin::new(&mut self.link).poll_write_vectored(cx, &slices)
            };
            let mut written = match written {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(written) => written?,
                Poll::Pending if wrote => return Poll::Ready(Ok(true)),
                Poll::Pending => return Poll::Pending,
            };
            (wrote, self.unflushed) = (true, true);
            self.waiting = self.waiting.saturating_sub(written);
            while let Some(front) = self.out.front_mut().filter(|_| written > 0) {
                let part = written.min(front.len());
                front.advance(part);
                written -= part;
                if front.is_empty() {
                    self.out.pop_front();
                }
            }
        }
        if self.unflushed {
            match Pin::new(&mut self.link).poll_flush(cx) {
                Poll::Ready(flushed) => flushed?,
                Poll::Pending if wrote => return Poll::Ready(Ok(true)),
                Poll::Pending => return Poll::Pending,
            }
            self.unflushed = false;
        }
        Poll::Ready(Ok(wrote))
    }

    /// Reads what is there: how many bytes; 0 at the end.
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        // Memory to read into is taken once there is something to read, where that can be asked.
        if let Link::Plain(stream) = &self.link
            && self.framer.waiting() == 0
            && stream.poll_read_ready(cx).is_pending()
        {
            self.framer.rest();
            return Poll::Pending;
        }
        // The future has no state of its own: dropped before it is ready, it has read nothing.
        let read = pin!(self.link.read_buf(self.framer.space()));
        read.poll(cx)
    }

    /// The next whole message of what was read.
    pub(super) fn frame(&mut self) -> Result<Option<F>, FrameError> {
        self.framer.next()
    }

    /// Waits for the next message.
    pub(super) async fn read(&mut self) -> Result<F, ReadError> {
        loop {
            if let Some(frame) = self.framer.next().map_err(|_| ReadError::Frame)? {
                return Ok(frame);
            }
            match self.link.read_buf(self.framer.space()).await {
                Ok(0) | Err(_) => return Err(ReadError::Gone),
                Ok(_) => {}
            }
        }
    }

    /// Sends something and all that waited before it.
    pub(super) async fn send(&mut self, bytes: Bytes) -> Result<(), ReadError> {
        self.push(bytes);
        while let Some(next) = self.out.pop_front() {
            self.waiting = self.waiting.saturating_sub(next.len());
            self.link.write_all(&next).await.map_err(|_| ReadError::Gone)?;
        }
        self.link.flush().await.map_err(|_| ReadError::Gone)
    }

    /// Says goodbye, as TLS has it.
    pub(super) fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.link).poll_shutdown(cx).map(drop)
    }
}

impl Link {
    /// Reads on until `wanted` finds what it wants at the front of `buffer`; `None` at the end.
    pub(super) async fn read_until<T>(
        &mut self,
        buffer: &mut BytesMut,
        mut wanted: impl FnMut(&mut BytesMut) -> Option<T>,
    ) -> io::Result<Option<T>> {
        loop {
            if let Some(found) = wanted(buffer) {
                return Ok(Some(found));
            }
            if self.read_buf(buffer).await? == 0 {
                return Ok(None);
            }
        }
    }
}

impl AsyncRead for Link {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, into),
            Self::Tls(stream) => match ready!(Pin::new(stream).poll_read(cx, into)) {
                // A peer that closes without TLS's own goodbye has closed all the same: messages say where they end.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Poll::Ready(Ok(())),
                other => Poll::Ready(other),
            },
        }
    }
}

impl AsyncWrite for Link {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
