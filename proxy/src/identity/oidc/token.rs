//! What a token says, before and after it is believed.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use blackbar_policy::{Subject, SubjectKind};

use super::json::Json;
use super::keys::{Algorithm, Key};
use super::{IssuerConfig, Refused};
use crate::identity::{Identity, Method, is_plain_name};

/// A token that was taken apart and is not believed yet.
pub(super) struct Token<'a> {
    signed: &'a str,
    signature: Vec<u8>,
    algorithm: Algorithm,
    key_id: Option<String>,
    kind: Option<String>,
    claims: BTreeMap<String, Json>,
}

/// Longer ones are attacks, or belong to somebody with too many groups.
const LONGEST: usize = 16 << 10;
const SKEW_S: i64 = 60;
const LONGEST_LIFE_S: i64 = 24 * 3600;
const LONGEST_CHAIN: usize = 8;

impl<'a> Token<'a> {
    pub(super) fn parse(token: &'a str) -> Result<Self, Refused> {
        if token.len() > LONGEST {
            return Err(Refused::Size);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(Refused::Form)?;
        let (header, claims) = signed.split_once('.').ok_or(Refused::Form)?;
        let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| Refused::Form);
        let header = Json::object(&decoded(header)?).ok_or(Refused::Form)?;
        let claims = Json::object(&decoded(claims)?).ok_or(Refused::Form)?;
        // An extension that must be understood, or a body that is encoded in another way (`b64`): neither is known here.
        if header.contains_key("crit") || header.contains_key("b64") {
            return Err(Refused::Header);
        }
        let text = |name: &str| match header.get(name) {
            None => Ok(None),
            Some(Json::Text(text)) if text.len() <= 256 => Ok(Some(text.clone())),
            Some(_) => Err(Refused::Header),
        };
        // `jku`, `x5u`, `jwk` and `x5c` say where to find the key that made the signature. Nobody asked them.
        Ok(Self {
            signature: decoded(signature)?,
            algorithm: text("alg")?.as_deref().and_then(Algorithm::from_name).ok_or(Refused::Algorithm)?,
            key_id: text("kid")?,
            kind: text("typ")?,
            signed,
            claims,
        })
    }

    pub(super) fn issuer(&self) -> Result<&str, Refused> {
        self.claims.get("iss").and_then(Json::text).ok_or(Refused::Issuer)
    }

    pub(super) fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    pub(super) fn is_signed_by(&self, key: &Key) -> bool {
        key.verifies(self.algorithm, self.signed.as_bytes(), &self.signature)
    }

    /// Everything but the signature. Who calls this checks that too.
    pub(super) fn identity(&self, config: &IssuerConfig, now_ms: i64) -> Result<Identity, Refused> {
        self.check_kind(config)?;
        self.check_audience(config)?;
        let expires = self.check_times(now_ms.div_euclid(1000))?;
        // Bound to a key of the client's that nobody has checked here: it is no bearer token.
        if self.claims.contains_key("cnf") {
            return Err(Refused::Bound);
        }
        let sub = self.text("sub").filter(|sub| is_plain_name(sub)).ok_or(Refused::Subject)?;
        let actors = self.actors()?;
        let kind = self.subject_kind(config, &actors);
        let id = match config.aliases.get(sub) {
            Some(alias) => alias.clone(),
            None => format!("{}#{sub}", config.issuer),
        };
        Ok(Identity {
            subject: Subject::new(kind, id, self.groups(config)?),
            method: Method::Oidc,
            // As long as it would be accepted: else a session could begin after its end.
            expires_ms: expires.saturating_add(SKEW_S).saturating_mul(1000),
            credential: self.text("jti").filter(|jti| is_plain_name(jti)).map(str::to_owned),
            actors,
            issued_by: None,
        })
    }

    /// An access token. An ID token is a message to somebody else about a person, not a permission.
    fn check_kind(&self, config: &IssuerConfig) -> Result<(), Refused> {
        let kind = self.kind.as_deref().map(str::to_ascii_lowercase);
        let kind = kind.as_deref().map(|kind| kind.strip_prefix("application/").unwrap_or(kind));
        let accepted = match kind {
            Some("at+jwt") => true,
            Some("jwt") | None => config.accept_untyped,
            Some(_) => false,
        };
        let of_an_id_token = ["nonce", "at_hash", "c_hash", "s_hash"];
        let says_otherwise = of_an_id_token.iter().any(|name| self.claims.contains_key(*name))
            || self
                .claims
                .get("typ")
                .is_some_and(|kind| kind.text().is_none_or(|kind| !kind.eq_ignore_ascii_case("bearer")));
        if accepted && !says_otherwise { Ok(()) } else { Err(Refused::Kind) }
    }

    fn check_audience(&self, config: &IssuerConfig) -> Result<(), Refused> {
        let audiences: Vec<&str> = match self.claims.get("aud") {
            Some(Json::Text(one)) => vec![one],
            Some(Json::List(list)) => list.iter().map(Json::text).collect::<Option<_>>().ok_or(Refused::Audience)?,
            _ => return Err(Refused::Audience),
        };
        if !audiences.iter().any(|audience| config.audiences.contains(*audience)) {
            return Err(Refused::Audience);
        }
        let client = self.text("azp").or_else(|| self.text("client_id"));
        match (&config.clients, client) {
            (Some(clients), Some(client)) if clients.contains(client) => {}
            (Some(_), _) => return Err(Refused::Client),
            // A token for several services can be replayed by each of them. Then it has to be said which client it is of.
            (None, _) if audiences.iter().any(|audience| !config.audiences.contains(*audience)) => {
                return Err(Refused::Client);
            }
            (None, _) => {}
        }
        // Where both stand, they name one client.
        match (self.claims.get("azp"), self.claims.get("client_id")) {
            (Some(azp), Some(client)) if azp != client => Err(Refused::Client),
            _ => Ok(()),
        }
    }

    /// When it ends, in seconds.
    fn check_times(&self, now: i64) -> Result<i64, Refused> {
        let time = |name: &str| match self.claims.get(name) {
            None => Ok(None),
            Some(value) => value.integer().filter(|time| (0..=1 << 40).contains(time)).map(Some).ok_or(Refused::Time),
        };
        let expires = time("exp")?.ok_or(Refused::Time)?;
        let issued = time("iat")?;
        let begins = [issued, time("nbf")?].into_iter().flatten().max();
        if now >= expires.saturating_add(SKEW_S) || begins.is_some_and(|begins| begins > now.saturating_add(SKEW_S)) {
            return Err(Refused::Time);
        }
        let life = expires - issued.unwrap_or(now);
        if life > LONGEST_LIFE_S + if issued.is_none() { SKEW_S } else { 0 } || life <= 0 && issued.is_some() {
            return Err(Refused::Time);
        }
        Ok(expires)
    }

    /// The `act` chain of RFC 8693, the nearest first.
    fn actors(&self) -> Result<Vec<String>, Refused> {
        let mut actors = Vec::new();
        let mut next = self.claims.get("act");
        while let Some(actor) = next {
            let Json::Object(actor) = actor else { return Err(Refused::Subject) };
            let sub = actor.get("sub").and_then(Json::text).filter(|sub| is_plain_name(sub)).ok_or(Refused::Subject)?;
            actors.push(match actor.get("iss").and_then(Json::text) {
                Some(issuer) => format!("{issuer}#{sub}"),
                None => sub.to_owned(),
            });
            if actors.len() > LONGEST_CHAIN {
                return Err(Refused::Subject);
            }
            next = actor.get("act");
        }
        Ok(actors)
    }

    /// Nobody is a person unless the configuration says so, and nobody through whom a program acts.
    fn subject_kind(&self, config: &IssuerConfig, actors: &[String]) -> SubjectKind {
        let matches = |rule: &Option<super::ClaimRule>| {
            rule.as_ref().is_some_and(|rule| match self.claims.get(&rule.claim) {
                Some(Json::Text(value)) => rule.values.contains(value),
                Some(Json::List(values)) => {
                    values.iter().filter_map(Json::text).any(|value| rule.values.contains(value))
                }
                _ => false,
            })
        };
        if actors.is_empty() && matches(&config.people) && !matches(&config.agents) {
            SubjectKind::User
        } else {
            SubjectKind::Agent
        }
    }

    /// The groups, by our names. A token that says "there are more, ask elsewhere" is refused: a forbid may be about one
    /// that is missing.
    fn groups(&self, config: &IssuerConfig) -> Result<BTreeSet<String>, Refused> {
        let elsewhere = match self.claims.get("_claim_names") {
            Some(Json::Object(names)) => names.contains_key(&config.groups_claim),
            Some(_) => true,
            None => self.claims.get("hasgroups").is_some_and(|has| *has != Json::Bool(false)),
        };
        if elsewhere {
            return Err(Refused::GroupOverage);
        }
        let Some(claim) = self.claims.get(&config.groups_claim) else { return Ok(BTreeSet::new()) };
        let names = claim.list().and_then(|list| list.iter().map(Json::text).collect::<Option<Vec<_>>>());
        let names = names.ok_or(Refused::Groups)?;
        Ok(names.into_iter().filter_map(|name| config.groups.get(name)).cloned().collect())
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name).and_then(Json::text)
    }
}
