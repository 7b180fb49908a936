//! The client's rows on their way up: tokens become what they stand for, and what cannot be resolved is not written.

use std::sync::Arc;

use blackbar_wire::pg::copy::{Cell, CopyFormat, CopyStream};
use blackbar_wire::pg::value::Masked;
use blackbar_wire::pg::{CopyShape, FrontendFrame, Refusal, Report};
use bytes::Bytes;

use super::asking::{Granted, as_read_by};
use super::judge::{CopyPlan, cell};
use super::startup::error;

/// A COPY stream of the client's.
pub(super) struct CopyIn {
    granted: Arc<Granted>,
    stream: CopyStream,
    cells: Cells,
}

struct Cells {
    plan: CopyPlan,
    /// Why a cell was not taken.
    refused: Option<Report>,
}

impl CopyIn {
    /// A stream begins. `longest` bounds a cell.
    ///
    /// # Errors
    ///
    /// When nobody knows how it is written.
    pub(super) fn new(
        granted: &Arc<Granted>,
        ordinal: usize,
        shape: &CopyShape,
        longest: usize,
    ) -> Result<Self, Report> {
        let unknown = || error("0A000", "rows of a form that nobody has judged cannot be written");
        let plan = granted.plan.statement(ordinal).copy.filter(|copy| !copy.out).ok_or_else(unknown)?;
        if (plan.format == CopyFormat::Binary) != shape.binary {
            return Err(unknown());
        }
        let stream = CopyStream::new(plan.format.clone(), longest);
        Ok(Self { granted: Arc::clone(granted), stream, cells: Cells { plan, refused: None } })
    }

    /// A piece, as it goes up.
    pub(super) fn piece(&mut self, frame: &FrontendFrame) -> Result<Option<Bytes>, Report> {
        let Self { granted, stream, cells } = self;
        let piece = stream.to_server(frame, &mut |cell| cells.take(granted, cell));
        piece.map_err(|refusal| cells.why(refusal))
    }

    /// What is left at the end.
    pub(super) fn end(mut self) -> Result<Option<Bytes>, Report> {
        let Self { granted, stream, cells } = &mut self;
        let rest = stream.end_to_server(&mut |cell| cells.take(granted, cell));
        rest.map_err(|refusal| cells.why(refusal))
    }
}

impl Cells {
    fn take(&mut self, granted: &Granted, taken: &Cell) -> Result<Masked, Refusal> {
        let Some(value) = taken.value.as_ref().filter(|_| !taken.header) else { return Ok(Masked::Unchanged) };
        let column = self.plan.columns.get(taken.column);
        let binary = self.plan.format == CopyFormat::Binary;
        let judged =
            as_read_by(&granted.grant, &granted.snapshot, |reads| cell(column, binary, value, granted.resolves, reads));
        match judged {
            Ok(original) if original == *value => Ok(Masked::Unchanged),
            Ok(original) => Ok(Masked::Value(original)),
            Err(report) => {
                self.refused = Some(report);
                Err(Refusal::Rule("a replacement that cannot be resolved"))
            }
        }
    }

    fn why(&mut self, refusal: Refusal) -> Report {
        let unreadable = match refusal {
            Refusal::Rule(why) => why,
            Refusal::Malformed(_) => "rows that do not follow their grammar",
            Refusal::TooLong => "a row that is too long",
        };
        self.refused.take().unwrap_or_else(|| error("22P04", unreadable))
    }
}
