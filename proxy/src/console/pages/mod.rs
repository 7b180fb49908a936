//! What the pages look like. Each reads what it shows and makes HTML of it, in which everything is escaped.

pub(super) mod approvals;
pub(super) mod configuration;
pub(super) mod findings;
pub(super) mod live;
pub(super) mod log;
pub(super) mod login;
pub(super) mod sessions;
pub(super) mod timeline;

use std::time::{Duration, SystemTime};

use blackbar_ledger::Time;
use http::StatusCode;
use maud::{DOCTYPE, Markup, html};

use super::Page;
use super::index::Row;
use super::logins::Login;
use crate::operations::{Answer, answer, kind_of};

const CSS: &str = include_str!("../assets/console.css");
const SCRIPT: &str = include_str!("../assets/console.js");
const ICON: &str = include_str!("../assets/icon.svg");

/// A file that pages refer to.
pub(super) fn asset(path: &str) -> Option<Answer> {
    let (media_type, text) = match path {
        "/assets/console.css" => ("text/css; charset=utf-8", CSS),
        "/assets/console.js" => ("text/javascript; charset=utf-8", SCRIPT),
        "/assets/icon.svg" => ("image/svg+xml", ICON),
        _ => return None,
    };
    Some(answer(StatusCode::OK, media_type, text))
}

/// A whole page.
pub(super) fn layout(title: &str, part: &str, body: &Markup, login: Option<&Login>, waiting: Option<usize>) -> Markup {
    let parts = [
        ("live", "Live"),
        ("sessions", "Sessions"),
        ("approvals", "Approvals"),
        ("findings", "Findings"),
        ("log", "Log"),
        ("configuration", "Configuration"),
    ];
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · Blackbar" }
                link rel="icon" href="/assets/icon.svg" type="image/svg+xml";
                link rel="stylesheet" href="/assets/console.css";
                script src="/assets/console.js" defer {}
            }
            body {
                a class="skip" href="#content" { "Skip to content" }
                header class="top" {
                    a class="brand" href="/live" { span class="bar" aria-hidden="true" {} "Blackbar" }
                    @if let Some(login) = login {
                        nav aria-label="Console" {
                            @for (name, words) in parts {
                                a href={ "/" (name) } aria-current=[(name == part).then_some("page")] {
                                    (words)
                                    @if name == "approvals" && waiting.is_some_and(|waiting| waiting > 0) {
                                        " " span class="badge" { (waiting.unwrap_or_default()) span class="hidden" { " waiting" } }
                                    }
                                }
                            }
                        }
                        form class="me" method="post" action="/logout" {
                            (token(login))
                            span title={ (roles(login)) } { (login.who.name) }
                            button class="quiet" type="submit" { "Sign out" }
                        }
                    }
                }
                main id="content" tabindex="-1" { (body) }
            }
        }
    }
}

/// What every form brings along.
pub(super) fn token(login: &Login) -> Markup {
    html! { input type="hidden" name="form" value=(login.form_secret); }
}

fn roles(login: &Login) -> String {
    login.who.roles.iter().map(|role| role.name()).collect::<Vec<_>>().join(", ")
}

/// A page of the console.
pub(super) fn shown(title: &'static str, part: &'static str, body: Markup) -> Page {
    Page::Html(StatusCode::OK, title, part, body)
}

pub(super) fn refused(why: &str) -> Page {
    said(StatusCode::FORBIDDEN, "Not for you", why)
}

pub(super) fn missing() -> Page {
    said(StatusCode::NOT_FOUND, "Not here", "There is nothing of this name.")
}

pub(super) fn failed(why: &str) -> Page {
    said(StatusCode::SERVICE_UNAVAILABLE, "It did not work", why)
}

fn said(status: StatusCode, title: &'static str, why: &str) -> Page {
    Page::Html(status, title, "", html! { h1 { (title) } p class="say bad" { (why) } })
}

/// Which colour a kind has: those that are alike share one.
pub(super) fn colour(kind: &str) -> &'static str {
    match kind_of(kind) {
        "name" | "age" => "person",
        "location" | "zip" | "facility" => "place",
        "date" => "time",
        "phone" | "fax" | "email" | "url" | "ip" | "mac" => "contact",
        "vehicle" | "device" | "biometric" | "image" => "thing",
        "custom" => "other",
        _ => "number",
    }
}

/// What the colours mean. `solid`: those of bars, which are stronger than those behind text.
pub(super) fn legend(solid: bool) -> Markup {
    html! {
        ul class={ "legend" @if solid { " solid" } } aria-label="Colours of kinds" {
            @for (class, words) in COLOURS { li { span class={ "swatch " (class) } aria-hidden="true" {} (words) } }
        }
    }
}

pub(super) const COLOURS: [(&str, &str); 7] = [
    ("person", "names, ages"),
    ("place", "places"),
    ("time", "dates"),
    ("contact", "phone, mail, net"),
    ("number", "numbers, ids"),
    ("thing", "devices, pictures"),
    ("other", "a site’s own"),
];

/// A moment, in UTC, with the whole of it for machines.
pub(super) fn moment(time: Time) -> Markup {
    let text = time.to_string();
    html! { time datetime=(text) { (text.get(..10).unwrap_or_default()) " " (text.get(11..19).unwrap_or_default()) } }
}

pub(super) fn system_moment(time: SystemTime) -> Markup {
    moment(Time::from(time))
}

/// How long something took or takes.
pub(super) fn long(duration: Duration) -> String {
    let micros = duration.as_micros();
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..1_000_000 => format!("{}.{} ms", micros / 1_000, micros % 1_000 / 100),
        1_000_000..60_000_000 => format!("{}.{} s", micros / 1_000_000, micros % 1_000_000 / 100_000),
        _ => {
            let seconds = duration.as_secs();
            if seconds < 3600 {
                format!("{} min {} s", seconds / 60, seconds % 60)
            } else {
                format!("{} h {} min", seconds / 3600, seconds % 3600 / 60)
            }
        }
    }
}

/// How many bytes, in a few digits.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1_024 => format!("{bytes} B"),
        1_024..1_048_576 => format!("{}.{} KiB", bytes / 1_024, bytes % 1_024 * 10 / 1_024),
        _ => format!("{}.{} MiB", bytes / 1_048_576, bytes % 1_048_576 * 10 / 1_048_576),
    }
}

/// `1 request`, `2 requests`.
pub(super) fn several(count: u64, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

/// A word about how something went, in its colour.
pub(super) fn state(word: &str) -> Markup {
    let class = match word {
        "success" | "granted" | "consumed" | "approved" | "open" => "good",
        "denied" | "failed" | "expired" => "bad",
        "held" | "asked" | "interrupted" => "wait",
        _ => "plain",
    };
    html! { span class={ "state " (class) } { (word) } }
}

/// A table of sessions.
pub(super) fn session_table<'r>(rows: impl Iterator<Item = &'r Row>, caption: &str) -> Markup {
    html! {
        div class="scroll" tabindex="0" role="region" aria-label=(caption) {
            table {
                caption class="hidden" { (caption) }
                thead {
                    tr {
                        th scope="col" { "Session" }
                        th scope="col" { "Begun (UTC)" }
                        th scope="col" { "Subject" }
                        th scope="col" { "Target" }
                        th scope="col" class="number" { "Requests" }
                        th scope="col" class="number" { "Refused" }
                        th scope="col" class="number" { "Replaced" }
                        th scope="col" class="number" { "Delivered" }
                        th scope="col" { "State" }
                    }
                }
                tbody {
                    @for row in rows {
                        tr {
                            td class="id" { a href={ "/sessions/" (row.id) } { (short_id(&row.id.to_string())) } }
                            td { (moment(row.begun)) }
                            td { (super::replay::inert(&row.subject)) " " span class="dim" { (row.kind) } }
                            td { (row.target) }
                            td class="number" { (row.requests) }
                            td class="number" { @if row.denied > 0 { span class="warn" { (row.denied) } } @else { "0" } }
                            td class="number" { (row.replaced_in_all()) }
                            td class="number" { (size(row.bytes)) }
                            td { (state(row.state())) @if row.waiting() > 0 { " " (state("held")) } }
                        }
                    }
                }
            }
        }
    }
}

/// The end of an id, which differs, where its beginning is the time.
pub(super) fn short_id(id: &str) -> String {
    let tail = id.len().saturating_sub(12);
    format!("…{}", id.get(tail..).unwrap_or(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_told_in_few_digits() {
        assert_eq!((size(1023), size(1536), size(3 << 20)), ("1023 B".into(), "1.5 KiB".into(), "3.0 MiB".into()));
        let told = [12, 1_250, 61_000_000, 7_260_000_000].map(|micros| long(Duration::from_micros(micros)));
        assert_eq!(told, ["12 µs", "1.2 ms", "1 min 1 s", "2 h 1 min"]);
    }

    #[test]
    fn what_a_client_wrote_stays_text() {
        let page = layout("t", "live", &html! { p { ("<script>alert(1)</script>") } }, None, None).into_string();
        assert!(page.contains("&lt;script&gt;alert(1)"));
        assert_eq!(page.matches("<script").count(), 1, "the console's own");
        for inline in [" style=", " onclick=", "javascript:"] {
            assert!(!page.contains(inline), "{inline}");
        }
    }
}
