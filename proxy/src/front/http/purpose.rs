//! What the body of a request is for, and how it is read: whether it is stored, asks, prompts a model or calls tools.

use blackbar_engine::Format;
use blackbar_wire::http::{Charset, Media, Reading, overriding};
use http::Method;
use serde_json::Value;

use super::arriving::{Arriving, UpBroken};
use super::envelope::{self, Call, Envelope};
use super::problem::{Kind, Problem};

/// What the body of a request is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Purpose {
    /// It may be stored: what was redacted must not take the place of what it was.
    Stores,
    /// It asks for something.
    Asks,
    /// A model reads it.
    Prompts,
    /// It calls tools, which may store what they are told.
    Calls,
}

/// What is known of a body before it goes up.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) purpose: Purpose,
    /// The tools that it calls.
    pub(super) calls: Vec<Call>,
    /// They are a list.
    pub(super) batch: bool,
    /// How it is read; `None`: nobody here can.
    pub(super) reading: Option<(Charset, Format)>,
    /// All of it was read ahead.
    pub(super) whole: bool,
}

/// A body that means more than one thing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Unclear {
    /// The call of a tool that can be read in two ways.
    Call,
    /// A form with a parameter that overrides the method.
    Override(&'static str),
    /// A form of which the end is too far.
    Form,
}

impl From<Unclear> for Problem {
    fn from(unclear: Unclear) -> Self {
        match unclear {
            Unclear::Call => Self::new(Kind::BadRequest, 400, "the call of a tool can be read in more than one way"),
            Unclear::Override(name) => Self::new(Kind::BadRequest, 400, format!("`{name}` is not accepted")),
            Unclear::Form => Self::new(Kind::BadRequest, 413, "a form has at most 1 MiB"),
        }
    }
}

/// So much of a body is read ahead to know what it is for.
pub(super) const LONGEST_CALL: usize = 1 << 20;
const PEEK: usize = 4096;

/// Interfaces of models, by how their paths end.
const MODELS: &[&str] = &[
    "/chat/completions",
    "/v1/completions",
    "/v1/responses",
    "/v1/embeddings",
    "/v1/messages",
    "/v1/messages/count_tokens",
    "/v1/complete",
    "/v1/moderations",
    "/v1/rerank",
    "/api/chat",
    "/api/generate",
    "/api/embed",
    "/api/embeddings",
    ":generateContent",
    ":streamGenerateContent",
    ":countTokens",
    ":embedContent",
    "/converse",
    "/converse-stream",
];

impl Said {
    /// Nothing is said.
    pub(super) const fn nothing() -> Self {
        Self {
            purpose: Purpose::Asks,
            calls: Vec::new(),
            batch: false,
            reading: Some((Charset::Utf8, Format::Text)),
            whole: true,
        }
    }

    /// Reads ahead as far as it takes.
    pub(super) async fn read(
        arriving: &mut Arriving,
        method: &Method,
        path: &str,
        media: Option<&Media>,
    ) -> Result<Result<Self, Unclear>, UpBroken> {
        let mut whole = arriving.gather(PEEK).await?;
        let reading = reading(media, arriving.kept());
        if reading.is_some_and(|(_, format)| matches!(format, Format::Json | Format::Form)) {
            whole = arriving.gather(LONGEST_CALL).await?;
        }
        Ok(Self::of(arriving.kept(), whole, method, path, media))
    }

    fn of(body: &[u8], whole: bool, method: &Method, path: &str, media: Option<&Media>) -> Result<Self, Unclear> {
        let reading = reading(media, body);
        let mut said = Self { purpose: Purpose::Stores, calls: Vec::new(), batch: false, reading, whole };
        let json = reading == Some((Charset::Utf8, Format::Json));
        if matches!(reading, Some((_, Format::Form))) {
            // A server may take another method from a form than the one that was judged.
            match overrides(body) {
                Some(name) => return Err(Unclear::Override(name)),
                None if !whole => return Err(Unclear::Form),
                None => {}
            }
        }
        let is_rpc = json && Envelope::default().read(body).is_rpc();
        if json && whole {
            said.calls = envelope::calls(body).map_err(|_| Unclear::Call)?;
            said.batch = envelope::is_batch(body);
        }
        said.purpose = if !said.calls.is_empty() {
            Purpose::Calls
        } else if method == Method::POST && MODELS.iter().any(|end| path.ends_with(end)) || path.contains("/model/") {
            Purpose::Prompts
        } else if method.as_str() == "QUERY"
            || method == Method::POST && (path.ends_with("/_search") || is_rpc)
            || method == Method::POST && is_graph(path) && whole && json && asks_only(body)
        {
            Purpose::Asks
        } else {
            Purpose::Stores
        };
        Ok(said)
    }
}

/// How a body is read: by what it says it is, unless it begins as something else. Many servers look at that first.
fn reading(media: Option<&Media>, body: &[u8]) -> Option<(Charset, Format)> {
    let charset = media.map_or(Charset::Utf8, Media::charset);
    if charset == Charset::Unknown {
        return None;
    }
    let said = match media.map(Media::reading) {
        None => Format::Text,
        Some(Reading::Lens(format)) => format,
        Some(Reading::Opaque) => return None,
    };
    if matches!(said, Format::Ndjson) {
        return Some((charset, said));
    }
    let text = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii_start();
    let begun = match text.first() {
        Some(b'{' | b'[' | b'"') => Format::Json,
        Some(b'<') => Format::Xml,
        _ => said,
    };
    Some((charset, if charset == Charset::Utf8 { begun } else { said }))
}

fn overrides(form: &[u8]) -> Option<&'static str> {
    form.split(|byte| matches!(byte, b'&' | b';')).find_map(|pair| {
        let name = pair.split(|byte| *byte == b'=').next().unwrap_or_default();
        overriding(String::from_utf8_lossy(&super::head::unescaped(name)).trim())
    })
}

fn is_graph(path: &str) -> bool {
    matches!(path.rsplit('/').next(), Some("graphql" | "$graphql"))
}

/// Whether a GraphQL request changes nothing for sure.
fn asks_only(body: &[u8]) -> bool {
    let asks = |request: &Value| {
        let text = request["query"].as_str().unwrap_or_default();
        let words = || text.split(|c: char| !c.is_alphanumeric() && c != '_');
        !text.trim().is_empty() && !words().any(|word| matches!(word, "mutation" | "subscription"))
    };
    match serde_json::from_slice::<Value>(body) {
        Ok(Value::Array(all)) => !all.is_empty() && all.iter().all(asks),
        Ok(one) => asks(&one),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_body_is_for_is_known() {
        let rpc = r#"{"jsonrpc":"2.0","id":1,"method":"resources/read"}"#;
        let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}}"#;
        for (method, path, media, body, expected) in [
            ("PUT", "/Patient/1", "application/json", "{}", Purpose::Stores),
            ("POST", "/Patient", "application/fhir+json", "{}", Purpose::Stores),
            ("POST", "/notes", "application/json", "{}", Purpose::Stores),
            ("POST", "/notes", "text/plain", "x", Purpose::Stores),
            ("POST", "/Patient/_search", "application/x-www-form-urlencoded", "name=x", Purpose::Asks),
            ("PUT", "/Patient/_search", "application/x-www-form-urlencoded", "name=x", Purpose::Stores),
            ("POST", "/v1/chat/completions", "application/json", "{}", Purpose::Prompts),
            ("POST", "/v1beta/models/m:streamGenerateContent", "application/json", "{}", Purpose::Prompts),
            ("POST", "/graphql", "application/json", r#"{"query":"{ patient(id: 1) { name } }"}"#, Purpose::Asks),
            ("POST", "/graphql", "application/json", r#"{"query":"mutation { put(id: 1) }"}"#, Purpose::Stores),
            ("POST", "/graphql", "application/json", r#"{"query":"\u006dutation{ put(id: 1) }"}"#, Purpose::Stores),
            ("POST", "/graphql", "application/json", r#"{"id":"persisted"}"#, Purpose::Stores),
            ("POST", "/mcp", "application/json", rpc, Purpose::Asks),
            ("POST", "/mcp", "application/json", call, Purpose::Calls),
            ("POST", "/v1/messages", "application/json", call, Purpose::Calls),
            ("POST", "/mcp", "text/plain", call, Purpose::Calls),
        ] {
            let media = Media::parse(media.as_bytes());
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let said = Said::of(body.as_bytes(), true, &method, path, media.as_ref()).unwrap();
            assert_eq!(said.purpose, expected, "{method} {path} {body}");
        }
    }

    #[test]
    fn forms_do_not_override_methods() {
        for body in ["_method=DELETE", "a=b&%5fmethod=PUT", "a=b;_METHOD=x", "_method[]=x"] {
            let media = Media::parse(b"application/x-www-form-urlencoded");
            let said = Said::of(body.as_bytes(), true, &Method::POST, "/a", media.as_ref());
            assert_eq!(said.unwrap_err(), Unclear::Override("_method"), "{body}");
        }
    }

    #[test]
    fn a_body_is_read_as_what_it_begins_with() {
        let media = |name: &str| Media::parse(name.as_bytes());
        for (name, body, expected) in [
            ("text/plain", " {\"a\":1}", Some(Format::Json)),
            ("application/x-www-form-urlencoded", "[1]", Some(Format::Json)),
            ("application/json", "<a/>", Some(Format::Xml)),
            ("application/x-www-form-urlencoded", "a=b", Some(Format::Form)),
            ("application/x-ndjson", "{}\n{}", Some(Format::Ndjson)),
            ("application/edi-x12", "ISA*00*", Some(Format::X12)),
            ("application/sql", "INSERT INTO p VALUES (1);", Some(Format::Sql)),
            ("text/x-log", "ts=1 level=info", Some(Format::Log)),
            ("application/pdf", "{}", None),
            ("message/rfc822", "From: a", None),
            ("multipart/form-data; boundary=x", "--x", None),
            ("text/plain; charset=utf-7", "x", None),
        ] {
            assert_eq!(reading(media(name).as_ref(), body.as_bytes()).map(|(_, format)| format), expected, "{name}");
        }
        assert_eq!(reading(None, b"{}"), Some((Charset::Utf8, Format::Json)));
    }
}
