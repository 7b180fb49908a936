//! Who may agree to held requests: the reviewers of the configuration, with their keys.

use std::collections::BTreeSet;

use blackbar_policy::approval::{Aliases, ApproverKey};

use crate::config::{ApproverSection, Config};
use crate::error::{Error, Id};

/// The reviewers, and which subjects are the same person.
#[derive(Debug, Default)]
pub(super) struct People {
    reviewers: Vec<Reviewer>,
    aliases: Aliases,
}

/// A person with a registered key.
#[derive(Debug)]
pub(super) struct Reviewer {
    pub(super) subject: String,
    pub(super) groups: BTreeSet<String>,
    pub(super) key: ApproverKey,
}

impl People {
    pub(super) fn read(config: &Config) -> Result<Self, Error> {
        let mut people = Self::default();
        let mut aliases = Vec::new();
        for section in &config.gateway.approvers {
            let reviewer = Reviewer::read(section)?;
            // Two spellings of one key would be two votes.
            if people.reviewers.iter().any(|other| other.key == reviewer.key) {
                return Err(Error::new(Id::ConfigValue, "there is another approver with this key").at(&section.place));
            }
            people.reviewers.push(reviewer);
            aliases.extend(section.also.iter().map(|also| (also.clone(), section.subject.clone())));
        }
        for issuer in &config.gateway.identities {
            let known = |(sub, name): &(String, String)| (format!("{}#{sub}", issuer.issuer), name.clone());
            aliases.extend(issuer.aliases.iter().map(known));
        }
        people.aliases = Aliases::new(aliases);
        Ok(people)
    }

    /// The person whose key this is.
    pub(super) fn of_key(&self, key: &ApproverKey) -> Option<&Reviewer> {
        self.reviewers.iter().find(|reviewer| reviewer.key == *key)
    }

    pub(super) fn has_member(&self, group: &str) -> bool {
        self.reviewers.iter().any(|reviewer| reviewer.groups.contains(group))
    }

    pub(super) const fn aliases(&self) -> &Aliases {
        &self.aliases
    }
}

impl Reviewer {
    fn read(section: &ApproverSection) -> Result<Self, Error> {
        let key = ApproverKey::parse(&section.key).map_err(|error| {
            let error = Error::new(Id::ConfigValue, format!("the approver's key is {error}")).at(&section.place);
            error.hint("`blackbar approvals keygen -o FILE` prints one")
        })?;
        Ok(Self { subject: section.subject.clone(), groups: section.groups.iter().cloned().collect(), key })
    }
}
