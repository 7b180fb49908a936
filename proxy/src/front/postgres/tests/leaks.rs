//! Ways out of a table that a masking gateway must close: each is tried in text, in binary and by COPY, and every byte that
//! the client got is searched, for what lies in the table and for what it can be made into.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use futures_util::TryStreamExt as _;
use sha2::{Digest as _, Sha256};
use tokio_postgres::Client;

use super::binary::encodings;
use super::speaking::{cells, messages};
use super::{BORN, EMAIL, House, MRN, NAME, POLICY, SSN, Tap, no_canary};

const LABELS: &str = r#"
[profile.agents]
base = "safe-harbor"
[profile.agents.columns]
"clinical.patients.mrn" = "tag"
"clinical.patients.name" = "tag"
"clinical.patients.ssn" = "tag"
"clinical.patients.email" = "mask"
"clinical.patients.born" = "generalise"
"#;

/// Queries whose answers would tell, if nobody looked.
const QUERIES: &[&str] = &[
    "SELECT * FROM clinical.patients",
    "SELECT ssn AS harmless FROM clinical.patients",
    "SELECT ssn || '' FROM clinical.patients",
    "SELECT 'x' || ssn || 'y' FROM clinical.patients",
    "SELECT ssn::text::varchar(20) FROM clinical.patients",
    "SELECT replace(ssn, '-', '') FROM clinical.patients",
    "SELECT replace(ssn, '-', '')::bigint FROM clinical.patients",
    "SELECT replace(ssn, '-', '')::numeric / 10 FROM clinical.patients",
    "SELECT reverse(ssn) FROM clinical.patients",
    "SELECT md5(ssn) FROM clinical.patients",
    "SELECT encode(ssn::bytea, 'hex') FROM clinical.patients",
    "SELECT encode(ssn::bytea, 'base64') FROM clinical.patients",
    "SELECT ssn::bytea FROM clinical.patients",
    "SELECT upper(name), lower(name), initcap(name) FROM clinical.patients",
    "SELECT substr(name, 1, 7), substr(name, 8) FROM clinical.patients",
    "SELECT regexp_replace(name, 'x', 'y') FROM clinical.patients",
    "SELECT regexp_matches(name, '.*') FROM clinical.patients",
    "SELECT string_to_array(name, ' ') FROM clinical.patients",
    "SELECT string_to_array(ssn, NULL) FROM clinical.patients",
    "SELECT regexp_split_to_table(ssn, '') FROM clinical.patients",
    "SELECT ascii(name), left(ssn, 6), right(ssn, 6) FROM clinical.patients",
    "SELECT translate(ssn, '0123456789', 'abcdefghij') FROM clinical.patients",
    "SELECT overlay(ssn placing '' from 1 for 0) FROM clinical.patients",
    "SELECT format('%s', ssn) FROM clinical.patients",
    "SELECT concat(ssn, name), concat_ws('/', ssn, name) FROM clinical.patients",
    "SELECT quote_literal(ssn), quote_ident(name) FROM clinical.patients",
    "SELECT to_json(ssn), to_jsonb(name) FROM clinical.patients",
    "SELECT row_to_json(p) FROM clinical.patients p",
    "SELECT to_jsonb(p) FROM clinical.patients p",
    "SELECT p FROM clinical.patients p",
    "SELECT (p).ssn FROM clinical.patients p",
    "SELECT ROW(ssn, name) FROM clinical.patients",
    "SELECT ARRAY[ssn, name] FROM clinical.patients",
    "SELECT array_agg(ssn) FROM clinical.patients",
    "SELECT string_agg(ssn, ',') FROM clinical.patients",
    "SELECT json_agg(name), jsonb_agg(ssn) FROM clinical.patients",
    "SELECT json_object_agg(id, ssn) FROM clinical.patients",
    "SELECT json_build_object('a', ssn) FROM clinical.patients",
    "SELECT xmlelement(name x, ssn) FROM clinical.patients",
    "SELECT xmlagg(xmlelement(name x, name)) FROM clinical.patients",
    "SELECT xmlforest(ssn, name) FROM clinical.patients",
    "SELECT min(ssn), max(name) FROM clinical.patients",
    "SELECT mode() WITHIN GROUP (ORDER BY ssn) FROM clinical.patients",
    "SELECT first_value(ssn) OVER () FROM clinical.patients",
    "SELECT lag(name) OVER (ORDER BY id DESC) FROM clinical.patients",
    "SELECT CASE WHEN id = 1 THEN ssn ELSE name END FROM clinical.patients",
    "SELECT coalesce(ssn, ''), nullif(name, ''), greatest(ssn, '') FROM clinical.patients",
    "SELECT (SELECT ssn FROM clinical.patients WHERE id = 1)",
    "SELECT x FROM (SELECT ssn AS x FROM clinical.patients) AS inner_query",
    "SELECT x FROM (SELECT ssn FROM clinical.patients) AS renamed(x)",
    "WITH c AS (SELECT ssn AS x FROM clinical.patients) SELECT x FROM c",
    "WITH RECURSIVE c(x) AS (SELECT ssn FROM clinical.patients UNION SELECT x FROM c WHERE false) SELECT x FROM c",
    "SELECT ssn FROM clinical.patients UNION ALL SELECT 'x'",
    "SELECT 'x' UNION ALL SELECT ssn FROM clinical.patients",
    "SELECT ssn FROM clinical.patients INTERSECT SELECT ssn FROM clinical.patients",
    "SELECT x FROM clinical.patients, LATERAL (SELECT ssn AS x) l",
    "SELECT x FROM clinical.patients, unnest(ARRAY[ssn, name]) AS x",
    "SELECT a.ssn FROM clinical.patients a JOIN clinical.patients b USING (ssn)",
    "SELECT ssn FROM clinical.patients GROUP BY ssn HAVING count(*) > 0",
    "SELECT DISTINCT ssn FROM clinical.patients",
    "SELECT x FROM (VALUES ((SELECT ssn FROM clinical.patients LIMIT 1))) v(x)",
    "TABLE clinical.patients",
    "SELECT ssn FROM ONLY clinical.patients",
    "SELECT note FROM clinical.patients",
    "SELECT extra FROM clinical.patients",
    "SELECT extra->>'ssn' FROM clinical.patients",
    "SELECT extra->'ssn' FROM clinical.patients",
    "SELECT jsonb_each_text(extra) FROM clinical.patients",
    "SELECT key, value FROM clinical.patients, jsonb_each_text(extra)",
    "SELECT jsonb_path_query(extra, '$.ssn') FROM clinical.patients",
    "SELECT jsonb_pretty(extra) FROM clinical.patients",
    "SELECT codes FROM clinical.patients",
    "SELECT codes[1] FROM clinical.patients",
    "SELECT unnest(codes) FROM clinical.patients",
    "SELECT array_to_string(codes, ',') FROM clinical.patients",
    "SELECT born FROM clinical.patients",
    "SELECT born + 1, born::text FROM clinical.patients",
    "SELECT born::timestamp, born::timestamptz FROM clinical.patients",
    "SELECT extract(epoch from born), born - date '1970-01-01' FROM clinical.patients",
    "SELECT age, age + 0, age::text FROM clinical.patients",
    "SELECT replace(ssn, '-', '')::int, replace(ssn, '-', '')::float8, mrn::numeric, mrn::int FROM clinical.patients",
    "SELECT * FROM clinical.everybody",
    "SELECT x FROM clinical.renamed",
    "SELECT clinical.one_ssn()",
    "SELECT * FROM clinical.all_of_them()",
    "SELECT \"SSN\" FROM (SELECT ssn AS \"SSN\" FROM clinical.patients) q",
    "SELECT U&\"s\\0073n\" FROM clinical.patients",
    "SELECT/**/ssn/*'*/FROM/**/clinical.patients",
    "EXPLAIN ANALYZE SELECT * FROM clinical.patients WHERE ssn > '1'",
    "EXPLAIN (VERBOSE, FORMAT json) SELECT ssn FROM clinical.patients WHERE name > 'Quix'",
    "SELECT * FROM pg_stats WHERE tablename = 'patients'",
    "SELECT most_common_vals::text, histogram_bounds::text FROM pg_stats WHERE tablename = 'patients'",
    "SELECT stavalues1::text FROM pg_statistic",
    "SELECT query FROM pg_stat_activity",
    "SELECT query_to_xml('SELECT * FROM clinical.patients', true, true, '')",
    "SELECT table_to_xml('clinical.patients', true, true, '')",
    "SELECT lo_get(lo_from_bytea(0, ssn::bytea)) FROM clinical.patients",
    "SELECT set_config('application_name', ssn, false) FROM clinical.patients",
    "SELECT set_config('blackbar.reason', ssn, false), current_setting('blackbar.reason') FROM clinical.patients",
    "SELECT pg_notify('canary', ssn) FROM clinical.patients",
    "SELECT ssn::int FROM clinical.patients",
    "SELECT name::date FROM clinical.patients",
    "SELECT name::json FROM clinical.patients",
    "SELECT name::uuid, name::inet FROM clinical.patients",
    "SELECT ('<' || name)::xml FROM clinical.patients",
    "SELECT 1 / (CASE WHEN ssn LIKE '2%' THEN 0 ELSE 1 END) FROM clinical.patients",
    "SELECT to_date(name, 'YYYY') FROM clinical.patients",
    "SELECT date_part(name, now()) FROM clinical.patients",
    "SELECT id FROM clinical.patients ORDER BY ssn::int",
    "SELECT dblink('', ssn) FROM clinical.patients",
    "SELECT * FROM clinical.patients FOR UPDATE",
    "UPDATE clinical.patients SET age = age RETURNING *",
    "UPDATE clinical.patients SET age = age RETURNING ssn || name",
    "DELETE FROM clinical.patients WHERE false RETURNING ssn",
    "INSERT INTO clinical.leaks SELECT ssn, name FROM clinical.patients RETURNING *",
    "SELECT * FROM clinical.leaks",
];

/// Things to do that are no queries. What they answer, and what a later query of the session sees, is searched.
const DEEDS: &[&str] = &[
    "DO $$ BEGIN RAISE NOTICE '%', (SELECT ssn FROM clinical.patients LIMIT 1); END $$",
    "DO $$ BEGIN RAISE WARNING 'of %', (SELECT email FROM clinical.patients LIMIT 1); END $$",
    "DO $$ BEGIN RAISE EXCEPTION 'for \"%\"', (SELECT name FROM clinical.patients LIMIT 1); END $$",
    "DO $$ BEGIN RAISE EXCEPTION 'x' USING DETAIL = (SELECT ssn FROM clinical.patients LIMIT 1); END $$",
    "DO $$ BEGIN EXECUTE 'SELECT ' || (SELECT quote_ident(ssn) FROM clinical.patients LIMIT 1); END $$",
    "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = (SELECT reverse(name) FROM clinical.patients LIMIT 1); END $$",
    "DO $$ BEGIN RAISE NOTICE USING MESSAGE = (SELECT encode(ssn::bytea, 'hex') FROM clinical.patients LIMIT 1); END $$",
    "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '42P01', COLUMN = (SELECT reverse(ssn) FROM clinical.patients LIMIT 1), TABLE = (SELECT upper(name) FROM clinical.patients LIMIT 1), SCHEMA = (SELECT reverse(mrn) FROM clinical.patients LIMIT 1), CONSTRAINT = (SELECT lower(name) FROM clinical.patients LIMIT 1), DATATYPE = (SELECT reverse(email) FROM clinical.patients LIMIT 1); END $$",
    "DO $$ BEGIN RAISE WARNING USING ERRCODE = '01000', HINT = (SELECT reverse(ssn) FROM clinical.patients LIMIT 1), DETAIL = (SELECT reverse(name) FROM clinical.patients LIMIT 1); END $$",
    "LISTEN canary; SELECT pg_notify('canary', reverse(name)) FROM clinical.patients; UNLISTEN *",
    "LISTEN canary; DO $$ BEGIN PERFORM pg_notify('canary', (SELECT encode(ssn::bytea, 'hex') FROM clinical.patients LIMIT 1)); END $$; UNLISTEN *",
    "INSERT INTO clinical.patients (id, ssn) SELECT id, ssn FROM clinical.patients",
    "INSERT INTO clinical.strict SELECT ssn FROM clinical.patients",
    "INSERT INTO clinical.checked SELECT name FROM clinical.patients",
    "ALTER TABLE clinical.patients ALTER name TYPE int USING name::int",
    "PREPARE q AS SELECT ssn FROM clinical.patients; EXECUTE q; DEALLOCATE q",
    "BEGIN; DECLARE c CURSOR FOR SELECT ssn FROM clinical.patients; FETCH ALL FROM c; ROLLBACK",
    "BEGIN; DECLARE c CURSOR FOR SELECT * FROM clinical.patients; FETCH 1 FROM c; CLOSE c; ROLLBACK",
    "CREATE TEMP TABLE t1 AS SELECT ssn AS x FROM clinical.patients; SELECT x FROM t1; DROP TABLE t1",
    "SELECT ssn AS x INTO TEMP t2 FROM clinical.patients; SELECT x FROM t2; DROP TABLE t2",
    "CREATE TEMP VIEW v1 AS SELECT ssn AS x FROM clinical.patients; SELECT x FROM v1; DROP VIEW v1",
    "BEGIN; CREATE FUNCTION pg_temp.f() RETURNS text LANGUAGE sql AS 'SELECT ssn FROM clinical.patients LIMIT 1'; SELECT pg_temp.f(); ROLLBACK",
    "LISTEN canary; SELECT pg_notify('canary', name) FROM clinical.patients; UNLISTEN *",
    "SET search_path = clinical; SELECT ssn FROM patients; RESET search_path",
    "SET ROLE app; SELECT ssn FROM clinical.patients; RESET ROLE",
    "SET standard_conforming_strings = off; SELECT ssn, '\\' FROM clinical.patients; --'",
    "SET bytea_output = 'escape'; SELECT ssn::bytea FROM clinical.patients; RESET bytea_output",
    "SET client_min_messages = debug5; SELECT ssn::int FROM clinical.patients",
    "SET debug_print_parse = on; SELECT ssn FROM clinical.patients; RESET debug_print_parse",
    "SHOW application_name",
    "COMMENT ON TABLE clinical.patients IS '219-09-9999'; SELECT obj_description('clinical.patients'::regclass)",
    "COPY clinical.patients TO PROGRAM 'cat'",
    "COPY clinical.patients TO '/tmp/out'",
    "COPY clinical.patients TO STDOUT (FORMAT csv, FORCE_QUOTE *, ESCAPE 'x', QUOTE 'y')",
    "COPY clinical.patients (name, ssn) TO STDOUT WITH CSV HEADER",
    "COPY clinical.patients TO STDOUT (ENCODING 'UTF16')",
    "COPY clinical.patients TO STDOUT (ENCODING 'LATIN1')",
    "EXPLAIN (ANALYZE, BUFFERS) UPDATE clinical.patients SET age = 1 WHERE name > 'Q'",
    "LOCK TABLE clinical.patients; SELECT ssn FROM clinical.patients",
    "nonsense 219-09-9999",
    "SELECT 1 AS \"219-09-9999\"",
];

const MORE: &str = r#"
SET ROLE app;
CREATE OR REPLACE VIEW clinical.everybody AS SELECT * FROM clinical.patients;
CREATE OR REPLACE VIEW clinical.renamed AS SELECT ssn || '' AS x FROM clinical.patients;
CREATE OR REPLACE FUNCTION clinical.one_ssn() RETURNS text LANGUAGE sql AS 'SELECT ssn FROM clinical.patients LIMIT 1';
CREATE OR REPLACE FUNCTION clinical.all_of_them() RETURNS SETOF clinical.patients LANGUAGE sql AS 'SELECT * FROM clinical.patients';
CREATE TABLE IF NOT EXISTS clinical.leaks (a text, b text);
CREATE TABLE IF NOT EXISTS clinical.strict (a text UNIQUE);
CREATE TABLE IF NOT EXISTS clinical.checked (a text CHECK (length(a) < 3));
ANALYZE clinical.patients;
"#;

/// What is in the tables, as a whole and in the parts that say it.
const WORDS: &[&str] =
    &[SSN, "219099999", EMAIL, NAME, "Quixley", "Marigold", MRN, "Vraxholm", "8c0f2f5e-2f0b-4a57-9d3b-2b8f6f3c1a77"];

/// What somebody may cut out of them, or reckon from them, and still know whose they are.
const PIECES: &[&str] = &[
    "219-09",
    "9-9999",
    "09-999",
    "21909999",
    "19099999",
    "Marigol",
    "arigold",
    "Marig",
    "igold",
    "Quixle",
    "uixley",
    "812345",
    "881234",
    "raxholm",
    "Vraxhol",
    "1961-04-03",
    "1961-04-04",
    "19610403",
    "276048000",
];

/// md5 of the words, as anybody could look them up.
const MD5: &[&str] = &[
    "c8bf72c4c2ed96d424dd85a69aa92b8b",
    "db1f08a02ae61b3fa13a1999d26c5d3f",
    "cecf8c8dea01000c22df7261b28d24d9",
    "d7058fe691cef874b597cd83c6b59f69",
    "5ff7192797c96b7305a41d1a505f82d5",
    "4ba7fcacce54cf190130ee72f6454926",
    "50db61fa1d3ec6813d716ce40b4a3307",
    "2e3edc6a517c476e48d32bc92549b419",
];

/// What a word may be made into, by its name; upper and lower case are the same to who looks for it.
fn forms() -> &'static [(String, Vec<u8>)] {
    static FORMS: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    FORMS.get_or_init(|| {
        let mut all: Vec<(String, Vec<u8>)> = Vec::new();
        for word in WORDS.iter().chain(PIECES) {
            let word = word.to_lowercase();
            let reversed: String = word.chars().rev().collect();
            all.extend([word.clone(), reversed].map(|form| (form.clone(), form.into_bytes())));
        }
        for word in WORDS {
            let cases = [(*word).to_owned(), word.to_uppercase(), word.to_lowercase(), word.chars().rev().collect()];
            for case in cases {
                let hex: String = case.bytes().map(|byte| format!("{byte:02x}")).collect();
                let octal: String = case.bytes().map(|byte| format!("\\{byte:03o}")).collect();
                all.extend([hex, octal].map(|form| (format!("{case} as {form}"), form.into_bytes())));
            }
            let letter = |c: char| c.to_digit(10).and_then(|digit| char::from_u32(digit + 97)).unwrap_or(c);
            let letters: String = word.chars().map(letter).collect();
            if letters != *word {
                all.push((letters.clone(), letters.into_bytes()));
            }
            let hash: String = Sha256::digest(word).iter().map(|byte| format!("{byte:02x}")).collect();
            all.push((format!("sha256 of {word}"), hash.into_bytes()));
            // One by one, as an array or a list has them, and as rows of one letter have them in binary.
            let letters: Vec<String> = word.chars().map(String::from).collect();
            for between in [",", ", ", "\",\"", "\", \"", " ", "|", ";"] {
                let listed = letters.join(between).to_lowercase();
                all.push((listed.clone(), listed.into_bytes()));
            }
            let counted = |head: &[u8]| word.to_lowercase().bytes().flat_map(|byte| [head, &[byte]].concat()).collect();
            all.push((format!("{word} letter by letter"), counted(&[0, 0, 0, 1])));
            all.push((format!("{word} by rows of a letter"), counted(&[0, 1, 0, 0, 0, 1])));
        }
        all.extend(MD5.iter().map(|digest| (format!("md5 {digest}"), digest.as_bytes().to_vec())));
        all
    })
}

/// The middle of what a word is in base64, wherever in a longer text it stands.
fn base64_forms() -> &'static [(String, Vec<u8>)] {
    use base64::Engine as _;

    static FORMS: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    FORMS.get_or_init(|| {
        let mut all = Vec::new();
        for word in WORDS {
            for case in [(*word).to_owned(), word.to_uppercase(), word.to_lowercase(), word.chars().rev().collect()] {
                for before in 0..3 {
                    let text = ["x".repeat(before), case.clone()].concat();
                    let form = base64::engine::general_purpose::STANDARD_NO_PAD.encode(&text);
                    // Of the first and the last letters it depends on what stands beside the word.
                    let from = [0, 2, 3][before];
                    let whole = text.len() * 8 / 6;
                    all.push((format!("{case} as base64"), form.as_bytes()[from..whole].to_vec()));
                }
            }
        }
        all
    })
}

/// What the columns of an answer spell whose values are letters.
fn spelt_by_rows(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut columns: Vec<Option<Vec<u8>>> = Vec::new();
    let mut row = |values: Vec<Vec<u8>>| {
        columns.resize(columns.len().max(values.len()), Some(Vec::new()));
        for (column, value) in columns.iter_mut().zip(values) {
            match column {
                Some(spelt) if value.len() <= 3 => spelt.extend(value),
                column => *column = None,
            }
        }
    };
    for (tag, body) in messages(bytes).0 {
        match tag {
            b'D' => row(cells(&body).into_iter().map(Option::unwrap_or_default).collect()),
            b'd' if body.ends_with(b"\n") => {
                for line in body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                    row(line.split(|byte| *byte == b'\t').map(<[u8]>::to_vec).collect());
                }
            }
            _ => {}
        }
    }
    columns.into_iter().flatten().collect()
}

#[track_caller]
pub(super) fn nothing_in(tap: &Tap, before: usize, what: &str) {
    nothing_within(&tap.bytes()[before..], what);
}

/// Checks that nothing that lies in the tables is in these bytes, in any form.
#[track_caller]
pub(super) fn nothing_within(new: &[u8], what: &str) {
    no_canary(new, what);
    let lower = new.to_ascii_lowercase();
    let spelt: Vec<Vec<u8>> = spelt_by_rows(new).iter().map(|column| column.to_ascii_lowercase()).collect();
    for (name, form) in forms() {
        assert!(memchr::memmem::find(&lower, form).is_none(), "{name} got out by {what}");
        for column in &spelt {
            assert!(memchr::memmem::find(column, form).is_none(), "{name} got out in rows by {what}");
        }
    }
    for (name, form) in base64_forms() {
        assert!(memchr::memmem::find(new, form).is_none(), "{name} got out by {what}");
    }
    for canary in [SSN, MRN, BORN] {
        assert!(memchr::memmem::find(new, canary.as_bytes()).is_none(), "{canary} got out by {what}");
        for form in encodings(canary) {
            assert!(memchr::memmem::find(new, &form).is_none(), "{canary} as {form:?} got out by {what}");
        }
    }
}

/// What this test would not see, no other would.
#[test]
fn every_form_is_known() {
    let known = |text: &[u8]| {
        let lower = text.to_ascii_lowercase();
        forms().iter().any(|(_, form)| memchr::memmem::find(&lower, form).is_some())
            || base64_forms().iter().any(|(_, form)| memchr::memmem::find(text, form).is_some())
    };
    for text in [
        "MARIGOLD",
        "dlogiraM",
        "\\x4d617269676f6c64",
        "TWFyaWdvbGQ=",
        "eFF1aXhsZXk",
        "'marigold':1",
        "Marigol",
        "M.arigold",
        "Narigold",
        "{M,a,r,i,g,o,l,d}",
        "[\"2\", \"1\", \"9\", \"-\", \"0\", \"9\", \"-\", \"9\", \"9\", \"9\", \"9\"]",
        "21909999.9",
        "881234.5",
        "812345",
        "219-09",
        "9-9999",
        "cbj-aj-jjjj",
        "VRAXHOLM",
        "mlohxarV",
        "1961-04-04",
        "-276048000",
        "c8bf72c4c2ed96d424dd85a69aa92b8b",
    ] {
        assert!(known(text.as_bytes()), "{text}");
    }
    for text in ["[NAME]", "[SSN]", "ward B2", "1961", "null value in column \"id\" violates"] {
        assert!(!known(text.as_bytes()), "{text}");
    }
    let row = |letter: u8| [&[b'D', 0, 0, 0, 11, 0, 1, 0, 0, 0, 1][..], &[letter]].concat();
    let rows: Vec<u8> = b"219-09-9999".iter().flat_map(|letter| row(*letter)).collect();
    assert_eq!(spelt_by_rows(&rows), [b"219-09-9999"]);
}

/// A session for the next attempt: the last one may have been ended.
async fn alive(house: &House, client: Option<(Client, Tap)>) -> (Client, Tap) {
    match client {
        Some((client, tap)) if !client.is_closed() => (client, tap),
        _ => house.tapped().await,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_gets_out() {
    let Some(house) = House::with("profile = \"agents\"", LABELS, POLICY).await else { return };
    assert!(house.cluster.psql("clinic", MORE));
    let mut session = None;
    let mut answered = 0;
    let mut attempts = 0;
    for query in QUERIES {
        let (client, tap) = alive(&house, session.take()).await;
        for how in ["text", "binary", "copy", "copy binary"] {
            let before = tap.bytes().len();
            let done = match how {
                "text" => client.simple_query(query).await.is_ok(),
                "binary" => client.query(*query, &[]).await.is_ok(),
                _ => {
                    let format = if how == "copy" { "text" } else { "binary" };
                    match client.copy_out(&format!("COPY ({query}) TO STDOUT (FORMAT {format})")).await {
                        Ok(stream) => stream.try_collect::<Vec<_>>().await.is_ok(),
                        Err(_) => false,
                    }
                }
            };
            attempts += 1;
            answered += usize::from(done);
            nothing_in(&tap, before, &format!("{how}: {query}"));
        }
        session = Some((client, tap));
    }
    for deed in DEEDS {
        let (client, tap) = alive(&house, session.take()).await;
        let before = tap.bytes().len();
        let _ = client.simple_query(deed).await;
        let _ = client.simple_query("ROLLBACK").await;
        let _ = client.simple_query("SELECT 1 AS one").await;
        attempts += 1;
        nothing_in(&tap, before, deed);
        session = Some((client, tap));
    }
    // What somebody wrote of a table is content for everybody else.
    let (client, tap) = house.tapped().await;
    let before = tap.bytes().len();
    for asked in ["SELECT obj_description('clinical.patients'::regclass)", "SELECT description FROM pg_description"] {
        client.simple_query(asked).await.unwrap();
    }
    nothing_in(&tap, before, "a comment");
    assert!(house.cluster.psql("clinic", "COMMENT ON TABLE clinical.patients IS NULL"));
    let texts: BTreeSet<&str> = QUERIES.iter().chain(DEEDS).copied().collect();
    assert!(texts.len() >= 155 && attempts >= 500, "{} texts, {attempts} attempts", texts.len());
    // A gateway that refuses everything leaks nothing either; this one answers.
    println!("{answered} of {attempts} attempts were answered");
    assert!(answered >= 400, "{answered} of {attempts} attempts were answered");
}
