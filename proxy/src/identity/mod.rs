//! Who is asking: credentials that this gateway issued, tokens of configured issuers, and client certificates.
//!
//! Everything here takes the time as an argument. What has to be fetched is asked for through [`oidc::FetchKeys`].

pub(crate) mod certificate;
pub(crate) mod credentials;
pub(crate) mod fetch;
pub(crate) mod oidc;
pub(crate) mod scram;
pub(crate) mod secret;

use std::collections::BTreeSet;

use blackbar_policy::{Circumstances, Subject};

/// Who is asking, proved.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Identity {
    /// The id, the kind and the groups. The id is the subject of a credential, or `issuer#sub`.
    pub(crate) subject: Subject,
    /// How it was proved.
    pub(crate) method: Method,
    /// When the proof ends, and the session with it.
    pub(crate) expires_ms: i64,
    /// The credential or the token (`jti`), by an id that is no secret.
    pub(crate) credential: Option<String>,
    /// Who acts in the name of the subject, the nearest first; empty when it acts itself.
    pub(crate) actors: Vec<String>,
    /// Who issued the credential, where this gateway did.
    pub(crate) issued_by: Option<String>,
}

/// How an identity was proved.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Method {
    /// A credential that this gateway issued.
    Credential,
    /// A token of a configured issuer.
    Oidc,
    /// A client certificate.
    Certificate,
    /// A credential that somebody got who broke the glass.
    BreakGlass,
}

impl Identity {
    /// Everybody else who stands behind what the subject asks.
    pub(crate) fn behind(&self) -> BTreeSet<String> {
        self.actors.iter().chain(&self.issued_by).cloned().collect()
    }

    /// What policies see of the moment.
    pub(crate) fn circumstances(
        &self,
        now_ms: i64,
        source: Option<std::net::IpAddr>,
        reason_given: bool,
    ) -> Circumstances {
        let acting_for = if self.actors.is_empty() { BTreeSet::new() } else { [self.subject.id().to_owned()].into() };
        Circumstances {
            time_ms: now_ms,
            source,
            authenticated_by: self.method.name().to_owned(),
            acting_for,
            reason_given,
        }
    }
}

impl Method {
    /// One word, for policies and records.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Credential => "credential",
            Self::Oidc => "oidc",
            Self::Certificate => "certificate",
            Self::BreakGlass => BREAK_GLASS,
        }
    }
}

/// How policies and records call emergency access.
pub(crate) const BREAK_GLASS: &str = "break-glass";

/// Text that may stand in a record, a prompt or a policy: not empty, not long, nothing that moves a cursor or a direction.
pub(crate) fn is_plain_name(text: &str) -> bool {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    !text.is_empty() && text.len() <= 255 && text.trim() == text && !text.chars().any(hidden)
}
