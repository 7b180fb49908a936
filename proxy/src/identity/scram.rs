//! SCRAM-SHA-256 (RFC 5802, 7677) for credentials: what is stored of a password, and how a proof is checked.

use std::num::NonZeroU32;

use ring::digest::{SHA256, digest};
use ring::{hmac, pbkdf2};

/// What is stored of a password: enough to check a proof, too little to make one.
#[derive(Clone, Copy)]
pub(crate) struct Verifier {
    pub(crate) stored_key: [u8; 32],
    pub(crate) server_key: [u8; 32],
}

/// The secret that salts come from. One salt for each subject, the same whether the subject is known or not: the exchange
/// does not say who exists.
pub(crate) struct SaltKey(hmac::Key);

/// PostgreSQL's own number. Passwords here have 256 random bits; there is nothing to slow down.
pub(crate) const ITERATIONS: u32 = 4096;

impl SaltKey {
    pub(crate) fn new(secret: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    pub(crate) fn salt(&self, subject: &str) -> [u8; 16] {
        let tag = hmac::sign(&self.0, format!("scram salt\0{subject}").as_bytes());
        let mut salt = [0; 16];
        salt.copy_from_slice(&tag.as_ref()[..16]);
        salt
    }
}

impl Verifier {
    /// Of a password that is plain ASCII, as ours are: SASLprep leaves it as it is.
    pub(crate) fn of(password: &str, salt: &[u8; 16]) -> Self {
        let mut salted = [0; 32];
        let iterations = NonZeroU32::new(ITERATIONS).unwrap_or(NonZeroU32::MIN);
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, iterations, salt, password.as_bytes(), &mut salted);
        let key = hmac::Key::new(hmac::HMAC_SHA256, &salted);
        let client_key = hmac::sign(&key, b"Client Key");
        Self {
            stored_key: bytes(digest(&SHA256, client_key.as_ref()).as_ref()),
            server_key: bytes(hmac::sign(&key, b"Server Key").as_ref()),
        }
    }

    /// The server's signature, if the client's proof is right.
    pub(crate) fn check(&self, auth_message: &[u8], proof: &[u8; 32]) -> Option<[u8; 32]> {
        let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.stored_key), auth_message);
        let mut client_key = *proof;
        client_key.iter_mut().zip(signature.as_ref()).for_each(|(byte, mask)| *byte ^= mask);
        let hashed = digest(&SHA256, &client_key);
        // All of it, whatever the first byte says.
        let difference = hashed.as_ref().iter().zip(&self.stored_key).fold(0, |sum, (one, other)| sum | (one ^ other));
        if difference != 0 {
            return None;
        }
        Some(bytes(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.server_key), auth_message).as_ref()))
    }
}

/// Of an output of SHA-256, which has 32 bytes.
fn bytes(output: &[u8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(output);
    bytes
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    /// The exchange that RFC 7677, section 3, prints.
    #[test]
    fn the_published_exchange_verifies() {
        let salt: [u8; 16] = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap().try_into().unwrap();
        let verifier = Verifier::of("pencil", &salt);
        let message = "n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
            s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        let proof: [u8; 32] =
            STANDARD.decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=").unwrap().try_into().unwrap();
        let signature = verifier.check(message.as_bytes(), &proof).unwrap();
        assert_eq!(STANDARD.encode(signature), "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");

        let mut wrong = proof;
        wrong[31] ^= 1;
        assert!(verifier.check(message.as_bytes(), &wrong).is_none());
        assert!(verifier.check(b"another exchange", &proof).is_none());
    }

    #[test]
    fn a_salt_belongs_to_a_subject_and_a_gateway() {
        let key = SaltKey::new(&[1; 32]);
        assert_eq!(key.salt("a"), SaltKey::new(&[1; 32]).salt("a"));
        assert_ne!(key.salt("a"), key.salt("b"));
        assert_ne!(key.salt("a"), SaltKey::new(&[2; 32]).salt("a"));
    }
}
