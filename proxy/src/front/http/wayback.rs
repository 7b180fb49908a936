//! The way back: tokens in the target of a request become their originals, and what was redacted is not written over what it was.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use blackbar_detectors::kinds;
use blackbar_engine::operator::{Keyring, find_tokens, tag, unfinished_token};
use blackbar_wire::http::Media;
use http::{HeaderName, Method};

use super::problem::{Kind, Problem};
use crate::registry;

/// Whether a target has anything to resolve.
pub(super) fn carries_tokens(target: &str) -> bool {
    find_tokens(target.as_bytes()).next().is_some()
}

/// Parameters whose value is the id of a resource, which upstreams answer with that resource and do not quote elsewhere.
const IDS: &[&str] = &[
    "_id",
    "asserter",
    "author",
    "beneficiary",
    "encounter",
    "general-practitioner",
    "location",
    "organization",
    "patient",
    "performer",
    "practitioner",
    "recorder",
    "requester",
    "subject",
];
/// Headers of an answer to a request that was resolved: others may quote what was asked for.
const UNQUOTED: &[&str] = &["cache-control", "content-encoding", "content-type", "vary", "x-content-type-options"];

/// Whether a header of an upstream passes that was asked for what the client does not know.
pub(super) fn is_unquoted(name: &HeaderName) -> bool {
    UNQUOTED.contains(&name.as_str())
}

/// Whether what ends with `before` asks for a resource by its id: `/Patient/`, `?patient=`, `&subject=Patient/`.
fn asks_by_id(before: &str) -> bool {
    let is_type = |segment: &str| {
        segment.starts_with(|c: char| c.is_ascii_uppercase()) && segment.bytes().all(|byte| byte.is_ascii_alphabetic())
    };
    let Some((_, query)) = before.split_once('?') else {
        return before.strip_suffix('/').and_then(|path| path.rsplit('/').next()).is_some_and(is_type);
    };
    let parameter = query.rsplit('&').next().unwrap_or_default();
    let Some((name, value)) = parameter.split_once('=') else { return false };
    let name = name.split(':').next().unwrap_or_default();
    IDS.contains(&name) && (value.is_empty() || value.strip_suffix('/').is_some_and(is_type))
}

/// The target that the upstream is asked for: each token is the value that it stands for, in the spelling that is customary.
/// Tokens are resolved where they ask for a resource by its id, and nowhere else: what an upstream quotes, the client would
/// read.
pub(super) fn resolved(target: &str, keyring: Option<&Keyring>) -> Result<String, Problem> {
    let unknown = || {
        let detail = "the request carries a token that this gateway did not issue, or cannot resolve";
        Problem::new(Kind::BadRequest, 422, detail)
    };
    let keyring = keyring.ok_or_else(unknown)?;
    let mut out = String::with_capacity(target.len());
    let mut done = 0;
    for token in find_tokens(target.as_bytes()) {
        let spelt = target.get(token.clone()).ok_or_else(unknown)?;
        let (kind, value) = keyring.open_token(spelt).map_err(|_| unknown())?;
        let whole = target.as_bytes().get(token.end).is_none_or(|next| matches!(next, b'/' | b'?' | b'&'));
        if kind != kinds::OTHER_ID.id() || !whole || !asks_by_id(target.get(..token.start).unwrap_or_default()) {
            let detail = "a token is resolved where it asks for a resource by its id: Patient/TOKEN, ?patient=TOKEN";
            return Err(Problem::new(Kind::BadRequest, 422, detail));
        }
        let original = registry::values().spellings(&kind, &value).into_iter().next().ok_or_else(unknown)?;
        out.push_str(target.get(done..token.start).unwrap_or_default());
        for byte in original {
            // A value is one segment or one parameter, whatever is in it.
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                out.push(char::from(byte));
            } else {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
        done = token.end;
    }
    out.push_str(target.get(done..).unwrap_or_default());
    // A segment of dots would be another path than the one that was judged.
    let path = out.split('?').next().unwrap_or_default();
    if path.split('/').any(|segment| segment == "." || segment == "..") { Err(unknown()) } else { Ok(out) }
}

/// Whether a request stores its body where data are: what was redacted must not take the place of what it was. A question to
/// a model may well quote an answer.
pub(super) fn stores(method: &Method, path: &str, media: Option<&Media>) -> bool {
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let is_type =
        last.starts_with(|c: char| c.is_ascii_uppercase()) && last.bytes().all(|byte| byte.is_ascii_alphabetic());
    let fhir = is_type || media.is_some_and(|media| media.essence().contains("fhir"));
    match method.as_str() {
        "PUT" | "PATCH" => true,
        "POST" => fhir && !path.ends_with("/_search"),
        _ => false,
    }
}

/// Watches a body on its way up for replacements.
#[derive(Default)]
pub(super) struct Watch {
    /// The end of what has passed.
    tail: Vec<u8>,
    found: Found,
}

/// Whether a [`Watch`] has found something.
#[derive(Clone, Debug, Default)]
pub(super) struct Found(Arc<AtomicBool>);

/// No tag is longer.
const LONGEST_TAG: usize = 24;
const MASK: &[u8] = b"***";

impl Watch {
    /// What tells of it when the body has gone its way.
    pub(super) fn found(&self) -> Found {
        self.found.clone()
    }

    /// Whether the next bytes may pass.
    pub(super) fn lets_pass(&mut self, bytes: &[u8]) -> bool {
        let mut text = std::mem::take(&mut self.tail);
        text.extend_from_slice(bytes);
        if is_replaced(&text) {
            self.found.0.store(true, Ordering::Relaxed);
            return false;
        }
        let open = unfinished_token(&text).min(text.len().saturating_sub(LONGEST_TAG));
        text.drain(..open);
        self.tail = text;
        true
    }
}

impl Found {
    pub(super) fn problem(&self) -> Option<Problem> {
        let detail = "the body carries what took the place of an identifier, which would overwrite it; leave out what was read redacted";
        self.0.load(Ordering::Relaxed).then(|| Problem::new(Kind::BadRequest, 422, detail))
    }
}

fn is_replaced(text: &[u8]) -> bool {
    let tagged = || kinds::MAIN.iter().any(|kind| memchr::memmem::find(text, &tag(kind.id())).is_some());
    memchr::memmem::find(text, MASK).is_some()
        || memchr::memchr(b'[', text).is_some() && tagged()
        || find_tokens(text).next().is_some()
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Watch({} bytes)", self.tail.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_become_single_values() {
        let keyring = Keyring::random().unwrap();
        let id = keyring.token("other-id", b"A/1?b&c=%d").unwrap();
        let target = format!("/Patient/{id}/_history?patient={id}&subject=Patient/{id}&y=1");
        assert!(carries_tokens(&target));
        let expected = "/Patient/A%2F1%3Fb%26c%3D%25d/_history?patient=A%2F1%3Fb%26c%3D%25d&subject=Patient/A%2F1%3Fb%26c%3D%25d&y=1";
        assert_eq!(resolved(&target, Some(&keyring)).unwrap(), expected);
        assert!(!carries_tokens("/Patient/12?x=y"));
    }

    #[test]
    fn tokens_elsewhere_are_refused() {
        let keyring = Keyring::random().unwrap();
        let (id, mrn) = (keyring.token("other-id", b"12").unwrap(), keyring.token("mrn", b"12").unwrap());
        for target in [
            format!("/{id}"),
            format!("/echo/{id}"),
            format!("/Patient/x{id}"),
            format!("/Patient/{id}.json"),
            format!("/Patient?code={id}"),
            format!("/Patient?_count={id}"),
            format!("/Patient?name={id}"),
            format!("/Patient?patient=x{id}"),
            format!("/Patient?patient={id},2"),
            format!("/Patient?{id}=1"),
            format!("/Patient/{mrn}"),
            format!("/Patient?identifier={mrn}"),
        ] {
            assert!(resolved(&target, Some(&keyring)).is_err(), "{target}");
        }
    }

    #[test]
    fn foreign_tokens_and_those_that_climb_are_refused() {
        let (ours, theirs) = (Keyring::random().unwrap(), Keyring::random().unwrap());
        let foreign = format!("/Patient/{}", theirs.token("other-id", b"12").unwrap());
        assert!(resolved(&foreign, Some(&ours)).is_err());
        assert!(resolved(&foreign, None).is_err());
        let dots = format!("/Patient/{}/x", ours.token("other-id", b"..").unwrap());
        assert!(resolved(&dots, Some(&ours)).is_err());
    }

    #[test]
    fn replacements_are_found_however_a_body_is_cut() {
        let token = Keyring::random().unwrap().token("mrn", b"12345").unwrap();
        for carried in ["[NAME]", "[OTHER-ID]", "***-**-6789", token.as_str()] {
            let body = format!("{{\"name\":\"{carried}\",\"more\":\"{}\"}}", "x".repeat(100));
            for step in 1..body.len() {
                let mut watch = Watch::default();
                assert!(!body.as_bytes().chunks(step).all(|piece| watch.lets_pass(piece)), "{step}");
                assert!(watch.found().problem().is_some());
            }
        }
        let plain = br#"{"name":[{"family":"[sic] Doe"}],"note":"a ** b, bb-mrn"}"#;
        for step in 1..plain.len() {
            let mut watch = Watch::default();
            assert!(plain.chunks(step).all(|piece| watch.lets_pass(piece)), "{step}");
            assert!(watch.found().problem().is_none());
        }
    }

    #[test]
    fn what_stores_is_known() {
        let fhir = Media::parse(b"application/fhir+json; charset=utf-8");
        let json = Media::parse(b"application/json");
        for (method, path, media, expected) in [
            (Method::PUT, "/Patient/1", &json, true),
            (Method::PATCH, "/x", &None, true),
            (Method::POST, "/Patient", &fhir, true),
            (Method::POST, "/Patient/_search", &fhir, false),
            (Method::POST, "/fhir/Patient", &json, true),
            (Method::POST, "/v1/chat/completions", &json, false),
            (Method::GET, "/Patient", &None, false),
        ] {
            assert_eq!(stores(&method, path, media.as_ref()), expected, "{method} {path}");
        }
    }
}
