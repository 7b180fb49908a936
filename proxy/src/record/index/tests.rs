//! The index says what the log says.

use std::sync::Arc;

use blackbar_ledger::{Details, Kind, Leaf, Ledger, Options, Outcome, RootKeyFile, SessionId, SessionOpen, Time};

use super::*;

const THEN: u64 = 1_795_000_000_000_000;

fn time(second: u64) -> Time {
    Time::from_micros(THEN + second * 1_000_000)
}

fn ledger(folder: &Path) -> Ledger {
    Ledger::open(folder, Arc::new(RootKeyFile::generate().unwrap()), Options::new("t/one", "one"), time(0)).unwrap()
}

fn recorded(ledger: &Ledger, subject: &str, target: &str, second: u64, kinds: &[(&str, u64)]) -> SessionId {
    let open = SessionOpen::new(subject, target);
    let (mut session, _) = ledger.session(open, time(second)).unwrap();
    let exchange = |number| Details::new().number("exchange", number);
    drop(session.request(b"x", exchange(1), time(second)).unwrap());
    if kinds.is_empty() {
        let leaf = Leaf::new(Kind::DecisionAsked).outcome(Outcome::Held).details(exchange(1));
        drop(session.event(leaf, time(second)).unwrap());
    } else {
        let details = exchange(1).counts("replaced", kinds.iter().copied());
        drop(session.response(Outcome::Success, details, time(second)).unwrap());
    }
    let id = session.id();
    session.close(Outcome::Success, Details::new(), time(second)).unwrap().wait().unwrap();
    id
}

#[test]
fn sessions_are_found_by_everything_that_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(folder.path());
    let one = recorded(&ledger, "agent-7", "fhir", 10, &[("name:patient", 3), ("ssn", 1)]);
    let two = recorded(&ledger, "agent-8", "fhir", 20, &[("names-of-ships", 1)]);
    let three = recorded(&ledger, "agent-7", "ehr", 30, &[]);
    let (open, _) = ledger.session(SessionOpen::new("agent-9", "ehr"), time(40)).unwrap();
    ledger.checkpoint().unwrap();
    let index = Index::open(folder.path()).unwrap();
    let reader = Reader::open(folder.path(), None);
    index.catch_up(&reader).unwrap();
    let found = |filter: Filter| index.sessions(&filter).unwrap().iter().map(|row| row.id).collect::<Vec<_>>();
    let named = |text: &str| Some(text.to_owned());
    assert_eq!(found(Filter::default()), [one, two, three, open.id()]);
    assert_eq!(found(Filter { subject: named("agent-7"), ..Filter::default() }), [one, three]);
    assert_eq!(found(Filter { target: named("ehr"), subject: named("agent-7"), ..Filter::default() }), [three]);
    assert_eq!(found(Filter { outcome: named("open"), ..Filter::default() }), [open.id()]);
    assert_eq!(found(Filter { kind: named("name"), ..Filter::default() }), [one]);
    assert_eq!(found(Filter { kind: named("ssn"), ..Filter::default() }), [one]);
    assert_eq!(found(Filter { since: Some(time(20)), until: Some(time(30)), ..Filter::default() }), [two]);
    assert_eq!(found(Filter { newest: true, limit: Some(2), ..Filter::default() }), [open.id(), three]);
    assert_eq!(found(Filter { after: Some(two), limit: Some(1), ..Filter::default() }), [three]);
    assert_eq!(found(Filter { after: Some(two), newest: true, ..Filter::default() }), [one]);
    let rows = index.sessions(&Filter::default()).unwrap();
    let told: Vec<_> = rows.iter().map(|row| (row.requests, row.refused, row.replaced, row.outcome.as_str())).collect();
    assert_eq!(told, [(1, 0, 4, "success"), (1, 0, 1, "success"), (1, 1, 0, "success"), (0, 0, 0, "open")]);
    drop(open);
}

#[test]
fn it_goes_on_where_it_was_and_begins_again_with_another_log() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (first, second) = (ledger(one.path()), ledger(two.path()));
    recorded(&first, "agent-7", "fhir", 10, &[("ssn", 1)]);
    first.checkpoint().unwrap();
    let index = Index::open(one.path()).unwrap();
    index.catch_up(&Reader::open(one.path(), None)).unwrap();
    recorded(&first, "agent-7", "fhir", 20, &[("ssn", 1)]);
    first.checkpoint().unwrap();
    drop(index);
    let index = Index::open(one.path()).unwrap();
    index.catch_up(&Reader::open(one.path(), None)).unwrap();
    assert_eq!(index.counts().unwrap(), (2, 0));
    let totals = index.totals(&Filter::default()).unwrap();
    assert_eq!((totals.len(), totals[0].kind.as_str(), totals[0].count), (1, "ssn", 2));

    recorded(&second, "agent-8", "ehr", 10, &[("ssn", 1)]);
    second.checkpoint().unwrap();
    index.catch_up(&Reader::open(two.path(), None)).unwrap();
    let rows = index.sessions(&Filter::default()).unwrap();
    assert_eq!(rows.iter().map(|row| row.subject.as_str()).collect::<Vec<_>>(), ["agent-8"]);
}

/// Pages of very many sessions. The number of sessions is small here; `BLACKBAR_SESSIONS=1500000` measures what is claimed.
#[test]
fn a_page_takes_milliseconds() {
    let count: u64 = std::env::var("BLACKBAR_SESSIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(30_000);
    let folder = tempfile::tempdir().unwrap();
    let index = Index::open(folder.path()).unwrap();
    index
        .work(|db| {
            let mut add = db.prepare(
                "INSERT INTO sessions (id, opened, closed, begun, ended, subject, target, month, outcome, requests, replaced)
                 VALUES (?1, ?2, ?2, ?3, ?3, ?4, ?5, '2026-11', ?6, 3, 7)",
            )?;
            let mut found = db.prepare("INSERT INTO found VALUES (?1, ?2)")?;
            for number in 0..count {
                let id = SessionId::new(time(number)).unwrap();
                let outcome = if number % 1000 == 0 { "interrupted" } else { "success" };
                let (subject, target) = (format!("agent-{}", number % 100), ["fhir", "ehr"][usize::from(number % 3 == 0)]);
                add.execute(params![id.as_bytes(), number, time(number).micros(), subject, target, outcome])?;
                let kinds = if number % 500 == 0 { ["ssn", "ssn:us"] } else { ["name", "name:patient"] };
                for kind in kinds {
                    found.execute(params![kind, id.as_bytes()])?;
                }
            }
            Ok(())
        })
        .unwrap();
    let middle = Some(time(count / 2));
    let named = |text: &str| Some(text.to_owned());
    let page = || Filter { limit: Some(100), newest: true, ..Filter::default() };
    let mut slowest = Duration::ZERO;
    for (what, filter) in [
        ("the newest", page()),
        ("by subject", Filter { subject: named("agent-42"), ..page() }),
        ("by target", Filter { target: named("ehr"), ..page() }),
        ("by outcome", Filter { outcome: named("interrupted"), ..page() }),
        ("by time", Filter { since: Some(time(count / 4)), until: middle, ..page() }),
        ("by a rare kind", Filter { kind: named("ssn"), ..page() }),
        ("by a common kind", Filter { kind: named("name"), ..page() }),
        ("by kind and target", Filter { kind: named("ssn"), target: named("ehr"), ..page() }),
        ("by kind and subject", Filter { kind: named("name"), subject: named("agent-42"), ..page() }),
        ("by all", Filter { subject: named("agent-0"), target: named("fhir"), until: middle, ..page() }),
        ("deep in the list", Filter { until: Some(time(count / 10)), ..page() }),
    ] {
        let begun = std::time::Instant::now();
        let rows = index.sessions(&filter).unwrap();
        let took = begun.elapsed();
        println!("{count} sessions, a page {what}: {} rows in {:.1} ms", rows.len(), took.as_secs_f64() * 1e3);
        assert!(!rows.is_empty(), "{what}");
        slowest = slowest.max(took);
    }
    assert!(slowest < Duration::from_millis(if cfg!(debug_assertions) { 500 } else { 100 }), "{slowest:?}");
}
