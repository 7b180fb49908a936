//! Encodes rich text into document bytes; offsets are right because they are taken while writing.

use crate::images::base64;
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
    /// In form data: a plus for a blank, `%hh` for other bytes.
    Form,
    /// In a path or a query: `%hh`, for blanks too.
    Url,
    /// Between the quotes of a literal of SQL: quotes are doubled.
    Sql,
    /// In a cell of PostgreSQL's COPY as text: a backslash before itself and for what parts cells.
    Copy,
    /// Lines of quoted-printable.
    Quoted,
    /// In an encoded word of a mail's header, between `=?utf-8?Q?` and `?=`.
    Word,
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

    /// Appends what another one has written.
    pub(crate) fn append(&mut self, inner: Self) {
        let start = self.text.len();
        let moved = |label: Label| Label { start: start + label.start, end: start + label.end, ..label };
        self.text.extend_from_slice(&inner.text);
        self.labels.extend(inner.labels.into_iter().map(moved));
        self.decoys.extend(inner.decoys.into_iter().map(moved));
        self.values.extend(inner.values);
    }

    /// Appends what another one has written in base64, in lines of `width` signs. A label is every sign that spells a bit
    /// of it.
    pub(crate) fn packed(&mut self, inner: Self, width: usize) {
        let start = self.text.len();
        let place = |sign: usize| start + sign + 2 * (sign / width);
        let moved = |label: Label| {
            let (first, last) = (label.start * 4 / 3, (label.end * 4).div_ceil(3) - 1);
            Label { start: place(first), end: place(last) + 1, ..label }
        };
        let signs = base64(&inner.text);
        for (line, number) in signs.as_bytes().chunks(width).zip(0..) {
            self.text.extend_from_slice(if number > 0 { b"\r\n" } else { b"" });
            self.text.extend_from_slice(line);
        }
        self.labels.extend(inner.labels.into_iter().map(moved));
        self.decoys.extend(inner.decoys.into_iter().map(moved));
        self.values.extend(inner.values);
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
            Self::Form if c == ' ' => out.push(b'+'),
            Self::Form | Self::Url if c.is_ascii_alphanumeric() || "-._~".contains(c) => push_char(c, out),
            Self::Form | Self::Url => push_hex(c, '%', out),
            Self::Sql if c == '\'' => out.extend_from_slice(b"''"),
            Self::Sql => push_char(c, out),
            Self::Copy => match c {
                '\\' => out.extend_from_slice(b"\\\\"),
                '\n' => out.extend_from_slice(b"\\n"),
                '\r' => out.extend_from_slice(b"\\r"),
                '\t' => out.extend_from_slice(b"\\t"),
                _ => push_char(c, out),
            },
            Self::Quoted => quoted(c, out),
            Self::Word if c == ' ' => out.push(b'_'),
            Self::Word if c.is_ascii_alphanumeric() => push_char(c, out),
            Self::Word => push_hex(c, '=', out),
        }
    }
}

/// A character of quoted-printable: what is too much for a line goes behind a line end that is none.
fn quoted(c: char, out: &mut Vec<u8>) {
    const LONGEST: usize = 76;
    if c == '\n' {
        out.extend_from_slice(b"\r\n");
        return;
    }
    let mut unit = Vec::new();
    if c == ' ' || (c.is_ascii_graphic() && c != '=') {
        push_char(c, &mut unit)
    } else {
        push_hex(c, '=', &mut unit)
    }
    let line = out.iter().rev().take_while(|byte| **byte != b'\n').count();
    if line + unit.len() >= LONGEST {
        out.extend_from_slice(b"=\r\n");
    }
    out.extend_from_slice(&unit);
}

/// The bytes of a character in hexadecimal digits, each behind `sign`.
fn push_hex(c: char, sign: char, out: &mut Vec<u8>) {
    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
        out.extend_from_slice(format!("{sign}{byte:02X}").as_bytes());
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
    fn every_syntax_escapes_what_it_must() {
        let rich = Rich::plain("é=\t").then_label("name", "O'Neil & 5%\\");
        for (syntax, expected, label) in [
            (Syntax::Form, "%C3%A9%3D%09O%27Neil+%26+5%25%5C", "O%27Neil+%26+5%25%5C"),
            (Syntax::Url, "%C3%A9%3D%09O%27Neil%20%26%205%25%5C", "O%27Neil%20%26%205%25%5C"),
            (Syntax::Sql, "é=\tO''Neil & 5%\\", "O''Neil & 5%\\"),
            (Syntax::Copy, "é=\\tO'Neil & 5%\\\\", "O'Neil & 5%\\\\"),
            (Syntax::Quoted, "=C3=A9=3D=09O'Neil & 5%\\", "O'Neil & 5%\\"),
            (Syntax::Word, "=C3=A9=3D=09O=27Neil_=26_5=25=5C", "O=27Neil_=26_5=25=5C"),
        ] {
            let (text, labels) = written(&rich, Encoding { xml: false, syntax });
            assert_eq!((text.as_str(), &text[labels[0].start..labels[0].end]), (expected, label));
        }
    }

    #[test]
    fn lines_of_quoted_printable_are_short_and_labels_go_through_their_ends() {
        let rich = Rich::plain("x".repeat(70)).then_label("name", "Maria Garcia").then("\ny");
        let (text, labels) = written(&rich, Encoding { xml: false, syntax: Syntax::Quoted });
        assert!(text.lines().all(|line| line.len() <= 76), "{text}");
        assert_eq!(&text[labels[0].start..labels[0].end], "Maria=\r\n Garcia");
        assert!(text.ends_with("\r\ny"));
    }

    #[test]
    fn labels_in_base64_are_the_signs_that_spell_them() {
        let mut inner = Writer::default();
        inner.rich(&Rich::plain("ab").then_label("name", "Jane").then("!"), Encoding::default(), &mut Rng::new(1));
        let mut out = Writer::default();
        out.syntax(">");
        out.packed(inner, 4);
        let (text, labels, _, values) = out.into_parts();
        // abJ ane ! and the signs of its bytes 2 to 5.
        assert_eq!(String::from_utf8(text).unwrap(), ">YWJK\r\nYW5l\r\nIQ==");
        assert_eq!((labels[0].start, labels[0].end, values[0].as_str()), (3, 11, "Jane"));
    }

    #[test]
    fn xml_inside_json_is_escaped_twice() {
        let rich = Rich::label("name", "A & \"B\"");
        let syntax = Syntax::Json(JsonEscapes { html_safe: true, ..JsonEscapes::default() });
        let (text, _) = written(&rich, Encoding { xml: true, syntax });
        assert_eq!(text, r"A \u0026amp; \u0026quot;B\u0026quot;");
    }
}
