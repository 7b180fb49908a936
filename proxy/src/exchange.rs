//! Token exchange (RFC 8693) on a listener of its own: whoever shows a token that counts gets a short-lived credential of this
//! gateway, and an agent that acts for somebody gets one that says so, with the whole chain.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use blackbar_ledger::{Details, Kind};
use blackbar_policy::{Subject, SubjectKind};
use http::{Method as HttpMethod, Request, StatusCode, header};
use hyper::body::Incoming;
use serde_json::json;

use crate::gate::{Door, Gate, Recorder, now_ms};
use crate::identity::credentials::{Credentials, IssueError, Request as Wanted, Rules};
use crate::identity::{Identity, Method};
use crate::operations::{Answer, Answers, answer, unescaped, whole_body};
use crate::state::spent::Spent;

/// Exchanges tokens.
pub(crate) struct Exchange {
    gate: Arc<Gate>,
    door: Arc<Door>,
    credentials: Arc<Credentials>,
    recorder: Arc<Recorder>,
    ttl_ms: i64,
    /// Tokens of issuers that were exchanged, until they end: each once.
    spent: Spent,
}

/// Why nothing is given. The words are those of RFC 6749 and 8693; nobody is told more.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum No {
    Request,
    GrantType,
    Token,
    Target,
    Scope,
    Unavailable,
}

const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
const LARGEST: usize = 64 << 10;
const LONGEST_CHAIN: usize = 8;

impl Exchange {
    pub(crate) fn new(
        gate: &Arc<Gate>,
        door: &Arc<Door>,
        credentials: Arc<Credentials>,
        recorder: &Arc<Recorder>,
        ttl: Duration,
    ) -> Self {
        Self {
            gate: Arc::clone(gate),
            door: Arc::clone(door),
            spent: credentials.spent(),
            credentials,
            recorder: Arc::clone(recorder),
            ttl_ms: i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX),
        }
    }

    async fn exchange(&self, request: Request<Incoming>) -> Result<Answer, No> {
        let is_form = request.headers().get(header::CONTENT_TYPE).is_some_and(|media| {
            let essence = media.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
            essence.trim_ascii().eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
        });
        if request.method() != HttpMethod::POST || request.uri().query().is_some() || !is_form {
            return Err(No::Request);
        }
        let body = whole_body(request.into_body(), LARGEST).await.ok_or(No::Request)?;
        let mut form: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in pairs(&body).ok_or(No::Request)? {
            // What is said twice can be read in two ways.
            if form.insert(name, value).is_some() {
                return Err(No::Request);
            }
        }
        let said = |name: &str| form.get(name).map(String::as_str).filter(|value| !value.is_empty());
        if said("grant_type") != Some(GRANT) {
            return Err(No::GrantType);
        }
        // What policy permits is no narrower for being asked for by name.
        if said("audience").is_some() || said("resource").is_some() {
            return Err(No::Target);
        }
        if said("scope").is_some() {
            return Err(No::Scope);
        }
        if said("requested_token_type").is_some_and(|wanted| wanted != ACCESS_TOKEN) {
            return Err(No::Request);
        }
        let token = |name: &str, kind: &str| match (said(name), said(kind)) {
            (Some(token), Some(ACCESS_TOKEN | JWT)) => Ok(Some(token.to_owned())),
            (None, None) => Ok(None),
            _ => Err(No::Request),
        };
        let subject = token("subject_token", "subject_token_type")?.ok_or(No::Request)?;
        let actor = token("actor_token", "actor_token_type")?;
        let subject = self.proved(&subject).await?;
        let actor = match actor {
            Some(actor) => Some(self.proved(&actor).await?),
            None => None,
        };
        self.issue(&subject, actor.as_ref())
    }

    /// Who it is, if they count and nobody has locked them out. An emergency is for whoever has it.
    async fn proved(&self, token: &str) -> Result<Identity, No> {
        let identity = self.door.proved(token).await.ok_or(No::Token)?;
        let counts = identity.expires_ms > now_ms() && identity.method != Method::BreakGlass;
        if counts && !self.gate.bars(&identity) { Ok(identity) } else { Err(No::Token) }
    }

    fn issue(&self, subject: &Identity, actor: Option<&Identity>) -> Result<Answer, No> {
        let mut actors = Vec::new();
        if let Some(actor) = actor {
            // Who acts for somebody else already has nobody's leave to hand that on as its own.
            if !actor.actors.is_empty() || actor.subject.id() == subject.subject.id() {
                return Err(No::Token);
            }
            actors.push(actor.subject.id().to_owned());
        }
        actors.extend(subject.actors.iter().cloned());
        if actors.len() > LONGEST_CHAIN {
            return Err(No::Token);
        }
        let now = now_ms();
        let ends = actor.map_or(subject.expires_ms, |actor| actor.expires_ms.min(subject.expires_ms));
        let ttl_ms = self.ttl_ms.min(ends.saturating_sub(now));
        self.spend([Some(subject), actor].into_iter().flatten(), now)?;
        // Nobody becomes a reviewer by an exchange, nor does an agent become a person.
        let approving = self.gate.approving_groups();
        let groups: BTreeSet<String> = subject.subject.groups().difference(&approving).cloned().collect();
        let kind = if actors.is_empty() { subject.subject.kind() } else { SubjectKind::Agent };
        let by = actors.first().map_or("exchange", String::as_str).to_owned();
        let wanted = Wanted {
            subject: Subject::new(kind, subject.subject.id(), groups),
            actors: &actors,
            issued_by: &by,
            ttl_ms,
            method: Method::Credential,
            proved: true,
        };
        let none = BTreeSet::new();
        let issued = self.credentials.issue(&wanted, &Rules { max_ttl_ms: self.ttl_ms, approving_groups: &none }, now);
        let (secret, credential) = issued.map_err(|error| match error {
            IssueError::State(_) | IssueError::Random => No::Unavailable,
            _ => No::Token,
        })?;
        let seconds = u64::try_from(ttl_ms / 1000).unwrap_or_default();
        let details = Details::new()
            .text("did", "token.exchange")
            .text("credential", credential.id.as_str())
            .text("for", subject.subject.id())
            .texts("actors", actors.iter().map(String::as_str))
            .number("seconds", seconds);
        if self.recorder.done(&by, details).is_err() {
            // What is not recorded was not handed out.
            let _ = self.credentials.revoke(&crate::identity::credentials::Which::Id(&credential.id), now);
            return Err(No::Unavailable);
        }
        let body = json!({
            "access_token": secret.expose(), "issued_token_type": ACCESS_TOKEN, "token_type": "Bearer",
            "expires_in": seconds,
        });
        Ok(answer(StatusCode::OK, "application/json", body.to_string()))
    }

    /// A token of an issuer is exchanged once: who has seen one pass cannot exchange it too.
    fn spend<'i>(&self, identities: impl Iterator<Item = &'i Identity>, now: i64) -> Result<(), No> {
        let tokens: Vec<(String, i64)> = identities
            .filter(|identity| identity.method == Method::Oidc)
            .map(|identity| {
                // Without an id of its own a token is told by whose it is and when it ends.
                let id = identity.credential.as_deref().unwrap_or_default();
                (format!("{}\n{id}\n{}", identity.subject.id(), identity.expires_ms), identity.expires_ms)
            })
            .collect();
        match self.spent.spend(&tokens, now) {
            Ok(true) => Ok(()),
            Ok(false) => Err(No::Token),
            Err(_) => Err(No::Unavailable),
        }
    }

    /// Says no, and records that.
    fn refused(&self, no: No) -> Answer {
        let (status, error) = match no {
            No::Request => (StatusCode::BAD_REQUEST, "invalid_request"),
            No::GrantType => (StatusCode::BAD_REQUEST, "unsupported_grant_type"),
            No::Token => (StatusCode::BAD_REQUEST, "invalid_grant"),
            No::Target => (StatusCode::BAD_REQUEST, "invalid_target"),
            No::Scope => (StatusCode::BAD_REQUEST, "invalid_scope"),
            No::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable"),
        };
        if self.recorder.stranger(Kind::AuthFail, "exchange", None, error).is_err() {
            let body = json!({ "error": "temporarily_unavailable" }).to_string();
            return answer(StatusCode::SERVICE_UNAVAILABLE, "application/json", body);
        }
        answer(status, "application/json", json!({ "error": error }).to_string())
    }
}

impl Answers for Exchange {
    async fn answer(&self, request: Request<Incoming>) -> Answer {
        if request.uri().path() != "/token" {
            return answer(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "there is /token\n");
        }
        match self.exchange(request).await {
            Ok(answer) => answer,
            Err(no) => self.refused(no),
        }
    }
}

/// The pairs of a form. `None`: it is none, wherever that shows.
fn pairs(body: &[u8]) -> Option<Vec<(String, String)>> {
    let text = std::str::from_utf8(body).ok()?;
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        Some((unescaped(name)?, unescaped(value)?))
    };
    text.split('&').map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_whole_or_not_at_all() {
        let read = |text: &str| pairs(text.as_bytes());
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(read("a=b+c&d=%3D%26"), Some(vec![pair("a", "b c"), pair("d", "=&")]));
        assert_eq!(read("a="), Some(vec![pair("a", "")]));
        for broken in ["", "a", "a=b&", "a=%4", "a=%zz", "a=%ff"] {
            assert_eq!(read(broken), None, "{broken}");
        }
    }
}
