//! `/healthz`, `/readyz`, `/metrics`.

use std::sync::Arc;
use std::time::Instant;

use http::{Method, Request, StatusCode};
use hyper::body::Incoming;

use super::metrics::Readings;
use super::site::{Answer, Answers, answer};
use crate::front::Stop;
use crate::gate::{Gate, Recorder};
use crate::record::Standing;

/// What the operations listener answers with.
pub(crate) struct Pages {
    gate: Arc<Gate>,
    recorder: Arc<Recorder>,
    /// Sinks and witnesses.
    standings: Vec<Arc<Standing>>,
    stop: Stop,
    started: Instant,
}

const TEXT: &str = "text/plain; charset=utf-8";
const METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

impl Pages {
    pub(crate) fn new(gate: &Arc<Gate>, recorder: &Arc<Recorder>, standings: &[Arc<Standing>], stop: Stop) -> Self {
        let (gate, recorder, standings) = (Arc::clone(gate), Arc::clone(recorder), standings.to_vec());
        Self { gate, recorder, standings, stop, started: Instant::now() }
    }

    /// Why no requests are taken, if so.
    fn unready(&self) -> Option<String> {
        if *self.stop.borrow() {
            return Some("the gateway is ending".to_owned());
        }
        if let Err(error) = self.recorder.state() {
            return Some(format!("{error} [{}]", error.id()));
        }
        self.standings.iter().find_map(|standing| standing.problem())
    }

    async fn metrics(&self) -> Answer {
        let (gate, recorder) = (Arc::clone(&self.gate), Arc::clone(&self.recorder));
        let (ready, up) = (self.unready().is_none(), self.started.elapsed());
        for standing in &self.standings {
            let told = standing.report();
            recorder.metrics().follower(&standing.name, told.behind, told.leaves, told.error.is_some());
        }
        // How many wait for people is in a file.
        let told = tokio::task::spawn_blocking(move || {
            let readings = Readings { ready, up, holds_waiting: gate.waiting() as u64, ..recorder.readings() };
            recorder.metrics().text(&readings)
        });
        match told.await {
            Ok(text) => answer(StatusCode::OK, METRICS, text),
            Err(_) => answer(StatusCode::INTERNAL_SERVER_ERROR, TEXT, "an internal error\n"),
        }
    }
}

impl Answers for Pages {
    async fn answer(&self, request: Request<Incoming>) -> Answer {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return answer(StatusCode::METHOD_NOT_ALLOWED, TEXT, "only GET\n");
        }
        match request.uri().path() {
            // It answers: that is what is asked.
            "/healthz" => answer(StatusCode::OK, TEXT, "alive\n"),
            "/readyz" => match self.unready() {
                None => answer(StatusCode::OK, TEXT, "ready\n"),
                Some(why) => answer(StatusCode::SERVICE_UNAVAILABLE, TEXT, format!("{why}\n")),
            },
            "/metrics" => self.metrics().await,
            _ => answer(StatusCode::NOT_FOUND, TEXT, "there are /healthz, /readyz and /metrics\n"),
        }
    }
}
