//! Access tokens of configured issuers (OpenID Connect, RFC 9068).
//!
//! Signatures are checked with ring, the one crypto provider of the binary; there is no code for `none` or for shared
//! secrets that a token could ask for. Keys come from the issuer's own metadata, never from the token.

mod cache;
mod json;
mod keys;
mod token;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::future::Future;
use std::sync::{Mutex, PoisonError, RwLock};

use ring::digest::{SHA256, digest};

use self::cache::{Cache, Found};
use self::json::Json;
use self::keys::Keys;
use self::token::Token;
use super::Identity;

/// An issuer that is believed.
#[derive(Clone, Debug)]
pub(crate) struct IssuerConfig {
    /// Compared byte for byte. An https URL; http on loopback only.
    pub(crate) issuer: String,
    /// Who we are to this issuer.
    pub(crate) audiences: BTreeSet<String>,
    /// The clients whose tokens are accepted. None: any, as long as the token is for us alone.
    pub(crate) clients: Option<BTreeSet<String>>,
    pub(crate) groups_claim: String,
    /// The issuer's groups and ours. Others do not count.
    pub(crate) groups: BTreeMap<String, String>,
    /// Subjects of the issuer and what they are called here.
    pub(crate) aliases: BTreeMap<String, String>,
    /// Who is an agent, before anything else is looked at.
    pub(crate) agents: Option<ClaimRule>,
    /// Who is a person. Who is neither is an agent.
    pub(crate) people: Option<ClaimRule>,
    /// Also take tokens whose type is `JWT` or not said, as issuers send them that do not follow RFC 9068.
    pub(crate) accept_untyped: bool,
    /// Where the keys are, when the issuer's metadata is not to be asked.
    pub(crate) keys_url: Option<String>,
}

/// A claim that has one of these values.
#[derive(Clone, Debug)]
pub(crate) struct ClaimRule {
    pub(crate) claim: String,
    pub(crate) values: BTreeSet<String>,
}

/// Fetches an issuer's documents.
///
/// It follows no redirect to another host, reads no more than [`LARGEST_DOCUMENT`] bytes, gives up after seconds, and
/// connects to a private address only for an issuer that the configuration allows one.
pub(crate) trait FetchKeys: Send + Sync {
    /// The body of a 200 answer.
    fn fetch(&self, url: &str) -> impl Future<Output = Option<Vec<u8>>> + Send;
}

/// All issuers that are believed.
pub(crate) struct Oidc<F> {
    issuers: BTreeMap<String, Issuer>,
    fetch: F,
    verified: Mutex<HashMap<[u8; 32], Verified>>,
}

struct Issuer {
    config: IssuerConfig,
    cache: RwLock<Cache>,
    /// Held by the one that asks; the others wait for its answer.
    asking: tokio::sync::Mutex<()>,
}

/// A token that was checked, with the keys that it was checked by.
struct Verified {
    identity: Identity,
    issuer: String,
    generation: u64,
    /// Looked at again after this, as an issuer may have taken a key back.
    until_ms: i64,
}

/// Why a token was not accepted. For the record; a client hears only that it was not.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Refused {
    Size,
    Form,
    Header,
    Algorithm,
    Issuer,
    Audience,
    Client,
    Kind,
    Time,
    Subject,
    Groups,
    GroupOverage,
    Bound,
    UnknownKey,
    KeysUnavailable,
    Signature,
}

pub(crate) const LARGEST_DOCUMENT: usize = 1 << 20;
const MOST_VERIFIED: usize = 4096;
const VERIFIED_MS: i64 = 60 * 1000;

impl<F: FetchKeys> Oidc<F> {
    pub(crate) fn new(issuers: impl IntoIterator<Item = IssuerConfig>, fetch: F) -> Self {
        let issuers = issuers.into_iter().map(|config| {
            let (cache, asking) = (RwLock::default(), tokio::sync::Mutex::new(()));
            (config.issuer.clone(), Issuer { config, cache, asking })
        });
        Self { issuers: issuers.collect(), fetch, verified: Mutex::default() }
    }

    /// Who presents this token.
    pub(crate) async fn authenticate(&self, token: &str, now_ms: i64) -> Result<Identity, Refused> {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
        if let Some(identity) = self.known(&hash, now_ms) {
            return Ok(identity);
        }

        let parsed = Token::parse(token)?;
        let issuer = self.issuers.get(parsed.issuer()?).ok_or(Refused::Issuer)?;
        // First what costs nothing: a token that is not for us makes nobody ask for keys.
        let identity = parsed.identity(&issuer.config, now_ms)?;
        let (key, generation) = loop {
            let (found, generation) = issuer.find(parsed.key_id(), now_ms);
            match found {
                Found::Key(key) => break (key, generation),
                Found::Unknown => return Err(Refused::UnknownKey),
                Found::Unavailable => return Err(Refused::KeysUnavailable),
                Found::Ask => issuer.ask(&self.fetch, parsed.key_id(), now_ms).await,
            }
        };
        if !parsed.is_signed_by(&key) {
            return Err(Refused::Signature);
        }
        self.remember(hash, &identity, issuer, generation, now_ms);
        Ok(identity)
    }

    fn known(&self, hash: &[u8; 32], now_ms: i64) -> Option<Identity> {
        let verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        let known = verified.get(hash)?;
        let checked_ms = known.until_ms - VERIFIED_MS;
        let current = self.issuers.get(&known.issuer)?.generation() == known.generation;
        // A clock that was set back does not make it hold longer.
        let fresh = (checked_ms..known.until_ms).contains(&now_ms) && now_ms < known.identity.expires_ms;
        (current && fresh).then(|| known.identity.clone())
    }

    fn remember(&self, hash: [u8; 32], identity: &Identity, issuer: &Issuer, generation: u64, now_ms: i64) {
        let mut verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        if verified.len() >= MOST_VERIFIED {
            verified.retain(|_, known| known.until_ms > now_ms);
        }
        if verified.len() >= MOST_VERIFIED {
            verified.clear();
        }
        let until_ms = now_ms.saturating_add(VERIFIED_MS);
        let issuer = issuer.config.issuer.clone();
        verified.insert(hash, Verified { identity: identity.clone(), issuer, generation, until_ms });
    }
}

/// Does it look like a token of an issuer at all? A credential of ours has no points.
pub(crate) fn looks_like_token(presented: &str) -> bool {
    presented.split('.').count() == 3
}

impl Issuer {
    fn find(&self, key_id: Option<&str>, now_ms: i64) -> (Found, u64) {
        let cache = self.cache.read().unwrap_or_else(PoisonError::into_inner);
        (cache.find(key_id, now_ms), cache.generation())
    }

    fn generation(&self) -> u64 {
        self.cache.read().unwrap_or_else(PoisonError::into_inner).generation()
    }

    /// Asks the issuer for its keys, unless somebody else has done so meanwhile. Afterwards the cache has an answer.
    async fn ask(&self, fetch: &impl FetchKeys, key_id: Option<&str>, now_ms: i64) {
        let _one_at_a_time = self.asking.lock().await;
        if !matches!(self.find(key_id, now_ms).0, Found::Ask) {
            return;
        }
        self.cache.write().unwrap_or_else(PoisonError::into_inner).asking(now_ms);
        let _asked = Asked(&self.cache);
        if let Some(keys) = self.fetched(fetch).await {
            self.cache.write().unwrap_or_else(PoisonError::into_inner).answered(keys, now_ms);
        }
    }

    async fn fetched(&self, fetch: &impl FetchKeys) -> Option<Keys> {
        let url = match &self.config.keys_url {
            Some(url) => url.clone(),
            None => {
                let base = self.config.issuer.strip_suffix('/').unwrap_or(&self.config.issuer);
                let document = fetch.fetch(&format!("{base}/.well-known/openid-configuration")).await?;
                let metadata = Json::object(within_limit(&document)?)?;
                // Somebody else's metadata would name somebody else's keys.
                if metadata.get("issuer").and_then(Json::text) != Some(&self.config.issuer) {
                    return None;
                }
                metadata.get("jwks_uri")?.text()?.to_owned()
            }
        };
        if !self.may_hold_keys(&url) {
            return None;
        }
        Keys::parse(within_limit(&fetch.fetch(&url).await?)?)
    }

    /// Keys come over TLS; without it only from the same loopback service that the configuration names.
    fn may_hold_keys(&self, url: &str) -> bool {
        // What parsers of URLs read in different ways has no place in one.
        let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '\\' | '@');
        if !url.chars().all(plain) {
            return false;
        }
        url.starts_with("https://")
            || origin(url).is_some_and(|at| at.starts_with("http://") && origin(&self.config.issuer) == Some(at))
    }
}

/// Says that the asking is over, however it ends: a client that hangs up takes its future along.
struct Asked<'a>(&'a RwLock<Cache>);

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).asked();
    }
}

fn within_limit(document: &[u8]) -> Option<&[u8]> {
    (document.len() <= LARGEST_DOCUMENT).then_some(document)
}

/// The scheme, the host and the port of a URL, as written.
fn origin(url: &str) -> Option<&str> {
    let authority = url.find("://")? + 3;
    let end = url.get(authority..)?.find(['/', '?', '#']).map_or(url.len(), |length| authority + length);
    url.get(..end)
}

impl<F> fmt::Debug for Oidc<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Oidc").field("issuers", &self.issuers.len()).finish_non_exhaustive()
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Size => "the token is too long",
            Self::Form => "it is no token of three parts with plain JSON",
            Self::Header => "its header asks for what is not supported",
            Self::Algorithm => "its algorithm is not accepted",
            Self::Issuer => "its issuer is not configured",
            Self::Audience => "it is not for this gateway",
            Self::Client => "its client is not accepted",
            Self::Kind => "it is no access token",
            Self::Time => "it is not valid now, or for too long",
            Self::Subject => "its subject or actors have no usable name",
            Self::Groups => "its groups are no list of names",
            Self::GroupOverage => "its groups are elsewhere",
            Self::Bound => "it is bound to a key of the client's",
            Self::UnknownKey => "its key is not among the issuer's",
            Self::KeysUnavailable => "the issuer's keys could not be fetched",
            Self::Signature => "its signature is wrong",
        })
    }
}

impl std::error::Error for Refused {}

#[cfg(test)]
mod tests;
