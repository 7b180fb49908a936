//! Requests that policy holds: people are asked, and what they granted is used once, before anything is forwarded.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use blackbar_ledger::{Details, Kind, Leaf, Outcome};
use blackbar_policy::approval::{Approval, Ask, Consumption, Effect, Event, Refusal, State as Decided};
use blackbar_policy::fuse::Blown;
use blackbar_policy::{CanonicalRequest, Decision, Duties, PolicyId};
use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::task::{JoinError, JoinHandle};

use super::holds::Holds;
use super::known::now_ms;
use super::recorder::RecordError;
use super::{Asked, Gate, Grant, Identity, Recording, Refused, State, decision, fuses, judge, told};
use crate::notes;
use crate::state::StateError;
use crate::state::approvals::Stored;

/// A held request: what people are asked about, and what a grant is found again by.
#[derive(Clone, Debug)]
pub(crate) struct Plea<'a> {
    /// What would be sent up, to the last byte that matters.
    pub(crate) request: CanonicalRequest<'a>,
    /// The approval that the client names. Without one the request finds its own.
    pub(crate) approval: Option<&'a str>,
    /// The request as reviewers see it: redacted.
    pub(crate) shown: Value,
}

/// What became of a held request.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it is taken apart where it is made")]
pub(crate) enum Hold {
    /// People had agreed, and that is used up now.
    Granted(Grant),
    /// People are asked.
    Waiting(Held),
}

/// A request that waits for people. Who drops it waits no longer, and nothing is done; what people were asked stays, so the
/// client may come again.
pub(crate) struct Held {
    id: String,
    holds: Arc<Holds>,
    bell: watch::Receiver<u64>,
}

/// How waiting ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Waited {
    /// Enough people have agreed. [`Gate::hold`] takes it from here.
    Granted,
    /// Somebody said no.
    Denied,
    /// Nobody decided in time.
    Expired,
    /// It was used by another request.
    Used,
    /// The patience was over first.
    Undecided,
}

/// What the record of a held request is to say of it, in order. Whoever has the recording writes it before anything rests on
/// it: a hold takes longer than a recording can be lent.
#[derive(Debug, Default)]
#[must_use = "what was decided is recorded before it counts"]
pub(crate) struct ForRecord(Vec<Line>);

#[derive(Debug)]
enum Line {
    Decided(Kind, Outcome, Details),
    /// For the encrypted recording only.
    Note(Value),
}

/// Why a held request is neither granted nor waits.
#[derive(Clone, Debug)]
pub(crate) enum Unheld {
    /// As without any hold.
    Refused(Refused),
    /// The approval that was named is for another request, or is none of this subject's.
    OtherRequest,
    /// It was decided, in another way than yes, or is used up; or the policies have changed since.
    Closed { approval: String, why: &'static str },
    /// So much is asked already that nobody would read it.
    TooManyAsks,
    /// The approvals cannot be read or stored.
    Unstored,
}

impl Gate {
    /// A place to wait in, for a request that is held. None: too many wait.
    pub(crate) fn seat(&self) -> Option<OwnedSemaphorePermit> {
        self.holds.as_ref()?.seat()
    }

    /// What [`Gate::authorize`] holds comes here, with the request itself. If people have agreed to this very request, their
    /// agreement is used up and the request judged once more; else they are asked. Whatever the result: what was added to
    /// `record` is written before the result counts.
    pub(crate) async fn hold(
        &self,
        identity: &Identity,
        asked: &Asked<'_>,
        plea: &Plea<'_>,
        record: &mut ForRecord,
    ) -> Result<Hold, Unheld> {
        // One set of policies from here to the end, whatever is reloaded meanwhile.
        let state = self.state.load_full();
        if self.locks.bars_target(&asked.target.name) {
            return Err(Unheld::Refused(Refused::CannotOblige("the target is locked")));
        }
        let (lifts, needs, duties) = match judge(&state, identity, asked, &BTreeSet::new()) {
            held @ Decision::Held { .. } => {
                let (lifts, needs) = (held.to_lift(), held.approvals());
                let Decision::Held { then, duties, .. } = held else { return Err(Unheld::Unstored) };
                // People are not asked about what could not be done all the same.
                let because = then.union(&lifts).cloned().collect();
                state.grant(identity, asked, &because, duties.clone()).map_err(Unheld::Refused)?;
                (lifts, needs, duties)
            }
            // The policies have changed since they held it.
            Decision::Allowed { because, duties } => {
                // A limit of a fuse may have been raised for it.
                if let Some(holds) = &self.holds {
                    for stored in holds.known(identity, asked, plea, &state).await? {
                        if let Some(done) = self.consume(holds, &state, identity, asked, plea, &stored, record).await? {
                            return Ok(Hold::Granted(done));
                        }
                    }
                }
                let granted = state.grant(identity, asked, &because, duties);
                let granted = granted.and_then(|grant| self.given(&state, identity, asked, grant, &BTreeSet::new()));
                record.of_policies(&state, &granted);
                return granted.map(Hold::Granted).map_err(Unheld::Refused);
            }
            Decision::Denied { because } => return refused(&state, record, because),
        };
        let Some(holds) = &self.holds else {
            return Err(Unheld::Refused(Refused::Held(lifts.iter().map(ToString::to_string).collect())));
        };

        for stored in holds.known(identity, asked, plea, &state).await? {
            if let Some(done) = self.consume(holds, &state, identity, asked, plea, &stored, record).await? {
                return Ok(Hold::Granted(done));
            }
        }
        let approval = self.ask_people(holds, &state, identity, asked, plea, (lifts, needs, &duties), record).await?;
        Ok(Hold::Waiting(Held { id: approval, holds: Arc::clone(holds), bell: holds.listen() }))
    }

    /// A fuse has blown: people are asked to raise its limit for another run of this very request. The id of the approval;
    /// `None` where nobody may raise it.
    pub(crate) async fn raise(
        &self,
        identity: &Identity,
        asked: &Asked<'_>,
        plea: &Plea<'_>,
        blown: &Blown,
        record: &mut ForRecord,
    ) -> Result<Option<String>, Unheld> {
        let state = self.state.load_full();
        let (Some(holds), Some(group)) = (&self.holds, &state.fuse.raise) else { return Ok(None) };
        let (mut lifts, mut needs, duties) = match judge(&state, identity, asked, &BTreeSet::new()) {
            held @ Decision::Held { .. } => {
                let (lifts, needs) = (held.to_lift(), held.approvals());
                let Decision::Held { duties, .. } = held else { return Ok(None) };
                (lifts, needs, duties)
            }
            Decision::Allowed { duties, .. } => (BTreeSet::new(), BTreeMap::new(), duties),
            Decision::Denied { .. } => return Ok(None),
        };
        lifts.insert(fuses::raised(blown, state.fuse.raise_by));
        needs.entry(group.clone()).or_insert(1);
        let asked = self.ask_people(holds, &state, identity, asked, plea, (lifts, needs, &duties), record).await?;
        holds.raises(identity.subject.id(), true);
        Ok(Some(asked))
    }

    /// Asks people, unless they are asked already. The id of the approval.
    #[allow(clippy::too_many_arguments, reason = "everything that an ask is made of")]
    async fn ask_people(
        &self,
        holds: &Arc<Holds>,
        state: &State,
        identity: &Identity,
        asked: &Asked<'_>,
        plea: &Plea<'_>,
        (lifts, needs, duties): (BTreeSet<PolicyId>, BTreeMap<String, u32>, &Duties),
        record: &mut ForRecord,
    ) -> Result<String, Unheld> {
        let asking = holds.asking.lock().await;
        // While others asked, this very request may have been among theirs.
        let waits = holds.known(identity, asked, plea, state).await?.into_iter().map(|stored| stored.approval);
        let waits = waits.filter(|known| matches!(known.state(), Decided::Asked { .. }));
        let waits = waits.into_iter().find(|known| plea.approval.is_some() || lifts.is_subset(&known.ask().lifts));
        let again = waits.is_some();
        let approval = match waits {
            Some(approval) => approval,
            None => {
                let (approval, salt) = holds.ask_of(identity, asked, plea, state, lifts, needs, duties)?;
                let shown = plea.shown.clone();
                let stored = approval.clone();
                let admitted =
                    holds.blocking(move |holds| holds.ask(&stored, &salt, &shown, stored.latest_ms())).await?;
                if !admitted {
                    return Err(Unheld::TooManyAsks);
                }
                // Who has the recording's key can show what the digest in the log is of.
                let salt: String = salt.iter().map(|byte| format!("{byte:02x}")).collect();
                record.0.push(Line::Note(json!({ "approval": approval.ask().id, "salt": salt })));
                approval
            }
        };
        drop(asking);
        let ask = approval.ask();
        let needs = ask.needs.iter().map(|(group, quorum)| format!("{group}:{quorum}"));
        let lifts: Vec<String> = ask.lifts.iter().map(ToString::to_string).collect();
        let details = Details::new()
            .text("rules", state.version.as_str())
            .texts("because", told(&lifts))
            .text("approval", ask.id.as_str())
            .text("request", ask.request.to_string())
            .texts("needs", needs)
            .flag("again", again);
        record.decided(Kind::DecisionAsked, Outcome::Held, details);
        Ok(ask.id.clone())
    }

    /// Uses an approval, if it is granted. None: it is not, and the client did not insist on it.
    #[allow(clippy::too_many_arguments, reason = "everything that a decision rests on")]
    async fn consume(
        &self,
        holds: &Arc<Holds>,
        state: &State,
        identity: &Identity,
        asked: &Asked<'_>,
        plea: &Plea<'_>,
        stored: &Stored,
        record: &mut ForRecord,
    ) -> Result<Option<Grant>, Unheld> {
        let ask = stored.approval.ask();
        let Decided::Granted { votes, .. } = stored.approval.state() else { return Ok(None) };
        let unusable = |why| {
            let closed = Unheld::Closed { approval: ask.id.clone(), why };
            if plea.approval.is_some() { Err(closed) } else { Ok(None) }
        };
        // Judged as it is now: people lifted these forbids and no others.
        let grant = match judge(state, identity, asked, &ask.lifts) {
            Decision::Allowed { because, duties } => {
                let limit_rows = duties.limit_rows.into_iter().chain(ask.max_rows).min();
                let duties = Duties { limit_rows, ..duties };
                let granted = state.grant(identity, asked, &because, duties).map_err(Unheld::Refused)?;
                self.given(state, identity, asked, granted, &ask.lifts).map_err(Unheld::Refused)?
            }
            Decision::Held { .. } => return unusable("more stands against the request now"),
            Decision::Denied { because } => return refused(state, record, because).map(|_: Hold| None),
        };
        let digest = stored.digest(&plea.request).ok_or(Unheld::OtherRequest)?;
        let (id, subject, target, policies) =
            (ask.id.clone(), ask.subject.clone(), ask.target.clone(), *state.policies.set().hash());
        let people = votes.iter().map(|vote| vote.person.chars().take(255).collect::<String>());
        let details = Details::new()
            .text("rules", state.version.as_str())
            .texts("because", told(grant.because()))
            .text("profile", grant.profile())
            .text("approval", ask.id.as_str())
            .texts("approved_by", people.take(32));
        let leaf = Leaf::new(Kind::DecisionConsumed).outcome(Outcome::Interrupted).details(details.clone());
        let leaf = leaf.subject(subject.as_str()).target(target.as_str());
        let used = Using::begin(holds, leaf, move |holds| {
            let consumption = Consumption { request: digest, subject: &subject, target: &target, policies: &policies };
            holds.apply(&id, &Event::Consume(consumption), now_ms())
        });
        match used.done().await? {
            Ok((_, effects)) if effects.contains(&Effect::Forward) => {}
            Ok(_) => return unusable("it was not used in time"),
            Err(Refusal::OtherRequest) => return Err(Unheld::OtherRequest),
            Err(_) => return unusable("it has been used, or taken back"),
        }
        record.decided(Kind::DecisionConsumed, Outcome::Success, details);
        Ok(Some(grant.approved(ask.id.clone())))
    }
}

type Applied = Result<(Approval, Vec<Effect>), Refusal>;

/// An approval that is being used up. Whoever wanted to may go away meanwhile: then nothing comes of it, and that it was
/// used is recorded all the same.
struct Using {
    holds: Arc<Holds>,
    task: Option<JoinHandle<Result<Applied, StateError>>>,
    leaf: Option<Leaf>,
}

impl Using {
    fn begin(
        holds: &Arc<Holds>,
        leaf: Leaf,
        use_up: impl FnOnce(&Holds) -> Result<Applied, StateError> + Send + 'static,
    ) -> Self {
        let this = Arc::clone(holds);
        let task = tokio::task::spawn_blocking(move || use_up(&this));
        Self { holds: Arc::clone(holds), task: Some(task), leaf: Some(leaf) }
    }

    async fn done(mut self) -> Result<Applied, Unheld> {
        let Some(task) = self.task.as_mut() else { return Err(Unheld::Unstored) };
        let used = task.await;
        self.task = None;
        flat(used)
    }
}

impl Drop for Using {
    fn drop(&mut self) {
        let (Some(task), Some(leaf)) = (self.task.take(), self.leaf.take()) else { return };
        let holds = Arc::clone(&self.holds);
        tokio::spawn(async move {
            if let Ok(Ok(Ok((_, effects)))) = task.await
                && effects.contains(&Effect::Forward)
            {
                // A ledger that stopped lets nothing through any more, so nothing rests on this leaf.
                drop(holds.recorder().event(leaf));
            }
        });
    }
}

impl ForRecord {
    /// Writes it.
    pub(crate) fn write(self, recording: &mut Recording) -> Result<(), RecordError> {
        self.0.into_iter().try_for_each(|line| match line {
            Line::Decided(kind, outcome, details) => recording.decided(kind, outcome, details),
            Line::Note(note) => recording.note(note),
        })
    }

    /// How waiting ended.
    pub(crate) fn waited(approval: &str, waited: Waited) -> Self {
        let mut record = Self::default();
        let kind = match waited {
            Waited::Denied => Kind::DecisionDenied,
            Waited::Expired | Waited::Used => Kind::DecisionExpired,
            Waited::Granted | Waited::Undecided => return record,
        };
        record.decided(kind, Outcome::Denied, Details::new().text("approval", approval));
        record
    }

    fn decided(&mut self, kind: Kind, outcome: Outcome, details: Details) {
        self.0.push(Line::Decided(kind, outcome, details));
    }

    /// What the policies decided alone.
    fn of_policies(&mut self, state: &State, decided: &Result<Grant, Refused>) {
        if let Some((kind, outcome, details)) = decision(state, decided) {
            self.decided(kind, outcome, details);
        }
    }
}

impl Holds {
    /// Runs what may wait for the disk.
    async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, StateError> + Send + 'static,
    ) -> Result<T, Unheld> {
        let this = Arc::clone(self);
        flat(tokio::task::spawn_blocking(move || work(&this)).await)
    }

    /// The approvals that a request may use or wait for: the one that the client names, or the open ones of this very request.
    async fn known(
        self: &Arc<Self>,
        identity: &Identity,
        asked: &Asked<'_>,
        plea: &Plea<'_>,
        state: &State,
    ) -> Result<Vec<Stored>, Unheld> {
        let (subject, target) = (identity.subject.id().to_owned(), asked.target.name.as_str());
        let policies = state.policies.set().hash();
        let Some(named) = plea.approval else {
            // Known again below, if anything still raises a limit.
            self.raises(&subject, false);
            let of = subject.clone();
            let open = self.blocking(move |holds| {
                holds.tick(now_ms());
                holds.store().open(Some(&of))
            });
            let open = open.await?;
            if open.iter().any(|stored| stored.approval.ask().lifts.iter().any(|id| fuses::lifted(id).is_some())) {
                self.raises(&subject, true);
            }
            let of_this = |stored: &Stored| {
                let ask = stored.approval.ask();
                ask.target == target && ask.policies == *policies && stored.is_for(&plea.request)
            };
            return Ok(open.into_iter().filter(of_this).collect());
        };
        let id = named.to_owned();
        let stored = self.blocking(move |holds| holds.find(&id, now_ms())).await?;
        let stored = stored.filter(|stored| {
            let ask = stored.approval.ask();
            ask.subject == subject && ask.target == target
        });
        let stored = stored.ok_or(Unheld::OtherRequest)?;
        let closed = |why| Err(Unheld::Closed { approval: named.to_owned(), why });
        match stored.approval.state() {
            Decided::Denied { .. } => return closed("it was denied"),
            Decided::Expired => return closed("it has expired"),
            Decided::Consumed { .. } => return closed("it has been used"),
            Decided::Asked { .. } | Decided::Granted { .. } => {}
        }
        if !stored.is_for(&plea.request) {
            return Err(Unheld::OtherRequest);
        }
        if stored.approval.ask().policies != *policies {
            return closed("the policies have changed since it was asked for");
        }
        Ok(vec![stored])
    }

    /// What people will be asked, and the salt of its digest.
    #[allow(clippy::too_many_arguments, reason = "everything that an ask is made of")]
    fn ask_of(
        &self,
        identity: &Identity,
        asked: &Asked<'_>,
        plea: &Plea<'_>,
        state: &State,
        lifts: BTreeSet<PolicyId>,
        needs: BTreeMap<String, u32>,
        duties: &Duties,
    ) -> Result<(Approval, [u8; 32]), Unheld> {
        let (mut salt, mut id) = ([0; 32], [0; 10]);
        if getrandom::fill(&mut salt).and_then(|()| getrandom::fill(&mut id)).is_err() {
            return Err(Unheld::Unstored);
        }
        let now = now_ms();
        let millis = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        let mut requesters: BTreeSet<String> = identity.acting_for.union(&identity.behind).cloned().collect();
        requesters.insert(identity.subject.id().to_owned());
        let ask = Ask {
            id: format!("ap-{}", id.map(|byte| format!("{byte:02x}")).concat()),
            request: plea.request.digest(&salt),
            subject: identity.subject.id().to_owned(),
            requesters,
            target: asked.target.name.clone(),
            policies: *state.policies.set().hash(),
            lifts,
            needs,
            max_rows: duties.limit_rows,
            valid_ms: millis(self.grant_timeout),
            decide_by_ms: now.saturating_add(millis(self.ask_timeout)),
        };
        Approval::new(ask, now).map(|approval| (approval, salt)).ok_or(Unheld::Unstored)
    }
}

impl Held {
    /// What clients and reviewers know it by.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Waits until people have decided, or for so long.
    pub(crate) async fn decided(&mut self, patience: Duration) -> Result<Waited, Unheld> {
        let end = tokio::time::Instant::now() + patience;
        loop {
            // What happens from here on rings again.
            self.bell.mark_unchanged();
            let id = self.id.clone();
            let stored = self.holds.blocking(move |holds| holds.find(&id, now_ms())).await?;
            match stored.as_ref().map(|stored| stored.approval.state()) {
                Some(Decided::Granted { .. }) => return Ok(Waited::Granted),
                Some(Decided::Denied { .. }) => return Ok(Waited::Denied),
                Some(Decided::Consumed { .. }) => return Ok(Waited::Used),
                Some(Decided::Expired) | None => return Ok(Waited::Expired),
                Some(Decided::Asked { .. }) => {}
            }
            match tokio::time::timeout_at(end, self.bell.changed()).await {
                Ok(Ok(())) => {}
                // The gate is gone, and with it whoever could have decided.
                Ok(Err(_)) => return Ok(Waited::Expired),
                Err(_) => return Ok(Waited::Undecided),
            }
        }
    }
}

/// What came of a task that may have waited for the disk.
fn flat<T>(done: Result<Result<T, StateError>, JoinError>) -> Result<T, Unheld> {
    match done {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => {
            notes::note(format_args!("approvals: {error}"));
            Err(Unheld::Unstored)
        }
        Err(_) => Err(Unheld::Unstored),
    }
}

/// Policy denies it after all.
fn refused<T>(state: &State, record: &mut ForRecord, because: BTreeSet<super::Reason>) -> Result<T, Unheld> {
    let refused = Refused::Denied(because.into_iter().collect());
    record.of_policies(state, &Err(refused.clone()));
    Err(Unheld::Refused(refused))
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Held({})", self.id)
    }
}
