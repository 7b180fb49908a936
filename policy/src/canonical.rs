//! One spelling for a request, so that an approval of one is never an approval of another.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// What would be sent to the target, to the last byte that matters.
#[derive(Clone, Copy, Debug)]
pub enum CanonicalRequest<'a> {
    /// A statement with what it runs under.
    Sql(SqlRequest<'a>),
    /// An HTTP request.
    Http(HttpRequest<'a>),
}

/// A statement with everything that changes what it does.
#[derive(Clone, Copy)]
pub struct SqlRequest<'a> {
    /// The text, byte for byte: comments and blanks too.
    pub sql: &'a [u8],
    /// The bound values.
    pub parameters: &'a [Parameter<'a>],
    /// The role that it runs as.
    pub role: &'a str,
    /// The database that it runs in.
    pub database: &'a str,
    /// Where unqualified names are looked up, in order.
    pub search_path: &'a [&'a str],
    /// A digest of the definitions of the views and functions that it touches.
    pub definitions: [u8; 32],
}

/// A bound value.
#[derive(Clone, Copy)]
pub struct Parameter<'a> {
    /// The OID of its type; 0 where the client left it open.
    pub type_oid: u32,
    /// Sent in binary form.
    pub binary: bool,
    /// None: NULL.
    pub value: Option<&'a [u8]>,
}

/// An HTTP request without the headers that change from one attempt to the next.
#[derive(Clone, Copy)]
pub struct HttpRequest<'a> {
    /// The method.
    pub method: &'a str,
    /// The path, as it is sent up.
    pub path: &'a str,
    /// The query, byte for byte. None is not the same as an empty one.
    pub query: Option<&'a str>,
    /// The media type of the body with its parameters; empty without a body.
    pub media_type: &'a str,
    /// SHA-256 of the body.
    pub body: [u8; 32],
}

/// What identifies a request to those who know its salt, and says nothing to others.
///
/// A bare hash of a statement with a short secret in it could be guessed. The salt stands in the encrypted recording only.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RequestDigest([u8; 32]);

impl CanonicalRequest<'_> {
    /// The digest under this salt, which is random and made for one request for approval.
    #[must_use]
    pub fn digest(&self, salt: &[u8; 32]) -> RequestDigest {
        let mut canonical = Canonical(Sha256::new_with_prefix(b"blackbar canonical request 1\0"));
        canonical.part(salt);
        match self {
            Self::Sql(request) => {
                canonical.part(b"sql");
                canonical.part(request.sql);
                canonical.number(request.parameters.len());
                for parameter in request.parameters {
                    canonical.part(&parameter.type_oid.to_be_bytes());
                    canonical.part(&[u8::from(parameter.binary)]);
                    canonical.option(parameter.value);
                }
                canonical.part(request.role.as_bytes());
                canonical.part(request.database.as_bytes());
                canonical.number(request.search_path.len());
                for schema in request.search_path {
                    canonical.part(schema.as_bytes());
                }
                canonical.part(&request.definitions);
            }
            Self::Http(request) => {
                canonical.part(b"http");
                canonical.part(request.method.as_bytes());
                canonical.part(request.path.as_bytes());
                canonical.option(request.query.map(str::as_bytes));
                canonical.part(request.media_type.as_bytes());
                canonical.part(&request.body);
            }
        }
        RequestDigest(canonical.0.finalize().into())
    }
}

// Statements, values and queries are content.
impl fmt::Debug for SqlRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("SqlRequest");
        shown.field("sql_bytes", &self.sql.len()).field("parameters", &self.parameters.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for HttpRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest").field("method", &self.method).finish_non_exhaustive()
    }
}

impl RequestDigest {
    /// A digest that was stored.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// For storing it.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for RequestDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for RequestDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Every part behind its length, so that no two requests have the same bytes.
struct Canonical(Sha256);

impl Canonical {
    fn part(&mut self, part: &[u8]) {
        self.number(part.len());
        self.0.update(part);
    }

    fn option(&mut self, part: Option<&[u8]>) {
        self.0.update([u8::from(part.is_some())]);
        self.part(part.unwrap_or_default());
    }

    fn number(&mut self, number: usize) {
        self.0.update((number as u64).to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const SALT: [u8; 32] = [7; 32];

    fn value(value: Option<&[u8]>) -> Parameter<'_> {
        Parameter { type_oid: 25, binary: false, value }
    }

    #[test]
    fn any_difference_is_another_request() {
        let empty = [value(Some(b""))];
        let null = [value(None)];
        let typed = [Parameter { type_oid: 23, ..value(Some(b"")) }];
        let binary = [Parameter { binary: true, ..value(Some(b"")) }];
        let base = SqlRequest {
            sql: b"select 1",
            parameters: &empty,
            role: "app",
            database: "ehr",
            search_path: &["a", "b"],
            definitions: [0; 32],
        };
        let sql = [
            base,
            SqlRequest { sql: b"select 1 ", ..base },
            SqlRequest { sql: b"select 1 -- x", ..base },
            SqlRequest { parameters: &[], ..base },
            SqlRequest { parameters: &null, ..base },
            SqlRequest { parameters: &typed, ..base },
            SqlRequest { parameters: &binary, ..base },
            SqlRequest { role: "appe", database: "hr", ..base },
            SqlRequest { database: "ehr2", ..base },
            SqlRequest { search_path: &["b", "a"], ..base },
            SqlRequest { search_path: &["ab"], ..base },
            SqlRequest { search_path: &[], ..base },
            SqlRequest { definitions: [1; 32], ..base },
        ];
        let base = HttpRequest { method: "GET", path: "/a", query: None, media_type: "", body: [0; 32] };
        let http = [
            base,
            HttpRequest { method: "HEAD", ..base },
            HttpRequest { path: "/a/", ..base },
            HttpRequest { query: Some(""), ..base },
            HttpRequest { query: Some("a=1"), ..base },
            HttpRequest { media_type: "text/plain", ..base },
            HttpRequest { body: [1; 32], ..base },
        ];
        let all = sql.map(CanonicalRequest::Sql).into_iter().chain(http.map(CanonicalRequest::Http));
        let digests: BTreeSet<_> = all.clone().map(|request| request.digest(&SALT)).collect();
        assert_eq!(digests.len(), all.clone().count());
        // The same request under another salt is another digest; under the same one, the same.
        for request in all {
            assert_eq!(request.digest(&SALT), request.digest(&SALT));
            assert!(!digests.contains(&request.digest(&[8; 32])));
        }
    }

    #[test]
    fn debug_shows_no_content() {
        let request = SqlRequest {
            sql: b"select '123-45-6789'",
            parameters: &[value(Some(b"123-45-6789"))],
            role: "app",
            database: "ehr",
            search_path: &[],
            definitions: [0; 32],
        };
        assert!(!format!("{:?}", CanonicalRequest::Sql(request)).contains("6789"));
    }
}
