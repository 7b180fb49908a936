//! From what was said (a name, a section, options) to the rules that the engine applies.

use std::path::Path;
use std::sync::Arc;

use blackbar_detectors::kinds;
use blackbar_detectors::site::Own;
use blackbar_engine::key::KeyFile;
use blackbar_engine::operator::{Keyring, Operator};
use blackbar_engine::{Detector, FieldPath, FieldRule, Profile, Rules, Scanner};

use crate::config::{self, AllowEntry, Choice, Config, ProfileSection, Secret};
use crate::error::{Error, Id, did_you_mean};
use crate::gate::Labels;
use crate::output::digest::sha256;
use crate::registry;

/// What the command line says about a profile.
#[derive(Debug, Default)]
pub(crate) struct Wanted<'w> {
    pub(crate) profile: &'w str,
    pub(crate) operators: &'w [String],
    pub(crate) key_file: Option<&'w Path>,
    pub(crate) allow: Option<&'w Path>,
    /// Something beside the operators needs the key.
    pub(crate) needs_key: Option<&'static str>,
    /// `pass` is among the profiles: a gateway's target has to allow it, and each use of it is recorded.
    pub(crate) may_pass: bool,
}

/// A profile that is ready, with what reports say of it.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) scanner: Scanner,
    pub(crate) profile: Profile,
    /// Says whether two runs had the same rules.
    pub(crate) hash: String,
    /// The key for what reports and renamed files derive; random when there is no key file.
    pub(crate) key: KeyFile,
    pub(crate) key_is_random: bool,
    /// Tokens of names, when something asked for them.
    pub(crate) keyring: Option<Arc<Keyring>>,
    /// The columns of databases that it names.
    pub(crate) labels: Labels,
}

/// The profile that redacts nothing.
pub(crate) const PASS: &str = "pass";

const BUILT_IN: [&str; 3] = ["safe-harbor", "limited-data-set", "mask-all"];

/// Puts a profile together.
pub(crate) fn prepare(wanted: &Wanted<'_>, config: &Config) -> Result<Ready, Error> {
    let mut allow: Vec<AllowEntry> = config.site.allow.clone();
    let mut site: Vec<Detector> = config.site.detectors()?;
    let mut definitions = config.site.definitions();
    let section = match wanted.profile {
        name if BUILT_IN.contains(&name) || (name == PASS && wanted.may_pass) => None,
        name if name.ends_with(".toml") => {
            let (section, own) = config::profile_file(Path::new(name))?;
            site.extend(own.detectors()?);
            definitions.extend(own.definitions());
            allow.extend(own.allow);
            Some(section)
        }
        name => Some(named(name, config)?.clone()),
    };
    if let Some(file) = wanted.allow {
        allow.extend(config::allow_file(file)?);
    }
    let own = config.gateway.own_addresses();
    if !own.is_empty() {
        let detectors = Own { bases: &own }.detectors();
        site.extend(detectors.map_err(|error| Error::new(Id::ConfigValue, error.to_string()))?);
        allow.push(AllowEntry::own_hosts(&own));
        definitions.extend(own);
    }
    let scanner = registry::scanner(&site)?;
    let mut rules = match &section {
        None if wanted.profile == PASS => Rules::danger_pass(registry::values()),
        None => built_in(wanted.profile, "--profile")?,
        Some(section) => from_section(section, config, &scanner, &mut Vec::new())?,
    };
    let said = wanted.operators.iter().map(|text| said(text)).collect::<Result<Vec<_>, _>>()?;
    choose(&mut rules, &said, &scanner)?;
    for entry in &allow {
        entry.add_to(&mut rules.allow)?;
    }
    let columns = section.as_ref().map_or_else(Vec::new, |section| columns(section, config));
    let labels = Labels::new(columns.iter().map(|choice| (choice.of.as_str(), choice.operator)));
    let labels = labels.with_subjects(rules.subject.clone());
    let hash = hash(&rules, &allow, &scanner, &definitions);
    let secret = wanted.key_file.map(Secret::file).or_else(|| config.tokens.clone());
    let used: Vec<Operator> = used(&rules).collect();
    let key = match &secret {
        Some(secret) => Some(secret.key()?),
        None => None,
    };
    if let (Some(what), None) = (wanted.needs_key, &key) {
        let error = Error::new(Id::NeedsKey, format!("{what} needs a key file"));
        return Err(error.hint("make one with `blackbar keygen -o FILE` and give it with --key-file FILE"));
    }
    let mut keyring = None;
    if let Some(secret) = &secret {
        // Key files cannot be cloned, on purpose; the ring gets a reading of its own.
        let ring = Arc::new(Keyring::new(secret.key()?, ""));
        rules.keys = Some(Arc::clone(&ring));
        keyring = Some(ring);
    } else if used.contains(&Operator::Surrogate) {
        let ring = Keyring::random().map_err(|error| Error::new(Id::KeyUnreadable, error.to_string()))?;
        // Operators that need a key file must not find this one.
        if let Some(operator) = used.iter().find(|operator| operator.needs_key()) {
            return Err(missing_key(*operator));
        }
        rules.keys = Some(Arc::new(ring));
    }
    let profile = rules.build().map_err(|error| {
        if error.is_missing_key() {
            let error = Error::new(Id::NeedsKey, error.to_string());
            return error.hint("make one with `blackbar keygen -o FILE` and give it with --key-file FILE");
        }
        Error::new(Id::Misfit, error.to_string()).hint("`blackbar detectors` says which operators fit")
    })?;
    let key_is_random = key.is_none();
    let key = match key {
        Some(key) => key,
        None => KeyFile::generate().map_err(|error| Error::new(Id::KeyUnreadable, error.to_string()))?,
    };
    Ok(Ready { scanner, profile, hash, key, key_is_random, keyring, labels })
}

fn missing_key(operator: Operator) -> Error {
    let error = Error::new(Id::NeedsKey, format!("operator `{operator}` needs a key file"));
    error.hint("make one with `blackbar keygen -o FILE` and give it with --key-file FILE")
}

fn built_in(name: &str, place: &str) -> Result<Rules, Error> {
    let values = registry::values();
    Ok(match name {
        "safe-harbor" => Rules::safe_harbor(values),
        "limited-data-set" => Rules::limited_data_set(values),
        "mask-all" => Rules::mask_all(values),
        "pass" => {
            let error = Error::new(Id::UnknownProfile, "`pass` redacts nothing, so there is nothing to do").at(place);
            return Err(error.hint("copy the files, or keep single kinds with --operator KIND=keep"));
        }
        _ => {
            let what = format!("unknown profile \"{name}\"{}", did_you_mean(name, BUILT_IN));
            return Err(Error::new(Id::UnknownProfile, what)
                .at(place)
                .hint(format!("built in are {}", BUILT_IN.join(", "))));
        }
    })
}

fn named<'c>(name: &str, config: &'c Config) -> Result<&'c ProfileSection, Error> {
    if let Some(section) = config.profiles.iter().find(|section| section.name == name) {
        return Ok(section);
    }
    if name == "pass" {
        built_in(name, "--profile")?;
    }
    let known = BUILT_IN.into_iter().chain(config.profiles.iter().map(|section| section.name.as_str()));
    let what = format!("unknown profile \"{name}\"{}", did_you_mean(name, known));
    let hint = format!("built in are {}; others come from the configuration or a .toml file", BUILT_IN.join(", "));
    Err(Error::new(Id::UnknownProfile, what).at("--profile").hint(hint))
}

/// The rules of a section, on top of those of its base.
fn from_section(
    section: &ProfileSection,
    config: &Config,
    scanner: &Scanner,
    above: &mut Vec<String>,
) -> Result<Rules, Error> {
    let base = section.base.as_deref().unwrap_or("safe-harbor");
    let parent = config.profiles.iter().find(|other| other.name == base && !BUILT_IN.contains(&base));
    let mut rules = match parent {
        Some(parent) => {
            above.push(section.name.clone());
            if above.contains(&parent.name) {
                let what = format!("the profile \"{}\" is its own base", parent.name);
                return Err(Error::new(Id::UnknownProfile, what).at(&section.place).hint("choose another base"));
            }
            from_section(parent, config, scanner, above)?
        }
        None => built_in(base, &section.place)?,
    };
    section.name.clone_into(&mut rules.name);
    choose(&mut rules, &section.kinds, scanner)?;
    for off in &section.off {
        registry::check_kind(scanner, &off.name, &off.place)?;
        rules.off.push(off.name.clone());
    }
    for field in &section.fields {
        let path = FieldPath::new(&field.of);
        rules.fields.retain(|rule| rule.path != path);
        rules.fields.push(FieldRule { path, operator: field.operator, kind: kinds::OTHER_ID });
    }
    if !section.subject.is_empty() {
        rules.subject = section.subject.iter().map(|path| FieldPath::new(path)).collect();
    }
    rules.least_confidence = section.min_confidence.unwrap_or(rules.least_confidence);
    Ok(rules)
}

/// The columns that a section names, those of its bases among them. `from_section` has seen that no base leads back here.
fn columns(section: &ProfileSection, config: &Config) -> Vec<Choice> {
    let base = section.base.as_deref().filter(|base| !BUILT_IN.contains(base));
    let parent = base.and_then(|base| config.profiles.iter().find(|other| other.name == base));
    let mut columns = parent.map_or_else(Vec::new, |parent| columns(parent, config));
    columns.retain(|inherited| !section.columns.iter().any(|own| own.of == inherited.of));
    columns.extend(section.columns.iter().cloned());
    columns
}

/// `KIND=OP`
fn said(text: &str) -> Result<Choice, Error> {
    let Some((kind, operator)) = text.split_once('=') else {
        let error = Error::new(Id::UnknownOperator, format!("\"{text}\" is not KIND=OP")).at("--operator");
        return Err(error.hint("write it like ssn=token"));
    };
    let operator = config::operator(operator.trim()).map_err(|error| error.at("--operator"))?;
    Ok(Choice { of: kind.trim().to_owned(), operator, place: "--operator".to_owned() })
}

/// Sets operators of kinds. A kind as a whole overrules what was said before about its sub-kinds.
fn choose(rules: &mut Rules, choices: &[Choice], scanner: &Scanner) -> Result<(), Error> {
    let (parts, wholes): (Vec<&Choice>, Vec<&Choice>) = choices.iter().partition(|choice| choice.of.contains(':'));
    for Choice { of, operator, place } in wholes.into_iter().chain(parts) {
        registry::check_kind(scanner, of, place)?;
        let below = |id: &str| id.split(':').next() == Some(of);
        rules.kinds.retain(|(id, _)| id != of && !below(id));
        rules.kinds.push((of.clone(), *operator));
    }
    Ok(())
}

fn used(rules: &Rules) -> impl Iterator<Item = Operator> + '_ {
    let listed = rules.kinds.iter().map(|(_, operator)| *operator);
    listed.chain(rules.fields.iter().map(|rule| rule.operator)).chain([rules.default])
}

/// A hash over everything that decides what is redacted and how, keys excepted.
fn hash(rules: &Rules, allow: &[AllowEntry], scanner: &Scanner, definitions: &[String]) -> String {
    let mut kinds: Vec<String> = rules.kinds.iter().map(|(id, operator)| format!("kind {id:?} {operator}")).collect();
    kinds.sort();
    let mut lines = vec!["blackbar-profile-v1".to_owned(), format!("default {}", rules.default)];
    lines.push(format!("confidence {}", rules.least_confidence));
    lines.extend(kinds);
    lines.extend(rules.off.iter().map(|id| format!("off {id:?}")));
    lines.extend(rules.fields.iter().map(|rule| format!("field {:?} {}", rule.path.to_string(), rule.operator)));
    lines.extend(rules.subject.iter().map(|path| format!("subject {:?}", path.to_string())));
    for entry in allow {
        lines.push(format!("allow {:?} {:?} {:?}", entry.values, entry.patterns, entry.reason));
    }
    lines.extend(scanner.detectors().iter().map(|detector| format!("detector {:?}", detector.id)));
    lines.extend(definitions.iter().map(|definition| format!("site {definition}")));
    format!("sha256:{}", sha256(&lines.join("\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ready(profile: &str, operators: &[&str], config: &str) -> Result<Ready, String> {
        let config = Config::parse("blackbar.toml", config, Path::new("")).unwrap();
        let operators: Vec<String> = operators.iter().map(|text| (*text).to_owned()).collect();
        let wanted = Wanted { profile, operators: &operators, ..Wanted::default() };
        prepare(&wanted, &config).map_err(|error| error.to_string())
    }

    #[test]
    fn a_kind_as_a_whole_overrules_the_parts_that_the_base_named() {
        let operator = |ready: &Ready, kind| ready.profile.rules().operator(blackbar_engine::Kind::new(kind));
        let lax = ready("limited-data-set", &[], "").unwrap();
        assert_eq!(operator(&lax, "location:city"), Operator::Keep);
        let strict = ready("limited-data-set", &["location=tag"], "").unwrap();
        assert_eq!(operator(&strict, "location:city"), Operator::Tag);
        let mixed = ready("limited-data-set", &["location:county=mask", "location=tag"], "").unwrap();
        assert_eq!(operator(&mixed, "location:county"), Operator::Mask);
    }

    #[test]
    fn what_cannot_work_is_refused_with_its_own_id() {
        for (operators, expected) in [
            (&["ssn"][..], "BB-USAGE-005"),
            (&["ssn=hide"], "BB-USAGE-005"),
            (&["snn=tag"], "did you mean \"ssn\"? "),
            (&["ssn=shift"], "BB-USAGE-007"),
            (&["ssn=token"], "BB-USAGE-007"),
            (&["ssn=token", "name=surrogate"], "BB-USAGE-007"),
            (&["name=generalise"], "BB-USAGE-006"),
        ] {
            let error = ready("safe-harbor", operators, "").unwrap_err();
            assert!(error.contains(expected.trim_end()), "{operators:?}: {error}");
        }
        assert!(ready("pass", &[], "").unwrap_err().contains("BB-USAGE-008"));
        assert!(ready("save-harbor", &[], "").unwrap_err().contains("did you mean \"safe-harbor\"?"));
        assert!(
            ready("a", &[], "[profile.a]\nbase = \"b\"\n[profile.b]\nbase = \"a\"")
                .unwrap_err()
                .contains("its own base")
        );
    }

    #[test]
    fn sections_build_on_each_other_and_the_method_is_honest() {
        let config = "[profile.a]\nkinds.date = \"tag\"\n[profile.b]\nbase = \"a\"\noff = [\"url\"]\nfields.\"Patient.id\" = \"keep\"\n";
        let built_in = ready("safe-harbor", &[], config).unwrap();
        assert_eq!(built_in.profile.method(&built_in.scanner), "safe-harbor");
        let one = ready("a", &[], config).unwrap();
        assert_eq!(one.profile.method(&one.scanner), "safe-harbor");
        let two = ready("b", &[], config).unwrap();
        assert_eq!(two.profile.method(&two.scanner), "custom (needs expert determination)");
        assert_ne!(one.hash, two.hash);
        assert_eq!(two.hash, ready("b", &[], config).unwrap().hash);
        let surrogate = ready("safe-harbor", &["name=surrogate"], "").unwrap();
        assert_eq!(surrogate.profile.method(&surrogate.scanner), "safe-harbor");
    }
}
