//! Which columns are labelled, and what becomes of their values: `[profile.x.columns]`.

use std::fmt;
use std::sync::Arc;

use blackbar_detectors::fields::column;
use blackbar_detectors::kinds;
use blackbar_engine::FieldPath;
use blackbar_engine::Kind;
use blackbar_engine::operator::Operator;

/// The labels of one profile, or of several that hold at once.
#[derive(Clone, Default, Eq, PartialEq)]
pub(crate) struct Labels {
    /// One entry for each profile.
    profiles: Vec<Arc<[Rule]>>,
    /// Columns that say whose data a row holds.
    subjects: Vec<FieldPath>,
}

/// A label that fits nothing, as far as it says what it means.
pub(crate) struct Unfitting<'l>(&'l Rule);

/// What a label says of a column.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Label {
    /// What its values are said to be, as far as the column's name tells.
    pub(crate) kind: Kind,
    pub(crate) operator: Operator,
}

#[derive(Clone, Debug, Eq, PartialEq)]
struct Rule {
    /// Patterns of schema, table and column; what is missing in front is anything.
    parts: Vec<String>,
    operator: Operator,
}

impl Labels {
    /// The labels of one profile: patterns `schema.table.column` with their operators.
    pub(crate) fn new<'p>(rules: impl IntoIterator<Item = (&'p str, Operator)>) -> Self {
        let rule = |(pattern, operator)| Rule { parts: parts(pattern), operator };
        Self { profiles: vec![rules.into_iter().map(rule).collect()], subjects: Vec::new() }
    }

    /// With the columns that say whose data a row holds.
    pub(crate) fn with_subjects(self, subjects: Vec<FieldPath>) -> Self {
        Self { subjects, ..self }
    }

    /// Whether this column says whose data a row holds: one that a profile names as such, or without any such name one
    /// that is labelled and by its name a record number.
    pub(crate) fn is_subject(&self, schema: &str, table: &str, column: &str) -> bool {
        let path = [schema.as_bytes(), table.as_bytes(), column.as_bytes()];
        if self.subjects.is_empty() {
            return self.of(schema, table, column).is_some_and(|label| label.kind.to_string() == "mrn");
        }
        self.subjects.iter().any(|subject| subject.matches(&path) || subject.matches(&path[1..]))
    }

    /// Whether a column of this name may say it, whatever its table.
    pub(crate) fn may_be_subject(&self, column: &str) -> bool {
        if self.subjects.is_empty() {
            return kind_of(column).to_string() == "mrn";
        }
        self.subjects.iter().any(|subject| subject.matches(&[column.as_bytes()]))
    }

    /// Those of both profiles at once: the stronger counts, and what only one keeps is not kept.
    pub(crate) fn and(&self, other: &Self) -> Self {
        let mut both = self.clone();
        for profile in &other.profiles {
            if !both.profiles.contains(profile) {
                both.profiles.push(Arc::clone(profile));
            }
        }
        for subject in &other.subjects {
            if !both.subjects.contains(subject) {
                both.subjects.push(subject.clone());
            }
        }
        both
    }

    /// The label of a column; `None` for one that nobody named.
    pub(crate) fn of(&self, schema: &str, table: &str, column: &str) -> Option<Label> {
        let name = [schema, table, column];
        let in_profile =
            |rules: &Arc<[Rule]>| rules.iter().filter(|rule| rule.matches(&name)).map(|rule| rule.operator).max();
        let mut strongest = None;
        let mut kept_by_all = true;
        for operator in self.profiles.iter().map(in_profile) {
            kept_by_all &= operator == Some(Operator::Keep);
            strongest = strongest.max(operator);
        }
        let operator = strongest.filter(|operator| *operator != Operator::Keep || kept_by_all)?;
        Some(Label { kind: kind_of(column), operator })
    }

    /// The labels that hide something and fit none of these columns, each once.
    pub(crate) fn fitting_nothing<'n, I: Iterator<Item = [&'n str; 3]>>(
        &self,
        columns: impl Fn() -> I,
    ) -> Vec<Unfitting<'_>> {
        let mut unfitting: Vec<Unfitting<'_>> = Vec::new();
        let hiding = self.profiles.iter().flat_map(|rules| rules.iter()).filter(|rule| rule.operator != Operator::Keep);
        for rule in hiding {
            let new = !unfitting.iter().any(|known| known.0.parts == rule.parts);
            if new && !columns().any(|name| rule.matches(&name)) {
                unfitting.push(Unfitting(rule));
            }
        }
        unfitting
    }

    /// Whether some column is labelled and not kept: then there is something that must not come out by a side door.
    pub(crate) fn hide_anything(&self) -> bool {
        self.profiles.iter().any(|rules| rules.iter().any(|rule| rule.operator != Operator::Keep))
    }
}

impl Unfitting<'_> {
    /// Whether it says of which table's column it is.
    pub(crate) fn names_table(&self) -> bool {
        self.0.parts.len() <= 3 && self.table().is_some_and(|table| !table.contains('*'))
    }

    /// Whether it says in which schema that table is.
    pub(crate) fn names_schema(&self) -> bool {
        self.schema().is_some_and(|schema| !schema.contains('*'))
    }

    pub(crate) fn means_table(&self, schema: &str, table: &str) -> bool {
        self.means_schema(schema) && self.table().is_none_or(|pattern| fits(pattern, table, false))
    }

    pub(crate) fn means_schema(&self, schema: &str) -> bool {
        self.schema().is_none_or(|pattern| fits(pattern, schema, false))
    }

    /// As it was written, but for quotes: words of the configuration.
    pub(crate) fn text(&self) -> String {
        self.0.parts.join(".")
    }

    fn schema(&self) -> Option<&String> {
        self.0.parts.len().checked_sub(3).and_then(|at| self.0.parts.get(at))
    }

    fn table(&self) -> Option<&String> {
        self.0.parts.len().checked_sub(2).and_then(|at| self.0.parts.get(at))
    }
}

impl Label {
    /// Whether its values may be seen as they are.
    pub(crate) fn keeps(self) -> bool {
        self.operator == Operator::Keep
    }
}

impl Rule {
    fn matches(&self, name: &[&str; 3]) -> bool {
        let known = self.parts.len().min(name.len());
        if self.parts.len() > name.len() || self.parts.is_empty() {
            return false;
        }
        // To keep too much is worse than to hide too much.
        let exact = self.operator == Operator::Keep;
        let fits = |(pattern, name): (&String, &&str)| fits(pattern, name, exact);
        // The column first: it tells most of them apart.
        self.parts.iter().zip(&name[name.len() - known..]).rev().all(fits)
    }
}

/// PostgreSQL folds names to lower case, and who writes a label may not know: only an `exact` pattern minds.
fn fits(pattern: &str, name: &str, exact: bool) -> bool {
    let alike = |one: char, other: char| one == other || !exact && one.to_lowercase().eq(other.to_lowercase());
    if pattern.contains('*') {
        return glob(pattern, name, alike);
    }
    let (mut letters, mut others) = (pattern.chars(), name.chars());
    loop {
        match (letters.next(), others.next()) {
            (None, None) => return true,
            (Some(one), Some(other)) if alike(one, other) => {}
            _ => return false,
        }
    }
}

/// The parts of a pattern; a part in double quotes may hold points.
fn parts(pattern: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    let mut letters = pattern.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                push(&mut parts, '"');
            }
            '"' => quoted = !quoted,
            '.' if !quoted => parts.push(String::new()),
            _ => push(&mut parts, letter),
        }
    }
    parts
}

fn push(parts: &mut [String], letter: char) {
    if let Some(last) = parts.last_mut() {
        last.push(letter);
    }
}

/// Whether a name fits a pattern in which `*` stands for any number of letters.
fn glob(pattern: &str, name: &str, alike: impl Fn(char, char) -> bool) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    // Where to go on when the letters after the last star do not fit.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(letter) if alike(*letter, name[n]) => {
                p += 1;
                n += 1;
            }
            _ => {
                let Some((at, from)) = star else { return false };
                p = at + 1;
                n = from + 1;
                star = Some((at, n));
            }
        }
    }
    pattern[p..].iter().all(|letter| *letter == '*')
}

fn kind_of(column: &str) -> Kind {
    column::of(column.as_bytes()).kind.unwrap_or(kinds::OTHER_ID)
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rules: usize = self.profiles.iter().map(|rules| rules.len()).sum();
        write!(f, "Labels({rules} in {})", self.profiles.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operator(labels: &Labels, name: &str) -> Option<Operator> {
        let mut parts = name.split('.');
        let mut next = || parts.next().unwrap();
        labels.of(next(), next(), next()).map(|label| label.operator)
    }

    #[test]
    fn patterns_name_columns() {
        let labels = Labels::new([
            ("clinical.patients.mrn", Operator::Token),
            ("clinical.*.ssn", Operator::Tag),
            ("*.*.*_dob", Operator::Generalise),
            ("notes.body", Operator::Drop),
            ("clinical.encounters.id", Operator::Keep),
            ("clinical.\"a.b\".c", Operator::Mask),
        ]);
        for (name, expected) in [
            ("clinical.patients.mrn", Some(Operator::Token)),
            ("Clinical.Patients.MRN", Some(Operator::Token)),
            ("clinical.patients.mrn2", None),
            ("other.patients.mrn", None),
            ("clinical.anything.ssn", Some(Operator::Tag)),
            ("a.b.child_dob", Some(Operator::Generalise)),
            ("any.notes.body", Some(Operator::Drop)),
            ("clinical.encounters.id", Some(Operator::Keep)),
            ("clinical.Encounters.id", None),
        ] {
            assert_eq!(operator(&labels, name), expected, "{name}");
        }
        assert_eq!(labels.of("clinical", "a.b", "c").map(|label| label.operator), Some(Operator::Mask));
        assert!(labels.hide_anything() && !Labels::new([("a.b.c", Operator::Keep)]).hide_anything());
    }

    #[test]
    fn labels_that_fit_nothing_are_named() {
        let labels = Labels::new([
            ("clinical.patients.mrn", Operator::Token),
            ("clinical.patients.sssn", Operator::Tag),
            ("clinical.gone.ssn", Operator::Tag),
            ("*.*.ssn", Operator::Tag),
            ("other.patients.nothing", Operator::Keep),
        ]);
        let both = labels.and(&Labels::new([("clinical.patients.sssn", Operator::Drop)]));
        let columns = || [["clinical", "patients", "MRN"], ["clinical", "patients", "id"]].into_iter();
        let unfitting = both.fitting_nothing(columns);
        let texts: Vec<String> = unfitting.iter().map(Unfitting::text).collect();
        assert_eq!(texts, ["clinical.patients.sssn", "clinical.gone.ssn", "*.*.ssn"]);
        let means: Vec<bool> = unfitting.iter().map(|label| label.means_table("Clinical", "patients")).collect();
        assert_eq!(means, [true, false, true]);
        let names: Vec<bool> = unfitting.iter().map(Unfitting::names_table).collect();
        assert_eq!(names, [true, true, false]);
    }

    #[test]
    fn the_strongest_counts_and_only_what_all_keep_is_kept() {
        let one = Labels::new([("s.t.a", Operator::Token), ("s.t.*", Operator::Keep), ("s.t.b", Operator::Keep)]);
        assert_eq!(operator(&one, "s.t.a"), Some(Operator::Token));
        assert_eq!(operator(&one, "s.t.b"), Some(Operator::Keep));
        let both = one.and(&Labels::new([("s.t.a", Operator::Drop), ("s.t.b", Operator::Keep)]));
        assert_eq!(operator(&both, "s.t.a"), Some(Operator::Drop));
        assert_eq!(operator(&both, "s.t.b"), Some(Operator::Keep));
        assert_eq!(operator(&both, "s.t.c"), None, "only one of them keeps it");
        assert_eq!(operator(&one.and(&Labels::new([])), "s.t.b"), None);
    }
}
