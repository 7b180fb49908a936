//! What `redact` did, as JSON: counts, sizes, hashes, ids of errors; never content.

use std::collections::BTreeMap;

use blackbar_engine::Stats;
use blackbar_engine::operator::Fallback;
use serde::Serialize;
use serde_json::Value;

use crate::error::Error;
use crate::profile::Ready;

/// How one input ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    Done(Box<Done>),
    /// It cannot be inspected, and such inputs are left out.
    Skipped(Error),
    Failed(Error),
    /// Nobody reads the output any more.
    Stopped,
}

/// A finished input.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) output: String,
    pub(crate) format: &'static str,
    pub(crate) coding: &'static str,
    pub(crate) charset: &'static str,
    pub(crate) digest_in: Option<String>,
    pub(crate) digest_out: Option<String>,
    pub(crate) stats: Stats,
}

/// The whole document.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    version: &'static str,
    engine: Engine,
    /// Safe Harbor, a limited data set, or neither.
    method: &'static str,
    profile: ProfileLine,
    digests: Digests,
    totals: Totals,
    files: Vec<FileLine>,
    skipped: Vec<FailureLine>,
    failed: Vec<FailureLine>,
}

#[derive(Debug, Serialize)]
struct Engine {
    version: &'static str,
    commit: &'static str,
    detectors: usize,
}

#[derive(Debug, Serialize)]
struct ProfileLine {
    name: String,
    hash: String,
    default: String,
    operators: BTreeMap<String, String>,
    min_confidence: f64,
}

#[derive(Debug, Serialize)]
struct Digests {
    algorithm: &'static str,
    /// Whose key it is: only who has it can compare.
    key: &'static str,
}

#[derive(Debug, Default, Serialize)]
struct Totals {
    files: usize,
    skipped: usize,
    failed: usize,
    #[serde(flatten)]
    counts: Counts,
}

#[derive(Debug, Serialize)]
struct FileLine {
    /// Absent when names are replaced: they can be identifiers.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    output: String,
    format: &'static str,
    coding: &'static str,
    charset: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest_in: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest_out: Option<String>,
    #[serde(flatten)]
    counts: Counts,
}

#[derive(Debug, Serialize)]
struct FailureLine {
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    /// The position among the inputs, from 0, when they were found.
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<usize>,
    error: &'static str,
    what: String,
}

#[derive(Debug, Default, Serialize)]
struct Counts {
    bytes_in: u64,
    bytes_out: u64,
    kept: u64,
    replaced: u64,
    copied: u64,
    written: u64,
    window: u64,
    most_held: u64,
    findings: BTreeMap<&'static str, u64>,
    allowed: BTreeMap<String, u64>,
    fallbacks: BTreeMap<&'static str, u64>,
    kept_fields: u64,
}

impl Report {
    /// Puts it together. `failures` are paths that were named and not found; `renamed`: names of inputs are not shown.
    pub(crate) fn new(
        ready: &Ready,
        outcomes: Vec<(String, Outcome)>,
        failures: Vec<(String, Error)>,
        renamed: bool,
    ) -> Self {
        let rules = ready.profile.rules();
        let shown = |name: String| (!renamed).then_some(name);
        let failure = |name: String, input: Option<usize>, error: &Error| FailureLine {
            path: shown(name),
            input,
            error: error.id().text(),
            what: error.what().to_owned(),
        };
        let mut failed: Vec<FailureLine> =
            failures.into_iter().map(|(name, error)| failure(name, None, &error)).collect();
        let (mut files, mut skipped, mut sum) = (Vec::new(), Vec::new(), Stats::default());
        for (number, (name, outcome)) in outcomes.into_iter().enumerate() {
            match outcome {
                Outcome::Done(done) => {
                    sum.merge(&done.stats);
                    files.push(FileLine {
                        path: shown(name),
                        output: done.output,
                        format: done.format,
                        coding: done.coding,
                        charset: done.charset,
                        digest_in: done.digest_in,
                        digest_out: done.digest_out,
                        counts: Counts::of(&done.stats),
                    });
                }
                Outcome::Skipped(error) => skipped.push(failure(name, Some(number), &error)),
                Outcome::Failed(error) => failed.push(failure(name, Some(number), &error)),
                Outcome::Stopped => {}
            }
        }
        let totals =
            Totals { files: files.len(), skipped: skipped.len(), failed: failed.len(), counts: Counts::of(&sum) };
        Self {
            version: "blackbar-report-v1",
            engine: Engine {
                version: env!("CARGO_PKG_VERSION"),
                commit: env!("BLACKBAR_COMMIT"),
                detectors: ready.scanner.detectors().len(),
            },
            method: ready.profile.method(&ready.scanner),
            profile: ProfileLine {
                name: rules.name.clone(),
                hash: ready.hash.clone(),
                default: rules.default.to_string(),
                operators: rules.kinds.iter().map(|(id, operator)| (id.clone(), operator.to_string())).collect(),
                min_confidence: f64::from(rules.least_confidence) / 100.0,
            },
            digests: Digests {
                algorithm: "hmac-sha256",
                key: if ready.key_is_random { "random, gone with this run" } else { "derived from the key file" },
            },
            totals,
            files,
            skipped,
            failed,
        }
    }

    pub(crate) fn has_failures(&self) -> bool {
        !self.failed.is_empty()
    }

    /// How often the operator that was asked for could not be applied, and why, where that may surprise.
    pub(crate) fn fallbacks(&self) -> Option<String> {
        let told = self.totals.counts.fallbacks.iter().filter(|(reason, _)| **reason != Fallback::NoForm.name());
        let told: Vec<String> = told.map(|(reason, count)| format!("{reason} {count}")).collect();
        (!told.is_empty()).then(|| told.join(", "))
    }

    pub(crate) fn json(&self) -> String {
        // Strings and numbers: this cannot fail.
        let value = serde_json::to_value(self).unwrap_or(Value::Null);
        format!("{value:#}")
    }

    /// One line for people.
    pub(crate) fn summary(&self) -> String {
        let found: u64 = self.totals.counts.findings.values().sum();
        let Totals { files, skipped, failed, .. } = &self.totals;
        format!("{files} done, {skipped} skipped, {failed} failed; {found} findings; method: {}", self.method)
    }
}

impl Counts {
    fn of(stats: &Stats) -> Self {
        Self {
            bytes_in: stats.bytes_in,
            bytes_out: stats.bytes_out,
            kept: stats.kept,
            replaced: stats.replaced,
            copied: stats.copied,
            written: stats.written,
            window: stats.window,
            most_held: stats.most_held,
            findings: stats.findings.iter().map(|(kind, count)| (kind.id(), *count)).collect(),
            allowed: stats.allowed.iter().map(|(reason, count)| (reason.to_string(), *count)).collect(),
            fallbacks: stats.fallbacks.iter().map(|(reason, count)| (reason.name(), *count)).collect(),
            kept_fields: stats.kept_fields,
        }
    }
}
