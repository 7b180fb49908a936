//! What a client says first: requests for encryption, a cancel, or the startup.

use std::fmt;

use bytes::{Buf as _, Bytes, BytesMut};

use super::bytes::{Malformed, Reader, TooLong, Writer};

/// The newest minor version of protocol 3 that is spoken here.
pub const NEWEST_MINOR: u16 = 2;

/// The first packet of a connection, or the next after a request for encryption was answered.
#[derive(Clone)]
pub enum Opening {
    /// TLS without a request, as PostgreSQL 17 has it. Nothing was consumed.
    DirectTls,
    /// Asks for TLS: answer `S` or `N`.
    SslRequest,
    /// Asks for encryption by GSSAPI: answer `N`.
    GssRequest,
    /// Asks to cancel what the session with this key does.
    Cancel(CancelKey),
    /// Begins a session.
    Startup(Startup),
}

/// What a cancel request must know of a session.
#[derive(Clone, Eq, PartialEq)]
pub struct CancelKey {
    /// The process id that the session was told.
    pub process: i32,
    /// Four bytes before protocol 3.2, up to 256 since.
    pub secret: Bytes,
}

/// The startup packet.
#[derive(Clone)]
pub struct Startup {
    /// The minor version that the client asks for.
    pub minor: u16,
    /// Names and values, in order, each once.
    pub parameters: Vec<(Bytes, Bytes)>,
}

/// Names of settings and their values.
pub type Settings = Vec<(Vec<u8>, Vec<u8>)>;

/// Reads the first packet from the front of what has arrived; `None` when more must come.
///
/// # Errors
///
/// When it is none, is too long, or when bytes in the clear follow a request for encryption: somebody may have put them
/// there, and they must never be taken for the client's.
pub fn read_opening(buffer: &mut BytesMut) -> Result<Option<Opening>, OpeningError> {
    // A packet that began with this byte would be far too long.
    if buffer.first() == Some(&TLS_HANDSHAKE) {
        return Ok(Some(Opening::DirectTls));
    }
    let Some(length) = buffer.first_chunk::<4>() else { return Ok(None) };
    let length = usize::try_from(i32::from_be_bytes(*length)).map_err(|_| OpeningError(Fault::Length))?;
    if !(8..=LONGEST).contains(&length) {
        return Err(OpeningError(Fault::Length));
    }
    if buffer.len() < length {
        return Ok(None);
    }
    let mut packet = Reader::new(buffer.split_to(length).freeze(), 4, "startup packet");
    let code = packet.u32().map_err(broken)?;
    let opening = match code {
        SSL_REQUEST | GSS_REQUEST => {
            packet.end().map_err(broken)?;
            if buffer.has_remaining() {
                return Err(OpeningError(Fault::Plaintext));
            }
            if code == SSL_REQUEST { Opening::SslRequest } else { Opening::GssRequest }
        }
        CANCEL_REQUEST => {
            let process = packet.i32().map_err(broken)?;
            let secret = packet.rest();
            if secret.is_empty() || secret.len() > LONGEST_KEY {
                return Err(OpeningError(Fault::Length));
            }
            Opening::Cancel(CancelKey { process, secret })
        }
        version => {
            let [major, minor] = [version >> 16, version & 0xffff];
            if major != 3 {
                return Err(OpeningError(Fault::Version(major)));
            }
            let minor = u16::try_from(minor).unwrap_or(u16::MAX);
            Opening::Startup(Startup { minor, parameters: parameters(&mut packet)? })
        }
    };
    Ok(Some(opening))
}

fn parameters(packet: &mut Reader) -> Result<Vec<(Bytes, Bytes)>, OpeningError> {
    let mut parameters: Vec<(Bytes, Bytes)> = Vec::new();
    loop {
        let name = packet.text().map_err(broken)?;
        if name.is_empty() {
            packet.end().map_err(broken)?;
            return Ok(parameters);
        }
        let value = packet.text().map_err(broken)?;
        // The server takes the last of two; two readers that disagree about that are a hole.
        if parameters.iter().any(|(known, _)| *known == name) {
            return Err(OpeningError(Fault::Twice));
        }
        parameters.push((name, value));
    }
}

impl Startup {
    /// The value of a parameter.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Bytes> {
        self.parameters.iter().find(|(known, _)| known == name.as_bytes()).map(|(_, value)| value)
    }

    /// The minor version to speak, and the protocol options of the client that are not known here. When there are any, or
    /// the version is not the one asked for, the client must be told so.
    #[must_use]
    pub fn negotiate(&self) -> Negotiation {
        let options = self.parameters.iter().map(|(name, _)| name).filter(|name| name.starts_with(b"_pq_."));
        let unknown: Vec<Bytes> = options.cloned().collect();
        let minor = self.minor.min(NEWEST_MINOR);
        Negotiation { must_be_told: minor != self.minor || !unknown.is_empty(), minor, unknown }
    }

    /// Settings in the parameter `options`, as `-c name=value` or `--name=value`; a backslash escapes.
    ///
    /// # Errors
    ///
    /// For any other switch: it would change how the server runs.
    pub fn options(&self) -> Result<Settings, OpeningError> {
        let words = words(self.get("options").map(Bytes::as_ref).unwrap_or_default());
        let mut words = words.into_iter();
        let mut settings = Vec::new();
        while let Some(word) = words.next() {
            let setting = match word.as_slice() {
                b"-c" => words.next(),
                [b'-', b'c', rest @ ..] | [b'-', b'-', rest @ ..] => Some(rest.to_vec()),
                _ => None,
            };
            let setting = setting.ok_or(OpeningError(Fault::Option))?;
            let at = setting.iter().position(|byte| *byte == b'=').ok_or(OpeningError(Fault::Option))?;
            let (name, value) = setting.split_at(at);
            let name = name.iter().map(|byte| if *byte == b'-' { b'_' } else { byte.to_ascii_lowercase() }).collect();
            settings.push((name, value.get(1..).unwrap_or_default().to_vec()));
        }
        Ok(settings)
    }

    /// The packet.
    ///
    /// # Errors
    ///
    /// When a name or value has a NUL.
    pub fn write(&self) -> Result<Bytes, TooLong> {
        let mut writer = Writer::opening();
        writer.u32((3 << 16) | u32::from(self.minor));
        for (name, value) in &self.parameters {
            writer.text(name).text(value);
        }
        writer.u8(0);
        writer.finish()
    }
}

impl CancelKey {
    /// The request, for the server.
    ///
    /// # Errors
    ///
    /// Never for a key that a server sent.
    pub fn write(&self) -> Result<Bytes, TooLong> {
        let mut writer = Writer::opening();
        writer.u32(CANCEL_REQUEST).i32(self.process).bytes(&self.secret);
        writer.finish()
    }
}

fn words(options: &[u8]) -> Vec<Vec<u8>> {
    let mut words = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    let mut bytes = options.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte.is_ascii_whitespace() || byte == 0x0b {
            words.extend(word.take());
        } else {
            let byte = if byte == b'\\' { bytes.next() } else { Some(byte) };
            word.get_or_insert_default().extend(byte);
        }
    }
    words.extend(word);
    words
}

/// What both sides will speak.
#[derive(Clone, Eq, PartialEq)]
pub struct Negotiation {
    /// The minor version.
    pub minor: u16,
    /// Options of the client that are not known here.
    pub unknown: Vec<Bytes>,
    /// Whether a `NegotiateProtocolVersion` must be sent.
    pub must_be_told: bool,
}

impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DirectTls => f.write_str("DirectTls"),
            Self::SslRequest => f.write_str("SslRequest"),
            Self::GssRequest => f.write_str("GssRequest"),
            Self::Cancel(_) => f.write_str("Cancel"),
            Self::Startup(startup) => startup.fmt(f),
        }
    }
}

impl fmt::Debug for Startup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Startup(3.{}, {} parameters)", self.minor, self.parameters.len())
    }
}

impl fmt::Debug for CancelKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CancelKey({} bytes)", self.secret.len())
    }
}

impl fmt::Debug for Negotiation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Negotiation(3.{}, {} unknown options)", self.minor, self.unknown.len())
    }
}

/// Why a connection ends before it began.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OpeningError(Fault);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fault {
    Length,
    Grammar(Malformed),
    Plaintext,
    Version(u32),
    Twice,
    Option,
}

impl OpeningError {
    /// Whether somebody sent bytes in the clear behind a request for encryption.
    #[must_use]
    pub fn is_plaintext(&self) -> bool {
        self.0 == Fault::Plaintext
    }
}

impl fmt::Display for OpeningError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Fault::Length => f.write_str("the first packet has an impossible length"),
            Fault::Grammar(malformed) => malformed.fmt(f),
            Fault::Plaintext => f.write_str("unencrypted data after a request for encryption"),
            Fault::Version(major) => write!(f, "protocol {major} is not spoken here, only 3"),
            Fault::Twice => f.write_str("a startup parameter is given twice"),
            Fault::Option => f.write_str("startup options other than settings are refused"),
        }
    }
}

impl std::error::Error for OpeningError {}

fn broken(malformed: Malformed) -> OpeningError {
    OpeningError(Fault::Grammar(malformed))
}

const CANCEL_REQUEST: u32 = 80_877_102;
const SSL_REQUEST: u32 = 80_877_103;
const GSS_REQUEST: u32 = 80_877_104;
const TLS_HANDSHAKE: u8 = 0x16;
/// The server's own limit.
const LONGEST: usize = 10_000;
const LONGEST_KEY: usize = 256;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8]) -> Result<Option<Opening>, OpeningError> {
        read_opening(&mut BytesMut::from(bytes))
    }

    fn startup(minor: u16, pairs: &[(&str, &str)]) -> Bytes {
        let own = |text: &str| Bytes::copy_from_slice(text.as_bytes());
        Startup { minor, parameters: pairs.iter().map(|(a, b)| (own(a), own(b))).collect() }.write().unwrap()
    }

    #[test]
    fn requests_are_told_apart() {
        assert!(matches!(read(b"\0\0\0\x08\x04\xd2\x16\x2f"), Ok(Some(Opening::SslRequest))));
        assert!(matches!(read(b"\0\0\0\x08\x04\xd2\x16\x30"), Ok(Some(Opening::GssRequest))));
        assert!(matches!(read(b"\x16\x03\x01"), Ok(Some(Opening::DirectTls))));
        assert!(matches!(read(b"\0\0\0\x08\x04\xd2\x16"), Ok(None)));
        let wrong = read(b"\0\x02\0\0").unwrap_err();
        assert_eq!(wrong.to_string(), "the first packet has an impossible length");
        assert!(read(b"\0\0\0\x08\0\x02\0\0").unwrap_err().to_string().contains("protocol 2 is not"));
    }

    #[test]
    fn bytes_in_the_clear_after_a_request_end_it() {
        let mut stolen = b"\0\0\0\x08\x04\xd2\x16\x2f".to_vec();
        stolen.extend_from_slice(&startup(0, &[("user", "eve")]));
        assert!(read(&stolen).unwrap_err().is_plaintext());
    }

    #[test]
    fn keys_may_be_long() {
        for length in [4, 32, 256] {
            let key = CancelKey { process: 77, secret: Bytes::from(vec![7; length]) };
            let Ok(Some(Opening::Cancel(read))) = read(&key.write().unwrap()) else { panic!("{length}") };
            assert!(read == key);
        }
        for length in [0, 257] {
            let key = CancelKey { process: 77, secret: Bytes::from(vec![7; length]) };
            assert!(read(&key.write().unwrap()).is_err(), "{length}");
        }
    }

    #[test]
    fn versions_and_options_are_negotiated() {
        let negotiate = |minor, pairs: &[(&str, &str)]| {
            let Ok(Some(Opening::Startup(read))) = read(&startup(minor, pairs)) else { panic!() };
            read.negotiate()
        };
        assert!(!negotiate(0, &[("user", "a")]).must_be_told);
        assert!(!negotiate(2, &[("user", "a")]).must_be_told);
        let newer = negotiate(9999, &[("user", "a"), ("_pq_.grease", "1")]);
        assert_eq!((newer.minor, newer.must_be_told), (2, true));
        assert_eq!(newer.unknown, ["_pq_.grease"]);
    }

    #[test]
    fn options_are_settings_or_refused() {
        let options = |text: &str| {
            let Ok(Some(Opening::Startup(read))) = read(&startup(0, &[("user", "a"), ("options", text)])) else {
                panic!()
            };
            read.options()
        };
        let pair = |a: &str, b: &str| (a.as_bytes().to_vec(), b.as_bytes().to_vec());
        let both = options(r"-c search_path=a\ b  --Date-Style=ISO -cx=").unwrap();
        assert_eq!(both, [pair("search_path", "a b"), pair("date_style", "ISO"), pair("x", "")]);
        for refused in ["-D /", "-c", "-c role", "x=y", "--"] {
            assert!(options(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn a_parameter_given_twice_is_refused() {
        assert!(read(&startup(0, &[("user", "a"), ("user", "b")])).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = read(&bytes);
        }
    }
}
