//! The gate: who asks, whether they may, and the only handle with which an answer reaches them.
//!
//! Both protocols come through here. [`Gate::authenticate`] makes an [`Identity`], [`Gate::authorize`] a [`Grant`]; only a
//! grant has a redactor and a way to the client.

mod door;
mod fuses;
mod glass;
mod grant;
mod hold;
mod holds;
mod known;
mod labels;
mod locks;
mod people;
mod policies;
mod profiles;
mod recorder;
mod retold;
mod review;
mod standing;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwap;
use blackbar_engine::operator::Keyring;
use blackbar_engine::{Marks, Profile, Scanner};
use blackbar_ledger::{Details, Kind, Outcome};
use blackbar_policy::{Action, Circumstances, Decision, Duties, Facts, PolicyId, Question, Reason, Resource, Subject};

pub(crate) use self::door::Door;
pub(crate) use self::fuses::Counter;
use self::fuses::Fuses;
pub(crate) use self::glass::{Glass, Invoked, Reviewed, Shut};
use self::grant::Observed;
pub(crate) use self::grant::{Answer, Grant, Lines};
pub(crate) use self::hold::{ForRecord, Held, Hold, Plea, Unheld, Waited};
pub(crate) use self::holds::Holds;
pub(crate) use self::known::{Known, Scram, now_ms};
pub(crate) use self::labels::{Label, Labels};
pub(crate) use self::locks::{Locked, Locks};
use self::people::People;
pub(crate) use self::policies::Policies;
use self::profiles::Profiles;
pub(crate) use self::recorder::origin as log_name;
pub(crate) use self::recorder::{Conversation, Identifier, RecordError, Recorder, Recording, SUBJECT, Wanted};
pub(crate) use self::retold::{Question as Retold, Questions, word as decided_word};
pub(crate) use self::review::{Said, Unheard};
use self::standing::Standing;
use crate::config::{Config, FuseSection, Mode, Named, Protocol, Secret, Target};
use crate::error::Error;
use crate::identity::BREAK_GLASS;
use crate::profile::PASS;

/// Everything that stands between a client and a target.
pub(crate) struct Gate {
    state: ArcSwap<State>,
    authenticator: Arc<dyn Authenticator>,
    /// Where held requests wait; without it nobody can be asked.
    holds: Option<Arc<Holds>>,
    locks: Arc<Locks>,
    fuses: Fuses,
    /// What emergency access is given out by.
    glass: Option<Glass>,
    /// Makes marks of what is found in answers.
    marks: Option<Arc<Marks>>,
}

/// What a gate decides by: read and usable, in force once [`Gate::take`] has it.
#[derive(Clone)]
pub(crate) struct Rules(Arc<State>);

/// Puts in force what was read. It cannot fail: whatever may was done before.
pub(crate) type Ready<'a> = Box<dyn FnOnce() + 'a>;

/// What a reload replaces, all at once.
struct State {
    policies: Policies,
    profiles: Profiles,
    people: People,
    /// The keys of tokens, when the configuration has some.
    tokens: Option<Arc<Keyring>>,
    /// Keys made of the same secret for what clients only keep; nothing that is read as a token opens with them.
    seals: BTreeMap<String, Arc<Keyring>>,
    fuse: FuseSection,
    /// Targets that are perhaps only observed.
    modes: Vec<(String, Mode)>,
    /// What identifies policies and profiles.
    version: String,
}

/// Somebody who has proved who they are.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) subject: Subject,
    /// `credential`, `oidc`, `certificate`.
    pub(crate) authenticated_by: String,
    /// On whose behalf they act.
    pub(crate) acting_for: BTreeSet<String>,
    /// Who else stands behind what they ask, and so does not approve it: those that act for them, and whoever issued the
    /// credential.
    pub(crate) behind: BTreeSet<String>,
    /// When it no longer counts.
    pub(crate) expires: Option<SystemTime>,
    /// The credential behind it, by an id that is no secret.
    pub(crate) credential: Option<String>,
}

/// What a client shows. Its `Debug` hides it.
#[allow(dead_code, reason = "an authenticator reads what it needs")]
pub(crate) struct Presented<'p> {
    pub(crate) secret: Option<&'p str>,
    /// The client's certificate, checked against the listener's roots.
    pub(crate) certificate: Option<&'p [u8]>,
    pub(crate) target: &'p str,
    pub(crate) source: Option<IpAddr>,
}

/// Tells who has what was shown. Nobody is told why it does not count.
pub(crate) trait Authenticator: Send + Sync {
    /// Who it is.
    fn authenticate<'a>(
        &'a self,
        presented: &'a Presented<'a>,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<Identity, Unknown>> + Send + 'a>>;

    /// Begins a SCRAM exchange with somebody who says they are `subject`. `None`: that is not possible here.
    fn scram(&self, subject: &str) -> Option<Scram> {
        let _ = subject;
        None
    }

    /// Whether an identity of before counts still.
    fn still_counts(&self, identity: &Identity) -> bool {
        let _ = identity;
        true
    }

    /// Whether a credential that counts says that this subject is an agent. Agents never approve.
    fn is_agent(&self, _subject: &str) -> bool {
        false
    }
}

/// What was shown does not count.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Unknown;

/// One request, as policy sees it.
#[derive(Clone, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) target: &'a Target,
    /// What is to be done with what; all of it must be allowed.
    pub(crate) parts: Vec<Part>,
    pub(crate) source: Option<IpAddr>,
    pub(crate) reason_given: bool,
    /// The path of a request over HTTP, without anything that a client can choose.
    pub(crate) template: Option<String>,
}

/// One action on one resource, with what is known about it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Part {
    pub(crate) action: Action,
    pub(crate) resource: Resource,
    pub(crate) facts: Facts,
}

/// Why there is no grant.
#[derive(Clone, Debug)]
pub(crate) enum Refused {
    /// Policy says no.
    Denied(Vec<Reason>),
    /// People have to agree first; the policies that say so.
    Held(Vec<String>),
    /// A permit asks for what this protocol cannot do.
    CannotOblige(&'static str),
    /// The decision cannot be recorded.
    Unrecorded(RecordError),
}

impl Identity {
    fn is_expired(&self) -> bool {
        self.expires.is_some_and(|expires| SystemTime::now() >= expires)
    }
}

impl Gate {
    pub(crate) fn new(config: &Config, authenticator: Arc<dyn Authenticator>) -> Result<Self, Error> {
        Self::marking(config, authenticator, None)
    }

    /// The same, with marks of what is found in answers.
    pub(crate) fn marking(
        config: &Config,
        authenticator: Arc<dyn Authenticator>,
        marks: Option<Arc<Marks>>,
    ) -> Result<Self, Error> {
        let state = ArcSwap::from_pointee(State::read(config, marks.as_ref())?);
        Ok(Self {
            state,
            authenticator,
            holds: None,
            locks: Arc::default(),
            fuses: Fuses::default(),
            glass: None,
            marks,
        })
    }

    /// The same gate, with somewhere for held requests to wait.
    pub(crate) fn holding(self, holds: Arc<Holds>) -> Self {
        Self { holds: Some(holds), ..self }
    }

    /// The same gate, with these locks.
    pub(crate) fn locking(self, locks: Arc<Locks>) -> Self {
        Self { locks, ..self }
    }

    /// The same gate, with a way in for emergencies.
    pub(crate) fn breakable(self, glass: Glass) -> Self {
        Self { glass: Some(glass), ..self }
    }

    pub(crate) fn locks(&self) -> &Locks {
        &self.locks
    }

    /// Whether [`Gate::hold`] asks anybody.
    pub(crate) const fn asks_people(&self) -> bool {
        self.holds.is_some()
    }

    /// Reads policies and profiles again, and changes nothing yet.
    pub(crate) fn read(&self, config: &Config) -> Result<Rules, Error> {
        State::read(config, self.marks.as_ref()).map(|state| Rules(Arc::new(state)))
    }

    /// Decides by these from now on.
    pub(crate) fn take(&self, rules: Rules) {
        self.state.store(rules.0);
    }

    /// What it decides by now.
    pub(crate) fn rules(&self) -> Rules {
        Rules(self.state.load_full())
    }

    /// Who is it?
    pub(crate) async fn authenticate(&self, presented: &Presented<'_>) -> Result<Identity, Unknown> {
        let identity = self.authenticator.authenticate(presented).await?;
        if identity.is_expired() || self.locks.bars(&identity) { Err(Unknown) } else { Ok(identity) }
    }

    /// Whether somebody who has proved who they are is locked out.
    pub(crate) fn bars(&self, identity: &crate::identity::Identity) -> bool {
        known::counted(identity.clone(), None).is_ok_and(|identity| self.locks.bars(&identity))
    }

    /// Begins a SCRAM exchange with somebody who says they are `subject`.
    pub(crate) fn scram(&self, subject: &str) -> Option<Scram> {
        self.authenticator.scram(subject)
    }

    /// Whether an identity of before counts still: it has not expired, its credential was not revoked, and it is not locked
    /// out.
    pub(crate) fn still_counts(&self, identity: &Identity) -> bool {
        !identity.is_expired() && !self.locks.bars(identity) && self.authenticator.still_counts(identity)
    }

    /// Whether a target is locked: nothing of it leaves then, and nothing goes to it.
    pub(crate) fn bars_target(&self, target: &str) -> bool {
        self.locks.bars_target(target)
    }

    /// A grant that looks again whether identity and target count, and counts what leaves under it. `lifts`: what people
    /// have lifted for it, limits of fuses among them.
    fn given(
        &self,
        state: &State,
        identity: &Identity,
        asked: &Asked<'_>,
        grant: Grant,
        lifts: &BTreeSet<PolicyId>,
    ) -> Result<Grant, Refused> {
        let standing = self.standing(identity, asked);
        let limits = lifts.iter().filter_map(fuses::lifted);
        let limits = limits
            .fold(fuses::limits(state.fuse.limits, grant.limit_rows()), |limits, (span, measure, to)| {
                limits.raised(span, measure, to)
            });
        let counter = self.fuses.counter(limits, identity.subject.id()).map_err(Refused::CannotOblige)?;
        Ok(grant.watched(standing).fused(counter))
    }

    fn standing(&self, identity: &Identity, asked: &Asked<'_>) -> Standing {
        Standing {
            authenticator: Arc::clone(&self.authenticator),
            locks: Arc::clone(&self.locks),
            identity: identity.clone(),
            target: asked.target.name.clone(),
        }
    }

    /// Whether people may have raised a limit of this identity's, for one of its requests.
    pub(crate) fn may_be_raised(&self, identity: &Identity) -> bool {
        self.holds.as_ref().is_some_and(|holds| holds.may_be_raised(identity.subject.id()))
    }

    /// Whether a request would be allowed that comes in several steps. Nothing is granted: the last step is authorised.
    pub(crate) fn foresee(&self, identity: &Identity, asked: &Asked<'_>) -> Result<(), Refused> {
        // Where it is only observed, nothing is refused.
        if asked.target.mode.observes(SystemTime::now()) {
            return Ok(());
        }
        decide(&self.state.load(), identity, asked).map(drop)
    }

    /// May they? What was decided is recorded with what was asked; [`Recording::settle`] waits for both.
    ///
    /// A held request goes to [`Gate::hold`] next, which records what became of it; if nobody takes it there, the end of
    /// the recording says that it was held.
    pub(crate) fn authorize(
        &self,
        identity: &Identity,
        asked: &Asked<'_>,
        recording: &mut Recording,
    ) -> Result<Grant, Refused> {
        let state = self.state.load();
        let decided = if self.locks.bars_target(&asked.target.name) {
            Err(Refused::CannotOblige("the target is locked"))
        } else {
            let decision = judge(&state, identity, asked, &BTreeSet::new());
            recording.asked(&retold::Asking::of(asked, &decision)).map_err(Refused::Unrecorded)?;
            let granted = granted(&state, identity, asked, decision);
            if asked.target.mode.observes(SystemTime::now()) {
                state.observed(identity, asked, granted).map(|grant| grant.watched(self.standing(identity, asked)))
            } else {
                granted.and_then(|grant| self.given(&state, identity, asked, grant, &BTreeSet::new()))
            }
        };
        record(&state, recording, &decided)?;
        decided
    }

    /// Redacts what a request says before it is recorded, whatever becomes of it.
    pub(crate) fn lines_of_record(&self) -> Option<Lines> {
        let (scanner, profile) = self.state.load().profiles.combined(&[DEFAULT_PROFILE.to_owned()].into())?;
        Some(Lines::new(&scanner, &profile))
    }

    /// A profile that a target names for what goes up, with the detectors that serve it.
    pub(crate) fn profile(&self, name: &str) -> Option<(Scanner, Profile)> {
        self.state.load().profiles.combined(&[name.to_owned()].into())
    }

    /// Redacts single texts by a profile for what goes up.
    pub(crate) fn lines_up(&self, name: &str) -> Option<Lines> {
        let (scanner, profile) = self.profile(name)?;
        Some(Lines::new(&scanner, &profile))
    }

    /// The labels of every profile that a grant may name: what may be hidden from somebody.
    pub(crate) fn all_labels(&self) -> Arc<Labels> {
        self.state.load().profiles.all_labels()
    }

    /// The keys by which tokens in requests are resolved.
    pub(crate) fn tokens(&self) -> Option<Arc<Keyring>> {
        self.state.load().tokens.clone()
    }

    /// The keys of what clients keep for a target's upstream and cannot read; no other target opens it.
    pub(crate) fn seals(&self, target: &str) -> Option<Arc<Keyring>> {
        self.state.load().seals.get(target).cloned()
    }

    /// The groups whose agreement policies ask for.
    pub(crate) fn approving_groups(&self) -> BTreeSet<String> {
        self.state.load().policies.set().approving_groups().into_iter().map(str::to_owned).collect()
    }

    /// The targets where everything passes now and is only observed.
    pub(crate) fn observing(&self) -> Vec<String> {
        let (state, now) = (self.state.load(), SystemTime::now());
        state.modes.iter().filter(|(_, mode)| mode.observes(now)).map(|(name, _)| name.clone()).collect()
    }

    /// What identifies the rules that answers were made with.
    pub(crate) fn version(&self) -> String {
        self.state.load().version.clone()
    }
}

impl Rules {
    /// What identifies them.
    pub(crate) fn version(&self) -> &str {
        &self.0.version
    }

    /// How many policies there are.
    pub(crate) fn policies(&self) -> usize {
        self.0.policies.set().len()
    }

    /// Every kind that a tag may name.
    pub(crate) fn kinds(&self) -> BTreeSet<&'static str> {
        let found = self.0.profiles.combined(&[DEFAULT_PROFILE.to_owned()].into());
        let detectors = found.iter().flat_map(|(scanner, _)| scanner.detectors());
        detectors.map(|detector| detector.kind.main()).collect()
    }

    /// Whether there are keys by which tokens in requests are resolved.
    pub(crate) fn resolve_tokens(&self) -> bool {
        self.0.tokens.is_some()
    }
}

/// What policies say of a request, once people have lifted these forbids.
fn judge(state: &State, identity: &Identity, asked: &Asked<'_>, lifted: &BTreeSet<PolicyId>) -> Decision {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let circumstances = Circumstances {
        time_ms: i64::try_from(now.as_millis()).unwrap_or(i64::MAX),
        source: asked.source,
        authenticated_by: identity.authenticated_by.clone(),
        acting_for: identity.acting_for.clone(),
        // Who breaks the glass has given one, signed.
        reason_given: asked.reason_given || identity.authenticated_by == BREAK_GLASS,
    };
    let questions = asked.parts.iter().map(|part| Question {
        subject: &identity.subject,
        action: part.action,
        resource: &part.resource,
        facts: &part.facts,
        circumstances: &circumstances,
    });
    state.policies.set().decide_all_lifted(questions, lifted)
}

/// Records a decision of the policies alone.
fn record(state: &State, recording: &mut Recording, decided: &Result<Grant, Refused>) -> Result<(), Refused> {
    match (decision(state, decided), decided) {
        (Some((kind, outcome, details)), _) => recording.decided(kind, outcome, details).map_err(Refused::Unrecorded),
        (None, Err(Refused::Held(policies))) => {
            let rules = Details::new().text("rules", state.version.as_str());
            recording.undecided(rules.texts("because", told(policies)));
            Ok(())
        }
        (None, _) => Ok(()),
    }
}

/// A decision of the policies alone, as a leaf. `None`: people decide, and nobody has yet.
fn decision(state: &State, decided: &Result<Grant, Refused>) -> Option<(Kind, Outcome, Details)> {
    let rules = Details::new().text("rules", state.version.as_str());
    let because = match decided {
        Ok(grant) => {
            let details = rules.texts("because", told(grant.because())).text("profile", grant.profile());
            let details = match grant.observed() {
                Some(observed) => details
                    .text("observed", observed.would)
                    .text("would_redact_with", observed.profile.rules().name.as_str()),
                None => details,
            };
            return Some((Kind::DecisionGranted, Outcome::Success, details));
        }
        Err(Refused::Held(_)) => return None,
        Err(Refused::Denied(reasons)) => reasons.iter().map(ToString::to_string).collect(),
        Err(Refused::CannotOblige(why)) => vec![(*why).to_owned()],
        Err(Refused::Unrecorded(_)) => Vec::new(),
    };
    Some((Kind::DecisionDenied, Outcome::Denied, rules.texts("because", told(&because))))
}

fn decide(state: &State, identity: &Identity, asked: &Asked<'_>) -> Result<Grant, Refused> {
    granted(state, identity, asked, judge(state, identity, asked, &BTreeSet::new()))
}

fn granted(state: &State, identity: &Identity, asked: &Asked<'_>, decision: Decision) -> Result<Grant, Refused> {
    match decision {
        Decision::Allowed { because, duties } => state.grant(identity, asked, &because, duties),
        Decision::Denied { because } => Err(Refused::Denied(because.into_iter().collect())),
        Decision::Held { until, .. } => Err(Refused::Held(until.keys().map(ToString::to_string).collect())),
    }
}

/// Ids of policies and reasons, as far as a leaf has room for them.
fn told(texts: &[String]) -> impl Iterator<Item = String> + '_ {
    const MOST: usize = 32;
    const LONGEST: usize = 200;
    texts.iter().take(MOST).map(|text| text.chars().take(LONGEST).collect())
}

/// What a grant redacts with when nobody names anything.
const DEFAULT_PROFILE: &str = "safe-harbor";
/// Whose keys seals are, beside those of tokens.
const SEALS: &str = "seals";

impl State {
    fn read(config: &Config, marks: Option<&Arc<Marks>>) -> Result<Self, Error> {
        let policies = Policies::read(&config.gateway.policies)?;
        let mut names: BTreeSet<String> = policies.set().profiles().into_iter().map(str::to_owned).collect();
        names.insert(DEFAULT_PROFILE.to_owned());
        let of_targets = config.gateway.targets.iter().filter_map(|target| target.profile.as_ref());
        names.extend(of_targets.map(|Named { name, .. }| name.clone()));
        if config.gateway.targets.iter().any(|target| target.mode != Mode::Enforce) {
            names.insert(PASS.to_owned());
        }
        let of_requests = config.gateway.targets.iter().filter_map(|target| match &target.protocol {
            Protocol::Http(http) => http.request_profile.as_ref(),
            Protocol::Postgres(_) => None,
        });
        names.extend(of_requests.map(|Named { name, .. }| name.clone()));
        let profiles = Profiles::prepare(&names, config, marks)?;
        let version = profiles.version(policies.set().hash());
        let people = People::read(config)?;
        for group in policies.set().approving_groups() {
            if !people.has_member(group) {
                crate::notes::note(format_args!(
                    "policies ask for the agreement of {group}, and no [[approver]] is in it"
                ));
            }
        }
        let keys = |of: &str| -> Result<Option<Arc<Keyring>>, Error> {
            let key = config.tokens.as_ref().map(Secret::key).transpose()?;
            Ok(key.map(|key| Arc::new(Keyring::new(key, of))))
        };
        let tokens = keys("")?;
        let mut seals = BTreeMap::new();
        for target in &config.gateway.targets {
            if let Some(keyring) = keys(&format!("{SEALS}/{}", target.name))? {
                seals.insert(target.name.clone(), keyring);
            }
        }
        let modes = config.gateway.targets.iter().map(|target| (target.name.clone(), target.mode)).collect();
        Ok(Self { policies, profiles, people, tokens, seals, fuse: config.gateway.fuse.clone(), modes, version })
    }

    /// What takes the place of a decision where it is only observed: everything passes as it is, and what would have become
    /// of it is recorded.
    fn observed(
        &self,
        identity: &Identity,
        asked: &Asked<'_>,
        decided: Result<Grant, Refused>,
    ) -> Result<Grant, Refused> {
        let missing = Refused::CannotOblige("the profile `pass` is not there");
        let (scanner, pass) = self.profiles.combined(&[PASS.to_owned()].into()).ok_or_else(|| missing.clone())?;
        let (would, because, profile) = match decided {
            Ok(grant) => ("allowed", grant.because().to_vec(), Some(grant.rules())),
            Err(Refused::Held(policies)) => ("held", policies, None),
            Err(Refused::Denied(reasons)) => ("denied", reasons.iter().map(ToString::to_string).collect(), None),
            Err(Refused::CannotOblige(why)) => ("denied", vec![why.to_owned()], None),
            Err(unrecorded @ Refused::Unrecorded(_)) => return Err(unrecorded),
        };
        let usual = || {
            let name = asked.target.profile.as_ref().map_or(DEFAULT_PROFILE, |profile| &profile.name);
            self.profiles.combined(&[name.to_owned()].into()).map(|(_, profile)| profile)
        };
        let profile = profile.or_else(usual).ok_or(missing)?;
        Ok(Grant::new(scanner, pass, because, identity.expires).observing(Observed { would, profile }))
    }

    /// The grant of an allowed request, if everything that its permits ask for can be done.
    fn grant(
        &self,
        identity: &Identity,
        asked: &Asked<'_>,
        because: &BTreeSet<PolicyId>,
        duties: Duties,
    ) -> Result<Grant, Refused> {
        let uncounted = |part: &Part| matches!(part.facts, Facts::Http(_) | Facts::Tool(_));
        if duties.limit_rows.is_some() && asked.parts.iter().any(uncounted) {
            return Err(Refused::CannotOblige(
                "a permit limits rows, and an answer over HTTP has none that could be counted",
            ));
        }
        let mut names = duties.profiles;
        if duties.target_profile || names.is_empty() {
            names.insert(asked.target.profile.as_ref().map_or(DEFAULT_PROFILE, |profile| &profile.name).to_owned());
        }
        if names.contains(PASS) && !asked.target.allow_unredacted {
            return Err(Refused::CannotOblige("a permit names the profile `pass`, and the target does not allow that"));
        }
        let missing = Refused::CannotOblige("a permit names a profile that the configuration does not have");
        let (scanner, profile) = self.profiles.combined(&names).ok_or_else(|| missing.clone())?;
        let labels = self.profiles.labels(&names).ok_or(missing)?;
        let because = because.iter().map(ToString::to_string).collect();
        Ok(Grant::new(scanner, profile, because, identity.expires).labelled(labels).limited(duties.limit_rows))
    }
}

/// Counts nobody, for a gateway that has nobody to ask.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nobody;

impl Authenticator for Nobody {
    fn authenticate<'a>(
        &'a self,
        _: &'a Presented<'a>,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<Identity, Unknown>> + Send + 'a>> {
        Box::pin(async { Err(Unknown) })
    }
}

impl fmt::Debug for Presented<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Presented(secret: {}, certificate: {})", self.secret.is_some(), self.certificate.is_some())
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Gate({})", self.version())
    }
}
