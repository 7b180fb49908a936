//! A set of policies: read, checked, indexed.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{Policy, PolicySet as CedarSet, ValidationMode, ValidationWarning, Validator};
use miette::Diagnostic;
use sha2::{Digest as _, Sha256};

use crate::decision::{Decision, PolicyId};
use crate::error::{Fault, LoadError, Place, Warning};
use crate::judge::Judge;
use crate::question::Question;
use crate::rule::{Promise, Rule};
use crate::schema;

/// Policies that were read, checked against the schema, and are ready to decide. Shared between threads; never changes.
#[derive(Debug)]
pub struct PolicySet {
    judge: Judge,
    hash: [u8; 32],
    mentions: BTreeMap<String, BTreeSet<String>>,
}

/// The most that one file may hold; a policy is a few lines.
const LARGEST_FILE: usize = 4 << 20;

impl PolicySet {
    /// Reads policies from files, each by its name and text. Everything that is wrong is found at once, and one fault is
    /// enough for nothing to be loaded.
    pub fn load<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<(Self, Vec<Warning>), LoadError> {
        let files: BTreeMap<&str, &str> = files.into_iter().collect();
        let mut faults = Vec::new();
        let mut rules = Vec::new();
        for (file, text) in &files {
            match parsed(file, text) {
                Ok(policies) => read_rules(policies, &mut rules, &mut faults),
                Err(found) => faults.extend(found),
            }
        }
        refuse_equal_names(&rules, &mut faults);
        LoadError::unless_empty(faults)?;
        let warnings = validated(&rules)?;
        Ok((Self::of(rules, &files), warnings))
    }

    /// Without validation, for policies that fail when they are evaluated.
    #[cfg(test)]
    pub(crate) fn unvalidated(text: &str) -> Self {
        let (mut rules, mut faults) = (Vec::new(), Vec::new());
        read_rules(parsed("test.cedar", text).unwrap(), &mut rules, &mut faults);
        assert_eq!(faults, []);
        Self::of(rules, &[("test.cedar", text)].into())
    }

    fn of(rules: Vec<Rule>, files: &BTreeMap<&str, &str>) -> Self {
        let mentions = mentions(&rules);
        Self { judge: Judge::new(rules), hash: hash(files), mentions }
    }

    /// No policies: nothing is allowed.
    #[must_use]
    pub fn empty() -> Self {
        Self::of(Vec::new(), &BTreeMap::new())
    }

    /// May this be done?
    pub fn decide(&self, question: &Question<'_>) -> Decision {
        self.decide_lifted(question, &BTreeSet::new())
    }

    /// May this be done, now that people have lifted these forbids? Everything else is judged afresh.
    pub fn decide_lifted(&self, question: &Question<'_>, lifted: &BTreeSet<PolicyId>) -> Decision {
        self.judge.decide(question, lifted)
    }

    /// May all of this be done? A request of which nothing is known is refused.
    pub fn decide_all<'a>(&self, questions: impl IntoIterator<Item = Question<'a>>) -> Decision {
        self.decide_all_lifted(questions, &BTreeSet::new())
    }

    /// May all of this be done, now that people have lifted these forbids?
    pub fn decide_all_lifted<'a>(
        &self,
        questions: impl IntoIterator<Item = Question<'a>>,
        lifted: &BTreeSet<PolicyId>,
    ) -> Decision {
        let parts = questions.into_iter().map(|question| self.decide_lifted(&question, lifted));
        parts.reduce(Decision::and).unwrap_or_else(|| Decision::denied(crate::Reason::NoPermit))
    }

    /// What identifies the set: the same files under the same schema have the same hash.
    #[must_use]
    pub const fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    /// How many policies there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.judge.rules().len()
    }

    /// Without policies nothing is allowed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every policy with its place, in the order of files and lines.
    pub fn policies(&self) -> impl Iterator<Item = (&PolicyId, &Place)> {
        self.judge.rules().iter().map(|rule| (&rule.id, &rule.place))
    }

    /// The groups whose agreement a policy asks for. No credential that is issued on the spot may carry one of them.
    #[must_use]
    pub fn approving_groups(&self) -> BTreeSet<&str> {
        let promises = self.judge.rules().iter().map(|rule| &rule.promise);
        promises
            .filter_map(|promise| match promise {
                Promise::Forbid(forbid) => Some(forbid),
                Promise::Permit(_) => None,
            })
            .flat_map(|forbid| forbid.approvals().iter().map(|approval| approval.group.as_str()))
            .collect()
    }

    /// The profiles that policies name.
    #[must_use]
    pub fn profiles(&self) -> BTreeSet<&str> {
        let promises = self.judge.rules().iter().map(|rule| &rule.promise);
        promises
            .filter_map(|promise| match promise {
                Promise::Permit(permit) => permit.profile(),
                Promise::Forbid(_) => None,
            })
            .collect()
    }

    /// The entities of a type that policies name: with `Target` those that a configuration should know.
    #[must_use]
    pub fn mentioned(&self, entity_type: &str) -> BTreeSet<&str> {
        self.mentions.get(entity_type).into_iter().flatten().map(String::as_str).collect()
    }

    #[cfg(test)]
    pub(crate) const fn judge(&self) -> &Judge {
        &self.judge
    }
}

/// A policy of a file, with the line that it begins at.
struct Parsed {
    place: Place,
    policy: Policy,
}

fn parsed(file: &str, text: &str) -> Result<Vec<Parsed>, Vec<Fault>> {
    let at = |start, what: String, help| {
        let place = Place { file: file.to_owned(), line: line_of(text, start) };
        Fault { place, policy: None, what, help }
    };
    if text.len() > LARGEST_FILE {
        return Err(vec![at(0, format!("the file is larger than {LARGEST_FILE} bytes"), None)]);
    }
    let set: CedarSet = text.parse().map_err(|errors: cedar_policy::ParseErrors| {
        let help = |error: &cedar_policy::ParseError| error.help().map(|help| help.to_string());
        errors.iter().map(|error| at(first_label(error), error.to_string(), help(error))).collect::<Vec<_>>()
    })?;

    if let Some(template) = set.templates().next() {
        let start = template.as_ref().loc().map_or(0, |loc| loc.start());
        let what = "a policy with slots (`?principal`, `?resource`) cannot be used here".to_owned();
        return Err(vec![at(start, what, Some("write the policy out".to_owned()))]);
    }
    let start_of = |policy: &Policy| policy.as_ref().loc().map_or(0, |loc| loc.start());
    let mut policies: Vec<(usize, &Policy)> = set.policies().map(|policy| (start_of(policy), policy)).collect();
    policies.sort_by_key(|(start, _)| *start);
    let place = |start| Place { file: file.to_owned(), line: line_of(text, start) };
    Ok(policies.into_iter().map(|(start, policy)| Parsed { place: place(start), policy: policy.clone() }).collect())
}

fn read_rules(policies: Vec<Parsed>, rules: &mut Vec<Rule>, faults: &mut Vec<Fault>) {
    for Parsed { place, policy } in policies {
        let id = match policy.annotation("id") {
            Some(id) if is_id(id) => PolicyId::new(id),
            Some(_) => {
                let what = "`@id` needs 1 to 128 letters, digits or `-_./:`".to_owned();
                faults.push(Fault { place, policy: None, what, help: None });
                continue;
            }
            None => PolicyId::new(place.to_string()),
        };
        // Cedar knows the policy by its number, so that an answer leads back here without a search.
        let cedar = policy.new_id(cedar_policy::PolicyId::new(rules.len().to_string()));
        match Rule::read(id.clone(), place.clone(), cedar) {
            Ok(rule) => rules.push(rule),
            Err(found) => faults.extend(found.into_iter().map(|what| Fault {
                place: place.clone(),
                policy: Some(id.clone()),
                what,
                help: None,
            })),
        }
    }
}

/// Ids stand in records, errors and prompts; they are plain.
fn is_id(id: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:".contains(c);
    !id.is_empty() && id.len() <= 128 && id.chars().all(plain)
}

/// An approval lifts a policy by its id, so an id means one policy.
fn refuse_equal_names(rules: &[Rule], faults: &mut Vec<Fault>) {
    let mut known: BTreeMap<&PolicyId, &Place> = BTreeMap::new();
    for rule in rules {
        if let Some(first) = known.insert(&rule.id, &rule.place) {
            let what = format!("another policy has the same id, at {first}");
            faults.push(Fault { place: rule.place.clone(), policy: Some(rule.id.clone()), what, help: None });
        }
    }
}

/// Strict validation against the schema; what it merely wonders about becomes warnings.
fn validated(rules: &[Rule]) -> Result<Vec<Warning>, LoadError> {
    let all = CedarSet::from_policies(rules.iter().map(|rule| rule.cedar.clone()));
    let (Ok(all), Some(schema)) = (all, schema::schema()) else {
        // Numbers are unique and the schema is a constant that a test reads.
        let place = Place { file: "schema".to_owned(), line: 1 };
        let what = "the policies could not be checked".to_owned();
        return LoadError::unless_empty(vec![Fault { place, policy: None, what, help: None }]).map(|()| Vec::new());
    };
    let result = Validator::new(schema.clone()).validate(&all, ValidationMode::Strict);

    let of = |id: &cedar_policy::PolicyId| id.to_string().parse::<usize>().ok().and_then(|number| rules.get(number));
    let mut faults = Vec::new();
    for error in result.validation_errors() {
        let Some(rule) = of(error.policy_id()) else { continue };
        faults.push(Fault {
            place: rule.place.clone(),
            policy: Some(rule.id.clone()),
            what: said_of(rule, &error.to_string()),
            help: error.help().map(|help| help.to_string()),
        });
    }
    // Even if a fault could not be laid at a policy's door.
    if !result.validation_passed() && faults.is_empty() {
        let place = Place { file: "policies".to_owned(), line: 1 };
        faults.push(Fault { place, policy: None, what: "they are not valid".to_owned(), help: None });
    }
    LoadError::unless_empty(faults)?;

    let mut warnings: Vec<Warning> = result
        .validation_warnings()
        .filter_map(|warning| {
            let rule = of(warning.policy_id())?;
            let never_fires = matches!(
                warning,
                ValidationWarning::ImpossiblePolicy(_) | ValidationWarning::InvalidActionApplication(_)
            );
            let what = said_of(rule, &warning.to_string());
            Some(Warning { place: rule.place.clone(), policy: rule.id.clone(), what, never_fires })
        })
        .collect();
    warnings.sort_by(|a, b| a.place.cmp(&b.place));
    // Once is enough, however many ways there are to see that a policy never applies.
    warnings.dedup_by(|a, b| a.never_fires && b.never_fires && a.policy == b.policy);
    Ok(warnings)
}

/// Cedar speaks of ``for policy `7`, …``; the author knows it by another name, which stands before this text.
fn said_of(rule: &Rule, said: &str) -> String {
    let number = format!("for policy `{}`, ", rule.cedar.id());
    said.strip_prefix(&number).unwrap_or(said).to_owned()
}

fn first_label(error: &dyn Diagnostic) -> usize {
    error.labels().and_then(|mut labels| labels.next()).map_or(0, |label| label.offset())
}

fn line_of(text: &str, offset: usize) -> u32 {
    let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
    let lines = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    u32::try_from(lines).unwrap_or(u32::MAX)
}

fn mentions(rules: &[Rule]) -> BTreeMap<String, BTreeSet<String>> {
    let mut mentions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for uid in rules.iter().flat_map(|rule| rule.cedar.entity_literals()) {
        mentions.entry(uid.type_name().to_string()).or_default().insert(uid.id().unescaped().to_owned());
    }
    mentions
}

/// Lengths before contents, so that no two sets have the same bytes.
fn hash(files: &BTreeMap<&str, &str>) -> [u8; 32] {
    let mut hash = Sha256::new_with_prefix(b"blackbar policy set 1\0");
    let mut add = |part: &str| {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    };
    add(schema::TEXT);
    for (file, text) in files {
        add(file);
        add(text);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests;
