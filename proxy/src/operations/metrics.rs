//! What the gateway counts.

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use blackbar_ledger::{Kind, Outcome, Watch};
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

/// The counters of one gateway. A request touches a handful of them when it ends; nothing here is in the way of a byte.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Ended, Counter>,
    in_flight: Gauge,
    latency: Family<OfTarget, Histogram>,
    bytes: Family<Moved, Counter>,
    findings: Family<Found, Counter>,
    decisions: Family<Decided, Counter>,
    strangers: Family<OfTarget, Counter>,
    sessions: Family<OfTarget, Counter>,
    held_back: Histogram,
    delay: Histogram,
    record_wait: Histogram,
    sync: Histogram,
    batch: Histogram,
    /// When the write that is under way began.
    writing: Mutex<Option<Instant>>,
    views: Family<View, Counter>,
    lags: Family<OfFollower, Gauge<f64, AtomicU64>>,
    told: Family<OfFollower, Gauge>,
    failing: Family<OfFollower, Gauge>,
    read: Read,
}

/// What is not counted but looked at when somebody asks.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Readings {
    pub(crate) ready: bool,
    pub(crate) sessions_open: u64,
    pub(crate) holds_waiting: u64,
    pub(crate) record_backlog_bytes: u64,
    pub(crate) record_leaves: u64,
    /// 0 open, 1 warned, 2 refusing, 3 ending.
    pub(crate) record_room: u64,
    pub(crate) up: Duration,
}

#[derive(Default)]
struct Read {
    ready: Gauge,
    sessions_open: Gauge,
    holds_waiting: Gauge,
    backlog: Gauge,
    leaves: Gauge,
    room: Gauge,
    up: Gauge<f64, AtomicU64>,
    resident: Gauge,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct OfTarget {
    target: String,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Ended {
    target: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Moved {
    target: String,
    direction: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Found {
    target: String,
    kind: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Decided {
    target: String,
    decision: &'static str,
}

/// A sink or a witness, by the name that the configuration gives it; and retention.
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct OfFollower {
    follower: String,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct View {
    page: &'static str,
}

/// The kinds that have a count of their own; those that a site makes up are counted together.
const KINDS: &[&str] = &[
    "account",
    "age",
    "biometric",
    "card",
    "date",
    "dea",
    "device",
    "email",
    "facility",
    "fax",
    "health-plan",
    "image",
    "ip",
    "license",
    "location",
    "mac",
    "mrn",
    "name",
    "npi",
    "other-id",
    "phone",
    "ssn",
    "url",
    "vehicle",
    "zip",
];

/// The kind under which a finding is counted: without its sub-kind, and one of a fixed number.
pub(crate) fn kind_of(kind: &str) -> &'static str {
    let top = kind.split(':').next().unwrap_or_default();
    KINDS.iter().find(|known| **known == top).copied().unwrap_or("custom")
}

const SECONDS: [f64; 14] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 300.0];
const DISK_SECONDS: [f64; 12] = [0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0, 5.0];
const DELAY_SECONDS: [f64; 14] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.015, 0.03, 0.06, 0.125, 0.5, 2.0, 10.0];
const HELD_BYTES: [f64; 9] = [0.0, 16.0, 64.0, 128.0, 256.0, 384.0, 1024.0, 4096.0, 65536.0];
const ENTRIES: [f64; 8] = [1.0, 2.0, 4.0, 8.0, 16.0, 64.0, 256.0, 1024.0];

fn latency() -> Histogram {
    Histogram::new(SECONDS)
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut this = Self {
            registry: Registry::with_prefix("blackbar"),
            requests: Family::default(),
            in_flight: Gauge::default(),
            latency: Family::new_with_constructor(latency),
            bytes: Family::default(),
            findings: Family::default(),
            decisions: Family::default(),
            strangers: Family::default(),
            sessions: Family::default(),
            held_back: Histogram::new(HELD_BYTES),
            delay: Histogram::new(DELAY_SECONDS),
            record_wait: Histogram::new(DISK_SECONDS),
            sync: Histogram::new(DISK_SECONDS),
            batch: Histogram::new(ENTRIES),
            writing: Mutex::default(),
            views: Family::default(),
            lags: Family::default(),
            told: Family::default(),
            failing: Family::default(),
            read: Read::default(),
        };
        let registry = &mut this.registry;
        let build = [("version", env!("CARGO_PKG_VERSION")), ("commit", env!("BLACKBAR_COMMIT"))];
        registry.register("build", "Which program this is", Info::new(build));
        registry.register("requests", "Requests that have ended, by how", this.requests.clone());
        registry.register("requests_in_flight", "Requests that have not ended", this.in_flight.clone());
        let from_request = "From a request to the end of its answer";
        registry.register_with_unit("request_duration", from_request, Unit::Seconds, this.latency.clone());
        registry.register_with_unit(
            "content",
            "Content that was read of upstreams (in) and delivered to clients (out)",
            Unit::Bytes,
            this.bytes.clone(),
        );
        registry.register("findings", "Identifiers that were replaced, by kind", this.findings.clone());
        registry.register("decisions", "Decisions of policies and people", this.decisions.clone());
        registry.register("unknown_clients", "Requests that nobody known stands behind", this.strangers.clone());
        registry.register("sessions", "Sessions that were begun", this.sessions.clone());
        registry.register_with_unit(
            "held_back",
            "The most of an answer that waited until it was known whether it is an identifier",
            Unit::Bytes,
            this.held_back.clone(),
        );
        let delay = "The longest that something of an answer was on its way through the gateway";
        registry.register_with_unit("added_delay", delay, Unit::Seconds, this.delay.clone());
        let waits = "How long requests and answers waited for their record to be on disk";
        registry.register_with_unit("record_wait", waits, Unit::Seconds, this.record_wait.clone());
        let write = "Writing a batch of the record and syncing it";
        registry.register_with_unit("record_sync", write, Unit::Seconds, this.sync.clone());
        registry.register("record_batch_entries", "Entries that one sync of the record covers", this.batch.clone());
        registry.register("console_views", "Pages of the console that were shown", this.views.clone());
        let lag = "How long the oldest leaf of the log has waited that a sink or a witness does not have";
        registry.register_with_unit("follower_lag", lag, Unit::Seconds, this.lags.clone());
        registry.register("follower_leaves", "Leaves of the log that a sink or a witness has", this.told.clone());
        registry.register(
            "follower_failing",
            "1 while a sink or a witness does not take what it is sent",
            this.failing.clone(),
        );
        let read = &this.read;
        registry.register("ready", "1 while requests are taken", read.ready.clone());
        registry.register("sessions_open", "Sessions whose connection stands", read.sessions_open.clone());
        registry.register("holds_waiting", "Requests that wait for people", read.holds_waiting.clone());
        let backlog = "What waits to be written to the record";
        registry.register_with_unit("record_backlog", backlog, Unit::Bytes, read.backlog.clone());
        registry.register("record_leaves", "Leaves of the log", read.leaves.clone());
        let room = "Room for the record: 0 open, 1 more than 85 % full, 2 refusing requests, 3 ending answers";
        registry.register("record_room", room, read.room.clone());
        registry.register_with_unit("up", "Since the gateway began", Unit::Seconds, read.up.clone());
        let resident = "Memory that the gateway has in use";
        registry.register_with_unit("resident_memory", resident, Unit::Bytes, read.resident.clone());
        this
    }

    /// A request of a known client begins.
    pub(crate) fn request_begins(&self) {
        self.in_flight.inc();
    }

    /// So many requests have ended.
    pub(crate) fn requests_end(&self, count: usize) {
        self.in_flight.dec_by(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// How a request ended. `read`: bytes of the upstream that were read.
    pub(crate) fn request_ended(&self, target: &str, outcome: Outcome, took: Duration, read: u64, delivered: u64) {
        let name = || target.to_owned();
        self.requests.get_or_create(&Ended { target: name(), outcome: outcome.text() }).inc();
        self.latency.get_or_create(&OfTarget { target: name() }).observe(took.as_secs_f64());
        self.bytes.get_or_create(&Moved { target: name(), direction: "in" }).inc_by(read);
        self.bytes.get_or_create(&Moved { target: name(), direction: "out" }).inc_by(delivered);
    }

    /// Identifiers of an answer.
    pub(crate) fn found(&self, target: &str, kind: &str, count: u64) {
        self.findings.get_or_create(&Found { target: target.to_owned(), kind: kind_of(kind) }).inc_by(count);
    }

    /// A decision about a request.
    pub(crate) fn decided(&self, target: &str, kind: Kind) {
        let decision = match kind {
            Kind::DecisionAsked => "asked",
            Kind::DecisionGranted => "granted",
            Kind::DecisionDenied => "denied",
            Kind::DecisionExpired => "expired",
            Kind::DecisionConsumed => "approved",
            _ => return,
        };
        self.decisions.get_or_create(&Decided { target: target.to_owned(), decision }).inc();
    }

    /// Somebody who is not known, or says nothing that is a request.
    pub(crate) fn stranger(&self, target: &str) {
        self.strangers.get_or_create(&OfTarget { target: target.to_owned() }).inc();
    }

    pub(crate) fn session(&self, target: &str) {
        self.sessions.get_or_create(&OfTarget { target: target.to_owned() }).inc();
    }

    /// The most bytes of an answer that its redactor held back.
    // Bytes of a window: far below where a float loses count.
    #[allow(clippy::cast_precision_loss)]
    pub(crate) fn held_back(&self, bytes: u64) {
        self.held_back.observe(bytes as f64);
    }

    /// The longest that something of an answer was here.
    pub(crate) fn delayed(&self, longest: Duration) {
        self.delay.observe(longest.as_secs_f64());
    }

    /// How long something waited for its record.
    pub(crate) fn waited(&self, took: Duration) {
        self.record_wait.observe(took.as_secs_f64());
    }

    /// A page of the console was shown.
    pub(crate) fn viewed(&self, page: &'static str) {
        self.views.get_or_create(&View { page }).inc();
    }

    /// How a sink or a witness stands.
    pub(crate) fn follower(&self, name: &str, behind: Duration, leaves: u64, fails: bool) {
        let of = OfFollower { follower: name.to_owned() };
        self.lags.get_or_create(&of).set(behind.as_secs_f64());
        self.told.get_or_create(&of).set(i64::try_from(leaves).unwrap_or(i64::MAX));
        self.failing.get_or_create(&of).set(fails.into());
    }

    /// All of it, as a scraper reads it.
    pub(crate) fn text(&self, readings: &Readings) -> String {
        let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let read = &self.read;
        read.ready.set(readings.ready.into());
        read.sessions_open.set(whole(readings.sessions_open));
        read.holds_waiting.set(whole(readings.holds_waiting));
        read.backlog.set(whole(readings.record_backlog_bytes));
        read.leaves.set(whole(readings.record_leaves));
        read.room.set(whole(readings.record_room));
        read.up.set(readings.up.as_secs_f64());
        read.resident.set(whole(resident()));
        let mut out = String::with_capacity(16 << 10);
        // Writing to a string does not fail.
        let _ = text::encode(&mut out, &self.registry);
        out
    }
}

impl Watch for Metrics {
    fn begins(&self) {
        *self.writing.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    // Entries of a batch: far below where a float loses count.
    #[allow(clippy::cast_precision_loss)]
    fn done(&self, entries: usize) {
        let begun = self.writing.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(begun) = begun {
            self.sync.observe(begun.elapsed().as_secs_f64());
        }
        self.batch.observe(entries as f64);
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

/// Bytes of memory in use; 0 where the system does not say.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    number.unwrap_or(0) * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_chooses_becomes_no_label() {
        assert_eq!(kind_of("name:patient"), "name");
        assert_eq!(kind_of("health-plan"), "health-plan");
        for made_up in ["Kowalczyk", "", ":name", "clinic-mrn:x"] {
            assert_eq!(kind_of(made_up), "custom");
        }
    }

    #[test]
    fn what_happened_is_told_under_the_names_that_dashboards_use() {
        let metrics = Metrics::new();
        metrics.request_begins();
        metrics.request_begins();
        metrics.requests_end(1);
        metrics.session("fhir");
        metrics.decided("fhir", Kind::DecisionConsumed);
        metrics.decided("fhir", Kind::Heartbeat);
        metrics.found("fhir", "name:patient", 2);
        metrics.found("fhir", "name:provider", 1);
        metrics.request_ended("fhir", Outcome::Success, Duration::from_millis(7), 100, 90);
        metrics.held_back(200);
        metrics.delayed(Duration::from_micros(1900));
        metrics.follower("siem", Duration::from_millis(1500), 40, false);
        metrics.follower("siem", Duration::from_millis(2500), 41, true);
        metrics.begins();
        metrics.done(3);
        let text = metrics.text(&Readings { ready: true, holds_waiting: 4, ..Readings::default() });
        for line in [
            "blackbar_requests_total{target=\"fhir\",outcome=\"success\"} 1",
            "blackbar_requests_in_flight 1",
            "blackbar_request_duration_seconds_bucket{le=\"0.01\",target=\"fhir\"} 1",
            "blackbar_request_duration_seconds_bucket{le=\"0.005\",target=\"fhir\"} 0",
            "blackbar_content_bytes_total{target=\"fhir\",direction=\"in\"} 100",
            "blackbar_content_bytes_total{target=\"fhir\",direction=\"out\"} 90",
            "blackbar_findings_total{target=\"fhir\",kind=\"name\"} 3",
            "blackbar_decisions_total{target=\"fhir\",decision=\"approved\"} 1",
            "blackbar_sessions_total{target=\"fhir\"} 1",
            "blackbar_held_back_bytes_bucket{le=\"256.0\"} 1",
            "blackbar_added_delay_seconds_bucket{le=\"0.002\"} 1",
            "blackbar_added_delay_seconds_bucket{le=\"0.001\"} 0",
            "blackbar_held_back_bytes_bucket{le=\"128.0\"} 0",
            "blackbar_record_sync_seconds_count 1",
            "blackbar_record_batch_entries_bucket{le=\"4.0\"} 1",
            "blackbar_holds_waiting 4",
            "blackbar_follower_lag_seconds{follower=\"siem\"} 2.5",
            "blackbar_follower_leaves{follower=\"siem\"} 41",
            "blackbar_follower_failing{follower=\"siem\"} 1",
            "blackbar_ready 1",
        ] {
            assert!(text.lines().any(|told| told == line), "{line} is not in\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
        assert!(!text.contains("heartbeat"));
    }
}
