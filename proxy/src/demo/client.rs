//! The client of the demo's own story: asks, and keeps what it got with the moment of each piece.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use super::Broken;

pub(super) struct Client(Pool<HttpConnector, Full<Bytes>>);

/// One answer.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
    /// The cookie that it sets, without its attributes.
    pub(super) cookie: Option<String>,
    /// Where it says that the rest is.
    pub(super) place: Option<String>,
    /// How long the first piece of the body took, and the last.
    pub(super) first: Duration,
    pub(super) last: Duration,
}

/// What to ask.
pub(super) struct Ask<'a> {
    pub(super) method: &'static str,
    pub(super) url: String,
    pub(super) headers: Vec<(&'static str, &'a str)>,
    pub(super) body: Option<Value>,
    /// What is sent when there is no JSON.
    pub(super) form: String,
}

impl<'a> Ask<'a> {
    pub(super) fn get(url: impl Into<String>) -> Self {
        Self { method: "GET", url: url.into(), headers: Vec::new(), body: None, form: String::new() }
    }

    pub(super) fn post(url: impl Into<String>, body: Value) -> Self {
        let headers = vec![("content-type", "application/json")];
        Self { method: "POST", url: url.into(), headers, body: Some(body), form: String::new() }
    }

    pub(super) fn header(mut self, name: &'static str, value: &'a str) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl Client {
    pub(super) fn new() -> Self {
        Self(Pool::builder(TokioExecutor::new()).build_http())
    }

    pub(super) async fn send(&self, ask: &Ask<'_>) -> Result<Reply, Broken> {
        let broken = |_| Broken::new(format!("no whole answer from {}", ask.url));
        let mut request = Request::builder().method(ask.method).uri(&ask.url);
        for (name, value) in &ask.headers {
            request = request.header(*name, *value);
        }
        let body = match (&ask.body, &ask.form) {
            (Some(json), _) => json.to_string(),
            (None, form) => form.clone(),
        };
        let request = request.body(Full::from(body)).map_err(|_| Broken::new("a request cannot be made"))?;
        let begun = Instant::now();
        let response = self.0.request(request).await.map_err(|_| broken(()))?;
        let status = response.status().as_u16();
        let cookie = response.headers().get("set-cookie").and_then(|value| value.to_str().ok());
        let cookie = cookie.and_then(|cookie| cookie.split(';').next()).map(str::to_owned);
        let place = response.headers().get("content-location").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let mut incoming = response.into_body();
        let (mut first, mut body) = (None, Vec::new());
        while let Some(frame) = incoming.frame().await {
            let frame = frame.map_err(|_| broken(()))?;
            first.get_or_insert_with(|| begun.elapsed());
            body.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data));
        }
        let last = begun.elapsed();
        Ok(Reply { status, body, cookie, place, first: first.unwrap_or(last), last })
    }
}

impl Reply {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// What the pieces of a streamed chat completion say together.
    pub(super) fn said(&self) -> String {
        let text = self.text();
        let events = text.lines().filter_map(|line| line.strip_prefix("data: "));
        let deltas = events.filter_map(|data| serde_json::from_str::<Value>(data).ok());
        deltas.filter_map(|event| event["choices"][0]["delta"]["content"].as_str().map(str::to_owned)).collect()
    }
}
