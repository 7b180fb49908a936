//! Keys of what is derived from recordings and must be forgotten with them.
//!
//! An index over the content of recordings holds rows that are of use only with a key. The key of a month's rows comes from the
//! key above the recordings of that month, so a copy of the index says nothing once that key is destroyed.

use std::fmt;

use aes_gcm::aead::KeyInit as _;
use aes_gcm::aead::array::Array;
use aes_gcm::aes::Aes256;
use aes_gcm::aes::cipher::{BlockCipherDecrypt as _, BlockCipherEncrypt as _};

use crate::error::Result;
use crate::ledger::Ledger;
use crate::reader::Reader;
use crate::seal::Secret;

/// Seals rows of one month: one block of 16 bytes each, equal for equal ones, so that they can be looked for.
pub struct RowCipher(Aes256);

impl RowCipher {
    pub(crate) fn new(month: &Secret) -> Self {
        Self(Aes256::new(&Array(*month.derive(&[b"blackbar rows 1"]).expose())))
    }

    /// The row.
    #[must_use]
    pub fn seal(&self, row: [u8; 16]) -> [u8; 16] {
        let mut block = Array(row);
        self.0.encrypt_block(&mut block);
        block.into()
    }

    /// What was sealed.
    #[must_use]
    pub fn open(&self, row: [u8; 16]) -> [u8; 16] {
        let mut block = Array(row);
        self.0.decrypt_block(&mut block);
        block.into()
    }
}

impl fmt::Debug for RowCipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RowCipher")
    }
}

impl Ledger {
    /// The key under which values are hashed that may be asked for again; made at the first call, the same for ever.
    ///
    /// # Errors
    ///
    /// When it cannot be unwrapped, read or written.
    pub fn marks_key(&self) -> Result<Secret> {
        self.shared.keys.marks_key()
    }
}

impl Reader {
    /// The key of [`Ledger::marks_key`]. `None`: no ledger was asked for it yet.
    ///
    /// # Errors
    ///
    /// When the root key was not given, or it cannot be unwrapped or read.
    pub fn marks_key(&self) -> Result<Option<Secret>> {
        self.keys()?.known_marks_key()
    }

    /// The cipher of rows that are derived from recordings which began in a month (`2026-11`).
    ///
    /// # Errors
    ///
    /// When the root key was not given, or the month's key was destroyed ([`crate::Error::is_deleted`]).
    pub fn row_cipher(&self, month: &str) -> Result<RowCipher> {
        self.keys()?.row_cipher(month)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::simulation::{NOW, open, root};
    use crate::vfs::memory::MemoryFs;
    use crate::{Details, Outcome, SessionOpen};

    #[test]
    fn rows_are_found_again_until_the_month_is_destroyed() {
        let fs = MemoryFs::new();
        let ledger = open(&fs).unwrap();
        let reader = || Reader::open_at(Arc::new(fs.clone()), Some(root()));
        assert!(reader().marks_key().unwrap().is_none());
        let key = ledger.marks_key().unwrap();
        assert_eq!(ledger.marks_key().unwrap().expose(), key.expose());
        assert_eq!(reader().marks_key().unwrap().unwrap().expose(), key.expose());

        let (session, _) = ledger.session(SessionOpen::new("agent-7", "fhir"), NOW).unwrap();
        session.close(Outcome::Success, Details::new(), NOW).unwrap().wait().unwrap();
        let month = NOW.month();
        let sealed = reader().row_cipher(&month).unwrap().seal([7; 16]);
        assert_ne!(sealed, [7; 16]);
        assert_eq!(reader().row_cipher(&month).unwrap().seal([7; 16]), sealed);
        assert_eq!(reader().row_cipher(&month).unwrap().open(sealed), [7; 16]);
        assert_eq!(format!("{:?}", reader().row_cipher(&month).unwrap()), "RowCipher");

        ledger.destroy_month(&month, "default 6y", NOW).unwrap();
        assert!(reader().row_cipher(&month).unwrap_err().is_deleted());
        assert!(Reader::open_at(Arc::new(fs), None).row_cipher(&month).unwrap_err().is_key());
    }
}
