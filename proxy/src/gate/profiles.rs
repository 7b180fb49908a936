//! The profiles that grants may name, compiled once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use blackbar_engine::{Profile, Scanner};

use crate::config::Config;
use crate::error::Error;
use crate::output::digest::sha256;
use crate::profile::{self, Ready, Wanted};

/// Profiles by name, and the combinations that were asked for so far.
#[derive(Debug)]
pub(super) struct Profiles {
    /// One scanner serves them all: detectors belong to the site, not to a profile.
    scanner: Scanner,
    single: BTreeMap<String, Profile>,
    hash: String,
    combined: Mutex<BTreeMap<BTreeSet<String>, Profile>>,
}

/// More combinations than this are made anew each time.
const MOST_COMBINED: usize = 256;

impl Profiles {
    /// Compiles the named ones.
    pub(super) fn prepare(names: &BTreeSet<String>, config: &Config) -> Result<Self, Error> {
        let mut single = BTreeMap::new();
        let mut hashes = String::new();
        let mut scanner = None;
        for name in names {
            let wanted = Wanted { profile: name, ..Wanted::default() };
            let Ready { scanner: this, profile, hash, .. } = profile::prepare(&wanted, config)?;
            hashes.push_str(&hash);
            single.insert(name.clone(), profile);
            scanner.get_or_insert(this);
        }
        let scanner = match scanner {
            Some(scanner) => scanner,
            None => crate::registry::scanner(&config.site.detectors()?)?,
        };
        Ok(Self { scanner, single, hash: sha256(&hashes), combined: Mutex::default() })
    }

    /// The stronger of all the named ones, kind by kind. `None`: one of them is not there.
    pub(super) fn combined(&self, names: &BTreeSet<String>) -> Option<(Scanner, Profile)> {
        let mut wanted = names.iter();
        let first = self.single.get(wanted.next()?)?;
        if names.len() == 1 {
            return Some((self.scanner.clone(), first.clone()));
        }
        let mut cache = self.combined.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(profile) = cache.get(names) {
            return Some((self.scanner.clone(), profile.clone()));
        }
        let mut rules = first.rules().clone();
        for name in wanted {
            rules = rules.stronger(self.single.get(name)?.rules());
        }
        let profile = rules.build().ok()?;
        if cache.len() < MOST_COMBINED {
            cache.insert(names.clone(), profile.clone());
        }
        Some((self.scanner.clone(), profile))
    }

    /// A short name for these profiles under these policies.
    pub(super) fn version(&self, policies: &[u8; 32]) -> String {
        let hash = sha256(&format!("{} {policies:?}", self.hash));
        hash.chars().take(8).collect()
    }
}
