//! A request that is held: its body is kept, people are asked, and the client waits as long as it likes to.

use std::time::Duration;

use blackbar_policy::{CanonicalRequest, HttpRequest};
use blackbar_wire::http::{Admitted, RESPOND_LATER};
use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::arriving::Arriving;
use super::problem::{Kind, Problem};
use crate::gate::{Unheld, Waited};

/// The longest body of a request that has to be approved: it is kept in memory while people are asked.
pub(super) const LONGEST_BODY: usize = 1 << 20;

/// The canonical form of a request with this body.
pub(super) fn canonical<'r>(parts: &'r Parts, admitted: &'r Admitted, body: &[u8]) -> CanonicalRequest<'r> {
    let media_type = parts.headers.get(header::CONTENT_TYPE).filter(|_| admitted.has_body);
    let media_type = media_type.and_then(|value| value.to_str().ok());
    CanonicalRequest::Http(HttpRequest {
        method: parts.method.as_str(),
        path: admitted.target.path(),
        query: admitted.target.query(),
        media_type: media_type.unwrap_or_default(),
        body: Sha256::digest(body).into(),
    })
}

/// The headers that cannot make another request of one that was agreed to.
pub(super) fn harmless(headers: HeaderMap) -> HeaderMap {
    // It says when to answer, and nothing else of what may be preferred.
    let later = headers.get_all("prefer").iter().any(|value| {
        value.to_str().is_ok_and(|value| value.split(',').any(|preference| preference.trim() == RESPOND_LATER))
    });
    let mut last = None;
    let named = headers.into_iter().filter_map(|(name, value)| {
        // Only the first of several values comes with its name.
        last = name.or_else(|| last.take());
        Some((last.clone()?, value))
    });
    let mut kept: HeaderMap = named.filter(|(name, _)| is_harmless(name)).collect();
    if later {
        kept.insert("prefer", HeaderValue::from_static(RESPOND_LATER));
    }
    kept
}

fn is_harmless(name: &HeaderName) -> bool {
    const HARMLESS: &[HeaderName] = &[
        header::ACCEPT,
        header::ACCEPT_ENCODING,
        header::ACCEPT_LANGUAGE,
        header::CONTENT_TYPE,
        header::FORWARDED,
        header::IF_MATCH,
        header::USER_AGENT,
    ];
    // They name a conversation, which whoever asks must be in, and the version that is spoken in it.
    const OF_TOOLS: &[&str] = &["mcp-protocol-version", "mcp-session-id"];
    HARMLESS.contains(name) || OF_TOOLS.contains(&name.as_str())
}

/// The whole body, if it is short enough to be kept.
pub(super) async fn body(arriving: &mut Arriving) -> Result<Bytes, Problem> {
    let whole = arriving.gather(LONGEST_BODY).await;
    match whole.map_err(|why| Problem::new(Kind::BadRequest, 400, why.to_string()))? {
        true => Ok(arriving.kept().clone()),
        false => {
            let why = "a request that has to be approved has a body of at most 1 MiB";
            Err(Problem::new(Kind::BadRequest, 413, why))
        }
    }
}

/// What of a body was agreed to: all of it, but for the number that a message has for its answer.
pub(super) fn agreed(body: &Bytes, calls: bool) -> Bytes {
    if !calls {
        return body.clone();
    }
    let unnumbered = |message: &mut Value| {
        if let Some(message) = message.as_object_mut() {
            message.remove("id");
            if let Some(meta) = message.get_mut("params").and_then(|params| params.get_mut("_meta")?.as_object_mut()) {
                meta.remove("progressToken");
            }
        }
    };
    let Ok(mut document) = serde_json::from_slice::<Value>(body) else { return body.clone() };
    match &mut document {
        Value::Array(messages) => messages.iter_mut().for_each(unnumbered),
        message => unnumbered(message),
    }
    document.to_string().into()
}

/// The approval that the client names.
pub(super) fn named(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut values = headers.get_all("blackbar-approval").iter();
    let wrong = || Problem::new(Kind::BadRequest, 400, "Blackbar-Approval names one approval");
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => {
            let id = value.to_str().map_err(|_| wrong())?.trim();
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            if id.is_empty() || id.len() > 64 || !id.bytes().all(plain) { Err(wrong()) } else { Ok(Some(id)) }
        }
        (Some(_), Some(_)) => Err(wrong()),
    }
}

/// How long the client waits, by `Prefer: wait=N` (RFC 7240).
pub(super) fn patience(headers: &HeaderMap, most: Duration) -> Duration {
    let preferences = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    let mut preferences = preferences.flat_map(|value| value.split(','));
    let wait = preferences.find_map(|preference| {
        let (name, value) = preference.split(';').next()?.split_once('=')?;
        let seconds = value.trim().trim_matches('"').parse().ok();
        seconds.filter(|_| name.trim().eq_ignore_ascii_case("wait"))
    });
    wait.map_or(Duration::ZERO, |seconds| Duration::from_secs(seconds).min(most))
}

/// What reviewers are shown: the redacted request of the recording, and where that is. It waits in a file that is not encrypted, so
/// heads stay in the recording: a client may say anything in them.
pub(super) fn shown(content: &Value, session: Option<String>) -> Value {
    let mut shown = content.clone();
    if let Some(object) = shown.as_object_mut() {
        object.remove("headers");
        object.extend(session.map(|session| ("session".to_owned(), session.into())));
    }
    shown
}

/// The answer when people did not agree.
pub(super) fn not_granted(approval: &str, waited: Waited) -> Problem {
    match waited {
        Waited::Denied => Problem::decided(Kind::Denied, approval, "a reviewer denied it"),
        Waited::Expired => Problem::decided(Kind::Denied, approval, "nobody decided in time"),
        Waited::Used => Problem::decided(Kind::Denied, approval, "another request has used the approval"),
        Waited::Granted | Waited::Undecided => Problem::held(approval.to_owned(), "it waits for approval"),
    }
}

/// The answer when it does not even wait. `Refused` is answered as everywhere.
pub(super) fn unheld(unheld: Unheld, refused: impl FnOnce(crate::gate::Refused) -> Problem) -> Problem {
    match unheld {
        Unheld::Refused(why) => refused(why),
        Unheld::OtherRequest => mismatch(),
        Unheld::Closed { approval, why } => {
            Problem::decided(Kind::Denied, &approval, &format!("the approval cannot be used: {why}"))
        }
        Unheld::TooManyAsks => too_many(),
        Unheld::Unstored => Problem::new(Kind::Overloaded, 503, "approvals cannot be stored"),
    }
}

pub(super) fn mismatch() -> Problem {
    Problem::new(Kind::ApprovalMismatch, 409, "Blackbar-Approval names an approval that is not for this request")
}

pub(super) fn too_many() -> Problem {
    Problem::new(Kind::Overloaded, 429, "too many requests wait for approval")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_agreed_to_may_be_answered_later_and_is_changed_by_nothing() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("accept", "text/csv"),
            ("x-note", "drop"),
            ("x-note", "drop again"),
            ("accept", "application/json"),
            ("prefer", "return=minimal, respond-async"),
            ("x-prefer", "respond-async"),
        ] {
            headers.append(name, HeaderValue::from_static(value));
        }
        let kept = harmless(headers);
        assert_eq!(kept.get_all("accept").iter().collect::<Vec<_>>(), ["text/csv", "application/json"]);
        assert_eq!(kept.get("prefer").unwrap(), "respond-async");
        assert_eq!(kept.len(), 3);
        let preferring =
            HeaderMap::from_iter([("prefer".parse().unwrap(), HeaderValue::from_static("return=minimal"))]);
        assert!(harmless(preferring).is_empty());
    }

    #[test]
    fn a_client_waits_as_long_as_it_prefers_and_no_longer_than_it_may() {
        let most = Duration::from_secs(120);
        for (values, seconds) in [
            (&["wait=5"][..], 5),
            (&["respond-async, Wait = 10"], 10),
            (&["return=minimal; foo=1", "wait=\"7\";x"], 7),
            (&["wait=100000"], 120),
            (&["wait=soon"], 0),
            (&["handling=strict"], 0),
            (&[], 0),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("prefer", HeaderValue::from_static(value));
            }
            assert_eq!(patience(&headers, most), Duration::from_secs(seconds), "{values:?}");
        }
    }

    #[test]
    fn one_approval_is_named_or_none() {
        let mut headers = HeaderMap::new();
        assert_eq!(named(&headers), Ok(None));
        headers.append("blackbar-approval", HeaderValue::from_static("ap-01"));
        assert_eq!(named(&headers), Ok(Some("ap-01")));
        headers.append("blackbar-approval", HeaderValue::from_static("ap-02"));
        assert!(named(&headers).is_err());
        headers.insert("blackbar-approval", HeaderValue::from_static("ap 01"));
        assert!(named(&headers).is_err());
    }
}
