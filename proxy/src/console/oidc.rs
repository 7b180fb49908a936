//! Signing in through an issuer: the authorization code flow with PKCE. The access token that comes back is judged as those
//! of clients are, so the console knows nobody that the gateway would not know.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use blackbar_policy::SubjectKind;
use http::{HeaderValue, StatusCode, header};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::form::{Form, escaped};
use super::logins::{Who, same, secret};
use super::request::{Asked, with_cookie};
use super::{House, Page, pages};
use crate::config::{Config, LoginSection};
use crate::error::{Error, Id};
use crate::gate::Presented;
use crate::identity::fetch::Fetch;
use crate::operations::{Answer, answer};

/// An issuer where people sign in.
pub(super) struct SignIn {
    section: LoginSection,
    secret: Option<Zeroizing<String>>,
    fetch: Fetch,
    /// Where the issuer sends browsers back to.
    back: String,
    pending: Mutex<HashMap<String, Pending>>,
}

/// A sign-in whose browser is at the issuer.
struct Pending {
    verifier: String,
    begun: Instant,
}

const PATIENCE: Duration = Duration::from_secs(600);
const MOST: usize = 256;

impl SignIn {
    pub(super) fn new(config: &Config, section: &LoginSection, url: &str) -> Result<Self, Error> {
        let issuers = &config.gateway.identities;
        let known: Vec<_> = issuers.iter().filter(|known| known.issuer == section.issuer).cloned().collect();
        if known.is_empty() {
            let what = "the console's issuer is none of the configuration's";
            return Err(Error::new(Id::ConfigValue, what).hint("add an [[identity]] with this issuer"));
        }
        Ok(Self {
            secret: section.secret.as_ref().map(crate::config::Secret::text).transpose()?,
            section: section.clone(),
            fetch: Fetch::new(&known)?,
            back: format!("{url}/login/callback"),
            pending: Mutex::default(),
        })
    }

    async fn metadata(&self) -> Option<Value> {
        let url = format!("{}/.well-known/openid-configuration", self.section.issuer.trim_end_matches('/'));
        let document: Value = serde_json::from_slice(&self.fetch.document(&url).await?).ok()?;
        // Another issuer's metadata would send people and codes there.
        (document["issuer"].as_str() == Some(&self.section.issuer)).then_some(document)
    }

    /// Where a browser goes to sign in, and the state that it has to come back with.
    async fn begin(&self) -> Option<(String, String)> {
        let metadata = self.metadata().await?;
        let endpoint = metadata["authorization_endpoint"].as_str().filter(|url| is_safe(url))?;
        let (state, verifier) = (secret()?, secret()?);
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.retain(|_, one| one.begun.elapsed() < PATIENCE);
        if pending.len() >= MOST {
            return None;
        }
        pending.insert(state.clone(), Pending { verifier, begun: Instant::now() });
        let mark = if endpoint.contains('?') { '&' } else { '?' };
        let to = format!(
            "{endpoint}{mark}response_type=code&client_id={}&redirect_uri={}&scope={}&state={state}\
             &code_challenge={challenge}&code_challenge_method=S256",
            escaped(&self.section.client_id),
            escaped(&self.back),
            escaped(&self.section.scopes.join(" ")),
        );
        Some((to, state))
    }

    /// The access token for a code.
    async fn token(&self, code: &str, verifier: &str) -> Option<Zeroizing<String>> {
        let metadata = self.metadata().await?;
        let endpoint = metadata["token_endpoint"].as_str()?;
        let mut form = Zeroizing::new(format!(
            "grant_type=authorization_code&code={}&redirect_uri={}&client_id={}&code_verifier={}",
            escaped(code),
            escaped(&self.back),
            escaped(&self.section.client_id),
            escaped(verifier),
        ));
        if let Some(secret) = &self.secret {
            form.push_str("&client_secret=");
            form.push_str(&escaped(secret));
        }
        let told = Zeroizing::new(self.fetch.post(endpoint, form.as_bytes()).await?);
        let mut told: Value = serde_json::from_slice(&told).ok()?;
        match told["access_token"].take() {
            Value::String(token) => Some(Zeroizing::new(token)),
            _ => None,
        }
    }
}

impl House {
    /// Sends a browser to the issuer, or takes one that comes from there.
    pub(super) async fn through_issuer(self: Arc<Self>, sign_in: &SignIn, asked: &Asked) -> Answer {
        if asked.path == "/login/issuer" {
            return match sign_in.begin().await {
                Some((to, state)) => {
                    let mut away = answer(StatusCode::SEE_OTHER, "text/plain; charset=utf-8", "");
                    if let Ok(to) = HeaderValue::from_str(&to) {
                        away.headers_mut().insert(header::LOCATION, to);
                    }
                    self.host.guarded(with_cookie(away, &self.host.pending(&state)))
                }
                None => self.turned_away("The issuer cannot be asked now."),
            };
        }
        match self.come_back(sign_in, asked).await {
            Ok(secret) => {
                // The browser comes from elsewhere, so it would not bring a strict cookie along if it were sent on.
                let page = Page::Html(StatusCode::OK, "Signed in", "", pages::login::go_on());
                with_cookie(self.told(page, None), &self.host.cookie(&secret))
            }
            Err(why) => self.turned_away(why),
        }
    }

    async fn come_back(&self, sign_in: &SignIn, asked: &Asked) -> Result<String, &'static str> {
        let query = Form::parse(&asked.query);
        let state = query.get("state").unwrap_or_default();
        // The browser that comes back is the one that was sent there.
        if !asked.pending.as_deref().is_some_and(|pending| same(pending, state)) {
            return Err("This sign-in was not begun in this browser, or took too long.");
        }
        let pending = sign_in.pending.lock().unwrap_or_else(PoisonError::into_inner).remove(state);
        let pending = pending.filter(|pending| pending.begun.elapsed() < PATIENCE);
        let pending = pending.ok_or("This sign-in took too long.")?;
        let code = query.get("code").ok_or("The issuer did not sign you in.")?;
        let token = sign_in.token(code, &pending.verifier).await.ok_or("The issuer did not confirm the sign-in.")?;
        let presented = Presented { secret: Some(&token), certificate: None, target: "console", source: None };
        let identity = self.gate.authenticate(&presented).await.map_err(|_| "The gateway does not know you.")?;
        if identity.subject.kind() != SubjectKind::User {
            return Err("The console is for people.");
        }
        let roles = self.roles_of(identity.subject.groups());
        if roles.is_empty() {
            return Err("None of your groups has a role here.");
        }
        let who = Who { name: identity.subject.id().chars().take(255).collect(), roles };
        self.logins.sign_in(who).ok_or("Too many people are signed in.")
    }

    fn turned_away(&self, why: &str) -> Answer {
        self.told(Page::Html(StatusCode::FORBIDDEN, "Sign in", "", pages::login::form(None, true, Some(why))), None)
    }
}

/// Browsers are sent to issuers over TLS, or to one on this machine.
fn is_safe(url: &str) -> bool {
    let plain = ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"];
    let printable = url.bytes().all(|byte| byte.is_ascii_graphic());
    printable && (url.starts_with("https://") || plain.iter().any(|start| url.starts_with(start)))
}
