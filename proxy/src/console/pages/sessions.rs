//! The search.

use maud::html;

use super::super::{House, Page};
use super::{session_table, several, shown};
use crate::console::form::Form;
use crate::console::index::Search;
use crate::console::logins::Login;

const PAGE: usize = 50;
const KINDS: [&str; 12] =
    ["name", "location", "date", "age", "phone", "email", "ssn", "mrn", "account", "health-plan", "url", "other-id"];
const OUTCOMES: [(&str, &str); 6] = [
    ("open", "open"),
    ("success", "ended well"),
    ("denied", "something was denied"),
    ("held", "something was held"),
    ("interrupted", "interrupted"),
    ("failed", "failed"),
];

pub(in crate::console) fn page(house: &House, login: &Login, query: &Form) -> Result<Page, Page> {
    house.looks(login, "console.sessions", None)?;
    let get = |name: &str| query.get(name).map(str::to_owned);
    let search = Search {
        subject: get("subject"),
        target: get("target"),
        since: get("since"),
        until: get("until"),
        kind: get("kind"),
        outcome: get("outcome"),
    };
    let page = usize::try_from(query.number("page").unwrap_or(0)).unwrap_or(0);
    let index = house.index()?;
    let found = index.search(&search).count();
    let targets = index.targets();
    let option = |value: &str, words: &str, name: &str| html! { option value=(value) selected[query.get(name) == Some(value)] { (words) } };
    let body = html! {
        h1 { "Sessions" }
        form class="search" method="get" action="/sessions" role="search" {
            label { "Subject" input name="subject" value=[query.get("subject")] autocomplete="off"; }
            label { "Target" select name="target" { option value="" { "any" } @for target in &targets { (option(target, target, "target")) } } }
            label { "Since (UTC)" input name="since" value=[query.get("since")] placeholder="2026-11-21" autocomplete="off"; }
            label { "Until (UTC)" input name="until" value=[query.get("until")] placeholder="2026-11-21T18:00" autocomplete="off"; }
            label { "Replaced kind" select name="kind" { option value="" { "any" } @for kind in KINDS { (option(kind, kind, "kind")) } } }
            label { "Outcome" select name="outcome" { option value="" { "any" } @for (value, words) in OUTCOMES { (option(value, words, "outcome")) } } }
            button type="submit" { "Search" }
            @if !search.is_empty() { a href="/sessions" { "Clear" } }
        }
        p class="dim" role="status" {
            (several(found as u64, "session"))
            @if index.forgotten > 0 { ", of the latest " (10_000) ". Older ones: " code { "blackbar sessions list" } }
        }
        @if found > 0 { (session_table(index.search(&search).skip(page * PAGE).take(PAGE), "Sessions that were found")) }
        @if found > PAGE {
            nav class="pages" aria-label="Pages" {
                @if page > 0 { a href={ "/sessions" (query.with("page", &(page - 1).to_string())) } { "Later" } }
                span { "Page " (page + 1) " of " (found.div_ceil(PAGE)) }
                @if (page + 1) * PAGE < found { a href={ "/sessions" (query.with("page", &(page + 1).to_string())) } { "Earlier" } }
            }
        }
    };
    Ok(shown("Sessions", "sessions", body))
}
