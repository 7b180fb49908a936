//! What a browser asks: from where it may, and what its answers always say.

use std::net::SocketAddr;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request, StatusCode};
use hyper::body::Incoming;

use super::form::Form;
use crate::config::ConsoleSection;
use crate::operations::{Answer, answer, whole_body};

/// The names that the console goes by.
pub(super) struct Host {
    /// Values of `Host` that are meant for it.
    names: Vec<String>,
    url: String,
    /// Of the listener itself, which may be another than that of the URL.
    scheme: &'static str,
    /// Whether browsers come over TLS.
    secure: bool,
}

/// A request, with what is needed of it.
pub(super) struct Asked {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: String,
    /// The secret in the login's cookie.
    pub(super) cookie: Option<String>,
    /// That of a sign-in that is under way.
    pub(super) pending: Option<String>,
    pub(super) form: Form,
}

const LONGEST_FORM: usize = 64 << 10;
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
const PENDING: &str = "blackbar_pending";

impl Host {
    pub(super) fn new(section: &ConsoleSection, address: SocketAddr) -> Self {
        let mut names = Vec::new();
        let scheme = if section.tls.is_some() { "https" } else { "http" };
        let port = address.port();
        if address.ip().is_loopback() {
            names.extend(["localhost", "127.0.0.1", "[::1]"].map(|host| format!("{host}:{port}")));
        }
        let mut url = format!("{scheme}://localhost:{port}");
        if let Some(origin) = &section.url {
            url = format!("{}://{}", origin.scheme(), origin.authority);
            names.push(origin.authority.as_str().to_ascii_lowercase());
        } else if !address.ip().is_loopback() {
            url = format!("{scheme}://{address}");
            names.push(address.to_string());
        }
        let secure = url.starts_with("https://");
        Self { names, url, scheme, secure }
    }

    /// How browsers reach it. `localhost`, because that is where browsers let a page of this machine use keys.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    fn knows(&self, host: &str) -> bool {
        self.names.contains(&host.to_ascii_lowercase())
    }

    /// Whether a form on a page of this origin may be sent here.
    fn trusts(&self, origin: &str, host: &str) -> bool {
        origin == self.url || origin == format!("{}://{host}", self.scheme)
    }

    /// The cookie of a login, as it is set.
    pub(super) fn cookie(&self, secret: &str) -> String {
        let (name, secure) = (self.cookie_name(), if self.secure { "; Secure" } else { "" });
        format!("{name}={secret}; Path=/; HttpOnly; SameSite=Strict{secure}")
    }

    /// The cookie of a sign-in that is under way at an issuer, from where the browser comes back: it must be there then.
    pub(super) fn pending(&self, secret: &str) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{PENDING}={secret}; Path=/login; Max-Age=600; HttpOnly; SameSite=Lax{secure}")
    }

    const fn cookie_name(&self) -> &'static str {
        // The prefix makes browsers refuse one that another host or a page without TLS has set.
        if self.secure { "__Host-blackbar" } else { "blackbar" }
    }

    /// An answer with what every answer says.
    pub(super) fn guarded(&self, mut answer: Answer) -> Answer {
        let headers = answer.headers_mut();
        let say = |headers: &mut HeaderMap, name: HeaderName, value: &'static str| {
            headers.insert(name, HeaderValue::from_static(value));
        };
        say(headers, header::CONTENT_SECURITY_POLICY, POLICY);
        say(headers, header::X_FRAME_OPTIONS, "DENY");
        // Not `no-referrer`: browsers then hide the origin of forms as well.
        say(headers, header::REFERRER_POLICY, "same-origin");
        say(headers, HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
        say(headers, HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
        say(headers, HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()");
        if self.secure {
            say(headers, header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
        }
        answer
    }
}

impl Asked {
    /// Reads a request; the answer of one that is not for here, or comes from elsewhere.
    pub(super) async fn read(request: Request<Incoming>, host: &Host) -> Result<Self, Box<Answer>> {
        let refuse =
            |status, why: &'static str| Box::new(host.guarded(answer(status, "text/plain; charset=utf-8", why)));
        let (parts, body) = request.into_parts();
        let text = |name: HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let named = text(header::HOST).unwrap_or_default();
        // A name of somebody else's that leads here would let their pages read what is answered.
        if !host.knows(named) {
            return Err(refuse(StatusCode::MISDIRECTED_REQUEST, "the console does not go by this name\n"));
        }
        let changes = !matches!(parts.method, Method::GET | Method::HEAD);
        if changes {
            let from = text(header::ORIGIN).unwrap_or_default();
            let site = text(HeaderName::from_static("sec-fetch-site"));
            if !host.trusts(from, named) || site.is_some_and(|site| site != "same-origin") {
                return Err(refuse(StatusCode::FORBIDDEN, "this form comes from elsewhere\n"));
            }
        }
        let form = if changes {
            let whole = whole_body(body, LONGEST_FORM).await;
            let text = whole.and_then(|bytes| String::from_utf8(bytes.to_vec()).ok());
            Form::parse(&text.ok_or_else(|| refuse(StatusCode::PAYLOAD_TOO_LARGE, "the form is too long\n"))?)
        } else {
            Form::default()
        };
        let cookie = |name: &str| {
            let cookies = parts.headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
            let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
            pairs.find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
        };
        Ok(Self {
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            cookie: cookie(host.cookie_name()),
            pending: cookie(PENDING),
            method: if parts.method == Method::HEAD { Method::GET } else { parts.method },
            form,
        })
    }
}

/// Sends a browser elsewhere within the console.
pub(super) fn see(place: &str) -> Answer {
    let mut answer = answer(StatusCode::SEE_OTHER, "text/plain; charset=utf-8", "");
    if let Ok(place) = HeaderValue::from_str(place) {
        answer.headers_mut().insert(header::LOCATION, place);
    }
    answer
}

/// The same, with a cookie.
pub(super) fn signed_in(place: &str, cookie: &str) -> Answer {
    with_cookie(see(place), cookie)
}

pub(super) fn with_cookie(mut answer: Answer, cookie: &str) -> Answer {
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        answer.headers_mut().append(header::SET_COOKIE, cookie);
    }
    answer
}

/// A file to be kept, whose name is made of an id.
pub(super) fn attachment(mut answer: Answer, name: &str) -> Answer {
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        answer.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    answer
}
