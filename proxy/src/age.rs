//! Small secrets, sealed to somebody's public key in the age format (`age-encryption.org/v1`, X25519), so that other people's
//! programs open them.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use curve25519_dalek::montgomery::MontgomeryPoint;
use hmac::{Hmac, KeyInit as _, Mac as _};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, KeyType, Salt};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Somebody who may read what is sealed.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct Recipient([u8; 32]);

/// What opens what was sealed to its recipient.
pub(crate) struct Identity(Zeroizing<[u8; 32]>);

/// Why something is no key, or does not open.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Unusable(pub(crate) &'static str);

const VERSION: &str = "age-encryption.org/v1";
const STANZA: &[u8] = b"age-encryption.org/v1/X25519";
const PUBLIC: &str = "age";
const SECRET: &str = "age-secret-key-";
const FILE_KEY: usize = 16;
const TAG: usize = 16;
/// One chunk is enough for what is sealed here.
const MOST: usize = 64 << 10;

impl Recipient {
    /// Reads `age1…`.
    pub(crate) fn parse(text: &str) -> Result<Self, Unusable> {
        let wrong = Unusable("a recipient has the form age1…");
        bech32_read(PUBLIC, text.trim()).map(|key| Self(*key)).ok_or(wrong)
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&bech32_written(PUBLIC, &self.0))
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient({self})")
    }
}

impl Identity {
    /// A new one.
    pub(crate) fn generate() -> Result<Self, Unusable> {
        random().map(Self)
    }

    /// Reads the first key of a file, as `age-keygen` and [`Identity::text`] write it.
    pub(crate) fn parse(text: &str) -> Result<Self, Unusable> {
        let line = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
        let wrong = Unusable("the file has no line AGE-SECRET-KEY-1…");
        line.and_then(|line| bech32_read(SECRET, line)).map(Self).ok_or(wrong)
    }

    /// The file that [`Identity::parse`] reads.
    pub(crate) fn text(&self) -> Zeroizing<String> {
        let secret = Zeroizing::new(bech32_written(SECRET, &self.0).to_ascii_uppercase());
        Zeroizing::new(format!("# public key: {}\n{}\n", self.recipient(), *secret))
    }

    /// What is sealed to it.
    pub(crate) fn recipient(&self) -> Recipient {
        Recipient(MontgomeryPoint::mul_base_clamped(*self.0).to_bytes())
    }

    /// Opens a file that was sealed to it, perhaps among others.
    pub(crate) fn open(&self, file: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unusable> {
        let malformed = Unusable("it is no file of age, or was altered");
        let (header, rest) = header_of(file).ok_or(malformed)?;
        let lines: Vec<&str> = header.lines().collect();
        if lines.first() != Some(&VERSION) {
            return Err(malformed);
        }
        let own = self.recipient();
        let stanzas = lines.windows(2).filter_map(|pair| match pair {
            [stanza, body] => Some((stanza.strip_prefix("-> X25519 ")?, *body)),
            _ => None,
        });
        let opened = stanzas.filter_map(|(share, body)| {
            let share: [u8; 32] = STANDARD_NO_PAD.decode(share).ok()?.try_into().ok()?;
            let mut wrapped = STANDARD_NO_PAD.decode(body).ok()?;
            let shared = agreed(&self.0, &share)?;
            let key = derived(&[share.as_slice(), &own.0].concat(), shared.as_slice(), STANZA)?;
            opened_with(&key, [0; 12], &mut wrapped).filter(|key| key.len() == FILE_KEY).map(Zeroizing::new)
        });
        let file_key = { opened }.next().ok_or(Unusable("it is sealed to somebody else"))?;
        let (signed, mac) = header.rsplit_once(' ').ok_or(malformed)?;
        let mac = STANDARD_NO_PAD.decode(mac.trim_end()).map_err(|_| malformed)?;
        header_mac(&file_key, signed).ok_or(malformed)?.verify_slice(&mac).map_err(|_| malformed)?;
        let (nonce, sealed) = rest.split_at_checked(16).ok_or(malformed)?;
        if sealed.len() > MOST + TAG {
            return Err(Unusable("it is longer than a key"));
        }
        let key = derived(nonce, &file_key, b"payload").ok_or(malformed)?;
        opened_with(&key, LAST, &mut sealed.to_vec()).map(Zeroizing::new).ok_or(malformed)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity")
    }
}

/// Seals a few bytes to each of the recipients.
pub(crate) fn sealed(bytes: &[u8], to: &[Recipient]) -> Result<Vec<u8>, Unusable> {
    let failed = Unusable("it cannot be sealed");
    if bytes.len() > MOST || to.is_empty() {
        return Err(failed);
    }
    let mut file_key = Zeroizing::new([0; FILE_KEY]);
    getrandom::fill(file_key.as_mut_slice()).map_err(|_| NO_RANDOM)?;
    let mut header = format!("{VERSION}\n");
    for recipient in to {
        let secret = random()?;
        let share = MontgomeryPoint::mul_base_clamped(*secret).to_bytes();
        let shared = agreed(&secret, &recipient.0).ok_or(Unusable("a recipient's key is none"))?;
        let key = derived(&[share.as_slice(), &recipient.0].concat(), shared.as_slice(), STANZA).ok_or(failed)?;
        let wrapped = sealed_with(&key, [0; 12], file_key.as_slice()).ok_or(failed)?;
        let (share, wrapped) = (STANDARD_NO_PAD.encode(share), STANDARD_NO_PAD.encode(wrapped));
        header.push_str(&format!("-> X25519 {share}\n{wrapped}\n"));
    }
    header.push_str("---");
    let mac = header_mac(file_key.as_slice(), &header).ok_or(failed)?.finalize().into_bytes();
    header.push_str(&format!(" {}\n", STANDARD_NO_PAD.encode(mac)));
    let mut nonce = [0; 16];
    getrandom::fill(&mut nonce).map_err(|_| NO_RANDOM)?;
    let key = derived(&nonce, file_key.as_slice(), b"payload").ok_or(failed)?;
    let payload = sealed_with(&key, LAST, bytes).ok_or(failed)?;
    Ok([header.as_bytes(), &nonce, &payload].concat())
}

const NO_RANDOM: Unusable = Unusable("the system gives no random bytes");

/// The nonce of the first chunk, which is the last one.
const LAST: [u8; 12] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

fn random() -> Result<Zeroizing<[u8; 32]>, Unusable> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|_| NO_RANDOM)?;
    Ok(bytes)
}

/// The header with its line end, and what follows.
fn header_of(file: &[u8]) -> Option<(&str, &[u8])> {
    let at = memchr::memmem::find(file, b"\n---")? + 4;
    let end = at + memchr::memchr(b'\n', file.get(at..)?)? + 1;
    let (header, rest) = file.split_at_checked(end)?;
    Some((std::str::from_utf8(header).ok()?, rest))
}

/// `None`: the other key leads nowhere.
fn agreed(secret: &[u8; 32], public: &[u8; 32]) -> Option<Zeroizing<[u8; 32]>> {
    let shared = Zeroizing::new(MontgomeryPoint(*public).mul_clamped(*secret).to_bytes());
    shared.iter().any(|byte| *byte != 0).then_some(shared)
}

struct Length;

impl KeyType for Length {
    fn len(&self) -> usize {
        32
    }
}

fn derived(salt: &[u8], secret: &[u8], purpose: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    let mut key = Zeroizing::new([0; 32]);
    let purposes = [purpose];
    let expanded = Salt::new(HKDF_SHA256, salt).extract(secret);
    expanded.expand(&purposes, Length).and_then(|okm| okm.fill(key.as_mut_slice())).ok()?;
    Some(key)
}

fn header_mac(file_key: &[u8], header: &str) -> Option<Hmac<Sha256>> {
    let key = derived(b"", file_key, b"header")?;
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_slice()).ok()?;
    mac.update(header.as_bytes());
    Some(mac)
}

fn sealed_with(key: &[u8; 32], nonce: [u8; 12], bytes: &[u8]) -> Option<Vec<u8>> {
    let key = LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, key).ok()?);
    let mut sealed = bytes.to_vec();
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed).ok()?;
    Some(sealed)
}

fn opened_with(key: &[u8; 32], nonce: [u8; 12], sealed: &mut [u8]) -> Option<Vec<u8>> {
    let key = LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, key).ok()?);
    let opened = key.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::empty(), sealed).ok()?;
    Some(opened.to_vec())
}

const ALPHABET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// Five bits each, high ones first.
fn bech32_written(prefix: &str, key: &[u8; 32]) -> String {
    let mut digits = Vec::with_capacity(58);
    let (mut held, mut bits) = (0_u32, 0);
    for byte in key {
        held = held << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            digits.push(held >> bits & 31);
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        digits.push(held << (5 - bits) & 31);
    }
    let check = checksum(prefix, digits.iter().copied().chain([0; 6])) ^ 1;
    digits.extend((0..6).map(|at| check >> (5 * (5 - at)) & 31));
    let letters = digits.into_iter().filter_map(|digit| ALPHABET.get(usize::try_from(digit).ok()?));
    let mut text = format!("{prefix}1");
    text.extend(letters.map(|letter| char::from(*letter)));
    text
}

fn bech32_read(prefix: &str, text: &str) -> Option<Zeroizing<[u8; 32]>> {
    let lower = Zeroizing::new(text.to_ascii_lowercase());
    // Of one case, as a whole.
    if text != lower.as_str() && text != lower.to_ascii_uppercase() {
        return None;
    }
    let letters = lower.strip_prefix(prefix)?.strip_prefix('1')?;
    let digit = |letter: u8| ALPHABET.iter().position(|known| *known == letter).and_then(|at| u32::try_from(at).ok());
    let digits = Zeroizing::new(letters.bytes().map(digit).collect::<Option<Vec<u32>>>()?);
    if checksum(prefix, digits.iter().copied()) != 1 {
        return None;
    }
    let content = digits.get(..digits.len().checked_sub(6)?)?;
    let mut key = Zeroizing::new([0; 32]);
    let (mut held, mut bits, mut at) = (0_u32, 0, 0);
    for digit in content {
        held = held << 5 | digit;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            *key.get_mut(at)? = u8::try_from(held >> bits & 255).ok()?;
            at += 1;
        }
        held &= (1 << bits) - 1;
    }
    (at == key.len() && bits < 5 && held == 0).then_some(key)
}

/// The polynomial of BIP 173.
fn checksum(prefix: &str, digits: impl Iterator<Item = u32>) -> u32 {
    const STEPS: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let high = prefix.bytes().map(|byte| u32::from(byte >> 5));
    let low = prefix.bytes().map(|byte| u32::from(byte & 31));
    high.chain([0]).chain(low).chain(digits).fold(1, |sum, digit| {
        let top = sum >> 25;
        let next = (sum & 0x01ff_ffff) << 5 ^ digit;
        STEPS.iter().enumerate().filter(|(at, _)| top >> at & 1 == 1).fold(next, |sum, (_, step)| sum ^ step)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Its public half was computed by other implementations of X25519 and of bech32.
    const KNOWN: &str = "AGE-SECRET-KEY-1XMWWC06LY3EE5RYTXM9MFLAZ2U56JJJ36S0MYPDRWSVLUL66MV4QX3S7F6";

    #[test]
    fn keys_are_written_as_other_programs_write_them() {
        let identity = Identity::parse(KNOWN).unwrap();
        assert_eq!(identity.text().lines().last(), Some(KNOWN));
        let text = identity.recipient().to_string();
        assert_eq!(text, "age1w3tyke4gev25vaxxsvcgqu4484rf6ejpmavs57p6yz6lhy2sfs5swrvwyn");
        assert_eq!(Recipient::parse(&text).unwrap(), identity.recipient());
        for at in 0..text.len() {
            let mut altered = text.clone().into_bytes();
            altered[at] = if altered[at] == b'q' { b'p' } else { b'q' };
            assert!(Recipient::parse(std::str::from_utf8(&altered).unwrap()).is_err(), "{at}");
        }
        assert!(Recipient::parse(KNOWN).is_err() && Identity::parse(&text).is_err());
        assert_eq!(format!("{identity:?}"), "Identity");
    }

    #[test]
    fn what_is_sealed_opens_for_each_recipient_and_nobody_else() {
        let (one, two, stranger) =
            (Identity::generate().unwrap(), Identity::generate().unwrap(), Identity::generate().unwrap());
        let file = sealed(b"a small secret", &[one.recipient(), two.recipient()]).unwrap();
        for identity in [&one, &two] {
            assert_eq!(identity.open(&file).unwrap().as_slice(), b"a small secret");
        }
        assert_eq!(stranger.open(&file).unwrap_err(), Unusable("it is sealed to somebody else"));
        for at in 0..file.len() {
            let mut altered = file.clone();
            altered[at] ^= 1;
            // The other recipient's part is under the seal of the header as well.
            assert!(one.open(&altered).is_err(), "the byte at {at}");
        }
        for cut in 0..file.len() {
            assert!(one.open(&file[..cut]).is_err());
        }
        assert!(sealed(b"x", &[Recipient([0; 32])]).is_err(), "a key that leads nowhere");
    }
}
