//! Certificates of listeners, and roots for upstreams.

use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use crate::config::TlsFiles;
use crate::error::{Error, Id};

/// The one set of algorithms.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// A listener's side. Read again, it takes new certificates without ending connections.
pub(crate) fn server(files: &TlsFiles, protocols: &[&[u8]]) -> Result<ServerConfig, Error> {
    let fail = |path: &Path, what: String| Error::new(Id::ConfigTls, what).at_path(path);
    let chain = certificates(&files.cert)?;
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|_| fail(&files.key, "no private key can be read from it".to_owned()))?;
    let builder = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| fail(&files.cert, error.to_string()))?;
    let builder = match &files.client_ca {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let roots = Arc::new(roots(path)?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider()).allow_unauthenticated();
            let verifier = verifier.build().map_err(|error| fail(path, error.to_string()))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config =
        builder.with_single_cert(chain, key).map_err(|error| fail(&files.cert, format!("it is of no use: {error}")))?;
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    Ok(config)
}

/// The upstream's side: names are checked, against roots of `ca` or of the system.
pub(crate) fn client(ca: Option<&Path>) -> Result<ClientConfig, Error> {
    let roots = match ca {
        Some(path) => roots(path)?,
        None => {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            roots
        }
    };
    let fail = |error: String| Error::new(Id::ConfigTls, error).hint("name the upstream's roots with upstream_ca");
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build();
    let verifier = verifier.map_err(|error| fail(error.to_string()))?;
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| fail(error.to_string()))?;
    Ok(builder.with_webpki_verifier(verifier).with_no_client_auth())
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let fail = || Error::new(Id::ConfigTls, "no certificate can be read from it").at_path(path).hint("it must be PEM");
    let chain: Vec<_> =
        CertificateDer::pem_file_iter(path).map_err(|_| fail())?.collect::<Result<_, _>>().map_err(|_| fail())?;
    if chain.is_empty() { Err(fail()) } else { Ok(chain) }
}

fn roots(path: &Path) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(|error| Error::new(Id::ConfigTls, error.to_string()).at_path(path))?;
    }
    Ok(roots)
}
