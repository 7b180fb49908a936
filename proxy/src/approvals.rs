//! Approvals as commands see them: what the gateway tells a reviewer, and what a reviewer says, as JSON over its socket.

use std::collections::{BTreeMap, BTreeSet};

use blackbar_policy::approval::{ApproverKey, Ask, Meaning, State};
use blackbar_policy::{PolicyId, RequestDigest};
use serde_json::{Value, json};

use crate::gate::{Gate, Said, Unheard, now_ms};
use crate::reviewer_key::bytes;
use crate::state::approvals::Stored;

/// How many approvals a list shows.
const MOST: u32 = 100;

/// Does what a command asks for. `None`: it is no command about approvals.
pub(crate) fn act(gate: &Gate, command: &Value) -> Option<Value> {
    let done = match command.get("do")?.as_str()? {
        "approvals.list" => list(gate, command),
        "approvals.show" => show(gate, command),
        "approvals.decide" => decide(gate, command),
        _ => return None,
    };
    Some(done.unwrap_or_else(|unheard| json!({ "error": unheard.to_string(), "kind": kind(&unheard) })))
}

/// Which error a command ends with.
fn kind(unheard: &Unheard) -> &'static str {
    match unheard {
        Unheard::Unknown => "unknown",
        Unheard::Key | Unheard::Refused(_) => "refused",
        Unheard::Reason => "usage",
        Unheard::Unavailable(_) => "failed",
    }
}

fn list(gate: &Gate, command: &Value) -> Result<Value, Unheard> {
    let all = command.get("all") == Some(&Value::Bool(true));
    let mut known = gate.approvals(MOST)?;
    known.retain(|stored| all || stored.approval.due_ms().is_some());
    Ok(json!({ "approvals": known.iter().map(|stored| shown(gate, stored)).collect::<Vec<_>>() }))
}

fn show(gate: &Gate, command: &Value) -> Result<Value, Unheard> {
    let stored = gate.approval(text(command, "id"))?;
    let mut approval = shown(gate, &stored);
    approval["ask"] = ask_json(stored.approval.ask());
    if let Some(key) = command.get("key").and_then(Value::as_str) {
        let key = ApproverKey::parse(key).map_err(|_| Unheard::Key)?;
        approval["reviewer"] = gate.reviewer(&key).ok_or(Unheard::Key)?.into();
    }
    Ok(approval)
}

fn decide(gate: &Gate, command: &Value) -> Result<Value, Unheard> {
    let meaning = match text(command, "says") {
        "approve" => Meaning::Approve,
        "deny" => Meaning::Deny,
        _ => return Err(Unheard::Unknown),
    };
    let said = Said {
        approval: text(command, "id").to_owned(),
        key: ApproverKey::parse(text(command, "key")).map_err(|_| Unheard::Key)?,
        meaning,
        reason: text(command, "reason").to_owned(),
        at_ms: command.get("at_ms").and_then(Value::as_i64).unwrap_or_default(),
        signature: bytes(text(command, "signature")).ok_or(Unheard::Key)?,
    };
    let approval = gate.decide(&said)?;
    let mut answer = json!({ "id": approval.ask().id, "state": approval.state().name() });
    if let State::Granted { until_ms, .. } = approval.state() {
        answer["for_s"] = ((until_ms - now_ms()) / 1000).into();
    }
    if let State::Asked { votes } = approval.state() {
        answer["agreed"] = votes.len().into();
    }
    Ok(answer)
}

fn text<'c>(command: &'c Value, key: &str) -> &'c str {
    command.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// An approval as it is listed.
fn shown(gate: &Gate, stored: &Stored) -> Value {
    let (approval, ask) = (&stored.approval, stored.approval.ask());
    let mut json = json!({
        "id": ask.id,
        "state": approval.state().name(),
        "subject": ask.subject,
        "target": ask.target,
        "held_by": ask.lifts.iter().map(PolicyId::as_str).collect::<Vec<_>>(),
        "needs": ask.needs,
        "request": stored.shown,
        "asked_s_ago": (now_ms() - stored.asked_ms) / 1000,
        "in_force": gate.is_in_force(approval),
    });
    match approval.state() {
        State::Asked { votes } | State::Granted { votes, .. } | State::Consumed { votes } => {
            json["agreed"] = votes.iter().map(|vote| vote.person.as_str()).collect();
        }
        State::Denied { by } => json["denied_by"] = by.as_str().into(),
        State::Expired => {}
    }
    if let Some(due) = approval.due_ms() {
        json["ends_in_s"] = ((due - now_ms()) / 1000).into();
    }
    json
}

/// Everything of an ask that a signature binds.
fn ask_json(ask: &Ask) -> Value {
    json!({
        "id": ask.id,
        "request": ask.request.to_string(),
        "subject": ask.subject,
        "requesters": ask.requesters,
        "target": ask.target,
        "policies": ask.policies.map(|byte| format!("{byte:02x}")).concat(),
        "lifts": ask.lifts.iter().map(PolicyId::as_str).collect::<Vec<_>>(),
        "needs": ask.needs,
        "max_rows": ask.max_rows,
        "valid_ms": ask.valid_ms,
        "decide_by_ms": ask.decide_by_ms,
    })
}

/// The ask that a gateway tells of, for the one who signs. If it lied, its own does not fit the signature.
pub(crate) fn ask(json: &Value) -> Option<Ask> {
    let text = |key: &str| json.get(key)?.as_str().map(str::to_owned);
    let texts = |key: &str| -> Option<BTreeSet<String>> {
        json.get(key)?.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
    };
    let needs = json.get("needs")?.as_object()?.iter();
    let needs: Option<BTreeMap<String, u32>> =
        needs.map(|(group, quorum)| Some((group.clone(), u32::try_from(quorum.as_u64()?).ok()?))).collect();
    Some(Ask {
        id: text("id")?,
        request: RequestDigest::from_bytes(bytes(&text("request")?)?),
        subject: text("subject")?,
        requesters: texts("requesters")?,
        target: text("target")?,
        policies: bytes(&text("policies")?)?,
        lifts: texts("lifts")?.into_iter().map(PolicyId::new).collect(),
        needs: needs?,
        max_rows: json.get("max_rows")?.as_u64(),
        valid_ms: json.get("valid_ms")?.as_i64()?,
        decide_by_ms: json.get("decide_by_ms")?.as_i64()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ask_arrives_as_it_was_sent() {
        for max_rows in [None, Some(7)] {
            let sent = Ask {
                id: "ap-1".to_owned(),
                request: RequestDigest::from_bytes([0xab; 32]),
                subject: "https://id#\u{202e}x".to_owned(),
                requesters: ["a".to_owned(), "b\n".to_owned()].into(),
                target: "fhir".to_owned(),
                policies: [3; 32],
                lifts: [PolicyId::new("bulk")].into(),
                needs: [("officers".to_owned(), 2)].into(),
                max_rows,
                valid_ms: 600_000,
                decide_by_ms: 1_795_266_305_000,
            };
            let line = ask_json(&sent).to_string();
            assert_eq!(ask(&serde_json::from_str(&line).unwrap()), Some(sent));
        }
        assert_eq!(ask(&json!({})), None);
    }
}
