//! What the server says, joined to what was asked of it.

use std::sync::Arc;

use super::{Action, CopyIn, Expected, Session, Skipping, Stage, Violation, What};
use crate::pg::backend::{self, Columns, TransactionStatus};
use crate::pg::clean::{Refusal, ToClient};
use crate::pg::frame::BackendFrame;
use crate::pg::tag::BackendTag;

impl<G: Clone> Session<G> {
    pub(super) fn take_backend(&mut self, frame: BackendFrame) -> Result<(), Violation> {
        match frame.tag() {
            BackendTag::NoticeResponse => self.actions.push_back(Action::Report(frame)),
            BackendTag::NotificationResponse => self.actions.push_back(Action::Notification(frame)),
            BackendTag::ParameterStatus => self.actions.push_back(Action::Setting(frame)),
            BackendTag::ErrorResponse => self.failed(frame),
            BackendTag::ReadyForQuery => return self.ready(&frame),
            _ => return self.answered(frame),
        }
        Ok(())
    }

    fn failed(&mut self, frame: BackendFrame) {
        if backend::is_fatal(&frame) {
            self.actions.push_back(Action::Report(frame));
            self.actions.push_back(Action::End);
            self.ended = true;
            return;
        }
        let copy = std::mem::replace(&mut self.copy_in, CopyIn::No);
        let denied = match (self.expected.front(), copy) {
            (Some(Expected { what: What::Denied { report, .. }, .. }), _) => Some(report.clone()),
            (_, CopyIn::Failed { report, .. }) => Some(report),
            _ => None,
        };
        let own = denied.and_then(|report| ToClient::own_report(&report).ok());
        self.actions.push_back(own.map_or(Action::Report(frame), Action::ToClient));

        // Nothing of a failed transaction can be run any more.
        if let Some(expected) = self.expected.front() {
            self.names.transaction_ended(expected.sequence);
        }
        match self.expected.front_mut().map(|expected| &mut expected.what) {
            None | Some(What::Sync | What::FunctionCall { .. } | What::Denied { ready: true, .. }) => {}
            Some(What::Query { stage, columns, .. }) => {
                (*stage, *columns) = (Stage::Rows, None);
            }
            Some(_) => self.skip_to_sync(),
        }
    }

    /// An error in the extended protocol: what went up behind it is ignored until a `Sync`, and was never done.
    fn skip_to_sync(&mut self) {
        let sync = self.expected.iter().position(|expected| matches!(expected.what, What::Sync));
        if sync.is_none() {
            self.skipping = Skipping::Upstream;
            self.actions.extend(self.asking.take().map(|asking| Action::Withdraw(asking.id)));
        }
        let undone: Vec<_> = self.expected.drain(..sync.unwrap_or(self.expected.len())).collect();
        for expected in undone.into_iter().rev() {
            self.undo(expected.what);
        }
    }

    /// The name means again what it meant before, unless a later message has given it away since.
    fn undo(&mut self, what: What<G>) {
        match what {
            What::Parse { name, made, before } => {
                if self.names.statements.get(&name).is_some_and(|now| Arc::ptr_eq(now, &made)) {
                    match before {
                        Some(before) => drop(self.names.statements.insert(name, before)),
                        None => drop(self.names.statements.remove(&name)),
                    }
                    return;
                }
                for later in &mut self.expected {
                    match &mut later.what {
                        What::Parse { before: theirs, .. } | What::CloseStatement { before: theirs, .. }
                            if theirs.as_ref().is_some_and(|theirs| Arc::ptr_eq(theirs, &made)) =>
                        {
                            theirs.clone_from(&before);
                        }
                        _ => {}
                    }
                }
            }
            What::CloseStatement { name, before: Some(before) } => {
                let later = self.expected.iter_mut().find_map(|later| match &mut later.what {
                    What::Parse { name: theirs, before, .. } | What::CloseStatement { name: theirs, before }
                        if *theirs == name =>
                    {
                        Some(before)
                    }
                    _ => None,
                });
                match later {
                    Some(theirs) => *theirs = Some(before),
                    None => {
                        self.names.statements.entry(name).or_insert(before);
                    }
                }
            }
            // A portal does not outlive the transaction that failed, but for one that a later message made.
            What::Bind { name, made } if self.names.portals.get(&name).is_some_and(|now| Arc::ptr_eq(now, &made)) => {
                self.names.portals.remove(&name);
            }
            _ => {}
        }
    }

    fn ready(&mut self, frame: &BackendFrame) -> Result<(), Violation> {
        let status = backend::ready(frame)?;
        let Some(expected) = self.expected.pop_front() else {
            return Err(Violation::Server("the server is ready for what nobody asked"));
        };
        let ends = match expected.what {
            What::Sync => true,
            What::Query { stage, .. } => stage == Stage::Rows,
            What::FunctionCall { .. } => true,
            What::Denied { ready, .. } => ready,
            _ => false,
        };
        if !ends {
            return Err(Violation::Server("the server is ready before it has answered"));
        }
        self.status = status;
        self.copy_in = CopyIn::No;
        if status == TransactionStatus::Idle {
            self.names.transaction_ended(expected.sequence);
        }
        self.actions.push_back(Action::ToClient(ToClient::ready(status)));
        Ok(())
    }

    fn answered(&mut self, frame: BackendFrame) -> Result<(), Violation> {
        use BackendTag as Tag;
        let unasked = Err(Violation::Server("the server answers what nobody asked"));
        let Some(front) = self.expected.front_mut() else { return unasked };
        match (&mut front.what, frame.tag()) {
            (What::Parse { .. }, Tag::ParseComplete)
            | (What::Bind { .. }, Tag::BindComplete)
            | (What::CloseStatement { .. } | What::ClosePortal, Tag::CloseComplete) => self.done(&frame),
            (What::DescribeStatement(_), Tag::ParameterDescription) => self.pass(&frame),
            (What::DescribeStatement(statement), Tag::RowDescription | Tag::NoData) => {
                let statement = statement.take();
                let columns = described(&frame)?;
                if let Some(statement) = statement {
                    statement.describe(columns.clone());
                }
                self.show_description(columns, frame)
            }
            (What::DescribePortal { portal, silent }, Tag::RowDescription | Tag::NoData) => {
                let (portal, silent) = (portal.take(), *silent);
                let columns = described(&frame)?;
                if let Some(portal) = portal {
                    portal.describe(columns.clone());
                }
                if !silent {
                    return self.show_description(columns, frame);
                }
                self.expected.pop_front();
                if let Some(Expected { what: What::Execute { columns: theirs, .. }, .. }) = self.expected.front_mut() {
                    *theirs = columns;
                }
                Ok(())
            }
            (What::Query { columns, stage: Stage::Rows, .. }, Tag::RowDescription) => {
                let read = backend::row_description(&frame)?;
                *columns = Some(Arc::clone(&read));
                self.actions.push_back(Action::RowDescription { columns: read, frame });
                Ok(())
            }
            (What::Query { grant, columns, ordinal, stage: Stage::Rows }, Tag::DataRow) => {
                let Some(columns) = columns.clone() else {
                    return Err(Violation::Server("a row without a description"));
                };
                let row = Action::Row { grant: grant.clone(), columns, ordinal: *ordinal, frame };
                self.actions.push_back(row);
                Ok(())
            }
            (What::Execute { grant, columns, stage: Stage::Rows }, Tag::DataRow) => {
                let Some(columns) = columns.clone() else {
                    return Err(Violation::Server("a row without a description"));
                };
                self.actions.push_back(Action::Row { grant: grant.clone(), columns, ordinal: 0, frame });
                Ok(())
            }
            (What::Query { columns, ordinal, stage, .. }, Tag::CommandComplete | Tag::EmptyQueryResponse)
                if *stage != Stage::CopyOut =>
            {
                (*columns, *ordinal, *stage) = (None, *ordinal + 1, Stage::Rows);
                self.copy_in = CopyIn::No;
                let sequence = front.sequence;
                self.end_transaction(&frame, sequence);
                self.pass(&frame)
            }
            (What::Execute { stage, .. }, Tag::CommandComplete | Tag::EmptyQueryResponse | Tag::PortalSuspended)
                if *stage != Stage::CopyOut =>
            {
                self.copy_in = CopyIn::No;
                let sequence = front.sequence;
                self.end_transaction(&frame, sequence);
                self.done(&frame)
            }
            (What::Query { stage, .. } | What::Execute { stage, .. }, Tag::CopyInResponse) if *stage == Stage::Rows => {
                *stage = Stage::CopyIn;
                let (grant, ordinal) = self.granted();
                let shape = backend::copy_response(&frame)?;
                self.copy_in = CopyIn::Open;
                // The server reads these as part of the stream, and ignores them there.
                let front = self.expected.pop_front();
                self.expected.retain(|expected| !matches!(expected.what, What::Sync));
                if let Some(front) = front {
                    self.expected.push_front(front);
                }
                self.actions.extend(grant.map(|grant| Action::CopyInBegin { grant, ordinal, shape }));
                self.pass(&frame)
            }
            (What::Query { stage, .. } | What::Execute { stage, .. }, Tag::CopyOutResponse)
                if *stage == Stage::Rows =>
            {
                *stage = Stage::CopyOut;
                let (grant, ordinal) = self.granted();
                let shape = backend::copy_response(&frame)?;
                self.actions.extend(grant.map(|grant| Action::CopyOutBegin { grant, ordinal, shape }));
                self.pass(&frame)
            }
            (
                What::Query { stage: Stage::CopyOut, .. } | What::Execute { stage: Stage::CopyOut, .. },
                Tag::CopyData,
            ) => {
                self.actions.push_back(Action::CopyOut(frame));
                Ok(())
            }
            (What::Query { stage, .. } | What::Execute { stage, .. }, Tag::CopyDone) if *stage == Stage::CopyOut => {
                *stage = Stage::Rows;
                self.actions.push_back(Action::CopyOutEnd);
                self.pass(&frame)
            }
            (What::FunctionCall { grant, function, format }, Tag::FunctionCallResponse) => {
                let (grant, function, format) = (grant.clone(), *function, *format);
                self.actions.push_back(Action::FunctionResult { grant, function, format, frame });
                Ok(())
            }
            _ => unasked,
        }
    }

    /// Portals end with their transaction, also where another begins at once.
    fn end_transaction(&mut self, frame: &BackendFrame, sequence: u64) {
        if backend::ends_transaction(frame) {
            self.names.transaction_ended(sequence);
        }
    }

    fn granted(&self) -> (Option<G>, usize) {
        match self.expected.front().map(|expected| &expected.what) {
            Some(What::Query { grant, ordinal, .. }) => (Some(grant.clone()), *ordinal),
            Some(What::Execute { grant, .. }) => (Some(grant.clone()), 0),
            _ => (None, 0),
        }
    }

    fn show_description(&mut self, columns: Option<Columns>, frame: BackendFrame) -> Result<(), Violation> {
        match columns {
            Some(columns) => {
                self.expected.pop_front();
                self.actions.push_back(Action::RowDescription { columns, frame });
                Ok(())
            }
            None => self.done(&frame),
        }
    }

    fn done(&mut self, frame: &BackendFrame) -> Result<(), Violation> {
        self.expected.pop_front();
        self.pass(frame)
    }

    fn pass(&mut self, frame: &BackendFrame) -> Result<(), Violation> {
        match ToClient::pass(frame) {
            Ok(message) => {
                self.actions.push_back(Action::ToClient(message));
                Ok(())
            }
            Err(Refusal::Malformed(malformed)) => Err(malformed.into()),
            Err(_) => Err(Violation::Server("a message that may not pass")),
        }
    }
}

fn described(frame: &BackendFrame) -> Result<Option<Columns>, Violation> {
    if frame.tag() == BackendTag::NoData {
        return Ok(None);
    }
    Ok(Some(backend::row_description(frame)?))
}
