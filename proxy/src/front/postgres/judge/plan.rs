//! What becomes of the columns of an answer.

use std::sync::Arc;

use blackbar_detectors::kinds;
use blackbar_engine::Kind;
use blackbar_engine::operator::Operator;
use blackbar_wire::pg::Column;
use blackbar_wire::pg::copy::CopyFormat;
use blackbar_wire::pg::value::Decision;

use super::super::catalog::Snapshot;
use crate::gate::Labels;

/// What the answers of a text are made of, whoever gets them.
#[derive(Debug, Default)]
pub(crate) struct Outline {}

/// What becomes of the answers of a text, under the labels of one grant.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    statements: Vec<StatementPlan>,
    labels: Arc<Labels>,
}

/// What becomes of the answer of one statement.
#[derive(Clone, Debug, Default)]
pub(crate) struct StatementPlan {
    /// Its columns, in order; one that has no entry here is subject to `rest`.
    pub(crate) columns: Vec<Treatment>,
    pub(crate) rest: Treatment,
    /// It copies.
    pub(crate) copy: Option<CopyPlan>,
}

/// What becomes of a column. The order is that of strength.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Treatment {
    /// The profile says that it is kept.
    Keep,
    /// The detectors look at it.
    Detect,
    /// It is a labelled column.
    Labelled { kind: Kind, operator: Operator },
    /// It may hold anything: it is replaced, and nothing of it is consistent.
    #[default]
    Whole,
}

/// How a COPY stream is written, and what becomes of its columns.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct CopyPlan {
    /// Whether to the client.
    pub(crate) out: bool,
    pub(crate) format: CopyFormat,
    /// In order. Empty where they are not known: then `StatementPlan::rest` holds for all.
    pub(crate) columns: Vec<CopyColumn>,
}

/// A column of a COPY stream, which no description comes before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct CopyColumn {
    pub(crate) treatment: Treatment,
    /// Its type; 0 where that is not known.
    pub(crate) type_oid: u32,
    pub(crate) modifier: i32,
}

impl Outline {
    /// What becomes of the answers under these labels.
    pub(crate) fn plan(&self, labels: &Arc<Labels>, snapshot: &Snapshot) -> Arc<Plan> {
        let _ = snapshot;
        Arc::new(Plan { statements: Vec::new(), labels: Arc::clone(labels) })
    }
}

impl Plan {
    /// The plan for the statement at this place of a text, which is 0 for a prepared one. One that the judge does not know
    /// of is replaced as a whole.
    pub(crate) fn statement(&self, ordinal: usize) -> StatementPlan {
        self.statements.get(ordinal).cloned().unwrap_or_default()
    }

    /// What becomes of each column that the server describes. A column that the server says comes from a labelled one is
    /// labelled, whatever was derived from the text; one of a relation that the snapshot does not know is replaced.
    pub(crate) fn decisions(&self, ordinal: usize, columns: &[Column], snapshot: &Snapshot) -> Vec<Decision> {
        let _ = (&self.labels, snapshot, self.statement(ordinal));
        columns.iter().map(|_| Treatment::Whole.decision()).collect()
    }
}

impl Treatment {
    /// What a masker does.
    pub(crate) fn decision(self) -> Decision {
        match self {
            Self::Keep => Decision::Pass,
            Self::Detect => Decision::Detect,
            Self::Labelled { kind, operator } => Decision::Replace { kind, operator },
            Self::Whole => Decision::Replace { kind: kinds::OTHER_ID, operator: Operator::Tag },
        }
    }
}
