//! What the headers of a part say, and how lines of it are spelt.

use base64::Engine as _;

use crate::lens::Format;

/// So much of a field is looked at.
pub(crate) const LONGEST_FIELD: usize = 1024;
/// Parts within parts are told apart to this depth.
pub(crate) const MOST_BOUNDARIES: usize = 8;

/// What the headers say of the part behind them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Headers {
    media: Vec<u8>,
    pub(crate) boundary: Option<Vec<u8>>,
    pub(crate) encoding: Encoding,
    /// The name of the field of a form that it is the value of.
    pub(crate) name: Option<Vec<u8>>,
}

/// How a body is spelt.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Encoding {
    #[default]
    Plain,
    Quoted,
    Base64,
}

impl Headers {
    /// Takes one field, its lines joined.
    pub(crate) fn note(&mut self, field: &[u8]) {
        let Some(colon) = field.iter().position(|byte| *byte == b':') else { return };
        let (name, value) = field.split_at_checked(colon).unwrap_or_default();
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        let is = |known: &[u8]| name.trim_ascii().eq_ignore_ascii_case(known);
        let kind = value.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii().to_ascii_lowercase();
        if is(b"content-type") {
            self.boundary = kind.starts_with(b"multipart/").then(|| parameter(value, b"boundary")).flatten();
            self.media = kind;
        } else if is(b"content-transfer-encoding") {
            self.encoding = match &*kind {
                b"base64" => Encoding::Base64,
                b"quoted-printable" => Encoding::Quoted,
                _ => Encoding::Plain,
            };
        } else if is(b"content-disposition") && kind == b"form-data" {
            self.name = parameter(value, b"name");
        }
    }

    /// Whether the part is a message of its own.
    pub(crate) fn is_message(&self) -> bool {
        self.media == b"message/rfc822"
    }

    /// The format of the part.
    pub(crate) fn format(&self) -> Format {
        let media = &*self.media;
        match media {
            b"text/html" | b"text/xml" | b"application/xml" | b"application/xhtml+xml" => Format::Xml,
            b"application/json" | b"text/json" => Format::Json,
            b"application/x-ndjson" | b"application/fhir+ndjson" => Format::Ndjson,
            b"text/csv" => Format::CSV,
            b"text/tab-separated-values" => Format::TSV,
            b"application/hl7-v2" | b"x-application/hl7-v2+er7" | b"application/hl7-v2+er7" => Format::Hl7,
            b"application/edi-x12" => Format::X12,
            b"application/x-www-form-urlencoded" => Format::Form,
            _ if media.ends_with(b"+xml") => Format::Xml,
            _ if media.ends_with(b"+json") => Format::Json,
            _ => Format::Text,
        }
    }
}

/// The value of a parameter, with or without quotes.
fn parameter(value: &[u8], name: &[u8]) -> Option<Vec<u8>> {
    let mut parameters = value.split(|byte| *byte == b';').skip(1).map(<[u8]>::trim_ascii);
    let own = parameters.find_map(|parameter| {
        let equals = parameter.iter().position(|byte| *byte == b'=')?;
        let (known, value) = parameter.split_at_checked(equals)?;
        known.trim_ascii().eq_ignore_ascii_case(name).then(|| value.get(1..).unwrap_or_default().trim_ascii())
    })?;
    let own = own.strip_prefix(b"\"").and_then(|own| own.strip_suffix(b"\"")).unwrap_or(own);
    (!own.is_empty() && own.len() <= 128).then(|| own.to_vec())
}

/// Which of the boundaries the line is, and whether it ends all parts of it.
pub(crate) fn boundary(line: &[u8], boundaries: &[Vec<u8>]) -> Option<(usize, bool)> {
    let rest = line.strip_prefix(b"--")?.trim_ascii_end();
    boundaries.iter().enumerate().rev().find_map(|(i, boundary)| match rest.strip_prefix(&**boundary)? {
        b"" => Some((i, false)),
        b"--" => Some((i, true)),
        _ => None,
    })
}

/// Pieces of a text, each with how many bytes spell it.
pub(crate) type Pieces = Vec<(Vec<u8>, usize)>;

/// A line of quoted-printable; its last piece, without text, is a line end that is none.
pub(crate) fn quoted(line: &[u8]) -> Pieces {
    let mut pieces = Vec::new();
    let (mut plain, mut at) = (0, 0);
    let push = |pieces: &mut Pieces, plain: usize, at: usize| {
        if plain < at {
            pieces.push((line.get(plain..at).unwrap_or_default().to_vec(), at - plain));
        }
    };
    while at < line.len() {
        let rest = line.get(at..).unwrap_or_default();
        let hex = |digit: &u8| char::from(*digit).to_digit(16);
        let (text, len) = match rest {
            [b'='] => (Vec::new(), 1),
            [b'=', high, low, ..] => match (hex(high), hex(low)) {
                (Some(high), Some(low)) => (vec![u8::try_from(high * 16 + low).unwrap_or_default()], 3),
                _ => {
                    at += 1;
                    continue;
                }
            },
            _ => {
                at += 1;
                continue;
            }
        };
        push(&mut pieces, plain, at);
        pieces.push((text, len));
        at += len;
        plain = at;
    }
    push(&mut pieces, plain, at);
    pieces
}

/// A line of a header, with its encoded words: `=?utf-8?Q?Ren=C3=A9?=`.
pub(crate) fn words(line: &[u8]) -> Pieces {
    let mut pieces = Vec::new();
    let (mut plain, mut at) = (0, 0);
    while let Some(len) = memchr::memmem::find(line.get(at..).unwrap_or_default(), b"=?") {
        let start = at + len;
        let Some((text, len)) = word(line.get(start..).unwrap_or_default()) else {
            at = start + 2;
            continue;
        };
        if plain < start {
            pieces.push((line.get(plain..start).unwrap_or_default().to_vec(), start - plain));
        }
        pieces.push((text, len));
        (at, plain) = (start + len, start + len);
    }
    if plain < line.len() {
        pieces.push((line.get(plain..).unwrap_or_default().to_vec(), line.len() - plain));
    }
    pieces
}

/// The encoded word that `rest` begins with, and its length.
fn word(rest: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut parts = rest.get(2..)?.splitn(4, |byte| *byte == b'?');
    let (charset, how, text, _) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let len = 2 + charset.len() + 1 + how.len() + 1 + text.len() + 2;
    let fits = rest.get(len - 2..len) == Some(b"?=") && len <= 128 && text.iter().all(u8::is_ascii_graphic);
    let bytes = match how {
        b"B" | b"b" if fits => base64::engine::general_purpose::STANDARD.decode(text).ok()?,
        b"Q" | b"q" if fits => {
            let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'_' { b' ' } else { *byte }).collect();
            quoted(&spaced).into_iter().flat_map(|(text, _)| text).collect()
        }
        _ => return None,
    };
    let text = match charset.to_ascii_lowercase().as_slice() {
        b"iso-8859-1" | b"windows-1252" => bytes.iter().map(|byte| char::from(*byte)).collect::<String>().into_bytes(),
        _ => bytes,
    };
    // A word that stands for as many bytes as it has, or for none, would not be told from plain text.
    (!text.is_empty() && text.len() != len).then_some((text, len))
}

/// Whether a text is a message with headers that say how its body is spelt, or the parts of a form.
pub(crate) fn looks_like(text: &[u8]) -> bool {
    let mut lines = text.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let is_field = |line: &[u8]| {
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or_default();
        colon > 0 && line.iter().take(colon).all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
    };
    let Some(first) = lines.next() else { return false };
    let parts = first.starts_with(b"--") && first.len() > 4;
    if !parts && !is_field(first) {
        return false;
    }
    let mut telling = false;
    for line in lines.take_while(|line| !line.is_empty()).chain([first]) {
        let folded = matches!(line.first(), Some(b' ' | b'\t'));
        let begins = parts && line == first;
        if !(folded || begins || is_field(line)) {
            // The last line that is seen may be cut.
            return telling && !text.ends_with(b"\n") && text.ends_with(line);
        }
        let lower = line.to_ascii_lowercase();
        telling |=
            [&b"mime-version:"[..], b"content-type:", b"content-transfer-encoding:", b"content-disposition: form-data"]
                .iter()
                .any(|name| lower.starts_with(name));
    }
    telling
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(pieces: Pieces) -> String {
        String::from_utf8_lossy(&pieces.into_iter().flat_map(|(text, _)| text).collect::<Vec<_>>()).into_owned()
    }

    #[test]
    fn headers_say_how_a_part_is_spelt() {
        let mut headers = Headers::default();
        headers.note(b"Content-Type: multipart/Mixed; charset=x; boundary=\"a b\"");
        headers.note(b"content-transfer-encoding: BASE64");
        headers.note(b"Content-Disposition: form-data; name=\"mrn\"; filename=x");
        assert_eq!(headers.boundary.as_deref(), Some(&b"a b"[..]));
        assert_eq!((headers.encoding, headers.name.as_deref()), (Encoding::Base64, Some(&b"mrn"[..])));
        headers.note(b"Content-Type: application/fhir+json; x=y");
        assert_eq!((headers.format(), headers.boundary), (Format::Json, None));
    }

    #[test]
    fn lines_are_decoded() {
        assert_eq!(text(quoted(b"Ren=C3=A9 =x =")), "René =x ");
        assert_eq!(text(words(b"To: =?utf-8?Q?Ren=C3=A9_A?= <x> =?UTF-8?B?SmFuZQ==?= =?x")), "To: René A <x> Jane =?x");
        let spelt: usize = words(b"a =?utf-8?B?SmFuZQ==?= b").into_iter().map(|(_, len)| len).sum();
        assert_eq!(spelt, 24);
    }

    #[test]
    fn boundaries_are_told() {
        let all = [b"a".to_vec(), b"ab".to_vec()];
        assert_eq!(boundary(b"--a", &all), Some((0, false)));
        assert_eq!(boundary(b"--ab-- ", &all), Some((1, true)));
        assert_eq!(boundary(b"--abc", &all), None);
        assert_eq!(boundary(b"a", &all), None);
    }

    #[test]
    fn messages_are_told_from_prose() {
        assert!(looks_like(b"From: a@b\r\nMIME-Version: 1.0\r\n\r\nx"));
        assert!(looks_like(b"--x7-y\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--x7-y--\r\n"));
        assert!(!looks_like(b"From: a@b\nTo: c@d\n\nDear Jane,\n"));
        assert!(!looks_like(b"Patient: Jane\nMRN: 7\n"));
        assert!(!looks_like(b"Content: see below\nand more prose\n"));
    }
}
