//! Who is known: by a credential of this gateway, a token of an issuer, or a client certificate.

use std::pin::Pin;
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::known::{counted, now_ms};
use super::{Authenticator, Identity, Known, Presented, Ready, Scram, Unknown};
use crate::config::{Claim, Config, IdentitySection};
use crate::error::Error;
use crate::identity::certificate::Workloads;
use crate::identity::credentials::Credentials;
use crate::identity::fetch::Fetch;
use crate::identity::oidc::{ClaimRule, IssuerConfig, Oidc, looks_like_token};
use crate::identity::{Identity as Proved, Method};

/// Everybody that the configuration lets in.
pub(crate) struct Door {
    credentials: Known,
    others: ArcSwap<Others>,
}

/// What a reload replaces.
struct Others {
    /// What it was read from; the same once more keeps the keys that were fetched.
    from: String,
    /// None: no issuer is configured.
    issuers: Option<Oidc<Fetch>>,
    workloads: Workloads,
}

impl Door {
    pub(crate) fn new(credentials: Arc<Credentials>, config: &Config) -> Result<Self, Error> {
        Ok(Self { credentials: Known(credentials), others: ArcSwap::from_pointee(Others::read(config)?) })
    }

    /// Who shows this secret: a credential of this gateway, or a token of an issuer.
    pub(crate) async fn proved(&self, secret: &str) -> Option<Proved> {
        if !looks_like_token(secret) {
            return self.credentials.0.authenticate(secret, now_ms());
        }
        let others = self.others.load_full();
        others.issuers.as_ref()?.authenticate(secret, now_ms()).await.ok()
    }

    /// Reads issuers again, and changes nothing before it is called.
    pub(crate) fn prepare<'a>(&'a self, config: &Config) -> Result<Ready<'a>, Error> {
        if self.others.load().from == Others::source(config) {
            return Ok(Box::new(|| {}));
        }
        let others = Arc::new(Others::read(config)?);
        Ok(Box::new(move || self.others.store(others)))
    }
}

impl Authenticator for Door {
    fn authenticate<'a>(
        &'a self,
        presented: &'a Presented<'a>,
    ) -> Pin<Box<dyn Future<Output = Result<Identity, Unknown>> + Send + 'a>> {
        Box::pin(async move {
            let others = self.others.load_full();
            let known = match (presented.secret, presented.certificate) {
                (Some(token), _) if looks_like_token(token) => {
                    let issuers = others.issuers.as_ref().ok_or(Unknown)?;
                    issuers.authenticate(token, now_ms()).await.map_err(|_| Unknown)?
                }
                // A secret that is shown is meant, also beside a certificate.
                (Some(_), _) => return self.credentials.authenticate(presented).await,
                (None, Some(certificate)) => others.workloads.identity(certificate).ok_or(Unknown)?,
                (None, None) => return Err(Unknown),
            };
            counted(known, presented.source)
        })
    }

    fn scram(&self, subject: &str) -> Option<Scram> {
        self.credentials.scram(subject)
    }

    fn still_counts(&self, identity: &Identity) -> bool {
        // Tokens and certificates have an end and no other; a `jti` is no credential of this gateway.
        let is_ours = [Method::Credential, Method::BreakGlass].map(Method::name).contains(&&*identity.authenticated_by);
        !is_ours || self.credentials.still_counts(identity)
    }

    fn is_agent(&self, subject: &str) -> bool {
        self.credentials.is_agent(subject)
    }
}

impl Others {
    fn read(config: &Config) -> Result<Self, Error> {
        let sections = &config.gateway.identities;
        let issuers = if sections.is_empty() {
            None
        } else {
            Some(Oidc::new(sections.iter().map(issuer), Fetch::new(sections)?))
        };
        Ok(Self { from: Self::source(config), issuers, workloads: Workloads::new(&config.gateway.workloads) })
    }

    fn source(config: &Config) -> String {
        format!("{:?} {:?}", config.gateway.identities, config.gateway.workloads)
    }
}

fn issuer(section: &IdentitySection) -> IssuerConfig {
    let rule = |claim: &Claim| ClaimRule { claim: claim.claim.clone(), values: claim.values.iter().cloned().collect() };
    IssuerConfig {
        issuer: section.issuer.clone(),
        audiences: section.audience.iter().cloned().collect(),
        clients: (!section.clients.is_empty()).then(|| section.clients.iter().cloned().collect()),
        groups_claim: section.groups_claim.clone(),
        groups: section.groups.iter().cloned().collect(),
        aliases: section.aliases.iter().cloned().collect(),
        agents: section.agents.as_ref().map(rule),
        people: section.people.as_ref().map(rule),
        accept_untyped: section.accept_untyped,
        keys_url: section.keys_url.clone(),
    }
}
