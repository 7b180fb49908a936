//! What a sink is told: a leaf with its place in the log, or a checkpoint over all of them. All formats are pure mappings.

use blackbar_ledger::{Kind, ReadLeaf, SignedCheckpoint};
use serde_json::{Value, json};

use super::{cef, fhir, ocsf, otlp};
use crate::config::keeping::SinkFormat;

/// Who tells.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// The log's origin.
    pub(crate) origin: String,
    /// This machine's name.
    pub(crate) host: String,
    /// Targets that speak SQL.
    pub(crate) databases: Vec<String>,
}

/// What is told.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// Of the leaf, or of the first leaf that a checkpoint does not stand for.
    pub(crate) index: u64,
    pub(crate) micros: u64,
    pub(crate) time: String,
    pub(crate) what: What,
}

#[derive(Clone, Debug)]
pub(crate) enum What {
    Leaf { kind: Option<Kind>, hash: String, leaf: Value },
    Checkpoint { note: String },
}

impl Event {
    pub(crate) fn of_leaf(index: u64, read: &ReadLeaf) -> Self {
        let leaf = serde_json::from_slice(read.bytes()).unwrap_or_default();
        let what = What::Leaf { kind: read.kind(), hash: read.hash().to_string(), leaf };
        Self { index, micros: read.time().micros(), time: read.time().to_string(), what }
    }

    pub(crate) fn of_checkpoint(checkpoint: &SignedCheckpoint, now: blackbar_ledger::Time) -> Self {
        let what = What::Checkpoint { note: checkpoint.note().to_owned() };
        Self { index: checkpoint.unverified().size, micros: now.micros(), time: now.to_string(), what }
    }

    /// In the words of a format.
    pub(crate) fn text(&self, format: SinkFormat, source: &Source) -> String {
        match format {
            SinkFormat::Json => self.json(source).to_string(),
            SinkFormat::Ocsf => ocsf::event(self, source).to_string(),
            SinkFormat::Fhir => fhir::event(self, source).to_string(),
            SinkFormat::Otlp => otlp::record(self, source).to_string(),
            SinkFormat::Cef => cef::event(self, source),
        }
    }

    /// As it is in the log.
    pub(crate) fn json(&self, source: &Source) -> Value {
        match &self.what {
            What::Leaf { hash, leaf, .. } => {
                json!({ "origin": source.origin, "index": self.index, "hash": hash, "leaf": leaf })
            }
            What::Checkpoint { note } => {
                json!({ "origin": source.origin, "time": self.time, "size": self.index, "checkpoint": note })
            }
        }
    }

    /// Its name: `session.open`, `request`, …
    pub(crate) fn name(&self) -> &str {
        match &self.what {
            What::Leaf { leaf, .. } => leaf["kind"].as_str().unwrap_or("unknown"),
            What::Checkpoint { .. } => "checkpoint",
        }
    }

    pub(crate) fn kind(&self) -> Option<Kind> {
        match &self.what {
            What::Leaf { kind, .. } => *kind,
            What::Checkpoint { .. } => None,
        }
    }

    /// A text of the leaf.
    pub(crate) fn text_of(&self, key: &str) -> Option<&str> {
        match &self.what {
            What::Leaf { leaf, .. } => leaf[key].as_str(),
            What::Checkpoint { .. } => None,
        }
    }

    /// A value of the leaf's details.
    pub(crate) fn detail(&self, key: &str) -> Option<&Value> {
        match &self.what {
            What::Leaf { leaf, .. } => Some(&leaf["details"][key]).filter(|value| !value.is_null()),
            What::Checkpoint { .. } => None,
        }
    }

    pub(crate) fn detail_text(&self, key: &str) -> Option<&str> {
        self.detail(key).and_then(Value::as_str)
    }

    pub(crate) fn outcome(&self) -> &str {
        self.text_of("outcome").unwrap_or("unknown")
    }

    /// Whether somebody should look: who is not let in, what is refused, what was mended after a crash.
    pub(crate) fn is_alert(&self) -> bool {
        matches!(self.kind(), Some(Kind::AuthFail | Kind::DecisionDenied | Kind::Recovery | Kind::Alarm))
    }

    /// Identifiers that were replaced, by kind.
    pub(crate) fn replaced(&self) -> u64 {
        let kinds = self.detail("replaced").and_then(Value::as_object);
        kinds.map_or(0, |kinds| kinds.values().filter_map(Value::as_u64).sum())
    }

    /// What was asked, in words that name nobody: `GET /Patient/*`, `select`.
    pub(crate) fn statement(&self) -> String {
        if let Some(method) = self.detail_text("method") {
            return format!("{method} {}", self.detail_text("path").unwrap_or_default()).trim_end().to_owned();
        }
        let actions = self.detail("actions").and_then(Value::as_array);
        let actions: Vec<&str> = actions.into_iter().flatten().filter_map(Value::as_str).collect();
        if actions.is_empty() { self.name().to_owned() } else { actions.join(" ") }
    }
}
