//! Fetches the documents of issuers: no redirects, no more than is asked for, and no way into the own network by a URL that
//! an issuer's metadata names.

use std::future::{Future, poll_fn};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, Uri};
use http_body::Body;
use http_body_util::Full;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use tower_service::Service;

use super::oidc::{FetchKeys, LARGEST_DOCUMENT};
use crate::asker::{Asker, asker};
use crate::config::IdentitySection;
use crate::error::Error;

/// Fetches over HTTPS, and over HTTP where the configuration names an issuer on loopback.
pub(crate) struct Fetch {
    /// The hosts that the configuration itself names, with the roots for each. They may be in the own network.
    named: Vec<(String, Asker<GaiResolver>)>,
    /// For all other hosts: public addresses only.
    others: Asker<PublicOnly>,
}

const PATIENCE: Duration = Duration::from_secs(10);
const IDLE: Duration = Duration::from_secs(5);

impl Fetch {
    pub(crate) fn new(issuers: &[IdentitySection]) -> Result<Self, Error> {
        let mut named = Vec::new();
        for issuer in issuers {
            let urls = std::iter::once(&issuer.issuer).chain(&issuer.keys_url);
            for host in urls.filter_map(|url| host(&url.parse().ok()?)) {
                if !named.iter().any(|(other, _)| *other == host) {
                    named.push((host, client(HttpConnector::new(), issuer.ca.as_deref())?));
                }
            }
        }
        let others = client(HttpConnector::new_with_resolver(PublicOnly(GaiResolver::new())), None)?;
        Ok(Self { named, others })
    }
}

fn client<R>(http: HttpConnector<R>, ca: Option<&Path>) -> Result<Asker<R>, Error>
where
    HttpConnector<R>: Service<Uri> + Clone + Send + Sync + 'static,
    HttpsConnector<HttpConnector<R>>: Connect + Clone,
{
    asker(http, ca, PATIENCE, IDLE)
}

impl FetchKeys for Fetch {
    async fn fetch(&self, url: &str) -> Option<Vec<u8>> {
        self.document(url).await
    }
}

impl Fetch {
    /// What is at a URL.
    pub(crate) async fn document(&self, url: &str) -> Option<Vec<u8>> {
        let request = Request::get(url).header("accept", "application/json");
        self.send(request.body(Full::default()).ok()?).await
    }

    /// What a form is answered with.
    pub(crate) async fn post(&self, url: &str, form: &[u8]) -> Option<Vec<u8>> {
        let request = Request::post(url).header("accept", "application/json");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(Full::new(Bytes::from(form.to_vec()))).ok()?).await
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Option<Vec<u8>> {
        let host = host(request.uri())?;
        let fetched = async {
            let answer = match self.named.iter().find(|(named, _)| *named == host) {
                Some((_, client)) => client.request(request).await,
                // An address needs no resolver, so it is looked at here.
                None if host.trim_matches(['[', ']']).parse().is_ok_and(|address| !is_public(address)) => return None,
                None => self.others.request(request).await,
            };
            let answer = answer.ok().filter(|answer| answer.status() == StatusCode::OK)?;
            let mut body = pin!(answer.into_body());
            let mut document = Vec::new();
            while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
                let Ok(bytes) = frame.ok()?.into_data() else { continue };
                if document.len() + bytes.len() > LARGEST_DOCUMENT {
                    return None;
                }
                document.extend_from_slice(&bytes);
            }
            Some(document)
        };
        tokio::time::timeout(PATIENCE, fetched).await.ok().flatten()
    }
}

fn host(uri: &Uri) -> Option<String> {
    uri.host().map(str::to_ascii_lowercase)
}

/// Resolves names to public addresses only.
#[derive(Clone)]
struct PublicOnly(GaiResolver);

impl Service<Name> for PublicOnly {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = std::io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let resolved = self.0.call(name);
        Box::pin(async move {
            let public: Vec<SocketAddr> = resolved.await?.filter(|address| is_public(address.ip())).collect();
            Ok(public.into_iter())
        })
    }
}

/// Whether an address is somewhere out there, and not in the own network or on this machine.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            let carrier = a == 100 && (64..128).contains(&b);
            let inside = v4.is_private() || v4.is_loopback() || v4.is_link_local() || carrier;
            !(inside || a == 0 || a >= 224 || v4.is_documentation() || (a, b) == (198, 18) || (a, b) == (198, 19))
        }
        IpAddr::V6(v6) => match (v6.to_ipv4_mapped(), v6.segments()) {
            (Some(v4), _) => is_public(IpAddr::V4(v4)),
            // Through a translator, an address of version 4 is what is meant.
            (None, [0x64, 0xff9b, 0, 0, 0, 0, high, low]) => {
                let [a, b] = high.to_be_bytes();
                let [c, d] = low.to_be_bytes();
                is_public(IpAddr::from([a, b, c, d]))
            }
            // Global unicast is all that is public.
            (None, [first, ..]) => first & 0xe000 == 0x2000,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_network_is_not_public() {
        for inside in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a9fe:a9fe",
        ] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"] {
            assert!(is_public(outside.parse().unwrap()), "{outside}");
        }
    }
}
