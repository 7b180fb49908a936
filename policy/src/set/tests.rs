use super::*;
use crate::{
    Action, Circumstances, Facts, HttpFacts, HttpPath, READY, Reason, Resource, SqlFacts, Subject, SubjectKind,
    is_harmless_catalog,
};

const NOW: i64 = 1_795_266_305_000;

fn fault(text: &str) -> String {
    PolicySet::load([("site.cedar", text)]).unwrap_err().to_string()
}

#[test]
fn what_is_wrong_is_said_with_file_line_and_id() {
    let permit = "permit (principal, action, resource);";
    assert_eq!(
        fault(&format!("{permit}\n\n@id(\"x\") @aproval(\"y\")\nforbid (principal, action, resource);")),
        "site.cedar:3: policy `x`: unknown annotation `@aproval`; there are `@id`, `@profile`, `@approval`, `@limit_rows`, \
         `@reason_required`"
    );
    assert_eq!(
        fault(&format!("// one\n@approval(\"officers\")\n{permit}")),
        "site.cedar:2: policy `site.cedar:2`: `@approval` belongs on a forbid that people may lift"
    );
    let with = |annotation: &str, policy: &str| fault(&format!("{annotation} {policy}"));
    let forbid = "forbid (principal, action, resource);";
    assert!(with("@profile(\"a\")", forbid).contains("belongs on a permit"));
    assert!(with("@limit_rows(\"5\")", forbid).contains("no meaning on a forbid"));
    for quorum in ["", ":2", "a:0", "a:17", "a:x", "a,", "a,a:2", "a:1:2"] {
        assert!(with(&format!("@approval(\"{quorum}\")"), forbid).contains("`@approval`"), "{quorum}");
    }
    for rows in ["0", "-1", "many", ""] {
        assert!(with(&format!("@limit_rows(\"{rows}\")"), permit).contains("at least 1"), "{rows}");
    }
    assert!(with("@reason_required(\"no\")", permit).contains("stands alone"));
    assert!(with("@id(\"a b\")", permit).contains("`@id` needs"));
    assert!(with("@id(\"a\") @id(\"b\")", permit).contains("site.cedar:1"));
    assert!(fault("permit (principal == ?principal, action, resource);").contains("slots"));
    assert!(fault("permit (principal, action, resource)\n\n;;").starts_with("site.cedar:3: "));

    // Strict validation: names and types.
    assert!(
        fault("\npermit (principal in Grup::\"a\", action, resource);")
            .starts_with("site.cedar:2: policy `site.cedar:2`: ")
    );
    assert!(fault("permit (principal, action == Action::\"selct\", resource);").contains("selct"));
    let optional = fault("permit (principal, action == Action::\"select\", resource) when { context.limit > 5 };");
    assert!(optional.contains("limit"), "{optional}");
    assert!(fault("permit (principal, action, resource) when { context.rows_unbounded };").contains("rows_unbounded"));

    // Everything at once, and two files.
    let twice = PolicySet::load([
        ("b.cedar", "@id(\"x\") permit (principal, action, resource);"),
        ("a.cedar", "\n@id(\"x\") permit (principal, action, resource); permit ("),
    ]);
    assert_eq!(twice.unwrap_err().faults().len(), 1, "what does not parse has no ids");
    let twice = PolicySet::load([
        ("b.cedar", "@id(\"x\") permit (principal, action, resource);"),
        ("a.cedar", "\n@id(\"x\") permit (principal, action, resource);"),
    ]);
    assert_eq!(twice.unwrap_err().to_string(), "b.cedar:1: policy `x`: another policy has the same id, at a.cedar:2");
}

#[test]
fn rules_that_can_never_fire_are_warned_about() {
    let text = "@id(\"fine\") permit (principal, action, resource);\n\
        @id(\"never\") forbid (principal, action == Action::\"http_get\", resource is Table);\n\
        @id(\"never-too\") forbid (principal is Agent, action == Action::\"approve\", resource);\n\
        @id(\"false\") permit (principal, action, resource) when { context.reason_given && false };";
    let (set, warnings) = PolicySet::load([("p.cedar", text)]).unwrap();
    let never: Vec<_> =
        warnings.iter().filter(|warning| warning.never_fires).map(|warning| warning.policy.as_str()).collect();
    assert_eq!(never, ["never", "never-too", "false"], "{warnings:?}");
    assert_eq!(warnings[0].place, Place { file: "p.cedar".to_owned(), line: 2 });
    assert_eq!(set.len(), 4);
}

#[test]
fn a_set_knows_what_it_speaks_of_and_has_a_hash() {
    let load = |files: &[(&'static str, &'static str)]| PolicySet::load(files.iter().copied()).unwrap().0;
    let set = load(&[(
        "a.cedar",
        "@profile(\"p\") permit (principal, action, resource in Target::\"ehr\");
        @approval(\"x:2, y\") forbid (principal in Group::\"g\", action, resource);",
    )]);
    assert_eq!(set.approving_groups(), ["x", "y"].into());
    assert_eq!(set.profiles(), ["p"].into());
    assert_eq!(set.mentioned("Target"), ["ehr"].into());
    assert_eq!(set.mentioned("Group"), ["g"].into());

    let a = ("a.cedar", "permit (principal, action, resource);");
    let b = ("b.cedar", "forbid (principal, action, resource);");
    assert_eq!(load(&[a, b]).hash(), load(&[b, a]).hash());
    let others = [load(&[a]), load(&[b]), load(&[("b.cedar", a.1)]), load(&[a, b]), PolicySet::empty()];
    let hashes: BTreeSet<_> = others.iter().map(PolicySet::hash).collect();
    assert_eq!(hashes.len(), others.len());
    let decision = PolicySet::empty().decide_all([]);
    assert_eq!(decision, Decision::denied(Reason::NoPermit));
}

/// The ready-made sets, asked as a gateway would ask them.
struct Site {
    policies: PolicySet,
    subject: Subject,
    circumstances: Circumstances,
}

impl Site {
    fn with(names: &[&str]) -> Self {
        let files = names
            .iter()
            .map(|name| READY.iter().find(|set| set.name == *name).map(|set| (set.name, set.text)).unwrap());
        let (policies, warnings) = PolicySet::load(files).unwrap();
        assert_eq!(warnings, []);
        let subject = Subject::new(SubjectKind::Agent, "agent-7", ["agents"]);
        Self { policies, subject, circumstances: Circumstances::at(NOW) }
    }

    fn ask(&self, action: Action, resource: &Resource, facts: &Facts) -> Decision {
        let Self { policies, subject, circumstances } = self;
        policies.decide(&Question { subject, action, resource, facts, circumstances })
    }

    /// One statement on one table, with what the parser would have found.
    fn statement(&self, action: Action, schema: &str, table: &str, facts: SqlFacts) -> Decision {
        let tables: BTreeSet<String> = [SqlFacts::relation(schema, table)].into();
        let catalog_only = is_harmless_catalog(schema, table);
        let rows_unbounded = facts.rows_unbounded && !catalog_only;
        let kinds = [action.name().to_owned()].into();
        let facts = Facts::Sql(SqlFacts { tables, catalog_only, rows_unbounded, kinds, ..facts });
        self.ask(action, &Resource::table("ehr", schema, table), &facts)
    }

    fn select(&self, table: &str, columns: &[&str]) -> Decision {
        let columns = columns.iter().map(|column| (*column).to_owned()).collect();
        self.statement(Action::Select, "clinical", table, SqlFacts { columns, has_where: true, ..SqlFacts::default() })
    }
}

fn bulk() -> SqlFacts {
    SqlFacts { rows_unbounded: true, ..SqlFacts::default() }
}

#[test]
fn every_ready_made_set_loads_without_a_warning() {
    for set in READY {
        let (policies, warnings) = PolicySet::load([(set.name, set.text)]).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(warnings, [], "{}", set.name);
        assert!(!policies.is_empty());
    }
}

#[test]
fn every_policy_that_the_documents_show_loads_without_a_warning() {
    let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let mut seen = 0;
    for entry in std::fs::read_dir(docs).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|kind| kind != "md") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for block in text.split("\n```cedar\n").skip(1).map(|rest| rest.split("\n```").next().unwrap()) {
            seen += 1;
            let place = path.display().to_string();
            let (policies, warnings) =
                PolicySet::load([(place.as_str(), block)]).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(warnings, [], "{place}");
            assert!(!policies.is_empty());
        }
    }
    assert!(seen >= 5, "only {seen} policies were found");
}

#[test]
fn read_only_agents_read_and_are_not_stopped_at_start() {
    let site = Site::with(&["read-only-agents", "bulk-needs-approval"]);
    assert!(site.ask(Action::Connect, &Resource::target("ehr"), &Facts::None).is_allowed());
    // `\d`, `\l`, and what drivers load at start: catalogs without WHERE and without LIMIT.
    for table in
        ["pg_class", "pg_namespace", "pg_attribute", "pg_database", "pg_type", "pg_range", "pg_settings", "pg_roles"]
    {
        let functions = ["pg_catalog.pg_table_is_visible", "pg_catalog.format_type"].map(String::from).into();
        let decision = site.statement(Action::Select, "pg_catalog", table, SqlFacts { functions, ..bulk() });
        assert!(decision.is_allowed(), "{table}: {decision:?}");
    }
    // `SELECT version()`: no table at all.
    let functions = ["pg_catalog.version"].map(String::from).into();
    let version = Facts::Sql(SqlFacts { functions, catalog_only: true, ..SqlFacts::default() });
    assert!(site.ask(Action::Select, &Resource::target("ehr"), &version).is_allowed());

    // `WHERE mrn = '…'` works, everything is held.
    assert!(site.select("patients", &["mrn", "birth_date"]).is_allowed());
    let held = site.statement(Action::Select, "clinical", "patients", bulk());
    assert_eq!(held.approvals(), [("privacy-officers".to_owned(), 1)].into());
    // Samples of content are content, in a catalog or not.
    assert!(!site.statement(Action::Select, "pg_catalog", "pg_stats", bulk()).is_allowed());

    for action in [
        Action::Insert,
        Action::Delete,
        Action::Truncate,
        Action::Ddl,
        Action::Opaque,
        Action::Set,
        Action::Call,
        Action::Lock,
    ] {
        let decision = site.statement(action, "clinical", "patients", SqlFacts::default());
        assert!(matches!(decision, Decision::Denied { .. }), "{action}: {decision:?}");
    }
    let functions = ["pg_catalog.pg_read_file"].map(String::from).into();
    let file = Facts::Sql(SqlFacts { functions, catalog_only: true, ..SqlFacts::default() });
    assert!(matches!(site.ask(Action::Select, &Resource::target("ehr"), &file), Decision::Denied { .. }));
}

#[test]
fn agents_may_ask_whether_a_hidden_value_is_equal_and_no_more() {
    let site = Site::with(&["read-only-agents"]);
    let mrn: BTreeSet<String> = ["mrn".to_owned()].into();
    let known = SqlFacts { columns: mrn.clone(), labelled: mrn.clone(), has_where: true, ..SqlFacts::default() };
    let probed = SqlFacts { labelled_probed: mrn.clone(), labelled_computed: mrn.clone(), ..known.clone() };
    let asked = SqlFacts { labelled_asked: mrn, ..known };
    for action in [Action::Select, Action::CopyOut, Action::Cursor, Action::Explain] {
        assert!(site.statement(action, "clinical", "patients", probed.clone()).is_allowed(), "{action}");
        let decision = site.statement(action, "clinical", "patients", asked.clone());
        assert!(matches!(decision, Decision::Denied { .. }), "{action}: {decision:?}");
    }
}

#[test]
fn minimum_necessary_is_by_columns() {
    let site = Site::with(&["minimum-necessary"]);
    assert!(site.select("patients", &["mrn", "sex"]).is_allowed());
    assert!(site.select("patients", &[]).is_allowed(), "count(*) reads no column");
    assert!(!site.select("patients", &["mrn", "address"]).is_allowed());
    assert!(!site.select("notes", &[]).is_allowed());
    assert!(matches!(site.select("encounters", &["id"]),
        Decision::Allowed { duties, .. } if duties.limit_rows == Some(10_000) && duties.profiles == ["agents".to_owned()].into()));
    let never = Reason::Forbidden(PolicyId::new("minimum-necessary/never"));
    assert!(matches!(site.select("patients", &["ssn"]), Decision::Denied { because } if because.contains(&never)));
    assert!(site.statement(Action::Select, "pg_catalog", "pg_type", bulk()).is_allowed());
    assert!(site.ask(Action::Connect, &Resource::target("ehr"), &Facts::None).is_allowed());
}

#[test]
fn bulk_needs_approval_by_sql_and_by_http() {
    let mut site = Site::with(&["read-only-agents", "bulk-needs-approval"]);
    let limit = |limit| {
        site.statement(Action::Select, "clinical", "patients", SqlFacts { limit: Some(limit), ..SqlFacts::default() })
    };
    assert!(limit(10_000).is_allowed());
    assert_eq!(limit(10_001).to_lift(), [PolicyId::new("many-rows")].into());

    let export = HttpPath::parse("/$export").unwrap();
    let facts = |path: &HttpPath, rows_unbounded| {
        Facts::Http(HttpFacts {
            method: "GET".to_owned(),
            path: path.clone(),
            template: path.as_str().to_owned(),
            query: BTreeSet::new(),
            media_type: None,
            body_bytes: None,
            rows_unbounded,
        })
    };
    let held = site.ask(Action::HttpGet, &Resource::path("ehr", &export), &facts(&export, true));
    assert_eq!(held.to_lift(), [PolicyId::new("bulk-read")].into());
    assert!(site.ask(Action::HttpGet, &Resource::path("ehr", &export), &facts(&export, false)).is_allowed());

    // Without a reason a copy of a whole table is not even asked about; with one it takes two people.
    let copy = |site: &Site| site.statement(Action::CopyOut, "clinical", "patients", bulk());
    assert_eq!(copy(&site), Decision::denied(Reason::ReasonMissing(PolicyId::new("whole-table-copies"))));
    site.circumstances.reason_given = true;
    assert_eq!(copy(&site).approvals(), [("privacy-officers".to_owned(), 2)].into());
    // Judged again when it is used: lifting one of the two is not enough.
    let lifted = |ids: &[&str]| {
        let resource = Resource::table("ehr", "clinical", "patients");
        let facts = Facts::Sql(bulk());
        let question = Question {
            subject: &site.subject,
            action: Action::CopyOut,
            resource: &resource,
            facts: &facts,
            circumstances: &site.circumstances,
        };
        site.policies.decide_lifted(&question, &ids.iter().copied().map(PolicyId::new).collect())
    };
    assert_eq!(lifted(&["bulk-read"]).to_lift(), [PolicyId::new("whole-table-copies")].into());
    assert!(lifted(&["bulk-read", "whole-table-copies"]).is_allowed());
}

#[test]
fn a_vendor_is_out_on_the_date() {
    let mut site = Site::with(&["vendor-until"]);
    site.subject = Subject::new(SubjectKind::User, "acme-1", ["vendor-acme"]);
    let theirs = |site: &Site| site.statement(Action::Select, "acme", "devices", SqlFacts::default());
    assert_eq!(theirs(&site), Decision::denied(Reason::ReasonMissing(PolicyId::new("vendor-until"))));
    site.circumstances.reason_given = true;
    assert!(theirs(&site).is_allowed());
    assert!(!site.statement(Action::Select, "clinical", "patients", SqlFacts::default()).is_allowed());
    assert!(site.statement(Action::Select, "pg_catalog", "pg_class", bulk()).is_allowed());
    // 2027-01-30T23:59:59.999Z, and a millisecond later.
    site.circumstances.time_ms = 1_801_353_600_000 - 1;
    assert!(theirs(&site).is_allowed());
    site.circumstances.time_ms += 1;
    assert!(
        matches!(theirs(&site), Decision::Denied { because } if because.contains(&Reason::Forbidden(PolicyId::new("vendor-over"))))
    );
}

#[test]
fn break_glass_is_for_enrolled_people_with_a_reason() {
    let mut site = Site::with(&["break-glass", "bulk-needs-approval"]);
    let read = |site: &Site| {
        site.statement(Action::Select, "clinical", "patients", SqlFacts { has_where: true, ..SqlFacts::default() })
    };
    site.subject = Subject::new(SubjectKind::User, "nurse-1", ["break-glass"]);
    assert!(!read(&site).is_allowed(), "the group alone opens nothing");
    site.circumstances.authenticated_by = "break-glass".to_owned();
    assert_eq!(read(&site), Decision::denied(Reason::ReasonMissing(PolicyId::new("break-glass"))));
    site.circumstances.reason_given = true;
    assert!(read(&site).is_allowed());
    assert!(matches!(site.statement(Action::Select, "clinical", "patients", bulk()), Decision::Held { .. }));
    assert!(!site.statement(Action::Update, "clinical", "patients", SqlFacts::default()).is_allowed());
    site.subject = Subject::new(SubjectKind::Agent, "agent-7", ["break-glass"]);
    assert!(!read(&site).is_allowed());
    site.subject = Subject::new(SubjectKind::User, "nurse-2", ["staff"]);
    assert!(!read(&site).is_allowed());
}
