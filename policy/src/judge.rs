//! Which policies a question concerns, and what they say of it.
//!
//! Cedar evaluates every policy that it is given, at about a microsecond each. A policy whose scope does not match cannot
//! apply and cannot fail, so only those whose scope matches are given to it: found by action, then by what the resource
//! lies in, then by who asks. One without conditions applies then, and need not be given to it at all. The sets that this makes are few, and kept.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use cedar_policy::{Authorizer, Context, Entities, Entity, PolicySet as CedarSet, Request, Response};

use crate::context::Wanted;
use crate::decision::{Decision, PolicyId, Reason, Verdicts};
use crate::question::{EntityName, Question, Resource, Subject};
use crate::rule::{PrincipalScope, Promise, ResourceScope, Rule};
use crate::{Action, SubjectKind, context};

/// Answers questions from a fixed list of rules.
pub(crate) struct Judge {
    rules: Vec<Rule>,
    index: Index,
    cedar: Authorizer,
    skeletons: Mutex<HashMap<Box<[u32]>, Arc<Skeleton>>>,
    entities: Mutex<HashMap<Parties, Arc<Entities>>>,
    /// By ordinal.
    actions: Vec<Option<Entity>>,
}

/// The rules by what they can concern, one entry for each action.
#[derive(Default)]
struct Index {
    by_action: Vec<Bucket>,
}

#[derive(Default)]
struct Bucket {
    /// They do not name a resource.
    anywhere: Vec<u32>,
    /// They name this one.
    at: HashMap<EntityName, Vec<u32>>,
}

/// The policies that a question concerns, ready for Cedar.
struct Skeleton {
    all: CedarSet,
    permits: CedarSet,
    /// The facts that one of them can look at.
    wanted: Wanted,
}

/// Who asks to do what with what, as Cedar wants it: the same for every request of a kind.
#[derive(Clone, Eq, Hash, PartialEq)]
struct Parties {
    subject: Subject,
    action: Action,
    resource: Resource,
}

/// Skeletons that are kept. There are as many as sorts of questions; past this they are made anew.
const MOST_SKELETONS: usize = 4096;
/// Parties that are kept, each with three entities.
const MOST_PARTIES: usize = 4096;

impl Judge {
    pub(crate) fn new(rules: Vec<Rule>) -> Self {
        let index = Index::of(&rules);
        let actions = Action::ALL.into_iter().map(action_entity).collect();
        Self {
            rules,
            index,
            cedar: Authorizer::new(),
            skeletons: Mutex::default(),
            entities: Mutex::default(),
            actions,
        }
    }

    pub(crate) fn rules(&self) -> &[Rule] {
        &self.rules
    }

    pub(crate) fn decide(&self, question: &Question<'_>, lifted: &BTreeSet<PolicyId>) -> Decision {
        self.judge(question, lifted, &self.concerned(question), false)
    }

    /// Every policy with every fact, without the index: what the index is tested against.
    #[cfg(test)]
    pub(crate) fn decide_unindexed(&self, question: &Question<'_>, lifted: &BTreeSet<PolicyId>) -> Decision {
        let all: Vec<u32> = (0..).take(self.rules.len()).collect();
        self.judge(question, lifted, &all, true)
    }

    fn judge(
        &self,
        question: &Question<'_>,
        lifted: &BTreeSet<PolicyId>,
        concerned: &[u32],
        plainly: bool,
    ) -> Decision {
        if question.action == Action::Approve && question.subject.kind() == SubjectKind::Agent {
            return Decision::denied(Reason::NotForAgents);
        }
        if question.facts.sort() != question.action.sort() {
            return Decision::denied(Reason::Unjudgeable("its facts are of another sort than its action"));
        }
        let verdicts = match self.verdicts(question, concerned, plainly) {
            Ok(verdicts) => verdicts,
            Err(why) => return Decision::denied(Reason::Unjudgeable(why)),
        };
        Decision::with_lifted(&verdicts, lifted).unless_reason_missing(question.circumstances.reason_given)
    }

    fn verdicts(&self, question: &Question<'_>, concerned: &[u32], plainly: bool) -> Result<Verdicts, &'static str> {
        let mut verdicts = Verdicts::default();
        let (settled, open): (Vec<u32>, Vec<u32>) =
            concerned.iter().copied().partition(|number| !plainly && self.rules[*number as usize].is_settled);
        for number in settled {
            match &self.rules[number as usize].promise {
                Promise::Permit(permit) => verdicts.permits.push(permit.clone()),
                Promise::Forbid(forbid) => verdicts.forbids.push(forbid.clone()),
            }
        }
        let settled_forbids = verdicts.forbids.len();
        let skeleton = self.skeleton(&open).ok_or("its policies do not fit together")?;
        let facts = context::of(question, if plainly { Wanted::ALL } else { skeleton.wanted })?;
        if open.is_empty() {
            return Ok(verdicts);
        }
        let facts = Context::from_pairs(facts).map_err(|_| "its facts do not fit together")?;
        let action = self.actions.get(question.action.ordinal()).and_then(Option::as_ref);
        let (Some(principal), Some(action), Some(resource)) =
            (question.subject.cedar(), action, question.resource.cedar())
        else {
            return Err("its parts have no type");
        };
        let request = Request::new(principal.uid(), action.uid(), resource.uid(), facts, None)
            .map_err(|_| "it does not fit the schema")?;
        let entities = self.entities(question, [principal, action, resource])?;

        let first = self.cedar.is_authorized(&request, &skeleton.all, &entities);
        self.add(&first, &mut verdicts);
        // Cedar names permits only where no forbid applies; they count where the forbids can be lifted.
        if verdicts.forbids.len() > settled_forbids {
            let permitted = self.cedar.is_authorized(&request, &skeleton.permits, &entities);
            self.add(&permitted, &mut verdicts);
        }
        Ok(verdicts)
    }

    fn add(&self, response: &Response, verdicts: &mut Verdicts) {
        for id in response.diagnostics().reason() {
            match self.rule(id).map(|rule| &rule.promise) {
                Some(Promise::Permit(permit)) => verdicts.permits.push(permit.clone()),
                Some(Promise::Forbid(forbid)) => verdicts.forbids.push(forbid.clone()),
                None => verdicts.errors.push(PolicyId::new(id.to_string())),
            }
        }
        for error in response.diagnostics().errors() {
            let cedar_policy::AuthorizationError::PolicyEvaluationError(error) = error;
            let id = error.policy_id();
            verdicts.errors.push(self.rule(id).map_or_else(|| PolicyId::new(id.to_string()), |rule| rule.id.clone()));
        }
    }

    fn rule(&self, id: &cedar_policy::PolicyId) -> Option<&Rule> {
        let id: &str = id.as_ref();
        self.rules.get(id.parse::<usize>().ok()?)
    }

    /// The rules whose scope can match, in order.
    fn concerned(&self, question: &Question<'_>) -> Vec<u32> {
        let bucket = &self.index.by_action[question.action.ordinal()];
        let named = std::iter::once(question.resource.itself()).chain(question.resource.above());
        let somewhere = named.filter_map(|name| bucket.at.get(name)).flatten();
        let mut concerned: Vec<u32> = bucket
            .anywhere
            .iter()
            .chain(somewhere)
            .copied()
            .filter(|number| {
                let rule = &self.rules[*number as usize];
                rule.principal.can_be(question) && rule.resource.can_be(question)
            })
            .collect();
        concerned.sort_unstable();
        concerned
    }

    fn entities(&self, question: &Question<'_>, of: [&Entity; 3]) -> Result<Arc<Entities>, &'static str> {
        let Question { subject, action, resource, .. } = *question;
        let parties = Parties { subject: subject.clone(), action, resource: resource.clone() };
        // As with skeletons, what is there is whole.
        let locked = || self.entities.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = locked().get(&parties) {
            return Ok(Arc::clone(known));
        }
        let entities = Entities::from_entities(of.map(Entity::clone), None);
        let entities = Arc::new(entities.map_err(|_| "its resources do not fit together")?);
        let mut known = locked();
        if known.len() >= MOST_PARTIES {
            known.clear();
        }
        known.insert(parties, Arc::clone(&entities));
        Ok(entities)
    }

    fn skeleton(&self, concerned: &[u32]) -> Option<Arc<Skeleton>> {
        // A poisoned lock holds a map of finished skeletons, or lacks one.
        let locked = || self.skeletons.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = locked().get(concerned) {
            return Some(Arc::clone(known));
        }
        let rules = || concerned.iter().map(|number| &self.rules[*number as usize]);
        let permits = rules().filter(|rule| matches!(rule.promise, Promise::Permit(_)));
        let skeleton = Arc::new(Skeleton {
            all: CedarSet::from_policies(rules().map(|rule| rule.cedar.clone())).ok()?,
            permits: CedarSet::from_policies(permits.map(|rule| rule.cedar.clone())).ok()?,
            wanted: rules().map(|rule| rule.wanted).fold(Wanted::default(), Wanted::and),
        });
        let mut skeletons = locked();
        if skeletons.len() >= MOST_SKELETONS {
            skeletons.clear();
        }
        skeletons.insert(concerned.into(), Arc::clone(&skeleton));
        Some(skeleton)
    }
}

impl fmt::Debug for Judge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Judge").field("rules", &self.rules.len()).finish_non_exhaustive()
    }
}

impl Index {
    fn of(rules: &[Rule]) -> Self {
        let mut by_action: Vec<Bucket> = Action::ALL.iter().map(|_| Bucket::default()).collect();
        for (number, rule) in (0_u32..).zip(rules) {
            for (ordinal, bucket) in by_action.iter_mut().enumerate() {
                if rule.actions & 1 << ordinal == 0 {
                    continue;
                }
                match &rule.resource {
                    ResourceScope::Within { what, .. } => bucket.at.entry(what.clone()).or_default().push(number),
                    ResourceScope::Anything | ResourceScope::Kind(_) => bucket.anywhere.push(number),
                    ResourceScope::Nothing => {}
                }
            }
        }
        Self { by_action }
    }
}

impl PrincipalScope {
    fn can_be(&self, question: &Question<'_>) -> bool {
        let subject = question.subject;
        match self {
            Self::Anybody => true,
            Self::Kind(kind) => *kind == subject.kind(),
            Self::Subject(name) => name.kind == subject.kind().name() && name.name == subject.id(),
            Self::Member(group, kind) => {
                subject.groups().contains(group) && kind.is_none_or(|kind| kind == subject.kind())
            }
            Self::Nobody => false,
        }
    }
}

impl ResourceScope {
    /// Asked of rules that were found under a name of the resource.
    fn can_be(&self, question: &Question<'_>) -> bool {
        let itself = question.resource.itself();
        match self {
            Self::Anything => true,
            Self::Kind(kind) => kind == itself.kind,
            Self::Within { what, itself_only, kind } => {
                (!itself_only || what == itself) && kind.as_ref().is_none_or(|kind| kind == itself.kind)
            }
            Self::Nothing => false,
        }
    }
}

fn action_entity(action: Action) -> Option<Entity> {
    let named = |name: &str| EntityName { kind: "Action", name: name.to_owned() };
    let groups: Vec<_> = action.groups().iter().map(|group| named(group.name())).collect();
    named(action.name()).entity(&groups)
}

#[cfg(test)]
mod tests;
