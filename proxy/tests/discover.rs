//! Labels that are proposed for a database, as configuration that `check` takes, without a value in it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests, outside of their functions")]

mod common;
#[path = "../src/private_postgres.rs"]
mod private_postgres;

use common::Room;
use common::gateway::free_port;
use private_postgres::{Options, Server};

const TABLES: &str = r#"
CREATE SCHEMA clinical;
CREATE TABLE clinical.patients (
    id int PRIMARY KEY, mrn text, full_name text, born date, ward text, note text, x1 text, photo bytea, chart text,
    "odd.name" text
);
COMMENT ON COLUMN clinical.patients.chart IS 'Medical record number';
INSERT INTO clinical.patients
SELECT n, 'C' || (4839000 + n), 'Quixley Marigold', date '1961-03-14' + n, 'B7',
    CASE WHEN n % 3 = 0 THEN 'Seen today. SSN: 219-09-9999, call back.' ELSE 'Seen today.' END,
    'quixley.marigold' || n || '@clinic-canary.org', '\x00', NULL, '219-09-9999'
FROM generate_series(1, 60) AS n;
CREATE TABLE clinical.wards (code text, beds int);
INSERT INTO clinical.wards VALUES ('B7', 12), ('C1', 8);
CREATE TABLE "locked away" (ssn text);
CREATE VIEW clinical.everybody AS SELECT * FROM clinical.patients;
CREATE ROLE asker LOGIN;
GRANT USAGE ON SCHEMA clinical TO asker;
GRANT SELECT ON ALL TABLES IN SCHEMA clinical TO asker;
"#;

#[test]
fn labels_are_proposed_by_names_comments_and_samples() {
    let Some(server) = Server::start(&Options::default()).unwrap() else {
        common::skipped("this machine has no PostgreSQL server");
        return;
    };
    server.run("postgres", TABLES).unwrap();
    let (room, port) = (Room::new(), free_port());
    room.run(&["init", "."]).ends(0);
    let config = format!(
        "data_dir = \"blackbar-data\"\n[keys]\nroot = {{ file = \"root.key\" }}\ntokens = {{ file = \"tokens.key\" }}\n\
         [[target]]\nname = \"ehr\"\nprotocol = \"postgres\"\nlisten = \"127.0.0.1:{port}\"\n\
         upstream = \"postgres://asker@127.0.0.1:{}/postgres?sslmode=disable\"\n",
        server.port()
    );
    room.write("blackbar.toml", &config);
    let proposed = room.run(&["discover", "--target", "ehr", "--rows", "50"]).ends(0).text();
    for wanted in [
        "[profile.ehr-columns]\nbase = \"safe-harbor\"\n",
        "\"clinical.patients.mrn\" = \"token\"",
        "\"clinical.patients.full_name\" = \"tag\"",
        "\"clinical.patients.born\" = \"generalise\"",
        "\"clinical.patients.x1\" = \"tag\"  # email: 50 of 50 values",
        "\"clinical.patients.chart\" = \"token\"",
        "\"public.locked away.ssn\" = \"token\"",
    ] {
        assert!(proposed.contains(wanted), "no {wanted} in\n{proposed}");
    }
    // Text with identifiers within, names that cannot be labelled, and tables that may not be read are told.
    assert!(proposed.contains("# clinical.patients.note: found in 50 values: ssn 16; "), "{proposed}");
    assert!(proposed.contains("# clinical.patients.odd.name: ssn: 50 of 50 values"), "{proposed}");
    assert!(proposed.contains("# public.locked away: no values were read (SQLSTATE 42501)"), "{proposed}");
    assert!(proposed.contains("\"clinical.patients.photo\" = \"tag\"  # image: by its name"), "{proposed}");
    for untold in ["ward", "beds", "code", "everybody"] {
        assert!(!proposed.contains(&format!(".{untold}")), "{untold} in\n{proposed}");
    }
    for value in ["219-09-9999", "Marigold", "clinic-canary", "4839", "1961", "B7"] {
        assert!(!proposed.contains(value), "{value} in\n{proposed}");
    }
    // What is proposed is configuration, and does what it says.
    let target = config.replace("[[target]]\n", "[[target]]\nprofile = \"ehr-columns\"\n");
    room.write("blackbar.toml", format!("{target}\n{proposed}"));
    room.run(&["check"]).ends(0);
    room.run(&["discover", "--target", "her"]).ends(2).says("did you mean \"ehr\"?");
    room.write("blackbar.toml", config.replace("asker@", "nobody@"));
    room.run(&["discover", "--target", "ehr"]).ends(1).says("BB-SERVE-006");
}
