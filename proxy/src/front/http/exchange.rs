//! One request and its answer.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::SystemTime;

use blackbar_engine::Format;
use blackbar_engine::operator::Keyring;
use blackbar_ledger::{Kind as LeafKind, Outcome as LeafOutcome};
use blackbar_policy::{Action, Facts, Resource, ToolFacts};
use blackbar_wire::http::{Admitted, BodyPlan, Charset, Head, Media, Rewriter, Unanswerable, Version, admit, plan};
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, Request, Response, StatusCode, request};
use http_body::Body;
use hyper::body::Incoming;
use tokio::time::Instant;

use super::arriving::{Arriving, UpBroken};
use super::ascent::{UpBody, Verdict};
use super::asked;
use super::body::{BodyError, ClientBody, Redacted, Shape};
use super::cookies::Cookies;
use super::envelope::Call;
use super::head::{Heads, coding_for, pairs, unchanged};
use super::hold;
use super::links::Links;
use super::originals::{Spelt, Turned};
use super::outward;
use super::problem::{Kind, Manner, Problem};
use super::purpose::{Purpose, Said};
use super::quoted::Quoted;
use super::recorded;
use super::replaced::Replacements;
use super::upstream::{NoAnswer, Upstream};
use super::way::{self, Way};
use super::wayback;
use crate::config::{Config, HttpTarget, Limits, Protocol, Record, Target};
use crate::error::{Error, Id};
use crate::front::{Current, OfTarget, Reloads};
use crate::gate::{
    Asked, Conversation, ForRecord, Gate, Grant, Hold, Identity, Part, Plea, Presented, Ready, RecordError, Recording,
    Refused, Rules, Waited,
};
use crate::notes;

/// One HTTP target, ready for requests.
pub(crate) struct Front {
    gate: Arc<Gate>,
    served: Current<Served>,
}

/// What a reload replaces.
pub(super) struct Served {
    pub(super) target: Target,
    pub(super) http: HttpTarget,
    upstream: Upstream,
    rewriter: Rewriter,
    /// For bodies, where the public URL is known for sure.
    links: Links,
    /// Finds what must not be stored.
    pub(super) replacements: Replacements,
    /// Seals entity tags where there are no keys of tokens.
    seal: Keyring,
    limits: Limits,
}

impl Served {
    /// Below this path clients reach it.
    fn path(&self) -> &str {
        let path = self.http.public_url.as_ref().map_or("", |public| public.path.as_str());
        if path.is_empty() { "/" } else { path }
    }

    /// Whether clients reach it over TLS, here or at whoever stands in front.
    fn is_encrypted(&self) -> bool {
        self.http.public_url.as_ref().map_or_else(|| self.target.tls.is_some(), |public| public.https)
    }
}

/// Who is at the other end of a connection.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) address: SocketAddr,
    pub(super) certificate: Option<Vec<u8>>,
    pub(super) encrypted: bool,
    /// Its sessions in the record.
    pub(super) conversation: Arc<Conversation>,
}

impl Reloads for Front {
    fn prepare<'a>(&'a self, config: &Config, rules: &Rules) -> Result<Ready<'a>, Error> {
        self.served.prepare(config, rules)
    }
}

impl Front {
    pub(crate) fn new(gate: Arc<Gate>, target: &Target, limits: &Limits) -> Result<Self, Error> {
        let served = Current::new(&gate, target, limits)?;
        Ok(Self { gate, served })
    }

    /// Answers a request, whatever it is.
    pub(super) async fn answer(&self, request: Request<Incoming>, peer: &Peer) -> Response<ClientBody> {
        let to_head = request.method() == Method::HEAD;
        let served = self.served.now();
        let mut recording = None;
        let mut manner = Manner { fhir: accepts_fhir(request.headers()), ..Manner::default() };
        let exchanged = Box::pin(self.exchange(&served, request, peer, &mut recording, &mut manner)).await;
        let problem = match exchanged {
            Ok(response) => return response,
            Err(problem) => problem,
        };
        let told = problem.told(&manner);
        let response = problem.response(&told, to_head);
        let Some(mut recording) = recording else { return response };
        let headers = pairs(response.headers());
        let body = if to_head { &[] } else { told.body.as_slice() };
        match recording.own_answer(told.status, &headers, body, problem.outcome()).await {
            Ok(()) => response,
            Err(error) => {
                let problem = Problem::unrecorded(error);
                problem.response(&problem.told(&manner), to_head)
            }
        }
    }

    /// `recording` holds what was recorded of the request, until an answer of the upstream takes it along.
    async fn exchange(
        &self,
        served: &Served,
        request: Request<Incoming>,
        peer: &Peer,
        recording: &mut Option<Recording>,
        manner: &mut Manner,
    ) -> Result<Response<ClientBody>, Problem> {
        let started = Instant::now();
        let (parts, body) = request.into_parts();
        if peer.conversation.is_ended() {
            return Err(Problem::ended());
        }
        peer.conversation.recorder().state().map_err(Problem::unrecorded)?;
        let admitted = match admitted(&parts, &served.limits) {
            Ok(admitted) => admitted,
            Err(problem) => return Err(stranger(served, peer, LeafKind::Request, problem).await),
        };
        let identity = match self.identity(served, &parts.headers, peer).await {
            Ok(identity) => identity,
            Err(problem) => return Err(stranger(served, peer, LeafKind::AuthFail, problem).await),
        };
        let begun = peer.conversation.recording(&identity, &served.target).map_err(Problem::unrecorded)?;
        let recorded = recording.insert(begun);
        let mut lines = self.gate.lines_of_record().ok_or_else(|| Problem::unrecorded(RecordError::Stopped))?;
        let media = media_type(&parts);
        let comes = admitted.has_body || !body.is_end_stream();
        let mut arriving = Arriving::new(comes.then_some(body), &served.limits);
        let read = match admitted.has_body {
            true => Said::read(&mut arriving, &parts.method, admitted.target.path(), media.as_ref()).await,
            // A length of zero is a promise that the frames of HTTP/2 need not keep.
            false => arriving.must_be_empty().await.map(|()| Ok(Said::nothing())),
        };
        let (mut content, mut facts) = recorded::request(&parts, &admitted, &mut lines);
        if let Ok(Ok(said)) = &read {
            facts = recorded::calls(&said.calls, &mut content, facts, &mut lines);
        }
        let original = recorded::original(&parts, &admitted);
        recorded.request(&content, facts, original.as_bytes()).map_err(Problem::unrecorded)?;
        let mut said = read.map_err(|why| broken(why, &Verdict::default()))??;
        manner.calls = std::mem::take(&mut said.calls);
        manner.batch = said.batch;
        let turned = Turned::default();
        let form = form_of(&said, &arriving);
        let asks_by_tokens = form.as_deref().is_some_and(wayback::carries_tokens);
        let asked = asked_of(served, &parts, &admitted, peer, &said, &manner.calls, form.as_deref())?;
        let mut approved = false;
        let grant = match self.gate.authorize(&identity, &asked, recorded) {
            // Approved was something else: what needs no approval has none.
            Ok(_) if hold::named(&parts.headers)?.is_some() => return Err(hold::mismatch()),
            Ok(grant) => grant,
            Err(Refused::Held(_)) if self.gate.asks_people() => {
                let shown = hold::shown(&content, recorded.session());
                let calls = !manner.calls.is_empty();
                let request = Pending { served, parts: &parts, admitted: &admitted, peer, asked: &asked, shown, calls };
                approved = true;
                // Few requests are held, and each of them waits long: it need not weigh upon the others.
                Box::pin(self.held(request, &identity, &mut arriving, recorded)).await?
            }
            Err(why) => return Err(refused(why)),
        };

        notes::trace(format_args!("allowed by {}", grant.because().join(", ")));
        if grant.is_expired(SystemTime::now()) || !self.gate.still_counts(&identity) {
            return Err(unauthenticated("the credential has expired"));
        }
        // Request and decision are on disk before the upstream knows of them.
        recorded.settle().await.map_err(Problem::unrecorded)?;
        let version = self.gate.version();
        let (keyring, seals) = (self.gate.tokens(), self.gate.seals(&served.target.name));
        let seal = seals.as_deref().unwrap_or(&served.seal);
        let encrypted = served.is_encrypted();
        let heads = Heads {
            rewriter: &served.rewriter,
            version: &version,
            cookies: served.http.cookies.then(|| Cookies { seal, path: served.path(), encrypted }),
            token_headers: &served.http.token_headers,
            pass_headers: &served.http.pass_headers,
            seal,
        };
        if asks_by_tokens {
            let form = format!("?{}", form.as_deref().unwrap_or_default());
            let form = wayback::resolved(&form, keyring.as_deref(), &turned)?;
            arriving.replace(bytes::Bytes::from(form.get(1..).unwrap_or_default().to_owned()));
        }
        let may = |action| {
            let resource = Resource::target(&served.target.name);
            let parts = vec![Part { action, resource, facts: Facts::None }];
            self.gate.foresee(&identity, &Asked { parts, ..asked.clone() }).is_ok()
        };
        let way = Way { gate: &self.gate, served, grant: &grant, said: &said, turned: &turned };
        let verdict = Verdict::default();
        let spelt = Spelt::default();
        let mut body = match admitted.has_body {
            true => way.body(arriving, may(Action::Resolve), &spelt, &verdict)?,
            false => UpBody::new(arriving),
        };
        body.prepare().await.map_err(|why| broken(why, &verdict))?;
        let mut up = Request::new(body);
        *up.method_mut() = parts.method.clone();
        *up.headers_mut() = heads.up(&parts.headers, peer.address, peer.encrypted);
        if let Some(value) = way.content_type(media.as_ref()) {
            up.headers_mut().insert(header::CONTENT_TYPE, value);
        }
        if approved {
            // What people agreed to is method, target, type and body: no other header changes what that means.
            *up.headers_mut() = hold::harmless(std::mem::take(up.headers_mut()));
        }
        if let Some(profile) = &served.http.request_profile {
            let unread = || Problem::new(Kind::Overloaded, 503, "the request cannot be read");
            let mut lines = self.gate.lines_up(&profile.name).ok_or_else(unread)?;
            outward::headers(up.headers_mut(), &mut lines);
            outward::address(&admitted.target.below(""), &mut lines)?;
        }
        if let Some(name) = served.upstream.credential_header() {
            up.headers_mut().remove(name);
        }
        let mut target = admitted.target.below(served.upstream.base());
        let named_in_target = wayback::carries_tokens(&target);
        if named_in_target {
            target = wayback::resolved(&target, keyring.as_deref(), &turned)?;
        }
        let answer = served.upstream.send(up, &target).await.map_err(|why| refused_up(why, &verdict))?;
        let resolved = turned.all();
        let resolves = named_in_target || !resolved.is_empty();
        let restores = served.http.restore_answers && may(Action::Restore);
        let restored = if restores { spelt.tokens(keyring.as_deref()) } else { Vec::new() };
        let grant = if resolved.is_empty() && restored.is_empty() {
            grant
        } else {
            grant.sparing(resolved.iter().map(|(token, _)| token.as_str()).chain(restored.iter().map(String::as_str)))
        };

        let (head, upstream) = answer.into_parts();
        let status = head.status.as_u16();
        if matches!(status, 401 | 407) {
            // It concerns the gateway's own credential; a client would look for the fault in its own.
            return Err(Problem::new(Kind::Upstream, 502, "the upstream does not accept the gateway's credential"));
        }
        if resolves && status >= 400 {
            // Errors quote what was asked for, and this client does not know what that was.
            return Err(Problem::new(
                Kind::Upstream,
                status,
                "the upstream refused it, in words that are not passed on",
            ));
        }
        let to_head = parts.method == Method::HEAD;
        let planned = plan(status, to_head, &pairs(&head.headers))?;
        let mut lines = grant.lines();
        let mut headers = heads.down(&head.headers, status, &mut lines)?;
        if resolves {
            // Where the body alone named somebody, a new resource is told of; what is quoted there is not.
            let quotes = |value: &HeaderValue| {
                resolved.iter().any(|(_, original)| memchr::memmem::find(value.as_bytes(), original).is_some())
            };
            headers = headers
                .into_iter()
                .filter_map(|(name, value)| Some((name?, value)))
                .filter(|(name, value)| {
                    wayback::is_unquoted(name)
                        || !named_in_target && !quotes(value)
                        || wayback::tells_of_job(name, value.as_bytes(), &resolved)
                })
                .collect();
        }
        let content_type = planned.content_type.and_then(|value| HeaderValue::from_str(&value).ok());
        if let Some(value) = content_type.and_then(|value| unchanged(&value, &mut lines)) {
            headers.insert(header::CONTENT_TYPE, value);
        }
        let body = match planned.body {
            BodyPlan::None => {
                if !to_head && !matches!(status, 204 | 205 | 304) {
                    must_be_empty(upstream, &served.limits).await?;
                }
                recorded
                    .own_answer(status, &pairs(&headers), b"", LeafOutcome::Success)
                    .await
                    .map_err(Problem::unrecorded)?;
                ClientBody::none()
            }
            BodyPlan::Redact { coding, charset, format } => {
                let posted = parts.method == Method::POST;
                // Models stream their answers in lines as well; FHIR's exports are asked for otherwise.
                let format = if posted && format == Format::Ndjson { Format::Deltas } else { format };
                let of_json = matches!(format, Format::Json | Format::Ndjson | Format::Sse | Format::Deltas);
                let encode = coding_for(&parts.headers, coding);
                let limits = &served.limits;
                let until = (!limits.total_timeout.is_zero()).then(|| started + limits.total_timeout);
                let shape = Shape {
                    coding,
                    charset,
                    format,
                    encode,
                    expansion: limits.expansion,
                    idle: limits.idle_timeout,
                    until,
                    links: served.links.clone(),
                    likelihoods: posted && of_json && grant.hides(),
                    secrets: of_json && grant.hides() && asked::holds_secrets(admitted.target.path()),
                    nested: of_json && grant.hides(),
                    quoted: Quoted::new(&resolved),
                    restores: if restores { way::restorer(served, format, keyring, spelt) } else { None },
                };
                let mut redacted = Redacted::new(upstream, &grant, recording, shape, admitted.target.path())?;
                if let Err(error) = redacted.judge().await {
                    *recording = Some(redacted.into_recording());
                    return Err(error.into());
                }
                if encode != blackbar_wire::http::Coding::Identity {
                    headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encode.name()));
                }
                headers.append(header::VARY, HeaderValue::from_static("accept-encoding"));
                redacted.begin(status, &headers).await.map_err(Problem::unrecorded)?;
                ClientBody::redacted(redacted)
            }
        };
        let mut response = Response::new(body);
        // The reason phrase of the upstream is content; the status alone goes on.
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
        *response.headers_mut() = headers;
        Ok(response)
    }

    async fn identity(&self, served: &Served, headers: &HeaderMap, peer: &Peer) -> Result<Identity, Problem> {
        let secret = secret(headers, &served.http.token_headers)?;
        let presented = Presented {
            secret: secret.as_deref(),
            certificate: peer.certificate.as_deref(),
            target: &served.target.name,
            source: Some(peer.address.ip()),
        };
        self.gate.authenticate(&presented).await.map_err(|_| unauthenticated("no credential that counts was presented"))
    }

    /// Asks people, waits for them as long as the client likes to, and uses their agreement up.
    async fn held(
        &self,
        request: Pending<'_>,
        identity: &Identity,
        arriving: &mut Arriving,
        recorded: &mut Recording,
    ) -> Result<Grant, Problem> {
        let Pending { served, parts, admitted, peer, asked, shown, calls } = request;
        let named = hold::named(&parts.headers)?;
        let patience = hold::patience(&parts.headers, served.target.hold);
        let _seat = self.gate.seat().ok_or_else(hold::too_many)?;
        let body = hold::agreed(&hold::body(arriving).await?, calls);
        let mut plea = Plea { request: hold::canonical(parts, admitted, &body), approval: named, shown };
        let unheld = |why| hold::unheld(why, refused);
        let mut record = ForRecord::default();
        let asks = self.gate.hold(identity, asked, &plea, &mut record).await;
        record.write(recorded).map_err(Problem::unrecorded)?;
        let mut held = match asks.map_err(unheld)? {
            Hold::Granted(grant) => return Ok(grant),
            Hold::Waiting(held) => held,
        };
        // Whoever asks, and for what, is known before it waits.
        recorded.settle().await.map_err(Problem::unrecorded)?;
        let waited =
            if patience.is_zero() { Waited::Undecided } else { held.decided(patience).await.map_err(unheld)? };
        ForRecord::waited(held.id(), waited).write(recorded).map_err(Problem::unrecorded)?;
        if waited != Waited::Granted {
            return Err(hold::not_granted(held.id(), waited));
        }
        // It is some time later: the credential may have ended.
        let now = self.identity(served, &parts.headers, peer).await?;
        if now.subject.id() != identity.subject.id() {
            return Err(unauthenticated("the credential is somebody else's now"));
        }
        let id = held.id().to_owned();
        plea.approval = Some(&id);
        let mut record = ForRecord::default();
        let asks = self.gate.hold(&now, asked, &plea, &mut record).await;
        record.write(recorded).map_err(Problem::unrecorded)?;
        match asks.map_err(unheld)? {
            Hold::Granted(grant) => Ok(grant),
            Hold::Waiting(held) => Err(hold::not_granted(held.id(), Waited::Undecided)),
        }
    }
}

/// A request that policy holds.
struct Pending<'a> {
    served: &'a Served,
    parts: &'a request::Parts,
    admitted: &'a Admitted,
    peer: &'a Peer,
    asked: &'a Asked<'a>,
    shown: serde_json::Value,
    /// It calls tools.
    calls: bool,
}

/// The request as policy sees it.
fn asked_of<'a>(
    served: &'a Served,
    parts: &request::Parts,
    admitted: &Admitted,
    peer: &Peer,
    said: &Said,
    calls: &[Call],
    form: Option<&str>,
) -> Result<Asked<'a>, Problem> {
    let request = asked::Request {
        method: parts.method.as_str(),
        target: &admitted.target,
        media_type: media_type(parts).map(|media| media.essence().to_owned()),
        body_bytes: if admitted.has_body { admitted.length } else { Some(0) },
        form,
    };
    let mut asked = request.parts(&served.target.name).map_err(|why| {
        let status = if why == asked::NoQuestion::Method { 405 } else { 400 };
        Problem::new(Kind::BadRequest, status, why.to_string())
    })?;
    if said.reading.is_none()
        && let Some(Part { resource, facts, .. }) = asked.first().cloned()
    {
        asked.push(Part { action: Action::HttpUninspected, resource, facts });
    }
    for Call { tool, arguments, .. } in calls {
        let facts = ToolFacts { tool: tool.clone(), arguments: arguments.clone() };
        let resource = Resource::tool(&served.target.name, tool);
        asked.push(Part { action: Action::ToolCall, resource, facts: Facts::Tool(facts) });
    }
    if form.is_some_and(wayback::carries_tokens) || wayback::carries_tokens(&admitted.target.below("")) {
        let resource = Resource::target(&served.target.name);
        asked.push(Part { action: Action::Resolve, resource, facts: Facts::None });
    }
    Ok(Asked {
        target: &served.target,
        parts: asked,
        source: Some(peer.address.ip()),
        reason_given: parts.headers.get("blackbar-reason").is_some_and(|reason| !reason.is_empty()),
        template: Some(recorded::template(admitted.target.path())),
    })
}

impl OfTarget for Served {
    fn of(rules: &Rules, target: &Target, limits: &Limits) -> Result<Self, Error> {
        let Protocol::Http(http) = &target.protocol else {
            return Err(Error::new(Id::Internal, "this target does not speak HTTP").at(&target.place));
        };
        // A promise to put values back is kept or not made.
        if http.restore_answers && !rules.resolve_tokens() {
            let error = Error::new(Id::ConfigValue, "answers are restored from tokens, and there is no key for them");
            return Err(error
                .at(&target.place)
                .hint("name a key file under [keys] tokens, or take restore_answers out"));
        }
        let upstream =
            Upstream::new(&http.upstream, target.credential.as_ref(), target.upstream_ca.as_deref(), limits)?;
        let public = match &http.public_url {
            Some(url) => url.to_string(),
            None => format!("{}://{}", if target.tls.is_some() { "https" } else { "http" }, target.listen),
        };
        let rewriter = Rewriter::new(&http.upstream.to_string(), &public).ok_or_else(|| {
            Error::new(Id::ConfigValue, "the upstream's or the public URL cannot be used").at(&target.place)
        })?;
        let links = http.public_url.as_ref().map(|public| Links::new(&http.upstream.to_string(), &public.to_string()));
        let links = links.unwrap_or_default();
        let replacements = Replacements::new(rules.kinds())?;
        let seal = Keyring::random().map_err(|error| Error::new(Id::Internal, error.to_string()))?;
        let (target, http, limits) = (target.clone(), http.clone(), limits.clone());
        Ok(Self { target, http, upstream, rewriter, links, replacements, seal, limits })
    }
}

/// Records a request that nobody stands behind, before it is refused.
async fn stranger(served: &Served, peer: &Peer, kind: LeafKind, problem: Problem) -> Problem {
    let recorder = peer.conversation.recorder();
    let recorded = match recorder.stranger(kind, &served.target.name, Some(peer.address.ip()), problem.detail()) {
        Ok(Some(ticket)) if served.target.record != Record::Async => {
            ticket.await.map_err(|error| RecordError::from(&error))
        }
        Ok(_) => Ok(()),
        Err(error) => Err(error),
    };
    recorded.map_or_else(Problem::unrecorded, |()| problem)
}

fn admitted(parts: &request::Parts, limits: &Limits) -> Result<Admitted, Problem> {
    let version = match parts.version {
        http::Version::HTTP_2 => Version::Http2,
        http::Version::HTTP_11 => Version::Http11,
        _ => Version::Http10,
    };
    let headers = pairs(&parts.headers);
    let authority = parts.uri.authority().map(http::uri::Authority::as_str);
    let target = parts.uri.path_and_query().map_or("", http::uri::PathAndQuery::as_str);
    let head = Head {
        version,
        method: parts.method.as_str(),
        absolute: parts.uri.scheme().is_some() || authority.is_some(),
        authority: authority.filter(|_| version == Version::Http2),
        target: target.as_bytes(),
        headers: &headers,
    };
    Ok(admit(&head, limits.url_bytes, limits.request_bytes)?)
}

/// The one credential that a request shows. Several that differ are none: nobody knows which of them is meant.
fn secret(headers: &HeaderMap, names: &[String]) -> Result<Option<String>, Problem> {
    let mut found: Option<String> = None;
    for name in names {
        for value in headers.get_all(name.as_str()) {
            let text = value.to_str().map_err(|_| unauthenticated("the credential is no text"))?;
            let secret = if name == "authorization" {
                let (scheme, secret) = text.split_once(' ').unwrap_or((text, ""));
                if !scheme.eq_ignore_ascii_case("bearer") {
                    return Err(unauthenticated("a credential is presented as `Bearer …`"));
                }
                secret.trim()
            } else {
                text.trim()
            };
            if secret.is_empty() || found.as_deref().is_some_and(|other| other != secret) {
                return Err(unauthenticated("more than one credential, or an empty one"));
            }
            found = Some(secret.to_owned());
        }
    }
    Ok(found)
}

fn unauthenticated(detail: &str) -> Problem {
    Problem::new(Kind::Unauthenticated, 401, detail)
}

fn refused(refused: Refused) -> Problem {
    match refused {
        Refused::Denied(reasons) => {
            let reasons: Vec<String> = reasons.iter().map(ToString::to_string).collect();
            Problem::new(Kind::Denied, 403, reasons.join("; "))
        }
        Refused::Held(policies) => {
            Problem::new(Kind::ApprovalRequired, 403, format!("held by {}", policies.join(", ")))
        }
        Refused::CannotOblige(why) => Problem::new(Kind::Denied, 403, why),
        Refused::Unrecorded(error) => Problem::unrecorded(error),
    }
}

fn media_type(parts: &request::Parts) -> Option<Media> {
    parts.headers.get(header::CONTENT_TYPE).and_then(|value| Media::parse(value.as_bytes()))
}

/// Why there is no answer, where the gateway itself may have broken the request off.
fn refused_up(why: NoAnswer, verdict: &Verdict) -> Problem {
    verdict.problem().unwrap_or_else(|| no_answer(why))
}

/// Why the body of a request does not go up.
fn broken(why: UpBroken, verdict: &Verdict) -> Problem {
    let status = if why == UpBroken::Long { 413 } else { 400 };
    verdict.problem().unwrap_or_else(|| Problem::new(Kind::BadRequest, status, why.to_string()))
}

/// Whether the client asks for FHIR.
fn accepts_fhir(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|media| media.to_ascii_lowercase().contains("fhir+json"))
}

/// The parameters of a search that come in a form.
fn form_of(said: &Said, arriving: &Arriving) -> Option<String> {
    let is_form = said.reading == Some((Charset::Utf8, Format::Form)) && said.purpose == Purpose::Asks;
    (is_form && said.whole).then(|| String::from_utf8_lossy(arriving.kept()).into_owned())
}

fn no_answer(why: NoAnswer) -> Problem {
    match why {
        NoAnswer::Unreachable => Problem::new(Kind::Upstream, 502, "the upstream cannot be reached"),
        NoAnswer::Broken => Problem::new(Kind::Upstream, 502, "the upstream broke off or does not speak HTTP properly"),
        NoAnswer::Timeout => Problem::new(Kind::Timeout, 504, "the upstream did not begin an answer in time"),
        NoAnswer::Request => {
            Problem::new(Kind::BadRequest, 400, "the body of the request broke off, or is longer than the limit")
        }
    }
}

/// An answer without a type has no body; one that has bytes all the same is of a type that nobody knows.
async fn must_be_empty(mut upstream: Incoming, limits: &Limits) -> Result<(), Problem> {
    let empty = async {
        loop {
            match poll_fn(|cx| Pin::new(&mut upstream).poll_frame(cx)).await {
                None => return Ok(()),
                Some(Ok(frame)) if frame.data_ref().is_none_or(bytes::Bytes::is_empty) => {}
                Some(Ok(_)) => return Err(Unanswerable::Media.into()),
                Some(Err(_)) => return Err(BodyError::Upstream.into()),
            }
        }
    };
    tokio::time::timeout(limits.idle_timeout, empty).await.unwrap_or_else(|_| Err(BodyError::Timeout.into()))
}
