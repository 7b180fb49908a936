//! Attacks and ordinary statements, and what is made of them.

mod asks;
mod plans;
mod server;
mod session;
mod wayback;
mod written;

use std::collections::BTreeSet;
use std::sync::Arc;

use blackbar_engine::operator::{Keyring, Operator};
use blackbar_policy::{Action, Facts, SqlFacts};
use blackbar_wire::pg::Report;
use bytes::Bytes;

use super::super::catalog::{Builder, Snapshot};
use super::*;

/// OID, schema, name, kind, definition, columns.
type Described = (u32, &'static str, &'static str, &'static str, Option<&'static str>, &'static [&'static str]);

/// Columns of several types, labelled in one table and not in another.
const TYPED: &[&str] =
    &["id", "born", "seen", "stamp", "at", "guid", "host", "mac", "account", "card", "days", "zip", "dob", "words"];

/// A database as its catalog would tell.
fn snapshot() -> Arc<Snapshot> {
    let mut builder = Builder::default();
    let view = "SELECT p.id, upper(p.ssn) AS code, p.name AS called, p.sex FROM clinical.patients p";
    let relations: [Described; 11] = [
        (20_001, "clinical", "patients", "r", None, &["id", "mrn", "ssn", "name", "sex", "dob"]),
        (20_002, "clinical", "encounters", "p", None, &["id", "patient_id", "note", "started"]),
        (20_003, "clinical", "encounters_2026", "r", None, &["id", "patient_id", "note", "started"]),
        (20_004, "clinical", "listing", "v", Some(view), &["id", "code", "called", "sex"]),
        (20_005, "clinical", "drugs", "r", None, &["code", "title"]),
        (20_006, "evil", "patients", "r", None, &["id", "ssn"]),
        (20_007, "clinical", "Odd \"one\"", "r", None, &["a.b"]),
        (20_008, "clinical", "again", "v", Some("SELECT listing.called AS x FROM clinical.listing"), &["x"]),
        (20_009, "plain", "weather", "r", None, &["day", "rain"]),
        (20_010, "clinical", "visits", "r", None, TYPED),
        (20_011, "clinical", "beds", "r", None, TYPED),
    ];
    for (oid, schema, name, kind, definition, _) in relations {
        let oid = oid.to_string();
        let cells = [Some(oid.as_str()), Some(schema), Some(name), Some(kind), definition];
        builder.row(1, &cells.map(|cell| cell.map(str::as_bytes))).unwrap();
    }
    for (oid, .., columns) in relations {
        for (column, number) in columns.iter().zip(1..) {
            let (oid, number) = (oid.to_string(), number.to_string());
            let (type_oid, modifier) = match *column {
                "id" => ("20", "-1"),
                "born" => ("1082", "-1"),
                "seen" => ("1114", "-1"),
                "stamp" => ("1184", "-1"),
                "at" => ("1083", "-1"),
                "guid" => ("2950", "-1"),
                "host" => ("869", "-1"),
                "mac" => ("829", "-1"),
                "account" => ("23", "-1"),
                "card" => ("1043", "16"),
                "days" => ("1182", "-1"),
                _ => ("25", "-1"),
            };
            let cells = [&oid, &number, *column, type_oid, modifier, "text", "f"];
            builder.row(2, &cells.map(|cell| Some(cell.as_bytes()))).unwrap();
        }
    }
    builder.row(3, &[Some(b"20003"), Some(b"20002")]).unwrap();
    for (oid, schema, name, volatility) in
        [("30001", "clinical", "risk", "s"), ("30002", "clinical", "tidy", "v"), ("89", "pg_catalog", "version", "s")]
    {
        builder.row(5, &[oid, schema, name, volatility, "25", "f"].map(|cell| Some(cell.as_bytes()))).unwrap();
    }
    Arc::new(builder.finish().unwrap())
}

fn labels() -> Arc<Labels> {
    Arc::new(Labels::new([
        ("clinical.patients.mrn", Operator::Token),
        ("clinical.patients.ssn", Operator::Tag),
        ("clinical.patients.name", Operator::Surrogate),
        ("clinical.patients.dob", Operator::Generalise),
        ("clinical.patients.id", Operator::Keep),
        // A partition's label holds for what it is a partition of.
        ("clinical.encounters_2026.note", Operator::Drop),
        ("clinical.*.a.b", Operator::Mask),
        ("clinical.*.\"a.b\"", Operator::Mask),
        ("clinical.visits.born", Operator::Tag),
        ("clinical.visits.seen", Operator::Mask),
        ("clinical.visits.stamp", Operator::Generalise),
        ("clinical.visits.at", Operator::Tag),
        ("clinical.visits.guid", Operator::Token),
        ("clinical.visits.host", Operator::Tag),
        ("clinical.visits.mac", Operator::Token),
        ("clinical.visits.account", Operator::Token),
        ("clinical.visits.card", Operator::Token),
        ("clinical.visits.days", Operator::Tag),
        ("clinical.visits.zip", Operator::Generalise),
        ("clinical.visits.dob", Operator::Generalise),
        ("clinical.visits.words", Operator::Shift),
    ]))
}

fn keyring() -> Arc<Keyring> {
    static RING: std::sync::OnceLock<Arc<Keyring>> = std::sync::OnceLock::new();
    Arc::clone(RING.get_or_init(|| Arc::new(Keyring::random().unwrap())))
}

/// What somebody reads under these labels, with detectors that find a social security number and make another of it.
fn reading_as<T>(labels: &Labels, then: impl FnOnce(&Reads<'_>) -> T) -> T {
    let found = |_: &str, text: &Bytes| {
        let shape = text.iter().map(u8::is_ascii_digit).eq(b"111-11-1111".iter().map(u8::is_ascii_digit));
        if shape { vec![Operator::Fpe] } else { vec![] }
    };
    then(&Reads {
        labels,
        snapshot: &snapshot(),
        keys: Some(&keyring()),
        detects: true,
        generalises: &|kind| matches!(kind.main(), "date" | "age" | "zip"),
        found: &found,
    })
}

fn judge_with(unlabelled: Unlabelled, labels: Arc<Labels>) -> Judge {
    Judge::new(About {
        target: "ehr".into(),
        user: "app".to_owned(),
        search_path: vec!["$user".to_owned(), "clinical".to_owned(), "public".to_owned()],
        labels,
        unlabelled,
        facts: Arc::default(),
        tokens: Some(keyring()),
    })
}

fn judge() -> Judge {
    judge_with(Unlabelled::Detect, labels())
}

fn ask(judge: &mut Judge, text: &str) -> Result<Judged, Report> {
    judge.ask(&snapshot(), What::Text(&Bytes::copy_from_slice(text.as_bytes())), true)
}

fn one(text: &str) -> Judged {
    ask(&mut judge(), text).unwrap_or_else(|report| panic!("{text}: {report:?}"))
}

/// The questions to policy: action and resource, each with its labelled columns by what is done with them.
fn asks(judged: &Judged) -> Vec<String> {
    let mut all: Vec<String> =
        judged.parts.iter().map(|part| format!("{} {}", part.action, part.resource.name())).collect();
    all.sort();
    all.dedup();
    all.iter().map(|ask| ask.replace("Table::\"ehr.", "\"").replace("Target::\"ehr\"", "*").replace('"', "")).collect()
}

fn shown(treatment: Treatment) -> String {
    match treatment {
        Treatment::Keep => "keep".to_owned(),
        Treatment::Detect => "detect".to_owned(),
        Treatment::Disguised => "disguised".to_owned(),
        Treatment::Labelled { operator, .. } => operator.to_string(),
        Treatment::Whole { operator: Operator::Tag, .. } => "whole".to_owned(),
        Treatment::Whole { operator, .. } => format!("whole-{operator}"),
    }
}

fn plan(judged: &Judged, ordinal: usize) -> String {
    let plan = judged.outline.plan(&labels()).statement(ordinal);
    match plan.columns {
        Some(columns) => columns.into_iter().map(shown).collect::<Vec<_>>().join(" "),
        None => format!("any {}", shown(plan.rest)),
    }
}

fn facts_of<'j>(judged: &'j Judged, action: Action, table: &str) -> &'j SqlFacts {
    let name = format!("Table::\"ehr.clinical.{table}\"");
    let part = judged.parts.iter().find(|part| part.action == action && part.resource.name() == name);
    match part.map(|part| &part.facts) {
        Some(Facts::Sql(facts)) => facts,
        _ => panic!("{action} {table}: {:?}", asks(judged)),
    }
}
