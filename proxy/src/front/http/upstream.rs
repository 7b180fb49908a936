//! The way up: one pool of connections a target, and what the gateway shows there.

use std::time::Duration;

use http::header::HeaderName;
use http::uri::{PathAndQuery, Scheme};
use http::{HeaderValue, Request, Response, Uri};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::ascent::UpBody;
use crate::config::{Credential, Limits, Origin};
use crate::error::{Error, Id};
use crate::front::tls;

/// One upstream.
pub(super) struct Upstream {
    client: Client<HttpsConnector<HttpConnector>, UpBody>,
    origin: Origin,
    host: HeaderValue,
    credential: Option<(HeaderName, HeaderValue)>,
    answer_timeout: Duration,
}

/// Why there is no answer. The library's words may quote the upstream's, so they stay here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum NoAnswer {
    /// It cannot be reached.
    Unreachable,
    /// The request was reached, and broke.
    Broken,
    /// It took too long.
    Timeout,
    /// The client's own body broke off or is too long.
    Request,
}

impl Upstream {
    pub(super) fn new(
        origin: &Origin,
        credential: Option<&Credential>,
        ca: Option<&std::path::Path>,
        limits: &Limits,
    ) -> Result<Self, Error> {
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_connect_timeout(Some(limits.connect_timeout));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls::client(ca)?)
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(http);
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(Duration::from_secs(60))
            .pool_max_idle_per_host(256)
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .set_host(false)
            .http1_max_headers(200)
            .http1_max_buf_size(limits.header_bytes.max(16 << 10))
            .http2_max_header_list_size(u32::try_from(limits.header_bytes).unwrap_or(u32::MAX))
            .http2_adaptive_window(true)
            .build(connector);
        let host = HeaderValue::from_str(origin.authority.as_str())
            .map_err(|_| Error::new(Id::ConfigValue, "the upstream's host cannot stand in a header"))?;
        let credential = credential.map(shown).transpose()?;
        Ok(Self { client, origin: origin.clone(), host, credential, answer_timeout: limits.idle_timeout })
    }

    /// The path that the upstream's own paths begin with.
    pub(super) fn base(&self) -> &str {
        &self.origin.path
    }

    /// The header that carries the gateway's credential.
    pub(super) fn credential_header(&self) -> Option<&HeaderName> {
        self.credential.as_ref().map(|(name, _)| name)
    }

    /// Sends a request whose target is `target` and waits for the head of its answer.
    pub(super) async fn send(
        &self,
        mut request: Request<UpBody>,
        target: &str,
    ) -> Result<Response<Incoming>, NoAnswer> {
        let path: PathAndQuery = target.parse().map_err(|_| NoAnswer::Broken)?;
        // What was judged is what is sent.
        if path.as_str() != target {
            return Err(NoAnswer::Broken);
        }
        let scheme = if self.origin.https { Scheme::HTTPS } else { Scheme::HTTP };
        let uri = Uri::builder().scheme(scheme).authority(self.origin.authority.clone()).path_and_query(path);
        *request.uri_mut() = uri.build().map_err(|_| NoAnswer::Broken)?;
        let headers = request.headers_mut();
        headers.insert(http::header::HOST, self.host.clone());
        if let Some((name, value)) = &self.credential {
            headers.insert(name.clone(), value.clone());
        }
        match tokio::time::timeout(self.answer_timeout, self.client.request(request)).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) if error.is_connect() => Err(NoAnswer::Unreachable),
            Ok(Err(error)) => {
                let cause = std::error::Error::source(&error).and_then(<dyn std::error::Error>::downcast_ref);
                let theirs = cause.is_some_and(|error: &hyper::Error| error.is_user());
                Err(if theirs { NoAnswer::Request } else { NoAnswer::Broken })
            }
            Err(_) => Err(NoAnswer::Timeout),
        }
    }
}

fn shown(credential: &Credential) -> Result<(HeaderName, HeaderValue), Error> {
    let fail = || Error::new(Id::ConfigSecret, "the target's credential cannot stand in a header");
    let name = credential.header.as_deref().unwrap_or("authorization");
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| fail())?;
    let text = credential.secret.text()?;
    let mut value = HeaderValue::from_str(&format!("{}{}", credential.prefix, text.as_str())).map_err(|_| fail())?;
    value.set_sensitive(true);
    Ok((name, value))
}
