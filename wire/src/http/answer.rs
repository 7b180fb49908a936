//! What the body of an answer is, by its head.

use std::fmt;

use blackbar_engine::Format;

use super::media::{Charset, Media, Reading};

/// How an answer goes on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AnswerPlan {
    /// What is done with its body.
    pub body: BodyPlan,
    /// The `Content-Type` that the client sees.
    pub content_type: Option<String>,
}

/// What is done with a body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BodyPlan {
    /// There is none: an answer to `HEAD`, 204, 304. Bytes that come all the same are not passed.
    None,
    /// Decoded, redacted.
    Redact {
        /// The coding that it comes in.
        coding: Coding,
        /// How its text is spelt.
        charset: Charset,
        /// The lens.
        format: Format,
    },
}

/// A content coding.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Coding {
    /// None.
    Identity,
    /// RFC 1952.
    Gzip,
    /// The zlib format of RFC 1950.
    Deflate,
    /// RFC 7932.
    Brotli,
    /// RFC 8878.
    Zstd,
}

/// Why an answer cannot be passed on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unanswerable {
    /// A status that has no place here: a switch of protocols, a part that nobody asked for, or none of the known classes.
    Status,
    /// An unknown coding, or several.
    Coding,
    /// Content that nobody here can look into.
    Media,
    /// A charset that nobody here can read.
    Charset,
    /// Its length can be found in more than one way.
    Framing,
}

/// Judges the head of an answer. `to_head`: it answers a `HEAD`.
pub fn plan(status: u16, to_head: bool, headers: &[(&str, &[u8])]) -> Result<AnswerPlan, Unanswerable> {
    if !(200..600).contains(&status) || status == 206 {
        return Err(Unanswerable::Status);
    }
    let all = |name: &'static str| headers.iter().filter(move |(other, _)| *other == name).map(|(_, value)| *value);
    let (lengths, codings) = (all("content-length").count(), all("transfer-encoding").count());
    if lengths > 1 || codings > 1 || (lengths > 0 && codings > 0) {
        return Err(Unanswerable::Framing);
    }
    let mut types = all("content-type");
    let media = match (types.next(), types.next()) {
        (None, _) => None,
        (Some(value), None) => Some(Media::parse(value).ok_or(Unanswerable::Media)?),
        (Some(_), Some(_)) => return Err(Unanswerable::Media),
    };
    let content_type = media.as_ref().map(Media::header);
    let empty = all("content-length").any(|value| value == b"0");
    if to_head || matches!(status, 204 | 205 | 304) || empty {
        return Ok(AnswerPlan { body: BodyPlan::None, content_type });
    }
    let coding = coding(all("content-encoding"))?;
    // A body without a type is no body, until bytes of it come.
    let Some(media) = media else { return Ok(AnswerPlan { body: BodyPlan::None, content_type }) };
    let Reading::Lens(format) = media.reading() else { return Err(Unanswerable::Media) };
    let charset = media.charset();
    if charset == Charset::Unknown {
        return Err(Unanswerable::Charset);
    }
    Ok(AnswerPlan { body: BodyPlan::Redact { coding, charset, format }, content_type })
}

fn coding<'v>(mut values: impl Iterator<Item = &'v [u8]>) -> Result<Coding, Unanswerable> {
    let Some(value) = values.next() else { return Ok(Coding::Identity) };
    if values.next().is_some() {
        return Err(Unanswerable::Coding);
    }
    let known = std::str::from_utf8(value).ok().and_then(|name| Coding::named(name.trim()));
    known.ok_or(Unanswerable::Coding)
}

/// The codings that both the client and the gateway can read, for the request to the upstream.
#[must_use]
pub fn accept_encoding<'v>(client: impl IntoIterator<Item = &'v [u8]>) -> String {
    let accepted = Coding::accepted(client);
    let names: Vec<&str> = accepted.into_iter().map(Coding::name).collect();
    if names.is_empty() { Coding::Identity.name().to_owned() } else { names.join(", ") }
}

impl Coding {
    /// The name, as it stands in headers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "" | "identity" => Self::Identity,
            "gzip" | "x-gzip" => Self::Gzip,
            "deflate" => Self::Deflate,
            "br" => Self::Brotli,
            "zstd" => Self::Zstd,
            _ => return None,
        })
    }

    /// Those that an `Accept-Encoding` allows.
    #[must_use]
    pub fn accepted<'v>(client: impl IntoIterator<Item = &'v [u8]>) -> Vec<Self> {
        let (mut accepted, mut refused, mut any) = (Vec::new(), Vec::new(), false);
        for value in client {
            let Ok(text) = std::str::from_utf8(value) else { continue };
            for item in text.split(',') {
                let mut parts = item.split(';');
                let name = parts.next().unwrap_or_default().trim();
                let weight = parts.filter_map(|part| part.split_once('=')).find(|(name, _)| name.trim() == "q");
                let wanted = weight.is_none_or(|(_, weight)| weight.trim().parse::<f32>().is_ok_and(|q| q > 0.0));
                match Self::named(name) {
                    Some(coding) if wanted => accepted.push(coding),
                    Some(coding) => refused.push(coding),
                    None => any |= name == "*" && wanted,
                }
            }
        }
        let all = [Self::Gzip, Self::Brotli, Self::Zstd, Self::Deflate];
        all.into_iter().filter(|coding| accepted.contains(coding) || (any && !refused.contains(coding))).collect()
    }
}

impl fmt::Display for Unanswerable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Status => "its status has no place here",
            Self::Coding => "it comes in a coding that cannot be undone",
            Self::Media => "it is of a type that cannot be inspected",
            Self::Charset => "it comes in a charset that cannot be read",
            Self::Framing => "its length can be found in more than one way",
        })
    }
}

impl std::error::Error for Unanswerable {}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(status: u16, to_head: bool, headers: &[(&str, &str)]) -> Result<BodyPlan, Unanswerable> {
        let headers: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        plan(status, to_head, &headers).map(|plan| plan.body)
    }

    const JSON: (&str, &str) = ("content-type", "application/json");

    #[test]
    fn a_body_is_read_as_what_it_is() {
        let redact = |coding| BodyPlan::Redact { coding, charset: Charset::Utf8, format: Format::Json };
        assert_eq!(body(200, false, &[JSON]), Ok(redact(Coding::Identity)));
        assert_eq!(body(404, false, &[JSON, ("content-encoding", "X-GZIP")]), Ok(redact(Coding::Gzip)));
        assert_eq!(body(500, false, &[JSON, ("content-encoding", "br")]), Ok(redact(Coding::Brotli)));
    }

    #[test]
    fn some_answers_have_no_body() {
        for (status, to_head, headers) in [
            (200, true, &[JSON][..]),
            (200, true, &[("content-type", "application/pdf")]),
            (204, false, &[]),
            (304, false, &[JSON]),
            (201, false, &[("content-length", "0")]),
            (200, false, &[]),
        ] {
            assert_eq!(body(status, to_head, headers), Ok(BodyPlan::None), "{status} {headers:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_not_passed() {
        for (status, headers, why) in [
            (101, &[][..], Unanswerable::Status),
            (103, &[JSON], Unanswerable::Status),
            (206, &[JSON], Unanswerable::Status),
            (999, &[JSON], Unanswerable::Status),
            (200, &[JSON, ("content-encoding", "gzip, br")], Unanswerable::Coding),
            (200, &[JSON, ("content-encoding", "gzip"), ("content-encoding", "gzip")], Unanswerable::Coding),
            (200, &[JSON, ("content-encoding", "compress")], Unanswerable::Coding),
            (200, &[JSON, ("content-encoding", "aes128gcm")], Unanswerable::Coding),
            (200, &[("content-type", "application/pdf")], Unanswerable::Media),
            (200, &[("content-type", "nonsense")], Unanswerable::Media),
            (200, &[JSON, ("content-type", "text/plain")], Unanswerable::Media),
            (200, &[("content-type", "text/plain; charset=ebcdic")], Unanswerable::Charset),
            (200, &[JSON, ("content-length", "5"), ("transfer-encoding", "chunked")], Unanswerable::Framing),
        ] {
            assert_eq!(body(status, false, headers), Err(why), "{status} {headers:?}");
        }
    }

    #[test]
    fn the_upstream_is_offered_what_both_can_read() {
        let offered = |value: &str| accept_encoding([value.as_bytes()]);
        assert_eq!(offered("gzip, deflate, br, zstd"), "gzip, br, zstd, deflate");
        assert_eq!(offered("br;q=1.0, gzip;q=0, *;q=0.1"), "br, zstd, deflate");
        assert_eq!(offered("compress, sdch"), "identity");
        assert_eq!(accept_encoding([]), "identity");
    }
}
