//! Attacks and ordinary statements, and what is made of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use blackbar_engine::operator::Operator;
use blackbar_policy::{Action, Facts, SqlFacts};
use blackbar_wire::pg::Report;
use blackbar_wire::pg::frontend::{Bind, Parse};
use blackbar_wire::pg::session::Forget;
use blackbar_wire::pg::value::{Decision, Shape};
use bytes::Bytes;
use proptest::prelude::*;

use super::super::catalog::{Builder, Snapshot};
use super::*;

/// A database as its catalog would tell: (OID, schema, name, kind, definition, columns), parents.
fn snapshot() -> Arc<Snapshot> {
    let mut builder = Builder::default();
    let view = "SELECT p.id, upper(p.ssn) AS code, p.name AS called, p.sex FROM clinical.patients p";
    let relations: [(u32, &str, &str, &str, Option<&str>, &[&str]); 9] = [
        (20_001, "clinical", "patients", "r", None, &["id", "mrn", "ssn", "name", "sex", "dob"]),
        (20_002, "clinical", "encounters", "p", None, &["id", "patient_id", "note", "started"]),
        (20_003, "clinical", "encounters_2026", "r", None, &["id", "patient_id", "note", "started"]),
        (20_004, "clinical", "listing", "v", Some(view), &["id", "code", "called", "sex"]),
        (20_005, "clinical", "drugs", "r", None, &["code", "title"]),
        (20_006, "evil", "patients", "r", None, &["id", "ssn"]),
        (20_007, "clinical", "Odd \"one\"", "r", None, &["a.b"]),
        (20_008, "clinical", "again", "v", Some("SELECT listing.called AS x FROM clinical.listing"), &["x"]),
        (20_009, "plain", "weather", "r", None, &["day", "rain"]),
    ];
    for (oid, schema, name, kind, definition, _) in relations {
        let oid = oid.to_string();
        let cells = [Some(oid.as_str()), Some(schema), Some(name), Some(kind), definition];
        builder.row(1, &cells.map(|cell| cell.map(str::as_bytes))).unwrap();
    }
    for (oid, .., columns) in relations {
        for (column, number) in columns.iter().zip(1..) {
            let (oid, number) = (oid.to_string(), number.to_string());
            let type_oid = if *column == "id" { "20" } else { "25" };
            let cells = [&oid, &number, *column, type_oid, "-1", "text", "f"];
            builder.row(2, &cells.map(|cell| Some(cell.as_bytes()))).unwrap();
        }
    }
    builder.row(3, &[Some(b"20003"), Some(b"20002")]).unwrap();
    for (oid, schema, name, volatility) in
        [("30001", "clinical", "risk", "s"), ("30002", "clinical", "tidy", "v"), ("89", "pg_catalog", "version", "s")]
    {
        builder.row(5, &[oid, schema, name, volatility, "25"].map(|cell| Some(cell.as_bytes()))).unwrap();
    }
    Arc::new(builder.finish().unwrap())
}

fn labels() -> Arc<Labels> {
    Arc::new(Labels::new([
        ("clinical.patients.mrn", Operator::Token),
        ("clinical.patients.ssn", Operator::Tag),
        ("clinical.patients.name", Operator::Surrogate),
        ("clinical.patients.dob", Operator::Generalise),
        ("clinical.patients.id", Operator::Keep),
        // A partition's label holds for what it is a partition of.
        ("clinical.encounters_2026.note", Operator::Drop),
        ("clinical.*.a.b", Operator::Mask),
        ("clinical.*.\"a.b\"", Operator::Mask),
    ]))
}

fn keyring() -> Arc<Keyring> {
    static RING: std::sync::OnceLock<Arc<Keyring>> = std::sync::OnceLock::new();
    Arc::clone(RING.get_or_init(|| Arc::new(Keyring::random().unwrap())))
}

fn judge_with(unlabelled: Unlabelled, labels: Arc<Labels>) -> Judge {
    Judge::new(About {
        target: "ehr".into(),
        user: "app".to_owned(),
        search_path: vec!["$user".to_owned(), "clinical".to_owned(), "public".to_owned()],
        labels,
        unlabelled,
        facts: Arc::default(),
        tokens: Some(keyring()),
    })
}

fn judge() -> Judge {
    judge_with(Unlabelled::Detect, labels())
}

fn ask(judge: &mut Judge, text: &str) -> Result<Judged, Report> {
    judge.ask(&snapshot(), What::Text(&Bytes::copy_from_slice(text.as_bytes())), true)
}

fn one(text: &str) -> Judged {
    ask(&mut judge(), text).unwrap_or_else(|report| panic!("{text}: {report:?}"))
}

/// The questions to policy: action and resource, each with its labelled columns by what is done with them.
fn asks(judged: &Judged) -> Vec<String> {
    let mut all: Vec<String> =
        judged.parts.iter().map(|part| format!("{} {}", part.action, part.resource.name())).collect();
    all.sort();
    all.dedup();
    all.iter().map(|ask| ask.replace("Table::\"ehr.", "\"").replace("Target::\"ehr\"", "*").replace('"', "")).collect()
}

fn shown(treatment: Treatment) -> String {
    match treatment {
        Treatment::Keep => "keep".to_owned(),
        Treatment::Detect => "detect".to_owned(),
        Treatment::Labelled { operator, .. } => operator.to_string(),
        Treatment::Whole { operator: Operator::Tag, .. } => "whole".to_owned(),
        Treatment::Whole { operator, .. } => format!("whole-{operator}"),
    }
}

fn plan(judged: &Judged, ordinal: usize) -> String {
    let plan = judged.outline.plan(&labels()).statement(ordinal);
    match plan.columns {
        Some(columns) => columns.into_iter().map(shown).collect::<Vec<_>>().join(" "),
        None => format!("any {}", shown(plan.rest)),
    }
}

fn facts_of<'j>(judged: &'j Judged, action: Action, table: &str) -> &'j SqlFacts {
    let name = format!("Table::\"ehr.clinical.{table}\"");
    let part = judged.parts.iter().find(|part| part.action == action && part.resource.name() == name);
    match part.map(|part| &part.facts) {
        Some(Facts::Sql(facts)) => facts,
        _ => panic!("{action} {table}: {:?}", asks(judged)),
    }
}

#[test]
fn what_columns_are_subject_to() {
    for (text, expected) in [
        ("SELECT id, mrn, ssn, name, sex, dob FROM patients", "keep token tag surrogate detect generalise"),
        ("SELECT * FROM clinical.patients", "keep token tag surrogate detect generalise"),
        ("TABLE patients", "keep token tag surrogate detect generalise"),
        ("SELECT p.* FROM patients p", "keep token tag surrogate detect generalise"),
        // Names do not matter.
        ("SELECT ssn AS note, mrn \"sex\" FROM patients", "tag token"),
        ("SELECT x.e FROM patients AS x(a, b, e)", "tag"),
        ("SELECT \"ssn\", U&\"s\\0073n\" FROM patients", "tag tag"),
        ("SELECT sSn FROM PATIENTS", "tag"),
        ("SELECT/**/ssn/* FROM plain.weather */FROM--x\npatients", "tag"),
        ("SELECT s FROM (SELECT ssn s FROM patients) x", "tag"),
        ("WITH a AS (SELECT ssn s FROM patients), b(t) AS (SELECT s FROM a) SELECT t FROM b", "tag"),
        ("SELECT (SELECT ssn FROM patients LIMIT 1)", "tag"),
        ("SELECT l.x FROM patients p, LATERAL (SELECT p.ssn) l(x)", "tag"),
        ("SELECT (p).ssn FROM patients p", "whole"),
        // What is computed.
        (
            "SELECT upper(ssn), substr(mrn, 1, 3), reverse(name), md5(ssn), encode(ssn::bytea, 'hex') FROM patients",
            "whole whole whole whole whole",
        ),
        ("SELECT mrn || '', ssn::text, mrn COLLATE \"C\" FROM patients", "whole whole whole"),
        (
            "SELECT to_json(ssn), row_to_json(p), json_agg(p), array_agg(mrn), string_agg(mrn, ',') FROM patients p GROUP BY 1, 2",
            "whole whole whole whole whole",
        ),
        (
            "SELECT xmlagg(xmlelement(name x, ssn)), json_build_object('a', ssn), jsonb_agg(mrn) FROM patients",
            "whole whole whole",
        ),
        ("SELECT p FROM patients p", "whole"),
        ("SELECT ROW(ssn, 1), ARRAY[ssn], (ARRAY[ssn])[1] FROM patients", "whole whole whole"),
        (
            "SELECT CASE WHEN true THEN ssn ELSE '' END, coalesce(ssn, ''), greatest(ssn, ''), nullif(ssn, '') FROM patients",
            "whole whole whole whole",
        ),
        ("SELECT max(ssn), min(mrn) FROM patients", "whole whole"),
        (
            "SELECT rank() OVER (ORDER BY ssn), lag(ssn) OVER (), row_number() OVER () FROM patients",
            "whole whole detect",
        ),
        ("SELECT ssn LIKE '1%', ssn = '1', ssn IS NULL, ssn IN ('1') FROM patients", "whole whole whole whole"),
        ("SELECT u FROM patients, unnest(string_to_array(ssn, '-')) u", "whole"),
        ("SELECT u.* FROM patients, regexp_split_to_table(ssn, '') u", "any whole"),
        ("SELECT count(*), count(ssn), count(DISTINCT ssn) FROM patients", "keep keep keep"),
        ("SELECT sex, count(*) FROM patients GROUP BY sex", "detect keep"),
        // Values of other columns, or of the statement's own, beside labelled ones.
        ("SELECT ssn FROM patients UNION ALL SELECT 'x'", "whole"),
        ("SELECT 'x' UNION SELECT ssn FROM patients", "whole"),
        ("SELECT ssn FROM patients UNION SELECT title FROM drugs", "whole"),
        ("SELECT ssn FROM patients UNION SELECT name FROM patients", "tag"),
        ("SELECT id FROM patients UNION SELECT mrn FROM patients", "whole"),
        ("SELECT sex FROM patients EXCEPT SELECT ssn FROM patients", "whole"),
        ("VALUES ((SELECT ssn FROM patients LIMIT 1)), ('x')", "whole"),
        ("WITH RECURSIVE t AS (SELECT ssn FROM patients UNION ALL SELECT ssn FROM t) SELECT * FROM t", "tag"),
        ("WITH RECURSIVE t(s) AS (SELECT ssn FROM patients UNION ALL SELECT 'x' FROM t) SELECT s FROM t", "whole"),
        // Views, and views of views.
        ("SELECT * FROM listing", "keep whole surrogate detect"),
        ("SELECT x, length(x) FROM again", "surrogate whole"),
        // Partitions, both ways.
        ("SELECT note FROM encounters_2026", "drop"),
        ("SELECT note, upper(note), id FROM encounters", "drop whole-drop detect"),
        // Odd names.
        ("SELECT * FROM \"Odd \"\"one\"\"\"", "mask"),
        ("SELECT o.\"a.b\" FROM clinical.\"Odd \"\"one\"\"\" o", "mask"),
        // What comes back from changes.
        ("UPDATE patients SET sex = 'f' WHERE id = 1 RETURNING ssn, old.mrn, sex", "tag token detect"),
        ("DELETE FROM patients WHERE id = 1 RETURNING *", "keep token tag surrogate detect generalise"),
        ("INSERT INTO drugs (code) SELECT ssn FROM patients RETURNING code, title", "whole whole"),
        ("WITH i AS (INSERT INTO drugs (code) SELECT ssn FROM patients RETURNING code) SELECT code FROM i", "whole"),
        ("UPDATE drugs SET title = p.ssn FROM patients p RETURNING title", "whole"),
        ("UPDATE drugs SET title = 'x' RETURNING title", "detect"),
        ("WITH d AS (DELETE FROM patients WHERE id = 1 RETURNING ssn s) SELECT s FROM d", "tag"),
        (
            "MERGE INTO drugs d USING patients p ON d.code = p.mrn WHEN MATCHED THEN DELETE RETURNING p.ssn, d.code",
            "tag detect",
        ),
        // What nobody can prove.
        ("SELECT clinical.risk(1)", "whole"),
        ("SELECT clinical.risk(id), sex FROM patients", "whole detect"),
        ("SELECT ssn(patients) FROM patients", "whole"),
        ("SELECT * FROM clinical.risk(1) r", "any whole"),
        ("SELECT nowhere.x FROM nowhere", "whole"),
        ("SELECT * FROM nowhere", "any whole"),
        ("EXPLAIN SELECT * FROM patients", "whole"),
        ("EXPLAIN ANALYZE SELECT ssn FROM patients WHERE id = 1", "whole"),
        ("EXPLAIN SELECT * FROM drugs", "detect"),
        ("SELECT most_common_vals FROM pg_stats", "whole"),
        ("SELECT query FROM pg_stat_activity", "whole"),
        ("SELECT * FROM pg_catalog.pg_statistic", "any whole"),
        ("SELECT lo_get(1)", "any whole"),
        ("SELECT query_to_xml('SELECT ssn FROM clinical.patients', true, true, '')", "any whole"),
        ("SELECT * FROM dblink('', 'SELECT ssn FROM patients') AS t(a text)", "any whole"),
        // What touches nothing.
        ("SELECT 1, now(), current_user", "detect detect detect"),
        ("SELECT title FROM drugs WHERE code = 'x'", "detect"),
        ("SELECT relname FROM pg_class", "detect"),
        ("SELECT * FROM pg_class", "any detect"),
        ("SELECT * FROM information_schema.columns", "any detect"),
        ("SHOW ALL", "any detect"),
        ("SELECT code FROM drugs UNION SELECT 'x'", "detect"),
    ] {
        assert_eq!(plan(&one(text), 0), expected, "{text}");
    }
}

#[test]
fn what_policy_is_asked() {
    for (text, expected) in [
        ("SELECT 1", "select *"),
        ("", "connect *"),
        ("-- nothing", "connect *"),
        ("BEGIN; SHOW search_path; COMMIT", "connect *"),
        ("SET statement_timeout = 5", "connect *"),
        ("SET search_path = evil", "set *"),
        ("SELECT ssn FROM patients", "select clinical.patients"),
        ("SELECT ssn FROM listing", "select clinical.listing, select clinical.patients"),
        (
            "SELECT p.ssn, e.note FROM patients p JOIN encounters e ON e.patient_id = p.id",
            "select clinical.encounters, select clinical.patients",
        ),
        (
            "SELECT ssn FROM encounters_2026, evil.patients",
            "select clinical.encounters, select clinical.encounters_2026, select evil.patients",
        ),
        (
            "WITH d AS (DELETE FROM drugs RETURNING *) SELECT * FROM patients",
            "delete clinical.drugs, select clinical.patients",
        ),
        ("DELETE FROM drugs RETURNING *", "delete clinical.drugs, select *"),
        ("SELECT 1; DELETE FROM drugs", "delete clinical.drugs, select *"),
        ("SELECT 1 /* ; */; /* x */ DROP TABLE drugs; -- DELETE", "ddl *, select *"),
        ("SELECT 'x; DROP TABLE drugs'", "select *"),
        ("SELECT $$; DROP TABLE drugs; $$", "select *"),
        ("EXPLAIN SELECT * FROM patients", "explain clinical.patients"),
        ("EXPLAIN ANALYZE DELETE FROM drugs", "delete clinical.drugs, explain clinical.drugs"),
        ("DECLARE c CURSOR FOR SELECT ssn FROM patients", "cursor clinical.patients, select clinical.patients"),
        ("FETCH ALL FROM unheard_of", "cursor *"),
        ("EXECUTE unheard_of", "opaque *"),
        ("DO $$ BEGIN RAISE NOTICE '%', (SELECT ssn FROM clinical.patients); END $$", "opaque *"),
        ("SELECT * FROM no such thing", "opaque *"),
        ("COPY patients TO STDOUT", "copy_out clinical.patients"),
        ("COPY (SELECT ssn FROM patients) TO STDOUT", "copy_out clinical.patients"),
        ("COPY patients FROM STDIN", "copy_in clinical.patients"),
        ("CALL clinical.tidy()", "call *"),
        ("SELECT clinical.tidy()", "call *, select *"),
        ("SELECT pg_sleep(5)", "call *, select *"),
        ("LISTEN x", "listen *"),
        ("SELECT rolpassword FROM pg_authid", "select pg_catalog.pg_authid"),
        ("SELECT * FROM nowhere", "select app.nowhere, select clinical.nowhere, select public.nowhere"),
        (
            "CREATE TEMP TABLE t AS SELECT ssn FROM patients",
            "ddl app.t, ddl clinical.t, ddl pg_temp.t, ddl public.t, select clinical.patients",
        ),
        ("TRUNCATE drugs, patients", "truncate clinical.drugs, truncate clinical.patients"),
        ("SELECT lo_import('/etc/passwd')", "opaque *, select *"),
    ] {
        assert_eq!(asks(&one(text)).join(", "), expected, "{text}");
    }
}

#[test]
fn what_is_known_goes_with_each_table() {
    let judged =
        one("SELECT p.mrn, upper(p.name), e.started FROM patients p JOIN encounters e ON e.patient_id = p.id \
         WHERE p.ssn = '1' AND p.dob > '1990-01-01' AND e.note LIKE 'x%' ORDER BY p.name LIMIT 7");
    let set = |names: &[&str]| -> BTreeSet<String> { names.iter().map(|name| (*name).to_owned()).collect() };
    let patients = facts_of(&judged, Action::Select, "patients");
    assert_eq!(patients.columns, set(&["id", "mrn", "name", "ssn", "dob"]));
    assert_eq!(patients.labelled, set(&["mrn", "name", "ssn", "dob"]));
    assert_eq!(patients.labelled_probed, set(&["ssn"]));
    assert_eq!(patients.labelled_asked, set(&["dob", "name"]));
    assert_eq!(patients.labelled_computed, set(&["name"]));
    assert_eq!(patients.tables, set(&["clinical.patients", "clinical.encounters"]));
    assert_eq!(patients.functions, set(&["pg_catalog.upper"]));
    assert_eq!((patients.has_where, patients.limit, patients.rows_unbounded), (true, Some(7), false));
    let encounters = facts_of(&judged, Action::Select, "encounters");
    assert_eq!(encounters.labelled, set(&["note"]));
    assert_eq!(encounters.labelled_asked, set(&["note"]));

    let stored = |text| facts_of(&one(text), Action::Select, "patients").labelled_stored.clone();
    assert_eq!(stored("INSERT INTO drugs (code) SELECT mrn FROM patients"), set(&["mrn"]));
    assert_eq!(stored("CREATE TABLE clinical.n AS SELECT ssn FROM patients"), set(&["ssn"]));
    assert_eq!(stored("INSERT INTO encounters_2026 (note) SELECT ssn FROM patients"), set(&[]));
    assert_eq!(stored("INSERT INTO drugs (code) SELECT sex FROM patients"), set(&[]));
}

#[test]
fn asking_about_hidden_values_is_seen_wherever_it_stands() {
    for text in [
        "SELECT 1 FROM patients WHERE ssn LIKE '1%'",
        "SELECT 1 FROM patients WHERE ssn ~ '^1'",
        "SELECT 1 FROM patients WHERE ssn > '5'",
        "SELECT 1 FROM patients WHERE NOT (ssn <> '5')",
        "SELECT 1 FROM patients WHERE ssn BETWEEN '1' AND '2'",
        "SELECT 1 FROM patients WHERE substr(ssn, 1, 1) = '1'",
        "SELECT 1 FROM patients WHERE ssn::bigint = 1",
        "SELECT 1 FROM patients WHERE ssn || '' = '1'",
        "SELECT count(*) FROM patients WHERE left(ssn, 1) IN ('1')",
        "SELECT count(*) FILTER (WHERE ssn LIKE '1%') FROM patients",
        "SELECT id FROM patients ORDER BY ssn",
        "SELECT id FROM patients ORDER BY (ssn = '1')",
        "SELECT 1 FROM (SELECT substr(ssn, 1, 1) c FROM patients) x WHERE c = '1'",
        "WITH w AS (SELECT ssn s FROM patients) SELECT 1 FROM w WHERE s < '5'",
        "SELECT 1 FROM drugs WHERE EXISTS (SELECT FROM patients WHERE ssn LIKE '1%')",
        "SELECT 1 FROM drugs d JOIN patients p ON p.ssn LIKE d.code",
        "SELECT v.x FROM patients p JOIN (VALUES ('1'), ('2')) v(x) ON p.ssn = v.x",
        "SELECT v.ssn FROM patients p JOIN (VALUES ('1'), ('2')) v(ssn) USING (ssn)",
        "SELECT 1 FROM patients WHERE ssn IN (VALUES ('1'), ('2'))",
        "SELECT 1 FROM patients WHERE ssn = (SELECT '1')",
        "SELECT 1 FROM patients WHERE ssn = ANY (string_to_array('1,2', ','))",
        "SELECT 1 FROM patients WHERE (ssn, id) = ('1', 2)",
        "SELECT 1 FROM patients p WHERE p > ROW(1, 'a')",
        "SELECT ssn FROM patients INTERSECT VALUES ('1')",
        "SELECT CASE WHEN ssn LIKE '1%' THEN 1 / 0 END FROM patients",
        "SELECT 1 / (length(ssn) - 11) FROM patients",
        "SELECT nullif(ssn, '1'), regexp_match(ssn, '^1') FROM patients",
        "SELECT pg_sleep(CASE WHEN ssn LIKE '1%' THEN 5 END) FROM patients",
        "SELECT id FROM patients GROUP BY id HAVING max(ssn) > '5'",
        "SELECT count(*) FROM patients GROUP BY substr(ssn, 1, 1)",
        "SELECT id, rank() OVER (ORDER BY ssn) FROM patients",
        "SELECT DISTINCT ON (ssn) id FROM patients ORDER BY ssn",
        "UPDATE patients SET sex = 'x' WHERE ssn LIKE '1%'",
        "DELETE FROM patients WHERE ssn LIKE '1%'",
        "COPY (SELECT id FROM patients WHERE ssn LIKE '1%') TO STDOUT",
        "EXPLAIN ANALYZE SELECT id FROM patients WHERE ssn LIKE '1%'",
        "DECLARE c CURSOR FOR SELECT id FROM patients WHERE ssn LIKE '1%'",
        "SELECT 1 FROM listing WHERE code LIKE '1%'",
    ] {
        let judged = one(text);
        let asked = judged.parts.iter().any(|part| match &part.facts {
            Facts::Sql(facts) => facts.labelled_asked.contains("ssn"),
            _ => false,
        });
        assert!(asked, "{text}");
    }
    for text in [
        "SELECT mrn FROM patients WHERE ssn = '1'",
        "SELECT mrn FROM patients WHERE ssn = $1 OR ssn IN ('1', '2') AND sex LIKE 'f%'",
        "SELECT 1 FROM patients WHERE ssn IS NOT NULL",
        "SELECT count(ssn) FROM patients",
        "SELECT upper(ssn), json_agg(p) FROM patients p GROUP BY 1",
        "SELECT 1 FROM patients p JOIN drugs d ON d.code = p.ssn",
        "SELECT ssn FROM patients WHERE id > 5 ORDER BY id",
        "SELECT ssn, count(*) FROM patients GROUP BY ssn",
        "SELECT ssn FROM patients UNION ALL SELECT ssn FROM evil.patients",
    ] {
        let judged = one(text);
        for part in &judged.parts {
            let Facts::Sql(facts) = &part.facts else { continue };
            assert_eq!(facts.labelled_asked, BTreeSet::new(), "{text}");
        }
    }
}

#[test]
fn some_things_are_refused_whatever_policy_says() {
    for (text, code) in [
        ("SET ROLE postgres", "42501"),
        ("SELECT 1; SET LOCAL ROLE postgres", "42501"),
        ("SET SESSION AUTHORIZATION postgres", "42501"),
        ("RESET ROLE", "42501"),
        ("SET row_security = off", "42501"),
        ("SET standard_conforming_strings = off", "42501"),
        ("SET client_encoding = 'SJIS'", "42501"),
        ("SET NAMES 'LATIN1'", "42501"),
        ("SET DateStyle = 'German'", "42501"),
        ("SET IntervalStyle = iso_8601", "42501"),
        ("SET bytea_output = 'escape'", "42501"),
        ("SELECT set_config('role', 'postgres', false)", "42501"),
        ("SELECT set_config('ro' || 'le', 'postgres', false)", "42501"),
        ("SELECT set_config('work_mem', '1MB', false), set_config(title, 'x', false) FROM drugs", "42501"),
        ("COPY patients TO '/tmp/x'", "42501"),
        ("COPY patients TO PROGRAM 'cat'", "42501"),
        ("COPY drugs FROM '/etc/passwd'", "42501"),
        ("COPY patients TO STDOUT (ENCODING 'LATIN1')", "0A000"),
        ("COPY patients TO STDOUT (FORMAT parquet)", "0A000"),
        ("PREPARE p AS SELECT set_config('role', 'x', false)", "42501"),
        ("EXPLAIN ANALYZE SELECT set_config('role', 'x', false)", "42501"),
    ] {
        let report = ask(&mut judge(), text).map(|judged| asks(&judged)).unwrap_err();
        assert_eq!(report.code, code, "{text}");
    }
    for text in [
        "SET client_encoding = 'UTF8'",
        "SET DateStyle = 'ISO, DMY'",
        "SET TimeZone = 'UTC'",
        "SET bytea_output = 'hex'",
        "RESET ALL",
        "DISCARD ALL",
        "SET application_name = 'x'",
    ] {
        assert_eq!(asks(&one(text)), ["connect *"], "{text}");
    }
}

#[test]
fn tables_without_labels_may_be_refused() {
    let deny = |text: &str| ask(&mut judge_with(Unlabelled::Deny, labels()), text).is_err();
    for text in [
        "SELECT * FROM drugs",
        "SELECT p.mrn FROM patients p, drugs",
        "SELECT * FROM plain.weather",
        "COPY drugs TO STDOUT",
        "SELECT * FROM nowhere",
        "INSERT INTO drugs VALUES ('x')",
        "EXPLAIN SELECT * FROM drugs",
    ] {
        assert!(deny(text), "{text}");
    }
    for text in [
        "SELECT * FROM patients",
        "SELECT * FROM again",
        "SELECT * FROM encounters",
        "SELECT * FROM encounters_2026",
        "SELECT * FROM pg_class",
        "SELECT 1",
        "BEGIN",
    ] {
        assert!(!deny(text), "{text}");
    }
}

#[test]
fn a_search_path_that_may_be_in_force_counts() {
    let mut judge = judge();
    assert_eq!(asks(&ask(&mut judge, "SELECT ssn FROM patients").unwrap()), ["select clinical.patients"]);
    ask(&mut judge, "SET search_path = evil, clinical").unwrap();
    let both = ask(&mut judge, "SELECT ssn FROM patients").unwrap();
    assert_eq!(asks(&both), ["select clinical.patients", "select evil.patients"]);
    assert_eq!(plan(&both, 0), "tag", "the stronger of both");
    let qualified = ask(&mut judge, "SELECT ssn FROM clinical.patients").unwrap();
    assert_eq!(asks(&qualified), ["select clinical.patients"]);
    // Back again, perhaps; perhaps that failed.
    ask(&mut judge, "RESET search_path").unwrap();
    assert_eq!(asks(&ask(&mut judge, "SELECT ssn FROM patients").unwrap()).len(), 2);
    // Within one text as well.
    let at_once = one("SET search_path = evil; SELECT ssn FROM patients");
    assert_eq!(asks(&at_once), ["select clinical.patients", "select evil.patients", "set *"]);
    assert_eq!(asks(&one("SELECT set_config('search_path', 'EVIL, x', false); SELECT ssn FROM patients")).len(), 5);

    // What policy denied never was.
    let mut judge = judge_with(Unlabelled::Detect, labels());
    ask(&mut judge, "SET search_path = evil").unwrap();
    judge.denied();
    assert_eq!(asks(&ask(&mut judge, "SELECT ssn FROM patients").unwrap()), ["select clinical.patients"]);
    let mut last = Ok(());
    for number in 0..20 {
        last = ask(&mut judge, &format!("SET search_path = s{number}")).map(drop);
    }
    assert_eq!(last.unwrap_err().code, "54000");
}

#[test]
fn relations_of_the_session_are_whole() {
    let mut judge = judge();
    ask(&mut judge, "CREATE TEMP TABLE mine AS SELECT ssn AS x, id FROM patients").unwrap();
    let judged = ask(&mut judge, "SELECT x FROM mine").unwrap();
    assert_eq!(plan(&judged, 0), "whole");
    assert!(asks(&judged).contains(&"select pg_temp.mine".to_owned()));
    // One that hides a table that is known: it may be either.
    ask(&mut judge, "CREATE TEMP TABLE patients (ssn text, sex text)").unwrap();
    let judged = ask(&mut judge, "SELECT sex FROM patients").unwrap();
    assert_eq!(plan(&judged, 0), "whole");
    assert_eq!(asks(&judged), ["select clinical.patients", "select pg_temp.patients"]);
    // One that is not temporary, and is known by and by.
    ask(&mut judge, "CREATE TABLE plain.weather AS SELECT ssn AS day FROM clinical.patients").unwrap();
    assert_eq!(plan(&ask(&mut judge, "SELECT day FROM plain.weather").unwrap(), 0), "whole");
    // What was written elsewhere stays hidden from the session that wrote it.
    ask(&mut judge, "INSERT INTO drugs (title) SELECT ssn FROM clinical.patients").unwrap();
    assert_eq!(plan(&ask(&mut judge, "SELECT title FROM drugs").unwrap(), 0), "whole");
    assert_eq!(plan(&one("CREATE TEMP TABLE t AS SELECT ssn s FROM patients; SELECT s FROM t"), 1), "whole");
    assert_eq!(plan(&one("SELECT ssn s INTO t FROM patients; SELECT s FROM t"), 1), "whole");
}

#[test]
fn what_was_prepared_keeps_its_facts() {
    let mut judge = judge();
    let prepared = ask(&mut judge, "PREPARE p (text) AS SELECT ssn, sex FROM patients WHERE mrn = $1").unwrap();
    assert_eq!(asks(&prepared), ["select clinical.patients"]);
    assert_eq!(prepared.forget, Forget::Named(vec!["p".into()]));
    let run = ask(&mut judge, "EXECUTE p ('7')").unwrap();
    assert_eq!(asks(&run), ["select clinical.patients"]);
    assert_eq!(plan(&run, 0), "tag detect");
    assert_eq!(run.probes.len(), 1);
    // A name that may stand for two.
    ask(&mut judge, "DEALLOCATE p; PREPARE p AS SELECT sex, ssn FROM patients").unwrap();
    assert_eq!(plan(&ask(&mut judge, "EXECUTE p").unwrap(), 0), "tag tag");
    ask(&mut judge, "PREPARE p AS SELECT 1").unwrap();
    assert_eq!(plan(&ask(&mut judge, "EXECUTE p").unwrap(), 0), "any whole");
    // Within something else it is dynamic.
    assert!(asks(&ask(&mut judge, "CREATE TEMP TABLE t AS EXECUTE p").unwrap()).contains(&"opaque *".to_owned()));
    assert!(asks(&ask(&mut judge, "EXPLAIN ANALYZE EXECUTE p").unwrap()).contains(&"opaque *".to_owned()));
    assert_eq!(asks(&ask(&mut judge, "EXECUTE q").unwrap()), ["opaque *"]);

    // By the protocol, then by SQL; by SQL, then by the protocol.
    let snapshot = snapshot();
    let parse = Parse { name: "s".into(), text: "SELECT mrn FROM patients LIMIT $1".into(), types: vec![] };
    let parsed = judge.ask(&snapshot, What::Parse(&parse), true).unwrap();
    assert_eq!(plan(&ask(&mut judge, "EXECUTE s(5)").unwrap(), 0), "token");
    let bind = |statement: &'static str, values: &[Option<&'static [u8]>]| Bind {
        portal: Bytes::new(),
        statement: statement.into(),
        formats: vec![],
        values: values.iter().map(|value| value.map(Bytes::from_static)).collect(),
        results: vec![],
    };
    let statement = parsed.prepared.unwrap();
    let limit = |judge: &mut Judge, value: Option<&'static [u8]>| {
        let judged = judge.ask(&snapshot, What::Bind(&bind("s", &[value]), Some(&statement)), true).unwrap();
        assert_eq!(plan(&judged, 0), "token");
        let facts = facts_of(&judged, Action::Select, "patients");
        (facts.limit, facts.rows_unbounded)
    };
    assert_eq!(limit(&mut judge, Some(b"5")), (Some(5), false));
    assert_eq!(limit(&mut judge, None), (None, true), "no limit is no limit");
    assert_eq!(limit(&mut judge, Some(b"-1")), (Some(0), false));
    ask(&mut judge, "PREPARE q AS SELECT name FROM patients").unwrap();
    let judged = judge.ask(&snapshot, What::Bind(&bind("q", &[]), None), true).unwrap();
    assert_eq!(plan(&judged, 0), "surrogate");
    let judged = judge.ask(&snapshot, What::Bind(&bind("unheard of", &[]), None), true).unwrap();
    assert_eq!((asks(&judged), plan(&judged, 0)), (vec!["opaque *".to_owned()], "any whole".to_owned()));
    // A path that was set after it was prepared.
    ask(&mut judge, "SET search_path = evil").unwrap();
    let judged = judge.ask(&snapshot, What::Bind(&bind("s", &[Some(b"1")]), Some(&statement)), true).unwrap();
    assert!(asks(&judged).contains(&"select evil.patients".to_owned()));
}

#[test]
fn cursors_keep_the_plan_of_their_query() {
    let mut judge = judge();
    let open = |judge: &mut Judge, text: &str, quiet| {
        judge.ask(&snapshot(), What::Text(&Bytes::copy_from_slice(text.as_bytes())), quiet).unwrap()
    };
    open(&mut judge, "BEGIN; DECLARE c CURSOR FOR SELECT ssn, sex FROM patients", true);
    let fetched = open(&mut judge, "FETCH 10 FROM c", false);
    assert_eq!(
        (asks(&fetched), plan(&fetched, 0)),
        (vec!["cursor clinical.patients".to_owned()], "tag detect".to_owned())
    );
    assert_eq!(facts_of(&fetched, Action::Cursor, "patients").limit, Some(10));
    assert!(facts_of(&open(&mut judge, "FETCH ALL FROM c", false), Action::Cursor, "patients").rows_unbounded);
    let portal = judge.ask(&snapshot(), What::Portal(&"c".into()), false).unwrap();
    assert_eq!(plan(&portal, 0), "tag detect");
    // Names come again with the next transaction.
    open(&mut judge, "BEGIN; DECLARE c CURSOR FOR SELECT title FROM drugs", true);
    assert_eq!(plan(&open(&mut judge, "FETCH 1 FROM c", false), 0), "detect");
    open(&mut judge, "DECLARE h CURSOR WITH HOLD FOR SELECT mrn FROM patients", true);
    assert_eq!(plan(&open(&mut judge, "FETCH 1 FROM h", true), 0), "token");
    let unknown = open(&mut judge, "FETCH ALL FROM c", true);
    assert_eq!((asks(&unknown), plan(&unknown, 0)), (vec!["cursor *".to_owned()], "any whole".to_owned()));
    assert_eq!(open(&mut judge, "CLOSE h", true).forget, Forget::Named(vec!["h".into()]));
    assert_eq!(open(&mut judge, "CLOSE ALL", true).forget, Forget::Everything);
    assert_eq!(open(&mut judge, "DISCARD ALL", true).forget, Forget::Everything);
    assert_eq!(open(&mut judge, "SELECT 1", true).forget, Forget::Nothing);
}

#[test]
fn every_statement_of_a_text_has_its_plan() {
    let judged = one(
        "SELECT sex FROM patients; SELECT ssn, mrn FROM patients; DELETE FROM drugs; SELECT count(*) FROM patients",
    );
    assert_eq!([0, 1, 3].map(|at| plan(&judged, at)), ["detect", "tag token", "keep"]);
    assert_eq!(plan(&judged, 4), "any whole", "a statement that is not there");
}

#[test]
fn probes_are_told_with_their_values() {
    let probes = |judged: Judged| -> Vec<String> {
        let spelt = |probe: &Probe| format!("{} {}", probe.column, String::from_utf8_lossy(&probe.value));
        judged.probes.iter().map(spelt).collect()
    };
    for (text, expected) in [
        ("SELECT 1 FROM patients WHERE ssn = '1'", vec!["clinical.patients.ssn 1"]),
        (
            "SELECT 1 FROM patients WHERE ssn IN ('1', '2', '1')",
            vec!["clinical.patients.ssn 1", "clinical.patients.ssn 2"],
        ),
        (
            "SELECT 1 FROM patients WHERE ssn = ANY ('{1,2}')",
            vec!["clinical.patients.ssn 1", "clinical.patients.ssn 2"],
        ),
        ("SELECT CASE WHEN ssn = E'1' THEN 1 END FROM patients", vec!["clinical.patients.ssn E'1'"]),
        ("SELECT 1 FROM patients p JOIN drugs d ON d.code = p.ssn", vec!["clinical.patients.ssn drugs code"]),
        ("SELECT 1 FROM patients WHERE id = 1 AND sex = 'f'", vec![]),
        ("SELECT 1 FROM listing WHERE called = 'Ann'", vec!["clinical.patients.name Ann"]),
    ] {
        assert_eq!(probes(one(text)), expected, "{text}");
    }
    let mut judge = judge();
    let snapshot = snapshot();
    let parse = Parse {
        name: "".into(),
        text: "SELECT 1 FROM patients WHERE ssn = $1 OR mrn = ANY ($2)".into(),
        types: vec![],
    };
    let parsed = judge.ask(&snapshot, What::Parse(&parse), true).unwrap();
    assert_eq!(parsed.probes, [], "there are no values yet");
    let bind = Bind {
        portal: Bytes::new(),
        statement: Bytes::new(),
        formats: vec![],
        values: vec![Some("7".into()), Some("{8,9}".into())],
        results: vec![],
    };
    let bound = judge.ask(&snapshot, What::Bind(&bind, parsed.prepared.as_ref()), true).unwrap();
    assert_eq!(probes(bound), ["clinical.patients.ssn 7", "clinical.patients.mrn 8", "clinical.patients.mrn 9"]);
    assert!(!format!("{:?}", one("SELECT 1 FROM patients WHERE ssn = '123-45-6789'")).contains("123-45"));
}

#[test]
fn a_reason_stays_here() {
    let judged = one("SELECT 1; SET blackbar.reason = 'ward round, Ann Lee'; SELECT 2");
    assert_eq!(judged.reason.as_deref(), Some("ward round, Ann Lee"));
    assert_eq!(judged.text.as_deref(), Some(&b"SELECT 1; SET blackbar.reason = ''; SELECT 2"[..]));
    assert_eq!(asks(&judged), ["connect *", "select *"]);
    assert_eq!(one("SELECT 1").text, None);
}

#[test]
fn copies_have_a_format_and_columns() {
    let copy = |text: &str| {
        let judged = one(text);
        let plan = judged.outline.plan(&labels()).statement(0);
        plan.copy.unwrap_or_else(|| panic!("{text}"))
    };
    let out = copy("COPY patients (ssn, id, sex) TO STDOUT (FORMAT csv, HEADER)");
    assert!(out.out);
    let columns: Vec<_> = out.columns.iter().map(|column| (shown(column.treatment), column.type_oid)).collect();
    assert_eq!(columns, [("tag".to_owned(), 25), ("keep".to_owned(), 20), ("detect".to_owned(), 25)]);
    let query = copy("COPY (SELECT upper(ssn), id + 1, mrn FROM patients) TO STDOUT");
    let columns: Vec<_> = query.columns.iter().map(|column| (shown(column.treatment), column.type_oid)).collect();
    assert_eq!(columns, [("whole".to_owned(), 0), ("detect".to_owned(), 0), ("token".to_owned(), 25)]);
    let whole = query.columns[0];
    assert!(matches!(whole.decision(&query.format, &snapshot()), Decision::Replace { operator: Operator::Tag, .. }));
    let binary = blackbar_wire::pg::copy::CopyFormat::Binary;
    assert!(matches!(whole.decision(&binary, &snapshot()), Decision::Replace { operator: Operator::Drop, .. }));
    let unknown = copy("COPY nowhere TO STDOUT");
    assert!(unknown.columns.is_empty());
    let within = copy("COPY patients (mrn, sex) FROM STDIN");
    assert!(!within.out);
    assert_eq!(within.columns.iter().map(|column| shown(column.treatment)).collect::<Vec<_>>(), ["token", "keep"]);
}

#[test]
fn what_is_computed_leaves_nothing_of_the_value_in_any_type() {
    let whole = Treatment::Whole { kind: blackbar_detectors::kinds::SSN, operator: Operator::Tag };
    let operator = |shape: Shape| match whole.decision(&shape) {
        Decision::Replace { operator, .. } => operator,
        other => panic!("{other:?}"),
    };
    use blackbar_wire::pg::value::Base;
    assert_eq!(operator(Shape::Base(Base::Text)), Operator::Tag);
    // The year of a date, the length of an array, the sign of a number.
    for shape in [Shape::Base(Base::Date), Shape::Array(25), Shape::Base(Base::Int4), Shape::Unknown, Shape::Enum] {
        assert_eq!(operator(shape), Operator::Drop);
    }
}

#[test]
fn settings_that_the_server_reports_are_heeded() {
    let mut other = judge();
    other.setting(b"client_encoding", b"UTF8");
    other.setting(b"DateStyle", b"ISO, MDY");
    assert!(ask(&mut other, "SELECT 1").is_ok());
    other.setting(b"DateStyle", b"German, DMY");
    assert_eq!(ask(&mut other, "SELECT 1").unwrap_err().code, "0A000");
    let mut escapes = judge();
    escapes.setting(b"standard_conforming_strings", b"off");
    assert_eq!(asks(&ask(&mut escapes, r"SELECT '\' || ssn FROM patients --'").unwrap()), ["opaque *"]);
}

#[test]
fn labels_that_hide_nothing_change_nothing() {
    let open = Arc::new(Labels::new([("clinical.patients.id", Operator::Keep)]));
    for text in ["SELECT clinical.risk(1)", "SELECT * FROM nowhere", "EXPLAIN SELECT * FROM patients", "FETCH c"] {
        let plan = one(text).outline.plan(&open).statement(0);
        assert_eq!(plan.rest, Treatment::Detect, "{text}");
    }
}

fn token(value: &str) -> String {
    keyring().token("mrn", value.as_bytes()).unwrap()
}

fn bound(text: &str, format: i16, values: &[Option<Bytes>]) -> Result<Judged, Report> {
    let mut judge = judge();
    let parse = Parse { name: "".into(), text: Bytes::copy_from_slice(text.as_bytes()), types: vec![] };
    let parsed = judge.ask(&snapshot(), What::Parse(&parse), true)?;
    let bind = Bind {
        portal: Bytes::new(),
        statement: Bytes::new(),
        formats: vec![format],
        values: values.to_vec(),
        results: vec![],
    };
    judge.ask(&snapshot(), What::Bind(&bind, parsed.prepared.as_ref()), true)
}

#[test]
fn a_token_is_resolved_where_its_original_does_not_come_out_again() {
    let (plain, odd) = (token("C1234567"), token("O'Neil \\x"));
    for (before, expected) in [
        (format!("SELECT ssn FROM patients WHERE mrn = '{plain}'"), "SELECT ssn FROM patients WHERE mrn = 'C1234567'"),
        (
            format!("SELECT 1 FROM patients WHERE mrn IN ('x', '{plain}')"),
            "SELECT 1 FROM patients WHERE mrn IN ('x', 'C1234567')",
        ),
        (format!("SELECT 1 FROM patients WHERE mrn = '{odd}'"), "SELECT 1 FROM patients WHERE mrn = 'O''Neil \\x'"),
        (format!("SELECT 1 FROM patients WHERE mrn = E'{odd}'"), "SELECT 1 FROM patients WHERE mrn = E'O''Neil \\\\x'"),
        (
            format!("SELECT 1 FROM patients WHERE mrn = $x${plain}$x$"),
            "SELECT 1 FROM patients WHERE mrn = $x$C1234567$x$",
        ),
        (
            format!("UPDATE patients SET mrn = '{plain}' WHERE id = 1"),
            "UPDATE patients SET mrn = 'C1234567' WHERE id = 1",
        ),
        (format!("DELETE FROM patients WHERE mrn = '{plain}'"), "DELETE FROM patients WHERE mrn = 'C1234567'"),
        (
            format!("SELECT 1; SELECT 2 FROM drugs WHERE code = '{plain}'"),
            "SELECT 1; SELECT 2 FROM drugs WHERE code = 'C1234567'",
        ),
    ] {
        let judged = one(&before);
        assert_eq!(judged.text.as_deref().map(String::from_utf8_lossy).as_deref(), Some(expected), "{before}");
        assert!(asks(&judged).contains(&"resolve *".to_owned()), "{before}");
    }
    // All spellings, where there is room for them.
    let ssn = keyring().token("ssn", b"123456789").unwrap();
    let all = "'123-45-6789', '123 45 6789', '123456789'";
    for (before, expected) in [
        (
            format!("SELECT 1 FROM patients WHERE ssn = '{ssn}'"),
            format!("SELECT 1 FROM patients WHERE ssn = ANY (ARRAY[{all}])"),
        ),
        (
            format!("SELECT 1 FROM patients WHERE ssn IN ('x', '{ssn}')"),
            format!("SELECT 1 FROM patients WHERE ssn IN ('x', {all})"),
        ),
        (
            format!("SELECT 1 FROM patients WHERE ssn IN ( '{ssn}')"),
            format!("SELECT 1 FROM patients WHERE ssn IN ( {all})"),
        ),
        (
            format!("SELECT 1 FROM patients WHERE ssn = ANY (ARRAY['{ssn}'])"),
            format!("SELECT 1 FROM patients WHERE ssn = ANY (ARRAY[{all}])"),
        ),
        (
            format!("SELECT 1 FROM patients WHERE '{ssn}' = ssn"),
            "SELECT 1 FROM patients WHERE '123-45-6789' = ssn".to_owned(),
        ),
        (
            format!("SELECT 1 FROM patients WHERE ssn = '{ssn}'::text"),
            "SELECT 1 FROM patients WHERE ssn = '123-45-6789'::text".to_owned(),
        ),
    ] {
        let judged = one(&before);
        assert_eq!(judged.text.as_deref().map(String::from_utf8_lossy).as_deref(), Some(expected.as_str()), "{before}");
    }
    let report = ask(&mut judge(), &format!("UPDATE patients SET ssn = '{ssn}' WHERE id = 1")).unwrap_err();
    assert_eq!(report.code, "42501", "nobody knows how it was spelt");
    // Here it would come out, or go where nothing hides it.
    for before in [
        format!("SELECT '{plain}'"),
        format!("SELECT mrn, '{plain}' FROM patients"),
        format!("SELECT x FROM (VALUES ('{plain}')) v(x)"),
        format!("SELECT v.x FROM patients p JOIN (VALUES ('{plain}')) v(x) ON p.mrn = v.x"),
        format!("SELECT upper('{plain}'), length('{plain}') FROM patients"),
        format!("SELECT 1 FROM nowhere WHERE x = '{plain}'"),
        format!("SELECT 1 FROM patients WHERE id = '{plain}'"),
        format!("SELECT \"{plain}\" FROM patients -- {plain}"),
    ] {
        let judged = one(&before);
        assert_eq!(judged.text, None, "{before}");
        assert!(!asks(&judged).contains(&"resolve *".to_owned()), "{before}");
    }
    let forged = format!("{}{}", &plain[..plain.len() - 1], if plain.ends_with('a') { 'b' } else { 'a' });
    let report = ask(&mut judge(), &format!("SELECT 1 FROM patients WHERE mrn = '{forged}'")).unwrap_err();
    assert_eq!(report.code, "22023");
    let report = ask(&mut judge(), &format!("SELECT 1 FROM patients WHERE mrn = $${odd}$$")).unwrap_err();
    assert_eq!(report.code, "22023");
}

#[test]
fn parameters_are_resolved_like_constants() {
    let plain = token("C1234567");
    let select = "SELECT ssn FROM patients WHERE mrn = $1";
    for format in [0, 1] {
        let judged = bound(select, format, &[Some(plain.clone().into())]).unwrap();
        assert_eq!(judged.values, Some(vec![Some("C1234567".into())]));
        assert!(asks(&judged).contains(&"resolve *".to_owned()));
    }
    assert_eq!(bound(select, 0, &[Some("C1234567".into())]).unwrap().values, None);
    assert_eq!(bound("SELECT $1::text", 0, &[Some(plain.clone().into())]).unwrap().values, None);
    let any = "SELECT ssn FROM patients WHERE mrn = ANY ($1)";
    let odd = token("a \"b\"");
    let judged = bound(any, 0, &[Some(format!("{{{plain},x,{odd}}}").into())]).unwrap();
    assert_eq!(judged.values, Some(vec![Some(r#"{C1234567,x,"a \"b\""}"#.into())]));
    let array = |elements: &[&str]| {
        let mut array = Vec::new();
        for number in [1_i32, 0, 25, i32::try_from(elements.len()).unwrap(), 1] {
            array.extend(number.to_be_bytes());
        }
        for element in elements {
            array.extend(i32::try_from(element.len()).unwrap().to_be_bytes());
            array.extend(element.as_bytes());
        }
        Bytes::from(array)
    };
    let judged = bound(any, 1, &[Some(array(&[&plain, "x"]))]).unwrap();
    assert_eq!(judged.values, Some(vec![Some(array(&["C1234567", "x"]))]));
    let ssn = keyring().token("ssn", b"123456789").unwrap();
    let judged = bound("SELECT 1 FROM patients WHERE ssn = ANY ($1)", 1, &[Some(array(&["x", &ssn]))]).unwrap();
    assert_eq!(judged.values, Some(vec![Some(array(&["x", "123-45-6789", "123 45 6789", "123456789"]))]));
    let judged = bound("SELECT 1 FROM patients WHERE ssn = $1", 0, &[Some(ssn.clone().into())]).unwrap();
    assert_eq!(judged.values, Some(vec![Some("123-45-6789".into())]));
    assert!(bound("UPDATE patients SET ssn = $1 WHERE id = 1", 0, &[Some(ssn.into())]).is_err());
    assert_eq!(bound(select, 0, &[Some(format!("{plain}x").into())]).map(|_| ()).unwrap_err().code, "22023");
}

#[test]
fn a_write_does_not_carry_a_replacement() {
    let plain = token("C1234567");
    for text in [
        "UPDATE patients SET name = '[NAME]' WHERE id = 1".to_owned(),
        "INSERT INTO drugs (title) VALUES ('given to [NAME] on [DATE]')".to_owned(),
        "UPDATE patients SET ssn = '***-**-****' WHERE id = 1".to_owned(),
        "INSERT INTO drugs (title) SELECT 'see [SSN]'".to_owned(),
        format!("INSERT INTO drugs (title) VALUES ('{plain}')"),
        format!("UPDATE drugs SET title = title || '{plain}'"),
    ] {
        let report = ask(&mut judge(), &text).map(|judged| asks(&judged)).unwrap_err();
        assert_eq!(report.code, "42501", "{text}");
    }
    for text in [
        "UPDATE patients SET name = 'Ann Lee' WHERE id = 1",
        "UPDATE drugs SET title = '[draft] **bold**'",
        "SELECT '[NAME]', '****'",
        "UPDATE drugs SET title = 'x' WHERE code = '[NAME]'",
    ] {
        assert!(ask(&mut judge(), text).is_ok(), "{text}");
    }
    let given = |value: &'static str| bound("UPDATE patients SET name = $1 WHERE id = 1", 0, &[Some(value.into())]);
    assert_eq!(given("[NAME]").map(|_| ()).unwrap_err().code, "42501");
    assert!(given("Ann").is_ok());
    // What only a reader's labels tell.
    let forbidden = |text: &str| {
        let report = one(text).forbidden(&labels(), &snapshot());
        report.map(|report| report.code)
    };
    assert_eq!(forbidden("UPDATE patients SET name = 'Ann Lee' WHERE id = 1"), Some("42501"), "a surrogate, perhaps");
    assert_eq!(forbidden("UPDATE patients SET dob = '1980-01-01' WHERE id = 1"), Some("42501"));
    assert_eq!(forbidden("UPDATE patients SET dob = '1980-03-07' WHERE id = 1"), None);
    assert_eq!(forbidden("UPDATE encounters SET note = NULL WHERE id = 1"), Some("42501"), "it was read as null");
    assert_eq!(forbidden("INSERT INTO patients (id, ssn) VALUES (1, NULL)"), None);
    assert_eq!(forbidden("UPDATE patients SET mrn = 'C7654321', sex = 'f' WHERE id = 1"), None);
    let null = bound("UPDATE patients SET ssn = $1 WHERE id = 1", 0, &[None]).unwrap();
    assert!(null.forbidden(&labels(), &snapshot()).is_some());

    let cell_of = |labelled, value: &str| cell(labelled, &Bytes::copy_from_slice(value.as_bytes()), Some(&keyring()));
    assert_eq!(cell_of(true, &plain).unwrap(), "C1234567");
    assert_eq!(cell_of(false, &plain).unwrap_err().code, "42501");
    assert_eq!(cell_of(true, "[MRN]").unwrap_err().code, "42501");
    assert_eq!(cell_of(true, "C7").unwrap(), "C7");
}

/// A query over `patients`, at random, with what it must not show as it is.
fn queries() -> impl Strategy<Value = String> {
    let column = prop_oneof![Just("ssn"), Just("mrn"), Just("name"), Just("sex"), Just("id")].prop_map(str::to_owned);
    let value = column.prop_recursive(3, 12, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|value| format!("upper({value}::text)")),
            inner.clone().prop_map(|value| format!("({value})")),
            inner.clone().prop_map(|value| format!("coalesce({value}::text, 'x')")),
            inner.clone().prop_map(|value| format!("(SELECT {value})")),
            inner.clone().prop_map(|value| format!("CASE WHEN {value}::text = 'x' THEN 'a' END")),
            (inner.clone(), inner.clone()).prop_map(|(one, other)| format!("{one}::text || {other}")),
            inner.prop_map(|value| format!("ARRAY[{value}]")),
        ]
    });
    let list = prop::collection::vec(value, 1..4);
    let query = list.prop_map(|values| {
        let named = values.iter().enumerate().map(|(at, value)| format!("{value} AS c{at}"));
        (format!("SELECT {} FROM patients", named.collect::<Vec<_>>().join(", ")), values)
    });
    (query, 0..5_u8).prop_map(|((query, values), wrap)| match wrap {
        0 => query,
        1 => format!("SELECT * FROM ({query}) x"),
        2 => format!("WITH w AS ({query}) SELECT * FROM w"),
        3 => format!("{query} UNION ALL SELECT {}", values.iter().map(|_| "'x'").collect::<Vec<_>>().join(", ")),
        _ => format!("SELECT x.* FROM drugs d CROSS JOIN LATERAL ({query}) x"),
    })
}

proptest! {
    /// What a plan keeps or only looks at names no hidden column anywhere in what it derives from.
    #[test]
    fn nothing_that_touches_a_hidden_column_is_kept(query in queries()) {
        let judged = one(&query);
        let plan = judged.outline.plan(&labels()).statement(0);
        let columns = plan.columns.unwrap_or_default();
        prop_assert!(!columns.is_empty(), "{query}");
        let inner = query.split("SELECT ").find(|part| part.contains(" AS c0")).unwrap_or_default();
        for (at, treatment) in columns.iter().enumerate() {
            let start = if at == 0 { 0 } else { query.find(&format!(" AS c{}", at - 1)).unwrap_or(0) };
            let end = query.find(&format!(" AS c{at}")).unwrap_or(query.len());
            let text = &query[start..end];
            let hides = ["ssn", "mrn", "name"].iter().any(|name| text.contains(name));
            let open = matches!(treatment, Treatment::Keep | Treatment::Detect);
            prop_assert!(!(hides && open), "{query}: column {at} of {inner}");
            prop_assert!(hides || open, "{query}: column {at} hides what is open");
        }
    }

    /// Whatever text comes, it is judged without a panic, and asks for something.
    #[test]
    fn any_text_is_judged(text in "[ -~]{0,60}") {
        if let Ok(judged) = ask(&mut judge(), &text) {
            prop_assert!(!judged.parts.is_empty());
        }
    }
}
