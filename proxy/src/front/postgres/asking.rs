//! What a client asks for: judged, authorised and recorded before it goes up.

use std::net::IpAddr;
use std::sync::Arc;

use blackbar_engine::{Format, Raw};
use blackbar_ledger::{Details, Kind, Outcome};
use blackbar_policy::fuse::Blown;
use blackbar_policy::{Action, Facts, Resource};
use blackbar_sql::LiteralKind;
use blackbar_wire::pg::frontend::format_at;
use blackbar_wire::pg::session::{Allow, Ask, Forget, Portal, Question, Verdict};
use blackbar_wire::pg::{Report, Severity, Words};
use bytes::Bytes;
use serde_json::json;

mod request;

use self::request::Request;
use super::catalog::Snapshot;
use super::holding::{Case, Given, LONGEST, Raising};
use super::judge::{Judge, Judged, Plan, Probe, Reads, What};
use super::outbox::Outbox;
use super::startup::{error, fatal};
use crate::config::Target;
use crate::gate::{Asked, Gate, Grant, Identity, Lines, Part, RecordError, Recording, Refused, Unheld};

/// Asks on behalf of one session.
pub(super) struct Asking {
    gate: Arc<Gate>,
    target: Target,
    /// Of the server: what a statement runs in.
    database: String,
    identity: Identity,
    source: IpAddr,
    judge: Judge,
    /// In the open transaction names may have come to mean what only this session sees.
    defined: bool,
    /// What people agreed to last, when it is a portal: it runs on where it stopped.
    agreed: Option<(Arc<Portal<Leave>>, Arc<Granted>)>,
    /// Why the client asks, in its own words.
    reason: Option<String>,
    /// Redacts what is recorded of requests.
    lines: Option<Lines>,
    /// The statement that was recorded last, as it came and as it was recorded: most are asked again and again.
    recorded: Option<(Box<[u8]>, String)>,
}

/// What a verdict leaves with a statement, a portal or a running request.
pub(super) type Leave = Arc<Left>;

/// What was judged, and what was granted of it.
pub(super) struct Left {
    judged: Arc<Judged>,
    /// Nothing is granted before the last step: a statement that is only prepared has none.
    granted: Option<Arc<Granted>>,
}

/// What answers are made under.
pub(super) struct Granted {
    pub(super) grant: Grant,
    judged: Arc<Judged>,
    pub(super) plan: Arc<Plan>,
    pub(super) snapshot: Arc<Snapshot>,
    /// The request, when a fuse counts what it takes.
    pub(super) ask: Option<Arc<Ask<Leave>>>,
    /// Names may mean something else when it is done.
    pub(super) defines: bool,
    /// Tokens in rows that are copied in are resolved.
    pub(super) resolves: bool,
}

/// What comes of a question.
pub(super) enum Answer {
    Told(Told),
    /// People have to agree first, or may have: [`Asking::plead`].
    Held,
    /// It tries more values than it may. People may allow it: [`Asking::raise`].
    Blown(Blown, Ready),
}

/// What goes up once it is granted.
pub(super) struct Ready {
    judged: Arc<Judged>,
    text: Option<Bytes>,
    values: Option<Vec<Option<Bytes>>>,
    snapshot: Arc<Snapshot>,
    portal: Option<Arc<Portal<Leave>>>,
}

/// A verdict, and whether the record has to be safe before it counts.
pub(super) struct Told {
    pub(super) verdict: Verdict<Leave>,
    pub(super) settle: bool,
}

impl Left {
    pub(super) fn granted(&self) -> Option<&Arc<Granted>> {
        self.granted.as_ref()
    }
}

impl Asking {
    pub(super) fn new(
        gate: Arc<Gate>,
        (target, database): (Target, String),
        identity: Identity,
        source: IpAddr,
        judge: Judge,
        reason: Option<String>,
    ) -> Option<Self> {
        let lines = Some(gate.lines_of_record()?);
        let (defined, agreed) = (false, None);
        Some(Self { gate, target, database, identity, source, judge, defined, agreed, reason, lines, recorded: None })
    }

    /// The session begins with this `search_path`.
    pub(super) fn begins(&mut self, search_path: &[u8]) {
        self.judge.begins(search_path);
    }

    /// The server says that a setting has this value now.
    pub(super) fn setting(&mut self, name: &[u8], value: &[u8]) {
        self.judge.setting(name, value);
    }

    /// Why the session may not go on: the client is not who it was any more, or nobody may be here.
    pub(super) fn barred(&self) -> Option<Report> {
        if !self.gate.still_counts(&self.identity) {
            return Some(fatal("28000", "the credential does not count any more"));
        }
        let locked = self.gate.bars_target(&self.target.name);
        locked.then(|| fatal("28000", "the target is locked"))
    }

    /// Opens the session: the recording's first request. The grant is what messages are redacted with that belong to no
    /// statement.
    pub(super) fn connect(
        &mut self,
        settings: &[(String, String)],
        recording: &mut Recording,
    ) -> Result<Grant, Refused> {
        let names: Vec<&str> = settings.iter().map(|(name, _)| name.as_str()).collect();
        let reason = self.told(self.reason.clone().unwrap_or_default().as_bytes());
        let content = json!({ "message": "startup", "settings": names, "reason": reason });
        let facts = Details::new().text("message", "startup").flag("reason_given", self.reason.is_some());
        recording.request(&content, facts, b"startup").map_err(Refused::Unrecorded)?;
        let resource = Resource::target(&self.target.name);
        let parts = vec![Part { action: Action::Connect, resource, facts: Facts::None }];
        self.gate.authorize(&self.identity, &self.asked(&parts), recording)
    }

    /// Judges a question.
    pub(super) fn ask(
        &mut self,
        ask: &Arc<Ask<Leave>>,
        snapshot: &Arc<Snapshot>,
        outbox: &mut Outbox,
    ) -> Result<Answer, RecordError> {
        self.defined &= !ask.quiet;
        let request = Request::of(&ask.question);
        match self.judged(ask, snapshot) {
            Err(report) => self.refused_by_judge(report, &request, outbox).map(Answer::Told),
            Ok(ready) if matches!(ask.question, Question::Parse(_) | Question::Bind { .. }) => {
                self.step(ready, &request, outbox).map(Answer::Told)
            }
            Ok(ready) => self.last_step(ready, ask, &request, outbox),
        }
    }

    /// What a question asks for. A portal was judged when it was bound.
    fn judged(&mut self, ask: &Ask<Leave>, snapshot: &Arc<Snapshot>) -> Result<Ready, Report> {
        let what = match &ask.question {
            Question::Query(text) => What::Text(text),
            Question::Parse(parse) => What::Parse(parse),
            Question::Bind { bind, statement } => {
                What::Bind(bind, statement.as_ref().and_then(|statement| statement.grant.judged.prepared.as_ref()))
            }
            Question::Execute { execute, portal: None } => What::Portal(&execute.portal),
            Question::Execute { portal: Some(portal), .. } => {
                let (judged, snapshot) = (Arc::clone(&portal.grant.judged), Arc::clone(snapshot));
                return Ok(Ready { judged, text: None, values: None, snapshot, portal: Some(Arc::clone(portal)) });
            }
            Question::FunctionCall(call) => What::Call(call),
        };
        let mut judged = self.judge.ask(snapshot, what, ask.quiet)?;
        let (text, values) = (judged.text.take(), judged.values.take());
        Ok(Ready { judged: Arc::new(judged), text, values, snapshot: Arc::clone(snapshot), portal: None })
    }

    /// A step before the last: what would be refused then is refused now; what has to be agreed to is asked then.
    fn step(&mut self, ready: Ready, request: &Request<'_>, outbox: &mut Outbox) -> Result<Told, RecordError> {
        let parts = &ready.judged.parts;
        match self.gate.foresee(&self.identity, &self.asked(parts)) {
            Ok(()) | Err(Refused::Held(_)) => {}
            Err(_) => {
                // The decision that counts is the recorded one.
                self.record(request, parts, outbox)?;
                let decided = self.gate.authorize(&self.identity, &self.asked(parts), outbox.recording());
                return match decided {
                    Err(refused) => self.refused(&ready.judged, refused, outbox),
                    Ok(_) => {
                        outbox.asked(Outcome::Success, None);
                        Ok(ready.allowed())
                    }
                };
            }
        }
        if request.message == "parse" {
            let text = self.text(request.text.unwrap_or_default());
            outbox.recording().note(json!({ "message": "parse", "text": text }))?;
        }
        Ok(ready.allowed())
    }

    /// Records the request and what is decided about it.
    fn last_step(
        &mut self,
        ready: Ready,
        ask: &Arc<Ask<Leave>>,
        request: &Request<'_>,
        outbox: &mut Outbox,
    ) -> Result<Answer, RecordError> {
        self.record(request, &ready.judged.parts, outbox)?;
        if let Some(granted) = self.goes_on(&ready) {
            let approval = granted.grant.approval().unwrap_or_default();
            let details = Details::new().text("approval", approval).flag("continues", true);
            outbox.recording().decided(Kind::DecisionGranted, Outcome::Success, details)?;
            outbox.asked(Outcome::Success, Some(Arc::clone(&granted)));
            return Ok(Answer::Told(ready.goes_up(granted)));
        }
        if self.gate.may_be_raised(&self.identity) && request.length() <= LONGEST {
            return Ok(Answer::Held);
        }
        match self.gate.authorize(&self.identity, &self.asked(&ready.judged.parts), outbox.recording()) {
            Ok(grant) => self.granted(ready, ask, grant, outbox),
            Err(Refused::Held(_)) if self.gate.asks_people() && request.length() <= LONGEST => Ok(Answer::Held),
            Err(refused) => self.refused(&ready.judged, refused, outbox).map(Answer::Told),
        }
    }

    /// A portal that people agreed to and that stopped at a limit of rows: it runs once, in several steps.
    fn goes_on(&self, ready: &Ready) -> Option<Arc<Granted>> {
        let (portal, granted) = self.agreed.as_ref()?;
        let same = ready.portal.as_ref().is_some_and(|wanted| Arc::ptr_eq(wanted, portal));
        (same && granted.grant.counts()).then(|| Arc::clone(granted))
    }

    /// It is granted and recorded as such: what is left are the replacements in it, and the values that it tries.
    pub(super) fn granted(
        &mut self,
        ready: Ready,
        ask: &Arc<Ask<Leave>>,
        grant: Grant,
        outbox: &mut Outbox,
    ) -> Result<Answer, RecordError> {
        let Ready { judged, snapshot, portal, .. } = &ready;
        // A replacement that would take the place of what it stands for.
        if let Some(report) = as_read_by(&grant, snapshot, |reads| judged.forbidden(reads)) {
            return self.denied_by_judge(report, outbox).map(Answer::Told);
        }
        if let Some(fuse) = grant.fuse() {
            let token = |probe: &Probe| fuse.token(&[b"probe", probe.column.as_bytes(), &probe.value]);
            let values: Vec<_> = judged.probes.iter().map(token).collect();
            if let Err(blown) = fuse.probe(&values) {
                let details = Details::new().texts("because", [blown.to_string()]);
                outbox.recording().decided(Kind::DecisionDenied, Outcome::Denied, details)?;
                return Ok(Answer::Blown(blown, ready));
            }
        }
        let plan = judged.outline.plan(grant.labels());
        let defines = |part: &Part| matches!(part.action, Action::Ddl | Action::Opaque | Action::Call);
        let defines = judged.parts.iter().any(defines);
        self.defined |= defines;
        if judged.reason.is_some() {
            self.reason = judged.reason.clone().filter(|reason| !reason.trim().is_empty());
        }
        let ask = grant.fuse().map(|_| Arc::clone(ask));
        let resolves = plan.copies_into_labelled() && self.may_resolve();
        let (judged, snapshot) = (Arc::clone(judged), Arc::clone(snapshot));
        let granted = Arc::new(Granted { grant, judged, plan, snapshot, ask, defines, resolves });
        if granted.grant.approval().is_some() {
            self.agreed = portal.as_ref().map(|portal| (Arc::clone(portal), Arc::clone(&granted)));
        }
        outbox.asked(Outcome::Success, Some(Arc::clone(&granted)));
        Ok(Answer::Told(ready.goes_up(granted)))
    }

    /// Whether tokens may be resolved that nobody has seen yet: those in rows which are still to come.
    fn may_resolve(&self) -> bool {
        let resource = Resource::target(&self.target.name);
        let parts = [Part { action: Action::Resolve, resource, facts: Facts::None }];
        self.gate.foresee(&self.identity, &self.asked(&parts)).is_ok()
    }

    /// What people are asked about, with what goes up if they agree. It is judged anew: names may have come to mean
    /// something else.
    pub(super) fn plead(
        &mut self,
        ask: &Ask<Leave>,
        snapshot: &Arc<Snapshot>,
        session: Option<String>,
    ) -> Result<(Case, Ready), Report> {
        self.judge.denied();
        if self.defined {
            let hint = "the open transaction has defined what reviewers cannot see; commit it first";
            return Err(Report { hint: Some(hint.into()), ..error("42501", "held for approval") });
        }
        let ready = self.judged(ask, snapshot)?;
        Ok((self.case(ask, &ready, session), ready))
    }

    /// What people are asked about when a fuse has blown: to raise its limit for another run.
    pub(super) fn raise(&mut self, ask: &Ask<Leave>, ready: &Ready, blown: Blown, session: Option<String>) -> Raising {
        let mut case = self.case(ask, ready, session);
        case.shown["fuse"] = blown.to_string().into();
        Box::pin(case.raise(blown))
    }

    /// A request as people see it and as their agreement is bound to it.
    fn case(&mut self, ask: &Ask<Leave>, ready: &Ready, session: Option<String>) -> Case {
        let snapshot = &ready.snapshot;
        let request = Request::of(&ask.question);
        let mut shown = vec![self.text(request.text.unwrap_or_default())];
        // `EXECUTE` and `FETCH` say little of what they run.
        for text in ready.judged.texts().into_iter().filter(|text| Some(text.as_ref()) != request.text) {
            shown.push(format!("runs: {}", self.text(&text)));
        }
        if let Question::FunctionCall(call) = &ask.question {
            let named = snapshot.routine(call.function).map(|routine| format!("{}.{}", routine.schema, routine.name));
            shown = vec![format!("a call of the function {}", self.told(named.unwrap_or_default().as_bytes()))];
        }
        let reason: Vec<String> = self.reason.clone().into_iter().map(|reason| self.told(reason.as_bytes())).collect();
        let shown = json!({
            "sql": shown.join("\n"), "values": request.values.len(), "reason": reason, "session": session,
        });
        let given = |(at, value): (usize, &Option<Bytes>)| Given {
            type_oid: request.types.get(at).copied().unwrap_or_default(),
            binary: format_at(request.formats, at) == Some(1),
            value: value.clone(),
        };
        Case {
            gate: Arc::clone(&self.gate),
            identity: self.identity.clone(),
            target: self.target.clone(),
            source: self.source,
            reason_given: self.reason.is_some(),
            parts: ready.judged.parts.clone(),
            text: request.canonical(),
            values: request.values.iter().enumerate().map(given).collect(),
            role: self.judge.user().to_owned(),
            database: self.database.clone(),
            names: self.judge.names(),
            definitions: ready.judged.definitions(snapshot),
            shown,
        }
    }

    /// A held statement that is not granted.
    pub(super) fn unheld(&mut self, report: Report, outcome: Outcome, outbox: &mut Outbox) -> Told {
        self.judge.denied();
        outbox.asked(outcome, None);
        Told { verdict: Verdict::Deny(report), settle: false }
    }

    /// Why a held statement is neither granted nor waits.
    pub(super) fn why_unheld(&mut self, why: &Unheld) -> Result<Report, RecordError> {
        let hint = |hint: &'static str| Some(Words::from(hint));
        Ok(match why {
            Unheld::Refused(Refused::Unrecorded(error)) => return Err(*error),
            Unheld::Refused(refused) => self.report(refused, Severity::Error),
            Unheld::OtherRequest => Report {
                hint: hint("what its names mean has changed since people were asked; ask again"),
                ..error("42501", "the approval is for another statement")
            },
            Unheld::Closed { approval, why } => Report {
                detail: Some(Words::with_id("approval=", approval)),
                hint: hint(why),
                ..error("42501", "the approval cannot be used")
            },
            Unheld::TooManyAsks => Report {
                hint: hint("wait until people have decided about earlier ones"),
                ..error("42501", "too many requests wait for approval")
            },
            Unheld::Unstored => error("58030", "approvals cannot be stored"),
        })
    }

    /// Too many wait already.
    pub(super) fn no_seat(&mut self, outbox: &mut Outbox) -> Result<Told, RecordError> {
        let report = self.why_unheld(&Unheld::TooManyAsks)?;
        Ok(self.unheld(report, Outcome::Held, outbox))
    }

    /// A place to wait in, for a statement that is held.
    pub(super) fn seat(&self) -> Option<tokio::sync::OwnedSemaphorePermit> {
        self.gate.seat()
    }

    fn record(&mut self, request: &Request<'_>, parts: &[Part], outbox: &mut Outbox) -> Result<(), RecordError> {
        let text = request.text.map(|text| self.text(text));
        let reason = self.reason.clone().map(|reason| self.told(reason.as_bytes()));
        let content = json!({
            "message": request.message, "text": text, "values": request.values.len(), "reason": reason,
        });
        let mut actions: Vec<&str> = parts.iter().map(|part| part.action.name()).collect();
        actions.sort_unstable();
        actions.dedup();
        let facts = Details::new()
            .text("message", request.message)
            .texts("actions", actions)
            .number("values", request.values.len() as u64)
            .flag("reason_given", self.reason.is_some());
        let recording = outbox.recording();
        recording.another()?;
        recording.request(&content, facts, &request.original())
    }

    fn asked<'a>(&'a self, parts: &[Part]) -> Asked<'a> {
        Asked {
            target: &self.target,
            parts: parts.to_vec(),
            source: Some(self.source),
            reason_given: self.reason.is_some(),
            template: None,
        }
    }

    fn refused(&mut self, judged: &Judged, refused: Refused, outbox: &mut Outbox) -> Result<Told, RecordError> {
        if let Refused::Unrecorded(error) = refused {
            return Err(error);
        }
        let outcome = if matches!(refused, Refused::Held(_)) { Outcome::Held } else { Outcome::Denied };
        self.judge.denied();
        outbox.asked(outcome, None);
        let syntax = if matches!(refused, Refused::Denied(_)) { judged.syntax_error() } else { None };
        let report = syntax.unwrap_or_else(|| self.report(&refused, Severity::Error));
        Ok(Told { verdict: Verdict::Deny(report), settle: false })
    }

    /// Refused whatever policy says.
    fn refused_by_judge(
        &mut self,
        report: Report,
        request: &Request<'_>,
        outbox: &mut Outbox,
    ) -> Result<Told, RecordError> {
        self.record(request, &[], outbox)?;
        self.denied_by_judge(report, outbox)
    }

    fn denied_by_judge(&mut self, report: Report, outbox: &mut Outbox) -> Result<Told, RecordError> {
        self.judge.denied();
        let details = Details::new().text("sqlstate", report.code);
        outbox.recording().decided(Kind::DecisionDenied, Outcome::Denied, details)?;
        outbox.asked(Outcome::Denied, None);
        Ok(Told { verdict: Verdict::Deny(report), settle: false })
    }

    /// What was allowed does not go up after all.
    pub(super) fn withdrawn(&mut self) {
        self.judge.denied();
    }

    /// A refusal, as the client reads it.
    pub(super) fn report(&mut self, refused: &Refused, severity: Severity) -> Report {
        let report = match refused {
            Refused::Denied(reasons) => {
                let reasons: Vec<String> = reasons.iter().map(ToString::to_string).collect();
                Report { hint: Some(self.words(&reasons.join("; "))), ..error("42501", "denied by policy") }
            }
            Refused::Held(policies) => {
                let hint = format!("held by {}: people have to agree first", policies.join(", "));
                Report { hint: Some(self.words(&hint)), ..error("42501", "held for approval") }
            }
            Refused::CannotOblige(why) => Report { hint: Some((*why).into()), ..error("42501", "denied by policy") },
            Refused::Unrecorded(unrecorded) => unrecorded_report(*unrecorded),
        };
        Report { severity, ..report }
    }

    /// Names of policies are the operator's words; they go through the redactor all the same.
    fn words(&mut self, text: &str) -> Words {
        match self.lines() {
            Some(lines) => Words::from(lines.text(Raw::from(text.as_bytes().to_vec())).0),
            None => Words::from(""),
        }
    }

    /// A statement as it is recorded: its constants hidden, the rest redacted.
    fn text(&mut self, text: &[u8]) -> String {
        const MOST_KEPT: usize = 4 << 10;
        if let Some((_, told)) = self.recorded.as_ref().filter(|(asked, _)| **asked == *text) {
            return told.clone();
        }
        let told = self.told_text(text);
        self.recorded = (text.len() <= MOST_KEPT).then(|| (text.into(), told.clone()));
        told
    }

    fn told_text(&mut self, text: &[u8]) -> String {
        const LONGEST: usize = 64 << 10;
        let Ok(text) = std::str::from_utf8(text) else { return "[NOT UTF-8]".to_owned() };
        if text.len() > LONGEST {
            return format!("[TEXT OF {} BYTES]", text.len());
        }
        let Ok(literals) = blackbar_sql::literals(text) else { return "[NOT A STATEMENT]".to_owned() };
        let mut shown = String::with_capacity(text.len());
        let mut from = 0;
        for literal in literals {
            let spelt = text.get(literal.span.clone()).unwrap_or_default();
            let instead = match literal.kind {
                LiteralKind::String | LiteralKind::Bits => "'[VALUE]'",
                LiteralKind::Comment => "/* [COMMENT] */",
                LiteralKind::Number if spelt.bytes().filter(u8::is_ascii_digit).count() >= 4 => "[NUMBER]",
                LiteralKind::Number | LiteralKind::QuotedName => continue,
            };
            shown.push_str(text.get(from..literal.span.start).unwrap_or_default());
            shown.push_str(instead);
            from = literal.span.end;
        }
        shown.push_str(text.get(from..).unwrap_or_default());
        self.told(shown.as_bytes())
    }

    fn told(&mut self, text: &[u8]) -> String {
        let told = self.lines().map(|lines| lines.line(Raw::from(text.to_vec())));
        // Nothing is told that nobody redacts.
        told.map_or_else(String::new, |told| String::from_utf8_lossy(&told).into_owned())
    }

    /// Gives up what is made again when it is needed: most sessions wait most of the time.
    pub(super) fn rest(&mut self) {
        (self.lines, self.recorded) = (None, None);
    }

    fn lines(&mut self) -> Option<&mut Lines> {
        if self.lines.is_none() {
            self.lines = self.gate.lines_of_record();
        }
        self.lines.as_mut()
    }
}

impl Ready {
    /// A step before the last may be taken. Names change their meaning when it runs.
    fn allowed(self) -> Told {
        let grant = Arc::new(Left { judged: self.judged, granted: None });
        let allow = Allow { grant, text: self.text, values: self.values, forget: Forget::Nothing };
        Told { verdict: Verdict::Allow(allow), settle: false }
    }

    /// What was granted, and runs already.
    pub(super) fn of(granted: &Granted) -> Self {
        let (judged, snapshot) = (Arc::clone(&granted.judged), Arc::clone(&granted.snapshot));
        Self { judged, text: None, values: None, snapshot, portal: None }
    }

    /// It runs.
    fn goes_up(self, granted: Arc<Granted>) -> Told {
        let forget = self.judged.forget.clone();
        let grant = Arc::new(Left { judged: self.judged, granted: Some(granted) });
        Told { verdict: Verdict::Allow(Allow { grant, text: self.text, values: self.values, forget }), settle: true }
    }
}

/// How whoever has a grant sees what it writes over.
pub(super) fn as_read_by<T>(grant: &Grant, snapshot: &Snapshot, then: impl FnOnce(&Reads<'_>) -> T) -> T {
    let found = |column: &str, text: &Bytes| {
        if !grant.disguises() && grant.context().keys.is_none() {
            return Vec::new();
        }
        let (_, findings) = grant.values(Format::Text, column.as_bytes()).text(Raw::from(text.clone()));
        findings.iter().map(|finding| finding.operator).collect()
    };
    then(&Reads {
        labels: grant.labels(),
        snapshot,
        keys: grant.context().keys,
        detects: grant.detects(),
        generalises: &|kind| grant.generalises(kind),
        found: &found,
    })
}

/// Nothing is answered that cannot be recorded.
pub(super) fn unrecorded_report(unrecorded: RecordError) -> Report {
    let (code, message) = match unrecorded {
        RecordError::Stopped => ("58030", "nothing can be recorded any more"),
        RecordError::Full => ("53100", "the disk of the record is nearly full"),
        RecordError::Busy => ("53000", "the disk of the record does not keep up"),
    };
    Report { severity: Severity::Fatal, ..error(code, message) }
}
