//! SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677), both sides, and the older ways to show a password.
//!
//! Nonces are arguments: who calls has the source of chance.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::Md5;
use sha2::{Digest as _, Sha256};

use super::clean::{Refusal, ToClient};

/// The mechanism without channel binding.
pub const SCRAM: &str = "SCRAM-SHA-256";
/// The mechanism with channel binding.
pub const SCRAM_PLUS: &str = "SCRAM-SHA-256-PLUS";

/// What TLS knows of a connection that both of its ends know: for the server `tls-server-end-point`, the hash of its
/// certificate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Binding<'b> {
    /// No TLS.
    None,
    /// The data of `tls-server-end-point`.
    EndPoint(&'b [u8]),
}

/// The server's side.
pub struct ScramServer {
    client_first_bare: Vec<u8>,
    server_first: Vec<u8>,
    nonce: Vec<u8>,
    /// What the client must show that it has seen of the channel.
    channel: Vec<u8>,
}

impl ScramServer {
    /// Takes the client's first message and answers it with what its password was salted with. `nonce` is printable and
    /// random.
    ///
    /// # Errors
    ///
    /// When the message does not follow its grammar, or the client was made to believe that the server cannot bind to the
    /// channel.
    pub fn begin(
        (salt, iterations): (&[u8], u32),
        mechanism: &[u8],
        first: &[u8],
        nonce: &str,
        binding: Binding<'_>,
    ) -> Result<(Self, ToClient), ScramError> {
        let plus = mechanism == SCRAM_PLUS.as_bytes();
        if !plus && mechanism != SCRAM.as_bytes() {
            return Err(ScramError("a mechanism that was not offered"));
        }
        let text = printable(first)?;
        let mut parts = text.splitn(3, ',');
        let (flag, identity) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let bare = parts.next().ok_or(ScramError("a first message without a nonce"))?;
        if !identity.is_empty() {
            return Err(ScramError("an authorisation identity, which is not spoken here"));
        }
        let bound: &[u8] = match (flag, plus, binding) {
            ("p=tls-server-end-point", true, Binding::EndPoint(data)) => data,
            ("n", false, _) | ("y", false, Binding::None) => &[],
            ("y", false, Binding::EndPoint(_)) => {
                return Err(ScramError("somebody took channel binding out of the offer"));
            }
            _ => return Err(ScramError("a channel binding that does not fit the mechanism")),
        };
        // The name of the user is the one of the startup packet, as PostgreSQL has it.
        let mut attributes = bare.split(',');
        let (_user, theirs) = (attribute(attributes.next(), 'n')?, attribute(attributes.next(), 'r')?);
        if theirs.is_empty() || attributes.next().is_some() {
            return Err(ScramError("a first message with extensions, or without a nonce"));
        }
        let nonce = [theirs.as_bytes(), nonce.as_bytes()].concat();
        let mut server_first = b"r=".to_vec();
        server_first.extend_from_slice(&nonce);
        server_first.extend_from_slice(format!(",s={},i={iterations}", BASE64.encode(salt)).as_bytes());
        let mut channel = format!("{flag},,").into_bytes();
        channel.extend_from_slice(bound);
        let answer = ToClient::sasl_step(false, &server_first)?;
        let client_first_bare = bare.as_bytes().to_vec();
        Ok((Self { client_first_bare, server_first, nonce, channel }, answer))
    }

    /// Takes the client's last message. `prove` has the exchange so far and the client's proof; if that is one of the
    /// password, it gives the server's own signature, and the answer proves the server.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn finish(
        self,
        last: &[u8],
        prove: impl FnOnce(&[u8], &[u8; 32]) -> Option<[u8; 32]>,
    ) -> Result<ToClient, ScramError> {
        let text = printable(last)?;
        let (without_proof, proof) = text.rsplit_once(",p=").ok_or(ScramError("a last message without a proof"))?;
        let mut attributes = without_proof.split(',');
        let channel = decode(attribute(attributes.next(), 'c')?)?;
        let nonce = attribute(attributes.next(), 'r')?;
        let proof: [u8; 32] = decode(proof)?.try_into().map_err(|_| ScramError("a proof of another length"))?;
        if !same(&channel, &self.channel) || !same(nonce.as_bytes(), &self.nonce) {
            return Err(ScramError("the channel or the nonce is another"));
        }
        let authentication =
            [&self.client_first_bare, &self.server_first[..], without_proof.as_bytes()].join(&b","[..]);
        let signature = prove(&authentication, &proof).ok_or(ScramError("the password is another"))?;
        Ok(ToClient::sasl_step(true, format!("v={}", BASE64.encode(signature)).as_bytes())?)
    }
}

/// What a password becomes with a salt: dear to reckon, and the same for every exchange with it.
#[derive(Clone)]
pub struct SaltedKeys {
    salt: Vec<u8>,
    iterations: u32,
    client: [u8; 32],
    server: [u8; 32],
}

/// The client's side, toward the server behind the gateway.
pub struct ScramClient {
    password: Vec<u8>,
    keys: Option<SaltedKeys>,
    first_bare: Vec<u8>,
    nonce: String,
    channel: Vec<u8>,
    proof_of_server: Option<[u8; 32]>,
}

impl ScramClient {
    /// Begins with the strongest mechanism on offer: its name and its first message. `nonce` is printable and random.
    ///
    /// # Errors
    ///
    /// When none of the mechanisms is spoken here.
    pub fn begin(
        offered: &[Bytes],
        password: &[u8],
        nonce: &str,
        binding: Binding<'_>,
    ) -> Result<(Self, &'static str, Vec<u8>), ScramError> {
        let offers = |name: &str| offered.iter().any(|offer| offer == name.as_bytes());
        let (mechanism, flag, bound): (_, _, &[u8]) = match binding {
            Binding::EndPoint(data) if offers(SCRAM_PLUS) => (SCRAM_PLUS, "p=tls-server-end-point,,", data),
            // Says that it could have: a server that can as well knows then that somebody took it out of the offer.
            Binding::EndPoint(_) if offers(SCRAM) => (SCRAM, "y,,", &[]),
            Binding::None if offers(SCRAM) => (SCRAM, "n,,", &[]),
            _ => return Err(ScramError("none of the mechanisms on offer is spoken here")),
        };
        let first_bare = format!("n=,r={nonce}").into_bytes();
        let channel = [flag.as_bytes(), bound].concat();
        let first = [flag.as_bytes(), &first_bare].concat();
        let (password, nonce) = (password.to_vec(), nonce.to_owned());
        let client = Self { password, keys: None, first_bare, nonce, channel, proof_of_server: None };
        Ok((client, mechanism, first))
    }

    /// With the keys of an exchange of before, by the same password: they serve where the server has the same salt still.
    #[must_use]
    pub fn knowing(self, keys: Option<SaltedKeys>) -> Self {
        Self { keys, ..self }
    }

    /// The keys of this exchange, for the next one.
    #[must_use]
    pub fn keys(&self) -> Option<&SaltedKeys> {
        self.keys.as_ref()
    }

    /// Answers the server's first message with the proof.
    ///
    /// # Errors
    ///
    /// When the message does not follow its grammar, or answers another client.
    pub fn prove(&mut self, server_first: &[u8]) -> Result<Vec<u8>, ScramError> {
        let text = printable(server_first)?;
        let mut attributes = text.split(',');
        let nonce = attribute(attributes.next(), 'r')?;
        let salt = decode(attribute(attributes.next(), 's')?)?;
        let iterations: u32 = attribute(attributes.next(), 'i')?.parse().map_err(|_| ScramError("no iterations"))?;
        if !nonce.starts_with(&self.nonce) || nonce.len() == self.nonce.len() {
            return Err(ScramError("the nonce is another"));
        }
        if !(1..=MOST_ITERATIONS).contains(&iterations) {
            return Err(ScramError("a number of iterations that nobody means"));
        }
        let known = self.keys.take().filter(|keys| keys.salt == salt && keys.iterations == iterations);
        let keys = known.unwrap_or_else(|| SaltedKeys::of(&self.password, salt, iterations));
        let (client_key, server_key) = (keys.client, keys.server);
        self.keys = Some(keys);
        let without_proof = format!("c={},r={nonce}", BASE64.encode(&self.channel));
        let authentication = [&self.first_bare, server_first, without_proof.as_bytes()].join(&b","[..]);
        let signature = mac(&Sha256::digest(client_key), &authentication);
        self.proof_of_server = Some(mac(&server_key, &authentication));
        Ok(format!("{without_proof},p={}", BASE64.encode(xor(&client_key, &signature))).into_bytes())
    }

    /// Whether the server knows the password as well. Without it, it may be anybody.
    ///
    /// # Errors
    ///
    /// When it does not.
    pub fn verify(&self, server_last: &[u8]) -> Result<(), ScramError> {
        let proof = decode(attribute(printable(server_last)?.split(',').next(), 'v')?)?;
        let known = self.proof_of_server.is_some_and(|wanted| same(&proof, &wanted));
        if known { Ok(()) } else { Err(ScramError("the server does not know the password")) }
    }
}

impl SaltedKeys {
    fn of(password: &[u8], salt: Vec<u8>, iterations: u32) -> Self {
        let salted = salted(password, &salt, iterations);
        Self { client: mac(&salted, b"Client Key"), server: mac(&salted, b"Server Key"), salt, iterations }
    }
}

impl fmt::Debug for SaltedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SaltedKeys")
    }
}

/// The answer to a request for an MD5 password.
#[must_use]
pub fn md5_password(user: &[u8], password: &[u8], salt: [u8; 4]) -> Vec<u8> {
    let hex = |parts: &[&[u8]]| {
        let mut hash = Md5::new();
        parts.iter().for_each(|part| hash.update(part));
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    format!("md5{}", hex(&[hex(&[password, user]).as_bytes(), &salt])).into_bytes()
}

/// Why an authentication failed: for the log, not for the client, who learns only that it did.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ScramError(&'static str);

impl fmt::Display for ScramError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for ScramError {}

impl From<Refusal> for ScramError {
    fn from(_: Refusal) -> Self {
        Self("a message that is too long")
    }
}

impl fmt::Debug for ScramServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScramServer")
    }
}

impl fmt::Debug for ScramClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScramClient")
    }
}

/// PBKDF2 with one block. A password that SASLprep refuses is taken as it is, as PostgreSQL does.
fn salted(password: &[u8], salt: &[u8], iterations: u32) -> [u8; 32] {
    let prepared = std::str::from_utf8(password).ok().and_then(|text| stringprep::saslprep(text).ok());
    let password = prepared.as_deref().map_or(password, str::as_bytes);
    let mut block = mac(password, &[salt, &1u32.to_be_bytes()].concat());
    let mut sum = block;
    for _ in 1..iterations {
        block = mac(password, &block);
        sum = xor(&sum, &block);
    }
    sum
}

fn mac(key: &[u8], message: &[u8]) -> [u8; 32] {
    // A key of any length is one.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    mac.update(message);
    mac.finalize().into_bytes().into()
}

fn xor(one: &[u8; 32], other: &[u8; 32]) -> [u8; 32] {
    let mut out = *one;
    out.iter_mut().zip(other).for_each(|(out, other)| *out ^= other);
    out
}

/// Compares in a time that does not tell where two differ.
fn same(one: &[u8], other: &[u8]) -> bool {
    let differs = one.iter().zip(other).fold(0u8, |differs, (one, other)| differs | (one ^ other));
    one.len() == other.len() && std::hint::black_box(differs) == 0
}

fn printable(message: &[u8]) -> Result<&str, ScramError> {
    let text = std::str::from_utf8(message).map_err(|_| ScramError("a message that is no text"))?;
    if text.len() > LONGEST || text.contains('\0') { Err(ScramError("a message that is too long")) } else { Ok(text) }
}

fn attribute(part: Option<&str>, name: char) -> Result<&str, ScramError> {
    let value = part.and_then(|part| part.strip_prefix(name)?.strip_prefix('='));
    value.ok_or(ScramError("a message without an attribute that it must have"))
}

fn decode(text: &str) -> Result<Vec<u8>, ScramError> {
    BASE64.decode(text).map_err(|_| ScramError("an attribute that is no Base64"))
}

const LONGEST: usize = 4096;
/// A server could otherwise keep the gateway busy with one number.
const MOST_ITERATIONS: u32 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWORD: &[u8] = b"pencil";
    const SALTED_WITH: (&[u8], u32) = (b"salt", 16);

    /// What a server that knows the password does with a proof of it.
    fn knows<'p>(
        password: &'p [u8],
        (salt, iterations): (&'p [u8], u32),
    ) -> impl FnOnce(&[u8], &[u8; 32]) -> Option<[u8; 32]> + use<'p> {
        move |exchange, proof| {
            let salted = salted(password, salt, iterations);
            let stored: [u8; 32] = Sha256::digest(mac(&salted, b"Client Key")).into();
            let client_key = xor(proof, &mac(&stored, exchange));
            let proved = Sha256::digest(client_key).as_slice() == stored;
            proved.then(|| mac(&mac(&salted, b"Server Key"), exchange))
        }
    }

    fn body(message: &ToClient) -> Vec<u8> {
        message.as_bytes()[9..].to_vec()
    }

    /// The exchange of RFC 7677, section 3.
    #[test]
    fn the_servers_side_follows_the_rfc() {
        let salt = BASE64.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        let first = b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
        let nonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        let (server, answer) =
            ScramServer::begin((&salt, 4096), SCRAM.as_bytes(), first, nonce, Binding::None).unwrap();
        let wanted = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
        assert_eq!(body(&answer), wanted);
        let last = b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
        assert_eq!(
            body(&server.finish(last, knows(PASSWORD, (&salt, 4096))).unwrap()),
            b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
        );
    }

    fn exchange(known: &[u8], given: &[u8], ours: Binding<'_>, theirs: Binding<'_>) -> Result<(), ScramError> {
        let offered = [SCRAM_PLUS, SCRAM].map(|name| Bytes::from_static(name.as_bytes()));
        let offered = if ours == Binding::None { &offered[1..] } else { &offered[..] };
        let (mut client, mechanism, first) = ScramClient::begin(offered, given, "abc", theirs)?;
        let (server, answer) = ScramServer::begin(SALTED_WITH, mechanism.as_bytes(), &first, "def", ours)?;
        let last = client.prove(&body(&answer))?;
        client.verify(&body(&server.finish(&last, knows(known, SALTED_WITH))?))
    }

    #[test]
    fn both_sides_agree_with_and_without_a_channel() {
        assert_eq!(exchange(PASSWORD, PASSWORD, Binding::None, Binding::None), Ok(()));
        assert_eq!(exchange(PASSWORD, PASSWORD, Binding::EndPoint(b"cert"), Binding::EndPoint(b"cert")), Ok(()));
        assert_eq!(exchange(PASSWORD, PASSWORD, Binding::EndPoint(b"cert"), Binding::None), Ok(()));
        assert_eq!(exchange("é\u{ad}".as_bytes(), "e\u{301}".as_bytes(), Binding::None, Binding::None), Ok(()));
        assert!(exchange(PASSWORD, b"pencils", Binding::None, Binding::None).is_err());
        assert!(exchange(PASSWORD, PASSWORD, Binding::EndPoint(b"cert"), Binding::EndPoint(b"another")).is_err());
    }

    #[test]
    fn what_was_reckoned_once_serves_as_long_as_the_salt_is_the_same() {
        let exchange = |given: &[u8], keys: Option<SaltedKeys>, salted_with: (&[u8], u32)| {
            let offered = [Bytes::from_static(SCRAM.as_bytes())];
            let (client, mechanism, first) = ScramClient::begin(&offered, given, "abc", Binding::None).unwrap();
            let mut client = client.knowing(keys);
            let (server, answer) =
                ScramServer::begin(salted_with, mechanism.as_bytes(), &first, "def", Binding::None).unwrap();
            let last = client.prove(&body(&answer)).unwrap();
            let proved =
                server.finish(&last, knows(PASSWORD, salted_with)).and_then(|last| client.verify(&body(&last)));
            (proved.is_ok(), client.keys().cloned())
        };
        let (proved, keys) = exchange(PASSWORD, None, SALTED_WITH);
        assert!(proved && keys.is_some());
        // The keys are what counts, so they were taken; with another salt or number they were not.
        assert!(exchange(b"no password", keys.clone(), SALTED_WITH).0);
        assert!(!exchange(b"no password", keys.clone(), (b"other", 16)).0);
        assert!(!exchange(b"no password", keys.clone(), (b"salt", 17)).0);
        let (proved, others) = exchange(PASSWORD, keys, (b"other", 16));
        assert!(proved && exchange(b"no password", others, (b"other", 16)).0);
    }

    #[test]
    fn a_shortened_offer_is_noticed() {
        let (_, mechanism, first) =
            ScramClient::begin(&[Bytes::from_static(b"SCRAM-SHA-256")], PASSWORD, "abc", Binding::EndPoint(b"cert"))
                .unwrap();
        let end_point = Binding::EndPoint(b"cert");
        assert!(ScramServer::begin(SALTED_WITH, mechanism.as_bytes(), &first, "def", end_point).is_err());
    }

    #[test]
    fn a_server_that_does_not_know_the_password_is_found_out() {
        let offered = [Bytes::from_static(b"SCRAM-SHA-256")];
        let (mut client, ..) = ScramClient::begin(&offered, PASSWORD, "abc", Binding::None).unwrap();
        assert!(client.verify(b"v=AAAA").is_err());
        client.prove(b"r=abcdef,s=c2FsdA==,i=16").unwrap();
        assert!(client.verify(b"v=AAAA").is_err());
        assert!(client.prove(b"r=abc,s=c2FsdA==,i=16").is_err(), "the server added nothing");
        assert!(client.prove(b"r=abcdef,s=c2FsdA==,i=2000000000").is_err());
    }

    /// Computed with `md5sum`: of `secretalice`, then of its digits and the salt.
    #[test]
    fn md5_is_what_the_server_wants() {
        let answer = md5_password(b"alice", b"secret", *b"salt");
        assert_eq!(answer, b"md5986e2194384c07f4fd1df4b1351b3e68");
    }
}
