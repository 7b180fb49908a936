//! `blackbar sessions report`: what was replaced, by the identifiers of the Safe Harbor method, as JSON or a page to print.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::cli::{ReportFormat, SessionsReport};
use crate::config::Config;
use crate::error::Error;
use crate::profile::{Wanted, prepare};
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
        ReportFormat::Html => page(&told),
    })
}

fn counted(config: &Config, index: &Index, filter: &Filter, args: &SessionsReport) -> Result<Value, Error> {
    let totals = index.totals(filter)?;
    let sessions = index.sessions(filter)?;
    let mut of_class = [0_u64; 18];
    let mut of_kind: BTreeMap<&str, u64> = BTreeMap::new();
    let mut by: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    let mut profiles: BTreeSet<&str> = BTreeSet::new();
    for total in &totals {
        let main = total.kind.split(':').next().unwrap_or_default();
        let class = IDENTIFIERS.iter().position(|(_, _, kinds)| kinds.contains(&main)).unwrap_or(IDENTIFIERS.len() - 1);
        if let Some(count) = of_class.get_mut(class) {
            *count += total.count;
        }
        *of_kind.entry(&total.kind).or_default() += total.count;
        *by.entry((&total.target, &total.subject)).or_default() += total.count;
        profiles.extend(total.profiles.split_whitespace());
    }
    let identifiers = IDENTIFIERS
        .iter()
        .zip(of_class)
        .map(|((id, name, kinds), replaced)| json!({ "id": id, "name": name, "kinds": kinds, "replaced": replaced }));
    let by = by
        .iter()
        .map(|((target, subject), replaced)| json!({ "target": target, "subject": subject, "replaced": replaced }));
    let methods = profiles.iter().map(|name| json!({ "profile": name, "method": method(config, name) }));
    Ok(json!({
        "since": args.which.since, "until": args.which.until,
        "sessions": sessions.iter().filter(|row| row.target != "gateway").count(),
        "requests": sessions.iter().map(|row| row.requests).sum::<u64>(),
        "refused": sessions.iter().map(|row| row.refused).sum::<u64>(),
        "identifiers": identifiers.collect::<Vec<_>>(),
        "kinds": of_kind,
        "by": by.collect::<Vec<_>>(),
        "methods": methods.collect::<Vec<_>>(),
        "notes": [
            "Counts are of what was found and replaced in answers as they were delivered.",
            "What no detector knows, and what a profile keeps, is not counted.",
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

fn page(told: &Value) -> String {
    let mut page = String::from(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>De-identification report</title>\n\
         <style>body{font:11pt/1.4 sans-serif;max-width:48rem;margin:2rem auto}table{border-collapse:collapse;width:100%;\
         margin:1rem 0}td,th{border-bottom:1px solid #999;padding:.2rem .5rem;text-align:left}td:last-child,\
         th:last-child{text-align:right}</style></head><body>\n<h1>De-identification report</h1>\n",
    );
    let text = |value: &Value| escaped(value.as_str().unwrap_or("-"));
    let mut line = |words: String| {
        // Writing to a string does not fail.
        let _ = writeln!(page, "{words}");
    };
    line(format!(
        "<p>From {} until {}: {} sessions, {} requests, {} of them refused.</p>",
        text(&told["since"]),
        text(&told["until"]),
        told["sessions"],
        told["requests"],
        told["refused"]
    ));
    line("<table><tr><th></th><th>Identifier, 45 CFR 164.514(b)(2)(i)</th><th>Replaced</th></tr>".to_owned());
    for class in told["identifiers"].as_array().into_iter().flatten() {
        line(format!(
            "<tr><td>{}</td><td>{}</td><td>{}</td></tr>",
            text(&class["id"]),
            text(&class["name"]),
            class["replaced"]
        ));
    }
    line("</table><table><tr><th>Target</th><th>Subject</th><th>Replaced</th></tr>".to_owned());
    for by in told["by"].as_array().into_iter().flatten() {
        line(format!(
            "<tr><td>{}</td><td>{}</td><td>{}</td></tr>",
            text(&by["target"]),
            text(&by["subject"]),
            by["replaced"]
        ));
    }
    line("</table><table><tr><th>Profile</th><th>Method</th></tr>".to_owned());
    for method in told["methods"].as_array().into_iter().flatten() {
        line(format!("<tr><td>{}</td><td>{}</td></tr>", text(&method["profile"]), text(&method["method"])));
    }
    line("</table>".to_owned());
    for note in told["notes"].as_array().into_iter().flatten() {
        line(format!("<p>{}</p>", text(note)));
    }
    line("</body></html>".to_owned());
    page
}

/// Names come from outside: nothing of them is markup.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_s_name_is_markup() {
        assert_eq!(escaped("<b a='1'>&\""), "&lt;b a=&#39;1&#39;&gt;&amp;&quot;");
    }

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
