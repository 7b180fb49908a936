//! An authority of a test's own that certifies what listens on loopback, made by OpenSSL.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use rustls::{ClientConfig, ServerConfig};
use tempfile::TempDir;

use super::tls;
use crate::config::TlsFiles;

/// An authority with the certificates that it gave. They are gone with it.
pub(crate) struct Authority {
    folder: TempDir,
}

impl Authority {
    /// `None`, with a printed reason: nobody here can make certificates.
    pub(crate) fn new() -> Option<Self> {
        let authority = Self { folder: tempfile::tempdir().unwrap() };
        let made = authority.openssl(&[
            &["req", "-x509"],
            NEW_KEY,
            &["-days", "2", "-subj", "/CN=authority-of-a-test", "-addext", "basicConstraints=critical,CA:TRUE"],
            &["-keyout", "authority.key", "-out", "authority.pem"],
        ]);
        if !made {
            let why = b"skipped: there is no openssl that makes certificates\n";
            let _ = std::io::Write::write_all(&mut std::io::stderr(), why);
        }
        made.then_some(authority)
    }

    /// A certificate for these names (`IP:127.0.0.1,DNS:localhost`), under a name of files.
    pub(crate) fn certify(&self, file: &str, names: &str) -> TlsFiles {
        let (key, asked, cert) = (format!("{file}.key"), format!("{file}.csr"), format!("{file}.pem"));
        let says = format!("{file}.ext");
        let text = format!("subjectAltName={names}\nbasicConstraints=critical,CA:FALSE\n");
        std::fs::write(self.folder.path().join(&says), text).unwrap();
        let subject = format!("/CN={file}");
        let asks = self.openssl(&[&["req"], NEW_KEY, &["-subj", &subject, "-keyout", &key, "-out", &asked]]);
        let given = self.openssl(&[
            &["x509", "-req", "-days", "2", "-in", &asked, "-extfile", &says, "-out", &cert],
            &["-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial"],
        ]);
        assert!(asks && given, "no certificate for {names}");
        let path = |name: &str| self.folder.path().join(name);
        TlsFiles { cert: path(&cert), key: path(&key), client_ca: None }
    }

    /// What believes in this authority names this file.
    pub(crate) fn roots(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    /// What a server of 127.0.0.1 that speaks these protocols needs.
    pub(crate) fn server(&self, file: &str, protocols: &[&[u8]]) -> Arc<ServerConfig> {
        Arc::new(tls::server(&self.certify(file, "IP:127.0.0.1,DNS:localhost"), protocols).unwrap())
    }

    /// What a client that believes in this authority needs.
    pub(crate) fn client(&self, protocols: &[&[u8]]) -> Arc<ClientConfig> {
        let mut config = tls::client(Some(&self.roots())).unwrap();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        Arc::new(config)
    }

    fn openssl(&self, arguments: &[&[&str]]) -> bool {
        let mut openssl = Command::new("openssl");
        openssl.args(arguments.concat()).current_dir(self.folder.path());
        openssl.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        openssl.status().is_ok_and(|status| status.success())
    }
}

const NEW_KEY: &[&str] = &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
