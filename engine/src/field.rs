//! Where in its format a text stands: the slot it fills and what its field is said to hold.

use crate::{ByteSet, Kind, Lexicon};

/// What sort of position a text run fills. It decides how a replacement must be written to stay valid.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Slot {
    /// Plain text.
    #[default]
    Text,
    /// Text that must stay on its line.
    Line {
        /// Whether it is all of the line: nothing in its place would be another thing, a blank line.
        whole: bool,
    },
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
    /// A value between the separators of a segment: HL7 v2, X12.
    Segment(Separators),
    /// The same, of a fixed length: what replaces any of it is as long.
    Fixed(Separators),
    /// A place in XML or HTML.
    Markup(Markup),
    /// A cell in PostgreSQL's COPY text.
    Copy,
    /// A name or a value of form data.
    Form,
    /// A value in a statement of SQL: inside a literal, or a number.
    Sql {
        /// Whether it stands between quotes.
        quoted: bool,
        /// Whether a backslash escapes what follows it.
        escapes: bool,
    },
}

impl Slot {
    /// Whether it is a whole number, which is replaced as one.
    pub(crate) fn is_number(self) -> bool {
        matches!(self, Self::Number | Self::Sql { quoted: false, .. })
    }

    /// Whether it names one of several things that must not have the same name.
    pub(crate) fn is_name(self) -> bool {
        matches!(self, Self::Key | Self::Markup(Markup::Name))
    }
}

/// Where in XML or HTML a text stands.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Markup {
    /// Between tags.
    Text,
    /// The value of an attribute.
    Attribute {
        /// The sign around it; 0 where there is none.
        quote: u8,
    },
    /// A section of character data.
    Cdata,
    /// A comment.
    Comment,
    /// A processing instruction.
    Instruction,
    /// A declaration of a document's type.
    Declaration,
    /// A script or a style.
    Raw,
    /// The name of an attribute that may be an identifier.
    Name,
}

/// What separates the parts of a segment; 0 where a message has no such separator.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Separators {
    /// Fields.
    pub field: u8,
    /// Components of a field.
    pub component: u8,
    /// Repetitions of a field.
    pub repetition: u8,
    /// What begins and ends an escape.
    pub escape: u8,
    /// Parts of a component.
    pub subcomponent: u8,
    /// Ends a segment, where something else than a line end does.
    pub terminator: u8,
}

impl Separators {
    /// Those of HL7 v2 messages that say nothing else.
    pub const HL7: Self =
        Self { field: b'|', component: b'^', repetition: b'~', escape: b'\\', subcomponent: b'&', terminator: 0 };

    /// All of them.
    #[must_use]
    pub const fn set(&self) -> ByteSet {
        let all = [self.field, self.component, self.repetition, self.escape, self.subcomponent, self.terminator];
        let (mut set, mut i) = (ByteSet::EMPTY, 0);
        while i < all.len() {
            #[expect(clippy::indexing_slicing, reason = "within the bounds by the loop's condition")]
            if all[i] != 0 {
                set = set.with(all[i]);
            }
            i += 1;
        }
        set
    }
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

/// What stands first in the path of a field of a language model's answer, as the type does in that of a resource.
pub const ANSWER: &[u8] = b"(answer)";

/// How a named value stands in a line of a log.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Standing {
    /// As a part of its text.
    #[default]
    Text,
    /// As a value of its own, one word if it stands in no quotes.
    Word,
    /// As a value of its own, which goes on over capitalised words.
    Words,
}

/// Knows what fields of formats mean. The engine asks once per field, not per value.
pub trait Fields: Send + Sync {
    /// The meaning of the field at `path`, a list of names from the outermost to the innermost. Array positions are
    /// not part of it. A column of a table is a path of one name.
    fn meaning(&self, path: &[&[u8]]) -> Meaning;

    /// The meanings of the columns of a table that does not name them, by its first rows; cells may be missing at the
    /// end of a row. What is not said means nothing.
    fn columns(&self, rows: &[Vec<Vec<u8>>], lexicon: &Lexicon) -> Vec<Meaning> {
        let _ = (rows, lexicon);
        Vec::new()
    }

    /// How the value of the field at `path` stands in a line of a log. A segment of a request's path has the one before it
    /// for its name, with `id` below when it has a digit.
    fn in_line(&self, path: &[&[u8]]) -> Standing {
        let _ = path;
        Standing::Text
    }

    /// Whether a field with this meaning may hold a whole document in base64.
    fn may_hold_files(&self, meaning: &Meaning) -> bool {
        meaning.kind.is_none()
    }

    /// What data are, by their first bytes, that no lens can look into. What is nothing is read as the text that spells it.
    fn opaque(&self, head: &[u8]) -> Option<Kind> {
        let _ = head;
        None
    }
}

/// The field a text run belongs to.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Field {
    /// The position it fills.
    pub slot: Slot,
    /// What its name says.
    pub meaning: Meaning,
}
