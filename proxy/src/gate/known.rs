//! Who is known: the credentials that this gateway issued.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use blackbar_policy::SubjectKind;

use super::{Authenticator, Identity, Presented, Unknown};
use crate::identity::credentials::{Credential, Credentials};

/// Counts those who present a credential that this gateway issued and that is still good.
pub(crate) struct Known(pub(crate) Arc<Credentials>);

impl Authenticator for Known {
    fn authenticate<'a>(
        &'a self,
        presented: &'a Presented<'a>,
    ) -> Pin<Box<dyn Future<Output = Result<Identity, Unknown>> + Send + 'a>> {
        Box::pin(async move {
            let known = presented.secret.and_then(|secret| self.0.authenticate(secret, now_ms()));
            let known = known.ok_or(Unknown)?;
            let circumstances = known.circumstances(now_ms(), presented.source, false);
            let expires = Duration::from_millis(u64::try_from(known.expires_ms).map_err(|_| Unknown)?);
            Ok(Identity {
                authenticated_by: circumstances.authenticated_by,
                acting_for: circumstances.acting_for,
                behind: known.behind(),
                expires: UNIX_EPOCH.checked_add(expires),
                subject: known.subject,
            })
        })
    }

    fn is_agent(&self, subject: &str) -> bool {
        let agent =
            |known: &Arc<Credential>| known.subject.id() == subject && known.subject.kind() == SubjectKind::Agent;
        self.0.list(now_ms()).iter().any(agent)
    }
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
