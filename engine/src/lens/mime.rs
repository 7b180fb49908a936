//! E-mails and forms in parts: each field of a header is a run, with its encoded words, and each part is read through the
//! lens of its media type, behind its transfer encoding.
//!
//! Lines are gathered before they are read, 8 KiB at most. A line end belongs to what is before it only when more of that
//! follows: the one before a boundary is structure.

mod header;

use super::Sink;
use super::inside::{Beginning, MOST_PACKED, Nest};
use super::log::{LINE, LONGEST_LINE};
use super::packed::{Content, So, look_into};
use crate::output::Place;
use crate::{Meaning, Slot};

pub(crate) use self::header::{Encoding, Headers, LONGEST_FIELD, MOST_BOUNDARIES, boundary, looks_like, quoted, words};

/// A longer line is no boundary.
const LONGEST_BOUNDARY: usize = 256;

#[derive(Default)]
pub(crate) struct Mime {
    /// Where the line begins that is being gathered.
    start: Option<u64>,
    /// What earlier chunks held of it.
    gathered: Vec<u8>,
    /// It is longer than is gathered: what comes goes on what came.
    flows: bool,
    boundaries: Vec<Vec<u8>>,
    state: State,
    headers: Headers,
    /// The field of a header that is being read.
    field: Vec<u8>,
    /// The line end behind what was read last, and where it lies.
    end: Vec<u8>,
    end_at: u64,
    /// A line end of quoted-printable that is none: it belongs to what follows.
    glue: Option<u64>,
}

#[derive(Default)]
enum State {
    /// Before the first field of a header.
    #[default]
    Headers,
    /// In a field: a run is open.
    Field,
    /// In a run: the value of a field of a form, or what stands between parts.
    Run,
    /// Between parts, where nothing stands yet.
    Between,
    /// In a part that another lens reads.
    Nested(Box<Nest>),
    /// In base64.
    Packed(Box<Beginning>),
}

impl Mime {
    pub(crate) fn feed(&mut self, sink: &mut Sink<'_>) {
        let (chunk, base) = (sink.chunk, sink.base);
        let mut at = sink.from;
        while at < chunk.len() {
            let start = *self.start.get_or_insert(base + at as u64);
            let gathered = usize::try_from(base + at as u64 - start).unwrap_or(usize::MAX);
            let rest = chunk.get(at..).unwrap_or_default();
            let len = memchr::memchr(b'\n', rest).map_or(rest.len(), |len| len + 1);
            let ends = rest.get(..len).is_some_and(|line| line.ends_with(b"\n"));
            let room = LONGEST_LINE.saturating_sub(gathered);
            if ends && len <= room {
                self.read_gathered(sink, at + len, true);
                at += len;
            } else if len >= room {
                self.read_gathered(sink, at + room, false);
                self.flows = true;
                at += room;
            } else {
                at += len;
            }
        }
    }

    pub(crate) fn end(&mut self, sink: &mut Sink<'_>) {
        if self.start.is_some() {
            self.read_gathered(sink, 0, true);
        }
        self.flows = false;
        self.more(sink);
        self.end_part(sink);
        self.boundaries.clear();
        self.state = State::Headers;
        self.headers = Headers::default();
        sink.record(sink.base + sink.chunk.len() as u64);
    }

    /// Copies what was gathered, as the chunk goes away.
    pub(crate) fn park(&mut self, sink: &mut Sink<'_>) {
        sink.gather(self.start, &mut self.gathered);
    }

    /// Reads the line that was gathered, which goes on to `end` of the chunk; `whole` says that it ends there.
    fn read_gathered(&mut self, sink: &mut Sink<'_>, end: usize, whole: bool) {
        let Some(start) = self.start.take() else { return };
        let fresh = !std::mem::replace(&mut self.flows, !whole);
        let here = sink.chunk.get(..end).unwrap_or_default();
        if self.gathered.is_empty() {
            let from = usize::try_from(start - sink.base).unwrap_or(usize::MAX);
            self.line(&mut sink.over(here, sink.base), from, fresh);
        } else {
            let mut line = std::mem::take(&mut self.gathered);
            line.extend_from_slice(here);
            sink.out.stats.copied += here.len() as u64;
            let mut whole = sink.over(&line, start);
            self.line(&mut whole, 0, fresh);
            whole.park();
            line.clear();
            self.gathered = line;
        }
    }

    /// Reads a line, or, if it is not `fresh`, what follows of a long one: all from `from` of the chunk on.
    fn line(&mut self, sink: &mut Sink<'_>, from: usize, fresh: bool) {
        let line = sink.chunk.get(from..).unwrap_or_default();
        let content = line.strip_suffix(b"\n").map_or(line, |line| line.strip_suffix(b"\r").unwrap_or(line));
        let (at, end) = (sink.base + from as u64, line.get(content.len()..).unwrap_or_default());
        let (end_at, behind) = (at + content.len() as u64, at + line.len() as u64);
        if fresh
            && content.len() <= LONGEST_BOUNDARY
            && let Some((i, last)) = boundary(content, &self.boundaries)
        {
            self.end_part(sink);
            self.boundaries.truncate(if last { i } else { i + 1 });
            self.state = if last { State::Between } else { State::Headers };
            self.headers = Headers::default();
            sink.structure(behind);
            return;
        }
        let first_parts =
            fresh && at == 0 && content.starts_with(b"--") && (5..=LONGEST_BOUNDARY).contains(&content.len());
        if first_parts && matches!(self.state, State::Headers) {
            // A form in parts: what it is called is told elsewhere.
            self.boundaries.push(content.get(2..).unwrap_or_default().trim_ascii_end().to_vec());
            sink.structure(behind);
            return;
        }
        let folded = matches!(content.first(), Some(b' ' | b'\t'));
        match self.state {
            State::Headers | State::Field if fresh && content.is_empty() => {
                self.end_field(sink);
                sink.structure(behind);
                self.begin_body(sink, behind);
                return;
            }
            State::Field if !fresh || folded => self.more(sink),
            State::Headers | State::Field => {
                self.end_field(sink);
                sink.structure(at);
                sink.open(Place { slot: LINE, ..Place::default() }, Meaning::default());
                self.state = State::Field;
            }
            State::Between => {
                sink.structure(at);
                sink.open(Place::default(), Meaning::default());
                self.state = State::Run;
            }
            State::Run | State::Nested(_) | State::Packed(_) => self.more(sink),
        }
        self.content(sink, content, at);
        self.end.clear();
        self.end.extend_from_slice(end);
        self.end_at = end_at;
    }

    /// More follows of what is being read: the line end before it belongs to it.
    fn more(&mut self, sink: &mut Sink<'_>) {
        let end = std::mem::take(&mut self.end);
        if end.is_empty() {
            return;
        }
        let (at, len) = (self.end_at, end.len() as u64);
        match &mut self.state {
            State::Field if self.field.len() < LONGEST_FIELD => {
                self.field.push(b' ');
                sink.decoded(&end, at..at + len, false);
            }
            State::Nested(_) if self.glue.is_some() => {}
            State::Nested(nest) => nest.feed(sink, &end, at, len),
            State::Packed(_) => self.pack(sink, &end, at),
            State::Field | State::Run => sink.decoded(&end, at..at + len, false),
            State::Headers | State::Between => {}
        }
    }

    /// Bytes of a line, without its end.
    fn content(&mut self, sink: &mut Sink<'_>, content: &[u8], at: u64) {
        match &mut self.state {
            State::Field => {
                let room = LONGEST_FIELD.saturating_sub(self.field.len());
                self.field.extend(content.iter().take(room));
                let mut at = at;
                for (text, len) in words(content) {
                    sink.decoded(&text, at..at + len as u64, false);
                    at += len as u64;
                }
            }
            State::Nested(nest) if self.headers.encoding == Encoding::Quoted => {
                let mut at = at;
                for (text, len) in quoted(content) {
                    let raw = at..at + len as u64;
                    at = raw.end;
                    if text.is_empty() {
                        self.glue.get_or_insert(raw.start);
                        continue;
                    }
                    let (first, rest) = match self.glue.take() {
                        // The first byte that follows is spelt by the line end too.
                        Some(from) if text.len() as u64 == raw.end - raw.start => {
                            nest.feed(sink, text.get(..1).unwrap_or_default(), from, raw.start + 1 - from);
                            (raw.start + 1, text.get(1..).unwrap_or_default())
                        }
                        Some(from) => {
                            nest.feed(sink, &text, from, raw.end - from);
                            continue;
                        }
                        None => (raw.start, &*text),
                    };
                    nest.feed(sink, rest, first, raw.end - first);
                }
            }
            State::Nested(nest) => nest.feed(sink, content, at, content.len() as u64),
            State::Packed(_) => self.pack(sink, content, at),
            State::Run | State::Headers | State::Between => {
                if !content.is_empty() {
                    sink.decoded(content, at..at + content.len() as u64, false);
                }
            }
        }
    }

    fn end_field(&mut self, sink: &mut Sink<'_>) {
        if matches!(self.state, State::Field) {
            sink.close();
            self.headers.note(&self.field);
            self.state = State::Headers;
        }
        self.field.clear();
        self.end.clear();
    }

    /// The headers are over; the body begins at `at`.
    fn begin_body(&mut self, sink: &mut Sink<'_>, at: u64) {
        self.glue = None;
        if let Some(boundary) = self.headers.boundary.take_if(|_| self.boundaries.len() < MOST_BOUNDARIES) {
            self.boundaries.push(boundary);
            self.state = State::Between;
            return;
        }
        if self.headers.is_message() {
            self.headers = Headers::default();
            return;
        }
        let format = self.headers.format();
        self.state = match self.headers.encoding {
            Encoding::Base64 => State::Packed(Box::new(Beginning::declared())),
            Encoding::Quoted => State::Nested(Box::new(Nest::new(format, Slot::Quoted, 0))),
            Encoding::Plain => match &self.headers.name {
                Some(name) if format == super::Format::Text => {
                    let info = sink.paths.info(&[name], None, &|_| false, sink.compiled, sink.out.rules());
                    sink.structure(at);
                    sink.open_field(Slot::Text, Some(&info), 0);
                    State::Run
                }
                _ => State::Nested(Box::new(Nest::new(format, Slot::Text, 0))),
            },
        };
    }

    /// The part ends; the line end before is structure.
    fn end_part(&mut self, sink: &mut Sink<'_>) {
        self.end.clear();
        self.glue = None;
        match std::mem::take(&mut self.state) {
            State::Headers | State::Between => {}
            State::Field => {
                sink.close();
                self.field.clear();
            }
            State::Run => sink.close(),
            State::Nested(mut nest) => nest.end(sink),
            State::Packed(beginning) => self.end_packed(sink, *beginning),
        }
    }

    /// More base64, or what is none.
    fn pack(&mut self, sink: &mut Sink<'_>, text: &[u8], at: u64) {
        let State::Packed(beginning) = &mut self.state else { return };
        beginning.add(text, at, text.len() as u64);
        let cut = match beginning.scan(false) {
            So::Far | So::Whole => return,
            So::No => false,
            So::TooLong => true,
        };
        if let State::Packed(beginning) = std::mem::take(&mut self.state) {
            open_unpacked(sink, *beginning, cut.then_some(true));
            self.state = State::Run;
        }
    }

    fn end_packed(&mut self, sink: &mut Sink<'_>, mut beginning: Beginning) {
        let whole = beginning.scan(true) == So::Whole;
        match look_into(beginning.text(), sink.out.packing >= MOST_PACKED, false) {
            Content::Text(decoded, format) if whole => {
                sink.read_packed(&beginning, &decoded, format, Slot::Text, 0, None);
                return;
            }
            Content::Opaque(_) if whole => open_unpacked(sink, beginning, Some(false)),
            _ => open_unpacked(sink, beginning, None),
        }
        sink.close();
    }
}

/// Opens a run for what waits: it is replaced whole when nothing can look into it, which `cut` says is so, or may be so.
fn open_unpacked(sink: &mut Sink<'_>, mut beginning: Beginning, cut: Option<bool>) {
    let kind = cut.and_then(|cut| match look_into(beginning.text(), true, cut) {
        Content::Opaque(head) => sink.opaque(&head, None),
        _ => None,
    });
    match kind {
        Some(kind) => sink.open_claimed(Slot::Text, None, 0, kind),
        None => sink.open_field(Slot::Text, None, 0),
    }
    for (text, at, len) in beginning.drain() {
        sink.decoded(&text, at..at + len, false);
    }
}
