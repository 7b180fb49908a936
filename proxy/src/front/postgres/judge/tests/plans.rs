//! What becomes of the columns of answers.

use blackbar_engine::operator::Operator;
use blackbar_wire::pg::copy::CopyFormat;
use blackbar_wire::pg::session::{Action, Allow, Session, Verdict};
use blackbar_wire::pg::value::{Base, Decision, Shape};
use blackbar_wire::pg::{BackendFrame, Columns, Framer, FrontendFrame, Limits};
use proptest::prelude::*;

use super::*;

/// Statements, and what becomes of their columns.
pub(super) const STATEMENTS: &[(&str, &str)] = &[
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
    ("SELECT rank() OVER (ORDER BY ssn), lag(ssn) OVER (), row_number() OVER () FROM patients", "whole whole detect"),
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
    // What no detector would know again, of columns without labels.
    ("SELECT upper(rain), max(rain), length(rain), rain IS NULL FROM plain.weather", "detect detect detect detect"),
    (
        "SELECT reverse(rain), md5(rain), substr(rain, 1, 3), rain::bytea FROM plain.weather",
        "disguised disguised disguised disguised",
    ),
    ("SELECT x FROM (SELECT translate(rain, 'a', 'b') x FROM plain.weather) q", "disguised"),
    ("SELECT rain || ', ' || rain, rain || rain FROM plain.weather", "detect disguised"),
    ("SELECT sum(id), id + 1 FROM evil.patients", "detect detect"),
    ("SELECT rain::int + 1 FROM plain.weather", "disguised"),
    ("SELECT ssn || ' ', max(ssn) FROM evil.patients GROUP BY ssn", "disguised detect"),
    ("SELECT reverse(relname) FROM pg_class", "detect"),
    // A column of codes, by its name.
    ("SELECT reverse(title) FROM drugs", "detect"),
];

#[test]
fn what_columns_are_subject_to() {
    for (text, expected) in STATEMENTS {
        assert_eq!(plan(&one(text), 0), *expected, "{text}");
    }
}

/// Columns as a server describes them: relation, attribute, type.
fn described(columns: &[(u32, i16, u32)]) -> Columns {
    let framed = |tag: u8, body: &[u8]| {
        let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
        [&[tag][..], &length, body].concat()
    };
    let mut session = Session::<()>::new();
    let mut client = Framer::<FrontendFrame>::new(Limits::default());
    client.push(&framed(b'Q', b"SELECT\0"));
    session.handle_frontend(client.next().unwrap().unwrap());
    let mut body = i16::try_from(columns.len()).unwrap().to_be_bytes().to_vec();
    for (table, attribute, type_oid) in columns {
        body.extend(b"c\0");
        body.extend(table.to_be_bytes());
        body.extend(attribute.to_be_bytes());
        body.extend(type_oid.to_be_bytes());
        body.extend([255, 255, 255, 255, 255, 255, 0, 0]);
    }
    let mut server = Framer::<BackendFrame>::new(Limits::default());
    server.push(&framed(b'T', &body));
    loop {
        match session.poll() {
            Some(Action::Ask(ask)) => {
                session.verdict(ask.id, Verdict::Allow(Allow::as_is(())));
                session.handle_backend(server.next().unwrap().unwrap());
            }
            Some(Action::RowDescription { columns, .. }) => return columns,
            Some(_) => {}
            None => panic!("nothing was described"),
        }
    }
}

#[test]
fn what_the_server_says_of_a_column_counts_as_well() {
    let decisions = |text: &str, columns: &[(u32, i16, u32)]| -> Vec<String> {
        let plan = one(text).outline.plan(&labels());
        let shown = |decision| match decision {
            Decision::Pass => "pass".to_owned(),
            Decision::Detect => "detect".to_owned(),
            Decision::Replace { operator, .. } => operator.to_string(),
        };
        plan.decisions(0, &described(columns), &snapshot(), true).into_iter().map(shown).collect()
    };
    let all = [(20_001, 1, 20), (20_001, 2, 25), (20_001, 3, 25), (20_001, 4, 25), (20_001, 5, 25), (20_001, 6, 25)];
    assert_eq!(
        decisions("SELECT * FROM patients", &all),
        ["pass", "token", "tag", "surrogate", "detect", "generalise"]
    );
    // The text says one thing, the server another.
    assert_eq!(decisions("SELECT title FROM drugs", &[(20_001, 3, 25)]), ["tag"]);
    assert_eq!(decisions("SELECT title FROM drugs", &[(20_003, 3, 25)]), ["drop"]);
    // A whole row; an attribute and a relation that nobody knows; one of the server's own.
    assert_eq!(decisions("SELECT title FROM drugs", &[(20_001, 0, 25)]), ["tag"]);
    assert_eq!(decisions("SELECT title FROM drugs", &[(20_001, 99, 1082)]), ["drop"]);
    assert_eq!(decisions("SELECT title FROM drugs", &[(40_000, 1, 25)]), ["tag"]);
    assert_eq!(decisions("SELECT relname FROM pg_class", &[(1259, 2, 19)]), ["detect"]);
    assert_eq!(decisions("SELECT title FROM drugs", &[(0, 0, 25)]), ["detect"]);
    // More or fewer columns than the text has.
    assert_eq!(decisions("SELECT title FROM drugs", &[(0, 0, 25), (0, 0, 23)]), ["tag", "drop"]);
    assert_eq!(decisions("SELECT upper(ssn), count(*) FROM patients", &[(0, 0, 25), (0, 0, 20)]), ["tag", "pass"]);
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
    let whole = &query.columns[0];
    assert!(matches!(
        whole.decision(&query.format, &snapshot(), true),
        Decision::Replace { operator: Operator::Tag, .. }
    ));
    let binary = CopyFormat::Binary;
    assert!(matches!(whole.decision(&binary, &snapshot(), true), Decision::Replace { operator: Operator::Drop, .. }));
    let unknown = copy("COPY nowhere TO STDOUT");
    assert!(unknown.columns.is_empty());
    let within = copy("COPY patients (mrn, sex) FROM STDIN");
    assert!(!within.out);
    assert_eq!(within.columns.iter().map(|column| shown(column.treatment)).collect::<Vec<_>>(), ["token", "keep"]);
}

#[test]
fn what_is_computed_leaves_nothing_of_the_value_in_any_type() {
    let whole = Treatment::Whole { kind: blackbar_detectors::kinds::SSN, operator: Operator::Tag };
    let operator = |shape: Shape| match whole.decision(&shape, true) {
        Decision::Replace { operator, .. } => operator,
        other => panic!("{other:?}"),
    };
    assert_eq!(operator(Shape::Base(Base::Text)), Operator::Tag);
    // The year of a date, the length of an array, the sign of a number.
    for shape in [Shape::Base(Base::Date), Shape::Array(25), Shape::Base(Base::Int4), Shape::Unknown, Shape::Enum] {
        assert_eq!(operator(shape), Operator::Drop);
    }
}

#[test]
fn labels_that_hide_nothing_change_nothing() {
    let open = Arc::new(Labels::new([("clinical.patients.id", Operator::Keep)]));
    for text in ["SELECT clinical.risk(1)", "SELECT * FROM nowhere", "EXPLAIN SELECT * FROM patients", "FETCH c"] {
        let plan = one(text).outline.plan(&open).statement(0);
        assert_eq!(plan.rest, Treatment::Detect, "{text}");
    }
}

/// A query over `patients`, at random, with what it must not show as it is.
pub(super) fn queries() -> impl Strategy<Value = String> {
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
