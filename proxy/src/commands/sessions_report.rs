//! `blackbar sessions report`: what was found and what became of it, by the identifiers of the Safe Harbor method, as JSON or a page to print.

use std::collections::{BTreeMap, BTreeSet};

use maud::html;
use serde_json::{Value, json};

use super::printed::{page, period};
use crate::cli::{ReportFormat, SessionsReport};
use crate::config::Config;
use crate::error::Error;
use crate::profile::{Wanted, prepare};
use crate::record::index::Total;
use crate::record::{Filter, Index};

/// The identifiers of 45 CFR 164.514(b)(2)(i), and the kinds that are found of each.
const IDENTIFIERS: [(&str, &str, &[&str]); 18] = [
    ("A", "Names", &["name"]),
    ("B", "Geographic subdivisions smaller than a state", &["location", "zip", "facility"]),
    ("C", "Dates, and ages over 89", &["date", "age"]),
    ("D", "Telephone numbers", &["phone"]),
    ("E", "Fax numbers", &["fax"]),
    ("F", "E-mail addresses", &["email"]),
    ("G", "Social security numbers", &["ssn"]),
    ("H", "Medical record numbers", &["mrn"]),
    ("I", "Health plan beneficiary numbers", &["health-plan"]),
    ("J", "Account numbers", &["account", "card"]),
    ("K", "Certificate and license numbers", &["license", "npi", "dea"]),
    ("L", "Vehicle identifiers", &["vehicle"]),
    ("M", "Device identifiers", &["device", "mac"]),
    ("N", "URLs", &["url"]),
    ("O", "IP addresses", &["ip"]),
    ("P", "Biometric identifiers", &["biometric"]),
    ("Q", "Full-face photographs", &["image"]),
    ("R", "Any other unique identifying number, characteristic or code", &[]),
];

pub(crate) fn report(config: &Config, index: &Index, filter: &Filter, args: &SessionsReport) -> Result<String, Error> {
    let told = counted(config, index, filter, args)?;
    Ok(match args.format {
        ReportFormat::Json => format!("{told:#}\n"),
        ReportFormat::Html => printed(&told, args),
    })
}

/// How often something was replaced, and how often it left as it was.
#[derive(Clone, Copy, Default)]
struct Count {
    replaced: u64,
    passed: u64,
}

impl Count {
    fn add(&mut self, total: &Total) {
        self.replaced += total.count;
        self.passed += total.passed;
    }

    const fn found(self) -> u64 {
        self.replaced + self.passed
    }
}

fn counted(config: &Config, index: &Index, filter: &Filter, args: &SessionsReport) -> Result<Value, Error> {
    let totals = index.totals(filter)?;
    let sessions = index.sessions(filter)?;
    let mut of_class = [Count::default(); 18];
    let mut of_kind: BTreeMap<&str, Count> = BTreeMap::new();
    let mut by: BTreeMap<(&str, &str), Count> = BTreeMap::new();
    let mut profiles: BTreeSet<&str> = BTreeSet::new();
    for total in &totals {
        let main = total.kind.split(':').next().unwrap_or_default();
        let class = IDENTIFIERS.iter().position(|(_, _, kinds)| kinds.contains(&main)).unwrap_or(IDENTIFIERS.len() - 1);
        if let Some(count) = of_class.get_mut(class) {
            count.add(total);
        }
        of_kind.entry(&total.kind).or_default().add(total);
        by.entry((&total.target, &total.subject)).or_default().add(total);
        profiles.extend(total.profiles.split_whitespace());
    }
    let identifiers = IDENTIFIERS.iter().zip(of_class).map(|((id, name, kinds), count)| {
        let Count { replaced, passed } = count;
        json!({ "id": id, "name": name, "kinds": kinds, "found": count.found(), "replaced": replaced, "passed": passed })
    });
    let by = by.iter().map(|((target, subject), count)| {
        let Count { replaced, passed } = *count;
        json!({ "target": target, "subject": subject, "found": count.found(), "replaced": replaced, "passed": passed })
    });
    let passed: BTreeMap<&str, u64> =
        of_kind.iter().filter(|(_, count)| count.passed > 0).map(|(kind, count)| (*kind, count.passed)).collect();
    let replaced: BTreeMap<&str, u64> =
        of_kind.iter().filter(|(_, count)| count.replaced > 0).map(|(kind, count)| (*kind, count.replaced)).collect();
    let methods = profiles.iter().map(|name| json!({ "profile": name, "method": method(config, name) }));
    Ok(json!({
        "session": filter.session.map(|id| id.to_string()),
        "since": args.which.since, "until": args.which.until,
        "sessions": sessions.iter().filter(|row| row.target != "gateway").count(),
        "requests": sessions.iter().map(|row| row.requests).sum::<u64>(),
        "refused": sessions.iter().map(|row| row.refused).sum::<u64>(),
        "identifiers": identifiers.collect::<Vec<_>>(),
        "kinds": replaced,
        "kinds_passed": passed,
        "by": by.collect::<Vec<_>>(),
        "methods": methods.collect::<Vec<_>>(),
        "notes": [
            "Counts are of what was found in answers as they were delivered: replaced, or passed in columns of databases that a profile keeps.",
            "What no detector knows, and over HTTP what a profile keeps by kind or by name, is not counted.",
            "Methods are those of the profiles as they are configured now.",
        ],
    }))
}

/// The honest name of what a profile does.
fn method(config: &Config, name: &str) -> String {
    let wanted = Wanted { profile: name, operators: &[], key_file: None, allow: None, needs_key: None, may_pass: true };
    match prepare(&wanted, config) {
        Ok(ready) => ready.profile.method(&ready.scanner).to_owned(),
        Err(_) => "no longer configured".to_owned(),
    }
}

fn printed(told: &Value, args: &SessionsReport) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let list = |name: &str| told[name].as_array().cloned().unwrap_or_default();
    let numbers = |of: &Value| ["found", "replaced", "passed"].map(|name| of[name].to_string());
    let heads = html! { th.number { "Found" } th.number { "Replaced" } th.number { "Passed" } };
    let body = html! {
        @if let Some(session) = told["session"].as_str() { p { "Session: " (session) } }
        p {
            "Period: " (period(args.which.since.as_deref(), args.which.until.as_deref())) ". "
            (told["sessions"].to_string()) " sessions, " (told["requests"].to_string()) " requests, "
            (told["refused"].to_string()) " of them refused."
        }
        table {
            tr { th {} th { "Identifier, 45 CFR 164.514(b)(2)(i)" } (heads) }
            @for class in list("identifiers") {
                tr {
                    td { (text(&class["id"])) }
                    td { (text(&class["name"])) }
                    @for number in numbers(&class) { td.number { (number) } }
                }
            }
        }
        table {
            tr { th { "Target" } th { "Subject" } (heads) }
            @for by in list("by") {
                tr {
                    td { (text(&by["target"])) }
                    td { (text(&by["subject"])) }
                    @for number in numbers(&by) { td.number { (number) } }
                }
            }
        }
        table {
            tr { th { "Profile" } th { "Method" } }
            @for method in list("methods") {
                tr { td { (text(&method["profile"])) } td { (text(&method["method"])) } }
            }
        }
        @for note in list("notes") { p { (text(&note)) } }
    };
    page("De-identification report", &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_main_kind_has_its_class() {
        let without: Vec<&str> = blackbar_detectors::kinds::MAIN
            .iter()
            .map(|kind| kind.id())
            .filter(|id| !IDENTIFIERS.iter().any(|(_, _, kinds)| kinds.contains(id)))
            .collect();
        // Those that are any other identifying number or characteristic.
        assert_eq!(without, ["other-id"]);
    }
}
