//! The state of the log: its last checkpoint, whether it holds, and what happened to the gateway.

use std::sync::PoisonError;

use maud::{Markup, html};

use super::super::{House, Page};
use super::{failed, long, moment, several, shown, system_moment, token};
use crate::console::logins::Login;
use crate::console::replay::inert;

pub(in crate::console) fn page(house: &House, login: &Login) -> Result<Page, Page> {
    house.looks(login, "console.log", None)?;
    let reader = house.reader();
    let (leaves, record) = house.recorder.summary();
    let checkpoint = reader.checkpoint().ok();
    let signed = checkpoint.as_ref().map(|checkpoint| checkpoint.unverified().clone());
    let key = reader.verifier_key().ok();
    let genuine = match (&checkpoint, &key) {
        (Some(checkpoint), Some(key)) => checkpoint.verify(key).is_ok(),
        _ => false,
    };
    let verified = house.verified.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let index = house.index()?;
    let body = html! {
        h1 { "Log" }
        @if let Some(signed) = &signed {
            dl class="facts" {
                div { dt { "Origin" } dd { (signed.origin) } }
                div { dt { "Leaves under the last checkpoint" } dd { (signed.size) " of " (leaves) } }
                div { dt { "Root" } dd class="id" { (signed.root) } }
                div { dt { "Signature" } dd { @if genuine { span class="state good" { "fits the log’s key" } } @else { span class="state bad" { "does not fit" } } } }
                @if let Some(key) = &key { div { dt { "Verifier key" } dd class="id" { (key) } } }
                div { dt { "Record" } dd { (record) } }
            }
            p { a href="/log/checkpoint" { "The checkpoint itself" } ", to keep where others cannot change it: what is older than it cannot be rewritten unseen." }
        } @else { p class="dim" { "Nothing was signed yet." } }
        section { h2 { "Verification" }
            @match &verified {
                None => p class="dim" { "Not verified since the gateway began." },
                Some(verified) => {
                    @match &verified.result {
                        Ok(report) if report.is_good() => p class="say good" role="status" id="verdict" {
                            "PASS: " (several(report.size, "leaf").replace("leafs", "leaves")) ", " (several(report.sessions, "session")) ", " (several(report.frames, "frame")) " of recordings are as they were signed."
                        },
                        Ok(report) => {
                            p class="say bad" role="alert" id="verdict" { "FAIL: " (several(report.findings.len() as u64, "finding")) "." }
                            ul { @for finding in &report.findings { li { (finding) } } }
                        },
                        Err(why) => p class="say bad" role="alert" id="verdict" { "It could not be verified: " (why) },
                    }
                    p class="dim" { (system_moment(verified.at)) " UTC, in " (long(verified.took)) }
                }
            }
            form method="post" action="/log/verify" { (token(login)) button type="submit" { "Verify now" } }
            p class="dim" { "The gateway looks at its own record here. Who trusts nothing runs " code { "blackbar verify" } " on a copy, with a checkpoint that was kept elsewhere." }
        }
        (followers(house, leaves))
        section { h2 { "What happened to the gateway" }
            div class="scroll" tabindex="0" role="region" aria-label="Events" {
                table class="small" {
                    thead { tr { th scope="col" class="number" { "Leaf" } th scope="col" { "Time (UTC)" } th scope="col" { "Kind" } th scope="col" { "By" } th scope="col" { "Says" } } }
                    tbody {
                        @for event in index.events.iter().rev().take(60) {
                            tr {
                                td class="number" { (event.leaf) }
                                td { (moment(event.time)) }
                                td { (event.kind) }
                                td { (inert(&event.subject)) }
                                td class="wide" { (inert(&event.what)) }
                            }
                        }
                    }
                }
            }
        }
    };
    Ok(shown("Log", "log", body))
}

/// Who else is told of the log, and how far they are.
fn followers(house: &House, leaves: u64) -> Markup {
    html! {
        section id="followers" { h2 { "Sinks and witnesses" }
            div class="scroll" tabindex="0" role="region" aria-label="Sinks and witnesses" {
                table class="small" {
                    thead { tr { th scope="col" { "Name" } th scope="col" { "State" } th scope="col" class="number" { "Leaves it has" } th scope="col" class="number" { "Behind" } th scope="col" { "Says" } } }
                    tbody {
                        @for follower in &house.followers {
                            @let told = follower.report();
                            tr {
                                td { (follower.name) @if told.required { " " span class="dim" { "required" } } }
                                td { @match (&told.error, told.behind.is_zero()) {
                                    (Some(_), _) => span class="state bad" { "failing" },
                                    (None, true) => span class="state good" { "up to date" },
                                    (None, false) => span class="state wait" { "sending" },
                                } }
                                // Retention tells nobody anything; it only has to be on time.
                                td class="number" { @if told.leaves > 0 { (told.leaves) " of " (leaves) } @else { "–" } }
                                td class="number" { (long(told.behind)) }
                                td class="wide" { (told.error.as_deref().map(inert).unwrap_or_default()) }
                            }
                        }
                    }
                }
            }
            p class="dim" { "One that is required and too far behind makes the gateway not ready. A SIEM gets every leaf at least once, from where it was." }
        }
    }
}

pub(in crate::console) fn checkpoint(house: &House, login: &Login) -> Result<Page, Page> {
    house.looks(login, "console.log", None)?;
    let checkpoint = house.reader().checkpoint().map_err(|error| failed(&error.to_string()))?;
    Ok(Page::Text(checkpoint.note().to_owned()))
}

pub(in crate::console) fn verify(house: &House, login: &Login) -> Result<Page, Page> {
    house.looks(login, "console.verify", None)?;
    house.verify();
    Ok(Page::See("/log".to_owned()))
}
