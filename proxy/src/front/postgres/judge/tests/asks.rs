//! What policy is asked, and what is refused before it is.

use blackbar_policy::{Action, Facts};
use blackbar_wire::pg::frontend::{Bind, Parse};

use super::*;

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
        // What a change looks at in a condition or a value is read.
        (
            "DELETE FROM drugs WHERE code IN (SELECT ssn FROM patients)",
            "delete clinical.drugs, select clinical.patients",
        ),
        (
            "UPDATE drugs SET title = 'x' WHERE EXISTS (SELECT FROM evil.patients WHERE ssn LIKE '2%')",
            "select evil.patients, update clinical.drugs",
        ),
        ("UPDATE drugs SET title = (SELECT ssn FROM evil.patients)", "select evil.patients, update clinical.drugs"),
        (
            "INSERT INTO drugs (title) VALUES ((SELECT ssn FROM evil.patients))",
            "insert clinical.drugs, select evil.patients",
        ),
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
