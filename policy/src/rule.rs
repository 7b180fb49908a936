//! One policy: what its annotations promise, and whom its scope can concern.

use std::collections::BTreeSet;

use cedar_policy::{ActionConstraint, Effect, EntityUid, Policy, PrincipalConstraint, ResourceConstraint};

use crate::context::{self, Wanted};
use crate::decision::{Agreement, Forbid, Permit, PolicyId, Terms};
use crate::error::Place;
use crate::question::EntityName;
use crate::{Action, SubjectKind};

/// A policy that has been read and checked.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) id: PolicyId,
    pub(crate) place: Place,
    pub(crate) cedar: Policy,
    pub(crate) promise: Promise,
    pub(crate) principal: PrincipalScope,
    /// One bit for each action, by its ordinal.
    pub(crate) actions: u64,
    pub(crate) resource: ResourceScope,
    /// The facts that it can look at.
    pub(crate) wanted: Wanted,
    /// It has no conditions: where its scope matches it applies, and nothing in it can fail.
    pub(crate) is_settled: bool,
}

/// What a policy says when it applies.
#[derive(Clone, Debug)]
pub(crate) enum Promise {
    Permit(Permit),
    Forbid(Forbid),
}

#[derive(Debug)]
pub(crate) enum PrincipalScope {
    Anybody,
    Kind(SubjectKind),
    /// This one.
    Subject(EntityName),
    /// Of a group, and of a kind where one is named.
    Member(String, Option<SubjectKind>),
    /// Nobody that can ask: a type that is no subject.
    Nobody,
}

#[derive(Debug)]
pub(crate) enum ResourceScope {
    Anything,
    /// Itself or in it, and of a type where one is named.
    Within {
        what: EntityName,
        itself_only: bool,
        kind: Option<String>,
    },
    Kind(String),
    Nothing,
}

impl Rule {
    /// Reads annotations and scope. The faults say what is wrong with the annotations.
    pub(crate) fn read(id: PolicyId, place: Place, cedar: Policy) -> Result<Self, Vec<String>> {
        let promise = promise(&id, &cedar)?;
        Ok(Self {
            principal: PrincipalScope::of(&cedar.principal_constraint()),
            actions: actions(&cedar.action_constraint()),
            resource: ResourceScope::of(&cedar.resource_constraint()),
            wanted: Wanted::of(&cedar),
            is_settled: context::has_no_conditions(&cedar),
            id,
            place,
            cedar,
            promise,
        })
    }
}

impl PrincipalScope {
    fn of(constraint: &PrincipalConstraint) -> Self {
        match constraint {
            PrincipalConstraint::Any => Self::Anybody,
            PrincipalConstraint::Is(kind) => subject_kind(&kind.to_string()).map_or(Self::Nobody, Self::Kind),
            PrincipalConstraint::Eq(uid) => Self::within(uid, None),
            PrincipalConstraint::In(uid) => Self::within(uid, None),
            PrincipalConstraint::IsIn(kind, uid) => match subject_kind(&kind.to_string()) {
                Some(kind) => Self::within(uid, Some(kind)),
                None => Self::Nobody,
            },
        }
    }

    fn within(uid: &EntityUid, kind: Option<SubjectKind>) -> Self {
        let (of, name) = parts(uid);
        if of == "Group" {
            return Self::Member(name, kind);
        }
        // Nothing lies in a subject but itself.
        match subject_kind(&of) {
            Some(subject) if kind.is_none_or(|kind| kind == subject) => {
                Self::Subject(EntityName { kind: subject.name(), name })
            }
            _ => Self::Nobody,
        }
    }
}

impl ResourceScope {
    fn of(constraint: &ResourceConstraint) -> Self {
        match constraint {
            ResourceConstraint::Any => Self::Anything,
            ResourceConstraint::Is(kind) => Self::Kind(kind.to_string()),
            ResourceConstraint::Eq(uid) => Self::within(uid, true, None),
            ResourceConstraint::In(uid) => Self::within(uid, false, None),
            ResourceConstraint::IsIn(kind, uid) => Self::within(uid, false, Some(kind.to_string())),
        }
    }

    fn within(uid: &EntityUid, itself_only: bool, kind: Option<String>) -> Self {
        let (of, name) = parts(uid);
        let known = ["Target", "Schema", "Table", "Column", "Path", "Tool"].into_iter().find(|kind| *kind == of);
        known.map_or(Self::Nothing, |of| Self::Within { what: EntityName { kind: of, name }, itself_only, kind })
    }
}

/// The type and the id of an entity, as it stands in a policy.
fn parts(uid: &EntityUid) -> (String, String) {
    (uid.type_name().to_string(), uid.id().unescaped().to_owned())
}

fn subject_kind(name: &str) -> Option<SubjectKind> {
    [SubjectKind::Agent, SubjectKind::User].into_iter().find(|kind| kind.name() == name)
}

/// Every action that the scope admits, as bits.
fn actions(constraint: &ActionConstraint) -> u64 {
    let admits = |uid: &EntityUid, action: Action| {
        let name = uid.id().unescaped();
        name == action.name() || action.groups().iter().any(|group| group.name() == name)
    };
    let bits = |admitted: &dyn Fn(Action) -> bool| {
        Action::ALL.into_iter().filter(|action| admitted(*action)).fold(0, |bits, action| bits | 1 << action.ordinal())
    };
    match constraint {
        ActionConstraint::Any => bits(&|_| true),
        ActionConstraint::Eq(uid) => bits(&|action| uid.id().unescaped() == action.name()),
        ActionConstraint::In(uids) => bits(&|action| uids.iter().any(|uid| admits(uid, action))),
    }
}

/// What the annotations say.
fn promise(id: &PolicyId, cedar: &Policy) -> Result<Promise, Vec<String>> {
    let forbids = cedar.effect() == Effect::Forbid;
    let liftable = cedar.annotation("approval").is_some();
    let mut faults = Vec::new();
    let mut profile = None;
    let mut approvals = BTreeSet::new();
    let mut terms = Terms::default();
    for (name, value) in cedar.annotations() {
        let read = match name {
            "id" => Ok(()),
            "profile" if forbids => Err("`@profile` belongs on a permit".to_owned()),
            "profile" if !is_name(value) => Err("`@profile` needs the name of a profile".to_owned()),
            "profile" => {
                profile = Some(value.to_owned());
                Ok(())
            }
            "approval" if !forbids => Err("`@approval` belongs on a forbid that people may lift".to_owned()),
            "approval" => read_approvals(value).map(|read| approvals = read),
            "limit_rows" | "reason_required" if forbids && !liftable => {
                Err(format!("`@{name}` has no meaning on a forbid that nobody can lift"))
            }
            "limit_rows" => match value.parse() {
                Ok(rows) if rows > 0 => {
                    terms.limit_rows = Some(rows);
                    Ok(())
                }
                _ => Err("`@limit_rows` needs a number of rows, at least 1".to_owned()),
            },
            "reason_required" if value.is_empty() || value == "true" => {
                terms.reason_required = true;
                Ok(())
            }
            "reason_required" => Err("`@reason_required` stands alone".to_owned()),
            _ => Err(format!(
                "unknown annotation `@{name}`; there are `@id`, `@profile`, `@approval`, `@limit_rows`, `@reason_required`"
            )),
        };
        faults.extend(read.err());
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(if forbids {
        Promise::Forbid(Forbid::liftable(id.clone(), approvals).with_terms(terms))
    } else {
        let permit = Permit::new(id.clone()).with_terms(terms);
        Promise::Permit(match profile {
            Some(profile) => permit.with_profile(profile),
            None => permit,
        })
    })
}

/// `privacy-officers`, `privacy-officers:2`, or several of them with commas.
fn read_approvals(value: &str) -> Result<BTreeSet<Agreement>, String> {
    const MOST: u32 = 16;
    let mut approvals = BTreeSet::new();
    for part in value.split(',').map(str::trim) {
        let (group, quorum) = match part.split_once(':') {
            None => (part, 1),
            Some((group, quorum)) => match quorum.parse() {
                Ok(quorum @ 1..=MOST) => (group, quorum),
                _ => return Err(format!("`@approval` needs a quorum from 1 to {MOST} after the colon")),
            },
        };
        if !is_name(group) {
            return Err(
                "`@approval` needs the name of a group, as in `privacy-officers` or `privacy-officers:2`".into()
            );
        }
        if approvals.iter().any(|known: &Agreement| known.group == group) {
            return Err(format!("`@approval` names the group `{group}` twice"));
        }
        approvals.insert(Agreement { group: group.to_owned(), quorum });
    }
    Ok(approvals)
}

fn is_name(value: &str) -> bool {
    !value.is_empty() && value.trim() == value && !value.chars().any(char::is_control)
}
