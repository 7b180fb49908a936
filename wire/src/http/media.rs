//! From what a body says it is to how it is read.

use blackbar_engine::Format;

/// A media type, as far as it matters here.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Media {
    /// `type/subtype` in lower case.
    essence: String,
    charset: Charset,
}

/// How the text of a body is spelt.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Charset {
    /// Also when nothing is said.
    Utf8,
    /// Each byte is a character. What is labelled ISO-8859-1 or Windows-1252 is read as the latter.
    Latin1,
    /// By its byte order mark; without one, most significant byte first.
    Utf16,
    /// Least significant byte first.
    Utf16Le,
    /// Most significant byte first.
    Utf16Be,
    /// Nobody here can read it.
    Unknown,
}

/// How a body is read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reading {
    /// By this lens.
    Lens(Format),
    /// Nobody here can look into it.
    Opaque,
}

impl Media {
    /// Reads a `Content-Type`. `None`: it has no known form.
    #[must_use]
    pub fn parse(value: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(value).ok()?;
        let mut parts = text.split(';');
        let essence = parts.next()?.trim().to_ascii_lowercase();
        let (kind, subtype) = essence.split_once('/')?;
        if !is_token(kind) || !is_token(subtype) || essence.len() > 127 {
            return None;
        }
        let mut charset = None;
        for parameter in parts {
            let Some((name, value)) = parameter.split_once('=') else { continue };
            if name.trim().eq_ignore_ascii_case("charset") {
                let this = Charset::named(value.trim().trim_matches('"'));
                // Two that disagree are none.
                if charset.is_some_and(|other| other != this) {
                    return None;
                }
                charset = Some(this);
            }
        }
        Some(Self { essence, charset: charset.unwrap_or(Charset::Utf8) })
    }

    /// `type/subtype`, in lower case.
    #[must_use]
    pub fn essence(&self) -> &str {
        &self.essence
    }

    /// How its text is spelt.
    #[must_use]
    pub const fn charset(&self) -> Charset {
        self.charset
    }

    /// The header for the redacted body: what is read in another charset leaves in UTF-8.
    #[must_use]
    pub fn header(&self) -> String {
        // A type may be anybody's words, and nobody scans it: one that could hold a number is called by its family's name.
        let digits = self.essence.bytes().filter(u8::is_ascii_digit).count();
        let essence = match self.essence.rsplit_once('+') {
            _ if digits < 3 && self.essence.len() <= 80 => self.essence.as_str(),
            Some((_, "json")) => "application/json",
            Some((_, "xml")) => "application/xml",
            Some((_, "ndjson")) => "application/x-ndjson",
            _ => "text/plain",
        };
        let says_so = self.charset != Charset::Utf8 || essence.starts_with("text/");
        if says_so { format!("{essence}; charset=utf-8") } else { essence.to_owned() }
    }

    /// Which lens reads it. A format whose lens is not there is opaque: read as something else it would hide content.
    #[must_use]
    pub fn reading(&self) -> Reading {
        let (kind, subtype) = self.essence.split_once('/').unwrap_or_default();
        let lens = match (kind, subtype) {
            ("application", "json" | "fhir+json" | "problem+json" | "json-patch+json") => "json",
            ("application", "x-ndjson" | "ndjson" | "jsonl" | "jsonlines" | "fhir+ndjson" | "x-jsonlines") => "ndjson",
            ("application" | "text", "json-seq") => return Reading::Opaque,
            ("text", "json" | "x-json") => "json",
            (_, subtype) if subtype.ends_with("+json") => "json",
            (_, subtype) if subtype.ends_with("+ndjson") => "ndjson",
            ("text", "csv") => "csv",
            ("text", "tab-separated-values") => "tsv",
            ("text", "event-stream") => "sse",
            ("text", "html") | ("application", "xhtml+xml") => "html",
            ("text" | "application", "xml") => "xml",
            ("image", _) => return Reading::Opaque,
            (_, subtype) if subtype.ends_with("+xml") => "xml",
            ("application", "x-www-form-urlencoded") => "form",
            ("application", "edi-x12") => "x12",
            ("application", "sql") => "sql",
            ("text", "x-log") => "log",
            ("application", "hl7-v2" | "edi-hl7v2" | "hl7-v2+er7") | ("x-application", "hl7-v2+er7") => "hl7",
            // Their strings have escapes that no lens here undoes.
            ("text", "javascript" | "ecmascript" | "jscript" | "x-javascript" | "rtf" | "calendar" | "vcard") => {
                return Reading::Opaque;
            }
            ("text", "yaml" | "x-yaml" | "vbscript" | "css") => return Reading::Opaque,
            ("text", _) => "text",
            // Forms in parts and e-mails among them: what parts a form stands in the header alone, and a part may be spelt in
            // a charset or coding that no lens undoes.
            _ => return Reading::Opaque,
        };
        lens.parse().map_or(Reading::Opaque, Reading::Lens)
    }
}

impl Charset {
    fn named(name: &str) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "utf-8" | "utf8" | "us-ascii" | "ascii" => Self::Utf8,
            "iso-8859-1" | "iso8859-1" | "latin1" | "latin-1" | "l1" | "windows-1252" | "cp1252" => Self::Latin1,
            "utf-16" | "utf16" => Self::Utf16,
            "utf-16le" => Self::Utf16Le,
            "utf-16be" => Self::Utf16Be,
            _ => Self::Unknown,
        }
    }
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(value: &str) -> Option<Reading> {
        Media::parse(value.as_bytes()).map(|media| media.reading())
    }

    #[test]
    fn media_types_pick_lenses() {
        for (value, format) in [
            ("application/json", Format::Json),
            ("Application/FHIR+JSON; charset=UTF-8", Format::Json),
            ("application/vnd.api+json", Format::Json),
            ("application/fhir+ndjson", Format::Ndjson),
            ("text/csv; header=present", Format::CSV),
            ("application/EDI-X12", Format::X12),
            ("application/sql; charset=utf-8", Format::Sql),
            ("text/x-log", Format::Log),
            ("text/plain", Format::Text),
            ("text/markdown", Format::Text),
        ] {
            assert_eq!(reading(value), Some(Reading::Lens(format)), "{value}");
        }
    }

    #[test]
    fn what_nobody_can_look_into_is_opaque() {
        for value in [
            "application/pdf",
            "application/octet-stream",
            "image/svg+xml",
            "application/zip",
            "application/dicom",
            "application/vnd.apache.parquet",
            "multipart/form-data; boundary=x",
            "multipart/mixed; boundary=x",
            "message/rfc822",
            "application/edifact",
            "application/javascript",
            "text/javascript",
            "application/grpc",
            "video/mp4",
        ] {
            assert_eq!(reading(value), Some(Reading::Opaque), "{value}");
        }
        for value in ["", "json", "a/b c", "text/plain; charset=utf-8; charset=utf-16", "text/\u{e9}"] {
            assert_eq!(reading(value), None, "{value}");
        }
    }

    #[test]
    fn charsets_are_known_or_unknown() {
        let charset = |value: &str| Media::parse(value.as_bytes()).unwrap().charset();
        assert_eq!(charset("text/plain"), Charset::Utf8);
        assert_eq!(charset("text/plain; charset=\"ISO-8859-1\""), Charset::Latin1);
        assert_eq!(charset("application/json;charset=utf-16"), Charset::Utf16);
        assert_eq!(charset("text/plain; charset=utf-7"), Charset::Unknown);
        assert_eq!(charset("text/plain; charset=ibm037"), Charset::Unknown);
        assert_eq!(Media::parse(b"application/219-09-9999+json").unwrap().header(), "application/json");
        assert_eq!(Media::parse(b"application/edi-x12").unwrap().header(), "application/edi-x12");
        assert_eq!(Media::parse(b"text/x219099999").unwrap().header(), "text/plain; charset=utf-8");
        assert_eq!(Media::parse(b"text/plain; charset=latin1").unwrap().header(), "text/plain; charset=utf-8");
        assert_eq!(Media::parse(b"application/json; x=\"PHI\"").unwrap().header(), "application/json");
    }
}
