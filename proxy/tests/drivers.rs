//! Real drivers through the gateway: one matrix of cases, which each driver runs in its own way, in text and in binary.
//!
//! `cargo xtask test` installs the drivers below `target/drivers`. A driver that is missing is skipped, and says so.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests, outside of their functions")]

mod common;
#[path = "../src/private_postgres.rs"]
mod private_postgres;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use common::gateway::{Gateway, free_port};
use common::tap::Tap;
use common::{EMAIL, Room, SSN};
use futures_util::{SinkExt as _, TryStreamExt as _, future};
use private_postgres::{Options, Server};
use serde_json::{Value, json};
use tokio_postgres::types::{FromSql, ToSql, Type};
use tokio_postgres::{Client, NoTls, Row, SimpleQueryMessage};

const MATRIX: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/drivers/matrix.json");

/// A gateway with `safe-harbor` before a database, for one driver.
struct Clinic {
    room: Room,
    port: u16,
    credential: String,
    tap: Tap,
    _gateway: Gateway,
    server: Server,
}

impl Clinic {
    /// `None`, with a printed reason: there is no PostgreSQL.
    fn new() -> Option<Self> {
        let Some(server) = Server::start(&Options::default()).unwrap() else {
            common::skipped("this machine has no PostgreSQL server");
            return None;
        };
        let setup: Vec<&str> = matrix()["setup"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
        server.run("postgres", &setup.join(";\n")).unwrap();
        let (room, port) = (Room::new(), free_port());
        room.run(&["init", "."]).ends(0);
        room.write(
            "blackbar.toml",
            format!(
                "data_dir = \"blackbar-data\"\n[keys]\nroot = {{ file = \"root.key\" }}\n[[target]]\nname = \"ehr\"\n\
                 protocol = \"postgres\"\nlisten = \"127.0.0.1:{port}\"\nrecord = \"bounded\"\n\
                 upstream = \"postgres://postgres@127.0.0.1:{}/postgres?sslmode=disable\"\n",
                server.port()
            ),
        );
        for file in room.files().iter().filter(|file| file.starts_with("policies/")) {
            std::fs::remove_file(room.path(file)).unwrap();
        }
        let policy = "permit (principal in Group::\"agents\", action, resource in Target::\"ehr\");\n\
                      @id(\"payroll\") forbid (principal, action, resource in Schema::\"ehr.payroll\");\n";
        room.write("policies/ehr.cedar", policy);
        let credential = room.run(&["token", "issue", "--subject", "agent-7", "--group", "agents"]).ends(0).text();
        let gateway = Gateway::start(&room, port);
        let tap = Tap::before(port);
        let credential = credential.trim().to_owned();
        Some(Self { room, port: tap.port, credential, tap, _gateway: gateway, server })
    }

    /// Runs a driver's program and checks what it tells of each case.
    fn drive(&self, driver: &str, program: &mut Command) {
        self.compare(driver, &self.runs(driver, program));
    }

    /// Runs a program of a driver's. What it says, line by line.
    fn runs(&self, driver: &str, program: &mut Command) -> Vec<Value> {
        program.env("PGHOST", "127.0.0.1").env("PGPORT", self.port.to_string()).env("PGUSER", "agent-7");
        program.env("PGDATABASE", "ehr").env("PGPASSWORD", &self.credential).env("PGSSLMODE", "disable");
        program.env("MATRIX", MATRIX).current_dir(self.room.folder.path());
        let output = program.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let told = common::lines(&String::from_utf8(output.stdout).unwrap());
        eprint!("{said}");
        assert!(output.status.success(), "{driver}: {said}\n{told:?}");
        told
    }

    fn compare(&self, driver: &str, told: &[Value]) {
        let cases = matrix()["cases"].as_array().unwrap();
        assert!(told.len() >= cases.len(), "{driver} ran {} of {} cases", told.len(), cases.len());
        let mut wrong = Vec::new();
        for told in told {
            if let Some(why) = told["unsupported"].as_str() {
                // It is the driver that has no such thing: nothing that a program could install.
                eprintln!("{driver}, {}, {}: unsupported: {why}", told["mode"], told["case"]);
                continue;
            }
            let case = cases.iter().find(|case| case["name"] == told["case"]).unwrap();
            let right = match (case["contains"].as_str(), case["decodes"].as_u64()) {
                (Some(part), _) => told["got"].as_str().is_some_and(|got| got.contains(part)),
                // Each driver has values of its own for a type; that it read them all is what counts.
                (None, Some(count)) => {
                    let row = told["got"].as_array().filter(|rows| rows.len() == 1).and_then(|rows| rows[0].as_array());
                    row.is_some_and(|row| {
                        row.len() as u64 == count && row.iter().filter(|cell| !cell.is_null()).count() > row.len() / 3
                    })
                }
                (None, None) => told["got"] == case["expect"],
            };
            if !right {
                wrong.push(told.to_string());
            }
        }
        assert!(wrong.is_empty(), "{driver}:\n{}", wrong.join("\n"));
        let seen = self.tap.connections().concat();
        let days = (-14_152_i32).to_be_bytes();
        let raw = [&days[..], &219_099_999_i32.to_be_bytes(), &[0x8c, 0x0f, 0x2f, 0x5e, 0x2f, 0x0b]];
        let texts = [SSN, EMAIL, "219099999", "quixley", "Marigold", "1961-04-03", "8c0f2f5e", "203.0.113.7"];
        for canary in texts.map(str::as_bytes).into_iter().chain(raw) {
            assert!(memchr::memmem::find(&seen, canary).is_none(), "{canary:?} got out to {driver}");
        }
        eprintln!("{driver}: {} cases", told.len());
    }
}

fn matrix() -> &'static Value {
    static MATRIX_READ: OnceLock<Value> = OnceLock::new();
    MATRIX_READ.get_or_init(|| serde_json::from_str(&std::fs::read_to_string(MATRIX).unwrap()).unwrap())
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/drivers").join(name)
}

/// Where drivers are installed.
fn installed(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/drivers").join(path);
    path.exists().then(|| path.canonicalize().unwrap_or(path))
}

/// The Python that has this package.
fn python_with(package: &str) -> Option<PathBuf> {
    // The environment's own link is what makes it one, so it is not followed.
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/drivers/venv/bin/python3");
    let present = python.exists()
        && Command::new(&python).args(["-c", &format!("import {package}")]).output().unwrap().status.success();
    if !present {
        common::skipped(&format!("{package} is not installed below target/drivers; `cargo xtask test` does that"));
    }
    present.then_some(python)
}

fn python(driver: &str, file: &str) {
    let Some(python) = python_with(driver) else { return };
    let Some(clinic) = Clinic::new() else { return };
    clinic.drive(driver, Command::new(&python).arg(script(file)));
}

#[test]
fn psycopg() {
    python("psycopg", "psycopg3.py");
}

#[test]
fn asyncpg() {
    python("asyncpg", "asyncpg_driver.py");
}

/// A row as it is, and as it is expected to be when only its ward was changed.
const PERSON: &str = "
CREATE TABLE clinical.people (
    id int PRIMARY KEY, name text, ssn text, born date, admitted timestamptz, patient_id uuid, address inet, ssn_number bigint,
    ward text, beds int);
INSERT INTO clinical.people VALUES (1, 'Quixley Marigold', '219-09-9999', '1961-04-03', '2021-03-09 10:30:00+00',
    '8c0f2f5e-2f0b-4a57-9d3b-2b8f6f3c1a77', '203.0.113.7', 219099999, 'B2', 12);
CREATE TABLE clinical.expected AS SELECT * FROM clinical.people;
UPDATE clinical.expected SET ward = 'C3';
";

#[test]
fn an_orm_changes_what_was_changed_and_nothing_else() {
    let Some(python) = python_with("sqlalchemy") else { return };
    let Some(clinic) = Clinic::new() else { return };
    clinic.server.run("postgres", PERSON).unwrap();
    let mut program = Command::new(python);
    program.arg(script("sqlalchemy_orm.py"));
    for told in clinic.runs("SQLAlchemy", &mut program) {
        let (driver, told) = (&told["driver"], told["told"].as_object().unwrap());
        println!("{driver}: {told:?}");
        assert_eq!(told["one attribute"], "ok", "{driver}");
        for (column, became) in told {
            // What comes as it is may go back; the rest is refused one by one and together.
            let expected = if matches!(column.as_str(), "one attribute" | "ward" | "beds") { "ok" } else { "42501" };
            assert_eq!(became, expected, "{driver}: {column}");
        }
        assert_eq!(told.len(), 12, "{driver}");
    }
    let differs = "DO $$ BEGIN IF EXISTS (TABLE clinical.people EXCEPT TABLE clinical.expected) THEN RAISE EXCEPTION '%', \
                   (SELECT people FROM clinical.people); END IF; END $$";
    clinic.server.run("postgres", differs).unwrap();
    assert!(clinic.server.run("postgres", &differs.replace("EXCEPT TABLE", "INTERSECT TABLE")).is_err(), "it is there");
}

#[test]
fn node_postgres() {
    let Some(modules) = installed("node/node_modules").filter(|_| Command::new("node").arg("-v").output().is_ok())
    else {
        common::skipped("node-postgres is not installed below target/drivers; `cargo xtask test` does that");
        return;
    };
    let Some(clinic) = Clinic::new() else { return };
    clinic.drive("node-postgres", Command::new("node").arg(script("node_postgres.js")).env("NODE_PATH", modules));
}

#[test]
fn psql() {
    let (Some(programs), Ok(_)) = (private_postgres::programs(), Command::new("python3").arg("-V").output()) else {
        common::skipped("psql or Python is missing");
        return;
    };
    let Some(clinic) = Clinic::new() else { return };
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(programs).chain(std::env::split_paths(&path))).unwrap();
    clinic.drive("psql", Command::new("python3").arg(script("psql.py")).env("PATH", path));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokio_postgres() {
    let Some(clinic) = tokio::task::spawn_blocking(Clinic::new).await.unwrap() else { return };
    let mut config = tokio_postgres::Config::new();
    config.host("127.0.0.1").port(clinic.port).user("agent-7").dbname("ehr").password(&clinic.credential);
    let mut told = Vec::new();
    for mode in ["text", "binary"] {
        let (mut client, connection) = config.connect(NoTls).await.unwrap();
        tokio::spawn(connection);
        for case in matrix()["cases"].as_array().unwrap() {
            let got = match case["do"].as_str().unwrap() {
                "cursor" => portions(&mut client, case).await,
                _ if mode == "text" => text(&client, case).await,
                _ => binary(&client, case).await,
            };
            told.push(match got {
                Some(got) => json!({ "case": case["name"], "mode": mode, "got": got }),
                None => json!({ "case": case["name"], "mode": mode, "unsupported": "not in this form" }),
            });
        }
    }
    tokio::task::spawn_blocking(move || clinic.compare("tokio-postgres", &told)).await.unwrap();
}

fn code<T>(result: Result<T, tokio_postgres::Error>) -> Value {
    result.map_or_else(|error| error.code().map_or("", |code| code.code()).into(), |_| "no error".into())
}

/// By the simple protocol.
async fn text(client: &Client, case: &Value) -> Option<Value> {
    let sql = case["sql"].as_str().unwrap_or_default();
    let filled = |params: &Value| sql.replace("$1", &params[0].to_string());
    match case["do"].as_str().unwrap() {
        "query" => Some(simple(client, &filled(&case["params"])).await),
        "copy_out" => {
            let stream = client.copy_out(sql).await.unwrap();
            Some(String::from_utf8(stream.try_collect::<Vec<_>>().await.unwrap().concat()).unwrap().into())
        }
        "copy_in" => {
            let table = case["table"].as_str().unwrap();
            client.batch_execute(&format!("TRUNCATE {table}")).await.unwrap();
            let mut sink = Box::pin(client.copy_in(&format!("COPY {table} FROM STDIN")).await.unwrap());
            sink.send(bytes::Bytes::from_static(b"1\tone\n2\ttwo\n")).await.unwrap();
            sink.as_mut().finish().await.unwrap();
            Some(simple(client, case["then"].as_str().unwrap()).await)
        }
        "cancel" => Some(json!([[cancelled(client, client.simple_query(sql)).await]])),
        "error" => Some(json!([[code(client.simple_query(sql).await)]])),
        "transaction" => {
            client.simple_query("BEGIN").await.unwrap();
            let codes = json!([[code(client.simple_query(sql).await)], [code(client.simple_query("SELECT 1").await)]]);
            client.simple_query("ROLLBACK").await.unwrap();
            Some(codes)
        }
        _ => None,
    }
}

/// By the extended protocol, whose values are binary.
async fn binary(client: &Client, case: &Value) -> Option<Value> {
    let sql = case["sql"].as_str().unwrap_or_default();
    let number = |params: &Value| i32::try_from(params[0].as_i64().unwrap()).unwrap();
    match case["do"].as_str().unwrap() {
        "query" if case.get("decodes").is_some() => {
            Some(shapes(&client.query(sql, &[&number(&case["params"])]).await.unwrap()))
        }
        "query" => Some(cells(&client.query(sql, &[&number(&case["params"])]).await.unwrap())),
        "prepared" | "pipeline" => {
            let statement = client.prepare(sql).await.unwrap();
            let asked = case["params"].as_array().unwrap().iter().map(|params| {
                let (statement, id) = (&statement, number(params));
                async move { cells(&client.query(statement, &[&id as &(dyn ToSql + Sync)]).await.unwrap())[0].clone() }
            });
            Some(future::join_all(asked).await.into())
        }
        "copy_out" => {
            let stream = client.copy_out(&format!("{sql} (FORMAT binary)")).await.unwrap();
            let bytes = stream.try_collect::<Vec<_>>().await.unwrap().concat();
            Some(String::from_utf8_lossy(&bytes).into_owned().into())
        }
        "cancel" => Some(json!([[cancelled(client, client.query(sql, &[])).await]])),
        "error" => Some(json!([[code(client.query(sql, &[]).await)]])),
        _ => None,
    }
}

async fn portions(client: &mut Client, case: &Value) -> Option<Value> {
    let transaction = client.transaction().await.unwrap();
    let portal = transaction.bind(case["sql"].as_str().unwrap(), &[]).await.unwrap();
    let size = i32::try_from(case["size"].as_i64().unwrap()).unwrap();
    let mut count = 0;
    loop {
        let some = transaction.query_portal(&portal, size).await.unwrap().len();
        count += some;
        if some == 0 {
            return Some(json!([[count.to_string()]]));
        }
    }
}

async fn cancelled<T>(client: &Client, running: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Value {
    let (ended, ()) = tokio::join!(running, async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        client.cancel_token().cancel_query(NoTls).await.unwrap();
    });
    code(ended)
}

async fn simple(client: &Client, text: &str) -> Value {
    let answers = client.simple_query(text).await.unwrap_or_else(|error| panic!("{text}: {error:?}"));
    let row = |answer: &SimpleQueryMessage| match answer {
        SimpleQueryMessage::Row(row) => Some((0..row.len()).map(|at| row.get(at).into()).collect::<Vec<Value>>()),
        _ => None,
    };
    answers.iter().filter_map(row).collect()
}

/// A value in binary, as it came.
struct Raw(Vec<u8>);

impl<'a> FromSql<'a> for Raw {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(raw.to_vec()))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// The cells of rows in binary, each of which is as long as its type wants it. What a type means belongs to other crates,
/// which are not here.
fn shapes(rows: &[Row]) -> Value {
    let cell = |row: &Row, at: usize| {
        let kind = row.columns()[at].type_();
        let Raw(raw) = row.get::<_, Option<Raw>>(at)?;
        let fits = match *kind {
            Type::BOOL => raw.len() == 1,
            Type::INT2 => raw.len() == 2,
            Type::INT4 | Type::FLOAT4 | Type::DATE => raw.len() == 4,
            Type::INT8 | Type::FLOAT8 | Type::TIME | Type::TIMESTAMP | Type::TIMESTAMPTZ | Type::MONEY => {
                raw.len() == 8
            }
            Type::UUID | Type::INTERVAL => raw.len() == 16,
            Type::INET | Type::CIDR => raw.len() == 8,
            Type::MACADDR => raw.len() == 6,
            Type::NUMERIC => raw.len() >= 8 && raw.len().is_multiple_of(2),
            Type::JSONB => raw.first() == Some(&1),
            Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::JSON | Type::XML => {
                std::str::from_utf8(&raw).is_ok()
            }
            _ => true,
        };
        assert!(fits, "{kind}: {raw:?}");
        Some(raw.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
    };
    rows.iter().map(|row| (0..row.len()).map(|at| cell(row, at).into()).collect::<Vec<Value>>()).collect()
}

fn cells(rows: &[Row]) -> Value {
    let cell = |row: &Row, at: usize| match *row.columns()[at].type_() {
        Type::INT4 => row.get::<_, Option<i32>>(at).map(|value| value.to_string()),
        _ => row.get::<_, Option<String>>(at),
    };
    rows.iter().map(|row| (0..row.len()).map(|at| cell(row, at).into()).collect::<Vec<Value>>()).collect()
}
