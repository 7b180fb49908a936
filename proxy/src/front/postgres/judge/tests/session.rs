//! What a session leaves behind, and what may be in force.

use blackbar_policy::Action;
use blackbar_wire::pg::frontend::{Bind, Parse};
use blackbar_wire::pg::session::Forget;

use super::*;

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
fn a_reason_stays_here() {
    let judged = one("SELECT 1; SET blackbar.reason = 'ward round, Ann Lee'; SELECT 2");
    assert_eq!(judged.reason.as_deref(), Some("ward round, Ann Lee"));
    assert_eq!(judged.text.as_deref(), Some(&b"SELECT 1; SET blackbar.reason = ''; SELECT 2"[..]));
    assert_eq!(asks(&judged), ["connect *", "select *"]);
    assert_eq!(one("SELECT 1").text, None);
}

#[test]
fn settings_that_the_server_reports_are_heeded() {
    let mut other = judge();
    other.setting(b"client_encoding", b"UTF8");
    other.setting(b"DateStyle", b"ISO, MDY");
    assert!(ask(&mut other, "SELECT 1").is_ok());
    other.setting(b"DateStyle", b"German, DMY");
    assert_eq!(ask(&mut other, "SELECT 1").unwrap_err().code, "0A000");
    let mut told = judge();
    told.setting(b"search_path", b"evil, \"$user\"");
    assert_eq!(
        asks(&ask(&mut told, "SELECT ssn FROM patients").unwrap()),
        ["select clinical.patients", "select evil.patients"]
    );
    let mut escapes = judge();
    escapes.setting(b"standard_conforming_strings", b"off");
    assert_eq!(asks(&ask(&mut escapes, r"SELECT '\' || ssn FROM patients --'").unwrap()), ["opaque *"]);
}

/// `cargo test --release -p blackbar --bin blackbar -- --nocapture a_known_statement` says what it costs.
#[test]
fn a_known_statement_is_judged_fast() {
    let snapshot = snapshot();
    let mut judge = judge();
    let labels = labels();
    let parse = Parse {
        name: "s".into(),
        text: "SELECT p.id, p.mrn, p.name, e.note FROM patients p JOIN encounters e ON e.patient_id = p.id \
               WHERE p.mrn = $1 ORDER BY p.id LIMIT 20"
            .into(),
        types: vec![],
    };
    let prepared = judge.ask(&snapshot, What::Parse(&parse), true).unwrap().prepared;
    let mut times = Vec::new();
    for number in 0..5_000 {
        let bind = Bind {
            portal: Bytes::new(),
            statement: "s".into(),
            formats: vec![],
            values: vec![Some(number.to_string().into())],
            results: vec![],
        };
        let begun = std::time::Instant::now();
        let judged = judge.ask(&snapshot, What::Bind(&bind, prepared.as_ref()), true).unwrap();
        let plan = judged.outline.plan(&labels);
        times.push(begun.elapsed());
        assert_eq!(plan.statement(0).columns.map(|columns| columns.len()), Some(4));
    }
    times.sort();
    println!("a bind of a known statement: p50 {:?}, p99 {:?}", times[2_500], times[4_950]);
    let most = std::time::Duration::from_micros(if cfg!(debug_assertions) { 150 } else { 15 });
    assert!(times[2_500] <= most, "{:?}", times[2_500]);
}
