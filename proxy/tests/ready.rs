//! The ready-made policies before a real database: what programs ask by themselves goes through, one patient is found, and
//! everything at once waits for people. And a database that is only observed.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests, outside of their functions")]

mod common;
#[path = "common/database.rs"]
mod database;
#[path = "../src/private_postgres.rs"]
mod private_postgres;

use std::path::Path;
use std::process::Command;

use database::Database;
use serde_json::Value;
use tokio_postgres::SimpleQueryMessage;

const READ_ONLY: (&str, &str) = ("read-only-agents", include_str!("../../policy/ready/read-only-agents.cedar"));
const BULK: (&str, &str) = ("bulk-needs-approval", include_str!("../../policy/ready/bulk-needs-approval.cedar"));
const MINIMUM: (&str, &str) = ("minimum-necessary", include_str!("../../policy/ready/minimum-necessary.cedar"));

const TABLES: &str = "
CREATE SCHEMA clinical;
CREATE TYPE clinical.mood AS ENUM ('well', 'ill');
CREATE TYPE clinical.place AS (ward text, bed int);
CREATE TABLE clinical.patients (patient_id int PRIMARY KEY, mrn text, birth_date date, sex text, zip text, ssn text,
    mood clinical.mood, place clinical.place);
INSERT INTO clinical.patients SELECT n, 'MRN' || n, date '1950-01-01' + n, 'f', '02139', '219-09-' || (1000 + n), 'well',
    ROW('a', n)::clinical.place FROM generate_series(1, 200) n;
CREATE VIEW clinical.listing AS SELECT patient_id, zip FROM clinical.patients;
CREATE INDEX ON clinical.patients (zip);
CREATE FUNCTION clinical.risk(int) RETURNS int LANGUAGE sql STABLE AS 'SELECT $1';
ANALYZE;
";

const PROFILE: &str = "[profile.agents]\nbase = \"safe-harbor\"\n[profile.agents.columns]\n\
    \"clinical.patients.mrn\" = \"tag\"\n\"clinical.patients.ssn\" = \"tag\"\n";

/// What psql asks for its own commands.
const COMMANDS: &[&str] = &[
    r"\d",
    r"\dt",
    r"\dt *.*",
    r"\dt clinical.*",
    r"\d clinical.patients",
    r"\d+ clinical.patients",
    r"\d clinical.listing",
    r"\l",
    r"\l+",
    r"\dn",
    r"\dn+",
    r"\du",
    r"\df clinical.*",
    r"\dv clinical.*",
    r"\ds",
    r"\di clinical.*",
    r"\dT clinical.*",
    r"\dx",
    r"\dp clinical.*",
    r"\conninfo",
    r"\encoding",
    r"\dC",
    r"\do",
    r"\db",
    r"\dS pg_class",
    r"\sf clinical.risk",
    r"\sv clinical.listing",
];

/// What drivers and their users' libraries say before anybody asks for anything.
const BEGINNINGS: &[&str] = &[
    "SELECT version()",
    "select pg_catalog.version()",
    "SET extra_float_digits = 3",
    "SET application_name = 'PostgreSQL JDBC Driver'",
    "show standard_conforming_strings",
    "SHOW transaction_read_only",
    "SHOW TRANSACTION ISOLATION LEVEL",
    "select current_schema()",
    "SELECT current_database(), current_user, pg_is_in_recovery()",
    "SET client_encoding TO 'UTF8'",
    "SET SESSION TIME ZONE 'UTC'",
    "SET client_min_messages TO warning",
    "SET standard_conforming_strings = on",
    "SELECT 1",
    "BEGIN; ROLLBACK",
    "DISCARD ALL",
    "SELECT t.oid, t.typname, t.typelem, t.typdelim, t.typinput, r.rngsubtype, t.typtype, t.typbasetype
     FROM pg_type as t LEFT JOIN pg_range as r ON t.oid = r.rngtypid",
    "SELECT ns.nspname, t.oid, t.typname, t.typtype, t.typnotnull, t.elemtypoid FROM (
        SELECT typ.oid, typ.typnamespace, typ.typname, typ.typtype, typ.typrelid, typ.typnotnull,
            elemtyp.oid AS elemtypoid, cls.relkind
        FROM pg_type AS typ LEFT JOIN pg_class AS cls ON (cls.oid = typ.typrelid)
        LEFT JOIN pg_type AS elemtyp ON elemtyp.oid = typ.typelem) AS t
     JOIN pg_namespace AS ns ON (ns.oid = t.typnamespace) WHERE t.typtype IN ('b', 'r', 'm', 'e', 'd')",
    "SELECT pg_enum.oid, enumlabel FROM pg_enum JOIN pg_type ON pg_type.oid = enumtypid ORDER BY pg_enum.oid, enumsortorder",
    "SELECT table_name FROM information_schema.tables WHERE table_schema = 'clinical'",
    "SELECT a.attname, format_type(a.atttypid, a.atttypmod), pg_get_expr(d.adbin, d.adrelid), a.attnotnull
     FROM pg_attribute a LEFT JOIN pg_attrdef d ON a.attrelid = d.adrelid AND a.attnum = d.adnum
     WHERE a.attrelid = 'clinical.patients'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
];

/// Programs whose drivers look at the database's types for what they are given.
const PSYCOPG: &str = "
import psycopg
from psycopg.types import TypeInfo
from psycopg.types.enum import EnumInfo
from psycopg.types.composite import CompositeInfo
with psycopg.connect() as c:
    assert c.execute('SELECT version()').fetchone()[0].startswith('PostgreSQL')
    assert TypeInfo.fetch(c, 'int4') and EnumInfo.fetch(c, 'clinical.mood') and CompositeInfo.fetch(c, 'clinical.place')
    assert len(c.execute('SELECT patient_id, zip FROM clinical.patients WHERE mrn = %s', ['MRN17']).fetchall()) == 1
    print('fine')
";
const ASYNCPG: &str = "
import asyncio, asyncpg
async def main():
    c = await asyncpg.connect()
    assert (await c.fetchval('SELECT version()')).startswith('PostgreSQL')
    assert await c.fetchval('SELECT $1::clinical.mood', 'well') == 'well'
    assert len(await c.fetch('SELECT patient_id, zip FROM clinical.patients WHERE mrn = $1', 'MRN17')) == 1
    await c.reset()
    await c.close()
    print('fine')
asyncio.run(main())
";
const NODE: &str = "
const { Client } = require('pg');
(async () => {
  const c = new Client();
  await c.connect();
  const v = (await c.query('SELECT version()')).rows[0].version;
  const r = await c.query('SELECT patient_id, zip FROM clinical.patients WHERE mrn = $1', ['MRN17']);
  await c.end();
  console.log(v.startsWith('PostgreSQL') && r.rows.length === 1 ? 'fine' : 'wrong');
})();
";

fn installed(path: &str) -> Option<std::path::PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/drivers").join(path);
    path.exists().then_some(path)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ready_made_policies_hold_what_is_bulk_and_nothing_that_programs_ask_by_themselves() {
    for policies in [&[READ_ONLY, BULK][..], &[MINIMUM, BULK]] {
        let settings = "profile = \"agents\"\nhold = \"1s\"";
        let Some(database) = Database::new(TABLES, policies, settings, PROFILE) else { return };
        let name = policies[0].0;
        database.room.run(&["check"]).ends(0);
        let gateway = database.gateway();
        programs_begin(&database, name);

        let (client, _) = database.client(database.port).await.unwrap();
        for text in BEGINNINGS {
            if let Err(error) = client.simple_query(text).await {
                panic!("{name}: {text}: {error:?}");
            }
        }
        let found = |answers: Vec<SimpleQueryMessage>| {
            answers.into_iter().filter(|answer| matches!(answer, SimpleQueryMessage::Row(_))).count()
        };
        for (text, count) in [
            ("SELECT patient_id, mrn, zip FROM clinical.patients WHERE mrn = 'MRN17'", 1),
            ("SELECT patient_id FROM clinical.patients WHERE patient_id = 17", 1),
            ("SELECT patient_id, birth_date FROM clinical.patients WHERE zip = '02139' LIMIT 20", 20),
        ] {
            let answers = client.simple_query(text).await.unwrap_or_else(|error| panic!("{name}: {text}: {error:?}"));
            assert_eq!(found(answers), count, "{name}: {text}");
        }
        let rows = client.query("SELECT patient_id FROM clinical.patients WHERE mrn = $1", &[&"MRN17"]).await.unwrap();
        assert_eq!(rows.len(), 1);
        // Everything at once is held, however it is said.
        for text in [
            "SELECT patient_id, mrn FROM clinical.patients",
            "SELECT patient_id FROM clinical.patients WHERE true",
            "SELECT patient_id FROM clinical.patients WHERE 1 = 1 ORDER BY patient_id",
            "SELECT patient_id FROM clinical.patients LIMIT 1000000",
        ] {
            let error = client.simple_query(text).await.expect_err(text);
            let told = error.as_db_error().unwrap();
            assert!(told.detail().is_some_and(|detail| detail.starts_with("approval=")), "{name}: {text}: {told:?}");
        }
        for text in [
            "UPDATE clinical.patients SET zip = 'x' WHERE patient_id = 1",
            "DROP TABLE clinical.patients",
            "DO $$ BEGIN NULL; END $$",
            "SELECT pg_read_file('/etc/passwd')",
        ] {
            let error = client.simple_query(text).await.expect_err(text);
            assert_eq!(error.code().unwrap().code(), "42501", "{name}: {text}");
        }
        drop(client);
        let (status, said) = gateway.end();
        assert_eq!(status, Some(0), "{said}");
    }
}

fn programs_begin(database: &Database, name: &str) {
    for command in COMMANDS {
        let mut psql = database.server.psql_at(database.port, "agent-7", "ehr", Some(&database.credential));
        let output = psql.args(["-v", "ON_ERROR_STOP=1", "-c", command]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        // Finding nothing is an answer.
        let nothing = said.contains("Did not find any");
        assert!(nothing || (output.status.success() && said.is_empty()), "{name}: {command}: {said}");
    }
    let drive = |program: &mut Command| {
        program.env("PGHOST", "127.0.0.1").env("PGPORT", database.port.to_string()).env("PGUSER", "agent-7");
        program.env("PGDATABASE", "ehr").env("PGPASSWORD", &database.credential).env("PGSSLMODE", "disable");
        let output = program.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "fine", "{name}: {said}");
    };
    match installed("venv/bin/python3") {
        Some(python) => {
            for script in [PSYCOPG, ASYNCPG] {
                drive(Command::new(&python).args(["-c", script]));
            }
        }
        None => {
            common::skipped("psycopg and asyncpg are not installed below target/drivers; `cargo xtask test` does that")
        }
    }
    match installed("node/node_modules").filter(|_| Command::new("node").arg("-v").output().is_ok()) {
        Some(modules) => drive(Command::new("node").args(["-e", NODE]).env("NODE_PATH", modules)),
        None => common::skipped("node-postgres is not installed below target/drivers; `cargo xtask test` does that"),
    }
}

fn leaves(database: &Database) -> Vec<Value> {
    use blackbar_ledger::{LeafIndex, Reader};

    let reader = Reader::open(&database.room.path("blackbar-data"), None);
    let leaves = reader.leaves(LeafIndex::FIRST).unwrap();
    leaves.map(|item| serde_json::from_slice(item.unwrap().1.bytes()).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_observed_answers_as_it_is_and_the_record_says_what_would_have_been() {
    let settings = "profile = \"agents\"\nhold = \"1s\"\nmode = \"observe\"\nobserve_until = 2099-12-31";
    let Some(database) = Database::new(TABLES, &[READ_ONLY, BULK], settings, PROFILE) else { return };
    assert!(database.room.run(&["check"]).ends(0).err.contains("OBSERVING"));
    let gateway = database.gateway();
    let (client, _) = database.client(database.port).await.unwrap();
    let one = "SELECT mrn, ssn FROM clinical.patients WHERE patient_id = 17";
    let first =
        |answers: &[SimpleQueryMessage]| match answers.iter().find(|one| matches!(one, SimpleQueryMessage::Row(_))) {
            Some(SimpleQueryMessage::Row(row)) => row.get(0).unwrap_or_default().to_owned(),
            _ => panic!("no row"),
        };
    let rows = |answers: &[SimpleQueryMessage]| {
        answers.iter().filter(|answer| matches!(answer, SimpleQueryMessage::Row(_))).count()
    };
    assert_eq!(first(&client.simple_query(one).await.unwrap()), "MRN17", "allowed, and not masked");
    let all = client.simple_query("SELECT ssn FROM clinical.patients ORDER BY patient_id").await.unwrap();
    assert_eq!((rows(&all), &*first(&all)), (200, "219-09-1001"), "held, if anybody enforced it");
    client.simple_query("UPDATE clinical.patients SET zip = '02140' WHERE patient_id = 17").await.unwrap();
    let prepared = client.query("SELECT ssn FROM clinical.patients WHERE mrn = $1", &[&"MRN17"]).await.unwrap();
    assert_eq!(prepared[0].get::<_, String>(0), "219-09-1017");
    drop(client);
    // Who somebody is still matters.
    let mut stranger = database.config(database.port);
    assert!(stranger.password("bb-nobody").connect(tokio_postgres::NoTls).await.is_err());

    // From the next session on it is enforced.
    let text = database.room.text("blackbar.toml").replace("2099-12-31", "2020-01-31");
    database.room.write("blackbar.toml", text);
    gateway.signal("HUP");
    let begun = std::time::Instant::now();
    loop {
        let (client, _) = database.client(database.port).await.unwrap();
        let answer = client.simple_query(one).await.unwrap();
        if first(&answer) != "MRN17" {
            assert!(client.simple_query("SELECT ssn FROM clinical.patients").await.is_err());
            assert!(client.simple_query("UPDATE clinical.patients SET zip = 'x' WHERE patient_id = 1").await.is_err());
            break;
        }
        assert!(begun.elapsed().as_secs() < 20, "the date did not come into force");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let (status, said) = gateway.end();
    assert_eq!(status, Some(0), "{said}");
    database.room.run(&["verify", "blackbar-data", "--root-key", "root.key"]).ends(0);
    let leaves = leaves(&database);
    let observed: Vec<&str> = leaves
        .iter()
        .filter(|leaf| leaf["kind"] == "decision.granted")
        .filter_map(|leaf| leaf["details"]["observed"].as_str())
        .collect();
    for word in ["allowed", "held", "denied"] {
        assert!(observed.contains(&word), "no {word} in {observed:?}");
    }
    let would = leaves.iter().filter(|leaf| leaf["details"]["would_redact_with"] == "agents").count();
    assert!(would >= 2, "{would} answers would have been redacted");
    for file in
        database.room.files().iter().filter(|file| file.starts_with("blackbar-data") && !file.ends_with("/reserve"))
    {
        let bytes = database.room.read(file);
        assert!(memchr::memmem::find(&bytes, b"219-09-10").is_none(), "content in {file}");
    }
}
