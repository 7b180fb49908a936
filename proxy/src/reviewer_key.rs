//! The file with a reviewer's secret key: it stays with the reviewer and signs what is said about held requests.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use blackbar_policy::approval::{ApproverKey, ApproverSecret};
use zeroize::Zeroizing;

use crate::error::{Error, Id};

/// A reviewer's key.
#[derive(Debug)]
pub(crate) struct ReviewerKey(ApproverSecret);

const HEADER: &str = "blackbar reviewer key 1";

impl ReviewerKey {
    /// Makes a new one and writes it to a new file; never over an existing one.
    pub(crate) fn make(path: &Path) -> Result<Self, Error> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut_slice())
            .map_err(|_| Error::new(Id::KeyUnreadable, "the system gives no random bytes"))?;
        let key = ApproverSecret::from_seed(&seed);
        let digits: Zeroizing<String> = Zeroizing::new(seed.iter().map(|byte| format!("{byte:02x}")).collect());
        // The public half is in it for people, and to tell a mistyped key from a wrong one.
        let text = Zeroizing::new(format!("{HEADER}\n{}\n{}\n", *digits, key.public()));
        let write = || {
            let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(path)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()
        };
        write().map_err(|error: std::io::Error| {
            if error.kind() == std::io::ErrorKind::AlreadyExists {
                let error = Error::new(Id::KeyExists, "it exists, and a key is never overwritten").at_path(path);
                return error.hint("choose another name");
            }
            Error::io(Id::KeyUnwritable, "the key cannot be written", &error).at_path(path)
        })?;
        Ok(Self(key))
    }

    /// Reads one.
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(path).map(Zeroizing::new);
        let text =
            text.map_err(|error| Error::io(Id::KeyUnreadable, "the key cannot be read", &error).at_path(path))?;
        Self::parse(&text).ok_or_else(|| {
            let error = Error::new(Id::KeyInvalid, "it is no reviewer's key, or was altered").at_path(path);
            error.hint("`blackbar approvals keygen -o FILE` makes one")
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let header = lines.next()?;
        let seed = Zeroizing::new(bytes::<32>(lines.next()?)?);
        let key = ApproverSecret::from_seed(&seed);
        let whole = header == HEADER && lines.next()? == key.public().to_string() && lines.next().is_none();
        whole.then_some(Self(key))
    }

    /// The half that the gateway's configuration names.
    pub(crate) fn public(&self) -> ApproverKey {
        self.0.public()
    }

    pub(crate) const fn secret(&self) -> &ApproverSecret {
        &self.0
    }
}

/// So many bytes in hexadecimal digits.
pub(crate) fn bytes<const N: usize>(digits: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if digits.len() != 2 * N || !digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    for (byte, at) in bytes.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_key_is_made_once_for_its_owner_and_read_as_it_was_made() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("officer.key");
        let made = ReviewerKey::make(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(ReviewerKey::read(&path).unwrap().public(), made.public());
        assert_eq!(ReviewerKey::make(&path).unwrap_err().id(), Id::KeyExists);

        let text = fs::read_to_string(&path).unwrap();
        let digit = if text.as_bytes()[HEADER.len() + 1] == b'0' { "1" } else { "0" };
        let mut altered = text.clone();
        altered.replace_range(HEADER.len() + 1..HEADER.len() + 2, digit);
        for wrong in [altered.as_str(), "", HEADER, &text.replace("reviewer", "root"), &format!("{text}more\n")] {
            fs::write(&path, wrong).unwrap();
            let error = ReviewerKey::read(&path).unwrap_err();
            assert_eq!(error.id(), Id::KeyInvalid);
        }
    }
}
