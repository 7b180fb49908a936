//! The secret behind `token`, `fpe`, `shift` and `surrogate`: one root key in a small text file, and the sub-keys
//! that are derived from it.
//!
//! A key file is one line, `blackbar-key-v1 <64 hex digits> <8 hex digits>`; the last word is a checksum, so that a
//! mistyped or cut key is refused and not silently used to write tokens that nobody can resolve. Empty lines and
//! lines that begin with `#` are ignored.
//!
//! No root key is ever used directly. Every use has its own sub-key (HKDF-SHA256 over tenant, purpose and kind), so
//! what is learnt about one kind or tenant says nothing about another.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;

use hkdf::Hkdf;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// The root key. Its bytes are wiped when it is dropped, and `Debug` prints none of them.
pub struct KeyFile {
    root: Zeroizing<[u8; ROOT_LEN]>,
}

impl KeyFile {
    /// A new key from the operating system's random source.
    pub fn generate() -> Result<Self, KeyError> {
        let mut root = Zeroizing::new([0; ROOT_LEN]);
        getrandom::fill(root.as_mut_slice()).map_err(|_| KeyError(Problem::NoRandomness))?;
        Ok(Self { root })
    }

    /// A key with known bytes, for test vectors and for keys that come from a key service.
    pub fn from_bytes(bytes: [u8; ROOT_LEN]) -> Self {
        Self { root: Zeroizing::new(bytes) }
    }

    /// Reads the text of a key file.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let line = lines.next().ok_or(KeyError(Problem::Empty))?;
        if lines.next().is_some() {
            return Err(KeyError(Problem::MoreThanOneKey));
        }
        let mut words = line.split_ascii_whitespace();
        match words.next() {
            Some(VERSION) => {}
            Some(word) if word.starts_with("blackbar-key-") => return Err(KeyError(Problem::OtherVersion)),
            _ => return Err(KeyError(Problem::NotAKeyFile)),
        }
        let (Some(digits), Some(check), None) = (words.next(), words.next(), words.next()) else {
            return Err(KeyError(Problem::WrongWords));
        };
        let mut root = Zeroizing::new([0; ROOT_LEN]);
        let mut written = [0; CHECK_LEN];
        if !unhex(digits, root.as_mut_slice()) || !unhex(check, &mut written) {
            return Err(KeyError(Problem::BadDigits));
        }
        if checksum(&root) != written {
            return Err(KeyError(Problem::BadChecksum));
        }
        Ok(Self { root })
    }

    /// Reads a key file from disk.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let file = File::open(path).map_err(|error| KeyError(Problem::Io(error)))?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_FILE));
        file.take(MAX_FILE as u64 + 1).read_to_end(&mut bytes).map_err(|error| KeyError(Problem::Io(error)))?;
        if bytes.len() > MAX_FILE {
            return Err(KeyError(Problem::NotAKeyFile));
        }
        Self::parse(std::str::from_utf8(&bytes).map_err(|_| KeyError(Problem::NotAKeyFile))?)
    }

    /// Writes a new key file that only its owner can read. An existing file is never touched: overwriting a key
    /// would make every token that was written with it unresolvable.
    pub fn write(&self, path: &Path) -> Result<(), KeyError> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let write = || {
            let mut file = options.open(path)?;
            file.write_all(self.text().as_bytes())?;
            file.sync_all()
        };
        write().map_err(|error| KeyError(Problem::Io(error)))
    }

    /// The text that `parse` reads.
    pub fn text(&self) -> Zeroizing<String> {
        // Enough room from the start: a string that grows leaves copies of the key behind.
        let mut text = Zeroizing::new(String::with_capacity(VERSION.len() + 2 * (ROOT_LEN + CHECK_LEN) + 3));
        text.push_str(VERSION);
        text.push(' ');
        hex(self.root.as_slice(), &mut text);
        text.push(' ');
        hex(&checksum(&self.root), &mut text);
        text.push('\n');
        text
    }

    /// The sub-key for one tenant (the empty name is the default tenant), purpose and kind.
    pub fn derive<const N: usize>(&self, tenant: &str, purpose: &str, kind: &str) -> Zeroizing<[u8; N]> {
        const { assert!(N <= 255 * 32, "HKDF-SHA256 yields no more") };
        let hkdf = Hkdf::<Sha256>::new(Some(b"blackbar-subkey-v1"), self.root.as_slice());
        // Lengths first: ("ab", "c") and ("a", "bc") must never share a key.
        let mut info = Vec::with_capacity(24 + tenant.len() + purpose.len() + kind.len());
        for part in [tenant, purpose, kind] {
            info.extend_from_slice(&(part.len() as u64).to_be_bytes());
            info.extend_from_slice(part.as_bytes());
        }
        let mut key = Zeroizing::new([0; N]);
        hkdf.expand(&info, key.as_mut_slice()).expect("the length was checked at compile time");
        key
    }
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyFile(..)")
    }
}

/// Why a key file could not be made, read or written. Never shows any of its content.
#[derive(Debug)]
pub struct KeyError(Problem);

impl KeyError {
    /// The file to be written is there already.
    pub fn is_existing(&self) -> bool {
        matches!(&self.0, Problem::Io(error) if error.kind() == std::io::ErrorKind::AlreadyExists)
    }

    /// Reading or writing failed, as opposed to a file that was read and is no key.
    pub fn is_io(&self) -> bool {
        matches!(self.0, Problem::Io(_) | Problem::NoRandomness)
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Problem::NoRandomness => f.write_str("the operating system gave no random bytes"),
            Problem::Empty => f.write_str("the key file is empty"),
            Problem::MoreThanOneKey => f.write_str("the key file holds more than one key line"),
            Problem::NotAKeyFile => write!(f, "not a key file: it should begin with `{VERSION}`"),
            Problem::OtherVersion => write!(f, "the key file has another version; this build reads `{VERSION}`"),
            Problem::WrongWords => f.write_str("the key line should be three words: version, key, checksum"),
            Problem::BadDigits => f.write_str("the key or its checksum is cut or is not hexadecimal"),
            Problem::BadChecksum => f.write_str("the checksum does not match: the key file was altered or mistyped"),
            Problem::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for KeyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Problem::Io(error) => Some(error),
            _ => None,
        }
    }
}

#[derive(Debug)]
enum Problem {
    NoRandomness,
    Empty,
    MoreThanOneKey,
    NotAKeyFile,
    OtherVersion,
    WrongWords,
    BadDigits,
    BadChecksum,
    Io(std::io::Error),
}

const VERSION: &str = "blackbar-key-v1";
const ROOT_LEN: usize = 32;
const CHECK_LEN: usize = 4;
/// A key line and a screen of comments.
const MAX_FILE: usize = 4096;

/// Catches accidents. It says nothing useful about the key: 32 bits of a hash of 256 random ones.
fn checksum(root: &[u8; ROOT_LEN]) -> [u8; CHECK_LEN] {
    let digest = Sha256::new().chain_update(VERSION).chain_update(root).finalize();
    let mut check = [0; CHECK_LEN];
    check.copy_from_slice(&digest[..CHECK_LEN]);
    check
}

fn hex(bytes: &[u8], out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        out.push(char::from(DIGITS[usize::from(byte >> 4)]));
        out.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}

/// False unless `text` is exactly the hexadecimal form of `out.len()` bytes.
fn unhex(text: &str, out: &mut [u8]) -> bool {
    let nibble = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    };
    if text.len() != out.len() * 2 {
        return false;
    }
    for (pair, byte) in text.as_bytes().chunks_exact(2).zip(out) {
        let (Some(high), Some(low)) = (nibble(pair[0]), nibble(pair[1])) else { return false };
        *byte = high << 4 | low;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counting() -> KeyFile {
        KeyFile::from_bytes(std::array::from_fn(|at| u8::try_from(at).unwrap()))
    }

    #[test]
    fn text_form_is_pinned() {
        let text = "blackbar-key-v1 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f f2f7b678\n";
        assert_eq!(*counting().text(), text);
        assert_eq!(KeyFile::parse(text).unwrap().root, counting().root);
        let commented = format!("# made for the clinic\n\n  {text}");
        assert_eq!(KeyFile::parse(&commented).unwrap().root, counting().root);
    }

    #[test]
    fn bad_files_are_refused_and_never_echoed() {
        let good = counting().text().clone();
        let secret = &good[16..80];
        let upper_nibble_changed = good.replacen(" 00", " 10", 1);
        let cases = [
            ("", "empty"),
            ("# only a comment\n", "empty"),
            ("hello", "not a key file"),
            ("blackbar-key-v9 00 00", "another version"),
            (good[..60].trim_end(), "three words"),
            (upper_nibble_changed.as_str(), "checksum"),
            (&good.repeat(2), "more than one"),
            (&good.replacen("0001", "00zz", 1), "hexadecimal"),
            (&good.replacen("0001", "01", 1), "cut"),
        ];
        for (text, expected) in cases {
            let error = KeyFile::parse(text).unwrap_err();
            assert!(error.to_string().contains(expected), "{expected}: {error}");
            assert!(!error.to_string().contains(&secret[8..16]) && !format!("{error:?}").contains(&secret[8..16]));
        }
        assert_eq!(format!("{:?}", counting()), "KeyFile(..)");
    }

    #[test]
    fn sub_keys_are_pinned_and_separate() {
        let key = counting();
        let mut first = String::new();
        hex(key.derive::<16>("", "token", "ssn").as_slice(), &mut first);
        assert_eq!(first, "f1df959d5823c69483b9e527c80e7359");
        let all = [
            key.derive::<16>("", "token", "ssn"),
            key.derive::<16>("", "token", "mrn"),
            key.derive::<16>("", "fpe", "ssn"),
            key.derive::<16>("north", "token", "ssn"),
            key.derive::<16>("", "tokenss", "n"),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(all[at + 1..].iter().all(|other| other != one));
        }
    }

    #[test]
    fn written_once_and_for_the_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens.key");
        let key = KeyFile::generate().unwrap();
        key.write(&path).unwrap();
        assert_eq!(KeyFile::read(&path).unwrap().root, key.root);
        assert!(KeyFile::generate().unwrap().write(&path).unwrap_err().is_existing());
        assert_eq!(KeyFile::read(&path).unwrap().root, key.root);
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
            assert_eq!(mode & 0o777, 0o600);
        }
        assert!(KeyFile::read(&folder.path().join("none.key")).unwrap_err().is_io());
    }
}
