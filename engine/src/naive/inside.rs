//! Texts that are themselves of a format. What a whole text is, is told by the same pure functions as in the lens.

use super::formats::Run;
use super::{Edit, Oracle, pieces};
use crate::lens::inside::{Guess, MOST_PACKED, May, guess};
use crate::lens::packed::{Content, Decoded, MOST_EXCESS, MOST_TEXT, Scan, So, look_into, patched};
use crate::lens::paths::PathInfo;
use crate::operator::Operator;
use crate::{Finding, Format, Kind, Markup, Slot};

/// What a run is.
pub(super) enum What {
    Text,
    /// All of it is replaced.
    Claimed(Kind),
    /// It is read as this format.
    Of(Format),
    /// It stands for these bytes, which are read as this format.
    Packed(Decoded, Format),
}

impl Oracle<'_> {
    pub(super) fn what_is(&self, stream: Format, run: &Run, info: Option<&PathInfo>) -> What {
        if let Some(format) = run.format {
            return What::Of(format);
        }
        let result = run.typed.as_ref().is_some_and(|typed| typed.len() > 1 && typed[0] == b"OBX" && typed[1] == b"5");
        let nests = match run.slot {
            Slot::String | Slot::Copy | Slot::Sql { quoted: true, .. } => !run.joined,
            Slot::Segment(_) => result && !run.prose,
            _ => false,
        };
        let packs = matches!(run.slot, Slot::Markup(Markup::Text | Markup::Attribute { quote: 1.. }));
        if !nests && !packs && !run.base64 {
            return What::Text;
        }
        let fields = self.scanner.inner.fields.as_ref();
        let may = May::be(info, stream.is_stream(), run.around.depth());
        let guess = if run.base64 {
            match Scan::declared().look(&run.text, true) {
                So::TooLong => Guess::Packed { cut: true },
                So::Whole => Guess::Packed { cut: false },
                _ => Guess::Text,
            }
        } else if nests {
            self.guess(run, may)
        } else {
            markup(run, may)
        };
        let cut = match guess {
            Guess::Unknown | Guess::Text => return What::Text,
            Guess::Format(format) => return What::Of(format),
            Guess::Packed { cut } => cut,
        };
        match look_into(&run.text, cut || self.packing >= MOST_PACKED, cut) {
            Content::None => What::Text,
            Content::Text(decoded, format) => What::Packed(decoded, format),
            Content::Opaque(head) => {
                let meant = info.is_some_and(|info| info.meaning.kind.is_some());
                let kind = fields.filter(|_| !meant).and_then(|fields| fields.opaque(&head));
                let counts = |kind: &Kind| !self.rules.is_off(*kind) && self.rules.operator(*kind) != Operator::Keep;
                kind.filter(counts).map_or(What::Text, What::Claimed)
            }
        }
    }

    /// What a text is that may be of any format, unless it is spelt at too great a length before that is known.
    fn guess(&self, run: &Run, may: May) -> Guess {
        let excess = |i: usize| (run.raw[i].1 - run.raw[0].0).saturating_sub(i + 1) as u64;
        let last = |i: &usize| run.raw.get(i + 1).is_none_or(|next| *next != run.raw[*i]);
        let far = (0..run.text.len()).filter(last).find(|i| excess(*i) > MOST_EXCESS);
        let early = far.map(|i| guess(&run.text[..=i], false, may, &mut Scan::default()));
        match early {
            Some(Guess::Unknown) => Guess::Packed { cut: true },
            Some(other) => other,
            None => guess(&run.text, true, may, &mut Scan::default()),
        }
    }

    /// What changes of a run that stands for other bytes.
    pub(super) fn packed(&self, run: &Run, info: Option<&PathInfo>, decoded: &Decoded, format: Format) -> Vec<Edit> {
        let mut inner = Oracle { memory: Vec::new(), record: 0, objects: 0, packing: self.packing + 1, ..*self };
        let edits = inner.edits(format, &decoded.bytes);
        let index = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
        let mut changes: Vec<_> =
            pieces(&edits).into_iter().map(|(start, end, with)| (index(start), index(end), with)).collect();
        changes.sort_by_key(|change| (change.0, change.1));
        let told: Vec<Finding> = edits.into_iter().map(|(finding, _)| finding).collect();
        let mut all = Vec::new();
        for (patch, findings) in patched(decoded, run.text.len(), &changes, told) {
            let (start, end) = (run.raw[patch.start].0 as u64, run.raw[patch.end - 1].1 as u64);
            let position = crate::lens::encode::Position {
                slot: run.slot,
                delimiter: run.delimiter,
                around: run.around,
                serial: 0,
            };
            let mut with = Some(crate::lens::encode::replacement(position, &patch.with, Operator::Keep).to_vec());
            for finding in findings {
                let field = finding.field.clone().or_else(|| info.map(|info| info.name.clone()));
                let parts = vec![(start, end)];
                all.push((Finding { start, end, parts, field, ..finding }, with.take()));
            }
        }
        all
    }
}

/// What a text or a value of an attribute in markup is: base64, when nothing else spells or parts it.
fn markup(run: &Run, may: May) -> Guess {
    if !may.pack {
        return Guess::Text;
    }
    let plain = |i: &usize| run.raw[*i].1 == run.raw[*i].0 + 1 && run.raw[*i].0 == run.raw[0].0 + i;
    let whole = (0..run.text.len()).take_while(plain).count().min(run.touched.unwrap_or(usize::MAX));
    // A comment behind it parts it from what may follow, whether anything does or not.
    let ends = whole == run.text.len() && run.touched.is_none();
    match Scan::default().look(&run.text[..whole], ends) {
        So::TooLong => Guess::Packed { cut: true },
        So::Whole if ends => Guess::Packed { cut: false },
        _ => Guess::Text,
    }
}

/// So long a text is never looked into, which the documents of tests are not.
const _: () = assert!(MOST_TEXT > 4096, "the laws are about what is gathered");
