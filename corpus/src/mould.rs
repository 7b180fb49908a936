//! Syntax with slots: what stands between braces is filled and encoded, everything else is written as it is.

use crate::calendar::Date;
use crate::rich::Rich;
use crate::scribe::Scribe;
use crate::writer::{Encoding, Writer};

/// A format's way to write values into its syntax.
pub(crate) struct Mould<'a> {
    pub(crate) encoding: Encoding,
    /// Changes what the format cannot spell, before it is encoded.
    pub(crate) trim: &'a dyn Fn(&mut String),
}

impl Mould<'_> {
    /// Writes `mould`, whose slots are those of templates, and `born` and `day`, the patient's birthday and a late
    /// day in digits.
    pub(crate) fn write(&self, scribe: &mut Scribe, mould: &str, out: &mut Writer) {
        let mut rest = mould;
        while let Some((syntax, behind)) = rest.split_once('{') {
            out.syntax(syntax);
            let (slot, behind) = behind.split_once('}').unwrap_or((behind, ""));
            let mut rich = match slot {
                "born" => day(scribe.cast.patient.born),
                "day" => day(recent(scribe)),
                _ => scribe.fill(&format!("{{{slot}}}")),
            };
            for piece in rich.pieces_mut() {
                (self.trim)(&mut piece.text);
            }
            out.rich(&rich, self.encoding, &mut scribe.rng);
            rest = behind;
        }
        out.syntax(rest);
    }
}

fn recent(scribe: &mut Scribe) -> Date {
    let ago = i32::try_from(scribe.rng.range(1, 400)).unwrap_or(1);
    scribe.cast.today.plus(-ago)
}

fn day(date: Date) -> Rich {
    Rich::label("date", format!("{}{:02}{:02}", date.year, date.month, date.day))
}
