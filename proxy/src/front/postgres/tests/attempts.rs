//! Ways out that only a client finds which speaks the protocol itself: steps in another order, names that are used again,
//! formats that are asked for late, and answers that come as time or as an error.

use super::leaks::nothing_within;
use super::speaking::{Speaker, message, state};
use super::{House, POLICY};

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

/// As the ready-made policy for agents says.
const NO_GUESSING: &str = r#"
@id("no-guessing") forbid (principal, action in [Action::"sql_read", Action::"sql_write"], resource in Target::"ehr")
unless { context.labelled_asked.isEmpty() };
"#;

const HARMLESS: &str = "SELECT id, beds, title FROM clinical.wards WHERE id < 3";
const SECRET: &str = "SELECT ssn, mrn, born FROM clinical.patients";

fn parse(name: &str, text: &str) -> Vec<u8> {
    message(b'P', &[name.as_bytes(), b"\0", text.as_bytes(), b"\0\0\0"].concat())
}

fn bind(portal: &str, statement: &str, formats: &[u16]) -> Vec<u8> {
    let count = u16::try_from(formats.len()).unwrap().to_be_bytes();
    let formats: Vec<u8> = formats.iter().flat_map(|format| format.to_be_bytes()).collect();
    message(b'B', &[portal.as_bytes(), b"\0", statement.as_bytes(), b"\0\0\0\0\0", &count, &formats].concat())
}

fn execute(portal: &str, most: u32) -> Vec<u8> {
    message(b'E', &[portal.as_bytes(), b"\0", &most.to_be_bytes()].concat())
}

fn describe(what: u8, name: &str) -> Vec<u8> {
    message(b'D', &[&[what], name.as_bytes(), b"\0"].concat())
}

fn close(what: u8, name: &str) -> Vec<u8> {
    message(b'C', &[&[what], name.as_bytes(), b"\0"].concat())
}

fn sync() -> Vec<u8> {
    message(b'S', b"")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_runs_is_what_was_judged() {
    for (settings, more) in [("", ""), ("profile = \"agents\"", LABELS)] {
        let Some(house) = House::with(settings, more, POLICY).await else { return };
        let mut speaker = Speaker::to(&house).await;
        let mut answered = 0;
        for (what, steps) in [
            (
                "another statement by the same name in one pipeline",
                vec![
                    parse("", HARMLESS),
                    bind("", "", &[0]),
                    parse("", SECRET),
                    bind("", "", &[1]),
                    execute("", 0),
                    sync(),
                ],
            ),
            (
                "a statement that was closed and made anew",
                vec![
                    parse("s", HARMLESS),
                    bind("p", "s", &[]),
                    execute("p", 0),
                    close(b'S', "s"),
                    close(b'P', "p"),
                    parse("s", SECRET),
                    bind("p", "s", &[1]),
                    execute("p", 0),
                    close(b'S', "s"),
                    sync(),
                ],
            ),
            (
                "two portals, the later one first",
                vec![
                    parse("a", HARMLESS),
                    parse("b", SECRET),
                    bind("pa", "a", &[0]),
                    bind("pb", "b", &[0, 1, 1]),
                    execute("pb", 1),
                    execute("pa", 1),
                    execute("pb", 1),
                    execute("pa", 0),
                    execute("pb", 0),
                    close(b'S', "a"),
                    close(b'S', "b"),
                    sync(),
                ],
            ),
            ("described in the one form, bound in the other", vec![parse("d", SECRET), describe(b'S', "d"), sync()]),
            (
                "bound long after",
                vec![bind("", "d", &[1]), execute("", 0), bind("", "d", &[0]), execute("", 0), sync()],
            ),
            (
                "described as a portal after the first rows",
                vec![
                    bind("late", "d", &[1, 0, 1]),
                    execute("late", 1),
                    describe(b'P', "late"),
                    execute("late", 0),
                    close(b'S', "d"),
                    sync(),
                ],
            ),
            (
                "a statement that SQL made, bound by the protocol",
                vec![message(b'Q', format!("PREPARE q AS {SECRET}\0").as_bytes())],
            ),
            ("and run", vec![bind("", "q", &[1]), execute("", 0), sync()]),
            (
                "a cursor that SQL made, run by the protocol",
                vec![message(b'Q', format!("BEGIN; DECLARE c CURSOR WITH HOLD FOR {SECRET}; COMMIT\0").as_bytes())],
            ),
            ("and fetched", vec![execute("c", 1), sync()]),
            ("and described", vec![describe(b'P', "c"), execute("c", 0), sync()]),
            (
                "an error in between",
                vec![
                    parse("", HARMLESS),
                    bind("", "", &[]),
                    parse("", "SELECT 1 / 0"),
                    bind("", "", &[]),
                    execute("", 0),
                    parse("", SECRET),
                    bind("", "", &[1]),
                    execute("", 0),
                    sync(),
                    parse("", SECRET),
                    bind("", "", &[1]),
                    execute("", 0),
                    sync(),
                ],
            ),
            (
                "a rollback that takes a table back",
                vec![
                    message(b'Q', b"BEGIN; CREATE TEMP TABLE patients AS SELECT 1 AS ssn\0"),
                    message(b'Q', b"SET LOCAL search_path = pg_temp, clinical\0"),
                    message(
                        b'Q',
                        b"ROLLBACK; SET search_path = clinical; SELECT ssn FROM patients; RESET search_path\0",
                    ),
                ],
            ),
        ] {
            let before = speaker.got.len();
            let count = steps.iter().filter(|step| matches!(step[0], b'Q' | b'S')).count();
            let mut told = speaker.says(&steps.concat()).await;
            while told.iter().filter(|(tag, _)| *tag == b'Z').count() < count {
                told.extend(speaker.says(&[]).await);
            }
            answered += usize::from(told.iter().any(|(tag, _)| *tag == b'D'));
            nothing_within(&speaker.got[before..], &format!("{settings}: {what}"));
        }
        assert!(answered >= 6, "a gateway that refuses everything leaks nothing either: {answered}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_told_by_time_by_patterns_or_by_halves() {
    let Some(house) = House::with("profile = \"agents\"", LABELS, &format!("{POLICY}{NO_GUESSING}")).await else {
        return;
    };
    let mut speaker = Speaker::to(&house).await;
    for text in [
        "SELECT count(*) FROM clinical.patients WHERE ssn LIKE '2%'",
        "SELECT count(*) FROM clinical.patients WHERE ssn ~ '^2'",
        "SELECT count(*) FROM clinical.patients WHERE ssn SIMILAR TO '2%'",
        "SELECT count(*) FROM clinical.patients WHERE starts_with(ssn, '2')",
        "SELECT count(*) FROM clinical.patients WHERE substr(ssn, 1, 1) = '2'",
        "SELECT count(*) FROM clinical.patients WHERE ascii(ssn) = 50",
        "SELECT count(*) FROM clinical.patients WHERE ssn > '2' AND ssn < '3'",
        "SELECT count(*) FROM clinical.patients WHERE ssn BETWEEN '2' AND '3'",
        "SELECT count(*) FROM clinical.patients WHERE born < '1961-05-01'",
        "SELECT count(*) FROM clinical.patients WHERE length(name) = 16",
        "SELECT count(*) FILTER (WHERE ssn LIKE '2%') FROM clinical.patients",
        "SELECT pg_sleep(3) FROM clinical.patients WHERE ssn LIKE '2%'",
        "SELECT count(*) FROM clinical.patients WHERE ssn LIKE '2%' AND pg_sleep(3) IS NOT NULL",
        "SELECT CASE WHEN ssn LIKE '2%' THEN pg_sleep(3) END FROM clinical.patients",
        "SELECT count(CASE WHEN ssn > '2' THEN pg_sleep(3) END) FROM clinical.patients",
        "SELECT 1 FROM clinical.wards WHERE EXISTS (SELECT FROM clinical.patients WHERE ssn LIKE '2%')",
        "SELECT (SELECT count(*) FROM clinical.patients p WHERE p.ssn LIKE w.id || '%') FROM clinical.wards w WHERE w.id < 3",
        "SELECT width_bucket(replace(ssn, '-', '')::numeric, 0, 999999999, 2) FROM clinical.patients WHERE ssn > ''",
        "UPDATE clinical.wards SET beds = beds WHERE EXISTS (SELECT FROM clinical.patients WHERE ssn LIKE '2%')",
    ] {
        let (before, begun) = (speaker.got.len(), std::time::Instant::now());
        for told in
            [speaker.says(&message(b'Q', &[text.as_bytes(), b"\0"].concat())).await, speaker.asks(text, &[1]).await]
        {
            assert_eq!(told.iter().find_map(state).as_deref(), Some("42501"), "{text}: {told:?}");
            assert!(told.iter().all(|(tag, _)| *tag != b'D'), "{text}");
        }
        assert!(begun.elapsed() < std::time::Duration::from_secs(3), "{text} took its time");
        nothing_within(&speaker.got[before..], text);
    }
}
