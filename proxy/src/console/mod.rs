//! The console: pages on which people see what agents did, decide what is held, and check the record.
//!
//! It has a listener of its own and logins of its own. Everything on its pages comes from the record, where only redacted
//! content is, and is escaped once more. A look at the record is recorded before anything is shown. Nothing here grants an
//! approval: what counts is a reviewer's signature, which is made elsewhere and judged by the gate.

mod form;
pub(crate) mod index;
mod loaded;
mod logins;
mod oidc;
mod pages;
pub(crate) mod replay;
mod request;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use arc_swap::ArcSwap;
use blackbar_ledger::verify::{self, Checks, Report};
use blackbar_ledger::{Details, Reader, RootKey, SessionId};
use http::{Method, Request, StatusCode};
use hyper::body::Incoming;
use maud::Markup;
use serde_json::{Value, json};

use self::form::Form;
use self::index::Index;
pub(crate) use self::loaded::Loaded;
use self::logins::{Login, Logins, Who};
use self::oidc::SignIn;
use self::request::{Asked, Host};
use crate::config::{Config, ConsoleSection, Role};
use crate::error::Error;
use crate::gate::{Gate, Recorder};
use crate::operations::{Answer, Answers, answer};
use crate::record::Standing;

/// The console of one gateway.
#[derive(Clone)]
pub(crate) struct Console(Arc<House>);

/// What its pages are made of.
pub(crate) struct House {
    gate: Arc<Gate>,
    recorder: Arc<Recorder>,
    /// Sinks and witnesses.
    followers: Vec<Arc<Standing>>,
    folder: PathBuf,
    root: Arc<dyn RootKey>,
    host: Host,
    logins: Logins,
    index: Mutex<Index>,
    /// The last verification of the log, and whether one is under way.
    verified: Mutex<Option<Verified>>,
    verifying: Mutex<()>,
    loaded: ArcSwap<Loaded>,
    sign_in: Option<SignIn>,
    roles: Vec<(String, Role)>,
}

/// What a verification found, and when.
#[derive(Clone)]
struct Verified {
    at: SystemTime,
    took: std::time::Duration,
    result: Result<Arc<Report>, String>,
}

/// A page, or what is said instead of one.
enum Page {
    /// A title, the part of the console that it belongs to, and what is on it.
    Html(StatusCode, &'static str, &'static str, Markup),
    Json(Value, String),
    Text(String),
    /// Go there instead.
    See(String),
}

impl Console {
    /// A console at an address, with what the configuration says.
    pub(crate) fn new(
        config: &Config,
        section: &ConsoleSection,
        address: SocketAddr,
        gate: &Arc<Gate>,
        recorder: &Arc<Recorder>,
        root: Arc<dyn RootKey>,
        followers: &[Arc<Standing>],
    ) -> Result<Self, Error> {
        let host = Host::new(section, address);
        let sign_in = section.login.as_ref().map(|login| SignIn::new(config, login, host.url())).transpose()?;
        Ok(Self(Arc::new(House {
            gate: Arc::clone(gate),
            recorder: Arc::clone(recorder),
            followers: followers.to_vec(),
            folder: config.gateway.data_dir.clone(),
            root,
            host,
            logins: Logins::new(section.idle_timeout, section.session_timeout),
            index: Mutex::default(),
            verified: Mutex::default(),
            verifying: Mutex::default(),
            loaded: ArcSwap::from_pointee(Loaded::of(config, gate.rules().version())),
            sign_in,
            roles: section.roles.clone(),
        })))
    }

    /// How browsers reach it.
    pub(crate) fn url(&self) -> &str {
        self.0.host.url()
    }

    /// Takes what was loaded again.
    pub(crate) fn take(&self, loaded: Loaded) {
        self.0.loaded.store(Arc::new(loaded));
    }

    /// Makes a link for whoever owns the gateway on this machine: it signs in once and grants no approval.
    pub(crate) fn link(&self, command: &Value, by: &str) -> Value {
        let named = command.get("roles").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let roles: Option<BTreeSet<Role>> = named.map(Role::parse).collect();
        let Some(roles) = roles.filter(|roles| !roles.is_empty()) else {
            return json!({ "error": "roles are viewer, reviewer and auditor" });
        };
        let names = roles.iter().map(|role| role.name());
        let details = Details::new().text("did", "console.login").texts("roles", names);
        // What is not recorded was not handed out.
        if let Err(error) = self.0.recorder.done(by, details) {
            return json!({ "error": error.to_string() });
        }
        match self.0.logins.link(Who { name: format!("console of {by}"), roles }) {
            Some(secret) => json!({ "url": format!("{}/login?link={secret}", self.url()) }),
            None => json!({ "error": "too many links wait to be used" }),
        }
    }
}

impl Answers for Console {
    async fn answer(&self, request: Request<Incoming>) -> Answer {
        // Every one: pages, what they are made of, refusals, and the answer that brings a cookie.
        self.0.host.guarded(self.made(request).await)
    }
}

impl Console {
    async fn made(&self, request: Request<Incoming>) -> Answer {
        let asked = match Asked::read(request, &self.0.host).await {
            Ok(asked) => asked,
            Err(refused) => return *refused,
        };
        if let Some(asset) = pages::asset(&asked.path) {
            return asset;
        }
        if let (Some(sign_in), "GET", "/login/issuer" | "/login/callback") =
            (&self.0.sign_in, asked.method.as_str(), asked.path.as_str())
        {
            return self.0.clone().through_issuer(sign_in, &asked).await;
        }
        let house = Arc::clone(&self.0);
        let answered = tokio::task::spawn_blocking(move || house.respond(&asked)).await;
        let failed = |_| answer(StatusCode::INTERNAL_SERVER_ERROR, "text/plain; charset=utf-8", "an internal error\n");
        answered.unwrap_or_else(failed)
    }
}

impl House {
    /// Answers a request of a browser. Reads files, so it may block.
    fn respond(&self, asked: &Asked) -> Answer {
        let login = asked.cookie.as_deref().and_then(|secret| self.logins.of_cookie(secret));
        // A link may bring other roles to somebody who is in already.
        let begins = asked.path == "/login" && (asked.method == Method::POST || !asked.query.is_empty());
        let Some(login) = login.filter(|_| !begins) else { return self.stranger(asked) };
        let page = self.page(asked, &login);
        if page.is_ok() {
            self.recorder.metrics().viewed(part_of(&asked.path));
        }
        self.told(page.unwrap_or_else(|refused| refused), Some(&login))
    }

    /// Somebody who is not signed in gets the way in, and nothing else.
    fn stranger(&self, asked: &Asked) -> Answer {
        let query = Form::parse(&asked.query);
        match (&asked.method, asked.path.as_str()) {
            (&Method::GET, "/login") => {
                let body = pages::login::form(query.get("link"), self.sign_in.is_some(), None);
                self.told(Page::Html(StatusCode::OK, "Sign in", "", body), None)
            }
            (&Method::POST, "/login") => {
                let who = asked.form.get("link").and_then(|secret| self.logins.redeem(secret));
                let secret = who.and_then(|who| self.logins.sign_in(who));
                match secret {
                    Some(secret) => request::signed_in("/", &self.host.cookie(&secret)),
                    None => {
                        let why = "This link does not count any more. Each counts once, for two minutes.";
                        let body = pages::login::form(None, self.sign_in.is_some(), Some(why));
                        self.told(Page::Html(StatusCode::FORBIDDEN, "Sign in", "", body), None)
                    }
                }
            }
            (&Method::GET, _) => self.told(Page::See("/login".to_owned()), None),
            _ => {
                let body = pages::login::form(None, self.sign_in.is_some(), Some("Your login has ended."));
                self.told(Page::Html(StatusCode::UNAUTHORIZED, "Sign in", "", body), None)
            }
        }
    }

    fn page(&self, asked: &Asked, login: &Login) -> Result<Page, Page> {
        let query = Form::parse(&asked.query);
        if asked.method == Method::POST {
            // The browser says where a form stood; this says that it was one of this login's.
            let ours = asked.form.get("form").is_some_and(|given| logins::same(given, &login.form_secret));
            if !ours {
                return Err(pages::refused("This form is not of this login. Go back and load the page again."));
            }
        }
        let path: Vec<&str> = asked.path.split('/').filter(|part| !part.is_empty()).collect();
        match (asked.method.as_str(), &path[..]) {
            ("GET", [] | ["login"]) => Ok(Page::See("/live".to_owned())),
            ("GET", ["live"]) => pages::live::page(self, login),
            ("GET", ["sessions"]) => pages::sessions::page(self, login, &query),
            ("GET", ["sessions", id]) => pages::timeline::page(self, login, id, &query),
            ("GET", ["approvals"]) => pages::approvals::list(self, login),
            ("GET", ["approvals", id]) => pages::approvals::page(self, login, id, None),
            ("GET", ["approvals", id, "ask.json"]) => pages::approvals::ask(self, login, id),
            ("POST", ["approvals", id, "decision"]) => pages::approvals::decide(self, login, id, &asked.form),
            ("GET", ["findings"]) => pages::findings::page(self, login, &query),
            ("GET", ["log"]) => pages::log::page(self, login),
            ("GET", ["log", "checkpoint"]) => pages::log::checkpoint(self, login),
            ("POST", ["log", "verify"]) => pages::log::verify(self, login),
            ("GET", ["configuration"]) => pages::configuration::page(self, login),
            ("POST", ["logout"]) => {
                if let Some(secret) = &asked.cookie {
                    self.logins.sign_out(secret);
                }
                Ok(Page::See("/login".to_owned()))
            }
            ("GET" | "POST", _) => Err(pages::missing()),
            _ => Err(pages::refused("Only GET and POST are answered here.")),
        }
    }

    /// Records a look at the record. Nothing is shown if that cannot be recorded.
    fn looks(&self, login: &Login, what: &str, session: Option<SessionId>) -> Result<(), Page> {
        let session = session.map(|session| session.to_string());
        let key = format!("{what} {}", session.as_deref().unwrap_or_default());
        if !login.looks_at(&key) {
            return Ok(());
        }
        self.recorder.viewed(&login.who.name, what, session.as_deref()).map_err(|error| {
            login.did_not_look_at(&key);
            pages::failed(&format!("A look at the record could not be recorded, so nothing is shown: {error}"))
        })
    }

    /// Only whoever has the role goes on.
    fn needs(&self, login: &Login, role: Role) -> Result<(), Page> {
        if login.may(role) {
            return Ok(());
        }
        Err(pages::refused(&format!("This page is for the role {}.", role.name())))
    }

    fn reader(&self) -> Reader {
        Reader::open(&self.folder, Some(Arc::clone(&self.root)))
    }

    /// The index, up to the last checkpoint.
    fn index(&self) -> Result<MutexGuard<'_, Index>, Page> {
        let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        let followed = index.follow(&self.reader());
        followed.map_err(|error| pages::failed(&format!("The log cannot be read: {error}")))?;
        Ok(index)
    }

    fn verify(&self) {
        // Whoever comes meanwhile waits for the same result.
        let Ok(_one) = self.verifying.try_lock() else {
            drop(self.verifying.lock().unwrap_or_else(PoisonError::into_inner));
            return;
        };
        let (at, begun) = (SystemTime::now(), std::time::Instant::now());
        let key = self.reader().verifier_key();
        let checks = Checks { key: key.ok(), ..Checks::default() };
        let result = verify::folder(&self.folder, &checks).map(Arc::new).map_err(|error| error.to_string());
        let verified = Verified { at, took: begun.elapsed(), result };
        *self.verified.lock().unwrap_or_else(PoisonError::into_inner) = Some(verified);
    }

    fn told(&self, page: Page, login: Option<&Login>) -> Answer {
        match page {
            Page::Html(status, title, part, body) => {
                let waiting = login.filter(|login| login.may(Role::Reviewer)).map(|_| self.gate.waiting());
                let text = pages::layout(title, part, &body, login, waiting).into_string();
                answer(status, "text/html; charset=utf-8", text)
            }
            Page::Json(value, name) => {
                let made = answer(StatusCode::OK, "application/json", format!("{value:#}\n"));
                request::attachment(made, &name)
            }
            Page::Text(text) => answer(StatusCode::OK, "text/plain; charset=utf-8", text),
            Page::See(place) => request::see(&place),
        }
    }

    /// The roles of somebody who signed in through an issuer.
    fn roles_of(&self, groups: &BTreeSet<String>) -> BTreeSet<Role> {
        self.roles.iter().filter(|(group, _)| groups.contains(group)).map(|(_, role)| *role).collect()
    }
}

/// The part of the console that a path belongs to: a word of this program, for the count.
fn part_of(path: &str) -> &'static str {
    const PARTS: [&str; 6] = ["live", "sessions", "approvals", "findings", "log", "configuration"];
    let first = path.split('/').find(|part| !part.is_empty()).unwrap_or_default();
    PARTS.into_iter().find(|part| *part == first).unwrap_or("other")
}
