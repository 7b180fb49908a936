//! `[break_glass]`: who may come in when nothing else works, and who looks at it afterwards.

use std::time::Duration;

use super::people::ApproverSection;
use super::toml::{Table, Value};
use crate::error::{Error, Id};
use crate::identity::is_plain_name;

/// Emergency access.
#[derive(Clone, Debug)]
pub(crate) struct EmergencySection {
    /// The group that whoever comes in is in; policies say what it may do.
    pub(crate) group: String,
    /// The approvers who review it.
    pub(crate) reviewers: String,
    /// How long it lets in.
    pub(crate) ttl: Duration,
    /// Who was enrolled.
    pub(crate) people: Vec<EnrolledSection>,
}

/// Somebody who may break the glass.
#[derive(Clone, Debug)]
pub(crate) struct EnrolledSection {
    pub(crate) subject: String,
    /// `ed25519:…`
    pub(crate) key: String,
    pub(crate) place: String,
}

const GROUP: &str = "break-glass";
const TTL: Duration = Duration::from_secs(3600);
const LONGEST_TTL: Duration = Duration::from_secs(4 * 3600);

/// Reads the section. `approvers`: who there is to review; `told`: whether anybody is told of it.
pub(super) fn emergency(
    root: &Table<'_, '_>,
    approvers: &[ApproverSection],
    told: bool,
    max_ttl: Duration,
) -> Result<Option<EmergencySection>, Error> {
    let Some(value) = root.get("break_glass") else { return Ok(None) };
    let table = value.table()?;
    let reviewers = table.required("reviewers")?.to_owned();
    let ttl = table.get("ttl").map(Value::duration).transpose()?.unwrap_or_else(|| TTL.min(max_ttl));
    if let Some(value) = table.get("ttl").filter(|_| ttl.is_zero() || ttl > LONGEST_TTL || ttl > max_ttl) {
        return Err(value.wrong("a duration of at most 4h, and no more than max_ttl of [limits]"));
    }
    let mut people: Vec<EnrolledSection> = Vec::new();
    for person in table.tables("person")? {
        let place = person.place();
        let section = EnrolledSection {
            subject: person.required("subject")?.to_owned(),
            key: person.required("key")?.to_owned(),
            place: place.clone(),
        };
        if let Some(value) = person.get("key").filter(|_| !section.key.starts_with("ed25519:")) {
            return Err(value.wrong("a public key, as `blackbar approvals keygen` prints it: ed25519:…"));
        }
        // A subject of an issuer comes with that issuer's word only, and here there is none.
        let is_local = is_plain_name(&section.subject) && !section.subject.contains('#');
        if let Some(value) = person.get("subject").filter(|_| !is_local || section.subject.contains("://")) {
            return Err(value.wrong("a name of this gateway's own; the issuer's goes under `also` of an [[approver]]"));
        }
        if people.iter().any(|other| other.subject == section.subject || other.key == section.key) {
            return Err(Error::new(Id::ConfigValue, "somebody is enrolled with this subject or key").at(place));
        }
        people.push(section);
        person.finish()?;
    }
    let group = table.string("group")?.unwrap_or(GROUP).to_owned();
    let place = table.place();
    table.finish()?;
    let missing = |what: &str, hint: &str| Err(Error::new(Id::ConfigValue, what.to_owned()).at(&place).hint(hint));
    if people.is_empty() {
        return missing("nobody is enrolled", "add [[break_glass.person]] with subject and key");
    }
    // Without them the first use would be the last one, or nobody would ever hear of it.
    if !approvers.iter().any(|approver| approver.groups.contains(&reviewers)) {
        return missing("nobody can review emergency access", "name a group of an [[approver]] as reviewers");
    }
    if !told {
        return missing("nobody is told of emergency access", "add a [[notify]] that takes the event break-glass");
    }
    Ok(Some(EmergencySection { group, reviewers, ttl, people }))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::Config;

    const PEOPLE: &str = "[[approver]]\nsubject = \"o\"\ngroups = [\"officers\"]\nkey = \"ed25519:x\"\n";
    const TOLD: &str = "[[notify]]\nname = \"n\"\nto = \"https://h.example/x\"\n";
    const PERSON: &str = "[[break_glass.person]]\nsubject = \"nurse-1\"\nkey = \"ed25519:y\"\n";

    #[test]
    fn what_would_go_unseen_or_without_end_is_refused() {
        let parse = |text: String| Config::parse("b.toml", &text, Path::new("")).map_err(|error| error.to_string());
        let glass = |more: &str| format!("[break_glass]\nreviewers = \"officers\"\n{more}\n");
        let section = parse(format!("{PEOPLE}{TOLD}{}{PERSON}", glass(""))).unwrap().gateway.emergency.unwrap();
        assert_eq!((section.group.as_str(), section.ttl.as_secs()), ("break-glass", 3600));
        assert_eq!(section.people.len(), 1);
        for (text, expected) in [
            (format!("{PEOPLE}{TOLD}{}", glass("")), "nobody is enrolled"),
            (format!("{TOLD}{}{PERSON}", glass("")), "nobody can review emergency access"),
            (format!("{PEOPLE}{}{PERSON}", glass("")), "nobody is told of emergency access"),
            (format!("{PEOPLE}{TOLD}events = [\"approval\"]\n{}{PERSON}", glass("")), "nobody is told"),
            (format!("{PEOPLE}{TOLD}{}{PERSON}", glass("ttl = \"5h\"")), "at most 4h"),
            (format!("{PEOPLE}{TOLD}{}{PERSON}", glass("ttl = \"0s\"")), "at most 4h"),
            (format!("{PEOPLE}{TOLD}{}{PERSON}{PERSON}", glass("")), "somebody is enrolled with this subject or key"),
            (format!("{PEOPLE}{TOLD}[break_glass]\n{PERSON}"), "\"reviewers\" is missing"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(expected), "{error}\n  lacks {expected}");
        }
    }
}
