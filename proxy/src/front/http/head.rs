//! Heads of messages, from one side to the other.

use std::net::SocketAddr;

use blackbar_engine::Raw;
use blackbar_wire::http::{Coding, DownHeader, Place, Rewriter, UpHeader, accept_encoding, down, up};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};

use super::problem::{Kind, Problem};
use crate::gate::Lines;

/// What heads are written with, beside the message itself.
pub(super) struct Heads<'a> {
    pub(super) rewriter: &'a Rewriter,
    /// Marks entity tags: another version is another representation.
    pub(super) version: &'a str,
    pub(super) cookies: bool,
    /// Headers in which clients present credentials here.
    pub(super) token_headers: &'a [String],
}

impl Heads<'_> {
    /// The headers of a request on its way up. The upstream's own credential and host are not in them yet.
    pub(super) fn up(&self, from: &HeaderMap, client: SocketAddr, encrypted: bool) -> HeaderMap {
        let mut to = HeaderMap::with_capacity(from.len());
        for (name, value) in from {
            if self.token_headers.iter().any(|token| token == name.as_str()) {
                continue;
            }
            match up(name.as_str(), self.cookies) {
                UpHeader::Pass => _ = to.append(name.clone(), value.clone()),
                UpHeader::Tags => {
                    let tags = self.tags_up(value.as_bytes(), name == header::IF_MATCH);
                    if let Some(value) = tags.and_then(|tags| HeaderValue::from_bytes(&tags).ok()) {
                        to.append(name.clone(), value);
                    }
                }
                UpHeader::Drop => {}
            }
        }
        let offered = accept_encoding(from.get_all(header::ACCEPT_ENCODING).iter().map(HeaderValue::as_bytes));
        let forwarded = match client {
            SocketAddr::V4(address) => format!("for={}", address.ip()),
            SocketAddr::V6(address) => format!("for=\"[{}]\"", address.ip()),
        };
        let forwarded = format!("{forwarded};proto={}", if encrypted { "https" } else { "http" });
        for (name, value) in [(header::ACCEPT_ENCODING, offered), (header::FORWARDED, forwarded)] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                to.insert(name, value);
            }
        }
        to
    }

    /// The headers of an answer on its way down: content is redacted, links lead to the gateway, and what tells of bytes
    /// that the client will not see is gone.
    pub(super) fn down(&self, from: &HeaderMap, status: u16, lines: &mut Lines) -> Result<HeaderMap, Problem> {
        let mut to = HeaderMap::with_capacity(from.len() + 4);
        for (name, value) in from {
            let kept = match down(name.as_str()) {
                DownHeader::Drop => None,
                DownHeader::Plain => unchanged(value, lines),
                DownHeader::Content => redacted(name, value, lines),
                DownHeader::Cookie => self.cookies.then(|| redacted(name, value, lines)).flatten(),
                DownHeader::Tag => self.tag_down(value, lines),
                DownHeader::Link => {
                    let rewritten = self.link(name, value);
                    if rewritten.is_none() && *name == header::LOCATION && (300..400).contains(&status) {
                        let detail = "the upstream redirects to somewhere else, around the gateway";
                        return Err(Problem::new(Kind::Uninspectable, 502, detail));
                    }
                    rewritten.and_then(|value| redacted(name, &value, lines))
                }
            };
            if let Some(kept) = kept {
                to.append(name.clone(), kept);
            }
        }
        // What was redacted for this client is for nobody else.
        let no_store = from
            .get_all(header::CACHE_CONTROL)
            .iter()
            .any(|value| value.to_str().is_ok_and(|value| value.to_ascii_lowercase().contains("no-store")));
        let caching = HeaderValue::from_static(if no_store { "no-store" } else { "private" });
        to.insert(header::CACHE_CONTROL, caching);
        to.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        Ok(to)
    }

    fn link(&self, name: &HeaderName, value: &HeaderValue) -> Option<HeaderValue> {
        let text = value.to_str().ok()?;
        let rewritten = if *name == header::LINK {
            self.rewriter.links(text)?
        } else {
            match self.rewriter.place(text) {
                Place::Here(url) => url,
                Place::Elsewhere => return None,
            }
        };
        HeaderValue::from_str(&rewritten).ok()
    }

    /// `"x"` of the upstream is `W/"bb-VERSION-s-x"` here: the redacted bytes differ, and differ again with other rules.
    fn tag_down(&self, value: &HeaderValue, lines: &mut Lines) -> Option<HeaderValue> {
        let text = unchanged(value, lines)?;
        let text = text.to_str().ok()?;
        let (strength, quoted) = text.strip_prefix("W/").map_or(("s", text), |rest| ("w", rest));
        let opaque = quoted.strip_prefix('"')?.strip_suffix('"')?;
        if opaque.contains('"') {
            return None;
        }
        HeaderValue::from_str(&format!("W/\"bb-{}-{strength}-{opaque}\"", self.version)).ok()
    }

    /// The upstream's own tags again. A condition on what the client has counts only for what these rules made; one on what
    /// the upstream has counts whoever wrote it.
    fn tags_up(&self, value: &[u8], upstream_s: bool) -> Option<Vec<u8>> {
        let text = std::str::from_utf8(value).ok()?;
        if text.trim() == "*" {
            return Some(b"*".to_vec());
        }
        let mut tags = Vec::new();
        for tag in text.split(',').map(str::trim) {
            let opaque = tag.strip_prefix("W/").unwrap_or(tag).strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
            let ours = opaque.and_then(|opaque| opaque.strip_prefix("bb-")?.split_once('-'));
            match ours.and_then(|(version, rest)| Some((version, rest.split_once('-')?))) {
                Some((version, (strength, opaque))) if upstream_s || version == self.version => {
                    tags.push(format!("{}\"{opaque}\"", if strength == "w" { "W/" } else { "" }));
                }
                Some(_) => {}
                None if upstream_s => tags.push(tag.to_owned()),
                None => {}
            }
        }
        (!tags.is_empty()).then(|| tags.join(", ").into_bytes())
    }
}

/// A word of the protocol, or nothing when something in it would have to be redacted.
pub(super) fn unchanged(value: &HeaderValue, lines: &mut Lines) -> Option<HeaderValue> {
    const LONGEST: usize = 1024;
    let text = value.as_bytes();
    let same = text.len() <= LONGEST && lines.line(Raw::from(text.to_vec())) == text;
    same.then(|| value.clone())
}

/// The value as the profile wants it. The name stands before it: it may be what tells a name from a word.
fn redacted(name: &HeaderName, value: &HeaderValue, lines: &mut Lines) -> Option<HeaderValue> {
    // Names often say what the value is (`x-patient-name`); in words the detectors know them.
    let label = name.as_str().strip_prefix("x-").unwrap_or(name.as_str()).replace('-', " ");
    let label = format!("{label}: ");
    // Escaped characters are content in another spelling, and nobody undoes them here.
    let text = value.as_bytes();
    if hides(text) {
        return None;
    }
    let line = lines.line(Raw::from([label.as_bytes(), text].concat()));
    let rest = line.strip_prefix(label.as_bytes())?;
    // What is found without its label counts as well.
    let rest = lines.line(Raw::from(rest.to_vec()));
    HeaderValue::from_bytes(&rest).ok()
}

/// Percent-escaped digits or letters, encoded words of mail, base64 of any length: identifiers in disguise.
fn hides(text: &[u8]) -> bool {
    let escaped = text.windows(3).any(|window| match window {
        [b'%', high @ (b'2'..=b'7'), low] => {
            let digit = |byte: u8| char::from(byte).to_digit(16);
            let meant = digit(*high).zip(digit(*low)).map(|(high, low)| high * 16 + low);
            meant.and_then(char::from_u32).is_some_and(|meant| meant.is_ascii_alphanumeric() || "-._@".contains(meant))
        }
        _ => false,
    });
    escaped || text.windows(2).any(|window| window == b"=?")
}

/// The coding of the body for this client: the upstream's, if the client can read it.
pub(super) fn coding_for(client: &HeaderMap, upstream: Coding) -> Coding {
    let accepted = Coding::accepted(client.get_all(header::ACCEPT_ENCODING).iter().map(HeaderValue::as_bytes));
    if accepted.contains(&upstream) { upstream } else { Coding::Identity }
}
