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
        /// The permits that apply.
        because: BTreeSet<PolicyId>,
    },
    /// It waits for people.
    Held {
        /// The forbids that must be lifted, each with the groups of which somebody has to agree. Never empty.
        until: BTreeMap<PolicyId, BTreeSet<String>>,
        /// The permits that apply once they are.
        then: BTreeSet<PolicyId>,
    },
    /// It is refused, whoever agrees.
    Denied {
        /// Everything that stands against it. Never empty.
        because: BTreeSet<Reason>,
    },
}

/// The name of a policy, as its author gave it.
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
}

/// What each policy says about one action on one resource.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Verdicts {
    /// The permits that apply when every forbid is set aside.
    pub permits: Vec<PolicyId>,
    /// The forbids that apply.
    pub forbids: Vec<Forbid>,
    /// The policies, of either sort, whose evaluation failed.
    pub errors: Vec<PolicyId>,
}

/// A forbid that applies.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Forbid {
    id: PolicyId,
    /// Empty: nobody can lift it.
    lifted_by: BTreeSet<String>,
}

impl Decision {
    /// One action on one resource.
    ///
    /// An error or a forbid that nobody can lift denies. Without a permit there is nothing to wait for, so forbids that could
    /// be lifted do not hold the request either: people are not asked about what they cannot grant.
    pub fn of(verdicts: &Verdicts) -> Self {
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

        let permits = verdicts.permits.iter().cloned().collect();
        let mut until: BTreeMap<PolicyId, BTreeSet<String>> = BTreeMap::new();
        for forbid in &verdicts.forbids {
            until.entry(forbid.id.clone()).or_default().extend(forbid.lifted_by.iter().cloned());
        }
        if until.is_empty() { Self::Allowed { because: permits } } else { Self::Held { until, then: permits } }
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
            (Self::Held { mut until, mut then }, Self::Held { until: more, then: also }) => {
                for (id, groups) in more {
                    until.entry(id).or_default().extend(groups);
                }
                then.extend(also);
                Self::Held { until, then }
            }
            (Self::Held { until, mut then }, Self::Allowed { because })
            | (Self::Allowed { because }, Self::Held { until, mut then }) => {
                then.extend(because);
                Self::Held { until, then }
            }
            (Self::Allowed { mut because }, Self::Allowed { because: more }) => {
                because.extend(more);
                Self::Allowed { because }
            }
        }
    }

    /// May it go through now?
    #[must_use]
    pub const fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed { .. })
    }
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
        }
    }
}

impl Forbid {
    /// A forbid that nobody can lift.
    #[must_use]
    pub const fn absolute(id: PolicyId) -> Self {
        Self { id, lifted_by: BTreeSet::new() }
    }

    /// A forbid that is lifted when each of these groups agrees. Without a group nobody can lift it.
    #[must_use]
    pub fn liftable<G: Into<String>>(id: PolicyId, groups: impl IntoIterator<Item = G>) -> Self {
        Self { id, lifted_by: groups.into_iter().map(Into::into).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> PolicyId {
        PolicyId::new(name)
    }

    fn permitted() -> Verdicts {
        Verdicts { permits: vec![id("p")], ..Verdicts::default() }
    }

    fn denied(reasons: &[Reason]) -> Decision {
        Decision::Denied { because: reasons.iter().cloned().collect() }
    }

    fn held(until: &[(&str, &[&str])]) -> Decision {
        let groups = |groups: &[&str]| groups.iter().map(|group| (*group).to_owned()).collect();
        let until = until.iter().map(|(name, by)| (id(name), groups(by))).collect();
        Decision::Held { until, then: [id("p")].into() }
    }

    #[test]
    fn silence_denies_and_a_permit_allows() {
        assert_eq!(Decision::of(&Verdicts::default()), denied(&[Reason::NoPermit]));
        assert_eq!(Decision::of(&permitted()), Decision::Allowed { because: [id("p")].into() });
    }

    #[test]
    fn an_error_denies_even_beside_a_permit() {
        let verdicts = Verdicts { errors: vec![id("broken")], ..permitted() };
        assert_eq!(Decision::of(&verdicts), denied(&[Reason::Unevaluated(id("broken"))]));
    }

    #[test]
    fn a_request_is_held_only_when_everything_against_it_can_be_lifted() {
        let bulk = || Forbid::liftable(id("bulk"), ["officers"]);
        let notes = || Forbid::liftable(id("notes"), ["clinicians", "officers"]);
        let of = |forbids| Decision::of(&Verdicts { forbids, ..permitted() });
        assert_eq!(of(vec![bulk()]), held(&[("bulk", &["officers"])]));
        assert_eq!(of(vec![bulk(), notes()]), held(&[("bulk", &["officers"]), ("notes", &["clinicians", "officers"])]));
        assert_eq!(of(vec![bulk(), Forbid::absolute(id("never"))]), denied(&[Reason::Forbidden(id("never"))]));
        let by_nobody = Forbid::liftable(id("never"), Vec::<String>::new());
        assert_eq!(of(vec![by_nobody]), denied(&[Reason::Forbidden(id("never"))]));
    }

    #[test]
    fn nobody_is_asked_about_what_no_policy_permits() {
        let verdicts = Verdicts { forbids: vec![Forbid::liftable(id("bulk"), ["officers"])], ..Verdicts::default() };
        assert_eq!(Decision::of(&verdicts), denied(&[Reason::NoPermit]));
    }

    #[test]
    fn the_strictest_part_decides_and_reasons_of_the_same_strength_add_up() {
        let allowed = || Decision::of(&permitted());
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
    fn reasons_read_as_sentences() {
        assert_eq!(Reason::Forbidden(id("bulk")).to_string(), "policy `bulk` forbids it");
    }
}
