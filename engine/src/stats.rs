//! What a stream's redaction did, in numbers.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::Kind;
use crate::operator::Fallback;

/// Counts of one stream. They add up: [`Stats::merge`].
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Stats {
    /// Bytes that came in.
    pub bytes_in: u64,
    /// Bytes that went out.
    pub bytes_out: u64,
    /// Input bytes that were kept.
    pub kept: u64,
    /// Input bytes that were replaced.
    pub replaced: u64,
    /// Bytes that were copied: around chunk boundaries and to decode escapes. Replacements are not counted here.
    pub copied: u64,
    /// Bytes of replacements that were written.
    pub written: u64,
    /// The most bytes that may be held back.
    pub window: u64,
    /// The most bytes that were held back.
    pub most_held: u64,
    /// Findings per kind.
    pub findings: BTreeMap<Kind, u64>,
    /// Findings that were allowed, per reason.
    pub allowed: BTreeMap<Arc<str>, u64>,
    /// Fields that a rule of the profile passed on unseen.
    pub kept_fields: u64,
    /// Values that got a stronger operator than the profile asks for, per reason.
    pub fallbacks: BTreeMap<Fallback, u64>,
}

impl Stats {
    /// Adds the counts of another stream.
    pub fn merge(&mut self, other: &Self) {
        self.bytes_in += other.bytes_in;
        self.bytes_out += other.bytes_out;
        self.kept += other.kept;
        self.replaced += other.replaced;
        self.copied += other.copied;
        self.written += other.written;
        self.window = self.window.max(other.window);
        self.most_held = self.most_held.max(other.most_held);
        self.kept_fields += other.kept_fields;
        add(&mut self.findings, &other.findings);
        add(&mut self.allowed, &other.allowed);
        add(&mut self.fallbacks, &other.fallbacks);
    }

    /// Adds what was counted beside segments; whoever writes the segments counts those.
    pub(crate) fn merge_counts(&mut self, other: &Self) {
        let Self { copied, window, most_held, allowed, kept_fields, fallbacks, .. } = other.clone();
        self.merge(&Self { copied, window, most_held, allowed, kept_fields, fallbacks, ..Self::default() });
    }

    /// All findings.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.findings.values().sum()
    }
}

fn add<K: Clone + Ord>(to: &mut BTreeMap<K, u64>, from: &BTreeMap<K, u64>) {
    for (key, count) in from {
        *to.entry(key.clone()).or_default() += count;
    }
}
