//! JSON values whose strings know what they are.

use crate::rich::Rich;
use crate::rng::Rng;
use crate::writer::{Encoding, JsonEscapes, Syntax, Writer};

/// A JSON value.
#[derive(Clone, Debug)]
pub(crate) enum Json {
    Object(Vec<(&'static str, Self)>),
    Array(Vec<Self>),
    Text(Rich),
    /// XHTML inside a string: its text is escaped as XML first; the markup is plain.
    Markup(Vec<Markup>),
    /// A text in base64.
    Packed(Rich),
    /// A number or a literal, possibly an identifier.
    Bare(Rich),
}

/// A part of XHTML.
#[derive(Clone, Debug)]
pub(crate) enum Markup {
    Tag(&'static str),
    Content(Rich),
}

/// How a JSON document is laid out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    pub(crate) pretty: bool,
    pub(crate) escapes: JsonEscapes,
}

impl Layout {
    /// One of the ways in which producers differ.
    pub(crate) fn random(pretty: bool, rng: &mut Rng) -> Self {
        let escapes = JsonEscapes {
            ascii_only: rng.chance(30),
            slash: rng.chance(15),
            html_safe: rng.chance(10),
            sprinkle: if rng.chance(6) { 4 } else { 0 },
        };
        Self { pretty, escapes }
    }
}

impl Json {
    /// A plain string.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(Rich::plain(text))
    }

    /// A string that is an identifier.
    pub(crate) fn label(kind: &'static str, text: impl Into<String>) -> Self {
        Self::Text(Rich::label(kind, text))
    }

    /// A string that looks like one.
    pub(crate) fn decoy(kind: &'static str, text: impl Into<String>) -> Self {
        Self::Text(Rich::decoy(kind, text))
    }

    /// Writes the value.
    pub(crate) fn write(&self, layout: Layout, out: &mut Writer, rng: &mut Rng) {
        self.write_at(0, layout, out, rng);
    }

    fn write_at(&self, depth: usize, layout: Layout, out: &mut Writer, rng: &mut Rng) {
        match self {
            Self::Object(members) => {
                out.syntax("{");
                for (i, (key, value)) in members.iter().enumerate() {
                    separate(i, depth + 1, layout, out);
                    out.syntax(&format!("\"{key}\":{}", if layout.pretty { " " } else { "" }));
                    value.write_at(depth + 1, layout, out, rng);
                }
                close(members.is_empty(), "}", depth, layout, out);
            }
            Self::Array(items) => {
                out.syntax("[");
                for (i, item) in items.iter().enumerate() {
                    separate(i, depth + 1, layout, out);
                    item.write_at(depth + 1, layout, out, rng);
                }
                close(items.is_empty(), "]", depth, layout, out);
            }
            Self::Text(rich) => {
                out.syntax("\"");
                out.rich(rich, Encoding { xml: false, syntax: Syntax::Json(layout.escapes) }, rng);
                out.syntax("\"");
            }
            Self::Markup(parts) => {
                out.syntax("\"");
                for part in parts {
                    let (rich, xml) = match part {
                        Markup::Tag(tag) => (&Rich::plain(*tag), false),
                        Markup::Content(rich) => (rich, true),
                    };
                    out.rich(rich, Encoding { xml, syntax: Syntax::Json(layout.escapes) }, rng);
                }
                out.syntax("\"");
            }
            Self::Packed(rich) => {
                let mut inner = Writer::default();
                inner.rich(rich, Encoding::default(), rng);
                out.syntax("\"");
                out.packed(inner, usize::MAX);
                out.syntax("\"");
            }
            Self::Bare(rich) => out.rich(rich, Encoding::default(), rng),
        }
    }
}

fn separate(index: usize, depth: usize, layout: Layout, out: &mut Writer) {
    if index > 0 {
        out.syntax(",");
    }
    if layout.pretty {
        out.syntax("\n");
        out.syntax(&"  ".repeat(depth));
    }
}

fn close(empty: bool, bracket: &str, depth: usize, layout: Layout, out: &mut Writer) {
    if layout.pretty && !empty {
        out.syntax("\n");
        out.syntax(&"  ".repeat(depth));
    }
    out.syntax(bracket);
}
