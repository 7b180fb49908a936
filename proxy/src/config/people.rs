//! `[[identity]]` and `[[approver]]`: whose word counts.
#![allow(dead_code, reason = "read as far as identities and approvals are built")]

use super::toml::{Table, Value};
use crate::error::{Error, Id};

/// An issuer of access tokens.
#[derive(Clone, Debug)]
pub(crate) struct IdentitySection {
    pub(crate) issuer: String,
    pub(crate) audience: Vec<String>,
    pub(crate) groups_claim: String,
    /// Who is an agent and who a person; nobody is a person when this is absent.
    pub(crate) agents: Option<Agents>,
    /// The issuer's name of a group, and ours. Groups that are not listed do not count.
    pub(crate) groups: Vec<(String, String)>,
    /// Subjects of the issuer and the short names that they go by here.
    pub(crate) aliases: Vec<(String, String)>,
    pub(crate) place: String,
}

/// `agents = { claim = "…", in = […] }`: whose claim has one of these values is an agent; others are people only when
/// `people = { … }` says so.
#[derive(Clone, Debug)]
pub(crate) struct Agents {
    pub(crate) claim: String,
    pub(crate) values: Vec<String>,
}

/// A reviewer without an identity provider.
#[derive(Clone, Debug)]
pub(crate) struct ApproverSection {
    pub(crate) subject: String,
    pub(crate) groups: Vec<String>,
    /// `ed25519:…`
    pub(crate) key: String,
    /// The other subjects that are the same person.
    pub(crate) also: Vec<String>,
    pub(crate) place: String,
}

pub(super) fn identities(root: &Table<'_, '_>) -> Result<Vec<IdentitySection>, Error> {
    let read = |table: Table<'_, '_>| {
        let issuer = table.required("issuer")?.to_owned();
        if let Some(value) = table.get("issuer").filter(|_| !is_issuer(&issuer)) {
            return Err(value.wrong("an https:// URL (http:// on loopback only)"));
        }
        let audience = table.strings("audience")?.into_iter().map(str::to_owned).collect();
        table
            .required("audience")
            .or_else(|error| if table.get("audience").is_some() { Ok("") } else { Err(error) })?;
        let section = IdentitySection {
            issuer,
            audience,
            groups_claim: table.string("groups_claim")?.unwrap_or("groups").to_owned(),
            agents: table.get("agents").map(agents).transpose()?,
            groups: pairs(&table, "groups")?,
            aliases: pairs(&table, "aliases")?,
            place: table.place(),
        };
        table.finish()?;
        Ok(section)
    };
    let sections = root.tables("identity")?.into_iter().map(read).collect::<Result<Vec<_>, Error>>()?;
    for (at, section) in sections.iter().enumerate() {
        if sections.iter().take(at).any(|other| other.issuer == section.issuer) {
            let error = Error::new(Id::ConfigValue, "there is another identity with this issuer");
            return Err(error.at(&section.place).hint("an issuer is configured once, with all its audiences"));
        }
    }
    Ok(sections)
}

/// Keys of an issuer come over TLS, but for one on this machine.
fn is_issuer(url: &str) -> bool {
    let loopback = ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"];
    url.starts_with("https://") || loopback.iter().any(|start| url.starts_with(start))
}

fn agents(value: Value<'_, '_>) -> Result<Agents, Error> {
    let table = value.table()?;
    let agents = Agents {
        claim: table.required("claim")?.to_owned(),
        values: table.strings("in")?.into_iter().map(str::to_owned).collect(),
    };
    table.finish()?;
    Ok(agents)
}

fn pairs(table: &Table<'_, '_>, key: &'static str) -> Result<Vec<(String, String)>, Error> {
    let Some(value) = table.get(key) else { return Ok(Vec::new()) };
    let pair = |(name, value): (&str, Value<'_, '_>)| Ok((name.to_owned(), value.string()?.to_owned()));
    value.table()?.entries().map(pair).collect()
}

pub(super) fn approvers(root: &Table<'_, '_>) -> Result<Vec<ApproverSection>, Error> {
    let mut approvers: Vec<ApproverSection> = Vec::new();
    for table in root.tables("approver")? {
        let key = table.required("key")?.to_owned();
        if let Some(value) = table.get("key").filter(|_| !key.starts_with("ed25519:")) {
            return Err(value.wrong("a public key, as `blackbar approvals keygen` prints it: ed25519:…"));
        }
        let approver = ApproverSection {
            subject: table.required("subject")?.to_owned(),
            groups: table.strings("groups")?.into_iter().map(str::to_owned).collect(),
            key,
            also: table.strings("also")?.into_iter().map(str::to_owned).collect(),
            place: table.place(),
        };
        // Two keys of one subject would be two votes.
        if approvers.iter().any(|other| other.subject == approver.subject || other.key == approver.key) {
            let error = Error::new(Id::ConfigValue, "there is another approver with this subject or key");
            return Err(error.at(&approver.place));
        }
        approvers.push(approver);
        table.finish()?;
    }
    Ok(approvers)
}
