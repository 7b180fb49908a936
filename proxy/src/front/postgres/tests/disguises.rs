//! Columns without labels: what they are called goes with what is computed from them, and what nobody could recognise is not
//! shown. And labelled ones: what could be asked of them by which rows fall together, or by what fails.

use futures_util::TryStreamExt as _;

use super::binary::encodings;
use super::leaks::nothing_in;
use super::{House, POLICY};

const PEOPLE: &str = r#"
SELECT pg_advisory_lock(7);
SET ROLE app;
DO $$ BEGIN
    CREATE TYPE clinical.person AS (last_name text, ward text);
    CREATE TYPE clinical.household AS (head clinical.person, others clinical.person[], rooms int);
EXCEPTION WHEN duplicate_object THEN NULL;
END $$;
CREATE TABLE IF NOT EXISTS clinical.people (
    id int PRIMARY KEY, last_name text, ssn text, ssn_number int, mrn text, born date, zip text, guid uuid, extra jsonb,
    ward text, stay int, charges numeric, urgent boolean, admitted timestamp, discharged timestamp,
    assigned clinical.person, unit clinical.household);
INSERT INTO clinical.people VALUES
    (1, 'Marigold', '219-09-9999', 219099999, '8812345', '1961-04-03', '90210', '8c0f2f5e-2f0b-4a57-9d3b-2b8f6f3c1a77',
     '{"last_name": "Marigold", "mrn": "8812345"}', 'B2', 4, 120.50, true, '2026-03-01 10:00', '2026-03-05 12:00',
     ('Vraxholm', 'B2'), (('Vraxholm', 'B2'), ARRAY[('Vraxholm', 'C1')::clinical.person], 4))
    ON CONFLICT DO NOTHING;
CREATE OR REPLACE VIEW clinical.people_view AS SELECT last_name || '' AS x, reverse(ssn) AS y FROM clinical.people;
"#;

/// Ways to read what no detector would know again.
const DISGUISES: &[&str] = &[
    "max(last_name)",
    "min(mrn)",
    "upper(last_name)",
    "coalesce(last_name, '')",
    "last_name::varchar(60)",
    "(SELECT last_name)",
    "CASE WHEN true THEN last_name END",
    "last_name || ''",
    "last_name || ' ' || ward",
    "'x' || last_name",
    "last_name || $$z$$",
    "concat(last_name, 'z')",
    "format('%sz', last_name)",
    "concat_ws(' ', last_name, ward)",
    "string_agg(last_name, ',')",
    "string_agg(mrn, '')",
    "array_agg(last_name)",
    "ARRAY[last_name, mrn]",
    "array_to_string(ARRAY[last_name, mrn], ';')",
    "ROW(last_name, mrn, zip)",
    "row_to_json(people)",
    "row_to_json(people)::text",
    "to_jsonb(people)",
    "json_agg(last_name)",
    "json_build_object('ward', last_name)",
    "json_build_object(last_name, 1)::text",
    "jsonb_build_array(mrn, last_name)",
    "json_object_agg(ward, last_name)",
    "xmlelement(name ward, last_name)",
    "xmlforest(last_name AS ward)",
    "people",
    "(people).last_name",
    "ssn_number + 0",
    "-ssn_number",
    "sum(ssn_number)",
    "ssn_number::text",
    "ssn_number::bigint * 1",
    "to_char(ssn_number, 'FM999999999')",
    "mrn::bigint",
    "mrn::bigint + 0",
    "encode(last_name::bytea, 'hex')",
    "encode(convert_to(last_name, 'UTF8'), 'base64')",
    "reverse(last_name)",
    "reverse(ssn)",
    "left(last_name, 7)",
    "split_part(ssn, '-', 1) || split_part(ssn, '-', 2) || split_part(ssn, '-', 3)",
    "translate(ssn, '0123456789', 'abcdefghij')",
    "translate(ssn, '-', '')",
    "replace(ssn, '-', '')",
    "regexp_replace(last_name, 'M', 'N')",
    "overlay(last_name placing '.' from 2 for 0)",
    "lpad(last_name, 40, 'x')",
    "repeat(last_name, 2)",
    "md5(ssn)",
    "encode(sha256(ssn::bytea), 'hex')",
    "ascii(last_name)",
    "string_to_array(last_name, NULL)",
    "regexp_split_to_array(ssn, '')",
    "last_name::bytea",
    "ssn::bytea::text",
    "to_json(reverse(last_name))",
    "max(reverse(last_name))",
    "extra ->> 'last_name'",
    "extra -> 'last_name'",
    "extra #>> '{last_name}'",
    "extra['last_name']",
    "extra::text",
    "jsonb_pretty(extra)",
    "jsonb_each_text(extra)",
    "jsonb_path_query(extra, '$.*')",
    "jsonb_extract_path_text(extra, 'last_name')",
    "quote_literal(last_name)",
    "initcap(lower(last_name))",
    "first_value(last_name) OVER ()",
    "lag(last_name, 0) OVER ()",
    "(ARRAY[last_name])[1]",
    "to_tsvector('simple', last_name)",
    "query_to_xml('SELECT last_name FROM clinical.people', true, true, '')",
];

/// How a date or a number of a person's may come back.
const OTHERS: &[(&str, &[&str])] = &[
    ("to_char(born, 'YYYY-MM-DD')", &["1961-04-03"]),
    ("to_char(born, 'DD.MM.')", &["03.04."]),
    ("born - date '1900-01-01'", &["22373"]),
    ("born + 1", &["1961-04-04"]),
    ("extract(doy from born)", &["93"]),
    ("extract(epoch from born)", &["-276048000"]),
    ("born::text", &["1961-04-03"]),
    ("max(born)", &["1961-04-03"]),
    ("ROW(born)", &["1961-04-03"]),
    ("json_build_object('d', born)", &["1961-04-03"]),
    ("date_trunc('day', born)", &["1961-04-03"]),
    ("ROW(guid)", &["8c0f2f5e-2f0b-4a57-9d3b-2b8f6f3c1a77"]),
    ("guid::text", &["8c0f2f5e-2f0b-4a57-9d3b-2b8f6f3c1a77"]),
    ("replace(guid::text, '-', '')", &["8c0f2f5e2f0b4a579d3b2b8f6f3c1a77"]),
    ("ROW(zip)", &["90210"]),
    ("max(zip)", &["90210"]),
    // What no list knows, under a name that an attribute of a composite type has.
    ("assigned", RARE),
    ("(assigned).last_name", RARE),
    ("upper((assigned).last_name)", RARE),
    ("(assigned).last_name || ''", RARE),
    ("assigned::text", RARE),
    ("assigned::text || ''", RARE),
    ("ROW(assigned)", RARE),
    ("ROW(assigned)::text", RARE),
    ("ARRAY[assigned]", RARE),
    ("array_agg(assigned)", RARE),
    ("max(assigned::text)", RARE),
    ("to_jsonb(assigned)", RARE),
    ("jsonb_build_array(assigned)", RARE),
    ("jsonb_build_array((assigned).last_name)", RARE),
    ("json_build_object('ward', assigned::text)", RARE),
    ("xmlelement(name ward, assigned::text)", RARE),
    ("(SELECT q.last_name FROM (SELECT (assigned).*) q)", RARE),
    ("unit", RARE),
    ("(unit).head", RARE),
    ("((unit).head).last_name", RARE),
    ("(unit).others", RARE),
    ("((unit).others[1]).last_name", RARE),
    ("(unit).others::text", RARE),
    ("unit::text", RARE),
    ("people", RARE),
    ("people::text", RARE),
    ("ROW(people.*)", RARE),
    ("zip::int", &["90210"]),
    ("mrn::numeric / 10", &["881234"]),
    ("right(mrn, 6)", &["812345"]),
    ("substr(last_name, 1, 4)", &["Mari"]),
    ("substr(last_name, 5)", &["gold"]),
    ("split_part(ssn, '-', 3)", &["9999"]),
    ("left(zip, 4)", &["9021"]),
    ("regexp_split_to_table(last_name, '')", &[]),
    ("encode(sha256(convert_to(last_name, 'UTF8')), 'base64')", &["HojlNd0OCKqw"]),
];

const RARE: &[&str] = &["Vraxholm", "VRAXHOLM"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_computed_without_labels_is_what_it_derives_from() {
    let Some(house) = House::new().await else { return };
    assert!(house.cluster.psql("clinic", PEOPLE));
    let mut answered = 0;
    let (mut client, mut tap) = house.tapped().await;
    for expression in DISGUISES.iter().chain(OTHERS.iter().map(|(expression, _)| expression)) {
        let wrapped = format!("SELECT q.c AS harmless FROM (SELECT {expression} AS c FROM clinical.people) q");
        for query in [format!("SELECT {expression} AS harmless FROM clinical.people"), wrapped] {
            for how in ["text", "binary", "copy"] {
                if client.is_closed() {
                    (client, tap) = house.tapped().await;
                }
                let before = tap.bytes().len();
                let done = match how {
                    "text" => client.simple_query(&query).await.is_ok(),
                    "binary" => client.query(&query, &[]).await.is_ok(),
                    _ => match client.copy_out(&format!("COPY ({query}) TO STDOUT")).await {
                        Ok(stream) => stream.try_collect::<Vec<_>>().await.is_ok(),
                        Err(_) => false,
                    },
                };
                answered += usize::from(done);
                nothing_in(&tap, before, &format!("{how}: {query}"));
                let other = OTHERS.iter().find(|(other, _)| other == expression);
                let canaries = other.map_or(&[][..], |(_, canaries)| *canaries);
                let bytes = tap.bytes();
                for canary in canaries {
                    let found = memchr::memmem::find(&bytes[before..], canary.as_bytes());
                    assert!(found.is_none(), "{canary} got out by {how}: {query}");
                    for form in encodings(canary) {
                        let found = memchr::memmem::find(&bytes[before..], &form);
                        assert!(found.is_none(), "{canary} as {form:?} got out by {how}: {query}");
                    }
                }
            }
        }
    }
    let before = tap.bytes().len();
    client.simple_query("SELECT * FROM clinical.people_view").await.unwrap();
    nothing_in(&tap, before, "a view");
    println!("{answered} of {} attempts were answered", (DISGUISES.len() + OTHERS.len()) * 6);
    assert!(answered >= 770, "{answered} were answered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ordinary_analytics_go_on() {
    let Some(house) = House::new().await else { return };
    assert!(house.cluster.psql("clinic", PEOPLE));
    let client = house.client().await;
    for (query, expected) in [
        ("SELECT count(*) FROM clinical.people", "1"),
        ("SELECT count(DISTINCT last_name) FROM clinical.people", "1"),
        ("SELECT sum(stay) FROM clinical.people", "4"),
        ("SELECT round(avg(stay), 1) FROM clinical.people", "4.0"),
        ("SELECT sum(charges) FROM clinical.people", "120.50"),
        ("SELECT charges * 2 FROM clinical.people", "241.00"),
        ("SELECT round(stddev_pop(stay), 2) FROM clinical.people", "0.00"),
        ("SELECT stay > 3 FROM clinical.people", "t"),
        ("SELECT last_name IS NULL FROM clinical.people", "f"),
        ("SELECT bool_or(urgent) FROM clinical.people", "t"),
        ("SELECT NOT urgent FROM clinical.people", "f"),
        ("SELECT length(last_name) FROM clinical.people", "8"),
        ("SELECT discharged::date - admitted::date FROM clinical.people", "4"),
        ("SELECT extract(year from admitted) FROM clinical.people", "2026"),
        ("SELECT extract(hour from admitted) FROM clinical.people", "10"),
        ("SELECT date_trunc('year', admitted) FROM clinical.people", "2026-01-01 00:00:00"),
        ("SELECT CASE WHEN stay > 3 THEN 'long' ELSE 'short' END FROM clinical.people", "long"),
        ("SELECT ward || ': ' || stay FROM clinical.people", "B2: 4"),
        ("SELECT upper(ward) FROM clinical.people GROUP BY ward ORDER BY count(*) DESC", "B2"),
        ("SELECT row_number() OVER (PARTITION BY ward ORDER BY stay) FROM clinical.people", "1"),
        ("SELECT title FROM clinical.wards WHERE id = 3", "ward 3"),
        ("SELECT (assigned).ward FROM clinical.people", "B2"),
        ("SELECT upper((assigned).ward) FROM clinical.people", "B2"),
        ("SELECT (unit).rooms FROM clinical.people", "4"),
        ("SELECT assigned FROM clinical.people", "(\"[NAME]\",\"B2\")"),
    ] {
        let row = client.simple_query(query).await.unwrap_or_else(|error| panic!("{query}: {error:?}"));
        let cell = row.iter().find_map(|message| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        });
        assert_eq!(cell.as_deref(), Some(expected), "{query}");
    }
}

const LABELS: &str = r#"
[profile.agents]
base = "safe-harbor"
[profile.agents.columns]
"clinical.patients.ssn" = "tag"
"clinical.patients.born" = "generalise"
"clinical.patients.mrn" = "tag"
"#;

/// What agents may not do by the ready-made policy.
const NO_GUESSING: &str = r#"
@id("no-guessing") forbid (principal, action in [Action::"sql_read", Action::"sql_write"], resource in Target::"ehr")
unless { context.labelled_asked.isEmpty() };
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_told_by_what_falls_together_or_fails() {
    let policy = format!("{POLICY}{NO_GUESSING}");
    let Some(house) = House::with("profile = \"agents\"", LABELS, &policy).await else { return };
    let client = house.client().await;
    let mixed = "(SELECT ssn AS x FROM clinical.patients UNION ALL SELECT '219-09-9999') m";
    let asks = [
        format!("SELECT count(DISTINCT x) FROM {mixed}"),
        format!("SELECT count(*) FROM (SELECT DISTINCT ON (x) x FROM {mixed}) q"),
        format!("SELECT count(*) FROM (SELECT 1 FROM {mixed} GROUP BY x) q"),
        format!("SELECT count(*) OVER (PARTITION BY x) FROM {mixed}"),
        format!("SELECT 1 FROM {mixed} ORDER BY x"),
        "SELECT count(*) FROM (SELECT ssn FROM clinical.patients UNION SELECT '219-09-9999') q".to_owned(),
        "SELECT count(*) FROM (SELECT ssn FROM clinical.patients INTERSECT SELECT '219-09-9999') q".to_owned(),
        "SELECT count(*) FROM (SELECT ssn FROM clinical.patients EXCEPT ALL VALUES ('219-09-9999')) q".to_owned(),
        "SELECT count(*) FROM (SELECT ssn FROM clinical.patients UNION SELECT relname FROM pg_class) q".to_owned(),
        "SELECT count(DISTINCT v.x) FROM clinical.patients p, LATERAL (VALUES (p.ssn), ('2')) v(x)".to_owned(),
        "SELECT count(*) FROM clinical.patients p JOIN (VALUES ('219-09-9999')) v(x) ON p.ssn = v.x".to_owned(),
        "SELECT ('[' || born || ',]')::daterange FROM clinical.patients".to_owned(),
        "SELECT mrn::int FROM clinical.patients".to_owned(),
        "SELECT mrn::numeric(3) FROM clinical.patients".to_owned(),
        "SELECT 1 / (CASE WHEN ssn = '219-09-9999' AND ssn > '2' THEN 0 ELSE 1 END) FROM clinical.patients".to_owned(),
        "SELECT count(nullif(ssn, '219-09-9999')) FROM clinical.patients".to_owned(),
    ];
    for ask in &asks {
        let error = client.simple_query(ask).await.expect_err(ask);
        assert_eq!(error.code().map(|code| code.code()), Some("42501"), "{ask}");
    }
    let parameter = "SELECT count(*) FROM (SELECT ssn FROM clinical.patients UNION SELECT $1) q";
    assert!(client.query(parameter, &[&"219-09-9999"]).await.is_err());
    for fine in [
        "SELECT count(*) FROM clinical.patients WHERE ssn = '219-09-9999'",
        "SELECT count(DISTINCT ssn) FROM clinical.patients",
        "SELECT ssn, count(*) FROM clinical.patients GROUP BY ssn",
        "SELECT born::text, born::timestamp FROM clinical.patients",
    ] {
        client.simple_query(fine).await.unwrap_or_else(|error| panic!("{fine}: {error:?}"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_label_that_fits_nothing_shows_nothing() {
    let labels = LABELS.replace("patients.mrn", "patients.mrm");
    let Some(house) = House::with("profile = \"agents\"", &labels, POLICY).await else { return };
    let client = house.client().await;
    for text in
        ["SELECT id FROM clinical.patients", "SELECT count(*) FROM clinical.patients", "TABLE clinical.patients"]
    {
        let error = client.simple_query(text).await.expect_err(text);
        assert_eq!(error.code().map(|code| code.code()), Some("42501"), "{text}");
        assert!(error.as_db_error().unwrap().message().contains("label"), "{error:?}");
    }
    client.simple_query("SELECT title FROM clinical.wards LIMIT 1").await.unwrap();

    // The table itself is gone: one of the same schema without labels may be it.
    let labels = LABELS.replace("clinical.patients.mrn", "clinical.patient.mrn");
    let Some(house) = House::with("profile = \"agents\"", &labels, POLICY).await else { return };
    let client = house.client().await;
    assert!(client.simple_query("SELECT title FROM clinical.wards LIMIT 1").await.is_err());
    client.simple_query("SELECT ssn FROM clinical.patients").await.unwrap();
    client.simple_query("SELECT relname FROM pg_class LIMIT 1").await.unwrap();
}
