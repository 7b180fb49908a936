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
use blackbar_policy::{CanonicalRequest, Parameter, SqlRequest};
use blackbar_wire::pg::session::Ask;
use blackbar_wire::pg::{Report, Severity, Words};
use bytes::Bytes;
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep};

use super::asking::{Asking, Leave, Ready, Told};
use super::catalog::Snapshot;
use super::known_catalog::KnownCatalog;
use super::outbox::Outbox;
use super::startup::error;
use super::upstream::NoSession;
use crate::config::Target;
use crate::gate::{Asked, ForRecord, Gate, Held, Hold, Identity, Part, Plea, RecordError, Unheld, Waited};

/// One held statement. Who drops it has nothing done; what people were asked stays.
pub(super) struct Holding {
    ask: Box<Ask<Leave>>,
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

type Later<T> = Pin<Box<dyn Future<Output = T> + Send>>;

enum Stage {
    /// For what names mean now.
    Catalog(Later<Result<Arc<Snapshot>, NoSession>>),
    /// For whether people have agreed already; if not they are asked.
    Pleading(Ready, Later<Pleaded>),
    /// That who asks and for what is recorded.
    Asked(Held),
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
        ask: Box<Ask<Leave>>,
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
                            return Poll::Ready(asking.granted(ready, grant, outbox).map(Step::Done));
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

    /// That it waits, for what, and for how long.
    fn notice(&self) -> Report {
        let left = self.until.saturating_duration_since(Instant::now()).as_secs().to_string();
        let approval = self.approval.as_deref().unwrap_or_default();
        Report {
            severity: Severity::Notice,
            code: "01000",
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
        let parameters: Vec<Parameter<'_>> = self.values.iter().map(Given::parameter).collect();
        let search_path: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let request = CanonicalRequest::Sql(SqlRequest {
            sql: &self.text,
            parameters: &parameters,
            role: &self.role,
            database: &self.database,
            search_path: &search_path,
            definitions: self.definitions,
        });
        let plea = Plea { request, approval: approval.as_deref(), shown: self.shown.clone() };
        let asked = Asked {
            target: &self.target,
            parts: self.parts.clone(),
            source: Some(self.source),
            reason_given: self.reason_given,
        };
        let mut record = ForRecord::default();
        let result = self.gate.hold(&self.identity, &asked, &plea, &mut record).await;
        Pleaded { result, record }
    }
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
