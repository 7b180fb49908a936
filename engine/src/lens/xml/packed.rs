//! Texts and values of attributes that may be base64: they wait until they end, or turn out to be none.

use std::ops::Range;
use std::sync::Arc;

use super::Xml;
use crate::lens::Sink;
use crate::lens::inside::{Beginning, MOST_PACKED};
use crate::lens::packed::{Content, Scan, So, look_into};
use crate::lens::paths::PathInfo;
use crate::{Kind, Markup, Slot};

/// A text for which no run is open yet.
pub(super) struct Unpacked {
    markup: Markup,
    info: Option<Arc<PathInfo>>,
    beginning: Beginning,
}

impl Unpacked {
    /// Whether a text that begins so may be base64.
    pub(super) fn may_begin(piece: &[u8]) -> bool {
        Scan::default().look(piece, false) != So::No
    }
}

impl Xml {
    /// Begins to gather a text in a place where it may be base64.
    pub(super) fn begin_packed(&mut self, sink: &mut Sink<'_>, markup: Markup, info: Option<&Arc<PathInfo>>) -> bool {
        let may = sink.may(info.map(Arc::as_ref)).pack;
        let info = info.cloned();
        self.packed = may.then(|| Unpacked { markup, info, beginning: Beginning::default() });
        may
    }

    /// The text goes on.
    pub(super) fn add_packed(&mut self, sink: &mut Sink<'_>, range: Range<usize>) {
        let Some(unpacked) = &mut self.packed else { return };
        let piece = sink.chunk.get(range.clone()).unwrap_or_default();
        unpacked.beginning.add(piece, sink.base + range.start as u64, piece.len() as u64);
        match unpacked.beginning.scan(false) {
            So::Far | So::Whole => {}
            So::No => self.open_packed(sink),
            So::TooLong => self.claim_packed(sink, true),
        }
    }

    /// The text is an ordinary one, if one waits.
    pub(super) fn open_packed(&mut self, sink: &mut Sink<'_>) {
        if let Some(unpacked) = self.packed.take() {
            self.open_waiting(sink, unpacked, None);
        }
    }

    /// The text ends, if one waits. A run may be open then.
    pub(super) fn end_packed(&mut self, sink: &mut Sink<'_>) {
        let Some(unpacked) = &mut self.packed else { return };
        if unpacked.beginning.scan(true) != So::Whole {
            self.open_packed(sink);
            return;
        }
        match look_into(unpacked.beginning.text(), sink.out.packing >= MOST_PACKED, false) {
            Content::None => self.open_packed(sink),
            Content::Opaque(_) => self.claim_packed(sink, false),
            Content::Text(decoded, format) => {
                if let Some(Unpacked { markup, info, beginning }) = self.packed.take() {
                    sink.read_packed(&beginning, &decoded, format, Slot::Markup(markup), 0, info.as_ref());
                }
            }
        }
    }

    /// What nothing can look into is replaced whole.
    fn claim_packed(&mut self, sink: &mut Sink<'_>, cut: bool) {
        let Some(unpacked) = self.packed.take() else { return };
        let kind = match look_into(unpacked.beginning.text(), true, cut) {
            Content::Opaque(head) => sink.opaque(&head, unpacked.info.as_deref()),
            _ => None,
        };
        self.open_waiting(sink, unpacked, kind);
    }

    fn open_waiting(&mut self, sink: &mut Sink<'_>, unpacked: Unpacked, claim: Option<Kind>) {
        let Unpacked { markup, info, mut beginning } = unpacked;
        match claim {
            None => self.open_field(sink, markup, info),
            Some(kind) => {
                self.set_apart(sink);
                self.capturing = false;
                sink.open_claimed(Slot::Markup(markup), info.as_ref(), 0, kind);
                self.info = info;
                self.open = true;
            }
        }
        for (text, at, len) in beginning.drain() {
            self.note(&text);
            sink.decoded(&text, at..at + len, false);
        }
    }
}
