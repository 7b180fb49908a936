//! How much a session may take, and what becomes of the others when one breaks.

use std::pin::pin;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;

use super::speaking::{Speaker, message, messages, state};
use super::{House, POLICY, issue};

/// How long a busy machine may take for what takes no time.
const PATIENCE: Duration = Duration::from_secs(90);

fn code(error: &tokio_postgres::Error) -> &str {
    error.code().map_or("", |code| code.code())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_are_as_long_as_is_configured() {
    let row = |length: usize| format!("SELECT repeat('word ', {length}) AS words");
    let Some(house) = House::with("", "[limits]\nrow_bytes = 100000\nstatement_bytes = 70000", POLICY).await else {
        return;
    };
    let (client, other) = (house.client().await, house.client().await);
    let words = client.query_one(&row(19_000), &[]).await.unwrap();
    assert_eq!(words.get::<_, String>(0).len(), 95_000);
    assert_eq!(code(&client.query_one(&row(21_000), &[]).await.unwrap_err()), "54000");
    assert!(
        client.is_closed() || client.simple_query("SELECT 1 AS one").await.is_err(),
        "nobody knows where the row ends"
    );
    let long = format!("SELECT 1 AS one -- {}", "x".repeat(80_000));
    assert_eq!(other.simple_query("SELECT 1 AS one").await.unwrap().len(), 3);
    assert_eq!(code(&other.simple_query(&long).await.unwrap_err()), "54000");
    assert_eq!(house.client().await.simple_query("SELECT 1 AS one").await.unwrap().len(), 3);

    let more = "[limits]\nrow_bytes = 33554432\nstatement_bytes = 33554432";
    let Some(house) = House::with("record = \"async\"", more, POLICY).await else { return };
    let client = house.client().await;
    let words = client.query_one(&row(4 << 20), &[]).await.unwrap();
    assert_eq!(words.get::<_, String>(0).len(), 20 << 20);
    let long = format!("SELECT 1 AS one -- {}", "x".repeat(20 << 20));
    assert_eq!(client.simple_query(&long).await.unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_breaks_breaks_alone() {
    let Some(house) = House::with("record = \"async\"", "", POLICY).await else { return };
    let fragile = issue(&house.credentials, super::FRAGILE, &["agents"]);
    let mut config = house.config();
    config.user(super::FRAGILE).password(&fragile);
    let many = "SELECT p.ssn, p.note, p.born FROM clinical.patients p, generate_series(1, 1000000) n WHERE p.id = 1";
    let (broken, tap) = house.tapped_as(&config).await;
    let (whole, other_tap) = house.tapped().await;
    let (one, other) = (
        broken.query_raw(many, std::iter::empty::<&str>()).await.unwrap(),
        whole.query_raw(many, std::iter::empty::<&str>()).await.unwrap(),
    );
    let (mut one, mut other) = (pin!(one), pin!(other));
    for _ in 0..100 {
        one.next().await.unwrap().unwrap();
        other.next().await.unwrap().unwrap();
    }
    house.breaks.store(true, Ordering::SeqCst);
    let begun = Instant::now();
    loop {
        match one.next().await {
            Some(Ok(row)) => assert_eq!(row.get::<_, String>(0), "[SSN]"),
            Some(Err(_)) | None => break,
        }
        assert!(begun.elapsed() < PATIENCE, "the session goes on");
    }
    // What came are whole messages, and nothing that nobody has looked at.
    let bytes = tap.bytes();
    let (told, rest) = messages(&bytes);
    assert!(rest.is_empty(), "{} bytes of a message came", rest.len());
    assert!(told.iter().filter(|(tag, _)| *tag == b'D').count() >= 100);
    tap.is_clean("a session that broke");
    // The others do not notice.
    for _ in 0..2000 {
        assert_eq!(other.next().await.unwrap().unwrap().get::<_, String>(0), "[SSN]");
    }
    other_tap.is_clean("a session beside one that broke");
    assert_eq!(house.client().await.simple_query("SELECT 1 AS one").await.unwrap().len(), 3);
    let direct = house.cluster.direct().await;
    let left = format!("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'blackbar:{}'", super::FRAGILE);
    while direct.query_one(&left, &[]).await.unwrap().get::<_, i64>(0) != 0 {
        assert!(begun.elapsed() < PATIENCE, "the server goes on for nobody");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A message that asks.
fn asks(text: &str) -> Vec<u8> {
    message(b'Q', &[text.as_bytes(), b"\0"].concat())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_takes_no_longer_than_the_total_limit() {
    let Some(house) = House::with("", "[limits]\ntotal_timeout = \"1s\"", POLICY).await else { return };
    let client = house.client().await;
    let begun = Instant::now();
    let error = client.simple_query("SELECT count(*) FROM generate_series(1, 100000000000) n").await.unwrap_err();
    assert_eq!(code(&error), "57014", "{error:?}");
    assert!((Duration::from_secs(1)..Duration::from_secs(10)).contains(&begun.elapsed()), "{:?}", begun.elapsed());
    // The session goes on, and what takes less is not cut off, however many there are.
    for _ in 0..5 {
        client.simple_query("SELECT pg_sleep(0.4)").await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_takes_nothing_is_let_go() {
    let Some(house) = House::with("record = \"async\"", "[limits]\nidle_timeout = \"2s\"", POLICY).await else {
        return;
    };
    let mut stuck = Speaker::to(&house).await;
    stuck.sends(&asks("SELECT generate_series(1, 100000000), repeat('word ', 200) AS stuck")).await;
    let direct = house.cluster.direct().await;
    let runs =
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%AS stuck%' AND application_name = 'blackbar:agent-7'";
    let count = async || direct.query_one(runs, &[]).await.unwrap().get::<_, i64>(0);
    let begun = Instant::now();
    while count().await == 0 {
        assert!(begun.elapsed() < PATIENCE, "nothing runs");
    }
    while count().await > 0 {
        assert!(begun.elapsed() < PATIENCE, "the server goes on for nobody");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(begun.elapsed() > Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_says_nothing_is_let_go_where_others_wait_for_it() {
    let Some(house) = House::with("", "[limits]\nidle_timeout = \"2s\"", POLICY).await else { return };
    let (mut open, mut failed, mut pooled) =
        (Speaker::to(&house).await, Speaker::to(&house).await, Speaker::to(&house).await);
    let mut copying = Speaker::to(&house).await;
    open.says(&asks("BEGIN")).await;
    failed.says(&asks("BEGIN; SELECT 1 / 0")).await;
    copying.says(&asks("CREATE TEMP TABLE rows_to_come (id int)")).await;
    copying.sends(&asks("COPY rows_to_come FROM STDIN")).await;
    copying.sends(&message(b'd', b"1\n")).await;
    // Silent is not who waits for an answer.
    let mut busy = Speaker::to(&house).await;
    busy.says(&asks("BEGIN")).await;
    busy.says(&asks("SELECT count(pg_sleep(5)) AS slept")).await;
    let begun = Instant::now();
    for (session, expected) in [(&mut open, "25P03"), (&mut failed, "25P03"), (&mut copying, "57P05")] {
        let told = session.ends().await;
        assert_eq!(told.iter().filter_map(state).next_back().as_deref(), Some(expected), "{told:?}");
    }
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    busy.says(&asks("COMMIT")).await;
    // A pool keeps its connections.
    assert!(pooled.says(&asks("SELECT 1 AS one")).await.iter().any(|(tag, _)| *tag == b'D'));

    let Some(house) = House::with("", "[limits]\nidle_session_timeout = \"2s\"", POLICY).await else { return };
    let begun = Instant::now();
    let mut idle = Speaker::to(&house).await;
    let told = idle.ends().await;
    assert_eq!(told.iter().filter_map(state).collect::<Vec<_>>(), ["57P05"]);
    assert!((Duration::from_secs(2)..Duration::from_secs(20)).contains(&begun.elapsed()), "{:?}", begun.elapsed());
}
