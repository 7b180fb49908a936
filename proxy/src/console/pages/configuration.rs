//! What is in force.

use maud::{Markup, html};

use super::super::{House, Page};
use super::shown;
use crate::config::Role;
use crate::console::logins::Login;

pub(in crate::console) fn page(house: &House, login: &Login) -> Result<Page, Page> {
    house.needs(login, Role::Auditor)?;
    house.looks(login, "console.configuration", None)?;
    let loaded = house.loaded.load();
    let body = html! {
        h1 { "Configuration" }
        p class="dim" { "As it was loaded. The log has the same hashes under " code { "config.change" } " and " code { "policy.load" } "." }
        dl class="facts" {
            div { dt { "File" } dd { (loaded.path) } }
            div { dt { "SHA-256" } dd class="id" { (loaded.sha256) } }
            div { dt { "Rules in force" } dd class="id" { (house.gate.version()) } }
            div { dt { "Rules when it was loaded" } dd class="id" { (loaded.rules) } }
            div { dt { "Program" } dd { (env!("CARGO_PKG_VERSION")) " (" (env!("BLACKBAR_COMMIT")) ")" } }
        }
        section { h2 { "Policies" }
            (table("Policies", &["File", "Bytes", "SHA-256"], loaded.policies.iter().map(|(name, hash, length)| vec![name.clone(), length.to_string(), hash.clone()])))
        }
        section { h2 { "Targets" }
            (table("Targets", &["Name", "Protocol", "Listens on", "Upstream", "Profile", "Record", "TLS"], loaded.targets.iter().map(|target| vec![
                target.name.clone(), target.protocol.to_owned(), target.listen.clone(), target.upstream.clone(), target.profile.clone(),
                if target.observes { format!("{}, observing", target.record) } else { target.record.to_owned() },
                if target.tls { "yes" } else { "no" }.to_owned(),
            ])))
        }
        section { h2 { "Reviewers" }
            (table("Reviewers", &["Subject", "Groups", "Key"], loaded.approvers.iter().map(|one| vec![one.subject.clone(), one.groups.join(", "), one.key.clone()])))
        }
        @if !loaded.issuers.is_empty() { section { h2 { "Identities" }
            (table("Identities", &["Issuer", "Audience"], loaded.issuers.iter().map(|(issuer, audience)| vec![issuer.clone(), audience.clone()])))
        } }
        @if !loaded.profiles.is_empty() { section { h2 { "Profiles" }
            (table("Profiles", &["Name", "Base"], loaded.profiles.iter().map(|(name, base)| vec![name.clone(), base.clone()])))
        } }
        section { h2 { "Limits" }
            dl class="facts" { @for (name, value) in &loaded.limits { div { dt { (name) } dd { (value) } } } }
        }
    };
    Ok(shown("Configuration", "configuration", body))
}

fn table(caption: &str, head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Markup {
    let mut rows = rows.peekable();
    html! {
        @if rows.peek().is_none() { p class="dim" { "None." } } @else {
            div class="scroll" tabindex="0" role="region" aria-label=(caption) {
                table {
                    caption class="hidden" { (caption) }
                    thead { tr { @for name in head { th scope="col" { (name) } } } }
                    tbody { @for row in rows { tr { @for cell in row { td { (cell) } } } } }
                }
            }
        }
    }
}
