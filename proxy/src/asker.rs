//! Clients that ask others over HTTP on the gateway's own behalf.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use http::Uri;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tower_service::Service;

use crate::error::Error;
use crate::front::tls;

/// What asks. It follows no redirects.
pub(crate) type Asker<R> = Client<HttpsConnector<HttpConnector<R>>, Full<Bytes>>;

/// A client that finds its way by `http` and trusts the roots in `ca`, or the system's. `patience`: for a connection;
/// `idle`: how long one is kept.
pub(crate) fn asker<R>(
    mut http: HttpConnector<R>,
    ca: Option<&Path>,
    patience: Duration,
    idle: Duration,
) -> Result<Asker<R>, Error>
where
    HttpConnector<R>: Service<Uri> + Clone + Send + Sync + 'static,
    HttpsConnector<HttpConnector<R>>: Connect + Clone,
{
    http.enforce_http(false);
    http.set_connect_timeout(Some(patience));
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls::client(ca)?)
        .https_or_http()
        .enable_all_versions()
        .wrap_connector(http);
    let mut builder = Client::builder(TokioExecutor::new());
    Ok(builder.pool_idle_timeout(idle).pool_timer(TokioTimer::new()).build(connector))
}
