//! The configuration as it was loaded, in words: what is in force, and by which hashes the record knows it.

use std::fs;

use crate::config::{Config, Mode, Protocol, Record};
use crate::output::digest::sha256;

/// What is in force.
pub(crate) struct Loaded {
    pub(super) path: String,
    pub(super) sha256: String,
    pub(super) rules: String,
    /// Name, hash, length.
    pub(super) policies: Vec<(String, String, usize)>,
    pub(super) targets: Vec<Target>,
    pub(super) approvers: Vec<Approver>,
    pub(super) issuers: Vec<(String, String)>,
    pub(super) profiles: Vec<(String, String)>,
    pub(super) limits: Vec<(String, String)>,
}

pub(super) struct Target {
    pub(super) name: String,
    pub(super) protocol: &'static str,
    pub(super) listen: String,
    pub(super) upstream: String,
    pub(super) profile: String,
    pub(super) record: &'static str,
    pub(super) tls: bool,
    pub(super) observes: bool,
}

pub(super) struct Approver {
    pub(super) subject: String,
    pub(super) groups: Vec<String>,
    pub(super) key: String,
}

impl Loaded {
    /// With what identifies the rules that were read with it.
    pub(crate) fn of(config: &Config, rules: &str) -> Self {
        let path = config.path.as_ref().map_or_else(String::new, |path| path.display().to_string());
        let mut policies: Vec<(String, String, usize)> = fs::read_dir(&config.gateway.policies)
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "cedar"))
            .filter_map(|entry| {
                let text = fs::read_to_string(entry.path()).ok()?;
                Some((entry.file_name().to_string_lossy().into_owned(), sha256(&text), text.len()))
            })
            .collect();
        policies.sort();
        let gateway = &config.gateway;
        let seconds = |duration: std::time::Duration| format!("{} s", duration.as_secs());
        let limits = &gateway.limits;
        let limits = [
            ("connections", limits.connections.to_string()),
            ("request_bytes", limits.request_bytes.to_string()),
            ("header_timeout", seconds(limits.header_timeout)),
            ("idle_timeout", seconds(limits.idle_timeout)),
            ("ask_timeout", seconds(limits.ask_timeout)),
            ("grant_timeout", seconds(limits.grant_timeout)),
            ("asks", limits.asks.to_string()),
            ("asks_of_subject", limits.asks_of_subject.to_string()),
            ("max_ttl", seconds(limits.max_ttl)),
        ];
        Self {
            path,
            sha256: config.sha256.clone(),
            rules: rules.to_owned(),
            policies,
            targets: gateway.targets.iter().map(target).collect(),
            approvers: gateway
                .approvers
                .iter()
                .map(|section| Approver {
                    subject: section.subject.clone(),
                    groups: section.groups.clone(),
                    key: section.key.clone(),
                })
                .collect(),
            issuers: gateway
                .identities
                .iter()
                .map(|section| (section.issuer.clone(), section.audience.join(", ")))
                .chain(gateway.workloads.iter().map(|section| (format!("spiffe://{}", section.domain), String::new())))
                .collect(),
            profiles: config
                .profiles
                .iter()
                .map(|profile| (profile.name.clone(), profile.base.clone().unwrap_or_else(|| "safe-harbor".to_owned())))
                .collect(),
            limits: limits.map(|(name, value)| (name.to_owned(), value)).into(),
        }
    }
}

fn target(target: &crate::config::Target) -> Target {
    let (protocol, upstream) = match &target.protocol {
        Protocol::Http(http) => ("http", http.upstream.to_string()),
        Protocol::Postgres(postgres) => (
            "postgres",
            format!("postgres://{}:{}/{}", postgres.server.host, postgres.server.port, postgres.server.database),
        ),
    };
    Target {
        name: target.name.clone(),
        protocol,
        listen: target.listen.to_string(),
        upstream,
        profile: target.profile.as_ref().map_or("safe-harbor", |profile| &profile.name).to_owned(),
        record: match target.record {
            Record::Strict => "strict",
            Record::Bounded => "bounded",
            Record::Async => "async",
        },
        tls: target.tls.is_some(),
        observes: target.mode != Mode::Enforce,
    }
}
