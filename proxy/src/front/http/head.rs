//! Heads of messages, from one side to the other.

use std::net::SocketAddr;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use blackbar_engine::Raw;
use blackbar_engine::operator::{Keyring, find_tokens};
use blackbar_wire::http::{Coding, DownHeader, Place, Rewriter, UpHeader, accept_encoding, down, preferred, up};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};

use super::cookies::Cookies;
use super::problem::{Kind, Problem};
use crate::gate::Lines;

/// What heads are written with, beside the message itself.
pub(super) struct Heads<'a> {
    pub(super) rewriter: &'a Rewriter,
    /// Marks entity tags: another version is another representation.
    pub(super) version: &'a str,
    /// Where cookies pass.
    pub(super) cookies: Option<Cookies<'a>>,
    /// Headers in which clients present credentials here.
    pub(super) token_headers: &'a [String],
    /// Headers of clients that pass although they look like somebody's identity.
    pub(super) pass_headers: &'a [String],
    /// Hides entity tags that could say something.
    pub(super) seal: &'a Keyring,
}

impl Heads<'_> {
    /// The headers of a request on its way up. The upstream's own credential and host are not in them yet.
    pub(super) fn up(&self, from: &HeaderMap, client: SocketAddr, encrypted: bool) -> HeaderMap {
        let mut to = HeaderMap::with_capacity(from.len());
        let mut preferences: Vec<&str> = Vec::new();
        for (name, value) in from {
            if self.token_headers.iter().any(|token| token == name.as_str()) {
                continue;
            }
            let allowed = self.pass_headers.iter().any(|allowed| allowed == name.as_str());
            match up(name.as_str(), self.cookies.is_some()) {
                UpHeader::Pass if *name == header::COOKIE => {}
                UpHeader::Preferences => preferences.extend(value.to_str().map(preferred).unwrap_or_default()),
                UpHeader::Drop if allowed => _ = to.append(name.clone(), value.clone()),
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
        let cookies = self.cookies.as_ref().and_then(|cookies| cookies.up(from.get_all(header::COOKIE).iter()));
        to.extend(cookies.map(|value| (header::COOKIE, value)));
        let preferred = HeaderValue::from_str(&preferences.join(", ")).ok().filter(|_| !preferences.is_empty());
        to.extend(preferred.map(|value| (HeaderName::from_static("prefer"), value)));
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
                DownHeader::Plain => unchanged(value, lines).filter(|value| !holds_number(value.as_bytes())),
                DownHeader::Content => redacted(name, value, lines),
                DownHeader::Cookie if *name == header::SET_COOKIE => {
                    self.cookies.as_ref().and_then(|cookies| cookies.down(value, SystemTime::now()))
                }
                DownHeader::Cookie => None,
                DownHeader::Tag => self.tag_down(value),
                DownHeader::File => file(value),
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

    /// `"x"` of the upstream is `W/"bb-VERSION-s-x"` here: the redacted bytes differ, and differ again with other rules. What
    /// is long enough to name somebody is sealed.
    fn tag_down(&self, value: &HeaderValue) -> Option<HeaderValue> {
        let text = value.to_str().ok()?;
        let (weak, quoted) = text.strip_prefix("W/").map_or((false, text), |rest| (true, rest));
        let opaque = quoted.strip_prefix('"')?.strip_suffix('"')?;
        if opaque.contains('"') {
            return None;
        }
        let plain = opaque.len() <= LONGEST_PLAIN_TAG && opaque.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let (strength, opaque) = match (weak, plain) {
            (false, true) => ("s", opaque.to_owned()),
            (true, true) => ("w", opaque.to_owned()),
            (false, false) => ("S", self.seal.token(SEALED, opaque.as_bytes()).ok()?),
            (true, false) => ("W", self.seal.token(SEALED, opaque.as_bytes()).ok()?),
        };
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
                    let weak = if strength.eq_ignore_ascii_case("w") { "W/" } else { "" };
                    let known = match strength {
                        "S" | "W" => self.unsealed(opaque),
                        _ => Some(opaque.to_owned()),
                    };
                    match known {
                        Some(opaque) => tags.push(format!("{weak}\"{opaque}\"")),
                        // Nobody has what was sealed by another process: the condition does not hold.
                        None if upstream_s => tags.push("\"bb-unknown\"".to_owned()),
                        None => {}
                    }
                }
                Some(_) => {}
                None if upstream_s => tags.push(tag.to_owned()),
                None => {}
            }
        }
        (!tags.is_empty()).then(|| tags.join(", ").into_bytes())
    }

    fn unsealed(&self, token: &str) -> Option<String> {
        let (kind, opaque) = self.seal.open_token(token).ok()?;
        if kind == SEALED { String::from_utf8(opaque.to_vec()).ok() } else { None }
    }
}

/// What is sealed under the keys of tokens is no token of a value.
const SEALED: &str = "entity-tag";
const LONGEST_PLAIN_TAG: usize = 4;

/// How a file is to be shown, and what sort of file it is. What it is called stays here.
fn file(value: &HeaderValue) -> Option<HeaderValue> {
    let text = value.to_str().ok()?;
    let mut parts = text.split(';');
    let shown = match parts.next()?.trim().to_ascii_lowercase().as_str() {
        "inline" => "inline",
        "attachment" => "attachment",
        _ => return None,
    };
    let mut names = parts.filter_map(|part| part.split_once('='));
    let name = names.find(|(name, _)| name.trim().trim_end_matches('*').eq_ignore_ascii_case("filename"));
    let ending = name.and_then(|(_, name)| name.trim().trim_matches('"').rsplit_once('.'));
    let ending = ending.map(|(_, ending)| ending.to_ascii_lowercase());
    // Endings that formats have; any other could be a part of a name.
    const ENDINGS: &[&str] = &["csv", "hl7", "htm", "html", "json", "md", "ndjson", "text", "tsv", "txt", "xml"];
    let told = match ending.filter(|ending| ENDINGS.contains(&ending.as_str())) {
        Some(ending) => format!("{shown}; filename=\"file.{ending}\""),
        None => shown.to_owned(),
    };
    HeaderValue::from_str(&told).ok()
}

/// Headers by name and value, in their order.
pub(super) fn pairs(headers: &HeaderMap) -> Vec<(&str, &[u8])> {
    headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect()
}

/// A word of the protocol, or nothing when something in it would have to be redacted.
pub(super) fn unchanged(value: &HeaderValue, lines: &mut Lines) -> Option<HeaderValue> {
    const LONGEST: usize = 1024;
    let text = value.as_bytes();
    let same = text.len() <= LONGEST && lines.line(Raw::from(text.to_vec())) == text;
    same.then(|| value.clone())
}

/// Whether a word of the protocol has more digits in a row than a time or a year has.
fn holds_number(text: &[u8]) -> bool {
    text.split(|byte| !byte.is_ascii_digit()).any(|digits| digits.len() > 5)
}

/// The value as the profile wants it. The name stands before it: it may be what tells a name from a word.
pub(super) fn redacted(name: &HeaderName, value: &HeaderValue, lines: &mut Lines) -> Option<HeaderValue> {
    // Names often say what the value is (`x-patient-name`); in words the detectors know them.
    let label = name.as_str().strip_prefix("x-").unwrap_or(name.as_str()).replace('-', " ");
    let label = format!("{label}: ");
    let text = value.as_bytes();
    if hides(text) {
        return None;
    }
    // Escapes may hide a blank or a comma as well, and with it what stands around it.
    let meant = unescaped(text);
    if meant != text
        && lines.line(Raw::from([label.as_bytes(), &meant].concat())) != [label.as_bytes(), &meant].concat()
    {
        return None;
    }
    let line = lines.line(Raw::from([label.as_bytes(), text].concat()));
    let rest = line.strip_prefix(label.as_bytes())?;
    // What is found without its label counts as well; what took the place of something does not.
    let (mut told, mut done) = (Vec::with_capacity(rest.len()), 0);
    for token in find_tokens(rest) {
        told.extend(lines.line(Raw::from(rest.get(done..token.start).unwrap_or_default().to_vec())));
        told.extend_from_slice(rest.get(token.clone()).unwrap_or_default());
        done = token.end;
    }
    told.extend(lines.line(Raw::from(rest.get(done..).unwrap_or_default().to_vec())));
    HeaderValue::from_bytes(&told).ok()
}

/// Escapes of URLs undone.
pub(super) fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        let meant = if byte == b'%' { text.get(at + 1..at + 3).and_then(pair) } else { None };
        out.push(meant.unwrap_or(byte));
        at += if meant.is_some() { 3 } else { 1 };
    }
    out
}

/// The byte that two hexadecimal digits stand for.
fn pair(digits: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u8::from_str_radix(text, 16).ok()
}

/// Percent-escaped digits or letters, encoded words of mail, text in base64 or hexadecimal: identifiers in disguise.
fn hides(text: &[u8]) -> bool {
    let escaped = text.windows(3).any(|window| {
        let meant = if let [b'%', digits @ ..] = window { pair(digits) } else { None };
        meant.is_some_and(|meant| meant.is_ascii_alphanumeric() || b"-._@".contains(&meant))
    });
    escaped || text.windows(2).any(|window| window == b"=?") || encodes(text)
}

/// Whether a run of characters is text in base64 or in hexadecimal digits.
fn encodes(text: &[u8]) -> bool {
    const SHORTEST: usize = 12;
    let is_text = |bytes: &[u8]| {
        bytes.len() >= SHORTEST / 2
            && bytes.iter().all(|byte| (b' '..0x7f).contains(byte) || byte.is_ascii_whitespace())
    };
    let of_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte);
    let runs = text.split(|byte| !of_base64(byte)).filter(|run| run.len() >= SHORTEST);
    let base64 = |run: &[u8]| {
        let standard: Vec<u8> = run
            .iter()
            .map(|byte| match byte {
                b'-' => b'+',
                b'_' => b'/',
                byte => *byte,
            })
            .collect();
        STANDARD_NO_PAD.decode(standard).is_ok_and(|meant| is_text(&meant))
    };
    let hex = |run: &[u8]| {
        let meant: Option<Vec<u8>> =
            run.chunks(2).map(|digits| if digits.len() == 2 { pair(digits) } else { None }).collect();
        meant.is_some_and(|meant| is_text(&meant))
    };
    runs.into_iter().any(|run| base64(run) || hex(run))
}

/// The coding of the body for this client: the upstream's, if the client can read it.
pub(super) fn coding_for(client: &HeaderMap, upstream: Coding) -> Coding {
    let accepted = Coding::accepted(client.get_all(header::ACCEPT_ENCODING).iter().map(HeaderValue::as_bytes));
    if accepted.contains(&upstream) { upstream } else { Coding::Identity }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_in_disguise_is_told_from_ids_of_requests() {
        for text in
            ["MjE5LTA5LTk5OTg", "x=U1NOIDIxOS0wOS05OTk4;", "a.eyJzc24iOiIyMTktMDktOTk5OCJ9.b", "3231392d30392d39393938"]
        {
            assert!(hides(text.as_bytes()), "{text}");
        }
        for text in [
            "d41d8cd98f00b204e9800998ecf8427e",
            "1b4db7eb-4057-4ddf-91e0-36dec72071f5",
            "application/fhir+json; version=4.0",
            "max-age=3600, must-revalidate",
            "req_011CSHoEeqs5C35K2UUqR7Fy",
            "<https://gateway.example/Patient?page=2>; rel=next",
            "Wed, 21 Oct 2026 07:28:00 GMT",
        ] {
            assert!(!hides(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn files_are_not_called_after_anybody() {
        for (value, expected) in [
            ("attachment; filename=\"kowalczyk.csv\"", Some("attachment; filename=\"file.csv\"")),
            ("Inline; filename*=UTF-8''kowalczyk%20anna.JSON", Some("inline; filename=\"file.json\"")),
            ("attachment; filename=a.kowalczyk", Some("attachment")),
            ("form-data; name=kowalczyk", None),
        ] {
            let told = file(&HeaderValue::from_static(value));
            assert_eq!(told.as_ref().and_then(|value| value.to_str().ok()), expected, "{value}");
        }
    }
}
