//! One session: what was asked, what was decided and why, what was delivered.

use std::time::Duration;

use blackbar_ledger::SessionId;
use maud::{Markup, html};
use serde_json::Value;

use super::super::{House, Page};
use super::{colour, failed, legend, long, missing, moment, several, shown, size, state};
use crate::config::Role;
use crate::console::form::Form;
use crate::console::logins::Login;
use crate::console::replay::{self, Exchange, Fact, NoContent, PAGE, SHOWN, Timeline, inert};

pub(in crate::console) fn page(house: &House, login: &Login, id: &str, query: &Form) -> Result<Page, Page> {
    let id = SessionId::parse(id).ok_or_else(missing)?;
    // Reviewers decide about what they have to see; what was delivered to others is for auditors.
    let content = login.may(Role::Auditor) || login.may(Role::Reviewer);
    let row = house.index()?.session(id).cloned().ok_or_else(missing)?;
    house.looks(login, if content { "console.replay" } else { "console.session" }, Some(id))?;
    let page = usize::try_from(query.number("page").unwrap_or(0)).unwrap_or(0);
    let reader = house.reader();
    let timeline = replay::timeline(&reader, &row, page, content);
    let timeline = timeline.map_err(|error| failed(&format!("The session cannot be read: {error}")))?;
    let body = html! {
        p class="crumbs" { a href="/sessions" { "Sessions" } " / " span class="id" { (row.id) } }
        h1 { (inert(&row.subject)) " → " (row.target) }
        dl class="facts" {
            div { dt { "Is" } dd { (row.kind) @if !row.groups.is_empty() { " in " (row.groups.join(", ")) } } }
            div { dt { "Known by" } dd { (row.authenticated_by) } }
            @if !row.source.is_empty() { div { dt { "From" } dd { (row.source) } } }
            div { dt { "Begun" } dd { (moment(row.begun)) } }
            div { dt { "Latest" } dd { (moment(row.latest)) } }
            div { dt { "Requests" } dd { (row.requests) @if row.denied > 0 { ", " span class="warn" { (row.denied) " refused" } } } }
            div { dt { "Delivered" } dd { (size(row.bytes)) } }
            div { dt { "Replaced" } dd { (row.replaced_in_all()) } }
            div { dt { "State" } dd { (state(row.state())) } }
        }
        @if !row.replaced.is_empty() { (counts(row.replaced.iter())) (legend(false)) }
        (no_content(timeline.content))
        @if timeline.all > PAGE { (pages(query, page, &timeline, id)) }
        ol class="timeline" { @for exchange in &timeline.exchanges { li { (one(exchange, content)) } } }
        @if timeline.all > PAGE { (pages(query, page, &timeline, id)) }
        @if !timeline.facts.is_empty() {
            details class="leaves" {
                summary { "The session’s own leaves (" (timeline.facts.len()) ")" }
                (facts(&timeline.facts))
            }
        }
    };
    Ok(shown("Session", "sessions", body))
}

fn no_content(content: Result<(), NoContent>) -> Markup {
    let why = match content {
        Ok(()) => return html! {},
        Err(NoContent::NotAllowed) => {
            "What was asked and delivered is shown to reviewers and auditors. Below is what the log says."
        }
        Err(NoContent::Deleted) => {
            "The recording was deleted by policy. What the log says of it stays, and its proofs hold."
        }
        Err(NoContent::Unreadable) => "The recording cannot be read. Below is what the log says of it.",
    };
    html! { p class="say" { (why) } }
}

fn pages(query: &Form, page: usize, timeline: &Timeline, id: SessionId) -> Markup {
    let to = |page: usize| format!("/sessions/{id}{}", query.with("page", &page.to_string()));
    html! {
        nav class="pages" aria-label="Pages" {
            @if page > 0 { a href=(to(page - 1)) { "Earlier" } }
            span { "Requests " (page * PAGE + 1) " to " (page * PAGE + timeline.exchanges.len()) " of " (timeline.all) }
            @if (page + 1) * PAGE < timeline.all { a href=(to(page + 1)) { "Later" } }
        }
    }
}

fn counts<'c>(counts: impl Iterator<Item = (&'c String, &'c u64)>) -> Markup {
    html! {
        ul class="counts" aria-label="Replaced, by kind" {
            @for (kind, count) in counts { li { mark class=(colour(kind)) { (kind) } " " (count) } }
        }
    }
}

fn one(exchange: &Exchange, content: bool) -> Markup {
    let decided = exchange.facts.iter().filter(|fact| fact.kind.starts_with("decision."));
    html! {
        article class="exchange" aria-labelledby={ "x" (exchange.number) } {
            header {
                h2 id={ "x" (exchange.number) } { span class="nth" { (exchange.number) } " " (title(exchange)) }
                p class="meta" {
                    @if let Some(status) = exchange.status { span class={ "status " (class_of(status)) } { (status) } }
                    @if let Some(outcome) = &exchange.outcome { (state(outcome)) }
                    @if let Some(micros) = exchange.micros { span { (long(Duration::from_micros(micros))) } }
                    @if let Some(first) = exchange.facts.first() { time datetime=(first.time) { (first.time.get(11..23).unwrap_or_default()) } }
                }
            }
            @if let Some(request) = &exchange.request { (asked(request)) }
            ul class="decisions" aria-label="Decisions" {
                @for fact in decided {
                    li {
                        (state(fact.kind.strip_prefix("decision.").unwrap_or(&fact.kind)))
                        @if !fact.because.is_empty() { " because of " @for (at, because) in fact.because.iter().enumerate() { @if at > 0 { ", " } code { (inert(because)) } } }
                        @for (name, value) in &fact.details {
                            @if name == "approval" { " · " a href={ "/approvals/" (value) } { (value) } }
                            @else if name != "rules" && name != "request" { " · " span class="dim" { (name) } " " (inert(value)) }
                        }
                    }
                }
            }
            @if content { (delivered(exchange)) }
            @if !exchange.replaced.is_empty() { (counts(exchange.replaced.iter())) }
            details class="leaves" { summary { (several(exchange.facts.len() as u64, "leaf").replace("leafs", "leaves")) } (facts(&exchange.facts)) }
        }
    }
}

fn class_of(status: u64) -> &'static str {
    match status {
        200..400 => "good",
        400..500 => "wait",
        _ => "bad",
    }
}

fn title(exchange: &Exchange) -> String {
    if let Some(request) = &exchange.request {
        return summary(request);
    }
    let told = exchange.facts.iter().find(|fact| fact.kind == "request");
    let of = |name: &str| {
        let value = told.and_then(|fact| fact.details.iter().find(|(known, _)| known == name));
        value.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    match of("method") {
        _ if !of("says").is_empty() => format!("{} {}", of("says"), of("approval")),
        method if method.is_empty() => format!("{} {}", of("message"), of("actions")),
        method => format!("{method} {}", of("path")),
    }
}

/// A redacted request in a line.
pub(in crate::console) fn summary(request: &Value) -> String {
    crate::shown::summary(request, inert)
}

fn asked(request: &Value) -> Markup {
    if let Value::String(text) = request {
        return html! { pre class="body" tabindex="0" role="region" aria-label="What was signed" { (text) } };
    }
    let reason = match &request["reason"] {
        Value::String(text) => inert(text),
        Value::Array(texts) => texts.iter().filter_map(Value::as_str).map(inert).collect::<Vec<_>>().join(" "),
        _ => String::new(),
    };
    let headers = request["headers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let of = |value: &Value| inert(value.as_str().unwrap_or_default());
    html! {
        @if !reason.is_empty() { p class="reason" { span class="dim" { "Reason " } (reason) } }
        @if !headers.is_empty() {
            details { summary { "Request headers (" (headers.len()) ")" }
                dl class="headers" { @for pair in headers { div { dt { (of(&pair[0])) } dd { (of(&pair[1])) } } } }
            }
        }
    }
}

fn delivered(exchange: &Exchange) -> Markup {
    if exchange.is_sql() {
        return rows(exchange);
    }
    html! {
        @if !exchange.headers.is_empty() {
            details { summary { "Answer headers (" (exchange.headers.len()) ")" }
                dl class="headers" { @for (name, value) in &exchange.headers { div { dt { (inert(name)) } dd { (inert(value)) } } } }
            }
        }
        @if !exchange.body.is_empty() {
            pre class="body" tabindex="0" role="region" aria-label={ "Answer " (exchange.number) " as delivered" } {
                @for (text, place) in exchange.pieces() {
                    @match place {
                        Some(place) => mark class=(colour(&place.kind)) title={ (place.kind) @if !place.detector.is_empty() { ", found by " (place.detector) } } { (text) },
                        None => (text),
                    }
                }
            }
            @if exchange.length > exchange.body.len() as u64 { p class="dim" { "The first " (size(SHOWN as u64)) " of " (size(exchange.length)) "." } }
        }
    }
}

fn rows(exchange: &Exchange) -> Markup {
    let table = exchange.table();
    html! {
        @if !table.rows.is_empty() {
            div class="scroll body" tabindex="0" role="region" aria-label={ "Rows of answer " (exchange.number) } {
                table {
                    caption class="hidden" { "Rows as delivered" }
                    @if !table.columns.is_empty() { thead { tr { @for column in &table.columns { th scope="col" { (column) } } } } }
                    tbody { @for row in &table.rows { tr { @for cell in row { td { (cell) } } } } }
                }
            }
        }
        @for said in &table.said { p class="said" { (said) } }
        @if table.others > 0 { p class="dim" { "and " (several(table.others, "more row")) } }
    }
}

fn facts(facts: &[Fact]) -> Markup {
    html! {
        div class="scroll" tabindex="0" role="region" aria-label="Leaves" {
            table class="small" {
                thead { tr { th scope="col" class="number" { "Leaf" } th scope="col" { "Time (UTC)" } th scope="col" { "Kind" } th scope="col" { "Outcome" } th scope="col" { "Says" } } }
                tbody {
                    @for fact in facts {
                        tr {
                            td class="number" { (fact.leaf) }
                            td { (fact.time.get(11..26).unwrap_or_default()) }
                            td { (fact.kind) }
                            td { @if let Some(outcome) = &fact.outcome { (state(outcome)) } }
                            td class="wide" { @for (at, (name, value)) in fact.details.iter().enumerate() { @if at > 0 { " · " } span class="dim" { (name) } " " (inert(value)) } }
                        }
                    }
                }
            }
        }
    }
}
