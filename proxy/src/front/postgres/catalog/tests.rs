//! A real server's catalog, and hostile rows.

use blackbar_sql::{Session, analyse};
use blackbar_wire::pg::value::{Base, Shape, Types};

use super::super::cluster::Cluster;
use super::{Builder, CatalogError, Snapshot};

const SCHEMA: &str = r#"
CREATE SCHEMA clinical;
CREATE DOMAIN clinical.ssn AS varchar(11) CHECK (value ~ '^\d{3}-\d{2}-\d{4}$');
CREATE TYPE clinical.sex AS ENUM ('f', 'm', 'x');
CREATE TYPE clinical.address AS (street text, zip varchar(10), gone int);
ALTER TYPE clinical.address DROP ATTRIBUTE gone;
CREATE TYPE clinical.span AS RANGE (subtype = timestamptz);
CREATE TABLE clinical.patients (
    id bigint PRIMARY KEY, dropped int, mrn varchar(12) NOT NULL, ssn clinical.ssn, sex clinical.sex,
    home clinical.address, visits clinical.span, tags text[], codes clinical.ssn[]);
ALTER TABLE clinical.patients DROP COLUMN dropped;
CREATE TABLE clinical.events (at date NOT NULL, patient bigint, note text) PARTITION BY RANGE (at);
CREATE TABLE clinical.events_2026 PARTITION OF clinical.events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')
    PARTITION BY RANGE (at);
CREATE TABLE clinical.events_2026_h1 PARTITION OF clinical.events_2026 FOR VALUES FROM ('2026-01-01') TO ('2026-07-01');
CREATE VIEW clinical.listing AS SELECT p.id, upper(p.mrn) AS code, e.note FROM clinical.patients p
    LEFT JOIN clinical.events e ON e.patient = p.id;
CREATE MATERIALIZED VIEW clinical.kept AS SELECT id, ssn AS number FROM clinical.patients;
CREATE TABLE "Odd ""schema"" t" ("a.b" int, "SELECT" text, "ünïcode" text);
CREATE SCHEMA "a.b";
CREATE TABLE "a.b"."c.d" ("e f" text);
CREATE VIEW "a.b".v AS SELECT "e f" AS x FROM "a.b"."c.d";
CREATE FUNCTION clinical.risk(bigint) RETURNS int LANGUAGE sql STABLE AS 'SELECT 1';
CREATE FUNCTION public.lower(clinical.address) RETURNS text LANGUAGE sql VOLATILE AS 'SELECT 1::text';
CREATE TEMP TABLE passing (x int);
"#;

#[test]
fn a_real_catalog_is_taken_down() {
    let Some(cluster) = Cluster::start() else { return };
    cluster.run(SCHEMA);
    let snapshot = cluster.snapshot();

    let patients = snapshot.table_named("clinical", "patients").unwrap();
    let names: Vec<&str> = patients.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["id", "mrn", "ssn", "sex", "home", "visits", "tags", "codes"]);
    let mrn = patients.column_named("mrn").unwrap();
    assert_eq!((mrn.number, mrn.type_oid, mrn.modifier), (3, 1043, 16), "what was dropped keeps its number");
    assert_eq!(patients.column(3), Some(mrn));
    assert!(snapshot.table_named("pg_temp_3", "passing").is_none());
    assert!(snapshot.table_named("clinical", "address").is_none(), "a type is no relation");

    let shape = |name: &str| snapshot.shape(patients.column_named(name).unwrap().type_oid);
    assert_eq!(shape("id"), Shape::Base(Base::Int8));
    assert_eq!(shape("ssn"), Shape::Domain(1043));
    assert_eq!(shape("sex"), Shape::Enum);
    assert_eq!(shape("home"), Shape::Composite([25, 1043].into()));
    assert_eq!(shape("visits"), Shape::Range);
    assert_eq!(shape("tags"), Shape::Array(25));
    let Shape::Array(element) = shape("codes") else { panic!("{:?}", shape("codes")) };
    assert_eq!(snapshot.shape(element), Shape::Domain(1043));
    // A row of the table as a value.
    let row_type: u32 =
        cluster.rows("SELECT 'clinical.listing'::regtype::oid")[0][0].as_ref().unwrap().parse().unwrap();
    assert_eq!(snapshot.shape(row_type), Shape::Composite([20, 25, 25].into()));
    assert_eq!(snapshot.shape(2206), Shape::Base(Base::Oid));
    assert_eq!(snapshot.shape(30), Shape::Unknown, "oidvector is written unlike an array");
    assert!(matches!(snapshot.shape(row_type), Shape::Composite(_)));

    let family = |name: &str| {
        let table = snapshot.table_named("clinical", name).unwrap();
        let mut names: Vec<&str> = snapshot.family(table).map(|table| table.name.as_str()).collect();
        names.sort_unstable();
        names.join(" ")
    };
    assert_eq!(family("events_2026_h1"), "events events_2026 events_2026_h1");
    assert_eq!(family("events"), "events events_2026 events_2026_h1");
    assert_eq!(family("patients"), "patients");

    let odd = snapshot.table_named("public", "Odd \"schema\" t").unwrap();
    assert!(odd.column_named("a.b").is_some() && odd.column_named("SELECT").is_some());
    let routine: u32 = cluster.rows("SELECT 'clinical.risk'::regproc::oid")[0][0].as_ref().unwrap().parse().unwrap();
    assert_eq!(snapshot.routine(routine).map(|routine| (routine.name.as_str(), routine.result)), Some(("risk", 23)));
    assert_eq!(snapshot.routine(89).map(|routine| routine.name.as_str()), Some("version"));

    // What the analysis makes of it: through views whose definitions the server printed, partitions, odd names.
    let sources = |text: &str| {
        let facts = analyse(text, snapshot.catalog(), &Session::default()).remove(0);
        let name = |id| facts.column(id).map(|(table, column)| format!("{}.{}", table.name, column.name));
        let mut all: Vec<String> =
            facts.outputs.iter().flat_map(|output| output.origin.sources()).filter_map(|(id, _)| name(*id)).collect();
        all.sort();
        assert!(facts.outputs_complete && !facts.outputs.iter().any(|output| output.origin.is_unprovable()), "{text}");
        all.join(" ")
    };
    assert_eq!(sources("SELECT code FROM clinical.listing"), "listing.code patients.mrn");
    assert_eq!(sources("SELECT number FROM clinical.kept"), "kept.number patients.ssn");
    assert_eq!(sources("SELECT x FROM \"a.b\".v"), "c.d.e f v.x");
    assert_eq!(sources("SELECT note FROM clinical.events_2026_h1"), "events.note events_2026.note events_2026_h1.note");
}

#[test]
fn the_version_and_the_pulse_change_with_the_catalog_and_with_nothing_else() {
    let Some(cluster) = Cluster::start() else { return };
    cluster.run("CREATE TABLE t (a int)");
    let take = || (cluster.snapshot().version(), cluster.rows(Snapshot::pulse()));
    let before = take();
    cluster.run("INSERT INTO t VALUES (1); ANALYZE t; SELECT * FROM t");
    assert_eq!(take().0, before.0);
    let mut last = take();
    for change in [
        "ALTER TABLE t ADD COLUMN b text",
        "ALTER TABLE t RENAME COLUMN b TO c",
        "CREATE VIEW v AS SELECT a FROM t",
        "CREATE OR REPLACE VIEW v AS SELECT a + 1 AS a FROM t",
        "CREATE TABLE child () INHERITS (t)",
        "ALTER TABLE child NO INHERIT t",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1'",
        "ALTER FUNCTION f() VOLATILE",
        "CREATE TYPE e AS ENUM ('a')",
        "ALTER TABLE t RENAME TO u",
        "DROP VIEW v",
        "ALTER SCHEMA public RENAME TO others",
    ] {
        cluster.run(change);
        let now = take();
        assert_ne!(now.0, last.0, "{change}");
        assert_ne!(now.1, last.1, "{change}");
        last = now;
    }
}

#[test]
fn code_of_an_extension_that_only_computes_is_trusted() {
    let Some(cluster) = Cluster::start() else { return };
    let available = "SELECT 1 FROM pg_catalog.pg_available_extensions WHERE name = 'pg_trgm'";
    if cluster.rows(available).is_empty() {
        return crate::testing::skipped("the server has no extension pg_trgm");
    }
    // SQL that says the same of itself is somebody's own.
    cluster.run("CREATE EXTENSION pg_trgm");
    cluster.run("CREATE FUNCTION liar() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'");
    let snapshot = cluster.snapshot();
    let is_proved = |text: &str| {
        let facts = analyse(text, snapshot.catalog(), &Session::default()).remove(0);
        !facts.outputs[0].origin.is_unprovable()
    };
    assert!(is_proved("SELECT similarity('a', 'b')"));
    assert!(!is_proved("SELECT liar()") && !is_proved("SELECT set_limit(0.5)"));
}

#[test]
fn rows_that_were_not_asked_for_are_refused() {
    let row = |query: usize, cells: &[Option<&[u8]>]| Builder::default().row(query, cells);
    assert_eq!(row(99, &[]), Err(CatalogError::Row { query: 99 }));
    assert_eq!(row(1, &[Some(b"x"), Some(b"s"), Some(b"t"), Some(b"r"), None]), Err(CatalogError::Row { query: 1 }));
    assert_eq!(row(1, &[Some(b"1"), Some(b"\xff"), Some(b"t"), Some(b"r"), None]), Err(CatalogError::Row { query: 1 }));
    assert_eq!(row(1, &[Some(b"1"), Some(b"s"), Some(b"t"), Some(b"?"), None]), Err(CatalogError::Row { query: 1 }));
    assert_eq!(row(2, &[Some(b"1")]), Err(CatalogError::Row { query: 2 }));
    // A circle, which no server has, ends.
    let mut builder = Builder::default();
    builder.row(3, &[Some(b"1"), Some(b"2")]).unwrap();
    builder.row(3, &[Some(b"2"), Some(b"1")]).unwrap();
    assert!(builder.finish().unwrap().tables.is_empty());
    let mut builder = Builder::default();
    let long = vec![b'x'; 1 << 20];
    let relation: [Option<&[u8]>; 5] = [Some(b"1"), Some(b"s"), Some(b"t"), Some(b"v"), Some(&long)];
    let ended = (0..1000).find_map(|_| builder.row(1, &relation).err());
    assert_eq!(ended, Some(CatalogError::TooBig));
}
