//! What a client asks for: judged, authorised and recorded before it goes up.

use std::net::IpAddr;
use std::sync::Arc;

use blackbar_engine::Raw;
use blackbar_ledger::{Details, Kind, Outcome};
use blackbar_policy::{Action, Facts, Resource};
use blackbar_sql::LiteralKind;
use blackbar_wire::pg::frontend::Bind;
use blackbar_wire::pg::session::{Allow, Ask, Forget, Portal, Question, Verdict};
use blackbar_wire::pg::{Report, Severity, Words};
use bytes::Bytes;
use serde_json::json;

use super::catalog::Snapshot;
use super::judge::{Judge, Judged, Plan, What};
use super::outbox::Outbox;
use super::startup::error;
use crate::config::Target;
use crate::gate::{Asked, Gate, Grant, Identity, Lines, Part, RecordError, Recording, Refused};

/// Asks on behalf of one session.
pub(super) struct Asking {
    gate: Arc<Gate>,
    target: Target,
    identity: Identity,
    source: IpAddr,
    judge: Judge,
    /// Why the client asks, in its own words.
    reason: Option<String>,
    /// Redacts what is recorded of requests.
    lines: Lines,
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
    pub(super) plan: Arc<Plan>,
    pub(super) snapshot: Arc<Snapshot>,
    /// Names may mean something else when it is done.
    pub(super) defines: bool,
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

impl Granted {
    /// Whether there is something that its client must not see.
    pub(super) fn hides(&self) -> bool {
        self.grant.hides()
    }
}

/// A request, as it is recorded.
struct Request<'r> {
    message: &'static str,
    text: Option<&'r [u8]>,
    values: &'r [Option<Bytes>],
}

impl Asking {
    pub(super) fn new(
        gate: Arc<Gate>,
        target: Target,
        identity: Identity,
        source: IpAddr,
        judge: Judge,
        reason: Option<String>,
    ) -> Option<Self> {
        let lines = gate.lines_of_record()?;
        Some(Self { gate, target, identity, source, judge, reason, lines })
    }

    /// The session begins with this `search_path`.
    pub(super) fn begins(&mut self, search_path: &[u8]) {
        self.judge.begins(search_path);
    }

    /// The server says that a setting has this value now.
    pub(super) fn setting(&mut self, name: &[u8], value: &[u8]) {
        self.judge.setting(name, value);
    }

    /// Whether the client is still who it was.
    pub(super) fn still_counts(&self) -> bool {
        self.gate.still_counts(&self.identity)
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
        ask: &Ask<Leave>,
        snapshot: &Arc<Snapshot>,
        outbox: &mut Outbox,
    ) -> Result<Told, RecordError> {
        let quiet = ask.quiet;
        match &ask.question {
            Question::Query(text) => {
                let request = Request { message: "query", text: Some(text), values: &[] };
                let judged = self.judge.ask(snapshot, What::Text(text), quiet);
                self.last_step(judged, &request, snapshot, outbox)
            }
            Question::Parse(parse) => {
                let request = Request { message: "parse", text: Some(&parse.text), values: &[] };
                let judged = self.judge.ask(snapshot, What::Parse(parse), quiet);
                self.step(judged, &request, outbox)
            }
            Question::Bind { bind, statement } => {
                let prepared = statement.as_ref().and_then(|statement| statement.grant.judged.prepared.as_ref());
                let text = prepared.map(|prepared| prepared.text.as_ref());
                let request = Request { message: "bind", text, values: &bind.values };
                let judged = self.judge.ask(snapshot, What::Bind(bind, prepared), quiet);
                self.step(judged, &request, outbox)
            }
            Question::Execute { execute, portal: None } => {
                let request = Request { message: "execute", text: Some(&execute.portal), values: &[] };
                let judged = self.judge.ask(snapshot, What::Portal(&execute.portal), quiet);
                self.last_step(judged, &request, snapshot, outbox)
            }
            Question::Execute { portal: Some(portal), .. } => self.execute(portal, snapshot, outbox),
            Question::FunctionCall(call) => {
                let request = Request { message: "function call", text: None, values: &call.arguments };
                let judged = self.judge.ask(snapshot, What::Call(call), quiet);
                self.last_step(judged, &request, snapshot, outbox)
            }
        }
    }

    /// A step before the last: what would be refused then is refused now; what has to be agreed to is asked then.
    fn step(
        &mut self,
        judged: Result<Judged, Report>,
        request: &Request<'_>,
        outbox: &mut Outbox,
    ) -> Result<Told, RecordError> {
        let judged = match judged {
            Ok(judged) => judged,
            Err(report) => return self.refused_by_judge(report, request, outbox),
        };
        match self.gate.foresee(&self.identity, &self.asked(&judged.parts)) {
            Ok(()) | Err(Refused::Held(_)) => {}
            Err(_) => {
                // The decision that counts is the recorded one.
                self.record(request, &judged.parts, outbox)?;
                let decided = self.gate.authorize(&self.identity, &self.asked(&judged.parts), outbox.recording());
                return match decided {
                    Err(refused) => self.refused(&judged, refused, outbox),
                    Ok(_) => {
                        outbox.asked(Outcome::Success, None);
                        Ok(allowed(judged))
                    }
                };
            }
        }
        if request.message == "parse" {
            let text = self.text(request.text.unwrap_or_default());
            outbox.recording().note(json!({ "message": "parse", "text": text }))?;
        }
        Ok(allowed(judged))
    }

    fn last_step(
        &mut self,
        judged: Result<Judged, Report>,
        request: &Request<'_>,
        snapshot: &Arc<Snapshot>,
        outbox: &mut Outbox,
    ) -> Result<Told, RecordError> {
        let mut judged = match judged {
            Ok(judged) => judged,
            Err(report) => return self.refused_by_judge(report, request, outbox),
        };
        let (text, values) = (judged.text.take(), judged.values.take());
        let judged = Arc::new(judged);
        let granted = match self.grant(&judged, request, snapshot, outbox)? {
            Ok(granted) => granted,
            Err(told) => return Ok(told),
        };
        self.given(judged.reason.clone());
        let forget = judged.forget.clone();
        let grant = Arc::new(Left { judged, granted: Some(granted) });
        Ok(Told { verdict: Verdict::Allow(Allow { grant, text, values, forget }), settle: true })
    }

    fn given(&mut self, reason: Option<String>) {
        if reason.is_some() {
            self.reason = reason.filter(|reason| !reason.trim().is_empty());
        }
    }

    /// Runs a portal that was judged when it was bound.
    fn execute(
        &mut self,
        portal: &Arc<Portal<Leave>>,
        snapshot: &Arc<Snapshot>,
        outbox: &mut Outbox,
    ) -> Result<Told, RecordError> {
        let judged = &portal.grant.judged;
        let of_statement = || portal.statement.as_ref()?.grant.judged.prepared.as_ref();
        let text = judged.prepared.as_ref().or_else(of_statement).map(|prepared| prepared.text.as_ref());
        let Bind { values, .. } = &portal.bind;
        let request = Request { message: "execute", text, values };
        let granted = match self.grant(judged, &request, snapshot, outbox)? {
            Ok(granted) => granted,
            Err(told) => return Ok(told),
        };
        self.given(judged.reason.clone());
        let running = Left { judged: Arc::clone(judged), granted: Some(granted) };
        let allow = Allow { forget: judged.forget.clone(), ..Allow::as_is(Arc::new(running)) };
        Ok(Told { verdict: Verdict::Allow(allow), settle: true })
    }

    /// Records the request and what is decided about it.
    fn grant(
        &mut self,
        judged: &Judged,
        request: &Request<'_>,
        snapshot: &Arc<Snapshot>,
        outbox: &mut Outbox,
    ) -> Result<Result<Arc<Granted>, Told>, RecordError> {
        self.record(request, &judged.parts, outbox)?;
        match self.gate.authorize(&self.identity, &self.asked(&judged.parts), outbox.recording()) {
            Ok(grant) => {
                // A replacement that would take the place of what it stands for.
                if let Some(report) = judged.forbidden(grant.labels(), snapshot) {
                    return self.denied_by_judge(report, outbox).map(Err);
                }
                let plan = judged.outline.plan(grant.labels());
                let defines = |part: &Part| matches!(part.action, Action::Ddl | Action::Opaque | Action::Call);
                let defines = judged.parts.iter().any(defines);
                let granted = Arc::new(Granted { grant, plan, snapshot: Arc::clone(snapshot), defines });
                outbox.asked(Outcome::Success, Some(Arc::clone(&granted)));
                Ok(Ok(granted))
            }
            Err(refused) => self.refused(judged, refused, outbox).map(Err),
        }
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
        Words::from(self.lines.text(Raw::from(text.as_bytes().to_vec())).0)
    }

    /// A statement as it is recorded: its constants hidden, the rest redacted.
    fn text(&mut self, text: &[u8]) -> String {
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
        String::from_utf8_lossy(&self.lines.line(Raw::from(text.to_vec()))).into_owned()
    }
}

impl Request<'_> {
    /// What is committed to: the text and every value.
    fn original(&self) -> Vec<u8> {
        let mut original = self.text.unwrap_or_default().to_vec();
        for value in self.values {
            original.push(0);
            match value {
                None => original.push(0),
                Some(value) => {
                    original.push(1);
                    original.extend_from_slice(&(value.len() as u64).to_be_bytes());
                    original.extend_from_slice(value);
                }
            }
        }
        original
    }
}

/// A step before the last may be taken.
fn allowed(mut judged: Judged) -> Told {
    let (text, values) = (judged.text.take(), judged.values.take());
    let grant = Arc::new(Left { judged: Arc::new(judged), granted: None });
    // Names change their meaning when it runs.
    let allow = Allow { grant, text, values, forget: Forget::Nothing };
    Told { verdict: Verdict::Allow(allow), settle: false }
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
