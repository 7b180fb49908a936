//! The body of an answer: decoded, redacted, recorded, encoded, one step whenever the client asks for more.

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future as _, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use blackbar_engine::{Clean, Format, Raw, Redactor};
use blackbar_wire::http::{Charset, Coding};
use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep};

use super::coding::{DecodeError, Decoder, Encoder};
use super::head::pairs;
use super::left_out::LeftOut;
use super::links::Links;
use super::nested::Nested;
use super::patience::Waiting;
use super::quoted::Quoted;
use super::text::Text;
use crate::gate::{Answer, Grant, RecordError, Recording};

/// What a client is sent. Content can only be in it as [`Clean`] bytes of a grant's answer; everything else was written in
/// this program.
pub(super) struct ClientBody {
    sent: Sent,
    /// Told when the client asks for more, where nothing else notices that it does not.
    waiting: Option<Arc<Waiting>>,
}

enum Sent {
    /// A message of the gateway's own.
    Own(Option<Bytes>),
    /// An answer of the upstream.
    Redacted(Box<Redacted>),
}

impl ClientBody {
    pub(super) const fn none() -> Self {
        Self::of(Sent::Own(None))
    }

    /// Words of the gateway.
    pub(super) fn own(words: Vec<u8>) -> Self {
        Self::of(Sent::Own(Some(words.into())))
    }

    pub(super) fn redacted(body: Redacted) -> Self {
        Self::of(Sent::Redacted(Box::new(body)))
    }

    /// `waiting` is told from now on.
    pub(super) fn watched(self, waiting: Option<Arc<Waiting>>) -> Self {
        Self { waiting, ..self }
    }

    const fn of(sent: Sent) -> Self {
        Self { sent, waiting: None }
    }
}

/// How the upstream's body is read, and how it goes on.
pub(super) struct Shape {
    pub(super) coding: Coding,
    pub(super) charset: Charset,
    pub(super) format: Format,
    /// The coding that the client gets.
    pub(super) encode: Coding,
    pub(super) expansion: u64,
    /// How long the upstream may be silent.
    pub(super) idle: Duration,
    /// When the whole must be over.
    pub(super) until: Option<Instant>,
    /// Leads links to the gateway.
    pub(super) links: Links,
    /// It is a model's answer, perhaps.
    pub(super) likelihoods: bool,
    /// It is what Secrets hold, perhaps.
    pub(super) secrets: bool,
    /// It is JSON, whose strings may hold JSON.
    pub(super) nested: bool,
    /// Finds what the request said by tokens.
    pub(super) quoted: Option<Quoted>,
    /// Puts originals back, behind the record.
    pub(super) restores: Option<Box<Redactor>>,
}

/// The pipeline of one body.
pub(super) struct Redacted<B = hyper::body::Incoming> {
    upstream: B,
    decoder: Decoder,
    text: Text,
    links: Links,
    likelihoods: Option<LeftOut>,
    secrets: Option<LeftOut>,
    nested: Option<Nested>,
    // Redactors are large, and this is moved: each has a place of its own.
    quoted: Option<Box<Redactor>>,
    answer: Answer,
    restores: Option<Box<Redactor>>,
    encoder: Option<Encoder>,
    /// Ready to be sent.
    out: VecDeque<Bytes>,
    /// Bytes went into the encoder that did not come out yet.
    unflushed: bool,
    /// The upstream has sent everything.
    sent: bool,
    /// All of it was decoded.
    read: bool,
    idle: Duration,
    /// Runs while something is waited for; a client that takes its time is not the upstream's silence.
    silence: Pin<Box<Sleep>>,
    waiting: bool,
    until: Option<Pin<Box<Sleep>>>,
    /// When it is looked at again whether the client may still be there.
    look: Pin<Box<Sleep>>,
    /// Whether what is ready is sent at once when the upstream hesitates. Not before the head has left.
    eager: bool,
    /// It failed before anything of it was asked for.
    failed: Option<BodyError>,
    /// When the oldest bytes came that may be here still.
    came: Option<Instant>,
    /// The longest that some were, until it is told.
    longest: Option<Duration>,
}

/// Why a body ends before its end. Nothing of the content is in it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum BodyError {
    /// The upstream broke off.
    Upstream,
    /// It cannot be decoded.
    Coding,
    /// It grows beyond every measure.
    Bomb,
    /// It is not what it says.
    NotText,
    /// It was silent for too long, or took too long.
    Timeout,
    /// It cannot be recorded.
    Record,
    /// The client's credential or session has ended.
    Ended,
    /// More than may leave.
    Fuse,
}

/// A lock, a revocation or an end is in force within two seconds.
const LOOK: Duration = Duration::from_secs(1);

impl<B: Body<Data = Bytes> + Unpin> Redacted<B> {
    /// Starts the pipeline. `document` names the request.
    pub(super) fn new(
        upstream: B,
        grant: &Grant,
        recording: &mut Option<Recording>,
        shape: Shape,
        document: &str,
    ) -> Result<Self, BodyError> {
        let decoder = Decoder::new(shape.coding, shape.expansion).map_err(|_| BodyError::Coding)?;
        let encoder = Encoder::new(shape.encode).map_err(|_| BodyError::Coding)?;
        let recording = recording.take().ok_or(BodyError::Record)?;
        Ok(Self {
            upstream,
            decoder,
            text: Text::new(shape.charset, shape.format),
            links: shape.links,
            likelihoods: shape.likelihoods.then(LeftOut::likelihoods),
            secrets: shape.secrets.then(LeftOut::secrets),
            nested: shape.nested.then(Nested::default),
            quoted: shape.quoted.map(|quoted| Box::new(quoted.redactor(shape.format))),
            restores: shape.restores,
            answer: grant.answer(shape.format, document, recording),
            encoder: Some(encoder),
            out: VecDeque::new(),
            unflushed: false,
            sent: false,
            read: false,
            idle: shape.idle,
            silence: Box::pin(tokio::time::sleep(shape.idle)),
            waiting: false,
            until: shape.until.map(|until| Box::pin(tokio::time::sleep_until(until))),
            look: Box::pin(tokio::time::sleep(LOOK)),
            eager: false,
            failed: None,
            came: None,
            longest: Some(Duration::ZERO),
        })
    }

    /// Gives the recording back, for the answer that takes the place of this one.
    pub(super) fn into_recording(self) -> Recording {
        self.answer.into_recording()
    }

    /// Records the head, and works until the first bytes may leave with it, under one sync; or until the upstream
    /// hesitates, and the head leaves alone.
    pub(super) async fn begin(&mut self, status: u16, headers: &HeaderMap) -> Result<(), RecordError> {
        const HESITATION: Duration = Duration::from_millis(5);
        self.answer.head(status, &pairs(headers))?;
        let mut hesitation = pin!(tokio::time::sleep(HESITATION));
        poll_fn(|cx| {
            while self.out.is_empty() && self.encoder.is_some() && self.failed.is_none() {
                match self.step(cx) {
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(error)) => {
                        // The head leaves, and its body breaks off.
                        self.answer.fail();
                        self.failed = Some(error);
                    }
                    Poll::Pending => {
                        if self.eager || hesitation.as_mut().poll(cx).is_pending() {
                            return Poll::Pending;
                        }
                        return Poll::Ready(());
                    }
                }
            }
            Poll::Ready(())
        })
        .await;
        if self.failed == Some(BodyError::Record) {
            return Err(self.answer.why_unrecorded());
        }
        self.eager = true;
        poll_fn(|cx| self.answer.poll_head(cx)).await
    }

    /// Reads until the first bytes were judged, so that what is not to be passed is refused with a status of its own.
    pub(super) async fn judge(&mut self) -> Result<(), BodyError> {
        poll_fn(|cx| {
            while !self.text.is_judged() && !self.read {
                match self.step(cx) {
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                    Poll::Pending => return Poll::Pending,
                }
            }
            Poll::Ready(Ok(()))
        })
        .await
    }

    /// Does the next thing that can be done.
    fn step(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BodyError>> {
        match self.answer.poll(cx) {
            Poll::Ready(Some(Ok(bytes))) => return Poll::Ready(self.deliver(bytes)),
            Poll::Ready(Some(Err(_))) if self.answer.blown().is_some() => return Poll::Ready(Err(BodyError::Fuse)),
            Poll::Ready(Some(Err(_))) => return Poll::Ready(Err(BodyError::Record)),
            Poll::Ready(None) => {}
            Poll::Pending => return self.wait(cx),
        }
        if self.read {
            return Poll::Ready(self.finish());
        }
        match self.decoder.next() {
            Ok(Some(bytes)) => {
                let Ok(text) = self.text.decode(bytes) else {
                    return Poll::Ready(Err(BodyError::NotText));
                };
                self.take(text);
                // A body that is there whole is recorded whole, with one block and the leaf of its end.
                return Poll::Ready(if self.sent && self.decoder.is_drained() { self.end() } else { Ok(()) });
            }
            Ok(None) => {}
            Err(error) => return Poll::Ready(Err(error.into())),
        }
        if self.sent {
            return Poll::Ready(self.end());
        }
        match Pin::new(&mut self.upstream).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                self.waiting = false;
                if Instant::now() >= self.look.deadline() {
                    self.look.as_mut().reset(Instant::now() + LOOK);
                    if !self.answer.may_go_on() {
                        return Poll::Ready(Err(BodyError::Ended));
                    }
                }
                // Trailers are content that nobody needs: they are dropped.
                if let Ok(bytes) = frame.into_data() {
                    self.came.get_or_insert_with(Instant::now);
                    self.decoder.push(bytes);
                }
                if self.upstream.is_end_stream() {
                    self.sent = true;
                    self.decoder.end();
                }
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Some(Err(_))) => Poll::Ready(Err(BodyError::Upstream)),
            Poll::Ready(None) => {
                self.sent = true;
                self.decoder.end();
                Poll::Ready(Ok(()))
            }
            Poll::Pending => self.wait(cx),
        }
    }

    /// Nothing can be done now: what was compressed so far leaves, and the clocks are looked at.
    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BodyError>> {
        if self.eager && self.answer.flush().map_err(|_| BodyError::Record)? {
            return Poll::Ready(Ok(()));
        }
        if std::mem::take(&mut self.unflushed) {
            let flushed = self.encoder.as_mut().map_or(Ok(None), Encoder::flush);
            return Poll::Ready(flushed.map(|bytes| self.out.extend(bytes)).map_err(|_| BodyError::Coding));
        }
        if !std::mem::replace(&mut self.waiting, true) {
            let end = Instant::now() + self.idle;
            self.silence.as_mut().reset(end);
        }
        while self.look.as_mut().poll(cx).is_ready() {
            if !self.answer.may_go_on() {
                return Poll::Ready(Err(BodyError::Ended));
            }
            self.look.as_mut().reset(Instant::now() + LOOK);
            self.rest();
        }
        let late = self.until.as_mut().is_some_and(|until| until.as_mut().poll(cx).is_ready());
        if late || self.silence.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(BodyError::Timeout));
        }
        Poll::Pending
    }

    /// Gives back room that only reading needs, while the upstream is silent.
    fn rest(&mut self) {
        self.answer.rest();
        self.quoted.as_deref_mut().into_iter().chain(self.restores.as_deref_mut()).for_each(Redactor::rest);
    }

    /// Text of the upstream goes to where it is redacted.
    fn take(&mut self, text: Bytes) {
        let text = match &mut self.nested {
            Some(nested) => nested.filter(text),
            None => text,
        };
        self.lead(text);
    }

    fn lead(&mut self, text: Bytes) {
        let left_out = [&mut self.likelihoods, &mut self.secrets].into_iter().flatten();
        let text = left_out.fold(text, |text, left_out| left_out.filter(text));
        let (links, quoted, answer) = (&mut self.links, &mut self.quoted, &mut self.answer);
        links.rewrite(text, |text| match quoted {
            None => answer.push(Raw::from(text)),
            Some(quoted) => {
                quoted.push(Raw::from(text));
                pass(quoted, answer);
            }
        });
    }

    /// What was recorded goes to the client.
    fn deliver(&mut self, bytes: Clean) -> Result<(), BodyError> {
        let Some(restores) = &mut self.restores else { return self.encode(bytes) };
        restores.push(Raw::from(bytes.into_bytes()));
        self.restored()
    }

    fn restored(&mut self) -> Result<(), BodyError> {
        while let Some(segment) = self.restores.as_deref_mut().and_then(Redactor::poll) {
            if !segment.bytes().is_empty() {
                self.encode(segment.bytes().clone())?;
            }
        }
        Ok(())
    }

    fn encode(&mut self, bytes: Clean) -> Result<(), BodyError> {
        let Some(encoder) = &mut self.encoder else { return Ok(()) };
        self.unflushed = true;
        let sent = encoder.push(bytes.into_bytes()).map_err(|_| BodyError::Coding)?;
        self.out.extend(sent);
        Ok(())
    }

    /// Something leaves: it is not older than what came first since something left.
    fn left(&mut self) {
        if let (Some(came), Some(longest)) = (self.came.take(), &mut self.longest) {
            *longest = came.elapsed().max(*longest);
        }
        if self.encoder.is_none() && self.out.is_empty() {
            self.tell();
        }
    }

    /// Counts once how long it took.
    fn tell(&mut self) {
        if let Some(longest) = self.longest.take() {
            self.answer.delayed(longest);
        }
    }

    /// Everything was decoded.
    fn end(&mut self) -> Result<(), BodyError> {
        if !self.decoder.is_complete() {
            return Err(BodyError::Coding);
        }
        let rest = self.text.finish().map_err(|_| BodyError::NotText)?;
        self.take(rest);
        if let Some(rest) = self.nested.as_mut().map(Nested::finish) {
            self.lead(rest);
        }
        let rest = self.links.finish();
        match &mut self.quoted {
            None => self.answer.push(Raw::from(rest)),
            Some(quoted) => {
                quoted.push(Raw::from(rest));
                quoted.finish();
                pass(quoted, &mut self.answer);
            }
        }
        self.answer.finish();
        self.read = true;
        Ok(())
    }

    /// Everything was redacted.
    fn finish(&mut self) -> Result<(), BodyError> {
        if let Some(restores) = &mut self.restores {
            restores.finish();
            self.restored()?;
        }
        if let Some(encoder) = self.encoder.take() {
            let rest = encoder.finish().map_err(|_| BodyError::Coding)?;
            self.out.extend(rest);
        }
        Ok(())
    }
}

/// Everything that one redactor has for the next.
fn pass(from: &mut Redactor, to: &mut Answer) {
    while let Some(segment) = from.poll() {
        to.push(Raw::from(segment.bytes().clone().into_bytes()));
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Redacted<B> {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        loop {
            if let Some(bytes) = self.out.pop_front() {
                self.waiting = false;
                self.left();
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
            if let Some(error) = self.failed.take() {
                self.encoder = None;
                return Poll::Ready(Some(Err(error)));
            }
            if self.encoder.is_none() {
                self.tell();
                return Poll::Ready(None);
            }
            match self.step(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => {
                    // What was not sent stays unsent, and nothing follows an error.
                    self.encoder = None;
                    self.answer.fail();
                    return Poll::Ready(Some(Err(error)));
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.encoder.is_none() && self.out.is_empty() && self.failed.is_none()
    }
}

impl Body for ClientBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Some(waiting) = &self.waiting {
            waiting.goes_on();
        }
        let polled = match &mut self.sent {
            Sent::Own(own) => Poll::Ready(own.take().map(|own| Ok(Frame::data(own)))),
            Sent::Redacted(redacted) => Pin::new(&mut **redacted).poll_frame(cx),
        };
        if let (Poll::Ready(Some(Ok(_))), Some(waiting)) = (&polled, &self.waiting) {
            waiting.waits();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        match &self.sent {
            Sent::Own(own) => own.is_none(),
            Sent::Redacted(redacted) => redacted.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.sent {
            Sent::Own(own) => SizeHint::with_exact(own.as_ref().map_or(0, |own| own.len() as u64)),
            Sent::Redacted(_) => SizeHint::default(),
        }
    }
}

impl From<DecodeError> for BodyError {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::Bomb => Self::Bomb,
            DecodeError::Damaged => Self::Coding,
        }
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Upstream => "the upstream broke off",
            Self::Coding => "the answer cannot be decoded",
            Self::Bomb => "the answer grows beyond every measure when it is decoded",
            Self::NotText => "the answer is not what it says it is",
            Self::Timeout => "the answer took too long",
            Self::Record => "the answer cannot be recorded",
            Self::Ended => "the credential or the session has ended",
            Self::Fuse => "the answer is more than may leave in one request, or in an hour",
        })
    }
}

impl std::error::Error for BodyError {}
