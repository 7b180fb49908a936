//! What statements really do, asked of a real server: none that is called reading may change anything.
//!
//! Whoever changes a row, a definition, a sequence or a lock on rows is given a transaction number; reading never is. So the
//! server's next number says whether a statement wrote, whatever it looked like and whether or not it failed in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use blackbar_sql::{Session, StatementFacts, StatementKind, analyse};
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

use super::catalog::{Builder, Snapshot};
use crate::private_postgres::{Options, Server};

/// One statement a line; `\n` in it is a line end.
const SAMPLE: &str = include_str!("truth/sample.sql");
/// What is known not to be seen: somebody's own casts and operators whose functions write. SECURITY.md says so.
const KNOWN: &[&str] = &["SELECT 'well'::mood::int", "SELECT CAST('ill'::mood AS int)", "SELECT 1 + 2"];
/// What the sample is about.
const TABLES: &str = include_str!("truth/tables.sql");
/// All rows of the sample's tables, counters and large objects, as one value.
const ROWS: &str = "SELECT md5(string_agg(line, '|' ORDER BY line)) FROM (
    SELECT 'p' || p::text AS line FROM clinical.patients p UNION ALL SELECT 'e' || e::text FROM clinical.encounters e
    UNION ALL SELECT 'l' || l::text FROM clinical.letters l UNION ALL SELECT 's' || last_value FROM clinical.numbers
    UNION ALL SELECT 'o' || oid::text FROM pg_largeobject_metadata) all_of_it";

/// A server, and what the gateway would know of it.
struct Truth {
    server: Server,
    database: String,
    client: Client,
    /// Takes the catalog, in a session of its own: that has other settings.
    aside: Client,
    snapshot: Snapshot,
    pulse: Option<String>,
    since: u32,
    session: Session,
    next: String,
    /// Temporary tables of the session: some are emptied whenever anything of theirs is looked at.
    temporary: BTreeSet<String>,
}

/// What became of some text.
struct Seen {
    facts: Vec<StatementFacts>,
    /// The server took it.
    ran: bool,
    /// It was given a transaction number.
    wrote: bool,
}

impl Seen {
    /// What ends with the session anyway, its temporary tables above all, is nobody else's.
    fn is_called_reading(&self, text: &str) -> bool {
        let discards = text.trim_start().get(..7).is_some_and(|word| word.eq_ignore_ascii_case("discard"));
        !discards && self.facts.iter().all(|facts| facts.only_reads() && facts.opacity.is_none())
    }
}

async fn connected(server: &Server, database: &str) -> Client {
    let mut config = tokio_postgres::Config::new();
    config.host("127.0.0.1").port(server.port()).user("postgres").dbname(database);
    config.options("-c statement_timeout=5s -c lock_timeout=1s");
    let (client, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn rows(client: &Client, text: &str) -> Option<Vec<Vec<Option<String>>>> {
    let answers = client.simple_query(text).await.ok()?;
    let row = |answer: &SimpleQueryMessage| match answer {
        SimpleQueryMessage::Row(row) => Some((0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect()),
        _ => None,
    };
    Some(answers.iter().filter_map(row).collect())
}

impl Truth {
    /// `None`, with the reason on standard error, where there is no PostgreSQL.
    async fn new(database: &str) -> Option<Self> {
        // What the server does by itself would be taken for what was asked.
        let settings = ["autovacuum=off", "max_connections=20", "max_prepared_transactions=2", "wal_level=logical"];
        let Some(server) = Server::start(&Options { settings: &settings, ..Options::default() }).unwrap() else {
            crate::testing::skipped("this machine has no PostgreSQL server");
            return None;
        };
        server.run("postgres", &format!("CREATE DATABASE {database}")).unwrap();
        let (client, aside) = (connected(&server, database).await, connected(&server, database).await);
        let mut this = Self {
            server,
            database: database.to_owned(),
            client,
            aside,
            snapshot: Snapshot::empty(),
            pulse: None,
            since: 0,
            session: Session::default(),
            next: String::new(),
            temporary: BTreeSet::new(),
        };
        this.look().await;
        Some(this)
    }

    /// The catalog as it is now, if it is not known; at most once in so many statements.
    async fn refresh(&mut self, every: u32) {
        self.since += 1;
        if self.since < every && self.pulse.is_some() {
            return;
        }
        let pulse = rows(&self.aside, Snapshot::pulse()).await.map(|rows| format!("{rows:?}"));
        if pulse == self.pulse {
            return;
        }
        self.since = 0;
        let mut builder = Builder::default();
        for (at, query) in Snapshot::queries().iter().enumerate() {
            for row in rows(&self.aside, query).await.unwrap_or_default() {
                let cells: Vec<Option<&[u8]>> = row.iter().map(|cell| cell.as_deref().map(str::as_bytes)).collect();
                builder.row(at, &cells).unwrap();
            }
        }
        (self.snapshot, self.pulse) = (builder.finish().unwrap(), pulse);
    }

    /// Ends what was begun, and sees how the session stands. Says whether a number was given since the last time.
    async fn look(&mut self) -> bool {
        const HOW: &str = "ROLLBACK; SELECT pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot()), \
            pg_catalog.array_to_string(pg_catalog.current_schemas(false), ','), \
            pg_catalog.current_setting('standard_conforming_strings'), current_user";
        let mut told = rows(&self.client, HOW).await;
        if told.is_none() {
            // A session that cannot say how it stands is of no use any more.
            self.connect_anew().await;
            told = rows(&self.client, HOW).await;
        }
        let row = told.unwrap().pop().unwrap();
        let text = |at: usize| row[at].clone().unwrap_or_default();
        self.session.search_path = text(1).split(',').map(str::to_owned).collect();
        self.session.standard_conforming_strings = text(2) == "on";
        self.session.user = text(3);
        let before = std::mem::replace(&mut self.next, text(0));
        before != self.next
    }

    /// Another session, once the one before has put away what was its own: that is given a number as well.
    async fn connect_anew(&mut self) {
        const OTHERS: &str = "SELECT 1 FROM pg_catalog.pg_stat_activity \
            WHERE backend_type = 'client backend' AND pid <> pg_catalog.pg_backend_pid()";
        self.client = connected(&self.server, &self.database).await;
        for _ in 0..500 {
            if rows(&self.aside, OTHERS).await.is_none_or(|others| others.len() <= 1) {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }

    async fn run(&mut self, text: &str, every: u32) -> Seen {
        self.refresh(every).await;
        let facts = analyse(text, self.snapshot.catalog(), &self.session);
        // Nobody sends what would have to follow, and it is no reading statement, which is checked.
        let waits = facts.iter().any(|facts| facts.kinds.contains(&StatementKind::CopyIn));
        let ran = !waits && self.client.simple_query(text).await.is_ok();
        let wrote = self.look().await;
        for (_, name, temporary) in facts.iter().flat_map(|facts| &facts.creates) {
            self.session.own_relations.insert(name.clone());
            if *temporary {
                self.temporary.insert(name.clone());
            }
        }
        Seen { facts, ran, wrote }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_is_called_reading_writes() {
    let Some(mut truth) = Truth::new("clinic").await else { return };
    truth.server.run("clinic", TABLES).unwrap();
    // Where names are looked for is a matter of the database, told to sessions that begin.
    truth.connect_anew().await;
    truth.look().await;
    let lines = SAMPLE.lines().filter(|line| !line.is_empty() && !line.starts_with("-- "));
    let (mut wrong, mut count) = (Vec::new(), Count::default());
    // Whatever role or path the session has by now, this one sees everything.
    let watching = connected(&truth.server, "clinic").await;
    let mut after = rows(&watching, ROWS).await;
    assert!(after.is_some());
    for line in lines {
        let text = line.replace("\\n", "\n");
        let before = after;
        let seen = truth.run(&text, 1).await;
        after = rows(&watching, ROWS).await;
        count.add(&seen, &text);
        if seen.is_called_reading(&text) && (seen.wrote || before != after) {
            wrong.push(text.clone());
        }
        // Rows do not change without a number, so what the by-hand run counts is what happens.
        assert!(seen.wrote || before == after || line.contains("nextval") || line.contains("setval"), "{text}");
    }
    assert_eq!(wrong, KNOWN);
    println!("{count}");
    assert!(count.all >= 300, "{count}");
    assert!(count.reading_ran >= 100 && count.writing_wrote >= 100, "{count}");
}

/// The records of releases: `BLACKBAR_REGRESSION` names a folder of PostgreSQL's own regression tests.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "is run by hand, and takes minutes"]
async fn nothing_in_postgresqls_own_regression_tests_that_is_called_reading_writes() {
    let folder = std::env::var_os("BLACKBAR_REGRESSION").expect("BLACKBAR_REGRESSION names a folder of .sql files");
    let Some(mut truth) = Truth::new("regression").await else { return };
    let mut files: Vec<_> = std::fs::read_dir(Path::new(&folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "sql"))
        .collect();
    // What the others stand on comes first.
    files.sort_by_key(|path| (!path.ends_with("test_setup.sql"), path.clone()));
    let (mut total, mut wrong, mut own) = (Count::default(), Vec::new(), 0);
    for file in files {
        let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let mut count = Count::default();
        truth.connect_anew().await;
        truth.session = Session::default();
        truth.temporary.clear();
        truth.look().await;
        for statement in statements(&text) {
            // These end the server, or whoever asks.
            if statement.contains("pg_terminate_backend") || statement.contains("infinite_recurse") {
                continue;
            }
            let seen = truth.run(&statement, 20).await;
            count.add(&seen, &statement);
            if seen.is_called_reading(&statement) && seen.wrote {
                let low = statement.to_ascii_lowercase();
                if truth.temporary.iter().any(|table| low.contains(table.as_str())) {
                    own += 1;
                } else {
                    println!("WRITES: {name}: {statement}");
                    wrong.push(statement);
                }
            } else if seen.facts.iter().any(|facts| facts.opacity.is_some())
                && std::env::var_os("BLACKBAR_OPAQUE").is_some()
            {
                println!("OPAQUE: {name}: {statement}");
            }
        }
        if name == "test_setup.sql" {
            for text in FILL.split_inclusive(';') {
                // What is not there in this version need not be filled.
                let _ = truth.server.run("regression", text);
            }
            truth.look().await;
        }
        total.join(count);
    }
    println!(
        "{total}\n{} are called reading and write, {own} more empty temporary tables of their session",
        wrong.len()
    );
    assert!(wrong.is_empty());
}

/// Rows for tables that the tests fill from files which are not among them.
const FILL: &str = "
    INSERT INTO onek SELECT n, n, n % 2, n % 4, n % 10, n % 20, n % 100, n % 200, n % 500, n, n, n * 2, n * 2 + 1,
        chr(65 + n % 26) || 'AAAAA', chr(65 + n % 7) || 'BAAAA', (ARRAY['AAAAxx', 'HHHHxx', 'OOOOxx', 'VVVVxx'])[1 + n % 4]
        FROM generate_series(0, 999) n;
    INSERT INTO tenk1 SELECT n, n, n % 2, n % 4, n % 10, n % 20, n % 100, n % 1000, n % 2000, n % 5000, n, n % 100 * 2,
        n % 100 * 2 + 1, chr(65 + n % 26) || 'AAAAA', chr(65 + n % 7) || 'BAAAA',
        (ARRAY['AAAAxx', 'HHHHxx', 'OOOOxx', 'VVVVxx'])[1 + n % 4] FROM generate_series(0, 9999) n;
    INSERT INTO person SELECT chr(97 + n % 26), n, point(n, n) FROM generate_series(1, 50) n;
    INSERT INTO emp SELECT chr(97 + n % 26), n, point(n, n), n * 100, 'x' FROM generate_series(1, 3) n;
    INSERT INTO student SELECT chr(97 + n % 26), n, point(n, n), 1.5 FROM generate_series(1, 3) n;
    INSERT INTO road SELECT n::text, '((0,0),(1,1))'::path FROM generate_series(1, 100) n;
    ANALYZE;";

/// How statements were called, and what they did.
#[derive(Default)]
struct Count {
    all: u64,
    ran: u64,
    reading: u64,
    reading_ran: u64,
    writing_wrote: u64,
    opaque: u64,
    why: BTreeMap<String, u64>,
}

impl Count {
    fn add(&mut self, seen: &Seen, text: &str) {
        self.all += 1;
        self.ran += u64::from(seen.ran);
        let why: BTreeSet<String> =
            seen.facts.iter().filter_map(|facts| facts.opacity).map(|why| format!("{why:?}")).collect();
        self.opaque += u64::from(!why.is_empty());
        for why in why {
            *self.why.entry(why).or_default() += 1;
        }
        if seen.is_called_reading(text) {
            self.reading += 1;
            self.reading_ran += u64::from(seen.ran);
        } else {
            self.writing_wrote += u64::from(seen.wrote);
        }
    }

    fn join(&mut self, other: Self) {
        self.all += other.all;
        self.ran += other.ran;
        self.reading += other.reading;
        self.reading_ran += other.reading_ran;
        self.writing_wrote += other.writing_wrote;
        self.opaque += other.opaque;
        for (why, count) in other.why {
            *self.why.entry(why).or_default() += count;
        }
    }
}

impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { all, ran, reading, reading_ran, writing_wrote, opaque, why } = self;
        write!(
            f,
            "{all} statements, {ran} of which the server took; {reading} called reading, {reading_ran} of which the server \
             took; {writing_wrote} others wrote; {opaque} opaque: {why:?}"
        )
    }
}

/// The statements of a script for psql, without its own commands and the data of copies.
fn statements(script: &str) -> Vec<String> {
    let (mut all, mut at) = (Vec::new(), String::new());
    let mut state = Reading::default();
    let mut copying = false;
    for line in script.lines() {
        if copying {
            copying = line != "\\.";
            continue;
        }
        for part in state.cut(line) {
            at.push_str(&part.text);
            if part.ends {
                let whole = std::mem::take(&mut at);
                let low = whole.to_ascii_lowercase();
                copying |= low.trim_start().starts_with("copy") && low.contains("from stdin");
                all.push(whole);
            }
        }
        at.push('\n');
    }
    all.push(at);
    all.retain(|text| !text.trim().trim_end_matches(';').trim().is_empty());
    all
}

/// Where in a script somebody is who reads it.
#[derive(Default)]
struct Reading {
    /// What ends the text that began: a quote, or a word between dollars.
    quote: Option<String>,
    comments: u32,
    parentheses: u32,
}

struct Part {
    text: String,
    ends: bool,
}

impl Reading {
    fn cut(&mut self, line: &str) -> Vec<Part> {
        let (mut parts, mut text, mut rest) = (Vec::new(), String::new(), line);
        while let Some(first) = rest.chars().next() {
            let mut take = first.len_utf8();
            if let Some(quote) = &self.quote {
                if rest.starts_with(quote.as_str()) {
                    take = quote.len();
                    self.quote = None;
                }
            } else if self.comments > 0 {
                if rest.starts_with("*/") {
                    (self.comments, take) = (self.comments - 1, 2);
                } else if rest.starts_with("/*") {
                    (self.comments, take) = (self.comments + 1, 2);
                }
            } else if rest.starts_with("--") {
                take = rest.len();
            } else if rest.starts_with("/*") {
                (self.comments, take) = (1, 2);
            } else if first == '\\' {
                // A command of psql's own: some run what was said so far, and none is for the server.
                let runs = ["\\g ", "\\gx", "\\gset", "\\gexec", "\\gdesc", "\\crosstab", "\\watch"];
                let runs = rest == "\\g" || runs.iter().any(|command| rest.starts_with(command));
                parts.push(Part { text, ends: runs });
                return parts;
            } else if first == '\'' || first == '"' {
                self.quote = Some(first.to_string());
            } else if first == '$'
                && let Some(end) = rest[1..].find('$')
                && rest[1..=end].chars().all(|letter| letter.is_alphanumeric() || letter == '_')
                && !text.ends_with(|before: char| before.is_alphanumeric())
            {
                take = end + 2;
                self.quote = Some(rest[..take].to_owned());
            } else if first == '(' {
                self.parentheses += 1;
            } else if first == ')' {
                self.parentheses = self.parentheses.saturating_sub(1);
            } else if first == ';' && self.parentheses == 0 {
                parts.push(Part { text: std::mem::take(&mut text) + ";", ends: true });
                rest = &rest[1..];
                continue;
            }
            text.push_str(&rest[..take]);
            rest = &rest[take..];
        }
        parts.push(Part { text, ends: false });
        parts
    }
}

#[test]
fn scripts_are_cut_where_psql_cuts_them() {
    let script = "SELECT 1; SELECT ';' /* ; */ -- ;\n;\n\\d x\nDO $a$ ; $b$ ; $a$;\nCOPY t FROM stdin;\n1;2\n\\.\nCREATE RULE r DO (a; b);\nSELECT 2 \\gset\nSELECT $1;";
    let cut: Vec<String> = statements(script).iter().map(|text| text.trim().to_owned()).collect();
    assert_eq!(
        cut,
        [
            "SELECT 1;",
            "SELECT ';' /* ; */ -- ;\n;",
            "DO $a$ ; $b$ ; $a$;",
            "COPY t FROM stdin;",
            "CREATE RULE r DO (a; b);",
            "SELECT 2",
            "SELECT $1;"
        ]
    );
}
