//! Where in its format a text stands: the slot it fills and what its field is said to hold.

use crate::Kind;

/// What sort of position a text run fills. It decides how a replacement must be written to stay valid.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Slot {
    /// Plain text.
    #[default]
    Text,
    /// Text that must stay on its line.
    Line,
    /// The inside of a JSON string value.
    String,
    /// The inside of a JSON object key.
    Key,
    /// A JSON number.
    Number,
    /// Other bare characters where JSON expects a value: literals, or broken input.
    Bare,
    /// A cell of a delimited table.
    Cell {
        /// Whether it stands in quotes.
        quoted: bool,
    },
}

/// What a field's name or path says about its value. Filled in by [`Fields`], read by detectors through their view.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Meaning {
    /// The kind of identifier that the field is known to hold.
    pub kind: Option<Kind>,
    /// How sure, in percent.
    pub confidence: u8,
    /// Bits whose meaning belongs to whoever implements [`Fields`]: the families of context that the name gives.
    pub hints: u64,
}

/// Knows what fields of formats mean. The engine asks once per field, not per value.
pub trait Fields: Send + Sync {
    /// The meaning of the field at `path`, a list of names from the outermost to the innermost. Array positions are
    /// not part of it. A column of a table is a path of one name.
    fn meaning(&self, path: &[&[u8]]) -> Meaning;
}

/// The field a text run belongs to.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Field {
    /// The position it fills.
    pub slot: Slot,
    /// What its name says.
    pub meaning: Meaning,
}
