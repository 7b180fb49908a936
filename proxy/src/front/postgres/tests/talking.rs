//! What is said on a session.

use std::pin::pin;
use std::time::{Duration, Instant};

use futures_util::{SinkExt as _, StreamExt as _, TryStreamExt as _, future};
use tokio_postgres::{Client, Error, NoTls, SimpleQueryMessage, SimpleQueryRow};

use super::speaking::{Speaker, cells, message, state};
use super::{Cluster, House, MRN, POLICY, SSN, no_canary};

fn code(error: &Error) -> &str {
    error.code().map_or("", |code| code.code())
}

/// The rows of a simple query, as text.
async fn rows(client: &Client, text: &str) -> Vec<Vec<Option<String>>> {
    let cells = |row: &SimpleQueryRow| (0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect();
    let answers = client.simple_query(text).await.unwrap_or_else(|error| panic!("{text}: {error:?}"));
    let row =
        |answer: &SimpleQueryMessage| if let SimpleQueryMessage::Row(row) = answer { Some(cells(row)) } else { None };
    answers.iter().filter_map(row).collect()
}

async fn waits_until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !done().await {
        assert!(begun.elapsed() < Duration::from_secs(90), "{what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// How many sessions of the gateway's clients the server has.
async fn sessions(cluster: &Cluster, name: &str) -> i64 {
    let direct = cluster.direct().await;
    let text = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1";
    direct.query_one(text, &[&format!("blackbar:{name}")]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_come_masked_in_text_and_in_binary() {
    let Some(house) = House::new().await else { return };
    let (client, tap) = house.tapped().await;
    let text = "SELECT id, ssn, email, note, extra, codes FROM clinical.patients WHERE id = 1";
    let simple = rows(&client, text).await;
    let [first] = &simple[..] else { panic!("one row: {simple:?}") };
    assert_eq!(first[0].as_deref(), Some("1"));
    assert_eq!(first[1].as_deref(), Some("[SSN]"));
    assert!(first[3].as_deref().unwrap().contains("[SSN]"), "{first:?}");
    assert!(first[4].as_deref().unwrap().contains("\"ward\": \"B2\""), "{first:?}");
    assert!(first[5].as_deref().unwrap().contains("plain"), "{first:?}");

    let binary = client.query_one(text, &[]).await.unwrap();
    assert_eq!(binary.get::<_, i32>(0), 1);
    assert_eq!(binary.get::<_, String>(1), "[SSN]");
    assert_eq!(binary.get::<_, Vec<String>>(5)[1], "plain");
    tap.is_clean("a row");

    // Nothing is touched where there is nothing.
    let wards = rows(&client, "SELECT id, title, beds FROM clinical.wards ORDER BY id LIMIT 3").await;
    assert_eq!(wards[2], [Some("3".to_owned()), Some("ward 3".to_owned()), Some("6".to_owned())]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statements_are_prepared_pipelined_and_limited() {
    let Some(house) = House::new().await else { return };
    let client = house.client().await;
    let prepared = client.prepare("SELECT title, beds FROM clinical.wards WHERE id = $1").await.unwrap();
    // In one go: each is asked before the one before was answered.
    let asked = (1..=50).map(|id: i32| {
        let (client, prepared) = (&client, &prepared);
        async move { (id, client.query_one(prepared, &[&id]).await.unwrap()) }
    });
    for (id, row) in future::join_all(asked).await {
        assert_eq!((row.get::<_, String>(0), row.get::<_, i32>(1)), (format!("ward {id}"), id * 2));
    }
    // An error in the middle of a pipeline stays where it is.
    let (one, two, three) = tokio::join!(
        client.query_one("SELECT beds FROM clinical.wards WHERE id = 1", &[]),
        client.query_one("SELECT 1 / (beds - 4) FROM clinical.wards WHERE id = 2", &[]),
        client.query_one("SELECT beds FROM clinical.wards WHERE id = 3", &[]),
    );
    assert_eq!((one.unwrap().get::<_, i32>(0), three.unwrap().get::<_, i32>(0)), (2, 6));
    assert_eq!(code(&two.unwrap_err()), "22012");

    let mut client = client;
    let transaction = client.transaction().await.unwrap();
    let portal = transaction.bind("SELECT id FROM clinical.wards ORDER BY id", &[]).await.unwrap();
    let mut seen = 0;
    loop {
        let some = transaction.query_portal(&portal, 300).await.unwrap();
        for row in &some {
            seen += 1;
            assert_eq!(row.get::<_, i32>(0), seen);
        }
        if some.len() < 300 {
            break;
        }
    }
    assert_eq!(seen, 1000);
    transaction.rollback().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_statements_at_once_and_errors_in_transactions() {
    let Some(house) = House::new().await else { return };
    let client = house.client().await;
    let both =
        rows(&client, "SELECT beds FROM clinical.wards WHERE id = 1; SELECT title FROM clinical.wards WHERE id = 2")
            .await;
    assert_eq!(both, [[Some("2".to_owned())], [Some("ward 2".to_owned())]]);
    // What is refused in a transaction fails it, as at the server.
    client.simple_query("BEGIN").await.unwrap();
    assert!(client.simple_query("SELECT * FROM payroll.salaries").await.is_err());
    assert_eq!(code(&client.simple_query("SELECT 1 AS one").await.unwrap_err()), "25P02");
    client.simple_query("ROLLBACK").await.unwrap();
    assert_eq!(rows(&client, "SELECT 1 AS one").await, [[Some("1".to_owned())]]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_policy_denies_never_reaches_the_server() {
    let Some(house) = House::new().await else { return };
    assert!(house.cluster.psql(
        "clinic",
        "CREATE SCHEMA IF NOT EXISTS payroll; CREATE TABLE IF NOT EXISTS payroll.salaries (a int);
         GRANT ALL ON SCHEMA payroll TO app; GRANT ALL ON payroll.salaries TO app;"
    ));
    let (client, tap) = house.tapped().await;
    let error = client.simple_query("SELECT * FROM payroll.salaries").await.unwrap_err();
    assert_eq!(code(&error), "42501");
    let told = error.as_db_error().unwrap();
    assert!(told.hint().is_some_and(|hint| hint.contains("no-payroll")), "{told:?}");
    // Also as one of several, and prepared.
    let error = client.simple_query("SELECT 1 AS one; DELETE FROM payroll.salaries").await.unwrap_err();
    assert_eq!(code(&error), "42501");
    // And looked at by what changes something else.
    for text in [
        "UPDATE clinical.wards SET beds = beds WHERE EXISTS (SELECT FROM payroll.salaries)",
        "UPDATE clinical.wards SET beds = (SELECT max(a) FROM payroll.salaries) WHERE id = 1",
        "DELETE FROM clinical.wards WHERE id IN (SELECT a FROM payroll.salaries)",
        "INSERT INTO clinical.wards (id, beds) VALUES (-1, (SELECT max(a) FROM payroll.salaries))",
    ] {
        assert_eq!(code(&client.simple_query(text).await.expect_err(text)), "42501", "{text}");
    }
    assert_eq!(code(&client.prepare("SELECT a FROM payroll.salaries").await.unwrap_err()), "42501");
    assert_eq!(rows(&client, "SELECT 1 AS one").await.len(), 1, "the session goes on");
    tap.is_clean("a denial");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copy_goes_out_masked_and_comes_in() {
    let Some(house) = House::new().await else { return };
    let (client, tap) = house.tapped().await;
    for how in ["", " WITH (FORMAT csv, HEADER, DELIMITER ';')", " WITH (FORMAT binary)", " WITH (DELIMITER '|')"] {
        let text = format!("COPY (SELECT ssn, note FROM clinical.patients WHERE id = 1) TO STDOUT{how}");
        let stream = client.copy_out(&text).await.unwrap_or_else(|error| panic!("{text}: {error:?}"));
        let pieces: Vec<_> = stream.try_collect().await.unwrap_or_else(|error| panic!("{text}: {error:?}"));
        let whole = pieces.concat();
        assert!(memchr::memmem::find(&whole, b"[SSN]").is_some(), "{how}: {:?}", String::from_utf8_lossy(&whole));
        let text = format!("COPY clinical.patients TO STDOUT{how}");
        let stream = client.copy_out(&text).await.unwrap_or_else(|error| panic!("{text}: {error:?}"));
        assert!(!stream.try_collect::<Vec<_>>().await.unwrap().is_empty());
    }
    tap.is_clean("COPY");

    client.batch_execute("CREATE TABLE IF NOT EXISTS clinical.incoming (id int, word text)").await.unwrap();
    client.batch_execute("TRUNCATE clinical.incoming").await.unwrap();
    let sink = client.copy_in("COPY clinical.incoming FROM STDIN").await.unwrap();
    let mut sink = pin!(sink);
    for id in 0..1000 {
        sink.send(bytes::Bytes::from(format!("{id}\tword {id}\n"))).await.unwrap();
    }
    assert_eq!(sink.finish().await.unwrap(), 1000);
    let count = client.query_one("SELECT count(*) FROM clinical.incoming", &[]).await.unwrap();
    assert_eq!(count.get::<_, i64>(0), 1000);
    // A stream that the server refuses, and one that the client gives up.
    let sink = client.copy_in("COPY clinical.incoming FROM STDIN").await.unwrap();
    let mut sink = pin!(sink);
    sink.send(bytes::Bytes::from_static(b"no number\tx\n")).await.unwrap();
    assert_eq!(code(&sink.finish().await.unwrap_err()), "22P02");
    drop(client.copy_in::<_, bytes::Bytes>("COPY clinical.incoming FROM STDIN").await.unwrap());
    assert_eq!(rows(&client, "SELECT 1 AS one").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_cancels_its_own_session() {
    let Some(house) = House::new().await else { return };
    let (slow, other) = (house.client().await, house.client().await);
    let long = "SELECT count(*) FROM generate_series(1, 100000000000) n";
    let begun = Instant::now();
    let (cancelled, unharmed) = tokio::join!(slow.simple_query(long), async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        // Somebody else's key reaches somebody else.
        other.cancel_token().cancel_query(NoTls).await.unwrap();
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(!slow.is_closed());
        let unharmed = rows(&other, "SELECT 1 AS one").await;
        slow.cancel_token().cancel_query(NoTls).await.unwrap();
        unharmed
    });
    assert_eq!(code(&cancelled.unwrap_err()), "57014");
    assert_eq!(unharmed.len(), 1);
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert_eq!(rows(&slow, "SELECT 1 AS one").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_lost_in_the_middle_of_a_row_leaves_nothing_behind() {
    let Some(house) = House::with("record = \"async\"", "", POLICY).await else { return };
    let many = "SELECT p.ssn, p.note FROM clinical.patients p, generate_series(1, 1000000) n WHERE p.id = 1";
    // The server is lost.
    let (client, tap) = house.tapped().await;
    let stream = client.query_raw(many, std::iter::empty::<&str>()).await.unwrap();
    let mut stream = pin!(stream);
    stream.next().await.unwrap().unwrap();
    let direct = house.cluster.direct().await;
    // And no other test's session with it.
    let ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                 WHERE application_name = 'blackbar:agent-7' AND query LIKE 'SELECT p.ssn, p.note FROM%'";
    direct.simple_query(ended).await.unwrap();
    let mut last = None;
    while let Some(row) = stream.next().await {
        if let Err(error) = row {
            last = Some(error);
            break;
        }
    }
    let last = last.expect("the answer ends with an error");
    assert!(["57P01", "08006"].contains(&code(&last)), "{last:?}");
    tap.is_clean("a server that was lost");

    // The client is lost.
    let (client, _tap) = house.tapped().await;
    {
        let stream = client.query_raw(many, std::iter::empty::<&str>()).await.unwrap();
        let mut stream = pin!(stream);
        stream.next().await.unwrap().unwrap();
        assert!(sessions(&house.cluster, "agent-7").await >= 1);
    }
    drop(client);
    waits_until("the server goes on for nobody", async || sessions(&house.cluster, "agent-7").await == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_client_holds_up_nobody_and_nothing_grows() {
    let Some(house) = House::with("record = \"async\"", "", POLICY).await else { return };
    let (slow, quick) = (house.client().await, house.client().await);
    let many = "SELECT repeat('word ', 200) AS words FROM generate_series(1, 1000000) n";
    let stream = slow.query_raw(many, std::iter::empty::<&str>()).await.unwrap();
    let mut stream = pin!(stream);
    stream.next().await.unwrap().unwrap();
    // Nobody reads the rest; others are served all the same.
    for _ in 0..20 {
        assert_eq!(rows(&quick, "SELECT 1 AS one").await.len(), 1);
    }
    let state = "SELECT wait_event FROM pg_stat_activity WHERE query LIKE '%repeat(%' AND wait_event = 'ClientWrite'";
    let direct = house.cluster.direct().await;
    waits_until("the server is not held back", async || !direct.query(state, &[]).await.unwrap().is_empty()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ending_gateway_lets_what_runs_finish() {
    let Some(mut house) = House::with("", "[limits]\ndrain_timeout = \"60s\"", POLICY).await else { return };
    let (mut busy, mut idle) = (Speaker::to(&house).await, Speaker::to(&house).await);
    let asks = |text: &str| message(b'Q', &[text.as_bytes(), b"\0"].concat());
    busy.sends(&asks("SELECT count(pg_sleep(3)) AS slept")).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let _ = house.stop.send(true);
    tokio::time::sleep(Duration::from_millis(500)).await;
    // What is asked behind what runs is not begun any more.
    busy.sends(&asks("SELECT 2 AS two")).await;
    let told = busy.ends().await;
    house.end().await;
    let rows: Vec<_> = told.iter().filter(|(tag, _)| *tag == b'D').map(|(_, row)| cells(row)).collect();
    assert_eq!(rows, [[Some(b"1".to_vec())]], "{told:?}");
    let errors: Vec<_> = told.iter().filter_map(state).collect();
    assert!(!errors.is_empty() && errors.iter().all(|code| code == "57P01"), "{errors:?}");
    let told = idle.ends().await;
    assert_eq!(told.iter().filter_map(state).collect::<Vec<_>>(), ["57P01"], "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn psql_works() {
    let Some(house) = House::new().await else { return };
    let (done, told) = house.psql(&["-c", "SELECT id, ssn, note FROM clinical.patients ORDER BY id"]).await;
    assert!(done && told.contains("[SSN]"), "{told}");
    no_canary(told.as_bytes(), "psql");
    let fetched = ["-v", "FETCH_COUNT=100", "-At", "-c", "SELECT title FROM clinical.wards ORDER BY id"];
    let (done, told) = house.psql(&fetched).await;
    assert!(
        done && told.lines().count() == 1000,
        "{} lines: {}",
        told.lines().count(),
        told.lines().take(5).collect::<String>()
    );
    let (done, told) = house.psql(&["-c", r"\copy (SELECT ssn FROM clinical.patients) TO STDOUT"]).await;
    assert!(done && told.contains("[SSN]"), "{told}");
    no_canary(told.as_bytes(), r"\copy");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_asked_and_answered_is_recorded_without_content() {
    let Some(mut house) = House::new().await else { return };
    let client = house.client().await;
    let asked = format!("SELECT ssn, note FROM clinical.patients WHERE ssn = '{SSN}' AND mrn = '{MRN}'");
    assert_eq!(rows(&client, &asked).await.len(), 2);
    assert!(client.query("SELECT id FROM clinical.patients WHERE ssn = $1", &[&SSN]).await.is_ok());
    drop(client);
    house.end().await;
    house.recorder.close().unwrap();
    let mut files = 0;
    let mut folders = vec![house.folder.path().to_owned()];
    let mut leaves = String::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if path.ends_with("secret") || path.ends_with("reserve") {
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            no_canary(&bytes, &path.display().to_string());
            files += 1;
            if path.display().to_string().contains("tile/entries") {
                leaves.push_str(&String::from_utf8_lossy(&bytes));
            }
        }
    }
    assert!(files > 3);
    for word in [
        "session.open",
        "decision.granted",
        "\"message\":\"query\"",
        "\"message\":\"execute\"",
        "\"actions\":[\"select\"]",
    ] {
        assert!(leaves.contains(word), "no {word} in the log");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reason_is_the_gateways_own() {
    const REASONED: &str = r#"
        @id("agents") permit (principal in Group::"agents", action, resource in Target::"ehr");
        @id("why") @reason_required("true") permit (principal, action == Action::"select", resource in Table::"ehr.clinical.patients");
    "#;
    let Some(house) = House::with("", "", REASONED).await else { return };
    let client = house.client().await;
    let error = client.simple_query("SELECT id FROM clinical.patients").await.unwrap_err();
    assert_eq!(code(&error), "42501", "{error:?}");
    client.simple_query("SET blackbar.reason = 'to look after them'").await.unwrap();
    assert_eq!(rows(&client, "SELECT id FROM clinical.patients").await.len(), 2);
    let mut config = house.config();
    config.options("-c blackbar.reason=because");
    let client = super::connect(&config).await.unwrap();
    assert_eq!(rows(&client, "SELECT id FROM clinical.patients").await.len(), 2);
}
