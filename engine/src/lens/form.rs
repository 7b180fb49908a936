//! Form data (`application/x-www-form-urlencoded`): names and values between `&`, with `+` and `%hh` for other bytes.

use std::sync::Arc;

use super::Sink;
use super::paths::PathInfo;
use crate::output::Place;
use crate::{ByteSet, Meaning, Slot};

/// The length of an escape.
pub(super) const ESCAPE: usize = 3;
/// Longer names mean nothing.
const LONGEST_NAME: usize = 128;
/// Longer values are no subject of care.
const LONGEST_CAPTURE: usize = 256;
const STOPS: ByteSet = ByteSet::of(b"&=+%\r\n");

#[derive(Default)]
pub(crate) struct Form {
    /// Behind the equals sign of a pair.
    in_value: bool,
    open: bool,
    name: Vec<u8>,
    /// The name is itself an identifier, or too long.
    secret: bool,
    captured: Vec<u8>,
    too_long: bool,
    info: Option<Arc<PathInfo>>,
    pending: Vec<u8>,
    pending_at: u64,
}

impl Form {
    pub(crate) fn feed(&mut self, sink: &mut Sink<'_>) {
        let mut at = sink.from;
        while let Some(&byte) = sink.chunk.get(at) {
            at = self.step(sink, at, byte);
        }
    }

    pub(crate) fn end(&mut self, sink: &mut Sink<'_>) {
        self.spill(sink);
        self.end_pair(sink);
        sink.record(sink.base + sink.chunk.len() as u64);
    }

    fn step(&mut self, sink: &mut Sink<'_>, at: usize, byte: u8) -> usize {
        let (here, next) = (sink.base + at as u64, at + 1);
        if !self.pending.is_empty() {
            if !byte.is_ascii_hexdigit() {
                self.spill(sink);
                return at;
            }
            self.pending.push(byte);
            if self.pending.len() == ESCAPE {
                let digit =
                    |i: usize| self.pending.get(i).and_then(|byte| char::from(*byte).to_digit(16)).unwrap_or_default();
                let text = [u8::try_from(digit(1) * 16 + digit(2)).unwrap_or_default()];
                self.pending.clear();
                self.decoded(sink, &text, self.pending_at..here + 1);
            }
            return next;
        }
        match byte {
            b'%' => {
                self.pending.push(byte);
                self.pending_at = here;
            }
            b'+' => self.decoded(sink, b" ", here..here + 1),
            b'&' | b'\r' | b'\n' => {
                self.end_pair(sink);
                if matches!(byte, b'\n') {
                    sink.record(here + 1);
                }
                sink.structure(here + 1);
            }
            b'=' if !self.in_value => {
                self.end_run(sink);
                self.in_value = true;
                sink.structure(here + 1);
            }
            b'=' => self.decoded(sink, b"=", here..here + 1),
            _ => {
                self.begin(sink, here);
                let rest = sink.chunk.get(at..).unwrap_or_default();
                let len = rest.iter().position(|byte| STOPS.has(*byte)).unwrap_or(rest.len());
                self.note(rest.get(..len).unwrap_or_default());
                sink.text(at..at + len, false);
                return at + len;
            }
        }
        next
    }

    fn decoded(&mut self, sink: &mut Sink<'_>, text: &[u8], raw: std::ops::Range<u64>) {
        self.begin(sink, raw.start);
        self.note(text);
        sink.decoded(text, raw, false);
    }

    /// An escape that is none stands for itself.
    fn spill(&mut self, sink: &mut Sink<'_>) {
        let pending = std::mem::take(&mut self.pending);
        if !pending.is_empty() {
            self.decoded(sink, &pending, self.pending_at..self.pending_at + pending.len() as u64);
        }
    }

    fn begin(&mut self, sink: &mut Sink<'_>, at: u64) {
        if self.open {
            return;
        }
        sink.structure(at);
        self.captured.clear();
        self.too_long = false;
        self.open = true;
        if self.in_value {
            let named = !self.name.is_empty() || self.secret;
            let secret = self.secret;
            let info =
                named.then(|| sink.paths.info(&[&self.name], None, &|_| secret, sink.compiled, sink.out.rules()));
            sink.open_field(Slot::Form, info.as_ref(), 0);
            self.info = info;
        } else {
            sink.open(Place { slot: Slot::Form, ..Place::default() }, Meaning::default());
        }
    }

    fn note(&mut self, text: &[u8]) {
        self.too_long |= self.captured.len() + text.len() > LONGEST_CAPTURE;
        self.captured.extend_from_slice(if self.too_long { b"" } else { text });
    }

    fn end_run(&mut self, sink: &mut Sink<'_>) {
        let open = std::mem::take(&mut self.open);
        if open {
            sink.close();
        } else {
            self.captured.clear();
        }
        if !self.in_value {
            self.secret = open && (sink.out.found > 0 || self.too_long || self.captured.len() > LONGEST_NAME);
            self.name.clear();
            if !self.secret {
                self.name.extend_from_slice(&self.captured);
            }
        } else if open && !self.too_long && self.info.as_ref().is_some_and(|info| info.subject) {
            sink.out.learn_subject(&self.captured);
        }
        self.info = None;
    }

    fn end_pair(&mut self, sink: &mut Sink<'_>) {
        self.end_run(sink);
        self.in_value = false;
        self.name.clear();
        self.secret = false;
    }
}
