//! Rows, COPY streams and results of functions, masked as a grant's plan says.

use std::collections::HashMap;
use std::sync::Arc;

use blackbar_engine::{Kind, Raw};
use blackbar_policy::fuse::{Blown, Token};
use blackbar_wire::pg::copy::{CopyFormat, CopyStream};
use blackbar_wire::pg::value::{Decision, Masked, Masker, Typed, Types as _, Unknown};
use blackbar_wire::pg::{BackendFrame, Column, Columns, CopyShape, Place, Refusal, Scrub, Scrubbed, ToClient, own_row};

use super::asking::Granted;
use super::judge::{CopyColumn, Look, StatementPlan};
use super::looked::Looked;
use super::reports::Texts;
use crate::config::UnknownTypes;
use crate::gate::{Counter, Identifier};

/// The answers of one session. It keeps what the rows of one answer share.
pub(super) struct Rows {
    unknown: Unknown,
    current: Option<Current>,
    copy: Option<Copy>,
}

/// An answer whose rows come.
struct Current {
    granted: Arc<Granted>,
    columns: Columns,
    ordinal: usize,
    decisions: Vec<Decision>,
    values: Values,
    /// The columns that say whose data a row holds, where that is counted.
    subjects: Vec<usize>,
}

/// A COPY stream that comes.
struct Copy {
    granted: Arc<Granted>,
    stream: CopyStream,
    cells: CopyCells,
}

/// The columns of a COPY stream.
struct CopyCells {
    plan: StatementPlan,
    format: CopyFormat,
    unknown: Unknown,
    values: Values,
    texts: Texts,
    /// What has come since it was counted last.
    rows: u64,
    /// The columns that say whose data a row holds, and whose have come.
    subjects: Vec<usize>,
    tokens: Vec<Token>,
}

/// Redactors of columns, made when the first value comes.
struct Values {
    granted: Arc<Granted>,
    columns: Vec<Looked>,
    /// Within columns of composite types, by the column, the type and the place of the attribute.
    attributes: HashMap<(usize, u32, usize), Looked>,
    /// What was found since it was last asked.
    found: Vec<Identifier>,
}

/// Why a row was not made.
#[derive(Debug)]
pub(super) enum NoRow {
    /// It may neither be shown nor replaced.
    Refusal(Refusal),
    /// It is more than may leave.
    Blown(Blown),
}

impl From<Blown> for NoRow {
    fn from(blown: Blown) -> Self {
        Self::Blown(blown)
    }
}

impl From<Refusal> for NoRow {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

impl Rows {
    pub(super) fn new(unknown: UnknownTypes) -> Self {
        let unknown = match unknown {
            UnknownTypes::Null => Unknown::Null,
            UnknownTypes::Refuse => Unknown::Refuse,
        };
        Self { unknown, current: None, copy: None }
    }

    /// A row, as the client may get it. `found` is called with each identifier.
    pub(super) fn row(
        &mut self,
        granted: &Arc<Granted>,
        columns: &Columns,
        ordinal: usize,
        frame: &BackendFrame,
        found: &mut dyn FnMut(&Identifier),
    ) -> Result<ToClient, NoRow> {
        let fits = |current: &Current| {
            Arc::ptr_eq(&current.granted, granted)
                && Arc::ptr_eq(&current.columns, columns)
                && current.ordinal == ordinal
        };
        let current = match self.current.take().filter(fits) {
            Some(current) => self.current.insert(current),
            None => self.current.insert(Current::new(granted, columns, ordinal)),
        };
        let mut masker = Masker {
            types: &*granted.snapshot,
            scrub: &mut current.values,
            context: granted.grant.context(),
            unknown: self.unknown,
        };
        let row = masker.row(columns, &current.decisions, frame)?;
        if let Some(fuse) = granted.grant.fuse() {
            let subjects = current.tokens(fuse, frame)?;
            fuse.take(1, row.as_bytes().len(), &subjects)?;
        }
        current.values.tell(found);
        Ok(row)
    }

    /// What a function returned, as the client may get it.
    pub(super) fn function_result(
        &mut self,
        granted: &Arc<Granted>,
        function: u32,
        format: i16,
        frame: &BackendFrame,
        found: &mut dyn FnMut(&Identifier),
    ) -> Result<ToClient, NoRow> {
        let oid = granted.snapshot.routine(function).map_or(0, |routine| routine.result);
        let decision = granted.plan.function_result(&granted.snapshot.shape(oid), granted.grant.detects());
        let mut values = Values::new(granted, vec![Looked::new(granted, oid, Vec::new())]);
        let mut masker = Masker {
            types: &*granted.snapshot,
            scrub: &mut values,
            context: granted.grant.context(),
            unknown: self.unknown,
        };
        let result = masker.function_result(Typed { oid, modifier: -1, format }, decision, frame)?;
        granted.grant.fuse().map_or(Ok(()), |fuse| fuse.take(1, result.as_bytes().len(), &[]))?;
        values.tell(found);
        Ok(result)
    }

    /// A COPY stream begins. `longest` bounds a cell.
    pub(super) fn copy_begins(
        &mut self,
        granted: &Arc<Granted>,
        ordinal: usize,
        shape: &CopyShape,
        longest: usize,
    ) -> Result<(), NoRow> {
        let plan = granted.plan.statement(ordinal);
        let copy = plan.copy.as_ref().filter(|copy| copy.out);
        let format = copy.map(|copy| copy.format.clone());
        let format = format.filter(|format| (*format == CopyFormat::Binary) == shape.binary);
        let format = format.ok_or(Refusal::Rule("a COPY stream that nobody has judged"))?;
        let known = copy.map(|copy| copy.columns.as_slice()).unwrap_or_default();
        let looked = |at: usize| match known.get(at) {
            Some(column) => Looked::under(granted, column.type_oid, column.name.clone().into_bytes(), &column.look),
            None => Looked::under(granted, 0, Vec::new(), &plan.rest_look),
        };
        let columns = (0..shape.columns).map(looked).collect();
        let labels = granted.grant.labels();
        let counts = granted.grant.fuse().is_some_and(|fuse| fuse.counts_subjects());
        let named = |at: &usize| known.get(*at).is_some_and(|column| labels.may_be_subject(&column.name));
        let subjects = (0..shape.columns).filter(|_| counts).filter(named).collect();
        let cells = CopyCells {
            plan,
            format: format.clone(),
            unknown: self.unknown,
            values: Values::new(granted, columns),
            texts: Texts::of(granted, ordinal),
            rows: 0,
            subjects,
            tokens: Vec::new(),
        };
        self.copy = Some(Copy { granted: Arc::clone(granted), stream: CopyStream::new(format, longest), cells });
        Ok(())
    }

    /// A piece of a COPY stream, as far as it may leave.
    pub(super) fn copy(
        &mut self,
        frame: &BackendFrame,
        found: &mut dyn FnMut(&Identifier),
    ) -> Result<Option<ToClient>, NoRow> {
        let copy = self.copy.as_mut().ok_or(Refusal::Rule("a COPY stream that did not begin"))?;
        let Copy { granted, stream, cells } = copy;
        let piece = stream.to_client(frame, &mut |cell| cells.cell(granted, cell));
        let piece = piece?;
        cells.count(granted, piece.as_ref())?;
        cells.values.tell(found);
        Ok(piece)
    }

    /// What is left of a COPY stream.
    pub(super) fn copy_ends(&mut self, found: &mut dyn FnMut(&Identifier)) -> Result<Option<ToClient>, NoRow> {
        let Some(Copy { granted, mut stream, mut cells }) = self.copy.take() else { return Ok(None) };
        let rest = stream.end_to_client(&mut |cell| cells.cell(&granted, cell));
        let rest = rest?;
        cells.count(&granted, rest.as_ref())?;
        cells.values.tell(found);
        Ok(rest)
    }

    /// The answer is over.
    pub(super) fn forget(&mut self) {
        (self.current, self.copy) = (None, None);
    }
}

impl Current {
    /// Whose data a row holds.
    fn tokens(&self, fuse: &Counter, frame: &BackendFrame) -> Result<Vec<Token>, NoRow> {
        if self.subjects.is_empty() {
            return Ok(Vec::new());
        }
        let cells = own_row(frame).map_err(Refusal::from)?;
        let token = |at: &usize| {
            let (cell, column) = (cells.get(*at)?.as_ref()?, self.columns.get(*at)?);
            Some(subject(fuse, cell, column.type_oid, column.format == 1))
        };
        Ok(self.subjects.iter().filter_map(token).collect())
    }

    fn new(granted: &Arc<Granted>, columns: &Columns, ordinal: usize) -> Self {
        let snapshot = &granted.snapshot;
        let decisions = granted.plan.decisions(ordinal, columns, snapshot, granted.grant.detects());
        let mut texts = Texts::of(granted, ordinal);
        let plan = granted.plan.statement(ordinal);
        let look = |(at, column)| Looked::described(granted, column, plan.look(at, columns.len()), &mut texts);
        let looked = columns.iter().enumerate().map(look).collect();
        let counts = granted.grant.fuse().is_some_and(|fuse| fuse.counts_subjects());
        let says_whose = |column: &Column| {
            let table = snapshot.table(column.table).filter(|_| counts)?;
            let known = table.column(column.attribute)?;
            granted.grant.labels().is_subject(&table.schema, &table.name, &known.name).then_some(())
        };
        let subjects = columns.iter().enumerate().filter_map(|(at, column)| says_whose(column).map(|()| at)).collect();
        Self {
            granted: Arc::clone(granted),
            columns: Arc::clone(columns),
            ordinal,
            decisions,
            values: Values::new(granted, looked),
            subjects,
        }
    }
}

impl CopyCells {
    /// Counts what is about to leave.
    fn count(&mut self, granted: &Granted, piece: Option<&ToClient>) -> Result<(), Blown> {
        let (rows, tokens) = (std::mem::take(&mut self.rows), std::mem::take(&mut self.tokens));
        let bytes = piece.map_or(0, |piece| piece.as_bytes().len());
        granted.grant.fuse().map_or(Ok(()), |fuse| fuse.take(rows, bytes, &tokens))
    }

    fn cell(&mut self, granted: &Granted, cell: &blackbar_wire::pg::copy::Cell) -> Result<Masked, Refusal> {
        let Some(value) = &cell.value else { return Ok(Masked::Unchanged) };
        if cell.header {
            let shown = self.texts.scrub(Place::ColumnName(cell.column), Raw::from(value.clone())).text;
            // What follows in this column is what its name says.
            if let Some(looked) = self.values.columns.get_mut(cell.column).filter(|looked| !looked.has_name()) {
                looked.call(shown.as_bytes().to_vec());
            }
            let same = shown.as_bytes() == value;
            return Ok(if same { Masked::Unchanged } else { Masked::Value(shown.into_bytes()) });
        }
        self.rows += u64::from(cell.column == 0);
        if self.subjects.contains(&cell.column)
            && let Some(fuse) = granted.grant.fuse()
        {
            let known = self.plan.copy.as_ref().and_then(|copy| copy.columns.get(cell.column));
            let oid = known.map_or(0, |column| column.type_oid);
            self.tokens.push(subject(fuse, value, oid, self.format == CopyFormat::Binary));
        }
        let known = self.plan.copy.as_ref().and_then(|copy| copy.columns.get(cell.column));
        let unknown = CopyColumn {
            name: String::new(),
            look: Look::default(),
            treatment: self.plan.rest,
            type_oid: 0,
            modifier: -1,
        };
        let column = known.unwrap_or(&unknown);
        let decision = column.decision(&self.format, &granted.snapshot, granted.grant.detects());
        // Text that nobody knows the type of is looked at as text.
        let binary = self.format == CopyFormat::Binary;
        let oid = if column.type_oid == 0 && !binary { TEXT } else { column.type_oid };
        let typed = Typed { oid, modifier: column.modifier, format: i16::from(binary) };
        let mut masker = Masker {
            types: &*granted.snapshot,
            scrub: &mut self.values,
            context: granted.grant.context(),
            unknown: self.unknown,
        };
        masker.value(cell.column, typed, decision, value)
    }
}

impl Values {
    fn new(granted: &Arc<Granted>, columns: Vec<Looked>) -> Self {
        Self { granted: Arc::clone(granted), columns, attributes: HashMap::new(), found: Vec::new() }
    }

    fn tell(&mut self, found: &mut dyn FnMut(&Identifier)) {
        self.found.drain(..).for_each(|identifier| found(&identifier));
    }
}

impl Scrub for Values {
    fn scrub(&mut self, place: Place, text: Raw) -> Scrubbed {
        let at = if let Place::Column(at) | Place::Attribute { column: at, .. } = place { at } else { 0 };
        if self.columns.len() <= at {
            self.columns.resize_with(at + 1, Looked::nameless);
        }
        let Some(mut looked) = self.columns.get_mut(at) else {
            let (text, findings) = self.granted.grant.lines().text(text);
            return Scrubbed { text, findings };
        };
        if let Place::Attribute { column, of, at } = place {
            let attribute = || looked.attribute(&self.granted, of, at);
            looked = self.attributes.entry((column, of, at)).or_insert_with(attribute);
        }
        let shown = looked.scrub(&self.granted, text);
        self.found.extend(shown.findings.iter().map(Identifier::from));
        shown
    }

    fn replaced(&mut self, _: Place, kind: Kind, text: &Raw) {
        let mark = self.granted.grant.mark(kind, text);
        self.found.push(Identifier { kind, passed: false, mark });
    }

    fn passed(&mut self, place: Place, text: &Raw) {
        // It is looked at for the record alone, and leaves as it is.
        let (Place::Column(at), true) = (place, self.granted.grant.marks()) else { return };
        let Some(looked) = self.columns.get_mut(at) else { return };
        let shown = looked.scrub(&self.granted, text.clone());
        self.found
            .extend(shown.findings.iter().map(|finding| Identifier { passed: true, ..Identifier::from(finding) }));
    }
}

/// What stands for a subject of care: the same for text and for binary where a number can be told from its bytes.
fn subject(fuse: &Counter, value: &[u8], oid: u32, binary: bool) -> Token {
    let number = match (oid, value) {
        (INT8, value) if binary => value.try_into().ok().map(i64::from_be_bytes),
        (INT4, value) if binary => value.try_into().ok().map(|bytes| i32::from_be_bytes(bytes).into()),
        (INT2, value) if binary => value.try_into().ok().map(|bytes| i16::from_be_bytes(bytes).into()),
        _ => None,
    };
    match number {
        Some(number) => fuse.token(&[b"subject", number.to_string().as_bytes()]),
        None => fuse.token(&[b"subject", value]),
    }
}

const TEXT: u32 = 25;
const INT8: u32 = 20;
const INT2: u32 = 21;
const INT4: u32 = 23;
