//! Credentials that this gateway issued: short-lived, listed, revocable at once.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use blackbar_policy::{Subject, SubjectKind};
use rusqlite::params;

use super::scram::{SaltKey, Verifier};
use super::secret::{Secret, SecretHash};
use super::{BREAK_GLASS, Identity, Method, is_plain_name};
use crate::state::spent::Spent;
use crate::state::{State, StateError};

/// All credentials that are still of use, in memory; the state file is what survives.
pub(crate) struct Credentials {
    state: Arc<State>,
    salts: SaltKey,
    live: RwLock<Live>,
}

#[derive(Default)]
struct Live {
    by_hash: HashMap<SecretHash, Arc<Credential>>,
    by_subject: HashMap<String, Vec<Arc<Credential>>>,
}

/// A credential, without its secret.
#[derive(Clone)]
pub(crate) struct Credential {
    pub(crate) id: String,
    pub(crate) subject: Subject,
    pub(crate) actors: Vec<String>,
    pub(crate) issued_by: String,
    pub(crate) issued_ms: i64,
    pub(crate) expires_ms: i64,
    method: Method,
    hash: SecretHash,
    verifier: Verifier,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) subject: Subject,
    /// The chain of an exchanged token; else empty.
    pub(crate) actors: &'a [String],
    /// Who issues it: the user of the operating system, or an identity.
    pub(crate) issued_by: &'a str,
    pub(crate) ttl_ms: i64,
    /// How whoever shows it is said to have proved who they are.
    pub(crate) method: Method,
    /// The subject has proved itself by a token of its issuer.
    pub(crate) proved: bool,
}

/// What may be issued.
#[derive(Clone, Debug)]
pub(crate) struct Rules<'a> {
    pub(crate) max_ttl_ms: i64,
    /// Groups whose agreement a policy asks for: nobody becomes a reviewer by a command.
    pub(crate) approving_groups: &'a BTreeSet<&'a str>,
}

/// Why none was issued.
#[derive(Debug)]
pub(crate) enum IssueError {
    /// The name of the subject or a group is empty, long, or contains what cannot be seen.
    Name,
    /// A subject of an issuer (`issuer#sub`) comes with a token of that issuer only, a workload with its certificate.
    Foreign,
    /// Longer than allowed, or not at all.
    Ttl {
        max_ms: i64,
    },
    /// This group may approve.
    ApprovingGroup(String),
    /// No randomness.
    Random,
    State(StateError),
}

/// A SCRAM exchange: the salt first, then a proof. For a subject that nobody knows it runs to the same end.
pub(crate) struct ScramExchange {
    pub(crate) salt: [u8; 16],
    candidates: Vec<Arc<Credential>>,
}

impl Credentials {
    pub(crate) fn open(state: Arc<State>, now_ms: i64) -> Result<Self, StateError> {
        let salts = SaltKey::new(&secret_of(&state, "scram-salt")?);
        let credentials = Self { salts, live: RwLock::default(), state };
        credentials.reload(now_ms)?;
        Ok(credentials)
    }

    /// What was exchanged for credentials.
    pub(crate) fn spent(&self) -> Spent {
        Spent::new(Arc::clone(&self.state))
    }

    /// Reads the state file again, after another process changed it.
    pub(crate) fn reload(&self, now_ms: i64) -> Result<(), StateError> {
        let mut live = Live::default();
        for credential in self.stored(now_ms)? {
            live.add(Arc::new(credential));
        }
        *self.live.write().unwrap_or_else(PoisonError::into_inner) = live;
        Ok(())
    }

    /// Issues one. The secret is in the answer and nowhere else.
    pub(crate) fn issue(
        &self,
        request: &Request<'_>,
        rules: &Rules<'_>,
        now_ms: i64,
    ) -> Result<(Secret, Arc<Credential>), IssueError> {
        let subject = &request.subject;
        if !is_plain_name(subject.id()) || !subject.groups().iter().all(|group| is_plain_name(group)) {
            return Err(IssueError::Name);
        }
        if (subject.id().contains('#') || subject.id().contains("://")) && !request.proved {
            return Err(IssueError::Foreign);
        }
        if request.ttl_ms <= 0 || request.ttl_ms > rules.max_ttl_ms {
            return Err(IssueError::Ttl { max_ms: rules.max_ttl_ms });
        }
        if let Some(group) = subject.groups().iter().find(|group| rules.approving_groups.contains(group.as_str())) {
            return Err(IssueError::ApprovingGroup(group.clone()));
        }
        let secret = Secret::random().map_err(|_| IssueError::Random)?;
        let mut id = [0; 10];
        getrandom::fill(&mut id).map_err(|_| IssueError::Random)?;
        let credential = Credential {
            id: format!("cred-{}", id.map(|byte| format!("{byte:02x}")).concat()),
            subject: subject.clone(),
            actors: request.actors.to_vec(),
            issued_by: request.issued_by.to_owned(),
            issued_ms: now_ms,
            expires_ms: now_ms.saturating_add(request.ttl_ms),
            method: request.method,
            hash: secret.hash(),
            verifier: Verifier::of(secret.expose(), &self.salts.salt(subject.id())),
        };
        self.store(&credential).map_err(IssueError::State)?;
        let credential = Arc::new(credential);
        let mut live = self.live.write().unwrap_or_else(PoisonError::into_inner);
        live.add(Arc::clone(&credential));
        Ok((secret, credential))
    }

    /// Those that are still of use, the newest first.
    pub(crate) fn list(&self, now_ms: i64) -> Vec<Arc<Credential>> {
        let live = self.live.read().unwrap_or_else(PoisonError::into_inner);
        let mut list: Vec<_> =
            live.by_hash.values().filter(|known| known.expires_ms > now_ms).map(Arc::clone).collect();
        list.sort_by(|a, b| b.issued_ms.cmp(&a.issued_ms).then_with(|| a.id.cmp(&b.id)));
        list
    }

    /// Ends one, or all of a subject. Stored before it is forgotten here; gives the ids, for the sessions that hang on them.
    pub(crate) fn revoke(&self, which: &Which<'_>, now_ms: i64) -> Result<Vec<String>, StateError> {
        let ids: Vec<String> =
            self.list(i64::MIN).iter().filter(|known| which.is(known)).map(|known| known.id.clone()).collect();
        self.state.transact("the revocation could not be stored", |db| {
            let mut revoke =
                db.prepare_cached("UPDATE credentials SET revoked_ms = ?2 WHERE id = ?1 AND revoked_ms IS NULL")?;
            ids.iter().try_for_each(|id| revoke.execute(params![id, now_ms]).map(drop))
        })?;
        let mut live = self.live.write().unwrap_or_else(PoisonError::into_inner);
        live.retain(|known| !ids.contains(&known.id));
        Ok(ids)
    }

    /// Forgets what has expired, here and in the file. What was issued and used stands in the ledger.
    pub(crate) fn sweep(&self, now_ms: i64) -> Result<(), StateError> {
        const KEPT_MS: i64 = 7 * 24 * 3600 * 1000;
        self.state.transact("expired credentials could not be removed", |db| {
            db.execute("DELETE FROM credentials WHERE expires_ms < ?1", [now_ms.saturating_sub(KEPT_MS)])
        })?;
        let mut live = self.live.write().unwrap_or_else(PoisonError::into_inner);
        live.retain(|known| known.expires_ms > now_ms);
        Ok(())
    }

    /// Who presents this secret, as a bearer token or a password.
    pub(crate) fn authenticate(&self, presented: &str, now_ms: i64) -> Option<Identity> {
        let hash = Secret::presented(presented)?.hash();
        let live = self.live.read().unwrap_or_else(PoisonError::into_inner);
        live.by_hash.get(&hash).filter(|known| known.expires_ms > now_ms).map(|known| known.identity())
    }

    /// Is the credential of a running session still good?
    pub(crate) fn is_live(&self, id: &str, subject: &str, now_ms: i64) -> bool {
        let live = self.live.read().unwrap_or_else(PoisonError::into_inner);
        live.by_subject.get(subject).into_iter().flatten().any(|known| known.id == id && known.expires_ms > now_ms)
    }

    /// Begins a SCRAM exchange for the subject that a client says it is.
    pub(crate) fn scram(&self, subject: &str, now_ms: i64) -> ScramExchange {
        let live = self.live.read().unwrap_or_else(PoisonError::into_inner);
        let known = live.by_subject.get(subject).into_iter().flatten();
        let candidates = known.filter(|known| known.expires_ms > now_ms).map(Arc::clone).collect();
        ScramExchange { salt: self.salts.salt(subject), candidates }
    }

    fn store(&self, credential: &Credential) -> Result<(), StateError> {
        let subject = &credential.subject;
        self.state.transact("the credential could not be stored", |db| {
            db.prepare_cached(
                "INSERT INTO credentials (id, subject, kind, groups, actors, issued_by, issued_ms, expires_ms, token_hash,
                    scram_stored_key, scram_server_key, method)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            )?
            .execute(params![
                credential.id,
                subject.id(),
                kind_name(subject.kind()),
                json(subject.groups()),
                json(&credential.actors),
                credential.issued_by,
                credential.issued_ms,
                credential.expires_ms,
                credential.hash.0,
                credential.verifier.stored_key,
                credential.verifier.server_key,
                credential.method.name(),
            ])
            .map(drop)
        })
    }

    fn stored(&self, now_ms: i64) -> Result<Vec<Credential>, StateError> {
        self.state.transact("the credentials could not be read", |db| {
            let mut select = db.prepare(
                "SELECT id, subject, kind, groups, actors, issued_by, issued_ms, expires_ms, token_hash, scram_stored_key,
                    scram_server_key, method FROM credentials WHERE revoked_ms IS NULL AND expires_ms > ?1",
            )?;
            let rows = select.query_map([now_ms], |row| {
                let (id, kind): (String, String) = (row.get(1)?, row.get(2)?);
                let kind = if kind == "user" { SubjectKind::User } else { SubjectKind::Agent };
                Ok(Credential {
                    id: row.get(0)?,
                    subject: Subject::new(kind, id, from_json(row, 3)?),
                    actors: from_json(row, 4)?,
                    issued_by: row.get(5)?,
                    issued_ms: row.get(6)?,
                    expires_ms: row.get(7)?,
                    method: if row.get::<_, String>(11)? == BREAK_GLASS { Method::BreakGlass } else { Method::Credential },
                    hash: SecretHash(row.get(8)?),
                    verifier: Verifier { stored_key: row.get(9)?, server_key: row.get(10)? },
                })
            })?;
            rows.collect()
        })
    }
}

/// Which credentials are meant.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Which<'a> {
    Id(&'a str),
    Subject(&'a str),
}

impl Which<'_> {
    fn is(&self, credential: &Credential) -> bool {
        match self {
            Self::Id(id) => credential.id == *id,
            Self::Subject(subject) => credential.subject.id() == *subject,
        }
    }
}

impl Live {
    fn add(&mut self, credential: Arc<Credential>) {
        self.by_subject.entry(credential.subject.id().to_owned()).or_default().push(Arc::clone(&credential));
        self.by_hash.insert(credential.hash, credential);
    }

    fn retain(&mut self, keep: impl Fn(&Credential) -> bool) {
        self.by_hash.retain(|_, known| keep(known));
        self.by_subject.values_mut().for_each(|known| known.retain(|known| keep(known)));
        self.by_subject.retain(|_, known| !known.is_empty());
    }
}

impl Credential {
    fn identity(&self) -> Identity {
        Identity {
            subject: self.subject.clone(),
            method: self.method,
            expires_ms: self.expires_ms,
            credential: Some(self.id.clone()),
            actors: self.actors.clone(),
            issued_by: Some(self.issued_by.clone()),
        }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").field("id", &self.id).field("subject", &self.subject).finish_non_exhaustive()
    }
}

impl ScramExchange {
    /// Who made this proof, with the signature that the server answers with. Every live credential of the subject is tried;
    /// without one the work is done all the same.
    pub(crate) fn finish(&self, auth_message: &[u8], proof: &[u8; 32]) -> Option<(Identity, [u8; 32])> {
        let nobody = Verifier { stored_key: [0; 32], server_key: [0; 32] };
        if self.candidates.is_empty() {
            // No key hashes to zeros.
            _ = nobody.check(auth_message, proof);
        }
        let mut found = None;
        for candidate in &self.candidates {
            if let Some(signature) = candidate.verifier.check(auth_message, proof) {
                found = Some((candidate.identity(), signature));
            }
        }
        found
    }
}

impl fmt::Display for IssueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => f.write_str("a subject and its groups need names of 1 to 255 visible characters"),
            Self::Foreign => {
                f.write_str("a subject of an issuer comes with a token of that issuer, a workload with its certificate")
            }
            Self::Ttl { max_ms } => write!(f, "a credential lives for at most {} s", max_ms / 1000),
            Self::ApprovingGroup(group) => write!(f, "the group `{group}` may approve, so no credential carries it"),
            Self::Random => f.write_str("the operating system has no randomness"),
            Self::State(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for IssueError {}

const fn kind_name(kind: SubjectKind) -> &'static str {
    match kind {
        SubjectKind::Agent => "agent",
        SubjectKind::User => "user",
    }
}

fn json<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    serde_json::Value::from_iter(names.into_iter().map(String::as_str)).to_string()
}

fn from_json(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Vec<String>> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
    })
}

/// A secret of this gateway; made when it is first asked for.
fn secret_of(state: &State, name: &'static str) -> Result<[u8; 32], StateError> {
    let mut fresh = [0; 32];
    getrandom::fill(&mut fresh).map_err(|_| StateError::random())?;
    state.transact("a secret of this gateway could not be read", |db| {
        db.execute("INSERT OR IGNORE INTO secrets (name, value) VALUES (?1, ?2)", params![name, fresh])?;
        db.query_row("SELECT value FROM secrets WHERE name = ?1", [name], |row| row.get(0))
    })
}

#[cfg(test)]
mod tests;
