//! Statements and what they are: ordinary ones, and ways of making one look like what it is not.
#![allow(clippy::unwrap_used, reason = "these are tests, outside of their functions")]

use blackbar_sql::{
    Catalog, Column, Function, Relation, RelationKind, Session, StatementFacts, StatementKind, Use, Volatility, analyse,
};

fn relation(name: &str, kind: RelationKind, columns: &[&str], definition: Option<&str>) -> Relation {
    let columns = columns.iter().zip(1_i16..).map(|(name, number)| Column {
        name: (*name).to_owned(),
        number,
        type_name: "text".to_owned(),
        not_null: false,
    });
    Relation {
        schema: "clinical".to_owned(),
        name: name.to_owned(),
        oid: 16_384,
        kind,
        columns: columns.collect(),
        definition: definition.map(str::to_owned),
        parents: Vec::new(),
    }
}

fn catalog() -> Catalog {
    let mut catalog = Catalog::new(1);
    catalog.add_relation(relation("patients", RelationKind::Table, &["id", "mrn", "name", "ssn", "born"], None));
    catalog.add_relation(relation("encounters", RelationKind::Table, &["id", "patient_id", "note"], None));
    let view = "SELECT p.id, upper(p.ssn) AS code, p.name FROM clinical.patients p WHERE p.born IS NOT NULL";
    catalog.add_relation(relation("listing", RelationKind::View, &["id", "code", "name"], Some(view)));
    let mut partition = relation("patients_2026", RelationKind::Table, &["id", "mrn", "name", "ssn", "born"], None);
    partition.parents.push(("clinical".to_owned(), "patients".to_owned()));
    catalog.add_relation(partition);
    for (name, volatility) in [("tidy_up", Volatility::Volatile), ("risk", Volatility::Stable)] {
        catalog.add_function(Function { schema: "clinical".to_owned(), name: name.to_owned(), volatility });
    }
    catalog
}

fn session() -> Session {
    Session { search_path: vec!["clinical".to_owned()], user: "agent".to_owned(), ..Session::default() }
}

fn judged(text: &str) -> Vec<StatementFacts> {
    analyse(text, &catalog(), &session())
}

fn one(text: &str) -> StatementFacts {
    let mut all = judged(text);
    assert_eq!(all.len(), 1, "{text}");
    all.remove(0)
}

/// The actions of all statements of a text, in the order of the kinds.
fn actions(text: &str) -> String {
    let kinds: std::collections::BTreeSet<StatementKind> =
        judged(text).into_iter().flat_map(|facts| facts.kinds).collect();
    kinds.into_iter().map(StatementKind::action).collect::<Vec<_>>().join(" ")
}

/// The base columns of an output column, `~` before those that were computed with, `?` for what cannot be proved.
fn origin(facts: &StatementFacts, at: usize) -> String {
    let origin = &facts.outputs[at].origin;
    let name =
        |id| facts.column(id).map(|(table, column)| format!("{}.{}", table.name, column.name)).unwrap_or_default();
    let mut parts: Vec<String> = origin
        .sources()
        .iter()
        .map(|(id, how)| format!("{}{}", if *how != blackbar_sql::Derivation::Copy { "~" } else { "" }, name(*id)))
        .collect();
    parts.sort();
    if origin.is_unprovable() {
        parts.push("?".to_owned());
    }
    if origin.is_plain_count() {
        parts.push("count".to_owned());
    }
    parts.join(" ")
}

fn origins(text: &str) -> String {
    let facts = one(text);
    assert!(facts.outputs_complete, "{text}");
    (0..facts.outputs.len()).map(|at| origin(&facts, at)).collect::<Vec<_>>().join(" | ")
}

#[test]
fn statements_are_judged_as_what_they_are() {
    let wrong: Vec<String> = include_str!("judgement.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .filter_map(|line| {
            let (expected, text) = line.split_once(" | ").unwrap();
            // Control characters are written out in the table.
            let text = text.replace("\\n", "\n").replace("\\z", "\0");
            let found = actions(&text);
            (found != expected).then(|| format!("{text}\n  expected {expected}\n  found    {found}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_is_long_enough_to_mean_something() {
    let lines = include_str!("judgement.txt").lines().filter(|line| line.contains(" | ")).count();
    assert!(lines >= 130, "{lines}");
}

#[test]
fn output_columns_are_traced_to_where_they_come_from() {
    for (text, expected) in [
        ("SELECT ssn FROM patients", "patients.ssn"),
        ("SELECT s FROM (SELECT ssn AS s FROM patients) x", "patients.ssn"),
        ("SELECT x.s FROM patients AS x(a, b, c, s)", "patients.ssn"),
        ("SELECT substr(ssn, 1, 3) || name FROM patients", "~patients.name ~patients.ssn"),
        ("SELECT ssn::text, md5(ssn), (ssn) FROM patients", "~patients.ssn | ~patients.ssn | patients.ssn"),
        ("WITH a AS (SELECT ssn s FROM patients), b AS (SELECT s t FROM a) SELECT t FROM b", "patients.ssn"),
        ("SELECT name FROM patients UNION ALL SELECT ssn FROM patients", "patients.name patients.ssn"),
        ("SELECT (SELECT ssn FROM patients LIMIT 1)", "patients.ssn"),
        ("SELECT p FROM patients p", "~patients.born ~patients.id ~patients.mrn ~patients.name ~patients.ssn"),
        (
            "SELECT row_to_json(p) FROM patients p",
            "~patients.born ~patients.id ~patients.mrn ~patients.name ~patients.ssn",
        ),
        ("SELECT (p).ssn FROM patients p", "~patients.ssn"),
        ("SELECT array_agg(ssn), string_agg(name, ',') FROM patients", "~patients.ssn | ~patients.name"),
        ("SELECT count(*), count(ssn) FROM patients", "count | count"),
        ("SELECT * FROM encounters", "encounters.id | encounters.patient_id | encounters.note"),
        (
            "SELECT * FROM encounters e JOIN (SELECT id, ssn FROM patients) p USING (id)",
            "encounters.id patients.id | encounters.patient_id | encounters.note | patients.ssn",
        ),
        ("SELECT code FROM listing", "listing.code ~patients.ssn"),
        ("SELECT ssn FROM patients_2026", "patients.ssn patients_2026.ssn"),
        ("TABLE encounters", "encounters.id | encounters.patient_id | encounters.note"),
        ("VALUES ((SELECT ssn FROM patients LIMIT 1)), ('x')", "patients.ssn"),
        ("DELETE FROM patients WHERE id = 1 RETURNING ssn", "patients.ssn"),
        ("UPDATE patients SET name = 'x' WHERE id = 1 RETURNING old.ssn, new.name", "patients.ssn | patients.name"),
        ("WITH d AS (DELETE FROM patients WHERE id = 1 RETURNING *) SELECT ssn FROM d", "patients.ssn"),
        ("SELECT l.x FROM patients p, LATERAL (SELECT p.ssn AS x) l", "patients.ssn"),
        ("SELECT CASE WHEN ssn LIKE '1%' THEN 1 ELSE 0 END FROM patients", "~patients.ssn"),
        ("SELECT ssn = '1' FROM patients", "~patients.ssn"),
        ("SELECT rank() OVER (ORDER BY ssn) FROM patients", "~patients.ssn"),
        ("SELECT json_build_object('s', ssn) FROM patients", "~patients.ssn"),
        ("SELECT json_object('s': ssn) FROM patients", "~patients.ssn"),
        ("SELECT json_arrayagg(ssn) FROM patients", "~patients.ssn"),
        ("SELECT xmlelement(name a, ssn) FROM patients", "~patients.ssn"),
        ("SELECT risk(id) FROM patients", "~patients.id ?"),
        (
            "SELECT ssn(patients) FROM patients",
            "~patients.born ~patients.id ~patients.mrn ~patients.name ~patients.ssn ?",
        ),
        ("SELECT x FROM nowhere", "nowhere.* nowhere.x ?"),
        ("SELECT now(), 1, $1::int, current_user", " |  |  | "),
        (
            "WITH RECURSIVE t(a, b) AS (SELECT id, name FROM patients UNION ALL SELECT b, ssn FROM t, patients) SELECT a FROM t",
            "patients.id patients.name patients.ssn",
        ),
        ("SELECT u FROM patients, unnest(string_to_array(ssn, '-')) u", "~patients.ssn"),
        ("COPY patients (ssn) TO STDOUT", "patients.ssn"),
        ("COPY (SELECT ssn FROM patients) TO STDOUT", "patients.ssn"),
        ("EXPLAIN SELECT ssn FROM patients", "?"),
    ] {
        assert_eq!(origins(text), expected, "{text}");
    }
}

#[test]
fn columns_are_noted_with_what_is_asked_of_them() {
    for (text, expected) in [
        ("SELECT 1 FROM patients WHERE ssn = '1'", vec![Use::Equality]),
        ("SELECT 1 FROM patients WHERE ssn IN ('1', $1)", vec![Use::Equality]),
        ("SELECT 1 FROM patients WHERE ssn = ANY ($1)", vec![Use::Equality]),
        ("SELECT 1 FROM patients WHERE ssn > '1'", vec![Use::Range]),
        ("SELECT 1 FROM patients WHERE NOT ssn BETWEEN '1' AND '2'", vec![Use::Range]),
        ("SELECT 1 FROM patients WHERE ssn LIKE '1%'", vec![Use::Pattern]),
        ("SELECT 1 FROM patients WHERE ssn ~ '^1'", vec![Use::Pattern]),
        ("SELECT 1 FROM patients WHERE substr(ssn, 1, 1) = '1'", vec![Use::Computed]),
        ("SELECT 1 FROM patients WHERE ssn::int = 1", vec![Use::Computed]),
        ("SELECT 1 FROM (SELECT substr(ssn, 1, 1) c FROM patients) x WHERE c = '1'", vec![Use::Computed, Use::Inner]),
        ("SELECT 1 FROM patients ORDER BY ssn", vec![Use::Order]),
        ("SELECT count(*) FROM patients GROUP BY ssn", vec![Use::Group]),
        ("SELECT count(*) FILTER (WHERE ssn LIKE '1%') FROM patients", vec![Use::Pattern]),
        ("SELECT 1 FROM patients p JOIN encounters e ON p.ssn = e.note", vec![Use::Join]),
        ("SELECT 1 FROM patients WHERE ssn IS NULL", vec![Use::NullTest]),
        ("SELECT ssn FROM patients ORDER BY 1", vec![Use::Output, Use::Order]),
        // What is asked counts wherever it is asked.
        ("SELECT CASE WHEN ssn LIKE '1%' THEN 1 END FROM patients", vec![Use::Output, Use::Pattern]),
        ("SELECT CASE ssn WHEN '1' THEN 1 END FROM patients", vec![Use::Output, Use::Computed]),
        ("SELECT ssn > '5' FROM patients", vec![Use::Output, Use::Range]),
        ("SELECT ssn = '5' FROM patients", vec![Use::Output, Use::Equality]),
        ("SELECT nullif(ssn, '5') FROM patients", vec![Use::Output, Use::Computed]),
        ("SELECT substring(ssn FROM '^1') FROM patients", vec![Use::Output, Use::Computed]),
        ("SELECT 1 / (id - 5), ssn FROM patients", vec![Use::Output]),
        ("SELECT upper(ssn) || name, row_to_json(p) FROM patients p", vec![Use::Output]),
        // A list of guesses is no column.
        ("SELECT 1 FROM patients p JOIN (VALUES ('1'), ('2')) v(x) ON p.ssn = v.x", vec![Use::Computed]),
        ("SELECT 1 FROM patients p JOIN (VALUES ('1'), ('2')) v(ssn) USING (ssn)", vec![Use::Computed]),
        ("SELECT 1 FROM patients WHERE ssn IN (SELECT note FROM encounters)", vec![Use::Join]),
        ("SELECT 1 FROM patients WHERE ssn IN (VALUES ('1'), ('2'))", vec![Use::Join, Use::Computed]),
        ("SELECT 1 FROM patients WHERE ssn > ALL (SELECT note FROM encounters)", vec![Use::Join, Use::Computed]),
        ("SELECT ssn FROM patients INTERSECT VALUES ('1')", vec![Use::Output, Use::Join, Use::Computed]),
        ("SELECT ssn FROM patients UNION ALL SELECT 'x'", vec![Use::Output]),
        ("UPDATE patients SET ssn = '1' WHERE id = 1", vec![Use::Assigned]),
        ("SELECT name FROM (SELECT * FROM patients) x", vec![]),
    ] {
        let facts = one(text);
        let table = facts.tables.iter().find(|table| table.name == "patients").unwrap();
        let uses = table.columns.iter().find(|column| column.name == "ssn").unwrap().uses;
        let found: Vec<Use> = Use::ALL.into_iter().filter(|one| uses.contains(*one)).collect();
        assert_eq!(found, expected, "{text}");
    }
}

/// Whether more is asked of `ssn` than whether it is equal to something.
fn asks_more(text: &str) -> bool {
    let facts = one(text);
    let table = facts.tables.iter().find(|table| table.name == "patients").unwrap();
    let uses = table.columns.iter().find(|column| column.name == "ssn").unwrap().uses;
    [Use::Range, Use::Pattern, Use::Computed, Use::Order].into_iter().any(|one| uses.contains(one))
}

#[test]
fn rows_that_fall_together_with_guesses_tell() {
    let mixed = "(SELECT ssn AS x FROM patients UNION ALL SELECT '219-09-9999') m";
    for text in [
        format!("SELECT count(DISTINCT x) FROM {mixed}"),
        format!("SELECT count(*) FROM (SELECT DISTINCT x FROM {mixed}) d"),
        format!("SELECT count(*) FROM (SELECT DISTINCT ON (x) x FROM {mixed}) d"),
        format!("SELECT 1 FROM {mixed} GROUP BY x"),
        format!("SELECT 1 FROM {mixed} GROUP BY ROLLUP (x)"),
        format!("SELECT 1 FROM {mixed} GROUP BY GROUPING SETS ((x), ())"),
        format!("SELECT x AS y FROM {mixed} GROUP BY 1"),
        format!("SELECT x AS y FROM {mixed} GROUP BY CUBE (1)"),
        format!("SELECT count(*) OVER (PARTITION BY x) FROM {mixed}"),
        format!("SELECT count(*) OVER w FROM {mixed} WINDOW w AS (PARTITION BY x)"),
        format!("SELECT count(*) OVER (ORDER BY x RANGE UNBOUNDED PRECEDING) FROM {mixed}"),
        format!("SELECT dense_rank() OVER (ORDER BY x) FROM {mixed}"),
        format!("SELECT 1 FROM {mixed} ORDER BY x"),
        format!("SELECT x FROM {mixed} UNION SELECT x FROM {mixed}"),
        format!("SELECT x FROM {mixed} EXCEPT ALL SELECT 'a'"),
        format!("SELECT json_object_agg_unique(x, 1) FROM {mixed}"),
        format!("SELECT json_objectagg(x: 1 WITH UNIQUE KEYS) FROM {mixed}"),
        "SELECT ssn FROM patients UNION SELECT $1".to_owned(),
        "SELECT ssn FROM patients UNION SELECT current_user".to_owned(),
        "SELECT ssn FROM patients UNION SELECT current_query()".to_owned(),
        "SELECT ssn FROM patients UNION SELECT relname FROM pg_class".to_owned(),
        "SELECT ssn FROM patients UNION SELECT setting FROM pg_settings".to_owned(),
        "SELECT ssn FROM patients UNION SELECT g::text FROM generate_series(1, 9) g".to_owned(),
        "SELECT ssn FROM patients EXCEPT SELECT unnest(ARRAY['1', '2'])".to_owned(),
        "SELECT count(DISTINCT v.x) FROM patients p, LATERAL (VALUES (p.ssn), ('1')) v(x)".to_owned(),
        "SELECT count(DISTINCT v.x) FROM patients p, LATERAL (SELECT p.ssn UNION ALL SELECT $1) v(x)".to_owned(),
        "SELECT count(DISTINCT x) FROM patients p, unnest(ARRAY[p.ssn, '1']) x".to_owned(),
        "SELECT count(DISTINCT coalesce(CASE id WHEN '1' THEN ssn END, '1')) FROM patients".to_owned(),
        "SELECT count(DISTINCT concat(a, b)) FROM (SELECT ssn a, NULL b FROM patients UNION ALL SELECT NULL, '1') x"
            .to_owned(),
        "SELECT count(DISTINCT (ssn, '1')) FROM patients".to_owned(),
        "WITH RECURSIVE r(x) AS (SELECT '1' UNION SELECT ssn FROM patients, r) SELECT count(*) FROM r".to_owned(),
        "SELECT 1 FROM patients p JOIN pg_class c ON c.relname = p.ssn".to_owned(),
        "SELECT 1 FROM patients p NATURAL JOIN (VALUES ('1')) v(ssn)".to_owned(),
        "SELECT count('{\"1\": 1}'::jsonb -> ssn) FROM patients".to_owned(),
        "SELECT count(nullif(ssn, '1')) FROM patients".to_owned(),
        "SELECT array_agg(id ORDER BY ssn) FROM patients".to_owned(),
        "SELECT count(greatest(ssn, '5')) FROM patients".to_owned(),
    ] {
        assert!(asks_more(&text), "{text}");
    }
    for text in [
        "SELECT ssn, count(*) FROM patients GROUP BY ssn",
        "SELECT DISTINCT ssn, 'x' FROM patients",
        "SELECT count(DISTINCT ssn) FROM patients",
        "SELECT ssn FROM patients UNION SELECT ssn FROM patients",
        "SELECT ssn FROM patients UNION SELECT NULL",
        "SELECT count(*) OVER (PARTITION BY ssn) FROM patients",
        "SELECT date_trunc('year', ssn), count(*) FROM patients GROUP BY 1",
        "SELECT count(*) FROM patients GROUP BY GROUPING SETS ((ssn), (ssn, name))",
    ] {
        assert!(!asks_more(text), "{text}");
    }
    let probes = |text| one(text).probes.len();
    assert_eq!(probes("SELECT 1 FROM patients p JOIN (VALUES ('1'), ('2')) v(x) ON p.ssn = v.x"), 1);
    assert_eq!(probes("SELECT 1 FROM patients p JOIN (VALUES ('1'), ('2')) v(ssn) USING (ssn)"), 1);
    assert_eq!(probes("SELECT 1 FROM patients WHERE ssn = (SELECT $1)"), 1);
    assert_eq!(probes("SELECT ssn FROM patients INTERSECT SELECT '1'"), 1);
    assert_eq!(probes("SELECT ssn FROM patients INTERSECT SELECT note FROM encounters"), 2);
}

#[test]
fn casts_that_may_fail_ask() {
    for cast in [
        "ssn::int",
        "ssn::date",
        "('[' || ssn || ',]')::daterange",
        "ssn::numeric(3)",
        "ssn::uuid",
        "ssn::json",
        "CAST(ssn AS varchar(3))",
        "ssn::char(2)",
        "ARRAY[ssn]::int[]",
        "'1' || ssn::bigint",
        "xmlparse(content ssn)",
        "JSON(ssn)",
        "1 / length(ssn)",
        "ssn::regclass",
        "ssn::clinical.code",
        "ssn::bool",
        "born::int4range, ssn::bit",
    ] {
        assert!(asks_more(&format!("SELECT {cast} FROM patients")), "{cast}");
    }
    for cast in ["ssn::text", "ssn::varchar", "ssn::name", "CAST(ssn AS text)"] {
        assert!(!asks_more(&format!("SELECT {cast} FROM patients")), "{cast}");
    }
}

#[test]
fn how_a_value_derives_is_told() {
    use blackbar_sql::Derivation::{Copy, Derived, Figured, Glued, Measured, Shown};
    for (value, expected) in [
        ("ssn", Copy),
        ("(SELECT ssn)", Copy),
        ("upper(trim(ssn))", Shown),
        ("ssn::text", Shown),
        ("max(ssn)", Shown),
        ("coalesce(ssn, 'x')", Shown),
        ("CASE WHEN true THEN ssn END", Shown),
        ("ARRAY[ssn]", Shown),
        ("array_agg(ssn)", Shown),
        ("row_to_json(ROW(ssn))", Shown),
        ("json_build_object('a', ssn)", Shown),
        ("date_trunc('month', ssn)", Shown),
        ("ssn -> 'a'", Shown),
        ("(ARRAY[ssn])[1]", Shown),
        ("ssn || ''", Glued),
        ("ssn || ', ' || ssn", Glued),
        ("concat_ws(' ', ssn, ssn)", Glued),
        ("format('(%s)', ssn)", Glued),
        ("string_agg(ssn, ',')", Glued),
        ("xmlelement(name a, ssn)", Glued),
        ("ssn || ssn", Derived),
        ("'x' || ssn", Derived),
        ("concat(ssn, 1)", Derived),
        ("concat_ws('', ssn, ssn)", Derived),
        ("format('9%s', ssn)", Derived),
        ("string_agg(ssn, '0')", Derived),
        ("ssn || $1", Derived),
        ("ssn + 0", Figured),
        ("-ssn", Figured),
        ("sum(ssn)", Figured),
        ("round(avg(ssn), 1)", Figured),
        ("ssn # 5", Derived),
        ("length(ssn)", Measured),
        ("ssn > '5'", Measured),
        ("ssn IS NULL", Measured),
        ("CASE WHEN ssn > '5' THEN 'a' END", Measured),
        ("bool_or(ssn = '1')", Measured),
        ("rank() OVER (ORDER BY ssn)", Measured),
        ("extract(year from ssn)", Measured),
        ("extract(doy from ssn)", Derived),
        ("to_char(ssn, 'YYYY')", Measured),
        ("to_char(ssn, 'YYYY-MM')", Derived),
        ("EXISTS (SELECT WHERE ssn = '1')", Measured),
        ("substr(ssn, 1, 3)", Derived),
        ("reverse(ssn)", Derived),
        ("md5(ssn)", Derived),
        ("encode(ssn::bytea, 'hex')", Derived),
        ("ssn::bytea", Derived),
        ("ssn::varchar(3)", Derived),
        ("translate(ssn, '0', 'a')", Derived),
        ("ascii(ssn)", Derived),
        ("length(repeat('x', ascii(ssn)))", Derived),
        ("max(reverse(ssn))", Derived),
        ("ssn ->> $1", Derived),
        ("ltrim(ssn, '12')", Derived),
        ("age(ssn)", Derived),
        ("jsonb_each_text(ssn)", Derived),
    ] {
        let facts = one(&format!("SELECT {value} FROM patients"));
        let sources = facts.outputs[0].origin.sources();
        assert_eq!(sources.iter().map(|(_, how)| *how).collect::<Vec<_>>(), [expected], "{value}");
    }
    for (text, expected) in [
        ("SELECT note ->> 'last_name' FROM encounters", "last_name"),
        ("SELECT x #>> '{a,b}' FROM (SELECT note -> 'c' x FROM encounters) y", "a b c"),
        ("SELECT note['k'] FROM encounters", "k"),
        ("SELECT jsonb_extract_path_text(note, 'p', '0', 'q') FROM encounters", "p q"),
        ("SELECT jsonb_path_query(note, '$.r[*].s') FROM encounters", "r s"),
        ("SELECT t.u FROM encounters, jsonb_to_record(note) AS t(u text)", "u"),
        ("SELECT json_value(note, '$.v') FROM encounters", "v"),
    ] {
        assert_eq!(one(text).outputs[0].origin.keys().join(" "), expected, "{text}");
    }
}

#[test]
fn what_columns_are_given_is_noted() {
    for (text, expected) in [
        ("UPDATE patients SET name = 'x', ssn = $2, mrn = mrn || 'y' WHERE id = 1", "name 27 | ssn $2"),
        ("INSERT INTO patients (id, ssn) VALUES (1, 'x'), ($1, upper('y'))", "id 39 | ssn 42 | id $1"),
        ("INSERT INTO encounters VALUES (1, 2, 'x')", "id 31 | patient_id 34 | note 37"),
        ("INSERT INTO patients (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET name = 'x'", "id 34 | name 75"),
        ("UPDATE patients SET (name, ssn) = ('a', 'b')", ""),
        ("SELECT 'x'", ""),
    ] {
        let facts = one(text);
        let given = |probe: &blackbar_sql::Probe| {
            let to = match probe.against {
                blackbar_sql::Against::Literal(at) => at.to_string(),
                blackbar_sql::Against::Parameter(number) => format!("${number}"),
                other => format!("{other:?}"),
            };
            format!("{} {to}", facts.column(probe.column).unwrap().1.name)
        };
        assert_eq!(facts.assignments.iter().map(given).collect::<Vec<_>>().join(" | "), expected, "{text}");
    }
}

#[test]
fn a_copy_is_a_copy_only_without_values_of_the_statements_own() {
    for (text, expected) in [
        ("SELECT ssn FROM patients", true),
        ("SELECT ssn FROM patients UNION ALL SELECT name FROM patients", true),
        ("SELECT ssn FROM patients UNION ALL SELECT NULL", true),
        ("SELECT ssn FROM patients UNION ALL SELECT '123'", false),
        ("SELECT ssn FROM patients UNION SELECT $1", false),
        ("VALUES ((SELECT ssn FROM patients LIMIT 1)), ('x')", false),
        ("WITH RECURSIVE t AS (SELECT ssn FROM patients UNION ALL SELECT ssn FROM t) SELECT ssn FROM t", true),
        ("WITH RECURSIVE t(s) AS (SELECT ssn FROM patients UNION ALL SELECT '1' FROM t) SELECT s FROM t", false),
        ("SELECT count(*) FROM patients", false),
    ] {
        assert_eq!(one(text).outputs[0].origin.is_copy(), expected, "{text}");
    }
    let held = |text: &str| one(text).cursor.map(|cursor| cursor.hold);
    assert_eq!(held("DECLARE c CURSOR FOR SELECT 1"), Some(false));
    assert_eq!(held("DECLARE c BINARY SCROLL CURSOR WITH HOLD FOR SELECT 1"), Some(true));
}

#[test]
fn reading_without_bound_is_seen() {
    for text in [
        "SELECT * FROM patients",
        "SELECT * FROM patients WHERE true",
        "SELECT * FROM patients WHERE 1 = 1",
        "SELECT * FROM patients WHERE id = id",
        "SELECT * FROM patients WHERE id = 1 OR 2 > 1",
        "SELECT * FROM patients WHERE id IS NOT NULL",
        "SELECT * FROM patients WHERE name LIKE '%'",
        "SELECT * FROM patients WHERE id <> -1",
        "SELECT * FROM patients WHERE NOT false",
        "SELECT * FROM patients WHERE id IN (SELECT id FROM patients)",
        "SELECT * FROM patients LIMIT ALL",
        "SELECT * FROM patients LIMIT NULL",
        "SELECT * FROM patients LIMIT 10 + 10",
        "SELECT * FROM patients ORDER BY 1 FETCH FIRST 1 ROW WITH TIES",
        "SELECT json_agg(p) FROM patients p",
        "SELECT * FROM (SELECT string_agg(ssn, ',') FROM patients) x LIMIT 1",
        "SELECT (SELECT json_agg(p) FROM patients p)",
        "SELECT ARRAY(SELECT ssn FROM patients)",
        "SELECT ssn, count(*) FROM patients GROUP BY ssn",
        "WITH a AS (SELECT * FROM patients) SELECT * FROM a",
        "SELECT * FROM patients p, encounters e WHERE p.id = e.patient_id",
        "SELECT id FROM patients WHERE id = 1 UNION SELECT id FROM patients",
        "TABLE patients",
        "COPY patients TO STDOUT",
        "DELETE FROM patients",
        "DECLARE c CURSOR FOR SELECT * FROM patients",
        "SELECT * FROM tidy_up()",
    ] {
        assert!(one(text).rows_unbounded(|_| false), "{text}");
    }
    for text in [
        "SELECT * FROM patients WHERE id = 1",
        "SELECT * FROM patients WHERE mrn = $1",
        "SELECT * FROM patients LIMIT 5",
        "SELECT * FROM patients LIMIT $1",
        "SELECT count(*), max(born) FROM patients",
        "SELECT 1",
        "SELECT version()",
        "SELECT * FROM pg_class",
        "SELECT (SELECT e.note FROM encounters e WHERE e.patient_id = p.id LIMIT 1) FROM patients p WHERE p.id = 3",
        "SELECT * FROM (SELECT * FROM patients) x WHERE x.id = 3",
        "VALUES (1), (2)",
        "INSERT INTO patients (id) VALUES (1)",
        "EXPLAIN SELECT 1",
    ] {
        assert!(!one(text).rows_unbounded(|_| false), "{text}");
    }
    assert!(one("SELECT * FROM patients LIMIT $1").rows_unbounded(|number| number == 1));
}

#[test]
fn several_statements_are_all_seen() {
    let all = judged("SELECT 1; /* x */ DELETE FROM patients; -- y");
    let kinds: Vec<_> =
        all.iter().map(|facts| facts.kinds.iter().map(|kind| kind.action()).collect::<Vec<_>>()).collect();
    assert_eq!(kinds, [vec!["select"], vec!["delete"]]);
    assert!(judged(" -- nothing").is_empty());
}

#[test]
fn nothing_that_a_client_sends_ends_the_process() {
    let deep = [
        format!("select {}1{}", "(".repeat(100_000), ")".repeat(100_000)),
        format!("select 1{}", "+1".repeat(3_000)),
        format!("select 1{}", "+1".repeat(300_000)),
        format!("select {} true", "not ".repeat(3_000)),
        format!("select 1 {}", "union all select 1 ".repeat(2_000)),
        format!("{}select 1{}", "select * from (".repeat(1_500), ") x".repeat(1_500)),
        format!("select {}", "- ".repeat(120) + "1"),
        format!(
            "with {} select 1",
            (0..400).map(|n| format!("a{n} as (select * from a{})", n + 1)).collect::<Vec<_>>().join(",")
        ),
        "select \0".to_owned(),
        "x".repeat(blackbar_sql::LONGEST_TEXT + 1),
    ];
    for text in &deep {
        assert!(!judged(text).is_empty());
    }
    assert!(!analyse_all_opaque(&deep[9]).is_empty());
    let latin = blackbar_sql::analyse_bytes(b"select '\xe9'", &catalog(), &session());
    assert_eq!(latin[0].kinds, [StatementKind::Opaque].into());
}

fn analyse_all_opaque(text: &str) -> Vec<StatementFacts> {
    let all = judged(text);
    assert!(all.iter().all(|facts| facts.kinds.contains(&StatementKind::Opaque)));
    all
}

#[test]
fn relations_of_the_session_hide_the_known_ones() {
    let mut session = session();
    session.own_relations.insert("encounters".to_owned());
    let facts = analyse("SELECT id FROM encounters", &catalog(), &session).remove(0);
    assert!(facts.outputs[0].origin.is_unprovable());
    let made = one("CREATE TEMP TABLE encounters AS SELECT ssn AS id FROM patients");
    assert_eq!(made.creates, [(None, "encounters".to_owned(), true)]);
}

#[test]
fn facts_can_be_shared() {
    fn shared<T: Clone + Send + Sync + 'static>() {}
    shared::<StatementFacts>();
    shared::<Catalog>();
}
