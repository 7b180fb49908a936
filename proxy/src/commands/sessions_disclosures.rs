//! `blackbar sessions report --disclosures`: who was shown something of one patient; or how many patients each was shown
//! something of.
//!
//! The patient's identifiers come from a file, become keyed marks in memory, and go no further.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use blackbar_detectors::kinds;
use blackbar_engine::operator::{Values, main_kind};
use blackbar_engine::{Mark, Marks};
use blackbar_ledger::{Reader, SessionId};
use maud::html;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::printed::{page, period};
use crate::cli::{ReportFormat, SessionsReport};
use crate::config::Config;
use crate::error::{Error, Id};
use crate::gate::SUBJECT;
use crate::record::index::Row;
use crate::record::{Filter, Index, Subjects};
use crate::registry;

/// Whose identifiers are looked for.
pub(super) enum Asked {
    /// One patient: the marks of what their file says, and how many identifiers that were.
    Patient {
        file: Zeroizing<String>,
    },
    Everybody,
}

impl Asked {
    /// Reads the patient's file, before anything is recorded or shown.
    pub(super) fn read(args: &SessionsReport) -> Result<Self, Error> {
        let Some(path) = &args.patient_file else { return Ok(Self::Everybody) };
        let failed = |error: &std::io::Error| {
            Error::io(Id::InputUnreadable, "the file of identifiers cannot be read", error).at_path(path)
        };
        let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST));
        let limit = LONGEST as u64;
        let read = if path == Path::new("-") {
            std::io::stdin().lock().take(limit).read_to_end(&mut bytes)
        } else {
            std::fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes))
        };
        read.map_err(|error| failed(&error))?;
        let text = std::str::from_utf8(&bytes).map_err(|_| failed(&std::io::ErrorKind::InvalidData.into()))?;
        let file = Zeroizing::new(text.to_owned());
        // What says nothing is said so before a key is asked for.
        if identities(&file, &*registry::values()).is_empty() {
            return Err(Error::new(Id::NamesNobody, "the file holds no identifier of a person").at_path(path));
        }
        Ok(Self::Patient { file })
    }
}

/// More than any patient has.
const LONGEST: usize = 1 << 20;

/// Kinds by which a person is found. A line without a kind may be any of them.
const KINDS: [&str; 14] = [
    "name",
    "ssn",
    "mrn",
    "health-plan",
    "account",
    "card",
    "license",
    "vehicle",
    "device",
    "biometric",
    "other-id",
    "phone",
    "fax",
    "email",
];

pub(super) fn report(
    config: &Config,
    index: &Index,
    filter: &Filter,
    args: &SessionsReport,
    asked: &Asked,
) -> Result<String, Error> {
    let folder = &config.gateway.data_dir;
    let reader = Reader::open(folder, Some(Arc::new(config.gateway.root_key()?)));
    let unreadable = |error: blackbar_ledger::Error| Error::new(Id::LedgerUnreadable, error.to_string());
    let key = reader.marks_key().map_err(unreadable)?;
    let subjects = Subjects::open(folder)?;
    subjects.catch_up(&reader)?;
    let rows = index.sessions(filter)?;
    let mut told = match asked {
        Asked::Patient { file } => {
            let values = registry::values();
            let marks = key.map(|key| Marks::new(key.expose()));
            let marks: Vec<Mark> = marks.map_or_else(Vec::new, |marks| {
                let lines = identities(file, &*values);
                let marked = lines.iter().filter_map(|(kind, value)| marks.mark(&*values, kind, value.as_bytes()));
                marked.collect::<BTreeSet<_>>().into_iter().collect()
            });
            of_patient(&subjects, &reader, &rows, &marks, lines(file).count())?
        }
        Asked::Everybody => of_everybody(&subjects, &reader, &rows)?,
    };
    let shown: HashSet<SessionId> = rows.iter().map(|row| row.id).collect();
    let more = subjects.with_more()?.into_iter().filter(|id| shown.contains(id)).map(|id| id.to_string());
    told["session"] = json!(filter.session.map(|id| id.to_string()));
    told["since"] = json!(args.which.since);
    told["until"] = json!(args.which.until);
    told["incomplete"] = more.collect::<Vec<_>>().into();
    told["erased"] = rows.iter().filter(|row| row.deleted_by.is_some()).count().into();
    told["noted"] = config.gateway.keeping.disclosures.into();
    let notes = NOTES.map(Value::from);
    told["notes"] = Value::Array(notes.to_vec());
    Ok(match args.format {
        ReportFormat::Json => format!("{told:#}\n"),
        ReportFormat::Html => printed(&told, args),
    })
}

const NOTES: [&str; 4] = [
    "Found are identifiers that a detector knew in answers: replaced ones were not readable in what was delivered, passed ones were.",
    "Not noted is what no detector knows, and over HTTP what a profile keeps, be it by kind or by the name of its field.",
    "Sessions under incomplete showed more people than are noted for one session: their recordings tell.",
    "Of sessions whose recording was erased, nothing of this is known any more.",
];

fn of_patient(
    subjects: &Subjects,
    reader: &Reader,
    rows: &[Row],
    marks: &[Mark],
    identifiers: usize,
) -> Result<Value, Error> {
    let mut found: HashMap<SessionId, BTreeSet<(String, bool)>> = HashMap::new();
    for shown in subjects.find(reader, marks)? {
        found.entry(shown.session).or_default().insert((shown.kind, shown.passed));
    }
    let sessions = rows.iter().filter_map(|row| {
        let found = found.get(&row.id)?;
        let found = found
            .iter()
            .map(|(kind, passed)| json!({ "kind": kind, "delivered": if *passed { "passed" } else { "replaced" } }));
        Some(json!({
            "session": row.id.to_string(), "begun": row.begun.to_string(), "subject": row.subject,
            "target": row.target, "requests": row.requests, "outcome": row.outcome,
            "found": found.collect::<Vec<_>>(),
        }))
    });
    Ok(json!({ "report": "disclosures", "identifiers": identifiers, "sessions": sessions.collect::<Vec<_>>() }))
}

/// Different identifiers of each kind, by subject.
type ByKind = BTreeMap<&'static str, BTreeSet<Mark>>;

fn of_everybody(subjects: &Subjects, reader: &Reader, rows: &[Row]) -> Result<Value, Error> {
    let sessions: Vec<(SessionId, String)> =
        rows.iter().filter(|row| row.deleted_by.is_none()).map(|row| (row.id, row.month.clone())).collect();
    let of: HashMap<SessionId, &Row> = rows.iter().map(|row| (row.id, row)).collect();
    let mut by: BTreeMap<&str, (u64, ByKind)> = BTreeMap::new();
    for (session, marks) in subjects.of(reader, &sessions)? {
        let Some(row) = of.get(&session).filter(|_| !marks.is_empty()) else { continue };
        let (count, kinds) = by.entry(&row.subject).or_default();
        *count += 1;
        for (mark, kind) in marks {
            let of_kinds = KINDS.iter().find(|known| **known == main_kind(&kind)).copied();
            let Some(kind) = of_kinds.or_else(|| (kind == SUBJECT.id()).then(|| SUBJECT.id())) else { continue };
            kinds.entry(kind).or_default().insert(mark);
        }
    }
    let by = by.into_iter().map(|(subject, (sessions, kinds))| {
        let counts: BTreeMap<&str, usize> = kinds.iter().map(|(kind, marks)| (*kind, marks.len())).collect();
        let counted_by = counted_by(&kinds);
        let patients = counted_by.and_then(|kind| kinds.get(kind));
        let names = patients.into_iter().flatten().take(MOST_NAMED).map(pseudonym);
        json!({
            "subject": subject, "sessions": sessions, "patients": patients.map_or(0, BTreeSet::len),
            "counted_by": counted_by, "identifiers": counts, "pseudonyms": names.collect::<Vec<_>>(),
        })
    });
    Ok(json!({ "report": "subjects-of-care", "by": by.collect::<Vec<_>>() }))
}

/// So many pseudonyms are listed of one subject.
const MOST_NAMED: usize = 10_000;

/// The kind that patients are counted by: whose records they say they are; else of the numbers that each has one of those that
/// are most; names when there is none.
fn counted_by(kinds: &ByKind) -> Option<&'static str> {
    let most = |of: &[&str]| {
        let found = kinds.iter().filter(|(kind, _)| of.contains(*kind)).max_by_key(|(_, marks)| marks.len());
        found.map(|(kind, _)| *kind)
    };
    let person = || most(&["mrn", "ssn", "health-plan"]);
    most(&[SUBJECT.id()]).or_else(person).or_else(|| most(&["name"])).or_else(|| most(&KINDS))
}

/// A name for somebody that nobody can turn back, the same in every report.
fn pseudonym(mark: &Mark) -> String {
    let digits: String = mark.as_bytes().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("p-{digits}")
}

fn lines(file: &str) -> impl Iterator<Item = &str> {
    file.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// What the file says, under each kind that it may be.
fn identities<'f>(file: &'f str, values: &dyn Values) -> Vec<(&'f str, &'f str)> {
    let mut found = Vec::new();
    for line in lines(file) {
        let labelled = line.split_once(':').map(|(kind, value)| (kind.trim(), value.trim()));
        let is_kind = |kind: &str| kinds::MAIN.iter().any(|known| known.id() == main_kind(kind));
        match labelled.filter(|(kind, _)| is_kind(kind)) {
            Some((kind, value)) => found.push((kind, value)),
            None => found.extend(KINDS.iter().map(|kind| (*kind, line))),
        }
    }
    found.retain(|(kind, value)| values.identity(kind, value.as_bytes()).is_some());
    found
}

fn printed(told: &Value, args: &SessionsReport) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let patient = told["report"] == "disclosures";
    let found = |session: &Value| {
        let each = |found: Value| format!("{} ({})", text(&found["kind"]), text(&found["delivered"]));
        list(&session["found"]).into_iter().map(each).collect::<Vec<_>>().join(", ")
    };
    let kinds = |by: &Value| {
        let counts = by["identifiers"].as_object().into_iter().flatten();
        counts.map(|(kind, count)| format!("{kind} {count}")).collect::<Vec<_>>().join(", ")
    };
    let body = html! {
        p { "Period: " (period(args.which.since.as_deref(), args.which.until.as_deref())) "." }
        @if patient {
            p { "Sessions in whose answers one of " (told["identifiers"].to_string()) " identifiers of the patient was found." }
            table {
                tr { th { "Begun (UTC)" } th { "Subject" } th { "Target" } th { "Session" } th { "Found" } }
                @for session in list(&told["sessions"]) {
                    tr {
                        td { (text(&session["begun"])) }
                        td { (text(&session["subject"])) }
                        td { (text(&session["target"])) }
                        td { code { (text(&session["session"])) } }
                        td { (found(&session)) }
                    }
                }
            }
        } @else {
            table {
                tr { th { "Subject" } th.number { "Sessions" } th.number { "Patients" } th { "Counted by" } th { "Different identifiers" } }
                @for by in list(&told["by"]) {
                    tr {
                        td { (text(&by["subject"])) }
                        td.number { (by["sessions"].to_string()) }
                        td.number { (by["patients"].to_string()) }
                        td { (text(&by["counted_by"])) }
                        td { (kinds(&by)) }
                    }
                }
            }
        }
        @if !list(&told["incomplete"]).is_empty() {
            p { "Incomplete:" @for id in list(&told["incomplete"]) { " " code { (text(&id)) } } }
        }
        p { "Sessions of the period whose recording was erased: " (told["erased"].to_string()) "." }
        @for note in list(&told["notes"]) { p { (text(&note)) } }
    };
    page(if patient { "Disclosures" } else { "Subjects of care" }, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_what_it_says_or_all_that_it_may_be() {
        let values = registry::values();
        let file = "# somebody\n\nmrn: 00-12-34\nname: Okafor, Adaeze\n  C-889:7  \ndate: 1940-01-31\n";
        let found = identities(file, &*values);
        let of = |value: &str| found.iter().filter(|(_, of)| *of == value).map(|(kind, _)| *kind).collect::<Vec<_>>();
        assert_eq!((of("00-12-34"), of("Okafor, Adaeze")), (vec!["mrn"], vec!["name"]));
        assert!(of("C-889:7").contains(&"mrn") && of("C-889:7").contains(&"other-id"), "{:?}", of("C-889:7"));
        // A date finds nobody.
        assert!(of("1940-01-31").is_empty() && !found.iter().any(|(_, value)| value.contains("1940")));
        assert_eq!(lines(file).count(), 4);
    }

    #[test]
    fn patients_are_counted_by_what_each_has_one_of() {
        let marks = |count: u8| (0..count).map(|number| Mark::from_bytes([number; 16])).collect::<BTreeSet<_>>();
        let kinds: ByKind = [("other-id", marks(90)), ("mrn", marks(3)), ("ssn", marks(2)), ("name", marks(7))].into();
        assert_eq!(counted_by(&kinds), Some("mrn"));
        let told: ByKind = [("subject", marks(2)), ("mrn", marks(3))].into();
        assert_eq!(counted_by(&told), Some("subject"));
        assert_eq!(counted_by(&[("other-id", marks(9)), ("name", marks(7))].into()), Some("name"));
        assert_eq!(counted_by(&[("other-id", marks(9))].into()), Some("other-id"));
        assert_eq!(counted_by(&ByKind::new()), None);
    }
}
