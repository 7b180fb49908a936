//! The profiles that grants may name, compiled once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use blackbar_engine::{Marks, Profile, Scanner};

use super::labels::Labels;
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
    labels: BTreeMap<String, Labels>,
    all_labels: Arc<Labels>,
    combined: Mutex<BTreeMap<BTreeSet<String>, Profile>>,
}

/// More combinations than this are made anew each time.
const MOST_COMBINED: usize = 256;

impl Profiles {
    /// Compiles the named ones.
    pub(super) fn prepare(
        names: &BTreeSet<String>,
        config: &Config,
        marks: Option<&Arc<Marks>>,
    ) -> Result<Self, Error> {
        let mut single = BTreeMap::new();
        let mut labels = BTreeMap::new();
        let mut all = Labels::default();
        let mut hashes = String::new();
        let mut scanner = None;
        for name in names {
            let wanted = Wanted { profile: name, may_pass: true, ..Wanted::default() };
            let Ready { scanner: this, profile, hash, labels: named, .. } = profile::prepare(&wanted, config)?;
            hashes.push_str(&hash);
            let profile = if let Some(marks) = marks { profile.marking(Arc::clone(marks)) } else { profile };
            single.insert(name.clone(), profile);
            all = all.and(&named);
            labels.insert(name.clone(), named);
            scanner.get_or_insert(this);
        }
        let scanner = match scanner {
            Some(scanner) => scanner,
            None => crate::registry::scanner(&config.site.detectors()?)?,
        };
        Ok(Self {
            scanner,
            single,
            hash: sha256(&hashes),
            labels,
            all_labels: Arc::new(all),
            combined: Mutex::default(),
        })
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

    /// The columns that the named ones name, the stronger of all. `None`: one of them is not there.
    pub(super) fn labels(&self, names: &BTreeSet<String>) -> Option<Arc<Labels>> {
        let mut labels = Labels::default();
        for name in names {
            labels = labels.and(self.labels.get(name)?);
        }
        Some(Arc::new(labels))
    }

    /// The columns that any of them names.
    pub(super) fn all_labels(&self) -> Arc<Labels> {
        Arc::clone(&self.all_labels)
    }

    /// A short name for these profiles under these policies.
    pub(super) fn version(&self, policies: &[u8; 32]) -> String {
        let hash = sha256(&format!("{} {policies:?}", self.hash));
        hash.chars().take(8).collect()
    }
}
