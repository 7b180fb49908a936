//! `[[identity]]` and `[[approver]]`: whose word counts.

use std::path::{Path, PathBuf};

use super::toml::{Table, Value};
use crate::error::{Error, Id};

/// An issuer of access tokens.
#[derive(Clone, Debug)]
pub(crate) struct IdentitySection {
    pub(crate) issuer: String,
    pub(crate) audience: Vec<String>,
    /// The clients whose tokens are accepted; none named: any, as long as the token is for this gateway alone.
    pub(crate) clients: Vec<String>,
    pub(crate) groups_claim: String,
    /// Who is an agent and who a person. Who is neither is an agent, and so is who is both.
    pub(crate) agents: Option<Claim>,
    pub(crate) people: Option<Claim>,
    /// The issuer's name of a group, and ours. Groups that are not listed do not count.
    pub(crate) groups: Vec<(String, String)>,
    /// Subjects of the issuer and the short names that they go by here.
    pub(crate) aliases: Vec<(String, String)>,
    /// Also take tokens that do not say that they are access tokens.
    pub(crate) accept_untyped: bool,
    /// Where the keys are, when the issuer's metadata is not to be asked.
    pub(crate) keys_url: Option<String>,
    /// Roots that the issuer's certificate is checked against, instead of the system's.
    pub(crate) ca: Option<PathBuf>,
}

/// Client certificates whose names are SPIFFE ids of a trust domain.
#[derive(Clone, Debug)]
pub(crate) struct WorkloadSection {
    pub(crate) domain: String,
    /// A path of the id, or everything below one (`/agents/*`), and the group that it is in.
    pub(crate) groups: Vec<(String, String)>,
    /// The paths of people; all others are agents.
    pub(crate) people: Vec<String>,
}

/// A claim that has one of these values: `{ claim = "client_id", in = ["summariser"] }`.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
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

/// Reads `[[identity]]`: issuers, and trust domains of certificates. Files are relative to `folder`.
pub(super) fn identities(
    root: &Table<'_, '_>,
    folder: &Path,
) -> Result<(Vec<IdentitySection>, Vec<WorkloadSection>), Error> {
    let (mut issuers, mut workloads) = (Vec::<IdentitySection>::new(), Vec::<WorkloadSection>::new());
    for table in root.tables("identity")? {
        let again = |what: &str| {
            let error = Error::new(Id::ConfigValue, format!("there is another identity with this {what}"));
            Err(error.at(table.place()).hint("each is configured once"))
        };
        if table.get("spiffe").is_some() {
            let workload = workload(&table)?;
            if workloads.iter().any(|other| other.domain == workload.domain) {
                return again("trust domain");
            }
            workloads.push(workload);
        } else {
            let issuer = issuer(&table, folder)?;
            if issuers.iter().any(|other| other.issuer == issuer.issuer) {
                return again("issuer");
            }
            issuers.push(issuer);
        }
        table.finish()?;
    }
    Ok((issuers, workloads))
}

fn issuer(table: &Table<'_, '_>, folder: &Path) -> Result<IdentitySection, Error> {
    let issuer = table.required("issuer")?.to_owned();
    const URL: &str = "an https:// URL (http:// on loopback only)";
    if let Some(value) = table.get("issuer").filter(|_| !is_issuer(&issuer)) {
        return Err(value.wrong(URL));
    }
    table.required("audience").or_else(|error| if table.get("audience").is_some() { Ok("") } else { Err(error) })?;
    let owned = |list: Vec<&str>| list.into_iter().map(str::to_owned).collect();
    let keys_url = table.string("keys_url")?.map(str::to_owned);
    if let Some(value) = table.get("keys_url").filter(|_| keys_url.as_deref().is_some_and(|url| !is_issuer(url))) {
        return Err(value.wrong(URL));
    }
    Ok(IdentitySection {
        issuer,
        audience: owned(table.strings("audience")?),
        clients: owned(table.strings("clients")?),
        groups_claim: table.string("groups_claim")?.unwrap_or("groups").to_owned(),
        agents: table.get("agents").map(claim).transpose()?,
        people: table.get("people").map(claim).transpose()?,
        groups: pairs(table, "groups")?,
        aliases: pairs(table, "aliases")?,
        accept_untyped: table.get("accept_untyped").map(Value::truth).transpose()?.unwrap_or(false),
        keys_url,
        ca: table.string("ca")?.map(|file| folder.join(file)),
    })
}

fn workload(table: &Table<'_, '_>) -> Result<WorkloadSection, Error> {
    let domain = table.required("spiffe")?.to_owned();
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._".contains(&byte);
    if let Some(value) = table.get("spiffe").filter(|_| domain.is_empty() || !domain.bytes().all(plain)) {
        return Err(value.wrong("a trust domain, such as \"clinic.example\""));
    }
    let groups = pairs(table, "groups")?;
    let people: Vec<String> = table.strings("people")?.into_iter().map(str::to_owned).collect();
    let paths = groups.iter().map(|(path, _)| path).chain(&people);
    if let Some(path) = paths.into_iter().find(|path| !path.starts_with('/')) {
        let error = Error::new(Id::ConfigValue, format!("\"{path}\" is no path of a SPIFFE id")).at(table.place());
        return Err(error.hint("write it like \"/agents/summariser\", or \"/agents/*\" for everything below"));
    }
    Ok(WorkloadSection { domain, groups, people })
}

/// Keys of an issuer come over TLS, but for one on this machine.
fn is_issuer(url: &str) -> bool {
    let loopback = ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"];
    url.starts_with("https://") || loopback.iter().any(|start| url.starts_with(start))
}

fn claim(value: Value<'_, '_>) -> Result<Claim, Error> {
    let table = value.table()?;
    let claim = Claim {
        claim: table.required("claim")?.to_owned(),
        values: table.strings("in")?.into_iter().map(str::to_owned).collect(),
    };
    table.finish()?;
    Ok(claim)
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
