//! What a write puts into columns, and whether it may be what stands for others there.
//!
//! Who reads redacted values and writes whole rows back would put replacements over what they stand for. A tag or a mask says
//! what it is wherever it stands. A first of January, zeros, a year or null do not: so what a column is given is judged by the
//! column's type and by what its reader sees of it. A value that replaces another is judged whether the column is labelled or
//! merely looked at, a new one where it is labelled.

use std::cell::OnceCell;

use blackbar_detectors::fields::column;
use blackbar_detectors::kinds;
use blackbar_engine::Kind;
use blackbar_engine::operator::{Keyring, Operator, main_kind};
use blackbar_sql::{Against, ColumnId, Literal, LiteralKind, Probe, StatementFacts, StatementKind, Use, literals};
use blackbar_wire::pg::Report;
use blackbar_wire::pg::frontend::{Bind, format_at};
use blackbar_wire::pg::value::{Base, Destination, Scalar, Shape, Types as _, may_stand_for_others, scalars};
use bytes::Bytes;

use super::super::catalog::{Snapshot, TableColumn};
use super::plan::{CopyColumn, Treatment};
use super::reading::{Eyes, Reading, Seen};
use super::refusal;
use super::wayback::{self, carries, writes};
use crate::gate::{Label, Labels};
use crate::registry;

/// What a write gives to a column, as the client spelt it.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct Written {
    schema: String,
    table: String,
    column: String,
    /// `None` for null.
    value: Option<Bytes>,
    /// The type that the client says it has; 0 for none.
    given: u32,
    format: i16,
    /// The column had a value before.
    over: bool,
    /// It is for this column and no other.
    sure: bool,
}

/// How whoever writes sees what is there.
#[derive(Clone, Copy)]
pub(crate) struct Reads<'r> {
    pub(crate) labels: &'r Labels,
    pub(crate) snapshot: &'r Snapshot,
    pub(crate) keys: Option<&'r Keyring>,
    /// Columns without labels are looked at.
    pub(crate) detects: bool,
    /// Whether values of this kind are seen with less detail.
    pub(crate) generalises: &'r dyn Fn(Kind) -> bool,
    /// What becomes of each thing that is found in a text of a column of this name.
    pub(crate) found: &'r dyn Fn(&str, &Bytes) -> Vec<Operator>,
}

/// What the constants and parameters of a write give to columns. `bind`: the values, with the types that the client gave.
pub(super) fn of(reading: &Reading, bind: Option<(&Bind, &[u32])>) -> Vec<Written> {
    let Some(facts) = reading.facts().filter(|facts| writes(facts)) else { return Vec::new() };
    let values = Values::of(reading, facts);
    let mut all = Vec::new();
    for Probe { column, against } in &facts.assignments {
        let given = match against {
            Against::Literal(start) => values.literal(*start),
            Against::Parameter(number) => bind.and_then(|bind| parameter(bind, *number)),
            Against::Column(_) | Against::Query => None,
        };
        all.extend(given.and_then(|given| written(facts, *column, given, true)));
    }
    // What is computed, or comes from elsewhere in the statement, may be any of its other values.
    let open = open(facts);
    if !open.is_empty() {
        let mut others: Vec<Given> = values.others().collect();
        if let Some(bind) = bind {
            let named = |number: u32| {
                let mut used = facts.assignments.iter().chain(&facts.probes);
                used.any(|probe| probe.against == Against::Parameter(number))
            };
            let numbers = (1..=facts.parameters).filter(|number| !named(*number));
            others.extend(numbers.filter_map(|number| parameter(bind, number)));
        }
        others.retain(|given| given.value.is_some());
        for column in open {
            all.extend(others.iter().filter_map(|given| written(facts, column, given.clone(), false)));
        }
    }
    all
}

/// What `EXECUTE` gives to the statements that it may run: each of its constants may be any of their parameters.
pub(super) fn executed(runs: &[Reading], text: &[u8]) -> Vec<Written> {
    let known = literals(std::str::from_utf8(text).unwrap_or_default()).unwrap_or_default();
    let value = |literal: &Literal| {
        let is_value = matches!(literal.kind, LiteralKind::String | LiteralKind::Number);
        let bytes = unquoted(text.get(literal.span.clone()).filter(|_| is_value)?);
        Some(Given { value: Some(Bytes::copy_from_slice(bytes)), given: 0, format: 0 })
    };
    let mut values: Vec<Given> = known.iter().filter_map(value).collect();
    let words = text.split(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_');
    if words.into_iter().any(|word| word.eq_ignore_ascii_case(b"null")) {
        values.push(Given { value: None, given: 0, format: 0 });
    }
    let mut all = Vec::new();
    for reading in runs {
        let Some(facts) = reading.facts().filter(|facts| writes(facts)) else { continue };
        let bound = facts.assignments.iter().filter(|probe| matches!(probe.against, Against::Parameter(_)));
        for column in bound.map(|probe| probe.column).chain(open(facts)) {
            all.extend(values.iter().filter_map(|given| written(facts, column, given.clone(), false)));
        }
    }
    all
}

/// Whether a write gives a column what may be a replacement, to whoever reads so.
pub(super) fn forbids(written: &[Written], reads: &Reads<'_>) -> Option<Report> {
    let nothing = std::collections::BTreeSet::new();
    let eyes = Eyes { labels: reads.labels, snapshot: reads.snapshot, tainted: &nothing };
    let forbidden = written.iter().any(|write| {
        let seen = eyes.named(&write.schema, &write.table, &write.column);
        let known = reads.snapshot.table_named(&write.schema, &write.table);
        let known = known.and_then(|table| table.column_named(&write.column));
        let to = write.destination(known);
        match seen {
            Seen::Hidden(label) => reads.replaced(label, to, write.value.as_ref(), write.over),
            Seen::Unlabelled | Seen::Unknown if write.over && reads.detects => {
                reads.looked_at(&write.column, to, write.value.as_ref())
            }
            Seen::Unlabelled | Seen::Unknown | Seen::Kept => false,
        }
    });
    forbidden.then(carries)
}

/// A cell of `COPY … FROM STDIN`: its original, when it is a token. `resolves`: who copies may have tokens resolved.
///
/// # Errors
///
/// When it carries what cannot be resolved, or may be a replacement of another value of its column.
pub(crate) fn cell(
    column: Option<&CopyColumn>,
    binary: bool,
    value: &Bytes,
    resolves: bool,
    reads: &Reads<'_>,
) -> Result<Bytes, Report> {
    let label = column.and_then(|column| match column.treatment {
        Treatment::Labelled { kind, operator } => Some((column, Label { kind, operator })),
        _ => None,
    });
    if wayback::has_token(value) {
        return match label {
            Some(_) if !resolves => Err(refusal("42501", "tokens are resolved only for whom policy lets resolve them")),
            Some(_) => wayback::resolved(value, i16::from(binary), true, reads.keys),
            None => Err(carries()),
        };
    }
    let stands = |(column, label): (&CopyColumn, Label)| {
        let CopyColumn { type_oid, modifier, .. } = *column;
        let to = Destination { oid: type_oid, modifier, given: 0, format: i16::from(binary), sure: true };
        // Whoever copies rows in may have copied them out.
        reads.replaced(label, to, Some(value), true)
    };
    if wayback::is_replacement(value) || label.is_some_and(stands) { Err(carries()) } else { Ok(value.clone()) }
}

impl Reads<'_> {
    /// Whether a value may be what is seen of others in a column with this label.
    fn replaced(&self, label: Label, to: Destination, value: Option<&Bytes>, over: bool) -> bool {
        // Who read the column may have read a null that is none.
        let Some(value) = value else { return over };
        match label.operator {
            // These look like any other value.
            Operator::Shift | Operator::Surrogate | Operator::Fpe => return true,
            // What is seen is null, whatever the value.
            Operator::Drop | Operator::Keep => return false,
            Operator::Generalise | Operator::Token | Operator::Mask | Operator::Tag => {}
        }
        if may_stand_for_others(self.snapshot, to, self.keys.is_some(), value) {
            return true;
        }
        self.any_scalar(to, value, |scalar| match label.operator {
            Operator::Generalise => is_generalised(label.kind, &scalar.text) || scalar.text.ends_with(b"-01-01"),
            // One that finds no room is another number, or another value of the same shape.
            Operator::Token => over && (is_number(scalar.base) || !self.has_room_for_token(label.kind, scalar)),
            _ => false,
        })
    }

    /// Whether a value may be what is seen of others in a column without a label.
    fn looked_at(&self, name: &str, to: Destination, value: Option<&Bytes>) -> bool {
        let named = column::of(name.as_bytes()).kind;
        let Some(value) = value else { return named.is_some() && self.may_be_nulled(name, to.oid) };
        if may_stand_for_others(self.snapshot, to, self.keys.is_some(), value) {
            return true;
        }
        let ages = [kinds::AGE, kinds::DATE].into_iter().any(|kind| (self.generalises)(kind));
        self.any_scalar(to, value, |scalar| {
            let old = ages && memchr::memmem::find(&scalar.text, OLD).is_some();
            let general = named.is_some_and(|kind| (self.generalises)(kind) && is_generalised(kind, &scalar.text));
            let disguised = |operator: &Operator| match operator {
                Operator::Shift | Operator::Surrogate | Operator::Fpe => true,
                Operator::Token => is_number(scalar.base),
                _ => false,
            };
            old || general || (self.found)(name, &scalar.text).iter().any(disguised)
        })
    }

    fn any_scalar(&self, to: Destination, value: &Bytes, is_it: impl Fn(&Scalar) -> bool) -> bool {
        let mut found = false;
        scalars(self.snapshot, to, value, &mut |scalar| found |= is_it(&scalar));
        found
    }

    fn has_room_for_token(&self, kind: Kind, scalar: &Scalar) -> bool {
        let room = if scalar.base == Base::Name { Some(LONGEST_NAME) } else { scalar.room() };
        let (Some(room), Some(keys)) = (room, self.keys) else { return true };
        let canonical = registry::values().canonical(kind.id(), &scalar.text);
        keys.token(kind.id(), &canonical).is_ok_and(|token| token.len() <= room)
    }

    /// Whether what is found in a column without a label is seen as null. Dates are where they tell of a great age.
    fn may_be_nulled(&self, name: &str, mut oid: u32) -> bool {
        let base = loop {
            match self.snapshot.shape(oid) {
                Shape::Domain(of) => oid = of,
                Shape::Base(base) => break base,
                Shape::Array(_) | Shape::Composite(_) => return false,
                Shape::Enum | Shape::Range | Shape::Unknown => return true,
            }
        };
        match base {
            Base::Date | Base::Timestamp | Base::TimestampTz => {
                let name = name.to_ascii_lowercase();
                LIVES.iter().any(|word| name.contains(word))
            }
            Base::Bool | Base::Bytea | Base::Money => true,
            base => is_number(base),
        }
    }
}

impl Written {
    fn destination(&self, known: Option<&TableColumn>) -> Destination {
        let (oid, modifier) = known.map_or((TEXT, -1), |column| (column.type_oid, column.modifier));
        Destination { oid, modifier, given: self.given, format: self.format, sure: self.sure }
    }
}

/// A value of a statement.
#[derive(Clone)]
struct Given {
    value: Option<Bytes>,
    given: u32,
    format: i16,
}

/// The constants of a statement.
struct Values<'f> {
    text: &'f Bytes,
    facts: &'f StatementFacts,
    spelt: OnceCell<Vec<Literal>>,
}

impl<'f> Values<'f> {
    fn of(reading: &'f Reading, facts: &'f StatementFacts) -> Self {
        Self { text: &reading.analysed.text, facts, spelt: OnceCell::new() }
    }

    fn spelt(&self) -> &[Literal] {
        self.spelt.get_or_init(|| literals(std::str::from_utf8(self.text).unwrap_or_default()).unwrap_or_default())
    }

    fn literal(&self, start: usize) -> Option<Given> {
        let literal = self.spelt().iter().find(|literal| literal.span.start == start);
        let is_null = self.text.get(start..start + 4).is_some_and(|word| word.eq_ignore_ascii_case(b"null"));
        match literal {
            Some(literal) => self.given(literal),
            None => is_null.then_some(Given { value: None, given: 0, format: 0 }),
        }
    }

    /// Those that are neither given to a column by name nor compared with one.
    fn others(&self) -> impl Iterator<Item = Given> {
        let used = |start: usize| {
            let mut used = self.facts.assignments.iter().chain(&self.facts.probes);
            used.any(|probe| probe.against == Against::Literal(start))
        };
        let span = &self.facts.span;
        let other = move |literal: &&Literal| {
            let is_value = matches!(literal.kind, LiteralKind::String | LiteralKind::Number);
            is_value && span.contains(&literal.span.start) && !used(literal.span.start)
        };
        self.spelt().iter().filter(other).filter_map(|literal| self.given(literal))
    }

    fn given(&self, literal: &Literal) -> Option<Given> {
        let value = self.text.slice_ref(unquoted(self.text.get(literal.span.clone())?));
        Some(Given { value: Some(value), given: 0, format: 0 })
    }
}

/// What a literal says, but for its escapes.
fn unquoted(literal: &[u8]) -> &[u8] {
    let head = match literal.iter().position(|byte| matches!(byte, b'\'' | b'$')) {
        // `$tag$…$tag$`
        Some(0) if literal.starts_with(b"$") => {
            literal.iter().skip(1).position(|byte| *byte == b'$').map_or(0, |at| at + 2)
        }
        Some(at) => at + 1,
        None => return literal,
    };
    let tail = if literal.starts_with(b"$") { head } else { usize::from(literal.ends_with(b"'")) };
    literal.get(head..literal.len().saturating_sub(tail)).unwrap_or_default()
}

fn parameter((bind, types): (&Bind, &[u32]), number: u32) -> Option<Given> {
    let at = usize::try_from(number).ok()?.checked_sub(1)?;
    let value = bind.values.get(at).cloned().flatten();
    Some(Given { value, given: types.get(at).copied().unwrap_or(0), format: format_at(&bind.formats, at).unwrap_or(0) })
}

fn written(facts: &StatementFacts, column: ColumnId, given: Given, sure: bool) -> Option<Written> {
    let (table, column) = facts.column(column)?;
    let Given { value, given, format } = given;
    let over = [StatementKind::Update, StatementKind::Merge].iter().any(|kind| facts.kinds.contains(kind));
    let (schema, table, column) = (table.schema.clone().unwrap_or_default(), table.name.clone(), column.name.clone());
    Some(Written { schema, table, column, value, given, format, over, sure })
}

/// The columns that get values which stand nowhere as they are.
fn open(facts: &StatementFacts) -> Vec<ColumnId> {
    let merges = facts.kinds.contains(&StatementKind::Merge);
    let plain = |id: ColumnId| {
        let given = |against| matches!(against, Against::Literal(_) | Against::Parameter(_));
        !merges && facts.assignments.iter().any(|probe| probe.column == id && given(probe.against))
    };
    let mut open = Vec::new();
    for (table, used) in facts.tables.iter().enumerate() {
        for (column, used) in used.columns.iter().enumerate() {
            let id = ColumnId { table, column };
            if used.uses.contains(Use::Assigned) && !plain(id) {
                open.push(id);
            }
        }
    }
    open
}

/// Whether a text may be what is left of several values of its kind.
fn is_generalised(kind: Kind, text: &[u8]) -> bool {
    let (text, digits) = (text.trim_ascii(), |text: &[u8]| text.iter().all(u8::is_ascii_digit));
    let (id, old) = (kind.id(), memchr::memmem::find(text, OLD).is_some());
    match main_kind(id) {
        "date" => {
            let year = text.len() == 4 && digits(text);
            old || year || registry::values().generalise(id, text).is_some_and(|general| *general == *text)
        }
        "zip" => text.len() == 3 && digits(text),
        "age" => old,
        _ => false,
    }
}

fn is_number(base: Base) -> bool {
    use Base::{Float4, Float8, Int2, Int4, Int8, Numeric, Oid};

    matches!(base, Int2 | Int4 | Int8 | Oid | Float4 | Float8 | Numeric)
}

/// What is left of an age above 89.
const OLD: &[u8] = b"90+";

/// What columns are called whose dates may tell of a great age.
const LIVES: &[&str] = &["birth", "born", "dob", "death", "died", "deceased"];

const TEXT: u32 = 25;
/// One less than `NAMEDATALEN`.
const LONGEST_NAME: usize = 63;

impl std::fmt::Debug for Written {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Written({}.{}.{})", self.schema, self.table, self.column)
    }
}
