//! The body of a request on its way up: as it came, read for what must not go up, or written anew.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use blackbar_engine::{Finding, Format, Kind, Raw, Redactor};
use blackbar_wire::http::Charset;
use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};

use super::arriving::{Arriving, UpBroken};
use super::envelope::Envelope;
use super::problem::{self, Problem};
use super::replaced::Found;
use super::text::Text;

/// What the upstream is sent.
pub(super) struct UpBody {
    from: Arriving,
    reading: Option<Box<Reading>>,
    /// Read, and not sent. The last of it waits for the end of the body, which is judged with it.
    out: VecDeque<Bytes>,
    over: bool,
}

/// Reads a body as the upstream will, and writes what it may be sent.
pub(super) struct Reading {
    text: Text,
    writer: Redactor,
    /// What a finding of the writer means.
    rule: Rule,
    /// Finds what looks like any other value, under the profile that its answers have. What it writes is dropped.
    alike: Option<(Redactor, Disguise)>,
    /// Calls of tools are judged before anything goes up, and never on the way.
    envelope: Option<Envelope>,
    verdict: Verdict,
}

/// Whether what was found looks like any other value once it is replaced.
pub(super) type Disguise = Box<dyn Fn(&Finding) -> bool + Send + Sync>;

/// What becomes of the findings of a reading.
pub(super) enum Rule {
    /// What is found has been replaced: the body is redacted.
    Redacts,
    /// Replacements end the body. So do values of these kinds that have no detail.
    Refuses(Vec<Kind>),
}

/// Why a body must not go up, for whoever waits for the answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Verdict(Arc<AtomicU8>);

/// So much is read before the upstream is asked: shorter bodies are judged whole, and sent with their length.
const AHEAD: usize = 256 << 10;

impl UpBody {
    /// A body that goes up as it came.
    pub(super) fn new(from: Arriving) -> Self {
        Self { from, reading: None, out: VecDeque::new(), over: false }
    }

    /// A body that is read on its way.
    pub(super) fn read_by(from: Arriving, reading: Reading) -> Self {
        Self { reading: Some(Box::new(reading)), ..Self::new(from) }
    }

    /// Reads ahead, so that a short body is judged before the upstream knows of it.
    pub(super) async fn prepare(&mut self) -> Result<(), UpBroken> {
        if self.reading.is_none() {
            return Ok(());
        }
        let whole = self.from.gather(AHEAD).await?;
        let kept = self.from.kept().clone();
        self.from.replace(Bytes::new());
        self.read(kept)?;
        if whole {
            self.end()?;
            let mut all = BytesMut::with_capacity(self.out.iter().map(Bytes::len).sum());
            self.out.drain(..).for_each(|bytes| all.extend_from_slice(&bytes));
            self.out.extend((!all.is_empty()).then(|| all.freeze()));
        }
        Ok(())
    }

    fn read(&mut self, bytes: Bytes) -> Result<(), UpBroken> {
        match &mut self.reading {
            None => self.out.push_back(bytes),
            Some(reading) => reading.read(bytes, &mut self.out)?,
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), UpBroken> {
        if !std::mem::replace(&mut self.over, true)
            && let Some(reading) = &mut self.reading
        {
            reading.end(&mut self.out)?;
        }
        Ok(())
    }
}

impl Reading {
    /// `format` is the one that the label says; a body that begins otherwise is read as what it is.
    pub(super) fn new(charset: Charset, format: Format, writer: Redactor, rule: Rule, verdict: Verdict) -> Self {
        Self { text: Text::new(charset, format), writer, rule, alike: None, envelope: None, verdict }
    }

    /// The same, also looking for what `alike` would replace by what looks like it.
    pub(super) fn with_alike(self, alike: Redactor, disguise: Disguise) -> Self {
        Self { alike: Some((alike, disguise)), ..self }
    }

    /// The same, ending the body when it turns out to call a tool.
    pub(super) fn with_envelope(self, envelope: Envelope) -> Self {
        Self { envelope: Some(envelope), ..self }
    }

    fn read(&mut self, bytes: Bytes, out: &mut VecDeque<Bytes>) -> Result<(), UpBroken> {
        let text = self.text.decode(bytes);
        self.take(text, out)
    }

    fn end(&mut self, out: &mut VecDeque<Bytes>) -> Result<(), UpBroken> {
        let rest = self.text.finish();
        self.take(rest, out)?;
        self.writer.finish();
        if let Some((alike, _)) = &mut self.alike {
            alike.finish();
        }
        self.settle(out)
    }

    fn take(&mut self, text: Result<Bytes, super::text::NotText>, out: &mut VecDeque<Bytes>) -> Result<(), UpBroken> {
        let Ok(text) = text else { return Err(self.verdict.refuse(Why::NotText)) };
        if self.envelope.as_mut().is_some_and(|envelope| envelope.read(&text).is_call()) {
            return Err(self.verdict.refuse(Why::LateCall));
        }
        if let Some((alike, _)) = &mut self.alike {
            alike.push(Raw::from(text.clone()));
        }
        self.writer.push(Raw::from(text));
        self.settle(out)
    }

    fn settle(&mut self, out: &mut VecDeque<Bytes>) -> Result<(), UpBroken> {
        if let Some((alike, disguise)) = &mut self.alike {
            while let Some(segment) = alike.poll() {
                if segment.finding().is_some_and(&*disguise) {
                    return Err(self.verdict.refuse(Why::Replacement));
                }
            }
        }
        while let Some(segment) = self.writer.poll() {
            if let (Rule::Refuses(details), Some(finding)) = (&self.rule, segment.finding()) {
                let refused = match Found::from(finding) {
                    Found::Turned | Found::Kept => false,
                    Found::Replacement => true,
                    Found::Detail(kind) => details.contains(&kind),
                };
                if refused {
                    return Err(self.verdict.refuse(Why::Replacement));
                }
            }
            let bytes = segment.bytes();
            if !bytes.is_empty() {
                out.push_back(bytes.clone().into_bytes());
            }
        }
        Ok(())
    }
}

/// Why a body must not go up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Why {
    /// It carries what took the place of an identifier.
    Replacement = 1,
    /// It is not the text that it says it is.
    NotText = 2,
    /// It calls a tool behind so much else that the call was not judged.
    LateCall = 3,
}

impl Verdict {
    fn refuse(&self, why: Why) -> UpBroken {
        self.0.store(why as u8, Ordering::Relaxed);
        UpBroken::Refused
    }

    /// Why it did not go up, if it did not.
    pub(super) fn why(&self) -> Option<Why> {
        [Why::Replacement, Why::NotText, Why::LateCall]
            .into_iter()
            .find(|why| *why as u8 == self.0.load(Ordering::Relaxed))
    }

    pub(super) fn problem(&self) -> Option<Problem> {
        let (status, detail) = match self.why()? {
            Why::Replacement => (
                422,
                "the body carries what took the place of an identifier, which would overwrite it; leave out what was read redacted",
            ),
            Why::NotText => (415, "the body is not the text that it says it is, or in a charset that cannot be read"),
            Why::LateCall => (413, "a call of a tool has a body of at most 1 MiB, in UTF-8"),
        };
        Some(Problem::new(problem::Kind::BadRequest, status, detail))
    }
}

impl Body for UpBody {
    type Data = Bytes;
    type Error = UpBroken;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, UpBroken>>> {
        loop {
            let ready = self.reading.is_none() || self.over || self.out.len() > 1;
            if ready && let Some(bytes) = self.out.pop_front() {
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
            if self.over {
                return Poll::Ready(None);
            }
            let read = match self.from.poll(cx) {
                Poll::Ready(Some(Ok(bytes))) => self.read(bytes),
                Poll::Ready(Some(Err(error))) => Err(error),
                Poll::Ready(None) => self.end(),
                Poll::Pending => return Poll::Pending,
            };
            if let Err(error) = read {
                self.out.clear();
                self.over = true;
                return Poll::Ready(Some(Err(error)));
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.out.is_empty() && (self.over || self.reading.is_none() && self.from.is_over())
    }

    fn size_hint(&self) -> SizeHint {
        let here = self.out.iter().map(Bytes::len).sum::<usize>() as u64;
        let more = if self.over {
            Some(0)
        } else if self.reading.is_none() {
            self.from.len()
        } else {
            None
        };
        more.map_or_else(SizeHint::default, |more| SizeHint::with_exact(here + more))
    }
}

impl std::fmt::Debug for Reading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reading(…)")
    }
}
