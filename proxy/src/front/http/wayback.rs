//! The way back: tokens in the target of a request become their originals, and what was redacted is not written over what it was.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use blackbar_detectors::kinds;
use blackbar_engine::operator::{Keyring, find_tokens, tag, unfinished_token};
use blackbar_wire::http::Media;
use http::Method;

use super::problem::{Kind, Problem};
use crate::registry;

/// Whether a target has anything to resolve.
pub(super) fn carries_tokens(target: &str) -> bool {
    find_tokens(target.as_bytes()).next().is_some()
}

/// The target that the upstream is asked for: each token is the value that it stands for, in the spelling that is customary.
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
    let fhir = media.is_some_and(|media| media.essence().contains("fhir"));
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
        let target = format!("/Patient/{id}?x={id}&y=1");
        assert!(carries_tokens(&target));
        let expected = "/Patient/A%2F1%3Fb%26c%3D%25d?x=A%2F1%3Fb%26c%3D%25d&y=1";
        assert_eq!(resolved(&target, Some(&keyring)).unwrap(), expected);
        assert!(!carries_tokens("/Patient/12?x=y"));
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
            (Method::POST, "/v1/chat/completions", &json, false),
            (Method::GET, "/Patient", &None, false),
        ] {
            assert_eq!(stores(&method, path, media.as_ref()), expected, "{method} {path}");
        }
    }
}
