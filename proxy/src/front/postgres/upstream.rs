//! The way up: one connection for each session of a client.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use blackbar_wire::pg::frontend::{SaslInitial, write_password, write_sasl};
use blackbar_wire::pg::scram::{Binding, SaltedKeys, ScramClient, md5_password};
use blackbar_wire::pg::{
    Authentication, BackendFrame, BackendTag, CancelKey, Framer, Limits, Startup, authentication, key_data, sqlstate,
};
use bytes::{Bytes, BytesMut};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, TlsStream};
use zeroize::Zeroizing;

use super::binding::end_point;
use super::link::{Link, ReadError, Side};
use crate::config::{Credential, Server, Target};
use crate::error::{Error, Id};
use crate::front::tls;

/// One server, and how the gateway gets in.
pub(super) struct Upstream {
    server: Server,
    password: Option<Zeroizing<String>>,
    tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
    connect_timeout: Duration,
    /// What the password became last, with the salt of a server that has proved to know it.
    keys: Mutex<Option<SaltedKeys>>,
}

/// A session that the server has declared ready.
pub(super) struct Connected {
    pub(super) side: Side<BackendFrame>,
    /// What ends what it does; for the gateway alone.
    pub(super) key: Option<CancelKey>,
    /// What the server said of its settings.
    pub(super) settings: Vec<BackendFrame>,
}

/// Why there is no session. What the server said of it stays here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum NoSession {
    /// It cannot be reached.
    Unreachable,
    /// It does not speak TLS, or its certificate does not count.
    Tls,
    /// It does not let the gateway in.
    Credential,
    /// It refused, with this SQLSTATE.
    Refused([u8; 5]),
    /// It does not speak the protocol properly.
    Broken,
}

impl Upstream {
    pub(super) fn new(
        server: &Server,
        target: &Target,
        credential: Option<&Credential>,
        connect_timeout: Duration,
    ) -> Result<Self, Error> {
        let tls = if server.tls {
            let name = ServerName::try_from(server.host.clone()).map_err(|_| {
                Error::new(Id::ConfigValue, "the upstream's host cannot stand in a certificate").at(&target.place)
            })?;
            let mut config = tls::client(target.upstream_ca.as_deref())?;
            config.alpn_protocols = vec![super::opening::ALPN.to_vec()];
            Some((Arc::new(config), name))
        } else {
            None
        };
        let password = credential.map(|credential| credential.secret.text()).transpose()?;
        Ok(Self { server: server.clone(), password, tls, connect_timeout, keys: Mutex::default() })
    }

    /// The database that clients of this target get.
    pub(super) fn database(&self) -> &str {
        &self.server.database
    }

    /// Opens a session with these settings.
    pub(super) async fn connect(&self, settings: Vec<(Bytes, Bytes)>, limits: Limits) -> Result<Connected, NoSession> {
        let connected = async {
            let (link, binding) = self.dial().await?;
            let framer = Framer::with_rest(limits, BytesMut::new());
            self.begin(Side::new(link, framer), binding.as_deref(), settings).await
        };
        tokio::time::timeout(self.connect_timeout, connected).await.unwrap_or(Err(NoSession::Unreachable))
    }

    /// Asks the server to end what the session with this key does. Whether it did is seen there.
    pub(super) async fn cancel(&self, key: &CancelKey) {
        let Ok(request) = key.write() else { return };
        let asked = async {
            let (mut link, _) = self.dial().await.ok()?;
            link.write_all(&request).await.ok()?;
            link.flush().await.ok()?;
            // The server closes when it has read it.
            link.read(&mut [0]).await.ok()
        };
        let _ = tokio::time::timeout(self.connect_timeout, asked).await;
    }

    /// A connection, with what TLS binds credentials to.
    async fn dial(&self) -> Result<(Link, Option<Vec<u8>>), NoSession> {
        let stream = TcpStream::connect((self.server.host.as_str(), self.server.port)).await;
        let mut stream = stream.map_err(|_| NoSession::Unreachable)?;
        // A failure here leaves small segments waiting for others; nothing else.
        let _ = stream.set_nodelay(true);
        let Some((config, name)) = &self.tls else { return Ok((Link::Plain(stream), None)) };
        stream.write_all(SSL_REQUEST).await.map_err(|_| NoSession::Unreachable)?;
        let mut answer = [0];
        stream.read_exact(&mut answer).await.map_err(|_| NoSession::Unreachable)?;
        // An error here was said in the clear, by nobody knows whom.
        if answer != *b"S" {
            return Err(NoSession::Tls);
        }
        let stream = TlsConnector::from(Arc::clone(config)).connect(name.clone(), stream).await;
        let stream = stream.map_err(|_| NoSession::Tls)?;
        let certificate = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
        let binding = certificate.and_then(|certificate| end_point(certificate));
        Ok((Link::Tls(Box::new(TlsStream::Client(stream))), binding))
    }

    async fn begin(
        &self,
        mut side: Side<BackendFrame>,
        binding: Option<&[u8]>,
        settings: Vec<(Bytes, Bytes)>,
    ) -> Result<Connected, NoSession> {
        let own = |text: &str| Bytes::copy_from_slice(text.as_bytes());
        let mut parameters = vec![
            (Bytes::from_static(b"user"), own(&self.server.user)),
            (Bytes::from_static(b"database"), own(&self.server.database)),
        ];
        parameters.extend(settings);
        let startup = Startup { minor: 0, parameters }.write().map_err(|_| NoSession::Broken)?;
        side.send(startup).await?;
        self.authenticate(&mut side, binding).await?;

        let mut connected = Connected { side, key: None, settings: Vec::new() };
        loop {
            let frame = connected.side.read().await?;
            match frame.tag() {
                BackendTag::ParameterStatus if connected.settings.len() < MOST_SETTINGS => {
                    connected.settings.push(frame);
                }
                BackendTag::BackendKeyData => {
                    connected.key = Some(key_data(&frame).map_err(|_| NoSession::Broken)?);
                }
                BackendTag::ReadyForQuery => return Ok(connected),
                BackendTag::NoticeResponse | BackendTag::NegotiateProtocolVersion => {}
                BackendTag::ErrorResponse => return Err(refused(&frame)),
                _ => return Err(NoSession::Broken),
            }
        }
    }

    async fn authenticate(&self, side: &mut Side<BackendFrame>, binding: Option<&[u8]>) -> Result<(), NoSession> {
        let password = || self.password.as_ref().map(|password| password.as_bytes()).ok_or(NoSession::Credential);
        let mut scram: Option<ScramClient> = None;
        let mut verified = true;
        loop {
            let frame = side.read().await?;
            match frame.tag() {
                BackendTag::Authentication => {}
                BackendTag::ErrorResponse => return Err(refused(&frame)),
                BackendTag::NoticeResponse | BackendTag::NegotiateProtocolVersion => continue,
                _ => return Err(NoSession::Broken),
            }
            let answer = match authentication(&frame).map_err(|_| NoSession::Broken)? {
                // A server that asked for a proof and did not give its own may be anybody.
                Authentication::Ok if verified => return Ok(()),
                Authentication::Ok => return Err(NoSession::Credential),
                Authentication::Cleartext => write_password(password()?).map_err(|_| NoSession::Credential)?,
                Authentication::Md5(salt) => {
                    let answer = md5_password(self.server.user.as_bytes(), password()?, salt);
                    write_password(&answer).map_err(|_| NoSession::Credential)?
                }
                Authentication::Sasl(offered) => {
                    let binding = binding.map_or(Binding::None, Binding::EndPoint);
                    let nonce = super::auth::nonce().ok_or(NoSession::Broken)?;
                    let (client, mechanism, first) = ScramClient::begin(&offered, password()?, &nonce, binding)
                        .map_err(|_| NoSession::Credential)?;
                    let known = self.keys.lock().unwrap_or_else(PoisonError::into_inner).clone();
                    (scram, verified) = (Some(client.knowing(known)), false);
                    let mechanism = Bytes::from_static(mechanism.as_bytes());
                    let initial = SaslInitial { mechanism, data: Some(first.into()) };
                    initial.write().map_err(|_| NoSession::Broken)?
                }
                Authentication::SaslContinue(data) => {
                    let proof = scram.as_mut().ok_or(NoSession::Broken)?.prove(&data);
                    write_sasl(&proof.map_err(|_| NoSession::Credential)?).map_err(|_| NoSession::Broken)?
                }
                Authentication::SaslFinal(data) => {
                    let client = scram.as_ref().ok_or(NoSession::Broken)?;
                    client.verify(&data).map_err(|_| NoSession::Credential)?;
                    *self.keys.lock().unwrap_or_else(PoisonError::into_inner) = client.keys().cloned();
                    verified = true;
                    continue;
                }
                Authentication::Other(_) => return Err(NoSession::Credential),
            };
            side.send(answer).await?;
        }
    }
}

fn refused(frame: &BackendFrame) -> NoSession {
    match sqlstate(frame) {
        Some(code) if code.starts_with(b"28") => NoSession::Credential,
        Some(code) => NoSession::Refused(code),
        None => NoSession::Broken,
    }
}

impl From<ReadError> for NoSession {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Gone => Self::Unreachable,
            ReadError::Frame => Self::Broken,
        }
    }
}

const SSL_REQUEST: &[u8] = b"\0\0\0\x08\x04\xd2\x16\x2f";
const MOST_SETTINGS: usize = 256;
