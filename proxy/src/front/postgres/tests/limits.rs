//! How much a session may take.

use super::{House, POLICY};

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
