//! Who may know whom: the layers of the house, as a table.

use std::collections::{HashMap, VecDeque};
use std::fs;

use super::Finding;
use crate::cargo::{Member, Metadata};

/// A crate of the workspace and the crates of the workspace that it may depend on.
struct Layer {
    name: &'static str,
    knows: &'static [&'static str],
    /// In its tests only.
    tests_know: &'static [&'static str],
}

const LAYERS: &[Layer] = &[
    Layer { name: "blackbar-engine", knows: &[], tests_know: &[] },
    Layer { name: "blackbar-sql", knows: &[], tests_know: &[] },
    // Stands in for the crate of this name when the Postgres parser is built: docs/adr/0009-sql-parser.md.
    Layer { name: "bindgen", knows: &[], tests_know: &[] },
    Layer { name: "blackbar-policy", knows: &[], tests_know: &[] },
    // An auditor can build this one alone.
    Layer { name: "blackbar-ledger", knows: &[], tests_know: &[] },
    // Labels come from the generator, never from a detector.
    Layer { name: "blackbar-corpus", knows: &[], tests_know: &[] },
    Layer { name: "blackbar-detectors", knows: &["blackbar-engine"], tests_know: &["blackbar-corpus"] },
    Layer { name: "blackbar-wire", knows: &["blackbar-engine"], tests_know: &[] },
    Layer {
        name: PROXY,
        knows: &[
            // `blackbar eval` scores a site's labels with the scorer of the project's own.
            "blackbar-corpus",
            "blackbar-detectors",
            "blackbar-engine",
            "blackbar-ledger",
            "blackbar-policy",
            "blackbar-sql",
            "blackbar-wire",
        ],
        tests_know: &[],
    },
    Layer {
        name: "blackbar-benches",
        knows: &["blackbar-corpus", "blackbar-detectors", "blackbar-engine"],
        tests_know: &[],
    },
    Layer { name: "xtask", knows: &["blackbar-corpus", "blackbar-detectors", "blackbar-engine"], tests_know: &[] },
];

const PROXY: &str = "blackbar";

/// Sockets, HTTP and TLS live in the proxy and nowhere below it.
const PROXY_ONLY: &[&str] = &["hyper", "rustls", "tokio"];

/// Direct edges between crates of the workspace.
pub(super) fn edges(metadata: &Metadata) -> Vec<Finding> {
    let mut findings = Vec::new();
    for member in &metadata.members {
        let Some(layer) = LAYERS.iter().find(|layer| layer.name == member.name) else {
            let what = format!("`{}` has no seat in the layers", member.name);
            let remedy = "give it one in xtask/src/tidy/layers.rs and say why in docs/adr/";
            findings.push(Finding::new(&member.manifest, 0, what, remedy));
            continue;
        };
        for dependency in &member.dependencies {
            let name = dependency.name.as_str();
            let inside = metadata.members.iter().any(|other| other.name == name);
            // A crate's own tests may depend on it to turn on its features.
            let in_tests = dependency.dev && (layer.tests_know.contains(&name) || name == member.name);
            if inside && !layer.knows.contains(&name) && !in_tests {
                let tests = if dependency.dev { "the tests of " } else { "" };
                let what = format!("{tests}`{}` must not know `{name}`", member.name);
                let remedy = "turn the dependency round, or move the code to the layer it belongs to";
                findings.push(Finding::new(&member.manifest, line_of(member, name), what, remedy));
            }
        }
    }
    findings
}

/// What only the proxy may be built from, at any distance; dev-dependencies do not count.
pub(super) fn walls(metadata: &Metadata) -> Vec<Finding> {
    let mut findings = Vec::new();
    for member in metadata.members.iter().filter(|member| member.name != PROXY) {
        for path in paths_to(metadata, &member.id, PROXY_ONLY) {
            let what = format!("only the proxy may be built from this: {}", path.join(" → "));
            let remedy = "keep sockets, HTTP and TLS in the proxy; pass bytes and values down";
            let first = path.get(1).map_or("", String::as_str);
            findings.push(Finding::new(&member.manifest, line_of(member, first), what, remedy));
        }
    }
    findings
}

/// For each of `names` that is reachable from `start`, a shortest way to it.
fn paths_to(metadata: &Metadata, start: &str, names: &[&str]) -> Vec<Vec<String>> {
    let mut came_from: HashMap<&str, Option<&str>> = HashMap::from([(start, None)]);
    let mut queue = VecDeque::from([start]);
    let mut paths = Vec::new();
    while let Some(id) = queue.pop_front() {
        let Some((name, needed)) = metadata.graph.get(id) else { continue };
        if names.contains(&name.as_str()) {
            let way = std::iter::successors(Some(id), |id| came_from.get(id).copied().flatten());
            let mut way: Vec<String> =
                way.filter_map(|id| metadata.graph.get(id)).map(|(name, _)| name.clone()).collect();
            way.reverse();
            paths.push(way);
            continue;
        }
        for next in needed {
            if !came_from.contains_key(next.as_str()) {
                came_from.insert(next, Some(id));
                queue.push_back(next);
            }
        }
    }
    paths
}

/// The line of the manifest that names the dependency; 0 when there is none to point at.
fn line_of(member: &Member, dependency: &str) -> usize {
    let text = fs::read_to_string(&member.manifest).unwrap_or_default();
    let names_it = |line: &str| {
        let rest = line.trim_start().strip_prefix(dependency);
        rest.is_some_and(|rest| rest.trim_start().starts_with(['.', '=']))
    };
    text.lines().position(names_it).map_or(0, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// Packages of the given names with the given edges `(from, to, kind)`; `members` of them are the workspace's.
    fn metadata(members: &[&str], others: &[&str], edges: &[(&str, &str, Option<&str>)]) -> Metadata {
        let (mut packages, mut nodes) = (Vec::new(), Vec::new());
        for name in members.iter().chain(others) {
            let own = || edges.iter().filter(|edge| edge.0 == *name);
            let declared: Vec<Value> = own().map(|(_, to, kind)| json!({ "name": to, "kind": kind })).collect();
            let resolved: Vec<Value> =
                own().map(|(_, to, kind)| json!({ "pkg": to, "dep_kinds": [{ "kind": kind }] })).collect();
            packages.push(json!({
                "id": name, "name": name, "manifest_path": "none/Cargo.toml", "targets": [], "dependencies": declared
            }));
            nodes.push(json!({ "id": name, "deps": resolved }));
        }
        let value = json!({ "workspace_members": members, "packages": packages, "resolve": { "nodes": nodes } });
        Metadata::parse(&value).unwrap()
    }

    #[test]
    fn an_edge_outside_the_table_is_found_and_the_planned_ones_are_not() {
        let all: Vec<&str> = LAYERS.iter().map(|layer| layer.name).collect();
        for layer in LAYERS {
            for other in all.iter().filter(|other| **other != layer.name) {
                for (kind, planned) in [
                    (None, layer.knows.contains(other)),
                    (Some("build"), layer.knows.contains(other)),
                    (Some("dev"), layer.knows.contains(other) || layer.tests_know.contains(other)),
                ] {
                    let found = edges(&metadata(&all, &[], &[(layer.name, other, kind)]));
                    assert_eq!(found.is_empty(), planned, "{} to {other}, {kind:?}", layer.name);
                }
            }
        }
    }

    #[test]
    fn the_engine_knows_nobody_not_even_in_its_tests() {
        for other in ["blackbar-detectors", "blackbar-corpus"] {
            let found = edges(&metadata(&["blackbar-engine", other], &[], &[("blackbar-engine", other, Some("dev"))]));
            assert_eq!(found.len(), 1, "{other}");
            assert!(found[0].what.starts_with("the tests of `blackbar-engine`"), "{found:?}");
        }
    }

    #[test]
    fn the_layers_have_no_cycle() {
        // Take away who knows nobody that is left, until nobody is left.
        let mut left: Vec<&Layer> = LAYERS.iter().collect();
        while !left.is_empty() {
            let names: Vec<_> = left.iter().map(|layer| layer.name).collect();
            left.retain(|layer| layer.knows.iter().chain(layer.tests_know).any(|known| names.contains(known)));
            assert!(left.len() < names.len(), "a cycle among {names:?}");
        }
    }

    #[test]
    fn a_crate_without_a_seat_is_found() {
        let found = edges(&metadata(&["cellar"], &[], &[]));
        assert!(found[0].what.contains("`cellar` has no seat"), "{found:?}");
    }

    #[test]
    fn a_wall_holds_at_any_distance_and_shows_the_way() {
        let (members, others) = (["blackbar", "blackbar-engine"], ["middle", "tokio"]);
        let through = [("blackbar-engine", "middle", None), ("middle", "tokio", None)];
        let found = walls(&metadata(&members, &others, &through));
        assert!(found[0].what.ends_with("blackbar-engine → middle → tokio"), "{found:?}");

        let in_tests = [("blackbar-engine", "middle", Some("dev")), ("middle", "tokio", None)];
        assert_eq!(walls(&metadata(&members, &others, &in_tests)), []);
        assert_eq!(walls(&metadata(&members, &others, &[("blackbar", "tokio", None)])), []);
    }

    #[test]
    fn a_finding_points_at_the_line_of_the_manifest() {
        let manifest = crate::run::root().join("xtask/Cargo.toml");
        let mut member = metadata(&["xtask"], &[], &[]).members.remove(0);
        member.manifest = manifest.clone();
        let line = line_of(&member, "serde_json");
        let text = fs::read_to_string(manifest).unwrap();
        assert!(text.lines().nth(line - 1).unwrap().starts_with("serde_json"), "{line}");
        assert_eq!(line_of(&member, "serde"), 0);
    }
}
