use proptest::prelude::*;

use super::*;
use crate::{Circumstances, Facts, HttpFacts, HttpPath, PolicySet, Resource, SqlFacts, Subject};

const NOW: i64 = 1_795_266_305_000;

/// A question with its parts.
#[derive(Clone, Debug)]
struct Asked {
    subject: Subject,
    action: Action,
    resource: Resource,
    facts: Facts,
    circumstances: Circumstances,
}

impl Asked {
    fn select(facts: SqlFacts) -> Self {
        Self {
            subject: Subject::new(SubjectKind::Agent, "agent-1", ["agents"]),
            action: Action::Select,
            resource: Resource::table("ehr", "clinical", "patients"),
            facts: Facts::Sql(facts),
            circumstances: Circumstances::at(NOW),
        }
    }

    fn question(&self) -> Question<'_> {
        let Self { subject, action, resource, facts, circumstances } = self;
        Question { subject, action: *action, resource, facts, circumstances }
    }
}

const SCOPES: [&[&str]; 3] = [
    &[
        "principal",
        "principal is Agent",
        "principal is User",
        "principal == Agent::\"agent-1\"",
        "principal == User::\"agent-1\"",
        "principal in Agent::\"agent-1\"",
        "principal in Group::\"agents\"",
        "principal in Group::\"staff\"",
        "principal is User in Group::\"staff\"",
        "principal is Agent in Group::\"agents\"",
        "principal is Group",
    ],
    &[
        "action",
        "action == Action::\"select\"",
        "action == Action::\"read\"",
        "action in Action::\"read\"",
        "action in Action::\"sql_read\"",
        "action in [Action::\"write\", Action::\"http_get\"]",
        "action in [Action::\"connect\", Action::\"select\"]",
    ],
    &[
        "resource",
        "resource is Table",
        "resource == Table::\"ehr.clinical.patients\"",
        "resource in Table::\"ehr.clinical.patients\"",
        "resource in Schema::\"ehr.clinical\"",
        "resource in Target::\"ehr\"",
        "resource == Target::\"ehr\"",
        "resource is Column in Table::\"ehr.clinical.patients\"",
        "resource is Path in Target::\"fhir\"",
        "resource in Path::\"fhir/Patient\"",
        "resource in Target::\"other\"",
        "resource in Group::\"agents\"",
    ],
];

const CONDITIONS: &[&str] = &[
    "",
    "",
    "when { context.reason_given }",
    "when { context has rows_unbounded && context.rows_unbounded }",
    "unless { context has limit && context.limit < 100 }",
    "when { context has columns && context.columns.contains(\"ssn\") }",
    "when { action in Action::\"read\" && resource in Target::\"ehr\" }",
    // Fail for some or all questions.
    "when { context.missing }",
    "when { context.rows_unbounded }",
    "when { context has limit && context.limit + 9223372036854775807 > 0 }",
    "when { context.time < datetime(\"2026-01-01\") || context.limit == 1 }",
    "when { principal.name == \"x\" }",
];

const ANNOTATIONS: [&[&str]; 2] = [
    &["", "@profile(\"a\")", "@limit_rows(\"5\")", "@profile(\"b\") @reason_required"],
    &["", "@approval(\"officers\")", "@approval(\"officers:2, lawyers\") @limit_rows(\"3\")"],
];

fn pick(from: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(from)
}

fn policy() -> impl Strategy<Value = String> {
    let effect = prop::sample::select(&[0_usize, 1][..]);
    (effect, pick(SCOPES[0]), pick(SCOPES[1]), pick(SCOPES[2]), pick(CONDITIONS), any::<prop::sample::Index>())
        .prop_map(|(effect, principal, action, resource, condition, annotation)| {
            let annotation = annotation.get(ANNOTATIONS[effect]);
            let effect = ["permit", "forbid"][effect];
            format!("{annotation} {effect} ({principal}, {action}, {resource}) {condition};\n")
        })
}

fn asked() -> impl Strategy<Value = Asked> {
    let subject =
        (any::<bool>(), pick(&["agent-1", "nurse-1"]), prop::collection::btree_set(pick(&["agents", "staff"]), 0..3));
    let subject = subject.prop_map(|(agent, id, groups)| {
        Subject::new(if agent { SubjectKind::Agent } else { SubjectKind::User }, id, groups)
    });
    let sql = (any::<bool>(), any::<bool>(), prop::option::of(0_u64..200)).prop_map(|(unbounded, ssn, limit)| {
        let columns = if ssn { [String::from("ssn")].into() } else { BTreeSet::new() };
        Facts::Sql(SqlFacts { rows_unbounded: unbounded, columns, limit, ..SqlFacts::default() })
    });
    let sql_resource = prop::sample::select(vec![
        Resource::target("ehr"),
        Resource::schema("ehr", "clinical"),
        Resource::table("ehr", "clinical", "patients"),
        Resource::table("ehr", "public", "patients"),
        Resource::column("ehr", "clinical", "patients", "ssn"),
        Resource::table("other", "clinical", "patients"),
    ]);
    let sql_action = prop::sample::select(vec![Action::Select, Action::Insert, Action::Opaque, Action::Ddl]);
    let sql = (sql_action, sql_resource, sql);
    let http = prop::sample::select(vec!["/Patient/7", "/Observation", "/Patient"]).prop_map(|path| {
        let path = HttpPath::parse(path).unwrap();
        let resource = Resource::path("fhir", &path);
        let facts = HttpFacts {
            method: "GET".to_owned(),
            template: path.as_str().to_owned(),
            path,
            query: BTreeSet::new(),
            media_type: None,
            body_bytes: None,
            rows_unbounded: false,
        };
        (Action::HttpGet, resource, Facts::Http(facts))
    });
    let connect = Just((Action::Connect, Resource::target("ehr"), Facts::None));
    // Facts of the wrong sort are no error of the gateway's that may let something through.
    let wrong = Just((Action::Connect, Resource::target("ehr"), Facts::Sql(SqlFacts::default())));
    let what = prop_oneof![6 => sql, 2 => http, 1 => connect, 1 => wrong];
    (subject, what, any::<bool>()).prop_map(|(subject, (action, resource, facts), reason_given)| {
        let circumstances = Circumstances { reason_given, ..Circumstances::at(NOW) };
        Asked { subject, action, resource, facts, circumstances }
    })
}

fn strength(decision: &Decision) -> u8 {
    match decision {
        Decision::Allowed { .. } => 0,
        Decision::Held { .. } => 1,
        Decision::Denied { .. } => 2,
    }
}

/// The rule in the plainest words, over every policy evaluated by itself.
fn naive(policies: &PolicySet, asked: &Asked, lifted: &BTreeSet<PolicyId>) -> u8 {
    let question = asked.question();
    if question.facts.sort() != question.action.sort() {
        return 2;
    }
    let context = Context::from_pairs(context::of(&question, Wanted::ALL).unwrap()).unwrap();
    let (principal, resource) = (question.subject.cedar().unwrap(), question.resource.cedar().unwrap());
    let action = action_entity(question.action).unwrap();
    let request = Request::new(principal.uid(), action.uid(), resource.uid(), context, None).unwrap();
    let entities = Entities::from_entities([principal.clone(), action, resource.clone()], None).unwrap();

    let (mut permitted, mut held, mut denied, mut reason_missing) = (false, false, false, false);
    for rule in policies.judge().rules() {
        let alone = CedarSet::from_policies([rule.cedar.clone()]).unwrap();
        let answer = Authorizer::new().is_authorized(&request, &alone, &entities);
        denied |= answer.diagnostics().errors().next().is_some();
        if answer.diagnostics().reason().next().is_none() {
            continue;
        }
        reason_missing |= rule.cedar.annotation("reason_required").is_some() && !asked.circumstances.reason_given;
        match (&rule.promise, rule.cedar.annotation("approval")) {
            (Promise::Permit(_), _) => permitted = true,
            (Promise::Forbid(_), None) => denied = true,
            (Promise::Forbid(_), Some(_)) => held |= !lifted.contains(&rule.id),
        }
    }
    match (denied || !permitted || reason_missing, held) {
        (true, _) => 2,
        (false, true) => 1,
        (false, false) => 0,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// The index leaves out nothing that matters, and the answer is the one that the rule says.
    #[test]
    fn an_indexed_decision_is_the_decision(
        policies in prop::collection::vec(policy(), 0..12),
        asked in prop::collection::vec(asked(), 1..8),
        lift in any::<prop::sample::Index>(),
    ) {
        let set = PolicySet::unvalidated(&policies.concat());
        for asked in asked {
            let ids: Vec<&PolicyId> = set.policies().map(|(id, _)| id).collect();
            let lifted = if ids.is_empty() { BTreeSet::new() } else { [(*lift.get(&ids)).clone()].into() };
            for lifted in [BTreeSet::new(), lifted] {
                let decision = set.decide_lifted(&asked.question(), &lifted);
                prop_assert_eq!(&decision, &set.judge().decide_unindexed(&asked.question(), &lifted));
                prop_assert_eq!(strength(&decision), naive(&set, &asked, &lifted), "{:?}", decision);
                // Asked again, from the cache, it is the same.
                prop_assert_eq!(&decision, &set.decide_lifted(&asked.question(), &lifted));
            }
        }
    }

    /// Another forbid makes nothing weaker.
    #[test]
    fn a_forbid_only_takes_away(policies in prop::collection::vec(policy(), 0..8), forbid in policy(), asked in asked()) {
        let before = PolicySet::unvalidated(&policies.concat());
        let forbid = forbid.replace("permit (", "forbid (").replace("@profile(\"a\")", "").replace("@profile(\"b\")", "");
        let forbid = forbid.replace("@limit_rows(\"5\") forbid", "forbid").replace("@reason_required forbid", "forbid");
        let after = PolicySet::unvalidated(&(policies.concat() + &forbid));
        let (before, after) = (before.decide(&asked.question()), after.decide(&asked.question()));
        prop_assert!(strength(&after) >= strength(&before), "{before:?} became {after:?} by {forbid}");
    }

    /// What our facts make is what the schema promises to those who write policies.
    #[test]
    fn questions_fit_the_schema(asked in asked()) {
        let question = asked.question();
        prop_assume!(question.facts.sort() == question.action.sort());
        prop_assume!(!(question.action == Action::Opaque || question.action == Action::Connect) || !asked.resource.name().starts_with("Column"));
        let context = Context::from_pairs(context::of(&question, Wanted::ALL).unwrap()).unwrap();
        let schema = crate::schema::schema().unwrap();
        let (principal, resource) = (question.subject.cedar().unwrap(), question.resource.cedar().unwrap());
        let action = action_entity(question.action).unwrap();
        let request = Request::new(principal.uid(), action.uid(), resource.uid(), context, Some(schema));
        prop_assert!(request.is_ok(), "{:?}", request.err().map(|error| error.to_string()));
        let entities = Entities::from_entities([principal.clone(), action, resource.clone()], Some(schema));
        prop_assert!(entities.is_ok(), "{:?}", entities.err().map(|error| error.to_string()));
    }
}

#[test]
fn what_cannot_be_evaluated_denies_by_its_name() {
    let permit = "permit (principal, action, resource);";
    let missing = PolicySet::unvalidated(&format!(
        "{permit} @id(\"missing\") forbid (principal, action, resource) when {{ context.missing }};"
    ));
    let denied = |id: &str| Decision::denied(Reason::Unevaluated(PolicyId::new(id)));
    assert_eq!(missing.decide(&Asked::select(SqlFacts::default()).question()), denied("missing"));

    // This one is valid: types say nothing about how large a product gets.
    let text = format!(
        "{permit} @id(\"overflow\") permit (principal, action in Action::\"sql_read\", resource)
            when {{ context has limit && context.limit * 9223372036854775807 > 5 }};"
    );
    let (overflow, _) = PolicySet::load([("p.cedar", &*text)]).unwrap();
    let of = |limit| overflow.decide(&Asked::select(SqlFacts { limit: Some(limit), ..SqlFacts::default() }).question());
    assert!(of(1).is_allowed());
    assert_eq!(of(2), denied("overflow"), "an error in a permit denies too");
    assert_eq!(of(u64::MAX), denied("overflow"));
    // Nobody can lift an error.
    let lifted = overflow.decide_lifted(
        &Asked::select(SqlFacts { limit: Some(2), ..SqlFacts::default() }).question(),
        &[PolicyId::new("overflow")].into(),
    );
    assert_eq!(lifted, denied("overflow"));
}

#[test]
fn an_agent_never_approves_and_a_strange_time_is_not_judged() {
    let set = PolicySet::unvalidated("permit (principal, action, resource);");
    let mut asked = Asked { action: Action::Approve, facts: Facts::None, ..Asked::select(SqlFacts::default()) };
    assert_eq!(set.decide(&asked.question()), Decision::denied(Reason::NotForAgents));
    asked.subject = Subject::new(SubjectKind::User, "officer-1", ["privacy-officers"]);
    assert!(set.decide(&asked.question()).is_allowed());
    asked.circumstances.time_ms = i64::MAX;
    assert!(matches!(set.decide(&asked.question()), Decision::Denied { because } if
        matches!(because.first(), Some(Reason::Unjudgeable(_)))));
}

#[test]
fn the_cache_of_skeletons_is_bounded() {
    let set = PolicySet::unvalidated("permit (principal, action, resource);");
    for _ in 0..3 {
        assert!(set.decide(&Asked::select(SqlFacts::default()).question()).is_allowed());
    }
    assert_eq!(set.judge().skeletons.lock().unwrap().len(), 1);
}
