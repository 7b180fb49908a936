//! Which requests are taken at all: whatever two readers could frame, route or attribute differently is refused.

use std::fmt;

use super::target::{Target, TargetError};

/// The head of a request, as a server library hands it over.
#[derive(Clone, Copy, Debug)]
pub struct Head<'h> {
    /// Its version.
    pub version: Version,
    /// The method, as it was sent.
    pub method: &'h str,
    /// Whether the target named a scheme or an authority. In HTTP/2 every target does, in its own fields.
    pub absolute: bool,
    /// `:authority` of HTTP/2.
    pub authority: Option<&'h str>,
    /// Path and query as they were sent.
    pub target: &'h [u8],
    /// Names in lower case, and values.
    pub headers: &'h [(&'h str, &'h [u8])],
}

/// The version of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Version {
    /// HTTP/1.0
    Http10,
    /// HTTP/1.1
    Http11,
    /// HTTP/2
    Http2,
}

/// A request that means one thing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Admitted {
    /// Where it goes.
    pub target: Target,
    /// The length that it declares for its body.
    pub length: Option<u64>,
    /// Whether it has a body at all.
    pub has_body: bool,
}

/// Why a request is not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// `CONNECT`, `TRACE`.
    Method,
    /// HTTP/1.0 or older.
    Version,
    /// The target.
    Target(TargetError),
    /// Two ways to find the end of the body, or a length that is no number.
    Framing,
    /// None, several, or ones that disagree.
    Host,
    /// `Connection` names a header that is not the connection's own.
    Connection,
    /// It asks for another protocol.
    Upgrade,
    /// A header that makes some servers see another method or path.
    Override(&'static str),
    /// An expectation that nobody here can meet.
    Expectation,
    /// A body in a coding: nobody could look into it.
    Coding,
    /// It would open a session within a machine of a cluster: `exec`, `attach`, `portforward`.
    Session,
    /// It would be a remote procedure call in a form that nobody here can inspect.
    Grpc,
    /// The body is longer than the limit.
    Body,
}

impl Refusal {
    /// The status that says so.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Method | Self::Session | Self::Upgrade => 501,
            Self::Version => 505,
            Self::Target(TargetError::Long) => 414,
            Self::Expectation => 417,
            Self::Coding | Self::Grpc => 415,
            Self::Body => 413,
            Self::Target(_) | Self::Framing | Self::Host | Self::Connection | Self::Override(_) => 400,
        }
    }
}

/// What belongs to the connection and may be named in `Connection`. Whatever else it names would be taken out of the
/// request behind the back of whoever judged it.
pub(super) const HOP_BY_HOP: &[&str] = &[
    "close",
    "connection",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Headers by which a server may see another request than the one that was judged.
const OVERRIDES: &[&str] = &[
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-method",
    "x-original-url",
    "x-original-uri",
    "x-rewrite-url",
    "x-forwarded-prefix",
    "x-forwarded-uri",
];

/// Parameters that mean the same to some servers, in a query or in a form.
const OVERRIDING: &[&str] = &["_method", "_httpmethod", "http_method", "x-http-method", "x-http-method-override"];

/// The parameter by which a server may see another method than the one that was judged, if this is one.
#[must_use]
pub fn overriding(parameter: &str) -> Option<&'static str> {
    let name = parameter.split('[').next().unwrap_or_default();
    OVERRIDING.iter().copied().find(|known| known.eq_ignore_ascii_case(name))
}

/// Judges a head. `longest_target` and `longest_body` are in bytes.
pub fn admit(head: &Head<'_>, longest_target: usize, longest_body: u64) -> Result<Admitted, Refusal> {
    if head.version == Version::Http10 {
        return Err(Refusal::Version);
    }
    if matches!(head.method, "CONNECT" | "TRACE" | "TRACK" | "DEBUG") {
        return Err(Refusal::Method);
    }
    if head.absolute && head.version != Version::Http2 {
        return Err(Refusal::Target(TargetError::Form));
    }
    let target = Target::parse(head.target, longest_target).map_err(Refusal::Target)?;
    if is_session(target.path()) {
        return Err(Refusal::Session);
    }
    check_host(head)?;
    check_connection(head)?;
    if let Some((name, _)) = head.headers.iter().find(|(name, _)| OVERRIDES.contains(name)) {
        let name = OVERRIDES.iter().find(|known| *known == name).copied().unwrap_or_default();
        return Err(Refusal::Override(name));
    }
    if let Some(name) = target.parameters().iter().find_map(|name| overriding(name)) {
        return Err(Refusal::Override(name));
    }
    if head.all("expect").any(|value| !value.eq_ignore_ascii_case(b"100-continue")) {
        return Err(Refusal::Expectation);
    }
    if head.all("content-encoding").any(|value| !value.eq_ignore_ascii_case(b"identity")) {
        return Err(Refusal::Coding);
    }
    if head.all("content-type").any(|value| value.to_ascii_lowercase().starts_with(b"application/grpc")) {
        return Err(Refusal::Grpc);
    }
    let (length, chunked) = framing(head)?;
    if length.is_some_and(|length| length > longest_body) {
        return Err(Refusal::Body);
    }
    let has_body = chunked || length.is_some_and(|length| length > 0);
    Ok(Admitted { target, length, has_body })
}

/// `…/pods/NAME/exec` of Kubernetes and its like: what goes on in them is another protocol, whatever head begins it.
fn is_session(path: &str) -> bool {
    let mut segments = path.split('/').rev().filter(|segment| !segment.is_empty());
    matches!(segments.next(), Some("attach" | "exec" | "portforward")) && segments.nth(1) == Some("pods")
}

/// The declared length, and whether the body is chunked (or, in HTTP/2, of a length that its frames tell).
fn framing(head: &Head<'_>) -> Result<(Option<u64>, bool), Refusal> {
    let mut lengths = head.all("content-length");
    let length = match (lengths.next(), lengths.next()) {
        (None, _) => None,
        (Some(value), None) => Some(number(value).ok_or(Refusal::Framing)?),
        // Equal ones may be read as one, and a list as a list: both are ambiguous.
        (Some(_), Some(_)) => return Err(Refusal::Framing),
    };
    let mut codings = head.all("transfer-encoding");
    let chunked = match (codings.next(), codings.next()) {
        (None, _) => false,
        (Some(value), None) if value.eq_ignore_ascii_case(b"chunked") && head.version == Version::Http11 => true,
        _ => return Err(Refusal::Framing),
    };
    if chunked && length.is_some() {
        return Err(Refusal::Framing);
    }
    Ok((length, chunked || (head.version == Version::Http2 && length.is_none())))
}

/// Digits only: no sign, no blanks, no list.
fn number(value: &[u8]) -> Option<u64> {
    if value.is_empty() || value.len() > 19 || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(value).ok()?.parse().ok()
}

fn check_host(head: &Head<'_>) -> Result<(), Refusal> {
    let mut hosts = head.all("host");
    let (host, second) = (hosts.next(), hosts.next());
    let host = match (host, second, head.authority) {
        (_, Some(_), _) | (None, None, None) => return Err(Refusal::Host),
        (Some(host), None, Some(authority)) if !host.eq_ignore_ascii_case(authority.as_bytes()) => {
            return Err(Refusal::Host);
        }
        (Some(host), None, _) => host,
        (None, None, Some(authority)) => authority.as_bytes(),
    };
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~[]:%".contains(byte);
    if host.is_empty() || host.len() > 300 || !host.iter().all(plain) { Err(Refusal::Host) } else { Ok(()) }
}

fn check_connection(head: &Head<'_>) -> Result<(), Refusal> {
    for value in head.all("connection") {
        for option in value.split(|&byte| byte == b',') {
            let option = option.trim_ascii();
            if !option.is_empty() && !HOP_BY_HOP.iter().any(|known| option.eq_ignore_ascii_case(known.as_bytes())) {
                return Err(Refusal::Connection);
            }
        }
    }
    // `h2c` is an offer that may be passed over in silence; any other protocol is what the client came for.
    let offers = head.all("upgrade").flat_map(|value| value.split(|&byte| byte == b','));
    if offers.map(<[u8]>::trim_ascii).any(|offer| !offer.is_empty() && !offer.eq_ignore_ascii_case(b"h2c")) {
        return Err(Refusal::Upgrade);
    }
    Ok(())
}

impl<'h> Head<'h> {
    fn all(&self, name: &'h str) -> impl Iterator<Item = &'h [u8]> + use<'h> {
        self.headers.iter().filter(move |(other, _)| *other == name).map(|(_, value)| *value)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Method => "this method is not forwarded",
            Self::Version => "HTTP/1.1 or HTTP/2 is needed",
            Self::Target(error) => return error.fmt(f),
            Self::Framing => "the end of the body can be found in more than one way",
            Self::Host => "there must be one Host",
            Self::Connection => "Connection names a header that is not the connection's own",
            Self::Session => "exec, attach and portforward open sessions that nobody can look into",
            Self::Upgrade => "other protocols cannot be inspected and are not spoken",
            Self::Override(name) => return write!(f, "`{name}` is not accepted"),
            Self::Expectation => "the expectation cannot be met",
            Self::Coding => "a request body in a coding cannot be inspected",
            Self::Grpc => "gRPC cannot be inspected",
            Self::Body => "the body is longer than the limit",
        })
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(version: Version, method: &str, target: &str, headers: &[(&str, &str)]) -> Result<Admitted, Refusal> {
        let headers: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        let http2 = version == Version::Http2;
        let head = Head {
            version,
            method,
            absolute: http2 || target.contains("://"),
            authority: http2.then_some("gateway"),
            target: target.as_bytes(),
            headers: &headers,
        };
        admit(&head, 100, 1000)
    }

    #[test]
    fn plain_requests_are_taken() {
        let admitted = judge(Version::Http11, "GET", "/a?b", &[("host", "gateway:80")]).unwrap();
        assert_eq!((admitted.target.path(), admitted.target.query(), admitted.has_body), ("/a", Some("b"), false));
        let chunked = [("host", "g"), ("transfer-encoding", "Chunked"), ("connection", "keep-alive, TE")];
        assert!(judge(Version::Http11, "POST", "/a", &chunked).unwrap().has_body);
        let sized = judge(Version::Http2, "POST", "/a", &[("content-length", "7")]).unwrap();
        assert_eq!((sized.length, sized.has_body), (Some(7), true));
        let h2c = [("host", "g"), ("connection", "Upgrade, HTTP2-Settings"), ("upgrade", "h2c")];
        assert!(judge(Version::Http11, "GET", "/a", &h2c).is_ok());
    }

    #[test]
    fn what_means_two_things_is_refused() {
        let host = ("host", "gateway");
        for (method, target, headers, refusal) in [
            ("CONNECT", "/", &[host][..], Refusal::Method),
            ("TRACE", "/", &[host], Refusal::Method),
            ("GET", "http://other/", &[host], Refusal::Target(TargetError::Form)),
            ("OPTIONS", "*", &[host], Refusal::Target(TargetError::Form)),
            ("GET", "/a/../b", &[host], Refusal::Target(TargetError::Dots)),
            ("POST", "/", &[host, ("content-length", "5"), ("transfer-encoding", "chunked")], Refusal::Framing),
            ("POST", "/", &[host, ("content-length", "5"), ("content-length", "5")], Refusal::Framing),
            ("POST", "/", &[host, ("content-length", "5"), ("content-length", "6")], Refusal::Framing),
            ("POST", "/", &[host, ("content-length", "5, 5")], Refusal::Framing),
            ("POST", "/", &[host, ("content-length", "+5")], Refusal::Framing),
            ("POST", "/", &[host, ("content-length", "0x5")], Refusal::Framing),
            ("POST", "/", &[host, ("content-length", "")], Refusal::Framing),
            ("POST", "/", &[host, ("content-length", "99999999999999999999")], Refusal::Framing),
            ("POST", "/", &[host, ("content-length", "1001")], Refusal::Body),
            ("POST", "/", &[host, ("transfer-encoding", "gzip, chunked")], Refusal::Framing),
            ("POST", "/", &[host, ("transfer-encoding", "identity")], Refusal::Framing),
            ("POST", "/", &[host, ("transfer-encoding", "xchunked")], Refusal::Framing),
            (
                "POST",
                "/",
                &[host, ("transfer-encoding", "chunked"), ("transfer-encoding", "identity")],
                Refusal::Framing,
            ),
            ("GET", "/", &[], Refusal::Host),
            ("GET", "/", &[host, host], Refusal::Host),
            ("GET", "/", &[("host", "")], Refusal::Host),
            ("GET", "/", &[("host", "a b")], Refusal::Host),
            ("GET", "/", &[("host", "user@gateway")], Refusal::Host),
            ("GET", "/", &[host, ("connection", "close, Authorization")], Refusal::Connection),
            ("GET", "/", &[host, ("connection", "content-length")], Refusal::Connection),
            ("GET", "/", &[host, ("connection", "upgrade"), ("upgrade", "websocket")], Refusal::Upgrade),
            ("GET", "/", &[host, ("x-http-method-override", "DELETE")], Refusal::Override("x-http-method-override")),
            ("GET", "/", &[host, ("x-original-url", "/admin")], Refusal::Override("x-original-url")),
            ("POST", "/?_method=DELETE", &[host], Refusal::Override("_method")),
            ("POST", "/?a=b&%5fMETHOD=DELETE", &[host], Refusal::Override("_method")),
            ("POST", "/", &[host, ("expect", "200-ok")], Refusal::Expectation),
            ("POST", "/", &[host, ("content-encoding", "gzip")], Refusal::Coding),
            ("POST", "/", &[host, ("content-type", "application/grpc+proto")], Refusal::Grpc),
            ("POST", "/api/v1/namespaces/a/pods/b/exec?command=sh", &[host], Refusal::Session),
            ("GET", "/api/v1/namespaces/a/pods/b/attach", &[host], Refusal::Session),
            ("POST", "/k8s/api/v1/namespaces/a/pods/b/portforward/", &[host], Refusal::Session),
        ] {
            assert_eq!(judge(Version::Http11, method, target, headers), Err(refusal), "{method} {target} {headers:?}");
        }
        let host = judge(Version::Http2, "GET", "/", &[("host", "another")]);
        assert_eq!(host, Err(Refusal::Host), "h2: the authority and Host disagree");
        let chunked = judge(Version::Http2, "POST", "/", &[("transfer-encoding", "chunked")]);
        assert_eq!(chunked, Err(Refusal::Framing), "h2 has no transfer codings");
        assert_eq!(judge(Version::Http10, "GET", "/", &[]), Err(Refusal::Version));
    }
}
