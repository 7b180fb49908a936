//! One page about one session for whoever audits it: what happened, the policies, the approvals, a map of controls.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

use blackbar_ledger::{Json, Kind, LeafIndex, ReadLeaf, Reader};
use maud::{Markup, html};
use serde_json::Value;

use super::printed::page;
use super::prove::unreadable;
use crate::config::Config;
use crate::console::index::plain;
use crate::error::{Error, Id};
use crate::gate::{Gate, Nobody};

pub(super) struct Packet {
    pub(super) page: String,
    /// Names and texts of the policies.
    pub(super) policies: Vec<(String, String)>,
}

pub(super) fn packet(config: &Config, reader: &Reader, leaves: &[(LeafIndex, ReadLeaf)]) -> Result<Packet, Error> {
    let policies = policies(config)?;
    let loaded = loads(reader, leaves)?;
    let now = Gate::new(config, Arc::new(Nobody)).map(|gate| gate.version()).unwrap_or_default();
    let body = html! {
        (session(leaves))
        (rules(&policies, &loaded, &now))
        (approvals(&asked(reader, leaves)?))
        h2 { "What the log says of the session" }
        table {
            tr { th.number { "Leaf" } th { "Time (UTC)" } th { "Kind" } th { "Outcome" } th { "Details" } }
            @for (index, leaf) in leaves { (row(*index, leaf)) }
        }
        (controls())
    };
    Ok(Packet { page: page("Audit packet", &body), policies })
}

fn session(leaves: &[(LeafIndex, ReadLeaf)]) -> Markup {
    let first = leaves.first().map(|(_, leaf)| leaf);
    let last = leaves.last().map(|(_, leaf)| leaf).filter(|leaf| leaf.kind() == Some(Kind::SessionClose));
    let count = |kinds: &[Kind]| {
        leaves.iter().filter(|(_, leaf)| leaf.kind().is_some_and(|kind| kinds.contains(&kind))).count()
    };
    let of = |name: &str| first.and_then(|leaf| leaf.detail(name)).map(plain).unwrap_or_else(|| "-".to_owned());
    let rows = [
        ("Session", first.and_then(ReadLeaf::session).map(|id| id.to_string()).unwrap_or_default()),
        ("Subject", first.and_then(ReadLeaf::subject).unwrap_or("-").to_owned()),
        ("Kind of subject", of("kind")),
        ("Authenticated by", of("authenticated_by")),
        ("Credential", of("credential")),
        ("Groups", of("groups")),
        ("From", of("source")),
        ("Target", first.and_then(ReadLeaf::target).unwrap_or("-").to_owned()),
        ("Begun (UTC)", first.map(|leaf| leaf.time().to_string()).unwrap_or_default()),
        ("Ended (UTC)", last.map_or_else(|| "not yet".to_owned(), |leaf| leaf.time().to_string())),
        ("Outcome", last.and_then(ReadLeaf::outcome).unwrap_or("open").to_owned()),
        ("Requests", count(&[Kind::Request]).to_string()),
        ("Granted", count(&[Kind::DecisionGranted, Kind::DecisionConsumed]).to_string()),
        ("Denied or expired", count(&[Kind::DecisionDenied, Kind::DecisionExpired]).to_string()),
    ];
    html! {
        table { @for (name, value) in rows { tr { th { (name) } td { (value) } } } }
    }
}

/// The rules that were loaded last before the session, and while it lasted: when, and their version.
fn loads(reader: &Reader, leaves: &[(LeafIndex, ReadLeaf)]) -> Result<Vec<(String, String)>, Error> {
    let (Some((first, _)), Some((last, _))) = (leaves.first(), leaves.last()) else { return Ok(Vec::new()) };
    let mut loads: Vec<(String, String)> = Vec::new();
    for item in reader.leaves(LeafIndex::FIRST).map_err(|error| unreadable(&error))? {
        let (index, leaf) = item.map_err(|error| unreadable(&error))?;
        if index.value() > last.value() {
            break;
        }
        if leaf.kind() == Some(Kind::PolicyLoad) {
            if index.value() < first.value() {
                loads.clear();
            }
            let rules = leaf.detail("rules").map(plain).unwrap_or_default();
            loads.push((leaf.time().to_string(), rules));
        }
    }
    Ok(loads)
}

fn rules(policies: &[(String, String)], loads: &[(String, String)], now: &str) -> Markup {
    let same = loads.iter().all(|(_, rules)| rules == now) && !loads.is_empty();
    html! {
        h2 { "Policies" }
        table {
            tr { th { "In force since (UTC)" } th { "Version of policies and profiles" } }
            @for (time, rules) in loads { tr { td { (time) } td { code { (rules) } } } }
        }
        @if same {
            p { "The texts below have this version: they are what was in force." }
        } @else {
            p {
                "The texts below have the version " code { (now) }
                ": they were changed since, and are not what was in force."
            }
        }
        @for (name, text) in policies {
            h3 { (name) }
            pre { (text) }
        }
        @if policies.is_empty() { p { "There is no policy: nothing is allowed." } }
    }
}

/// Every leaf about an approval that the session names.
fn asked(reader: &Reader, leaves: &[(LeafIndex, ReadLeaf)]) -> Result<Vec<(LeafIndex, ReadLeaf)>, Error> {
    let approval = |leaf: &ReadLeaf| leaf.detail("approval").and_then(Json::as_text).map(str::to_owned);
    let named: BTreeSet<String> = leaves.iter().filter_map(|(_, leaf)| approval(leaf)).collect();
    if named.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for item in reader.leaves(LeafIndex::FIRST).map_err(|error| unreadable(&error))? {
        let (index, leaf) = item.map_err(|error| unreadable(&error))?;
        if approval(&leaf).is_some_and(|id| named.contains(&id)) {
            found.push((index, leaf));
        }
    }
    Ok(found)
}

fn approvals(asked: &[(LeafIndex, ReadLeaf)]) -> Markup {
    html! {
        h2 { "Approvals" }
        @if asked.is_empty() {
            p { "Nothing in this session was held for people to decide." }
        } @else {
            table {
                tr { th.number { "Leaf" } th { "Time (UTC)" } th { "Kind" } th { "Outcome" } th { "Details" } }
                @for (index, leaf) in asked { (row(*index, leaf)) }
            }
        }
    }
}

fn row(index: LeafIndex, leaf: &ReadLeaf) -> Markup {
    let json: Value = serde_json::from_slice(leaf.bytes()).unwrap_or_default();
    let by =
        leaf.subject().filter(|_| leaf.seq().is_none()).map(|subject| format!("by {subject} ")).unwrap_or_default();
    let details = if json["details"].is_null() { String::new() } else { json["details"].to_string() };
    html! {
        tr {
            td.number { (index.to_string()) }
            td { (leaf.time().to_string()) }
            td { (leaf.kind().map_or("?", Kind::text)) }
            td { (leaf.outcome().unwrap_or("-")) }
            td { (by) code { (details) } }
        }
    }
}

/// Requirements, and where in this folder their evidence is. Whether they are met is the auditor's to say.
const CONTROLS: [(&str, &str, &str); 14] = [
    (
        "45 CFR 164.312(a)(1)",
        "Access control",
        "decision leaves: each request with the policies that allowed or denied it; policies/",
    ),
    ("45 CFR 164.312(a)(2)(i)", "Unique user identification", "subject, groups and authentication in the first leaf"),
    (
        "45 CFR 164.312(b)",
        "Audit controls",
        "leaves/: every request, decision and response; recordings/: what was asked and delivered",
    ),
    ("45 CFR 164.312(c)(1), (2)", "Integrity", "proofs under log/checkpoint; the hash of each frame in the leaves"),
    ("45 CFR 164.312(d)", "Person or entity authentication", "authenticated_by and credential in the first leaf"),
    (
        "45 CFR 164.312(e)(1)",
        "Transmission security",
        "outside this folder: the listener's and the upstream's TLS in the configuration",
    ),
    (
        "45 CFR 164.502(b), 164.514(d)",
        "Minimum necessary",
        "replaced and passed in response leaves; the profile in decision leaves",
    ),
    (
        "45 CFR 164.514(b)(2)",
        "Safe Harbor identifiers",
        "kinds in response leaves; `sessions report` sums them by the 18 identifiers",
    ),
    (
        "45 CFR 164.528",
        "Accounting of disclosures",
        "`sessions report --disclosures --patient-file FILE` names the sessions of one patient",
    ),
    (
        "45 CFR 164.316(b)(2)(i)",
        "Retention for six years",
        "month of the key in the first leaf; tombstones in the log of what was deleted, by which policy",
    ),
    (
        "45 CFR 164.308(a)(1)(ii)(D)",
        "Review of activity",
        "replay.view and export leaves in the log: who looked at the record",
    ),
    (
        "NIST SP 800-53 AU-2, AU-3, AU-12",
        "Events and their content",
        "leaves/: what, when, where, source, outcome, who",
    ),
    (
        "NIST SP 800-53 AU-9, AU-10",
        "Protection, non-repudiation",
        "signed checkpoint, inclusion proofs, encryption under a key of the session's own",
    ),
    (
        "NIST SP 800-53 AC-3, AC-6",
        "Enforcement, least privilege",
        "decision leaves and policies/; approvals that count for one run",
    ),
];

fn controls() -> Markup {
    html! {
        h2 { "Map of controls" }
        table {
            tr { th { "Requirement" } th { "Subject" } th { "Evidence" } }
            @for (requirement, subject, evidence) in CONTROLS {
                tr { td { (requirement) } td { (subject) } td { (evidence) } }
            }
        }
        p { "The map says where to look. Whether a requirement is met depends on more than this folder." }
    }
}

fn policies(config: &Config) -> Result<Vec<(String, String)>, Error> {
    let folder = &config.gateway.policies;
    let failed =
        |error: &std::io::Error| Error::io(Id::PolicyUnreadable, "the policies cannot be read", error).at_path(folder);
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| failed(&error))?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| failed(&error))?.path();
        if path.extension().is_some_and(|extension| extension == "cedar") {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            found.push((name, fs::read_to_string(&path).map_err(|error| failed(&error))?));
        }
    }
    found.sort();
    Ok(found)
}
