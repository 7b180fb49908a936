//! Who is at the other end: a credential as the password, or a proof of one.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blackbar_wire::pg::frontend::{SaslInitial, read_data, read_password};
use blackbar_wire::pg::scram::{Binding, SCRAM, ScramServer};
use blackbar_wire::pg::{FrontendFrame, FrontendTag, ToClient};

use super::link::{ReadError, Side};
use crate::config::PostgresAuth;
use crate::gate::{Gate, Identity, Presented};

/// Why nobody was authenticated.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Stranger {
    /// The connection is gone.
    Gone,
    /// What was shown does not count, or is somebody else's. The client is not told which.
    Unknown,
    /// It said something else than an answer.
    Malformed,
}

/// Asks the client to prove that it is `user`.
pub(super) async fn authenticate(
    side: &mut Side<FrontendFrame>,
    how: PostgresAuth,
    gate: &Gate,
    user: &str,
    target: &str,
    source: IpAddr,
) -> Result<Identity, Stranger> {
    let identity = match how {
        PostgresAuth::Password => password(side, gate, target, source).await?,
        PostgresAuth::Scram => scram(side, gate, user, source).await?,
        // Not configured without an error at the start.
        PostgresAuth::Cert | PostgresAuth::Oauth => return Err(Stranger::Unknown),
    };
    if identity.subject.id() == user { Ok(identity) } else { Err(Stranger::Unknown) }
}

async fn password(
    side: &mut Side<FrontendFrame>,
    gate: &Gate,
    target: &str,
    source: IpAddr,
) -> Result<Identity, Stranger> {
    side.send(ToClient::ask_password().into_clean().into_bytes()).await?;
    let secret = read_password(&answer(side).await?).map_err(|_| Stranger::Malformed)?;
    let secret = std::str::from_utf8(&secret).map_err(|_| Stranger::Unknown)?;
    let presented = Presented { secret: Some(secret), certificate: None, target, source: Some(source) };
    gate.authenticate(&presented).await.map_err(|_| Stranger::Unknown)
}

async fn scram(side: &mut Side<FrontendFrame>, gate: &Gate, user: &str, source: IpAddr) -> Result<Identity, Stranger> {
    let exchange = gate.scram(user).ok_or(Stranger::Unknown)?;
    let offer = ToClient::ask_sasl(&[SCRAM]).map_err(|_| Stranger::Malformed)?;
    side.send(offer.into_clean().into_bytes()).await?;

    let initial = SaslInitial::read(&answer(side).await?).map_err(|_| Stranger::Malformed)?;
    let first = initial.data.ok_or(Stranger::Malformed)?;
    let nonce = nonce().ok_or(Stranger::Unknown)?;
    let begun = ScramServer::begin(exchange.salted_with(), &initial.mechanism, &first, &nonce, Binding::None);
    let (server, challenge) = begun.map_err(|_| Stranger::Malformed)?;
    side.send(challenge.into_clean().into_bytes()).await?;

    let last = read_data(&answer(side).await?);
    let mut found = None;
    let proved = server.finish(&last, |so_far, proof| {
        let (identity, signature) = exchange.finish(so_far, proof, Some(source))?;
        found = Some(identity);
        Some(signature)
    });
    let proved = proved.map_err(|_| Stranger::Unknown)?;
    side.push(proved.into_clean().into_bytes());
    let identity = found.ok_or(Stranger::Unknown)?;
    if gate.still_counts(&identity) { Ok(identity) } else { Err(Stranger::Unknown) }
}

async fn answer(side: &mut Side<FrontendFrame>) -> Result<FrontendFrame, Stranger> {
    let frame = side.read().await?;
    if frame.tag() == FrontendTag::Password { Ok(frame) } else { Err(Stranger::Malformed) }
}

/// Printable, without commas, and nobody's before.
pub(super) fn nonce() -> Option<String> {
    let mut random = [0; 18];
    getrandom::fill(&mut random).ok()?;
    Some(STANDARD.encode(random))
}

impl From<ReadError> for Stranger {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Gone => Self::Gone,
            ReadError::Frame => Self::Malformed,
        }
    }
}
