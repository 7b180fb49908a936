//! A grant, and the only way from an upstream's bytes to a client.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use blackbar_engine::operator::{self, Operator};
use blackbar_engine::{Clean, Finding, Format, Kind, Mark, Profile, Raw, Redactor, Scanner};
use blackbar_ledger::{Details, Kind as LeafKind, Outcome};
use blackbar_policy::fuse::Blown;

use super::fuses::Counter;
use super::labels::Labels;
use super::recorder::{Identifier, RecordError, Recording};
use super::standing::Standing;

/// Leave to do one thing, with what has to be done to its answer.
pub(crate) struct Grant {
    scanner: Scanner,
    profile: Profile,
    /// The policies that allowed it.
    because: Vec<String>,
    /// No answer begins behind this moment.
    expires: Option<SystemTime>,
    /// Who asked, looked at again while the answer is on its way.
    standing: Option<Standing>,
    /// The columns that the profile names.
    labels: Arc<Labels>,
    limit_rows: Option<u64>,
    /// What leaves under it is counted here.
    fuse: Option<Arc<Counter>>,
    /// The agreement of people that was used up for it.
    approval: Option<String>,
    /// It is no decision: what would have been one.
    observed: Option<Observed>,
}

/// What would have been decided where it is only observed.
#[derive(Debug)]
pub(super) struct Observed {
    /// `allowed`, `held` or `denied`.
    pub(super) would: &'static str,
    /// What the answer would have been redacted with.
    pub(super) profile: Profile,
}

impl Grant {
    /// Only the gate makes grants.
    pub(super) fn new(scanner: Scanner, profile: Profile, because: Vec<String>, expires: Option<SystemTime>) -> Self {
        Self {
            scanner,
            profile,
            because,
            expires,
            standing: None,
            labels: Arc::default(),
            limit_rows: None,
            fuse: None,
            approval: None,
            observed: None,
        }
    }

    /// Lets everything pass, and counts what would have been replaced.
    pub(super) fn observing(self, observed: Observed) -> Self {
        Self { observed: Some(observed), ..self }
    }

    /// What would have been decided, where it is only observed.
    pub(super) const fn observed(&self) -> Option<&Observed> {
        self.observed.as_ref()
    }

    /// The rules that answers are redacted with.
    pub(super) fn rules(&self) -> Profile {
        self.profile.clone()
    }

    /// Whose it is, and for how long.
    pub(super) fn watched(self, standing: Standing) -> Self {
        Self { standing: Some(standing), ..self }
    }

    /// With the columns that its profile names.
    pub(super) fn labelled(self, labels: Arc<Labels>) -> Self {
        Self { labels, ..self }
    }

    pub(super) fn limited(self, limit_rows: Option<u64>) -> Self {
        Self { limit_rows, ..self }
    }

    pub(super) fn fused(self, fuse: Option<Arc<Counter>>) -> Self {
        Self { fuse, ..self }
    }

    /// What leaves under it is counted here; what it refuses must not leave.
    pub(crate) const fn fuse(&self) -> Option<&Arc<Counter>> {
        self.fuse.as_ref()
    }

    pub(super) fn approved(self, approval: String) -> Self {
        Self { approval: Some(approval), ..self }
    }

    /// The agreement of people that was used up for it.
    pub(crate) fn approval(&self) -> Option<&str> {
        self.approval.as_deref()
    }

    /// Whether whoever it was granted to still counts.
    pub(crate) fn counts(&self) -> bool {
        !self.is_expired(SystemTime::now()) && self.standing.as_ref().is_none_or(Standing::counts)
    }

    /// The columns that its profile names: what an answer's columns are planned by.
    pub(crate) fn labels(&self) -> &Arc<Labels> {
        &self.labels
    }

    /// The policies that allowed it.
    pub(crate) fn because(&self) -> &[String] {
        &self.because
    }

    /// The name of the profile that answers are redacted with.
    pub(crate) fn profile(&self) -> &str {
        &self.profile.rules().name
    }

    /// Whether the identity behind it still counts.
    pub(crate) fn is_expired(&self, now: SystemTime) -> bool {
        self.expires.is_some_and(|expires| now >= expires)
    }

    /// Starts a redacted and recorded answer in a known format.
    pub(crate) fn answer(&self, format: Format, document: &str, recording: Recording) -> Answer {
        let redactor = Box::new(self.scanner.redactor_for(&self.profile, format, document));
        let (scanner, standing) = (self.scanner.clone(), self.standing.clone());
        let (fuse, blown) = (self.fuse.clone(), None);
        let would = |observed: &Observed| Box::new(self.scanner.redactor_for(&observed.profile, format, document));
        let shadow = self.observed.as_ref().map(would);
        Answer { redactor, shadow, scanner, recording, standing, fuse, blown, held: VecDeque::new(), finished: false }
    }

    /// Redacts short texts, each for itself: lines of a head, messages.
    pub(crate) fn lines(&self) -> Lines {
        Lines::new(&self.scanner, &self.profile)
    }

    /// Redacts values of one column or field of this name, each for itself.
    pub(crate) fn values(&self, format: Format, name: &[u8]) -> Lines {
        let mut redactor = self.scanner.redactor_for(&self.profile, format, "");
        redactor.columns(&[name]);
        Lines { redactor: Box::new(redactor) }
    }

    /// What stands for a value that is not shown to a redactor.
    pub(crate) fn mark(&self, kind: Kind, value: &Raw) -> Option<Mark> {
        let rules = self.profile.rules();
        rules.marks.as_ref().and_then(|marks| marks.mark_raw(&*rules.values, kind.id(), value))
    }

    /// Whether marks are made of what is found.
    pub(crate) fn marks(&self) -> bool {
        self.profile.rules().marks.is_some()
    }

    /// Keys and meanings, for values that are replaced whole.
    pub(crate) fn context(&self) -> operator::Context<'_> {
        let rules = self.profile.rules();
        operator::Context { values: &*rules.values, keys: rules.keys.as_deref(), subject: None }
    }

    /// Reads what its client says, as answers to it are read.
    pub(crate) fn reader(&self, format: Format) -> Redactor {
        self.scanner.redactor_for(&self.profile, format, "")
    }

    /// Tells whether a value that was found leaves as another that looks like it.
    pub(crate) fn disguise(&self) -> impl Fn(&Finding) -> bool + Send + Sync + 'static {
        let profile = self.profile.clone();
        move |finding| disguise(finding.operator) || disguise(profile.rules().operator(finding.kind))
    }

    /// Whether values leave as others that look like them.
    pub(crate) fn disguises(&self) -> bool {
        let rules = self.profile.rules();
        let of_fields = rules.fields.iter().map(|rule| rule.operator);
        rules.kinds.iter().map(|(_, operator)| *operator).chain(of_fields).chain([rules.default]).any(disguise)
    }

    /// Whether values of this kind leave with less detail.
    pub(crate) fn generalises(&self, kind: Kind) -> bool {
        self.profile.rules().operator(kind) == Operator::Generalise
    }

    /// The same grant for the answer to a request that carried these tokens: they are no identifiers in it.
    pub(crate) fn sparing<'t>(mut self, tokens: impl IntoIterator<Item = &'t str>) -> Self {
        let mut rules = self.profile.rules().clone();
        tokens.into_iter().for_each(|token| rules.allow.value(token, "a token of the request"));
        if let Ok(profile) = rules.build() {
            self.profile = profile;
        }
        self
    }

    /// Whether there is something that its client must not see.
    pub(crate) fn hides(&self) -> bool {
        self.detects() || self.labels.hide_anything()
    }

    /// Whether its profile looks for identifiers, and does not keep them all.
    pub(crate) fn detects(&self) -> bool {
        let rules = self.profile.rules();
        rules.default != Operator::Keep || rules.kinds.iter().any(|(_, operator)| *operator != Operator::Keep)
    }

    /// The most rows that an answer may have, as far as permits say.
    pub(super) const fn limit_rows(&self) -> Option<u64> {
        self.limit_rows
    }
}

const fn disguise(operator: Operator) -> bool {
    matches!(operator, Operator::Shift | Operator::Surrogate | Operator::Fpe)
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Grant({:?} because {:?})", self.profile.rules().name, self.because)
    }
}

/// One answer on its way to a client: raw bytes go in, redacted and recorded ones come out.
///
/// While the disk is busy with one block the next one is gathered, so blocks grow as the disk needs; when there is no room
/// for more, no more is asked of the upstream.
pub(crate) struct Answer {
    /// Boxed, as it is large and answers are moved.
    redactor: Box<Redactor>,
    /// Sees the same where it is only observed, and has no say in what leaves.
    shadow: Option<Box<Redactor>>,
    scanner: Scanner,
    recording: Recording,
    standing: Option<Standing>,
    fuse: Option<Arc<Counter>>,
    /// It has blown: nothing more leaves.
    blown: Option<Blown>,
    /// Recorded, and released once the record is as safe as the target asks for.
    held: VecDeque<Clean>,
    /// The upstream has ended.
    finished: bool,
}

impl Answer {
    /// Takes bytes of the upstream.
    pub(crate) fn push(&mut self, bytes: Raw) {
        if let Some(shadow) = &mut self.shadow {
            shadow.push(bytes.clone());
            Self::count(shadow, &mut self.recording);
        }
        self.redactor.push(bytes);
    }

    /// Gives back room that only reading needs.
    pub(crate) fn rest(&mut self) {
        self.shadow.as_deref_mut().into_iter().chain([&mut *self.redactor]).for_each(Redactor::rest);
    }

    /// Counts what would have been replaced so far.
    fn count(shadow: &mut Redactor, recording: &mut Recording) {
        while let Some(segment) = shadow.poll() {
            if let Some(finding) = segment.finding() {
                recording.would_replace(&finding.kind.to_string());
            }
        }
    }

    /// The upstream has ended.
    pub(crate) fn finish(&mut self) {
        if let Some(shadow) = &mut self.shadow {
            shadow.finish();
            Self::count(shadow, &mut self.recording);
        }
        self.redactor.finish();
        self.finished = true;
    }

    /// Records how the answer begins. It may leave with the first bytes, or once [`Answer::poll_head`] is ready.
    pub(crate) fn head(&mut self, status: u16, headers: &[(&str, &[u8])]) -> Result<(), RecordError> {
        self.recording.head(status, headers)
    }

    /// Ready once the head is as safe as the target asks for.
    pub(crate) fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), RecordError>> {
        if self.recording.may_run_ahead() {
            return Poll::Ready(self.recording.seal());
        }
        loop {
            match self.recording.poll_flight(cx) {
                Poll::Ready(Ok(())) if self.recording.is_loose() => self.recording.seal()?,
                other => return other,
            }
        }
    }

    /// The next bytes that may leave. `Ready(None)` asks for more input, or says that all is done.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Clean, RecordError>>> {
        self.poll_recorded(cx).map(Result::transpose)
    }

    fn poll_recorded(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Clean>, RecordError>> {
        loop {
            let in_flight = match self.recording.poll_flight(cx) {
                Poll::Ready(result) => {
                    result?;
                    false
                }
                Poll::Pending => true,
            };
            let has_room = self.recording.has_room();
            if has_room && self.take()? {
                continue;
            }
            if has_room && self.finished && !self.recording.is_over() {
                // The last block and the leaf that names it go to the disk together.
                let stats = self.redactor.stats();
                let counts = (stats.bytes_in, stats.replaced);
                self.recording.held_back(stats.most_held);
                self.recording.end(Outcome::Success, Some(counts))?;
                continue;
            }
            // All that is there was gathered first: it is one block, however many pieces it has.
            if let Some(first) = self.held.front() {
                if self.recording.release(first.len())? {
                    return Poll::Ready(Ok(self.held.pop_front()));
                }
            } else if self.finished && self.recording.is_over() {
                return Poll::Ready(Ok(None));
            }
            if self.recording.has_block() || (!has_room && self.recording.is_loose()) {
                self.recording.seal()?;
            } else if has_room && !self.finished {
                return Poll::Ready(Ok(None));
            } else if in_flight {
                return Poll::Pending;
            }
        }
    }

    /// Nothing more comes for now: what was gathered goes to the disk. Says whether there was anything.
    pub(crate) fn flush(&mut self) -> Result<bool, RecordError> {
        if !self.recording.is_loose() {
            return Ok(false);
        }
        self.recording.seal().map(|()| true)
    }

    /// Counts the longest that something of it was on its way from the upstream to the client.
    pub(crate) fn delayed(&self, longest: Duration) {
        self.recording.delayed(longest);
    }

    /// Why it cannot be recorded.
    pub(crate) fn why_unrecorded(&self) -> RecordError {
        self.recording.why_unrecorded()
    }

    /// Whether it may go on: whoever asked counts still, and nobody has ended the session. To be asked each second.
    pub(crate) fn may_go_on(&self) -> bool {
        !self.recording.is_ended() && self.standing.as_ref().is_none_or(Standing::counts)
    }

    /// The fuse that ended it.
    pub(crate) const fn blown(&self) -> Option<&Blown> {
        self.blown.as_ref()
    }

    /// The recording, for another answer that takes the place of this one.
    pub(crate) fn into_recording(self) -> Recording {
        self.recording
    }

    /// The answer ends before its end.
    pub(crate) fn fail(&mut self) {
        let stats = self.redactor.stats();
        let counts = (stats.bytes_in, stats.replaced);
        // That it cannot be recorded is one of the reasons to fail.
        let _ = self.recording.end(Outcome::Failed, Some(counts));
    }

    /// Records the redacted bytes that are there. Says whether there were any.
    fn take(&mut self) -> Result<bool, RecordError> {
        let segment = self.redactor.poll();
        self.redactor.subjects().into_iter().for_each(|mark| self.recording.subject(mark));
        let Some(segment) = segment else { return Ok(false) };
        // A refcount; a segment without bytes only says what was found.
        let bytes = segment.bytes().clone();
        if let Some(finding) = segment.finding() {
            // Entity memory and rules of the profile have no detector.
            let detector = self.scanner.detectors().get(finding.detector).map_or("", |detector| &detector.id);
            self.recording.replaced(&Identifier::from(finding), detector, bytes.len())?;
        }
        if !bytes.is_empty() {
            if let Some(Err(blown)) = self.fuse.as_ref().map(|fuse| fuse.take(0, bytes.len(), &[])) {
                let details = Details::new().texts("because", [blown.to_string()]);
                self.blown = Some(blown);
                self.recording.about_answer(LeafKind::DecisionDenied, Outcome::Denied, details)?;
                // No error of the record, and the end of this answer all the same.
                return Err(RecordError::Stopped);
            }
            self.recording.delivered(&bytes)?;
            self.held.push_back(bytes);
        }
        Ok(true)
    }
}

/// Short texts, redacted each for itself.
pub(crate) struct Lines {
    /// Boxed: those who wait for a text hold it as long as they wait.
    redactor: Box<Redactor>,
}

impl Lines {
    pub(super) fn new(scanner: &Scanner, profile: &Profile) -> Self {
        Self { redactor: Box::new(scanner.redactor(profile)) }
    }

    /// One text, redacted.
    pub(crate) fn line(&mut self, text: Raw) -> Vec<u8> {
        self.text(text).0.as_bytes().to_vec()
    }

    /// One text, redacted, with what was found in it. A text that stays as it is keeps its memory.
    pub(crate) fn text(&mut self, text: Raw) -> (Clean, Vec<Finding>) {
        self.redactor.push(text);
        self.redactor.boundary();
        let mut findings = Vec::new();
        let mut whole: Option<Clean> = None;
        let mut pieces = Vec::new();
        while let Some(segment) = self.redactor.poll() {
            findings.extend(segment.finding().cloned());
            let bytes = segment.bytes();
            if bytes.is_empty() {
                continue;
            }
            match (&whole, pieces.is_empty()) {
                (None, true) => whole = Some(bytes.clone()),
                (first, _) => {
                    pieces.extend_from_slice(first.as_ref().map_or(&[], Clean::as_bytes));
                    pieces.extend_from_slice(bytes.as_bytes());
                    whole = None;
                }
            }
        }
        // Short texts are no records; what they say is noted by what is found in them.
        drop(self.redactor.subjects());
        let joined = || Raw::from(pieces).danger_pass_unredacted("pieces that a redactor made, joined");
        (whole.unwrap_or_else(joined), findings)
    }
}
