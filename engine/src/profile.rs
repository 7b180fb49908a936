//! Which operator treats which kind, column or field; what counts as a finding at all.

use std::fmt;
use std::sync::Arc;

use crate::allow::Allow;
use crate::operator::{Keyring, Operator, Values};
use crate::{Kind, Marks, Scanner};

/// How findings are replaced. Immutable and shared; cheap to clone.
#[derive(Clone, Debug)]
pub struct Profile {
    pub(crate) inner: Arc<Rules>,
}

/// The parts of a [`Profile`], public in the way of a builder: set what differs from the built-in you start with, then
/// [`Rules::build`].
#[derive(Clone)]
pub struct Rules {
    /// A name for reports.
    pub name: String,
    /// Operator of every kind that is not listed.
    pub default: Operator,
    /// Operator per kind or sub-kind id; the longer id wins.
    pub kinds: Vec<(String, Operator)>,
    /// Kinds (or sub-kinds) that are not looked for.
    pub off: Vec<String>,
    /// Fields and columns whose whole value is replaced, or kept unseen.
    pub fields: Vec<FieldRule>,
    /// Fields that say whose data a record is.
    pub subject: Vec<FieldPath>,
    /// Findings below this confidence, in percent, do not count.
    pub least_confidence: u8,
    /// What is no identifier here, with reasons.
    pub allow: Allow,
    /// What values mean.
    pub values: Arc<dyn Values>,
    /// Keys for the operators that need them.
    pub keys: Option<Arc<Keyring>>,
    /// Makes marks of what is found.
    pub marks: Option<Arc<Marks>>,
}

/// A rule for one field: its whole value is replaced whatever it holds.
#[derive(Clone, Debug)]
pub struct FieldRule {
    /// Which fields.
    pub path: FieldPath,
    /// What becomes of the value. `keep` passes it on unseen.
    pub operator: Operator,
    /// The kind under which it is counted when the field's name does not tell.
    pub kind: Kind,
}

/// A pattern of field names: `Patient.identifier[*].value`, `*.subject.reference`, `clinical.*.patient_id`.
///
/// `*` stands for any one name, `[…]` is ignored. A pattern matches a path when it matches all of it; a path of one name
/// (a column of a table in a file) is also matched by the last name of a pattern, unless the rule says `keep`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FieldPath {
    names: Vec<String>,
}

impl Rules {
    /// Identifiers of all kinds are removed; years, the first three digits of ZIP codes and `90+` remain.
    #[must_use]
    pub fn safe_harbor(values: Arc<dyn Values>) -> Self {
        let generalised = ["date", "age", "zip"].map(|kind| (kind.to_owned(), Operator::Generalise));
        Self::named("safe-harbor", Operator::Tag, generalised.to_vec(), values)
    }

    /// Dates, ages, cities and ZIP codes remain, as in a limited data set; it needs a data use agreement.
    #[must_use]
    pub fn limited_data_set(values: Arc<dyn Values>) -> Self {
        let kept = ["date", "age", "zip", "location:city", "location:county"];
        Self::named(
            "limited-data-set",
            Operator::Tag,
            kept.map(|kind| (kind.to_owned(), Operator::Keep)).to_vec(),
            values,
        )
    }

    /// Every finding becomes as many asterisks as it has bytes.
    #[must_use]
    pub fn mask_all(values: Arc<dyn Values>) -> Self {
        Self::named("mask-all", Operator::Mask, Vec::new(), values)
    }

    /// Redacts nothing. Whoever uses it says so by name and records it.
    #[must_use]
    pub fn danger_pass(values: Arc<dyn Values>) -> Self {
        Self::named("pass", Operator::Keep, Vec::new(), values)
    }

    fn named(name: &str, default: Operator, kinds: Vec<(String, Operator)>, values: Arc<dyn Values>) -> Self {
        Self {
            name: name.to_owned(),
            default,
            kinds,
            off: Vec::new(),
            fields: Vec::new(),
            subject: Vec::new(),
            least_confidence: 50,
            allow: Allow::default(),
            values,
            keys: None,
            marks: None,
        }
    }

    /// The operator of `kind`.
    #[must_use]
    pub fn operator(&self, kind: Kind) -> Operator {
        let exact = self.kinds.iter().find(|(id, _)| id == kind.id());
        let main = || self.kinds.iter().find(|(id, _)| id == kind.main());
        exact.or_else(main).map_or(self.default, |(_, operator)| *operator)
    }

    /// Combines two profiles that apply to one answer: per kind and field the stronger operator wins, everything that
    /// either looks for is looked for, and only what both allow is allowed.
    #[must_use]
    pub fn stronger(&self, other: &Self) -> Self {
        let mut kinds: Vec<(String, Operator)> = Vec::new();
        for (id, _) in self.kinds.iter().chain(&other.kinds) {
            if !kinds.iter().any(|(known, _)| known == id) {
                let kind = Kind::intern(id);
                kinds.push((id.clone(), self.operator(kind).max(other.operator(kind))));
            }
        }
        let field = |one: &FieldRule, theirs: &Self| {
            let same = theirs.fields.iter().find(|rule| rule.path == one.path);
            // A field that only one side keeps unseen is looked at, as the other side demands.
            match same {
                Some(rule) => Some(FieldRule { operator: one.operator.max(rule.operator), ..one.clone() }),
                None => (one.operator != Operator::Keep).then(|| one.clone()),
            }
        };
        let mut fields: Vec<FieldRule> = self.fields.iter().filter_map(|rule| field(rule, other)).collect();
        let more = other.fields.iter().filter(|rule| !self.fields.iter().any(|mine| mine.path == rule.path));
        fields.extend(more.filter_map(|rule| field(rule, self)));
        Self {
            name: format!("{}+{}", self.name, other.name),
            default: self.default.max(other.default),
            kinds,
            off: self.off.iter().filter(|id| other.off.contains(id)).cloned().collect(),
            fields,
            subject: self.subject.iter().chain(&other.subject).cloned().collect(),
            least_confidence: self.least_confidence.min(other.least_confidence),
            allow: self.allow.both(&other.allow),
            values: Arc::clone(&self.values),
            keys: self.keys.clone().or_else(|| other.keys.clone()),
            marks: self.marks.clone().or_else(|| other.marks.clone()),
        }
    }

    /// Makes the profile.
    ///
    /// # Errors
    ///
    /// When an operator does not fit its kind, or needs a key and there is none.
    pub fn build(self) -> Result<Profile, ProfileError> {
        for (kind, operator) in &self.kinds {
            self.check(kind, *operator)?;
        }
        if self.default.needs_key() && self.keys.is_none() {
            return Err(ProfileError { kind: "every kind".into(), operator: self.default, why: NEEDS_KEY });
        }
        for rule in &self.fields {
            if rule.operator.needs_key() && self.keys.is_none() {
                return Err(ProfileError { kind: rule.path.to_string(), operator: rule.operator, why: NEEDS_KEY });
            }
        }
        Ok(Profile { inner: Arc::new(self) })
    }

    fn check(&self, kind: &str, operator: Operator) -> Result<(), ProfileError> {
        let refuse = |why| Err(ProfileError { kind: kind.to_owned(), operator, why });
        if operator.needs_key() && self.keys.is_none() {
            return refuse(NEEDS_KEY);
        }
        self.values.fits(operator, kind).or_else(refuse)
    }

    pub(crate) fn is_off(&self, kind: Kind) -> bool {
        self.off.iter().any(|id| kind.is(id))
    }

    pub(crate) fn needs_subject(&self) -> bool {
        let used = self.kinds.iter().map(|(_, operator)| operator).chain(self.fields.iter().map(|rule| &rule.operator));
        used.chain([&self.default]).any(|operator| operator.needs_subject())
    }
}

const NEEDS_KEY: &str = "it needs a key file";

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rules({}: {} kinds, {} fields)", self.name, self.kinds.len(), self.fields.len())
    }
}

impl Profile {
    /// What it was made from.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.inner
    }

    /// The same profile, with marks of what is found.
    #[must_use]
    pub fn marking(&self, marks: Arc<Marks>) -> Self {
        Self { inner: Arc::new(Rules { marks: Some(marks), ..(*self.inner).clone() }) }
    }

    /// The honest name of the method in reports: a built-in one as it is, anything else is custom.
    #[must_use]
    pub fn method(&self, scanner: &Scanner) -> &'static str {
        let rules = &*self.inner;
        let untouched = rules.off.is_empty() && rules.fields.is_empty() && rules.allow.is_empty();
        let harbour = |operator: Operator| {
            use Operator::{Drop, Generalise, Mask, Tag};
            matches!(operator, Tag | Mask | Drop | Generalise)
                || (operator == Operator::Surrogate && rules.keys.as_ref().is_none_or(|keys| keys.is_random()))
        };
        let kinds = || scanner.detectors().iter().map(|detector| rules.operator(detector.kind));
        let listed = || rules.kinds.iter().map(|(_, operator)| *operator);
        let least = rules.least_confidence <= 50;
        if untouched && least && kinds().chain(listed()).all(harbour) {
            "safe-harbor"
        } else if untouched && least && rules.name == "limited-data-set" {
            "limited-data-set"
        } else {
            "custom (needs expert determination)"
        }
    }
}

impl FieldPath {
    /// Reads a pattern.
    #[must_use]
    pub fn new(pattern: &str) -> Self {
        let names = pattern.split('.').map(|name| name.split('[').next().unwrap_or(name).to_owned());
        Self { names: names.filter(|name| !name.is_empty()).collect() }
    }

    /// How many names it has.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether it matches a path of names, outermost first.
    #[must_use]
    pub fn matches(&self, path: &[&[u8]]) -> bool {
        let same = |(pattern, name): (&String, &&[u8])| pattern == "*" || pattern.as_bytes().eq_ignore_ascii_case(name);
        if let ([name], [_, .., last]) = (path, &self.names[..]) {
            // `clinical.patients.*` is not every column there is.
            return last != "*" && same((last, name));
        }
        self.names.len() == path.len() && self.names.iter().zip(path).all(same)
    }

    /// Whether it names the field of a message whose component is at `path`: `PID-3` and the path `PID-3`, `1`.
    pub(crate) fn holds(&self, path: &[&[u8]]) -> bool {
        let ([name], [field, _]) = (&self.names[..], path) else { return false };
        let numbered = field.iter().rposition(|byte| *byte == b'-').is_some_and(|at| at == 3 || at == 2);
        numbered && name.as_bytes().eq_ignore_ascii_case(field)
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names.join("."))
    }
}

/// Why a profile cannot be used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProfileError {
    kind: String,
    operator: Operator,
    why: &'static str,
}

impl fmt::Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "operator `{}` cannot be used for `{}`: {}", self.operator, self.kind, self.why)
    }
}

impl ProfileError {
    /// Whether a key file would mend it.
    #[must_use]
    pub fn is_missing_key(&self) -> bool {
        self.why == NEEDS_KEY
    }
}

impl std::error::Error for ProfileError {}
