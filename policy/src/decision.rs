//! From what single policies say to one decision.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What happens to a request, and why.
///
/// Reasons name policies, never values of the request, so a decision may stand in a record.
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use]
pub enum Decision {
    /// It goes through.
    Allowed {
        /// The permits that apply, and the forbids that people have lifted.
        because: BTreeSet<PolicyId>,
        /// What has to be done to the answer.
        duties: Duties,
    },
    /// It waits for people.
    Held {
        /// The forbids that must be lifted, each with the approvals that it asks for. Never empty.
        until: BTreeMap<PolicyId, BTreeSet<Agreement>>,
        /// The permits that apply once they are.
        then: BTreeSet<PolicyId>,
        /// What has to be done to the answer once they are.
        duties: Duties,
    },
    /// It is refused, whoever agrees.
    Denied {
        /// Everything that stands against it. Never empty.
        because: BTreeSet<Reason>,
    },
}

/// What has to be done to the answer of a permitted request: the strictest of everything that applies to it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Duties {
    /// The profiles that permits name. Several combine to the stronger, kind by kind.
    pub profiles: BTreeSet<String>,
    /// A permit that applies names no profile, so the one of the target counts as well.
    pub target_profile: bool,
    /// No more rows than this.
    pub limit_rows: Option<u64>,
    /// These ask for a reason.
    pub reason_for: BTreeSet<PolicyId>,
}

/// People of a group who must agree.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Agreement {
    /// The group.
    pub group: String,
    /// How many different people of it. At least one.
    pub quorum: u32,
}

/// The name of a policy, as its author gave it; `file:line` where there is none.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct PolicyId(String);

/// What stands against a request.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Reason {
    /// No policy permits it.
    NoPermit,
    /// This policy forbids it, and nobody can lift that.
    Forbidden(PolicyId),
    /// This policy could not be evaluated, so nobody knows what it would have said.
    Unevaluated(PolicyId),
    /// This policy asks for a reason, and none was given.
    ReasonMissing(PolicyId),
    /// Agents never approve, whatever a policy says.
    NotForAgents,
    /// The question itself makes no sense: facts of one protocol with an action of another, a time out of range.
    Unjudgeable(&'static str),
}

/// What each policy says about one action on one resource.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Verdicts {
    /// The permits that apply when every forbid is set aside.
    pub permits: Vec<Permit>,
    /// The forbids that apply.
    pub forbids: Vec<Forbid>,
    /// The policies, of either sort, whose evaluation failed.
    pub errors: Vec<PolicyId>,
}

/// A permit that applies.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Permit {
    id: PolicyId,
    profile: Option<String>,
    terms: Terms,
}

/// A forbid that applies.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Forbid {
    id: PolicyId,
    /// Empty: nobody can lift it.
    lifted_by: BTreeSet<Agreement>,
    terms: Terms,
}

/// What a policy asks for in return.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Terms {
    /// No more rows than this.
    pub limit_rows: Option<u64>,
    /// A reason must be given.
    pub reason_required: bool,
}

impl Decision {
    /// One action on one resource.
    ///
    /// An error or a forbid that nobody can lift denies. Without a permit there is nothing to wait for, so forbids that could
    /// be lifted do not hold the request either: people are not asked about what they cannot grant.
    pub fn of(verdicts: &Verdicts) -> Self {
        Self::with_lifted(verdicts, &BTreeSet::new())
    }

    /// The same after people have lifted these forbids, and no others. Who cannot be lifted stays; so does an error.
    pub fn with_lifted(verdicts: &Verdicts, lifted: &BTreeSet<PolicyId>) -> Self {
        let errors = verdicts.errors.iter().cloned().map(Reason::Unevaluated);
        let absolute = verdicts.forbids.iter().filter(|forbid| forbid.lifted_by.is_empty());
        let mut against: BTreeSet<Reason> =
            errors.chain(absolute.map(|forbid| Reason::Forbidden(forbid.id.clone()))).collect();
        if verdicts.permits.is_empty() {
            against.insert(Reason::NoPermit);
        }
        if !against.is_empty() {
            return Self::Denied { because: against };
        }

        let mut duties = Duties::default();
        let mut permits = BTreeSet::new();
        for permit in &verdicts.permits {
            match &permit.profile {
                Some(profile) => _ = duties.profiles.insert(profile.clone()),
                None => duties.target_profile = true,
            }
            duties.add(&permit.id, permit.terms);
            permits.insert(permit.id.clone());
        }
        let mut until: BTreeMap<PolicyId, BTreeSet<Agreement>> = BTreeMap::new();
        for forbid in &verdicts.forbids {
            duties.add(&forbid.id, forbid.terms);
            if lifted.contains(&forbid.id) {
                permits.insert(forbid.id.clone());
            } else {
                until.entry(forbid.id.clone()).or_default().extend(forbid.lifted_by.iter().cloned());
            }
        }
        if until.is_empty() {
            Self::Allowed { because: permits, duties }
        } else {
            Self::Held { until, then: permits, duties }
        }
    }

    /// Refused for one reason.
    pub fn denied(reason: Reason) -> Self {
        Self::Denied { because: [reason].into() }
    }

    /// Two parts of one request: both must be allowed. A denial beats a hold, a hold beats a permission, and the reasons of
    /// the stronger side are kept together.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Denied { mut because }, Self::Denied { because: more }) => {
                because.extend(more);
                Self::Denied { because }
            }
            (denied @ Self::Denied { .. }, _) | (_, denied @ Self::Denied { .. }) => denied,
            (Self::Held { mut until, mut then, duties }, Self::Held { until: more, then: also, duties: further }) => {
                for (id, approvals) in more {
                    until.entry(id).or_default().extend(approvals);
                }
                then.extend(also);
                Self::Held { until, then, duties: duties.and(further) }
            }
            (Self::Held { until, mut then, duties }, Self::Allowed { because, duties: further })
            | (Self::Allowed { because, duties: further }, Self::Held { until, mut then, duties }) => {
                then.extend(because);
                Self::Held { until, then, duties: duties.and(further) }
            }
            (Self::Allowed { mut because, duties }, Self::Allowed { because: more, duties: further }) => {
                because.extend(more);
                Self::Allowed { because, duties: duties.and(further) }
            }
        }
    }

    /// May it go through now?
    #[must_use]
    pub const fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed { .. })
    }

    /// Whose agreement a held request waits for: every group that is named, with the largest of its quorums.
    #[must_use]
    pub fn approvals(&self) -> BTreeMap<String, u32> {
        let mut needed = BTreeMap::new();
        if let Self::Held { until, .. } = self {
            for approval in until.values().flatten() {
                let quorum = needed.entry(approval.group.clone()).or_insert(0);
                *quorum = approval.quorum.max(*quorum);
            }
        }
        needed
    }

    /// The forbids that a held request waits to see lifted.
    #[must_use]
    pub fn to_lift(&self) -> BTreeSet<PolicyId> {
        match self {
            Self::Held { until, .. } => until.keys().cloned().collect(),
            Self::Allowed { .. } | Self::Denied { .. } => BTreeSet::new(),
        }
    }

    /// A request for which a reason is asked is refused when it has none, rather than held: nobody should have to agree to
    /// what says nothing for itself.
    pub(crate) fn unless_reason_missing(self, given: bool) -> Self {
        match self {
            Self::Allowed { duties, .. } | Self::Held { duties, .. } if !given && !duties.reason_for.is_empty() => {
                Self::Denied { because: duties.reason_for.into_iter().map(Reason::ReasonMissing).collect() }
            }
            decision => decision,
        }
    }
}

impl Duties {
    /// Both: the stricter of each.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.profiles.extend(other.profiles);
        self.target_profile |= other.target_profile;
        self.limit_rows = stricter(self.limit_rows, other.limit_rows);
        self.reason_for.extend(other.reason_for);
        self
    }

    fn add(&mut self, id: &PolicyId, terms: Terms) {
        self.limit_rows = stricter(self.limit_rows, terms.limit_rows);
        if terms.reason_required {
            self.reason_for.insert(id.clone());
        }
    }
}

fn stricter(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    one.into_iter().chain(other).min()
}

impl PolicyId {
    /// A policy by the name its author gave it.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PolicyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPermit => f.write_str("no policy permits it"),
            Self::Forbidden(id) => write!(f, "policy `{id}` forbids it"),
            Self::Unevaluated(id) => write!(f, "policy `{id}` could not be evaluated"),
            Self::ReasonMissing(id) => write!(f, "policy `{id}` asks for a reason"),
            Self::NotForAgents => f.write_str("agents never approve"),
            Self::Unjudgeable(why) => write!(f, "the request cannot be judged: {why}"),
        }
    }
}

impl Agreement {
    /// One person of this group.
    #[must_use]
    pub fn one_of(group: impl Into<String>) -> Self {
        Self { group: group.into(), quorum: 1 }
    }
}

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.quorum {
            1 => f.write_str(&self.group),
            quorum => write!(f, "{}:{quorum}", self.group),
        }
    }
}

impl Permit {
    /// A permit that names no profile and asks for nothing.
    #[must_use]
    pub fn new(id: PolicyId) -> Self {
        Self { id, profile: None, terms: Terms::default() }
    }

    /// The answer is redacted with this profile.
    #[must_use]
    pub fn with_profile(mut self, profile: impl Into<String>) -> Self {
        self.profile = Some(profile.into());
        self
    }

    /// What it asks for in return.
    #[must_use]
    pub fn with_terms(mut self, terms: Terms) -> Self {
        self.terms = terms;
        self
    }

    pub(crate) fn profile(&self) -> Option<&str> {
        self.profile.as_deref()
    }
}

impl Forbid {
    /// A forbid that nobody can lift.
    #[must_use]
    pub fn absolute(id: PolicyId) -> Self {
        Self { id, lifted_by: BTreeSet::new(), terms: Terms::default() }
    }

    /// A forbid that is lifted when each of these agrees. Without any nobody can lift it.
    #[must_use]
    pub fn liftable(id: PolicyId, approvals: impl IntoIterator<Item = Agreement>) -> Self {
        Self { id, lifted_by: approvals.into_iter().collect(), terms: Terms::default() }
    }

    /// What it asks for in return for being lifted.
    #[must_use]
    pub fn with_terms(mut self, terms: Terms) -> Self {
        self.terms = terms;
        self
    }

    pub(crate) const fn approvals(&self) -> &BTreeSet<Agreement> {
        &self.lifted_by
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> PolicyId {
        PolicyId::new(name)
    }

    fn permitted() -> Verdicts {
        Verdicts { permits: vec![Permit::new(id("p"))], ..Verdicts::default() }
    }

    fn unnamed_profile() -> Duties {
        Duties { target_profile: true, ..Duties::default() }
    }

    fn allowed() -> Decision {
        Decision::Allowed { because: [id("p")].into(), duties: unnamed_profile() }
    }

    fn denied(reasons: &[Reason]) -> Decision {
        Decision::Denied { because: reasons.iter().cloned().collect() }
    }

    fn held(until: &[(&str, &[&str])]) -> Decision {
        let approvals = |groups: &[&str]| groups.iter().copied().map(Agreement::one_of).collect();
        let until = until.iter().map(|(name, by)| (id(name), approvals(by))).collect();
        Decision::Held { until, then: [id("p")].into(), duties: unnamed_profile() }
    }

    fn liftable(name: &str, groups: &[&str]) -> Forbid {
        Forbid::liftable(id(name), groups.iter().copied().map(Agreement::one_of))
    }

    #[test]
    fn silence_denies_and_a_permit_allows() {
        assert_eq!(Decision::of(&Verdicts::default()), denied(&[Reason::NoPermit]));
        assert_eq!(Decision::of(&permitted()), allowed());
    }

    #[test]
    fn an_error_denies_even_beside_a_permit() {
        let verdicts = Verdicts { errors: vec![id("broken")], ..permitted() };
        assert_eq!(Decision::of(&verdicts), denied(&[Reason::Unevaluated(id("broken"))]));
        // And even when people lift it.
        let lifted = Decision::with_lifted(&verdicts, &[id("broken")].into());
        assert_eq!(lifted, denied(&[Reason::Unevaluated(id("broken"))]));
    }

    #[test]
    fn a_request_is_held_only_when_everything_against_it_can_be_lifted() {
        let bulk = || liftable("bulk", &["officers"]);
        let notes = || liftable("notes", &["clinicians", "officers"]);
        let of = |forbids| Decision::of(&Verdicts { forbids, ..permitted() });
        assert_eq!(of(vec![bulk()]), held(&[("bulk", &["officers"])]));
        assert_eq!(of(vec![bulk(), notes()]), held(&[("bulk", &["officers"]), ("notes", &["clinicians", "officers"])]));
        assert_eq!(of(vec![bulk(), Forbid::absolute(id("never"))]), denied(&[Reason::Forbidden(id("never"))]));
        assert_eq!(of(vec![liftable("never", &[])]), denied(&[Reason::Forbidden(id("never"))]));
    }

    #[test]
    fn only_what_people_lifted_is_lifted() {
        let forbids = vec![liftable("bulk", &["officers"]), liftable("notes", &["clinicians"])];
        let verdicts = Verdicts { forbids, ..permitted() };
        assert_eq!(Decision::with_lifted(&verdicts, &[id("bulk")].into()).to_lift(), [id("notes")].into());
        assert!(Decision::with_lifted(&verdicts, &[id("bulk"), id("notes")].into()).is_allowed());
        let absolute = Verdicts { forbids: vec![Forbid::absolute(id("never"))], ..permitted() };
        let lifted = Decision::with_lifted(&absolute, &[id("never")].into());
        assert_eq!(lifted, denied(&[Reason::Forbidden(id("never"))]));
    }

    #[test]
    fn nobody_is_asked_about_what_no_policy_permits() {
        let verdicts = Verdicts { forbids: vec![liftable("bulk", &["officers"])], ..Verdicts::default() };
        assert_eq!(Decision::of(&verdicts), denied(&[Reason::NoPermit]));
    }

    #[test]
    fn the_strictest_part_decides_and_reasons_of_the_same_strength_add_up() {
        let hold = |name, group| held(&[(name, &[group])]);
        let deny = |name| denied(&[Reason::Forbidden(id(name))]);

        let both = denied(&[Reason::Forbidden(id("a")), Reason::Forbidden(id("b"))]);
        assert_eq!(deny("a").and(deny("b")), both);
        assert_eq!(hold("a", "x").and(hold("b", "y")), held(&[("a", &["x"]), ("b", &["y"])]));
        assert_eq!(hold("a", "x").and(hold("a", "y")), held(&[("a", &["x", "y"])]));
        assert_eq!(allowed().and(allowed()), allowed());
        // In either order.
        for (weaker, stronger) in [(allowed(), hold("a", "x")), (allowed(), deny("a")), (hold("a", "x"), deny("a"))] {
            assert_eq!(weaker.clone().and(stronger.clone()), stronger);
            assert_eq!(stronger.clone().and(weaker), stronger);
        }
    }

    #[test]
    fn every_duty_is_the_strictest_of_those_that_apply() {
        let terms = |limit_rows, reason_required| Terms { limit_rows, reason_required };
        let permits = vec![
            Permit::new(id("wide")).with_profile("agents").with_terms(terms(Some(1000), false)),
            Permit::new(id("narrow")).with_profile("strict").with_terms(terms(Some(10), true)),
            Permit::new(id("plain")),
        ];
        let forbids = vec![liftable("bulk", &["officers"]).with_terms(terms(Some(5), false))];
        let decision = Decision::with_lifted(&Verdicts { permits, forbids, errors: vec![] }, &[id("bulk")].into());
        let Decision::Allowed { duties, because } = decision.clone() else { panic!("{decision:?}") };
        assert_eq!(because, ["bulk", "narrow", "plain", "wide"].map(id).into());
        assert_eq!(duties.profiles, ["agents", "strict"].map(String::from).into());
        assert!(duties.target_profile, "one of the permits names no profile, so the target's counts too");
        assert_eq!(duties.limit_rows, Some(5));
        let refused = decision.clone().unless_reason_missing(false);
        assert_eq!(refused, denied(&[Reason::ReasonMissing(id("narrow"))]));
        assert_eq!(decision.clone().unless_reason_missing(true), decision);
    }

    #[test]
    fn the_largest_quorum_of_a_group_counts() {
        let of = |group: &str, quorum| Agreement { group: group.to_owned(), quorum };
        let forbids = vec![
            Forbid::liftable(id("a"), [of("officers", 2), of("lawyers", 1)]),
            Forbid::liftable(id("b"), [of("officers", 1)]),
        ];
        let decision = Decision::of(&Verdicts { forbids, ..permitted() });
        assert_eq!(decision.approvals(), [("officers".to_owned(), 2), ("lawyers".to_owned(), 1)].into());
    }

    #[test]
    fn reasons_read_as_sentences() {
        assert_eq!(Reason::Forbidden(id("bulk")).to_string(), "policy `bulk` forbids it");
    }
}
