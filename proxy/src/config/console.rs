//! `[console]`, `[operations]` and `[log]`: what people and monitors see of the gateway.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use super::gateway::{Listeners, cleartext};
use super::secret::Secret;
use super::target::{Origin, TlsFiles, origin, tls};
use super::toml::{Table, Value};
use crate::error::Error;

/// `[console]`
#[derive(Clone, Debug)]
pub(crate) struct ConsoleSection {
    pub(crate) listen: SocketAddr,
    pub(crate) tls: Option<TlsFiles>,
    /// How browsers reach it, when that is not the listener's own address.
    pub(crate) url: Option<Origin>,
    /// Groups of people and what they may do here.
    pub(crate) roles: Vec<(String, Role)>,
    pub(crate) login: Option<LoginSection>,
    /// Whoever does nothing for so long has to sign in again, and everybody after so long.
    pub(crate) idle_timeout: Duration,
    pub(crate) session_timeout: Duration,
    pub(crate) place: String,
}

/// What somebody may do in the console. Everybody who signed in with a role sees facts of the log.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Role {
    /// Sees sessions, findings and the state of the log.
    Viewer,
    /// Sees what is asked for, and hands in signed decisions.
    Reviewer,
    /// Sees what was delivered, and the configuration.
    Auditor,
}

/// `login` of `[console]`: an issuer where people sign in. The tokens that it gives are those of `[[identity]]`.
#[derive(Clone, Debug)]
pub(crate) struct LoginSection {
    pub(crate) issuer: String,
    pub(crate) client_id: String,
    pub(crate) secret: Option<Secret>,
    pub(crate) scopes: Vec<String>,
}

/// `[operations]`
#[derive(Clone, Debug)]
pub(crate) struct OperationsSection {
    pub(crate) listen: SocketAddr,
    pub(crate) tls: Option<TlsFiles>,
    pub(crate) place: String,
}

impl Role {
    pub(crate) const ALL: [Self; 3] = [Self::Viewer, Self::Reviewer, Self::Auditor];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Reviewer => "reviewer",
            Self::Auditor => "auditor",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

const LISTEN: &str = "127.0.0.1:8700";

pub(super) fn console(
    root: &Table<'_, '_>,
    folder: &Path,
    listeners: &mut Listeners,
) -> Result<Option<ConsoleSection>, Error> {
    let Some(value) = root.get("console") else { return Ok(None) };
    let table = value.table()?;
    let (listen, place) = listen(&table, LISTEN)?;
    listeners.add(listen, &place)?;
    let files = table.get("tls").map(|value| tls(value, folder)).transpose()?;
    cleartext(listen, files.is_some(), &place)?;
    let url = table.get("url").map(|value| {
        let origin = origin(value)?;
        if origin.path.is_empty() { Ok(origin) } else { Err(value.wrong("a URL without a path")) }
    });
    let mut roles = Vec::new();
    for (key, role) in [("viewers", Role::Viewer), ("reviewers", Role::Reviewer), ("auditors", Role::Auditor)] {
        roles.extend(table.strings(key)?.into_iter().map(|group| (group.to_owned(), role)));
    }
    let login = match table.get("login") {
        None => None,
        Some(value) => {
            let login = value.table()?;
            let secret = login.get("secret").map(|value| Secret::read(value, folder)).transpose()?;
            let scopes: Vec<String> = login.strings("scopes")?.into_iter().map(str::to_owned).collect();
            let section = LoginSection {
                issuer: login.required("issuer")?.to_owned(),
                client_id: login.required("client_id")?.to_owned(),
                secret,
                scopes: if scopes.is_empty() { vec!["openid".to_owned()] } else { scopes },
            };
            login.finish()?;
            Some(section)
        }
    };
    let duration = |key, default: u64| {
        let read = table.get(key).map(|value| match value.duration() {
            Ok(duration) if duration.is_zero() => Err(value.wrong("a duration that is not zero")),
            read => read,
        });
        read.unwrap_or_else(|| Ok(Duration::from_secs(default)))
    };
    let section = ConsoleSection {
        listen,
        tls: files,
        url: url.transpose()?,
        roles,
        login,
        idle_timeout: duration("idle_timeout", 30 * 60)?,
        session_timeout: duration("session_timeout", 8 * 3600)?,
        place,
    };
    table.finish()?;
    Ok(Some(section))
}

/// `[exchange]`: where tokens are exchanged for credentials of the gateway.
#[derive(Clone, Debug)]
pub(crate) struct ExchangeSection {
    pub(crate) listen: SocketAddr,
    pub(crate) tls: Option<TlsFiles>,
    /// How long a credential counts at most.
    pub(crate) ttl: Duration,
    pub(crate) place: String,
}

/// Credentials are given out here, so off loopback it needs TLS.
pub(super) fn exchange(
    root: &Table<'_, '_>,
    folder: &Path,
    listeners: &mut Listeners,
    max_ttl: Duration,
) -> Result<Option<ExchangeSection>, Error> {
    const TTL: Duration = Duration::from_secs(15 * 60);
    let Some(value) = root.get("exchange") else { return Ok(None) };
    let table = value.table()?;
    let (listen, place) = listen(&table, "127.0.0.1:8710")?;
    listeners.add(listen, &place)?;
    let tls = table.get("tls").map(|value| tls(value, folder)).transpose()?;
    cleartext(listen, tls.is_some(), &place)?;
    let ttl = table.get("ttl").map(Value::duration).transpose()?.unwrap_or_else(|| TTL.min(max_ttl));
    if let Some(value) = table.get("ttl").filter(|_| ttl.is_zero() || ttl > max_ttl) {
        return Err(value.wrong("a duration of no more than max_ttl of [limits]"));
    }
    table.finish()?;
    Ok(Some(ExchangeSection { listen, tls, ttl, place }))
}

/// No content and no credential is told here, so it may be reached without TLS from where the monitor is.
pub(super) fn operations(
    root: &Table<'_, '_>,
    folder: &Path,
    listeners: &mut Listeners,
) -> Result<Option<OperationsSection>, Error> {
    let Some(value) = root.get("operations") else { return Ok(None) };
    let table = value.table()?;
    let (listen, place) = listen(&table, "127.0.0.1:9464")?;
    listeners.add(listen, &place)?;
    let tls = table.get("tls").map(|value| tls(value, folder)).transpose()?;
    table.finish()?;
    Ok(Some(OperationsSection { listen, tls, place }))
}

/// `[log]`: whether what the gateway says of itself is JSON.
pub(super) fn log(root: &Table<'_, '_>) -> Result<bool, Error> {
    let Some(value) = root.get("log") else { return Ok(false) };
    let table = value.table()?;
    let json = match table.get("format") {
        None => false,
        Some(value) => match value.string()? {
            "json" => true,
            "text" => false,
            _ => return Err(value.wrong("\"text\" or \"json\"")),
        },
    };
    table.finish()?;
    Ok(json)
}

fn listen(table: &Table<'_, '_>, default: &str) -> Result<(SocketAddr, String), Error> {
    match table.get("listen") {
        Some(value) => Ok((value.address()?, value.place())),
        None => {
            let missing = |_| Error::new(crate::error::Id::ConfigListen, "there is no address to listen on");
            Ok((default.parse().map_err(missing)?, table.place()))
        }
    }
}
