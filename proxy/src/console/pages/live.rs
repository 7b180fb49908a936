//! What happens now.

use std::time::SystemTime;

use maud::html;

use super::super::{House, Page};
use super::{long, moment, session_table, several, short_id, shown, size, state};
use crate::console::index::Search;
use crate::console::logins::Login;
use crate::console::replay::inert;

const LATEST: usize = 12;

pub(in crate::console) fn page(house: &House, login: &Login) -> Result<Page, Page> {
    house.looks(login, "console.live", None)?;
    let open = house.recorder.open_sessions();
    let waiting = house.gate.waiting() as u64;
    let (leaves, record) = house.recorder.summary();
    let readings = house.recorder.readings();
    let index = house.index()?;
    let checkpoint = house.reader().checkpoint().ok().map(|checkpoint| checkpoint.unverified().size);
    let body = html! {
        div data-refresh="3" {
            h1 { "Live" }
            dl class="tiles" {
                div { dt { "Open sessions" } dd { (open.len()) } }
                div class=[(waiting > 0).then_some("attention")] {
                    dt { "Waiting for people" } dd { a href="/approvals" { (waiting) } }
                }
                div { dt { "Leaves in the log" } dd { a href="/log" { (leaves) } } }
                div { dt { "Under the last checkpoint" } dd { (checkpoint.unwrap_or_default()) } }
                div { dt { "Waiting for the disk" } dd { (size(readings.record_backlog_bytes)) } }
                div { dt { "Record" } dd class="words" { (record) } }
            }
            section {
                h2 { "Open now" }
                @if open.is_empty() { p class="dim" { "Nobody is connected." } } @else {
                    div class="scroll" tabindex="0" role="region" aria-label="Open sessions" {
                        table id="open" {
                            caption class="hidden" { "Open sessions" }
                            thead { tr {
                                th scope="col" { "Session" } th scope="col" { "Subject" } th scope="col" { "Target" }
                                th scope="col" { "Since (UTC)" } th scope="col" class="number" { "For" }
                                th scope="col" class="number" { "Requests" } th scope="col" class="number" { "Replaced" }
                                th scope="col" { "Waits" }
                            } }
                            tbody {
                                @for one in open.iter().take(200) {
                                    @let row = index.session(one.id);
                                    tr {
                                        td class="id" { a href={ "/sessions/" (one.id) } { (short_id(&one.id.to_string())) } }
                                        td { (inert(&one.subject)) }
                                        td { (one.target) }
                                        td { (moment(one.since.into())) }
                                        td class="number" { (long(SystemTime::now().duration_since(one.since).unwrap_or_default())) }
                                        td class="number" { (row.map_or(0, |row| row.requests)) }
                                        td class="number" { (row.map_or(0, |row| row.replaced_in_all())) }
                                        td { @if row.is_some_and(|row| row.waiting() > 0) { (state("held")) } }
                                    }
                                }
                            }
                        }
                    }
                    @if open.len() > 200 { p class="dim" { "and " (several(open.len() as u64 - 200, "more session")) } }
                }
            }
            section {
                h2 { "Latest" }
                (session_table(index.search(&Search::default()).take(LATEST), "The latest sessions"))
                p { a href="/sessions" { "Search all sessions" } }
            }
        }
    };
    Ok(shown("Live", "live", body))
}
