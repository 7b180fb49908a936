//! What the gateway itself answers: RFC 9457, in words that hold nothing of the request or the upstream.

use blackbar_ledger::Outcome;
use blackbar_wire::http::{Refusal, Unanswerable};
use http::header::{ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use serde_json::json;

use super::body::{BodyError, ClientBody};
use super::envelope::{self, Call};
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

/// What this client understands.
#[derive(Debug, Default)]
pub(super) struct Manner {
    /// It asks for FHIR.
    pub(super) fhir: bool,
    /// It called tools, and knows how a tool says that it failed.
    pub(super) calls: Vec<Call>,
    /// The calls came as a list.
    pub(super) batch: bool,
}

/// A problem in the words of one client.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) body: Vec<u8>,
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

    /// What it says to this client, and in which form.
    pub(super) fn told(&self, manner: &Manner) -> Told {
        let about_the_call =
            matches!(self.kind, Kind::BadRequest | Kind::Denied | Kind::ApprovalRequired | Kind::ApprovalMismatch);
        if about_the_call && !manner.calls.is_empty() {
            let body = envelope::not_made(&manner.calls, manner.batch, &self.in_words(), self.approval.as_deref());
            return Told { status: 200, content_type: "application/json", body };
        }
        if manner.fhir {
            return Told { status: self.status, content_type: "application/fhir+json", body: self.outcome_of_fhir() };
        }
        Told { status: self.status, content_type: "application/problem+json", body: self.json() }
    }

    /// For a model that called a tool: all that it needs to go on.
    fn in_words(&self) -> String {
        let approval = self.approval.as_ref().map(|id| format!(" (approval={id}; try again once it is given)"));
        format!("{}: {}{}", self.kind.title(), self.detail, approval.unwrap_or_default())
    }

    /// An `OperationOutcome`.
    fn outcome_of_fhir(&self) -> Vec<u8> {
        let code = match self.kind {
            Kind::BadRequest if self.status == 422 => "business-rule",
            Kind::BadRequest => "invalid",
            Kind::Unauthenticated => "login",
            Kind::Denied => "forbidden",
            Kind::ApprovalRequired => "suppressed",
            Kind::ApprovalMismatch => "conflict",
            Kind::Uninspectable => "not-supported",
            Kind::Upstream => "transient",
            Kind::Timeout => "timeout",
            Kind::Overloaded => "throttled",
        };
        let name = self.kind.urn().rsplit(':').next().unwrap_or_default();
        let mut issue = json!({
            "severity": "error", "code": code, "diagnostics": self.detail,
            "details": { "coding": [{ "system": "urn:blackbar", "code": name }], "text": self.kind.title() },
        });
        if let (Some(approval), Some(object)) = (&self.approval, issue.as_object_mut()) {
            object.insert("diagnostics".to_owned(), json!(format!("{}; approval={approval}", self.detail)));
        }
        json!({ "resourceType": "OperationOutcome", "issue": [issue] }).to_string().into_bytes()
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
    pub(super) fn response(&self, told: &Told, to_head: bool) -> Response<ClientBody> {
        let body = if to_head { ClientBody::none() } else { ClientBody::own(told.body.clone()) };
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(told.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(told.content_type));
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
    fn clients_of_fhir_and_callers_of_tools_are_told_in_their_own_words() {
        let problem = Problem::held("ap-1".to_owned(), "held by bulk");
        let fhir = problem.told(&Manner { fhir: true, ..Manner::default() });
        let document: serde_json::Value = serde_json::from_slice(&fhir.body).unwrap();
        assert_eq!((fhir.status, fhir.content_type), (403, "application/fhir+json"));
        assert_eq!(document["issue"][0]["diagnostics"], "held by bulk; approval=ap-1");
        let calls = envelope::calls(br#"{"id":7,"method":"tools/call","params":{"name":"a"}}"#).unwrap();
        let manner = Manner { fhir: true, calls, batch: false };
        let called = problem.told(&manner);
        assert_eq!(called.status, 200);
        assert!(String::from_utf8(called.body).unwrap().contains("approval=ap-1"));
        let broken = Problem::new(Kind::Upstream, 502, "no").told(&manner);
        assert_eq!(broken.status, 502, "a tool did not fail; nobody reached it");
    }

    #[test]
    fn an_approval_is_named() {
        let problem = Problem::held("01J".to_owned(), "policy `bulk` asks for it");
        let document: serde_json::Value = serde_json::from_slice(&problem.json()).unwrap();
        assert_eq!(document["type"], "urn:blackbar:approval-required");
        assert_eq!((&document["status"], &document["approval_id"]), (&json!(403), &json!("01J")));
    }
}
