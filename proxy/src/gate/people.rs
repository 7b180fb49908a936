//! Who may agree to held requests: the reviewers of the configuration, with their keys.

use std::collections::BTreeSet;
use std::time::Duration;

use blackbar_policy::approval::{Aliases, ApproverKey};

use crate::config::{ApproverSection, Config, EmergencySection};
use crate::error::{Error, Id};

/// The reviewers, and which subjects are the same person.
#[derive(Debug, Default)]
pub(super) struct People {
    reviewers: Vec<Reviewer>,
    aliases: Aliases,
    /// Who may break the glass, and how.
    emergency: Option<Emergency>,
}

/// Emergency access, with the keys of whoever was enrolled.
#[derive(Debug)]
pub(super) struct Emergency {
    pub(super) group: String,
    pub(super) reviewers: String,
    pub(super) ttl: Duration,
    enrolled: Vec<(String, ApproverKey)>,
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
        people.emergency = config.gateway.emergency.as_ref().map(Emergency::read).transpose()?;
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

    pub(super) const fn emergency(&self) -> Option<&Emergency> {
        self.emergency.as_ref()
    }
}

impl Emergency {
    fn read(section: &EmergencySection) -> Result<Self, Error> {
        let mut enrolled: Vec<(String, ApproverKey)> = Vec::new();
        for person in &section.people {
            let key = key(&person.key, &person.place)?;
            if enrolled.iter().any(|(_, other)| *other == key) {
                return Err(Error::new(Id::ConfigValue, "somebody else is enrolled with this key").at(&person.place));
            }
            enrolled.push((person.subject.clone(), key));
        }
        let EmergencySection { group, reviewers, ttl, .. } = section.clone();
        Ok(Self { group, reviewers, ttl, enrolled })
    }

    /// Whose key this is.
    pub(super) fn of_key(&self, key: &ApproverKey) -> Option<&str> {
        self.enrolled.iter().find(|(_, known)| known == key).map(|(subject, _)| subject.as_str())
    }
}

fn key(text: &str, place: &str) -> Result<ApproverKey, Error> {
    ApproverKey::parse(text).map_err(|error| {
        let error = Error::new(Id::ConfigValue, format!("the key is {error}")).at(place);
        error.hint("`blackbar approvals keygen -o FILE` prints one")
    })
}

impl Reviewer {
    fn read(section: &ApproverSection) -> Result<Self, Error> {
        let key = key(&section.key, &section.place)?;
        Ok(Self { subject: section.subject.clone(), groups: section.groups.iter().cloned().collect(), key })
    }
}
