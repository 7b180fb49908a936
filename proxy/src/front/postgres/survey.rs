//! What a database's tables hold, by its catalog and by a sample of their values: for whoever is to label its columns.

use std::time::Duration;

use blackbar_wire::pg::Limits as WireLimits;
use bytes::Bytes;

use super::known_catalog::KnownCatalog;
use super::upstream::{Connected, NoSession, Upstream};
use crate::config::{Limits, Protocol, Target};
use crate::error::{Error, Id};

/// A table with its columns.
#[derive(Clone, Debug)]
pub(crate) struct Surveyed {
    pub(crate) schema: String,
    pub(crate) name: String,
    pub(crate) columns: Vec<SurveyedColumn>,
    /// Why there is no sample: a SQLSTATE.
    pub(crate) unread: Option<String>,
}

/// A column with some of its values.
#[derive(Clone, Debug)]
pub(crate) struct SurveyedColumn {
    pub(crate) name: String,
    /// As the server writes it: `character varying(20)`.
    pub(crate) type_name: String,
    pub(crate) comment: Option<String>,
    /// Values that are not NULL, as text. They are for detectors and for nobody else.
    pub(crate) values: Vec<Bytes>,
}

/// The tables that hold something themselves, with their columns, in order.
const COLUMNS: &str = "SELECT n.nspname, c.relname, c.relkind, greatest(c.reltuples, 0)::bigint, a.attname, \
     pg_catalog.format_type(a.atttypid, a.atttypmod), pg_catalog.col_description(c.oid, a.attnum) \
     FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE c.relkind IN ('r', 'p', 'f', 'm') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped \
     AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND n.nspname !~ '^pg_(toast_)?temp_' \
     ORDER BY n.nspname, c.relname, a.attnum";

/// So much of a value is looked at.
const LONGEST_VALUE: usize = 4000;
/// A table of so many times the sample is not read from its beginning, where the oldest rows are.
const LARGE: i64 = 20;
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks the database of a target, with the gateway's own credential and in sessions that only read. `rows`: how many of each
/// table are sampled.
pub(crate) async fn survey(target: &Target, limits: &Limits, rows: u32) -> Result<Vec<Surveyed>, Error> {
    let failed =
        |why: &str| Error::new(Id::Unreachable, format!("the database cannot be asked: {why}")).at(&target.place);
    let Protocol::Postgres(postgres) = &target.protocol else {
        return Err(Error::new(Id::Arguments, "the target is no database").at(&target.place));
    };
    let upstream = Upstream::new(&postgres.server, target, target.credential.as_ref(), limits.connect_timeout)?;
    let settings = [
        ("application_name", "blackbar discover"),
        ("client_encoding", "UTF8"),
        ("default_transaction_read_only", "on"),
        ("statement_timeout", "30s"),
        ("search_path", "pg_catalog"),
    ];
    let own = |text: &'static str| Bytes::from_static(text.as_bytes());
    let settings = settings.map(|(name, value)| (own(name), own(value)));
    let connected = upstream.connect(settings.to_vec(), WireLimits::default()).await;
    let mut connected = connected.map_err(|why| failed(&said(why)))?;
    let mut tables = tables(&mut connected).await.map_err(|why| failed(&said(why)))?;
    for (table, kind, estimate) in &mut tables {
        if let Err(why) = sample(&mut connected, table, kind, *estimate, rows).await {
            match why {
                // One table that may not be read, or takes too long, keeps nobody from the others.
                NoSession::Refused(code) => table.unread = Some(String::from_utf8_lossy(&code).into_owned()),
                other => return Err(failed(&said(other))),
            }
        }
    }
    Ok(tables.into_iter().map(|(table, _, _)| table).collect())
}

fn said(why: NoSession) -> String {
    match why {
        NoSession::Unreachable => "it cannot be reached".to_owned(),
        NoSession::Tls => "it speaks no TLS, or its certificate does not count".to_owned(),
        NoSession::Credential => "it does not let the gateway in".to_owned(),
        NoSession::Refused(code) => format!("it refuses with SQLSTATE {}", String::from_utf8_lossy(&code)),
        NoSession::Broken => "it does not speak the protocol properly".to_owned(),
    }
}

/// A table, what sort of relation it is, and about how many rows it has.
type Found = (Surveyed, String, i64);

async fn tables(connected: &mut Connected) -> Result<Vec<Found>, NoSession> {
    let mut tables: Vec<Found> = Vec::new();
    KnownCatalog::ask(connected, COLUMNS, |row| {
        let text = |at: usize| {
            let cell = row.get(at).and_then(Option::as_ref);
            cell.map(|cell| String::from_utf8_lossy(cell).into_owned())
        };
        let needed = |at: usize| text(at).ok_or(NoSession::Broken);
        let (schema, name) = (needed(0)?, needed(1)?);
        let column = SurveyedColumn { name: needed(4)?, type_name: needed(5)?, comment: text(6), values: Vec::new() };
        match tables.last_mut() {
            Some((table, _, _)) if (&table.schema, &table.name) == (&schema, &name) => table.columns.push(column),
            _ => {
                let estimate = needed(3)?.parse().unwrap_or(0);
                tables.push((Surveyed { schema, name, columns: vec![column], unread: None }, needed(2)?, estimate));
            }
        }
        Ok(())
    })
    .await?;
    Ok(tables)
}

async fn sample(
    connected: &mut Connected,
    table: &mut Surveyed,
    kind: &str,
    estimate: i64,
    rows: u32,
) -> Result<(), NoSession> {
    let column = |column: &SurveyedColumn| {
        let name = quoted(&column.name);
        // Bytes are looked at by nobody here; their column is told by its name.
        if column.type_name == "bytea" { "NULL".to_owned() } else { format!("left({name}::text, {LONGEST_VALUE})") }
    };
    let columns: Vec<String> = table.columns.iter().map(column).collect();
    let large = estimate > i64::from(rows).saturating_mul(LARGE) && matches!(kind, "r" | "m" | "p");
    // Pages from everywhere, and enough of them.
    let some = if large {
        let percent = (i64::from(rows).saturating_mul(1000) / estimate.max(1)).clamp(1, 100);
        format!(" TABLESAMPLE SYSTEM ({percent})")
    } else {
        String::new()
    };
    let query = format!(
        "SELECT {} FROM {}.{}{some} LIMIT {rows}",
        columns.join(", "),
        quoted(&table.schema),
        quoted(&table.name)
    );
    let asked = KnownCatalog::ask(connected, &query, |row| {
        for (column, value) in table.columns.iter_mut().zip(row) {
            column.values.extend(value);
        }
        Ok(())
    });
    tokio::time::timeout(PATIENCE, asked).await.unwrap_or(Err(NoSession::Unreachable))
}

/// A name in double quotes, whatever is in it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
