//! Where a database is: the connection string of a target.

use std::fmt;
use std::net::IpAddr;

use super::toml::Value;
use crate::error::Error;

/// A PostgreSQL server, and who the gateway is there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Server {
    /// A name or an address; of IPv6 without its brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) user: String,
    pub(crate) database: String,
    /// Whether TLS is spoken. If so the certificate and its name are checked.
    pub(crate) tls: bool,
}

const PORT: u16 = 5432;

impl Server {
    /// Reads `postgres://user@host:port/database?sslmode=…`.
    pub(super) fn read(value: Value<'_, '_>) -> Result<Self, Error> {
        Self::parse(value.string()?).map_err(|expected| value.wrong(expected))
    }

    fn parse(text: &str) -> Result<Self, &'static str> {
        const EXPECTED: &str = "a URL like postgres://user@host:5432/database";
        let rest = ["postgres://", "postgresql://"].iter().find_map(|scheme| text.strip_prefix(scheme));
        let rest = rest.ok_or(EXPECTED)?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = rest.split_once('/').ok_or(EXPECTED)?;
        let (user, address) = authority.rsplit_once('@').ok_or(EXPECTED)?;
        if user.contains(':') {
            return Err("a URL without a password; it belongs in `credential`");
        }
        let (host, port) = match address.strip_prefix('[') {
            Some(rest) => {
                let (host, behind) = rest.split_once(']').ok_or(EXPECTED)?;
                (host, behind.strip_prefix(':'))
            }
            None => address.split_once(':').map_or((address, None), |(host, port)| (host, Some(port))),
        };
        let port = port.map_or(Ok(PORT), |port| port.parse().map_err(|_| EXPECTED))?;
        let mut server = Self {
            host: unescaped(host).ok_or(EXPECTED)?,
            port,
            user: unescaped(user).ok_or(EXPECTED)?,
            database: unescaped(database).ok_or(EXPECTED)?,
            tls: false,
        };
        let named = [&server.host, &server.user, &server.database];
        if named.iter().any(|part| part.is_empty() || part.contains('\0')) || server.host.contains([',', '/']) {
            return Err(EXPECTED);
        }
        let mut mode = None;
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            match parameter.split_once('=') {
                Some(("sslmode", value)) if mode.is_none() => mode = Some(value),
                _ => return Err("a URL with no other parameter than sslmode"),
            }
        }
        let loopback = server.is_loopback();
        server.tls = match mode {
            None => !loopback,
            Some("verify-full") => true,
            // What may be taken for nothing is nothing, and that is for one machine only.
            Some("disable" | "allow" | "prefer") if loopback => false,
            Some("disable" | "allow" | "prefer") => {
                return Err("sslmode=verify-full: off loopback, content crosses a network under TLS only");
            }
            Some(_) => return Err("sslmode=verify-full: a certificate that nobody checks protects nothing"),
        };
        Ok(server)
    }

    fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
    }

    /// The address, as it is dialled.
    pub(crate) fn address(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "postgres://{}/", self.address())
    }
}

fn unescaped(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        if *first == b'%' {
            let (digits, behind) = rest.split_at_checked(2)?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            rest = behind;
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_where_and_who() {
        let server = Server::parse("postgres://app@db.internal/ehr").unwrap();
        assert_eq!((server.address().as_str(), server.tls), ("db.internal:5432", true));
        let server = Server::parse("postgresql://a%40b@[::1]:6000/e%20h").unwrap();
        assert_eq!((server.user.as_str(), server.database.as_str()), ("a@b", "e h"));
        assert_eq!((server.address().as_str(), server.tls), ("[::1]:6000", false));
        assert!(Server::parse("postgres://a@127.0.0.1/d?sslmode=verify-full").unwrap().tls);
        assert!(!Server::parse("postgres://a@localhost/d?sslmode=prefer").unwrap().tls);
    }

    #[test]
    fn what_protects_nothing_is_refused() {
        for (url, expected) in [
            ("postgres://app@db/ehr?sslmode=prefer", "under TLS only"),
            ("postgres://app@db/ehr?sslmode=disable", "under TLS only"),
            ("postgres://app@db/ehr?sslmode=require", "nobody checks"),
            ("postgres://app@db/ehr?sslmode=verify-full&host=evil", "no other parameter"),
            ("postgres://app:secret@db/ehr", "without a password"),
            ("postgres://db/ehr", "a URL like"),
            ("postgres://app@db", "a URL like"),
            ("postgres://app@%2Frun/ehr", "a URL like"),
            ("mysql://app@db/ehr", "a URL like"),
        ] {
            let error = Server::parse(url).unwrap_err();
            assert!(error.contains(expected), "{url}: {error}");
        }
    }
}
