//! Whoever reads rows redacted and writes them back changes nothing: each value is refused, or becomes what it stands for.

use std::error::Error;
use std::pin::pin;

use bytes::{BufMut as _, Bytes, BytesMut};
use futures_util::{SinkExt as _, TryStreamExt as _};
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type};
use tokio_postgres::{Client, SimpleQueryMessage};

use super::{House, issue};

const CHARTS: &str = r#"
SELECT pg_advisory_lock(11);
SET ROLE app;
DROP TABLE IF EXISTS clinical.charts, clinical.charts_in;
CREATE TABLE clinical.charts (
    id int PRIMARY KEY, mrn text, name text, short_name varchar(4), born date, died timestamp, seen timestamptz, at_hour time,
    guid uuid, host inet, mac macaddr, account int, zip text, days date[], card varchar(10), phone bigint,
    born_open date, ssn_number int, email text, address_ip inet, patient_uuid uuid, visited timestamptz, dob_text text,
    letters varchar(30), beds int, ward text);
INSERT INTO clinical.charts VALUES (1, 'C8812345', 'Quixley Marigold', 'Ann', '1961-04-03', '2021-03-09 10:30:00',
    '2021-03-09 10:30:00+02', '10:30:00', '8c0f2f5e-2f0b-4a57-9d3b-2b8f6f3c1a77', '10.1.2.3', '08:00:2b:01:02:03', 4711888, '90210',
    '{1961-04-03,1999-12-31}', 'X12345678', 2125550147,
    '1961-04-03', 219099999, 'quixley.marigold@clinic-canary.org', '10.1.2.3', '8c0f2f5e-2f0b-4a57-9d3b-2b8f6f3c1a77',
    '2021-03-09 10:30:00+02', '1961-04-03', 'by quixley.marigold@clinic.org', 12, 'B2');
CREATE TABLE clinical.charts_in (LIKE clinical.charts);
"#;

/// The columns with labels, and those that are looked at.
const LABELLED: &[&str] = &[
    "mrn",
    "name",
    "short_name",
    "born",
    "died",
    "seen",
    "at_hour",
    "guid",
    "host",
    "mac",
    "account",
    "zip",
    "days",
    "card",
    "phone",
];
const OPEN: &[&str] = &[
    "born_open",
    "ssn_number",
    "email",
    "address_ip",
    "patient_uuid",
    "visited",
    "dob_text",
    "letters",
    "beds",
    "ward",
];

const POLICY: &str = r#"
@id("agents") permit (principal in Group::"agents", action, resource in Target::"ehr");
@id("resolvers") forbid (principal, action == Action::"resolve", resource in Target::"ehr")
unless { principal in Group::"resolvers" };
"#;

/// A gateway with labels and keys. The folder holds the key.
async fn house() -> Option<(House, tempfile::TempDir)> {
    let keys = tempfile::tempdir().unwrap();
    let file = keys.path().join("tokens.key");
    blackbar_engine::key::KeyFile::from_bytes([7; 32]).write(&file).unwrap();
    let labels = r#"
[profile.agents]
base = "safe-harbor"
[profile.agents.columns]
"clinical.charts*.mrn" = "token"
"clinical.charts*.name" = "tag"
"clinical.charts*.short_name" = "tag"
"clinical.charts*.born" = "generalise"
"clinical.charts*.died" = "tag"
"clinical.charts*.seen" = "mask"
"clinical.charts*.at_hour" = "tag"
"clinical.charts*.guid" = "token"
"clinical.charts*.host" = "tag"
"clinical.charts*.mac" = "tag"
"clinical.charts*.account" = "token"
"clinical.charts*.zip" = "generalise"
"clinical.charts*.days" = "tag"
"clinical.charts*.card" = "token"
"clinical.charts*.phone" = "fpe"
"#;
    let more = format!("{labels}[keys]\ntokens = {{ file = \"{}\" }}\n", file.display());
    let house = House::with("profile = \"agents\"", &more, POLICY).await?;
    assert!(house.cluster.psql("clinic", CHARTS));
    Some((house, keys))
}

/// A value as it came, whatever its type.
#[derive(Debug)]
struct AsItCame(Option<Vec<u8>>);

impl<'a> FromSql<'a> for AsItCame {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(Some(raw.to_vec())))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(None))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

impl ToSql for AsItCame {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        Ok(match &self.0 {
            Some(value) => {
                out.put_slice(value);
                IsNull::No
            }
            None => IsNull::Yes,
        })
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    tokio_postgres::types::to_sql_checked!();
}

/// A column as it is.
async fn at_server(direct: &Client, table: &str, column: &str) -> Option<String> {
    let text = format!("SELECT {column}::text FROM clinical.{table} WHERE id = 1");
    direct.query_opt(&text, &[]).await.unwrap().and_then(|row| row.get(0))
}

fn is_refused(error: &tokio_postgres::Error) -> bool {
    error.code().is_some_and(|code| code.code() == "42501")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_are_read_and_written_back_are_as_they_were() {
    let Some((house, _keys)) = house().await else { return };
    let (client, direct) = (house.client().await, house.cluster.direct().await);
    let mut refused = Vec::new();
    for column in LABELLED.iter().chain(OPEN) {
        let before = at_server(&direct, "charts", column).await;
        let read = format!("SELECT {column} FROM clinical.charts WHERE id = 1");
        let answers = client.simple_query(&read).await.unwrap();
        let shown = answers.iter().find_map(|answer| match answer {
            SimpleQueryMessage::Row(row) => Some(row.get(0).map(str::to_owned)),
            _ => None,
        });
        let literal =
            shown.unwrap().map_or_else(|| "NULL".to_owned(), |shown| format!("'{}'", shown.replace('\'', "''")));
        let changed = before.as_ref().is_some_and(|before| literal != format!("'{before}'"));
        let update = format!("UPDATE clinical.charts SET {column} = {literal} WHERE id = 1");
        let in_text = client.simple_query(&update).await;
        assert_eq!(at_server(&direct, "charts", column).await, before, "{update}");
        let upsert = format!(
            "INSERT INTO clinical.charts (id, {column}) VALUES (1, {literal}) ON CONFLICT (id) DO UPDATE SET {column} = EXCLUDED.{column}"
        );
        let _ = client.simple_query(&upsert).await;
        assert_eq!(at_server(&direct, "charts", column).await, before, "{upsert}");
        let executed = format!(
            "PREPARE u AS UPDATE clinical.charts SET {column} = $1 WHERE id = 1; EXECUTE u({literal}); DEALLOCATE u"
        );
        let _ = client.simple_query(&executed).await;
        let _ = client.simple_query("DEALLOCATE ALL").await;
        assert_eq!(at_server(&direct, "charts", column).await, before, "{executed}");

        let value: AsItCame = client.query_one(&read, &[]).await.unwrap().get(0);
        let update = format!("UPDATE clinical.charts SET {column} = $1 WHERE id = 1");
        let in_binary = client.execute(&update, &[&value]).await;
        assert_eq!(at_server(&direct, "charts", column).await, before, "{update} with {value:?}");
        for result in [in_text.map(drop), in_binary.map(drop)] {
            if let Err(error) = result {
                assert!(is_refused(&error), "{column}: {error:?}");
                assert!(changed, "{column} comes as it is, so it may go back: {error:?}");
                refused.push(*column);
            }
        }
    }
    refused.dedup();
    println!("refused: {refused:?}");
    // What nobody has to hide goes back as it came.
    assert!(!refused.contains(&"beds") && !refused.contains(&"ward"), "{refused:?}");
    assert!(refused.len() >= 18, "{refused:?}");
    // And all of it at once.
    let before = at_server(&direct, "charts", "charts").await;
    let columns = [LABELLED, OPEN].concat();
    let read = format!("SELECT {} FROM clinical.charts WHERE id = 1", columns.join(", "));
    let row = client.query_one(&read, &[]).await.unwrap();
    let values: Vec<AsItCame> = (0..columns.len()).map(|at| row.get(at)).collect();
    let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
    let sets: Vec<String> = columns.iter().zip(1..).map(|(column, at)| format!("{column} = ${at}")).collect();
    let update = format!("UPDATE clinical.charts SET {} WHERE id = 1", sets.join(", "));
    assert!(is_refused(&client.execute(&update, &values).await.unwrap_err()));
    assert_eq!(at_server(&direct, "charts", "charts").await, before);
    // What was not read redacted is written.
    client.execute("UPDATE clinical.charts SET beds = 13, born = '1962-05-04' WHERE id = 1", &[]).await.unwrap();
    assert_eq!(at_server(&direct, "charts", "born").await.as_deref(), Some("1962-05-04"));
}

/// Copies a stream in; how many rows there were.
async fn copies_in(client: &Client, text: &str, bytes: Bytes) -> Result<u64, tokio_postgres::Error> {
    let mut sink = pin!(client.copy_in(text).await?);
    sink.send(bytes).await?;
    sink.finish().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_copied_out_redacted_is_not_copied_in() {
    let Some((house, _keys)) = house().await else { return };
    let direct = house.cluster.direct().await;
    let credential = issue(&house.credentials, "agent-8", &["agents", "resolvers"]);
    let mut config = house.config();
    config.user("agent-8").password(&credential);
    let (plain, resolver) = (house.client().await, super::connect(&config).await.unwrap());
    for format in ["text", "csv", "binary"] {
        for column in LABELLED {
            let out = format!("COPY clinical.charts (id, {column}) TO STDOUT (FORMAT {format})");
            let bytes = plain.copy_out(&out).await.unwrap().try_collect::<Vec<_>>().await.unwrap().concat();
            let copy = format!("COPY clinical.charts_in (id, {column}) FROM STDIN (FORMAT {format})");
            for (client, resolves) in [(&plain, false), (&resolver, true)] {
                direct.batch_execute("TRUNCATE clinical.charts_in").await.unwrap();
                let copied = copies_in(client, &copy, bytes.clone().into()).await;
                let there = at_server(&direct, "charts_in", column).await;
                match copied {
                    Err(error) => assert!(is_refused(&error) && there.is_none(), "{copy}: {error:?}"),
                    // A null is no replacement where nothing was before.
                    Ok(_) if there.is_none() => {}
                    Ok(_) => assert_eq!(there, at_server(&direct, "charts", column).await, "{copy}"),
                }
                let token_goes_in = *column == "mrn" && resolves;
                assert_eq!(at_server(&direct, "charts_in", "mrn").await.is_some(), token_goes_in, "{copy}");
            }
        }
    }
    // Where nothing is labelled, a tag and a token are refused as well.
    let answers = plain.simple_query("SELECT mrn FROM clinical.charts WHERE id = 1").await.unwrap();
    let token = answers.iter().find_map(|answer| match answer {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    let token = token.unwrap();
    assert!(token.starts_with("bb-mrn-"), "{token}");
    for cell in ["[NAME]", "***", token] {
        for client in [&plain, &resolver] {
            let copied =
                copies_in(client, "COPY clinical.charts_in (id, ward) FROM STDIN", format!("1\t{cell}\n").into()).await;
            assert!(is_refused(&copied.unwrap_err()), "{cell}");
        }
    }
    let copy = "COPY clinical.charts_in (id, mrn, name, born, ward) FROM STDIN";
    copies_in(&plain, copy, "1\tC77\tAnn Lee\t1962-05-04\tB2\n".into()).await.unwrap();
    assert_eq!(at_server(&direct, "charts_in", "name").await.as_deref(), Some("Ann Lee"));
}
