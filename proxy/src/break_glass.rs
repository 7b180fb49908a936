//! Emergency access as commands see it, as JSON over the gateway's socket.

use blackbar_policy::approval::ApproverKey;
use blackbar_policy::emergency::Use;
use serde_json::{Value, json};

use crate::gate::{Gate, Invoked, Reviewed, Shut, now_ms};
use crate::reviewer_key::bytes;
use crate::state::emergencies::Stored;

/// How many uses a list shows.
const MOST: u32 = 100;

/// Does what a command asks for. `None`: it is no command about emergencies.
pub(crate) fn act(gate: &Gate, command: &Value) -> Option<Value> {
    let done = match command.get("do")?.as_str()? {
        "break_glass.who" => who(gate, command),
        "break_glass.use" => invoke(gate, command),
        "break_glass.list" => list(gate),
        "break_glass.show" => show(gate, command),
        "break_glass.review" => review(gate, command),
        _ => return None,
    };
    Some(done.unwrap_or_else(|shut| json!({ "error": shut.to_string(), "kind": kind(&shut) })))
}

/// Which error a command ends with.
fn kind(shut: &Shut) -> &'static str {
    match shut {
        Shut::Key | Shut::Locked | Shut::Refused(_) => "refused",
        Shut::Unknown => "unknown",
        Shut::Words => "usage",
        Shut::Unavailable(_) => "failed",
    }
}

fn who(gate: &Gate, command: &Value) -> Result<Value, Shut> {
    let (subject, seconds) = gate.enrolled(&key(command)?).ok_or(Shut::Key)?;
    Ok(json!({ "subject": subject, "gateway": gate.signs_as()?, "seconds": seconds }))
}

fn invoke(gate: &Gate, command: &Value) -> Result<Value, Shut> {
    let said = Invoked {
        key: key(command)?,
        ticket: text(command, "ticket").to_owned(),
        reason: text(command, "reason").to_owned(),
        at_ms: command.get("at_ms").and_then(Value::as_i64).unwrap_or_default(),
        signature: bytes(text(command, "signature")).ok_or(Shut::Key)?,
    };
    let (secret, used) = gate.break_glass(&said)?;
    let seconds = used.until_ms.saturating_sub(now_ms()) / 1000;
    Ok(json!({ "secret": secret, "id": used.id, "subject": used.subject, "seconds": seconds }))
}

fn list(gate: &Gate) -> Result<Value, Shut> {
    let shown: Vec<Value> = gate.emergencies(MOST)?.iter().map(shown).collect();
    Ok(json!({ "emergencies": shown }))
}

/// A use, and who the reviewer is whose key is named.
fn show(gate: &Gate, command: &Value) -> Result<Value, Shut> {
    let stored = gate.emergency(text(command, "id"))?;
    let reviewer = gate.reviewer(&key(command)?).ok_or(Shut::Key)?;
    let mut answer = shown(&stored);
    answer["reviewer"] = reviewer.into();
    answer["gateway"] = gate.signs_as()?.into();
    Ok(answer)
}

fn review(gate: &Gate, command: &Value) -> Result<Value, Shut> {
    let said = Reviewed {
        used: text(command, "id").to_owned(),
        key: key(command)?,
        finding: text(command, "finding").to_owned(),
        at_ms: command.get("at_ms").and_then(Value::as_i64).unwrap_or_default(),
        signature: bytes(text(command, "signature")).ok_or(Shut::Key)?,
    };
    let used = gate.review_emergency(&said)?;
    Ok(json!({ "id": used.id, "reviewed_by": used.reviewed_by }))
}

fn key(command: &Value) -> Result<ApproverKey, Shut> {
    ApproverKey::parse(text(command, "key")).map_err(|_| Shut::Key)
}

fn text<'c>(command: &'c Value, key: &str) -> &'c str {
    command.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn shown(Stored { used, reason, credential }: &Stored) -> Value {
    json!({
        "id": used.id,
        "subject": used.subject,
        "ticket": used.ticket,
        "at_ms": used.at_ms,
        "ends_in_s": used.until_ms.saturating_sub(now_ms()) / 1000,
        "reason": reason,
        "credential": credential,
        "reviewed_by": used.reviewed_by,
    })
}

/// The use that a gateway tells of, for the one who signs. If it lied, its own does not fit the signature.
pub(crate) fn told(json: &Value) -> Option<Use> {
    let text = |key: &str| json.get(key)?.as_str().map(str::to_owned);
    Some(Use {
        id: text("id")?,
        subject: text("subject")?,
        ticket: text("ticket")?,
        at_ms: json.get("at_ms")?.as_i64()?,
        until_ms: 0,
        reviewed_by: None,
    })
}
