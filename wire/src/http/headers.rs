//! Which headers go on, in either direction.

use super::admission::HOP_BY_HOP;

/// What becomes of a header of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum UpHeader {
    /// It goes to the upstream as it is.
    Pass,
    /// It stays here: it belongs to the connection, is a credential or an identity, or the gateway writes its own.
    Drop,
    /// A condition on a tag that the gateway may have written.
    Tags,
    /// What the client would rather have: [`preferred`] says what of it goes on.
    Preferences,
}

/// What becomes of a header of an answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DownHeader {
    /// A word of the protocol with a known form; dropped when it has another.
    Plain,
    /// Content: redacted like a body.
    Content,
    /// A URL, or a list of links: rewritten, then redacted.
    Link,
    /// An entity tag of the upstream: the gateway writes its own about it.
    Tag,
    /// It names a file, which may be named after somebody.
    File,
    /// A cookie: content, and passed sealed where cookies are passed.
    Cookie,
    /// It stays here: it belongs to the connection, or tells of bytes that the client will not see, or of ways around the
    /// gateway.
    Drop,
}

/// Who asks and from where is what the gateway says, not the client.
const IDENTITY_PREFIXES: &[&str] = &[
    "x-forwarded-",
    "x-real-",
    "x-remote-",
    "x-auth-",
    "x-ssl-",
    "x-client-",
    "x-authenticated-",
    "x-envoy-",
    "x-amzn-oidc-",
    "x-goog-iap-",
    "x-goog-authenticated-",
    "x-ms-client-principal",
    "impersonate-",
    "blackbar-",
    "cf-",
    "ssl-client-",
];

/// Words in a header's name by which it may say who asks, or what they may do.
const IDENTITY_WORDS: &[&str] = &[
    "account",
    "accounts",
    "actor",
    "admin",
    "assertion",
    "auth",
    "authenticated",
    "authentication",
    "authorization",
    "behalf",
    "caller",
    "cert",
    "certificate",
    "claims",
    "client",
    "credential",
    "credentials",
    "delegate",
    "dn",
    "email",
    "entitlements",
    "group",
    "groups",
    "identity",
    "impersonate",
    "impersonated",
    "jwt",
    "login",
    "mail",
    "oauth",
    "oidc",
    "permissions",
    "principal",
    "privileges",
    "role",
    "roles",
    "saml",
    "scope",
    "scopes",
    "session",
    "sid",
    "sso",
    "subject",
    "sudo",
    "tenant",
    "token",
    "uid",
    "upn",
    "user",
    "userid",
    "userinfo",
    "username",
];
/// Names with such a word that say neither.
const NO_IDENTITY: &[&str] = &["mcp-session-id", "user-agent"];

const UP_DROPPED: &[&str] = &[
    // Credentials of the client.
    "authorization",
    "x-api-key",
    "x-goog-api-key",
    "api-key",
    "x-access-token",
    "x-csrf-token",
    "x-amz-security-token",
    // The gateway writes its own, or wants none.
    "accept-encoding",
    "content-length",
    "expect",
    "forwarded",
    "host",
    "if-range",
    "range",
    "request-range",
    "via",
    "true-client-ip",
    "fastly-client-ip",
    "remote-user",
    "x-user",
    "x-cluster-client-ip",
    // Digests of bytes that may be sent otherwise.
    "want-digest",
    "want-content-digest",
    "want-repr-digest",
    // Early data may be replayed.
    "early-data",
];

/// Judges a header of a request, named in lower case. `cookies` pass where the target allows them.
#[must_use]
pub fn up(name: &str, cookies: bool) -> UpHeader {
    let dropped = HOP_BY_HOP.contains(&name)
        || UP_DROPPED.contains(&name)
        || IDENTITY_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || names_identity(name)
        // Servers that read environments take the underscore for a hyphen.
        || name.contains('_');
    match name {
        "cookie" => {
            if cookies {
                UpHeader::Pass
            } else {
                UpHeader::Drop
            }
        }
        "if-match" | "if-none-match" => UpHeader::Tags,
        "prefer" => UpHeader::Preferences,
        _ if dropped => UpHeader::Drop,
        _ => UpHeader::Pass,
    }
}

/// What of a `Prefer` goes to the upstream: to answer later, to answer with more or less, to be strict. How long the client waits
/// is the gateway's matter, and what is unknown, or would have an upstream overlook what it does not understand, stays here.
#[must_use]
pub fn preferred(value: &str) -> Vec<&'static str> {
    const KNOWN: &[&str] =
        &["handling=strict", RESPOND_LATER, "return=OperationOutcome", "return=minimal", "return=representation"];
    let preferences = value.split(',').map(|preference| {
        let said = preference.split(';').next().unwrap_or_default();
        let bytes = said.bytes().filter(|byte| !matches!(byte, b' ' | b'\t' | b'"'));
        bytes.map(char::from).collect::<String>()
    });
    preferences.filter_map(|said| KNOWN.iter().copied().find(|known| said.eq_ignore_ascii_case(known))).collect()
}

/// The preference of exports, which no upstream begins without.
pub const RESPOND_LATER: &str = "respond-async";

/// `client-cert`, `x-jwt-assertion`, `x-user-email`, `x-userid`, `xuser`: servers take such names for granted.
fn names_identity(name: &str) -> bool {
    let is_word = |word: &str| IDENTITY_WORDS.contains(&word) || word.starts_with("user") || word.starts_with("authn");
    !NO_IDENTITY.contains(&name)
        && name.split('-').any(|word| is_word(word.strip_prefix('x').unwrap_or(word)) || is_word(word))
}

/// Judges a header of an answer, named in lower case.
#[must_use]
pub fn down(name: &str) -> DownHeader {
    match name {
        "location" | "content-location" | "link" => DownHeader::Link,
        "etag" => DownHeader::Tag,
        "content-disposition" => DownHeader::File,
        "set-cookie" | "set-cookie2" => DownHeader::Cookie,
        "allow"
        | "cache-control"
        | "content-language"
        | "retry-after"
        | "vary"
        | "x-content-type-options"
        | "pragma" => DownHeader::Plain,
        // About bytes that the client will not see, or that the gateway writes itself.
        "accept-ranges" | "age" | "content-digest" | "content-encoding" | "content-length" | "content-md5"
        | "content-range" | "content-type" | "date" | "digest" | "expires" | "repr-digest" | "signature"
        | "signature-input" | "etag-range" => DownHeader::Drop,
        // Ways around the gateway, and things that a browser would do for the upstream.
        "alt-svc"
        | "alt-used"
        | "forwarded"
        | "nel"
        | "proxy-status"
        | "public-key-pins"
        | "refresh"
        | "report-to"
        | "reporting-endpoints"
        | "server"
        | "server-timing"
        | "sourcemap"
        | "via"
        | "x-powered-by"
        | "x-runtime"
        | "x-sourcemap"
        | "clear-site-data"
        | "strict-transport-security"
        | "www-authenticate" => DownHeader::Drop,
        _ if HOP_BY_HOP.contains(&name) || name.starts_with("access-control-") && !CORS.contains(&name) => {
            DownHeader::Drop
        }
        _ if CORS.contains(&name) => DownHeader::Plain,
        // A name that could hold a number of somebody.
        _ if name.bytes().filter(u8::is_ascii_digit).count() > 2 => DownHeader::Drop,
        _ => DownHeader::Content,
    }
}

const CORS: &[&str] = &[
    "access-control-allow-credentials",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "access-control-max-age",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_and_credentials_of_clients_stay_here() {
        for name in [
            "authorization",
            "x-api-key",
            "x-goog-api-key",
            "cookie",
            "x-forwarded-for",
            "x-forwarded-user",
            "x-remote-user",
            "x-real-ip",
            "forwarded",
            "proxy-authorization",
            "connection",
            "te",
            "host",
            "range",
            "if-range",
            "impersonate-user",
            "x_forwarded_for",
            "blackbar-approval",
            "client-cert",
            "client-cert-chain",
            "x-jwt-assertion",
            "x-email",
            "x-user",
            "x-user-email",
            "x-username",
            "x-userid",
            "xuser",
            "x-webauth-user",
            "x-goog-iap-jwt-assertion",
            "x-principal-name",
            "x-roles",
            "x-tenant-id",
            "x-act-on-behalf-of",
            "x-session-token",
        ] {
            assert_eq!(up(name, false), UpHeader::Drop, "{name}");
        }
        assert_eq!(up("cookie", true), UpHeader::Pass);
        for name in [
            "accept",
            "user-agent",
            "mcp-session-id",
            "x-request-id",
            "idempotency-key",
            "openai-beta",
            "x-stainless-lang",
            "if-modified-since",
        ] {
            assert_eq!(up(name, false), UpHeader::Pass, "{name}");
        }
        assert_eq!(up("anthropic-version", false), UpHeader::Pass);
        assert_eq!(up("if-none-match", false), UpHeader::Tags);
    }

    #[test]
    fn preferences_go_up_that_mean_the_same_to_everybody() {
        assert_eq!(up("prefer", false), UpHeader::Preferences);
        for (value, expected) in [
            ("respond-async", &["respond-async"][..]),
            ("Respond-Async, wait=10; x=y", &["respond-async"]),
            ("return = \"minimal\"; foo=bar, handling=strict", &["return=minimal", "handling=strict"]),
            ("return=Anna.Kowalczyk, handling=lenient, resolution=merge-duplicates, respond-asynchronous", &[]),
            ("", &[]),
        ] {
            assert_eq!(preferred(value), expected, "{value}");
        }
    }

    #[test]
    fn what_tells_of_other_bytes_or_of_another_way_stays_here() {
        for name in
            ["content-length", "accept-ranges", "content-md5", "repr-digest", "alt-svc", "keep-alive", "trailer"]
        {
            assert_eq!(down(name), DownHeader::Drop, "{name}");
        }
        assert_eq!(down("x-patient-name"), DownHeader::Content);
        assert_eq!(down("content-disposition"), DownHeader::File);
        for name in ["x-219-09-9998", "x-patient-8812345", "x-mrn123"] {
            assert_eq!(down(name), DownHeader::Drop, "{name}");
        }
        assert_eq!(down("x-b3-traceid"), DownHeader::Content);
        assert_eq!(down("content-location"), DownHeader::Link);
        assert_eq!(down("etag"), DownHeader::Tag);
    }
}
