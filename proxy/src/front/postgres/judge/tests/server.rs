//! The plans held against a real server: what is shown as it is must not hold a canary, in whatever form.

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;

use super::plans::{STATEMENTS, queries};
use super::*;
use crate::front::postgres::cluster::Cluster;

const SCHEMA: &str = r#"
CREATE SCHEMA clinical; CREATE SCHEMA evil; CREATE SCHEMA plain;
CREATE TABLE clinical.patients (id bigint, mrn text, ssn text, name text, sex text, dob text);
CREATE TABLE clinical.encounters (id bigint, patient_id text, note text, started text) PARTITION BY LIST (started);
CREATE TABLE clinical.encounters_2026 PARTITION OF clinical.encounters DEFAULT;
CREATE VIEW clinical.listing AS SELECT p.id, upper(p.ssn) AS code, p.name AS called, p.sex FROM clinical.patients p;
CREATE VIEW clinical.again AS SELECT called AS x FROM clinical.listing;
CREATE TABLE clinical.drugs (code text, title text);
CREATE TABLE evil.patients (id bigint, ssn text);
CREATE TABLE clinical."Odd ""one""" ("a.b" text);
CREATE TABLE plain.weather (day text, rain text);
CREATE FUNCTION clinical.risk(bigint) RETURNS text LANGUAGE sql STABLE AS 'SELECT max(ssn) FROM clinical.patients';
CREATE FUNCTION clinical.tidy() RETURNS text LANGUAGE sql VOLATILE AS 'SELECT max(ssn) FROM clinical.patients';
INSERT INTO clinical.patients SELECT n, 'canary-mrn-' || n, 'canary-ssn-' || n, 'canary name ' || n, 'f', 'canary-dob-' || n
    FROM generate_series(1, 3) n;
INSERT INTO clinical.encounters VALUES (1, 1, 'canary-note', '2026');
INSERT INTO clinical.drugs VALUES ('D1', 'aspirin');
INSERT INTO clinical."Odd ""one""" VALUES ('canary-odd');
ANALYZE;
"#;

/// Whether a cell holds a canary: as it is, backwards, in hexadecimal or in base 64.
fn sings(cell: &str) -> bool {
    let cell = cell.to_lowercase();
    ["canary", "yranac", "63616e617279", "y2fuyxj5"].iter().any(|form| cell.contains(form))
}

fn open(treatment: Treatment) -> bool {
    matches!(treatment, Treatment::Keep | Treatment::Detect)
}

/// Runs a text and holds what comes back against its plan. `None`: the server refuses it.
fn held_against(cluster: &Cluster, snapshot: &Arc<Snapshot>, text: &str) -> Option<usize> {
    let judged = judge().ask(snapshot, What::Text(&Bytes::copy_from_slice(text.as_bytes())), true).ok()?;
    let plan = judged.outline.plan(&labels()).statement(0);
    let rows = cluster.tried(text)?;
    for row in &rows {
        if let Some(columns) = &plan.columns {
            assert_eq!(row.len(), columns.len(), "{text}");
        }
        for (at, cell) in row.iter().enumerate() {
            let treatment = plan.columns.as_ref().map_or(plan.rest, |columns| columns[at]);
            let shown = cell.as_deref().filter(|_| open(treatment)).unwrap_or_default();
            assert!(!sings(shown), "{text}: column {at} is {treatment:?}");
        }
    }
    Some(rows.len())
}

#[test]
fn no_canary_is_in_what_a_plan_shows() {
    let Some(cluster) = Cluster::start() else { return };
    cluster.run(SCHEMA);
    let snapshot = Arc::new(cluster.snapshot());
    let known = STATEMENTS.iter().filter_map(|(text, _)| held_against(&cluster, &snapshot, text));
    let (mut ran, mut rows) = (0, 0);
    for found in known {
        ran += 1;
        rows += found;
    }
    assert!(ran >= 55 && rows >= 100, "{ran} statements with {rows} rows");

    let mut runner = TestRunner::deterministic();
    let mut ran = 0;
    for _ in 0..150 {
        let text = queries().new_tree(&mut runner).unwrap().current();
        ran += usize::from(held_against(&cluster, &snapshot, &text).is_some());
    }
    assert!(ran >= 75, "{ran} random statements");
}
