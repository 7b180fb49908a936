//! What becomes of the columns of an answer.
//!
//! An [`Outline`] holds the readings of each statement of a text. Under the labels of a grant it becomes a [`Plan`]: for each
//! output column the base columns that it derives from are looked up, and the strongest of what the readings say holds.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use blackbar_detectors::kinds;
use blackbar_engine::Kind;
use blackbar_engine::operator::Operator;
use blackbar_sql::{
    ActionGroup, CopyEnd, Derivation, FunctionClass, FunctionUse, Origin, OutputColumn, StatementFacts, StatementKind,
    Use,
};
use blackbar_wire::pg::Column;
use blackbar_wire::pg::copy::CopyFormat;
use blackbar_wire::pg::value::{Base, Decision, Shape, Types as _};

use super::super::catalog::{Snapshot, TableColumn};
use super::copy;
use super::look::{Look, disguises};
use super::reading::{Eyes, Reach, Reading, Seen, stronger};
use crate::gate::{Label, Labels};

/// What the answers of a text are made of, whoever gets them.
pub(crate) struct Outline {
    /// For each statement of the text all ways to read it.
    statements: Vec<Vec<Reading>>,
    /// What has no reading is not known at all.
    unknown: bool,
    snapshot: Arc<Snapshot>,
    tainted: BTreeSet<String>,
    /// The plan that was asked for last: most sessions have one profile.
    last: Mutex<Option<Arc<Plan>>>,
}

/// What becomes of the answers of a text, under the labels of one grant.
#[derive(Debug)]
pub(crate) struct Plan {
    statements: Vec<StatementPlan>,
    /// For a statement that nobody read.
    beyond: Treatment,
    labels: Arc<Labels>,
}

/// What becomes of the answer of one statement.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StatementPlan {
    /// Its columns, in order. `None` where they are not known: `rest` holds for each.
    pub(crate) columns: Option<Vec<Treatment>>,
    /// In which light each of them is looked at.
    pub(crate) looks: Vec<Look>,
    pub(crate) rest: Treatment,
    pub(crate) rest_look: Look,
    /// Code that is not the server's own may run, within reach of what is hidden: it may say anything anywhere.
    pub(crate) may_say_anything: bool,
    /// It copies to or from the client.
    pub(crate) copy: Option<CopyPlan>,
}

/// What becomes of a column.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Treatment {
    /// The profile says that it is kept, or it is a plain count.
    Keep,
    /// The detectors look at it.
    Detect,
    /// The detectors would look at it in vain: where they look at anything, it is replaced whole.
    Disguised,
    /// It is a labelled column.
    Labelled { kind: Kind, operator: Operator },
    /// It is computed of labelled columns, or may be: what takes its place depends on nothing in it.
    Whole { kind: Kind, operator: Operator },
}

/// How a COPY stream is written, and what its columns are.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CopyPlan {
    /// Whether to the client.
    pub(crate) out: bool,
    pub(crate) format: CopyFormat,
    /// In order. Empty where they are not known: then [`StatementPlan::rest`] holds for each.
    pub(crate) columns: Vec<CopyColumn>,
}

/// A column of a COPY stream, which no description comes before.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct CopyColumn {
    /// What the catalog calls it; empty where that is not known.
    pub(crate) name: String,
    pub(crate) look: Look,
    pub(crate) treatment: Treatment,
    /// Its type; 0 where that is not known.
    pub(crate) type_oid: u32,
    pub(crate) modifier: i32,
}

impl Outline {
    pub(super) fn new(statements: Vec<Vec<Reading>>, snapshot: &Arc<Snapshot>, tainted: &BTreeSet<String>) -> Self {
        Self {
            statements,
            unknown: false,
            snapshot: Arc::clone(snapshot),
            tainted: tainted.clone(),
            last: Mutex::default(),
        }
    }

    /// Of an answer about which nothing is known.
    pub(super) fn unknown(snapshot: &Arc<Snapshot>) -> Self {
        Self { unknown: true, ..Self::new(Vec::new(), snapshot, &BTreeSet::new()) }
    }

    /// How many statements the text has.
    pub(super) fn len(&self) -> usize {
        self.statements.len()
    }

    /// Nothing is known about the answer.
    pub(super) fn is_unknown(&self) -> bool {
        self.unknown
    }

    /// All ways to read all of its statements.
    pub(super) fn all_readings(&self) -> impl Iterator<Item = &Reading> {
        self.statements.iter().flatten()
    }

    /// All ways to read the statement at this place.
    pub(super) fn readings(&self, ordinal: usize) -> &[Reading] {
        self.statements.get(ordinal).map(Vec::as_slice).unwrap_or_default()
    }

    /// A table that must not be touched, because a label that these labels have for it fits nothing any more.
    pub(super) fn touches_adrift(&self, labels: &Labels) -> bool {
        let adrift = self.snapshot.adrift(labels);
        let facts = self.statements.iter().flatten().filter_map(Reading::facts);
        !adrift.is_empty() && facts.flat_map(|facts| &facts.tables).any(|table| !table.system && adrift.holds(table))
    }

    /// What becomes of the answers under these labels.
    pub(crate) fn plan(&self, labels: &Arc<Labels>) -> Arc<Plan> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plan) = last.as_ref().filter(|plan| plan.labels == *labels) {
            return Arc::clone(plan);
        }
        let eyes = Eyes { labels, snapshot: &self.snapshot, tainted: &self.tainted };
        let may_hide = self.unknown && labels.hide_anything();
        let plan = Arc::new(Plan {
            statements: self.statements.iter().map(|readings| StatementPlan::of(readings, &eyes)).collect(),
            beyond: if may_hide { Treatment::WHOLE } else { Treatment::Detect },
            labels: Arc::clone(labels),
        });
        *last = Some(Arc::clone(&plan));
        plan
    }
}

impl Plan {
    /// Whether any statement of the text runs code that may say anything; see [`StatementPlan::may_say_anything`].
    pub(crate) fn may_say_anything(&self) -> bool {
        self.beyond != Treatment::Detect || self.statements.iter().any(|statement| statement.may_say_anything)
    }

    /// Whether rows come in for columns that are labelled.
    pub(crate) fn copies_into_labelled(&self) -> bool {
        let labelled = |column: &CopyColumn| matches!(column.treatment, Treatment::Labelled { .. });
        let copies = self.statements.iter().filter_map(|statement| statement.copy.as_ref());
        copies.filter(|copy| !copy.out).any(|copy| copy.columns.iter().any(labelled))
    }

    /// The plan for the statement at this place of a text, which is 0 for a prepared one.
    pub(crate) fn statement(&self, ordinal: usize) -> StatementPlan {
        let beyond = if self.statements.is_empty() { self.beyond } else { Treatment::WHOLE };
        let unknown = || StatementPlan::beyond(beyond);
        self.statements.get(ordinal).cloned().unwrap_or_else(unknown)
    }

    /// What becomes of each column that the server describes. One that the server says comes from a labelled column is
    /// labelled, whatever was derived from the text; one of a relation that nobody knows is replaced.
    /// `detects`: whether the grant's profile looks for anything.
    pub(crate) fn decisions(
        &self,
        ordinal: usize,
        columns: &[Column],
        snapshot: &Snapshot,
        detects: bool,
    ) -> Vec<Decision> {
        let plan = self.statement(ordinal);
        let eyes = Eyes { labels: &self.labels, snapshot, tainted: &BTreeSet::new() };
        let fits = plan.columns.as_ref().filter(|planned| planned.len() == columns.len());
        let misfit = plan.columns.is_some() && fits.is_none() && self.labels.hide_anything();
        let decide = |(at, column): (usize, &Column)| {
            let mut treatment = match fits {
                Some(planned) => planned[at],
                None if misfit => Treatment::WHOLE.stronger(plan.rest),
                None => plan.rest,
            };
            if column.table != 0 {
                treatment = treatment.stronger(said(column, &eyes));
            }
            let shape = snapshot.shape(column.type_oid);
            let of_nobody = column.table == 0 || Snapshot::is_system(column.table);
            if treatment == Treatment::Detect && of_nobody && plan.look(at, columns.len()).tells_nothing(&shape) {
                return Decision::Pass;
            }
            treatment.decision(&shape, detects)
        };
        columns.iter().enumerate().map(decide).collect()
    }

    /// What becomes of the result of a function that was called by its OID.
    pub(crate) fn function_result(&self, shape: &Shape, detects: bool) -> Decision {
        self.statement(0).rest.decision(shape, detects)
    }
}

/// What the server's word about a column's origin asks for, at the least.
fn said(column: &Column, eyes: &Eyes<'_>) -> Treatment {
    let Some(table) = eyes.snapshot.table(column.table) else {
        let harmless = Snapshot::is_system(column.table) || !eyes.labels.hide_anything();
        return if harmless { Treatment::Keep } else { Treatment::WHOLE };
    };
    let named = |column: &TableColumn| match eyes.named(&table.schema, &table.name, &column.name) {
        Seen::Hidden(label) => Some(label),
        _ => None,
    };
    if column.attribute == 0 {
        let strongest = table.columns.iter().filter_map(named).fold(None, |one, other| stronger(one, Some(other)));
        return strongest.map_or(Treatment::Keep, Treatment::whole);
    }
    match table.column(column.attribute) {
        Some(column) => named(column).map_or(Treatment::Keep, Treatment::labelled),
        // It was added a moment ago.
        None if eyes.labels.hide_anything() => Treatment::WHOLE,
        None => Treatment::Keep,
    }
}

impl StatementPlan {
    fn of(readings: &[Reading], eyes: &Eyes<'_>) -> Self {
        let mut plans = readings.iter().map(|reading| Self::of_reading(reading, eyes));
        let Some(first) = plans.next() else { return Self::unknown(eyes) };
        plans.fold(first, |one, other| one.and(other))
    }

    fn of_reading(reading: &Reading, eyes: &Eyes<'_>) -> Self {
        let Some(facts) = reading.facts() else { return Self::unknown(eyes) };
        let reach = eyes.reach(facts);
        let stores = !eyes.stores(facts).is_empty();
        let rest = Treatment::of_unknown(reach, eyes);
        let columns: Vec<Treatment> =
            facts.outputs.iter().map(|output| Treatment::of(&output.origin, facts, (reach, stores), eyes)).collect();
        let looks: Vec<Look> =
            facts.outputs.iter().map(|output| Look::of(&output.origin, facts, eyes.snapshot)).collect();
        let known = facts.outputs_complete && facts.opacity.is_none();
        let copy = facts.copy.as_ref().filter(|copy| copy.end == CopyEnd::Client).and_then(|copy| {
            let columns = if copy.out { copied_out(facts, &columns, &looks, eyes) } else { copied_in(facts, eyes) };
            let columns = if known || !copy.out { columns } else { Vec::new() };
            Some(CopyPlan { out: copy.out, format: copy::format(&copy.options).ok()?, columns })
        });
        let may_say_anything = reach.may_hide(eyes.labels) && runs_other_code(facts);
        let rest_look = Look::of_rest(facts);
        Self { columns: known.then_some(columns), looks, rest, rest_look, may_say_anything, copy }
    }

    /// In which light a column is looked at, of so many that the server describes.
    pub(crate) fn look(&self, at: usize, count: usize) -> &Look {
        let known = self.columns.as_ref().is_some_and(|columns| columns.len() == count);
        self.looks.get(at).filter(|_| known).unwrap_or(&self.rest_look)
    }

    fn beyond(rest: Treatment) -> Self {
        let may_say_anything = rest != Treatment::Detect;
        let (looks, rest_look) = (Vec::new(), Look::default());
        Self { columns: None, looks, rest, rest_look, may_say_anything, copy: None }
    }

    /// An answer about which nothing is known.
    fn unknown(eyes: &Eyes<'_>) -> Self {
        let rest = if eyes.labels.hide_anything() { Treatment::WHOLE } else { Treatment::Detect };
        Self::beyond(rest)
    }

    /// The stronger of both, column by column.
    fn and(self, other: Self) -> Self {
        let rest = self.rest.stronger(other.rest);
        let copy = match (self.copy, other.copy) {
            (Some(one), Some(other)) => one.and(&other),
            _ => None,
        };
        let rest_look = self.rest_look.and(other.rest_look);
        let may_say_anything = self.may_say_anything || other.may_say_anything;
        match (self.columns, other.columns) {
            (Some(one), Some(two)) if one.len() == two.len() => {
                let columns = one.into_iter().zip(two).map(|(one, other)| one.stronger(other)).collect();
                let looks = self.looks.into_iter().zip(other.looks).map(|(one, other)| one.and(other)).collect();
                Self { columns: Some(columns), looks, rest, rest_look, may_say_anything, copy }
            }
            // Which of them it will be nobody knows: each column may be any.
            (one, two) => {
                let all = one.into_iter().chain(two).flatten();
                let rest = all.fold(rest, Treatment::stronger);
                let rest_look = self.looks.into_iter().chain(other.looks).fold(rest_look, Look::and);
                Self { columns: None, looks: Vec::new(), rest, rest_look, may_say_anything, copy }
            }
        }
    }
}

impl CopyPlan {
    fn and(mut self, other: &Self) -> Option<Self> {
        if self.format != other.format || self.out != other.out {
            return None;
        }
        if self.columns.len() != other.columns.len() {
            self.columns.clear();
        }
        for (one, other) in self.columns.iter_mut().zip(&other.columns) {
            one.treatment = one.treatment.stronger(other.treatment);
            one.look = std::mem::take(&mut one.look).and(other.look.clone());
            if one.type_oid != other.type_oid {
                (one.type_oid, one.modifier) = (0, -1);
                one.name.clear();
            }
        }
        Some(self)
    }
}

impl CopyColumn {
    /// What a masker does with its values.
    pub(crate) fn decision(&self, format: &CopyFormat, snapshot: &Snapshot, detects: bool) -> Decision {
        // Text of no known type is text to whoever reads it.
        let text = self.type_oid == 0 && *format != CopyFormat::Binary;
        let shape = if text { Shape::Base(Base::Text) } else { snapshot.shape(self.type_oid) };
        self.treatment.decision(&shape, detects)
    }
}

impl Treatment {
    pub(super) const WHOLE: Self = Self::Whole { kind: kinds::OTHER_ID, operator: Operator::Tag };

    /// What becomes of a column of which only is known what the statement can get at.
    fn of_unknown(reach: Reach, eyes: &Eyes<'_>) -> Self {
        if !reach.may_hide(eyes.labels) {
            return Self::Detect;
        }
        let kind = reach.hidden.map_or(kinds::OTHER_ID, |label| label.kind);
        Self::Whole { kind, operator: reach.operator() }
    }

    /// What becomes of a column by the base columns that it derives from. `stores`: see [`Eyes::stores`].
    fn of(origin: &Origin, facts: &StatementFacts, (reach, stores): (Reach, bool), eyes: &Eyes<'_>) -> Self {
        let mut treatment = if origin.is_unprovable() { Self::of_unknown(reach, eyes) } else { Self::Detect };
        if origin.is_plain_count() {
            return Self::Keep;
        }
        let mut hidden: Option<Label> = None;
        let (mut bare, mut kept, mut any) = (false, true, false);
        // What a view computes may be shown when its own column is kept by name.
        let shown_by_view = origin.sources().iter().any(|(id, how)| {
            let kept = facts.column(*id).filter(|(table, column)| eyes.column(table, column) == Seen::Kept);
            *how == Derivation::Copy && kept.is_some_and(|(table, _)| eyes.is_view(table))
        });
        for (id, how) in origin.sources() {
            let Some((table, column)) = facts.column(*id) else { return Self::WHOLE.stronger(treatment) };
            let through = eyes.is_view(table);
            let seen = eyes.column(table, column);
            if stores && column.uses.contains(Use::Assigned) {
                // `RETURNING` shows what was written, which is not the column's own.
                treatment = treatment.stronger(Self::of_unknown(reach, eyes));
            }
            any = true;
            if seen != Seen::Kept && !shown_by_view && disguises(*how, table, column, eyes.snapshot) {
                treatment = treatment.stronger(Self::Disguised);
            }
            match seen {
                Seen::Hidden(label) => {
                    hidden = stronger(hidden, Some(label));
                    kept = false;
                }
                // A column of a view is another name for what stands beneath it, whose label counts.
                Seen::Unlabelled if through => {}
                Seen::Unlabelled => (bare, kept) = (true, false),
                Seen::Kept => bare = true,
                Seen::Unknown => {
                    kept = false;
                    bare = true;
                    if eyes.labels.hide_anything() {
                        treatment = treatment.stronger(Self::WHOLE);
                    }
                }
            }
        }
        let of_labels = match hidden {
            // Values of other columns, or of the statement's own, would be hidden in the same way as those that are
            // labelled: whoever brings them in could tell which are equal.
            Some(label) if origin.is_copy() && !bare => Self::labelled(label),
            Some(label) => Self::whole(label),
            None if any && kept && origin.is_copy() => {
                return if origin.is_unprovable() { treatment } else { Self::Keep };
            }
            None => Self::Detect,
        };
        treatment.stronger(of_labels)
    }

    fn labelled(label: Label) -> Self {
        Self::Labelled { kind: label.kind, operator: label.operator }
    }

    fn whole(label: Label) -> Self {
        Self::Whole { kind: label.kind, operator: label.operator.max(Operator::Tag) }
    }

    /// The stronger of both.
    pub(crate) fn stronger(self, other: Self) -> Self {
        match (self, other) {
            (Self::Keep, other) => other,
            (one, Self::Keep) => one,
            (Self::Detect, other) => other,
            (one, Self::Detect) => one,
            (Self::Disguised, other) => other,
            (one, Self::Disguised) => one,
            (Self::Labelled { operator: one, .. }, Self::Labelled { operator, .. }) => {
                if operator > one {
                    other
                } else {
                    self
                }
            }
            (
                Self::Whole { kind, operator },
                Self::Labelled { operator: other, .. } | Self::Whole { operator: other, .. },
            )
            | (Self::Labelled { operator: other, .. }, Self::Whole { kind, operator }) => {
                Self::Whole { kind, operator: operator.max(other) }
            }
        }
    }

    /// What a masker does with values of a type that is made like that.
    pub(crate) fn decision(self, shape: &Shape, detects: bool) -> Decision {
        match self {
            Self::Disguised if detects => Self::WHOLE.decision(shape, detects),
            Self::Disguised => Decision::Detect,
            Self::Keep => Decision::Pass,
            Self::Detect => Decision::Detect,
            Self::Labelled { kind, operator } => Decision::Replace { kind, operator },
            Self::Whole { kind, operator } => {
                // A tag is the same for every value in a text. In other types something of the value would be left: the
                // year of a date, how many elements an array has.
                let text = matches!(
                    shape,
                    Shape::Base(
                        Base::Text | Base::Varchar | Base::Bpchar | Base::Name | Base::Json | Base::Jsonb | Base::Xml
                    )
                );
                Decision::Replace { kind, operator: if text { operator } else { Operator::Drop } }
            }
        }
    }
}

/// The columns of a `COPY … TO`, with the types of those that are columns of tables as they are.
fn copied_out(facts: &StatementFacts, columns: &[Treatment], looks: &[Look], eyes: &Eyes<'_>) -> Vec<CopyColumn> {
    let typed = |((output, treatment), look): ((&OutputColumn, &Treatment), &Look)| {
        let column = match output.origin.sources() {
            [first, ..] if output.origin.is_copy() => facts.column(first.0).and_then(|(table, column)| {
                let table = eyes.snapshot.table_named(table.schema.as_deref()?, &table.name)?;
                table.column_named(&column.name)
            }),
            _ => None,
        };
        let (type_oid, modifier) = column.map_or((0, -1), |column| (column.type_oid, column.modifier));
        let name = column.map_or_else(String::new, |column| column.name.clone());
        CopyColumn { name, look: look.clone(), treatment: *treatment, type_oid, modifier }
    };
    facts.outputs.iter().zip(columns).zip(looks).map(typed).collect()
}

/// The columns that a `COPY … FROM` fills.
fn copied_in(facts: &StatementFacts, eyes: &Eyes<'_>) -> Vec<CopyColumn> {
    let target = facts.tables.iter().find(|table| table.kinds.contains(&StatementKind::CopyIn));
    let known = target.and_then(|table| eyes.snapshot.table_named(table.schema.as_deref()?, &table.name));
    let (Some(target), Some(known)) = (target, known) else { return Vec::new() };
    let named = facts.copy.as_ref().map(|copy| copy.columns.as_slice()).unwrap_or_default();
    let columns: Vec<&TableColumn> = if named.is_empty() {
        known.columns.iter().collect()
    } else {
        named.iter().filter_map(|name| known.column_named(name)).collect()
    };
    let typed = |column: &&TableColumn| {
        let schema = target.schema.as_deref().unwrap_or_default();
        let treatment = match eyes.named(schema, &target.name, &column.name) {
            Seen::Hidden(label) => Treatment::labelled(label),
            _ => Treatment::Keep,
        };
        let TableColumn { name, type_oid, modifier, .. } = column;
        CopyColumn { name: name.clone(), look: Look::default(), treatment, type_oid: *type_oid, modifier: *modifier }
    };
    columns.iter().map(typed).collect()
}

/// Whether code may run that is not the server's own: functions, or what a write sets off.
fn runs_other_code(facts: &StatementFacts) -> bool {
    let other = |function: &FunctionUse| {
        matches!(
            function.class,
            FunctionClass::OwnReading | FunctionClass::Unknown | FunctionClass::Dynamic | FunctionClass::Outside
        )
    };
    let reads = |kind: &StatementKind| kind.group() == Some(ActionGroup::Read) || *kind == StatementKind::Session;
    facts.opacity.is_some() || facts.functions.iter().any(other) || !facts.kinds.iter().all(reads)
}

impl fmt::Debug for Outline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Outline({} statements)", self.statements.len())
    }
}
