//! What is held, with everything that a reviewer needs, and the place to hand in what they signed.

use maud::{Markup, html};
use serde_json::{Map, Value, json};

use super::super::{House, Page};
use super::timeline::summary;
use super::{missing, shown, state, token};
use crate::approvals;
use crate::config::Role;
use crate::console::form::{Form, escaped};
use crate::console::index::Search;
use crate::console::logins::Login;
use crate::console::replay::inert;

pub(in crate::console) fn list(house: &House, login: &Login) -> Result<Page, Page> {
    house.needs(login, Role::Reviewer)?;
    house.looks(login, "console.approvals", None)?;
    let told = approvals::act(&house.gate, &json!({ "do": "approvals.list", "all": true })).unwrap_or_default();
    let all = told["approvals"].as_array().cloned().unwrap_or_default();
    let (waiting, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|one| one["state"] == "asked");
    let body = html! {
        div data-refresh="4" {
            h1 { "Approvals" }
            section { h2 { "Waiting for a decision" }
                @if waiting.is_empty() { p class="dim" { "Nothing waits." } } @else { (table(&waiting, "Waiting for a decision")) }
            }
            @if !others.is_empty() { section { h2 { "Decided" } (table(&others, "Decided")) } }
        }
    };
    Ok(shown("Approvals", "approvals", body))
}

fn table(all: &[Value], caption: &str) -> Markup {
    html! {
        div class="scroll" tabindex="0" role="region" aria-label=(caption) {
            table {
                caption class="hidden" { (caption) }
                thead { tr {
                    th scope="col" { "Approval" } th scope="col" { "Subject" } th scope="col" { "Target" } th scope="col" { "Request" }
                    th scope="col" { "Held by" } th scope="col" class="number" { "Asked" } th scope="col" class="number" { "Ends in" } th scope="col" { "State" }
                } }
                tbody {
                    @for one in all {
                        tr {
                            td class="id" { a href={ "/approvals/" (text(one, "id")) } { (text(one, "id")) } }
                            td { (text(one, "subject")) }
                            td { (text(one, "target")) }
                            td class="wide" { code { (summary(&one["request"])) } }
                            td { (list_of(&one["held_by"])) }
                            td class="number" { (ago(one["asked_s_ago"].as_i64())) }
                            td class="number" { (one["ends_in_s"].as_i64().map(seconds).unwrap_or_default()) }
                            td { (state(&text(one, "state"))) }
                        }
                    }
                }
            }
        }
    }
}

/// One approval. `told`: what became of a decision that was just handed in.
pub(in crate::console) fn page(
    house: &House,
    login: &Login,
    id: &str,
    told: Option<Result<String, String>>,
) -> Result<Page, Page> {
    house.needs(login, Role::Reviewer)?;
    house.looks(login, &format!("console.approval {}", short(id)), None)?;
    let one = approval(house, id)?;
    let request = &one["request"];
    let open = one["state"] == "asked";
    let session = text(request, "session");
    let before = Search { subject: one["subject"].as_str().map(str::to_owned), ..Search::default() };
    let index = house.index()?;
    let (seen, refused) = index.search(&before).fold((0, 0), |(seen, refused), row| (seen + 1, refused + row.denied));
    drop(index);
    let needs = one["needs"].as_object().into_iter().flatten();
    let needs: Vec<String> = needs.map(|(group, count)| format!("{count} of {}", inert(group))).collect();
    let body = html! {
        p class="crumbs" { a href="/approvals" { "Approvals" } " / " span class="id" { (text(&one, "id")) } }
        h1 { (text(&one, "subject")) " → " (text(&one, "target")) " " (state(&text(&one, "state"))) }
        @if let Some(told) = &told {
            @match told {
                Ok(words) => p class="say good" role="status" { (words) },
                Err(words) => p class="say bad" role="alert" { (words) },
            }
        }
        @if one["in_force"] == Value::Bool(false) {
            p class="say bad" { "The policies have changed since this was asked: it lifts nothing any more." }
        }
        section { h2 { "What would be done, once" }
            pre class="asked" tabindex="0" { (summary(request)) }
            p class="dim" { "Values that could identify somebody are masked here. What was asked is bound by its digest." }
        }
        dl class="facts" {
            div { dt { "Reason given" } dd { @let reason = list_of(&request["reason"]); @if reason.is_empty() { span class="dim" { "none" } } @else { (reason) } } }
            div { dt { "Held by policy" } dd { (list_of(&one["held_by"])) } }
            div { dt { "Needs" } dd { (needs.join(" and ")) } }
            div { dt { "Agreed so far" } dd { @let agreed = list_of(&one["agreed"]); @if agreed.is_empty() { span class="dim" { "nobody" } } @else { (agreed) } } }
            @if let Some(by) = one["denied_by"].as_str() { div { dt { "Denied by" } dd { (inert(by)) } } }
            div { dt { "Who stands behind it" } dd { (list_of(&one["ask"]["requesters"])) } }
            @if let Some(bytes) = request["body_bytes"].as_u64().filter(|bytes| *bytes > 0) { div { dt { "Body" } dd { (bytes) " bytes" } } }
            div { dt { "Rows at most" } dd { (one["ask"]["max_rows"].as_u64().map_or_else(|| "no limit of its own".to_owned(), |rows| rows.to_string())) } }
            div { dt { "Asked" } dd { (ago(one["asked_s_ago"].as_i64())) } }
            @if let Some(left) = one["ends_in_s"].as_i64() { div { dt { @if open { "To be decided within" } @else { "To be used within" } } dd { (seconds(left)) } } }
            div { dt { "Good for" } dd { (seconds(one["ask"]["valid_ms"].as_i64().unwrap_or_default() / 1000)) " after the decision" } }
            @if !session.is_empty() { div { dt { "Session" } dd { a class="id" href={ "/sessions/" (session) } { (session) } } } }
            div { dt { "Sessions of this subject" } dd {
                a href={ "/sessions?subject=" (escaped(one["subject"].as_str().unwrap_or_default())) } { (seen) }
                @if refused > 0 { ", " span class="warn" { (refused) " refused" } }
            } }
            div { dt { "Digest of the request" } dd class="id" { (text(&one["ask"], "request")) } }
        }
        @if open || one["state"] == "granted" { (decision(&one, login)) }
    };
    Ok(shown("Approval", "approvals", body))
}

fn decision(one: &Value, login: &Login) -> Markup {
    let id = text(one, "id");
    html! {
        section class="decide" {
            h2 { "Decide" }
            p { "A decision counts when a reviewer has signed it. The key stays with you: sign on your own machine, and paste what is printed." }
            ol {
                li { a href={ "/approvals/" (id) "/ask.json" } download={ (id) ".json" } { "Download what is asked" } " and read it." }
                li { "Sign it, with " code { "approve" } " or " code { "deny" } ":"
                    pre class="command" tabindex="0" { "blackbar approvals approve " (id) " --ask " (id) ".json --key officer.key --reason '…'" }
                }
                li {
                    form method="post" action={ "/approvals/" (id) "/decision" } {
                        (token(login))
                        label for="signed" { "Paste the signed decision" }
                        textarea id="signed" name="signed" rows="5" required spellcheck="false" autocomplete="off" {}
                        button type="submit" { "Hand in" }
                    }
                }
            }
        }
    }
}

/// What is signed, for the reviewer's own machine.
pub(in crate::console) fn ask(house: &House, login: &Login, id: &str) -> Result<Page, Page> {
    house.needs(login, Role::Reviewer)?;
    house.looks(login, &format!("console.approval {}", short(id)), None)?;
    let mut one = approval(house, id)?;
    let reviewers: Map<String, Value> =
        house.loaded.load().approvers.iter().map(|one| (one.key.clone(), one.subject.clone().into())).collect();
    one["reviewers"] = reviewers.into();
    Ok(Page::Json(one, format!("{}.json", short(id))))
}

/// Takes what a reviewer signed. Whose it is and whether it counts is the gate's to say.
pub(in crate::console) fn decide(house: &House, login: &Login, id: &str, form: &Form) -> Result<Page, Page> {
    house.needs(login, Role::Reviewer)?;
    let signed: Option<Value> = form.get("signed").and_then(|text| serde_json::from_str(text).ok());
    let told = match signed {
        Some(Value::Object(mut signed)) if signed.get("id").and_then(Value::as_str) == Some(id) => {
            signed.insert("do".to_owned(), "approvals.decide".into());
            let done = approvals::act(&house.gate, &Value::Object(signed)).unwrap_or_default();
            match done["error"].as_str() {
                Some(error) => Err(format!("It does not count: {error}.")),
                None => Ok(match (done["state"].as_str(), done["for_s"].as_i64(), done["agreed"].as_u64()) {
                    (Some("granted"), Some(left), _) => format!("Approved. It may run once within {}.", seconds(left)),
                    (Some("denied"), ..) => "Denied.".to_owned(),
                    (_, _, Some(agreed)) => format!("{agreed} agreed so far; more are needed."),
                    (state, ..) => format!("It is {} now.", state.unwrap_or("changed")),
                }),
            }
        }
        Some(_) => Err("That is a decision about another approval.".to_owned()),
        None => Err("That is no signed decision: paste the whole line that was printed.".to_owned()),
    };
    page(house, login, id, Some(told))
}

fn approval(house: &House, id: &str) -> Result<Value, Page> {
    let told = approvals::act(&house.gate, &json!({ "do": "approvals.show", "id": id })).unwrap_or_default();
    if told.get("error").is_some() { Err(missing()) } else { Ok(told) }
}

/// An id of the path, as far as it is one.
fn short(id: &str) -> String {
    id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(64).collect()
}

fn text(value: &Value, key: &str) -> String {
    inert(value[key].as_str().unwrap_or_default())
}

fn list_of(value: &Value) -> String {
    let texts = value.as_array().into_iter().flatten().filter_map(Value::as_str).map(inert);
    texts.collect::<Vec<_>>().join(", ")
}

fn seconds(seconds: i64) -> String {
    super::long(std::time::Duration::from_secs(u64::try_from(seconds).unwrap_or_default()))
}

fn ago(since: Option<i64>) -> String {
    since.map(|since| format!("{} ago", seconds(since))).unwrap_or_default()
}
