//! What a session knows: which statements and portals there are, whose answer comes next, and who must be asked.
//!
//! A [`Session`] begins where authentication ended. Messages go in by [`Session::handle_frontend`] and
//! [`Session::handle_backend`], verdicts by [`Session::verdict`]; what must be done comes out of [`Session::poll`], in order.
//! It has no socket and no clock.
//!
//! # What is asked
//!
//! A [`Question`] at `Query`, `Parse`, `Bind`, `Execute` and `FunctionCall`. Until its verdict is in, later messages of the
//! client wait; [`Session::wants_frontend`] turns false when more than [`BACKLOG`] bytes do, and the caller stops reading.
//! To hold a request is to answer later. What the server says meanwhile goes on.
//!
//! # How a denial looks
//!
//! Like an error that the server raised there. When nothing of a transaction went up, the gateway answers alone; otherwise
//! a statement that cannot be parsed goes up in its place, so that the server itself fails the transaction, and the client
//! reads the denial in place of the server's error.
//!
//! # How a row finds its columns
//!
//! By the description of its portal, or of its statement and the formats of its `Bind`. When neither is known the session
//! describes the portal itself before the `Execute` and keeps the answer. A row without columns ends the session.

mod names;
mod server;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use self::names::Names;
pub use self::names::{Forget, Portal, Statement};
use super::backend::{Columns, CopyShape, TransactionStatus};
use super::bytes::{Malformed, TooLong};
use super::clean::{Report, Severity, ToClient};
use super::frame::{BackendFrame, FrontendFrame};
use super::frontend::{self, Bind, Execute, FunctionCall, Named, Parse, Thing};
use super::tag::FrontendTag;

/// The most bytes of later messages that wait while a verdict is outstanding.
pub const BACKLOG: usize = 1 << 20;

/// The state of one session. `G` is what a verdict grants: it comes back with every row that it allows.
pub struct Session<G> {
    status: TransactionStatus,
    backlog: VecDeque<FrontendFrame>,
    waiting: usize,
    asking: Option<Asking<G>>,
    next_ask: u64,
    expected: VecDeque<Expected<G>>,
    names: Names<G>,
    sequence: u64,
    /// Messages of the extended protocol went up since the last `Sync`: a transaction may be open.
    batch: bool,
    skipping: Skipping,
    /// The next message of the client cannot be judged before the server has said more.
    stalled: bool,
    copy_in: CopyIn,
    actions: VecDeque<Action<G>>,
    ended: bool,
}

/// What the caller does next.
#[derive(Debug)]
pub enum Action<G> {
    /// Send this to the server.
    ToServer(Bytes),
    /// Send this to the client.
    ToClient(ToClient),
    /// Ask the policy and hand in its verdict.
    Ask(Ask<G>),
    /// The question with this id need not be answered any more: an earlier error makes the server ignore the request.
    Withdraw(u64),
    /// Mask this row and send it.
    Row {
        /// What was granted.
        grant: G,
        /// Its columns.
        columns: Columns,
        /// Which statement of a `Query` it belongs to, from 0.
        ordinal: usize,
        /// The row.
        frame: BackendFrame,
    },
    /// Redact the names of these columns and send them.
    RowDescription {
        /// The columns.
        columns: Columns,
        /// The message.
        frame: BackendFrame,
    },
    /// Redact this error or notice and send it.
    Report(BackendFrame),
    /// Redact this notification and send it.
    Notification(BackendFrame),
    /// Redact this setting and send it. Some settings change how values look.
    Setting(BackendFrame),
    /// Mask the result of a function.
    FunctionResult {
        /// What was granted.
        grant: G,
        /// The function.
        function: u32,
        /// 0 for text, 1 for binary.
        format: i16,
        /// The message.
        frame: BackendFrame,
    },
    /// Rows follow as a COPY stream.
    CopyOutBegin {
        /// What was granted.
        grant: G,
        /// Which statement of a `Query` it belongs to, from 0.
        ordinal: usize,
        /// How it looks.
        shape: CopyShape,
    },
    /// Mask this piece of the COPY stream.
    CopyOut(BackendFrame),
    /// The COPY stream is over: send what is left of it.
    CopyOutEnd,
    /// The client's rows follow.
    CopyInBegin {
        /// What was granted.
        grant: G,
        /// Which statement of a `Query` it belongs to, from 0.
        ordinal: usize,
        /// How they look.
        shape: CopyShape,
    },
    /// Judge this piece of the client's rows and send it up; [`Session::fail_copy`] when it must not.
    CopyIn(FrontendFrame),
    /// The client's rows are over: send what is left of them, then this `CopyDone` or `CopyFail`.
    CopyInEnd(Bytes),
    /// Close both connections when all of the above is sent.
    End,
}

/// A request that the policy must judge before it goes up.
pub struct Ask<G> {
    /// Hand it back with the verdict.
    pub id: u64,
    /// What is asked for.
    pub question: Question<G>,
    /// Whether a transaction was open when the server was last heard.
    pub status: TransactionStatus,
    /// Nothing of a transaction went up and nothing is outstanding.
    pub quiet: bool,
}

/// What is asked for.
pub enum Question<G> {
    /// One or several statements as text, all at once.
    Query(Bytes),
    /// A statement to prepare. Its grant stays with the statement.
    Parse(Parse),
    /// Values for a statement. `None`: a statement that this session does not know.
    Bind {
        /// The message.
        bind: Bind,
        /// The statement.
        statement: Option<Arc<Statement<G>>>,
    },
    /// To run a portal. `None`: a portal that this session does not know, such as a cursor made in SQL.
    Execute {
        /// The message.
        execute: Execute,
        /// The portal, with its statement and values.
        portal: Option<Arc<Portal<G>>>,
    },
    /// To call a function by its OID.
    FunctionCall(FunctionCall),
}

/// What the policy says.
pub enum Verdict<G> {
    /// Go on, under these obligations.
    Allow(Allow<G>),
    /// Refuse with this error.
    Deny(Report),
}

/// A verdict that lets a request go on.
pub struct Allow<G> {
    /// What comes back with every row.
    pub grant: G,
    /// Another text for a `Query` or a `Parse`.
    pub text: Option<Bytes>,
    /// Other values for a `Bind` or a `FunctionCall`.
    pub values: Option<Vec<Option<Bytes>>>,
    /// Which prepared statements and cursors the text makes or drops by SQL.
    pub forget: Forget,
}

impl<G> Allow<G> {
    /// As it is.
    pub fn as_is(grant: G) -> Self {
        Self { grant, text: None, values: None, forget: Forget::Nothing }
    }
}

struct Asking<G> {
    id: u64,
    frame: FrontendFrame,
    what: Asked<G>,
}

enum Asked<G> {
    Query,
    Parse(Parse),
    Bind(Bind, Option<Arc<Statement<G>>>),
    Execute(Execute, Option<Arc<Portal<G>>>),
    FunctionCall(FunctionCall),
}

/// An answer that the server owes.
struct Expected<G> {
    sequence: u64,
    what: What<G>,
}

enum What<G> {
    Parse {
        name: Bytes,
        made: Arc<Statement<G>>,
        before: Option<Arc<Statement<G>>>,
    },
    Bind {
        name: Bytes,
        made: Arc<Portal<G>>,
    },
    CloseStatement {
        name: Bytes,
        before: Option<Arc<Statement<G>>>,
    },
    ClosePortal,
    DescribeStatement(Option<Arc<Statement<G>>>),
    /// `silent`: the session's own, for the `Execute` behind it.
    DescribePortal {
        portal: Option<Arc<Portal<G>>>,
        silent: bool,
    },
    Execute {
        grant: G,
        columns: Option<Columns>,
        stage: Stage,
    },
    Query {
        grant: G,
        columns: Option<Columns>,
        ordinal: usize,
        stage: Stage,
    },
    FunctionCall {
        grant: G,
        function: u32,
        format: i16,
    },
    Sync,
    /// A statement that cannot be parsed went up. `ready`: as a `Query`.
    Denied {
        report: Report,
        ready: bool,
    },
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    Rows,
    CopyIn,
    CopyOut,
}

/// After an error in the extended protocol everything up to the next `Sync` is ignored.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Skipping {
    No,
    /// Nothing went up: the session answers the `Sync` itself.
    Locally,
    /// The server answers the `Sync`.
    Upstream,
}

/// Where the client's COPY stream is.
enum CopyIn {
    No,
    Open,
    /// Its end went up.
    Closed,
    /// The gateway ended it: the rest of it is dropped, and this is what the client reads. `over`: the client has ended it
    /// as well, and what it says next waits for the server's error.
    Failed {
        report: Report,
        over: bool,
    },
}

impl<G: Clone> Session<G> {
    /// A session that the server has just declared ready.
    #[must_use]
    pub fn new() -> Self {
        Self {
            status: TransactionStatus::Idle,
            backlog: VecDeque::new(),
            waiting: 0,
            asking: None,
            next_ask: 0,
            expected: VecDeque::new(),
            names: Names::default(),
            sequence: 0,
            batch: false,
            skipping: Skipping::No,
            stalled: false,
            copy_in: CopyIn::No,
            actions: VecDeque::new(),
            ended: false,
        }
    }

    /// A message of the client.
    pub fn handle_frontend(&mut self, frame: FrontendFrame) {
        if self.ended {
            return;
        }
        let frame = if self.asking.is_some() || self.stalled { frame.unpinned() } else { frame };
        self.waiting += frame.bytes().len();
        self.backlog.push_back(frame);
        self.pump();
    }

    /// A message of the server.
    pub fn handle_backend(&mut self, frame: BackendFrame) {
        if self.ended {
            return;
        }
        if let Err(violation) = self.take_backend(frame) {
            self.violated(violation);
            return;
        }
        self.stalled = false;
        self.pump();
    }

    /// The verdict on a question. One that is not open any more is ignored.
    pub fn verdict(&mut self, id: u64, verdict: Verdict<G>) {
        let Some(asking) = self.asking.take_if(|asking| asking.id == id) else { return };
        if self.ended {
            return;
        }
        let done = match verdict {
            Verdict::Allow(allow) => self.allow(asking, allow),
            Verdict::Deny(report) => self.deny(&asking, report),
        };
        match done {
            Ok(()) => self.pump(),
            Err(violation) => self.violated(violation),
        }
    }

    /// What must be done next.
    pub fn poll(&mut self) -> Option<Action<G>> {
        self.actions.pop_front()
    }

    /// Whether more of the client should be read.
    #[must_use]
    pub fn wants_frontend(&self) -> bool {
        !self.ended && self.waiting < BACKLOG && self.actions.len() < MOST_ACTIONS
    }

    /// The question that is open.
    #[must_use]
    pub fn asks(&self) -> Option<u64> {
        self.asking.as_ref().map(|asking| asking.id)
    }

    /// Nothing of a transaction is open, and the server owes no answer: a good moment to end.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.expected.is_empty() && self.status == TransactionStatus::Idle && !self.batch
    }

    /// Whether it is over.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.ended
    }

    /// Whether a transaction was open when the server was last heard.
    #[must_use]
    pub fn status(&self) -> TransactionStatus {
        self.status
    }

    /// Ends the session with this report.
    pub fn end(&mut self, report: &Report) {
        if !self.ended {
            self.ended = true;
            self.actions.extend(ToClient::own_report(report).ok().map(Action::ToClient));
            self.actions.push_back(Action::ToServer(frontend::TERMINATE));
            self.actions.push_back(Action::End);
        }
    }

    /// Says something to the client, between messages: legal at any time.
    pub fn notice(&mut self, report: Report) {
        let report = Report { severity: Severity::Notice, ..report };
        self.actions.extend(ToClient::own_report(&report).ok().map(Action::ToClient));
    }

    /// The client's COPY stream must not go on. The server is made to fail; the client reads this report.
    pub fn fail_copy(&mut self, report: Report) {
        let went_up = |action: &Action<G>| matches!(action, Action::CopyInEnd(_));
        let open = matches!(self.copy_in, CopyIn::Open)
            || (matches!(self.copy_in, CopyIn::Closed) && self.actions.iter().any(went_up));
        if !open || self.ended {
            return;
        }
        self.actions.retain(|action| !matches!(action, Action::CopyIn(_) | Action::CopyInEnd(_)));
        let fail = frontend::write_copy_fail(b"refused").unwrap_or(frontend::TERMINATE);
        // Before whatever of later messages has been decided already.
        self.actions.push_front(Action::ToServer(fail));
        let over = matches!(self.copy_in, CopyIn::Closed);
        self.copy_in = CopyIn::Failed { report, over };
    }

    fn pump(&mut self) {
        while self.asking.is_none() && !self.stalled && !self.ended {
            let Some(frame) = self.backlog.pop_front() else { return };
            self.waiting -= frame.bytes().len();
            if let Err(violation) = self.take_frontend(frame) {
                self.violated(violation);
            }
        }
    }

    fn take_frontend(&mut self, frame: FrontendFrame) -> Result<(), Violation> {
        let tag = frame.tag();
        if tag == FrontendTag::Terminate {
            self.up(frame.bytes().clone());
            self.actions.push_back(Action::End);
            self.ended = true;
            return Ok(());
        }
        if tag == FrontendTag::Password {
            return Err(Violation::Client("a password after authentication"));
        }
        let in_copy = matches!(self.copy_in, CopyIn::Open | CopyIn::Failed { .. });
        if in_copy {
            return self.take_copy(frame);
        }
        if self.skipping != Skipping::No {
            if tag == FrontendTag::Sync {
                self.end_of_skipping(frame);
            }
            return Ok(());
        }
        if self.expected.len() >= MOST_EXPECTED {
            self.stall(frame);
            return Ok(());
        }
        match tag {
            FrontendTag::Query => {
                let text = frontend::read_query(&frame)?;
                self.ask(frame, Asked::Query, Question::Query(text));
            }
            FrontendTag::Parse => {
                let parse = Parse::read(&frame)?;
                self.ask(frame, Asked::Parse(parse.clone()), Question::Parse(parse));
            }
            FrontendTag::Bind => {
                let bind = Bind::read(&frame)?;
                if self.is_doubtful(&bind.statement) {
                    self.stall(frame);
                    return Ok(());
                }
                let statement = self.names.statement(&bind.statement);
                let asked = Asked::Bind(bind.clone(), statement.clone());
                self.ask(frame, asked, Question::Bind { bind, statement });
            }
            FrontendTag::Execute => {
                let execute = Execute::read(&frame)?;
                let portal = self.names.portal(&execute.portal);
                if portal.as_ref().is_some_and(|portal| self.may_have_ended(portal)) {
                    self.stall(frame);
                    return Ok(());
                }
                let asked = Asked::Execute(execute.clone(), portal.clone());
                self.ask(frame, asked, Question::Execute { execute, portal });
            }
            FrontendTag::FunctionCall => {
                let call = FunctionCall::read(&frame)?;
                self.ask(frame, Asked::FunctionCall(call.clone()), Question::FunctionCall(call));
            }
            FrontendTag::Describe => {
                let Named { thing, name } = Named::read(&frame)?;
                let what = match thing {
                    Thing::Statement => What::DescribeStatement(self.names.statement(&name)),
                    Thing::Portal => What::DescribePortal { portal: self.names.portal(&name), silent: false },
                };
                self.extended(frame.bytes().clone(), what);
            }
            FrontendTag::Close => {
                let Named { thing, name } = Named::read(&frame)?;
                let what = match thing {
                    Thing::Statement => What::CloseStatement { before: self.names.statements.remove(&name), name },
                    Thing::Portal => {
                        self.names.portals.remove(&name);
                        What::ClosePortal
                    }
                };
                self.extended(frame.bytes().clone(), what);
            }
            FrontendTag::Flush => self.up(frame.bytes().clone()),
            FrontendTag::Sync => {
                self.up(frame.bytes().clone());
                self.expect(What::Sync);
                self.batch = false;
            }
            FrontendTag::CopyData | FrontendTag::CopyDone | FrontendTag::CopyFail => {
                // Whether it belongs to a COPY is known when the server has answered what went before. Outside of one the
                // server ignores it.
                let closed = matches!(self.copy_in, CopyIn::Closed);
                let maybe = |(at, expected): (usize, &Expected<G>)| match expected.what {
                    What::Query { .. } => true,
                    What::Execute { .. } => at > 0 || !closed,
                    _ => false,
                };
                if self.expected.iter().enumerate().any(maybe) {
                    self.stall(frame);
                }
            }
            FrontendTag::Password | FrontendTag::Terminate => {}
        }
        Ok(())
    }

    /// A message of the client while the server reads its rows.
    fn take_copy(&mut self, frame: FrontendFrame) -> Result<(), Violation> {
        if let CopyIn::Failed { over, .. } = &mut self.copy_in {
            match frame.tag() {
                _ if *over => self.stall(frame),
                FrontendTag::CopyDone | FrontendTag::CopyFail => *over = true,
                FrontendTag::CopyData | FrontendTag::Flush | FrontendTag::Sync => {}
                _ => return Err(Violation::Client("a message that does not belong into COPY")),
            }
            return Ok(());
        }
        match frame.tag() {
            FrontendTag::CopyData => self.actions.push_back(Action::CopyIn(frame)),
            FrontendTag::CopyDone | FrontendTag::CopyFail => {
                self.actions.push_back(Action::CopyInEnd(frame.bytes().clone()));
                self.copy_in = CopyIn::Closed;
            }
            // The server ignores them there, for the convenience of clients.
            FrontendTag::Flush | FrontendTag::Sync => {}
            _ => return Err(Violation::Client("a message that does not belong into COPY")),
        }
        Ok(())
    }

    /// A `Parse` or `Close` of this name may still fail, and a `Sync` behind it makes the server go on all the same: the name
    /// would then mean something else than the text that is judged.
    fn is_doubtful(&self, statement: &Bytes) -> bool {
        let names = |expected: &Expected<G>| match &expected.what {
            What::Parse { name, .. } | What::CloseStatement { name, .. } => name == statement,
            _ => false,
        };
        let first = self.expected.iter().position(names);
        first.is_some_and(|first| self.expected.iter().skip(first).any(|expected| matches!(expected.what, What::Sync)))
    }

    /// A transaction may have ended since the portal was made, and the portal with it.
    fn may_have_ended(&self, portal: &Portal<G>) -> bool {
        self.expected.iter().any(|expected| {
            let ends = matches!(
                expected.what,
                What::Sync
                    | What::Query { .. }
                    | What::Execute { .. }
                    | What::FunctionCall { .. }
                    | What::Denied { ready: true, .. }
            );
            ends && expected.sequence > portal.sequence
        })
    }

    fn end_of_skipping(&mut self, frame: FrontendFrame) {
        if self.skipping == Skipping::Locally {
            self.actions.push_back(Action::ToClient(ToClient::ready(self.status)));
        } else {
            self.up(frame.bytes().clone());
            self.expect(What::Sync);
            self.batch = false;
        }
        self.skipping = Skipping::No;
    }

    fn stall(&mut self, frame: FrontendFrame) {
        // Without it the server may keep its answers to itself until a `Sync` that waits here.
        if self.batch {
            self.up(frontend::FLUSH);
        }
        self.waiting += frame.bytes().len();
        self.backlog.push_front(frame);
        self.stalled = true;
    }

    fn ask(&mut self, frame: FrontendFrame, what: Asked<G>, question: Question<G>) {
        let id = self.next_ask;
        self.next_ask += 1;
        self.asking = Some(Asking { id, frame, what });
        let ask = Ask { id, question, status: self.status, quiet: self.is_quiet() };
        self.actions.push_back(Action::Ask(ask));
    }

    fn allow(&mut self, asking: Asking<G>, allow: Allow<G>) -> Result<(), Violation> {
        let Allow { grant, text, values, forget } = allow;
        let as_it_was = asking.frame.bytes().clone();
        match asking.what {
            Asked::Query => {
                let bytes = text.map_or(Ok(as_it_was), |text| frontend::write_query(&text))?;
                self.names.forget(&forget);
                self.up(bytes);
                self.expect(What::Query { grant, columns: None, ordinal: 0, stage: Stage::Rows });
            }
            Asked::Parse(mut parse) => {
                let bytes = match text {
                    Some(text) => {
                        parse.text = text;
                        parse.write()?
                    }
                    None => as_it_was,
                };
                let name = Bytes::copy_from_slice(&parse.name);
                let made = Arc::new(Statement::new(parse, grant));
                let before = self.names.statements.insert(name.clone(), Arc::clone(&made));
                if self.names.statements.len() > MOST_NAMES {
                    return Err(Violation::Client("too many prepared statements"));
                }
                self.extended(bytes, What::Parse { name, made, before });
            }
            Asked::Bind(mut bind, statement) => {
                let bytes = match values {
                    Some(values) => {
                        bind.values = values;
                        bind.write()?
                    }
                    None => as_it_was,
                };
                let name = Bytes::copy_from_slice(&bind.portal);
                let made = Arc::new(Portal::new(bind, statement, grant, self.sequence));
                self.names.portals.insert(name.clone(), Arc::clone(&made));
                if self.names.portals.len() > MOST_NAMES {
                    return Err(Violation::Client("too many portals"));
                }
                self.extended(bytes, What::Bind { name, made });
            }
            Asked::Execute(execute, portal) => {
                let known = portal.as_ref().and_then(|portal| portal.columns());
                let columns = match known {
                    Some(columns) => columns,
                    None => {
                        let describe = Named { thing: Thing::Portal, name: execute.portal };
                        self.extended(describe.write_describe()?, What::DescribePortal { portal, silent: true });
                        None
                    }
                };
                self.names.forget(&forget);
                self.extended(as_it_was, What::Execute { grant, columns, stage: Stage::Rows });
            }
            Asked::FunctionCall(mut call) => {
                let (function, format) = (call.function, call.result);
                let bytes = match values {
                    Some(values) => {
                        call.arguments = values;
                        call.write()?
                    }
                    None => as_it_was,
                };
                self.names.forget(&forget);
                self.up(bytes);
                self.expect(What::FunctionCall { grant, function, format });
            }
        }
        Ok(())
    }

    fn deny(&mut self, asking: &Asking<G>, report: Report) -> Result<(), Violation> {
        let alone = self.is_quiet();
        let ready = matches!(asking.what, Asked::Query | Asked::FunctionCall(_));
        if alone {
            let report =
                ToClient::own_report(&report).map_err(|_| Violation::Client("a report that cannot be said"))?;
            self.actions.push_back(Action::ToClient(report));
            if ready {
                self.actions.push_back(Action::ToClient(ToClient::ready(self.status)));
            } else {
                self.skipping = Skipping::Locally;
            }
        } else if ready {
            self.up(frontend::write_query(DENIED)?);
            self.expect(What::Denied { report, ready });
        } else {
            // By name, so that it takes the place of nothing.
            let name = Bytes::from_static(b"blackbar_denied");
            let parse = Parse { name, text: Bytes::from_static(DENIED), types: Vec::new() };
            self.extended(parse.write()?, What::Denied { report, ready });
            self.skipping = Skipping::Upstream;
        }
        Ok(())
    }

    fn extended(&mut self, bytes: Bytes, what: What<G>) {
        self.batch = true;
        self.up(bytes);
        self.expect(what);
    }

    fn up(&mut self, bytes: Bytes) {
        self.actions.push_back(Action::ToServer(bytes));
    }

    fn expect(&mut self, what: What<G>) {
        self.expected.push_back(Expected { sequence: self.sequence, what });
        self.sequence += 1;
    }

    fn violated(&mut self, violation: Violation) {
        let (code, message) = match violation {
            Violation::Client(message) => ("08P01", message),
            Violation::Server(message) => ("08P01", message),
            Violation::Malformed => ("08P01", "a message that does not follow its grammar"),
            Violation::TooLong => ("54000", "a message that is too long"),
        };
        let report = Report { severity: Severity::Fatal, code, message: message.into(), detail: None, hint: None };
        self.end(&report);
    }
}

impl<G: Clone> Default for Session<G> {
    fn default() -> Self {
        Self::new()
    }
}

/// Why a session cannot go on.
enum Violation {
    Client(&'static str),
    Server(&'static str),
    Malformed,
    TooLong,
}

impl From<Malformed> for Violation {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

impl From<TooLong> for Violation {
    fn from(_: TooLong) -> Self {
        Self::TooLong
    }
}

impl<G> fmt::Debug for Session<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session({:?}, {} answers owed, {} bytes wait)", self.status, self.expected.len(), self.waiting)
    }
}

impl<G> fmt::Debug for Ask<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let question = match &self.question {
            Question::Query(_) => "Query",
            Question::Parse(_) => "Parse",
            Question::Bind { .. } => "Bind",
            Question::Execute { .. } => "Execute",
            Question::FunctionCall(_) => "FunctionCall",
        };
        write!(f, "Ask({}, {question})", self.id)
    }
}

/// No statement begins like this, in any state of a transaction.
const DENIED: &[u8] = b"BLACKBAR DENIED";
/// Answers that the server may owe before the client is not read on: a pipeline without an end has an end here.
const MOST_EXPECTED: usize = 16 * 1024;
const MOST_ACTIONS: usize = 16 * 1024;
/// Named statements, and portals, of one session.
const MOST_NAMES: usize = 16 * 1024;
