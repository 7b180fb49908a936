//! One request and its answer.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::ArcSwap;
use blackbar_ledger::{Kind as LeafKind, Outcome as LeafOutcome};
use blackbar_policy::{Action, Facts, Resource};
use blackbar_wire::http::{Admitted, BodyPlan, Head, Media, Rewriter, Unanswerable, Version, admit, plan};
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, Request, Response, StatusCode, request};
use http_body::Body;
use hyper::body::Incoming;
use tokio::time::Instant;

use super::asked;
use super::body::{BodyError, ClientBody, Redacted, Shape};
use super::head::{Heads, coding_for, pairs, unchanged};
use super::hold;
use super::links::Links;
use super::problem::{Kind, Problem};
use super::recorded;
use super::upstream::{NoAnswer, UpBody, Upstream};
use super::wayback::{self, Found, Watch};
use crate::config::{Config, HttpTarget, Limits, Protocol, Record, Target};
use crate::error::{Error, Id};
use crate::front::Reloads;
use crate::gate::{
    Asked, Conversation, ForRecord, Gate, Grant, Hold, Identity, Part, Plea, Presented, RecordError, Recording,
    Refused, Waited,
};
use crate::notes;

/// One HTTP target, ready for requests.
pub(crate) struct Front {
    gate: Arc<Gate>,
    served: ArcSwap<Served>,
}

/// What a reload replaces.
struct Served {
    target: Target,
    http: HttpTarget,
    upstream: Upstream,
    rewriter: Rewriter,
    /// For bodies, where the public URL is known for sure.
    links: Links,
    limits: Limits,
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
    fn reload(&self, config: &Config) -> Result<(), Error> {
        let name = self.served.load().target.name.clone();
        if let Some(target) = config.gateway.targets.iter().find(|target| target.name == name) {
            self.served.store(Arc::new(Served::new(target, &config.gateway.limits)?));
        }
        Ok(())
    }
}

impl Front {
    pub(crate) fn new(gate: Arc<Gate>, target: &Target, limits: &Limits) -> Result<Self, Error> {
        Ok(Self { gate, served: ArcSwap::from_pointee(Served::new(target, limits)?) })
    }

    /// Answers a request, whatever it is.
    pub(super) async fn answer(&self, request: Request<Incoming>, peer: &Peer) -> Response<ClientBody> {
        let to_head = request.method() == Method::HEAD;
        let served = self.served.load_full();
        let mut recording = None;
        let exchanged = self.exchange(&served, request, peer, &mut recording).await;
        let problem = match exchanged {
            Ok(response) => return response,
            Err(problem) => problem,
        };
        let response = problem.response(to_head);
        let Some(mut recording) = recording else { return response };
        let headers = pairs(response.headers());
        let body = if to_head { Vec::new() } else { problem.json() };
        match recording.own_answer(problem.status(), &headers, &body, problem.outcome()).await {
            Ok(()) => response,
            Err(error) => Problem::unrecorded(error).response(to_head),
        }
    }

    /// `recording` holds what was recorded of the request, until an answer of the upstream takes it along.
    async fn exchange(
        &self,
        served: &Served,
        request: Request<Incoming>,
        peer: &Peer,
        recording: &mut Option<Recording>,
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
        let (content, facts) = recorded::request(&parts, &admitted, &mut lines);
        let original = recorded::original(&parts, &admitted);
        recorded.request(&content, facts, original.as_bytes()).map_err(Problem::unrecorded)?;
        let asked = asked_of(served, &parts, &admitted, peer)?;
        let mut approved = false;
        let (grant, body) = match self.gate.authorize(&identity, &asked, recorded) {
            // Approved was something else: what needs no approval has none.
            Ok(_) if hold::named(&parts.headers)?.is_some() => return Err(hold::mismatch()),
            Ok(grant) => (grant, UpBody::new(admitted.has_body.then_some(body), &served.limits)),
            Err(Refused::Held(_)) if self.gate.asks_people() => {
                let shown = hold::shown(&content, recorded.session());
                let request = Pending { served, parts: &parts, admitted: &admitted, peer, asked: &asked, shown };
                let body = admitted.has_body.then_some(body);
                approved = true;
                // Few requests are held, and each of them waits long: it need not weigh upon the others.
                Box::pin(self.held(request, &identity, body, recorded)).await?
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
        let heads = Heads {
            rewriter: &served.rewriter,
            version: &version,
            cookies: served.http.cookies,
            token_headers: &served.http.token_headers,
        };
        let media = media_type(&parts);
        let stores = wayback::stores(&parts.method, admitted.target.path(), media.as_ref());
        let watch = stores.then(Watch::default);
        let found = watch.as_ref().map(Watch::found).unwrap_or_default();
        let body = match watch {
            Some(watch) => body.watched(watch),
            None => body,
        };
        let mut up = Request::new(body);
        *up.method_mut() = parts.method.clone();
        *up.headers_mut() = heads.up(&parts.headers, peer.address, peer.encrypted);
        if approved {
            // What people agreed to is method, target, type and body: no other header changes what that means.
            let agreed = up.headers_mut().drain().filter_map(|(name, value)| Some((name?, value)));
            *up.headers_mut() = agreed.filter(|(name, _)| hold::is_harmless(name)).collect();
        }
        if let Some(name) = served.upstream.credential_header() {
            up.headers_mut().remove(name);
        }
        let mut target = admitted.target.below(served.upstream.base());
        let resolves = wayback::carries_tokens(&target);
        if resolves {
            target = wayback::resolved(&target, self.gate.tokens().as_deref())?;
        }
        let answer = served.upstream.send(up, &target).await.map_err(|why| refused_up(why, &found))?;

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
            headers = headers
                .into_iter()
                .filter_map(|(name, value)| Some((name?, value)))
                .filter(|(name, _)| wayback::is_unquoted(name))
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
                };
                let mut redacted = Redacted::new(upstream, &grant, recording, &shape, admitted.target.path())?;
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
        body: Option<Incoming>,
        recorded: &mut Recording,
    ) -> Result<(Grant, UpBody), Problem> {
        let Pending { served, parts, admitted, peer, asked, shown } = request;
        let named = hold::named(&parts.headers)?;
        let patience = hold::patience(&parts.headers, served.target.hold);
        let _seat = self.gate.seat().ok_or_else(hold::too_many)?;
        let body = match body {
            Some(body) => hold::body(body, served.limits.idle_timeout).await?,
            None => bytes::Bytes::new(),
        };
        let mut plea = Plea { request: hold::canonical(parts, admitted, &body), approval: named, shown };
        let unheld = |why| hold::unheld(why, refused);
        let mut record = ForRecord::default();
        let asks = self.gate.hold(identity, asked, &plea, &mut record).await;
        record.write(recorded).map_err(Problem::unrecorded)?;
        let mut held = match asks.map_err(unheld)? {
            Hold::Granted(grant) => return Ok((grant, UpBody::kept(body, &served.limits))),
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
            Hold::Granted(grant) => Ok((grant, UpBody::kept(body, &served.limits))),
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
}

/// The request as policy sees it.
fn asked_of<'a>(
    served: &'a Served,
    parts: &request::Parts,
    admitted: &Admitted,
    peer: &Peer,
) -> Result<Asked<'a>, Problem> {
    let request = asked::Request {
        method: parts.method.as_str(),
        target: &admitted.target,
        media_type: media_type(parts).map(|media| media.essence().to_owned()),
        body_bytes: if admitted.has_body { admitted.length } else { Some(0) },
    };
    let mut asked = request.parts(&served.target.name).map_err(|why| {
        let status = if why == asked::NoQuestion::Method { 405 } else { 400 };
        Problem::new(Kind::BadRequest, status, why.to_string())
    })?;
    if wayback::carries_tokens(&admitted.target.below("")) {
        let resource = Resource::target(&served.target.name);
        asked.push(Part { action: Action::Resolve, resource, facts: Facts::None });
    }
    Ok(Asked {
        target: &served.target,
        parts: asked,
        source: Some(peer.address.ip()),
        reason_given: parts.headers.get("blackbar-reason").is_some_and(|reason| !reason.is_empty()),
    })
}

impl Served {
    fn new(target: &Target, limits: &Limits) -> Result<Self, Error> {
        let Protocol::Http(http) = &target.protocol else {
            return Err(Error::new(Id::Internal, "this target does not speak HTTP").at(&target.place));
        };
        // A promise to redact what goes up is kept or not made.
        if let Some(profile) = &http.request_profile {
            let error = Error::new(Id::ConfigValue, "requests are not redacted by this build");
            return Err(error
                .at(&profile.place)
                .hint("take request_profile out, and send nothing that must not go up"));
        }
        if http.restore_answers {
            return Err(Error::new(Id::ConfigValue, "answers are not restored by this build").at(&target.place));
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
        Ok(Self { target: target.clone(), http: http.clone(), upstream, rewriter, links, limits: limits.clone() })
    }
}

/// Records a request that nobody stands behind, before it is refused.
async fn stranger(served: &Served, peer: &Peer, kind: LeafKind, problem: Problem) -> Problem {
    let recorder = peer.conversation.recorder();
    let recorded = match recorder.stranger(kind, &served.target.name, peer.address.ip(), problem.detail()) {
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
fn refused_up(why: NoAnswer, found: &Found) -> Problem {
    found.problem().unwrap_or_else(|| no_answer(why))
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
