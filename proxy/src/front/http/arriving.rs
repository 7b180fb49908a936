//! The body of a request as the client sends it: no longer than allowed, and never silent for too long.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::Body as _;
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep};

use crate::config::Limits;

/// What comes of a request's body.
pub(super) struct Arriving {
    inner: Option<Incoming>,
    /// What was read ahead.
    kept: Bytes,
    left: u64,
    idle: Duration,
    /// Runs while the client is waited for.
    silence: Pin<Box<Sleep>>,
    waiting: bool,
}

/// Why no more of a body goes up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum UpBroken {
    /// It broke off, or the client was silent for too long.
    Off,
    /// It is longer than the limit.
    Long,
    /// It must not go up.
    Refused,
}

impl Arriving {
    pub(super) fn new(inner: Option<Incoming>, limits: &Limits) -> Self {
        let silence = Box::pin(tokio::time::sleep(limits.idle_timeout));
        let (left, idle) = (limits.request_bytes, limits.idle_timeout);
        Self { inner, kept: Bytes::new(), left, idle, silence, waiting: false }
    }

    /// The next bytes.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, UpBroken>>> {
        if !self.kept.is_empty() {
            return Poll::Ready(Some(Ok(std::mem::take(&mut self.kept))));
        }
        self.poll_more(cx)
    }

    fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, UpBroken>>> {
        loop {
            let Some(inner) = &mut self.inner else { return Poll::Ready(None) };
            match Pin::new(inner).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    // Trailers of a request were judged by nobody.
                    let Ok(bytes) = frame.into_data() else { continue };
                    let Some(left) = self.left.checked_sub(bytes.len() as u64) else {
                        return Poll::Ready(Some(Err(UpBroken::Long)));
                    };
                    self.left = left;
                    self.waiting = false;
                    if !bytes.is_empty() {
                        return Poll::Ready(Some(Ok(bytes)));
                    }
                }
                Poll::Ready(Some(Err(_))) => return Poll::Ready(Some(Err(UpBroken::Off))),
                Poll::Ready(None) => {
                    self.inner = None;
                    return Poll::Ready(None);
                }
                Poll::Pending => {
                    if !std::mem::replace(&mut self.waiting, true) {
                        let end = Instant::now() + self.idle;
                        self.silence.as_mut().reset(end);
                    }
                    let late = self.silence.as_mut().poll(cx).is_ready();
                    return if late { Poll::Ready(Some(Err(UpBroken::Off))) } else { Poll::Pending };
                }
            }
        }
    }

    /// Reads ahead up to `most` bytes. Says whether that is all of it.
    pub(super) async fn gather(&mut self, most: usize) -> Result<bool, UpBroken> {
        let mut gathered = BytesMut::from(std::mem::take(&mut self.kept));
        let whole = loop {
            if gathered.len() > most {
                break false;
            }
            match poll_fn(|cx| self.poll_more(cx)).await {
                None => break true,
                Some(bytes) => gathered.extend_from_slice(&bytes?),
            }
        };
        self.kept = gathered.freeze();
        Ok(whole)
    }

    /// Waits for the end of a body that has nothing in it.
    pub(super) async fn must_be_empty(&mut self) -> Result<(), UpBroken> {
        let whole = self.gather(0).await?;
        if whole && self.kept.is_empty() { Ok(()) } else { Err(UpBroken::Off) }
    }

    /// What was read ahead.
    pub(super) const fn kept(&self) -> &Bytes {
        &self.kept
    }

    /// Something else in the place of what was read ahead.
    pub(super) fn replace(&mut self, kept: Bytes) {
        self.kept = kept;
    }

    /// Whether nothing comes any more.
    pub(super) fn is_over(&self) -> bool {
        self.kept.is_empty() && self.inner.as_ref().is_none_or(http_body::Body::is_end_stream)
    }

    /// How long it is, if that is known.
    pub(super) fn len(&self) -> Option<u64> {
        let more = self.inner.as_ref().map_or(Some(0), |inner| inner.size_hint().exact());
        more.map(|more| more + self.kept.len() as u64)
    }
}

impl std::fmt::Display for UpBroken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Off => "the body of the request broke off",
            Self::Long => "the body of the request is longer than the limit",
            Self::Refused => "the body of the request must not go up",
        })
    }
}

impl std::error::Error for UpBroken {}
