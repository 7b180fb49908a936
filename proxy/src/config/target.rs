//! `[[target]]`: what the gateway stands in front of.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::HeaderName;
use http::uri::{Authority, Scheme, Uri};

use super::Named;
use super::gateway::{Listeners, cleartext};
use super::postgres::Server;
use super::secret::Secret;
use super::toml::{Table, Value};
use crate::error::{Error, Id, did_you_mean};

/// One target.
#[derive(Clone, Debug)]
#[allow(dead_code, reason = "`pass` and held requests read theirs as they are built")]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) place: String,
    pub(crate) listen: SocketAddr,
    pub(crate) tls: Option<TlsFiles>,
    /// Roots that the upstream's certificate is checked against, instead of the system's.
    pub(crate) upstream_ca: Option<PathBuf>,
    pub(crate) credential: Option<Credential>,
    /// What a grant redacts with when the policy names nothing.
    pub(crate) profile: Option<Named>,
    pub(crate) allow_unredacted: bool,
    /// How long a held request may wait.
    pub(crate) hold: Duration,
    pub(crate) record: Record,
    pub(crate) mode: Mode,
    pub(crate) protocol: Protocol,
}

/// What a target speaks, with what only that protocol has.
#[derive(Clone, Debug)]
pub(crate) enum Protocol {
    Postgres(PostgresTarget),
    Http(HttpTarget),
}

#[derive(Clone, Debug)]
#[allow(dead_code, reason = "read by the front of that protocol")]
pub(crate) struct PostgresTarget {
    pub(crate) server: Server,
    pub(crate) auth: PostgresAuth,
    pub(crate) unlabelled: Unlabelled,
    pub(crate) unknown: UnknownTypes,
}

#[derive(Clone, Debug)]
pub(crate) struct HttpTarget {
    pub(crate) upstream: Origin,
    /// What rewritten links point at.
    pub(crate) public_url: Option<Origin>,
    /// Where clients present their credential, in lower case; the first that is there counts.
    pub(crate) token_headers: Vec<String>,
    /// Headers of clients that pass although their names are those of identities, in lower case.
    pub(crate) pass_headers: Vec<String>,
    pub(crate) request_profile: Option<Named>,
    pub(crate) restore_answers: bool,
    /// Whether cookies pass, redacted on the way down.
    pub(crate) cookies: bool,
}

/// A scheme, a host and a path to stand on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Origin {
    pub(crate) https: bool,
    pub(crate) authority: Authority,
    /// Without a slash at its end; empty for the root.
    pub(crate) path: String,
}

/// Certificate chain and key, in PEM; `client_ca` asks clients for certificates of those roots.
#[derive(Clone, Debug)]
pub(crate) struct TlsFiles {
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
    pub(crate) client_ca: Option<PathBuf>,
}

/// What the gateway shows to the upstream; no client ever sees it.
#[derive(Clone, Debug)]
pub(crate) struct Credential {
    /// The header, in lower case; HTTP only.
    pub(crate) header: Option<String>,
    pub(crate) prefix: String,
    pub(crate) secret: Secret,
}

/// How durable a record is before bytes move.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Record {
    /// Nothing leaves before its record is safe.
    #[default]
    Strict,
    /// Answers may run ahead by 64 KiB or 20 ms.
    Bounded,
    /// Answers do not wait.
    Async,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Mode {
    #[default]
    Enforce,
    /// Passes unmasked and records what would have been done, until this second since 1970.
    Observe { until: u64 },
}

impl Mode {
    /// Whether content passes unmasked now.
    pub(crate) fn observes(self, now: SystemTime) -> bool {
        let since = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        matches!(self, Self::Observe { until } if since < until)
    }
}

/// How clients of a database authenticate.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum PostgresAuth {
    #[default]
    Password,
    Scram,
    Cert,
    Oauth,
}

/// What becomes of tables without labels.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Unlabelled {
    #[default]
    Detect,
    Deny,
}

/// What becomes of binary values of types that nobody knows.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum UnknownTypes {
    /// They are null.
    #[default]
    Null,
    /// They end the session.
    Refuse,
}

/// Every key that a target of some protocol has.
const KEYS: &[&str] = &[
    "allow_unredacted",
    "auth",
    "cookies",
    "credential",
    "hold",
    "listen",
    "mode",
    "name",
    "observe_until",
    "pass_headers",
    "profile",
    "protocol",
    "public_url",
    "record",
    "request_profile",
    "restore_answers",
    "tls",
    "token_headers",
    "unknown",
    "unlabelled",
    "upstream",
    "upstream_ca",
];

const HOLD: Duration = Duration::from_secs(120);

pub(super) fn targets(root: &Table<'_, '_>, folder: &Path, listeners: &mut Listeners) -> Result<Vec<Target>, Error> {
    let mut targets: Vec<Target> = Vec::new();
    for table in root.tables("target")? {
        table.only(KEYS)?;
        let name = table.required("name")?;
        if let Some(value) = table.get("name").filter(|_| targets.iter().any(|other| other.name == name)) {
            let error = Error::new(Id::ConfigValue, format!("there is another target \"{name}\""));
            return Err(error.at(value.place()));
        }
        targets.push(target(&table, folder, listeners)?);
        table.finish()?;
    }
    Ok(targets)
}

fn target(table: &Table<'_, '_>, folder: &Path, listeners: &mut Listeners) -> Result<Target, Error> {
    let name = table.required("name")?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
        let wrong = table.get("name").map(|value| value.wrong("a name of up to 64 letters, digits, `-`, `_` and `.`"));
        return Err(wrong.unwrap_or_else(|| Error::new(Id::ConfigValue, "\"name\" is missing")));
    }
    table.required("listen")?;
    table.required("upstream")?;
    let listen = table.get("listen").map(Value::address).transpose()?;
    let listen = listen.ok_or_else(|| Error::new(Id::ConfigValue, "\"listen\" is missing").at(table.place()))?;
    let listen_place = table.get("listen").map(Value::place).unwrap_or_default();
    let tls = table.get("tls").map(|value| tls(value, folder)).transpose()?;
    listeners.add(listen, &listen_place)?;
    cleartext(listen, tls.is_some(), &listen_place)?;
    let protocol = match table.required("protocol")? {
        "http" => Protocol::Http(http(table)?),
        "postgres" => Protocol::Postgres(postgres(table)?),
        other => {
            let what = format!("unknown protocol \"{other}\"{}", did_you_mean(other, ["http", "postgres"]));
            let place = table.get("protocol").map(Value::place).unwrap_or_default();
            return Err(Error::new(Id::ConfigValue, what).at(place).hint("there are http and postgres"));
        }
    };
    let is_http = matches!(protocol, Protocol::Http(_));
    let allow_unredacted = table.get("allow_unredacted").map(Value::truth).transpose()?.unwrap_or(false);
    let profile = named(table, "profile")?;
    if let Some(profile) = profile.as_ref().filter(|profile| profile.name == "pass" && !allow_unredacted) {
        let error =
            Error::new(Id::ConfigValue, "the profile \"pass\" redacts nothing and needs allow_unredacted = true");
        return Err(error.at(&profile.place));
    }
    Ok(Target {
        name: name.to_owned(),
        place: table.place(),
        listen,
        tls,
        upstream_ca: table.string("upstream_ca")?.map(|file| folder.join(file)),
        credential: table.get("credential").map(|value| credential(value, folder, is_http)).transpose()?,
        profile,
        allow_unredacted,
        hold: table.get("hold").map(Value::duration).transpose()?.unwrap_or(HOLD),
        record: choice(
            table,
            "record",
            &[("strict", Record::Strict), ("bounded", Record::Bounded), ("async", Record::Async)],
        )?,
        mode: mode(table)?,
        protocol,
    })
}

fn http(table: &Table<'_, '_>) -> Result<HttpTarget, Error> {
    let origin = |key| table.get(key).map(origin).transpose();
    let upstream = origin("upstream")?.ok_or_else(|| Error::new(Id::ConfigValue, "\"upstream\" is missing"))?;
    let headers = |key| -> Result<Vec<String>, Error> {
        let Some(value) = table.get(key) else { return Ok(Vec::new()) };
        let header = |name: &str| {
            let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| value.wrong("names of headers"))?;
            if NO_CREDENTIAL.contains(&header.as_str()) {
                return Err(value.wrong(&format!("other headers: `{header}` cannot carry a credential")));
            }
            Ok(header.as_str().to_owned())
        };
        value.strings()?.into_iter().map(header).collect()
    };
    let mut token_headers = headers("token_headers")?;
    if token_headers.is_empty() {
        token_headers.push("authorization".to_owned());
    }
    Ok(HttpTarget {
        upstream,
        public_url: origin("public_url")?,
        token_headers,
        pass_headers: headers("pass_headers")?,
        request_profile: named(table, "request_profile")?,
        restore_answers: table.get("restore_answers").map(Value::truth).transpose()?.unwrap_or(false),
        cookies: table.get("cookies").map(Value::truth).transpose()?.unwrap_or(false),
    })
}

/// Headers that mean something to the framing or the routing of a message.
const NO_CREDENTIAL: &[&str] = &[
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

fn postgres(table: &Table<'_, '_>) -> Result<PostgresTarget, Error> {
    let server = table.get("upstream").map(Server::read).transpose()?;
    let server = server.ok_or_else(|| Error::new(Id::ConfigValue, "\"upstream\" is missing"))?;
    let auth = [
        ("password", PostgresAuth::Password),
        ("scram", PostgresAuth::Scram),
        ("cert", PostgresAuth::Cert),
        ("oauth", PostgresAuth::Oauth),
    ];
    Ok(PostgresTarget {
        server,
        auth: choice(table, "auth", &auth)?,
        unlabelled: choice(table, "unlabelled", &[("detect", Unlabelled::Detect), ("deny", Unlabelled::Deny)])?,
        unknown: choice(table, "unknown", &[("null", UnknownTypes::Null), ("refuse", UnknownTypes::Refuse)])?,
    })
}

fn mode(table: &Table<'_, '_>) -> Result<Mode, Error> {
    let observes = choice(table, "mode", &[("enforce", false), ("observe", true)])?;
    let fail = |key, what: &str| {
        let place = table.get(key).map(Value::place).unwrap_or_default();
        Err(Error::new(Id::ConfigObserve, what).at(place))
    };
    match (observes, table.get("observe_until")) {
        (false, None) => Ok(Mode::Enforce),
        (false, Some(_)) => fail("observe_until", "observe_until belongs to mode = \"observe\""),
        (true, None) => fail("mode", "observe mode needs observe_until: content passes unmasked while it lasts")
            .map_err(|error| error.hint("write observe_until = 2027-01-31")),
        (true, Some(value)) => Ok(Mode::Observe { until: value.end_of_day()? }),
    }
}

pub(super) fn tls(value: Value<'_, '_>, folder: &Path) -> Result<TlsFiles, Error> {
    let table = value.table()?;
    let files = TlsFiles {
        cert: folder.join(table.required("cert")?),
        key: folder.join(table.required("key")?),
        client_ca: table.string("client_ca")?.map(|file| folder.join(file)),
    };
    table.finish()?;
    Ok(files)
}

fn credential(value: Value<'_, '_>, folder: &Path, is_http: bool) -> Result<Credential, Error> {
    let Ok(table) = value.table() else { return Err(value.wrong(Secret::EXPECTED)) };
    let (mut header, mut prefix) = (None, String::new());
    if is_http {
        let name = table.string("header")?.unwrap_or("authorization");
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| value.wrong("the name of a header"))?;
        header = Some(name.as_str().to_owned());
        prefix = table.string("prefix")?.unwrap_or_default().to_owned();
    }
    let secret = Secret::within(&table, value, folder)?;
    table.finish()?;
    Ok(Credential { header, prefix, secret })
}

fn named(table: &Table<'_, '_>, key: &'static str) -> Result<Option<Named>, Error> {
    let Some(value) = table.get(key) else { return Ok(None) };
    Ok(Some(Named { name: value.string()?.to_owned(), place: value.place() }))
}

/// One of a few words; the default when nothing is said.
fn choice<T: Copy + Default>(table: &Table<'_, '_>, key: &'static str, known: &[(&str, T)]) -> Result<T, Error> {
    let Some(value) = table.get(key) else { return Ok(T::default()) };
    let said = value.string()?;
    if let Some((_, meant)) = known.iter().find(|(name, _)| *name == said) {
        return Ok(*meant);
    }
    let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
    let what = format!("unknown {key} \"{said}\"{}", did_you_mean(said, names.iter().copied()));
    Err(Error::new(Id::ConfigValue, what).at(value.place()).hint(format!("there are {}", names.join(", "))))
}

/// A URL without credentials, query and fragment.
pub(super) fn origin(value: Value<'_, '_>) -> Result<Origin, Error> {
    const EXPECTED: &str = "an http:// or https:// URL";
    let uri: Uri = value.string()?.parse().map_err(|_| value.wrong(EXPECTED))?;
    let https = match uri.scheme() {
        Some(scheme) if *scheme == Scheme::HTTPS => true,
        Some(scheme) if *scheme == Scheme::HTTP => false,
        _ => return Err(value.wrong(EXPECTED)),
    };
    let authority = uri.authority().ok_or_else(|| value.wrong(EXPECTED))?;
    if authority.as_str().contains('@') {
        return Err(value.wrong("a URL with no credentials in it; they belong in `credential`"));
    }
    if uri.query().is_some() {
        return Err(value.wrong("a URL with no query"));
    }
    Ok(Origin { https, authority: authority.clone(), path: uri.path().trim_end_matches('/').to_owned() })
}

impl Origin {
    pub(crate) const fn scheme(&self) -> &'static str {
        if self.https { "https" } else { "http" }
    }

    /// The port, or the scheme's own.
    pub(crate) fn port(&self) -> u16 {
        self.authority.port_u16().unwrap_or(if self.https { 443 } else { 80 })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme(), self.authority, self.path)
    }
}
