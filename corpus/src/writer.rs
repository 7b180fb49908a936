//! Encodes rich text into document bytes; offsets are right because they are taken while writing.

use crate::rich::{Rich, Role};
use crate::rng::Rng;
use crate::{Document, Label};

/// How the characters of a string are written into a document.
#[derive(Clone, Copy, Debug, Default)]
pub struct Encoding {
    /// Escape `& < > "` as XML entities first (XHTML narrative inside JSON).
    pub xml: bool,
    /// The outer syntax.
    pub syntax: Syntax,
}

/// The syntax around a string.
#[derive(Clone, Copy, Debug, Default)]
pub enum Syntax {
    /// As it is.
    #[default]
    Plain,
    /// Between the quotes of a JSON string.
    Json(JsonEscapes),
    /// Between the quotes of a CSV field: quotes are doubled.
    CsvQuoted,
}

/// What a JSON writer escapes beyond what it must. Real producers differ in exactly this.
#[derive(Clone, Copy, Debug, Default)]
pub struct JsonEscapes {
    /// Everything outside ASCII becomes `\uXXXX` (surrogate pairs where needed).
    pub ascii_only: bool,
    /// `/` becomes `\/`.
    pub slash: bool,
    /// `< > & '` become `\u003c` and so on, as web frameworks do.
    pub html_safe: bool,
    /// This percentage of the other characters becomes `\uXXXX` too.
    pub sprinkle: u32,
}

/// Collects a document's bytes, labels and decoys.
#[derive(Debug, Default)]
pub struct Writer {
    text: Vec<u8>,
    labels: Vec<Label>,
    decoys: Vec<Label>,
    values: Vec<String>,
}

impl Writer {
    /// Appends syntax: bytes that belong to the format and carry no role.
    pub fn syntax(&mut self, text: &str) {
        self.text.extend_from_slice(text.as_bytes());
    }

    /// Appends rich text through an encoding, recording where its identifiers and decoys end up.
    pub fn rich(&mut self, rich: &Rich, encoding: Encoding, rng: &mut Rng) {
        for piece in rich.pieces() {
            let start = self.text.len();
            for c in piece.text.chars() {
                encoding.write(c, rng, &mut self.text);
            }
            let end = self.text.len();
            match piece.role {
                Role::Plain => {}
                Role::Label(kind) => {
                    self.labels.push(Label { start, end, kind: kind.to_owned() });
                    self.values.push(piece.text.clone());
                }
                Role::Decoy(kind) => self.decoys.push(Label { start, end, kind: kind.to_owned() }),
            }
        }
    }

    /// A writer that has already written `document`.
    pub fn from_document(document: Document) -> Self {
        let Document { text, labels, decoys, values, .. } = document;
        Self { text, labels, decoys, values }
    }

    /// How many bytes have been written.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// True when nothing has been written.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The bytes, the labels, the decoys, and the labels' values before encoding.
    pub fn into_parts(self) -> (Vec<u8>, Vec<Label>, Vec<Label>, Vec<String>) {
        (self.text, self.labels, self.decoys, self.values)
    }
}

impl Encoding {
    fn write(self, c: char, rng: &mut Rng, out: &mut Vec<u8>) {
        let entity = match c {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '"' => "&quot;",
            _ => "",
        };
        if self.xml && !entity.is_empty() {
            entity.chars().for_each(|e| self.syntax.write(e, rng, out));
        } else {
            self.syntax.write(c, rng, out);
        }
    }
}

impl Syntax {
    fn write(self, c: char, rng: &mut Rng, out: &mut Vec<u8>) {
        match self {
            Self::Plain => push_char(c, out),
            Self::CsvQuoted if c == '"' => out.extend_from_slice(b"\"\""),
            Self::CsvQuoted => push_char(c, out),
            Self::Json(escapes) => escapes.write(c, rng, out),
        }
    }
}

impl JsonEscapes {
    fn write(self, c: char, rng: &mut Rng, out: &mut Vec<u8>) {
        let short: &[u8] = match c {
            '"' => b"\\\"",
            '\\' => b"\\\\",
            '\n' => b"\\n",
            '\r' => b"\\r",
            '\t' => b"\\t",
            '/' if self.slash => b"\\/",
            _ => b"",
        };
        if !short.is_empty() {
            out.extend_from_slice(short);
            return;
        }
        let must = c < ' ';
        let by_style = (self.ascii_only && !c.is_ascii()) || (self.html_safe && matches!(c, '<' | '>' | '&' | '\''));
        if must || by_style || (self.sprinkle > 0 && rng.chance(self.sprinkle)) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
            }
        } else {
            push_char(c, out);
        }
    }
}

fn push_char(c: char, out: &mut Vec<u8>) {
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(rich: &Rich, encoding: Encoding) -> (String, Vec<Label>) {
        let mut writer = Writer::default();
        writer.rich(rich, encoding, &mut Rng::new(1));
        let (text, labels, _, _) = writer.into_parts();
        (String::from_utf8(text).unwrap(), labels)
    }

    #[test]
    fn json_labels_cover_the_raw_escapes() {
        let escapes = JsonEscapes { ascii_only: true, slash: true, ..JsonEscapes::default() };
        let rich = Rich::plain("a/").then_label("name", "Ñ\u{1F600}\"").then("z");
        let (text, labels) = written(&rich, Encoding { xml: false, syntax: Syntax::Json(escapes) });
        assert_eq!(text, r#"a\/\u00d1\ud83d\ude00\"z"#);
        assert_eq!(&text[labels[0].start..labels[0].end], r#"\u00d1\ud83d\ude00\""#);
    }

    #[test]
    fn csv_labels_cover_doubled_quotes() {
        let rich = Rich::label("name", "Al \"Bud\" Ray");
        let (text, labels) = written(&rich, Encoding { xml: false, syntax: Syntax::CsvQuoted });
        assert_eq!(text, "Al \"\"Bud\"\" Ray");
        assert_eq!((labels[0].start, labels[0].end), (0, text.len()));
    }

    #[test]
    fn xml_inside_json_is_escaped_twice() {
        let rich = Rich::label("name", "A & \"B\"");
        let syntax = Syntax::Json(JsonEscapes { html_safe: true, ..JsonEscapes::default() });
        let (text, _) = written(&rich, Encoding { xml: true, syntax });
        assert_eq!(text, r"A \u0026amp; \u0026quot;B\u0026quot;");
    }
}
