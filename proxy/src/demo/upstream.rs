//! What the demo's gateway stands in front of: a FHIR server, and a model that streams its answers.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::Future as _;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use blackbar_corpus::sse::{Provider, stream_cut};
use bytes::Bytes;
use http::header::{CONTENT_LOCATION, CONTENT_TYPE};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::Sleep;

use super::world::World;

/// How many bytes of an answer a model says at a time, and how often.
const TOKEN: usize = 4;
const PACE: Duration = Duration::from_millis(4);
const PAGE: usize = 10;

const FHIR: &str = "application/fhir+json";

/// Answers until the task is dropped.
pub(super) async fn serve(listener: TcpListener, world: Arc<World>) {
    let address = listener.local_addr().ok();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let world = Arc::clone(&world);
                async move { Ok::<_, Infallible>(answer(&world, address, request).await) }
            });
            // A client that goes away in the middle is no matter here.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(world: &World, address: Option<SocketAddr>, request: Request<Incoming>) -> Response<Said> {
    let (head, body) = request.into_parts();
    let path: Vec<&str> = head.uri.path().split('/').filter(|part| !part.is_empty()).collect();
    let base = address.map(|address| format!("http://{address}")).unwrap_or_default();
    match (head.method.as_str(), &path[..]) {
        // As the standard has it, an export is only begun for who will wait.
        ("GET", ["fhir", "$export"]) if head.headers.get("prefer").is_some_and(|value| value == "respond-async") => {
            kick_off(&base, head.uri.query().unwrap_or_default())
        }
        ("GET", ["fhir", "export", "status"]) => manifest(world, &base, head.uri.query().unwrap_or_default()),
        ("GET", ["fhir", "export", file]) => match file.strip_suffix(".ndjson") {
            Some(kind) => lines(world.resources(kind)),
            None => nothing(),
        },
        ("GET", ["fhir", kind]) => search(world, &base, kind, head.uri.query().unwrap_or_default()),
        ("GET", ["fhir", kind, id]) => world.resource(kind, id).map_or_else(nothing, |found| whole(found, FHIR)),
        ("POST", ["v1", "chat", "completions"]) => {
            let asked = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
            complete(world, &serde_json::from_slice(&asked).unwrap_or_default())
        }
        _ => nothing(),
    }
}

/// A page of the resources of a type, of one patient where one is named.
fn search(world: &World, base: &str, kind: &str, query: &str) -> Response<Said> {
    let parameter = |name: &str| {
        query.split('&').filter_map(|pair| pair.split_once('=')).find_map(|(key, value)| (key == name).then_some(value))
    };
    let number = |name: &str, default| parameter(name).and_then(|value| value.parse().ok()).unwrap_or(default);
    let (count, from) = (number("_count", PAGE).clamp(1, 100), number("_offset", 0));
    let patient = parameter("patient").map(|id| format!("Patient/{id}"));
    let is_theirs = |resource: &&Value| {
        let about = ["subject", "patient", "beneficiary"].map(|field| &resource[field]["reference"]);
        patient.as_ref().is_none_or(|patient| about.iter().any(|reference| *reference == patient.as_str()))
    };
    let found: Vec<&Value> = world.resources(kind).iter().filter(is_theirs).collect();
    let page = found.iter().skip(from).take(count);
    let entries: Vec<Value> = page
        .map(|resource| {
            let id = resource["id"].as_str().unwrap_or_default();
            json!({ "fullUrl": format!("{base}/fhir/{kind}/{id}"), "resource": resource })
        })
        .collect();
    let mut links = vec![json!({ "relation": "self", "url": format!("{base}/fhir/{kind}?{query}") })];
    if from + count < found.len() {
        let next = format!("{base}/fhir/{kind}?_count={count}&_offset={}", from + count);
        links.push(json!({ "relation": "next", "url": next }));
    }
    let bundle = json!({
        "resourceType": "Bundle", "type": "searchset", "total": found.len(), "link": links, "entry": entries,
    });
    whole(&bundle, FHIR)
}

fn kick_off(base: &str, query: &str) -> Response<Said> {
    let mut response = Response::new(Said::default());
    *response.status_mut() = StatusCode::ACCEPTED;
    if let Ok(place) = HeaderValue::from_str(&format!("{base}/fhir/export/status?{query}")) {
        response.headers_mut().insert(CONTENT_LOCATION, place);
    }
    response
}

fn manifest(world: &World, base: &str, query: &str) -> Response<Said> {
    let types: Vec<&str> = query.strip_prefix("_type=").unwrap_or_default().split(',').collect();
    let wanted = |kind: &&str| query.is_empty() || types.contains(kind);
    let files: Vec<Value> = world
        .kinds()
        .filter(wanted)
        .map(|kind| json!({ "type": kind, "url": format!("{base}/fhir/export/{kind}.ndjson") }))
        .collect();
    let manifest = json!({
        "transactionTime": "2026-01-01T00:00:00Z", "request": format!("{base}/fhir/$export?{query}"),
        "requiresAccessToken": true, "output": files, "error": [],
    });
    whole(&manifest, "application/json")
}

fn lines(resources: &[Value]) -> Response<Said> {
    let lines = resources.iter().map(|resource| Bytes::from(format!("{resource}\n"))).collect();
    said(Said { pieces: lines, pause: None }, "application/fhir+ndjson")
}

/// What a model says about the visit that it is asked for: a note, in pieces or whole.
fn complete(world: &World, asked: &Value) -> Response<Said> {
    let question = asked["messages"].as_array().and_then(|messages| messages.last());
    let question = question.and_then(|message| message["content"].as_str()).unwrap_or_default();
    let number = question.split(|c: char| !c.is_ascii_digit()).find_map(|digits| digits.parse().ok()).unwrap_or(0);
    let note = world.note(number);
    if asked["stream"] == Value::Bool(true) {
        let cuts: Vec<usize> = (1..note.text.len())
            .filter(|at| at % TOKEN == 0 && note.text.get(*at).is_some_and(|byte| byte & 0xC0 != 0x80))
            .collect();
        let stream = stream_cut(note, Provider::Chat, &cuts).document.text;
        let events = String::from_utf8_lossy(&stream)
            .split_inclusive("\n\n")
            .map(|event| Bytes::from(event.to_owned()))
            .collect();
        return said(Said { pieces: events, pause: Some(Box::pin(tokio::time::sleep(PACE))) }, "text/event-stream");
    }
    let text = String::from_utf8_lossy(&note.text);
    let message = json!({ "role": "assistant", "content": text });
    whole(
        &json!({
            "id": "chatcmpl-0", "object": "chat.completion", "model": "demo",
            "choices": [{ "index": 0, "message": message, "finish_reason": "stop" }],
        }),
        "application/json",
    )
}

fn nothing() -> Response<Said> {
    let mut response = whole(&json!({ "resourceType": "OperationOutcome" }), FHIR);
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

fn whole(document: &Value, media_type: &'static str) -> Response<Said> {
    said(Said { pieces: [Bytes::from(document.to_string())].into(), pause: None }, media_type)
}

fn said(body: Said, media_type: &'static str) -> Response<Said> {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// A body in pieces, with a pause behind each of them when there is one.
#[derive(Default)]
struct Said {
    pieces: VecDeque<Bytes>,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Body for Said {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(pause) = &mut self.pause {
            if pause.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            pause.as_mut().reset(tokio::time::Instant::now() + PACE);
        }
        Poll::Ready(self.pieces.pop_front().map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_empty()
    }
}
