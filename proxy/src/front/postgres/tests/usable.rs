//! What ordinary clients do with a database before anybody asks for a row.

use super::{House, POLICY};
use tokio_postgres::{Client, SimpleQueryMessage};

const NAMES: &str = r#"
SET ROLE app;
CREATE TABLE IF NOT EXISTS clinical.johnson_williams (id int PRIMARY KEY, "Mary Smith" text, jennifer int);
CREATE INDEX IF NOT EXISTS patricia_idx ON clinical.johnson_williams (jennifer);
COMMENT ON TABLE clinical.johnson_williams IS 'asked for by Quixley Marigold';
"#;

const READ_ONLY: &str = r#"
@id("readers") permit (principal in Group::"agents", action in [Action::"connect", Action::"read"], resource in Target::"ehr");
"#;

async fn cells(client: &Client, text: &str) -> Vec<String> {
    let answers = client.simple_query(text).await.unwrap_or_else(|error| panic!("{text}: {error:?}"));
    let mut all = Vec::new();
    for answer in answers {
        if let SimpleQueryMessage::Row(row) = answer {
            all.extend((0..row.len()).filter_map(|at| row.get(at).map(str::to_owned)));
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_of_things_are_not_names_of_people() {
    let Some(house) = House::new().await else { return };
    assert!(house.cluster.psql("clinic", NAMES));
    for (command, expected) in [
        (r"\dt clinical.*", "johnson_williams"),
        (r"\d clinical.johnson_williams", "Mary Smith"),
        (r"\d clinical.johnson_williams", "patricia_idx"),
        (r"\di clinical.*", "patricia_idx"),
        (r"\dn", "clinical"),
        (r"\l", "clinic"),
        (r"\du", "md5user"),
        (r"\df pg_catalog.lower", "lower"),
        (r"\dT", "List of data types"),
    ] {
        let (done, told) = house.psql(&["-c", command]).await;
        assert!(done && told.contains(expected), "{command}: {told}");
        assert!(!told.contains("[NAME") && !told.contains("[PHONE"), "{command}: {told}");
    }
    // What somebody wrote about a thing is no name of it.
    let (_, told) = house.psql(&["-c", r"\dt+ clinical.johnson_williams"]).await;
    super::no_canary(told.as_bytes(), "a comment");
    assert!(told.contains("johnson_williams"), "{told}");

    let client = house.client().await;
    for text in ["SHOW ALL", "SELECT * FROM pg_settings", "SELECT name, setting, short_desc FROM pg_settings"] {
        let shown = cells(&client, text).await;
        let redacted: Vec<&String> =
            shown.iter().filter(|cell| cell.contains("[NAME") || cell.contains("[PHONE")).collect();
        assert!(shown.len() > 600 && redacted.is_empty(), "{text}: {redacted:?}");
    }
    let columns = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'clinical'";
    let shown = cells(&client, columns).await;
    assert!(shown.iter().any(|cell| cell == "Mary Smith") && shown.iter().any(|cell| cell == "johnson_williams"));
    // The same words as a value are somebody's.
    let shown = cells(&client, "SELECT 'Robert Miller was here' FROM clinical.wards LIMIT 1").await;
    assert!(!shown.iter().any(|cell| cell.contains("Robert Miller")), "{shown:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_clock_and_plans_stay_readable() {
    let Some(house) = House::new().await else { return };
    let client = house.client().await;
    let direct = house.cluster.direct().await;
    for text in ["SELECT current_date::text", "SELECT current_date", "SELECT date_trunc('hour', now())"] {
        assert_eq!(cells(&client, text).await, cells(&direct, text).await, "{text}");
    }
    let plan =
        cells(&client, "EXPLAIN SELECT * FROM clinical.wards w JOIN clinical.patients p USING (id) ORDER BY w.id")
            .await;
    assert!(plan.iter().any(|line| line.contains("(cost=")), "{plan:?}");
    assert!(!plan.iter().any(|line| line.contains('[')), "{plan:?}");
    let plan = cells(&client, "EXPLAIN (ANALYZE, BUFFERS) SELECT count(*) FROM clinical.wards").await;
    assert!(!plan.iter().any(|line| line.contains('[')), "{plan:?}");
    let plan = cells(&client, "EXPLAIN SELECT 1 FROM clinical.patients WHERE note = 'SSN 219-09-9999'").await;
    super::no_canary(plan.concat().as_bytes(), "a plan");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pool_takes_its_connections_back_and_a_typo_is_one() {
    let Some(house) = House::with("", "", READ_ONLY).await else { return };
    let client = house.client().await;
    for reset in [
        "SELECT pg_advisory_unlock_all();\nCLOSE ALL;\nUNLISTEN *;\nRESET ALL;",
        "SELECT pg_advisory_unlock_all();\nCLOSE ALL;\n\n    DO $$\n    BEGIN\n        PERFORM * FROM pg_listening_channels() \
         LIMIT 1;\n        IF FOUND THEN\n            UNLISTEN *;\n        END IF;\n    END;\n    $$;\nRESET ALL;",
    ] {
        client.simple_query(reset).await.unwrap_or_else(|error| panic!("{reset}: {error:?}"));
    }
    let error = client.simple_query("SELECT 1 FORM clinical.wards").await.unwrap_err();
    let told = error.as_db_error().unwrap();
    assert_eq!((told.code().code(), told.detail()), ("42601", Some("at character 15")), "{told:?}");
    assert!(!format!("{told:?}").contains("wards"));
    let error = client.simple_query("DO $$ BEGIN END $$").await.unwrap_err();
    assert_eq!(error.code().map(|code| code.code()), Some("42501"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chain_of_queries_is_judged_in_no_time() {
    let Some(house) = House::with("", "", POLICY).await else { return };
    let client = house.client().await;
    let long = format!("SELECT 1 AS one {}", "UNION ALL SELECT 1 ".repeat(4000));
    let begun = std::time::Instant::now();
    let _ = client.simple_query(&long).await;
    assert!(begun.elapsed() < std::time::Duration::from_secs(60), "{:?}", begun.elapsed());
}
