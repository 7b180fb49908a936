//! Statements that wait for people, from outside: held on their connection, approved from another terminal, run once, masked,
//! recorded.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests, outside of their functions")]

mod common;
#[path = "../src/private_postgres.rs"]
mod private_postgres;

use std::sync::Arc;
use std::time::{Duration, Instant};

use common::gateway::{Gateway, free_port};
use common::{Answer, EMAIL, Room, SSN};
use futures_util::future::join_all;
use private_postgres::{Options, Server};
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_postgres::{AsyncMessage, Client, Config, Error, NoTls, SimpleQueryMessage};

const TABLES: &str = "
CREATE TABLE patients (id int PRIMARY KEY, name text, ssn text, email text);
INSERT INTO patients VALUES (1, 'Quixley Marigold', '219-09-9999', 'quixley.marigold@clinic-canary.org'), (2, NULL, NULL, NULL);
CREATE TABLE runs (at timestamptz DEFAULT now());
CREATE FUNCTION ran() RETURNS bigint LANGUAGE sql VOLATILE AS 'INSERT INTO runs DEFAULT VALUES; SELECT count(*) FROM runs';
CREATE VIEW everybody AS SELECT * FROM patients;
";

/// Bulk reads and every call of `ran` wait for a person.
const POLICY: &str = r#"
@id("agents") permit (principal in Group::"agents", action, resource in Target::"ehr");
@id("bulk") @approval("privacy-officers")
forbid (principal, action in [Action::"sql_read"], resource in Target::"ehr") when { context.rows_unbounded };
@id("payroll") forbid (principal, action, resource in Schema::"ehr.payroll");
"#;

const BULK: &str = "SELECT id, ssn, email FROM patients";

/// A database, a gateway before it, and two officers.
struct Clinic {
    room: Room,
    port: u16,
    server: Server,
    credential: String,
}

impl Clinic {
    /// `settings` of the target, and `more` sections. `None`, with a printed reason: there is no PostgreSQL.
    fn new(settings: &str, more: &str) -> Option<Self> {
        let Some(server) =
            Server::start(&Options { settings: &["max_connections=300"], ..Options::default() }).unwrap()
        else {
            common::skipped("this machine has no PostgreSQL server");
            return None;
        };
        server.run("postgres", TABLES).unwrap();
        let (room, port) = (Room::new(), free_port());
        room.run(&["init", "."]).ends(0);
        let mut text = format!(
            "data_dir = \"blackbar-data\"\n[keys]\nroot = {{ file = \"root.key\" }}\n{more}\n[[target]]\nname = \"ehr\"\n\
             protocol = \"postgres\"\nlisten = \"127.0.0.1:{port}\"\n\
             upstream = \"postgres://postgres@127.0.0.1:{}/postgres?sslmode=disable\"\n{settings}\n",
            server.port()
        );
        for officer in ["officer-1", "officer-2"] {
            let file = format!("{officer}.key");
            let key = room.run(&["approvals", "keygen", "-o", &file]).ends(0).text();
            text.push_str(&format!(
                "[[approver]]\nsubject = \"{officer}\"\ngroups = [\"privacy-officers\"]\nkey = \"{}\"\n",
                key.trim()
            ));
        }
        room.write("blackbar.toml", text);
        for file in room.files().iter().filter(|file| file.starts_with("policies/")) {
            std::fs::remove_file(room.path(file)).unwrap();
        }
        room.write("policies/ehr.cedar", POLICY);
        let credential =
            room.run(&["token", "issue", "--subject", "agent-7", "--group", "agents", "--ttl", "8h"]).ends(0).text();
        Some(Self { room, port, server, credential: credential.trim().to_owned() })
    }

    fn gateway(&self) -> Gateway {
        Gateway::start(&self.room, self.port)
    }

    async fn client(&self) -> Session {
        let mut config = Config::new();
        config.host("127.0.0.1").port(self.port).user("agent-7").dbname("ehr").password(&self.credential);
        let (client, mut connection) = config.connect(NoTls).await.unwrap();
        let (tell, notices) = unbounded_channel();
        let running = tokio::spawn(async move {
            // An error is the end: who polls a broken connection again never waits.
            while let Some(Ok(message)) = std::future::poll_fn(|cx| connection.poll_message(cx)).await {
                if let AsyncMessage::Notice(notice) = message {
                    let _ = tell.send(notice);
                }
            }
        });
        Session { client: Arc::new(client), notices, running }
    }

    fn decide(&self, says: &str, id: &str) -> Answer {
        self.room.run(&["approvals", says, id, "--key", "officer-1.key", "--reason", "ticket 4711"])
    }

    fn state(&self, id: &str) -> String {
        let shown = self.room.run(&["approvals", "show", id, "--format", "json"]).ends(0).text();
        serde_json::from_str::<Value>(&shown).unwrap()["state"].as_str().unwrap().to_owned()
    }

    /// Changes when an approval is used: the file that says so is written before anything goes up.
    fn used(&self) -> (u64, Option<std::time::SystemTime>) {
        let data = std::fs::metadata(self.room.path("blackbar-data/state.sqlite-wal")).ok();
        data.map_or((0, None), |data| (data.len(), data.modified().ok()))
    }

    /// How often `ran` ran.
    fn runs(&self) -> u64 {
        let output = self.server.psql("postgres").args(["-At", "-c", "SELECT count(*) FROM runs"]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
    }

    /// The leaves of the record, once the gateway has ended.
    fn leaves(&self) -> Vec<Value> {
        use blackbar_ledger::{LeafIndex, Reader};

        self.room.run(&["verify", "blackbar-data", "--root-key", "root.key"]).ends(0);
        let reader = Reader::open(&self.room.path("blackbar-data"), None);
        let leaves = reader.leaves(LeafIndex::FIRST).unwrap();
        leaves.map(|item| serde_json::from_slice(item.unwrap().1.bytes()).unwrap()).collect()
    }

    /// The kinds of leaves about this approval, in order.
    fn told(&self, id: &str) -> Vec<String> {
        let leaves = self.leaves();
        let about = leaves.iter().filter(|leaf| leaf["details"]["approval"] == id);
        about.map(|leaf| leaf["kind"].as_str().unwrap().to_owned()).collect()
    }
}

/// A client, and what it was told meanwhile.
struct Session {
    client: Arc<Client>,
    notices: UnboundedReceiver<tokio_postgres::error::DbError>,
    running: tokio::task::JoinHandle<()>,
}

impl Session {
    /// The approval that it is told it waits for.
    async fn held(&mut self) -> String {
        let notice = tokio::time::timeout(Duration::from_secs(20), self.notices.recv()).await.unwrap().unwrap();
        assert!(notice.message().contains("waits for approval"), "{notice:?}");
        approval(notice.detail())
    }

    /// Asks in the background.
    fn ask(&self, text: &str) -> tokio::task::JoinHandle<Result<Vec<SimpleQueryMessage>, Error>> {
        let (client, text) = (Arc::clone(&self.client), text.to_owned());
        tokio::spawn(async move { client.simple_query(&text).await })
    }
}

fn approval(detail: Option<&str>) -> String {
    detail.unwrap().strip_prefix("approval=").unwrap().to_owned()
}

/// The approval of a statement that was refused as held.
fn refused(error: &Error) -> String {
    let told = error.as_db_error().unwrap_or_else(|| panic!("{error:?}"));
    assert_eq!(told.code().code(), "42501", "{told:?}");
    approval(told.detail())
}

#[track_caller]
fn says(error: &Error, what: &str) {
    let told = error.as_db_error().unwrap_or_else(|| panic!("{error:?}"));
    assert!(told.code().code() == "42501" && told.message().contains(what), "{told:?}");
}

fn rows(answers: &[SimpleQueryMessage]) -> Vec<Vec<Option<String>>> {
    let row = |answer: &SimpleQueryMessage| match answer {
        SimpleQueryMessage::Row(row) => Some((0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect()),
        _ => None,
    };
    answers.iter().filter_map(row).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_held_statement_goes_on_by_itself_and_runs_once() {
    let Some(clinic) = Clinic::new("hold = \"20s\"", "") else { return };
    let gateway = clinic.gateway();
    let mut session = clinic.client().await;
    let reason = format!("SET blackbar.reason = 'recall of {SSN}'");
    session.client.simple_query(&reason).await.unwrap();
    // The call counts how often the statement ran.
    let text = "SELECT id, ssn, email, ran() FROM patients ORDER BY id";
    let answer = session.ask(text);
    let id = session.held().await;
    assert_eq!(session.held().await, id, "it is told again that it waits");
    assert!(!answer.is_finished());
    assert_eq!(clinic.runs(), 0);

    let listed = clinic.room.run(&["approvals", "list"]).ends(0).text();
    assert!(listed.contains(&id) && listed.contains(&format!("agent-7 → ehr  {text}")), "{listed}");
    let approved = clinic.decide("approve", &id).ends(0);
    assert!(approved.err.contains("held by    bulk"), "{}", approved.err);
    let rows = rows(&answer.await.unwrap().unwrap());
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0][1].as_deref(), Some("[SSN]"));
    assert_eq!(clinic.runs(), 2, "once for each row");
    // The session goes on, and the same statement is another request.
    assert!(session.client.simple_query("SELECT 1 AS one").await.is_ok());
    let again = session.ask(text);
    let other = session.held().await;
    assert_ne!(other, id);
    clinic.decide("deny", &other).ends(0);
    says(&again.await.unwrap().unwrap_err(), "a reviewer denied it");
    assert_eq!((clinic.state(&id), clinic.runs()), ("consumed".to_owned(), 2));
    drop(session);

    let (status, said) = gateway.end();
    assert_eq!(status, Some(0), "{said}");
    let told = ["decision.asked", "request", "decision.granted", "decision.consumed"];
    assert_eq!(clinic.told(&id), told);
    let leaves = clinic.leaves();
    let consumed = leaves.iter().find(|leaf| leaf["kind"] == "decision.consumed").unwrap();
    assert_eq!(consumed["details"]["approved_by"], serde_json::json!(["officer-1"]));
    let recorded = consumed["session"].as_str().unwrap();
    let shown = clinic.room.run(&["sessions", "show", recorded]).ends(0).text();
    for what in ["decision.asked", "decision.consumed", &id, "bulk", "officer-1"] {
        assert!(shown.contains(what), "no {what} in\n{shown}");
    }
    for file in
        clinic.room.files().iter().filter(|file| file.starts_with("blackbar-data") && !file.ends_with("/reserve"))
    {
        let bytes = clinic.room.read(file);
        for canary in [SSN, EMAIL, "ticket 4711"] {
            assert!(memchr::memmem::find(&bytes, canary.as_bytes()).is_none(), "{canary} in {file}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_agrees_to_in_time_does_not_run() {
    let limits = "[limits]\nask_timeout = \"3s\"\nasks_of_subject = 2\n";
    let Some(clinic) = Clinic::new("hold = \"1s\"", limits) else { return };
    let gateway = clinic.gateway();
    let (one, two, three) = tokio::join!(clinic.client(), clinic.client(), clinic.client());
    let begun = Instant::now();
    // Its client waits no longer than the target allows; what people were asked stays a while.
    let error = one.client.simple_query(BULK).await.unwrap_err();
    let id = refused(&error);
    says(&error, "held for approval");
    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert_eq!(clinic.state(&id), "asked");
    let other = refused(&two.client.simple_query("SELECT name FROM patients").await.unwrap_err());
    says(&three.client.simple_query("SELECT email FROM patients").await.unwrap_err(), "too many requests wait");
    assert!(three.client.simple_query("SELECT 1 AS one").await.is_ok());
    tokio::time::sleep(Duration::from_millis(2600)).await;
    assert_eq!(clinic.state(&id), "expired");
    clinic.decide("approve", &other).ends(1).says("BB-APPROVAL-002");
    // The pre-approved retry is the main path: the same statement by its digest alone.
    let asked = refused(&one.client.simple_query(BULK).await.unwrap_err());
    clinic.decide("approve", &asked).ends(0);
    assert_eq!(rows(&two.client.simple_query(BULK).await.unwrap()).len(), 2);
    assert_eq!(clinic.state(&asked), "consumed");
    assert_eq!(gateway.end().0, Some(0));
    assert_eq!(clinic.told(&id)[..2], ["decision.asked", "decision.expired"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelling_and_going_away_end_the_hold_and_nothing_is_done() {
    let Some(clinic) = Clinic::new("hold = \"60s\"", "") else { return };
    let gateway = clinic.gateway();
    let text = "SELECT ran() FROM patients";
    let mut session = clinic.client().await;
    let answer = session.ask(text);
    let id = session.held().await;
    session.client.cancel_token().cancel_query(NoTls).await.unwrap();
    let error = answer.await.unwrap().unwrap_err();
    assert_eq!(error.code().unwrap().code(), "57014");
    assert!(session.client.simple_query("SELECT 1 AS one").await.is_ok(), "the session goes on");
    let answer = session.ask(text);
    assert_eq!(session.held().await, id, "people are not asked twice");
    session.running.abort();
    assert!(answer.await.unwrap().is_err());
    tokio::time::sleep(Duration::from_millis(300)).await;
    clinic.decide("approve", &id).ends(0);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!((clinic.runs(), clinic.state(&id)), (0, "granted".to_owned()));
    // It may come again.
    let session = clinic.client().await;
    assert_eq!(rows(&session.client.simple_query(text).await.unwrap()).len(), 2);
    assert_eq!((clinic.runs(), clinic.state(&id)), (2, "consumed".to_owned()));
    // The gateway's end does not wait for people.
    let mut last = clinic.client().await;
    let answer = last.ask(text);
    last.held().await;
    let begun = Instant::now();
    assert_eq!(gateway.end().0, Some(0));
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert!(answer.await.unwrap().is_err());
    assert_eq!(clinic.runs(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_approved_is_this_statement_and_no_other() {
    let Some(clinic) = Clinic::new("hold = \"1s\"", "[limits]\nasks_of_subject = 100\nasks_per_hour = 100\n") else {
        return;
    };
    let gateway = clinic.gateway();
    let session = clinic.client().await;
    let client = &session.client;
    let statement = client.prepare("SELECT id, ran() FROM everybody WHERE id > $1 OR true").await.unwrap();
    let id = refused(&client.query(&statement, &[&0]).await.unwrap_err());
    clinic.decide("approve", &id).ends(0);
    // Another value, another text, another path, another role's session: each is another request.
    let asked = refused(&client.query(&statement, &[&1]).await.unwrap_err());
    assert_ne!(asked, id);
    let asked =
        refused(&client.simple_query("SELECT id, ran() FROM everybody WHERE id > 0 OR true").await.unwrap_err());
    assert_ne!(asked, id);
    let elsewhere = clinic.client().await;
    elsewhere.client.simple_query("SET search_path = pg_catalog, public").await.unwrap();
    let text = "SELECT id, ran() FROM everybody WHERE id > $1 OR true";
    let asked = refused(&elsewhere.client.query(text, &[&0]).await.unwrap_err());
    assert_ne!(asked, id);
    // What its names mean: the view is another one now, then the function.
    clinic.server.run("postgres", "CREATE OR REPLACE VIEW everybody AS SELECT * FROM patients WHERE id < 9").unwrap();
    let asked = refused(&client.query(&statement, &[&0]).await.unwrap_err());
    assert_ne!(asked, id);
    clinic.server.run("postgres", "CREATE OR REPLACE VIEW everybody AS SELECT * FROM patients").unwrap();
    assert_eq!(clinic.runs(), 0);
    assert_eq!(client.query(&statement, &[&0]).await.unwrap().len(), 2, "what was approved still runs");
    assert_eq!(clinic.runs(), 2);
    let id = refused(&client.query(&statement, &[&0]).await.unwrap_err());
    clinic.decide("approve", &id).ends(0);
    let other = "CREATE OR REPLACE FUNCTION ran() RETURNS bigint LANGUAGE sql VOLATILE AS 'SELECT 7::bigint'";
    clinic.server.run("postgres", other).unwrap();
    assert_ne!(refused(&client.query(&statement, &[&0]).await.unwrap_err()), id);
    assert_eq!(gateway.end().0, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn held_in_a_transaction_in_a_pipeline_and_in_portions() {
    let Some(clinic) = Clinic::new("hold = \"20s\"", "") else { return };
    let gateway = clinic.gateway();
    let mut session = clinic.client().await;
    let approve = async |session: &mut Session, says: &str| {
        let id = session.held().await;
        clinic.decide(says, &id).ends(0);
    };
    // In a transaction, which a denial fails as the server would.
    session.client.simple_query("BEGIN").await.unwrap();
    let answer = session.ask(BULK);
    approve(&mut session, "approve").await;
    assert_eq!(rows(&answer.await.unwrap().unwrap()).len(), 2);
    let answer = session.ask(BULK);
    approve(&mut session, "deny").await;
    says(&answer.await.unwrap().unwrap_err(), "a reviewer denied it");
    let error = session.client.simple_query("SELECT 1 AS one").await.unwrap_err();
    assert_eq!(error.code().unwrap().code(), "25P02");
    session.client.simple_query("ROLLBACK").await.unwrap();
    // What only this transaction sees cannot be reviewed.
    session.client.simple_query("BEGIN; CREATE VIEW fewer AS SELECT * FROM patients WHERE id < 9").await.unwrap();
    let error = session.client.simple_query("SELECT * FROM fewer").await.unwrap_err();
    assert!(error.as_db_error().unwrap().hint().unwrap().contains("commit it first"), "{error:?}");
    session.client.simple_query("ROLLBACK").await.unwrap();

    // In a pipeline: what comes behind it waits, what came before does not.
    let client = Arc::clone(&session.client);
    let pipeline = tokio::spawn(async move {
        tokio::join!(
            client.query_one("SELECT 1 AS one", &[]),
            client.query("SELECT id, email FROM patients", &[]),
            client.query_one("SELECT 3 AS three", &[]),
        )
    });
    approve(&mut session, "approve").await;
    let (one, two, three) = pipeline.await.unwrap();
    assert_eq!((one.unwrap().get::<_, i32>(0), three.unwrap().get::<_, i32>(0)), (1, 3));
    assert_eq!(two.unwrap()[0].get::<_, String>(1), "[EMAIL]");

    // A portal that stops at a limit of rows runs on under the same approval.
    let fresh = clinic.client().await;
    let mut notices = fresh.notices;
    let mut client = Arc::into_inner(fresh.client).unwrap();
    let portions = tokio::spawn(async move {
        let transaction = client.transaction().await.unwrap();
        let portal = transaction.bind("SELECT id, ssn FROM patients ORDER BY id", &[]).await.unwrap();
        let first = transaction.query_portal(&portal, 1).await.unwrap();
        let second = transaction.query_portal(&portal, 1).await.unwrap();
        (first.len(), second.len())
    });
    let notice = notices.recv().await.unwrap();
    clinic.decide("approve", &approval(notice.detail())).ends(0);
    assert_eq!(portions.await.unwrap(), (1, 1));
    assert!(notices.try_recv().is_err(), "asked once");
    assert_eq!(gateway.end().0, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_hundred_with_one_approval_one_runs() {
    let limits = "[limits]\nasks_of_subject = 1000\nasks_per_hour = 1000\nasks = 1000\n";
    let Some(clinic) = Clinic::new("hold = \"1s\"", limits) else { return };
    let gateway = clinic.gateway();
    let sessions = join_all((0..100).map(|_| clinic.client())).await;
    let text = "SELECT ran() FROM patients";
    let id = refused(&sessions[0].client.simple_query(text).await.unwrap_err());
    clinic.decide("approve", &id).ends(0);
    let answers = join_all(sessions.iter().map(|session| session.client.simple_query(text))).await;
    let (through, held): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((through.len(), held.len()), (1, 99));
    let asked: std::collections::BTreeSet<String> =
        held.iter().map(|answer| refused(answer.as_ref().unwrap_err())).collect();
    assert!(!asked.contains(&id) && asked.len() == 1, "all the others wait for one other: {asked:?}");
    assert_eq!(clinic.runs(), 2);
    assert_eq!(gateway.end().0, Some(0));
    let consumed = clinic.leaves().iter().filter(|leaf| leaf["kind"] == "decision.consumed").count();
    assert_eq!(consumed, 1);
}

/// `BLACKBAR_KILLS=200` kills as often as a release is held to.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_is_killed_runs_nothing_twice() {
    let limits = "[limits]\nasks_of_subject = 100000\nasks_per_hour = 100000\nasks = 100000\n";
    let Some(clinic) = Clinic::new("hold = \"1s\"", limits) else { return };
    let rounds: u64 = std::env::var("BLACKBAR_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(16);
    let text = "SELECT ran() FROM patients";
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    let mut ends: std::collections::BTreeMap<&str, u64> = std::collections::BTreeMap::new();
    let mut gateway = clinic.gateway();
    // How long it takes from asking to the answer when nobody kills anything.
    let session = clinic.client().await;
    let id = refused(&session.client.simple_query(text).await.unwrap_err());
    clinic.decide("approve", &id).ends(0);
    let begun = Instant::now();
    session.client.simple_query(text).await.unwrap();
    let mut usual = begun.elapsed();
    for round in 0..rounds {
        let session = clinic.client().await;
        let id = refused(&session.client.simple_query(text).await.unwrap_err());
        clinic.decide("approve", &id).ends(0);
        let before = clinic.runs();
        let used = clinic.used();
        let answer = session.ask(text);
        let begun = Instant::now();
        if round % 2 == 0 {
            // From before the approval is used to after the answer is there.
            tokio::time::sleep(dice.below(usual * 5 / 4)).await;
        } else {
            // Between its use and the statement's way up, and a little later.
            while clinic.used() == used && begun.elapsed() < Duration::from_secs(10) {
                std::hint::spin_loop();
            }
            tokio::time::sleep(dice.below(usual / 8)).await;
        }
        gateway.0.kill().unwrap();
        gateway.0.wait().unwrap();
        let ran = answer.await.unwrap().is_ok();
        usual = if ran { usual.min(begun.elapsed()) } else { usual };
        tokio::time::sleep(Duration::from_millis(200)).await;
        let once = clinic.runs() - before;
        assert!(once == 0 || once == 2, "in round {round} it ran {once} times");
        // What was published holds before anything is mended.
        clinic.room.run(&["verify", "blackbar-data", "--root-key", "root.key"]).ends(0);
        gateway = clinic.gateway();
        let state = clinic.state(&id);
        assert!(once == 0 || state == "consumed", "it ran in round {round}, and the approval is {state}");
        assert!(!ran || once == 2);
        // Whatever happened: this approval lets it run once in all.
        let session = clinic.client().await;
        let again = session.client.simple_query(text).await;
        assert_eq!(again.is_ok(), state == "granted", "round {round}");
        assert!(clinic.runs() - before <= 2, "twice in round {round}");
        let end = match (state.as_str(), once, ran) {
            ("granted", ..) => "before its use",
            (_, 0, _) => "between its use and the statement",
            (_, _, false) => "between the statement and its answer",
            _ => "after the answer",
        };
        *ends.entry(end).or_default() += 1;
        if let Err(held) = again {
            // What is asked anew waits for nobody, so that the next round has an approval of its own.
            clinic.decide("deny", &refused(&held)).ends(0);
        }
    }
    println!("{rounds} kills: {ends:?}");
    assert!(ends.len() >= 2 && ends.keys().any(|end| *end != "before its use"), "all at one moment: {ends:?}");
    assert_eq!(gateway.end().0, Some(0));
    clinic.room.run(&["verify", "blackbar-data", "--root-key", "root.key"]).ends(0);
    let consumed = clinic.leaves().iter().filter(|leaf| leaf["kind"] == "decision.consumed").count();
    // Each run stands for two rows, and was recorded before it.
    let ran = clinic.runs() / 2;
    println!("{consumed} uses of approvals are in the record, {ran} statements ran");
    assert!(ran <= u64::try_from(consumed).unwrap(), "{ran} ran, {consumed} uses are in the record");
}

/// Moments that are the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: Duration) -> Duration {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let micros = u64::try_from(most.as_micros()).unwrap().max(1);
        Duration::from_micros((self.0 >> 33) % micros)
    }
}

const FUSES: &str =
    "[profile.agents]\nbase = \"safe-harbor\"\n[profile.agents.columns]\n\"public.visits.mrn\" = \"tag\"\n";
const VISITS: &str = "CREATE TABLE visits (n int PRIMARY KEY, mrn text, at int);
    INSERT INTO visits SELECT n, 'MRN' || (n + 1) / 2, n FROM generate_series(1, 1000) n;";

/// How many rows came before the end, and the error that ended it.
async fn taken(client: &Client, text: &str) -> (usize, Option<Error>) {
    use futures_util::TryStreamExt as _;

    let mut stream = Box::pin(client.simple_query_raw(text).await.unwrap());
    let mut rows = 0;
    loop {
        match stream.try_next().await {
            Ok(Some(SimpleQueryMessage::Row(_))) => rows += 1,
            Ok(Some(_)) => {}
            Ok(None) => return (rows, None),
            Err(error) => return (rows, Some(error)),
        }
    }
}

async fn goes_on(client: &Client) {
    assert_eq!(client.query_one("SELECT 1 AS one", &[]).await.unwrap().get::<_, i32>(0), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fuse_ends_an_answer_before_the_row_that_is_too_many() {
    let fuses = format!("{FUSES}[fuse]\nraise = \"privacy-officers\"\n[fuse.request]\nrows = 100\n");
    let Some(clinic) = Clinic::new("profile = \"agents\"", &fuses) else { return };
    clinic.server.run("postgres", VISITS).unwrap();
    let gateway = clinic.gateway();
    let session = clinic.client().await;
    let client = &session.client;
    let text = "SELECT n, at FROM visits WHERE n <= 1000";
    let (rows, error) = taken(client, text).await;
    let error = error.unwrap();
    says(&error, "more rows than policy allows");
    let id = refused(&error);
    assert_eq!(rows, 100);
    goes_on(client).await;
    assert_eq!(taken(client, "SELECT n FROM visits WHERE n <= 100").await.0, 100);
    // An answer that never ends is cancelled at the server.
    let endless = "SELECT a.n FROM visits a, visits b, visits c, visits d WHERE a.n > 0";
    let begun = Instant::now();
    let (rows, error) = taken(client, endless).await;
    assert!(rows == 100 && error.is_some() && begun.elapsed() < Duration::from_secs(10));
    goes_on(client).await;
    // Prepared, in binary; and COPY, of which a piece leaves whole or not at all.
    let answer = client.query("SELECT n FROM visits WHERE n > $1", &[&10]).await;
    says(&answer.unwrap_err(), "more rows than policy allows");
    goes_on(client).await;
    let copied = async {
        use futures_util::TryStreamExt as _;
        let stream = client.copy_out("COPY (SELECT n FROM visits WHERE n > 0) TO STDOUT").await?;
        stream.try_fold(0, async |rows, piece| Ok(rows + piece.split(|byte| *byte == b'\n').count() - 1)).await
    };
    says(&copied.await.unwrap_err(), "more rows than policy allows");
    goes_on(client).await;
    client.simple_query("BEGIN").await.unwrap();
    assert!(client.simple_query(text).await.is_err());
    client.simple_query("ROLLBACK").await.unwrap();
    goes_on(client).await;

    // People agree to one run with a limit ten times as high.
    let shown = clinic.room.run(&["approvals", "show", &id]).ends(0).text();
    assert!(shown.contains("fuse:request:rows:1000"), "{shown}");
    clinic.decide("approve", &id).ends(0);
    let (rows, error) = taken(client, text).await;
    assert!(rows == 1000 && error.is_none(), "{rows} {error:?}");
    let (rows, error) = taken(client, text).await;
    assert_ne!(refused(&error.unwrap()), id);
    assert_eq!(rows, 100);
    drop(session);
    assert_eq!(gateway.end().0, Some(0));
    let leaves = clinic.leaves();
    let blown = leaves.iter().filter(|leaf| {
        leaf["kind"] == "decision.denied" && leaf["details"]["because"][0] == "more than 100 rows in one request"
    });
    assert!(blown.count() >= 6);
    assert!(clinic.told(&id).contains(&"decision.consumed".to_owned()), "{:?}", clinic.told(&id));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_and_guesses_are_counted_by_the_hour() {
    let fuses = format!("{FUSES}[fuse.request]\nsubjects = 20\n[fuse.hour]\nsubjects = 25\nprobes = 3\n");
    let Some(clinic) = Clinic::new("profile = \"agents\"", &fuses) else { return };
    clinic.server.run("postgres", VISITS).unwrap();
    let gateway = clinic.gateway();
    let session = clinic.client().await;
    let client = &session.client;
    // Two visits each: twenty people are in the first forty.
    let (rows, error) = taken(client, "SELECT mrn, at FROM visits WHERE n > 0 ORDER BY n").await;
    assert_eq!(rows, 40);
    let told = error.unwrap();
    says(&told, "about more people than policy allows");
    assert_eq!(told.as_db_error().unwrap().detail(), None, "nobody may raise it");
    // The same ones again are not more; by text, in binary, or as COPY.
    assert_eq!(client.query("SELECT mrn FROM visits WHERE n <= $1", &[&40]).await.unwrap().len(), 40);
    let page = "SELECT mrn FROM visits WHERE n > 40 AND n <= 50";
    assert_eq!(taken(&clinic.client().await.client, page).await.0, 10, "five more");
    let (rows, error) = taken(client, "SELECT mrn FROM visits WHERE n > 50").await;
    says(&error.unwrap(), "more people than policy allows in an hour");
    assert_eq!(rows, 0);
    assert_eq!(taken(client, "SELECT at FROM visits WHERE n > 0").await.0, 1000, "nobody is in these");

    for value in ["MRN900", "MRN901", "MRN900", "MRN902"] {
        client.query("SELECT at FROM visits WHERE mrn = $1 AND n > 0", &[&value]).await.unwrap();
    }
    let error = client.query("SELECT at FROM visits WHERE mrn = $1 AND n > 0", &[&"MRN903"]).await.unwrap_err();
    says(&error, "more values of hidden columns were tried");
    let error = client.simple_query("SELECT at FROM visits WHERE mrn = 'MRN904'").await.unwrap_err();
    says(&error, "more values of hidden columns were tried");
    goes_on(client).await;
    assert_eq!(gateway.end().0, Some(0));
}
