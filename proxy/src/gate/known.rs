//! Who is known: the credentials that this gateway issued.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use blackbar_policy::SubjectKind;

use super::{Authenticator, Identity, Presented, Unknown};
use crate::identity::credentials::{Credential, Credentials, ScramExchange};
use crate::identity::scram::ITERATIONS;

/// Counts those who present a credential that this gateway issued and that is still good.
pub(crate) struct Known(pub(crate) Arc<Credentials>);

impl Authenticator for Known {
    fn authenticate<'a>(
        &'a self,
        presented: &'a Presented<'a>,
    ) -> Pin<Box<dyn Future<Output = Result<Identity, Unknown>> + Send + 'a>> {
        Box::pin(async move {
            let known = presented.secret.and_then(|secret| self.0.authenticate(secret, now_ms()));
            counted(known.ok_or(Unknown)?, presented.source)
        })
    }

    fn scram(&self, subject: &str) -> Option<Scram> {
        Some(Scram(self.0.scram(subject, now_ms())))
    }

    fn still_counts(&self, identity: &Identity) -> bool {
        let live = |id: &String| self.0.is_live(id, identity.subject.id(), now_ms());
        identity.credential.as_ref().is_none_or(live)
    }

    fn is_agent(&self, subject: &str) -> bool {
        let agent =
            |known: &Arc<Credential>| known.subject.id() == subject && known.subject.kind() == SubjectKind::Agent;
        self.0.list(now_ms()).iter().any(agent)
    }
}

/// A SCRAM exchange with somebody who says who they are. It runs to the same end whether anybody knows them or not.
pub(crate) struct Scram(ScramExchange);

impl Scram {
    /// What the password was salted with, and how often.
    pub(crate) fn salted_with(&self) -> (&[u8], u32) {
        (&self.0.salt, ITERATIONS)
    }

    /// Who made this proof, with the signature that the gateway answers with.
    pub(crate) fn finish(
        &self,
        exchange: &[u8],
        proof: &[u8; 32],
        source: Option<IpAddr>,
    ) -> Option<(Identity, [u8; 32])> {
        let (known, signature) = self.0.finish(exchange, proof)?;
        Some((counted(known, source).ok()?, signature))
    }
}

/// A proved identity, as the gate counts it.
pub(super) fn counted(known: crate::identity::Identity, source: Option<IpAddr>) -> Result<Identity, Unknown> {
    let circumstances = known.circumstances(now_ms(), source, false);
    let expires = Duration::from_millis(u64::try_from(known.expires_ms).map_err(|_| Unknown)?);
    Ok(Identity {
        authenticated_by: circumstances.authenticated_by,
        acting_for: circumstances.acting_for,
        behind: known.behind(),
        expires: UNIX_EPOCH.checked_add(expires),
        credential: known.credential,
        subject: known.subject,
    })
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
