//! What the gateway itself answers: RFC 9457, in words that hold nothing of the request or the upstream.

use blackbar_ledger::Outcome;
use blackbar_wire::http::{Refusal, Unanswerable};
use http::header::{ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use serde_json::json;

use super::body::{BodyError, ClientBody};
use crate::gate::RecordError;

/// A refusal or a failure, as the client sees it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Problem {
    kind: Kind,
    status: u16,
    detail: String,
    approval: Option<String>,
    /// The connection ends with it.
    closes: bool,
}

/// The types of problems; `docs/errors.md` lists them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    BadRequest,
    Unauthenticated,
    Denied,
    ApprovalRequired,
    ApprovalMismatch,
    Uninspectable,
    Upstream,
    Timeout,
    Overloaded,
}

impl Kind {
    #[cfg(test)]
    pub(super) const ALL: [Self; 9] = [
        Self::BadRequest,
        Self::Unauthenticated,
        Self::Denied,
        Self::ApprovalRequired,
        Self::ApprovalMismatch,
        Self::Uninspectable,
        Self::Upstream,
        Self::Timeout,
        Self::Overloaded,
    ];

    /// The URN that programs tell them by.
    pub(super) const fn urn(self) -> &'static str {
        match self {
            Self::BadRequest => "urn:blackbar:bad-request",
            Self::Unauthenticated => "urn:blackbar:unauthenticated",
            Self::Denied => "urn:blackbar:denied",
            Self::ApprovalRequired => "urn:blackbar:approval-required",
            Self::ApprovalMismatch => "urn:blackbar:approval-mismatch",
            Self::Uninspectable => "urn:blackbar:uninspectable",
            Self::Upstream => "urn:blackbar:upstream",
            Self::Timeout => "urn:blackbar:timeout",
            Self::Overloaded => "urn:blackbar:overloaded",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::BadRequest => "The request is not accepted",
            Self::Unauthenticated => "A credential is needed",
            Self::Denied => "Denied by policy",
            Self::ApprovalRequired => "Somebody has to approve this",
            Self::ApprovalMismatch => "The approval is for another request",
            Self::Uninspectable => "The answer cannot be inspected",
            Self::Upstream => "The upstream failed",
            Self::Timeout => "The upstream took too long",
            Self::Overloaded => "The gateway takes no more work now",
        }
    }
}

impl Problem {
    pub(super) fn new(kind: Kind, status: u16, detail: impl Into<String>) -> Self {
        Self { kind, status, detail: detail.into(), approval: None, closes: false }
    }

    /// What has to be approved first.
    pub(super) fn held(approval: String, detail: impl Into<String>) -> Self {
        Self { approval: Some(approval), ..Self::new(Kind::ApprovalRequired, 403, detail) }
    }

    /// What people said, or did not say.
    pub(super) fn decided(kind: Kind, approval: &str, detail: &str) -> Self {
        Self { approval: Some(approval.to_owned()), ..Self::new(kind, 403, detail) }
    }

    /// It cannot be recorded, so it is not done.
    pub(super) fn unrecorded(error: RecordError) -> Self {
        Self::new(Kind::Overloaded, 503, format!("{error} [{}]", error.id()))
    }

    /// Somebody has ended the session, and the connection ends with it.
    pub(super) fn ended() -> Self {
        Self { closes: true, ..Self::new(Kind::Unauthenticated, 401, "the session was ended") }
    }

    /// The status, for the record.
    pub(super) const fn status(&self) -> u16 {
        self.status
    }

    /// What it says, in the gateway's own words.
    pub(super) fn detail(&self) -> &str {
        &self.detail
    }

    /// What became of the request, for the record.
    pub(super) const fn outcome(&self) -> Outcome {
        match self.kind {
            Kind::BadRequest | Kind::Unauthenticated | Kind::Denied | Kind::ApprovalMismatch => Outcome::Denied,
            Kind::ApprovalRequired => Outcome::Held,
            Kind::Uninspectable | Kind::Upstream | Kind::Timeout | Kind::Overloaded => Outcome::Failed,
        }
    }

    pub(super) fn json(&self) -> Vec<u8> {
        let mut document = json!({
            "type": self.kind.urn(), "title": self.kind.title(), "status": self.status, "detail": self.detail,
        });
        if let (Some(approval), Some(object)) = (&self.approval, document.as_object_mut()) {
            object.insert("approval_id".to_owned(), json!(approval));
        }
        document.to_string().into_bytes()
    }

    /// The answer. `to_head`: its body is left out.
    pub(super) fn response(&self, to_head: bool) -> Response<ClientBody> {
        let body = if to_head { ClientBody::none() } else { ClientBody::problem(self) };
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match self.kind {
            Kind::Unauthenticated => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"blackbar\""));
            }
            Kind::ApprovalRequired => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("15"));
            }
            Kind::Overloaded => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("5"));
            }
            _ => {}
        }
        if self.status == 405 {
            headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE"));
        }
        if self.closes {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

impl From<Refusal> for Problem {
    /// A request that is not taken ends its connection: where the next one begins is in doubt.
    fn from(refusal: Refusal) -> Self {
        let closes = matches!(refusal, Refusal::Framing | Refusal::Body | Refusal::Connection);
        Self { closes, ..Self::new(Kind::BadRequest, refusal.status(), refusal.to_string()) }
    }
}

impl From<Unanswerable> for Problem {
    fn from(unanswerable: Unanswerable) -> Self {
        Self::new(Kind::Uninspectable, 502, format!("the upstream's answer is not passed on: {unanswerable}"))
    }
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        let (kind, status) = match error {
            BodyError::Upstream => (Kind::Upstream, 502),
            BodyError::Coding | BodyError::Bomb | BodyError::NotText => (Kind::Uninspectable, 502),
            BodyError::Timeout => (Kind::Timeout, 504),
            BodyError::Record => (Kind::Overloaded, 503),
            BodyError::Ended => (Kind::Unauthenticated, 401),
            BodyError::Fuse => (Kind::Denied, 403),
        };
        Self::new(kind, status, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_of_problem_is_explained() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/errors.md");
        let text = std::fs::read_to_string(path).unwrap();
        let explained: Vec<&str> =
            text.lines().filter_map(|line| line.strip_prefix("| `urn:")?.split('`').next()).collect();
        let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.urn().strip_prefix("urn:").unwrap()).collect();
        assert_eq!(explained, known);
    }

    #[test]
    fn an_approval_is_named() {
        let problem = Problem::held("01J".to_owned(), "policy `bulk` asks for it");
        let document: serde_json::Value = serde_json::from_slice(&problem.json()).unwrap();
        assert_eq!(document["type"], "urn:blackbar:approval-required");
        assert_eq!((&document["status"], &document["approval_id"]), (&json!(403), &json!("01J")));
    }
}
