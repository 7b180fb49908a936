//! A statement that waits for people: they are asked, the client is told, and it runs once if they agree.
//!
//! ```text
//! catalog → pleading ──▶ granted
//!     ▲        │ nobody has agreed yet
//!     │        ▼
//!     └── waiting (a notice now and then)
//! ```
//!
//! What names mean is read anew each time before an approval may be used: what people agreed to is this statement with
//! these definitions.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use blackbar_ledger::Outcome;
use blackbar_policy::fuse::{Blown, Measure, Span};
use blackbar_policy::{CanonicalRequest, Parameter, SqlRequest};
use blackbar_wire::pg::session::Ask;
use blackbar_wire::pg::{Report, Severity, Words};
use bytes::Bytes;
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep};

use super::asking::{Answer, Asking, Leave, Ready, Told};
use super::catalog::Snapshot;
use super::known_catalog::KnownCatalog;
use super::outbox::Outbox;
use super::startup::error;
use super::upstream::NoSession;
use crate::config::Target;
use crate::gate::{Asked, ForRecord, Gate, Held, Hold, Identity, Part, Plea, RecordError, Unheld, Waited};

/// One held statement. Who drops it has nothing done; what people were asked stays.
pub(super) struct Holding {
    ask: Arc<Ask<Leave>>,
    stage: Stage,
    /// The client waits no longer.
    until: Instant,
    /// When it is told again that it waits.
    tell: Pin<Box<Sleep>>,
    every: Duration,
    /// What people were asked.
    approval: Option<String>,
    _seat: OwnedSemaphorePermit,
}

pub(super) type Later<T> = Pin<Box<dyn Future<Output = T> + Send>>;

enum Stage {
    /// For what names mean now.
    Catalog(Later<Result<Arc<Snapshot>, NoSession>>),
    /// For whether people have agreed already; if not they are asked.
    Pleading(Ready, Later<Pleaded>),
    /// That who asks and for what is recorded.
    Asked(Held),
    /// For the name of what people are asked, because a fuse has blown before anything went up.
    Raising(Blown, Raising),
    /// For people.
    Waiting(Later<Result<Waited, Unheld>>),
    Over,
}

/// What happens next with a held statement.
pub(super) enum Step {
    /// The client is told that it waits.
    Notice(Report),
    /// It waits no longer.
    Done(Told),
}

/// Everything that people decide about, owned: they take longer than anything can be borrowed.
pub(super) struct Case {
    pub(super) gate: Arc<Gate>,
    pub(super) identity: Identity,
    pub(super) target: Target,
    pub(super) source: std::net::IpAddr,
    pub(super) reason_given: bool,
    pub(super) parts: Vec<Part>,
    pub(super) text: Bytes,
    pub(super) values: Vec<Given>,
    pub(super) role: String,
    pub(super) database: String,
    /// Where names are looked for, and which of them are the session's own.
    pub(super) names: Vec<String>,
    pub(super) definitions: [u8; 32],
    pub(super) shown: Value,
}

/// A bound value.
pub(super) struct Given {
    pub(super) type_oid: u32,
    pub(super) binary: bool,
    pub(super) value: Option<Bytes>,
}

/// People are asked to raise the limit of a fuse.
pub(super) type Raising = Later<Raised>;

/// What came of that.
pub(super) struct Raised {
    /// What another run of the same request may be allowed by; nothing where nobody may raise it.
    pub(super) approval: Option<String>,
    pub(super) record: ForRecord,
}

/// What came of asking.
struct Pleaded {
    result: Result<Hold, Unheld>,
    record: ForRecord,
}

/// The longest statement with its values that people are asked about: it is kept in memory meanwhile.
pub(super) const LONGEST: usize = 1 << 20;
/// A client is told so often in its time, and at most and at least so often.
const TOLD: u32 = 8;
const OFTEN: Duration = Duration::from_secs(1);
const SELDOM: Duration = Duration::from_secs(15);

impl Holding {
    /// A statement that was recorded and is held by policy. `patience`: how long its client may wait.
    pub(super) fn new(
        ask: Arc<Ask<Leave>>,
        catalog: &Arc<KnownCatalog>,
        patience: Duration,
        seat: OwnedSemaphorePermit,
    ) -> Self {
        let every = (patience / TOLD).clamp(OFTEN, SELDOM);
        Self {
            ask,
            stage: Stage::catalog(catalog),
            until: Instant::now() + patience,
            tell: Box::pin(tokio::time::sleep(every)),
            every,
            approval: None,
            _seat: seat,
        }
    }

    /// The question that it is about.
    pub(super) fn id(&self) -> u64 {
        self.ask.id
    }

    /// Goes on.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        asking: &mut Asking,
        outbox: &mut Outbox,
        catalog: &Arc<KnownCatalog>,
    ) -> Poll<Result<Step, RecordError>> {
        loop {
            match &mut self.stage {
                Stage::Catalog(taken) => {
                    let Poll::Ready(taken) = taken.as_mut().poll(cx) else { return Poll::Pending };
                    let Ok(snapshot) = taken else {
                        let report =
                            error("57P03", "the catalog of the database cannot be read, so nothing can be judged");
                        return Poll::Ready(Ok(Step::Done(asking.unheld(report, Outcome::Failed, outbox))));
                    };
                    let session = outbox.recording().session();
                    match asking.plead(&self.ask, &snapshot, session) {
                        Ok((case, ready)) => {
                            self.stage = Stage::Pleading(ready, Box::pin(case.plead(self.approval.clone())));
                        }
                        Err(report) => {
                            return Poll::Ready(Ok(Step::Done(asking.unheld(report, Outcome::Denied, outbox))));
                        }
                    }
                }
                Stage::Pleading(_, pleaded) => {
                    let Poll::Ready(Pleaded { result, record }) = pleaded.as_mut().poll(cx) else {
                        return Poll::Pending;
                    };
                    let Stage::Pleading(ready, _) = std::mem::replace(&mut self.stage, Stage::Over) else {
                        return Poll::Pending;
                    };
                    record.write(outbox.recording())?;
                    let (report, outcome) = match result {
                        Ok(Hold::Granted(grant)) => {
                            match asking.granted(ready, &self.ask, grant, outbox)? {
                                Answer::Told(told) => return Poll::Ready(Ok(Step::Done(told))),
                                Answer::Blown(blown, ready) => {
                                    self.blown(blown, &ready, asking, outbox);
                                    continue;
                                }
                                // Nobody is asked twice about one grant.
                                Answer::Held => {
                                    let approval = self.approval.clone().unwrap_or_default();
                                    (not_granted(&approval, Waited::Undecided), Outcome::Held)
                                }
                            }
                        }
                        Ok(Hold::Waiting(held)) if self.approval.is_none() => {
                            self.approval = Some(held.id().to_owned());
                            self.stage = Stage::Asked(held);
                            continue;
                        }
                        Ok(Hold::Waiting(held)) => (not_granted(held.id(), Waited::Undecided), Outcome::Held),
                        Err(why) => (asking.why_unheld(&why)?, Outcome::Denied),
                    };
                    return Poll::Ready(Ok(Step::Done(asking.unheld(report, outcome, outbox))));
                }
                Stage::Asked(_) => {
                    let Poll::Ready(recorded) = outbox.poll_settled(cx) else { return Poll::Pending };
                    recorded?;
                    let Stage::Asked(mut held) = std::mem::replace(&mut self.stage, Stage::Over) else {
                        return Poll::Pending;
                    };
                    let patience = self.until.saturating_duration_since(Instant::now());
                    if patience.is_zero() {
                        let report = not_granted(held.id(), Waited::Undecided);
                        return Poll::Ready(Ok(Step::Done(asking.unheld(report, Outcome::Held, outbox))));
                    }
                    self.stage = Stage::Waiting(Box::pin(async move { held.decided(patience).await }));
                    self.tell.as_mut().reset(Instant::now() + self.every);
                    return Poll::Ready(Ok(Step::Notice(self.notice())));
                }
                Stage::Raising(blown, raising) => {
                    let Poll::Ready(raised) = raising.as_mut().poll(cx) else { return Poll::Pending };
                    let report = blown_report(blown, raised.approval.as_deref());
                    self.stage = Stage::Over;
                    raised.record.write(outbox.recording())?;
                    return Poll::Ready(Ok(Step::Done(asking.unheld(report, Outcome::Denied, outbox))));
                }
                Stage::Waiting(decided) => {
                    let Poll::Ready(decided) = decided.as_mut().poll(cx) else {
                        if self.tell.as_mut().poll(cx).is_pending() {
                            return Poll::Pending;
                        }
                        self.tell.as_mut().reset(Instant::now() + self.every);
                        return Poll::Ready(Ok(Step::Notice(self.notice())));
                    };
                    let approval = self.approval.clone().unwrap_or_default();
                    let (report, outcome) = match decided {
                        Ok(Waited::Granted) => {
                            self.stage = Stage::catalog(catalog);
                            continue;
                        }
                        Ok(waited) => {
                            ForRecord::waited(&approval, waited).write(outbox.recording())?;
                            let undecided = waited == Waited::Undecided;
                            (not_granted(&approval, waited), if undecided { Outcome::Held } else { Outcome::Denied })
                        }
                        Err(why) => (asking.why_unheld(&why)?, Outcome::Denied),
                    };
                    self.stage = Stage::Over;
                    return Poll::Ready(Ok(Step::Done(asking.unheld(report, outcome, outbox))));
                }
                Stage::Over => return Poll::Pending,
            }
        }
    }

    /// It tries more than it may: people are asked whether another run may.
    pub(super) fn blown(&mut self, blown: Blown, ready: &Ready, asking: &mut Asking, outbox: &mut Outbox) {
        let session = outbox.recording().session();
        self.stage = Stage::Raising(blown, asking.raise(&self.ask, ready, blown, session));
    }

    /// That it waits, for what, and for how long.
    fn notice(&self) -> Report {
        let left = self.until.saturating_duration_since(Instant::now()).as_secs().to_string();
        let approval = self.approval.as_deref().unwrap_or_default();
        Report {
            severity: Severity::Notice,
            code: "00000",
            message: "the statement waits for approval and goes on by itself".into(),
            detail: Some(Words::with_id("approval=", approval)),
            hint: Some(Words::with_id("a reviewer runs `blackbar approvals approve`; seconds left: ", &left)),
        }
    }
}

impl Stage {
    /// Reads the catalog as it is from now on.
    fn catalog(catalog: &Arc<KnownCatalog>) -> Self {
        let catalog = Arc::clone(catalog);
        catalog.expire();
        Self::Catalog(Box::pin(async move { catalog.fresh().await }))
    }
}

impl Case {
    async fn plead(self, approval: Option<String>) -> Pleaded {
        let mut record = ForRecord::default();
        let parameters = self.parameters();
        let search_path: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let request = self.request(&parameters, &search_path);
        let plea = Plea { request, approval: approval.as_deref(), shown: self.shown.clone() };
        let result = self.gate.hold(&self.identity, &self.asked(), &plea, &mut record).await;
        Pleaded { result, record }
    }

    /// Asks people to raise a limit.
    pub(super) async fn raise(self, blown: Blown) -> Raised {
        let mut record = ForRecord::default();
        let parameters = self.parameters();
        let search_path: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let request = self.request(&parameters, &search_path);
        let plea = Plea { request, approval: None, shown: self.shown.clone() };
        let raised = self.gate.raise(&self.identity, &self.asked(), &plea, &blown, &mut record).await;
        // Where too much is asked already, it stays with the refusal.
        Raised { approval: raised.unwrap_or_default(), record }
    }

    fn parameters(&self) -> Vec<Parameter<'_>> {
        self.values.iter().map(Given::parameter).collect()
    }

    fn request<'r>(&'r self, parameters: &'r [Parameter<'r>], search_path: &'r [&'r str]) -> CanonicalRequest<'r> {
        CanonicalRequest::Sql(SqlRequest {
            sql: &self.text,
            parameters,
            role: &self.role,
            database: &self.database,
            search_path,
            definitions: self.definitions,
        })
    }

    fn asked(&self) -> Asked<'_> {
        Asked {
            target: &self.target,
            parts: self.parts.clone(),
            source: Some(self.source),
            reason_given: self.reason_given,
            template: None,
        }
    }
}

/// What the client reads when a fuse has blown.
pub(super) fn blown_report(blown: &Blown, approval: Option<&str>) -> Report {
    let message = match (blown.measure, blown.span) {
        (Measure::Rows, Span::Request) => "the answer has more rows than policy allows",
        (Measure::Rows, Span::Hour) => "more rows than may leave in an hour",
        (Measure::Bytes, Span::Request) => "the answer has more bytes than policy allows",
        (Measure::Bytes, Span::Hour) => "more bytes than may leave in an hour",
        (Measure::Subjects, Span::Request) => "the answer is about more people than policy allows",
        (Measure::Subjects, Span::Hour) => "answers about more people than policy allows in an hour",
        (Measure::Probes, Span::Request) => "it tries more values of hidden columns than policy allows",
        (Measure::Probes, Span::Hour) => "more values of hidden columns were tried than policy allows in an hour",
    };
    let detail = approval.map(|approval| Words::with_id("approval=", approval));
    let hint = match approval {
        Some(_) => "run it again once people have agreed to a higher limit than ",
        None => "ask for less; the limit is ",
    };
    Report { detail, hint: Some(Words::with_id(hint, &blown.limit.to_string())), ..error("42501", message) }
}

impl Given {
    fn parameter(&self) -> Parameter<'_> {
        Parameter { type_oid: self.type_oid, binary: self.binary, value: self.value.as_deref() }
    }
}

/// What the client reads when people did not agree, or not in time.
pub(super) fn not_granted(approval: &str, waited: Waited) -> Report {
    let (message, hint) = match waited {
        Waited::Denied => ("a reviewer denied it", None),
        Waited::Expired => ("held for approval: nobody decided in time", None),
        Waited::Used => ("another request has used the approval", None),
        Waited::Granted | Waited::Undecided => {
            ("held for approval", Some("run the same statement again once people have agreed".into()))
        }
    };
    Report { detail: Some(Words::with_id("approval=", approval)), hint, ..error("42501", message) }
}

impl fmt::Debug for Holding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Holding({:?})", self.approval)
    }
}
