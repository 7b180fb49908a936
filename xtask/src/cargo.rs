//! What `cargo metadata` says, in the few nouns that the chores need.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::Failure;
use crate::run::{cargo, read};

/// A workspace and everything it is built from.
#[derive(Debug)]
pub(crate) struct Metadata {
    /// The members, in the order of the root manifest.
    pub(crate) members: Vec<Member>,
    /// Package id → (name, ids of what it needs to be built and to run; no dev-dependencies).
    pub(crate) graph: HashMap<String, (String, Vec<String>)>,
    /// Package id → (version, licence).
    packages: HashMap<String, (String, String)>,
}

/// A crate of the workspace.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) manifest: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
    /// Name and kind (`bin`, `lib`, `bench`, …) of each target.
    pub(crate) targets: Vec<(String, String)>,
}

/// A line under `[dependencies]`, `[dev-dependencies]` or `[build-dependencies]`.
#[derive(Debug)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) dev: bool,
}

impl Metadata {
    /// Asks cargo, with every feature on: a wall that a feature can open is no wall.
    pub(crate) fn of(manifest: &Path) -> Result<Self, Failure> {
        let mut command = cargo();
        command.args(["metadata", "--format-version", "1", "--locked", "--all-features", "--manifest-path"]);
        let json = read(command.arg(manifest))?;
        let value: Value = serde_json::from_slice(&json)
            .map_err(|error| Failure::Environment(format!("`cargo metadata` wrote no JSON: {error}")))?;
        Self::parse(&value)
            .ok_or_else(|| Failure::Environment("`cargo metadata` has a shape that xtask does not know".into()))
    }

    pub(crate) fn parse(value: &Value) -> Option<Self> {
        let member_ids: Vec<&str> = value["workspace_members"].as_array()?.iter().filter_map(Value::as_str).collect();
        let mut names = HashMap::new();
        let mut packages = HashMap::new();
        let mut members = Vec::new();
        for package in value["packages"].as_array()? {
            let (id, name) = (package["id"].as_str()?, package["name"].as_str()?);
            names.insert(id, name);
            let text = |key: &str| package[key].as_str().unwrap_or_default().to_owned();
            packages.insert(id.to_owned(), (text("version"), text("license")));
            if member_ids.contains(&id) {
                members.push(Member::parse(package)?);
            }
        }
        members.sort_by_key(|member| member_ids.iter().position(|id| *id == member.id));

        let mut graph = HashMap::new();
        for node in value["resolve"]["nodes"].as_array()? {
            let id = node["id"].as_str()?;
            let needed = node["deps"].as_array()?.iter().filter(|dependency| {
                let kinds = dependency["dep_kinds"].as_array();
                kinds.is_none_or(|kinds| kinds.iter().any(|kind| kind["kind"] != "dev"))
            });
            let needed = needed.filter_map(|dependency| dependency["pkg"].as_str().map(str::to_owned)).collect();
            graph.insert(id.to_owned(), ((*names.get(id)?).to_owned(), needed));
        }
        Some(Self { members, graph, packages })
    }

    /// Name, version and licence of everything that a member is built from.
    pub(crate) fn parts_of(&self, member: &str) -> Vec<(String, String, String)> {
        let mut next: Vec<&String> = self.members.iter().filter(|one| one.name == member).map(|one| &one.id).collect();
        let mut seen: HashSet<&String> = HashSet::new();
        let mut parts = Vec::new();
        while let Some(id) = next.pop() {
            let Some((name, needed)) = self.graph.get(id).filter(|_| seen.insert(id)) else { continue };
            let (version, licence) = self.packages.get(id).cloned().unwrap_or_default();
            parts.push((name.clone(), version, licence));
            next.extend(needed);
        }
        parts
    }
}

impl Member {
    fn parse(package: &Value) -> Option<Self> {
        let dependencies = package["dependencies"].as_array()?.iter().filter_map(|dependency| {
            Some(Dependency { name: dependency["name"].as_str()?.to_owned(), dev: dependency["kind"] == "dev" })
        });
        let targets = package["targets"].as_array()?.iter().filter_map(|target| {
            Some((target["name"].as_str()?.to_owned(), target["kind"].get(0)?.as_str()?.to_owned()))
        });
        Some(Self {
            id: package["id"].as_str()?.to_owned(),
            name: package["name"].as_str()?.to_owned(),
            manifest: PathBuf::from(package["manifest_path"].as_str()?),
            dependencies: dependencies.collect(),
            targets: targets.collect(),
        })
    }

    /// Names of the targets of one kind.
    pub(crate) fn targets_of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a str> {
        self.targets.iter().filter(move |target| target.1 == kind).map(|target| target.0.as_str())
    }
}
